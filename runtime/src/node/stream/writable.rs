//! Methods of Writable, and `destroy`, which both sides share.

use super::host::{JsHost, bad_chunk};
use super::names::Names;
use super::{buffer_from_string, chunk_len, chunk_view, is_buffer};
use crate::errors::{self, Kind};
use crate::node::buffer::encoding::{self, Encoding};
use crate::rt::Rt;
use looplab_engine::{ALL, Args, Completion, Local, Scope, Thrown};
use looplab_streams::flags::{self, w};
use looplab_streams::{Host, Written, destroy, writable};

macro_rules! writable_host {
    ($h:ident, $rt:ident, $n:ident, $s:expr, $this:expr) => {
        let $rt = Rt::of($s);
        let Some($n) = $rt.streams.get() else { return Ok($s.undefined()) };
        let mut $h = JsHost::writable($s, &$rt, $n, $this)?;
    };
}

/// `writable.write(chunk, encoding, callback)`
pub(super) fn write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (chunk, mut encoding, mut done) = (args.get(0), args.get(1), args.get(2));
    if encoding.is_callable() {
        done = encoding;
        encoding = s.undefined();
    }
    writable_host!(h, rt, n, s, args.this());
    let written = write_chunk(&mut h, n, chunk, encoding, done.is_callable().then_some(done))?;
    Ok(h.s.bool(matches!(written, Written::More)))
}

/// Checks a chunk, makes bytes of it where bytes are wanted, and writes it.
pub(super) fn write_chunk<'s>(
    h: &mut JsHost<'_, 's>,
    n: &Names,
    chunk: Local<'s>,
    encoding: Local<'s>,
    done: Option<Local<'s>>,
) -> Result<Written<Local<'s>>, Thrown> {
    if chunk.is_null() {
        let m = "May not write null values to stream";
        return Err(errors::throw(h.s, Kind::Type, "ERR_STREAM_NULL_VALUES", m));
    }
    let flags = h.w(|w| w.flags);
    if flags & flags::OBJECT_MODE != 0 {
        return writable::write(h, chunk, 1, encoding.value(), false, done);
    }
    let (mut chunk, mut encoding) = (chunk, encoding);
    let bytes = h.s.key_to_value(n.buffer.into());
    if !h.s.to_boolean(encoding) {
        let default = h.wdata().default_encoding;
        encoding = h.s.local(default);
    } else {
        let name = if encoding.is_string() { h.s.to_utf8_lossy(encoding) } else { String::new() };
        if (name == "buffer" && chunk.is_string()) || name != "buffer" && Encoding::parse(&name).is_none() {
            let shown = h.s.describe_value(encoding);
            return Err(encoding::unknown(h.s, &shown));
        }
    }
    if chunk.is_string() {
        if flags & w::DECODE_STRINGS == 0 {
            let len = h.s.str_len(chunk);
            return writable::write(h, chunk, len, encoding.value(), false, done);
        }
        chunk = buffer_from_string(h.s, chunk, encoding)?;
    } else if is_buffer(h.s, chunk)? {
    } else if let Some(view) = chunk_view(h.s, chunk)? {
        chunk = view;
    } else {
        let e = bad_chunk(h.s, chunk);
        return Err(h.s.throw(e));
    }
    let len = chunk_len(h.s, chunk);
    writable::write(h, chunk, len, bytes.value(), true, done)
}

/// `writable.end(chunk, encoding, callback)`
pub(super) fn end<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let u = s.undefined();
    let (mut chunk, mut encoding, mut done) = (args.get(0), args.get(1), args.get(2));
    if chunk.is_callable() {
        (chunk, encoding, done) = (u, u, chunk);
    } else if encoding.is_callable() {
        (encoding, done) = (u, encoding);
    }
    writable_host!(h, rt, n, s, args.this());
    let mut refused = None;
    if !chunk.is_nullish()
        && let Written::Refused(e) = write_chunk(&mut h, n, chunk, encoding, None)?
    {
        refused = Some(e);
    }
    writable::end(&mut h, refused, done.is_callable().then_some(done))?;
    Ok(args.this())
}

/// `writable.cork()`
pub(super) fn cork<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    writable_host!(h, rt, n, s, args.this());
    writable::cork(&mut h);
    Ok(h.s.undefined())
}

/// `writable.uncork()`
pub(super) fn uncork<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    writable_host!(h, rt, n, s, args.this());
    writable::uncork(&mut h)?;
    Ok(h.s.undefined())
}

/// `writable.setDefaultEncoding(encoding)`
pub(super) fn set_default_encoding<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let name = if v.is_string() { s.to_utf8_lossy(v).to_lowercase() } else { s.describe_value(v) };
    if !v.is_string() || Encoding::parse(&name).is_none() {
        return Err(encoding::unknown(s, &name));
    }
    let v = s.str(if name == "utf-8" { "utf8" } else { &name });
    writable_host!(h, rt, n, s, args.this());
    h.wdata().default_encoding = v.value();
    Ok(args.this())
}

/// `writable._write(chunk, encoding, callback)`: to be replaced, unless there is a `_writev`.
pub(super) fn write_impl<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    writable_host!(h, rt, n, s, args.this());
    if h.has_writev()? {
        let o = h.s.new_object();
        h.s.define_with(o, n.chunk, args.get(0), ALL);
        h.s.define_with(o, n.encoding, args.get(1), ALL);
        let list = h.s.new_array(&[o]);
        return h.s.invoke(args.this(), n.writev_impl, &[list, args.get(2)]);
    }
    let m = "The _write() method is not implemented";
    Err(errors::throw(h.s, Kind::Error, "ERR_METHOD_NOT_IMPLEMENTED", m))
}

// ---- destroying ----

/// `stream.destroy(error, callback)`
pub(super) fn destroy<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let mut h = JsHost::new(s, &rt, n, args.this())?;
    let e = h.error_arg(args.get(0));
    let done = args.get(1);
    let done = done.is_callable().then_some(done);
    if h.has_writable() {
        destroy::destroy_writable(&mut h, e, done)?;
    } else if h.has_readable() {
        destroy::destroy(&mut h, e, done)?;
    }
    Ok(args.this())
}

/// `stream._destroy(error, callback)`: nothing to release.
pub(super) fn destroy_impl<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let u = s.undefined();
    s.call(args.get(1), u, &[args.get(0)])?;
    Ok(u)
}

/// `stream._undestroy()`
pub(super) fn undestroy<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let mut h = JsHost::new(s, &rt, n, args.this())?;
    destroy::undestroy(&mut h);
    Ok(h.s.undefined())
}

/// `errorOrDestroy(stream, error, sync)`
pub(super) fn error_or_destroy<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let mut h = JsHost::new(s, &rt, n, args.get(0))?;
    destroy::error_or_destroy(&mut h, args.get(1), args.get(2).is_true())?;
    Ok(h.s.undefined())
}

/// `construct(stream)`: begins the call of `_construct`.
pub(super) fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(n) = rt.streams.get() else { return Ok(s.undefined()) };
    let mut h = JsHost::new(s, &rt, n, args.get(0))?;
    destroy::construct(&mut h);
    Ok(h.s.undefined())
}
