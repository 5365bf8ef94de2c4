//! `pipe`: which destinations there are and which of them must drain before the source flows on.

use crate::flags::r::*;
use crate::host::Store;
use crate::readable::ReadableState;

/// A destination joins.
pub fn add<S: Store>(r: &mut ReadableState<S>, dest: S::Dest) {
    if r.pipes.len() == 1 {
        r.flags |= MULTI_AWAIT_DRAIN;
    }
    r.pipes.push(dest);
}

/// A destination said that it is full. False if it is not piped to any more: then nothing has to stop.
pub fn wait_for<S: Store>(r: &mut ReadableState<S>, dest: S::Dest) {
    if r.pipes.len() == 1 && r.pipes[0] == dest {
        r.awaiting.clear();
        r.awaiting.push(dest);
        r.flags &= !MULTI_AWAIT_DRAIN;
    } else if r.pipes.len() > 1 && r.pipes.contains(&dest) && !r.awaiting.contains(&dest) {
        r.awaiting.push(dest);
    }
}

/// A destination has drained. Whether the source may flow on.
pub fn drained<S: Store>(r: &mut ReadableState<S>, dest: &S::Dest) -> bool {
    r.awaiting.retain(|d| d != dest);
    r.awaiting.is_empty() && r.has(DATA_LISTENING)
}

/// A destination leaves. `None`: it was not there; else whether it was the last.
pub fn remove<S: Store>(r: &mut ReadableState<S>, dest: &S::Dest) -> Option<bool> {
    let at = r.pipes.iter().position(|d| d == dest)?;
    r.pipes.remove(at);
    Some(r.pipes.is_empty())
}
