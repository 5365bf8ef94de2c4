//! `HTTPParser`: the codec with callbacks. `onhead(line, rest, minor, flags, rawHeaders)` answers with 0 to go on, 1 when no body follows, 2
//! when the connection changes its protocol; `onbody(bytes)`, `onend(rawTrailers)`, `onfail(code, reason, status, at, bytes)`, and
//! `onrest(bytes)` with what follows a change of protocol.

use super::super::net::state::{EOF, callback};
use crate::node::buffer::{new_buffer, put};
use crate::rt::Rt;
use crate::ticks;
use crate::uncaught::{self, Origin};
use looplab_engine::{Args, Class, Completion, HostData, Local, Name, NativeFn, Scope, Thrown, Visitor};
use looplab_net::http::{Event, Framing, Head, Kind, Limits, ParseError, Parser};
use looplab_probe::Event as Logged;
use std::rc::Rc;

const KEEP_ALIVE: i32 = 1;
const UPGRADE: i32 = 2;
const EXPECTS_CONTINUE: i32 = 4;
const HAS_BODY: i32 = 8;
const CHUNKED: i32 = 16;

/// A parser behind its object.
pub(super) struct Reader {
    parser: Parser,
    is_request: bool,
    /// Bytes go to whoever took the connection over.
    detached: bool,
    freed: bool,
    messages: u32,
    /// When the message under way began, in loop milliseconds; `None` between messages.
    began: Option<u64>,
    names: Rc<Names>,
    /// Of servers: how ordinary exchanges are dealt with.
    pub(super) lane: Option<Box<super::lane::Lane>>,
}

impl HostData for Reader {
    fn trace(&self, visit: &mut Visitor<'_>) {
        if let Some(lane) = &self.lane {
            lane.trace(visit);
        }
    }

    fn bytes(&self) -> usize {
        512
    }
}

struct Names {
    head: Name,
    body: Name,
    end: Name,
    fail: Name,
    rest: Name,
}

const METHODS: &[(&str, u32, NativeFn)] = &[
    ("execute", 1, execute),
    ("finish", 0, finish),
    ("expect", 1, expect),
    ("free", 0, free),
    ("isIdle", 0, is_idle),
    ("isInHead", 0, is_in_head),
    ("age", 0, age),
    ("useLane", 3, super::lane::use_lane),
    ("rest", 0, super::lane::rest),
    ("idle", 0, super::lane::idle),
    ("leave", 1, super::lane::leave),
];

pub(super) fn install<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    let proto = s.new_object();
    let class = s.constructor("HTTPParser", 3, construct, proto);
    for &(name, n, f) in METHODS {
        s.method(proto, name, n, f);
    }
    crate::modules::register_value(s, "http.HTTPParser.prototype", proto);
    for (name, n) in [("REQUEST", 1), ("RESPONSE", 2)] {
        let n = s.int(n);
        put(s, class, name, n);
    }
    put(s, o, "HTTPParser", class);
}

/// `new HTTPParser(kind, maxHeaderSize, lenient)`
fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let proto = crate::modules::registered(s, "http.HTTPParser.prototype");
    let object = s.new_object_of(Class::Host, proto);
    let is_request = args.get(0).as_int() != Some(2);
    let head = args.get(1).as_number().filter(|n| *n > 0.0).map_or(16 << 10, |n| n as usize);
    let kind = if is_request { Kind::Request } else { Kind::Response };
    let mut parser = Parser::new(kind, Limits { head, ..Limits::default() });
    parser.set_lenient(args.get(2).is_true());
    let names = names(s);
    let began = Some(Rt::of(s).with_loop(|lp| lp.now()));
    let reader =
        Reader { parser, is_request, detached: false, freed: false, messages: 0, began, names, lane: None };
    s.set_host_data(object, Box::new(reader));
    Ok(object)
}

fn names(s: &mut Scope<'_>) -> Rc<Names> {
    let mut name = |text: &str| {
        s.nested(|s| {
            let k = s.key(text);
            s.permanent_key(k)
        })
    };
    Rc::new(Names {
        head: name("onhead"),
        body: name("onbody"),
        end: name("onend"),
        fail: name("onfail"),
        rest: name("onrest"),
    })
}

/// Bytes read by the loop (or the end, when `n` is negative) for a parser that has taken a socket over.
pub(crate) fn feed(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    cb: ticks::Callback,
    object: Local<'_>,
    n: i32,
    bytes: &[u8],
) {
    s.nested(|s| {
        let object = s.adopt(object);
        let label = rt.probe.as_ref().map_or(looplab_probe::Str::NONE, |log| {
            use looplab_probe::Probe;
            log.intern(if n < 0 { "http end" } else { "http bytes" })
        });
        let begin = ticks::begin(rt, cb, label, looplab_probe::Pos::NONE);
        let result = if n == EOF || n <= 0 {
            run_finish(s, object, cb.number)
        } else {
            heard(s, rt, object).and_then(|()| run(s, object, bytes, cb.number))
        };
        ticks::end(rt, begin, result.is_ok());
        if let Err(thrown) = result {
            uncaught::uncaught(s, rt, thrown, Origin::Exception);
        }
    });
}

