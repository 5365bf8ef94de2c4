//! Objects: layout, raw property storage and dense elements. Nothing in here calls JavaScript.
//!
//! INVARIANT: an [`ObjRef`] points to a live object cell. It is made only from values that are reachable, and is not kept
//! across a safepoint without being rooted. All unsafe accesses in this module rest on that.
//!
//! Layout: header, shape, slots, elements; then, by class, either internal values (exotic classes; the header's `aux` says how
//! many) or room for slots (plain objects). `slots` always points at the slots wherever they are, so reading one never branches.

use crate::heap::{CellKind, Header, Heap};
use crate::shape::{self, ShapeRef};
use crate::value::{PropKey, Value};
use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::ptr::null_mut;

/// What an object is beyond its properties.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are JavaScript's own")]
pub enum Class {
    Plain,
    Array,
    Function,
    Native,
    Bound,
    Error,
    Boolean,
    Number,
    String,
    Symbol,
    BigInt,
    Date,
    RegExp,
    Map,
    Set,
    WeakMap,
    WeakSet,
    WeakRef,
    FinalizationRegistry,
    Proxy,
    Promise,
    Generator,
    AsyncGenerator,
    Arguments,
    ArrayBuffer,
    SharedArrayBuffer,
    TypedArray,
    DataView,
    Namespace,
    /// Iterators of builtins, and other objects with internal values whose meaning their module knows.
    Iterator,
    ForIn,
    Global,
    /// Objects of the embedder.
    Host,
    /// Variables that direct evals have declared in a function; no script ever sees it.
    Vars,
}

impl Class {
    const LAST: u8 = Class::Vars as u8;

    /// Whether the cell has internal values.
    #[inline(always)]
    pub(crate) const fn has_ints(self) -> bool {
        !matches!(self, Class::Plain | Class::Array)
    }
}

/// Data that an object owns outside the heap.
pub trait HostData: Any {
    /// Reports every value it holds.
    fn trace(&self, visit: &mut Visitor<'_>);
    /// Bytes it owns, for the collector's trigger.
    fn bytes(&self) -> usize {
        0
    }
}

/// Class data as an object keeps it.
struct HostBox {
    /// INVARIANT: the type of the data; `host_of` rests on it.
    id: TypeId,
    data: Box<dyn HostData>,
}

/// Receives the values that [`HostData`] holds.
pub struct Visitor<'a>(Receiver<'a>);

enum Receiver<'a> {
    /// The collector, which marks them.
    Heap(&'a mut Heap),
    /// An instrument, which lists them.
    List(&'a mut Vec<Value>),
}

impl Visitor<'_> {
    /// Reports one value.
    pub fn visit(&mut self, v: Value) {
        match &mut self.0 {
            Receiver::Heap(heap) => heap.mark_value(v),
            Receiver::List(list) => list.push(v),
        }
    }
}

/// `Object.preventExtensions` was called.
pub(crate) const NOT_EXTENSIBLE: u8 = 1;
/// Some shape has it as prototype: layout changes must reach the inline caches.
pub(crate) const IS_PROTO: u8 = 2;
/// Dense elements are neither writable nor configurable (frozen).
pub(crate) const ELEMS_FROZEN: u8 = 4;
/// Dense elements are not configurable (sealed).
pub(crate) const ELEMS_SEALED: u8 = 8;
/// Elements are in a [`SparseElems`] instead of dense storage.
pub(crate) const SPARSE: u8 = 16;
/// A function whose `length`, `name` and `prototype` are not made yet.
pub(crate) const LAZY: u8 = 32;
/// Internal value 3 is a boxed `Box<dyn HostData>`.
pub(crate) const HAS_HOST: u8 = 64;
/// Has internal methods of its own (proxy, string, typed array, namespace, mapped arguments).
pub(crate) const EXOTIC: u8 = 128;

/// Internal value of functions: the home object.
const HOME: usize = 2;

/// An object cell.
#[repr(C)]
pub(crate) struct Obj {
    pub(crate) h: Header,
    pub(crate) shape: ShapeRef,
    pub(crate) slots: *mut Value,
    pub(crate) elems: *mut Value,
}
const OBJ: usize = std::mem::size_of::<Obj>();
/// Internal values of most classes that have them.
const INTS: usize = 4;
/// Of promises and of functions without a home object: what programs make by the million stays small.
pub(crate) const FEW_INTS: usize = 2;

