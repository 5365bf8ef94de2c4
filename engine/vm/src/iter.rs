//! The iteration protocols, for the interpreter and for builtins.

use crate::code::CodeRef;
use crate::object::{Class, HostData, ObjRef, SPARSE, Visitor};
use crate::property::KeyFilter;
use crate::realm::Intrinsic;
use crate::scope::{Key, Local, Scope, Thrown};
use crate::shape::ENUMERABLE;
use crate::value::{PropKey, Value};
use crate::vm::Vm;
use std::collections::HashSet;

/// An iterator and its next method.
#[derive(Clone, Copy)]
pub struct IterRecord<'s> {
    /// The iterator object.
    pub iterator: Local<'s>,
    /// Its `next`.
    pub next: Local<'s>,
}

impl Vm {
    /// Whether iterating `v` is just walking a dense array: nobody has touched the protocol.
    pub(crate) fn is_pristine_array(&self, v: Value) -> bool {
        let Some(o) = ObjRef::from(v).filter(|o| o.is(Class::Array)) else { return false };
        if o.proto() != ObjRef::from(self.realm.get(Intrinsic::ArrayPrototype)) {
            return false;
        }
        let key = self.atoms.sym_iterator.0;
        if o.shape().count() != 0 && o.find(key).is_some() {
            return false;
        }
        let ap = self.realm.proto(Intrinsic::ArrayPrototype);
        let values = self.realm.get(Intrinsic::ArrayProtoValues);
        let next = self.realm.get(Intrinsic::ArrayIteratorNext);
        ap.find(key).is_some_and(|f| f.value == values)
            && ObjRef::from(self.realm.get(Intrinsic::ArrayIteratorPrototype))
                .is_some_and(|p| p.find(self.atoms.next.0).is_some_and(|f| f.value == next))
    }

    /// GetIterator for the loop: iterator and next, or the array itself and index 0.
    pub(crate) fn get_iter(&mut self, code: CodeRef, v: Value, how: u8) -> Result<(Value, Value), Thrown> {
        if how == 0 && self.is_pristine_array(v) {
            return Ok((v, Value::int(0)));
        }
        let mut s = Scope::new(self);
        let l = Local::raw(v);
        if how == 1 {
            let r = s.async_iterator(l, Some(code))?;
            return Ok((r.iterator.v, r.next.v));
        }
        let r = s.sync_iterator(l, Some(code))?;
        Ok((r.iterator.v, r.next.v))
    }

    /// One step: the value, or none when done.
    pub(crate) fn iter_step(&mut self, it: Value, next: Value) -> Result<Option<Value>, Thrown> {
        if let Some(r) = self.table_iter_fast(it, next).or_else(|| self.array_iter_fast(it, next)) {
            return Ok(r);
        }
        let r = self.call_value(next, it, &[])?;
        self.open_iter_result(r)
    }

    /// Takes a `{ value, done }` apart.
    pub(crate) fn open_iter_result(&mut self, r: Value) -> Result<Option<Value>, Thrown> {
        let Some(o) = ObjRef::from(r) else {
            let mut s = Scope::new(self);
            let t = s.describe_value(Local::raw(r));
            return Err(s.throw_type(&format!("Iterator result {t} is not an object")));
        };
        if o.shape() == self.realm.iter_result_shape {
            return Ok(if Vm::truthy(o.slot(1)) { None } else { Some(o.slot(0)) });
        }
        let mut s = Scope::new(self);
        let l = s.root(r);
        let done = s.get(l, s.vm.atoms.done)?;
        if Vm::truthy(done.v) {
            return Ok(None);
        }
        s.get(l, s.vm.atoms.value).map(|v| Some(v.v))
    }

    pub(crate) fn iter_rest(&mut self, it: Value, next: Value, done: Value) -> Result<Value, Thrown> {
        let out = self.alloc_array(0);
        if done.is_true() {
            return Ok(out.value());
        }
        self.handles.push(out.value());
        let r = self.fill_from(out, it, next);
        self.handles.pop();
        r.map(|()| out.value())
    }

    fn fill_from(&mut self, out: ObjRef, it: Value, next: Value) -> Result<(), Thrown> {
        if next.is_int() {
            let a = ObjRef::of(it);
            let mut i = next.as_int() as u32;
            while i < a.array_length() {
                let v = self.array_walk(a, i)?;
                out.push_elem(&mut self.heap, v);
                i += 1;
            }
            return Ok(());
        }
        while let Some(v) = self.iter_step(it, next)? {
            out.push_elem(&mut self.heap, v);
        }
        Ok(())
    }

