//! What the loop reports about sockets, handed to the program: one callback each, ticks drained between two of one handle.

use super::handle::{finish_shutdown, make};
use super::state::{EOF, Handle, Kind, Later, Link, callback, errno, rearm, recount, watch};
use crate::node::buffer::new_buffer;
use crate::rt::{Rt, Task};
use crate::ticks;
use looplab_engine::{Local, Name, Scope};
use looplab_event_loop::{Origin, Readiness};
use looplab_net::Accepted;
use looplab_probe::{CallbackKind, Event, EventId};
use std::io::ErrorKind;
use std::rc::Rc;

/// Bytes read with one call.
const CHUNK: usize = 64 << 10;
/// Reads of one stream in a row.
const READS: usize = 32;
/// Connections refused in a row for want of descriptors.
const REFUSALS: usize = 64;

/// What one look at a handle gave.
enum Step {
    Done,
    Connected(i32),
    Written(i32),
    Read(i32, Vec<u8>),
    Parse(looplab_engine::Global, i32),
    Connection(Link),
    Failed(i32),
    Message(usize, core::net::SocketAddr),
    Sent(Vec<(u64, i32)>),
}

/// A descriptor is ready.
pub(crate) fn ready(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    key: u32,
    number: u32,
    cause: EventId,
    readiness: Readiness,
) {
    let key = key as usize;
    note(rt, key, readiness);
    for _ in 0..READS {
        let step = match rt.net.handles.borrow_mut().get_mut(key) {
            Some(handle) if !handle.closing => next(handle, key, rt),
            _ => return,
        };
        let cb = ticks::Callback::new(CallbackKind::PollIo, number, cause);
        if !deliver(s, rt, key, cb, step) {
            return ask_again(rt, key);
        }
        if rt.exit.get().is_some() {
            return;
        }
        ticks::drain(s, rt);
        if rt.exit.get().is_some() {
            return;
        }
    }
    if let Some(handle) = rt.net.handles.borrow_mut().get_mut(key) {
        // Others first; watching anew gives another edge. A failure shows itself at the next read.
        let _ = rt.with_loop(|lp| rearm(handle, lp));
    }
}

/// Asks for another edge where the end of the stream is in sight.
fn ask_again(rt: &Rc<Rt>, key: usize) {
    let mut handles = rt.net.handles.borrow_mut();
    let Some(handle) = handles.get_mut(key).filter(|handle| !handle.closing) else { return };
    if let Kind::Link(link) = &mut handle.kind
        && std::mem::take(&mut link.again)
    {
        // A failure shows itself at the next read.
        let _ = rt.with_loop(|lp| rearm(handle, lp));
    }
}

fn note(rt: &Rc<Rt>, key: usize, readiness: Readiness) {
    let mut handles = rt.net.handles.borrow_mut();
    let Some(handle) = handles.get_mut(key) else { return };
    if let Kind::Link(link) = &mut handle.kind {
        link.readable |= readiness.readable;
        link.hung_up |= readiness.read_closed || readiness.error;
    }
}

/// Looks at a handle for the next thing that its program should know.
fn next(handle: &mut Handle, key: usize, rt: &Rc<Rt>) -> Step {
    let number = handle.number;
    let step = match &mut handle.kind {
        Kind::Link(link) if link.connecting => connected(link),
        Kind::Link(link) => match if link.writing { written(link) } else { Step::Done } {
            // Not now, or nothing to write; there may be something to read.
            Step::Done => read(link, rt, number),
            step => step,
        },
        Kind::Listener(acceptor) => return accept(acceptor, key, rt),
        Kind::Udp { socket: Some(socket), receiving, sending } => {
            if *sending {
                let mut fates = Vec::new();
                socket.flush(|id, result| fates.push((id, result.map_or_else(|e| errno(&e), |n| n as i32))));
                *sending = socket.queued().1 > 0;
                if !fates.is_empty() {
                    rt.with_loop(|lp| recount(handle, lp));
                    return Step::Sent(fates);
                }
            }
            if !*receiving {
                return Step::Done;
            }
            let mut buffer = rt.net.buffer.borrow_mut();
            buffer.resize(CHUNK, 0);
            return match socket.receive(&mut buffer) {
                Ok(Some((n, from))) => Step::Message(n, from),
                Ok(None) => Step::Done,
                Err(error) => Step::Failed(errno(&error)),
            };
        }
        Kind::Udp { .. } => Step::Done,
    };
    // After its end a stream is not read any more, and keeps nothing alive.
    if matches!(step, Step::Connected(_) | Step::Written(_) | Step::Read(..=0, _) | Step::Parse(_, ..=0)) {
        let flush = matches!(&handle.kind, Kind::Link(link) if link.shutdown && link.queue.is_empty());
        rt.with_loop(|lp| recount(handle, lp));
        if flush && matches!(step, Step::Written(0)) {
            finish_shutdown(handle, key, rt);
        }
    }
    step
}

