//! The JSON parser: no recursion, so nesting is limited by memory only.

use super::error::{Error, Kind};
use looplab_vm::{Builder, Chars};

/// A code unit of the text: a byte of Latin-1 or of UTF-16 two.
pub(super) trait Unit: Copy {
    /// Its value.
    fn value(self) -> u16;
    /// A text of such units.
    fn chars(text: &[Self]) -> Chars<'_>;
    /// How many units at the beginning need no attention in a string: no quote, backslash or control character.
    fn plain(text: &[Self]) -> usize;
}

/// Whether a unit ends the plain part of a string.
#[inline]
fn is_special(u: u16) -> bool {
    u < 0x20 || u == 0x22 || u == 0x5C
}

impl Unit for u8 {
    #[inline]
    fn value(self) -> u16 {
        u16::from(self)
    }
    #[inline]
    fn chars(text: &[u8]) -> Chars<'_> {
        Chars::Latin1(text)
    }
    #[inline]
    fn plain(text: &[u8]) -> usize {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x8080_8080_8080_8080;
        let mut n = 0;
        // Eight at a time: a byte's high bit is set when it is below 0x20, a quote or a backslash (or behind one such).
        for c in text.chunks_exact(8) {
            let w = u64::from_le_bytes(c.try_into().unwrap_or([0; 8]));
            let zero = |x: u64| x.wrapping_sub(ONES) & !x;
            let low = w.wrapping_sub(ONES * 0x20) & !w;
            let hit = (low | zero(w ^ (ONES * 0x22)) | zero(w ^ (ONES * 0x5C))) & HIGH;
            if hit != 0 {
                return n + hit.trailing_zeros() as usize / 8;
            }
            n += 8;
        }
        n + text[n..].iter().position(|&b| is_special(u16::from(b))).unwrap_or(text.len() - n)
    }
}

impl Unit for u16 {
    #[inline]
    fn value(self) -> u16 {
        self
    }
    #[inline]
    fn chars(text: &[u16]) -> Chars<'_> {
        Chars::Utf16(text)
    }
    #[inline]
    fn plain(text: &[u16]) -> usize {
        text.iter().position(|&u| is_special(u)).unwrap_or(text.len())
    }
}

/// Who is told what the text says, in its order.
pub(super) trait Sink {
    /// A primitive begins here.
    fn at(&mut self, _start: usize) {}
    /// The primitive told last ends here.
    fn to(&mut self, _end: usize) {}
    fn null(&mut self);
    fn bool(&mut self, b: bool);
    fn int(&mut self, i: i32);
    fn number(&mut self, d: f64);
    fn string(&mut self, c: Chars<'_>);
    fn key(&mut self, c: Chars<'_>);
    fn open(&mut self);
    fn close_array(&mut self);
    fn close_object(&mut self);
}

impl Sink for Builder<'_> {
    #[inline]
    fn null(&mut self) {
        Builder::null(self);
    }
    #[inline]
    fn bool(&mut self, b: bool) {
        Builder::bool(self, b);
    }
    #[inline]
    fn int(&mut self, i: i32) {
        Builder::int(self, i);
    }
    #[inline]
    fn number(&mut self, d: f64) {
        Builder::number(self, d);
    }
    #[inline]
    fn string(&mut self, c: Chars<'_>) {
        match c {
            Chars::Latin1(b) => self.latin1(b),
            Chars::Utf16(u) => self.units(u),
        }
    }
    #[inline]
    fn key(&mut self, c: Chars<'_>) {
        match c {
            Chars::Latin1(b) => self.key_latin1(b),
            Chars::Utf16(u) => self.key_units(u),
        }
    }
    #[inline]
    fn open(&mut self) {
        Builder::open(self);
    }
    #[inline]
    fn close_array(&mut self) {
        Builder::close_array(self);
    }
    #[inline]
    fn close_object(&mut self) {
        Builder::close_object(self);
    }
}

/// A parser over a text.
pub(super) struct Parser<'t, U> {
    text: &'t [U],
    at: usize,
    /// A string with escapes, decoded.
    decoded: Vec<u16>,
}

type Parsed = Result<(), Error>;

