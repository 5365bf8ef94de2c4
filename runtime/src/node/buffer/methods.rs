//! Methods of Buffers, and the functions of the constructor that make none. In Node's order where Node has one.

use super::encoding::{self, Encoding, HEX};
use super::{bytes_of, create, get, is_uint8_array, put};
use crate::errors::{self, Kind};
use crate::modules::builtin;
use crate::rt::Rt;
use looplab_engine::{
    ALL, Args, CONFIGURABLE, Completion, ENUMERABLE, KeyFilter, Local, NativeFn, Scope, Thrown,
};
use std::cmp::Ordering;

/// `buffer.INSPECT_MAX_BYTES`
pub(super) const INSPECT_MAX: i32 = 50;

pub(super) const STATIC: &[(&str, u32, NativeFn)] = &[
    ("isBuffer", 1, is_buffer),
    ("compare", 2, compare_two),
    ("isEncoding", 1, is_encoding),
    ("concat", 2, create::concat),
    ("byteLength", 2, byte_length),
];

pub(super) const PROTOTYPE: &[(&str, u32, NativeFn)] = &[
    ("copy", 4, copy),
    ("toString", 3, to_string),
    ("toLocaleString", 3, to_string),
    ("equals", 1, equals),
    ("inspect", 2, inspect),
    ("compare", 5, compare),
    ("fill", 4, fill),
    ("write", 4, write),
    ("toJSON", 0, to_json),
    ("subarray", 2, subarray),
    ("slice", 2, slice),
    ("swap16", 0, swap16),
    ("swap32", 0, swap32),
    ("swap64", 0, swap64),
];

/// The receiver's bytes; a TypeError for what is no Uint8Array.
pub(super) fn this_bytes<'a>(s: &'a mut Scope<'_>, this: Local<'_>) -> Result<&'a mut [u8], Thrown> {
    if !is_uint8_array(s, this) {
        return Err(errors::throw(s, Kind::Type, "ERR_INVALID_ARG_TYPE", "argument must be a buffer"));
    }
    Ok(s.view_bytes_mut(this).unwrap_or_default())
}

pub(super) fn this_len(s: &mut Scope<'_>, this: Local<'_>) -> Result<usize, Thrown> {
    this_bytes(s, this).map(|b| b.len())
}

fn need_bytes(s: &mut Scope<'_>, v: Local<'_>, name: &str) -> Result<(), Thrown> {
    if is_uint8_array(s, v) {
        return Ok(());
    }
    Err(errors::invalid_arg_type(s, name, "an instance of Buffer or Uint8Array", v))
}

// ---- of the constructor ----

fn is_buffer<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let class = super::class(s)?;
    let yes = args.get(0).is_object() && s.instance_of(args.get(0), class)?;
    Ok(s.bool(yes))
}

fn sign<'s>(s: &Scope<'s>, o: Ordering) -> Local<'s> {
    s.int(o as i32)
}

fn compare_two<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    need_bytes(s, args.get(0), "buf1")?;
    need_bytes(s, args.get(1), "buf2")?;
    let o = s.view_bytes(args.get(0)).unwrap_or_default().cmp(s.view_bytes(args.get(1)).unwrap_or_default());
    Ok(sign(s, o))
}

fn is_encoding<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let yes = v.is_string() && Encoding::parse(&s.to_utf8_lossy(v)).is_some();
    Ok(s.bool(yes))
}

fn byte_length<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    if v.is_string() {
        let name = args.get(1);
        let e = if name.is_string() { Encoding::parse(&s.to_utf8_lossy(name)) } else { None };
        let n = encoding::byte_length(s.chars(v), e.unwrap_or(Encoding::Utf8));
        return Ok(s.num(n as f64));
    }
    if let Some(b) = s.view_bytes(v).or_else(|| s.buffer_bytes(v)) {
        return Ok(s.num(b.len() as f64));
    }
    let what = "of type string or an instance of Buffer or ArrayBuffer";
    Err(errors::invalid_arg_type(s, "string", what, v))
}

// ---- text ----

