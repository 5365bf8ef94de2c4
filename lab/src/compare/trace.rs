//! Callbacks in the order in which they ran, in words that looplab's log and Node's trace share: `timer`, `immediate`, `request`.
//!
//! Ticks and promise jobs are left out: Node's library makes some of its own (each console.log queues a tick), and its trace does not
//! say whose they are. Answers to promises of `fs.promises` don't appear in Node's trace as callbacks either.

use looplab_probe::{CallbackKind, Event, Log};
use serde_json::Value;

/// Node's callbacks, from the JSON that `--trace-event-categories node.async_hooks` writes.
///
/// # Errors
/// It is no such trace.
pub fn node_callbacks(text: &str) -> Result<Vec<&'static str>, String> {
    let trace: Value =
        serde_json::from_str(text).map_err(|error| format!("Node's trace is damaged: {error}"))?;
    let events = trace["traceEvents"].as_array().ok_or("Node's trace has no events")?;
    let begun = events.iter().filter(|event| event["ph"] == "b");
    Ok(begun
        .filter_map(|event| match event["name"].as_str()? {
            "Timeout_CALLBACK" => Some("timer"),
            "Immediate_CALLBACK" => Some("immediate"),
            "FSREQCALLBACK_CALLBACK" => Some("request"),
            _ => None,
        })
        .collect())
}

/// The same from looplab's log.
pub fn our_callbacks(log: &Log) -> Vec<&'static str> {
    let kind = |record: &looplab_probe::Record| match record.event {
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
    };
    log.records().iter().filter_map(kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_counts() {
        let text = r#"{"traceEvents":[{"ph":"b","name":"Timeout"},{"ph":"b","name":"Timeout_CALLBACK"},{"ph":"e","name":"Timeout_CALLBACK"},
            {"ph":"b","name":"TickObject_CALLBACK"},{"ph":"b","name":"Immediate_CALLBACK"},{"ph":"b","name":"FSREQCALLBACK_CALLBACK"}]}"#;
        assert_eq!(node_callbacks(text).unwrap(), ["timer", "immediate", "request"]);
        assert!(node_callbacks("{").is_err());
    }
}
