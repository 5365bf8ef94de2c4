//! Property access: inline caches, their filling, and keyed access.
//!
//! A hit is one shape comparison and one load. Inherited properties also compare the engine's prototype epoch, which moves
//! whenever the layout of any prototype changes. Collections empty all caches.

use super::Ret;
use crate::code::{Ic, IcEntry, IcKind};
use crate::convert::f64_to_int32;
use crate::object::{Class, IS_PROTO, NOT_EXTENSIBLE, ObjRef, SPARSE};
use crate::ops::Holder;
use crate::scope::{Key, Local, Scope, Thrown};
use crate::shape::{ACCESSOR, ALL, ShapeRef, WRITABLE};
use crate::value::{PropKey, Value};
use crate::vm::{Vm, accessor};

/// Entries beside the first one before a site counts as megamorphic.
const POLY: usize = 3;

/// What a property read came to.
pub(crate) enum Got {
    Value(Value),
    /// A getter to be called with the receiver.
    Getter(Value),
}

impl Vm {
    /// Reads a property when the first cache entry missed.
    #[inline(never)]
    pub(crate) fn get_prop_miss(&mut self, v: Value, ic: *mut Ic) -> Result<Got, Thrown> {
        // SAFETY: ic is an entry of live code's caches, which do not move.
        let ic = unsafe { &mut *ic };
        let key = ic.key;
        let Some(o) = ObjRef::from(v) else {
            if v.is_string() && matches!(ic.kind, IcKind::Empty | IcKind::Text) {
                self.remember_text(ic);
            }
            return self.get_primitive(v, key);
        };
        let shape = o.shape();
        for i in 0..ic.more.len() {
            let (kind, e) = ic.more[i];
            if e.shape == shape && (kind == IcKind::Own || e.epoch == self.proto_epoch) {
                return Ok(self.entry_value(kind, e, o));
            }
        }
        let found = self.find_for_cache(o, key);
        match found {
            Some((kind, holder, slot)) => {
                // Looking may have made a function's own properties real: the shape is read again.
                let shape = o.shape();
                let e = IcEntry { shape, holder: holder.cast(), slot, epoch: self.proto_epoch };
                shape.set_cached();
                remember(ic, kind, e);
                Ok(self.entry_value(kind, e, o))
            }
            None => self.get_general(v, key),
        }
    }

    #[inline]
    fn entry_value(&self, kind: IcKind, e: IcEntry, o: ObjRef) -> Got {
        let holder = if e.holder.is_null() { o } else { ObjRef(e.holder.cast()) };
        match kind {
            IcKind::Absent => Got::Value(Value::UNDEFINED),
            IcKind::Getter => match accessor(holder.slot(e.slot)).0 {
                g if g.is_undefined() => Got::Value(Value::UNDEFINED),
                g => Got::Getter(g),
            },
            _ => Got::Value(holder.slot(e.slot)),
        }
    }

    /// Where a named property is, if the place can be remembered by shape.
    pub(crate) fn find_for_cache(
        &mut self,
        o: ObjRef,
        key: PropKey,
    ) -> Option<(IcKind, *mut crate::object::Obj, u32)> {
        if key.as_index().is_some() {
            return None;
        }
        let mut x = o;
        loop {
            if x.has_flag(crate::object::EXOTIC | crate::object::LAZY) && !self.lazy_is_harmless(x, key) {
                return None;
            }
            if key == self.atoms.length.0 && x.is(Class::Array) {
                return None;
            }
            if let Some((slot, attrs)) = x.shape().lookup(key) {
                if x.is(Class::Error) && key == self.atoms.stack.0 {
                    return None;
                }
                let own = x == o;
                let holder = if own { std::ptr::null_mut() } else { x.0 };
                let kind = match (attrs & ACCESSOR != 0, own) {
                    (true, _) => IcKind::Getter,
                    (_, true) => IcKind::Own,
                    _ => IcKind::Proto,
                };
                return Some((kind, holder, slot));
            }
            match x.proto() {
                Some(p) => {
                    // Holders must report layout changes.
                    p.set_flag(IS_PROTO);
                    x = p;
                }
                None => return Some((IcKind::Absent, std::ptr::null_mut(), 0)),
            }
        }
    }