    /// Element `i` as iteration sees it (holes look at the prototype).
    fn array_walk(&mut self, a: ObjRef, i: u32) -> Result<Value, Thrown> {
        if !a.has_flag(SPARSE) && i < a.elem_len() && !a.elem(i).is_hole() {
            return Ok(a.elem(i));
        }
        let mut s = Scope::new(self);
        s.get(Local::raw(a.value()), Key::raw(PropKey::index(i))).map(|l| l.v)
    }

    /// Appends all values of an iterable to a fresh array.
    /// `argument`: it is the one spread at the end of an argument list, for which V8 has words of its own.
    #[inline(never)]
    pub(crate) fn array_spread(&mut self, target: Value, v: Value, argument: bool) -> Result<(), Thrown> {
        let out = ObjRef::of(target);
        if self.is_pristine_array(v) {
            let a = ObjRef::of(v);
            out.reserve_elems(&mut self.heap, out.elem_len() + a.elem_len());
            return self.fill_from(out, v, Value::int(0));
        }
        let Some(code) = self.frames.last().map(|f| f.code) else { return Ok(()) };
        let mut s = Scope::new(self);
        let method = match v.is_nullish() {
            true => None,
            false => Some(s.get_v(Local::raw(v), s.vm.atoms.sym_iterator)?).filter(|m| m.is_callable()),
        };
        let Some(m) = method else {
            if !argument {
                return Err(s.vm.throw_not_iterable(Some(code), v, false));
            }
            if !v.is_nullish() {
                let m = "Spread syntax requires ...iterable[Symbol.iterator] to be a function";
                return Err(s.throw_type(m));
            }
            let shown = s.vm.failing_text(code).unwrap_or_else(|| s.describe_value(Local::raw(v)));
            return Err(s.throw_type(&format!("{shown} is not iterable (cannot read property undefined)")));
        };
        let r = s.iterator_from_method(Local::raw(v), m)?;
        let (it, next) = (r.iterator.v, r.next.v);
        s.vm.fill_from(out, it, next)
    }

    pub(crate) fn iter_close(&mut self, it: Value) -> Result<(), Thrown> {
        let mut s = Scope::new(self);
        let l = Local::raw(it);
        let Some(m) = s.get_method(l, s.vm.atoms.return_)? else { return Ok(()) };
        let r = s.call(m, l, &[])?;
        if r.is_object() {
            return Ok(());
        }
        let t = s.describe_value(r);
        Err(s.throw_type(&format!("Iterator result {t} is not an object")))
    }

    /// Closes while an exception is on its way: what `return` does wrong is ignored.
    pub(crate) fn iter_close_quiet(&mut self, it: Value) {
        if self.terminating {
            return;
        }
        let mut s = Scope::new(self);
        let l = Local::raw(it);
        let pending = s.vm.exception;
        s.root(pending);
        let r = match s.get_method(l, s.vm.atoms.return_) {
            Ok(Some(m)) => s.call(m, l, &[]).map(|_| ()),
            Ok(None) => Ok(()),
            Err(t) => Err(t),
        };
        if let Err(t) = r
            && !s.is_terminating()
        {
            s.caught(t);
        }
        s.vm.exception = pending;
    }

    /// IterCall: next, throw, return, return without argument. A missing method gives a hole.
    #[inline(never)]
    pub(crate) fn iter_call(
        &mut self,
        it: Value,
        next: Value,
        mode: u8,
        arg: Value,
    ) -> Result<Value, Thrown> {
        let mut s = Scope::new(self);
        let (l, arg) = (Local::raw(it), Local::raw(arg));
        if mode == 0 {
            return s.call(Local::raw(next), l, &[arg]).map(|l| l.v);
        }
        let name = if mode == 1 { s.vm.atoms.throw } else { s.vm.atoms.return_ };
        let Some(m) = s.get_method(l, name)? else { return Ok(Value::HOLE) };
        let args: &[Local<'_>] = if mode == 3 { &[] } else { &[arg] };
        s.call(m, l, args).map(|l| l.v)
    }

    // ---- for-in ----

    #[inline(never)]
    pub(crate) fn for_in_start(&mut self, v: Value) -> Result<Value, Thrown> {
        let mut s = Scope::new(self);
        let o = s.vm.alloc_object(Class::ForIn, None);
        let l = s.root(o.value());
        let mut data = ForIn::default();
        if !v.is_nullish() {
            let start = s.to_object(Local::raw(v))?;
            data.fill(&mut s, start)?;
            l.obj().set_int(0, start.v);
        }
        l.obj().set_host(&mut s.vm.heap, Box::new(data));
        Ok(l.v)
    }

    #[inline(never)]
    pub(crate) fn for_in_next(&mut self, it: Value) -> Result<Option<Value>, Thrown> {
        let mut s = Scope::new(self);
        loop {
            let o = ObjRef::of(it);
            let object = o.int(0);
            let Some(d) = s.host_data_mut::<ForIn>(Local::raw(it)) else { return Ok(None) };
            let Some(&(k, shape)) = d.keys.get(d.at) else { return Ok(None) };
            d.at += 1;
            // Deleted before it was visited: skipped. The shape says whether anything can have changed.
            let target = ObjRef::of(object);
            let unchanged = shape != 0 && target.shape().0 as usize == shape;
            if unchanged || for_in_visits(&mut s, Local::raw(object), Key::raw(k))? {
                return Ok(Some(s.vm.key_value(k)));
            }
        }
    }
}

/// The state of a for-in loop: the keys, each with the shape that makes a check needless (0: check).
#[derive(Default)]
struct ForIn {
    keys: Vec<(PropKey, usize)>,
    at: usize,
}

impl HostData for ForIn {
    fn trace(&self, v: &mut Visitor<'_>) {
        self.keys.iter().for_each(|(k, _)| v.visit(k.0));
    }
}

/// Whether a collected key is still to be visited: a proxy on the way says so by its descriptor.
fn for_in_visits<'s>(s: &mut Scope<'s>, object: Local<'s>, key: Key<'s>) -> Result<bool, Thrown> {
    let mut o = object;
    loop {
        if o.obj().is(Class::Proxy) {
            if let Some(d) = s.get_own_property(o, key)? {
                return Ok(d.enumerable == Some(true));
            }
        } else if s.vm.own_raw(o.obj(), key.k).is_some() {
            return Ok(true);
        }
        o = s.get_prototype_of(o)?;
        if o.is_null() {
            return Ok(false);
        }
    }
}

