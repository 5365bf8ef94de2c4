//! Names the interpreter and builtins use all the time, interned once, and the well-known symbols.

use crate::heap::Heap;
use crate::string::Interner;
use crate::value::{PropKey, Value};
use crate::vm::new_symbol;

macro_rules! atoms {
    (names: $($(#[$m:meta])* $field:ident $(= $text:literal)?),+ ; symbols: $($sym:ident = $desc:literal),+ $(,)?) => {
        /// Interned names and well-known symbols as property keys.
        #[allow(missing_docs, reason = "the names are what they say")]
        pub struct Atoms { $(pub $field: Name,)+ $(pub $sym: Name,)+ }

        impl Atoms {
            pub(crate) fn new(heap: &mut Heap, interner: &mut Interner) -> Atoms {
                Atoms {
                    $($field: Name(PropKey(Value::string(
                        interner.latin1(heap, atoms!(@text $field $($text)?).as_bytes()),
                    ))),)+
                    $($sym: Name(PropKey(new_symbol(heap, interner, $desc))),)+
                }
            }

            pub(crate) fn each(&self, mut f: impl FnMut(Value)) {
                $(f(self.$field.0.0);)+
                $(f(self.$sym.0.0);)+
            }
        }
    };
    (@text $field:ident $text:literal) => { $text };
    (@text $field:ident) => { stringify!($field) };
}

/// An interned name or well-known symbol: lives as long as the `Vm`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name(pub(crate) PropKey);

atoms! {
    names:
    empty = "", length, prototype, constructor, name, message, stack, cause, errors, value, done, next, return_ = "return",
    throw, get, set, writable, enumerable, configurable, to_string = "toString", value_of = "valueOf", to_json = "toJSON",
    then, callee, index, input, groups, indices, last_index = "lastIndex", flags, source, raw, proxy, revoke, promise,
    resolve, reject, status, reason, undefined, null, true_ = "true", false_ = "false", boolean, number, string, symbol,
    bigint, object, function, default, exec, join, has, add, delete, keys, size, global_this = "globalThis",
    proto = "__proto__", anonymous, star_default = "*default*", minus_zero = "-0", infinity = "Infinity", nan = "NaN",
    apply, construct, define_property = "defineProperty", delete_property = "deleteProperty",
    get_own_property_descriptor = "getOwnPropertyDescriptor", get_prototype_of = "getPrototypeOf",
    is_extensible = "isExtensible", own_keys = "ownKeys", prevent_extensions = "preventExtensions",
    set_prototype_of = "setPrototypeOf", prepare_stack_trace = "prepareStackTrace", stack_trace_limit = "stackTraceLimit",
    arguments, caller, code, dot_all = "dotAll", global, has_indices = "hasIndices", ignore_case = "ignoreCase", multiline, sticky,
    unicode, unicode_sets = "unicodeSets";
    symbols:
    sym_iterator = "Symbol.iterator", sym_async_iterator = "Symbol.asyncIterator", sym_has_instance = "Symbol.hasInstance",
    sym_to_primitive = "Symbol.toPrimitive", sym_to_string_tag = "Symbol.toStringTag", sym_species = "Symbol.species",
    sym_is_concat_spreadable = "Symbol.isConcatSpreadable", sym_unscopables = "Symbol.unscopables",
    sym_match = "Symbol.match", sym_match_all = "Symbol.matchAll", sym_replace = "Symbol.replace",
    sym_search = "Symbol.search", sym_split = "Symbol.split", sym_dispose = "Symbol.dispose",
    sym_async_dispose = "Symbol.asyncDispose",
}
