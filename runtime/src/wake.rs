//! Wake-up handles: what other threads (ports, signals) use to have something done on the loop.

use crate::rt::{JobOutput, Rt, Task};
use crate::ticks::Callback;
use looplab_engine::Scope;
use looplab_event_loop::{AsyncId, Fired, Origin, Source, Waker};
use looplab_probe::{Pos, Probe};
use slab::Slab;
use std::rc::Rc;

/// What a wake-up handle does. Reports its callbacks itself.
pub(crate) type OnWake = Rc<dyn for<'s> Fn(&mut Scope<'s>, &Rc<Rt>, Woken)>;

/// Why it is called.
#[derive(Clone, Copy)]
pub(crate) enum Woken {
    /// Somebody woke it.
    Now(Callback),
    /// It was closed with [`close`]: the closing phase.
    Closed(Callback),
}

struct Row {
    id: AsyncId,
    on_wake: OnWake,
}

/// The wake-up handles of this runtime.
#[derive(Default)]
pub(crate) struct Wakes(Slab<Row>);

/// A wake-up handle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct WakeId(u32);

/// Makes a handle, which does not keep the loop alive until [`set_ref`] says so.
pub(crate) fn open(rt: &Rt, label: &str, pos: Pos, on_wake: OnWake) -> (WakeId, Waker) {
    let mut wakes = rt.wakes.borrow_mut();
    let slot = wakes.0.vacant_key() as u32;
    let origin = Origin { label: rt.probe.intern(label), pos, hidden: false };
    let (id, waker) = rt.with_loop(|lp| {
        let (id, waker) = lp.async_init(Task::Wake(slot), origin);
        lp.unref_handle(id);
        (id, waker)
    });
    wakes.0.insert(Row { id, on_wake });
    (WakeId(slot), waker)
}

/// Whether it keeps the loop alive.
pub(crate) fn set_ref(rt: &Rt, wake: WakeId, refed: bool) {
    if let Some(row) = rt.wakes.borrow().0.get(wake.0 as usize) {
        rt.with_loop(|lp| if refed { lp.ref_handle(row.id) } else { lp.unref_handle(row.id) });
    }
}

/// Closes it: `on_wake` is called once more, in the closing phase.
pub(crate) fn close(rt: &Rt, wake: WakeId) {
    if let Some(row) = rt.wakes.borrow().0.get(wake.0 as usize) {
        rt.with_loop(|lp| lp.close(row.id, Some(Task::Wake(wake.0))));
    }
}

/// The loop calls.
pub(crate) fn fire(s: &mut Scope<'_>, rt: &Rc<Rt>, slot: u32, fired: &Fired<JobOutput>) {
    let cb = Callback::new(fired.source.callback_kind(), fired.source.number(), fired.cause);
    let closed = matches!(fired.source, Source::Closed(_));
    let on_wake = match rt.wakes.borrow_mut().0.get_mut(slot as usize) {
        Some(row) => row.on_wake.clone(),
        _ => return,
    };
    if closed {
        rt.wakes.borrow_mut().0.try_remove(slot as usize);
    }
    s.nested(|s| on_wake(s, rt, if closed { Woken::Closed(cb) } else { Woken::Now(cb) }));
}
