//! Binary data: array buffers, and typed arrays and data views over them.
//!
//! An ArrayBuffer or SharedArrayBuffer object owns a [`BufferData`] as its host data. A view (classes TypedArray and DataView) has
//! internal values: 0 the buffer object, 1 the byte offset, 2 the fixed length in elements (undefined: it follows the buffer's
//! length), 3 the [`ElementType`] as an int (DataView: Uint8). Every access looks the buffer up again and is checked
//! against its current bytes, so detaching and shrinking need no bookkeeping in the views.

use crate::object::{Class, EXOTIC, HostData, ObjRef, Visitor};
use crate::property::Desc;
use crate::realm::Intrinsic;
use crate::recycle::Block;
use crate::scope::{Key, Local, Scope, Thrown};
use crate::value::{PropKey, Value};
use crate::vm::Vm;
use num_bigint::BigInt;

/// Above this many bytes making a buffer fails ("Array buffer allocation failed").
pub const MAX_BUFFER: usize = 1 << 33;

/// What the elements of a typed array are.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are JavaScript's own")]
pub enum ElementType {
    Int8,
    Uint8,
    Uint8Clamped,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Float16,
    Float32,
    Float64,
    BigInt64,
    BigUint64,
}

/// An element outside the buffer: what coercion gives and raw bytes are made from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Element {
    /// For every type but the two BigInt ones.
    Number(f64),
    /// The 64 bits of a BigInt64 or BigUint64 element.
    Big(u64),
}

impl ElementType {
    /// All of them, in the order of their numbers.
    pub const ALL: [ElementType; 12] = [
        ElementType::Int8,
        ElementType::Uint8,
        ElementType::Uint8Clamped,
        ElementType::Int16,
        ElementType::Uint16,
        ElementType::Int32,
        ElementType::Uint32,
        ElementType::Float16,
        ElementType::Float32,
        ElementType::Float64,
        ElementType::BigInt64,
        ElementType::BigUint64,
    ];

    /// Bytes per element.
    #[inline(always)]
    pub const fn size(self) -> usize {
        match self {
            ElementType::Int8 | ElementType::Uint8 | ElementType::Uint8Clamped => 1,
            ElementType::Int16 | ElementType::Uint16 | ElementType::Float16 => 2,
            ElementType::Int32 | ElementType::Uint32 | ElementType::Float32 => 4,
            ElementType::Float64 | ElementType::BigInt64 | ElementType::BigUint64 => 8,
        }
    }

