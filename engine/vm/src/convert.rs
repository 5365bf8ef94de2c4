//! Type conversion and comparison, section 7.1 and 7.2 of the specification.

use crate::object::{Class, ObjRef};
use crate::scope::{Completion, Key, Local, Scope, Thrown};
use crate::string::Chars;
use crate::value::{PropKey, Value};
use crate::vm::{Vm, bigint};
use num_bigint::BigInt;
use num_traits::{FromPrimitive, ToPrimitive, Zero};
use std::borrow::Cow;

use crate::ops::Hint;

/// StrWhiteSpaceChar.
pub(crate) fn is_space(u: u16) -> bool {
    matches!(u, 9..=13 | 32 | 0xA0 | 0x1680 | 0x2000..=0x200A | 0x2028 | 0x2029 | 0x202F | 0x205F | 0x3000 | 0xFEFF)
}

/// Without white space at both ends.
pub(crate) fn trim(c: Chars<'_>) -> Chars<'_> {
    let (mut from, mut to) = (0, c.len());
    while from < to && is_space(c.at(from)) {
        from += 1;
    }
    while to > from && is_space(c.at(to - 1)) {
        to -= 1;
    }
    c.slice(from, to)
}

/// The characters of a trimmed text that may be a number: all ASCII, though white space around it may have made the text wide.
fn narrow(c: Chars<'_>) -> Option<Cow<'_, [u8]>> {
    match c {
        Chars::Latin1(b) => Some(Cow::Borrowed(b)),
        Chars::Utf16(u) if u.iter().all(|&x| x < 128) => Some(u.iter().map(|&x| x as u8).collect()),
        Chars::Utf16(_) => None,
    }
}

/// StringToNumber.
pub(crate) fn string_to_number(c: Chars<'_>) -> f64 {
    let Some(b) = narrow(trim(c)) else { return f64::NAN };
    let b = &*b;
    if b.is_empty() {
        return 0.0;
    }
    if b.len() > 2 && b[0] == b'0' {
        let radix = match b[1] | 32 {
            b'x' => 16,
            b'o' => 8,
            b'b' => 2,
            _ => 0,
        };
        if radix != 0 {
            return parse_radix(&b[2..], radix).unwrap_or(f64::NAN);
        }
    }
    let digits = b.strip_prefix(b"+").or_else(|| b.strip_prefix(b"-")).unwrap_or(b);
    if digits == b"Infinity" {
        return if b[0] == b'-' { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // Rust's parser takes the same decimal forms, and also words, which are none here.
    if !digits.iter().all(|&x| matches!(x, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) || digits == b"."
    {
        return f64::NAN;
    }
    std::str::from_utf8(b).ok().and_then(|s| s.parse().ok()).unwrap_or(f64::NAN)
}

/// Digits in a radix as the nearest number; `None` when a character is no digit.
pub(crate) fn parse_radix(b: &[u8], radix: u32) -> Option<f64> {
    if b.is_empty() {
        return None;
    }
    let mut n = 0f64;
    for &x in b {
        n = n * f64::from(radix) + f64::from((x as char).to_digit(radix)?);
    }
    if n < 9_007_199_254_740_992.0 {
        return Some(n);
    }
    // Beyond 2^53 the running sum has rounded: count exactly.
    BigInt::parse_bytes(b, radix).and_then(|n| n.to_f64())
}

/// Number::toString in radix 10.
pub(crate) fn number_to_text(n: f64) -> String {
    if n == 0.0 {
        return "0".into();
    }
    ryu_js::Buffer::new().format(n).to_owned()
}

/// StringToBigInt; `None`: not an integer.
pub(crate) fn string_to_bigint(c: Chars<'_>) -> Option<BigInt> {
    let b = narrow(trim(c))?;
    let b = &*b;
    if b.is_empty() {
        return Some(BigInt::zero());
    }
    if b.len() > 2 && b[0] == b'0' && !b[1].is_ascii_digit() {
        let radix = match b[1] | 32 {
            b'x' => 16,
            b'o' => 8,
            b'b' => 2,
            _ => return None,
        };
        if !b[2..].iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        return BigInt::parse_bytes(&b[2..], radix);
    }
    let digits = b.strip_prefix(b"+").or_else(|| b.strip_prefix(b"-")).unwrap_or(b);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    BigInt::parse_bytes(b, 10)
}

/// ToInt32 of a number.
#[inline]
pub(crate) fn f64_to_int32(d: f64) -> i32 {
    let i = d as i32;
    if f64::from(i) == d {
        return i;
    }
    if !d.is_finite() {
        return 0;
    }
    let m = d.trunc() % 4_294_967_296.0;
    (m as i64) as u32 as i32
}

impl Vm {
    /// ToBoolean.
    #[inline]
    pub(crate) fn truthy(v: Value) -> bool {
        if v.is_bool() {
            return v.is_true();
        }
        if v.is_int() {
            return v.as_int() != 0;
        }
        if v.is_double() {
            let d = v.as_double();
            return d != 0.0 && !d.is_nan();
        }
        if v.is_string() {
            return Vm::string_len(v) != 0;
        }
        if v.is_bigint() {
            return !bigint(v).is_zero();
        }
        v.is_object() || v.is_symbol()
    }

    /// A number as a string value; small integers come from tables.
    pub(crate) fn number_string(&mut self, v: Value) -> Value {
        if v.is_int() {
            let i = v.as_int();
            if i >= 0 {
                return self.index_string(i as u32);
            }
            return self.str(&i.to_string());
        }
        let t = number_to_text(v.as_double());
        self.str(&t)
    }

    /// SameValue.
    pub(crate) fn same_value(&mut self, a: Value, b: Value) -> bool {
        if a.is_number() && b.is_number() {
            let (x, y) = (a.num(), b.num());
            return if x == y {
                x != 0.0 || x.is_sign_negative() == y.is_sign_negative()
            } else {
                x.is_nan() && y.is_nan()
            };
        }
        self.strict_equals(a, b)
    }

    /// SameValueZero.
    pub(crate) fn same_value_zero(&mut self, a: Value, b: Value) -> bool {
        if a.is_number() && b.is_number() {
            let (x, y) = (a.num(), b.num());
            return x == y || x.is_nan() && y.is_nan();
        }
        self.strict_equals(a, b)
    }

    /// IsStrictlyEqual.
    #[inline]
    pub(crate) fn strict_equals(&mut self, a: Value, b: Value) -> bool {
        if a == b {
            return !a.is_double() || !a.as_double().is_nan();
        }
        if a.is_number() && b.is_number() {
            return a.num() == b.num();
        }
        if a.is_string() && b.is_string() {
            return self.strings_equal(a, b);
        }
        a.is_bigint() && b.is_bigint() && bigint(a) == bigint(b)
    }

    /// `typeof`.
    pub(crate) fn type_of(&self, v: Value) -> Value {
        let a = &self.atoms;
        let name = if v.is_number() {
            a.number
        } else if v.is_string() {
            a.string
        } else if v.is_undefined() || v.is_hole() {
            a.undefined
        } else if v.is_bool() {
            a.boolean
        } else if v.is_symbol() {
            a.symbol
        } else if v.is_bigint() {
            a.bigint
        } else if crate::vm::is_callable(v) {
            a.function
        } else {
            a.object
        };
        name.0.0
    }
}

impl<'s> Scope<'s> {
    /// ToPrimitive.
    pub fn to_primitive(&mut self, v: Local<'s>, hint: Hint) -> Completion<'s> {
        if !v.is_object() {
            return Ok(v);
        }
        let exotic = self.get_method(v, self.vm.atoms.sym_to_primitive)?;
        if let Some(f) = exotic {
            let h = match hint {
                Hint::Default => self.vm.atoms.default,
                Hint::Number => self.vm.atoms.number,
                Hint::String => self.vm.atoms.string,
            };
            let h = Local::raw(h.0.0);
            let r = self.call(f, v, &[h])?;
            if r.is_object() {
                return Err(self.throw_type("Cannot convert object to primitive value"));
            }
            return Ok(r);
        }
        let (a, b) = (self.vm.atoms.to_string, self.vm.atoms.value_of);
        for name in if hint == Hint::String { [a, b] } else { [b, a] } {
            let f = self.get(v, name)?;
            if f.is_callable() {
                let r = self.call(f, v, &[])?;
                if !r.is_object() {
                    return Ok(r);
                }
            }
        }
        Err(self.throw_type("Cannot convert object to primitive value"))
    }

    /// ToBoolean.
    pub fn to_boolean(&self, v: Local<'s>) -> bool {
        Vm::truthy(v.v)
    }

    /// ToNumber.
    #[inline]
    pub fn to_number(&mut self, v: Local<'s>) -> Result<f64, Thrown> {
        if v.v.is_number() {
            return Ok(v.v.num());
        }
        self.number_slow(v)
    }

    #[cold]
    fn number_slow(&mut self, v: Local<'s>) -> Result<f64, Thrown> {
        let x = v.v;
        if x.is_undefined() || x.is_hole() {
            Ok(f64::NAN)
        } else if x.is_null() {
            Ok(0.0)
        } else if x.is_bool() {
            Ok(f64::from(u8::from(x.is_true())))
        } else if x.is_string() {
            Ok(string_to_number(self.vm.chars_of(x)))
        } else if x.is_symbol() {
            Err(self.throw_type("Cannot convert a Symbol value to a number"))
        } else if x.is_bigint() {
            Err(self.throw_type("Cannot convert a BigInt value to a number"))
        } else {
            let p = self.to_primitive(v, Hint::Number)?;
            self.to_number(p)
        }
    }

    /// ToNumeric: a number or BigInt value.
    pub fn to_numeric(&mut self, v: Local<'s>) -> Completion<'s> {
        if v.v.is_number() || v.v.is_bigint() {
            return Ok(v);
        }
        let p = self.to_primitive(v, Hint::Number)?;
        if p.is_bigint() {
            return Ok(p);
        }
        let n = self.to_number(p)?;
        Ok(self.num(n))
    }

    /// ToIntegerOrInfinity.
    pub fn to_integer_or_infinity(&mut self, v: Local<'s>) -> Result<f64, Thrown> {
        if v.v.is_int() {
            return Ok(f64::from(v.v.as_int()));
        }
        let n = self.to_number(v)?;
        Ok(if n.is_nan() { 0.0 } else { n.trunc() + 0.0 })
    }

    /// ToInt32.
    pub fn to_int32(&mut self, v: Local<'s>) -> Result<i32, Thrown> {
        Ok(f64_to_int32(self.to_number(v)?))
    }

    /// ToUint32.
    pub fn to_uint32(&mut self, v: Local<'s>) -> Result<u32, Thrown> {
        Ok(self.to_int32(v)? as u32)
    }

    /// ToLength: 0 to 2^53 − 1.
    pub fn to_length(&mut self, v: Local<'s>) -> Result<u64, Thrown> {
        let n = self.to_integer_or_infinity(v)?;
        Ok(n.clamp(0.0, 9_007_199_254_740_991.0) as u64)
    }

    /// ToIndex; a RangeError with this message when out of range.
    pub fn to_index(&mut self, v: Local<'s>, message: &str) -> Result<u64, Thrown> {
        let n = self.to_integer_or_infinity(v)?;
        if (0.0..=9_007_199_254_740_991.0).contains(&n) {
            return Ok(n as u64);
        }
        Err(self.throw_range(message))
    }

    /// ToBigInt.
    pub fn to_bigint(&mut self, v: Local<'s>) -> Result<BigInt, Thrown> {
        let p = self.to_primitive(v, Hint::Number)?;
        if p.v.is_bigint() {
            Ok(bigint(p.v).clone())
        } else if p.v.is_bool() {
            Ok(BigInt::from(u8::from(p.v.is_true())))
        } else if p.v.is_string() {
            match string_to_bigint(self.vm.chars_of(p.v)) {
                Some(n) => Ok(n),
                None => {
                    let t = self.to_utf8_lossy(p);
                    Err(self.throw_syntax(&format!("Cannot convert {t} to a BigInt")))
                }
            }
        } else {
            let t = self.describe_value(p);
            Err(self.throw_type(&format!("Cannot convert {t} to a BigInt")))
        }
    }

    /// NumberToBigInt.
    pub fn number_to_bigint(&mut self, n: f64) -> Completion<'s> {
        match (n.fract() == 0.0).then(|| BigInt::from_f64(n)).flatten() {
            Some(b) => Ok(self.bigint(b)),
            None => {
                let t = number_to_text(n);
                let m =
                    format!("The number {t} cannot be converted to a BigInt because it is not an integer");
                Err(self.throw_range(&m))
            }
        }
    }

    /// ToString, as a string value.
    #[inline]
    pub fn to_string(&mut self, v: Local<'s>) -> Completion<'s> {
        if v.v.is_string() {
            return Ok(v);
        }
        self.string_slow(v)
    }

    #[inline(never)]
    fn string_slow(&mut self, v: Local<'s>) -> Completion<'s> {
        let x = v.v;
        if x.is_number() {
            let s = self.vm.number_string(x);
            return Ok(self.root(s));
        }
        let a = &self.vm.atoms;
        let name = if x.is_undefined() || x.is_hole() {
            a.undefined
        } else if x.is_null() {
            a.null
        } else if x.is_bool() {
            if x.is_true() { a.true_ } else { a.false_ }
        } else if x.is_symbol() {
            return Err(self.throw_type("Cannot convert a Symbol value to a string"));
        } else if x.is_bigint() {
            let t = bigint(x).to_string();
            return Ok(self.str(&t));
        } else {
            let p = self.to_primitive(v, Hint::String)?;
            return self.to_string(p);
        };
        Ok(Local::raw(name.0.0))
    }

    /// ToObject; the TypeError for null and undefined says "Cannot convert undefined or null to object".
    pub fn to_object(&mut self, v: Local<'s>) -> Completion<'s> {
        if v.is_object() {
            return Ok(v);
        }
        if v.is_nullish() {
            return Err(self.throw_type("Cannot convert undefined or null to object"));
        }
        Ok(self.box_primitive(v))
    }

    /// The wrapper object of a primitive that is not null or undefined.
    pub(crate) fn box_primitive(&mut self, v: Local<'s>) -> Local<'s> {
        use crate::Intrinsic as I;
        let (class, proto) = if v.v.is_string() {
            (Class::String, I::StringPrototype)
        } else if v.v.is_number() {
            (Class::Number, I::NumberPrototype)
        } else if v.v.is_bool() {
            (Class::Boolean, I::BooleanPrototype)
        } else if v.v.is_symbol() {
            (Class::Symbol, I::SymbolPrototype)
        } else {
            (Class::BigInt, I::BigIntPrototype)
        };
        let proto = self.vm.realm.proto(proto);
        let o = self.vm.alloc_object(class, Some(proto));
        o.set_int(0, v.v);
        if class == Class::String {
            o.set_flag(crate::object::EXOTIC);
        }
        self.root(o.value())
    }

    /// ToPropertyKey.
    #[inline]
    pub fn to_key(&mut self, v: Local<'s>) -> Result<Key<'s>, Thrown> {
        match crate::string::ready_key(v.v) {
            Some(k) => Ok(Key::raw(k)),
            None => self.key_by_conversion(v),
        }
    }

    #[inline(never)]
    fn key_by_conversion(&mut self, v: Local<'s>) -> Result<Key<'s>, Thrown> {
        if v.v.is_int() && v.v.as_int() >= 0 {
            return Ok(Key::raw(PropKey(v.v)));
        }
        if v.v.is_string() {
            let k = self.vm.string_key(v.v);
            return Ok(self.root_key(k));
        }
        if v.v.is_symbol() {
            return Ok(Key::raw(PropKey(v.v)));
        }
        let p = self.to_primitive(v, Hint::String)?;
        if p.v.is_symbol() {
            return Ok(Key::raw(PropKey(p.v)));
        }
        let t = self.to_string(p)?;
        let k = self.vm.string_key(t.v);
        Ok(self.root_key(k))
    }

    /// A property key from an integer of any size (array-like indices go to 2^53 − 1).
    pub fn integer_key(&mut self, i: u64) -> Key<'s> {
        if i < u64::from(u32::MAX) {
            return Key::index(i as u32);
        }
        let k = self.vm.key_of(&i.to_string());
        self.root_key(k)
    }

    /// A property key from text.
    pub fn key(&mut self, s: &str) -> Key<'s> {
        let k = self.vm.key_of(s);
        self.root_key(k)
    }

    /// A property key as a string or symbol value.
    pub fn key_to_value(&mut self, k: Key<'s>) -> Local<'s> {
        let v = self.vm.key_value(k.k);
        self.root(v)
    }

    /// A property key as text for messages: `Symbol(x)` for symbols.
    pub fn key_text(&mut self, k: Key<'_>) -> String {
        match k.k.as_index() {
            Some(i) => i.to_string(),
            None if k.k.is_symbol() => self.symbol_text(Local::raw(k.k.0)),
            None => self.vm.chars_of(k.k.0).to_utf8(),
        }
    }

    /// SameValue.
    pub fn same_value(&mut self, a: Local<'_>, b: Local<'_>) -> bool {
        self.vm.same_value(a.v, b.v)
    }

    /// SameValueZero.
    pub fn same_value_zero(&mut self, a: Local<'_>, b: Local<'_>) -> bool {
        self.vm.same_value_zero(a.v, b.v)
    }

    /// IsStrictlyEqual.
    pub fn strict_equals(&mut self, a: Local<'_>, b: Local<'_>) -> bool {
        self.vm.strict_equals(a.v, b.v)
    }

    /// IsLooselyEqual.
    pub fn loose_equals(&mut self, a: Local<'s>, b: Local<'s>) -> Result<bool, Thrown> {
        let (x, y) = (a.v, b.v);
        if x.is_nullish() || y.is_nullish() {
            return Ok(x.is_nullish() && y.is_nullish());
        }
        let same_type = x.is_number() && y.is_number()
            || x.is_string() && y.is_string()
            || x.is_bool() && y.is_bool()
            || x.is_object() && y.is_object()
            || x.is_symbol() && y.is_symbol()
            || x.is_bigint() && y.is_bigint();
        if same_type {
            return Ok(self.vm.strict_equals(x, y));
        }
        if x.is_object() {
            let p = self.to_primitive(a, Hint::Default)?;
            return self.loose_equals(p, b);
        }
        if y.is_object() {
            let p = self.to_primitive(b, Hint::Default)?;
            return self.loose_equals(a, p);
        }
        if x.is_bool() || y.is_bool() {
            let x2 = if x.is_bool() { Local::raw(Value::int(i32::from(x.is_true()))) } else { a };
            let y2 = if y.is_bool() { Local::raw(Value::int(i32::from(y.is_true()))) } else { b };
            return self.loose_equals(x2, y2);
        }
        if x.is_symbol() || y.is_symbol() {
            return Ok(false);
        }
        if x.is_bigint() || y.is_bigint() {
            let (big, other) = if x.is_bigint() { (x, y) } else { (y, x) };
            if other.is_string() {
                return Ok(string_to_bigint(self.vm.chars_of(other)).is_some_and(|n| n == *bigint(big)));
            }
            return Ok(compare_big_num(bigint(big), other.num()) == Some(std::cmp::Ordering::Equal));
        }
        Ok(self.to_number(a)? == self.to_number(b)?)
    }

    /// IsLessThan on primitives that were converted in the right order; `None`: undefined (a NaN).
    pub(crate) fn compare_primitives(
        &mut self,
        a: Local<'s>,
        b: Local<'s>,
    ) -> Result<Option<std::cmp::Ordering>, Thrown> {
        let (x, y) = (a.v, b.v);
        if x.is_string() && y.is_string() {
            return Ok(Some(self.vm.chars_of(x).compare(self.vm.chars_of(y))));
        }
        if x.is_bigint() && y.is_string() {
            return Ok(string_to_bigint(self.vm.chars_of(y)).map(|n| bigint(x).cmp(&n)));
        }
        if x.is_string() && y.is_bigint() {
            return Ok(string_to_bigint(self.vm.chars_of(x)).map(|n| n.cmp(bigint(y))));
        }
        let (p, q) = (self.to_numeric(a)?.v, self.to_numeric(b)?.v);
        Ok(match (p.is_bigint(), q.is_bigint()) {
            (true, true) => Some(bigint(p).cmp(bigint(q))),
            (true, false) => compare_big_num(bigint(p), q.num()),
            (false, true) => compare_big_num(bigint(q), p.num()).map(std::cmp::Ordering::reverse),
            (false, false) => p.num().partial_cmp(&q.num()),
        })
    }

    /// A short rendering of any value for error messages, as V8 gives it (`#<Foo>`, `[object Array]`, `"text"` without quotes).
    pub fn describe_value(&mut self, v: Local<'s>) -> String {
        if v.is_symbol() {
            return self.symbol_text(v);
        }
        if !v.is_object() {
            return match self.to_string(v) {
                Ok(t) => self.to_utf8_lossy(t),
                Err(Thrown(())) => String::new(),
            };
        }
        self.describe_object(v.obj())
    }

    pub(crate) fn describe_object(&mut self, o: ObjRef) -> String {
        if crate::vm::is_callable(o.value()) {
            return self.function_source(Local::raw(o.value()));
        }
        if o.is(Class::Array) {
            return "[object Array]".into();
        }
        // V8 names the constructor only where `toString` is Object's own.
        let own = self.vm.realm.get(crate::Intrinsic::ObjectProtoToString);
        let l = Local::raw(o.value());
        if o.is(Class::Error) {
            let text = self.error_header(l);
            return self.to_utf8_lossy(text);
        }
        let shown = self.data_property(l, self.vm.atoms.to_string.0);
        if own.is_object() && !o.is(Class::Proxy) && shown != Some(own) {
            return format!("[object {}]", self.builtin_tag(o));
        }
        let name = self.constructor_name(o);
        format!("#<{}>", name.unwrap_or_else(|| "Object".into()))
    }

    /// What Object.prototype.toString would put behind "object", found without running code.
    fn builtin_tag(&mut self, o: ObjRef) -> String {
        let tag = self.data_property(Local::raw(o.value()), self.vm.atoms.sym_to_string_tag.0);
        if let Some(t) = tag.filter(|t| t.is_string()) {
            return self.vm.chars_of(t).to_utf8();
        }
        if let Some(ty) = self.typed_element_type(Local::raw(o.value())) {
            return ty.name().into();
        }
        match o.class() {
            Class::Error => "Error",
            Class::Boolean => "Boolean",
            Class::Number => "Number",
            Class::String => "String",
            Class::Date => "Date",
            Class::RegExp => "RegExp",
            Class::Arguments => "Arguments",
            _ => "Object",
        }
        .into()
    }

    /// The name of the constructor an object inherits from, found without running code.
    pub(crate) fn constructor_name(&mut self, o: ObjRef) -> Option<String> {
        let mut p = Some(o);
        while let Some(x) = p {
            if x.is(Class::Proxy) {
                return None;
            }
            if let Some(own) = self.vm.own_raw(x, self.vm.atoms.constructor.0) {
                let f = ObjRef::from(own.value)?;
                let name = self.vm.own_raw(f, self.vm.atoms.name.0)?;
                if !name.value.is_string() {
                    return None;
                }
                return Some(self.vm.chars_of(name.value).to_utf8());
            }
            p = x.proto();
        }
        None
    }
}

/// Order of a BigInt and a number; `None` for NaN.
pub(crate) fn compare_big_num(b: &BigInt, n: f64) -> Option<std::cmp::Ordering> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    if n.is_nan() {
        return None;
    }
    if n.is_infinite() {
        return Some(if n > 0.0 { Less } else { Greater });
    }
    let t = BigInt::from_f64(n.trunc())?;
    Some(b.cmp(&t).then(if n.fract() > 0.0 {
        Less
    } else if n.fract() < 0.0 {
        Greater
    } else {
        Equal
    }))
}

impl<'s> Scope<'s> {
    /// `typeof v`.
    pub fn type_name(&mut self, v: Local<'_>) -> String {
        let t = self.vm.type_of(v.v);
        self.vm.chars_of(t).to_utf8()
    }

    /// The name of the constructor an object inherits from, found without running code.
    pub fn class_name(&mut self, v: Local<'s>) -> Option<String> {
        let o = ObjRef::from(v.v)?;
        self.constructor_name(o).or_else(|| self.former_class(v))
    }
}
