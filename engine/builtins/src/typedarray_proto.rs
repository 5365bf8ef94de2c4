//! %TypedArray%.prototype (23.2.3). Numbers are read and written as raw bytes where no script can look on.

use crate::arraybuffer::{detached_error, incompatible, relative};
use crate::typedarray::{checked, convert_into, number, same_content, species, species_create, with_length};
use looplab_vm::{Args, Class, Completion, Element, ElementType, Intrinsic, Local, NativeFn, Scope, Thrown};

/// Fills the prototype object.
pub(crate) fn install<'s>(s: &mut Scope<'s>, p: Local<'s>) {
    let getters: [(&str, NativeFn); 4] =
        [("buffer", buffer), ("byteLength", byte_length), ("byteOffset", byte_offset), ("length", length)];
    for (name, f) in getters {
        let key = s.key(name);
        s.getter(p, key, f);
    }
    iterators(s, p);
    let methods: [(&str, u32, NativeFn); 27] = [
        ("at", 1, at),
        ("copyWithin", 2, copy_within),
        ("every", 1, every),
        ("fill", 1, fill),
        ("filter", 1, filter),
        ("find", 1, |s, a| find(s, a, "find", false, false)),
        ("findIndex", 1, |s, a| find(s, a, "findIndex", false, true)),
        ("findLast", 1, |s, a| find(s, a, "findLast", true, false)),
        ("findLastIndex", 1, |s, a| find(s, a, "findLastIndex", true, true)),
        ("forEach", 1, for_each),
        ("includes", 1, includes),
        ("indexOf", 1, index_of),
        ("join", 1, join),
        ("lastIndexOf", 1, last_index_of),
        ("map", 1, map),
        ("reverse", 0, reverse),
        ("reduce", 1, |s, a| reduce(s, a, "reduce", false)),
        ("reduceRight", 1, |s, a| reduce(s, a, "reduceRight", true)),
        ("set", 1, set),
        ("slice", 2, slice),
        ("some", 1, some),
        ("sort", 1, crate::typedarray_sort::sort),
        ("subarray", 2, subarray),
        ("toReversed", 0, to_reversed),
        ("toSorted", 1, crate::typedarray_sort::to_sorted),
        ("with", 2, with),
        ("toLocaleString", 0, to_locale_string),
    ];
    for (name, length, f) in methods {
        s.method(p, name, length, f);
    }
    let to_string = s.intrinsic(Intrinsic::ArrayProtoToString);
    let key = s.atoms().to_string;
    s.define_hidden(p, key, to_string);
    s.getter(p, s.atoms().sym_to_string_tag, to_string_tag);
}

/// `entries`, `keys`, `values` and `Symbol.iterator`: checked, then Array.prototype's functions of the same name, which make the
/// same iterators.
fn iterators<'s>(s: &mut Scope<'s>, p: Local<'s>) {
    let array = s.intrinsic(Intrinsic::ArrayPrototype);
    let functions: [(&str, NativeFn); 3] = [
        ("entries", |s, a| iterator(s, a, "entries")),
        ("keys", |s, a| iterator(s, a, "keys")),
        ("values", |s, a| iterator(s, a, "values")),
    ];
    for (name, f) in functions {
        let key = s.key(name);
        let make = match s.get(array, key) {
            Ok(make) => make,
            Err(t) => s.caught(t),
        };
        let f = s.function_with_data(key, 0, f, make);
        s.define_hidden(p, key, f);
        if name == "values" {
            s.define_hidden(p, s.atoms().sym_iterator, f);
        }
    }
}

fn iterator<'s>(s: &mut Scope<'s>, a: &Args<'s>, name: &str) -> Completion<'s> {
    this_array(s, a, name)?;
    s.call(a.data(), a.this(), &[])
}

/// A receiver that was validated.
#[derive(Clone, Copy)]
pub(crate) struct This<'s> {
    pub(crate) o: Local<'s>,
    pub(crate) ty: ElementType,
    pub(crate) len: usize,
}

/// Methods whose error names them; V8 calls the receiver of the others "not a typed array".
const NAMED: [&str; 8] =
    ["at", "slice", "subarray", "sort", "join", "toLocaleString", "toSorted", "toReversed"];

