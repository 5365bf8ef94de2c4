//! `node:looplab`'s `offload`: a function that computes on the pool, in an engine and a loop of its own, with copies of its arguments.
//!
//! To the pool it is a job like any other: it waits in the queue, holds a worker while it runs, and stands in a trace's lanes. The engine
//! wants a larger stack than a pool thread has, so the worker starts a thread and waits for it.

use super::{Link, STACK, Setup, Up, error_of, lock};
use crate::errors::{self, Kind};
use crate::node::clone::{self, Message};
use crate::node::stdio::{write_stderr, write_stdout};
use crate::options::{Entry, Options};
use crate::rt::Rt;
use crate::stop::StopSwitch;
use crate::ticks;
use looplab_engine::{Args, Completion, Global, Local, NativeFn, Scope};
use looplab_event_loop::{JobClass, JobError, JobInfo};
use looplab_probe::{Probe, StopReason};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

/// What the thread runs: it takes the function and gives the result.
const CODE: &str = "require('node:looplab').perform()";

/// What goes to the thread, and what it gives back.
#[derive(Default)]
pub(super) struct Task {
    /// `[source, arguments]`
    given: Mutex<Option<Message>>,
    result: Mutex<Option<Message>>,
}

/// What a job brings back.
struct Back {
    news: VecDeque<Up>,
    result: Option<Message>,
    code: i32,
}

/// The internal module.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[("start", 2, start), ("take", 0, take), ("give", 1, give)];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    let performs = task(&Rt::of(s)).is_some();
    let performs = s.bool(performs);
    crate::modules::cjs::put(s, o, "performs", performs);
    Ok(o)
}

/// The task that this thread was started for.
fn task(rt: &Rt) -> Option<&Task> {
    rt.options.worker.as_ref().and_then(|setup| setup.task.as_deref())
}

/// `start(source, arguments)`: a promise of what the function gives.
fn start<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let given = s.new_array(&[args.get(0), args.get(1)]);
    let given = clone::write(s, given, &[])?;
    let task = Arc::new(Task { given: Mutex::new(Some(given)), result: Mutex::default() });
    let link = Arc::new(Link::default());
    let setup = Setup {
        id: super::NEXT_ID.fetch_add(1, Ordering::Relaxed),
        name: "offload".to_owned(),
        link: link.clone(),
        data: Mutex::default(),
        port: Mutex::default(),
        task: Some(task.clone()),
    };
    let switch = StopSwitch::new();
    let options = Options {
        entry: Entry::Eval(CODE.to_owned()),
        record: None,
        args: Vec::new(),
        explore: None,
        simulated: rt.options.simulated || rt.options.explore.is_some(),
        worker: Some(Arc::new(setup)),
        stop: Some(switch.clone()),
        ..rt.options.clone()
    };
    let slot = rt.workers.borrow_mut().1.insert(switch);
    let job = move || perform(options, &link, &task);

    let p = s.new_promise();
    let promise = s.global(p);
    let info = JobInfo::new(JobClass::Compute, "offload");
    let pos = rt.here(s);
    rt.submit_from(info, pos, job, move |s, rt, cb, out| {
        rt.workers.borrow_mut().1.try_remove(slot);
        let begin = ticks::begin(rt, cb, rt.probe.intern("offload"), pos);
        s.nested(|s| settle(s, rt, promise, out));
        ticks::end(rt, begin, true);
    });
    Ok(p)
}

/// The job: a thread with room for the engine, waited for.
fn perform(options: Options, link: &Link, task: &Task) -> Result<Back, String> {
    let thread = std::thread::Builder::new().name("offload".to_owned()).stack_size(STACK);
    let running = thread.spawn(move || crate::run(options).exit_code).map_err(|e| e.to_string())?;
    let code = running.join().map_err(|_| "its thread has failed".to_owned())?;
    Ok(Back { news: std::mem::take(&mut *lock(&link.news)), result: lock(&task.result).take(), code })
}

/// The job is back: prints what it printed, and settles the promise.
fn settle(s: &mut Scope<'_>, rt: &Rc<Rt>, promise: Global, out: Result<Result<Back, String>, JobError>) {
    let p = s.open(promise);
    s.release(promise);
    let back = match out {
        Ok(Ok(back)) => back,
        Ok(Err(why)) => return refuse(s, p, &format!("The function could not be offloaded: {why}")),
        Err(error) => return refuse(s, p, &error.to_string()),
    };
    let mut failed = None;
    for up in back.news {
        match up {
            Up::Output(true, bytes) => write_stdout(rt, &bytes),
            Up::Output(false, bytes) => write_stderr(rt, &bytes),
            Up::Error(message) => failed = Some(message),
            Up::Online | Up::Exit(_) => {}
        }
    }
    let read = match (failed, back.result) {
        (Some(message), _) => {
            clone::read(s, *message, None).and_then(|(whole, _)| error_of(s, whole)).map(Err)
        }
        (None, Some(message)) => clone::read(s, message, None).map(|(value, _)| Ok(value)),
        (None, None) => {
            let text = format!("The offloaded function ended without a result (exit code {})", back.code);
            return refuse(s, p, &text);
        }
    };
    match read {
        Ok(Ok(value)) => s.promise_fulfill(p, value),
        Ok(Err(error)) => s.promise_reject(p, error),
        Err(thrown) => {
            let e = s.caught(thrown);
            s.promise_reject(p, e);
        }
    }
}

fn refuse<'s>(s: &mut Scope<'s>, p: Local<'s>, text: &str) {
    let e = errors::new(s, Kind::Error, "ERR_LOOPLAB_OFFLOAD_FAILED", text);
    s.promise_reject(p, e);
}

/// `take()`: `[source, arguments]` of this thread's task, once.
fn take<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let given = task(&rt).and_then(|task| lock(&task.given).take());
    match given {
        Some(message) => clone::read(s, message, None).map(|(given, _)| given),
        None => Ok(s.undefined()),
    }
}

/// `give(value)`: this thread's task is done.
fn give<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let message = clone::write(s, args.get(0), &[])?;
    if let Some(task) = task(&rt) {
        *lock(&task.result) = Some(message);
    }
    Ok(s.undefined())
}

/// Ends all jobs that run, without waiting.
pub(super) fn stop_all(switches: &slab::Slab<StopSwitch>) {
    for (_, switch) in switches {
        switch.stop(StopReason::Asked);
    }
}
