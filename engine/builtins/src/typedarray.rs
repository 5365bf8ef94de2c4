//! %TypedArray% and its twelve constructors (23.2.1 to 23.2.2, 23.2.5 to 23.2.7). The prototype's methods are in
//! `typedarray_proto`.

use crate::arraybuffer::{allocate, detached_error, incompatible};
use looplab_vm::{Args, Class, Completion, Element, ElementType, Intrinsic, Local, NativeFn, Scope, Thrown};

/// Makes `%TypedArray%` and the constructors. Needs Array first: some functions are shared with it.
pub fn install(s: &mut Scope<'_>) {
    let p = s.new_object();
    let base = s.constructor("TypedArray", 0, abstract_constructor, p);
    s.set_intrinsic(Intrinsic::TypedArray, base);
    s.set_intrinsic(Intrinsic::TypedArrayPrototype, p);
    s.method(base, "of", 0, of);
    s.method(base, "from", 1, from);
    s.getter(base, s.atoms().sym_species, |_, a| Ok(a.this()));
    crate::typedarray_proto::install(s, p);
    let constructors: [NativeFn; 12] = [
        construct::<0>,
        construct::<1>,
        construct::<2>,
        construct::<3>,
        construct::<4>,
        construct::<5>,
        construct::<6>,
        construct::<7>,
        construct::<8>,
        construct::<9>,
        construct::<10>,
        construct::<11>,
    ];
    for (ty, f) in ElementType::ALL.into_iter().zip(constructors) {
        install_one(s, ty, f, base, p);
    }
}

fn install_one<'s>(s: &mut Scope<'s>, ty: ElementType, f: NativeFn, base: Local<'s>, base_proto: Local<'s>) {
    let p = s.new_object_with_proto(base_proto);
    let c = s.constructor(ty.name(), 3, f, p);
    // Both objects are fresh and extensible: this cannot fail.
    let linked = s.set_prototype_of(c, base);
    debug_assert!(matches!(linked, Ok(true)));
    let (size, key) = (s.int(ty.size() as i32), s.key("BYTES_PER_ELEMENT"));
    s.define_with(c, key, size, 0);
    s.define_with(p, key, size, 0);
    s.set_intrinsic(ty.constructor(), c);
    s.set_intrinsic(ty.prototype(), p);
    let (g, key) = (s.global_object(), s.key(ty.name()));
    s.define_hidden(g, key, c);
}

fn abstract_constructor<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Err(s.throw_type("Abstract class TypedArray not directly constructable"))
}

pub(crate) const MIXED: &str = "Cannot mix BigInt and other types, use explicit conversions";

/// The constructor of element type `T` (its number).
fn construct<'s, const T: usize>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let ty = ElementType::ALL[T];
    let nt = a.new_target();
    if nt.is_undefined() {
        return Err(s.throw_type(&format!("Constructor {} requires 'new'", ty.name())));
    }
    let first = a.get(0);
    if !first.is_object() {
        let n = match first.as_int() {
            Some(n) if n >= 0 => n as u64,
            _ => {
                let shown = s.describe_value(first);
                s.to_index(first, &format!("Invalid typed array length: {shown}"))?
            }
        };
        let proto = s.prototype_from_constructor(nt, ty.prototype())?;
        return with_length(s, ty, n, proto);
    }
    let proto = s.prototype_from_constructor(nt, ty.prototype())?;
    if first.is_class(Class::TypedArray) {
        return copy_of(s, ty, first, proto);
    }
    if s.buffer(first).is_some() {
        return over_buffer(s, ty, a, proto);
    }
    let method = iterator_method(s, first, "TypedArray's constructor")?;
    let values = list_of(s, first, method)?;
    let o = with_length(s, ty, values.len() as u64, proto)?;
    fill_from(s, o, &values)?;
    Ok(o)
}

