//! Every script in `examples/` behaves as it does in real Node.
//!
//! The expectation of a script is a pair of recordings, `examples/expected/NAME.v24.json` and
//! `NAME.v20.json`. looplab must equal the recording of Node 24; where Node 20 differs is listed
//! in [`V20_DIFFERS`]. Where a `node` is installed the scripts are also compared with it live.
//! Racy scripts lie in `examples/races/` with the complete set of legal outputs beside them.
//!
//! To record: `UPDATE_EXPECT=1 NODE=/path/to/node cargo test -p looplab-cli --test examples`,
//! once with each version.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{Outcome, Subject, conclude, difference, recording, root, selected};

/// The Node version whose behaviour looplab shows by default.
const REFERENCE: u32 = 24;

/// Scripts whose stdout or exit code in Node 20 is not that of Node 24, with the reason.
const V20_DIFFERS: &[(&str, &str)] =
    &[("module-order/main-top-level-await.mjs", "Node 20 tells exit listeners 0, though it ends with 13")];

fn folder() -> PathBuf {
    root().join("examples")
}

/// Entry scripts relative to `examples/`: every script at the top, and `main*` in sub-folders.
fn scripts() -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder()).expect("examples/ exists").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_script(&name) {
            found.push(name);
        } else if entry.path().is_dir() {
            let inner = fs::read_dir(entry.path()).expect("a readable folder").flatten();
            let mains = inner.map(|file| file.file_name().to_string_lossy().into_owned());
            found.extend(
                mains.filter(|m| m.starts_with("main") && is_script(m)).map(|m| format!("{name}/{m}")),
            );
        }
    }
    found.sort();
    found
}

fn is_script(name: &str) -> bool {
    [".js", ".mjs", ".cjs"].iter().any(|extension| name.ends_with(extension))
}

/// `module-order/main-esm.mjs` is called `module-order.main-esm`.
fn title(script: &str) -> String {
    let stem = script.rsplit_once('.').map_or(script, |(stem, _)| stem);
    stem.replace('/', ".")
}

fn recording_of(script: &str, major: u32) -> PathBuf {
    folder().join("expected").join(format!("{}.v{major}.json", title(script)))
}

