//! The getters of stream objects: `stream.readable`, `stream.writableLength` and so on.

use super::names::Names;
use super::state::{RData, WData, buffered};
use crate::rt::Rt;
use looplab_engine::{Args, CONFIGURABLE, Class, Completion, Local, NativeFn, Scope, Thrown};
use looplab_streams::flags::{self, r, w};

const READABLE: &[&str] = &[
    "readable",
    "readableDidRead",
    "readableAborted",
    "readableHighWaterMark",
    "readableBuffer",
    "readableFlowing",
    "readableLength",
    "readableObjectMode",
    "readableEncoding",
    "errored",
    "closed",
    "destroyed",
    "readableEnded",
];

const WRITABLE: &[&str] = &[
    "closed",
    "destroyed",
    "writable",
    "writableFinished",
    "writableObjectMode",
    "writableBuffer",
    "writableEnded",
    "writableNeedDrain",
    "writableHighWaterMark",
    "writableCorked",
    "writableLength",
    "errored",
    "writableAborted",
];

/// Puts them on the prototypes.
pub(super) fn install<'s>(s: &mut Scope<'s>, readable: Local<'s>, writable: Local<'s>) {
    for (i, name) in READABLE.iter().enumerate() {
        accessor(s, readable, name, i, get_readable, set_readable);
    }
    for (i, name) in WRITABLE.iter().enumerate() {
        accessor(s, writable, name, i, get_writable, set_writable);
    }
}

fn accessor<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str, i: usize, get: NativeFn, set: NativeFn) {
    let (k, gk, sk, data) = (s.key(name), s.key("get"), s.key("set"), s.int(i as i32));
    let g = s.function_with_data(gk, 0, get, data);
    let settable = matches!(name, "readable" | "writable" | "destroyed" | "readableFlowing");
    let f = if settable { s.function_with_data(sk, 1, set, data) } else { s.undefined() };
    s.define_accessor(o, k, g, f, CONFIGURABLE);
}

macro_rules! names {
    ($rt:ident, $n:ident, $s:expr) => {
        let $rt = Rt::of($s);
        let Some($n) = $rt.streams.get() else { return Ok($s.undefined()) };
    };
}

/// `stream[key]`; undefined on what is no object (prototypes have none).
fn state<'s>(s: &mut Scope<'s>, args: &Args<'s>, key: looplab_engine::Name) -> Completion<'s> {
    let this = args.this();
    if this.is_object() { s.get(this, key) } else { Ok(s.undefined()) }
}

/// A field of a state that is not ours (some programs make their own).
fn foreign<'s>(s: &mut Scope<'s>, state: Local<'s>, name: &str) -> Completion<'s> {
    if !state.is_object() {
        return Ok(s.undefined());
    }
    let k = s.key(name);
    s.get(state, k)
}

fn index(args: &Args<'_>) -> usize {
    args.data().as_int().unwrap_or(0) as usize
}

fn get_readable<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let name = READABLE[index(args)];
    let state = state(s, args, n.readable_state)?;
    let Some(d) = s.host_data::<RData>(state) else { return without_readable(s, n, name, state) };
    let st = &d.st;
    let on = match name {
        "readable" => {
            !st.has(r::HAS_READABLE | r::DISABLED)
                && st.flags & (flags::DESTROYED | flags::ERROR_EMITTED | r::END_EMITTED) == 0
        }
        "readableDidRead" => st.has(r::DATA_EMITTED),
        "readableAborted" => {
            !st.has(r::HAS_READABLE | r::DISABLED)
                && st.flags & (flags::DESTROYED | flags::ERRORED) != 0
                && !st.has(r::END_EMITTED)
        }
        "readableObjectMode" => st.has(flags::OBJECT_MODE),
        "closed" => st.has(flags::CLOSED),
        "destroyed" => st.has(flags::DESTROYED),
        "readableEnded" => st.has(r::END_EMITTED),
        _ => {
            let k = match name {
                "readableHighWaterMark" => "highWaterMark",
                "readableBuffer" => "buffer",
                "readableFlowing" => "flowing",
                "readableLength" => "length",
                "readableEncoding" => "encoding",
                other => other,
            };
            return foreign(s, state, k);
        }
    };
    Ok(s.bool(on))
}

