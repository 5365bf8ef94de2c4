//! Is the order of two callbacks guaranteed? The answer for a pair of lines, with the fix if it is not.

use crate::explore::{Findings, Ran};
use serde_json::{Value, json};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The first line's callbacks always run before the second's.
    FirstFirst,
    /// The other way round, always.
    SecondFirst,
    /// Either may run first. The orders (from 0) that show the one and the other.
    Race(usize, usize),
    /// They take turns in the same way every time, so that neither is first.
    Interleaved,
    /// No callback belongs to this line.
    NoCallback(u32),
    /// This line's callback runs in no run together with the other's.
    NeverBoth,
}

/// A question about two lines, answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Between {
    /// The lines asked about.
    pub lines: (u32, u32),
    /// The answer.
    pub verdict: Verdict,
    /// The kinds of callbacks that the lines stand for.
    pub kinds: (String, String),
}

/// Whether a callback belongs to a line: its function begins there, or it was scheduled there.
fn belongs(ran: &Ran, line: u32) -> bool {
    ran.line == line || (ran.from == line && ran.kind != "main-script")
}

impl Between {
    /// Looks at every order of callbacks that was found. Lines are those of the main script.
    pub fn new(findings: &Findings, first: u32, second: u32) -> Between {
        let script =
            findings.sequences.first().and_then(|(ran, _)| ran.first()).map(|ran| ran.script.clone());
        let script = script.unwrap_or_default();
        let mut kinds = (String::new(), String::new());
        let (mut first_first, mut second_first, mut mixed, mut seen) = (None, None, false, (false, false));
        for (sequence, order) in &findings.sequences {
            let places = |line: u32, kind: &mut String| -> Vec<usize> {
                let own = sequence
                    .iter()
                    .enumerate()
                    .skip(1)
                    .filter(|(_, ran)| ran.script == script && belongs(ran, line));
                // A function that begins on the line goes before what the line merely schedules.
                let begins: Vec<usize> =
                    own.clone().filter(|(_, ran)| ran.line == line).map(|(at, _)| at).collect();
                let places = if begins.is_empty() { own.map(|(at, _)| at).collect() } else { begins };
                if let Some(at) = places.first() {
                    kind.clone_from(&sequence[*at].kind);
                }
                places
            };
            let (one, two) = (places(first, &mut kinds.0), places(second, &mut kinds.1));
            seen = (seen.0 || !one.is_empty(), seen.1 || !two.is_empty());
            let (Some((one_min, one_max)), Some((two_min, two_max))) = (ends(&one), ends(&two)) else {
                continue;
            };
            if one_max < two_min {
                first_first.get_or_insert(*order);
            } else if two_max < one_min {
                second_first.get_or_insert(*order);
            } else {
                mixed = true;
            }
        }
        let verdict = match (seen, first_first, second_first) {
            ((false, _), ..) => Verdict::NoCallback(first),
            ((_, false), ..) => Verdict::NoCallback(second),
            (_, Some(one), Some(two)) => Verdict::Race(one, two),
            (_, Some(one), None) if mixed => Verdict::Race(one, one),
            (_, None, Some(two)) if mixed => Verdict::Race(two, two),
            (_, Some(_), None) => Verdict::FirstFirst,
            (_, None, Some(_)) => Verdict::SecondFirst,
            (_, None, None) if mixed => Verdict::Interleaved,
            (_, None, None) => Verdict::NeverBoth,
        };
        Between { lines: (first, second), verdict, kinds }
    }

    /// 0 unless it is a race (3) or can't be answered (1).
    pub fn exit_code(&self) -> i32 {
        match self.verdict {
            Verdict::FirstFirst | Verdict::SecondFirst | Verdict::Interleaved => 0,
            Verdict::Race(..) => 3,
            Verdict::NoCallback(_) | Verdict::NeverBoth => 1,
        }
    }

    /// The verdict in sentences. `complete`: every way was tried.
    pub fn sentences(&self, complete: bool, stall: u64) -> String {
        let (one, two) = self.lines;
        let guaranteed = |first: u32, second: u32| match complete {
            true => format!(
                "this order is guaranteed: line {first}, then line {second} (as long as the machine holds nothing up for more than {stall} ms)"
            ),
            false => format!(
                "line {first} came before line {second} in every run so far, but not every way was tried: no guarantee yet"
            ),
        };
        match &self.verdict {
            Verdict::FirstFirst => guaranteed(one, two),
            Verdict::SecondFirst => guaranteed(two, one),
            Verdict::Interleaved => {
                format!("the callbacks of line {one} and line {two} take turns, in every run in the same way")
            }
            Verdict::Race(a, b) if a == b => format!(
                "this is a race: line {one} and line {two} run one after the other in order {}, and take turns in another\nthe fix: {}",
                a + 1,
                self.fix()
            ),
            Verdict::Race(a, b) => format!(
                "this is a race, and here is the fix: line {one} is first in order {}, line {two} in order {}\nthe fix: {}",
                a + 1,
                b + 1,
                self.fix()
            ),
            Verdict::NoCallback(line) => {
                format!(
                    "no callback of line {line} ever ran: name a line on which a callback's function begins, or which schedules it"
                )
            }
            Verdict::NeverBoth => format!("line {one} and line {two} never ran in the same run"),
        }
    }

