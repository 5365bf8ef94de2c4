//! Building trees of data, and reading them, without a handle for each value: what JSON and structured cloning are made of.
//!
//! No JavaScript runs while a [`Builder`] is at work, so nothing can be collected and its values need no roots until they come
//! out. A [`Layout`] is the list of an object's properties taken once for all objects of the same shape.

use crate::object::{Class, ObjRef, SPARSE};
use crate::scope::{Key, Local, Scope};
use crate::shape::{ACCESSOR, ALL, ENUMERABLE, ShapeRef};
use crate::value::{PropKey, Value};
use crate::vm::Vm;
use std::rc::Rc;

/// Objects with more properties than this get their slots outside the cell.
const MAX_INLINE: usize = 32;

/// Makes nested arrays and objects from the inside out.
pub struct Builder<'a> {
    vm: &'a mut Vm,
    /// Values whose container is not closed yet; of objects, keys and values alternate.
    values: Vec<Value>,
    /// Where each open container's values begin.
    open: Vec<usize>,
}

impl Builder<'_> {
    /// A null.
    #[inline]
    pub fn null(&mut self) {
        self.values.push(Value::NULL);
    }

    /// A boolean.
    #[inline]
    pub fn bool(&mut self, b: bool) {
        self.values.push(Value::bool(b));
    }

    /// An integer.
    #[inline]
    pub fn int(&mut self, i: i32) {
        self.values.push(Value::int(i));
    }

    /// A number.
    #[inline]
    pub fn number(&mut self, d: f64) {
        self.values.push(Value::number(d));
    }

    /// A string from Latin-1 bytes.
    #[inline]
    pub fn latin1(&mut self, b: &[u8]) {
        let v = self.vm.str_latin1(b);
        self.values.push(v);
    }

    /// A string from code units.
    pub fn units(&mut self, u: &[u16]) {
        let v = self.vm.str_units(u);
        self.values.push(v);
    }

    /// The key of the next property, from Latin-1 bytes.
    #[inline]
    pub fn key_latin1(&mut self, b: &[u8]) {
        let index = match b.first() {
            Some(b'0'..=b'9') => crate::string::Chars::Latin1(b).array_index(),
            _ => None,
        };
        let k = match index {
            Some(i) => Value::int(i as i32),
            None => Value::string(self.vm.interner.latin1(&mut self.vm.heap, b)),
        };
        self.values.push(k);
    }

    /// The key of the next property, from code units.
    pub fn key_units(&mut self, u: &[u16]) {
        let v = self.vm.str_units(u);
        let k = self.vm.string_key(v);
        self.values.push(k.0);
    }

    /// Begins an array or object.
    #[inline]
    pub fn open(&mut self) {
        self.open.push(self.values.len());
    }

    /// Ends an array of what came since `open`.
    pub fn close_array(&mut self) {
        let from = self.open.pop().unwrap_or(0);
        let a = self.vm.array_from_raw(&self.values[from..]);
        self.values.truncate(from);
        self.values.push(a.value());
    }

    /// Ends an object of the keys and values that came since `open`. Of equal keys the last value counts.
    pub fn close_object(&mut self) {
        let from = self.open.pop().unwrap_or(0);
        let n = (self.values.len() - from) / 2;
        let room = if n <= MAX_INLINE { n } else { 4 };
        let o = ObjRef::plain(&mut self.vm.heap, self.vm.realm.object_shape, room as u8);
        for i in 0..n {
            let (k, v) = (PropKey(self.values[from + 2 * i]), self.values[from + 2 * i + 1]);
            if !k.0.is_int() {
                // A transition that exists was taken by an object without this key: no search for a duplicate.
                if let Some(next) = o.shape().known_transition(k, ALL) {
                    o.append_slot(&mut self.vm.heap, next, v);
                    continue;
                }
            }
            match o.find(k) {
                Some(f) => o.store(f.loc, v),
                None => self.vm.add_property(o, k, v, ALL),
            }
        }
        self.values.truncate(from);
        self.values.push(o.value());
    }
}

/// The enumerable string-keyed own properties that all objects of one shape have.
#[derive(Clone)]
pub struct Layout(Rc<LayoutData>);

