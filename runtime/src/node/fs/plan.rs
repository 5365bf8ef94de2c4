//! What an operation is, whichever way it was asked for: steps that may block, each one request to the pool (or one piece of work
//! on the spot, in the synchronous form), and how the result is shown to JavaScript.

use super::args::Choice;
use super::fail::Fail;
use super::files;
use super::stats::{self, Entry, StatData};
use crate::errors::Kind;
use crate::node::buffer::{encoding, new_buffer};
use crate::rt::Rt;
use crate::ticks;
use looplab_engine::{Completion, Global, Local, Scope, Thrown};
use looplab_event_loop::{JobClass, JobError, JobInfo, World};
use looplab_probe::{Pos, Probe};
use std::rc::Rc;

/// What a step gives.
#[derive(Debug)]
pub(super) enum Out {
    None,
    Number(f64),
    /// An opened file's number.
    Fd(i32),
    Bytes(Vec<u8>),
    /// A path, as the system has it.
    Path(Vec<u8>),
    /// The first folder that had to be made.
    Made(Option<Vec<u8>>),
    Stat(Box<StatData>),
    Entries(Vec<Entry>),
    StatFs([u64; 8]),
    Folder(super::dir::Folder),
}

pub(super) type Res = Result<Out, Fail>;
pub(super) type Work = Box<dyn FnOnce() -> Res + Send>;
/// Decides what comes after a step. Runs on the loop's thread, or on the worker that has just done the step.
pub(super) type Then = Box<dyn FnOnce(Res) -> Step + Send>;

/// The state of an operation.
pub(super) enum Step {
    /// Do this, then ask.
    Run {
        label: &'static str,
        work: Work,
        then: Then,
        /// Unless it fails, another step follows.
        more: bool,
        /// How many bytes it moves, if that is known.
        bytes: u64,
    },
    /// Read a whole file: [`super::files::read_path`], or where nobody looks all of that in one go.
    ReadFile { path: super::args::FsPath, flags: u32 },
    /// It is over.
    End(Res),
}

impl Step {
    /// A single piece of work.
    pub(super) fn one(label: &'static str, work: impl FnOnce() -> Res + Send + 'static) -> Step {
        Step::Run { label, work: Box::new(work), then: Box::new(Step::End), more: false, bytes: 0 }
    }

    /// The same step, known to move so many bytes.
    pub(super) fn moving(self, n: usize) -> Step {
        match self {
            Step::Run { label, work, then, more, .. } => {
                Step::Run { label, work, then, more, bytes: n as u64 }
            }
            other => other,
        }
    }

    /// A piece of work and what follows it.
    pub(super) fn then(
        label: &'static str,
        work: impl FnOnce() -> Res + Send + 'static,
        then: impl FnOnce(Res) -> Step + Send + 'static,
    ) -> Step {
        Step::Run { label, work: Box::new(work), then: Box::new(then), more: label != "fs.close", bytes: 0 }
    }
}

/// How a result looks to JavaScript.
#[derive(Debug, Clone)]
pub(super) enum Show {
    Nothing,
    Number,
    /// `fs.promises.open`: a FileHandle.
    Handle,
    /// Text or a Buffer; paths are UTF-8 text by default, file contents Buffers.
    Data(Choice),
    Path(Choice),
    Stats {
        bigint: bool,
        missing_ok: bool,
    },
    StatFs {
        bigint: bool,
    },
    Entries {
        types: bool,
        encoding: Choice,
    },
    Dir {
        path: super::args::FsPath,
        encoding: Choice,
        batch: usize,
    },
    /// The kept Dir takes the entries and hands one out; as an iterator's result.
    DirEntry,
    DirNext,
    /// Bytes read go into the kept buffer from here on.
    Read {
        offset: usize,
    },
    /// Bytes read go into the kept array of buffers.
    ReadMany,
    /// The number of bytes written, and what was.
    Written {
        many: bool,
    },
}

/// An operation.
pub(super) struct Plan {
    pub(super) step: Step,
    pub(super) show: Show,
    /// The buffer (or array of them) the script passed.
    pub(super) keep: Option<Global>,
}

impl Plan {
    pub(super) fn new(step: Step, show: Show) -> Plan {
        Plan { step, show, keep: None }
    }

    /// A single piece of work.
    pub(super) fn one(label: &'static str, show: Show, work: impl FnOnce() -> Res + Send + 'static) -> Plan {
        Plan::new(Step::one(label, work), show)
    }
}

/// Who wants the result.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// A callback `(error, ...values)`.
    Callback(Global),
    /// A promise; a result of several values becomes an object, `bare` of a prototype or not.
    Promise { promise: Global, bare: bool },
    /// `fs.exists`: a callback that gets a boolean.
    Exists(Global),
}

