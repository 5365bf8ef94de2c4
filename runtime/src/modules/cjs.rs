//! CommonJS: `require`, `module`, the cache, and running a file.

use super::cjs_module::{self, Hooks, hooks, replaced};
use super::{builtin, compile, register_value, registered, resolver};
use crate::errors;
use crate::rt::Rt;
use crate::ticks;
use looplab_engine::{Args, Class, CompileGoal, Completion, Key, Local, Scope, Thrown};
use looplab_module_loader::registry::Kind;
use looplab_module_loader::wrapper::PARAMETERS;
use looplab_module_loader::{ErrorClass, Format, Referrer, Required, ResolveError};
use looplab_probe::{CallbackKind, Event, EventId, ModuleFormat, Outcome, Pos, Probe};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What CommonJS remembers.
#[derive(Default)]
pub(crate) struct State {
    referrers: FxHashMap<String, Rc<Referrer>>,
    /// The functions that programs may replace.
    pub(crate) hooks: Option<Hooks>,
}

pub(crate) fn put<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str, v: Local<'s>) {
    let k = s.key(name);
    s.define_with(o, k, v, looplab_engine::ALL);
}

pub(crate) fn get<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str) -> Completion<'s> {
    let k = s.key(name);
    s.get(o, k)
}

pub(crate) fn new_module<'s>(s: &mut Scope<'s>, filename: &str, parent: Local<'s>) -> Completion<'s> {
    let proto = registered(s, "Module.prototype");
    let m = s.new_object_with_proto(proto);
    let id = s.str(filename);
    put(s, m, "id", id);
    let dir = s.str(looplab_module_loader::path::dirname(filename));
    put(s, m, "path", dir);
    let exports = s.new_object();
    put(s, m, "exports", exports);
    put(s, m, "filename", id);
    let no = s.bool(false);
    put(s, m, "loaded", no);
    let children = s.new_array(&[]);
    put(s, m, "children", children);
    let paths: Vec<Local<'s>> =
        looplab_module_loader::node_module_paths(looplab_module_loader::path::dirname(filename))
            .iter()
            .map(|p| s.str(p))
            .collect();
    let paths = s.new_array(&paths);
    put(s, m, "paths", paths);
    let k = s.key("parent");
    let parent = if parent.is_object() { parent } else { s.null() };
    if Rt::of(s).options.node.pending_deprecation {
        let cell = s.new_array(&[parent]);
        let get = s.function_with_data(k, 0, cjs_module::deprecated_parent, cell);
        let set = s.function_with_data(k, 1, cjs_module::deprecated_parent, cell);
        s.define_accessor(m, k, get, set, looplab_engine::CONFIGURABLE);
        return Ok(m);
    }
    s.define_hidden(m, k, parent);
    Ok(m)
}

pub(crate) fn add_child<'s>(s: &mut Scope<'s>, parent: Local<'s>, child: Local<'s>) -> Result<(), Thrown> {
    if !parent.is_object() {
        return Ok(());
    }
    let list = get(s, parent, "children")?;
    if list.is_class(Class::Array) {
        let known = s.dense_elements(list).unwrap_or_default().iter().any(|c| c.is_identical(child));
        if !known {
            s.array_push(list, child);
        }
    }
    Ok(())
}

fn referrer_of(rt: &Rt, filename: &str) -> Rc<Referrer> {
    let modules = &mut *rt.modules.borrow_mut();
    if let Some(r) = modules.cjs.referrers.get(filename) {
        return r.clone();
    }
    let r = if filename.starts_with('/') {
        Referrer::file(filename)
    } else {
        Referrer::eval(&modules.resolver.options().cwd)
    };
    modules.cjs.referrers.entry(filename.to_owned()).or_insert(Rc::new(r)).clone()
}

/// `require(id)`: what `module.require` does, which a program may have replaced.
fn require_from<'s>(s: &mut Scope<'s>, module: Local<'s>, id: Local<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    match replaced(s, module, hooks(&rt).require)? {
        Some(f) => s.call(f, module, &[id]),
        None => require_by(s, module, id),
    }
}

