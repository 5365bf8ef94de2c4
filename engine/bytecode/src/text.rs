//! String data as JavaScript has it: a sequence of 16-bit code units, stored narrow when every unit fits a byte.

use std::fmt;

/// An immutable JavaScript string outside the heap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Text {
    /// Every code unit is below 256.
    Latin1(Box<[u8]>),
    /// At least one code unit is 256 or above; lone surrogates are allowed.
    Utf16(Box<[u16]>),
}

impl Text {
    /// From UTF-8.
    pub fn new(s: &str) -> Text {
        if s.is_ascii() {
            return Text::Latin1(s.as_bytes().into());
        }
        Text::from_units(&s.encode_utf16().collect::<Vec<_>>())
    }

    /// From code units, narrowing where possible.
    pub fn from_units(units: &[u16]) -> Text {
        if units.iter().all(|&u| u < 256) {
            Text::Latin1(units.iter().map(|&u| u as u8).collect())
        } else {
            Text::Utf16(units.into())
        }
    }

    /// The number of code units.
    pub fn len(&self) -> usize {
        match self {
            Text::Latin1(b) => b.len(),
            Text::Utf16(u) => u.len(),
        }
    }

    /// Whether there are no code units.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The code units, widened.
    pub fn units(&self) -> Vec<u16> {
        match self {
            Text::Latin1(b) => b.iter().map(|&b| u16::from(b)).collect(),
            Text::Utf16(u) => u.to_vec(),
        }
    }
}

impl fmt::Display for Text {
    /// UTF-8 with U+FFFD for lone surrogates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text::Latin1(b) => b.iter().try_for_each(|&b| write!(f, "{}", b as char)),
            Text::Utf16(u) => f.write_str(&String::from_utf16_lossy(u)),
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl From<&str> for Text {
    fn from(s: &str) -> Text {
        Text::new(s)
    }
}
