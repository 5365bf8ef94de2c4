//! `Boolean`, section 20.3.

use crate::def;
use looplab_vm::{Args, Class, Completion, Intrinsic, Scope, Thrown};

/// Sets up `Boolean`.
pub fn install(s: &mut Scope<'_>) {
    let parent = s.intrinsic(Intrinsic::ObjectPrototype);
    let p = s.new_object_of(Class::Boolean, parent);
    let no = s.bool(false);
    s.set_internal(p, 0, no);
    s.set_intrinsic(Intrinsic::BooleanPrototype, p);
    let c = s.constructor("Boolean", 1, boolean, p);
    s.set_intrinsic(Intrinsic::Boolean, c);
    def::global(s, "Boolean", c);
    s.method(p, "toString", 0, to_string);
    s.method(p, "valueOf", 0, value_of);
}

fn boolean<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let b = s.bool(s.to_boolean(args.get(0)));
    if args.new_target().is_undefined() {
        return Ok(b);
    }
    let o = s.create_from_constructor(args.new_target(), Class::Boolean, Intrinsic::BooleanPrototype)?;
    s.set_internal(o, 0, b);
    Ok(o)
}

/// ThisBooleanValue.
fn this_value<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Result<bool, Thrown> {
    let v = args.this();
    let v = if v.is_class(Class::Boolean) { s.internal(v, 0) } else { v };
    match v.as_bool() {
        Some(b) => Ok(b),
        None => Err(s.throw_type(&format!("Boolean.prototype.{method} requires that 'this' be a Boolean"))),
    }
}

fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let b = this_value(s, args, "toString")?;
    Ok(s.str(if b { "true" } else { "false" }))
}

fn value_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let b = this_value(s, args, "valueOf")?;
    Ok(s.bool(b))
}
