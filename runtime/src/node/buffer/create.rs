//! Making Buffers: `from`, `alloc`, `concat` and the constructors behind them.

use super::encoding::{self, Encoding};
use super::{bytes_of, define, get, is_uint8_array, prototype};
use crate::errors::{self, Kind};
use crate::modules::{register_value, registered};
use crate::rt::Rt;
use looplab_engine::{
    Args, Class, Completion, ElementType, Intrinsic, Key, Local, NativeFn, Scope, Thrown, zeroed_bytes,
};

/// What [`super::class`] puts on the constructor, in Node's order.
const FUNCTIONS: &[(&str, u32, NativeFn)] = &[
    ("from", 3, from),
    ("copyBytesFrom", 3, copy_bytes_from),
    ("of", 0, of),
    ("alloc", 3, alloc),
    ("allocUnsafe", 1, alloc_unsafe),
    ("allocUnsafeSlow", 1, alloc_unsafe),
];

pub(super) fn install<'s>(s: &mut Scope<'s>, class: Local<'s>) {
    for &(name, length, f) in FUNCTIONS {
        define(s, class, name, length, f);
    }
}

/// A Buffer that owns these bytes.
pub(crate) fn new_buffer<'s>(s: &mut Scope<'s>, bytes: Vec<u8>) -> Completion<'s> {
    let proto = prototype(s)?;
    let n = bytes.len();
    let b = s.new_array_buffer(bytes);
    Ok(s.new_typed_array(b, ElementType::Uint8, 0, Some(n), proto))
}

/// `new FastBuffer(...)`: what Uint8Array makes, as a Buffer.
pub(super) fn fast_buffer<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(s.throw_type("Class constructor FastBuffer cannot be invoked without 'new'"));
    }
    let parent = s.intrinsic(Intrinsic::Uint8Array);
    s.construct(parent, args.tail(0), args.new_target())
}

/// `Buffer(...)` and `new Buffer(...)`, deprecated: a size or what `Buffer.from` takes.
pub(super) fn call<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    warn_of_constructor(s)?;
    if args.get(0).is_number() {
        if args.get(1).is_string() {
            return Err(errors::invalid_arg_type(s, "string", "of type string", args.get(0)));
        }
        return alloc_unsafe(s, args);
    }
    from(s, args)
}

/// DEP0005, once. Packages are told only where everything is.
fn warn_of_constructor(s: &mut Scope<'_>) -> Result<(), Thrown> {
    const TEXT: &str = "Buffer() is deprecated due to security and usability issues. Please use the Buffer.alloc(), \
                        Buffer.allocUnsafe(), or Buffer.from() methods instead.";
    if registered(s, "DEP0005").is_true() {
        return Ok(());
    }
    if !Rt::of(s).options.node.pending_deprecation {
        let mut files = s.stack_frames(100).into_iter().filter_map(|f| f.file);
        let caller = files.find(|f| f.starts_with('/') || f.starts_with("file:") || f.contains('\\'));
        let is_package =
            |file: String| file.split(['/', '\\']).rev().skip(1).any(|folder| folder == "node_modules");
        if caller.is_none_or(is_package) {
            return Ok(());
        }
    }
    let yes = s.bool(true);
    register_value(s, "DEP0005", yes);
    crate::node::process::emit_warning(s, TEXT, "DeprecationWarning", Some("DEP0005"))
}

/// `Buffer.from(value, encodingOrOffset, length)`
fn from<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    from_value(s, args.get(0), args.get(1), args.get(2), 0)
}

fn from_value<'s>(
    s: &mut Scope<'s>,
    v: Local<'s>,
    encoding: Local<'s>,
    length: Local<'s>,
    depth: u32,
) -> Completion<'s> {
    if v.is_string() {
        return from_string(s, v, encoding);
    }
    if v.is_object() && !v.is_callable() {
        if is_any_array_buffer(v) {
            return from_array_buffer(s, v, encoding, length);
        }
        if is_uint8_array(s, v) {
            return from_object(s, v)?.map_or_else(|| new_buffer(s, Vec::new()), Ok);
        }
        let k: Key<'s> = s.atoms().value_of.into();
        if let Some(f) = s.get_method(v, k)? {
            let inner = s.call(f, v, &[])?;
            let usable = inner.is_string() || inner.is_object() && !inner.is_callable();
            // An object whose valueOf makes new objects for ever is refused where Node's stack would overflow.
            if usable && !inner.is_identical(v) && depth < 1000 {
                return from_value(s, inner, encoding, length, depth + 1);
            }
        }
        if let Some(b) = from_object(s, v)? {
            return Ok(b);
        }
        let k: Key<'s> = s.atoms().sym_to_primitive.into();
        if let Some(f) = s.get_method(v, k)? {
            let hint = s.str("string");
            let p = s.call(f, v, &[hint])?;
            if p.is_string() {
                return from_string(s, p, encoding);
            }
        }
    }
    let what = "of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object";
    Err(errors::invalid_arg_type(s, "first argument", what, v))
}

