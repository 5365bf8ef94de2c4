//! Datagram handles: `new UDP()`.

use super::state::{EBADF, Handle, Kind, code, errno, key_of, recount, watch, with};
use super::{address, class, handle};
use crate::node::buffer::encoding::{self, Encoding};
use crate::rt::Rt;
use looplab_engine::{Args, Class, Completion, Local, NativeFn, Scope};
use looplab_event_loop::World;
use looplab_net::{DatagramOption, DatagramOptions, Udp};

/// Bytes that may wait to be sent.
const LIMIT: usize = 16 << 20;

const METHODS: &[(&str, u32, NativeFn)] = &[
    ("bind", 3, bind),
    ("connect", 2, connect),
    ("disconnect", 0, disconnect),
    ("recvStart", 0, |s, args| receive(s, args, true)),
    ("recvStop", 0, |s, args| receive(s, args, false)),
    ("send", 4, send),
    ("close", 0, close),
    ("ref", 0, |s, args| handle::set_ref(s, args, true)),
    ("unref", 0, |s, args| handle::set_ref(s, args, false)),
    ("hasRef", 0, handle::has_ref),
    ("getsockname", 0, |s, args| name(s, args, true)),
    ("getpeername", 0, |s, args| name(s, args, false)),
    ("option", 2, option),
    ("membership", 3, membership),
    ("queued", 0, queued),
    ("getAsyncId", 0, |s, args| Ok(with(s, args, |handle, _| handle.number as i32))),
];

pub(super) fn install<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    let proto = class(s, o, "UDP", construct, METHODS);
    crate::modules::register_value(s, "net.UDP.prototype", proto);
    let k = s.key("fd");
    s.getter(proto, k, |s, args| {
        Ok(with(s, args, |handle, _| udp(handle).and_then(|udp| udp.socket().descriptor()).unwrap_or(-1)))
    });
}

fn udp(handle: &mut Handle) -> Option<&mut Udp> {
    match &mut handle.kind {
        Kind::Udp { socket, .. } => socket.as_mut(),
        _ => None,
    }
}

fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(s.throw_type("Class constructor UDP cannot be invoked without 'new'"));
    }
    let rt = Rt::of(s);
    let proto = crate::modules::registered(s, "net.UDP.prototype");
    let object = s.new_object_of(Class::Host, proto);
    let kind = Kind::Udp { socket: None, receiving: false, sending: false };
    rt.net.insert(s, &rt, object, kind, false);
    Ok(object)
}

/// `bind(address, port, flags)`: 1 IPv6 only, 2 shared port, 4 shared address.
fn bind<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let Some(at) = address::of_args(s, args, 0) else { return Ok(s.int(-22)) };
    let flags = args.get(2).as_int().unwrap_or(0);
    let options = DatagramOptions {
        ipv6_only: flags & 1 != 0,
        reuse_port: flags & 2 != 0,
        reuse_address: flags & 4 != 0,
    };
    let Some(key) = key_of(s, args.this()) else { return Ok(s.int(EBADF)) };
    Ok(with(s, args, |handle, rt| match rt.with_loop(|lp| lp.world_mut().network().datagram(at, options)) {
        Ok(socket) => {
            handle.kind =
                Kind::Udp { socket: Some(Udp::new(socket, LIMIT)), receiving: false, sending: false };
            code(rt.with_loop(|lp| watch(handle, key, lp)))
        }
        Err(error) => errno(&error),
    }))
}

fn connect<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let Some(to) = address::of_args(s, args, 0) else { return Ok(s.int(-22)) };
    Ok(with(s, args, |handle, _| udp(handle).map_or(EBADF, |udp| code(udp.socket().connect(to)))))
}

fn disconnect<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(with(s, args, |handle, _| udp(handle).map_or(EBADF, |udp| code(udp.socket().disconnect()))))
}

fn receive<'s>(s: &mut Scope<'s>, args: &Args<'s>, on: bool) -> Completion<'s> {
    Ok(with(s, args, |handle, rt| {
        let Kind::Udp { receiving, .. } = &mut handle.kind else { return EBADF };
        *receiving = on;
        rt.with_loop(|lp| {
            recount(handle, lp);
            if on { code(super::state::rearm(handle, lp)) } else { 0 }
        })
    }))
}

