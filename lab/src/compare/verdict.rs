//! The verdict: identical, both legal, or different, with the rule that decides.

use crate::compare::{Callbacks, Outcome, first_difference};
use crate::explore::Findings;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Outcomes shown of a distribution.
const SHOWN: usize = 12;

/// What a comparison came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every run of both gave the same.
    Identical,
    /// They differ, but every outcome is in the explored set: the script has a race.
    BothLegal,
    /// Node did something that looplab holds impossible.
    Different,
    /// They differ, and not every order could be tried.
    Undecided,
}

/// looplab's outcome against those of one Node.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Which Node, such as `v24.1.0`.
    pub node: String,
    /// The verdict.
    pub verdict: Verdict,
    /// looplab's own outcome.
    pub ours: Outcome,
    /// Node's outcomes and how often each came, the most frequent first.
    pub theirs: Vec<(Outcome, u32)>,
    /// Callbacks in order where both were traced: ours, theirs.
    pub callbacks: Option<(Callbacks, Callbacks)>,
    /// Legal outcomes found by exploring, if that was necessary, and how often Node came to each.
    pub legal: Option<Vec<(Outcome, u32)>>,
}

/// Compares. `findings`: what exploring found; asked for only if the outcomes differ.
pub fn compare(
    node: &str,
    ours: Outcome,
    theirs: &[Outcome],
    callbacks: Option<(Callbacks, Callbacks)>,
    findings: impl FnOnce() -> Option<Findings>,
) -> Comparison {
    let mut counted: BTreeMap<(String, Vec<String>, Option<i32>), u32> = BTreeMap::new();
    for one in theirs {
        *counted.entry((one.stdout.clone(), one.stderr.clone(), one.code)).or_default() += 1;
    }
    let mut counted: Vec<(Outcome, u32)> = counted
        .into_iter()
        .map(|((stdout, stderr, code), n)| (Outcome { stdout, stderr, code }, n))
        .collect();
    counted.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let same = counted.iter().all(|(outcome, _)| *outcome == ours);
    let (verdict, legal) = match same {
        true => (Verdict::Identical, None),
        false => match findings() {
            None => (Verdict::Undecided, None),
            Some(found) => {
                let known = |outcome: &Outcome| {
                    found.orders.iter().any(|order| {
                        order.report.stdout == outcome.stdout && Some(order.report.exit) == outcome.code
                    })
                };
                let all = counted.iter().all(|(outcome, _)| known(outcome)) && known(&ours);
                let verdict = match (all, found.complete()) {
                    (true, _) => Verdict::BothLegal,
                    (false, true) => Verdict::Different,
                    (false, false) => Verdict::Undecided,
                };
                let legal = found.orders.iter().map(|order| {
                    let (stdout, code) = (order.report.stdout.clone(), Some(order.report.exit));
                    let times = counted.iter().filter(|(one, _)| one.stdout == stdout && one.code == code);
                    let times = times.map(|(_, times)| times).sum();
                    (Outcome { stdout, stderr: Vec::new(), code }, times)
                });
                // Those that came most often first, the others in the order of their likelihood.
                let mut legal: Vec<(Outcome, u32)> = legal.collect();
                legal.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
                (verdict, Some(legal))
            }
        },
    };
    Comparison { node: node.to_owned(), verdict, ours, theirs: counted, callbacks, legal }
}

