//! `process`: what the program can learn of, and do to, the process it runs in.

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

/// Makes the process object and the global.
pub(crate) fn install<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>) -> Result<(), Thrown> {
    let p = s.new_object();
    let g = s.global(p);
    rt.process.set(Some(g));
    let put = |s: &mut Scope<'s>, name: &str, v: Local<'s>| {
        let k = s.key(name);
        s.define_with(p, k, v, ALL);
    };
    let v = s.str(VERSION);
    put(s, "version", v);
    let versions = versions(s);
    put(s, "versions", versions);
    for (k, v) in [("arch", arch()), ("platform", "linux"), ("title", "looplab")] {
        let v = s.str(v);
        put(s, k, v);
    }
    let release = s.new_object();
    let (k, v) = (s.key("name"), s.str("node"));
    s.define_with(release, k, v, ALL);
    let (k, v) = (s.key("lts"), s.str("Krypton"));
    s.define_with(release, k, v, ALL);
    put(s, "release", release);
    let pid = s.num(f64::from(std::process::id()));
    put(s, "pid", pid);
    let exec = std::env::current_exe().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let v = s.str(&exec);
    put(s, "execPath", v);
    let list: Vec<Local<'s>> = rt.options.exec_args.iter().map(|a| s.str(a)).collect();
    let v = s.new_array(&list);
    put(s, "execArgv", v);
    let argv = argv(s, rt, &exec);
    put(s, "argv", argv);
    let env = s.new_object();
    for (k, v) in std::env::vars_os() {
        let (k, v) = (s.key(&k.to_string_lossy()), s.str(&v.to_string_lossy()));
        s.define_with(env, k, v, ALL);
    }
    let handler = s.new_object();
    s.method(handler, "set", 4, env_set);
    s.method(handler, "defineProperty", 3, env_define);
    let env = s.new_proxy(env, handler);
    put(s, "env", env);
    let argv0 = std::env::args_os().next().map(|a| a.to_string_lossy().into_owned()).unwrap_or_default();
    let v = s.str(&argv0);
    put(s, "argv0", v);
    let k = s.key("exitCode");
    let (get, set) = (s.function(k, 0, get_exit_code), s.function(k, 1, set_exit_code));
    s.define_accessor(p, k, get, set, looplab_engine::ENUMERABLE | looplab_engine::CONFIGURABLE);
    let features = s.new_object();
    put(s, "features", features);
    let config = s.new_object();
    put(s, "config", config);
    let functions: &[(&str, u32, NativeFn)] = &[
        ("cwd", 0, cwd),
        ("chdir", 1, chdir),
        ("exit", 1, exit),
        ("reallyExit", 1, exit),
        ("abort", 0, abort),
        ("nextTick", 1, crate::ticks::next_tick),
        ("uptime", 0, uptime),
        ("memoryUsage", 0, memory_usage),
        ("cpuUsage", 0, cpu_usage),
        ("emitWarning", 1, emit_warning_fn),
        ("umask", 0, umask),
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
    let k = s.key("hrtime");
    let hr = s.function(k, 1, hrtime);
    let bk = s.key("bigint");
    let big = s.function(bk, 0, hrtime_bigint);
    s.define_with(hr, bk, big, ALL);
    put(s, "hrtime", hr);
    let mk = s.key("memoryUsage");
    let mem = s.get(p, mk)?;
    let rk = s.key("rss");
    let rss = s.function(rk, 0, rss_fn);
    s.define_with(mem, rk, rss, ALL);
    let ppid = s.key("ppid");
    s.getter(p, ppid, |s, _| {
        let n = rustix::process::getppid().map_or(0, |p| p.as_raw_nonzero().get());
        Ok(s.int(n))
    });
    super::stdio_native::install(s, p);
    let tag: Key<'s> = s.atoms().sym_to_string_tag.into();
    let v = s.str("process");
    s.define_with(p, tag, v, looplab_engine::CONFIGURABLE);
    if let Some(events) = builtin(s, rt, "events")? {
        let k: Key<'s> = s.atoms().prototype.into();
        let proto = s.get(events, k)?;
        let own = s.new_object_with_proto(proto);
        s.set_prototype_of(p, own)?;
        let ck: Key<'s> = s.atoms().constructor.into();
        let nk = s.key("process");
        let ctor = s.function(nk, 0, |s, _| Err(s.throw_type("Illegal constructor")));
        s.define_hidden(own, ck, ctor);
        let u = s.undefined();
        super::events::init_object(s, p, u)?;
    }
    let global = s.global_object();
    let k = s.key("process");
    s.define_hidden(global, k, p);
    Ok(())
}

/// Environment variables are strings, whatever they are set to.
fn env_set<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let key = s.to_key(args.get(1))?;
    if key.is_symbol() {
        return Err(s.throw_type("Cannot convert a Symbol value to a string"));
    }
    let text = s.to_string(args.get(2))?;
    s.set(args.get(0), key, text)?;
    Ok(s.bool(true))
}