    /// The constructor's name.
    pub const fn name(self) -> &'static str {
        match self {
            ElementType::Int8 => "Int8Array",
            ElementType::Uint8 => "Uint8Array",
            ElementType::Uint8Clamped => "Uint8ClampedArray",
            ElementType::Int16 => "Int16Array",
            ElementType::Uint16 => "Uint16Array",
            ElementType::Int32 => "Int32Array",
            ElementType::Uint32 => "Uint32Array",
            ElementType::Float16 => "Float16Array",
            ElementType::Float32 => "Float32Array",
            ElementType::Float64 => "Float64Array",
            ElementType::BigInt64 => "BigInt64Array",
            ElementType::BigUint64 => "BigUint64Array",
        }
    }

    /// The constructor.
    pub const fn constructor(self) -> Intrinsic {
        use Intrinsic as I;
        [
            I::Int8Array,
            I::Uint8Array,
            I::Uint8ClampedArray,
            I::Int16Array,
            I::Uint16Array,
            I::Int32Array,
            I::Uint32Array,
            I::Float16Array,
            I::Float32Array,
            I::Float64Array,
            I::BigInt64Array,
            I::BigUint64Array,
        ][self as usize]
    }

    /// The prototype of its arrays.
    pub const fn prototype(self) -> Intrinsic {
        use Intrinsic as I;
        [
            I::Int8ArrayPrototype,
            I::Uint8ArrayPrototype,
            I::Uint8ClampedArrayPrototype,
            I::Int16ArrayPrototype,
            I::Uint16ArrayPrototype,
            I::Int32ArrayPrototype,
            I::Uint32ArrayPrototype,
            I::Float16ArrayPrototype,
            I::Float32ArrayPrototype,
            I::Float64ArrayPrototype,
            I::BigInt64ArrayPrototype,
            I::BigUint64ArrayPrototype,
        ][self as usize]
    }

    /// Whether elements are BigInts.
    #[inline(always)]
    pub const fn is_bigint(self) -> bool {
        matches!(self, ElementType::BigInt64 | ElementType::BigUint64)
    }

    /// Whether elements are floating-point numbers.
    pub const fn is_float(self) -> bool {
        matches!(self, ElementType::Float16 | ElementType::Float32 | ElementType::Float64)
    }

    #[inline(always)]
    fn of(v: Value) -> ElementType {
        debug_assert!(v.is_int());
        Self::ALL[(v.as_int() as usize).min(Self::ALL.len() - 1)]
    }

    /// The element at the start of `b` (little-endian); `None` when `b` is too short.
    #[inline]
    pub fn read(self, b: &[u8]) -> Option<Element> {
        let n = match self {
            ElementType::Int8 => f64::from(*b.first()? as i8),
            ElementType::Uint8 | ElementType::Uint8Clamped => f64::from(*b.first()?),
            ElementType::Int16 => f64::from(i16::from_le_bytes(*b.first_chunk()?)),
            ElementType::Uint16 => f64::from(u16::from_le_bytes(*b.first_chunk()?)),
            ElementType::Int32 => f64::from(i32::from_le_bytes(*b.first_chunk()?)),
            ElementType::Uint32 => f64::from(u32::from_le_bytes(*b.first_chunk()?)),
            ElementType::Float16 => f16_to_f64(u16::from_le_bytes(*b.first_chunk()?)),
            ElementType::Float32 => f64::from(f32::from_le_bytes(*b.first_chunk()?)),
            ElementType::Float64 => f64::from_le_bytes(*b.first_chunk()?),
            ElementType::BigInt64 | ElementType::BigUint64 => {
                return Some(Element::Big(u64::from_le_bytes(*b.first_chunk()?)));
            }
        };
        Some(Element::Number(n))
    }

    /// The little-endian bytes of an element, of which the first [`ElementType::size`] count.
    #[inline]
    pub fn encode(self, e: Element) -> [u8; 8] {
        let mut out = [0; 8];
        let n = match e {
            Element::Big(n) => return n.to_le_bytes(),
            Element::Number(n) => n,
        };
        match self {
            ElementType::Float64 => out = n.to_le_bytes(),
            ElementType::Float32 => out[..4].copy_from_slice(&(n as f32).to_le_bytes()),
            ElementType::Float16 => out[..2].copy_from_slice(&f64_to_f16(n).to_le_bytes()),
            ElementType::Uint8Clamped => out[0] = clamp_u8(n),
            _ => out[..4].copy_from_slice(&crate::convert::f64_to_int32(n).to_le_bytes()),
        }
        out
    }

    /// Writes an element at the start of `b`; false when `b` is too short.
    #[inline]
    pub fn write(self, b: &mut [u8], e: Element) -> bool {
        let size = self.size();
        let Some(b) = b.get_mut(..size) else { return false };
        b.copy_from_slice(&self.encode(e)[..size]);
        true
    }
}

/// ToUint8Clamp: ties go to the even neighbour.
#[inline]
fn clamp_u8(n: f64) -> u8 {
    // The cast saturates and makes NaN zero.
    n.round_ties_even() as u8
}

/// The number behind the bits of an IEEE 754 binary16.
pub fn f16_to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (exp, frac) = (i32::from(bits >> 10 & 31), f64::from(bits & 0x3FF));
    match exp {
        0 => sign * frac * 2f64.powi(-24),
        31 if frac == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + frac / 1024.0) * 2f64.powi(exp - 15),
    }
}

/// The nearest binary16 (ties to even) as bits.
pub fn f64_to_f16(n: f64) -> u16 {
    let sign = if n.is_sign_negative() { 0x8000 } else { 0 };
    let a = n.abs();
    if n.is_nan() {
        return 0x7E00;
    }
    if a >= 65520.0 {
        return sign | 0x7C00;
    }
    if a < 2f64.powi(-14) {
        // Subnormal: a count of 2^-24; 1024 of them is the smallest normal number, whose bits follow on.
        return sign | (a * 2f64.powi(24)).round_ties_even() as u16;
    }
    let exp = (a.to_bits() >> 52) as i32 - 1023;
    // 1024 to 2048, exactly representable; rounding up to 2048 carries into the exponent by addition.
    let frac = (a / 2f64.powi(exp) * 1024.0).round_ties_even() as u16;
    sign | ((((exp + 15) as u16) << 10) + (frac - 1024))
}

