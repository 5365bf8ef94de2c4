//! Predict, then run: scripts in order of difficulty, and answers graded against everything that would be legal.

pub mod account;

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A script to predict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its name, by which progress is kept.
    pub name: String,
    /// The script without what it says about itself.
    pub script: String,
    /// The rule that it teaches: the hint.
    pub rule: String,
}

/// All questions, the easy ones first.
pub fn questions() -> Vec<Question> {
    SCRIPTS.iter().map(|(name, text)| Question::new(name, text)).collect()
}

const fn question(name: &'static str, text: &'static str) -> (&'static str, &'static str) {
    (name, text)
}

const SCRIPTS: &[(&str, &str)] = &[
    question("ticks-and-promises", include_str!("../../../examples/ticks-and-promises.js")),
    question("nested-ticks", include_str!("../../../examples/nested-ticks.js")),
    question("microtask-inside-tick", include_str!("../../../examples/microtask-inside-tick.js")),
    question("emitter-order", include_str!("../../../examples/emitter-order.js")),
    question("async-await-desugared", include_str!("../../../examples/async-await-desugared.js")),
    question("promisify", include_str!("../../../examples/promisify.js")),
    question("immediate-before-timeout", include_str!("../../../examples/immediate-before-timeout.js")),
    question("phases", include_str!("../../../examples/phases.js")),
    question("clearing-siblings", include_str!("../../../examples/clearing-siblings.js")),
    question("async-listener", include_str!("../../../examples/async-listener.js")),
    question("error-events", include_str!("../../../examples/error-events.js")),
    question("errors-in-callbacks", include_str!("../../../examples/errors-in-callbacks.js")),
    question("await-interleaving", include_str!("../../../examples/await-interleaving.js")),
    question("thenable-hops", include_str!("../../../examples/thenable-hops.js")),
    question("promise-combinators", include_str!("../../../examples/promise-combinators.js")),
    question("for-await", include_str!("../../../examples/for-await.js")),
    question("timeout-or-immediate", include_str!("../../../examples/races/timeout-or-immediate.js")),
    question("io-then-both", include_str!("scripts/io-then-both.js")),
    question("immediates-do-not-starve", include_str!("../../../examples/immediates-do-not-starve.js")),
    question("tick-starvation", include_str!("../../../examples/tick-starvation.js")),
    question("interval-drift", include_str!("../../../examples/interval-drift.js")),
    question("timer-refresh-and-unref", include_str!("../../../examples/timer-refresh-and-unref.js")),
    question("timer-lists", include_str!("../../../examples/timer-lists.js")),
    question("close-events", include_str!("../../../examples/close-events.js")),
    question("longer-timer-first", include_str!("../../../examples/races/longer-timer-first.js")),
    question("timers-crossing-three", include_str!("scripts/timers-crossing-three.js")),
    question("timer-sets-immediate", include_str!("scripts/timer-sets-immediate.js")),
    question("two-files", include_str!("../../../examples/races/two-files.js")),
    question("before-exit", include_str!("../../../examples/before-exit.js")),
    question("exit-listeners", include_str!("../../../examples/exit-listeners.js")),
    question("unhandled-rejection", include_str!("../../../examples/unhandled-rejection.js")),
    question("rejection-handled-later", include_str!("../../../examples/rejection-handled-later.js")),
    question("uncaught-throw", include_str!("../../../examples/uncaught-throw.js")),
    question("uncaught-exception", include_str!("../../../examples/uncaught-exception.js")),
    question("unref-race", include_str!("scripts/unref-race.js")),
    question("file-or-immediate", include_str!("../../../examples/races/file-or-immediate.js")),
    question("stat-sets-immediate", include_str!("scripts/stat-sets-immediate.js")),
    question("stat-in-stat", include_str!("scripts/stat-in-stat.js")),
    question("pool-saturation", include_str!("../../../examples/pool-saturation.js")),
    question("five-stats-on-four-workers", include_str!("scripts/five-stats-on-four-workers.js")),
];

