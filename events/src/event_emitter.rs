//! The emitter for Rust programs: closures as listeners, on top of the core.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

use crate::{
    emitter::{DEFAULT_MAX_LISTENERS, Emitter, Entry, LeakWarning, Place, Removed, Snapshot, Turn},
    name::{ERROR, ERROR_MONITOR, EventName, NEW_LISTENER, REMOVE_LISTENER, Role},
};

/// Names one registration, for [`EventEmitter::off`]: closures have no identity of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerId(u64);

/// An `"error"` event that nobody listened to. The emitting side has to deal with the error it tried to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnhandledError;

impl fmt::Display for UnhandledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unhandled error: an \"error\" event was emitted and has no listener")
    }
}

impl std::error::Error for UnhandledError {}

type Hook = Rc<dyn Fn(&str, ListenerId)>;

enum Callback<A: ?Sized> {
    Event(Rc<dyn Fn(&A)>),
    /// A listener of `newListener` or `removeListener`: it hears of registrations, not of `A`s.
    Hook(Hook),
}

struct Listener<A: ?Sized> {
    id: ListenerId,
    callback: Callback<A>,
}

// By hand: deriving would ask for `A: Clone`, and equality is identity.
impl<A: ?Sized> Clone for Listener<A> {
    fn clone(&self) -> Self {
        let callback = match &self.callback {
            Callback::Event(f) => Callback::Event(Rc::clone(f)),
            Callback::Hook(f) => Callback::Hook(Rc::clone(f)),
        };
        Listener { id: self.id, callback }
    }
}

impl<A: ?Sized> PartialEq for Listener<A> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

type WarningSink = Rc<dyn Fn(&LeakWarning<Rc<str>>)>;

/// Named events with closures as listeners: Node's `EventEmitter` for Rust.
///
/// `A` is what listeners receive, by reference; an enum serves events of several shapes. All methods take `&self`, so a
/// listener may add, remove and emit on the emitter that calls it. An emit calls exactly the listeners there were when it
/// started. Embed one in a struct, or share it in an `Rc`.
///
/// ```
/// use std::{cell::RefCell, rc::Rc};
/// use looplab_events::EventEmitter;
///
/// let seen = Rc::new(RefCell::new(Vec::new()));
/// let door = EventEmitter::<str>::new();
/// let log = Rc::clone(&seen);
/// door.once("opened", move |who| log.borrow_mut().push(format!("first in: {who}")));
/// let log = Rc::clone(&seen);
/// let greeter = door.on("opened", move |who| log.borrow_mut().push(format!("hello {who}")));
///
/// assert_eq!(door.emit("opened", "Ada"), Ok(true));
/// assert_eq!(door.emit("opened", "Bob"), Ok(true));
/// door.off("opened", greeter);
/// assert_eq!(door.emit("opened", "Cyd"), Ok(false));
/// assert_eq!(*seen.borrow(), ["first in: Ada", "hello Ada", "hello Bob"]);
/// ```
pub struct EventEmitter<A: ?Sized> {
    core: RefCell<Emitter<Rc<str>, Listener<A>>>,
    next_id: Cell<u64>,
    on_warning: RefCell<Option<WarningSink>>,
    warnings: RefCell<Vec<LeakWarning<Rc<str>>>>,
}

impl<A: ?Sized> Default for EventEmitter<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: ?Sized> EventEmitter<A> {
    /// An emitter without listeners.
    pub fn new() -> Self {
        EventEmitter {
            core: RefCell::new(Emitter::new()),
            next_id: Cell::new(1),
            on_warning: RefCell::new(None),
            warnings: RefCell::new(Vec::new()),
        }
    }

    /// Calls `listener` on every `event` from now on, after the listeners it already has.
    pub fn on(&self, event: &str, listener: impl Fn(&A) + 'static) -> ListenerId {
        self.register(event, Callback::Event(Rc::new(listener)), false, Place::Back)
    }

    /// Calls `listener` on the next `event` only. It is removed before it is called.
    pub fn once(&self, event: &str, listener: impl Fn(&A) + 'static) -> ListenerId {
        self.register(event, Callback::Event(Rc::new(listener)), true, Place::Back)
    }

    /// [`on`](Self::on), but before the listeners the event already has.
    pub fn prepend(&self, event: &str, listener: impl Fn(&A) + 'static) -> ListenerId {
        self.register(event, Callback::Event(Rc::new(listener)), false, Place::Front)
    }

    /// [`once`](Self::once), but before the listeners the event already has.
    pub fn prepend_once(&self, event: &str, listener: impl Fn(&A) + 'static) -> ListenerId {
        self.register(event, Callback::Event(Rc::new(listener)), true, Place::Front)
    }

    /// Sees every `"error"` before its listeners do, without counting as one (Node's `errorMonitor`).
    pub fn on_error_monitor(&self, listener: impl Fn(&A) + 'static) -> ListenerId {
        self.on(ERROR_MONITOR, listener)
    }

    /// Hears the event's name and the new id right before a listener is added (Node's `'newListener'`).
    pub fn on_new_listener(&self, hook: impl Fn(&str, ListenerId) + 'static) -> ListenerId {
        self.register(NEW_LISTENER, Callback::Hook(Rc::new(hook)), false, Place::Back)
    }

    /// Hears the event's name and the id right after a listener was removed (Node's `'removeListener'`).
    pub fn on_remove_listener(&self, hook: impl Fn(&str, ListenerId) + 'static) -> ListenerId {
        self.register(REMOVE_LISTENER, Callback::Hook(Rc::new(hook)), false, Place::Back)
    }

