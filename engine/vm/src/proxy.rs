//! Proxy objects: every internal method with the invariants of section 10.5, in V8's words.
//!
//! Internal values: 0 the target, 1 the handler (null once revoked), 2 whether it can be called, 3 whether it can construct.
//! Each method first checks the native stack, since chains of proxies recurse through these methods without any script frame.

use crate::atoms::Name;
use crate::property::{Desc, KeyFilter, is_compatible};
use crate::scope::{Completion, Key, Local, Scope, Thrown};
use crate::value::Value;
use rustc_hash::FxHashSet;

/// A live proxy's parts, and the trap asked for if the handler has it.
struct Trap<'s> {
    target: Local<'s>,
    handler: Local<'s>,
    f: Option<Local<'s>>,
}

impl<'s> Scope<'s> {
    /// A RangeError when native recursion has used up the stack.
    pub fn check_native_stack(&mut self) -> Result<(), Thrown> {
        self.vm.enter_native()
    }

    /// Revokes a proxy: every operation on it throws from now on.
    pub fn proxy_revoke(&mut self, p: Local<'s>) {
        p.obj().set_int(0, Value::NULL);
        p.obj().set_int(1, Value::NULL);
    }

    /// Target and handler of a proxy, both null when it was revoked; `None` for other values. For inspectors.
    pub fn proxy_parts(&mut self, p: Local<'_>) -> Option<(Local<'s>, Local<'s>)> {
        if !p.is_class(crate::Class::Proxy) {
            return None;
        }
        Some((self.root(p.obj().int(0)), self.root(p.obj().int(1))))
    }

