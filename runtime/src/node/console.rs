//! The global console. Plain strings and numbers are written without leaving Rust; everything else is `console.js`'s work,
//! which is loaded when it is first needed.

use crate::modules::{builtin, register_value, registered};
use crate::rt::Rt;
use looplab_engine::{Args, Completion, Local, NativeFn, Scope};
use std::rc::Rc;

/// Methods that only `console.js` has.
const OTHERS: &[&str] = &[
    "dir",
    "dirxml",
    "table",
    "assert",
    "trace",
    "count",
    "countReset",
    "group",
    "groupCollapsed",
    "groupEnd",
    "time",
    "timeEnd",
    "timeLog",
    "clear",
    "timeStamp",
    "profile",
    "profileEnd",
];

/// The console object, made once.
pub(crate) fn object<'s>(s: &mut Scope<'s>, _: &Rc<Rt>) -> Completion<'s> {
    let known = registered(s, "console");
    if known.is_object() {
        return Ok(known);
    }
    let proto = s.new_object();
    let o = s.new_object_with_proto(proto);
    register_value(s, "console", o);
    let fast: [(&str, NativeFn); 5] =
        [("log", log), ("warn", error), ("error", error), ("info", log), ("debug", log)];
    for (name, f) in fast {
        put(s, o, name, f);
    }
    for name in OTHERS {
        put(s, o, name, delegate);
    }
    let k = s.key("Console");
    let get = s.function(k, 0, console_class);
    let u = s.undefined();
    s.define_accessor(o, k, get, u, looplab_engine::HIDDEN);
    for name in ["_stdout", "_stderr"] {
        let (k, data) = (s.key(name), s.str(name));
        let get = s.function_with_data(k, 0, given_stream, data);
        let set = s.function_with_data(k, 1, set_stream, data);
        s.define_accessor(o, k, get, set, looplab_engine::CONFIGURABLE);
    }
    let tag: looplab_engine::Key<'s> = s.atoms().sym_to_string_tag.into();
    let v = s.str("console");
    s.define_with(o, tag, v, looplab_engine::CONFIGURABLE);
    Ok(o)
}

fn put<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str, f: NativeFn) {
    let (k, text) = (s.key(name), s.str(name));
    let f = s.function_with_data(k, 0, f, text);
    s.define_with(o, k, f, looplab_engine::ALL);
}

/// The complete console of `console.js`.
fn complete<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let known = registered(s, "complete console");
    if known.is_object() {
        return Ok(known);
    }
    let rt = Rt::of(s);
    let Some(module) = builtin(s, &rt, "/console")? else { return Ok(s.undefined()) };
    let streams = s.new_object();
    for (name, f) in [("stdout", stdout as NativeFn), ("stderr", stderr)] {
        let k = s.key(name);
        let f = s.function(k, 0, f);
        s.define_with(streams, k, f, looplab_engine::ALL);
    }
    for (name, target) in [("_stdout", "stdout"), ("_stderr", "stderr")] {
        let (k, data) = (s.key(name), s.str(target));
        let f = s.function_with_data(k, 0, real_stream, data);
        s.define_with(streams, k, f, looplab_engine::ALL);
    }
    let k = s.key("createGlobalConsole");
    let c = s.invoke(module, k, &[streams])?;
    register_value(s, "complete console", c);
    Ok(c)
}

fn stdout<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    stream(s, "stdout")
}

fn stderr<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    stream(s, "stderr")
}

/// What console writes to: the process's stream once a program has touched it, until then what stands for it.
fn stream<'s>(s: &mut Scope<'s>, name: &str) -> Completion<'s> {
    let given = registered(s, if name == "stdout" { "console._stdout" } else { "console._stderr" });
    if given.is_object() {
        return Ok(given);
    }
    let rt = Rt::of(s);
    let p = rt.process(s);
    let k = s.key(name);
    let fd = if name == "stdout" { 1 } else { 2 };
    if !registered(s, if fd == 1 { "stdout stream" } else { "stderr stream" }).is_object() {
        let own = registered(s, if fd == 1 { "stdout getter" } else { "stderr getter" });
        let getter = s.get_own_property(p, k)?.and_then(|d| d.get);
        if getter.is_some_and(|g| g.is_identical(own)) {
            return super::stdio_native::stand_in(s, fd);
        }
    }
    s.get(p, k)
}

/// `console._stdout`, `console._stderr`: the streams themselves.
fn real_stream<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let p = rt.process(s);
    let k = s.to_key(args.data())?;
    s.get(p, k)
}

/// `console._stdout`: what a program has set, or the process's stream.
fn given_stream<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = s.to_text(args.data())?;
    let given = registered(s, &format!("console.{name}"));
    if given.is_object() {
        return Ok(given);
    }
    let p = Rt::of(s).process(s);
    let k = s.key(&name[1..]);
    s.get(p, k)
}

fn set_stream<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = s.to_text(args.data())?;
    register_value(s, &format!("console.{name}"), args.get(0));
    Ok(s.undefined())
}

fn console_class<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let c = complete(s)?;
    let k = s.key("Console");
    s.get(c, k)
}

/// Calls the method of the complete console with the same name.
fn delegate<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = complete(s)?;
    let name = s.to_text(args.data())?;
    // From here on groups may indent: the fast path is over.
    if name.starts_with("group") {
        let t = s.bool(true);
        register_value(s, "console groups", t);
    }
    let k = s.key(&name);
    let all = args.rest(0);
    s.invoke(c, k, &all)
}

fn log<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    match simple(s, args) {
        Some(text) if is_plain(s, "stdout")? => {
            super::stdio::write_stdout(&Rt::of(s), text.as_bytes());
            Ok(s.undefined())
        }
        _ => delegate(s, args),
    }
}

fn error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    match simple(s, args) {
        Some(text) if is_plain(s, "stderr")? => {
            super::stdio::write_stderr(&Rt::of(s), text.as_bytes());
            Ok(s.undefined())
        }
        _ => delegate(s, args),
    }
}

/// Whether a stream's `write` is still our own and no group indents.
pub(crate) fn is_plain<'s>(s: &mut Scope<'s>, name: &str) -> Result<bool, looplab_engine::Thrown> {
    if registered(s, "console groups").is_true() {
        return Ok(false);
    }
    let stream = stream(s, name)?;
    if !stream.is_object() {
        return Ok(false);
    }
    let stand_in = registered(s, if name == "stdout" { "stdout stand-in" } else { "stderr stand-in" });
    if stream.is_identical(stand_in) {
        return Ok(true);
    }
    let k = s.key("write");
    let write = s.get(stream, k)?;
    let own = registered(s, if name == "stdout" { "stdout.write" } else { "stderr.write" });
    Ok(write.is_identical(own))
}

/// Strings (without format specifiers in the first) and integers, joined by spaces, with a line end.
fn simple<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Option<String> {
    let mut out = String::new();
    for i in 0..args.len() {
        let v: Local<'s> = args.get(i);
        if i > 0 {
            out.push(' ');
        }
        if v.is_string() {
            let t = s.to_utf8_lossy(v);
            if i == 0 && args.len() > 1 && t.contains('%') {
                return None;
            }
            out.push_str(&t);
        } else if v.is_undefined() || v.is_null() || v.is_bool() || v.as_int().is_some() {
            // Colours are for terminals, which take the other path.
            out.push_str(&s.describe_value(v));
        } else {
            return None;
        }
    }
    out.push('\n');
    Some(out)
}
