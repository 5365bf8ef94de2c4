//! A cache in front of shape tables, for natives: they have no inline caches of their own, and programs that read the same few
//! properties through them (an emitter's listeners, a promise's `then`) would search a table each time.
//!
//! Shared shapes never change, so a pair of shape and key always leads to the same slot. Dictionaries change in place and are not
//! remembered. A collection may give a shape's address to another, so it empties the cache.

use crate::object::{Class, EXOTIC, LAZY, ObjRef};
use crate::shape::{ACCESSOR, ShapeRef};
use crate::value::{PropKey, Value};
use crate::vm::Vm;

/// Lines; a power of two. 12 KiB in all, of which a short script touches little.
const LINES: usize = 512;
/// The shape has no such property.
const ABSENT: u32 = u32::MAX;

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
        if l.shape == shape && l.key == key {
            return (l.slot != ABSENT).then_some((l.slot, l.attrs));
        }
        self.search(shape, key, at & (LINES - 1))
    }

    #[inline(never)]
    fn search(&mut self, shape: ShapeRef, key: PropKey, at: usize) -> Option<(u32, u8)> {
        let found = shape.lookup(key);
        if !shape.is_dict() {
            let (slot, attrs) = found.unwrap_or((ABSENT, 0));
            self.lines[at] = Line { shape, key, slot, attrs };
        }
        found
    }
}

impl Vm {
    /// A named property of an object all of whose chain is ordinary, up to where it is found, if it is no accessor. `None`: ask
    /// the general path.
    #[inline(always)]
    pub(crate) fn quick_get(&mut self, o: ObjRef, key: PropKey) -> Option<Value> {
        if key.as_index().is_some() {
            return None;
        }
        let mut x = o;
        loop {
            if x.has_flag(EXOTIC | LAZY) || x.is(Class::Array) && key == self.atoms.length.0 {
                return None;
            }
            if let Some((slot, attrs)) = self.lookups.find(x.shape(), key) {
                return (attrs & ACCESSOR == 0).then(|| x.slot(slot));
            }
            match x.proto() {
                Some(p) => x = p,
                None => return Some(Value::UNDEFINED),
            }
        }
    }
}
