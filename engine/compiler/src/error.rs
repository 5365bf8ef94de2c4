//! Syntax errors, in V8's words where they are common.

use looplab_bytecode::Span;
use looplab_bytecode::eval::EvalContext;
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

/// Translates the first diagnostic, if there is an error. What a direct eval's surroundings may allow is left to the scope
/// pass, which knows them.
pub(crate) fn first(all: &Diagnostics, text: &str, around: Option<&EvalContext>) -> Option<SyntaxError> {
    let mut errors =
        all.errors().filter(|d| around.is_none() || !DEPENDS.iter().any(|m| d.message.starts_with(m)));
    let first = errors.next()?;
    let earliest = std::iter::once(first).chain(errors).min_by_key(|d| offset_of(d)).unwrap_or(first);
    Some(Translator { text, d: earliest }.run())
}

/// Errors that depend on what is around eval code: how oxc's messages begin.
const DEPENDS: &[&str] = &[
    "Super calls are not permitted",
    "'super' can only be",
    "Unexpected new.target",
    "Private identifier '#",
    "Private field '",
];

fn offset_of(d: &OxcDiagnostic) -> u32 {
    span_of(d).map_or(u32::MAX, |s| s.start)
}

/// The label that matters: of a repeated declaration the later one.
fn span_of(d: &OxcDiagnostic) -> Option<Span> {
    let repeated = d.message.ends_with("has already been declared")
        || d.message.starts_with("Multiple constructor")
        || d.message.starts_with("A 'default' clause");
    let l = if repeated { d.labels.last() } else { d.labels.first() };
    l.map(|l| Span { start: l.offset(), end: l.offset() + l.len() })
}

/// Messages with a fixed translation: how oxc's begins, what V8 says.
const FIXED: &[(&str, &str)] = &[
    ("Illegal return", "Illegal return statement"),
    ("A 'return' statement can only", "Illegal return statement"),
    ("Cannot use export statement outside", "Unexpected token 'export'"),
    ("Cannot use import statement outside", "Cannot use import statement outside a module"),
    ("for-of loop variable declaration", "for-of loop variable declaration may not have an initializer."),
    ("for-in loop variable declaration", "for-in loop variable declaration may not have an initializer."),
    ("`await` is only allowed", "await is only valid in async functions and the top level bodies of modules"),
    ("Unterminated string", "Invalid or unexpected token"),
    ("Unterminated regular expression", "Invalid regular expression: missing /"),
    ("Unterminated multi", "Invalid or unexpected token"),
    ("Invalid characters after number", "Invalid or unexpected token"),
    ("Invalid Character", "Invalid or unexpected token"),
    ("Invalid Unicode escape sequence", "Invalid Unicode escape sequence"),
    ("Multiple constructor implementations", "A class may only have one constructor"),
    ("Super calls are not permitted", "'super' keyword unexpected here"),
    ("'super' can only be", "'super' keyword unexpected here"),
    ("'with' statements are not allowed", "Strict mode code may not include a with statement"),
    ("Cannot assign to 'eval'", "Unexpected eval or arguments in strict mode"),
    ("Cannot assign to 'arguments'", "Unexpected eval or arguments in strict mode"),
    ("A rest parameter must be last", "Rest parameter must be last formal parameter"),
    ("Spread must be last element", "Rest element must be last element"),
    ("Invalid assignment in object literal", "Invalid shorthand property initializer"),
    ("`let` cannot be declared", "let is disallowed as a lexically bound name"),
    ("Unexpected new.target", "new.target expression is not allowed here"),
    ("Missing catch or finally", "Missing catch or finally after try"),
    ("A 'default' clause cannot", "More than one default clause in switch statement"),
    ("Invalid optional chain from new", "Invalid optional chain from new expression"),
    ("Tagged template expressions are not", "Invalid tagged template on optional chain"),
    ("A 'get' accessor must not", "Getter must not have any formal parameters."),
    ("A 'set' accessor must have exactly", "Setter must have exactly one formal parameter."),
    ("A 'set' accessor function parameter", "Setter function argument must not be a rest parameter"),
    (
        "A unary expression with",
        "Unary operator used immediately before exponentiation expression. Parenthesis must be used to disambiguate \
         operator precedence",
    ),
    ("Unexpected import.meta", "Cannot use 'import.meta' outside a module"),
    ("Expected function name", "Function statements require a function name"),
    ("import() requires a specifier", "import() requires a specifier"),
    ("Delete of an unqualified identifier", "Delete of an unqualified identifier in strict mode."),
    ("The operand of a 'delete' operator cannot be a private", "Private fields can not be deleted"),
    ("Classes may not have a field named", "Classes may not have a field named 'constructor'"),
    ("Class constructor may not be a", "Class constructor may not be a generator"),
    ("Illegal newline after", "Illegal newline after throw"),
    ("Missing initializer in const", "Missing initializer in const declaration"),
    ("Missing initializer in destructuring", "Missing initializer in destructuring declaration"),
    ("Jump target cannot cross function", "Illegal break statement"),
    ("Illegal break statement", "Illegal break statement"),
    ("Illegal continue statement", "Illegal continue statement: no surrounding iteration statement"),
];

