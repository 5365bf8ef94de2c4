//! The keys, from one table: what they do, and what the help says.

use crate::state::{Direction, Target};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Go there.
    Go(Target, Direction),
    /// Go on until a breakpoint is met.
    Run(Direction),
    /// Set or clear a breakpoint on the marked line.
    ToggleLine,
    /// Ask for a breakpoint.
    AskBreakpoint,
    /// Ask for words to search.
    AskSearch,
    /// Search the same words again.
    SearchAgain(Direction),
    /// Go to the event that scheduled the callback under way.
    Cause,
    /// Mark another source line.
    Mark(i32),
    /// Show the variables of another function on the call stack.
    Frame(i32),
    /// Show another of the panes that share a place.
    Pane,
    /// Show or hide the help.
    Help,
    /// Leave.
    Quit,
}

/// A line of the help: keys as they are written, what they do.
pub const HELP: &[(&str, &str)] = &[
    ("→ ←", "one event on, one back (also space and backspace)"),
    ("s S", "one statement on or back, into functions that are called"),
    ("n N", "one statement on or back, over functions that are called"),
    ("o O", "out of this function: on, or back to its call"),
    ("c C", "next callback, callback before"),
    ("p P", "next phase, phase before"),
    ("t T", "next turn of the loop, turn before"),
    ("g G", "to the beginning, to the end (also Home, End)"),
    ("r R", "run on, or back, to a breakpoint"),
    ("b", "breakpoint on the marked line: set or clear"),
    ("B", "breakpoint on a line, a phase, a kind of event"),
    ("/ . ,", "search events; again onwards; again backwards"),
    ("w", "why now: go to what scheduled this callback"),
    ("↑ ↓", "mark another source line (also PgUp, PgDn)"),
    ("[ ]", "variables of the caller; of the called function"),
    ("Tab", "other panes: why now, queues, pool and handles"),
    ("? q", "this help; quit"),
];

/// What a key means; capitals go backwards.
pub fn action(key: KeyEvent) -> Option<Action> {
    use Action::{
        AskBreakpoint, AskSearch, Cause, Frame, Go, Help, Mark, Pane, Quit, Run, SearchAgain, ToggleLine,
    };
    use Direction::{Back, Forward};
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Quit);
    }
    Some(match key.code {
        KeyCode::Right | KeyCode::Char(' ' | 'l') => Go(Target::Event, Forward),
        KeyCode::Left | KeyCode::Backspace | KeyCode::Char('h') => Go(Target::Event, Back),
        KeyCode::Char('s') => Go(Target::Into, Forward),
        KeyCode::Char('S') => Go(Target::Into, Back),
        KeyCode::Char('n') => Go(Target::Over, Forward),
        KeyCode::Char('N') => Go(Target::Over, Back),
        KeyCode::Char('o') => Go(Target::Out, Forward),
        KeyCode::Char('O') => Go(Target::Out, Back),
        KeyCode::Char('c') => Go(Target::Callback, Forward),
        KeyCode::Char('C') => Go(Target::Callback, Back),
        KeyCode::Char('p') => Go(Target::Phase, Forward),
        KeyCode::Char('P') => Go(Target::Phase, Back),
        KeyCode::Char('t') => Go(Target::Turn, Forward),
        KeyCode::Char('T') => Go(Target::Turn, Back),
        KeyCode::Char('G') | KeyCode::End => Go(Target::End, Forward),
        KeyCode::Char('g') | KeyCode::Home => Go(Target::End, Back),
        KeyCode::Char('r') => Run(Forward),
        KeyCode::Char('R') => Run(Back),
        KeyCode::Char('b') => ToggleLine,
        KeyCode::Char('B') => AskBreakpoint,
        KeyCode::Char('/') => AskSearch,
        KeyCode::Char('.') => SearchAgain(Forward),
        KeyCode::Char(',') => SearchAgain(Back),
        KeyCode::Char('w') => Cause,
        KeyCode::Up | KeyCode::Char('k') => Mark(-1),
        KeyCode::Down | KeyCode::Char('j') => Mark(1),
        KeyCode::PageUp => Mark(-10),
        KeyCode::PageDown => Mark(10),
        KeyCode::Char('[') => Frame(1),
        KeyCode::Char(']') => Frame(-1),
        KeyCode::Tab | KeyCode::BackTab => Pane,
        KeyCode::Char('?') | KeyCode::F(1) => Help,
        KeyCode::Char('q') | KeyCode::Esc => Quit,
        _ => return None,
    })
}
