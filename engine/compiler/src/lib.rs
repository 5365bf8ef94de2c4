//! JavaScript source to bytecode: oxc parses, our scope pass and code generator do the rest.
//!
//! [`compile`] is the whole interface. Parsing and early errors come from oxc (its messages are put into V8's words
//! in `error`); `scope` resolves names; `codegen` writes instructions, one file per family of syntax.
#![forbid(unsafe_code)]

mod callee;
mod codegen;
mod depth;
mod error;
mod limits;
mod repl;
mod scope;
mod strip;

pub use callee::render_expression;
pub use error::{ErrorKind, SyntaxError};
pub use repl::{is_incomplete, with_top_level_await};
pub use strip::{StripError, strip_types};

use looplab_bytecode::eval::{self, EvalContext};
use looplab_bytecode::{FunctionTemplate, Source};
use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use std::rc::Rc;

/// Stack that must be left before a recursive step continues on the present stack.
pub(crate) const RED_ZONE: usize = 128 * 1024;
/// Size of each further piece of stack.
pub(crate) const STACK_STEP: usize = 4 * 1024 * 1024;

/// What a source text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A classic script: its declarations are global. Its completion value is returned.
    Script,
    /// An ECMAScript module.
    Module,
    /// The body of a sloppy function with these parameters (the CommonJS wrapper): `return` is allowed, and positions stay
    /// those of the text. The template is that function.
    FunctionBody {
        /// Parameter names.
        params: Vec<String>,
    },
    /// One function declaration, as `new Function` assembles it. The template is a script that returns the closure and
    /// declares nothing.
    Function,
    /// Indirect eval code: `var`s are global (local in strict code), let, const and class are local.
    Eval {
        /// The caller's strictness.
        strict: bool,
    },
    /// Direct eval code. Its function must be created in the innermost environment of the context.
    DirectEval(Rc<EvalContext>),
}

/// How to compile.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the text is.
    pub goal: Goal,
}

impl Options {
    /// Options for a goal.
    pub fn new(goal: Goal) -> Options {
        Options { goal }
    }
}

/// Compiles a text.
///
/// # Errors
/// The first syntax or early error of the text, or the name of a feature that isn't supported yet.
pub fn compile(source: Rc<Source>, options: &Options) -> Result<Rc<FunctionTemplate>, SyntaxError> {
    let need = depth::stack_need(&source.text)?;
    match need {
        0 => compile_here(source, options),
        n => stacker::grow(n, || compile_here(source, options)),
    }
}

fn compile_here(source: Rc<Source>, options: &Options) -> Result<Rc<FunctionTemplate>, SyntaxError> {
    let keep = Rc::clone(&source);
    let allocator = Allocator::default();
    let source_type = match &options.goal {
        Goal::Module => SourceType::mjs(),
        Goal::FunctionBody { .. } => SourceType::cjs(),
        _ => SourceType::script(),
    };
    let parse_options =
        ParseOptions { preserve_parens: false, parse_regular_expression: true, ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, &keep.text, source_type).with_options(parse_options).parse();
    let context = match &options.goal {
        Goal::DirectEval(c) => Some(&**c),
        _ => None,
    };
    if let Some(e) = error::first(&parsed.diagnostics, &keep.text, context) {
        return Err(e);
    }
    let program = &parsed.program;
    limits::check(program)?;
    let checked = SemanticBuilder::new().with_check_syntax_error(true).build(program);
    if let Some(e) = error::first(&checked.diagnostics, &keep.text, context) {
        return Err(e);
    }
    drop(checked);
    let params: Vec<&str> = match &options.goal {
        Goal::FunctionBody { params } => params.iter().map(|p| allocator.alloc_str(p)).collect(),
        _ => Vec::new(),
    };
    let top = match &options.goal {
        Goal::Script => scope::Top::Script,
        Goal::Module => scope::Top::Module,
        Goal::FunctionBody { .. } => scope::Top::Body { strict: false },
        Goal::Function => scope::Top::Function,
        Goal::Eval { strict } => scope::Top::Eval { strict: *strict },
        Goal::DirectEval(c) => {
            scope::Top::DirectEval { strict: c.flags & eval::STRICT != 0, in_function: c.in_function() }
        }
    };
    let mut analysis = scope::analyze(program, top, &params, context.map(|c| (c, &allocator)));
    if let Some(e) = analysis.error.take() {
        return Err(SyntaxError { message: e.message, span: e.span, kind: ErrorKind::Syntax });
    }
    codegen::generate(program, analysis, top, source)
}
