//! ES modules: loading the graph, linking, and evaluating in the specification's order.

use super::cjs::{self, throw_resolve};
use super::hooks::{self, Attributes, System};
use super::{compile, registered, resolver};
use crate::errors;
use crate::rt::Rt;
use crate::ticks;
use looplab_engine::{
    Args, CompileGoal, Completion, Global, Key, Local, ModuleId, ModuleState, PromiseState, Scope, Thrown,
};
use looplab_module_loader::Format;
use looplab_module_loader::evaluation::{Action, Evaluator, NodeId, Status};
use looplab_module_loader::url::{file_url_to_path, path_to_file_url};
use looplab_probe::{CallbackKind, Event, ModuleFormat, Outcome, Pos, Probe};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What a module's body is.
#[derive(Clone, PartialEq, Eq)]
enum Body {
    Source,
    CommonJs(String),
    Json(String),
    /// JSON whose text a hook gave.
    JsonText(String, String),
    Builtin(String),
}

struct Entry {
    id: ModuleId,
    node: NodeId,
    body: Body,
}

/// The ES module loader's state.
pub(crate) struct State {
    by_url: FxHashMap<String, usize>,
    by_module: FxHashMap<ModuleId, usize>,
    entries: Vec<Entry>,
    evaluator: Evaluator<Global>,
    /// Promises waiting for a root: promise and the module whose namespace they get.
    waiting: FxHashMap<NodeId, Vec<(Global, ModuleId)>>,
    /// What `require` gives instead of the namespace of modules with a default export.
    facades: FxHashMap<ModuleId, ModuleId>,
    /// The main module's evaluation promise.
    pub(crate) main: Option<Global>,
    /// URL and text of code that is in no file (`-e`).
    inline: Option<(String, String)>,
    /// Where specifiers have led, by importing module.
    resolved: FxHashMap<(Option<String>, String), String>,
    /// The ES modules that are being required, outermost first.
    requiring: Vec<String>,
}

impl Default for State {
    fn default() -> State {
        State {
            by_url: FxHashMap::default(),
            by_module: FxHashMap::default(),
            entries: Vec::new(),
            evaluator: Evaluator::new(),
            waiting: FxHashMap::default(),
            facades: FxHashMap::default(),
            main: None,
            inline: None,
            resolved: FxHashMap::default(),
            requiring: Vec::new(),
        }
    }
}

fn state<R>(rt: &Rt, f: impl FnOnce(&mut State) -> R) -> R {
    f(&mut rt.modules.borrow_mut().esm)
}

/// Resolves a specifier from a module's URL.
fn resolve(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    specifier: &str,
    parent: Option<&str>,
    attributes: &mut Attributes,
) -> Result<String, Thrown> {
    let parent = parent.map(|p| if p.starts_with('/') { path_to_file_url(p) } else { p.to_owned() });
    if hooks::on_import(rt) {
        return hooks::resolve_import(s, rt, specifier, parent.as_deref(), attributes);
    }
    let key = (parent, specifier.to_owned());
    // What was found once is not looked for again, even if it has gone meanwhile.
    if let Some(url) = state(rt, |st| st.resolved.get(&key).cloned()) {
        return Ok(url);
    }
    match super::resolving(s, rt, |r| r.import(specifier, key.0.as_deref()))? {
        Ok(i) => {
            state(rt, |st| st.resolved.insert(key, i.url.clone()));
            Ok(i.url)
        }
        Err(e) => Err(throw_resolve(s, e)),
    }
}

/// Loads a module and everything it requests.
fn load_graph(s: &mut Scope<'_>, rt: &Rc<Rt>, url: &str, attributes: &Attributes) -> Result<usize, Thrown> {
    let mut todo = vec![load_one(s, rt, url, attributes)?];
    let root = todo[0];
    while let Some(i) = todo.pop() {
        let id = state(rt, |st| st.entries[i].id);
        if s.module_state(id) != ModuleState::Unlinked || state(rt, |st| st.entries[i].body != Body::Source) {
            continue;
        }
        let name = s.module_name(id).to_owned();
        let mut requested = Vec::new();
        for r in s.module_requests(id) {
            let mut attributes: Attributes =
                r.attributes.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
            let target = resolve(s, rt, &r.specifier.to_string(), Some(&name), &mut attributes)?;
            let before = state(rt, |st| st.entries.len());
            let j = load_one(s, rt, &target, &attributes)?;
            super::graph::imported(rt, &name, &r.specifier.to_string(), &target, false);
            if state(rt, |st| !st.requiring.is_empty()) {
                check_cycle(s, rt, j, &r.specifier.to_string(), &name)?;
            }
            check_attributes(s, rt, (j, j >= before), &attributes)?;
            if j >= before {
                todo.push(j);
            }
            requested.push(j);
        }
        let ids = requested.iter().map(|&j| state(rt, |st| st.entries[j].id)).collect();
        let nodes = requested.iter().map(|&j| state(rt, |st| st.entries[j].node)).collect();
        s.module_connect(id, ids);
        state(rt, |st| {
            let node = st.entries[i].node;
            st.evaluator.set_requests(node, nodes);
        });
    }
    Ok(root)
}

