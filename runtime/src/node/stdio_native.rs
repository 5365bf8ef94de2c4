//! What `process.stdin`, `stdout` and `stderr` and the `tty` module stand on: descriptors 0, 1 and 2, and the loop's word
//! that input is there.

use crate::continuation;
use crate::rt::{Rt, Task};
use crate::ticks::{self, Callback};
use looplab_engine::{ALL, Args, Completion, Global, Local, Scope};
use looplab_event_loop::{IoId, JobClass, JobInfo, Origin};
use looplab_probe::{CallbackKind, Probe};
use rustix::io::Errno;
use rustix::termios::{self, LocalModes, OptionalActions};
use std::os::fd::BorrowedFd;
use std::rc::Rc;

/// A read of standard input that waits for the loop.
pub(crate) struct Watch {
    /// The handle in the loop; `None`: a job of the pool reads (regular files and the simulated world can't be watched).
    io: Option<IoId>,
    size: usize,
    callback: Global,
    continuation: Global,
}

/// The natives, as an object.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    s.method(o, "kind", 1, kind);
    s.method(o, "write", 2, write);
    s.method(o, "windowSize", 1, window_size);
    s.method(o, "setRawMode", 2, set_raw_mode);
    s.method(o, "watch", 3, watch);
    s.method(o, "unwatch", 1, unwatch);
    s.method(o, "ref", 2, set_ref);
    Ok(o)
}

fn descriptor(n: i32) -> Option<BorrowedFd<'static>> {
    Some(match n {
        0 => rustix::stdio::stdin(),
        1 => rustix::stdio::stdout(),
        2 => rustix::stdio::stderr(),
        _ => return None,
    })
}

/// `kind(fd)`: TTY, FILE, PIPE (sockets too) or UNKNOWN.
fn kind<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = s.to_int32(args.get(0))?;
    let worker = Rt::of(s).options.worker.is_some();
    let name = match descriptor(n) {
        // What a worker prints goes to its parent.
        _ if worker && (0..=2).contains(&n) => "WORKER",
        None => "UNKNOWN",
        Some(fd) if termios::isatty(fd) => "TTY",
        Some(fd) => match rustix::fs::fstat(fd).map(|st| rustix::fs::FileType::from_raw_mode(st.st_mode)) {
            Ok(rustix::fs::FileType::RegularFile | rustix::fs::FileType::CharacterDevice) => "FILE",
            Ok(rustix::fs::FileType::Fifo | rustix::fs::FileType::Socket) => "PIPE",
            _ => "UNKNOWN",
        },
    };
    Ok(s.str(name))
}

/// `write(fd, bytes)`: 0, or the negative errno.
fn write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = s.to_int32(args.get(0))?;
    let bytes = s.view_bytes(args.get(1)).unwrap_or_default().to_vec();
    let rt = Rt::of(s);
    let errno = match super::stdio::write_fd(&rt, n == 1, &bytes) {
        Ok(()) => 0,
        Err(e) => -super::sys::errno(&e),
    };
    Ok(s.int(errno))
}

/// `windowSize(fd)`: `[columns, rows]`, or undefined.
fn window_size<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = s.to_int32(args.get(0))?;
    let size = descriptor(n).and_then(|fd| termios::tcgetwinsize(fd).ok());
    match size {
        Some(size) => {
            let pair = [s.int(i32::from(size.ws_col)), s.int(i32::from(size.ws_row))];
            Ok(s.new_array(&pair))
        }
        None => Ok(s.undefined()),
    }
}

/// `setRawMode(fd, on)`: 0, or the negative errno.
fn set_raw_mode<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = s.to_int32(args.get(0))?;
    let on = args.get(1).is_true();
    let set = |fd: BorrowedFd<'_>| -> Result<(), Errno> {
        let mut mode = termios::tcgetattr(fd)?;
        if on {
            mode.make_raw();
            // Output keeps its line ends.
            mode.output_modes |= termios::OutputModes::OPOST;
        } else {
            mode.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
            mode.input_modes |= termios::InputModes::ICRNL | termios::InputModes::IXON;
        }
        termios::tcsetattr(fd, OptionalActions::Now, &mode)
    };
    let errno = match descriptor(n).map(set) {
        Some(Ok(())) => 0,
        Some(Err(e)) => -e.raw_os_error(),
        None => -Errno::BADF.raw_os_error(),
    };
    Ok(s.int(errno))
}

