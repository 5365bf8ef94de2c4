//! The job queue (microtasks): promise reactions, thenable jobs, resumed functions and queueMicrotask callbacks.
//!
//! The engine queues jobs; the embedder decides when they run ([`Scope::run_job`]).

use crate::scope::{Local, Scope, Thrown};
use crate::value::Value;

/// What a job does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JobKind {
    /// A promise reaction with handlers of the script.
    Reaction,
    /// Calls `then` of a thenable that a promise was resolved with.
    Thenable,
    /// Continues an async function or generator after an await.
    Resume,
    /// A queueMicrotask callback.
    Callback,
}

/// One queued job. The meaning of `a`–`c` depends on the kind.
pub(crate) struct Job {
    pub(crate) kind: JobKind,
    /// Reaction: a rejection.
    pub(crate) rejected: bool,
    /// Event that queued it, for the log.
    pub(crate) id: u32,
    pub(crate) a: Value,
    pub(crate) b: Value,
    pub(crate) c: Value,
    pub(crate) context: Value,
}

/// Where a statement or function stands: its script as a number of [`EngineProbe::text`], lines and columns from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatementAt {
    /// The script's name, as a number.
    pub script: u32,
    /// Its first line.
    pub line: u32,
    /// Its first column, in UTF-16 units.
    pub column: u32,
    /// Its last line.
    pub to_line: u32,
    /// The column behind its last character.
    pub to_column: u32,
}

/// How a function's frame is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leave {
    /// It returned.
    Returned,
    /// An error left it.
    Threw,
    /// It waits in a yield or an await.
    Suspended,
}

/// What became of a promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settled {
    /// It has a value.
    Fulfilled,
    /// It has a reason.
    Rejected,
    /// It follows the promise of this number (0: a thenable that is none of ours).
    Follows(u32),
}

/// What async_hooks is told of promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PromiseHook {
    /// It was made, by deriving it from another one if that is given.
    Init,
    /// A job that settles it begins.
    Before,
    /// That job has ended.
    After,
    /// It was resolved or rejected.
    Resolve,
}

/// A guard of specialised code that failed: the place is generic from then on, or for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GuardFailure<'a> {
    /// The function's name.
    pub function: &'a str,
    /// The source, by its number.
    pub script: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 units, from 1.
    pub column: u32,
    /// What was compared: `hidden class`, `type`, `target`, `kind of elements`, `kind of object`.
    pub guard: &'a str,
    /// What it should have been.
    pub expected: &'a str,
    /// What it was.
    pub seen: &'a str,
}

/// Watches jobs and promises, and (if [`crate::Vm::set_stepping`] says so) statements. All methods default to nothing; numbers returned are handed back later as `id`.
#[allow(unused_variables, reason = "defaults ignore what they are told")]
pub trait EngineProbe {
    /// A job was queued. `callback` is the function it will run, where there is one; `promise` the number of the one whose
    /// settling queued it, 0 if none did.
    fn job_queued<'s>(&self, s: &mut Scope<'s>, kind: JobKind, callback: Local<'s>, promise: u32) -> u32 {
        0
    }
    /// A job begins.
    fn job_begin<'s>(&self, s: &mut Scope<'s>, kind: JobKind, id: u32, callback: Local<'s>) {}
    /// The job has ended.
    fn job_end(&self, id: u32) {}
    /// A promise was created; `parent` is the one it is derived from, 0 if none. Promises have numbers from 1 on.
    fn promise_created<'s>(&self, s: &mut Scope<'s>, promise: u32, parent: u32) {}
    /// A promise was settled, or bound to follow another.
    fn promise_settled<'s>(&self, s: &mut Scope<'s>, promise: u32, how: Settled) {}
    /// Whether [`EngineProbe::promise_hook`] wants to be told.
    fn hooks_promises(&self) -> bool {
        false
    }
    /// Something happened to a promise. With hooks, an `await` has a promise of its own, derived from the one it waits for.
    fn promise_hook<'s>(&self, s: &mut Scope<'s>, what: PromiseHook, promise: Local<'s>, parent: Local<'s>) {}
    /// A function suspended in `await` (source position) of a promise. The answer is handed back when it goes on.
    fn await_suspended(&self, place: crate::Place, promise: u32) -> u32 {
        0
    }
    /// The job of a function that goes on has begun.
    fn await_resumed(&self, promise: u32, suspended: u32, rejected: bool) {}
    /// A collection begins, with so many bytes in use.
    fn collection_begin(&self, used: usize) {}
    /// It has ended.
    fn collection_end(&self, stats: crate::HeapStats) {}

    /// A guard of specialised code failed.
    fn guard_failed(&self, what: &GuardFailure<'_>) {}

    /// Whether statements are wanted now. Asked whenever a script is entered while none runs.
    fn wants_statements(&self) -> bool {
        true
    }
    /// Whether functions of the source with this name are followed; those that aren't leave no trace in the call stack.
    fn follows(&self, source: &str) -> bool {
        true
    }
    /// A number for a text, by which later calls refer to it. The same text gives the same number; "" gives 0.
    fn text(&self, text: &str) -> u32 {
        0
    }
    /// A statement of the innermost frame is about to run. False: no more until [`EngineProbe::wants_statements`] says so.
    fn statement(&self, at: StatementAt) -> bool {
        true
    }
    /// A function is entered (`resumed`: goes on after a yield or an await); `name` is a text, `at` where the function stands.
    fn frame_enter(&self, name: u32, at: StatementAt, resumed: bool) {}
    /// The innermost frame is left; `value` is the result as a text.
    fn frame_leave(&self, how: Leave, value: u32) {}
    /// A variable of the innermost frame appeared, changed, or (`None`) went out of scope. `closure`: it is a function's around it.
    fn variable(&self, closure: bool, name: u32, value: Option<u32>) {}
    /// An error was thrown; `at` is where, if that is in a source that is followed.
    fn thrown(&self, value: u32, at: Option<StatementAt>) {}
}

