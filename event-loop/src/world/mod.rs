//! The world: clock, readiness, pool and chance behind one trait. Nothing else in the house reads a clock, blocks or draws a
//! random number.
//!
//! | a world provides | [`RealWorld`] | [`SimWorld`] |
//! |---|---|---|
//! | time | monotonic clock, system clock | virtual, jumps to the next due thing |
//! | waiting | mio | never waits |
//! | pool | threads | jobs run on the spot; workers are occupied for the declared time |
//! | readiness of descriptors | mio | of its own sockets only |
//! | network | sockets of the system | sockets in memory, as [`NetModel`] has it |
//! | failures | the system's | the chosen calls ([`Fault`]) |
//! | chance | keyed by the system | seeded |
//! | choices | made by the machine | made by a [`Chooser`] |

mod either;
mod faults;
pub mod latency;
pub mod network;
mod real;
mod real_net;
mod sim;

pub use either::EitherWorld;
pub use faults::Fault;
pub use latency::{Cost, Latencies, Latency};
pub use network::Network;
pub use real::{RealOptions, RealWorld};
pub use sim::{Chooser, Detail, ExploreOptions, First, NetModel, Seeded, SimOptions, SimWorld, TrailPoint};

use looplab_probe::{ChoiceKind, JobClass, TimeSource};
use looplab_threadpool::{Completion, Job, JobId, Priority, SubmitError};
use mio::Interest;
use mio::event::Source;
use std::io;
use std::sync::Arc;

/// What a world's jobs give back.
pub type Output<W> = <<W as World>::Job as Job>::Output;

/// Wakes the loop from any thread. Cheap when the loop is awake: only a sleeping loop costs a system call.
pub type Wakeup = Arc<dyn Fn() + Send + Sync>;

/// What a watched descriptor is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Readiness {
    /// Can be read, has reached its end, or has failed.
    pub readable: bool,
    /// Can be written, or has failed.
    pub writable: bool,
    /// The peer will send no more.
    pub read_closed: bool,
    /// The peer will take no more.
    pub write_closed: bool,
    /// It has failed.
    pub error: bool,
}

/// What a poll finds.
#[derive(Debug)]
pub enum Ready {
    /// A descriptor.
    Io {
        /// The token it was registered with.
        token: usize,
        /// What for.
        readiness: Readiness,
    },
    /// Somebody called the [`Wakeup`].
    Woken,
}

impl Ready {
    /// What choosing it as the first of several means.
    pub(crate) fn socket(&self) -> Detail {
        match self {
            Ready::Io { token, .. } => Detail::Socket((token >> 32) as u32),
            Ready::Woken => Detail::Nothing,
        }
    }
}

/// What a poll gives: descriptors and wake-ups, and after them the jobs that are done.
#[derive(Debug)]
pub struct Arrivals<R> {
    /// In the order in which they are to be called.
    pub ready: Vec<Ready>,
    /// Likewise.
    pub done: Vec<Completion<R>>,
}

impl<R> Default for Arrivals<R> {
    fn default() -> Self {
        Arrivals { ready: Vec::new(), done: Vec::new() }
    }
}

/// How a poll ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polled {
    /// Something is ready, or the time is up.
    InTime,
    /// Simulated world only: asked to wait for ever, with nothing that could ever happen.
    Stalled,
}

/// A decision taken where a real machine could have gone either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// What was decided.
    pub kind: ChoiceKind,
    /// How many ways there were.
    pub options: u32,
    /// Which was taken.
    pub taken: u32,
}

/// What a pool request is, for latencies, the slow-job cap and the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobInfo {
    /// Its class. [`JobClass::Lookup`] counts as slow.
    pub class: JobClass,
    /// Its operation, such as `fs.open`.
    pub label: &'static str,
    /// Unless it fails, another step of the same operation follows, and no program code runs in between.
    pub more: bool,
    /// How many bytes it moves, as far as that is known when it is asked for: for latencies that depend on it.
    pub bytes: u64,
    /// How urgent it is.
    pub priority: Priority,
}

impl JobInfo {
    /// A job that stands for itself and moves nothing.
    pub fn new(class: JobClass, label: &'static str) -> JobInfo {
        JobInfo { class, label, more: false, bytes: 0, priority: Priority::Normal }
    }

    /// The same with another priority.
    pub fn with_priority(self, priority: Priority) -> JobInfo {
        JobInfo { priority, ..self }
    }

    /// The same, moving so many bytes.
    pub fn moving(self, bytes: u64) -> JobInfo {
        JobInfo { bytes, ..self }
    }
}

