//! What the engine asks of us: modules, rejections, clocks, randomness; and what it reports to the log.

use crate::rt::Rt;
use crate::steps::Steps;
use crate::uncaught;
use looplab_engine::{
    EngineProbe, HeapStats, Host, JobKind, Leave, Local, ModuleId, Place, PromiseHook, Scope, Settled,
    StatementAt, Thrown,
};
use looplab_event_loop::World;
use looplab_probe::{CallbackKind, Event, EventId, Outcome, Probe, ReactionKind, Settlement, Str};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The services.
pub(crate) struct RtHost(pub(crate) Rc<Rt>);

impl Host for RtHost {
    fn dynamic_import<'s>(
        &self,
        s: &mut Scope<'s>,
        referrer: &str,
        specifier: Local<'s>,
        options: Local<'s>,
        promise: Local<'s>,
    ) -> Result<(), Thrown> {
        crate::modules::esm::dynamic_import(s, &self.0, referrer, specifier, options, promise)
    }

    fn import_meta<'s>(&self, s: &mut Scope<'s>, meta: Local<'s>, module: ModuleId) -> Result<(), Thrown> {
        crate::modules::esm::import_meta(s, meta, module)
    }

    fn rejection_tracker<'s>(&self, s: &mut Scope<'s>, promise: Local<'s>, handled: bool) {
        uncaught::track(s, &self.0, promise, handled);
    }

    fn now_ms(&self) -> f64 {
        self.0.with_loop(|lp| (lp.world_mut().wall() / 1_000_000) as f64)
    }

    fn random_u64(&self) -> u64 {
        self.0.with_loop(|lp| lp.world_mut().random())
    }

    fn tz_offset_ms(&self, t: f64, is_utc: bool) -> f64 {
        self.0.zone().offset(t, is_utc)
    }

    fn tz_name(&self, t: f64) -> String {
        self.0.zone().name(t)
    }

    fn block_ms(&self, ms: f64) {
        let nanos = (ms.is_finite()).then(|| (ms.max(0.0) * 1e6) as u64);
        self.0.with_loop(|lp| lp.world_mut().block(nanos));
    }
}

/// Reports jobs to the log.
pub(crate) struct RtProbe {
    rt: Rc<Rt>,
    /// `callback-begin` events of the jobs that run now.
    begun: RefCell<Vec<EventId>>,
    /// The `collection-begin` of the collection that runs now.
    collection: Cell<EventId>,
    steps: Steps,
}

/// An event as the number that the engine keeps for it: 0 for none.
fn handle_of(id: EventId) -> u32 {
    id.index().map_or(0, |i| i as u32 + 1)
}

fn event_of(handle: u32) -> EventId {
    if handle == 0 { EventId::NONE } else { EventId::new(handle as usize - 1) }
}

impl RtProbe {
    pub(crate) fn new(rt: Rc<Rt>) -> RtProbe {
        let max = rt.options.record.as_ref().map_or(0, |options| options.max_events);
        RtProbe { rt, begun: RefCell::default(), collection: Cell::default(), steps: Steps::new(max) }
    }

    /// The log, as long as the callback under way may record statements. It may see them without: where each takes its time.
    fn recording(&self) -> Option<&looplab_probe::Recorder> {
        self.rt.probe.as_ref().filter(|log| self.steps.are_open(log))
    }
}

