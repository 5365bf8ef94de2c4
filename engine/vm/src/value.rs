//! NaN-boxed values: 64 bits, `Copy`, no lifetime. Inside this crate only; the outside sees rooted [`crate::Local`]s.
//!
//! Doubles are themselves. Everything else lives in the negative-NaN space above `0xFFF9 << 48`, told apart by the top
//! sixteen bits. Int32 has the highest tag, so "is an int" is one unsigned compare and "both are ints" one AND and one compare.

use crate::heap::Header;

const SPECIAL: u64 = 0xFFF9;
const OBJECT: u64 = 0xFFFA;
const STRING: u64 = 0xFFFB;
const SYMBOL: u64 = 0xFFFC;
const BIGINT: u64 = 0xFFFD;
const CELL: u64 = 0xFFFE;
const INT: u64 = 0xFFFF << 48;
const PTR_MASK: u64 = 0x0000_FFFF_FFFF_FFFF;

/// Any JavaScript value, or one of the interpreter's own (hole, environment, code).
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Value(u64);

impl Value {
    pub(crate) const UNDEFINED: Value = Value(SPECIAL << 48);
    pub(crate) const NULL: Value = Value(SPECIAL << 48 | 1);
    pub(crate) const FALSE: Value = Value(SPECIAL << 48 | 2);
    pub(crate) const TRUE: Value = Value(SPECIAL << 48 | 3);
    /// An uninitialised binding or an array hole; never visible to programs.
    pub(crate) const HOLE: Value = Value(SPECIAL << 48 | 4);

    #[inline(always)]
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    #[inline(always)]
    pub(crate) const fn int(i: i32) -> Value {
        Value(INT | i as u32 as u64)
    }

    /// A number that came out of arithmetic on other numbers (its NaN is canonical enough).
    #[inline(always)]
    pub(crate) fn double(d: f64) -> Value {
        Value(d.to_bits())
    }

    /// Any number: integral ones in range become ints, foreign NaNs the canonical one.
    #[inline]
    pub(crate) fn number(d: f64) -> Value {
        let i = d as i32;
        if f64::from(i) == d && (i != 0 || d.is_sign_positive()) {
            return Value::int(i);
        }
        if d.is_nan() { Value(0x7FF8 << 48) } else { Value(d.to_bits()) }
    }

    #[inline(always)]
    pub(crate) const fn bool(b: bool) -> Value {
        Value(SPECIAL << 48 | 2 | b as u64)
    }

    /// A machine word the collector does not follow: stored as the bits of a subnormal double.
    #[inline(always)]
    pub(crate) fn raw(word: usize) -> Value {
        debug_assert!((word as u64) <= PTR_MASK);
        Value(word as u64)
    }

    #[inline(always)]
    pub(crate) fn as_raw(self) -> usize {
        self.0 as usize
    }

    #[inline(always)]
    pub(crate) fn object<T>(p: *const T) -> Value {
        Value(OBJECT << 48 | p as u64)
    }

    #[inline(always)]
    pub(crate) fn string<T>(p: *const T) -> Value {
        Value(STRING << 48 | p as u64)
    }

    #[inline(always)]
    pub(crate) fn symbol<T>(p: *const T) -> Value {
        Value(SYMBOL << 48 | p as u64)
    }

    #[inline(always)]
    pub(crate) fn bigint<T>(p: *const T) -> Value {
        Value(BIGINT << 48 | p as u64)
    }

    /// A cell that is no JavaScript value: environment, code, accessor pair, coroutine.
    #[inline(always)]
    pub(crate) fn cell<T>(p: *const T) -> Value {
        Value(CELL << 48 | p as u64)
    }

    #[inline(always)]
    pub(crate) const fn is_int(self) -> bool {
        self.0 >= INT
    }

    #[inline(always)]
    pub(crate) const fn both_int(a: Value, b: Value) -> bool {
        a.0 & b.0 >= INT
    }

    #[inline(always)]
    pub(crate) const fn as_int(self) -> i32 {
        self.0 as u32 as i32
    }

    #[inline(always)]
    pub(crate) const fn is_double(self) -> bool {
        self.0 < SPECIAL << 48
    }

    #[inline(always)]
    pub(crate) const fn as_double(self) -> f64 {
        f64::from_bits(self.0)
    }

