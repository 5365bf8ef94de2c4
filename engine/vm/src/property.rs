//! The internal methods of objects: own properties, definition, inheritance, with the exotic ones and proxies.

use crate::object::{
    Class, ELEMS_FROZEN, ELEMS_SEALED, EXOTIC, Found, IS_PROTO, LAZY, NOT_EXTENSIBLE, ObjRef, SPARSE,
};
use crate::scope::{Completion, Key, Local, Scope, Thrown};
use crate::shape::{ACCESSOR, ALL, CONFIGURABLE, ENUMERABLE, WRITABLE};
use crate::value::{PropKey, Value};
use crate::vm::{Vm, accessor, is_private};

/// A property descriptor; absent fields are `None`.
#[derive(Clone, Copy, Default)]
pub struct Desc<'s> {
    /// `[[Value]]`
    pub value: Option<Local<'s>>,
    /// `[[Get]]` (undefined or a function)
    pub get: Option<Local<'s>>,
    /// `[[Set]]` (undefined or a function)
    pub set: Option<Local<'s>>,
    /// `[[Writable]]`
    pub writable: Option<bool>,
    /// `[[Enumerable]]`
    pub enumerable: Option<bool>,
    /// `[[Configurable]]`
    pub configurable: Option<bool>,
}

impl<'s> Desc<'s> {
    /// A data property with these attributes ([`crate::WRITABLE`] …).
    pub fn data(value: Local<'s>, attrs: u8) -> Desc<'s> {
        Desc {
            value: Some(value),
            writable: Some(attrs & WRITABLE != 0),
            enumerable: Some(attrs & ENUMERABLE != 0),
            configurable: Some(attrs & CONFIGURABLE != 0),
            ..Desc::default()
        }
    }

    /// Has a getter or setter field.
    pub fn is_accessor(&self) -> bool {
        self.get.is_some() || self.set.is_some()
    }

    /// Has a value or writable field.
    pub fn is_data(&self) -> bool {
        self.value.is_some() || self.writable.is_some()
    }

    fn attrs(&self) -> u8 {
        (u8::from(self.writable == Some(true)) * WRITABLE)
            | (u8::from(self.enumerable == Some(true)) * ENUMERABLE)
            | (u8::from(self.configurable == Some(true)) * CONFIGURABLE)
    }
}

/// Which own keys are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyFilter {
    /// All of them.
    All,
    /// Strings (and indices).
    Strings,
    /// Symbols.
    Symbols,
    /// Strings that are no indices, and symbols: without walking through elements.
    Named,
}

/// What `Object.keys`, `values` and `entries` list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EntryKind {
    /// The keys.
    Keys,
    /// The values.
    Values,
    /// `[key, value]` pairs.
    Entries,
}

/// An own property: what `own_raw` found.
#[derive(Clone, Copy)]
pub(crate) struct Own {
    pub(crate) value: Value,
    pub(crate) attrs: u8,
}

impl Vm {
    /// The own property of an object that is no proxy, virtual ones included.
    pub(crate) fn own_raw(&mut self, o: ObjRef, key: PropKey) -> Option<Own> {
        if o.has_flag(LAZY | EXOTIC) || o.is(Class::Array) {
            if o.has_flag(LAZY) && key.is_string() {
                self.materialize(o);
            }
            if let Some(r) = self.exotic_own(o, key) {
                return r;
            }
        }
        o.find(key).map(|f| Own { value: f.value, attrs: f.attrs })
    }

