//! `Array.fromAsync`: the specification's async function, written out as a state machine whose states are its awaits.

use super::{get_index, make::construct_target, put_new, set_length};
use crate::checks::{callable, count};
use looplab_vm::{Args, Completion, Local, Scope, Thrown};

// The fields of the state, an array that scripts never see.
const STATE: u32 = 0;
const PROMISE: u32 = 1;
const RESULT: u32 = 2;
/// The iterator, or the array-like.
const SOURCE: u32 = 3;
/// The iterator's next method; undefined for array-likes.
const NEXT: u32 = 4;
const MAP: u32 = 5;
const THIS_ARG: u32 = 6;
const INDEX: u32 = 7;
/// Length of the array-like.
const LENGTH: u32 = 8;
/// What to reject with once the iterator is closed.
const ERROR: u32 = 9;
const FIELDS: usize = 10;

// What is being awaited.
const STEP: i32 = 0;
const MAPPED: i32 = 1;
const CLOSING: i32 = 2;

/// `Array.fromAsync(items, map, thisArg)`
pub(super) fn from_async<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let promise = s.new_promise();
    let fields = vec![s.undefined(); FIELDS];
    let st = s.new_array(&fields);
    s.array_put(st, PROMISE, promise);
    let r = begin(s, st, args);
    settle(s, st, r)?;
    Ok(promise)
}

/// What fails rejects the promise.
fn settle<'s>(s: &mut Scope<'s>, st: Local<'s>, r: Result<(), Thrown>) -> Result<(), Thrown> {
    match r {
        Err(t) if !s.is_terminating() => {
            let e = s.caught(t);
            let p = s.fast_get(st, PROMISE);
            s.promise_reject(p, e);
            Ok(())
        }
        r => r,
    }
}

fn begin<'s>(s: &mut Scope<'s>, st: Local<'s>, args: &Args<'s>) -> Result<(), Thrown> {
    let (c, items) = (args.this(), args.get(0));
    if !args.get(1).is_undefined() {
        let f = callable(s, args.get(1))?;
        s.array_put(st, MAP, f);
        s.array_put(st, THIS_ARG, args.get(2));
    }
    let (key_async, key_sync) = (s.atoms().sym_async_iterator, s.atoms().sym_iterator);
    let asynchronous = s.get_method(items, key_async)?;
    let synchronous = match asynchronous {
        Some(_) => None,
        None => s.get_method(items, key_sync)?,
    };
    let zero = s.int(0);
    s.array_put(st, INDEX, zero);
    if asynchronous.is_none() && synchronous.is_none() {
        let o = s.to_object(items)?;
        let n = s.length_of(o)?;
        let a = construct_target(s, c, Some(n))?;
        let n = count(s, n);
        s.array_put(st, SOURCE, o);
        s.array_put(st, LENGTH, n);
        s.array_put(st, RESULT, a);
        return step(s, st);
    }
    let a = construct_target(s, c, None)?;
    let record = match (asynchronous, synchronous) {
        (None, Some(m)) => {
            let r = s.iterator_from_method(items, m)?;
            s.async_from_sync_iterator(&r)?
        }
        (Some(m), _) => s.iterator_from_method(items, m)?,
        (None, None) => return Ok(()),
    };
    s.array_put(st, RESULT, a);
    s.array_put(st, SOURCE, record.iterator);
    s.array_put(st, NEXT, record.next);
    step(s, st)
}

/// Await: goes on in `resumed` with this state.
fn wait<'s>(s: &mut Scope<'s>, st: Local<'s>, state: i32, v: Local<'s>) -> Result<(), Thrown> {
    let p = s.promise_resolve_value(v)?;
    let state = s.int(state);
    s.array_put(st, STATE, state);
    let name = s.atoms().empty;
    let ok = s.function_with_data(name, 1, |s, args| resumed(s, args, false), st);
    let err = s.function_with_data(name, 1, |s, args| resumed(s, args, true), st);
    s.promise_then(p, ok, err, None);
    Ok(())
}