/// JSON needs `with { type: "json" }`, other modules must not have it.
fn check_attributes(
    s: &mut Scope<'_>,
    rt: &Rt,
    (i, fresh): (usize, bool),
    attributes: &[(String, String)],
) -> Result<(), Thrown> {
    let json = state(rt, |st| matches!(st.entries[i].body, Body::Json(_) | Body::JsonText(..)));
    let id = state(rt, |st| st.entries[i].id);
    // What is loaded already is only asked for its type.
    if !fresh && json == attributes.iter().any(|(k, v)| k == "type" && v == "json") {
        return Ok(());
    }
    let unknown = attributes.iter().find(|(k, v)| k != "type" || v != "json");
    if let Some((key, value)) = attributes.iter().find(|(k, _)| k != "type").or(unknown) {
        let url = s.module_name(id).to_owned();
        return Err(errors::throw(
            s,
            errors::Kind::Type,
            "ERR_IMPORT_ATTRIBUTE_UNSUPPORTED",
            &format!("Import attribute \"{key}\" with value \"{value}\" is not supported in {url}"),
        ));
    }
    let wanted = attributes.iter().find(|(k, _)| k == "type").map(|(_, v)| v.as_str());
    let url = s.module_name(id).to_owned();
    match (json, wanted) {
        (true, Some("json")) | (false, None) => Ok(()),
        (true, None) => Err(errors::throw(
            s,
            errors::Kind::Type,
            "ERR_IMPORT_ATTRIBUTE_MISSING",
            &format!("Module \"{url}\" needs an import attribute of \"type: json\""),
        )),
        (_, Some(t)) => Err(errors::throw(
            s,
            errors::Kind::Type,
            "ERR_IMPORT_ATTRIBUTE_TYPE_INCOMPATIBLE",
            &format!("Module \"{url}\" is not of type \"{t}\""),
        )),
    }
}

/// The module of a URL, made if it is new. Its requests are not followed.
fn load_one(s: &mut Scope<'_>, rt: &Rc<Rt>, url: &str, attributes: &Attributes) -> Result<usize, Thrown> {
    if let Some(i) = state(rt, |st| st.by_url.get(url).copied()) {
        return Ok(i);
    }
    if let Some(text) = state(rt, |st| st.inline.take_if(|i| i.0 == url)).map(|i| i.1) {
        let t = compile(s, rt, url, &text, CompileGoal::Module)?;
        let id = s.module_new(t, url);
        let tla = s.module_has_tla(id);
        return Ok(add(rt, url, id, Body::Source, tla));
    }
    if hooks::on_import(rt) {
        return load_hooked(s, rt, url, attributes);
    }
    let format = match resolver(rt).format_to_load(url) {
        Ok(f) => f,
        Err(e) => return Err(throw_resolve(s, e)),
    };
    let path =
        if url.starts_with("file:") { file_url_to_path(url).unwrap_or_default() } else { String::new() };
    if !path.is_empty() {
        super::graph::report(s, rt, &path)?;
    }
    let (id, body, tla) = match format {
        Format::Builtin => {
            let name = url.trim_start_matches("node:").to_owned();
            let exports = cjs::require_builtin(s, rt, &name)?;
            let names = export_names(s, exports)?;
            let names: Vec<&str> = names.iter().map(String::as_str).chain(["default"]).collect();
            (s.module_synthetic(url, &names), Body::Builtin(name), false)
        }
        Format::Json => (s.module_synthetic(url, &["default"]), Body::Json(url.to_owned()), false),
        Format::CommonJs | Format::CommonJsTypescript => {
            let text = cjs::read_source(s, &path)?;
            let text = if format == Format::CommonJs { text } else { super::strip(s, &path, &text)? };
            let names = resolver(rt).cjs_export_names(&path, &text);
            let names: Vec<&str> =
                names.iter().map(String::as_str).chain(["default", "module.exports"]).collect();
            (s.module_synthetic(url, &names), Body::CommonJs(path), false)
        }
        Format::Ambiguous | Format::AmbiguousTypescript => return load_ambiguous(s, rt, url, &path),
        _ => {
            let text = source_text(s, url, &path)?;
            let text = if format == Format::ModuleTypescript { super::strip(s, &path, &text)? } else { text };
            let t = compile(s, rt, url, &text, CompileGoal::Module)?;
            let id = s.module_new(t, url);
            (id, Body::Source, s.module_has_tla(id))
        }
    };
    Ok(add(rt, url, id, body, tla))
}

