//! The `events` module: EventEmitter natively (`emitter`), what is seldom used in JavaScript (`runtime/js/events_extra.js`).

mod emitter;
mod names;

pub(crate) use emitter::{emit_named, init_object};
pub(crate) use names::Names;

use crate::errors;
use crate::modules::builtin;
use crate::rt::Rt;
use looplab_engine::{ALL, Args, Completion, ENUMERABLE, Key, Local, Scope, Thrown};
use std::rc::Rc;

/// Makes `require('events')`, which is EventEmitter itself.
pub(crate) fn load<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>) -> Completion<'s> {
    let proto = s.new_object();
    let ctor = s.constructor("EventEmitter", 1, emitter::construct, proto);
    let names = Names::new(s, proto);
    let n = rt.emitter.get_or_init(|| Box::new(names));
    emitter::install_prototype(s, n, proto);
    let put = |s: &mut Scope<'s>, name: &str, v: Local<'s>| {
        let k = s.key(name);
        s.define_with(ctor, k, v, ALL);
    };
    for (name, length) in [
        ("addAbortListener", 2),
        ("once", 2),
        ("on", 2),
        ("getEventListeners", 2),
        ("getMaxListeners", 1),
        ("listenerCount", 2),
    ] {
        let f = delegate(s, name, name, length);
        put(s, name, f);
    }
    put(s, "EventEmitter", ctor);
    let no = s.bool(false);
    put(s, "usingDomains", no);
    let sym = names::value(s, n.rejection);
    put(s, "captureRejectionSymbol", sym);
    accessor(s, ctor, "captureRejections", Some(set_capture), get_capture, ENUMERABLE);
    accessor(
        s,
        ctor,
        "EventEmitterAsyncResource",
        None,
        async_resource,
        ENUMERABLE | looplab_engine::CONFIGURABLE,
    );
    let sym = names::value(s, n.monitor);
    put(s, "errorMonitor", sym);
    accessor(s, ctor, "defaultMaxListeners", Some(set_default_max), get_default_max, ENUMERABLE);
    for (name, text) in [
        ("kMaxEventTargetListeners", "events.maxEventTargetListeners"),
        ("kMaxEventTargetListenersWarned", "events.maxEventTargetListenersWarned"),
    ] {
        let d = s.str(text);
        let (k, sym) = (s.key(name), s.symbol(d));
        s.define_with(ctor, k, sym, 0);
    }
    let f = delegate(s, "", "setMaxListeners", 0);
    put(s, "setMaxListeners", f);
    let k = s.atoms().empty;
    let f = s.function(k, 1, emitter::init);
    put(s, "init", f);
    Ok(ctor)
}

/// A function that calls its namesake in the JavaScript part, loading that first.
fn delegate<'s>(s: &mut Scope<'s>, name: &str, target: &str, length: u32) -> Local<'s> {
    let (k, target) = (s.key(name), s.str(target));
    s.function_with_data(k, length, delegated, target)
}

fn delegated<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let extra = extra(s)?;
    let k = s.to_key(args.data())?;
    let all = args.rest(0);
    s.invoke(extra, k, &all)
}

fn extra<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    match builtin(s, &rt, "/events_extra")? {
        Some(m) => Ok(m),
        None => Err(s.throw_type("events_extra is not built in")),
    }
}

fn accessor<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    name: &str,
    set: Option<looplab_engine::NativeFn>,
    get: looplab_engine::NativeFn,
    attrs: u8,
) {
    let (k, gk, sk) = (s.key(name), s.key("get"), s.key("set"));
    let g = s.function(gk, 0, get);
    let f = match set {
        Some(f) => s.function(sk, 1, f),
        None => s.undefined(),
    };
    s.define_accessor(o, k, g, f, attrs);
}

fn async_resource<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let extra = extra(s)?;
    let k = s.key("EventEmitterAsyncResource");
    s.get(extra, k)
}

fn get_default_max<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let m = rt.emitter.get().map_or(10.0, |n| n.default_max.get());
    Ok(s.num(m))
}

fn set_default_max<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = emitter::check_count(s, "defaultMaxListeners", args.get(0))?;
    if let Some(n) = Rt::of(s).emitter.get() {
        n.default_max.set(m);
    }
    Ok(s.undefined())
}

fn get_capture<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.emitter.get() else { return Ok(s.undefined()) };
    let proto = s.open(n.proto);
    s.get(proto, n.capture)
}

fn set_capture<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    if !v.is_bool() {
        return Err(errors::invalid_arg_type(s, "EventEmitter.captureRejections", "of type boolean", v));
    }
    let rt = Rt::of(s);
    let Some(n) = rt.emitter.get() else { return Ok(s.undefined()) };
    let proto = s.open(n.proto);
    s.set(proto, n.capture, v)?;
    Ok(s.undefined())
}

/// An object in few words for messages, as `util.inspect(o, { depth: -1 })` gives it.
pub(crate) fn inspect_brief<'s>(s: &mut Scope<'s>, v: Local<'s>) -> String {
    let rt = Rt::of(s);
    let tell = |s: &mut Scope<'s>| -> Result<Option<String>, Thrown> {
        let Some(util) = builtin(s, &rt, "util")? else { return Ok(None) };
        let options = s.new_object();
        let (depth, none) = (s.key("depth"), s.int(-1));
        s.define_with(options, depth, none, ALL);
        let k: Key<'s> = s.key("inspect");
        let t = s.invoke(util, k, &[v, options])?;
        s.to_text(t).map(Some)
    };
    match tell(s) {
        Ok(Some(t)) => return t,
        Ok(None) => {}
        Err(t) => {
            s.caught(t);
        }
    }
    format!("[{}]", s.class_name(v).unwrap_or_else(|| "Object".into()))
}
