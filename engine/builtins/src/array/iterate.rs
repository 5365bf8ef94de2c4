//! The methods that call a function for each element: forEach, map, filter, every, some, reduce, reduceRight.

use super::{element, put_new, species_create};
use crate::checks::{callable, count, this_object};
use looplab_vm::{Args, Completion, Local, Scope, Thrown};

/// Calls the callback with every element that is there; `f` gets the index, the element and the result, and says whether to
/// go on.
fn each<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    o: Local<'s>,
    n: u64,
    callback: Local<'s>,
    mut f: impl for<'n> FnMut(&mut Scope<'n>, u64, Local<'n>, Local<'n>) -> Result<bool, Thrown>,
) -> Result<(), Thrown> {
    let this_arg = args.get(1);
    let mut i = 0;
    while i < n {
        let next = s.nested(|x| {
            let (o, cb, t) = (x.adopt(o), x.adopt(callback), x.adopt(this_arg));
            let Some(v) = element(x, o, i)? else { return Ok(x.next_present(o, i + 1, n)) };
            let index = count(x, i);
            let r = x.call(cb, t, &[v, index, o])?;
            Ok(if f(x, i, v, r)? { i + 1 } else { n })
        })?;
        i = next;
    }
    Ok(())
}

/// Receiver, length and callback, checked in the order of the specification.
fn begin<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    method: &str,
) -> Result<(Local<'s>, u64, Local<'s>), Thrown> {
    let o = this_object(s, args, method)?;
    let n = s.length_of(o)?;
    let f = callable(s, args.get(0))?;
    Ok((o, n, f))
}

pub(super) fn for_each<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, n, f) = begin(s, args, "Array.prototype.forEach")?;
    each(s, args, o, n, f, |_, _, _, _| Ok(true))?;
    Ok(s.undefined())
}

pub(super) fn map<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, n, f) = begin(s, args, "Array.prototype.map")?;
    let a = species_create(s, o, n)?;
    each(s, args, o, n, f, |x, i, _, r| {
        let a = x.adopt(a);
        put_new(x, a, i, r)?;
        Ok(true)
    })?;
    Ok(a)
}

pub(super) fn filter<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, n, f) = begin(s, args, "Array.prototype.filter")?;
    let a = species_create(s, o, 0)?;
    let mut to = 0;
    each(s, args, o, n, f, |x, _, v, r| {
        if x.to_boolean(r) {
            let a = x.adopt(a);
            put_new(x, a, to, v)?;
            to += 1;
        }
        Ok(true)
    })?;
    Ok(a)
}

pub(super) fn every<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, n, f) = begin(s, args, "Array.prototype.every")?;
    let mut all = true;
    each(s, args, o, n, f, |x, _, _, r| {
        all = x.to_boolean(r);
        Ok(all)
    })?;
    Ok(s.bool(all))
}

pub(super) fn some<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (o, n, f) = begin(s, args, "Array.prototype.some")?;
    let mut any = false;
    each(s, args, o, n, f, |x, _, _, r| {
        any = x.to_boolean(r);
        Ok(!any)
    })?;
    Ok(s.bool(any))
}

pub(super) fn reduce<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    fold(s, args, "Array.prototype.reduce", false)
}

pub(super) fn reduce_right<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    fold(s, args, "Array.prototype.reduceRight", true)
}

fn fold<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str, backwards: bool) -> Completion<'s> {
    let (o, n, f) = begin(s, args, method)?;
    let at = |k: u64| if backwards { n - 1 - k } else { k };
    // How many elements are behind us once those that are not there are passed over.
    let skip = |s: &Scope<'_>, o: Local<'_>, k: u64| match backwards {
        true => n - s.previous_present(o, n - k),
        false => s.next_present(o, k, n),
    };
    let mut k = 0;
    let mut acc = (args.len() > 1).then(|| args.get(1));
    while acc.is_none() && k < n {
        acc = element(s, o, at(k))?;
        k = if acc.is_some() { k + 1 } else { skip(s, o, k + 1) };
    }
    let Some(mut acc) = acc else {
        return Err(s.throw_type("Reduce of empty array with no initial value"));
    };
    let u = s.undefined();
    // The accumulator lives in a cell of its own, so that each round's handles can go.
    let cell = s.new_array(&[acc]);
    while k < n {
        let i = at(k);
        k = s.nested(|x| {
            let (o, f, u, cell) = (x.adopt(o), x.adopt(f), x.adopt(u), x.adopt(cell));
            let Some(v) = element(x, o, i)? else { return Ok(skip(x, o, k + 1)) };
            let (acc, index) = (x.fast_get(cell, 0), count(x, i));
            let r = x.call(f, u, &[acc, v, index, o])?;
            x.array_put(cell, 0, r);
            Ok(k + 1)
        })?;
    }
    acc = s.fast_get(cell, 0);
    Ok(acc)
}
