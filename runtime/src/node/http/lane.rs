//! The way of ordinary exchanges: a request without surprises is made of its head, handed to the program, answered and forgotten without
//! running scripts other than the program's own. Whatever is out of the ordinary (somebody listens to what nobody usually listens to, a
//! method has been replaced, messages queue up) goes the way of `http_server.js`, which does the same and more. Both leave the same traces
//! in the objects that programs see, and an exchange may change over from one to the other between any two of its steps.

use super::parser::{Reader, raw_headers};
use super::parts::Parts;
use crate::node::net::state::{Kind, key_of};
use crate::node::stream::message;
use crate::rt::Rt;
use looplab_engine::{Args, Completion, Local, Name, Scope, Thrown, Value, Visitor};
use looplab_net::http::Head;
use std::rc::Rc;

/// More fields than this may be too many: the scripts count them.
const MOST_FIELDS: usize = 500;

/// A connection's lane, beside its parser.
pub(super) struct Lane {
    /// What `http_server.js` keeps of the connection.
    pub(super) state: Value,
    pub(super) server: Value,
    pub(super) socket: Value,
    /// The exchange that is under way in this lane, if one is.
    pub(super) exchange: Option<(Value, Value)>,
    /// Since when there has been none, in loop milliseconds.
    idle_since: Option<u64>,
    /// A timer looks after the idle time.
    armed: bool,
}

impl Lane {
    pub(super) fn trace(&self, visit: &mut Visitor<'_>) {
        [self.state, self.server, self.socket].into_iter().for_each(|v| visit.visit(v));
        if let Some((req, res)) = self.exchange {
            visit.visit(req);
            visit.visit(res);
        }
    }
}

fn lane<'a>(s: &'a mut Scope<'_>, parser: Local<'_>) -> Option<&'a mut Lane> {
    s.host_data_mut::<Reader>(parser)?.lane.as_deref_mut()
}

/// `parser.useLane(state, server, socket)`: exchanges of this connection may go this way.
pub(super) fn use_lane<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let [state, server, socket] = [0, 1, 2].map(|i| args.get(i).value());
    let ready = Rt::of(s).http.get().is_some();
    if let Some(reader) = s.host_data_mut::<Reader>(args.this()).filter(|_| ready) {
        let lane = Lane { state, server, socket, exchange: None, idle_since: None, armed: false };
        reader.lane = Some(Box::new(lane));
    }
    Ok(s.bool(ready))
}

/// `parser.rest()`: an exchange that went the scripts' way is over. False: this connection has no lane.
pub(super) fn rest<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let has = lane(s, args.this()).is_some();
    if has {
        let parts = rt.http.get();
        if let Some(parts) = parts {
            be_idle(s, &rt, parts, args.this())?;
        }
    }
    Ok(s.bool(has))
}

/// `parser.idle()`: for how many milliseconds the connection has had nothing to do; -1 when it has. The timer that asks is over.
pub(super) fn idle<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let now = Rt::of(s).with_loop(|lp| lp.now());
    let mut idle = -1.0;
    if let Some(lane) = lane(s, args.this()) {
        lane.armed = lane.idle_since.is_some();
        idle = lane.idle_since.map_or(-1.0, |since| now.saturating_sub(since) as f64);
    }
    Ok(s.num(idle))
}

fn be_idle<'s>(s: &mut Scope<'s>, rt: &Rt, parts: &Parts, parser: Local<'s>) -> Result<(), Thrown> {
    let now = rt.with_loop(|lp| lp.now());
    let Some(lane) = lane(s, parser) else { return Ok(()) };
    lane.idle_since = Some(now);
    if std::mem::replace(&mut lane.armed, true) {
        return Ok(());
    }
    let state = lane.state;
    let state = s.local(state);
    s.invoke(state, parts.k.arm_idle, &[]).map(|_| ())
}

/// Whether a property has a truthy value.
pub(super) fn holds<'s>(s: &mut Scope<'s>, o: Local<'s>, name: Name) -> Result<bool, Thrown> {
    let v = s.get(o, name)?;
    Ok(s.to_boolean(v))
}

