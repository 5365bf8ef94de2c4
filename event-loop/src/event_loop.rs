//! The loop for Rust programs: tasks are closures, ticks and microtasks and immediates included.

use crate::driver::{Driver, Fired, Source};
use crate::handles::*;
use crate::profile::Profile;
use crate::state::Loop;
use crate::ticks::{Queued, Ticks};
use crate::timers::TimerId;
use crate::turn::Ended;
use crate::world::{JobInfo, Output, Readiness, RealOptions, RealWorld, SimOptions, SimWorld, World};
use looplab_probe::{CallbackKind, Event, EventId, JobClass, Off, Outcome, Phase, Pos, Probe, RunMode, Str};
use looplab_threadpool::{BoxJob, JobError, Priority, SubmitError};
use mio::Interest;
use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::ops::{ControlFlow, Deref, DerefMut};
use std::rc::Rc;

/// The jobs of an [`EventLoop`]: closures that give back anything.
pub type AnyJob = BoxJob<Box<dyn Any + Send>>;

/// A closure as a task.
pub struct Callback<W: World, P: Probe>(Rc<RefCell<Inner<W, P>>>);

type Inner<W, P> = dyn FnMut(&mut EventLoop<W, P>, Source<Output<W>>);

impl<W: World, P: Probe> Clone for Callback<W, P> {
    fn clone(&self) -> Self {
        Callback(self.0.clone())
    }
}

impl<W: World, P: Probe> std::fmt::Debug for Callback<W, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Callback")
    }
}

type BoxOnce<W, P> = Box<dyn FnOnce(&mut EventLoop<W, P>)>;

/// Something to be called once, its number, and the event that scheduled it.
struct Once<W: World, P: Probe> {
    number: u32,
    cause: EventId,
    f: BoxOnce<W, P>,
}

/// A [`Loop`] of closures, with nextTick, microtasks and immediates as in Node. It derefs to its [`Loop`], so that `lp.now()`,
/// `lp.timer_stop(id)`, `lp.unref_handle(id)`, `lp.stop()` and all the rest are at hand.
///
/// ```
/// use looplab_event_loop::EventLoop;
/// let mut lp = EventLoop::simulated(Default::default());
/// lp.set_timeout(10, |lp| println!("ten milliseconds later: {}", lp.now()));
/// lp.next_tick(|_| println!("before that"));
/// lp.run().unwrap();
/// ```
pub struct EventLoop<W: World = RealWorld<AnyJob>, P: Probe = Off> {
    lp: Loop<Callback<W, P>, W, P>,
    ticks: Ticks<Once<W, P>>,
    immediates: VecDeque<Once<W, P>>,
    /// Calls the immediates in the check phase.
    check: Option<HookId>,
    /// Active while there are immediates, so that poll doesn't wait.
    idle: Option<HookId>,
    breaking: bool,
    numbers: u32,
}

impl EventLoop {
    /// A loop in the real world that reports to nobody.
    ///
    /// # Errors
    /// The system's, such as having no descriptors left.
    pub fn real() -> io::Result<EventLoop> {
        Ok(EventLoop::new(RealWorld::new(RealOptions::default())?, Off, Profile::default()))
    }
}

impl EventLoop<SimWorld<AnyJob>> {
    /// A loop in a simulated world that reports to nobody.
    pub fn simulated(options: SimOptions) -> EventLoop<SimWorld<AnyJob>> {
        EventLoop::new(SimWorld::new(options), Off, Profile::default())
    }
}

impl<W: World, P: Probe> EventLoop<W, P> {
    /// A loop in any world, reporting to any probe, by the rules of any profile.
    pub fn new(world: W, probe: P, profile: Profile) -> Self {
        let lp = Loop::new(world, probe, profile);
        let (ticks, immediates) = (Ticks::default(), VecDeque::new());
        EventLoop { lp, ticks, immediates, check: None, idle: None, breaking: false, numbers: 0 }
    }

    /// Drains the ticks and microtasks queued so far and runs the loop until nothing keeps it alive.
    ///
    /// # Errors
    /// The system's, from the poll phase.
    pub fn run(&mut self) -> io::Result<Ended> {
        self.run_mode(RunMode::Default)
    }

