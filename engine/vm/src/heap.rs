//! The collected heap: precise, non-moving mark-sweep over size-class blocks, with large cells beside them.
//!
//! A cell starts with a [`Header`]. Small cells come from blocks of one size class; freed ones are threaded on a free list.
//! Cells above [`MAX_SMALL`] bytes are allocated one by one. Collection happens only where the interpreter asks for it (a
//! safepoint), never inside an allocation, so Rust code that does not call back into JavaScript may hold raw values.
//! Marking uses an explicit stack: depth of the object graph costs heap memory, not native stack.

use crate::value::Value;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::ptr::null_mut;

/// What a cell is; decides how it is traced and dropped.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CellKind {
    /// On a free list.
    Free = 0,
    /// Raw values owned and traced by somebody else (slots, elements).
    Storage,
    /// A string of any representation.
    String,
    /// A symbol or private name.
    Symbol,
    /// A BigInt.
    BigInt,
    /// A hidden class.
    Shape,
    /// An environment.
    Env,
    /// A function's code with its inline caches.
    Code,
    /// A getter and setter pair.
    Accessor,
    /// A suspended or running generator, async function or module.
    Coroutine,
    /// A plain list of values that the owner traces through this kind (length in `extra`).
    List,
    /// A JavaScript object of the first class; the header's kind is this plus the class number.
    Object = 16,
}

/// The first eight bytes of every cell.
#[repr(C)]
pub struct Header {
    /// A [`CellKind`]; objects: `CellKind::Object` plus their class.
    pub(crate) kind: u8,
    /// The colour of the last collection that reached it.
    pub(crate) mark: u8,
    /// Meaning depends on the kind.
    pub(crate) flags: u8,
    /// Meaning depends on the kind (objects: slots that fit inside the cell).
    pub(crate) aux: u8,
    /// Meaning depends on the kind (strings: length; objects: number of dense elements).
    pub(crate) extra: u32,
}

/// The largest cell that lives in a block.
pub const MAX_SMALL: usize = 2048;
const GRAIN: usize = 16;
const NCLASSES: usize = 40;
const FIRST_BLOCK: usize = 8 << 10;
const BLOCK: usize = 128 << 10;

/// Bytes of each size class: every 16 up to 512, then eight wider ones.
const fn class_size(class: usize) -> usize {
    if class < 32 { (class + 1) * GRAIN } else { [640, 768, 896, 1024, 1280, 1536, 1792, 2048][class - 32] }
}

#[inline(always)]
fn class_of(size: usize) -> usize {
    if size <= 512 { size.div_ceil(GRAIN) - 1 } else { wide_class_of(size) }
}

#[cold]
fn wide_class_of(size: usize) -> usize {
    (32..NCLASSES).find(|&c| size <= class_size(c)).unwrap_or(NCLASSES - 1)
}

struct Block {
    start: *mut u8,
    bytes: usize,
    class: usize,
}

struct SizeClass {
    free: *mut FreeCell,
    bump: *mut u8,
    bump_end: *mut u8,
    blocks: u32,
}

#[repr(C)]
struct FreeCell {
    header: Header,
    next: *mut FreeCell,
}

/// In front of every large cell.
#[repr(C)]
struct LargePrefix {
    /// Position in `Heap::large`, kept up to date so that one cell can be freed by itself.
    index: usize,
    bytes: usize,
}
const PREFIX: usize = std::mem::size_of::<LargePrefix>();

/// Figures of the heap, for `process.memoryUsage()` and the instruments.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeapStats {
    /// Bytes in live cells, as far as known (everything allocated and not yet freed).
    pub used: usize,
    /// Bytes obtained from the system for cells.
    pub committed: usize,
    /// Bytes owned by objects outside cells (buffers, tables).
    pub external: usize,
    /// Collections so far.
    pub collections: u32,
    /// Cells that the roots of the last collection referred to.
    pub roots: usize,
    /// Cells marked by the last collection.
    pub marked: usize,
    /// Cells freed by the last collection.
    pub swept: usize,
    /// Bytes allocated since the program started.
    pub allocated: u64,
}

