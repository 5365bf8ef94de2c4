//! The pool: threads, the shared state under one lock, and the completion queue.

use crate::queue::{Queue, Waiting};
use crate::{Completion, Job, JobError, JobId, Priority, SubmitError, run_caught};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
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

/// What is under the lock.
struct State<J> {
    queue: Queue<J>,
    /// Workers that wait for a job (or have been told of one and not yet come).
    idle: usize,
    /// Idle workers that have been woken and have not come yet: waking them again would only cost system calls. Never more than there
    /// are, so that no job is left without a worker.
    woken: usize,
    /// One idle worker is looking for work instead of sleeping. One at most: more would crowd out whoever brings the work.
    looking: bool,
    stopping: bool,
}

struct Shared<J: Job> {
    state: Mutex<State<J>>,
    work: Condvar,
    /// Mirrors the queue's length, so that a spinning worker needn't take the lock.
    waiting: AtomicUsize,
    done: Sender<Completion<J::Output>>,
    announced: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
    clock: Clock,
    spin: u32,
    finished: AtomicU64,
    wait_time: AtomicU64,
    longest_wait: AtomicU64,
    run_time: AtomicU64,
}

impl<J: Job> Shared<J> {
    /// No code that can panic runs under the lock, so a poisoned one is still sound.
    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, completion: Completion<J::Output>) {
        // The receiver lives as long as the pool; after that nobody wants the result.
        let _ = self.done.send(completion);
        if !self.announced.swap(true, Ordering::SeqCst) {
            (self.wake)();
        }
    }

    /// Waits for a job. `None`: the pool is shutting down.
    fn next(&self) -> Option<Waiting<J>> {
        let mut spun = self.spin == 0;
        let mut state = self.lock();
        loop {
            if state.stopping {
                return None;
            }
            if let Some(job) = state.queue.pop() {
                self.waiting.store(state.queue.len(), Ordering::Relaxed);
                return Some(job);
            }
            state.idle += 1;
            if spun || state.looking {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.woken = state.woken.saturating_sub(1);
            } else {
                state.looking = true;
                drop(state);
                self.spin();
                spun = true;
                state = self.lock();
                state.looking = false;
            }
            state.idle -= 1;
        }
    }

    fn spin(&self) {
        for _ in 0..self.spin {
            if self.waiting.load(Ordering::Relaxed) > 0 {
                return;
            }
            // The core stays awake, but goes to whoever else has use for it.
            std::thread::yield_now();
        }
    }

    fn run(&self, worker: u32) {
        while let Some(Waiting { token, job, queued_at, slow, .. }) = self.next() {
            let started_at = (self.clock)();
            let result = run_caught(job);
            let finished_at = (self.clock)();
            if slow {
                let mut state = self.lock();
                state.queue.slow_done();
                drop(state);
                self.work.notify_one();
            }
            self.finished.fetch_add(1, Ordering::Relaxed);
            let waited = started_at.saturating_sub(queued_at);
            self.wait_time.fetch_add(waited, Ordering::Relaxed);
            self.longest_wait.fetch_max(waited, Ordering::Relaxed);
            self.run_time.fetch_add(finished_at.saturating_sub(started_at), Ordering::Relaxed);
            self.post(Completion { token, worker: Some(worker), queued_at, started_at, finished_at, result });
        }
    }
}

/// The pool. Dropping it discards what waits and joins the workers once their running jobs are done.
pub struct Pool<J: Job> {
    shared: Arc<Shared<J>>,
    results: Receiver<Completion<J::Output>>,
    threads: Vec<JoinHandle<()>>,
    workers: usize,
    max_waiting: usize,
    unfinished: usize,
    peak_waiting: usize,
}

impl<J: Job> Pool<J> {
    /// A pool without threads yet. `wake` is called, on a worker or in [`Pool::cancel`], when completions wait to be drained.
    pub fn new(config: Config, wake: impl Fn() + Send + Sync + 'static) -> Pool<J> {
        let workers = config.workers.clamp(1, 1024);
        let (done, results) = unbounded();
        let shared = Shared {
            state: Mutex::new(State {
                queue: Queue::new(workers),
                idle: 0,
                woken: 0,
                looking: false,
                stopping: false,
            }),
            work: Condvar::new(),
            waiting: AtomicUsize::new(0),
            done,
            announced: AtomicBool::new(false),
            wake: Box::new(wake),
            clock: config.clock,
            spin: config.spin,
            finished: AtomicU64::new(0),
            wait_time: AtomicU64::new(0),
            longest_wait: AtomicU64::new(0),
            run_time: AtomicU64::new(0),
        };
        let (shared, max_waiting) = (Arc::new(shared), config.max_waiting);
        Pool { shared, results, threads: Vec::new(), workers, max_waiting, unfinished: 0, peak_waiting: 0 }
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
        let (shared, worker) = (self.shared.clone(), self.threads.len() as u32);
        let thread = std::thread::Builder::new().name(format!("worker-{worker}"));
        self.threads.push(thread.spawn(move || shared.run(worker))?);
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
        let mut state = self.shared.lock();
        let Some(Waiting { token, job, queued_at, .. }) = state.queue.cancel(id) else { return false };
        self.shared.waiting.store(state.queue.len(), Ordering::Relaxed);
        drop(state);
        drop(job);
        let now = (self.shared.clock)();
        let result = Err(JobError::Cancelled);
        self.shared.post(Completion {
            token,
            worker: None,
            queued_at,
            started_at: now,
            finished_at: now,
            result,
        });
        true
    }

    /// Moves the completions that have arrived into `out`, in order of arrival, and re-arms the wake-up.
    pub fn drain(&mut self, out: &mut Vec<Completion<J::Output>>) {
        // Re-arming first: a completion that comes while we receive is announced again rather than lost.
        self.shared.announced.store(false, Ordering::SeqCst);
        let before = out.len();
        out.extend(self.results.try_iter());
        self.unfinished -= out.len() - before;
    }

    /// Whether a completion waits to be drained. Cheap enough to be asked in a loop.
    pub fn is_ready(&self) -> bool {
        !self.results.is_empty()
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
        Stats {
            threads: self.threads.len(),
            waiting: self.waiting(),
            unfinished: self.unfinished,
            peak_waiting: self.peak_waiting,
            longest_wait: self.shared.longest_wait.load(Ordering::Relaxed),
            finished: self.shared.finished.load(Ordering::Relaxed),
            wait: self.shared.wait_time.load(Ordering::Relaxed),
            run: self.shared.run_time.load(Ordering::Relaxed),
        }
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
