//! The text trace: what it says, its limit, its width, and that nothing in a log makes it fail.

mod support;

use looplab_lab::trace::{TextOptions, text};
use looplab_probe::Options;
use support::{rust_log, script_log, scripts};

#[test]
fn the_story_of_a_script() {
    let log = script_log(Options::default());
    insta::assert_snapshot!(text(&log, &scripts(), &TextOptions::default()));
}

#[test]
fn the_story_of_a_rust_program() {
    insta::assert_snapshot!(text(&rust_log(), &[], &TextOptions::default()));
}
