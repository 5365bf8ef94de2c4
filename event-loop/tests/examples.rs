//! Each example runs, prints what it should, and stays under 40 lines.

use std::path::Path;
use std::process::Command;

fn check(name: &str, expected: &str) {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(crate_dir.join(format!("examples/{name}.rs"))).unwrap();
    assert!(source.lines().count() < 40, "{name} has {} lines", source.lines().count());
    // Cargo builds examples for tests and puts them beside the test's own folder.
    let exe = std::env::current_exe().unwrap();
    let example = exe.ancestors().nth(2).unwrap().join("examples").join(name);
    let output = Command::new(&example).output().unwrap_or_else(|e| panic!("{}: {e}", example.display()));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{name}");
    assert!(output.status.success(), "{name}: {output:?}");
}

#[test]
fn timers() {
    check(
        "timers",
        "10 ms: once, and it starts another
20 ms: started by the one before
200 ms: interval, call 1
300 ms: once
400 ms: interval, call 2
ended: stopped, still alive: true
",
    );
}

#[test]
fn immediates() {
    check(
        "immediates",
        "turn 1: prepare
turn 1: first immediate
turn 1: second immediate
turn 2: prepare
turn 2: queued by the first
turn 2: timer, after the check phase
",
    );
}

#[test]
fn ticks() {
    check(
        "ticks",
        "tick of the main program
timer
tick 1
tick 2, queued by a tick: before any microtask
microtask 1
microtask 2, queued by a microtask
tick 3, queued by a microtask: after all microtasks
immediate
",
    );
}

#[test]
fn worker() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(crate_dir.join("examples/worker.rs").exists());
    let exe = std::env::current_exe().unwrap();
    let example = exe.ancestors().nth(2).unwrap().join("examples/worker");
    let output = Command::new(example).output().unwrap();
    let mut lines: Vec<_> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    // Two workers race for the end; the loop is ahead of both.
    assert_eq!(lines.remove(0), "the loop isn't blocked");
    lines.sort_unstable();
    assert_eq!(lines, ["worker: 17984 primes below 200000", "worker: the job panicked: no luck"]);
}

#[test]
fn socket() {
    check("socket", "read: hello\nread: goodbye\nend of stream\n");
}