/// An index as `toString` and friends take it: truncated, held within 0 and `n`.
fn clamped<'s>(s: &mut Scope<'s>, v: Local<'s>, n: usize, default: usize) -> Result<usize, Thrown> {
    if v.is_undefined() {
        return Ok(default);
    }
    let x = s.to_integer_or_infinity(v)?;
    Ok(x.clamp(0.0, n as f64) as usize)
}

/// `buf.toString(encoding, start, end)`
fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = args.this();
    let n = this_len(s, this)?;
    let start = clamped(s, args.get(1), n, 0)?;
    let end = clamped(s, args.get(2), n, n)?;
    let name = args.get(0);
    if end <= start {
        return Ok(s.str(""));
    }
    let e = if name.is_undefined() {
        Encoding::Utf8
    } else {
        let name = s.to_text(name)?;
        match Encoding::parse(&name) {
            Some(e) => e,
            None => return Err(encoding::unknown(s, &name)),
        }
    };
    let bytes = this_bytes(s, this)?.get(start..end).unwrap_or_default().to_vec();
    encoding::decode(s, &bytes, e)
}

/// `buf.write(string, offset, length, encoding)`
fn write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = args.this();
    let n = this_len(s, this)?;
    let (mut offset, mut length, mut enc) = (0, n, args.get(3));
    let (given, long) = (args.get(1), args.get(2));
    if long.is_undefined() && given.is_string() {
        enc = given;
    } else if !given.is_undefined() {
        offset = checked_index(s, given, "offset", n)?;
        length = n - offset;
        if long.is_string() {
            enc = long;
        } else if !long.is_undefined() {
            length = length.min(checked_index(s, long, "length", n)?);
        }
    }
    let e = if s.to_boolean(enc) { named(s, enc)? } else { Encoding::Utf8 };
    write_string(s, this, args.get(0), offset, length, e)
}

fn named<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Encoding, Thrown> {
    let name = s.to_text(v)?;
    match Encoding::parse(&name) {
        Some(e) => Ok(e),
        None => Err(encoding::unknown(s, &name)),
    }
}

fn checked_index(s: &mut Scope<'_>, v: Local<'_>, name: &str, max: usize) -> Result<usize, Thrown> {
    crate::node::fs::args::integer(s, v, name, 0.0, max as f64).map(|n| n as usize)
}

/// Writes as much of a string as fits in whole characters; how many bytes that are.
fn write_string<'s>(
    s: &mut Scope<'s>,
    this: Local<'s>,
    text: Local<'s>,
    offset: usize,
    length: usize,
    e: Encoding,
) -> Completion<'s> {
    if !text.is_string() {
        return Err(errors::throw(s, Kind::Type, "ERR_INVALID_ARG_TYPE", "argument must be a string"));
    }
    let bytes = encoding::encode(s.chars(text), e);
    let to = this_bytes(s, this)?;
    let to = to.get_mut(offset..).unwrap_or_default();
    let mut n = bytes.len().min(length).min(to.len());
    if n < bytes.len() {
        match e {
            Encoding::Utf8 => {
                while n > 0 && bytes[n] & 0xC0 == 0x80 {
                    n -= 1;
                }
            }
            Encoding::Utf16le => n &= !1,
            _ => {}
        }
    }
    to[..n].copy_from_slice(&bytes[..n]);
    Ok(s.num(n as f64))
}

/// `buf.utf8Slice(start, end)`, `buf.hexWrite(string, offset, length)` and their like.
pub(super) fn install_raw<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    for (i, (name, _)) in RAW.iter().enumerate() {
        let data = s.int(i as i32);
        let k = s.key(&format!("{name}Slice"));
        let f = s.function_with_data(k, 2, raw_slice, data);
        s.define_with(proto, k, f, ALL);
        let k = s.key(&format!("{name}Write"));
        let f = s.function_with_data(k, 3, raw_write, data);
        s.define_with(proto, k, f, ALL);
    }
    for (name, f) in [("parent", parent as NativeFn), ("offset", offset)] {
        let k = s.key(name);
        let getter = s.function(k, 0, f);
        let u = s.undefined();
        s.define_accessor(proto, k, getter, u, ENUMERABLE | CONFIGURABLE);
    }
}

