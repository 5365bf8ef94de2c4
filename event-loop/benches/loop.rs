//! libuv's own loop benchmarks on this loop, with a small `Copy` task: `cargo bench -p looplab-event-loop`.
//!
//! Prints `RESULT name value unit` lines, as the shared harness reads them.

use looplab_event_loop::*;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
enum Task {
    Timer,
    Idle,
    Wake,
    Job,
}

/// A job without a box.
enum Work {
    Nothing,
    /// About as long as a cached 4 KiB read.
    Short,
}

impl Job for Work {
    type Output = ();

    fn run(self) {
        if let Work::Short = self {
            let until = Instant::now() + Duration::from_micros(3);
            while Instant::now() < until {}
        }
    }
}

struct Bench {
    lp: Loop<Task, RealWorld<Work>>,
    fired: u64,
    left: u64,
    waker: Option<Waker>,
    idle: Option<HookId>,
    handle: Option<AsyncId>,
}

impl Driver for Bench {
    type Task = Task;
    type World = RealWorld<Work>;
    type Probe = Off;

    fn lp(&mut self) -> &mut Loop<Task, RealWorld<Work>> {
        &mut self.lp
    }

    fn run(&mut self, task: Task, fired: Fired<()>) -> ControlFlow<()> {
        self.fired += 1;
        match (task, fired.source) {
            (Task::Idle, _) if self.fired == self.left => {
                if let Some(idle) = self.idle {
                    self.lp.hook_stop(idle);
                }
            }
            (Task::Wake, _) => match (&self.waker, self.handle) {
                (Some(waker), _) if self.fired < self.left => waker.wake(),
                (_, Some(handle)) => {
                    self.lp.close(handle, None);
                }
                _ => {}
            },
            (Task::Job, Source::Request(..)) if self.fired < self.left => self.submit(Work::Short),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Bench {
    fn new(options: RealOptions) -> Bench {
        let world = RealWorld::new(options).expect("a poll and a waker");
        let lp = Loop::new(world, Off, Profile::default());
        Bench { lp, fired: 0, left: 0, waker: None, idle: None, handle: None }
    }

    fn submit(&mut self, work: Work) {
        let info = JobInfo::new(JobClass::Disk, "bench");
        self.lp.pool_submit(work, info, Task::Job, Origin::HIDDEN).expect("room in the queue");
    }

    fn go(&mut self) {
        Loop::run(self, RunMode::Default).expect("the system polls");
    }
}

fn result(name: &str, value: f64, unit: &str) {
    println!("RESULT {name} {value:.3} {unit}");
}

fn timed(f: impl FnOnce()) -> f64 {
    let began = Instant::now();
    f();
    began.elapsed().as_secs_f64()
}

/// libuv's million_timers: set with due times that rise slowly, run, close.
fn million_timers() {
    let mut bench = Bench::new(RealOptions::default());
    let mut timers = Vec::with_capacity(1_000_000);
    let total = timed(|| {
        let set = timed(|| {
            for n in 0..1_000_000u64 {
                let timer = bench.lp.timer_init(Task::Timer, Origin::HIDDEN);
                bench.lp.timer_start(timer, n / 1000, 0);
                timers.push(timer);
            }
        });
        result("million-timers-set", set * 1e3, "ms");
        let run = timed(|| bench.go());
        result("million-timers-run", run * 1e3, "ms (floor 1000)");
        let close = timed(|| timers.iter().for_each(|timer| assert!(bench.lp.close(*timer, None))));
        result("million-timers-close", close * 1e3, "ms");
        bench.go();
    });
    assert_eq!(bench.fired, 1_000_000);
    result("million-timers", total * 1e3, "ms");
    let cancel = timed(|| {
        let due = |n: u64| 1000 + n.wrapping_mul(2_654_435_761) % 100_000;
        let ids: Vec<_> =
            (0..1_000_000).map(|n| bench.lp.timer_once(due(n), Task::Timer, Origin::HIDDEN)).collect();
        ids.into_iter().for_each(|id| assert!(bench.lp.timer_stop(id)));
    });
    result("million-timers-cancel", cancel * 1e3, "ms");
}

/// libuv's loop_count: an idle handle, counted.
fn loop_count() {
    let mut bench = Bench::new(RealOptions::default());
    bench.left = 2_000_000;
    let idle = bench.lp.hook_init(HookKind::Idle, Some(Task::Idle), Origin::HIDDEN);
    bench.idle = Some(idle);
    bench.lp.hook_start(idle);
    let seconds = timed(|| bench.go());
    result("loop-count", 2e6 / seconds, "turns/s");
}

/// libuv's million_async: a wake-up from each wake-up's callback.
fn million_async() {
    let mut bench = Bench::new(RealOptions::default());
    bench.left = 1_000_000;
    let (handle, waker) = bench.lp.async_init(Task::Wake, Origin::HIDDEN);
    waker.wake();
    (bench.waker, bench.handle) = (Some(waker), Some(handle));
    let seconds = timed(|| bench.go());
    result("million-async", 1e6 / seconds, "wakes/s");
}

/// libuv's queue_work: empty jobs, all at once.
fn queue_work() {
    let mut bench = Bench::new(RealOptions::default());
    let seconds = timed(|| {
        for _ in 0..500_000 {
            bench.submit(Work::Nothing);
        }
        bench.go();
    });
    result("queue-work", 5e5 / seconds, "jobs/s");
}

/// One short job after the other: what sleeping and waking costs, and what looking around first saves.
fn ping_pong(name: &str, options: RealOptions) {
    let mut bench = Bench::new(options);
    bench.left = 20_000;
    bench.submit(Work::Short);
    let seconds = timed(|| bench.go());
    result(name, black_box(seconds) / 20_000.0 * 1e6, "us/job");
}

/// All of them, or the one that is named.
fn main() {
    let named = std::env::args().nth(1).filter(|name| !name.starts_with("--"));
    let wanted = |name: &str| named.as_deref().is_none_or(|named| named == name);
    if wanted("timers") {
        million_timers();
    }
    if wanted("loop") {
        loop_count();
    }
    if wanted("async") {
        million_async();
    }
    if wanted("queue") {
        queue_work();
    }
    if wanted("job") {
        for _ in 0..3 {
            ping_pong("job-round-trip", RealOptions::default());
            ping_pong("job-round-trip-eager", RealOptions::default().eager());
        }
    }
}
