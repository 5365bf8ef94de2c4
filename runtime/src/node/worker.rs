//! `node:worker_threads`' workers: an engine and a loop of their own on a thread of their own. What a user sees is in `runtime/js/worker.js`.
//!
//! A worker is started with its data and one end of a channel ([`Setup`]). What it tells its parent apart from messages (that it runs,
//! what it prints, an error that ended it, its exit code) goes through a queue ([`Up`]) and a wake-up handle of the parent's loop.
//! Ending it from outside is a [`StopSwitch`].

pub(crate) mod offload;

use super::clone::{self, Message};
use super::messaging::{self, PortHandle};
use crate::modules::cjs::{get, put};
use crate::options::{Entry, Options};
use crate::rt::Rt;
use crate::stop::StopSwitch;
use crate::ticks;
use crate::wake::{self, WakeId, Woken};
use looplab_engine::{Args, Completion, Global, Local, NativeFn, Scope, Thrown};
use looplab_event_loop::Waker;
use looplab_probe::StopReason;
use slab::Slab;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Ids of threads; the main one is 0.
static NEXT_ID: AtomicU32 = AtomicU32::new(1);

/// Bytes of a worker's native stack: what the engine expects of a first thread.
const STACK: usize = 9 << 20;

/// News from a worker.
pub(crate) enum Up {
    /// It is about to run its script.
    Online,
    /// It has written to standard output (true) or error.
    Output(bool, Vec<u8>),
    /// An error that nobody caught has ended it.
    Error(Box<Message>),
    /// It is over.
    Exit(i32),
}

/// The queue of a worker's news.
#[derive(Default)]
pub(crate) struct Link {
    news: Mutex<VecDeque<Up>>,
    waker: Mutex<Option<Waker>>,
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here can be left half done by a panic elsewhere.
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    fn tell(&self, news: Up) {
        lock(&self.news).push_back(news);
        if let Some(w) = &*lock(&self.waker) {
            w.wake();
        }
    }
}

/// What a worker is started with.
pub(crate) struct Setup {
    id: u32,
    name: String,
    link: Arc<Link>,
    /// `[workerData, environmentData, env, argv, stdin?]`
    data: Mutex<Option<Message>>,
    port: Mutex<Option<PortHandle>>,
    /// It is no worker of `worker_threads`, but computes one thing.
    task: Option<Arc<offload::Task>>,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "worker {}", self.id)
    }
}

impl Setup {
    /// Writes for the worker: the parent shows it.
    pub(crate) fn output(&self, out: bool, bytes: &[u8]) {
        self.link.tell(Up::Output(out, bytes.to_vec()));
    }
}

/// A worker that runs, as its parent knows it.
struct Running {
    wake: WakeId,
    switch: StopSwitch,
    link: Arc<Link>,
    on_news: Global,
}

/// The workers of a runtime, by number, and what ends each function that computes on the pool.
#[derive(Default)]
pub(crate) struct Workers(Slab<Running>, Slab<StopSwitch>);

impl Workers {
    /// Ends them all, without waiting.
    pub(crate) fn stop_all(&self) {
        for (_, w) in &self.0 {
            w.switch.stop(StopReason::Asked);
        }
        offload::stop_all(&self.1);
    }
}

/// The internal module.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] =
        &[("start", 4, start), ("stop", 1, stop), ("setRef", 2, set_ref), ("setup", 1, setup)];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    let rt = Rt::of(s);
    let (id, name) = rt.options.worker.as_ref().map_or((0, String::new()), |w| (w.id, w.name.clone()));
    let (id, name) = (s.num(f64::from(id)), s.str(&name));
    put(s, o, "threadId", id);
    put(s, o, "threadName", name);
    Ok(o)
}

fn number<'s>(s: &mut Scope<'s>, args: &Args<'s>, i: usize) -> usize {
    s.to_uint32(args.get(i)).unwrap_or(u32::MAX) as usize
}

