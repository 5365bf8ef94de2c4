//! The pool: threads, the shared state under one lock, and the completion queue.

use crate::queue::{Queue, Waiting};
use crate::{Completion, Job, JobError, JobId, Priority, SubmitError, run_caught};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Gives nanoseconds since some fixed moment; workers stamp their lanes with it.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How a pool is built.
#[derive(Clone)]
pub struct Config {
    /// Threads at most: 1 to 1024, default 4 as in libuv. Values outside are brought inside.
    pub workers: usize,
    /// Jobs that may wait; more are refused. Default 1,000,000.
    pub max_waiting: usize,
    /// How many times a worker that runs dry looks for the next job before it sleeps (a look takes 0.2 to 1 µs). Waking a
    /// sleeping core takes tens of microseconds on a virtual machine; looking costs that core. Default 0: sleep at once.
    pub spin: u32,
    /// The clock for the stamps. Default: all stamps are 0.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Config { workers: 4, max_waiting: 1_000_000, spin: 0, clock: Arc::new(|| 0) }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Config {{ workers: {}, max_waiting: {}, spin: {} }}",
            self.workers, self.max_waiting, self.spin
        )
    }
}

/// Figures of a pool since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Threads started.
    pub threads: usize,
    /// Jobs waiting now.
    pub waiting: usize,
    /// Jobs submitted and not yet drained.
    pub unfinished: usize,
    /// Jobs that workers have run.
    pub finished: u64,
    /// Time they stood in the queue, in nanoseconds, added up.
    pub wait: u64,
    /// The longest any of them waited, in nanoseconds.
    pub longest_wait: u64,
    /// The most jobs that waited at once.
    pub peak_waiting: usize,
    /// Time they ran, in nanoseconds, added up.
    pub run: u64,
}

/// What is under the lock: one acquisition brings a worker's result and takes its next job.
struct State<J: Job> {
    queue: Queue<J>,
    /// What has finished and waits to be drained.
    done: Vec<Completion<J::Output>>,
    /// The owner has been told that `done` is not empty.
    announced: bool,
    /// Workers that wait for a job (or have been told of one and not yet come).
    idle: usize,
    /// Idle workers that have been woken and have not come yet: waking them again would only cost system calls. Never more than there
    /// are, so that no job is left without a worker.
    woken: usize,
    /// One idle worker is looking for work instead of sleeping. One at most: more would crowd out whoever brings the work.
    looking: bool,
    stopping: bool,
    figures: Stats,
}

impl<J: Job> State<J> {
    /// Puts a completion where the owner finds it. True: the owner is to be told.
    fn post(&mut self, completion: Completion<J::Output>) -> bool {
        self.done.push(completion);
        !std::mem::replace(&mut self.announced, true)
    }

    /// A worker is done with a job.
    fn finish(&mut self, Ran { completion, slow }: Ran<J::Output>) -> bool {
        let waited = completion.started_at.saturating_sub(completion.queued_at);
        let figures = &mut self.figures;
        figures.finished += 1;
        figures.wait = figures.wait.saturating_add(waited);
        figures.longest_wait = figures.longest_wait.max(waited);
        let ran = completion.finished_at.saturating_sub(completion.started_at);
        figures.run = figures.run.saturating_add(ran);
        if slow {
            // Should another slow job wait for this place, then this worker takes it, or whoever was woken for what this one takes.
            self.queue.slow_done();
        }
        self.post(completion)
    }
}

/// A job that has run.
struct Ran<R> {
    completion: Completion<R>,
    slow: bool,
}

/// A worker's looking for work before it sleeps.
struct Look {
    times: u32,
    /// How often it sleeps at once before it looks again.
    rest: u32,
    /// The next rest, after a look in vain, or one during which somebody else had the core.
    penalty: u32,
}

impl Look {
    /// Nanoseconds: a look that took longer has lost the core to somebody.
    const LOST: u64 = 200_000;
    const PENALTY: (u32, u32) = (8, 1024);
    /// Pauses of the processor between two looks.
    const PAUSES: u32 = 16;

    fn new(times: u32) -> Look {
        Look { times, rest: 0, penalty: Look::PENALTY.0 }
    }

    fn may(&mut self) -> bool {
        self.rest = self.rest.saturating_sub(1);
        self.rest == 0 && self.times > 0
    }

