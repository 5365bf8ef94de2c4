//! Collection: what the roots are, how each kind of cell is traced, and what happens to weak things.

use crate::eye::Eye;
use crate::heap::{CellKind, Header};
use crate::object::{Class, ObjRef};
use crate::value::Value;
use crate::vm::{Accessor, BigIntCell, Symbol, Vm};
use crate::{code, coroutine, interp, module, object, shape, string};

impl Vm {
    /// At a safepoint, where a collection is due or every Nth safepoint is to have one.
    #[cold]
    #[inline(never)]
    pub(crate) fn collect(&mut self) {
        if !self.heap.wants_gc && self.gc_every > 1 {
            self.gc_skipped += 1;
            if self.gc_skipped < self.gc_every {
                return;
            }
            self.gc_skipped = 0;
        }
        self.collect_now();
    }

    /// Marks from the roots and frees the rest. Only at safepoints.
    pub fn collect_now(&mut self) {
        self.watch_flush();
        let mut eye = self.eye.take();
        self.collect_with(eye.as_deref_mut());
        self.eye = eye;
    }

    /// As `collect_now`; what is noted of cells goes with them.
    pub(crate) fn collect_with(&mut self, eye: Option<&mut Eye>) {
        let probe = self.probe.clone();
        if let Some(p) = &probe {
            p.collection_begin(self.heap_stats().used);
        }
        self.heap.begin_mark();
        self.mark_roots();
        self.heap.count_roots();
        self.drain_gray();
        self.process_weak();
        self.interner.retain_marked(&self.heap);
        shape::after_mark(&mut self.heap);
        self.lookups.clear();
        self.chains.clear();
        let heap = &self.heap;
        self.root_shapes.retain(|&proto, s| {
            heap.is_marked(s.0.cast()) && (proto == 0 || heap.is_marked(proto as *const Header))
        });
        if let Some(eye) = eye {
            eye.after_mark(&self.heap);
        }
        if let Some(watcher) = &mut self.watcher {
            watcher.after_mark(&self.heap);
        }
        let mut external = 0;
        self.heap.sweep(|h| external += drop_cell(h));
        self.heap.end_collection(external);
        if let Some(p) = probe {
            p.collection_end(self.heap_stats());
        }
    }

    /// A collection between two callbacks of the embedder, if one is due: programs whose functions are short and call nothing would
    /// otherwise come by no safepoint. Being over the limit is left to the next safepoint, which can end the program.
    pub fn collect_if_due(&mut self) {
        if self.heap.wants_gc {
            self.collect_now();
            self.heap.wants_gc = self.heap.over_limit();
        }
    }

    fn mark_roots(&mut self) {
        let h = &mut self.heap;
        let used = interp::registers_in_use(&self.frames, self.stack.as_ptr(), self.top);
        self.stack[..used].iter().for_each(|&v| h.mark_value(v));
        self.frames.iter().for_each(|f| f.trace(h));
        self.handles.iter().chain(&self.globals).for_each(|&v| h.mark_value(v));
        self.atoms.each(|v| h.mark_value(v));
        self.char_strings.iter().for_each(|&v| h.mark_value(v));
        self.realm.trace(h);
        self.other_realms.iter().flatten().for_each(|r| r.trace(h));
        h.mark_cell(self.root_shapes[&0].0.cast());
        h.mark_value(self.exception);
        h.mark_value(self.async_context);
        self.kept.iter().for_each(|&v| h.mark_value(v));
        self.cleanup.iter().for_each(|&(a, b)| {
            h.mark_value(a);
            h.mark_value(b);
        });
        self.jobs.trace(h);
        self.modules.iter().for_each(|m| module::trace(m, h));
        self.symbol_registry.values().for_each(|&v| h.mark_value(v));
    }

    fn drain_gray(&mut self) {
        while let Some(h) = self.heap.next_gray() {
            trace_cell(self, h);
        }
    }

    /// Ephemerons to a fixed point, then weak references.
    fn process_weak(&mut self) {
        // Weak collections register themselves here when traced; entries whose key is alive keep their value alive.
        loop {
            let weak = std::mem::take(&mut self.weak_refs);
            let mut again = false;
            for &v in &weak {
                let o = ObjRef::of(v);
                if matches!(o.class(), Class::WeakMap)
                    && self.heap.is_marked(v.header())
                    && let Some(w) = crate::weak::weak_table(o)
                {
                    again |= w.mark_live_values(&mut self.heap);
                }
            }
            self.weak_refs.extend(weak);
            if !again {
                break;
            }
            self.drain_gray();
        }
        let heap = &self.heap;
        self.weak_refs.retain(|v| heap.is_marked(v.header()));
        for &v in &self.weak_refs {
            crate::weak::clear_weak(heap, ObjRef::of(v), &mut self.cleanup);
        }
    }
}

