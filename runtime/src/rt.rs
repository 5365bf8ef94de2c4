//! The state that native functions share: the loop (while a callback runs), queues, requests, the log.

use crate::options::Script;
use crate::ticks::Ticks;
use crate::timers::{Immediates, Timers};
use looplab_engine::{Args, Global, Local, Scope};
use looplab_event_loop::world::EitherWorld;
use looplab_event_loop::{BoxJob, JobError, Loop, Origin, World};
use looplab_event_loop::JobInfo;
use looplab_probe::{Event, EventId, Group, Pos, Probe, Recorder, Str};
use slab::Slab;
use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

/// What the loop hands back to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Node's timer lists: some are due.
    Timers,
    /// Node's immediates.
    Immediates,
    /// A pool request with this number in [`Rt::requests`].
    Request(u32),
    /// What [`Rt::after_polls`] was given, under this number.
    Later(u32),
    /// A watcher with this number in [`crate::watch`].
    Watch(u32),
    /// A socket with this number in [`Rt::net`] is ready.
    Socket(u32),
    /// A socket asked to be told something in the next pending phase.
    SocketLater(u32, crate::node::net::Later),
    /// A socket is closed.
    SocketClosed(u32),
    /// A wake-up handle with this number in [`Rt::wakes`].
    Wake(u32),
    /// Standard input can be read.
    Input,
    /// Somebody outside has ended the program ([`crate::StopSwitch`]).
    Stop,
}

/// What a pool job gives back: each request knows its own type.
pub type JobOutput = Box<dyn Any + Send>;
/// The world the runtime runs in, chosen when it starts.
pub type RtWorld = EitherWorld<BoxJob<JobOutput>>;
/// The loop of the runtime.
pub type Lp = Loop<Task, RtWorld, Option<Recorder>>;

/// What to do with a finished pool request. Reports its callback ([`crate::ticks::begin`] or [`crate::ticks::call`]) itself, since it
/// knows whose it is.
pub(crate) type Complete =
    Box<dyn for<'s> FnOnce(&mut Scope<'s>, &Rc<Rt>, crate::ticks::Callback, Result<JobOutput, JobError>)>;

/// What [`Rt::after_polls`] calls.
pub(crate) type Later = Box<dyn for<'s> FnOnce(&mut Scope<'s>, &Rc<Rt>, crate::ticks::Callback)>;

/// The runtime's state. One per engine; natives reach it with [`Rt::of`].
pub struct Rt {
    lp: RefCell<Option<Box<Lp>>>,
    /// The log, if the run is recorded.
    pub probe: Option<Recorder>,
    /// Places that the log has met.
    pub(crate) places: crate::places::Places,
    jobs_recorded: bool,
    pub(crate) ticks: RefCell<Ticks>,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) immediates: RefCell<Immediates>,
    pub(crate) requests: RefCell<Slab<Complete>>,
    /// The paths that the file operation being asked for names: only while calls are to fail that would not.
    pub(crate) asked_paths: RefCell<Vec<String>>,
    pub(crate) later: RefCell<Slab<Later>>,
    pub(crate) watchers: RefCell<crate::watch::Watchers>,
    pub(crate) wakes: RefCell<crate::wake::Wakes>,
    pub(crate) finalizer: RefCell<Option<crate::finalize::Handle>>,
    pub(crate) signals: RefCell<crate::node::process::signals::Signals>,
    /// The process is ending with this code: nothing of the script runs any more.
    pub exit: Cell<Option<i32>>,
    /// 'exit' has been emitted.
    pub(crate) exit_emitted: Cell<bool>,
    /// Rejected promises without a handler, and ones that got theirs late.
    pub(crate) rejections: RefCell<crate::uncaught::Rejections>,
    pub(crate) modules: RefCell<crate::modules::Modules>,
    pub(crate) scripts: RefCell<Vec<Script>>,
    /// The local time zone, once a date has asked for it and until `process.env.TZ` changes.
    zone: RefCell<Option<Rc<crate::zone::Zone>>>,
    /// `process.env.TZ` as the program set it: `None` if it has not touched it.
    tz: RefCell<Option<Option<String>>>,
    /// The process object, once made.
    pub process: Cell<Option<Global>>,
    /// Keys of the `events` module, once it is loaded.
    pub(crate) emitter: OnceCell<Box<crate::node::events::Names>>,
    /// Keys of the `stream` module, once it is loaded.
    pub(crate) streams: OnceCell<Box<crate::node::stream::Names>>,
    /// What HTTP servers make their messages of, once there is one.
    pub(crate) http: OnceCell<Box<crate::node::http::Parts>>,
    /// How many streams the log has heard of.
    stream_numbers: Cell<u32>,
    /// A read of standard input that waits.
    pub(crate) input: RefCell<Option<crate::node::stdio_native::Watch>>,
    /// `Buffer.prototype`, once made.
    pub(crate) buffer_prototype: Cell<Option<Global>>,
    pub(crate) children: RefCell<crate::node::child::Children>,
    pub(crate) pipes: RefCell<crate::node::child::Pipes>,
    pub(crate) workers: RefCell<crate::node::worker::Workers>,
    /// File watching.
    pub(crate) notify: RefCell<crate::node::fs::Notify>,
    /// What Stats objects are made of, once there is one.
    pub(crate) stats: OnceCell<Box<crate::node::fs::StatsParts>>,
    /// Standard output failed for another reason than a closed pipe.
    pub(crate) stdout_failed: Cell<bool>,
    /// Sockets.
    pub(crate) net: crate::node::net::Net,
    pub(crate) options: crate::Options,
    /// What counts ids of asynchronous operations, once a program asks for them ([`crate::continuation`]).
    pub(crate) hooks: Cell<Option<Global>>,
    /// The terminal's settings as they were found, once they were changed.
    pub(crate) terminal: RefCell<Option<rustix::termios::Termios>>,
    /// Numbers for events of our own kinds.
    numbers: Cell<u32>,
    /// What was compiled in earlier runs, if there may be such ([`crate::Again`]).
    pub(crate) compiled: OnceCell<Rc<crate::again::Compiled>>,
    /// What was found of the heap.
    pub(crate) looks: RefCell<crate::heap::Looks>,
}

