//! What the text, number and date builtins need beyond the object operations: two strings at once, the host's clock and
//! randomness, questions about untouched prototypes.

use crate::object::{Class, ObjRef};
use crate::realm::Intrinsic;
use crate::scope::{Completion, Local, Scope, Thrown};
use crate::shape::{ACCESSOR, WRITABLE};
use crate::string::Chars;
use crate::value::Value;
use crate::{Interrupt, Name};

/// Number::exponentiate.
pub fn number_pow(x: f64, y: f64) -> f64 {
    crate::interp::pow(x, y)
}

/// Without white space (StrWhiteSpaceChar) at both ends.
pub fn trim_chars(c: Chars<'_>) -> Chars<'_> {
    crate::convert::trim(c)
}

/// StrWhiteSpaceChar: white space and line terminators.
pub fn is_white_space(u: u16) -> bool {
    crate::convert::is_space(u)
}

/// Number::toString in radix 10.
pub fn number_to_text(n: f64) -> String {
    crate::convert::number_to_text(n)
}

/// StringToNumber.
pub fn string_to_number(c: Chars<'_>) -> f64 {
    crate::convert::string_to_number(c)
}

/// Digits of a radix up to 36 as the nearest number; `None` when there is none or a character is no digit of it.
pub fn parse_digits(b: &[u8], radix: u32) -> Option<f64> {
    crate::convert::parse_radix(b, radix)
}

/// StringToBigInt; `None`: not an integer.
pub fn string_to_bigint(c: Chars<'_>) -> Option<num_bigint::BigInt> {
    crate::convert::string_to_bigint(c)
}

impl<'s> Scope<'s> {
    /// The characters of two string values. Borrowed from the scope: gone before anything can run.
    #[inline]
    pub fn chars2(&mut self, a: Local<'s>, b: Local<'s>) -> (Chars<'_>, Chars<'_>) {
        debug_assert!(a.is_string() && b.is_string());
        (self.vm.chars_of(a.v), self.vm.chars_of(b.v))
    }

    /// A number that moves whenever the layout of any prototype changes (properties added, removed, accessors redefined);
    /// plain writes to data properties of prototypes do not move it.
    #[inline]
    pub fn prototype_epoch(&self) -> u32 {
        self.vm.proto_epoch
    }

    /// Whether the own property `key` of the intrinsic object `proto` is a data property that still holds `expected`.
    #[inline]
    pub fn holds_intrinsic(&mut self, proto: Intrinsic, key: Name, expected: Intrinsic) -> bool {
        let (p, e) = (self.vm.realm.get(proto), self.vm.realm.get(expected));
        ObjRef::from(p).and_then(|o| o.find(key.0)).is_some_and(|f| f.attrs & ACCESSOR == 0 && f.value == e)
    }

    /// Whether `o` is an object of `class` whose prototype is the intrinsic `proto`, with exactly `named` own named properties.
    #[inline]
    pub fn is_unmodified(&mut self, o: Local<'_>, class: Class, proto: Intrinsic, named: u32) -> bool {
        let p = self.vm.realm.get(proto);
        ObjRef::from(o.v)
            .is_some_and(|r| r.is(class) && r.proto() == ObjRef::from(p) && r.shape().count() == named)
    }

    /// The value of an own, writable data property, read without running code.
    #[inline]
    pub fn own_writable(&mut self, o: Local<'_>, key: Name) -> Option<Local<'s>> {
        let f = ObjRef::from(o.v)?.find(key.0)?;
        (f.attrs & (ACCESSOR | WRITABLE) == WRITABLE).then(|| self.root(f.value))
    }

    /// Overwrites an own, writable data property without running code; false when there is none.
    #[inline]
    pub fn store_own(&mut self, o: Local<'_>, key: Name, v: Local<'_>) -> bool {
        let Some(r) = ObjRef::from(o.v) else { return false };
        match r.find(key.0) {
            Some(f) if f.attrs & (ACCESSOR | WRITABLE) == WRITABLE => {
                r.store(f.loc, v.v);
                true
            }
            _ => false,
        }
    }

    /// Milliseconds since 1970 by the host's clock; 0 without a host.
    pub fn now_ms(&self) -> f64 {
        self.vm.host.as_ref().map_or(0.0, |h| h.now_ms())
    }

    /// 53 random bits from the host; 0 without a host.
    pub fn random_bits(&self) -> u64 {
        self.vm.host.as_ref().map_or(0, |h| h.random_u64()) & ((1 << 53) - 1)
    }

    /// The offset of local time from UTC in milliseconds at UTC time `t` (`is_utc`) or local time `t`.
    pub fn tz_offset_ms(&self, t: f64, is_utc: bool) -> f64 {
        self.vm.host.as_ref().map_or(0.0, |h| h.tz_offset_ms(t, is_utc))
    }

    /// The name of the local time zone at UTC time `t`.
    pub fn tz_name(&self, t: f64) -> String {
        self.vm.host.as_ref().map_or_else(|| "Coordinated Universal Time".into(), |h| h.tz_name(t))
    }

    /// The switch that stops the script, for builtins that may run long.
    pub fn interrupt(&self) -> Interrupt {
        self.vm.interrupt.clone()
    }

    /// Ends the script when its stop was requested.
    pub fn check_interrupt(&mut self) -> Result<(), Thrown> {
        if self.vm.interrupt.is_requested() {
            self.vm.terminating = true;
            return Err(Thrown(()));
        }
        Ok(())
    }

    /// State that a builtin keeps per realm, if it was set; values in it must be held as [`crate::Global`]s.
    #[inline]
    pub fn extension<T: 'static>(&self) -> Option<std::rc::Rc<T>> {
        let e = self.vm.realm.extensions.get(&std::any::TypeId::of::<T>())?.clone();
        e.downcast::<T>().ok()
    }

    /// Sets the state of this type.
    pub fn set_extension<T: 'static>(&mut self, state: T) {
        self.vm.realm.extensions.insert(std::any::TypeId::of::<T>(), std::rc::Rc::new(state));
    }

    /// The one-character string of a code unit.
    #[inline]
    pub fn str_unit(&mut self, u: u16) -> Local<'s> {
        if u < 256 {
            return Local::raw(self.vm.char_strings[usize::from(u)]);
        }
        self.str_units(&[u])
    }

    /// A fresh object like `model` (same class, same prototype as the intrinsic `proto`, same internal values 0 to 2).
    pub(crate) fn clone_literal(&mut self, model: Value, class: Class, proto: Intrinsic) -> Completion<'s> {
        let m = ObjRef::of(model);
        let p = self.intrinsic(proto);
        let o = self.new_object_of(class, p);
        for i in 0..3 {
            o.obj().set_int(i, m.int(i));
        }
        Ok(o)
    }
}
