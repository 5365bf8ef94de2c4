//! `looplab compare`, `quiz` and `bench` as a user meets them.

mod support;

use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use support::{Subject, root};

fn looplab(args: &[&str], input: &str, settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_looplab"));
    command.args(args).current_dir(root().join("examples")).envs(settings.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("looplab starts");
    child.stdin.take().expect("stdin").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn comparing_without_a_node_says_what_to_do() {
    let output = looplab(&["compare", "phases.js"], "", &[("PATH", "/nowhere")]);
    assert_eq!(output.status.code(), Some(9));
    assert!(
        text(&output).contains("compare needs a Node: none is on PATH; name one with --node PATH"),
        "{}",
        text(&output)
    );
}

#[test]
fn comparing_with_a_node_gives_a_verdict() {
    if Subject::node().is_none() {
        return println!("no node on PATH: nothing to compare with");
    }
    let node = std::env::var("NODE").unwrap_or_else(|_| "node".into());
    let output = looplab(&["compare", "--node", &node, "--runs", "2", "ticks-and-promises.js"], "", &[]);
    assert!(text(&output).contains(": identical\n") && output.status.success(), "{}", text(&output));
    let output =
        looplab(&["compare", "--json", "--node", &node, "--runs", "12", "races/two-files.js"], "", &[]);
    let json: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output)));
    let verdict = json[0]["comparisons"][0]["verdict"].as_str().unwrap_or_default().to_owned();
    assert!(["identical", "both legal"].contains(&&*verdict), "{json}");
}

#[test]
fn versions_lie_side_by_side() {
    let output = looplab(&["compare", "--semantics", "10,18,24", "clearing-siblings.js"], "", &[]);
    let same = text(&output);
    assert!(same.contains("Node 10, Node 18, Node 24: the same") && output.status.success(), "{same}");
    let parted = "setTimeout(() => process.nextTick(console.log, 'tick'), 1);\nsetTimeout(() => console.log('second'), 1);\n";
    let script = std::env::temp_dir().join(format!("looplab-test-semantics-{}.js", std::process::id()));
    std::fs::write(&script, parted).expect("a file");
    let output = looplab(&["compare", "--semantics", "10,18,24", &script.to_string_lossy()], "", &[]);
    let shown = text(&output);
    let _ = std::fs::remove_file(&script);
    assert_eq!(output.status.code(), Some(3));
    assert!(shown.contains("between Node 10 and Node 18: since Node 11 ticks and microtasks"), "{shown}");
    assert!(shown.contains("Node 10 prints: second | tick\nNode 18 prints: tick | second"), "{shown}");
    let script = "../cli/tests/races/same-duration.js";
    assert_eq!(looplab(&["compare", "--semantics", "10,11", script], "", &[]).status.code(), Some(9));
}

#[test]
fn any_legal_order_is_right_and_progress_is_kept() {
    let data = std::env::temp_dir().join(format!("looplab-test-quiz-{}", std::process::id()));
    let settings = [("XDG_DATA_HOME", &*data.to_string_lossy())];
    let quiz = |args: &[&str], input: &str| {
        let words: Vec<&str> = std::iter::once("quiz").chain(args.iter().copied()).collect();
        text(&looplab(&words, input, &settings))
    };
    for answer in ["timeout\nimmediate\n\n", "immediate\ntimeout\n\n"] {
        let shown = quiz(&["--name", "timeout-or-immediate"], answer);
        assert!(shown.contains("right: it is one of 2 legal orders"), "{shown}");
        assert!(!shown.contains("Both orders are legal"), "the script's own words are the answer: {shown}");
    }
    assert!(quiz(&["--list"], "").contains("[x] 17 timeout-or-immediate"), "{}", quiz(&["--list"], ""));
    let wrong = quiz(&["--name", "timeout-or-immediate"], "nothing\n\nhint\nquit\n");
    assert!(
        wrong.contains("goes wrong in line 1: there could stand \"immediate\" or \"timeout\""),
        "{wrong}"
    );
    let own = root().join("cli/tests/races/io-then-both.js");
    let shown = quiz(&[&own.to_string_lossy()], "immediate\ntimeout\nsecond\n\n");
    assert!(shown.contains("right:"), "{shown}");
    assert!(quiz(&["--reset"], "").contains("forgotten"));
    let _ = std::fs::remove_dir_all(Path::new(&data));
}

