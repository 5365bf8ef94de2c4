//! Map and Set: a hash table that keeps insertion order.
//!
//! Entries lie in one vector in the order they came; buckets hold chains of entry indices. Deleting leaves a gap that the next
//! growth or a mostly empty table closes. An iterator remembers the index of the entry it will look at next and the table's
//! generation; when gaps were closed in between, it finds its place again by the sequence number of the entry it looked at
//! last. So nothing needs to know which iterators exist, and abandoned ones cost nothing.

use crate::object::{Class, HostData, ObjRef, Visitor};
use crate::realm::Intrinsic;
use crate::scope::{Local, Scope};
use crate::value::Value;
use crate::vm::{Vm, bigint};
use std::hash::{Hash, Hasher};

const NONE: u32 = u32::MAX;
const MIN_BUCKETS: usize = 4;
/// The most entries a Map or Set may have, as in V8.
pub const MAX_ENTRIES: usize = 1 << 24;

#[derive(Clone, Copy)]
struct Entry {
    /// The hole when deleted.
    key: Value,
    value: Value,
    hash: u32,
    next: u32,
}

/// The table behind a Map or a Set (whose values are undefined).
#[derive(Default)]
pub(crate) struct OrderedTable {
    entries: Vec<Entry>,
    /// Heads of chains; a power of two of them, or none.
    buckets: Vec<u32>,
    live: usize,
    /// No entry before this index is alive: taking the first and deleting it again and again stays cheap.
    first: usize,
    /// Sequence number of the first entry, and of each once gaps have been closed (before that they follow one another).
    base: u64,
    seqs: Vec<u64>,
    next_seq: u64,
    /// Counts closings of gaps.
    generation: u32,
}

impl HostData for OrderedTable {
    fn trace(&self, v: &mut Visitor<'_>) {
        for e in &self.entries {
            v.visit(e.key);
            v.visit(e.value);
        }
    }
    fn bytes(&self) -> usize {
        self.entries.capacity() * std::mem::size_of::<Entry>() + self.buckets.capacity() * 4
    }
}

/// Zero's sign is dropped, and integral numbers are ints, so that equal numbers have equal bits.
#[inline]
pub(crate) fn normalize(k: Value) -> Value {
    if k.is_double() {
        let d = k.as_double();
        return if d == 0.0 { Value::int(0) } else { Value::number(d) };
    }
    k
}

fn mix(bits: u64) -> u32 {
    let h = bits.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((h >> 32) ^ h) as u32
}

impl OrderedTable {
    #[inline]
    fn find(&self, vm: &mut Vm, key: Value, hash: u32) -> Option<u32> {
        if self.buckets.is_empty() {
            return None;
        }
        let mut i = self.buckets[hash as usize & (self.buckets.len() - 1)];
        let by_content = key.is_string() || key.is_bigint();
        while i != NONE {
            let e = &self.entries[i as usize];
            if e.key == key || by_content && e.hash == hash && same_content(vm, e.key, key) {
                return Some(i);
            }
            i = e.next;
        }
        None
    }

    fn insert_new(&mut self, key: Value, value: Value, hash: u32) {
        if self.entries.len() >= self.buckets.len() {
            self.rebuild();
        }
        let i = self.entries.len() as u32;
        let b = hash as usize & (self.buckets.len() - 1);
        self.entries.push(Entry { key, value, hash, next: self.buckets[b] });
        self.buckets[b] = i;
        if !self.seqs.is_empty() {
            self.seqs.push(self.next_seq);
        }
        self.next_seq += 1;
        self.live += 1;
    }

    fn remove(&mut self, i: u32) {
        let at = i as usize;
        let b = self.entries[at].hash as usize & (self.buckets.len() - 1);
        let next = self.entries[at].next;
        if self.buckets[b] == i {
            self.buckets[b] = next;
        } else {
            let mut p = self.buckets[b] as usize;
            while self.entries[p].next != i {
                p = self.entries[p].next as usize;
            }
            self.entries[p].next = next;
        }
        self.entries[at].key = Value::HOLE;
        self.entries[at].value = Value::UNDEFINED;
        self.live -= 1;
        while self.first < self.entries.len() && self.entries[self.first].key.is_hole() {
            self.first += 1;
        }
        if self.entries.len() > 32 && self.live < self.entries.len() / 4 {
            self.rebuild();
        }
    }

