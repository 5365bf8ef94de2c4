//! Header tables: from raw lists to objects (Node's rules for repeated fields), and from tables to the bytes of a head.

use crate::errors::{self, Kind};
use crate::rt::Rt;
use looplab_engine::{ALL, Args, Chars, Completion, Local, Scope};
use looplab_net::http::encode;
use looplab_probe::{Event, Probe};

/// Fields of which only the first counts (RFC 9110 allows one; Node keeps the first).
const ONCE: &[&str] = &[
    "age",
    "authorization",
    "content-length",
    "content-type",
    "etag",
    "expires",
    "from",
    "host",
    "if-modified-since",
    "if-unmodified-since",
    "last-modified",
    "location",
    "max-forwards",
    "proxy-authorization",
    "referer",
    "retry-after",
    "server",
    "user-agent",
];

fn latin1(c: Chars<'_>) -> Option<&[u8]> {
    match c {
        Chars::Latin1(bytes) => Some(bytes),
        Chars::Utf16(_) => None,
    }
}

/// Whether a string is a token.
pub(super) fn is_token<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let yes = v.is_string() && latin1(s.chars(v)).is_some_and(encode::is_token);
    Ok(s.bool(yes))
}

/// Whether a string may stand as a header's value.
pub(super) fn is_value<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    let yes = v.is_string() && latin1(s.chars(v)).is_some_and(encode::is_value);
    Ok(s.bool(yes))
}

/// The pairs of a raw list, names in lower case.
fn pairs<'s>(s: &mut Scope<'s>, raw: Local<'s>) -> Result<Vec<(String, Local<'s>)>, looplab_engine::Thrown> {
    let list = s.list_from_array_like(raw)?;
    let mut out = Vec::with_capacity(list.len() / 2);
    for pair in list.chunks_exact(2) {
        out.push((s.to_text(pair[0])?.to_ascii_lowercase(), pair[1]));
    }
    Ok(out)
}

/// `headersOf(raw, joinDuplicates)`: `set-cookie` becomes a list, cookies are joined by `; `, what may stand once is kept once, the rest is
/// joined by `, `.
pub(super) fn headers_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.new_object();
    let join_all = args.get(1).is_true();
    for (name, value) in pairs(s, args.get(0))? {
        let k = s.key(&name);
        let first = !s.has_own(o, k)?;
        let known = if first { s.undefined() } else { s.get(o, k)? };
        let value = match name.as_str() {
            "set-cookie" if first => s.new_array(&[value]),
            "set-cookie" => {
                s.array_push(known, value);
                continue;
            }
            _ if first => value,
            "cookie" => joined(s, known, "; ", value)?,
            _ if !join_all && ONCE.contains(&name.as_str()) => continue,
            _ => joined(s, known, ", ", value)?,
        };
        s.define_with(o, k, value, ALL);
    }
    Ok(o)
}

fn joined<'s>(s: &mut Scope<'s>, a: Local<'s>, between: &str, b: Local<'s>) -> Completion<'s> {
    let between = s.str(between);
    let left = s.concat(a, between)?;
    s.concat(left, b)
}

/// `distinctOf(raw)`: every value of every name in a list.
pub(super) fn distinct_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let null = s.null();
    let o = s.new_object_with_proto(null);
    for (name, value) in pairs(s, args.get(0))? {
        let k = s.key(&name);
        let known = s.get(o, k)?;
        if known.is_undefined() {
            let list = s.new_array(&[value]);
            s.define_with(o, k, list, ALL);
        } else {
            s.array_push(known, value);
        }
    }
    Ok(o)
}

/// `head(firstLine, pairs, handle)`: the text of a head with the fields `[name, value, …]`; values may be lists. Names and values have been checked
/// where they were set; the handle is the socket's, for the log.
pub(super) fn head<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut out: Vec<u8> = Vec::with_capacity(256);
    push(s, args.get(0), &mut out)?;
    let rt = Rt::of(s);
    let number = if rt.probe.is_some() { super::number_of(s, &rt, args.get(2)) } else { 0 };
    rt.emit(|log| {
        let line = String::from_utf8_lossy(&out);
        Event::HttpSend { number, label: log.intern(line.trim_end()) }
    });
    let list = s.list_from_array_like(args.get(1))?;
    for pair in list.chunks_exact(2) {
        if pair[1].is_object() && s.is_array(pair[1])? {
            for value in s.list_from_array_like(pair[1])? {
                line(s, pair[0], value, &mut out)?;
            }
        } else {
            line(s, pair[0], pair[1], &mut out)?;
        }
    }
    out.extend_from_slice(b"\r\n");
    Ok(s.str_latin1(&out))
}

fn line<'s>(
    s: &mut Scope<'s>,
    name: Local<'s>,
    value: Local<'s>,
    out: &mut Vec<u8>,
) -> Result<(), looplab_engine::Thrown> {
    push(s, name, out)?;
    out.extend_from_slice(b": ");
    push(s, value, out)?;
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn push<'s>(s: &mut Scope<'s>, v: Local<'s>, out: &mut Vec<u8>) -> Result<(), looplab_engine::Thrown> {
    let v = s.to_string(v)?;
    match s.chars(v) {
        Chars::Latin1(bytes) => {
            out.extend_from_slice(bytes);
            Ok(())
        }
        Chars::Utf16(_) => {
            Err(errors::throw(s, Kind::Type, "ERR_INVALID_CHAR", "Invalid character in header content"))
        }
    }
}
