//! The intrinsic objects of a global environment, and the shapes that fresh objects start with.

use crate::code::CodeRef;
use crate::heap::Heap;
use crate::object::Class;
use crate::object::{IS_PROTO, ObjRef};
use crate::scope::{Completion, Local, Scope, Thrown};
use crate::shape::ShapeRef;
use crate::value::{PropKey, Value};
use crate::vm::Vm;
use rustc_hash::FxHashMap;
use std::rc::Rc;

macro_rules! intrinsics {
    ($($name:ident),+ $(,)?) => {
        /// Objects the specification calls %Name%.
        #[repr(usize)]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs, reason = "the names are the specification's own")]
        pub enum Intrinsic { $($name),+ }
        impl Intrinsic {
            /// How many there are.
            pub const COUNT: usize = [$(Intrinsic::$name),+].len();
        }
    };
}

intrinsics! {
    ObjectPrototype, FunctionPrototype, ArrayPrototype, StringPrototype, NumberPrototype, BooleanPrototype, SymbolPrototype,
    BigIntPrototype, ErrorPrototype, TypeErrorPrototype, RangeErrorPrototype, SyntaxErrorPrototype, ReferenceErrorPrototype,
    EvalErrorPrototype, URIErrorPrototype, AggregateErrorPrototype, DatePrototype, RegExpPrototype, MapPrototype, SetPrototype,
    WeakMapPrototype, WeakSetPrototype, WeakRefPrototype, FinalizationRegistryPrototype, PromisePrototype,
    IteratorPrototype, AsyncIteratorPrototype, ArrayIteratorPrototype, MapIteratorPrototype, SetIteratorPrototype,
    StringIteratorPrototype, RegExpStringIteratorPrototype, GeneratorPrototype, AsyncGeneratorPrototype,
    GeneratorFunctionPrototype, AsyncGeneratorFunctionPrototype, AsyncFunctionPrototype, AsyncFromSyncIteratorPrototype,
    ArrayBufferPrototype, SharedArrayBufferPrototype, TypedArrayPrototype, DataViewPrototype,
    Int8ArrayPrototype, Uint8ArrayPrototype, Uint8ClampedArrayPrototype, Int16ArrayPrototype, Uint16ArrayPrototype,
    Int32ArrayPrototype, Uint32ArrayPrototype, Float16ArrayPrototype, Float32ArrayPrototype, Float64ArrayPrototype,
    BigInt64ArrayPrototype, BigUint64ArrayPrototype, IteratorHelperPrototype, WrapForValidIteratorPrototype,
    Object, Function, Array, String, Number, Boolean, Symbol, BigInt, Error, TypeError, RangeError, SyntaxError, ReferenceError,
    EvalError, URIError, AggregateError, Date, RegExp, Map, Set, WeakMap, WeakSet, WeakRef, FinalizationRegistry, Promise, Proxy,
    Reflect, Math, JSON, Atomics, Iterator, ArrayBuffer, SharedArrayBuffer, TypedArray, DataView, Int8Array, Uint8Array, Uint8ClampedArray,
    Int16Array, Uint16Array, Int32Array, Uint32Array, Float16Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array,
    GeneratorFunction, AsyncGeneratorFunction, AsyncFunction,
    ThrowTypeError, ArrayProtoValues, ArrayProtoToString, ObjectProtoToString, Eval, PromiseThen, PromiseResolve,
    ArrayIteratorNext, MapIteratorNext, SetIteratorNext, GeneratorNext, RegExpExec, MapEntries, SetValues,
    CallSitePrototype, PromiseSpecies, ArraySpeciesGetter, MapProtoSet, SetProtoAdd,
}

/// A script-level let, const or class.
pub(crate) struct LexBinding {
    pub(crate) value: Value,
    pub(crate) constant: bool,
}

/// A realm of this engine: its own global object and intrinsics. Realms live as long as the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RealmId(pub(crate) u32);

impl RealmId {
    /// The realm an engine starts with.
    pub const FIRST: RealmId = RealmId(0);
}

/// How many realms there can be: a native function notes its realm in a few bits.
pub(crate) const MAX_REALMS: usize = 1 << 14;

/// One global environment.
pub(crate) struct Realm {
    pub(crate) intrinsics: [Value; Intrinsic::COUNT],
    pub(crate) global: Value,
    /// Script-level lexical bindings: found before the global object's properties. Never removed, so caches keep indices.
    pub(crate) lex_index: FxHashMap<u64, u32>,
    pub(crate) lex: Vec<LexBinding>,
    pub(crate) object_shape: ShapeRef,
    pub(crate) array_shape: ShapeRef,
    pub(crate) promise_shape: ShapeRef,
    pub(crate) function_shape: ShapeRef,
    pub(crate) iter_result_shape: ShapeRef,
    /// State of builtins, by its type.
    pub(crate) extensions: FxHashMap<std::any::TypeId, Rc<dyn std::any::Any>>,
}