    /// Closes gaps and sizes the buckets for the live entries and as many more.
    fn rebuild(&mut self) {
        if self.live < self.entries.len() {
            self.close_gaps();
        }
        let want = (self.live * 2).next_power_of_two().max(MIN_BUCKETS);
        self.buckets.clear();
        self.buckets.resize(want, NONE);
        self.buckets.shrink_to(want);
        if self.entries.capacity() > want {
            self.entries.shrink_to(want);
        } else {
            self.entries.reserve_exact(want - self.entries.len());
        }
        for i in 0..self.entries.len() {
            let b = self.entries[i].hash as usize & (want - 1);
            self.entries[i].next = self.buckets[b];
            self.buckets[b] = i as u32;
        }
    }

    fn close_gaps(&mut self) {
        let entries = &self.entries;
        let live = |i: &usize| !entries[*i].key.is_hole();
        self.seqs = if self.seqs.is_empty() {
            (0..entries.len()).filter(live).map(|i| self.base + i as u64).collect()
        } else {
            (0..entries.len()).filter(live).map(|i| self.seqs[i]).collect()
        };
        self.entries.retain(|e| !e.key.is_hole());
        self.first = 0;
        self.generation = self.generation.wrapping_add(1);
        if self.entries.is_empty() {
            self.seqs.clear();
            self.base = self.next_seq;
        }
    }

    fn clear(&mut self) {
        self.entries = Vec::new();
        self.buckets = Vec::new();
        self.seqs = Vec::new();
        self.live = 0;
        self.first = 0;
        self.base = self.next_seq;
        self.generation = self.generation.wrapping_add(1);
    }

    fn seq_of(&self, i: usize) -> u64 {
        if self.seqs.is_empty() { self.base + i as u64 } else { self.seqs[i] }
    }

    /// The index of the first entry with a sequence number of at least `seq`.
    fn index_of_seq(&self, seq: u64) -> usize {
        if self.seqs.is_empty() {
            return (seq.saturating_sub(self.base) as usize).min(self.entries.len());
        }
        self.seqs.partition_point(|&s| s < seq)
    }

    /// The first live entry at or behind `i`.
    fn live_from(&self, i: usize) -> Option<usize> {
        let i = i.max(self.first);
        let n = self.entries.get(i..)?.iter().position(|e| !e.key.is_hole())?;
        Some(i + n)
    }
}

fn same_content(vm: &mut Vm, a: Value, b: Value) -> bool {
    if a.is_string() && b.is_string() {
        return vm.strings_equal(a, b);
    }
    a.is_bigint() && b.is_bigint() && bigint(a) == bigint(b)
}

/// Where a walk through a table is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cursor {
    at: usize,
    generation: u32,
    seq: u64,
}

impl Cursor {
    fn step(&mut self, t: &OrderedTable) -> Option<(Value, Value)> {
        if self.generation != t.generation {
            self.at = t.index_of_seq(self.seq);
            self.generation = t.generation;
        }
        let i = t.live_from(self.at)?;
        self.at = i + 1;
        self.seq = t.seq_of(i) + 1;
        Some((t.entries[i].key, t.entries[i].value))
    }
}

/// A cursor of a fresh iterator stands at the beginning, whatever the table's generation.
fn start(t: &OrderedTable) -> Cursor {
    Cursor { at: 0, generation: t.generation, seq: 0 }
}

/// What an iterator over a Map or Set gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IterKind {
    /// Keys.
    Keys,
    /// Values; of a Set its members.
    Values,
    /// `[key, value]`.
    Entries,
}

/// The state of a Map or Set iterator object. Internal value 0 is the collection: undefined once it has ended.
struct TableIter {
    cursor: Cursor,
    kind: IterKind,
}