impl ForIn {
    fn fill<'s>(&mut self, s: &mut Scope<'s>, start: Local<'s>) -> Result<(), Thrown> {
        let mut seen: HashSet<u64> = HashSet::new();
        let mut o = start;
        let mut first = true;
        loop {
            let proxy = o.obj().is(Class::Proxy);
            let keys = s.own_keys(o, KeyFilter::Strings)?;
            let next = s.get_prototype_of(o)?;
            // Most objects inherit nothing enumerable: then no key can come twice.
            for k in keys {
                // A proxy is asked when the key is visited.
                let enumerable =
                    proxy || s.vm.own_raw(o.obj(), k.k).is_some_and(|p| p.attrs & ENUMERABLE != 0);
                if enumerable && (first || !seen.contains(&k.k.0.bits())) {
                    let shape =
                        if first && k.k.is_string() && !proxy { o.obj().shape().0 as usize } else { 0 };
                    self.keys.push((k.k, shape));
                }
                seen.insert(k.k.0.bits());
            }
            if next.is_null() {
                return Ok(());
            }
            first = false;
            o = next;
        }
    }
}

impl<'s> Scope<'s> {
    fn sync_iterator(&mut self, v: Local<'s>, code: Option<CodeRef>) -> Result<IterRecord<'s>, Thrown> {
        let m = match v.is_nullish() {
            true => None,
            false => {
                let m = self.get_v(v, self.vm.atoms.sym_iterator)?;
                m.is_callable().then_some(m)
            }
        };
        match m {
            Some(m) => self.iterator_from_method(v, m),
            None => Err(self.vm.throw_not_iterable(code, v.v, false)),
        }
    }

    fn async_iterator(&mut self, v: Local<'s>, code: Option<CodeRef>) -> Result<IterRecord<'s>, Thrown> {
        if v.is_nullish() {
            let what = if v.is_null() { "null" } else { "undefined" };
            let m = format!("Cannot read properties of {what} (reading 'Symbol(Symbol.asyncIterator)')");
            return Err(self.throw_type(&m));
        }
        if let Some(m) = self.get_method(v, self.vm.atoms.sym_async_iterator)? {
            return self.iterator_from_method(v, m);
        }
        let m = self.get_v(v, self.vm.atoms.sym_iterator)?;
        if !m.is_callable() {
            return Err(self.vm.throw_not_iterable(code, v.v, true));
        }
        let sync = self.iterator_from_method(v, m)?;
        self.async_from_sync_iterator(&sync)
    }

    /// CreateAsyncFromSyncIterator.
    pub fn async_from_sync_iterator(&mut self, sync: &IterRecord<'s>) -> Result<IterRecord<'s>, Thrown> {
        let proto = self.intrinsic(Intrinsic::AsyncFromSyncIteratorPrototype);
        let o = self.new_object_of(Class::Iterator, proto);
        o.obj().set_int(0, sync.iterator.v);
        o.obj().set_int(1, sync.next.v);
        let next = self.get(o, self.vm.atoms.next)?;
        Ok(IterRecord { iterator: o, next })
    }

    /// GetIteratorFromMethod.
    pub fn iterator_from_method(
        &mut self,
        v: Local<'s>,
        method: Local<'s>,
    ) -> Result<IterRecord<'s>, Thrown> {
        let iterator = self.call(method, v, &[])?;
        if !iterator.is_object() {
            return Err(self.throw_type("Result of the Symbol.iterator method is not an object"));
        }
        self.iterator_direct(iterator)
    }

    /// GetIteratorDirect.
    pub fn iterator_direct(&mut self, iterator: Local<'s>) -> Result<IterRecord<'s>, Thrown> {
        let next = self.get(iterator, self.vm.atoms.next)?;
        // INVARIANT: an int as the next method means an array walked by index. A script's own number must not look like it.
        let next = if next.v.is_int() { self.root(Value::double(next.v.num())) } else { next };
        Ok(IterRecord { iterator, next })
    }

    /// GetIterator(v, sync).
    pub fn get_iterator(&mut self, v: Local<'s>) -> Result<IterRecord<'s>, Thrown> {
        self.sync_iterator(v, None)
    }

    /// GetIterator(v, async): sync iterators are wrapped.
    pub fn get_async_iterator(&mut self, v: Local<'s>) -> Result<IterRecord<'s>, Thrown> {
        self.async_iterator(v, None)
    }

    /// IteratorStepValue: the next value, or none when done.
    pub fn iterator_step(&mut self, r: &IterRecord<'s>) -> Result<Option<Local<'s>>, Thrown> {
        let v = self.vm.iter_step(r.iterator.v, r.next.v)?;
        Ok(v.map(|v| self.root(v)))
    }

    /// IteratorClose after a normal completion: errors of `return` are thrown.
    pub fn iterator_close(&mut self, r: &IterRecord<'s>) -> Result<(), Thrown> {
        self.vm.iter_close(r.iterator.v)
    }

    /// IteratorClose while `t` is on its way: gives it back.
    pub fn iterator_close_with(&mut self, r: &IterRecord<'s>, t: Thrown) -> Thrown {
        self.vm.iter_close_quiet(r.iterator.v);
        t
    }

    /// Calls `f` with every value of an iterable. When `f` fails, or says false (stop), the iterator is closed.
    pub fn iterate(
        &mut self,
        v: Local<'s>,
        f: impl for<'n> FnMut(&mut Scope<'n>, Local<'n>) -> Result<bool, Thrown>,
    ) -> Result<(), Thrown> {
        if self.vm.is_pristine_array(v.v) {
            return self.iterate_array(v, f);
        }
        let r = self.get_iterator(v)?;
        self.iterate_record(&r, f)
    }

    /// As `iterate`, where the iterator method is known.
    pub fn iterate_with(
        &mut self,
        v: Local<'s>,
        method: Local<'s>,
        f: impl for<'n> FnMut(&mut Scope<'n>, Local<'n>) -> Result<bool, Thrown>,
    ) -> Result<(), Thrown> {
        if method.v == self.vm.realm.get(Intrinsic::ArrayProtoValues) && self.vm.is_pristine_array(v.v) {
            return self.iterate_array(v, f);
        }
        let r = self.iterator_from_method(v, method)?;
        self.iterate_record(&r, f)
    }

    fn iterate_array(
        &mut self,
        v: Local<'s>,
        mut f: impl for<'n> FnMut(&mut Scope<'n>, Local<'n>) -> Result<bool, Thrown>,
    ) -> Result<(), Thrown> {
        let a = v.obj();
        let mut i = 0;
        while i < a.array_length() {
            let x = self.vm.array_walk(a, i)?;
            let go = self.nested(|n| {
                let x = n.root(x);
                f(n, x)
            })?;
            if !go {
                return Ok(());
            }
            i += 1;
        }
        Ok(())
    }

    /// Calls `f` with the values an iterator still has, as `iterate` does.
    pub fn iterate_record(
        &mut self,
        r: &IterRecord<'s>,
        mut f: impl for<'n> FnMut(&mut Scope<'n>, Local<'n>) -> Result<bool, Thrown>,
    ) -> Result<(), Thrown> {
        loop {
            let Some(x) = self.vm.iter_step(r.iterator.v, r.next.v)? else { return Ok(()) };
            let res = self.nested(|n| {
                let x = n.root(x);
                f(n, x)
            });
            match res {
                Ok(true) => {}
                Ok(false) => return self.iterator_close(r),
                Err(t) => return Err(self.iterator_close_with(r, t)),
            }
        }
    }

    /// All values of an iterable.
    pub fn iterable_to_list(&mut self, v: Local<'s>) -> Result<Vec<Local<'s>>, Thrown> {
        if self.vm.is_pristine_array(v.v)
            && let Some(list) = self.dense_elements(v)
        {
            return Ok(list);
        }
        let r = self.get_iterator(v)?;
        let mut out = Vec::new();
        while let Some(x) = self.iterator_step(&r)? {
            out.push(x);
        }
        Ok(out)
    }
}