/// `send(chunks, address, port)`: the bytes sent, 0 if they wait (`onsent(id, status)` follows, `lastId` says which), or negative.
fn send<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let list = s.list_from_array_like(args.get(0))?;
    let to = if args.get(1).is_string() { address::of_args(s, args, 1) } else { None };
    if args.get(1).is_string() && to.is_none() {
        return Ok(s.int(-22));
    }
    let mut owned: Vec<Vec<u8>> = Vec::with_capacity(list.len());
    for chunk in list {
        owned.push(if chunk.is_string() {
            encoding::encode(s.chars(chunk), Encoding::Utf8)
        } else {
            s.view_bytes(chunk).or_else(|| s.buffer_bytes(chunk)).unwrap_or_default().to_vec()
        });
    }
    let parts: Vec<&[u8]> = owned.iter().map(Vec::as_slice).collect();
    let mut id = 0;
    let total: usize = parts.iter().map(|part| part.len()).sum();
    let status = with(s, args, |handle, rt| {
        let Kind::Udp { socket: Some(udp), sending, .. } = &mut handle.kind else { return EBADF };
        match udp.send(&parts, to) {
            Ok(None) => 0,
            Ok(Some(waiting)) => {
                (*sending, id) = (true, waiting);
                rt.with_loop(|lp| recount(handle, lp));
                0
            }
            Err(error) => errno(&error),
        }
    });
    let status = match status.as_int() {
        Some(0) if id == 0 => s.num(total as f64 + 1.0),
        _ => status,
    };
    let k = s.key("lastId");
    let id = s.num(id as f64);
    s.set(args.this(), k, id)?;
    Ok(status)
}

fn close<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    use crate::rt::Task;
    use looplab_event_loop::Origin;
    let Some(key) = key_of(s, args.this()) else { return Ok(s.undefined()) };
    with(s, args, |handle, rt| {
        if !handle.closing {
            handle.closing = true;
            handle::shut(handle, rt);
            rt.with_loop(|lp| lp.defer_close(Task::SocketClosed(key as u32), Origin::default()));
        }
        0
    });
    Ok(s.undefined())
}

fn name<'s>(s: &mut Scope<'s>, args: &Args<'s>, near: bool) -> Completion<'s> {
    let mut found = None;
    let code = with(s, args, |handle, _| {
        let Some(udp) = udp(handle) else { return EBADF };
        match if near { udp.socket().local() } else { udp.socket().peer() } {
            Ok(addr) => {
                found = Some(addr);
                0
            }
            Err(error) => errno(&error),
        }
    });
    Ok(match found {
        Some(addr) => address::object(s, &addr),
        None => code,
    })
}

/// `option(name, value)`
fn option<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = crate::rt::text_arg(s, args, 0);
    let value = args.get(1).as_number();
    let n = value.unwrap_or(0.0) as u32;
    let option = match name.as_str() {
        "broadcast" => DatagramOption::Broadcast(n != 0),
        "ttl" => DatagramOption::Ttl(n),
        "multicastTtl" => DatagramOption::MulticastTtl(n),
        "multicastLoop" => DatagramOption::MulticastLoop(n != 0),
        "receiveBuffer" => DatagramOption::ReceiveBuffer(value.map(|_| n)),
        "sendBuffer" => DatagramOption::SendBuffer(value.map(|_| n)),
        _ => return Ok(s.int(-22)),
    };
    Ok(with(s, args, |handle, _| {
        udp(handle).map_or(EBADF, |udp| match udp.socket().option(option) {
            Ok(n) => n as i32,
            Err(error) => errno(&error),
        })
    }))
}

/// `membership(group, interface, join)`
fn membership<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let group = address::parse(&crate::rt::text_arg(s, args, 0));
    let interface = address::parse(&crate::rt::text_arg(s, args, 1)).map(|(ip, _)| ip);
    let join = s.to_boolean(args.get(2));
    let Some((group, _)) = group else { return Ok(s.int(-22)) };
    Ok(with(s, args, |handle, _| {
        udp(handle).map_or(EBADF, |udp| code(udp.socket().membership(group, interface, join)))
    }))
}

/// `[bytes, datagrams]` that wait.
fn queued<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut found = (0, 0);
    with(s, args, |handle, _| {
        found = udp(handle).map_or((0, 0), |udp| udp.queued());
        0
    });
    let pair = [s.num(found.0 as f64), s.num(found.1 as f64)];
    Ok(s.new_array(&pair))
}
