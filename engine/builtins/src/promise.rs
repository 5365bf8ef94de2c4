//! `Promise`, section 27.2. The state machine is the engine's; here are the constructor, the capability protocol of
//! subclasses, and the prototype. The combinators (`all` …) are in [`combinators`].
//!
//! With the intrinsic constructor nothing of the protocol can be seen, so a capability is the bare promise then: no resolving
//! functions are made, and the number of jobs stays the specification's.

mod combinators;

use crate::def;
use looplab_vm::{Args, Capability, Class, Completion, Intrinsic, Key, Local, Scope, Thrown};

/// Sets up `Promise` and `Promise.prototype`.
pub fn install(s: &mut Scope<'_>) {
    let p = s.intrinsic(Intrinsic::PromisePrototype);
    let c = s.constructor("Promise", 1, promise, p);
    s.set_intrinsic(Intrinsic::Promise, c);
    def::global(s, "Promise", c);
    combinators::install(s, c);
    let f = s.method(c, "resolve", 1, resolve);
    s.set_intrinsic(Intrinsic::PromiseResolve, f);
    s.method(c, "reject", 1, reject);
    s.method(c, "withResolvers", 0, with_resolvers);
    s.method(c, "try", 1, try_);
    def::species(s, c);
    s.promise_species_ready();
    let f = s.method(p, "then", 2, then);
    s.set_intrinsic(Intrinsic::PromiseThen, f);
    s.method(p, "catch", 1, catch);
    s.method(p, "finally", 1, finally);
    def::tag(s, p, "Promise");
}

fn promise<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(s.throw_type("Promise constructor cannot be invoked without 'new'"));
    }
    let executor = args.get(0);
    if !executor.is_callable() {
        let t = s.describe_value(executor);
        return Err(s.throw_type(&format!("Promise resolver {t} is not a function")));
    }
    let p = s.create_from_constructor(args.new_target(), Class::Promise, Intrinsic::PromisePrototype)?;
    s.init_promise(p);
    let (resolve, reject) = s.resolving_functions(p);
    let u = s.undefined();
    if let Err(t) = s.call(executor, u, &[resolve, reject]) {
        let e = caught(s, t)?;
        s.call(reject, u, &[e])?;
    }
    Ok(p)
}

// ---- capabilities ----

/// The exception as a value, unless the script is being terminated.
pub(crate) fn caught<'s>(s: &mut Scope<'s>, t: Thrown) -> Completion<'s> {
    if s.is_terminating() { Err(t) } else { Ok(s.caught(t)) }
}

fn is_intrinsic<'s>(s: &mut Scope<'s>, c: Local<'s>) -> bool {
    c.is_identical(s.intrinsic(Intrinsic::Promise))
}

/// NewPromiseCapability. Of the intrinsic constructor it has no functions: see [`settle`].
fn new_capability<'s>(s: &mut Scope<'s>, c: Local<'s>) -> Result<Capability<'s>, Thrown> {
    if is_intrinsic(s, c) {
        let u = s.undefined();
        return Ok(Capability { promise: s.new_promise(), resolve: u, reject: u });
    }
    if !c.is_constructor() {
        let t = s.describe_value(c);
        return Err(s.throw_type(&format!("{t} is not a constructor")));
    }
    let u = s.undefined();
    let state = def::record(s, &[u, u]);
    let name = s.atoms().empty;
    let executor = s.function_with_data(name, 2, take_functions, state);
    let promise = s.construct(c, &[executor], c)?;
    let (resolve, reject) = (s.internal(state, 0), s.internal(state, 1));
    if !resolve.is_callable() || !reject.is_callable() {
        return Err(s.throw_type("Promise resolve or reject function is not callable"));
    }
    Ok(Capability { promise, resolve, reject })
}

/// NewPromiseCapability, always with functions.
fn capability_with_functions<'s>(s: &mut Scope<'s>, c: Local<'s>) -> Result<Capability<'s>, Thrown> {
    let mut cap = new_capability(s, c)?;
    if cap.resolve.is_undefined() {
        (cap.resolve, cap.reject) = s.resolving_functions(cap.promise);
    }
    Ok(cap)
}

/// The executor of NewPromiseCapability.
fn take_functions<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let state = args.data();
    if !s.internal(state, 0).is_undefined() || !s.internal(state, 1).is_undefined() {
        return Err(s.throw_type("Promise executor has already been invoked with non-undefined arguments"));
    }
    s.set_internal(state, 0, args.get(0));
    s.set_internal(state, 1, args.get(1));
    Ok(s.undefined())
}

