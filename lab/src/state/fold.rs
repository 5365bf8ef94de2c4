//! What each event does to the state.

use super::{Frame, Handle, Immediate, Left, Life, Poll, Request, Running, State, Timer, Variable};
use looplab_probe::{CallbackKind, Event, EventId, HandleKind, Phase, Record, Str};
use std::collections::VecDeque;

impl State {
    /// Takes the next event of the log. Its id is [`State::at`].
    pub fn apply(&mut self, record: &Record) {
        let id = EventId::new(self.at);
        self.at += 1;
        if !matches!(
            record.event,
            Event::PoolStarted { .. } | Event::PoolFinished { .. } | Event::PoolCancelled { .. }
        ) {
            // Those carry the worker's stamps, which lie before.
            self.t = self.t.max(record.t);
        }
        match record.event {
            Event::Statement { .. }
            | Event::Variable { .. }
            | Event::FrameEnter { .. }
            | Event::FrameLeave { .. }
            | Event::Thrown { .. }
            | Event::StatementsCut { .. } => self.step(id, record.event),
            Event::CallbackBegin { kind, number, cause, .. } => self.begin(id, kind, number, cause),
            Event::CallbackEnd { begin, .. } => self.end(begin),
            Event::DrainBegin { .. } => self.drain = id,
            Event::DrainEnd { .. } => self.drain = EventId::NONE,
            Event::ModuleBegin { .. } => self.modules.push(id),
            Event::ModuleEnd { begin, .. } => {
                if let Some(at) = self.modules.iter().rposition(|open| *open == begin) {
                    self.modules.truncate(at);
                }
            }
            Event::UncaughtError { .. } => self.error = id,
            Event::RecordingStopped { .. } => self.stopped = id,
            Event::ExitCode { code } => self.life = Life::Exited(code),
            event => {
                self.turn_of_the_loop(event);
                self.lifecycle(id, event);
            }
        }
    }

    /// Loop, turns, phases, poll.
    fn turn_of_the_loop(&mut self, event: Event) {
        match event {
            Event::LoopStart { profile, simulated, .. } => {
                (self.life, self.profile, self.simulated) = (Life::Loop, profile, simulated);
            }
            Event::LoopEnd { reason, .. } => {
                (self.life, self.phase, self.poll) = (Life::Ended(reason), None, None)
            }
            Event::TurnBegin { turn } => (self.turn, self.phase) = (turn, None),
            Event::TurnEnd { .. } => self.phase = None,
            Event::PhaseBegin { phase, .. } => self.phase = Some(phase),
            Event::PhaseEnd { .. } => self.phase = None,
            Event::PollBegin { timeout, why } => {
                (self.phase, self.poll) = (Some(Phase::Poll), Some(Poll { timeout, why }));
            }
            Event::PollEnd { .. } => (self.phase, self.poll) = (None, None),
            _ => {}
        }
    }

    fn begin(&mut self, id: EventId, kind: CallbackKind, number: u32, cause: EventId) {
        match kind {
            CallbackKind::Tick => take(&mut self.ticks, cause),
            CallbackKind::Microtask
            | CallbackKind::Reaction
            | CallbackKind::AsyncHop
            | CallbackKind::Thenable => {
                take(&mut self.microtasks, cause);
            }
            CallbackKind::Timer => {
                self.timers.remove(&number);
            }
            CallbackKind::Immediate => self.take_immediate(|immediate| immediate.start == cause),
            CallbackKind::Close => {
                self.handles.retain(|_, handle| handle.closing.is_none() || handle.closing != cause)
            }
            CallbackKind::Pending => take(&mut self.deferred, cause),
            _ => {}
        }
        self.running.push(Running {
            begin: id,
            base: self.frames.len(),
            statement: EventId::NONE,
            cut: false,
        });
    }

    fn take_immediate(&mut self, wanted: impl Fn(&Immediate) -> bool) {
        // It is the first but for what was cleared.
        if let Some(at) = self.immediates.iter().position(wanted) {
            self.immediates.remove(at);
        }
    }

    fn end(&mut self, begin: EventId) {
        let found = self.running.iter().rposition(|running| running.begin == begin);
        let Some(at) = found else { return };
        let base = self.running[at].base;
        self.running.truncate(at);
        // Frames of a callback whose statements were cut have no end of their own.
        self.frames.truncate(base);
        (self.left, self.thrown) = (None, EventId::NONE);
    }