/// A zeroed array of its own buffer; `proto` undefined: the type's.
pub(crate) fn with_length<'s>(
    s: &mut Scope<'s>,
    ty: ElementType,
    n: u64,
    proto: Local<'s>,
) -> Completion<'s> {
    let bytes = usize::try_from(n).ok().and_then(|n| n.checked_mul(ty.size())).unwrap_or(usize::MAX);
    let bytes = allocate(s, bytes)?;
    let b = s.new_array_buffer(bytes);
    Ok(s.new_typed_array(b, ty, 0, Some(n as usize), proto))
}

/// InitializeTypedArrayFromTypedArray.
fn copy_of<'s>(s: &mut Scope<'s>, ty: ElementType, source: Local<'s>, proto: Local<'s>) -> Completion<'s> {
    let (Some(from), Some(n)) = (s.typed_element_type(source), s.typed_len(source)) else {
        return Err(detached_error(s, "Construct"));
    };
    if from.is_bigint() != ty.is_bigint() {
        return Err(s.throw_type(MIXED));
    }
    let o = with_length(s, ty, n as u64, proto)?;
    let bytes = s.view_bytes(source).unwrap_or(&[]).to_vec();
    convert_into(s, o, 0, &bytes, from);
    Ok(o)
}

/// Writes the elements that `bytes` encode as `from` into `o` from element `at`. The content types agree and they fit.
pub(crate) fn convert_into(s: &mut Scope<'_>, o: Local<'_>, at: usize, bytes: &[u8], from: ElementType) {
    let Some(ty) = s.typed_element_type(o) else { return };
    let Some(to) = s.view_bytes_mut(o).and_then(|b| b.get_mut(at * ty.size()..)) else { return };
    let same_bits = ty == from || ty.size() == 1 && from.size() == 1 && ty != ElementType::Uint8Clamped;
    if same_bits || ty.is_bigint() {
        let n = bytes.len().min(to.len());
        to[..n].copy_from_slice(&bytes[..n]);
        return;
    }
    for (src, dst) in bytes.chunks_exact(from.size()).zip(to.chunks_exact_mut(ty.size())) {
        if let Some(e) = from.read(src) {
            ty.write(dst, e);
        }
    }
}

/// InitializeTypedArrayFromArrayBuffer.
fn over_buffer<'s>(s: &mut Scope<'s>, ty: ElementType, a: &Args<'s>, proto: Local<'s>) -> Completion<'s> {
    let (buffer, size) = (a.get(0), ty.size());
    let shown =
        if a.get(1).as_int().is_some_and(|n| n >= 0) { String::new() } else { s.describe_value(a.get(1)) };
    let offset =
        s.to_index(a.get(1), &format!("Start offset {shown} is outside the bounds of the buffer"))? as usize;
    if !offset.is_multiple_of(size) {
        return Err(s.throw_range(&format!("start offset of {} should be a multiple of {size}", ty.name())));
    }
    let length = a.get(2);
    let wanted = if length.is_undefined() {
        None
    } else {
        let shown = if length.is_number() { s.describe_value(length) } else { String::new() };
        Some(s.to_index(length, &format!("Invalid typed array length: {shown}"))? as usize)
    };
    let Some(have) = s.buffer_bytes(buffer).map(<[u8]>::len) else {
        return Err(detached_error(s, "Construct"));
    };
    let resizable = s.buffer(buffer).is_some_and(|b| b.max().is_some());
    let outside = format!("Start offset {offset} is outside the bounds of the buffer");
    let n = match wanted {
        None if resizable => {
            if offset > have {
                return Err(s.throw_range(&outside));
            }
            None
        }
        None => {
            if have % size != 0 {
                return Err(
                    s.throw_range(&format!("byte length of {} should be a multiple of {size}", ty.name()))
                );
            }
            if offset > have {
                return Err(s.throw_range(&outside));
            }
            Some((have - offset) / size)
        }
        Some(n) => {
            if n.checked_mul(size).and_then(|b| b.checked_add(offset)).is_none_or(|end| end > have) {
                return Err(s.throw_range(&format!("Invalid typed array length: {n}")));
            }
            Some(n)
        }
    };
    Ok(s.new_typed_array(buffer, ty, offset, n, proto))
}

