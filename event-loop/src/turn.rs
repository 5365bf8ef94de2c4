//! Running the loop: [`Loop::run`], [`Loop::turn`], and one function for each phase.

use crate::driver::{Driver, Fired, Source, Task};
use crate::handles::*;
use crate::state::{Loop, untoken};
use crate::timeout::{PollTimeout, poll_timeout};
use crate::world::{Arrivals, Output, Polled, Ready, World};
use looplab_probe::{EndReason, Event, HandleKind, Phase, Probe, RequestEnd, RunMode, TimeoutReason};
use looplab_threadpool::{Completion, JobError};
use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

/// Why a run ended early.
enum Halt {
    /// A task said `Break`.
    Broken,
    /// Nothing can ever happen (simulated world).
    Stalled,
    /// The system refused to poll.
    Failed(io::Error),
}

type Step = Result<(), Halt>;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: EndReason,
    /// Whether something still keeps the loop alive.
    pub alive: bool,
}

impl<T: Task, W: World, P: Probe> Loop<T, W, P> {
    /// Runs the driver's loop: until nothing keeps it alive, or for one turn.
    ///
    /// # Errors
    /// The system's, from the poll phase.
    pub fn run<D: Driver<Task = T, World = W, Probe = P>>(d: &mut D, mode: RunMode) -> io::Result<Ended> {
        let turns = d.lp().turns;
        let halt = Self::run_turns(d, mode).err();
        let lp = d.lp();
        let reason = match &halt {
            Some(Halt::Broken) => EndReason::Broken,
            Some(Halt::Stalled) => EndReason::Stalled,
            Some(Halt::Failed(_)) => EndReason::Failed,
            None if lp.stopping => EndReason::Stopped,
            None if mode != RunMode::Default && lp.turns > turns => EndReason::OneTurn,
            None => EndReason::NothingAlive,
        };
        lp.stopping = false;
        if P::ENABLED {
            lp.probe.emit(Event::LoopEnd { reason, turns: lp.turns - turns });
        }
        match halt {
            Some(Halt::Failed(error)) => Err(error),
            _ => Ok(Ended { reason, alive: lp.is_alive() }),
        }
    }

    fn run_turns<D: Driver<Task = T, World = W, Probe = P>>(d: &mut D, mode: RunMode) -> Step {
        let lp = d.lp();
        lp.update_time();
        lp.began.get_or_insert(lp.world.now());
        if P::ENABLED {
            let profile = lp.profile.major();
            let simulated = lp.world.is_simulated();
            lp.probe.emit(Event::LoopStart { profile, simulated, mode });
        }
        let mut alive = lp.is_alive();
        if alive && !lp.stopping && mode == RunMode::Default && !lp.profile.rules().timers_first {
            timers(d)?;
        }
        while alive && !d.lp().stopping {
            Self::turn(d, mode)?;
            alive = d.lp().is_alive() && mode == RunMode::Default;
        }
        Ok(())
    }

    /// One turn, phase by phase.
    fn turn<D: Driver<Task = T, World = W, Probe = P>>(d: &mut D, mode: RunMode) -> Step {
        let rules = d.lp().begin_turn();
        if rules.timers_first {
            timers(d)?;
        }
        let may_wait = d.lp().may_wait(mode);
        pending(d)?;
        hooks(d, HookKind::Idle)?;
        hooks(d, HookKind::Prepare)?;
        poll(d, may_wait)?;
        for _ in 0..rules.pending_rounds {
            pending(d)?;
        }
        hooks(d, HookKind::Check)?;
        close(d)?;
        if !rules.timers_first || mode == RunMode::Once {
            timers(d)?;
        }
        d.lp().end_turn();
        Ok(())
    }

    fn begin_turn(&mut self) -> crate::Rules {
        self.turns += 1;
        if P::ENABLED {
            self.probe.emit_along(Event::TurnBegin { turn: self.turns });
        }
        self.profile.rules()
    }

    fn end_turn(&mut self) {
        if P::ENABLED {
            self.probe.emit_along(Event::TurnEnd { turn: self.turns, alive: self.is_alive() });
        }
    }

    /// A single turn doesn't wait if it has something else to do; a full run leaves that to the poll timeout.
    fn may_wait(&self, mode: RunMode) -> bool {
        match mode {
            RunMode::Default => true,
            RunMode::Once => self.pending.is_empty() && self.hooks[HookKind::Idle as usize].order.is_empty(),
            RunMode::NoWait => false,
        }
    }

    fn begin_phase(&mut self, phase: Phase, ready: usize) {
        if P::ENABLED {
            self.probe.emit_along(Event::PhaseBegin { phase, ready: ready as u32 });
        }
    }

