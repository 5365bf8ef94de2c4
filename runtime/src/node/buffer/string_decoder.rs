//! `string_decoder`: text out of chunks that may end in the middle of a character.

use super::encoding::{self, Encoding};
use super::{define, new_buffer, put};
use crate::errors;
use crate::modules::{register_value, registered};
use looplab_engine::{Args, Class, Completion, HostData, Intrinsic, Local, NativeFn, Scope, Thrown, Visitor};

/// What a decoder remembers between chunks.
struct State {
    encoding: Encoding,
    /// The beginning of a character (or group) that is not complete yet: at most 3 bytes.
    pending: Vec<u8>,
}

impl HostData for State {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

impl State {
    /// Splits what can be decoded now off; the rest waits.
    fn feed(&mut self, chunk: &[u8]) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.pending);
        let begun = all.len();
        all.extend_from_slice(chunk);
        let keep = match self.encoding {
            // Node's decoder counts what the first byte announces and does not look whether the rest can still fit.
            Encoding::Utf8 => announced_utf8(&all),
            // An odd byte is waited for alone, unless a surrogate pair had begun before it.
            Encoding::Utf16le if all.len() % 2 == 1 && !(all.len() == 3 && begun == 2) => 1,
            e => incomplete(e, &all),
        };
        self.pending = all.split_off(all.len() - keep);
        all
    }

    /// Bytes the pending character has, and bytes it will have.
    fn needs(&self) -> (usize, usize) {
        let have = self.pending.len();
        if have == 0 {
            return (0, 0);
        }
        let total = match self.encoding {
            Encoding::Utf8 => utf8_size(self.pending[0]).max(have + 1),
            Encoding::Utf16le if have >= 2 => 4,
            Encoding::Utf16le => 2,
            _ => 3,
        };
        (total.saturating_sub(have), total)
    }
}

/// How many bytes at the end wait for more.
pub(super) fn incomplete(e: Encoding, b: &[u8]) -> usize {
    match e {
        Encoding::Utf8 => incomplete_utf8(b),
        Encoding::Utf16le => incomplete_utf16(b),
        Encoding::Base64 | Encoding::Base64url => b.len() % 3,
        _ => 0,
    }
}

fn utf8_size(lead: u8) -> usize {
    match lead {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    }
}

/// How many bytes at the end belong to a character whose first byte announces more than there are.
fn announced_utf8(b: &[u8]) -> usize {
    let lead = b.iter().rev().take(3).position(|b| b & 0xC0 != 0x80);
    lead.map_or(0, |i| {
        let size = match b[b.len() - 1 - i] {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            _ => 0,
        };
        if size > i + 1 { i + 1 } else { 0 }
    })
}

/// How many bytes at the end are a character that more bytes could complete.
fn incomplete_utf8(b: &[u8]) -> usize {
    for n in 1..=b.len().min(3) {
        let tail = &b[b.len() - n..];
        if tail[0] & 0xC0 != 0x80 {
            let open = utf8_size(tail[0]) > n
                && std::str::from_utf8(tail).is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none());
            return if open { n } else { 0 };
        }
    }
    0
}

fn incomplete_utf16(b: &[u8]) -> usize {
    let odd = b.len() % 2;
    let even = &b[..b.len() - odd];
    let high = even.len() >= 2 && (0xD8..0xDC).contains(&even[even.len() - 1]);
    odd + if high { 2 } else { 0 }
}

/// The exports of `string_decoder`.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let proto = s.new_object();
    let class = s.constructor("StringDecoder", 1, construct, proto);
    register_value(s, "StringDecoder.prototype", proto);
    define(s, proto, "write", 1, write);
    define(s, proto, "end", 1, end);
    define(s, proto, "text", 2, text);
    for (name, f) in [("lastChar", last_char as NativeFn), ("lastNeed", last_need), ("lastTotal", last_total)]
    {
        let k = s.key(name);
        s.getter(proto, k, f);
    }
    put(s, o, "StringDecoder", class);
    Ok(o)
}

fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = args.get(0);
    let e = if name.is_nullish() {
        Encoding::Utf8
    } else {
        let text = s.to_text(name)?;
        match Encoding::parse(&text) {
            Some(e) => e,
            None if text.is_empty() => Encoding::Utf8,
            None => return Err(encoding::unknown(s, &text)),
        }
    };
    let proto = if args.new_target().is_object() {
        s.prototype_from_constructor(args.new_target(), Intrinsic::ObjectPrototype)?
    } else {
        registered(s, "StringDecoder.prototype")
    };
    let o = s.new_object_of(Class::Host, proto);
    s.set_host_data(o, Box::new(State { encoding: e, pending: Vec::new() }));
    let name = s.str(e.name());
    put(s, o, "encoding", name);
    // `StringDecoder.call(object)`, as old subclasses do: the object becomes a decoder that keeps its state in this one.
    let this = args.this();
    if args.new_target().is_undefined() && this.is_object() && !this.is_class(Class::Host) {
        put(s, this, "encoding", name);
        let k = s.key(INNER);
        s.define_hidden(this, k, o);
    }
    Ok(o)
}

/// Where an object that was made a decoder by `StringDecoder.call` keeps the real one.
const INNER: &str = "looplab.decoder";

/// The object that holds the state of `this`.
fn holder<'s>(s: &mut Scope<'s>, this: Local<'s>) -> Completion<'s> {
    if !this.is_object() || s.host_data::<State>(this).is_some() {
        return Ok(this);
    }
    let k = s.key(INNER);
    let inner = s.get(this, k)?;
    Ok(if inner.is_object() { inner } else { this })
}

fn state<'a, 's>(s: &'a mut Scope<'s>, this: Local<'s>) -> Result<&'a mut State, Thrown> {
    let this = holder(s, this)?;
    if s.host_data::<State>(this).is_none() {
        let m = "Value of \"this\" must be of type StringDecoder";
        return Err(errors::throw(s, errors::Kind::Type, "ERR_INVALID_THIS", m));
    }
    Ok(s.host_data_mut::<State>(this).expect("looked at above"))
}

fn decode_chunk<'s>(s: &mut Scope<'s>, this: Local<'s>, v: Local<'s>) -> Completion<'s> {
    if v.is_string() {
        return Ok(v);
    }
    let Some(chunk) = s.view_bytes(v).map(<[u8]>::to_vec) else {
        let what = "an instance of Buffer, TypedArray, or DataView";
        return Err(errors::invalid_arg_type(s, "buf", what, v));
    };
    let st = state(s, this)?;
    let (ready, e) = (st.feed(&chunk), st.encoding);
    encoding::decode(s, &ready, e)
}

fn write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    decode_chunk(s, args.this(), args.get(0))
}

fn end<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let head = if v.is_undefined() { s.str("") } else { decode_chunk(s, args.this(), v)? };
    let st = state(s, args.this())?;
    let (mut rest, e) = (std::mem::take(&mut st.pending), st.encoding);
    if e == Encoding::Utf16le {
        rest.truncate(rest.len() & !1);
    }
    let tail = encoding::decode(s, &rest, e)?;
    s.concat(head, tail)
}

/// `decoder.text(buf, offset)`: starts afresh.
fn text<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    state(s, args.this())?.pending.clear();
    let from = s.to_integer_or_infinity(args.get(1))?.max(0.0) as usize;
    let chunk = s.view_bytes(args.get(0)).and_then(|b| b.get(from..)).unwrap_or_default().to_vec();
    let part = new_buffer(s, chunk)?;
    decode_chunk(s, args.this(), part)
}

fn last_char<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut b = state(s, args.this())?.pending.clone();
    b.resize(4, 0);
    new_buffer(s, b)
}

fn last_need<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = state(s, args.this())?.needs().0;
    Ok(s.int(n as i32))
}

fn last_total<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = state(s, args.this())?.needs().1;
    Ok(s.int(n as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_held_back_until_complete() {
        let mut st = State { encoding: Encoding::Utf8, pending: Vec::new() };
        assert_eq!(st.feed(&[0x61, 0xE2, 0x82]), b"a");
        assert_eq!(st.needs(), (1, 3));
        assert_eq!(st.feed(&[0xAC, 0x62]), "\u{20ac}b".as_bytes());
        // What can never be completed waits all the same.
        assert!(st.feed(&[0xE0, 0x80]).is_empty());
        assert_eq!(st.feed(&[0x41]), [0xE0, 0x80, 0x41]);
        let mut st = State { encoding: Encoding::Utf16le, pending: Vec::new() };
        // Half a character keeps the surrogate before it from waiting, as in Node.
        assert_eq!(st.feed(&[0x3d, 0xd8, 0x00]), [0x3d, 0xd8]);
        assert_eq!(st.feed(&[0xde]), [0x00, 0xde]);
        assert!(st.feed(&[0x3d, 0xd8]).is_empty());
        assert_eq!(st.feed(&[0x00, 0xde]), [0x3d, 0xd8, 0x00, 0xde]);
    }
}
