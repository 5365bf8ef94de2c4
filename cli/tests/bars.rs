//! What recording costs, and how quickly large logs open: figures to read, not assertions, since machines differ.
//!
//! `cargo test --release -p looplab-cli --test bars -- --ignored --nocapture` prints them.

mod support;

use looplab_lab::state::{History, State};
use looplab_probe::codec;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::root;

fn script(name: &str) -> PathBuf {
    root().join("lab/tests/js").join(name)
}

/// The quickest of some runs.
fn best(repeats: u32, mut run: impl FnMut()) -> Duration {
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..repeats).map(|_| time(&mut run)).min().unwrap_or_default()
}

fn looplab(args: &[&str], script: &Path, rest: &[&str]) {
    let command = &mut Command::new(env!("CARGO_BIN_EXE_looplab"));
    let status =
        command.args(args).arg(script).args(rest).stdout(Stdio::null()).status().expect("looplab starts");
    assert!(status.success(), "{args:?} {}", script.display());
}

#[test]
#[ignore = "prints figures"]
fn recording_against_running() {
    for (name, rest) in
        [("working-callbacks.js", &[][..]), ("million.js", &["4000"][..]), ("step.js", &[][..])]
    {
        let script = script(name);
        let plain = best(7, || looplab(&["run"], &script, rest));
        print!("{name}: run {plain:.1?}");
        for (level, flags) in
            [("phases", &["--phases"][..]), ("callbacks", &[]), ("statements", &["--steps"])]
        {
            let args = [&["trace", "--format=none"][..], flags].concat();
            let took = best(7, || looplab(&args, &script, rest));
            print!(", {level} {:.2} times", took.as_secs_f64() / plain.as_secs_f64());
        }
        println!();
    }
}

#[test]
#[ignore = "prints figures"]
fn opening_a_million_events() {
    let folder = std::env::temp_dir().join(format!("looplab-bars-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let (log, page) = (folder.join("log.json"), folder.join("page.html"));
    looplab(&["trace", "--format=json", "--steps", "-o", &log.to_string_lossy()], &script("million.js"), &[]);
    let start = Instant::now();
    let read =
        codec::read(std::io::BufReader::new(std::fs::File::open(&log).expect("a log"))).expect("a log");
    let parsed = start.elapsed();
    let history = History::new(&read);
    println!("{} events: read in {parsed:.0?}, ready to step after {:.0?}", history.len(), start.elapsed());
    let (mut state, mut worst, mut all) = (State::default(), Duration::ZERO, Duration::ZERO);
    for jump in 0..1_000 {
        let at = history.len() / 1_000 * ((jump * 618) % 1_000);
        let start = Instant::now();
        history.seek(&mut state, at);
        history.seek(&mut state, at.saturating_sub(1));
        worst = worst.max(start.elapsed());
        all += start.elapsed();
    }
    println!("a jump and a step back: {:.2?} on average, {worst:.2?} at worst", all / 1_000);
    let start = Instant::now();
    looplab(&["view", "--export", &page.to_string_lossy()], &log, &[]);
    println!("the page is written in {:.0?}", start.elapsed());
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
#[ignore = "prints figures"]
fn exploring_reads_and_sockets() {
    let explore = || {
        let command = &mut Command::new(env!("CARGO_BIN_EXE_looplab"));
        command
            .args(["explore", "--json"])
            .arg(script("reads-and-sockets.js"))
            .output()
            .expect("looplab starts")
    };
    let found: serde_json::Value = serde_json::from_slice(&explore().stdout).expect("JSON");
    let orders = found["orders"].as_array().map_or(0, Vec::len);
    let took = best(3, || drop(explore()));
    println!("{orders} orders in {} runs, complete: {}: {took:.1?}", found["runs"], found["complete"]);
}
