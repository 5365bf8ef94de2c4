//! Promises: states, reactions, resolution. The `Promise` object itself is built on these in the builtins.

use crate::{combine, coroutine};
use crate::heap::{CellKind, Heap};
use crate::interp::{Frame, Ret};
use crate::job::{Job, JobKind, Settled};
use crate::object::{Class, FEW_INTS, ObjRef};
use crate::realm::Intrinsic;
use crate::scope::{Args, Completion, Local, Scope, Thrown};
use crate::value::Value;
use crate::vm::Vm;

/// The state of a promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PromiseState {
    /// Not settled.
    Pending,
    /// Has a value.
    Fulfilled,
    /// Has a reason.
    Rejected,
}

const HANDLED: i32 = 4;
/// Internal value: state (0–2), `HANDLED`, and above them the promise's number in the log, 0 where it has none.
const STATE: usize = 0;
const NUMBER_SHIFT: u32 = 3;
/// Internal value of a settled promise.
const RESULT: usize = 1;
/// Internal value of a pending promise.
const REACTIONS: usize = 1;

/// Fields of a reaction, a List cell that ends with its last field that is not undefined (but has the first three). The first
/// reaction of a promise may be a bare Coroutine cell instead, which resumes it without an async context: what `await` of a
/// pending promise nearly always is.
const NEXT: usize = 0;
const ON_OK: usize = 1;
const PROMISE: usize = 2;
const ON_ERR: usize = 3;
const CONTEXT: usize = 4;
const RESOLVE: usize = 5;
const REJECT: usize = 6;
const REACTION_LEN: usize = 7;
const REACTION_MIN: usize = 3;

/// A field of a reaction.
fn field(r: Value, i: usize) -> Value {
    if i < list_len(r) { list_get(r, i) } else { Value::UNDEFINED }
}

/// What goes on when a promise is settled, as far as stack traces show it.
pub(crate) enum Awaiter {
    /// A coroutine is resumed.
    Coroutine(Value),
    /// An element of `Promise.all` and its like: the function's name, the element's index, the promise of them all.
    Element { name: Value, index: u32, promise: Value },
    /// Another promise is settled.
    Promise(Value),
}

/// The state of a promise.
fn state(p: ObjRef) -> PromiseState {
    match p.int(STATE).as_int() & 3 {
        0 => PromiseState::Pending,
        1 => PromiseState::Fulfilled,
        _ => PromiseState::Rejected,
    }
}

/// What a promise's first reaction leads to.
pub(crate) fn awaiter(p: ObjRef) -> Option<Awaiter> {
    if state(p) != PromiseState::Pending || !p.int(REACTIONS).is_cell() {
        return None;
    }
    let r = p.int(REACTIONS);
    if coroutine::is(r) {
        return Some(Awaiter::Coroutine(r));
    }
    let handlers = [field(r, ON_OK), field(r, ON_ERR)];
    if handlers[0].is_cell() {
        return Some(Awaiter::Coroutine(handlers[0]));
    }
    if let Some(e) = handlers.into_iter().find_map(element_behind) {
        return Some(e);
    }
    let derived = field(r, PROMISE);
    if derived.is_int() {
        return element(ObjRef::of(handlers[0]), derived.as_int());
    }
    if derived.is_object() {
        return Some(Awaiter::Promise(derived));
    }
    // `Promise.race` hands over its own resolving functions.
    settled_by(handlers[0]).map(Awaiter::Promise)
}

/// The promise that one of its resolving functions settles.
fn settled_by(f: Value) -> Option<Value> {
    let f = ObjRef::from(f).filter(|o| o.is(Class::Native))?;
    let code = f.int(0).as_raw();
    let known = [resolve_fn as crate::NativeFn as usize, reject_fn as crate::NativeFn as usize];
    known.contains(&code).then(|| list_get(f.int(3), 0))
}

