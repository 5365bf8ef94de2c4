//! The instruction table, function templates, disassembler and verifier: plain data, no heap.
//!
//! The compiler produces a [`FunctionTemplate`], the interpreter runs it, the disassembler and the docs print it;
//! all of them read the one table in [`op`]. Nothing here knows values, objects or the collector.
#![forbid(unsafe_code)]

pub mod disasm;
pub mod eval;
pub mod op;
pub mod quick;
pub mod template;
pub mod text;
pub mod verify;

pub use disasm::{DisasmOptions, SecondTier, disassemble};
pub use op::{Insn, Op, OperandRole};
pub use template::*;
pub use text::Text;
pub use verify::verify;
