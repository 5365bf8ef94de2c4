//! Runs the loop's tasks: lends the loop to natives while JavaScript runs, and drains ticks and microtasks after each callback.

use crate::node::net;
use crate::rt::{JobOutput, Lp, Rt, RtWorld, Task};
use crate::{ticks, timers};
use looplab_engine::Vm;
use looplab_event_loop::{Driver, Fired, Phase, Source};
use looplab_probe::{CallbackKind, Recorder};
use std::ops::ControlFlow;
use std::rc::Rc;

/// The engine, the loop, and what they share.
pub(crate) struct Machine {
    pub(crate) vm: Box<Vm>,
    pub(crate) rt: Rc<Rt>,
    pub(crate) lp: Option<Box<Lp>>,
    /// A callback that is not a timer or immediate has run in this phase (profiles that drain between phases).
    drain_between: bool,
}

impl Machine {
    pub(crate) fn new(vm: Box<Vm>, rt: Rc<Rt>) -> Machine {
        let drain_between = rt.options.profile.rules().drain_after_phase;
        Machine { vm, rt, lp: None, drain_between }
    }

    /// Runs `f` in the engine with the loop lent to natives.
    pub(crate) fn enter<R>(
        &mut self,
        f: impl for<'s> FnOnce(&mut looplab_engine::Scope<'s>, &Rc<Rt>) -> R,
    ) -> R {
        let rt = self.rt.clone();
        if let Some(lp) = self.lp.take() {
            rt.swap_loop(Some(lp));
        }
        self.vm.enter(|s| f(s, &rt))
    }

    /// Takes the loop back from the natives.
    pub(crate) fn take_loop(&mut self) {
        if self.lp.is_none() {
            self.lp = self.rt.swap_loop(None);
        }
    }

    fn flow(&self) -> ControlFlow<()> {
        if self.rt.exit.get().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Driver for Machine {
    type Task = Task;
    type World = RtWorld;
    type Probe = Option<Recorder>;

    fn lp(&mut self) -> &mut Lp {
        self.lp.as_mut().expect("the loop is here between callbacks")
    }

    fn run(&mut self, task: Task, fired: Fired<JobOutput>) -> ControlFlow<()> {
        self.vm.collect_if_due();
        let drains = !(self.drain_between && matches!(task, Task::Timers | Task::Immediates));
        let turn = self.lp().turns();
        self.enter(|s, rt| {
            if rt.options.heap.is_some() {
                crate::heap::turn(s, rt, turn);
            }
            match task {
                Task::Timers => timers::process(s, rt),
                Task::Immediates => timers::process_immediates(s, rt),
                Task::Request(key) => finish_request(s, rt, key, fired),
                Task::Later(key) => finish_later(s, rt, key, &fired),
                Task::Watch(key) => crate::watch::fire(s, rt, key, fired),
                Task::Socket(key) => {
                    if let Source::Io(id, readiness) = fired.source {
                        net::ready(s, rt, key, id.number(), fired.cause, readiness);
                    }
                }
                Task::SocketLater(key, what) => net::later(s, rt, key, what, fired.cause),
                Task::SocketClosed(key) => net::closed(s, rt, key, fired.cause),
                Task::Wake(key) => crate::wake::fire(s, rt, key, &fired),
                Task::Input => crate::node::stdio_native::ready(s, rt, fired.cause),
                Task::Stop => crate::stop::obey(rt),
            }
            if drains && rt.exit.get().is_none() {
                ticks::drain(s, rt);
            }
            crate::finalize::notice(s, rt);
        });
        self.take_loop();
        self.flow()
    }

    fn after_phase(&mut self, _: Phase, _: u32) -> ControlFlow<()> {
        if self.drain_between {
            self.enter(ticks::drain);
            self.take_loop();
        }
        self.flow()
    }
}

/// Calls what was put off to this poll phase.
fn finish_later(s: &mut looplab_engine::Scope<'_>, rt: &Rc<Rt>, key: u32, fired: &Fired<JobOutput>) {
    let Some(f) = rt.later.borrow_mut().try_remove(key as usize) else { return };
    let cb = ticks::Callback::new(CallbackKind::Pool, 0, fired.cause);
    s.nested(|s| f(s, rt, cb));
}

/// Hands a pool job's result to whoever asked for it.
fn finish_request(s: &mut looplab_engine::Scope<'_>, rt: &Rc<Rt>, key: u32, fired: Fired<JobOutput>) {
    let Some(complete) = rt.requests.borrow_mut().try_remove(key as usize) else { return };
    let (number, result) = match fired.source {
        Source::Request(id, r) => (id.number(), r),
        // The pool would not take it.
        _ => (0, Err(looplab_event_loop::JobError::Cancelled)),
    };
    let cb = ticks::Callback::new(CallbackKind::Pool, number, fired.cause);
    s.nested(|s| complete(s, rt, cb, result));
}