/// `module.require(id)`
pub(crate) fn require_by<'s>(s: &mut Scope<'s>, module: Local<'s>, id: Local<'s>) -> Completion<'s> {
    if !id.is_string() {
        return Err(errors::invalid_arg_type(s, "id", "of type string", id));
    }
    let request = s.to_utf8_lossy(id);
    if request.is_empty() {
        return Err(errors::invalid_arg_value(s, "id", id, "must be a non-empty string"));
    }
    let rt = Rt::of(s);
    let class = registered(s, "Module");
    if let Some(f) = replaced(s, class, hooks(&rt).load_static)? {
        let no = s.bool(false);
        return s.call(f, class, &[id, module, no]);
    }
    load_request(s, &request, module, false)
}

/// `Module._load(request, parent, isMain)`
pub(crate) fn load_request<'s>(
    s: &mut Scope<'s>,
    request: &str,
    parent: Local<'s>,
    is_main: bool,
) -> Completion<'s> {
    let rt = Rt::of(s);
    let hooked = super::hooks::on_require(&rt);
    if !hooked && request.starts_with("node:") && looplab_module_loader::builtin_name(request).is_none() {
        let e = ResolveError::UnknownBuiltin { specifier: request.to_owned() };
        return Err(throw_resolve(s, e));
    }
    let class = registered(s, "Module");
    let found = match replaced(s, class, hooks(&rt).resolve_filename)? {
        None if super::hooks::on_require(&rt) => {
            super::hooks::resolve_require(s, &rt, parent, request, is_main)?
        }
        None if is_main && request.starts_with('/') => match resolver(&rt).resolve_main(request) {
            Ok(p) => Required::File(p),
            Err(e) => return Err(throw_resolve(s, e)),
        },
        None => resolve(s, &rt, parent, request)?,
        Some(f) => {
            let (id, main) = (s.str(request), s.bool(is_main));
            let name = s.call(f, class, &[id, parent, main])?;
            let name = s.to_text(name)?;
            match looplab_module_loader::builtin_name(&name) {
                Some(n) => Required::Builtin(n.to_owned()),
                None => Required::File(name),
            }
        }
    };
    if rt.options.graph.is_some() {
        let from = if parent.is_object() { get(s, parent, "filename")? } else { s.undefined() };
        let from = if from.is_string() { s.to_utf8_lossy(from) } else { String::new() };
        super::graph::required(&rt, &from, request, &found);
    }
    match found {
        Required::Builtin(name) => {
            // An entry that a program put into the cache stands in front of a module asked for without `node:`.
            if !request.starts_with("node:") {
                let cache = registered(s, "require.cache");
                let k = s.key(&name);
                let entry = s.get(cache, k)?;
                if entry.is_object() {
                    return get(s, entry, "exports");
                }
            }
            require_builtin(s, &rt, &name)
        }
        Required::File(path) => load(s, &rt, &path, parent, is_main),
    }
}

pub(crate) fn require_builtin<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, name: &str) -> Completion<'s> {
    match builtin(s, rt, name)? {
        Some(m) => Ok(m),
        None => Err(errors::throw(
            s,
            errors::Kind::Error,
            "ERR_LOOPLAB_MISSING_MODULE",
            &format!("The builtin module 'node:{name}' is not in looplab yet"),
        )),
    }
}

