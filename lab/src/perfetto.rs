//! The run as a timeline in Chrome's trace-event format, which ui.perfetto.dev opens.
