//! Streams as state machines: inputs in, effects out.
//!
//! The rules of Node's streams (watermarks, flowing and paused reading, `'drain'`, the order of `'end'`, `'finish'`, `'error'` and
//! `'close'`) stand here once, generic over the chunk. [`Host`] is what the machine asks of its surroundings; the JavaScript
//! classes of the runtime are one host.
//!
//! No sockets, threads, clocks or JavaScript: whoever drives the machine brings those.
#![forbid(unsafe_code)]

pub mod destroy;
pub mod flags;
mod host;
pub mod pipe;
pub mod readable;
pub mod writable;

pub use host::{Event, Failure, Host, Note, Side, Store, Tick, TickOf};
pub use readable::{ReadableState, Took};
pub use writable::{Pending, WritableState, Written};

/// Does what was put off with [`Host::later`].
///
/// # Errors
/// What a function of the program threw.
pub fn run_tick<H: Host>(h: &mut H, tick: TickOf<H>) -> Result<(), H::Abort> {
    match tick {
        Tick::EmitReadable => readable::emit_readable_now(h),
        Tick::ReadMore => readable::read_more_now(h),
        Tick::Resume => readable::resume_now(h),
        Tick::End => readable::end_now(h),
        Tick::EndWritable => h.call_own_end(),
        Tick::ReadZero => h.call_own_read(true).map(|_| ()),
        Tick::UpdateReadableListening => readable::update_readable_listening(h),
        Tick::AfterWrite => writable::after_write(h, 1, None),
        Tick::AfterWrites => writable::after_writes(h),
        Tick::WriteError(e, d) => writable::write_error(h, e, d),
        Tick::Done(d, e) => h.call_done(d, e),
        Tick::ErrorBuffer => writable::error_buffer(h),
        Tick::FinishIfNeeded => writable::finish_if_needed(h),
        Tick::Finish => writable::finish(h),
        Tick::EmitErrorClose(e) => {
            destroy::emit_error(h, e)?;
            destroy::emit_close(h)
        }
        Tick::EmitError(e) => destroy::emit_error(h, e),
        Tick::EmitClose => destroy::emit_close(h),
        Tick::Construct => match h.call_construct()? {
            None => Ok(()),
            Some(e) => {
                h.later(Tick::Constructed(Some(e)));
                Ok(())
            }
        },
        Tick::Constructed(e) => destroy::on_constructed(h, e),
    }
}
