//! `looplab explore` knows every order: whatever real Node printed in many runs on a busy machine is in the explored set.
//!
//! `cli/tests/races/` holds racy scripts, `node.json` what Node printed for each, how often. To record anew:
//! `UPDATE_EXPECT=1 NODE=/path/to/node cargo test -p looplab-cli --test explore` (200 runs each, or `RUNS`, one
//! at a time and many at a time).

mod support;

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use support::{conclude, recording, root, selected};

/// Runs recorded of each script.
const RUNS: u32 = 200;

fn folder() -> PathBuf {
    root().join("cli/tests/races")
}

fn scripts() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("cli/tests/races exists").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".js") && selected(name)).collect();
    names.sort();
    names
}

fn looplab(folder: &Path, args: &[&str]) -> Output {
    let command = &mut Command::new(env!("CARGO_BIN_EXE_looplab"));
    command.args(args).current_dir(folder).stdin(Stdio::null()).output().expect("looplab starts")
}

fn explored(folder: &Path, args: &[&str]) -> (Value, i32) {
    let output = looplab(folder, args);
    let text = String::from_utf8_lossy(&output.stdout);
    let json = serde_json::from_str(&text);
    let json =
        json.unwrap_or_else(|e| panic!("{args:?}: {e}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    (json, output.status.code().unwrap_or(-1))
}

/// What an outcome is called in the recording: output and exit code.
fn key(stdout: &str, exit: i64) -> String {
    format!("{stdout}[exit {exit}]")
}

#[test]
fn whatever_node_printed_was_explored() {
    if recording() {
        return record();
    }
    let recorded: Value =
        serde_json::from_str(&fs::read_to_string(folder().join("node.json")).expect("node.json"))
            .expect("JSON");
    let mut failures = Vec::new();
    let scripts = scripts();
    for script in &scripts {
        let (found, exit) = explored(&folder(), &["explore", "--json", "--seconds", "120", script]);
        let orders = found["orders"].as_array().expect("orders");
        let known: Vec<_> = orders
            .iter()
            .map(|order| key(order["stdout"].as_str().unwrap_or(""), order["exit"].as_i64().unwrap_or(-1)))
            .collect();
        let mut account = String::new();
        if found["complete"] != json!(true) {
            account += &format!("    not finished: {} runs\n", found["runs"]);
        }
        if exit != if orders.len() > 1 { 3 } else { 0 } {
            account += &format!("    exit code {exit} with {} orders\n", orders.len());
        }
        match recorded[script].as_object() {
            None => account += "    no recording\n",
            Some(seen) => {
                for (outcome, times) in seen.iter().filter(|(outcome, _)| !known.contains(outcome)) {
                    account += &format!(
                        "    Node printed this {times} times, explore doesn't know it: {outcome:?}\n"
                    );
                }
            }
        }
        if !account.is_empty() {
            failures.push((script.clone(), account));
        }
    }
    conclude("explored races", scripts.len(), failures);
}

fn record() {
    let node = std::env::var("NODE").expect("UPDATE_EXPECT needs a node: set NODE");
    let runs = std::env::var("RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(RUNS);
    let path = folder().join("node.json");
    let old = fs::read_to_string(&path).ok().and_then(|text| serde_json::from_str(&text).ok());
    let mut all: Map<String, Value> = old.unwrap_or_default();
    for script in scripts() {
        let seen: Mutex<BTreeMap<String, u32>> = Mutex::default();
        let left = AtomicU32::new(runs);
        let run = || {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
                let output =
                    Command::new(&node).arg(&script).current_dir(folder()).output().expect("node starts");
                let exit = i64::from(output.status.code().unwrap_or(-1));
                let key = key(&String::from_utf8_lossy(&output.stdout), exit);
                *seen.lock().expect("no panic").entry(key).or_default() += 1;
            }
        };
        // From one process at a time to more than there are cores: an idle machine and a busy one.
        for at_a_time in [1, 3, 9] {
            left.store(runs / 3, Ordering::Relaxed);
            std::thread::scope(|scope| (0..at_a_time).for_each(|_| drop(scope.spawn(run))));
        }
        all.insert(script, json!(seen.into_inner().expect("no panic")));
        let text = serde_json::to_string_pretty(&all).expect("JSON") + "\n";
        fs::write(&path, text).expect("node.json is writable");
    }
}

/// Which of the explored orders came under real Node with delays injected, as recorded in `confirmed.json`: to record anew,
/// `UPDATE_EXPECT=1 NODE=/path/to/node cargo test -p looplab-cli --test explore -- --ignored` (takes minutes).
#[test]
#[ignore = "takes minutes and a Node: it makes the recording"]
fn orders_come_under_node_with_injected_delays() {
    let Ok(node) = std::env::var("NODE") else { return println!("no NODE: nothing to confirm with") };
    let path = folder().join("confirmed.json");
    let old = fs::read_to_string(&path).ok().and_then(|text| serde_json::from_str(&text).ok());
    let mut all: Map<String, Value> = old.unwrap_or_default();
    let mut failures = Vec::new();
    let scripts = scripts();
    for script in &scripts {
        let confirm = format!("--confirm={node}");
        let args = ["explore", "--json", "--seconds", "120", "--confirm-runs", "400", &confirm, script];
        let (found, _) = explored(&folder(), &args);
        let orders = found["orders"].as_array().expect("orders");
        let times = found["confirmed"]["times"].as_array().expect("times");
        let list = orders.iter().zip(times).map(|(order, times)| {
            let key = key(order["stdout"].as_str().unwrap_or(""), order["exit"].as_i64().unwrap_or(-1));
            (key, times.clone())
        });
        let others = &found["confirmed"]["others"];
        if others.as_array().is_some_and(|list| !list.is_empty()) {
            failures.push((script.clone(), format!("    not among the orders: {others}\n")));
        }
        let list: Map<String, Value> = list.collect();
        all.insert(
            script.clone(),
            json!({ "node": found["confirmed"]["node"], "runs": found["confirmed"]["runs"], "orders": list }),
        );
        if recording() {
            let text = serde_json::to_string_pretty(&all).expect("JSON") + "\n";
            fs::write(&path, text).expect("confirmed.json is writable");
        }
    }
    conclude("confirmed races", scripts.len(), failures);
}

/// Every explored order has been seen under Node, by itself or with injected delays, or is listed as one that could not be arranged.
#[test]
fn explored_orders_are_those_that_were_tried_under_node() {
    if recording() {
        return;
    }
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder().join(name)).expect(name)).expect("JSON")
    };
    let (confirmed, seen) = (read("confirmed.json"), read("node.json"));
    let mut failures = Vec::new();
    let (mut orders, mut came, scripts) = (0, 0, scripts());
    for script in &scripts {
        let (found, _) = explored(&folder(), &["explore", "--json", "--seconds", "120", script]);
        let now: std::collections::BTreeSet<String> = found["orders"]
            .as_array()
            .expect("orders")
            .iter()
            .map(|order| key(order["stdout"].as_str().unwrap_or(""), order["exit"].as_i64().unwrap_or(-1)))
            .collect();
        let tried = confirmed[script]["orders"].as_object().cloned().unwrap_or_default();
        for order in now.iter().filter(|order| !tried.contains_key(*order)) {
            failures.push((script.clone(), format!("    never tried under Node: {order:?}\n")));
        }
        orders += now.len();
        came += now
            .iter()
            .filter(|order| {
                tried.get(*order).is_some_and(|n| *n != json!(0)) || !seen[script][order.as_str()].is_null()
            })
            .count();
    }
    println!("{came} of {orders} explored orders came under Node");
    conclude("orders tried", scripts.len(), failures);
}

