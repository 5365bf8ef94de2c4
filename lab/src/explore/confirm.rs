//! Explored orders against real Node: which of them come when a real machine is held up on purpose.

use crate::explore::Findings;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Loaded before the script (`node --require`); `LOOPLAB_SEED` says where it holds the program up.
pub const INJECT: &str = include_str!("inject.js");

/// How often each order came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// Which Node, such as `v24.1.0`.
    pub node: String,
    /// Runs made.
    pub runs: u64,
    /// For each order, how often it came.
    pub times: Vec<u64>,
    /// What came that isn't among the orders, and how often: output and exit code.
    pub others: BTreeMap<(String, i32), u64>,
}

impl Confirmed {
    /// Nothing has come yet.
    pub fn new(node: String, findings: &Findings) -> Confirmed {
        Confirmed { node, times: vec![0; findings.orders.len()], ..Confirmed::default() }
    }

    /// Takes a run in.
    pub fn add(&mut self, findings: &Findings, stdout: &str, exit: i32) {
        self.runs += 1;
        let mut found = false;
        for (order, times) in findings.orders.iter().zip(&mut self.times) {
            // Orders that differ on standard error only can't be told apart here.
            if order.report.stdout == stdout && order.report.exit == exit {
                *times += 1;
                found = true;
            }
        }
        if !found {
            *self.others.entry((stdout.to_owned(), exit)).or_default() += 1;
        }
    }

    /// Whether every order has come.
    pub fn all(&self) -> bool {
        self.times.iter().all(|times| *times > 0)
    }

    /// The account in words.
    pub fn text(&self) -> String {
        let came = self.times.iter().filter(|times| **times > 0).count();
        let mut out = format!(
            "\nNode {} with injected delays, {} runs: {came} of {} orders came\n",
            self.node,
            self.runs,
            self.times.len()
        );
        for (at, times) in self.times.iter().enumerate() {
            // Writing to a String can't fail, here and below.
            let _ = match times {
                0 => writeln!(
                    out,
                    "  order {}: did not come (that proves nothing: its delays could not be arranged)",
                    at + 1
                ),
                times => writeln!(out, "  order {}: came {times} times", at + 1),
            };
        }
        for ((stdout, exit), times) in &self.others {
            let lines: Vec<&str> = stdout.lines().collect();
            let _ = writeln!(
                out,
                "  NOT among the orders, {times} times: {} [exit code {exit}]",
                lines.join(" | ")
            );
        }
        out
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let others: Vec<Value> = self
            .others
            .iter()
            .map(|((stdout, exit), times)| json!({ "stdout": stdout, "exit": exit, "times": times }))
            .collect();
        json!({ "node": self.node, "runs": self.runs, "times": self.times, "others": others })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::RunReport;

    #[test]
    fn orders_are_counted_and_strangers_are_named() {
        let mut found = Findings::default();
        for stdout in ["a\nb\n", "b\na\n"] {
            found.add(RunReport { stdout: stdout.into(), ..RunReport::default() });
        }
        found.finish();
        let mut confirmed = Confirmed::new("v24".into(), &found);
        confirmed.add(&found, "a\nb\n", 0);
        assert!(!confirmed.all());
        confirmed.add(&found, "b\na\n", 0);
        assert!(confirmed.all() && confirmed.others.is_empty());
        confirmed.add(&found, "c\n", 0);
        assert!(
            confirmed.text().contains("2 of 2 orders came")
                && confirmed.text().contains("NOT among the orders, 1 times: c")
        );
    }
}
