//! Numbers in Buffers: `readInt16LE` … `writeBigUInt64BE`, all from one table.

use super::methods::{this_bytes, this_len};
use super::{create, put};
use crate::errors;
use looplab_engine::{ALL, Args, Completion, Element, ElementType, Local, Scope, Thrown};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Signed,
    Float,
    BigUnsigned,
    BigSigned,
}

const KINDS: [Kind; 5] = [Kind::Unsigned, Kind::Signed, Kind::Float, Kind::BigUnsigned, Kind::BigSigned];

/// Names (with Node's lower-case aliases), kind, size in bytes (0: given by the caller), whether there are LE and BE forms.
const FAMILIES: &[(&[&str], usize, usize, bool)] = &[
    (&["BigUInt64", "BigUint64"], 3, 8, true),
    (&["BigInt64"], 4, 8, true),
    (&["UInt", "Uint"], 0, 0, true),
    (&["UInt32", "Uint32"], 0, 4, true),
    (&["UInt16", "Uint16"], 0, 2, true),
    (&["UInt8", "Uint8"], 0, 1, false),
    (&["Int"], 1, 0, true),
    (&["Int32"], 1, 4, true),
    (&["Int16"], 1, 2, true),
    (&["Int8"], 1, 1, false),
    (&["Float"], 2, 4, true),
    (&["Double"], 2, 8, true),
];

/// What the function's data says: kind, size, byte order.
#[derive(Clone, Copy)]
struct Form {
    kind: Kind,
    size: usize,
    big_endian: bool,
}

impl Form {
    fn of(args: &Args<'_>) -> Form {
        let code = args.data().as_int().unwrap_or(0) as usize;
        Form { kind: KINDS[code & 7], size: code >> 3 & 15, big_endian: code & 128 != 0 }
    }
}

pub(super) fn install<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    for &(names, kind, size, ordered) in FAMILIES {
        let orders: &[(&str, usize)] = if ordered { &[("LE", 0), ("BE", 128)] } else { &[("", 0)] };
        for &(order, bit) in orders {
            let data = s.int((kind | size << 3 | bit) as i32);
            let k = s.key(&format!("read{}{order}", names[0]));
            let read = s.function_with_data(k, if size == 0 { 2 } else { 0 }, read, data);
            let k = s.key(&format!("write{}{order}", names[0]));
            let write = s.function_with_data(k, if size == 0 { 3 } else { 1 }, write, data);
            for name in names {
                put(s, proto, &format!("read{name}{order}"), read);
                let k = s.key(&format!("write{name}{order}"));
                s.define_with(proto, k, write, ALL);
            }
        }
    }
}

/// Node's boundsError: `length` is the last place the value could begin.
fn bounds_error(s: &mut Scope<'_>, v: Local<'_>, length: f64, name: &str, min: u32) -> Thrown {
    let Some(n) = v.as_number() else {
        return errors::invalid_arg_type(s, name, "of type number", v);
    };
    if n.floor() != n {
        return errors::out_of_range(s, name, "an integer", v);
    }
    if length < 0.0 {
        return create::out_of_bounds(s, None);
    }
    errors::out_of_range(s, name, &format!(">= {min} and <= {length}"), v)
}

/// Where the value begins: checked against the buffer's length.
fn place<'s>(s: &mut Scope<'s>, this: Local<'s>, v: Local<'s>, size: usize) -> Result<usize, Thrown> {
    let n = this_len(s, this)?;
    if v.is_undefined() {
        if size <= n {
            return Ok(0);
        }
    } else if let Some(x) = v.as_number()
        && x >= 0.0
        && x.floor() == x
        && x + size as f64 <= n as f64
    {
        return Ok(x as usize);
    }
    let v = if v.is_undefined() { s.int(0) } else { v };
    Err(bounds_error(s, v, n as f64 - size as f64, "offset", 0))
}

/// The byte count of `readUIntBE` and its kin: 1 to 6.
fn byte_count(s: &mut Scope<'_>, v: Local<'_>) -> Result<usize, Thrown> {
    match v.as_number() {
        Some(n) if n.floor() == n && (1.0..=6.0).contains(&n) => Ok(n as usize),
        _ => Err(bounds_error(s, v, 6.0, "byteLength", 1)),
    }
}

