//! `Object.prototype`, section 20.1.3, and the accessor functions of Annex B.

use super::set_prototype_or_throw;
use looplab_vm::{Args, CONFIGURABLE, Class, Completion, Desc, Intrinsic, Key, Local, Scope, Thrown};

pub(super) fn install<'s>(s: &mut Scope<'s>, p: Local<'s>) {
    s.method(p, "__defineGetter__", 2, define_getter);
    s.method(p, "__defineSetter__", 2, define_setter);
    s.method(p, "hasOwnProperty", 1, has_own_property);
    s.method(p, "__lookupGetter__", 1, lookup_getter);
    s.method(p, "__lookupSetter__", 1, lookup_setter);
    s.method(p, "isPrototypeOf", 1, is_prototype_of);
    s.method(p, "propertyIsEnumerable", 1, property_is_enumerable);
    let f = s.method(p, "toString", 0, to_string);
    s.set_intrinsic(Intrinsic::ObjectProtoToString, f);
    s.method(p, "valueOf", 0, value_of);
    let (get, set) = (s.key("get __proto__"), s.key("set __proto__"));
    let (get, set) = (s.function(get, 0, get_proto), s.function(set, 1, set_proto));
    let key = s.atoms().proto;
    s.define_accessor(p, key, get, set, CONFIGURABLE);
    s.method(p, "toLocaleString", 0, to_locale_string);
}

fn define_getter<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    define(s, args, true)
}

fn define_setter<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    define(s, args, false)
}

fn define<'s>(s: &mut Scope<'s>, args: &Args<'s>, getter: bool) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let f = args.get(1);
    if !f.is_callable() {
        let name = if getter { "Getter" } else { "Setter" };
        return Err(s.throw_type(&format!("Object.prototype.__define{name}__: Expecting function")));
    }
    let mut d = Desc { enumerable: Some(true), configurable: Some(true), ..Desc::default() };
    if getter {
        d.get = Some(f);
    } else {
        d.set = Some(f);
    }
    let k = s.to_key(args.get(0))?;
    s.define_property_or_throw(o, k, &d)?;
    Ok(s.undefined())
}

fn lookup_getter<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let d = lookup(s, args)?;
    Ok(d.and_then(|d| d.get).unwrap_or(s.undefined()))
}

fn lookup_setter<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let d = lookup(s, args)?;
    Ok(d.and_then(|d| d.set).unwrap_or(s.undefined()))
}

/// The descriptor of the nearest property of that name.
fn lookup<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Result<Option<Desc<'s>>, Thrown> {
    let mut o = s.to_object(args.this())?;
    let k = s.to_key(args.get(0))?;
    while o.is_object() {
        if let Some(d) = s.get_own_property(o, k)? {
            return Ok(Some(d));
        }
        o = s.get_prototype_of(o)?;
    }
    Ok(None)
}

fn has_own_property<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let k = s.to_key(args.get(0))?;
    let o = s.to_object(args.this())?;
    let r = s.has_own(o, k)?;
    Ok(s.bool(r))
}

fn is_prototype_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut v = args.get(0);
    if !v.is_object() {
        return Ok(s.bool(false));
    }
    let o = s.to_object(args.this())?;
    loop {
        v = s.get_prototype_of(v)?;
        if v.is_null() {
            return Ok(s.bool(false));
        }
        if v.is_identical(o) {
            return Ok(s.bool(true));
        }
    }
}

fn property_is_enumerable<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let k = s.to_key(args.get(0))?;
    let o = s.to_object(args.this())?;
    let r = s.get_own_property(o, k)?.is_some_and(|d| d.enumerable == Some(true));
    Ok(s.bool(r))
}

fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.this();
    if v.is_nullish() {
        return Ok(s.str(if v.is_null() { "[object Null]" } else { "[object Undefined]" }));
    }
    let o = s.to_object(v)?;
    let builtin = if s.is_array(o)? {
        "[object Array]"
    } else {
        match o.class() {
            _ if o.is_callable() => "[object Function]",
            Some(Class::Arguments) => "[object Arguments]",
            Some(Class::Error) => "[object Error]",
            Some(Class::Boolean) => "[object Boolean]",
            Some(Class::Number) => "[object Number]",
            Some(Class::String) => "[object String]",
            Some(Class::Date) => "[object Date]",
            Some(Class::RegExp) => "[object RegExp]",
            _ => "[object Object]",
        }
    };
    let key: Key<'s> = s.atoms().sym_to_string_tag.into();
    let tag = s.get(o, key)?;
    if !tag.is_string() {
        return Ok(s.str(builtin));
    }
    let (open, close) = (s.str("[object "), s.str("]"));
    let t = s.concat(open, tag)?;
    s.concat(t, close)
}

fn to_locale_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.this().is_nullish() {
        return Err(s.throw_type("Object.prototype.toLocaleString called on null or undefined"));
    }
    let key = s.atoms().to_string;
    s.invoke(args.this(), key, &[])
}

fn value_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    s.to_object(args.this())
}

fn get_proto<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    s.get_prototype_of(o)
}

fn set_proto<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, proto) = (args.this(), args.get(0));
    if o.is_nullish() {
        return Err(s.throw_type("set Object.prototype.__proto__ called on null or undefined"));
    }
    if o.is_object() && (proto.is_object() || proto.is_null()) {
        set_prototype_or_throw(s, o, proto)?;
    }
    Ok(s.undefined())
}
