//! Whole-array operations on dense elements: what Array.prototype's fast paths are made of.
//!
//! A *fast* array is an array object with dense storage whose prototypes have no elements of their own: reading any index runs no
//! code, and holes read as undefined. A *fluid* one may also be changed at will: extensible, not sealed, not frozen, length
//! writable. The bulk operations below ask for one of the two, and none of them runs JavaScript.

use crate::object::{Class, ELEMS_FROZEN, ELEMS_SEALED, EXOTIC, NOT_EXTENSIBLE, ObjRef, SPARSE};
use crate::realm::Intrinsic;
use crate::scope::{Local, Scope};
use crate::shape::ACCESSOR;
use crate::string::Chars;
use crate::value::Value;
use crate::vm::{Vm, accessor};
use std::cmp::Ordering;

/// The most elements a fast path puts into one dense array (1 GiB of storage); beyond it the general way has to do.
pub(crate) const MAX_DENSE: u32 = 1 << 27;

impl Vm {
    /// See the module: reads run no code.
    #[inline]
    pub(crate) fn is_fast_array(&self, v: Value) -> bool {
        let Some(o) = ObjRef::from(v) else { return false };
        if !o.is(Class::Array) || o.has_flag(SPARSE) {
            return false;
        }
        let mut p = o.proto();
        while let Some(x) = p {
            if x.elem_len() != 0 || x.has_flag(SPARSE | EXOTIC) {
                return false;
            }
            p = x.proto();
        }
        true
    }

    #[inline]
    pub(crate) fn is_fluid(&self, v: Value) -> bool {
        self.is_fast_array(v) && !ObjRef::of(v).has_flag(NOT_EXTENSIBLE | ELEMS_SEALED | ELEMS_FROZEN)
    }

    /// Whether ArraySpeciesCreate on this array gives a plain array: nobody touched `constructor` or `Symbol.species`.
    fn has_default_species(&self, o: ObjRef) -> bool {
        let ap = self.realm.get(Intrinsic::ArrayPrototype);
        if o.proto() != ObjRef::from(ap) || o.shape().count() != 0 {
            return false;
        }
        let ctor = self.realm.get(Intrinsic::Array);
        let Some(c) = ObjRef::from(ctor) else { return false };
        ObjRef::of(ap).find(self.atoms.constructor.0).is_some_and(|f| f.value == ctor)
            && c.find(self.atoms.sym_species.0).is_some_and(|f| {
                f.attrs & ACCESSOR != 0
                    && accessor(f.value).0 == self.realm.get(Intrinsic::ArraySpeciesGetter)
            })
    }

    /// A plain array of these values (holes included).
    pub(crate) fn array_from_raw(&mut self, values: &[Value]) -> ObjRef {
        let a = self.alloc_array(values.len() as u32);
        a.set_elem_len(&mut self.heap, values.len() as u32);
        a.elems_mut().copy_from_slice(values);
        a
    }
}

impl<'s> Scope<'s> {
    /// The first index from `i` on, below `n`, at which an array-like may have an element. Holes are only passed over where
    /// nothing can be seen in them: in ordinary objects whose prototypes have no elements. Gives `i` for others.
    pub fn next_present(&self, o: Local<'_>, i: u64, n: u64) -> u64 {
        let (Ok(from), true) = (u32::try_from(i), holes_are_empty(o.obj())) else { return i };
        let r = o.obj();
        let next = match r.has_flag(SPARSE) {
            true => r.sparse().map.range(from..).next().map(|(&k, _)| k),
            false => (from..r.elem_len()).find(|&k| !r.elem(k).is_hole()),
        };
        next.map_or(n, |k| u64::from(k).min(n))
    }

