//! JavaScript's tokens, as far as telling strings, comments, templates and regular expressions from the rest.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier or keyword.
    Word,
    /// A quoted string, quotes included.
    String,
    /// A number, a regular expression or a piece of a template: a value whose text doesn't matter.
    Value,
    /// One byte of punctuation. Operators of several characters are several tokens.
    Punct(u8),
}

/// A token and where it stands in the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// What an open bracket was opened as, which decides what a slash after its end means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `(` of an `if`, `while`, `for` or `with`: a statement follows.
    Head,
    /// Any other `(`, or `[`.
    Group,
    /// `{` of a block: a statement follows.
    Block,
    /// `{` of an object literal.
    Object,
    /// `${`
    Template,
}

struct Lexer<'s> {
    source: &'s [u8],
    at: usize,
    tokens: Vec<Token>,
    open: Vec<Open>,
    /// Whether a slash here would begin a regular expression.
    regex_allowed: bool,
}

/// The tokens of a source, or `None` if something in it doesn't end.
pub(super) fn tokens(source: &str) -> Option<Vec<Token>> {
    let mut lexer =
        Lexer { source: source.as_bytes(), at: 0, tokens: Vec::new(), open: Vec::new(), regex_allowed: true };
    if source.starts_with("#!") {
        lexer.skip_line();
    }
    while lexer.step()? {}
    Some(lexer.tokens)
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.source.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn push(&mut self, kind: Kind, start: usize, regex_allowed: bool) {
        self.tokens.push(Token { kind, start, end: self.at });
        self.regex_allowed = regex_allowed;
    }

    /// Reads one token or piece of space; `Some(false)` at the end, `None` if it doesn't end.
    fn step(&mut self) -> Option<bool> {
        let Some(&byte) = self.source.get(self.at) else { return Some(false) };
        let start = self.at;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.at += 1,
            b'/' if self.peek(1) == b'/' => self.skip_line(),
            b'/' if self.peek(1) == b'*' => self.skip_comment()?,
            b'/' if self.regex_allowed => {
                self.skip_regex()?;
                self.push(Kind::Value, start, false);
            }
            b'"' | b'\'' => {
                self.skip_string(byte)?;
                self.push(Kind::String, start, false);
            }
            b'`' => {
                self.at += 1;
                self.template(start)?;
            }
            b'0'..=b'9' => {
                self.skip_while(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_');
                self.push(Kind::Value, start, false);
            }
            b if is_word(b) => self.word(start),
            b'#' if is_word(self.peek(1)) => self.at += 1,
            _ => self.punctuation(byte, start)?,
        }
        Some(true)
    }

    fn skip_while(&mut self, keep: impl Fn(u8) -> bool) {
        while self.source.get(self.at).is_some_and(|b| keep(*b)) {
            self.at += 1;
        }
    }

    fn skip_line(&mut self) {
        self.skip_while(|b| b != b'\n' && b != b'\r');
    }

    fn skip_comment(&mut self) -> Option<()> {
        let rest = &self.source[self.at + 2..];
        self.at += 2 + rest.windows(2).position(|w| w == b"*/")? + 2;
        Some(())
    }

    fn skip_string(&mut self, quote: u8) -> Option<()> {
        self.at += 1;
        loop {
            match *self.source.get(self.at)? {
                b'\\' => self.at += 2,
                b'\n' => return None,
                byte => {
                    self.at += 1;
                    if byte == quote {
                        return Some(());
                    }
                }
            }
        }
    }

    fn skip_regex(&mut self) -> Option<()> {
        self.at += 1;
        let mut in_class = false;
        loop {
            match *self.source.get(self.at)? {
                b'\\' => self.at += 1,
                b'\n' => return None,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at += 1;
        self.skip_while(is_word);
        Some(())
    }

    /// The rest of a template, or up to its next `${`.
    fn template(&mut self, start: usize) -> Option<()> {
        loop {
            match *self.source.get(self.at)? {
                b'\\' => self.at += 2,
                b'`' => {
                    self.at += 1;
                    self.push(Kind::Value, start, false);
                    return Some(());
                }
                b'$' if self.peek(1) == b'{' => {
                    self.at += 2;
                    self.open.push(Open::Template);
                    self.push(Kind::Value, start, true);
                    return Some(());
                }
                _ => self.at += 1,
            }
        }
    }

    fn word(&mut self, start: usize) {
        self.skip_while(is_word);
        let after_dot = self.tokens.last().is_some_and(|token| token.kind == Kind::Punct(b'.'));
        let regex_allowed = !after_dot && is_operator_word(&self.source[start..self.at]);
        self.push(Kind::Word, start, regex_allowed);
    }

    fn last_word(&self) -> &[u8] {
        match self.tokens.last() {
            Some(token) if token.kind == Kind::Word => &self.source[token.start..token.end],
            _ => b"",
        }
    }

    fn punctuation(&mut self, byte: u8, start: usize) -> Option<()> {
        self.at += 1;
        let regex_allowed = match byte {
            b'(' => {
                let head = matches!(self.last_word(), b"if" | b"while" | b"for" | b"with");
                self.open.push(if head { Open::Head } else { Open::Group });
                true
            }
            b'[' => {
                self.open.push(Open::Group);
                true
            }
            b'{' => {
                self.open.push(if self.opens_object() { Open::Object } else { Open::Block });
                true
            }
            b'}' if self.open.last() == Some(&Open::Template) => {
                self.open.pop();
                return self.template(start);
            }
            b')' | b']' | b'}' => matches!(self.open.pop()?, Open::Head | Open::Block),
            // After `x++` a slash divides; after `+ +` it hardly ever stands.
            b'+' | b'-' => !self.tokens.last().is_some_and(|t| t.kind == Kind::Punct(byte) && t.end == start),
            _ => true,
        };
        self.push(Kind::Punct(byte), start, regex_allowed);
        Some(())
    }

    /// Whether a `{` here begins an object literal: it does where a value is expected.
    fn opens_object(&self) -> bool {
        match self.tokens.last().map(|token| token.kind) {
            Some(Kind::Punct(byte)) => match byte {
                b'>' => false,
                b':' => self.open.last() == Some(&Open::Object),
                b';' | b'{' | b'}' | b')' => false,
                _ => true,
            },
            Some(Kind::Word) => {
                !matches!(self.last_word(), b"else" | b"do") && is_operator_word(self.last_word())
            }
            Some(Kind::Value) => self.open.last() == Some(&Open::Template),
            Some(Kind::String) | None => false,
        }
    }
}

/// Bytes of identifiers; all of UTF-8 beyond ASCII counts.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// Keywords after which a value is expected.
fn is_operator_word(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 14] = [
        b"return",
        b"typeof",
        b"case",
        b"do",
        b"else",
        b"in",
        b"instanceof",
        b"new",
        b"void",
        b"delete",
        b"throw",
        b"yield",
        b"await",
        b"of",
    ];
    WORDS.contains(&word)
}

/// The value of a string literal's inside; `None` for escapes that make no valid text (lone surrogates).
pub(super) fn string_value(inside: &str) -> Option<String> {
    if !inside.contains('\\') {
        return Some(inside.to_owned());
    }
    let mut units: Vec<u16> = Vec::new();
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        let mut buffer = [0; 2];
        if c != '\\' {
            units.extend_from_slice(c.encode_utf16(&mut buffer));
            continue;
        }
        let escaped = match chars.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '0' => '\0',
            '\n' => continue,
            'x' => {
                char::from_u32(u32::from_str_radix(&chars.by_ref().take(2).collect::<String>(), 16).ok()?)?
            }
            'u' => {
                units.extend(unicode_escape(&mut chars)?);
                continue;
            }
            other => other,
        };
        units.extend_from_slice(escaped.encode_utf16(&mut buffer));
    }
    String::from_utf16(&units).ok()
}

/// What follows `\u`.
fn unicode_escape(chars: &mut std::str::Chars<'_>) -> Option<Vec<u16>> {
    let mut rest = chars.clone();
    if rest.next()? == '{' {
        let digits: String = rest.by_ref().take_while(|c| *c != '}').collect();
        *chars = rest;
        let code = u32::from_str_radix(&digits, 16).ok()?;
        // Half a pair may be completed by what follows.
        if let Ok(unit) = u16::try_from(code) {
            return Some(vec![unit]);
        }
        return Some(char::from_u32(code)?.encode_utf16(&mut [0; 2]).to_vec());
    }
    let digits: String = chars.by_ref().take(4).collect();
    u16::from_str_radix(&digits, 16).ok().map(|unit| vec![unit])
}
