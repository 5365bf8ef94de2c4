//! DataView (25.3).

use crate::arraybuffer::{detached_error, incompatible};
use looplab_vm::{
    Args, CONFIGURABLE, Class, Completion, ElementType, Intrinsic, Local, NativeFn, Scope, Thrown,
};

/// Makes `DataView`.
pub fn install(s: &mut Scope<'_>) {
    let p = s.new_object();
    let c = s.constructor("DataView", 1, construct, p);
    for (name, f) in
        [("buffer", buffer as NativeFn), ("byteLength", byte_length), ("byteOffset", byte_offset)]
    {
        let key = s.key(name);
        s.getter(p, key, f);
    }
    let accessors: [(ElementType, NativeFn, NativeFn); 11] = [
        (ElementType::Int8, get::<0>, set::<0>),
        (ElementType::Uint8, get::<1>, set::<1>),
        (ElementType::Int16, get::<3>, set::<3>),
        (ElementType::Uint16, get::<4>, set::<4>),
        (ElementType::Int32, get::<5>, set::<5>),
        (ElementType::Uint32, get::<6>, set::<6>),
        (ElementType::Float32, get::<8>, set::<8>),
        (ElementType::Float64, get::<9>, set::<9>),
        (ElementType::BigInt64, get::<10>, set::<10>),
        (ElementType::BigUint64, get::<11>, set::<11>),
        (ElementType::Float16, get::<7>, set::<7>),
    ];
    for (ty, get, set) in accessors {
        s.method(p, &accessor_name("get", ty), 1, get);
        s.method(p, &accessor_name("set", ty), 2, set);
    }
    let tag = s.str("DataView");
    s.define_with(p, s.atoms().sym_to_string_tag, tag, CONFIGURABLE);
    s.set_intrinsic(Intrinsic::DataView, c);
    s.set_intrinsic(Intrinsic::DataViewPrototype, p);
    let (g, key) = (s.global_object(), s.key("DataView"));
    s.define_hidden(g, key, c);
}

/// "getInt8" and so on.
fn accessor_name(verb: &str, ty: ElementType) -> String {
    let name = ty.name();
    format!("{verb}{}", name.strip_suffix("Array").unwrap_or(name))
}

fn construct<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    if a.new_target().is_undefined() {
        return Err(s.throw_type("Constructor DataView requires 'new'"));
    }
    let buffer = a.get(0);
    if s.buffer(buffer).is_none() {
        return Err(s.throw_type("First argument to DataView constructor must be an ArrayBuffer"));
    }
    let text =
        if a.get(1).as_int().is_some_and(|n| n >= 0) { String::new() } else { s.describe_value(a.get(1)) };
    let offset =
        s.to_index(a.get(1), &format!("Start offset {text} is outside the bounds of the buffer"))? as usize;
    let len = buffer_len(s, buffer)?;
    if offset > len {
        return Err(outside(s, offset));
    }
    let length = a.get(2);
    let resizable = s.buffer(buffer).is_some_and(|b| b.max().is_some());
    let fixed = if length.is_undefined() {
        if resizable { None } else { Some(len - offset) }
    } else {
        let text = if length.is_number() { s.describe_value(length) } else { String::new() };
        let n = s.to_index(length, &format!("Invalid DataView length {text}"))? as usize;
        if offset.checked_add(n).is_none_or(|end| end > len) {
            return Err(s.throw_range(&format!("Invalid DataView length {n}")));
        }
        Some(n)
    };
    let proto = s.prototype_from_constructor(a.new_target(), Intrinsic::DataViewPrototype)?;
    // Getting the prototype may have changed the buffer.
    let len = buffer_len(s, buffer)?;
    if offset > len {
        return Err(outside(s, offset));
    }
    if let Some(n) = fixed.filter(|n| offset + n > len) {
        return Err(s.throw_range(&format!("Invalid DataView length {n}")));
    }
    Ok(s.new_data_view(buffer, offset, fixed, proto))
}

fn buffer_len(s: &mut Scope<'_>, buffer: Local<'_>) -> Result<usize, Thrown> {
    match s.buffer_bytes(buffer) {
        Some(b) => Ok(b.len()),
        None => Err(detached_error(s, "DataView constructor")),
    }
}

fn outside(s: &mut Scope<'_>, offset: usize) -> Thrown {
    s.throw_range(&format!("Start offset {offset} is outside the bounds of the buffer"))
}

/// The receiver, which must be a DataView.
fn this_view<'s>(s: &mut Scope<'s>, a: &Args<'s>, get: &str, method: &str) -> Completion<'s> {
    if a.this().is_class(Class::DataView) {
        return Ok(a.this());
    }
    Err(incompatible(s, &format!("{get}DataView.prototype.{method}"), a.this()))
}

fn buffer<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let v = this_view(s, a, "get ", "buffer")?;
    Ok(s.view_buffer(v))
}

fn byte_length<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let v = this_view(s, a, "get ", "byteLength")?;
    match s.view_bytes(v).map(<[u8]>::len) {
        Some(n) => Ok(s.num(n as f64)),
        None => Err(detached_error(s, "get DataView.prototype.byteLength")),
    }
}

fn byte_offset<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let v = this_view(s, a, "get ", "byteOffset")?;
    match s.view_info(v).filter(|i| i.length.is_some()) {
        Some(i) => Ok(s.num(i.offset as f64)),
        None => Err(detached_error(s, "get DataView.prototype.byteOffset")),
    }
}

const OUT: &str = "Offset is outside the bounds of the DataView";

/// GetViewValue for element type `T` (its number).
fn get<'s, const T: usize>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let ty = ElementType::ALL[T];
    let v = match a.this().is_class(Class::DataView) {
        true => a.this(),
        false => this_view(s, a, "", &accessor_name("get", ty))?,
    };
    let at = s.to_index(a.get(0), OUT)? as usize;
    let little = s.to_boolean(a.get(1));
    let Some(bytes) = s.view_bytes(v) else {
        return Err(detached_error(s, &format!("DataView.prototype.{}", accessor_name("get", ty))));
    };
    let Some(from) = bytes.get(at..).and_then(|b| b.get(..ty.size())) else { return Err(s.throw_range(OUT)) };
    let mut raw = [0; 8];
    raw[..ty.size()].copy_from_slice(from);
    if !little {
        raw[..ty.size()].reverse();
    }
    let e = ty.read(&raw);
    Ok(match e {
        Some(e) => s.element(ty, e),
        None => s.undefined(),
    })
}

/// SetViewValue for element type `T` (its number).
fn set<'s, const T: usize>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let ty = ElementType::ALL[T];
    let v = match a.this().is_class(Class::DataView) {
        true => a.this(),
        false => this_view(s, a, "", &accessor_name("set", ty))?,
    };
    let at = s.to_index(a.get(0), OUT)? as usize;
    let e = s.to_element(ty, a.get(1))?;
    let little = s.to_boolean(a.get(2));
    let mut raw = ty.encode(e);
    if !little {
        raw[..ty.size()].reverse();
    }
    let Some(bytes) = s.view_bytes_mut(v) else {
        return Err(detached_error(s, &format!("DataView.prototype.{}", accessor_name("set", ty))));
    };
    match bytes.get_mut(at..).and_then(|b| b.get_mut(..ty.size())) {
        Some(to) => to.copy_from_slice(&raw[..ty.size()]),
        None => return Err(s.throw_range(OUT)),
    }
    Ok(s.undefined())
}
