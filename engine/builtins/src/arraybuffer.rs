//! ArrayBuffer (25.1) and SharedArrayBuffer (25.2).

use looplab_vm::{
    Args, BufferData, CONFIGURABLE, Class, Completion, Intrinsic, Local, NativeFn, Scope, Thrown,
    zeroed_bytes,
};

/// Makes `ArrayBuffer` and `SharedArrayBuffer`.
pub fn install(s: &mut Scope<'_>) {
    let ab = family(s, &PLAIN);
    let p = s.intrinsic(Intrinsic::ArrayBufferPrototype);
    s.method(ab, "isView", 1, is_view);
    for (name, f) in [("resizable", resizable as NativeFn), ("detached", detached)] {
        let key = s.key(name);
        s.getter(p, key, f);
    }
    s.method(p, "resize", 1, resize);
    s.method(p, "transfer", 0, transfer);
    s.method(p, "transferToFixedLength", 0, transfer_to_fixed_length);
    family(s, &SHARED);
    let p = s.intrinsic(Intrinsic::SharedArrayBufferPrototype);
    let key = s.key("growable");
    s.getter(p, key, growable);
    s.method(p, "grow", 1, grow);
}

/// What the two constructors differ in.
struct Kind {
    name: &'static str,
    shared: bool,
    constructor: Intrinsic,
    prototype: Intrinsic,
    construct: NativeFn,
    byte_length: NativeFn,
    max_byte_length: NativeFn,
    slice: NativeFn,
}

static PLAIN: Kind = Kind {
    name: "ArrayBuffer",
    shared: false,
    constructor: Intrinsic::ArrayBuffer,
    prototype: Intrinsic::ArrayBufferPrototype,
    construct: |s, a| construct(s, a, &PLAIN),
    byte_length: |s, a| byte_length(s, a, &PLAIN),
    max_byte_length: |s, a| max_byte_length(s, a, &PLAIN),
    slice: |s, a| slice(s, a, &PLAIN),
};

static SHARED: Kind = Kind {
    name: "SharedArrayBuffer",
    shared: true,
    constructor: Intrinsic::SharedArrayBuffer,
    prototype: Intrinsic::SharedArrayBufferPrototype,
    construct: |s, a| construct(s, a, &SHARED),
    byte_length: |s, a| byte_length(s, a, &SHARED),
    max_byte_length: |s, a| max_byte_length(s, a, &SHARED),
    slice: |s, a| slice(s, a, &SHARED),
};

/// The part both have.
fn family<'s>(s: &mut Scope<'s>, kind: &'static Kind) -> Local<'s> {
    let p = s.new_object();
    let c = s.constructor(kind.name, 1, kind.construct, p);
    s.getter(c, s.atoms().sym_species, |_, a| Ok(a.this()));
    let key = s.key("byteLength");
    s.getter(p, key, kind.byte_length);
    s.method(p, "slice", 2, kind.slice);
    let key = s.key("maxByteLength");
    s.getter(p, key, kind.max_byte_length);
    let tag = s.str(kind.name);
    s.define_with(p, s.atoms().sym_to_string_tag, tag, CONFIGURABLE);
    s.set_intrinsic(kind.constructor, c);
    s.set_intrinsic(kind.prototype, p);
    let (g, key) = (s.global_object(), s.key(kind.name));
    s.define_hidden(g, key, c);
    c
}

/// `TypeError: Method … called on incompatible receiver …`
pub(crate) fn incompatible<'s>(s: &mut Scope<'s>, method: &str, this: Local<'s>) -> Thrown {
    let t = s.describe_value(this);
    s.throw_type(&format!("Method {method} called on incompatible receiver {t}"))
}

/// `TypeError: Cannot perform … on a detached ArrayBuffer`
pub(crate) fn detached_error(s: &mut Scope<'_>, method: &str) -> Thrown {
    s.throw_type(&format!("Cannot perform {method} on a detached ArrayBuffer"))
}

/// Zeroed bytes, or the RangeError that there are too many.
pub(crate) fn allocate(s: &mut Scope<'_>, n: usize) -> Result<Vec<u8>, Thrown> {
    zeroed_bytes(n).ok_or_else(|| s.throw_range("Array buffer allocation failed"))
}