/// The module that the load hooks make of a URL.
fn load_hooked(s: &mut Scope<'_>, rt: &Rc<Rt>, url: &str, attributes: &Attributes) -> Result<usize, Thrown> {
    let loaded = hooks::load(s, rt, url, attributes, System::Import)?;
    let path = file_url_to_path(url).unwrap_or_else(|_| url.to_owned());
    let text = match (&loaded.text, loaded.format) {
        (_, Format::Builtin) => String::new(),
        (Some(text), _) => text.clone(),
        (None, _) => source_text(s, url, &path)?,
    };
    let (id, body, tla) = match loaded.format {
        Format::Builtin => {
            let name = url.trim_start_matches("node:").to_owned();
            let exports = cjs::require_builtin(s, rt, &name)?;
            let names = export_names(s, exports)?;
            let names: Vec<&str> = names.iter().map(String::as_str).chain(["default"]).collect();
            (s.module_synthetic(url, &names), Body::Builtin(name), false)
        }
        Format::Json => (s.module_synthetic(url, &["default"]), Body::JsonText(url.to_owned(), text), false),
        Format::CommonJs | Format::CommonJsTypescript | Format::Ambiguous | Format::AmbiguousTypescript => {
            let typed = matches!(loaded.format, Format::CommonJsTypescript | Format::AmbiguousTypescript);
            let plain = if typed { super::strip(s, &path, &text)? } else { text };
            let names = resolver(rt).cjs_export_names(&path, &plain);
            let names: Vec<&str> =
                names.iter().map(String::as_str).chain(["default", "module.exports"]).collect();
            if loaded.text.is_some() {
                hooks::keep(rt, &path, loaded);
            }
            (s.module_synthetic(url, &names), Body::CommonJs(path), false)
        }
        Format::Wasm | Format::Addon => {
            let e = looplab_module_loader::ResolveError::UnknownModuleFormat {
                format: loaded.format.name().unwrap_or_default().to_owned(),
                url: url.to_owned(),
            };
            return Err(throw_resolve(s, e));
        }
        Format::Module | Format::ModuleTypescript => {
            let typed = loaded.format == Format::ModuleTypescript;
            let text = if typed { super::strip(s, &path, &text)? } else { text };
            let t = compile(s, rt, url, &text, CompileGoal::Module)?;
            let id = s.module_new(t, url);
            (id, Body::Source, s.module_has_tla(id))
        }
    };
    Ok(add(rt, url, id, body, tla))
}

/// A `.js` file without a "type": CommonJS unless only an ES module can be meant.
fn load_ambiguous(s: &mut Scope<'_>, rt: &Rc<Rt>, url: &str, path: &str) -> Result<usize, Thrown> {
    let text = cjs::read_source(s, path)?;
    let text = if super::cjs_module::is_typescript(path) { super::strip(s, path, &text)? } else { text };
    let params = looplab_module_loader::wrapper::PARAMETERS;
    match compile(s, rt, path, &text, CompileGoal::Body(&params)) {
        Ok(_) => {
            let names = resolver(rt).cjs_export_names(path, &text);
            let names: Vec<&str> =
                names.iter().map(String::as_str).chain(["default", "module.exports"]).collect();
            let id = s.module_synthetic(url, &names);
            Ok(add(rt, url, id, Body::CommonJs(path.to_owned()), false))
        }
        Err(t) => {
            let first = s.caught(t);
            match compile(s, rt, url, &text, CompileGoal::Module) {
                Ok(t) => {
                    let id = s.module_new(t, url);
                    let tla = s.module_has_tla(id);
                    Ok(add(rt, url, id, Body::Source, tla))
                }
                Err(t) => {
                    s.caught(t);
                    Err(s.throw(first))
                }
            }
        }
    }
}

fn add(rt: &Rt, url: &str, id: ModuleId, body: Body, tla: bool) -> usize {
    state(rt, |st| {
        let node = st.evaluator.add(tla);
        st.evaluator.set_requests(node, Vec::new());
        let i = st.entries.len();
        st.entries.push(Entry { id, node, body });
        st.by_url.insert(url.to_owned(), i);
        st.by_module.insert(id, i);
        i
    })
}

