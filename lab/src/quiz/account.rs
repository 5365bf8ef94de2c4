//! Which callback printed a line, and why it ran: what a wrong answer is told about.

use crate::story::callback_of;
use crate::trace::Why;
use crate::{Sources, Story, rules};
use looplab_probe::{CallbackKind, Event, EventId, Log, StdStream};
use looplab_runtime::Script;

/// A line of the output, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The event that printed it.
    pub event: EventId,
    /// The line.
    pub line: String,
    /// The kind of the callback that ran then.
    pub kind: CallbackKind,
    /// What that callback is called, such as `#3 tick`.
    pub who: String,
    /// Why it ran, in a sentence; "" for the main script.
    pub why: String,
}

/// Every line of standard output in a log, in order.
pub fn printed(log: &Log, scripts: &[Script]) -> Vec<Printed> {
    let (story, sources) = (Story::new(log), Sources::new(scripts));
    let why = Why { story: &story, sources: &sources };
    let mut lines = Vec::new();
    let mut open = false;
    for (index, record) in log.records().iter().enumerate() {
        let Event::Console { stream: StdStream::Stdout, text } = record.event else { continue };
        let Some((kind, ..)) = callback_of(log, record.within) else { continue };
        for part in log.str(text).split_inclusive('\n') {
            let line = part.trim_end_matches('\n');
            match lines.last_mut() {
                // A line may be written in parts.
                Some(Printed { line: before, .. }) if open => before.push_str(line),
                _ => lines.push(Printed {
                    event: EventId::new(index),
                    line: line.to_owned(),
                    kind,
                    who: why.name(record.within).unwrap_or_default(),
                    why: why.sentence(record.within).unwrap_or_default(),
                }),
            }
            open = !part.ends_with('\n');
        }
    }
    lines
}

/// The rule that a wrong answer breaks: between the callback that prints line `at` (from 1) and the one that prints what was answered.
pub fn rule(printed: &[Printed], at: usize, answered: Option<&str>) -> Option<&'static str> {
    let first = printed.get(at.checked_sub(1)?)?;
    let other = printed
        .iter()
        .skip(at)
        .find(|other| answered.is_some_and(|text| other.line.trim() == text.trim()))?;
    Some(rules::between(first.kind, other.kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use looplab_probe::{Outcome, Pos, Str};

    #[test]
    fn a_line_is_traced_to_its_callback_and_the_rule_to_the_pair() {
        let mut log = Log::default();
        let mut run = |kind, parts: &[&str]| {
            let begin = log.push(
                0,
                Event::CallbackBegin {
                    kind,
                    number: 1,
                    label: Str::NONE,
                    pos: Pos::NONE,
                    cause: EventId::NONE,
                },
            );
            for part in parts {
                let text = log.intern(part);
                log.push(0, Event::Console { stream: StdStream::Stdout, text });
            }
            log.push(0, Event::CallbackEnd { begin, outcome: Outcome::Returned });
        };
        run(CallbackKind::MainScript, &["a\nb", "c\n"]);
        run(CallbackKind::Tick, &["tick\n"]);
        run(CallbackKind::Reaction, &["promise\n"]);
        let all = printed(&log, &[]);
        let lines: Vec<_> = all.iter().map(|one| (one.line.as_str(), one.kind)).collect();
        assert_eq!(
            lines,
            [
                ("a", CallbackKind::MainScript),
                ("bc", CallbackKind::MainScript),
                ("tick", CallbackKind::Tick),
                ("promise", CallbackKind::Reaction)
            ]
        );
        assert_eq!(
            rule(&all, 3, Some("promise")),
            Some(rules::between(CallbackKind::Tick, CallbackKind::Reaction))
        );
        assert_eq!(rule(&all, 3, Some("nonsense")), None);
        assert_eq!(rule(&all, 9, None), None);
    }
}
