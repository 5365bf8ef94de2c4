//! Each example runs, prints what it should, and stays under 40 lines (those that talk to others under 100).

use std::path::Path;
use std::process::Command;

fn check(name: &str, expected: &str) {
    check_with(name, &[], 40, expected);
}

fn check_with(name: &str, args: &[&str], lines: usize, expected: &str) {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(crate_dir.join(format!("examples/{name}.rs"))).unwrap();
    assert!(source.lines().count() < lines, "{name} has {} lines", source.lines().count());
    // Cargo builds examples for tests and puts them beside the test's own folder.
    let exe = std::env::current_exe().unwrap();
    let example = exe.ancestors().nth(2).unwrap().join("examples").join(name);
    let output =
        Command::new(&example).args(args).output().unwrap_or_else(|e| panic!("{}: {e}", example.display()));
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
fn request() {
    check(
        "request",
        "both: Some(Ok((385, 333833500)))
given up: Some(true)
its result: Some(Err(Cancelled))
then: Ok(333333833333500000)
the others: 62 of 62 done
",
    );
}

#[test]
fn socket() {
    check("socket", "read: hello\nread: goodbye\nend of stream\n");
}

#[test]
fn echo_server() {
    let expected = "one came back\ntwo came back\nthree came back\nthat is all\n";
    check_with("echo_server", &[], 100, expected);
    check_with("echo_server", &["simulated"], 100, expected);
}

#[test]
fn file_copy() {
    let expected = " 25 %\n 50 %\n 75 %\n100 %\ndone\nthe same: true\n";
    check_with("file_copy", &[], 100, expected);
}

#[test]
fn timer_race() {
    check(
        "timer_race",
        "place 1: runner 0 at 1 ms
place 2: runner 487 at 1 ms
place 3: runner 537 at 1 ms
place 4: runner 587 at 1 ms
place 5: runner 637 at 1 ms
1000 at the finish, in order: true
the last one at 97 ms, which took no time
",
    );
}

#[test]
fn ping_pong() {
    let expected: String =
        (1..=10).map(|ball| format!("{} {ball}\n", if ball % 2 == 0 { "ping" } else { "pong" })).collect();
    check_with("ping_pong", &[], 100, &expected);
}

#[test]
fn child_process() {
    check(
        "child_process",
        "apple
pear
quince
sort: exit status: 0
killed: true
sleep: ended by signal Some(15)
",
    );
}