/// [`resolve`] under conditions that hooks have changed, and in the folders that `require.resolve` was given.
pub(crate) fn resolve_with<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    module: Local<'s>,
    request: &str,
    paths: Option<&[String]>,
    conditions: &[String],
) -> Result<Required, Thrown> {
    if paths.is_none() && conditions == resolver(rt).options().require_conditions {
        return resolve(s, rt, module, request);
    }
    let referrer = referrer_of_module(s, rt, module)?;
    let cwd = std::env::current_dir().map_or_else(|_| "/".into(), |d| d.to_string_lossy().into_owned());
    let roots: Option<Vec<String>> =
        paths.map(|list| list.iter().map(|p| looplab_module_loader::path::resolve(&cwd, p)).collect());
    match super::resolving(s, rt, |r| r.require_with(request, &referrer, roots.as_deref(), conditions))? {
        Ok(found) => Ok(found),
        Err(e) => {
            let stack = require_stack(s, module)?;
            Err(throw_resolve(s, e.with_require_stack(stack)))
        }
    }
}

pub(crate) fn resolve<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    module: Local<'s>,
    request: &str,
) -> Result<Required, Thrown> {
    let referrer = referrer_of_module(s, rt, module)?;
    match super::resolving(s, rt, |r| r.require(request, &referrer))? {
        Ok(r) => Ok(r),
        Err(e) => {
            // A program may have added an extension since.
            if e.code() == Some("MODULE_NOT_FOUND")
                && extensions_changed(s, rt)?
                && let Ok(r) = resolver(rt).require(request, &referrer)
            {
                return Ok(r);
            }
            let stack = require_stack(s, module)?;
            Err(throw_resolve(s, e.with_require_stack(stack)))
        }
    }
}

/// Where a module's requests are resolved from.
fn referrer_of_module<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, module: Local<'s>) -> Result<Rc<Referrer>, Thrown> {
    let filename = if module.is_object() { get(s, module, "filename")? } else { s.undefined() };
    let filename = if filename.is_string() { s.to_utf8_lossy(filename) } else { String::new() };
    let plain = referrer_of(rt, &filename);
    if !module.is_object() {
        return Ok(plain);
    }
    let paths = get(s, module, "paths")?;
    let Some(list) = paths.is_object().then(|| s.dense_elements(paths)).flatten() else { return Ok(plain) };
    let own: Vec<String> = list.iter().map(|&p| s.to_utf8_lossy(p)).collect();
    Ok(if own == plain.paths { plain } else { cjs_module::referrer_with_paths(&filename, own) })
}

/// Makes the resolver try the extensions of `Module._extensions`, if they are others than it knows.
fn extensions_changed(s: &mut Scope<'_>, rt: &Rc<Rt>) -> Result<bool, Thrown> {
    let known = s.nested(|s| {
        let ext = registered(s, "require.extensions");
        let keys = s.enumerable_own_keys(ext)?;
        Ok(keys.into_iter().map(|k| s.key_text(k)).collect::<Vec<String>>())
    })?;
    let mut options = resolver(rt).options().clone();
    if options.extensions == known {
        return Ok(false);
    }
    options.extensions = known;
    rt.modules.borrow_mut().resolver =
        Rc::new(looplab_module_loader::Resolver::new(Default::default(), options));
    Ok(true)
}

/// `Module._resolveFilename(request, parent, isMain, { paths })`
pub(crate) fn resolve_in<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    module: Local<'s>,
    request: &str,
    list: Local<'s>,
) -> Completion<'s> {
    if !list.is_class(Class::Array) {
        return Err(errors::invalid_arg_value(s, "options.paths", list, "is invalid"));
    }
    let mut roots = Vec::new();
    let cwd = std::env::current_dir().map_or_else(|_| "/".into(), |d| d.to_string_lossy().into_owned());
    for p in s.list_from_array_like(list)? {
        if !p.is_string() {
            return Err(errors::invalid_arg_type(s, "path", "of type string", p));
        }
        let p = s.to_utf8_lossy(p);
        roots.push(looplab_module_loader::path::resolve(&cwd, &p));
    }
    let referrer = referrer_of_module(s, rt, module)?;
    match resolver(rt).require_resolve(request, &referrer, Some(&roots)) {
        Ok(Required::Builtin(_)) => Ok(s.str(request)),
        Ok(Required::File(path)) => Ok(s.str(&path)),
        Err(e) => {
            let stack = require_stack(s, module)?;
            Err(throw_resolve(s, e.with_require_stack(stack)))
        }
    }
}