// ---- input ----

/// `watch(fd, size, callback)`: reads once when there is something; the callback gets `(errno, buffer)`.
fn watch<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = s.to_int32(args.get(0))?;
    let size = s.to_number(args.get(1))?.max(1.0) as usize;
    let rt = Rt::of(s);
    let callback = s.global(args.get(2));
    let continuation = continuation::capture(s, &rt, "TTYWRAP", None);
    let continuation = s.global(continuation);
    let pos = rt.here(s);
    let origin = Origin { label: rt.probe.intern("stdin"), pos, hidden: false };
    let io = descriptor(n).and_then(|fd| rt.with_loop(|lp| lp.input_start(fd, Task::Input, origin)).ok());
    let watched = io.is_some();
    rt.input.replace(Some(Watch { io, size, callback, continuation }));
    if !watched {
        rt.submit_from(
            JobInfo::new(JobClass::Disk, "stdin"),
            pos,
            move || read(size),
            |s, rt, cb, out| {
                let got = out.unwrap_or(Err(Errno::CANCELED));
                if let Some(w) = rt.input.take() {
                    deliver(s, rt, cb, w, got);
                }
            },
        );
    }
    Ok(s.undefined())
}

fn read(size: usize) -> Result<Vec<u8>, Errno> {
    let mut chunk = Vec::with_capacity(size);
    loop {
        match rustix::io::read(rustix::stdio::stdin(), rustix::buffer::spare_capacity(&mut chunk)) {
            Ok(_) => break,
            Err(Errno::INTR) => {}
            // The other end of a terminal is gone.
            Err(Errno::IO) => break,
            Err(e) => return Err(e),
        }
    }
    Ok(chunk)
}

/// The loop says that input is ready.
pub(crate) fn ready(s: &mut Scope<'_>, rt: &Rc<Rt>, cause: looplab_probe::EventId) {
    let got = {
        let mut input = rt.input.borrow_mut();
        let Some(w) = input.as_mut() else { return };
        let got = read(w.size);
        if got == Err(Errno::AGAIN) {
            // Somebody else took it.
            return;
        }
        got
    };
    let Some(w) = rt.input.take() else { return };
    stop(rt, &w);
    deliver(s, rt, Callback::new(CallbackKind::PollIo, 0, cause), w, got);
}

fn stop(rt: &Rt, w: &Watch) {
    if let Some(io) = w.io {
        // It was watched a moment ago; if the system has forgotten it, so may we.
        let _ = rt.with_loop(|lp| lp.input_stop(io, rustix::stdio::stdin()));
    }
}

fn deliver(s: &mut Scope<'_>, rt: &Rc<Rt>, cb: Callback, w: Watch, got: Result<Vec<u8>, Errno>) {
    s.nested(|s| {
        let (f, continuation) = (s.open(w.callback), s.open(w.continuation));
        s.release(w.callback);
        s.release(w.continuation);
        let (errno, chunk): (Local<'_>, Local<'_>) = match got {
            Ok(bytes) => match crate::node::buffer::new_buffer(s, bytes) {
                Ok(b) => (s.int(0), b),
                Err(t) => {
                    s.caught(t);
                    (s.int(-Errno::NOMEM.raw_os_error()), s.undefined())
                }
            },
            Err(e) => (s.int(-e.raw_os_error()), s.undefined()),
        };
        let u = s.undefined();
        continuation::within(s, rt, continuation, true, |s| ticks::call(s, rt, cb, f, u, &[errno, chunk]));
    });
}

