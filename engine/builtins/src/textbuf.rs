//! A growing text: Latin-1 as long as that is enough, UTF-16 from then on.

use looplab_vm::{Chars, Completion, Local, MAX_LENGTH, Scope};

/// Text under construction.
#[derive(Default)]
pub(crate) struct TextBuf {
    narrow: Vec<u8>,
    /// Everything so far, once something did not fit Latin-1.
    wide: Option<Vec<u16>>,
}

impl TextBuf {
    /// Code units so far.
    pub(crate) fn len(&self) -> usize {
        self.wide.as_ref().map_or(self.narrow.len(), Vec::len)
    }

    /// Appends Latin-1 bytes.
    #[inline]
    pub(crate) fn latin1(&mut self, b: &[u8]) {
        match &mut self.wide {
            None => self.narrow.extend_from_slice(b),
            Some(w) => w.extend(b.iter().map(|&b| u16::from(b))),
        }
    }

    /// Appends one Latin-1 byte.
    #[inline]
    pub(crate) fn byte(&mut self, b: u8) {
        match &mut self.wide {
            None => self.narrow.push(b),
            Some(w) => w.push(u16::from(b)),
        }
    }

    /// Appends code units.
    pub(crate) fn units(&mut self, u: &[u16]) {
        self.widen().extend_from_slice(u);
    }

    /// Appends one code unit.
    #[inline]
    pub(crate) fn unit(&mut self, u: u16) {
        match u8::try_from(u) {
            Ok(b) => self.byte(b),
            Err(_) => self.widen().push(u),
        }
    }

    /// Appends characters.
    #[inline]
    pub(crate) fn chars(&mut self, c: Chars<'_>) {
        match c {
            Chars::Latin1(b) => self.latin1(b),
            Chars::Utf16(u) => self.units(u),
        }
    }

    /// Appends a number's decimal form; nothing for other values.
    #[inline]
    pub(crate) fn number<'s>(&mut self, s: &mut Scope<'s>, n: Local<'s>) {
        match &mut self.wide {
            None => s.append_number(n, &mut self.narrow),
            Some(w) => {
                let mut b = Vec::new();
                s.append_number(n, &mut b);
                w.extend(b.into_iter().map(u16::from));
            }
        }
    }

    /// Appends another text.
    #[inline]
    pub(crate) fn append(&mut self, o: &TextBuf) {
        match &o.wide {
            None => self.latin1(&o.narrow),
            Some(w) => self.units(w),
        }
    }

    /// Goes back to an earlier length.
    pub(crate) fn truncate(&mut self, len: usize) {
        match &mut self.wide {
            None => self.narrow.truncate(len),
            Some(w) => w.truncate(len),
        }
    }

    fn widen(&mut self) -> &mut Vec<u16> {
        let narrow = &mut self.narrow;
        self.wide.get_or_insert_with(|| std::mem::take(narrow).into_iter().map(u16::from).collect())
    }

    /// The text as a string value; a RangeError when it is too long for one.
    pub(crate) fn finish<'s>(self, s: &mut Scope<'s>) -> Completion<'s> {
        if self.len() > MAX_LENGTH {
            return Err(s.throw_range("Invalid string length"));
        }
        Ok(match &self.wide {
            None => s.str_latin1(&self.narrow),
            Some(w) => s.str_units(w),
        })
    }
}
