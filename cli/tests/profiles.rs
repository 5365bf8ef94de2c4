//! The rules of Node 10, 18, 20, 22 and 24, one test for each that differs: `--node-semantics N`.

use std::process::{Command, Output};

fn run(major: u32, script: &str) -> Output {
    let version = format!("--node-semantics={major}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_looplab"));
    command.args(["--virtual", &version, "-e", script]).output().expect("it starts")
}

fn printed(major: u32, script: &str) -> String {
    let output = run(major, script);
    assert!(output.status.success(), "{major}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Under each version, oldest first.
fn each(script: &str) -> [String; 5] {
    [10, 18, 20, 22, 24].map(|major| printed(major, script))
}

/// Before libuv 1.45 the question whether anything is alive stands between the check phase and the timers.
#[test]
fn the_last_look_at_the_timers() {
    let script = "setTimeout(() => console.log('timer'), 10).unref();
                  setImmediate(() => { const end = Date.now() + 30; while (Date.now() < end); console.log('immediate') })";
    let (old, new) = ("immediate", "immediate timer");
    assert_eq!(each(script), [old, old, new, new, new]);
}

/// Before Node 11 ticks and microtasks wait for the end of the phase.
#[test]
fn ticks_between_timers() {
    let script = "for (const n of [1, 2]) setTimeout(() => {
                    console.log('t' + n); process.nextTick(() => console.log('tick' + n)); Promise.resolve().then(() => console.log('p' + n)) }, 5)";
    let (old, new) = ("t1 t2 tick1 tick2 p1 p2", "t1 tick1 p1 t2 tick2 p2");
    assert_eq!(each(script), [old, new, new, new, new]);
}

#[test]
fn ticks_between_immediates() {
    let script = "for (const n of [1, 2]) setImmediate(() => { console.log('i' + n); process.nextTick(() => console.log('tick' + n)) })";
    let (old, new) = ("i1 i2 tick1 tick2", "i1 tick1 i2 tick2");
    assert_eq!(each(script), [old, new, new, new, new]);
}

/// Before Node 12 a promise that is awaited is taken for any thenable.
#[test]
fn hops_of_an_await() {
    let script = "(async () => { await Promise.resolve(); console.log('awaited') })();
                  Promise.resolve().then(() => console.log(1)).then(() => console.log(2)).then(() => console.log(3))";
    let new = "awaited 1 2 3";
    assert_eq!(each(script), ["1 2 awaited 3", new, new, new, new]);
    assert_eq!(
        each("(async () => { for (let i = 0; i < 3; i++) await i; console.log('values') })()"),
        ["values"; 5]
    );
}

/// Before Node 11 a fraction counts.
#[test]
fn delays_with_a_fraction() {
    let script = "setTimeout(() => console.log('a'), 5.5); setTimeout(() => console.log('b'), 5)";
    assert_eq!(each(script), ["b a", "a b", "a b", "a b", "a b"]);
}

#[test]
fn delays_that_are_warned_of() {
    let script = "process.on('warning', (w) => console.log(w.name)); setTimeout(() => {}, -5); setTimeout(() => {}, NaN)";
    let warned = "TimeoutNegativeWarning TimeoutNaNWarning";
    assert_eq!(each(script), ["", "", "", "", warned]);
    let script = "process.on('warning', (w) => console.log(w.name)); setTimeout(() => {}, 2 ** 31)";
    assert_eq!(each(script), ["TimeoutOverflowWarning"; 5]);
}

/// Before Node 15 a rejection that nobody takes is only warned of.
#[test]
fn rejections_that_nobody_takes() {
    let script = "Promise.reject(new Error('no luck')); setTimeout(() => console.log('still there'), 1)";
    for major in [10, 18, 20, 22, 24] {
        let output = run(major, script);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(err.contains("no luck"), "{major}: {err}");
        match major {
            10 => {
                assert!(output.status.success() && out == "still there\n", "{out}{err}");
                assert!(err.contains("UnhandledPromiseRejectionWarning"), "{err}");
            }
            _ => assert!(output.status.code() == Some(1) && out.is_empty(), "{major}: {out}{err}"),
        }
    }
}

/// What is the same under all of them.
#[test]
fn what_never_changed() {
    for (script, expected) in [
        ("setTimeout(() => console.log('10@0'), 10); setTimeout(() => { setTimeout(() => console.log('7@5'), 7); setTimeout(() => console.log('10@5'), 10);
          setTimeout(() => { const end = Date.now() + 40; while (Date.now() < end); }, 1) }, 5)", "10@0 10@5 7@5"),
        ("require('fs').stat('.', () => { setTimeout(() => console.log('timer'), 0); setImmediate(() => console.log('immediate')) })", "immediate timer"),
        ("setImmediate(() => { setImmediate(() => console.log('next turn')); process.nextTick(() => console.log('tick')) })", "tick next turn"),
        ("process.nextTick(() => console.log('tick')); Promise.resolve().then(() => { process.nextTick(() => console.log('tick2')); queueMicrotask(() => console.log('m')) })", "tick m tick2"),
    ] {
        assert_eq!(each(script), [expected; 5], "{script}");
    }
}
