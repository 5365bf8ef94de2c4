//! The timeline: the structure that the Perfetto UI needs, and that lanes, arrows and counters are right.

mod support;

use looplab_probe::{Log, Options};
use looplab_runtime::Script;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use support::{rust_log, script_log, scripts};

fn timeline(log: &Log, scripts: &[Script]) -> Vec<Value> {
    let mut bytes = Vec::new();
    looplab_lab::perfetto::write(log, scripts, &mut bytes).expect("a Vec takes everything");
    let mut json: Value = serde_json::from_slice(&bytes).expect("valid JSON");
    match json["traceEvents"].take() {
        Value::Array(events) => events,
        other => panic!("traceEvents is {other}"),
    }
}

fn number(event: &Value, key: &str) -> f64 {
    event[key].as_f64().unwrap_or_else(|| panic!("{key} of {event}"))
}

fn of<'e>(events: &'e [Value], ph: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["ph"] == ph).collect()
}

/// Within a lane, slices lie side by side or inside each other.
fn check_slices(events: &[Value]) {
    let mut lanes: HashMap<u64, Vec<(f64, f64)>> = HashMap::new();
    for slice in of(events, "X") {
        let (from, dur) = (number(slice, "ts"), number(slice, "dur"));
        assert!(dur >= 0.0);
        lanes.entry(slice["tid"].as_u64().unwrap()).or_default().push((from, from + dur));
    }
    for (lane, mut slices) in lanes {
        slices.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut open: Vec<f64> = Vec::new();
        for (from, to) in slices {
            open.retain(|end| *end > from);
            assert!(open.iter().all(|end| to <= *end), "lane {lane}: {from}..{to} overlaps {open:?}");
            open.push(to);
        }
    }
}

/// Every arrow has two ends, in the right order, each inside a slice of its lane.
fn check_arrows(events: &[Value]) -> usize {
    let ends: HashMap<String, &Value> =
        of(events, "f").into_iter().map(|end| (end["id"].to_string(), end)).collect();
    let starts = of(events, "s");
    assert_eq!(starts.len(), ends.len());
    for start in &starts {
        let end = ends[&start["id"].to_string()];
        assert!(number(start, "ts") <= number(end, "ts"));
        assert_eq!((start["name"].clone(), start["cat"].clone()), (end["name"].clone(), end["cat"].clone()));
        for side in [start, &end] {
            let at = number(side, "ts");
            let inside = of(events, "X").iter().any(|slice| {
                let from = number(slice, "ts");
                slice["tid"] == side["tid"] && from <= at && at <= from + number(slice, "dur")
            });
            assert!(inside, "{side} is in no slice");
        }
    }
    starts.len()
}

#[test]
fn every_event_has_what_the_format_asks_for() {
    for (log, scripts) in [(script_log(Options::default()), scripts()), (rust_log(), vec![])] {
        let events = timeline(&log, &scripts);
        let phases: HashSet<_> = events.iter().map(|event| event["ph"].as_str().unwrap()).collect();
        assert!(phases.is_subset(&HashSet::from(["M", "X", "C", "i", "s", "f"])), "{phases:?}");
        for event in &events {
            assert!(event["name"].is_string() && event["pid"].is_u64() && event["tid"].is_u64(), "{event}");
            number(event, "ts");
        }
        check_slices(&events);
        check_arrows(&events);
    }
}

#[test]
fn lanes_and_arrows_of_a_script() {
    let events = timeline(&script_log(Options::default()), &scripts());
    let names: Vec<_> = of(&events, "M")
        .into_iter()
        .filter(|event| event["name"] == "thread_name")
        .map(|event| event["args"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["loop", "callbacks", "ticks", "microtasks", "pool worker 0"]);
    // Five callbacks were scheduled by another; one job went to the pool.
    assert_eq!(check_arrows(&events), 6);
    let slices: Vec<_> = of(&events, "X").into_iter().map(|event| event["name"].as_str().unwrap()).collect();
    for wanted in ["turn 1", "poll", "#1 main script", "#2 fs.stat answered", "#3 tick", "fs.stat"] {
        assert!(slices.contains(&wanted), "{wanted} is missing in {slices:?}");
    }
    let stat = of(&events, "X").into_iter().find(|event| event["name"] == "#2 fs.stat answered").unwrap();
    assert_eq!(stat["args"]["at"], "phases.js:5:21");
    assert!(stat["args"]["why"].as_str().unwrap().starts_with("asked for by #1 main script"));
}

#[test]
fn counters_rise_and_fall() {
    let events = timeline(&rust_log(), &[]);
    let lengths = |queue: &str| -> Vec<u64> {
        let samples = of(&events, "C").into_iter().filter(|event| event["name"] == queue);
        samples.map(|event| event["args"]["waiting"].as_u64().unwrap()).collect()
    };
    assert_eq!(lengths("pool queue"), [1, 0]);
    assert_eq!(lengths("ticks waiting"), [1, 0]);
    assert_eq!(lengths("immediates waiting"), [1, 0]);
    assert_eq!(lengths("timers set"), [1, 2, 1]);
}
