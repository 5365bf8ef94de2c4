//! Operations on objects (7.3) and the making of values: what builtins are written with.

use crate::interp::Got;
use crate::object::{Class, HostData, Loc, ObjRef};
use crate::property::Desc;
use crate::realm::Intrinsic;
use crate::scope::{Args, Completion, Key, Local, NativeFn, Scope, Thrown};
use crate::shape::{ACCESSOR, ALL, WRITABLE};
use crate::string::Chars;
use crate::value::Value;
use crate::vm::{Vm, accessor, bigint, is_callable};
use num_bigint::BigInt;

/// Which type ToPrimitive should prefer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hint {
    /// No preference.
    Default,
    /// A number.
    Number,
    /// A string.
    String,
}

/// The specification's name for [`Hint`].
pub type PreferredType = Hint;

impl<'s> Scope<'s> {
    // ---- making values ----

    /// undefined
    #[inline]
    pub fn undefined(&self) -> Local<'s> {
        Local::raw(Value::UNDEFINED)
    }

    /// null
    pub fn null(&self) -> Local<'s> {
        Local::raw(Value::NULL)
    }

    /// A boolean.
    #[inline]
    pub fn bool(&self, b: bool) -> Local<'s> {
        Local::raw(Value::bool(b))
    }

    /// A number; integral ones are stored as integers.
    #[inline]
    pub fn num(&self, n: f64) -> Local<'s> {
        Local::raw(Value::number(n))
    }

    /// An integer.
    #[inline]
    pub fn int(&self, n: i32) -> Local<'s> {
        Local::raw(Value::int(n))
    }

    /// A string from UTF-8.
    pub fn str(&mut self, s: &str) -> Local<'s> {
        let v = self.vm.str(s);
        self.root(v)
    }

    /// A string from code units.
    pub fn str_units(&mut self, u: &[u16]) -> Local<'s> {
        let v = self.vm.str_units(u);
        self.root(v)
    }

    /// A string from Latin-1 bytes.
    pub fn str_latin1(&mut self, b: &[u8]) -> Local<'s> {
        let v = self.vm.str_latin1(b);
        self.root(v)
    }

    /// A string from characters of another.
    pub fn str_chars(&mut self, c: Chars<'_>) -> Local<'s> {
        match c {
            Chars::Latin1(b) => self.str_latin1(b),
            Chars::Utf16(u) => self.str_units(u),
        }
    }

    /// A BigInt.
    pub fn bigint(&mut self, n: BigInt) -> Local<'s> {
        let v = self.vm.alloc_bigint(n);
        self.root(v)
    }

    /// The number of a BigInt value.
    pub fn as_bigint(&self, v: Local<'s>) -> Option<BigInt> {
        v.is_bigint().then(|| bigint(v.v).clone())
    }

    /// A fresh symbol; the description is a string or undefined.
    pub fn symbol(&mut self, description: Local<'s>) -> Local<'s> {
        let v = crate::vm::alloc_symbol(&mut self.vm.heap, description.v, 0);
        self.root(v)
    }

    /// `Symbol.for(key)`.
    pub fn symbol_for(&mut self, key: Local<'s>) -> Local<'s> {
        let k = Value::string(self.vm.interner.intern(&mut self.vm.heap, key.v.ptr()));
        if let Some(&v) = self.vm.symbol_registry.get(&k.bits()) {
            return self.root(v);
        }
        let v = crate::vm::alloc_symbol(&mut self.vm.heap, k, crate::vm::REGISTERED);
        self.vm.symbol_registry.insert(k.bits(), v);
        self.root(v)
    }

    /// `Symbol.keyFor(symbol)`: the key, or undefined.
    pub fn symbol_key_for(&mut self, sym: Local<'s>) -> Local<'s> {
        if crate::vm::symbol_flags(sym.v) & crate::vm::REGISTERED != 0 {
            self.symbol_description(sym)
        } else {
            self.undefined()
        }
    }

    /// A symbol's description: a string or undefined.
    pub fn symbol_description(&mut self, sym: Local<'s>) -> Local<'s> {
        let d = crate::vm::symbol_description(sym.v);
        self.root(d)
    }

    /// `Symbol(description)`.
    pub fn symbol_text(&mut self, sym: Local<'_>) -> String {
        let d = crate::vm::symbol_description(sym.v);
        let t = if d.is_undefined() { String::new() } else { self.vm.chars_of(d).to_utf8() };
        if crate::vm::is_private(sym.v) { t } else { format!("Symbol({t})") }
    }

    /// `{}`
    pub fn new_object(&mut self) -> Local<'s> {
        let o = self.vm.alloc_plain();
        self.root(o.value())
    }

    /// A plain object with this prototype (an object or null).
    pub fn new_object_with_proto(&mut self, proto: Local<'s>) -> Local<'s> {
        self.new_object_of(Class::Plain, proto)
    }

    /// An object of a class with this prototype (an object or null). Exotic classes need their internal values set up.
    pub fn new_object_of(&mut self, class: Class, proto: Local<'s>) -> Local<'s> {
        let o = self.vm.alloc_object(class, ObjRef::from(proto.v));
        self.root(o.value())
    }

    /// OrdinaryCreateFromConstructor: the prototype comes from `new_target`, or is the intrinsic.
    pub fn create_from_constructor(
        &mut self,
        new_target: Local<'s>,
        class: Class,
        default: Intrinsic,
    ) -> Completion<'s> {
        let proto = self.prototype_from_constructor(new_target, default)?;
        Ok(self.new_object_of(class, proto))
    }

    /// GetPrototypeFromConstructor.
    pub fn prototype_from_constructor(
        &mut self,
        new_target: Local<'s>,
        default: Intrinsic,
    ) -> Completion<'s> {
        if new_target.is_object() {
            let p = self.get(new_target, self.vm.atoms.prototype)?;
            if p.is_object() {
                return Ok(p);
            }
        }
        self.intrinsic_for(new_target, default)
    }

    /// An array of these values.
    pub fn new_array(&mut self, items: &[Local<'s>]) -> Local<'s> {
        let a = self.vm.alloc_array(items.len() as u32);
        for l in items {
            a.push_elem(&mut self.vm.heap, l.v);
        }
        self.root(a.value())
    }

    /// Appends to an array made by the caller (dense, extensible, its length writable).
    pub fn array_push(&mut self, a: Local<'s>, v: Local<'_>) {
        debug_assert!(a.is_class(Class::Array));
        a.obj().push_elem(&mut self.vm.heap, v.v);
    }

    /// The elements of an array without holes and without accessors that inherits nothing odd, if it is one: a copy.
    pub fn dense_elements(&mut self, a: Local<'s>) -> Option<Vec<Local<'s>>> {
        if !a.is_class(Class::Array) || a.obj().has_flag(crate::object::SPARSE) {
            return None;
        }
        let o = a.obj();
        if o.elems().iter().any(|v| v.is_hole()) {
            return None;
        }
        Some(o.elems().iter().map(|&v| self.root(v)).collect())
    }

    /// `{ value, done }`.
    pub fn iter_result(&mut self, value: Local<'s>, done: bool) -> Local<'s> {
        let v = self.vm.iter_result(value.v, done);
        self.root(v)
    }

    /// A native function that is no constructor.
    pub fn function(&mut self, name: impl Into<Key<'s>>, length: u32, f: NativeFn) -> Local<'s> {
        let o = self.vm.alloc_native(self.vm.realm.function_shape, f, name.into().k, length, false);
        self.root(o.value())
    }

    /// A native function with a value that [`Args::data`] gives back.
    pub fn function_with_data(
        &mut self,
        name: impl Into<Key<'s>>,
        length: u32,
        f: NativeFn,
        data: Local<'_>,
    ) -> Local<'s> {
        let l = self.function(name, length, f);
        l.obj().set_int(3, data.v);
        l
    }

    /// A native constructor with `prototype` linked both ways (prototype may be undefined: none is set).
    pub fn constructor(&mut self, name: &str, length: u32, f: NativeFn, prototype: Local<'s>) -> Local<'s> {
        let key = self.key(name);
        let o = self.vm.alloc_native(self.vm.realm.function_shape, f, key.k, length, true);
        let l = self.root(o.value());
        if prototype.is_object() {
            self.define_with(l, self.vm.atoms.prototype, prototype, 0);
            self.define_hidden(prototype, self.vm.atoms.constructor, l);
        }
        l
    }

    /// Defines a method: `o[name] = function` hidden, and returns it.
    pub fn method(&mut self, o: Local<'s>, name: &str, length: u32, f: NativeFn) -> Local<'s> {
        let key = self.key(name);
        let l = self.function(key, length, f);
        // Whose method it is, for stack traces.
        l.obj().set_int(3, o.v);
        self.define_hidden(o, key, l);
        l
    }

    /// Defines a getter named `get name`.
    pub fn getter(&mut self, o: Local<'s>, name: impl Into<Key<'s>>, f: NativeFn) {
        let key: Key<'s> = name.into();
        let text = if key.is_symbol() {
            let d = self.vm.symbol_function_name(key.k.0, "get ");
            self.root(d)
        } else {
            let t = format!("get {}", self.key_text(key));
            self.str(&t)
        };
        let fkey = self.vm.string_key(text.v);
        let g = self.function(Key::raw(fkey), 0, f);
        let u = self.undefined();
        self.define_accessor(o, key, g, u, crate::shape::CONFIGURABLE);
    }

    /// An intrinsic object.
    pub fn intrinsic(&mut self, i: Intrinsic) -> Local<'s> {
        Local::raw(self.vm.realm.get(i))
    }

    /// Sets up an intrinsic object.
    pub fn set_intrinsic(&mut self, i: Intrinsic, v: Local<'s>) {
        self.vm.realm.intrinsics[i as usize] = v.v;
    }

    /// The global object.
    pub fn global_object(&self) -> Local<'s> {
        Local::raw(self.vm.realm.global)
    }

    /// The common names and well-known symbols.
    pub fn atoms(&self) -> &crate::Atoms {
        &self.vm.atoms
    }

    // ---- reading values ----

    /// The characters of a string value (made flat). Borrowed from the scope: gone before anything can run.
    pub fn chars(&mut self, s: Local<'s>) -> Chars<'_> {
        debug_assert!(s.is_string());
        self.vm.chars_of(s.v)
    }

    /// Length of a string value in code units.
    pub fn str_len(&self, s: Local<'s>) -> usize {
        Vm::string_len(s.v)
    }

    /// A string value as UTF-8, lone surrogates replaced.
    pub fn to_utf8_lossy(&mut self, s: Local<'_>) -> String {
        self.vm.chars_of(s.v).to_utf8()
    }

    /// ToString and UTF-8 in one.
    pub fn to_text(&mut self, v: Local<'s>) -> Result<String, Thrown> {
        let s = self.to_string(v)?;
        Ok(self.to_utf8_lossy(s))
    }

    /// A part of a string value.
    pub fn substring(&mut self, s: Local<'s>, from: usize, to: usize) -> Local<'s> {
        let p = s.v.ptr();
        crate::string::flatten(&mut self.vm.heap, p);
        if to - from == 1 {
            let u = self.vm.chars_of(s.v).at(from);
            return self.str_units(&[u]);
        }
        if from == to {
            return Local::raw(self.vm.atoms.empty.0.0);
        }
        let v = Value::string(crate::string::substring(&mut self.vm.heap, p, from, to));
        self.root(v)
    }

    /// Two strings joined; a RangeError when too long.
    pub fn concat(&mut self, a: Local<'s>, b: Local<'s>) -> Completion<'s> {
        if Vm::string_len(a.v) + Vm::string_len(b.v) > crate::string::MAX_LENGTH {
            return Err(self.throw_range("Invalid string length"));
        }
        let v = Value::string(crate::string::concat(&mut self.vm.heap, a.v.ptr(), b.v.ptr()));
        Ok(self.root(v))
    }

    /// Internal value `i` (0–3) of an object whose class has them (not Plain, not Array).
    pub fn internal(&mut self, o: Local<'s>, i: usize) -> Local<'s> {
        assert!(i < o.obj().int_count(), "no such internal value");
        let v = o.obj().int(i);
        if i == 3 && o.obj().has_flag(crate::object::HAS_HOST) || o.obj().is(Class::Native) && i == 0 {
            return self.undefined();
        }
        self.root(v)
    }

    /// Sets internal value `i` (0–3; 3 not where there is host data).
    pub fn set_internal(&mut self, o: Local<'s>, i: usize, v: Local<'_>) {
        let protected = i == 3 && o.obj().has_flag(crate::object::HAS_HOST)
            || matches!(
                o.obj().class(),
                Class::Function | Class::Native | Class::Generator | Class::AsyncGenerator
            );
        assert!(i < o.obj().int_count() && !protected, "no such internal value");
        o.obj().set_int(i, v.v);
    }

    /// Gives an object (of a class with internal values) its host data.
    pub fn set_host_data(&mut self, o: Local<'s>, data: Box<dyn HostData>) {
        assert!(
            o.obj().int_count() > 3 && !o.obj().has_flag(crate::object::HAS_HOST),
            "host data is set once, where there is room for it"
        );
        o.obj().set_host(&mut self.vm.heap, data);
    }

    /// An object's host data, if it has some of this type. Borrowed from the scope.
    pub fn host_data<T: HostData>(&self, o: Local<'_>) -> Option<&T> {
        let r = ObjRef::from(o.v)?;
        if !r.class().has_ints() {
            return None;
        }
        let p: *const T = r.host_of::<T>()?;
        crate::object::borrow(p)
    }

    /// As `host_data`, writable.
    pub fn host_data_mut<T: HostData>(&mut self, o: Local<'_>) -> Option<&mut T> {
        let r = ObjRef::from(o.v)?;
        if !r.class().has_ints() {
            return None;
        }
        crate::object::launder(r.host_of::<T>()?)
    }

    /// Tells the collector that host data now owns `delta` more bytes than it reported when it was set or last adjusted.
    pub fn adjust_external(&mut self, delta: isize) {
        self.vm.heap.external(delta);
    }

    // ---- get and set ----

    /// `o[key]` for an object.
    #[inline]
    pub fn get(&mut self, o: Local<'s>, key: impl Into<Key<'s>>) -> Completion<'s> {
        self.get_from(o, key.into(), o)
    }

    /// `v[key]` for any value but null and undefined (which throw).
    #[inline]
    pub fn get_v(&mut self, v: Local<'s>, key: impl Into<Key<'s>>) -> Completion<'s> {
        let key = key.into();
        if v.is_object() {
            return self.get_from(v, key, v);
        }
        match self.primitive_holder(v, key) {
            Ok(Holder::Value(r)) => Ok(self.root(r)),
            Ok(Holder::Proto(p)) => {
                let p = Local::raw(p.value());
                self.get_from(p, key, v)
            }
            Err(t) => Err(t),
        }
    }

    /// Where a property of a primitive is looked up; own properties of strings come back at once.
    pub(crate) fn primitive_holder(&mut self, v: Local<'s>, key: Key<'s>) -> Result<Holder, Thrown> {
        use Intrinsic as I;
        let x = v.v;
        let proto = if x.is_string() {
            if let Some(i) = key.k.as_index() {
                if (i as usize) < Vm::string_len(x) {
                    let u = self.vm.chars_of(x).at(i as usize);
                    return Ok(Holder::Value(self.vm.str_units(&[u])));
                }
            } else if key.k == self.vm.atoms.length.0 {
                return Ok(Holder::Value(Value::int(Vm::string_len(x) as i32)));
            }
            I::StringPrototype
        } else if x.is_number() {
            I::NumberPrototype
        } else if x.is_bool() {
            I::BooleanPrototype
        } else if x.is_symbol() {
            I::SymbolPrototype
        } else if x.is_bigint() {
            I::BigIntPrototype
        } else {
            let what = if x.is_null() { "null" } else { "undefined" };
            let name = self.key_text(key);
            return Err(self.throw_type(&format!("Cannot read properties of {what} (reading '{name}')")));
        };
        Ok(Holder::Proto(self.vm.realm.proto(proto)))
    }

    /// `[[Get]]` with a receiver.
    pub fn get_from(&mut self, o: Local<'s>, key: Key<'s>, receiver: Local<'s>) -> Completion<'s> {
        match self.vm.quick_get(o.obj(), key.k) {
            Some(Got::Value(v)) => Ok(self.root(v)),
            Some(Got::Getter(g)) if g.is_undefined() => Ok(self.undefined()),
            Some(Got::Getter(g)) => {
                let g = self.root(g);
                self.call(g, receiver, &[])
            }
            None => self.get_slow(o, key, receiver),
        }
    }

    #[inline(never)]
    fn get_slow(&mut self, o: Local<'s>, key: Key<'s>, receiver: Local<'s>) -> Completion<'s> {
        let mut r = o.obj();
        loop {
            if r.is(Class::Proxy) {
                let p = self.root(r.value());
                return self.proxy_get(p, key, receiver);
            }
            if r.is(Class::Namespace) && !key.is_symbol() {
                let l = self.root(r.value());
                self.namespace_check(l, key)?;
            }
            if r.is(Class::Error) && r.has_flag(crate::object::LAZY) && key.k == self.vm.atoms.stack.0 {
                let l = self.root(r.value());
                self.realize_stack(l)?;
            }
            if let Some(own) = self.vm.own_raw(r, key.k) {
                if own.attrs & ACCESSOR == 0 {
                    return Ok(self.root(own.value));
                }
                let (g, _) = accessor(own.value);
                if g.is_undefined() {
                    return Ok(self.undefined());
                }
                let g = self.root(g);
                return self.call(g, receiver, &[]);
            }
            if r.is(Class::TypedArray)
                && (key.k.as_index().is_some() || key.k.is_string() && self.vm.is_canonical_numeric(key.k))
            {
                return Ok(self.undefined());
            }
            match r.proto() {
                Some(p) => r = p,
                None => return Ok(self.undefined()),
            }
        }
    }

    /// GetMethod: `None` when undefined or null.
    pub fn get_method(&mut self, v: Local<'s>, key: impl Into<Key<'s>>) -> Result<Option<Local<'s>>, Thrown> {
        let key = key.into();
        let f = self.get_v(v, key)?;
        if f.is_nullish() {
            return Ok(None);
        }
        if !f.is_callable() {
            let t = self.describe_without_source(f);
            return Err(self.throw_type(&format!("{t} is not a function")));
        }
        Ok(Some(f))
    }

    /// `o[key] = v` for an object; failure throws a TypeError (as strict code does).
    pub fn set(&mut self, o: Local<'s>, key: impl Into<Key<'s>>, v: Local<'s>) -> Result<(), Thrown> {
        let key = key.into();
        // Mostly it is a property that the object has.
        let r = o.obj();
        if Vm::is_ordinary(r)
            && let Some((slot, attrs)) = self.vm.lookups.find(r.shape(), key.k)
            && attrs & (ACCESSOR | WRITABLE) == WRITABLE
        {
            r.set_slot(slot, v.v);
            return Ok(());
        }
        if self.set_from(o, key, v, o)? {
            return Ok(());
        }
        Err(self.throw_set_failed(o, key))
    }

    /// `[[Set]]` with a receiver: whether it was done.
    pub fn set_from(
        &mut self,
        o: Local<'s>,
        key: Key<'s>,
        v: Local<'s>,
        receiver: Local<'s>,
    ) -> Result<bool, Thrown> {
        let mut r = o.obj();
        loop {
            if r.is(Class::Proxy) {
                let p = self.root(r.value());
                return self.proxy_set(p, key, v, receiver);
            }
            if r.is(Class::TypedArray)
                && let Some(done) = self.typed_set_property(r, key, v, receiver)?
            {
                return Ok(done);
            }
            if r.is(Class::Namespace) {
                return Ok(false);
            }
            // The fast way out: a writable own data property of the receiver itself.
            if r.value() == receiver.v && Vm::is_ordinary(r) {
                if key.k.as_index().is_none() {
                    if let Some((slot, attrs)) = self.vm.lookups.find(r.shape(), key.k)
                        && attrs & (ACCESSOR | WRITABLE) == WRITABLE
                    {
                        r.set_slot(slot, v.v);
                        return Ok(true);
                    }
                } else if let Some(f) = r.find(key.k)
                    && f.attrs & (ACCESSOR | WRITABLE) == WRITABLE
                {
                    r.store(f.loc, v.v);
                    return Ok(true);
                }
            }
            // Whatever `stack` is set to now is what it stays, also undefined, which stands for "not made yet" before.
            if r.is(Class::Error) && key.k == self.vm.atoms.stack.0 {
                r.clear_flag(crate::object::LAZY);
            }
            if let Some(own) = self.vm.own_raw(r, key.k) {
                if own.attrs & ACCESSOR != 0 {
                    let (_, st) = accessor(own.value);
                    if st.is_undefined() {
                        return Ok(false);
                    }
                    let st = self.root(st);
                    self.call(st, receiver, &[v])?;
                    return Ok(true);
                }
                if own.attrs & WRITABLE == 0 {
                    return Ok(false);
                }
                break;
            }
            match r.proto() {
                Some(p) => r = p,
                None => break,
            }
        }
        self.set_on_receiver(key, v, receiver)
    }

    /// The end of OrdinarySet: create or update the data property on the receiver.
    fn set_on_receiver(&mut self, key: Key<'s>, v: Local<'s>, receiver: Local<'s>) -> Result<bool, Thrown> {
        let Some(r) = ObjRef::from(receiver.v) else { return Ok(false) };
        if matches!(r.class(), Class::Proxy | Class::TypedArray | Class::Namespace) {
            let Some(cur) = self.get_own_property(receiver, key)? else {
                return self.create_data_property(receiver, key, v);
            };
            if cur.is_accessor() || cur.writable == Some(false) {
                return Ok(false);
            }
            return self.define_own_property(receiver, key, &Desc { value: Some(v), ..Desc::default() });
        }
        if let Some(own) = self.vm.own_raw(r, key.k) {
            if own.attrs & ACCESSOR != 0 || own.attrs & WRITABLE == 0 {
                return Ok(false);
            }
            return self.define_own_property(receiver, key, &Desc { value: Some(v), ..Desc::default() });
        }
        if !Vm::extensible_raw(r) {
            return Ok(false);
        }
        if r.is(Class::Array) {
            return self.define_own_property(receiver, key, &Desc::data(v, ALL));
        }
        self.vm.add_property(r, key.k, v.v, ALL);
        Ok(true)
    }

    pub(crate) fn throw_set_failed(&mut self, o: Local<'s>, key: Key<'s>) -> Thrown {
        let name = self.key_text(key);
        let what = self.describe_value(o);
        let r = o.obj();
        let mut p = Some(r);
        while let Some(x) = p {
            if x.is(Class::Proxy) {
                return self
                    .throw_type(&format!("'set' on proxy: trap returned falsish for property '{name}'"));
            }
            match self.vm.own_raw(x, key.k) {
                Some(own) if own.attrs & ACCESSOR != 0 => {
                    return self.throw_type(&format!(
                        "Cannot set property {name} of {what} which has only a getter"
                    ));
                }
                Some(_) => {
                    return self.throw_type(&format!(
                        "Cannot assign to read only property '{name}' of object '{what}'"
                    ));
                }
                None => p = x.proto(),
            }
        }
        if let (true, Some(i)) = (r.is(Class::Array), key.as_index())
            && i >= r.array_length()
            && !r.has_flag(crate::object::NOT_EXTENSIBLE)
        {
            // It would have to grow.
            return self
                .throw_type("Cannot assign to read only property 'length' of object '[object Array]'");
        }
        self.throw_type(&format!("Cannot add property {name}, object is not extensible"))
    }

    // ---- calls ----

    /// Calls a function; anything else throws a TypeError.
    #[inline]
    pub fn call(&mut self, f: Local<'s>, this: Local<'s>, args: &[Local<'s>]) -> Completion<'s> {
        let v = self.vm.call_value(f.v, this.v, args)?;
        Ok(self.root(v))
    }

    /// Calls a function with the elements of an array-like (`Function.prototype.apply`).
    pub fn apply(&mut self, f: Local<'s>, this: Local<'s>, list: Local<'s>) -> Completion<'s> {
        if list.is_class(Class::Array) && !list.obj().has_flag(crate::object::SPARSE) {
            let o = list.obj();
            let elems = o.elems();
            if !elems.iter().any(|v| v.is_hole()) {
                // call_value copies the arguments before it does anything else.
                let v = self.vm.call_value(f.v, this.v, crate::vm::locals(elems))?;
                return Ok(self.root(v));
            }
        }
        let list = self.list_from_array_like(list)?;
        self.call(f, this, &list)
    }

    /// `o[key](...args)`.
    pub fn invoke(&mut self, o: Local<'s>, key: impl Into<Key<'s>>, args: &[Local<'s>]) -> Completion<'s> {
        let key = key.into();
        let f = self.get_v(o, key)?;
        if !f.is_callable() {
            let name = self.key_text(key);
            return Err(self.throw_type(&format!("{name} is not a function")));
        }
        self.call(f, o, args)
    }

    /// `new f(...args)` with new.target `new_target`.
    pub fn construct(&mut self, f: Local<'s>, args: &[Local<'s>], new_target: Local<'s>) -> Completion<'s> {
        let v = self.vm.construct_value(f.v, new_target.v, args)?;
        Ok(self.root(v))
    }

    /// SpeciesConstructor.
    pub fn species_constructor(&mut self, o: Local<'s>, default: Intrinsic) -> Completion<'s> {
        let c = self.get(o, self.vm.atoms.constructor)?;
        if c.is_undefined() {
            return Ok(self.intrinsic(default));
        }
        if !c.is_object() {
            return Err(self.throw_type("The .constructor property is not an object"));
        }
        let sp = self.get(c, self.vm.atoms.sym_species)?;
        if sp.is_nullish() {
            return Ok(self.intrinsic(default));
        }
        if sp.is_constructor() {
            return Ok(sp);
        }
        Err(self.throw_type("object.constructor[Symbol.species] is not a constructor"))
    }

    /// InstanceofOperator.
    pub fn instance_of(&mut self, v: Local<'s>, target: Local<'s>) -> Result<bool, Thrown> {
        if !target.is_object() {
            return Err(self.throw_type("Right-hand side of 'instanceof' is not an object"));
        }
        if let Some(h) = self.get_method(target, self.vm.atoms.sym_has_instance)? {
            let r = self.call(h, target, &[v])?;
            return Ok(self.to_boolean(r));
        }
        if !target.is_callable() {
            return Err(self.throw_type("Right-hand side of 'instanceof' is not callable"));
        }
        self.ordinary_has_instance(target, v)
    }

    /// OrdinaryHasInstance.
    pub fn ordinary_has_instance(&mut self, c: Local<'s>, v: Local<'s>) -> Result<bool, Thrown> {
        if !c.is_callable() {
            return Ok(false);
        }
        if c.obj().is(Class::Bound) {
            let target = self.internal(c, 0);
            return self.instance_of(v, target);
        }
        if !v.is_object() {
            return Ok(false);
        }
        let p = self.get(c, self.vm.atoms.prototype)?;
        if !p.is_object() {
            let t = self.describe_value(p);
            return Err(
                self.throw_type(&format!("Function has non-object prototype '{t}' in instanceof check"))
            );
        }
        let mut o = v;
        loop {
            o = self.get_prototype_of(o)?;
            if o.is_null() {
                return Ok(false);
            }
            if o.v == p.v {
                return Ok(true);
            }
        }
    }

    /// LengthOfArrayLike.
    pub fn length_of(&mut self, o: Local<'s>) -> Result<u64, Thrown> {
        if o.obj().is(Class::Array) {
            return Ok(u64::from(o.obj().array_length()));
        }
        let n = self.get(o, self.vm.atoms.length)?;
        self.to_length(n)
    }

    /// CreateListFromArrayLike for any values.
    pub fn list_from_array_like(&mut self, o: Local<'s>) -> Result<Vec<Local<'s>>, Thrown> {
        if !o.is_object() {
            return Err(self.throw_type("CreateListFromArrayLike called on non-object"));
        }
        if let Some(v) = self.dense_elements(o) {
            return Ok(v);
        }
        let n = self.length_of(o)?;
        if n > 1 << 24 {
            return Err(self.throw_range("Invalid array length"));
        }
        (0..n)
            .map(|i| {
                let k = self.integer_key(i);
                self.get(o, k)
            })
            .collect()
    }

    /// IsArray.
    pub fn is_array(&mut self, v: Local<'s>) -> Result<bool, Thrown> {
        let Some(mut o) = ObjRef::from(v.v) else { return Ok(false) };
        while o.is(Class::Proxy) {
            match ObjRef::from(o.int(0)) {
                Some(t) => o = t,
                None => {
                    return Err(self.throw_type("Cannot perform 'IsArray' on a proxy that has been revoked"));
                }
            }
        }
        Ok(o.is(Class::Array))
    }

    /// Whether array element access on `a` can skip the general protocol: a plain dense array whose prototypes are untouched
    /// by indices.
    pub fn is_simple_array(&mut self, a: Local<'s>) -> bool {
        a.is_class(Class::Array) && !a.obj().has_flag(crate::object::SPARSE) && self.vm.array_proto_is_clean()
    }

    /// Element `i` of a simple array (see `is_simple_array`), `None` for holes and out of range.
    pub fn array_get(&mut self, a: Local<'s>, i: u32) -> Option<Local<'s>> {
        let o = a.obj();
        if o.has_flag(crate::object::SPARSE) || i >= o.elem_len() {
            return None;
        }
        let v = o.elem(i);
        if v.is_hole() { None } else { Some(self.root(v)) }
    }

    /// Length of an array object.
    pub fn array_len(&self, a: Local<'s>) -> u32 {
        debug_assert!(a.is_class(Class::Array));
        a.obj().array_length()
    }

    /// Overwrites existing element `i` of a simple array that is not frozen; false when there is none.
    pub fn array_put(&mut self, a: Local<'s>, i: u32, v: Local<'_>) -> bool {
        let o = a.obj();
        match o.find_elem(i) {
            Some(f) if f.attrs & WRITABLE != 0 && matches!(f.loc, Loc::Elem(_)) => {
                o.store(f.loc, v.v);
                true
            }
            _ => false,
        }
    }

    /// A proxy for `target` (IsCallable and IsConstructor are fixed now).
    pub fn new_proxy(&mut self, target: Local<'s>, handler: Local<'s>) -> Local<'s> {
        let shape = self.vm.root_shape(None);
        let o = ObjRef::new(&mut self.vm.heap, Class::Proxy, shape);
        o.set_int(0, target.v);
        o.set_int(1, handler.v);
        o.set_int(2, Value::bool(is_callable(target.v)));
        o.set_int(3, Value::bool(crate::vm::is_constructor(target.v)));
        o.set_flag(crate::object::EXOTIC);
        self.root(o.value())
    }

    /// A bound function.
    pub fn new_bound(&mut self, target: Local<'s>, this: Local<'s>, args: &[Local<'s>]) -> Completion<'s> {
        let proto = self.get_prototype_of(target)?;
        let list = self.new_array(args);
        let o = self.new_object_of(Class::Bound, proto);
        o.obj().set_int(0, target.v);
        o.obj().set_int(1, this.v);
        o.obj().set_int(2, list.v);
        Ok(o)
    }

    /// The source text of a function (`Function.prototype.toString`).
    pub fn function_source(&mut self, f: Local<'_>) -> String {
        let o = f.obj();
        if o.is(Class::Function) {
            let code = crate::code::CodeRef::of_function(o);
            let t = code.template();
            return t.source.text.get(t.span.start as usize..t.span.end as usize).unwrap_or("").to_owned();
        }
        let name = match o.is(Class::Native) {
            true if o.int(1).is_symbol() => {
                let v = self.vm.symbol_function_name(o.int(1), "");
                self.vm.chars_of(v).to_utf8()
            }
            true => self.vm.chars_of(o.int(1)).to_utf8(),
            false => String::new(),
        };
        format!("function {name}() {{ [native code] }}")
    }

    /// Facts about a function of the script: `(is_class, is_async, is_generator, is_arrow_or_method)`; `None` for natives.
    pub fn function_kind(&self, f: Local<'_>) -> Option<(bool, bool, bool, bool)> {
        use looplab_bytecode::FuncKind as K;
        let o = ObjRef::from(f.v).filter(|o| o.is(Class::Function))?;
        let code = crate::code::CodeRef::of_function(o);
        let t = code.template();
        let class = matches!(t.kind, K::ClassConstructor | K::DerivedConstructor);
        Some((class, t.is_async, t.is_generator, matches!(t.kind, K::Arrow | K::Method)))
    }

    /// Where a function of the script is defined: source name, line and column (from 1); `None` for natives.
    pub fn function_location(&self, f: Local<'_>) -> Option<(String, u32, u32, u32)> {
        let o = ObjRef::from(f.v).filter(|o| o.is(Class::Function))?;
        let code = crate::code::CodeRef::of_function(o);
        let t = code.template();
        let (line, col) = t.source.position(t.span.start);
        Some((t.source.name.clone(), t.source.id, line, col))
    }

    /// Calls a native function body directly, for aliases and shared implementations.
    pub fn args<'a>(&self, this: Local<'s>, argv: &'a [Local<'s>]) -> Args<'s>
    where
        'a: 's,
    {
        Args {
            this: this.v,
            callee: self.vm.realm.get(Intrinsic::FunctionPrototype),
            new_target: Value::UNDEFINED,
            argv: argv.as_ptr().cast(),
            argc: argv.len(),
            brand: std::marker::PhantomData,
        }
    }
}

/// Where a primitive's property lives.
pub(crate) enum Holder {
    Value(Value),
    Proto(ObjRef),
}

impl Vm {
    pub(crate) fn iter_result(&mut self, value: Value, done: bool) -> Value {
        let o = ObjRef::plain(&mut self.heap, self.realm.object_shape, 2);
        // Straight to the final shape: both slots are inside the cell.
        o.get().shape = self.realm.iter_result_shape;
        o.set_slot(0, value);
        o.set_slot(1, Value::bool(done));
        o.value()
    }

    /// Whether neither Array.prototype nor Object.prototype has elements.
    pub(crate) fn array_proto_is_clean(&self) -> bool {
        let a = self.realm.proto(Intrinsic::ArrayPrototype);
        let o = self.realm.proto(Intrinsic::ObjectPrototype);
        a.elem_len() == 0
            && o.elem_len() == 0
            && !a.has_flag(crate::object::SPARSE)
            && !o.has_flag(crate::object::SPARSE)
    }
}
