//! Versions of the loop's rules side by side: the callbacks of one script under each, and the first at which they part.

use crate::trace::Why;
use crate::{Sources, Story, rules};
use looplab_probe::{CallbackKind, Event, EventId, Log, StdStream};
use looplab_runtime::Script;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Callbacks shown before the one at which versions part.
const BEFORE: usize = 6;
/// Callbacks shown from there on.
const FROM_THERE: usize = 8;

/// A callback that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its kind.
    pub kind: CallbackKind,
    /// What it is called and where it stands: `timer app.js:3:12`.
    pub name: String,
    /// What it printed.
    pub printed: String,
}

/// The callbacks of a run, in order.
pub fn steps(log: &Log, scripts: &[Script]) -> Vec<Step> {
    let (story, sources) = (Story::new(log), Sources::new(scripts));
    let why = Why { story: &story, sources: &sources };
    let mut list: Vec<Step> = Vec::new();
    // Which step each callback became.
    let mut places = std::collections::HashMap::new();
    for (index, record) in log.records().iter().enumerate() {
        match record.event {
            Event::CallbackBegin { kind, pos, .. } => {
                let begin = EventId::new(index);
                // The script itself needs no name.
                let place = sources.place(log, pos).map(|place| {
                    let own = sources.first().and_then(|first| place.strip_prefix(first));
                    format!(" {}", own.unwrap_or(&place))
                });
                let place = place.unwrap_or_default();
                let title = why.title(begin).unwrap_or_default();
                // Numbers count what was made before, which may itself differ.
                let title = title.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end().to_owned();
                places.insert(begin, list.len());
                list.push(Step { kind, name: title + &place, printed: String::new() });
            }
            Event::Console { stream: StdStream::Stdout, text } => {
                if let Some(step) = places.get(&record.within).and_then(|at| list.get_mut(*at)) {
                    step.printed.push_str(log.str(text));
                }
            }
            _ => {}
        }
    }
    list
}

/// The same script by the rules of several versions.
#[derive(Debug, Clone)]
pub struct SideBySide {
    /// Each version and its callbacks.
    pub versions: Vec<(u32, Vec<Step>)>,
}

impl SideBySide {
    /// The first callback (from 0) that isn't the same in all versions.
    pub fn parts_at(&self) -> Option<usize> {
        let longest = self.versions.iter().map(|(_, steps)| steps.len()).max()?;
        (0..longest).find(|at| {
            let mut each = self.versions.iter().map(|(_, steps)| steps.get(*at));
            let first = each.next().flatten();
            each.any(|other| other != first)
        })
    }

    /// The two versions next to each other that differ there, and the rule that changed between them.
    fn parting(&self) -> Option<(usize, usize, &'static str)> {
        let at = self.parts_at()?;
        let pair = self.versions.windows(2).position(|pair| pair[0].1.get(at) != pair[1].1.get(at))?;
        let [(old, a), (new, b)] = &self.versions[pair..pair + 2] else { return None };
        Some((at, pair, changed(*old, *new, a.get(at)?.kind, b.get(at)?.kind)))
    }

