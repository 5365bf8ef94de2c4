//! Stream handles and listeners: `new Stream(isPipe)`, and what can be asked of them. Everything answers with 0 or a negative error
//! number, as libuv does; what happens later is told through the object's `on…` properties.

use super::state::{EBADF, Handle, Kind, Later, Link, code, errno, key_of, rearm, recount, watch, with};
use super::{address, class};
use crate::node::buffer::encoding::{self, Encoding};
use crate::rt::{Rt, Task};
use looplab_engine::{Args, Class, Completion, Local, NativeFn, Scope};
use looplab_event_loop::{Origin, World};
use looplab_net::{Acceptor, ListenOptions};
use std::rc::Rc;
use std::time::Duration;

const METHODS: &[(&str, u32, NativeFn)] = &[
    ("bind", 4, listen),
    ("open", 1, super::adopt::open),
    ("listenOn", 2, super::adopt::listen_on),
    ("connect", 4, connect),
    ("readStart", 0, read_start),
    ("readStop", 0, read_stop),
    ("write", 2, write),
    ("writev", 1, writev),
    ("shutdown", 0, shutdown),
    ("close", 0, close),
    ("reset", 0, reset),
    ("ref", 0, |s, args| set_ref(s, args, true)),
    ("unref", 0, |s, args| set_ref(s, args, false)),
    ("hasRef", 0, has_ref),
    ("setNoDelay", 1, set_nodelay),
    ("setKeepAlive", 2, set_keepalive),
    ("getsockname", 0, |s, args| name(s, args, true)),
    ("getpeername", 0, |s, args| name(s, args, false)),
    ("getAsyncId", 0, number),
    ("consume", 1, consume),
    ("setBlocking", 0, |s, _| Ok(s.int(0))),
];

pub(super) fn install<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    let tcp = class(s, o, "TCP", |s, args| construct(s, args, false), METHODS);
    let pipe = class(s, o, "Pipe", |s, args| construct(s, args, true), METHODS);
    for proto in [tcp, pipe] {
        let k = s.key("fd");
        s.getter(proto, k, fd);
        let k = s.key("bytesRead");
        s.getter(proto, k, |s, args| figure(s, args, |link| link.received as f64));
        let k = s.key("bytesWritten");
        s.getter(proto, k, |s, args| figure(s, args, |link| link.sent as f64));
        let k = s.key("writeQueueSize");
        s.getter(proto, k, |s, args| figure(s, args, |link| link.queue.len() as f64));
        let k = s.key("reading");
        s.getter(proto, k, |s, args| {
            let mut reading = false;
            with(s, args, |handle, _| {
                reading = matches!(&handle.kind, Kind::Link(link) if link.reading);
                0
            });
            Ok(s.bool(reading))
        });
    }
    crate::modules::register_value(s, "net.TCP.prototype", tcp);
    crate::modules::register_value(s, "net.Pipe.prototype", pipe);
}

fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>, is_pipe: bool) -> Completion<'s> {
    if args.new_target().is_undefined() {
        return Err(s.throw_type("Class constructor cannot be invoked without 'new'"));
    }
    Ok(make(s, Link::default(), is_pipe))
}

/// A handle object for a link.
pub(super) fn make<'s>(s: &mut Scope<'s>, link: Link, is_pipe: bool) -> Local<'s> {
    let rt = Rt::of(s);
    let name = if is_pipe { "net.Pipe.prototype" } else { "net.TCP.prototype" };
    let proto = crate::modules::registered(s, name);
    let object = s.new_object_of(Class::Host, proto);
    rt.net.insert(s, &rt, object, Kind::Link(Box::new(link)), is_pipe);
    object
}

fn link(handle: &mut Handle) -> Option<&mut Link> {
    match &mut handle.kind {
        Kind::Link(link) => Some(link),
        _ => None,
    }
}

/// `bind(address, port, backlog, flags)`: becomes a listener. Flags: 1 IPv6 only, 2 shared port. With a port of -1 the address is a path.
fn listen<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let port = args.get(1).as_number().unwrap_or(0.0);
    let at = if port < 0.0 {
        address::path_address(&crate::rt::text_arg(s, args, 0))
    } else {
        match address::of_args(s, args, 0) {
            Some(addr) => addr.into(),
            None => return Ok(s.int(-22)),
        }
    };
    let flags = args.get(3).as_int().unwrap_or(0);
    let options = ListenOptions {
        backlog: args.get(2).as_int().unwrap_or(511),
        ipv6_only: flags & 1 != 0,
        reuse_port: flags & 2 != 0,
    };
    let Some(key) = key_of(s, args.this()) else { return Ok(s.int(EBADF)) };
    Ok(with(s, args, |handle, rt| {
        let listener = rt.with_loop(|lp| lp.world_mut().network().listen(&at, options));
        match listener {
            Ok(listener) => {
                handle.kind = Kind::Listener(Acceptor::new(listener));
                code(rt.with_loop(|lp| watch(handle, key, lp)))
            }
            Err(error) => errno(&error),
        }
    }))
}

