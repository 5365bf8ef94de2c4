//! FinalizationRegistry: after a collection the callbacks run on the loop, each as a callback of its own.
//!
//! They do not keep the loop alive. What a collection near the end leaves waiting still runs before 'beforeExit'.

use crate::rt::Rt;
use crate::ticks::{self, Callback};
use crate::wake::{self, WakeId, Woken};
use looplab_engine::Scope;
use looplab_event_loop::Waker;
use looplab_probe::{CallbackKind, EventId, Pos};
use std::rc::Rc;

/// The handle that has the loop come back for finalisations, once there was one.
pub(crate) type Handle = (WakeId, Waker);

/// Asks the loop to come back if the collector has left something to do.
pub(crate) fn notice(s: &mut Scope<'_>, rt: &Rc<Rt>) {
    if !s.has_cleanup() || rt.exit.get().is_some() {
        return;
    }
    let mut slot = rt.finalizer.borrow_mut();
    let (_, waker) = slot.get_or_insert_with(|| {
        let on_wake: wake::OnWake = Rc::new(|s, rt, woken| {
            if let Woken::Now(cb) = woken {
                run(s, rt, cb);
            }
        });
        wake::open(rt, "FinalizationRegistry", Pos::NONE, on_wake)
    });
    waker.wake();
}

/// Runs what is waiting at the end of the loop.
pub(crate) fn finish(s: &mut Scope<'_>, rt: &Rc<Rt>) {
    run(s, rt, Callback::new(CallbackKind::Wake, 0, EventId::NONE));
}

fn run(s: &mut Scope<'_>, rt: &Rc<Rt>, cb: Callback) {
    while rt.exit.get().is_none() {
        let found = s.nested(|s| {
            let Some((registry, held)) = s.next_cleanup() else { return false };
            let f = s.internal(registry, CALLBACK);
            let u = s.undefined();
            ticks::call(s, rt, cb, f, u, &[held]);
            true
        });
        if !found {
            return;
        }
        if rt.exit.get().is_none() {
            ticks::drain(s, rt);
        }
    }
}

/// The internal value of a registry that holds its callback.
const CALLBACK: usize = 0;
