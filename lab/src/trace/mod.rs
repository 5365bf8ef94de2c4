//! The trace of a run: its story as text for people, the log itself as JSON for programs.

pub(crate) mod cause;
pub(crate) mod line;
mod streams;
mod tell;
pub(crate) mod words;

pub(crate) use cause::Why;

use crate::{Sources, Story};
use looplab_probe::{Log, codec};
use looplab_runtime::Script;
use std::io::{self, Write};

/// How the story is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns. Default 100; below 40 counts as 40.
    pub width: usize,
    /// Whether to use colours. Default no.
    pub color: bool,
    /// Lines at most (how the run ends is told even after that); `None` for all. Default 10,000.
    pub limit: Option<usize>,
}

impl Default for TextOptions {
    fn default() -> Self {
        TextOptions { width: 100, color: false, limit: Some(10_000) }
    }
}

/// Tells the story of a run as text. The same log gives the same text.
///
/// # Errors
/// The writer's.
pub fn write_text(
    log: &Log,
    scripts: &[Script],
    options: &TextOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let story = Story::new(log);
    let sources = Sources::new(scripts);
    tell::Teller::new(&story, &sources, options, out).tell()?;
    out.flush()
}

/// [`write_text`] into a string.
pub fn text(log: &Log, scripts: &[Script], options: &TextOptions) -> String {
    let mut bytes = Vec::new();
    // Writing to a Vec can't fail.
    let _ = write_text(log, scripts, options, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes the log as JSON lines, in the schema of `docs/log-schema.md`.
///
/// # Errors
/// The writer's.
pub fn write_json(log: &Log, out: &mut dyn Write) -> io::Result<()> {
    codec::write(log, out)
}