/// An operation under way.
struct Request {
    show: Show,
    keep: Option<Global>,
    target: Target,
    /// Where the script asked for it.
    pos: Pos,
    context: Global,
    /// The paths it was asked with, while calls are to fail that would not.
    paths: Vec<String>,
}

/// Does it all on the spot.
pub(super) fn run_sync<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, plan: Plan) -> Completion<'s> {
    let Plan { mut step, show, keep } = plan;
    let paths = rt.asked_paths.take();
    let result = loop {
        match faulty(rt, &paths, step) {
            Step::End(r) => break r,
            Step::ReadFile { path, flags } => step = files::read_path(path, flags),
            Step::Run { label, work, then, bytes, .. } => {
                rt.charge(JobInfo::new(JobClass::Disk, label).moving(bytes));
                step = then(work());
            }
        }
    };
    let kept = opened(s, keep);
    match result {
        Ok(out) => values(s, rt, &show, kept, out).map(|v| v.list[0]),
        Err(f) if missing_ok(&show, &f) => Ok(s.undefined()),
        Err(f) => {
            let e = f.to_error(s);
            Err(s.throw(e))
        }
    }
}

/// Begins it; the target is told in a later turn.
pub(super) fn start<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, plan: Plan, target: Target) -> Result<(), Thrown> {
    let context = s.async_context();
    let (pos, context, paths) = (rt.here(s), s.global(context), rt.asked_paths.take());
    let request = Request { show: plan.show, keep: plan.keep, target, pos, context, paths };
    match plan.step {
        Step::End(r) => end_at_once(s, rt, request, r),
        step => {
            advance(rt, request, step);
            Ok(())
        }
    }
}

/// Nothing had to be done: a callback comes in a tick.
fn end_at_once<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, request: Request, r: Res) -> Result<(), Thrown> {
    let (target, outcome) = outcome(s, rt, request, r);
    match target {
        Target::Promise { promise, bare } => {
            settle(s, promise, bare, outcome);
            Ok(())
        }
        Target::Callback(g) | Target::Exists(g) => {
            let f = s.open(g);
            s.release(g);
            let mut args = vec![f];
            args.extend(callback_args(s, target, outcome));
            let p = rt.process(s);
            let k = s.key("nextTick");
            s.invoke(p, k, &args).map(|_| ())
        }
    }
}

/// Whether what a worker brings back is the end of an operation.
pub(crate) fn has_ended(output: &crate::rt::JobOutput) -> bool {
    output.downcast_ref::<Trip>().is_some_and(|trip| matches!(trip.next, Step::End(_)))
}

/// How many steps one trip to the pool may take at most: those of reading a small file (open, fstat, read, close).
const STEPS_A_TRIP: u32 = 4;

/// What a worker brings back.
struct Trip {
    /// What is left to do, or the result.
    next: Step,
    /// How many steps were done.
    steps: u32,
}

/// Does up to `most` steps, one after the other.
fn travel(mut step: Step, most: u32) -> Trip {
    let mut steps = 0;
    while steps < most {
        match step {
            Step::Run { work, then, .. } => {
                step = then(work());
                steps += 1;
            }
            Step::ReadFile { path, flags } => {
                let (next, done) = files::read_at_once(&path, flags);
                step = next;
                steps += done;
            }
            end => return Trip { next: end, steps },
        }
    }
    Trip { next: step, steps }
}

/// Hands the next step to the pool. Where nobody looks, a worker goes on with the steps that follow: a trip between threads costs more
/// than most of them. The result shows in the poll phase in which the last would have come back by itself, so the order
/// against other requests stays that of one request a step.
fn advance(rt: &Rc<Rt>, request: Request, step: Step) {
    let together = rt.may_take_together();
    let step = match step {
        Step::ReadFile { path, flags } if !together => files::read_path(path, flags),
        step => faulty(rt, &request.paths, step),
    };
    let (label, more, bytes) = match &step {
        Step::Run { label, more, bytes, .. } => (*label, *more, *bytes),
        Step::ReadFile { .. } => ("fs.open", true, 0),
        Step::End(_) => return,
    };
    let pos = request.pos;
    let info = JobInfo { more, ..JobInfo::new(JobClass::Disk, label).moving(bytes) };
    let most = if together { STEPS_A_TRIP } else { 1 };
    let work = move || travel(step, most);
    rt.submit_from(info, pos, work, move |s, rt, cb, out| {
        let trip = out.unwrap_or_else(|e| Trip { next: Step::End(Err(refused(&e))), steps: 1 });
        if trip.steps > 1 {
            let next = trip.next;
            let later = move |s: &mut Scope<'_>, rt: &Rc<Rt>, cb| go_on(s, rt, cb, request, label, next);
            rt.after_polls(trip.steps - 1, Box::new(later));
        } else {
            go_on(s, rt, cb, request, label, trip.next);
        }
    });
}