/// `source[Symbol.iterator]`, `None` when there is none.
fn iterator_method<'s>(s: &mut Scope<'s>, source: Local<'s>, who: &str) -> Result<Option<Local<'s>>, Thrown> {
    let m = s.get_v(source, s.atoms().sym_iterator)?;
    if m.is_nullish() {
        return Ok(None);
    }
    if !m.is_callable() {
        return Err(s.throw_type(&format!(
            "{who} requires that the property of the first argument, items[Symbol.iterator], when exists, be a function"
        )));
    }
    Ok(Some(m))
}

/// The values of an iterable (by its method) or of an array-like.
fn list_of<'s>(
    s: &mut Scope<'s>,
    source: Local<'s>,
    method: Option<Local<'s>>,
) -> Result<Vec<Local<'s>>, Thrown> {
    let Some(m) = method else {
        let n = s.length_of(source)?;
        if n > looplab_vm::MAX_BUFFER as u64 {
            return Err(s.throw_range("Array buffer allocation failed"));
        }
        let mut out = Vec::new();
        for i in 0..n {
            let k = s.integer_key(i);
            out.push(s.get(source, k)?);
        }
        return Ok(out);
    };
    if source.is_class(Class::Array) && m.is_identical(s.intrinsic(Intrinsic::ArrayProtoValues)) {
        let proto = s.intrinsic(Intrinsic::ArrayIteratorPrototype);
        let next = s.get(proto, s.atoms().next)?;
        if next.is_identical(s.intrinsic(Intrinsic::ArrayIteratorNext))
            && let Some(list) = s.dense_elements(source)
        {
            return Ok(list);
        }
    }
    let r = s.iterator_from_method(source, m)?;
    let mut out = Vec::new();
    while let Some(v) = s.iterator_step(&r)? {
        out.push(v);
    }
    Ok(out)
}

/// Stores values from element 0 on.
fn fill_from<'s>(s: &mut Scope<'s>, o: Local<'s>, values: &[Local<'s>]) -> Result<(), Thrown> {
    for (i, &v) in values.iter().enumerate() {
        s.typed_put(o, i, v)?;
    }
    Ok(())
}

/// TypedArrayCreateFromCtor with a length, checked for `method`.
pub(crate) fn create_with<'s>(s: &mut Scope<'s>, c: Local<'s>, n: usize, method: &str) -> Completion<'s> {
    let len = s.num(n as f64);
    let o = s.construct(c, &[len], c)?;
    match checked(s, o, method)? {
        have if have >= n => Ok(o),
        _ => Err(s.throw_type("Derived TypedArray constructor created an array which was too small")),
    }
}

/// ValidateTypedArray of what a constructor made: its length.
pub(crate) fn checked<'s>(s: &mut Scope<'s>, o: Local<'s>, method: &str) -> Result<usize, Thrown> {
    if !o.is_class(Class::TypedArray) {
        return Err(incompatible(s, method, o));
    }
    match s.typed_len(o) {
        Some(n) => Ok(n),
        None => Err(detached_error(s, method)),
    }
}

/// The constructor TypedArraySpeciesCreate would use; `None`: the intrinsic one, for which nothing can be observed.
pub(crate) fn species<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    ty: ElementType,
) -> Result<Option<Local<'s>>, Thrown> {
    let c = s.species_constructor(o, ty.constructor())?;
    let default = s.intrinsic(ty.constructor());
    Ok((!c.is_identical(default)).then_some(c))
}

/// TypedArraySpeciesCreate with a length.
pub(crate) fn species_create<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    ty: ElementType,
    n: usize,
    method: &str,
) -> Completion<'s> {
    let Some(c) = species(s, o, ty)? else {
        let u = s.undefined();
        return with_length(s, ty, n as u64, u);
    };
    let new = create_with(s, c, n, method)?;
    same_content(s, new, ty)?;
    Ok(new)
}

