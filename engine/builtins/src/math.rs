//! Math (21.3).
//!
//! V8 computes with fdlibm; `libm` is the same lineage, and where V8 has gone over to something better, the standard library
//! agrees with it: each function uses what gives V8's last digit (measured on Node 24).

use crate::text::tag;
use looplab_vm::{Args, Completion, Inline, Intrinsic, Local, Scope, Thrown};

/// Installs Math.
pub fn install(s: &mut Scope<'_>) {
    let m = s.new_object();
    s.set_intrinsic(Intrinsic::Math, m);
    let g = s.global_object();
    let key = s.key("Math");
    s.define_hidden(g, key, m);
    use std::f64::consts as c;
    for (name, n) in [
        ("E", c::E),
        ("LN10", c::LN_10),
        ("LN2", c::LN_2),
        ("LOG10E", c::LOG10_E),
        ("LOG2E", c::LOG2_E),
        ("PI", c::PI),
        ("SQRT1_2", c::FRAC_1_SQRT_2),
        ("SQRT2", c::SQRT_2),
    ] {
        let (key, v) = (s.key(name), s.num(n));
        s.define_with(m, key, v, 0);
    }
    for (name, f) in UNARY {
        s.method(m, name, 1, *f);
    }
    s.method(m, "abs", 1, abs);
    s.method(m, "floor", 1, floor);
    s.method(m, "ceil", 1, ceil);
    s.method(m, "round", 1, round);
    s.method(m, "trunc", 1, trunc);
    s.method(m, "sign", 1, sign);
    s.method(m, "atan2", 2, atan2);
    s.method(m, "pow", 2, pow);
    s.method(m, "max", 2, max);
    s.method(m, "min", 2, min);
    s.method(m, "hypot", 2, hypot);
    s.method(m, "imul", 2, imul);
    s.inline_function(Inline::MathFloor, floor);
    s.inline_function(Inline::MathAbs, abs);
    s.inline_function(Inline::MathSqrt, sqrt);
    s.inline_function(Inline::MathImul, imul);
    s.inline_function(Inline::MathMin, min);
    s.inline_function(Inline::MathMax, max);
    s.method(m, "clz32", 1, clz32);
    s.method(m, "random", 0, random);
    tag(s, m, "Math");
}

macro_rules! unary {
    ($($name:literal $f:ident = $body:expr;)+) => {
        $(fn $f<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
            let x = s.to_number(args.get(0))?;
            let f: fn(f64) -> f64 = $body;
            Ok(s.num(f(x)))
        })+
        const UNARY: &[(&str, looplab_vm::NativeFn)] = &[$(($name, $f)),+];
    };
}

unary! {
    "acos" acos = libm::acos;
    "acosh" acosh = libm::acosh;
    "asin" asin = libm::asin;
    "asinh" asinh = libm::asinh;
    "atan" atan = libm::atan;
    "atanh" atanh = libm::atanh;
    "cbrt" cbrt = cube_root;
    "cos" cos = libm::cos;
    "cosh" cosh = libm::cosh;
    "exp" exp = |x| if x == 1.0 { std::f64::consts::E } else { libm::exp(x) };
    "expm1" expm1 = libm::expm1;
    "fround" fround = |x| f64::from(x as f32);
    "f16round" f16round = round_to_half;
    "log" log = libm::log;
    "log1p" log1p = libm::log1p;
    "log10" log10 = f64::log10;
    "log2" log2 = libm::log2;
    "sin" sin = libm::sin;
    "sinh" sinh = libm::sinh;
    "sqrt" sqrt = f64::sqrt;
    "tan" tan = libm::tan;
    "tanh" tanh = f64::tanh;
}

/// The cube root as fdlibm computes it: an estimate from the exponent, a polynomial step to 23 bits, one Newton step.
fn cube_root(x: f64) -> f64 {
    const P: [f64; 5] = [
        1.875_951_824_271_77,
        -1.884_979_795_433_771_7,
        1.621_429_720_105_354_5,
        -0.758_397_934_778_766,
        0.145_996_192_886_612_45,
    ];
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let high = |v: f64| (v.to_bits() >> 32) as u32 & 0x7FFF_FFFF;
    let estimate = if high(x) < 0x0010_0000 {
        high(x * 18_014_398_509_481_984.0) / 3 + 696_219_795
    } else {
        high(x) / 3 + 715_094_163
    };
    let mut t = f64::from_bits(u64::from(estimate) << 32).copysign(x);
    let r = (t * t) * (t / x);
    t *= (P[0] + r * (P[1] + r * P[2])) + ((r * r) * r) * (P[3] + r * P[4]);
    t = f64::from_bits((t.to_bits() + 0x8000_0000) & 0xFFFF_FFFF_C000_0000);
    let s = t * t;
    let r = x / s;
    let r = (r - t) / ((t + t) + r);
    t + t * r
}

