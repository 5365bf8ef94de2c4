//! `looplab step`: a recorded run, stepped through in the terminal, forwards and backwards.
//!
//! Nothing runs while one steps: [`crate::state::History`] has every moment of the run, [`app`] is where one is in it, [`panes`] says what
//! stands in each pane, [`draw`] where the panes lie, [`keys`] what the keys do.

mod app;
mod breakpoints;
mod describe;
mod draw;
mod keys;
mod panes;
#[cfg(test)]
mod tests;
mod theme;

use crate::Sources;
use crate::state::History;
use app::App;
use looplab_probe::Log;
use looplab_runtime::Script;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use std::io::{self, IsTerminal};
use std::time::Duration;

/// How a run is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepOptions {
    /// Whether to use colours.
    pub color: bool,
    /// The event behind which to begin; the first statement if none is given.
    pub at: Option<usize>,
}

/// Whether there is a terminal to step in.
pub fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Lets the user step through a run until they have enough.
///
/// # Errors
/// The terminal's.
pub fn run(log: &Log, scripts: &[Script], options: StepOptions) -> io::Result<()> {
    let (history, sources) = (History::new(log), Sources::new(scripts));
    let mut app = App::new(&history, &sources, options.color);
    app.greet();
    if let Some(event) = options.at {
        app.begin_at(event);
    }
    // Restored also when something panics.
    let mut terminal = ratatui::try_init()?;
    let result = (|| {
        loop {
            terminal.draw(|frame| draw::draw(&app, frame))?;
            // Anything else is another size: drawn anew.
            if let Event::Key(key) = event::read()?
                && key.kind != KeyEventKind::Release
                && !app.key(key)
            {
                return Ok(());
            }
        }
    })();
    ratatui::try_restore()?;
    result
}

/// Keys while a program is being recorded: Ctrl-C, q or Escape end it, everything else does nothing.
pub struct Recording;

impl Recording {
    /// Takes the keyboard, so that Ctrl-C reaches [`Recording::wants_to_stop`] instead of ending looplab.
    ///
    /// # Errors
    /// The terminal's.
    pub fn begin() -> io::Result<Recording> {
        ratatui::crossterm::terminal::enable_raw_mode()?;
        Ok(Recording)
    }

    /// Waits up to `patience` for a key; whether it was one that ends the recording.
    pub fn wants_to_stop(&self, patience: Duration) -> bool {
        use ratatui::crossterm::event::{KeyCode, KeyModifiers};
        match event::poll(patience) {
            Ok(true) => match event::read() {
                Ok(Event::Key(key)) => {
                    let control = key.modifiers.contains(KeyModifiers::CONTROL);
                    matches!(key.code, KeyCode::Esc | KeyCode::Char('q'))
                        || control && key.code == KeyCode::Char('c')
                }
                _ => false,
            },
            _ => false,
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // The stepper takes the terminal next, or looplab ends with a message.
        let _ = ratatui::crossterm::terminal::disable_raw_mode();
    }
}