    /// The same in any run mode.
    ///
    /// # Errors
    /// The system's, from the poll phase.
    pub fn run_mode(&mut self, mode: RunMode) -> io::Result<Ended> {
        self.drain(EventId::NONE);
        Loop::run(self, mode)
    }

    /// Gives the world back, dropping everything else.
    pub fn into_world(self) -> W {
        self.lp.into_world()
    }

    /// Ends the run on the spot: nothing further is called, not even what is ready.
    pub fn break_now(&mut self) {
        self.breaking = true;
    }

    /// Calls `f` once, `millis` from now.
    pub fn set_timeout(&mut self, millis: u64, f: impl FnOnce(&mut Self) + 'static) -> TimerId {
        self.lp.timer_once(millis, once(move |lp, _| f(lp)), Origin::default())
    }

    /// Calls `f` every `millis` (at least 1), until the timer is stopped.
    pub fn set_interval(&mut self, millis: u64, mut f: impl FnMut(&mut Self) + 'static) -> TimerId {
        let id = self.lp.timer_init(callback(move |lp, _| f(lp)), Origin::default());
        self.lp.timer_start(id, millis.max(1), millis.max(1));
        id
    }

    /// Calls `f` in the next check phase. Immediates queued by immediates wait for the next turn.
    pub fn set_immediate(&mut self, f: impl FnOnce(&mut Self) + 'static) {
        let once =
            self.numbered(f, |number| Event::ImmediateStart { number, label: Str::NONE, pos: Pos::NONE });
        self.immediates.push_back(once);
        self.show_immediates();
    }

    /// Calls `f` before the loop goes on.
    pub fn next_tick(&mut self, f: impl FnOnce(&mut Self) + 'static) {
        let once = self.numbered(f, |number| Event::TickQueued { number, label: Str::NONE, pos: Pos::NONE });
        self.ticks.push_tick(once);
    }

    /// Calls `f` before the loop goes on, after the ticks.
    pub fn queue_microtask(&mut self, f: impl FnOnce(&mut Self) + 'static) {
        let once =
            self.numbered(f, |number| Event::MicrotaskQueued { number, label: Str::NONE, pos: Pos::NONE });
        self.ticks.push_microtask(once);
    }

    /// Calls `f` every turn in the phase of `kind`, until stopped ([`Loop::hook_stop`]) or closed.
    pub fn on_phase(&mut self, kind: HookKind, mut f: impl FnMut(&mut Self) + 'static) -> HookId {
        let id = self.lp.hook_init(kind, Some(callback(move |lp, _| f(lp))), Origin::default());
        self.lp.hook_start(id);
        id
    }

    /// Calls `f` when another thread uses the waker.
    pub fn on_wake(&mut self, mut f: impl FnMut(&mut Self) + 'static) -> (AsyncId, Waker) {
        self.lp.async_init(callback(move |lp, _| f(lp)), Origin::default())
    }

    /// Calls `f` when a descriptor is ready (edge-triggered, see [`Loop::io_start`]).
    ///
    /// # Errors
    /// The system's.
    pub fn on_ready(
        &mut self,
        source: &mut dyn mio::event::Source,
        interest: Interest,
        mut f: impl FnMut(&mut Self, IoId, Readiness) + 'static,
    ) -> io::Result<IoId> {
        let task = callback(move |lp, source| {
            if let Source::Io(id, readiness) = source {
                f(lp, id, readiness);
            }
        });
        self.lp.io_start(source, interest, task, Origin::default())
    }

    /// Calls `f` in the next pending phase.
    pub fn defer_call(&mut self, f: impl FnOnce(&mut Self) + 'static) {
        self.lp.defer(once(move |lp, _| f(lp)), Origin::default());
    }

    /// Stops a handle for good and calls `f` in the closing phase.
    pub fn close_then(&mut self, handle: impl Into<Handle>, f: impl FnOnce(&mut Self) + 'static) -> bool {
        self.lp.close(handle, Some(once(move |lp, _| f(lp))))
    }

