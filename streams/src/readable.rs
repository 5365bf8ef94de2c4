//! The readable side: a buffer between a source that is asked and a reader that pulls, or lets it flow.

use crate::destroy::error_or_destroy;
use crate::flags::r::*;
use crate::flags::*;
use crate::host::{Event, Failure, Host, Note, Side, Store, Tick};
use std::collections::VecDeque;

/// Where a buffer of bytes begins to push back, unless set otherwise.
pub const DEFAULT_MARK: usize = 64 * 1024;
/// Where a buffer of objects begins to push back, unless set otherwise.
pub const DEFAULT_OBJECT_MARK: usize = 16;
/// The watermark grows with the size that `read` is asked for, up to this many bytes.
pub const MAX_MARK: usize = 1 << 30;

/// The state of a readable side.
pub struct ReadableState<S: Store> {
    /// See [`crate::flags`].
    pub flags: u32,
    /// The source is asked while the buffer holds less than this (bytes, or objects).
    pub high_water_mark: usize,
    /// What the buffer holds.
    pub length: usize,
    /// Chunks and their lengths.
    pub buffer: VecDeque<(S::Chunk, usize)>,
    /// Why it failed.
    pub errored: Option<S::Error>,
    /// Destinations of `pipe`.
    pub pipes: Vec<S::Dest>,
    /// Those of them that must drain before the flow goes on.
    pub awaiting: Vec<S::Dest>,
}

