//! The simulated world: a virtual clock that jumps, workers that are occupied for declared times, decisions by a chooser.
//!
//! Jobs really run, on the spot, at the virtual moment at which a worker takes them; what they give back is delivered when their
//! declared latency is over. Sockets are in memory (`net/`). Same program, same options: same run, byte for byte.

mod explore;
mod net;

pub use explore::{Detail, ExploreOptions, TrailPoint};
pub use net::NetModel;

use super::faults::{Fault, Faults};
use super::latency::Latencies;
use super::{Arrivals, Choice, JobInfo, Network, Output, Polled, Ready, Wakeup, World};
use explore::Exploring;
use looplab_probe::{ChoiceKind, JobClass, TimeSource};
use looplab_threadpool::{Completion, Job, JobError, JobId, Queue, Stats, SubmitError, Waiting, run_caught};
use mio::event::Source;
use mio::{Interest, Token};
use net::{Net, SimNetwork};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Decides the points where a real machine could go either way. Exploring all orders means driving this through all answers.
pub trait Chooser {
    /// An answer below `options`, which is at least 2. Larger answers count as the last option.
    fn choose(&mut self, kind: ChoiceKind, options: u32) -> u32;

    /// Whether it is worth asking for the order of sockets that become ready together. False for a chooser that always
    /// takes the first option.
    fn reorders(&self) -> bool {
        true
    }
}

/// Takes the first option every time: timers are never early, ties go by age.
#[derive(Debug, Clone, Copy, Default)]
pub struct First;

impl Chooser for First {
    fn choose(&mut self, _kind: ChoiceKind, _options: u32) -> u32 {
        0
    }

    fn reorders(&self) -> bool {
        false
    }
}

/// Takes any option, as its seed has it.
#[derive(Debug, Clone, Copy)]
pub struct Seeded(u64);

impl Seeded {
    /// The chooser of this seed.
    pub fn new(seed: u64) -> Seeded {
        Seeded(seed)
    }
}

impl Chooser for Seeded {
    fn choose(&mut self, _kind: ChoiceKind, options: u32) -> u32 {
        (split_mix(&mut self.0) >> 32) as u32 % options.max(1)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How a simulated world is built.
#[derive(Debug, Clone, PartialEq)]
pub struct SimOptions {
    /// Seed of the random numbers: those the program draws, and those of latencies and losses.
    pub seed: u64,
    /// The system time when the world begins, in nanoseconds since 1970. Default 2024-01-01T00:00:00Z.
    pub epoch: u64,
    /// Pool workers. Default 4.
    pub workers: usize,
    /// Jobs that may wait. Default 1,000,000.
    pub max_waiting: usize,
    /// Declared times.
    pub latencies: Latencies,
    /// The network.
    pub net: NetModel,
    /// Calls that are to fail.
    pub faults: Vec<Fault>,
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
            net: NetModel::default(),
            faults: Vec::new(),
            slack: 1_000_000,
        }
    }
}

/// What is left of a job on a worker.
enum Work<J: Job> {
    /// It ran when the worker took it.
    Ran(Result<J::Output, JobError>),
    /// It runs when it is over: orders are being explored, and effects are to come in the order of the answers.
    ToRun(J),
}

/// A job on a worker.
struct Running<J: Job> {
    token: u64,
    queued_at: u64,
    started_at: u64,
    finish_at: u64,
    slow: bool,
    info: JobInfo,
    /// Polls that could have found it done and did not.
    passed: u32,
    work: Work<J>,
}

/// The simulated world.
pub struct SimWorld<J: Job> {
    clock: Rc<Cell<u64>>,
    options: Box<SimOptions>,
    chooser: Box<dyn Chooser>,
    choices: Vec<Choice>,
    queue: Box<Queue<(J, JobInfo)>>,
    workers: Vec<Option<Running<J>>>,
    done: VecDeque<Completion<J::Output>>,
    woken: Arc<AtomicBool>,
    random: u64,
    latency_random: u64,
    faults: Faults,
    stats: Stats,
    /// Orders are being explored.
    exploring: Option<Box<Exploring>>,
    /// Whether a job that has steps behind it was the last of them after all: it failed.
    ended: fn(&J::Output) -> bool,
    network: SimNetwork,
    /// Only there because mio's sources are registered with something: nothing is ever asked of it.
    registry: Option<mio::Poll>,
}

