//! The append-only log: events, their string table, the limit, and the shared handle that writes it.

use crate::words::Group;
use crate::{Event, EventId, Probe, Str};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Gives the current time in nanoseconds since the world began. The loop's world provides it; the log itself owns no clock.
pub type TimeSource = Box<dyn Fn() -> u64>;

/// What to record, and how much at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Events kept at most. Default 1,000,000 (about 48 MB). How the run ends is recorded even after that.
    pub max_events: usize,
    /// Bytes of texts kept at most. Default 64 MiB; reaching it counts as reaching the limit.
    pub max_text: usize,
    /// Groups that are left out. Default: statements.
    pub without: Vec<Group>,
}

impl Default for Options {
    fn default() -> Self {
        Options { max_events: 1_000_000, max_text: 64 << 20, without: vec![Group::Statement] }
    }
}

/// One entry of the log. Its id is its index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// When it happened, in nanoseconds since the world began. Grows with the id, except for stamps of pool workers.
    pub t: u64,
    /// The innermost callback running when it was emitted; for a callback's own begin, the one around it.
    pub within: EventId,
    /// What happened.
    pub event: Event,
}

/// The append-only log.
#[derive(Debug)]
pub struct Log {
    options: Options,
    mask: u32,
    records: Vec<Record>,
    strings: Strings,
    running: Vec<EventId>,
    mark: Option<usize>,
}

impl Default for Log {
    fn default() -> Self {
        Log::new(Options::default())
    }
}

impl Log {
    /// An empty log.
    pub fn new(options: Options) -> Log {
        let mask = options.without.iter().fold(u32::MAX, |mask, group| mask & !(1 << *group as u32));
        Log { options, mask, records: Vec::new(), strings: Strings::new(), running: Vec::new(), mark: None }
    }

    /// Whether events of `group` would be recorded now.
    #[inline]
    pub fn wants(&self, group: Group) -> bool {
        self.mask & (1 << group as u32) != 0 && (!self.full() || group == Group::Exit)
    }

    /// Appends an event that happened at `t`. [`EventId::NONE`] if its group is left out or the limit is reached.
    #[inline]
    pub fn push(&mut self, t: u64, event: Event) -> EventId {
        let within = self.current();
        let group = event.group();
        let id = if self.wants(group) {
            self.records.push(Record { t, within, event });
            EventId::new(self.records.len() - 1)
        } else {
            if self.mask & (1 << group as u32) != 0 {
                self.cut_one(t, within);
            }
            EventId::NONE
        };
        match event {
            Event::CallbackBegin { .. } => self.running.push(id),
            Event::CallbackEnd { .. } => {
                self.running.pop();
            }
            _ => {}
        }
        id
    }

    /// Whether the limit is reached: only how the run ends is still recorded.
    pub fn is_full(&self) -> bool {
        self.full()
    }

    #[inline]
    fn full(&self) -> bool {
        self.mark.is_some()
            || self.records.len() >= self.options.max_events
            || self.strings.bytes > self.options.max_text
    }

    #[cold]
    fn cut_one(&mut self, t: u64, within: EventId) {
        let at = *self.mark.get_or_insert_with(|| {
            self.records.push(Record { t, within, event: Event::Truncated { cut: 0 } });
            self.records.len() - 1
        });
        if let Event::Truncated { cut } = &mut self.records[at].event {
            *cut += 1;
        }
    }

    /// Puts a text into the table. Once the text limit is passed, new texts become "".
    pub fn intern(&mut self, text: &str) -> Str {
        self.strings.intern(text, self.options.max_text)
    }

    /// A text of the table.
    pub fn str(&self, text: Str) -> &str {
        self.strings.list.get(text.0 as usize).map_or("", |s| s)
    }

    /// The whole table of texts; the empty one stands first.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.strings.list.iter().map(|text| &**text)
    }

    /// Every record, in order of id.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// One record.
    pub fn record(&self, id: EventId) -> Option<&Record> {
        self.records.get(id.index()?)
    }

    /// How many events were cut because of the limit.
    pub fn cut(&self) -> u64 {
        match self.mark.map(|at| self.records[at].event) {
            Some(Event::Truncated { cut }) => cut,
            _ => 0,
        }
    }

    /// The innermost running callback.
    pub fn current(&self) -> EventId {
        self.running.last().copied().unwrap_or_default()
    }

    /// The outermost running callback.
    pub fn outermost(&self) -> EventId {
        self.running.first().copied().unwrap_or_default()
    }

    /// The chain of causes of `id`, nearest first: the event that scheduled its callback, the callback in which that
    /// happened, what scheduled that one, and so on up to the main script.
    pub fn why(&self, id: EventId) -> Vec<EventId> {
        let mut chain = Vec::new();
        let mut at = id;
        while let Some(record) = self.record(at) {
            let up = match record.event {
                Event::CallbackBegin { cause, .. } if !cause.is_none() => cause,
                _ => record.within,
            };
            // A cause precedes its effect; a log that says otherwise is damaged, and must not trap the reader.
            if up.is_none() || up >= at {
                break;
            }
            chain.push(up);
            at = up;
        }
        chain
    }

    /// Takes a record as it was read from a file, keeping its own `within`.
    pub(crate) fn restore(&mut self, record: Record) {
        if matches!(record.event, Event::Truncated { .. }) {
            self.mark = Some(self.records.len());
        }
        self.records.push(record);
    }
}