impl Rt {
    pub(crate) fn new(lp: Box<Lp>, probe: Option<Recorder>, options: crate::Options) -> Rt {
        let rules = options.profile.rules();
        Rt {
            lp: RefCell::new(Some(lp)),
            jobs_recorded: options.record.as_ref().is_some_and(|o| !o.without.contains(&Group::Queue)),
            probe,
            places: crate::places::Places::default(),
            ticks: RefCell::new(Ticks::default()),
            timers: RefCell::new(Timers::new(rules.drain_after_phase)),
            immediates: RefCell::new(Immediates::default()),
            requests: RefCell::default(),
            asked_paths: RefCell::default(),
            later: RefCell::default(),
            watchers: RefCell::default(),
            wakes: RefCell::default(),
            finalizer: RefCell::default(),
            signals: RefCell::default(),
            exit: Cell::new(None),
            exit_emitted: Cell::new(false),
            rejections: RefCell::default(),
            modules: RefCell::new(crate::modules::Modules::new(&options.load)),
            scripts: RefCell::default(),
            zone: RefCell::default(),
            tz: RefCell::default(),
            process: Cell::new(None),
            emitter: OnceCell::new(),
            streams: OnceCell::new(),
            http: OnceCell::new(),
            stream_numbers: Cell::new(0),
            input: RefCell::default(),
            buffer_prototype: Cell::new(None),
            children: RefCell::default(),
            pipes: RefCell::default(),
            workers: RefCell::default(),
            notify: RefCell::default(),
            stats: OnceCell::new(),
            stdout_failed: Cell::new(false),
            net: crate::node::net::Net::default(),
            options,
            hooks: Cell::new(None),
            terminal: RefCell::default(),
            numbers: Cell::new(0),
            looks: RefCell::default(),
            compiled: OnceCell::new(),
        }
    }

    /// The state behind a scope.
    ///
    /// # Panics
    /// When the engine does not belong to a runtime, which cannot happen to functions that the runtime installed.
    pub fn of(s: &Scope<'_>) -> Rc<Rt> {
        s.embedder::<Rt>().expect("an engine set up by the runtime")
    }

    /// The loop. Only while a callback or the main script runs, and not re-entrantly.
    pub fn with_loop<R>(&self, f: impl FnOnce(&mut Lp) -> R) -> R {
        f(self.lp.borrow_mut().as_mut().expect("the loop is lent to callbacks"))
    }

    /// Takes the loop out (the driver runs it) or puts it back.
    pub(crate) fn swap_loop(&self, lp: Option<Box<Lp>>) -> Option<Box<Lp>> {
        self.lp.replace(lp)
    }

    /// A fresh number for an event.
    pub fn next_number(&self) -> u32 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    /// A fresh number for a stream.
    pub(crate) fn next_stream(&self) -> u32 {
        self.stream_numbers.set(self.stream_numbers.get() + 1);
        self.stream_numbers.get()
    }

    /// Whether the log is to hold collections of the heap.
    pub(crate) fn records_collections(&self) -> bool {
        self.probe.as_ref().is_some_and(|log| log.wants(looplab_probe::Group::Heap))
    }

    /// Whether the log is to hold ticks, microtasks and promises, or only what the loop itself runs.
    #[inline]
    pub(crate) fn records_jobs(&self) -> bool {
        self.jobs_recorded
    }

    /// Appends an event to the log, if there is one. The closure makes it, so that nothing is computed in vain.
    #[inline]
    pub fn emit(&self, event: impl FnOnce(&Recorder) -> Event) -> EventId {
        match &self.probe {
            None => EventId::NONE,
            Some(p) => p.emit(event(p)),
        }
    }

    /// The same at the moment of the last event: for what follows it at once.
    #[inline]
    pub(crate) fn emit_along(&self, event: impl FnOnce(&Recorder) -> Event) -> EventId {
        match &self.probe {
            None => EventId::NONE,
            Some(p) => p.emit_along(event(p)),
        }
    }

