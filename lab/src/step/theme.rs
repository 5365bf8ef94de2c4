//! Colours, or their absence: everything can be told apart without them, by marks and by bold, dim and reversed text.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Ordinary text.
    Plain,
    /// What matters less.
    Dim,
    /// A pane's title, a name.
    Strong,
    /// Where the run is right now.
    Here,
    /// Something that has just changed.
    Changed,
    /// Standard error, errors.
    Alarm,
    /// Part of the loop: phases, queues.
    Loop,
}

/// The style of each ink.
pub fn style(ink: Ink, color: bool) -> Style {
    let (style, hue) = match ink {
        Ink::Plain => (Style::new(), None),
        Ink::Dim => (Style::new().add_modifier(Modifier::DIM), None),
        Ink::Strong => (Style::new().add_modifier(Modifier::BOLD), None),
        Ink::Here => (Style::new().add_modifier(Modifier::REVERSED), None),
        Ink::Changed => (Style::new().add_modifier(Modifier::BOLD), Some(Color::Yellow)),
        Ink::Alarm => (Style::new().add_modifier(Modifier::BOLD), Some(Color::Red)),
        Ink::Loop => (Style::new(), Some(Color::Cyan)),
    };
    match hue.filter(|_| color) {
        Some(hue) => style.fg(hue),
        None => style,
    }
}