    /// As `next_present`, downwards: one past the last index below `i` at which there may be an element, or 0.
    pub fn previous_present(&self, o: Local<'_>, i: u64) -> u64 {
        let r = o.obj();
        let Some(to) = u32::try_from(i).ok().filter(|_| holes_are_empty(r)) else { return i };
        let last = match r.has_flag(SPARSE) {
            true => r.sparse().map.range(..to).next_back().map(|(&k, _)| k),
            false => (0..to.min(r.elem_len())).rev().find(|&k| !r.elem(k).is_hole()),
        };
        last.map_or(0, |k| u64::from(k) + 1)
    }

    /// A dense array without surprises: reading any index runs no code, and holes read as undefined.
    #[inline]
    pub fn is_fast_array(&self, a: Local<'_>) -> bool {
        self.vm.is_fast_array(a.v)
    }

    /// A fast array that may be changed at will.
    #[inline]
    pub fn is_fluid_array(&self, a: Local<'_>) -> bool {
        self.vm.is_fluid(a.v)
    }

    /// A fast array from which species-aware methods make plain arrays.
    pub fn is_species_fast_array(&self, a: Local<'_>) -> bool {
        self.vm.is_fast_array(a.v) && self.vm.has_default_species(a.obj())
    }

    /// Element `i` of a fast array; undefined for holes and out of range. A hole is told by [`Scope::fast_has`].
    #[inline]
    pub fn fast_get(&mut self, a: Local<'_>, i: u32) -> Local<'s> {
        let o = a.obj();
        if o.has_flag(SPARSE) || i >= o.elem_len() {
            return Local::raw(Value::UNDEFINED);
        }
        match o.elem(i) {
            v if v.is_hole() => Local::raw(Value::UNDEFINED),
            v => self.root(v),
        }
    }

    /// Whether a fast array has its element `i`.
    #[inline]
    pub fn fast_has(&self, a: Local<'_>, i: u32) -> bool {
        let o = a.obj();
        !o.has_flag(SPARSE) && i < o.elem_len() && !o.elem(i).is_hole()
    }

    /// A new array of `n` holes; dense up to a size, sparse beyond.
    pub fn new_array_with_length(&mut self, n: u32) -> Local<'s> {
        let a = self.vm.alloc_array(0);
        self.vm.array_resize(a, n);
        self.root(a.value())
    }

    /// A new plain array that holds `from..to` of a fast array, holes included. `to` is within its length.
    pub fn fast_slice(&mut self, a: Local<'_>, from: u32, to: u32) -> Local<'s> {
        let o = a.obj();
        let r = self.vm.alloc_array(to - from);
        r.set_elem_len(&mut self.vm.heap, to - from);
        r.elems_mut().copy_from_slice(&o.elems()[from as usize..to as usize]);
        self.root(r.value())
    }

    /// Appends `from..to` of the fast array `src` to the fluid array `dst`, holes included; false when that were too many.
    pub fn fast_append(&mut self, dst: Local<'_>, src: Local<'_>, from: u32, to: u32) -> bool {
        let (d, o) = (dst.obj(), src.obj());
        let old = d.elem_len();
        if u64::from(old) + u64::from(to - from) > u64::from(MAX_DENSE) {
            return false;
        }
        d.set_elem_len(&mut self.vm.heap, old + (to - from));
        if d == o {
            d.elems_mut().copy_within(from as usize..to as usize, old as usize);
        } else {
            d.elems_mut()[old as usize..].copy_from_slice(&o.elems()[from as usize..to as usize]);
        }
        true
    }

    /// Turns holes of a fluid array into undefined.
    pub fn fast_fill_holes(&mut self, a: Local<'_>) {
        for v in a.obj().elems_mut() {
            if v.is_hole() {
                *v = Value::UNDEFINED;
            }
        }
    }

    /// Replaces `remove` elements at `at` of a fluid array by `items`; false when it would get too long.
    pub fn fast_splice(&mut self, a: Local<'_>, at: u32, remove: u32, items: &[Local<'_>]) -> bool {
        let o = a.obj();
        let (at, remove, old) = (at as usize, remove as usize, o.elem_len() as usize);
        let new = old - remove + items.len();
        if new > MAX_DENSE as usize {
            return false;
        }
        if new > old {
            // Grow by half, as pushing does: unshift in a loop must not copy everything each time.
            if new > o.elem_capacity() as usize {
                o.reserve_elems(&mut self.vm.heap, (new + new / 2) as u32);
            }
            o.set_elem_len(&mut self.vm.heap, new as u32);
        }
        let e = o.elems_mut();
        e.copy_within(at + remove..old, at + items.len());
        for (slot, l) in e[at..].iter_mut().zip(items) {
            *slot = l.v;
        }
        if new < old {
            o.set_elem_len(&mut self.vm.heap, new as u32);
        }
        true
    }

