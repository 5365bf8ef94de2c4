//! Customization hooks (`module.registerHooks`, `module.register`): where loading asks them, and what happens after the last of them.
//!
//! The chains are JavaScript (`runtime/js/module_hooks.js`). Hooks of this thread see `import` and `require`; those of the hooks
//! thread see `import` only. As long as a program has registered none, loading never comes here.

use super::cjs::{self, get, put};
use super::{builtin, compile, esm, resolver};
use crate::errors;
use crate::rt::{Rt, text_arg};
use looplab_engine::{Args, CompileGoal, Completion, Local, NativeFn, Scope, Thrown};
use looplab_module_loader::url::{file_url_to_path, path_to_file_url};
use looplab_module_loader::wrapper::PARAMETERS;
use looplab_module_loader::{Format, Required, ResolveError};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What the loaders keep because of hooks.
#[derive(Default)]
pub(crate) struct State {
    /// Hooks of this thread are registered.
    here: bool,
    /// The hooks thread runs.
    thread: bool,
    /// The format that a resolve hook gave a URL.
    formats: FxHashMap<String, String>,
    /// What load hooks gave for a URL and nobody has taken yet.
    loaded: FxHashMap<String, Loaded>,
}

/// What a module is, by the load hooks.
pub(crate) struct Loaded {
    pub(crate) format: Format,
    /// `None`: the loader reads the source itself.
    pub(crate) text: Option<String>,
}

/// Pairs of an import's `with { … }`.
pub(crate) type Attributes = Vec<(String, String)>;

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Import,
    Require,
}

/// Whether `import` asks hooks.
pub(crate) fn on_import(rt: &Rt) -> bool {
    let m = rt.modules.borrow();
    m.hooks.here || m.hooks.thread
}

/// Whether `require` asks hooks.
pub(crate) fn on_require(rt: &Rt) -> bool {
    rt.modules.borrow().hooks.here
}

fn state<R>(rt: &Rt, f: impl FnOnce(&mut State) -> R) -> R {
    f(&mut rt.modules.borrow_mut().hooks)
}

/// The natives of `module_hooks.js`.
pub(crate) fn native<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("activate", 2, activate),
        ("defaultResolve", 3, default_resolve),
        ("defaultLoad", 3, default_load),
        ("import", 2, import),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    let rt = Rt::of(s);
    let options = resolver(&rt).options().clone();
    for (name, list) in
        [("importConditions", options.import_conditions), ("requireConditions", options.require_conditions)]
    {
        let list: Vec<Local<'s>> = list.iter().map(|c| s.str(c)).collect();
        let list = s.new_array(&list);
        put(s, o, name, list);
    }
    o
}

/// `activate(here, thread)`: which hooks there are from now on.
fn activate<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    state(&rt, |st| (st.here, st.thread) = (args.get(0).is_true(), args.get(1).is_true()));
    Ok(s.undefined())
}

/// Calls an export of `module_hooks.js`.
fn ask<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, name: &str, args: &[Local<'s>]) -> Completion<'s> {
    let Some(m) = builtin(s, rt, "/module_hooks")? else { return Ok(s.undefined()) };
    let k = s.key(name);
    s.invoke(m, k, args)
}

fn optional<'s>(s: &mut Scope<'s>, text: Option<&str>) -> Local<'s> {
    match text {
        Some(t) => s.str(t),
        None => s.undefined(),
    }
}

fn attributes_object<'s>(s: &mut Scope<'s>, list: &Attributes) -> Local<'s> {
    let null = s.null();
    let o = s.new_object_with_proto(null);
    for (name, value) in list {
        let v = s.str(value);
        put(s, o, name, v);
    }
    o
}

fn attributes_of<'s>(s: &mut Scope<'s>, o: Local<'s>) -> Result<Option<Attributes>, Thrown> {
    if !o.is_object() {
        return Ok(None);
    }
    let mut out = Vec::new();
    for k in s.enumerable_own_keys(o)? {
        let v = s.get(o, k)?;
        out.push((s.key_text(k), s.to_text(v)?));
    }
    Ok(Some(out))
}

