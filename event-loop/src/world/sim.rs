//! The simulated world: a virtual clock that jumps, workers that are occupied for declared times, decisions by a chooser.
//!
//! Jobs really run, on the spot, at the virtual moment at which a worker takes them; what they give back is delivered when their
//! declared latency is over. Same program, same options: same run, byte for byte.

use super::network::NoNetwork;
use super::{Choice, JobInfo, Network, Output, Polled, Ready, Wakeup, World};
use looplab_probe::{ChoiceKind, JobClass, TimeSource};
use looplab_threadpool::{Completion, Job, JobError, JobId, Queue, SubmitError, Waiting, run_caught};
use mio::Interest;
use mio::event::Source;
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Decides the points where a real machine could go either way. Exploring all orders means driving this through all answers.
pub trait Chooser {
    /// An answer below `options`, which is at least 2. Larger answers count as the last option.
    fn choose(&mut self, kind: ChoiceKind, options: u32) -> u32;
}

/// Takes the first option every time: timers are never early, ties go by age.
#[derive(Debug, Clone, Copy, Default)]
pub struct First;

impl Chooser for First {
    fn choose(&mut self, _kind: ChoiceKind, _options: u32) -> u32 {
        0
    }
}

/// How long things take, in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latencies {
    /// A file-system operation. Default 200 µs.
    pub disk: u64,
    /// A name look-up. Default 5 ms.
    pub lookup: u64,
    /// A computing job. Default 10 ms.
    pub compute: u64,
    /// Any other. Default 1 ms.
    pub other: u64,
    /// By operation (`fs.open`), before the above.
    pub by_label: BTreeMap<String, u64>,
    /// What reading the clock costs the program. Default 1 µs.
    pub clock_read: u64,
    /// What a poll costs that doesn't wait and finds nothing. Default 1 µs: a loop kept turning by immediates gets on in time.
    pub empty_poll: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Latencies {
            disk: 200_000,
            lookup: 5_000_000,
            compute: 10_000_000,
            other: 1_000_000,
            by_label: BTreeMap::new(),
            clock_read: 1_000,
            empty_poll: 1_000,
        }
    }
}

impl Latencies {
    fn of(&self, info: JobInfo) -> u64 {
        self.by_label.get(info.label).copied().unwrap_or(match info.class {
            JobClass::Disk => self.disk,
            JobClass::Lookup => self.lookup,
            JobClass::Compute => self.compute,
            JobClass::Other => self.other,
        })
    }
}

/// How a simulated world is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimOptions {
    /// Seed of the random numbers.
    pub seed: u64,
    /// The system time when the world begins, in nanoseconds since 1970. Default 2024-01-01T00:00:00Z.
    pub epoch: u64,
    /// Pool workers. Default 4.
    pub workers: usize,
    /// Jobs that may wait. Default 1,000,000.
    pub max_waiting: usize,
    /// Declared times.
    pub latencies: Latencies,
    /// A timer due within this many nanoseconds may be found due already (a [`ChoiceKind::TimerDue`] choice). Default 1 ms.
    pub slack: u64,
}

impl Default for SimOptions {
    fn default() -> Self {
        SimOptions {
            seed: 1,
            epoch: 1_704_067_200_000_000_000,
            workers: 4,
            max_waiting: 1_000_000,
            latencies: Latencies::default(),
            slack: 1_000_000,
        }
    }
}

/// A job on a worker.
struct Running<R> {
    token: u64,
    queued_at: u64,
    started_at: u64,
    finish_at: u64,
    slow: bool,
    result: Result<R, JobError>,
}

/// The simulated world.
pub struct SimWorld<J: Job> {
    clock: Rc<Cell<u64>>,
    options: SimOptions,
    chooser: Box<dyn Chooser>,
    choices: Vec<Choice>,
    queue: Queue<(J, u64)>,
    workers: Vec<Option<Running<J::Output>>>,
    done: VecDeque<Completion<J::Output>>,
    woken: Arc<AtomicBool>,
    random: u64,
    network: NoNetwork,
}

impl<J: Job> SimWorld<J> {
    /// A world at time 0 that takes the first option everywhere.
    pub fn new(options: SimOptions) -> SimWorld<J> {
        let workers = options.workers.clamp(1, 1024);
        SimWorld {
            clock: Rc::new(Cell::new(0)),
            chooser: Box::new(First),
            choices: Vec::new(),
            queue: Queue::new(workers),
            workers: (0..workers).map(|_| None).collect(),
            done: VecDeque::new(),
            woken: Arc::new(AtomicBool::new(false)),
            random: options.seed,
            network: NoNetwork,
            options,
        }
    }

    /// The same world with another chooser.
    pub fn with_chooser(mut self, chooser: impl Chooser + 'static) -> SimWorld<J> {
        self.chooser = Box::new(chooser);
        self
    }

    /// The program computed for `nanos`: the clock moves on.
    pub fn advance(&mut self, nanos: u64) {
        self.clock.set(self.clock.get().saturating_add(nanos));
    }

    /// Gives waiting jobs to free workers at the moment `now`.
    fn assign(&mut self, now: u64) {
        while let Some(worker) = self.workers.iter().position(Option::is_none) {
            let Some(Waiting { token, job: (job, latency), queued_at, slow, .. }) = self.queue.pop() else {
                return;
            };
            let finish_at = now.saturating_add(latency);
            let result = run_caught(job);
            self.workers[worker] =
                Some(Running { token, queued_at, started_at: now, finish_at, slow, result });
        }
    }