/// Resolves or rejects what a capability stands for.
fn settle<'s>(s: &mut Scope<'s>, cap: &Capability<'s>, r: Completion<'s>) -> Result<(), Thrown> {
    let u = s.undefined();
    match r {
        Ok(v) if cap.resolve.is_undefined() => s.promise_resolve(cap.promise, v),
        Ok(v) => s.call(cap.resolve, u, &[v]).map(|_| ()),
        Err(t) => {
            let e = caught(s, t)?;
            if cap.reject.is_undefined() {
                s.promise_reject(cap.promise, e);
                return Ok(());
            }
            s.call(cap.reject, u, &[e]).map(|_| ())
        }
    }
}

/// PromiseResolve(C, v).
fn promise_resolve<'s>(s: &mut Scope<'s>, c: Local<'s>, v: Local<'s>) -> Completion<'s> {
    if is_intrinsic(s, c) {
        return s.promise_resolve_value(v);
    }
    if v.is_class(Class::Promise) {
        let key = s.atoms().constructor;
        if s.get(v, key)?.is_identical(c) {
            return Ok(v);
        }
    }
    let cap = new_capability(s, c)?;
    settle(s, &cap, Ok(v))?;
    Ok(cap.promise)
}

/// The receiver of a static method, which must be an object.
fn this_object<'s>(s: &mut Scope<'s>, args: &Args<'s>, what: &str) -> Completion<'s> {
    if args.this().is_object() {
        return Ok(args.this());
    }
    Err(s.throw_type(&format!("{what} called on non-object")))
}

// ---- statics ----

fn resolve<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = this_object(s, args, "PromiseResolve")?;
    promise_resolve(s, c, args.get(0))
}

fn reject<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = this_object(s, args, "PromiseReject")?;
    let cap = new_capability(s, c)?;
    let t = s.throw(args.get(0));
    settle(s, &cap, Err(t))?;
    Ok(cap.promise)
}

fn with_resolvers<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = this_object(s, args, "Promise.withResolvers")?;
    let cap = capability_with_functions(s, c)?;
    let o = s.new_object();
    let a = s.atoms();
    for (name, v) in [(a.promise, cap.promise), (a.resolve, cap.resolve), (a.reject, cap.reject)] {
        s.create_data_property_or_throw(o, name.into(), v)?;
    }
    Ok(o)
}

fn try_<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = this_object(s, args, "Promise.try")?;
    let cap = new_capability(s, c)?;
    let u = s.undefined();
    let r = s.call(args.get(0), u, args.tail(1));
    settle(s, &cap, r)?;
    Ok(cap.promise)
}

// ---- prototype ----

fn then<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let p = args.this();
    if !p.is_class(Class::Promise) {
        let t = s.describe_value(p);
        return Err(
            s.throw_type(&format!("Method Promise.prototype.then called on incompatible receiver {t}"))
        );
    }
    let cap = if s.promise_is_pristine(p) {
        let u = s.undefined();
        Capability { promise: s.new_derived_promise(p), resolve: u, reject: u }
    } else {
        let c = s.species_constructor(p, Intrinsic::Promise)?;
        new_capability(s, c)?
    };
    s.promise_then(p, args.get(0), args.get(1), Some(cap));
    Ok(cap.promise)
}

fn catch<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let u = s.undefined();
    invoke_then(s, args.this(), u, args.get(0))
}

/// `p.then(ok, err)`.
fn invoke_then<'s>(s: &mut Scope<'s>, p: Local<'s>, ok: Local<'s>, err: Local<'s>) -> Completion<'s> {
    let key = s.atoms().then;
    let f = s.get_v(p, key)?;
    s.call(f, p, &[ok, err])
}

fn finally<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let p = this_object(s, args, "Promise.prototype.finally")?;
    let f = args.get(0);
    let c = if s.promise_is_pristine(p) {
        s.intrinsic(Intrinsic::Promise)
    } else {
        s.species_constructor(p, Intrinsic::Promise)?
    };
    if !f.is_callable() {
        return invoke_then(s, p, f, f);
    }
    let data = def::record(s, &[f, c]);
    let name = s.atoms().empty;
    let ok = s.function_with_data(name, 1, then_finally, data);
    let err = s.function_with_data(name, 1, catch_finally, data);
    invoke_then(s, p, ok, err)
}

fn then_finally<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    after_finally(s, args, |_, args| Ok(args.data()))
}

fn catch_finally<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    after_finally(s, args, |s, args| Err(s.throw(args.data())))
}

/// Calls the callback of `finally`, waits for what it gives, and goes on as before.
fn after_finally<'s>(s: &mut Scope<'s>, args: &Args<'s>, go_on: looplab_vm::NativeFn) -> Completion<'s> {
    let (f, c) = (s.internal(args.data(), 0), s.internal(args.data(), 1));
    let u = s.undefined();
    let r = s.call(f, u, &[])?;
    let p = promise_resolve(s, c, r)?;
    let name = s.atoms().empty;
    let thunk = s.function_with_data(name, 0, go_on, args.get(0));
    let key: Key<'s> = s.atoms().then.into();
    let then = s.get_v(p, key)?;
    s.call(then, p, &[thunk])
}
