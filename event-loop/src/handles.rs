//! Rows for everything but timers: hooks (idle, prepare, check), wake-ups, descriptors, requests, what is deferred and closing.

use crate::timers::{Flags, TimerId};
use looplab_probe::{EventId, HandleKind, Pos, Probe, Str};
use looplab_threadpool::JobId;
use slab::Slab;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Marker for the rows that carry a serial number, so that stale ids are recognised.
pub(crate) trait Row {
    fn serial(&self) -> u32;
}

/// Looks a row up and checks that it is the one meant.
pub(crate) fn row<R: Row>(table: &Slab<R>, index: u32, serial: u32) -> Option<&R> {
    table.get(index as usize).filter(|row| row.serial() == serial)
}

/// The same for changing it.
pub(crate) fn row_mut<R: Row>(table: &mut Slab<R>, index: u32, serial: u32) -> Option<&mut R> {
    table.get_mut(index as usize).filter(|row| row.serial() == serial)
}

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name {
            pub(crate) index: u32,
            pub(crate) serial: u32,
        }

        impl $name {
            /// The handle's or request's number in the log.
            pub fn number(self) -> u32 {
                self.serial
            }
        }
    )+};
}

ids! {
    /// Names a wake-up handle.
    AsyncId
    /// Names a watched descriptor.
    IoId
    /// Names a request.
    RequestId
}

impl TimerId {
    /// The timer's number in the log.
    pub fn number(self) -> u32 {
        self.serial
    }
}

/// The three phases that only call their handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HookKind {
    /// Every turn; while one is active the poll doesn't wait.
    Idle,
    /// Every turn, just before the poll.
    Prepare,
    /// Every turn, just after the poll.
    Check,
}

/// Names an idle, prepare or check handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HookId {
    pub(crate) kind: HookKind,
    pub(crate) index: u32,
    pub(crate) serial: u32,
}

impl HookId {
    /// Which of the three it is.
    pub fn kind(self) -> HookKind {
        self.kind
    }

    /// The handle's number in the log.
    pub fn number(self) -> u32 {
        self.serial
    }
}

/// Any handle, for what can be done to all of them: close, ref, unref.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Handle {
    /// A timer.
    Timer(TimerId),
    /// An idle, prepare or check handle.
    Hook(HookId),
    /// A wake-up.
    Async(AsyncId),
    /// A descriptor.
    Io(IoId),
    /// A close callback without a handle of the loop's own.
    Foreign(u32),
}

impl Handle {
    /// Its kind, as the log names it.
    pub fn kind(self) -> HandleKind {
        match self {
            Handle::Timer(_) => HandleKind::Timer,
            Handle::Hook(HookId { kind: HookKind::Idle, .. }) => HandleKind::Idle,
            Handle::Hook(HookId { kind: HookKind::Prepare, .. }) => HandleKind::Prepare,
            Handle::Hook(HookId { kind: HookKind::Check, .. }) => HandleKind::Check,
            Handle::Async(_) => HandleKind::Async,
            Handle::Io(_) => HandleKind::Io,
            Handle::Foreign(_) => HandleKind::Other,
        }
    }

    /// Its number in the log.
    pub fn number(self) -> u32 {
        match self {
            Handle::Timer(TimerId { serial, .. })
            | Handle::Hook(HookId { serial, .. })
            | Handle::Async(AsyncId { serial, .. })
            | Handle::Io(IoId { serial, .. })
            | Handle::Foreign(serial) => serial,
        }
    }
}

impl From<TimerId> for Handle {
    fn from(id: TimerId) -> Handle {
        Handle::Timer(id)
    }
}

impl From<HookId> for Handle {
    fn from(id: HookId) -> Handle {
        Handle::Hook(id)
    }
}

impl From<AsyncId> for Handle {
    fn from(id: AsyncId) -> Handle {
        Handle::Async(id)
    }
}

impl From<IoId> for Handle {
    fn from(id: IoId) -> Handle {
        Handle::Io(id)
    }
}

/// What the log says of a thing's making: its name, its place in the source, or nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// What it is for.
    pub label: Str,
    /// Where in the source.
    pub pos: Pos,
    /// Leave its life out of the log: for handles that only carry somebody else's (Node's timer lists on one loop timer).
    pub hidden: bool,
}

impl Origin {
    /// Leaves no lifecycle events.
    pub const HIDDEN: Origin = Origin { label: Str::NONE, pos: Pos::NONE, hidden: true };

    /// Named, without a place in any source.
    pub fn named<P: Probe>(probe: &P, label: &str) -> Origin {
        Origin { label: probe.intern(label), ..Origin::default() }
    }
}

impl Flags {
    pub(crate) fn new(origin: Origin) -> Flags {
        Flags { referenced: true, hidden: origin.hidden, closing: false, once: false }
    }
}

/// An idle, prepare or check handle.
#[derive(Debug)]
pub(crate) struct Hook<T> {
    pub serial: u32,
    pub flags: Flags,
    pub active: bool,
    pub cause: EventId,
    /// `None`: only its presence counts.
    pub task: Option<T>,
}

/// The handles of one phase, in calling order.
#[derive(Debug)]
pub(crate) struct Hooks<T> {
    pub table: Slab<Hook<T>>,
    /// Active ones. As in libuv, the one started last is called first.
    pub order: VecDeque<HookId>,
}

impl<T> Hooks<T> {
    pub fn new() -> Self {
        Hooks { table: Slab::new(), order: VecDeque::new() }
    }
}

/// Wakes a loop from other threads.
///
/// **Coalescing:** calls made before the loop gets round to the callback are one call: the callback runs at least once after the
/// last `wake`, and at most once per `wake`.
#[derive(Clone)]
pub struct Waker {
    pub(crate) pending: Arc<AtomicBool>,
    pub(crate) wakeup: crate::world::Wakeup,
}

impl Waker {
    /// Makes the loop call the handle's task, in a poll phase to come. From any thread, any number of times.
    pub fn wake(&self) {
        if !self.pending.swap(true, Ordering::SeqCst) {
            (self.wakeup)();
        }
    }
}

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Waker(pending: {})", self.pending.load(Ordering::SeqCst))
    }
}

/// A wake-up handle.
#[derive(Debug)]
pub(crate) struct AsyncRow<T> {
    pub serial: u32,
    pub flags: Flags,
    pub pending: Arc<AtomicBool>,
    pub cause: EventId,
    pub task: T,
}

/// A watched descriptor.
#[derive(Debug)]
pub(crate) struct IoRow<T> {
    pub serial: u32,
    pub flags: Flags,
    pub active: bool,
    pub cause: EventId,
    pub task: T,
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct RequestRow<T> {
    pub serial: u32,
    pub label: &'static str,
    pub job: Option<JobId>,
    pub hidden: bool,
    pub cause: EventId,
    /// `None` for requests that their owner ends by itself.
    pub task: Option<T>,
}

macro_rules! rows {
    ($($row:ident),+) => {$(
        impl<T> Row for $row<T> {
            fn serial(&self) -> u32 {
                self.serial
            }
        }
    )+};
}

rows!(Hook, AsyncRow, IoRow, RequestRow);

/// A callback deferred to the pending phase.
#[derive(Debug)]
pub(crate) struct Deferred<T> {
    pub task: T,
    pub cause: EventId,
}

/// A handle on its way out.
#[derive(Debug)]
pub(crate) struct Closing<T> {
    pub handle: Handle,
    pub task: Option<T>,
    pub cause: EventId,
    pub hidden: bool,
}