fn element(state: ObjRef, index: i32) -> Option<Awaiter> {
    let (name, promise) = (state.int(combine::NAME), settled_by(state.int(combine::DONE))?);
    Some(Awaiter::Element { name, index: index as u32, promise })
}

/// The element behind a function of a combinator, whose record starts with the state that the elements share and the index.
fn element_behind(f: Value) -> Option<Awaiter> {
    let host = |v: Value| ObjRef::from(v).filter(|o| o.is(Class::Host));
    let e = host(ObjRef::from(f).filter(|o| o.is(Class::Native))?.int(3))?;
    let state = host(e.int(0)).filter(|s| s.int(combine::NAME).is_string() && e.int(1).is_int())?;
    element(state, e.int(1).as_int())
}

/// What a reaction settles: a native promise, or the functions of another constructor's capability, or nothing.
#[derive(Clone, Copy)]
pub struct Capability<'s> {
    /// The promise.
    pub promise: Local<'s>,
    /// Its resolve function; undefined: `promise` is a native promise, settled directly.
    pub resolve: Local<'s>,
    /// Its reject function.
    pub reject: Local<'s>,
}

/// A List cell with these values.
pub(crate) fn new_list(heap: &mut Heap, values: &[Value]) -> Value {
    let h = heap.alloc(8 + values.len() * 8, CellKind::List);
    crate::interp::fill_list(h, values);
    Value::cell(h)
}

pub(crate) use crate::interp::{list_get, list_len, list_set};

impl Vm {
    pub(crate) fn alloc_promise(&mut self) -> ObjRef {
        let p = ObjRef::with_ints::<FEW_INTS>(&mut self.heap, Class::Promise, self.realm.promise_shape);
        p.set_int(STATE, Value::int(0));
        p
    }

    /// The promise an async function returns.
    pub(crate) fn alloc_async_promise(&mut self) -> ObjRef {
        let p = self.alloc_promise();
        if self.probe.is_some() {
            let mut s = Scope::new(self);
            s.root(p.value());
            s.report_created(p.value(), 0);
        }
        p
    }

    /// What an `await` of `v` by the frame `f` gives, when the function may go on at once: it was resumed by a job, no other
    /// job is waiting, and `v` is settled, so that the job which would resume it again would be the very next thing to run.
    /// Nobody watches (instruments want to see every job).
    #[inline]
    pub(crate) fn await_in_place(&mut self, f: &Frame, v: Value) -> Option<Value> {
        let watched = self.probe.is_some() || self.old_awaits;
        if f.first || f.ret != Ret::Entry || !self.jobs.is_empty() || watched || !f.co.is_cell() {
            return None;
        }
        // An async generator is resumed by its callers too.
        if coroutine::get(&f.co).kind != coroutine::CoKind::Async {
            return None;
        }
        let settled = match ObjRef::from(v) {
            None => v,
            Some(o) => {
                let fulfilled = o.is(Class::Promise) && state(o) == PromiseState::Fulfilled;
                if !fulfilled || !self.constructor_is_intrinsic(o) {
                    return None;
                }
                o.int(RESULT)
            }
        };
        // As far as scripts could tell, one job ends here and the next begins.
        self.kept.clear();
        Some(settled)
    }

    /// Whether `constructor` of a promise is the intrinsic one, found without running code. May say no too often.
    fn constructor_is_intrinsic(&mut self, o: ObjRef) -> bool {
        let key = self.atoms.constructor.0;
        let (proto, promise) =
            (self.realm.proto(Intrinsic::PromisePrototype), self.realm.get(Intrinsic::Promise));
        let plain = o.shape() == self.realm.promise_shape
            || o.proto() == Some(proto) && self.lookups.find(o.shape(), key).is_none();
        plain && self.lookups.find(proto.shape(), key).is_some_and(|(slot, _)| proto.slot(slot) == promise)
    }

