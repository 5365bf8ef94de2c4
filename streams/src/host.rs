//! What the machine asks of its surroundings. Every rule is in the machine; a host stores the state, calls the program's
//! functions and keeps the queue of ticks.

use crate::readable::ReadableState;
use crate::writable::WritableState;

/// The types that a stream's state holds while it lies idle.
///
/// A garbage-collected host keeps bare values here and roots them when they are taken out ([`Host::open_chunk`] and friends);
/// a Rust program uses the same types in both places.
pub trait Store {
    /// A chunk in a buffer.
    type Chunk;
    /// What came with a chunk when it was written (its encoding).
    type Tag;
    /// The error of a failed stream.
    type Error;
    /// Who wants to know that a write (or the end) is done.
    type Done: PartialEq;
    /// A destination of `pipe`.
    type Dest: PartialEq;
}

/// An event of a stream, as its listeners know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<E> {
    /// There is something to read, or the end has come.
    Readable,
    /// All has been read.
    End,
    /// The flow was stopped.
    Pause,
    /// The flow was started.
    Resume,
    /// Buffered writes have gone down: write on.
    Drain,
    /// The last words are about to be written.
    Prefinish,
    /// All has been written.
    Finish,
    /// It failed.
    Error(E),
    /// Nothing more will happen.
    Close,
}

/// A misuse that the machine noticed. The host makes an error of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A chunk was pushed after the end.
    PushAfterEof,
    /// A chunk was put back after `'end'`.
    UnshiftAfterEndEvent,
    /// A chunk was written after `end`.
    WriteAfterEnd,
    /// `write` or `end` on a destroyed stream.
    Destroyed(&'static str),
    /// `end` on a finished stream.
    AlreadyFinished(&'static str),
    /// A completion was reported twice.
    MultipleCallback,
}

/// Work for the next tick. [`crate::run_tick`] does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tick<E, D> {
    /// Tell readers that there is something, and flow.
    EmitReadable,
    /// Fill the buffer up to the watermark.
    ReadMore,
    /// Begin to flow.
    Resume,
    /// See whether all is read, and say so.
    End,
    /// End the writable half after the readable one.
    EndWritable,
    /// A listener of `'readable'` came: ask the source.
    ReadZero,
    /// A listener of `'readable'` went: decide anew how to read.
    UpdateReadableListening,
    /// Tell one writer (or nobody) that its write is done, and that there is room.
    AfterWrite,
    /// The same for several writes with the same completion.
    AfterWrites,
    /// A write failed within the sink's call.
    WriteError(E, Option<D>),
    /// Report an error to one completion.
    Done(D, Option<E>),
    /// Tell everybody who waits that the stream is gone.
    ErrorBuffer,
    /// See once more whether all is written.
    FinishIfNeeded,
    /// All is written.
    Finish,
    /// Emit the error, then the close.
    EmitErrorClose(E),
    /// Emit the error.
    EmitError(E),
    /// Emit the close.
    EmitClose,
    /// Call the program's `construct`.
    Construct,
    /// `construct` is done.
    Constructed(Option<E>),
}

/// The two sides of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What can be read.
    Readable,
    /// What can be written.
    Writable,
}

/// Something worth recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The buffer's level has changed.
    Level {
        /// Which buffer.
        side: Side,
        /// What it holds now, in bytes or objects.
        length: usize,
        /// Where it begins to push back.
        mark: usize,
    },
    /// A writer was told to wait.
    Full,
    /// Writers were told to go on.
    Drained,
}

/// The tick type of a host.
pub type TickOf<H> = Tick<<H as Host>::Error, <H as Host>::Done>;

/// A stream as the machine sees it: its state, and what a program can attach to it.
///
/// Methods named `call_…` run the program's functions and may come back into the machine; no state is borrowed then.
/// `Abort` is an exception that such a function threw: it passes through the machine to whoever called it.
pub trait Host: Sized {
    /// The types of the state.
    type Store: Store;
    /// A chunk in hand.
    type Chunk;
    /// An error in hand.
    type Error: Clone;
    /// A completion in hand.
    type Done: Clone;
    /// An exception on its way out.
    type Abort;

    /// Uses the readable state. Only called where [`has_readable`](Self::has_readable).
    fn r<R>(&mut self, f: impl FnOnce(&mut ReadableState<Self::Store>) -> R) -> R;
    /// Uses the writable state. Only called where [`has_writable`](Self::has_writable).
    fn w<R>(&mut self, f: impl FnOnce(&mut WritableState<Self::Store>) -> R) -> R;
    /// Whether there is a readable side.
    fn has_readable(&self) -> bool;
    /// Whether there is a writable side.
    fn has_writable(&self) -> bool;

    /// A chunk for the buffer.
    fn hold_chunk(&mut self, c: Self::Chunk) -> <Self::Store as Store>::Chunk;
    /// A chunk from the buffer.
    fn open_chunk(&mut self, c: <Self::Store as Store>::Chunk) -> Self::Chunk;
    /// An error for the state.
    fn hold_error(&mut self, e: Self::Error) -> <Self::Store as Store>::Error;
    /// The error of a failed side, if it is one.
    fn error_of(&mut self, side: Side) -> Option<Self::Error>;
    /// A completion for the state.
    fn hold_done(&mut self, d: Self::Done) -> <Self::Store as Store>::Done;
    /// A completion from the state.
    fn open_done(&mut self, d: <Self::Store as Store>::Done) -> Self::Done;