/// The files that led here, innermost first.
fn require_stack<'s>(s: &mut Scope<'s>, module: Local<'s>) -> Result<Vec<String>, Thrown> {
    let mut out = Vec::new();
    let mut m = module;
    while m.is_object() && out.len() < 1000 {
        let name = get(s, m, "filename")?;
        let id = get(s, m, "id")?;
        let name = if name.is_string() { name } else { id };
        if name.is_string() {
            out.push(s.to_utf8_lossy(name));
        }
        m = cjs_module::parent_of(s, m)?;
    }
    Ok(out)
}

/// Throws a resolution error with Node's class, code and properties.
pub(crate) fn throw_resolve(s: &mut Scope<'_>, e: ResolveError) -> Thrown {
    let kind = match e.class() {
        ErrorClass::TypeError => errors::Kind::Type,
        _ => errors::Kind::Error,
    };
    s.nested(|s| {
        let err = match e.code() {
            // CommonJS's own error is a plain Error with a code: its stack does not show it.
            Some("MODULE_NOT_FOUND") => {
                let err = s.new_error(looplab_engine::Intrinsic::ErrorPrototype, &e.message());
                let code = s.str("MODULE_NOT_FOUND");
                put(s, err, "code", code);
                if let Some(list) = e.require_stack() {
                    let stack: Vec<Local<'_>> = list.iter().map(|p| s.str(p)).collect();
                    let list = s.new_array(&stack);
                    put(s, err, "requireStack", list);
                }
                err
            }
            Some(code) => errors::new(s, kind, code, &e.message()),
            None => s.new_error(looplab_engine::Intrinsic::URIErrorPrototype, &e.message()),
        };
        if let Some(url) = e.url() {
            let v = s.str(url);
            put(s, err, "url", v);
        }
        if let ResolveError::InvalidMain { package_json, request, .. } = &e {
            let (path, request) = (s.str(package_json), s.str(request));
            put(s, err, "path", path);
            put(s, err, "requestPath", request);
        }
        s.throw(err)
    })
}

/// The `require` function of a module.
pub(crate) fn make_require<'s>(s: &mut Scope<'s>, module: Local<'s>) -> Local<'s> {
    let name = s.key("require");
    let f = s.function_with_data(name, 1, |s, args| require_from(s, args.data(), args.get(0)), module);
    let k = s.key("resolve");
    let resolve = s.function_with_data(k, 2, require_resolve, module);
    let pk = s.key("paths");
    let paths = s.function_with_data(pk, 1, require_paths, module);
    put(s, resolve, "paths", paths);
    put(s, f, "resolve", resolve);
    let main = registered(s, "require.main");
    put(s, f, "main", main);
    let ext = registered(s, "require.extensions");
    put(s, f, "extensions", ext);
    let cache = registered(s, "require.cache");
    put(s, f, "cache", cache);
    f
}

/// `require.resolve(request, { paths })`
fn require_resolve<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let id = args.get(0);
    if !id.is_string() {
        return Err(errors::invalid_arg_type(s, "request", "of type string", id));
    }
    let request = s.to_utf8_lossy(id);
    let rt = Rt::of(s);
    let (module, options) = (args.data(), args.get(1));
    let class = registered(s, "Module");
    if let Some(f) = replaced(s, class, hooks(&rt).resolve_filename)? {
        let no = s.bool(false);
        return s.call(f, class, &[id, module, no, options]);
    }
    if options.is_object() {
        let list = get(s, options, "paths")?;
        if !list.is_undefined() {
            if super::hooks::on_require(&rt) && list.is_class(Class::Array) {
                return super::hooks::resolve_only(s, &rt, module, &request, list);
            }
            return resolve_in(s, &rt, module, &request, list);
        }
    }
    if super::hooks::on_require(&rt) {
        let u = s.undefined();
        return super::hooks::resolve_only(s, &rt, module, &request, u);
    }
    let referrer = referrer_of_module(s, &rt, module)?;
    match resolver(&rt).require_resolve(&request, &referrer, None) {
        Ok(Required::Builtin(_)) => Ok(id),
        Ok(Required::File(path)) => Ok(s.str(&path)),
        Err(e) => {
            let stack = require_stack(s, module)?;
            Err(throw_resolve(s, e.with_require_stack(stack)))
        }
    }
}