impl<S: Store> ReadableState<S> {
    /// The state of a fresh stream.
    pub fn new(object_mode: bool, high_water_mark: usize) -> Self {
        let mode = if object_mode { OBJECT_MODE } else { 0 };
        ReadableState {
            flags: mode | EMIT_CLOSE | AUTO_DESTROY | CONSTRUCTED | SYNC,
            high_water_mark,
            length: 0,
            buffer: VecDeque::new(),
            errored: None,
            pipes: Vec::new(),
            awaiting: Vec::new(),
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

    /// Whether the stream flows; `None`: nobody has decided.
    pub fn flowing(&self) -> Option<bool> {
        self.has(HAS_FLOWING).then(|| self.has(FLOWING))
    }

    /// Whether the source may push more: below the watermark, or nothing there at all.
    #[inline]
    pub fn can_push_more(&self) -> bool {
        self.flags & ENDED == 0 && (self.length < self.high_water_mark || self.length == 0)
    }

    /// How much a reader that asks for `ask` (everything, if `None`) gets now.
    fn how_much(&self, ask: Option<i64>) -> usize {
        if ask.is_some_and(|n| n <= 0) || self.length == 0 && self.has(ENDED) {
            return 0;
        }
        if self.has(OBJECT_MODE) {
            return 1;
        }
        let Some(n) = ask else {
            // One chunk at a time while it flows.
            return match self.buffer.front() {
                Some((_, len)) if self.has(FLOWING) => *len,
                _ => self.length,
            };
        };
        let n = n as usize;
        if n <= self.length {
            n
        } else if self.has(ENDED) {
            self.length
        } else {
            0
        }
    }
}

/// What `read` found.
#[derive(Debug)]
pub enum Took<C> {
    /// Nothing.
    Nothing,
    /// This.
    Chunk(C),
    /// Something, which the listeners of `'data'` kept.
    Handed,
}

impl<C> Took<C> {
    /// Whether there was something.
    pub fn is_some(&self) -> bool {
        !matches!(self, Took::Nothing)
    }
}

// ---- the source's end ----

/// The source gives a chunk of `len` bytes (in object mode the length doesn't matter). Whether it may give more.
///
/// `text`: the chunk is decoded already.
pub fn push<H: Host>(h: &mut H, chunk: H::Chunk, len: usize, text: bool) -> Result<bool, H::Abort> {
    let flags = h.r(|r| r.flags);
    if len == 0 && flags & OBJECT_MODE == 0 {
        h.r(|r| r.flags &= !READING);
        maybe_read_more(h);
        return Ok(h.r(|r| r.can_push_more()));
    }
    if flags & ENDED != 0 {
        let e = h.failure(Failure::PushAfterEof);
        error_or_destroy(h, e, false)?;
        return Ok(false);
    }
    if flags & (DESTROYED | ERRORED) != 0 {
        return Ok(false);
    }
    h.r(|r| r.flags &= !READING);
    let (mut chunk, mut len) = (chunk, len);
    if flags & DECODER != 0 && !text {
        (chunk, len) = h.decode(chunk)?;
        if len == 0 && flags & OBJECT_MODE == 0 {
            maybe_read_more(h);
            return Ok(h.r(|r| r.can_push_more()));
        }
    }
    add_chunk(h, chunk, len, false)?;
    Ok(h.r(|r| r.can_push_more()))
}

/// Puts a chunk back to the front. Whether the source may give more.
pub fn unshift<H: Host>(h: &mut H, chunk: H::Chunk, len: usize) -> Result<bool, H::Abort> {
    let flags = h.r(|r| r.flags);
    if len == 0 && flags & OBJECT_MODE == 0 {
        return Ok(h.r(|r| r.can_push_more()));
    }
    if flags & END_EMITTED != 0 {
        let e = h.failure(Failure::UnshiftAfterEndEvent);
        error_or_destroy(h, e, false)?;
    } else if flags & (DESTROYED | ERRORED) != 0 {
        return Ok(false);
    } else {
        add_chunk(h, chunk, len, true)?;
    }
    Ok(h.r(|r| r.can_push_more()))
}

/// The source has no more.
pub fn push_end<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    let flags = h.r(|r| {
        r.flags &= !READING;
        r.flags
    });
    if flags & ENDED != 0 {
        return Ok(());
    }
    if flags & DECODER != 0
        && let Some((chunk, len)) = h.decode_end()?
    {
        let held = h.hold_chunk(chunk);
        h.r(|r| {
            let len = if r.has(OBJECT_MODE) { 1 } else { len };
            r.buffer.push_back((held, len));
            r.length += len;
        });
    }
    let sync = h.r(|r| {
        r.flags |= ENDED;
        if !r.has(SYNC) {
            r.flags = r.flags & !NEED_READABLE | EMITTED_READABLE;
        }
        r.has(SYNC)
    });
    if sync {
        // Within the source's call: data must not go out in the middle of a read.
        emit_readable(h);
        Ok(())
    } else {
        emit_readable_now(h)
    }
}

fn add_chunk<H: Host>(h: &mut H, chunk: H::Chunk, len: usize, front: bool) -> Result<(), H::Abort> {
    let direct = h.r(|r| {
        let direct = r.flags & (FLOWING | SYNC | DATA_LISTENING) == FLOWING | DATA_LISTENING && r.length == 0;
        if direct {
            r.awaiting.clear();
            r.flags |= DATA_EMITTED;
        }
        direct
    });
    if direct {
        h.emit_data(chunk)?;
    } else {
        let held = h.hold_chunk(chunk);
        let needed = h.r(|r| {
            let len = if r.has(OBJECT_MODE) { 1 } else { len };
            r.length += len;
            if front {
                r.buffer.push_front((held, len))
            } else {
                r.buffer.push_back((held, len))
            }
            r.has(NEED_READABLE)
        });
        note_level(h);
        if needed {
            emit_readable(h);
        }
    }
    maybe_read_more(h);
    Ok(())
}

fn note_level<H: Host>(h: &mut H) {
    if h.notes() {
        let (length, mark) = h.r(|r| (r.length, r.high_water_mark));
        h.note(Note::Level { side: Side::Readable, length, mark });
    }
}

/// Says `'readable'` in the next tick, once.
pub(crate) fn emit_readable<H: Host>(h: &mut H) {
    let go = h.r(|r| {
        r.flags &= !NEED_READABLE;
        let go = !r.has(EMITTED_READABLE);
        r.flags |= EMITTED_READABLE;
        go
    });
    if go {
        h.later(Tick::EmitReadable);
    }
}

pub(crate) fn emit_readable_now<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    let go = h.r(|r| r.flags & (DESTROYED | ERRORED) == 0 && (r.length > 0 || r.has(ENDED)));
    if go {
        h.emit(Event::Readable)?;
        h.r(|r| r.flags &= !EMITTED_READABLE);
    }
    h.r(|r| {
        if r.flags & (FLOWING | ENDED) == 0 && r.length <= r.high_water_mark {
            r.flags |= NEED_READABLE;
        }
    });
    flow(h)
}

