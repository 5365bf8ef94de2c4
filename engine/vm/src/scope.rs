//! Handles: what builtins and embedders hold instead of raw values.
//!
//! A [`Local`] belongs to a [`Scope`] by its lifetime `'s`, which nothing else has: it cannot outlive the scope, be stored, or
//! be mixed with another engine's. The scope keeps its value alive. A native function gets the scope of its call; loops that
//! make many values use [`Scope::nested`] so that each round's roots go at its end.

use crate::atoms::Name;
use crate::object::ObjRef;
use crate::value::{PropKey, Value};
use crate::vm::Vm;
use std::marker::PhantomData;

type Brand<'s> = PhantomData<fn(&'s ()) -> &'s ()>;

/// A rooted value.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Local<'s> {
    pub(crate) v: Value,
    brand: Brand<'s>,
}

/// A rooted property key: an array index, an interned string or a symbol.
#[derive(Clone, Copy)]
pub struct Key<'s> {
    pub(crate) k: PropKey,
    brand: Brand<'s>,
}

impl<'s> PartialEq for Key<'s> {
    fn eq(&self, o: &Key<'s>) -> bool {
        self.k == o.k
    }
}

/// An exception is on its way: the value is kept by the engine. Pass it on with `?`, or take it with [`Scope::caught`].
#[derive(Debug)]
#[must_use]
pub struct Thrown(pub(crate) ());

/// What everything that may throw gives.
pub type Completion<'s> = Result<Local<'s>, Thrown>;

/// A function of the engine or the embedder that JavaScript can call.
pub type NativeFn = for<'s> fn(&mut Scope<'s>, &Args<'s>) -> Completion<'s>;

/// A value that stays alive until the handle is given to [`Scope::release`]. Copies are the same table entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Global(pub(crate) u32);

/// Access to the engine for as long as `'s`.
pub struct Scope<'s> {
    pub(crate) vm: &'s mut Vm,
    base: usize,
}

impl Drop for Scope<'_> {
    #[inline]
    fn drop(&mut self) {
        self.vm.handles.truncate(self.base);
    }
}

/// The arguments of a native call.
pub struct Args<'s> {
    pub(crate) this: Value,
    pub(crate) callee: Value,
    pub(crate) new_target: Value,
    pub(crate) argv: *const Value,
    pub(crate) argc: usize,
    pub(crate) brand: Brand<'s>,
}

impl<'s> Args<'s> {
    /// Argument `i`, or undefined.
    #[inline]
    pub fn get(&self, i: usize) -> Local<'s> {
        Local::raw(if i < self.argc { crate::vm::read_arg(self.argv, i) } else { Value::UNDEFINED })
    }

    /// How many were passed.
    #[inline]
    pub fn len(&self) -> usize {
        self.argc
    }

    /// Whether none was passed.
    pub fn is_empty(&self) -> bool {
        self.argc == 0
    }

    /// All of them from `from` on.
    pub fn rest(&self, from: usize) -> Vec<Local<'s>> {
        (from..self.argc).map(|i| self.get(i)).collect()
    }

    /// All of them from `from` on, where they lie.
    pub fn tail(&self, from: usize) -> &[Local<'s>] {
        crate::vm::arg_slice(self.argv, from.min(self.argc), self.argc)
    }

    /// The receiver.
    #[inline]
    pub fn this(&self) -> Local<'s> {
        Local::raw(self.this)
    }

    /// The running function.
    pub fn callee(&self) -> Local<'s> {
        Local::raw(self.callee)
    }

    /// `new.target`; undefined when called without `new`.
    #[inline]
    pub fn new_target(&self) -> Local<'s> {
        Local::raw(self.new_target)
    }

    /// The value the function was made with ([`Scope::function_with_data`]).
    pub fn data(&self) -> Local<'s> {
        Local::raw(ObjRef::of(self.callee).int(3))
    }
}

impl<'s> Local<'s> {
    /// For values that are rooted elsewhere (registers, arguments, permanent tables) or need no root.
    #[inline(always)]
    pub(crate) fn raw(v: Value) -> Local<'s> {
        Local { v, brand: PhantomData }
    }

    /// The bare value, for storing in [`crate::HostData`] that traces it.
    pub fn value(self) -> Value {
        self.v
    }

    /// The object; panics for other values, as safe callers could pass one.
    #[inline(always)]
    pub(crate) fn obj(self) -> ObjRef {
        assert!(self.v.is_object(), "an object is needed here");
        ObjRef::of(self.v)
    }

    /// Is it undefined?
    #[inline]
    pub fn is_undefined(self) -> bool {
        self.v.is_undefined()
    }

    /// Is it null?
    #[inline]
    pub fn is_null(self) -> bool {
        self.v.is_null()
    }

    /// Is it undefined or null?
    #[inline]
    pub fn is_nullish(self) -> bool {
        self.v.is_nullish()
    }

    /// Is it a boolean?
    pub fn is_bool(self) -> bool {
        self.v.is_bool()
    }

    /// Is it the value true?
    pub fn is_true(self) -> bool {
        self.v.is_true()
    }

    /// Is it a number?
    #[inline]
    pub fn is_number(self) -> bool {
        self.v.is_number()
    }

    /// Is it a string?
    #[inline]
    pub fn is_string(self) -> bool {
        self.v.is_string()
    }

    /// Is it a symbol?
    pub fn is_symbol(self) -> bool {
        self.v.is_symbol()
    }

    /// Is it a BigInt?
    pub fn is_bigint(self) -> bool {
        self.v.is_bigint()
    }

    /// Is it an object (functions included)?
    #[inline]
    pub fn is_object(self) -> bool {
        self.v.is_object()
    }

    /// Can it be called?
    pub fn is_callable(self) -> bool {
        crate::vm::is_callable(self.v)
    }

    /// Can it be used with `new`?
    pub fn is_constructor(self) -> bool {
        crate::vm::is_constructor(self.v)
    }

    /// The number, if it is one.
    #[inline]
    pub fn as_number(self) -> Option<f64> {
        self.v.is_number().then(|| self.v.num())
    }

    /// The number, if it is one that is stored as an int32 (integral results usually are).
    #[inline]
    pub fn as_int(self) -> Option<i32> {
        self.v.is_int().then(|| self.v.as_int())
    }

    /// The boolean, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        self.v.is_bool().then(|| self.v.is_true())
    }

    /// The class, if it is an object.
    #[inline]
    pub fn class(self) -> Option<crate::Class> {
        ObjRef::from(self.v).map(ObjRef::class)
    }

    /// Is it an object of this class?
    #[inline]
    pub fn is_class(self, c: crate::Class) -> bool {
        ObjRef::from(self.v).is_some_and(|o| o.is(c))
    }

    /// The same object, string content aside: identity of the bits (what `Object.is` says for objects and symbols).
    #[inline]
    pub fn is_identical(self, o: Local<'_>) -> bool {
        self.v == o.v
    }
}