/// `require.resolve.paths(request)`
fn require_paths<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let id = args.get(0);
    if !id.is_string() {
        return Err(errors::invalid_arg_type(s, "request", "of type string", id));
    }
    let request = s.to_utf8_lossy(id);
    let rt = Rt::of(s);
    let filename = get(s, args.data(), "filename")?;
    let filename = if filename.is_string() { s.to_utf8_lossy(filename) } else { String::new() };
    let referrer = referrer_of(&rt, &filename);
    match resolver(&rt).lookup_paths(&request, &referrer) {
        None => Ok(s.null()),
        Some(list) => {
            let list: Vec<Local<'s>> = list.iter().map(|p| s.str(p)).collect();
            Ok(s.new_array(&list))
        }
    }
}

/// `Module._load` of a file: its exports.
pub(crate) fn load<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    path: &str,
    parent: Local<'s>,
    is_main: bool,
) -> Completion<'s> {
    let cache = registered(s, "require.cache");
    let key = s.key(path);
    let known = s.get(cache, key)?;
    if known.is_object() {
        add_child(s, parent, known)?;
        return super::cycles::exports_of_cycle(s, rt, known);
    }
    let format = match super::hooks::format_for(rt, path) {
        Some(f) => f,
        None => resolver(rt).format_of_require(path).map_err(|e| throw_resolve(s, e))?,
    };
    if matches!(format, Format::Module | Format::ModuleTypescript) {
        return load_esm(s, rt, path, parent, is_main);
    }
    s.check_native_stack()?;
    let module = new_module(s, path, parent)?;
    if is_main {
        let dot = s.str(".");
        put(s, module, "id", dot);
        register_value(s, "require.main", module);
        let p = rt.process(s);
        put(s, p, "mainModule", module);
    }
    add_child(s, parent, module)?;
    s.set(cache, key, module)?;
    super::graph::report(s, rt, path)?;
    let running = super::graph::begin(rt, Kind::Require, path);
    let begin = report_begin(s, rt, path, format, parent);
    let r = match replaced(s, module, hooks(rt).load)? {
        Some(f) => {
            let file = s.str(path);
            s.call(f, module, &[file]).map(|_| Loaded::Done)
        }
        None => load_into(s, rt, module, path, is_main),
    };
    rt.emit(|_| Event::ModuleEnd {
        begin,
        outcome: if r.is_ok() { Outcome::Returned } else { Outcome::Threw },
    });
    super::graph::end(rt, running, r.is_ok());
    match r {
        Ok(Loaded::Done) => {
            let yes = s.bool(true);
            put(s, module, "loaded", yes);
            super::cycles::loaded(s, module)?;
            get(s, module, "exports")
        }
        Ok(Loaded::IsModule) => {
            s.delete(cache, key)?;
            load_esm(s, rt, path, parent, is_main)
        }
        Err(t) => {
            let e = s.caught(t);
            s.delete(cache, key)?;
            Err(s.rethrow(e))
        }
    }
}

/// `require` of an ES module, which is in the cache from then on.
fn load_esm<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    path: &str,
    parent: Local<'s>,
    is_main: bool,
) -> Completion<'s> {
    let from = if parent.is_object() { get(s, parent, "filename")? } else { s.undefined() };
    let from = from.is_string().then(|| s.to_utf8_lossy(from));
    if rt.options.load.no_require_module && !is_main {
        let by = from.map(|f| format!(" from {f}")).unwrap_or_default();
        let text = format!(
            "require() of ES Module {path}{by} not supported.\nInstead change the require of {path}{} to a dynamic import() \
             which is available in all CommonJS modules.",
            by.replacen("from", "in", 1)
        );
        return Err(errors::throw(s, errors::Kind::Error, "ERR_REQUIRE_ESM", &text));
    }
    let exports = super::esm::require_esm(s, rt, path, from.as_deref(), is_main)?;
    if !is_main {
        remember(s, path, exports)?;
    }
    Ok(exports)
}