    /// Appends the begin of a callback. One that runs inside no other follows at once on what ended before it, if all that runs is recorded.
    pub(crate) fn emit_begin(&self, event: Event) -> EventId {
        match &self.probe {
            None => EventId::NONE,
            Some(p) if self.jobs_recorded && p.current().is_none() => p.emit_along(event),
            Some(p) => p.emit(event),
        }
    }

    /// Name and place of a function for the log; nothing when it is not recorded.
    pub fn describe(&self, s: &mut Scope<'_>, f: Local<'_>) -> (Str, Pos) {
        let Some(p) = &self.probe else { return (Str::NONE, Pos::NONE) };
        let Some(place) = s.function_place(f) else { return (p.intern(&s.function_name(f)), Pos::NONE) };
        let (label, pos) = self.places.of_function(p, place);
        if s.has_its_first_name(f) { (label, pos) } else { (p.intern(&s.function_name(f)), pos) }
    }

    /// Where the running script stands, for the log: in the program's own code, if that is what called into ours.
    pub fn here(&self, s: &mut Scope<'_>) -> Pos {
        let Some(p) = &self.probe else { return Pos::NONE };
        match s.vm().place_in(|source| !source.starts_with("node:")) {
            Some(place) => self.places.of(p, place),
            None => Pos::NONE,
        }
    }

    /// Runs `job` on the pool and `complete` on the loop afterwards. The work was asked for at `pos` (perhaps by an earlier
    /// callback); the completion reports its callback itself.
    pub(crate) fn submit_from<T: Send + 'static>(
        self: &Rc<Self>,
        info: JobInfo,
        pos: Pos,
        job: impl FnOnce() -> T + Send + 'static,
        complete: impl for<'n> FnOnce(&mut Scope<'n>, &Rc<Rt>, crate::ticks::Callback, Result<T, JobError>)
        + 'static,
    ) {
        let complete: Complete = Box::new(move |s, rt, cb, out| {
            let out = out.and_then(|b| b.downcast::<T>().map(|b| *b).map_err(|_| JobError::Cancelled));
            complete(s, rt, cb, out);
        });
        let key = self.requests.borrow_mut().insert(complete) as u32;
        let boxed: BoxJob<JobOutput> = Box::new(move || Box::new(job()) as JobOutput);
        let origin = Origin { label: self.probe.intern(info.label), pos, hidden: false };
        let sent = self.with_loop(|lp| lp.pool_submit(boxed, info, Task::Request(key), origin));
        if sent.is_err() {
            // The queue is full: the callback gets the error, later, as any other.
            self.with_loop(|lp| lp.defer(Task::Request(key), origin));
        }
    }

    /// Whether pool requests may be taken together as long as nobody can tell: not while they are recorded one by one, nor
    /// where each takes its declared time.
    pub(crate) fn may_take_together(&self) -> bool {
        self.probe.is_none() && !self.options.simulated && self.options.explore.is_none()
    }

    /// Calls `f` in the poll phase `polls` from now.
    pub(crate) fn after_polls(&self, polls: u32, f: Later) {
        let key = self.later.borrow_mut().insert(f) as u32;
        self.with_loop(|lp| lp.defer_polls(Task::Later(key), polls, Origin::HIDDEN));
    }

    /// Does work of the pool's kinds on the loop's own thread (the synchronous API).
    pub fn charge(&self, info: JobInfo) {
        self.with_loop(|lp| lp.world_mut().charge(info));
    }

    /// Whether each statement of the program takes its declared time.
    pub(crate) fn paces(&self) -> bool {
        self.options.simulation.cpu > 0 && (self.options.simulated || self.options.explore.is_some())
    }

    /// Whether calls are to fail that would not.
    pub(crate) fn injects(&self) -> bool {
        !self.options.simulation.faults.is_empty()
    }

    /// The local time zone.
    pub(crate) fn zone(&self) -> Rc<crate::zone::Zone> {
        let mut zone = self.zone.borrow_mut();
        let made = zone.get_or_insert_with(|| {
            let tz = self.tz.borrow().clone().unwrap_or_else(|| std::env::var("TZ").ok());
            Rc::new(crate::zone::Zone::local(tz.as_deref(), !self.options.simulated))
        });
        made.clone()
    }

    /// `process.env.TZ` was set or deleted.
    pub(crate) fn set_tz(&self, tz: Option<String>) {
        *self.tz.borrow_mut() = Some(tz);
        *self.zone.borrow_mut() = None;
    }

    /// The process object.
    pub fn process<'s>(&self, s: &mut Scope<'s>) -> Local<'s> {
        match self.process.get() {
            Some(g) => s.open(g),
            None => s.undefined(),
        }
    }
}

/// The first argument as UTF-8 text, for natives that have checked that it is a string.
pub(crate) fn text_arg<'s>(s: &mut Scope<'s>, args: &Args<'s>, i: usize) -> String {
    let v = args.get(i);
    if v.is_string() { s.to_utf8_lossy(v) } else { String::new() }
}