/// A position relative to the end when negative, clamped to the length; `default` for undefined.
pub(crate) fn relative<'s>(
    s: &mut Scope<'s>,
    v: Local<'s>,
    len: usize,
    default: usize,
) -> Result<usize, Thrown> {
    if v.is_undefined() {
        return Ok(default);
    }
    let n = s.to_integer_or_infinity(v)?;
    let at = if n < 0.0 { (len as f64 + n).max(0.0) } else { n.min(len as f64) };
    Ok(at as usize)
}

fn construct<'s>(s: &mut Scope<'s>, a: &Args<'s>, kind: &Kind) -> Completion<'s> {
    if a.new_target().is_undefined() {
        return Err(s.throw_type(&format!("Constructor {} requires 'new'", kind.name)));
    }
    let n = s.to_index(a.get(0), "Invalid array buffer length")? as usize;
    let options = a.get(1);
    let mut max = None;
    if options.is_object() {
        let key = s.key("maxByteLength");
        let v = s.get(options, key)?;
        if !v.is_undefined() {
            max = Some(s.to_index(v, "Invalid array buffer max length")? as usize);
        }
    }
    let proto = s.prototype_from_constructor(a.new_target(), kind.prototype)?;
    if max.is_some_and(|max| n > max) {
        return Err(s.throw_range("Invalid array buffer max length"));
    }
    if max.is_some_and(|max| max > looplab_vm::MAX_BUFFER) {
        return Err(s.throw_range("Array buffer allocation failed"));
    }
    let bytes = allocate(s, n)?;
    let mut data = match max {
        Some(max) => BufferData::resizable(bytes, max),
        None => BufferData::new(bytes),
    };
    if kind.shared {
        data = data.into_shared();
    }
    Ok(s.new_buffer_object(data, proto))
}

/// `ArrayBuffer.isView(v)`
fn is_view<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let v = a.get(0);
    Ok(s.bool(v.is_class(Class::TypedArray) || v.is_class(Class::DataView)))
}

/// What the methods ask of their receiver.
#[derive(Clone, Copy)]
struct Facts {
    len: usize,
    max: Option<usize>,
    detached: bool,
}

/// The receiver's facts when it is a buffer of this kind; `method` without the constructor's name.
fn this_buffer<'s>(s: &mut Scope<'s>, v: Local<'s>, kind: &Kind, method: &str) -> Result<Facts, Thrown> {
    match s.buffer(v).filter(|d| d.is_shared() == kind.shared) {
        Some(d) => Ok(Facts { len: d.bytes().len(), max: d.max(), detached: d.is_detached() }),
        None => {
            let (get, name) = match method.strip_prefix("get ") {
                Some(name) => ("get ", name),
                None => ("", method),
            };
            Err(incompatible(s, &format!("{get}{}.prototype.{name}", kind.name), v))
        }
    }
}

fn byte_length<'s>(s: &mut Scope<'s>, a: &Args<'s>, kind: &Kind) -> Completion<'s> {
    let b = this_buffer(s, a.this(), kind, "get byteLength")?;
    Ok(s.num(b.len as f64))
}

fn max_byte_length<'s>(s: &mut Scope<'s>, a: &Args<'s>, kind: &Kind) -> Completion<'s> {
    let b = this_buffer(s, a.this(), kind, "get maxByteLength")?;
    Ok(s.num(if b.detached { 0.0 } else { b.max.unwrap_or(b.len) as f64 }))
}

fn resizable<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let b = this_buffer(s, a.this(), &PLAIN, "get resizable")?;
    Ok(s.bool(b.max.is_some()))
}

fn detached<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let b = this_buffer(s, a.this(), &PLAIN, "get detached")?;
    Ok(s.bool(b.detached))
}

fn growable<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let b = this_buffer(s, a.this(), &SHARED, "get growable")?;
    Ok(s.bool(b.max.is_some()))
}

/// `ArrayBuffer.prototype.resize(newLength)`
fn resize<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    const BAD: &str = "ArrayBuffer.prototype.resize: Invalid length parameter";
    let b = this_buffer(s, a.this(), &PLAIN, "resize")?;
    let Some(max) = b.max else { return Err(incompatible(s, "ArrayBuffer.prototype.resize", a.this())) };
    let n = s.to_index(a.get(0), BAD)? as usize;
    if this_buffer(s, a.this(), &PLAIN, "resize")?.detached {
        return Err(detached_error(s, "ArrayBuffer.prototype.resize"));
    }
    if n > max {
        return Err(s.throw_range(BAD));
    }
    if !s.resize_buffer(a.this(), n) {
        return Err(s.throw_range("Array buffer allocation failed"));
    }
    Ok(s.undefined())
}