/// ValidateTypedArray of the receiver.
pub(crate) fn this_array<'s>(s: &mut Scope<'s>, a: &Args<'s>, name: &str) -> Result<This<'s>, Thrown> {
    let o = a.this();
    let Some(ty) = s.typed_element_type(o) else {
        if NAMED.contains(&name) {
            return Err(incompatible(s, &method(name), o));
        }
        return Err(s.throw_type("this is not a typed array."));
    };
    match s.typed_len(o) {
        Some(len) => Ok(This { o, ty, len }),
        None => Err(detached_error(s, &method(name))),
    }
}

fn method(name: &str) -> String {
    format!("%TypedArray%.prototype.{name}")
}

/// The callback, which must be a function.
fn callback<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let f = a.get(0);
    if f.is_callable() {
        return Ok(f);
    }
    let t = s.describe_value(f);
    Err(s.throw_type(&format!("{t} is not a function")))
}

/// Calls `callback(element, i, array)` and gives element and result to `f`, all in a scope of this round.
fn round<'s, R>(
    s: &mut Scope<'s>,
    a: &Args<'s>,
    i: usize,
    f: impl for<'n> FnOnce(&mut Scope<'n>, Local<'n>, Local<'n>) -> R,
) -> Result<R, Thrown> {
    s.nested(|n| {
        let (o, func, this) = (n.adopt(a.this()), n.adopt(a.get(0)), n.adopt(a.get(1)));
        let (v, index) = (n.typed_at(o, i), n.num(i as f64));
        let r = n.call(func, this, &[v, index, o])?;
        Ok(f(n, v, r))
    })
}

// ---- accessors ----

fn receiver<'s>(s: &mut Scope<'s>, a: &Args<'s>, name: &str) -> Completion<'s> {
    if a.this().is_class(Class::TypedArray) {
        return Ok(a.this());
    }
    Err(incompatible(s, name, a.this()))
}

fn buffer<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let o = receiver(s, a, "get %TypedArray%.prototype.buffer")?;
    Ok(s.view_buffer(o))
}

fn byte_length<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let o = receiver(s, a, "get TypedArray.prototype.byteLength")?;
    let n = s.view_bytes(o).map_or(0, <[u8]>::len);
    Ok(s.num(n as f64))
}

fn byte_offset<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let o = receiver(s, a, "get TypedArray.prototype.byteOffset")?;
    let n = s.view_info(o).filter(|i| i.length.is_some()).map_or(0, |i| i.offset);
    Ok(s.num(n as f64))
}

fn length<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let o = receiver(s, a, "get TypedArray.prototype.length")?;
    let n = s.typed_len(o).unwrap_or(0);
    Ok(s.num(n as f64))
}

fn to_string_tag<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    Ok(match s.typed_element_type(a.this()) {
        Some(ty) => s.str(ty.name()),
        None => s.undefined(),
    })
}

// ---- reading ----

fn at<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "at")?;
    let i = s.to_integer_or_infinity(a.get(0))?;
    let i = if i < 0.0 { i + t.len as f64 } else { i };
    if !(0.0..t.len as f64).contains(&i) {
        return Ok(s.undefined());
    }
    Ok(s.typed_at(t.o, i as usize))
}

fn every<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let no = first_where(s, a, "every", false)?;
    Ok(s.bool(!no))
}

fn some<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let yes = first_where(s, a, "some", true)?;
    Ok(s.bool(yes))
}

/// Whether the callback says `wanted` for some element.
fn first_where<'s>(s: &mut Scope<'s>, a: &Args<'s>, name: &str, wanted: bool) -> Result<bool, Thrown> {
    let t = this_array(s, a, name)?;
    callback(s, a)?;
    for i in 0..t.len {
        if round(s, a, i, |n, _, r| n.to_boolean(r))? == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

fn for_each<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "forEach")?;
    callback(s, a)?;
    for i in 0..t.len {
        round(s, a, i, |_, _, _| ())?;
    }
    Ok(s.undefined())
}

/// `find`, `findIndex`, `findLast`, `findLastIndex`
fn find<'s>(s: &mut Scope<'s>, a: &Args<'s>, name: &str, backwards: bool, index: bool) -> Completion<'s> {
    let t = this_array(s, a, name)?;
    callback(s, a)?;
    for k in 0..t.len {
        let i = if backwards { t.len - 1 - k } else { k };
        let found = round(s, a, i, |n, v, r| n.to_boolean(r).then(|| v.value()))?;
        if let Some(v) = found {
            return Ok(if index { s.num(i as f64) } else { s.local(v) });
        }
    }
    Ok(if index { s.int(-1) } else { s.undefined() })
}

