//! Signals: `process.on('SIGINT', …)` and `process.kill`.
//!
//! A signal is caught from its first listener on and never let go again; while it has no listener the handler itself does what the
//! system would have done, at once, even in the middle of a loop that never ends. A watched signal writes a byte into a pipe that the
//! event loop reads, so listeners run in the poll phase. Watching does not keep the loop alive.

use crate::errors;
use crate::rt::Rt;
use crate::ticks;
use crate::wake::{self, Woken};
use looplab_engine::{Args, Completion, Key, Local, Scope, Thrown};
use nix::sys::signal::{Signal, kill as send};
use nix::unistd::Pid;
use rustc_hash::FxHashMap;
use std::io::{ErrorKind, PipeReader, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Signals by name, as Linux numbers them on every architecture that is supported.
pub(crate) const SIGNALS: &[(&str, i32)] = &[
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGILL", 4),
    ("SIGTRAP", 5),
    ("SIGABRT", 6),
    ("SIGIOT", 6),
    ("SIGBUS", 7),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGUSR1", 10),
    ("SIGSEGV", 11),
    ("SIGUSR2", 12),
    ("SIGPIPE", 13),
    ("SIGALRM", 14),
    ("SIGTERM", 15),
    ("SIGSTKFLT", 16),
    ("SIGCHLD", 17),
    ("SIGCONT", 18),
    ("SIGSTOP", 19),
    ("SIGTSTP", 20),
    ("SIGTTIN", 21),
    ("SIGTTOU", 22),
    ("SIGURG", 23),
    ("SIGXCPU", 24),
    ("SIGXFSZ", 25),
    ("SIGVTALRM", 26),
    ("SIGPROF", 27),
    ("SIGWINCH", 28),
    ("SIGIO", 29),
    ("SIGPOLL", 29),
    ("SIGPWR", 30),
    ("SIGSYS", 31),
];

/// Which signals are caught, each with the switch that makes its handler do the default action.
#[derive(Default)]
pub(crate) struct Signals {
    caught: FxHashMap<&'static str, Arc<AtomicBool>>,
}

/// Those that shells and `nohup` have a program ignore.
const IGNORED_BY_PARENTS: [i32; 4] = [1, 2, 3, 15];

/// The switches of [`restore_signals`].
static RESTORED: OnceLock<Vec<(i32, Arc<AtomicBool>)>> = OnceLock::new();

/// Has SIGHUP, SIGINT, SIGQUIT and SIGTERM do what they do by default, also where whoever started this process had it ignore them (a
/// shell script does so with its background jobs). Node does the same at its start. A handler stands in for the default action, as
/// safe code can't ask the system for that; children get the default action itself. For the program that owns the process, once.
///
/// # Errors
/// The system's.
pub fn restore_signals() -> std::io::Result<()> {
    if RESTORED.get().is_some() {
        return Ok(());
    }
    let mut switches = Vec::with_capacity(IGNORED_BY_PARENTS.len());
    for number in IGNORED_BY_PARENTS {
        let default = Arc::new(AtomicBool::new(true));
        signal_hook::flag::register_conditional_default(number, default.clone())?;
        switches.push((number, default));
    }
    // Somebody else was quicker: the default action is taken all the same, as theirs is registered, too.
    let _ = RESTORED.set(switches);
    Ok(())
}

/// The switch that has a signal's default action done: a new one, or the one that is there from the start.
fn default_switch(number: i32) -> std::io::Result<Arc<AtomicBool>> {
    let restored = RESTORED.get().and_then(|list| list.iter().find(|(n, _)| *n == number));
    if let Some((_, switch)) = restored {
        switch.store(false, Ordering::SeqCst);
        return Ok(switch.clone());
    }
    let switch = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register_conditional_default(number, switch.clone())?;
    Ok(switch)
}

fn number_of(name: &str) -> Option<(&'static str, i32)> {
    SIGNALS.iter().find(|(n, _)| *n == name).copied()
}

/// Has the process look out for signal listeners.
pub(crate) fn install<'s>(s: &mut Scope<'s>, process: Local<'s>) -> Result<(), Thrown> {
    for (event, name, f) in [
        ("newListener", "startListeningIfSignal", listener_added as looplab_engine::NativeFn),
        ("removeListener", "stopListeningIfSignal", listener_removed),
    ] {
        let (event, k) = (s.str(event), s.key(name));
        let f = s.function(k, 1, f);
        let on = s.key("on");
        s.invoke(process, on, &[event, f])?;
    }
    Ok(())
}

fn listener_added<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.get(0).is_string() {
        let name = s.to_utf8_lossy(args.get(0));
        if let Some((name, number)) = number_of(&name) {
            let rt = Rt::of(s);
            start(s, &rt, name, number)?;
        }
    }
    Ok(s.undefined())
}

