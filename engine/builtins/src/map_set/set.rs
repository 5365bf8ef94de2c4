//! Set: constructor and classic methods.

use super::{add_values, receiver, set_methods};
use crate::checks::{callable, count, requires_new, set_tag, species_getter};
use looplab_vm::{Args, Class, Completion, Intrinsic, IterKind, Local, Scope, Thrown};

pub(super) fn install(s: &mut Scope<'_>) {
    let proto = s.new_object();
    let ctor = s.constructor("Set", 0, set, proto);
    s.set_intrinsic(Intrinsic::SetPrototype, proto);
    s.set_intrinsic(Intrinsic::Set, ctor);
    let species = s.atoms().sym_species;
    s.getter(ctor, species, species_getter);
    s.method(proto, "has", 1, has);
    let f = s.method(proto, "add", 1, add);
    s.set_intrinsic(Intrinsic::SetProtoAdd, f);
    s.method(proto, "delete", 1, delete);
    s.method(proto, "difference", 1, set_methods::difference);
    s.method(proto, "clear", 0, clear);
    s.method(proto, "entries", 0, entries);
    s.method(proto, "forEach", 1, for_each);
    set_methods::install(s, proto);
    let size_key = s.atoms().size;
    s.getter(proto, size_key, size);
    s.method(proto, "symmetricDifference", 1, set_methods::symmetric_difference);
    s.method(proto, "union", 1, set_methods::union);
    let f = s.method(proto, "values", 0, values);
    s.set_intrinsic(Intrinsic::SetValues, f);
    let (keys, iterator) = (s.atoms().keys, s.atoms().sym_iterator);
    s.define_hidden(proto, keys, f);
    s.define_hidden(proto, iterator, f);
    set_tag(s, proto, "Set");
    let (global, name) = (s.global_object(), s.key("Set"));
    s.define_hidden(global, name, ctor);
}

fn set<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(requires_new(s, "Set"));
    }
    let m = s.create_from_constructor(args.new_target(), Class::Set, Intrinsic::SetPrototype)?;
    s.init_table(m);
    if !args.get(0).is_nullish() {
        let key = s.atoms().add;
        add_values(s, m, args.get(0), key)?;
    }
    Ok(m)
}

/// Adds a member, with the limit that V8 has too.
pub(super) fn put<'s>(s: &mut Scope<'s>, m: Local<'s>, k: Local<'s>) -> Result<(), Thrown> {
    let u = s.undefined();
    if s.table_set(m, k, u) {
        return Ok(());
    }
    Err(s.throw_range("Set maximum size exceeded"))
}

fn add<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Set, "Set.prototype.add")?;
    put(s, m, args.get(0))?;
    Ok(m)
}

fn has<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Set, "Set.prototype.has")?;
    let yes = s.table_get(m, args.get(0)).is_some();
    Ok(s.bool(yes))
}

fn delete<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Set, "Set.prototype.delete")?;
    let yes = s.table_delete(m, args.get(0));
    Ok(s.bool(yes))
}

fn clear<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Set, "Set.prototype.clear")?;
    s.table_clear(m);
    Ok(s.undefined())
}

fn size<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Set, "get Set.prototype.size")?;
    let n = s.table_len(m);
    Ok(count(s, n as u64))
}

fn for_each<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Set, "Set.prototype.forEach")?;
    let f = callable(s, args.get(0))?;
    let t = args.get(1);
    s.table_each(m, |x, k, _| {
        let (m, f, t) = (x.adopt(m), x.adopt(f), x.adopt(t));
        x.call(f, t, &[k, k, m])?;
        Ok(true)
    })?;
    Ok(s.undefined())
}

fn entries<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Set, "Set.prototype.entries")?;
    Ok(s.new_table_iterator(m, IterKind::Entries))
}

fn values<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Set, "Set.prototype.values")?;
    Ok(s.new_table_iterator(m, IterKind::Values))
}