/// Whether the array under a name is empty.
fn is_empty<'s>(s: &mut Scope<'s>, o: Local<'s>, name: Name) -> Result<bool, Thrown> {
    let list = s.get(o, name)?;
    Ok(s.is_simple_array(list) && s.array_len(list) == 0)
}

/// Whether somebody listens to some event of an emitter.
pub(super) fn has_listeners<'s>(s: &mut Scope<'s>, parts: &Parts, o: Local<'s>) -> Result<bool, Thrown> {
    let count = s.get(o, parts.k.events_count)?;
    Ok(count.as_number() != Some(0.0))
}

/// A head has come. False: nothing was done, the scripts are to take it.
pub(super) fn begin<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    parser: Local<'s>,
    head: &Head,
) -> Result<bool, Thrown> {
    let Some(parts) = rt.http.get() else { return Ok(false) };
    let Some(lane) = lane(s, parser) else { return Ok(false) };
    let plain = !head.upgrade
        && !head.expects_continue
        && head.minor == 1
        && head.len() <= MOST_FIELDS
        && head.get("host").is_some()
        && head.get("expect").is_none();
    if !plain || lane.exchange.is_some() {
        return Ok(false);
    }
    lane.idle_since = None;
    let (state, server, socket) = (lane.state, lane.server, lane.socket);
    let [state, server, socket] = [state, server, socket].map(|v| s.local(v));
    let k = &parts.k;
    let writable = s.get(socket, k.writable_state)?;
    let busy = message::needs_drain(s, writable)
        || holds(s, socket, k.http_message)?
        || holds(s, socket, k.paused)?
        || holds(s, socket, k.timeout)?
        || holds(s, state, k.timeout_set)?
        || holds(s, state, k.outgoing_data)?
        || !is_empty(s, state, k.incoming)?
        || !is_empty(s, state, k.outgoing)?
        || holds(s, server, k.max_requests)?
        || parts.is_observed(s);
    if busy {
        return Ok(false);
    }
    let readable = s.get(socket, k.readable_state)?;
    let Some((read_mark, write_mark)) = message::marks(s, readable, writable) else { return Ok(false) };
    let Some(req) = message_of(s, parts, socket, head, read_mark) else { return Ok(false) };
    let (method, url) = (s.str(head.method_name()), s.str_latin1(head.target()));
    s.put_slot(req, parts.r.method, method);
    s.put_slot(req, parts.r.url, url);
    let Some(res) = response(s, parts, (state, server, socket), req, head, write_mark)? else {
        return Ok(false);
    };
    s.set(parser, k.incoming, req)?;
    let list = s.get(state, k.incoming)?;
    s.array_push(list, req);
    s.set(socket, k.http_message, res)?;
    if let Some(lane) = self::lane(s, parser) {
        lane.exchange = Some((req.value(), res.value()));
    }
    let Some(emitter) = rt.emitter.get() else { return Ok(true) };
    crate::node::events::emit_named(s, emitter, server, k.request, &[req, res])?;
    Ok(true)
}

/// An IncomingMessage with what requests and responses have in common.
fn message_of<'s>(
    s: &mut Scope<'s>,
    parts: &Parts,
    socket: Local<'s>,
    head: &Head,
    mark: usize,
) -> Option<Local<'s>> {
    let model = s.open(parts.request);
    let (events, state) = (s.slot(model, parts.r.events)?, s.slot(model, parts.r.state)?);
    let (events, state) = (s.copy_of_plain(events)?, message::state_like(s, state, mark)?);
    let made = s.copy_of_plain(model)?;
    let (raw_headers, raw_trailers) = (raw_headers(s, head), s.new_array(&[]));
    for (slot, v) in [
        (parts.r.socket, socket),
        (parts.r.client, socket),
        (parts.r.raw_headers, raw_headers),
        (parts.r.raw_trailers, raw_trailers),
        (parts.r.events, events),
        (parts.r.state, state),
    ] {
        s.put_slot(made, slot, v);
    }
    Some(made)
}

