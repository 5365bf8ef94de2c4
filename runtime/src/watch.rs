//! Things the loop watches for us for as long as they live: descriptors, wake-ups, closing handles. Each is a function that is
//! called with what happened. (Timers, immediates and pool requests have ways of their own.)

use crate::rt::{JobOutput, Rt, Task};
use crate::ticks::Callback;
use looplab_engine::Scope;
use looplab_event_loop::{Fired, Handle, Origin, Source};
use looplab_probe::Pos;
use looplab_probe::Probe;
use slab::Slab;
use std::rc::Rc;

/// Called whenever the loop has news of a watcher. Reports its callbacks itself ([`crate::ticks::call`]), since it knows whose
/// they are.
pub(crate) type WatchFn = dyn for<'s> Fn(&mut Scope<'s>, &Rc<Rt>, Callback, &Source<JobOutput>);

/// All watchers of a runtime, by number.
pub(crate) type Watchers = Slab<Rc<WatchFn>>;

/// Keeps a function under a number; the task that calls it.
pub(crate) fn add(rt: &Rt, f: Rc<WatchFn>) -> u32 {
    rt.watchers.borrow_mut().insert(f) as u32
}

/// Forgets it.
pub(crate) fn remove(rt: &Rt, key: u32) {
    rt.watchers.borrow_mut().try_remove(key as usize);
}

/// Where and by what name a watcher was asked for, for the log.
pub(crate) fn origin(rt: &Rt, label: &str, pos: Pos) -> Origin {
    Origin { label: rt.probe.intern(label), pos, hidden: false }
}

/// Calls `f` once in the closing phase.
pub(crate) fn call_closed(
    rt: &Rc<Rt>,
    label: &str,
    pos: Pos,
    f: impl for<'s> FnOnce(&mut Scope<'s>, &Rc<Rt>, Callback) + 'static,
) {
    let once = std::cell::Cell::new(Some(f));
    let key = add(
        rt,
        Rc::new(move |s, rt, cb, _| {
            if let Some(f) = once.take() {
                f(s, rt, cb);
            }
        }),
    );
    rt.with_loop(|lp| lp.defer_close(Task::Watch(key), origin(rt, label, pos)));
}

/// The loop has news.
pub(crate) fn fire(s: &mut Scope<'_>, rt: &Rc<Rt>, key: u32, fired: Fired<JobOutput>) {
    let Some(f) = rt.watchers.borrow().get(key as usize).cloned() else { return };
    let cb = Callback::new(fired.source.callback_kind(), fired.source.number(), fired.cause);
    if matches!(fired.source, Source::Closed(Handle::Foreign(_))) {
        remove(rt, key);
    }
    s.nested(|s| f(s, rt, cb, &fired.source));
}
