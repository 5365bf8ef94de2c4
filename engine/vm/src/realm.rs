//! The intrinsic objects of a global environment, and the shapes that fresh objects start with.

use crate::object::{IS_PROTO, ObjRef};
use crate::shape::ShapeRef;
use crate::value::{PropKey, Value};
use rustc_hash::FxHashMap;

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

/// One global environment.
pub(crate) struct Realm {
    pub(crate) intrinsics: [Value; Intrinsic::COUNT],
    pub(crate) global: Value,
    /// Script-level lexical bindings: found before the global object's properties. Never removed, so caches keep indices.
    pub(crate) lex_index: FxHashMap<u64, u32>,
    pub(crate) lex: Vec<LexBinding>,
    pub(crate) object_shape: ShapeRef,
    pub(crate) array_shape: ShapeRef,
    pub(crate) function_shape: ShapeRef,
    pub(crate) iter_result_shape: ShapeRef,
}

impl Realm {
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