fn listener_removed<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let event = args.get(0);
    if event.is_string() {
        let name = s.to_utf8_lossy(event);
        let rt = Rt::of(s);
        let switch = rt.signals.borrow().caught.get(name.as_str()).cloned();
        if let Some(default) = switch {
            let k = s.key("listenerCount");
            let left = s.invoke(args.this(), k, &[event])?;
            if left.as_number() == Some(0.0) {
                default.store(true, Ordering::SeqCst);
            }
        }
    }
    Ok(s.undefined())
}

fn start(s: &mut Scope<'_>, rt: &Rc<Rt>, name: &'static str, number: i32) -> Result<(), Thrown> {
    if let Some(default) = rt.signals.borrow().caught.get(name) {
        default.store(false, Ordering::SeqCst);
        return Ok(());
    }
    // A simulated world has no outside that could send anything.
    if rt.options.simulated {
        return Ok(());
    }
    if matches!(name, "SIGKILL" | "SIGSTOP") {
        return Err(system_error(s, 22, "uv_signal_start"));
    }
    // Faults of the process itself: no listener could run safely any more, so they keep their default action.
    if signal_hook::consts::FORBIDDEN.contains(&number) {
        return Ok(());
    }
    match watch(rt, name, number) {
        Ok(default) => {
            rt.signals.borrow_mut().caught.insert(name, default);
            Ok(())
        }
        Err(e) => Err(system_error(s, e.raw_os_error().unwrap_or(22), "uv_signal_start")),
    }
}

/// Catches a signal; the switch that has its default action done.
fn watch(rt: &Rc<Rt>, name: &'static str, number: i32) -> std::io::Result<Arc<AtomicBool>> {
    let (reader, writer) = std::io::pipe()?;
    for fd in [reader.as_fd(), writer.as_fd()] {
        let flags = rustix::fs::fcntl_getfl(fd)?;
        rustix::fs::fcntl_setfl(fd, flags | rustix::fs::OFlags::NONBLOCK)?;
    }
    let default = default_switch(number)?;
    signal_hook::low_level::pipe::register(number, OwnedFd::from(writer))?;
    let fd = reader.as_raw_fd();
    let on_wake: wake::OnWake = Rc::new(move |s, rt, woken| {
        if let Woken::Now(cb) = woken {
            arrived(s, rt, &reader, name, number, cb);
        }
    });
    wake::watch(rt, fd, name, on_wake)?;
    Ok(default)
}

/// Emits the signal as often as it came.
fn arrived(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    reader: &PipeReader,
    name: &str,
    number: i32,
    cb: ticks::Callback,
) {
    let mut buffer = [0u8; 64];
    loop {
        let n = match (&mut &*reader).read(&mut buffer) {
            Ok(0) => return,
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            // Empty for now; another error would come again with the next signal.
            Err(_) => return,
        };
        for _ in 0..n {
            if rt.exit.get().is_some() {
                return;
            }
            s.nested(|s| {
                let p = rt.process(s);
                let k = s.key("emit");
                let (event, number) = (s.str(name), s.int(number));
                match s.get(p, k) {
                    Ok(emit) => {
                        ticks::call(s, rt, cb, emit, p, &[event, event, number]);
                    }
                    Err(t) => crate::uncaught::uncaught(s, rt, t, crate::uncaught::Origin::Exception),
                }
            });
            if rt.exit.get().is_none() {
                ticks::drain(s, rt);
            }
        }
    }
}

/// `_kill(pid, signal)`: 0, or the negative error number.
pub(crate) fn kill<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (pid, number) = (s.to_int32(args.get(0))?, s.to_int32(args.get(1))?);
    let r = if number == 0 {
        send(Pid::from_raw(pid), None)
    } else {
        Signal::try_from(number).and_then(|signal| send(Pid::from_raw(pid), signal))
    };
    Ok(s.int(r.map_or_else(|e| -(e as i32), |()| 0)))
}

/// `syscall CODE`, as Node's errors of a call without a message of its own.
fn system_error(s: &mut Scope<'_>, errno: i32, syscall: &str) -> Thrown {
    let code = super::super::sys::ERRNOS.iter().find(|e| e.1 == errno).map_or("UNKNOWN", |e| e.0);
    s.nested(|s| {
        let e = errors::new(s, errors::Kind::Error, code, &format!("{syscall} {code}"));
        let (k, v): (Key<'_>, _) = (s.key("errno"), s.int(-errno));
        s.define_with(e, k, v, looplab_engine::ALL);
        let (k, v): (Key<'_>, _) = (s.key("syscall"), s.str(syscall));
        s.define_with(e, k, v, looplab_engine::ALL);
        s.throw(e)
    })
}