/// The heap. Owned by the `Vm`; nothing else allocates cells.
pub struct Heap {
    classes: [SizeClass; NCLASSES],
    blocks: Vec<Block>,
    large: Vec<*mut LargePrefix>,
    pub(crate) color: u8,
    mark_stack: Vec<*mut Header>,
    /// Bytes in use; compared with `threshold` at every allocation.
    used: usize,
    /// As `collect_above`; 0 while allocations are recorded, so that each of them goes the long way, and nobody else pays for it.
    threshold: usize,
    /// With more than this in use a collection is due.
    collect_above: usize,
    /// Cells allocated since they were last taken, while they are recorded.
    recorded: Option<Vec<usize>>,
    /// Set when `used` has passed `threshold`; the interpreter looks at it at safepoints.
    pub(crate) wants_gc: bool,
    stats: HeapStats,
    /// The limit (`--max-old-space-size`), bytes.
    pub(crate) limit: usize,
    /// Every live shape, so that weak transitions can be cleared after marking.
    pub(crate) shapes: Vec<*mut crate::shape::Shape>,
}

const FIRST_THRESHOLD: usize = 4 << 20;
/// A heap grows by half of what is alive until the next collection; by less once that is more than this.
const LARGE_STEP: usize = 28 << 20;
/// Buffers may grow by this much between two collections where there is little else to mark.
const EXTERNAL_STEP: usize = 32 << 20;

impl Heap {
    pub(crate) fn new() -> Heap {
        const EMPTY: SizeClass =
            SizeClass { free: null_mut(), bump: null_mut(), bump_end: null_mut(), blocks: 0 };
        Heap {
            classes: [EMPTY; NCLASSES],
            blocks: Vec::new(),
            large: Vec::new(),
            color: 1,
            mark_stack: Vec::new(),
            used: 0,
            threshold: FIRST_THRESHOLD,
            collect_above: FIRST_THRESHOLD,
            recorded: None,
            wants_gc: false,
            stats: HeapStats::default(),
            limit: 2 << 30,
            shapes: Vec::new(),
        }
    }

    /// Room for `size` bytes with its header filled in; the rest is uninitialised.
    ///
    /// The caller must write every field the collector reads before the next safepoint.
    #[inline(always)]
    pub(crate) fn alloc(&mut self, size: usize, kind: CellKind) -> *mut Header {
        let p = if size <= MAX_SMALL {
            let class = class_of(size);
            self.used += class_size_fast(size, class);
            let c = &mut self.classes[class];
            let f = c.free;
            if !f.is_null() {
                // SAFETY: cells on the free list are valid FreeCells of this class.
                c.free = unsafe { (*f).next };
                f.cast::<Header>()
            } else {
                self.bump(class)
            }
        } else {
            self.alloc_large(size)
        };
        if self.used > self.threshold {
            self.over_threshold(p, kind);
        }
        // SAFETY: p points to at least 16 fresh bytes.
        unsafe { p.write(Header { kind: kind as u8, mark: self.color, flags: 0, aux: 0, extra: 0 }) };
        p
    }

    /// A collection is due, or allocations are recorded.
    #[cold]
    #[inline(never)]
    fn over_threshold(&mut self, p: *mut Header, kind: CellKind) {
        if self.used > self.collect_above {
            self.wants_gc = true;
        }
        if let Some(recorded) = &mut self.recorded
            && kind != CellKind::Storage
        {
            recorded.push(p as usize);
        }
    }

    /// Records allocations from now on, or no longer.
    pub(crate) fn set_recording(&mut self, on: bool) {
        self.recorded = on.then(Vec::new);
        self.threshold = if on { 0 } else { self.collect_above };
    }

    /// Whether something has been recorded and not taken.
    pub(crate) fn has_recorded(&self) -> bool {
        self.recorded.as_ref().is_some_and(|list| !list.is_empty())
    }

    /// What has been recorded since the last time.
    pub(crate) fn take_recorded(&mut self) -> Vec<usize> {
        self.recorded.as_mut().map(std::mem::take).unwrap_or_default()
    }

