//! The pure core: ordered listener lists per event, with Node's rules for changing them while they run.
//!
//! The list of an event is one listener held in place, or a shared vector. An emit takes a [`Snapshot`] of it, which is a
//! clone of one listener or of one reference count: no allocation. A change while a snapshot is out copies the vector first,
//! so the running emit keeps the list it started with; a change while none is out happens in place.

use std::{borrow::Borrow, cell::Cell, collections::HashMap, fmt, hash::Hash, rc::Rc};

use rustc_hash::FxBuildHasher;

use crate::name::{EventName, Role};

/// Listeners an event may have before a leak is suspected, unless set otherwise (`EventEmitter.defaultMaxListeners`).
pub const DEFAULT_MAX_LISTENERS: f64 = 10.0;

/// Where a listener goes in its event's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// After the others: `on`, `once`.
    Back,
    /// Before the others: `prependListener`, `prependOnceListener`.
    Front,
}

/// The identity of one `once` registration: what Node's wrapper function is to a `once` listener.
///
/// It outlives the registration. A snapshot taken before the listener ran still holds the token and sees that it has fired.
#[derive(Clone)]
pub struct OnceToken(Rc<Cell<bool>>);

impl OnceToken {
    /// A registration that has not fired.
    pub fn new() -> Self {
        OnceToken(Rc::new(Cell::new(false)))
    }

    /// Whether the listener behind it has had its one call.
    pub fn fired(&self) -> bool {
        self.0.get()
    }

    /// Marks it as called; false if it already was, in which case the listener must not be called again.
    pub fn fire(&self) -> bool {
        !self.0.replace(true)
    }
}

impl Default for OnceToken {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for OnceToken {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for OnceToken {}

impl fmt::Debug for OnceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnceToken({})", if self.fired() { "fired" } else { "armed" })
    }
}

/// One registration: the listener, and the once token if it is to be called a single time.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<L> {
    /// The listener as the user gave it (`listeners()` shows this).
    pub listener: L,
    /// Present for `once`: `rawListeners()` shows a wrapper for such an entry.
    pub once: Option<OnceToken>,
}

impl<L> Entry<L> {
    /// A lasting registration.
    pub fn on(listener: L) -> Self {
        Entry { listener, once: None }
    }

    /// A registration for one call.
    pub fn once(listener: L) -> Self {
        Entry { listener, once: Some(OnceToken::new()) }
    }
}

/// The listeners of an event as they were when the snapshot was taken.
#[derive(Clone, Debug)]
pub struct Snapshot<L>(Held<L>);

#[derive(Clone, Debug)]
enum Held<L> {
    One(Entry<L>),
    Many(Rc<Many<L>>),
}

impl<L> Snapshot<L> {
    /// The entries, in calling order.
    pub fn entries(&self) -> &[Entry<L>] {
        match &self.0 {
            Held::One(entry) => std::slice::from_ref(entry),
            Held::Many(many) => &many.entries,
        }
    }

    /// How many there are: at least one.
    pub fn count(&self) -> usize {
        self.entries().len()
    }
}

/// What an emit has to do.
#[derive(Clone, Debug)]
pub enum Emission<L> {
    /// Nobody listens; `emit` returns false.
    Unheard,
    /// Nobody listens, and the event was `'error'`: `emit` must throw the error, or `ERR_UNHANDLED_ERROR` if it isn't one.
    UnhandledError,
    /// Call these, asking [`Emitter::take_turn`] before each; `emit` returns true.
    Call(Snapshot<L>),
}

/// The answer of [`Emitter::take_turn`].
#[derive(Clone, Debug, PartialEq)]
pub enum Turn<L> {
    /// Call the listener.
    Call,
    /// A once listener: it has just been removed. Announce the removal if it says so, then call it.
    CallOnce(Removed<L>),
    /// A once listener that has already been called by an emit nested in this one.
    Skip,
}