/// Only plain data properties can be environment variables.
fn env_define<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let d = s.to_property_descriptor(args.get(2))?;
    let all = d.configurable == Some(true) && d.writable == Some(true) && d.enumerable == Some(true);
    let Some(v) = d.value.filter(|_| all) else {
        return Err(errors::throw(
            s,
            errors::Kind::Type,
            "ERR_INVALID_OBJECT_DEFINE_PROPERTY",
            "'process.env' only accepts a configurable, writable, and enumerable data descriptor",
        ));
    };
    let key = s.to_key(args.get(1))?;
    let text = s.to_string(v)?;
    s.set(args.get(0), key, text)?;
    Ok(s.bool(true))
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
    let given = args.get(0);
    if !given.is_nullish() {
        check_exit_code(s, given)?;
    }
    let code = match given.is_nullish() {
        true => uncaught::exit_code(s, &rt).unwrap_or(0),
        false => s.to_int32(given)?,
    };
    if rt.exit_emitted.get() {
        // Called by an 'exit' listener: ends at once with this code.
        rt.exit.set(Some(code));
    } else {
        uncaught::exit_with(s, &rt, code);
    }
    Err(s.terminate())
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

/// Resident bytes, from the system.
fn rss() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = text.split_whitespace().nth(1).and_then(|p| p.parse().ok()).unwrap_or(0.0);
    pages * rustix::param::page_size() as f64
}

fn rss_fn<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(s.num(rss()))
}

fn memory_usage<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let h = s.vm().heap_stats();
    let o = s.new_object();
    for (k, v) in [
        ("rss", rss()),
        ("heapTotal", (h.committed + h.external) as f64),
        ("heapUsed", h.used as f64),
        ("external", h.external as f64),
        ("arrayBuffers", 0.0),
    ] {
        let (k, v) = (s.key(k), s.num(v));
        s.define_with(o, k, v, ALL);
    }
    Ok(o)
}

fn cpu_usage<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let tick = 1e6 / rustix::param::clock_ticks_per_second() as f64;
    let o = s.new_object();
    for (k, i) in [("user", 11), ("system", 12)] {
        let n: f64 = fields.get(i).and_then(|f| f.parse().ok()).unwrap_or(0.0);
        let (k, v) = (s.key(k), s.num(n * tick));
        s.define_with(o, k, v, ALL);
    }
    Ok(o)
}

fn umask<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mode = if args.get(0).is_number() { s.to_uint32(args.get(0))? } else { 0 };
    let old = rustix::process::umask(rustix::fs::Mode::from_raw_mode(mode));
    if args.get(0).is_undefined() {
        rustix::process::umask(old);
    }
    Ok(s.num(f64::from(old.as_raw_mode())))
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

