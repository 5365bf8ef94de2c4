//! Syntax errors, in V8's words where they are common.

use crate::Goal;
use looplab_bytecode::Span;
use oxc_diagnostics::{Diagnostics, OxcDiagnostic};
use std::fmt;

/// The kind of error object to throw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// SyntaxError.
    Syntax,
    /// ReferenceError.
    Reference,
    /// RangeError (nesting or size limits).
    Range,
}

/// Why a text can't be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The message without the kind's name.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Which error it is.
    pub kind: ErrorKind,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            ErrorKind::Syntax => "SyntaxError",
            ErrorKind::Reference => "ReferenceError",
            ErrorKind::Range => "RangeError",
        };
        write!(f, "{name}: {}", self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// Translates the first diagnostic.
pub(crate) fn from_diagnostics(
    all: &Diagnostics,
    first: &OxcDiagnostic,
    text: &str,
    goal: &Goal,
) -> SyntaxError {
    let earliest = all.errors().min_by_key(|d| offset_of(d)).unwrap_or(first);
    from_diagnostic(earliest, text, goal)
}

fn offset_of(d: &OxcDiagnostic) -> usize {
    d.labels.first().map_or(usize::MAX, |l| l.offset() as usize)
}

fn from_diagnostic(d: &OxcDiagnostic, text: &str, _goal: &Goal) -> SyntaxError {
    let span = d.labels.first().map_or(Span { start: text.len() as u32, end: text.len() as u32 }, |l| Span {
        start: l.offset(),
        end: l.offset() + l.len(),
    });
    SyntaxError { message: d.message.to_string(), span, kind: ErrorKind::Syntax }
}