/// A removal that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed<L> {
    /// What was taken out.
    pub entry: Entry<L>,
    /// It was the event's only listener. (Node tells `'removeListener'` the user's function in that case and, for an
    /// entry taken out of several, whatever `removeListener` was called with, which may be the once wrapper.)
    pub was_only: bool,
    /// Somebody listens to `'removeListener'`: emit it now, with the event's name and the listener.
    pub announce: bool,
}

/// The result of an addition.
#[derive(Clone, Debug, PartialEq)]
pub struct Added<K> {
    /// Present when this addition took the event over its limit for the first time.
    pub warning: Option<LeakWarning<K>>,
}

/// More listeners for one event than the emitter's limit: given once per event.
#[derive(Clone, Debug, PartialEq)]
pub struct LeakWarning<K> {
    /// The event.
    pub event: K,
    /// Its listeners, the new one included.
    pub count: usize,
    /// The limit in force.
    pub limit: f64,
}

impl<K> LeakWarning<K> {
    /// The text of Node's `MaxListenersExceededWarning`. `event` is the event's name as text, `emitter` what to call the
    /// emitter: Node prints it inspected at depth −1, such as `[EventEmitter]`.
    pub fn message(&self, event: &str, emitter: &str) -> String {
        format!(
            "Possible EventEmitter memory leak detected. {} {event} listeners added to {emitter}. \
             MaxListeners is {}. Use emitter.setMaxListeners() to increase limit",
            self.count, self.limit
        )
    }
}

#[derive(Clone, Debug)]
struct Many<L> {
    entries: Vec<Entry<L>>,
    /// The leak warning was given. It lives with the list, so an event that shrinks to one listener may warn again.
    warned: bool,
}

#[derive(Clone, Debug)]
struct Slot<L> {
    /// Rises with each event that gets its first listener: the order of `eventNames()`.
    born: u64,
    held: Held<L>,
}

/// Ordered listeners per event, with the bookkeeping of Node's `EventEmitter`. It calls nobody.
///
/// How a binding drives it (each `emit` below is the caller's own, in JS the possibly overridden method):
///
/// ```
/// use looplab_events::{Emission, Emitter, Entry, Place, Role, Turn, DEFAULT_MAX_LISTENERS};
///
/// let mut emitter: Emitter<&'static str, u32> = Emitter::new();
///
/// // on(event, listener)
/// if emitter.announces(Role::NewListener) { /* emit("newListener", event, listener) */ }
/// let added = emitter.add("data", Entry::once(7), Place::Back, DEFAULT_MAX_LISTENERS);
/// assert!(added.warning.is_none());
///
/// // emit(event, args): for "error", first emit(errorMonitor, args) if emitter.announces(Role::ErrorMonitor)
/// match emitter.emit(&"data") {
///     Emission::Unheard => { /* return false */ }
///     Emission::UnhandledError => { /* throw */ }
///     Emission::Call(snapshot) => {
///         for entry in snapshot.entries() {
///             match emitter.take_turn(&"data", entry) {
///                 Turn::Skip => continue,
///                 Turn::CallOnce(removed) => { if removed.announce { /* emit("removeListener", …) */ } }
///                 Turn::Call => {}
///             }
///             assert_eq!(entry.listener, 7); // call it; it may add, remove and emit
///         }
///     }
/// }
/// assert_eq!(emitter.listener_count(&"data"), 0);
/// ```
#[derive(Clone, Debug)]
pub struct Emitter<K, L> {
    events: HashMap<K, Slot<L>, FxBuildHasher>,
    next_birth: u64,
    /// One bit per special role that has listeners, so that the common case asks one byte.
    heard: u8,
    max_listeners: Option<f64>,
    capture_rejections: bool,
}

impl<K: EventName, L: Clone + PartialEq> Default for Emitter<K, L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: EventName, L: Clone + PartialEq> Emitter<K, L> {
    /// An emitter with no listeners. Allocates nothing until the first is added.
    pub fn new() -> Self {
        Emitter {
            events: HashMap::default(),
            next_birth: 0,
            heard: 0,
            max_listeners: None,
            capture_rejections: false,
        }
    }