/// `start({ file | code, name, heapLimit }, data, transferList, onNews)`: `{ worker, threadId, port }`; onNews gets `(kind, value)`.
fn start<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    if rt.options.simulated || rt.options.explore.is_some() {
        let text = "The feature worker_threads is unavailable in virtual time: threads run at the pace of the machine";
        let kind = crate::errors::Kind::Type;
        return Err(crate::errors::throw(s, kind, "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", text));
    }
    let options = worker_options(s, &rt, args.get(0))?;
    let list = s.list_from_array_like(args.get(2))?;
    let data = clone::write(s, args.get(1), &list)?;
    let name = get(s, args.get(0), "name")?;
    let name = s.to_text(name)?;
    let (ours, theirs) = PortHandle::pair();
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let link = Arc::new(Link::default());
    let setup = Arc::new(Setup {
        id,
        name,
        link: link.clone(),
        data: Mutex::new(Some(data)),
        port: Mutex::new(Some(theirs)),
        task: None,
    });
    let switch = StopSwitch::new();
    let options = Options { worker: Some(setup), stop: Some(switch.clone()), ..options };

    let slot = rt.workers.borrow().0.vacant_key();
    let on_news = s.global(args.get(3));
    let pos = rt.here(s);
    let (wake, waker) = wake::open(&rt, "Worker", pos, Rc::new(move |s, rt, woken| news(s, rt, slot, woken)));
    wake::set_ref(&rt, wake, true);
    *lock(&link.waker) = Some(waker);
    rt.workers.borrow_mut().0.insert(Running { wake, switch: switch.clone(), link: link.clone(), on_news });
    let thread = std::thread::Builder::new().name(format!("worker {id}")).stack_size(STACK);
    let spawned = thread.spawn(move || {
        link.tell(Up::Online);
        let code = crate::run(options).exit_code;
        let code = if switch.asked() == Some(StopReason::Asked) { 1 } else { code };
        link.tell(Up::Exit(code));
    });
    if let Err(e) = spawned {
        rt.workers.borrow_mut().0.remove(slot);
        wake::close(&rt, wake);
        s.release(on_news);
        let text = format!("Worker initialization failure: {e}");
        return Err(crate::errors::throw(s, crate::errors::Kind::Error, "ERR_WORKER_INIT_FAILED", &text));
    }
    let o = s.new_object();
    let port = messaging::adopt(s, ours, None)?;
    let (slot, id) = (s.num(slot as f64), s.num(f64::from(id)));
    for (name, v) in [("worker", slot), ("threadId", id), ("port", port)] {
        put(s, o, name, v);
    }
    Ok(o)
}

/// How it is run: as its parent, but for what it is asked to do.
fn worker_options<'s>(s: &mut Scope<'s>, rt: &Rt, spec: Local<'s>) -> Result<Options, Thrown> {
    let (file, code) = (get(s, spec, "file")?, get(s, spec, "code")?);
    let entry = match file.is_string() {
        true => Entry::File(s.to_text(file)?.into()),
        false => Entry::Eval(s.to_text(code)?),
    };
    let limit = get(s, spec, "heapLimit")?.as_number().filter(|mib| *mib > 0.0);
    let heap_limit = limit.map(|mib| (mib * 1024.0 * 1024.0) as usize);
    Ok(Options {
        entry,
        record: None,
        args: Vec::new(),
        heap_limit: heap_limit.or(rt.options.heap_limit),
        ..rt.options.clone()
    })
}

/// The worker has something to tell.
fn news(s: &mut Scope<'_>, rt: &Rc<Rt>, slot: usize, woken: Woken) {
    let Woken::Now(cb) = woken else { return };
    loop {
        let next = match rt.workers.borrow().0.get(slot) {
            Some(w) => lock(&w.link.news).pop_front().map(|up| (up, w.on_news)),
            None => None,
        };
        let Some((up, on_news)) = next else { return };
        let over = matches!(up, Up::Exit(_));
        if over && let Some(w) = rt.workers.borrow_mut().0.try_remove(slot) {
            wake::close(rt, w.wake);
        }
        s.nested(|s| {
            let (kind, value) = told(s, up);
            let (f, u, kind) = (s.open(on_news), s.undefined(), s.str(kind));
            if over {
                s.release(on_news);
            }
            ticks::call(s, rt, cb, f, u, &[kind, value]);
        });
        if rt.exit.get().is_some() {
            return;
        }
        ticks::drain(s, rt);
        if rt.exit.get().is_some() {
            return;
        }
    }
}