    #[inline]
    fn bump(&mut self, class: usize) -> *mut Header {
        let size = class_size(class);
        let c = &mut self.classes[class];
        if (c.bump_end as usize) - (c.bump as usize) < size {
            return self.new_block(class);
        }
        let p = c.bump;
        // SAFETY: size bytes are left in the block.
        c.bump = unsafe { p.add(size) };
        p.cast()
    }

    #[cold]
    fn new_block(&mut self, class: usize) -> *mut Header {
        let size = class_size(class);
        let c = &mut self.classes[class];
        let bytes = if c.blocks < 2 { FIRST_BLOCK } else { BLOCK };
        c.blocks += 1;
        let layout = Layout::from_size_align(bytes, 64).expect("block layout");
        // SAFETY: the layout is not empty.
        let start = unsafe { alloc(layout) };
        if start.is_null() {
            handle_alloc_error(layout);
        }
        c.bump = start;
        // SAFETY: within the block.
        c.bump_end = unsafe { start.add(bytes / size * size) };
        self.blocks.push(Block { start, bytes, class });
        self.stats.committed += bytes;
        self.bump(class)
    }

    #[cold]
    fn alloc_large(&mut self, size: usize) -> *mut Header {
        let bytes = size + PREFIX;
        let layout = Layout::from_size_align(bytes, 16).expect("cell size");
        // SAFETY: the layout is not empty.
        let p = unsafe { alloc(layout) }.cast::<LargePrefix>();
        if p.is_null() {
            handle_alloc_error(layout);
        }
        // SAFETY: p is fresh and large enough.
        unsafe { p.write(LargePrefix { index: self.large.len(), bytes }) };
        self.large.push(p);
        self.used += bytes;
        self.stats.committed += bytes;
        // SAFETY: the cell follows its prefix.
        unsafe { p.cast::<u8>().add(PREFIX).cast() }
    }

    /// Bytes for `n` values of Storage (header included), as a pointer to the first value. Values are uninitialised.
    pub(crate) fn alloc_storage(&mut self, n: usize) -> *mut Value {
        let h = self.alloc(8 + n * 8, CellKind::Storage);
        // SAFETY: just allocated with room for the values behind the header.
        unsafe {
            (*h).extra = n as u32;
            h.add(1).cast()
        }
    }

    /// The capacity in values that a Storage of at least `n` gets for free because of rounding.
    pub(crate) fn storage_round(n: usize) -> usize {
        let size = 8 + n * 8;
        if size <= MAX_SMALL { (class_size(class_of(size)) - 8) / 8 } else { n }
    }

    /// Grows a Storage that only its owner refers to, keeping the first `keep` values.
    ///
    /// # Safety
    /// `old` came from `alloc_storage`, is not referred to by anybody else, and is not used afterwards.
    pub(crate) unsafe fn grow_storage(&mut self, old: *mut Value, keep: usize, n: usize) -> *mut Value {
        // SAFETY: storage is preceded by its header.
        let (h, cap) = unsafe {
            let h = old.cast::<Header>().sub(1);
            (h, (*h).extra as usize)
        };
        if 8 + cap * 8 > MAX_SMALL && n > cap {
            // SAFETY: large cells are preceded by their prefix and were allocated with this layout.
            unsafe {
                let p = h.cast::<u8>().sub(PREFIX).cast::<LargePrefix>();
                let (index, bytes) = ((*p).index, (*p).bytes);
                let new_bytes = PREFIX + 8 + n * 8;
                let layout = Layout::from_size_align(bytes, 16).expect("cell size");
                let q = realloc(p.cast(), layout, new_bytes).cast::<LargePrefix>();
                if q.is_null() {
                    handle_alloc_error(layout);
                }
                (*q).bytes = new_bytes;
                self.large[index] = q;
                self.used += new_bytes - bytes;
                self.stats.committed += new_bytes - bytes;
                if self.used > self.collect_above {
                    self.wants_gc = true;
                }
                let h = q.cast::<u8>().add(PREFIX).cast::<Header>();
                (*h).extra = n as u32;
                return h.add(1).cast();
            }
        }
        let new = self.alloc_storage(n);
        // SAFETY: both hold at least `keep` values; the old one is given back.
        unsafe {
            std::ptr::copy_nonoverlapping(old, new, keep.min(cap));
            self.free_storage(old);
        }
        new
    }

