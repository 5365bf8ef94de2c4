//! Screens of the stepper: a real script, recorded in the simulated world, at several moments and sizes.

use super::app::App;
use super::draw::draw;
use crate::Sources;
use crate::state::{Direction, History, Target};
use looplab_probe::{Event, Group, Log, StopReason};
use looplab_runtime::{Entry, Finished, Options, Script, StopSwitch};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::{Color, Modifier};

fn options(source: &str) -> Options {
    let mut options = Options::new(Entry::Eval(source.into()));
    (options.simulated, options.quiet) = (true, true);
    options.record = Some(looplab_probe::Options { without: Vec::new(), ..Default::default() });
    options
}

fn recorded(options: Options) -> (Log, Vec<Script>) {
    let Finished { log, scripts, .. } = looplab_runtime::run(options);
    (log.expect("a recording"), scripts)
}

fn script() -> (Log, Vec<Script>) {
    let mut options = options("");
    options.entry = Entry::File(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/js/step.js").into());
    recorded(options)
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Types keys; `>` is Tab, `!` is Enter, `~` Escape.
fn keys(app: &mut App<'_, '_>, typed: &str) {
    for c in typed.chars() {
        let code = match c {
            '>' => KeyCode::Tab,
            '!' => KeyCode::Enter,
            '~' => KeyCode::Esc,
            c => KeyCode::Char(c),
        };
        assert!(app.key(key(code)), "{c} quits");
    }
}

fn terminal(app: &App<'_, '_>, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(app, frame)).unwrap();
    terminal
}

fn screen(app: &App<'_, '_>, width: u16, height: u16) -> String {
    let terminal = terminal(app, width, height);
    let rows = terminal.backend().buffer().content().chunks(usize::from(width));
    let text =
        rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_owned() + "\n");
    text.collect()
}

/// The text that is shown reversed: where the run is.
fn lit(app: &App<'_, '_>) -> String {
    let terminal = terminal(app, 100, 30);
    let cells = terminal.backend().buffer().content().iter();
    cells.filter(|cell| cell.modifier.contains(Modifier::REVERSED)).map(|cell| cell.symbol()).collect()
}

fn with_app(check: impl FnOnce(&mut App<'_, '_>)) {
    let (log, scripts) = script();
    let (history, sources) = (History::new(&log), Sources::new(&scripts));
    check(&mut App::new(&history, &sources, false));
}

#[test]
fn the_beginning() {
    with_app(|app| insta::assert_snapshot!(screen(app, 80, 24)));
}

#[test]
fn inside_a_function_with_its_variables_and_closure() {
    with_app(|app| {
        keys(app, "sssss");
        assert_eq!(lit(app), "return sum;");
        insta::assert_snapshot!(screen(app, 80, 24));
        keys(app, "[");
        assert_eq!(lit(app), "console.log('sum', add(1, 2));");
    });
}

#[test]
fn a_callback_its_cause_and_what_it_overtook() {
    with_app(|app| {
        keys(app, "cccc");
        insta::assert_snapshot!(screen(app, 100, 30));
    });
}

#[test]
fn queues_and_pool_have_panes_of_their_own() {
    with_app(|app| {
        keys(app, "csss>");
        let queues = screen(app, 80, 24);
        keys(app, ">");
        let pool = screen(app, 80, 24);
        insta::assert_snapshot!(format!("{queues}\n{pool}"));
    });
}

#[test]
fn a_large_terminal_shows_everything_at_once() {
    with_app(|app| {
        keys(app, "ccccss");
        insta::assert_snapshot!(screen(app, 130, 44));
    });
}

#[test]
fn help_and_small_terminals() {
    with_app(|app| {
        keys(app, "?");
        insta::assert_snapshot!(format!("{}\n{}", screen(app, 80, 24), screen(app, 50, 10)));
        // From the smallest size on, every size is drawn.
        keys(app, "x");
        for (width, height) in [(60, 16), (61, 17), (79, 50), (200, 16), (250, 80), (1, 1)] {
            screen(app, width, height);
        }
    });
}

#[test]
fn an_error_is_seen_on_its_way() {
    with_app(|app| {
        keys(app, "/throws!");
        insta::assert_snapshot!(screen(app, 80, 24));
    });
}

#[test]
fn every_way_forward_is_undone_by_its_way_back() {
    with_app(|app| {
        let start = app.state.at;
        let every = [("s", "S"), ("n", "N"), ("c", "C"), ("p", "P"), ("t", "T"), (" ", "h")];
        for (forward, back) in every {
            let mut moments = vec![app.state.clone()];
            while app.state.at < app.history.len() {
                keys(app, forward);
                moments.push(app.state.clone());
            }
            // The end is not one of the places that one stops at, but for single events.
            moments.pop();
            for moment in moments.iter().rev().take(moments.len() - 1) {
                keys(app, back);
                if forward == " " && app.state.at + 1 == app.history.len() {
                    continue;
                }
                assert_eq!(app.state.at, moment.at, "{back}");
                assert_eq!(&app.state, moment, "{back}");
            }
            keys(app, "g");
            assert_eq!(app.state.at, 0);
            let at = app.history.find(&app.state, Target::Into, Direction::Forward);
            assert_eq!(at, start);
            keys(app, "s");
        }
    });
}

