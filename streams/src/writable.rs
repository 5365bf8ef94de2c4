//! The writable side: a queue in front of a sink that takes one chunk (or one batch) at a time.

use crate::destroy::{error_or_destroy, keep_readable_error};
use crate::flags::w::*;
use crate::flags::*;
use crate::host::{Event, Failure, Host, Note, Side, Store, Tick};
use std::collections::VecDeque;

/// A chunk that waits for the sink.
pub struct Pending<S: Store> {
    /// The chunk.
    pub chunk: S::Chunk,
    /// What it counts: bytes, or one.
    pub len: usize,
    /// What came with it.
    pub tag: S::Tag,
    /// Who wants to know that it is written.
    pub done: Option<S::Done>,
}

/// The state of a writable side.
pub struct WritableState<S: Store> {
    /// See [`crate::flags`].
    pub flags: u32,
    /// Writers are told to wait when the buffer holds this much (bytes, or objects).
    pub high_water_mark: usize,
    /// What is written and not finished, the chunk that the sink has included.
    pub length: usize,
    /// How many `uncork`s are owed.
    pub corked: u32,
    /// What the sink's present chunk (or batch) counts.
    pub write_len: usize,
    /// The completion of what the sink has now.
    pub write_done: Option<S::Done>,
    /// Chunks that wait.
    pub buffer: VecDeque<Pending<S>>,
    /// Completions that have not been told; `'finish'` waits for them.
    pub pending: i64,
    /// The same completion, to be told this many times in the next tick.
    pub after: Option<(S::Done, usize)>,
    /// Who waits for `'finish'`.
    pub on_finished: Vec<S::Done>,
    /// Why it failed.
    pub errored: Option<S::Error>,
}

impl<S: Store> WritableState<S> {
    /// The state of a fresh stream.
    pub fn new(object_mode: bool, high_water_mark: usize) -> Self {
        let mode = if object_mode { OBJECT_MODE } else { 0 };
        WritableState {
            flags: mode
                | SYNC
                | CONSTRUCTED
                | EMIT_CLOSE
                | AUTO_DESTROY
                | DECODE_STRINGS
                | ALL_BUFFERS
                | ALL_NOOP,
            high_water_mark,
            length: 0,
            corked: 0,
            write_len: 0,
            write_done: None,
            buffer: VecDeque::new(),
            pending: 0,
            after: None,
            on_finished: Vec::new(),
            errored: None,
        }
    }

    /// Whether all of these bits are set.
    #[inline]
    pub fn has(&self, bits: u32) -> bool {
        self.flags & bits == bits
    }

    /// Sets or clears bits.
    #[inline]
    pub fn set(&mut self, bits: u32, on: bool) {
        if on { self.flags |= bits } else { self.flags &= !bits }
    }

    /// Whether a readable half that has ended may destroy the stream.
    pub fn lets_go(&self) -> bool {
        self.has(AUTO_DESTROY) && (self.has(FINISHED) || self.has(HAS_WRITABLE | DISABLED))
    }

    /// Whether a writer that was told to wait still has to.
    pub fn needs_drain(&self) -> bool {
        self.flags & (DESTROYED | ENDING | NEED_DRAIN) == NEED_DRAIN
    }

    fn needs_finish(&self) -> bool {
        const ALL: u32 = ENDING
            | DESTROYED
            | CONSTRUCTED
            | FINISHED
            | WRITING
            | ERROR_EMITTED
            | CLOSE_EMITTED
            | ERRORED
            | BUFFERED;
        self.flags & ALL == ENDING | CONSTRUCTED && self.length == 0
    }

    fn reset_buffer(&mut self) {
        self.buffer.clear();
        self.flags = (self.flags | ALL_BUFFERS | ALL_NOOP) & !BUFFERED;
    }
}

/// What became of a write.
#[derive(Debug)]
pub enum Written<E> {
    /// Taken; write on.
    More,
    /// Taken; wait for `'drain'`.
    Wait,
    /// Refused. The stream has been told already.
    Refused(E),
}