/// `unwatch(fd)`: the read is given up.
fn unwatch<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    // A job of the pool can't be called back: it keeps its place.
    let watched = rt.input.borrow().as_ref().is_some_and(|w| w.io.is_some());
    if watched && let Some(w) = rt.input.take() {
        stop(&rt, &w);
        s.release(w.callback);
        s.release(w.continuation);
    }
    Ok(s.undefined())
}

/// `ref(fd, on)`: whether the read keeps the process alive.
fn set_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    if let Some(io) = rt.input.borrow().as_ref().and_then(|w| w.io) {
        rt.with_loop(|lp| if args.get(1).is_true() { lp.ref_handle(io) } else { lp.unref_handle(io) });
    }
    Ok(s.undefined())
}

// ---- the three properties of process ----

/// Makes `process.stdin`, `stdout` and `stderr` getters that make their stream when first asked.
pub(crate) fn install<'s>(s: &mut Scope<'s>, process: Local<'s>) {
    for (name, fd) in [("stdout", 1), ("stdin", 0), ("stderr", 2)] {
        let (k, gk, data) = (s.key(name), s.key("get"), s.int(fd));
        let get = s.function_with_data(gk, 0, stream, data);
        let u = s.undefined();
        s.define_accessor(process, k, get, u, looplab_engine::ENUMERABLE | looplab_engine::CONFIGURABLE);
        if fd > 0 {
            crate::modules::register_value(s, &format!("{name} getter"), get);
        }
    }
}

/// The stream of a descriptor, made once.
fn stream<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let fd = args.data();
    let name = match fd.as_int() {
        Some(0) => "stdin stream",
        Some(1) => "stdout stream",
        _ => "stderr stream",
    };
    let known = crate::modules::registered(s, name);
    if known.is_object() {
        return Ok(known);
    }
    let rt = Rt::of(s);
    let Some(m) = crate::modules::builtin(s, &rt, "/stdio_streams")? else { return Ok(s.undefined()) };
    let k = s.key(if fd.as_int() == Some(0) { "inputStream" } else { "writableStream" });
    let made = s.invoke(m, k, &[fd])?;
    crate::modules::register_value(s, name, made);
    if fd.as_int() != Some(0) {
        // As long as this is its `write`, console may write past it.
        let wk = s.key("write");
        let write = s.get(made, wk)?;
        crate::modules::register_value(s, &format!("{}.write", &name[..6]), write);
    }
    Ok(made)
}

/// What stands for a standard stream in `console` while no program has touched the stream: `write` and what layouts ask.
pub(crate) fn stand_in<'s>(s: &mut Scope<'s>, fd: i32) -> Completion<'s> {
    let name = if fd == 1 { "stdout stand-in" } else { "stderr stand-in" };
    let known = crate::modules::registered(s, name);
    if known.is_object() {
        return Ok(known);
    }
    let o = s.new_object();
    let put = |s: &mut Scope<'s>, name: &str, v: Local<'s>| {
        let k = s.key(name);
        s.define_with(o, k, v, ALL);
    };
    let (k, data) = (s.key("write"), s.int(fd));
    let f = s.function_with_data(k, 1, write_text, data);
    put(s, "write", f);
    let worker = Rt::of(s).options.worker.is_some();
    if let Some(d) = descriptor(fd).filter(|&d| !worker && termios::isatty(d)) {
        let columns = termios::tcgetwinsize(d).map_or(80, |w| w.ws_col);
        let (yes, columns) = (s.bool(true), s.int(i32::from(columns)));
        put(s, "isTTY", yes);
        put(s, "columns", columns);
    }
    crate::modules::register_value(s, name, o);
    Ok(o)
}

/// Writes text and forgets a closed pipe, as console does.
fn write_text<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let text = s.to_text(args.get(0))?;
    if args.data().as_int() == Some(1) {
        super::stdio::write_stdout(&rt, text.as_bytes());
    } else {
        super::stdio::write_stderr(&rt, text.as_bytes());
    }
    Ok(s.bool(true))
}