/// The nearest binary16 number, ties to even.
pub fn round_to_half(x: f64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let a = x.abs();
    // 65520 is halfway between the largest half and what would come next.
    if a >= 65520.0 {
        return f64::INFINITY.copysign(x);
    }
    let e = (a.to_bits() >> 52) as i32 - 1023;
    let step = 2f64.powi(e.max(-14) - 10);
    ((a / step).round_ties_even() * step).copysign(x)
}

fn abs<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    if let Some(i) = v.as_int()
        && let Some(a) = i.checked_abs()
    {
        return Ok(s.int(a));
    }
    let x = s.to_number(v)?;
    Ok(s.num(x.abs()))
}

/// A rounding that leaves integers alone.
#[inline]
fn rounding<'s>(s: &mut Scope<'s>, v: Local<'s>, f: fn(f64) -> f64) -> Completion<'s> {
    if v.as_int().is_some() {
        return Ok(v);
    }
    let x = s.to_number(v)?;
    Ok(s.num(f(x)))
}

fn floor<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    rounding(s, args.get(0), f64::floor)
}

fn ceil<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    rounding(s, args.get(0), f64::ceil)
}

fn trunc<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    rounding(s, args.get(0), f64::trunc)
}

fn round<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    // Ties go towards +∞, and −0.5 to −0 keeps its sign.
    rounding(s, args.get(0), |x| {
        let r = x.floor();
        let r = if x - r >= 0.5 { r + 1.0 } else { r };
        if r == 0.0 { r.copysign(x) } else { r }
    })
}

fn sign<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    rounding_sign(s, args.get(0))
}

fn rounding_sign<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Completion<'s> {
    let x = s.to_number(v)?;
    Ok(s.num(if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }))
}

fn atan2<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (y, x) = (s.to_number(args.get(0))?, s.to_number(args.get(1))?);
    Ok(s.num(libm::atan2(y, x)))
}

fn pow<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (x, y) = (s.to_number(args.get(0))?, s.to_number(args.get(1))?);
    Ok(s.num(looplab_vm::number_pow(x, y)))
}

fn max<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.len() == 2
        && let (Some(a), Some(b)) = (args.get(0).as_int(), args.get(1).as_int())
    {
        return Ok(s.int(a.max(b)));
    }
    extreme(s, args, f64::NEG_INFINITY, |r, x| x > r || x == 0.0 && r == 0.0 && r.is_sign_negative())
}

fn min<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.len() == 2
        && let (Some(a), Some(b)) = (args.get(0).as_int(), args.get(1).as_int())
    {
        return Ok(s.int(a.min(b)));
    }
    extreme(s, args, f64::INFINITY, |r, x| x < r || x == 0.0 && r == 0.0 && r.is_sign_positive())
}

fn extreme<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    start: f64,
    better: fn(f64, f64) -> bool,
) -> Completion<'s> {
    let mut r = start;
    for i in 0..args.len() {
        let x = s.to_number(args.get(i))?;
        if r.is_nan() {
            continue;
        }
        if x.is_nan() || better(r, x) {
            r = x;
        }
    }
    Ok(s.num(r))
}

fn numbers<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Result<Vec<f64>, Thrown> {
    (0..args.len()).map(|i| s.to_number(args.get(i))).collect()
}

fn hypot<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = numbers(s, args)?;
    if v.iter().any(|x| x.is_infinite()) {
        return Ok(s.num(f64::INFINITY));
    }
    let largest =
        v.iter().fold(0f64, |m, x| if x.is_nan() || m.is_nan() { f64::NAN } else { m.max(x.abs()) });
    if largest.is_nan() || largest == 0.0 {
        return Ok(s.num(largest));
    }
    // Scaled, with Kahan's summation, as V8 does it.
    let (mut sum, mut rest) = (0f64, 0f64);
    for x in v {
        let n = x.abs() / largest;
        let term = n * n - rest;
        let next = sum + term;
        rest = (next - sum) - term;
        sum = next;
    }
    Ok(s.num(sum.sqrt() * largest))
}

fn imul<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (a, b) = (s.to_int32(args.get(0))?, s.to_int32(args.get(1))?);
    Ok(s.int(a.wrapping_mul(b)))
}

fn clz32<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = s.to_uint32(args.get(0))?;
    Ok(s.int(n.leading_zeros() as i32))
}

fn random<'s>(s: &mut Scope<'s>, _args: &Args<'s>) -> Completion<'s> {
    let bits = s.random_bits();
    Ok(s.num(bits as f64 / 9_007_199_254_740_992.0))
}