    /// The number of a promise in the log; 0 for anything else.
    pub(crate) fn promise_number(&mut self, p: Value) -> u32 {
        let Some(o) = ObjRef::from(p).filter(|o| o.is(Class::Promise)) else { return 0 };
        let bits = o.int(STATE).as_int() as u32;
        if bits >> NUMBER_SHIFT != 0 {
            return bits >> NUMBER_SHIFT;
        }
        self.promises += 1;
        o.set_int(STATE, Value::int((bits | self.promises << NUMBER_SHIFT) as i32));
        self.promises
    }
}

impl<'s> Scope<'s> {
    /// A pending promise of the intrinsic class.
    pub fn new_promise(&mut self) -> Local<'s> {
        let p = self.vm.alloc_promise();
        let l = self.root(p.value());
        self.report_created(l.v, 0);
        l
    }

    /// Makes a fresh object of class Promise a pending promise.
    pub fn init_promise(&mut self, p: Local<'s>) {
        p.obj().set_int(STATE, Value::int(0));
        self.report_created(p.v, 0);
    }

    /// The pending promise that `then` derives from `parent`.
    pub fn new_derived_promise(&mut self, parent: Local<'s>) -> Local<'s> {
        let p = self.vm.alloc_promise();
        let l = self.root(p.value());
        if self.vm.probe.is_some() {
            let parent = self.vm.promise_number(parent.v);
            self.report_created(l.v, parent);
        }
        l
    }

    #[inline]
    fn report_created(&mut self, p: Value, parent: u32) {
        if let Some(probe) = self.vm.probe.clone() {
            let n = self.vm.promise_number(p);
            probe.promise_created(self, n, parent);
        }
    }

    fn report_settled(&mut self, p: Value, how: Settled) {
        if let Some(probe) = self.vm.probe.clone() {
            let n = self.vm.promise_number(p);
            probe.promise_settled(self, n, how);
        }
    }

    /// The state of a promise object.
    pub fn promise_state(&self, p: Local<'_>) -> PromiseState {
        state(p.obj())
    }

    /// The value or reason of a settled promise; undefined while it is pending.
    pub fn promise_result(&mut self, p: Local<'_>) -> Local<'s> {
        let pending = self.promise_state(p) == PromiseState::Pending;
        let v = if pending { Value::UNDEFINED } else { p.obj().int(RESULT) };
        self.root(v)
    }

    /// Whether a rejection has, or would have, a handler.
    pub fn promise_is_handled(&self, p: Local<'_>) -> bool {
        p.obj().int(STATE).as_int() & HANDLED != 0
    }

    /// Counts a promise as handled without attaching anything.
    pub fn promise_mark_handled(&mut self, p: Local<'_>) {
        let o = p.obj();
        o.set_int(STATE, Value::int(o.int(STATE).as_int() | HANDLED));
    }

    /// Resolves a pending promise as its resolve function would (thenables are followed). Settled promises stay.
    pub fn promise_resolve(&mut self, p: Local<'s>, v: Local<'s>) -> Result<(), Thrown> {
        if self.promise_state(p) != PromiseState::Pending {
            return Ok(());
        }
        if v.v == p.v {
            let e = self
                .new_error(Intrinsic::TypeErrorPrototype, "Chaining cycle detected for promise #<Promise>");
            self.promise_reject(p, e);
            return Ok(());
        }
        if !v.is_object() {
            self.settle(p, v, false);
            return Ok(());
        }
        match self.get(v, self.vm.atoms.then) {
            Err(t) => {
                if self.is_terminating() {
                    return Err(t);
                }
                let e = self.caught(t);
                self.promise_reject(p, e);
            }
            Ok(then) if then.is_callable() => {
                if self.vm.probe.is_some() {
                    let followed = self.vm.promise_number(v.v);
                    self.report_settled(p.v, Settled::Follows(followed));
                }
                self.enqueue(JobKind::Thenable, false, [v.v, then.v, p.v], p.v);
            }
            Ok(_) => self.settle(p, v, false),
        }
        Ok(())
    }

    /// Fulfils a pending promise with a value that is not looked at.
    pub fn promise_fulfill(&mut self, p: Local<'s>, v: Local<'s>) {
        if self.promise_state(p) == PromiseState::Pending {
            self.settle(p, v, false);
        }
    }

    /// Rejects a pending promise.
    pub fn promise_reject(&mut self, p: Local<'s>, reason: Local<'s>) {
        if self.promise_state(p) == PromiseState::Pending {
            self.settle(p, reason, true);
        }
    }

    fn settle(&mut self, p: Local<'s>, v: Local<'s>, rejected: bool) {
        let o = p.obj();
        let bits = o.int(STATE).as_int();
        let handled = bits & HANDLED;
        let mut r = o.int(REACTIONS);
        o.set_int(RESULT, v.v);
        o.set_int(STATE, Value::int(bits | if rejected { 2 } else { 1 }));
        self.report_settled(p.v, if rejected { Settled::Rejected } else { Settled::Fulfilled });
        if rejected
            && handled == 0
            && let Some(h) = self.vm.host.clone()
        {
            h.rejection_tracker(self, p, false);
        }
        // Reactions were chained newest first: turned round, then run from the other end.
        let mut oldest = Value::UNDEFINED;
        while r.is_cell() && !coroutine::is(r) {
            let next = list_get(r, NEXT);
            list_set(r, NEXT, oldest);
            (oldest, r) = (r, next);
        }
        if r.is_cell() {
            self.enqueue_resume(r, v.v, rejected, Value::UNDEFINED, p.v);
        }
        while oldest.is_cell() {
            let next = list_get(oldest, NEXT);
            self.enqueue_reaction(oldest, v.v, rejected, p.v);
            oldest = next;
        }
    }

    fn enqueue_resume(&mut self, coroutine: Value, v: Value, rejected: bool, context: Value, promise: Value) {
        let saved = std::mem::replace(&mut self.vm.async_context, context);
        self.enqueue(JobKind::Resume, rejected, [coroutine, v, Value::UNDEFINED], promise);
        self.vm.async_context = saved;
    }

    fn enqueue_reaction(&mut self, r: Value, v: Value, rejected: bool, promise: Value) {
        let handler = field(r, if rejected { ON_ERR } else { ON_OK });
        if handler.is_cell() {
            return self.enqueue_resume(handler, v, rejected, field(r, CONTEXT), promise);
        }
        let saved = std::mem::replace(&mut self.vm.async_context, field(r, CONTEXT));
        self.enqueue(JobKind::Reaction, rejected, [handler, v, r], promise);
        self.vm.async_context = saved;
    }

    /// PerformPromiseThen on a promise object. Handlers that are not callable pass through.
    pub fn promise_then(
        &mut self,
        p: Local<'s>,
        on_ok: Local<'s>,
        on_err: Local<'s>,
        result: Option<Capability<'s>>,
    ) {
        let cap = match result {
            Some(c) => [c.promise.v, c.resolve.v, c.reject.v],
            None => [Value::UNDEFINED; 3],
        };
        self.add_reaction(p, on_ok.v, on_err.v, cap);
    }

    pub(crate) fn add_reaction(&mut self, p: Local<'s>, on_ok: Value, on_err: Value, cap: [Value; 3]) {
        let o = p.obj();
        let chain = o.int(REACTIONS);
        let mut r = [Value::UNDEFINED; REACTION_LEN];
        (r[NEXT], r[ON_OK], r[ON_ERR], r[PROMISE], r[RESOLVE], r[REJECT], r[CONTEXT]) =
            (chain, on_ok, on_err, cap[0], cap[1], cap[2], self.vm.async_context);
        let len = r.iter().rposition(|v| !v.is_undefined()).map_or(0, |i| i + 1).max(REACTION_MIN);
        let cell = new_list(&mut self.vm.heap, &r[..len]);
        match self.promise_state(p) {
            PromiseState::Pending => o.set_int(REACTIONS, cell),
            state => {
                let rejected = state == PromiseState::Rejected;
                self.handled_late(p, rejected);
                self.vm.handles.push(cell);
                self.enqueue_reaction(cell, o.int(RESULT), rejected, p.v);
            }
        }
        self.promise_mark_handled(p);
    }

    /// A settled promise gets a reaction: the host hears of it when it is the first of a rejected one.
    fn handled_late(&mut self, p: Local<'s>, rejected: bool) {
        if rejected
            && !self.promise_is_handled(p)
            && let Some(h) = self.vm.host.clone()
        {
            h.rejection_tracker(self, p, true);
        }
    }

    /// Remembers the accessor `Promise[Symbol.species]` as it was set up, for `promise_is_pristine`.
    pub fn promise_species_ready(&mut self) {
        let c = self.vm.realm.proto(Intrinsic::Promise);
        let found = c.find(self.vm.atoms.sym_species.0);
        self.vm.realm.intrinsics[Intrinsic::PromiseSpecies as usize] =
            found.map_or(Value::UNDEFINED, |f| f.value);
    }

    /// Whether SpeciesConstructor of this promise is the intrinsic one without looking at anything a script has made.
    pub fn promise_is_pristine(&mut self, p: Local<'_>) -> bool {
        let Some(o) = ObjRef::from(p.v).filter(|o| o.is(Class::Promise)) else { return false };
        let species = self.vm.atoms.sym_species.0;
        let r = &self.vm.realm;
        let (promise, known) = (r.proto(Intrinsic::Promise), r.get(Intrinsic::PromiseSpecies));
        self.vm.constructor_is_intrinsic(o)
            && self
                .vm
                .lookups
                .find(promise.shape(), species)
                .is_some_and(|(slot, _)| promise.slot(slot) == known)
    }

    /// PromiseResolve(%Promise%, v): `v` itself when it is a promise of the intrinsic class.
    pub fn promise_resolve_value(&mut self, v: Local<'s>) -> Completion<'s> {
        if v.is_class(Class::Promise) {
            if self.vm.constructor_is_intrinsic(v.obj()) {
                return Ok(v);
            }
            let c = self.get(v, self.vm.atoms.constructor)?;
            if c.v == self.vm.realm.get(Intrinsic::Promise) {
                return Ok(v);
            }
        }
        let p = self.new_promise();
        self.promise_resolve(p, v)?;
        Ok(p)
    }

    /// Suspends a coroutine until `v` settles.
    #[inline(never)]
    pub(crate) fn await_value(&mut self, coroutine: Value, v: Local<'s>) -> Result<(), Thrown> {
        let context = self.vm.async_context;
        if !v.is_object() && self.vm.probe.is_none() {
            // The promise that would be made for it is already fulfilled and nobody could see it.
            self.enqueue_resume(coroutine, v.v, false, context, Value::UNDEFINED);
            return Ok(());
        }
        let p = match self.vm.old_awaits {
            false => self.promise_resolve_value(v)?,
            true => {
                let p = self.new_promise();
                self.promise_resolve(p, v)?;
                p
            }
        };
        if self.vm.probe.is_some() {
            coroutine::get(&coroutine).awaits = self.vm.promise_number(p.v);
        }
        let o = p.obj();
        match self.promise_state(p) {
            PromiseState::Pending if o.int(REACTIONS).is_undefined() && context.is_undefined() => {
                o.set_int(REACTIONS, coroutine);
            }
            PromiseState::Pending => {
                self.add_reaction(p, coroutine, coroutine, [Value::UNDEFINED; 3]);
                return Ok(());
            }
            state => {
                let rejected = state == PromiseState::Rejected;
                self.handled_late(p, rejected);
                self.enqueue_resume(coroutine, o.int(RESULT), rejected, context, p.v);
            }
        }
        self.promise_mark_handled(p);
        Ok(())
    }

    /// CreateResolvingFunctions: resolve and reject, of which only the first call counts.
    pub fn resolving_functions(&mut self, p: Local<'s>) -> (Local<'s>, Local<'s>) {
        let state = new_list(&mut self.vm.heap, &[p.v, Value::FALSE]);
        self.vm.handles.push(state);
        let empty = self.vm.atoms.empty;
        let state = Local::raw(state);
        let resolve = self.function_with_data(empty, 1, resolve_fn, state);
        let reject = self.function_with_data(empty, 1, reject_fn, state);
        (resolve, reject)
    }

    pub(crate) fn run_reaction(&mut self, job: &Job) -> Result<(), Thrown> {
        let (handler, arg) = (Local::raw(job.a), Local::raw(job.b));
        let promise = field(job.c, PROMISE);
        let result = if promise.is_int() && !job.rejected {
            self.element_fulfilled(handler, promise.as_int() as u32, arg)
        } else if handler.is_callable() {
            let u = self.undefined();
            self.call(handler, u, &[arg])
        } else if job.rejected {
            Err(self.throw(arg))
        } else {
            Ok(arg)
        };
        let (resolve, reject) = (field(job.c, RESOLVE), field(job.c, REJECT));
        if self.is_terminating() {
            return result.map(|_| ());
        }
        if !promise.is_object() {
            // Nobody waits for the result; an error has been reported where it was thrown.
            return match result {
                Ok(_) => Ok(()),
                Err(t) => {
                    self.caught(t);
                    Ok(())
                }
            };
        }
        let promise = Local::raw(promise);
        let direct = resolve.is_undefined();
        match result {
            Ok(v) if direct => self.promise_resolve(promise, v),
            Ok(v) => {
                let u = self.undefined();
                self.call(Local::raw(resolve), u, &[v]).map(|_| ())
            }
            Err(t) => {
                let e = self.caught(t);
                if direct {
                    self.promise_reject(promise, e);
                    return Ok(());
                }
                let u = self.undefined();
                self.call(Local::raw(reject), u, &[e]).map(|_| ())
            }
        }
    }

    pub(crate) fn run_thenable(&mut self, job: &Job) -> Result<(), Thrown> {
        let (thenable, then, p) = (Local::raw(job.a), Local::raw(job.b), Local::raw(job.c));
        if then.v == self.vm.realm.get(Intrinsic::PromiseThen) && self.promise_is_pristine(thenable) {
            // `then` would attach the resolving functions and make a promise nobody sees. A reaction without handlers that
            // settles `p` runs at the same turn of the queue and leaves the same state.
            let none = Value::UNDEFINED;
            self.add_reaction(thenable, none, none, [p.v, none, none]);
            return Ok(());
        }
        let (resolve, reject) = self.resolving_functions(p);
        if let Err(t) = self.call(then, thenable, &[resolve, reject]) {
            if self.is_terminating() {
                return Err(t);
            }
            let e = self.caught(t);
            let u = self.undefined();
            self.call(reject, u, &[e])?;
        }
        Ok(())
    }
}

/// Takes the promise out of the shared state, once.
fn take_promise<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Option<Local<'s>> {
    let state = args.data().v;
    if list_get(state, 1).is_true() {
        return None;
    }
    list_set(state, 1, Value::TRUE);
    let p = list_get(state, 0);
    Some(s.root(p))
}

fn resolve_fn<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if let Some(p) = take_promise(s, args) {
        s.promise_resolve(p, args.get(0))?;
    }
    Ok(s.undefined())
}

fn reject_fn<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if let Some(p) = take_promise(s, args) {
        s.promise_reject(p, args.get(0));
    }
    Ok(s.undefined())
}
