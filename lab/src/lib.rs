//! Instruments over the log: the story of a run as text, as JSON, and as a timeline for the Perfetto UI.
//!
//! Nothing here executes anything. A [`Story`] is the log folded into a tree (turn, phase, callback, drain, and what happened in
//! them); [`trace`] tells it as text, [`perfetto`] exports it. [`state`] is the other fold: everything that holds after the first n
//! events. Further instruments fold nothing themselves: they walk the same tree.
#![forbid(unsafe_code)]

pub mod bench;
pub mod compare;
pub mod explore;
pub mod heap;
pub mod perfetto;
pub mod quiz;
pub mod rules;
pub mod sources;
pub mod state;
pub mod step;
pub mod story;
pub mod strategies;
pub mod tiers;
pub mod trace;
pub mod units;
pub mod view;

pub use sources::Sources;
pub use story::Story;