/// The bytes of an array buffer.
#[derive(Default)]
pub struct BufferData {
    bytes: Block,
    max: Option<usize>,
    detached: bool,
    shared: bool,
}

impl BufferData {
    /// A buffer of fixed length.
    pub fn new(bytes: Vec<u8>) -> BufferData {
        BufferData { bytes: Block::new(bytes), ..BufferData::default() }
    }

    /// A resizable (or, when shared, growable) buffer that may have at most `max` bytes.
    pub fn resizable(bytes: Vec<u8>, max: usize) -> BufferData {
        BufferData { bytes: Block::new(bytes), max: Some(max), ..BufferData::default() }
    }

    /// The data of a SharedArrayBuffer.
    #[must_use]
    pub fn into_shared(mut self) -> BufferData {
        self.shared = true;
        self
    }

    /// Its bytes; none once detached.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its bytes, writable.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The largest length it can take on, if it is resizable.
    pub fn max(&self) -> Option<usize> {
        self.max
    }

    /// Whether its bytes were taken away.
    pub fn is_detached(&self) -> bool {
        self.detached
    }

    /// Whether it belongs to a SharedArrayBuffer.
    pub fn is_shared(&self) -> bool {
        self.shared
    }
}

impl HostData for BufferData {
    fn trace(&self, _: &mut Visitor<'_>) {}

    fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// Zeroed bytes, or `None` when there are too many to have.
pub fn zeroed_bytes(n: usize) -> Option<Vec<u8>> {
    if n > MAX_BUFFER {
        return None;
    }
    // vec![0; n] gets untouched zero pages but aborts when there are none: ask first.
    if n > 1 << 20 && Vec::<u8>::new().try_reserve_exact(n).is_err() {
        return None;
    }
    Some(vec![0; n])
}

/// The data of a buffer object.
#[inline(always)]
fn data<'a>(buffer: Value) -> Option<&'a BufferData> {
    crate::object::borrow(ObjRef::from(buffer)?.buffer_data()?)
}

/// The data of a buffer object, writable. Callers hold no other reference to the same data.
#[inline(always)]
fn data_mut<'a>(buffer: Value) -> Option<&'a mut BufferData> {
    crate::object::launder(ObjRef::from(buffer)?.buffer_data()?)
}

/// A count kept as a number value.
#[inline(always)]
fn count(v: Value) -> usize {
    if v.is_int() { v.as_int() as usize } else { v.num() as usize }
}

/// The byte range of a view in its buffer; `None` when it is out of bounds or its buffer is detached.
#[inline(always)]
fn range(o: ObjRef, data: &BufferData, size: usize) -> Option<std::ops::Range<usize>> {
    if data.detached {
        return None;
    }
    let from = count(o.int(1));
    let left = data.bytes.len().checked_sub(from)?;
    let fixed = o.int(2);
    // Sizes are powers of two.
    let n = if fixed.is_undefined() { left & !(size - 1) } else { count(fixed) * size };
    (n <= left).then_some(from..from + n)
}

/// The current bytes of a typed array or data view.
#[inline(always)]
fn bytes<'a>(o: ObjRef) -> Option<(&'a [u8], ElementType)> {
    let ty = ElementType::of(o.int(3));
    let d = data(o.int(0))?;
    Some((&d.bytes[range(o, d, ty.size())?], ty))
}

/// As `bytes`, writable.
#[inline(always)]
fn bytes_mut<'a>(o: ObjRef) -> Option<(&'a mut [u8], ElementType)> {
    let ty = ElementType::of(o.int(3));
    let d = data_mut(o.int(0))?;
    let r = range(o, d, ty.size())?;
    Some((&mut d.bytes[r], ty))
}

/// Element `i` of a typed array that holds numbers.
#[inline]
pub(crate) fn typed_get_fast(o: ObjRef, i: usize) -> Option<Value> {
    let (b, ty) = bytes(o)?;
    Some(match ty {
        ElementType::Uint8 | ElementType::Uint8Clamped => Value::int(i32::from(*b.get(i)?)),
        ElementType::Int8 => Value::int(i32::from(*b.get(i)? as i8)),
        ElementType::Int16 => Value::int(i32::from(i16::from_le_bytes(chunk(b, i)?))),
        ElementType::Uint16 => Value::int(i32::from(u16::from_le_bytes(chunk(b, i)?))),
        ElementType::Int32 => Value::int(i32::from_le_bytes(chunk(b, i)?)),
        ElementType::Uint32 => Value::number(f64::from(u32::from_le_bytes(chunk(b, i)?))),
        ElementType::Float16 => Value::number(f16_to_f64(u16::from_le_bytes(chunk(b, i)?))),
        ElementType::Float32 => Value::number(f64::from(f32::from_le_bytes(chunk(b, i)?))),
        ElementType::Float64 => Value::number(f64::from_le_bytes(chunk(b, i)?)),
        ElementType::BigInt64 | ElementType::BigUint64 => return None,
    })
}