    /// Drains ticks and microtasks: what was queued outside of any callback, or by the callback `after`.
    fn drain(&mut self, after: EventId) {
        if self.ticks.is_empty() || self.breaking {
            return;
        }
        if P::ENABLED {
            self.lp.probe().emit(Event::DrainBegin { after });
        }
        let (mut ticks, mut microtasks) = (0, 0);
        while !self.breaking
            && let Some((queue, Once { number, cause, f })) = self.ticks.pop()
        {
            let (count, kind) = match queue {
                Queued::Tick => (&mut ticks, CallbackKind::Tick),
                Queued::Microtask => (&mut microtasks, CallbackKind::Microtask),
            };
            *count += 1;
            self.framed(kind, number, cause, f);
        }
        if P::ENABLED {
            self.lp.probe().emit(Event::DrainEnd { ticks, microtasks });
        }
    }

    /// Runs `f` between its `callback-begin` and `callback-end`.
    fn framed(
        &mut self,
        kind: CallbackKind,
        number: u32,
        cause: EventId,
        f: impl FnOnce(&mut Self),
    ) -> EventId {
        if !P::ENABLED {
            f(self);
            return EventId::NONE;
        }
        let begin = Event::CallbackBegin { kind, number, label: Str::NONE, pos: Pos::NONE, cause };
        let begin = self.lp.probe().emit(begin);
        f(self);
        self.lp.probe().emit(Event::CallbackEnd { begin, outcome: Outcome::Returned });
        begin
    }

    /// Runs one callback of the loop and, if the rules want it, what it left in the queues.
    fn called(&mut self, kind: CallbackKind, number: u32, cause: EventId, f: impl FnOnce(&mut Self)) {
        let begin = self.framed(kind, number, cause, f);
        let batched = matches!(kind, CallbackKind::Timer | CallbackKind::Immediate | CallbackKind::Check);
        if !(batched && self.lp.profile().rules().drain_after_phase) {
            self.drain(begin);
        }
    }

    fn numbered(
        &mut self,
        f: impl FnOnce(&mut Self) + 'static,
        event: impl FnOnce(u32) -> Event,
    ) -> Once<W, P> {
        self.numbers = self.numbers.wrapping_add(1);
        let number = self.numbers;
        let cause = if P::ENABLED { self.lp.probe().emit(event(number)) } else { EventId::NONE };
        Once { number, cause, f: Box::new(f) }
    }

    /// Starts the check and idle handles that carry the immediates.
    fn show_immediates(&mut self) {
        let check = *self.check.get_or_insert_with(|| {
            let run = callback(|lp: &mut Self, _| lp.run_immediates());
            self.lp.hook_init(HookKind::Check, Some(run), Origin::HIDDEN)
        });
        let idle = *self.idle.get_or_insert_with(|| {
            self.lp.name_idle(looplab_probe::TimeoutReason::Immediates);
            self.lp.hook_init(HookKind::Idle, None, Origin::HIDDEN)
        });
        self.lp.hook_start(check);
        self.lp.hook_start(idle);
    }

    fn run_immediates(&mut self) {
        for _ in 0..self.immediates.len() {
            let next = self.immediates.pop_front().filter(|_| !self.breaking);
            let Some(Once { number, cause, f }) = next else { break };
            self.called(CallbackKind::Immediate, number, cause, f);
        }
        if self.immediates.is_empty() {
            for hook in [self.check, self.idle].into_iter().flatten() {
                self.lp.hook_stop(hook);
            }
        }
    }
}

