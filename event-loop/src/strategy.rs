//! Execution strategies: which of the tasks that are ready goes next, a step at a time.
//!
//! The loop itself has one answer, first come, first served. A program that has more to do than fits into a turn can cut its tasks into
//! steps, keep them in a [`Scheduler`], and take one step per immediate; the strategy then decides who waits. [`simulate`] does
//! this with declared tasks in the simulated world, to compare.
//!
//! ```
//! use looplab_event_loop::strategy::{Scheduler, Strategy, Urgency};
//! let mut ready = Scheduler::new(Strategy::Deadline);
//! ready.push("report", Urgency { deadline: Some(500), ..Urgency::default() });
//! ready.push("frame", Urgency { deadline: Some(16), ..Urgency::default() });
//! let next = ready.take().unwrap();
//! assert_eq!(next.task, "frame");
//! ready.put_back(next); // It needs another step, and is first again.
//! assert_eq!(ready.take().unwrap().task, "frame");
//! ```

use crate::event_loop::{AnyJob, EventLoop};
use crate::world::{SimOptions, SimWorld, World};
use looplab_threadpool::Priority;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// Who goes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Who came first, until it is done.
    Fifo,
    /// The most urgent; of these who came first.
    Priority,
    /// Everyone in turn, a step each.
    RoundRobin,
    /// Whose deadline is next; those without one come last.
    Deadline,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Strategy; 4] =
        [Strategy::Fifo, Strategy::Priority, Strategy::RoundRobin, Strategy::Deadline];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Fifo => "fifo",
            Strategy::Priority => "priority",
            Strategy::RoundRobin => "round-robin",
            Strategy::Deadline => "deadline",
        }
    }
}

/// What strategies go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Urgency {
    /// How urgent it is.
    pub priority: Priority,
    /// When it should be done, in any unit.
    pub deadline: Option<u64>,
}

/// A task that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready<T> {
    /// The task.
    pub task: T,
    /// How urgent it is.
    pub urgency: Urgency,
    /// Its place among all that came.
    number: u64,
}

/// The tasks that are ready, and who goes next.
#[derive(Debug, Clone)]
pub struct Scheduler<T> {
    strategy: Strategy,
    ready: VecDeque<Ready<T>>,
    next_number: u64,
}

impl<T> Default for Scheduler<T> {
    /// First come, first served.
    fn default() -> Self {
        Scheduler::new(Strategy::Fifo)
    }
}

impl<T> Scheduler<T> {
    /// Nothing is ready.
    pub fn new(strategy: Strategy) -> Scheduler<T> {
        Scheduler { strategy, ready: VecDeque::new(), next_number: 0 }
    }

    /// How many tasks are ready.
    pub fn len(&self) -> usize {
        self.ready.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// A new task.
    pub fn push(&mut self, task: T, urgency: Urgency) {
        let number = self.next_number;
        self.next_number += 1;
        self.ready.push_back(Ready { task, urgency, number });
    }

    /// Takes the task whose step is next.
    pub fn take(&mut self) -> Option<Ready<T>> {
        let order = |ready: &Ready<T>| match self.strategy {
            // Those put back stand behind the others.
            Strategy::RoundRobin => (0, 0),
            Strategy::Fifo => (0, ready.number),
            Strategy::Priority => (ready.urgency.priority as u64, ready.number),
            Strategy::Deadline => (ready.urgency.deadline.unwrap_or(u64::MAX), ready.number),
        };
        let first = self.ready.iter().enumerate().min_by_key(|(_, ready)| order(ready))?.0;
        self.ready.remove(first)
    }

    /// A task that has had its step and needs another.
    pub fn put_back(&mut self, ready: Ready<T>) {
        self.ready.push_back(ready);
    }
}

/// A task of a workload. Times in milliseconds from the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// What it is called.
    pub name: String,
    /// When it comes.
    pub arrives: u64,
    /// For how long it computes.
    pub takes: u64,
    /// How urgent it is.
    pub priority: Priority,
    /// When it should be done.
    pub deadline: Option<u64>,
}

/// A stretch of time in which one task ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Which task of the workload.
    pub task: usize,
    /// From when, in milliseconds.
    pub from: u64,
    /// Until when.
    pub until: u64,
}

/// How a workload went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Who ran when, in order.
    pub ran: Vec<Stretch>,
    /// When each task of the workload was done, in milliseconds.
    pub finished: Vec<u64>,
}

impl Outcome {
    /// From a task's arrival until it was done, in milliseconds.
    pub fn latency(&self, workload: &[Work], task: usize) -> u64 {
        self.finished[task].saturating_sub(workload[task].arrives)
    }

    /// Whether a task was done after its deadline.
    pub fn is_late(&self, workload: &[Work], task: usize) -> bool {
        workload[task].deadline.is_some_and(|deadline| self.finished[task] > deadline)
    }
}

