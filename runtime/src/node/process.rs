//! `process`: what the program can learn of, and do to, the process it runs in.

mod dotenv;
mod ids;
pub(crate) mod native;
pub(crate) mod signals;
mod usage;

use super::stdio;
use crate::errors;
use crate::modules::{builtin, register_value, registered};
use crate::rt::{Rt, text_arg};
use crate::uncaught;
use looplab_engine::{ALL, Args, Class, Completion, Key, Local, NativeFn, Scope, Thrown};
use looplab_event_loop::World;
use std::rc::Rc;

/// The version of Node that looplab presents itself as.
pub(crate) const VERSION: &str = "v24.21.0";

/// Functions that are JavaScript, loaded when first called.
const LAZY: &[(&str, u32)] = &[
    ("_rawDebug", 0),
    ("binding", 1),
    ("_linkedBinding", 1),
    ("dlopen", 0),
    ("_getActiveRequests", 0),
    ("_getActiveHandles", 0),
    ("getActiveResourcesInfo", 0),
    ("loadEnvFile", 0),
    ("cpuUsage", 1),
    ("threadCpuUsage", 1),
    ("resourceUsage", 0),
    ("kill", 2),
    ("execve", 1),
    ("ref", 1),
    ("unref", 1),
    ("openStdin", 0),
    ("emitWarning", 4),
    ("setSourceMapsEnabled", 1),
    ("getBuiltinModule", 1),
    ("_debugProcess", 0),
    ("_debugEnd", 0),
    ("_startProfilerIdleNotifier", 0),
    ("_stopProfilerIdleNotifier", 0),
    ("umask", 1),
    ("initgroups", 2),
    ("setgroups", 1),
    ("setegid", 1),
    ("seteuid", 1),
    ("setgid", 1),
    ("setuid", 1),
];

