//! What an object was before it lost its prototype: instruments (`util.inspect`) still name its class, as V8's do.

use crate::object::Class;
use crate::realm::Intrinsic;
use crate::scope::{Local, Scope};

impl<'s> Scope<'s> {
    /// Remembers the class of an object whose prototype is about to go, for as long as the object lives.
    pub(crate) fn remember_class(&mut self, o: Local<'s>) {
        let Some(name) = self.constructor_name(o.obj()).filter(|name| name != "Object") else { return };
        let map = match self.vm.former_classes {
            Some(map) => self.open(map),
            None => {
                let proto = self.intrinsic(Intrinsic::WeakMapPrototype);
                let map = self.new_object_of(Class::WeakMap, proto);
                self.init_weak(map);
                self.vm.former_classes = Some(self.global(map));
                map
            }
        };
        let name = self.str(&name);
        self.weak_set(map, o, name);
    }

    /// The class that an object without a prototype had before.
    pub(crate) fn former_class(&mut self, o: Local<'s>) -> Option<String> {
        let map = self.vm.former_classes?;
        let map = self.open(map);
        let name = self.weak_get(map, o)?;
        Some(self.to_utf8_lossy(name))
    }
}