/// The socket's idle time starts anew.
fn heard<'s>(s: &mut Scope<'s>, rt: &Rt, object: Local<'s>) -> Result<(), Thrown> {
    let known = reader(s, object).and_then(|reader| reader.lane.as_ref()).map(|lane| lane.socket);
    let socket = match known {
        Some(socket) => s.local(socket),
        None => {
            let k = s.key("socket");
            s.get(object, k)?
        }
    };
    crate::node::net::socket::heard(s, rt, socket)
}

fn reader<'a>(s: &'a mut Scope<'_>, object: Local<'_>) -> Option<&'a mut Reader> {
    s.host_data_mut::<Reader>(object).filter(|reader| !reader.freed)
}

/// Takes `bytes` apart, with a callback for each event.
fn run<'s>(s: &mut Scope<'s>, object: Local<'s>, bytes: &[u8], socket: u32) -> Result<(), Thrown> {
    let rt = Rt::of(s);
    let mut rest = bytes;
    if let Some(state) = reader(s, object).filter(|state| state.began.is_none()) {
        state.began = Some(rt.with_loop(|lp| lp.now()));
    }
    loop {
        let Some(state) = reader(s, object) else { return Ok(()) };
        let names = state.names.clone();
        if state.detached {
            if !rest.is_empty() {
                let b = new_buffer(s, rest.to_vec())?;
                call(s, object, names.rest, &[b])?;
            }
            return Ok(());
        }
        let is_request = state.is_request;
        match state.parser.parse(rest) {
            Err(error) => {
                let at = bytes.len() - rest.len() + error.at;
                return failed(s, object, &names, error, at, bytes);
            }
            Ok((used, None)) => {
                debug_assert_eq!(used, rest.len(), "without an event all is used up");
                return Ok(());
            }
            Ok((used, Some(event))) => {
                rest = &rest[used..];
                match event {
                    Event::Head(head, framing) => {
                        state.messages += 1;
                        let message = state.messages;
                        rt.emit(|log| Logged::HttpHead {
                            number: socket,
                            message,
                            label: label(log, &head, is_request),
                        });
                        if super::lane::begin(s, &rt, object, &head)? {
                            if rt.exit.get().is_some() {
                                return Ok(());
                            }
                            continue;
                        }
                        let flow = tell_head(s, object, &names, &head, framing, is_request)?;
                        let Some(state) = reader(s, object) else { return Ok(()) };
                        match flow {
                            1 => state.parser.skip_body(),
                            2 => state.detached = true,
                            _ => {}
                        }
                    }
                    Event::Body(part) => {
                        let b = new_buffer(s, part.to_vec())?;
                        call(s, object, names.body, &[b])?;
                    }
                    Event::End(trailers) => {
                        let message = state.messages;
                        state.began = (!rest.is_empty()).then(|| rt.with_loop(|lp| lp.now()));
                        rt.emit(|_| Logged::HttpEnd { number: socket, message });
                        if trailers.is_none() && super::lane::complete(s, &rt, object)? {
                            continue;
                        }
                        let raw = match trailers {
                            Some(head) => raw_headers(s, &head),
                            None => s.undefined(),
                        };
                        call(s, object, names.end, &[raw])?;
                    }
                }
            }
        }
        if rt.exit.get().is_some() {
            return Ok(());
        }
    }
}

fn label(log: &looplab_probe::Recorder, head: &Head, is_request: bool) -> looplab_probe::Str {
    use looplab_probe::Probe;
    let target = String::from_utf8_lossy(head.target());
    log.intern(&if is_request {
        format!("{} {target}", head.method_name())
    } else {
        format!("{} {target}", head.status)
    })
}

fn run_finish<'s>(s: &mut Scope<'s>, object: Local<'s>, socket: u32) -> Result<(), Thrown> {
    let rt = Rt::of(s);
    let Some(state) = reader(s, object) else { return Ok(()) };
    let names = state.names.clone();
    if state.detached {
        let none = s.null();
        return call(s, object, names.rest, &[none]).map(|_| ());
    }
    let message = state.messages;
    match state.parser.finish() {
        Err(error) => failed(s, object, &names, error, 0, b""),
        Ok(event) => {
            if event.is_some() {
                rt.emit(|_| Logged::HttpEnd { number: socket, message });
                let none = s.undefined();
                call(s, object, names.end, &[none])?;
            }
            let none = s.null();
            call(s, object, names.rest, &[none]).map(|_| ())
        }
    }
}

fn call<'s>(s: &mut Scope<'s>, object: Local<'s>, name: Name, args: &[Local<'s>]) -> Completion<'s> {
    match callback(s, object, name)? {
        Some(f) => s.call(f, object, args),
        None => Ok(s.undefined()),
    }
}

