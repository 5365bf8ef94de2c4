//! What the log hears of streams: levels, full buffers, drains.

use super::host::JsHost;
use looplab_engine::Scope;
use looplab_probe::{Event, Probe, Str, StreamSide};
use looplab_streams::{Host, Note, Side};

/// A number as the log keeps it.
fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The number of a side in the log, given when it is first mentioned.
fn number(h: &mut JsHost<'_, '_>, side: Side) -> u32 {
    let known = match side {
        Side::Readable => h.rdata().number,
        Side::Writable => h.wdata().number,
    };
    if known != 0 {
        return known;
    }
    let number = h.rt.next_stream();
    // Both sides of a Duplex are one stream.
    if h.has_readable() {
        h.rdata().number = number;
    }
    if h.has_writable() {
        h.wdata().number = number;
    }
    number
}

fn label(h: &mut JsHost<'_, '_>) -> Str {
    let Some(p) = &h.rt.probe else { return Str::NONE };
    let s: &mut Scope<'_> = h.s;
    p.intern(&s.class_name(h.stream).unwrap_or_else(|| "Stream".into()))
}

/// Records a level, a full buffer or a drain.
pub(super) fn note(h: &mut JsHost<'_, '_>, note: Note) {
    let label = label(h);
    match note {
        Note::Level { side, length, mark } => {
            let number = number(h, side);
            let side = if side == Side::Readable { StreamSide::Readable } else { StreamSide::Writable };
            let (length, mark) = (small(length), small(mark));
            h.rt.emit(|_| Event::StreamLevel { number, label, side, length, mark });
        }
        Note::Full => {
            let number = number(h, Side::Writable);
            let (length, mark) = h.w(|w| (small(w.length), small(w.high_water_mark)));
            let pos = h.rt.here(h.s);
            h.rt.emit(|_| Event::StreamFull { number, label, length, mark, pos });
        }
        Note::Drained => {
            let number = number(h, Side::Writable);
            h.rt.emit(|_| Event::StreamDrain { number, label });
        }
    }
}
