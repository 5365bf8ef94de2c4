//! The prompt (`-i`) and the module graph.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).expect("a folder for the test");
    for (file, text) in files {
        std::fs::write(dir.join(file), text).expect("a file for the test");
    }
    dir.canonicalize().expect("the folder was just made")
}

/// What the prompt answers to these lines, without its greeting.
fn answers(lines: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_looplab"))
        .arg("-i")
        .env_remove("NODE_OPTIONS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("looplab runs");
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("looplab reads");
    let out = child.wait_with_output().expect("looplab ends");
    assert_eq!(out.status.code(), Some(0));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let (greeting, rest) = text.split_once("> ").expect("a prompt");
    assert!(greeting.starts_with("Welcome to looplab"), "{greeting}");
    rest.to_owned()
}

#[test]
fn lines_are_answered() {
    for (lines, answer) in [
        ("let a = 1\na + 1\n_ * 10\n", "undefined\n> 2\n> 20\n> "),
        ("function f() {\nreturn 5\n}\nf()\n", "| | undefined\n> 5\n> "),
        ("`x\ny`\n[1,\n2]\n", "| 'x\\ny'\n> | [ 1, 2 ]\n> "),
        ("{ a: 1 }\n{ let b }\n", "{ a: 1 }\n> undefined\n> "),
        ("const { c } = await { c: 3 }\nc\nawait Promise.reject(4)\n", "undefined\n> 3\n> Uncaught 4\n> "),
        ("throw new Error('x')\n", "Uncaught Error: x\n    at REPL1:1:7\n> "),
        ("foo bar\n", "foo bar\n    ^^^\n\nUncaught SyntaxError: Unexpected identifier 'bar'\n> "),
        ("path.sep + typeof require('fs').readFile\n", "'/function'\n> "),
        ("(\n.break\n1\n", "| > 1\n> "),
        (".nothing\n_ = 1\n", "Invalid REPL keyword\n> Expression assignment to _ now disabled.\n1\n> "),
        (
            "setTimeout(() => { throw 6 }, 1), 0\nawait new Promise((r) => setTimeout(r, 1))\n",
            "0\n> Uncaught 6\nundefined\n> ",
        ),
    ] {
        // Whether the prompt comes once more before the end of the input is seen is up to the system.
        let told = answers(lines);
        assert_eq!(told.trim_end_matches("> "), answer.trim_end_matches("> "), "{lines}");
    }
}

#[test]
fn files_are_loaded_and_saved() {
    let dir = folder("prompt", &[("in.js", "var loaded = [\n  1,\n]\nloaded.length\n")]);
    let (from, to) = (dir.join("in.js"), dir.join("out.js"));
    let told =
        answers(&format!(".load {}\n.save {}\n.load {}/none\n", from.display(), to.display(), dir.display()));
    assert!(told.contains("> 1\n"), "{told}");
    assert!(told.contains("Session saved to:") && told.contains("Failed to load:"), "{told}");
    assert_eq!(std::fs::read_to_string(to).expect("saved"), "var loaded = [\n  1,\n]\nloaded.length");
}

#[test]
fn trace_tells_what_the_last_line_did() {
    let told = answers(
        "1\nsetTimeout(function later() {}, 5), Promise.resolve().then(() => 1), 0\n.trace\n2\n.trace\n",
    );
    assert!(told.contains("later(), 5 ms") && told.contains("queues promise callback"), "{told}");
    let after = told.split("> 2\n").nth(1).expect("the second line's trace");
    assert!(!after.contains("sets timer"), "{after}");
}

#[test]
fn the_graph_of_modules_is_told() {
    let dir = folder(
        "graph",
        &[
            ("main.js", "require('./b'); require('fs'); import('./m.mjs'); console.log('not shown')"),
            ("b.js", "require('./c')"),
            ("c.js", "require('./b')"),
            ("m.mjs", "import './c.js'"),
            ("bad.js", "require('./b'); throw new Error('x')"),
        ],
    );
    let graph = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_looplab"));
        let out = command.arg("graph").args(args).current_dir(&dir).output().expect("looplab runs");
        (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned())
    };
    let (code, text) = graph(&["main.js"]);
    assert_eq!(code, Some(0));
    let tree =
        "main.js\n  b.js\n    c.js\n      b.js (cycle)\n  m.mjs\n    c.js\n\ncycles\n  b.js → c.js → b.js\n";
    assert!(text.starts_with(tree), "{text}");
    let order: Vec<&str> = text.lines().skip_while(|l| !l.starts_with("load order")).skip(1).collect();
    let names: Vec<&str> = order.iter().filter_map(|l| l.split_whitespace().last()).collect();
    assert_eq!(names[..3], ["c.js", "b.js", "main.js"], "{text}");
    let (_, dot) = graph(&["--format", "dot", "main.js"]);
    assert!(
        dot.starts_with("digraph modules {") && dot.contains("color=red") && dot.contains("style=dashed"),
        "{dot}"
    );
    let (_, json) = graph(&["--format", "json", "main.js"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["cycles"].as_array().map(Vec::len), Some(1));
    let (code, text) = graph(&["bad.js"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("bad.js  failed"), "{text}");
}
