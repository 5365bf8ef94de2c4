//! Methods of Readable.

use super::host::{JsHost, bad_chunk, with_host};
use super::names::Names;
use super::{buffer_from_string, chunk_len, chunk_view, is_buffer};
use crate::errors::{self, Kind};
use crate::rt::Rt;
use looplab_engine::{ALL, Args, Completion, Local, Scope, Thrown};
use looplab_streams::flags::{self, r};
use looplab_streams::readable::{self, MAX_MARK};
use looplab_streams::{Host, Took, destroy, pipe};

macro_rules! readable_host {
    ($h:ident, $rt:ident, $n:ident, $s:expr, $this:expr) => {
        let $rt = Rt::of($s);
        let Some($n) = $rt.streams.get() else { return Ok($s.undefined()) };
        #[allow(unused_mut)]
        let mut $h = JsHost::readable($s, &$rt, $n, $this)?;
    };
}

/// `readable.push(chunk, encoding)`
pub(super) fn push<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    readable_host!(h, rt, n, s, args.this());
    let more = give(&mut h, args.get(0), args.get(1), false)?;
    Ok(h.s.bool(more))
}

/// `readable.unshift(chunk, encoding)`
pub(super) fn unshift<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    readable_host!(h, rt, n, s, args.this());
    let more = give(&mut h, args.get(0), args.get(1), true)?;
    Ok(h.s.bool(more))
}

/// The encodings' names are the same.
fn same<'s>(s: &mut Scope<'s>, a: Local<'s>, b: Local<'s>) -> bool {
    a.is_identical(b) || s.strict_equals(a, b)
}

fn give<'s>(
    h: &mut JsHost<'_, 's>,
    chunk: Local<'s>,
    encoding: Local<'s>,
    front: bool,
) -> Result<bool, Thrown> {
    if chunk.is_null() {
        readable::push_end(h)?;
        return Ok(false);
    }
    let text = h.s.to_boolean(encoding);
    if h.rdata().st.has(flags::OBJECT_MODE) {
        return if front { readable::unshift(h, chunk, 1) } else { readable::push(h, chunk, 1, text) };
    }
    let (mut chunk, mut text) = (chunk, false);
    if chunk.is_string() {
        let (own, default) = (h.rdata().encoding, h.rdata().default_encoding);
        let (own, default) = (h.s.local(own), h.s.local(default));
        let encoding = if h.s.to_boolean(encoding) { encoding } else { default };
        text = same(h.s, own, encoding);
        if !text {
            chunk = buffer_from_string(h.s, chunk, encoding)?;
            if front && h.s.to_boolean(own) {
                // What is put back into a stream that decodes is text already.
                let k = h.s.key("toString");
                chunk = h.s.invoke(chunk, k, &[own])?;
            }
        }
    } else if is_buffer(h.s, chunk)? {
    } else if let Some(view) = chunk_view(h.s, chunk)? {
        chunk = view;
    } else if !chunk.is_undefined() {
        let e = bad_chunk(h.s, chunk);
        destroy::error_or_destroy(h, e, false)?;
        return Ok(false);
    }
    let len = if chunk.is_undefined() { 0 } else { chunk_len(h.s, chunk) };
    if front { readable::unshift(h, chunk, len) } else { readable::push(h, chunk, len, text) }
}

/// `readable.read(size)`
pub(super) fn read<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let ask = match v.as_number() {
        Some(x) if x.is_nan() => None,
        Some(x) => Some(x.trunc()),
        None if v.is_undefined() => None,
        None => {
            // As parseInt has it.
            let (g, k) = (s.global_object(), s.key("parseInt"));
            let f = s.get(g, k)?;
            let ten = s.int(10);
            let u = s.undefined();
            s.call(f, u, &[v, ten])?.as_number().filter(|x| !x.is_nan())
        }
    };
    readable_host!(h, rt, n, s, args.this());
    if let Some(x) = ask
        && x > MAX_MARK as f64
        && x > h.r(|r| r.high_water_mark) as f64
    {
        let x = h.s.num(x);
        return Err(errors::out_of_range(h.s, "size", "<= 1GiB", x));
    }
    Ok(match readable::read(&mut h, ask.map(|x| x as i64))? {
        Took::Chunk(c) => c,
        Took::Nothing | Took::Handed => h.s.null(),
    })
}