#[test]
fn the_races_of_the_examples_are_complete() {
    let races = root().join("examples/races");
    let mut failures = Vec::new();
    let mut total = 0;
    for entry in fs::read_dir(&races).expect("examples/races exists").flatten() {
        let script = entry.file_name().to_string_lossy().into_owned();
        if !script.ends_with(".js") || !selected(&script) {
            continue;
        }
        total += 1;
        let legal =
            fs::read_to_string(races.join(script.replace(".js", ".legal.json"))).expect("a legal set");
        let legal: Value = serde_json::from_str(&legal).expect("JSON");
        let mut wanted: Vec<String> = legal["stdout"]
            .as_array()
            .expect("outputs")
            .iter()
            .filter_map(|o| o.as_str())
            .map(str::to_owned)
            .collect();
        let (found, _) = explored(&races, &["explore", "--json", &script]);
        let orders = found["orders"].as_array().expect("orders");
        let mut got: Vec<String> =
            orders.iter().filter_map(|o| o["stdout"].as_str()).map(str::to_owned).collect();
        wanted.sort();
        got.sort();
        if wanted != got {
            failures.push((script, format!("    wanted {wanted:?}\n    got    {got:?}\n")));
        }
    }
    conclude("races of the examples", total, failures);
}

#[test]
fn an_order_can_be_brought_about_again() {
    let folder = folder();
    let (found, _) = explored(&folder, &["explore", "--json", "three-stats.js"]);
    for order in found["orders"].as_array().expect("orders") {
        let choices: Vec<String> =
            order["choices"].as_array().expect("choices").iter().map(Value::to_string).collect();
        let flag = format!("--choices={}", choices.join(","));
        let output = looplab(&folder, &["run", &flag, "three-stats.js"]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), order["stdout"].as_str().expect("text"));
    }
    let story = looplab(&folder, &["explore", "--trace", "2", "timeout-immediate.js"]);
    let text = String::from_utf8_lossy(&story.stdout).into_owned();
    assert!(text.contains("race: is the next timer due by now? in this run: yes"), "{text}");
}