    /// The part of `own_raw` that only some classes have; `None`: look among the stored properties.
    fn exotic_own(&mut self, o: ObjRef, key: PropKey) -> Option<Option<Own>> {
        match o.class() {
            Class::Array if key == self.atoms.length.0 => {
                let readonly =
                    if o.has_flag(SPARSE) { o.sparse().length_readonly } else { o.has_flag(ELEMS_FROZEN) };
                let value = Value::number(f64::from(o.array_length()));
                Some(Some(Own { value, attrs: if readonly { 0 } else { WRITABLE } }))
            }
            Class::String => {
                let s = o.int(0);
                if key == self.atoms.length.0 {
                    return Some(Some(Own { value: Value::int(Vm::string_len(s) as i32), attrs: 0 }));
                }
                let i = key.as_index()? as usize;
                if i >= Vm::string_len(s) {
                    return None;
                }
                let u = self.chars_of(s).at(i);
                Some(Some(Own { value: self.str_units(&[u]), attrs: ENUMERABLE }))
            }
            Class::TypedArray => match key.as_index() {
                Some(i) => Some(self.typed_get(o, i as usize).map(|value| Own { value, attrs: ALL })),
                None if key.is_string() && self.is_canonical_numeric(key) => Some(None),
                None => None,
            },
            Class::Arguments => {
                let f = o.find(key)?;
                let value = self.mapped_argument(o, key)?;
                Some(Some(Own { value, attrs: f.attrs }))
            }
            Class::Namespace if !key.is_symbol() => {
                let v = self.namespace_get(o, key)?;
                Some(v.map(|value| Own { value, attrs: WRITABLE | ENUMERABLE }))
            }
            _ => None,
        }
    }

    /// Whether a string key that is no array index is the canonical form of a number ("-0", "1.5", "NaN"): typed arrays
    /// never have such properties.
    pub(crate) fn is_canonical_numeric(&mut self, key: PropKey) -> bool {
        let c = self.chars_of(key.0);
        if c.is_empty() || !matches!(c.at(0), 0x2d | 0x30..=0x39 | 0x49 | 0x4e) {
            return false;
        }
        let text = c.to_utf8();
        if text == "-0" {
            return true;
        }
        let n = crate::convert::string_to_number(c);
        crate::convert::number_to_text(n) == text
    }

    /// Own keys of an object that is no proxy, in the order of the specification: indices, strings, symbols.
    pub(crate) fn own_keys_raw(&mut self, o: ObjRef, filter: KeyFilter) -> Vec<PropKey> {
        if o.has_flag(LAZY) {
            self.materialize(o);
        }
        let mut keys = Vec::new();
        let indices = filter != KeyFilter::Named;
        if filter != KeyFilter::Symbols {
            match o.class() {
                Class::String | Class::TypedArray if !indices => {}
                Class::String => keys.extend((0..Vm::string_len(o.int(0)) as u32).map(PropKey::index)),
                Class::TypedArray => {
                    keys.extend((0..self.typed_length(o).unwrap_or(0) as u32).map(PropKey::index))
                }
                Class::Namespace => keys.extend(self.namespace_keys(o)),
                _ => {}
            }
            if !indices {
            } else if o.has_flag(SPARSE) {
                keys.extend(o.sparse().map.keys().map(|&i| PropKey::index(i)));
            } else {
                let dense = o.elems().iter().enumerate().filter(|(_, v)| !v.is_hole());
                keys.extend(dense.map(|(i, _)| PropKey::index(i as u32)));
            }
            if matches!(o.class(), Class::Array | Class::String) {
                keys.push(self.atoms.length.0);
            }
        }
        let named = o.shape().entries();
        if filter != KeyFilter::Symbols {
            keys.extend(named.iter().map(|e| e.0).filter(|k| k.is_string()));
        }
        if filter != KeyFilter::Strings {
            keys.extend(named.iter().map(|e| e.0).filter(|k| k.is_symbol() && !is_private(k.0)));
        }
        keys
    }
}

impl<'s> Scope<'s> {
    // ---- [[GetPrototypeOf]], [[SetPrototypeOf]], [[IsExtensible]], [[PreventExtensions]] ----