// ---- writing ----

/// Writes a chunk of `len` bytes (one, in object mode). `bytes`: it is bytes, not text or an object. `done` hears when the sink has it.
pub fn write<H: Host>(
    h: &mut H,
    chunk: H::Chunk,
    len: usize,
    tag: <H::Store as Store>::Tag,
    bytes: bool,
    done: Option<H::Done>,
) -> Result<Written<H::Error>, H::Abort> {
    let flags = h.w(|w| w.flags);
    let refused = if flags & ENDING != 0 {
        Some(Failure::WriteAfterEnd)
    } else if flags & DESTROYED != 0 {
        Some(Failure::Destroyed("write"))
    } else {
        None
    };
    if let Some(f) = refused {
        let e = h.failure(f);
        if let Some(d) = done {
            h.later(Tick::Done(d, Some(e.clone())));
        }
        error_or_destroy(h, e.clone(), true)?;
        return Ok(Written::Refused(e));
    }
    let len = if flags & OBJECT_MODE != 0 { 1 } else { len };
    let held_done = done.map(|d| h.hold_done(d));
    if flags & (WRITING | ERRORED | CORKED | CONSTRUCTED) == CONSTRUCTED {
        h.w(|w| {
            w.pending += 1;
            w.length += len;
            w.write_len = len;
            w.write_done = held_done;
            w.flags |= WRITING | SYNC | EXPECT_WRITE_CB;
        });
        h.call_write(chunk, tag)?;
        h.w(|w| w.flags &= !SYNC);
    } else {
        let chunk = h.hold_chunk(chunk);
        h.w(|w| {
            w.pending += 1;
            w.length += len;
            w.flags |= BUFFERED;
            if !bytes {
                w.flags &= !ALL_BUFFERS;
            }
            if held_done.is_some() {
                w.flags &= !ALL_NOOP;
            }
            w.buffer.push_back(Pending { chunk, len, tag, done: held_done });
        });
    }
    note_level(h);
    let (more, full) = h.w(|w| {
        let room = w.length < w.high_water_mark || w.length == 0;
        let newly = !room && !w.has(NEED_DRAIN);
        if !room {
            w.flags |= NEED_DRAIN;
        }
        // A destroyed stream must not keep a writer's loop going.
        (room && w.flags & (DESTROYED | ERRORED) == 0, newly)
    });
    if full && h.notes() {
        h.note(Note::Full);
    }
    Ok(if more { Written::More } else { Written::Wait })
}

fn note_level<H: Host>(h: &mut H) {
    if h.notes() {
        let (length, mark) = h.w(|w| (w.length, w.high_water_mark));
        h.note(Note::Level { side: Side::Writable, length, mark });
    }
}

/// Holds writes back until [`uncork`].
pub fn cork<H: Host>(h: &mut H) {
    h.w(|w| {
        w.flags |= CORKED;
        w.corked += 1;
    });
}

/// Passes on what was held back, once every `cork` is undone.
pub fn uncork<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    let go = h.w(|w| {
        if w.corked == 0 {
            return false;
        }
        w.corked -= 1;
        if w.corked == 0 {
            w.flags &= !CORKED;
        }
        !w.has(WRITING)
    });
    if go { clear_buffer(h) } else { Ok(()) }
}