    /// Statements, frames, variables.
    fn step(&mut self, id: EventId, event: Event) {
        match event {
            Event::Statement { .. } => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.statement = id;
                }
                if let Some(running) = self.running.last_mut() {
                    running.statement = id;
                }
                (self.left, self.thrown) = (None, EventId::NONE);
            }
            Event::FrameEnter { label, pos, .. } => {
                let statement = EventId::NONE;
                self.frames.push(Frame { enter: id, label, function: pos, statement, variables: Vec::new() });
                self.left = None;
            }
            Event::FrameLeave { how, value } => {
                // Never those of the callback around: the log would be damaged.
                let base = self.running.last().map_or(0, |running| running.base);
                if self.frames.len() > base
                    && let Some(frame) = self.frames.pop()
                {
                    self.left = Some(Left { label: frame.label, how, value });
                }
            }
            Event::Variable { scope, name, value } => {
                let Some(frame) = self.frames.last_mut() else { return };
                let found = frame.variables.iter().position(|v| (v.scope, v.name) == (scope, name));
                match (found, value) {
                    (Some(at), Str::NONE) => {
                        frame.variables.remove(at);
                    }
                    (Some(at), _) => (frame.variables[at].value, frame.variables[at].since) = (value, id),
                    (None, Str::NONE) => {}
                    (None, _) => frame.variables.push(Variable { scope, name, value, since: id }),
                }
            }
            Event::Thrown { .. } => self.thrown = id,
            Event::StatementsCut { .. } => {
                if let Some(running) = self.running.last_mut() {
                    running.cut = true;
                }
            }
            _ => {}
        }
    }

    /// Queues, timers, immediates, requests, handles.
    fn lifecycle(&mut self, id: EventId, event: Event) {
        match event {
            Event::TickQueued { .. } => self.ticks.push_back(id),
            Event::MicrotaskQueued { .. } | Event::ReactionQueued { .. } => self.microtasks.push_back(id),
            Event::AwaitSuspended { promise, .. } => {
                self.awaits.insert(id, promise);
            }
            Event::AwaitResumed { suspended, .. } => {
                self.awaits.remove(&suspended);
            }
            Event::TimerStart { number, due, .. } => {
                let refed = self.timers.get(&number).is_none_or(|before| before.refed);
                self.timers.insert(number, Timer { number, due, start: id, refed });
            }
            Event::TimerStop { number, .. } => {
                self.timers.remove(&number);
            }
            Event::ImmediateStart { number, .. } => {
                self.immediates.push_back(Immediate { number, start: id, refed: true });
            }
            Event::ImmediateStop { number, .. } => {
                self.take_immediate(|immediate| immediate.number == number)
            }
            Event::Deferred { .. } => self.deferred.push_back(id),
            Event::RequestStart { number, .. } => {
                self.requests.insert(number, Request { start: id, pooled: false });
            }
            Event::PoolQueued { number, .. } => {
                if let Some(request) = self.requests.get_mut(&number) {
                    request.pooled = true;
                }
            }
            Event::RequestEnd { number, .. } => {
                self.requests.remove(&number);
            }
            Event::HandleRef { number, kind } => self.reference(kind, number, true),
            Event::HandleUnref { number, kind } => self.reference(kind, number, false),
            event => self.handle(id, event),
        }
    }

    fn reference(&mut self, kind: HandleKind, number: u32, refed: bool) {
        match kind {
            HandleKind::Timer => {
                if let Some(timer) = self.timers.get_mut(&number) {
                    timer.refed = refed;
                }
            }
            HandleKind::Immediate => {
                for immediate in self.immediates.iter_mut().filter(|immediate| immediate.number == number) {
                    immediate.refed = refed;
                }
            }
            _ => {}
        }
        if let Some(handle) = self.handles.get_mut(&(kind, number)) {
            handle.refed = refed;
        }
    }

    fn handle(&mut self, id: EventId, event: Event) {
        let fresh = |init| Handle { init, active: false, refed: true, closing: EventId::NONE };
        // These two are active as soon as they exist.
        let at_once = |kind| matches!(kind, HandleKind::Async | HandleKind::Io);
        match event {
            // What a timer is, its own events tell.
            Event::HandleInit { kind: HandleKind::Timer | HandleKind::Immediate, .. } => {}
            Event::HandleInit { number, kind, .. } => {
                self.handles.insert((kind, number), Handle { active: at_once(kind), ..fresh(id) });
            }
            Event::HandleStart { number, kind } => {
                self.handles.entry((kind, number)).or_insert_with(|| fresh(id)).active = true;
            }
            // A descriptor is forgotten when it is no longer watched.
            Event::HandleStop { number, kind: HandleKind::Io } => {
                self.handles.remove(&(HandleKind::Io, number));
            }
            Event::HandleStop { number, kind } => {
                if let Some(handle) = self.handles.get_mut(&(kind, number)) {
                    handle.active = false;
                }
            }
            Event::HandleClosing { number, kind } => {
                let handle = self.handles.entry((kind, number)).or_insert_with(|| fresh(id));
                (handle.active, handle.closing) = (false, id);
                if kind == HandleKind::Timer {
                    self.timers.remove(&number);
                }
            }
            Event::HandleClosed { number, kind } => {
                self.handles.remove(&(kind, number));
            }
            _ => {}
        }
    }
}

/// Takes an entry out of a queue. It is the first but for what was cut.
fn take(queue: &mut VecDeque<EventId>, entry: EventId) {
    if queue.front() == Some(&entry) {
        queue.pop_front();
    } else if let Some(at) = queue.iter().position(|waiting| *waiting == entry) {
        queue.remove(at);
    }
}