    /// Whether anything could run before the nearest timer: only then does it matter if that is found due early.
    fn something_competes(&self) -> bool {
        let queued = !self.pending.is_empty()
            || !self.later.is_empty()
            || !self.closing.is_empty()
            || !self.requests.is_empty();
        queued || self.hooks.iter().any(|hooks| !hooks.order.is_empty())
    }

    /// Reports the decisions that the world has taken.
    pub fn report_choices(&mut self) {
        if self.world.is_simulated() {
            for choice in self.world.take_choices() {
                let crate::Choice { kind, options, taken } = choice;
                self.probe.emit(Event::Choice { kind, options, taken });
            }
        }
    }
}

/// Runs a task.
fn call<D: Driver>(d: &mut D, task: D::Task, fired: Fired<Output<D::World>>) -> Step {
    match d.run(task, fired) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Halt::Broken),
    }
}

fn end_phase<D: Driver>(d: &mut D, phase: Phase, ran: u32) -> Step {
    if ran > 0
        && let ControlFlow::Break(()) = d.after_phase(phase, ran)
    {
        return Err(Halt::Broken);
    }
    if D::Probe::ENABLED {
        d.lp().probe.emit_along(Event::PhaseEnd { phase, ran });
    }
    Ok(())
}

/// Timers: everything due now, in order. A timer started meanwhile waits for the next time, even with delay 0.
fn timers<D: Driver>(d: &mut D) -> Step {
    let lp = d.lp();
    if lp.world.is_simulated()
        && let Some(due) = lp.timers.next_due()
    {
        // What nothing waits for may just be due when the loop looks for the last time.
        let competes = lp.something_competes() || (lp.world.explores() && !lp.is_alive());
        lp.world.settle(due.saturating_mul(1_000_000), competes);
        lp.report_choices();
    }
    lp.update_time();
    let now = lp.now;
    let mut due = std::mem::take(&mut lp.ready_timers);
    while let Some(timer) = lp.timers.pop_due(now) {
        // Ready timers are inactive until they are called, or started again.
        if let Some(flags) = lp.timers.get(timer.0).map(|slot| slot.flags) {
            lp.count(flags, false);
        }
        due.push(timer);
    }
    if due.is_empty() {
        lp.ready_timers = due;
        return Ok(());
    }
    lp.begin_phase(Phase::Timers, due.len());
    let mut ran = 0;
    for (id, due) in due.drain(..) {
        let lp = d.lp();
        if !lp.timers.claim(id) {
            continue;
        }
        let Some((task, cause)) = lp.fire_timer(id, due) else { continue };
        ran += 1;
        call(d, task, Fired { source: Source::Timer(id), cause })?;
    }
    d.lp().ready_timers = due;
    end_phase(d, Phase::Timers, ran)
}

impl<T: Task, W: World, P: Probe> Loop<T, W, P> {
    /// Re-arms a repeating timer, lets a once-only one go, and gives what is to be called.
    fn fire_timer(&mut self, id: crate::TimerId, due: u64) -> Option<(T, looplab_probe::EventId)> {
        let slot = self.timers.get(id)?;
        let (flags, repeat, cause) = (slot.flags, slot.repeat, slot.cause);
        if P::ENABLED && !flags.hidden {
            self.probe
                .emit_along(Event::TimerFire { number: id.number(), late: self.now.saturating_sub(due) });
        }
        if flags.once {
            return self.timers.remove(id).map(|slot| (slot.task, cause));
        }
        if repeat > 0 {
            self.timers.start(id, self.now.saturating_add(repeat));
            self.count(flags, true);
        }
        self.timers.get(id).map(|slot| (slot.task.clone(), cause))
    }
}

/// Pending: callbacks deferred so far; those deferred meanwhile wait for the next round.
fn pending<D: Driver>(d: &mut D) -> Step {
    let count = d.lp().pending.len();
    if count == 0 {
        return Ok(());
    }
    d.lp().begin_phase(Phase::Pending, count);
    let mut ran = 0;
    for _ in 0..count {
        let Some(Deferred { task, cause }) = d.lp().pending.pop_front() else { break };
        ran += 1;
        call(d, task, Fired { source: Source::Pending, cause })?;
    }
    end_phase(d, Phase::Pending, ran)
}