impl Comparison {
    /// The verdict in a word or two.
    pub fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Identical => "identical",
            Verdict::BothLegal => "both legal",
            Verdict::Different => "different",
            Verdict::Undecided => "undecided",
        }
    }

    /// 0 for identical and both legal, 3 for different, 1 for undecided.
    pub fn exit_code(&self) -> i32 {
        match self.verdict {
            Verdict::Identical | Verdict::BothLegal => 0,
            Verdict::Different => 3,
            Verdict::Undecided => 1,
        }
    }

    /// The whole account as text.
    pub fn text(&self) -> String {
        let mut out = format!("Node {}: {}\n", self.node, self.word());
        let total: u32 = self.theirs.iter().map(|(_, times)| times).sum();
        // Writing to a String can't fail, here and below.
        if let Some(legal) = &self.legal {
            let _ = writeln!(
                out,
                "  explored: {} legal outcome{}",
                legal.len(),
                if legal.len() == 1 { "" } else { "s" }
            );
            for (outcome, times) in legal.iter().take(SHOWN) {
                let own = if outcome.stdout == self.ours.stdout { "  ← looplab" } else { "" };
                let lines: Vec<&str> = outcome.stdout.lines().collect();
                let _ = writeln!(out, "  {:>12}  {}{own}", format!("{times} of {total}"), lines.join(" | "));
            }
            if legal.len() > SHOWN {
                let _ = writeln!(
                    out,
                    "  … {} more, which Node came to {} times",
                    legal.len() - SHOWN,
                    legal[SHOWN..].iter().map(|(_, times)| times).sum::<u32>()
                );
            }
        }
        if !matches!(self.verdict, Verdict::Identical | Verdict::BothLegal) {
            for (outcome, times) in self.theirs.iter().take(8) {
                let same = if *outcome == self.ours { ", as looplab did" } else { "" };
                let _ = writeln!(out, "  {times} of {total} runs{same}:");
                self.difference(outcome, &mut out);
            }
        }
        match &self.callbacks {
            Some((ours, theirs)) => {
                let (one, two) = (&ours.kinds, &theirs.kinds);
                let at = one.iter().zip(two).position(|(a, b)| a != b);
                let at = at.or((one.len() != two.len()).then(|| one.len().min(two.len())));
                let _ = match at {
                    None => writeln!(
                        out,
                        "  callbacks: the same {} in the same order (timers, immediates, requests)",
                        one.len()
                    ),
                    Some(at) => {
                        let name = |list: &[&'static str]| list.get(at).copied().unwrap_or("nothing more");
                        let rule = rule(name(one), name(two));
                        writeln!(
                            out,
                            "  callbacks: they part at number {}: looplab ran {}, Node {}\n  the rule: {rule}",
                            at + 1,
                            name(one),
                            name(two)
                        )
                    }
                };
                let _ = match ours.phases == theirs.phases {
                    true => writeln!(out, "  phases: {}", ours.phases_in_words()),
                    false => writeln!(
                        out,
                        "  phases: looplab {}\n          Node    {}",
                        ours.phases_in_words(),
                        theirs.phases_in_words()
                    ),
                };
            }
            None => out.push_str("  callbacks: this Node wrote no trace of them\n"),
        }
        out
    }

    fn difference(&self, outcome: &Outcome, out: &mut String) {
        let show = |line: Option<&str>| line.map_or("(the end)".to_owned(), |line| format!("{line:?}"));
        if let Some((number, ours, theirs)) = first_difference(&self.ours.stdout, &outcome.stdout) {
            let _ = writeln!(
                out,
                "    stdout parts in line {number}: looplab {}, Node {}",
                show(ours),
                show(theirs)
            );
        }
        let (ours, theirs) = (self.ours.stderr.join("\n"), outcome.stderr.join("\n"));
        if let Some((number, ours, theirs)) = first_difference(&ours, &theirs) {
            let _ = writeln!(
                out,
                "    stderr parts in line {number}: looplab {}, Node {}",
                show(ours),
                show(theirs)
            );
        }
        if self.ours.code != outcome.code {
            let code = |code: Option<i32>| code.map_or("none (killed)".to_owned(), |code| code.to_string());
            let _ =
                writeln!(out, "    exit code: looplab {}, Node {}", code(self.ours.code), code(outcome.code));
        }
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let theirs: Vec<Value> = self
            .theirs
            .iter()
            .map(|(outcome, times)| {
                let mut json = outcome.to_json();
                json["times"] = (*times).into();
                json
            })
            .collect();
        let callbacks = self
            .callbacks
            .as_ref()
            .map(|(ours, theirs)| json!({ "same": ours.kinds == theirs.kinds, "looplab": ours.kinds, "node": theirs.kinds, "looplabPhases": ours.phases, "nodePhases": theirs.phases }));
        let legal: Option<Vec<Value>> = self.legal.as_ref().map(|list| {
            list.iter()
                .map(|(one, times)| json!({ "stdout": one.stdout, "exit": one.code, "times": times }))
                .collect()
        });
        json!({
            "node": self.node,
            "verdict": self.word(),
            "looplab": self.ours.to_json(),
            "outcomes": theirs,
            "legal": legal,
            "callbacks": callbacks,
        })
    }
}

/// Which rule of the loop decides between two kinds of callbacks.
fn rule(one: &str, two: &str) -> &'static str {
    use looplab_probe::CallbackKind as K;
    let kind = |word| match word {
        "timer" => Some(K::Timer),
        "immediate" => Some(K::Immediate),
        "request" => Some(K::Pool),
        _ => None,
    };
    match (kind(one), kind(two)) {
        (Some(one), Some(two)) => crate::rules::between(one, two),
        _ => {
            "one of them ran more callbacks: look at what keeps the loop alive, and at how many requests an operation takes"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::RunReport;

    fn outcome(stdout: &str) -> Outcome {
        Outcome { stdout: stdout.into(), stderr: Vec::new(), code: Some(0) }
    }

    fn legal(outputs: &[&str]) -> Option<Findings> {
        let mut found = Findings::default();
        for stdout in outputs {
            found.add(RunReport { stdout: (*stdout).into(), ..RunReport::default() });
        }
        found.finish();
        Some(found)
    }

    #[test]
    fn the_explored_set_decides_what_is_legal() {
        let verdict = |theirs: &[&str], set: &[&str]| {
            let theirs: Vec<Outcome> = theirs.iter().map(|text| outcome(text)).collect();
            compare("v24", outcome("a"), &theirs, None, || legal(set)).verdict
        };
        assert_eq!(verdict(&["a", "a"], &[]), Verdict::Identical);
        assert_eq!(verdict(&["a", "b"], &["a", "b"]), Verdict::BothLegal);
        assert_eq!(verdict(&["a", "c"], &["a", "b"]), Verdict::Different);
        assert_eq!(compare("v24", outcome("a"), &[outcome("b")], None, || None).verdict, Verdict::Undecided);
    }

    fn ran(kinds: &[&'static str]) -> Callbacks {
        Callbacks { kinds: kinds.to_vec(), phases: Vec::new() }
    }

    #[test]
    fn the_account_names_the_line_and_the_rule() {
        let callbacks = Some((ran(&["timer", "immediate"]), ran(&["immediate", "timer"])));
        let text =
            compare("v24", outcome("x\nt\n"), &[outcome("x\ni\n")], callbacks, || legal(&["x\nt\n"])).text();
        assert!(
            text.contains("stdout parts in line 2: looplab \"t\", Node \"i\"")
                && text.contains("the rule: from the main script"),
            "{text}"
        );
    }
}