/// What the scripts' `onhead` does with the head of a response, up to the call of `onIncoming`: the message. `None`: it is not ordinary.
pub(super) fn incoming<'s>(
    s: &mut Scope<'s>,
    parts: &Parts,
    parser: Local<'s>,
    head: &Head,
) -> Result<Option<Local<'s>>, Thrown> {
    let k = &parts.k;
    let (on_head, socket) = (s.get(parser, k.on_head)?, s.get(parser, k.socket)?);
    let most = s.get(parser, k.most_pairs)?.as_number().unwrap_or(0.0);
    let ordinary = head.minor == 1 && socket.is_object() && (most <= 0.0 || head.len() as f64 * 2.0 <= most);
    if !ordinary || !s.open(parts.on_head).is_identical(on_head) {
        return Ok(None);
    }
    let (readable, writable) = (s.get(socket, k.readable_state)?, s.get(socket, k.writable_state)?);
    let Some((mark, _)) = message::marks(s, readable, writable) else { return Ok(None) };
    let Some(made) = message_of(s, parts, socket, head, mark) else { return Ok(None) };
    let (code, text) = (s.int(i32::from(head.status)), s.str_latin1(head.target()));
    let (upgrade, joins) = (s.bool(head.upgrade), s.get(parser, k.joins_duplicates)?);
    for (slot, v) in [
        (parts.r.status_code, code),
        (parts.r.status_message, text),
        (parts.r.upgrade, upgrade),
        (parts.r.joins_duplicates, joins),
    ] {
        s.put_slot(made, slot, v);
    }
    s.set(parser, k.incoming, made)?;
    Ok(Some(made))
}

fn response<'s>(
    s: &mut Scope<'s>,
    parts: &Parts,
    (state, server, socket): (Local<'s>, Local<'s>, Local<'s>),
    req: Local<'s>,
    head: &Head,
    mark: usize,
) -> Result<Option<Local<'s>>, Thrown> {
    let k = &parts.k;
    let (timeout, on_pending) = (s.get(server, k.server_timeout)?, s.get(state, k.on_pending)?);
    let model = s.open(parts.response);
    let events = s.slot(model, parts.w.events).and_then(|events| s.copy_of_plain(events));
    let (Some(events), Some(res)) = (events, s.copy_of_plain(model)) else { return Ok(None) };
    let output_data = s.new_array(&[]);
    let (keep_alive, has_body) = (s.bool(head.keep_alive), s.bool(head.method_name() != "HEAD"));
    let mark = s.num(mark as f64);
    for (slot, v) in [
        (parts.w.socket, socket),
        (parts.w.req, req),
        (parts.w.events, events),
        (parts.w.output_data, output_data),
        (parts.w.should_keep_alive, keep_alive),
        (parts.w.keep_alive_timeout, timeout),
        (parts.w.on_pending, on_pending),
        (parts.w.has_body, has_body),
        (parts.w.mark, mark),
        (parts.w.exchange, state),
    ] {
        s.put_slot(res, slot, v);
    }
    Ok(Some(res))
}

/// The request's last byte has come. False: nothing was done.
pub(super) fn complete<'s>(s: &mut Scope<'s>, rt: &Rt, parser: Local<'s>) -> Result<bool, Thrown> {
    let Some(parts) = rt.http.get() else { return Ok(false) };
    let Some((exchange, socket)) = lane(s, parser).map(|lane| (lane.exchange, lane.socket)) else {
        return Ok(false);
    };
    let Some((req, _)) = exchange else { return Ok(false) };
    let [req, socket] = [req, socket].map(|v| s.local(v));
    let now = s.get(parser, parts.k.incoming)?;
    if !now.is_identical(req) || !is_reading(s, rt, parts, socket)? {
        return Ok(false);
    }
    let state = s.get(req, parts.k.readable_state)?;
    if has_listeners(s, parts, req)? || !message::is_untouched(s, state) {
        return Ok(false);
    }
    let yes = s.bool(true);
    s.set(req, parts.k.complete, yes)?;
    message::end_unwatched(s, state);
    Ok(true)
}