/// A TypeError when `new` holds BigInts and `ty` not, or the other way round.
pub(crate) fn same_content(s: &mut Scope<'_>, new: Local<'_>, ty: ElementType) -> Result<(), Thrown> {
    if s.typed_element_type(new).is_some_and(|t| t.is_bigint() == ty.is_bigint()) {
        return Ok(());
    }
    Err(s.throw_type(MIXED))
}

/// `%TypedArray%.of(...items)`
fn of<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let c = constructor_receiver(s, a)?;
    let o = create_with(s, c, a.len(), "%TypedArray%.of")?;
    for i in 0..a.len() {
        let key = s.integer_key(i as u64);
        s.set(o, key, a.get(i))?;
    }
    Ok(o)
}

fn constructor_receiver<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    if a.this().is_constructor() {
        return Ok(a.this());
    }
    let t = s.describe_value(a.this());
    Err(s.throw_type(&format!("{t} is not a constructor")))
}

/// `%TypedArray%.from(source, map, thisArg)`
fn from<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    const NAME: &str = "%TypedArray%.from";
    let c = constructor_receiver(s, a)?;
    let (source, map) = (a.get(0), a.get(1));
    if !map.is_undefined() && !map.is_callable() {
        let t = kind_and_text(s, map);
        return Err(s.throw_type(&format!("{t} is not a function")));
    }
    if source.is_nullish() {
        let t = if source.is_null() { "object null" } else { "undefined" };
        return Err(
            s.throw_type(&format!("{t} is not iterable (cannot read property Symbol(Symbol.iterator))"))
        );
    }
    let method = iterator_method(s, source, NAME)?;
    let values = match method {
        Some(_) => list_of(s, source, method)?,
        None => return from_array_like(s, a, c),
    };
    let o = create_with(s, c, values.len(), NAME)?;
    for (i, v) in values.into_iter().enumerate() {
        let v = if map.is_undefined() { v } else { call_map(s, a, v, i as u64)? };
        put_mapped(s, o, i as u64, v)?;
    }
    Ok(o)
}

fn from_array_like<'s>(s: &mut Scope<'s>, a: &Args<'s>, c: Local<'s>) -> Completion<'s> {
    let source = s.to_object(a.get(0))?;
    let n = s.length_of(source)?;
    let o = create_with(s, c, n as usize, "%TypedArray%.from")?;
    for i in 0..n {
        let k = s.integer_key(i);
        let v = s.get(source, k)?;
        let v = if a.get(1).is_undefined() { v } else { call_map(s, a, v, i)? };
        put_mapped(s, o, i, v)?;
    }
    Ok(o)
}

fn call_map<'s>(s: &mut Scope<'s>, a: &Args<'s>, v: Local<'s>, i: u64) -> Completion<'s> {
    let i = s.num(i as f64);
    s.call(a.get(1), a.get(2), &[v, i])
}

fn put_mapped<'s>(s: &mut Scope<'s>, o: Local<'s>, i: u64, v: Local<'s>) -> Result<(), Thrown> {
    let key = s.integer_key(i);
    s.set(o, key, v)
}

/// `string "x"`, `object null`, `number 1`: how V8 prints an argument that should have been a function here.
fn kind_and_text<'s>(s: &mut Scope<'s>, v: Local<'s>) -> String {
    let text = s.describe_value(v);
    match v {
        _ if v.is_string() => format!("string \"{text}\""),
        _ if v.is_number() => format!("number {text}"),
        _ if v.is_bool() => format!("boolean {text}"),
        _ if v.is_bigint() => format!("bigint {text}"),
        _ if v.is_symbol() => format!("symbol {text}"),
        _ if v.is_null() => "object null".into(),
        _ => "object".into(),
    }
}

/// The number of an element; `None` for BigInts.
pub(crate) fn number(e: Element) -> Option<f64> {
    match e {
        Element::Number(n) => Some(n),
        Element::Big(_) => None,
    }
}