    /// Whether an event of this role has listeners. Ask for [`Role::NewListener`] before adding and for
    /// [`Role::ErrorMonitor`] before emitting `'error'`; [`Role::Ordinary`] is never announced.
    pub fn announces(&self, role: Role) -> bool {
        self.heard & bit(role) != 0
    }

    /// Adds a listener. The caller has announced `'newListener'` beforehand (see the type's example).
    ///
    /// `default_max` is the limit for emitters that have none of their own; pass [`DEFAULT_MAX_LISTENERS`] or what the user
    /// made of it. As in Node the first listener of an event is never too many.
    pub fn add(&mut self, event: K, entry: Entry<L>, place: Place, default_max: f64) -> Added<K> {
        let limit = self.max_listeners.unwrap_or(default_max);
        self.heard |= bit(event.role());
        let Some(slot) = self.events.get_mut(&event) else {
            let born = self.next_birth;
            self.next_birth += 1;
            self.events.insert(event, Slot { born, held: Held::One(entry) });
            return Added { warning: None };
        };
        let many = slot.held.grow(entry, place);
        let count = many.entries.len();
        let exceeded = limit > 0.0 && count as f64 > limit && !many.warned;
        if exceeded {
            many.warned = true;
        }
        Added { warning: exceeded.then_some(LeakWarning { event, count, limit }) }
    }

