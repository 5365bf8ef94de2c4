//! Weak collections, weak references and finalisation: what the collector does for them after marking.

use crate::heap::Heap;
use crate::object::{Class, HostData, ObjRef, Visitor};
use crate::scope::{Local, Scope};
use crate::value::Value;
use crate::vm::Vm;
use rustc_hash::FxHashMap;

/// The entries of a WeakMap (values) or WeakSet (undefined), by the key's bits.
#[derive(Default)]
pub(crate) struct WeakTable {
    map: FxHashMap<u64, (Value, Value)>,
}

impl HostData for WeakTable {
    fn trace(&self, _: &mut Visitor<'_>) {}
    fn bytes(&self) -> usize {
        0
    }
}

impl WeakTable {
    /// Every key with its value.
    pub(crate) fn each(&self, mut f: impl FnMut(Value, Value)) {
        self.map.values().for_each(|&(k, v)| f(k, v));
    }

    /// Marks the values whose keys are marked; whether anything was new.
    pub(crate) fn mark_live_values(&self, heap: &mut Heap) -> bool {
        let mut again = false;
        for (k, v) in self.map.values() {
            if heap.is_marked(k.header()) && v.is_pointer() && !heap.is_marked(v.header()) {
                heap.mark_value(*v);
                again = true;
            }
        }
        again
    }
}

/// One registration with a FinalizationRegistry.
struct Registration {
    target: Value,
    held: Value,
    token: Value,
}

/// The registrations of a FinalizationRegistry. Held values are strong, targets and tokens weak.
#[derive(Default)]
struct Registry {
    cells: Vec<Registration>,
}

impl HostData for Registry {
    fn trace(&self, v: &mut Visitor<'_>) {
        self.cells.iter().for_each(|c| v.visit(c.held));
    }
}

fn data<T: HostData>(o: ObjRef) -> Option<&'static mut T> {
    // The borrow is of the object's box; callers use it at once and call nothing that could reach the box again.
    crate::object::launder(o.host_of::<T>()?)
}

/// The table of a WeakMap or WeakSet.
pub(crate) fn weak_table(o: ObjRef) -> Option<&'static mut WeakTable> {
    data(o)
}

/// After marking: forgets what is dead in one weak object. Held values of dead targets go to `cleanup`.
pub(crate) fn clear_weak(heap: &Heap, o: ObjRef, cleanup: &mut std::collections::VecDeque<(Value, Value)>) {
    match o.class() {
        Class::WeakMap | Class::WeakSet => {
            if let Some(t) = weak_table(o) {
                t.map.retain(|_, (k, _)| heap.is_marked(k.header()));
            }
        }
        Class::WeakRef => {
            let t = o.int(0);
            if t.is_pointer() && !heap.is_marked(t.header()) {
                o.set_int(0, Value::UNDEFINED);
            }
        }
        Class::FinalizationRegistry => {
            let Some(r) = data::<Registry>(o) else { return };
            r.cells.retain_mut(|c| {
                if c.token.is_pointer() && !heap.is_marked(c.token.header()) {
                    c.token = Value::UNDEFINED;
                }
                let alive = heap.is_marked(c.target.header());
                if !alive {
                    cleanup.push_back((o.value(), c.held));
                }
                alive
            });
        }
        _ => {}
    }
}

impl Vm {
    fn new_weak(&mut self, o: ObjRef, host: Option<Box<dyn HostData>>) {
        if let Some(h) = host {
            o.set_host(&mut self.heap, h);
        }
        self.weak_refs.push(o.value());
    }
}

impl<'s> Scope<'s> {
    /// Whether a value can be held weakly: objects and symbols that are not registered.
    pub fn can_be_held_weakly(&self, v: Local<'s>) -> bool {
        v.is_object() || v.is_symbol() && crate::vm::symbol_flags(v.v) & crate::vm::REGISTERED == 0
    }

    /// Makes a fresh object of class WeakMap, WeakSet, WeakRef or FinalizationRegistry work as one.
    pub fn init_weak(&mut self, o: Local<'s>) {
        let host: Option<Box<dyn HostData>> = match o.obj().class() {
            Class::WeakMap | Class::WeakSet => Some(Box::<WeakTable>::default()),
            Class::FinalizationRegistry => Some(Box::<Registry>::default()),
            _ => None,
        };
        self.vm.new_weak(o.obj(), host);
    }

    /// The value under a key of a WeakMap (WeakSet: undefined when present).
    pub fn weak_get(&mut self, o: Local<'s>, key: Local<'s>) -> Option<Local<'s>> {
        let v = weak_table(o.obj())?.map.get(&key.v.bits())?.1;
        Some(self.root(v))
    }

    /// Sets the value under a key.
    pub fn weak_set(&mut self, o: Local<'s>, key: Local<'s>, v: Local<'s>) {
        if let Some(t) = weak_table(o.obj()) {
            t.map.insert(key.v.bits(), (key.v, v.v));
        }
    }

    /// Removes a key; whether it was there.
    pub fn weak_delete(&mut self, o: Local<'s>, key: Local<'s>) -> bool {
        weak_table(o.obj()).is_some_and(|t| t.map.remove(&key.v.bits()).is_some())
    }

    /// Points a WeakRef at its target; the target stays alive until the current job ends.
    pub fn weak_ref_set(&mut self, o: Local<'s>, target: Local<'s>) {
        o.obj().set_int(0, target.v);
        self.vm.kept.push(target.v);
    }

    /// The target of a WeakRef, or undefined; keeps it alive until the current job ends.
    pub fn weak_ref_get(&mut self, o: Local<'s>) -> Local<'s> {
        let v = o.obj().int(0);
        if v.is_pointer() {
            self.vm.kept.push(v);
        }
        self.root(v)
    }

    /// Registers a target with a FinalizationRegistry.
    pub fn registry_add(&mut self, o: Local<'s>, target: Local<'s>, held: Local<'s>, token: Local<'s>) {
        if let Some(r) = data::<Registry>(o.obj()) {
            r.cells.push(Registration { target: target.v, held: held.v, token: token.v });
        }
    }

    /// Removes the registrations with a token; whether there were any.
    pub fn registry_remove(&mut self, o: Local<'s>, token: Local<'s>) -> bool {
        data::<Registry>(o.obj()).is_some_and(|r| {
            let n = r.cells.len();
            r.cells.retain(|c| c.token != token.v);
            r.cells.len() < n
        })
    }

    /// Whether [`Scope::next_cleanup`] has something to give.
    pub fn has_cleanup(&self) -> bool {
        !self.vm.cleanup.is_empty()
    }

    /// The next pending finalisation: registry and held value. The registry's callback is its internal value 0.
    pub fn next_cleanup(&mut self) -> Option<(Local<'s>, Local<'s>)> {
        let (r, h) = self.vm.cleanup.pop_front()?;
        Some((self.root(r), self.root(h)))
    }

    /// Lets go of weak-reference targets that the finished job had looked at.
    pub fn end_job(&mut self) {
        self.vm.kept.clear();
    }
}
