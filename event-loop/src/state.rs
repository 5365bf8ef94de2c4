//! The loop's state, and everything callbacks may ask of it. How it is run stands in `turn.rs`.

use crate::driver::Task;
use crate::handles::*;
use crate::profile::Profile;
use crate::timeout::Situation;
use crate::timers::{Flags, TimerId, Timers};
use crate::turn::Found;
use crate::world::{JobInfo, Output, World};
use looplab_probe::{Event, EventId, HandleKind, Off, Pos, Probe, RequestEnd, TimeoutReason};
use looplab_threadpool::SubmitError;
use mio::Interest;
use mio::event::Source;
use slab::Slab;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The loop: timers, handles, requests and the queues between them. Run it with [`Loop::run`].
///
/// * `T`: what it hands back when something's time has come ([`Task`]).
/// * `W`: where it runs ([`World`]).
/// * `P`: where it reports to; [`Off`] costs nothing.
///
/// Ids of things that are gone are recognised: functions given one return `false` or `None` and change nothing.
#[derive(Debug)]
pub struct Loop<T: Task, W: World, P: Probe = Off> {
    pub(crate) world: W,
    pub(crate) probe: P,
    pub(crate) profile: Profile,
    /// The loop's time in milliseconds, as of the last update.
    pub(crate) now: u64,
    pub(crate) turns: u32,
    /// When the first turn began, and how long polls have waited since, in nanoseconds.
    pub(crate) began: Option<u64>,
    pub(crate) idle: u64,
    pub(crate) stopping: bool,
    pub(crate) timers: Timers<T>,
    pub(crate) hooks: [Hooks<T>; 3],
    pub(crate) asyncs: Slab<AsyncRow<T>>,
    pub(crate) io: Slab<IoRow<T>>,
    pub(crate) requests: Slab<RequestRow<T>>,
    pub(crate) pending: VecDeque<Deferred<T>>,
    /// What is due in the next poll phase, in the one after it, and so on. The last of these is never empty.
    pub(crate) later: VecDeque<Vec<Deferred<T>>>,
    pub(crate) closing: Vec<Closing<T>>,
    /// Room for the phases' snapshots, kept from turn to turn.
    pub(crate) ready_hooks: Vec<HookId>,
    pub(crate) ready_timers: Vec<(TimerId, u64)>,
    pub(crate) found: Found<T, Output<W>>,
    /// Active, ref'd handles.
    active: usize,
    idle_reason: TimeoutReason,
    serial: u32,
}

/// Something that keeps the loop alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alive {
    /// An active, ref'd handle.
    Handle(Handle),
    /// A request under way, and what it does.
    Request(RequestId, &'static str),
    /// So many deferred callbacks.
    Pending(usize),
    /// So many close callbacks.
    Closing(usize),
}

/// Life.
impl<T: Task, W: World, P: Probe> Loop<T, W, P> {
    /// A loop with nothing to do.
    pub fn new(world: W, probe: P, profile: Profile) -> Self {
        let mut lp = Loop {
            now: 0,
            world,
            probe,
            profile,
            turns: 0,
            began: None,
            idle: 0,
            stopping: false,
            timers: Timers::new(),
            hooks: [Hooks::new(), Hooks::new(), Hooks::new()],
            asyncs: Slab::new(),
            io: Slab::new(),
            requests: Slab::new(),
            pending: VecDeque::new(),
            later: VecDeque::new(),
            closing: Vec::new(),
            ready_hooks: Vec::new(),
            ready_timers: Vec::new(),
            found: Found::default(),
            active: 0,
            idle_reason: TimeoutReason::Idle,
            serial: 0,
        };
        lp.update_time();
        lp
    }

    /// The loop's time in milliseconds since the world began. It stands still during a phase unless [`Loop::update_time`] is called.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// When the first turn began (nanoseconds since the world began; `None`: not yet), and for how many nanoseconds polls have
    /// waited since.
    pub fn busy_times(&self) -> (Option<u64>, u64) {
        (self.began, self.idle)
    }

    /// Reads the clock anew.
    pub fn update_time(&mut self) {
        self.now = self.world.now() / 1_000_000;
    }