    /// Functions whose own properties are not made yet can only gain length, name and prototype.
    fn lazy_is_harmless(&mut self, x: ObjRef, key: PropKey) -> bool {
        if !matches!(x.class(), Class::Function | Class::Native) {
            return x.is(Class::Error) && key != self.atoms.stack.0;
        }
        let a = &self.atoms;
        if [a.length, a.name, a.prototype, a.arguments, a.caller].iter().any(|n| key == n.0) {
            self.materialize(x);
        }
        true
    }

    fn get_primitive(&mut self, v: Value, key: PropKey) -> Result<Got, Thrown> {
        let mut s = Scope::new(self);
        match s.primitive_holder(Local::raw(v), Key::raw(key))? {
            Holder::Value(r) => Ok(Got::Value(r)),
            Holder::Proto(p) => {
                if let Some(f) = p.shape().lookup(key) {
                    let x = p.slot(f.0);
                    return Ok(if f.1 & ACCESSOR != 0 {
                        match accessor(x).0 {
                            g if g.is_undefined() => Got::Value(g),
                            g => Got::Getter(g),
                        }
                    } else {
                        Got::Value(x)
                    });
                }
                let l = s.root(p.value());
                s.get_from(l, Key::raw(key), Local::raw(v)).map(|l| Got::Value(l.v))
            }
        }
    }

    /// Fills the cache of a site that has met strings only: their methods are the string prototype's own.
    fn remember_text(&mut self, ic: &mut Ic) {
        let p = self.realm.proto(crate::Intrinsic::StringPrototype);
        if ic.key.as_index().is_some() || ic.key == self.atoms.length.0 {
            return;
        }
        if let Some((slot, attrs)) = p.shape().lookup(ic.key)
            && attrs & ACCESSOR == 0
        {
            p.set_flag(IS_PROTO);
            p.shape().set_cached();
            ic.kind = IcKind::Text;
            ic.first = IcEntry { shape: ShapeRef::NULL, holder: p.0.cast(), slot, epoch: self.proto_epoch };
        }
    }

    fn get_general(&mut self, v: Value, key: PropKey) -> Result<Got, Thrown> {
        let mut s = Scope::new(self);
        s.get_v(Local::raw(v), Key::raw(key)).map(|l| Got::Value(l.v))
    }

    /// Writes a property when the first cache entry missed. `Some(setter)`: to be called.
    #[inline(never)]
    pub(crate) fn set_prop_miss(
        &mut self,
        v: Value,
        ic: *mut Ic,
        x: Value,
        strict: bool,
    ) -> Result<Option<Value>, Thrown> {
        // SAFETY: ic is an entry of live code's caches, which do not move.
        let ic = unsafe { &mut *ic };
        let key = ic.key;
        let Some(o) = ObjRef::from(v) else { return self.set_general(v, key, x, strict).map(|()| None) };
        let shape = o.shape();
        for i in 0..ic.more.len() {
            let (kind, e) = ic.more[i];
            if e.shape == shape && (kind == IcKind::Own || e.epoch == self.proto_epoch) {
                return Ok(self.put_entry(kind, e, o, x));
            }
        }
        match self.place_for_cache(o, key) {
            Some((kind, e)) => {
                shape.set_cached();
                remember(ic, kind, e);
                Ok(self.put_entry(kind, e, o, x))
            }
            None => self.set_general(v, key, x, strict).map(|()| None),
        }
    }

    #[inline]
    pub(crate) fn put_entry(&mut self, kind: IcKind, e: IcEntry, o: ObjRef, x: Value) -> Option<Value> {
        match kind {
            IcKind::Own => o.set_slot(e.slot, x),
            IcKind::Add => o.append_slot(&mut self.heap, ShapeRef(e.holder.cast()), x),
            _ => {
                let holder = if e.holder.is_null() { o } else { ObjRef(e.holder.cast()) };
                return Some(accessor(holder.slot(e.slot)).1);
            }
        }
        None
    }