    /// What to do about a race of two callbacks of these kinds.
    pub fn fix(&self) -> String {
        let (one, two) = (&*self.kinds.0, &*self.kinds.1);
        let is = |kind: &str| one == kind || two == kind;
        let io = |kind: &str| kind == "pool" || kind == "poll-io";
        let (first, second) = self.lines;
        if is("timer") && is("immediate") {
            "a timeout of 0 counts as 1 ms, which may be over when the loop starts, or not. Let both be immediates (they run in the order in \
             which they were set), or set the one inside the other's callback"
                .into()
        } else if one == "timer" && two == "timer" {
            "the clock may move on between the two calls. Set the second timer in the first one's callback, or use one timer that does \
             both in the order you want"
                .into()
        } else if io(one) && io(two) {
            format!(
                "workers answer when they are done, whoever was asked first. Ask for line {second} in the callback of line {first}, or wait for both with \
                 Promise.all and use the results in a fixed order"
            )
        } else if is("immediate") {
            "an answer may or may not be there at the first poll, and immediates come right after it. Set the immediate in the callback of the request".into()
        } else if is("timer") {
            "a timer waits for time, not for the answer. Do what has to come after it in the callback of the request".into()
        } else {
            format!("schedule line {second} in the callback of line {first}, or the other way round")
        }
    }

    /// For programs.
    pub fn to_json(&self, complete: bool, stall: u64) -> Value {
        let word = match self.verdict {
            Verdict::FirstFirst => "first-first",
            Verdict::SecondFirst => "second-first",
            Verdict::Interleaved => "interleaved",
            Verdict::Race(..) => "race",
            Verdict::NoCallback(_) => "no-callback",
            Verdict::NeverBoth => "never-both",
        };
        let fix = matches!(self.verdict, Verdict::Race(..)).then(|| self.fix());
        json!({
            "lines": [self.lines.0, self.lines.1],
            "verdict": word,
            "guaranteed": complete && self.exit_code() == 0,
            "words": self.sentences(complete, stall),
            "fix": fix,
        })
    }
}

fn ends(places: &[usize]) -> Option<(usize, usize)> {
    Some((*places.iter().min()?, *places.iter().max()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::RunReport;

    fn found(sequences: &[&[(&str, u32)]]) -> Findings {
        let mut findings = Findings::default();
        for (at, sequence) in sequences.iter().enumerate() {
            let main = Ran { kind: "main-script".into(), script: "a.js".into(), line: 1, ..Ran::default() };
            let ran = sequence.iter().map(|(kind, line)| Ran {
                kind: (*kind).into(),
                script: "a.js".into(),
                line: *line,
                ..Ran::default()
            });
            let callbacks = std::iter::once(main).chain(ran).collect();
            findings.add(RunReport { stdout: at.to_string(), callbacks, ..RunReport::default() });
        }
        findings.finish();
        findings
    }

    #[test]
    fn the_verdict_follows_from_every_order() {
        let (t, i) = (("timer", 3), ("immediate", 4));
        let verdict = |sequences: &[&[(&str, u32)]]| Between::new(&found(sequences), 3, 4).verdict;
        assert_eq!(verdict(&[&[t, i]]), Verdict::FirstFirst);
        assert_eq!(verdict(&[&[i, t], &[i, t, ("tick", 9)]]), Verdict::SecondFirst);
        assert_eq!(verdict(&[&[t, i], &[i, t]]), Verdict::Race(0, 1));
        assert_eq!(verdict(&[&[t, i, t]]), Verdict::Interleaved);
        assert_eq!(verdict(&[&[t, i, t], &[t, i]]), Verdict::Race(1, 1));
        assert_eq!(verdict(&[&[t]]), Verdict::NoCallback(4));
        assert_eq!(verdict(&[&[t], &[i]]), Verdict::NeverBoth);
    }

    #[test]
    fn a_guarantee_needs_every_way() {
        let between = Between::new(&found(&[&[("timer", 3), ("timer", 4)]]), 3, 4);
        assert!(between.sentences(true, 50).starts_with("this order is guaranteed"));
        assert!(between.sentences(false, 50).contains("no guarantee yet"));
    }
}