/// The sink has taken its chunk, or failed.
pub fn on_write<H: Host>(h: &mut H, e: Option<H::Error>) -> Result<(), H::Abort> {
    if h.w(|w| !w.has(EXPECT_WRITE_CB)) {
        let e = h.failure(Failure::MultipleCallback);
        return error_or_destroy(h, e, false);
    }
    let (sync, done) = h.w(|w| {
        w.flags &= !(WRITING | EXPECT_WRITE_CB);
        w.length = w.length.saturating_sub(w.write_len);
        w.write_len = 0;
        (w.has(SYNC), w.write_done.take())
    });
    note_level(h);
    if let Some(e) = e {
        let done = done.map(|d| h.open_done(d));
        if h.w(|w| !w.has(ERRORED)) {
            let held = h.hold_error(e.clone());
            h.w(|w| {
                w.errored = Some(held);
                w.flags |= ERRORED;
            });
        }
        keep_readable_error(h, &e);
        if sync {
            h.later(Tick::WriteError(e, done));
            return Ok(());
        }
        return write_error(h, e, done);
    }
    if h.w(|w| w.has(BUFFERED)) {
        clear_buffer(h)?;
    }
    if !sync {
        return after_write(h, 1, done);
    }
    enum Do {
        Nothing,
        Tick,
        Ticks,
        Finish,
    }
    let what = h.w(|w| {
        // In object mode Node always makes the tick: there, an operator's precedence makes the object bit stand for "destroyed".
        let tick = w.has(NEED_DRAIN) && w.length == 0 || w.has(OBJECT_MODE);
        match done {
            None => {
                if !w.has(AFTER_WRITE_PENDING) && tick {
                    w.flags |= AFTER_WRITE_PENDING;
                    Do::Tick
                } else {
                    w.pending -= 1;
                    if w.has(ENDING) { Do::Finish } else { Do::Nothing }
                }
            }
            Some(d) => match &mut w.after {
                // The same completion as before: one tick for all of them.
                Some((known, n)) if *known == d => {
                    *n += 1;
                    Do::Nothing
                }
                _ => {
                    w.flags |= AFTER_WRITE_PENDING;
                    w.after = Some((d, 1));
                    Do::Ticks
                }
            },
        }
    });
    match what {
        Do::Nothing => Ok(()),
        Do::Tick => {
            h.later(Tick::AfterWrite);
            Ok(())
        }
        Do::Ticks => {
            h.later(Tick::AfterWrites);
            Ok(())
        }
        Do::Finish => finish_maybe(h, true),
    }
}

pub(crate) fn write_error<H: Host>(h: &mut H, e: H::Error, done: Option<H::Done>) -> Result<(), H::Abort> {
    h.w(|w| w.pending -= 1);
    if let Some(d) = done {
        h.call_done(d, Some(e.clone()))?;
    }
    // Who waits is told even where the stream is not destroyed by the error.
    error_buffer(h)?;
    error_or_destroy(h, e, false)
}

pub(crate) fn after_writes<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    match h.w(|w| w.after.take()) {
        Some((d, n)) => after_write(h, n, Some(d)),
        None => Ok(()),
    }
}

pub(crate) fn after_write<H: Host>(
    h: &mut H,
    count: usize,
    done: Option<<H::Store as Store>::Done>,
) -> Result<(), H::Abort> {
    let done = done.map(|d| h.open_done(d));
    let drained = h.w(|w| {
        w.flags &= !AFTER_WRITE_PENDING;
        let drained = w.flags & (ENDING | NEED_DRAIN | DESTROYED) == NEED_DRAIN && w.length == 0;
        if drained {
            w.flags &= !NEED_DRAIN;
        }
        drained
    });
    if drained {
        if h.notes() {
            h.note(Note::Drained);
        }
        h.emit(Event::Drain)?;
    }
    match done {
        None => h.w(|w| w.pending -= count as i64),
        Some(d) => {
            for _ in 0..count {
                h.w(|w| w.pending -= 1);
                h.call_done(d.clone(), None)?;
            }
        }
    }
    let flags = h.w(|w| w.flags);
    if flags & DESTROYED != 0 {
        error_buffer(h)?;
    }
    if flags & ENDING != 0 { finish_maybe(h, true) } else { Ok(()) }
}

/// Tells everybody who still waits that nothing will come of it.
pub(crate) fn error_buffer<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    if h.w(|w| w.has(WRITING)) {
        return Ok(());
    }
    while let Some(p) = h.w(|w| w.buffer.pop_front()) {
        h.w(|w| w.length = w.length.saturating_sub(p.len));
        if let Some(d) = p.done {
            let d = h.open_done(d);
            let e = own_error(h, "write");
            h.call_done(d, Some(e))?;
        }
    }
    let e = own_error(h, "end");
    call_finished(h, Some(e))?;
    h.w(WritableState::reset_buffer);
    Ok(())
}