struct LayoutData {
    shape: ShapeRef,
    /// Collections when it was taken: a freed shape's address may come back.
    epoch: u32,
    props: Vec<(PropKey, u32)>,
}

impl Layout {
    /// How many properties there are.
    pub fn len(&self) -> usize {
        self.0.props.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.props.is_empty()
    }

    /// The key of property `i`.
    pub fn key<'s>(&self, s: &mut Scope<'s>, i: usize) -> Key<'s> {
        s.root_key(self.0.props[i].0)
    }

    /// A number that tells layouts apart as long as no collection happens ([`Layout::is_current`]).
    pub fn id(&self) -> usize {
        self.0.shape.0 as usize
    }

    /// Whether no collection has happened since it was taken.
    pub fn is_current(&self, s: &Scope<'_>) -> bool {
        self.0.epoch == s.vm.heap.stats().collections
    }
}

impl<'s> Scope<'s> {
    /// Builds a tree: `f` makes exactly one value. The result is that value, or what `f` failed with.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn build<E>(&mut self, f: impl FnOnce(&mut Builder<'_>) -> Result<(), E>) -> Result<Local<'s>, E> {
        let mut b = Builder { vm: self.vm, values: Vec::new(), open: Vec::new() };
        f(&mut b)?;
        let v = b.values.pop().unwrap_or(Value::UNDEFINED);
        Ok(self.root(v))
    }

    /// What tells the layout of a plain object without elements and with a shared shape; `None` for others. Equal numbers mean
    /// equal layouts as long as no collection happens.
    #[inline]
    pub fn layout_id(&self, o: Local<'_>) -> Option<usize> {
        let r = ObjRef::from(o.v).filter(|r| r.is(Class::Plain))?;
        if r.elem_len() != 0 || r.has_flag(SPARSE) || r.shape().is_dict() {
            return None;
        }
        Some(r.shape().0 as usize)
    }

    /// The layout of a plain object without elements, with a shared shape and without enumerable accessors; `None` for others.
    pub fn layout(&mut self, o: Local<'_>) -> Option<Layout> {
        self.layout_id(o)?;
        let shape = o.obj().shape();
        let mut props = Vec::with_capacity(shape.count() as usize);
        for (k, slot, attrs) in shape.entries() {
            if k.is_string() && attrs & ENUMERABLE != 0 {
                if attrs & ACCESSOR != 0 {
                    return None;
                }
                props.push((k, slot));
            }
        }
        Some(Layout(Rc::new(LayoutData { shape, epoch: self.vm.heap.stats().collections, props })))
    }

    /// Property `i` of the layout of this object; `None` when the object has another layout by now.
    #[inline]
    pub fn layout_get(&mut self, o: Local<'_>, l: &Layout, i: usize) -> Option<Local<'s>> {
        let r = o.obj();
        if r.shape() != l.0.shape || !r.is(Class::Plain) || !l.is_current(self) {
            return None;
        }
        Some(self.root(r.slot(l.0.props[i].1)))
    }

    /// Whether reading `key` from this object finds nothing and runs no code: neither it nor its prototypes have it, and none
    /// of them is exotic.
    pub fn lacks_plainly(&mut self, o: Local<'_>, key: impl Into<Key<'s>>) -> bool {
        let key = key.into();
        let mut p = ObjRef::from(o.v);
        while let Some(x) = p {
            if !Vm::is_ordinary(x) || x.find(key.k).is_some() {
                return false;
            }
            p = x.proto();
        }
        true
    }

    /// The name of the constructor an object inherits from, found without running code; "Object" where there is none.
    pub fn constructor_text(&mut self, o: Local<'_>) -> String {
        self.constructor_name(o.obj()).filter(|n| !n.is_empty()).unwrap_or_else(|| "Object".into())
    }

    /// The decimal digits of a number, as `Number.prototype.toString` gives them, appended to `out`.
    pub fn append_number(&mut self, n: Local<'_>, out: &mut Vec<u8>) {
        if n.v.is_int() {
            let mut buf = [0; 11];
            out.extend_from_slice(crate::array::int_text(n.v.as_int(), &mut buf));
        } else if n.v.is_double() {
            out.extend_from_slice(crate::convert::number_to_text(n.v.as_double()).as_bytes());
        }
    }
}
