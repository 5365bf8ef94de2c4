//! Hidden classes: which properties an object has, in which slots, in which order, and what its prototype is.
//!
//! Objects that gained the same properties in the same order share a shape; adding a property follows a transition. The
//! property table is shared along a chain of shapes: a shape sees the first `count` entries. An object that loses or
//! reconfigures properties, or has very many, gets a dictionary shape of its own, changed in place (but replaced by a fresh
//! one when an inline cache has seen it, so that caches need only compare pointers).

use crate::heap::{CellKind, Header, Heap};
use crate::object::Obj;
use crate::value::PropKey;
use rustc_hash::FxHashMap;
use std::cell::UnsafeCell;
use std::rc::Rc;

/// Property attribute: assignable.
pub const WRITABLE: u8 = 1;
/// Property attribute: seen by for-in and Object.keys.
pub const ENUMERABLE: u8 = 2;
/// Property attribute: may be deleted and redefined.
pub const CONFIGURABLE: u8 = 4;
/// The slot holds an accessor pair.
pub(crate) const ACCESSOR: u8 = 8;
/// What plain assignment creates.
pub const ALL: u8 = WRITABLE | ENUMERABLE | CONFIGURABLE;
/// What builtin methods have.
pub const HIDDEN: u8 = WRITABLE | CONFIGURABLE;

const DICT: u8 = 1;
const CACHED: u8 = 2;
/// Above this many properties an object goes over to a dictionary.
const MAX_SHARED: u32 = 128;
const LINEAR: usize = 8;

#[derive(Clone, Copy)]
struct Entry {
    key: PropKey,
    attrs: u8,
}

#[derive(Default, Clone)]
struct Table {
    entries: Vec<Entry>,
    /// Open addressing into `entries` (index + 1; 0 empty); empty while there are few entries.
    index: Vec<u32>,
    /// Deleted entries (dictionaries only).
    dead: u32,
}

impl Table {
    #[inline]
    fn find(&self, key: PropKey) -> Option<u32> {
        if self.index.is_empty() {
            return self.entries.iter().position(|e| e.key == key).map(|i| i as u32);
        }
        let mask = self.index.len() - 1;
        let mut i = key.hash() as usize & mask;
        loop {
            match self.index[i] {
                0 => return None,
                e if self.entries[e as usize - 1].key == key => return Some(e - 1),
                _ => i = (i + 1) & mask,
            }
        }
    }

    fn push(&mut self, key: PropKey, attrs: u8) {
        self.entries.push(Entry { key, attrs });
        let n = self.entries.len();
        if n > LINEAR && n * 2 > self.index.len() {
            self.reindex();
        } else if !self.index.is_empty() {
            self.index_one(n - 1);
        }
    }

    fn index_one(&mut self, e: usize) {
        let mask = self.index.len() - 1;
        let mut i = self.entries[e].key.hash() as usize & mask;
        while self.index[i] != 0 {
            i = (i + 1) & mask;
        }
        self.index[i] = e as u32 + 1;
    }

    fn reindex(&mut self) {
        self.index = vec![0; (self.entries.len() * 4).next_power_of_two()];
        for e in 0..self.entries.len() {
            self.index_one(e);
        }
    }
}

enum Transitions {
    None,
    One(PropKey, u8, *mut Shape),
    Many(Box<FxHashMap<(u64, u8), *mut Shape>>),
}

/// A hidden class.
#[repr(C)]
pub struct Shape {
    h: Header,
    /// The prototype of every object with this shape; null: none.
    pub(crate) proto: *mut Obj,
    parent: *mut Shape,
    key: PropKey,
    count: u32,
    attrs: u8,
    flags: u8,
    table: Option<Rc<UnsafeCell<Table>>>,
    transitions: Transitions,
}

/// A reference to a live shape.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct ShapeRef(pub(crate) *mut Shape);

impl ShapeRef {
    pub(crate) const NULL: ShapeRef = ShapeRef(std::ptr::null_mut());