/// The URL that the hooks lead an import to; a hook may change the attributes.
pub(crate) fn resolve_import(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    specifier: &str,
    parent: Option<&str>,
    attributes: &mut Attributes,
) -> Result<String, Thrown> {
    s.nested(|s| {
        let args = [s.str(specifier), optional(s, parent), attributes_object(s, attributes)];
        let r = ask(s, rt, "resolveImport", &args)?;
        let given = get(s, r, "importAttributes")?;
        if let Some(list) = attributes_of(s, given)? {
            *attributes = list;
        }
        found(s, rt, r)
    })
}

/// The URL in a hook's answer; its format is remembered for loading.
fn found<'s>(s: &mut Scope<'s>, rt: &Rt, r: Local<'s>) -> Result<String, Thrown> {
    let (url, format) = (get(s, r, "url")?, get(s, r, "format")?);
    let url = s.to_text(url)?;
    if format.is_string() {
        let format = s.to_text(format)?;
        state(rt, |st| st.formats.insert(url.clone(), format));
    }
    Ok(url)
}

/// What `require(request)` means by the hooks, loaded by them if it is new.
pub(crate) fn resolve_require<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    parent: Local<'s>,
    request: &str,
    is_main: bool,
) -> Result<Required, Thrown> {
    let (main, u) = (s.bool(is_main), s.undefined());
    let data = s.new_array(&[parent, main, u]);
    let url = required_url(s, rt, data, request)?;
    if let Some(name) = url.strip_prefix("node:") {
        let name = looplab_module_loader::builtin_name(name).unwrap_or(name).to_owned();
        load(s, rt, &url, &Vec::new(), System::Require)?;
        return Ok(Required::Builtin(name));
    }
    let path = match url.starts_with("file:") {
        true => file_url_to_path(&url).map_err(|e| cjs::throw_resolve(s, e.into()))?,
        false => url.clone(),
    };
    let cache = super::registered(s, "require.cache");
    let k = s.key(&path);
    if !s.get(cache, k)?.is_object() {
        let loaded = load(s, rt, &url, &Vec::new(), System::Require)?;
        state(rt, |st| st.loaded.insert(url, loaded));
    }
    Ok(Required::File(path))
}

/// `require.resolve(request)` by the hooks.
pub(crate) fn resolve_only<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    parent: Local<'s>,
    request: &str,
    paths: Local<'s>,
) -> Completion<'s> {
    let no = s.bool(false);
    let data = s.new_array(&[parent, no, paths]);
    let url = required_url(s, rt, data, request)?;
    if let Some(name) = url.strip_prefix("node:") {
        // Only names that need it, and those asked for with it, keep the prefix.
        let full = request == url || looplab_module_loader::PREFIX_ONLY_MODULES.contains(&url.as_str());
        return Ok(s.str(if full { &url } else { name }));
    }
    let name = file_url_to_path(&url).unwrap_or(url);
    Ok(s.str(&name))
}

/// Runs the chain. `data`: the requiring module, whether it is the main one, and the folders of `require.resolve`.
fn required_url<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    data: Local<'s>,
    request: &str,
) -> Result<String, Thrown> {
    let parent = s.dense_elements(data).unwrap_or_default()[0];
    let file = if parent.is_object() { get(s, parent, "filename")? } else { s.undefined() };
    let from = file.is_string().then(|| url_of(&s.to_utf8_lossy(file)));
    let key = s.atoms().empty;
    let last = s.function_with_data(key, 2, default_required, data);
    let args = [s.str(request), optional(s, from.as_deref()), last];
    let r = ask(s, rt, "resolveRequire", &args)?;
    found(s, rt, r)
}

/// The URL of a file name, which may be one already.
fn url_of(name: &str) -> String {
    if name.starts_with('/') { path_to_file_url(name) } else { name.to_owned() }
}