impl<'t, U: Unit> Parser<'t, U> {
    pub(super) fn new(text: &'t [U]) -> Parser<'t, U> {
        Parser { text, at: 0, decoded: Vec::new() }
    }

    #[inline]
    fn peek(&self) -> Option<u16> {
        self.text.get(self.at).map(|u| u.value())
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.peek(), Some(9 | 10 | 13 | 32)) {
            self.at += 1;
        }
    }

    fn fail(&self, kind: Kind) -> Parsed {
        Err(Error::new(kind, self.at))
    }

    /// The whole text: one value and nothing behind it.
    pub(super) fn run(mut self, sink: &mut impl Sink) -> Parsed {
        // What is open: true for objects.
        let mut open: Vec<bool> = Vec::new();
        'value: loop {
            self.space();
            match self.peek() {
                Some(0x7B) => {
                    self.at += 1;
                    sink.open();
                    self.space();
                    if self.peek() != Some(0x7D) {
                        self.key(sink, Kind::PropertyNameOrBrace)?;
                        open.push(true);
                        continue 'value;
                    }
                    self.at += 1;
                    sink.close_object();
                }
                Some(0x5B) => {
                    self.at += 1;
                    sink.open();
                    self.space();
                    if self.peek() != Some(0x5D) {
                        open.push(false);
                        continue 'value;
                    }
                    self.at += 1;
                    sink.close_array();
                }
                _ => self.primitive(sink)?,
            }
            if self.after_value(sink, &mut open)? {
                return Ok(());
            }
        }
    }

    /// Closes what ends here; true at the end of the text, false when another value follows.
    #[inline]
    fn after_value(&mut self, sink: &mut impl Sink, open: &mut Vec<bool>) -> Result<bool, Error> {
        loop {
            self.space();
            let next = self.peek();
            match open.last() {
                None if next.is_none() => return Ok(true),
                None => self.fail(Kind::AfterJson)?,
                Some(false) => match next {
                    Some(0x2C) => {
                        self.at += 1;
                        return Ok(false);
                    }
                    Some(0x5D) => sink.close_array(),
                    _ => self.fail(Kind::CommaOrBracket)?,
                },
                Some(true) => match next {
                    Some(0x2C) => {
                        self.at += 1;
                        self.space();
                        self.key(sink, Kind::QuotedPropertyName)?;
                        return Ok(false);
                    }
                    Some(0x7D) => sink.close_object(),
                    _ => self.fail(Kind::CommaOrBrace)?,
                },
            }
            self.at += 1;
            open.pop();
        }
    }

    #[inline]
    fn key(&mut self, sink: &mut impl Sink, otherwise: Kind) -> Parsed {
        if self.peek() != Some(0x22) {
            return self.fail(otherwise);
        }
        match self.string()? {
            Some((from, to)) => sink.key(U::chars(&self.text[from..to])),
            None => sink.key(Chars::Utf16(&self.decoded)),
        }
        self.space();
        if self.peek() != Some(0x3A) {
            return self.fail(Kind::Colon);
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn primitive(&mut self, sink: &mut impl Sink) -> Parsed {
        sink.at(self.at);
        match self.peek() {
            Some(0x22) => match self.string()? {
                Some((from, to)) => sink.string(U::chars(&self.text[from..to])),
                None => sink.string(Chars::Utf16(&self.decoded)),
            },
            Some(0x2D | 0x30..=0x39) => self.number(sink)?,
            Some(0x74) => {
                self.word(b"true")?;
                sink.bool(true);
            }
            Some(0x66) => {
                self.word(b"false")?;
                sink.bool(false);
            }
            Some(0x6E) => {
                self.word(b"null")?;
                sink.null();
            }
            None => self.fail(Kind::End)?,
            Some(_) => self.fail(Kind::Token)?,
        }
        sink.to(self.at);
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Parsed {
        for &b in word {
            match self.peek() {
                Some(u) if u == u16::from(b) => self.at += 1,
                None => return self.fail(Kind::End),
                Some(_) => return self.fail(Kind::Token),
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while matches!(self.peek(), Some(0x30..=0x39)) {
            self.at += 1;
        }
        self.at - from
    }

    #[inline]
    fn number(&mut self, sink: &mut impl Sink) -> Parsed {
        let from = self.at;
        let negative = self.peek() == Some(0x2D);
        if negative {
            self.at += 1;
        }
        match self.peek() {
            Some(0x30) => {
                self.at += 1;
                if matches!(self.peek(), Some(0x30..=0x39)) {
                    return self.fail(Kind::Number);
                }
            }
            Some(0x31..=0x39) => {
                self.digits();
            }
            _ => return self.fail(Kind::NoNumberAfterMinus),
        }
        let first = from + usize::from(negative);
        if !matches!(self.peek(), Some(0x2E | 0x45 | 0x65)) && self.at - first <= 9 {
            let n = self.text[first..self.at].iter().fold(0, |n, u| n * 10 + i32::from(u.value() - 0x30));
            match n {
                0 if negative => sink.number(-0.0),
                n if negative => sink.int(-n),
                n => sink.int(n),
            }
            return Ok(());
        }
        self.fraction(from, sink)
    }

    /// The rest of a number that is no small integer.
    fn fraction(&mut self, from: usize, sink: &mut impl Sink) -> Parsed {
        if self.peek() == Some(0x2E) {
            self.at += 1;
            if self.digits() == 0 {
                return self.fail(Kind::Fraction);
            }
        }
        if matches!(self.peek(), Some(0x45 | 0x65)) {
            self.at += 1;
            if matches!(self.peek(), Some(0x2B | 0x2D)) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.fail(Kind::Exponent);
            }
        }
        let text: String = self.text[from..self.at].iter().map(|u| u.value() as u8 as char).collect();
        sink.number(text.parse().unwrap_or(f64::NAN));
        Ok(())
    }

    /// A string: where its characters stand in the text, or none when they are in `decoded`.
    #[inline]
    fn string(&mut self) -> Result<Option<(usize, usize)>, Error> {
        self.at += 1;
        let from = self.at;
        self.at += U::plain(&self.text[from..]);
        if self.peek() == Some(0x22) {
            self.at += 1;
            return Ok(Some((from, self.at - 1)));
        }
        self.escaped_string(from)?;
        Ok(None)
    }

    fn escaped_string(&mut self, from: usize) -> Parsed {
        self.decoded.clear();
        self.decoded.extend(self.text[from..self.at].iter().map(|u| u.value()));
        loop {
            match self.peek() {
                Some(0x22) => {
                    self.at += 1;
                    return Ok(());
                }
                Some(0x5C) => {
                    self.at += 1;
                    let u = self.escape()?;
                    self.decoded.push(u);
                }
                None => return self.fail(Kind::UnterminatedString),
                Some(_) => return self.fail(Kind::ControlCharacter),
            }
            let n = U::plain(&self.text[self.at..]);
            self.decoded.extend(self.text[self.at..self.at + n].iter().map(|u| u.value()));
            self.at += n;
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<u16, Error> {
        let u = match self.peek() {
            Some(u @ (0x22 | 0x5C | 0x2F)) => u,
            Some(0x62) => 8,
            Some(0x66) => 12,
            Some(0x6E) => 10,
            Some(0x72) => 13,
            Some(0x74) => 9,
            Some(0x75) => {
                let mut value = 0;
                for _ in 0..4 {
                    self.at += 1;
                    let digit = self.peek().and_then(|u| char::from_u32(u32::from(u))?.to_digit(16));
                    let Some(d) = digit else { return Err(Error::new(Kind::UnicodeEscape, self.at)) };
                    value = value << 4 | d as u16;
                }
                value
            }
            None => return Err(Error::new(Kind::End, self.at)),
            // V8 has other words for characters beyond Latin-1 here.
            Some(0x100..) => return Err(Error::new(Kind::Token, self.at)),
            Some(_) => return Err(Error::new(Kind::Escape, self.at)),
        };
        self.at += 1;
        Ok(u)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_stops_at_the_first_special_byte() {
        for special in [0u8, 0x1F, b'"', b'\\'] {
            for at in 0..20 {
                let mut t = vec![b'a'; 24];
                t[at] = special;
                assert_eq!(u8::plain(&t), at);
            }
        }
        let all: Vec<u8> = (0x20..=0xFF).filter(|b| *b != b'"' && *b != b'\\').collect();
        assert_eq!(u8::plain(&all), all.len());
    }
}
