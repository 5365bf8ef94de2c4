//! Proxy (28.2) and Reflect (28.1). The internal methods of proxies are the engine's own.

use looplab_vm::{Args, CONFIGURABLE, Completion, Intrinsic, Key, KeyFilter, Local, Scope, Thrown};

/// Makes `Proxy` and `Reflect`.
pub fn install(s: &mut Scope<'_>) {
    install_proxy(s);
    install_reflect(s);
}

fn install_proxy(s: &mut Scope<'_>) {
    let none = s.undefined();
    let proxy = s.constructor("Proxy", 2, construct, none);
    s.method(proxy, "revocable", 2, revocable);
    s.set_intrinsic(Intrinsic::Proxy, proxy);
    let (g, key) = (s.global_object(), s.key("Proxy"));
    s.define_hidden(g, key, proxy);
}

fn install_reflect(s: &mut Scope<'_>) {
    let reflect = s.new_object();
    s.method(reflect, "defineProperty", 3, define_property);
    s.method(reflect, "deleteProperty", 2, delete_property);
    s.method(reflect, "apply", 3, apply);
    s.method(reflect, "construct", 2, reflect_construct);
    s.method(reflect, "get", 2, get);
    s.method(reflect, "getOwnPropertyDescriptor", 2, get_own_property_descriptor);
    s.method(reflect, "getPrototypeOf", 1, get_prototype_of);
    s.method(reflect, "has", 2, has);
    s.method(reflect, "isExtensible", 1, is_extensible);
    s.method(reflect, "ownKeys", 1, own_keys);
    s.method(reflect, "preventExtensions", 1, prevent_extensions);
    s.method(reflect, "set", 3, set);
    s.method(reflect, "setPrototypeOf", 2, set_prototype_of);
    let tag = s.str("Reflect");
    s.define_with(reflect, s.atoms().sym_to_string_tag, tag, CONFIGURABLE);
    s.set_intrinsic(Intrinsic::Reflect, reflect);
    let (g, key) = (s.global_object(), s.key("Reflect"));
    s.define_hidden(g, key, reflect);
}

// ---- Proxy ----

fn create<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let (target, handler) = (a.get(0), a.get(1));
    if !target.is_object() || !handler.is_object() {
        return Err(s.throw_type("Cannot create proxy with a non-object as target or handler"));
    }
    Ok(s.new_proxy(target, handler))
}

fn construct<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    if a.new_target().is_undefined() {
        return Err(s.throw_type("Constructor Proxy requires 'new'"));
    }
    create(s, a)
}

/// `Proxy.revocable(target, handler)`
fn revocable<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let p = create(s, a)?;
    let revoke = s.function_with_data(
        s.atoms().empty,
        0,
        |s, a| {
            s.proxy_revoke(a.data());
            Ok(s.undefined())
        },
        p,
    );
    let o = s.new_object();
    let (proxy_name, revoke_name) = (s.atoms().proxy, s.atoms().revoke);
    s.create_data_property(o, proxy_name.into(), p)?;
    s.create_data_property(o, revoke_name.into(), revoke)?;
    Ok(o)
}

// ---- Reflect ----

/// The first argument, which must be an object.
fn target<'s>(s: &mut Scope<'s>, a: &Args<'s>, name: &str) -> Completion<'s> {
    let t = a.get(0);
    if t.is_object() {
        return Ok(t);
    }
    Err(s.throw_type(&format!("Reflect.{name} called on non-object")))
}

fn target_and_key<'s>(s: &mut Scope<'s>, a: &Args<'s>, name: &str) -> Result<(Local<'s>, Key<'s>), Thrown> {
    let t = target(s, a, name)?;
    Ok((t, s.to_key(a.get(1))?))
}

fn apply<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let f = a.get(0);
    if !f.is_callable() {
        let text = s.describe_value(f);
        let kind = match f {
            _ if f.is_null() => "null",
            _ if f.is_undefined() => "a undefined",
            _ if f.is_object() => "an object",
            _ if f.is_string() => "a string",
            _ if f.is_number() => "a number",
            _ if f.is_bool() => "a boolean",
            _ if f.is_bigint() => "a bigint",
            _ => "a symbol",
        };
        let m = format!("Function.prototype.apply was called on {text}, which is {kind} and not a function");
        return Err(s.throw_type(&m));
    }
    let list = s.list_from_array_like(a.get(2))?;
    s.call(f, a.get(1), &list)
}

fn reflect_construct<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let f = a.get(0);
    let new_target = if a.len() > 2 { a.get(2) } else { f };
    for c in [f, new_target] {
        if !c.is_constructor() {
            let t = s.describe_value(c);
            return Err(s.throw_type(&format!("{t} is not a constructor")));
        }
    }
    let list = s.list_from_array_like(a.get(1))?;
    s.construct(f, &list, new_target)
}

fn define_property<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let (t, key) = target_and_key(s, a, "defineProperty")?;
    let d = s.to_property_descriptor(a.get(2))?;
    let done = s.define_own_property(t, key, &d)?;
    Ok(s.bool(done))
}

fn delete_property<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let (t, key) = target_and_key(s, a, "deleteProperty")?;
    let gone = s.delete(t, key)?;
    Ok(s.bool(gone))
}

fn get<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let (t, key) = target_and_key(s, a, "get")?;
    let receiver = if a.len() > 2 { a.get(2) } else { t };
    s.get_from(t, key, receiver)
}

fn set<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let (t, key) = target_and_key(s, a, "set")?;
    let receiver = if a.len() > 3 { a.get(3) } else { t };
    let done = s.set_from(t, key, a.get(2), receiver)?;
    Ok(s.bool(done))
}

fn has<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let (t, key) = target_and_key(s, a, "has")?;
    let yes = s.has_property(t, key)?;
    Ok(s.bool(yes))
}

fn get_own_property_descriptor<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let (t, key) = target_and_key(s, a, "getOwnPropertyDescriptor")?;
    Ok(match s.get_own_property(t, key)? {
        Some(d) => s.from_property_descriptor(&d),
        None => s.undefined(),
    })
}

fn get_prototype_of<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = target(s, a, "getPrototypeOf")?;
    s.get_prototype_of(t)
}

fn set_prototype_of<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = target(s, a, "setPrototypeOf")?;
    let proto = a.get(1);
    if !proto.is_object() && !proto.is_null() {
        let text = s.describe_value(proto);
        return Err(s.throw_type(&format!("Object prototype may only be an Object or null: {text}")));
    }
    let done = s.set_prototype_of(t, proto)?;
    Ok(s.bool(done))
}

fn is_extensible<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = target(s, a, "isExtensible")?;
    let yes = s.is_extensible(t)?;
    Ok(s.bool(yes))
}

fn prevent_extensions<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = target(s, a, "preventExtensions")?;
    let done = s.prevent_extensions(t)?;
    Ok(s.bool(done))
}

fn own_keys<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let t = target(s, a, "ownKeys")?;
    let keys = s.own_keys(t, KeyFilter::All)?;
    let values: Vec<Local<'s>> = keys.into_iter().map(|k| s.key_to_value(k)).collect();
    Ok(s.new_array(&values))
}