/// Stores a number in element `i` of a typed array that holds numbers; false: take the long way.
#[inline]
pub(crate) fn typed_put_fast(o: ObjRef, i: usize, v: Value) -> bool {
    let Some((b, ty)) = bytes_mut(o) else { return false };
    let n = if v.is_int() {
        v.as_int()
    } else if v.is_double() {
        if ty.is_float() || ty == ElementType::Uint8Clamped {
            0
        } else {
            crate::convert::f64_to_int32(v.as_double())
        }
    } else {
        return false;
    };
    match ty {
        ElementType::Int8 | ElementType::Uint8 => put(b, i, [n as u8]),
        ElementType::Int16 | ElementType::Uint16 => put(b, i, (n as u16).to_le_bytes()),
        ElementType::Int32 | ElementType::Uint32 => put(b, i, n.to_le_bytes()),
        ElementType::Float64 => put(b, i, v.num().to_le_bytes()),
        ElementType::Float32 => put(b, i, (v.num() as f32).to_le_bytes()),
        ElementType::Float16 => put(b, i, f64_to_f16(v.num()).to_le_bytes()),
        ElementType::Uint8Clamped => put(b, i, [clamp_u8(v.num())]),
        ElementType::BigInt64 | ElementType::BigUint64 => false,
    }
}

#[inline(always)]
fn chunk<const N: usize>(b: &[u8], i: usize) -> Option<[u8; N]> {
    b.get(i.checked_mul(N)?..)?.first_chunk().copied()
}

#[inline(always)]
fn put<const N: usize>(b: &mut [u8], i: usize, bytes: [u8; N]) -> bool {
    let Some(to) = i.checked_mul(N).and_then(|at| b.get_mut(at..)).and_then(|b| b.first_chunk_mut()) else {
        return false;
    };
    *to = bytes;
    true
}

impl Vm {
    /// Element `i` of a typed array; `None` out of range.
    pub(crate) fn typed_get(&mut self, o: ObjRef, i: usize) -> Option<Value> {
        let (b, ty) = bytes(o)?;
        let e = ty.read(b.get(i.checked_mul(ty.size())?..)?)?;
        Some(self.element_value(ty, e))
    }

    fn element_value(&mut self, ty: ElementType, e: Element) -> Value {
        match e {
            Element::Number(n) => Value::number(n),
            Element::Big(n) if ty == ElementType::BigInt64 => self.alloc_bigint(BigInt::from(n as i64)),
            Element::Big(n) => self.alloc_bigint(BigInt::from(n)),
        }
    }

    /// Number of elements; `None` when out of bounds or detached.
    pub(crate) fn typed_length(&self, o: ObjRef) -> Option<usize> {
        let (b, ty) = bytes(o)?;
        Some(b.len() / ty.size())
    }

    /// IsTypedArrayFixedLength.
    pub(crate) fn typed_is_fixed_length(&self, o: ObjRef) -> bool {
        !o.int(2).is_undefined() && data(o.int(0)).is_none_or(|d| d.max.is_none() || d.shared)
    }

    /// The element index a key stands for: `None` not a canonical numeric string, `Some(None)` one that no element has.
    fn numeric_index(&mut self, key: PropKey) -> Option<Option<usize>> {
        match key.as_index() {
            Some(i) => Some(Some(i as usize)),
            None if key.is_string() && self.is_canonical_numeric(key) => {
                let n = crate::convert::string_to_number(self.chars_of(key.0));
                let integral =
                    n.fract() == 0.0 && n >= 0.0 && n.is_sign_positive() && n < 9_007_199_254_740_992.0;
                Some(integral.then_some(n as usize))
            }
            None => None,
        }
    }

    fn is_valid_index(&self, o: ObjRef, i: Option<usize>) -> bool {
        i.is_some_and(|i| self.typed_length(o).is_some_and(|n| i < n))
    }
}