/// Makes the process object and the global.
pub(crate) fn install<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>) -> Result<(), Thrown> {
    let p = s.new_object();
    let g = s.global(p);
    rt.process.set(Some(g));
    let put = |s: &mut Scope<'s>, name: &str, v: Local<'s>| {
        let k = s.key(name);
        s.define_with(p, k, v, ALL);
    };
    let fixed = |s: &mut Scope<'s>, name: &str, v: Local<'s>| {
        let k = s.key(name);
        s.define_with(p, k, v, looplab_engine::ENUMERABLE | looplab_engine::CONFIGURABLE);
    };
    let v = s.str(VERSION);
    fixed(s, "version", v);
    let versions = versions(s);
    fixed(s, "versions", versions);
    for (k, v) in [("arch", arch()), ("platform", "linux")] {
        let v = s.str(v);
        fixed(s, k, v);
    }
    let argv0 = std::env::args_os().next().map(|a| a.to_string_lossy().into_owned()).unwrap_or_default();
    let v = s.str(rt.options.node.title.as_deref().unwrap_or(&argv0));
    put(s, "title", v);
    let release = s.new_object();
    for (k, v) in [("name", "node"), ("lts", "Krypton")] {
        let (k, v) = (s.key(k), s.str(v));
        s.define_with(release, k, v, ALL);
    }
    fixed(s, "release", release);
    let pid = s.num(f64::from(std::process::id()));
    fixed(s, "pid", pid);
    let exec = std::env::current_exe().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let v = s.str(&exec);
    put(s, "execPath", v);
    let list: Vec<Local<'s>> = rt.options.exec_args.iter().map(|a| s.str(a)).collect();
    let v = s.new_array(&list);
    put(s, "execArgv", v);
    let argv = argv(s, rt, &exec);
    put(s, "argv", argv);
    let (port, none) = (s.int(9229), s.null());
    put(s, "debugPort", port);
    put(s, "domain", none);
    let env = s.new_object();
    for (k, v) in env_of_files(rt) {
        let (k, v) = (s.key(&k), s.str(&v));
        s.define_with(env, k, v, ALL);
    }
    for (k, v) in std::env::vars_os() {
        let (k, v) = (s.key(&k.to_string_lossy()), s.str(&v.to_string_lossy()));
        s.define_with(env, k, v, ALL);
    }
    let handler = s.new_object();
    s.method(handler, "set", 4, env_set);
    s.method(handler, "defineProperty", 3, env_define);
    s.method(handler, "deleteProperty", 2, env_delete);
    let env = s.new_proxy(env, handler);
    put(s, "env", env);
    let v = s.str(&argv0);
    let k = s.key("argv0");
    s.define_with(p, k, v, looplab_engine::ENUMERABLE);
    let k = s.key("exitCode");
    let (get, set) = (s.function(k, 0, get_exit_code), s.function(k, 1, set_exit_code));
    s.define_accessor(p, k, get, set, looplab_engine::ENUMERABLE);
    let k = s.key("_exiting");
    let (get, set) = (s.function(k, 0, get_exiting), s.function(k, 1, set_exiting));
    s.define_accessor(p, k, get, set, looplab_engine::ENUMERABLE | looplab_engine::CONFIGURABLE);
    let v = features(s, rt);
    let k = s.key("features");
    s.define_with(p, k, v, looplab_engine::ENUMERABLE);
    let v = config(s);
    fixed(s, "config", v);
    let list = s.new_array(&[]);
    fixed(s, "moduleLoadList", list);
    let list = s.new_array(&[]);
    fixed(s, "_preload_modules", list);
    let functions: &[(&str, u32, NativeFn)] = &[
        ("cwd", 0, cwd),
        ("chdir", 1, chdir),
        ("exit", 1, exit),
        ("reallyExit", 0, really_exit),
        ("_kill", 0, signals::kill),
        ("abort", 0, abort),
        ("nextTick", 1, crate::ticks::next_tick),
        ("uptime", 0, uptime),
        ("memoryUsage", 0, usage::memory),
        ("constrainedMemory", 0, usage::constrained_memory),
        ("availableMemory", 0, usage::available_memory),
        ("getgroups", 0, ids::groups),
        ("hasUncaughtExceptionCaptureCallback", 0, has_capture_callback),
        ("setUncaughtExceptionCaptureCallback", 1, set_capture_callback),
        ("getuid", 0, getuid),
        ("geteuid", 0, geteuid),
        ("getgid", 0, getgid),
        ("getegid", 0, getegid),
    ];
    for &(name, n, f) in functions {
        let k = s.key(name);
        let f = s.function(k, n, f);
        put(s, name, f);
    }
    for (name, n) in LAZY {
        let f = lazy(s, name, *n);
        put(s, name, f);
    }
    for name in ["finalization", "allowedNodeEnvironmentFlags", "report"] {
        lazy_value(s, p, name);
    }
    let k = s.key("hrtime");
    let hr = s.function(k, 1, hrtime);
    let bk = s.key("bigint");
    let big = s.function(bk, 0, hrtime_bigint);
    s.define_with(hr, bk, big, ALL);
    put(s, "hrtime", hr);
    let mk = s.key("memoryUsage");
    let mem = s.get(p, mk)?;
    let rk = s.key("rss");
    let rss = s.function(rk, 0, |s, _| Ok(s.num(usage::rss())));
    s.define_with(mem, rk, rss, ALL);
    let ppid = rustix::process::getppid().map_or(0, |p| p.as_raw_nonzero().get());
    let v = s.int(ppid);
    put(s, "ppid", v);
    super::stdio_native::install(s, p);
    let tag: Key<'s> = s.atoms().sym_to_string_tag.into();
    let v = s.str("process");
    s.define_with(p, tag, v, looplab_engine::WRITABLE);
    if let Some(events) = builtin(s, rt, "events")? {
        let k: Key<'s> = s.atoms().prototype.into();
        let proto = s.get(events, k)?;
        let own = s.new_object_with_proto(proto);
        s.set_prototype_of(p, own)?;
        let ck: Key<'s> = s.atoms().constructor.into();
        let nk = s.key("process");
        let ctor = s.function(nk, 0, |s, _| Err(s.throw_type("Illegal constructor")));
        let pk: Key<'s> = s.atoms().prototype.into();
        s.define_with(ctor, pk, own, 0);
        s.define_hidden(own, ck, ctor);
        let u = s.undefined();
        super::events::init_object(s, p, u)?;
        install_events(s, rt, p)?;
    }
    let global = s.global_object();
    let k = s.key("process");
    s.define_hidden(global, k, p);
    Ok(())
}

