//! Arithmetic and comparison beyond the interpreter's fast paths.

use crate::convert::f64_to_int32;
use crate::scope::{Local, Scope, Thrown};
use crate::value::Value;
use crate::vm::{Vm, bigint};
use crate::{Hint, string};
use looplab_bytecode::Op;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use std::cmp::Ordering;

/// The most bits of a BigInt: V8's limit.
const MAX_BIGINT_BITS: u64 = 1 << 30;

/// Number::exponentiate: NaN where the specification and IEEE part ways.
pub(crate) fn pow(x: f64, y: f64) -> f64 {
    if y.is_nan() || (x.abs() == 1.0 && y.is_infinite()) {
        return f64::NAN;
    }
    x.powf(y)
}

/// Number::remainder.
pub(crate) fn rem(x: f64, y: f64) -> f64 {
    let r = x % y;
    if r == 0.0 && x.is_sign_negative() { -0.0 } else { r }
}

/// A BigInt that fits a machine word, as most do.
fn word(v: Value) -> Option<i64> {
    if v.is_bigint() { bigint(v).to_i64() } else { None }
}

/// An operation on BigInts that fit, if its result does.
fn word_op(op: Op, x: i64, y: i64) -> Option<i64> {
    match op {
        Op::Add => x.checked_add(y),
        Op::Sub => x.checked_sub(y),
        Op::Mul => x.checked_mul(y),
        Op::Div => x.checked_div(y),
        Op::Mod => x.checked_rem(y),
        Op::BitAnd => Some(x & y),
        Op::BitOr => Some(x | y),
        Op::BitXor => Some(x ^ y),
        _ => None,
    }
}

impl Vm {
    /// Any binary arithmetic or bitwise operation on any values.
    #[inline(never)]
    pub(crate) fn binary(&mut self, op: Op, a: Value, b: Value) -> Result<Value, Thrown> {
        if a.is_number() && b.is_number() {
            return Ok(number_op(op, a.num(), b.num()));
        }
        if let (Some(x), Some(y)) = (word(a), word(b))
            && let Some(n) = word_op(op, x, y)
        {
            return Ok(self.alloc_bigint(BigInt::from(n)));
        }
        let mut s = Scope::new(self);
        let (a, b) = (Local::raw(a), Local::raw(b));
        if op == Op::Add {
            return s.add_slow(a, b).map(|l| l.v);
        }
        let x = s.to_numeric(a)?;
        let y = s.to_numeric(b)?;
        s.numeric_op(op, x, y).map(|l| l.v)
    }

    /// Negation, bitwise not, increment and decrement of any value.
    #[inline(never)]
    pub(crate) fn unary(&mut self, op: Op, a: Value) -> Result<Value, Thrown> {
        let step = match op {
            Op::Inc => 1,
            Op::Dec => -1,
            _ => 0,
        };
        if step != 0
            && let Some(n) = word(a).and_then(|n| n.checked_add(step))
        {
            return Ok(self.alloc_bigint(BigInt::from(n)));
        }
        let mut s = Scope::new(self);
        if op == Op::Plus {
            return Ok(Value::number(s.to_number(Local::raw(a))?));
        }
        let x = s.to_numeric(Local::raw(a))?;
        if x.v.is_bigint() {
            let n = bigint(x.v);
            let r = match op {
                Op::Neg => -n,
                Op::BitNot => -(n + BigInt::from(1)),
                Op::Inc => n + 1,
                Op::Dec => n - 1,
                _ => n.clone(),
            };
            return Ok(s.bigint(r).v);
        }
        let n = x.v.num();
        Ok(match op {
            Op::Neg => Value::number(-n),
            Op::BitNot => Value::int(!f64_to_int32(n)),
            Op::Inc => Value::number(n + 1.0),
            Op::Dec => Value::number(n - 1.0),
            _ => x.v,
        })
    }

    /// `<`, `<=`, `>`, `>=` on any values.
    #[inline(never)]
    pub(crate) fn compare(&mut self, op: Op, a: Value, b: Value) -> Result<bool, Thrown> {
        if a.is_string() && b.is_string() {
            let (x, y) = (a.ptr(), b.ptr());
            string::flatten(&mut self.heap, x);
            string::flatten(&mut self.heap, y);
            return Ok(holds(op, Some(self.chars_of(a).compare(self.chars_of(b)))));
        }
        if let (Some(x), Some(y)) = (word(a), word(b)) {
            return Ok(holds(op, Some(x.cmp(&y))));
        }
        let mut s = Scope::new(self);
        // Both sides are converted left to right whatever the operator: `a > b` looks at a first.
        let x = s.to_primitive(Local::raw(a), Hint::Number)?;
        let y = s.to_primitive(Local::raw(b), Hint::Number)?;
        let o = s.compare_primitives(x, y)?;
        Ok(holds(op, o))
    }

