//! The set-theoretic methods of Set.prototype (ES2025): union, intersection, and so on, with any set-like argument.

use super::{receiver, set::put};
use crate::checks::callable;
use looplab_vm::{Args, Class, Completion, Intrinsic, IterRecord, Local, NativeFn, Scope, Thrown};

/// Sets up those that V8 lists in a row; the others stand between the classic methods.
pub(super) fn install<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    let methods: [(&str, NativeFn); 4] = [
        ("intersection", intersection),
        ("isSubsetOf", is_subset_of),
        ("isSupersetOf", is_superset_of),
        ("isDisjointFrom", is_disjoint_from),
    ];
    for (name, f) in methods {
        s.method(proto, name, 1, f);
    }
}

/// A Set Record: what the argument says of itself.
struct SetRecord<'s> {
    object: Local<'s>,
    size: f64,
    has: Local<'s>,
    keys: Local<'s>,
}

impl<'s> SetRecord<'s> {
    /// GetSetRecord.
    fn new(s: &mut Scope<'s>, o: Local<'s>, method: &str) -> Result<SetRecord<'s>, Thrown> {
        if !o.is_object() {
            return Err(s.throw_type(&format!("{method} argument must be an object")));
        }
        let (size, has, keys) = (s.atoms().size, s.atoms().has, s.atoms().keys);
        let raw = s.get(o, size)?;
        let n = s.to_number(raw)?;
        if n.is_nan() {
            return Err(s.throw_type("The .size property is NaN"));
        }
        let n = n.trunc() + 0.0;
        if n < 0.0 {
            let t = s.num(n);
            let t = s.describe_value(t);
            return Err(s.throw_range(&format!("'{t}' is an invalid size")));
        }
        let has = method_of(s, o, has)?;
        let keys = method_of(s, o, keys)?;
        Ok(SetRecord { object: o, size: n, has, keys })
    }

    /// Asks the argument whether it has a value.
    fn has<'n>(&self, s: &mut Scope<'n>, v: Local<'n>) -> Result<bool, Thrown> {
        let (f, o) = (s.adopt(self.has), s.adopt(self.object));
        let r = s.call(f, o, &[v])?;
        Ok(s.to_boolean(r))
    }

    /// The iterator over the argument's keys.
    fn keys(&self, s: &mut Scope<'s>) -> Result<IterRecord<'s>, Thrown> {
        let it = s.call(self.keys, self.object, &[])?;
        if !it.is_object() {
            return Err(s.throw_type("Result of the keys method is not an object"));
        }
        s.iterator_direct(it)
    }
}

fn method_of<'s>(s: &mut Scope<'s>, o: Local<'s>, key: looplab_vm::Name) -> Completion<'s> {
    let f = s.get(o, key)?;
    if f.is_callable() {
        return Ok(f);
    }
    // V8 names the property here, not the value.
    let name = s.key_to_value(key.into());
    callable(s, name)
}

fn begin<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Result<(Local<'s>, SetRecord<'s>), Thrown> {
    let o = receiver(s, args, Class::Set, method)?;
    let r = SetRecord::new(s, args.get(0), method)?;
    Ok((o, r))
}

fn new_set<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let proto = s.intrinsic(Intrinsic::SetPrototype);
    let o = s.new_object_of(Class::Set, proto);
    s.init_table(o);
    o
}

fn copy_of<'s>(s: &mut Scope<'s>, o: Local<'s>) -> Local<'s> {
    let c = new_set(s);
    s.table_copy(o, c);
    c
}

fn has<'s>(s: &mut Scope<'s>, o: Local<'_>, v: Local<'s>) -> bool {
    s.table_get(o, v).is_some()
}

pub(super) fn union<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, other) = begin(s, args, "Set.prototype.union")?;
    let keys = other.keys(s)?;
    let result = copy_of(s, o);
    s.iterate_record(&keys, |x, v| {
        let result = x.adopt(result);
        put(x, result, v).map(|()| true)
    })?;
    Ok(result)
}

fn intersection<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, other) = begin(s, args, "Set.prototype.intersection")?;
    let result = new_set(s);
    if s.table_len(o) as f64 <= other.size {
        s.table_each(o, |x, v, _| {
            if other.has(x, v)? {
                let result = x.adopt(result);
                put(x, result, v)?;
            }
            Ok(true)
        })?;
        return Ok(result);
    }
    let keys = other.keys(s)?;
    s.iterate_record(&keys, |x, v| {
        if has(x, o, v) {
            let result = x.adopt(result);
            put(x, result, v)?;
        }
        Ok(true)
    })?;
    Ok(result)
}

pub(super) fn difference<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, other) = begin(s, args, "Set.prototype.difference")?;
    if s.table_len(o) as f64 <= other.size {
        let result = copy_of(s, o);
        s.table_each(o, |x, v, _| {
            if other.has(x, v)? {
                x.table_delete(result, v);
            }
            Ok(true)
        })?;
        return Ok(result);
    }
    let keys = other.keys(s)?;
    let result = copy_of(s, o);
    s.iterate_record(&keys, |x, v| {
        x.table_delete(result, v);
        Ok(true)
    })?;
    Ok(result)
}

pub(super) fn symmetric_difference<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, other) = begin(s, args, "Set.prototype.symmetricDifference")?;
    let keys = other.keys(s)?;
    let result = copy_of(s, o);
    s.iterate_record(&keys, |x, v| {
        if has(x, o, v) {
            x.table_delete(result, v);
        } else {
            let result = x.adopt(result);
            put(x, result, v)?;
        }
        Ok(true)
    })?;
    Ok(result)
}

fn is_subset_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, other) = begin(s, args, "Set.prototype.isSubsetOf")?;
    if s.table_len(o) as f64 > other.size {
        return Ok(s.bool(false));
    }
    let mut all = true;
    s.table_each(o, |x, v, _| {
        all = other.has(x, v)?;
        Ok(all)
    })?;
    Ok(s.bool(all))
}

fn is_superset_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, other) = begin(s, args, "Set.prototype.isSupersetOf")?;
    if (s.table_len(o) as f64) < other.size {
        return Ok(s.bool(false));
    }
    let keys = other.keys(s)?;
    let mut all = true;
    s.iterate_record(&keys, |x, v| {
        all = has(x, o, v);
        Ok(all)
    })?;
    Ok(s.bool(all))
}

fn is_disjoint_from<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, other) = begin(s, args, "Set.prototype.isDisjointFrom")?;
    let mut any = false;
    if s.table_len(o) as f64 <= other.size {
        s.table_each(o, |x, v, _| {
            any = other.has(x, v)?;
            Ok(!any)
        })?;
    } else {
        let keys = other.keys(s)?;
        s.iterate_record(&keys, |x, v| {
            any = has(x, o, v);
            Ok(!any)
        })?;
    }
    Ok(s.bool(!any))
}
