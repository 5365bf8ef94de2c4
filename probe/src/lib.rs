//! The event table, the append-only log, and the Probe trait everything reports through.
//!
//! The loop, the pool, the runtime and the engine say what they do by emitting small typed [`Event`]s into one [`Log`].
//! Every instrument (text trace, stepper, web page, exports, comparison) reads that log and nothing else.
//!
//! * [`event`] is the **one table**: the enum, the JSON names, the field list and the docs page come from it.
//! * [`words`] holds the small vocabularies that events use (phases, callback kinds, reasons).
//! * [`Log`] stores events; a [`Recorder`] is the shared handle through which several parties write one log.
//! * [`codec`] writes and reads the log as JSON lines; [`schema`] prints `docs/log-schema.md`.
//!
//! # Ids, time and causes
//!
//! An [`EventId`] is the event's index in the log. A record carries the time (nanoseconds since the world began) and its
//! `within`: the innermost callback that was running when it was emitted, which the log tracks by itself from
//! [`Event::CallbackBegin`] and [`Event::CallbackEnd`]. A callback names as its `cause` the event that scheduled it
//! (a `timer-start`, a `tick-queued`, …). "Why now?" is therefore a walk: callback → cause → the callback the cause lies
//! within → its cause → … → the main script. [`Log::why`] walks it.
//!
//! # Being free when off
//!
//! Emitters are generic in `P: Probe`. With [`Off`] every `emit` is an inlined no-op and `P::ENABLED` is false, so guarded
//! blocks vanish. With [`Recorder`] events are appended. A program that would rather decide at run time than be
//! monomorphised twice uses `Option<Recorder>`, which costs one branch per event.
//!
//! ```
//! use looplab_probe::{Event, Log, Options, Probe, Recorder};
//! let log = Recorder::new(Options::default(), Box::new(|| 42));
//! let id = log.emit(Event::TurnBegin { turn: 1 });
//! assert_eq!(log.read(|log: &Log| log.record(id).unwrap().t), 42);
//! ```
#![forbid(unsafe_code)]

pub mod codec;
pub mod event;
mod json;
pub mod log;
pub mod schema;
pub mod words;

pub use event::{Event, EventInfo, FieldInfo};
pub use log::{Log, Options, Record, Recorder, TimeSource};
pub use words::*;

/// An event's index in its log. Ids grow in the order in which the log's one thread learned of the events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u32);

impl EventId {
    /// "No event": recording is off, the event was cut, or nothing in the program caused it.
    pub const NONE: EventId = EventId(u32::MAX);

    /// The id of the event at `index`; [`EventId::NONE`] if the index doesn't fit.
    pub fn new(index: usize) -> EventId {
        u32::try_from(index).map_or(EventId::NONE, EventId)
    }

    /// Whether this names no event.
    pub fn is_none(self) -> bool {
        self == EventId::NONE
    }

    /// The index, or `None` for [`EventId::NONE`].
    pub fn index(self) -> Option<usize> {
        (!self.is_none()).then_some(self.0 as usize)
    }
}

impl Default for EventId {
    fn default() -> Self {
        EventId::NONE
    }
}

impl std::fmt::Debug for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.index() {
            Some(i) => write!(f, "#{i}"),
            None => f.write_str("#none"),
        }
    }
}

/// A string in the log's side table. Copying it is free; [`Log::str`] gives the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Str(pub(crate) u32);

impl Str {
    /// The empty string, which every table holds at index 0; also "no text".
    pub const NONE: Str = Str(0);

    /// Whether this is the empty string.
    pub fn is_none(self) -> bool {
        self == Str::NONE
    }

    /// Its number in the table, for parties that keep numbers instead of this type.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The text with this number. A number that the table doesn't have reads as "".
    pub fn numbered(number: u32) -> Str {
        Str(number)
    }
}

/// A source position. Lines and columns count from 1; line 0 means "no position".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Pos {
    /// The script's name, as it stands in stack traces.
    pub script: Str,
    /// Line, from 1; 0 where there is no position.
    pub line: u32,
    /// Column in UTF-16 units, from 1.
    pub column: u32,
}

impl Pos {
    /// "No position" (the runtime itself, or a Rust program).
    pub const NONE: Pos = Pos { script: Str::NONE, line: 0, column: 0 };

    /// Whether this names no place.
    pub fn is_none(self) -> bool {
        self.line == 0
    }
}

/// What loop, pool, runtime and engine report to. Handles are cloned freely: all clones of a recorder write one log.
pub trait Probe: Clone + 'static {
    /// False only for [`Off`]. Guard work done for the log's sake with `if P::ENABLED`.
    const ENABLED: bool;

    /// Whether events of `group` are being recorded right now. Ask before computing something costly for an event.
    fn wants(&self, group: Group) -> bool;

    /// Appends an event, stamped with the current time. Returns its id ([`EventId::NONE`] if it wasn't recorded).
    fn emit(&self, event: Event) -> EventId;

    /// Appends an event at the moment of the last one for which the clock was read: for what follows at once, since reading the clock is
    /// most of what an event costs.
    fn emit_along(&self, event: Event) -> EventId {
        self.emit(event)
    }

    /// Appends an event that happened at `t` (nanoseconds since the world began), such as a worker's own stamp.
    fn emit_at(&self, t: u64, event: Event) -> EventId;

    /// Puts a string into the log's table. The same text gives the same [`Str`].
    fn intern(&self, text: &str) -> Str;

    /// The innermost running callback, for things that remember their cause without an event of their own.
    fn current(&self) -> EventId;
}

/// The probe that records nothing and costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Off;

impl Probe for Off {
    const ENABLED: bool = false;

    #[inline(always)]
    fn wants(&self, _group: Group) -> bool {
        false
    }
    #[inline(always)]
    fn emit(&self, _event: Event) -> EventId {
        EventId::NONE
    }
    #[inline(always)]
    fn emit_along(&self, _event: Event) -> EventId {
        EventId::NONE
    }
    #[inline(always)]
    fn emit_at(&self, _t: u64, _event: Event) -> EventId {
        EventId::NONE
    }
    #[inline(always)]
    fn intern(&self, _text: &str) -> Str {
        Str::NONE
    }
    #[inline(always)]
    fn current(&self) -> EventId {
        EventId::NONE
    }
}

/// A probe switched at run time: `None` records nothing at the price of one branch per event.
impl<P: Probe> Probe for Option<P> {
    const ENABLED: bool = P::ENABLED;

    #[inline]
    fn wants(&self, group: Group) -> bool {
        self.as_ref().is_some_and(|p| p.wants(group))
    }
    #[inline]
    fn emit(&self, event: Event) -> EventId {
        self.as_ref().map_or(EventId::NONE, |p| p.emit(event))
    }
    #[inline]
    fn emit_along(&self, event: Event) -> EventId {
        self.as_ref().map_or(EventId::NONE, |p| p.emit_along(event))
    }
    #[inline]
    fn emit_at(&self, t: u64, event: Event) -> EventId {
        self.as_ref().map_or(EventId::NONE, |p| p.emit_at(t, event))
    }
    #[inline]
    fn intern(&self, text: &str) -> Str {
        self.as_ref().map_or(Str::NONE, |p| p.intern(text))
    }
    #[inline]
    fn current(&self) -> EventId {
        self.as_ref().map_or(EventId::NONE, |p| p.current())
    }
}