/// Has the source asked again in the next tick, unless it has been asked and owes an answer.
pub(crate) fn maybe_read_more<H: Host>(h: &mut H) {
    let go = h.r(|r| {
        let go = r.flags & (READING_MORE | READING | CONSTRUCTED) == CONSTRUCTED;
        if go {
            r.flags |= READING_MORE;
        }
        go
    });
    if go {
        h.later(Tick::ReadMore);
    }
}

pub(crate) fn read_more_now<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    loop {
        let before = h.r(|r| {
            let wants = r.flags & (READING | ENDED) == 0
                && (r.length < r.high_water_mark || r.has(FLOWING) && r.length == 0);
            wants.then_some(r.length)
        });
        let Some(before) = before else { break };
        h.call_own_read(true)?;
        // A source that gave nothing at once will push later.
        if h.r(|r| r.length) == before {
            break;
        }
    }
    h.r(|r| r.flags &= !READING_MORE);
    Ok(())
}

// ---- the reader's end ----

enum First {
    Readable,
    End,
    Nothing,
    Ask(usize),
    Take,
}

/// Takes `ask` bytes (an object, in object mode; everything, if `None`), asking the source for more where that is due.
pub fn read<H: Host>(h: &mut H, ask: Option<i64>) -> Result<Took<H::Chunk>, H::Abort> {
    let (mut n, first) = h.r(|r| before_read(r, ask));
    match first {
        First::Readable => {
            emit_readable(h);
            return Ok(Took::Nothing);
        }
        First::End => {
            end_readable(h);
            return Ok(Took::Nothing);
        }
        First::Nothing => return Ok(Took::Nothing),
        First::Take => {}
        First::Ask(mark) => {
            if let Some(e) = h.call_read(mark)? {
                error_or_destroy(h, e, false)?;
            }
            n = h.r(|r| {
                r.flags &= !SYNC;
                // If it pushed at once there is more to have than there was before.
                if r.has(READING) { n } else { r.how_much(ask) }
            });
        }
    }
    let chunk = if n > 0 { take(h, n)? } else { None };
    let ends = h.r(|r| after_read(r, ask, n, chunk.is_some()));
    if ends {
        end_readable(h);
    }
    let Some(chunk) = chunk else { return Ok(Took::Nothing) };
    note_level(h);
    if h.r(|r| r.flags & (ERROR_EMITTED | CLOSE_EMITTED) != 0) {
        return Ok(Took::Chunk(chunk));
    }
    h.r(|r| r.flags |= DATA_EMITTED);
    Ok(h.emit_data(chunk)?.map_or(Took::Handed, Took::Chunk))
}

fn before_read<S: Store>(r: &mut ReadableState<S>, ask: Option<i64>) -> (usize, First) {
    if let Some(n) = ask
        && n > r.high_water_mark as i64
    {
        r.high_water_mark = (n as usize).min(MAX_MARK).next_power_of_two();
    }
    if ask != Some(0) {
        r.flags &= !EMITTED_READABLE;
    }
    if ask == Some(0) && r.has(NEED_READABLE) {
        let enough = if r.high_water_mark != 0 { r.length >= r.high_water_mark } else { r.length > 0 };
        if enough || r.has(ENDED) {
            return (0, if r.length == 0 && r.has(ENDED) { First::End } else { First::Readable });
        }
    }
    let n = r.how_much(ask);
    if n == 0 && r.has(ENDED) {
        return (0, if r.length == 0 { First::End } else { First::Nothing });
    }
    let wants = r.has(NEED_READABLE) || r.length == 0 || r.length.saturating_sub(n) < r.high_water_mark;
    if !wants || r.flags & (READING | ENDED | DESTROYED | ERRORED | CONSTRUCTED) != CONSTRUCTED {
        return (n, First::Take);
    }
    r.flags |= READING | SYNC;
    if r.length == 0 {
        r.flags |= NEED_READABLE;
    }
    (n, First::Ask(r.high_water_mark))
}