    /// Makes the current run return after the turn under way.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Whether anything keeps the loop alive.
    pub fn is_alive(&self) -> bool {
        let queued = !self.pending.is_empty() || !self.later.is_empty() || !self.closing.is_empty();
        self.active > 0 || !self.requests.is_empty() || queued
    }

    /// Everything that keeps the loop alive, by name.
    pub fn alive(&self) -> Vec<Alive> {
        let mut list: Vec<Alive> = Vec::new();
        let timers = self.timers.running().filter(|(_, slot)| slot.flags.referenced);
        list.extend(timers.map(|(id, _)| Alive::Handle(id.into())));
        for hooks in &self.hooks {
            let active = hooks.order.iter().filter(|id| {
                row(&hooks.table, id.index, id.serial)
                    .is_some_and(|hook| hook.active && hook.flags.referenced)
            });
            list.extend(active.map(|id| Alive::Handle((*id).into())));
        }
        for (index, row) in self.asyncs.iter().filter(|(_, row)| row.flags.referenced && !row.flags.closing) {
            list.push(Alive::Handle(AsyncId { index: index as u32, serial: row.serial }.into()));
        }
        for (index, row) in self.io.iter().filter(|(_, row)| row.flags.referenced && row.active) {
            list.push(Alive::Handle(IoId { index: index as u32, serial: row.serial }.into()));
        }
        for (index, row) in &self.requests {
            list.push(Alive::Request(RequestId { index: index as u32, serial: row.serial }, row.label));
        }
        let deferred = self.pending.len() + self.later.iter().map(Vec::len).sum::<usize>();
        list.extend((deferred > 0).then_some(Alive::Pending(deferred)));
        list.extend((!self.closing.is_empty()).then_some(Alive::Closing(self.closing.len())));
        list
    }

    /// Turns taken so far.
    pub fn turns(&self) -> u32 {
        self.turns
    }

    /// The rules the loop follows.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The probe; clone it to report into the same log.
    pub fn probe(&self) -> &P {
        &self.probe
    }

    /// The world.
    pub fn world(&self) -> &W {
        &self.world
    }

    /// The world, to read its clocks, draw random numbers, ask for decisions.
    pub fn world_mut(&mut self) -> &mut W {
        &mut self.world
    }

    /// Gives the world back, dropping everything else.
    pub fn into_world(self) -> W {
        self.world
    }

    /// Says in the log's words why an idle handle is active: a runtime that keeps one for its immediates names
    /// [`TimeoutReason::Immediates`].
    pub fn name_idle(&mut self, reason: TimeoutReason) {
        self.idle_reason = reason;
    }

    /// When the nearest timer is due, in loop milliseconds.
    pub fn next_timer(&self) -> Option<u64> {
        self.timers.next_due()
    }

    pub(crate) fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }

    pub(crate) fn situation(&self, may_wait: bool) -> Situation {
        Situation {
            may_wait,
            stopping: self.stopping,
            active: self.active > 0 || !self.requests.is_empty(),
            pending: !self.pending.is_empty() || !self.later.is_empty(),
            idle: !self.hooks[HookKind::Idle as usize].order.is_empty(),
            closing: !self.closing.is_empty(),
            next_timer: self.timers.next_due(),
            now: self.now,
        }
    }

    pub(crate) fn idle_reason(&self) -> TimeoutReason {
        self.idle_reason
    }

    /// An active handle came (or went); only ref'd ones count.
    pub(crate) fn count(&mut self, flags: Flags, came: bool) {
        if flags.referenced {
            self.active = if came { self.active + 1 } else { self.active - 1 };
        }
    }

    fn report_init(&self, handle: Handle, origin: Origin) {
        if P::ENABLED && !origin.hidden {
            let Origin { label, pos, .. } = origin;
            self.probe.emit(Event::HandleInit { number: handle.number(), kind: handle.kind(), label, pos });
        }
    }

    /// Reports a lifecycle event. What a hidden handle causes is blamed on the callback that runs now.
    fn report(&self, hidden: bool, event: impl FnOnce() -> Event) -> EventId {
        if !P::ENABLED {
            EventId::NONE
        } else if hidden {
            self.probe.current()
        } else {
            self.probe.emit(event())
        }
    }
}