fn told<'s>(s: &mut Scope<'s>, up: Up) -> (&'static str, Local<'s>) {
    match up {
        Up::Online => ("online", s.undefined()),
        Up::Output(out, bytes) => {
            let v = match super::buffer::new_buffer(s, bytes) {
                Ok(v) => v,
                Err(t) => s.caught(t),
            };
            (if out { "stdout" } else { "stderr" }, v)
        }
        Up::Error(m) => match clone::read(s, *m, None).and_then(|(whole, _)| error_of(s, whole)) {
            Ok(v) => ("error", v),
            Err(t) => ("error", s.caught(t)),
        },
        Up::Exit(code) => ("exit", s.int(code)),
    }
}

/// `stop(worker)`: ends it where it stands.
fn stop<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let slot = number(s, args, 0);
    if let Some(w) = rt.workers.borrow().0.get(slot) {
        w.switch.stop(StopReason::Asked);
    }
    Ok(s.undefined())
}

/// `setRef(worker, referenced)`
fn set_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let slot = number(s, args, 0);
    let wake = rt.workers.borrow().0.get(slot).map(|w| w.wake);
    if let Some(wake) = wake {
        wake::set_ref(&rt, wake, args.get(1).is_true());
    }
    Ok(s.undefined())
}

/// `setup()`: `{ data, port }` of this worker, once; undefined in the main thread.
fn setup<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let Some(w) = &rt.options.worker else { return Ok(s.undefined()) };
    let (data, port) = (lock(&w.data).take(), lock(&w.port).take());
    let (Some(data), Some(port)) = (data, port) else { return Ok(s.undefined()) };
    let o = s.new_object();
    let (data, _) = clone::read(s, data, None)?;
    let port = messaging::adopt(s, port, None)?;
    put(s, o, "data", data);
    put(s, o, "port", port);
    Ok(o)
}

/// `[error, fields]`: a copy of an error has no properties of its own, so that they travel beside it.
fn with_fields<'s>(s: &mut Scope<'s>, error: Local<'s>) -> Completion<'s> {
    let fields = s.new_object();
    if error.is_class(looplab_engine::Class::Error) {
        for k in s.enumerable_own_keys(error)? {
            let v = s.get(error, k)?;
            if !v.is_object() && !v.is_symbol() {
                s.define_with(fields, k, v, looplab_engine::ALL);
            }
        }
    }
    Ok(s.new_array(&[error, fields]))
}

/// The error out of what [`with_fields`] made.
fn error_of<'s>(s: &mut Scope<'s>, whole: Local<'s>) -> Completion<'s> {
    let parts = s.dense_elements(whole).unwrap_or_default();
    let Some(&error) = parts.first() else { return Ok(s.undefined()) };
    if let Some(&fields) = parts.get(1)
        && error.is_object()
    {
        for k in s.enumerable_own_keys(fields)? {
            let v = s.get(fields, k)?;
            s.define_with(error, k, v, looplab_engine::ALL);
        }
    }
    Ok(error)
}

/// An error that nobody caught ends a worker: its parent gets it. False: this is no worker.
pub(crate) fn report<'s>(s: &mut Scope<'s>, rt: &Rt, error: Local<'s>) -> bool {
    let Some(w) = &rt.options.worker else { return false };
    let whole = with_fields(s, error);
    let message = match whole.and_then(|v| clone::write(s, v, &[])) {
        Ok(m) => Ok(m),
        // What cannot be copied is told in words.
        Err(t) => {
            s.caught(t);
            let text = super::inspect_text(s, error);
            let plain = s.new_error(looplab_engine::Intrinsic::ErrorPrototype, &text);
            let whole = s.new_array(&[plain]);
            clone::write(s, whole, &[])
        }
    };
    match message {
        Ok(m) => w.link.tell(Up::Error(Box::new(m))),
        Err(t) => {
            s.caught(t);
        }
    }
    true
}

/// The heap's limit has ended a worker. False: this is no worker.
pub(crate) fn out_of_memory(s: &mut Scope<'_>, rt: &Rt) -> bool {
    if rt.options.worker.is_none() {
        return false;
    }
    s.nested(|s| {
        let text = "Worker terminated due to reaching memory limit: JS heap out of memory";
        let e = crate::errors::new(s, crate::errors::Kind::Error, "ERR_WORKER_OUT_OF_MEMORY", text);
        report(s, rt, e)
    })
}
