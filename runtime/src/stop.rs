//! Ending a program from outside: a recording must end even if the program doesn't.

use crate::rt::{Rt, Task};
use looplab_engine::{Interrupt, Scope};
use looplab_event_loop::{Origin, Waker};
use looplab_probe::{Event, Probe, StopReason};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The exit code of a program that was stopped: what the shell makes of an interrupt.
const STOPPED: i32 = 130;

/// Ends the program it was given to ([`crate::Options::stop`]). From any thread; clones are the same switch.
///
/// The script is interrupted at its next call or backward jump, a waiting loop is woken. Nothing of the script runs after that, not
/// even 'exit' listeners; the log says so (`recording-stopped`).
#[derive(Clone, Default)]
pub struct StopSwitch(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    asked: Option<StopReason>,
    interrupt: Option<Interrupt>,
    waker: Option<Waker>,
}

impl std::fmt::Debug for StopSwitch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StopSwitch({:?})", self.asked())
    }
}

impl StopSwitch {
    /// A switch that nobody has used yet.
    pub fn new() -> StopSwitch {
        StopSwitch::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Whoever panicked left nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the program, now or as soon as it begins. The first reason counts.
    pub fn stop(&self, why: StopReason) {
        let mut inner = self.inner();
        inner.asked.get_or_insert(why);
        if let Some(interrupt) = &inner.interrupt {
            interrupt.request();
        }
        if let Some(waker) = &inner.waker {
            waker.wake();
        }
    }

    /// Why the program was told to end, if it was.
    pub fn asked(&self) -> Option<StopReason> {
        self.inner().asked
    }
}

/// Connects the switch with the program.
pub(crate) fn attach(s: &mut Scope<'_>, rt: &Rt) {
    let Some(switch) = &rt.options.stop else { return };
    let waker = rt.with_loop(|lp| {
        let (id, waker) = lp.async_init(Task::Stop, Origin::HIDDEN);
        lp.unref_handle(id);
        waker
    });
    let asked = {
        let mut inner = switch.inner();
        (inner.interrupt, inner.waker) = (Some(s.vm().interrupt()), Some(waker));
        inner.asked
    };
    if let Some(why) = asked {
        switch.stop(why);
    }
}

/// The program was told to end, and does.
pub(crate) fn obey(rt: &Rt) {
    if let Some(why) = rt.options.stop.as_ref().and_then(StopSwitch::asked)
        && rt.exit.get().is_none()
    {
        rt.emit(|_| Event::RecordingStopped { why });
        rt.exit.set(Some(STOPPED));
    }
}

/// Before each callback: a program that may be stopped is, when its recording is full.
pub(crate) fn check_limit(rt: &Rc<Rt>) {
    if let (Some(switch), Some(log)) = (&rt.options.stop, &rt.probe)
        && !log.wants(looplab_probe::Group::Callback)
        && log.read(|log| log.is_full())
        && switch.asked().is_none()
    {
        switch.stop(StopReason::Limit);
    }
}
