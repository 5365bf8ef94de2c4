//! Property keys and values that every emitter operation needs, looked up once.

use crate::rt::Rt;
use looplab_engine::{Global, Key, Local, Name, Scope};
use std::cell::Cell;
use std::rc::Rc;

/// Keys as permanent names, so that no operation hashes a string; and the state that belongs to the module.
pub(crate) struct Names {
    pub(super) events: Name,
    pub(super) count: Name,
    pub(super) max: Name,
    pub(super) listener: Name,
    pub(super) new_listener: Name,
    pub(super) remove_listener: Name,
    pub(super) error: Name,
    pub(super) warned: Name,
    pub(super) on: Name,
    pub(super) emit: Name,
    pub(super) wrapper: Name,
    /// `Symbol(shapeMode)`: `_events` was there before the constructor ran, its keys are kept when listeners go.
    pub(super) shape_mode: Name,
    /// `Symbol(kCapture)`: rejections of async listeners are caught.
    pub(super) capture: Name,
    /// `Symbol(events.emitting)`, which Node puts on arrays of listeners.
    pub(super) emitting: Name,
    pub(super) monitor: Name,
    pub(super) rejection: Name,
    /// `EventEmitter.prototype`.
    pub(super) proto: Global,
    /// `EventEmitter.prototype.emit`.
    pub(super) native_emit: Cell<Option<Global>>,
    /// `EventEmitter.prototype.on`, to see whether a program has replaced it.
    pub(super) native_on: Cell<Option<Global>>,
    /// `EventEmitter.prototype.removeListener`.
    pub(super) native_remove: Cell<Option<Global>>,
    /// `EventEmitter.defaultMaxListeners`.
    pub(super) default_max: Cell<f64>,
}

impl Names {
    /// Interns the names; `proto` becomes `EventEmitter.prototype`.
    pub(super) fn new(s: &mut Scope<'_>, proto: Local<'_>) -> Names {
        let proto = s.global(proto);
        Names {
            events: name(s, "_events"),
            count: name(s, "_eventsCount"),
            max: name(s, "_maxListeners"),
            listener: name(s, "listener"),
            new_listener: name(s, "newListener"),
            remove_listener: name(s, "removeListener"),
            error: name(s, "error"),
            warned: name(s, "warned"),
            on: name(s, "on"),
            emit: name(s, "emit"),
            wrapper: name(s, "wrapper"),
            shape_mode: symbol(s, "shapeMode"),
            capture: symbol(s, "kCapture"),
            emitting: symbol(s, "events.emitting"),
            monitor: symbol(s, "events.errorMonitor"),
            rejection: s.nested(|s| {
                let text = s.str("nodejs.rejection");
                let sym = s.symbol_for(text);
                symbol_name(s, sym)
            }),
            proto,
            native_emit: Cell::new(None),
            native_on: Cell::new(None),
            native_remove: Cell::new(None),
            default_max: Cell::new(10.0),
        }
    }

    /// The names of the runtime behind a scope.
    #[inline]
    pub(super) fn of(s: &Scope<'_>) -> Rc<Rt> {
        Rt::of(s)
    }
}

fn name(s: &mut Scope<'_>, text: &str) -> Name {
    s.nested(|s| {
        let k = s.key(text);
        s.permanent_key(k)
    })
}

fn symbol(s: &mut Scope<'_>, text: &str) -> Name {
    s.nested(|s| {
        let d = s.str(text);
        let sym = s.symbol(d);
        symbol_name(s, sym)
    })
}

fn symbol_name<'s>(s: &mut Scope<'s>, sym: Local<'s>) -> Name {
    // A symbol is its own key: this cannot throw.
    match s.to_key(sym) {
        Ok(k) => s.permanent_key(k),
        Err(t) => {
            s.caught(t);
            s.atoms().empty
        }
    }
}

/// The symbol or string behind a name.
pub(super) fn value<'s>(s: &mut Scope<'s>, n: Name) -> Local<'s> {
    let k: Key<'s> = n.into();
    s.key_to_value(k)
}