    /// Gives a Storage back at once.
    ///
    /// # Safety
    /// As for `grow_storage`.
    pub(crate) unsafe fn free_storage(&mut self, s: *mut Value) {
        // SAFETY: storage is preceded by its header; nobody uses the cell any more.
        unsafe {
            let h = s.cast::<Header>().sub(1);
            let size = 8 + (*h).extra as usize * 8;
            if size <= MAX_SMALL {
                let class = class_of(size);
                self.used -= class_size(class);
                self.push_free(h, class);
            } else {
                self.free_large(h.cast::<u8>().sub(PREFIX).cast());
            }
        }
    }

    /// # Safety
    /// `h` is a cell of this class that nobody uses.
    unsafe fn push_free(&mut self, h: *mut Header, class: usize) {
        let f = h.cast::<FreeCell>();
        // SAFETY: every class has room for a FreeCell.
        unsafe {
            (*f).header.kind = CellKind::Free as u8;
            (*f).next = self.classes[class].free;
        }
        self.classes[class].free = f;
    }

    /// # Safety
    /// `p` is a large cell that nobody uses.
    unsafe fn free_large(&mut self, p: *mut LargePrefix) {
        // SAFETY: allocated with this layout; removed from the list before it goes.
        unsafe {
            let (index, bytes) = ((*p).index, (*p).bytes);
            self.large.swap_remove(index);
            if let Some(&moved) = self.large.get(index) {
                (*moved).index = index;
            }
            self.used -= bytes;
            self.stats.committed -= bytes;
            dealloc(p.cast(), Layout::from_size_align_unchecked(bytes, 16));
        }
    }

    /// Tells the heap that objects now own `bytes` more (or fewer) outside cells.
    pub(crate) fn external(&mut self, bytes: isize) {
        self.stats.external = self.stats.external.saturating_add_signed(bytes);
        self.used = self.used.saturating_add_signed(bytes);
        if self.used > self.collect_above {
            self.wants_gc = true;
        }
    }

    pub(crate) fn stats(&self) -> HeapStats {
        HeapStats { used: self.used, ..self.stats }
    }

    /// Whether more than twice the limit is in use, which can happen between two safepoints.
    #[inline]
    pub(crate) fn far_over_limit(&self) -> bool {
        self.used / 2 > self.limit
    }

    pub(crate) fn over_limit(&self) -> bool {
        self.used > self.limit
    }

    /// Starts a collection: everything is unmarked from here on.
    pub(crate) fn begin_mark(&mut self) {
        self.color = if self.color == 1 { 2 } else { 1 };
        self.stats.marked = 0;
        self.stats.swept = 0;
    }

    /// All roots are marked, and nothing else yet.
    pub(crate) fn count_roots(&mut self) {
        self.stats.roots = self.stats.marked;
    }

    /// Bytes of the cell that a Storage of `n` values is.
    pub(crate) fn storage_bytes(n: usize) -> usize {
        let size = 8 + n * 8;
        if size <= MAX_SMALL { class_size(class_of(size)) } else { size + PREFIX }
    }

    /// Marks what `v` points to.
    #[inline(always)]
    pub(crate) fn mark_value(&mut self, v: Value) {
        if v.is_pointer() {
            self.mark_cell(v.header());
        }
    }

    /// Marks a cell and queues it for tracing.
    #[inline(always)]
    pub(crate) fn mark_cell(&mut self, h: *mut Header) {
        if h.is_null() {
            return;
        }
        // SAFETY: roots and live cells only refer to live cells.
        unsafe {
            if (*h).mark != self.color {
                (*h).mark = self.color;
                self.stats.marked += 1;
                if (*h).kind != CellKind::Storage as u8 && (*h).kind != CellKind::BigInt as u8 {
                    self.mark_stack.push(h);
                }
            }
        }
    }

    /// Whether the running or last collection reached the cell.
    pub(crate) fn is_marked(&self, h: *const Header) -> bool {
        // SAFETY: only called with cells that were allocated before the collection began and are not yet swept.
        unsafe { (*h).mark == self.color }
    }