/// The side table of texts.
#[derive(Debug)]
struct Strings {
    list: Vec<Rc<str>>,
    index: FxHashMap<Rc<str>, u32>,
    bytes: usize,
}

impl Strings {
    fn new() -> Strings {
        let empty: Rc<str> = Rc::from("");
        Strings { list: vec![empty.clone()], index: FxHashMap::from_iter([(empty, 0)]), bytes: 0 }
    }

    fn intern(&mut self, text: &str, limit: usize) -> Str {
        if let Some(&at) = self.index.get(text) {
            return Str(at);
        }
        if self.bytes.saturating_add(text.len()) > limit {
            self.bytes = limit.saturating_add(1);
            return Str::NONE;
        }
        let Ok(at) = u32::try_from(self.list.len()) else { return Str::NONE };
        let kept: Rc<str> = Rc::from(text);
        self.bytes += text.len();
        self.list.push(kept.clone());
        self.index.insert(kept, at);
        Str(at)
    }
}

/// The shared handle on a log: every party of one thread holds a clone and writes the same log.
#[derive(Clone)]
pub struct Recorder {
    log: Rc<RefCell<Log>>,
    time: Rc<TimeSource>,
    /// What the clock said last.
    last: Rc<Cell<u64>>,
}

impl Recorder {
    /// A recorder with a log of its own, stamped by `time` (see `World::time_source` of the event loop).
    pub fn new(options: Options, time: TimeSource) -> Recorder {
        Recorder { log: Rc::new(RefCell::new(Log::new(options))), time: Rc::new(time), last: Rc::default() }
    }

    /// Looks into the log while the run goes on.
    pub fn read<R>(&self, look: impl FnOnce(&Log) -> R) -> R {
        look(&self.log.borrow())
    }

    /// Takes the log out, leaving an empty one with the same options behind.
    pub fn take(&self) -> Log {
        let mut log = self.log.borrow_mut();
        let fresh = Log::new(log.options.clone());
        std::mem::replace(&mut log, fresh)
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorder({} events)", self.log.borrow().records.len())
    }
}

impl Probe for Recorder {
    const ENABLED: bool = true;

    fn wants(&self, group: Group) -> bool {
        self.log.borrow().wants(group)
    }

    fn emit(&self, event: Event) -> EventId {
        let now = (self.time)();
        self.last.set(now);
        self.log.borrow_mut().push(now, event)
    }

    fn emit_along(&self, event: Event) -> EventId {
        self.log.borrow_mut().push(self.last.get(), event)
    }

    fn emit_at(&self, t: u64, event: Event) -> EventId {
        self.log.borrow_mut().push(t, event)
    }

    fn intern(&self, text: &str) -> Str {
        self.log.borrow_mut().intern(text)
    }

    fn current(&self) -> EventId {
        self.log.borrow().current()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pos;
    use crate::words::*;

    fn begin(kind: CallbackKind, cause: EventId) -> Event {
        Event::CallbackBegin { kind, number: 1, label: Str::NONE, pos: Pos::NONE, cause }
    }

    fn end(begin: EventId) -> Event {
        Event::CallbackEnd { begin, outcome: Outcome::Returned }
    }

    #[test]
    fn records_stay_small() {
        assert!(size_of::<Event>() <= 40, "{}", size_of::<Event>());
        assert!(size_of::<Record>() <= 56, "{}", size_of::<Record>());
    }

    #[test]
    fn why_walks_from_the_callback_to_the_main_script() {
        let mut log = Log::default();
        let main = log.push(0, begin(CallbackKind::MainScript, EventId::NONE));
        let queued = log.push(1, Event::TickQueued { number: 1, label: Str::NONE, pos: Pos::NONE });
        log.push(2, end(main));
        let tick = log.push(3, begin(CallbackKind::Tick, queued));
        let immediate = log.push(4, Event::ImmediateStart { number: 1, label: Str::NONE, pos: Pos::NONE });
        log.push(5, end(tick));
        let check = log.push(6, begin(CallbackKind::Immediate, immediate));
        assert_eq!(log.current(), check);
        assert_eq!(log.why(check), [immediate, tick, queued, main]);
    }

    #[test]
    fn the_limit_is_marked_counted_and_leaves_the_end_in() {
        let mut log = Log::new(Options { max_events: 2, ..Options::default() });
        for turn in 1..=5 {
            log.push(u64::from(turn), Event::TurnBegin { turn });
        }
        let exit = log.push(9, Event::ExitCode { code: 0 });
        assert_eq!(log.cut(), 3);
        assert_eq!(log.records()[2].event, Event::Truncated { cut: 3 });
        assert_eq!(exit, EventId::new(3));
    }

    #[test]
    fn too_much_text_counts_as_the_limit() {
        let mut log = Log::new(Options { max_text: 10, ..Options::default() });
        let short = log.intern("short");
        let long = log.intern("much too long");
        assert_eq!((log.str(short), log.str(long)), ("short", ""));
        log.push(0, Event::Console { stream: StdStream::Stdout, text: long });
        assert_eq!(log.cut(), 1);
    }

    #[test]
    fn groups_left_out_are_not_counted_as_cut() {
        let mut log = Log::default();
        assert!(!log.wants(Group::Statement));
        assert!(log.push(0, Event::Statement { pos: Pos::NONE, to_line: 0, to_column: 0 }).is_none());
        assert_eq!(log.cut(), 0);
    }
}
