//! The book is whole: every chapter is listed, every script and trace that it shows exists, and each claim has one.

mod support;

use std::fs;
use support::root;

#[test]
fn every_chapter_shows_scripts_and_traces_that_exist() {
    let book = root().join("docs/book");
    let summary = fs::read_to_string(book.join("SUMMARY.md")).expect("SUMMARY.md");
    let mut chapters = 0;
    for entry in fs::read_dir(&book).expect("docs/book exists").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "SUMMARY.md" {
            continue;
        }
        chapters += 1;
        assert!(summary.contains(&format!("({name})")), "{name} is missing in SUMMARY.md");
        let text = fs::read_to_string(entry.path()).expect("a readable chapter");
        let mut shown = 0;
        for part in text.split("{{#include ").skip(1) {
            let path = part.split(['}', ':']).next().expect("a path");
            assert!(book.join(path).is_file(), "{name} shows {path}, which is not there");
            shown += 1;
        }
        assert!(shown > 0, "{name} shows no script");
    }
    assert_eq!(summary.matches(".md)").count(), chapters);
}

/// The tables that the book shows beside the traces are what the program prints.
#[test]
fn the_table_of_versions_is_what_the_program_prints() {
    let command = &mut std::process::Command::new(env!("CARGO_BIN_EXE_looplab"));
    let output = command
        .args(["compare", "--semantics", "10,18,24", "ticks-between-timers.js"])
        .current_dir(root().join("examples"))
        .output()
        .expect("looplab starts");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("examples/traces"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    settings.bind(|| insta::assert_snapshot!("ticks-between-timers.versions", text));
}