/// The text behind a file: or data: URL.
pub(super) fn source_text(s: &mut Scope<'_>, url: &str, path: &str) -> Result<String, Thrown> {
    let Some(data) = url.strip_prefix("data:") else { return cjs::read_source(s, path) };
    let (head, body) = data.split_once(',').unwrap_or(("", data));
    let decoded = percent_decode(body);
    if head.ends_with(";base64") {
        return Ok(String::from_utf8_lossy(&crate::node::base64_decode(&decoded)).into_owned());
    }
    Ok(String::from_utf8_lossy(&decoded).into_owned())
}

fn percent_decode(text: &str) -> Vec<u8> {
    let b = text.as_bytes();
    let mut out = Vec::with_capacity(b.len());
    let mut i = 0;
    while i < b.len() {
        let hex = |x: u8| (x as char).to_digit(16);
        match (b[i], b.get(i + 1).and_then(|&x| hex(x)), b.get(i + 2).and_then(|&x| hex(x))) {
            (b'%', Some(h), Some(l)) => {
                out.push((h * 16 + l) as u8);
                i += 3;
            }
            (x, ..) => {
                out.push(x);
                i += 1;
            }
        }
    }
    out
}

fn export_names(s: &mut Scope<'_>, exports: Local<'_>) -> Result<Vec<String>, Thrown> {
    s.nested(|s| {
        let e = s.adopt(exports);
        if !e.is_object() {
            return Ok(Vec::new());
        }
        let keys = s.enumerable_own_keys(e)?;
        Ok(keys.into_iter().map(|k| s.key_text(k)).filter(|n| n != "default").collect())
    })
}

/// Runs one module's body.
fn run_body<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, i: usize) -> Completion<'s> {
    let (id, body) = state(rt, |st| (st.entries[i].id, st.entries[i].body.clone()));
    match body {
        Body::Source => {
            let url = s.module_name(id).to_owned();
            let running = super::graph::begin(rt, looplab_module_loader::registry::Kind::Import, &url);
            let r = evaluate_source(s, rt, i, id);
            super::graph::end(rt, running, r.is_ok());
            return r;
        }
        Body::Json(url) => {
            let v = json(s, &url)?;
            s.module_set_export(id, "default", v);
        }
        Body::JsonText(url, text) => {
            let v = cjs::parse_json(s, &file_url_to_path(&url).unwrap_or(url), &text)?;
            s.module_set_export(id, "default", v);
        }
        Body::Builtin(name) => {
            let exports = cjs::require_builtin(s, rt, &name)?;
            set_exports(s, id, exports, false)?;
        }
        Body::CommonJs(path) => {
            let u = s.undefined();
            let exports = cjs::load(s, rt, &path, u, false)?;
            set_exports(s, id, exports, true)?;
        }
    }
    s.module_evaluate(id)
}

/// The value of a JSON module; of a file it is the one that `require` gives, too.
fn json<'s>(s: &mut Scope<'s>, url: &str) -> Completion<'s> {
    let Ok(path) = file_url_to_path(url) else {
        let text = source_text(s, url, "")?;
        return cjs::parse_json_text(s, &text);
    };
    let shared = !url.contains(['?', '#']);
    let (cache, key) = (registered(s, "require.cache"), s.key(&path));
    let known = s.get(cache, key)?;
    if shared && known.is_object() && cjs::get(s, known, "loaded")?.is_true() {
        return cjs::get(s, known, "exports");
    }
    let text = cjs::read_source(s, &path)?;
    let v = cjs::parse_json(s, &path, &text)?;
    if shared {
        cjs::remember(s, &path, v)?;
    }
    Ok(v)
}

/// Runs a module's own code: a callback of its own in the log.
fn evaluate_source<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, i: usize, id: ModuleId) -> Completion<'s> {
    let Some(p) = rt.probe.clone() else { return s.module_evaluate(id) };
    let url = state(rt, |st| st.by_url.iter().find(|(_, k)| **k == i).map(|(url, _)| url.clone()));
    let url = url.unwrap_or_default();
    let main = super::registered(s, "main url");
    let is_main = main.is_string() && s.to_utf8_lossy(main) == url;
    let name = p.intern(&url);
    let pos = Pos { script: name, line: 1, column: 1 };
    let loading = (!is_main).then(|| {
        let (format, parent) = (ModuleFormat::Esm, Default::default());
        p.emit(Event::ModuleBegin { name, format, parent, pos: Default::default() })
    });
    let kind = if is_main { CallbackKind::MainScript } else { CallbackKind::Module };
    let begin = ticks::begin(rt, ticks::Callback::new(kind, 0, p.current()), name, pos);
    let r = s.module_evaluate(id);
    ticks::end(rt, begin, r.is_ok());
    if let Some(begin) = loading {
        let outcome = if r.is_ok() { Outcome::Returned } else { Outcome::Threw };
        p.emit(Event::ModuleEnd { begin, outcome });
    }
    r
}