    fn around(&mut self, found: impl Fn() -> bool, clock: &Clock) {
        let began = clock();
        let mut success = false;
        for _ in 0..self.times {
            success = found();
            if success {
                break;
            }
            // Not yielding: on a busy machine that gives away a whole time slice, and this is much shorter than one.
            (0..Look::PAUSES).for_each(|_| std::hint::spin_loop());
        }
        let (least, most) = Look::PENALTY;
        if !success || clock().saturating_sub(began) > Look::LOST {
            self.rest = self.penalty;
            self.penalty = (self.penalty * 2).min(most);
        } else {
            self.penalty = (self.penalty / 2).max(least);
        }
    }
}

struct Shared<J: Job> {
    state: Mutex<State<J>>,
    work: Condvar,
    /// Mirrors the queue's length, so that a spinning worker needn't take the lock.
    waiting: AtomicUsize,
    wake: Box<dyn Fn() + Send + Sync>,
    clock: Clock,
}

impl<J: Job> Shared<J> {
    /// No code that can panic runs under the lock, so a poisoned one is still sound.
    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over what has run, and waits for a job, looking for one before it sleeps. With the job comes whether it was
    /// there at once. `None`: the pool is shutting down.
    fn next(&self, ran: Option<Ran<J::Output>>, look: &mut Look) -> Option<(Waiting<J>, bool)> {
        let (mut spun, mut at_once) = (false, true);
        let mut state = self.lock();
        let mut tell = ran.is_some_and(|ran| state.finish(ran));
        loop {
            if state.stopping {
                drop(state);
                self.tell(&mut tell);
                return None;
            }
            if let Some(job) = state.queue.pop() {
                self.waiting.store(state.queue.len(), Ordering::Relaxed);
                drop(state);
                self.tell(&mut tell);
                return Some((job, at_once));
            }
            at_once = false;
            if tell {
                // Not under the lock: it is a system call, and the owner wants the lock next.
                drop(state);
                self.tell(&mut tell);
                state = self.lock();
                continue;
            }
            state.idle += 1;
            if spun || state.looking || !look.may() {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.woken = state.woken.saturating_sub(1);
            } else {
                state.looking = true;
                drop(state);
                look.around(|| self.waiting.load(Ordering::Relaxed) > 0, &self.clock);
                spun = true;
                state = self.lock();
                state.looking = false;
            }
            state.idle -= 1;
        }
    }

    fn tell(&self, tell: &mut bool) {
        if std::mem::take(tell) {
            (self.wake)();
        }
    }

    fn run(&self, worker: u32, spin: u32) {
        let (mut ran, mut last, mut look) = (None, None, Look::new(spin));
        while let Some((Waiting { token, job, queued_at, slow, .. }, at_once)) =
            self.next(ran.take(), &mut look)
        {
            // A worker that goes straight on begins when it finished: half of the readings of the clock.
            let before = last.filter(|last| at_once && *last >= queued_at);
            let started_at = before.unwrap_or_else(|| (self.clock)());
            let result = run_caught(job);
            let finished_at = (self.clock)();
            last = Some(finished_at);
            let completion =
                Completion { token, worker: Some(worker), queued_at, started_at, finished_at, result };
            ran = Some(Ran { completion, slow });
        }
    }
}

/// The pool. Dropping it discards what waits and joins the workers once their running jobs are done.
pub struct Pool<J: Job> {
    shared: Arc<Shared<J>>,
    threads: Vec<JoinHandle<()>>,
    workers: usize,
    spin: u32,
    max_waiting: usize,
    unfinished: usize,
    peak_waiting: usize,
}

impl<J: Job> Pool<J> {
    /// A pool without threads yet. `wake` is called, on a worker or in [`Pool::cancel`], when completions wait to be drained.
    pub fn new(config: Config, wake: impl Fn() + Send + Sync + 'static) -> Pool<J> {
        let workers = config.workers.clamp(1, 1024);
        let shared = Shared {
            state: Mutex::new(State {
                queue: Queue::new(workers),
                done: Vec::new(),
                announced: false,
                idle: 0,
                woken: 0,
                looking: false,
                stopping: false,
                figures: Stats::default(),
            }),
            work: Condvar::new(),
            waiting: AtomicUsize::new(0),
            wake: Box::new(wake),
            clock: config.clock,
        };
        let (shared, max_waiting, spin) = (Arc::new(shared), config.max_waiting, config.spin);
        Pool { shared, threads: Vec::new(), workers, spin, max_waiting, unfinished: 0, peak_waiting: 0 }
    }

    /// [`Config::spin`] for the threads that are started from now on.
    pub fn set_spin(&mut self, spin: u32) {
        self.spin = spin;
    }