/// `process.emitWarning(warning, type|options, code)`
fn emit_warning_fn<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let w = args.get(0);
    let (mut name, mut code) = ("Warning".to_owned(), None);
    let mut detail = s.undefined();
    let second = args.get(1);
    if second.is_object() && !second.is_callable() {
        for (field, slot) in [("type", 0), ("code", 1)] {
            let k = s.key(field);
            let v = s.get(second, k)?;
            if v.is_string() {
                let t = s.to_utf8_lossy(v);
                if slot == 0 { name = t } else { code = Some(t) }
            }
        }
        let k = s.key("detail");
        detail = s.get(second, k)?;
    } else {
        if second.is_string() {
            name = s.to_utf8_lossy(second);
        } else if !second.is_nullish() && !second.is_callable() {
            return Err(errors::invalid_arg_type(s, "type", "of type string", second));
        }
        if args.get(2).is_string() {
            code = Some(text_arg(s, args, 2));
        }
    }
    if w.is_string() {
        let text = s.to_utf8_lossy(w);
        let e = make_warning(s, &text, &name, code.as_deref());
        if detail.is_string() {
            let k = s.key("detail");
            s.define_with(e, k, detail, ALL);
        }
        return queue_warning(s, e);
    }
    if !w.is_class(Class::Error) {
        return Err(errors::invalid_arg_type(s, "warning", "of type string or an instance of Error", w));
    }
    queue_warning(s, w)
}

/// Emits a warning of our own.
pub(crate) fn emit_warning(
    s: &mut Scope<'_>,
    text: &str,
    name: &str,
    code: Option<&str>,
) -> Result<(), Thrown> {
    s.nested(|s| {
        let e = make_warning(s, text, name, code);
        queue_warning(s, e).map(|_| ())
    })
}

fn make_warning<'s>(s: &mut Scope<'s>, text: &str, name: &str, code: Option<&str>) -> Local<'s> {
    let e = s.new_error(looplab_engine::Intrinsic::ErrorPrototype, text);
    let k: Key<'s> = s.atoms().name.into();
    let v = s.str(name);
    s.define_hidden(e, k, v);
    if let Some(c) = code {
        let k: Key<'s> = s.atoms().code.into();
        let v = s.str(c);
        s.define_with(e, k, v, ALL);
    }
    e
}

/// 'warning' is emitted in a tick.
fn queue_warning<'s>(s: &mut Scope<'s>, e: Local<'s>) -> Completion<'s> {
    let k = s.key("emitWarningNow");
    let f = s.function(k, 1, warn_now);
    let next = next_tick_function(s)?;
    let u = s.undefined();
    s.call(next, u, &[f, e])
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

fn warn_now<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let e = args.get(0);
    let get = |name: &str, s: &mut Scope<'s>| -> Result<String, Thrown> {
        let k = s.key(name);
        let v = s.get(e, k)?;
        if v.is_undefined() { Ok(String::new()) } else { s.to_text(v) }
    };
    let (name, message, code) = (get("name", s)?, get("message", s)?, get("code", s)?);
    let detail = get("detail", s)?;
    let code = if code.is_empty() { String::new() } else { format!("[{code}] ") };
    let mut text = format!("(node:{}) {code}{name}: {message}\n", std::process::id());
    if !detail.is_empty() {
        text.push_str(&format!("{detail}\n"));
    }
    let hinted = registered(s, "warning hinted");
    let deprecation = name == "DeprecationWarning";
    if !hinted.is_true() {
        let t = s.bool(true);
        register_value(s, "warning hinted", t);
        let flag = if deprecation { "--trace-deprecation" } else { "--trace-warnings" };
        text.push_str(&format!("(Use `node {flag} ...` to show where the warning was created)\n"));
    }
    stdio::write_stderr(&rt, text.as_bytes());
    uncaught::emit(s, &rt, looplab_probe::CallbackKind::Tick, "warning", &[e]);
    Ok(s.undefined())
}

