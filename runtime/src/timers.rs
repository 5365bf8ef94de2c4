//! setTimeout, setInterval, setImmediate: Node's two levels.
//!
//! Timers of one duration stand in one list, in the order they were started; a queue of lists is ordered by when their first
//! timer is due (then by list id). One timer of the loop carries them all. `Timeout` objects hold only a number; the rest is
//! in a slab here, so that a million timers cost little.

use crate::continuation;
use crate::errors;
use crate::rt::{Lp, Rt, Task};
use crate::ticks::{self, Callback};
use looplab_engine::{Args, Class, Completion, Global, Key, Local, Scope};
use looplab_event_loop::{HookId, HookKind, Origin, TimeoutReason, TimerId, World};
use looplab_probe::{CallbackKind, Event, EventId, HandleKind};
use rustc_hash::FxHashMap;
use slab::Slab;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

const NONE: u32 = u32::MAX;
/// The longest delay: 2^31 − 1 ms. Longer ones count as 1.
pub(crate) const TIMEOUT_MAX: f64 = 2_147_483_647.0;

/// One started timer.
struct Entry {
    /// The Timeout object.
    object: Global,
    start: u64,
    after: u32,
    prev: u32,
    next: u32,
    repeat: bool,
    refed: bool,
    /// In a list.
    linked: bool,
    number: u32,
    cause: EventId,
    /// What it takes along ([`continuation`]), if anything.
    context: Option<Global>,
}

struct List {
    head: u32,
    tail: u32,
    expiry: u64,
    id: u32,
}

/// The timer lists.
pub(crate) struct Timers {
    entries: Slab<Entry>,
    lists: FxHashMap<u32, List>,
    queue: BTreeSet<(u64, u32, u32)>,
    next_list: u32,
    refs: u32,
    loop_timer: Option<TimerId>,
    /// When the loop's timer is set to go off.
    armed: Option<u64>,
    drain_after_phase: bool,
    /// A program has asked a timer for its number.
    numbered: bool,
    /// `Timeout.prototype`.
    proto: Option<Global>,
}

impl Timers {
    pub(crate) fn new(drain_after_phase: bool) -> Timers {
        Timers {
            entries: Slab::new(),
            lists: FxHashMap::default(),
            queue: BTreeSet::new(),
            next_list: 0,
            refs: 0,
            loop_timer: None,
            armed: None,
            drain_after_phase,
            numbered: false,
            proto: None,
        }
    }

    /// Timers that keep the loop alive.
    pub(crate) fn referenced(&self) -> u32 {
        self.refs
    }

    /// Appends an entry to the list of its duration; the list's expiry if the list is new.
    fn link(&mut self, k: u32, start: u64) -> Option<u64> {
        let after = self.entries[k as usize].after;
        let mut fresh = None;
        let list = match self.lists.get_mut(&after) {
            Some(l) => l,
            None => {
                let expiry = start + u64::from(after);
                self.next_list += 1;
                let id = self.next_list;
                self.queue.insert((expiry, id, after));
                fresh = Some(expiry);
                self.lists.entry(after).or_insert(List { head: NONE, tail: NONE, expiry, id })
            }
        };
        let tail = list.tail;
        list.tail = k;
        if tail == NONE {
            list.head = k;
        } else {
            self.entries[tail as usize].next = k;
        }
        let e = &mut self.entries[k as usize];
        (e.prev, e.next, e.start, e.linked) = (tail, NONE, start, true);
        fresh
    }

    fn unlink(&mut self, k: u32) {
        let e = &mut self.entries[k as usize];
        if !e.linked {
            return;
        }
        e.linked = false;
        let (prev, next, after) = (e.prev, e.next, e.after);
        if prev != NONE {
            self.entries[prev as usize].next = next;
        }
        if next != NONE {
            self.entries[next as usize].prev = prev;
        }
        if let Some(l) = self.lists.get_mut(&after) {
            if l.head == k {
                l.head = next;
            }
            if l.tail == k {
                l.tail = prev;
            }
        }
    }

    /// Drops the list of a duration if it is empty.
    fn drop_if_empty(&mut self, after: u32) {
        if let Some(l) = self.lists.get(&after)
            && l.head == NONE
        {
            self.queue.remove(&(l.expiry, l.id, after));
            self.lists.remove(&after);
        }
    }

    fn set_expiry(&mut self, after: u32, expiry: u64) {
        self.next_list += 1;
        let id = self.next_list;
        if let Some(l) = self.lists.get_mut(&after) {
            self.queue.remove(&(l.expiry, l.id, after));
            (l.expiry, l.id) = (expiry, id);
            self.queue.insert((expiry, id, after));
        }
    }
}