/// Whether the end has been reached.
fn after_read<S: Store>(r: &mut ReadableState<S>, ask: Option<i64>, n: usize, got: bool) -> bool {
    let mut n = n;
    if got {
        r.length -= n;
        r.awaiting.clear();
    } else {
        if r.length <= r.high_water_mark {
            r.flags |= NEED_READABLE;
        }
        n = 0;
    }
    if r.length != 0 {
        return false;
    }
    if !r.has(ENDED) {
        r.flags |= NEED_READABLE;
    }
    // A reader that got exactly what it asked for has not run into the end yet.
    r.has(ENDED) && ask != Some(n as i64)
}

/// Takes `n` bytes (or an object) out of the buffer, without touching `length`.
fn take<H: Host>(h: &mut H, n: usize) -> Result<Option<H::Chunk>, H::Abort> {
    enum Plan<C> {
        One(C),
        /// Chunks, and how much of the last one stays behind, of how much.
        Many(Vec<C>, usize, usize),
    }
    let plan = h.r(|r| {
        let (first, len) = r.buffer.pop_front()?;
        if r.has(OBJECT_MODE) || len == n {
            return Some(Plan::One(first));
        }
        let (mut list, mut total, mut last) = (vec![first], len, len);
        while total < n {
            let Some((c, len)) = r.buffer.pop_front() else { break };
            list.push(c);
            total += len;
            last = len;
        }
        Some(Plan::Many(list, total.saturating_sub(n), last))
    });
    let (list, over, last) = match plan {
        None => return Ok(None),
        Some(Plan::One(c)) => return Ok(Some(h.open_chunk(c))),
        Some(Plan::Many(list, over, last)) => (list, over, last),
    };
    let mut list: Vec<H::Chunk> = list.into_iter().map(|c| h.open_chunk(c)).collect();
    if over > 0
        && let Some(c) = list.pop()
    {
        let (head, tail) = h.split(c, last - over)?;
        let tail = h.hold_chunk(tail);
        h.r(|r| r.buffer.push_front((tail, over)));
        list.push(head);
    }
    if list.len() == 1 { Ok(list.pop()) } else { h.concat(list, n).map(Some) }
}

/// Replaces what is buffered (by the same, decoded).
pub fn refill<H: Host>(h: &mut H, chunk: Option<(H::Chunk, usize)>) {
    let held = chunk.map(|(c, len)| (h.hold_chunk(c), len));
    h.r(|r| {
        r.buffer.clear();
        r.length = held.as_ref().map_or(0, |(_, len)| *len);
        r.buffer.extend(held);
    });
}

/// Hands out what there is, as long as it flows.
pub(crate) fn flow<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    while h.r(|r| r.has(FLOWING)) && h.call_own_read(false)? {}
    Ok(())
}

/// Lets it flow, unless somebody listens to `'readable'`.
pub fn resume<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    let go = h.r(|r| {
        let mut go = false;
        if !r.has(FLOWING) {
            let quiet = !r.has(READABLE_LISTENING);
            r.flags |= HAS_FLOWING;
            r.set(FLOWING, quiet);
            go = !r.has(RESUME_SCHEDULED);
            r.flags |= RESUME_SCHEDULED;
        }
        r.flags = (r.flags | HAS_PAUSED) & !PAUSED;
        go
    });
    if go {
        h.later(Tick::Resume);
    }
    Ok(())
}

pub(crate) fn resume_now<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    if h.r(|r| !r.has(READING)) {
        h.call_own_read(true)?;
    }
    h.r(|r| r.flags &= !RESUME_SCHEDULED);
    h.emit(Event::Resume)?;
    flow(h)?;
    if h.r(|r| r.flags & (FLOWING | READING) == FLOWING) {
        h.call_own_read(true)?;
    }
    Ok(())
}

