//! Logs to look at: one of a script as the runtime records it, one of a Rust program in the simulated world.
#![allow(dead_code, reason = "every test binary uses its own part of this module")]

use looplab_event_loop::{AnyJob, EventLoop, JobInfo, Profile, SimOptions, SimWorld, World};
use looplab_probe::*;
use looplab_runtime::Script;
use std::cell::Cell;
use std::rc::Rc;

/// The script that [`script_log`] is the log of.
pub const SCRIPT: &str = "const fs = require('fs');

console.log('main: the script itself, before the loop turns');

fs.stat(__filename, function answered() {
  setTimeout(() => console.log('timers: a timeout'), 1);
  setImmediate(() => console.log('check: an immediate'));
  process.nextTick(() => console.log('tick: process.nextTick'));
  other();
});

async function other() {
  const value = await Promise.resolve(1);
  console.error(`awaited ${value}`);
}
setTimeout(() => {}, 5000).unref();
";

/// The scripts of [`script_log`].
pub fn scripts() -> Vec<Script> {
    vec![Script { id: 1, name: "/app/phases.js".into(), text: SCRIPT.into() }]
}

/// Writes a log event by event.
pub struct Player {
    recorder: Recorder,
    clock: Rc<Cell<u64>>,
    script: Str,
}

impl Player {
    pub fn new(options: Options) -> Player {
        let clock = Rc::new(Cell::new(0));
        let time = clock.clone();
        let recorder = Recorder::new(options, Box::new(move || time.get()));
        let script = recorder.intern("/app/phases.js");
        Player { recorder, clock, script }
    }

    pub fn emit(&self, event: Event) -> EventId {
        self.recorder.emit(event)
    }

    pub fn emit_at(&self, t: u64, event: Event) -> EventId {
        self.recorder.emit_at(t, event)
    }

    pub fn wait(&self, micros: u64) {
        self.clock.set(self.clock.get() + micros * 1_000);
    }

    pub fn at(&self, line: u32, column: u32) -> Pos {
        Pos { script: self.script, line, column }
    }

    pub fn text(&self, text: &str) -> Str {
        self.recorder.intern(text)
    }

    pub fn begin(&self, kind: CallbackKind, number: u32, label: &str, pos: Pos, cause: EventId) -> EventId {
        let label = self.text(label);
        self.emit(Event::CallbackBegin { kind, number, label, pos, cause })
    }

    pub fn end(&self, begin: EventId) {
        self.emit(Event::CallbackEnd { begin, outcome: Outcome::Returned });
    }

    pub fn print(&self, stream: StdStream, text: &str) {
        let text = self.text(text);
        self.emit(Event::Console { stream, text });
    }

    pub fn take(self) -> Log {
        self.recorder.take()
    }
}

/// The log of [`SCRIPT`].
pub fn script_log(options: Options) -> Log {
    let p = Player::new(options);
    let stat = main_script(&p);
    p.emit(Event::LoopStart { profile: 24, simulated: true, mode: RunMode::Default });
    p.emit(Event::TurnBegin { turn: 1 });
    p.emit(Event::PollBegin { timeout: -1, why: TimeoutReason::Infinite });
    p.wait(200);
    p.emit(Event::PollEnd { ready: 1, waited: 200_000 });
    p.emit(Event::PhaseBegin { phase: Phase::Poll, ready: 1 });
    p.emit_at(0, Event::PoolStarted { number: 1, worker: 0, wait: 0 });
    p.emit_at(200_000, Event::PoolFinished { number: 1, worker: 0, run: 200_000 });
    p.emit(Event::RequestEnd { number: 1, end: RequestEnd::Done });
    let [timer, immediate] = answered(&p, stat);
    p.emit(Event::PhaseEnd { phase: Phase::Poll, ran: 1 });
    p.emit(Event::PhaseBegin { phase: Phase::Check, ready: 1 });
    let begin = p.begin(CallbackKind::Immediate, 1, "", p.at(7, 16), immediate);
    p.print(StdStream::Stdout, "check: an immediate\n");
    p.end(begin);
    p.emit(Event::PhaseEnd { phase: Phase::Check, ran: 1 });
    p.emit(Event::Choice { kind: ChoiceKind::TimerDue, options: 2, taken: 0 });
    p.emit(Event::TurnEnd { turn: 1, alive: true });
    p.emit(Event::TurnBegin { turn: 2 });
    p.emit(Event::PollBegin { timeout: 1, why: TimeoutReason::NextTimer });
    p.wait(2_800);
    p.emit(Event::PollEnd { ready: 0, waited: 2_800_000 });
    p.emit(Event::PhaseBegin { phase: Phase::Timers, ready: 1 });
    p.emit(Event::TimerFire { number: 2, late: 2 });
    let begin = p.begin(CallbackKind::Timer, 2, "", p.at(6, 14), timer);
    p.wait(1_500);
    p.print(StdStream::Stdout, "timers: a timeout\n");
    p.end(begin);
    p.emit(Event::PhaseEnd { phase: Phase::Timers, ran: 1 });
    p.emit(Event::TurnEnd { turn: 2, alive: false });
    p.emit(Event::LoopEnd { reason: EndReason::NothingAlive, turns: 2 });
    p.emit(Event::ExitCode { code: 0 });
    p.take()
}