fn read_json(path: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// How an outcome differs from what was recorded; `None` when it doesn't.
fn against(recorded: &Value, outcome: &Outcome) -> Option<String> {
    let mut account = difference(recorded["stdout"].as_str().unwrap_or("<no recording>"), &outcome.stdout);
    if recorded["exit"] != json!(outcome.exit) {
        account += &format!("    exit code {} wanted, {} got\n", recorded["exit"], outcome.exit);
    }
    let shape = outcome.stderr_shape(&folder());
    if let Some(lines) = recorded["stderr_shape"].as_array() {
        let wanted: Vec<_> = lines.iter().filter_map(Value::as_str).collect();
        account += &difference(&wanted.join("\n"), &shape.join("\n"));
    }
    if !outcome.in_time {
        account += "    killed: it ran over the time limit\n";
    }
    if !account.is_empty() && outcome.exit != 0 {
        account += &outcome.stderr.lines().take(8).map(|line| format!("    ! {line}\n")).collect::<String>();
    }
    (!account.is_empty()).then_some(account)
}

/// Writes the recordings of the Node given by `NODE`.
fn record(node: &Subject, major: u32) {
    for script in scripts() {
        let outcome = node.run(&folder(), &script);
        assert!(outcome.in_time, "{script} does not end");
        let text = json!({
            "version": node.name, "exit": outcome.exit, "stdout": outcome.stdout,
            "stderr_shape": outcome.stderr_shape(&folder()),
        });
        let pretty = serde_json::to_string_pretty(&text).expect("a JSON value") + "\n";
        fs::write(recording_of(&script, major), pretty).expect("examples/expected is writable");
    }
}

#[test]
fn examples_equal_the_recording_of_node_24() {
    if recording() {
        let node = Subject::node().expect("UPDATE_EXPECT needs a node: set NODE or PATH");
        let major = node.major().expect("node --version says v<number>");
        return record(&node, major);
    }
    let subject = Subject::looplab();
    let chosen: Vec<_> = scripts().into_iter().filter(|script| selected(script)).collect();
    let mut failures = Vec::new();
    for script in &chosen {
        let Some(recorded) = read_json(&recording_of(script, REFERENCE)) else {
            failures.push((script.clone(), "    no recording\n".to_string()));
            continue;
        };
        if let Some(account) = against(&recorded, &subject.run(&folder(), script)) {
            failures.push((script.clone(), account));
        }
    }
    conclude("examples", chosen.len(), failures);
}

#[test]
fn recordings_of_node_20_and_24_agree_except_where_listed() {
    if recording() {
        return;
    }
    let mut differing = BTreeSet::new();
    for script in scripts() {
        let new = read_json(&recording_of(&script, 24)).unwrap_or_else(|| panic!("{script}: no v24"));
        let old = read_json(&recording_of(&script, 20)).unwrap_or_else(|| panic!("{script}: no v20"));
        if old["stdout"] != new["stdout"] || old["exit"] != new["exit"] {
            differing.insert(script);
        }
    }
    let listed: BTreeSet<_> = V20_DIFFERS.iter().map(|(script, _)| script.to_string()).collect();
    assert_eq!(differing, listed, "V20_DIFFERS must name exactly the scripts that differ");
}

#[test]
fn examples_equal_the_node_that_is_installed() {
    let Some(node) = Subject::node() else {
        return println!("no node on PATH: compared with the recordings only");
    };
    if recording() {
        return;
    }
    let subject = Subject::looplab();
    let old_node = node.major().is_none_or(|major| major < 22);
    let mut failures = Vec::new();
    let mut compared = 0;
    for script in scripts().into_iter().filter(|script| selected(script)) {
        if old_node && V20_DIFFERS.iter().any(|(name, _)| *name == script) {
            continue;
        }
        compared += 1;
        let (want, got) = (node.run(&folder(), &script), subject.run(&folder(), &script));
        let mut account = difference(&want.stdout, &got.stdout);
        if want.exit != got.exit {
            account += &format!("    exit code {} wanted, {} got\n", want.exit, got.exit);
        }
        if !account.is_empty() {
            failures.push((script, account));
        }
    }
    conclude(&format!("examples (live, node {})", node.name), compared, failures);
}

#[test]
fn races_stay_inside_the_legal_set() {
    let races = folder().join("races");
    let mut subjects = vec![Subject::looplab()];
    match Subject::node() {
        Some(node) => subjects.push(node),
        None => println!("no node on PATH: the sets are checked against looplab only"),
    }
    let mut failures = Vec::new();
    let mut total = 0;
    for entry in fs::read_dir(&races).expect("examples/races exists").flatten() {
        let script = entry.file_name().to_string_lossy().into_owned();
        if !is_script(&script) || !selected(&script) {
            continue;
        }
        total += 1;
        let set = races.join(script.replace(".js", ".legal.json"));
        let legal = read_json(&set).unwrap_or_else(|| panic!("{} is missing", set.display()));
        let outputs = legal["stdout"].as_array().expect("a list of outputs");
        for subject in &subjects {
            // Five runs each: enough to notice a wrong set, few enough to stay quick.
            for outcome in (0..5).map(|_| subject.run(&races, &script)) {
                let known = outputs.iter().any(|output| *output == outcome.stdout);
                if !known || legal["exit"] != json!(outcome.exit) {
                    let account =
                        format!("    {} printed, exit {}:\n{}", subject.name, outcome.exit, outcome.stdout);
                    failures.push((script.clone(), account));
                    break;
                }
            }
        }
    }
    conclude("racy examples", total, failures);
}

#[test]
fn every_example_says_what_it_teaches() {
    for script in scripts() {
        let text = fs::read_to_string(folder().join(&script)).expect("a readable script");
        assert!(text.starts_with("// Teaches: "), "{script} must say what it teaches");
        assert!(text.contains("\n// Predict: "), "{script} must ask the reader to predict");
        assert!(text.lines().count() <= 45, "{script} is longer than a learner's screen");
        let readme = fs::read_to_string(root().join("README.md")).expect("README.md exists");
        assert!(readme.contains(&format!("examples/{script}")), "{script} is missing in README.md");
    }
}

#[test]
fn virtual_traces_are_the_same_on_every_machine() {
    if recording() {
        return;
    }
    let subject = Subject::looplab_with(&["trace", "--virtual"]);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder().join("traces"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for script in scripts().into_iter().filter(|script| selected(script)) {
        let first = subject.run(&folder(), &script);
        let second = subject.run(&folder(), &script);
        assert_eq!(first.stdout, second.stdout, "{script}: two virtual runs differ");
        if first.stdout.contains("file://") {
            // The program itself printed an absolute path: where its line is broken depends on the machine.
            continue;
        }
        let story = first.stdout.replace(&format!("{}/", folder().display()), "");
        settings.bind(|| insta::assert_snapshot!(title(&script), story));
    }
}
