//! WeakMap, WeakSet (24.3, 24.4), WeakRef and FinalizationRegistry (26.1, 26.2).
//!
//! A registry's callback is its internal value 0; the embedder takes pending finalisations from [`Scope::next_cleanup`].

use crate::checks::{incompatible, requires_new, set_tag};
use looplab_vm::{Args, Class, Completion, Intrinsic, Local, NativeFn, Scope, Thrown};

pub(crate) fn install(s: &mut Scope<'_>) {
    let map: &[(&str, u32, NativeFn)] =
        &[("delete", 1, map_delete), ("get", 1, map_get), ("set", 2, map_set), ("has", 1, map_has)];
    class(s, "WeakMap", 0, weak_map, Intrinsic::WeakMap, Intrinsic::WeakMapPrototype, map);
    let set: &[(&str, u32, NativeFn)] =
        &[("delete", 1, set_delete), ("has", 1, set_has), ("add", 1, set_add)];
    class(s, "WeakSet", 0, weak_set, Intrinsic::WeakSet, Intrinsic::WeakSetPrototype, set);
    let weak_ref_methods: &[(&str, u32, NativeFn)] = &[("deref", 0, deref)];
    class(s, "WeakRef", 1, weak_ref, Intrinsic::WeakRef, Intrinsic::WeakRefPrototype, weak_ref_methods);
    let registry_methods: &[(&str, u32, NativeFn)] =
        &[("register", 2, register), ("unregister", 1, unregister)];
    class(
        s,
        "FinalizationRegistry",
        1,
        registry,
        Intrinsic::FinalizationRegistry,
        Intrinsic::FinalizationRegistryPrototype,
        registry_methods,
    );
}

/// Sets up a constructor with its prototype and methods.
fn class(
    s: &mut Scope<'_>,
    name: &str,
    length: u32,
    construct: NativeFn,
    ctor: Intrinsic,
    proto: Intrinsic,
    methods: &[(&str, u32, NativeFn)],
) {
    let p = s.new_object();
    let c = s.constructor(name, length, construct, p);
    s.set_intrinsic(proto, p);
    s.set_intrinsic(ctor, c);
    for &(name, length, f) in methods {
        s.method(p, name, length, f);
    }
    set_tag(s, p, name);
    let (global, key) = (s.global_object(), s.key(name));
    s.define_hidden(global, key, c);
}

fn receiver<'s>(s: &mut Scope<'s>, args: &Args<'s>, class: Class, method: &str) -> Result<Local<'s>, Thrown> {
    if args.this().is_class(class) {
        return Ok(args.this());
    }
    Err(incompatible(s, method, args.this()))
}

// ---- WeakMap ----

fn weak_map<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(requires_new(s, "WeakMap"));
    }
    let m = s.create_from_constructor(args.new_target(), Class::WeakMap, Intrinsic::WeakMapPrototype)?;
    s.init_weak(m);
    if !args.get(0).is_nullish() {
        let key = s.atoms().set;
        crate::map_set::add_entries(s, m, args.get(0), key)?;
    }
    Ok(m)
}

fn map_get<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::WeakMap, "WeakMap.prototype.get")?;
    Ok(s.weak_get(m, args.get(0)).unwrap_or(s.undefined()))
}

fn map_set<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::WeakMap, "WeakMap.prototype.set")?;
    if !s.can_be_held_weakly(args.get(0)) {
        return Err(s.throw_type("Invalid value used as weak map key"));
    }
    s.weak_set(m, args.get(0), args.get(1));
    Ok(m)
}

fn map_has<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::WeakMap, "WeakMap.prototype.has")?;
    let yes = s.weak_get(m, args.get(0)).is_some();
    Ok(s.bool(yes))
}

fn map_delete<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::WeakMap, "WeakMap.prototype.delete")?;
    let yes = s.weak_delete(m, args.get(0));
    Ok(s.bool(yes))
}

// ---- WeakSet ----

fn weak_set<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(requires_new(s, "WeakSet"));
    }
    let m = s.create_from_constructor(args.new_target(), Class::WeakSet, Intrinsic::WeakSetPrototype)?;
    s.init_weak(m);
    if !args.get(0).is_nullish() {
        let key = s.atoms().add;
        crate::map_set::add_values(s, m, args.get(0), key)?;
    }
    Ok(m)
}

fn set_add<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::WeakSet, "WeakSet.prototype.add")?;
    if !s.can_be_held_weakly(args.get(0)) {
        return Err(s.throw_type("Invalid value used in weak set"));
    }
    let u = s.undefined();
    s.weak_set(m, args.get(0), u);
    Ok(m)
}

fn set_has<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::WeakSet, "WeakSet.prototype.has")?;
    let yes = s.weak_get(m, args.get(0)).is_some();
    Ok(s.bool(yes))
}

fn set_delete<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::WeakSet, "WeakSet.prototype.delete")?;
    let yes = s.weak_delete(m, args.get(0));
    Ok(s.bool(yes))
}

// ---- WeakRef ----

fn weak_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(requires_new(s, "WeakRef"));
    }
    if !s.can_be_held_weakly(args.get(0)) {
        return Err(s.throw_type("WeakRef: invalid target"));
    }
    let r = s.create_from_constructor(args.new_target(), Class::WeakRef, Intrinsic::WeakRefPrototype)?;
    s.init_weak(r);
    s.weak_ref_set(r, args.get(0));
    Ok(r)
}

fn deref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = receiver(s, args, Class::WeakRef, "WeakRef.prototype.deref")?;
    Ok(s.weak_ref_get(r))
}

// ---- FinalizationRegistry ----

fn registry<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(requires_new(s, "FinalizationRegistry"));
    }
    if !args.get(0).is_callable() {
        return Err(s.throw_type("FinalizationRegistry: cleanup must be callable"));
    }
    let r = s.create_from_constructor(
        args.new_target(),
        Class::FinalizationRegistry,
        Intrinsic::FinalizationRegistryPrototype,
    )?;
    s.init_weak(r);
    s.set_internal(r, 0, args.get(0));
    Ok(r)
}

fn register<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = receiver(s, args, Class::FinalizationRegistry, "FinalizationRegistry.prototype.register")?;
    let (target, held, token) = (args.get(0), args.get(1), args.get(2));
    if !s.can_be_held_weakly(target) {
        return Err(s.throw_type("FinalizationRegistry.prototype.register: invalid target"));
    }
    if s.same_value(target, held) {
        let m = "FinalizationRegistry.prototype.register: target and holdings must not be same";
        return Err(s.throw_type(m));
    }
    if !s.can_be_held_weakly(token) && !token.is_undefined() {
        return Err(bad_token(s, token));
    }
    s.registry_add(r, target, held, token);
    Ok(s.undefined())
}

fn unregister<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = receiver(s, args, Class::FinalizationRegistry, "FinalizationRegistry.prototype.unregister")?;
    if !s.can_be_held_weakly(args.get(0)) {
        return Err(bad_token(s, args.get(0)));
    }
    let yes = s.registry_remove(r, args.get(0));
    Ok(s.bool(yes))
}

fn bad_token<'s>(s: &mut Scope<'s>, token: Local<'s>) -> Thrown {
    let t = s.describe_value(token);
    s.throw_type(&format!("Invalid unregisterToken ('{t}')"))
}