/// `module.syncBuiltinESMExports()`: imports of builtin modules see what programs have changed in them.
pub(crate) fn sync_builtins(s: &mut Scope<'_>, rt: &Rc<Rt>) -> Result<(), Thrown> {
    let list: Vec<(ModuleId, String)> = state(rt, |st| {
        let named = |e: &Entry| match &e.body {
            Body::Builtin(n) => Some((e.id, n.clone())),
            _ => None,
        };
        st.entries.iter().filter_map(named).collect()
    });
    for (id, name) in list {
        s.nested(|s| {
            let exports = cjs::require_builtin(s, rt, &name)?;
            let u = s.undefined();
            for n in s.module_export_names(id) {
                if n == "default" {
                    continue;
                }
                let k = s.key(&n);
                // What was deleted is undefined from now on.
                let v = if s.has_own(exports, k)? { s.get(exports, k)? } else { u };
                s.module_set_export(id, &n, v);
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn set_exports<'s>(s: &mut Scope<'s>, id: ModuleId, exports: Local<'s>, cjs: bool) -> Result<(), Thrown> {
    let names: Vec<String> = s.module_export_names(id);
    for n in names {
        if n == "default" || n == "module.exports" || !exports.is_object() {
            continue;
        }
        let k = s.key(&n);
        if s.has_property(exports, k)? {
            let v = s.get(exports, k)?;
            s.module_set_export(id, &n, v);
        }
    }
    s.module_set_export(id, "default", exports);
    if cjs {
        s.module_set_export(id, "module.exports", exports);
    }
    Ok(())
}

/// Carries out what the evaluation machine asks for.
fn drive(s: &mut Scope<'_>, rt: &Rc<Rt>) {
    while let Some(action) = state(rt, |st| st.evaluator.next()) {
        match action {
            Action::Run(node) => {
                let i = node.index();
                let r = s.nested(|s| match run_body(s, rt, i) {
                    Ok(_) => Ok(()),
                    Err(t) => {
                        let e = s.caught(t);
                        explain(s, rt, i, e);
                        Err(s.global(e))
                    }
                });
                state(rt, |st| st.evaluator.ran(node, r));
            }
            Action::Start(node) => s.nested(|s| start_async(s, rt, node)),
            Action::Done(node, r) => s.nested(|s| finish(s, rt, node, r)),
        }
    }
}

fn start_async(s: &mut Scope<'_>, rt: &Rc<Rt>, node: NodeId) {
    let p = match run_body(s, rt, node.index()) {
        Ok(p) => p,
        Err(t) => {
            let e = s.caught(t);
            let p = s.new_promise();
            s.promise_reject(p, e);
            p
        }
    };
    let data = s.num(node.index() as f64);
    let empty = s.atoms().empty;
    let ok = s.function_with_data(empty, 1, |s, a| settled(s, a, true), data);
    let err = s.function_with_data(empty, 1, |s, a| settled(s, a, false), data);
    s.promise_then(p, ok, err, None);
}

fn settled<'s>(s: &mut Scope<'s>, args: &Args<'s>, ok: bool) -> Completion<'s> {
    let rt = Rt::of(s);
    let i = args.data().as_number().unwrap_or(0.0) as usize;
    if !ok {
        explain(s, &rt, i, args.get(0));
    }
    let r = if ok { Ok(()) } else { Err(s.global(args.get(0))) };
    state(&rt, |st| {
        let node = st.entries[i].node;
        st.evaluator.settled(node, r);
    });
    drive(s, &rt);
    Ok(s.undefined())
}

fn finish(s: &mut Scope<'_>, rt: &Rc<Rt>, node: NodeId, r: Result<(), Global>) {
    let waiting = state(rt, |st| st.waiting.remove(&node)).unwrap_or_default();
    for (g, module) in waiting {
        let p = s.open(g);
        s.release(g);
        match r {
            Ok(()) => {
                let ns = s.module_namespace(module);
                s.promise_fulfill(p, ns);
            }
            Err(e) => {
                let e = s.open(e);
                s.promise_reject(p, e);
            }
        }
    }
}

/// Links and evaluates a loaded graph; `promise` gets the namespace.
fn link_and_evaluate(s: &mut Scope<'_>, rt: &Rc<Rt>, i: usize, promise: Local<'_>) -> Result<(), Thrown> {
    let (id, node) = state(rt, |st| (st.entries[i].id, st.entries[i].node));
    s.module_link(id)?;
    if state(rt, |st| st.evaluator.status(node)) == Status::Evaluated {
        let error = state(rt, |st| st.evaluator.error(node).copied());
        s.nested(|s| {
            let p = s.adopt(promise);
            match error {
                Some(e) => {
                    let e = s.open(e);
                    s.promise_reject(p, e);
                }
                None => {
                    let ns = s.module_namespace(id);
                    s.promise_fulfill(p, ns);
                }
            }
        });
        return Ok(());
    }
    let g = s.global(promise);
    match state(rt, |st| st.evaluator.evaluate(node)) {
        Ok(root) => state(rt, |st| st.waiting.entry(root).or_default().push((g, id))),
        Err(_) => return Err(busy(s, rt, id, None)),
    }
    drive(s, rt);
    Ok(())
}

fn busy(s: &mut Scope<'_>, rt: &Rt, id: ModuleId, parent: Option<&str>) -> Thrown {
    let url = s.module_name(id).to_owned();
    let required = state(rt, |st| st.requiring.contains(&url));
    let path = file_url_to_path(&url).unwrap_or(url);
    let from = parent.map(|p| format!(" (from {p})")).unwrap_or_default();
    let more = match required {
        true => "",
        false => {
            " A cycle involving require(esm) is not allowed to maintain invariants mandated by the ECMAScript specification. Try \
             making at least part of the dependency in the graph lazily loaded."
        }
    };
    cycle(s, &format!("Cannot require() ES Module {path} in a cycle.{from}{more}"), None)
}

fn cycle(s: &mut Scope<'_>, message: &str, parent: Option<&str>) -> Thrown {
    let from = parent.map(|p| format!(" (from {p})")).unwrap_or_default();
    errors::throw(s, errors::Kind::Error, "ERR_REQUIRE_CYCLE_MODULE", &format!("{message}{from}"))
}

/// What a required module imports must not be on its way already: it could not be finished before the call returns.
fn check_cycle(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    i: usize,
    specifier: &str,
    parent: &str,
) -> Result<(), Thrown> {
    let (node, body) = state(rt, |st| (st.entries[i].node, st.entries[i].body.clone()));
    let parent = file_url_to_path(parent).unwrap_or_else(|_| parent.to_owned());
    match body {
        Body::CommonJs(path) => {
            let (cache, key) = (registered(s, "require.cache"), s.key(&path));
            let known = s.get(cache, key)?;
            if known.is_object() && !cjs::get(s, known, "loaded")?.is_true() {
                let message = format!("Cannot import CommonJS Module {specifier} in a cycle.");
                return Err(cycle(s, &message, Some(&parent)));
            }
        }
        Body::Source if state(rt, |st| st.evaluator.status(node)) == Status::Evaluating => {
            let message = format!("Cannot import Module {specifier} in a cycle.");
            return Err(cycle(s, &message, Some(&parent)));
        }
        _ => {}
    }
    Ok(())
}

/// Says more about a ReferenceError at what only CommonJS has.
fn explain<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, i: usize, e: Local<'s>) {
    if state(rt, |st| st.entries[i].body != Body::Source) || !e.is_class(looplab_engine::Class::Error) {
        return;
    }
    let k: Key<'s> = s.atoms().message.into();
    let Ok(message) = s.get(e, k) else { return };
    let message = s.to_utf8_lossy(message);
    let Some(name) = message.strip_suffix(" is not defined") else { return };
    let known = ["require", "module", "exports", "__filename", "__dirname"];
    if !known.contains(&name) || s.class_name(e).as_deref() != Some("ReferenceError") {
        return;
    }
    let id = state(rt, |st| st.entries[i].id);
    let url = s.module_name(id).to_owned();
    let mut text = format!("{message} in ES module scope");
    if name == "require" {
        text.push_str(", you can use import instead");
    }
    let plain = url.split(['?', '#']).next().unwrap_or("");
    let format = resolver(rt).format_to_load(plain);
    if let Ok(path) = file_url_to_path(plain)
        && path.ends_with(".js")
        && matches!(format, Ok(Format::Module))
        && let Ok(Some(package)) = resolver(rt).find_package_json(plain, &url)
    {
        text.push_str(&format!(
            "\nThis file is being treated as an ES module because it has a '.js' file extension and '{package}' contains \
             \"type\": \"module\". To treat it as a CommonJS script, rename it to use the '.cjs' file extension."
        ));
    }
    let undeclared =
        matches!(format, Ok(Format::Ambiguous | Format::AmbiguousTypescript)) || url.contains("%5Beval");
    if s.module_has_tla(id) && undeclared && rt.options.load.input_type.is_none() {
        text = format!(
            "Cannot determine intended module format because both '{name}' and top-level await are present. If the code is \
             intended to be CommonJS, wrap await in an async function. If the code is intended to be an ES module, replace \
             {name}() with import."
        );
    }
    let v = s.str(&text);
    s.define_hidden(e, k, v);
}

/// `import(specifier)`
pub(crate) fn dynamic_import<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    referrer: &str,
    specifier: Local<'s>,
    options: Local<'s>,
    promise: Local<'s>,
) -> Result<(), Thrown> {
    let text = s.to_utf8_lossy(specifier);
    let mut attributes = Vec::new();
    if options.is_object() {
        let k = s.key("with");
        let with = s.get(options, k)?;
        if with.is_object() {
            for k in s.enumerable_own_keys(with)? {
                let v = s.get(with, k)?;
                let v = s.to_text(v)?;
                attributes.push((s.key_text(k), v));
            }
        }
    }
    let parent = if referrer.starts_with(['[', 'R']) { None } else { Some(referrer) };
    let url = resolve(s, rt, &text, parent, &mut attributes)?;
    if let Some(parent) = parent {
        super::graph::imported(rt, parent, &text, &url, true);
    }
    // Loading goes on in a job of its own: import() never runs anything synchronously.
    let data = {
        let u = s.str(&url);
        let mut items = vec![promise, u];
        for (k, v) in &attributes {
            items.push(s.str(k));
            items.push(s.str(v));
        }
        s.new_array(&items)
    };
    let empty = s.atoms().empty;
    let f = s.function_with_data(empty, 0, import_job, data);
    s.queue_microtask(f);
    Ok(())
}

fn import_job<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let items = s.dense_elements(args.data()).unwrap_or_default();
    let promise = items[0];
    let url = s.to_utf8_lossy(items[1]);
    let attributes: Vec<(String, String)> =
        items[2..].chunks(2).map(|c| (s.to_utf8_lossy(c[0]), s.to_utf8_lossy(c[1]))).collect();
    let before = state(&rt, |st| st.entries.len());
    let r = load_graph(s, &rt, &url, &attributes).and_then(|i| {
        check_attributes(s, &rt, (i, i >= before), &attributes)?;
        link_and_evaluate(s, &rt, i, promise)
    });
    if let Err(t) = r {
        if s.is_terminating() {
            return Err(t);
        }
        let e = s.caught(t);
        s.promise_reject(promise, e);
    }
    Ok(s.undefined())
}

/// Fills `import.meta`.
pub(crate) fn import_meta<'s>(s: &mut Scope<'s>, meta: Local<'s>, module: ModuleId) -> Result<(), Thrown> {
    let url = s.module_name(module).to_owned();
    let put = |s: &mut Scope<'s>, name: &str, v: Local<'s>| {
        let k = s.key(name);
        s.define_with(meta, k, v, looplab_engine::ALL);
    };
    if let Ok(path) = file_url_to_path(&url) {
        let dir = s.str(looplab_module_loader::path::dirname(&path));
        put(s, "dirname", dir);
        let file = s.str(&path);
        put(s, "filename", file);
    }
    let is_main = registered(s, "main url");
    let main = is_main.is_string() && s.to_utf8_lossy(is_main) == url;
    let main = s.bool(main);
    put(s, "main", main);
    let base = s.str(&url);
    let k = s.key("resolve");
    let f = s.function_with_data(k, 1, meta_resolve, base);
    put(s, "resolve", f);
    let u = s.str(&url);
    put(s, "url", u);
    Ok(())
}

