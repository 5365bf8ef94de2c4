//! Transform: the writable half's chunks go through `_transform`, which pushes to the readable half.

use super::host::JsHost;
use super::names::Names;
use crate::rt::Rt;
use looplab_engine::{ALL, Args, Completion, Local, NativeFn, Scope};
use looplab_streams::Host;
use looplab_streams::flags::{r, w};

const METHODS: &[(&str, u32, NativeFn)] = &[("_write", 3, write), ("_read", 0, read)];

/// `installTransform(prototype, callbackSymbol)`
pub(super) fn install<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    for &(name, length, f) in METHODS {
        let k = s.key(name);
        let f = s.function(k, length, f);
        s.define_with(args.get(0), k, f, ALL);
    }
    let k = s.to_key(args.get(1))?;
    let name = s.permanent_key(k);
    if let Some(n) = Rt::of(s).streams.get() {
        n.own.transform_callback.set(Some(name));
    }
    Ok(s.undefined())
}

/// `transform._write(chunk, encoding, callback)`
fn write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let this = args.this();
    let length = JsHost::readable(s, &rt, n, this)?.r(|r| r.length);
    let length = s.num(length as f64);
    let data = s.new_array(&[this, args.get(2), length]);
    let k = s.atoms().empty;
    let done = s.function_with_data(k, 2, transformed, data);
    s.invoke(this, n.transform_impl, &[args.get(0), args.get(1), done])
}

/// What `_transform` calls: `(error, chunk)`. The next chunk waits while the readable half is full.
fn transformed<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let (data, u) = (args.data(), s.undefined());
    let at = |s: &mut Scope<'s>, i| s.array_get(data, i).unwrap_or(u);
    let (this, callback, length) = (at(s, 0), at(s, 1), at(s, 2));
    if s.to_boolean(args.get(0)) {
        return s.call(callback, u, &[args.get(0)]);
    }
    if !args.get(1).is_nullish() {
        push(s, n, this, args.get(1))?;
    }
    let length = length.as_number().unwrap_or(0.0) as usize;
    let mut h = JsHost::readable(s, &rt, n, this)?;
    let (ended, unchanged, room) =
        h.r(|r| (r.has(r::ENDED), r.length == length, r.length < r.high_water_mark));
    let write_ended = h.has_writable() && h.w(|w| w.has(w::ENDED));
    if ended {
        // It pushed the end itself: that has to be known everywhere before the write is done.
        crate::ticks::enqueue(s, &rt, callback, &[]);
        Ok(u)
    } else if write_ended || unchanged || room {
        s.call(callback, u, &[])
    } else {
        if let Some(k) = n.own.transform_callback.get() {
            s.set(this, k, callback)?;
        }
        Ok(u)
    }
}

/// `this.push(chunk)`
fn push<'s>(s: &mut Scope<'s>, n: &Names, this: Local<'s>, chunk: Local<'s>) -> Completion<'s> {
    s.invoke(this, n.push, &[chunk])
}

/// `transform._read()`: there is room again, a write that waited is done.
fn read<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(k) = rt.streams.get().and_then(|n| n.own.transform_callback.get()) else {
        return Ok(s.undefined());
    };
    let (this, u) = (args.this(), s.undefined());
    let callback = s.get(this, k)?;
    if s.to_boolean(callback) {
        let null = s.null();
        s.set(this, k, null)?;
        s.call(callback, u, &[])?;
    }
    Ok(u)
}

/// `passThrough._transform(chunk, encoding, callback)`
pub(super) fn pass<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (u, null) = (s.undefined(), s.null());
    s.call(args.get(2), u, &[null, args.get(0)])
}
