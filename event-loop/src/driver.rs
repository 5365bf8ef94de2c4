//! The seam between the loop and whoever runs its callbacks.

use crate::handles::{AsyncId, Handle, HookId, HookKind, IoId, RequestId};
use crate::state::Loop;
use crate::timers::TimerId;
use crate::world::{Output, Readiness, World};
use looplab_probe::{CallbackKind, EventId, Phase, Probe};
use looplab_threadpool::JobError;
use std::ops::ControlFlow;

/// What the loop hands back when its time has come. The loop keeps one for each handle and clones it for each call, so make
/// it cheap: a small `Copy` enum, or a reference-counted closure.
pub trait Task: Clone + 'static {}

impl<T: Clone + 'static> Task for T {}

/// Runs the loop's tasks.
///
/// The driver *owns* the loop and lends it through [`Driver::lp`]; the loop's phases are functions over the driver. So the
/// loop isn't borrowed while a task runs: the task may start timers, close handles, submit jobs, as it likes.
pub trait Driver: Sized {
    /// The loop's tasks.
    type Task: Task;
    /// The world it runs in.
    type World: World;
    /// Where it reports to.
    type Probe: Probe;

    /// The loop.
    fn lp(&mut self) -> &mut Loop<Self::Task, Self::World, Self::Probe>;

    /// Runs one task, and then whatever its callback left in the tick and microtask queues. `Break` ends the run of the loop on
    /// the spot (process.exit(), an uncaught error); such a loop must not be run again.
    ///
    /// The driver reports `callback-begin` and `callback-end`, since one task may be many callbacks (a list of timers) or none.
    fn run(&mut self, task: Self::Task, fired: Fired<Output<Self::World>>) -> ControlFlow<()>;

    /// A phase that ran `ran` > 0 tasks is over. For rules that drain between phases only.
    fn after_phase(&mut self, phase: Phase, ran: u32) -> ControlFlow<()> {
        let _ = (phase, ran);
        ControlFlow::Continue(())
    }
}

/// Why a task runs.
#[derive(Debug)]
pub struct Fired<R> {
    /// Whose time has come.
    pub source: Source<R>,
    /// The event that scheduled it, for `callback-begin`.
    pub cause: EventId,
}

/// Whose time has come.
#[derive(Debug)]
pub enum Source<R> {
    /// A timer is due.
    Timer(TimerId),
    /// An idle, prepare or check handle's phase.
    Hook(HookId),
    /// Another thread called [`crate::Waker::wake`].
    Async(AsyncId),
    /// A descriptor is ready.
    Io(IoId, Readiness),
    /// A pool job is done.
    Request(RequestId, Result<R, JobError>),
    /// A deferred callback.
    Pending,
    /// A handle is closed.
    Closed(Handle),
}

impl<R> Source<R> {
    /// The kind of callback this makes by default.
    pub fn callback_kind(&self) -> CallbackKind {
        match self {
            Source::Timer(_) => CallbackKind::Timer,
            Source::Hook(HookId { kind: HookKind::Idle, .. }) => CallbackKind::Idle,
            Source::Hook(HookId { kind: HookKind::Prepare, .. }) => CallbackKind::Prepare,
            Source::Hook(HookId { kind: HookKind::Check, .. }) => CallbackKind::Check,
            Source::Async(_) => CallbackKind::Wake,
            Source::Io(..) => CallbackKind::PollIo,
            Source::Request(..) => CallbackKind::Pool,
            Source::Pending => CallbackKind::Pending,
            Source::Closed(_) => CallbackKind::Close,
        }
    }

    /// The number of the handle or request in the log; 0 for deferred callbacks.
    pub fn number(&self) -> u32 {
        match self {
            Source::Timer(id) => id.number(),
            Source::Hook(id) => id.number(),
            Source::Async(id) => id.number(),
            Source::Io(id, _) => id.number(),
            Source::Request(id, _) => id.number(),
            Source::Pending => 0,
            Source::Closed(handle) => handle.number(),
        }
    }
}