/// `import.meta.resolve(specifier)`
fn meta_resolve<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let spec = s.to_text(args.get(0))?;
    let base = s.to_utf8_lossy(args.data());
    let url = resolve(s, &rt, &spec, Some(&base), &mut Vec::new())?;
    Ok(s.str(&url))
}

/// Runs the main program as an ES module. Evaluation itself is a microtask, as in Node.
pub(crate) fn run_main(s: &mut Scope<'_>, rt: &Rc<Rt>, url: &str) -> Result<(), Thrown> {
    let hooked = hooks::on_import(rt) && state(rt, |st| st.inline.is_none());
    let url = if hooked { &resolve(s, rt, url, None, &mut Vec::new())? } else { url };
    let v = s.str(url);
    super::register_value(s, "main url", v);
    let i = load_graph(s, rt, url, &Vec::new())?;
    let p = s.new_promise();
    let g = s.global(p);
    state(rt, |st| st.main = Some(g));
    let n = s.num(i as f64);
    let data = s.new_array(&[n, p]);
    let name = s.key("run ES modules");
    let f = s.function_with_data(name, 0, main_job, data);
    s.queue_microtask(f);
    Ok(())
}

/// Runs a text as the main module, under a URL of its own.
pub(crate) fn run_text(s: &mut Scope<'_>, rt: &Rc<Rt>, url: &str, text: &str) -> Result<(), Thrown> {
    state(rt, |st| st.inline = Some((url.to_owned(), text.to_owned())));
    run_main(s, rt, url)
}