/// Sets up the loop's timer.
pub(crate) fn init(rt: &Rt) {
    let id = rt.with_loop(|lp| {
        let id = lp.timer_init(Task::Timers, Origin::HIDDEN);
        lp.unref_handle(id);
        id
    });
    rt.timers.borrow_mut().loop_timer = Some(id);
}

fn arm(lp: &mut Lp, t: &mut Timers, expiry: u64) {
    if let Some(id) = t.loop_timer {
        let delay = expiry.saturating_sub(lp.now()).max(1);
        lp.timer_start(id, delay, 0);
        t.armed = Some(expiry);
    }
}

fn change_refs(rt: &Rt, t: &mut Timers, by: i32) {
    let before = t.refs;
    t.refs = t.refs.saturating_add_signed(by);
    let Some(id) = t.loop_timer else { return };
    match (before, t.refs) {
        (0, 1..) => rt.with_loop(|lp| lp.ref_handle(id)),
        (1.., 0) => rt.with_loop(|lp| lp.unref_handle(id)),
        _ => true,
    };
}

/// Name and text of a warning.
type Warning = (&'static str, String);

/// The delay Node makes of a value: (milliseconds, the value was too large, negative, or NaN).
fn delay_of(s: &mut Scope<'_>, v: Local<'_>) -> Result<(u32, Option<Warning>), looplab_engine::Thrown> {
    s.nested(|s| {
        let v = s.adopt(v);
        if v.is_undefined() {
            return Ok((1, None));
        }
        let n = s.to_number(v)?;
        let rules = Rt::of(s).options.profile.rules();
        if !rules.warns_of_odd_delays && (n < 0.0 || n.is_nan()) {
            return Ok((1, None));
        }
        let shown = || if n == n.trunc() { format!("{n:.0}") } else { format!("{n}") };
        Ok(if n > TIMEOUT_MAX {
            let text = format!(
                "{} does not fit into a 32-bit signed integer.\nTimeout duration was set to 1.",
                shown()
            );
            (1, Some(("TimeoutOverflowWarning", text)))
        } else if n < 0.0 {
            let text = format!("{} is a negative number.\nTimeout duration was set to 1.", shown());
            (1, Some(("TimeoutNegativeWarning", text)))
        } else if n.is_nan() {
            (
                1,
                Some((
                    "TimeoutNaNWarning",
                    "NaN is not a number.\nTimeout duration was set to 1.".to_owned(),
                )),
            )
        } else {
            let whole = if rules.whole_delays { n.trunc() } else { n.ceil() };
            (whole.max(1.0) as u32, None)
        })
    })
}

/// Internal values of a Timeout: 0 callback, 1 array of arguments or undefined, 2 key of its entry or undefined.
const CALLBACK: usize = 0;
const ARGS: usize = 1;
const ENTRY: usize = 2;
/// Delay and whether it was ref'd (the lowest bit) when it was last running.
const LAST: usize = 3;

fn start<'s>(s: &mut Scope<'s>, args: &Args<'s>, repeat: bool) -> Completion<'s> {
    let f = args.get(0);
    if !f.is_callable() {
        return Err(errors::invalid_arg_type(s, "callback", "of type function", f));
    }
    let (after, warning) = delay_of(s, args.get(1))?;
    let rt = Rt::of(s);
    if let Some((name, text)) = warning {
        // Overflows are told each time, the others once.
        let told = name != "TimeoutOverflowWarning" && crate::modules::registered(s, name).is_true();
        if !told {
            let yes = s.bool(true);
            crate::modules::register_value(s, name, yes);
            crate::node::process::emit_warning(s, &text, name, None)?;
        }
    }
    let proto = timeout_proto(s, &rt);
    let object = s.new_object_of(Class::Host, proto);
    s.set_internal(object, CALLBACK, f);
    if args.len() > 2 {
        let rest = args.rest(2);
        let list = s.new_array(&rest);
        s.set_internal(object, ARGS, list);
    }
    insert(s, &rt, object, after, repeat, true);
    Ok(object)
}

/// From when a timer of this delay counts: now. Exploring, the machine may hold the program up just before.
fn start_time(lp: &mut Lp, after: u32) -> u64 {
    lp.world_mut().timer_starts(u64::from(after));
    lp.report_choices();
    lp.update_time();
    lp.now()
}

/// Tells the world that a timer is not waiting any more.
fn timer_ends(rt: &Rt, start: u64, after: u32) {
    rt.with_loop(|lp| lp.world_mut().timer_ends(start + u64::from(after), u64::from(after)));
}

/// `Timeout.prototype`.
fn timeout_proto<'s>(s: &mut Scope<'s>, rt: &Rt) -> Local<'s> {
    let proto = rt.timers.borrow().proto;
    match proto {
        Some(g) => s.open(g),
        None => s.undefined(),
    }
}