impl<W: World<Job = AnyJob>, P: Probe> EventLoop<W, P> {
    /// Runs `job` on a pool worker, then `then` on the loop with what it gave back.
    ///
    /// # Errors
    /// The pool's queue is full, or it has no thread and can't start one.
    pub fn spawn<R: Send + 'static>(
        &mut self,
        job: impl FnOnce() -> R + Send + 'static,
        then: impl FnOnce(&mut Self, Result<R, JobError>) + 'static,
    ) -> Result<RequestId, SubmitError> {
        self.spawn_as(JobInfo::new(JobClass::Compute, "job"), job, then)
    }

    /// [`EventLoop::spawn`] with a priority: urgent jobs start before others that wait, but pass each of them a bounded number of times
    /// only, so that nothing waits for ever. What the job takes is up to it; what started is not interrupted.
    ///
    /// ```
    /// use looplab_event_loop::{EventLoop, Priority};
    /// let mut lp = EventLoop::real().unwrap();
    /// lp.schedule_task(|| (1..=10u64).sum::<u64>(), Priority::Low, |_, sum| assert_eq!(sum, Ok(55))).unwrap();
    /// lp.schedule_task(|| "at once", Priority::High, |_, _| {}).unwrap();
    /// lp.run().unwrap();
    /// ```
    ///
    /// # Errors
    /// The pool's queue is full, or it has no thread and can't start one.
    pub fn schedule_task<R: Send + 'static>(
        &mut self,
        job: impl FnOnce() -> R + Send + 'static,
        priority: Priority,
        then: impl FnOnce(&mut Self, Result<R, JobError>) + 'static,
    ) -> Result<RequestId, SubmitError> {
        self.spawn_as(JobInfo::new(JobClass::Compute, "task").with_priority(priority), job, then)
    }

    /// [`EventLoop::spawn`], saying what sort of work it is.
    ///
    /// # Errors
    /// The pool's queue is full, or it has no thread and can't start one.
    pub fn spawn_as<R: Send + 'static>(
        &mut self,
        info: JobInfo,
        job: impl FnOnce() -> R + Send + 'static,
        then: impl FnOnce(&mut Self, Result<R, JobError>) + 'static,
    ) -> Result<RequestId, SubmitError> {
        let task = once(move |lp: &mut Self, source| {
            if let Source::Request(_, result) = source {
                let result = result.map(|any| *any.downcast::<R>().expect("the job above gives back an R"));
                then(lp, result);
            }
        });
        self.lp.pool_submit(Box::new(move || Box::new(job())), info, task, Origin::default())
    }
}

/// A closure that is called any number of times.
fn callback<W: World, P: Probe>(
    f: impl FnMut(&mut EventLoop<W, P>, Source<Output<W>>) + 'static,
) -> Callback<W, P> {
    Callback(Rc::new(RefCell::new(f)))
}

/// A closure that is called once; further calls do nothing.
fn once<W: World, P: Probe>(
    f: impl FnOnce(&mut EventLoop<W, P>, Source<Output<W>>) + 'static,
) -> Callback<W, P> {
    let mut f = Some(f);
    callback(move |lp, source| {
        if let Some(f) = f.take() {
            f(lp, source);
        }
    })
}

impl<W: World, P: Probe> Driver for EventLoop<W, P> {
    type Task = Callback<W, P>;
    type World = W;
    type Probe = P;

    fn lp(&mut self) -> &mut Loop<Callback<W, P>, W, P> {
        &mut self.lp
    }

    fn run(&mut self, task: Callback<W, P>, fired: Fired<Output<W>>) -> ControlFlow<()> {
        let Fired { source, cause } = fired;
        let immediates = matches!(source, Source::Hook(id) if Some(id) == self.check);
        if immediates {
            // Not a callback itself: it runs the immediates, each of which is one.
            (task.0.borrow_mut())(self, source);
        } else {
            let (kind, number) = (source.callback_kind(), source.number());
            self.called(kind, number, cause, move |lp| (task.0.borrow_mut())(lp, source));
        }
        if self.breaking { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn after_phase(&mut self, _phase: Phase, _ran: u32) -> ControlFlow<()> {
        self.drain(EventId::NONE);
        if self.breaking { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl<W: World, P: Probe> Deref for EventLoop<W, P> {
    type Target = Loop<Callback<W, P>, W, P>;

    fn deref(&self) -> &Self::Target {
        &self.lp
    }
}

impl<W: World, P: Probe> DerefMut for EventLoop<W, P> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.lp
    }
}

impl<W: World, P: Probe> std::fmt::Debug for EventLoop<W, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventLoop(turn {}, alive: {:?})", self.lp.turns(), self.lp.alive())
    }
}
