//! Node's text encodings: names, JavaScript strings to bytes, bytes to JavaScript strings.

use crate::errors;
use looplab_engine::{Chars, Completion, Local, MAX_LENGTH, Scope, Thrown};

/// An encoding Node knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Encoding {
    Utf8,
    Utf16le,
    Latin1,
    Ascii,
    Base64,
    Base64url,
    Hex,
}

impl Encoding {
    /// The encoding of a name, in any case.
    pub(crate) fn parse(name: &str) -> Option<Encoding> {
        const NAMES: &[(&str, Encoding)] = &[
            ("utf8", Encoding::Utf8),
            ("utf-8", Encoding::Utf8),
            ("hex", Encoding::Hex),
            ("base64", Encoding::Base64),
            ("latin1", Encoding::Latin1),
            ("binary", Encoding::Latin1),
            ("ascii", Encoding::Ascii),
            ("utf16le", Encoding::Utf16le),
            ("utf-16le", Encoding::Utf16le),
            ("ucs2", Encoding::Utf16le),
            ("ucs-2", Encoding::Utf16le),
            ("base64url", Encoding::Base64url),
        ];
        NAMES.iter().find(|n| n.0.eq_ignore_ascii_case(name)).map(|n| n.1)
    }

    /// Its normalised name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf8",
            Encoding::Utf16le => "utf16le",
            Encoding::Latin1 => "latin1",
            Encoding::Ascii => "ascii",
            Encoding::Base64 => "base64",
            Encoding::Base64url => "base64url",
            Encoding::Hex => "hex",
        }
    }

    /// The encoding an argument names: UTF-8 when it is no string or empty; ERR_UNKNOWN_ENCODING for other names.
    pub(crate) fn of_argument(s: &mut Scope<'_>, v: Local<'_>) -> Result<Encoding, Thrown> {
        if !v.is_string() {
            return Ok(Encoding::Utf8);
        }
        let name = s.to_utf8_lossy(v);
        if name.is_empty() {
            return Ok(Encoding::Utf8);
        }
        match Encoding::parse(&name) {
            Some(e) => Ok(e),
            None => Err(unknown(s, &name)),
        }
    }
}

/// ERR_UNKNOWN_ENCODING.
pub(crate) fn unknown(s: &mut Scope<'_>, name: &str) -> Thrown {
    errors::throw(s, errors::Kind::Type, "ERR_UNKNOWN_ENCODING", &format!("Unknown encoding: {name}"))
}

/// A string as bytes.
pub(crate) fn encode(c: Chars<'_>, e: Encoding) -> Vec<u8> {
    match e {
        Encoding::Utf8 => c.to_utf8().into_bytes(),
        Encoding::Utf16le => c.iter().flat_map(u16::to_le_bytes).collect(),
        Encoding::Latin1 | Encoding::Ascii => match c {
            Chars::Latin1(b) => b.to_vec(),
            Chars::Utf16(u) => u.iter().map(|&u| u as u8).collect(),
        },
        Encoding::Base64 | Encoding::Base64url => match c {
            Chars::Latin1(b) => crate::node::base64_decode(b),
            // What is beyond Latin-1 ends the text, as padding does.
            Chars::Utf16(u) => {
                let b: Vec<u8> = u.iter().map(|&u| u8::try_from(u).unwrap_or(b'=')).collect();
                crate::node::base64_decode(&b)
            }
        },
        Encoding::Hex => hex_decode(c),
    }
}

/// How many bytes [`encode`] would give (for base64 by Node's estimate from the length).
pub(crate) fn byte_length(c: Chars<'_>, e: Encoding) -> usize {
    let n = c.len();
    match e {
        Encoding::Utf8 => utf8_length(c),
        Encoding::Utf16le => n * 2,
        Encoding::Latin1 | Encoding::Ascii => n,
        Encoding::Hex => n / 2,
        Encoding::Base64 | Encoding::Base64url => {
            let pad = (0..2).take_while(|i| *i < n && c.at(n - 1 - i) == u16::from(b'=')).count();
            (n - pad) * 3 / 4
        }
    }
}

fn utf8_length(c: Chars<'_>) -> usize {
    match c {
        Chars::Latin1(b) => b.len() + b.iter().filter(|&&b| b >= 0x80).count(),
        Chars::Utf16(u) => char::decode_utf16(u.iter().copied()).map(|r| r.map_or(3, char::len_utf8)).sum(),
    }
}