/// What the files of `--env-file` set: of a name in several, the last file's. A file that must be there and is not ends the process.
fn env_of_files(rt: &Rt) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for (file, required) in &rt.options.node.env_files {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                for (k, v) in dotenv::parse(&text) {
                    all.retain(|(known, _)| *known != k);
                    all.push((k, v));
                }
            }
            Err(_) if !required => {}
            Err(_) => {
                stdio::write_stderr(rt, format!("looplab: {file}: not found\n").as_bytes());
                rt.exit.set(Some(9));
            }
        }
    }
    all
}

/// Environment variables are strings, whatever they are set to.
fn env_set<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let key = s.to_key(args.get(1))?;
    if key.is_symbol() {
        return Err(s.throw_type("Cannot convert a Symbol value to a string"));
    }
    let v = args.get(2);
    if Rt::of(s).options.node.pending_deprecation && !v.is_string() && !v.is_number() && !v.is_bool() {
        const TEXT: &str = "Assigning any value other than a string, number, or boolean to a process.env property is \
                            deprecated. Please make sure to convert the value to a string before setting process.env with it.";
        emit_warning(s, TEXT, "DeprecationWarning", Some("DEP0104"))?;
    }
    let text = s.to_string(v)?;
    s.set(args.get(0), key, text)?;
    note_tz(s, key, Some(text));
    Ok(s.bool(true))
}

/// Only plain data properties can be environment variables.
fn env_define<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let d = s.to_property_descriptor(args.get(2))?;
    let all = d.configurable == Some(true) && d.writable == Some(true) && d.enumerable == Some(true);
    let Some(v) = d.value.filter(|_| all) else {
        let what = if d.is_accessor() {
            "does not accept an accessor(getter/setter) descriptor"
        } else {
            "only accepts a configurable, writable, and enumerable data descriptor"
        };
        let text = format!("'process.env' {what}");
        return Err(errors::throw(s, errors::Kind::Type, "ERR_INVALID_OBJECT_DEFINE_PROPERTY", &text));
    };
    let key = s.to_key(args.get(1))?;
    let text = s.to_string(v)?;
    s.set(args.get(0), key, text)?;
    note_tz(s, key, Some(text));
    Ok(s.bool(true))
}

fn env_delete<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let key = s.to_key(args.get(1))?;
    let done = s.delete(args.get(0), key)?;
    note_tz(s, key, None);
    Ok(s.bool(done))
}

/// Dates follow the variable at once.
fn note_tz<'s>(s: &mut Scope<'s>, key: Key<'s>, value: Option<Local<'s>>) {
    if s.key_text(key) == "TZ" {
        let value = value.map(|v| s.to_utf8_lossy(v));
        Rt::of(s).set_tz(value);
    }
}

fn has_capture_callback<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let f = registered(s, "uncaught capture");
    Ok(s.bool(f.is_callable()))
}