    /// The first `at` bytes of a chunk and the rest. Not used in object mode.
    fn split(&mut self, c: Self::Chunk, at: usize) -> Result<(Self::Chunk, Self::Chunk), Self::Abort>;
    /// Chunks as one, of `total` bytes. Not used in object mode.
    fn concat(&mut self, list: Vec<Self::Chunk>, total: usize) -> Result<Self::Chunk, Self::Abort>;
    /// Decodes a chunk as far as its characters are complete. Only called with [`crate::flags::r::DECODER`].
    fn decode(&mut self, c: Self::Chunk) -> Result<(Self::Chunk, usize), Self::Abort>;
    /// What the decoder still holds when the source ends.
    fn decode_end(&mut self) -> Result<Option<(Self::Chunk, usize)>, Self::Abort>;

    /// Emits an event.
    fn emit(&mut self, event: Event<Self::Error>) -> Result<(), Self::Abort>;
    /// Hands a chunk to the listeners of `'data'`. Gives it back if it is still there for whoever called `read`.
    fn emit_data(&mut self, c: Self::Chunk) -> Result<Option<Self::Chunk>, Self::Abort>;
    /// How many listen to `'readable'`.
    fn readable_listeners(&mut self) -> Result<usize, Self::Abort>;
    /// Does this in the next tick.
    fn later(&mut self, tick: TickOf<Self>);
    /// An error for a misuse.
    fn failure(&mut self, f: Failure) -> Self::Error;
    /// Two errors as one.
    fn join_errors(&mut self, inner: Option<Self::Error>, outer: Option<Self::Error>) -> Option<Self::Error>;
    /// Records something. Does nothing unless the host wants to know.
    #[inline]
    fn note(&mut self, _: Note) {}
    /// Whether levels are recorded.
    #[inline]
    fn notes(&self) -> bool {
        false
    }

    /// Asks the source for chunks. The error is what it threw.
    fn call_read(&mut self, mark: usize) -> Result<Option<Self::Error>, Self::Abort>;
    /// Reads through the stream's own `read`, which a program may have replaced: `read(0)`, or one chunk. Whether it gave one.
    fn call_own_read(&mut self, zero: bool) -> Result<bool, Self::Abort>;
    /// The stream's own `resume`.
    fn call_own_resume(&mut self) -> Result<(), Self::Abort>;
    /// The stream's own `destroy`.
    fn call_own_destroy(&mut self, e: Option<Self::Error>) -> Result<(), Self::Abort>;
    /// The stream's own `end`, if it can still be written.
    fn call_own_end(&mut self) -> Result<(), Self::Abort>;
    /// Whether the writable half ends with the readable one.
    fn ends_together(&mut self) -> Result<bool, Self::Abort>;

    /// Gives the sink a chunk. Ends in [`crate::writable::on_write`].
    fn call_write(&mut self, c: Self::Chunk, tag: <Self::Store as Store>::Tag) -> Result<(), Self::Abort>;
    /// Gives the sink several chunks at once; the flag: all are bytes.
    fn call_writev(
        &mut self,
        list: Vec<crate::writable::Pending<Self::Store>>,
        all_bytes: bool,
    ) -> Result<(), Self::Abort>;
    /// Whether the sink takes several at once.
    fn has_writev(&mut self) -> Result<bool, Self::Abort>;
    /// The completion of all of these, in order.
    fn join_done(&mut self, list: &[crate::writable::Pending<Self::Store>]) -> Self::Done;
    /// Whether the sink has last words.
    fn has_final(&mut self) -> Result<bool, Self::Abort>;
    /// Asks for the last words. Ends in [`crate::writable::on_final`]. The error is what it threw.
    fn call_final(&mut self) -> Result<Option<Self::Error>, Self::Abort>;
    /// Tells a completion.
    fn call_done(&mut self, d: Self::Done, e: Option<Self::Error>) -> Result<(), Self::Abort>;
    /// Releases the resource. Ends in [`crate::destroy::on_destroyed`]. The error is what it threw.
    fn call_destroy(&mut self, e: Option<Self::Error>, done: Option<Self::Done>) -> Result<(), Self::Abort>;
    /// Keeps what `destroy` was called with until the construction is over.
    fn defer_destroy(&mut self, e: Option<Self::Error>, done: Option<Self::Done>);
    /// Gives that back, if there is any.
    #[expect(clippy::type_complexity, reason = "two optional arguments of destroy")]
    fn deferred_destroy(&mut self) -> Option<(Option<Self::Error>, Option<Self::Done>)>;
    /// Begins the program's asynchronous construction. Ends in [`Tick::Constructed`]. The error is what it threw.
    fn call_construct(&mut self) -> Result<Option<Self::Error>, Self::Abort>;
}
