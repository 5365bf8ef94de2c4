//! `buffer`: the Buffer class (a Uint8Array with Node's methods) and what the module exports beside it.

mod create;
pub(crate) mod encoding;
mod methods;
mod numbers;
mod search;
mod string_decoder;
mod text;

pub(crate) use create::new_buffer;
pub(crate) use string_decoder::load as load_string_decoder;
pub(crate) use text::install as install_text;

use crate::modules::{register_value, registered};
use crate::rt::Rt;
use encoding::Encoding;
use looplab_engine::{
    ALL, Args, CONFIGURABLE, Completion, ENUMERABLE, Intrinsic, Key, Local, MAX_LENGTH, NativeFn, Scope,
    Thrown,
};

/// `Buffer.poolSize` (our buffers each own their memory, so the number has no effect here).
const POOL_SIZE: i32 = 65_536;
/// `buffer.constants.MAX_LENGTH`: what V8 allows in principle; allocation fails long before.
pub(crate) const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// The Buffer constructor, made on first use.
pub(crate) fn class<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let known = registered(s, "Buffer");
    if known.is_object() {
        return Ok(known);
    }
    let parent = s.intrinsic(Intrinsic::Uint8Array);
    let parent_proto = s.intrinsic(Intrinsic::Uint8ArrayPrototype);
    let proto = s.new_object_with_proto(parent_proto);
    // What species and subclasses construct: it takes what Uint8Array takes.
    let fast = s.constructor("FastBuffer", 3, create::fast_buffer, proto);
    s.set_prototype_of(fast, parent)?;
    let class = s.constructor("Buffer", 3, create::call, proto);
    s.set_prototype_of(class, parent)?;
    register_value(s, "Buffer", class);
    register_value(s, "FastBuffer", fast);
    let g = s.global(proto);
    Rt::of(s).buffer_prototype.set(Some(g));
    let species: Key<'s> = s.atoms().sym_species.into();
    s.getter(class, species, |s, _| Ok(registered(s, "FastBuffer")));
    let n = s.int(POOL_SIZE);
    put(s, class, "poolSize", n);
    create::install(s, class);
    for &(name, length, f) in methods::STATIC {
        define(s, class, name, length, f);
    }
    numbers::install(s, proto);
    for &(name, length, f) in methods::PROTOTYPE {
        define(s, proto, name, length, f);
    }
    search::install(s, proto);
    methods::install_raw(s, proto);
    let text = s.str("nodejs.util.inspect.custom");
    let symbol = s.symbol_for(text);
    let k = s.to_key(symbol)?;
    let inspect = s.key("inspect");
    let f = s.get(proto, inspect)?;
    s.define_with(proto, k, f, ALL);
    Ok(class)
}

/// `Buffer.prototype`.
pub(crate) fn prototype<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    if let Some(g) = Rt::of(s).buffer_prototype.get() {
        return Ok(s.open(g));
    }
    let class = class(s)?;
    let k: Key<'s> = s.atoms().prototype.into();
    s.get(class, k)
}

/// The exports of `buffer`.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let class = class(s)?;
    put(s, o, "Buffer", class);
    let k = s.key("allocUnsafeSlow");
    let slow = s.get(class, k)?;
    put(s, o, "SlowBuffer", slow);
    for &(name, length, f) in MODULE {
        define(s, o, name, length, f);
    }
    let max = s.num(MAX_SAFE);
    let max_string = s.num(MAX_LENGTH as f64);
    put(s, o, "kMaxLength", max);
    put(s, o, "kStringMaxLength", max_string);
    text::install_base64(s, o);
    let constants = s.new_object();
    for (name, v) in [("MAX_LENGTH", max), ("MAX_STRING_LENGTH", max_string)] {
        let k = s.key(name);
        s.define_with(constants, k, v, ENUMERABLE);
    }
    put(s, o, "constants", constants);
    let k = s.key("INSPECT_MAX_BYTES");
    let (get, set) = (s.function(k, 0, get_inspect_max), s.function(k, 1, set_inspect_max));
    s.define_accessor(o, k, get, set, CONFIGURABLE | ENUMERABLE);
    for name in ["Blob", "File", "resolveObjectURL"] {
        let (k, data) = (s.key(name), s.str(name));
        let get = s.function_with_data(k, 0, of_blob, data);
        let u = s.undefined();
        s.define_accessor(o, k, get, u, ENUMERABLE | looplab_engine::CONFIGURABLE);
    }
    Ok(o)
}

/// What Blob's module has, loaded when first asked for.
fn of_blob<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(m) = crate::modules::builtin(s, &rt, "/blob")? else { return Ok(s.undefined()) };
    let k = s.to_key(args.data())?;
    s.get(m, k)
}

