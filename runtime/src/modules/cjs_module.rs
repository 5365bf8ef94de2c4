//! `Module`, CommonJS's own class, with the inner functions that programs have come to replace: loaders for other languages put
//! theirs into `Module._extensions`, test tools wrap `Module._load` and `module.require`.
//!
//! Each step of loading looks whether its function is still ours. If it is, the step is taken directly; if not, the program's
//! function is called as Node would.

use super::cjs::{self, add_child, get, new_module, put};
use super::{compile, register_value, registered, resolver};
use crate::errors;
use crate::rt::{Rt, text_arg};
use looplab_engine::{Args, CompileGoal, Completion, Global, Key, Local, Name, NativeFn, Scope, Thrown};
use looplab_module_loader::wrapper::PARAMETERS;
use looplab_module_loader::{Referrer, Required, builtin_name, path};
use std::rc::Rc;

/// One replaceable function: the object that holds it, its name, and ours.
#[derive(Clone, Copy)]
pub(crate) struct Hook {
    key: Name,
    ours: Global,
}

/// The replaceable functions.
#[derive(Clone, Copy)]
pub(crate) struct Hooks {
    pub(crate) require: Hook,
    pub(crate) load_static: Hook,
    pub(crate) resolve_filename: Hook,
    pub(crate) load: Hook,
    pub(crate) compile: Hook,
    /// `.js`, `.json`, `.node` of `Module._extensions`.
    pub(crate) extensions: [Hook; 3],
}

/// What `object[hook]` is now, if a program has replaced it.
pub(crate) fn replaced<'s>(
    s: &mut Scope<'s>,
    object: Local<'s>,
    hook: Hook,
) -> Result<Option<Local<'s>>, Thrown> {
    let k: Key<'s> = hook.key.into();
    let now = s.get(object, k)?;
    let ours = s.open(hook.ours);
    Ok((!now.is_identical(ours)).then_some(now))
}

fn hook<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str, n: u32, f: NativeFn, enumerable: bool) -> Hook {
    let k = s.key(name);
    let f = s.function(k, n, f);
    if enumerable {
        s.define_with(o, k, f, looplab_engine::ALL);
    } else {
        s.define_hidden(o, k, f);
    }
    Hook { key: s.permanent_key(k), ours: s.global(f) }
}

/// Makes Module, its prototype and the cache, once.
pub(crate) fn register(s: &mut Scope<'_>) {
    let hooks = s.nested(|s| {
        let null = s.null();
        let cache = s.new_object_with_proto(null);
        register_value(s, "require.cache", cache);
        let proto = s.new_object();
        let ctor = s.constructor("Module", 0, module_constructor, proto);
        put(s, ctor, "_cache", cache);
        let paths = s.new_object_with_proto(null);
        put(s, ctor, "_pathCache", paths);
        let ext = s.new_object_with_proto(null);
        let extensions = [
            hook(s, ext, ".js", 2, extension_js, true),
            hook(s, ext, ".json", 2, extension_json, true),
            hook(s, ext, ".node", 2, extension_node, true),
        ];
        put(s, ctor, "_extensions", ext);
        register_value(s, "require.extensions", ext);
        let hooks = Hooks {
            require: hook(s, proto, "require", 1, module_require, true),
            load: hook(s, proto, "load", 1, module_load, true),
            compile: hook(s, proto, "_compile", 3, module_compile, true),
            load_static: hook(s, ctor, "_load", 3, static_load, true),
            resolve_filename: hook(s, ctor, "_resolveFilename", 4, static_resolve_filename, true),
            extensions,
        };
        for (name, n, f) in [
            ("_nodeModulePaths", 1, node_module_paths as NativeFn),
            ("_resolveLookupPaths", 2, resolve_lookup_paths),
            ("_findPath", 3, find_path),
            ("isBuiltin", 1, is_builtin),
            ("createRequire", 1, create_require),
        ] {
            let k = s.key(name);
            let f = s.function(k, n, f);
            put(s, ctor, name, f);
        }
        let k = s.key("wrap");
        let f = s.function(k, 1, module_wrap);
        s.define_hidden(ctor, k, f);
        put(s, ctor, "Module", ctor);
        register_value(s, "Module.prototype", proto);
        register_value(s, "Module", ctor);
        hooks
    });
    Rt::of(s).modules.borrow_mut().cjs.hooks = Some(hooks);
}

