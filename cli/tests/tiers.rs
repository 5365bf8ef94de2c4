//! `looplab tiers` as a user meets it. `examples/engine/tiers.txt` is the report that the book shows; `UPDATE_EXPECT=1` records it.

mod support;

use std::fs;
use std::process::{Command, Output};
use support::{recording, root};

fn looplab(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_looplab"));
    command.args(args).current_dir(root().join("examples/engine")).output().expect("looplab starts")
}

/// What was printed, wherever the project lies.
fn text(output: &Output) -> String {
    let all = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    all.replace(&format!("{}/", root().display()), "")
}

/// What a command prints is what the book shows.
fn check(args: &[&str], file: &str) {
    let output = looplab(args);
    assert!(output.status.success(), "{}", text(&output));
    let file = root().join("examples/engine").join(file);
    if recording() {
        fs::write(&file, text(&output)).expect("the report is written");
    }
    assert_eq!(text(&output), fs::read_to_string(&file).expect("a report"), "record with UPDATE_EXPECT=1");
}

#[test]
fn the_report_tells_what_was_seen_specialised_and_given_up() {
    check(&["tiers", "tiers.js"], "tiers.txt");
}

#[test]
fn the_code_of_the_second_tier_is_listed() {
    check(&["disasm", "--tier", "2", "--function", "squared", "tiers.js"], "tiers-disasm.txt");
    let output = looplab(&["disasm", "--tier", "2", "--function", "nobody", "tiers.js"]);
    assert_eq!(text(&output), "44068.25\nno function named 'nobody' became hot\n");
}

#[test]
fn without_the_second_tier_nothing_becomes_hot() {
    let shown = text(&looplab(&["tiers", "--no-tier", "tiers.js"]));
    assert!(shown.contains("0 became hot, 0 guards failed") && !shown.contains("specialised"), "{shown}");
    for flags in [&[][..], &["--no-tier"], &["run", "--no-tier"]] {
        let output = looplab(&[flags, &["tiers.js"]].concat());
        assert_eq!(text(&output), "44068.25\n", "{flags:?}");
    }
}

#[test]
fn both_tiers_can_be_compared() {
    let output = looplab(&["tiers", "--compare=1", "tiers.js"]);
    let shown = text(&output);
    assert!(output.status.success() && shown.starts_with("tiers of tiers.js · 1 round in turns"), "{shown}");
    assert!(shown.contains("without it (--no-tier)") && shown.contains("times as fast"), "{shown}");
    let output = looplab(&[
        "tiers",
        "--compare=1",
        "-e",
        "process.exit(process.execArgv.includes('--no-tier') ? 3 : 0)",
    ]);
    assert!(!output.status.success() && text(&output).contains("ended with"), "{}", text(&output));
}

#[test]
fn one_function_can_be_asked_for() {
    let output = looplab(&["tiers", "--function", "read", "tiers.js"]);
    let shown = text(&output);
    assert!(shown.contains("1 function ran, 1 became hot") && shown.contains("megamorphic"), "{shown}");
    let output = looplab(&["tiers", "--function", "nobody", "-e", "process.exitCode = 4"]);
    assert_eq!(
        (output.status.code(), text(&output).as_str()),
        (Some(4), "no function named 'nobody' has run\n")
    );
}

/// What a program prints does not depend on being watched: generators, async functions, errors, eval, callbacks of built-in functions.
#[test]
fn watching_changes_nothing() {
    let script = "function* g() { try { yield 1; yield* [2, 3] } finally { console.log('closed') } } \
        for (const v of g()) { console.log(v); if (v === 2) break } \
        async function f(n) { await n; if (n > 2) throw new RangeError('r' + n); return f(n + 1) } \
        f(0).catch((e) => console.log(e.message, e.stack.split('\\n').length > 1)); \
        console.log([3, 1, 2].sort((a, b) => a - b), [1, 2].map((x) => eval('x * 2')), `${{ toString: () => 't' }}`); \
        class A { #p = 1; get p() { return this.#p } set p(v) { this.#p = v } } const a = new A(); a.p = 5; console.log(a.p); \
        let deep = 0; (function r() { deep++; r() }).call === 1 || (() => { try { (function r() { deep++; r() })() } catch (e) { console.log(e.name) } })(); \
        setTimeout(() => console.log('timer'), 1); process.nextTick(() => console.log('tick')); gc();";
    let plain = text(&looplab(&["--virtual", "--expose-gc", "-e", script]));
    assert!(plain.ends_with("timer\n") && plain.contains("RangeError"), "{plain}");
    for command in [&["tiers"][..], &["heap", "--sites"], &["heap", "--sites", "--gc-every", "3"]] {
        let args = [command, &["--virtual", "--expose-gc", "-o", "/dev/null", "-e", script]].concat();
        assert_eq!(text(&looplab(&args)), plain, "{command:?}");
    }
}

#[test]
fn places_of_allocation_are_those_of_the_program() {
    let script = "const kept = [];\nfunction make(i) {\n  return { i, list: [i] };\n}\nfor (let i = 0; i < 50; i++) kept.push(make(i));\n\
        globalThis.map = new Map([['a', Object.create(null)]]); globalThis.kept = kept;";
    let shown = text(&looplab(&["heap", "--sites", "--between", "start,end", "-e", script]));
    let line = |what: &str| {
        shown.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {shown}"))
    };
    for what in ["in make  Object {i, list}", "in make  Array"] {
        let words: Vec<&str> = line(what).split_whitespace().collect();
        assert!(
            words[0].parse::<u32>().is_ok_and(|n| n >= 50) && words[2].starts_with("[eval]:3:1"),
            "{shown}"
        );
    }
    let places = shown.split("were allocated\n").nth(1).expect("a table of places");
    let mut places = places.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2));
    assert!(
        !places.any(|place| place.starts_with("node:")),
        "what the runtime allocates counts for the program: {shown}"
    );
}
