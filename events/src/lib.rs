//! EventEmitter core and event-driven building blocks.
//!
//! Two layers, both free of I/O, threads and clocks:
//!
//! * [`Emitter`] is the bookkeeping of Node's `EventEmitter` and nothing more: which listeners stand under which
//!   event, in which order, who is told when that changes. It never calls a listener. A language binding keeps engine
//!   handles in it and does the calling itself, so user code may add, remove and emit from inside a listener without
//!   the core being borrowed.
//! * [`EventEmitter`] is the same thing for Rust programs, with closures as listeners.
//!
//! The semantics are those of Node 24's `events` page: listeners run in order, synchronously; an emit sees the list as it
//! was when it started; `'newListener'` is announced before an addition and `'removeListener'` after a removal; an
//! `'error'` nobody listens to is an error for the emitting side; more than ten listeners for one event earn one warning.
//!
//! ```
//! use looplab_events::EventEmitter;
//!
//! let orders: EventEmitter<u32> = EventEmitter::new();
//! orders.on("created", |id| println!("order {id}"));
//! assert_eq!(orders.emit("created", &7), Ok(true));
//! assert_eq!(orders.emit("shipped", &7), Ok(false));
//! assert!(orders.emit("error", &7).is_err());
//! ```
#![forbid(unsafe_code)]

mod emitter;
mod event_emitter;
mod name;

pub use emitter::{
    Added, DEFAULT_MAX_LISTENERS, Emission, Emitter, Entry, LeakWarning, OnceToken, Place, Removed, Snapshot,
    Turn,
};
pub use event_emitter::{EventEmitter, ListenerId, UnhandledError};
pub use name::{ERROR, ERROR_MONITOR, EventName, NEW_LISTENER, REMOVE_LISTENER, Role};
