//! What is printed of errors that nobody catches: the place is where they were thrown (again), not where they were made. The
//! expectations are Node 24's first lines.

mod support;

use support::{Subject, root};

#[track_caller]
fn begins_with(script: &str, expected: &[&str]) {
    let folder = root().join("cli/tests/uncaught");
    let outcome = Subject::looplab().run(&folder, script);
    let text = outcome.stderr.replace(&format!("{}/", folder.display()), "");
    let lines: Vec<&str> = text.lines().take(expected.len()).collect();
    assert_eq!(lines, expected, "{text}");
}

#[test]
fn the_caret_stands_under_the_throw() {
    let source = "function fail() { throw new TypeError('boom'); }";
    begins_with(
        "constructed.js",
        &["constructed.js:1", source, "                  ^", "", "TypeError: boom"],
    );
}

#[test]
fn a_value_shows_where_it_was_thrown() {
    let hint = "(Use `node --trace-uncaught ...` to show where the exception was thrown)";
    let source = "setTimeout(() => { throw 1; }, 1);";
    begins_with("value.js", &["", "value.js:1", source, "                   ^", "1", hint]);
}

#[test]
fn an_object_needs_no_hint() {
    begins_with(
        "object.js",
        &["", "object.js:1", "throw { code: 'mine' };", "^", "{ code: 'mine' }", "", "Node.js v24.21.0"],
    );
}

#[test]
fn throwing_again_moves_the_place() {
    let source = "try { deep(); } catch (e) { throw e; }";
    begins_with("again.js", &["again.js:2", source, "                            ^"]);
}

#[test]
fn a_finally_does_not() {
    let source = "function deep() { throw new Error('first'); }";
    begins_with("finally.js", &["finally.js:1", source, "                  ^", "", "Error: first"]);
}
