//! A server's answer put together and sent: `writeHead` and `end` of responses whose head and body can go out in one piece. Each function
//! here either does all of its work or none, in which case the scripts' method of the same name does it (and throws what is to be thrown).

use super::lane::{exchange_of, has_listeners, holds};
use super::parts::{Keys, Parts};
use crate::node::buffer::encoding::{self, Encoding};
use crate::node::buffer::new_buffer;
use crate::node::net::handle::write_some;
use crate::node::net::state::key_of;
use crate::node::stream::message;
use crate::rt::Rt;
use crate::ticks;
use looplab_engine::{Args, Chars, Completion, ElementType, Local, Scope, Thrown};
use looplab_event_loop::World;
use looplab_net::http::{STATUS_CODES, date, encode};
use std::borrow::Cow;
use std::io::Write;
use std::rc::Rc;

/// `writeHead(scripted)`, `end(scripted)`: the methods, which fall back on the scripted ones.
pub(super) fn write_head_method<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let k = s.key("writeHead");
    Ok(s.function_with_data(k, 3, write_head, args.get(0)))
}

pub(super) fn end_method<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let k = s.key("end");
    Ok(s.function_with_data(k, 3, end, args.get(0)))
}

/// `response.writeHead(statusCode, reason, headers)`
fn write_head<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let this = args.this();
    if let Some(parts) = rt.http.get()
        && this.is_object()
        && head_of(s, &rt, parts, this, (args.get(0), args.get(1), args.get(2)))?
    {
        return Ok(this);
    }
    s.call(args.data(), this, args.tail(0))
}

// ---- the head ----

/// What the fields that a program has set say about the message.
#[derive(Default)]
struct Said {
    connection: Option<bool>,
    length: Option<f64>,
    te: bool,
    chunked: bool,
    date: bool,
    keep_alive: bool,
}

/// Makes the head and keeps it in the response. False: it is not ordinary.
fn head_of<'s>(
    s: &mut Scope<'s>,
    rt: &Rt,
    parts: &Parts,
    res: Local<'s>,
    (status, reason, given): (Local<'s>, Local<'s>, Local<'s>),
) -> Result<bool, Thrown> {
    let k = &parts.k;
    let Some(code) = status.as_int().filter(|n| (100..=999).contains(n)) else { return Ok(false) };
    if !s.get(res, k.exchange)?.is_object() || holds(s, res, k.header)? || holds(s, res, k.expects_continue)?
    {
        return Ok(false);
    }
    if !s.get(res, k.unique_headers)?.is_nullish() {
        return Ok(false);
    }
    let (message, given) = match reason.is_string() {
        true => (reason, given),
        false if given.is_nullish() => (s.get(res, k.status_message)?, reason),
        false => (s.get(res, k.status_message)?, given),
    };
    let standard =
        STATUS_CODES.iter().find(|(n, _)| i32::from(*n) == code).map_or("unknown", |(_, text)| text);
    let message = if s.to_boolean(message) { message } else { s.str(standard) };
    let set = s.get(res, k.out_headers)?;
    let fields = match (set.is_object(), given.is_object()) {
        (true, true) => return Ok(false),
        (true, false) => fields_set(s, set),
        (false, true) if given.is_class(looplab_engine::Class::Plain) => s.plain_entries(given),
        (false, true) => None,
        (false, false) => Some(Vec::new()),
    };
    let Some(fields) = fields else { return Ok(false) };
    let mut out: Vec<u8> = Vec::with_capacity(256);
    out.extend_from_slice(b"HTTP/1.1 ");
    append_int(&mut out, code);
    out.push(b' ');
    if !message.is_string() || !append(s, message, &mut out, encode::is_value) {
        return Ok(false);
    }
    let line_end = out.len();
    out.extend_from_slice(b"\r\n");
    let mut said = Said::default();
    for (name, value) in fields {
        if !field(s, name, value, &mut out, &mut said)? {
            return Ok(false);
        }
    }
    s.set(res, k.status_message, message)?;
    s.set(res, k.status_code, status)?;
    close_head(s, rt, parts, res, code, &said, &mut out)?;
    let number = if rt.probe.is_some() { socket_number(s, rt, k, res)? } else { 0 };
    rt.emit(|log| {
        use looplab_probe::Probe;
        let line = String::from_utf8_lossy(&out[..line_end]);
        looplab_probe::Event::HttpSend { number, label: log.intern(&line) }
    });
    let text = s.str_latin1(&out);
    let no = s.bool(false);
    s.set(res, k.header, text)?;
    s.set(res, k.header_sent, no)?;
    Ok(true)
}