/// `readable.resume()`
pub(super) fn resume<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    readable_host!(h, rt, n, s, args.this());
    readable::resume(&mut h)?;
    Ok(args.this())
}

/// `readable.pause()`
pub(super) fn pause<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    readable_host!(h, rt, n, s, args.this());
    readable::pause(&mut h)?;
    Ok(args.this())
}

/// `readable.isPaused()`
pub(super) fn is_paused<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    readable_host!(h, rt, n, s, args.this());
    let p = h.r(|r| readable::is_paused(r));
    Ok(h.s.bool(p))
}

/// `readable.setEncoding(encoding)`
pub(super) fn set_encoding<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    readable_host!(h, rt, n, s, args.this());
    let decoder = super::new_decoder(h.s, args.get(0))?;
    let encoding = h.s.get(decoder, n.encoding)?;
    let (chunks, ended) = h.r(|r| (r.buffer.iter().map(|(c, _)| *c).collect::<Vec<_>>(), r.has(r::ENDED)));
    let chunks: Vec<Local<'s>> = chunks.into_iter().map(|c| h.s.local(c)).collect();
    let d = h.rdata();
    d.decoder = decoder.value();
    d.encoding = encoding.value();
    d.st.set(r::DECODER, true);
    let mut text = h.s.str("");
    for c in chunks {
        let t = h.s.invoke(decoder, n.write, &[c])?;
        text = h.s.concat(text, t)?;
    }
    if ended {
        let t = h.s.invoke(decoder, n.end, &[])?;
        text = h.s.concat(text, t)?;
    }
    let len = h.s.str_len(text);
    readable::refill(&mut h, (len > 0).then_some((text, len)));
    Ok(args.this())
}

// ---- listeners ----

fn is_event(s: &mut Scope<'_>, event: Local<'_>, name: looplab_engine::Name) -> bool {
    s.nested(|s| {
        let (event, name) = (s.adopt(event), s.key_to_value(name.into()));
        s.strict_equals(event, name)
    })
}

/// The parent class's method.
fn parent<'s>(s: &mut Scope<'s>, g: Option<looplab_engine::Global>) -> Local<'s> {
    match g {
        Some(g) => s.open(g),
        None => s.undefined(),
    }
}

/// `readable.on(event, listener)`
pub(super) fn on<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let (this, event) = (args.this(), args.get(0));
    let f = parent(s, n.own.on.get());
    let result = s.call(f, this, &[event, args.get(1)])?;
    if is_event(s, event, n.data) {
        let mut h = JsHost::readable(s, &rt, n, this)?;
        readable::data_listener_added(&mut h)?;
    } else if is_event(s, event, n.readable) {
        let mut h = JsHost::readable(s, &rt, n, this)?;
        readable::readable_listener_added(&mut h);
    }
    Ok(result)
}

/// `readable.removeListener(event, listener)`
pub(super) fn remove_listener<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let (this, event) = (args.this(), args.get(0));
    let f = parent(s, n.own.remove_listener.get());
    let result = s.call(f, this, &[event, args.get(1)])?;
    if is_event(s, event, n.readable) {
        let mut h = JsHost::readable(s, &rt, n, this)?;
        readable::readable_listener_removed(&mut h);
    } else if is_event(s, event, n.data) {
        let left = s.invoke(this, n.listener_count, &[event])?;
        if left.as_number() == Some(0.0) {
            let mut h = JsHost::readable(s, &rt, n, this)?;
            readable::data_listeners_gone(&mut h);
        }
    }
    Ok(result)
}

/// `readable.removeAllListeners(event)`
pub(super) fn remove_all_listeners<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let this = args.this();
    let f = parent(s, n.own.remove_all_listeners.get());
    let result = s.call(f, this, args.tail(0))?;
    if args.get(0).is_undefined() || is_event(s, args.get(0), n.readable) {
        let mut h = JsHost::readable(s, &rt, n, this)?;
        readable::readable_listener_removed(&mut h);
    }
    Ok(result)
}

// ---- pipe ----

/// `pipeAdd(source, dest)`: the bookkeeping of `pipe`.
pub(super) fn pipe_add<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    readable_host!(h, rt, n, s, args.get(0));
    let dest = args.get(1).value();
    h.r(|r| pipe::add(r, dest));
    Ok(h.s.undefined())
}