fn resumed<'s>(s: &mut Scope<'s>, args: &Args<'s>, failed: bool) -> Completion<'s> {
    let (st, v) = (args.data(), args.get(0));
    let state = s.fast_get(st, STATE).as_int().unwrap_or(CLOSING);
    let r = match state {
        STEP if failed => Err(s.throw(v)),
        STEP => stepped(s, st, v),
        MAPPED if failed => {
            let t = s.throw(v);
            fail(s, st, t)
        }
        MAPPED => store(s, st, v),
        _ => {
            let e = s.fast_get(st, ERROR);
            Err(s.throw(e))
        }
    };
    settle(s, st, r)?;
    Ok(s.undefined())
}

fn index<'s>(s: &mut Scope<'s>, st: Local<'s>) -> u64 {
    s.fast_get(st, INDEX).as_number().unwrap_or(0.0) as u64
}

/// Asks for the next value.
fn step<'s>(s: &mut Scope<'s>, st: Local<'s>) -> Result<(), Thrown> {
    let (source, next) = (s.fast_get(st, SOURCE), s.fast_get(st, NEXT));
    if !next.is_undefined() {
        let r = s.call(next, source, &[])?;
        return wait(s, st, STEP, r);
    }
    let k = index(s, st);
    let n = s.fast_get(st, LENGTH).as_number().unwrap_or(0.0) as u64;
    if k >= n {
        return finish(s, st);
    }
    let v = get_index(s, source, k)?;
    wait(s, st, STEP, v)
}

fn finish<'s>(s: &mut Scope<'s>, st: Local<'s>) -> Result<(), Thrown> {
    let (a, p, n) = (s.fast_get(st, RESULT), s.fast_get(st, PROMISE), index(s, st));
    set_length(s, a, n)?;
    s.promise_resolve(p, a)
}

/// The next value (or the iterator's result with it) has come.
fn stepped<'s>(s: &mut Scope<'s>, st: Local<'s>, r: Local<'s>) -> Result<(), Thrown> {
    let mut v = r;
    if !s.fast_get(st, NEXT).is_undefined() {
        if !r.is_object() {
            let t = s.describe_value(r);
            return Err(s.throw_type(&format!("Iterator result {t} is not an object")));
        }
        let (done, value) = (s.atoms().done, s.atoms().value);
        let d = s.get(r, done)?;
        if s.to_boolean(d) {
            return finish(s, st);
        }
        v = s.get(r, value)?;
    }
    let f = s.fast_get(st, MAP);
    if f.is_undefined() {
        return store(s, st, v);
    }
    let (t, k) = (s.fast_get(st, THIS_ARG), index(s, st));
    let k = count(s, k);
    let r = s.call(f, t, &[v, k]).and_then(|m| wait(s, st, MAPPED, m));
    match r {
        Ok(()) => Ok(()),
        Err(t) => fail(s, st, t),
    }
}

/// Adds a value to the result and goes on.
fn store<'s>(s: &mut Scope<'s>, st: Local<'s>, v: Local<'s>) -> Result<(), Thrown> {
    let (a, k) = (s.fast_get(st, RESULT), index(s, st));
    if let Err(t) = put_new(s, a, k, v) {
        return fail(s, st, t);
    }
    let k = count(s, k + 1);
    s.array_put(st, INDEX, k);
    step(s, st)
}

/// AsyncIteratorClose with an error: waits for `return`, whose own failures do not count, then rejects.
fn fail<'s>(s: &mut Scope<'s>, st: Local<'s>, t: Thrown) -> Result<(), Thrown> {
    let next = s.fast_get(st, NEXT);
    if s.is_terminating() || next.is_undefined() {
        return Err(t);
    }
    let e = s.caught(t);
    s.array_put(st, ERROR, e);
    let (it, key) = (s.fast_get(st, SOURCE), s.atoms().return_);
    let closed = match s.get_method(it, key) {
        Ok(Some(m)) => s.call(m, it, &[]).and_then(|r| wait(s, st, CLOSING, r)),
        Ok(None) => return Err(s.throw(e)),
        Err(t) => Err(t),
    };
    match closed {
        Ok(()) => Ok(()),
        Err(t) if s.is_terminating() => Err(t),
        Err(t) => {
            s.caught(t);
            Err(s.throw(e))
        }
    }
}