impl<'s> Scope<'s> {
    /// `promise`: the one whose settling queues the job, or undefined.
    pub(crate) fn enqueue(&mut self, kind: JobKind, rejected: bool, v: [Value; 3], promise: Value) {
        let [a, b, c] = v;
        let id = match self.vm.probe.clone() {
            None => 0,
            Some(p) => {
                let cb = self.job_callback(kind, a, b);
                let promise = self.vm.promise_number(promise);
                p.job_queued(self, kind, cb, promise)
            }
        };
        let context = self.vm.async_context;
        self.vm.jobs.push(Job { kind, rejected, id, a, b, c, context });
    }

    /// The function a job is going to run, for the log.
    fn job_callback(&mut self, kind: JobKind, a: Value, b: Value) -> Local<'s> {
        match kind {
            JobKind::Reaction | JobKind::Callback => self.root(a),
            JobKind::Thenable => self.root(b),
            JobKind::Resume => {
                let f = crate::coroutine::function_of(a);
                self.root(f)
            }
        }
    }

    /// Queues a callback (queueMicrotask).
    pub fn queue_microtask(&mut self, f: Local<'s>) {
        let none = Value::UNDEFINED;
        self.enqueue(JobKind::Callback, false, [f.v, none, none], none);
    }

    /// Whether jobs are waiting.
    #[inline]
    pub fn has_jobs(&self) -> bool {
        !self.vm.jobs.is_empty()
    }

    /// How many jobs are waiting.
    pub fn job_count(&self) -> usize {
        self.vm.jobs.len()
    }

    /// Runs the oldest job, if there is one: `Some(Err)` when a callback of queueMicrotask threw (nothing else lets errors out).
    pub fn run_job(&mut self) -> Option<Result<(), Thrown>> {
        let job = self.vm.jobs.pop()?;
        let saved = std::mem::replace(&mut self.vm.async_context, job.context);
        let base = self.vm.handles.len();
        self.vm.handles.extend_from_slice(&[job.a, job.b, job.c, saved]);
        let r = match self.vm.probe.clone() {
            None => self.run_one(&job),
            Some(p) => self.run_watched(&job, &*p),
        };
        self.vm.async_context = saved;
        self.vm.handles.truncate(base);
        Some(r)
    }

    /// Runs a job and tells the probe.
    fn run_watched(&mut self, job: &Job, p: &dyn EngineProbe) -> Result<(), Thrown> {
        let cb = self.job_callback(job.kind, job.a, job.b);
        p.job_begin(self, job.kind, job.id, cb);
        if job.kind == JobKind::Resume {
            let co = crate::coroutine::get(&job.a);
            p.await_resumed(co.awaits, co.suspended, job.rejected);
        }
        let settles = match p.hooks_promises() {
            true => self.settled_by(job),
            false => None,
        };
        let u = self.undefined();
        if let Some(promise) = settles {
            p.promise_hook(self, PromiseHook::Before, promise, u);
        }
        let r = self.run_one(job);
        if let Some(promise) = settles {
            p.promise_hook(self, PromiseHook::After, promise, u);
        }
        p.job_end(job.id);
        r
    }

    /// The promise that a job is going to settle.
    fn settled_by(&mut self, job: &Job) -> Option<Local<'s>> {
        let v = match job.kind {
            JobKind::Callback => return None,
            JobKind::Reaction => crate::promise::derived(job.c),
            JobKind::Resume | JobKind::Thenable => job.c,
        };
        let l = self.root(v);
        l.is_class(crate::object::Class::Promise).then_some(l)
    }

    fn run_one(&mut self, job: &Job) -> Result<(), Thrown> {
        match job.kind {
            JobKind::Callback => {
                let u = self.undefined();
                self.call(Local::raw(job.a), u, &[]).map(|_| ())
            }
            JobKind::Resume => self.resume_await(job.a, job.b, job.rejected),
            JobKind::Reaction => self.run_reaction(job),
            JobKind::Thenable => self.run_thenable(job),
        }
    }
}

impl<'s> Scope<'s> {
    /// The async context (AsyncLocalStorage) that new jobs inherit; undefined at first.
    pub fn async_context(&mut self) -> Local<'s> {
        let v = self.vm.async_context;
        self.root(v)
    }

    /// Sets it; the one before.
    pub fn set_async_context(&mut self, v: Local<'_>) -> Local<'s> {
        let old = std::mem::replace(&mut self.vm.async_context, v.v);
        self.root(old)
    }

    /// A function's `name` property, read without running code; empty when it has none.
    pub fn function_name(&mut self, f: Local<'_>) -> String {
        let Some(o) = crate::object::ObjRef::from(f.v) else { return String::new() };
        match self.vm.own_raw(o, self.vm.atoms.name.0) {
            Some(p) if p.value.is_string() => self.vm.chars_of(p.value).to_utf8(),
            _ => String::new(),
        }
    }
}