const MODULE: &[(&str, u32, NativeFn)] =
    &[("transcode", 3, transcode), ("isUtf8", 1, is_utf8), ("isAscii", 1, is_ascii)];

/// How many bytes of a Buffer are shown.
fn inspect_max(s: &mut Scope<'_>) -> usize {
    s.nested(|s| {
        registered(s, "INSPECT_MAX_BYTES").as_number().map_or(methods::INSPECT_MAX as usize, |n| n as usize)
    })
}

fn get_inspect_max<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let v = registered(s, "INSPECT_MAX_BYTES");
    Ok(if v.is_number() { v } else { s.int(methods::INSPECT_MAX) })
}

fn set_inspect_max<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let Some(n) = v.as_number() else {
        return Err(crate::errors::invalid_arg_type(s, "INSPECT_MAX_BYTES", "of type number", v));
    };
    if n.is_nan() || n < 0.0 {
        return Err(crate::errors::out_of_range(s, "INSPECT_MAX_BYTES", ">= 0", v));
    }
    register_value(s, "INSPECT_MAX_BYTES", v);
    Ok(s.undefined())
}

/// `buffer.transcode(source, fromEnc, toEnc)`
fn transcode<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let Some(b) = bytes_of(s, args.get(0)) else {
        return Err(crate::errors::invalid_arg_type(
            s,
            "source",
            "an instance of Buffer or Uint8Array",
            args.get(0),
        ));
    };
    let (from, to) = (Encoding::of_argument(s, args.get(1))?, Encoding::of_argument(s, args.get(2))?);
    let is_binary = |e| matches!(e, Encoding::Base64 | Encoding::Base64url | Encoding::Hex);
    if is_binary(from) || is_binary(to) {
        let e = super::fs::fail::coded(s, "U_ILLEGAL_ARGUMENT_ERROR", "Unable to transcode Buffer");
        return Err(s.throw(e));
    }
    let text = encoding::decode(s, &b, from)?;
    let mut out = encoding::encode(s.chars(text), to);
    if matches!(to, Encoding::Latin1 | Encoding::Ascii) {
        let limit = if to == Encoding::Ascii { 0x80 } else { 0x100 };
        let units = s.chars(text).to_units();
        out = char::decode_utf16(units)
            .map(|c| c.ok().map(u32::from).filter(|&c| c < limit).map_or(b'?', |c| c as u8))
            .collect();
    }
    new_buffer(s, out)
}

fn is_utf8<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let b = any_bytes(s, args.get(0))?;
    Ok(s.bool(std::str::from_utf8(&b).is_ok()))
}

fn is_ascii<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let b = any_bytes(s, args.get(0))?;
    Ok(s.bool(b.is_ascii()))
}

/// The bytes of a view or buffer, or the TypeError that asks for one.
fn any_bytes(s: &mut Scope<'_>, v: Local<'_>) -> Result<Vec<u8>, Thrown> {
    if let Some(b) = s.view_bytes(v).or_else(|| s.buffer_bytes(v)) {
        return Ok(b.to_vec());
    }
    let what = "an instance of ArrayBuffer, Buffer, or TypedArray";
    Err(crate::errors::invalid_arg_type(s, "input", what, v))
}

/// Whether a value is a Uint8Array (Buffers are).
pub(crate) fn is_uint8_array(s: &Scope<'_>, v: Local<'_>) -> bool {
    s.typed_element_type(v) == Some(looplab_engine::ElementType::Uint8)
}

/// A copy of the bytes of a Uint8Array; `None` for anything else.
pub(crate) fn bytes_of(s: &Scope<'_>, v: Local<'_>) -> Option<Vec<u8>> {
    if !is_uint8_array(s, v) {
        return None;
    }
    Some(s.view_bytes(v).unwrap_or_default().to_vec())
}

/// Defines an enumerable function property.
pub(crate) fn define<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str, length: u32, f: NativeFn) {
    let k = s.key(name);
    let f = s.function(k, length, f);
    s.define_with(o, k, f, ALL);
}

/// Defines an ordinary property.
pub(crate) fn put<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str, v: Local<'s>) {
    let k = s.key(name);
    s.define_with(o, k, v, ALL);
}

/// `o[name]`.
pub(crate) fn get<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str) -> Completion<'s> {
    let k = s.key(name);
    s.get(o, k)
}

/// Defines `Symbol.toStringTag` as classes of the web platform have it.
pub(crate) fn tag<'s>(s: &mut Scope<'s>, o: Local<'s>, text: &str) {
    let v = s.str(text);
    let k: Key<'s> = s.atoms().sym_to_string_tag.into();
    s.define_with(o, k, v, CONFIGURABLE);
}