    /// A shape without properties.
    pub(crate) fn root(heap: &mut Heap, proto: *mut Obj) -> ShapeRef {
        Self::make(heap, proto, std::ptr::null_mut(), PropKey::NONE, 0, 0, 0, None)
    }

    #[expect(clippy::too_many_arguments, reason = "the one constructor: every field of the cell")]
    fn make(
        heap: &mut Heap,
        proto: *mut Obj,
        parent: *mut Shape,
        key: PropKey,
        count: u32,
        attrs: u8,
        flags: u8,
        table: Option<Rc<UnsafeCell<Table>>>,
    ) -> ShapeRef {
        let p = heap.alloc(std::mem::size_of::<Shape>(), CellKind::Shape).cast::<Shape>();
        let transitions = Transitions::None;
        // SAFETY: fresh cell of the right size; the header is already there.
        unsafe {
            let h = p.cast::<Header>().read();
            p.write(Shape { h, proto, parent, key, count, attrs, flags, table, transitions });
        }
        heap.shapes.push(p);
        ShapeRef(p)
    }

    #[inline(always)]
    #[expect(
        clippy::mut_from_ref,
        reason = "cells are reached through raw pointers; see the module's invariant"
    )]
    fn get(&self) -> &mut Shape {
        // SAFETY: a ShapeRef is only made from live shapes, and no reference is kept across another call.
        unsafe { &mut *self.0 }
    }

    #[inline(always)]
    pub(crate) fn proto(self) -> *mut Obj {
        self.get().proto
    }

    /// Number of slots in use (deleted ones of dictionaries included).
    #[inline(always)]
    pub(crate) fn count(self) -> u32 {
        self.get().count
    }

    pub(crate) fn is_dict(self) -> bool {
        self.get().flags & DICT != 0
    }

    /// An inline cache now compares with this shape.
    #[inline(always)]
    pub(crate) fn set_cached(self) {
        self.get().flags |= CACHED;
    }

    fn table(self) -> Rc<UnsafeCell<Table>> {
        if let Some(t) = &self.get().table {
            return t.clone();
        }
        let mut chain = Vec::with_capacity(self.count() as usize);
        let mut s = self;
        while s.get().count > 0 {
            chain.push((s.get().key, s.get().attrs));
            s = ShapeRef(s.get().parent);
        }
        let mut t = Table::default();
        chain.into_iter().rev().for_each(|(k, a)| t.push(k, a));
        let t = Rc::new(UnsafeCell::new(t));
        self.get().table = Some(t.clone());
        t
    }

    /// Slot and attributes of a property.
    #[inline]
    pub(crate) fn lookup(self, key: PropKey) -> Option<(u32, u8)> {
        let s = self.get();
        if s.count == 0 {
            return None;
        }
        if s.table.is_none() {
            // Young shapes are asked once or twice on their way to the next: walk instead of building a table.
            if s.count <= LINEAR as u32 {
                let mut p = self;
                while p.get().count > 0 {
                    if p.get().key == key {
                        return Some((p.get().count - 1, p.get().attrs));
                    }
                    p = ShapeRef(p.get().parent);
                }
                return None;
            }
            self.table();
        }
        // Looked at anew: making the table has written to it.
        let s = self.get();
        let t = s.table.as_ref()?;
        // SAFETY: nobody else holds a reference into the table while this function runs.
        let t = unsafe { &*t.get() };
        let i = t.find(key)?;
        (i < s.count).then(|| (i, t.entries[i as usize].attrs))
    }

    /// All properties in order of creation: key, slot, attributes.
    pub(crate) fn entries(self) -> Vec<(PropKey, u32, u8)> {
        let n = self.count() as usize;
        if n == 0 {
            return Vec::new();
        }
        let t = self.table();
        // SAFETY: nobody else holds a reference into the table while this function runs.
        let t = unsafe { &*t.get() };
        let live = t.entries[..n].iter().enumerate().filter(|(_, e)| e.key != PropKey::NONE);
        live.map(|(i, e)| (e.key, i as u32, e.attrs)).collect()
    }

    /// The shape that this one adds a property to, and the property's name.
    pub(crate) fn link(self) -> (ShapeRef, PropKey) {
        (ShapeRef(self.get().parent), self.get().key)
    }

    /// The first `n` of them.
    pub(crate) fn first_entries(self, n: usize) -> Vec<(PropKey, u32, u8)> {
        let count = self.count() as usize;
        if count == 0 {
            return Vec::new();
        }
        let t = self.table();
        // SAFETY: nobody else holds a reference into the table while this function runs.
        let t = unsafe { &*t.get() };
        let live = t.entries[..count].iter().enumerate().filter(|(_, e)| e.key != PropKey::NONE);
        live.take(n).map(|(i, e)| (e.key, i as u32, e.attrs)).collect()
    }

    /// The shape with one more property. Dictionaries are changed in place (or replaced when cached).
    pub(crate) fn add(self, heap: &mut Heap, key: PropKey, attrs: u8) -> ShapeRef {
        let s = self.get();
        if s.flags & DICT != 0 || s.count >= MAX_SHARED {
            let d = self.own_dict(heap);
            let t = d.table();
            // SAFETY: a dictionary's table is its own.
            unsafe { (&mut *t.get()).push(key, attrs) };
            d.get().count += 1;
            return d;
        }
        if let Some(next) = self.transition(key, attrs) {
            return next;
        }
        let table = s.table.clone().filter(|t| {
            // SAFETY: no other reference into the table is alive. Only the longest chain may append to a shared table.
            unsafe {
                let t = &mut *t.get();
                let tail = t.entries.len() == s.count as usize;
                if tail {
                    t.push(key, attrs);
                }
                tail
            }
        });
        let next = Self::make(heap, s.proto, self.0, key, s.count + 1, attrs, 0, table);
        s.transitions = match std::mem::replace(&mut s.transitions, Transitions::None) {
            Transitions::None => Transitions::One(key, attrs, next.0),
            Transitions::One(k, a, p) => {
                let mut m = FxHashMap::default();
                m.insert((k.0.bits(), a), p);
                m.insert((key.0.bits(), attrs), next.0);
                Transitions::Many(Box::new(m))
            }
            Transitions::Many(mut m) => {
                m.insert((key.0.bits(), attrs), next.0);
                Transitions::Many(m)
            }
        };
        next
    }

    /// The shape that adding this property leads to, if an object has gone that way before (never from a dictionary).
    #[inline]
    pub(crate) fn known_transition(self, key: PropKey, attrs: u8) -> Option<ShapeRef> {
        if self.get().count >= MAX_SHARED { None } else { self.transition(key, attrs) }
    }

    #[inline]
    fn transition(self, key: PropKey, attrs: u8) -> Option<ShapeRef> {
        match &self.get().transitions {
            Transitions::None => None,
            Transitions::One(k, a, p) => (*k == key && *a == attrs).then_some(ShapeRef(*p)),
            Transitions::Many(m) => m.get(&(key.0.bits(), attrs)).map(|&p| ShapeRef(p)),
        }
    }

    /// A dictionary shape with the same contents that nobody else uses and no cache has seen.
    pub(crate) fn own_dict(self, heap: &mut Heap) -> ShapeRef {
        let s = self.get();
        if s.flags & DICT != 0 {
            if s.flags & CACHED == 0 {
                return self;
            }
            let table = s.table.take();
            let (proto, count) = (s.proto, s.count);
            return Self::make(heap, proto, std::ptr::null_mut(), PropKey::NONE, count, 0, DICT, table);
        }
        let t = self.table();
        // SAFETY: no other reference into the table is alive.
        let mut own = unsafe { (*t.get()).clone() };
        own.entries.truncate(s.count as usize);
        own.index.clear();
        if own.entries.len() > LINEAR {
            own.reindex();
        }
        let table = Some(Rc::new(UnsafeCell::new(own)));
        let (proto, count) = (s.proto, s.count);
        Self::make(heap, proto, std::ptr::null_mut(), PropKey::NONE, count, 0, DICT, table)
    }

    /// Changes a property's attributes; only on own dictionaries.
    pub(crate) fn dict_set_attrs(self, slot: u32, attrs: u8) {
        debug_assert!(self.get().flags & (DICT | CACHED) == DICT);
        let t = self.table();
        // SAFETY: a dictionary's table is its own.
        unsafe { (&mut *t.get()).entries[slot as usize].attrs = attrs };
    }

    /// Forgets a property; only on own dictionaries. Returns how many entries are dead now.
    pub(crate) fn dict_remove(self, slot: u32) -> u32 {
        debug_assert!(self.get().flags & (DICT | CACHED) == DICT);
        let t = self.table();
        // SAFETY: a dictionary's table is its own.
        let t = unsafe { &mut *t.get() };
        t.entries[slot as usize].key = PropKey::NONE;
        t.dead += 1;
        t.dead
    }

    /// Drops dead entries of an own dictionary; returns the old slot of each one that stays.
    pub(crate) fn dict_compact(self) -> Vec<u32> {
        let t = self.table();
        // SAFETY: a dictionary's table is its own.
        let t = unsafe { &mut *t.get() };
        let old: Vec<u32> =
            (0..t.entries.len() as u32).filter(|&i| t.entries[i as usize].key != PropKey::NONE).collect();
        t.entries = old.iter().map(|&i| t.entries[i as usize]).collect();
        t.dead = 0;
        t.index.clear();
        if t.entries.len() > LINEAR {
            t.reindex();
        }
        self.get().count = t.entries.len() as u32;
        old
    }

    /// Changes the prototype; only on own dictionaries.
    pub(crate) fn dict_set_proto(self, proto: *mut Obj) {
        debug_assert!(self.get().flags & (DICT | CACHED) == DICT);
        self.get().proto = proto;
    }
}