    /// Appends to a fluid array; false when it would get too long.
    #[inline]
    pub fn fast_push(&mut self, a: Local<'_>, v: Local<'_>) -> bool {
        if a.obj().elem_len() >= MAX_DENSE {
            return false;
        }
        a.obj().push_elem(&mut self.vm.heap, v.v);
        true
    }

    /// Takes the last element of a fluid array; undefined when it is empty or a hole.
    #[inline]
    pub fn fast_pop(&mut self, a: Local<'_>) -> Local<'s> {
        let n = a.obj().elem_len();
        if n == 0 {
            return Local::raw(Value::UNDEFINED);
        }
        let v = self.fast_get(a, n - 1);
        a.obj().set_elem_len(&mut self.vm.heap, n - 1);
        v
    }

    /// Overwrites `from..to` of a fluid array.
    pub fn fast_fill(&mut self, a: Local<'_>, from: u32, to: u32, v: Local<'_>) {
        a.obj().elems_mut()[from as usize..to as usize].fill(v.v);
    }

    /// Reverses a fluid array; holes move along.
    pub fn fast_reverse(&mut self, a: Local<'_>) {
        a.obj().elems_mut().reverse();
    }

    /// Copies `from..from + count` of a fluid array over what starts at `to`, as if through a buffer.
    pub fn fast_copy_within(&mut self, a: Local<'_>, to: u32, from: u32, count: u32) {
        let (to, from, count) = (to as usize, from as usize, count as usize);
        a.obj().elems_mut().copy_within(from..from + count, to);
    }

    /// Where a fast array first has `v` at or behind `from`, by IsStrictlyEqual.
    pub fn fast_index_of(&mut self, a: Local<'_>, v: Local<'_>, from: u32) -> Option<u32> {
        let o = a.obj();
        let e = o.elems().get(from as usize..)?;
        let x = v.v;
        let i = if is_by_bits(x) {
            e.iter().position(|&y| y == x)?
        } else if x.is_number() {
            let d = x.num();
            e.iter().position(|&y| y.is_number() && y.num() == d)?
        } else {
            e.iter().position(|&y| self.vm.strict_equals(x, y))?
        };
        Some(i as u32 + from)
    }

    /// Where a fast array last has `v` at or before `from`, by IsStrictlyEqual.
    pub fn fast_last_index_of(&mut self, a: Local<'_>, v: Local<'_>, from: u32) -> Option<u32> {
        let o = a.obj();
        let e = o.elems();
        let e = &e[..e.len().min(from as usize + 1)];
        e.iter().rposition(|&y| !y.is_hole() && self.vm.strict_equals(v.v, y)).map(|i| i as u32)
    }

    /// Whether a fast array has `v` at or behind `from`, by SameValueZero; holes count as undefined.
    pub fn fast_includes(&mut self, a: Local<'_>, v: Local<'_>, from: u32) -> bool {
        if v.v.is_undefined() {
            let e = a.obj();
            return e.elems().iter().skip(from as usize).any(|y| y.is_undefined() || y.is_hole());
        }
        if v.v.is_double() && v.v.as_double().is_nan() {
            let e = a.obj();
            return e.elems().iter().skip(from as usize).any(|y| y.is_double() && y.as_double().is_nan());
        }
        self.fast_index_of(a, v, from).is_some()
    }

    /// Whether every element of a fast array is there.
    pub fn fast_is_packed(&self, a: Local<'_>) -> bool {
        !a.obj().elems().iter().any(|v| v.is_hole())
    }

    /// The characters of an array of strings, ints and nullish values, joined; `None` when something else is in it or the
    /// result is too long.
    pub fn fast_join(&mut self, a: Local<'_>, sep: Local<'_>) -> Option<Local<'s>> {
        let o = a.obj();
        let e = o.elems();
        let sep = self.vm.chars_of(sep.v);
        let mut units = sep.len().checked_mul(e.len().saturating_sub(1))?;
        let mut wide = matches!(sep, Chars::Utf16(_)) && e.len() > 1;
        for &v in e {
            if v.is_string() {
                units += Vm::string_len(v);
                wide |= matches!(self.vm.chars_of(v), Chars::Utf16(_));
            } else if v.is_int() {
                units += 11;
            } else if !v.is_nullish() && !v.is_hole() {
                return None;
            }
            if units > crate::string::MAX_LENGTH {
                return None;
            }
        }
        let v = if wide {
            let mut out: Vec<u16> = Vec::with_capacity(units);
            self.join_into(e, sep, &mut |c| match c {
                Chars::Latin1(b) => out.extend(b.iter().map(|&b| u16::from(b))),
                Chars::Utf16(u) => out.extend_from_slice(u),
            });
            self.vm.str_units(&out)
        } else {
            let mut out: Vec<u8> = Vec::with_capacity(units);
            self.join_into(e, sep, &mut |c| {
                if let Chars::Latin1(b) = c {
                    out.extend_from_slice(b);
                }
            });
            self.vm.str_latin1(&out)
        };
        Some(self.root(v))
    }