/// The replaceable functions, made by [`register`].
pub(crate) fn hooks(rt: &Rt) -> Hooks {
    rt.modules.borrow().cjs.hooks.expect("registered before any program runs")
}

/// `new Module(id, parent)`
fn module_constructor<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let target = args.new_target();
    let m = if target.is_object() {
        s.create_from_constructor(
            target,
            looplab_engine::Class::Plain,
            looplab_engine::Intrinsic::ObjectPrototype,
        )?
    } else {
        // `Module.call(this, id)`, as old subclasses do it.
        args.this()
    };
    if !m.is_object() {
        return Err(s.throw_type("Class constructor Module cannot be invoked without 'new'"));
    }
    let id = if args.get(0).is_undefined() { s.str("") } else { args.get(0) };
    put(s, m, "id", id);
    let id = s.to_text(id)?;
    let dir = s.str(path::dirname(&id));
    put(s, m, "path", dir);
    let exports = s.new_object();
    put(s, m, "exports", exports);
    let (null, no) = (s.null(), s.bool(false));
    put(s, m, "filename", null);
    put(s, m, "loaded", no);
    let children = s.new_array(&[]);
    put(s, m, "children", children);
    if args.get(1).is_object() {
        let k = s.key("parent");
        s.define_hidden(m, k, args.get(1));
        add_child(s, args.get(1), m)?;
    }
    Ok(m)
}

/// `module.require(id)`
fn module_require<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    cjs::require_by(s, args.this(), args.get(0))
}

/// `Module._load(request, parent, isMain)`
fn static_load<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let request = s.to_text(args.get(0))?;
    cjs::load_request(s, &request, args.get(1), s.to_boolean(args.get(2)))
}

/// `Module._resolveFilename(request, parent, isMain, options)`
fn static_resolve_filename<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let request = s.to_text(args.get(0))?;
    let options = args.get(3);
    if options.is_object() {
        let paths = get(s, options, "paths")?;
        if !paths.is_undefined() {
            return cjs::resolve_in(s, &rt, args.get(1), &request, paths);
        }
    }
    if args.get(2).is_true() && request.starts_with('/') {
        return match resolver(&rt).resolve_main(&request) {
            Ok(p) => Ok(s.str(&p)),
            Err(e) => Err(cjs::throw_resolve(s, e)),
        };
    }
    match cjs::resolve(s, &rt, args.get(1), &request)? {
        Required::Builtin(_) => Ok(args.get(0)),
        Required::File(p) => Ok(s.str(&p)),
    }
}

/// `module.load(filename)`
fn module_load<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let file = s.to_text(args.get(0))?;
    cjs::load_into(s, &rt, args.this(), &file, false)?;
    Ok(s.undefined())
}

/// `module._compile(content, filename, format)`
fn module_compile<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let text = s.to_text(args.get(0))?;
    let file = s.to_text(args.get(1))?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let format = text_arg(s, args, 2);
    let text = match format.ends_with("-typescript") || is_typescript(&file) {
        true => super::strip(s, &file, text)?,
        false => text.to_owned(),
    };
    let t = compile(s, &rt, &file, &text, CompileGoal::Body(&PARAMETERS))?;
    cjs::run_wrapper(s, &rt, args.this(), &file, t, false)
}

/// Whether a file's name says TypeScript.
pub(crate) fn is_typescript(file: &str) -> bool {
    matches!(path::extname(file), ".ts" | ".mts" | ".cts")
}

fn extension_js<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let file = s.to_text(args.get(1))?;
    cjs::run_extension(s, &rt, args.get(0), &file, ".js")?;
    Ok(s.undefined())
}

fn extension_json<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let file = s.to_text(args.get(1))?;
    cjs::run_extension(s, &rt, args.get(0), &file, ".json")?;
    Ok(s.undefined())
}

fn extension_node<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let file = s.to_text(args.get(1))?;
    cjs::run_extension(s, &rt, args.get(0), &file, ".node")?;
    Ok(s.undefined())
}