/// Whether the loop reads the socket.
fn is_reading<'s>(s: &mut Scope<'s>, rt: &Rt, parts: &Parts, socket: Local<'s>) -> Result<bool, Thrown> {
    let handle = s.get(socket, parts.k.handle)?;
    let Some(key) = key_of(s, handle) else { return Ok(false) };
    let handles = rt.net.handles.borrow();
    Ok(handles.get(key).is_some_and(|handle| matches!(&handle.kind, Kind::Link(link) if link.reading)))
}

/// The exchange of a response, if it is the one under way in a lane: the parser, the request and the socket.
pub(super) fn exchange_of<'s>(
    s: &mut Scope<'s>,
    parts: &Parts,
    res: Local<'s>,
) -> Result<Option<(Local<'s>, Local<'s>, Local<'s>)>, Thrown> {
    let state = s.get(res, parts.k.exchange)?;
    if !state.is_object() {
        return Ok(None);
    }
    let parser = s.get(state, parts.k.parser)?;
    if !parser.is_object() {
        return Ok(None);
    }
    let Some((exchange, socket)) = lane(s, parser).map(|lane| (lane.exchange, lane.socket)) else {
        return Ok(None);
    };
    Ok(match exchange {
        Some((req, of)) if of == res.value() => Some((parser, s.local(req), s.local(socket))),
        _ => None,
    })
}

/// The tick in which a response is told that it has been written.
pub(super) fn finish<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (res, u) = (args.get(0), s.undefined());
    let Some(parts) = rt.http.get() else { return Ok(u) };
    if let Some((parser, req, socket)) = exchange_of(s, parts, res)?
        && finish_quietly(s, &rt, parts, parser, (req, res, socket))?
    {
        return Ok(u);
    }
    let slow = s.open(parts.finish_slow);
    s.call(slow, u, &[res])
}

/// The end of an exchange that nobody waits for. False: nothing was done.
fn finish_quietly<'s>(
    s: &mut Scope<'s>,
    rt: &Rt,
    parts: &Parts,
    parser: Local<'s>,
    (req, res, socket): (Local<'s>, Local<'s>, Local<'s>),
) -> Result<bool, Thrown> {
    let k = &parts.k;
    let state = s.get(res, k.exchange)?;
    let readable = s.get(req, k.readable_state)?;
    let ordinary = message::ended_unwatched(s, readable)
        && !has_listeners(s, parts, req)?
        // Whoever is told of the end may look at the request, whose own end comes later.
        && !has_listeners(s, parts, res)?
        && is_empty(s, state, k.outgoing)?
        && !holds(s, res, k.last)?
        && !holds(s, socket, k.timeout)?
        && !holds(s, socket, k.had_error)?
        && !holds(s, socket, k.destroyed)?
        && !parts.is_observed(s);
    if !ordinary {
        return Ok(false);
    }
    let (null, yes) = (s.null(), s.bool(true));
    let list = s.new_array(&[]);
    let set: [(Local<'s>, Name, Local<'s>); 5] = [
        (state, k.incoming, list),
        (socket, k.http_message, null),
        (res, k.own_socket, null),
        (parser, k.incoming, null),
        (req, k.dumped, yes),
    ];
    for (o, name, v) in set {
        s.set(o, name, v)?;
    }
    s.set(res, k.exchange, null)?;
    message::close_unwatched(s, readable);
    if let Some(lane) = lane(s, parser) {
        lane.exchange = None;
    }
    be_idle(s, rt, parts, parser)?;
    s.set(res, k.destroyed, yes)?;
    s.set(res, k.closed, yes)?;
    Ok(true)
}

/// `parser.leave(response)`: the scripts end the exchange of this response.
pub(super) fn leave<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let res = args.get(0).value();
    if let Some(lane) = lane(s, args.this())
        && lane.exchange.is_some_and(|(_, of)| of == res)
    {
        lane.exchange = None;
    }
    Ok(s.undefined())
}
