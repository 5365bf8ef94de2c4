//! flat and flatMap.

use super::{element, put_new, species_create};
use crate::checks::{callable, count};
use looplab_vm::{Args, Completion, Local, Scope, Thrown};

pub(super) fn flat<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    let depth = match args.get(0) {
        d if d.is_undefined() => 1.0,
        d => s.to_integer_or_infinity(d)?,
    };
    let a = species_create(s, o, 0)?;
    flatten(s, a, o, n, 0, depth)?;
    Ok(a)
}

pub(super) fn flat_map<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    let f = callable(s, args.get(0))?;
    let this_arg = args.get(1);
    let a = species_create(s, o, 0)?;
    let mut to = 0;
    for i in 0..n {
        to = s.nested(|x| {
            let (a, o, f, t) = (x.adopt(a), x.adopt(o), x.adopt(f), x.adopt(this_arg));
            let Some(v) = element(x, o, i)? else { return Ok(to) };
            let index = count(x, i);
            let v = x.call(f, t, &[v, index, o])?;
            add(x, a, v, to, 1.0)
        })?;
    }
    Ok(a)
}

/// Puts a value at `to`, or, when it is an array and `depth` is left, what is in it; gives the next place.
fn add<'s>(s: &mut Scope<'s>, a: Local<'s>, v: Local<'s>, to: u64, depth: f64) -> Result<u64, Thrown> {
    if depth > 0.0 && v.is_object() && s.is_array(v)? {
        let n = s.length_of(v)?;
        return flatten(s, a, v, n, to, depth - 1.0);
    }
    put_new(s, a, to, v)?;
    Ok(to + 1)
}

/// FlattenIntoArray.
fn flatten<'s>(
    s: &mut Scope<'s>,
    a: Local<'s>,
    o: Local<'s>,
    n: u64,
    mut to: u64,
    depth: f64,
) -> Result<u64, Thrown> {
    s.check_native_stack()?;
    for i in 0..n {
        to = s.nested(|x| {
            let (a, o) = (x.adopt(a), x.adopt(o));
            match element(x, o, i)? {
                Some(v) => add(x, a, v, to, depth),
                None => Ok(to),
            }
        })?;
    }
    Ok(to)
}