    fn place_for_cache(&mut self, o: ObjRef, key: PropKey) -> Option<(IcKind, IcEntry)> {
        if key.as_index().is_some() || !Vm::is_ordinary(o) {
            return None;
        }
        let shape = o.shape();
        let epoch = self.proto_epoch;
        let entry = |holder: *mut u8, slot| IcEntry { shape, holder, slot, epoch };
        if key == self.atoms.length.0 && o.is(Class::Array) {
            return None;
        }
        if let Some((slot, attrs)) = shape.lookup(key) {
            if attrs & ACCESSOR != 0 {
                let has = !accessor(o.slot(slot)).1.is_undefined();
                return has.then(|| (IcKind::Setter, entry(std::ptr::null_mut(), slot)));
            }
            return (attrs & WRITABLE != 0).then(|| (IcKind::Own, entry(std::ptr::null_mut(), slot)));
        }
        let mut p = o.proto();
        while let Some(x) = p {
            let lazy_name = x.has_flag(crate::object::LAZY) && !self.lazy_is_harmless(x, key);
            if x.has_flag(crate::object::EXOTIC)
                || lazy_name
                || x.is(Class::Array) && key == self.atoms.length.0
            {
                return None;
            }
            x.set_flag(IS_PROTO);
            if let Some((slot, attrs)) = x.shape().lookup(key) {
                if attrs & ACCESSOR != 0 {
                    let has = !accessor(x.slot(slot)).1.is_undefined();
                    return has.then(|| (IcKind::Setter, entry(x.0.cast(), slot)));
                }
                if attrs & WRITABLE == 0 {
                    return None;
                }
                break;
            }
            p = x.proto();
        }
        if o.has_flag(NOT_EXTENSIBLE | IS_PROTO) || shape.is_dict() {
            return None;
        }
        let next = shape.add(&mut self.heap, key, ALL);
        if next.is_dict() {
            // The shape was full; `add` has made a dictionary for us, which is not to be shared.
            return None;
        }
        Some((IcKind::Add, IcEntry { shape, holder: next.0.cast(), slot: 0, epoch }))
    }

    pub(crate) fn set_general(
        &mut self,
        v: Value,
        key: PropKey,
        x: Value,
        strict: bool,
    ) -> Result<(), Thrown> {
        let mut s = Scope::new(self);
        let (target, k, x) = (Local::raw(v), Key::raw(key), Local::raw(x));
        if target.is_object() {
            if !s.set_from(target, k, x, target)? && strict {
                return Err(s.throw_set_failed(target, k));
            }
            return Ok(());
        }
        if target.is_nullish() {
            let what = if target.is_null() { "null" } else { "undefined" };
            let name = s.key_text(k);
            return Err(s.throw_type(&format!("Cannot set properties of {what} (setting '{name}')")));
        }
        // Primitives: only a setter or proxy of the prototype chain can do anything.
        let done = match s.primitive_holder(target, k)? {
            Holder::Value(_) => false,
            Holder::Proto(p) => s.set_from(Local::raw(p.value()), k, x, target)?,
        };
        if done || !strict {
            return Ok(());
        }
        let name = s.key_text(k);
        let t = s.vm.type_of(v);
        let kind = s.vm.chars_of(t).to_utf8();
        let shown = s.describe_value(target);
        if target.is_string()
            && (name == "length" || k.as_index().is_some_and(|i| (i as usize) < Vm::string_len(v)))
        {
            return Err(
                s.throw_type(&format!("Cannot assign to read only property '{name}' of string '{shown}'"))
            );
        }
        Err(s.throw_type(&format!("Cannot create property '{name}' on {kind} '{shown}'")))
    }

