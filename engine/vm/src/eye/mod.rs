//! What the instruments see of the engine: the heap as a graph, where things were allocated, how functions run.
//!
//! Nothing in here runs code of the script. An engine that nobody looks into has no [`Eye`] and pays nothing for it.

mod edges;
mod graph;
mod profile;
pub(crate) mod tier;
mod walk;
mod watch;

pub use graph::{EdgeName, HeapEdge, HeapGraph, HeapNode, HeapShape, NodeKind, Site};
pub use profile::{CacheState, Deopt, FunctionProfile, Hot, PlaceProfile, Transition};
pub use tier::{Specialised, TierProfile};
pub(crate) use watch::Watcher;

use crate::heap::{Header, Heap};
use rustc_hash::FxHashMap;

/// What has been noted of cells, by address. Entries go when their cells do.
#[derive(Default)]
pub(crate) struct Eye {
    /// The numbers given to cells.
    ids: FxHashMap<usize, u32>,
    next_id: u32,
    /// Where cells were allocated, as numbers of the watcher's places.
    sites: FxHashMap<usize, u32>,
}

impl Eye {
    /// The number of a cell.
    fn id_of(&mut self, cell: usize) -> u32 {
        *self.ids.entry(cell).or_insert_with(|| {
            self.next_id += 1;
            // Odd ones, as V8's; 1 is the roots'.
            self.next_id * 2 + 1
        })
    }

    /// Between marking and sweeping: forgets what is about to die.
    pub(crate) fn after_mark(&mut self, heap: &Heap) {
        self.ids.retain(|&cell, _| heap.is_marked(cell as *const Header));
        self.sites.retain(|&cell, _| heap.is_marked(cell as *const Header));
    }
}
