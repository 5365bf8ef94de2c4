//! The real world: mio, the monotonic clock, threads. The only place in the house that reads a clock or waits.

use super::real_net::RealNetwork;
use super::{Arrivals, Choice, JobInfo, Network, Output, Polled, Readiness, Ready, Wakeup, World};
use looplab_probe::{ChoiceKind, JobClass, TimeSource};
use looplab_threadpool::{Config, Job, JobId, Pool, SubmitError};
use mio::event::Source;
use mio::{Events, Interest, Poll, Token};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The token of mio's waker; slab indices never get there.
const WAKE: Token = Token(usize::MAX);

/// Pauses of the processor between two looks for completions.
const LOOK: u32 = 8;

/// How the real world is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealOptions {
    /// Pool threads at most (`UV_THREADPOOL_SIZE`). Default 4.
    pub workers: usize,
    /// Readiness events taken in one poll at most. Default 1024; the rest comes with the next poll.
    pub events: usize,
    /// While pool jobs are under way, and have lately been shorter than this, how long a poll that may wait looks for completions
    /// before it sleeps, in microseconds. Looking costs the core. Default 0; [`RealOptions::eager`] has a good value.
    pub spin_micros: u64,
    /// The same for workers that run dry, in looks (see [`Config::spin`]). Default 0.
    pub worker_spin: u32,
    /// Both of the above are chosen when the first job is submitted ([`RealOptions::eager`]). Default false.
    pub eager: bool,
}

impl Default for RealOptions {
    fn default() -> Self {
        RealOptions { workers: 4, events: 1024, spin_micros: 0, worker_spin: 0, eager: false }
    }
}

impl RealOptions {
    /// Trades processor time for latency where there is more than one core: the loop and one worker look around for some 20 µs
    /// before they sleep. Waking an idle core of a virtual machine takes longer than a cached file read: measured with `cargo bench` on
    /// two virtual cores, a 3 µs job comes back after 5 µs instead of 40. Where others want the cores, whoever sleeps gives the other one room:
    /// a loop (or worker) that has looked in vain looks less often, until it goes well again.
    ///
    /// How many cores there are is asked when the first job is submitted, as the answer takes some twenty system calls.
    pub fn eager(self) -> RealOptions {
        RealOptions { eager: true, ..self }
    }
}

/// How long a poll looks around before it sleeps, and how it went lately.
#[derive(Debug)]
struct Look {
    limit: Duration,
    /// Polls that go to sleep at once before another looks around.
    rest: u32,
    /// The next rest.
    penalty: u32,
}

impl Look {
    /// Polls without a look after one in vain: this many at first, twice as many after each further one, up to the most.
    const PENALTY: (u32, u32) = (8, 1024);

    fn new(limit: Duration) -> Look {
        Look { limit, rest: 0, penalty: Look::PENALTY.0 }
    }

    /// Whether this poll may look.
    fn may(&mut self) -> bool {
        self.rest = self.rest.saturating_sub(1);
        self.rest == 0 && !self.limit.is_zero()
    }

    /// A look took so long. In vain if it found nothing (the worker may have needed this very core), or if somebody else had the core
    /// meanwhile.
    fn took(&mut self, time: Duration, found: bool) {
        let (least, most) = Look::PENALTY;
        if !found || time > self.limit * 4 {
            self.rest = self.penalty;
            self.penalty = (self.penalty * 2).min(most);
        } else {
            self.penalty = (self.penalty / 2).max(least);
        }
    }
}

/// How other threads reach a loop that may be asleep.
#[derive(Debug)]
struct Bell {
    waker: mio::Waker,
    /// Somebody rang since the loop last looked.
    rung: AtomicBool,
    /// The loop sleeps (or is about to): only then is the system asked to wake it.
    asleep: AtomicBool,
    /// The system refused; the next poll reports it.
    failed: Mutex<Option<io::Error>>,
}