/// The low 64 bits of a BigInt, two's complement.
pub fn bigint_bits(n: &BigInt) -> u64 {
    let low = n.magnitude().iter_u64_digits().next().unwrap_or(0);
    if n.sign() == num_bigint::Sign::Minus { low.wrapping_neg() } else { low }
}

/// A view as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewInfo {
    /// The element type (Uint8 for a DataView).
    pub ty: ElementType,
    /// Where it begins in the buffer, in bytes.
    pub offset: usize,
    /// Elements (DataView: bytes); `None` when out of bounds or detached.
    pub length: Option<usize>,
    /// Whether its length follows the buffer's.
    pub tracking: bool,
}

impl<'s> Scope<'s> {
    /// The typed array's part of `[[DefineOwnProperty]]`; `None`: the key is no number.
    pub(crate) fn typed_define(
        &mut self,
        o: Local<'s>,
        key: Key<'s>,
        d: &Desc<'s>,
    ) -> Result<Option<bool>, Thrown> {
        let Some(i) = self.vm.numeric_index(key.k) else { return Ok(None) };
        let refused = d.configurable == Some(false) || d.enumerable == Some(false) || d.is_accessor();
        if !self.vm.is_valid_index(o.obj(), i) || refused || d.writable == Some(false) {
            return Ok(Some(false));
        }
        if let (Some(v), Some(i)) = (d.value, i) {
            self.typed_put(o, i, v)?;
        }
        Ok(Some(true))
    }

    /// The typed array's part of `[[Set]]`; `None`: go on as for an ordinary object.
    pub(crate) fn typed_set_property(
        &mut self,
        r: ObjRef,
        key: Key<'s>,
        v: Local<'s>,
        receiver: Local<'s>,
    ) -> Result<Option<bool>, Thrown> {
        let Some(i) = self.vm.numeric_index(key.k) else { return Ok(None) };
        if r.value() == receiver.v {
            // The conversion's effects happen even where no element is.
            self.typed_put(receiver, i.unwrap_or(usize::MAX), v)?;
            return Ok(Some(true));
        }
        Ok(if self.vm.is_valid_index(r, i) { None } else { Some(true) })
    }

    // ---- elements ----

    /// TypedArraySetElement: converts, then stores if there is such an element by then.
    pub fn typed_put(&mut self, o: Local<'s>, i: usize, v: Local<'s>) -> Result<(), Thrown> {
        if typed_put_fast(o.obj(), i, v.v) {
            return Ok(());
        }
        let ty = ElementType::of(o.obj().int(3));
        let e = self.to_element(ty, v)?;
        self.typed_store(o, i, e);
        Ok(())
    }

    /// Converts a value to what an array of this type holds (ToNumber or ToBigInt).
    pub fn to_element(&mut self, ty: ElementType, v: Local<'s>) -> Result<Element, Thrown> {
        if ty.is_bigint() {
            let n = self.to_bigint(v)?;
            return Ok(Element::Big(bigint_bits(&n)));
        }
        Ok(Element::Number(self.to_number(v)?))
    }