fn reduce<'s>(s: &mut Scope<'s>, a: &Args<'s>, name: &str, backwards: bool) -> Completion<'s> {
    let t = this_array(s, a, name)?;
    let f = callback(s, a)?;
    let mut from = 0;
    let mut acc = if a.len() > 1 {
        a.get(1)
    } else {
        if t.len == 0 {
            return Err(s.throw_type("Reduce of empty array with no initial value"));
        }
        from = 1;
        s.typed_at(t.o, if backwards { t.len - 1 } else { 0 })
    };
    for k in from..t.len {
        let i = if backwards { t.len - 1 - k } else { k };
        acc = s.escape(|n| {
            let (f, o, u, acc) = (n.adopt(f), n.adopt(t.o), n.undefined(), n.adopt(acc));
            let (v, index) = (n.typed_at(o, i), n.num(i as f64));
            n.call(f, u, &[acc, v, index, o])
        })?;
    }
    Ok(acc)
}

/// Where an element equal to `needle` is within `range`, by raw comparison.
fn search(
    b: &[u8],
    ty: ElementType,
    needle: Element,
    range: std::ops::Range<usize>,
    last: bool,
) -> Option<usize> {
    let size = ty.size();
    let len = b.len() / size;
    let range = range.start.min(len)..range.end.min(len);
    let part = &b[range.start * size..range.end * size];
    let mut chunks = part.chunks_exact(size);
    let found = if ty.is_float() {
        let n = number(needle)?;
        let same = |c: &[u8]| ty.read(c).and_then(number) == Some(n);
        if last { chunks.rposition(same) } else { chunks.position(same) }
    } else {
        let raw = ty.encode(needle);
        // A number that such an element cannot hold is in no place.
        if ty.read(&raw) != Some(needle) {
            return None;
        }
        let raw = &raw[..size];
        if last { chunks.rposition(|c| c == raw) } else { chunks.position(|c| c == raw) }
    };
    found.map(|i| i + range.start)
}

/// What to look for; `None` when no element of this type is strictly equal to `v`.
fn needle<'s>(s: &mut Scope<'s>, ty: ElementType, v: Local<'s>) -> Option<Element> {
    if !ty.is_bigint() {
        return v.as_number().map(Element::Number);
    }
    let n = s.as_bigint(v)?;
    let bits = if ty == ElementType::BigInt64 {
        u64::from_le_bytes(i64::try_from(&n).ok()?.to_le_bytes())
    } else {
        u64::try_from(&n).ok()?
    };
    Some(Element::Big(bits))
}

fn includes<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "includes")?;
    if t.len == 0 {
        return Ok(s.bool(false));
    }
    let from = relative(s, a.get(1), t.len, 0)?;
    let v = a.get(0);
    // Elements that went away in the meantime count as undefined.
    let now = s.typed_len(t.o).unwrap_or(0);
    if v.is_undefined() {
        return Ok(s.bool(from < t.len && now < t.len));
    }
    let Some(n) = needle(s, t.ty, v) else { return Ok(s.bool(false)) };
    let Some(b) = s.view_bytes(t.o) else { return Ok(s.bool(false)) };
    let found = if t.ty.is_float() && number(n).is_some_and(f64::is_nan) {
        let size = t.ty.size();
        b.chunks_exact(size)
            .take(t.len)
            .skip(from)
            .any(|c| t.ty.read(c).and_then(number).is_some_and(f64::is_nan))
    } else {
        search(b, t.ty, zero_as_positive(n), from..t.len, false).is_some()
    };
    Ok(s.bool(found))
}

/// −0 equals 0, but would not be found as raw bytes of an integer.
fn zero_as_positive(e: Element) -> Element {
    match e {
        Element::Number(n) => Element::Number(n + 0.0),
        big => big,
    }
}

fn index_of<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "indexOf")?;
    if t.len == 0 {
        return Ok(s.int(-1));
    }
    let from = relative(s, a.get(1), t.len, 0)?;
    let found = match (needle(s, t.ty, a.get(0)), s.view_bytes(t.o)) {
        (Some(n), Some(b)) => search(b, t.ty, zero_as_positive(n), from..t.len, false),
        _ => None,
    };
    Ok(s.num(found.map_or(-1.0, |i| i as f64)))
}

