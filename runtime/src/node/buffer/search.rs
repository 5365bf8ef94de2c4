//! `indexOf`, `lastIndexOf` and `includes` of Buffers.

use super::encoding::{self, Encoding};
use super::{bytes_of, define, methods};
use crate::errors;
use looplab_engine::{Args, Completion, Local, Scope, Thrown};

pub(super) fn install<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    define(s, proto, "indexOf", 4, index_of);
    define(s, proto, "lastIndexOf", 4, last_index_of);
    define(s, proto, "includes", 4, includes);
}

fn index_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let at = search(s, args, true)?;
    Ok(s.num(at.map_or(-1.0, |i| i as f64)))
}

fn last_index_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let at = search(s, args, false)?;
    Ok(s.num(at.map_or(-1.0, |i| i as f64)))
}

fn includes<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let at = search(s, args, true)?;
    Ok(s.bool(at.is_some()))
}

fn search<'s>(s: &mut Scope<'s>, args: &Args<'s>, forward: bool) -> Result<Option<usize>, Thrown> {
    let n = methods::this_len(s, args.this())?;
    let (value, mut offset, mut enc) = (args.get(0), args.get(1), args.get(2));
    let mut end = n;
    if offset.is_string() {
        enc = offset;
        offset = s.undefined();
    } else if enc.is_number() {
        // indexOf(value, start, end, encoding)
        end = s.to_integer_or_infinity(enc)?.clamp(0.0, n as f64) as usize;
        enc = args.get(3);
    }
    let offset = s.to_number(offset)?;
    let offset = match offset.is_nan() {
        true if forward => 0.0,
        true => n as f64,
        false => offset.trunc(),
    };
    let mut step = 1;
    let needle = if value.is_number() {
        vec![s.to_uint32(value)? as u8]
    } else if value.is_string() {
        let e = match enc.is_undefined() {
            true => Encoding::Utf8,
            false => {
                let name = s.to_text(enc)?;
                match Encoding::parse(&name) {
                    Some(e) => e,
                    None => return Err(encoding::unknown(s, &name)),
                }
            }
        };
        if e == Encoding::Utf16le {
            step = 2;
        }
        encoding::encode(s.chars(value), e)
    } else if let Some(b) = bytes_of(s, value) {
        if enc.is_string() && Encoding::parse(&s.to_utf8_lossy(enc)) == Some(Encoding::Utf16le) {
            step = 2;
        }
        b
    } else {
        let what = "one of type number or string or an instance of Buffer or Uint8Array";
        return Err(errors::invalid_arg_type(s, "value", what, value));
    };
    let hay = methods::this_bytes(s, args.this())?;
    // A negative offset counts from the end of the whole.
    let offset = if offset < 0.0 && end < n {
        (offset + n as f64).max(if forward { 0.0 } else { -1.0 })
    } else {
        offset
    };
    if offset < 0.0 && end < n {
        return Ok(None);
    }
    Ok(find(&hay[..end.min(hay.len())], &needle, offset, forward, step))
}

/// Where `needle` stands, from `offset` on or from there backwards; matches begin at multiples of `step`.
fn find(hay: &[u8], needle: &[u8], offset: f64, forward: bool, step: usize) -> Option<usize> {
    let (n, m) = (hay.len() as f64, needle.len() as f64);
    let start = if offset < 0.0 {
        match offset + n {
            x if x >= 0.0 => x,
            _ if forward || needle.is_empty() => 0.0,
            _ => return None,
        }
    } else if offset + m <= n {
        offset
    } else if needle.is_empty() {
        n
    } else if forward {
        return None;
    } else {
        n - 1.0
    };
    let start = start.max(0.0) as usize;
    if needle.is_empty() {
        return Some(start);
    }
    let last = hay.len().checked_sub(needle.len())?;
    let fits = |i: &usize| hay[*i..*i + needle.len()] == *needle;
    if forward {
        if step == 1 && needle.len() == 1 {
            return hay[start.min(hay.len())..].iter().position(|&b| b == needle[0]).map(|i| i + start);
        }
        (start.next_multiple_of(step)..=last).step_by(step).find(fits)
    } else {
        (0..=start.min(last)).rev().filter(|i| i % step == 0).find(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn offsets_are_resolved_as_node_does() {
        let b = b"abcabc";
        assert_eq!(find(b, b"b", 0.0, true, 1), Some(1));
        assert_eq!(find(b, b"b", 2.0, true, 1), Some(4));
        assert_eq!(find(b, b"b", -3.0, true, 1), Some(4));
        assert_eq!(find(b, b"b", -99.0, true, 1), Some(1));
        assert_eq!(find(b, b"b", -99.0, false, 1), None);
        assert_eq!(find(b, b"abc", 6.0, false, 1), Some(3));
        assert_eq!(find(b, b"", 99.0, true, 1), Some(6));
        assert_eq!(find(b, b"c", 99.0, true, 1), None);
        assert_eq!(find(b"", b"", 0.0, true, 1), Some(0));
        assert_eq!(find(&[9, 0, 1, 9, 0, 1], &[0, 1], 0.0, true, 1), Some(1));
        assert_eq!(find(&[9, 0, 1, 9, 0, 1], &[0, 1], 0.0, true, 2), Some(4));
    }
}