/// `process.setUncaughtExceptionCaptureCallback(fn | null)`
fn set_capture_callback<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = args.get(0);
    if !f.is_null() && !f.is_callable() {
        return Err(errors::invalid_arg_type(s, "fn", "of type function or null", f));
    }
    if f.is_callable() && registered(s, "uncaught capture").is_callable() {
        return Err(errors::throw(
            s,
            errors::Kind::Error,
            "ERR_UNCAUGHT_EXCEPTION_CAPTURE_ALREADY_SET",
            "`process.setupUncaughtExceptionCapture()` was called while a capture callback was already active",
        ));
    }
    register_value(s, "uncaught capture", f);
    Ok(s.undefined())
}

fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn versions<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    for (k, v) in [
        ("node", VERSION.trim_start_matches('v')),
        ("looplab", env!("CARGO_PKG_VERSION")),
        ("v8", "13.6.233.17-node.37"),
        ("uv", "1.51.0"),
        ("modules", "137"),
    ] {
        let (k, v) = (s.key(k), s.str(v));
        s.define_with(o, k, v, looplab_engine::ENUMERABLE);
    }
    o
}

/// What is built in: none of this depends on how looplab was built, and what it has not got it says so.
fn features<'s>(s: &mut Scope<'s>, rt: &Rt) -> Local<'s> {
    let o = s.new_object();
    for (name, has) in [
        ("inspector", false),
        ("debug", false),
        ("uv", true),
        ("ipv6", true),
        ("tls_alpn", false),
        ("tls_sni", false),
        ("tls_ocsp", false),
        ("tls", false),
        ("openssl_is_boringssl", false),
        ("cached_builtins", true),
        ("require_module", !rt.options.load.no_require_module),
        ("quic", false),
        ("typescript", false),
    ] {
        let (k, v) = (s.key(name), s.bool(has));
        s.define_with(o, k, v, looplab_engine::ENUMERABLE | looplab_engine::CONFIGURABLE);
    }
    o
}

/// `process.config`: frozen, with the variables that programs ask for.
fn config<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let (config, variables, defaults) = (s.new_object(), s.new_object(), s.new_object());
    for (name, n) in
        [("asan", 0), ("v8_enable_i18n_support", 0), ("node_shared", 0), ("napi_build_version", 10)]
    {
        let (k, v) = (s.key(name), s.int(n));
        s.define_with(variables, k, v, looplab_engine::ENUMERABLE);
    }
    for name in ["cflags", "defines", "include_dirs", "libraries"] {
        let (k, v) = (s.key(name), s.new_array(&[]));
        s.define_with(defaults, k, v, looplab_engine::ENUMERABLE);
    }
    for (name, v) in [("target_defaults", defaults), ("variables", variables)] {
        let k = s.key(name);
        s.define_with(config, k, v, looplab_engine::ENUMERABLE);
    }
    for o in [config, variables, defaults] {
        // Fresh ordinary objects can always be frozen.
        if let Err(t) = s.set_integrity(o, true) {
            s.caught(t);
        }
    }
    config
}

fn argv<'s>(s: &mut Scope<'s>, rt: &Rt, exec: &str) -> Local<'s> {
    let mut list = vec![s.str(exec)];
    if let crate::Entry::File(f) = &rt.options.entry {
        let full = std::path::absolute(f).unwrap_or_else(|_| f.clone());
        list.push(s.str(&full.to_string_lossy()));
    }
    for a in &rt.options.args {
        list.push(s.str(a));
    }
    s.new_array(&list)
}

fn cwd<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    match std::env::current_dir() {
        Ok(d) => Ok(s.str(&d.to_string_lossy())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let t = super::sys::throw(s, &e, "uv_cwd", None, None);
            let err = s.caught(t);
            let text = "ENOENT: process.cwd failed with error no such file or directory, the current working directory was \
                        likely removed without changing the working directory, uv_cwd";
            let (k, text): (Key<'s>, _) = (s.atoms().message.into(), s.str(text));
            s.define_hidden(err, k, text);
            Err(s.throw(err))
        }
        Err(e) => Err(super::sys::throw(s, &e, "uv_cwd", None, None)),
    }
}