/// Puts a module that was loaded otherwise into the cache.
pub(crate) fn remember<'s>(s: &mut Scope<'s>, path: &str, exports: Local<'s>) -> Result<(), Thrown> {
    let u = s.undefined();
    let module = new_module(s, path, u)?;
    put(s, module, "exports", exports);
    let yes = s.bool(true);
    put(s, module, "loaded", yes);
    let (cache, key) = (registered(s, "require.cache"), s.key(path));
    s.set(cache, key, module)?;
    Ok(())
}

pub(crate) enum Loaded {
    Done,
    /// The text turned out to be an ES module.
    IsModule,
}

/// `module.load(filename)`: what `Module._extensions` has for the file's name does it.
pub(crate) fn load_into<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    module: Local<'s>,
    path: &str,
    is_main: bool,
) -> Result<Loaded, Thrown> {
    let ext = registered(s, "require.extensions");
    let name = registered_extension(s, ext, path)?;
    let known = [".js", ".json", ".node"].iter().position(|n| *n == name);
    let theirs = match known {
        Some(i) => replaced(s, ext, hooks(rt).extensions[i])?,
        None => {
            let k = s.key(&name);
            Some(s.get(ext, k)?)
        }
    };
    if let Some(f) = theirs {
        let file = s.str(path);
        s.call(f, ext, &[module, file])?;
        return Ok(Loaded::Done);
    }
    if let Some(format) = super::hooks::format_for(rt, path) {
        return run_file(s, rt, module, path, format, is_main);
    }
    if is_main {
        // The main module is known as such; only it is logged as the main script.
        let format = match resolver(rt).format_of_require(path) {
            Ok(f) => f,
            Err(e) => return Err(throw_resolve(s, e)),
        };
        return run_file(s, rt, module, path, format, true);
    }
    run_extension(s, rt, module, path, &name)
}

/// The longest ending of a file's name that `Module._extensions` has; `.js` when it has none.
fn registered_extension<'s>(s: &mut Scope<'s>, ext: Local<'s>, path: &str) -> Result<String, Thrown> {
    let base = path.rsplit('/').next().unwrap_or(path);
    for (i, _) in base.match_indices('.') {
        // A leading dot begins a hidden file's name, not an extension.
        if i == 0 {
            continue;
        }
        let name = &base[i..];
        if matches!(name, ".js" | ".json" | ".node") {
            return Ok(name.to_owned());
        }
        let k = s.key(name);
        if s.has_property(ext, k)? {
            return Ok(name.to_owned());
        }
    }
    Ok(".js".into())
}

/// What our function in `Module._extensions` does with a file.
pub(crate) fn run_extension<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    module: Local<'s>,
    path: &str,
    extension: &str,
) -> Result<Loaded, Thrown> {
    let format = match extension {
        ".json" => Format::Json,
        ".node" => Format::Addon,
        _ => match resolver(rt).format_of_require(path) {
            Ok(Format::Json) => Format::CommonJs,
            Ok(f) => f,
            Err(e) => return Err(throw_resolve(s, e)),
        },
    };
    run_file(s, rt, module, path, format, false)
}