fn main_script(p: &Player) -> EventId {
    let main = p.begin(CallbackKind::MainScript, 1, "", p.at(1, 1), EventId::NONE);
    p.print(StdStream::Stdout, "main: the script itself, before the loop turns\n");
    let label = p.text("fs.stat");
    let stat = p.emit(Event::RequestStart { number: 1, label, pos: p.at(5, 4) });
    p.emit(Event::PoolQueued { number: 1, class: JobClass::Disk, waiting: 0 });
    p.emit(Event::TimerStart {
        number: 1,
        delay: 5000,
        repeat: 0,
        due: 5000,
        label: Str::NONE,
        pos: p.at(16, 1),
    });
    p.emit(Event::HandleUnref { number: 1, kind: HandleKind::Timer });
    p.end(main);
    stat
}

/// The callback of fs.stat, its tick and its promise; gives what set the timer and the immediate.
fn answered(p: &Player, stat: EventId) -> [EventId; 2] {
    let begin = p.begin(CallbackKind::Pool, 1, "answered", p.at(5, 21), stat);
    let label = Str::NONE;
    let timer = p.emit(Event::TimerStart { number: 2, delay: 1, repeat: 0, due: 1, label, pos: p.at(6, 3) });
    let immediate = p.emit(Event::ImmediateStart { number: 1, label, pos: p.at(7, 3) });
    let tick = p.emit(Event::TickQueued { number: 1, label, pos: p.at(8, 11) });
    p.emit(Event::PromiseCreated { promise: 1, parent: 0, pos: p.at(13, 31) });
    let other = p.text("other");
    let suspended = p.emit(Event::AwaitSuspended { promise: 1, label: other, pos: p.at(13, 17) });
    let (kind, pos) = (ReactionKind::Await, p.at(13, 17));
    let hop = p.emit(Event::ReactionQueued { number: 1, kind, promise: 1, label: other, pos });
    p.end(begin);
    p.emit(Event::DrainBegin { after: begin });
    let begin = p.begin(CallbackKind::Tick, 1, "", p.at(8, 20), tick);
    p.print(StdStream::Stdout, "tick: process.nextTick\n");
    p.end(begin);
    let begin = p.begin(CallbackKind::AsyncHop, 1, "other", p.at(13, 17), hop);
    p.emit(Event::AwaitResumed { promise: 1, suspended, settlement: Settlement::Fulfilled });
    p.print(StdStream::Stderr, "awaited 1\n");
    p.end(begin);
    p.emit(Event::DrainEnd { ticks: 1, microtasks: 1 });
    [timer, immediate]
}

/// The log of a Rust program: five jobs for four workers, timers, an immediate, a wake-up that is closed.
pub fn rust_log() -> Log {
    let world: SimWorld<AnyJob> = SimWorld::new(SimOptions::default());
    let recorder = Recorder::new(Options::default(), world.time_source());
    let mut lp = EventLoop::new(world, recorder.clone(), Profile::Node24);
    lp.set_timeout(1, |lp| {
        lp.next_tick(|_| ());
        lp.queue_microtask(|_| ());
    });
    lp.set_immediate(|_| ());
    let timer = lp.set_timeout(50, |_| ());
    lp.unref_handle(timer);
    let (wake, waker) = lp.on_wake(|_| ());
    let info = JobInfo::new(JobClass::Disk, "fs.read");
    for _ in 0..5 {
        let waker = waker.clone();
        let then = move |lp: &mut EventLoop<SimWorld<AnyJob>, Recorder>, _| {
            waker.wake();
            lp.close_then(wake, |_| ());
        };
        lp.spawn_as(info, || (), then).expect("a free place in the queue");
    }
    lp.run().expect("the simulated world never refuses");
    recorder.take()
}