fn is_any_array_buffer(v: Local<'_>) -> bool {
    v.is_class(Class::ArrayBuffer) || v.is_class(Class::SharedArrayBuffer)
}

fn from_string<'s>(s: &mut Scope<'s>, v: Local<'s>, encoding: Local<'s>) -> Completion<'s> {
    let e = Encoding::of_argument(s, encoding)?;
    let bytes = encoding::encode(s.chars(v), e);
    new_buffer(s, bytes)
}

/// ERR_BUFFER_OUT_OF_BOUNDS about an argument, or about any access.
pub(super) fn out_of_bounds(s: &mut Scope<'_>, name: Option<&str>) -> Thrown {
    let m = match name {
        Some(n) => format!("\"{n}\" is outside of buffer bounds"),
        None => "Attempt to access memory outside buffer bounds".into(),
    };
    errors::throw(s, Kind::Range, "ERR_BUFFER_OUT_OF_BOUNDS", &m)
}

/// A view of an ArrayBuffer: its memory is shared.
fn from_array_buffer<'s>(
    s: &mut Scope<'s>,
    v: Local<'s>,
    offset: Local<'s>,
    length: Local<'s>,
) -> Completion<'s> {
    let number = |s: &mut Scope<'s>, v: Local<'s>| -> Result<f64, Thrown> {
        let n = s.to_number(v)?;
        Ok(if n.is_nan() { 0.0 } else { n })
    };
    let offset = if offset.is_undefined() { 0.0 } else { number(s, offset)? };
    let size = s.buffer_bytes(v).map_or(0, <[u8]>::len) as f64;
    let max = size - offset;
    if max < 0.0 {
        return Err(out_of_bounds(s, Some("offset")));
    }
    let n = if length.is_undefined() {
        max
    } else {
        let n = number(s, length)?;
        if n > max {
            return Err(out_of_bounds(s, Some("length")));
        }
        n.max(0.0)
    };
    if offset < 0.0 {
        let shown = s.num(offset.trunc());
        let shown = s.describe_value(shown);
        return Err(s.throw_range(&format!("Start offset {shown} is outside the bounds of the buffer")));
    }
    let proto = prototype(s)?;
    Ok(s.new_typed_array(v, ElementType::Uint8, offset as usize, Some(n as usize), proto))
}

/// From something with a length, or what toJSON gives; `None`: neither.
fn from_object<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Option<Local<'s>>, Thrown> {
    if let Some(b) = bytes_of(s, v) {
        return new_buffer(s, b).map(Some);
    }
    let length = get(s, v, "length")?;
    let buffer = get(s, v, "buffer")?;
    if !length.is_undefined() || is_any_array_buffer(buffer) {
        if !length.is_number() {
            return new_buffer(s, Vec::new()).map(Some);
        }
        return from_array_like(s, v).map(Some);
    }
    let kind = get(s, v, "type")?;
    if kind.is_string() && s.to_utf8_lossy(kind) == "Buffer" {
        let data = get(s, v, "data")?;
        if s.is_array(data)? {
            return from_array_like(s, data).map(Some);
        }
    }
    Ok(None)
}

/// Elements converted as Uint8Array converts them.
fn from_array_like<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Completion<'s> {
    let n = s.length_of(v)?;
    let Some(mut bytes) = usize::try_from(n).ok().and_then(zeroed_bytes) else {
        return Err(s.throw_range(&format!("Invalid typed array length: {n}")));
    };
    for (i, b) in bytes.iter_mut().enumerate() {
        *b = s.nested(|s| {
            let v = s.adopt(v);
            let k = s.integer_key(i as u64);
            let e = s.get(v, k)?;
            s.to_int32(e).map(|n| n as u8)
        })?;
    }
    new_buffer(s, bytes)
}

