//! Change by copy: toReversed, toSpliced, with. (toSorted is with sort.)

use super::change::splice_range;
use super::{MAX_LENGTH, array_create, get_index, put_new};
use crate::checks::this_object;
use looplab_vm::{Args, Completion, Local, Scope, Thrown};

/// Copies `from..to` of an array-like behind what `a` has already; holes become undefined.
fn append<'s>(s: &mut Scope<'s>, a: Local<'s>, o: Local<'s>, from: u64, to: u64) -> Result<(), Thrown> {
    if s.is_fast_array(o) && to <= u64::from(s.array_len(o)) && s.fast_append(a, o, from as u32, to as u32) {
        s.fast_fill_holes(a);
        return Ok(());
    }
    let base = u64::from(s.array_len(a));
    for i in from..to {
        s.nested(|x| {
            let (a, o) = (x.adopt(a), x.adopt(o));
            let v = get_index(x, o, i)?;
            put_new(x, a, base + (i - from), v)
        })?;
    }
    Ok(())
}

/// A new empty array that is going to have `n` elements.
fn begin<'s>(s: &mut Scope<'s>, n: u64) -> Completion<'s> {
    if n > u64::from(u32::MAX) {
        return Err(s.throw_range("Invalid array length"));
    }
    array_create(s, 0)
}

pub(super) fn to_reversed<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    let a = begin(s, n)?;
    if s.is_fast_array(o) {
        append(s, a, o, 0, n)?;
        s.fast_reverse(a);
        return Ok(a);
    }
    for i in 0..n {
        s.nested(|x| {
            let (a, o) = (x.adopt(a), x.adopt(o));
            let v = get_index(x, o, n - 1 - i)?;
            put_new(x, a, i, v)
        })?;
    }
    Ok(a)
}

pub(super) fn to_spliced<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    let (start, remove) = splice_range(s, args, n)?;
    let items = args.rest(2);
    let new = n - remove + items.len() as u64;
    if new > MAX_LENGTH {
        return Err(s.throw_type("Invalid array length"));
    }
    let a = begin(s, new)?;
    append(s, a, o, 0, start)?;
    for (i, v) in items.into_iter().enumerate() {
        put_new(s, a, start + i as u64, v)?;
    }
    append(s, a, o, start + remove, n)?;
    Ok(a)
}

pub(super) fn with<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.with")?;
    let n = s.length_of(o)?;
    let rel = s.to_integer_or_infinity(args.get(0))?;
    let i = if rel < 0.0 { n as f64 + rel } else { rel };
    if i < 0.0 || i >= n as f64 {
        let t = s.num(rel);
        let t = s.describe_value(t);
        return Err(s.throw_range(&format!("Invalid index : {t}")));
    }
    let a = begin(s, n)?;
    if s.is_fast_array(o) {
        append(s, a, o, 0, n)?;
        put_new(s, a, i as u64, args.get(1))?;
        return Ok(a);
    }
    append(s, a, o, 0, i as u64)?;
    put_new(s, a, i as u64, args.get(1))?;
    append(s, a, o, i as u64 + 1, n)?;
    Ok(a)
}