fn read<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let form = Form::of(args);
    let offset = args.get(0);
    let size = match form.size {
        0 => {
            if offset.is_undefined() {
                return Err(errors::invalid_arg_type(s, "offset", "of type number", offset));
            }
            byte_count(s, args.get(1))?
        }
        n => n,
    };
    let at = place(s, args.this(), offset, size)?;
    let mut raw = [0u8; 8];
    raw[..size].copy_from_slice(&this_bytes(s, args.this())?[at..at + size]);
    if form.big_endian {
        raw[..size].reverse();
    }
    let bits = u64::from_le_bytes(raw);
    let unused = 64 - 8 * size as u32;
    Ok(match form.kind {
        Kind::Unsigned => s.num(bits as f64),
        Kind::Signed => s.num(((bits << unused) as i64 >> unused) as f64),
        Kind::Float if size == 4 => s.num(f64::from(f32::from_bits(bits as u32))),
        Kind::Float => s.num(f64::from_bits(bits)),
        Kind::BigUnsigned => s.element(ElementType::BigUint64, Element::Big(bits)),
        Kind::BigSigned => s.element(ElementType::BigInt64, Element::Big(bits)),
    })
}

fn write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let form = Form::of(args);
    let (value, offset) = (args.get(0), args.get(1));
    let size = match form.size {
        0 => byte_count(s, args.get(2))?,
        n => n,
    };
    let bits = match form.kind {
        Kind::BigUnsigned | Kind::BigSigned => big_bits(s, value, form.kind == Kind::BigSigned)?,
        Kind::Float => {
            let n = s.to_number(value)?;
            if size == 4 { u64::from((n as f32).to_bits()) } else { n.to_bits() }
        }
        Kind::Unsigned | Kind::Signed => {
            let n = s.to_number(value)?;
            check_range(s, n, size, form.kind == Kind::Signed)?;
            n as i64 as u64
        }
    };
    if form.size == 0 && offset.is_undefined() {
        return Err(errors::invalid_arg_type(s, "offset", "of type number", offset));
    }
    let at = place(s, args.this(), offset, size)?;
    let mut raw = bits.to_le_bytes();
    if form.big_endian {
        raw[..size].reverse();
    }
    this_bytes(s, args.this())?[at..at + size].copy_from_slice(&raw[..size]);
    Ok(s.num((at + size) as f64))
}

fn check_range(s: &mut Scope<'_>, n: f64, size: usize, signed: bool) -> Result<(), Thrown> {
    let bits = 8 * size as i32;
    let (min, max) = match signed {
        true => (-(2f64.powi(bits - 1)), 2f64.powi(bits - 1) - 1.0),
        false => (0.0, 2f64.powi(bits) - 1.0),
    };
    if !(n > max || n < min) {
        return Ok(());
    }
    let range = match (size > 4, signed) {
        (false, _) => format!(">= {min} and <= {max}"),
        (true, false) => format!(">= 0 and < 2 ** {bits}"),
        (true, true) => format!(">= -(2 ** {}) and < 2 ** {}", bits - 1, bits - 1),
    };
    let v = s.num(n);
    Err(errors::out_of_range(s, "value", &range, v))
}

/// The 64 bits of a BigInt that fits.
fn big_bits(s: &mut Scope<'_>, v: Local<'_>, signed: bool) -> Result<u64, Thrown> {
    s.nested(|s| {
        let v = s.adopt(v);
        let Some(n) = s.as_bigint(v) else {
            return Err(s.throw_type("Cannot mix BigInt and other types, use explicit conversions"));
        };
        let bits = match signed {
            true => i64::try_from(&n).ok().map(|n| n as u64),
            false => u64::try_from(&n).ok(),
        };
        match bits {
            Some(b) => Ok(b),
            None => {
                let range = match signed {
                    true => ">= -(2n ** 63n) and < 2n ** 63n",
                    false => ">= 0n and < 2n ** 64n",
                };
                let shown = big_text(&n.to_string());
                let m =
                    format!("The value of \"value\" is out of range. It must be {range}. Received {shown}");
                Err(errors::throw(s, errors::Kind::Range, "ERR_OUT_OF_RANGE", &m))
            }
        }
    })
}

/// Digits of a large BigInt in groups of three.
fn big_text(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |d| ("-", d));
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        let left = digits.len() - i;
        if i > 0 && left.is_multiple_of(3) && digits.len() > 10 {
            out.push('_');
        }
        out.push(c);
    }
    format!("{sign}{out}n")
}