    /// An element as a value.
    pub fn element(&mut self, ty: ElementType, e: Element) -> Local<'s> {
        let v = self.vm.element_value(ty, e);
        self.root(v)
    }

    /// Element `i` of a typed array, or undefined.
    #[inline]
    pub fn typed_at(&mut self, o: Local<'s>, i: usize) -> Local<'s> {
        if let Some(v) = typed_get_fast(o.obj(), i) {
            return Local::raw(v);
        }
        let v = self.vm.typed_get(o.obj(), i).unwrap_or(Value::UNDEFINED);
        self.root(v)
    }

    /// Stores a converted element; nothing happens where there is none.
    pub fn typed_store(&mut self, o: Local<'_>, i: usize, e: Element) {
        let Some((b, ty)) = bytes_mut(o.obj()) else { return };
        if let Some(to) = i.checked_mul(ty.size()).and_then(|at| b.get_mut(at..)) {
            ty.write(to, e);
        }
    }

    /// Number of elements of a typed array; `None` for other values, and when out of bounds or detached.
    pub fn typed_len(&self, o: Local<'_>) -> Option<usize> {
        if !o.is_class(Class::TypedArray) {
            return None;
        }
        self.vm.typed_length(o.obj())
    }

    /// The element type of a typed array; `None` for other values.
    pub fn typed_element_type(&self, o: Local<'_>) -> Option<ElementType> {
        o.is_class(Class::TypedArray).then(|| ElementType::of(o.obj().int(3)))
    }

    // ---- views ----

    /// Facts about a typed array or data view; `None` for other values.
    pub fn view_info(&self, o: Local<'_>) -> Option<ViewInfo> {
        let r = ObjRef::from(o.v).filter(|r| matches!(r.class(), Class::TypedArray | Class::DataView))?;
        if !r.int(3).is_int() {
            return None;
        }
        let ty = ElementType::of(r.int(3));
        Some(ViewInfo {
            ty,
            offset: r.int(1).num() as usize,
            length: bytes(r).map(|(b, _)| b.len() / ty.size()),
            tracking: r.int(2).is_undefined(),
        })
    }

    /// The buffer object of a typed array or data view.
    pub fn view_buffer(&mut self, o: Local<'s>) -> Local<'s> {
        let b = o.obj().int(0);
        self.root(b)
    }

    /// The bytes a typed array or data view covers; `None` for other values, and when out of bounds or detached.
    pub fn view_bytes(&self, o: Local<'_>) -> Option<&[u8]> {
        self.view_info(o)?;
        bytes(o.obj()).map(|(b, _)| b)
    }

    /// As `view_bytes`, writable.
    pub fn view_bytes_mut(&mut self, o: Local<'_>) -> Option<&mut [u8]> {
        self.view_info(o)?;
        bytes_mut(o.obj()).map(|(b, _)| b)
    }

    /// A typed array over `buffer` from byte `offset`, `length` elements long (`None`: as long as the buffer is at any time).
    /// `proto` undefined stands for the type's own prototype. Offset and length are the caller's to check.
    pub fn new_typed_array(
        &mut self,
        buffer: Local<'s>,
        ty: ElementType,
        offset: usize,
        length: Option<usize>,
        proto: Local<'s>,
    ) -> Local<'s> {
        let proto = if proto.is_undefined() { self.intrinsic(ty.prototype()) } else { proto };
        let o = self.new_object_of(Class::TypedArray, proto);
        init_view(o.obj(), buffer.v, ty, offset, length);
        o.obj().set_flag(EXOTIC);
        o
    }

    /// A data view over `buffer`, as `new_typed_array`; lengths are in bytes.
    pub fn new_data_view(
        &mut self,
        buffer: Local<'s>,
        offset: usize,
        length: Option<usize>,
        proto: Local<'s>,
    ) -> Local<'s> {
        let o = self.new_object_of(Class::DataView, proto);
        init_view(o.obj(), buffer.v, ElementType::Uint8, offset, length);
        o
    }

    /// A Uint8Array over a new buffer with these bytes.
    pub fn new_uint8_array(&mut self, bytes: Vec<u8>) -> Local<'s> {
        let n = bytes.len();
        let b = self.new_array_buffer(bytes);
        let u = self.undefined();
        self.new_typed_array(b, ElementType::Uint8, 0, Some(n), u)
    }

    // ---- buffers ----

    /// Blocks through the host, as `Atomics.wait` does. An interrupt takes effect at the next safepoint.
    pub fn block_ms(&mut self, ms: f64) {
        if let Some(h) = self.vm.host.clone() {
            h.block_ms(ms);
        }
    }

    /// An ArrayBuffer that owns these bytes.
    pub fn new_array_buffer(&mut self, bytes: Vec<u8>) -> Local<'s> {
        let proto = self.intrinsic(Intrinsic::ArrayBufferPrototype);
        self.new_buffer_object(BufferData::new(bytes), proto)
    }

    /// A buffer object with this prototype; a SharedArrayBuffer if the data says so.
    pub fn new_buffer_object(&mut self, data: BufferData, proto: Local<'s>) -> Local<'s> {
        let class = if data.shared { Class::SharedArrayBuffer } else { Class::ArrayBuffer };
        let o = self.new_object_of(class, proto);
        o.obj().set_host(&mut self.vm.heap, Box::new(data));
        o
    }

    /// The data of an ArrayBuffer or SharedArrayBuffer object; `None` for other values.
    pub fn buffer(&self, o: Local<'_>) -> Option<&BufferData> {
        data(o.v)
    }

    /// The bytes of a buffer object; `None` for other values and when detached.
    pub fn buffer_bytes(&self, o: Local<'_>) -> Option<&[u8]> {
        data(o.v).filter(|d| !d.detached).map(BufferData::bytes)
    }

    /// As `buffer_bytes`, writable.
    pub fn buffer_bytes_mut(&mut self, o: Local<'_>) -> Option<&mut [u8]> {
        data_mut(o.v).filter(|d| !d.detached).map(BufferData::bytes_mut)
    }

    /// Takes a buffer's bytes away and leaves it detached. `None` for other values, shared and already detached buffers.
    pub fn detach_buffer(&mut self, o: Local<'_>) -> Option<Vec<u8>> {
        let d = data_mut(o.v).filter(|d| !d.detached && !d.shared)?;
        d.detached = true;
        let bytes = std::mem::take(&mut d.bytes).into_bytes();
        self.vm.heap.external(-(bytes.len() as isize));
        Some(bytes)
    }

    /// Changes the length of a resizable buffer, zero-filled; false when it is not resizable that far or there is no memory.
    pub fn resize_buffer(&mut self, o: Local<'_>, n: usize) -> bool {
        let Some(d) = data_mut(o.v) else { return false };
        if d.detached || d.max.is_none_or(|max| n > max) {
            return false;
        }
        let old = d.bytes.len();
        if n > old && d.bytes.try_reserve(n - old).is_err() {
            return false;
        }
        d.bytes.resize(n, 0);
        self.vm.heap.external(n as isize - old as isize);
        true
    }

    /// Copies bytes between buffers, which may be the same. False (and nothing copied) when a range is not there.
    pub fn copy_buffer_bytes(
        &mut self,
        from: Local<'_>,
        at: usize,
        to: Local<'_>,
        to_at: usize,
        n: usize,
    ) -> bool {
        let (Some(end), Some(to_end)) = (at.checked_add(n), to_at.checked_add(n)) else { return false };
        if from.is_identical(to) {
            let Some(d) = data_mut(to.v).filter(|d| d.bytes.len() >= end.max(to_end)) else { return false };
            d.bytes.copy_within(at..end, to_at);
            return true;
        }
        let Some(src) = data(from.v).and_then(|d| d.bytes.get(at..end)) else { return false };
        let Some(dst) = data_mut(to.v).and_then(|d| d.bytes.get_mut(to_at..to_end)) else { return false };
        dst.copy_from_slice(src);
        true
    }
}