    fn next_finish(&self) -> Option<u64> {
        self.workers.iter().flatten().map(|running| running.finish_at).min()
    }

    /// Ends what is over by now, oldest first; each free worker takes its next job at the moment it became free.
    fn settle_workers(&mut self) {
        let now = self.clock.get();
        while let Some(at) = self.next_finish().filter(|at| *at <= now) {
            let tied: Vec<usize> = (0..self.workers.len())
                .filter(|w| self.workers[*w].as_ref().is_some_and(|running| running.finish_at == at))
                .collect();
            let taken = self.choose(ChoiceKind::WorkerOrder, tied.len() as u32);
            let worker = tied[taken as usize];
            let Some(run) = self.workers[worker].take() else { return };
            if run.slow {
                self.queue.slow_done();
            }
            self.done.push_back(Completion {
                token: run.token,
                worker: Some(worker as u32),
                queued_at: run.queued_at,
                started_at: run.started_at,
                finished_at: run.finish_at,
                result: run.result,
            });
            self.assign(at);
        }
    }
}

impl<J: Job> World for SimWorld<J> {
    type Job = J;

    fn is_simulated(&self) -> bool {
        true
    }

    fn now(&self) -> u64 {
        self.clock.get()
    }

    fn hrtime(&mut self) -> u64 {
        self.advance(self.options.latencies.clock_read);
        self.clock.get()
    }

    fn wall(&mut self) -> u64 {
        self.options.epoch.saturating_add(self.hrtime())
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn choose(&mut self, kind: ChoiceKind, options: u32) -> u32 {
        if options < 2 {
            return 0;
        }
        let taken = self.chooser.choose(kind, options).min(options - 1);
        self.choices.push(Choice { kind, options, taken });
        taken
    }

    fn take_choices(&mut self) -> Vec<Choice> {
        std::mem::take(&mut self.choices)
    }

    fn settle(&mut self, due: u64) {
        let now = self.clock.get();
        let near = due > now && due - now <= self.options.slack;
        if near && self.choose(ChoiceKind::TimerDue, 2) == 1 {
            self.clock.set(due);
        }
    }

    fn charge(&mut self, info: JobInfo) {
        self.advance(self.options.latencies.of(info));
    }

    fn submit(&mut self, token: u64, job: J, info: JobInfo) -> Result<JobId, SubmitError> {
        if self.queue.len() >= self.options.max_waiting {
            return Err(SubmitError::Full(self.options.max_waiting));
        }
        // Workers that became free in the meantime come first: they may not find this job in the line yet.
        self.settle_workers();
        let (now, latency) = (self.clock.get(), self.options.latencies.of(info));
        let id = self.queue.push(token, (job, latency), now, info.class == JobClass::Lookup);
        self.assign(now);
        Ok(id)
    }

    fn cancel(&mut self, id: JobId) -> bool {
        self.settle_workers();
        let Some(Waiting { token, queued_at, .. }) = self.queue.cancel(id) else { return false };
        let now = self.clock.get();
        let result = Err(JobError::Cancelled);
        self.done.push_back(Completion {
            token,
            worker: None,
            queued_at,
            started_at: now,
            finished_at: now,
            result,
        });
        true
    }

    fn pool_waiting(&self) -> usize {
        self.queue.len()
    }

    fn register(&mut self, _source: &mut dyn Source, _token: usize, _interest: Interest) -> io::Result<()> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "real descriptors have no readiness in the simulated world",
        ))
    }

    fn reregister(&mut self, source: &mut dyn Source, token: usize, interest: Interest) -> io::Result<()> {
        self.register(source, token, interest)
    }

    fn deregister(&mut self, _source: &mut dyn Source) -> io::Result<()> {
        Ok(())
    }

    fn network(&mut self) -> &mut dyn Network {
        &mut self.network
    }

    fn wakeup(&self) -> Wakeup {
        let woken = self.woken.clone();
        Arc::new(move || woken.store(true, Ordering::SeqCst))
    }

    fn poll(&mut self, timeout: Option<u64>, out: &mut Vec<Ready<Output<Self>>>) -> io::Result<Polled> {
        self.settle_workers();
        let woken = self.woken.swap(false, Ordering::SeqCst);
        if self.done.is_empty() && !woken && timeout != Some(0) {
            // The loop counts whole milliseconds: waiting ends when its clock shows the due one.
            let limit = timeout.map(|ms| (self.clock.get() / 1_000_000 + ms) * 1_000_000);
            let Some(until) = [limit, self.next_finish()].into_iter().flatten().min() else {
                return Ok(Polled::Stalled);
            };
            self.clock.set(until.max(self.clock.get()));
            self.settle_workers();
        }
        if self.done.is_empty() && !woken && timeout == Some(0) {
            self.advance(self.options.latencies.empty_poll);
        }
        if woken {
            out.push(Ready::Woken);
        }
        // In order of arrival, as the pool's queue has it: which worker was first has been decided already.
        out.extend(self.done.drain(..).map(Ready::Done));
        Ok(Polled::InTime)
    }

    fn time_source(&self) -> TimeSource {
        let clock = self.clock.clone();
        Box::new(move || clock.get())
    }
}

impl<J: Job> std::fmt::Debug for SimWorld<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SimWorld(at {} ns, {} waiting)", self.clock.get(), self.queue.len())
    }
}