fn without_readable<'s>(s: &mut Scope<'s>, _: &Names, name: &str, state: Local<'s>) -> Completion<'s> {
    let known = state.is_object();
    Ok(match name {
        "readableEncoding" | "errored" if !known => s.null(),
        "readableBuffer" if !known => s.undefined(),
        "destroyed" | "closed" if known => return foreign(s, state, name),
        "readableEnded" if known => return foreign(s, state, "endEmitted"),
        "readable" | "closed" | "destroyed" | "readableEnded" | "readableObjectMode" => s.bool(false),
        _ if known => return foreign(s, state, name),
        _ => return Err(s.throw_type("Cannot read properties of undefined")),
    })
}

/// Sets a bit of a state, whosever it is.
fn set_field<'s>(s: &mut Scope<'s>, state: Local<'s>, name: &str, v: Local<'s>) -> Result<(), Thrown> {
    if !state.is_object() {
        return Ok(());
    }
    let k = s.key(name);
    s.set(state, k, v)
}

fn set_readable<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let state = state(s, args, n.readable_state)?;
    let field = match READABLE[index(args)] {
        "readableFlowing" => "flowing",
        other => other,
    };
    let v = if field == "readable" { s.bool(s.to_boolean(args.get(0))) } else { args.get(0) };
    set_field(s, state, field, v)?;
    Ok(s.undefined())
}

fn get_writable<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let name = WRITABLE[index(args)];
    let state = state(s, args, n.writable_state)?;
    let Some(d) = s.host_data::<WData>(state) else {
        return Ok(match name {
            "errored" => s.null(),
            "writableBuffer" | "writableHighWaterMark" | "writableLength" => state,
            "writableCorked" => s.int(0),
            "writableAborted" if !state.is_object() => {
                return Err(s.throw_type("Cannot read properties of undefined"));
            }
            _ => s.bool(false),
        });
    };
    let st = &d.st;
    let on = match name {
        "closed" => st.has(flags::CLOSED),
        "destroyed" => st.has(flags::DESTROYED),
        "writable" => {
            !st.has(w::HAS_WRITABLE | w::DISABLED)
                && st.flags & (w::ENDING | w::ENDED | flags::DESTROYED | flags::ERRORED) == 0
        }
        "writableFinished" => st.has(w::FINISHED),
        "writableObjectMode" => st.has(flags::OBJECT_MODE),
        "writableEnded" => st.has(w::ENDING),
        "writableNeedDrain" => st.needs_drain(),
        "writableAborted" => {
            !st.has(w::HAS_WRITABLE | w::DISABLED)
                && st.flags & (flags::DESTROYED | flags::ERRORED) != 0
                && !st.has(w::FINISHED)
        }
        "writableBuffer" => return buffered(s, state),
        _ => {
            let k = match name {
                "writableHighWaterMark" => "highWaterMark",
                "writableCorked" => "corked",
                "writableLength" => "length",
                other => other,
            };
            return foreign(s, state, k);
        }
    };
    Ok(s.bool(on))
}

fn set_writable<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    names!(rt, n, s);
    let state = state(s, args, n.writable_state)?;
    let v = s.bool(s.to_boolean(args.get(0)));
    set_field(s, state, WRITABLE[index(args)], v)?;
    Ok(s.undefined())
}

/// Whether an object is one of our states of the writable side: what makes a Duplex an `instanceof Writable`.
pub(super) fn is_writable_state<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let is = v.is_class(Class::Host) && s.host_data::<WData>(v).is_some();
    Ok(s.bool(is))
}
