//! What an exploration found: the distinct outputs, and for each the decisions that tell it from the others.

use crate::explore::{Point, Ran, RunReport};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// The distinct outcomes, the one that came with the fewest departures from the usual first.
    pub orders: Vec<Order>,
    /// Runs that ended.
    pub runs: u64,
    /// Ways not tried because the budget was spent.
    pub left: u64,
    /// Runs killed because they took too long.
    pub too_long: u64,
    /// Runs that were cut off.
    pub cut: u64,
    /// A run had more points than are followed.
    pub unfollowed: bool,
    /// A run asked for something that changes files.
    pub writes: bool,
    by_outcome: HashMap<(String, String, i32), usize>,
    /// The order of callbacks in every run, each once: for questions about pairs.
    pub sequences: Vec<(Vec<Ran>, usize)>,
    known: HashMap<u64, ()>,
}

/// One distinct outcome.
#[derive(Debug, Clone)]
pub struct Order {
    /// What it printed, and how it ended.
    pub report: RunReport,
    /// Runs that came to it.
    pub runs: u64,
    /// The points that decide for it and against another outcome, as indices into its report's points.
    pub deciding: Vec<usize>,
}

impl Order {
    /// The decisions that bring it about. Trailing zeros are left out.
    pub fn decisions(&self) -> Vec<u32> {
        decisions(&self.report)
    }

    /// By how many milliseconds the machine holds the program up in the run that stands for it.
    pub fn held_up(&self) -> u64 {
        let millis = |point: &Point| point.millis.get(point.taken as usize).copied().unwrap_or(0);
        self.report.points.iter().map(millis).sum()
    }
}

fn decisions(report: &RunReport) -> Vec<u32> {
    let mut taken: Vec<u32> = report.points.iter().map(|point| point.taken).collect();
    while taken.last() == Some(&0) {
        taken.pop();
    }
    taken
}

/// Fewest departures, then least held up, then first.
fn rank(report: &RunReport) -> (usize, u64, Vec<u32>) {
    let taken = decisions(report);
    let millis = report.points.iter().map(|p| p.millis.get(p.taken as usize).copied().unwrap_or(0)).sum();
    (taken.iter().filter(|taken| **taken > 0).count(), millis, taken)
}

impl Findings {
    /// Takes a run in.
    pub fn add(&mut self, report: RunReport) {
        self.runs += 1;
        self.cut += u64::from(report.cut);
        self.writes |= report.writes;
        let key = (report.stdout.clone(), report.stderr.clone(), report.exit);
        if let Some(at) = self.by_outcome.get(&key).copied() {
            self.remember(&report, at);
            let order = &mut self.orders[at];
            order.runs += 1;
            if rank(&report) < rank(&order.report) {
                order.report = report;
            }
            return;
        }
        let at = self.orders.len();
        self.by_outcome.insert(key, at);
        self.remember(&report, at);
        self.orders.push(Order { report, runs: 1, deciding: Vec::new() });
    }

    fn remember(&mut self, report: &RunReport, order: usize) {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        for ran in &report.callbacks {
            (&ran.kind, &ran.script, ran.line, ran.from).hash(&mut hasher);
        }
        if self.known.insert(hasher.finish(), ()).is_none() {
            self.sequences.push((report.callbacks.clone(), order));
        }
    }

    /// Sorts the orders and finds what decides for each.
    pub fn finish(&mut self) {
        let mut places: Vec<usize> = (0..self.orders.len()).collect();
        places.sort_by_key(|at| rank(&self.orders[*at].report));
        let mut new_place = vec![0; places.len()];
        for (new, old) in places.iter().enumerate() {
            new_place[*old] = new;
        }
        self.sequences.iter_mut().for_each(|(_, order)| *order = new_place[*order]);
        self.by_outcome.clear();
        let mut orders: Vec<Option<Order>> = std::mem::take(&mut self.orders).into_iter().map(Some).collect();
        self.orders = places.iter().filter_map(|at| orders[*at].take()).collect();
        let paths: Vec<Vec<u32>> =
            self.orders.iter().map(|o| o.report.points.iter().map(|p| p.taken).collect()).collect();
        for (at, order) in self.orders.iter_mut().enumerate() {
            let parts =
                paths.iter().enumerate().filter(|(other, _)| *other != at).filter_map(|(_, other)| {
                    let shared = other.iter().zip(&paths[at]).take_while(|(a, b)| a == b).count();
                    (shared < paths[at].len()).then_some(shared)
                });
            order.deciding = parts.collect();
            order.deciding.sort_unstable();
            order.deciding.dedup();
        }
    }

    /// Whether every way was tried to its end.
    pub fn complete(&self) -> bool {
        self.left == 0 && self.cut == 0 && self.too_long == 0 && !self.unfollowed && self.runs > 0
    }

    /// 0 for one order, 3 for several, 1 if no run ended.
    pub fn exit_code(&self) -> i32 {
        match self.orders.len() {
            0 => 1,
            1 => 0,
            _ => 3,
        }
    }

    /// Everything, for programs.
    pub fn to_json(&self) -> Value {
        let orders: Vec<Value> = self.orders.iter().map(order_json).collect();
        json!({
            "orders": orders,
            "runs": self.runs,
            "complete": self.complete(),
            "untried": self.left,
            "cut": self.cut,
            "tooLong": self.too_long,
            "writesFiles": self.writes,
        })
    }
}

fn order_json(order: &Order) -> Value {
    let deciding = order.deciding.iter().filter_map(|at| order.report.points.get(*at)).map(
        |point| json!({ "question": point.question, "answer": point.answers.get(point.taken as usize) }),
    );
    json!({
        "stdout": order.report.stdout,
        "stderr": order.report.stderr,
        "exit": order.report.exit,
        "runs": order.runs,
        "choices": order.decisions(),
        "deciding": deciding.collect::<Vec<_>>(),
        "heldUpMs": order.held_up(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stdout: &str, taken: &[u32]) -> RunReport {
        let point = |taken: &u32| Point {
            taken: *taken,
            answers: vec!["no".into(), "yes".into()],
            millis: vec![0, 2],
            ..Point::default()
        };
        RunReport { stdout: stdout.into(), points: taken.iter().map(point).collect(), ..RunReport::default() }
    }

    #[test]
    fn the_plainest_run_stands_for_its_order_and_only_what_tells_orders_apart_decides() {
        let mut found = Findings::default();
        for (stdout, taken) in
            [("b", &[1, 1, 0][..]), ("a", &[0, 0, 0]), ("b", &[0, 1, 0]), ("a", &[0, 0, 1])]
        {
            found.add(run(stdout, taken));
        }
        found.finish();
        let shown: Vec<_> =
            found.orders.iter().map(|o| (&*o.report.stdout, o.decisions(), &*o.deciding)).collect();
        assert_eq!(shown, [("a", vec![], &[1][..]), ("b", vec![0, 1], &[1][..])]);
        assert_eq!((found.orders[1].runs, found.orders[1].held_up(), found.exit_code()), (2, 2, 3));
    }
}