/// Elements too far apart, or with attributes of their own.
#[derive(Default)]
pub(crate) struct SparseElems {
    pub(crate) map: BTreeMap<u32, (Value, u8)>,
    /// Arrays only.
    pub(crate) length: u32,
    pub(crate) length_readonly: bool,
    /// Bytes told to the heap.
    reported: usize,
}

/// About what an entry of the map takes.
const SPARSE_ENTRY: usize = 40;

/// Where a property was found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loc {
    Slot(u32),
    Elem(u32),
    Sparse(u32),
}

/// An own property as stored. With `ACCESSOR` in `attrs` the value is an accessor pair.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) value: Value,
    pub(crate) attrs: u8,
    pub(crate) loc: Loc,
}

/// A live object; see the module's invariant.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct ObjRef(pub(crate) *mut Obj);

impl ObjRef {
    /// A new object of a class with internal values, or an array.
    pub(crate) fn new(heap: &mut Heap, class: Class, shape: ShapeRef) -> ObjRef {
        if class.has_ints() {
            return Self::with_ints::<INTS>(heap, class, shape);
        }
        Self::raw(heap, OBJ, class, shape)
    }

    /// A new object with `N` internal values.
    #[inline(always)]
    pub(crate) fn with_ints<const N: usize>(heap: &mut Heap, class: Class, shape: ShapeRef) -> ObjRef {
        let o = Self::raw(heap, OBJ + N * 8, class, shape);
        o.get().h.aux = N as u8;
        for i in 0..N {
            // SAFETY: the cell has room for the internal values.
            unsafe { o.ints().add(i).write(Value::UNDEFINED) };
        }
        o
    }

    /// A new plain object with room for `slots` properties inside the cell.
    #[inline(always)]
    pub(crate) fn plain(heap: &mut Heap, shape: ShapeRef, slots: u8) -> ObjRef {
        let o = Self::raw(heap, OBJ + slots as usize * 8, Class::Plain, shape);
        // SAFETY: fresh cell.
        unsafe {
            (*o.0).h.aux = slots;
            (*o.0).slots = o.ints();
        }
        o
    }

    #[inline(always)]
    fn raw(heap: &mut Heap, size: usize, class: Class, shape: ShapeRef) -> ObjRef {
        let p = heap.alloc(size, CellKind::Object).cast::<Obj>();
        // SAFETY: fresh cell of at least OBJ bytes.
        unsafe {
            (*p).h.kind = CellKind::Object as u8 + class as u8;
            (*p).shape = shape;
            (*p).slots = null_mut();
            (*p).elems = null_mut();
        }
        ObjRef(p)
    }

    /// From a value that is an object.
    #[inline(always)]
    pub(crate) fn of(v: Value) -> ObjRef {
        debug_assert!(v.is_object());
        ObjRef(v.ptr())
    }

    /// From any value.
    #[inline(always)]
    pub(crate) fn from(v: Value) -> Option<ObjRef> {
        if v.is_object() { Some(ObjRef(v.ptr())) } else { None }
    }

    #[inline(always)]
    pub(crate) fn value(self) -> Value {
        Value::object(self.0)
    }

