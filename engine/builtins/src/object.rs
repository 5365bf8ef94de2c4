//! `Object`: the constructor and its functions, section 20.1.2. The prototype is in [`prototype`].

mod prototype;

use crate::def;
use looplab_vm::{Args, Class, Completion, Desc, EntryKind, Intrinsic, Key, KeyFilter, Local, Scope, Thrown};

/// Sets up `Object` and `Object.prototype`.
pub fn install(s: &mut Scope<'_>) {
    let proto = s.intrinsic(Intrinsic::ObjectPrototype);
    let o = s.constructor("Object", 1, object, proto);
    s.set_intrinsic(Intrinsic::Object, o);
    def::global(s, "Object", o);
    s.method(o, "assign", 2, assign);
    s.method(o, "getOwnPropertyDescriptor", 2, get_own_property_descriptor);
    s.method(o, "getOwnPropertyDescriptors", 1, get_own_property_descriptors);
    s.method(o, "getOwnPropertyNames", 1, get_own_property_names);
    s.method(o, "getOwnPropertySymbols", 1, get_own_property_symbols);
    s.method(o, "hasOwn", 2, has_own);
    s.method(o, "is", 2, is);
    s.method(o, "preventExtensions", 1, prevent_extensions);
    s.method(o, "seal", 1, seal);
    s.method(o, "create", 2, create);
    s.method(o, "defineProperties", 2, define_properties);
    s.method(o, "defineProperty", 3, define_property);
    s.method(o, "freeze", 1, freeze);
    s.method(o, "getPrototypeOf", 1, get_prototype_of);
    s.method(o, "setPrototypeOf", 2, set_prototype_of);
    s.method(o, "isExtensible", 1, is_extensible);
    s.method(o, "isFrozen", 1, is_frozen);
    s.method(o, "isSealed", 1, is_sealed);
    s.method(o, "keys", 1, keys);
    s.method(o, "entries", 1, entries);
    s.method(o, "fromEntries", 1, from_entries);
    s.method(o, "values", 1, values);
    s.method(o, "groupBy", 2, group_by);
    prototype::install(s, proto);
}

fn object<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let nt = args.new_target();
    if !nt.is_undefined() && !nt.is_identical(args.callee()) {
        return s.create_from_constructor(nt, Class::Plain, Intrinsic::ObjectPrototype);
    }
    let v = args.get(0);
    if v.is_nullish() { Ok(s.new_object()) } else { s.to_object(v) }
}

fn assign<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let to = s.to_object(args.get(0))?;
    for i in 1..args.len() {
        let source = args.get(i);
        if source.is_nullish() {
            continue;
        }
        s.nested(|s| {
            let (to, source) = (s.adopt(to), s.adopt(source));
            let from = s.to_object(source)?;
            if s.assign_data(to, from) {
                return Ok(());
            }
            for k in s.own_keys(from, KeyFilter::All)? {
                if let Some(v) = s.own_enumerable_value(from, k)? {
                    s.set(to, k, v)?;
                }
            }
            Ok(())
        })?;
    }
    Ok(to)
}

fn get_own_property_descriptor<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.get(0))?;
    let k = s.to_key(args.get(1))?;
    Ok(match s.get_own_property(o, k)? {
        Some(d) => s.from_property_descriptor(&d),
        None => s.undefined(),
    })
}

fn get_own_property_descriptors<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.get(0))?;
    let out = s.new_object();
    for k in s.own_keys(o, KeyFilter::All)? {
        if let Some(d) = s.get_own_property(o, k)? {
            let d = s.from_property_descriptor(&d);
            s.create_data_property_or_throw(out, k, d)?;
        }
    }
    Ok(out)
}

/// An array of keys as values.
pub(crate) fn keys_array<'s>(s: &mut Scope<'s>, keys: &[Key<'s>]) -> Local<'s> {
    let out = s.new_array(&[]);
    for &k in keys {
        let v = s.key_to_value(k);
        s.array_push(out, v);
    }
    out
}

fn get_own_property_names<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.get(0))?;
    let keys = s.own_keys(o, KeyFilter::Strings)?;
    Ok(keys_array(s, &keys))
}