impl Realm {
    /// Without intrinsics; `shape` is the empty shape of objects without a prototype.
    pub(crate) fn new(shape: ShapeRef) -> Box<Realm> {
        Box::new(Realm {
            intrinsics: [Value::UNDEFINED; Intrinsic::COUNT],
            global: Value::UNDEFINED,
            lex_index: FxHashMap::default(),
            lex: Vec::new(),
            object_shape: shape,
            array_shape: shape,
            promise_shape: shape,
            function_shape: shape,
            iter_result_shape: shape,
            extensions: FxHashMap::default(),
        })
    }

    /// Marks what the realm refers to.
    pub(crate) fn trace(&self, h: &mut Heap) {
        self.intrinsics.iter().for_each(|&v| h.mark_value(v));
        h.mark_value(self.global);
        self.lex.iter().for_each(|b| h.mark_value(b.value));
        let s = self;
        [s.object_shape, s.array_shape, s.promise_shape, s.function_shape, s.iter_result_shape]
            .iter()
            .for_each(|s| h.mark_cell(s.0.cast()));
    }

    pub(crate) fn get(&self, i: Intrinsic) -> Value {
        self.intrinsics[i as usize]
    }

    pub(crate) fn proto(&self, i: Intrinsic) -> ObjRef {
        debug_assert!(self.intrinsics[i as usize].is_object(), "{i:?} is not set up");
        ObjRef::of(self.intrinsics[i as usize])
    }

    pub(crate) fn lexical(&self, key: PropKey) -> Option<u32> {
        self.lex_index.get(&key.0.bits()).copied()
    }
}

/// Marks an object as a prototype: from now on its layout changes invalidate inline caches.
pub(crate) fn mark_proto(o: ObjRef) {
    o.set_flag(IS_PROTO);
}

impl Vm {
    /// Makes another realm the running one; gives the one before.
    fn switch_realm(&mut self, to: u32) -> u32 {
        let from = self.realm_id;
        if from != to
            && let Some(next) = self.other_realms[to as usize].take()
        {
            let old = std::mem::replace(&mut self.realm, next);
            self.other_realms[from as usize] = Some(old);
            self.realm_id = to;
        }
        from
    }

    /// Runs `f` with another realm as the running one.
    #[cold]
    #[inline(never)]
    pub(crate) fn in_realm<R>(&mut self, realm: u32, f: impl FnOnce(&mut Vm) -> R) -> R {
        let from = self.switch_realm(realm);
        let r = f(self);
        self.switch_realm(from);
        r
    }

    /// The realm a native function was made in.
    #[inline(always)]
    pub(crate) fn native_realm(o: ObjRef) -> u32 {
        o.int(2).as_int() as u32 >> 17
    }
}

impl<'s> Scope<'s> {
    /// A new realm without builtins (the engine's facade fills it): the embedder's part of `createRealm`.
    ///
    /// # Errors
    /// A RangeError when there are too many.
    pub fn realm_new(&mut self) -> Result<RealmId, Thrown> {
        let id = self.vm.other_realms.len();
        if id >= MAX_REALMS {
            return Err(self.throw_range("Too many realms"));
        }
        let shape = self.vm.root_shape(None);
        self.vm.other_realms.push(Some(Realm::new(shape)));
        self.vm.in_realm(id as u32, Vm::setup_realm);
        Ok(RealmId(id as u32))
    }

    /// The running realm.
    pub fn realm(&self) -> RealmId {
        RealmId(self.vm.realm_id)
    }

    /// Runs `f` with `realm` as the running one: what it makes belongs there.
    pub fn in_realm<R>(&mut self, realm: RealmId, f: impl for<'n> FnOnce(&mut Scope<'n>) -> R) -> R {
        self.vm.in_realm(realm.0, |vm| f(&mut Scope::new(vm)))
    }

    /// The global object of a realm.
    pub fn realm_global(&mut self, realm: RealmId) -> Local<'s> {
        let v = self.vm.in_realm(realm.0, |vm| vm.realm.global);
        self.root(v)
    }

    /// GetFunctionRealm.
    ///
    /// # Errors
    /// A TypeError for a revoked proxy.
    pub fn function_realm(&mut self, f: Local<'_>) -> Result<RealmId, Thrown> {
        let mut o = f.obj();
        loop {
            match o.class() {
                Class::Function => return Ok(RealmId(CodeRef::of_function(o).get().realm)),
                Class::Native => return Ok(RealmId(Vm::native_realm(o))),
                Class::Bound => o = ObjRef::of(o.int(0)),
                Class::Proxy => match ObjRef::from(o.int(0)) {
                    Some(target) => o = target,
                    None => {
                        return Err(self.throw_type("Cannot perform 'get' on a proxy that has been revoked"));
                    }
                },
                _ => return Ok(self.realm()),
            }
        }
    }

    /// An intrinsic object of the realm of a function.
    ///
    /// # Errors
    /// As [`Scope::function_realm`].
    pub fn intrinsic_for(&mut self, f: Local<'_>, i: Intrinsic) -> Completion<'s> {
        if self.vm.other_realms.len() == 1 || !f.is_object() {
            return Ok(self.intrinsic(i));
        }
        let realm = self.function_realm(f)?;
        let v = self.vm.in_realm(realm.0, |vm| vm.realm.get(i));
        Ok(self.root(v))
    }
}