    /// `[[GetPrototypeOf]]`: an object or null.
    pub fn get_prototype_of(&mut self, o: Local<'s>) -> Completion<'s> {
        if o.obj().is(Class::Proxy) {
            return self.proxy_get_prototype_of(o);
        }
        let p = o.obj().proto().map_or(Value::NULL, ObjRef::value);
        Ok(self.root(p))
    }

    /// `[[SetPrototypeOf]]`: whether it could be done.
    pub fn set_prototype_of(&mut self, o: Local<'s>, proto: Local<'s>) -> Result<bool, Thrown> {
        if o.obj().is(Class::Proxy) {
            return self.proxy_set_prototype_of(o, proto);
        }
        let new = ObjRef::from(proto.v);
        if o.obj().proto() == new {
            return Ok(true);
        }
        let immutable =
            o.v == self.vm.realm.get(crate::Intrinsic::ObjectPrototype) || o.obj().is(Class::Namespace);
        if immutable || !Vm::extensible_raw(o.obj()) {
            return Ok(false);
        }
        let mut p = new;
        while let Some(x) = p {
            if x == o.obj() {
                return Ok(false);
            }
            if x.is(Class::Proxy) {
                break;
            }
            p = x.proto();
        }
        if new.is_none() {
            self.remember_class(o);
        }
        self.vm.set_proto_raw(o.obj(), new);
        Ok(true)
    }

    /// `[[IsExtensible]]`.
    pub fn is_extensible(&mut self, o: Local<'s>) -> Result<bool, Thrown> {
        if o.obj().is(Class::Proxy) {
            return self.proxy_is_extensible(o);
        }
        Ok(Vm::extensible_raw(o.obj()))
    }

    /// `[[PreventExtensions]]`.
    pub fn prevent_extensions(&mut self, o: Local<'s>) -> Result<bool, Thrown> {
        if o.obj().is(Class::Proxy) {
            return self.proxy_prevent_extensions(o);
        }
        if o.obj().has_flag(LAZY) {
            self.vm.materialize(o.obj());
        }
        if o.obj().is(Class::TypedArray) && !self.vm.typed_is_fixed_length(o.obj()) {
            return Ok(false);
        }
        if !o.obj().has_flag(NOT_EXTENSIBLE) {
            o.obj().set_flag(NOT_EXTENSIBLE);
            // Inline caches that add properties compare shapes only: give it one of its own.
            let d = o.obj().shape().own_dict(&mut self.vm.heap);
            o.obj().get().shape = d;
        }
        Ok(true)
    }

    // ---- [[GetOwnProperty]] ----

    /// `[[GetOwnProperty]]`: a complete descriptor.
    pub fn get_own_property(&mut self, o: Local<'s>, key: Key<'s>) -> Result<Option<Desc<'s>>, Thrown> {
        if o.obj().is(Class::Proxy) {
            return self.proxy_get_own_property(o, key);
        }
        if o.obj().is(Class::Namespace) && !key.is_symbol() {
            self.namespace_check(o, key)?;
        }
        if o.is_class(Class::Error) && o.obj().has_flag(LAZY) && key.k == self.vm.atoms.stack.0 {
            self.realize_stack(o)?;
        }
        let own = self.vm.own_raw(o.obj(), key.k);
        Ok(own.map(|own| self.describe(own)))
    }

