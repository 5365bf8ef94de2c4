//! Promises: states, reactions, resolution. The `Promise` object itself is built on these in the builtins.

use crate::coroutine;
use crate::heap::{CellKind, Heap};
use crate::job::{Job, JobKind};
use crate::object::{Class, ObjRef};
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
const STATE: usize = 0;
const RESULT: usize = 1;
const REACTIONS: usize = 2;

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

/// The coroutine that a promise's reactions will resume, if that is all they do.
pub(crate) fn only_awaiter(p: ObjRef) -> Option<Value> {
    let r = p.int(REACTIONS);
    if !r.is_cell() || coroutine::is(r) {
        return r.is_cell().then_some(r);
    }
    let handler = list_get(r, ON_OK);
    handler.is_cell().then_some(handler)
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
        let p = self.alloc_object(Class::Promise, Some(self.realm.proto(Intrinsic::PromisePrototype)));
        p.set_int(STATE, Value::int(0));
        p
    }
}

impl<'s> Scope<'s> {
    /// A pending promise of the intrinsic class.
    pub fn new_promise(&mut self) -> Local<'s> {
        let p = self.vm.alloc_promise();
        let l = self.root(p.value());
        if let Some(probe) = self.vm.probe.clone() {
            probe.promise_created(self, l);
        }
        l
    }

    /// Makes a fresh object of class Promise a pending promise.
    pub fn init_promise(&mut self, p: Local<'s>) {
        p.obj().set_int(STATE, Value::int(0));
        if let Some(probe) = self.vm.probe.clone() {
            probe.promise_created(self, p);
        }
    }

    /// The state of a promise object.
    pub fn promise_state(&self, p: Local<'_>) -> PromiseState {
        match p.obj().int(STATE).as_int() & 3 {
            0 => PromiseState::Pending,
            1 => PromiseState::Fulfilled,
            _ => PromiseState::Rejected,
        }
    }

    /// The value or reason of a settled promise.
    pub fn promise_result(&mut self, p: Local<'_>) -> Local<'s> {
        let v = p.obj().int(RESULT);
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
                self.enqueue(JobKind::Thenable, false, [v.v, then.v, p.v, Value::UNDEFINED]);
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
        let handled = o.int(STATE).as_int() & HANDLED;
        let mut r = o.int(REACTIONS);
        o.set_int(REACTIONS, Value::UNDEFINED);
        o.set_int(RESULT, v.v);
        o.set_int(STATE, Value::int(handled | if rejected { 2 } else { 1 }));
        if let Some(probe) = self.vm.probe.clone() {
            probe.promise_settled(self, p, rejected);
        }
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
            self.enqueue_resume(r, v.v, rejected, Value::UNDEFINED);
        }
        while oldest.is_cell() {
            let next = list_get(oldest, NEXT);
            self.enqueue_reaction(oldest, v.v, rejected);
            oldest = next;
        }
    }

    fn enqueue_resume(&mut self, coroutine: Value, v: Value, rejected: bool, context: Value) {
        let saved = std::mem::replace(&mut self.vm.async_context, context);
        self.enqueue(JobKind::Resume, rejected, [coroutine, v, Value::UNDEFINED, Value::UNDEFINED]);
        self.vm.async_context = saved;
    }

    fn enqueue_reaction(&mut self, r: Value, v: Value, rejected: bool) {
        let handler = field(r, if rejected { ON_ERR } else { ON_OK });
        if handler.is_cell() {
            return self.enqueue_resume(handler, v, rejected, field(r, CONTEXT));
        }
        let saved = std::mem::replace(&mut self.vm.async_context, field(r, CONTEXT));
        self.enqueue(JobKind::Reaction, rejected, [handler, v, r, Value::UNDEFINED]);
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

    fn add_reaction(&mut self, p: Local<'s>, on_ok: Value, on_err: Value, cap: [Value; 3]) {
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
                self.enqueue_reaction(cell, o.int(RESULT), rejected);
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
        let (constructor, species) = (self.vm.atoms.constructor.0, self.vm.atoms.sym_species.0);
        let r = &self.vm.realm;
        let (proto, promise) = (r.proto(Intrinsic::PromisePrototype), r.proto(Intrinsic::Promise));
        let known_species = r.get(Intrinsic::PromiseSpecies);
        let own = &mut self.vm.lookups;
        let mut holds =
            |o: ObjRef, key, v| own.find(o.shape(), key).is_some_and(|(slot, _)| o.slot(slot) == v);
        o.proto() == Some(proto)
            && holds(proto, constructor, promise.value())
            && holds(promise, species, known_species)
            && (o.shape().count() == 0 || self.vm.lookups.find(o.shape(), constructor).is_none())
    }

    /// PromiseResolve(%Promise%, v): `v` itself when it is a promise of the intrinsic class.
    pub fn promise_resolve_value(&mut self, v: Local<'s>) -> Completion<'s> {
        if v.is_class(Class::Promise) {
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
            self.enqueue_resume(coroutine, v.v, false, context);
            return Ok(());
        }
        let p = self.promise_resolve_value(v)?;
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
                self.enqueue_resume(coroutine, o.int(RESULT), rejected, context);
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
        let result = if handler.is_callable() {
            let u = self.undefined();
            self.call(handler, u, &[arg])
        } else if job.rejected {
            Err(self.throw(arg))
        } else {
            Ok(arg)
        };
        let (promise, resolve, reject) = (field(job.c, PROMISE), field(job.c, RESOLVE), field(job.c, REJECT));
        if self.is_terminating() {
            return result.map(|_| ());
        }
        if promise.is_undefined() {
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
