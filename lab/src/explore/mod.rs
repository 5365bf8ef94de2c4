//! Every legal order of a script's output, found by running it again with other decisions.
//!
//! A run in the exploring world takes a list of decisions and reports every point at which a machine could have gone another way.
//! [`search`] walks that tree: runs with few departures from the usual first. A point whose state (the callbacks that ran so far, and
//! what is under way in the world) has been met before is not followed again: its futures are known. [`Findings`] then says
//! which outputs there are and which decisions bring each about.
//!
//! Nothing here executes anything: a run is asked for through [`Runner`].

mod between;
mod confirm;
mod findings;
mod redundant;
mod report;
mod search;
mod text;
mod words;

pub use between::{Between, Verdict};
pub use confirm::{Confirmed, INJECT};
pub use findings::{Findings, Order};
pub use report::{Point, Ran, RunReport};
pub use search::{Limits, RunError, Runner, search};
pub use text::write_text;
