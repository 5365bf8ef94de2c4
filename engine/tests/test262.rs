//! test262 against the committed expectations: drift either way fails.
//!
//! The suite is not part of the project. Run it with the shell (`cargo build --release -p looplab-engine --example shell`) and any
//! runner that writes `{"tests": {file: {variant: "pass" | …}}}`, then:
//! `TEST262_RESULTS=results.json cargo test -p looplab-engine --test test262 -- --ignored`.

use std::collections::{BTreeMap, BTreeSet};

fn expected() -> BTreeSet<String> {
    let lines = include_str!("test262.expect").lines().filter(|l| !l.starts_with('#'));
    let file = |l: &str| {
        let (file, reason) = l.split_once(" # ").unwrap_or_else(|| panic!("no reason: {l}"));
        assert!(!reason.is_empty(), "no reason: {l}");
        file.to_owned()
    };
    lines.map(file).collect()
}

#[test]
fn every_expectation_has_a_reason_and_stands_in_order() {
    let files: Vec<_> = include_str!("test262.expect").lines().filter(|l| !l.starts_with('#')).collect();
    assert!(files.is_sorted(), "sort the expectations");
    assert_eq!(files.len(), expected().len(), "a file is listed twice");
}

#[test]
#[ignore = "needs the results of a test262 run"]
fn results_agree_with_the_expectations() {
    let path = std::env::var("TEST262_RESULTS").expect("TEST262_RESULTS names the result file");
    let text = std::fs::read_to_string(&path).expect(&path);
    let results: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let tests: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_value(results["tests"].clone()).expect("a table of tests");
    let passes = |variants: &BTreeMap<String, String>| variants.values().all(|v| v == "pass");
    let expected = expected();
    let new: Vec<_> = tests.iter().filter(|(f, v)| !passes(v) && !expected.contains(*f)).collect();
    let gone: Vec<_> =
        tests.iter().filter(|(f, v)| passes(v) && expected.contains(*f)).map(|(f, _)| f).collect();
    assert!(new.is_empty(), "fail without being listed: {new:#?}");
    assert!(gone.is_empty(), "pass now, take them off the list: {gone:#?}");
}