    #[inline(always)]
    #[expect(
        clippy::mut_from_ref,
        reason = "cells are reached through raw pointers; see the module's invariant"
    )]
    pub(crate) fn get(&self) -> &mut Obj {
        // SAFETY: the module's invariant; no reference is kept across another call.
        unsafe { &mut *self.0 }
    }

    #[inline(always)]
    pub(crate) fn class(self) -> Class {
        let n = self.get().h.kind - CellKind::Object as u8;
        debug_assert!(n <= Class::LAST);
        // SAFETY: object cells are only made with kinds of this enum.
        unsafe { std::mem::transmute::<u8, Class>(n) }
    }

    #[inline(always)]
    pub(crate) fn is(self, class: Class) -> bool {
        self.get().h.kind == CellKind::Object as u8 + class as u8
    }

    #[inline(always)]
    pub(crate) fn has_flag(self, flag: u8) -> bool {
        self.get().h.flags & flag != 0
    }

    pub(crate) fn set_flag(self, flag: u8) {
        self.get().h.flags |= flag;
    }

    pub(crate) fn clear_flag(self, flag: u8) {
        self.get().h.flags &= !flag;
    }

    #[inline(always)]
    pub(crate) fn shape(self) -> ShapeRef {
        self.get().shape
    }

    #[inline(always)]
    pub(crate) fn proto(self) -> Option<ObjRef> {
        let p = self.get().shape.proto();
        if p.is_null() { None } else { Some(ObjRef(p)) }
    }

    #[inline(always)]
    fn ints(self) -> *mut Value {
        // SAFETY: the internal values or inline slots follow the fixed part.
        unsafe { self.0.add(1).cast() }
    }

    /// How many internal values the object has.
    #[inline(always)]
    pub(crate) fn int_count(self) -> usize {
        if self.class().has_ints() { self.get().h.aux as usize } else { 0 }
    }

    /// Internal value `i` of an object that has it.
    #[inline(always)]
    pub(crate) fn int(self, i: usize) -> Value {
        debug_assert!(i < self.int_count());
        // SAFETY: the class has internal values.
        unsafe { *self.ints().add(i) }
    }

    /// Sets internal value `i`.
    #[inline(always)]
    pub(crate) fn set_int(self, i: usize, v: Value) {
        debug_assert!(i < self.int_count());
        // SAFETY: the class has internal values.
        unsafe { self.ints().add(i).write(write_barrier(v)) }
    }

    /// The home object of a function (what its `super` refers to); undefined when it has none.
    pub(crate) fn home(self) -> Value {
        if self.int_count() > HOME { self.int(HOME) } else { Value::UNDEFINED }
    }

    /// Sets the home object of a function that was made with room for it.
    pub(crate) fn set_home(self, home: Value) {
        assert!(self.int_count() > HOME, "a function without room for its home object");
        self.set_int(HOME, home);
    }

    // ---- slots ----

    #[inline(always)]
    pub(crate) fn slot(self, i: u32) -> Value {
        debug_assert!(i < self.shape().count());
        // SAFETY: the shape says there are that many slots.
        unsafe { *self.get().slots.add(i as usize) }
    }

    #[inline(always)]
    pub(crate) fn set_slot(self, i: u32, v: Value) {
        debug_assert!(i < self.shape().count());
        // SAFETY: the shape says there are that many slots.
        unsafe { self.get().slots.add(i as usize).write(write_barrier(v)) }
    }

    #[inline(always)]
    fn slot_capacity(self) -> usize {
        let o = self.get();
        if o.slots.is_null() {
            0
        } else if self.is(Class::Plain) && o.slots == self.ints() {
            o.h.aux as usize
        } else {
            // SAFETY: slots outside the cell are a Storage.
            unsafe { (*o.slots.cast::<Header>().sub(1)).extra as usize }
        }
    }

    /// Takes over a shape with exactly one more slot, and fills it.
    #[inline(always)]
    pub(crate) fn append_slot(self, heap: &mut Heap, shape: ShapeRef, v: Value) {
        let n = shape.count() as usize - 1;
        if n >= self.slot_capacity() {
            self.grow_slots(heap, n);
        }
        let o = self.get();
        o.shape = shape;
        // SAFETY: there is room for slot n now.
        unsafe { o.slots.add(n).write(write_barrier(v)) };
    }

    #[cold]
    #[inline(never)]
    fn grow_slots(self, heap: &mut Heap, used: usize) {
        let o = self.get();
        let cap = Heap::storage_round((used * 2).max(4));
        if o.slots.is_null() || (self.is(Class::Plain) && o.slots == self.ints()) {
            let new = heap.alloc_storage(cap);
            // SAFETY: `used` values are initialised in the old place and fit the new one.
            unsafe { std::ptr::copy_nonoverlapping(o.slots, new, if o.slots.is_null() { 0 } else { used }) };
            o.slots = new;
        } else {
            // SAFETY: an object's slots are referred to by that object only.
            o.slots = unsafe { heap.grow_storage(o.slots, used, cap) };
        }
    }

    // ---- elements ----

    /// Number of dense elements (holes included).
    #[inline(always)]
    pub(crate) fn elem_len(self) -> u32 {
        self.get().h.extra
    }

    #[inline(always)]
    pub(crate) fn elem_capacity(self) -> u32 {
        let o = self.get();
        if o.elems.is_null() {
            return 0;
        }
        // SAFETY: dense elements are a Storage.
        unsafe { (*o.elems.cast::<Header>().sub(1)).extra }
    }

    /// Dense element `i`, which may be a hole; only below `elem_len`.
    #[inline(always)]
    pub(crate) fn elem(self, i: u32) -> Value {
        debug_assert!(i < self.elem_len() && !self.has_flag(SPARSE));
        // SAFETY: below elem_len, and elements are dense.
        unsafe { *self.get().elems.add(i as usize) }
    }

    #[inline(always)]
    pub(crate) fn set_elem(self, i: u32, v: Value) {
        debug_assert!(i < self.elem_len() && !self.has_flag(SPARSE));
        // SAFETY: below elem_len, and elements are dense.
        unsafe { self.get().elems.add(i as usize).write(write_barrier(v)) }
    }

    /// The dense elements; empty for sparse ones. Do not keep across anything that may run JavaScript or change the array.
    #[inline]
    pub(crate) fn elems(&self) -> &[Value] {
        if self.has_flag(SPARSE) || self.elem_len() == 0 {
            return &[];
        }
        // SAFETY: elem_len values are initialised.
        unsafe { std::slice::from_raw_parts(self.get().elems, self.elem_len() as usize) }
    }

    /// Like `elems`, writable.
    #[expect(
        clippy::mut_from_ref,
        reason = "cells are reached through raw pointers; see the module's invariant"
    )]
    pub(crate) fn elems_mut(&self) -> &mut [Value] {
        if self.has_flag(SPARSE) || self.elem_len() == 0 {
            return &mut [];
        }
        // SAFETY: elem_len values are initialised; the caller holds no other reference into them.
        unsafe { std::slice::from_raw_parts_mut(self.get().elems, self.elem_len() as usize) }
    }

    /// Makes room for `n` dense elements in all.
    pub(crate) fn reserve_elems(self, heap: &mut Heap, n: u32) {
        let o = self.get();
        if n <= self.elem_capacity() {
            return;
        }
        let cap = Heap::storage_round(n as usize);
        if o.elems.is_null() {
            o.elems = heap.alloc_storage(cap);
        } else {
            // SAFETY: an object's elements are referred to by that object only.
            o.elems = unsafe { heap.grow_storage(o.elems, o.h.extra as usize, cap) };
        }
    }

    /// Appends a dense element.
    #[inline(always)]
    pub(crate) fn push_elem(self, heap: &mut Heap, v: Value) {
        let n = self.elem_len();
        if n >= self.elem_capacity() {
            self.reserve_elems(heap, (n + n / 2).max(4).max(n + 1));
        }
        self.get().h.extra = n + 1;
        self.set_elem(n, v);
    }

    /// Shortens or extends (with holes) the dense elements.
    pub(crate) fn set_elem_len(self, heap: &mut Heap, n: u32) {
        let old = self.elem_len();
        if n > old {
            self.reserve_elems(heap, n);
            self.get().h.extra = n;
            self.elems_mut()[old as usize..].fill(Value::HOLE);
        } else {
            self.get().h.extra = n;
        }
    }

    #[expect(
        clippy::mut_from_ref,
        reason = "cells are reached through raw pointers; see the module's invariant"
    )]
    pub(crate) fn sparse(&self) -> &mut SparseElems {
        debug_assert!(self.has_flag(SPARSE));
        // SAFETY: with this flag `elems` is a leaked box that drop_object frees.
        unsafe { &mut *self.get().elems.cast::<SparseElems>() }
    }

    /// Moves the elements into a map.
    pub(crate) fn make_sparse(self, heap: &mut Heap) {
        if self.has_flag(SPARSE) {
            return;
        }
        let attrs = self.elem_attrs();
        let mut s = SparseElems { length: self.elem_len(), ..Default::default() };
        s.length_readonly = self.has_flag(ELEMS_FROZEN);
        for (i, &v) in self.elems().iter().enumerate().filter(|(_, v)| !v.is_hole()) {
            s.map.insert(i as u32, (v, attrs));
        }
        s.reported = s.map.len() * SPARSE_ENTRY;
        heap.external(s.reported as isize);
        let o = self.get();
        if !o.elems.is_null() {
            // SAFETY: an object's elements are referred to by that object only.
            unsafe { heap.free_storage(o.elems) };
        }
        o.h.extra = 0;
        o.elems = Box::into_raw(Box::new(s)).cast();
        o.h.flags |= SPARSE;
        o.h.flags &= !(ELEMS_FROZEN | ELEMS_SEALED);
    }

    /// The attributes that every dense element has.
    #[inline(always)]
    pub(crate) fn elem_attrs(self) -> u8 {
        let f = self.get().h.flags;
        if f & ELEMS_FROZEN != 0 {
            shape::ENUMERABLE
        } else if f & ELEMS_SEALED != 0 {
            shape::ENUMERABLE | shape::WRITABLE
        } else {
            shape::ALL
        }
    }

    /// The length of an array.
    #[inline(always)]
    pub(crate) fn array_length(self) -> u32 {
        if self.has_flag(SPARSE) { self.sparse().length } else { self.elem_len() }
    }

    // ---- own properties as stored (not the virtual ones of exotic objects, not lazy ones of functions) ----

    /// Finds an own property.
    #[inline]
    pub(crate) fn find(self, key: PropKey) -> Option<Found> {
        if let Some(i) = key.as_index() {
            return self.find_elem(i);
        }
        let (slot, attrs) = self.shape().lookup(key)?;
        Some(Found { value: self.slot(slot), attrs, loc: Loc::Slot(slot) })
    }

    #[inline]
    pub(crate) fn find_elem(self, i: u32) -> Option<Found> {
        if self.has_flag(SPARSE) {
            let &(value, attrs) = self.sparse().map.get(&i)?;
            return Some(Found { value, attrs, loc: Loc::Sparse(i) });
        }
        if i >= self.elem_len() {
            return None;
        }
        let value = self.elem(i);
        if value.is_hole() {
            return None;
        }
        Some(Found { value, attrs: self.elem_attrs(), loc: Loc::Elem(i) })
    }

    /// Overwrites the value (or accessor pair) of a property that was just found.
    pub(crate) fn store(self, loc: Loc, v: Value) {
        match loc {
            Loc::Slot(i) => self.set_slot(i, v),
            Loc::Elem(i) => self.set_elem(i, v),
            Loc::Sparse(i) => {
                if let Some(e) = self.sparse().map.get_mut(&i) {
                    e.0 = write_barrier(v);
                }
            }
        }
    }

    /// Adds element `i`, which does not exist. Array lengths follow.
    pub(crate) fn add_elem(self, heap: &mut Heap, i: u32, v: Value, attrs: u8) {
        if !self.has_flag(SPARSE) {
            let n = self.elem_len();
            let near = u64::from(i) < u64::from(n) + u64::from(n / 2) + 1024;
            if attrs == self.elem_attrs() && near {
                if i >= n {
                    if i == n {
                        return self.push_elem(heap, v);
                    }
                    if i >= self.elem_capacity() {
                        self.reserve_elems(heap, i + i / 2 + 1);
                    }
                    self.set_elem_len(heap, i + 1);
                }
                return self.set_elem(i, v);
            }
            self.make_sparse(heap);
        }
        let s = self.sparse();
        if s.map.insert(i, (write_barrier(v), attrs)).is_none() {
            s.reported += SPARSE_ENTRY;
            heap.external(SPARSE_ENTRY as isize);
        }
        s.length = s.length.max(i + 1);
    }

    /// Class data owned outside the heap.
    pub(crate) fn host(&self) -> Option<&dyn HostData> {
        if !self.has_flag(HAS_HOST) {
            return None;
        }
        // SAFETY: with this flag internal value 3 is a leaked HostBox that drop_object frees.
        Some(unsafe { &*(*(self.int(3).as_raw() as *const HostBox)).data })
    }

    /// The class data outside the heap, if it is of this type. As with `get`, no reference is kept across another call.
    #[inline(always)]
    pub(crate) fn host_of<T: HostData>(self) -> Option<*mut T> {
        if !self.has_flag(HAS_HOST) {
            return None;
        }
        // SAFETY: as in `host`; no other reference to it lives.
        let host = unsafe { &mut *(self.int(3).as_raw() as *mut HostBox) };
        if host.id != TypeId::of::<T>() {
            return None;
        }
        let data: *mut dyn HostData = &mut *host.data;
        Some(data.cast())
    }

    /// The values that class data outside the heap holds.
    pub(crate) fn held_values(self) -> Vec<Value> {
        let mut held = Vec::new();
        if let Some(h) = self.host() {
            h.trace(&mut Visitor(Receiver::List(&mut held)));
        }
        held
    }

    /// Bytes that it owns outside its cell: slots, elements, class data.
    pub(crate) fn owned_bytes(self) -> usize {
        let o = self.get();
        let mut bytes = self.host().map_or(0, HostData::bytes);
        let slots = self.slot_capacity();
        if slots > 0 && !(self.is(Class::Plain) && o.slots == self.ints()) {
            bytes += Heap::storage_bytes(slots);
        }
        if self.has_flag(SPARSE) {
            bytes += self.sparse().reported;
        } else if !o.elems.is_null() {
            bytes += Heap::storage_bytes(self.elem_capacity() as usize);
        }
        bytes
    }

    /// The data of an array buffer, without the cost of a checked downcast: every access to a typed array comes here. `None`
    /// for other objects. As with `get`, no reference is kept across another call.
    #[inline(always)]
    pub(crate) fn buffer_data(self) -> Option<*mut crate::BufferData> {
        let class = matches!(self.class(), Class::ArrayBuffer | Class::SharedArrayBuffer);
        if !class || !self.has_flag(HAS_HOST) {
            return None;
        }
        // SAFETY: with this flag internal value 3 is a leaked HostBox that drop_object frees.
        let data: *mut dyn HostData = unsafe { &mut *(*(self.int(3).as_raw() as *mut HostBox)).data };
        Some(data.cast())
    }

    /// Gives the object its class data.
    pub(crate) fn set_host(self, heap: &mut Heap, data: Box<dyn HostData>) {
        debug_assert!(!self.has_flag(HAS_HOST));
        // INVARIANT: the host data of an array buffer is a BufferData; `buffer_data` rests on it.
        let is_buffer = (&*data as &dyn Any).is::<crate::BufferData>();
        assert!(
            is_buffer || !matches!(self.class(), Class::ArrayBuffer | Class::SharedArrayBuffer),
            "not buffer data"
        );
        heap.external(data.bytes() as isize);
        let id = (&*data as &dyn Any).type_id();
        self.set_int(3, Value::raw(Box::into_raw(Box::new(HostBox { id, data })) as usize));
        self.set_flag(HAS_HOST);
    }
}