    /// Puts a job into the queue under the submitter's own `token`. `slow` jobs are held to half of the workers.
    ///
    /// # Errors
    /// The queue is full, or there is no worker and none can be started; the job is dropped.
    pub fn submit(&mut self, token: u64, job: J, slow: bool) -> Result<JobId, SubmitError> {
        self.submit_with(token, job, slow, Priority::Normal)
    }

    /// The same with another priority.
    ///
    /// # Errors
    /// As [`Pool::submit`].
    pub fn submit_with(
        &mut self,
        token: u64,
        job: J,
        slow: bool,
        priority: Priority,
    ) -> Result<JobId, SubmitError> {
        let queued_at = (self.shared.clock)();
        let mut state = self.shared.lock();
        if state.queue.len() >= self.max_waiting {
            return Err(SubmitError::Full(self.max_waiting));
        }
        let id = state.queue.push_with(token, job, queued_at, slow, priority);
        self.peak_waiting = self.peak_waiting.max(state.queue.len());
        self.shared.waiting.store(state.queue.len(), Ordering::Relaxed);
        // A worker that looks takes the first job by itself; it looks once more, under the lock, before it sleeps.
        let coming = usize::from(state.looking) + state.woken;
        let asleep = state.idle > coming && state.queue.len() > coming;
        state.woken += usize::from(asleep);
        let short = state.queue.len() > state.idle;
        drop(state);
        if asleep {
            self.shared.work.notify_one();
        }
        if short && self.threads.len() < self.workers {
            self.start_thread().or_else(|error| self.without_thread(id, error))?;
        }
        self.unfinished += 1;
        Ok(id)
    }

    fn start_thread(&mut self) -> std::io::Result<()> {
        let (shared, worker, spin) = (self.shared.clone(), self.threads.len() as u32, self.spin);
        let thread = std::thread::Builder::new().name(format!("worker-{worker}"));
        self.threads.push(thread.spawn(move || shared.run(worker, spin))?);
        Ok(())
    }

    /// A thread was refused. With others running the job only waits longer; without any it must be given back.
    fn without_thread(&mut self, id: JobId, error: std::io::Error) -> Result<(), SubmitError> {
        if self.threads.is_empty() {
            drop(self.shared.lock().queue.cancel(id));
            return Err(SubmitError::NoThread(error));
        }
        Ok(())
    }

    /// Cancels a waiting job: it completes with [`JobError::Cancelled`]. False if it runs or has run.
    pub fn cancel(&mut self, id: JobId) -> bool {
        let now = (self.shared.clock)();
        let mut state = self.shared.lock();
        let Some(Waiting { token, job, queued_at, .. }) = state.queue.cancel(id) else { return false };
        self.shared.waiting.store(state.queue.len(), Ordering::Relaxed);
        let result = Err(JobError::Cancelled);
        let (started_at, finished_at) = (now, now);
        let mut tell =
            state.post(Completion { token, worker: None, queued_at, started_at, finished_at, result });
        drop(state);
        // Whatever the job owns is dropped out of the lock.
        drop(job);
        self.shared.tell(&mut tell);
        true
    }

    /// Moves the completions that have arrived into `out`, in order of arrival, and re-arms the wake-up.
    pub fn drain(&mut self, out: &mut Vec<Completion<J::Output>>) {
        let mut state = self.shared.lock();
        state.announced = false;
        self.unfinished -= state.done.len();
        if out.is_empty() {
            // The room goes to and fro, so that a steady flow allocates nothing.
            std::mem::swap(&mut state.done, out);
        } else {
            out.append(&mut state.done);
        }
    }

    /// Jobs submitted and not yet drained.
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Jobs waiting for a worker.
    pub fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// Threads at most.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Figures so far.
    pub fn stats(&self) -> Stats {
        let (threads, unfinished, peak_waiting) = (self.threads.len(), self.unfinished, self.peak_waiting);
        let state = self.shared.lock();
        Stats { threads, waiting: state.queue.len(), unfinished, peak_waiting, ..state.figures }
    }

    /// Discards what waits and lets running jobs finish by themselves: for a process that is about to exit and must not wait.
    pub fn abandon(mut self) {
        self.stop();
        self.threads.clear();
    }

    fn stop(&mut self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        let waiting = state.queue.clear();
        drop(state);
        self.shared.work.notify_all();
        drop(waiting);
    }
}

impl<J: Job> Drop for Pool<J> {
    fn drop(&mut self) {
        self.stop();
        for thread in self.threads.drain(..) {
            // Workers catch their jobs' panics; one that died of anything else has nothing left to tell.
            let _ = thread.join();
        }
    }
}

impl<J: Job> std::fmt::Debug for Pool<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({:?})", self.stats())
    }
}