/// The socket's number in the log.
fn socket_number<'s>(s: &mut Scope<'s>, rt: &Rt, k: &Keys, res: Local<'s>) -> Result<u32, Thrown> {
    let socket = s.get(res, k.own_socket)?;
    if !socket.is_object() {
        return Ok(0);
    }
    let handle = s.get(socket, k.handle)?;
    Ok(super::number_of(s, rt, handle))
}

/// The fields that were set before: `[name, value]` under each lower-case name.
fn fields_set<'s>(s: &mut Scope<'s>, set: Local<'s>) -> Option<Vec<(Local<'s>, Local<'s>)>> {
    let mut list = s.plain_entries(set)?;
    for (name, value) in &mut list {
        let entry = *value;
        if !s.is_simple_array(entry) {
            return None;
        }
        (*name, *value) = (s.array_get(entry, 0)?, s.array_get(entry, 1)?);
    }
    Some(list)
}

/// Appends a string of one-byte characters that pass the test.
fn append<'s>(s: &mut Scope<'s>, text: Local<'s>, out: &mut Vec<u8>, fits: fn(&[u8]) -> bool) -> bool {
    match s.chars(text) {
        Chars::Latin1(bytes) if fits(bytes) => {
            out.extend_from_slice(bytes);
            true
        }
        _ => false,
    }
}