/// `SharedArrayBuffer.prototype.grow(newLength)`
fn grow<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    const BAD: &str = "SharedArrayBuffer.prototype.grow: Invalid length parameter";
    let b = this_buffer(s, a.this(), &SHARED, "grow")?;
    let Some(max) = b.max else { return Err(incompatible(s, "SharedArrayBuffer.prototype.grow", a.this())) };
    let n = s.to_index(a.get(0), BAD)? as usize;
    let now = this_buffer(s, a.this(), &SHARED, "grow")?.len;
    if n > max || n < now {
        return Err(s.throw_range(BAD));
    }
    if !s.resize_buffer(a.this(), n) {
        return Err(s.throw_range("Array buffer allocation failed"));
    }
    Ok(s.undefined())
}

/// `slice(start, end)` of both kinds.
fn slice<'s>(s: &mut Scope<'s>, a: &Args<'s>, kind: &Kind) -> Completion<'s> {
    let this = a.this();
    let method = format!("{}.prototype.slice", kind.name);
    let b = this_buffer(s, this, kind, "slice")?;
    if b.detached {
        return Err(detached_error(s, &method));
    }
    let first = relative(s, a.get(0), b.len, 0)?;
    let last = relative(s, a.get(1), b.len, b.len)?;
    let n = last.saturating_sub(first);
    let c = s.species_constructor(this, kind.constructor)?;
    let len = s.num(n as f64);
    let new = s.construct(c, &[len], c)?;
    let made = this_buffer(s, new, kind, "slice")?;
    if made.detached {
        return Err(detached_error(s, &method));
    }
    if new.is_identical(this) {
        return Err(s.throw_type(&format!("{} subclass returned this from species constructor", kind.name)));
    }
    if made.len < n {
        return Err(
            s.throw_type(&format!("Derived {} constructor created a buffer which was too small", kind.name))
        );
    }
    let now = this_buffer(s, this, kind, "slice")?;
    if now.detached {
        return Err(detached_error(s, &method));
    }
    let n = n.min(now.len.saturating_sub(first));
    if n > 0 {
        s.copy_buffer_bytes(this, first, new, 0, n);
    }
    Ok(new)
}

fn transfer<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    move_bytes(s, a, "transfer", true)
}

fn transfer_to_fixed_length<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    move_bytes(s, a, "transferToFixedLength", false)
}

/// ArrayBufferCopyAndDetach: the bytes move to a new buffer, without a copy where the length stays.
fn move_bytes<'s>(s: &mut Scope<'s>, a: &Args<'s>, name: &str, keep_resizable: bool) -> Completion<'s> {
    let this = a.this();
    let b = this_buffer(s, this, &PLAIN, name)?;
    let n = if a.get(0).is_undefined() {
        b.len
    } else {
        let requested = s.to_integer_or_infinity(a.get(0))?;
        if requested < 0.0 {
            return Err(s.throw_range("Invalid array buffer length"));
        }
        if requested > 9_007_199_254_740_991.0 {
            return Err(s.throw_range(&format!("ArrayBuffer.prototype.{name}: Invalid length parameter")));
        }
        requested as usize
    };
    let now = this_buffer(s, this, &PLAIN, name)?;
    if now.detached {
        return Err(detached_error(s, &format!("ArrayBuffer.prototype.{name}")));
    }
    let max = if keep_resizable { now.max } else { None };
    if max.is_some_and(|max| n > max) {
        return Err(s.throw_range("Invalid array buffer length"));
    }
    if n > now.len {
        // Fails before anything is taken away.
        drop(allocate(s, n)?);
    }
    let mut bytes = s.detach_buffer(this).unwrap_or_default();
    bytes.resize(n, 0);
    let data = match max {
        Some(max) => BufferData::resizable(bytes, max),
        None => BufferData::new(bytes),
    };
    let proto = s.intrinsic(Intrinsic::ArrayBufferPrototype);
    Ok(s.new_buffer_object(data, proto))
}