fn last_index_of<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "lastIndexOf")?;
    if t.len == 0 {
        return Ok(s.int(-1));
    }
    let n = if a.len() > 1 { s.to_integer_or_infinity(a.get(1))? } else { t.len as f64 - 1.0 };
    let last = if n < 0.0 { n + t.len as f64 } else { n.min(t.len as f64 - 1.0) };
    let end = if last < 0.0 { 0 } else { last as usize + 1 };
    let found = match (needle(s, t.ty, a.get(0)), s.view_bytes(t.o)) {
        (Some(n), Some(b)) => search(b, t.ty, zero_as_positive(n), 0..end, true),
        _ => None,
    };
    Ok(s.num(found.map_or(-1.0, |i| i as f64)))
}

// ---- text ----

fn join<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "join")?;
    let sep = if a.get(0).is_undefined() { s.str(",") } else { s.to_string(a.get(0))? };
    let sep = s.chars(sep).to_units();
    let mut out: Vec<u16> = Vec::new();
    for i in 0..t.len {
        if i > 0 {
            out.extend_from_slice(&sep);
        }
        push_element(s, t.o, i, &mut out)?;
        if out.len() > looplab_vm::MAX_LENGTH {
            return Err(s.throw_range("Invalid string length"));
        }
    }
    Ok(s.str_units(&out))
}

/// Appends element `i` as text; nothing for one that went away.
fn push_element<'s>(s: &mut Scope<'s>, o: Local<'s>, i: usize, out: &mut Vec<u16>) -> Result<(), Thrown> {
    s.nested(|n| {
        let o = n.adopt(o);
        let v = n.typed_at(o, i);
        if let Some(k) = v.as_int() {
            out.extend(k.to_string().bytes().map(u16::from));
        } else if !v.is_undefined() {
            let text = n.to_string(v)?;
            out.extend(n.chars(text).iter());
        }
        Ok(())
    })
}

fn to_locale_string<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "toLocaleString")?;
    let mut out: Vec<u16> = Vec::new();
    for i in 0..t.len {
        if i > 0 {
            out.push(u16::from(b','));
        }
        s.nested(|n| {
            let o = n.adopt(t.o);
            let (locales, options) = (n.adopt(a.get(0)), n.adopt(a.get(1)));
            let v = n.typed_at(o, i);
            if !v.is_undefined() {
                let key = n.key("toLocaleString");
                let r = n.invoke(v, key, &[locales, options])?;
                let text = n.to_string(r)?;
                out.extend(n.chars(text).iter());
            }
            Ok(())
        })?;
        if out.len() > looplab_vm::MAX_LENGTH {
            return Err(s.throw_range("Invalid string length"));
        }
    }
    Ok(s.str_units(&out))
}

// ---- writing in place ----

fn copy_within<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "copyWithin")?;
    let to = relative(s, a.get(0), t.len, 0)?;
    let from = relative(s, a.get(1), t.len, 0)?;
    let end = relative(s, a.get(2), t.len, t.len)?;
    let n = end.saturating_sub(from).min(t.len - to);
    if n > 0 {
        let Some(now) = s.typed_len(t.o) else { return Err(detached_error(s, &method("copyWithin"))) };
        let n = n.min(now.saturating_sub(from)).min(now.saturating_sub(to));
        let size = t.ty.size();
        if let (Some(b), true) = (s.view_bytes_mut(t.o), n > 0) {
            b.copy_within(from * size..(from + n) * size, to * size);
        }
    }
    Ok(t.o)
}

fn fill<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "fill")?;
    let e = s.to_element(t.ty, a.get(0))?;
    let from = relative(s, a.get(1), t.len, 0)?;
    let end = relative(s, a.get(2), t.len, t.len)?;
    let Some(now) = s.typed_len(t.o) else { return Err(detached_error(s, &method("fill"))) };
    let (end, size) = (end.min(now), t.ty.size());
    if from < end {
        let raw = t.ty.encode(e);
        if let Some(b) = s.view_bytes_mut(t.o).and_then(|b| b.get_mut(from * size..end * size)) {
            if raw[..size].iter().all(|&x| x == raw[0]) {
                b.fill(raw[0]);
            } else {
                b.chunks_exact_mut(size).for_each(|c| c.copy_from_slice(&raw[..size]));
            }
        }
    }
    Ok(t.o)
}