fn main_job<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let items = s.dense_elements(args.data()).unwrap_or_default();
    let (i, promise) = (items[0].as_number().unwrap_or(0.0) as usize, items[1]);
    if let Err(t) = link_and_evaluate(s, &rt, i, promise) {
        if s.is_terminating() {
            return Err(t);
        }
        let e = s.caught(t);
        s.promise_reject(promise, e);
    }
    Ok(s.undefined())
}

/// Whether the main module still waits for its top-level await.
pub(crate) fn main_is_unsettled(s: &mut Scope<'_>, rt: &Rt) -> bool {
    let main = state(rt, |st| st.main);
    main.is_some_and(|g| {
        s.nested(|s| {
            let p = s.open(g);
            s.promise_state(p) == PromiseState::Pending
        })
    })
}

/// Where the modules that never went on are waiting, as Node points it out: place, source line, caret.
pub(crate) fn unsettled_place(s: &mut Scope<'_>, rt: &Rt) -> Option<String> {
    let ids: Vec<ModuleId> = state(rt, |st| st.entries.iter().map(|e| e.id).collect());
    let (name, line, column) = ids.into_iter().find_map(|id| s.module_waits_at(id))?;
    let scripts = rt.scripts.borrow();
    let text = &scripts.iter().find(|x| x.name == name)?.text;
    let source = text.lines().nth(line as usize - 1).unwrap_or("");
    Some(format!("{name}:{line}\n{source}\n{}^", " ".repeat(column as usize - 1)))
}

