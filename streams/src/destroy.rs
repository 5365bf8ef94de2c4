//! The end of a stream's life: construction, destruction, errors. Both sides of a Duplex go together.

use crate::flags::*;
use crate::host::{Event, Host, Side, Tick};
use crate::{readable, writable};

/// The bits that both sides have, of either.
fn flags<H: Host>(h: &mut H) -> u32 {
    let r = if h.has_readable() { h.r(|r| r.flags) } else { 0 };
    let w = if h.has_writable() { h.w(|w| w.flags) } else { 0 };
    // Bits beyond the common ones mean different things.
    (r | w) & (2 * CONSTRUCTED - 1)
}

/// Sets or clears common bits on both sides.
fn set_both<H: Host>(h: &mut H, bits: u32, on: bool) {
    if h.has_readable() {
        h.r(|r| r.set(bits, on));
    }
    if h.has_writable() {
        h.w(|w| w.set(bits, on));
    }
}

/// Keeps an error on the sides that have none.
fn keep_error<H: Host>(h: &mut H, e: &H::Error) {
    if h.has_writable() && h.w(|w| !w.has(ERRORED)) {
        let held = h.hold_error(e.clone());
        h.w(|w| {
            w.errored = Some(held);
            w.flags |= ERRORED;
        });
    }
    keep_readable_error(h, e);
}

/// Keeps an error on the readable side, if it has none.
pub(crate) fn keep_readable_error<H: Host>(h: &mut H, e: &H::Error) {
    if h.has_readable() && h.r(|r| !r.has(ERRORED)) {
        let held = h.hold_error(e.clone());
        h.r(|r| {
            r.errored = Some(held);
            r.flags |= ERRORED;
        });
    }
}

/// Ends the stream before its time, with an error or without. `done` hears when the resource is released.
pub fn destroy<H: Host>(h: &mut H, e: Option<H::Error>, done: Option<H::Done>) -> Result<(), H::Abort> {
    if flags(h) & DESTROYED != 0 {
        return match done {
            Some(d) => h.call_done(d, None),
            None => Ok(()),
        };
    }
    if let Some(e) = &e {
        keep_error(h, e);
    }
    set_both(h, DESTROYED, true);
    let constructed =
        if h.has_writable() { h.w(|w| w.has(CONSTRUCTED)) } else { h.r(|r| r.has(CONSTRUCTED)) };
    if constructed {
        release(h, e, done)
    } else {
        // `Constructed` comes back to it.
        h.defer_destroy(e, done);
        Ok(())
    }
}

/// As [`destroy`], for the writable side: who waits for writes is told.
pub fn destroy_writable<H: Host>(
    h: &mut H,
    e: Option<H::Error>,
    done: Option<H::Done>,
) -> Result<(), H::Abort> {
    let waiting = h.w(|w| (w.has(w::BUFFERED) || !w.on_finished.is_empty()) && !w.has(DESTROYED));
    if waiting {
        h.later(Tick::ErrorBuffer);
    }
    destroy(h, e, done)
}

fn release<H: Host>(h: &mut H, e: Option<H::Error>, done: Option<H::Done>) -> Result<(), H::Abort> {
    h.call_destroy(e, done)
}

/// The resource is released, or could not be: what `destroy`'s callback reports. To be called once.
pub fn on_destroyed<H: Host>(h: &mut H, e: Option<H::Error>, done: Option<H::Done>) -> Result<(), H::Abort> {
    if let Some(e) = &e {
        keep_error(h, e);
    }
    set_both(h, CLOSED, true);
    if let Some(d) = done {
        h.call_done(d, e.clone())?;
    }
    h.later(match e {
        Some(e) => Tick::EmitErrorClose(e),
        None => Tick::EmitClose,
    });
    Ok(())
}

pub(crate) fn emit_close<H: Host>(h: &mut H) -> Result<(), H::Abort> {
    set_both(h, CLOSE_EMITTED, true);
    if flags(h) & EMIT_CLOSE != 0 { h.emit(Event::Close) } else { Ok(()) }
}

pub(crate) fn emit_error<H: Host>(h: &mut H, e: H::Error) -> Result<(), H::Abort> {
    if flags(h) & ERROR_EMITTED != 0 {
        return Ok(());
    }
    set_both(h, ERROR_EMITTED, true);
    h.emit(Event::Error(e))
}

/// Reports an error: the stream is destroyed with it, or, where that is not wanted, it is emitted.
///
/// `sync`: the error arose within a call of the program's, so the event waits for the next tick.
pub fn error_or_destroy<H: Host>(h: &mut H, e: H::Error, sync: bool) -> Result<(), H::Abort> {
    let common = flags(h);
    if common & DESTROYED != 0 {
        return Ok(());
    }
    if common & AUTO_DESTROY != 0 {
        return h.call_own_destroy(Some(e));
    }
    keep_error(h, &e);
    if sync {
        h.later(Tick::EmitError(e));
        Ok(())
    } else {
        emit_error(h, e)
    }
}

/// Begins an asynchronous construction: until [`Tick::Constructed`] nothing is read, written or released.
pub fn construct<H: Host>(h: &mut H) {
    set_both(h, CONSTRUCTED, false);
    h.later(Tick::Construct);
}

pub(crate) fn on_constructed<H: Host>(h: &mut H, e: Option<H::Error>) -> Result<(), H::Abort> {
    set_both(h, CONSTRUCTED, true);
    if flags(h) & DESTROYED != 0 {
        let Some((kept, done)) = h.deferred_destroy() else { return Ok(()) };
        let e = h.join_errors(e, kept);
        return release(h, e, done);
    }
    if let Some(e) = e {
        return error_or_destroy(h, e, true);
    }
    if h.has_readable() && h.r(|r| r.has(r::NEED_READABLE)) {
        readable::maybe_read_more(h);
    }
    if h.has_writable() {
        writable::on_constructed(h)?;
    }
    Ok(())
}

/// Makes a destroyed stream usable again, as some programs do with sockets.
pub fn undestroy<H: Host>(h: &mut H) {
    let common = CLOSED | CLOSE_EMITTED | DESTROYED | ERRORED | ERROR_EMITTED;
    if h.has_readable() {
        h.r(|r| {
            r.flags = (r.flags | CONSTRUCTED) & !(common | r::READING);
            r.errored = None;
            let off = r.has(r::HAS_READABLE | r::DISABLED);
            r.set(r::ENDED | r::END_EMITTED, off);
        });
    }
    if h.has_writable() {
        h.w(|w| {
            w.flags = (w.flags | CONSTRUCTED) & !(common | w::FINAL_CALLED | w::PREFINISHED);
            w.errored = None;
            let off = w.has(w::HAS_WRITABLE | w::DISABLED);
            w.set(w::ENDED | w::ENDING | w::FINISHED, off);
        });
    }
}

/// The error that a failed stream has, from whichever side.
pub fn error<H: Host>(h: &mut H) -> Option<H::Error> {
    h.error_of(Side::Writable).or_else(|| h.error_of(Side::Readable))
}