/// `connect(address, port, localAddress, localPort)`; `onconnect(status)` follows. With a port of -1 the address is a path.
fn connect<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let port = args.get(1).as_number().unwrap_or(0.0);
    let (to, is_path) = if port < 0.0 {
        (address::path_address(&crate::rt::text_arg(s, args, 0)), true)
    } else {
        match address::of_args(s, args, 0) {
            Some(addr) => (addr.into(), false),
            None => return Ok(s.int(-22)),
        }
    };
    let from = if args.get(2).is_string() { address::of_args(s, args, 2) } else { None };
    let Some(key) = key_of(s, args.this()) else { return Ok(s.int(EBADF)) };
    Ok(with(s, args, |handle, rt| {
        let stream = rt.with_loop(|lp| lp.world_mut().network().connect(&to, from));
        let Some(link) = link(handle) else { return -22 };
        match stream {
            Ok(stream) => {
                link.stream = Some(stream);
                link.connecting = true;
                code(rt.with_loop(|lp| watch(handle, key, lp)))
            }
            // libuv tells of these later, as of those that take their time.
            Err(error) if is_path || matches!(error.raw_os_error(), Some(111)) => {
                link.connecting = true;
                let later = Later::Connect(errno(&error));
                rt.with_loop(|lp| lp.defer(Task::SocketLater(key as u32, later), Origin::HIDDEN));
                0
            }
            Err(error) => errno(&error),
        }
    }))
}

fn read_start<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let Some(key) = key_of(s, args.this()) else { return Ok(s.int(EBADF)) };
    Ok(with(s, args, |handle, rt| start_reading(handle, key, rt)))
}

pub(super) fn start_reading(handle: &mut Handle, key: usize, rt: &Rc<Rt>) -> i32 {
    let watched = handle.io.is_some();
    let Some(link) = link(handle) else { return -22 };
    if link.stream.is_none() {
        return -107;
    }
    let again = watched && link.readable && !link.reading;
    link.reading = true;
    let result = rt.with_loop(|lp| {
        watch(handle, key, lp)?;
        if again { rearm(handle, lp) } else { Ok(()) }
    });
    code(result)
}

fn read_stop<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(with(s, args, |handle, rt| {
        if let Some(link) = link(handle) {
            link.reading = false;
        }
        rt.with_loop(|lp| recount(handle, lp));
        0
    }))
}

/// Writes what the system takes at once; how much that was. Nothing while an earlier write waits.
///
/// # Errors
/// The system's, as a negative number.
pub(crate) fn write_some(rt: &Rc<Rt>, key: usize, parts: &[&[u8]]) -> Result<usize, i32> {
    let mut handles = rt.net.handles.borrow_mut();
    let handle = handles.get_mut(key).ok_or(EBADF)?;
    let number = handle.number;
    let link = link(handle).ok_or(EBADF)?;
    let stream = link.stream.as_mut().ok_or(-32)?;
    if !link.queue.is_empty() || link.connecting || link.shutdown {
        return Ok(0);
    }
    let done = looplab_net::write_now(&mut **stream, parts).map_err(|error| errno(&error))?;
    link.sent += done as u64;
    if done > 0 {
        let bytes = done as u32;
        rt.emit(|_| looplab_probe::Event::SocketWrite { number, bytes, waiting: 0 });
    }
    Ok(done)
}

/// What became of a write: 0 all is with the system, 1 some waits (`onwrite(status)` follows), negative: failed.
pub(super) fn write_parts(handle: &mut Handle, key: usize, rt: &Rc<Rt>, parts: &[&[u8]]) -> i32 {
    let number = handle.number;
    let Some(link) = link(handle) else { return EBADF };
    let Some(stream) = &mut link.stream else { return -32 };
    let total: usize = parts.iter().map(|part| part.len()).sum();
    let mut done = 0;
    if link.queue.is_empty() && !link.connecting {
        match looplab_net::write_now(&mut **stream, parts) {
            Ok(n) => done = n,
            Err(error) => return errno(&error),
        }
    }
    link.sent += total as u64;
    rt.emit(|_| looplab_probe::Event::SocketWrite {
        number,
        bytes: total as u32,
        waiting: (link.queue.len() + total - done) as u32,
    });
    if done == total {
        return 0;
    }
    for part in parts {
        let skip = done.min(part.len());
        done -= skip;
        link.queue.push(part[skip..].to_vec());
    }
    link.writing = true;
    match rt.with_loop(|lp| watch(handle, key, lp)) {
        Ok(()) => 1,
        Err(error) => errno(&error),
    }
}