    /// The next marked cell whose children are still to be marked.
    #[inline(always)]
    pub(crate) fn next_gray(&mut self) -> Option<*mut Header> {
        self.mark_stack.pop()
    }

    /// Frees everything unmarked. `drop_cell` releases what a dead cell owns outside the heap.
    pub(crate) fn sweep(&mut self, mut drop_cell: impl FnMut(*mut Header)) {
        for c in &mut self.classes {
            c.free = null_mut();
        }
        let mut blocks = std::mem::take(&mut self.blocks);
        blocks.retain(|b| self.sweep_block(b, &mut drop_cell));
        self.blocks = blocks;
        let dead: Vec<_> = self.large.iter().copied().filter(|&p| !self.is_marked(large_cell(p))).collect();
        for p in dead {
            self.stats.swept += 1;
            drop_cell(large_cell(p));
            // SAFETY: unmarked, so nobody refers to it.
            unsafe { self.free_large(p) };
        }
        self.stats.collections += 1;
        if self.mark_stack.capacity() > 1 << 16 {
            self.mark_stack = Vec::new();
        }
    }

    /// Ends a collection: the cells that were swept owned `freed` bytes outside. Decides when the next one is due.
    pub(crate) fn end_collection(&mut self, freed: usize) {
        self.stats.external = self.stats.external.saturating_sub(freed);
        self.used = self.used.saturating_sub(freed);
        // What is outside cells costs a collection nothing: it gets less room to grow than what must be marked.
        let external = self.stats.external.min(self.used);
        let cells = self.used - external;
        let room = (cells / 2).min(LARGE_STEP).max(cells / 4);
        let room = room.max((external / 2).min(EXTERNAL_STEP)).max(FIRST_THRESHOLD);
        self.collect_above = self.used + room;
        self.threshold = if self.recorded.is_some() { 0 } else { self.collect_above };
        self.wants_gc = false;
    }

    /// Sweeps one block; false when it was empty and has been given back.
    fn sweep_block(&mut self, b: &Block, drop_cell: &mut impl FnMut(*mut Header)) -> bool {
        let size = class_size(b.class);
        let class = &self.classes[b.class];
        let is_bump = class.bump_end as usize > b.start as usize
            && class.bump_end as usize <= b.start as usize + b.bytes;
        let end = if is_bump { class.bump as usize } else { b.start as usize + b.bytes / size * size };
        let first_free = class.free;
        let (mut live, mut p) = (0usize, b.start);
        let mut list = first_free;
        while (p as usize) < end {
            let h = p.cast::<Header>();
            // SAFETY: every cell up to `end` has been handed out once, so its header is initialised.
            unsafe {
                if (*h).kind != CellKind::Free as u8 && (*h).mark == self.color {
                    live += 1;
                } else {
                    if (*h).kind != CellKind::Free as u8 {
                        drop_cell(h);
                        self.stats.swept += 1;
                        self.used -= size;
                        (*h).kind = CellKind::Free as u8;
                    }
                    let f = p.cast::<FreeCell>();
                    (*f).next = list;
                    list = f;
                }
                p = p.add(size);
            }
        }
        if live == 0 && !is_bump {
            // SAFETY: no live cell in it, none of its cells on the list (first_free is restored).
            unsafe { dealloc(b.start, Layout::from_size_align_unchecked(b.bytes, 64)) };
            self.stats.committed -= b.bytes;
            self.classes[b.class].free = first_free;
            self.classes[b.class].blocks -= 1;
            return false;
        }
        self.classes[b.class].free = list;
        true
    }

    /// Calls `f` with every live cell and its size in bytes (heap view, snapshots). Only right after a collection.
    pub(crate) fn each_cell(&self, mut f: impl FnMut(*mut Header, usize)) {
        for b in &self.blocks {
            let size = class_size(b.class);
            let class = &self.classes[b.class];
            let is_bump = class.bump_end as usize > b.start as usize
                && class.bump_end as usize <= b.start as usize + b.bytes;
            let end = if is_bump { class.bump as usize } else { b.start as usize + b.bytes / size * size };
            let mut p = b.start;
            while (p as usize) < end {
                // SAFETY: as in sweep_block.
                unsafe {
                    if (*p.cast::<Header>()).kind != CellKind::Free as u8 {
                        f(p.cast(), size);
                    }
                    p = p.add(size);
                }
            }
        }
        for &p in &self.large {
            // SAFETY: large cells in the list are live.
            f(large_cell(p), unsafe { (*p).bytes });
        }
    }