/// `Immediate.prototype`.
fn immediate_proto<'s>(s: &mut Scope<'s>, rt: &Rt) -> Local<'s> {
    let proto = rt.immediates.borrow().proto;
    match proto {
        Some(g) => s.open(g),
        None => s.undefined(),
    }
}

/// Starts a Timeout object.
fn insert<'s>(s: &mut Scope<'s>, rt: &Rc<Rt>, object: Local<'s>, after: u32, repeat: bool, refed: bool) {
    let number = if rt.probe.is_some() { rt.next_number() } else { 0 };
    let g = s.global(object);
    let context = continuation::capture(s, rt, "Timeout", Some(object));
    let context = (!context.is_undefined()).then(|| s.global(context));
    let t = &mut *rt.timers.borrow_mut();
    let now = rt.with_loop(|lp| start_time(lp, after));
    let cause = if rt.probe.is_some() {
        let f = s.internal(object, CALLBACK);
        let (label, _) = rt.describe(s, f);
        let pos = rt.here(s);
        let repeat = if repeat { after } else { 0 };
        rt.emit(|_| Event::TimerStart {
            number,
            delay: after,
            repeat,
            due: now + u64::from(after),
            label,
            pos,
        })
    } else {
        EventId::NONE
    };
    let entry = Entry {
        object: g,
        start: now,
        after,
        prev: NONE,
        next: NONE,
        repeat,
        refed,
        linked: false,
        number,
        cause,
        context,
    };
    let k = t.entries.insert(entry) as u32;
    let key = s.num(f64::from(k));
    s.set_internal(object, ENTRY, key);
    schedule(rt, t, k, now);
    if refed {
        change_refs(rt, t, 1);
    }
}

/// Links an entry and sets the loop's timer when it is now the first.
fn schedule(rt: &Rt, t: &mut Timers, k: u32, start: u64) {
    if let Some(expiry) = t.link(k, start)
        && t.armed.is_none_or(|a| expiry < a)
    {
        rt.with_loop(|lp| arm(lp, t, expiry));
    }
}

fn entry_of(s: &mut Scope<'_>, object: Local<'_>) -> Option<u32> {
    s.nested(|s| {
        let o = s.adopt(object);
        if !is_timeout(s, o) {
            return None;
        }
        s.internal(o, ENTRY).as_number().map(|n| n as u32)
    })
}

fn is_timeout<'s>(s: &mut Scope<'s>, v: Local<'s>) -> bool {
    if !v.is_class(Class::Host) {
        return false;
    }
    let rt = Rt::of(s);
    let proto = timeout_proto(s, &rt);
    matches!(s.get_prototype_of(v), Ok(p) if p.is_identical(proto))
}

fn cancel(s: &mut Scope<'_>, rt: &Rc<Rt>, k: u32) {
    let t = &mut *rt.timers.borrow_mut();
    if !t.entries.contains(k as usize) {
        return;
    }
    let was_linked = t.entries[k as usize].linked;
    t.unlink(k);
    let e = t.entries.remove(k as usize);
    s.nested(|s| {
        let o = s.open(e.object);
        keep_last(s, o, &e, t.numbered);
        // It will not be called any more, even if it is started again.
        let null = s.null();
        s.set_internal(o, CALLBACK, null);
        s.release(e.object);
    });
    drop_context(s, rt, e.context);
    if was_linked {
        timer_ends(rt, e.start, e.after);
        let pos = rt.here(s);
        rt.emit(|_| Event::TimerStop { number: e.number, pos });
        t.drop_if_empty(e.after);
    }
    if e.refed {
        change_refs(rt, t, -1);
    }
}

/// The number of a timer that is over leads nowhere, and does not keep it.
fn forget_number<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    let known: Key<'s> = s.key("_timerId");
    let number = match s.get_own_property(o, known) {
        Ok(Some(d)) => d.value.and_then(|v| v.as_number()),
        _ => None,
    };
    let Some(n) = number else { return };
    let ids = crate::modules::registered(s, "timer ids");
    let key = s.integer_key(n as u64);
    // An ordinary property can always be deleted.
    if let Err(t) = s.delete(ids, key) {
        s.caught(t);
    }
}