const RAW: &[(&str, Encoding)] = &[
    ("ascii", Encoding::Ascii),
    ("base64", Encoding::Base64),
    ("base64url", Encoding::Base64url),
    ("latin1", Encoding::Latin1),
    ("hex", Encoding::Hex),
    ("ucs2", Encoding::Utf16le),
    ("utf8", Encoding::Utf8),
];

fn raw_encoding(args: &Args<'_>) -> Encoding {
    let i = args.data().as_int().unwrap_or(0) as usize;
    RAW.get(i).map_or(Encoding::Utf8, |r| r.1)
}

fn raw_slice<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_len(s, args.this())?;
    let start = clamped(s, args.get(0), n, 0)?;
    let end = clamped(s, args.get(1), n, n)?.max(start);
    let bytes = this_bytes(s, args.this())?.get(start..end).unwrap_or_default().to_vec();
    encoding::decode(s, &bytes, raw_encoding(args))
}

fn raw_write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_len(s, args.this())?;
    let bound =
        |s: &mut Scope<'s>, name: &str, v: Local<'s>, most: usize, other: usize| -> Result<usize, Thrown> {
            if v.is_undefined() {
                return Ok(other);
            }
            let x = s.to_integer_or_infinity(v)?;
            match (0.0..=most as f64).contains(&x) {
                true => Ok(x as usize),
                false => {
                    let text = format!("\"{name}\" is outside of buffer bounds");
                    Err(errors::throw(s, errors::Kind::Range, "ERR_BUFFER_OUT_OF_BOUNDS", &text))
                }
            }
        };
    let offset = bound(s, "offset", args.get(1), n, 0)?;
    let length = bound(s, "length", args.get(2), n - offset, n - offset)?;
    write_string(s, args.this(), args.get(0), offset, length, raw_encoding(args))
}

fn parent<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if !is_uint8_array(s, args.this()) {
        return Ok(s.undefined());
    }
    Ok(s.view_buffer(args.this()))
}

fn offset<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    match s.view_info(args.this()) {
        Some(i) => Ok(s.num(i.offset as f64)),
        None => Ok(s.undefined()),
    }
}

/// `buf.toJSON()`
fn to_json<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let bytes = this_bytes(s, args.this())?.to_vec();
    let items: Vec<Local<'s>> = bytes.iter().map(|&b| s.int(i32::from(b))).collect();
    let data = s.new_array(&items);
    let o = s.new_object();
    let kind = s.str("Buffer");
    put(s, o, "type", kind);
    put(s, o, "data", data);
    Ok(o)
}

/// `<Buffer 68 69>`: at most 50 bytes, then own properties that are no elements.
fn inspect<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = args.this();
    let most = super::inspect_max(s);
    let bytes = this_bytes(s, this)?;
    let mut parts: Vec<String> = Vec::new();
    let shown = bytes.len().min(most);
    let hex: Vec<String> = bytes[..shown]
        .iter()
        .map(|b| [HEX[usize::from(b >> 4)] as char, HEX[usize::from(b & 15)] as char].iter().collect())
        .collect();
    let mut text = hex.join(" ");
    let more = bytes.len() - shown;
    if more > 0 {
        text.push_str(&format!(" ... {more} more byte{}", if more > 1 { "s" } else { "" }));
    }
    parts.push(text);
    parts.extend(extras(s, this, args.get(1))?);
    parts.retain(|p| !p.is_empty());
    let name = match get(s, this, "constructor")? {
        c if c.is_callable() => s.function_name(c),
        _ => "Buffer".into(),
    };
    Ok(s.str(&format!("<{name} {}>", parts.join(", "))))
}

