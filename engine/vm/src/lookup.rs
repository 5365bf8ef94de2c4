//! A cache in front of shape tables, for natives: they have no inline caches of their own, and programs that read the same few
//! properties through them (an emitter's listeners, a promise's `then`) would search a table each time.
//!
//! There are two: one for an object's own properties, and one for reads through its chain of prototypes, which remembers the holder as
//! inline caches do (the prototype epoch guards it).
//!
//! Shared shapes never change, so a pair of shape and key always leads to the same slot. A dictionary is remembered when the same key is
//! asked for a second time in a row: from then on it counts as seen by a cache, and a change gives its object another shape. A table
//! that grows between any two reads is thus never copied. A collection may give a shape's address to another, so it empties both.

use crate::code::IcKind;
use crate::interp::Got;
use crate::object::{Class, EXOTIC, LAZY, Obj, ObjRef};
use crate::shape::ShapeRef;
use crate::value::{PropKey, Value};
use crate::vm::Vm;
use std::ptr::null_mut;

/// Lines; a power of two. 12 KiB in all, of which a short script touches little.
const LINES: usize = 512;
/// The shape has no such property.
const ABSENT: u32 = u32::MAX;
/// A dictionary that has been asked for this key once.
const MET: u32 = u32::MAX - 1;

#[derive(Clone, Copy)]
struct Line {
    shape: ShapeRef,
    key: PropKey,
    slot: u32,
    attrs: u8,
}

/// Shape and key to slot and attributes.
pub(crate) struct LookupCache {
    lines: Box<[Line; LINES]>,
}

impl LookupCache {
    pub(crate) fn new() -> LookupCache {
        let empty = Line { shape: ShapeRef::NULL, key: PropKey::NONE, slot: 0, attrs: 0 };
        LookupCache { lines: Box::new([empty; LINES]) }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        for l in self.lines.iter_mut() {
            l.shape = ShapeRef::NULL;
        }
    }

    /// As [`ShapeRef::lookup`].
    #[inline(always)]
    pub(crate) fn find(&mut self, shape: ShapeRef, key: PropKey) -> Option<(u32, u8)> {
        let at = (shape.0 as usize >> 4) ^ (key.0.bits() as usize >> 4);
        let l = &mut self.lines[at & (LINES - 1)];
        if l.shape == shape && l.key == key && l.slot != MET {
            return (l.slot != ABSENT).then_some((l.slot, l.attrs));
        }
        self.search(shape, key, at & (LINES - 1))
    }

    #[inline(never)]
    fn search(&mut self, shape: ShapeRef, key: PropKey, at: usize) -> Option<(u32, u8)> {
        let found = shape.lookup(key);
        let line = &mut self.lines[at];
        let (mut slot, attrs) = found.unwrap_or((ABSENT, 0));
        if shape.is_dict() {
            if line.shape == shape && line.key == key {
                shape.set_cached();
            } else {
                slot = MET;
            }
        }
        *line = Line { shape, key, slot, attrs };
        found
    }
}

/// Pairs of shape and key that a chain of prototypes is remembered for; a power of two. 32 KiB in all.
const CHAINS: usize = 1024;
const OWN: u32 = 0;
const INHERITED: u32 = 1;
const GETTER: u32 = 2;
const NOWHERE: u32 = 3;
/// A dictionary that has been asked for this key once.
const ONCE: u32 = 4;
/// Bits that say which of these it is.
const KIND: u32 = 7;

/// Where a read through the chain of prototypes ends.
#[derive(Clone, Copy)]
struct Chain {
    shape: ShapeRef,
    key: PropKey,
    /// Whose slot it is; null: the receiver's own.
    holder: *mut Obj,
    /// The slot times eight, and the kind.
    place: u32,
    /// Of the prototypes when it was looked up.
    epoch: u32,
}

impl Chain {
    /// What there is to read; `None`: look again.
    #[inline(always)]
    fn read(&self, o: ObjRef, epoch: u32) -> Option<Got> {
        let slot = self.place >> 3;
        let holder = if self.holder.is_null() { o } else { ObjRef(self.holder) };
        match self.place & KIND {
            OWN => Some(Got::Value(o.slot(slot))),
            INHERITED if self.epoch == epoch => Some(Got::Value(holder.slot(slot))),
            GETTER if self.epoch == epoch => Some(Got::Getter(crate::vm::accessor(holder.slot(slot)).0)),
            NOWHERE if self.epoch == epoch => Some(Got::Value(Value::UNDEFINED)),
            _ => None,
        }
    }
}

/// Shape and key to the holder of a property. A pair has two lines where it may stand.
pub(crate) struct ChainCache {
    lines: Box<[Chain; CHAINS]>,
}

impl ChainCache {
    pub(crate) fn new() -> ChainCache {
        let (shape, key, holder) = (ShapeRef::NULL, PropKey::NONE, null_mut());
        ChainCache { lines: Box::new([Chain { shape, key, holder, place: ONCE, epoch: 0 }; CHAINS]) }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        for l in self.lines.iter_mut() {
            l.shape = ShapeRef::NULL;
        }
    }

    #[inline(always)]
    fn line(&self, shape: ShapeRef, key: PropKey) -> (usize, Option<&Chain>) {
        let at = ((shape.0 as usize >> 4) ^ (key.0.bits() as usize >> 4)) & (CHAINS - 1);
        let [first, second] = [&self.lines[at], &self.lines[at ^ 1]];
        if first.shape == shape && first.key == key {
            return (at, Some(first));
        }
        (at, (second.shape == shape && second.key == key).then_some(second))
    }
}

impl Vm {
    /// A named property of an object all of whose chain is ordinary: its value, or the getter to call. `None`: ask the general path.
    #[inline(always)]
    pub(crate) fn quick_get(&mut self, o: ObjRef, key: PropKey) -> Option<Got> {
        if o.has_flag(EXOTIC | LAZY) || o.is(Class::Array) && key == self.atoms.length.0 {
            return None;
        }
        let (at, line) = self.chains.line(o.shape(), key);
        match line.and_then(|line| line.read(o, self.proto_epoch)) {
            Some(got) => Some(got),
            None => self.follow_chain(o, key, at),
        }
    }

    #[inline(never)]
    fn follow_chain(&mut self, o: ObjRef, key: PropKey, at: usize) -> Option<Got> {
        let (kind, holder, slot) = self.find_for_cache(o, key)?;
        let (shape, epoch) = (o.shape(), self.proto_epoch);
        let kind = match kind {
            IcKind::Own => OWN,
            IcKind::Proto => INHERITED,
            IcKind::Getter => GETTER,
            _ => NOWHERE,
        };
        let found = Chain { shape, key, holder, place: slot << 3 | kind, epoch };
        let mut kept = found;
        if shape.is_dict() {
            if self.chains.line(shape, key).1.is_some() {
                shape.set_cached();
            } else {
                kept.place = ONCE;
            }
        }
        // The newest stands first; what stood there may stay in the second place.
        let lines = &mut self.chains.lines;
        let first = lines[at];
        if first.shape != shape || first.key != key {
            lines[at ^ 1] = first;
        }
        lines[at] = kept;
        found.read(o, epoch)
    }
}
