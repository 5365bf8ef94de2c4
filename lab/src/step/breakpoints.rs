//! Where to stop: on a line, a phase, or a kind of event.

use crate::Sources;
use looplab_probe::{Event, Log, Phase, Pos, Str, event::TABLE};

/// A place to stop at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breakpoint {
    /// Whenever this line of a script runs.
    Line(String, u32),
    /// Whenever this phase begins.
    Phase(Phase),
    /// Whenever such an event happens.
    Event(&'static str),
}

impl Breakpoint {
    /// Reads what a user typed: `12`, `app.js:12`, `check`, `timer-start`. A bare line is one of `script`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str, script: &str, sources: &Sources<'_>) -> Result<Breakpoint, String> {
        let text = text.trim();
        if let Ok(line) = text.parse() {
            return Breakpoint::line(script, line, sources);
        }
        if let Some((file, line)) = text.rsplit_once(':')
            && let Ok(line) = line.parse()
        {
            let script =
                sources.find(file).ok_or_else(|| format!("no script of this run is called '{file}'"))?;
            return Breakpoint::line(script, line, sources);
        }
        if let Some(phase) = Phase::parse(text) {
            return Ok(Breakpoint::Phase(phase));
        }
        let found = TABLE.iter().find(|row| row.name == text).map(|row| Breakpoint::Event(row.name));
        found.ok_or_else(|| {
            format!("'{text}' is no line, no phase (timers … close) and no event (such as timer-start)")
        })
    }

    fn line(script: &str, line: u32, sources: &Sources<'_>) -> Result<Breakpoint, String> {
        match sources.lines(script) {
            Some(lines) if (1..=lines).contains(&line) => Ok(Breakpoint::Line(script.to_owned(), line)),
            Some(lines) => Err(format!("{} has lines 1 to {lines}", sources.short(script))),
            None => Ok(Breakpoint::Line(script.to_owned(), line)),
        }
    }

    /// Whether to stop at an event. Where no statements are recorded, a line is met by the callbacks that stand on it.
    pub fn hit(&self, log: &Log, event: &Event, has_statements: bool) -> bool {
        match self {
            Breakpoint::Line(script, line) => {
                let pos = match event {
                    Event::Statement { pos, .. } => *pos,
                    Event::CallbackBegin { pos, .. } if !has_statements => *pos,
                    _ => Pos::NONE,
                };
                pos.line == *line && same(log.str(pos.script), script)
            }
            Breakpoint::Phase(wanted) => match event {
                Event::PhaseBegin { phase, .. } => phase == wanted,
                Event::PollBegin { .. } => *wanted == Phase::Poll,
                _ => false,
            },
            Breakpoint::Event(name) => event.info().name == *name,
        }
    }

    /// In a few words.
    pub fn describe(&self, sources: &Sources<'_>) -> String {
        match self {
            Breakpoint::Line(script, line) => format!("{}:{line}", sources.short(script)),
            Breakpoint::Phase(phase) => format!("phase {phase}"),
            Breakpoint::Event(name) => format!("event {name}"),
        }
    }

    /// Whether it is on this line.
    pub fn is_on(&self, log: &Log, script: Str, at: u32) -> bool {
        matches!(self, Breakpoint::Line(name, line) if *line == at && same(log.str(script), name))
    }
}

/// Whether two names, of which one may be a file URL, are one script.
fn same(a: &str, b: &str) -> bool {
    a.strip_prefix("file://").unwrap_or(a) == b.strip_prefix("file://").unwrap_or(b)
}