/// `write(data, encoding)`
fn write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let data = args.get(0);
    let encoded;
    if data.is_string() {
        let e = Encoding::of_argument(s, args.get(1))?;
        encoded = encoding::encode(s.chars(data), e);
        return Ok(write_bytes(s, args.this(), &[&encoded]));
    }
    let rt = Rt::of(s);
    let Some(key) = key_of(s, args.this()) else { return Ok(s.int(EBADF)) };
    let code = match s.view_bytes(data).or_else(|| s.buffer_bytes(data)) {
        Some(bytes) => {
            let mut handles = rt.net.handles.borrow_mut();
            handles.get_mut(key).map_or(EBADF, |handle| write_parts(handle, key, &rt, &[bytes]))
        }
        None => -22,
    };
    Ok(s.int(code))
}

/// Writes parts to the handle that `this` is.
pub(crate) fn write_bytes<'s>(s: &mut Scope<'s>, this: Local<'s>, parts: &[&[u8]]) -> Local<'s> {
    let rt = Rt::of(s);
    let Some(key) = key_of(s, this) else { return s.int(EBADF) };
    let mut handles = rt.net.handles.borrow_mut();
    let code = handles.get_mut(key).map_or(EBADF, |handle| write_parts(handle, key, &rt, parts));
    s.int(code)
}

/// `writev([chunk, encoding, chunk, encoding, …])`
fn writev<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let list = s.list_from_array_like(args.get(0))?;
    let mut owned: Vec<Vec<u8>> = Vec::with_capacity(list.len() / 2);
    for pair in list.chunks(2) {
        let chunk = pair[0];
        owned.push(if chunk.is_string() {
            let e = match pair.get(1) {
                Some(name) => Encoding::of_argument(s, *name)?,
                None => Encoding::Utf8,
            };
            encoding::encode(s.chars(chunk), e)
        } else {
            s.view_bytes(chunk).or_else(|| s.buffer_bytes(chunk)).unwrap_or_default().to_vec()
        });
    }
    let parts: Vec<&[u8]> = owned.iter().map(Vec::as_slice).collect();
    Ok(write_bytes(s, args.this(), &parts))
}

/// `shutdown()`: a FIN after what is queued; `onshutdown(status)` follows.
fn shutdown<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let Some(key) = key_of(s, args.this()) else { return Ok(s.int(EBADF)) };
    Ok(with(s, args, |handle, rt| {
        let Some(link) = link(handle) else { return -107 };
        if link.stream.is_none() {
            return -107;
        }
        link.shutdown = true;
        if link.queue.is_empty() && !link.connecting {
            // The FIN leaves in the next pending phase, as libuv's does: after everything that this poll has brought.
            later(key, rt, None);
        }
        0
    }))
}

fn later(key: usize, rt: &Rc<Rt>, status: Option<i32>) {
    rt.with_loop(|lp| lp.defer(Task::SocketLater(key as u32, Later::Shutdown(status)), Origin::HIDDEN));
}

/// Sends the FIN.
pub(super) fn send_fin(link: &mut Link) -> i32 {
    link.stream.as_mut().map_or(-107, |stream| code(stream.shutdown_write()))
}

/// Sends the FIN and has the program told.
pub(super) fn finish_shutdown(handle: &mut Handle, key: usize, rt: &Rc<Rt>) {
    let Some(link) = link(handle) else { return };
    let status = send_fin(link);
    later(key, rt, Some(status));
}

/// `close()`: `onclose()` follows in the closing phase.
fn close<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let Some(key) = key_of(s, args.this()) else { return Ok(s.undefined()) };
    let mut number = 0;
    let code = with(s, args, |handle, rt| {
        if handle.closing {
            return EBADF;
        }
        handle.closing = true;
        number = handle.number;
        shut(handle, rt);
        rt.with_loop(|lp| lp.defer_close(Task::SocketClosed(key as u32), Origin::default()));
        0
    });
    if code.as_int() == Some(0) {
        Rt::of(s).emit(|_| looplab_probe::Event::SocketClose { number });
    }
    Ok(s.undefined())
}

