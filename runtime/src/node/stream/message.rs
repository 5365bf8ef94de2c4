//! What HTTP messages and their sockets need of the streams they are, without going through a stream's methods: states made after a model,
//! and the ends of streams that nobody watches.

use super::host::JsHost;
use super::state::{RData, WData};
use crate::rt::Rt;
use looplab_engine::{Class, Local, Scope, Thrown};
use looplab_streams::flags::{self, r, w};
use looplab_streams::{ReadableState, Store, readable};

/// Bits that say that somebody has done something with a readable stream.
const TOUCHED: u32 = flags::ERRORED
    | flags::DESTROYED
    | r::ENDED
    | r::END_SCHEDULED
    | r::READABLE_LISTENING
    | r::RESUME_SCHEDULED
    | r::DATA_LISTENING
    | r::DECODER
    | r::DISABLED
    | r::FLOWING;

/// A fresh readable state like this one, whose watermark is that of the readable side of `socket`.
pub(crate) fn state_like<'s>(s: &mut Scope<'s>, model: Local<'s>, mark: usize) -> Option<Local<'s>> {
    let of = s.host_data::<RData>(model)?;
    let mut st = ReadableState::new(false, mark);
    st.flags = of.st.flags;
    let data = RData {
        st,
        decoder: of.decoder,
        encoding: of.encoding,
        default_encoding: of.default_encoding,
        deferred: None,
        number: 0,
    };
    // The prototype of an ordinary object is read without running code.
    let proto = match s.get_prototype_of(model) {
        Ok(p) => p,
        Err(t) => {
            s.caught(t);
            return None;
        }
    };
    let o = s.new_object_of(Class::Host, proto);
    s.set_host_data(o, Box::new(data));
    Some(o)
}

/// The watermarks of a Duplex: how much its readable side reads ahead, and how much its writable side takes before writers should wait.
pub(crate) fn marks(s: &Scope<'_>, readable: Local<'_>, writable: Local<'_>) -> Option<(usize, usize)> {
    let r = s.host_data::<RData>(readable)?.st.high_water_mark;
    Some((r, s.host_data::<WData>(writable)?.st.high_water_mark))
}

/// Whether the stream behind this readable state holds nothing and nobody has asked anything of it.
pub(crate) fn is_untouched(s: &Scope<'_>, state: Local<'_>) -> bool {
    s.host_data::<RData>(state).is_some_and(|d| untouched(&d.st, TOUCHED))
}

fn untouched<S: Store>(st: &ReadableState<S>, bits: u32) -> bool {
    st.flags & bits == 0 && st.length == 0 && st.pipes.is_empty()
}

/// An untouched stream ends: what its last `push` would leave behind.
pub(crate) fn end_unwatched(s: &mut Scope<'_>, state: Local<'_>) {
    if let Some(d) = s.host_data_mut::<RData>(state) {
        d.st.set(r::READING | r::NEED_READABLE, false);
        d.st.set(r::ENDED | r::EMITTED_READABLE, true);
    }
}

/// Whether the stream has ended unread, and still nobody has asked anything of it.
pub(crate) fn ended_unwatched(s: &Scope<'_>, state: Local<'_>) -> bool {
    s.host_data::<RData>(state).is_some_and(|d| d.st.has(r::ENDED) && untouched(&d.st, TOUCHED & !r::ENDED))
}

/// A stream that has ended unwatched is over and done with.
pub(crate) fn close_unwatched(s: &mut Scope<'_>, state: Local<'_>) {
    if let Some(d) = s.host_data_mut::<RData>(state) {
        d.st.set(
            r::END_EMITTED
                | r::HAS_FLOWING
                | r::FLOWING
                | flags::DESTROYED
                | flags::CLOSED
                | flags::CLOSE_EMITTED,
            true,
        );
    }
}

/// Whether a write to the stream behind this writable state would reach its sink at once.
pub(crate) fn writes_through(s: &Scope<'_>, state: Local<'_>) -> bool {
    let busy = flags::ERRORED
        | flags::DESTROYED
        | w::ENDING
        | w::NEED_DRAIN
        | w::WRITING
        | w::BUFFERED
        | w::BUFFER_PROCESSING
        | w::CORKED
        | w::DISABLED;
    s.host_data::<WData>(state).is_some_and(|d| {
        d.st.flags & (busy | flags::CONSTRUCTED) == flags::CONSTRUCTED && d.st.length == 0 && d.st.corked == 0
    })
}

/// Whether writers have been told to wait for 'drain'.
pub(crate) fn needs_drain(s: &Scope<'_>, state: Local<'_>) -> bool {
    s.host_data::<WData>(state).is_none_or(|d| d.st.has(w::NEED_DRAIN))
}

/// Whether this is `Writable.prototype.write` itself.
pub(crate) fn is_own_write(s: &mut Scope<'_>, rt: &Rt, f: Local<'_>) -> bool {
    let own = rt.streams.get().and_then(|n| n.own.write.get());
    own.is_some_and(|g| s.nested(|s| s.open(g).is_identical(f)))
}

/// Whether bytes can be pushed to the stream behind this readable state as they are.
pub(crate) fn takes_bytes(s: &Scope<'_>, state: Local<'_>) -> bool {
    let not = flags::DESTROYED | flags::ERRORED | flags::OBJECT_MODE | r::ENDED;
    s.host_data::<RData>(state).is_some_and(|d| d.st.flags & not == 0)
}

/// Whether `stream.push` is `Readable.prototype.push` itself.
pub(crate) fn is_own_push<'s>(s: &mut Scope<'s>, rt: &Rt, stream: Local<'s>) -> Result<bool, Thrown> {
    let Some(n) = rt.streams.get() else { return Ok(false) };
    let f = s.get(stream, n.push)?;
    Ok(n.own.push.get().is_some_and(|g| s.open(g).is_identical(f)))
}

/// `stream.push(chunk)` of a Buffer that is not empty: whether more is wanted.
pub(crate) fn push_bytes<'s>(
    s: &mut Scope<'s>,
    rt: &Rt,
    stream: Local<'s>,
    chunk: Local<'s>,
) -> Result<bool, Thrown> {
    let Some(n) = rt.streams.get() else { return Ok(true) };
    let len = super::chunk_len(s, chunk);
    let mut h = JsHost::readable(s, rt, n, stream)?;
    readable::push(&mut h, chunk, len, false)
}