    fn join_into(&mut self, e: &[Value], sep: Chars<'_>, put: &mut dyn FnMut(Chars<'_>)) {
        let mut buf = [0u8; 11];
        for (i, &v) in e.iter().enumerate() {
            if i > 0 {
                put(sep);
            }
            if v.is_string() {
                put(self.vm.chars_of(v));
            } else if v.is_int() {
                put(Chars::Latin1(int_text(v.as_int(), &mut buf)));
            }
        }
    }

    /// The elements of a fast array, sorted by their string forms; `None` when something is in it whose string form can run
    /// code. Undefined stands at the end; holes are left out.
    pub fn fast_sort_default(&mut self, a: Local<'_>) -> Option<SortKeys> {
        let o = a.obj();
        let e = o.elems();
        let mut ints: Vec<(u128, Value)> = Vec::new();
        let mut texts: Vec<(u64, Value)> = Vec::new();
        let (mut undefined, mut all_int) = (0, true);
        for &v in e {
            if v.is_hole() {
                continue;
            }
            if v.is_undefined() {
                undefined += 1;
            } else if v.is_int() {
                ints.push((int_sort_key(v.as_int()), v));
            } else if v.is_string() {
                all_int = false;
                texts.push((prefix(self.vm.chars_of(v)), v));
            } else {
                return None;
            }
        }
        let mut out: Vec<Value> = if all_int {
            ints.sort_unstable_by_key(|p| p.0);
            ints.into_iter().map(|p| p.1).collect()
        } else if ints.is_empty() {
            texts.sort_by(|x, y| {
                x.0.cmp(&y.0).then_with(|| self.vm.chars_of(x.1).compare(self.vm.chars_of(y.1)))
            });
            texts.into_iter().map(|p| p.1).collect()
        } else {
            return None;
        };
        out.resize(out.len() + undefined, Value::UNDEFINED);
        Some(SortKeys(out))
    }

    /// Elements for sorting, from a fast array: all but holes and undefined, and how many were undefined.
    pub fn fast_sort_input(&mut self, a: Local<'_>) -> (SortKeys, usize) {
        let o = a.obj();
        let e = o.elems();
        let values: Vec<Value> = e.iter().copied().filter(|v| !v.is_hole() && !v.is_undefined()).collect();
        let undefined = e.iter().filter(|v| v.is_undefined()).count();
        (SortKeys(values), undefined)
    }

    /// An array that holds what is to be sorted: it keeps the values alive while a comparison function runs.
    pub fn sort_keys_array(&mut self, k: &SortKeys) -> Local<'s> {
        let a = self.vm.array_from_raw(&k.0);
        self.root(a.value())
    }

    /// The order of two string values by code units.
    pub fn compare_strings(&mut self, a: Local<'_>, b: Local<'_>) -> Ordering {
        self.vm.chars_of(a.v).compare(self.vm.chars_of(b.v))
    }

    /// Appends values that are rooted elsewhere to a fluid array.
    pub fn fast_extend(&mut self, a: Local<'_>, values: &[Value]) {
        let o = a.obj();
        let old = o.elem_len() as usize;
        o.set_elem_len(&mut self.vm.heap, (old + values.len()) as u32);
        o.elems_mut()[old..].copy_from_slice(values);
    }

    /// Writes a fluid array over with these values; false when it does not have as many elements.
    pub fn fast_store(&mut self, a: Local<'_>, values: &[Value]) -> bool {
        let o = a.obj();
        if o.elem_len() as usize != values.len() {
            return false;
        }
        o.elems_mut().copy_from_slice(values);
        true
    }
}

