//! The text trace: what it says, its limit, its width, and that nothing in a log makes it fail.

mod support;

use looplab_lab::trace::{TextOptions, text};
use looplab_probe::{CallbackKind, Event, EventId, Log, Options, Pos, Str};
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

#[test]
fn a_narrow_terminal_gets_narrow_lines() {
    let log = script_log(Options::default());
    for width in [40, 60, 80, 140] {
        let story = text(&log, &scripts(), &TextOptions { width, ..TextOptions::default() });
        let too_wide: Vec<_> = story.lines().filter(|line| line.chars().count() > width).collect();
        assert!(too_wide.is_empty(), "{width}: {too_wide:#?}");
    }
}

#[test]
fn the_limit_says_what_it_cut() {
    let log = script_log(Options::default());
    let whole = text(&log, &scripts(), &TextOptions { limit: None, ..TextOptions::default() });
    let short = text(&log, &scripts(), &TextOptions { limit: Some(12), ..TextOptions::default() });
    let (told, rest) = short.split_once("\n… ").expect("a line about the cut");
    assert!(whole.starts_with(told));
    assert!(
        rest.starts_with("cut here: --limit 12 is reached; 4 more callbacks in 1 more turn are not shown"),
        "{rest}"
    );
    assert!(rest.contains("exit code 0"), "{rest}");
    let exact = TextOptions { limit: Some(10_000), ..TextOptions::default() };
    assert_eq!(text(&log, &scripts(), &exact), whole);
}

#[test]
fn colours_change_nothing_but_the_colours() {
    let log = script_log(Options::default());
    let plain = text(&log, &scripts(), &TextOptions::default());
    let colored = text(&log, &scripts(), &TextOptions { color: true, ..TextOptions::default() });
    let mut stripped = String::new();
    for (index, part) in colored.split("\x1b[").enumerate() {
        stripped.push_str(if index == 0 { part } else { part.split_once('m').expect("a colour").1 });
    }
    let trimmed: Vec<_> = stripped.lines().map(str::trim_end).collect();
    assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
    assert_ne!(colored, plain);
}

#[test]
fn a_recording_that_was_cut_anywhere_can_be_told() {
    let whole = script_log(Options::default()).records().len();
    // The last two events say how the run ends: they are always recorded.
    for max_events in 0..whole - 2 {
        let log = script_log(Options { max_events, ..Options::default() });
        let story = text(&log, &scripts(), &TextOptions::default());
        assert!(story.contains("the recording reached its limit here"), "{max_events}: {story}");
        assert!(story.contains("exit code 0"), "{max_events}: {story}");
    }
}

#[test]
fn a_log_of_nonsense_can_be_told() {
    // The events of a real log in an order that makes no sense, with ids that lead anywhere.
    let events: Vec<_> = script_log(Options::default()).records().iter().map(|record| record.event).collect();
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..200 {
        let mut log = Log::default();
        for _ in 0..120 {
            let t = random(1_000_000) as u64;
            log.push(t, events[random(events.len())]);
        }
        let story = text(&log, &scripts(), &TextOptions { width: 40 + random(80), ..TextOptions::default() });
        assert!(!story.is_empty());
        let mut out = Vec::new();
        looplab_lab::perfetto::write(&log, &scripts(), &mut out).expect("a Vec takes everything");
    }
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let mut log = Log::default();
    for number in 0..100_000 {
        let (kind, cause) = (CallbackKind::Tick, EventId::NONE);
        log.push(0, Event::CallbackBegin { kind, number, label: Str::NONE, pos: Pos::NONE, cause });
    }
    let story = text(&log, &[], &TextOptions::default());
    assert!(story.contains("--limit 10000 is reached"));
}
