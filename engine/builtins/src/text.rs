//! A buffer for results that are strings: Latin-1 as long as possible, UTF-16 from the first character that needs it.

use looplab_vm::{Chars, Completion, Local, MAX_LENGTH, Scope, Thrown};

/// Text under construction.
pub enum TextBuf {
    /// One byte a code unit.
    Latin1(Vec<u8>),
    /// Two bytes a code unit.
    Utf16(Vec<u16>),
}

impl TextBuf {
    /// An empty buffer with room for `n` units.
    pub fn with_capacity(n: usize) -> TextBuf {
        TextBuf::Latin1(Vec::with_capacity(n))
    }

    /// Number of code units so far.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks whether a text under construction is empty")]
    pub fn len(&self) -> usize {
        match self {
            TextBuf::Latin1(b) => b.len(),
            TextBuf::Utf16(u) => u.len(),
        }
    }

    fn widen(&mut self, more: usize) -> &mut Vec<u16> {
        if let TextBuf::Latin1(b) = self {
            let mut u: Vec<u16> = Vec::with_capacity(b.len() + more.max(b.len() / 4));
            u.extend(b.iter().map(|&x| u16::from(x)));
            *self = TextBuf::Utf16(u);
        }
        match self {
            TextBuf::Utf16(u) => u,
            TextBuf::Latin1(_) => unreachable!("widened above"),
        }
    }

    /// Appends characters of a string.
    #[inline]
    pub fn push(&mut self, c: Chars<'_>) {
        match (&mut *self, c) {
            (TextBuf::Latin1(b), Chars::Latin1(x)) => b.extend_from_slice(x),
            (TextBuf::Utf16(u), Chars::Utf16(x)) => u.extend_from_slice(x),
            (TextBuf::Utf16(u), Chars::Latin1(x)) => u.extend(x.iter().map(|&b| u16::from(b))),
            (TextBuf::Latin1(_), Chars::Utf16(x)) => self.widen(x.len()).extend_from_slice(x),
        }
    }

    /// Appends one code unit.
    #[inline]
    pub fn push_unit(&mut self, c: u16) {
        match self {
            TextBuf::Latin1(b) if c < 256 => b.push(c as u8),
            TextBuf::Utf16(u) => u.push(c),
            TextBuf::Latin1(_) => self.widen(1).push(c),
        }
    }

    /// Appends a code point.
    pub fn push_code_point(&mut self, c: u32) {
        if c < 0x10000 {
            return self.push_unit(c as u16);
        }
        let c = c - 0x10000;
        self.push_unit(0xD800 + (c >> 10) as u16);
        self.push_unit(0xDC00 + (c & 0x3FF) as u16);
    }

    /// Appends UTF-8.
    pub fn push_str(&mut self, s: &str) {
        if s.is_ascii() {
            return self.push(Chars::Latin1(s.as_bytes()));
        }
        s.encode_utf16().for_each(|u| self.push_unit(u));
    }

    /// The string; a RangeError when too long.
    pub fn finish<'s>(self, s: &mut Scope<'s>) -> Completion<'s> {
        check_length(s, self.len())?;
        Ok(match &self {
            TextBuf::Latin1(b) => s.str_latin1(b),
            TextBuf::Utf16(u) => s.str_units(u),
        })
    }
}

/// "Invalid string length" when `n` units are too many for a string.
pub fn check_length(s: &mut Scope<'_>, n: usize) -> Result<(), Thrown> {
    if n > MAX_LENGTH {
        return Err(s.throw_range("Invalid string length"));
    }
    Ok(())
}

/// The code point at `i` (a lone surrogate is itself) and how many units it takes.
#[inline]
pub fn code_point_at(c: Chars<'_>, i: usize) -> (u32, usize) {
    let hi = c.at(i);
    if (0xD800..0xDC00).contains(&hi) && i + 1 < c.len() {
        let lo = c.at(i + 1);
        if (0xDC00..0xE000).contains(&lo) {
            return (0x10000 + (u32::from(hi) - 0xD800) * 0x400 + (u32::from(lo) - 0xDC00), 2);
        }
    }
    (u32::from(hi), 1)
}

/// Defines a method under a well-known symbol.
pub fn symbol_method<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    name: looplab_vm::Name,
    length: u32,
    f: looplab_vm::NativeFn,
) -> Local<'s> {
    let l = s.function(name, length, f);
    s.define_hidden(o, name, l);
    l
}

/// Defines `Symbol.toStringTag`.
pub fn tag<'s>(s: &mut Scope<'s>, o: Local<'s>, text: &str) {
    let v = s.str(text);
    let key = s.atoms().sym_to_string_tag;
    s.define_with(o, key, v, looplab_vm::CONFIGURABLE);
}

/// ToIntegerOrInfinity of a relative index argument, resolved against `len`: the clamped position.
pub fn relative(n: f64, len: usize) -> usize {
    if n < 0.0 { (len as f64 + n).max(0.0) as usize } else { n.min(len as f64) as usize }
}
