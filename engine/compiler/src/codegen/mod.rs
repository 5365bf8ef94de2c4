//! The code generator: one file per family of syntax.
//!
//! Expressions are evaluated into a wanted register (`expr_to`), or into whatever register is convenient (`expr`: a local
//! variable is used in place). Registers behave like a stack: variables of open scopes and temporaries in order of
//! creation. Results are written by the last instruction of an expression, so a variable's register may be the
//! destination of its own assignment; only registers that `is_scratch` admits hold intermediate values.

mod assign;
mod binary;
pub(crate) mod builder;
mod call;
mod class;
mod cond;
mod dynamic;
mod expr;
mod function;
mod generator;
mod literal;
mod loops;
mod member;
mod module;
mod object;
mod pattern;
mod stmt;
mod switch;
mod unwind;
mod vars;

use crate::error::{ErrorKind, SyntaxError};
use crate::scope::{Analysis, Top};
use builder::{Builder, Label, Reg};
use looplab_bytecode::{FunctionTemplate, Source, Span};
use oxc_ast::ast::Program;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The generator's state across functions.
pub(crate) struct Gen<'a> {
    pub(crate) a: Analysis<'a>,
    pub(crate) source: Rc<Source>,
    /// The function under construction.
    pub(crate) b: Builder,
    /// Register of each variable that lives in one.
    pub(crate) regs: Vec<Reg>,
    /// Where each let, const and class declared by a statement has been given its value; 0 for everything else.
    pub(crate) born_at: Vec<u32>,
    /// Register of each scope's environment, within the function that opened it.
    pub(crate) env_regs: Vec<Reg>,
    /// Number of each scope's description likewise.
    pub(crate) env_ix: Vec<u16>,
    /// Where an optional chain ends when it meets undefined or null.
    pub(crate) chain: Option<Label>,
    /// The expression that the next destructuring takes apart.
    pub(crate) destructured: Option<Span>,
    /// The next object pattern is a part of another pattern, without a default.
    pub(crate) nested: bool,
    /// What V8 names when the receiver of a private method or accessor is no instance: the text of the class's head.
    pub(crate) brands: FxHashMap<crate::scope::VarIx, Span>,
    /// The first thing that can't be compiled.
    pub(crate) error: Option<SyntaxError>,
}

/// Generates the template of a whole program.
pub(crate) fn generate<'a>(
    program: &Program<'a>,
    analysis: Analysis<'a>,
    top: Top,
    source: Rc<Source>,
) -> Result<Rc<FunctionTemplate>, SyntaxError> {
    let mut g = Gen {
        regs: vec![0; analysis.vars.len()],
        born_at: vec![0; analysis.vars.len()],
        env_regs: vec![0; analysis.scopes.len()],
        env_ix: vec![0; analysis.scopes.len()],
        b: Builder::new(analysis.top),
        a: analysis,
        source,
        chain: None,
        destructured: None,
        nested: false,
        brands: FxHashMap::default(),
        error: None,
    };
    let t = g.program(program, top);
    match g.error {
        Some(e) => Err(e),
        None => {
            #[cfg(debug_assertions)]
            if let Err(e) = looplab_bytecode::verify(&t) {
                panic!("the compiler wrote invalid code: {e}");
            }
            Ok(Rc::new(t))
        }
    }
}

impl Gen<'_> {
    /// Refuses a feature that isn't there yet.
    pub(crate) fn unsupported(&mut self, what: &str, span: oxc_span::Span) {
        self.fail(format!("{what} is not supported yet"), ErrorKind::Syntax, span);
    }

    pub(crate) fn fail(&mut self, message: String, kind: ErrorKind, span: oxc_span::Span) {
        if self.error.is_none() {
            self.error = Some(SyntaxError { message, kind, span: to_span(span) });
        }
    }
}

/// A span as the templates have it.
pub(crate) fn to_span(s: oxc_span::Span) -> Span {
    Span { start: s.start, end: s.end }
}