/// Marks what a shape refers to. Transitions are weak: see `after_mark`.
pub(crate) fn trace(heap: &mut Heap, s: *mut Shape) {
    let s = ShapeRef(s);
    heap.mark_cell(s.get().proto.cast());
    heap.mark_cell(s.get().parent.cast());
    heap.mark_value(s.get().key.0);
    if s.get().flags & DICT != 0 {
        s.entries().iter().for_each(|(k, ..)| heap.mark_value(k.0));
    }
}

/// After marking, before sweeping: forgets shapes that were not reached, and transitions to them.
pub(crate) fn after_mark(heap: &mut Heap) {
    let mut shapes = std::mem::take(&mut heap.shapes);
    shapes.retain(|&s| heap.is_marked(s.cast()));
    shapes.iter().for_each(|&s| clear_dead_transitions(heap, s));
    heap.shapes = shapes;
}

fn clear_dead_transitions(heap: &Heap, s: *mut Shape) {
    let s = ShapeRef(s);
    let s = s.get();
    match &mut s.transitions {
        Transitions::None => {}
        Transitions::One(_, _, p) => {
            if !heap.is_marked(p.cast()) {
                s.transitions = Transitions::None;
            }
        }
        Transitions::Many(m) => m.retain(|_, p| heap.is_marked(p.cast())),
    }
    // A shared table may hold keys of dead siblings behind our own; they are never dereferenced (keys are only compared),
    // but a later string could get the same address: drop the table, it is rebuilt from the chain.
    if s.flags & DICT == 0 {
        s.table = None;
    }
}

/// Releases what a dead shape owns.
pub(crate) fn drop_shape(s: *mut Shape) {
    // SAFETY: the cell is dead; its Rust fields are dropped exactly once.
    unsafe {
        std::ptr::drop_in_place(&mut (*s).table);
        std::ptr::drop_in_place(&mut (*s).transitions);
    }
}