/// What is remembered of a timer that is not running any more.
fn keep_last<'s>(s: &mut Scope<'s>, o: Local<'s>, e: &Entry, numbered: bool) {
    if numbered {
        forget_number(s, o);
    }
    let (u, last) = (s.undefined(), s.num(f64::from(e.after) * 2.0 + f64::from(u8::from(e.refed))));
    s.set_internal(o, ENTRY, u);
    s.set_internal(o, LAST, last);
}

/// Delay of a timer that is not running any more, and whether it was ref'd.
fn last<'s>(s: &mut Scope<'s>, o: Local<'s>) -> Option<(u32, bool)> {
    let n = s.internal(o, LAST).as_number()?;
    Some(((n / 2.0) as u32, n % 2.0 == 1.0))
}

/// A cleared timer takes nothing along any more.
fn drop_context(s: &mut Scope<'_>, rt: &Rc<Rt>, context: Option<Global>) {
    let Some(g) = context else { return };
    s.nested(|s| {
        let c = s.open(g);
        s.release(g);
        continuation::dropped(s, rt, c);
    });
}

/// The loop's timer went off.
pub(crate) fn process(s: &mut Scope<'_>, rt: &Rc<Rt>) {
    let now = rt.with_loop(|lp| lp.now());
    rt.timers.borrow_mut().armed = None;
    let mut ran_one = false;
    while rt.exit.get().is_none() {
        let first = rt.timers.borrow().queue.first().copied();
        let Some((expiry, _, after)) = first else { break };
        if expiry > now {
            let t = &mut *rt.timers.borrow_mut();
            rt.with_loop(|lp| {
                lp.update_time();
                arm(lp, t, expiry);
            });
            break;
        }
        run_list(s, rt, after, now, &mut ran_one);
    }
}

/// Runs the due timers of one list. `ran_one`: a timer has run since the last drain.
fn run_list(s: &mut Scope<'_>, rt: &Rc<Rt>, after: u32, now: u64, ran_one: &mut bool) {
    loop {
        let drains = !rt.timers.borrow().drain_after_phase;
        let head = {
            let t = &mut *rt.timers.borrow_mut();
            let Some(l) = t.lists.get(&after) else { return };
            let head = l.head;
            if head == NONE {
                t.drop_if_empty(after);
                return;
            }
            let start = t.entries[head as usize].start;
            if now.saturating_sub(start) < u64::from(after) {
                t.set_expiry(after, (start + u64::from(after)).max(now + 1));
                return;
            }
            head
        };
        if std::mem::take(ran_one) && drains {
            ticks::drain(s, rt);
            if rt.exit.get().is_some() {
                return;
            }
            // The ticks may have cleared it.
            let t = rt.timers.borrow();
            if t.lists.get(&after).is_none_or(|l| l.head != head) {
                *ran_one = false;
                continue;
            }
        }
        // After a throw the next timer runs before the thrower's ticks, as in Node.
        *ran_one = fire(s, rt, head, now);
        if rt.exit.get().is_some() {
            return;
        }
    }
}

/// Runs one timer; false when it threw.
fn fire(s: &mut Scope<'_>, rt: &Rc<Rt>, k: u32, now: u64) -> bool {
    let (object, number, cause, late, repeat, started, after, context) = {
        let t = &mut *rt.timers.borrow_mut();
        t.unlink(k);
        let e = &t.entries[k as usize];
        let late = now.saturating_sub(e.start + u64::from(e.after));
        (e.object, e.number, e.cause, late, e.repeat, e.start, e.after, e.context)
    };
    rt.emit(|_| Event::TimerFire { number, late });
    timer_ends(rt, started, after);
    let restart_from = repeat.then(|| rt.with_loop(|lp| start_time(lp, after)));
    let ok = s.nested(|s| {
        let o = s.open(object);
        let f = s.internal(o, CALLBACK);
        let list = s.internal(o, ARGS);
        let args = if list.is_object() { s.dense_elements(list).unwrap_or_default() } else { Vec::new() };
        let context = match context {
            Some(g) => s.open(g),
            None => s.undefined(),
        };
        let cb = Callback::new(CallbackKind::Timer, number, cause);
        continuation::within(s, rt, context, !repeat, |s| ticks::call(s, rt, cb, f, o, &args))
    });
    let t = &mut *rt.timers.borrow_mut();
    // Cleared, or restarted (refresh), by its own callback.
    if t.entries.get(k as usize).is_none_or(|e| e.linked || e.number != number) {
        if let Some(start) = restart_from {
            timer_ends(rt, start, after);
        }
        return ok;
    }
    if t.entries[k as usize].repeat {
        let after = t.entries[k as usize].after;
        // Its own callback may have made it an interval.
        let start = restart_from.unwrap_or_else(|| rt.with_loop(|lp| start_time(lp, after)));
        report_restart(s, rt, object, number, (after, after), start);
        schedule(rt, t, k, start);
        return ok;
    }
    let e = t.entries.remove(k as usize);
    s.nested(|s| {
        let o = s.open(e.object);
        keep_last(s, o, &e, t.numbered);
        s.release(e.object);
        if let Some(g) = e.context {
            s.release(g);
        }
    });
    if e.refed {
        change_refs(rt, t, -1);
    }
    ok
}

