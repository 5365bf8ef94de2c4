//! Map.

use super::{add_entries, receiver};
use crate::checks::{callable, count, requires_new, set_tag, species_getter};
use looplab_vm::{Args, Class, Completion, Intrinsic, IterKind, Local, Scope, Thrown};

pub(super) fn install(s: &mut Scope<'_>) {
    let proto = s.new_object();
    let ctor = s.constructor("Map", 0, map, proto);
    s.set_intrinsic(Intrinsic::MapPrototype, proto);
    s.set_intrinsic(Intrinsic::Map, ctor);
    s.method(ctor, "groupBy", 2, group_by);
    let species = s.atoms().sym_species;
    s.getter(ctor, species, species_getter);
    s.method(proto, "get", 1, get);
    let f = s.method(proto, "set", 2, set);
    s.set_intrinsic(Intrinsic::MapProtoSet, f);
    s.method(proto, "has", 1, has);
    s.method(proto, "delete", 1, delete);
    s.method(proto, "clear", 0, clear);
    let f = s.method(proto, "entries", 0, entries);
    s.set_intrinsic(Intrinsic::MapEntries, f);
    s.method(proto, "forEach", 1, for_each);
    s.method(proto, "keys", 0, keys);
    let size_key = s.atoms().size;
    s.getter(proto, size_key, size);
    s.method(proto, "values", 0, values);
    set_tag(s, proto, "Map");
    let (key, global, name) = (s.atoms().sym_iterator, s.global_object(), s.key("Map"));
    s.define_hidden(proto, key, f);
    s.define_hidden(global, name, ctor);
}

fn map<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(requires_new(s, "Map"));
    }
    let m = s.create_from_constructor(args.new_target(), Class::Map, Intrinsic::MapPrototype)?;
    s.init_table(m);
    if !args.get(0).is_nullish() {
        let key = s.atoms().set;
        add_entries(s, m, args.get(0), key)?;
    }
    Ok(m)
}

/// Sets an entry, with the limit that V8 has too.
pub(super) fn put<'s>(s: &mut Scope<'s>, m: Local<'s>, k: Local<'s>, v: Local<'s>) -> Result<(), Thrown> {
    if s.table_set(m, k, v) {
        return Ok(());
    }
    Err(s.throw_range("Map maximum size exceeded"))
}

fn get<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Map, "Map.prototype.get")?;
    Ok(s.table_get(m, args.get(0)).unwrap_or(s.undefined()))
}

fn set<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Map, "Map.prototype.set")?;
    put(s, m, args.get(0), args.get(1))?;
    Ok(m)
}

fn has<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Map, "Map.prototype.has")?;
    let yes = s.table_get(m, args.get(0)).is_some();
    Ok(s.bool(yes))
}

fn delete<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Map, "Map.prototype.delete")?;
    let yes = s.table_delete(m, args.get(0));
    Ok(s.bool(yes))
}

fn clear<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Map, "Map.prototype.clear")?;
    s.table_clear(m);
    Ok(s.undefined())
}

fn size<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Map, "get Map.prototype.size")?;
    let n = s.table_len(m);
    Ok(count(s, n as u64))
}

fn for_each<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Map, "Map.prototype.forEach")?;
    let f = callable(s, args.get(0))?;
    let t = args.get(1);
    s.table_each(m, |x, k, v| {
        let (m, f, t) = (x.adopt(m), x.adopt(f), x.adopt(t));
        x.call(f, t, &[v, k, m])?;
        Ok(true)
    })?;
    Ok(s.undefined())
}

fn entries<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Map, "Map.prototype.entries")?;
    Ok(s.new_table_iterator(m, IterKind::Entries))
}

fn keys<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Map, "Map.prototype.keys")?;
    Ok(s.new_table_iterator(m, IterKind::Keys))
}

fn values<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let m = receiver(s, args, Class::Map, "Map.prototype.values")?;
    Ok(s.new_table_iterator(m, IterKind::Values))
}

/// `Map.groupBy(items, callback)`
fn group_by<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (items, f) = (args.get(0), args.get(1));
    if items.is_nullish() {
        return Err(s.throw_type("Map.groupBy called on null or undefined"));
    }
    if !f.is_callable() {
        let t = s.describe_value(f);
        return Err(s.throw_type(&format!("{t} is not a function")));
    }
    let proto = s.intrinsic(Intrinsic::MapPrototype);
    let m = s.new_object_of(Class::Map, proto);
    s.init_table(m);
    let mut i = 0;
    s.iterate(items, |x, v| {
        let (m, f, u) = (x.adopt(m), x.adopt(f), x.undefined());
        let index = count(x, i);
        i += 1;
        let k = x.call(f, u, &[v, index])?;
        match x.table_get(m, k) {
            Some(group) => x.array_push(group, v),
            None => {
                let group = x.new_array(&[v]);
                put(x, m, k, group)?;
            }
        }
        Ok(true)
    })?;
    Ok(m)
}
