//! The methods that change their array: push, pop, shift, unshift, splice, fill, copyWithin, reverse.

use super::{MAX_LENGTH, delete_index, element, get_index, put_new, set_index, set_length, species_create};
use crate::checks::{count, relative_index, this_object};
use looplab_vm::{Args, Completion, Local, Scope, Thrown};

pub(super) fn push<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.push")?;
    if s.is_fluid_array(o) {
        let mut i = 0;
        while i < args.len() && s.fast_push(o, args.get(i)) {
            i += 1;
        }
        if i == args.len() {
            let n = s.array_len(o);
            return Ok(count(s, u64::from(n)));
        }
        return push_slowly(s, o, &args.rest(i));
    }
    push_slowly(s, o, &args.rest(0))
}

fn push_slowly<'s>(s: &mut Scope<'s>, o: Local<'s>, items: &[Local<'s>]) -> Completion<'s> {
    let n = s.length_of(o)?;
    let extra = items.len() as u64;
    if n + extra > MAX_LENGTH {
        let m = format!(
            "Pushing {extra} elements on an array-like of length {n} is disallowed, as the total surpasses 2**53-1"
        );
        return Err(s.throw_type(&m));
    }
    for (i, v) in items.iter().enumerate() {
        set_index(s, o, n + i as u64, *v)?;
    }
    set_length(s, o, n + extra)?;
    Ok(count(s, n + extra))
}

pub(super) fn pop<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.pop")?;
    if s.is_fluid_array(o) {
        return Ok(s.fast_pop(o));
    }
    let n = s.length_of(o)?;
    if n == 0 {
        set_length(s, o, 0)?;
        return Ok(s.undefined());
    }
    let v = get_index(s, o, n - 1)?;
    delete_index(s, o, n - 1)?;
    set_length(s, o, n - 1)?;
    Ok(v)
}

pub(super) fn shift<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.shift")?;
    if s.is_fluid_array(o) {
        let v = s.fast_get(o, 0);
        if s.array_len(o) > 0 {
            s.fast_splice(o, 0, 1, &[]);
        }
        return Ok(v);
    }
    let n = s.length_of(o)?;
    if n == 0 {
        set_length(s, o, 0)?;
        return Ok(s.undefined());
    }
    let first = get_index(s, o, 0)?;
    move_down(s, o, 1, n, 0)?;
    delete_index(s, o, n - 1)?;
    set_length(s, o, n - 1)?;
    Ok(first)
}

/// Moves `from..to` so that it begins at `at`, which lies before it; holes move along.
fn move_down<'s>(s: &mut Scope<'s>, o: Local<'s>, from: u64, to: u64, at: u64) -> Result<(), Thrown> {
    for i in from..to {
        move_one(s, o, i, at + (i - from))?;
    }
    Ok(())
}

/// Moves `from..to` so that it begins at `at`, which lies behind its begin; holes move along.
fn move_up<'s>(s: &mut Scope<'s>, o: Local<'s>, from: u64, to: u64, at: u64) -> Result<(), Thrown> {
    for i in (from..to).rev() {
        move_one(s, o, i, at + (i - from))?;
    }
    Ok(())
}

fn move_one<'s>(s: &mut Scope<'s>, o: Local<'s>, from: u64, to: u64) -> Result<(), Thrown> {
    s.nested(|n| {
        let o = n.adopt(o);
        match element(n, o, from)? {
            Some(v) => set_index(n, o, to, v),
            None => delete_index(n, o, to),
        }
    })
}

pub(super) fn unshift<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.unshift")?;
    let items = args.rest(0);
    if s.is_fluid_array(o) && s.fast_splice(o, 0, 0, &items) {
        let n = s.array_len(o);
        return Ok(count(s, u64::from(n)));
    }
    let (n, extra) = (s.length_of(o)?, items.len() as u64);
    if extra > 0 {
        if n + extra > MAX_LENGTH {
            return Err(s.throw_type("Invalid array length"));
        }
        move_up(s, o, 0, n, extra)?;
        for (i, v) in items.iter().enumerate() {
            set_index(s, o, i as u64, *v)?;
        }
    }
    set_length(s, o, n + extra)?;
    Ok(count(s, n + extra))
}