/// What the run keeps.
#[derive(Default)]
struct Run {
    ready: Scheduler<(usize, u64)>,
    step: u64,
    /// A step is on its way already.
    going: bool,
    outcome: Outcome,
}

/// Runs a workload through a loop in the simulated world: tasks arrive by timers, and each immediate takes one step of `step`
/// milliseconds (at least 1). A task that needs nothing is done when its first step comes.
pub fn simulate(strategy: Strategy, workload: &[Work], step: u64) -> Outcome {
    let mut lp = EventLoop::simulated(SimOptions::default());
    let outcome = Outcome { ran: Vec::new(), finished: vec![0; workload.len()] };
    let run = Run { ready: Scheduler::new(strategy), step: step.max(1), going: false, outcome };
    let run = Rc::new(RefCell::new(run));
    for (number, work) in workload.iter().enumerate() {
        let (run, takes) = (run.clone(), work.takes);
        let urgency = Urgency { priority: work.priority, deadline: work.deadline };
        lp.set_timeout(work.arrives, move |lp| {
            run.borrow_mut().ready.push((number, takes), urgency);
            go_on(lp, run);
        });
    }
    // The simulated world's own errors are those of making an epoll, which nothing here does.
    let ended = lp.run();
    debug_assert!(ended.is_ok(), "{ended:?}");
    drop(lp);
    run.take().outcome
}

type Sim = EventLoop<SimWorld<AnyJob>>;

/// Has the next step taken in the next check phase, if there is one and none is on its way.
fn go_on(lp: &mut Sim, run: Rc<RefCell<Run>>) {
    let wanted = {
        let mut run = run.borrow_mut();
        let wanted = !run.going && !run.ready.is_empty();
        run.going |= wanted;
        wanted
    };
    if wanted {
        lp.set_immediate(move |lp| {
            take_step(lp, &run);
            go_on(lp, run);
        });
    }
}

fn take_step(lp: &mut Sim, run: &Rc<RefCell<Run>>) {
    let mut run = run.borrow_mut();
    run.going = false;
    let Some(mut next) = run.ready.take() else { return };
    let (task, left) = next.task;
    let takes = left.min(run.step);
    let from = lp.world().now() / 1_000_000;
    lp.world_mut().spend(takes * 1_000_000);
    let until = from + takes;
    match run.outcome.ran.last_mut() {
        Some(last) if last.task == task && last.until == from => last.until = until,
        _ if takes > 0 => run.outcome.ran.push(Stretch { task, from, until }),
        _ => {}
    }
    next.task.1 = left - takes;
    match next.task.1 {
        0 => run.outcome.finished[task] = until,
        _ => run.ready.put_back(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(name: &str, arrives: u64, takes: u64, priority: Priority, deadline: u64) -> Work {
        Work { name: name.into(), arrives, takes, priority, deadline: Some(deadline) }
    }

    fn finished(strategy: Strategy) -> Vec<u64> {
        let workload = [
            work("long", 0, 9, Priority::Low, 100),
            work("short", 1, 2, Priority::Normal, 50),
            work("urgent", 2, 2, Priority::High, 60),
            work("tight", 3, 1, Priority::Low, 6),
        ];
        simulate(strategy, &workload, 1).finished
    }

    #[test]
    fn each_strategy_has_its_own_order() {
        assert_eq!(finished(Strategy::Fifo), [9, 11, 13, 14]);
        assert_eq!(finished(Strategy::Priority), [13, 5, 4, 14]);
        assert_eq!(finished(Strategy::Deadline), [14, 3, 6, 4]);
    }

    #[test]
    fn in_turn_nobody_waits_for_the_long_one() {
        let in_turn = finished(Strategy::RoundRobin);
        assert_eq!(in_turn[0], 14);
        assert!(in_turn[1..].iter().all(|at| *at <= 9), "{in_turn:?}");
    }

    #[test]
    fn the_loop_rests_while_there_is_nothing_to_do() {
        let workload = [work("one", 5, 2, Priority::Normal, 9), work("two", 20, 0, Priority::Normal, 20)];
        for strategy in Strategy::ALL {
            let outcome = simulate(strategy, &workload, 1);
            assert_eq!(outcome.ran, [Stretch { task: 0, from: 5, until: 7 }]);
            assert_eq!(outcome.finished, [7, 20]);
            assert_eq!((outcome.latency(&workload, 0), outcome.is_late(&workload, 0)), (2, false));
        }
    }

    #[test]
    fn all_strategies_do_the_same_work() {
        let workload: Vec<_> =
            (0..20).map(|n| work("w", n * 3 % 7, n % 5, Priority::Normal, 100 - n)).collect();
        let all: u64 = workload.iter().map(|work| work.takes).sum();
        for strategy in Strategy::ALL {
            let outcome = simulate(strategy, &workload, 2);
            assert_eq!(outcome.ran.iter().map(|ran| ran.until - ran.from).sum::<u64>(), all);
            assert!(outcome.ran.windows(2).all(|pair| pair[0].until <= pair[1].from));
        }
    }
}