    /// Gives every cell back; for the end of the `Vm`.
    pub(crate) fn release_all(&mut self, mut drop_cell: impl FnMut(*mut Header)) {
        let mut all = Vec::new();
        self.each_cell(|h, _| all.push(h));
        all.into_iter().for_each(&mut drop_cell);
        for p in std::mem::take(&mut self.large) {
            // SAFETY: nobody uses cells any more.
            unsafe { dealloc(p.cast(), Layout::from_size_align_unchecked((*p).bytes, 16)) };
        }
        for b in std::mem::take(&mut self.blocks) {
            // SAFETY: as above.
            unsafe { dealloc(b.start, Layout::from_size_align_unchecked(b.bytes, 64)) };
        }
    }
}

#[inline(always)]
fn class_size_fast(size: usize, class: usize) -> usize {
    if size <= 512 { (class + 1) * GRAIN } else { class_size(class) }
}

/// How many values a List cell holds.
pub(crate) fn list_len(list: Value) -> usize {
    let h = list.header();
    // SAFETY: a cell value points at a live cell.
    unsafe {
        assert!((*h).kind == CellKind::List as u8, "not a list");
        (*h).extra as usize
    }
}

fn large_cell(p: *mut LargePrefix) -> *mut Header {
    // SAFETY: the cell follows its prefix in the same allocation.
    unsafe { p.cast::<u8>().add(PREFIX).cast() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(heap: &mut Heap, n: usize) -> *mut Header {
        heap.alloc(8 + 8 * n, CellKind::Storage)
    }

    #[test]
    fn sizes_round_up_to_their_class() {
        for size in 1..=MAX_SMALL {
            let c = class_of(size);
            assert!(class_size(c) >= size && (c == 0 || class_size(c - 1) < size), "{size}");
        }
    }

    #[test]
    fn unmarked_cells_are_reused() {
        let mut heap = Heap::new();
        let keep = list(&mut heap, 3);
        let cells: Vec<_> = (0..1000).map(|_| list(&mut heap, 3)).collect();
        let big = list(&mut heap, 10_000);
        let used = heap.stats().used;
        heap.begin_mark();
        heap.mark_cell(keep);
        let mut dropped = 0;
        heap.sweep(|_| dropped += 1);
        assert_eq!(dropped, 1001);
        assert!(heap.stats().used < used / 100);
        assert!(heap.is_marked(keep));
        let again = list(&mut heap, 3);
        assert!(cells.contains(&again));
        let _ = big;
        heap.release_all(|_| {});
    }

    #[test]
    fn what_a_collection_frees_outside_cells_does_not_put_the_next_one_off() {
        let mut heap = Heap::new();
        for _ in 0..20 {
            heap.external(FIRST_THRESHOLD as isize + 1);
            assert!(heap.wants_gc, "{:?}", heap.stats());
            heap.begin_mark();
            heap.sweep(|_| ());
            heap.end_collection(FIRST_THRESHOLD + 1);
            assert!(!heap.wants_gc);
        }
        heap.release_all(|_| {});
    }

    #[test]
    fn large_storage_grows_in_place_or_moves_with_its_values() {
        let mut heap = Heap::new();
        let s = heap.alloc_storage(4);
        for i in 0..4 {
            // SAFETY: within the storage.
            unsafe { s.add(i).write(Value::int(i as i32)) };
        }
        let mut s = s;
        for n in [8, 300, 1000, 100_000] {
            // SAFETY: s is the only reference.
            s = unsafe { heap.grow_storage(s, 4, n) };
            for i in 0..4 {
                // SAFETY: the first four values are kept.
                assert_eq!(unsafe { *s.add(i) }.as_int(), i as i32);
            }
        }
        // SAFETY: s is the only reference.
        unsafe { heap.free_storage(s) };
        heap.release_all(|_| {});
    }
}