    #[inline(always)]
    pub(crate) const fn is_number(self) -> bool {
        self.is_int() || self.is_double()
    }

    /// The number; only for numbers.
    #[inline(always)]
    pub(crate) fn num(self) -> f64 {
        if self.is_int() { f64::from(self.as_int()) } else { self.as_double() }
    }

    #[inline(always)]
    const fn tag(self) -> u64 {
        self.0 >> 48
    }

    #[inline(always)]
    pub(crate) const fn is_undefined(self) -> bool {
        self.0 == Value::UNDEFINED.0
    }

    #[inline(always)]
    pub(crate) const fn is_null(self) -> bool {
        self.0 == Value::NULL.0
    }

    #[inline(always)]
    pub(crate) const fn is_nullish(self) -> bool {
        self.0 | 1 == Value::NULL.0
    }

    #[inline(always)]
    pub(crate) const fn is_bool(self) -> bool {
        self.0 | 1 == Value::TRUE.0
    }

    #[inline(always)]
    pub(crate) const fn is_true(self) -> bool {
        self.0 == Value::TRUE.0
    }

    #[inline(always)]
    pub(crate) const fn is_hole(self) -> bool {
        self.0 == Value::HOLE.0
    }

    #[inline(always)]
    pub(crate) const fn is_object(self) -> bool {
        self.tag() == OBJECT
    }

    #[inline(always)]
    pub(crate) const fn is_string(self) -> bool {
        self.tag() == STRING
    }

    #[inline(always)]
    pub(crate) const fn is_symbol(self) -> bool {
        self.tag() == SYMBOL
    }

    #[inline(always)]
    pub(crate) const fn is_bigint(self) -> bool {
        self.tag() == BIGINT
    }

    #[inline(always)]
    pub(crate) const fn is_cell(self) -> bool {
        self.tag() == CELL
    }

    /// Whether it points into the heap.
    #[inline(always)]
    pub(crate) const fn is_pointer(self) -> bool {
        self.0 >= OBJECT << 48 && self.0 < INT
    }

    /// The pointer; only for pointers, and only to the type its tag promises.
    #[inline(always)]
    pub(crate) fn ptr<T>(self) -> *mut T {
        (self.0 & PTR_MASK) as *mut T
    }

    #[inline(always)]
    pub(crate) fn header(self) -> *mut Header {
        self.ptr()
    }
}

/// A property key: an array index, an interned string, or a symbol.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct PropKey(pub(crate) Value);

impl PropKey {
    /// No property has this key.
    pub(crate) const NONE: PropKey = PropKey(Value::HOLE);

    #[inline(always)]
    pub(crate) fn index(i: u32) -> PropKey {
        PropKey(Value::int(i as i32))
    }

    /// The array index (0 to 2^32 − 2).
    #[inline(always)]
    pub(crate) fn as_index(self) -> Option<u32> {
        if self.0.is_int() { Some(self.0.as_int() as u32) } else { None }
    }

    #[inline(always)]
    pub(crate) fn is_symbol(self) -> bool {
        self.0.is_symbol()
    }

    #[inline(always)]
    pub(crate) fn is_string(self) -> bool {
        self.0.is_string()
    }

    /// A hash good enough for small tables: pointers differ above their alignment.
    #[inline(always)]
    pub(crate) fn hash(self) -> u32 {
        ((self.0.bits() >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        for d in [0.0, -0.0, 1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN, -f64::NAN] {
            let v = Value::double(d);
            assert!(v.is_double() && !v.is_int() && !v.is_pointer(), "{d}");
        }
        assert!(Value::int(-1).is_int() && Value::int(-1).as_int() == -1);
        assert!(!Value::both_int(Value::int(1), Value::double(1.5)));
        assert!(Value::both_int(Value::int(1), Value::int(i32::MIN)));
        assert!(Value::number(-0.0).is_double() && Value::number(3.0).is_int());
        assert!(Value::NULL.is_nullish() && Value::UNDEFINED.is_nullish() && !Value::FALSE.is_nullish());
        assert!(Value::FALSE.is_bool() && Value::TRUE.is_bool() && !Value::NULL.is_bool());
        let p = 0x1234_5670usize as *const u8;
        assert!(Value::object(p).is_object() && Value::object(p).is_pointer());
        assert_eq!(Value::cell(p).ptr::<u8>() as *const u8, p);
    }
}