fn connected(link: &mut Link) -> Step {
    let Some(stream) = &mut link.stream else { return Step::Done };
    let status = match stream.take_error() {
        Ok(Some(error)) | Err(error) => errno(&error),
        // An edge that says nothing: still under way.
        Ok(None) => match stream.peer() {
            Ok(_) => 0,
            Err(error) if error.kind() == ErrorKind::NotConnected => return Step::Done,
            Err(error) => errno(&error),
        },
    };
    link.connecting = false;
    Step::Connected(status)
}

fn written(link: &mut Link) -> Step {
    let Some(stream) = &mut link.stream else { return Step::Done };
    match link.queue.flush(&mut **stream) {
        Ok(false) => Step::Done,
        Ok(true) => {
            link.writing = false;
            Step::Written(0)
        }
        Err(error) => {
            link.writing = false;
            link.queue.clear();
            Step::Written(errno(&error))
        }
    }
}

/// The first `n` bytes of the buffer as memory of their own: the buffer itself when they fill most of it, else a copy.
fn taken(buffer: &mut Vec<u8>, n: usize) -> Vec<u8> {
    if n < CHUNK / 4 * 3 {
        let mut copy = looplab_engine::room(n);
        copy.extend_from_slice(&buffer[..n]);
        return copy;
    }
    let mut full = std::mem::replace(buffer, looplab_engine::room(CHUNK));
    full.truncate(n);
    full
}

fn read(link: &mut Link, rt: &Rc<Rt>, number: u32) -> Step {
    if !link.reading || !link.readable {
        return Step::Done;
    }
    let Some(stream) = &mut link.stream else { return Step::Done };
    let mut buffer = rt.net.buffer.borrow_mut();
    if buffer.len() < CHUNK {
        buffer.resize(CHUNK, 0);
    }
    let n = loop {
        match stream.read(&mut buffer) {
            Ok(n) => break n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                link.readable = false;
                return Step::Done;
            }
            Err(error) => {
                (link.readable, link.reading) = (false, false);
                return Step::Read(errno(&error), Vec::new());
            }
        }
    };
    if n == 0 {
        (link.readable, link.reading) = (false, false);
        rt.emit(|_| Event::SocketEnd { number });
        return match link.reader {
            Some(reader) => Step::Parse(reader, EOF),
            None => Step::Read(EOF, Vec::new()),
        };
    }
    // A short read has emptied the system's buffer: an edge will tell of more. If the end is behind it, libuv sees that in its next turn.
    if n < buffer.len() {
        link.readable = false;
        link.again = link.hung_up;
    }
    link.received += n as u64;
    rt.emit(|_| Event::SocketRead { number, bytes: n as u32 });
    match link.reader {
        Some(reader) => Step::Parse(reader, n as i32),
        None => Step::Read(n as i32, taken(&mut buffer, n)),
    }
}

fn accept(acceptor: &mut looplab_net::Acceptor, key: usize, rt: &Rc<Rt>) -> Step {
    for _ in 0..REFUSALS {
        match acceptor.accept() {
            Accepted::Connection(stream, _) => {
                return Step::Connection(Link { stream: Some(stream), ..Link::default() });
            }
            Accepted::Refused => {}
            Accepted::Blocked => return Step::Done,
            Accepted::Failed(error) => return Step::Failed(errno(&error)),
            Accepted::Exhausted(_) => break,
        }
    }
    rt.with_loop(|lp| lp.timer_once(100, Task::SocketLater(key as u32, Later::Accept), Origin::HIDDEN));
    Step::Done
}

/// Calls the program. False: nothing more to look at.
fn deliver(s: &mut Scope<'_>, rt: &Rc<Rt>, key: usize, cb: ticks::Callback, step: Step) -> bool {
    s.nested(|s| {
        let names = rt.net.names(s);
        let object = match rt.net.handles.borrow().get(key) {
            Some(handle) => s.open(handle.object),
            None => return false,
        };
        match step {
            Step::Done => false,
            Step::Connected(status) => {
                rt.emit(|_| Event::SocketConnect { number: cb.number, ok: status == 0 });
                let status = s.int(status);
                call(s, rt, cb, object, names.onconnect, &[status]);
                true
            }
            Step::Written(status) => {
                rt.emit(|_| Event::SocketDrain { number: cb.number });
                let status = s.int(status);
                call(s, rt, cb, object, names.onwrite, &[status]);
                true
            }
            Step::Read(n, bytes) => {
                let status = s.int(n);
                let data = match n {
                    1.. => new_buffer(s, bytes).ok(),
                    _ => None,
                };
                let data = data.unwrap_or_else(|| s.undefined());
                if n <= 0 || !receive(s, rt, cb, object, names.onread, data) {
                    call(s, rt, cb, object, names.onread, &[status, data]);
                }
                n > 0
            }
            Step::Parse(reader, n) => {
                let reader = s.open(reader);
                let bytes = match usize::try_from(n) {
                    Ok(n) => rt.net.buffer.borrow()[..n].to_vec(),
                    Err(_) => Vec::new(),
                };
                crate::node::http::feed(s, rt, cb, reader, n, &bytes);
                n > 0
            }
            Step::Connection(link) => {
                let is_pipe = rt.net.handles.borrow().get(key).is_some_and(|handle| handle.is_pipe);
                let client = make(s, link, is_pipe);
                let watched = super::state::key_of(s, client).map_or(Ok(()), |key| {
                    let mut handles = rt.net.handles.borrow_mut();
                    handles.get_mut(key).map_or(Ok(()), |handle| rt.with_loop(|lp| watch(handle, key, lp)))
                });
                let status = s.int(watched.map_or_else(|error| errno(&error), |()| 0));
                call(s, rt, cb, object, names.onconnection, &[status, client]);
                true
            }
            Step::Failed(status) => {
                let (status, none) = (s.int(status), s.undefined());
                let name = match rt.net.handles.borrow().get(key).map(|handle| &handle.kind) {
                    Some(Kind::Udp { .. }) => names.onmessage,
                    _ => names.onconnection,
                };
                call(s, rt, cb, object, name, &[status, none]);
                true
            }
            Step::Message(n, from) => {
                let bytes = rt.net.buffer.borrow()[..n].to_vec();
                let from = super::address::object(s, &from);
                let status = s.int(n as i32);
                let data = new_buffer(s, bytes).unwrap_or_else(|_| s.undefined());
                call(s, rt, cb, object, names.onmessage, &[status, data, from]);
                true
            }
            Step::Sent(fates) => {
                for (id, status) in fates {
                    let (id, status) = (s.num(id as f64), s.int(status));
                    call(s, rt, cb, object, names.onsent, &[id, status]);
                }
                true
            }
        }
    })
}

