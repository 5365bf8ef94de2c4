//! Streams for Rust programs: closures as sources and sinks, on the same machine as the JavaScript classes.
//!
//! Events come in ticks, as in Node: whoever owns the [`Ticks`] runs them between other work ([`Ticks::run`]). A program on a
//! loop runs them after each callback.

mod core;
mod pipe;

pub use pipe::pipeline;

use crate::flags;
use crate::host::{Event, Failure, Host};
use crate::readable::{self, ReadableState, Took};
use crate::writable::{self, WritableState, Written};
use crate::{DEFAULT_MARK, DEFAULT_OBJECT_MARK};
use core::{Core, Done, FinalFn, Queue, ReadFn, WriteFn, sure};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

/// A chunk that streams can count and, where it is bytes, cut and join.
pub trait Chunk: Clone + 'static {
    /// What it counts: bytes. Not asked in object mode.
    fn length(&self) -> usize;
    /// The first `at` of it and the rest. Not asked in object mode.
    fn split(self, at: usize) -> (Self, Self);
    /// Several as one. Not asked in object mode.
    fn concat(list: Vec<Self>) -> Self;
}

impl Chunk for Vec<u8> {
    fn length(&self) -> usize {
        self.len()
    }

    fn split(mut self, at: usize) -> (Self, Self) {
        let rest = self.split_off(at);
        (self, rest)
    }

    fn concat(list: Vec<Self>) -> Self {
        list.concat()
    }
}

/// A value of any type as a chunk, for streams in object mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<T: Clone + 'static> Chunk for Object<T> {
    fn length(&self) -> usize {
        1
    }

    fn split(self, _: usize) -> (Self, Self) {
        (self.clone(), self)
    }

    fn concat(list: Vec<Self>) -> Self {
        list.into_iter().next().expect("objects are never joined")
    }
}

/// Why a stream failed.
#[derive(Debug, Clone)]
pub enum Error {
    /// It was used wrongly.
    Misuse(Failure),
    /// The program's own error.
    Custom(Rc<dyn std::error::Error>),
    /// It was closed before it had ended.
    PrematureClose,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Misuse(Failure::PushAfterEof) => f.write_str("pushed after the end"),
            Error::Misuse(Failure::UnshiftAfterEndEvent) => f.write_str("put back after the end was told"),
            Error::Misuse(Failure::WriteAfterEnd) => f.write_str("write after end"),
            Error::Misuse(Failure::Destroyed(what)) => {
                write!(f, "cannot call {what} after a stream was destroyed")
            }
            Error::Misuse(Failure::AlreadyFinished(what)) => {
                write!(f, "cannot call {what} after a stream was finished")
            }
            Error::Misuse(Failure::MultipleCallback) => f.write_str("completed twice"),
            Error::Custom(e) => e.fmt(f),
            Error::PrematureClose => f.write_str("premature close"),
        }
    }
}

impl std::error::Error for Error {}

/// What streams put off: run it between other work.
///
/// ```
/// use looplab_streams::api::{Options, Readable, Ticks};
///
/// let ticks = Ticks::new();
/// let mut left = vec![b"world".to_vec(), b"hello ".to_vec()];
/// let source = Readable::new(&ticks, Options::default(), move |r| match left.pop() {
///     Some(chunk) => {
///         r.push(chunk);
///     }
///     None => r.end(),
/// });
/// let text = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
/// let seen = text.clone();
/// source.on_data(move |chunk: &Vec<u8>| seen.borrow_mut().extend_from_slice(chunk));
/// ticks.run();
/// assert_eq!(*text.borrow(), b"hello world");
/// ```
#[derive(Clone, Default)]
pub struct Ticks(Queue);

impl Ticks {
    /// An empty queue.
    pub fn new() -> Ticks {
        Ticks::default()
    }