/// Where a program runs.
pub trait World: 'static {
    /// What its pool runs.
    type Job: Job;

    /// Whether time is virtual.
    fn is_simulated(&self) -> bool;

    /// Nanoseconds since the world began, for the loop's and the log's own use: reading it changes nothing.
    fn now(&self) -> u64;

    /// Nanoseconds since the world began, as the program asks for them. In the simulated world each reading takes a
    /// little virtual time, so that a program which waits for the clock in a busy loop gets there.
    fn hrtime(&mut self) -> u64;

    /// Nanoseconds since 1970-01-01 UTC, as the program asks for them.
    fn wall(&mut self) -> u64;

    /// 64 random bits. Not for keys: the real world's are only as good as the hasher's.
    fn random(&mut self) -> u64;

    /// Decides a point where a real machine could go either way: 0 ≤ answer < `options`.
    fn choose(&mut self, kind: ChoiceKind, options: u32) -> u32;

    /// Moves out the decisions taken since the last call.
    fn take_choices(&mut self) -> Vec<Choice>;

    /// The nearest timer is due at `due` (nanoseconds), which has not quite come. Could time have passed it unnoticed? If
    /// the world decides so, its clock stands at `due` afterwards. `competes`: something else could run before it. The real
    /// world has a real clock and does nothing.
    fn settle(&mut self, due: u64, competes: bool);

    /// A timer of `delay` milliseconds is about to be started. A world that explores may let time pass before it is.
    fn timer_starts(&mut self, delay: u64) {
        let _ = delay;
    }

    /// A timer of `delay` milliseconds that was to be due at `due` (loop milliseconds) fires or is taken off.
    fn timer_ends(&mut self, due: u64, delay: u64) {
        let _ = (due, delay);
    }

    /// Whether every order is being explored, so that things which make no difference to one run are to be decided as well.
    fn explores(&self) -> bool {
        false
    }

    /// Work of this sort was just done on the loop's own thread (a synchronous call): the simulated clock moves on by its
    /// latency. The real world does nothing.
    fn charge(&mut self, info: JobInfo);

    /// The program has computed for so many nanoseconds: the simulated clock moves on. The real world does nothing, as it took the
    /// time it took.
    fn spend(&mut self, nanos: u64) {
        let _ = nanos;
    }

    /// Hands a job to the pool.
    ///
    /// # Errors
    /// The queue is full or no worker can be started.
    fn submit(&mut self, token: u64, job: Self::Job, info: JobInfo) -> Result<JobId, SubmitError>;

    /// Cancels a waiting job, which then completes as cancelled. False if it runs or has run.
    fn cancel(&mut self, id: JobId) -> bool;

    /// Jobs that wait for a worker.
    fn pool_waiting(&self) -> usize;

    /// How busy the pool is and was: its queue, and how long jobs waited and ran.
    fn pool_stats(&self) -> looplab_threadpool::Stats;

    /// Starts watching a descriptor. Edge-triggered: after an event, read or write until it would block.
    ///
    /// # Errors
    /// The system's; in the simulated world [`io::ErrorKind::Unsupported`] for anything but its own sockets.
    fn register(&mut self, source: &mut dyn Source, token: usize, interest: Interest) -> io::Result<()>;

    /// Changes what is watched for.
    ///
    /// # Errors
    /// The system's.
    fn reregister(&mut self, source: &mut dyn Source, token: usize, interest: Interest) -> io::Result<()>;

    /// Stops watching.
    ///
    /// # Errors
    /// The system's.
    fn deregister(&mut self, source: &mut dyn Source) -> io::Result<()>;

    /// The network.
    fn network(&mut self) -> &mut dyn Network;

    /// This operation is asked for once more, of the pool or on the spot. Simulated world only: the error number with which it is to
    /// fail instead of being done, if it was declared that this call should ([`SimOptions::faults`]).
    fn fault(&mut self, label: &str) -> Option<i32> {
        let _ = label;
        None
    }

    /// A handle by which other threads end a poll.
    fn wakeup(&self) -> Wakeup;

    /// Waits up to `timeout` milliseconds (`None`: for ever) and adds what is ready to `out`.
    ///
    /// # Errors
    /// The system's. Interrupted waits are resumed.
    fn poll(&mut self, timeout: Option<u64>, out: &mut Arrivals<Output<Self>>) -> io::Result<Polled>;

    /// Stops the thread for so many nanoseconds of this world's time (`None`: for ever), because the program asked to wait in place.
    fn block(&mut self, nanos: Option<u64>);

    /// The clock a [`looplab_probe::Recorder`] stamps with.
    fn time_source(&self) -> TimeSource;
}