/// Pairs of hexadecimal digits up to the first that is none.
fn hex_decode(c: Chars<'_>) -> Vec<u8> {
    let digit = |i: usize| char::from_u32(u32::from(c.at(i))).and_then(|d| d.to_digit(16));
    let mut out = Vec::with_capacity(c.len() / 2);
    for i in (0..c.len() & !1).step_by(2) {
        let (Some(hi), Some(lo)) = (digit(i), digit(i + 1)) else { break };
        out.push((hi * 16 + lo) as u8);
    }
    out
}

/// Bytes as a string. ERR_STRING_TOO_LONG when there is no room for it.
pub(crate) fn decode<'s>(s: &mut Scope<'s>, b: &[u8], e: Encoding) -> Completion<'s> {
    let units = match e {
        Encoding::Hex => b.len().saturating_mul(2),
        Encoding::Base64 | Encoding::Base64url => b.len().div_ceil(3).saturating_mul(4),
        Encoding::Utf16le => b.len() / 2,
        // Non-ASCII text gets shorter; only what is certainly too long is refused before it is decoded.
        Encoding::Utf8 if !b.is_ascii() => b.len() / 3,
        _ => b.len(),
    };
    if units > MAX_LENGTH {
        return Err(too_long(s));
    }
    Ok(match e {
        Encoding::Utf8 => return decode_utf8(s, b),
        Encoding::Utf16le => {
            let units: Vec<u16> = b.chunks_exact(2).map(|p| u16::from_le_bytes([p[0], p[1]])).collect();
            s.str_units(&units)
        }
        Encoding::Latin1 => s.str_latin1(b),
        Encoding::Ascii if b.is_ascii() => s.str_latin1(b),
        Encoding::Ascii => {
            let low: Vec<u8> = b.iter().map(|b| b & 0x7f).collect();
            s.str_latin1(&low)
        }
        Encoding::Base64 => s.str_latin1(&base64_encode(b, STANDARD, true)),
        Encoding::Base64url => s.str_latin1(&base64_encode(b, URL_SAFE, false)),
        Encoding::Hex => {
            let hex: Vec<u8> =
                b.iter().flat_map(|b| [HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]).collect();
            s.str_latin1(&hex)
        }
    })
}

/// UTF-8 with the WHATWG's replacement rule (one U+FFFD for each maximal part of an ill-formed sequence).
pub(crate) fn decode_utf8<'s>(s: &mut Scope<'s>, b: &[u8]) -> Completion<'s> {
    if b.is_ascii() {
        return Ok(s.str_latin1(b));
    }
    let text = String::from_utf8_lossy(b);
    if text.len() > MAX_LENGTH && text.encode_utf16().count() > MAX_LENGTH {
        return Err(too_long(s));
    }
    Ok(s.str(&text))
}

/// ERR_STRING_TOO_LONG.
pub(crate) fn too_long(s: &mut Scope<'_>) -> Thrown {
    let m = format!("Cannot create a string longer than {MAX_LENGTH:#x} characters");
    errors::throw(s, errors::Kind::Error, "ERR_STRING_TOO_LONG", &m)
}

pub(crate) const HEX: &[u8; 16] = b"0123456789abcdef";
pub(crate) const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 with this alphabet.
pub(crate) fn base64_encode(b: &[u8], alphabet: &[u8; 64], pad: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(b.len().div_ceil(3) * 4);
    for chunk in b.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, &b| n << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(alphabet[(n >> (18 - 6 * i)) as usize & 63]);
            } else if pad {
                out.push(b'=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_as_it_should() {
        let enc = |b: &[u8]| String::from_utf8(base64_encode(b, STANDARD, true)).unwrap();
        assert_eq!([enc(b""), enc(b"f"), enc(b"fo"), enc(b"foo")], ["", "Zg==", "Zm8=", "Zm9v"]);
        assert_eq!(base64_encode(&[0xfb, 0xff], URL_SAFE, false), b"-_8");
    }

    #[test]
    fn hex_stops_at_the_first_stranger() {
        assert_eq!(encode(Chars::Latin1(b"0aFfzz11"), Encoding::Hex), [0x0a, 0xff]);
        assert_eq!(encode(Chars::Latin1(b"abc"), Encoding::Hex), [0xab]);
    }

    #[test]
    fn lengths_agree_with_encoding() {
        for text in ["", "abc", "h\u{e9}llo", "\u{1f600}x"] {
            let u: Vec<u16> = text.encode_utf16().collect();
            for e in [Encoding::Utf8, Encoding::Utf16le, Encoding::Latin1] {
                assert_eq!(byte_length(Chars::Utf16(&u), e), encode(Chars::Utf16(&u), e).len());
            }
        }
        assert_eq!(byte_length(Chars::Latin1(b"YQ=="), Encoding::Base64), 1);
    }
}