    /// Runs what is put off, and what that puts off, until nothing is left. How many there were.
    pub fn run(&self) -> usize {
        let mut n = 0;
        loop {
            // A statement of its own: the queue is free while the tick runs.
            let next = self.0.borrow_mut().pop_front();
            let Some(tick) = next else { return n };
            tick();
            n += 1;
        }
    }

    fn later(&self, f: impl FnOnce() + 'static) {
        self.0.borrow_mut().push_back(Box::new(f));
    }
}

/// How a stream buffers.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Counts chunks, not bytes.
    pub object_mode: bool,
    /// Where it begins to push back: bytes (64 KiB unless set), or chunks (16).
    pub high_water_mark: Option<usize>,
    /// Destroys the stream by itself when it is over.
    pub auto_destroy: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { object_mode: false, high_water_mark: None, auto_destroy: true }
    }
}

impl Options {
    /// For chunks that are counted one by one.
    pub fn objects() -> Options {
        Options { object_mode: true, ..Options::default() }
    }

    /// With this watermark.
    #[must_use]
    pub fn mark(self, high_water_mark: usize) -> Options {
        Options { high_water_mark: Some(high_water_mark), ..self }
    }

    fn mark_or_default(self) -> usize {
        self.high_water_mark.unwrap_or(if self.object_mode { DEFAULT_OBJECT_MARK } else { DEFAULT_MARK })
    }
}

/// An event of a stream.
pub type StreamEvent = Event<Error>;

fn new_core<C: Chunk>(
    ticks: &Ticks,
    options: Options,
    read: Option<ReadFn<C>>,
    write: Option<WriteFn<C>>,
    last: Option<FinalFn<C>>,
) -> Rc<Core<C>> {
    let mark = options.mark_or_default();
    let r = read.is_some().then(|| {
        let mut st = ReadableState::new(options.object_mode, mark);
        st.set(flags::AUTO_DESTROY, options.auto_destroy);
        RefCell::new(st)
    });
    let w = write.is_some().then(|| {
        let mut st = WritableState::new(options.object_mode, mark);
        st.set(flags::AUTO_DESTROY, options.auto_destroy);
        RefCell::new(st)
    });
    Rc::new(Core {
        ticks: ticks.clone(),
        r,
        w,
        read: RefCell::new(read),
        write: RefCell::new(write),
        last: RefCell::new(last),
        listeners: RefCell::default(),
        data: RefCell::default(),
        piped: RefCell::default(),
        readable_listeners: Cell::new(0),
        held: Cell::new(false),
    })
}

/// What can be read: a handle, cheap to clone.
pub struct Readable<C: Chunk>(Rc<Core<C>>);

impl<C: Chunk> Clone for Readable<C> {
    fn clone(&self) -> Self {
        Readable(self.0.clone())
    }
}

impl<C: Chunk> Readable<C> {
    /// A stream whose source is asked by a call of `read`: it answers, then or later, with [`push`](Self::push) or [`end`](Self::end).
    pub fn new(ticks: &Ticks, options: Options, mut read: impl FnMut(&Readable<C>) + 'static) -> Readable<C> {
        let read: ReadFn<C> = Box::new(move |core| read(&Readable(core.clone())));
        Readable(new_core(ticks, options, Some(read), None, None))
    }

    /// A stream of what an iterator gives.
    pub fn from_iter(
        ticks: &Ticks,
        options: Options,
        chunks: impl IntoIterator<Item = C, IntoIter: 'static>,
    ) -> Readable<C> {
        let mut chunks = chunks.into_iter();
        Readable::new(ticks, options, move |r| match chunks.next() {
            Some(c) => {
                r.push(c);
            }
            None => r.end(),
        })
    }

    /// The source gives a chunk. False: it should wait until it is asked again.
    pub fn push(&self, chunk: C) -> bool {
        let len = chunk.length();
        sure(readable::push(&mut self.0.host(), chunk, len, true))
    }

    /// The source has no more.
    pub fn end(&self) {
        sure(readable::push_end(&mut self.0.host()));
    }

