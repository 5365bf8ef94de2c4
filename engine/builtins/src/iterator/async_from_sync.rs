//! `%AsyncFromSyncIteratorPrototype%`, section 27.1.6, and `%AsyncIteratorPrototype%[Symbol.asyncDispose]`.
//!
//! Internal values: 0 the sync iterator, 1 its `next`. No script ever holds such an object, so receivers need no check.

use crate::promise::caught;
use looplab_vm::{Args, Capability, Completion, Intrinsic, IterRecord, Local, Scope, Thrown};

pub(super) fn install<'s>(s: &mut Scope<'s>, parent: Local<'s>) {
    let p = s.new_object_with_proto(parent);
    s.set_intrinsic(Intrinsic::AsyncFromSyncIteratorPrototype, p);
    s.method(p, "next", 1, next);
    s.method(p, "return", 1, return_);
    s.method(p, "throw", 1, throw);
}

fn sync_record<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> IterRecord<'s> {
    IterRecord { iterator: s.internal(args.this(), 0), next: s.internal(args.this(), 1) }
}

/// Runs `f`; what it throws rejects a fresh promise.
fn promised<'s>(
    s: &mut Scope<'s>,
    f: impl FnOnce(&mut Scope<'s>, Local<'s>) -> Result<(), Thrown>,
) -> Completion<'s> {
    let p = s.new_promise();
    if let Err(t) = f(s, p) {
        let e = caught(s, t)?;
        s.promise_reject(p, e);
    }
    Ok(p)
}

fn next<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = sync_record(s, args);
    promised(s, |s, p| {
        let result = s.call(r.next, r.iterator, args.tail(0))?;
        go_on(s, p, result, &r, true)
    })
}

fn return_<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = sync_record(s, args);
    promised(s, |s, p| {
        let key = s.atoms().return_;
        let Some(m) = s.get_method(r.iterator, key)? else {
            let v = s.iter_result(args.get(0), true);
            return s.promise_resolve(p, v);
        };
        let result = s.call(m, r.iterator, args.tail(0))?;
        go_on(s, p, result, &r, false)
    })
}

fn throw<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = sync_record(s, args);
    promised(s, |s, p| {
        let key = s.atoms().throw;
        let Some(m) = s.get_method(r.iterator, key)? else {
            // The protocol is violated: let the iterator clean up first.
            s.iterator_close(&r)?;
            return Err(s.throw_type("The iterator does not provide a 'throw' method."));
        };
        let result = s.call(m, r.iterator, args.tail(0))?;
        go_on(s, p, result, &r, true)
    })
}

/// AsyncFromSyncIteratorContinuation.
fn go_on<'s>(
    s: &mut Scope<'s>,
    promise: Local<'s>,
    result: Local<'s>,
    r: &IterRecord<'s>,
    close: bool,
) -> Result<(), Thrown> {
    if !result.is_object() {
        let t = s.describe_value(result);
        return Err(s.throw_type(&format!("Iterator result {t} is not an object")));
    }
    let (done, value) = (s.atoms().done, s.atoms().value);
    let done = s.get(result, done)?;
    let done = s.to_boolean(done);
    let value = s.get(result, value)?;
    let wrapper = match s.promise_resolve_value(value) {
        Ok(p) => p,
        Err(t) if !done && close => return Err(s.iterator_close_with(r, t)),
        Err(t) => return Err(t),
    };
    let (name, flag, u) = (s.atoms().empty, s.bool(done), s.undefined());
    let unwrap = s.function_with_data(name, 1, unwrap, flag);
    let on_error =
        if done || !close { u } else { s.function_with_data(name, 1, close_and_throw, r.iterator) };
    s.promise_then(wrapper, unwrap, on_error, Some(Capability { promise, resolve: u, reject: u }));
    Ok(())
}

fn unwrap<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(s.iter_result(args.get(0), args.data().is_true()))
}

fn close_and_throw<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = s.throw(args.get(0));
    let r = IterRecord { iterator: args.data(), next: s.undefined() };
    Err(s.iterator_close_with(&r, t))
}

/// `%AsyncIteratorPrototype%[Symbol.asyncDispose]`: calls `return` and waits for it.
pub(super) fn dispose<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let it = args.this();
    promised(s, |s, promise| {
        let (key, u) = (s.atoms().return_, s.undefined());
        let Some(m) = s.get_method(it, key)? else { return s.promise_resolve(promise, u) };
        let result = s.call(m, it, &[u])?;
        let wrapper = s.promise_resolve_value(result)?;
        let name = s.atoms().empty;
        let nothing = s.function(name, 1, |s, _| Ok(s.undefined()));
        s.promise_then(wrapper, nothing, u, Some(Capability { promise, resolve: u, reject: u }));
        Ok(())
    })
}
