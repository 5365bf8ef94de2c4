//! A hand-built event loop: phases, timers, ticks and microtasks, handles, reactor, clock.
//!
//! What libuv is to Node, for Rust programs and for a JavaScript runtime; and with a simulated world beside the real one, in
//! which a whole program runs on virtual time, the same way every time.
//!
//! # The loop
//!
//! ```text
//!    run() ──► update time, due timers            (profiles before Node 20: timers stand at the head of the turn)
//!               │
//!    ┌─► alive? ┴─ no ──► done
//!    │     │ yes
//!    │  pending     I/O callbacks deferred from an earlier poll
//!    │  idle        idle handles; while one is active, poll doesn't wait
//!    │  prepare     prepare handles
//!    │  poll        wait for I/O, completions, wake-ups; run their callbacks
//!    │  pending     again, at most 8 rounds
//!    │  check       check handles: immediates
//!    │  close       close callbacks
//!    └─ timers      update time, due timers
//! ```
//!
//! `turn.rs` reads like this diagram. What is ready in a phase is determined before its callbacks run: work they add waits for the
//! next time. After every callback all ticks are run, then all microtasks, again until both queues are empty.
//!
//! # A guide for Rust programs
//!
//! [`EventLoop`] takes closures. Each is handed the loop, so that it can go on from there.
//!
//! ```
//! use looplab_event_loop::{EventLoop, HookKind};
//! let mut lp = EventLoop::real().unwrap();
//! lp.set_timeout(5, |lp| lp.next_tick(|_| println!("a tick after the timer")));
//! lp.set_immediate(|_| println!("the check phase of the first turn"));
//! lp.spawn(|| (1..=20u64).product::<u64>(), |_, result| println!("20! = {}", result.unwrap())).unwrap();
//! lp.run().unwrap();
//! ```
//!
//! What there is, and where to look:
//!
//! | for | use | example |
//! |---|---|---|
//! | timers, intervals | [`EventLoop::set_timeout`], [`EventLoop::set_interval`] | `timers`, `timer_race` |
//! | immediates, ticks, microtasks | [`EventLoop::set_immediate`], [`EventLoop::next_tick`], [`EventLoop::queue_microtask`] | `immediates`, `ticks` |
//! | idle, prepare and check handles | [`EventLoop::on_phase`] | `immediates` |
//! | work on other threads | [`EventLoop::spawn`], [`EventLoop::schedule_task`] (with a [`Priority`]) | `worker`, `file_copy` |
//! | a job's result as a value or a future, and giving it up | [`EventLoop::request`], [`EventLoop::block_on`] | `request` |
//! | calls from other threads | [`EventLoop::on_wake`] | `ping_pong` |
//! | TCP, Unix sockets, datagrams | [`World::network`] and [`EventLoop::on_ready`]; servers and HTTP in `looplab-net` | `echo_server` |
//! | any descriptor | [`EventLoop::on_ready`] with [`SourceFd`] | `socket` |
//! | pipes, terminals | [`EventLoop::pipe_open`], [`system::Tty`] | `child_process` |
//! | child processes, signals | [`EventLoop::spawn_child`], [`EventLoop::on_signal`] | `child_process` |
//! | changes of files | [`EventLoop::watch_path`] | |
//! | more to do than fits into a turn | [`strategy::Scheduler`] | |
//!
//! `cargo run -p looplab-event-loop --example ping_pong` runs one.
//!
//! [`EventLoop::simulated`] in place of [`EventLoop::real`] runs the same program in virtual time, with the network and the latencies
//! that [`SimOptions`] declares: `echo_server simulated` does. A program that is generic in its [`World`] need not know in which of the two it runs.
//!
//! # A guide for runtimes
//!
//! [`Loop<T, W, P>`](Loop) is generic in its task, its world and its probe. A runtime makes `T` a small `Copy` enum, implements
//! [`Driver`] for the struct that owns the loop and everything its callbacks need, and calls `Loop::run(&mut driver, mode)`:
//!
//! ```
//! use looplab_event_loop::{Driver, Fired, Loop, Off, Origin, Output, Profile, RunMode, SimWorld, TimerId};
//! use looplab_threadpool::BoxJob;
//! use std::ops::ControlFlow;
//!
//! #[derive(Clone, Copy)]
//! enum Task { TimerLists }
//! type World = SimWorld<BoxJob<u32>>;
//!
//! struct Runtime { lp: Loop<Task, World>, timer: Option<TimerId>, left: u32 }
//!
//! impl Driver for Runtime {
//!     type Task = Task;
//!     type World = World;
//!     type Probe = Off;
//!     fn lp(&mut self) -> &mut Loop<Task, World> { &mut self.lp }
//!     fn run(&mut self, task: Task, _: Fired<Output<World>>) -> ControlFlow<()> {
//!         let Task::TimerLists = task; // … run what is due, then drain ticks and microtasks
//!         self.left -= 1;
//!         if let (Some(timer), true) = (self.timer, self.left > 0) {
//!             self.lp.update_time();
//!             self.lp.timer_start(timer, 1, 0);
//!         }
//!         ControlFlow::Continue(())
//!     }
//! }
//!
//! let mut lp = Loop::new(World::new(Default::default()), Off, Profile::Node24);
//! let timer = lp.timer_init(Task::TimerLists, Origin::HIDDEN);
//! lp.timer_start(timer, 10, 0);
//! let mut runtime = Runtime { lp, timer: Some(timer), left: 3 };
//! Loop::run(&mut runtime, RunMode::Default).unwrap();
//! assert_eq!(runtime.lp.now(), 12);
//! ```
//!
//! * **Node's timer lists** live on one hidden timer; **immediates** on one hidden, unref'd check handle, plus a hidden idle
//!   handle without a task that is started while ref'd immediates exist (`name_idle(TimeoutReason::Immediates)` gives it its name
//!   in the log). Start the check handle only while there are immediates: the simulated world takes an active hook as a reason to ask
//!   whether a timer was faster.
//! * **Causes.** `Fired::cause` is the event that scheduled the task; put it into `callback-begin`. Hidden handles carry the
//!   callback that was running when they were started.
//! * **The end.** `ControlFlow::Break` from [`Driver::run`] ends the run on the spot.
//! * **Time and chance** come from [`Loop::world_mut`]: [`World::hrtime`], [`World::wall`], [`World::random`], [`World::choose`].
//! * **Synchronous work** that the pool would otherwise have done is declared with [`World::charge`].
//! * **Deciding at run time.** [`EitherWorld`] is the real or the simulated world, `Option<Recorder>` a log or none: a runtime that is
//!   to be compiled only once uses these, for a branch per call.
//! * **Failures.** [`World::fault`] says whether a call was chosen to fail, [`World::spend`] lets computing take virtual time.
//! * **One log.** `Recorder::new(options, world.time_source())` before the world goes into [`Loop::new`]; clones of it go everywhere.
#![forbid(unsafe_code)]