    /// Puts a chunk back to the front.
    pub fn unshift(&self, chunk: C) -> bool {
        let len = chunk.length();
        sure(readable::unshift(&mut self.0.host(), chunk, len))
    }

    /// Takes everything that is there (in object mode: the next chunk); `None` if nothing is.
    pub fn read(&self) -> Option<C> {
        self.take(None)
    }

    /// Takes `n` bytes; `None` while there are fewer (at the end: what is left).
    pub fn read_exact(&self, n: usize) -> Option<C> {
        self.take(Some(n as i64))
    }

    fn take(&self, ask: Option<i64>) -> Option<C> {
        match sure(readable::read(&mut self.0.host(), ask)) {
            Took::Chunk(c) => Some(c),
            Took::Nothing | Took::Handed => None,
        }
    }

    /// Calls `f` with each chunk; the stream flows from now on, unless it is paused.
    pub fn on_data(&self, f: impl FnMut(&C) + 'static) {
        self.0.data.borrow_mut().push(Rc::new(RefCell::new(f)));
        sure(readable::data_listener_added(&mut self.0.host()));
    }

    /// Calls `f` when there is something to read: the stream does not flow, [`read`](Self::read) takes.
    pub fn on_readable(&self, mut f: impl FnMut(&Readable<C>) + 'static) {
        let weak = Rc::downgrade(&self.0);
        self.on(move |event| {
            if let (Event::Readable, Some(core)) = (event, weak.upgrade()) {
                f(&Readable(core));
            }
        });
        self.0.readable_listeners.set(self.0.readable_listeners.get() + 1);
        readable::readable_listener_added(&mut self.0.host());
    }

    /// Calls `f` with each event.
    pub fn on(&self, f: impl FnMut(&StreamEvent) + 'static) {
        self.0.listeners.borrow_mut().push(Rc::new(RefCell::new(f)));
    }

    /// Stops the flow.
    pub fn pause(&self) {
        sure(readable::pause(&mut self.0.host()));
    }

    /// Lets it flow.
    pub fn resume(&self) {
        sure(readable::resume(&mut self.0.host()));
    }

    /// Writes all that comes to `dest` as fast as that takes it, and ends it after the last chunk.
    pub fn pipe(&self, dest: &Writable<C>) {
        pipe::connect(self, dest, true);
    }

    /// Ends it before its time.
    pub fn destroy(&self, e: Option<Error>) {
        sure(self.0.host().call_own_destroy(e));
    }

    /// What the buffer holds: bytes, or chunks in object mode.
    pub fn len(&self) -> usize {
        self.0.host().r(|r| r.length)
    }

    /// Whether the buffer holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the buffer begins to push back.
    pub fn high_water_mark(&self) -> usize {
        self.0.host().r(|r| r.high_water_mark)
    }
}

/// What can be written: a handle, cheap to clone.
pub struct Writable<C: Chunk>(Rc<Core<C>>);

impl<C: Chunk> Clone for Writable<C> {
    fn clone(&self) -> Self {
        Writable(self.0.clone())
    }
}

/// Tells a stream that its sink has taken the chunk. Forgotten, the stream waits for ever.
pub struct WriteDone<C: Chunk>(Rc<Core<C>>);

impl<C: Chunk> WriteDone<C> {
    /// Taken.
    pub fn ok(self) {
        self.0.wrote(None);
    }

    /// Failed: the stream is destroyed with the error.
    pub fn fail(self, e: Error) {
        self.0.wrote(Some(e));
    }
}

impl<C: Chunk> Writable<C> {
    /// A stream whose sink gets one chunk at a time, and the next after it has said that it is done.
    pub fn new(
        ticks: &Ticks,
        options: Options,
        mut write: impl FnMut(C, WriteDone<C>) + 'static,
    ) -> Writable<C> {
        let write: WriteFn<C> = Box::new(move |core, chunk| write(chunk, WriteDone(core.clone())));
        Writable(new_core(ticks, options, None, Some(write), None))
    }

