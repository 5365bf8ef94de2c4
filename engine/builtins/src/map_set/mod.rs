//! Map and Set (24.1, 24.2) with their iterators. The table behind both is the engine's (`collections`): it keeps insertion
//! order while entries come and go during an iteration.

mod map;
mod set;
mod set_methods;

use crate::checks::{call_site, incompatible, set_tag};
use looplab_vm::{Args, Class, Completion, Intrinsic, Local, Name, Scope, Thrown};

/// Sets up `Map`, `Set` and their iterators' prototypes.
pub(crate) fn install(s: &mut Scope<'_>) {
    map::install(s);
    set::install(s);
    let base = s.intrinsic(Intrinsic::IteratorPrototype);
    let proto = s.new_object_with_proto(base);
    s.set_intrinsic(Intrinsic::MapIteratorPrototype, proto);
    let f = s.method(proto, "next", 0, map_iterator_next);
    s.set_intrinsic(Intrinsic::MapIteratorNext, f);
    set_tag(s, proto, "Map Iterator");
    let proto = s.new_object_with_proto(base);
    s.set_intrinsic(Intrinsic::SetIteratorPrototype, proto);
    let f = s.method(proto, "next", 0, set_iterator_next);
    s.set_intrinsic(Intrinsic::SetIteratorNext, f);
    set_tag(s, proto, "Set Iterator");
}

fn map_iterator_next<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    iterator_next(s, args, false, "Map Iterator.prototype.next")
}

fn set_iterator_next<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    iterator_next(s, args, true, "Set Iterator.prototype.next")
}

fn iterator_next<'s>(s: &mut Scope<'s>, args: &Args<'s>, is_set: bool, name: &str) -> Completion<'s> {
    let u = s.undefined();
    match s.table_iterator_next(args.this(), is_set) {
        Some(Some(v)) => Ok(s.iter_result(v, false)),
        Some(None) => Ok(s.iter_result(u, true)),
        None => Err(incompatible(s, name, args.this())),
    }
}

/// The receiver, which has to be of this class.
fn receiver<'s>(s: &mut Scope<'s>, args: &Args<'s>, class: Class, method: &str) -> Completion<'s> {
    if args.this().is_class(class) {
        return Ok(args.this());
    }
    Err(incompatible(s, method, args.this()))
}

/// The method that a constructor adds what it is given with.
fn adder<'s>(s: &mut Scope<'s>, o: Local<'s>, key: Name) -> Completion<'s> {
    let f = s.get(o, key)?;
    if f.is_callable() {
        return Ok(f);
    }
    let (t, k, o) = (s.describe_value(f), s.key_text(key.into()), s.describe_value(o));
    Err(s.throw_type(&format!("'{t}' returned for property '{k}' of object '{o}' is not a function")))
}

/// The TypeError for something that cannot be iterated, in the words V8 has for constructors' arguments.
fn check_iterable<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<(), Thrown> {
    if v.is_object() || v.is_string() {
        return Ok(());
    }
    let key = s.atoms().sym_iterator;
    if s.get_v(v, key)?.is_nullish() {
        let t = call_site(s, v);
        let m = format!("{t} is not iterable (cannot read property Symbol(Symbol.iterator))");
        return Err(s.throw_type(&m));
    }
    Ok(())
}

/// AddEntriesFromIterable, for Map and WeakMap.
pub(crate) fn add_entries<'s>(
    s: &mut Scope<'s>,
    target: Local<'s>,
    iterable: Local<'s>,
    key: Name,
) -> Result<(), Thrown> {
    let f = adder(s, target, key)?;
    check_iterable(s, iterable)?;
    let direct = f.is_identical(s.intrinsic(Intrinsic::MapProtoSet)) && target.is_class(Class::Map);
    if direct && s.table_len(target) == 0 && iterable.is_class(Class::Map) && s.is_pristine_table(iterable) {
        s.table_copy(iterable, target);
        return Ok(());
    }
    s.iterate(iterable, |x, item| {
        if !item.is_object() {
            let t = x.describe_value(item);
            return Err(x.throw_type(&format!("Iterator value {t} is not an entry object")));
        }
        let (k, v) = if x.is_fast_array(item) {
            (x.fast_get(item, 0), x.fast_get(item, 1))
        } else {
            let k = x.get(item, looplab_vm::Key::index(0))?;
            (k, x.get(item, looplab_vm::Key::index(1))?)
        };
        let (target, f) = (x.adopt(target), x.adopt(f));
        if direct {
            map::put(x, target, k, v)?;
        } else {
            x.call(f, target, &[k, v])?;
        }
        Ok(true)
    })
}

/// The loop of the Set and WeakSet constructors.
pub(crate) fn add_values<'s>(
    s: &mut Scope<'s>,
    target: Local<'s>,
    iterable: Local<'s>,
    key: Name,
) -> Result<(), Thrown> {
    let f = adder(s, target, key)?;
    check_iterable(s, iterable)?;
    let direct = f.is_identical(s.intrinsic(Intrinsic::SetProtoAdd)) && target.is_class(Class::Set);
    if direct && s.table_len(target) == 0 && iterable.is_class(Class::Set) && s.is_pristine_table(iterable) {
        s.table_copy(iterable, target);
        return Ok(());
    }
    s.iterate(iterable, |x, v| {
        let (target, f) = (x.adopt(target), x.adopt(f));
        if direct {
            set::put(x, target, v)?;
        } else {
            x.call(f, target, &[v])?;
        }
        Ok(true)
    })
}