    fn describe(&mut self, own: Own) -> Desc<'s> {
        let mut d = Desc {
            enumerable: Some(own.attrs & ENUMERABLE != 0),
            configurable: Some(own.attrs & CONFIGURABLE != 0),
            ..Desc::default()
        };
        if own.attrs & ACCESSOR != 0 {
            let (g, s) = accessor(own.value);
            d.get = Some(self.root(g));
            d.set = Some(self.root(s));
        } else {
            d.value = Some(self.root(own.value));
            d.writable = Some(own.attrs & WRITABLE != 0);
        }
        d
    }

    /// HasOwnProperty.
    pub fn has_own(&mut self, o: Local<'s>, key: Key<'s>) -> Result<bool, Thrown> {
        if o.obj().is(Class::Proxy) || o.obj().is(Class::Namespace) {
            return Ok(self.get_own_property(o, key)?.is_some());
        }
        Ok(self.vm.own_raw(o.obj(), key.k).is_some())
    }

    // ---- [[DefineOwnProperty]] ----

    /// `[[DefineOwnProperty]]`: whether it could be done.
    pub fn define_own_property(&mut self, o: Local<'s>, key: Key<'s>, d: &Desc<'s>) -> Result<bool, Thrown> {
        match o.obj().class() {
            Class::Proxy => return self.proxy_define_own_property(o, key, d),
            Class::Array if key.k == self.vm.atoms.length.0 => return self.array_set_length(o, d),
            Class::Array => {
                if let Some(i) = key.k.as_index() {
                    let readonly = match self.vm.own_raw(o.obj(), self.vm.atoms.length.0) {
                        Some(own) => own.attrs & WRITABLE == 0,
                        None => false,
                    };
                    if i >= o.obj().array_length() && readonly {
                        return Ok(false);
                    }
                }
            }
            Class::TypedArray => {
                if let Some(done) = self.typed_define(o, key, d)? {
                    return Ok(done);
                }
            }
            Class::Namespace if !key.is_symbol() => return self.namespace_define(o, key, d),
            Class::Arguments => return Ok(self.arguments_define(o, key, d)),
            _ => {}
        }
        Ok(self.ordinary_define(o.obj(), key.k, d))
    }

    /// OrdinaryDefineOwnProperty (ValidateAndApplyPropertyDescriptor).
    pub(crate) fn ordinary_define(&mut self, o: ObjRef, key: PropKey, d: &Desc<'s>) -> bool {
        let Some(cur) = self.vm.own_raw(o, key) else {
            if !Vm::extensible_raw(o) {
                return false;
            }
            let (v, attrs) = if d.is_accessor() {
                let (g, s) = (opt(d.get), opt(d.set));
                (self.vm.alloc_accessor(g, s), d.attrs() & !WRITABLE | ACCESSOR)
            } else {
                (opt(d.value), d.attrs())
            };
            self.vm.add_property(o, key, v, attrs);
            return true;
        };
        if !compatible(self, &cur, d) {
            return false;
        }
        let mut attrs = cur.attrs;
        let set = |attrs: &mut u8, bit: u8, field: Option<bool>| match field {
            Some(true) => *attrs |= bit,
            Some(false) => *attrs &= !bit,
            None => {}
        };
        set(&mut attrs, ENUMERABLE, d.enumerable);
        set(&mut attrs, CONFIGURABLE, d.configurable);
        let value = if d.is_accessor() {
            let (g, s) = if cur.attrs & ACCESSOR != 0 {
                accessor(cur.value)
            } else {
                (Value::UNDEFINED, Value::UNDEFINED)
            };
            attrs = attrs & !WRITABLE | ACCESSOR;
            self.vm.alloc_accessor(d.get.map_or(g, |l| l.v), d.set.map_or(s, |l| l.v))
        } else if d.is_data() {
            let was_data = cur.attrs & ACCESSOR == 0;
            if !was_data {
                attrs &= !(ACCESSOR | WRITABLE);
            }
            set(&mut attrs, WRITABLE, d.writable);
            d.value.map_or(if was_data { cur.value } else { Value::UNDEFINED }, |l| l.v)
        } else {
            cur.value
        };
        self.vm.reconfigure(o, key, value, attrs);
        true
    }

    /// ArraySetLength.
    fn array_set_length(&mut self, a: Local<'s>, d: &Desc<'s>) -> Result<bool, Thrown> {
        let o = a.obj();
        let new = match d.value {
            None => None,
            Some(v) => {
                let n = self.to_uint32(v)?;
                let f = self.to_number(v)?;
                if f64::from(n) != f {
                    return Err(self.throw_range("Invalid array length"));
                }
                Some(n)
            }
        };
        let Some(cur) = self.vm.own_raw(o, self.vm.atoms.length.0) else { return Ok(false) };
        let bad = d.configurable == Some(true) || d.enumerable == Some(true) || d.is_accessor();
        let readonly = cur.attrs & WRITABLE == 0;
        if bad || readonly && d.writable == Some(true) {
            return Ok(false);
        }
        let mut ok = true;
        if let Some(n) = new
            && n != o.array_length()
        {
            if readonly {
                return Ok(false);
            }
            ok = self.vm.array_resize(o, n);
        }
        if d.writable == Some(false) {
            o.make_sparse(&mut self.vm.heap);
            o.sparse().length_readonly = true;
        }
        Ok(ok)
    }

    /// CreateDataProperty.
    pub fn create_data_property(&mut self, o: Local<'s>, key: Key<'s>, v: Local<'s>) -> Result<bool, Thrown> {
        let r = o.obj();
        if matches!(r.class(), Class::Plain | Class::Array)
            && Vm::extensible_raw(r)
            && key.k != self.vm.atoms.length.0
            && !r.has_flag(SPARSE)
        {
            match r.find(key.k) {
                None => {
                    self.vm.add_property(r, key.k, v.v, ALL);
                    return Ok(true);
                }
                Some(Found { attrs: ALL, loc, .. }) => {
                    r.store(loc, v.v);
                    return Ok(true);
                }
                _ => {}
            }
        }
        self.define_own_property(o, key, &Desc::data(v, ALL))
    }

    /// CreateDataPropertyOrThrow.
    pub fn create_data_property_or_throw(
        &mut self,
        o: Local<'s>,
        key: Key<'s>,
        v: Local<'s>,
    ) -> Result<(), Thrown> {
        if self.create_data_property(o, key, v)? {
            return Ok(());
        }
        Err(self.throw_define_failed(o, key))
    }

    /// DefinePropertyOrThrow.
    pub fn define_property_or_throw(
        &mut self,
        o: Local<'s>,
        key: Key<'s>,
        d: &Desc<'s>,
    ) -> Result<(), Thrown> {
        if self.define_own_property(o, key, d)? {
            return Ok(());
        }
        Err(self.throw_define_failed(o, key))
    }

    fn throw_define_failed(&mut self, o: Local<'s>, key: Key<'s>) -> Thrown {
        let name = self.key_text(key);
        if o.is_class(Class::Proxy) {
            return self.throw_type(&format!(
                "'defineProperty' on proxy: trap returned falsish for property '{name}'"
            ));
        }
        if o.is_class(Class::TypedArray)
            && key.as_index().is_some()
            && self.vm.own_raw(o.obj(), key.k).is_none()
        {
            return self.throw_type("Invalid typed array index");
        }
        let exists = matches!(self.has_own(o, key), Ok(true));
        if exists {
            self.throw_type(&format!("Cannot redefine property: {name}"))
        } else {
            self.throw_type(&format!("Cannot define property {name}, object is not extensible"))
        }
    }

    /// Defines a hidden (writable, configurable, not enumerable) data property on a fresh object; for setting up builtins.
    pub fn define_hidden(&mut self, o: Local<'s>, key: impl Into<Key<'s>>, v: Local<'s>) {
        self.define_with(o, key, v, crate::shape::HIDDEN);
    }

    /// Defines a data property with these attributes on an extensible ordinary object; for setting up builtins.
    pub fn define_with(&mut self, o: Local<'s>, key: impl Into<Key<'s>>, v: Local<'s>, attrs: u8) {
        let key = key.into();
        if o.obj().has_flag(LAZY) {
            self.vm.materialize(o.obj());
        }
        if o.obj().find(key.k).is_some() {
            self.vm.reconfigure(o.obj(), key.k, v.v, attrs);
        } else {
            self.vm.add_property(o.obj(), key.k, v.v, attrs);
        }
    }

    /// Defines an accessor property on an extensible ordinary object; for setting up builtins.
    pub fn define_accessor(
        &mut self,
        o: Local<'s>,
        key: impl Into<Key<'s>>,
        getter: Local<'s>,
        setter: Local<'s>,
        attrs: u8,
    ) {
        let key = key.into();
        let v = self.vm.alloc_accessor(getter.v, setter.v);
        let attrs = attrs & !WRITABLE | ACCESSOR;
        if o.obj().has_flag(LAZY) {
            self.vm.materialize(o.obj());
        }
        if o.obj().find(key.k).is_some() {
            self.vm.reconfigure(o.obj(), key.k, v, attrs);
        } else {
            self.vm.add_property(o.obj(), key.k, v, attrs);
        }
    }

    // ---- [[HasProperty]], [[Delete]], [[OwnPropertyKeys]] ----

    /// `[[HasProperty]]`.
    pub fn has_property(&mut self, o: Local<'s>, key: impl Into<Key<'s>>) -> Result<bool, Thrown> {
        let key = key.into();
        let mut o = o.obj();
        loop {
            if o.is(Class::Proxy) {
                let l = self.root(o.value());
                return self.proxy_has(l, key);
            }
            if self.vm.own_raw(o, key.k).is_some() {
                return Ok(true);
            }
            if o.is(Class::TypedArray)
                && (key.k.as_index().is_some() || key.k.is_string() && self.vm.is_canonical_numeric(key.k))
            {
                return Ok(false);
            }
            match o.proto() {
                Some(p) => o = p,
                None => return Ok(false),
            }
        }
    }

    /// `[[Delete]]`: whether the property is gone.
    pub fn delete(&mut self, o: Local<'s>, key: impl Into<Key<'s>>) -> Result<bool, Thrown> {
        let key = key.into();
        let r = o.obj();
        if r.is(Class::Proxy) {
            return self.proxy_delete(o, key);
        }
        let Some(own) = self.vm.own_raw(r, key.k) else { return Ok(true) };
        if r.is(Class::TypedArray) && key.k.as_index().is_some() {
            return Ok(false);
        }
        if own.attrs & CONFIGURABLE == 0 {
            return Ok(false);
        }
        if r.is(Class::Arguments) {
            self.vm.unmap_argument(r, key.k);
        }
        self.vm.remove_property(r, key.k);
        Ok(true)
    }

    /// `[[OwnPropertyKeys]]`.
    pub fn own_keys(&mut self, o: Local<'s>, filter: KeyFilter) -> Result<Vec<Key<'s>>, Thrown> {
        if o.obj().is(Class::Proxy) {
            let keys = self.proxy_own_keys(o)?;
            return Ok(keys
                .into_iter()
                .filter(|k| match filter {
                    KeyFilter::All => true,
                    KeyFilter::Strings => !k.is_symbol(),
                    KeyFilter::Symbols => k.is_symbol(),
                    KeyFilter::Named => k.as_index().is_none(),
                })
                .collect());
        }
        let keys = self.vm.own_keys_raw(o.obj(), filter);
        Ok(keys.into_iter().map(|k| self.root_key(k)).collect())
    }

    /// The own enumerable string-keyed properties' keys, in order (EnumerableOwnProperties).
    pub fn enumerable_own_keys(&mut self, o: Local<'s>) -> Result<Vec<Key<'s>>, Thrown> {
        let keys = self.own_keys(o, KeyFilter::Strings)?;
        let proxy = o.obj().is(Class::Proxy);
        let mut out = Vec::with_capacity(keys.len());
        for k in keys {
            let yes = if proxy || o.obj().is(Class::Namespace) {
                self.get_own_property(o, k)?.is_some_and(|d| d.enumerable == Some(true))
            } else {
                self.vm.own_raw(o.obj(), k.k).is_some_and(|own| own.attrs & ENUMERABLE != 0)
            };
            if yes {
                out.push(k);
            }
        }
        Ok(out)
    }

    /// The own enumerable properties if all of them are data that can be read without running code: indices, strings, and
    /// (on request) symbols. Not rooted: valid until the next safepoint.
    pub(crate) fn enumerable_data(&self, o: ObjRef, symbols: bool) -> Option<Vec<(PropKey, Value)>> {
        if !Vm::is_ordinary(o) || o.has_flag(SPARSE) {
            return None;
        }
        let named = o.shape().entries();
        let mut out = Vec::with_capacity(o.elem_len() as usize + named.len());
        let dense = o.elems().iter().enumerate().filter(|(_, v)| !v.is_hole());
        out.extend(dense.map(|(i, &v)| (PropKey::index(i as u32), v)));
        let mut has_symbols = false;
        for &(k, slot, attrs) in &named {
            if attrs & ENUMERABLE == 0 {
                continue;
            }
            if attrs & ACCESSOR != 0 {
                return None;
            }
            if k.is_string() {
                out.push((k, o.slot(slot)));
            } else {
                has_symbols |= !is_private(k.0);
            }
        }
        if symbols && has_symbols {
            let wanted =
                |e: &&(PropKey, u32, u8)| e.2 & ENUMERABLE != 0 && e.0.is_symbol() && !is_private(e.0.0);
            out.extend(named.iter().filter(wanted).map(|&(k, slot, _)| (k, o.slot(slot))));
        }
        Some(out)
    }

    /// EnumerableOwnProperties as an array, where no code needs to run for it (`None`: use the general protocol).
    pub fn enumerable_list(&mut self, o: Local<'s>, kind: EntryKind) -> Option<Local<'s>> {
        let list = self.enumerable_data(o.obj(), false)?;
        let out = self.vm.alloc_array(list.len() as u32);
        for (k, v) in list {
            let item = match kind {
                EntryKind::Keys => self.vm.key_value(k),
                EntryKind::Values => v,
                EntryKind::Entries => {
                    let name = self.vm.key_value(k);
                    let pair = self.vm.alloc_array(2);
                    pair.push_elem(&mut self.vm.heap, name);
                    pair.push_elem(&mut self.vm.heap, v);
                    pair.value()
                }
            };
            out.push_elem(&mut self.vm.heap, item);
        }
        Some(self.root(out.value()))
    }

    /// One source of `Object.assign`, where no code needs to run for it. False: use the general protocol, from the first
    /// property again (nothing can have noticed the ones that were set).
    pub fn assign_data(&mut self, to: Local<'s>, from: Local<'s>) -> bool {
        let t = to.obj();
        if !t.is(Class::Plain) || !Vm::is_ordinary(t) || !Vm::extensible_raw(t) || t.has_flag(SPARSE) {
            return false;
        }
        let Some(list) = self.enumerable_data(from.obj(), true) else { return false };
        for (k, v) in list {
            match t.find(k) {
                Some(f) if f.attrs & (ACCESSOR | WRITABLE) == WRITABLE => t.store(f.loc, v),
                Some(_) => return false,
                None => {
                    let mut p = t.proto();
                    while let Some(x) = p {
                        if !Vm::is_ordinary(x) || x.find(k).is_some() {
                            return false;
                        }
                        p = x.proto();
                    }
                    self.vm.add_property(t, k, v, ALL);
                }
            }
        }
        true
    }

    /// The value of an own property if it exists and is enumerable: `[[GetOwnProperty]]` and `[[Get]]` in one.
    pub fn own_enumerable_value(&mut self, o: Local<'s>, key: Key<'s>) -> Result<Option<Local<'s>>, Thrown> {
        if matches!(o.obj().class(), Class::Proxy | Class::Namespace) {
            if self.get_own_property(o, key)?.is_none_or(|d| d.enumerable != Some(true)) {
                return Ok(None);
            }
            return self.get(o, key).map(Some);
        }
        match self.vm.own_raw(o.obj(), key.k) {
            Some(own) if own.attrs & ENUMERABLE == 0 => Ok(None),
            Some(own) if own.attrs & ACCESSOR == 0 => Ok(Some(self.root(own.value))),
            Some(_) => self.get(o, key).map(Some),
            None => Ok(None),
        }
    }

    /// SetIntegrityLevel; whether it could be done.
    pub fn set_integrity(&mut self, o: Local<'s>, frozen: bool) -> Result<bool, Thrown> {
        if !self.prevent_extensions(o)? {
            return Ok(false);
        }
        let r = o.obj();
        if r.is(Class::TypedArray) && self.vm.typed_length(r).is_some_and(|n| n > 0) {
            let verb = if frozen { "freeze" } else { "seal" };
            return Err(self.throw_type(&format!("Cannot {verb} array buffer views with elements")));
        }
        if matches!(
            r.class(),
            Class::Proxy | Class::TypedArray | Class::Namespace | Class::Arguments | Class::String
        ) {
            return self.set_integrity_slow(o, frozen);
        }
        if r.has_flag(SPARSE) {
            for e in r.sparse().map.values_mut() {
                e.1 &= if frozen && e.1 & ACCESSOR == 0 { ENUMERABLE } else { !CONFIGURABLE };
            }
            r.sparse().length_readonly |= frozen;
        } else {
            r.set_flag(if frozen { ELEMS_FROZEN } else { ELEMS_SEALED });
        }
        let d = r.shape().own_dict(&mut self.vm.heap);
        r.get().shape = d;
        for (k, slot, attrs) in d.entries() {
            if !is_private(k.0) {
                let gone = CONFIGURABLE | if frozen && attrs & ACCESSOR == 0 { WRITABLE } else { 0 };
                d.dict_set_attrs(slot, attrs & !gone);
            }
        }
        if r.has_flag(IS_PROTO) {
            self.vm.layout_changed();
        }
        Ok(true)
    }

    fn set_integrity_slow(&mut self, o: Local<'s>, frozen: bool) -> Result<bool, Thrown> {
        for k in self.own_keys(o, KeyFilter::All)? {
            let mut d = Desc { configurable: Some(false), ..Desc::default() };
            if frozen {
                match self.get_own_property(o, k)? {
                    None => continue,
                    Some(cur) if !cur.is_accessor() => d.writable = Some(false),
                    Some(_) => {}
                }
            }
            self.define_property_or_throw(o, k, &d)?;
        }
        Ok(true)
    }

    /// TestIntegrityLevel.
    pub fn test_integrity(&mut self, o: Local<'s>, frozen: bool) -> Result<bool, Thrown> {
        if self.is_extensible(o)? {
            return Ok(false);
        }
        for k in self.own_keys(o, KeyFilter::All)? {
            if let Some(d) = self.get_own_property(o, k)?
                && (d.configurable == Some(true) || frozen && d.writable == Some(true))
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Vm {
    /// Changes an array's length; false when an element could not be deleted.
    pub(crate) fn array_resize(&mut self, o: ObjRef, n: u32) -> bool {
        if !o.has_flag(SPARSE) {
            let old = o.elem_len();
            if n <= old && !o.has_flag(ELEMS_SEALED | ELEMS_FROZEN) {
                o.set_elem_len(&mut self.heap, n);
                return true;
            }
            if n > old && u64::from(n) <= u64::from(old) + (1 << 25) {
                o.set_elem_len(&mut self.heap, n);
                return true;
            }
            o.make_sparse(&mut self.heap);
        }
        let s = o.sparse();
        let stop = s.map.range(n..).rev().find(|(_, e)| e.1 & CONFIGURABLE == 0).map(|(&i, _)| i);
        let new = stop.map_or(n, |i| i + 1);
        s.map.split_off(&new);
        s.length = new;
        stop.is_none()
    }
}

fn opt(l: Option<Local<'_>>) -> Value {
    l.map_or(Value::UNDEFINED, |l| l.v)
}

/// IsCompatiblePropertyDescriptor's second half: may `d` be applied over `cur`?
fn compatible(s: &mut Scope<'_>, cur: &Own, d: &Desc<'_>) -> bool {
    if cur.attrs & CONFIGURABLE != 0 {
        return true;
    }
    let enumerable = cur.attrs & ENUMERABLE != 0;
    if d.configurable == Some(true) || d.enumerable.is_some_and(|e| e != enumerable) {
        return false;
    }
    let is_accessor = cur.attrs & ACCESSOR != 0;
    if !d.is_accessor() && !d.is_data() {
        return true;
    }
    if d.is_accessor() != is_accessor {
        return false;
    }
    if is_accessor {
        let (g, st) = accessor(cur.value);
        return d.get.is_none_or(|l| l.v == g) && d.set.is_none_or(|l| l.v == st);
    }
    if cur.attrs & WRITABLE != 0 {
        return true;
    }
    d.writable != Some(true) && d.value.is_none_or(|l| s.vm.same_value(l.v, cur.value))
}

/// The same question for a complete descriptor (proxy invariants).
pub(crate) fn is_compatible<'s>(
    s: &mut Scope<'s>,
    extensible: bool,
    d: &Desc<'s>,
    cur: Option<&Desc<'s>>,
) -> bool {
    let Some(c) = cur else { return extensible };
    let value = if c.is_accessor() { s.vm.alloc_accessor(opt(c.get), opt(c.set)) } else { opt(c.value) };
    let attrs = c.attrs() | if c.is_accessor() { ACCESSOR } else { 0 };
    compatible(s, &Own { value, attrs }, d)
}
