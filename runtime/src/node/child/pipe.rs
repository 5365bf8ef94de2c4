//! Pipes to children: Unix sockets whose other end a child has. What is read is handed to a function; writes are tried at once, and what
//! doesn't fit waits for the loop. A pipe keeps the loop alive only while it is being read from or written to, as in libuv.

use crate::node::buffer::new_buffer;
use crate::rt::{Rt, Task};
use crate::ticks::{self, Callback};
use crate::watch;
use looplab_engine::{Global, Local, Scope};
use looplab_event_loop::Interest;
use looplab_event_loop::SourceFd;
use looplab_event_loop::{IoId, Source};
use looplab_probe::Pos;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use slab::Slab;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;

/// Read at once.
const READ_SIZE: usize = 64 * 1024;
/// Reads in one go before others have their turn.
const READS_A_TURN: u32 = 32;

struct Write {
    data: Vec<u8>,
    at: usize,
    /// Called with an errno, or 0.
    done: Global,
}

struct Pipe {
    fd: OwnedFd,
    io: IoId,
    watch: u32,
    pos: Pos,
    /// Called with bytes; with null and 0 at the end, with null and an errno on failure.
    on_read: Option<Global>,
    reading: bool,
    /// The system had something to read when last asked (edge-triggered).
    readable: bool,
    writes: VecDeque<Write>,
    /// Called once everything is written and the peer knows that no more comes.
    shutdown: Option<Global>,
    referenced: bool,
}

impl Pipe {
    /// What is on its way out is sent in any case, as in libuv.
    fn keeps_alive(&self) -> bool {
        (self.referenced && self.reading) || !self.writes.is_empty() || self.shutdown.is_some()
    }
}

/// All pipes of a runtime, by number.
#[derive(Default)]
pub(crate) struct Pipes(Slab<Pipe>);

/// Takes a connected socket (or pipe) over; its number.
///
/// # Errors
/// The system's.
pub(super) fn open(rt: &Rc<Rt>, fd: OwnedFd, pos: Pos) -> io::Result<usize> {
    rustix::io::ioctl_fionbio(&fd, true)?;
    let id = rt.pipes.borrow().0.vacant_key();
    let watch = watch::add(rt, Rc::new(move |s, rt, cb, source| ready(s, rt, cb, id, source)));
    let origin = watch::origin(rt, "pipe", pos);
    let interest = Interest::READABLE | Interest::WRITABLE;
    let started: io::Result<IoId> = rt.with_loop(|lp| {
        let io = lp.io_start(&mut SourceFd(&fd.as_raw_fd()), interest, Task::Watch(watch), origin)?;
        lp.unref_handle(io);
        Ok(io)
    });
    let io = started.inspect_err(|_| watch::remove(rt, watch))?;
    let pipe = Pipe {
        fd,
        io,
        watch,
        pos,
        on_read: None,
        reading: false,
        readable: false,
        writes: VecDeque::new(),
        shutdown: None,
        referenced: true,
    };
    Ok(rt.pipes.borrow_mut().0.insert(pipe))
}

fn with<R>(rt: &Rc<Rt>, id: usize, f: impl FnOnce(&mut Pipe) -> R) -> Option<R> {
    rt.pipes.borrow_mut().0.get_mut(id).map(f)
}

fn update_ref(rt: &Rc<Rt>, id: usize) {
    if let Some((io, wanted)) = with(rt, id, |p| (p.io, p.keeps_alive())) {
        rt.with_loop(|lp| if wanted { lp.ref_handle(io) } else { lp.unref_handle(io) });
    }
}

/// Makes it keep the loop alive while it is active, or not.
pub(super) fn set_ref(rt: &Rc<Rt>, id: usize, referenced: bool) {
    with(rt, id, |p| p.referenced = referenced);
    update_ref(rt, id);
}

/// Has `on_read` called with what comes.
pub(super) fn read_start(s: &mut Scope<'_>, rt: &Rc<Rt>, id: usize, on_read: Local<'_>) {
    let on_read = s.global(on_read);
    let Some((old, catch_up)) = with(rt, id, |p| {
        p.reading = true;
        (p.on_read.replace(on_read), p.readable)
    }) else {
        s.release(on_read);
        return;
    };
    if let Some(old) = old {
        s.release(old);
    }
    update_ref(rt, id);
    if catch_up {
        // There is no new edge for what was there before.
        rt.after_polls(1, Box::new(move |s, rt, cb| pump(s, rt, cb, id)));
    }
}