fn get_own_property_symbols<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.get(0))?;
    let keys = s.own_keys(o, KeyFilter::Symbols)?;
    Ok(keys_array(s, &keys))
}

fn has_own<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.get(0))?;
    let k = s.to_key(args.get(1))?;
    let r = s.has_own(o, k)?;
    Ok(s.bool(r))
}

fn is<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = s.same_value(args.get(0), args.get(1));
    Ok(s.bool(r))
}

fn create<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let proto = args.get(0);
    check_prototype(s, proto)?;
    let o = s.new_object_with_proto(proto);
    if !args.get(1).is_undefined() {
        define_all(s, o, args.get(1))?;
    }
    Ok(o)
}

fn check_prototype<'s>(s: &mut Scope<'s>, proto: Local<'s>) -> Result<(), Thrown> {
    if proto.is_object() || proto.is_null() {
        return Ok(());
    }
    let t = s.describe_value(proto);
    Err(s.throw_type(&format!("Object prototype may only be an Object or null: {t}")))
}

fn define_properties<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.get(0);
    if !o.is_object() {
        return Err(s.throw_type("Object.defineProperties called on non-object"));
    }
    define_all(s, o, args.get(1))?;
    Ok(o)
}

/// ObjectDefineProperties: all descriptors are read before the first property is defined.
fn define_all<'s>(s: &mut Scope<'s>, o: Local<'s>, properties: Local<'s>) -> Result<(), Thrown> {
    let props = s.to_object(properties)?;
    let mut list: Vec<(Key<'s>, Desc<'s>)> = Vec::new();
    for k in s.own_keys(props, KeyFilter::All)? {
        if let Some(v) = s.own_enumerable_value(props, k)? {
            let d = s.to_property_descriptor(v)?;
            list.push((k, d));
        }
    }
    for (k, d) in &list {
        s.define_property_or_throw(o, *k, d)?;
    }
    Ok(())
}

fn define_property<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.get(0);
    if !o.is_object() {
        return Err(s.throw_type("Object.defineProperty called on non-object"));
    }
    let k = s.to_key(args.get(1))?;
    let d = s.to_property_descriptor(args.get(2))?;
    s.define_property_or_throw(o, k, &d)?;
    Ok(o)
}

fn get_prototype_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.get(0))?;
    s.get_prototype_of(o)
}

fn set_prototype_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, proto) = (args.get(0), args.get(1));
    if o.is_nullish() {
        return Err(s.throw_type("Object.setPrototypeOf called on null or undefined"));
    }
    check_prototype(s, proto)?;
    if o.is_object() {
        set_prototype_or_throw(s, o, proto)?;
    }
    Ok(o)
}

/// `[[SetPrototypeOf]]`, with V8's reason when it could not be done.
pub(crate) fn set_prototype_or_throw<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    proto: Local<'s>,
) -> Result<(), Thrown> {
    if s.set_prototype_of(o, proto)? {
        return Ok(());
    }
    let message = if o.is_class(Class::Proxy) {
        "'setPrototypeOf' on proxy: trap returned falsish for property 'undefined'".to_owned()
    } else if o.is_identical(s.intrinsic(Intrinsic::ObjectPrototype)) {
        "Immutable prototype object 'Object.prototype' cannot have their prototype set".to_owned()
    } else if !s.is_extensible(o)? {
        format!("{} is not extensible", s.describe_value(o))
    } else {
        "Cyclic __proto__ value".to_owned()
    };
    Err(s.throw_type(&message))
}

fn prevent_extensions<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.get(0);
    if !o.is_object() || s.prevent_extensions(o)? {
        return Ok(o);
    }
    Err(throw_not_prevented(s, o))
}

fn throw_not_prevented<'s>(s: &mut Scope<'s>, o: Local<'s>) -> Thrown {
    if o.is_class(Class::Proxy) {
        return s.throw_type("'preventExtensions' on proxy: trap returned falsish");
    }
    s.throw_type("Cannot prevent extensions")
}

