//! `Promise.all`, `allSettled`, `any` and `race`: sections 27.2.4.1 to 27.2.4.5.
//!
//! The elements of one call share a state ([`Scope::combinator_state`]). Each element's functions share a record: 0 that state,
//! 1 the index, 2 whether one of them was called; stack traces read the first two.

use super::{capability_with_functions, is_intrinsic, settle, this_object};
use crate::def;
use looplab_vm::{Args, Capability, Completion, Intrinsic, Local, NativeFn, Scope, Thrown};

/// Which combinator runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    All,
    AllSettled,
    Any,
    Race,
}

pub(super) fn install<'s>(s: &mut Scope<'s>, c: Local<'s>) {
    s.method(c, "all", 1, |s, a| combine(s, a, Kind::All, "Promise.all"));
    s.method(c, "allSettled", 1, |s, a| combine(s, a, Kind::AllSettled, "Promise.allSettled"));
    s.method(c, "any", 1, |s, a| combine(s, a, Kind::Any, "Promise.any"));
    s.method(c, "race", 1, |s, a| combine(s, a, Kind::Race, "Promise.race"));
}

fn combine<'s>(s: &mut Scope<'s>, args: &Args<'s>, kind: Kind, what: &str) -> Completion<'s> {
    let c = this_object(s, args, what)?;
    let cap = capability_with_functions(s, c)?;
    if let Err(t) = run(s, c, &cap, args.get(0), kind, what) {
        settle(s, &cap, Err(t))?;
    }
    Ok(cap.promise)
}

/// GetPromiseResolve and the loop over the values. An error rejects the result.
fn run<'s>(
    s: &mut Scope<'s>,
    c: Local<'s>,
    cap: &Capability<'s>,
    values: Local<'s>,
    kind: Kind,
    what: &str,
) -> Result<(), Thrown> {
    let key = s.atoms().resolve;
    let resolve = s.get(c, key)?;
    if !resolve.is_callable() {
        return Err(s.throw_type("Promise resolve or reject function is not callable"));
    }
    let direct = is_intrinsic(s, c) && resolve.is_identical(s.intrinsic(Intrinsic::PromiseResolve));
    let name = s.str(what);
    let state = s.combinator_state(if kind == Kind::Any { cap.reject } else { cap.resolve }, name);
    let mut index = 0u32;
    s.iterate(values, |s, v| {
        let (c, resolve, state) = (s.adopt(c), s.adopt(resolve), s.adopt(state));
        let (ok, err) = (s.adopt(cap.resolve), s.adopt(cap.reject));
        let p = if direct { s.promise_resolve_value(v)? } else { s.call(resolve, c, &[v])? };
        if kind != Kind::Race {
            s.combinator_expect(state);
        }
        attach(s, p, kind, state, index, (ok, err))?;
        index += 1;
        Ok(true)
    })?;
    if kind == Kind::Race { Ok(()) } else { count_down(s, state, kind) }
}

/// The two functions given to `then` of element `index`; `ok` and `err` settle the result.
fn handlers<'s>(
    s: &mut Scope<'s>,
    kind: Kind,
    state: Local<'s>,
    index: u32,
    (ok, err): (Local<'s>, Local<'s>),
) -> (Local<'s>, Local<'s>) {
    if kind == Kind::Race {
        return (ok, err);
    }
    let (i, no) = (s.int(index as i32), s.bool(false));
    let element = def::record(s, &[state, i, no]);
    let mut function = |f: NativeFn| {
        let name = s.atoms().empty;
        s.function_with_data(name, 1, f, element)
    };
    match kind {
        Kind::All => (function(all_element), err),
        Kind::AllSettled => (function(settled_value), function(settled_reason)),
        Kind::Any | Kind::Race => (ok, function(any_element)),
    }
}

/// `p.then` with the functions of element `index`; what nobody could see (a promise of its own, for `all` also the functions) is
/// left out.
fn attach<'s>(
    s: &mut Scope<'s>,
    p: Local<'s>,
    kind: Kind,
    state: Local<'s>,
    index: u32,
    settle: (Local<'s>, Local<'s>),
) -> Result<(), Thrown> {
    let key = s.atoms().then;
    let then = s.get_v(p, key)?;
    let unseen = then.is_identical(s.intrinsic(Intrinsic::PromiseThen)) && s.promise_is_pristine(p);
    if unseen && kind == Kind::All && s.promise_then_element(p, state, index, settle.1) {
        return Ok(());
    }
    let (ok, err) = handlers(s, kind, state, index, settle);
    if unseen {
        s.promise_then(p, ok, err, None);
        return Ok(());
    }
    s.call(then, p, &[ok, err]).map(|_| ())
}

/// One element fewer is missing; the last one settles the result.
fn count_down<'s>(s: &mut Scope<'s>, state: Local<'s>, kind: Kind) -> Result<(), Thrown> {
    let Some((list, done)) = s.combinator_count(state) else { return Ok(()) };
    let u = s.undefined();
    let v = if kind == Kind::Any { all_rejected(s, list) } else { list };
    s.call(done, u, &[v]).map(|_| ())
}

fn all_rejected<'s>(s: &mut Scope<'s>, errors: Local<'s>) -> Local<'s> {
    let e = s.new_error(Intrinsic::AggregateErrorPrototype, "All promises were rejected");
    let key = s.atoms().errors;
    s.define_hidden(e, key, errors);
    e
}

/// Stores an element's outcome, the first time one of its functions is called.
fn element<'s>(s: &mut Scope<'s>, args: &Args<'s>, kind: Kind, v: Local<'s>) -> Completion<'s> {
    let e = args.data();
    let (state, index) = (s.internal(e, 0), s.internal(e, 1));
    s.combinator_store(state, index.as_int().unwrap_or(0) as u32, v);
    count_down(s, state, kind)?;
    Ok(s.undefined())
}

/// Marks the element as called; whether it had been before.
fn was_called<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> bool {
    let e = args.data();
    let before = s.internal(e, 2).is_true();
    let yes = s.bool(true);
    s.set_internal(e, 2, yes);
    before
}

fn all_element<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if was_called(s, args) {
        return Ok(s.undefined());
    }
    element(s, args, Kind::All, args.get(0))
}

fn any_element<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if was_called(s, args) {
        return Ok(s.undefined());
    }
    element(s, args, Kind::Any, args.get(0))
}

fn settled_value<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    settled(s, args, "fulfilled")
}

fn settled_reason<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    settled(s, args, "rejected")
}

fn settled<'s>(s: &mut Scope<'s>, args: &Args<'s>, status: &str) -> Completion<'s> {
    if was_called(s, args) {
        return Ok(s.undefined());
    }
    let o = s.new_object();
    let text = s.str(status);
    let a = s.atoms();
    let (key, outcome) = (a.status, if status == "fulfilled" { a.value } else { a.reason });
    s.create_data_property_or_throw(o, key.into(), text)?;
    s.create_data_property_or_throw(o, outcome.into(), args.get(0))?;
    element(s, args, Kind::AllSettled, o)
}