fn init_view(o: ObjRef, buffer: Value, ty: ElementType, offset: usize, length: Option<usize>) {
    o.set_int(0, buffer);
    o.set_int(1, Value::number(offset as f64));
    o.set_int(2, length.map_or(Value::UNDEFINED, |n| Value::number(n as f64)));
    o.set_int(3, Value::int(ty as i32));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "sixty thousand numbers")]
    fn half_floats_round_trip_and_round_to_even() {
        for bits in (0..=u16::MAX).filter(|b| b & 0x7C00 != 0x7C00 || b & 0x3FF == 0) {
            assert_eq!(f64_to_f16(f16_to_f64(bits)), bits, "{bits:#x}");
        }
        assert_eq!(f64_to_f16(65519.99), 0x7BFF);
        assert_eq!(f64_to_f16(65520.0), 0x7C00);
        assert_eq!(f64_to_f16(1.0 + 1.0 / 2048.0), 0x3C00);
        assert_eq!(f64_to_f16(1.0 + 3.0 / 2048.0), 0x3C02);
        assert_eq!(f64_to_f16(2f64.powi(-25)), 0);
        assert_eq!(f64_to_f16(2f64.powi(-25) * 1.000001), 1);
    }

    #[test]
    fn elements_are_encoded_as_the_specification_says() {
        let enc = |ty: ElementType, n: f64| ty.encode(Element::Number(n));
        assert_eq!(enc(ElementType::Uint8Clamped, 0.5)[0], 0);
        assert_eq!(enc(ElementType::Uint8Clamped, 1.5)[0], 2);
        assert_eq!(enc(ElementType::Uint8Clamped, 300.0)[0], 255);
        assert_eq!(enc(ElementType::Uint8Clamped, f64::NAN)[0], 0);
        assert_eq!(enc(ElementType::Int8, 257.9)[0], 1);
        assert_eq!(enc(ElementType::Uint32, -1.0)[..4], [255; 4]);
        assert_eq!(bigint_bits(&BigInt::from(-1)), u64::MAX);
        assert_eq!(bigint_bits(&(BigInt::from(1u8) << 64)), 0);
    }
}
