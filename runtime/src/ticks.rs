//! process.nextTick and the rule by which ticks and microtasks are drained.

use crate::rt::Rt;
use crate::uncaught::{self, Origin};
use looplab_engine::{Args, Completion, Global, Local, Scope};
use looplab_probe::{CallbackKind, Event, EventId, Outcome, Pos, Probe as _, Str};
use std::collections::VecDeque;
use std::rc::Rc;

struct Tick {
    f: Global,
    args: Vec<Global>,
    /// Absent when undefined, as it nearly always is.
    context: Option<Global>,
    cause: EventId,
    number: u32,
}

/// The tick queue.
#[derive(Default)]
pub(crate) struct Ticks {
    queue: VecDeque<Tick>,
}

impl Ticks {
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

/// `process.nextTick(callback, ...args)`
pub(crate) fn next_tick<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = args.get(0);
    if !f.is_callable() {
        return Err(crate::errors::invalid_arg_type(s, "callback", "of type function", f));
    }
    let rt = Rt::of(s);
    enqueue(s, &rt, f, args.tail(1));
    Ok(s.undefined())
}

/// Calls a function with these arguments in the next tick.
pub(crate) fn enqueue(s: &mut Scope<'_>, rt: &Rt, f: Local<'_>, args: &[Local<'_>]) {
    if rt.exit.get().is_some() || rt.exit_emitted.get() {
        return;
    }
    let (number, cause) = if rt.records_jobs() { report_queued(s, rt, f) } else { (0, EventId::NONE) };
    let context = crate::continuation::capture(s, rt, "TickObject", None);
    let context = if context.is_undefined() { None } else { Some(s.global(context)) };
    let mut kept = Vec::new();
    if !args.is_empty() {
        kept.extend(args.iter().map(|&a| s.global(a)));
    }
    let tick = Tick { f: s.global(f), args: kept, context, cause, number };
    rt.ticks.borrow_mut().queue.push_back(tick);
}

/// Tells the log of a new tick; its number and the event.
fn report_queued(s: &mut Scope<'_>, rt: &Rt, f: Local<'_>) -> (u32, EventId) {
    let number = rt.next_number();
    let (label, _) = rt.describe(s, f);
    let pos = rt.here(s);
    (number, rt.emit(|_| Event::TickQueued { number, label, pos }))
}

/// All ticks, then all microtasks, again until both queues are empty; then unhandled rejections, which may make more.
pub(crate) fn drain(s: &mut Scope<'_>, rt: &Rc<Rt>) {
    if rt.ticks.borrow().is_empty() && !s.has_jobs() && rt.rejections.borrow().is_empty() {
        return;
    }
    if rt.records_jobs() {
        rt.emit_along(|p| Event::DrainBegin { after: p.current() });
    }
    let (mut ticks, mut microtasks) = (0, 0);
    loop {
        // Node looks at the microtasks after each tick as well: the queue of ticks is emptied first, then the other.
        while rt.exit.get().is_none() {
            let Some(tick) = rt.ticks.borrow_mut().queue.pop_front() else { break };
            ticks += 1;
            if !run_tick(s, rt, tick) && rt.exit.get().is_none() {
                // An error that a listener took ends this drain: what is left runs after the next callback, as in Node.
                return drained(rt, ticks, microtasks);
            }
        }
        microtasks += run_microtasks(s, rt);
        if rt.exit.get().is_some() {
            break;
        }
        if rt.ticks.borrow().is_empty() && !s.has_jobs() && !uncaught::process_rejections(s, rt) {
            break;
        }
    }
    drained(rt, ticks, microtasks);
}

fn drained(rt: &Rt, ticks: u32, microtasks: u32) {
    if rt.records_jobs() {
        rt.emit_along(|_| Event::DrainEnd { ticks, microtasks });
    }
}

/// False when it threw.
fn run_tick(s: &mut Scope<'_>, rt: &Rc<Rt>, tick: Tick) -> bool {
    s.nested(|s| {
        let f = s.take(tick.f);
        let mut args = Vec::new();
        if !tick.args.is_empty() {
            args.extend(tick.args.iter().map(|&g| s.take(g)));
        }
        let context = match tick.context {
            Some(g) => s.take(g),
            None => s.undefined(),
        };
        let this = s.undefined();
        let cb = Callback::new(CallbackKind::Tick, tick.number, tick.cause);
        crate::continuation::within(s, rt, context, true, |s| call(s, rt, cb, f, this, &args))
    })
}

/// Runs microtasks until none is left; how many.
pub(crate) fn run_microtasks(s: &mut Scope<'_>, rt: &Rc<Rt>) -> u32 {
    let mut n = 0;
    while rt.exit.get().is_none() {
        let Some(r) = s.nested(|s| {
            let r = s.run_job()?;
            if let Err(t) = r {
                uncaught::uncaught(s, rt, t, Origin::Exception);
            }
            s.end_job();
            Some(())
        }) else {
            break;
        };
        let () = r;
        n += 1;
    }
    n
}

/// A callback as the log sees it.
#[derive(Clone, Copy)]
pub(crate) struct Callback {
    pub(crate) kind: CallbackKind,
    pub(crate) number: u32,
    pub(crate) cause: EventId,
}

impl Callback {
    pub(crate) fn new(kind: CallbackKind, number: u32, cause: EventId) -> Callback {
        Callback { kind, number, cause }
    }
}

/// Calls a function as a callback of the loop: logged, errors handled. False when it threw.
pub(crate) fn call(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    cb: Callback,
    f: Local<'_>,
    this: Local<'_>,
    args: &[Local<'_>],
) -> bool {
    s.nested(|s| {
        let (f, this) = (s.adopt(f), s.adopt(this));
        let mut own = Vec::new();
        if !args.is_empty() {
            own.extend(args.iter().map(|&a| s.adopt(a)));
        }
        let recorded = rt.probe.is_some() && (cb.kind != CallbackKind::Tick || rt.records_jobs());
        let r = if recorded {
            let (label, pos) = rt.describe(s, f);
            let begin = begin(rt, cb, label, pos);
            let r = s.call(f, this, &own);
            end(rt, begin, r.is_ok());
            r
        } else {
            s.call(f, this, &own)
        };
        let ok = r.is_ok();
        if let Err(t) = r {
            uncaught::uncaught(s, rt, t, Origin::Exception);
        }
        ok
    })
}

/// Reports that a callback begins.
pub(crate) fn begin(rt: &Rc<Rt>, cb: Callback, label: Str, pos: Pos) -> EventId {
    crate::stop::check_limit(rt);
    rt.emit_begin(Event::CallbackBegin { kind: cb.kind, number: cb.number, label, pos, cause: cb.cause })
}

/// Reports that it is over.
pub(crate) fn end(rt: &Rt, begin: EventId, ok: bool) {
    rt.emit(|_| Event::CallbackEnd { begin, outcome: if ok { Outcome::Returned } else { Outcome::Threw } });
}