impl<J: Job> SimWorld<J> {
    /// A world at time 0 that takes the first option everywhere.
    pub fn new(options: SimOptions) -> SimWorld<J> {
        let workers = options.workers.clamp(1, 1024);
        let clock = Rc::new(Cell::new(0));
        let faults = Faults::new(options.faults.clone());
        let net = Net::new(clock.clone(), options.net.clone(), faults.clone(), options.seed);
        SimWorld {
            clock,
            chooser: Box::new(First),
            choices: Vec::new(),
            queue: Box::new(Queue::new(workers)),
            workers: (0..workers).map(|_| None).collect(),
            done: VecDeque::new(),
            woken: Arc::new(AtomicBool::new(false)),
            random: options.seed,
            latency_random: options.seed ^ 0x1a7e_9c15_5eed_0000,
            faults,
            stats: Stats { threads: workers, ..Stats::default() },
            network: SimNetwork(Rc::new(RefCell::new(net))),
            registry: None,
            options: Box::new(options),
            exploring: None,
            ended: |_| false,
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

    /// How long this operation takes: latencies have random numbers of their own, so that declaring one changes none of those the
    /// program draws.
    fn latency(&mut self, info: JobInfo) -> u64 {
        let state = &mut self.latency_random;
        self.options.latencies.of(info, &mut || split_mix(state))
    }

    /// Gives waiting jobs to free workers at the moment `now`.
    fn assign(&mut self, now: u64) {
        while let Some(worker) = self.workers.iter().position(Option::is_none) {
            let Some(Waiting { token, job: (job, info), queued_at, slow, .. }) = self.queue.pop() else {
                return;
            };
            let finish_at = now.saturating_add(self.latency(info));
            let work = match self.exploring {
                Some(_) => Work::ToRun(job),
                None => Work::Ran(run_caught(job)),
            };
            let (started_at, passed) = (now, 0);
            self.workers[worker] =
                Some(Running { token, queued_at, started_at, finish_at, slow, info, passed, work });
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
            self.finish(tied[taken as usize], at);
        }
    }

    /// Everything that is over by now: packets first, as they need no worker.
    fn catch_up(&mut self) {
        self.network.0.borrow_mut().deliver();
        self.settle_workers();
    }

    /// When the next packet arrives.
    fn next_arrival(&self) -> Option<u64> {
        self.network.0.borrow().next_arrival()
    }

    /// Whether a poll has something to give.
    fn found_something(&self) -> bool {
        !self.done.is_empty() || self.network.0.borrow_mut().has_ready()
    }

    /// What a poll gives: sockets in the order in which they became ready unless the chooser wants another, then jobs in the order of their
    /// answers.
    fn hand_over(&mut self, woken: bool, out: &mut Arrivals<J::Output>) {
        if woken {
            out.ready.push(Ready::Woken);
        }
        let first = out.ready.len();
        self.network.0.borrow_mut().take_ready(&mut out.ready);
        self.order_sockets(&mut out.ready[first..]);
        out.done.extend(self.done.drain(..));
    }

    /// Packets that are under way at the same time may overtake one another: which of the sockets that are ready comes first, which next?
    fn order_sockets(&mut self, ready: &mut [Ready]) {
        if !self.packets_race() {
            return;
        }
        for at in 0..ready.len().saturating_sub(1) {
            let rest = &mut ready[at..];
            let options = rest.iter().map(Ready::socket).collect();
            let taken = self.choose_detailed(ChoiceKind::ReadyOrder, options);
            rest[..=taken as usize].rotate_right(1);
        }
    }

    /// Whether the order of sockets that are ready together is to be chosen.
    fn packets_race(&self) -> bool {
        match &self.exploring {
            Some(exploring) => exploring.packets_race(),
            None => self.chooser.reorders(),
        }
    }

    /// Lets the chooser decide among options that mean something.
    fn choose_detailed(&mut self, kind: ChoiceKind, options: Vec<Detail>) -> u32 {
        match self.exploring {
            Some(_) => self.choose_among(kind, options),
            None => self.choose(kind, options.len() as u32),
        }
    }

    fn registry(&mut self) -> io::Result<mio::Registry> {
        if self.registry.is_none() {
            self.registry = Some(mio::Poll::new()?);
        }
        match &self.registry {
            Some(poll) => poll.registry().try_clone(),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn take_noted(&mut self) -> bool {
        self.network.0.borrow_mut().take_noted()
    }

    /// The job of `worker` is over at the moment `at`; the worker takes its next.
    fn finish(&mut self, worker: usize, at: u64) {
        let Some(run) = self.workers[worker].take() else { return };
        if run.slow {
            self.queue.slow_done();
        }
        let waited = run.started_at.saturating_sub(run.queued_at);
        self.stats.finished += 1;
        self.stats.wait += waited;
        self.stats.longest_wait = self.stats.longest_wait.max(waited);
        self.stats.run += at.saturating_sub(run.started_at);
        self.done.push_back(Completion {
            token: run.token,
            worker: Some(worker as u32),
            queued_at: run.queued_at,
            started_at: run.started_at,
            finished_at: at,
            result: match run.work {
                Work::Ran(result) => result,
                Work::ToRun(job) => run_caught(job),
            },
        });
        self.assign(at);
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
        let now = self.clock.get();
        if let Some(exploring) = &mut self.exploring {
            exploring.clock_was_read(now);
        }
        now
    }

    fn wall(&mut self) -> u64 {
        self.options.epoch.saturating_add(self.hrtime())
    }

    fn random(&mut self) -> u64 {
        split_mix(&mut self.random)
    }

    fn choose(&mut self, kind: ChoiceKind, options: u32) -> u32 {
        if options < 2 {
            return 0;
        }
        if self.exploring.is_some() {
            return self.choose_among(kind, vec![Detail::Nothing; options as usize]);
        }
        let taken = self.chooser.choose(kind, options).min(options - 1);
        self.choices.push(Choice { kind, options, taken });
        taken
    }

    fn take_choices(&mut self) -> Vec<Choice> {
        std::mem::take(&mut self.choices)
    }

    fn settle(&mut self, due: u64, competes: bool) {
        if self.exploring.is_some() {
            // The runtime's timer may be due for a list whose first timer has been moved since.
            return self.settle_exploring(competes || due <= self.clock.get());
        }
        if !competes {
            return;
        }
        let now = self.clock.get();
        let near = due > now && due - now <= self.options.slack;
        if near && self.choose(ChoiceKind::TimerDue, 2) == 1 {
            self.clock.set(due);
        }
    }

    fn charge(&mut self, info: JobInfo) {
        if let Some(exploring) = &mut self.exploring {
            exploring.saw(info.label);
        }
        let latency = self.latency(info);
        self.advance(latency);
    }

    fn spend(&mut self, nanos: u64) {
        self.advance(nanos);
    }

    fn timer_starts(&mut self, delay: u64) {
        self.pause_before_timer(delay);
    }

    fn timer_ends(&mut self, due: u64, delay: u64) {
        if let Some(exploring) = &mut self.exploring {
            exploring.timer_ends(due, delay);
        }
    }

    fn explores(&self) -> bool {
        self.exploring.is_some()
    }

    fn submit(&mut self, token: u64, job: J, info: JobInfo) -> Result<JobId, SubmitError> {
        if self.queue.len() >= self.options.max_waiting {
            return Err(SubmitError::Full(self.options.max_waiting));
        }
        // Workers that became free in the meantime come first: they may not find this job in the line yet.
        match &mut self.exploring {
            Some(exploring) => exploring.saw(info.label),
            None => self.settle_workers(),
        }
        let now = self.clock.get();
        let id = self.queue.push_with(token, (job, info), now, info.class == JobClass::Lookup, info.priority);
        self.assign(now);
        self.stats.peak_waiting = self.stats.peak_waiting.max(self.queue.len());
        Ok(id)
    }

    fn cancel(&mut self, id: JobId) -> bool {
        if self.exploring.is_none() {
            self.settle_workers();
        }
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

    fn pool_stats(&self) -> Stats {
        let running = self.workers.iter().flatten().count();
        let waiting = self.queue.len();
        Stats { waiting, unfinished: waiting + running + self.done.len(), ..self.stats }
    }

    fn register(&mut self, source: &mut dyn Source, token: usize, interest: Interest) -> io::Result<()> {
        let registry = self.registry()?;
        let result = source.register(&registry, Token(token), interest);
        if self.take_noted() || result.is_err() {
            return result;
        }
        source.deregister(&registry)?;
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "real descriptors have no readiness in the simulated world",
        ))
    }

    fn reregister(&mut self, source: &mut dyn Source, token: usize, interest: Interest) -> io::Result<()> {
        let result = source.reregister(&self.registry()?, Token(token), interest);
        self.take_noted();
        result
    }

    fn deregister(&mut self, source: &mut dyn Source) -> io::Result<()> {
        let result = source.deregister(&self.registry()?);
        self.take_noted();
        result
    }

    fn network(&mut self) -> &mut dyn Network {
        &mut self.network
    }

    fn fault(&mut self, label: &str) -> Option<i32> {
        self.faults.called(label).map(|error| error.raw_os_error())
    }

    fn wakeup(&self) -> Wakeup {
        let woken = self.woken.clone();
        Arc::new(move || woken.store(true, Ordering::SeqCst))
    }

    fn poll(&mut self, timeout: Option<u64>, out: &mut Arrivals<Output<Self>>) -> io::Result<Polled> {
        if self.exploring.is_some() {
            return Ok(self.poll_exploring(timeout, out));
        }
        self.catch_up();
        let woken = self.woken.swap(false, Ordering::SeqCst);
        // The loop counts whole milliseconds: waiting ends when its clock shows the due one.
        let limit =
            timeout.map(|ms| (self.clock.get() / 1_000_000).saturating_add(ms).saturating_mul(1_000_000));
        while timeout != Some(0) && !woken && !self.found_something() {
            let next = [limit, self.next_finish(), self.next_arrival()].into_iter().flatten().min();
            let Some(until) = next else { return Ok(Polled::Stalled) };
            self.clock.set(until.max(self.clock.get()));
            self.catch_up();
            if limit.is_some_and(|limit| self.clock.get() >= limit) {
                break;
            }
        }
        if timeout == Some(0) && !woken && !self.found_something() {
            self.advance(self.options.latencies.empty_poll);
        }
        self.hand_over(woken, out);
        Ok(Polled::InTime)
    }

    fn block(&mut self, nanos: Option<u64>) {
        // Nothing else happens in this world meanwhile; for ever is as far as its clock goes.
        self.advance(nanos.unwrap_or(u64::MAX >> 2));
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
