//! Values, heap, objects, handles and the interpreter.
//!
//! Builtins and embedders use [`Scope`], [`Local`] and [`Global`] only: a `Local` is rooted as long as its scope lives, a
//! `Global` until it is dropped from the table; neither can be misused without a compile error. Raw values stay inside this
//! crate, where `unsafe` is confined to the heap, value, string, object (shape) and interpreter modules.

mod arguments;
mod array;
mod atoms;
mod build;
mod code;
mod collections;
mod combine;
mod convert;
mod coroutine;
mod errors;
mod eye;
mod former;
mod gc;
pub mod heap;
mod iter;
mod job;
mod lookup;
mod model;
mod module;
mod names;
mod ops;
mod place;
mod preview;
mod promise;
mod property;
mod proxy;
mod queue;
mod realm;
mod recycle;
mod scope;
mod script;
mod spare;

#[path = "interp/mod.rs"]
mod interp;
mod object;
mod shape;
mod string;
mod support;
mod typed;
mod value;
mod vm;
mod weak;

pub use array::{ArrayIterKind, SortKeys};
pub use atoms::Atoms;
pub use atoms::Name;
pub use build::{Builder, Layout};
pub use collections::IterKind;
pub use errors::{CallSite, StackFrame};
pub use eye::{
    CacheState, Deopt, EdgeName, FunctionProfile, HeapEdge, HeapGraph, HeapNode, HeapShape, Hot, NodeKind,
    PlaceProfile, Site, Specialised, TierProfile, Transition,
};
pub use heap::HeapStats;
pub use iter::IterRecord;
pub use job::{EngineProbe, GuardFailure, JobKind, Leave, PromiseHook, Settled, StatementAt};
pub use looplab_bytecode::quick::Inline;
pub use module::{ModuleId, ModuleState};
pub use object::{Class, HostData, Visitor};
pub use ops::{Hint, PreferredType};
pub use place::Place;
pub use promise::{Capability, PromiseState};
pub use property::{Desc, EntryKind, KeyFilter};
pub use realm::{Intrinsic, RealmId};
pub use recycle::{give_back, room};
pub use scope::{Args, Completion, Global, Key, Local, NativeFn, Scope, Thrown};
pub use shape::{ALL, CONFIGURABLE, ENUMERABLE, HIDDEN, WRITABLE};
pub use string::{Chars, MAX_LENGTH};
pub use support::{
    is_white_space, number_pow, number_to_text, parse_digits, string_to_bigint, string_to_number, trim_chars,
};
pub use typed::{BufferData, Element, ElementType, MAX_BUFFER, ViewInfo, zeroed_bytes};
pub use value::Value;
pub use vm::{CompileError, CompileFn, CompileGoal, Host, Interrupt, Vm};