impl Bell {
    /// `rung` is set before `asleep` is read, and the loop sets `asleep` before it reads `rung`: one of the two sees the other.
    fn ring(&self) {
        self.rung.store(true, SeqCst);
        if self.asleep.swap(false, SeqCst)
            && let Err(error) = self.waker.wake()
        {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}

/// The world as it is.
pub struct RealWorld<J: Job> {
    start: Instant,
    poll: Poll,
    events: Events,
    bell: Arc<Bell>,
    pool: Pool<J>,
    network: RealNetwork,
    /// Descriptors watched; with none, a poll that mustn't wait needs no system call.
    watched: usize,
    look: Look,
    /// Whether the two spins are still to be chosen.
    undecided: bool,
    /// How long jobs have lately run, in nanoseconds: waiting awake for a long one would only burn the core.
    recent_run: u64,
    keys: RandomState,
    drawn: u64,
}

impl<J: Job> RealWorld<J> {
    /// A world with its own poll and a pool that has no threads yet.
    ///
    /// # Errors
    /// The system's, such as having no descriptors left.
    pub fn new(options: RealOptions) -> io::Result<RealWorld<J>> {
        let start = Instant::now();
        let poll = Poll::new()?;
        let waker = mio::Waker::new(poll.registry(), WAKE)?;
        let flag = || AtomicBool::new(false);
        let bell = Arc::new(Bell { waker, rung: flag(), asleep: flag(), failed: Mutex::new(None) });
        let ring = bell.clone();
        let origin = monotonic();
        // The same clock as the loop's, without a difference of two structures: each job's stamps ask.
        let clock = Arc::new(move || monotonic().saturating_sub(origin));
        let config =
            Config { workers: options.workers, spin: options.worker_spin, clock, ..Config::default() };
        Ok(RealWorld {
            start,
            poll,
            events: Events::with_capacity(options.events.clamp(1, 1 << 16)),
            bell,
            pool: Pool::new(config, move || ring.ring()),
            network: RealNetwork,
            watched: 0,
            look: Look::new(Duration::from_micros(options.spin_micros)),
            undecided: options.eager,
            recent_run: 0,
            keys: RandomState::new(),
            drawn: 0,
        })
    }

    /// The pool, for its figures.
    pub fn pool(&self) -> &Pool<J> {
        &self.pool
    }

    /// Lets running jobs be: for a process that is about to exit and must not wait for them.
    pub fn abandon(self) {
        self.pool.abandon();
    }

    /// The first job is there: chooses how long to look around.
    fn decide(&mut self) {
        self.undecided = false;
        if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
            self.look = Look::new(Duration::from_micros(20));
            self.pool.set_spin(50);
        }
    }

    /// Whether jobs are under way that will be done before a sleep would be worth it.
    fn may_spin(&mut self) -> bool {
        self.pool.unfinished() > 0
            && Duration::from_nanos(self.recent_run) < self.look.limit
            && self.look.may()
    }

    /// Looks for completions until the limit or the timeout is over. True if something came.
    fn spin(&mut self, timeout: Option<u64>) -> bool {
        let limit = timeout.map_or(self.look.limit, |ms| self.look.limit.min(Duration::from_millis(ms)));
        let began = Instant::now();
        let (mut rung, mut time) = (false, Duration::ZERO);
        while !rung && time < limit {
            // Not yielding: on a busy machine that gives away a whole time slice, and this is much shorter than one.
            (0..LOOK).for_each(|_| std::hint::spin_loop());
            rung = self.bell.rung.load(SeqCst);
            time = began.elapsed();
        }
        self.look.took(time, rung);
        rung
    }

    /// Asks the system, resuming interrupted waits.
    fn wait(&mut self, timeout: Option<u64>) -> io::Result<()> {
        let limit = timeout.map(Duration::from_millis);
        let began = limit.filter(|l| !l.is_zero()).map(|_| Instant::now());
        loop {
            let left = limit.map(|l| began.map_or(l, |began| l.saturating_sub(began.elapsed())));
            match self.poll.poll(&mut self.events, left) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn collect(&mut self, out: &mut Arrivals<J::Output>) -> io::Result<()> {
        for event in self.events.iter().filter(|event| event.token() != WAKE) {
            let readiness = Readiness {
                readable: event.is_readable() || event.is_read_closed() || event.is_error(),
                writable: event.is_writable() || event.is_write_closed() || event.is_error(),
                read_closed: event.is_read_closed(),
                write_closed: event.is_write_closed(),
                error: event.is_error(),
            };
            out.ready.push(Ready::Io { token: event.token().0, readiness });
        }
        self.events.clear();
        if self.bell.rung.load(SeqCst) && self.bell.rung.swap(false, SeqCst) {
            if let Some(error) = self.bell.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return Err(error);
            }
            out.ready.push(Ready::Woken);
            let before = out.done.len();
            self.pool.drain(&mut out.done);
            for done in &out.done[before..] {
                let run = done.finished_at.saturating_sub(done.started_at);
                self.recent_run = (self.recent_run / 8).saturating_mul(7).saturating_add(run / 8);
            }
        }
        Ok(())
    }
}

impl<J: Job> World for RealWorld<J> {
    type Job = J;

    fn is_simulated(&self) -> bool {
        false
    }

    fn now(&self) -> u64 {
        nanos(self.start.elapsed())
    }

    fn hrtime(&mut self) -> u64 {
        self.now()
    }

    fn wall(&mut self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanos)
    }

    fn random(&mut self) -> u64 {
        self.drawn += 1;
        self.keys.hash_one(self.drawn)
    }

    fn choose(&mut self, _kind: ChoiceKind, _options: u32) -> u32 {
        0
    }

    fn take_choices(&mut self) -> Vec<Choice> {
        Vec::new()
    }

    fn settle(&mut self, _due: u64, _competes: bool) {}

    fn charge(&mut self, _info: JobInfo) {}

    fn submit(&mut self, token: u64, job: J, info: JobInfo) -> Result<JobId, SubmitError> {
        if self.undecided {
            self.decide();
        }
        self.pool.submit_with(token, job, info.class == JobClass::Lookup, info.priority)
    }

    fn cancel(&mut self, id: JobId) -> bool {
        self.pool.cancel(id)
    }

    fn pool_waiting(&self) -> usize {
        self.pool.waiting()
    }

    fn pool_stats(&self) -> looplab_threadpool::Stats {
        self.pool.stats()
    }

    fn register(&mut self, source: &mut dyn Source, token: usize, interest: Interest) -> io::Result<()> {
        self.poll.registry().register(source, Token(token), interest)?;
        self.watched += 1;
        Ok(())
    }

    fn reregister(&mut self, source: &mut dyn Source, token: usize, interest: Interest) -> io::Result<()> {
        self.poll.registry().reregister(source, Token(token), interest)
    }

    fn deregister(&mut self, source: &mut dyn Source) -> io::Result<()> {
        self.watched = self.watched.saturating_sub(1);
        self.poll.registry().deregister(source)
    }

    fn network(&mut self) -> &mut dyn Network {
        &mut self.network
    }

    fn wakeup(&self) -> Wakeup {
        let bell = self.bell.clone();
        Arc::new(move || bell.ring())
    }

    fn poll(&mut self, timeout: Option<u64>, out: &mut Arrivals<Output<Self>>) -> io::Result<Polled> {
        let mut timeout = timeout;
        if timeout != Some(0) && (self.bell.rung.load(SeqCst) || (self.may_spin() && self.spin(timeout))) {
            timeout = Some(0);
        }
        if timeout != Some(0) {
            self.bell.asleep.store(true, SeqCst);
            if self.bell.rung.load(SeqCst) {
                timeout = Some(0);
            }
        }
        let result = if timeout != Some(0) || self.watched > 0 { self.wait(timeout) } else { Ok(()) };
        // Read before it is written: a turn that never meant to sleep then costs no atomic exchange.
        if self.bell.asleep.load(Relaxed) {
            self.bell.asleep.store(false, SeqCst);
        }
        result?;
        self.collect(out)?;
        Ok(Polled::InTime)
    }

    fn block(&mut self, nanos: Option<u64>) {
        // A channel that nobody sends on.
        let (_sender, nothing) = std::sync::mpsc::channel::<()>();
        let _ = match nanos {
            Some(nanos) => nothing.recv_timeout(Duration::from_nanos(nanos)).ok(),
            None => nothing.recv().ok(),
        };
    }

    fn time_source(&self) -> TimeSource {
        let start = self.start;
        Box::new(move || nanos(start.elapsed()))
    }
}

/// Nanoseconds of the clock that `Instant` reads.
fn monotonic() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    (now.tv_sec.unsigned_abs()) * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

fn nanos(duration: Duration) -> u64 {
    // Without 128-bit arithmetic: every event of a recording asks.
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(duration.subsec_nanos()))
}

impl<J: Job> std::fmt::Debug for RealWorld<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RealWorld({} watched, {:?})", self.watched, self.pool)
    }
}
