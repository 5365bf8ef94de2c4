//! `looplab heap` as a user meets it, and the snapshots that it and `v8.writeHeapSnapshot()` write.
//!
//! `examples/engine/leak.heap.txt` is the report that the book shows; `UPDATE_EXPECT=1` records it. What of it depends on how much the
//! runtime itself keeps alive is not compared.

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use support::{recording, root};

fn looplab(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_looplab"));
    command.args(args).current_dir(root().join("examples/engine")).output().expect("looplab starts")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("looplab-test-{}-{name}", std::process::id()))
}

/// What is the program's own: what has grown by how much, and who holds it.
fn own(report: &str) -> String {
    let mut out = String::new();
    for line in report.lines().skip(1).take_while(|line| !line.ends_with("collections")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_row =
            words.len() > 4 && words[..4].iter().all(|word| word.replace(',', "").parse::<u64>().is_ok());
        out += &match is_row {
            true => words[2..].join(" "),
            false => line.split(" (one is @").next().unwrap_or_default().to_owned(),
        };
        out.push('\n');
    }
    out
}

#[test]
fn the_report_tells_what_has_grown_and_who_holds_it() {
    let output = looplab(&["heap", "--virtual", "--between", "gc:1,gc:5", "--who", "Request", "leak.js"]);
    assert!(output.status.success(), "{}", text(&output));
    let report = text(&output);
    let file = root().join("examples/engine/leak.heap.txt");
    if recording() {
        fs::write(&file, &report).expect("the report is written");
    }
    let wanted = fs::read_to_string(&file).expect("examples/engine/leak.heap.txt");
    assert_eq!(own(&report), own(&wanted), "record anew with UPDATE_EXPECT=1");
    assert!(own(&report).contains("400 25,600 Request {id, body}"), "{report}");
    assert!(report.contains("\n7 collections\n") && report.contains("in all: "), "{report}");
}

#[test]
fn points_are_checked_and_those_not_reached_are_named() {
    let output = looplab(&["heap", "--between", "middle,end", "leak.js"]);
    assert_eq!(output.status.code(), Some(9));
    assert!(text(&output).contains("--between takes one or two of start, main, turn:N, gc:N and end"));
    let output = looplab(&["heap", "--between", "turn:7", "-e", "process.exitCode = 3"]);
    assert_eq!(output.status.code(), Some(3), "the exit code is the program's");
    assert!(text(&output).contains("the program did not come to the end of turn 7"), "{}", text(&output));
}

#[test]
fn a_collection_at_every_safepoint_changes_nothing_but_their_number() {
    let script = "let s = 0; for (let i = 0; i < 200; i++) s += [i, { i }].length; console.log(s)";
    let output = looplab(&["heap", "--gc-every", "1", "-e", script]);
    let shown = text(&output);
    assert!(shown.starts_with("400\n"), "{shown}");
    let count = shown.lines().find_map(|line| line.strip_suffix(" collections")).expect("collections");
    assert!(count.replace(',', "").parse::<u32>().expect("a number") > 200, "{shown}");
}

/// Checks a snapshot the way a reader goes through it; the names of its nodes and the number of instances of `Request`.
fn check(snapshot: &Value) -> usize {
    let meta = &snapshot["snapshot"]["meta"];
    let fields = |name: &str| meta[name].as_array().expect("fields").len();
    let table = |name: &str| -> Vec<u64> {
        snapshot[name].as_array().expect("a table").iter().map(|n| n.as_u64().expect("a number")).collect()
    };
    let (nodes, edges) = (table("nodes"), table("edges"));
    let strings = snapshot["strings"].as_array().expect("strings");
    let (wide, deep) = (fields("node_fields"), fields("edge_fields"));
    assert_eq!(nodes.len() as u64, snapshot["snapshot"]["node_count"].as_u64().unwrap() * wide as u64);
    assert_eq!(edges.len() as u64, snapshot["snapshot"]["edge_count"].as_u64().unwrap() * deep as u64);
    let counted: u64 = nodes.chunks(wide).map(|node| node[4]).sum();
    assert_eq!(
        counted * deep as u64,
        edges.len() as u64,
        "each node's edges follow those of the node before"
    );
    let ids: BTreeSet<u64> = nodes.chunks(wide).map(|node| node[2]).collect();
    assert_eq!(ids.len() * wide, nodes.len(), "ids are given once");
    let kinds = meta["node_types"][0].as_array().expect("types").len() as u64;
    assert!(nodes.chunks(wide).all(|node| node[0] < kinds && (node[1] as usize) < strings.len()));
    for edge in edges.chunks(deep) {
        let by_name = edge[0] != 1;
        assert!(!by_name || (edge[1] as usize) < strings.len());
        assert!(edge[2] % wide as u64 == 0 && (edge[2] as usize) < nodes.len());
    }
    let object =
        meta["node_types"][0].as_array().unwrap().iter().position(|kind| kind == "object").unwrap() as u64;
    let is = |node: &&[u64]| node[0] == object && strings[node[1] as usize] == "Request";
    nodes.chunks(wide).filter(is).count()
}

#[test]
fn snapshots_have_the_form_that_readers_expect() {
    let (one, two) = (scratch("one.heapsnapshot"), scratch("two.heapsnapshot"));
    let output =
        looplab(&["heap", "--virtual", "--between", "gc:5", "--snapshot", &one.to_string_lossy(), "leak.js"]);
    assert!(output.status.success(), "{}", text(&output));
    let script = format!(
        "class Request {{}} globalThis.kept = [new Request(), new Request()]; console.log(require('v8').writeHeapSnapshot({:?}))",
        two.to_string_lossy()
    );
    let output = looplab(&["-e", &script]);
    assert_eq!(text(&output).trim(), two.to_string_lossy());
    for (file, requests) in [(one, 500), (two, 2)] {
        let snapshot: Value = serde_json::from_slice(&fs::read(&file).expect("a snapshot")).expect("JSON");
        assert_eq!(check(&snapshot), requests, "{}", file.display());
        fs::remove_file(file).expect("it is removed");
    }
}
