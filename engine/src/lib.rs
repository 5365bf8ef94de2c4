//! The JavaScript engine: source text in, values and jobs out.
//!
//! The parts are crates of their own (bytecode, compiler, vm, builtins); this one puts them together. The embedder drives the
//! job queue and provides time, randomness and modules through [`Host`].
#![forbid(unsafe_code)]

pub use looplab_bytecode as bytecode;
pub use looplab_bytecode::{FunctionTemplate, Source, Span};
pub use looplab_compiler as compiler;
pub use looplab_vm::*;

use looplab_compiler::{ErrorKind, Goal, Options, SyntaxError};
use std::rc::Rc;

/// An engine with the whole standard library.
pub fn new_engine() -> Box<Vm> {
    let mut vm = Vm::new();
    vm.set_compiler(compile_hook);
    vm.set_expression_printer(looplab_compiler::render_expression);
    looplab_builtins::install_all(&mut vm);
    vm
}

/// A further realm with the whole standard library.
///
/// # Errors
/// A RangeError when there are too many.
pub fn new_realm(s: &mut Scope<'_>) -> Result<RealmId, Thrown> {
    let id = s.realm_new()?;
    s.in_realm(id, |s| looplab_builtins::install_all(s.vm()));
    Ok(id)
}

/// Compiles a text; see [`looplab_compiler::compile`].
///
/// # Errors
/// The first syntax or early error.
pub fn compile(source: Rc<Source>, goal: CompileGoal<'_>) -> Result<Rc<FunctionTemplate>, SyntaxError> {
    let goal = match goal {
        CompileGoal::Script => Goal::Script,
        CompileGoal::Module => Goal::Module,
        CompileGoal::Body(params) => {
            Goal::FunctionBody { params: params.iter().map(|p| (*p).to_owned()).collect() }
        }
        CompileGoal::Function => Goal::Function,
        CompileGoal::Eval => Goal::Eval { strict: false },
        CompileGoal::DirectEval(context) => Goal::DirectEval(Rc::clone(context)),
    };
    looplab_compiler::compile(source, &Options::new(goal))
}

fn compile_hook(source: Rc<Source>, goal: CompileGoal<'_>) -> Result<Rc<FunctionTemplate>, CompileError> {
    compile(source, goal).map_err(|e| CompileError {
        too_deep: matches!(e.kind, ErrorKind::Range),
        message: e.message,
        span: e.span,
    })
}
