//! The bits of a stream's state, under the names that Node's documentation and programs use for them.

/// Counts objects instead of bytes.
pub const OBJECT_MODE: u32 = 1;
/// `'error'` has been emitted; it is never emitted twice.
pub const ERROR_EMITTED: u32 = 1 << 1;
/// Destroy the stream by itself when it has ended, finished or failed.
pub const AUTO_DESTROY: u32 = 1 << 2;
/// Emit `'close'` when it is destroyed.
pub const EMIT_CLOSE: u32 = 1 << 3;
/// `destroy` has been called.
pub const DESTROYED: u32 = 1 << 4;
/// The resource behind it is gone.
pub const CLOSED: u32 = 1 << 5;
/// `'close'` has been emitted, or would have been.
pub const CLOSE_EMITTED: u32 = 1 << 6;
/// It failed; the error is kept beside the bits.
pub const ERRORED: u32 = 1 << 7;
/// Ready for use: no asynchronous construction is under way.
pub const CONSTRUCTED: u32 = 1 << 8;

/// Bits of the readable side.
pub mod r {
    /// No chunk will be pushed any more.
    pub const ENDED: u32 = 1 << 9;
    /// `'end'` has been emitted.
    pub const END_EMITTED: u32 = 1 << 10;
    /// The source was asked and has not answered.
    pub const READING: u32 = 1 << 11;
    /// The source is being asked right now: what it pushes must not be handed on within the same call.
    pub const SYNC: u32 = 1 << 12;
    /// A reader found nothing and waits for `'readable'`.
    pub const NEED_READABLE: u32 = 1 << 13;
    /// `'readable'` is on its way.
    pub const EMITTED_READABLE: u32 = 1 << 14;
    /// Somebody listens to `'readable'`, which rules out flowing.
    pub const READABLE_LISTENING: u32 = 1 << 15;
    /// The flow starts in the next tick.
    pub const RESUME_SCHEDULED: u32 = 1 << 16;
    /// Several destinations are piped to, each may make us wait.
    pub const MULTI_AWAIT_DRAIN: u32 = 1 << 17;
    /// The source will be asked again in the next tick.
    pub const READING_MORE: u32 = 1 << 18;
    /// A chunk has been handed to a reader.
    pub const DATA_EMITTED: u32 = 1 << 19;
    /// Chunks are decoded to text.
    pub const DECODER: u32 = 1 << 20;
    /// Flowing has been decided, one way or the other.
    pub const HAS_FLOWING: u32 = 1 << 21;
    /// Chunks are handed out as they come.
    pub const FLOWING: u32 = 1 << 22;
    /// `pause` or `resume` has been called.
    pub const HAS_PAUSED: u32 = 1 << 23;
    /// `pause` was the last of the two.
    pub const PAUSED: u32 = 1 << 24;
    /// Somebody listens to `'data'`.
    pub const DATA_LISTENING: u32 = 1 << 25;
    /// `'end'` is on its way.
    pub const END_SCHEDULED: u32 = 1 << 26;
    /// The readable side of a Duplex was switched off.
    pub const DISABLED: u32 = 1 << 27;
    /// `readable` was set by the program.
    pub const HAS_READABLE: u32 = 1 << 28;
}

/// Bits of the writable side.
pub mod w {
    /// The sink is being called right now.
    pub const SYNC: u32 = 1 << 9;
    /// The last words (`final`) have been asked for.
    pub const FINAL_CALLED: u32 = 1 << 10;
    /// A writer was told to wait for `'drain'`.
    pub const NEED_DRAIN: u32 = 1 << 11;
    /// `end` has been called.
    pub const ENDING: u32 = 1 << 12;
    /// `'finish'` has been emitted.
    pub const FINISHED: u32 = 1 << 13;
    /// Text becomes bytes before the sink sees it.
    pub const DECODE_STRINGS: u32 = 1 << 14;
    /// The sink has a chunk and has not answered.
    pub const WRITING: u32 = 1 << 15;
    /// What was buffered is being passed on.
    pub const BUFFER_PROCESSING: u32 = 1 << 16;
    /// `'prefinish'` has been emitted.
    pub const PREFINISHED: u32 = 1 << 17;
    /// All that is buffered is bytes.
    pub const ALL_BUFFERS: u32 = 1 << 18;
    /// Nobody waits for the completion of anything buffered.
    pub const ALL_NOOP: u32 = 1 << 19;
    /// `writable` was set by the program.
    pub const HAS_WRITABLE: u32 = 1 << 20;
    /// The writable side of a Duplex was switched off.
    pub const DISABLED: u32 = 1 << 21;
    /// Writes are held back by `cork`.
    pub const CORKED: u32 = 1 << 22;
    /// The sink owes an answer: a second one is an error.
    pub const EXPECT_WRITE_CB: u32 = 1 << 23;
    /// A tick that tells of finished writes is on its way.
    pub const AFTER_WRITE_PENDING: u32 = 1 << 24;
    /// Something is buffered.
    pub const BUFFERED: u32 = 1 << 25;
    /// `end` has returned.
    pub const ENDED: u32 = 1 << 26;
}
