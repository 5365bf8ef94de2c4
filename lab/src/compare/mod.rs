//! looplab against real Node: what was printed, how it ended, and which callbacks ran in which order.
//!
//! Nothing here executes anything: the runs are handed in. Node's callbacks come from its own trace categories (`node.async_hooks`), so
//! an unpatched Node will do.

mod semantics;
mod trace;
mod verdict;

pub use semantics::{SideBySide, Step, steps};
pub use trace::{CATEGORIES, Callbacks, node_callbacks, our_callbacks};
pub use verdict::{Comparison, Verdict, compare};

use serde_json::{Value, json};

/// How a run went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// Standard output.
    pub stdout: String,
    /// The shape of standard error ([`shape`]).
    pub stderr: Vec<String>,
    /// The exit code; `None` if a signal or the time limit ended it.
    pub code: Option<i32>,
}

impl Outcome {
    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({ "stdout": self.stdout, "stderr": self.stderr, "exit": self.code })
    }
}

/// Standard error without what differs from machine to machine and from version to version: no frames, no folders, no line that names the
/// program's own version or process.
pub fn shape(stderr: &str, folder: &str) -> Vec<String> {
    let kept = stderr.lines().filter(|line| {
        let line = line.trim_start();
        !(line.starts_with("at ")
            || line.starts_with("Node.js v")
            || line.starts_with("(Use `")
            || line.is_empty())
    });
    kept.map(|line| {
        let line = line.replace(&format!("{folder}/"), "");
        match line.strip_prefix("(node:").and_then(|rest| rest.split_once(')')) {
            Some((_, rest)) => format!("(node:PID){rest}"),
            None => line,
        }
    })
    .filter(|line| !line.starts_with("node:internal"))
    .collect()
}

/// Where two texts part: the line's number from 1, and both lines (`None` where a text has ended).
pub fn first_difference<'a>(
    ours: &'a str,
    theirs: &'a str,
) -> Option<(usize, Option<&'a str>, Option<&'a str>)> {
    let (mut one, mut two) = (ours.lines(), theirs.lines());
    for number in 1.. {
        match (one.next(), two.next()) {
            (None, None) => break,
            (a, b) if a != b => return Some((number, a, b)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named_by_its_line() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some((2, Some("b"), Some("c"))));
        assert_eq!(first_difference("a\n", "a\nc\n"), Some((2, None, Some("c"))));
    }

    #[test]
    fn the_shape_of_errors_is_that_of_every_machine() {
        let text = "/home/x/a.js:3\nthrow new Error('no')\n^\n\nError: no\n    at f (/home/x/a.js:3:7)\n\nNode.js v24.1.0\n(node:12) Warning: w\n";
        assert_eq!(
            shape(text, "/home/x"),
            ["a.js:3", "throw new Error('no')", "^", "Error: no", "(node:PID) Warning: w"]
        );
    }
}