impl Question {
    /// A question from a script. The comment at its head is kept back: it would give the answer away.
    pub fn new(name: &str, text: &str) -> Question {
        let head = text.lines().take_while(|line| line.starts_with("//"));
        let words: Vec<&str> = head.map(|line| line.trim_start_matches('/').trim()).collect();
        let script: String = text.lines().skip(words.len()).flat_map(|line| [line, "\n"]).collect();
        let words = words.join(" ");
        let rule = words.split("Predict:").next().unwrap_or("").trim();
        let rule =
            rule.strip_prefix("Teaches:").or(rule.strip_prefix("A race:")).unwrap_or(rule).trim().to_owned();
        Question { name: name.to_owned(), script: script.trim_start_matches('\n').to_owned(), rule }
    }
}

/// How an answer did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grade {
    /// It is the order (from 0) of so many that are legal.
    Right(usize, usize),
    /// It goes wrong at this line (from 1): nothing legal begins so. What could stand there instead.
    Wrong(usize, BTreeSet<String>),
    /// It is right as far as it goes, but lines are missing. What could stand next.
    Short(usize, BTreeSet<String>),
}

/// Grades the lines of an answer against every legal output. White space at the ends of lines doesn't count.
pub fn grade(answer: &[String], legal: &[Vec<String>]) -> Grade {
    let same = |a: &str, b: &str| a.trim() == b.trim();
    if let Some(at) = legal
        .iter()
        .position(|order| order.len() == answer.len() && order.iter().zip(answer).all(|(a, b)| same(a, b)))
    {
        return Grade::Right(at, legal.len());
    }
    // The furthest that any legal order goes along with the answer.
    let along = |order: &Vec<String>| order.iter().zip(answer).take_while(|(a, b)| same(a, b)).count();
    let far = legal.iter().map(along).max().unwrap_or(0);
    let next = legal.iter().filter(|order| along(order) == far).map(|order| match order.get(far) {
        Some(line) => line.clone(),
        None => "(the end)".to_owned(),
    });
    match far == answer.len() {
        true => Grade::Short(far + 1, next.collect()),
        false => Grade::Wrong(far + 1, next.collect()),
    }
}

/// What a learner has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Questions answered rightly, by name.
    pub right: BTreeSet<String>,
    /// Questions put aside.
    pub skipped: BTreeSet<String>,
}

impl Progress {
    /// The next question: the first that is neither answered nor put aside; then those put aside.
    pub fn next<'q>(&self, questions: &'q [Question]) -> Option<&'q Question> {
        let open = |question: &&Question| !self.right.contains(&question.name);
        let fresh = questions.iter().filter(open).find(|question| !self.skipped.contains(&question.name));
        fresh.or_else(|| questions.iter().find(open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn there_are_forty_with_a_rule_each_and_no_answer_in_them() {
        let all = questions();
        assert_eq!(all.len(), 40);
        assert_eq!(all.iter().map(|q| &q.name).collect::<BTreeSet<_>>().len(), 40);
        for question in &all {
            assert!(question.rule.len() > 20, "{}: {:?}", question.name, question.rule);
            assert!(!question.script.contains("Teaches") && !question.script.is_empty(), "{}", question.name);
        }
    }

    #[test]
    fn any_legal_order_is_right_and_the_first_wrong_line_is_named() {
        let legal = [lines("a b c"), lines("a c b")];
        assert_eq!(grade(&lines("a c b"), &legal), Grade::Right(1, 2));
        assert_eq!(grade(&lines("b a c"), &legal), Grade::Wrong(1, BTreeSet::from(["a".into()])));
        assert_eq!(grade(&lines("a x"), &legal), Grade::Wrong(2, BTreeSet::from(["b".into(), "c".into()])));
        assert_eq!(grade(&lines("a c"), &legal), Grade::Short(3, BTreeSet::from(["b".into()])));
        assert_eq!(grade(&lines("a b c d"), &legal), Grade::Wrong(4, BTreeSet::from(["(the end)".into()])));
        assert_eq!(grade(&[], &legal), Grade::Short(1, BTreeSet::from(["a".into()])));
    }

    #[test]
    fn skipped_questions_come_back_last() {
        let all = questions();
        let mut progress = Progress::default();
        progress.skipped.insert(all[0].name.clone());
        assert_eq!(progress.next(&all), Some(&all[1]));
        progress.right.extend(all[1..].iter().map(|q| q.name.clone()));
        assert_eq!(progress.next(&all), Some(&all[0]));
        progress.right.insert(all[0].name.clone());
        assert_eq!(progress.next(&all), None);
    }
}