/// `Buffer.copyBytesFrom(view, offset, length)`
fn copy_bytes_from<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let Some(ty) = s.typed_element_type(v) else {
        return Err(errors::invalid_arg_type(s, "view", "an instance of TypedArray", v));
    };
    let n = s.typed_len(v).unwrap_or(0);
    let part = |s: &mut Scope<'s>, i: usize, name: &str, default: usize| -> Result<usize, Thrown> {
        let v = args.get(i);
        if v.is_undefined() {
            return Ok(default);
        }
        crate::node::fs::args::integer(s, v, name, 0.0, super::MAX_SAFE).map(|n| n as usize)
    };
    let offset = part(s, 1, "offset", 0)?.min(n);
    let length = part(s, 2, "length", n - offset)?.min(n - offset);
    let bytes =
        s.view_bytes(v).unwrap_or_default()[offset * ty.size()..(offset + length) * ty.size()].to_vec();
    new_buffer(s, bytes)
}

/// `Buffer.of(...items)`
fn of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut bytes = Vec::with_capacity(args.len());
    for &v in args.tail(0) {
        bytes.push(s.to_int32(v)? as u8);
    }
    new_buffer(s, bytes)
}

fn zeroed<'s>(s: &mut Scope<'s>, size: Local<'s>) -> Result<Vec<u8>, Thrown> {
    let Some(n) = size.as_number() else {
        return Err(errors::invalid_arg_type(s, "size", "of type number", size));
    };
    if !(0.0..=super::MAX_SAFE).contains(&n) {
        return Err(errors::out_of_range(s, "size", &format!(">= 0 && <= {}", super::MAX_SAFE), size));
    }
    match zeroed_bytes(n as usize) {
        Some(b) => Ok(b),
        None => Err(s.throw_range("Array buffer allocation failed")),
    }
}

/// `Buffer.alloc(size, fill, encoding)`
fn alloc<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut bytes = zeroed(s, args.get(0))?;
    let fill = args.get(1);
    if !fill.is_undefined() && fill.as_number() != Some(0.0) && !bytes.is_empty() {
        let pattern = super::methods::fill_pattern(s, fill, args.get(2))?;
        super::methods::fill_bytes(&mut bytes, &pattern);
    }
    new_buffer(s, bytes)
}

/// `Buffer.allocUnsafe(size)`: zeroed all the same; fresh pages of the system are.
fn alloc_unsafe<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let bytes = zeroed(s, args.get(0))?;
    new_buffer(s, bytes)
}

/// `Buffer.concat(list, totalLength)`
pub(super) fn concat<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let list = args.get(0);
    if !s.is_array(list)? {
        return Err(errors::invalid_arg_type(s, "list", "an instance of Array", list));
    }
    let items = s.list_from_array_like(list)?;
    if items.is_empty() {
        return new_buffer(s, Vec::new());
    }
    let given = args.get(1);
    let total = if given.is_undefined() {
        None
    } else {
        Some(crate::node::fs::args::integer(s, given, "length", 0.0, super::MAX_SAFE)?)
    };
    let mut out = Vec::new();
    for (i, &item) in items.iter().enumerate() {
        if !is_uint8_array(s, item) {
            let name = format!("list[{i}]");
            return Err(errors::invalid_arg_type(s, &name, "an instance of Buffer or Uint8Array", item));
        }
        let b = s.view_bytes(item).unwrap_or_default();
        let room = total.map_or(usize::MAX, |t| (t as usize).saturating_sub(out.len()));
        out.extend_from_slice(&b[..b.len().min(room)]);
    }
    if let Some(t) = total
        && (t as usize) > out.len()
    {
        let size = s.num(t);
        let mut whole = zeroed(s, size)?;
        whole[..out.len()].copy_from_slice(&out);
        out = whole;
    }
    new_buffer(s, out)
}

/// A view of a part of a Buffer's memory, with its own class kept.
pub(super) fn view<'s>(s: &mut Scope<'s>, of: Local<'s>, start: usize, end: usize) -> Completion<'s> {
    let Some(info) = s.view_info(of) else { return Ok(s.undefined()) };
    let proto = prototype(s)?;
    let buffer = s.view_buffer(of);
    Ok(s.new_typed_array(buffer, ElementType::Uint8, info.offset + start, Some(end - start), proto))
}