/// Idle, prepare, check: every handle that is active now, unless one before it stops it.
fn hooks<D: Driver>(d: &mut D, kind: HookKind) -> Step {
    let lp = d.lp();
    let hooks = &lp.hooks[kind as usize];
    let callable =
        |id: &&HookId| row(&hooks.table, id.index, id.serial).is_some_and(|hook| hook.task.is_some());
    let mut ready = std::mem::take(&mut lp.ready_hooks);
    ready.extend(hooks.order.iter().filter(callable));
    if ready.is_empty() {
        lp.ready_hooks = ready;
        return Ok(());
    }
    let phase = match kind {
        HookKind::Idle => Phase::Idle,
        HookKind::Prepare => Phase::Prepare,
        HookKind::Check => Phase::Check,
    };
    d.lp().begin_phase(phase, ready.len());
    let mut ran = 0;
    for id in ready.drain(..) {
        let hook = row(&d.lp().hooks[kind as usize].table, id.index, id.serial).filter(|hook| hook.active);
        let Some((Some(task), cause)) = hook.map(|hook| (hook.task.clone(), hook.cause)) else { continue };
        ran += 1;
        call(d, task, Fired { source: Source::Hook(id), cause })?;
    }
    d.lp().ready_hooks = ready;
    end_phase(d, phase, ran)
}

/// What a poll has found. The loop keeps the room from turn to turn.
pub(crate) struct Found<T, R> {
    /// Was to wait for this poll phase.
    later: Vec<Deferred<T>>,
    arrivals: Arrivals<R>,
    /// Wake-up handles that were rung; they stand where `ready` says so.
    rung: Vec<AsyncId>,
    /// How many callbacks that makes at most.
    count: usize,
}

impl<T, R> std::fmt::Debug for Found<T, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Found({})", self.count)
    }
}

impl<T, R> Default for Found<T, R> {
    fn default() -> Self {
        Found { later: Vec::new(), arrivals: Arrivals::default(), rung: Vec::new(), count: 0 }
    }
}

impl<T, R> Found<T, R> {
    /// Room kept for the next poll, unless an unusual crowd made it large.
    const KEPT: usize = 4096;

    fn keep(mut self) -> Self {
        if self.arrivals.done.capacity() > Self::KEPT {
            self.arrivals.done = Vec::new();
        }
        self
    }
}

/// Poll: waits as long as it may, then calls what is ready.
fn poll<D: Driver>(d: &mut D, may_wait: bool) -> Step {
    let mut found = d.lp().poll_world(may_wait)?;
    if found.count == 0 {
        d.lp().found = found.keep();
        return Ok(());
    }
    d.lp().begin_phase(Phase::Poll, found.count);
    let mut ran = 0;
    for Deferred { task, cause } in found.later.drain(..) {
        ran += 1;
        call(d, task, Fired { source: Source::Pending, cause })?;
    }
    for ready in found.arrivals.ready.drain(..) {
        let next = match ready {
            Ready::Io { token, readiness } => {
                let (index, serial) = untoken(token);
                d.lp().io_ready(IoId { index, serial }, readiness)
            }
            Ready::Woken => {
                for id in found.rung.drain(..) {
                    let Some((task, fired)) = d.lp().async_ready(id) else { continue };
                    ran += 1;
                    call(d, task, fired)?;
                }
                None
            }
        };
        let Some((task, fired)) = next else { continue };
        ran += 1;
        call(d, task, fired)?;
    }
    for completion in found.arrivals.done.drain(..) {
        let Some((task, fired)) = d.lp().request_done(completion) else { continue };
        ran += 1;
        call(d, task, fired)?;
    }
    d.lp().found = found.keep();
    end_phase(d, Phase::Poll, ran)
}

/// A task and why it runs.
type Next<T, W> = Option<(T, Fired<Output<W>>)>;

impl<T: Task, W: World, P: Probe> Loop<T, W, P> {
    /// Asks the world, and says what there is to call.
    fn poll_world(&mut self, may_wait: bool) -> Result<Found<T, Output<W>>, Halt> {
        let mut timeout = poll_timeout(&self.situation(may_wait));
        if timeout.why == TimeoutReason::NextTimer {
            // Callbacks took time since the last look at the clock. libuv waits for the full difference and is that much late; we look again.
            self.update_time();
            timeout = poll_timeout(&self.situation(may_wait));
        }
        let PollTimeout { millis, mut why } = timeout;
        if why == TimeoutReason::Idle {
            why = self.idle_reason();
        }
        if P::ENABLED {
            self.probe.emit_along(Event::PollBegin { timeout: millis.map_or(-1, |ms| ms as i64), why });
        }
        let mut found = std::mem::take(&mut self.found);
        // Only a poll that may wait can be idle time: the others cost no reading of the clock.
        let began = if P::ENABLED || millis != Some(0) { self.world.now() } else { 0 };
        let polled = self.world.poll(millis, &mut found.arrivals).map_err(Halt::Failed)?;
        let ended = self.world.now();
        self.now = ended / 1_000_000;
        if millis != Some(0) {
            self.idle += ended.saturating_sub(began);
        }
        if let Some(later) = self.later.pop_front() {
            found.later = later;
        }
        let woken = found.arrivals.ready.iter().any(|ready| matches!(ready, Ready::Woken));
        if woken {
            let rung = self.asyncs.iter().filter(|(_, row)| row.pending.load(Ordering::SeqCst));
            found.rung.extend(rung.map(|(index, row)| AsyncId { index: index as u32, serial: row.serial }));
        }
        found.count = found.later.len() + found.rung.len() + found.arrivals.done.len();
        found.count += found.arrivals.ready.len() - usize::from(woken);
        self.report_choices();
        if P::ENABLED {
            let ready = found.count as u32;
            self.probe.emit(Event::PollEnd { ready, waited: ended.saturating_sub(began) });
        }
        match polled {
            Polled::InTime => Ok(found),
            Polled::Stalled => Err(Halt::Stalled),
        }
    }