    /// Removes the most recently added registration of `listener`, once or not. `None` if there is none.
    pub fn remove<Q>(&mut self, event: &Q, listener: &L) -> Option<Removed<L>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.remove_where(event, |entry| entry.listener == *listener)
    }

    /// Removes the registration behind a once token: `removeListener` given a wrapper from `rawListeners()`.
    pub fn remove_once<Q>(&mut self, event: &Q, token: &OnceToken) -> Option<Removed<L>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.remove_where(event, |entry| entry.once.as_ref() == Some(token))
    }

    /// Removes the last listener of the list. `removeAllListeners` is this in a loop, announcing each, when somebody listens
    /// to `'removeListener'`; [`clear_event`](Self::clear_event) when nobody does.
    pub fn remove_last<Q>(&mut self, event: &Q) -> Option<Removed<L>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.remove_where(event, |_| true)
    }

    /// Removes the last entry of the event for which `matches` holds.
    pub fn remove_where<Q>(
        &mut self,
        event: &Q,
        mut matches: impl FnMut(&Entry<L>) -> bool,
    ) -> Option<Removed<L>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let slot = self.events.get_mut(event)?;
        match &mut slot.held {
            Held::One(entry) => {
                if !matches(entry) {
                    return None;
                }
                let (key, slot) = self.events.remove_entry(event)?;
                self.heard &= !bit(key.role());
                let Held::One(entry) = slot.held else { return None };
                Some(Removed { entry, was_only: true, announce: self.announces(Role::RemoveListener) })
            }
            Held::Many(many) => {
                let at = many.entries.iter().rposition(matches)?;
                let list = Rc::make_mut(many);
                let entry = list.entries.remove(at);
                if list.entries.len() == 1
                    && let Some(last) = list.entries.pop()
                {
                    slot.held = Held::One(last);
                }
                Some(Removed { entry, was_only: false, announce: self.announces(Role::RemoveListener) })
            }
        }
    }

    /// Drops every listener of one event without announcing anything.
    pub fn clear_event<Q>(&mut self, event: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some((key, _)) = self.events.remove_entry(event) {
            self.heard &= !bit(key.role());
        }
    }

    /// Drops everything without announcing anything.
    pub fn clear(&mut self) {
        self.events.clear();
        self.heard = 0;
    }

    /// What emitting `event` has to do now.
    #[inline]
    pub fn emit(&self, event: &K) -> Emission<L> {
        match self.events.get(event) {
            Some(slot) => Emission::Call(Snapshot(slot.held.clone())),
            None if event.role() == Role::Error => Emission::UnhandledError,
            None => Emission::Unheard,
        }
    }

    /// To be asked right before each listener of a snapshot is called. A once listener is removed here, before its call.
    #[inline]
    pub fn take_turn(&mut self, event: &K, entry: &Entry<L>) -> Turn<L> {
        let Some(token) = &entry.once else { return Turn::Call };
        if !token.fire() {
            return Turn::Skip;
        }
        match self.remove_once(event, token) {
            Some(removed) => Turn::CallOnce(removed),
            // Taken off by hand since the snapshot: this emit still calls it, there is nothing left to announce.
            None => Turn::Call,
        }
    }

    /// The listeners of an event as they are now; `None` if there are none. `listeners()` maps the entries to their
    /// listener, `rawListeners()` shows a wrapper for those with a once token.
    pub fn listeners<Q>(&self, event: &Q) -> Option<Snapshot<L>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.events.get(event).map(|slot| Snapshot(slot.held.clone()))
    }

    /// How many listeners an event has.
    pub fn listener_count<Q>(&self, event: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.events.get(event).map_or(0, |slot| slot.held.as_slice().len())
    }

    /// How often this listener stands under the event.
    pub fn listener_count_of<Q>(&self, event: &Q, listener: &L) -> usize
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let Some(slot) = self.events.get(event) else { return 0 };
        slot.held.as_slice().iter().filter(|entry| entry.listener == *listener).count()
    }

    /// The events that have listeners, in the order in which each got its first one. (JS shows integer-like names first and
    /// symbols last, as in any object's own keys: that sorting is the binding's.)
    pub fn event_names(&self) -> Vec<K> {
        let mut named: Vec<_> = self.events.iter().map(|(key, slot)| (slot.born, key)).collect();
        named.sort_unstable_by_key(|(born, _)| *born);
        named.into_iter().map(|(_, key)| key.clone()).collect()
    }

    /// How many events have listeners.
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Every registration, event by event in no particular order: for a garbage collector that has to mark listeners.
    pub fn for_each(&self, mut visit: impl FnMut(&K, &Entry<L>)) {
        for (key, slot) in &self.events {
            for entry in slot.held.as_slice() {
                visit(key, entry);
            }
        }
    }

    /// The emitter's own limit, if one was set.
    pub fn max_listeners(&self) -> Option<f64> {
        self.max_listeners
    }

    /// Sets the emitter's own limit. 0 and infinity mean no limit. Negative or NaN is the caller's argument error
    /// (`ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`) and behaves as no limit here.
    pub fn set_max_listeners(&mut self, limit: f64) {
        self.max_listeners = Some(limit);
    }

    /// Whether the emitter was made with `captureRejections`: a rejected promise returned by a listener is then emitted as
    /// `'error'` (or handed to `Symbol.for('nodejs.rejection')`). Carried here, acted upon by the binding.
    pub fn capture_rejections(&self) -> bool {
        self.capture_rejections
    }

    /// Switches capturing on or off; the binding turns it off while it emits the captured error.
    pub fn set_capture_rejections(&mut self, on: bool) {
        self.capture_rejections = on;
    }
}

fn bit(role: Role) -> u8 {
    match role {
        Role::Ordinary => 0,
        Role::NewListener => 1,
        Role::RemoveListener => 2,
        Role::Error => 4,
        Role::ErrorMonitor => 8,
    }
}

impl<L> Held<L> {
    fn as_slice(&self) -> &[Entry<L>] {
        match self {
            Held::One(entry) => std::slice::from_ref(entry),
            Held::Many(many) => &many.entries,
        }
    }
}

impl<L: Clone> Held<L> {
    /// Adds an entry to a list that has at least one, and returns the list.
    fn grow(&mut self, entry: Entry<L>, place: Place) -> &mut Many<L> {
        if let Held::One(first) = self {
            let first = first.clone();
            *self = Held::Many(Rc::new(Many { entries: vec![first], warned: false }));
        }
        let Held::Many(many) = self else { unreachable!("a single listener was turned into a list above") };
        let list = Rc::make_mut(many);
        match place {
            Place::Back => list.entries.push(entry),
            Place::Front => list.entries.insert(0, entry),
        }
        list
    }
}
