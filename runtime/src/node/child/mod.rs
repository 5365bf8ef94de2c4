//! The native half of `child_process` (`/child_native`): starting, waiting for and killing children, and pipes to them. What
//! a user sees of it is in `runtime/js/child_process.js`.

mod command;
mod pipe;
mod sync;

use crate::node::buffer::{bytes_of, get, new_buffer, put};
use crate::node::fs::fds;
use crate::rt::{Rt, Task};
use crate::ticks;
use crate::watch;
use command::{ChildEnd, Spec};
use looplab_engine::{Args, Completion, Global, Local, NativeFn, Scope, Thrown};
use looplab_event_loop::Interest;
use looplab_event_loop::SourceFd;
use looplab_event_loop::{IoId, World};
pub(crate) use pipe::Pipes;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, Signal};
use slab::Slab;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::Child;
use std::rc::Rc;
use std::time::Duration;

/// A child that runs.
struct Running {
    child: Child,
    pidfd: OwnedFd,
    io: IoId,
    watch: u32,
    /// Called with exit code and signal number.
    on_exit: Global,
}

/// The children of a runtime, by number.
#[derive(Default)]
pub(crate) struct Children(Slab<Running>);

/// The internal module.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("spawn", 3, spawn),
        ("spawnSync", 3, spawn_sync),
        ("childKill", 2, child_kill),
        ("childRef", 2, child_ref),
        ("openDescriptor", 1, open_descriptor),
        ("pipeClose", 2, pipe_close),
        ("pipeDescriptor", 1, pipe_descriptor),
        ("pipeHasRef", 1, pipe_has_ref),
        ("pipeReadStart", 2, pipe_read_start),
        ("pipeReadStop", 1, pipe_read_stop),
        ("pipeRef", 2, pipe_ref),
        ("pipeShutdown", 2, pipe_shutdown),
        ("pipeWrite", 3, pipe_write),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    Ok(o)
}

/// A process that was forked has its end of the channel open as the descriptor that a variable names, which programs don't see.
pub(crate) fn join(s: &mut Scope<'_>, rt: &Rc<Rt>) -> Result<(), Thrown> {
    let Some(fd) = std::env::var_os("NODE_CHANNEL_FD") else { return Ok(()) };
    let process = rt.process(s);
    let env = get(s, process, "env")?;
    for name in ["NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE"] {
        let k = s.key(name);
        s.delete(env, k)?;
    }
    let Some(fd) = fd.to_str().and_then(|fd| fd.parse::<i32>().ok()) else { return Ok(()) };
    let Some(core) = crate::modules::builtin(s, rt, "/child_process_core")? else { return Ok(()) };
    let (k, fd) = (s.key("joinChannel"), s.int(fd));
    let mode = std::env::var("NODE_CHANNEL_SERIALIZATION_MODE").unwrap_or_default();
    let mode = s.str(&mode);
    s.invoke(core, k, &[fd, mode]).map(|_| ())
}

/// A connected pair: ours and the child's.
fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?)
}

fn errno(e: &io::Error) -> i32 {
    // What the system gave no number for: an argument with a zero byte, a descriptor mapped twice.
    e.raw_os_error().unwrap_or(22)
}

fn number<'s>(s: &mut Scope<'s>, args: &Args<'s>, i: usize) -> usize {
    s.to_uint32(args.get(i)).unwrap_or(u32::MAX) as usize
}

// ---- children ----

/// `spawn(spec, stdio, onExit)`: stdio is a list of 'ignore', 'pipe' and descriptor numbers. Gives `{ id, pid, pipes }`, or an
/// errno below 0.
fn spawn<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let spec = Spec::read(s, args.get(0))?;
    let mut ends = Vec::new();
    let mut ours: Vec<Option<OwnedFd>> = Vec::new();
    for item in s.list_from_array_like(args.get(1))? {
        let (mine, end) = match item.as_int() {
            Some(n) => (None, ChildEnd::Number(n)),
            None if s.to_utf8_lossy(item) == "pipe" => match pair() {
                Ok((mine, theirs)) => (Some(mine), ChildEnd::Own(theirs)),
                Err(e) => return Ok(s.int(-errno(&e))),
            },
            None => (None, ChildEnd::Null),
        };
        ours.push(mine);
        ends.push(end);
    }
    let on_exit = s.global(args.get(2));
    match start(s, &rt, &spec, ends, on_exit) {
        Ok((id, pid)) => shown(s, &rt, id, pid, ours),
        Err(e) => {
            s.release(on_exit);
            Ok(s.int(-errno(&e)))
        }
    }
}

