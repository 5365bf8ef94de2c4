//! URI handling functions (19.2.6) and Annex B's escape and unescape.

use crate::text::{TextBuf, code_point_at};
use looplab_vm::{Args, Chars, Completion, Intrinsic, Scope, Thrown};

/// Installs the functions.
pub fn install(s: &mut Scope<'_>) {
    let g = s.global_object();
    s.method(g, "decodeURI", 1, decode_uri);
    s.method(g, "decodeURIComponent", 1, decode_uri_component);
    s.method(g, "encodeURI", 1, encode_uri);
    s.method(g, "encodeURIComponent", 1, encode_uri_component);
    s.method(g, "escape", 1, escape);
    s.method(g, "unescape", 1, unescape);
}

const MARKS: &[u8] = b"-_.!~*'()";
const RESERVED: &[u8] = b";/?:@&=+$,";
const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn malformed(s: &mut Scope<'_>) -> Thrown {
    s.throw_error(Intrinsic::URIErrorPrototype, "URI malformed")
}

fn encode<'s>(s: &mut Scope<'s>, args: &Args<'s>, keep: &[&[u8]]) -> Completion<'s> {
    let text = s.to_string(args.get(0))?;
    let c = s.chars(text);
    let kept = |u: u16| {
        u < 128 && ((u as u8).is_ascii_alphanumeric() || keep.iter().any(|k| k.contains(&(u as u8))))
    };
    if c.iter().all(kept) {
        return Ok(text);
    }
    let mut out: Vec<u8> = Vec::with_capacity(c.len() * 2);
    let mut i = 0;
    let mut bad = false;
    while i < c.len() {
        let u = c.at(i);
        if kept(u) {
            out.push(u as u8);
            i += 1;
            continue;
        }
        let (cp, n) = code_point_at(c, i);
        let Some(ch) = char::from_u32(cp) else {
            bad = true;
            break;
        };
        for &b in ch.encode_utf8(&mut [0; 4]).as_bytes() {
            out.extend([b'%', HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
        }
        i += n;
    }
    if bad {
        return Err(malformed(s));
    }
    crate::text::check_length(s, out.len())?;
    Ok(s.str_latin1(&out))
}

fn encode_uri<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    encode(s, args, &[MARKS, RESERVED, b"#"])
}

fn encode_uri_component<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    encode(s, args, &[MARKS])
}

fn hex_byte(c: Chars<'_>, i: usize) -> Option<u8> {
    if i + 3 > c.len() || c.at(i) != u16::from(b'%') {
        return None;
    }
    let d = |u: u16| char::from_u32(u32::from(u)).and_then(|c| c.to_digit(16));
    Some((d(c.at(i + 1))? * 16 + d(c.at(i + 2))?) as u8)
}

/// Decodes; `None`: malformed. Characters of `preserve` stay escaped.
fn decode_chars(c: Chars<'_>, preserve: &[u8]) -> Option<TextBuf> {
    let mut out = TextBuf::with_capacity(c.len());
    let mut i = 0;
    while i < c.len() {
        if c.at(i) != u16::from(b'%') {
            out.push_unit(c.at(i));
            i += 1;
            continue;
        }
        let first = hex_byte(c, i)?;
        let n = match first {
            0..0x80 => 1,
            0xC2..0xE0 => 2,
            0xE0..0xF0 => 3,
            0xF0..0xF5 => 4,
            _ => return None,
        };
        let mut bytes = [first, 0, 0, 0];
        for (k, b) in bytes.iter_mut().enumerate().take(n).skip(1) {
            *b = hex_byte(c, i + 3 * k)?;
        }
        // The standard library knows which sequences are UTF-8 (no surrogates, no overlong forms).
        let t = std::str::from_utf8(&bytes[..n]).ok()?;
        if n == 1 && preserve.contains(&first) {
            out.push(c.slice(i, i + 3));
        } else {
            out.push_str(t);
        }
        i += 3 * n;
    }
    Some(out)
}

fn decode<'s>(s: &mut Scope<'s>, args: &Args<'s>, preserve: &[u8]) -> Completion<'s> {
    let text = s.to_string(args.get(0))?;
    let c = s.chars(text);
    if !c.iter().any(|u| u == u16::from(b'%')) {
        return Ok(text);
    }
    match decode_chars(c, preserve) {
        Some(out) => out.finish(s),
        None => Err(malformed(s)),
    }
}

fn decode_uri<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    decode(s, args, b";/?:@&=+$,#")
}

fn decode_uri_component<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    decode(s, args, b"")
}

fn escape<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = s.to_string(args.get(0))?;
    let c = s.chars(text);
    let mut out: Vec<u8> = Vec::with_capacity(c.len());
    for u in c.iter() {
        match u8::try_from(u) {
            Ok(b) if b.is_ascii_alphanumeric() || b"@*_+-./".contains(&b) => out.push(b),
            Ok(b) => out.extend([b'%', HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]),
            Err(_) => {
                out.extend(*b"%u");
                (0..4).rev().for_each(|k| out.push(HEX[usize::from(u >> (4 * k) & 15)]));
            }
        }
    }
    crate::text::check_length(s, out.len())?;
    Ok(s.str_latin1(&out))
}

fn unescape<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = s.to_string(args.get(0))?;
    let c = s.chars(text);
    let mut out = TextBuf::with_capacity(c.len());
    let hex = |from: usize, n: usize| {
        (from + n <= c.len()).then_some(())?;
        (from..from + n).try_fold(0u16, |a, i| {
            char::from_u32(u32::from(c.at(i))).and_then(|x| x.to_digit(16)).map(|d| a << 4 | d as u16)
        })
    };
    let mut i = 0;
    while i < c.len() {
        let percent = c.at(i) == u16::from(b'%');
        if percent && i + 1 < c.len() && c.at(i + 1) == u16::from(b'u') {
            if let Some(u) = hex(i + 2, 4) {
                out.push_unit(u);
                i += 6;
                continue;
            }
        } else if percent && let Some(u) = hex(i + 1, 2) {
            out.push_unit(u);
            i += 3;
            continue;
        }
        out.push_unit(c.at(i));
        i += 1;
    }
    out.finish(s)
}
