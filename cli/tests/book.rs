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
        assert!(shown > 0 || name == "omissions.md", "{name} shows no script");
    }
    assert_eq!(summary.matches(".md)").count(), chapters);
}