/// The step as the simulated world has it: failing, if this call was chosen to.
fn faulty(rt: &Rc<Rt>, paths: &[String], step: Step) -> Step {
    let Step::Run { label, work, then, more, bytes } = step else { return step };
    let errno = if rt.injects() { rt.with_loop(|lp| lp.world_mut().fault(label)) } else { None };
    let work = match errno {
        None => work,
        Some(errno) => {
            let fail = super::fail::injected(label, errno, paths);
            Box::new(move || {
                // A close that fails has closed all the same.
                let _ = if label == "fs.close" { work() } else { Ok(Out::None) };
                Err(fail)
            })
        }
    };
    Step::Run { label, work, then, more, bytes }
}

/// Why the pool did not do it.
fn refused(e: &JobError) -> Fail {
    match e {
        JobError::Cancelled => Fail::System { errno: 125, syscall: "pool", path: None, dest: None },
        JobError::Panicked(_) => {
            Fail::Coded { kind: Kind::Error, code: "ERR_INTERNAL_ASSERTION", message: e.to_string() }
        }
    }
}

/// A step of this label has come back.
fn go_on(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    cb: ticks::Callback,
    request: Request,
    label: &'static str,
    next: Step,
) {
    let next = match next {
        Step::End(r) => return finish(s, rt, cb, request, r),
        next => next,
    };
    let begin = ticks::begin(rt, cb, rt.probe.intern(label), request.pos);
    advance(rt, request, next);
    ticks::end(rt, begin, true);
}

/// Tells the target, as a callback of the loop.
fn finish(s: &mut Scope<'_>, rt: &Rc<Rt>, cb: ticks::Callback, request: Request, r: Res) {
    s.nested(|s| {
        let context = s.open(request.context);
        let saved = s.set_async_context(context);
        let pos = request.pos;
        match request.target {
            Target::Promise { promise, bare } => {
                let begin = ticks::begin(rt, cb, rt.probe.intern(""), pos);
                let (_, outcome) = outcome(s, rt, request, r);
                settle(s, promise, bare, outcome);
                ticks::end(rt, begin, true);
            }
            Target::Callback(g) | Target::Exists(g) => {
                let (target, outcome) = outcome(s, rt, request, r);
                let args = callback_args(s, target, outcome);
                let f = s.open(g);
                s.release(g);
                let u = s.undefined();
                ticks::call(s, rt, cb, f, u, &args);
            }
        }
        s.set_async_context(saved);
    });
}

/// Values under their names in a promise's result object.
struct Values<'s> {
    list: Vec<Local<'s>>,
    names: Option<[&'static str; 2]>,
    /// A callback gets even undefined.
    always: bool,
}

/// An error with the values that go with it all the same, or the values.
type Outcome<'s> = Result<Values<'s>, (Local<'s>, Vec<Local<'s>>)>;

fn opened<'s>(s: &mut Scope<'s>, keep: Option<Global>) -> Local<'s> {
    match keep {
        None => s.undefined(),
        Some(g) => {
            let l = s.open(g);
            s.release(g);
            l
        }
    }
}

fn missing_ok(show: &Show, f: &Fail) -> bool {
    // ENOENT and ENOTDIR
    matches!(show, Show::Stats { missing_ok: true, .. }) && matches!(f.errno(), 2 | 20)
}

/// Ends a request: its target and what to tell it.
fn outcome<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, request: Request, r: Res) -> (Target, Outcome<'s>) {
    let kept = opened(s, request.keep);
    s.release(request.context);
    let result = match r {
        Ok(out) => values(s, rt, &request.show, kept, out).map_err(|t| {
            let e = s.caught(t);
            (e, Vec::new())
        }),
        Err(f) if missing_ok(&request.show, &f) => {
            let u = s.undefined();
            Ok(Values { list: vec![u], names: None, always: true })
        }
        Err(f) => {
            let e = f.to_error(s);
            let extra = match request.show {
                Show::Read { .. } | Show::ReadMany | Show::Written { .. } => vec![s.int(0), kept],
                _ => Vec::new(),
            };
            Err((e, extra))
        }
    };
    (request.target, result)
}

