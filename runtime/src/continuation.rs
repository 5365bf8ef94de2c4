//! What a callback takes along from the place where it was scheduled: the async context (AsyncLocalStorage), and the ids of
//! async_hooks once a program asks for them.
//!
//! While nobody does, a continuation is the engine's context slot itself, undefined at first: capturing it costs a load, entering
//! it a comparison. Once ids are counted it is a record made by `runtime/js/async_hooks.js`, an array of which the first item
//! is the context.

use crate::rt::Rt;
use crate::uncaught;
use looplab_engine::{Args, Class, Completion, Local, PromiseHook, Scope, Thrown};
use std::rc::Rc;

/// The continuation of a callback that is scheduled now; `kind` is the resource type that hooks are told.
#[inline]
pub(crate) fn capture<'s>(s: &mut Scope<'s>, rt: &Rt, kind: &str, resource: Option<Local<'s>>) -> Local<'s> {
    match rt.hooks.get() {
        None => s.async_context(),
        Some(_) => record(s, rt, kind, resource),
    }
}

#[cold]
fn record<'s>(s: &mut Scope<'s>, rt: &Rt, kind: &str, resource: Option<Local<'s>>) -> Local<'s> {
    let kind = s.str(kind);
    let resource = resource.unwrap_or_else(|| s.undefined());
    match tell(s, rt, "capture", &[kind, resource]) {
        Ok(v) => v,
        // Hooks report their own errors and end the process; what is left is a stack too deep to run them.
        Err(t) => {
            s.caught(t);
            s.async_context()
        }
    }
}

fn tell<'s>(s: &mut Scope<'s>, rt: &Rt, what: &str, args: &[Local<'s>]) -> Completion<'s> {
    let Some(g) = rt.hooks.get() else { return Ok(s.undefined()) };
    let hooks = s.open(g);
    let k = s.key(what);
    s.invoke(hooks, k, args)
}

fn tell_quietly<'s>(s: &mut Scope<'s>, rt: &Rt, what: &str, args: &[Local<'s>]) {
    if let Err(t) = tell(s, rt, what, args) {
        s.caught(t);
    }
}

/// Runs `f` inside a continuation; `last` if it will not run again.
#[inline]
pub(crate) fn within<'s, R>(
    s: &mut Scope<'s>,
    rt: &Rt,
    continuation: Local<'s>,
    last: bool,
    f: impl FnOnce(&mut Scope<'s>) -> R,
) -> R {
    if continuation.is_undefined() && rt.hooks.get().is_none() {
        // Whatever the callback enters must not outlive it.
        let r = f(s);
        let u = s.undefined();
        s.set_async_context(u);
        return r;
    }
    entered(s, rt, continuation, last, f)
}

fn entered<'s, R>(
    s: &mut Scope<'s>,
    rt: &Rt,
    continuation: Local<'s>,
    last: bool,
    f: impl FnOnce(&mut Scope<'s>) -> R,
) -> R {
    let recorded = continuation.is_class(Class::Array);
    let context = match recorded {
        true => s.array_get(continuation, 0).unwrap_or_else(|| s.undefined()),
        false => continuation,
    };
    let saved = s.set_async_context(context);
    if recorded {
        tell_quietly(s, rt, "before", &[continuation]);
    }
    let r = f(s);
    if recorded && rt.exit.get().is_none() {
        let last = s.bool(last);
        tell_quietly(s, rt, "after", &[continuation, last]);
    }
    s.set_async_context(saved);
    r
}

/// Says that the callback of a continuation will never run.
pub(crate) fn dropped<'s>(s: &mut Scope<'s>, rt: &Rt, continuation: Local<'s>) {
    if continuation.is_class(Class::Array) {
        tell_quietly(s, rt, "destroy", &[continuation]);
    }
}

/// What `async_hooks.js` works with.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let o = s.new_object();
    s.method(o, "getContext", 0, |s, _| Ok(s.async_context()));
    s.method(o, "setContext", 1, |s, args| Ok(s.set_async_context(args.get(0))));
    s.method(o, "track", 1, track);
    s.method(o, "hookPromises", 1, hook_promises);
    s.method(o, "stop", 1, stop);
    s.method(o, "later", 1, later);
    o
}

fn track<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let hooks = s.global(args.get(0));
    rt.hooks.set(Some(hooks));
    Ok(s.undefined())
}

/// `hookPromises(f)`: from now on `f(what, promise, parent)` is told of promises; without `f` no longer. `what` is 0 for init, 1
/// before, 2 after, 3 resolve.
fn hook_promises<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let hook = args.get(0).is_callable().then(|| s.global(args.get(0)));
    if hook.is_some() && !s.vm().has_probe() {
        let probe = crate::host::RtProbe::new(rt.clone());
        s.vm().set_probe(Some(Rc::new(probe)));
    }
    if let Some(old) = rt.promise_hook.replace(hook) {
        s.release(old);
    }
    Ok(s.undefined())
}

/// Tells the hooks what happened to a promise. What they do themselves is not reported.
pub(crate) fn tell_of_promise(
    s: &mut Scope<'_>,
    rt: &Rt,
    what: PromiseHook,
    promise: Local<'_>,
    parent: Local<'_>,
) {
    let Some(hook) = rt.promise_hook.get() else { return };
    s.nested(|s| {
        let (f, u, what) = (s.open(hook), s.undefined(), s.int(what as i32));
        let (promise, parent) = (s.adopt(promise), s.adopt(parent));
        // Hooks report their own errors and end the process; what is left is a stack too deep to run them.
        if let Err(t) = s.call(f, u, &[what, promise, parent])
            && !s.is_terminating()
        {
            s.caught(t);
        }
    });
}

/// Ends the process after an error in a hook, with the text that says which.
fn stop<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Result<Local<'s>, Thrown> {
    let rt = Rt::of(s);
    let text = crate::rt::text_arg(s, args, 0);
    crate::node::stdio::write_stderr(&rt, text.as_bytes());
    let code = uncaught::run_exit_listeners(s, &rt, 1, true);
    rt.exit.set(Some(if code == 0 { 1 } else { code }));
    Err(s.terminate())
}

/// Runs a function in the next check phase without being an operation of its own.
fn later<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let hooks = rt.hooks.take();
    let f = crate::modules::registered(s, "setImmediate");
    let u = s.undefined();
    let r = s.call(f, u, &[args.get(0)]);
    rt.hooks.set(hooks);
    let im = r?;
    if args.get(1).is_true() {
        return Ok(im);
    }
    let k = s.key("unref");
    s.invoke(im, k, &[])
}