/// Every store of a value into a heap cell goes through here: the one choke point for a collector that needs to know.
/// Mark-sweep with all marking at safepoints does not, so it is the identity.
#[inline(always)]
pub(crate) fn write_barrier(v: Value) -> Value {
    v
}

/// Marks what an object refers to.
pub(crate) fn trace(heap: &mut Heap, o: *mut Obj) {
    let r = ObjRef(o);
    let o = r.get();
    heap.mark_cell(o.shape.0.cast());
    if matches!(r.class(), Class::Promise | Class::Function) && o.slots.is_null() && o.elems.is_null() {
        // What programs make by the million: no properties, and nothing outside the cell.
        (0..o.h.aux as usize).for_each(|i| heap.mark_value(r.int(i)));
        return;
    }
    let inside = r.is(Class::Plain) && o.slots == r.ints();
    if !o.slots.is_null() {
        for i in 0..o.shape.count() {
            heap.mark_value(r.slot(i));
        }
        if !inside {
            // SAFETY: slots outside the cell are a Storage.
            heap.mark_cell(unsafe { o.slots.cast::<Header>().sub(1) });
        }
    }
    if r.has_flag(SPARSE) {
        r.sparse().map.values().for_each(|(v, _)| heap.mark_value(*v));
    } else if !o.elems.is_null() {
        // SAFETY: dense elements are a Storage.
        heap.mark_cell(unsafe { o.elems.cast::<Header>().sub(1) });
        r.elems().iter().for_each(|&v| heap.mark_value(v));
    }
    if r.class().has_ints() && !r.is(Class::WeakRef) {
        (0..r.int_count()).for_each(|i| heap.mark_value(r.int(i)));
        if let Some(h) = r.host() {
            h.trace(&mut Visitor(Receiver::Heap(heap)));
        }
    }
}

/// Releases what a dead object owns. Returns the bytes it had reported as external.
pub(crate) fn drop_object(o: *mut Obj) -> usize {
    let r = ObjRef(o);
    let mut bytes = 0;
    if r.has_flag(SPARSE) {
        // SAFETY: a leaked box; the object is dead.
        let s = unsafe { Box::from_raw(r.get().elems.cast::<SparseElems>()) };
        bytes = s.reported;
    }
    if r.has_flag(HAS_HOST) {
        bytes += r.host().map_or(0, HostData::bytes);
        // SAFETY: a leaked HostBox; the object is dead.
        drop(unsafe { Box::from_raw(r.int(3).as_raw() as *mut HostBox) });
    }
    bytes
}

/// A class-data pointer as a reference, for the short uses of this crate's weak collections.
pub(crate) fn launder<T>(p: *mut T) -> Option<&'static mut T> {
    // SAFETY: p points into a box owned by a live object; users keep the reference only for one statement.
    unsafe { p.as_mut() }
}

/// As `launder`, shared.
pub(crate) fn borrow<'a, T>(p: *const T) -> Option<&'a T> {
    // SAFETY: p points into a box owned by a live object; the caller ties the lifetime to its borrow of the scope.
    unsafe { p.as_ref() }
}