fn chdir<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if !args.get(0).is_string() {
        return Err(errors::invalid_arg_type(s, "directory", "of type string", args.get(0)));
    }
    let d = text_arg(s, args, 0);
    let from = std::env::current_dir().map(|d| d.to_string_lossy().into_owned()).unwrap_or_default();
    match std::env::set_current_dir(&d) {
        Ok(()) => Ok(s.undefined()),
        Err(e) => Err(super::sys::throw(s, &e, "chdir", Some(&from), Some(&d))),
    }
}

/// `process.exit(code)`: emits 'exit' and stops the script where it stands.
fn exit<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    if !args.is_empty() {
        if !args.get(0).is_nullish() {
            check_exit_code(s, args.get(0))?;
        }
        register_value(s, "process.exitCode", args.get(0));
    }
    if !rt.exit_emitted.get() {
        let code = uncaught::exit_code(s, &rt).unwrap_or(0);
        uncaught::run_exit_listeners(s, &rt, code, true);
        if rt.exit.get().is_some() {
            return Err(s.terminate());
        }
    }
    let code = uncaught::exit_code(s, &rt).unwrap_or(0);
    // Programs replace this one, to see who ends them.
    let (p, k, code) = (rt.process(s), s.key("reallyExit"), s.int(code));
    s.invoke(p, k, &[code])
}

/// `process.reallyExit(code)`: ends without telling anybody.
fn really_exit<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let code = s.to_int32(args.get(0))?;
    let rt = Rt::of(s);
    if rt.exit.get().is_none() {
        rt.exit.set(Some(code));
    }
    Err(s.terminate())
}

fn get_exiting<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let b = Rt::of(s).exit_emitted.get();
    Ok(s.bool(b))
}

fn set_exiting<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let b = s.to_boolean(args.get(0));
    Rt::of(s).exit_emitted.set(b);
    Ok(s.undefined())
}

fn get_exit_code<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(registered(s, "process.exitCode"))
}

fn set_exit_code<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    if !v.is_nullish() {
        check_exit_code(s, v)?;
    }
    register_value(s, "process.exitCode", v);
    Ok(s.undefined())
}

fn check_exit_code<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<(), Thrown> {
    if v.is_number() {
        let n = s.to_number(v)?;
        if n.fract() != 0.0 || !n.is_finite() {
            return Err(errors::out_of_range(s, "code", "an integer", v));
        }
        return Ok(());
    }
    if v.is_string() {
        let t = s.to_utf8_lossy(v);
        if t.parse::<i32>().is_ok() {
            return Ok(());
        }
    }
    Err(errors::invalid_arg_type(s, "code", "of type number", v))
}

fn abort<'s>(_: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    std::process::abort()
}

fn now(rt: &Rt) -> u64 {
    rt.with_loop(|lp| lp.world_mut().hrtime())
}

fn uptime<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    Ok(s.num(now(&rt) as f64 / 1e9))
}

/// `process.hrtime([time])`
fn hrtime<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let t = now(&rt);
    let (mut sec, mut nano) = ((t / 1_000_000_000) as f64, (t % 1_000_000_000) as f64);
    let before = args.get(0);
    if !before.is_undefined() {
        if !before.is_class(Class::Array) {
            return Err(errors::invalid_arg_type(s, "time", "an instance of Array", before));
        }
        if s.array_len(before) != 2 {
            let n = s.num(f64::from(s.array_len(before)));
            return Err(errors::out_of_range(s, "time", "2", n));
        }
        let (a, b) = (s.get(before, Key::index(0))?, s.get(before, Key::index(1))?);
        sec -= s.to_number(a)?;
        nano -= s.to_number(b)?;
        if nano < 0.0 {
            sec -= 1.0;
            nano += 1e9;
        }
    }
    let list = [s.num(sec), s.num(nano)];
    Ok(s.new_array(&list))
}

