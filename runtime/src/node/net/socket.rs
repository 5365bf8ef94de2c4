//! What a JavaScript socket does with every chunk: bytes that have come go to its readable side, chunks that are written go to the system,
//! without scripts in between. What is out of the ordinary is left to the scripted methods in `runtime/js/net.js`.

use super::handle::{start_reading, write_parts};
use super::state::{Kind, key_of, recount};
use crate::node::buffer::encoding::{self, Encoding};
use crate::node::stream::message;
use crate::rt::Rt;
use looplab_engine::{Args, Completion, Global, Key, Local, Name, Scope, Thrown};
use std::rc::Rc;

/// Keys and functions, once the scripts have told them.
pub(crate) struct Parts {
    handle: Name,
    connecting: Name,
    readable_state: Name,
    restart_timer: Name,
    owner: Name,
    timer: Name,
    pending_write: Name,
    user_callback: Name,
    /// The scripts' `onread`.
    onread: Global,
    /// `_writeGeneric`, to see whether a program has replaced it.
    write_generic: (Name, Global),
    /// `(socket, status, callback)`: a write has failed.
    failed: Global,
}

fn symbol<'s>(s: &mut Scope<'s>, from: Local<'s>, name: &str) -> Result<Name, Thrown> {
    let k: Key<'s> = s.key(name);
    let symbol = s.get(from, k)?;
    let k = s.to_key(symbol)?;
    Ok(s.permanent_key(k))
}

fn function<'s>(s: &mut Scope<'s>, from: Local<'s>, name: &str) -> Result<Global, Thrown> {
    let k: Key<'s> = s.key(name);
    let f = s.get(from, k)?;
    Ok(s.global(f))
}

fn plain(s: &mut Scope<'_>, name: &str) -> Name {
    s.nested(|s| {
        let k = s.key(name);
        s.permanent_key(k)
    })
}

/// `setSocketParts({ kOwner, …, onread, … })`
pub(super) fn set_parts<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let from = args.get(0);
    let write_generic = plain(s, "_writeGeneric");
    let parts = Parts {
        handle: plain(s, "_handle"),
        connecting: plain(s, "connecting"),
        readable_state: plain(s, "_readableState"),
        restart_timer: plain(s, "_unrefTimer"),
        owner: symbol(s, from, "kOwner")?,
        timer: symbol(s, from, "kTimeout")?,
        pending_write: symbol(s, from, "kPendingWrite")?,
        user_callback: symbol(s, from, "kUserCallback")?,
        onread: function(s, from, "onread")?,
        write_generic: (write_generic, function(s, from, "writeGeneric")?),
        failed: function(s, from, "failed")?,
    };
    // A second set would be the same: the module is loaded once.
    let _ = Rt::of(s).net.socket.set(Box::new(parts));
    Ok(s.undefined())
}

/// `readMethod(scripted)`: a `_read` that falls back on the scripted one.
pub(super) fn read_method<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let k = s.key("_read");
    Ok(s.function_with_data(k, 1, read, args.get(0)))
}

/// `writeMethod(scripted)`: the same of `_write`.
pub(super) fn write_method<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let k = s.key("_write");
    Ok(s.function_with_data(k, 3, write, args.get(0)))
}

/// The number of a connected socket's handle.
fn connected<'s>(s: &mut Scope<'s>, parts: &Parts, socket: Local<'s>) -> Result<Option<usize>, Thrown> {
    if !socket.is_object() || s.get(socket, parts.connecting)?.is_true() {
        return Ok(None);
    }
    let handle = s.get(socket, parts.handle)?;
    Ok(key_of(s, handle))
}

/// `socket._read(n)`
fn read<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    if let Some(parts) = rt.net.socket.get()
        && let Some(key) = connected(s, parts, args.this())?
    {
        let mut handles = rt.net.handles.borrow_mut();
        let status = match handles.get_mut(key) {
            Some(handle) if matches!(&handle.kind, Kind::Link(link) if link.reading) => 0,
            Some(handle) if !handle.closing => start_reading(handle, key, &rt),
            _ => -1,
        };
        if status == 0 {
            return Ok(s.undefined());
        }
    }
    s.call(args.data(), args.this(), args.tail(0))
}