    /// Removes one registration. False if it is not there (any more).
    pub fn off(&self, event: &str, id: ListenerId) -> bool {
        let removed = self.core.borrow_mut().remove_where(event, |entry| entry.listener.id == id);
        removed.is_some_and(|removed| {
            self.announce_removal(event, &removed);
            true
        })
    }

    /// Removes every listener of `event`, the newest first.
    pub fn remove_all(&self, event: &str) {
        if !self.core.borrow().announces(Role::RemoveListener) {
            self.core.borrow_mut().clear_event(event);
            return;
        }
        loop {
            // A statement of its own, so that the core is free again when the hooks run.
            let removed = self.core.borrow_mut().remove_last(event);
            let Some(removed) = removed else { return };
            self.announce_removal(event, &removed);
        }
    }

    /// Removes every listener of every event; those of the removal hook go last, so that they hear of the others.
    pub fn clear(&self) {
        for event in self.event_names() {
            if event.role() != Role::RemoveListener {
                self.remove_all(&event);
            }
        }
        self.core.borrow_mut().clear();
    }

    /// Calls the listeners of `event`, in order, now. `Ok(true)` if there were any.
    ///
    /// `Err` only for `"error"` without a listener; monitors have seen it by then. An event nobody listens to costs a lookup.
    pub fn emit(&self, event: &str, args: &A) -> Result<bool, UnhandledError> {
        if event == ERROR && self.core.borrow().announces(Role::ErrorMonitor) {
            self.call(ERROR_MONITOR, args);
        }
        let heard = self.call(event, args);
        if !heard && event == ERROR { Err(UnhandledError) } else { Ok(heard) }
    }

    /// How many listeners `event` has.
    pub fn listener_count(&self, event: &str) -> usize {
        self.core.borrow().listener_count(event)
    }

    /// The ids of the listeners of `event`, in calling order.
    pub fn listeners(&self, event: &str) -> Vec<ListenerId> {
        let snapshot = self.core.borrow().listeners(event);
        snapshot.iter().flat_map(|list| list.entries()).map(|entry| entry.listener.id).collect()
    }

    /// The events with listeners, in the order in which each got its first one.
    pub fn event_names(&self) -> Vec<Rc<str>> {
        self.core.borrow().event_names()
    }

    /// The number of listeners per event beyond which a leak is suspected.
    pub fn max_listeners(&self) -> f64 {
        self.core.borrow().max_listeners().unwrap_or(DEFAULT_MAX_LISTENERS)
    }

    /// Sets that number; 0 or infinity for no limit.
    pub fn set_max_listeners(&self, limit: f64) {
        self.core.borrow_mut().set_max_listeners(limit);
    }

    /// Gives leak warnings to `sink` as they arise, instead of keeping them for [`take_warnings`](Self::take_warnings).
    pub fn warn_with(&self, sink: impl Fn(&LeakWarning<Rc<str>>) + 'static) {
        *self.on_warning.borrow_mut() = Some(Rc::new(sink));
    }

    /// The leak warnings so far, at most one for each time an event outgrew the limit.
    pub fn take_warnings(&self) -> Vec<LeakWarning<Rc<str>>> {
        std::mem::take(&mut self.warnings.borrow_mut())
    }

    fn register(&self, event: &str, callback: Callback<A>, once: bool, place: Place) -> ListenerId {
        let id = ListenerId(self.next_id.replace(self.next_id.get() + 1));
        let announces = self.core.borrow().announces(Role::NewListener);
        if announces {
            self.call_hooks(NEW_LISTENER, event, id);
        }
        let listener = Listener { id, callback };
        let entry = if once { Entry::once(listener) } else { Entry::on(listener) };
        let added = self.core.borrow_mut().add(Rc::from(event), entry, place, DEFAULT_MAX_LISTENERS);
        if let Some(warning) = added.warning {
            self.warn(warning);
        }
        id
    }

    fn warn(&self, warning: LeakWarning<Rc<str>>) {
        let sink = self.on_warning.borrow().clone();
        match sink {
            Some(sink) => sink(&warning),
            None => self.warnings.borrow_mut().push(warning),
        }
    }

    fn call(&self, event: &str, args: &A) -> bool {
        self.each_turn(event, |listener| {
            if let Callback::Event(f) = &listener.callback {
                f(args);
            }
        })
    }

    fn call_hooks(&self, hook: &str, event: &str, id: ListenerId) {
        self.each_turn(hook, |listener| {
            if let Callback::Hook(f) = &listener.callback {
                f(event, id);
            }
        });
    }

    fn each_turn(&self, event: &str, call: impl Fn(&Listener<A>)) -> bool {
        let snapshot: Option<Snapshot<_>> = self.core.borrow().listeners(event);
        let Some(snapshot) = snapshot else { return false };
        for entry in snapshot.entries() {
            if entry.once.is_some() {
                let turn = self.core.borrow_mut().take_turn(&Rc::from(event), entry);
                match turn {
                    Turn::Skip => continue,
                    Turn::CallOnce(removed) => self.announce_removal(event, &removed),
                    Turn::Call => {}
                }
            }
            call(&entry.listener);
        }
        true
    }

    fn announce_removal(&self, event: &str, removed: &Removed<Listener<A>>) {
        if removed.announce {
            self.call_hooks(REMOVE_LISTENER, event, removed.entry.listener.id);
        }
    }
}

impl<A: ?Sized> fmt::Debug for EventEmitter<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let core = self.core.borrow();
        let counts = core.event_names().into_iter().map(|name| {
            let count = core.listener_count(&name);
            (name, count)
        });
        f.debug_map().entries(counts).finish()
    }
}