/// What `require` resolves to after the last hook: `(specifier, conditions) -> { url, format }`.
fn default_required<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let request = s.to_text(args.get(0))?;
    let items = s.dense_elements(args.data()).unwrap_or_default();
    let (parent, is_main, folders) = (items[0], items[1].is_true(), items[2]);
    let conditions = texts_of(s, args.get(1))?;
    if request.starts_with("node:") && looplab_module_loader::builtin_name(&request).is_none() {
        return Err(cjs::throw_resolve(s, ResolveError::UnknownBuiltin { specifier: request }));
    }
    let request = match request.starts_with("file:") {
        true => file_url_to_path(&request).map_err(|e| cjs::throw_resolve(s, e.into()))?,
        false => request,
    };
    let found = match is_main && request.starts_with('/') {
        true => match resolver(&rt).resolve_main(&request) {
            Ok(path) => Required::File(path),
            Err(e) => return Err(cjs::throw_resolve(s, e)),
        },
        false => {
            let paths = if folders.is_undefined() { None } else { Some(texts_of(s, folders)?) };
            cjs::resolve_with(s, &rt, parent, &request, paths.as_deref(), &conditions)?
        }
    };
    let (url, format) = match found {
        Required::Builtin(name) => (format!("node:{name}"), None),
        Required::File(path) => {
            let format = resolver(&rt).format_of_require(&path).map_err(|e| cjs::throw_resolve(s, e))?;
            (path_to_file_url(&path), format.name())
        }
    };
    Ok(answer(s, &url, format))
}

fn texts_of<'s>(s: &mut Scope<'s>, list: Local<'s>) -> Result<Vec<String>, Thrown> {
    let mut out = Vec::new();
    if list.is_object() {
        for item in s.list_from_array_like(list)? {
            out.push(s.to_text(item)?);
        }
    }
    Ok(out)
}

fn answer<'s>(s: &mut Scope<'s>, url: &str, format: Option<&str>) -> Local<'s> {
    let o = s.new_object();
    let (url, format) = (s.str(url), optional(s, format));
    put(s, o, "url", url);
    put(s, o, "format", format);
    o
}

/// `defaultResolve(specifier, parentURL, conditions)`: `{ url, format }` of an import after the last hook.
fn default_resolve<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let specifier = s.to_text(args.get(0))?;
    let parent = args.get(1).is_string().then(|| s.to_utf8_lossy(args.get(1)));
    let conditions = texts_of(s, args.get(2))?;
    let found = super::resolving(s, &rt, |r| match args.get(2).is_undefined() {
        true => r.import(&specifier, parent.as_deref()),
        false => r.import_with(&specifier, parent.as_deref(), &conditions),
    })?;
    match found {
        Ok(i) => {
            let format = i.format.filter(|f| *f != Format::Builtin).and_then(Format::name);
            Ok(answer(s, &i.url, format))
        }
        Err(e) => Err(cjs::throw_resolve(s, e)),
    }
}

/// `import(specifier, parentURL)`: a promise of the namespace.
fn import<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let parent = text_arg(s, args, 1);
    let (promise, u) = (s.new_promise(), s.undefined());
    esm::dynamic_import(s, &rt, &parent, args.get(0), u, promise)?;
    Ok(promise)
}

/// What the load hooks make of a URL.
pub(crate) fn load(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    url: &str,
    attributes: &Attributes,
    system: System,
) -> Result<Loaded, Thrown> {
    let (known, format) = state(rt, |st| (st.loaded.remove(url), st.formats.get(url).cloned()));
    if let Some(known) = known {
        return Ok(known);
    }
    s.nested(|s| {
        let args = [s.str(url), optional(s, format.as_deref()), attributes_object(s, attributes)];
        let name = if system == System::Require { "loadRequire" } else { "loadImport" };
        let r = ask(s, rt, name, &args)?;
        let (format, source) = (get(s, r, "format")?, get(s, r, "source")?);
        let text = source_text(s, source)?;
        let format = if format.is_string() { Some(s.to_text(format)?) } else { None };
        let format = format_of(s, rt, url, format.as_deref(), text.as_deref(), system)?;
        Ok(Loaded { format, text })
    })
}

/// What load hooks gave for a file that is being required.
pub(crate) fn take(rt: &Rt, path: &str) -> Option<Loaded> {
    if state(rt, |st| st.loaded.is_empty()) {
        return None;
    }
    let url = url_of(path);
    state(rt, |st| st.loaded.remove(&url))
}

/// The format that a file which is being required has by the hooks.
pub(crate) fn format_for(rt: &Rt, path: &str) -> Option<Format> {
    if state(rt, |st| st.loaded.is_empty()) {
        return None;
    }
    let url = url_of(path);
    state(rt, |st| st.loaded.get(&url).map(|l| l.format))
}

/// Keeps what hooks gave until the loader of CommonJS asks for it.
pub(crate) fn keep(rt: &Rt, path: &str, loaded: Loaded) {
    let url = url_of(path);
    state(rt, |st| st.loaded.insert(url, loaded));
}