/// Tells the log that a timer it knows has been started again, at `start`, for this delay and repeat interval.
fn report_restart(
    s: &mut Scope<'_>,
    rt: &Rt,
    object: Global,
    number: u32,
    (delay, repeat): (u32, u32),
    start: u64,
) {
    if rt.probe.is_none() {
        return;
    }
    s.nested(|s| {
        let o = s.open(object);
        let f = s.internal(o, CALLBACK);
        let (label, _) = rt.describe(s, f);
        let pos = rt.here(s);
        rt.emit(|_| Event::TimerStart { number, delay, repeat, due: start + u64::from(delay), label, pos });
    });
}

// ---- the functions of the script ----

fn set_timeout<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    start(s, args, false)
}

fn set_interval<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    start(s, args, true)
}

/// clearTimeout and clearInterval: takes the object, its number, or the number as a string.
fn clear_timeout<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let v = args.get(0);
    let k = if v.is_object() {
        entry_of(s, v)
    } else if v.is_number() || v.is_string() {
        let n = s.to_number(v)?;
        let ids = crate::modules::registered(s, "timer ids");
        let key = s.integer_key(if n >= 0.0 { n as u64 } else { u64::MAX >> 12 });
        let o = s.get(ids, key)?;
        entry_of(s, o)
    } else {
        None
    };
    if let Some(k) = k {
        cancel(s, &rt, k);
    }
    Ok(s.undefined())
}

/// `timeout[Symbol.toPrimitive]()`: a number that clearTimeout takes.
fn to_primitive<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let this = args.this();
    let known: Key<'s> = s.key("_timerId");
    if this.is_object() {
        let id = s.get(this, known)?;
        if id.is_number() {
            return Ok(id);
        }
        let n = rt.next_number();
        let id = s.num(f64::from(n));
        s.define_hidden(this, known, id);
        rt.timers.borrow_mut().numbered = true;
        let ids = crate::modules::registered(s, "timer ids");
        let key = s.integer_key(u64::from(n));
        s.set(ids, key, this)?;
        return Ok(id);
    }
    Ok(s.num(f64::NAN))
}

fn set_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>, refed: bool) -> Completion<'s> {
    let rt = Rt::of(s);
    if let Some(k) = entry_of(s, args.this()) {
        let t = &mut *rt.timers.borrow_mut();
        if let Some(e) = t.entries.get_mut(k as usize)
            && std::mem::replace(&mut e.refed, refed) != refed
        {
            let (number, kind) = (e.number, HandleKind::Timer);
            rt.emit(|_| match refed {
                true => Event::HandleRef { number, kind },
                false => Event::HandleUnref { number, kind },
            });
            change_refs(&rt, t, if refed { 1 } else { -1 });
        }
    }
    Ok(args.this())
}

fn timeout_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    set_ref(s, args, true)
}

fn timeout_unref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    set_ref(s, args, false)
}

fn has_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let k = entry_of(s, args.this());
    let yes = match k {
        Some(k) => rt.timers.borrow().entries.get(k as usize).is_some_and(|e| e.refed),
        None => is_timeout(s, args.this()) && last(s, args.this()).is_some_and(|(_, refed)| refed),
    };
    Ok(s.bool(yes))
}

