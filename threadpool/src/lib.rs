//! Workers for blocking jobs; completions are posted through a waker and a queue.
//!
//! The pool knows nothing of an event loop: jobs go in, [`Completion`]s come out of a queue, and a callback is told when
//! that queue stops being empty. Whoever owns the pool (usually one thread) drains it when it likes.
//!
//! ```
//! use looplab_threadpool::{BoxJob, Config, Pool};
//! use std::sync::mpsc;
//! let (tell, told) = mpsc::channel();
//! let mut pool: Pool<BoxJob<u32>> = Pool::new(Config::default(), move || tell.send(()).unwrap_or(()));
//! pool.submit(7, Box::new(|| 6 * 7), false).unwrap();
//! told.recv().unwrap();
//! let mut done = Vec::new();
//! pool.drain(&mut done);
//! assert_eq!((done[0].token, done[0].result.as_ref().unwrap()), (7, &42));
//! ```
//!
//! # Rules
//!
//! * **FIFO.** Jobs of one [`Priority`] start in the order of submission. A job of a higher one passes at most [`HEAD_START`] jobs of the
//!   next lower, so everything has its turn, however busy the lanes above. Slow ones (name look-ups) may be overtaken by all: they hold at most
//!   `(workers + 1) / 2` workers, as in libuv, so that they can't keep file work waiting.
//! * **Lazy.** A thread is started when a job finds no worker free, until there are [`Config::workers`].
//! * **Cancel.** A waiting job can be cancelled; it then completes with [`JobError::Cancelled`]. A running one can't.
//! * **Panics.** A job that panics completes with [`JobError::Panicked`]; its worker lives on.
//! * **One wake-up for many completions.** The callback is called when a completion arrives and none has been announced
//!   since the last [`Pool::drain`]. Completions that arrive in between ride along.
//! * **Lanes.** Each completion says which worker ran it and when it was queued, started and finished.
#![forbid(unsafe_code)]

mod pool;
mod queue;

use std::num::NonZeroU64;

pub use pool::{Clock, Config, Pool, Stats};
pub use queue::{HEAD_START, Queue, Waiting};

/// Work for the pool. A boxed closure is one; a program with many small requests can use an enum and save the box.
pub trait Job: Send + 'static {
    /// What the job gives back.
    type Output: Send + 'static;

    /// Does the work. Runs on a worker thread and may block.
    fn run(self) -> Self::Output;
}

/// A boxed closure as a job.
pub type BoxJob<R> = Box<dyn FnOnce() -> R + Send>;

impl<R: Send + 'static> Job for BoxJob<R> {
    type Output = R;

    fn run(self) -> R {
        self()
    }
}

/// How urgent a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub enum Priority {
    /// Somebody waits for it.
    High,
    /// Everything that says nothing else.
    #[default]
    Normal,
    /// It can wait.
    Low,
}

/// Names a submitted job, for [`Pool::cancel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobId(NonZeroU64);

impl JobId {
    /// Of the job with this index in a line; there are four lines.
    pub(crate) fn new(line: usize, index: u64) -> JobId {
        JobId(NonZeroU64::MIN.saturating_add((index << 2) | line as u64))
    }

    pub(crate) fn line(self) -> usize {
        ((self.0.get() - 1) & 3) as usize
    }

    pub(crate) fn index(self) -> u64 {
        (self.0.get() - 1) >> 2
    }
}

/// A finished (or cancelled) job.
#[derive(Debug)]
pub struct Completion<R> {
    /// What the submitter named it by.
    pub token: u64,
    /// The worker that ran it, from 0; `None` if it was cancelled.
    pub worker: Option<u32>,
    /// When it entered the queue, by the pool's clock (nanoseconds).
    pub queued_at: u64,
    /// When a worker took it; for a cancelled job, when it was cancelled.
    pub started_at: u64,
    /// When the worker was done.
    pub finished_at: u64,
    /// What it gave back.
    pub result: Result<R, JobError>,
}

/// Why a job has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobError {
    /// It was cancelled before a worker took it.
    Cancelled,
    /// It panicked with this message.
    Panicked(String),
}

impl std::fmt::Display for JobError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            JobError::Cancelled => f.write_str("the job was cancelled before it ran"),
            JobError::Panicked(message) => write!(f, "the job panicked: {message}"),
        }
    }
}

impl std::error::Error for JobError {}

/// Why a job was not taken.
#[derive(Debug)]
pub enum SubmitError {
    /// [`Config::max_waiting`] jobs are waiting already.
    Full(usize),
    /// No worker runs and the system won't start one.
    NoThread(std::io::Error),
}

impl std::fmt::Display for SubmitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SubmitError::Full(limit) => write!(f, "the pool's queue is full ({limit} jobs are waiting)"),
            SubmitError::NoThread(error) => write!(f, "no worker thread could be started: {error}"),
        }
    }
}

impl std::error::Error for SubmitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SubmitError::NoThread(error) => Some(error),
            SubmitError::Full(_) => None,
        }
    }
}

/// Runs a job and turns a panic into an error. The simulated world runs its jobs through this, too.
pub fn run_caught<J: Job>(job: J) -> Result<J::Output, JobError> {
    // The job owns everything it touches (`'static`), so nothing half-changed is left to be seen after a panic.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || job.run())).map_err(|payload| {
        let message = payload
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "(no message)".to_owned());
        JobError::Panicked(message)
    })
}