/// A source as hooks give it: text, or bytes of UTF-8.
fn source_text<'s>(s: &mut Scope<'s>, source: Local<'s>) -> Result<Option<String>, Thrown> {
    if source.is_undefined() || source.is_null() {
        return Ok(None);
    }
    if source.is_string() {
        return s.to_text(source).map(Some);
    }
    let bytes = s.view_bytes(source).or(s.buffer_bytes(source));
    let text = bytes.map(|b| String::from_utf8_lossy(b).into_owned());
    Ok(text.map(|t| t.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(t)))
}

fn format_of(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    url: &str,
    name: Option<&str>,
    text: Option<&str>,
    system: System,
) -> Result<Format, Thrown> {
    Ok(match name {
        Some("builtin") => Format::Builtin,
        Some("commonjs") => Format::CommonJs,
        Some("module") => Format::Module,
        Some("json") => Format::Json,
        Some("wasm") => Format::Wasm,
        Some("addon") => Format::Addon,
        Some("commonjs-typescript") => Format::CommonJsTypescript,
        Some("module-typescript") => Format::ModuleTypescript,
        None if url.starts_with("node:") => Format::Builtin,
        None if system == System::Require => Format::Ambiguous,
        None => match text {
            Some(text) if is_module(s, rt, url, text) => Format::Module,
            Some(_) => Format::CommonJs,
            None => return Err(unknown(s, "undefined", url)),
        },
        Some(other) => return Err(unknown(s, other, url)),
    })
}

fn unknown(s: &mut Scope<'_>, format: &str, url: &str) -> Thrown {
    let e = ResolveError::UnknownModuleFormat { format: format.to_owned(), url: url.to_owned() };
    cjs::throw_resolve(s, e)
}

/// Whether a text that nobody has named a format for is an ES module.
fn is_module(s: &mut Scope<'_>, rt: &Rt, url: &str, text: &str) -> bool {
    for (goal, answer) in [(CompileGoal::Body(&PARAMETERS), false), (CompileGoal::Module, true)] {
        match compile(s, rt, url, text, goal) {
            Ok(_) => return answer,
            Err(t) => {
                s.caught(t);
            }
        }
    }
    false
}

/// `defaultLoad(url, format, required)`: `{ format, source }` after the last hook.
fn default_load<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let url = s.to_text(args.get(0))?;
    let named = args.get(1).is_string().then(|| s.to_utf8_lossy(args.get(1)));
    let required = args.get(2).is_true();
    let path = if url.starts_with("file:") { file_url_to_path(&url).ok() } else { None };
    let known = match (&named, &path) {
        (Some(name), _) => Some(name.clone()),
        (None, Some(path)) if required => {
            let f = resolver(&rt).format_of_require(path).map_err(|e| cjs::throw_resolve(s, e))?;
            f.name().map(str::to_owned)
        }
        _ => {
            let f = resolver(&rt).format_to_load(&url).map_err(|e| cjs::throw_resolve(s, e))?;
            f.name().map(str::to_owned)
        }
    };
    let o = s.new_object();
    if url.starts_with("node:") || known.as_deref() == Some("addon") {
        let format = s.str(known.as_deref().unwrap_or("builtin"));
        let null = s.null();
        put(s, o, "format", format);
        put(s, o, "source", null);
        return Ok(o);
    }
    if path.is_none() && !url.starts_with("data:") {
        // No loader of ours knows the scheme.
        return match resolver(&rt).format_to_load(&url) {
            Err(e) => Err(cjs::throw_resolve(s, e)),
            Ok(_) => Err(errors::throw(s, errors::Kind::Error, "ERR_UNKNOWN_MODULE_FORMAT", &url)),
        };
    }
    let text = esm::source_text(s, &url, path.as_deref().unwrap_or(""))?;
    let known = match known {
        None if !required => Some(if is_module(s, &rt, &url, &text) { "module" } else { "commonjs" }.into()),
        other => other,
    };
    let format = optional(s, known.as_deref());
    let source = match required {
        true => s.str(&text),
        false => crate::node::buffer::new_buffer(s, text.into_bytes())?,
    };
    put(s, o, "format", format);
    put(s, o, "source", source);
    Ok(o)
}