/// What an array iterator gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArrayIterKind {
    /// Indices.
    Keys = 0,
    /// Elements.
    Values = 1,
    /// `[index, element]`.
    Entries = 2,
}

// Internal values of an array iterator: the array (undefined once it has ended), the next index, the kind, and the intrinsic
// `next` as the mark of its kind among objects of class Iterator.
const TARGET: usize = 0;
const INDEX: usize = 1;
const KIND: usize = 2;
const MARK: usize = 3;

impl Vm {
    fn array_iter(&self, it: Value) -> Option<ObjRef> {
        let next = self.realm.get(Intrinsic::ArrayIteratorNext);
        ObjRef::from(it).filter(|o| o.is(Class::Iterator) && o.int(MARK) == next && next.is_object())
    }

    /// A step of an array iterator over a fast array whose `next` is the intrinsic one; `None`: it has to be called.
    pub(crate) fn array_iter_fast(&mut self, it: Value, next: Value) -> Option<Option<Value>> {
        if next != self.realm.get(Intrinsic::ArrayIteratorNext) {
            return None;
        }
        let o = self.array_iter(it)?;
        let target = o.int(TARGET);
        if target.is_undefined() {
            return Some(None);
        }
        if !self.is_fast_array(target) {
            return None;
        }
        let (a, i) = (ObjRef::of(target), o.int(INDEX).num());
        if i >= f64::from(a.elem_len()) {
            o.set_int(TARGET, Value::UNDEFINED);
            return Some(None);
        }
        o.set_int(INDEX, Value::number(i + 1.0));
        let index = Value::number(i);
        let v = match a.elem(i as u32) {
            v if v.is_hole() => Value::UNDEFINED,
            v => v,
        };
        Some(Some(match o.int(KIND).as_int() {
            0 => index,
            1 => v,
            _ => self.array_from_raw(&[index, v]).value(),
        }))
    }
}