fn failed<'s>(
    s: &mut Scope<'s>,
    object: Local<'s>,
    names: &Names,
    error: ParseError,
    at: usize,
    bytes: &[u8],
) -> Result<(), Thrown> {
    let code = s.str(error.code.name());
    let reason = s.str(error.reason);
    let (status, at) = (s.int(i32::from(error.code.status())), s.num(at as f64));
    let packet = new_buffer(s, bytes.to_vec())?;
    call(s, object, names.fail, &[code, reason, status, at, packet]).map(|_| ())
}

/// `[name, value, …]` in the order and spelling in which they came.
pub(super) fn raw_headers<'s>(s: &mut Scope<'s>, head: &Head) -> Local<'s> {
    let list = s.new_array(&[]);
    for (name, value) in head.fields() {
        s.nested(|s| {
            let list = s.adopt(list);
            let name = s.str_latin1(name);
            s.array_push(list, name);
            let value = s.str_latin1(value);
            s.array_push(list, value);
        });
    }
    list
}

/// What `onhead` and `onIncoming` are told in one number.
fn flags_of(head: &Head, framing: Framing) -> i32 {
    let mut flags = 0;
    for (on, flag) in [
        (head.keep_alive, KEEP_ALIVE),
        (head.upgrade, UPGRADE),
        (head.expects_continue, EXPECTS_CONTINUE),
        (framing != Framing::Empty, HAS_BODY),
        (framing == Framing::Chunked, CHUNKED),
    ] {
        if on {
            flags |= flag;
        }
    }
    flags
}

fn tell_head<'s>(
    s: &mut Scope<'s>,
    object: Local<'s>,
    names: &Names,
    head: &Head,
    framing: Framing,
    is_request: bool,
) -> Result<i32, Thrown> {
    let rt = Rt::of(s);
    if !is_request
        && let Some(parts) = rt.http.get()
        && let Some(incoming) = super::lane::incoming(s, parts, object, head)?
    {
        let (keep_alive, flags) = (s.bool(head.keep_alive), s.int(flags_of(head, framing)));
        let answer = call(s, object, parts.k.on_incoming, &[incoming, keep_alive, flags])?;
        return Ok(answer.as_int().unwrap_or(0));
    }
    let line = if is_request { s.str(head.method_name()) } else { s.int(i32::from(head.status)) };
    let rest = s.str_latin1(head.target());
    let flags = flags_of(head, framing);
    let (minor, flags) = (s.int(i32::from(head.minor)), s.int(flags));
    let raw = raw_headers(s, head);
    let answer = call(s, object, names.head, &[line, rest, minor, flags, raw])?;
    Ok(answer.as_int().unwrap_or(0))
}

/// The number in the log of the socket that a parser belongs to; 0 without a log.
fn socket_of<'s>(s: &mut Scope<'s>, parser: Local<'s>) -> Result<u32, Thrown> {
    let rt = Rt::of(s);
    if rt.probe.is_none() {
        return Ok(0);
    }
    let k = s.key("socket");
    let socket = s.get(parser, k)?;
    if !socket.is_object() {
        return Ok(0);
    }
    let k = s.key("_handle");
    let handle = s.get(socket, k)?;
    Ok(super::number_of(s, &rt, handle))
}

/// `execute(bytes)`
fn execute<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let bytes = s.view_bytes(args.get(0)).unwrap_or_default().to_vec();
    let number = socket_of(s, args.this())?;
    run(s, args.this(), &bytes, number)?;
    Ok(s.int(bytes.len() as i32))
}

fn finish<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let number = socket_of(s, args.this())?;
    run_finish(s, args.this(), number)?;
    Ok(s.undefined())
}

/// `expect(method)`: the next response answers a request with this method.
fn expect<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let method = crate::rt::text_arg(s, args, 0);
    let known = looplab_net::http::METHODS.iter().find(|name| **name == method);
    if let (Some(reader), Some(method)) = (reader(s, args.this()), known) {
        reader.parser.expect(method);
    }
    Ok(s.undefined())
}

fn free<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if let Some(reader) = reader(s, args.this()) {
        reader.freed = true;
    }
    Ok(s.undefined())
}

/// Whether it stands between two messages.
fn is_idle<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let idle = reader(s, args.this()).is_none_or(|reader| reader.parser.is_idle());
    Ok(s.bool(idle))
}

/// Whether a head is awaited or under way.
fn is_in_head<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let yes = reader(s, args.this()).is_some_and(|reader| reader.parser.in_head());
    Ok(s.bool(yes))
}

/// Milliseconds since the message under way began; -1 between messages.
fn age<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let now = Rt::of(s).with_loop(|lp| lp.now());
    let began = reader(s, args.this()).and_then(|reader| reader.began);
    Ok(s.num(began.map_or(-1.0, |began| now.saturating_sub(began) as f64)))
}