/// `timeout.refresh()`: starts anew with the same delay.
fn refresh<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let this = args.this();
    if let Some(k) = entry_of(s, this) {
        let t = &mut *rt.timers.borrow_mut();
        if t.entries.contains(k as usize) {
            let e = &t.entries[k as usize];
            let (after, started, waiting) = (e.after, e.start, e.linked);
            // The list keeps its place in the queue, even if this was its only timer.
            t.unlink(k);
            if waiting {
                timer_ends(&rt, started, after);
            }
            let now = rt.with_loop(|lp| start_time(lp, after));
            let (object, number) = (t.entries[k as usize].object, t.entries[k as usize].number);
            let repeat = if t.entries[k as usize].repeat { after } else { 0 };
            report_restart(s, &rt, object, number, (after, repeat), now);
            schedule(&rt, t, k, now);
        }
        return Ok(this);
    }
    // Fired already: it is started again with its old delay.
    if is_timeout(s, this)
        && s.internal(this, CALLBACK).is_callable()
        && let Some((after, refed)) = last(s, this)
    {
        insert(s, &rt, this, after, false, refed);
    }
    Ok(this)
}

fn close<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    if let Some(k) = entry_of(s, args.this()) {
        cancel(s, &rt, k);
    }
    Ok(args.this())
}

// ---- immediates ----

struct Immediate {
    object: Global,
    number: u32,
    cause: EventId,
}

/// The immediates of the next check phase.
#[derive(Default)]
pub(crate) struct Immediates {
    queue: VecDeque<Immediate>,
    /// The batch that runs now, if a callback of it threw.
    rest: VecDeque<Immediate>,
    refs: u32,
    check: Option<HookId>,
    idle: Option<HookId>,
    /// `Immediate.prototype`.
    proto: Option<Global>,
}

impl Immediates {
    /// Immediates that keep the loop alive.
    pub(crate) fn referenced(&self) -> u32 {
        self.refs
    }
}

/// Internal value 2 of an Immediate: 0 cleared or run, 1 waiting and ref'd, 2 waiting and unref'd.
const STATE: usize = 2;
/// Internal value 3 of an Immediate: what it takes along.
const CONTEXT: usize = 3;

pub(crate) fn init_immediates(rt: &Rt) {
    let (check, idle) = rt.with_loop(|lp| {
        let check = lp.hook_init(HookKind::Check, Some(Task::Immediates), Origin::HIDDEN);
        lp.unref_handle(check);
        let idle = lp.hook_init(HookKind::Idle, None, Origin::HIDDEN);
        lp.name_idle(TimeoutReason::Immediates);
        (check, idle)
    });
    let i = &mut *rt.immediates.borrow_mut();
    (i.check, i.idle) = (Some(check), Some(idle));
}

fn change_immediate_refs(rt: &Rt, i: &mut Immediates, by: i32) {
    let before = i.refs;
    i.refs = i.refs.saturating_add_signed(by);
    let Some(idle) = i.idle else { return };
    match (before, i.refs) {
        (0, 1..) => rt.with_loop(|lp| lp.hook_start(idle)),
        (1.., 0) => rt.with_loop(|lp| lp.hook_stop(idle)),
        _ => true,
    };
}

fn set_immediate<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = args.get(0);
    if !f.is_callable() {
        return Err(errors::invalid_arg_type(s, "callback", "of type function", f));
    }
    let rt = Rt::of(s);
    let proto = immediate_proto(s, &rt);
    let o = s.new_object_of(Class::Host, proto);
    s.set_internal(o, CALLBACK, f);
    if args.len() > 1 {
        let rest = args.rest(1);
        let list = s.new_array(&rest);
        s.set_internal(o, ARGS, list);
    }
    let waiting = s.int(1);
    s.set_internal(o, STATE, waiting);
    let context = continuation::capture(s, &rt, "Immediate", Some(o));
    if !context.is_undefined() {
        s.set_internal(o, CONTEXT, context);
    }
    let number = if rt.probe.is_some() { rt.next_number() } else { 0 };
    let (label, _) = rt.describe(s, f);
    let pos = rt.here(s);
    let cause = rt.emit(|_| Event::ImmediateStart { number, label, pos });
    let object = s.global(o);
    let i = &mut *rt.immediates.borrow_mut();
    if i.queue.is_empty()
        && let Some(check) = i.check
    {
        rt.with_loop(|lp| lp.hook_start(check));
    }
    i.queue.push_back(Immediate { object, number, cause });
    change_immediate_refs(&rt, i, 1);
    Ok(o)
}

