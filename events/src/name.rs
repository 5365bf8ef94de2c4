//! Event names, and the four that mean something to the emitter itself.

use std::rc::Rc;

/// The name of the event announced before a listener is added.
pub const NEW_LISTENER: &str = "newListener";
/// The name of the event announced after a listener was removed.
pub const REMOVE_LISTENER: &str = "removeListener";
/// The event that must not go unheard.
pub const ERROR: &str = "error";
/// Stands for Node's symbol `events.errorMonitor` where names are plain strings; spelled the way the symbol prints.
pub const ERROR_MONITOR: &str = "Symbol(events.errorMonitor)";

/// What an event name means to the emitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nothing special: nearly every event.
    Ordinary,
    /// `'newListener'`: its listeners hear of an addition before it happens.
    NewListener,
    /// `'removeListener'`: its listeners hear of a removal after it happened.
    RemoveListener,
    /// `'error'`: without a listener, emitting it is a failure.
    Error,
    /// `errorMonitor`: its listeners see every `'error'` first and don't count as handling it.
    ErrorMonitor,
}

/// A type that can name events: strings in Rust programs, property keys in a language binding.
///
/// The one method says which of Node's special events a name is. It is asked on every change and on emit, so it should be
/// as cheap as a comparison with a few constants.
pub trait EventName: Eq + std::hash::Hash + Clone {
    /// The meaning of this name to the emitter.
    fn role(&self) -> Role;
}

fn role_of(name: &str) -> Role {
    match name {
        ERROR => Role::Error,
        NEW_LISTENER => Role::NewListener,
        REMOVE_LISTENER => Role::RemoveListener,
        ERROR_MONITOR => Role::ErrorMonitor,
        _ => Role::Ordinary,
    }
}

impl EventName for String {
    fn role(&self) -> Role {
        role_of(self)
    }
}

impl EventName for Rc<str> {
    fn role(&self) -> Role {
        role_of(self)
    }
}

impl EventName for &'static str {
    fn role(&self) -> Role {
        role_of(self)
    }
}
