//! The methods that look for something: at, indexOf, lastIndexOf, includes, find and its kin.

use super::{element, get_index};
use crate::checks::{callable, count, this_object};
use looplab_vm::{Args, Completion, Local, Scope, Thrown};

pub(super) fn at<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    let i = s.to_integer_or_infinity(args.get(0))?;
    let i = if i < 0.0 { n as f64 + i } else { i };
    if i < 0.0 || i >= n as f64 {
        return Ok(s.undefined());
    }
    get_index(s, o, i as u64)
}

/// Where a search with `fromIndex` begins.
fn search_start<'s>(s: &mut Scope<'s>, v: Local<'s>, n: u64) -> Result<u64, Thrown> {
    let i = s.to_integer_or_infinity(v)?;
    Ok(if i < 0.0 { (n as f64 + i).max(0.0) as u64 } else { i.min(n as f64) as u64 })
}

pub(super) fn index_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.indexOf")?;
    let n = s.length_of(o)?;
    let none = s.int(-1);
    if n == 0 {
        return Ok(none);
    }
    let (v, from) = (args.get(0), search_start(s, args.get(1), n)?);
    if s.is_fast_array(o) {
        return Ok(match s.fast_index_of(o, v, from as u32) {
            Some(i) if u64::from(i) < n => count(s, u64::from(i)),
            _ => none,
        });
    }
    let mut i = from;
    while i < n {
        let found = s.nested(|x| {
            let o = x.adopt(o);
            Ok(element(x, o, i)?.map(|e| x.strict_equals(e, v)))
        })?;
        i = match found {
            Some(true) => return Ok(count(s, i)),
            Some(false) => i + 1,
            None => s.next_present(o, i + 1, n),
        };
    }
    Ok(none)
}

pub(super) fn last_index_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    let none = s.int(-1);
    if n == 0 {
        return Ok(none);
    }
    let v = args.get(0);
    let from = if args.len() > 1 { s.to_integer_or_infinity(args.get(1))? } else { n as f64 - 1.0 };
    let from = if from < 0.0 { n as f64 + from } else { from.min(n as f64 - 1.0) };
    if from < 0.0 {
        return Ok(none);
    }
    let from = from as u64;
    if s.is_fast_array(o) {
        return Ok(match s.fast_last_index_of(o, v, from as u32) {
            Some(i) => count(s, u64::from(i)),
            None => none,
        });
    }
    // One past the index to look at.
    let mut end = from + 1;
    while end > 0 {
        let found = s.nested(|x| {
            let o = x.adopt(o);
            Ok(element(x, o, end - 1)?.map(|e| x.strict_equals(e, v)))
        })?;
        end = match found {
            Some(true) => return Ok(count(s, end - 1)),
            Some(false) => end - 1,
            None => s.previous_present(o, end - 1),
        };
    }
    Ok(none)
}

pub(super) fn includes<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    // As V8 has it, no method is named here.
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    if n == 0 {
        return Ok(s.bool(false));
    }
    let (v, from) = (args.get(0), search_start(s, args.get(1), n)?);
    if s.is_fast_array(o) && u64::from(s.array_len(o)) == n {
        let yes = s.fast_includes(o, v, from as u32);
        return Ok(s.bool(yes));
    }
    let mut i = from;
    while i < n {
        let (found, missing) = s.nested(|x| {
            let o = x.adopt(o);
            let e = get_index(x, o, i)?;
            Ok((x.same_value_zero(e, v), e.is_undefined()))
        })?;
        // One undefined has been looked at, so all of them have.
        i = if missing { s.next_present(o, i + 1, n) } else { i + 1 };
        if found {
            return Ok(s.bool(true));
        }
    }
    Ok(s.bool(false))
}

/// FindViaPredicate: the index and the value found.
fn find_via<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    method: &str,
    backwards: bool,
) -> Result<Option<(u64, Local<'s>)>, Thrown> {
    let o = this_object(s, args, method)?;
    let n = s.length_of(o)?;
    let f = callable(s, args.get(0))?;
    let this_arg = args.get(1);
    for k in 0..n {
        let i = if backwards { n - 1 - k } else { k };
        let mut found = false;
        let v = s.escape(|x| {
            let (o, f, t) = (x.adopt(o), x.adopt(f), x.adopt(this_arg));
            let v = get_index(x, o, i)?;
            let index = count(x, i);
            let r = x.call(f, t, &[v, index, o])?;
            found = x.to_boolean(r);
            // Only what was found needs to outlive the round.
            Ok(if found { v } else { x.undefined() })
        })?;
        if found {
            return Ok(Some((i, v)));
        }
    }
    Ok(None)
}

pub(super) fn find<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = find_via(s, args, "Array.prototype.find", false)?;
    Ok(r.map_or(s.undefined(), |r| r.1))
}

pub(super) fn find_last<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = find_via(s, args, "Array.prototype.findLast", true)?;
    Ok(r.map_or(s.undefined(), |r| r.1))
}

pub(super) fn find_index<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = find_via(s, args, "Array.prototype.findIndex", false)?;
    Ok(r.map_or(s.int(-1), |r| count(s, r.0)))
}

pub(super) fn find_last_index<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = find_via(s, args, "Array.prototype.findLastIndex", true)?;
    Ok(r.map_or(s.int(-1), |r| count(s, r.0)))
}
