//! What can be wrong with a JSON text, in V8's words.

use crate::textbuf::TextBuf;
use looplab_vm::Chars;

/// Where and what.
#[derive(Debug)]
pub(super) struct Error {
    kind: Kind,
    at: usize,
}

/// The kinds that name a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Names the token and quotes the text around it.
    Token,
    End,
    Number,
    PropertyNameOrBrace,
    QuotedPropertyName,
    Colon,
    CommaOrBrace,
    CommaOrBracket,
    AfterJson,
    NoNumberAfterMinus,
    Fraction,
    Exponent,
    UnterminatedString,
    ControlCharacter,
    Escape,
    UnicodeEscape,
}

/// How much of the text is quoted on each side of a bad token.
const CONTEXT: usize = 10;

impl Error {
    pub(super) fn new(kind: Kind, at: usize) -> Error {
        Error { kind, at }
    }

    /// A character that cannot stand where it does.
    pub(super) fn token(at: usize) -> Error {
        Error { kind: Kind::Token, at }
    }

    /// The message for this text. Not a Rust string: what is quoted may cut a surrogate pair.
    pub(super) fn message(&self, text: Chars<'_>) -> TextBuf {
        let what = match self.kind {
            // Inside a misspelt word; elsewhere a string or number would have been taken for a value.
            Kind::Token if self.at < text.len() && text.at(self.at) == 0x22 => "Unexpected string",
            Kind::Token if self.at < text.len() && matches!(text.at(self.at), 0x2D | 0x30..=0x39) => {
                "Unexpected number"
            }
            Kind::Token => return self.token_message(text),
            Kind::End => return plain("Unexpected end of JSON input"),
            Kind::Number => "Unexpected number",
            Kind::PropertyNameOrBrace => "Expected property name or '}'",
            Kind::QuotedPropertyName => "Expected double-quoted property name",
            Kind::Colon => "Expected ':' after property name",
            Kind::CommaOrBrace => "Expected ',' or '}' after property value",
            Kind::CommaOrBracket => "Expected ',' or ']' after array element",
            Kind::AfterJson => "Unexpected non-whitespace character after JSON",
            Kind::NoNumberAfterMinus => "No number after minus sign",
            Kind::Fraction => "Unterminated fractional number",
            Kind::Exponent => "Exponent part is missing a number",
            Kind::UnterminatedString => "Unterminated string",
            Kind::ControlCharacter => "Bad control character in string literal",
            Kind::Escape => "Bad escaped character",
            Kind::UnicodeEscape => "Bad Unicode escape",
        };
        let place = if self.kind == Kind::AfterJson { "" } else { " in JSON" };
        let (line, column) = self.line_and_column(text);
        plain(&format!("{what}{place} at position {} (line {line} column {column})", self.at))
    }

    fn line_and_column(&self, text: Chars<'_>) -> (usize, usize) {
        let (mut line, mut start) = (1, 0);
        let mut i = 0;
        while i < self.at.min(text.len()) {
            let u = text.at(i);
            if u == 13 && i + 1 < self.at && text.at(i + 1) == 10 {
                i += 1;
            }
            if u == 10 || u == 13 {
                line += 1;
                start = i + 1;
            }
            i += 1;
        }
        (line, self.at + 1 - start)
    }

    fn token_message(&self, text: Chars<'_>) -> TextBuf {
        let (n, at) = (text.len(), self.at);
        let mut m = TextBuf::default();
        // What comes out when a value that is no text was passed.
        let no_text = n <= 15
            && matches!(text.to_utf8().as_str(), "NaN" | "Infinity" | "undefined" | "[object Object]");
        if !no_text {
            m.latin1(b"Unexpected token '");
            m.chars(text.slice(at.min(n), (at + 1).min(n)));
            m.latin1(b"', ");
        }
        let all = n <= 2 * CONTEXT;
        let from = if all { 0 } else { at.saturating_sub(CONTEXT) };
        let to = if all { n } else { (at + CONTEXT).min(n) };
        m.latin1(if from > 0 || !all && at == CONTEXT { b"...\"" } else { b"\"" });
        m.chars(text.slice(from, to));
        m.latin1(if to < n { b"\"..." } else { b"\"" });
        m.latin1(b" is not valid JSON");
        m
    }
}

fn plain(text: &str) -> TextBuf {
    let mut m = TextBuf::default();
    m.latin1(text.as_bytes());
    m
}