impl<'s> Key<'s> {
    #[inline(always)]
    pub(crate) fn raw(k: PropKey) -> Key<'s> {
        Key { k, brand: PhantomData }
    }

    /// An array index (below 2^32 − 1).
    #[inline]
    pub fn index(i: u32) -> Key<'s> {
        debug_assert!(i != u32::MAX);
        Key::raw(PropKey::index(i))
    }

    /// The array index, if it is one.
    pub fn as_index(self) -> Option<u32> {
        self.k.as_index()
    }

    /// Whether it is a symbol.
    pub fn is_symbol(self) -> bool {
        self.k.is_symbol()
    }
}

impl From<Name> for Key<'_> {
    #[inline(always)]
    fn from(n: Name) -> Self {
        Key::raw(n.0)
    }
}

impl<'s> Scope<'s> {
    #[inline]
    pub(crate) fn new(vm: &'s mut Vm) -> Scope<'s> {
        let base = vm.handles.len();
        Scope { vm, base }
    }

    /// Roots a value until the scope ends.
    #[inline(always)]
    pub(crate) fn root(&mut self, v: Value) -> Local<'s> {
        if v.is_pointer() {
            self.vm.handles.push(v);
        }
        Local::raw(v)
    }

    #[inline]
    pub(crate) fn root_key(&mut self, k: PropKey) -> Key<'s> {
        if k.0.is_pointer() {
            self.vm.handles.push(k.0);
        }
        Key::raw(k)
    }

    /// Roots a value that came out of [`crate::HostData`] (where it was traced).
    #[inline]
    pub fn local(&mut self, v: Value) -> Local<'s> {
        self.root(v)
    }

    /// The embedder's state, if it is of this type ([`Vm::set_embedder`]).
    pub fn embedder<T: 'static>(&self) -> Option<std::rc::Rc<T>> {
        self.vm.embedder.clone()?.downcast::<T>().ok()
    }

    /// The engine behind the scope, for its settings and figures.
    pub fn vm(&mut self) -> &mut Vm {
        self.vm
    }

    /// Runs `f` with a scope of its own; values made in it are released at its end. Locals from outside enter by [`Scope::adopt`].
    #[inline]
    pub fn nested<R>(&mut self, f: impl for<'n> FnOnce(&mut Scope<'n>) -> R) -> R {
        f(&mut Scope::new(self.vm))
    }

    /// Like `nested`, for one value that is taken out.
    #[inline]
    pub fn escape(&mut self, f: impl for<'n> FnOnce(&mut Scope<'n>) -> Completion<'n>) -> Completion<'s> {
        let v = f(&mut Scope::new(self.vm)).map(|l| l.v)?;
        Ok(self.root(v))
    }

    /// A local of an enclosing scope as one of this scope. Both are alive, so it stays rooted.
    #[inline]
    pub fn adopt(&mut self, l: Local<'_>) -> Local<'s> {
        Local::raw(l.v)
    }

    /// As `adopt`, for keys.
    #[inline]
    pub fn adopt_key(&mut self, k: Key<'_>) -> Key<'s> {
        Key::raw(k.k)
    }

    /// Makes a value permanent.
    pub fn global(&mut self, l: Local<'_>) -> Global {
        self.vm.new_global(l.v)
    }

    /// A key as a name that lives as long as the engine: what an embedder keeps for the properties it uses all the time.
    pub fn permanent_key(&mut self, k: Key<'_>) -> crate::atoms::Name {
        self.vm.new_global(k.k.0);
        crate::atoms::Name(k.k)
    }

    /// The value of a permanent handle.
    pub fn open(&mut self, g: Global) -> Local<'s> {
        let v = self.vm.globals[g.0 as usize];
        self.root(v)
    }

    /// The value of a permanent handle that ends with this.
    pub fn take(&mut self, g: Global) -> Local<'s> {
        let l = self.open(g);
        self.vm.free_global(g);
        l
    }

    /// Ends a permanent handle; it must not be opened afterwards.
    pub fn release(&mut self, g: Global) {
        self.vm.free_global(g);
    }
}