/// Own properties as `key: value`, through util.inspect.
fn extras<'s>(s: &mut Scope<'s>, this: Local<'s>, context: Local<'s>) -> Result<Option<String>, Thrown> {
    let keys = s.own_keys(this, KeyFilter::All)?;
    let null = s.null();
    let o = s.new_object_with_proto(null);
    let mut any = false;
    for k in keys {
        if k.as_index().is_none()
            && let Some(v) = s.own_enumerable_value(this, k)?
        {
            s.define_with(o, k, v, ALL);
            any = true;
        }
    }
    let rt = Rt::of(s);
    if !any {
        return Ok(None);
    }
    let Some(util) = builtin(s, &rt, "util")? else { return Ok(None) };
    let options = s.new_object();
    if context.is_object() {
        for k in s.enumerable_own_keys(context)? {
            let v = s.get(context, k)?;
            s.define_with(options, k, v, ALL);
        }
    }
    let (yes, infinity) = (s.bool(true), s.num(f64::INFINITY));
    put(s, options, "breakLength", infinity);
    put(s, options, "compact", yes);
    let k = s.key("inspect");
    let text = s.invoke(util, k, &[o, options])?;
    let text = s.to_text(text)?;
    // "[Object: null prototype] { a: 1 }"
    let inner = text.strip_prefix("[Object: null prototype] { ").and_then(|t| t.strip_suffix(" }"));
    Ok(inner.map(str::to_owned))
}

// ---- comparing and copying ----

fn equals<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    need_bytes(s, args.get(0), "otherBuffer")?;
    this_len(s, args.this())?;
    let same = s.view_bytes(args.this()).unwrap_or_default() == s.view_bytes(args.get(0)).unwrap_or_default();
    Ok(s.bool(same))
}

/// `buf.compare(target, targetStart, targetEnd, sourceStart, sourceEnd)`
fn compare<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (this, target) = (args.this(), args.get(0));
    // Any view takes bytes.
    let Some(m) = s.view_bytes(target).map(<[u8]>::len) else {
        return Err(errors::invalid_arg_type(s, "target", "an instance of Buffer or Uint8Array", target));
    };
    let n = this_len(s, this)?;
    let mut at = [0, m, 0, n];
    for (i, (name, max)) in
        [("targetStart", usize::MAX), ("targetEnd", m), ("sourceStart", usize::MAX), ("sourceEnd", n)]
            .into_iter()
            .enumerate()
    {
        let v = args.get(i + 1);
        if !v.is_undefined() {
            let max = if max == usize::MAX { super::MAX_SAFE } else { max as f64 };
            at[i] = crate::node::fs::args::integer(s, v, name, 0.0, max)? as usize;
        }
    }
    let [ts, te, ss, se] = at;
    if ss >= se {
        return Ok(s.int(if ts >= te { 0 } else { -1 }));
    }
    if ts >= te {
        return Ok(s.int(1));
    }
    let o =
        s.view_bytes(this).unwrap_or_default()[ss..se].cmp(&s.view_bytes(target).unwrap_or_default()[ts..te]);
    Ok(sign(s, o))
}

/// `buf.copy(target, targetStart, sourceStart, sourceEnd)`
fn copy<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (this, target) = (args.this(), args.get(0));
    need_bytes(s, this, "source")?;
    let Some(m) = s.view_bytes(target).map(<[u8]>::len) else {
        return Err(errors::invalid_arg_type(s, "target", "an instance of Buffer or Uint8Array", target));
    };
    let n = this_len(s, this)?;
    let mut at = [0.0, 0.0, n as f64];
    for (i, name) in ["targetStart", "sourceStart", "sourceEnd"].into_iter().enumerate() {
        let v = args.get(i + 1);
        if v.is_undefined() {
            continue;
        }
        at[i] = s.to_integer_or_infinity(v)?;
        let (range, ok) = match i {
            1 => (format!(">= 0 && <= {n}"), (0.0..=n as f64).contains(&at[1])),
            _ => (">= 0".to_owned(), at[i] >= 0.0),
        };
        if !ok {
            let v = s.num(at[i]);
            return Err(errors::out_of_range(s, name, &range, v));
        }
    }
    let [to, from, end] = at;
    let end = end.min(n as f64);
    if to >= m as f64 || from >= end {
        return Ok(s.int(0));
    }
    let (to, from) = (to as usize, from as usize);
    let count = (end as usize - from).min(m - to);
    let at = |s: &Scope<'s>, v: Local<'s>| s.view_info(v).map_or(0, |i| i.offset);
    let (source_at, target_at) = (at(s, this) + from, at(s, target) + to);
    let (a, b) = (s.view_buffer(this), s.view_buffer(target));
    s.copy_buffer_bytes(a, source_at, b, target_at, count);
    Ok(s.num(count as f64))
}

