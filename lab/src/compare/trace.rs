//! Callbacks in the order in which they ran, in words that looplab's log and Node's trace share: `timer`, `immediate`, `request`; and the
//! phases in which they ran.
//!
//! Ticks and promise jobs are left out: Node's library makes some of its own (each console.log queues a tick), and its trace does not
//! say whose they are. Answers to promises of `fs.promises` don't appear in Node's trace as callbacks either.

use looplab_probe::{CallbackKind, Event, EventId, Log, Phase};
use serde_json::Value;

/// The categories that Node is asked to trace.
pub const CATEGORIES: &str = "node.async_hooks,node.environment";

/// The callbacks of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callbacks {
    /// Their kinds, in order.
    pub kinds: Vec<&'static str>,
    /// The phases in which they ran, in order, and how many in each.
    pub phases: Vec<(&'static str, u32)>,
}

impl Callbacks {
    /// `round`: tells one pass through a phase from another.
    fn add(
        &mut self,
        kind: &'static str,
        phase: &'static str,
        round: u64,
        last: &mut Option<(&'static str, u64)>,
    ) {
        self.kinds.push(kind);
        if last.replace((phase, round)) == Some((phase, round)) {
            if let Some(open) = self.phases.last_mut() {
                open.1 += 1;
            }
        } else {
            self.phases.push((phase, 1));
        }
    }

    /// `timers 2 · check 1`.
    pub fn phases_in_words(&self) -> String {
        let words: Vec<String> =
            self.phases.iter().map(|(phase, count)| format!("{phase} {count}")).collect();
        words.join(" · ")
    }
}

/// Node's callbacks, from the JSON that `--trace-event-categories` writes for [`CATEGORIES`].
///
/// # Errors
/// It is no such trace.
pub fn node_callbacks(text: &str) -> Result<Callbacks, String> {
    let trace: Value =
        serde_json::from_str(text).map_err(|error| format!("Node's trace is damaged: {error}"))?;
    let events = trace["traceEvents"].as_array().ok_or("Node's trace has no events")?;
    let ts = |event: &Value| event["ts"].as_u64().unwrap_or(0);
    // What `node.environment` says of phases: from when to when.
    let phases: Vec<(u64, u64, &'static str)> = events
        .iter()
        .filter_map(|event| {
            let name = match event["name"].as_str()? {
                "RunTimers" => "timers",
                "CheckImmediate" => "check",
                _ => return None,
            };
            Some((ts(event), ts(event) + event["dur"].as_u64()?, name))
        })
        .collect();
    let mut begun: Vec<&Value> = events.iter().filter(|event| event["ph"] == "b").collect();
    begun.sort_by_key(|event| ts(event));
    let (mut found, mut last) = (Callbacks::default(), None);
    for event in begun {
        let kind = match event["name"].as_str() {
            Some("Timeout_CALLBACK") => "timer",
            Some("Immediate_CALLBACK") => "immediate",
            Some("FSREQCALLBACK_CALLBACK") => "request",
            _ => continue,
        };
        let at = ts(event);
        let within = phases.iter().find(|(from, to, _)| *from <= at && at <= *to);
        let (phase, round) = match (within, kind) {
            (Some((from, _, phase)), _) => (*phase, *from),
            (None, "request") => ("poll", phases.iter().filter(|(from, ..)| *from < at).count() as u64),
            // A Node that doesn't trace its phases.
            (None, "timer") => ("timers", 0),
            (None, _) => ("check", 0),
        };
        found.add(kind, phase, round, &mut last);
    }
    Ok(found)
}

/// The same from looplab's log.
pub fn our_callbacks(log: &Log) -> Callbacks {
    let (mut found, mut last) = (Callbacks::default(), None);
    let mut round = (0, "poll");
    for (index, record) in log.records().iter().enumerate() {
        match record.event {
            Event::PhaseBegin { phase, .. } => {
                let name = match phase {
                    Phase::Timers => "timers",
                    Phase::Check => "check",
                    _ => "poll",
                };
                round = (index as u64, name);
            }
            Event::PollBegin { .. } => round = (index as u64, "poll"),
            Event::CallbackBegin { .. } => {
                if let Some(kind) = kind(log, EventId::new(index)) {
                    found.add(kind, round.1, round.0, &mut last);
                }
            }
            _ => {}
        }
    }
    found
}

fn kind(log: &Log, begin: EventId) -> Option<&'static str> {
    match log.record(begin)?.event {
        Event::CallbackBegin { kind: CallbackKind::Timer, .. } => Some("timer"),
        Event::CallbackBegin { kind: CallbackKind::Immediate, .. } => Some("immediate"),
        Event::CallbackBegin { kind: CallbackKind::Pool, label, pos, cause, .. } => {
            let asked = match log.record(cause).map(|record| record.event) {
                Some(Event::RequestStart { pos, .. }) => pos,
                _ => return Some("request"),
            };
            // What answers a promise stands where it was asked for and has no function of the script's.
            let promise = log.str(label).is_empty() && pos == asked;
            (!promise).then_some("request")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_counts_and_phases_hold_what_ran_in_them() {
        let text = r#"{"traceEvents":[{"ph":"b","name":"Timeout","ts":1},
            {"ph":"b","name":"Timeout_CALLBACK","ts":11},{"ph":"e","name":"Timeout_CALLBACK","ts":12},
            {"ph":"b","name":"Timeout_CALLBACK","ts":14},{"ph":"X","name":"RunTimers","ts":10,"dur":5},
            {"ph":"b","name":"TickObject_CALLBACK","ts":13},{"ph":"b","name":"FSREQCALLBACK_CALLBACK","ts":20},
            {"ph":"b","name":"Immediate_CALLBACK","ts":31},{"ph":"X","name":"CheckImmediate","ts":30,"dur":9}]}"#;
        let found = node_callbacks(text).unwrap();
        assert_eq!(found.kinds, ["timer", "timer", "request", "immediate"]);
        assert_eq!(found.phases_in_words(), "timers 2 · poll 1 · check 1");
        assert!(node_callbacks("{").is_err());
    }
}