/// The check phase: runs the batch that was there when it began.
pub(crate) fn process_immediates(s: &mut Scope<'_>, rt: &Rc<Rt>) {
    let drains = !rt.timers.borrow().drain_after_phase;
    {
        let i = &mut *rt.immediates.borrow_mut();
        i.rest = std::mem::take(&mut i.queue);
    }
    let mut ran_one = false;
    while rt.exit.get().is_none() {
        if rt.immediates.borrow().rest.is_empty() {
            break;
        }
        if std::mem::take(&mut ran_one) && drains {
            ticks::drain(s, rt);
            if rt.exit.get().is_some() {
                return;
            }
        }
        let Some(im) = rt.immediates.borrow_mut().rest.pop_front() else { break };
        ran_one = s.nested(|s| {
            let o = s.open(im.object);
            s.release(im.object);
            let state = s.internal(o, STATE).as_int().unwrap_or(0);
            if state == 0 {
                return false;
            }
            let zero = s.int(0);
            s.set_internal(o, STATE, zero);
            if state == 1 {
                change_immediate_refs(rt, &mut rt.immediates.borrow_mut(), -1);
            }
            let f = s.internal(o, CALLBACK);
            let list = s.internal(o, ARGS);
            let args = if list.is_object() { s.dense_elements(list).unwrap_or_default() } else { Vec::new() };
            let context = s.internal(o, CONTEXT);
            let cb = Callback::new(CallbackKind::Immediate, im.number, im.cause);
            continuation::within(s, rt, context, true, |s| ticks::call(s, rt, cb, f, o, &args));
            true
        });
    }
    let i = &mut *rt.immediates.borrow_mut();
    if i.queue.is_empty()
        && let Some(check) = i.check
    {
        rt.with_loop(|lp| lp.hook_stop(check));
    }
}

fn clear_immediate<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let o = args.get(0);
    let proto = immediate_proto(s, &rt);
    if !o.is_class(Class::Host) || !s.get_prototype_of(o)?.is_identical(proto) {
        return Ok(s.undefined());
    }
    let state = s.internal(o, STATE).as_int().unwrap_or(0);
    if state != 0 {
        let zero = s.int(0);
        s.set_internal(o, STATE, zero);
        if state == 1 {
            change_immediate_refs(&rt, &mut rt.immediates.borrow_mut(), -1);
        }
        let pos = rt.here(s);
        rt.emit(|_| Event::ImmediateStop { number: 0, pos });
    }
    Ok(s.undefined())
}

fn immediate_set_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>, from: i32, to: i32) -> Completion<'s> {
    let rt = Rt::of(s);
    let o = args.this();
    if o.is_class(Class::Host) && s.internal(o, STATE).as_int() == Some(from) {
        let v = s.int(to);
        s.set_internal(o, STATE, v);
        change_immediate_refs(&rt, &mut rt.immediates.borrow_mut(), if to == 1 { 1 } else { -1 });
    }
    Ok(o)
}

fn immediate_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    immediate_set_ref(s, args, 2, 1)
}

fn immediate_unref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    immediate_set_ref(s, args, 1, 2)
}

fn immediate_has_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.this();
    let yes = o.is_class(Class::Host) && s.internal(o, STATE).as_int() == Some(1);
    Ok(s.bool(yes))
}

// ---- setting up ----

/// Defines the timer functions on an object (the global one, or `require('timers')`).
pub(crate) fn install<'s>(s: &mut Scope<'s>, target: Local<'s>) {
    for name in
        ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"]
    {
        let f = crate::modules::registered(s, name);
        let k = s.key(name);
        s.define_with(target, k, f, looplab_engine::ALL);
    }
}