/// Timers. Milliseconds throughout, counted from the loop's time ([`Loop::now`]).
impl<T: Task, W: World, P: Probe> Loop<T, W, P> {
    /// A timer that isn't running yet.
    pub fn timer_init(&mut self, task: T, origin: Origin) -> TimerId {
        let serial = self.next_serial();
        let id = self.timers.insert(serial, Flags::new(origin), task);
        self.report_init(id.into(), origin);
        id
    }

    /// A timer that fires once after `delay` and is gone.
    pub fn timer_once(&mut self, delay: u64, task: T, origin: Origin) -> TimerId {
        let serial = self.next_serial();
        let id = self.timers.insert(serial, Flags { once: true, ..Flags::new(origin) }, task);
        self.timer_start_from(id, delay, 0, origin);
        id
    }

    /// Starts a timer, or starts it anew: due after `delay`, then every `repeat` (0: only once). Of two timers due
    /// together the one started first runs first. False if the timer is closing or gone.
    pub fn timer_start(&mut self, id: TimerId, delay: u64, repeat: u64) -> bool {
        self.timer_start_from(id, delay, repeat, Origin::default())
    }

    /// [`Loop::timer_start`], saying where.
    pub fn timer_start_from(&mut self, id: TimerId, delay: u64, repeat: u64, origin: Origin) -> bool {
        let Some(flags) = self.timers.get(id).map(|slot| slot.flags).filter(|flags| !flags.closing) else {
            return false;
        };
        if !self.timers.stop(id) {
            self.count(flags, true);
        }
        let due = self.now.saturating_add(delay);
        self.timers.start(id, due);
        let cause = self.report(flags.hidden, || Event::TimerStart {
            number: id.number(),
            delay: u32::try_from(delay).unwrap_or(u32::MAX),
            repeat: u32::try_from(repeat).unwrap_or(u32::MAX),
            due,
            label: origin.label,
            pos: origin.pos,
        });
        if let Some(slot) = self.timers.get_mut(id) {
            (slot.repeat, slot.cause) = (repeat, cause);
        }
        true
    }

    /// Stops a timer. True if it was running. One found due but not yet called is not called any more.
    pub fn timer_stop(&mut self, id: TimerId) -> bool {
        let Some(flags) = self.timers.get(id).map(|slot| slot.flags) else { return false };
        let was_running = self.timers.stop(id);
        if was_running {
            self.count(flags, false);
            self.report(flags.hidden, || Event::TimerStop { number: id.number(), pos: Pos::NONE });
        }
        if flags.once {
            self.timers.remove(id);
        }
        was_running
    }

    /// Starts a repeating timer anew with its repeat interval as the delay. False, and nothing happens, if it doesn't repeat.
    pub fn timer_again(&mut self, id: TimerId) -> bool {
        match self.timers.get(id).map(|slot| slot.repeat) {
            Some(repeat) if repeat > 0 => self.timer_start(id, repeat, repeat),
            _ => false,
        }
    }

    /// Milliseconds until a running timer is due; 0 if it is overdue.
    pub fn timer_due_in(&self, id: TimerId) -> Option<u64> {
        self.timers.due(id).map(|due| due.saturating_sub(self.now))
    }
}

/// Idle, prepare and check handles.
impl<T: Task, W: World, P: Probe> Loop<T, W, P> {
    /// A handle that isn't active yet. Without a task only its presence counts (an idle handle that keeps poll from waiting).
    pub fn hook_init(&mut self, kind: HookKind, task: Option<T>, origin: Origin) -> HookId {
        let serial = self.next_serial();
        let hook = Hook { serial, flags: Flags::new(origin), active: false, cause: EventId::NONE, task };
        let index = self.hooks[kind as usize].table.insert(hook) as u32;
        let id = HookId { kind, index, serial };
        self.report_init(id.into(), origin);
        id
    }

    fn hook(&self, id: HookId) -> Option<&Hook<T>> {
        row(&self.hooks[id.kind as usize].table, id.index, id.serial)
    }