impl HostData for TableIter {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

fn table(o: ObjRef) -> Option<&'static mut OrderedTable> {
    crate::object::launder(o.host_of::<OrderedTable>()?)
}

/// How many entries a Map or Set has, and its first `n` (for previews).
pub(crate) fn front(o: ObjRef, n: usize) -> (usize, Vec<(Value, Value)>) {
    let Some(t) = table(o) else { return (0, Vec::new()) };
    let entries = t.entries[t.first.min(t.entries.len())..].iter().filter(|e| !e.key.is_hole());
    (t.live, entries.take(n).map(|e| (e.key, e.value)).collect())
}

impl Vm {
    fn hash_key(&mut self, k: Value) -> u32 {
        if k.is_string() {
            return crate::string::hash_of(&mut self.heap, k.ptr());
        }
        if k.is_bigint() {
            let mut h = rustc_hash::FxHasher::default();
            bigint(k).hash(&mut h);
            return mix(h.finish());
        }
        if k.is_int() { mix(k.as_int() as u32 as u64 + 1) } else { mix(k.bits()) }
    }

    /// One step of a Map or Set iterator: the value, or none at the end.
    fn table_iter_step(&mut self, it: ObjRef, cursor: &mut Cursor, kind: IterKind) -> Option<Value> {
        let of = ObjRef::from(it.int(0))?;
        let is_set = of.is(Class::Set);
        let Some((k, v)) = cursor.step(table(of)?) else {
            it.set_int(0, Value::UNDEFINED);
            return None;
        };
        Some(match kind {
            IterKind::Keys => k,
            IterKind::Values if is_set => k,
            IterKind::Values => v,
            IterKind::Entries => {
                let a = self.alloc_array(2);
                a.push_elem(&mut self.heap, k);
                a.push_elem(&mut self.heap, if is_set { k } else { v });
                a.value()
            }
        })
    }

    /// The step of an iteration whose `next` is the intrinsic one of Map or Set iterators, without a result object; `None`:
    /// it is another iterator, to be called.
    pub(crate) fn table_iter_fast(&mut self, it: Value, next: Value) -> Option<Option<Value>> {
        if next != self.realm.get(Intrinsic::MapIteratorNext)
            && next != self.realm.get(Intrinsic::SetIteratorNext)
        {
            return None;
        }
        let o = ObjRef::from(it).filter(|o| o.is(Class::Iterator))?;
        let is_set = next == self.realm.get(Intrinsic::SetIteratorNext);
        self.table_iter_object_step(o, is_set)
    }

    fn table_iter_object_step(&mut self, o: ObjRef, is_set: bool) -> Option<Option<Value>> {
        let d = crate::object::launder(o.host_of::<TableIter>()?)?;
        match ObjRef::from(o.int(0)) {
            Some(of) if of.is(Class::Set) != is_set => return None,
            // An ended iterator has forgotten which it was of.
            None if o.int(1).is_true() != is_set => return None,
            _ => {}
        }
        let (mut cursor, kind) = (d.cursor, d.kind);
        let r = self.table_iter_step(o, &mut cursor, kind);
        crate::object::launder(o.host_of::<TableIter>()?)?.cursor = cursor;
        Some(r)
    }
}

impl<'s> Scope<'s> {
    /// Gives a fresh object of class Map or Set its table.
    pub fn init_table(&mut self, o: Local<'s>) {
        self.set_host_data(o, Box::<OrderedTable>::default());
    }

    /// How many entries a Map or Set has.
    pub fn table_len(&self, o: Local<'_>) -> usize {
        table(o.obj()).map_or(0, |t| t.live)
    }

