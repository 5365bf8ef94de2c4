//! The global console. Plain strings and numbers are written without leaving Rust; everything else goes through `console.js`.

use crate::modules::{builtin, register_value, registered};
use crate::rt::Rt;
use looplab_engine::{Args, Completion, Local, Scope, Thrown};
use std::rc::Rc;

/// The console object, made once.
pub(crate) fn object<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>) -> Completion<'s> {
    let known = registered(s, "console");
    if known.is_object() {
        return Ok(known);
    }
    let o = s.new_object();
    register_value(s, "console", o);
    for name in ["log", "info", "debug"] {
        let k = s.key(name);
        let f = s.function(k, 0, log);
        s.define_with(o, k, f, looplab_engine::ALL);
    }
    for name in ["error", "warn"] {
        let k = s.key(name);
        let f = s.function(k, 0, error);
        s.define_with(o, k, f, looplab_engine::ALL);
    }
    let _ = rt;
    Ok(o)
}

fn log<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let text = line(s, &rt, args)?;
    super::stdio::write_stdout(&rt, text.as_bytes());
    Ok(s.undefined())
}

fn error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let text = line(s, &rt, args)?;
    super::stdio::write_stderr(&rt, text.as_bytes());
    Ok(s.undefined())
}

/// The arguments as `util.format` gives them, with a line end.
fn line<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, args: &Args<'s>) -> Result<String, Thrown> {
    let mut out = match simple(s, args) {
        Some(t) => t,
        None => match builtin(s, rt, "util")? {
            Some(util) => {
                let k = s.key("format");
                let all = args.rest(0);
                let t = s.invoke(util, k, &all)?;
                s.to_text(t)?
            }
            None => args.rest(0).iter().map(|&a| s.describe_value(a)).collect::<Vec<_>>().join(" "),
        },
    };
    out.push('\n');
    Ok(out)
}

/// Strings (without format specifiers in the first) and numbers, joined by spaces.
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
            out.push_str(&s.describe_value(v));
        } else {
            return None;
        }
    }
    Some(out)
}