/// `pipeWait(source, dest)`: dest is full.
pub(super) fn pipe_wait<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    readable_host!(h, rt, n, s, args.get(0));
    let dest = args.get(1).value();
    h.r(|r| pipe::wait_for(r, dest));
    Ok(h.s.undefined())
}

/// `pipeOnData(dest, pause)`: the listener of 'data' that writes to dest, and calls `pause` when that is full.
pub(super) fn pipe_on_data<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let data = s.new_array(&[args.get(0), args.get(1)]);
    let k = s.key("ondata");
    Ok(s.function_with_data(k, 1, on_data, data))
}

fn on_data<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let (data, u) = (args.data(), s.undefined());
    let dest = s.array_get(data, 0).unwrap_or(u);
    let told = match write_to(s, &rt, n, dest, args.get(0)) {
        Ok(false) => {
            let pause = s.array_get(data, 1).unwrap_or(u);
            s.call(pause, u, &[])
        }
        Ok(true) => Ok(u),
        Err(t) => Err(t),
    };
    match told {
        Ok(_) => Ok(u),
        Err(t) if s.is_terminating() => Err(t),
        Err(t) => {
            let e = s.caught(t);
            s.invoke(dest, n.destroy, &[e])?;
            Ok(u)
        }
    }
}

/// `dest.write(chunk)`: whether the source may go on.
fn write_to<'s>(
    s: &mut Scope<'s>,
    rt: &Rt,
    n: &Names,
    dest: Local<'s>,
    chunk: Local<'s>,
) -> Result<bool, Thrown> {
    let f = s.get_v(dest, n.write)?;
    let own = n.own.write.get();
    if own.is_some_and(|g| s.open(g).is_identical(f)) {
        let u = s.undefined();
        let mut h = JsHost::writable(s, rt, n, dest)?;
        return super::writable::write_chunk(&mut h, n, chunk, u, None)
            .map(|w| matches!(w, looplab_streams::Written::More));
    }
    Ok(s.call(f, dest, &[chunk])?.as_bool() != Some(false))
}

/// `pipeOnDrain(source, dest)`: the listener of 'drain' that lets the source flow on.
pub(super) fn pipe_on_drain<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let data = s.new_array(&[args.get(0), args.get(1)]);
    let k = s.key("pipeOnDrainFunctionResult");
    Ok(s.function_with_data(k, 0, on_drain, data))
}

fn on_drain<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (data, u) = (args.data(), s.undefined());
    let source = s.array_get(data, 0).unwrap_or(u);
    let dest = s.array_get(data, 1).unwrap_or(u).value();
    with_host(s, source, |h| if h.r(|r| pipe::drained(r, &dest)) { h.call_own_resume() } else { Ok(()) })?;
    Ok(u)
}

/// `readable.unpipe(dest)`
pub(super) fn unpipe<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    readable_host!(h, rt, n, s, args.this());
    let (this, dest) = (args.this(), args.get(0));
    if h.r(|r| r.pipes.is_empty()) {
        return Ok(this);
    }
    let gone: Vec<Local<'s>> = if h.s.to_boolean(dest) {
        match h.r(|r| pipe::remove(r, &dest.value())) {
            None => return Ok(this),
            Some(last) => {
                if last {
                    h.s.invoke(this, n.pause, &[])?;
                }
                vec![dest]
            }
        }
    } else {
        let all = h.r(|r| std::mem::take(&mut r.pipes));
        let all = all.into_iter().map(|v| h.s.local(v)).collect();
        h.s.invoke(this, n.pause, &[])?;
        all
    };
    for dest in gone {
        let info = h.s.new_object();
        let (k, no, emit, event) =
            (h.s.key("hasUnpiped"), h.s.bool(false), h.s.key("emit"), h.s.str("unpipe"));
        h.s.define_with(info, k, no, ALL);
        h.s.invoke(dest, emit, &[event, this, info])?;
    }
    Ok(this)
}

/// `readable._read(size)`: to be replaced.
pub(super) fn read_impl<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let m = "The _read() method is not implemented";
    Err(errors::throw(s, Kind::Error, "ERR_METHOD_NOT_IMPLEMENTED", m))
}