/// Stops the flow.
pub fn pause<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    let tell = h.r(|r| {
        let tell = r.flags & (HAS_FLOWING | FLOWING) != HAS_FLOWING;
        if tell {
            r.flags = (r.flags | HAS_FLOWING) & !FLOWING;
        }
        tell
    });
    if tell {
        h.emit(Event::Pause)?;
    }
    h.r(|r| r.flags |= HAS_PAUSED | PAUSED);
    Ok(())
}

/// Whether the flow has been stopped.
pub fn is_paused<S: Store>(r: &ReadableState<S>) -> bool {
    r.has(PAUSED) || r.flags & (HAS_FLOWING | FLOWING) == HAS_FLOWING
}

// ---- listeners ----

/// A listener of `'data'` has come: it flows from now on, unless it was stopped on purpose.
pub fn data_listener_added<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    let listeners = h.readable_listeners()?;
    let go = h.r(|r| {
        r.flags |= DATA_LISTENING;
        if listeners > 0 {
            r.flags |= READABLE_LISTENING;
        }
        r.flags & (HAS_FLOWING | FLOWING) != HAS_FLOWING
    });
    if go { h.call_own_resume() } else { Ok(()) }
}

/// The last listener of `'data'` has gone.
pub fn data_listeners_gone<H: Host>(h: &mut H) {
    h.r(|r| r.flags &= !DATA_LISTENING);
}

/// A listener of `'readable'` has come: no flowing any more.
pub fn readable_listener_added<H: Host>(h: &mut H) {
    enum Do {
        Nothing,
        Emit,
        Ask,
    }
    let what = h.r(|r| {
        if r.flags & (END_EMITTED | READABLE_LISTENING) != 0 {
            return Do::Nothing;
        }
        r.flags =
            (r.flags | READABLE_LISTENING | NEED_READABLE | HAS_FLOWING) & !(FLOWING | EMITTED_READABLE);
        if r.length > 0 {
            Do::Emit
        } else if r.has(READING) {
            Do::Nothing
        } else {
            Do::Ask
        }
    });
    match what {
        Do::Nothing => {}
        Do::Emit => emit_readable(h),
        Do::Ask => h.later(Tick::ReadZero),
    }
}

/// A listener of `'readable'` has gone. Decided in the next tick, so that one that comes back at once changes nothing.
pub fn readable_listener_removed<H: Host>(h: &mut H) {
    h.later(Tick::UpdateReadableListening);
}

pub(crate) fn update_readable_listening<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    let listeners = h.readable_listeners()?;
    let go = h.r(|r| {
        r.set(READABLE_LISTENING, listeners > 0);
        if r.flags & (HAS_PAUSED | PAUSED | RESUME_SCHEDULED) == HAS_PAUSED | RESUME_SCHEDULED {
            // The resume that is on its way is to flow.
            r.flags |= HAS_FLOWING | FLOWING;
            false
        } else if r.has(DATA_LISTENING) {
            true
        } else {
            if !r.has(READABLE_LISTENING) {
                r.flags &= !(HAS_FLOWING | FLOWING);
            }
            false
        }
    });
    if go { h.call_own_resume() } else { Ok(()) }
}

// ---- the end ----

fn end_readable<H: Host>(h: &mut H) {
    let go = h.r(|r| {
        let go = r.flags & (END_EMITTED | END_SCHEDULED) == 0;
        if go {
            r.flags |= ENDED | END_SCHEDULED;
        }
        go
    });
    if go {
        h.later(Tick::End);
    }
}

pub(crate) fn end_now<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    let go = h.r(|r| {
        r.flags &= !END_SCHEDULED;
        // A chunk may have been put back meanwhile.
        let go = r.flags & (ERRORED | CLOSE_EMITTED | END_EMITTED) == 0 && r.length == 0;
        if go {
            r.flags |= END_EMITTED;
        }
        go
    });
    if !go {
        return Ok(());
    }
    h.emit(Event::End)?;
    if h.ends_together()? {
        h.later(Tick::EndWritable);
        return Ok(());
    }
    let auto = h.r(|r| r.has(AUTO_DESTROY));
    if auto && (!h.has_writable() || h.w(|w| w.lets_go())) {
        h.call_own_destroy(None)?;
    }
    Ok(())
}
