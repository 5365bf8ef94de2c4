//! What each collection did, from the log.

use looplab_probe::{Event, Log};

/// One collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Bytes in use when it began.
    pub before: u64,
    /// Cells that the roots referred to.
    pub roots: u32,
    /// Cells that were found alive.
    pub marked: u32,
    /// Cells that were freed.
    pub swept: u32,
    /// Bytes in use afterwards.
    pub after: u64,
    /// Nanoseconds that the program stood still.
    pub pause: u64,
}

/// Every collection that the log has the end of.
pub fn collections(log: &Log) -> Vec<Collection> {
    let mut list = Vec::new();
    for record in log.records() {
        let Event::CollectionEnd { begin, roots, marked, swept, used, .. } = record.event else { continue };
        let begun = begin.index().and_then(|at| log.records().get(at));
        let Some(begun) = begun else { continue };
        if let Event::CollectionBegin { used: before } = begun.event {
            let pause = record.t.saturating_sub(begun.t);
            list.push(Collection { before, roots, marked, swept, after: used, pause });
        }
    }
    list
}