#[test]
fn breakpoints_stop_both_ways_and_bad_ones_are_named() {
    with_app(|app| {
        keys(app, "Bcheck!r");
        assert_eq!(app.message.as_deref(), Some("stopped at phase check"));
        let check = app.state.at;
        keys(app, "B5!Btimer-fire!r");
        assert_eq!(app.message.as_deref(), Some("stopped at event timer-fire"));
        keys(app, "R");
        assert_eq!(app.state.at, check);
        keys(app, "R");
        assert_eq!(app.message.as_deref(), Some("stopped at step.js:5"));
        assert!(screen(app, 80, 24).contains("●  5▶"), "{}", screen(app, 80, 24));
        keys(app, "R");
        assert_eq!(app.message.as_deref(), Some("no breakpoint is met from here on"));
        keys(app, "b");
        assert_eq!(app.message.as_deref(), Some("cleared: step.js:5"));
        for (typed, problem) in [
            ("99999", "step.js has lines 1 to 30"),
            ("other.js:3", "no script of this run is called 'other.js'"),
            ("chekc", "'chekc' is no line, no phase (timers … close) and no event (such as timer-start)"),
        ] {
            keys(app, &format!("B{typed}!"));
            assert_eq!(app.message.as_deref(), Some(problem));
        }
        assert_eq!(app.breakpoints.len(), 2);
    });
}

#[test]
fn why_walks_back_to_the_main_script() {
    with_app(|app| {
        keys(app, "/timeout!");
        let begins = |app: &App<'_, '_>| app.history.story().ordinal(app.callback());
        let mut seen = vec![begins(app)];
        for _ in 0..8 {
            keys(app, "w");
            seen.push(begins(app));
        }
        assert_eq!(seen.last(), Some(&Some(1)), "{seen:?}");
        assert_eq!(app.message.as_deref(), Some("nothing in the log scheduled this callback"));
    });
}

#[test]
fn without_colour_there_is_none_and_with_colour_there_is_some() {
    let (log, scripts) = script();
    let (history, sources) = (History::new(&log), Sources::new(&scripts));
    for color in [false, true] {
        let mut app = App::new(&history, &sources, color);
        keys(&mut app, "ccs");
        let terminal = terminal(&app, 100, 30);
        let colored = terminal.backend().buffer().content().iter().any(|cell| cell.fg != Color::Reset);
        assert_eq!(colored, color);
    }
}

#[test]
fn a_log_without_statements_is_stepped_by_callbacks() {
    let mut options = options("setTimeout(() => console.log('late'), 5); process.nextTick(() => {});");
    options.record = Some(looplab_probe::Options { without: vec![Group::Statement], ..Default::default() });
    let (log, scripts) = recorded(options);
    let (history, sources) = (History::new(&log), Sources::new(&scripts));
    let mut app = App::new(&history, &sources, false);
    app.greet();
    assert_eq!(
        app.message.as_deref(),
        Some("this log has no statements: steps go from callback to callback")
    );
    keys(&mut app, "ss");
    assert!(screen(&app, 80, 24).contains("#3 timer 1"));
}

#[test]
fn a_program_that_never_ends_is_stopped_and_says_so() {
    let mut options = options("let n = 0; setInterval(() => { n++; }, 10);");
    options.record =
        Some(looplab_probe::Options { max_events: 3_000, without: Vec::new(), ..Default::default() });
    options.stop = Some(StopSwitch::new());
    let (log, scripts) = recorded(options);
    let (history, sources) = (History::new(&log), Sources::new(&scripts));
    let mut app = App::new(&history, &sources, false);
    app.greet();
    assert_eq!(app.message.as_deref(), Some(super::describe::stopped(StopReason::Limit)));
    assert!(app.history.len() < 3_100);
}

#[test]
fn a_hot_loop_leaves_room_for_what_comes_later() {
    let mut options = options(
        "for (let i = 0; i < 1e5; i++) { Math.sqrt(i); }\nsetTimeout(() => { let late = 1; late++; }, 1);",
    );
    options.record =
        Some(looplab_probe::Options { max_events: 20_000, without: Vec::new(), ..Default::default() });
    let (log, _) = recorded(options);
    let lines = log.records().iter().filter_map(|record| match record.event {
        Event::Statement { pos, .. } => Some(pos.line),
        _ => None,
    });
    let lines: std::collections::BTreeSet<_> = lines.collect();
    assert!(log.records().iter().any(|record| matches!(record.event, Event::StatementsCut { .. })));
    assert!(lines.contains(&1) && lines.contains(&2), "{lines:?}");
    assert!(log.records().iter().any(|record| matches!(record.event, Event::TimerFire { .. })));
    assert!(log.records().len() < 20_000);
}