pub(super) fn splice<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.splice")?;
    let n = s.length_of(o)?;
    let (start, remove) = splice_range(s, args, n)?;
    let items = args.rest(2);
    if n + items.len() as u64 - remove > MAX_LENGTH {
        return Err(s.throw_type("Invalid array length"));
    }
    let as_before = s.is_fluid_array(o) && u64::from(s.array_len(o)) == n;
    if as_before && s.is_species_fast_array(o) {
        let removed = s.fast_slice(o, start as u32, (start + remove) as u32);
        if s.fast_splice(o, start as u32, remove as u32, &items) {
            return Ok(removed);
        }
    }
    let removed = species_create(s, o, remove)?;
    for i in 0..remove {
        s.nested(|x| {
            let (o, removed) = (x.adopt(o), x.adopt(removed));
            match element(x, o, start + i)? {
                Some(v) => put_new(x, removed, i, v),
                None => Ok(()),
            }
        })?;
    }
    set_length(s, removed, remove)?;
    splice_slowly(s, o, n, start, remove, &items)?;
    Ok(removed)
}

/// The part of an array that splice and toSpliced take out: start and count.
pub(super) fn splice_range<'s>(s: &mut Scope<'s>, args: &Args<'s>, n: u64) -> Result<(u64, u64), Thrown> {
    let start = relative_index(s, args.get(0), n, 0)?;
    let remove = match args.len() {
        0 => 0,
        1 => n - start,
        _ => s.to_integer_or_infinity(args.get(1))?.clamp(0.0, (n - start) as f64) as u64,
    };
    Ok((start, remove))
}

fn splice_slowly<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    n: u64,
    start: u64,
    remove: u64,
    items: &[Local<'s>],
) -> Result<(), Thrown> {
    let extra = items.len() as u64;
    let new = n - remove + extra;
    if extra < remove {
        move_down(s, o, start + remove, n, start + extra)?;
        for i in (new..n).rev() {
            delete_index(s, o, i)?;
        }
    } else if extra > remove {
        move_up(s, o, start + remove, n, start + extra)?;
    }
    for (i, v) in items.iter().enumerate() {
        set_index(s, o, start + i as u64, *v)?;
    }
    set_length(s, o, new)
}

pub(super) fn fill<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.fill")?;
    let n = s.length_of(o)?;
    let from = relative_index(s, args.get(1), n, 0)?;
    let to = relative_index(s, args.get(2), n, n)?;
    let v = args.get(0);
    if s.is_fluid_array(o) && to <= u64::from(s.array_len(o)) {
        if from < to {
            s.fast_fill(o, from as u32, to as u32, v);
        }
        return Ok(o);
    }
    for i in from..to {
        set_index(s, o, i, v)?;
    }
    Ok(o)
}

pub(super) fn copy_within<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.copyWithin")?;
    let n = s.length_of(o)?;
    let to = relative_index(s, args.get(0), n, 0)?;
    let from = relative_index(s, args.get(1), n, 0)?;
    let end = relative_index(s, args.get(2), n, n)?;
    let len = end.saturating_sub(from).min(n - to);
    if len == 0 {
        return Ok(o);
    }
    if s.is_fluid_array(o) && u64::from(s.array_len(o)) == n {
        s.fast_copy_within(o, to as u32, from as u32, len as u32);
    } else if from < to && to < from + len {
        move_up(s, o, from, from + len, to)?;
    } else {
        for i in 0..len {
            move_one(s, o, from + i, to + i)?;
        }
    }
    Ok(o)
}

pub(super) fn reverse<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.reverse")?;
    if s.is_fluid_array(o) {
        s.fast_reverse(o);
        return Ok(o);
    }
    let n = s.length_of(o)?;
    for low in 0..n / 2 {
        s.nested(|x| {
            let (o, high) = (x.adopt(o), n - 1 - low);
            // Both are read before either is written.
            let a = element(x, o, low)?;
            let b = element(x, o, high)?;
            match b {
                Some(v) => set_index(x, o, low, v)?,
                None if a.is_some() => delete_index(x, o, low)?,
                None => {}
            }
            match a {
                Some(v) => set_index(x, o, high, v),
                None if b.is_some() => delete_index(x, o, high),
                None => Ok(()),
            }
        })?;
    }
    Ok(o)
}
