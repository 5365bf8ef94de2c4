//! The walk over all decisions: few departures first, states met before not again, several runs at a time.

use crate::explore::redundant::is_left_to_the_next_poll;
use crate::explore::{Findings, RunReport};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Points of one run that are followed at most: a script that never ends has any number.
const MAX_POINTS: usize = 5_000;

/// Runs the script with given decisions.
pub trait Runner: Sync {
    /// One run; decisions beyond the list are 0.
    ///
    /// # Errors
    /// It could not be run, or was killed for taking too long.
    fn run(&self, decisions: &[u32]) -> Result<RunReport, RunError>;
}

/// Why a run gave no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunError {
    /// It was still running when its time was up.
    TooLong,
    /// Anything else.
    Failed(String),
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Runs at most.
    pub max_runs: u64,
    /// Runs at a time.
    pub at_a_time: usize,
}

/// Decisions still to be tried: those of a run up to a point, and another one there.
struct Branch {
    path: Arc<Vec<u32>>,
    keep: usize,
    instead: Option<u32>,
}

impl Branch {
    fn decisions(&self) -> Vec<u32> {
        let mut decisions = self.path[..self.keep].to_vec();
        decisions.extend(self.instead);
        decisions
    }
}

/// Departures from the first option, then age.
type Rank = (usize, u64);

struct State {
    waiting: BinaryHeap<Reverse<(Rank, usize)>>,
    branches: Vec<Option<Branch>>,
    seen: HashSet<u64>,
    running: usize,
    started: u64,
    stop: bool,
    findings: Findings,
    failure: Option<String>,
}

impl State {
    fn offer(&mut self, branch: Branch, departures: usize) {
        let age = self.branches.len();
        self.waiting.push(Reverse(((departures, age as u64), age)));
        self.branches.push(Some(branch));
    }

    fn next(&mut self) -> Option<Vec<u32>> {
        let Reverse((_, at)) = self.waiting.pop()?;
        self.branches[at].take().map(|branch| branch.decisions())
    }

    /// Takes a run's report in: every other way at every point that is new becomes a branch.
    fn learn(&mut self, given: usize, report: RunReport) {
        let path: Arc<Vec<u32>> = Arc::new(report.points.iter().map(|point| point.taken).collect());
        let mut departures = path.iter().take(given).filter(|taken| **taken > 0).count();
        for (at, point) in report.points.iter().enumerate().skip(given).take(MAX_POINTS) {
            if !self.seen.insert(point.state) {
                // From here on this run goes where an earlier one has been.
                break;
            }
            if is_left_to_the_next_poll(&report, at) {
                continue;
            }
            for instead in (0..point.answers.len() as u32).filter(|other| *other != point.taken) {
                let branch = Branch { path: path.clone(), keep: at, instead: Some(instead) };
                self.offer(branch, departures + usize::from(instead > 0));
            }
            departures += usize::from(point.taken > 0);
        }
        self.findings.unfollowed |= report.points.len() > given + MAX_POINTS;
        self.findings.add(report);
    }
}