    /// `o[k]` when the fast paths of the loop do not apply.
    #[inline(never)]
    pub(crate) fn get_elem(&mut self, v: Value, k: Value) -> Result<Got, Thrown> {
        if let Some(o) = ObjRef::from(v) {
            if let Some(key) = self.simple_key(k) {
                if let Some(i) = key.as_index()
                    && o.is(Class::TypedArray)
                {
                    return Ok(Got::Value(self.typed_get(o, i as usize).unwrap_or(Value::UNDEFINED)));
                }
                if Vm::is_ordinary(o)
                    && !(o.is(Class::Array) && key == self.atoms.length.0)
                    && let Some(f) = o.find(key)
                    && f.attrs & ACCESSOR == 0
                {
                    return Ok(Got::Value(f.value));
                }
                return self.get_general(v, key);
            }
        } else if v.is_string() && k.is_int() && k.as_int() >= 0 {
            let i = k.as_int() as usize;
            if i < Vm::string_len(v) {
                let u = self.chars_of(v).at(i);
                return Ok(Got::Value(self.str_units(&[u])));
            }
        }
        let mut s = Scope::new(self);
        let (target, kl) = (Local::raw(v), Local::raw(k));
        if target.is_nullish() {
            let name = s.describe_key(kl);
            let what = if target.is_null() { "null" } else { "undefined" };
            if k == s.vm.atoms.sym_iterator.0.0 {
                let m = format!("{what} is not iterable (cannot read property Symbol(Symbol.iterator))");
                return Err(s.throw_type(&m));
            }
            return Err(s.throw_type(&format!("Cannot read properties of {what} (reading '{name}')")));
        }
        let key = s.to_key(kl)?;
        s.get_v(target, key).map(|l| Got::Value(l.v))
    }

    /// The key of a value whose conversion cannot run code.
    #[inline]
    pub(crate) fn simple_key(&mut self, k: Value) -> Option<PropKey> {
        if k.is_int() {
            if k.as_int() >= 0 { Some(PropKey(k)) } else { None }
        } else if k.is_string() {
            Some(self.string_key(k))
        } else if k.is_symbol() {
            Some(PropKey(k))
        } else if k.is_double()
            && k.as_double() >= 0.0
            && f64::from(f64_to_int32(k.as_double())) == k.as_double()
        {
            Some(PropKey::index(k.as_double() as u32))
        } else {
            None
        }
    }

    /// `o[k] = x` when the fast paths of the loop do not apply.
    #[inline(never)]
    pub(crate) fn set_elem(&mut self, v: Value, k: Value, x: Value, strict: bool) -> Result<(), Thrown> {
        if let (Some(o), Some(key)) = (ObjRef::from(v), self.simple_key(k)) {
            if let Some(i) = key.as_index() {
                if o.is(Class::TypedArray) && crate::typed::typed_put_fast(o, i as usize, x) {
                    return Ok(());
                }
                // Appending to an array nobody watches, or filling one of its holes.
                if o.is(Class::Array)
                    && !o.has_flag(NOT_EXTENSIBLE | SPARSE | crate::object::EXOTIC)
                    && (i >= o.elem_len() || o.elem(i).is_hole())
                    && self.array_proto_is_clean()
                    && o.proto() == ObjRef::from(self.realm.get(crate::Intrinsic::ArrayPrototype))
                {
                    o.add_elem(&mut self.heap, i, x, ALL);
                    return Ok(());
                }
            }
            return self.set_general(v, key, x, strict);
        }
        let mut s = Scope::new(self);
        let (target, kl) = (Local::raw(v), Local::raw(k));
        if target.is_nullish() {
            let name = s.describe_key(kl);
            let what = if target.is_null() { "null" } else { "undefined" };
            return Err(s.throw_type(&format!("Cannot set properties of {what} (setting '{name}')")));
        }
        let key = s.to_key(kl)?.k;
        drop(s);
        self.set_general(v, key, x, strict)
    }

    /// Reads a global binding when the cache missed.
    #[inline(never)]
    pub(crate) fn get_global_miss(&mut self, ic: *mut Ic, for_typeof: bool) -> Result<Value, Thrown> {
        // SAFETY: ic is an entry of live code's caches, which do not move.
        let ic = unsafe { &mut *ic };
        if let Some(i) = self.realm.lexical(ic.key) {
            let v = self.realm.lex[i as usize].value;
            if v.is_hole() {
                return self.get_global_name(ic.key, for_typeof);
            }
            ic.kind = IcKind::Lexical;
            ic.first.slot = i;
            return Ok(v);
        }
        let g = ObjRef::of(self.realm.global);
        if let Some((slot, attrs)) = g.shape().lookup(ic.key)
            && attrs & ACCESSOR == 0
        {
            g.shape().set_cached();
            ic.kind = IcKind::Own;
            ic.first = IcEntry { shape: g.shape(), holder: std::ptr::null_mut(), slot, epoch: 0 };
            return Ok(g.slot(slot));
        }
        self.get_global_name(ic.key, for_typeof)
    }

