//! The fields that Node's Timeout and Immediate objects have (`_destroyed`, `_repeat`, …). Programs look at them, though they are nobody's
//! interface; here they are accessors of the prototypes, so that a timer costs no properties. `util.inspect` shows them as own ones.

use crate::timers::{part, seen, set_repeat};
use looplab_engine::{Args, CONFIGURABLE, Completion, Local, NativeFn, Scope};

/// Internal value of an Immediate: 0 once it is cleared or has run.
const STATE: usize = 2;

fn accessor<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str, get: NativeFn, set: Option<NativeFn>) {
    let k = s.key(name);
    let get = s.function(k, 0, get);
    let set = match set {
        Some(f) => s.function(k, 1, f),
        None => s.undefined(),
    };
    s.define_accessor(o, k, get, set, CONFIGURABLE);
}

/// Adds those of `Timeout.prototype`.
pub(crate) fn timeout<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    accessor(s, proto, "_destroyed", |s, a| flag(s, a, |t| !t.running), None);
    accessor(s, proto, "_idleTimeout", idle_timeout, None);
    accessor(s, proto, "_idleStart", idle_start, None);
    accessor(s, proto, "_onTimeout", timeout_callback, None);
    accessor(s, proto, "_timerArgs", arguments, None);
    accessor(s, proto, "_repeat", repeat, Some(change_repeat));
    inspected(s, proto);
}

/// Adds those of `Immediate.prototype`.
pub(crate) fn immediate<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    let destroyed: NativeFn = |s, args| {
        let state = part(s, args.this(), STATE).as_int();
        Ok(s.bool(state == Some(0)))
    };
    accessor(s, proto, "_destroyed", destroyed, None);
    accessor(s, proto, "_onImmediate", callback, None);
    accessor(s, proto, "_argv", arguments, None);
    inspected(s, proto);
}

/// `[util.inspect.custom]`, in `runtime/js/timer_inspect.js`.
fn inspected<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    let name = s.str("nodejs.util.inspect.custom");
    let symbol = s.symbol_for(name);
    let Ok(k) = s.to_key(symbol) else { return };
    let f = s.function(k, 2, |s, args| {
        let rt = crate::rt::Rt::of(s);
        let Some(m) = crate::modules::builtin(s, &rt, "/timer_inspect")? else { return Ok(s.undefined()) };
        let all = [args.this(), args.get(1)];
        let u = s.undefined();
        s.call(m, u, &all)
    });
    s.define_hidden(proto, k, f);
}

fn flag<'s>(s: &mut Scope<'s>, args: &Args<'s>, f: fn(&crate::timers::Seen) -> bool) -> Completion<'s> {
    Ok(match seen(s, args.this()) {
        Some(t) => s.bool(f(&t)),
        None => s.undefined(),
    })
}

/// Milliseconds; -1 once it is over.
fn idle_timeout<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(match seen(s, args.this()) {
        Some(t) if t.running => s.num(f64::from(t.after)),
        Some(_) => s.int(-1),
        None => s.undefined(),
    })
}

fn idle_start<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(match seen(s, args.this()).and_then(|t| t.start) {
        Some(start) => s.num(start as f64),
        None => s.undefined(),
    })
}

fn callback<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = part(s, args.this(), 0);
    Ok(if f.is_callable() { f } else { s.null() })
}

/// Node's clearTimeout leaves `undefined` where clearImmediate leaves `null`.
fn timeout_callback<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = part(s, args.this(), 0);
    Ok(if f.is_callable() { f } else { s.undefined() })
}

fn arguments<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(part(s, args.this(), 1))
}

fn repeat<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(match seen(s, args.this()) {
        Some(t) if t.repeat => s.num(f64::from(t.after)),
        _ => s.null(),
    })
}

fn change_repeat<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let ms = args.get(0).as_number().filter(|ms| *ms >= 1.0).map(|ms| ms as u32);
    set_repeat(s, args.this(), ms);
    Ok(s.undefined())
}
