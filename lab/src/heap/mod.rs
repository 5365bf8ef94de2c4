//! The heap of a run: what is alive, by class and hidden class; what has come between two points; who holds it; and what each
//! collection did.
//!
//! It reads graphs that the run has taken ([`looplab_runtime::HeapLook`]) and the log's `collection-…` events.

mod census;
mod collections;
mod paths;
mod text;

pub use census::{Census, Row};
pub use collections::{Collection, collections};
pub use paths::{Held, Step, holders};
pub use text::{HeapText, write_text};
