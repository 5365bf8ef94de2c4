//! What is known about a run beside its tree: pool lanes, late timers, sums, what never ran.

use looplab_probe::{CallbackKind, EndReason, Event, EventId, HandleKind, Record, RequestEnd};
use std::collections::{BTreeMap, HashMap};

/// A request's way through the pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lane {
    /// Requests in the queue once this one was in it; 0 if a worker took it at once. `None` if it never went to the pool.
    pub waiting: Option<u32>,
    /// How a worker took it.
    pub started: Option<Started>,
    /// How the worker was done with it.
    pub finished: Option<Finished>,
    /// How the request ended.
    pub end: Option<RequestEnd>,
}

/// A worker takes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// Its `pool-started`.
    pub event: EventId,
    /// The worker, from 0.
    pub worker: u32,
    /// How long the request had stood in the queue, in nanoseconds.
    pub wait: u64,
}

/// A worker is done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Its `pool-finished`.
    pub event: EventId,
    /// How long it ran, in nanoseconds.
    pub run: u64,
}

/// Something that was scheduled and never ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leftover {
    /// The event that scheduled it.
    pub scheduled: EventId,
    /// It did not keep the loop alive.
    pub unref: bool,
}

/// Sums over a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Turns of the loop.
    pub turns: u64,
    /// Callbacks, ticks and microtasks among them.
    pub callbacks: u64,
    /// Ticks.
    pub ticks: u64,
    /// Microtasks of all sorts.
    pub microtasks: u64,
    /// Requests that a worker took.
    pub jobs: u64,
    /// The time of the last event.
    pub last: u64,
}

/// Kinds of things that can be scheduled under a number of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    Timer,
    Immediate,
    Request,
}

#[derive(Debug, Default)]
pub(super) struct Facts {
    pub lanes: HashMap<EventId, Lane>,
    pub late: HashMap<EventId, u64>,
    /// For each `timer-start` by the runtime itself, the one by the program.
    pub origins: HashMap<EventId, EventId>,
    pub simulated: bool,
    pub profile: u32,
    pub end_reason: Option<EndReason>,
    pub exit_code: Option<(i32, EventId)>,
    pub totals: Totals,
    /// The last error that nobody caught, and the last that no listener took either.
    pub last_error: Option<EventId>,
    pub fatal: Option<EventId>,
    /// The latest event that scheduled each number.
    scheduled: HashMap<(What, u32), EventId>,
    /// What has been scheduled and not yet run or been taken back.
    waiting: BTreeMap<EventId, bool>,
    /// The lateness of the timer that is about to run.
    firing: Option<(u32, u64)>,
}

impl Facts {
    pub fn note(&mut self, id: EventId, record: &Record) {
        self.totals.last = self.totals.last.max(record.t);
        match record.event {
            Event::LoopStart { profile, simulated, .. } => {
                (self.profile, self.simulated) = (profile, simulated);
            }
            Event::LoopEnd { reason, .. } => self.end_reason = Some(reason),
            Event::ExitCode { code } => self.exit_code = Some((code, id)),
            Event::UncaughtError { handled, .. } => {
                self.last_error = Some(id);
                self.fatal = self.fatal.or((!handled).then_some(id));
            }
            Event::TurnBegin { .. } => self.totals.turns += 1,
            Event::CallbackBegin { kind, number, cause, .. } => self.begin(id, kind, number, cause),
            _ => {
                self.note_schedule(id, record.event);
                self.note_pool(id, record);
            }
        }
    }

    fn begin(&mut self, id: EventId, kind: CallbackKind, number: u32, cause: EventId) {
        match kind {
            CallbackKind::Tick => self.totals.ticks += 1,
            CallbackKind::Microtask
            | CallbackKind::Reaction
            | CallbackKind::AsyncHop
            | CallbackKind::Thenable => self.totals.microtasks += 1,
            CallbackKind::Timer => {
                if let Some((_, late)) = self.firing.take().filter(|(fired, _)| *fired == number) {
                    self.late.insert(id, late);
                }
            }
            _ => {}
        }
        self.waiting.remove(&cause);
    }

    fn schedule(&mut self, what: What, number: u32, id: EventId) {
        // Started anew: what was scheduled before is no longer to be expected.
        let before = self.scheduled.insert((what, number), id).and_then(|old| self.waiting.remove(&old));
        self.waiting.insert(id, before.unwrap_or(false));
    }

    fn note_schedule(&mut self, id: EventId, event: Event) {
        match event {
            Event::TimerStart { number, repeat, pos, .. } => {
                let before = self.scheduled.get(&(What::Timer, number)).copied();
                if let Some(before) = before.filter(|_| repeat > 0 && pos.is_none()) {
                    let origin = self.origins.get(&before).copied().unwrap_or(before);
                    self.origins.insert(id, origin);
                }
                self.schedule(What::Timer, number, id);
            }
            Event::TimerStop { number, .. } => self.unschedule(What::Timer, number),
            Event::TimerFire { number, late } => self.firing = Some((number, late)),
            Event::ImmediateStart { number, .. } => self.schedule(What::Immediate, number, id),
            Event::ImmediateStop { number, .. } => self.unschedule(What::Immediate, number),
            Event::TickQueued { .. } | Event::MicrotaskQueued { .. } => {
                self.waiting.insert(id, false);
            }
            Event::HandleRef { number, kind } => self.reference(kind, number, false),
            Event::HandleUnref { number, kind } => self.reference(kind, number, true),
            _ => {}
        }
    }

    fn unschedule(&mut self, what: What, number: u32) {
        if let Some(id) = self.scheduled.get(&(what, number)) {
            self.waiting.remove(id);
        }
    }

    fn reference(&mut self, kind: HandleKind, number: u32, unref: bool) {
        let what = match kind {
            HandleKind::Timer => What::Timer,
            HandleKind::Immediate => What::Immediate,
            _ => return,
        };
        let id = self.scheduled.get(&(what, number));
        if let Some(flag) = id.and_then(|id| self.waiting.get_mut(id)) {
            *flag = unref;
        }
    }

    fn note_pool(&mut self, id: EventId, record: &Record) {
        match record.event {
            Event::RequestStart { number, .. } => {
                self.schedule(What::Request, number, id);
                self.lanes.insert(id, Lane::default());
            }
            Event::RequestEnd { number, end } => {
                if let Some(lane) = self.lane(number) {
                    lane.end = Some(end);
                }
                self.unschedule(What::Request, number);
            }
            Event::PoolQueued { number, waiting, .. } => {
                if let Some(lane) = self.lane(number) {
                    lane.waiting = Some(waiting);
                }
            }
            Event::PoolStarted { number, worker, wait } => {
                self.totals.jobs += 1;
                if let Some(lane) = self.lane(number) {
                    lane.started = Some(Started { event: id, worker, wait });
                }
            }
            Event::PoolFinished { number, run, .. } => {
                if let Some(lane) = self.lane(number) {
                    lane.finished = Some(Finished { event: id, run });
                }
            }
            _ => {}
        }
    }

    fn lane(&mut self, number: u32) -> Option<&mut Lane> {
        let id = self.scheduled.get(&(What::Request, number))?;
        self.lanes.get_mut(id)
    }

    pub fn leftovers(&self) -> Vec<Leftover> {
        // What is started anew by itself has run.
        let waiting = self.waiting.iter().filter(|(id, _)| !self.origins.contains_key(id));
        waiting.map(|(&scheduled, &unref)| Leftover { scheduled, unref }).collect()
    }
}