/// `require()` of an ES module: its namespace, evaluated synchronously.
/// `parent`: the requiring file.
pub(crate) fn require_esm<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    path: &str,
    parent: Option<&str>,
    is_main: bool,
) -> Completion<'s> {
    // Hooks may have sent `require` to something that is no file.
    let url = if path.starts_with('/') { path_to_file_url(path) } else { path.to_owned() };
    if is_main {
        run_main(s, rt, &url)?;
        return Ok(s.undefined());
    }
    // Whoever evaluates it now cannot be waited for.
    if let Some(i) = state(rt, |st| st.by_url.get(&url).copied())
        && state(rt, |st| st.evaluator.status(st.entries[i].node)) == Status::Evaluating
    {
        let id = state(rt, |st| st.entries[i].id);
        return Err(busy(s, rt, id, parent));
    }
    state(rt, |st| st.requiring.push(url.clone()));
    let r = load_graph(s, rt, &url, &Vec::new()).and_then(|i| evaluate_now(s, rt, i));
    state(rt, |st| st.requiring.pop());
    r
}

/// Evaluates a loaded graph at once; what `require` gives of it.
fn evaluate_now<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, i: usize) -> Completion<'s> {
    let (id, node) = state(rt, |st| (st.entries[i].id, st.entries[i].node));
    if state(rt, |st| st.evaluator.has_async_graph(node)) {
        return Err(errors::throw(
            s,
            errors::Kind::Error,
            "ERR_REQUIRE_ASYNC_MODULE",
            "require() cannot be used on an ESM graph with top-level await. Use import() instead. To see where the \
             top-level await comes from, use --experimental-print-required-tla.",
        ));
    }
    let p = s.new_promise();
    s.promise_mark_handled(p);
    link_and_evaluate(s, rt, i, p)?;
    if s.promise_state(p) == PromiseState::Rejected {
        let e = s.promise_result(p);
        return Err(s.rethrow(e));
    }
    let ns = s.module_namespace(id);
    let k: Key<'s> = s.key("module.exports");
    if s.has_property(ns, k)? {
        return s.get(ns, k);
    }
    let default: Key<'s> = s.atoms().default.into();
    let marker = s.key("__esModule");
    if s.has_property(ns, default)? && !s.has_property(ns, marker)? {
        return facade(s, rt, id);
    }
    Ok(ns)
}

/// What `require` gives of a module with a default export: its namespace with `__esModule` beside it, as transpiled code expects.
fn facade<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, id: ModuleId) -> Completion<'s> {
    const TEXT: &str =
        "export * from 'original'; export { default } from 'original'; export const __esModule = true;";
    if let Some(f) = state(rt, |st| st.facades.get(&id).copied()) {
        return Ok(s.module_namespace(f));
    }
    let name = format!("node:internal/require(esm) of {}", s.module_name(id));
    let t = compile(s, rt, &name, TEXT, CompileGoal::Module)?;
    let f = s.module_new(t, &name);
    let requests = s.module_requests(f).len();
    s.module_connect(f, vec![id; requests]);
    s.module_link(f)?;
    s.module_evaluate(f)?;
    state(rt, |st| st.facades.insert(id, f));
    Ok(s.module_namespace(f))
}