    fn trap(&mut self, p: Local<'s>, name: Name) -> Result<Trap<'s>, Thrown> {
        self.check_native_stack()?;
        let (target, handler) = (p.obj().int(0), p.obj().int(1));
        if !handler.is_object() {
            let n = self.key_text(name.into());
            return Err(self.throw_type(&format!("Cannot perform '{n}' on a proxy that has been revoked")));
        }
        let (target, handler) = (self.root(target), self.root(handler));
        let f = self.get(handler, name)?;
        if f.is_nullish() {
            return Ok(Trap { target, handler, f: None });
        }
        if !f.is_callable() {
            let (t, n, h) =
                (self.describe_value(f), self.key_text(name.into()), self.describe_value(handler));
            let m = format!("'{t}' returned for property '{n}' of object '{h}' is not a function");
            return Err(self.throw_type(&m));
        }
        Ok(Trap { target, handler, f: Some(f) })
    }

    fn proxy_error(&mut self, trap: &str, text: &str) -> Thrown {
        self.throw_type(&format!("'{trap}' on proxy: {text}"))
    }

    pub(crate) fn proxy_get_prototype_of(&mut self, p: Local<'s>) -> Completion<'s> {
        let t = self.trap(p, self.vm.atoms.get_prototype_of)?;
        let Some(f) = t.f else { return self.get_prototype_of(t.target) };
        let proto = self.call(f, t.handler, &[t.target])?;
        if !proto.is_object() && !proto.is_null() {
            return Err(self.proxy_error("getPrototypeOf", "trap returned neither object nor null"));
        }
        if self.is_extensible(t.target)? {
            return Ok(proto);
        }
        let actual = self.get_prototype_of(t.target)?;
        if actual.is_identical(proto) {
            return Ok(proto);
        }
        let m = "proxy target is non-extensible but the trap did not return its actual prototype";
        Err(self.proxy_error("getPrototypeOf", m))
    }

    pub(crate) fn proxy_set_prototype_of(&mut self, p: Local<'s>, proto: Local<'s>) -> Result<bool, Thrown> {
        let t = self.trap(p, self.vm.atoms.set_prototype_of)?;
        let Some(f) = t.f else { return self.set_prototype_of(t.target, proto) };
        let r = self.call(f, t.handler, &[t.target, proto])?;
        if !self.to_boolean(r) {
            return Ok(false);
        }
        if self.is_extensible(t.target)? {
            return Ok(true);
        }
        let actual = self.get_prototype_of(t.target)?;
        if actual.is_identical(proto) {
            return Ok(true);
        }
        let m = "trap returned truish for setting a new prototype on the non-extensible proxy target";
        Err(self.proxy_error("setPrototypeOf", m))
    }

    pub(crate) fn proxy_is_extensible(&mut self, p: Local<'s>) -> Result<bool, Thrown> {
        let t = self.trap(p, self.vm.atoms.is_extensible)?;
        let Some(f) = t.f else { return self.is_extensible(t.target) };
        let r = self.call(f, t.handler, &[t.target])?;
        let said = self.to_boolean(r);
        let is = self.is_extensible(t.target)?;
        if said == is {
            return Ok(is);
        }
        let m = format!("trap result does not reflect extensibility of proxy target (which is '{is}')");
        Err(self.proxy_error("isExtensible", &m))
    }

    pub(crate) fn proxy_prevent_extensions(&mut self, p: Local<'s>) -> Result<bool, Thrown> {
        let t = self.trap(p, self.vm.atoms.prevent_extensions)?;
        let Some(f) = t.f else { return self.prevent_extensions(t.target) };
        let r = self.call(f, t.handler, &[t.target])?;
        if !self.to_boolean(r) {
            return Ok(false);
        }
        if self.is_extensible(t.target)? {
            return Err(self.proxy_error(
                "preventExtensions",
                "trap returned truish but the proxy target is extensible",
            ));
        }
        Ok(true)
    }

    pub(crate) fn proxy_get_own_property(
        &mut self,
        p: Local<'s>,
        key: Key<'s>,
    ) -> Result<Option<Desc<'s>>, Thrown> {
        const TRAP: &str = "getOwnPropertyDescriptor";
        let t = self.trap(p, self.vm.atoms.get_own_property_descriptor)?;
        let Some(f) = t.f else { return self.get_own_property(t.target, key) };
        let k = self.key_to_value(key);
        let r = self.call(f, t.handler, &[t.target, k])?;
        let name = self.key_text(key);
        if !r.is_object() && !r.is_undefined() {
            let m = format!("trap returned neither object nor undefined for property '{name}'");
            return Err(self.proxy_error(TRAP, &m));
        }
        let target = self.get_own_property(t.target, key)?;
        if r.is_undefined() {
            let Some(td) = target else { return Ok(None) };
            let why = if td.configurable == Some(false) {
                "is non-configurable in the proxy target"
            } else if !self.is_extensible(t.target)? {
                "exists in the non-extensible proxy target"
            } else {
                return Ok(None);
            };
            return Err(
                self.proxy_error(TRAP, &format!("trap returned undefined for property '{name}' which {why}"))
            );
        }
        let extensible = self.is_extensible(t.target)?;
        let mut d = self.to_property_descriptor(r)?;
        self.complete(&mut d);
        if !is_compatible(self, extensible, &d, target.as_ref()) {
            let m = format!(
                "trap returned descriptor for property '{name}' that is incompatible with the existing property in the proxy target"
            );
            return Err(self.proxy_error(TRAP, &m));
        }
        if d.configurable == Some(false) {
            let why = match target {
                None => "reported non-configurability for property",
                Some(td) if td.configurable == Some(true) => "reported non-configurability for property",
                Some(td) if d.writable == Some(false) && td.writable == Some(true) => {
                    "reported non-configurable and writable for property"
                }
                Some(_) => return Ok(Some(d)),
            };
            let what = if why.contains("writable") {
                "which is non-configurable, non-writable in the proxy target"
            } else {
                "which is either non-existent or configurable in the proxy target"
            };
            return Err(self.proxy_error(TRAP, &format!("trap {why} '{name}' {what}")));
        }
        Ok(Some(d))
    }

    /// CompletePropertyDescriptor.
    fn complete(&mut self, d: &mut Desc<'s>) {
        let u = self.undefined();
        if d.is_accessor() {
            d.get.get_or_insert(u);
            d.set.get_or_insert(u);
        } else {
            d.value.get_or_insert(u);
            d.writable.get_or_insert(false);
        }
        d.enumerable.get_or_insert(false);
        d.configurable.get_or_insert(false);
    }

    pub(crate) fn proxy_define_own_property(
        &mut self,
        p: Local<'s>,
        key: Key<'s>,
        d: &Desc<'s>,
    ) -> Result<bool, Thrown> {
        const TRAP: &str = "defineProperty";
        let t = self.trap(p, self.vm.atoms.define_property)?;
        let Some(f) = t.f else { return self.define_own_property(t.target, key, d) };
        let (k, o) = (self.key_to_value(key), self.from_property_descriptor(d));
        let r = self.call(f, t.handler, &[t.target, k, o])?;
        if !self.to_boolean(r) {
            return Ok(false);
        }
        let target = self.get_own_property(t.target, key)?;
        let extensible = self.is_extensible(t.target)?;
        let fixing = d.configurable == Some(false);
        let name = self.key_text(key);
        let text = match target {
            None if !extensible => format!(
                "trap returned truish for adding property '{name}'  to the non-extensible proxy target"
            ),
            None if fixing => format!(
                "trap returned truish for defining non-configurable property '{name}' which is either non-existent or configurable in the proxy target"
            ),
            None => return Ok(true),
            Some(td) if !is_compatible(self, extensible, d, Some(&td)) => format!(
                "trap returned truish for adding property '{name}'  that is incompatible with the existing property in the proxy target"
            ),
            Some(td) if fixing && td.configurable == Some(true) => format!(
                "trap returned truish for defining non-configurable property '{name}' which is either non-existent or configurable in the proxy target"
            ),
            Some(td)
                if !td.is_accessor()
                    && td.configurable == Some(false)
                    && td.writable == Some(true)
                    && d.writable == Some(false) =>
            {
                format!(
                    "trap returned truish for defining non-configurable property '{name}' which cannot be non-writable, unless there exists a corresponding non-configurable, non-writable own property of the target object."
                )
            }
            Some(_) => return Ok(true),
        };
        Err(self.proxy_error(TRAP, &text))
    }

    pub(crate) fn proxy_has(&mut self, p: Local<'s>, key: Key<'s>) -> Result<bool, Thrown> {
        let t = self.trap(p, self.vm.atoms.has)?;
        let Some(f) = t.f else { return self.has_property(t.target, key) };
        let k = self.key_to_value(key);
        let r = self.call(f, t.handler, &[t.target, k])?;
        if self.to_boolean(r) {
            return Ok(true);
        }
        let Some(td) = self.get_own_property(t.target, key)? else { return Ok(false) };
        let why = if td.configurable == Some(false) {
            "which exists in the proxy target as non-configurable"
        } else if !self.is_extensible(t.target)? {
            "but the proxy target is not extensible"
        } else {
            return Ok(false);
        };
        let name = self.key_text(key);
        Err(self.proxy_error("has", &format!("trap returned falsish for property '{name}' {why}")))
    }

    pub(crate) fn proxy_get(&mut self, p: Local<'s>, key: Key<'s>, receiver: Local<'s>) -> Completion<'s> {
        let t = self.trap(p, self.vm.atoms.get)?;
        let Some(f) = t.f else { return self.get_from(t.target, key, receiver) };
        let k = self.key_to_value(key);
        let v = self.call(f, t.handler, &[t.target, k, receiver])?;
        let Some(td) = self.get_own_property(t.target, key)? else { return Ok(v) };
        if td.configurable != Some(false) {
            return Ok(v);
        }
        if let (Some(actual), Some(false)) = (td.value, td.writable)
            && !self.same_value(actual, v)
        {
            let (name, a, b) = (self.key_text(key), self.describe_value(actual), self.describe_value(v));
            let m = format!(
                "property '{name}' is a read-only and non-configurable data property on the proxy target but the proxy did not return its actual value (expected '{a}' but got '{b}')"
            );
            return Err(self.proxy_error("get", &m));
        }
        if td.is_accessor() && td.get.is_none_or(Local::is_undefined) && !v.is_undefined() {
            let (name, b) = (self.key_text(key), self.describe_value(v));
            let m = format!(
                "property '{name}' is a non-configurable accessor property on the proxy target and does not have a getter function, but the trap did not return 'undefined' (got '{b}')"
            );
            return Err(self.proxy_error("get", &m));
        }
        Ok(v)
    }

    pub(crate) fn proxy_set(
        &mut self,
        p: Local<'s>,
        key: Key<'s>,
        v: Local<'s>,
        receiver: Local<'s>,
    ) -> Result<bool, Thrown> {
        let t = self.trap(p, self.vm.atoms.set)?;
        let Some(f) = t.f else { return self.set_from(t.target, key, v, receiver) };
        let k = self.key_to_value(key);
        let r = self.call(f, t.handler, &[t.target, k, v, receiver])?;
        if !self.to_boolean(r) {
            return Ok(false);
        }
        let Some(td) = self.get_own_property(t.target, key)? else { return Ok(true) };
        if td.configurable != Some(false) {
            return Ok(true);
        }
        let what = match (td.value, td.writable) {
            (Some(actual), Some(false)) if !self.same_value(actual, v) => {
                "data property with a different value"
            }
            _ if td.is_accessor() && td.set.is_none_or(Local::is_undefined) => {
                "accessor property without a setter"
            }
            _ => return Ok(true),
        };
        let name = self.key_text(key);
        let m = format!(
            "trap returned truish for property '{name}' which exists in the proxy target as a non-configurable and non-writable {what}"
        );
        Err(self.proxy_error("set", &m))
    }

    pub(crate) fn proxy_delete(&mut self, p: Local<'s>, key: Key<'s>) -> Result<bool, Thrown> {
        let t = self.trap(p, self.vm.atoms.delete_property)?;
        let Some(f) = t.f else { return self.delete(t.target, key) };
        let k = self.key_to_value(key);
        let r = self.call(f, t.handler, &[t.target, k])?;
        if !self.to_boolean(r) {
            return Ok(false);
        }
        let Some(td) = self.get_own_property(t.target, key)? else { return Ok(true) };
        let why = if td.configurable == Some(false) {
            "which is non-configurable in the proxy target"
        } else if !self.is_extensible(t.target)? {
            "but the proxy target is non-extensible"
        } else {
            return Ok(true);
        };
        let name = self.key_text(key);
        Err(self.proxy_error("deleteProperty", &format!("trap returned truish for property '{name}' {why}")))
    }

    pub(crate) fn proxy_own_keys(&mut self, p: Local<'s>) -> Result<Vec<Key<'s>>, Thrown> {
        let t = self.trap(p, self.vm.atoms.own_keys)?;
        let Some(f) = t.f else { return self.own_keys(t.target, KeyFilter::All) };
        let list = self.call(f, t.handler, &[t.target])?;
        let mut keys = Vec::new();
        let mut seen = FxHashSet::default();
        let mut twice = false;
        for v in self.list_from_array_like(list)? {
            if !v.is_string() && !v.is_symbol() {
                let d = self.describe_value(v);
                return Err(self.throw_type(&format!("{d} is not a valid property name")));
            }
            let k = self.to_key(v)?;
            twice |= !seen.insert(k.k.0.bits());
            keys.push(k);
        }
        if twice {
            return Err(self.proxy_error("ownKeys", "trap returned duplicate entries"));
        }
        let extensible = self.is_extensible(t.target)?;
        let mut missing_allowed = Vec::new();
        for k in self.own_keys(t.target, KeyFilter::All)? {
            let fixed = self.get_own_property(t.target, k)?.is_some_and(|d| d.configurable == Some(false));
            if fixed {
                self.take_key(&mut seen, k)?;
            } else {
                missing_allowed.push(k);
            }
        }
        if extensible {
            return Ok(keys);
        }
        for k in missing_allowed {
            self.take_key(&mut seen, k)?;
        }
        if !seen.is_empty() {
            let m = "trap returned extra keys but proxy target is non-extensible";
            return Err(self.proxy_error("ownKeys", m));
        }
        Ok(keys)
    }

    /// A key that the `ownKeys` trap must have reported.
    fn take_key(&mut self, seen: &mut FxHashSet<u64>, k: Key<'s>) -> Result<(), Thrown> {
        if seen.remove(&k.k.0.bits()) {
            return Ok(());
        }
        let name = self.key_text(k);
        Err(self.proxy_error("ownKeys", &format!("trap result did not include '{name}'")))
    }

    /// `[[Call]]` of a proxy whose target can be called.
    pub(crate) fn proxy_call(&mut self, p: Local<'s>, this: Local<'s>, args: &[Local<'s>]) -> Completion<'s> {
        let t = self.trap(p, self.vm.atoms.apply)?;
        let Some(f) = t.f else { return self.call(t.target, this, args) };
        let list = self.new_array(args);
        self.call(f, t.handler, &[t.target, this, list])
    }

    /// `[[Construct]]` of a proxy whose target is a constructor.
    pub(crate) fn proxy_construct(
        &mut self,
        p: Local<'s>,
        args: &[Local<'s>],
        new_target: Local<'s>,
    ) -> Completion<'s> {
        let t = self.trap(p, self.vm.atoms.construct)?;
        let Some(f) = t.f else { return self.construct(t.target, args, new_target) };
        let list = self.new_array(args);
        let r = self.call(f, t.handler, &[t.target, list, new_target])?;
        if r.is_object() {
            return Ok(r);
        }
        let d = self.describe_value(r);
        Err(self.proxy_error("construct", &format!("trap returned non-object ('{d}')")))
    }

    // ---- descriptors as objects ----

    /// ToPropertyDescriptor.
    pub fn to_property_descriptor(&mut self, o: Local<'s>) -> Result<Desc<'s>, Thrown> {
        if !o.is_object() {
            let t = self.describe_value(o);
            return Err(self.throw_type(&format!("Property description must be an object: {t}")));
        }
        let a = self.atoms();
        let names = [a.enumerable, a.configurable, a.value, a.writable, a.get, a.set];
        let mut fields = [None; 6];
        for (field, name) in fields.iter_mut().zip(names) {
            if self.has_property(o, name)? {
                *field = Some(self.get(o, name)?);
            }
        }
        let [enumerable, configurable, value, writable, get, set] = fields;
        for (f, what) in [(get, "Getter"), (set, "Setter")] {
            if let Some(f) = f.filter(|f| !f.is_callable() && !f.is_undefined()) {
                let t = self.describe_value(f);
                return Err(self.throw_type(&format!("{what} must be a function: {t}")));
            }
        }
        if (get.is_some() || set.is_some()) && (value.is_some() || writable.is_some()) {
            let t = self.describe_value(o);
            return Err(self.throw_type(&format!(
                "Invalid property descriptor. Cannot both specify accessors and a value or writable attribute, {t}"
            )));
        }
        let flag = |f: Option<Local<'s>>| f.map(|v| self.to_boolean(v));
        Ok(Desc {
            value,
            get,
            set,
            writable: flag(writable),
            enumerable: flag(enumerable),
            configurable: flag(configurable),
        })
    }

    /// FromPropertyDescriptor: an object with the fields that are present.
    pub fn from_property_descriptor(&mut self, d: &Desc<'s>) -> Local<'s> {
        let o = self.new_object();
        let flag = |b: Option<bool>| b.map(|b| Local::raw(Value::bool(b)));
        let a = self.atoms();
        let fields = [
            (a.value, d.value),
            (a.writable, flag(d.writable)),
            (a.get, d.get),
            (a.set, d.set),
            (a.enumerable, flag(d.enumerable)),
            (a.configurable, flag(d.configurable)),
        ];
        for (name, v) in fields {
            if let Some(v) = v {
                self.define_with(o, name, v, crate::shape::ALL);
            }
        }
        o
    }
}