fn run_file<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    module: Local<'s>,
    path: &str,
    format: Format,
    is_main: bool,
) -> Result<Loaded, Thrown> {
    if format == Format::Addon {
        return Err(errors::throw(
            s,
            errors::Kind::Error,
            "ERR_DLOPEN_FAILED",
            &format!("Native addons cannot be loaded by looplab: {path}"),
        ));
    }
    let text = match super::hooks::take(rt, path).and_then(|l| l.text) {
        Some(text) => text,
        None => read_source(s, path)?,
    };
    if format == Format::Json {
        let v = parse_json(s, path, &text)?;
        put(s, module, "exports", v);
        return Ok(Loaded::Done);
    }
    let typescript = matches!(format, Format::CommonJsTypescript | Format::AmbiguousTypescript);
    if let Some(f) = replaced(s, module, hooks(rt).compile)? {
        let (content, file) = (s.str(&text), s.str(path));
        let name = s.str(if typescript { "commonjs-typescript" } else { "commonjs" });
        s.call(f, module, &[content, file, name])?;
        return Ok(Loaded::Done);
    }
    let text = if typescript { super::strip(s, path, &text)? } else { text };
    if let Some((head, tail)) = replaced_wrapper(s)? {
        run_wrapped(s, rt, module, path, &format!("{head}{text}{tail}"))?;
        return Ok(Loaded::Done);
    }
    let template = match compile(s, rt, path, &text, CompileGoal::Body(&PARAMETERS)) {
        Ok(t) => t,
        Err(t) => {
            let e = s.caught(t);
            let ambiguous = matches!(format, Format::Ambiguous | Format::AmbiguousTypescript);
            if ambiguous && esm_only(s, rt, path, &text) {
                if super::hooks::on_require(rt) {
                    let loaded = super::hooks::Loaded { format: Format::Module, text: Some(text) };
                    super::hooks::keep(rt, path, loaded);
                }
                return Ok(Loaded::IsModule);
            }
            return Err(s.throw(e));
        }
    };
    run_wrapper(s, rt, module, path, template, is_main)?;
    Ok(Loaded::Done)
}

/// Whether a text that is no CommonJS compiles as an ES module.
fn esm_only(s: &mut Scope<'_>, rt: &Rt, path: &str, text: &str) -> bool {
    let e = match compile(s, rt, path, text, CompileGoal::Module) {
        Ok(_) => return true,
        Err(t) => t,
    };
    s.caught(e);
    false
}

/// The two halves of `Module.wrapper`, if a program has put other ones there.
fn replaced_wrapper(s: &mut Scope<'_>) -> Result<Option<(String, String)>, Thrown> {
    s.nested(|s| {
        let w = registered(s, "Module.wrapper");
        if !w.is_object() {
            return Ok(None);
        }
        let (head, tail) = (s.get(w, Key::index(0))?, s.get(w, Key::index(1))?);
        Ok(Some((s.to_text(head)?, s.to_text(tail)?)))
    })
}

/// Runs a module through the program's own wrapper: a script whose value is the module's function.
fn run_wrapped<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    module: Local<'s>,
    path: &str,
    text: &str,
) -> Result<(), Thrown> {
    let t = compile(s, rt, path, text, CompileGoal::Script)?;
    let f = s.run_script(t, false)?;
    call_wrapper(s, rt, module, path, f, false).map(|_| ())
}

/// Calls a module's function; what it returns.
pub(crate) fn run_wrapper<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    module: Local<'s>,
    path: &str,
    template: Rc<looplab_engine::FunctionTemplate>,
    is_main: bool,
) -> Completion<'s> {
    let f = s.function_from(template);
    call_wrapper(s, rt, module, path, f, is_main)
}

fn call_wrapper<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    module: Local<'s>,
    path: &str,
    f: Local<'s>,
    is_main: bool,
) -> Completion<'s> {
    let require = make_require(s, module);
    let exports = get(s, module, "exports")?;
    let file = s.str(path);
    let dir = s.str(looplab_module_loader::path::dirname(path));
    let kind = if is_main { CallbackKind::MainScript } else { CallbackKind::Module };
    let (label, pos) = match &rt.probe {
        Some(p) => (p.intern(path), Pos { script: p.intern(path), line: 1, column: 1 }),
        None => Default::default(),
    };
    let begin = ticks::begin(rt, ticks::Callback::new(kind, 0, rt.probe.current()), label, pos);
    let r = s.call(f, exports, &[exports, require, module, file, dir]);
    ticks::end(rt, begin, r.is_ok());
    r
}