fn callback_args<'s>(s: &mut Scope<'s>, target: Target, outcome: Outcome<'s>) -> Vec<Local<'s>> {
    if let Target::Exists(_) = target {
        return vec![s.bool(outcome.is_ok())];
    }
    match outcome {
        Ok(v) => {
            let mut args = vec![s.null()];
            // Operations without a result pass the null only.
            if v.always || v.list.len() > 1 || !v.list[0].is_undefined() {
                args.extend(v.list);
            }
            args
        }
        Err((e, extra)) => {
            let mut args = vec![e];
            args.extend(extra);
            args
        }
    }
}

fn settle<'s>(s: &mut Scope<'s>, promise: Global, bare: bool, outcome: Outcome<'s>) {
    let p = s.open(promise);
    s.release(promise);
    match outcome {
        Err((e, _)) => s.promise_reject(p, e),
        Ok(Values { list, names: Some(names), .. }) => {
            let null = s.null();
            let o = if bare { s.new_object_with_proto(null) } else { s.new_object() };
            for (name, v) in names.into_iter().zip(list) {
                let k = s.key(name);
                s.define_with(o, k, v, looplab_engine::ALL);
            }
            s.promise_fulfill(p, o);
        }
        Ok(Values { list, .. }) => s.promise_fulfill(p, list[0]),
    }
}

pub(super) fn bytes_as<'s>(
    s: &mut Scope<'s>,
    bytes: Vec<u8>,
    choice: Choice,
    default_text: bool,
) -> Completion<'s> {
    match choice {
        Choice::Text(e) => encoding::decode(s, &bytes, e),
        // 'buffer' is an encoding of names only.
        Choice::Buffer if !default_text => Err(encoding::unknown(s, "buffer")),
        Choice::Default if default_text => encoding::decode_utf8(s, &bytes),
        _ => new_buffer(s, bytes),
    }
}

/// The values a result consists of.
fn values<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    show: &Show,
    kept: Local<'s>,
    out: Out,
) -> Result<Values<'s>, Thrown> {
    let one = |v: Local<'s>| Values { list: vec![v], names: None, always: false };
    let two = |a, b, names| Values { list: vec![a, b], names: Some(names), always: false };
    Ok(match (show, out) {
        (Show::Number, Out::Number(n)) => one(s.num(n)),
        (Show::Number, Out::Fd(fd)) => one(s.int(fd)),
        (Show::Handle, Out::Fd(fd)) => one(super::handle::new(s, fd)?),
        (Show::Data(e), Out::Bytes(b)) => one(bytes_as(s, b, *e, false)?),
        (Show::Path(e), Out::Path(b) | Out::Made(Some(b))) => one(bytes_as(s, b, *e, true)?),
        (Show::Stats { bigint, .. }, Out::Stat(st)) => one(stats::new(s, rt, &st, *bigint)?),
        (Show::StatFs { bigint }, Out::StatFs(f)) => one(stats::new_statfs(s, &f, *bigint)?),
        (Show::Entries { types, encoding }, Out::Entries(list)) => {
            let mut items = Vec::with_capacity(list.len());
            for e in list {
                let name = bytes_as(s, e.name, *encoding, true)?;
                items.push(if *types { stats::new_dirent(s, name, e.kind, &e.parent)? } else { name });
            }
            one(s.new_array(&items))
        }
        (Show::Dir { path, encoding, batch }, Out::Folder(f)) => {
            one(super::dir::new(s, f, path, *encoding, *batch)?)
        }
        (Show::DirEntry, Out::Entries(list)) => one(super::dir::take(s, kept, list)?),
        (Show::DirNext, Out::Entries(list)) => one(super::dir::take_next(s, kept, list)?),
        (Show::Read { offset }, Out::Bytes(b)) => {
            // The script may have shrunk the buffer meanwhile: what still fits is copied.
            if let Some(to) = s.view_bytes_mut(kept).and_then(|v| v.get_mut(*offset..)) {
                let n = b.len().min(to.len());
                to[..n].copy_from_slice(&b[..n]);
            }
            two(s.num(b.len() as f64), kept, ["bytesRead", "buffer"])
        }
        // They are there already.
        (Show::Read { .. }, Out::Number(n)) => two(s.num(n), kept, ["bytesRead", "buffer"]),
        (Show::ReadMany, Out::Bytes(b)) => {
            let mut rest = b.as_slice();
            for buffer in s.list_from_array_like(kept)? {
                if let Some(to) = s.view_bytes_mut(buffer) {
                    let n = rest.len().min(to.len());
                    to[..n].copy_from_slice(&rest[..n]);
                    rest = &rest[n..];
                }
            }
            two(s.num(b.len() as f64), kept, ["bytesRead", "buffers"])
        }
        (Show::Written { many }, Out::Number(n)) => {
            two(s.num(n), kept, ["bytesWritten", if *many { "buffers" } else { "buffer" }])
        }
        _ => one(s.undefined()),
    })
}
