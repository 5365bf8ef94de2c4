//! Wake-up handles: what other threads (ports, signals) use to have something done on the loop.

use crate::rt::{JobOutput, Rt, Task};
use crate::ticks::Callback;
use looplab_engine::Scope;
use looplab_event_loop::{AsyncId, Fired, Interest, IoId, Origin, Source, SourceFd, Waker};
use looplab_probe::{Pos, Probe};
use slab::Slab;
use std::os::fd::RawFd;
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

enum Id {
    Async(AsyncId),
    Io(IoId),
}

struct Row {
    id: Id,
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
    wakes.0.insert(Row { id: Id::Async(id), on_wake });
    (WakeId(slot), waker)
}

/// Watches a descriptor for something to read, without keeping the loop alive. Edge-triggered: read until it would block.
///
/// # Errors
/// The system's; a simulated world watches nothing.
pub(crate) fn watch(rt: &Rt, fd: RawFd, label: &str, on_wake: OnWake) -> std::io::Result<WakeId> {
    let mut wakes = rt.wakes.borrow_mut();
    let slot = wakes.0.vacant_key() as u32;
    let origin = Origin { label: rt.probe.intern(label), pos: Pos::NONE, hidden: true };
    let id = rt.with_loop(|lp| {
        let id = lp.io_start(&mut SourceFd(&fd), Interest::READABLE, Task::Wake(slot), origin)?;
        lp.unref_handle(id);
        Ok::<_, std::io::Error>(id)
    })?;
    wakes.0.insert(Row { id: Id::Io(id), on_wake });
    Ok(WakeId(slot))
}

/// Whether it keeps the loop alive.
pub(crate) fn set_ref(rt: &Rt, wake: WakeId, refed: bool) {
    if let Some(row) = rt.wakes.borrow().0.get(wake.0 as usize) {
        rt.with_loop(|lp| match row.id {
            Id::Async(id) if refed => lp.ref_handle(id),
            Id::Async(id) => lp.unref_handle(id),
            Id::Io(id) if refed => lp.ref_handle(id),
            Id::Io(id) => lp.unref_handle(id),
        });
    }
}

/// Closes a handle of [`open`]: `on_wake` is called once more, in the closing phase.
pub(crate) fn close(rt: &Rt, wake: WakeId) {
    if let Some(Row { id: Id::Async(id), .. }) = rt.wakes.borrow().0.get(wake.0 as usize) {
        rt.with_loop(|lp| lp.close(*id, Some(Task::Wake(wake.0))));
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