#[test]
fn a_wrong_answer_is_told_the_event_and_the_rule_and_nothing_goes_on_by_itself() {
    let data = std::env::temp_dir().join(format!("looplab-test-quiz-rule-{}", std::process::id()));
    let settings = [("XDG_DATA_HOME", &*data.to_string_lossy())];
    let script = std::env::temp_dir().join(format!("looplab-test-quiz-rule-{}.js", std::process::id()));
    let code = "Promise.resolve().then(() => console.log('promise'));\nprocess.nextTick(() => console.log('tick'));\n";
    std::fs::write(&script, code).expect("a file");
    let quiz = |args: &[&str], input: &str| {
        let words: Vec<&str> = std::iter::once("quiz").chain(args.iter().copied()).collect();
        text(&looplab(&words, input, &settings))
    };
    let shown =
        quiz(&[&script.to_string_lossy()], "promise\ntick\n\nundo\ntick\npromise\nnonsense\nundo\n\n\n");
    assert!(shown.contains("goes wrong in line 1: there could stand \"tick\""), "{shown}");
    assert!(
        shown.contains("\"tick\" is printed by #2 tick\n  which was queued by #1 main script at "),
        "{shown}"
    );
    assert!(shown.contains("the rule: when a callback ends, all ticks run, then all microtasks"), "{shown}");
    assert!(shown.contains("taken back: nonsense") && shown.contains("right: it is always so"), "{shown}");
    // The next question comes only when it is asked for.
    let stopped =
        quiz(&[], "script starts\nscript ends\ntick 1\ntick 2\npromise 1\nmicrotask 2\nimmediate\n\nquit\n");
    assert!(stopped.contains("right:") && !stopped.contains("2 of 40"), "{stopped}");
    let resumed = quiz(&[], "quit\n");
    assert!(resumed.contains("2 of 40, 1 answered"), "{resumed}");
    let _ = std::fs::remove_file(&script);
    let _ = std::fs::remove_dir_all(Path::new(&data));
}

#[test]
fn a_server_is_measured_from_outside() {
    let output = looplab(&["bench", "http", "--json", "--millis", "20", "--repeats", "1"], "", &[]);
    let json: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output)));
    let rows = json["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 12, "{json:#}");
    assert!(rows.iter().all(|row| row["opsPerSecond"].as_f64().is_some_and(|rate| rate > 0.0)), "{json:#}");
    assert!(json["conditions"].to_string().contains("client: keep-alive connections"));
}

#[test]
fn a_benchmark_measures_every_case_and_names_the_conditions() {
    let page = std::env::temp_dir().join(format!("looplab-test-bench-{}.html", std::process::id()));
    let args =
        ["bench", "loop", "--json", "--millis", "5", "--repeats", "1", "--html", &page.to_string_lossy()];
    let output = looplab(&args, "", &[]);
    let json: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output)));
    let rows = json["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 10, "{json:#}");
    assert!(rows.iter().all(|row| row["opsPerSecond"].as_f64().is_some_and(|rate| rate > 0.0)));
    assert!(json["conditions"].to_string().contains("machine: "));
    assert!(std::fs::read_to_string(&page).expect("a page").contains("<svg"));
    let _ = std::fs::remove_file(&page);
    let output =
        looplab(&["bench", "io", "--csv", "--millis", "1", "--repeats", "1", "--largest", "1"], "", &[]);
    let csv = text(&output);
    let kinds = [
        "read sync",
        "read callback",
        "read promise",
        "read stream",
        "write sync",
        "write callback",
        "write promise",
        "write stream",
    ];
    for kind in kinds {
        assert_eq!(
            csv.lines()
                .filter(|line| line.contains(&format!("{kind},false")) && line.contains(",1,4,"))
                .count(),
            5,
            "{kind}: {csv}"
        );
    }
}