fn reverse<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "reverse")?;
    if let Some(b) = s.view_bytes_mut(t.o) {
        reverse_elements(b, t.ty.size());
    }
    Ok(t.o)
}

/// All bytes backwards, then each element the right way round again.
fn reverse_elements(b: &mut [u8], size: usize) {
    b.reverse();
    if size > 1 {
        b.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
}

fn set<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    const OUT: &str = "offset is out of bounds";
    let o = a.this();
    let Some(ty) = s.typed_element_type(o) else { return Err(s.throw_type("this is not a typed array.")) };
    let offset = s.to_integer_or_infinity(a.get(1))?;
    if offset < 0.0 {
        return Err(s.throw_range(OUT));
    }
    let Some(len) = s.typed_len(o) else { return Err(detached_error(s, &method("set"))) };
    let source = a.get(0);
    if let Some(from) = s.typed_element_type(source) {
        let Some(n) = s.typed_len(source) else { return Err(detached_error(s, &method("set"))) };
        same_content(s, source, ty)?;
        if n as f64 + offset > len as f64 {
            return Err(s.throw_range(OUT));
        }
        set_from_typed(s, o, offset as usize, source, from);
        return Ok(s.undefined());
    }
    let source = s.to_object(source)?;
    let n = s.length_of(source)?;
    if n as f64 + offset > len as f64 {
        return Err(s.throw_range(OUT));
    }
    for i in 0..n as usize {
        s.nested(|m| {
            let (o, source) = (m.adopt(o), m.adopt(source));
            let v = match m.array_element(source, i) {
                Some(v) => v,
                None => {
                    let k = m.integer_key(i as u64);
                    m.get(source, k)?
                }
            };
            m.typed_put(o, offset as usize + i, v)
        })?;
    }
    Ok(s.undefined())
}

/// Element access that a plain array answers without looking anything up.
trait ArrayElement<'s> {
    fn array_element(&mut self, a: Local<'s>, i: usize) -> Option<Local<'s>>;
}

impl<'s> ArrayElement<'s> for Scope<'s> {
    fn array_element(&mut self, a: Local<'s>, i: usize) -> Option<Local<'s>> {
        if !a.is_class(Class::Array) {
            return None;
        }
        self.array_get(a, u32::try_from(i).ok()?)
    }
}

/// SetTypedArrayFromTypedArray after its checks.
fn set_from_typed<'s>(s: &mut Scope<'s>, o: Local<'s>, at: usize, source: Local<'s>, from: ElementType) {
    let (Some(to), Some(src)) = (s.view_info(o), s.view_info(source)) else { return };
    let (to_buffer, src_buffer) = (s.view_buffer(o), s.view_buffer(source));
    let n = src.length.unwrap_or(0);
    if to.ty == from {
        let size = from.size();
        s.copy_buffer_bytes(src_buffer, src.offset, to_buffer, to.offset + at * size, n * size);
        return;
    }
    // A copy first: both may lie in one buffer.
    let bytes = s.view_bytes(source).unwrap_or(&[]).to_vec();
    convert_into(s, o, at, &bytes, from);
}

// ---- new arrays ----

fn filter<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "filter")?;
    callback(s, a)?;
    let size = t.ty.size();
    let mut kept: Vec<u8> = Vec::new();
    for i in 0..t.len {
        let mut raw = [0; 8];
        if let Some(b) = s.view_bytes(t.o).and_then(|b| b.get(i * size..(i + 1) * size)) {
            raw[..size].copy_from_slice(b);
        }
        if round(s, a, i, |n, _, r| n.to_boolean(r))? {
            kept.extend_from_slice(&raw[..size]);
        }
    }
    let o = species_create(s, t.o, t.ty, kept.len() / size, &method("filter"))?;
    convert_into(s, o, 0, &kept, t.ty);
    Ok(o)
}

fn map<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "map")?;
    callback(s, a)?;
    let o = species_create(s, t.o, t.ty, t.len, &method("map"))?;
    for i in 0..t.len {
        s.nested(|n| {
            let (from, to, f, this) = (n.adopt(t.o), n.adopt(o), n.adopt(a.get(0)), n.adopt(a.get(1)));
            let (v, index) = (n.typed_at(from, i), n.num(i as f64));
            let r = n.call(f, this, &[v, index, from])?;
            n.typed_put(to, i, r)
        })?;
    }
    Ok(o)
}