struct Translator<'t> {
    text: &'t str,
    d: &'t OxcDiagnostic,
}

impl Translator<'_> {
    fn run(&self) -> SyntaxError {
        let end = self.text.len() as u32;
        let span = span_of(self.d).unwrap_or(Span { start: end, end });
        let m: &str = &self.d.message;
        let (message, span) = match FIXED.iter().find(|(from, _)| m.starts_with(from)) {
            Some((_, to)) => ((*to).to_string(), span),
            None => self.special(m, span),
        };
        SyntaxError { message, span, kind: ErrorKind::Syntax }
    }

    /// Messages that need the text or a name.
    fn special(&self, m: &str, span: Span) -> (String, Span) {
        let name = m.split(['`', '\'']).nth(1).unwrap_or_default();
        let in_strict = "'0'-prefixed octal";
        if m.ends_with("has already been declared") {
            let what = if m.starts_with("Label") { "Label" } else { "Identifier" };
            return (format!("{what} '{name}' has already been declared"), span);
        }
        if m.starts_with("Use of undefined label") {
            return (format!("Undefined label '{}'", self.slice(span)), span);
        }
        if m.starts_with("Cannot assign to this expression") {
            return (self.bad_target(span).to_string(), span);
        }
        if m.starts_with("The keyword") || (m.starts_with("Identifier expected") && name != "enum") {
            return ("Unexpected strict mode reserved word".into(), span);
        }
        if m.contains("'enum'") {
            return ("Unexpected reserved word".into(), span);
        }
        if m.starts_with("Expected a semicolon")
            && self.word_before(self.skip_blanks(span.start as usize) as u32) == "let"
        {
            return ("Lexical declaration cannot appear in a single-statement context".into(), span);
        }
        if m.starts_with("Export '") && m.ends_with("is not defined") {
            return (format!("{m} in module"), span);
        }
        if m.starts_with("Private identifier") || m.starts_with("Private field") {
            let name = name.trim_start_matches('#');
            return (format!("Private field '#{name}' must be declared in an enclosing class"), span);
        }
        if m.starts_with(in_strict) {
            let escape = matches!(self.slice(span).as_bytes().first(), Some(b'"' | b'\'' | b'\\'));
            let what = if escape { "Octal escape sequences" } else { "Octal literals" };
            return (format!("{what} are not allowed in strict mode."), span);
        }
        if m.starts_with("Invalid escape sequence") {
            let hex = self.text[span.start as usize..].starts_with("\\x");
            let what = if hex { "hexadecimal" } else { "Unicode" };
            return (format!("Invalid {what} escape sequence"), span);
        }
        if m.starts_with("Cannot use `yield`") || m.starts_with("Cannot use `await`") {
            return self.unexpected(span.start);
        }
        if m.starts_with("Expected `,` or `)`") || m.starts_with("Expected `)`") {
            return self.missing_paren(span);
        }
        if m.starts_with("Logical expressions and coalesce") {
            return ("Unexpected token '||'".into(), span);
        }
        if m.starts_with("Empty parenthesized expression") {
            return ("Unexpected token ')'".into(), span);
        }
        if m.starts_with("Invalid regular expression") || m.starts_with("Invalid flags") {
            return (m.to_string(), span);
        }
        if m.starts_with("Expected a semicolon") && self.word_before(span.start) == "await" {
            let message = "await is only valid in async functions and the top level bodies of modules";
            return (message.into(), span);
        }
        let generic = ["Unexpected", "Expected", "A class name is required", "Invalid class declaration"];
        let verbatim = ["Unexpected end of input", "Unexpected eval", "Unexpected reserved"];
        if generic.iter().any(|g| m.starts_with(g)) && !verbatim.iter().any(|v| m.starts_with(v)) {
            let at = if m.starts_with("A class name") { span.start + 5 } else { span.start };
            return self.unexpected(at);
        }
        (m.trim_end_matches('.').replace('`', "'"), span)
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn bad_target(&self, span: Span) -> &'static str {
        let before = self.text[..span.start as usize].trim_end();
        let after = self.text[span.end as usize..].trim_start();
        if before.ends_with("++") || before.ends_with("--") {
            "Invalid left-hand side expression in prefix operation"
        } else if after.starts_with("++") || after.starts_with("--") {
            "Invalid left-hand side expression in postfix operation"
        } else {
            "Invalid left-hand side in assignment"
        }
    }

    /// The word that ends before an offset.
    fn word_before(&self, offset: u32) -> &str {
        let before = self.text[..offset as usize].trim_end();
        let start = before
            .rfind(|c: char| !is_word(c))
            .map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
        &before[start..]
    }

    /// An unclosed parenthesis: V8 has a message of its own for calls, reported at the last token.
    fn missing_paren(&self, span: Span) -> (String, Span) {
        let opener = match self.d.labels.len() {
            2.. => self.d.labels.last().map(|l| l.offset()),
            _ => self.open_paren(span.start),
        };
        let call = opener.is_some_and(|at| {
            let word = self.word_before(at);
            let head = self.text[..at as usize].trim_end();
            let keyword = matches!(
                word,
                "if" | "while"
                    | "for"
                    | "switch"
                    | "catch"
                    | "with"
                    | "function"
                    | "return"
                    | "typeof"
                    | "await"
                    | "yield"
                    | "case"
                    | "in"
                    | "of"
                    | "throw"
                    | "delete"
                    | "void"
                    | "new"
                    | "else"
            );
            let declared = self.word_before((head.len() - word.len()) as u32) == "function";
            (!word.is_empty() && !keyword && !declared) || head.ends_with([')', ']'])
        });
        if !call {
            return self.unexpected(span.start);
        }
        let at = self.last_token(span.start);
        ("missing ) after argument list".into(), Span { start: at, end: span.start.max(at + 1) })
    }

    /// The innermost parenthesis that is open at an offset (strings are not told apart: this only words a message).
    fn open_paren(&self, offset: u32) -> Option<u32> {
        let mut depth = 0;
        for (i, c) in self.text.as_bytes()[..offset as usize].iter().enumerate().rev() {
            match c {
                b')' => depth += 1,
                b'(' if depth == 0 => return Some(i as u32),
                b'(' => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// Start of the last token before an offset.
    fn last_token(&self, offset: u32) -> u32 {
        let before = self.text[..offset as usize].trim_end();
        let word = self.word_before(offset);
        if !word.is_empty() {
            return (before.len() - word.len()) as u32;
        }
        match before.chars().last() {
            Some(q @ ('"' | '\'' | '`')) => before[..before.len() - 1].rfind(q).unwrap_or(0) as u32,
            Some(c) => (before.len() - c.len_utf8()) as u32,
            None => 0,
        }
    }

    /// "Unexpected …" for the token at or behind an offset.
    fn unexpected(&self, offset: u32) -> (String, Span) {
        let at = self.skip_blanks(offset as usize);
        let rest = &self.text[at..];
        let Some(c) = rest.chars().next() else {
            let end = self.text.len() as u32;
            return ("Unexpected end of input".into(), Span { start: end, end });
        };
        let word: &str = &rest[..rest.find(|c: char| !is_word(c)).unwrap_or(rest.len())];
        let (message, len) = match c {
            '"' | '\'' => ("Unexpected string".to_string(), 1),
            '`' => ("Unexpected template string".to_string(), 1),
            '0'..='9' => ("Unexpected number".to_string(), word.len()),
            _ if word == "enum" => ("Unexpected reserved word".to_string(), 4),
            _ if is_reserved(word) => (format!("Unexpected token '{word}'"), word.len()),
            _ if !word.is_empty() => (format!("Unexpected identifier '{word}'"), word.len()),
            '@' | '#' | '\\' => ("Invalid or unexpected token".to_string(), 1),
            c if c.is_ascii_punctuation() => {
                let p = PUNCTUATORS.iter().find(|p| rest.starts_with(**p)).copied().unwrap_or(&rest[..1]);
                (format!("Unexpected token '{p}'"), p.len())
            }
            c => ("Invalid or unexpected token".to_string(), c.len_utf8()),
        };
        (message, Span { start: at as u32, end: (at + len) as u32 })
    }

    fn skip_blanks(&self, mut at: usize) -> usize {
        loop {
            let rest = &self.text[at.min(self.text.len())..];
            let blank = rest.len() - rest.trim_start().len();
            if blank > 0 {
                at += blank;
            } else if rest.starts_with("//") {
                at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                at += rest.find("*/").map_or(rest.len(), |i| i + 2);
            } else {
                return at.min(self.text.len());
            }
        }
    }
}

/// Longest first.
const PUNCTUATORS: &[&str] = &[
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=", "=>", "==", "!=", "<=",
    ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>",
    "**",
];

fn is_word(c: char) -> bool {
    c == '_' || c == '$' || c.is_alphanumeric()
}

fn is_reserved(w: &str) -> bool {
    matches!(
        w,
        "break"
            | "case"
            | "catch"
            | "class"
            | "const"
            | "continue"
            | "debugger"
            | "default"
            | "delete"
            | "do"
            | "else"
            | "export"
            | "extends"
            | "false"
            | "finally"
            | "for"
            | "function"
            | "if"
            | "import"
            | "in"
            | "instanceof"
            | "new"
            | "null"
            | "return"
            | "super"
            | "switch"
            | "this"
            | "throw"
            | "true"
            | "try"
            | "typeof"
            | "var"
            | "void"
            | "while"
            | "with"
    )
}