fn own_error<H: Host>(h: &mut H, what: &'static str) -> H::Error {
    match h.error_of(Side::Writable) {
        Some(e) => e,
        None => h.failure(Failure::Destroyed(what)),
    }
}

/// Gives the sink what waits: everything at once if it can take that, else one after the other while it answers at once.
pub(crate) fn clear_buffer<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    const ALL: u32 = DESTROYED | BUFFER_PROCESSING | CORKED | BUFFERED | CONSTRUCTED;
    if h.w(|w| w.flags & ALL != BUFFERED | CONSTRUCTED || w.buffer.is_empty()) {
        return Ok(());
    }
    h.w(|w| w.flags |= BUFFER_PROCESSING);
    let many = h.w(|w| w.buffer.len() > 1);
    if many && h.has_writev()? {
        let (list, all_bytes, all_noop) = h.w(|w| {
            let list: Vec<_> = w.buffer.drain(..).collect();
            w.pending -= list.len() as i64 - 1;
            (list, w.has(ALL_BUFFERS), w.has(ALL_NOOP))
        });
        let done = if all_noop {
            None
        } else {
            let d = h.join_done(&list);
            Some(h.hold_done(d))
        };
        let refused = begin_write(h, None, done)?;
        if !refused {
            h.call_writev(list, all_bytes)?;
            h.w(|w| w.flags &= !SYNC);
        }
        h.w(WritableState::reset_buffer);
    } else {
        while let Some(p) = h.w(|w| if w.has(WRITING) { None } else { w.buffer.pop_front() }) {
            let refused = begin_write(h, Some(p.len), p.done)?;
            if !refused {
                let chunk = h.open_chunk(p.chunk);
                h.call_write(chunk, p.tag)?;
                h.w(|w| w.flags &= !SYNC);
            }
        }
        h.w(|w| {
            if w.buffer.is_empty() {
                w.reset_buffer();
            }
        });
    }
    h.w(|w| w.flags &= !BUFFER_PROCESSING);
    Ok(())
}

/// Marks the sink busy with `len` (everything, if `None`). True if the stream was destroyed meanwhile, which ends the write at once.
fn begin_write<H: Host>(
    h: &mut H,
    len: Option<usize>,
    done: Option<<H::Store as Store>::Done>,
) -> Result<bool, H::Abort> {
    let destroyed = h.w(|w| {
        w.write_len = len.unwrap_or(w.length);
        w.write_done = done;
        w.flags |= WRITING | SYNC | EXPECT_WRITE_CB;
        w.has(DESTROYED)
    });
    if destroyed {
        let e = h.failure(Failure::Destroyed("write"));
        on_write(h, Some(e))?;
        h.w(|w| w.flags &= !SYNC);
    }
    Ok(destroyed)
}

// ---- ending ----

/// No more will be written. `refused`: the last chunk was, with this error. `done` hears when all is written, or why not.
pub fn end<H: Host>(h: &mut H, refused: Option<H::Error>, done: Option<H::Done>) -> Result<(), H::Abort> {
    if h.w(|w| w.has(CORKED)) {
        h.w(|w| w.corked = 1);
        uncork(h)?;
    }
    let flags = h.w(|w| w.flags);
    let mut e = refused;
    if e.is_some() {
        // The write has told the stream.
    } else if flags & (ENDING | ERRORED) == 0 {
        h.w(|w| w.flags |= ENDING);
        finish_maybe(h, true)?;
        h.w(|w| w.flags |= ENDED);
    } else if flags & FINISHED != 0 {
        e = Some(h.failure(Failure::AlreadyFinished("end")));
    } else if flags & DESTROYED != 0 {
        e = Some(h.failure(Failure::Destroyed("end")));
    }
    let Some(d) = done else { return Ok(()) };
    if e.is_some() {
        h.later(Tick::Done(d, e));
    } else if h.w(|w| w.has(ERRORED)) {
        let e = h.error_of(Side::Writable);
        h.later(Tick::Done(d, e));
    } else if h.w(|w| w.has(FINISHED)) {
        h.later(Tick::Done(d, None));
    } else {
        let held = h.hold_done(d);
        h.w(|w| w.on_finished.push(held));
    }
    Ok(())
}

