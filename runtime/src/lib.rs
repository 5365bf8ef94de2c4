//! Node's modules on the loop and the engine: the only place where the two meet.
//!
//! [`run`] is the whole interface: a program and how to run it in, an exit code and (if asked for) the log out. `rt` is the
//! state that natives share, `driver` runs the loop's tasks, `ticks` holds the drain rule, `timers` Node's timer lists,
//! `modules` the module systems, `node` the builtin modules.
#![forbid(unsafe_code)]

mod again;
mod continuation;
mod driver;
mod errors;
mod finalize;
mod heap;
pub mod heap_snapshot;
mod host;
mod load_flags;
mod modules;
mod node;
mod options;
mod places;
mod preload;
mod rt;
mod run;
mod simulation;
mod steps;
mod stop;
mod ticks;
mod timer_fields;
mod timers;
mod uncaught;
mod wake;
mod watch;
mod zone;

pub use again::Again;
pub use heap::{HeapLook, HeapPoint, HeapWatch};
pub use load_flags::LoadFlags;
pub use looplab_engine::{
    CacheState, Deopt, FunctionProfile, Hot, PlaceProfile, Specialised, TierProfile, Transition,
};
pub use looplab_engine::{EdgeName, HeapEdge, HeapGraph, HeapNode, HeapShape, NodeKind, Site};
pub use looplab_event_loop::{Detail, ExploreOptions, TrailPoint};
pub use modules::graph::ModuleGraph;
pub use node::process::signals::restore_signals;
pub use options::{Decisions, Entry, Explain, Finished, NodeFlags, Options, Script, Unhandled};
pub use run::run;
pub use simulation::{OPERATIONS, Simulation};
pub use stop::StopSwitch;