fn hrtime_bigint<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let t = now(&rt);
    Ok(s.bigint(t.into()))
}

fn getuid<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(s.num(f64::from(rustix::process::getuid().as_raw())))
}

fn geteuid<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(s.num(f64::from(rustix::process::geteuid().as_raw())))
}

fn getgid<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(s.num(f64::from(rustix::process::getgid().as_raw())))
}

fn getegid<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(s.num(f64::from(rustix::process::getegid().as_raw())))
}

// ---- warnings ----

/// Emits a warning of our own.
pub(crate) fn emit_warning(
    s: &mut Scope<'_>,
    text: &str,
    name: &str,
    code: Option<&str>,
) -> Result<(), Thrown> {
    s.nested(|s| {
        let rt = Rt::of(s);
        let Some(m) = builtin(s, &rt, "/process")? else { return Ok(()) };
        let k = s.key("emitWarning");
        let code = match code {
            Some(c) => s.str(c),
            None => s.undefined(),
        };
        let args = [s.str(text), s.str(name), code];
        s.invoke(m, k, &args).map(|_| ())
    })
}

/// A function that calls its namesake in `runtime/js/process.js`, loading that first.
fn lazy<'s>(s: &mut Scope<'s>, name: &str, length: u32) -> Local<'s> {
    let (k, target) = (s.key(name), s.str(name));
    s.function_with_data(k, length, delegated, target)
}

fn delegated<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(m) = builtin(s, &rt, "/process")? else { return Err(s.throw_type("process is not built in")) };
    let k = s.to_key(args.data())?;
    let f = s.get(m, k)?;
    let all = args.rest(0);
    s.call(f, args.this(), &all)
}

/// A property that is made when it is first read: `runtime/js/process.js` has it as a getter.
fn lazy_value<'s>(s: &mut Scope<'s>, p: Local<'s>, name: &str) {
    let (k, target) = (s.key(name), s.str(name));
    let get = s.function_with_data(k, 0, made_once, target);
    let set = s.function_with_data(k, 1, replaced, target);
    s.define_accessor(p, k, get, set, looplab_engine::ENUMERABLE | looplab_engine::CONFIGURABLE);
}

fn made_once<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(m) = builtin(s, &rt, "/process")? else { return Ok(s.undefined()) };
    let k = s.to_key(args.data())?;
    let v = s.get(m, k)?;
    let p = rt.process(s);
    s.define_with(p, k, v, ALL);
    Ok(v)
}

fn replaced<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (p, k) = (rt.process(s), s.to_key(args.data())?);
    s.define_with(p, k, args.get(0), ALL);
    Ok(s.undefined())
}

/// Signal listeners, the listener that prints warnings, and the properties that flags set.
fn install_events<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, p: Local<'s>) -> Result<(), Thrown> {
    signals::install(s, p)?;
    let f = &rt.options.node;
    let silenced = std::env::var_os("NODE_NO_WARNINGS").is_some_and(|v| v == "1");
    if !f.no_warnings && !silenced {
        let (event, listener) = (s.str("warning"), lazy(s, "onWarning", 1));
        let k = s.key("on");
        s.invoke(p, k, &[event, listener])?;
    }
    for (name, set) in [
        ("noDeprecation", f.no_deprecation),
        ("traceDeprecation", f.trace_deprecation),
        ("throwDeprecation", f.throw_deprecation),
        ("traceProcessWarnings", f.trace_warnings),
    ] {
        if set {
            let (k, yes) = (s.key(name), s.bool(true));
            s.define_with(p, k, yes, ALL);
        }
    }
    Ok(())
}

/// `process.nextTick` as it was made.
pub(crate) fn next_tick_function<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let next = registered(s, "nextTick");
    if next.is_callable() {
        return Ok(next);
    }
    let k = s.key("nextTick");
    let f = s.function(k, 1, crate::ticks::next_tick);
    register_value(s, "nextTick", f);
    Ok(f)
}