    /// Reads a global binding by its name.
    pub(crate) fn get_global_name(&mut self, key: PropKey, for_typeof: bool) -> Result<Value, Thrown> {
        let mut s = Scope::new(self);
        if let Some(i) = s.vm.realm.lexical(key) {
            let v = s.vm.realm.lex[i as usize].value;
            if v.is_hole() {
                let name = s.key_text(Key::raw(key));
                return Err(s.throw_reference(&format!("Cannot access '{name}' before initialization")));
            }
            return Ok(v);
        }
        let (gl, key) = (s.global_object(), Key::raw(key));
        if !s.has_property(gl, key)? {
            if for_typeof {
                return Ok(Value::UNDEFINED);
            }
            let name = s.key_text(key);
            return Err(s.throw_reference(&format!("{name} is not defined")));
        }
        s.get(gl, key).map(|l| l.v)
    }

    /// Writes a global binding.
    #[inline(never)]
    pub(crate) fn set_global(&mut self, ic: *mut Ic, v: Value, strict: bool) -> Result<(), Thrown> {
        // SAFETY: ic is an entry of live code's caches, which do not move.
        let key = unsafe { (*ic).key };
        self.set_global_name(key, v, strict)
    }

    /// Writes a global binding by its name.
    pub(crate) fn set_global_name(&mut self, key: PropKey, v: Value, strict: bool) -> Result<(), Thrown> {
        let mut s = Scope::new(self);
        if let Some(i) = s.vm.realm.lexical(key) {
            let b = &mut s.vm.realm.lex[i as usize];
            if b.value.is_hole() {
                let name = s.key_text(Key::raw(key));
                return Err(s.throw_reference(&format!("Cannot access '{name}' before initialization")));
            }
            if b.constant {
                return Err(s.throw_type("Assignment to constant variable."));
            }
            b.value = v;
            return Ok(());
        }
        let (g, k) = (s.global_object(), Key::raw(key));
        if strict && !s.has_property(g, k)? {
            let name = s.key_text(k);
            return Err(s.throw_reference(&format!("{name} is not defined")));
        }
        if !s.set_from(g, k, Local::raw(v), g)? && strict {
            return Err(s.throw_set_failed(g, k));
        }
        Ok(())
    }

    /// Initialises a script-level lexical binding.
    #[inline(never)]
    pub(crate) fn init_global(&mut self, ic: *mut Ic, v: Value) {
        // SAFETY: ic is an entry of live code's caches, which do not move.
        let key = unsafe { (*ic).key };
        if let Some(i) = self.realm.lexical(key) {
            self.realm.lex[i as usize].value = v;
        }
    }

    /// The cache key `ret` of a getter call from the loop.
    pub(crate) const GETTER_RET: Ret = Ret::Reg;
}

fn remember(ic: &mut Ic, kind: IcKind, e: IcEntry) {
    if ic.kind == IcKind::Empty || ic.first.epoch != e.epoch && ic.first.shape == e.shape {
        ic.kind = kind;
        ic.first = e;
        return;
    }
    ic.more.retain(|(_, old)| old.shape != e.shape);
    if ic.more.len() < POLY {
        ic.more.push((kind, e));
        return;
    }
    // Megamorphic: rotate, so that phases of a program still find a warm cache.
    ic.misses = ic.misses.saturating_add(1);
    let n = ic.misses as usize % POLY;
    ic.more[n] = (kind, e);
}

impl<'s> Scope<'s> {
    /// A key value as shown in "Cannot read properties of undefined (reading '…')".
    fn describe_key(&mut self, k: Local<'s>) -> String {
        match k.is_object() {
            true => self.describe_value(k),
            false => match self.to_key(k) {
                Ok(k) => self.key_text(k),
                Err(t) => {
                    self.caught(t);
                    String::new()
                }
            },
        }
    }
}
