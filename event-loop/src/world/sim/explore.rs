//! The simulated world as the explorer uses it: what a machine may decide is decided by the chooser, not by declared times.
//!
//! Four things are up to a machine, and each is a choice here:
//!
//! * **what a poll finds done** ([`ChoiceKind::PoolDone`]): any job that a worker has, in any order, or nothing yet;
//! * **how late the loop looks at its timers** ([`ChoiceKind::TimerDue`]): time may pass any of the next due times;
//! * **which of the sockets that are ready comes first** ([`ChoiceKind::ReadyOrder`]), if [`ExploreOptions::packets`] wants it;
//! * **a pause just before a timer is started** ([`ChoiceKind::Pause`]), if it makes another timer come first.
//!
//! Steps of one operation between which no program code runs (the open, fstat and read of a readFile) are over as soon as a poll looks: whatever
//! order delaying them could bring about, delaying the last step brings about as well. That holds while nothing writes. A step that fails
//! is the last one: when its answer comes is a choice like any other.
//!
//! Each choice is remembered with a fingerprint of everything in the world on which the future depends. Two runs whose programs ran
//! the same callbacks in the same order and stand at a choice with the same fingerprint have the same futures.

use super::{Chooser, SimWorld, Work};
use crate::world::{Arrivals, Choice, JobInfo, Output, Polled};
use looplab_probe::{ChoiceKind, JobClass};
use looplab_threadpool::{Job, run_caught};
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::Ordering;

/// Nanoseconds in a millisecond.
const MS: u64 = 1_000_000;
/// How often in a run timers of one delay are put into different milliseconds: with every loop that sets timers, the ways to do so
/// double with each of them, and two cuts show what one look at the clock can see of them.
const MAX_PARTED: u32 = 2;
/// Read-only steps, which may be hurried through.
const READING: &[&str] = &[
    "fs.open",
    "fs.fstat",
    "fs.stat",
    "fs.lstat",
    "fs.read",
    "fs.readv",
    "fs.readdir",
    "fs.close",
    "fs.access",
    "fs.readlink",
    "fs.realpath",
    "fs.statfs",
    "fs.opendir",
    "fs.closedir",
];

/// The limits of what is taken for possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExploreOptions {
    /// The longest time, in milliseconds, by which a machine may hold the program up at one point, and by which an answer of the file system
    /// may be later than declared. Default 50.
    pub stall: u64,
    /// The same for answers of unknown duration: name look-ups, computing. Default 1,000.
    pub slow_stall: u64,
    /// After how many polls in vain an answer comes for sure. Default 32.
    pub patience: u32,
    /// Whether packets that are under way together may overtake one another, so that of several sockets that are ready each may come first
    /// ([`ChoiceKind::ReadyOrder`]). On one machine that takes two processors and bad luck. Default false: in order of sending.
    pub packets: bool,
    /// Polls of a run at most; then nothing happens any more ([`Polled::Stalled`]). Default 5,000.
    pub max_polls: u64,
}

impl Default for ExploreOptions {
    fn default() -> Self {
        ExploreOptions { stall: 50, slow_stall: 1_000, patience: 32, packets: false, max_polls: 5_000 }
    }
}

/// What taking an option means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Things go on as they stand: nothing is done yet, no time passes.
    Nothing,
    /// The request of this number is done.
    Job(u32),
    /// The socket whose handle has this number comes first of those that are ready.
    Socket(u32),
    /// The wait ends because a timer is due.
    Timer,
    /// So many milliseconds pass.
    Passes(u64),
}

/// A decision, with what the explorer needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailPoint {
    /// What was decided.
    pub kind: ChoiceKind,
    /// Which option was taken.
    pub taken: u32,
    /// What each option means.
    pub options: Vec<Detail>,
    /// The requests whose jobs workers have, by number, and in how many milliseconds each would be done by declared times (0 where
    /// no timer is set: then it makes no difference).
    pub running: Vec<(u32, u64)>,
    /// The requests that this poll has found done so far.
    pub done: Vec<u32>,
    /// A hash of what else in the world the future depends on.
    pub fingerprint: u64,
}

/// What exploring keeps track of.
pub(super) struct Exploring {
    options: ExploreOptions,
    /// The program's timers by due time (loop milliseconds) and delay, and how many there are of each.
    dues: BTreeMap<(u64, u64), u32>,
    /// The loop millisecond at which the timers phase looked at the clock.
    looked_at: u64,
    /// Pauses that only put timers of one delay into different milliseconds.
    parted: u32,
    /// What the program has read from the clock so far, and whether anything.
    read: Option<u64>,
    /// Something may have changed the file system.
    wrote: bool,
    polls: u64,
    trail: Vec<TrailPoint>,
}