fn slice<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "slice")?;
    let from = relative(s, a.get(0), t.len, 0)?;
    let end = relative(s, a.get(1), t.len, t.len)?;
    let count = end.saturating_sub(from);
    let new = species_create(s, t.o, t.ty, count, &method("slice"))?;
    if count == 0 {
        return Ok(new);
    }
    let Some(now) = s.typed_len(t.o) else { return Err(detached_error(s, &method("slice"))) };
    let n = end.min(now).saturating_sub(from);
    let same = s.typed_element_type(new) == Some(t.ty);
    if same {
        copy_forward(s, t.o, from, new, n, t.ty.size());
        return Ok(new);
    }
    for i in 0..n {
        s.nested(|m| {
            let (o, new) = (m.adopt(t.o), m.adopt(new));
            let v = m.typed_at(o, from + i);
            m.typed_put(new, i, v)
        })?;
    }
    Ok(new)
}

/// Copies `n` elements byte by byte, ascending, as the specification does even within one buffer.
fn copy_forward<'s>(s: &mut Scope<'s>, from: Local<'s>, at: usize, to: Local<'s>, n: usize, size: usize) {
    let (Some(src), Some(dst)) = (s.view_info(from), s.view_info(to)) else { return };
    let n = n.min(dst.length.unwrap_or(0)) * size;
    let (a, b) = (s.view_buffer(from), s.view_buffer(to));
    let (i, j) = (src.offset + at * size, dst.offset);
    if !a.is_identical(b) {
        s.copy_buffer_bytes(a, i, b, j, n);
        return;
    }
    if let Some(bytes) = s.buffer_bytes_mut(a).filter(|b| b.len() >= i.max(j) + n) {
        for k in 0..n {
            bytes[j + k] = bytes[i + k];
        }
    }
}

fn subarray<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let o = a.this();
    let Some(info) = s.view_info(o).filter(|_| o.is_class(Class::TypedArray)) else {
        return Err(incompatible(s, &method("subarray"), o));
    };
    let (ty, len) = (info.ty, info.length.unwrap_or(0));
    let from = relative(s, a.get(0), len, 0)?;
    let tracking = info.tracking && a.get(1).is_undefined();
    let end = relative(s, a.get(1), len, len)?;
    let n = end.saturating_sub(from);
    let buffer = s.view_buffer(o);
    let offset = info.offset + from * ty.size();
    let c = match species(s, o, ty)? {
        Some(c) => c,
        None => {
            let have = s.buffer_bytes(buffer).map(<[u8]>::len);
            let need = if tracking { offset } else { offset + n * ty.size() };
            if have.is_some_and(|have| need <= have) {
                let u = s.undefined();
                return Ok(s.new_typed_array(buffer, ty, offset, (!tracking).then_some(n), u));
            }
            s.intrinsic(ty.constructor())
        }
    };
    let mut args = vec![buffer, s.num(offset as f64)];
    if !tracking {
        args.push(s.num(n as f64));
    }
    let new = s.construct(c, &args, c)?;
    checked(s, new, &method("subarray"))?;
    same_content(s, new, ty)?;
    Ok(new)
}

/// TypedArrayCreateSameType holding a copy of the receiver's elements.
pub(crate) fn duplicate<'s>(s: &mut Scope<'s>, t: This<'s>) -> Completion<'s> {
    let u = s.undefined();
    let new = with_length(s, t.ty, t.len as u64, u)?;
    let n = s.typed_len(t.o).unwrap_or(0).min(t.len);
    copy_forward(s, t.o, 0, new, n, t.ty.size());
    Ok(new)
}

fn to_reversed<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "toReversed")?;
    let new = duplicate(s, t)?;
    if let Some(b) = s.view_bytes_mut(new) {
        reverse_elements(b, t.ty.size());
    }
    Ok(new)
}

fn with<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = this_array(s, a, "with")?;
    let i = s.to_integer_or_infinity(a.get(0))?;
    let i = if i < 0.0 { i + t.len as f64 } else { i };
    let e = s.to_element(t.ty, a.get(1))?;
    let now = s.typed_len(t.o).unwrap_or(0);
    if !(0.0..now as f64).contains(&i) {
        return Err(s.throw_range("Invalid typed array index"));
    }
    let new = duplicate(s, t)?;
    s.typed_store(new, i as usize, e);
    Ok(new)
}