    /// A table in at most `width` columns.
    pub fn text(&self, width: usize) -> String {
        let names: Vec<String> = self.versions.iter().map(|(major, _)| format!("Node {major}")).collect();
        let Some(parted) = self.parts_at() else {
            let count = self.versions.first().map_or(0, |(_, steps)| steps.len());
            return format!("{}: the same {count} callbacks in the same order\n", names.join(", "));
        };
        let column = (width.saturating_sub(7) / names.len().max(1)).max(16);
        let cell = |text: &str| {
            let cut: String = text.chars().take(column - 2).collect();
            format!("{cut:column$}")
        };
        let mut out = String::from("       ");
        names.iter().for_each(|name| out += &cell(name));
        // Writing to a String can't fail, here and below.
        out.truncate_end().push('\n');
        let from = parted.saturating_sub(BEFORE);
        if from > 0 {
            let _ = writeln!(out, "       … {from} callbacks before, the same in all");
        }
        let longest = self.versions.iter().map(|(_, steps)| steps.len()).max().unwrap_or(0);
        let until = longest.min(parted + FROM_THERE);
        for at in from..until {
            let mark = if at == parted { '>' } else { ' ' };
            let _ = write!(out, "{mark}{:4}  ", at + 1);
            self.versions
                .iter()
                .for_each(|(_, steps)| out += &cell(steps.get(at).map_or("-", |step| &step.name)));
            out.truncate_end().push('\n');
        }
        if until < longest {
            let _ = writeln!(out, "       … {} more", longest - until);
        }
        let _ = writeln!(out, "they part at callback {}", parted + 1);
        if let Some((_, pair, rule)) = self.parting() {
            let _ = writeln!(out, "between {} and {}: {rule}", names[pair], names[pair + 1]);
        }
        for (major, steps) in &self.versions {
            let printed: String = steps.iter().map(|step| step.printed.as_str()).collect();
            let _ = writeln!(out, "Node {major} prints: {}", printed.lines().collect::<Vec<_>>().join(" | "));
        }
        out
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let versions: Vec<Value> = self
            .versions
            .iter()
            .map(|(major, steps)| {
                let list: Vec<Value> = steps
                    .iter()
                    .map(|step| json!({ "kind": step.kind.as_str(), "name": step.name, "printed": step.printed }))
                    .collect();
                json!({ "semantics": major, "callbacks": list })
            })
            .collect();
        let rule = self.parting().map(|(_, _, rule)| rule);
        json!({ "versions": versions, "partsAt": self.parts_at().map(|at| at + 1), "rule": rule })
    }
}

/// Lines don't end in spaces.
trait TruncateEnd {
    fn truncate_end(&mut self) -> &mut Self;
}

impl TruncateEnd for String {
    fn truncate_end(&mut self) -> &mut String {
        self.truncate(self.trim_end_matches(' ').len());
        self
    }
}

/// What changed between two versions, judged by the kinds of callbacks at which they part.
fn changed(old: u32, new: u32, one: CallbackKind, two: CallbackKind) -> &'static str {
    use CallbackKind as K;
    let job = |kind| matches!(kind, K::Tick | K::Microtask | K::Reaction | K::AsyncHop | K::Thenable);
    let (old, new) = (old.min(new), old.max(new));
    if old < 11 && new >= 11 {
        return match job(one) || job(two) {
            true => {
                "since Node 11 ticks and microtasks are drained after every timer and every immediate, before that only after each phase"
            }
            false => rules::between(one, two),
        };
    }
    if old < 20 && new >= 20 && !job(one) && !job(two) {
        return "since libuv 1.45 (Node 20.3) due timers run once when the loop begins and then at the end of each turn, before that at the head of each turn";
    }
    rules::between(one, two)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(kinds: &[CallbackKind]) -> Vec<Step> {
        let step =
            |kind: &CallbackKind| Step { kind: *kind, name: kind.to_string(), printed: format!("{kind}\n") };
        kinds.iter().map(step).collect()
    }

    #[test]
    fn the_first_parting_is_marked_with_what_changed() {
        use CallbackKind as K;
        let old = run(&[K::MainScript, K::Timer, K::Timer, K::Tick]);
        let new = run(&[K::MainScript, K::Timer, K::Tick, K::Timer]);
        let table = SideBySide { versions: vec![(10, old), (18, new.clone()), (24, new)] };
        assert_eq!(table.parts_at(), Some(2));
        let text = table.text(80);
        assert!(text.contains("\n>   3  timer") && text.contains("they part at callback 3\n"), "{text}");
        assert!(text.contains("between Node 10 and Node 18: since Node 11"), "{text}");
        assert!(text.lines().all(|line| !line.ends_with(' ')), "{text}");
        assert_eq!(table.to_json()["partsAt"], 3);
    }

    #[test]
    fn versions_that_agree_are_said_to() {
        let one = run(&[CallbackKind::MainScript]);
        let table = SideBySide { versions: vec![(18, one.clone()), (24, one)] };
        assert_eq!(table.text(80), "Node 18, Node 24: the same 1 callbacks in the same order\n");
    }
}