fn trace_cell(vm: &mut Vm, h: *mut Header) {
    let heap = &mut vm.heap;
    // SAFETY: a marked live cell; each kind is traced as the type it was allocated as.
    unsafe {
        let kind = (*h).kind;
        if kind >= CellKind::Object as u8 {
            return object::trace(heap, h.cast());
        }
        match kind {
            k if k == CellKind::String as u8 => string::trace(heap, h.cast()),
            k if k == CellKind::Symbol as u8 => heap.mark_value((*h.cast::<Symbol>()).description),
            k if k == CellKind::Shape as u8 => shape::trace(heap, h.cast()),
            k if k == CellKind::Env as u8 => interp::trace_env(heap, h.cast()),
            k if k == CellKind::Code as u8 => code::trace(heap, h.cast()),
            k if k == CellKind::Accessor as u8 => {
                heap.mark_value((*h.cast::<Accessor>()).getter);
                heap.mark_value((*h.cast::<Accessor>()).setter);
            }
            k if k == CellKind::Coroutine as u8 => coroutine::trace(heap, h.cast()),
            k if k == CellKind::List as u8 => {
                let n = (*h).extra as usize;
                std::slice::from_raw_parts(h.add(1).cast::<Value>(), n)
                    .iter()
                    .for_each(|&v| heap.mark_value(v));
            }
            _ => {}
        }
    }
}

/// The kind of a cell, as a number.
pub(crate) fn kind_of(h: *const Header) -> u8 {
    // SAFETY: the instruments ask for live cells only, right after a collection.
    unsafe { (*h).kind }
}

/// Releases what a dead cell owns; the external bytes it had reported.
fn drop_cell(h: *mut Header) -> usize {
    // SAFETY: the cell is dead; each kind is dropped as the type it was allocated as.
    unsafe {
        match (*h).kind {
            k if k >= CellKind::Object as u8 => return object::drop_object(h.cast()),
            k if k == CellKind::Shape as u8 => shape::drop_shape(h.cast()),
            k if k == CellKind::Code as u8 => code::drop_code(h.cast()),
            k if k == CellKind::BigInt as u8 => {
                let n = std::ptr::addr_of_mut!((*h.cast::<BigIntCell>()).n);
                let bytes = (*n).bits() / 8;
                std::ptr::drop_in_place(n);
                return bytes as usize;
            }
            _ => {}
        }
    }
    0
}

/// As `drop_cell`, at the end of the engine.
pub(crate) fn drop_cell_quiet(h: *mut Header) {
    drop_cell(h);
}

#[cfg(test)]
mod tests {
    use crate::shape::ALL;
    use crate::vm::Vm;

    /// Every kind of storage that Rust code can make: slots inside and outside the cell, elements, ropes, symbols, BigInts.
    #[test]
    fn what_the_roots_hold_stays_and_the_rest_goes() {
        // Under Miri every property takes seconds.
        let count = if cfg!(miri) { 10 } else { 20 };
        let mut vm = Vm::new();
        vm.enter(|s| {
            let kept = s.new_object();
            for i in 0..count {
                let key = s.key(&format!("property {i}"));
                let v = s.nested(|s| {
                    let (a, b) = (s.str("a rope of"), s.str(" two parts"));
                    let text = s.concat(a, b).expect("a short string").v;
                    let list = [s.num(f64::from(i as u32)), s.undefined()];
                    let array = s.new_array(&list);
                    let key = s.key("text");
                    let text = crate::scope::Local::raw(text);
                    s.define_with(array, key, text, ALL);
                    array.v
                });
                let v = s.root(v);
                s.define_with(kept, key, v, ALL);
                s.nested(|s| {
                    s.new_object();
                });
            }
            s.vm.collect_now();
            let stats = s.vm.heap_stats();
            assert!(stats.swept >= count && stats.marked > count * 3, "{stats:?}");
            for i in 0..count {
                let key = s.key(&format!("property {i}"));
                let array = s.get(kept, key).expect("a data property");
                let (text, first) = (s.key("text"), s.key("0"));
                let text = s.get(array, text).expect("a data property");
                assert_eq!(s.to_utf8_lossy(text), "a rope of two parts");
                assert_eq!(s.get(array, first).expect("an element").as_number(), Some(f64::from(i as u32)));
            }
        });
        let before = vm.heap_stats().used;
        vm.collect_now();
        assert!(vm.heap_stats().used < before, "nothing holds it any more");
        let graph = vm.heap_graph();
        assert!(
            graph.nodes.len() > 300 && graph.edges.len() >= graph.nodes.len() - 1,
            "{}",
            graph.nodes.len()
        );
    }
}
