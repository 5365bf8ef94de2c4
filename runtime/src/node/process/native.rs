//! The natives of `runtime/js/process.js`.

use super::{dotenv, ids, signals, usage};
use crate::rt::Rt;
use looplab_engine::{ALL, Args, Completion, Key, Local, NativeFn, Scope};
use looplab_event_loop::{Alive, Handle};
use std::ffi::CString;

/// Makes the object.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("writeError", 1, write_error),
        ("writesPlainly", 0, |s, _| {
            let plain = crate::node::console::is_plain(s, "stderr")?;
            Ok(s.bool(plain))
        }),
        ("describe", 1, describe),
        ("cpu", 0, usage::cpu),
        ("threadCpu", 0, usage::thread_cpu),
        ("resources", 0, usage::resources),
        ("limits", 0, usage::limits),
        ("setId", 2, ids::set_id),
        ("setGroups", 1, ids::set_groups),
        ("initGroups", 2, ids::init_groups),
        ("umask", 1, umask),
        ("parseEnv", 1, parse_env),
        ("builtin", 1, builtin),
        ("setSourceMaps", 1, set_source_maps),
        ("execve", 3, execve),
        ("activeResources", 0, active_resources),
        ("environmentFlags", 0, environment_flags),
        ("system", 0, system),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    let numbers = s.new_object();
    for &(name, n) in signals::SIGNALS {
        let (k, v): (Key<'s>, _) = (s.key(name), s.int(n));
        s.define_with(numbers, k, v, ALL);
    }
    let k: Key<'s> = s.key("signals");
    s.define_with(o, k, numbers, ALL);
    let flags = flags(s);
    let k: Key<'s> = s.key("flags");
    s.define_with(o, k, flags, ALL);
    Ok(o)
}

fn flags<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let rt = Rt::of(s);
    let f = &rt.options.node;
    let o = s.new_object();
    let list: Vec<Local<'s>> = f.disable_warning.iter().map(|t| s.str(t)).collect();
    let (k, v): (Key<'s>, _) = (s.key("disableWarning"), s.new_array(&list));
    s.define_with(o, k, v, ALL);
    let v = match &f.redirect_warnings {
        Some(t) => s.str(t),
        None => s.undefined(),
    };
    let k: Key<'s> = s.key("redirectWarnings");
    s.define_with(o, k, v, ALL);
    o
}

fn write_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let text = s.to_text(args.get(0))?;
    super::stdio::write_stderr(&rt, text.as_bytes());
    Ok(s.undefined())
}

/// A value in the words of V8's messages, without running code.
fn describe<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = s.describe_value(args.get(0));
    Ok(s.str(&text))
}

/// `umask([mask])`: the mask before.
fn umask<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    use rustix::fs::Mode;
    use rustix::process::umask;
    let set = args.get(0).is_number();
    let mask = if set { s.to_uint32(args.get(0))? } else { 0 };
    let old = umask(Mode::from_raw_mode(mask & 0o777));
    if !set {
        umask(old);
    }
    Ok(s.num(f64::from(old.as_raw_mode())))
}

fn parse_env<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = s.to_text(args.get(0))?;
    let o = s.new_object();
    for (k, v) in dotenv::parse(&text) {
        let (k, v): (Key<'s>, _) = (s.key(&k), s.str(&v));
        s.define_with(o, k, v, ALL);
    }
    Ok(o)
}

/// `builtin('node:x')`: the module, or undefined.
fn builtin<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = s.to_text(args.get(0))?;
    let rt = Rt::of(s);
    let plain = name.strip_prefix("node:").unwrap_or(&name);
    if plain.starts_with('/') || !looplab_module_loader::is_builtin(&name) {
        return Ok(s.undefined());
    }
    Ok(crate::modules::builtin(s, &rt, plain)?.unwrap_or_else(|| s.undefined()))
}

fn set_source_maps<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    crate::modules::register_value(s, "source maps", args.get(0));
    Ok(s.undefined())
}

/// `execve(path, args, env)`: only returns, with the negative error number, when it fails.
fn execve<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let path = CString::new(s.to_text(args.get(0))?).unwrap_or_default();
    let mut lists = [Vec::new(), Vec::new()];
    for (i, list) in lists.iter_mut().enumerate() {
        for v in s.list_from_array_like(args.get(i + 1))? {
            list.push(CString::new(s.to_text(v)?).unwrap_or_default());
        }
    }
    let [argv, env] = lists;
    let Err(e) = nix::unistd::execve(&path, &argv, &env);
    Ok(s.int(-(e as i32)))
}

/// What keeps the loop alive, in Node's names.
fn active_resources<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (timers, immediates) = (rt.timers.borrow().referenced(), rt.immediates.borrow().referenced());
    let mut names = Vec::new();
    for alive in rt.with_loop(|lp| lp.alive()) {
        match alive {
            Alive::Request(_, label) => names.push(request_name(rt.probe.as_ref(), label)),
            Alive::Handle(Handle::Async(_)) => names.push("MessagePort"),
            Alive::Handle(Handle::Io(_)) => names.push("PipeWrap"),
            // The timer lists' own timer and the immediates' own hook.
            Alive::Handle(_) | Alive::Pending(_) | Alive::Closing(_) => {}
        }
    }
    names.extend(std::iter::repeat_n("Timeout", timers as usize));
    names.extend(std::iter::repeat_n("Immediate", immediates as usize));
    let list: Vec<Local<'s>> = names.into_iter().map(|n| s.str(n)).collect();
    Ok(s.new_array(&list))
}

fn request_name(_: Option<&looplab_probe::Recorder>, label: &'static str) -> &'static str {
    match label.split('.').next() {
        Some("fs") => "FSReqCallback",
        Some("dns") => "GetAddrInfoReqWrap",
        _ => "WorkRequest",
    }
}

/// Flags that NODE_OPTIONS may hold.
fn environment_flags<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    const FLAGS: &[&str] = &[
        "--disable-warning",
        "--env-file",
        "--env-file-if-exists",
        "--expose-gc",
        "--max-old-space-size",
        "--no-deprecation",
        "--no-warnings",
        "--node-semantics",
        "--pending-deprecation",
        "--redirect-warnings",
        "--stack-trace-limit",
        "--throw-deprecation",
        "--title",
        "--trace-deprecation",
        "--trace-exit",
        "--trace-uncaught",
        "--trace-warnings",
        "--unhandled-rejections",
        "--virtual",
    ];
    let list: Vec<Local<'s>> = FLAGS.iter().map(|f| s.str(f)).collect();
    Ok(s.new_array(&list))
}

/// The system's part of a report's header.
fn system<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let u = rustix::system::uname();
    let o = s.new_object();
    for (name, text) in [
        ("osName", u.sysname()),
        ("osRelease", u.release()),
        ("osVersion", u.version()),
        ("osMachine", u.machine()),
        ("host", u.nodename()),
    ] {
        let (k, v): (Key<'s>, _) = (s.key(name), s.str(&text.to_string_lossy()));
        s.define_with(o, k, v, ALL);
    }
    Ok(o)
}