impl<'s> Scope<'s> {
    /// CreateArrayIterator.
    pub fn new_array_iterator(&mut self, target: Local<'_>, kind: ArrayIterKind) -> Local<'s> {
        let proto = self.intrinsic(Intrinsic::ArrayIteratorPrototype);
        let o = self.new_object_of(Class::Iterator, proto);
        o.obj().set_int(TARGET, target.v);
        o.obj().set_int(INDEX, Value::int(0));
        o.obj().set_int(KIND, Value::int(kind as i32));
        o.obj().set_int(MARK, self.vm.realm.get(Intrinsic::ArrayIteratorNext));
        o
    }

    /// The state of an array iterator: target (undefined once it has ended), next index, kind. `None` for other values.
    pub fn array_iterator_state(&mut self, it: Local<'_>) -> Option<(Local<'s>, u64, ArrayIterKind)> {
        let o = self.vm.array_iter(it.v)?;
        let kind = match o.int(KIND).as_int() {
            0 => ArrayIterKind::Keys,
            1 => ArrayIterKind::Values,
            _ => ArrayIterKind::Entries,
        };
        Some((self.root(o.int(TARGET)), o.int(INDEX).num() as u64, kind))
    }

    /// Moves an array iterator to an index, or ends it.
    pub fn array_iterator_move(&mut self, it: Local<'_>, to: Option<u64>) {
        let Some(o) = self.vm.array_iter(it.v) else { return };
        match to {
            Some(i) => o.set_int(INDEX, Value::number(i as f64)),
            None => o.set_int(TARGET, Value::UNDEFINED),
        }
    }

    /// A step of an array iterator over a fast array; `None`: it is none, or its target is another kind of object.
    pub fn array_iterator_fast_next(&mut self, it: Local<'_>) -> Option<Option<Local<'s>>> {
        let next = self.vm.realm.get(Intrinsic::ArrayIteratorNext);
        let r = self.vm.array_iter_fast(it.v, next)?;
        Some(r.map(|v| self.root(v)))
    }

    /// Marks an object as being joined; false when it already is (a cycle).
    pub fn join_begin(&mut self, o: Local<'_>) -> bool {
        if self.vm.joining.contains(&o.v) {
            return false;
        }
        self.vm.joining.push(o.v);
        true
    }

    /// Ends what the last successful `join_begin` began.
    pub fn join_end(&mut self) {
        self.vm.joining.pop();
    }
}

/// Values being sorted. They are rooted by the array they came from or [`Scope::sort_keys_array`].
pub struct SortKeys(pub Vec<Value>);

/// Equal values of these kinds have equal bits, and nothing of another kind equals them.
fn is_by_bits(v: Value) -> bool {
    v.is_object() || v.is_symbol() || v.is_bool() || v.is_null() || v.is_undefined()
}

/// The decimal digits of an int.
pub(crate) fn int_text(i: i32, buf: &mut [u8; 11]) -> &[u8] {
    let mut n = i.unsigned_abs();
    let mut at = 11;
    loop {
        at -= 1;
        buf[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    if i < 0 {
        at -= 1;
        buf[at] = b'-';
    }
    &buf[at..]
}

/// A number that orders ints as their decimal texts are ordered: the text itself, left-aligned.
fn int_sort_key(i: i32) -> u128 {
    let mut buf = [0; 11];
    let text = int_text(i, &mut buf);
    let mut key = [0u8; 16];
    key[..text.len()].copy_from_slice(text);
    u128::from_be_bytes(key)
}

/// The first eight bytes of a Latin-1 string as a number that orders alike; of others the first four units.
fn prefix(c: Chars<'_>) -> u64 {
    // Units take sixteen bits each, so that both widths compare with one another.
    (0..4).fold(0, |k, i| k << 16 | u64::from(if i < c.len() { c.at(i) } else { 0 }))
}

/// Whether missing elements of an object are nowhere else: no proxies or other exotic objects, no elements in the prototypes.
fn holes_are_empty(o: ObjRef) -> bool {
    let mut x = o;
    loop {
        if x.has_flag(EXOTIC) || matches!(x.class(), Class::Proxy | Class::TypedArray | Class::String) {
            return false;
        }
        match x.proto() {
            Some(p) if p.has_flag(SPARSE) || p.elem_len() > 0 => return false,
            Some(p) => x = p,
            None => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int_keys_order_as_text() {
        let mut v = [10, 9, 1, -1, -10, 100, 0, i32::MIN, i32::MAX, 2_000_000_000];
        let mut t = v;
        v.sort_by_key(|&i| int_sort_key(i));
        t.sort_by_key(|i| i.to_string());
        assert_eq!(v, t);
    }
}