    /// Writes a chunk. False: wait for [`Event::Drain`] before the next; this one is kept.
    pub fn write(&self, chunk: C) -> bool {
        self.put(chunk, None)
    }

    /// As [`write`](Self::write); `done` hears when the sink has it, or why it never will.
    pub fn write_then(&self, chunk: C, done: impl FnOnce(Option<Error>) + 'static) -> bool {
        self.put(chunk, Some(Done::new(done)))
    }

    fn put(&self, chunk: C, done: Option<Done>) -> bool {
        let len = chunk.length();
        matches!(sure(writable::write(&mut self.0.host(), chunk, len, (), true, done)), Written::More)
    }

    /// No more will be written.
    pub fn end(&self) {
        sure(writable::end(&mut self.0.host(), None, None));
    }

    /// As [`end`](Self::end); `done` hears when all is written, or why it never will be.
    pub fn end_then(&self, done: impl FnOnce(Option<Error>) + 'static) {
        sure(writable::end(&mut self.0.host(), None, Some(Done::new(done))));
    }

    /// Holds writes back until [`uncork`](Self::uncork).
    pub fn cork(&self) {
        writable::cork(&mut self.0.host());
    }

    /// Passes on what was held back.
    pub fn uncork(&self) {
        sure(writable::uncork(&mut self.0.host()));
    }

    /// Calls `f` with each event.
    pub fn on(&self, f: impl FnMut(&StreamEvent) + 'static) {
        self.0.listeners.borrow_mut().push(Rc::new(RefCell::new(f)));
    }

    /// Ends it before its time.
    pub fn destroy(&self, e: Option<Error>) {
        sure(self.0.host().call_own_destroy(e));
    }

    /// What is written and not taken yet: bytes, or chunks in object mode.
    pub fn len(&self) -> usize {
        self.0.host().w(|w| w.length)
    }

    /// Whether all is taken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a writer has to wait for [`Event::Drain`].
    pub fn needs_drain(&self) -> bool {
        self.0.host().w(|w| w.needs_drain())
    }

    /// Where writers are told to wait.
    pub fn high_water_mark(&self) -> usize {
        self.0.host().w(|w| w.high_water_mark)
    }
}

/// A stream that makes other chunks of those that are written to it.
pub struct Transform<C: Chunk>(Rc<Core<C>>);

impl<C: Chunk> Transform<C> {
    /// `step` gets each chunk and gives what can be read (nothing, one or several); with `None`, at the end, what is left.
    pub fn new(
        ticks: &Ticks,
        options: Options,
        step: impl FnMut(Option<C>) -> Vec<C> + 'static,
    ) -> Transform<C> {
        let step = Rc::new(RefCell::new(step));
        let read: ReadFn<C> = Box::new(|core| {
            // There is room again: the write that waited for it is done.
            if core.held.replace(false) {
                core.wrote(None);
            }
        });
        let each = step.clone();
        let write: WriteFn<C> = Box::new(move |core, chunk| {
            let out = Readable(core.clone());
            let before = out.len();
            let made = (each.borrow_mut())(Some(chunk));
            for c in made {
                out.push(c);
            }
            let now = out.len();
            if now == before || now < out.high_water_mark() {
                core.wrote(None);
            } else {
                core.held.set(true);
            }
        });
        let last: FinalFn<C> = Box::new(move |core| {
            let out = Readable(core.clone());
            let made = (step.borrow_mut())(None);
            for c in made {
                out.push(c);
            }
            out.end();
            sure(writable::on_final(&mut core.host(), None));
        });
        let core = new_core(ticks, options, Some(read), Some(write), Some(last));
        core.host().r(|r| r.set(flags::r::SYNC, false));
        Transform(core)
    }

    /// Its readable half.
    pub fn readable(&self) -> Readable<C> {
        Readable(self.0.clone())
    }

    /// Its writable half.
    pub fn writable(&self) -> Writable<C> {
        Writable(self.0.clone())
    }
}