fn texts<'s>(s: &mut Scope<'s>, list: &[String]) -> Local<'s> {
    let list: Vec<Local<'s>> = list.iter().map(|p| s.str(p)).collect();
    s.new_array(&list)
}

/// `Module._nodeModulePaths(from)`
fn node_module_paths<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let from = s.to_text(args.get(0))?;
    let from = std::path::absolute(&from).map(|p| p.to_string_lossy().into_owned()).unwrap_or(from);
    Ok(texts(s, &looplab_module_loader::node_module_paths(&from)))
}

/// `Module._resolveLookupPaths(request, parent)`
fn resolve_lookup_paths<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let request = s.to_text(args.get(0))?;
    if builtin_name(&request).is_some() {
        return Ok(s.null());
    }
    let parent = args.get(1);
    let relative =
        request == "." || request == ".." || request.starts_with("./") || request.starts_with("../");
    if !relative {
        // What the module says, which a program may have changed, then the global folders.
        let mut list = Vec::new();
        if parent.is_object() {
            let own = get(s, parent, "paths")?;
            if own.is_object() {
                list = s.list_from_array_like(own)?;
            }
        }
        for p in &resolver(&rt).options().global_paths {
            list.push(s.str(p));
        }
        return Ok(s.new_array(&list));
    }
    let file = if parent.is_object() { get(s, parent, "filename")? } else { s.undefined() };
    if !file.is_string() {
        let cwd = resolver(&rt).options().cwd.clone();
        let mut list = vec![".".to_owned()];
        list.extend(looplab_module_loader::node_module_paths(&cwd));
        list.extend(resolver(&rt).options().global_paths.iter().cloned());
        return Ok(texts(s, &list));
    }
    let file = s.to_utf8_lossy(file);
    Ok(texts(s, &[path::dirname(&file).to_owned()]))
}

/// `Module._findPath(request, paths, isMain)`: a file name, or false.
fn find_path<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let request = s.to_text(args.get(0))?;
    let mut roots = Vec::new();
    if args.get(1).is_object() {
        for p in s.list_from_array_like(args.get(1))? {
            roots.push(s.to_text(p)?);
        }
    }
    if request.starts_with('/') {
        roots = vec![String::new()];
    }
    for root in roots {
        let full = if root.is_empty() { request.clone() } else { format!("{root}/{request}") };
        let full = std::path::absolute(&full).map(|p| p.to_string_lossy().into_owned()).unwrap_or(full);
        if let Ok(found) = resolver(&rt).resolve_main(&full) {
            return Ok(s.str(&found));
        }
    }
    Ok(s.bool(false))
}

/// `Module.wrap(script)`
fn module_wrap<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = s.to_text(args.get(0))?;
    Ok(s.str(&looplab_module_loader::wrapper::wrap(&text)))
}

/// `module.isBuiltin(name)`
fn is_builtin<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let yes = args.get(0).is_string() && looplab_module_loader::is_builtin(&text_arg(s, args, 0));
    Ok(s.bool(yes))
}

/// A path from an absolute path, a file: URL, or a URL object.
pub(crate) fn file_argument<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Option<String>, Thrown> {
    let mut v = v;
    if v.is_object() {
        let href = get(s, v, "href")?;
        let protocol = get(s, v, "protocol")?;
        if !href.is_string() || !protocol.is_string() {
            return Ok(None);
        }
        v = href;
    }
    if !v.is_string() {
        return Ok(None);
    }
    let text = s.to_utf8_lossy(v);
    Ok(match text.starts_with("file:") {
        true => looplab_module_loader::url::file_url_to_path(&text).ok(),
        false => text.starts_with('/').then_some(text),
    })
}

/// `module.createRequire(filename)`: an absolute path or a file: URL. A folder's name ends in a slash.
fn create_require<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let Some(mut file) = file_argument(s, v)? else {
        return Err(errors::invalid_arg_value(
            s,
            "filename",
            v,
            "must be a file URL object, file URL string, or absolute path string",
        ));
    };
    if file.ends_with('/') {
        file.push_str("noop.js");
    }
    let u = s.undefined();
    let m = new_module(s, &file, u)?;
    Ok(cjs::make_require(s, m))
}

