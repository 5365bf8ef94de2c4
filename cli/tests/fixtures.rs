//! The conformance fixtures: small self-checking scripts whose output was recorded from Node 24.
//!
//! `engine/tests/js` holds the language and its builtins, `runtime/tests/js` what Node adds.
//! `NAME.out` beside `NAME.js` is what Node prints; the last line `[exit N]` is there when the
//! exit code is not 0. Nothing in an output depends on the machine.
//!
//! * one of them: `LOOPLAB_ONLY=proxy cargo test -p looplab-cli --test fixtures`
//! * record anew: `UPDATE_EXPECT=1 NODE=/path/to/node24 cargo test -p looplab-cli --test fixtures`

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Outcome, Subject, conclude, difference, recording, root, selected};

fn scripts(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut scripts: Vec<_> =
        names.filter(|name| [".js", ".mjs", ".cjs", ".ts"].iter().any(|end| name.ends_with(end))).collect();
    scripts.sort();
    scripts
}

fn expectation(folder: &Path, script: &str) -> PathBuf {
    folder.join(script).with_extension("out")
}

/// The text that is recorded: stdout, and the exit code where it is not 0.
fn account(outcome: &Outcome) -> String {
    match outcome.exit {
        0 => outcome.stdout.clone(),
        code => format!("{}[exit {code}]\n", outcome.stdout),
    }
}

/// Writes the expectations, running every script several times to be sure that they are stable.
fn record(folder: &Path, what: &str) {
    let node = Subject::node().expect("UPDATE_EXPECT needs a node: set NODE or PATH");
    assert_eq!(node.major(), Some(24), "the fixtures are recorded from Node 24, not {}", node.name);
    let chosen: Vec<_> = scripts(folder).into_iter().filter(|script| selected(script)).collect();
    let mut unstable = Vec::new();
    for script in &chosen {
        let first = node.run(folder, script);
        let runs = (0..2).map(|_| difference(&account(&first), &account(&node.run(folder, script))));
        let report: String = runs.collect();
        if !report.is_empty() || !first.in_time {
            unstable.push((script.clone(), format!("    two runs of Node differ\n{report}")));
        }
        fs::write(expectation(folder, script), account(&first)).expect("the folder is writable");
    }
    conclude(what, chosen.len(), unstable);
}

/// Fixtures that differ from Node today, each with the reason. One that comes to agree must be taken off the list.
const KNOWN: &[(&str, &str)] = &[];

fn check(folder: &Path, what: &str) {
    if recording() {
        return record(folder, what);
    }
    let subject = Subject::looplab();
    let chosen: Vec<_> = scripts(folder).into_iter().filter(|script| selected(script)).collect();
    let mut failures = Vec::new();
    for script in &chosen {
        let Ok(want) = fs::read_to_string(expectation(folder, script)) else {
            failures.push((script.clone(), "    no recording beside it\n".to_string()));
            continue;
        };
        let outcome = subject.run(folder, script);
        let mut report = difference(&want, &account(&outcome));
        if !outcome.in_time {
            report += "    killed: it ran over the time limit\n";
        }
        if KNOWN.iter().any(|(name, _)| name == script) {
            if report.is_empty() {
                failures
                    .push((script.clone(), "    agrees with Node now: take it off the list\n".to_string()));
            }
            continue;
        }
        if !report.is_empty() {
            report +=
                &outcome.stderr.lines().take(6).map(|line| format!("    ! {line}\n")).collect::<String>();
            failures.push((script.clone(), report));
        }
    }
    conclude(what, chosen.len(), failures);
}

#[test]
fn language_and_builtins() {
    check(&root().join("engine/tests/js"), "engine fixtures");
}

#[test]
fn node_modules_of_the_runtime() {
    check(&root().join("runtime/tests/js"), "runtime fixtures");
}