    fn hook_mut(&mut self, id: HookId) -> Option<&mut Hook<T>> {
        row_mut(&mut self.hooks[id.kind as usize].table, id.index, id.serial)
    }

    /// Makes it be called once a turn. As in libuv the one started last is called first. False if it is active, closing or gone.
    pub fn hook_start(&mut self, id: HookId) -> bool {
        let Some(flags) =
            self.hook(id).filter(|hook| !hook.active && !hook.flags.closing).map(|hook| hook.flags)
        else {
            return false;
        };
        self.count(flags, true);
        let handle = Handle::from(id);
        let cause =
            self.report(flags.hidden, || Event::HandleStart { number: handle.number(), kind: handle.kind() });
        self.hooks[id.kind as usize].order.push_front(id);
        if let Some(hook) = self.hook_mut(id) {
            (hook.active, hook.cause) = (true, cause);
        }
        true
    }

    /// Makes it inactive. False if it was not active.
    pub fn hook_stop(&mut self, id: HookId) -> bool {
        let Some(hook) = self.hook_mut(id).filter(|hook| hook.active) else { return false };
        hook.active = false;
        let flags = hook.flags;
        self.count(flags, false);
        self.hooks[id.kind as usize].order.retain(|other| *other != id);
        let handle = Handle::from(id);
        self.report(flags.hidden, || Event::HandleStop { number: handle.number(), kind: handle.kind() });
        true
    }
}

/// Wake-ups and descriptors.
impl<T: Task, W: World, P: Probe> Loop<T, W, P> {
    /// A handle by which other threads make the loop call `task`. It is active until closed.
    pub fn async_init(&mut self, task: T, origin: Origin) -> (AsyncId, Waker) {
        let serial = self.next_serial();
        let pending = Arc::new(AtomicBool::new(false));
        let (flags, cause) = (Flags::new(origin), EventId::NONE);
        let row = AsyncRow { serial, flags, pending: pending.clone(), cause, task };
        let index = self.asyncs.insert(row) as u32;
        self.count(flags, true);
        let id = AsyncId { index, serial };
        let cause = self.report(flags.hidden, || Event::HandleInit {
            number: serial,
            kind: HandleKind::Async,
            label: origin.label,
            pos: origin.pos,
        });
        self.asyncs[index as usize].cause = cause;
        (id, Waker { pending, wakeup: self.world.wakeup() })
    }

    /// Watches a descriptor (a mio source, or [`mio::unix::SourceFd`] around a raw one) and calls `task` when it is ready.
    /// Edge-triggered: go on reading or writing until it would block, or there won't be another call.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::Unsupported`] in a simulated world.
    pub fn io_start(
        &mut self,
        source: &mut dyn Source,
        interest: Interest,
        task: T,
        origin: Origin,
    ) -> io::Result<IoId> {
        let serial = self.next_serial();
        let (flags, cause) = (Flags::new(origin), EventId::NONE);
        let index = self.io.insert(IoRow { serial, flags, active: true, cause, task });
        if let Err(error) = self.world.register(source, token(index, serial), interest) {
            self.io.remove(index);
            return Err(error);
        }
        self.count(flags, true);
        let cause = self.report(flags.hidden, || Event::HandleInit {
            number: serial,
            kind: HandleKind::Io,
            label: origin.label,
            pos: origin.pos,
        });
        self.io[index].cause = cause;
        Ok(IoId { index: index as u32, serial })
    }

    /// Changes what a descriptor is watched for.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::NotFound`] if it isn't watched.
    pub fn io_modify(&mut self, id: IoId, source: &mut dyn Source, interest: Interest) -> io::Result<()> {
        if row(&self.io, id.index, id.serial).is_none() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.world.reregister(source, token(id.index as usize, id.serial), interest)
    }

