//! Arguments objects whose elements are the parameters themselves (sloppy functions with simple parameters).
//!
//! Elements are ordinary dense elements. A mapped object carries the EXOTIC flag; internal value 0 is the environment cell,
//! 1 a list of environment slot numbers by parameter index, undefined where the link was cut. For a linked index the
//! environment holds the value and the stored element is stale.

use crate::object::{EXOTIC, ObjRef};
use crate::property::Desc;
use crate::scope::{Key, Local, Scope};
use crate::value::{PropKey, Value};
use crate::vm::Vm;

/// The list of slots and the slot of a linked parameter.
fn link(o: ObjRef, key: PropKey) -> Option<(Value, usize)> {
    if !o.has_flag(EXOTIC) {
        return None;
    }
    let i = key.as_index()? as usize;
    let list = o.int(1);
    if !list.is_cell() || i >= crate::heap::list_len(list) {
        return None;
    }
    let slot = crate::promise::list_get(list, i);
    slot.is_int().then(|| (o.int(0), slot.as_int() as usize))
}

impl Vm {
    /// The value of an element that is linked to a parameter.
    pub(crate) fn mapped_argument(&self, o: ObjRef, key: PropKey) -> Option<Value> {
        let (env, slot) = link(o, key)?;
        Some(crate::interp::env_get(env, slot))
    }

    /// Cuts an element's link to its parameter. The stored element is the caller's business.
    pub(crate) fn unmap_argument(&mut self, o: ObjRef, key: PropKey) {
        if let (Some(_), Some(i)) = (link(o, key), key.as_index()) {
            crate::promise::list_set(o.int(1), i as usize, Value::UNDEFINED);
        }
    }
}

impl<'s> Scope<'s> {
    /// `[[DefineOwnProperty]]` of arguments objects (10.4.4.2).
    pub(crate) fn arguments_define(&mut self, o: Local<'s>, key: Key<'s>, d: &Desc<'s>) -> bool {
        let r = o.obj();
        let Some((env, slot)) = link(r, key.k) else { return self.ordinary_define(r, key.k, d) };
        let mut new = *d;
        if d.writable == Some(false) && d.value.is_none() {
            new.value = Some(Local::raw(crate::interp::env_get(env, slot)));
        }
        if !self.ordinary_define(r, key.k, &new) {
            return false;
        }
        if d.is_accessor() {
            self.vm.unmap_argument(r, key.k);
            return true;
        }
        if let Some(v) = d.value {
            crate::interp::env_set(env, slot, v.v);
        }
        if d.writable == Some(false) {
            self.vm.unmap_argument(r, key.k);
        }
        true
    }
}
