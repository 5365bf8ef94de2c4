//! The state of a run after any number of its events: the one fold that the stepper and the page share.
//!
//! [`State::apply`] takes one event. [`History`] is a log with keyframes, so that going back costs no more than going forward, and
//! with the lists by which one finds the next statement, callback, phase or turn in either direction. [`view`] derives what is
//! shown from a state: the ring of phases, the pool's lanes, what keeps the loop alive, what a callback overtook.
//!
//! The fold never fails. A log that was cut or is damaged gives a state in which some things never end.
//!
//! ```
//! use looplab_lab::state::History;
//! use looplab_probe::{Event, Log};
//! let mut log = Log::default();
//! log.push(0, Event::TurnBegin { turn: 1 });
//! let history = History::new(&log);
//! assert_eq!(history.state_at(0).turn, 0);
//! assert_eq!(history.state_at(1).turn, 1);
//! ```

mod fold;
mod history;
pub mod view;

pub use history::{Direction, History, Target};

use looplab_probe::{
    EndReason, EventId, FrameEnd, HandleKind, Phase, Pos, Str, TimeoutReason, VariableScope,
};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Where the process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Life {
    /// The main script runs, or is yet to: the loop has not begun.
    #[default]
    Before,
    /// The loop runs.
    Loop,
    /// The loop has ended, for this reason. (It may begin again: 'beforeExit' listeners can revive it.)
    Ended(EndReason),
    /// The process has ended with this exit code.
    Exited(i32),
}

/// The loop asks the system for events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poll {
    /// The longest it may wait, in milliseconds; -1 for ever.
    pub timeout: i64,
    /// Why that long.
    pub why: TimeoutReason,
}

/// A callback that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// Its `callback-begin`.
    pub begin: EventId,
    /// How many frames were on the call stack when it began.
    pub base: usize,
    /// The last statement that began in it; none if statements aren't recorded.
    pub statement: EventId,
    /// Its statements are left out from here on.
    pub cut: bool,
}

/// A function on the call stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its `frame-enter`.
    pub enter: EventId,
    /// Its name.
    pub label: Str,
    /// Where the function stands.
    pub function: Pos,
    /// The last statement that began in it.
    pub statement: EventId,
    /// Its variables in the order in which they appeared.
    pub variables: Vec<Variable>,
}

/// A variable of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Whose it is.
    pub scope: VariableScope,
    /// Its name.
    pub name: Str,
    /// Its value as a short text.
    pub value: Str,
    /// The event that said so last.
    pub since: EventId,
}

/// What a function that was just left gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The function's name.
    pub label: Str,
    /// How it was left.
    pub how: FrameEnd,
    /// What it gave.
    pub value: Str,
}

/// A timer that is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// Its number.
    pub number: u32,
    /// The loop time at which it comes due, in milliseconds.
    pub due: u64,
    /// The `timer-start` that set it.
    pub start: EventId,
    /// Whether it keeps the loop alive.
    pub refed: bool,
}

/// An immediate that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Immediate {
    /// Its number.
    pub number: u32,
    /// Its `immediate-start`.
    pub start: EventId,
    /// Whether it keeps the loop alive.
    pub refed: bool,
}

/// A request that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Its `request-start`.
    pub start: EventId,
    /// It went to the thread pool.
    pub pooled: bool,
}

/// A handle that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle {
    /// Its `handle-init`.
    pub init: EventId,
    /// Whether it is active.
    pub active: bool,
    /// Whether it keeps the loop alive while active.
    pub refed: bool,
    /// Its `handle-closing`, once it is being closed.
    pub closing: EventId,
}

/// Everything that is known after the first [`State::at`] events of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// How many events have happened.
    pub at: usize,
    /// The time of the last of them, in nanoseconds since the world began.
    pub t: u64,
    /// Where the process is in its life.
    pub life: Life,
    /// The Node major version whose rules the loop follows; 0 before the loop begins.
    pub profile: u32,
    /// Whether time is virtual.
    pub simulated: bool,
    /// The turn of the loop; 0 before the first.
    pub turn: u32,
    /// The phase that is under way. While the loop asks the system that is poll, too.
    pub phase: Option<Phase>,
    /// The loop asks the system for events right now.
    pub poll: Option<Poll>,
    /// Ticks and microtasks are being run: the `drain-begin`.
    pub drain: EventId,
    /// The callbacks that run, the innermost last.
    pub running: Vec<Running>,
    /// The modules that are being loaded (`module-begin`), the innermost last.
    pub modules: Vec<EventId>,
    /// The call stack, the innermost frame last. Empty where statements aren't recorded.
    pub frames: Vec<Frame>,
    /// What the function that was left last gave; nothing once another statement has begun.
    pub left: Option<Left>,
    /// An error is on its way through the frames: its `thrown`.
    pub thrown: EventId,
    /// The tick queue: each tick's `tick-queued`, the next in front.
    pub ticks: VecDeque<EventId>,
    /// The microtask queue: `microtask-queued` and `reaction-queued` events, the next in front.
    pub microtasks: VecDeque<EventId>,
    /// Timers that are set, by number ([`view::timers`] has them by due time).
    pub timers: FxHashMap<u32, Timer>,
    /// Immediates that wait, the next in front.
    pub immediates: VecDeque<Immediate>,
    /// Requests that are under way, by number.
    pub requests: FxHashMap<u32, Request>,
    /// Handles that exist, by kind and number.
    pub handles: FxHashMap<(HandleKind, u32), Handle>,
    /// Callbacks deferred to the pending phase: their `deferred` events.
    pub deferred: VecDeque<EventId>,
    /// Functions that wait in an await: `await-suspended`, and the number of the promise.
    pub awaits: FxHashMap<EventId, u32>,
    /// The last error that nobody caught.
    pub error: EventId,
    /// The recording was stopped from outside (`recording-stopped`).
    pub stopped: EventId,
}

impl State {
    /// The innermost callback's `callback-begin`; none between callbacks.
    pub fn callback(&self) -> EventId {
        self.running.last().map_or(EventId::NONE, |running| running.begin)
    }

    /// The statement that the innermost callback is at; none if it has none.
    pub fn statement(&self) -> EventId {
        match (self.frames.last(), self.running.last()) {
            (Some(frame), _) if !frame.statement.is_none() => frame.statement,
            (_, Some(running)) => running.statement,
            (_, None) => EventId::NONE,
        }
    }

    /// The event that happened last; none at the very beginning.
    pub fn last(&self) -> EventId {
        self.at.checked_sub(1).map_or(EventId::NONE, EventId::new)
    }

    /// How many things the state holds: what copying it costs.
    fn weight(&self) -> usize {
        let variables: usize = self.frames.iter().map(|frame| frame.variables.len() + 1).sum();
        let queues = self.ticks.len() + self.microtasks.len() + self.immediates.len() + self.deferred.len();
        let tables = self.timers.len() + self.requests.len() + self.handles.len() + self.awaits.len();
        variables + queues + tables + self.running.len() + self.modules.len()
    }
}

#[cfg(test)]
mod tests;
