//! Checks of receivers and arguments that many builtins share, with V8's wording.

use looplab_vm::{Args, Completion, Key, Local, Scope, Thrown};

/// How V8 names a value where it cannot name the expression it came from: `number 1`, `string "a"`, `object null`, `symbol`.
pub(crate) fn call_site<'s>(s: &mut Scope<'s>, v: Local<'s>) -> String {
    if v.is_undefined() {
        return "undefined".into();
    }
    if v.is_null() {
        return "object null".into();
    }
    if v.is_string() {
        return format!("string \"{}\"", s.to_utf8_lossy(v));
    }
    if v.is_number() {
        return format!("number {}", s.describe_value(v));
    }
    if let Some(b) = v.as_bool() {
        return format!("boolean {b}");
    }
    let kind = if v.is_symbol() {
        "symbol"
    } else if v.is_bigint() {
        "bigint"
    } else if v.is_callable() {
        "function"
    } else {
        "object"
    };
    kind.into()
}

/// An argument that has to be callable.
pub(crate) fn callable<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Completion<'s> {
    if v.is_callable() {
        return Ok(v);
    }
    let t = call_site(s, v);
    Err(s.throw_type(&format!("{t} is not a function")))
}

/// ToObject of the receiver, whose method is named when it is null or undefined.
pub(crate) fn this_object<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Completion<'s> {
    let v = args.this();
    if v.is_object() {
        return Ok(v);
    }
    if v.is_nullish() {
        return Err(s.throw_type(&format!("{method} called on null or undefined")));
    }
    s.to_object(v)
}

/// The TypeError of a method whose receiver is of the wrong class.
pub(crate) fn incompatible<'s>(s: &mut Scope<'s>, method: &str, v: Local<'s>) -> Thrown {
    let t = s.describe_value(v);
    s.throw_type(&format!("Method {method} called on incompatible receiver {t}"))
}

/// The TypeError of a constructor called as a function.
pub(crate) fn requires_new(s: &mut Scope<'_>, name: &str) -> Thrown {
    s.throw_type(&format!("Constructor {name} requires 'new'"))
}

/// A relative index: counted from the end when negative, kept within `0..=len`.
pub(crate) fn relative_index<'s>(
    s: &mut Scope<'s>,
    v: Local<'s>,
    len: u64,
    default: u64,
) -> Result<u64, Thrown> {
    if v.is_undefined() {
        return Ok(default);
    }
    let n = s.to_integer_or_infinity(v)?;
    Ok(if n < 0.0 { (len as f64 + n).max(0.0) as u64 } else { n.min(len as f64) as u64 })
}

/// DeletePropertyOrThrow.
pub(crate) fn delete_or_throw<'s>(s: &mut Scope<'s>, o: Local<'s>, key: Key<'s>) -> Result<(), Thrown> {
    if s.delete(o, key)? {
        return Ok(());
    }
    let (k, t) = (s.key_text(key), s.describe_value(o));
    Err(s.throw_type(&format!("Cannot delete property '{k}' of {t}")))
}

/// A number from a count or index.
pub(crate) fn count<'s>(s: &Scope<'s>, n: u64) -> Local<'s> {
    match i32::try_from(n) {
        Ok(i) => s.int(i),
        Err(_) => s.num(n as f64),
    }
}

/// `constructor[Symbol.species]`: the receiver.
pub(crate) fn species_getter<'s>(_: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(args.this())
}

/// Sets `prototype[Symbol.toStringTag]`.
pub(crate) fn set_tag<'s>(s: &mut Scope<'s>, proto: Local<'s>, tag: &str) {
    let (key, v) = (s.atoms().sym_to_string_tag, s.str(tag));
    s.define_with(proto, key, v, looplab_vm::CONFIGURABLE);
}