    /// Stops watching a descriptor and forgets the handle. Do this before the descriptor is closed. For a close callback
    /// follow it with [`Loop::defer_close`].
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::NotFound`] if it isn't watched.
    pub fn io_stop(&mut self, id: IoId, source: &mut dyn Source) -> io::Result<()> {
        let Some(row) = row(&self.io, id.index, id.serial) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let (flags, active) = (row.flags, row.active);
        if active {
            self.count(flags, false);
            self.report(flags.hidden, || Event::HandleStop { number: id.number(), kind: HandleKind::Io });
        }
        self.io.remove(id.index as usize);
        self.world.deregister(source)
    }
}

/// Requests: operations that end once. They keep the loop alive until then.
impl<T: Task, W: World, P: Probe> Loop<T, W, P> {
    /// Hands a job to the pool. `task` is called, in a poll phase to come, with [`crate::Source::Request`] and the job's result.
    ///
    /// # Errors
    /// The pool's queue is full, or it has no thread and can't start one.
    pub fn pool_submit(
        &mut self,
        job: W::Job,
        info: JobInfo,
        task: T,
        origin: Origin,
    ) -> Result<RequestId, SubmitError> {
        let id = self.request_insert(Some(task), info.label, origin);
        match self.world.submit(token(id.index as usize, id.serial) as u64, job, info) {
            Ok(job) => self.requests[id.index as usize].job = Some(job),
            Err(error) => {
                self.request_finish(id, RequestEnd::Failed);
                return Err(error);
            }
        }
        let waiting = self.world.pool_waiting() as u32;
        self.report(origin.hidden, || Event::PoolQueued { number: id.number(), class: info.class, waiting });
        Ok(id)
    }

    /// Cancels a pool request that still waits; its task is called with [`looplab_threadpool::JobError::Cancelled`]. False if it
    /// runs or has run.
    pub fn request_cancel(&mut self, id: RequestId) -> bool {
        let job = row(&self.requests, id.index, id.serial).and_then(|row| row.job);
        job.is_some_and(|job| self.world.cancel(job))
    }

    /// A request that its owner carries out (a connect, a write); end it with [`Loop::request_finish`].
    pub fn request_start(&mut self, label: &'static str, origin: Origin) -> RequestId {
        self.request_insert(None, label, origin)
    }

    /// Ends a request begun with [`Loop::request_start`]. Returns the event that began it, as the cause of its callback.
    pub fn request_finish(&mut self, id: RequestId, end: RequestEnd) -> Option<EventId> {
        row(&self.requests, id.index, id.serial)?;
        let row = self.requests.remove(id.index as usize);
        self.report(row.hidden, || Event::RequestEnd { number: id.number(), end });
        Some(row.cause)
    }

    fn request_insert(&mut self, task: Option<T>, label: &'static str, origin: Origin) -> RequestId {
        let serial = self.next_serial();
        let cause = self.report(origin.hidden, || Event::RequestStart {
            number: serial,
            label: if origin.label.is_none() { self.probe.intern(label) } else { origin.label },
            pos: origin.pos,
        });
        let row = RequestRow { serial, label, job: None, hidden: origin.hidden, cause, task };
        RequestId { index: self.requests.insert(row) as u32, serial }
    }
}

/// What all handles share, and the two queues.
impl<T: Task, W: World, P: Probe> Loop<T, W, P> {
    fn flags_mut(&mut self, handle: Handle) -> Option<(&mut Flags, bool)> {
        match handle {
            Handle::Timer(id) => {
                let running = self.timers.is_running(id);
                self.timers.get_mut(id).map(|slot| (&mut slot.flags, running))
            }
            Handle::Hook(id) => self.hook_mut(id).map(|hook| (&mut hook.flags, hook.active)),
            Handle::Async(id) => row_mut(&mut self.asyncs, id.index, id.serial).map(|row| {
                let active = !row.flags.closing;
                (&mut row.flags, active)
            }),
            Handle::Io(id) => {
                row_mut(&mut self.io, id.index, id.serial).map(|row| (&mut row.flags, row.active))
            }
            Handle::Foreign(_) => None,
        }
    }

    fn set_ref(&mut self, handle: Handle, referenced: bool) -> bool {
        let Some((flags, active)) = self.flags_mut(handle) else { return false };
        if flags.closing || flags.referenced == referenced {
            return !flags.closing;
        }
        flags.referenced = referenced;
        let hidden = flags.hidden;
        if active {
            self.active = if referenced { self.active + 1 } else { self.active - 1 };
        }
        let (number, kind) = (handle.number(), handle.kind());
        self.report(hidden, || match referenced {
            true => Event::HandleRef { number, kind },
            false => Event::HandleUnref { number, kind },
        });
        true
    }

    /// Lets a handle keep the loop alive while it is active, as it does from the start. False if it is closing or gone.
    pub fn ref_handle(&mut self, handle: impl Into<Handle>) -> bool {
        self.set_ref(handle.into(), true)
    }

    /// Lets the loop end although the handle is active. False if it is closing or gone.
    pub fn unref_handle(&mut self, handle: impl Into<Handle>) -> bool {
        self.set_ref(handle.into(), false)
    }

    /// Whether a handle keeps the loop alive while it is active.
    pub fn has_ref(&mut self, handle: impl Into<Handle>) -> bool {
        self.flags_mut(handle.into()).is_some_and(|(flags, _)| flags.referenced)
    }

    /// Whether a handle is active: a timer that runs, a hook that is started, a descriptor that is watched.
    pub fn is_active(&mut self, handle: impl Into<Handle>) -> bool {
        self.flags_mut(handle.into()).is_some_and(|(_, active)| active)
    }

    /// Stops a handle for good. `task` is called in the closing phase; of several the one closed last comes first, as in
    /// libuv. False, and nothing happens, if the handle is closing or gone already. A descriptor is first to be taken off with
    /// [`Loop::io_stop`], which needs its source; a handle whose descriptor has been closed already can be closed here.
    pub fn close(&mut self, handle: impl Into<Handle>, task: Option<T>) -> bool {
        let handle = handle.into();
        let Some((flags, active)) = self.flags_mut(handle).filter(|(flags, _)| !flags.closing) else {
            return false;
        };
        let before = *flags;
        flags.closing = true;
        match handle {
            Handle::Timer(id) => {
                self.timers.stop(id);
            }
            Handle::Hook(id) => {
                self.hooks[id.kind as usize].order.retain(|other| *other != id);
                if let Some(hook) = self.hook_mut(id) {
                    hook.active = false;
                }
            }
            Handle::Io(id) => self.io[id.index as usize].active = false,
            Handle::Async(_) | Handle::Foreign(_) => {}
        }
        if active {
            self.count(before, false);
        }
        let cause = self
            .report(before.hidden, || Event::HandleClosing { number: handle.number(), kind: handle.kind() });
        self.closing.push(Closing { handle, task, cause, hidden: before.hidden });
        true
    }

    /// Has `task` called in the closing phase: for things that are handles of the caller's own (a socket).
    pub fn defer_close(&mut self, task: T, origin: Origin) {
        let handle = Handle::Foreign(self.next_serial());
        let cause = self
            .report(origin.hidden, || Event::HandleClosing { number: handle.number(), kind: handle.kind() });
        self.closing.push(Closing { handle, task: Some(task), cause, hidden: origin.hidden });
    }

    /// Has `task` called in the next pending phase: right after the poll phase under way, or next turn.
    pub fn defer(&mut self, task: T, origin: Origin) {
        let cause = self.report(origin.hidden, || Event::Deferred { label: origin.label, pos: origin.pos });
        self.pending.push_back(Deferred { task, cause });
    }

    /// Has `task` called in a poll phase to come, `polls` (at least 1) from now; until then polls don't wait. For what takes
    /// several requests and was done in one: it shows when the last of them would have.
    pub fn defer_polls(&mut self, task: T, polls: u32, origin: Origin) {
        let cause = self.report(origin.hidden, || Event::Deferred { label: origin.label, pos: origin.pos });
        let at = polls.max(1) as usize - 1;
        while self.later.len() <= at {
            self.later.push_back(Vec::new());
        }
        self.later[at].push(Deferred { task, cause });
    }
}

/// Index and serial number in one word, as mio and the pool carry it.
pub(crate) fn token(index: usize, serial: u32) -> usize {
    (serial as usize) << 32 | index
}

/// And back.
pub(crate) fn untoken(token: usize) -> (u32, u32) {
    (token as u32, (token >> 32) as u32)
}