/// The last words are written, or could not be.
pub fn on_final<H: Host>(h: &mut H, e: Option<H::Error>) -> Result<(), H::Abort> {
    if h.w(|w| w.has(PREFINISHED)) {
        let e = e.unwrap_or_else(|| h.failure(Failure::MultipleCallback));
        return error_or_destroy(h, e, false);
    }
    h.w(|w| w.pending -= 1);
    if let Some(e) = e {
        call_finished(h, Some(e.clone()))?;
        let sync = h.w(|w| w.has(SYNC));
        return error_or_destroy(h, e, sync);
    }
    if h.w(|w| w.needs_finish()) {
        h.w(|w| w.flags |= PREFINISHED);
        h.emit(Event::Prefinish)?;
        h.w(|w| w.pending += 1);
        h.later(Tick::Finish);
    }
    Ok(())
}

fn prefinish<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    if h.w(|w| w.flags & (PREFINISHED | FINAL_CALLED) != 0) {
        return Ok(());
    }
    if h.w(|w| !w.has(DESTROYED)) && h.has_final()? {
        h.w(|w| {
            w.flags |= FINAL_CALLED | SYNC;
            w.pending += 1;
        });
        if let Some(e) = h.call_final()? {
            on_final(h, Some(e))?;
        }
        h.w(|w| w.flags &= !SYNC);
        Ok(())
    } else {
        h.w(|w| w.flags |= FINAL_CALLED | PREFINISHED);
        h.emit(Event::Prefinish)
    }
}

/// Finishes if all is written.
pub(crate) fn finish_maybe<H: Host>(h: &mut H, sync: bool) -> Result<(), H::Abort> {
    if !h.w(|w| w.needs_finish()) {
        return Ok(());
    }
    prefinish(h)?;
    if h.w(|w| w.pending) != 0 {
        return Ok(());
    }
    if sync {
        h.w(|w| w.pending += 1);
        h.later(Tick::FinishIfNeeded);
    } else if h.w(|w| w.needs_finish()) {
        h.w(|w| w.pending += 1);
        finish(h)?;
    }
    Ok(())
}

pub(crate) fn finish_if_needed<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    if h.w(|w| w.needs_finish()) {
        return finish(h);
    }
    h.w(|w| w.pending -= 1);
    Ok(())
}

pub(crate) fn finish<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    h.w(|w| {
        w.pending -= 1;
        w.flags |= FINISHED;
    });
    call_finished(h, None)?;
    h.emit(Event::Finish)?;
    if !h.w(|w| w.has(AUTO_DESTROY)) {
        return Ok(());
    }
    let lets_go = !h.has_readable()
        || h.r(|r| {
            use crate::flags::r;
            r.has(AUTO_DESTROY) && (r.has(r::END_EMITTED) || r.has(r::HAS_READABLE | r::DISABLED))
        });
    if lets_go { h.call_own_destroy(None) } else { Ok(()) }
}

fn call_finished<H: Host>(h: &mut H, e: Option<H::Error>) -> Result<(), H::Abort> {
    for d in h.w(|w| std::mem::take(&mut w.on_finished)) {
        let d = h.open_done(d);
        h.call_done(d, e.clone())?;
    }
    Ok(())
}

pub(crate) fn on_constructed<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    if h.w(|w| !w.has(WRITING)) {
        clear_buffer(h)?;
    }
    if h.w(|w| w.has(ENDING)) { finish_maybe(h, false) } else { Ok(()) }
}