    fn io_ready(&mut self, id: IoId, readiness: crate::Readiness) -> Next<T, W> {
        let row = row(&self.io, id.index, id.serial).filter(|row| row.active)?;
        let (task, cause) = (row.task.clone(), row.cause);
        if P::ENABLED && !row.flags.hidden {
            let crate::Readiness { readable, writable, .. } = readiness;
            self.probe.emit(Event::IoReady { number: id.number(), readable, writable });
        }
        Some((task, Fired { source: Source::Io(id, readiness), cause }))
    }

    fn async_ready(&mut self, id: AsyncId) -> Next<T, W> {
        let row = row(&self.asyncs, id.index, id.serial).filter(|row| !row.flags.closing)?;
        // Cleared before the call: a wake during the call means another one.
        row.pending.store(false, Ordering::SeqCst);
        Some((row.task.clone(), Fired { source: Source::Async(id), cause: row.cause }))
    }

    fn request_done(&mut self, done: Completion<Output<W>>) -> Next<T, W> {
        let (index, serial) = untoken(done.token as usize);
        let id = RequestId { index, serial };
        let hidden = row(&self.requests, index, serial)?.hidden;
        if P::ENABLED && !hidden {
            self.report_lane(id, &done);
        }
        let task = self.requests[index as usize].task.take();
        let end = match &done.result {
            Ok(_) => RequestEnd::Done,
            Err(JobError::Cancelled) => RequestEnd::Cancelled,
            Err(JobError::Panicked(_)) => RequestEnd::Panicked,
        };
        let cause = self.request_finish(id, end)?;
        Some((task?, Fired { source: Source::Request(id, done.result), cause }))
    }

    /// What the worker stamped goes into the log now that its completion has arrived.
    fn report_lane(&mut self, id: RequestId, done: &Completion<Output<W>>) {
        let number = id.number();
        let Some(worker) = done.worker else {
            self.probe.emit_at(done.finished_at, Event::PoolCancelled { number });
            return;
        };
        let wait = done.started_at.saturating_sub(done.queued_at);
        let run = done.finished_at.saturating_sub(done.started_at);
        self.probe.emit_at(done.started_at, Event::PoolStarted { number, worker, wait });
        self.probe.emit_at(done.finished_at, Event::PoolFinished { number, worker, run });
    }

    /// Forgets a closed handle.
    fn forget(&mut self, closing: &Closing<T>) {
        match closing.handle {
            Handle::Timer(id) => {
                self.timers.remove(id);
            }
            Handle::Hook(id) => {
                self.hooks[id.kind as usize].table.try_remove(id.index as usize);
            }
            Handle::Async(id) => {
                self.asyncs.try_remove(id.index as usize);
            }
            Handle::Io(id) => {
                self.io.try_remove(id.index as usize);
            }
            Handle::Foreign(_) => {}
        }
        if P::ENABLED && !closing.hidden && closing.handle.kind() != HandleKind::Other {
            let (number, kind) = (closing.handle.number(), closing.handle.kind());
            self.probe.emit(Event::HandleClosed { number, kind });
        }
    }
}

/// Close: callbacks of handles closed so far, the last one first.
fn close<D: Driver>(d: &mut D) -> Step {
    let closing = std::mem::take(&mut d.lp().closing);
    if closing.is_empty() {
        return Ok(());
    }
    d.lp().begin_phase(Phase::Close, closing.len());
    let mut ran = 0;
    for closing in closing.into_iter().rev() {
        d.lp().forget(&closing);
        let Closing { handle, task, cause, .. } = closing;
        let Some(task) = task else { continue };
        ran += 1;
        call(d, task, Fired { source: Source::Closed(handle), cause })?;
    }
    end_phase(d, Phase::Close, ran)
}
