//! Ways that need no run of their own, since another brings about the same.
//!
//! A poll that has found one job may find another as well, or leave it to the next poll. In between the two polls the loop goes round: immediates,
//! close callbacks and timers may run there, and the clock moves on. If nothing of that happened, finding both in one poll runs the same callbacks in
//! the same order, and so does whatever follows.

use crate::explore::RunReport;

/// Callbacks that belong to the one before them.
const ATTACHED: &[&str] = &["tick", "microtask", "reaction", "async-hop", "thenable"];
/// Answers of the pool.
const POOL: &str = "pool";

/// Whether everything else that the poll of the point `at` could have found was still there at the next poll, with nothing in between.
pub(super) fn is_left_to_the_next_poll(report: &RunReport, at: usize) -> bool {
    let Some(point) = report.points.get(at) else { return false };
    let Some(found) = point.found.filter(|found| *found > 0 && point.taken == 0) else { return false };
    let later = report.points.get(at + 1..).unwrap_or_default();
    let next = later.iter().position(|other| other.found.is_some());
    let between = &later[..next.unwrap_or(later.len())];
    if between.iter().any(|other| other.taken != 0) {
        return false;
    }
    let until = next.map_or(report.callbacks.len(), |next| later[next].ran);
    let ran = report.callbacks.get(point.ran..until).unwrap_or_default();
    let mut answers = 0;
    for callback in ran.iter().filter(|callback| !ATTACHED.contains(&&*callback.kind)) {
        if callback.kind != POOL || callback.at != point.at {
            return false;
        }
        answers += 1;
        // There was one other job, and it was all that the next poll could find: no decision.
        if answers > found && point.answers.len() == 2 {
            return true;
        }
    }
    let Some(next) = next.map(|next| &later[next]) else { return false };
    // Sockets come before jobs: what the next poll finds of them would come in between.
    let first = report.callbacks.iter().skip(until).find(|callback| !ATTACHED.contains(&&*callback.kind));
    next.at == point.at
        && point.answers.iter().skip(1).all(|answer| next.answers.contains(answer))
        && first.is_none_or(|callback| callback.kind == POOL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Point, Ran};

    /// A poll that found one of three jobs, what ran then (each with its millisecond), and the next poll with the others.
    fn run(ran: &[(&str, u64)], after: &str) -> RunReport {
        let point = |ran: usize, found: u32, answers: &[&str], at: u64| Point {
            ran,
            at,
            found: Some(found),
            answers: answers.iter().map(|answer| (*answer).to_owned()).collect(),
            ..Point::default()
        };
        let mut callbacks = vec![Ran { kind: "main-script".into(), ..Ran::default() }];
        callbacks.extend(ran.iter().map(|(kind, at)| Ran {
            kind: (*kind).into(),
            at: *at,
            ..Ran::default()
        }));
        let until = callbacks.len();
        callbacks.push(Ran { kind: after.into(), ..Ran::default() });
        let end = ran.last().map_or(0, |(_, at)| *at);
        RunReport {
            points: vec![point(1, 1, &["nothing more", "b", "c"], 0), point(until, 0, &["b", "c"], end)],
            callbacks,
            ..RunReport::default()
        }
    }

    #[test]
    fn nothing_in_between_makes_it_the_same() {
        assert!(is_left_to_the_next_poll(&run(&[("pool", 0), ("tick", 0)], "pool"), 0));
        assert!(!is_left_to_the_next_poll(&run(&[("pool", 0)], "pool"), 1), "the next poll itself");
    }

    #[test]
    fn whatever_happens_in_between_keeps_them_apart() {
        for kind in ["immediate", "timer", "close", "poll-io", "pending"] {
            assert!(!is_left_to_the_next_poll(&run(&[("pool", 0), (kind, 0)], "pool"), 0), "{kind}");
        }
        assert!(!is_left_to_the_next_poll(&run(&[("pool", 1)], "pool"), 0), "time has passed");
        assert!(!is_left_to_the_next_poll(&run(&[("pool", 0)], "poll-io"), 0), "a socket came first");
        let mut held_up = run(&[("pool", 0)], "pool");
        held_up.points.insert(1, Point { taken: 1, ..Point::default() });
        assert!(!is_left_to_the_next_poll(&held_up, 0), "another decision was made");
        let mut gone = run(&[("pool", 0)], "pool");
        gone.points[1].answers.pop();
        assert!(!is_left_to_the_next_poll(&gone, 0), "one of the jobs is no longer there");
    }

    #[test]
    fn the_last_job_needs_no_decision() {
        let mut last = run(&[("pool", 0), ("pool", 0)], "exit");
        last.points.pop();
        last.points[0].answers.pop();
        assert!(is_left_to_the_next_poll(&last, 0));
        last.callbacks[2].kind = "immediate".into();
        assert!(!is_left_to_the_next_poll(&last, 0));
    }
}