/// Appends a field, once for each value of a list. False: it is not ordinary.
fn field<'s>(
    s: &mut Scope<'s>,
    name: Local<'s>,
    value: Local<'s>,
    out: &mut Vec<u8>,
    said: &mut Said,
) -> Result<bool, Thrown> {
    if !name.is_string() {
        return Ok(false);
    }
    match value {
        v if v.is_string() || v.is_number() => line(s, name, v, false, out, said),
        v if s.is_simple_array(v) => {
            let values = s.dense_elements(v).unwrap_or_default();
            let many = values.len() != 1;
            for v in values {
                if !line(s, name, v, many, out, said)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// One line of a field. False: it is not ordinary.
fn line<'s>(
    s: &mut Scope<'s>,
    name: Local<'s>,
    v: Local<'s>,
    many: bool,
    out: &mut Vec<u8>,
    said: &mut Said,
) -> Result<bool, Thrown> {
    let from = out.len();
    if !append(s, name, out, encode::is_token) {
        return Ok(false);
    }
    let middle = out.len();
    out.extend_from_slice(b": ");
    match v.as_int() {
        Some(n) => append_int(out, n),
        None if v.is_string() || v.is_number() => {
            let v = s.to_string(v)?;
            if !append(s, v, out, encode::is_value) {
                return Ok(false);
            }
        }
        None => return Ok(false),
    }
    let (name, value) = (&out[from..middle], &out[middle + 2..]);
    if !note(name, value, many, said) {
        return Ok(false);
    }
    out.extend_from_slice(b"\r\n");
    Ok(true)
}

/// Appends a whole number.
fn append_int(out: &mut Vec<u8>, n: i32) {
    // Writing to memory cannot fail.
    let _ = write!(out, "{n}");
}

/// A word among others, in whatever case, with no letter or digit beside it.
fn has_word(text: &[u8], word: &[u8]) -> bool {
    let part = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    (0..text.len().saturating_sub(word.len() - 1)).any(|i| {
        text[i..i + word.len()].eq_ignore_ascii_case(word)
            && !part(i.checked_sub(1).and_then(|i| text.get(i)))
            && !part(text.get(i + word.len()))
    })
}

/// Takes a field into account. False: one of those that are the scripts' business.
fn note(name: &[u8], value: &[u8], many: bool, said: &mut Said) -> bool {
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    match name.len() {
        4 if is("date") => said.date = true,
        6 if is("expect") || many && is("cookie") => return false,
        7 if is("trailer") => return false,
        10 if is("connection") => {
            said.connection = Some(has_word(value, b"close") || said.connection == Some(true))
        }
        10 if is("keep-alive") => said.keep_alive = true,
        14 if is("content-length") => {
            let text = std::str::from_utf8(value).ok();
            let Some(n) = text.filter(|t| t.bytes().all(|b| b.is_ascii_digit())).and_then(|t| t.parse().ok())
            else {
                return false;
            };
            said.length = Some(n);
        }
        17 if is("transfer-encoding") => {
            said.te = true;
            said.chunked |= has_word(value, b"chunked");
        }
        _ => {}
    }
    true
}

/// The fields that a server adds, and what follows from all of them for the message and its connection.
fn close_head<'s>(
    s: &mut Scope<'s>,
    rt: &Rt,
    parts: &Parts,
    res: Local<'s>,
    code: i32,
    said: &Said,
    out: &mut Vec<u8>,
) -> Result<(), Thrown> {
    let k = &parts.k;
    let (yes, no) = (s.bool(true), s.bool(false));
    let mut has_body = holds(s, res, k.has_body)?;
    if matches!(code, 204 | 304 | 100..=199) && has_body {
        has_body = false;
        s.set(res, k.has_body, no)?;
    }
    if said.connection.is_some() {
        s.set(res, k.removed_connection, no)?;
        let close = said.connection == Some(true);
        s.set(res, if close { k.last } else { k.should_keep_alive }, yes)?;
    }
    if said.te {
        s.set(res, k.removed_te, no)?;
        if said.chunked {
            s.set(res, k.chunked, yes)?;
        }
    }
    if let Some(n) = said.length {
        let n = s.num(n);
        s.set(res, k.content_length, n)?;
        s.set(res, k.removed_length, no)?;
    }
    if said.keep_alive {
        s.set(res, k.default_keep_alive, no)?;
    }
    if !said.date && holds(s, res, k.send_date)? {
        out.extend_from_slice(b"Date: ");
        append_date(rt, parts, out);
        out.extend_from_slice(b"\r\n");
    }
    // A chunked 204 or 304 would be taken for the beginning of the next message.
    if matches!(code, 204 | 304) && holds(s, res, k.chunked)? {
        s.set(res, k.chunked, no)?;
        s.set(res, k.should_keep_alive, no)?;
    }
    let chunks_by_default = holds(s, res, k.chunks_by_default)?;
    let keep = holds(s, res, k.should_keep_alive)?;
    if holds(s, res, k.removed_connection)? {
        let last = s.bool(!keep);
        s.set(res, k.last, last)?;
    } else if said.connection.is_none() {
        let keep = keep && (said.length.is_some() || chunks_by_default);
        if keep && holds(s, res, k.at_limit)? {
            out.extend_from_slice(b"Connection: close\r\n");
        } else if keep {
            out.extend_from_slice(b"Connection: keep-alive\r\n");
            append_keep_alive(s, k, res, out)?;
        } else {
            s.set(res, k.last, yes)?;
            out.extend_from_slice(b"Connection: close\r\n");
        }
    }
    let length = s.get(res, k.content_length)?;
    if said.length.is_some() || said.te {
        // The program has said how the body ends.
    } else if !has_body {
        s.set(res, k.chunked, no)?;
    } else if !chunks_by_default {
        s.set(res, k.last, yes)?;
    } else if let (Some(n), false) = (length.as_number(), holds(s, res, k.removed_length)?) {
        // Writing to memory cannot fail.
        let _ = write!(out, "Content-Length: {n}\r\n");
    } else if !holds(s, res, k.removed_te)? {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        s.set(res, k.chunked, yes)?;
    } else {
        s.set(res, k.last, yes)?;
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn append_keep_alive<'s>(
    s: &mut Scope<'s>,
    k: &Keys,
    res: Local<'s>,
    out: &mut Vec<u8>,
) -> Result<(), Thrown> {
    let timeout = s.get(res, k.own_timeout)?.as_number().unwrap_or(0.0);
    if timeout == 0.0 || !holds(s, res, k.default_keep_alive)? {
        return Ok(());
    }
    // Writing to memory cannot fail.
    let _ = write!(out, "Keep-Alive: timeout={}", (timeout / 1000.0).floor() as i64);
    let most = s.get(res, k.own_max_requests)?;
    let most = if most.is_undefined() { 0 } else { s.to_int32(most)? };
    if most > 0 {
        out.extend_from_slice(format!(", max={most}").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// The text of the Date header, made anew each second.
fn append_date(rt: &Rt, parts: &Parts, out: &mut Vec<u8>) {
    let second = rt.with_loop(|lp| lp.world_mut().wall()) / 1_000_000_000;
    let mut kept = parts.date.borrow_mut();
    if kept.0 != second || kept.1.is_empty() {
        *kept = (second, date::format(second));
    }
    out.extend_from_slice(kept.1.as_bytes());
}

// ---- the body ----

/// `response.end(chunk, encoding, callback)`
fn end<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let this = args.this();
    if let Some(parts) = rt.http.get()
        && this.is_object()
        && end_of(s, &rt, parts, this, args)?
    {
        return Ok(this);
    }
    s.call(args.data(), this, args.tail(0))
}

/// The bytes of a chunk that a body may consist of; `None` for what the scripts should look at.
fn body_of<'a, 's>(
    s: &'a mut Scope<'s>,
    chunk: Local<'s>,
    encoding: Local<'s>,
) -> Result<Option<Cow<'a, [u8]>>, Thrown> {
    if chunk.is_nullish() {
        return Ok(Some(Cow::Borrowed(&[])));
    }
    if chunk.is_string() {
        let e = if encoding.is_nullish() {
            Encoding::Utf8
        } else {
            let name = s.to_text(encoding)?;
            match Encoding::parse(&name) {
                Some(e) => e,
                None => return Ok(None),
            }
        };
        return Ok(Some(Cow::Owned(encoding::encode(s.chars(chunk), e))));
    }
    if s.view_info(chunk).is_some_and(|view| view.ty == ElementType::Uint8) {
        return Ok(s.view_bytes(chunk).map(Cow::Borrowed));
    }
    Ok(None)
}

fn end_of<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    parts: &Parts,
    res: Local<'s>,
    args: &Args<'s>,
) -> Result<bool, Thrown> {
    let (chunk, encoding, k) = (args.get(0), args.get(1), &parts.k);
    if !args.get(2).is_nullish() || !(encoding.is_nullish() || encoding.is_string()) {
        return Ok(false);
    }
    let Some((_, _, socket)) = exchange_of(s, parts, res)? else { return Ok(false) };
    if holds(s, res, k.finished)? || holds(s, res, k.destroyed)? || holds(s, res, k.strict_length)? {
        return Ok(false);
    }
    let Some(body) = body_of(s, chunk, encoding)?.map(Cow::into_owned) else { return Ok(false) };
    if !holds(s, res, k.header)? {
        let length = s.num(body.len() as f64);
        s.set(res, k.content_length, length)?;
        if !implicit_head(s, rt, parts, res)? {
            return Ok(false);
        }
    }
    let whole = holds(s, res, k.has_body)?
        && !holds(s, res, k.header_sent)?
        && !holds(s, res, k.trailer)?
        && !holds(s, res, k.corked)?
        && !holds(s, res, k.held_chunks)?;
    let waiting = s.get(res, k.output_data)?;
    if !whole || !s.is_simple_array(waiting) || s.array_len(waiting) > 0 {
        return Ok(false);
    }
    let own = s.get(res, k.own_socket)?;
    let message = s.get(socket, k.http_message)?;
    if !own.is_identical(socket) || !message.is_identical(res) {
        return Ok(false);
    }
    let (write, writable) = (s.get(socket, k.write)?, s.get(socket, k.writable_state)?);
    if !message::is_own_write(s, rt, write) || !message::writes_through(s, writable) {
        return Ok(false);
    }
    let head = s.get(res, k.header)?;
    let mut first = Vec::with_capacity(s.str_len(head) + body.len().min(MERGED) + 24);
    if !head.is_string() || !append(s, head, &mut first, |_| true) {
        return Ok(false);
    }
    // What a head has beyond ASCII is encoded as its text is.
    if chunk.is_string() && !first.is_ascii() && !holds(s, res, k.chunked)? {
        return Ok(false);
    }
    let bytes = Reply::new(first, body, holds(s, res, k.chunked)?);
    let handle = s.get(socket, k.handle)?;
    let Some(key) = key_of(s, handle) else { return Ok(false) };
    let Ok(sent) = write_some(rt, key, &bytes.parts()) else { return Ok(false) };
    let yes = s.bool(true);
    s.set(res, k.header_sent, yes)?;
    s.set(res, k.finished, yes)?;
    let told = s.open(parts.finish);
    match bytes.after(sent) {
        None => ticks::enqueue(s, rt, told, &[res]),
        // What the system does not take now is the socket's business.
        Some(rest) => {
            let rest = new_buffer(s, rest)?;
            let empty = s.atoms().empty;
            let done = s.function_with_data(empty, 0, written, res);
            let u = s.undefined();
            s.call(write, socket, &[rest, u, done])?;
        }
    }
    if has_listeners(s, parts, res)?
        && let Some(emitter) = rt.emitter.get()
    {
        crate::node::events::emit_named(s, emitter, res, k.prefinish, &[])?;
    }
    Ok(true)
}

/// The rest of a response has been written.
fn written<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let u = s.undefined();
    match rt.http.get() {
        Some(parts) => {
            let f = s.open(parts.finish);
            s.call(f, u, &[args.data()])
        }
        None => Ok(u),
    }
}

/// `this._implicitHeader()`, straight where it is our own and calls our own `writeHead`. False: there is still no head.
fn implicit_head<'s>(s: &mut Scope<'s>, rt: &Rt, parts: &Parts, res: Local<'s>) -> Result<bool, Thrown> {
    let k = &parts.k;
    let (implicit, write_head) = (s.get(res, k.implicit_header)?, s.get(res, k.write_head)?);
    let own = s.open(parts.implicit_header).is_identical(implicit)
        && s.open(parts.write_head).is_identical(write_head);
    let (status, u) = (s.get(res, k.status_code)?, s.undefined());
    if !own || !head_of(s, rt, parts, res, (status, u, u))? {
        s.call(implicit, res, &[])?;
    }
    holds(s, res, k.header)
}

/// Bodies up to this size go out in one piece with their head, in bytes.
const MERGED: usize = 16 << 10;

/// A whole answer.
struct Reply {
    first: Vec<u8>,
    body: Vec<u8>,
    last: &'static [u8],
}

impl Reply {
    /// `first` is the head.
    fn new(mut first: Vec<u8>, body: Vec<u8>, chunked: bool) -> Reply {
        let mut last: &[u8] = b"";
        if chunked {
            if !body.is_empty() {
                first.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
                last = b"\r\n0\r\n\r\n";
            } else {
                last = encode::LAST_CHUNK;
            }
        }
        if body.len() <= MERGED {
            first.extend_from_slice(&body);
            first.extend_from_slice(last);
            return Reply { first, body: Vec::new(), last: b"" };
        }
        Reply { first, body, last }
    }

    fn parts(&self) -> Vec<&[u8]> {
        [&self.first[..], &self.body, self.last].into_iter().filter(|part| !part.is_empty()).collect()
    }

    /// What is left when `sent` bytes are gone.
    fn after(&self, sent: usize) -> Option<Vec<u8>> {
        let mut skip = sent;
        let mut rest = Vec::new();
        for part in self.parts() {
            let gone = skip.min(part.len());
            skip -= gone;
            rest.extend_from_slice(&part[gone..]);
        }
        (!rest.is_empty()).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole() {
        assert!(has_word(b"close", b"close"));
        assert!(has_word(b"keep-alive, Close", b"close"));
        assert!(!has_word(b"closed", b"close"));
        assert!(!has_word(b"disclose", b"close"));
        assert!(!has_word(b"", b"close"));
    }

    #[test]
    fn a_reply_is_the_same_bytes_in_one_piece_or_several() {
        for (size, chunked) in [(0, false), (0, true), (10, true), (20_000, false), (20_000, true)] {
            let reply = Reply::new(b"head".to_vec(), vec![b'x'; size], chunked);
            let all = reply.parts().concat();
            let text = String::from_utf8(all.clone()).unwrap();
            let body = "x".repeat(size);
            let expected = match (chunked, size) {
                (false, _) => format!("head{body}"),
                (true, 0) => "head0\r\n\r\n".to_owned(),
                (true, _) => format!("head{size:x}\r\n{body}\r\n0\r\n\r\n"),
            };
            assert_eq!(text, expected);
            for sent in [0, 1, 4, all.len() / 2, all.len() - 1].into_iter().filter(|&n| n < all.len()) {
                assert_eq!(reply.after(sent).as_deref(), Some(&all[sent..]));
            }
            assert_eq!(reply.after(all.len()), None);
        }
    }
}