    /// The value under a key of a Map (undefined for members of a Set).
    #[inline]
    pub fn table_get(&mut self, o: Local<'_>, key: Local<'_>) -> Option<Local<'s>> {
        let t = table(o.obj())?;
        if t.live == 0 {
            return None;
        }
        let k = normalize(key.v);
        let hash = self.vm.hash_key(k);
        let i = t.find(self.vm, k, hash)?;
        Some(self.root(t.entries[i as usize].value))
    }

    /// Sets the value under a key; false when the table is full.
    #[inline]
    pub fn table_set(&mut self, o: Local<'_>, key: Local<'_>, value: Local<'_>) -> bool {
        let Some(t) = table(o.obj()) else { return false };
        let k = normalize(key.v);
        let hash = self.vm.hash_key(k);
        if let Some(i) = t.find(self.vm, k, hash) {
            t.entries[i as usize].value = value.v;
            return true;
        }
        if t.live >= MAX_ENTRIES {
            return false;
        }
        let before = t.bytes();
        t.insert_new(k, value.v, hash);
        let delta = t.bytes() as isize - before as isize;
        if delta != 0 {
            self.vm.heap.external(delta);
        }
        true
    }

    /// Removes a key; whether it was there.
    pub fn table_delete(&mut self, o: Local<'_>, key: Local<'_>) -> bool {
        let Some(t) = table(o.obj()) else { return false };
        let k = normalize(key.v);
        let hash = self.vm.hash_key(k);
        let Some(i) = t.find(self.vm, k, hash) else { return false };
        let before = t.bytes();
        t.remove(i);
        self.vm.heap.external(t.bytes() as isize - before as isize);
        true
    }

    /// Removes everything.
    pub fn table_clear(&mut self, o: Local<'_>) {
        if let Some(t) = table(o.obj()) {
            let before = t.bytes();
            t.clear();
            self.vm.heap.external(-(before as isize));
        }
    }

    /// Calls `f` with each key and value, in order, also with those that are added meanwhile. `f` says whether to go on.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn table_each(
        &mut self,
        o: Local<'_>,
        mut f: impl for<'n> FnMut(&mut Scope<'n>, Local<'n>, Local<'n>) -> Result<bool, crate::Thrown>,
    ) -> Result<(), crate::Thrown> {
        let Some(t) = table(o.obj()) else { return Ok(()) };
        let mut cursor = start(t);
        while let Some((k, v)) = table(o.obj()).and_then(|t| cursor.step(t)) {
            let go = self.nested(|n| {
                let (k, v) = (n.root(k), n.root(v));
                f(n, k, v)
            })?;
            if !go {
                break;
            }
        }
        Ok(())
    }

    /// Copies all entries of one Map or Set into another, an empty one of the same class.
    pub fn table_copy(&mut self, from: Local<'_>, to: Local<'_>) {
        let (Some(a), Some(b)) = (table(from.obj()), table(to.obj())) else { return };
        let before = b.bytes();
        b.entries = a.entries.iter().filter(|e| !e.key.is_hole()).copied().collect();
        b.live = b.entries.len();
        b.next_seq = b.live as u64;
        b.rebuild();
        self.vm.heap.external(b.bytes() as isize - before as isize);
    }

    /// An iterator object over a Map or Set.
    pub fn new_table_iterator(&mut self, of: Local<'_>, kind: IterKind) -> Local<'s> {
        let is_set = of.is_class(Class::Set);
        let proto = if is_set { Intrinsic::SetIteratorPrototype } else { Intrinsic::MapIteratorPrototype };
        let proto = self.intrinsic(proto);
        let o = self.new_object_of(Class::Iterator, proto);
        o.obj().set_int(0, of.v);
        o.obj().set_int(1, Value::bool(is_set));
        let cursor = table(of.obj()).map(|t| start(t)).unwrap_or_default();
        o.obj().set_host(&mut self.vm.heap, Box::new(TableIter { cursor, kind }));
        o
    }

    /// The next of a Map (or Set) iterator: `None` when `it` is no such object, `Some(None)` at the end.
    pub fn table_iterator_next(&mut self, it: Local<'_>, is_set: bool) -> Option<Option<Local<'s>>> {
        let o = ObjRef::from(it.v).filter(|o| o.is(Class::Iterator))?;
        let r = self.vm.table_iter_object_step(o, is_set)?;
        Some(r.map(|v| self.root(v)))
    }

    /// For inspectors: the kind of a Map or Set iterator and the values it will still give, without moving it.
    pub fn table_iterator_preview(&mut self, it: Local<'_>) -> Option<(IterKind, bool, Vec<Local<'s>>)> {
        let o = ObjRef::from(it.v).filter(|o| o.is(Class::Iterator))?;
        let (mut cursor, kind) = {
            let d = crate::object::launder(o.host_of::<TableIter>()?)?;
            (d.cursor, d.kind)
        };
        let is_set = o.int(1).is_true();
        let mut out = Vec::new();
        let Some(of) = ObjRef::from(o.int(0)) else { return Some((kind, is_set, out)) };
        while let Some((k, v)) = table(of).and_then(|t| cursor.step(t)) {
            match kind {
                IterKind::Keys => out.push(self.root(k)),
                IterKind::Values => out.push(self.root(if is_set { k } else { v })),
                IterKind::Entries => {
                    out.push(self.root(k));
                    out.push(self.root(if is_set { k } else { v }));
                }
            }
        }
        Some((kind, is_set, out))
    }

    /// Whether iterating a Map or Set with `for-of` or a spread is its own business: nobody has touched the protocol.
    pub fn is_pristine_table(&mut self, o: Local<'_>) -> bool {
        let Some(r) = ObjRef::from(o.v) else { return false };
        let (proto, method, ip, next) = match r.class() {
            Class::Map => {
                use Intrinsic as I;
                (I::MapPrototype, I::MapEntries, I::MapIteratorPrototype, I::MapIteratorNext)
            }
            Class::Set => {
                use Intrinsic as I;
                (I::SetPrototype, I::SetValues, I::SetIteratorPrototype, I::SetIteratorNext)
            }
            _ => return false,
        };
        let realm = &self.vm.realm;
        let p = realm.proto(proto);
        let key = self.vm.atoms.sym_iterator.0;
        r.proto() == Some(p)
            && r.shape().count() == 0
            && p.find(key).is_some_and(|f| f.value == realm.get(method))
            && realm.proto(ip).find(self.vm.atoms.next.0).is_some_and(|f| f.value == realm.get(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(t: &OrderedTable) -> Vec<i32> {
        let mut c = start(t);
        std::iter::from_fn(|| c.step(t)).map(|(k, _)| k.as_int()).collect()
    }

    fn put(t: &mut OrderedTable, i: i32) {
        t.insert_new(Value::int(i), Value::UNDEFINED, mix(i as u32 as u64 + 1));
    }

    fn take(t: &mut OrderedTable, vm: &mut Vm, i: i32) {
        let at = t.find(vm, Value::int(i), mix(i as u32 as u64 + 1)).expect("is there");
        t.remove(at);
    }

    #[test]
    fn a_cursor_survives_closing_of_gaps() {
        let mut vm = Vm::new();
        let mut t = OrderedTable::default();
        (0..100).for_each(|i| put(&mut t, i));
        let mut c = start(&t);
        (0..50).for_each(|_| assert!(c.step(&t).is_some()));
        (0..90).for_each(|i| take(&mut t, &mut vm, i));
        assert!(t.entries.len() < 100, "gaps were closed");
        put(&mut t, 7);
        let rest: Vec<i32> = std::iter::from_fn(|| c.step(&t)).map(|(k, _)| k.as_int()).collect();
        assert_eq!(rest, (90..100).chain([7]).collect::<Vec<_>>());
        assert_eq!(keys(&t), rest);
    }

    #[test]
    fn a_cursor_survives_clearing() {
        let mut t = OrderedTable::default();
        (0..10).for_each(|i| put(&mut t, i));
        let mut c = start(&t);
        (0..5).for_each(|_| assert!(c.step(&t).is_some()));
        t.clear();
        put(&mut t, 3);
        assert_eq!(c.step(&t).map(|(k, _)| k.as_int()), Some(3));
        assert!(c.step(&t).is_none());
    }

    #[test]
    fn equal_numbers_have_equal_bits() {
        for (a, b) in [(0.0, -0.0), (f64::NAN, -f64::NAN)] {
            assert!(normalize(Value::double(a)) == normalize(Value::double(b)));
        }
        assert!(normalize(Value::double(3.0)) == Value::int(3));
    }
}