/// Whole answers to small questions, as people see them.
#[test]
fn answers_in_words() {
    let folder = folder();
    let mut shown = String::new();
    for args in [
        &["explore", "timeout-immediate.js"][..],
        &["explore", "io-then-both.js", "--", "ignored"],
        &["explore", "--between", "1", "2", "timeout-immediate.js"],
        &["explore", "--between", "3", "4", "io-then-both.js"],
        &["explore", "--between", "1", "9", "timeout-immediate.js"],
        &["explore", "--max-runs", "2", "three-stats.js"],
        &["explore", "--seconds", "60", "-e", "setInterval(() => {}, 1)"],
        &["explore", "--run-seconds", "1", "-e", "while (true);"],
        &["explore", "no-such-file.js"],
    ] {
        let output = looplab(&folder, args);
        let text = String::from_utf8_lossy(&output.stdout).replace(&format!("{}/", folder.display()), "");
        let errors = String::from_utf8_lossy(&output.stderr);
        shown +=
            &format!("$ looplab {}\n{text}{errors}exit code {:?}\n\n", args.join(" "), output.status.code());
    }
    insta::assert_snapshot!(shown);
}

/// Runs that share a process don't see one another: not the working folder, not open files, not what modules hold.
#[test]
fn runs_leave_nothing_behind_for_one_another() {
    let folder = folder();
    let race = "setImmediate(() => console.log('i')); fs.stat('/', () => console.log('s'));";
    for code in [
        "console.log(process.cwd() === '/'); process.chdir('/');",
        "console.log(process.umask()); process.umask(0o77);",
        "console.log(fs.openSync('/dev/null'));",
        "console.log(global.seen, fs.seen); global.seen = fs.seen = 1;",
        "console.log(require('worker_threads').threadId, require('child_process').exec.name);",
    ] {
        let script = format!("const fs = require('fs'); {code} {race} setTimeout(process.exit, 9);");
        let (found, _) = explored(&folder, &["explore", "--json", "--max-runs", "30", "-e", &script]);
        let orders = found["orders"].as_array().expect("orders");
        let first =
            |order: &Value| order["stdout"].as_str().and_then(|text| text.lines().next()).map(str::to_owned);
        let lines: Vec<_> = orders.iter().map(first).collect();
        assert!(lines.len() > 1 && lines.iter().all(|line| *line == lines[0]), "{code}: {lines:?}");
    }
}

#[test]
fn a_script_that_changes_files_is_warned_of_and_offered_a_copy() {
    let file = std::env::temp_dir().join(format!("looplab-explored-{}", std::process::id()));
    let script =
        format!("require('fs').writeFile({:?}, 'x', () => console.log('w'))", file.display().to_string());
    let output = looplab(&folder(), &["explore", "-e", &script]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("note: the script changes files") && text.contains("--scratch"), "{text}");
    let _ = fs::remove_file(&file);
}
