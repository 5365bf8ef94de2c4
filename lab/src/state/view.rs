//! What is shown of a state: derived facts, the same for every instrument.

use super::{History, Immediate, State, Timer};
use looplab_probe::{Event, EventId, HandleKind, Phase};

/// A station on the ring of phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Station {
    /// The phase.
    pub phase: Phase,
    /// How many things wait for it.
    pub waiting: usize,
    /// Whether it is under way.
    pub here: bool,
}

/// The ring of phases, in the order in which the loop passes them, with what waits in each.
pub fn ring(state: &State) -> [Station; 7] {
    let hooks = |kind| state.handles.iter().filter(|(key, handle)| key.0 == kind && handle.active).count();
    let descriptors = hooks(HandleKind::Io) + hooks(HandleKind::Async);
    let station = |phase, waiting| Station { phase, waiting, here: state.phase == Some(phase) };
    [
        station(Phase::Timers, state.timers.len()),
        station(Phase::Pending, state.deferred.len()),
        station(Phase::Idle, hooks(HandleKind::Idle)),
        station(Phase::Prepare, hooks(HandleKind::Prepare)),
        station(Phase::Poll, state.requests.len() + descriptors),
        station(Phase::Check, state.immediates.len() + hooks(HandleKind::Check)),
        station(Phase::Close, state.handles.values().filter(|handle| !handle.closing.is_none()).count()),
    ]
}

/// Up to `limit` timers, the one that comes due first in front.
pub fn timers(state: &State, limit: usize) -> Vec<Timer> {
    let mut timers: Vec<Timer> = state.timers.values().copied().collect();
    let key = |timer: &Timer| (timer.due, timer.start);
    if limit < timers.len() {
        timers.select_nth_unstable_by_key(limit, key);
        timers.truncate(limit);
    }
    timers.sort_unstable_by_key(key);
    timers
}

/// Something that keeps the loop alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alive {
    /// Timers; the one that comes due first.
    Timers(usize, Timer),
    /// Immediates; the first of them.
    Immediates(usize, Immediate),
    /// Requests under way; the `request-start` of the oldest.
    Requests(usize, EventId),
    /// Active handles of a kind; the `handle-init` of the oldest.
    Handles(usize, HandleKind, EventId),
    /// Handles that are being closed.
    Closing(usize),
    /// Deferred I/O callbacks.
    Deferred(usize),
}

/// What keeps the loop alive. What is unref'd doesn't.
pub fn alive(state: &State) -> Vec<Alive> {
    let mut reasons = Vec::new();
    let timers = state.timers.values().filter(|timer| timer.refed);
    if let Some(first) = timers.clone().min_by_key(|timer| (timer.due, timer.start)) {
        reasons.push(Alive::Timers(timers.count(), *first));
    }
    let immediates = state.immediates.iter().filter(|immediate| immediate.refed);
    if let Some(first) = immediates.clone().next() {
        reasons.push(Alive::Immediates(immediates.count(), *first));
    }
    if let Some(oldest) = state.requests.values().map(|request| request.start).min() {
        reasons.push(Alive::Requests(state.requests.len(), oldest));
    }
    for kind in HandleKind::ALL {
        let of_kind =
            state.handles.iter().filter(|(key, handle)| key.0 == *kind && handle.active && handle.refed);
        if let Some(oldest) = of_kind.clone().map(|(_, handle)| handle.init).min() {
            reasons.push(Alive::Handles(of_kind.count(), *kind, oldest));
        }
    }
    let closing = state.handles.values().filter(|handle| !handle.closing.is_none()).count();
    if closing > 0 {
        reasons.push(Alive::Closing(closing));
    }
    if !state.deferred.is_empty() {
        reasons.push(Alive::Deferred(state.deferred.len()));
    }
    reasons
}

/// Where a request is on its way through the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It stands in the queue.
    Queued,
    /// A worker is at it.
    Running {
        /// Which, from 0.
        worker: u32,
        /// Since when, in nanoseconds since the world began.
        since: u64,
    },
    /// The worker is done; its callback is still to come.
    Done {
        /// Which worker it was.
        worker: u32,
    },
}

/// A request in the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pooled {
    /// Its number.
    pub number: u32,
    /// Its `request-start`.
    pub start: EventId,
    /// Where it is.
    pub stage: Stage,
}

/// What is in the thread pool, the oldest request in front. Workers report only together with their results, so this looks ahead
/// in the log; a request whose result never arrived counts as queued.
pub fn pool(history: &History<'_>, state: &State) -> Vec<Pooled> {
    let story = history.story();
    let mut pooled: Vec<Pooled> = (state.requests.iter().filter(|(_, request)| request.pooled))
        .map(|(number, request)| {
            let lane = story.lane(request.start).copied().unwrap_or_default();
            let moment = |event| story.time(event).filter(|t| *t <= state.t);
            let started = lane.started.and_then(|s| Some((s.worker, moment(s.event)?)));
            let finished = lane.finished.and_then(|f| moment(f.event));
            let stage = match (started, finished) {
                (Some((worker, _)), Some(_)) => Stage::Done { worker },
                (Some((worker, since)), None) => Stage::Running { worker, since },
                (None, _) => Stage::Queued,
            };
            Pooled { number: *number, start: request.start, stage }
        })
        .collect();
    pooled.sort_unstable_by_key(|request| request.start);
    pooled
}

/// What a callback overtook: what had been scheduled before it was, and was still waiting when it began. In order of scheduling.
pub fn overtook(history: &History<'_>, begin: EventId) -> Vec<EventId> {
    let log = history.log();
    let (Some(index), Some(Event::CallbackBegin { cause, .. })) =
        (begin.index(), log.record(begin).map(|record| record.event))
    else {
        return Vec::new();
    };
    if cause.is_none() {
        return Vec::new();
    }
    let state = history.state_at(index);
    let queues = state.ticks.iter().chain(&state.microtasks).chain(&state.deferred).copied();
    let timers = state.timers.values().map(|timer| timer.start);
    let immediates = state.immediates.iter().map(|immediate| immediate.start);
    let requests = state.requests.values().map(|request| request.start);
    let closing = state.handles.values().map(|handle| handle.closing);
    let all = queues.chain(timers).chain(immediates).chain(requests).chain(closing);
    let mut earlier: Vec<EventId> = all.filter(|event| !event.is_none() && *event < cause).collect();
    earlier.sort_unstable();
    earlier
}

/// The chain of callbacks that led to one, nearest first: each callback's `callback-begin`, and the event that scheduled it. The last
/// is the main script (or whatever nothing in the log caused).
pub fn causes(history: &History<'_>, begin: EventId) -> Vec<(EventId, EventId)> {
    let log = history.log();
    let mut chain = Vec::new();
    let mut at = begin;
    while let Some(Event::CallbackBegin { cause, .. }) = log.record(at).map(|record| record.event) {
        let cause = history.story().timer_origin(cause);
        chain.push((at, cause));
        let up = match log.record(cause) {
            // A callback that causes another directly: the module that loads one, the error that has a listener called.
            Some(record) if matches!(record.event, Event::CallbackBegin { .. }) => cause,
            Some(record) => record.within,
            None => log.record(at).map(|record| record.within).unwrap_or_default(),
        };
        // A cause precedes its effect; a damaged log must not trap the reader.
        if up.is_none() || up >= at {
            break;
        }
        at = up;
    }
    chain
}