/// The number of its descriptor; none once it is closed.
pub(super) fn descriptor(rt: &Rc<Rt>, id: usize) -> Option<i32> {
    with(rt, id, |p| p.fd.as_raw_fd())
}

/// Whether it may keep the loop alive.
pub(super) fn has_ref(rt: &Rc<Rt>, id: usize) -> bool {
    with(rt, id, |p| p.referenced).unwrap_or(false)
}

/// Stops reading; what comes waits in the system.
pub(super) fn read_stop(rt: &Rc<Rt>, id: usize) {
    with(rt, id, |p| p.reading = false);
    update_ref(rt, id);
}

/// Writes what the system takes of the first write.
fn write_some(fd: &OwnedFd, write: &mut Write) -> Result<bool, Errno> {
    while write.at < write.data.len() {
        match rustix::net::send(fd, &write.data[write.at..], SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(n) => write.at += n,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(false),
            Err(e) => return Err(e),
        }
    }
    Ok(true)
}

/// Writes `data`. `Ok(true)`: all is written, and `done` won't be called. `Ok(false)`: `done` will be.
pub(super) fn write(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    id: usize,
    data: Vec<u8>,
    done: Local<'_>,
) -> Result<bool, Errno> {
    let done = s.global(done);
    let mut write = Write { data, at: 0, done };
    let result = with(rt, id, |p| {
        if p.writes.is_empty() && write_some(&p.fd, &mut write)? {
            return Ok(true);
        }
        p.writes.push_back(write);
        Ok(false)
    });
    match result.unwrap_or(Err(Errno::BADF)) {
        Ok(false) => update_ref(rt, id),
        other => {
            s.release(done);
            return other;
        }
    }
    Ok(false)
}

/// Tells the peer, once all is written, that no more comes; then calls `done` (0 or an errno), in a poll phase to come.
pub(super) fn shutdown(s: &mut Scope<'_>, rt: &Rc<Rt>, id: usize, done: Local<'_>) {
    let done = s.global(done);
    if with(rt, id, |p| p.shutdown = Some(done)).is_none() {
        s.release(done);
        return;
    }
    update_ref(rt, id);
    rt.after_polls(1, Box::new(move |s, rt, cb| flush(s, rt, cb, id)));
}

/// Closes it. Writes that wait fail with ECANCELED; `done` is called in the closing phase.
pub(super) fn close(s: &mut Scope<'_>, rt: &Rc<Rt>, id: usize, done: Local<'_>) {
    let Some(pipe) = rt.pipes.borrow_mut().0.try_remove(id) else { return };
    // Nothing can be done about a failure to let go of what is closed in a moment.
    let _ = rt.with_loop(|lp| lp.io_stop(pipe.io, &mut SourceFd(&pipe.fd.as_raw_fd())));
    watch::remove(rt, pipe.watch);
    let waiting: Vec<Global> = pipe.writes.into_iter().map(|w| w.done).chain(pipe.shutdown).collect();
    let done = done.is_callable().then(|| s.global(done));
    let (on_read, pos) = (pipe.on_read, pipe.pos);
    drop(pipe.fd);
    watch::call_closed(rt, "pipe", pos, move |s, rt, cb| {
        if let Some(g) = on_read {
            s.release(g);
        }
        for g in waiting {
            call(s, rt, cb, g, |s| vec![s.int(Errno::CANCELED.raw_os_error())]);
        }
        if let Some(g) = done {
            call(s, rt, cb, g, |_| Vec::new());
        }
    });
}

/// Calls a function that is kept for this one call, with its ticks.
fn call(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    cb: Callback,
    g: Global,
    args: impl for<'n> FnOnce(&mut Scope<'n>) -> Vec<Local<'n>>,
) {
    s.nested(|s| {
        let (f, u) = (s.open(g), s.undefined());
        s.release(g);
        if rt.exit.get().is_none() {
            let args = args(s);
            ticks::call(s, rt, cb, f, u, &args);
        }
        if rt.exit.get().is_none() {
            ticks::drain(s, rt);
        }
    });
}