/// What a module says of itself, where a program has changed `module.paths`.
pub(crate) fn referrer_with_paths(file: &str, paths: Vec<String>) -> Rc<Referrer> {
    let mut r = Referrer::file(file);
    r.paths = paths;
    Rc::new(r)
}

/// `findPackageJSON` and `globalPaths` for `module.js`.
pub(crate) fn native<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    let m = registered(s, "Module");
    put(s, o, "Module", m);
    s.method(o, "findPackageJSON", 2, find_package_json);
    s.method(o, "builtinNames", 0, |s, _| {
        let plain = looplab_module_loader::BUILTIN_MODULES.iter().copied();
        let names: Vec<String> = plain
            .chain(looplab_module_loader::PREFIX_ONLY_MODULES.iter().copied())
            .map(str::to_owned)
            .collect();
        Ok(texts(s, &names))
    });
    s.method(o, "globalPaths", 0, |s, _| {
        let rt = Rt::of(s);
        let list = resolver(&rt).options().global_paths.clone();
        Ok(texts(s, &list))
    });
    let natives = super::hooks::native(s);
    put(s, o, "hooks", natives);
    s.method(o, "initPaths", 3, init_paths);
    s.method(o, "syncBuiltins", 0, |s, _| {
        let rt = Rt::of(s);
        super::esm::sync_builtins(s, &rt)?;
        Ok(s.undefined())
    });
    s.method(o, "strip", 1, |s, args| {
        let text = text_arg(s, args, 0);
        let out = super::strip(s, "", &text)?;
        Ok(s.str(&out))
    });
    s.method(o, "setWrapper", 1, |s, args| {
        register_value(s, "Module.wrapper", args.get(0));
        Ok(s.undefined())
    });
    s.method(o, "setRunMain", 1, |s, args| {
        register_value(s, "Module.runMain", args.get(0));
        Ok(s.undefined())
    });
    s.method(o, "runMain", 1, |s, args| {
        let rt = Rt::of(s);
        let file = s.to_text(args.get(0))?;
        let u = s.undefined();
        match resolver(&rt).resolve_main(&file) {
            Ok(p) => cjs::load(s, &rt, &p, u, true),
            Err(e) => Err(cjs::throw_resolve(s, e)),
        }
    });
    o
}

/// `initPaths(NODE_PATH, HOME, execPath)`: the folders searched last, from now on.
fn init_paths<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (path, home, exec) = (text_arg(s, args, 0), text_arg(s, args, 1), text_arg(s, args, 2));
    let mut options = resolver(&rt).options().clone();
    options.global_paths = looplab_module_loader::global_paths(Some(&path), Some(&home), &exec);
    let list = texts(s, &options.global_paths);
    rt.modules.borrow_mut().resolver =
        Rc::new(looplab_module_loader::Resolver::new(Default::default(), options));
    Ok(list)
}

/// `(specifier, base URL)`
fn find_package_json<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (spec, base) = (text_arg(s, args, 0), text_arg(s, args, 1));
    match resolver(&rt).find_package_json(&spec, &base) {
        Ok(Some(p)) => Ok(s.str(&p)),
        Ok(None) => Ok(s.undefined()),
        Err(e) => Err(cjs::throw_resolve(s, e)),
    }
}

/// `module.parent` under `--pending-deprecation`, read or (with an argument) written: the first use of any warns.
pub(crate) fn deprecated_parent<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    const TEXT: &str = "module.parent is deprecated due to accuracy issues. Please use require.main to find program entry \
                        point instead.";
    if !registered(s, "module.parent warned").is_true() {
        let yes = s.bool(true);
        register_value(s, "module.parent warned", yes);
        crate::node::process::emit_warning(s, TEXT, "DeprecationWarning", Some("DEP0144"))?;
    }
    if !args.is_empty() {
        s.set(args.data(), Key::index(0), args.get(0))?;
        return Ok(s.undefined());
    }
    s.get(args.data(), Key::index(0))
}

/// `module.parent`, without the warning that asking for it may give.
pub(crate) fn parent_of<'s>(s: &mut Scope<'s>, module: Local<'s>) -> Completion<'s> {
    let known = registered(s, "module.parent warned");
    let yes = s.bool(true);
    register_value(s, "module.parent warned", yes);
    let parent = get(s, module, "parent");
    register_value(s, "module.parent warned", known);
    parent
}