/// What `fill` repeats: bytes of a string, of a Uint8Array, or one number.
pub(super) fn fill_pattern<'s>(
    s: &mut Scope<'s>,
    value: Local<'s>,
    encoding: Local<'s>,
) -> Result<Vec<u8>, Thrown> {
    let bytes = if value.is_string() {
        if !encoding.is_undefined() && !encoding.is_string() {
            return Err(errors::invalid_arg_type(s, "encoding", "of type string", encoding));
        }
        let e = Encoding::of_argument(s, encoding)?;
        if s.str_len(value) == 0 {
            return Ok(vec![0]);
        }
        encoding::encode(s.chars(value), e)
    } else if let Some(b) = bytes_of(s, value) {
        b
    } else {
        vec![s.to_int32(value)? as u8]
    };
    if bytes.is_empty() {
        return Err(errors::invalid_arg_value(s, "value", value, "is invalid"));
    }
    Ok(bytes)
}

pub(super) fn fill_bytes(to: &mut [u8], pattern: &[u8]) {
    if let [one] = pattern {
        to.fill(*one);
        return;
    }
    for chunk in to.chunks_mut(pattern.len()) {
        chunk.copy_from_slice(&pattern[..chunk.len()]);
    }
}

/// `buf.fill(value, offset, end, encoding)`
fn fill<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = args.this();
    let n = this_len(s, this)?;
    let value = args.get(0);
    let (mut offset, mut end, mut enc) = (args.get(1), args.get(2), args.get(3));
    if value.is_string() {
        if offset.is_string() || offset.is_undefined() && enc.is_undefined() {
            enc = offset;
            offset = s.undefined();
            end = s.undefined();
        } else if end.is_string() {
            enc = end;
            end = s.undefined();
        }
    }
    let pattern = fill_pattern(s, value, enc)?;
    let (from, to) = if offset.is_undefined() {
        (0, n)
    } else {
        let from = number_in(s, offset, "offset", super::MAX_SAFE)?;
        let to = if end.is_undefined() { n } else { number_in(s, end, "end", n as f64)? };
        (from, to)
    };
    if from < to {
        fill_bytes(this_bytes(s, this)?.get_mut(from..to).unwrap_or_default(), &pattern);
    }
    Ok(this)
}

fn number_in(s: &mut Scope<'_>, v: Local<'_>, name: &str, max: f64) -> Result<usize, Thrown> {
    let Some(n) = v.as_number() else {
        return Err(errors::invalid_arg_type(s, name, "of type number", v));
    };
    if !(0.0..=max).contains(&n) {
        return Err(errors::out_of_range(s, name, &format!(">= 0 && <= {max}"), v));
    }
    Ok(n as usize)
}

/// `buf.subarray(start, end)` and `buf.slice(start, end)`: the same memory.
/// `buf.slice()`: what `subarray` of this very object gives.
fn slice<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let k = s.key("subarray");
    s.invoke(args.this(), k, args.tail(0))
}

fn subarray<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_len(s, args.this())? as f64;
    let part = |s: &mut Scope<'s>, i: usize, default: f64| -> Result<f64, Thrown> {
        if args.get(i).is_undefined() {
            return Ok(default);
        }
        let x = s.to_integer_or_infinity(args.get(i))?;
        Ok(if x < 0.0 { (n + x).max(0.0) } else { x.min(n) })
    };
    let start = part(s, 0, 0.0)?;
    let end = part(s, 1, n)?.max(start);
    create::view(s, args.this(), start as usize, end as usize)
}

fn swap<'s>(s: &mut Scope<'s>, this: Local<'s>, size: usize) -> Completion<'s> {
    if this_len(s, this)? % size != 0 {
        let m = format!("Buffer size must be a multiple of {}-bits", size * 8);
        return Err(errors::throw(s, Kind::Range, "ERR_INVALID_BUFFER_SIZE", &m));
    }
    this_bytes(s, this)?.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    Ok(this)
}

fn swap16<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    swap(s, args.this(), 2)
}

fn swap32<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    swap(s, args.this(), 4)
}

fn swap64<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    swap(s, args.this(), 8)
}