mod driver;
mod event_loop;
mod handles;
mod input;
mod profile;
mod request;
mod state;
pub mod strategy;
pub mod system;
mod ticks;
mod timeout;
mod timers;
mod turn;
pub mod world;

pub use driver::{Driver, Fired, Source, Task};
pub use event_loop::{AnyJob, Callback, EventLoop};
pub use handles::{AsyncId, Handle, HookId, HookKind, IoId, Origin, RequestId, Waker};
pub use looplab_probe::{ChoiceKind, EndReason, JobClass, Off, Phase, RequestEnd, RunMode, TimeoutReason};
pub use looplab_threadpool::{BoxJob, Job, JobError, Priority, Stats as PoolStats, SubmitError};
pub use mio;
pub use mio::Interest;
pub use mio::unix::SourceFd;
pub use profile::{Profile, Rules};
pub use request::Request;
pub use state::{Alive, Loop};
pub use ticks::{Queued, Ticks};
pub use timeout::{PollTimeout, Situation, poll_timeout};
pub use timers::TimerId;
pub use turn::Ended;
pub use world::{
    Arrivals, Choice, Chooser, Cost, Detail, EitherWorld, ExploreOptions, Fault, First, JobInfo, Latencies,
    Latency, NetModel, Output, Readiness, Ready, RealOptions, RealWorld, Seeded, SimOptions, SimWorld,
    TrailPoint, World,
};
