//! Objects made after a model: a host that makes many objects of one kind copies one that a script's constructor has made, and then sets
//! what is different, by slot. That is what the constructor would have made, without running it.

use crate::object::{Class, NOT_EXTENSIBLE, ObjRef, SPARSE};
use crate::scope::{Key, Local, Scope};
use crate::shape::ACCESSOR;

/// Slots left free for the properties that a program adds.
const SPARE: u32 = 4;

impl<'s> Scope<'s> {
    /// A shallow copy of a plain object: its prototype, properties and their values. `None` for what has elements, accessors' state or
    /// anything else beyond ordinary properties, and for objects of very many properties.
    pub fn copy_of_plain(&mut self, model: Local<'_>) -> Option<Local<'s>> {
        let from = ObjRef::from(model.v)?;
        let shape = from.shape();
        if !from.is(Class::Plain)
            || shape.is_dict()
            || from.has_flag(NOT_EXTENSIBLE | SPARSE)
            || from.elem_len() > 0
        {
            return None;
        }
        let count = shape.count();
        let room = u8::try_from(count + SPARE).ok()?;
        let to = ObjRef::plain(&mut self.vm.heap, shape, room);
        for i in 0..count {
            to.set_slot(i, from.slot(i));
        }
        Some(self.root(to.value()))
    }

    /// Whether an object's prototype is `proto`; never of a proxy, which would have to be asked.
    #[inline]
    pub fn has_prototype(&self, o: Local<'_>, proto: Local<'_>) -> bool {
        ObjRef::from(o.v)
            .filter(|o| !o.is(Class::Proxy))
            .and_then(|o| o.proto())
            .is_some_and(|p| p.value() == proto.v)
    }

    /// The slot of an own data property of a plain object.
    pub fn own_slot(&self, o: Local<'_>, key: impl Into<Key<'s>>) -> Option<u32> {
        let o = ObjRef::from(o.v).filter(|o| o.is(Class::Plain))?;
        let (slot, attrs) = o.shape().lookup(key.into().k)?;
        (attrs & ACCESSOR == 0).then_some(slot)
    }

    /// Names and values of an object's own enumerable properties with string keys, in order, where no code needs to run for it.
    pub fn plain_entries(&mut self, o: Local<'_>) -> Option<Vec<(Local<'s>, Local<'s>)>> {
        let list = self.enumerable_data(ObjRef::from(o.v)?, false)?;
        let mut out = Vec::with_capacity(list.len());
        for (k, v) in list {
            let name = self.vm.key_value(k);
            out.push((self.root(name), self.root(v)));
        }
        Some(out)
    }

    /// The value in a slot ([`Scope::own_slot`]) of this object or of one of the same shape. `None` where there is no such slot.
    #[inline]
    pub fn slot(&mut self, o: Local<'_>, slot: u32) -> Option<Local<'s>> {
        let o = ObjRef::from(o.v).filter(|o| slot < o.shape().count())?;
        let v = o.slot(slot);
        Some(self.root(v))
    }

    /// Sets the value of a slot ([`Scope::own_slot`]); false where there is no such slot.
    #[inline]
    pub fn put_slot(&mut self, o: Local<'_>, slot: u32, v: Local<'_>) -> bool {
        match ObjRef::from(o.v).filter(|o| o.is(Class::Plain) && slot < o.shape().count()) {
            Some(o) => {
                o.set_slot(slot, v.v);
                true
            }
            None => false,
        }
    }
}