fn seal<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.get(0);
    if o.is_object() && !s.set_integrity(o, false)? {
        return Err(throw_not_prevented(s, o));
    }
    Ok(o)
}

fn freeze<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.get(0);
    if !o.is_object() {
        return Ok(o);
    }
    if o.is_class(Class::TypedArray) && s.typed_len(o).is_some_and(|n| n > 0) {
        return Err(s.throw_type("Cannot freeze array buffer views with elements"));
    }
    if s.set_integrity(o, true)? { Ok(o) } else { Err(throw_not_prevented(s, o)) }
}

fn is_extensible<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = args.get(0).is_object() && s.is_extensible(args.get(0))?;
    Ok(s.bool(r))
}

fn is_frozen<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = !args.get(0).is_object() || s.test_integrity(args.get(0), true)?;
    Ok(s.bool(r))
}

fn is_sealed<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = !args.get(0).is_object() || s.test_integrity(args.get(0), false)?;
    Ok(s.bool(r))
}

fn keys<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.get(0))?;
    if let Some(list) = s.enumerable_list(o, EntryKind::Keys) {
        return Ok(list);
    }
    let keys = s.enumerable_own_keys(o)?;
    Ok(keys_array(s, &keys))
}

fn values<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.get(0))?;
    if let Some(list) = s.enumerable_list(o, EntryKind::Values) {
        return Ok(list);
    }
    let out = s.new_array(&[]);
    for k in s.own_keys(o, KeyFilter::Strings)? {
        if let Some(v) = s.own_enumerable_value(o, k)? {
            s.array_push(out, v);
        }
    }
    Ok(out)
}

fn entries<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.get(0))?;
    if let Some(list) = s.enumerable_list(o, EntryKind::Entries) {
        return Ok(list);
    }
    let out = s.new_array(&[]);
    for k in s.own_keys(o, KeyFilter::Strings)? {
        s.nested(|s| {
            let (o, out, k) = (s.adopt(o), s.adopt(out), s.adopt_key(k));
            if let Some(v) = s.own_enumerable_value(o, k)? {
                let name = s.key_to_value(k);
                let pair = s.new_array(&[name, v]);
                s.array_push(out, pair);
            }
            Ok(())
        })?;
    }
    Ok(out)
}

fn from_entries<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let out = s.new_object();
    if args.get(0).is_nullish() {
        let t = s.describe_value(args.get(0));
        return Err(s.throw_type(&format!("{t} is not iterable")));
    }
    s.iterate(args.get(0), |s, item| {
        if !item.is_object() {
            let t = s.describe_value(item);
            return Err(s.throw_type(&format!("Iterator value {t} is not an entry object")));
        }
        let out = s.adopt(out);
        let k = s.get(item, Key::index(0))?;
        let v = s.get(item, Key::index(1))?;
        let k = s.to_key(k)?;
        s.create_data_property_or_throw(out, k, v)?;
        Ok(true)
    })?;
    Ok(out)
}

fn group_by<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (items, f) = (args.get(0), args.get(1));
    if items.is_nullish() {
        return Err(s.throw_type("Object.groupBy called on null or undefined"));
    }
    if !f.is_callable() {
        let t = s.describe_value(f);
        return Err(s.throw_type(&format!("{t} is not a function")));
    }
    // Nobody sees the result before the end, so it can itself be the table of groups.
    let null = s.null();
    let out = s.new_object_with_proto(null);
    let mut n = 0u64;
    s.iterate(items, |s, v| {
        let (out, f) = (s.adopt(out), s.adopt(f));
        let (u, i) = (s.undefined(), s.num(n as f64));
        let k = s.call(f, u, &[v, i])?;
        let k = s.to_key(k)?;
        n += 1;
        let group = s.get(out, k)?;
        if group.is_undefined() {
            let group = s.new_array(&[v]);
            s.create_data_property_or_throw(out, k, group)?;
        } else {
            s.array_push(group, v);
        }
        Ok(true)
    })?;
    Ok(out)
}