impl Exploring {
    pub(super) fn clock_was_read(&mut self, now: u64) {
        let mut hasher = DefaultHasher::new();
        (self.read, now).hash(&mut hasher);
        self.read = Some(hasher.finish());
    }

    /// Work of this sort is asked for.
    pub(super) fn saw(&mut self, label: &str) {
        self.wrote |= label.starts_with("fs.") && !READING.contains(&label);
    }

    pub(super) fn timer_ends(&mut self, due: u64, delay: u64) {
        if let Some(count) = self.dues.get_mut(&(due, delay)) {
            *count -= 1;
            if *count == 0 {
                self.dues.remove(&(due, delay));
            }
        }
    }

    pub(super) fn packets_race(&self) -> bool {
        self.options.packets
    }

    /// Due times in a range, each once.
    fn due_within(&self, from: u64, to: u64) -> Vec<u64> {
        let mut dues: Vec<u64> =
            self.dues.range((from, 0)..=(to, u64::MAX)).map(|((due, _), _)| *due).collect();
        dues.dedup();
        dues
    }

    /// A hash of what the future depends on, but for jobs.
    fn fingerprint(&self, kind: ChoiceKind, now: u64, net: &super::Net) -> u64 {
        let mut hasher = DefaultHasher::new();
        (kind as u8).hash(&mut hasher);
        net.fingerprint(&mut hasher);
        self.read.map(|read| (read, now)).hash(&mut hasher);
        for ((due, delay), count) in &self.dues {
            (*due as i64 - (now / MS) as i64, delay, count).hash(&mut hasher);
        }
        self.parted.hash(&mut hasher);
        if kind == ChoiceKind::Pause {
            // In a timers phase, what is due now depends on when that began.
            (now / MS - self.looked_at).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn hurried(&self, info: JobInfo) -> bool {
        info.more && !self.wrote && READING.contains(&info.label)
    }

    /// By how many nanoseconds an answer may be later than declared.
    fn lateness(&self, info: JobInfo) -> u64 {
        let millis = match info.class {
            JobClass::Disk => self.options.stall,
            _ => self.options.slow_stall.max(self.options.stall),
        };
        millis.saturating_mul(MS)
    }
}

/// A request's number, from its token.
fn number(token: u64) -> u32 {
    (token >> 32) as u32
}

impl<J: Job> SimWorld<J> {
    /// The same world, exploring: the chooser decides whatever a machine could. Jobs run when they are over, so that what they do
    /// to the world outside comes in the order of their answers.
    pub fn exploring(mut self, options: ExploreOptions, chooser: impl Chooser + 'static) -> SimWorld<J> {
        let dues = BTreeMap::new();
        let exploring = Exploring {
            options,
            dues,
            looked_at: 0,
            parted: 0,
            read: None,
            wrote: false,
            polls: 0,
            trail: Vec::new(),
        };
        self.exploring = Some(Box::new(exploring));
        self.with_chooser(chooser)
    }

    /// Moves out the decisions taken so far, in order. Empty unless exploring.
    pub fn take_trail(&mut self) -> Vec<TrailPoint> {
        self.exploring.as_mut().map(|exploring| std::mem::take(&mut exploring.trail)).unwrap_or_default()
    }

    /// Whether the program asked for anything that changes files. False unless exploring.
    pub fn wrote(&self) -> bool {
        self.exploring.as_ref().is_some_and(|exploring| exploring.wrote)
    }

    /// Lets the chooser decide and remembers it. With a single option there is nothing to decide.
    pub(super) fn choose_among(&mut self, kind: ChoiceKind, options: Vec<Detail>) -> u32 {
        let count = options.len() as u32;
        if count < 2 {
            return 0;
        }
        let point = self.point(kind);
        let taken = self.chooser.choose(kind, count).min(count - 1);
        self.choices.push(Choice { kind, options: count, taken });
        if let Some(exploring) = &mut self.exploring {
            exploring.trail.push(TrailPoint { taken, options, ..point });
        }
        taken
    }

    /// The world as it stands before a decision.
    fn point(&self, kind: ChoiceKind) -> TrailPoint {
        let now = self.clock.get();
        let timers = self.exploring.as_ref().is_some_and(|exploring| !exploring.dues.is_empty());
        let left = |at: u64| if timers { at.saturating_sub(now) / MS } else { 0 };
        let running =
            self.workers.iter().flatten().map(|run| (number(run.token), left(run.finish_at))).collect();
        let done = self.done.iter().map(|done| number(done.token)).collect();
        let net = self.network.0.borrow();
        let fingerprint =
            self.exploring.as_ref().map_or(0, |exploring| exploring.fingerprint(kind, now, &net));
        TrailPoint { kind, taken: 0, options: Vec::new(), running, done, fingerprint }
    }

    /// A timer is about to be started. With no pause before it, it comes before (or together with) those that are due later; with a
    /// pause, it may come after them.
    pub(super) fn pause_before_timer(&mut self, delay: u64) {
        let Some(exploring) = self.exploring.as_deref() else { return };
        let own = self.clock.get() / MS + delay;
        let later = exploring.dues.range((own, 0)..=(own.saturating_add(exploring.options.stall), u64::MAX));
        let mut pauses: Vec<u64> = Vec::new();
        for ((due, other), _) in later {
            if *other != delay {
                // At the same millisecond the older one is first; a millisecond later it may even be alone.
                pauses.extend([due - own, due + 1 - own]);
            } else if exploring.parted < MAX_PARTED {
                // Timers of one delay never overtake one another, but need not be due in the same turn.
                pauses.push(due + 1 - own);
            }
        }
        pauses.retain(|millis| *millis > 0);
        pauses.sort_unstable();
        pauses.dedup();
        let mut options = vec![Detail::Nothing];
        options.extend(pauses.into_iter().map(Detail::Passes));
        let taken = self.choose_among(ChoiceKind::Pause, options.clone());
        self.pass(options[taken as usize]);
        let due = self.clock.get() / MS + delay;
        if let Some(exploring) = &mut self.exploring {
            let parts = taken > 0 && exploring.dues.contains_key(&(due - 1, delay));
            exploring.parted += u32::from(parts);
            *exploring.dues.entry((due, delay)).or_default() += 1;
        }
    }

    /// The loop is about to look at its timers: it may be so late that more of them are due.
    pub(super) fn settle_exploring(&mut self, competes: bool) {
        let Some(exploring) = self.exploring.as_deref() else { return };
        let now = self.clock.get() / MS;
        if competes || !exploring.due_within(0, now).is_empty() {
            let soon = exploring.due_within(now + 1, now.saturating_add(exploring.options.stall));
            let mut options = vec![Detail::Nothing];
            options.extend(soon.into_iter().map(|due| Detail::Passes(due - now)));
            let taken = self.choose_among(ChoiceKind::TimerDue, options.clone());
            self.pass(options[taken as usize]);
        }
        let now = self.clock.get() / MS;
        if let Some(exploring) = &mut self.exploring {
            exploring.looked_at = now;
        }
    }

    /// Whole milliseconds pass: the clock stands at the beginning of one afterwards.
    fn pass(&mut self, what: Detail) {
        if let Detail::Passes(millis) = what {
            self.clock.set((self.clock.get() / MS + millis).saturating_mul(MS));
        }
    }

    /// A poll whose finds the chooser decides.
    pub(super) fn poll_exploring(
        &mut self,
        timeout: Option<u64>,
        out: &mut Arrivals<Output<Self>>,
    ) -> Polled {
        let limits = match self.exploring.as_deref_mut() {
            Some(exploring) => {
                exploring.polls += 1;
                exploring.options
            }
            None => return Polled::Stalled,
        };
        if self.exploring.as_ref().is_some_and(|exploring| exploring.polls > limits.max_polls) {
            return Polled::Stalled;
        }
        self.assign(self.clock.get());
        let woken = self.woken.swap(false, Ordering::SeqCst);
        let began = self.clock.get();
        self.hurry();
        self.network.0.borrow_mut().deliver();
        let waits = !self.found_something() && !woken && timeout != Some(0);
        if waits && !self.wait_exploring(timeout) {
            return Polled::Stalled;
        }
        // A wait that a timer ended is over; any other poll may find more.
        let timed_out = timeout != Some(0) && !self.found_something() && !woken;
        while !timed_out && self.find_one_more(limits.patience) {
            self.hurry();
        }
        for run in self.workers.iter_mut().flatten() {
            run.passed += 1;
        }
        if !self.found_something() && !woken && self.clock.get() == began {
            self.advance(self.options.latencies.empty_poll);
        }
        self.hand_over(woken, out);
        Polled::InTime
    }

    /// Lets the world know which jobs had no steps behind them after all, by what they gave: they failed.
    pub fn ending(mut self, ended: fn(&J::Output) -> bool) -> SimWorld<J> {
        self.ended = ended;
        self
    }

    /// Ends all steps that nobody can tell from one another by their time.
    fn hurry(&mut self) {
        let now = self.clock.get();
        while let Some(worker) = self.workers.iter().position(|run| {
            run.as_ref()
                .zip(self.exploring.as_ref())
                .is_some_and(|(run, exploring)| exploring.hurried(run.info))
        }) {
            if !self.fails(worker) {
                self.finish(worker, now);
            }
        }
    }

    /// Does a worker's job, which only reads, ahead of its answer: true if no step follows it. Then it is an answer that the program waits for.
    fn fails(&mut self, worker: usize) -> bool {
        let Some(mut run) = self.workers[worker].take() else { return false };
        let result = match run.work {
            Work::Ran(result) => result,
            Work::ToRun(job) => run_caught(job),
        };
        let fails = result.as_ref().map_or(true, |output| (self.ended)(output));
        run.info.more = !fails;
        run.work = Work::Ran(result);
        self.workers[worker] = Some(run);
        fails
    }

    /// Workers that have something, those first that were first to be done by declared times, and what their job is for the trail.
    fn busy(&self) -> Vec<(usize, Detail)> {
        let running = |(worker, run): (usize, &Option<super::Running<J>>)| {
            run.as_ref().map(|run| (run.finish_at, worker, number(run.token)))
        };
        let mut busy: Vec<_> = self.workers.iter().enumerate().filter_map(running).collect();
        busy.sort_unstable();
        busy.into_iter().map(|(_, worker, number)| (worker, Detail::Job(number))).collect()
    }

    /// A poll that needn't wait: is (another) job done? Those that were passed over too often are.
    fn find_one_more(&mut self, patience: u32) -> bool {
        let busy = self.busy();
        let overdue = busy
            .iter()
            .find(|(worker, _)| self.workers[*worker].as_ref().is_some_and(|run| run.passed >= patience));
        if let Some((worker, _)) = overdue {
            self.finish(*worker, self.clock.get());
            return true;
        }
        let mut options = vec![Detail::Nothing];
        options.extend(busy.iter().map(|(_, detail)| *detail));
        let taken = self.choose_among(ChoiceKind::PoolDone, options);
        match (taken as usize).checked_sub(1) {
            Some(at) => {
                self.finish(busy[at].0, self.clock.get());
                true
            }
            None => false,
        }
    }

    /// A poll that has to wait: for a packet, a job or a timer. False if none of them can ever come.
    ///
    /// Packets keep to their declared times: on one machine they arrive as soon as they are sent, so there is nothing to decide.
    fn wait_exploring(&mut self, timeout: Option<u64>) -> bool {
        let limit = timeout.map(|ms| (self.clock.get() / MS).saturating_add(ms).saturating_mul(MS));
        while let Some(at) = self.next_arrival().filter(|at| limit.is_none_or(|limit| *at < limit)) {
            if self.workers.iter().flatten().any(|run| run.finish_at <= at) {
                break;
            }
            self.clock.set(at.max(self.clock.get()));
            self.network.0.borrow_mut().deliver();
            if self.found_something() {
                return true;
            }
        }
        self.wait_for_job(limit)
    }

    /// The same for a job or a timer.
    fn wait_for_job(&mut self, limit: Option<u64>) -> bool {
        let now = self.clock.get();
        let busy = self.busy();
        let ends: Vec<_> =
            self.workers.iter().map(|run| run.as_ref().map_or(now, |run| run.finish_at)).collect();
        let finish_at = |worker: usize| ends[worker];
        let surely_done = |worker: usize| {
            let late = self.workers[worker].as_ref().zip(self.exploring.as_ref());
            finish_at(worker).saturating_add(late.map_or(0, |(run, exploring)| exploring.lateness(run.info)))
        };
        let timer_may_win = limit.filter(|at| busy.iter().all(|(worker, _)| surely_done(*worker) >= *at));
        let mut options: Vec<Detail> = busy.iter().map(|(_, detail)| *detail).collect();
        if timer_may_win.is_some() {
            // What comes first by declared times stands first.
            let before = busy.iter().filter(|(worker, _)| Some(finish_at(*worker)) <= limit).count();
            options.insert(before, Detail::Timer);
        }
        let Some(taken) = options.get(self.choose_among(ChoiceKind::PoolDone, options.clone()) as usize)
        else {
            return false;
        };
        match busy.iter().find(|(_, detail)| detail == taken) {
            Some((worker, _)) => {
                // In time for the timer not to be due.
                let latest = limit.map_or(u64::MAX, |at| at.saturating_sub(1));
                let at = finish_at(*worker).min(latest).max(now);
                self.clock.set(at);
                self.finish(*worker, at);
            }
            None => self.clock.set(limit.unwrap_or(now).max(now)),
        }
        true
    }
}
