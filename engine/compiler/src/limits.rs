//! Limits that V8 sets and this engine keeps, checked before anything takes time that grows with the square of the count.

use crate::error::{ErrorKind, SyntaxError};
use looplab_bytecode::Span;
use oxc_ast::ast::{FormalParameters, Program};
use oxc_ast_visit::{Visit, walk};

/// The most parameters of one function.
const MAX_PARAMETERS: usize = 65_534;

/// The error of a function with more parameters than there may be.
pub(crate) fn check(program: &Program<'_>) -> Result<(), SyntaxError> {
    // Each takes two characters at least.
    if program.source_text.len() < 2 * MAX_PARAMETERS {
        return Ok(());
    }
    let mut finder = Finder { found: None };
    finder.visit_program(program);
    finder.found.map_or(Ok(()), |span| {
        Err(SyntaxError {
            message: format!("Too many parameters in function definition (only {MAX_PARAMETERS} allowed)"),
            span,
            kind: ErrorKind::Syntax,
        })
    })
}

struct Finder {
    found: Option<Span>,
}

impl<'a> Visit<'a> for Finder {
    fn visit_formal_parameters(&mut self, it: &FormalParameters<'a>) {
        if let Some(p) = it.items.get(MAX_PARAMETERS)
            && self.found.is_none()
        {
            self.found = Some(Span { start: p.span.start, end: p.span.end });
        }
        walk::walk_formal_parameters(self, it);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Goal, Options, compile};
    use looplab_bytecode::Source;

    #[test]
    fn a_function_has_so_many_parameters_at_most() {
        let text = format!("(function({}){{}})", ["a"; 65_535].join(","));
        let error = compile(Source::new("many.js", &text, 1), &Options::new(Goal::Script));
        let message = error.err().map(|e| e.message);
        assert_eq!(
            message.as_deref(),
            Some("Too many parameters in function definition (only 65534 allowed)")
        );
    }
}