fn start(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    spec: &Spec,
    ends: Vec<ChildEnd>,
    on_exit: Global,
) -> io::Result<(usize, u32)> {
    if rt.options.simulated {
        // Virtual time has no children: ENOSYS.
        return Err(io::Error::from_raw_os_error(38));
    }
    let mut child = spec.command(ends)?.spawn()?;
    let pid = child.id();
    let pos = rt.here(s);
    let id = rt.children.borrow().0.vacant_key();
    let watched = rustix::process::pidfd_open(rustix::process::Pid::from_child(&child), PidfdFlags::empty())
        .map_err(io::Error::from)
        .and_then(|pidfd| {
            let watch = watch::add(rt, Rc::new(move |s, rt, cb, _| exited(s, rt, cb, id)));
            let origin = watch::origin(rt, "child process", pos);
            let source = &mut SourceFd(&pidfd.as_raw_fd());
            let io = rt.with_loop(|lp| lp.io_start(source, Interest::READABLE, Task::Watch(watch), origin));
            match io {
                Ok(io) => Ok((pidfd, io, watch)),
                Err(e) => {
                    watch::remove(rt, watch);
                    Err(e)
                }
            }
        });
    let (pidfd, io, watch) = match watched {
        Ok(watched) => watched,
        Err(e) => {
            // Nobody would learn of its end.
            child.kill()?;
            child.wait()?;
            return Err(e);
        }
    };
    rt.children.borrow_mut().0.insert(Running { child, pidfd, io, watch, on_exit });
    Ok((id, pid))
}

fn shown<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    id: usize,
    pid: u32,
    ours: Vec<Option<OwnedFd>>,
) -> Completion<'s> {
    let pos = rt.here(s);
    let mut pipes = Vec::new();
    for fd in ours {
        let number = match fd.map(|fd| pipe::open(rt, fd, pos)) {
            None => s.null(),
            Some(Ok(pipe)) => s.int(pipe as i32),
            Some(Err(e)) => return Ok(s.int(-errno(&e))),
        };
        pipes.push(number);
    }
    let o = s.new_object();
    let (id, pid, pipes) = (s.int(id as i32), s.num(f64::from(pid)), s.new_array(&pipes));
    put(s, o, "id", id);
    put(s, o, "pid", pid);
    put(s, o, "pipes", pipes);
    Ok(o)
}

/// The child has ended.
fn exited(s: &mut Scope<'_>, rt: &Rc<Rt>, cb: ticks::Callback, id: usize) {
    let status = match rt.children.borrow_mut().0.get_mut(id).map(|r| r.child.try_wait()) {
        Some(Ok(Some(status))) => Some(status),
        // Not yet, or somebody else has taken its status.
        Some(Ok(None)) | None => return,
        Some(Err(_)) => None,
    };
    let Some(gone) = rt.children.borrow_mut().0.try_remove(id) else { return };
    // The descriptor is closed in a moment in any case.
    let _ = rt.with_loop(|lp| lp.io_stop(gone.io, &mut SourceFd(&gone.pidfd.as_raw_fd())));
    watch::remove(rt, gone.watch);
    s.nested(|s| {
        let (f, u) = (s.open(gone.on_exit), s.undefined());
        s.release(gone.on_exit);
        let (code, signal) = status.map_or((Some(-10), None), sync::ended);
        let args = [s.int(code.unwrap_or(0)), s.int(signal.unwrap_or(0))];
        ticks::call(s, rt, cb, f, u, &args);
    });
}

/// `childKill(id, signal)`: 0 or an errno below 0.
fn child_kill<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let id = number(s, args, 0);
    let signal = args.get(1).as_int().unwrap_or(0);
    let children = rt.children.borrow();
    let Some(running) = children.0.get(id) else { return Ok(s.int(-3)) };
    let r = match Signal::from_named_raw(signal) {
        Some(signal) => rustix::process::pidfd_send_signal(&running.pidfd, signal),
        None if signal == 0 => {
            rustix::process::test_kill_process(rustix::process::Pid::from_child(&running.child))
        }
        None => Err(rustix::io::Errno::INVAL),
    };
    Ok(s.int(r.map_or_else(|e| -e.raw_os_error(), |()| 0)))
}

/// `childRef(id, referenced)`
fn child_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let id = number(s, args, 0);
    if let Some(running) = rt.children.borrow().0.get(id) {
        let wanted = args.get(1).is_true();
        rt.with_loop(|lp| if wanted { lp.ref_handle(running.io) } else { lp.unref_handle(running.io) });
    }
    Ok(s.undefined())
}

// ---- spawnSync ----