    /// `==` on any values.
    #[inline(never)]
    pub(crate) fn loose_eq(&mut self, a: Value, b: Value) -> Result<bool, Thrown> {
        Scope::new(self).loose_equals(Local::raw(a), Local::raw(b))
    }
}

fn holds(op: Op, o: Option<Ordering>) -> bool {
    match (op, o) {
        (_, None) => false,
        (Op::Lt, Some(o)) => o == Ordering::Less,
        (Op::Le, Some(o)) => o != Ordering::Greater,
        (Op::Gt, Some(o)) => o == Ordering::Greater,
        (_, Some(o)) => o != Ordering::Less,
    }
}

fn number_op(op: Op, x: f64, y: f64) -> Value {
    let shift = || (f64_to_int32(y) & 31) as u32;
    match op {
        Op::Add => Value::number(x + y),
        Op::Sub => Value::number(x - y),
        Op::Mul => Value::number(x * y),
        Op::Div => Value::number(x / y),
        Op::Mod => Value::number(rem(x, y)),
        Op::Exp => Value::number(pow(x, y)),
        Op::BitAnd => Value::int(f64_to_int32(x) & f64_to_int32(y)),
        Op::BitOr => Value::int(f64_to_int32(x) | f64_to_int32(y)),
        Op::BitXor => Value::int(f64_to_int32(x) ^ f64_to_int32(y)),
        Op::Shl => Value::int(f64_to_int32(x).wrapping_shl(shift())),
        Op::Shr => Value::int(f64_to_int32(x) >> shift()),
        _ => Value::number(f64::from(f64_to_int32(x) as u32 >> shift())),
    }
}

impl<'s> Scope<'s> {
    fn add_slow(&mut self, a: Local<'s>, b: Local<'s>) -> crate::Completion<'s> {
        let x = self.to_primitive(a, Hint::Default)?;
        let y = self.to_primitive(b, Hint::Default)?;
        if x.is_string() || y.is_string() {
            let x = self.to_string(x)?;
            let y = self.to_string(y)?;
            return self.concat(x, y);
        }
        let x = self.to_numeric(x)?;
        let y = self.to_numeric(y)?;
        self.numeric_op(Op::Add, x, y)
    }

    /// A binary operation on two numerics.
    fn numeric_op(&mut self, op: Op, x: Local<'s>, y: Local<'s>) -> crate::Completion<'s> {
        match (x.is_bigint(), y.is_bigint()) {
            (false, false) => Ok(Local::raw(number_op(op, x.v.num(), y.v.num()))),
            (true, true) => self.bigint_op(op, bigint(x.v), bigint(y.v)),
            _ => Err(self.throw_type("Cannot mix BigInt and other types, use explicit conversions")),
        }
    }

    fn bigint_op(&mut self, op: Op, x: &BigInt, y: &BigInt) -> crate::Completion<'s> {
        let r = match op {
            Op::Add => x + y,
            Op::Sub => x - y,
            Op::Mul => {
                if x.bits() + y.bits() > MAX_BIGINT_BITS {
                    return Err(self.throw_range("Maximum BigInt size exceeded"));
                }
                x * y
            }
            Op::Div | Op::Mod if y.is_zero() => return Err(self.throw_range("Division by zero")),
            Op::Div => x / y,
            Op::Mod => x % y,
            Op::Exp => {
                if y.is_negative() {
                    // V8's template lost its subject; programs may have seen it.
                    return Err(self.throw_range("undefined must be positive"));
                }
                let e = y
                    .to_u64()
                    .filter(|&e| x.bits() <= 1 || x.bits().saturating_mul(e) <= MAX_BIGINT_BITS * 2);
                match e.or_else(|| (x.bits() <= 1).then(|| if y.is_even() { 2 } else { 1 })) {
                    Some(e) => num_traits::pow::Pow::pow(x, e),
                    None => return Err(self.throw_range("Maximum BigInt size exceeded")),
                }
            }
            Op::BitAnd => x & y,
            Op::BitOr => x | y,
            Op::BitXor => x ^ y,
            Op::Shl => return self.bigint_shift(x, y.clone()),
            Op::Shr => return self.bigint_shift(x, -y),
            _ => return Err(self.throw_type("BigInts have no unsigned right shift, use >> instead")),
        };
        Ok(self.bigint(r))
    }

    /// `x * 2^by`, rounded down.
    fn bigint_shift(&mut self, x: &BigInt, by: BigInt) -> crate::Completion<'s> {
        let n = by.abs().to_u64().unwrap_or(u64::MAX);
        let r = if by.is_negative() {
            if n > x.bits() {
                if x.is_negative() { BigInt::from(-1) } else { BigInt::zero() }
            } else {
                x >> n
            }
        } else if x.is_zero() {
            BigInt::zero()
        } else if n.saturating_add(x.bits()) > MAX_BIGINT_BITS {
            return Err(self.throw_range("Maximum BigInt size exceeded"));
        } else {
            x << n
        };
        Ok(self.bigint(r))
    }
}
