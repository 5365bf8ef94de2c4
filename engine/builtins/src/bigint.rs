//! BigInt (21.2).

use crate::number_format::group;
use crate::text::tag;
use looplab_vm::{Args, Class, Completion, Hint, Intrinsic, Scope, Thrown};
use num_bigint::{BigInt, Sign};
use num_traits::{One, Zero};

/// The largest BigInt V8 makes: 2^30 bits.
const MAX_BITS: u64 = 1 << 30;

/// Installs BigInt and its prototype.
pub fn install(s: &mut Scope<'_>) {
    let proto = s.new_object();
    s.set_intrinsic(Intrinsic::BigIntPrototype, proto);
    let ctor = s.constructor("BigInt", 1, construct, proto);
    s.set_intrinsic(Intrinsic::BigInt, ctor);
    let g = s.global_object();
    let key = s.key("BigInt");
    s.define_hidden(g, key, ctor);
    s.method(ctor, "asIntN", 2, as_int_n);
    s.method(ctor, "asUintN", 2, as_uint_n);
    s.method(proto, "toString", 0, to_string);
    s.method(proto, "valueOf", 0, value_of);
    s.method(proto, "toLocaleString", 0, to_locale_string);
    tag(s, proto, "BigInt");
}

fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if !args.new_target().is_undefined() {
        return Err(s.throw_type("BigInt is not a constructor"));
    }
    let p = s.to_primitive(args.get(0), Hint::Number)?;
    if let Some(n) = p.as_number() {
        return s.number_to_bigint(n);
    }
    let n = s.to_bigint(p)?;
    Ok(s.bigint(n))
}

fn this_bigint<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Result<BigInt, Thrown> {
    let this = args.this();
    if let Some(n) = s.as_bigint(this) {
        return Ok(n);
    }
    if this.is_class(Class::BigInt) {
        let v = s.internal(this, 0);
        if let Some(n) = s.as_bigint(v) {
            return Ok(n);
        }
    }
    Err(s.throw_type(&format!("BigInt.prototype.{method} requires that 'this' be a BigInt")))
}

fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_bigint(s, args, "toString")?;
    let radix = match args.get(0) {
        v if v.is_undefined() => 10.0,
        v => s.to_integer_or_infinity(v)?,
    };
    if !(2.0..=36.0).contains(&radix) {
        return Err(s.throw_range("toString() radix argument must be between 2 and 36"));
    }
    let t = n.to_str_radix(radix as u32);
    crate::text::check_length(s, t.len())?;
    Ok(s.str(&t))
}

fn value_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_bigint(s, args, "valueOf")?;
    Ok(s.bigint(n))
}

fn to_locale_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_bigint(s, args, "toLocaleString")?;
    let minus = if n.sign() == Sign::Minus { "-" } else { "" };
    let t = format!("{minus}{}", group(&n.magnitude().to_string()));
    Ok(s.str(&t))
}

/// n modulo 2^bits, not negative.
fn wrap(n: &BigInt, bits: u64) -> BigInt {
    if n.sign() != Sign::Minus && n.bits() <= bits {
        return n.clone();
    }
    let m = (BigInt::one() << bits) - 1;
    n & m
}

fn as_int_n<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let bits = s.to_index(args.get(0), "Invalid value: not (convertible to) a safe integer")?;
    let n = s.to_bigint(args.get(1))?;
    if bits == 0 {
        return Ok(s.bigint(BigInt::zero()));
    }
    if n.bits() < bits {
        return Ok(s.bigint(n));
    }
    let m = wrap(&n, bits);
    let r = if m.bit(bits - 1) { m - (BigInt::one() << bits) } else { m };
    Ok(s.bigint(r))
}

fn as_uint_n<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let bits = s.to_index(args.get(0), "Invalid value: not (convertible to) a safe integer")?;
    let n = s.to_bigint(args.get(1))?;
    if n.sign() == Sign::Minus && bits > MAX_BITS {
        return Err(s.throw_range("Maximum BigInt size exceeded"));
    }
    let r = wrap(&n, bits);
    Ok(s.bigint(r))
}