/// The loop says that the descriptor is ready.
fn ready(s: &mut Scope<'_>, rt: &Rc<Rt>, cb: Callback, id: usize, source: &Source<crate::rt::JobOutput>) {
    let Source::Io(io, readiness) = source else { return };
    // The number may be another pipe's by now.
    if with(rt, id, |p| p.io == *io) != Some(true) {
        return;
    }
    if readiness.readable {
        with(rt, id, |p| p.readable = true);
        pump(s, rt, cb, id);
    }
    if readiness.writable {
        flush(s, rt, cb, id);
    }
}

/// What one look at the descriptor gives.
enum Found {
    Bytes(Vec<u8>),
    End(i32),
    Nothing,
}

fn look(pipe: &mut Pipe) -> Found {
    if !pipe.reading || !pipe.readable {
        return Found::Nothing;
    }
    let mut bytes = vec![0; READ_SIZE];
    loop {
        // Whoever else has this socket (a child that was given it) may have made it blocking.
        match rustix::net::recv(&pipe.fd, &mut bytes[..], RecvFlags::DONTWAIT).map(|(n, _)| n) {
            Ok(0) => {
                pipe.reading = false;
                return Found::End(0);
            }
            Ok(n) => {
                bytes.truncate(n);
                bytes.shrink_to_fit();
                return Found::Bytes(bytes);
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                pipe.readable = false;
                return Found::Nothing;
            }
            Err(e) => {
                pipe.reading = false;
                return Found::End(e.raw_os_error());
            }
        }
    }
}

/// Reads until nothing is left or nobody wants more.
fn pump(s: &mut Scope<'_>, rt: &Rc<Rt>, cb: Callback, id: usize) {
    for _ in 0..READS_A_TURN {
        let Some((found, Some(on_read))) = with(rt, id, |p| (look(p), p.on_read)) else { return };
        let (bytes, end) = match found {
            Found::Nothing => return,
            Found::Bytes(bytes) => (Some(bytes), 0),
            Found::End(errno) => (None, errno),
        };
        let over = bytes.is_none();
        update_ref(rt, id);
        s.nested(|s| {
            let (f, u) = (s.open(on_read), s.undefined());
            let bytes = match bytes.map(|b| new_buffer(s, b)) {
                Some(Ok(b)) => b,
                _ => s.null(),
            };
            let args = [bytes, s.int(end)];
            ticks::call(s, rt, cb, f, u, &args);
        });
        if rt.exit.get().is_some() {
            return;
        }
        ticks::drain(s, rt);
        if over || rt.exit.get().is_some() {
            return;
        }
    }
    rt.after_polls(1, Box::new(move |s, rt, cb| pump(s, rt, cb, id)));
}

/// Goes on with the writes, then with the shutdown.
fn flush(s: &mut Scope<'_>, rt: &Rc<Rt>, cb: Callback, id: usize) {
    loop {
        let next = with(rt, id, |p| {
            let write = p.writes.front_mut()?;
            let errno = match write_some(&p.fd, write) {
                Ok(false) => return None,
                Ok(true) => 0,
                Err(e) => e.raw_os_error(),
            };
            p.writes.pop_front().map(|w| (w.done, errno))
        });
        let Some(Some((done, errno))) = next else { break };
        update_ref(rt, id);
        call(s, rt, cb, done, |s| vec![s.int(errno)]);
        if rt.exit.get().is_some() {
            return;
        }
    }
    let ended = with(rt, id, |p| {
        if !p.writes.is_empty() {
            return None;
        }
        let done = p.shutdown.take()?;
        let errno = match rustix::net::shutdown(&p.fd, rustix::net::Shutdown::Write) {
            Ok(()) => 0,
            Err(e) => e.raw_os_error(),
        };
        Some((done, errno))
    });
    if let Some(Some((done, errno))) = ended {
        update_ref(rt, id);
        call(s, rt, cb, done, |s| vec![s.int(errno)]);
    }
}