/// Takes the handle off the loop and closes its descriptor.
pub(super) fn shut(handle: &mut Handle, rt: &Rc<Rt>) {
    let io = handle.io.take();
    rt.with_loop(|lp| match &mut handle.kind {
        Kind::Link(link) => {
            link.reading = false;
            link.queue.clear();
            if let Some(mut stream) = link.stream.take() {
                if link.reset {
                    // Without the option the peer sees an ordinary end.
                    let _ = stream.reset_on_close();
                }
                if let Some(io) = io {
                    // The descriptor is closed next, which takes it off the poll in any case.
                    let _ = lp.io_stop(io, &mut *stream);
                }
            }
        }
        Kind::Listener(acceptor) => {
            if let Some(io) = io {
                let _ = lp.io_stop(io, acceptor.listener());
            }
        }
        Kind::Udp { socket, .. } => {
            if let (Some(mut socket), Some(io)) = (socket.take(), io) {
                let _ = lp.io_stop(io, socket.socket());
            }
        }
    });
    if matches!(handle.kind, Kind::Listener(_)) {
        if let Kind::Listener(acceptor) = &mut handle.kind
            && let (true, Ok(looplab_net::Address::Path(path))) = (handle.is_pipe, acceptor.local())
            && !path.as_os_str().as_encoded_bytes().starts_with(&[0])
            // A simulated socket has no name in the file system.
            && acceptor.listener().descriptor().is_some()
        {
            // As libuv does; a name that is gone already is as good.
            let _ = std::fs::remove_file(path);
        }
        handle.kind = Kind::Link(Box::default());
    }
}

/// `reset()`: closes with an RST.
fn reset<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    with(s, args, |handle, _| {
        if let Some(link) = link(handle) {
            link.reset = true;
        }
        0
    });
    close(s, args)?;
    Ok(s.int(0))
}

/// `ref()` and `unref()` of any handle.
pub(super) fn set_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>, on: bool) -> Completion<'s> {
    with(s, args, |handle, rt| {
        handle.referenced = on;
        rt.with_loop(|lp| recount(handle, lp));
        0
    });
    Ok(s.undefined())
}

/// `hasRef()` of any handle.
pub(super) fn has_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut on = false;
    with(s, args, |handle, _| {
        on = handle.referenced && !handle.closing;
        0
    });
    Ok(s.bool(on))
}

fn set_nodelay<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let on = s.to_boolean(args.get(0));
    Ok(with(s, args, |handle, _| match link(handle).and_then(|link| link.stream.as_mut()) {
        Some(stream) => code(stream.set_nodelay(on)),
        None => EBADF,
    }))
}

/// `setKeepAlive(on, seconds)`
fn set_keepalive<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let on = s.to_boolean(args.get(0));
    let seconds = args.get(1).as_number().unwrap_or(0.0).max(0.0);
    let idle = on.then(|| Duration::from_secs(seconds as u64));
    Ok(with(s, args, |handle, _| match link(handle).and_then(|link| link.stream.as_mut()) {
        Some(stream) => code(stream.set_keepalive(idle)),
        None => EBADF,
    }))
}

/// The near or far end, or a negative error number.
fn name<'s>(s: &mut Scope<'s>, args: &Args<'s>, near: bool) -> Completion<'s> {
    let mut found = None;
    let code = with(s, args, |handle, _| {
        let result = match &mut handle.kind {
            Kind::Link(link) => match &link.stream {
                Some(stream) if near => stream.local(),
                Some(stream) => stream.peer(),
                None => return EBADF,
            },
            Kind::Listener(acceptor) => acceptor.local(),
            Kind::Udp { .. } => return EBADF,
        };
        match result {
            Ok(address) => {
                found = Some(address);
                0
            }
            Err(error) => errno(&error),
        }
    });
    Ok(match found {
        Some(address) => address::describe(s, &address),
        None => code,
    })
}

fn number<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(with(s, args, |handle, _| handle.number as i32))
}

fn fd<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(with(s, args, |handle, _| {
        let fd = match &mut handle.kind {
            Kind::Link(link) => link.stream.as_ref().and_then(|stream| stream.descriptor()),
            Kind::Listener(acceptor) => acceptor.listener().descriptor(),
            Kind::Udp { socket, .. } => socket.as_mut().and_then(|socket| socket.socket().descriptor()),
        };
        fd.unwrap_or(-1)
    }))
}

fn figure<'s>(s: &mut Scope<'s>, args: &Args<'s>, f: fn(&Link) -> f64) -> Completion<'s> {
    let mut n = 0.0;
    with(s, args, |handle, _| {
        if let Kind::Link(link) = &handle.kind {
            n = f(link);
        }
        0
    });
    Ok(s.num(n))
}

/// `consume(parser)`: bytes go to a native reader; `consume(undefined)`: to `onread` again.
fn consume<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let reader = if args.get(0).is_object() { Some(s.global(args.get(0))) } else { None };
    let mut old = None;
    let code = with(s, args, |handle, _| {
        let Some(link) = link(handle) else { return EBADF };
        old = std::mem::replace(&mut link.reader, reader);
        0
    });
    if let Some(old) = old {
        s.release(old);
    }
    Ok(code)
}
