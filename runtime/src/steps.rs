//! Statements, frames and variables for the log, and how much of the recording they may take.
//!
//! A hot loop would fill any log with statements before the loop has turned once. So they get three quarters of the recording, and each
//! callback of the loop (the main script is one) at most a quarter of what is left of that: whoever comes later always finds something.
//! When a callback has used up its share the engine goes on without the Debug interpreter, at full speed, until the next callback.

use looplab_engine::{Leave, StatementAt};
use looplab_probe::{Event, EventId, FrameEnd, Group, Pos, Probe, Recorder, Str, VariableScope};
use std::cell::Cell;

/// What a callback may always record, while there is anything left at all.
const LEAST: u64 = 2_000;

/// The share of statements in a recording.
pub(crate) struct Steps {
    /// What all callbacks to come may still record.
    left: Cell<u64>,
    /// What the callback under way may still record.
    share: Cell<u64>,
    /// What it has recorded.
    recorded: Cell<u32>,
    /// The outermost callback under way, once one was seen.
    callback: Cell<Option<EventId>>,
}

impl Steps {
    /// For a recording of at most `max_events`.
    pub(crate) fn new(max_events: usize) -> Steps {
        let left = Cell::new(max_events as u64 / 4 * 3);
        Steps { left, share: Cell::new(0), recorded: Cell::new(0), callback: Cell::new(None) }
    }

    /// Whether the callback under way may record statements.
    pub(crate) fn wanted(&self, log: &Recorder) -> bool {
        let callback = log.read(|log| log.outermost());
        if self.callback.replace(Some(callback)) != Some(callback) {
            let left = self.left.get();
            self.share.set((left / 4).max(LEAST).min(left));
            self.recorded.set(0);
        }
        self.are_open(log)
    }

    /// Whether there is something left of its share.
    pub(crate) fn are_open(&self, log: &Recorder) -> bool {
        self.share.get() > 0 && log.wants(Group::Statement)
    }

    fn count(&self) {
        self.left.set(self.left.get().saturating_sub(1));
        self.share.set(self.share.get().saturating_sub(1));
        self.recorded.set(self.recorded.get() + 1);
    }

    fn emit(&self, log: &Recorder, event: Event) {
        self.count();
        log.emit(event);
    }

    /// False when that was the last one of this callback.
    pub(crate) fn statement(&self, log: &Recorder, at: StatementAt) -> bool {
        let StatementAt { to_line, to_column, .. } = at;
        self.emit(log, Event::Statement { pos: position(at), to_line, to_column });
        if self.are_open(log) {
            return true;
        }
        log.emit(Event::StatementsCut { recorded: self.recorded.get() });
        false
    }

    pub(crate) fn enter(&self, log: &Recorder, name: u32, at: StatementAt, resumed: bool) {
        self.emit(log, Event::FrameEnter { label: Str::numbered(name), pos: position(at), resumed });
    }

    pub(crate) fn leave(&self, log: &Recorder, how: Leave, value: u32) {
        let how = match how {
            Leave::Returned => FrameEnd::Returned,
            Leave::Threw => FrameEnd::Threw,
            Leave::Suspended => FrameEnd::Suspended,
        };
        self.emit(log, Event::FrameLeave { how, value: Str::numbered(value) });
    }

    pub(crate) fn variable(&self, log: &Recorder, closure: bool, name: u32, value: Option<u32>) {
        let scope = if closure { VariableScope::Closure } else { VariableScope::Local };
        let value = value.map_or(Str::NONE, Str::numbered);
        self.count();
        // Told together with the statement that follows at once: the clock is asked for that one.
        log.emit_along(Event::Variable { scope, name: Str::numbered(name), value });
    }

    pub(crate) fn thrown(&self, log: &Recorder, value: u32, at: Option<StatementAt>) {
        self.emit(log, Event::Thrown { value: Str::numbered(value), pos: at.map_or(Pos::NONE, position) });
    }
}

fn position(at: StatementAt) -> Pos {
    Pos { script: Str::numbered(at.script), line: at.line, column: at.column }
}