impl EngineProbe for RtProbe {
    fn job_queued<'s>(&self, s: &mut Scope<'s>, kind: JobKind, callback: Local<'s>, promise: u32) -> u32 {
        let (label, at) = self.rt.describe(s, callback);
        let here = self.rt.here(s);
        let number = self.rt.next_number();
        let id = self.rt.emit(|_| match kind {
            JobKind::Callback => Event::MicrotaskQueued { number, label, pos: here },
            JobKind::Reaction => {
                Event::ReactionQueued { number, kind: ReactionKind::Then, promise, label, pos: at }
            }
            JobKind::Resume => {
                Event::ReactionQueued { number, kind: ReactionKind::Await, promise, label, pos: at }
            }
            JobKind::Thenable => {
                Event::ReactionQueued { number, kind: ReactionKind::Thenable, promise, label, pos: at }
            }
        });
        handle_of(id)
    }

    fn job_begin<'s>(&self, s: &mut Scope<'s>, kind: JobKind, id: u32, callback: Local<'s>) {
        let (label, pos) = self.rt.describe(s, callback);
        let kind = match kind {
            JobKind::Callback => CallbackKind::Microtask,
            JobKind::Reaction => CallbackKind::Reaction,
            JobKind::Resume => CallbackKind::AsyncHop,
            JobKind::Thenable => CallbackKind::Thenable,
        };
        let cause = event_of(id);
        crate::stop::check_limit(&self.rt);
        let begin = self.rt.emit_begin(Event::CallbackBegin { kind, number: 0, label, pos, cause });
        self.begun.borrow_mut().push(begin);
    }

    fn job_end(&self, _: u32) {
        if let Some(begin) = self.begun.borrow_mut().pop() {
            self.rt.emit(|_| Event::CallbackEnd { begin, outcome: Outcome::Returned });
        }
    }

    fn promise_created<'s>(&self, s: &mut Scope<'s>, promise: u32, parent: u32) {
        let pos = self.rt.here(s);
        self.rt.emit(|_| Event::PromiseCreated { promise, parent, pos });
    }

    fn promise_settled<'s>(&self, s: &mut Scope<'s>, promise: u32, how: Settled) {
        let pos = self.rt.here(s);
        let (settlement, follows) = match how {
            Settled::Fulfilled => (Settlement::Fulfilled, 0),
            Settled::Rejected => (Settlement::Rejected, 0),
            Settled::Follows(other) => (Settlement::Adopted, other),
        };
        self.rt.emit(|_| Event::PromiseResolved { promise, settlement, follows, pos });
    }

    fn hooks_promises(&self) -> bool {
        self.rt.promise_hook.get().is_some()
    }

    fn promise_hook<'s>(&self, s: &mut Scope<'s>, what: PromiseHook, promise: Local<'s>, parent: Local<'s>) {
        crate::continuation::tell_of_promise(s, &self.rt, what, promise, parent);
    }

    fn await_suspended(&self, place: Place, promise: u32) -> u32 {
        let Some(p) = &self.rt.probe else { return 0 };
        if place.script().starts_with("node:") {
            return 0;
        }
        let pos = self.rt.places.of(p, place);
        handle_of(self.rt.emit_along(|_| Event::AwaitSuspended { promise, label: Str::NONE, pos }))
    }

    fn await_resumed(&self, promise: u32, suspended: u32, rejected: bool) {
        let settlement = if rejected { Settlement::Rejected } else { Settlement::Fulfilled };
        self.rt.emit_along(|_| Event::AwaitResumed { promise, suspended: event_of(suspended), settlement });
    }

    fn collection_begin(&self, used: usize) {
        self.collection.set(self.rt.emit(|_| Event::CollectionBegin { used: used as u64 }));
    }

    fn collection_end(&self, stats: HeapStats) {
        let begin = self.collection.take();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.rt.emit(|_| Event::CollectionEnd {
            begin,
            roots: count(stats.roots),
            marked: count(stats.marked),
            swept: count(stats.swept),
            used: stats.used as u64,
            committed: stats.committed as u64,
        });
    }

    fn wants_statements(&self) -> bool {
        let recorded = self.rt.probe.as_ref().is_some_and(|log| self.steps.wanted(log));
        recorded || self.rt.paces()
    }

    fn follows(&self, source: &str) -> bool {
        !source.starts_with("node:")
    }

    fn text(&self, text: &str) -> u32 {
        self.rt.probe.intern(text).number()
    }

    fn statement(&self, at: StatementAt) -> bool {
        let paced = self.rt.paces();
        if paced {
            let cost = self.rt.options.simulation.cpu;
            self.rt.with_loop(|lp| lp.world_mut().spend(cost));
        }
        let recorded = self.recording().is_some_and(|log| self.steps.statement(log, at));
        recorded || paced
    }

    fn frame_enter(&self, name: u32, at: StatementAt, resumed: bool) {
        if let Some(log) = self.recording() {
            self.steps.enter(log, name, at, resumed);
        }
    }

    fn frame_leave(&self, how: Leave, value: u32) {
        if let Some(log) = self.recording() {
            self.steps.leave(log, how, value);
        }
    }

    fn variable(&self, closure: bool, name: u32, value: Option<u32>) {
        if let Some(log) = self.recording() {
            self.steps.variable(log, closure, name, value);
        }
    }

    fn thrown(&self, value: u32, at: Option<StatementAt>) {
        if let Some(log) = self.recording() {
            self.steps.thrown(log, value, at);
        }
    }
}
