//! The WebSocket codec for JavaScript: `new WebSocketCodec(isServer, compressed, freshOut, freshIn, maxPayload)`.

use crate::node::buffer::{new_buffer, put};
use crate::rt::Rt;
use looplab_engine::{Args, Class, Completion, HostData, Local, Scope, Visitor};
use looplab_event_loop::World;
use looplab_net::ws::{Codec, Deflate, Limits, Message, Opcode, Role, handshake};

struct Ws {
    codec: Codec,
    is_server: bool,
}

impl HostData for Ws {
    fn trace(&self, _: &mut Visitor<'_>) {}

    fn bytes(&self) -> usize {
        1024
    }
}

pub(super) fn install<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    let proto = s.new_object();
    let class = s.constructor("WebSocketCodec", 5, construct, proto);
    s.method(proto, "parse", 1, parse);
    s.method(proto, "message", 2, message);
    s.method(proto, "control", 2, control);
    s.method(proto, "close", 2, close);
    crate::modules::register_value(s, "http.WebSocketCodec.prototype", proto);
    put(s, o, "WebSocketCodec", class);
    s.method(o, "webSocketAccept", 1, |s, args| {
        let key = crate::rt::text_arg(s, args, 0);
        Ok(s.str(&handshake::accept(&key)))
    });
    s.method(o, "webSocketKey", 0, |s, _| {
        let rt = Rt::of(s);
        let (a, b) = rt.with_loop(|lp| (lp.world_mut().random(), lp.world_mut().random()));
        let bytes = [a.to_le_bytes(), b.to_le_bytes()].concat();
        Ok(s.str(&handshake::base64(&bytes)))
    });
}

fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let proto = crate::modules::registered(s, "http.WebSocketCodec.prototype");
    let object = s.new_object_of(Class::Host, proto);
    let is_server = args.get(0).is_true();
    let deflate = args.get(1).is_true().then(|| Deflate::new(args.get(2).is_true(), args.get(3).is_true()));
    let limits = match args.get(4).as_number() {
        Some(n) if n > 0.0 => Limits { message: n as usize, ..Limits::default() },
        _ => Limits::default(),
    };
    let role = if is_server { Role::Server } else { Role::Client };
    s.set_host_data(object, Box::new(Ws { codec: Codec::new(role, limits, deflate), is_server }));
    Ok(object)
}

/// `parse(bytes)`: `[kind, data, code, …]`; kinds are opcodes, and -1 (code, reason) for a rule that the peer broke.
fn parse<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let bytes = s.view_bytes(args.get(0)).unwrap_or_default().to_vec();
    let out = s.new_array(&[]);
    let mut rest = &bytes[..];
    loop {
        let Some(ws) = s.host_data_mut::<Ws>(args.this()) else { return Ok(out) };
        let (kind, data, code) = match ws.codec.parse(rest) {
            Ok((_, None)) => return Ok(out),
            Ok((used, Some(message))) => {
                rest = &rest[used..];
                match message {
                    Message::Text(text) => (1, s.str(&text), 0),
                    Message::Binary(bytes) => (2, new_buffer(s, bytes)?, 0),
                    Message::Ping(bytes) => (9, new_buffer(s, bytes)?, 0),
                    Message::Pong(bytes) => (10, new_buffer(s, bytes)?, 0),
                    Message::Close(code, reason) => (8, s.str(&reason), code),
                }
            }
            Err(failure) => {
                let row = [s.int(-1), s.str(failure.reason), s.int(i32::from(failure.code))];
                row.iter().for_each(|v| s.array_push(out, *v));
                return Ok(out);
            }
        };
        let row = [s.int(kind), data, s.int(i32::from(code))];
        row.iter().for_each(|v| s.array_push(out, *v));
    }
}

/// A fresh mask, for clients.
fn mask(s: &mut Scope<'_>, this: Local<'_>) -> Option<[u8; 4]> {
    if s.host_data_mut::<Ws>(this).is_none_or(|ws| ws.is_server) {
        return None;
    }
    let word = Rt::of(s).with_loop(|lp| lp.world_mut().random());
    Some((word as u32).to_le_bytes())
}

fn payload(s: &mut Scope<'_>, v: Local<'_>) -> Vec<u8> {
    if v.is_string() {
        return s.to_utf8_lossy(v).into_bytes();
    }
    s.view_bytes(v).or_else(|| s.buffer_bytes(v)).unwrap_or_default().to_vec()
}

/// `message(data, isBinary)`: the bytes of a message.
fn message<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (data, mask) = (payload(s, args.get(0)), mask(s, args.this()));
    let opcode = if args.get(1).is_true() { Opcode::Binary } else { Opcode::Text };
    let mut out = Vec::with_capacity(data.len() + 14);
    if let Some(ws) = s.host_data_mut::<Ws>(args.this()) {
        ws.codec.message(&mut out, opcode, &data, mask);
    }
    new_buffer(s, out)
}

/// `control(opcode, data)`: the bytes of a ping or pong.
fn control<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let opcode = if args.get(0).as_int() == Some(9) { Opcode::Ping } else { Opcode::Pong };
    let (data, mask) = (payload(s, args.get(1)), mask(s, args.this()));
    let mut out = Vec::new();
    Codec::frame(&mut out, opcode, true, false, &data, mask);
    new_buffer(s, out)
}

/// `close(code, reason)`: the bytes of a close frame.
fn close<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let code = args.get(0).as_number().unwrap_or(1005.0) as u16;
    let (reason, mask) = (crate::rt::text_arg(s, args, 1), mask(s, args.this()));
    let mut out = Vec::new();
    Codec::close(&mut out, code, &reason, mask);
    new_buffer(s, out)
}