/// Bytes for an ordinary socket, without its scripted `onread`. False: that is to be called.
fn receive<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    cb: ticks::Callback,
    object: Local<'s>,
    name: Name,
    data: Local<'s>,
) -> bool {
    let Ok(Some(f)) = callback(s, object, name) else { return false };
    let (label, pos) = rt.describe(s, f);
    // With a log, the callback is reported as what it stands for.
    let mut begun = None;
    let done = super::socket::receive(s, rt, object, f, data, || {
        begun = Some(ticks::begin(rt, cb, label, pos));
    });
    if let Some(begin) = begun {
        ticks::end(rt, begin, done.is_ok());
    }
    match done {
        Ok(done) => done,
        Err(thrown) => {
            crate::uncaught::uncaught(s, rt, thrown, crate::uncaught::Origin::Exception);
            true
        }
    }
}

fn call<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    cb: ticks::Callback,
    object: Local<'s>,
    name: Name,
    args: &[Local<'s>],
) {
    match callback(s, object, name) {
        Ok(Some(f)) => {
            ticks::call(s, rt, cb, f, object, args);
        }
        Ok(None) => {}
        Err(thrown) => crate::uncaught::uncaught(s, rt, thrown, crate::uncaught::Origin::Exception),
    }
}

/// What a handle wanted to be told of later.
pub(crate) fn later(s: &mut Scope<'_>, rt: &Rc<Rt>, key: u32, what: Later, cause: EventId) {
    let key = key as usize;
    let (number, status) = {
        let mut handles = rt.net.handles.borrow_mut();
        let Some(handle) = handles.get_mut(key).filter(|handle| !handle.closing) else { return };
        let number = handle.number;
        let mut sent = 0;
        match (&mut handle.kind, what) {
            (Kind::Link(link), Later::Connect(_)) => link.connecting = false,
            (Kind::Link(link), Later::Shutdown(done)) => {
                sent = done.unwrap_or_else(|| super::handle::send_fin(link));
                link.shutdown = false;
            }
            (Kind::Listener(_), Later::Accept) => {
                // A listener that can't be watched any more has nothing to accept.
                let _ = rt.with_loop(|lp| rearm(handle, lp));
                return;
            }
            _ => return,
        }
        rt.with_loop(|lp| recount(handle, lp));
        (number, sent)
    };
    s.nested(|s| {
        let names = rt.net.names(s);
        let object = match rt.net.handles.borrow().get(key) {
            Some(handle) => s.open(handle.object),
            None => return,
        };
        let (name, status) = match what {
            Later::Connect(status) => (names.onconnect, status),
            Later::Shutdown(_) => (names.onshutdown, status),
            Later::Accept => return,
        };
        let status = s.int(status);
        call(s, rt, ticks::Callback::new(CallbackKind::Pending, number, cause), object, name, &[status]);
    });
}

/// The closing phase has come to a handle: the program is told, and it is forgotten.
pub(crate) fn closed(s: &mut Scope<'_>, rt: &Rc<Rt>, key: u32, cause: EventId) {
    let Some(handle) = rt.net.handles.borrow_mut().try_remove(key as usize) else { return };
    s.nested(|s| {
        let names = rt.net.names(s);
        let object = s.open(handle.object);
        let gone = s.int(-1);
        s.set_internal(object, 0, gone);
        s.release(handle.object);
        if let Kind::Link(link) = handle.kind
            && let Some(reader) = link.reader
        {
            s.release(reader);
        }
        call(
            s,
            rt,
            ticks::Callback::new(CallbackKind::Close, handle.number, cause),
            object,
            names.onclose,
            &[],
        );
    });
}