/// `spawnSync(spec, stdio, { timeout, maxBuffer, killSignal })`: stdio is a list of 'ignore', numbers, and buffers (the input of a
/// pipe) or null (a pipe without). Gives `{ pid, status, signal, output, error }`, or an errno below 0.
fn spawn_sync<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let spec = Spec::read(s, args.get(0))?;
    let mut stdio = Vec::new();
    for item in s.list_from_array_like(args.get(1))? {
        stdio.push(match item {
            item if item.is_string() => sync::SyncStdio::Null,
            item if item.is_null() => sync::SyncStdio::Pipe(Vec::new()),
            item => match item.as_int() {
                Some(n) => sync::SyncStdio::Number(n),
                None => sync::SyncStdio::Pipe(bytes_of(s, item).unwrap_or_default()),
            },
        });
    }
    let limits = limits(s, args.get(2))?;
    let clock = rt.clone();
    let now = move || clock.with_loop(|lp| lp.world().now());
    match sync::run(&spec, stdio, &limits, now) {
        Err(e) => Ok(s.int(-errno(&e))),
        Ok(outcome) => show_outcome(s, outcome),
    }
}

fn limits<'s>(s: &mut Scope<'s>, o: Local<'s>) -> Result<sync::Limits, Thrown> {
    let (timeout, most, signal) = (get(s, o, "timeout")?, get(s, o, "maxBuffer")?, get(s, o, "killSignal")?);
    Ok(sync::Limits {
        timeout: timeout.as_number().filter(|ms| *ms > 0.0).map(|ms| Duration::from_millis(ms as u64)),
        max_buffer: most.as_number().filter(|n| n.is_finite()).map(|n| n as u64),
        kill_signal: signal.as_int().filter(|n| *n > 0).unwrap_or(15),
    })
}

fn show_outcome<'s>(s: &mut Scope<'s>, outcome: sync::Outcome) -> Completion<'s> {
    let mut output = Vec::new();
    for bytes in outcome.output {
        output.push(match bytes {
            Some(bytes) => new_buffer(s, bytes)?,
            None => s.null(),
        });
    }
    let (code, signal) = outcome.status.map_or((None, None), sync::ended);
    let o = s.new_object();
    let output = s.new_array(&output);
    let or_null = |s: &mut Scope<'s>, n: Option<i32>| n.map_or_else(|| s.null(), |n| s.int(n));
    let (pid, status, signal) = (s.num(f64::from(outcome.pid)), or_null(s, code), or_null(s, signal));
    let error = s.int(-outcome.error.unwrap_or(0));
    let fields = [("pid", pid), ("output", output), ("status", status), ("signal", signal), ("error", error)];
    for (name, v) in fields {
        put(s, o, name, v);
    }
    Ok(o)
}

// ---- pipes ----

/// `openDescriptor(n)`: a pipe around the socket that this process was started with as descriptor `n`; an errno below 0.
fn open_descriptor<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let pos = rt.here(s);
    let n = args.get(0).as_int().unwrap_or(-1);
    let opened = own_descriptor(n).and_then(|fd| pipe::open(&rt, fd, pos));
    Ok(s.int(match opened {
        Ok(id) => id as i32,
        Err(e) => -errno(&e),
    }))
}

/// A duplicate of one of our own descriptors by number, which safe Rust can get only through the kernel's eyes.
fn own_descriptor(n: i32) -> io::Result<OwnedFd> {
    if let Ok(file) = fds::get(n) {
        return Ok(file.try_clone()?.into());
    }
    let me = rustix::process::pidfd_open(rustix::process::getpid(), PidfdFlags::empty())?;
    Ok(rustix::process::pidfd_getfd(&me, n, PidfdGetfdFlags::empty())?)
}

fn pipe_read_start<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let id = number(s, args, 0);
    pipe::read_start(s, &rt, id, args.get(1));
    Ok(s.undefined())
}

fn pipe_read_stop<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let id = number(s, args, 0);
    pipe::read_stop(&rt, id);
    Ok(s.undefined())
}

/// `pipeDescriptor(id)`: its descriptor's number, or -1.
fn pipe_descriptor<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let id = number(s, args, 0);
    Ok(s.int(pipe::descriptor(&rt, id).unwrap_or(-1)))
}

/// `pipeHasRef(id)`
fn pipe_has_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let id = number(s, args, 0);
    Ok(s.bool(pipe::has_ref(&rt, id)))
}

fn pipe_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let id = number(s, args, 0);
    pipe::set_ref(&rt, id, args.get(1).is_true());
    Ok(s.undefined())
}

/// `pipeWrite(id, bytes, done)`: 0 when all is written, 1 when `done(errno)` will be called, an errno below 0.
fn pipe_write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let id = number(s, args, 0);
    let data = bytes_of(s, args.get(1)).unwrap_or_default();
    Ok(match pipe::write(s, &rt, id, data, args.get(2)) {
        Ok(true) => s.int(0),
        Ok(false) => s.int(1),
        Err(e) => s.int(-e.raw_os_error()),
    })
}

fn pipe_shutdown<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let id = number(s, args, 0);
    pipe::shutdown(s, &rt, id, args.get(1));
    Ok(s.undefined())
}

fn pipe_close<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let id = number(s, args, 0);
    pipe::close(s, &rt, id, args.get(1));
    Ok(s.undefined())
}
