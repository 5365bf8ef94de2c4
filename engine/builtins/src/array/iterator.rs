//! keys, values, entries, and `%ArrayIteratorPrototype%` (23.1.5), which typed arrays use too.

use crate::checks::{count, incompatible, set_tag};
use looplab_vm::{Args, ArrayIterKind, Class, Completion, Intrinsic, Scope};

pub(super) fn install(s: &mut Scope<'_>) {
    let base = s.intrinsic(Intrinsic::IteratorPrototype);
    let proto = s.new_object_with_proto(base);
    s.set_intrinsic(Intrinsic::ArrayIteratorPrototype, proto);
    let f = s.method(proto, "next", 0, next);
    s.set_intrinsic(Intrinsic::ArrayIteratorNext, f);
    set_tag(s, proto, "Array Iterator");
}

pub(super) fn keys<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    Ok(s.new_array_iterator(o, ArrayIterKind::Keys))
}

pub(super) fn values<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    Ok(s.new_array_iterator(o, ArrayIterKind::Values))
}

pub(super) fn entries<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    Ok(s.new_array_iterator(o, ArrayIterKind::Entries))
}

fn next<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let it = args.this();
    if let Some(r) = s.array_iterator_fast_next(it) {
        let u = s.undefined();
        return Ok(s.iter_result(r.unwrap_or(u), r.is_none()));
    }
    let Some((o, i, kind)) = s.array_iterator_state(it) else {
        return Err(incompatible(s, "Array Iterator.prototype.next", it));
    };
    let u = s.undefined();
    if o.is_undefined() {
        return Ok(s.iter_result(u, true));
    }
    let n = if o.is_class(Class::TypedArray) {
        match s.typed_len(o) {
            Some(n) => n as u64,
            None => {
                let m = "Cannot perform %ArrayIteratorPrototype%.next on a detached ArrayBuffer";
                return Err(s.throw_type(m));
            }
        }
    } else {
        s.length_of(o)?
    };
    if i >= n {
        s.array_iterator_move(it, None);
        return Ok(s.iter_result(u, true));
    }
    s.array_iterator_move(it, Some(i + 1));
    let index = count(s, i);
    if kind == ArrayIterKind::Keys {
        return Ok(s.iter_result(index, false));
    }
    let mut v = super::get_index(s, o, i)?;
    if kind == ArrayIterKind::Entries {
        v = s.new_array(&[index, v]);
    }
    Ok(s.iter_result(v, false))
}
