//! ES modules: loading the graph, linking, and evaluating in the specification's order.

use super::cjs::{self, throw_resolve};
use super::{compile, registered, resolver};
use crate::errors;
use crate::rt::Rt;
use looplab_engine::{
    Args, CompileGoal, Completion, Global, Key, Local, ModuleId, ModuleState, PromiseState, Scope, Thrown,
};
use looplab_module_loader::Format;
use looplab_module_loader::evaluation::{Action, Evaluator, NodeId, Status};
use looplab_module_loader::url::{file_url_to_path, path_to_file_url};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What a module's body is.
#[derive(Clone, PartialEq, Eq)]
enum Body {
    Source,
    CommonJs(String),
    Json(String),
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
        }
    }
}

fn state<R>(rt: &Rt, f: impl FnOnce(&mut State) -> R) -> R {
    f(&mut rt.modules.borrow_mut().esm)
}

/// Resolves a specifier from a module's URL.
fn resolve(s: &mut Scope<'_>, rt: &Rt, specifier: &str, parent: Option<&str>) -> Result<String, Thrown> {
    let parent = parent.map(|p| if p.starts_with('/') { path_to_file_url(p) } else { p.to_owned() });
    match resolver(rt).import(specifier, parent.as_deref()) {
        Ok(i) => Ok(i.url),
        Err(e) => Err(throw_resolve(s, e)),
    }
}

/// Loads a module and everything it requests.
fn load_graph(s: &mut Scope<'_>, rt: &Rc<Rt>, url: &str) -> Result<usize, Thrown> {
    let mut todo = vec![load_one(s, rt, url)?];
    let root = todo[0];
    while let Some(i) = todo.pop() {
        let id = state(rt, |st| st.entries[i].id);
        if s.module_state(id) != ModuleState::Unlinked || state(rt, |st| st.entries[i].body != Body::Source) {
            continue;
        }
        let name = s.module_name(id).to_owned();
        let mut requested = Vec::new();
        for r in s.module_requests(id) {
            let target = resolve(s, rt, &r.specifier.to_string(), Some(&name))?;
            let before = state(rt, |st| st.entries.len());
            let j = load_one(s, rt, &target)?;
            check_attributes(
                s,
                rt,
                j,
                &r.attributes.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<Vec<_>>(),
            )?;
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
    i: usize,
    attributes: &[(String, String)],
) -> Result<(), Thrown> {
    let json = state(rt, |st| matches!(st.entries[i].body, Body::Json(_)));
    let id = state(rt, |st| st.entries[i].id);
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
fn load_one(s: &mut Scope<'_>, rt: &Rc<Rt>, url: &str) -> Result<usize, Thrown> {
    if let Some(i) = state(rt, |st| st.by_url.get(url).copied()) {
        return Ok(i);
    }
    let format = match resolver(rt).format_to_load(url) {
        Ok(f) => f,
        Err(e) => return Err(throw_resolve(s, e)),
    };
    let path =
        if url.starts_with("file:") { file_url_to_path(url).unwrap_or_default() } else { String::new() };
    let (id, body, tla) = match format {
        Format::Builtin => {
            let name = url.trim_start_matches("node:").to_owned();
            let exports = cjs::require_builtin(s, rt, &name)?;
            let names = export_names(s, exports)?;
            let names: Vec<&str> = names.iter().map(String::as_str).chain(["default"]).collect();
            (s.module_synthetic(url, &names), Body::Builtin(name), false)
        }
        Format::Json => (s.module_synthetic(url, &["default"]), Body::Json(path), false),
        Format::CommonJs => {
            let text = cjs::read_source(s, &path)?;
            let names = resolver(rt).cjs_export_names(&path, &text);
            let names: Vec<&str> =
                names.iter().map(String::as_str).chain(["default", "module.exports"]).collect();
            (s.module_synthetic(url, &names), Body::CommonJs(path), false)
        }
        Format::Ambiguous => return load_ambiguous(s, rt, url, &path),
        _ => {
            let text = source_text(s, url, &path)?;
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
fn source_text(s: &mut Scope<'_>, url: &str, path: &str) -> Result<String, Thrown> {
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
        Body::Source => return s.module_evaluate(id),
        Body::Json(path) => {
            let text = cjs::read_source(s, &path)?;
            let v = cjs::parse_json(s, &path, &text)?;
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
        Err(_) => return Err(busy(s, id)),
    }
    drive(s, rt);
    Ok(())
}

fn busy(s: &mut Scope<'_>, id: ModuleId) -> Thrown {
    let url = s.module_name(id).to_owned();
    errors::throw(
        s,
        errors::Kind::Error,
        "ERR_REQUIRE_CYCLE_MODULE",
        &format!("Cannot require() ES Module {url} in a cycle."),
    )
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
    let parent = if referrer.starts_with('[') { None } else { Some(referrer) };
    let url = resolve(s, rt, &text, parent)?;
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
    let r = load_graph(s, &rt, &url).and_then(|i| {
        check_attributes(s, &rt, i, &attributes)?;
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
    let url = resolve(s, &rt, &spec, Some(&base))?;
    Ok(s.str(&url))
}

/// Runs the main program as an ES module. Evaluation itself is a microtask, as in Node.
pub(crate) fn run_main(s: &mut Scope<'_>, rt: &Rc<Rt>, url: &str) -> Result<(), Thrown> {
    let v = s.str(url);
    super::register_value(s, "main url", v);
    let i = load_graph(s, rt, url)?;
    let p = s.new_promise();
    let g = s.global(p);
    state(rt, |st| st.main = Some(g));
    let n = s.num(i as f64);
    let data = s.new_array(&[n, p]);
    let empty = s.atoms().empty;
    let f = s.function_with_data(empty, 0, main_job, data);
    s.queue_microtask(f);
    Ok(())
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
pub(crate) fn require_esm<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, path: &str, is_main: bool) -> Completion<'s> {
    let url = path_to_file_url(path);
    if is_main {
        run_main(s, rt, &url)?;
        return Ok(s.undefined());
    }
    let i = load_graph(s, rt, &url)?;
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
        return Err(s.throw(e));
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