/// Runs code that is in no file (`-e`) as a CommonJS module.
pub(crate) fn run_eval<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    name: &str,
    text: &str,
    print: bool,
) -> Completion<'s> {
    let u = s.undefined();
    let module = new_module(s, name, u)?;
    let u = s.undefined();
    put(s, module, "filename", u);
    let require = make_require(s, module);
    let g = s.global_object();
    let exports = get(s, module, "exports")?;
    let (file, dir) = (s.str(name), s.str("."));
    for (k, v) in [
        ("require", require),
        ("module", module),
        ("exports", exports),
        ("__filename", file),
        ("__dirname", dir),
    ] {
        let k = s.key(k);
        s.define_hidden(g, k, v);
    }
    super::eval_globals::install(s, g)?;
    let t = compile(s, rt, name, text, CompileGoal::Script)?;
    let (label, pos) = match &rt.probe {
        Some(p) => (p.intern(name), Pos { script: p.intern(name), line: 1, column: 1 }),
        None => Default::default(),
    };
    let begin =
        ticks::begin(rt, ticks::Callback::new(CallbackKind::MainScript, 0, EventId::NONE), label, pos);
    let r = s.run_script(t, false);
    ticks::end(rt, begin, r.is_ok());
    let v = r?;
    if print {
        let text = if v.is_string() { s.to_utf8_lossy(v) } else { crate::node::inspect_text(s, v) };
        crate::node::stdio::write_stdout(rt, format!("{text}\n").as_bytes());
    }
    Ok(v)
}

fn report_begin<'s>(s: &mut Scope<'s>, rt: &Rt, path: &str, format: Format, parent: Local<'s>) -> EventId {
    let Some(p) = rt.probe.clone() else { return EventId::NONE };
    let parent = match parent.is_object() {
        true => match get(s, parent, "filename") {
            Ok(v) if v.is_string() => s.to_utf8_lossy(v),
            Ok(_) => String::new(),
            Err(t) => {
                s.caught(t);
                String::new()
            }
        },
        false => String::new(),
    };
    let pos = rt.here(s);
    let format = if format == Format::Json { ModuleFormat::Json } else { ModuleFormat::CommonJs };
    p.emit(Event::ModuleBegin { name: p.intern(path), format, parent: p.intern(&parent), pos })
}

/// A source file as text; errors as fs reports them.
pub(crate) fn read_source(s: &mut Scope<'_>, path: &str) -> Result<String, Thrown> {
    match std::fs::read(path) {
        Ok(b) => {
            let t =
                String::from_utf8(b).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
            Ok(match t.strip_prefix('\u{FEFF}') {
                Some(rest) => rest.to_owned(),
                None => t,
            })
        }
        Err(e) => Err(crate::node::sys::throw(s, &e, "open", Some(path), None)),
    }
}

/// JSON.parse with the file's name in the error.
/// `JSON.parse(text)`
pub(crate) fn parse_json_text<'s>(s: &mut Scope<'s>, text: &str) -> Completion<'s> {
    let json = s.intrinsic(looplab_engine::Intrinsic::JSON);
    let (k, v) = (s.key("parse"), s.str(text));
    s.invoke(json, k, &[v])
}

pub(crate) fn parse_json<'s>(s: &mut Scope<'s>, path: &str, text: &str) -> Completion<'s> {
    match parse_json_text(s, text) {
        Ok(v) => Ok(v),
        Err(t) => {
            let e = s.caught(t);
            if e.is_object() {
                let k: Key<'s> = s.atoms().message.into();
                let m = s.get(e, k)?;
                let m = s.to_text(m)?;
                let m = s.str(&format!("{path}: {m}"));
                s.set(e, k, m)?;
            }
            Err(s.throw(e))
        }
    }
}