/// `socket._write(chunk, encoding, callback)`
fn write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let (this, chunk, done) = (args.this(), args.get(0), args.get(2));
    if let Some(parts) = rt.net.socket.get()
        && let Some(key) = connected(s, parts, this)?
        && s.get(this, parts.write_generic.0)?.is_identical(s.open(parts.write_generic.1))
        && done.is_callable()
    {
        let encoding =
            if chunk.is_string() { Encoding::of_argument(s, args.get(1))? } else { Encoding::Utf8 };
        restart_timer(s, parts, this)?;
        let status = write_chunk(s, &rt, key, chunk, encoding);
        if let Some(status) = status {
            let u = s.undefined();
            match status {
                0 => return s.call(done, u, &[]),
                1 => {
                    s.set(this, parts.pending_write, done)?;
                    return Ok(u);
                }
                _ => {
                    let (failed, status) = (s.open(parts.failed), s.int(status));
                    return s.call(failed, u, &[this, status, done]);
                }
            }
        }
    }
    s.call(args.data(), this, args.tail(0))
}

/// What became of a write; `None`: it is no chunk that a socket takes.
fn write_chunk(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    key: usize,
    chunk: Local<'_>,
    encoding: Encoding,
) -> Option<i32> {
    s.nested(|s| {
        let chunk = s.adopt(chunk);
        let encoded;
        let bytes = if chunk.is_string() {
            encoded = encoding::encode(s.chars(chunk), encoding);
            &encoded[..]
        } else {
            s.view_bytes(chunk)?
        };
        let mut handles = rt.net.handles.borrow_mut();
        handles
            .get_mut(key)
            .filter(|handle| !handle.closing)
            .map(|handle| write_parts(handle, key, rt, &[bytes]))
    })
}

/// Something has happened: the idle time starts anew.
fn restart_timer<'s>(s: &mut Scope<'s>, parts: &Parts, socket: Local<'s>) -> Result<(), Thrown> {
    if s.get(socket, parts.timer)?.is_object() {
        s.invoke(socket, parts.restart_timer, &[])?;
    }
    Ok(())
}

/// A socket whose bytes go elsewhere has had some: its idle time starts anew.
pub(crate) fn heard<'s>(s: &mut Scope<'s>, rt: &Rt, socket: Local<'s>) -> Result<(), Thrown> {
    match rt.net.socket.get() {
        Some(parts) if socket.is_object() => restart_timer(s, parts, socket),
        _ => Ok(()),
    }
}

/// Gives bytes that have come to the socket that owns a handle. `begins` is called before anything happens. False: nothing was done, `onread`
/// (which is `f`) is to be called.
pub(super) fn receive<'s>(
    s: &mut Scope<'s>,
    rt: &Rc<Rt>,
    handle: Local<'s>,
    f: Local<'s>,
    chunk: Local<'s>,
    begins: impl FnOnce(),
) -> Result<bool, Thrown> {
    let Some(parts) = rt.net.socket.get() else { return Ok(false) };
    if !s.open(parts.onread).is_identical(f) {
        return Ok(false);
    }
    let owner = s.get(handle, parts.owner)?;
    if !owner.is_object() || !s.get(owner, parts.user_callback)?.is_undefined() {
        return Ok(false);
    }
    let state = s.get(owner, parts.readable_state)?;
    if !message::takes_bytes(s, state) || !message::is_own_push(s, rt, owner)? {
        return Ok(false);
    }
    begins();
    restart_timer(s, parts, owner)?;
    if !message::push_bytes(s, rt, owner, chunk)?
        && let Some(key) = key_of(s, handle)
        && let Some(handle) = rt.net.handles.borrow_mut().get_mut(key)
    {
        if let Kind::Link(link) = &mut handle.kind {
            link.reading = false;
        }
        rt.with_loop(|lp| recount(handle, lp));
    }
    Ok(true)
}