/// Explores. `go_on` is asked before each run whether there is time left.
///
/// # Errors
/// The first run failed, or a later one in a way that is not the script's fault.
pub fn search(
    runner: &dyn Runner,
    limits: Limits,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<Findings, String> {
    let state = State {
        waiting: BinaryHeap::new(),
        branches: Vec::new(),
        seen: HashSet::new(),
        running: 0,
        started: 0,
        stop: false,
        findings: Findings::default(),
        failure: None,
    };
    let shared = (Mutex::new(state), Condvar::new());
    lock(&shared.0).offer(Branch { path: Arc::default(), keep: 0, instead: None }, 0);
    std::thread::scope(|scope| {
        for _ in 0..limits.at_a_time.clamp(1, 64) {
            scope.spawn(|| work(runner, limits, go_on, &shared));
        }
    });
    let mut state = shared.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = state.failure {
        return Err(failure);
    }
    state.findings.left = state.waiting.len() as u64;
    state.findings.finish();
    Ok(state.findings)
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes branches until none is left and nobody can bring new ones.
fn work(
    runner: &dyn Runner,
    limits: Limits,
    go_on: &(dyn Fn() -> bool + Sync),
    (state, changed): &(Mutex<State>, Condvar),
) {
    let mut held = lock(state);
    loop {
        if held.started >= limits.max_runs || !go_on() {
            held.stop = true;
        }
        if held.stop {
            break;
        }
        let Some(decisions) = held.next() else {
            if held.running == 0 {
                break;
            }
            held = changed.wait(held).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        held.running += 1;
        held.started += 1;
        drop(held);
        let result = runner.run(&decisions);
        held = lock(state);
        held.running -= 1;
        match result {
            Ok(report) => held.learn(decisions.len(), report),
            Err(RunError::TooLong) => held.findings.too_long += 1,
            Err(RunError::Failed(problem)) => {
                held.failure.get_or_insert(problem);
                held.stop = true;
            }
        }
        changed.notify_all();
    }
    changed.notify_all();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::Point;

    /// A program whose decisions are digits of its output; `state` merges what `same` says.
    struct Tree {
        depth: usize,
        options: u32,
        merges: bool,
    }

    impl Runner for Tree {
        fn run(&self, decisions: &[u32]) -> Result<RunReport, RunError> {
            let path: Vec<u32> = (0..self.depth).map(|at| decisions.get(at).copied().unwrap_or(0)).collect();
            let point = |at: usize| Point {
                taken: path[at],
                answers: vec![String::new(); self.options as usize],
                state: match self.merges {
                    // Only how many ones there were matters.
                    true => (at as u64) << 32 | path[..at].iter().map(|taken| u64::from(*taken)).sum::<u64>(),
                    false => path[..at].iter().fold(1, |sum, taken| sum * 31 + u64::from(*taken) + 7),
                },
                ..Point::default()
            };
            let stdout = match self.merges {
                true => path.iter().sum::<u32>().to_string(),
                false => format!("{path:?}"),
            };
            Ok(RunReport { stdout, points: (0..self.depth).map(point).collect(), ..RunReport::default() })
        }
    }

    fn explored(tree: &Tree, max_runs: u64) -> Findings {
        search(tree, Limits { max_runs, at_a_time: 3 }, &|| true).unwrap()
    }

    #[test]
    fn every_way_is_taken_once() {
        let found = explored(&Tree { depth: 5, options: 3, merges: false }, 10_000);
        assert_eq!((found.runs, found.orders.len(), found.left), (243, 243, 0));
        assert!(found.complete());
    }

    #[test]
    fn states_met_before_are_not_followed_again() {
        let found = explored(&Tree { depth: 12, options: 2, merges: true }, 10_000);
        assert_eq!(found.orders.len(), 13);
        assert!(found.complete() && found.runs < 100, "{}", found.runs);
    }

    #[test]
    fn a_budget_is_kept_and_said() {
        let found = explored(&Tree { depth: 12, options: 2, merges: false }, 50);
        assert_eq!(found.runs, 50);
        assert!(!found.complete() && found.left > 0);
        let found = search(
            &Tree { depth: 3, options: 2, merges: false },
            Limits { max_runs: 9, at_a_time: 1 },
            &|| false,
        );
        assert_eq!(found.unwrap().runs, 0);
    }

    #[test]
    fn a_run_that_fails_ends_it() {
        struct Fails;
        impl Runner for Fails {
            fn run(&self, _: &[u32]) -> Result<RunReport, RunError> {
                Err(RunError::Failed("no such file".into()))
            }
        }
        assert_eq!(
            search(&Fails, Limits { max_runs: 9, at_a_time: 2 }, &|| true).unwrap_err(),
            "no such file"
        );
    }
}