/// Makes the functions and prototypes, once.
pub(crate) fn register(s: &mut Scope<'_>) {
    use crate::modules::register_value as put;
    let f = |s: &mut Scope<'_>, name: &str, n: u32, f: looplab_engine::NativeFn| {
        s.nested(|s| {
            let k = s.key(name);
            let f = s.function(k, n, f);
            put(s, name, f);
        });
    };
    f(s, "setTimeout", 2, set_timeout);
    f(s, "setInterval", 2, set_interval);
    f(s, "setImmediate", 1, set_immediate);
    for (name, other) in
        [("setTimeout", timeout_promise as looplab_engine::NativeFn), ("setImmediate", immediate_promise)]
    {
        s.nested(|s| {
            // What util.promisify gives for it.
            let d = s.str("nodejs.util.promisify.custom");
            let sym = s.symbol_for(d);
            if let Ok(k) = s.to_key(sym) {
                let nk = s.key(name);
                let g = s.function(nk, 0, other);
                let u = s.undefined();
                let target = crate::modules::registered(s, name);
                s.define_accessor(target, k, g, u, looplab_engine::ENUMERABLE);
            }
        });
    }
    f(s, "clearTimeout", 1, clear_timeout);
    f(s, "clearInterval", 1, clear_timeout);
    f(s, "clearImmediate", 1, clear_immediate);
    s.nested(|s| {
        let null = s.null();
        let ids = s.new_object_with_proto(null);
        put(s, "timer ids", ids);
        let timeout = s.new_object();
        class(s, timeout, "Timeout");
        s.method(timeout, "ref", 0, timeout_ref);
        s.method(timeout, "unref", 0, timeout_unref);
        s.method(timeout, "hasRef", 0, has_ref);
        s.method(timeout, "refresh", 0, refresh);
        s.method(timeout, "close", 0, close);
        for (k, f) in [
            (s.atoms().sym_to_primitive, to_primitive as looplab_engine::NativeFn),
            (s.atoms().sym_dispose, close),
        ] {
            let f = s.function(k, 0, f);
            s.define_hidden(timeout, k, f);
        }
        crate::timer_fields::timeout(s, timeout);
        let g = s.global(timeout);
        Rt::of(s).timers.borrow_mut().proto = Some(g);
        let immediate = s.new_object();
        class(s, immediate, "Immediate");
        s.method(immediate, "ref", 0, immediate_ref);
        s.method(immediate, "unref", 0, immediate_unref);
        s.method(immediate, "hasRef", 0, immediate_has_ref);
        let k = s.atoms().sym_dispose;
        let f = s.function(k, 0, immediate_dispose);
        s.define_hidden(immediate, k, f);
        crate::timer_fields::immediate(s, immediate);
        let g = s.global(immediate);
        Rt::of(s).immediates.borrow_mut().proto = Some(g);
    });
}

fn timeout_promise<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    promise_form(s, "setTimeout")
}

fn immediate_promise<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    promise_form(s, "setImmediate")
}

/// The function of `timers/promises` with this name.
fn promise_form<'s>(s: &mut Scope<'s>, name: &str) -> Completion<'s> {
    let rt = Rt::of(s);
    match crate::modules::builtin(s, &rt, "timers/promises")? {
        Some(m) => {
            let k = s.key(name);
            s.get(m, k)
        }
        None => Ok(s.undefined()),
    }
}

fn immediate_dispose<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let f = crate::modules::registered(s, "clearImmediate");
    let u = s.undefined();
    s.call(f, u, &[args.this()])
}

/// Gives a prototype a constructor that cannot be called from outside.
fn class<'s>(s: &mut Scope<'s>, proto: Local<'s>, name: &str) {
    let k = s.key(name);
    let ctor = s.function(k, 4, |s, _| Err(s.throw_type("Illegal constructor")));
    let p: Key<'s> = s.atoms().prototype.into();
    s.define_with(ctor, p, proto, 0);
    let c: Key<'s> = s.atoms().constructor.into();
    s.define_hidden(proto, c, ctor);
}

// ---- what the fields of Node's timer objects show ----

/// A Timeout as a program that looks into it sees it.
pub(crate) struct Seen {
    /// Milliseconds.
    pub(crate) after: u32,
    /// When it was last started, on the loop's clock.
    pub(crate) start: Option<u64>,
    pub(crate) repeat: bool,
    pub(crate) running: bool,
}

/// What is to be seen of a Timeout.
pub(crate) fn seen(s: &mut Scope<'_>, o: Local<'_>) -> Option<Seen> {
    let rt = Rt::of(s);
    if let Some(k) = entry_of(s, o)
        && let Some(e) = rt.timers.borrow().entries.get(k as usize)
    {
        let (after, start) = (e.after, Some(e.start));
        return Some(Seen { after, start, repeat: e.repeat, running: true });
    }
    let (after, _) = s.nested(|s| {
        let o = s.adopt(o);
        if is_timeout(s, o) { last(s, o) } else { None }
    })?;
    Some(Seen { after, start: None, repeat: false, running: false })
}

/// `timeout._repeat = ms`: from now on it starts again by itself.
pub(crate) fn set_repeat(s: &mut Scope<'_>, o: Local<'_>, repeat: Option<u32>) {
    let rt = Rt::of(s);
    if let Some(k) = entry_of(s, o)
        && let Some(e) = rt.timers.borrow_mut().entries.get_mut(k as usize)
    {
        (e.repeat, e.after) = (repeat.is_some(), repeat.unwrap_or(e.after));
    }
}

/// Callback (0), arguments (1) or, of an Immediate, state (2).
pub(crate) fn part<'s>(s: &mut Scope<'s>, o: Local<'s>, which: usize) -> Local<'s> {
    if o.is_class(Class::Host) { s.internal(o, which) } else { s.undefined() }
}
