//! Operations on open files, and the ones made of several: readFile, writeFile, appendFile.

use super::args::{self, Choice, Form, FsPath, In, Options, Target};
use super::fail::Fail;
use super::fds;
use super::paths::Made;
use super::plan::{Out, Plan, Res, Show, Step};
use super::quick::{self, Small};
use super::stats::StatData;
use crate::errors;
use looplab_engine::{Local, Scope, Thrown};
use rustix::fs::{Mode, OFlags};
use std::fs::{File, Permissions};
use std::io::{self, IoSlice, Read, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::sync::Arc;

/// readFile reads this much in one request (as Node does).
const READ_CHUNK: u64 = 512 * 1024;
/// What is read at once when the size is unknown.
const UNKNOWN_CHUNK: u64 = 64 * 1024;
/// fs.promises.writeFile writes this much in one request.
const WRITE_CHUNK: usize = 512 * 1024;
/// Reads and writes of more than this many bytes are refused (libuv's limit).
pub(super) const IO_MAX: f64 = 2_147_483_647.0;

// ---- opening and closing ----

/// The work of opening a file.
fn open_file(path: &FsPath, flags: u32, mode: u32) -> Res {
    let flags = OFlags::from_bits_retain(flags) | OFlags::CLOEXEC;
    match rustix::fs::open(path.path(), flags, Mode::from_bits_retain(mode)) {
        Ok(fd) => Ok(Out::Fd(fds::insert(fd))),
        Err(e) => Err(Fail::at(&e.into(), "open", path)),
    }
}

fn close_fd(fd: i32) -> Res {
    fds::close(fd).map(|()| Out::None).map_err(|e| Fail::system(&e, "close"))
}

/// Continues after all of `step`.
fn after(step: Step, f: impl FnOnce(Res) -> Step + Send + 'static) -> Step {
    match step {
        Step::End(r) => f(r),
        Step::ReadFile { path, flags } => after(read_path(path, flags), f),
        Step::Run { label, work, then, bytes, .. } => {
            Step::Run { label, work, then: Box::new(move |r| after(then(r), f)), more: true, bytes }
        }
    }
}

/// Opens a file, does what `f` says with it, closes it; the result is that of `f`.
pub(super) fn with_open(
    path: FsPath,
    flags: u32,
    mode: u32,
    f: impl FnOnce(i32) -> Step + Send + 'static,
) -> Step {
    Step::then(
        "fs.open",
        move || open_file(&path, flags, mode),
        move |r| {
            let fd = match r {
                Ok(Out::Fd(fd)) => fd,
                other => return Step::End(other),
            };
            closing(fd, f(fd))
        },
    )
}

/// Closes the file when the step is over; the result is that of the step.
fn closing(fd: i32, step: Step) -> Step {
    after(step, move |r| {
        Step::then(
            "fs.close",
            move || close_fd(fd),
            move |closed| {
                Step::End(match r {
                    Ok(out) => closed.map(|_| out),
                    failed => failed,
                })
            },
        )
    })
}

/// `open(path, flags, mode)`
pub(super) fn open<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    let flags = args::flags(s, a.get(1), "r")?;
    let mode = args::mode(s, a.get(2), "mode", Some(0o666))?;
    let show = if a.form == Form::Promise { Show::Handle } else { Show::Number };
    Ok(Plan::one("fs.open", show, move || open_file(&path, flags, mode)))
}

/// `close(fd)`
pub(super) fn close<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    Ok(Plan::one("fs.close", Show::Nothing, move || close_fd(fd)))
}

// ---- facts and attributes ----

/// Does something with an open file.
fn with_file<T>(fd: i32, syscall: &'static str, f: impl FnOnce(&File) -> io::Result<T>) -> Result<T, Fail> {
    let file = fds::file(fd, syscall)?;
    f(&file).map_err(|e| Fail::system(&e, syscall))
}

fn unit(fd: i32, syscall: &'static str, f: impl FnOnce(&File) -> io::Result<()>) -> Res {
    with_file(fd, syscall, f).map(|()| Out::None)
}

/// `fstat(fd, { bigint })`
pub(super) fn fstat<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    let options = Options::of(s, a.get(1))?;
    let bigint = options.is_set(s, "bigint")?;
    Ok(Plan::one("fs.fstat", Show::Stats { bigint, missing_ok: false }, move || {
        with_file(fd, "fstat", File::metadata).map(|m| Out::Stat(Box::new(StatData::new(&m))))
    }))
}

/// `fsync(fd)`
pub(super) fn fsync<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    Ok(Plan::one("fs.fsync", Show::Nothing, move || unit(fd, "fsync", File::sync_all)))
}

/// `fdatasync(fd)`
pub(super) fn fdatasync<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    Ok(Plan::one("fs.fdatasync", Show::Nothing, move || unit(fd, "fdatasync", File::sync_data)))
}

/// The length argument of truncate and ftruncate.
pub(super) fn length<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<u64, Thrown> {
    if v.is_undefined() {
        return Ok(0);
    }
    let n = args::integer(s, v, "len", -crate::node::buffer::MAX_SAFE, crate::node::buffer::MAX_SAFE)?;
    Ok(n.max(0.0) as u64)
}

pub(super) fn set_len(fd: i32, len: u64) -> Res {
    // Not File::set_len: that one refuses files that were opened for reading with another errno.
    unit(fd, "ftruncate", |f| Ok(rustix::fs::ftruncate(f, len)?))
}

/// `ftruncate(fd, len)`
pub(super) fn ftruncate<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    let len = length(s, a.get(1))?;
    Ok(Plan::one("fs.ftruncate", Show::Nothing, move || set_len(fd, len)))
}

/// `fchmod(fd, mode)`
pub(super) fn fchmod<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    let mode = args::mode(s, a.get(1), "mode", None)?;
    Ok(Plan::one("fs.fchmod", Show::Nothing, move || {
        unit(fd, "fchmod", |f| f.set_permissions(Permissions::from_mode(mode)))
    }))
}

/// `fchown(fd, uid, gid)`
pub(super) fn fchown<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    let (uid, gid) = (args::id(s, a.get(1), "uid")?, args::id(s, a.get(2), "gid")?);
    Ok(Plan::one("fs.fchown", Show::Nothing, move || {
        unit(fd, "fchown", |f| std::os::unix::fs::fchown(f, Some(uid), Some(gid)))
    }))
}

/// `futimes(fd, atime, mtime)`
pub(super) fn futimes<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    let t = super::paths::times(s, a.get(1), a.get(2))?;
    Ok(Plan::one("fs.futimes", Show::Nothing, move || {
        unit(fd, "futime", |f| Ok(rustix::fs::futimens(f, &t)?))
    }))
}

// ---- read and write ----

fn read_at(file: &File, to: &mut [u8], position: Option<u64>) -> io::Result<usize> {
    loop {
        let mut f = file;
        let r = match position {
            Some(at) => file.read_at(to, at),
            None => f.read(to),
        };
        match r {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            r => return r,
        }
    }
}

fn write_at(file: &File, data: &[u8], position: Option<u64>) -> io::Result<usize> {
    loop {
        let mut f = file;
        let r = match position {
            Some(at) => file.write_at(data, at),
            None => f.write(data),
        };
        match r {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            r => return r,
        }
    }
}

/// Offset and length within a buffer, checked as Node checks them.
fn part<'s>(
    s: &mut Scope<'s>,
    offset: Local<'s>,
    length: Local<'s>,
    size: usize,
    reading: bool,
) -> Result<(usize, usize), Thrown> {
    let at = if offset.is_nullish() {
        0.0
    } else {
        args::integer(s, offset, "offset", 0.0, crate::node::buffer::MAX_SAFE)?
    };
    let left = size as f64 - at;
    let n = match length {
        v if v.is_undefined() || v.is_null() && !reading => left,
        v if reading => f64::from(s.to_int32(v)?),
        v => args::integer(s, v, "length", f64::MIN, f64::MAX)?,
    };
    if at > size as f64 && !(reading && n == 0.0) {
        let v = s.num(at);
        return Err(errors::out_of_range(s, "offset", &format!("<= {size}"), v));
    }
    let v = s.num(n);
    if n < 0.0 {
        return Err(errors::out_of_range(s, "length", ">= 0", v));
    }
    if n > left || n > IO_MAX {
        return Err(errors::out_of_range(s, "length", &format!("<= {}", left.min(IO_MAX)), v));
    }
    Ok((at as usize, n as usize))
}

/// `read(fd, buffer, offset, length, position)`, `read(fd, buffer, options)`, `read(fd, options)`
pub(super) fn read<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    if a.form != Form::Sync {
        args::fd(s, a.get(0))?;
    }
    let (mut buffer, mut offset, mut length, mut position) = (a.get(1), a.get(2), a.get(3), a.get(4));
    let mut options = None;
    let no_buffer = buffer.is_nullish() || buffer.is_object() && s.view_info(buffer).is_none();
    // With this few arguments the last is the options, whatever it is.
    let last = match a.form {
        Form::Sync if a.list.len() == 3 => offset,
        Form::Callback | Form::Promise if a.list.len() == 2 && s.view_info(buffer).is_none() => buffer,
        _ => s.undefined(),
    };
    if !last.is_nullish() && (!last.is_object() || last.is_callable() || s.is_array(last)?) {
        return Err(errors::invalid_arg_type(s, "options", "of type object", last));
    }
    if a.form != Form::Sync && no_buffer {
        options = Some(buffer);
        buffer = s.undefined();
    } else if offset.is_object() && (a.form == Form::Sync || a.list.len() <= 4) {
        options = Some(offset);
        offset = s.undefined();
    }
    if let Some(o) = options {
        let o = Options::of(s, o)?;
        if buffer.is_undefined() {
            buffer = o.get(s, "buffer")?;
            if buffer.is_undefined() {
                buffer = crate::node::buffer::new_buffer(s, vec![0; 16384])?;
            }
        }
        offset = o.get(s, "offset")?;
        length = o.get(s, "length")?;
        position = o.get(s, "position")?;
    }
    let size = args::view(s, buffer)?;
    let (at, n) = part(s, offset, length, size, true)?;
    let position = args::position(s, position)?;
    // The synchronous form looks at the buffer first.
    let fd = args::fd(s, a.get(0))?;
    let keep = Some(s.global(buffer));
    let show = Show::Read { offset: at };
    if n == 0 {
        return Ok(Plan { step: Step::End(Ok(Out::Bytes(Vec::new()))), show, keep });
    }
    if a.form == Form::Sync && quick::may(s) {
        // Right into the buffer.
        let to = s.view_bytes_mut(buffer).and_then(|bytes| bytes.get_mut(at..at + n)).unwrap_or_default();
        let got = with_file(fd, "read", |f| read_at(f, to, position)).map(|n| Out::Number(n as f64));
        return Ok(Plan { step: Step::End(got), show, keep });
    }
    let step = Step::one("fs.read", move || {
        let mut to = vec![0; n];
        let got = with_file(fd, "read", |f| read_at(f, &mut to, position))?;
        to.truncate(got);
        Ok(Out::Bytes(to))
    });
    Ok(Plan { step: step.moving(n), show, keep })
}

/// `write(fd, buffer, offset, length, position)`, `write(fd, buffer, options)`, `write(fd, string, position, encoding)`
pub(super) fn write<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    let buffer = a.get(1);
    let (data, position) = if buffer.is_string() {
        let encoding = Options::of(s, a.get(3))?.encoding(s)?;
        let position = if a.get(2).is_number() { args::position(s, a.get(2))? } else { None };
        (args::data(s, buffer, encoding, "buffer")?, position)
    } else {
        let size = match s.view_bytes(buffer) {
            Some(bytes) => bytes.len(),
            // An error: it is nothing to write.
            None => args::data(s, buffer, Choice::Default, "buffer")?.len(),
        };
        let (mut offset, mut length, mut position) = (a.get(2), a.get(3), a.get(4));
        if offset.is_object() {
            let o = Options::of(s, offset)?;
            offset = o.get(s, "offset")?;
            length = o.get(s, "length")?;
            position = o.get(s, "position")?;
        }
        let (at, n) = part(s, offset, length, size, false)?;
        let position = if position.is_number() { args::position(s, position)? } else { None };
        let data = s.view_bytes(buffer).and_then(|bytes| bytes.get(at..at + n)).unwrap_or_default();
        if a.form == Form::Sync && quick::may(s) {
            let wrote =
                with_file(fd, "write", |f| write_at(f, data, position)).map(|n| Out::Number(n as f64));
            let (show, keep) = (Show::Written { many: false }, Some(s.global(buffer)));
            return Ok(Plan { step: Step::End(wrote), show, keep });
        }
        (data.to_vec(), position)
    };
    let (keep, n) = (Some(s.global(buffer)), data.len());
    let step = Step::one("fs.write", move || {
        with_file(fd, "write", |f| write_at(f, &data, position)).map(|n| Out::Number(n as f64))
    });
    Ok(Plan { step: step.moving(n), show: Show::Written { many: false }, keep })
}

/// `readv(fd, buffers, position)`
pub(super) fn readv<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    let buffers = args::views(s, a.get(1))?;
    let n: usize = buffers.iter().map(|&b| s.view_bytes(b).map_or(0, <[u8]>::len)).sum();
    let position = if a.get(2).is_number() { args::position(s, a.get(2))? } else { None };
    let keep = Some(s.global(a.get(1)));
    let step = Step::one("fs.readv", move || {
        let mut to = vec![0; n];
        let got = with_file(fd, "read", |f| read_at(f, &mut to, position))?;
        to.truncate(got);
        Ok(Out::Bytes(to))
    });
    Ok(Plan { step: step.moving(n), show: Show::ReadMany, keep })
}

/// `writev(fd, buffers, position)`
pub(super) fn writev<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let fd = args::fd(s, a.get(0))?;
    let buffers = args::views(s, a.get(1))?;
    let data: Vec<Vec<u8>> = buffers.iter().map(|&b| s.view_bytes(b).unwrap_or_default().to_vec()).collect();
    let position = if a.get(2).is_number() { args::position(s, a.get(2))? } else { None };
    let keep = Some(s.global(a.get(1)));
    let all = data.iter().map(Vec::len).sum();
    let step = Step::one("fs.writev", move || {
        let n = with_file(fd, "write", |mut f| match position {
            Some(at) => write_at(f, &data.concat(), Some(at)),
            None => f.write_vectored(&data.iter().map(|d| IoSlice::new(d)).collect::<Vec<_>>()),
        })?;
        Ok(Out::Number(n as f64))
    });
    Ok(Plan { step: step.moving(all), show: Show::Written { many: true }, keep })
}

// ---- whole files ----

/// fstat, then reads until the end.
fn read_all(fd: i32) -> Step {
    let size = move || {
        let m = with_file(fd, "fstat", File::metadata)?;
        Ok(Out::Number(if m.is_file() { m.len() as f64 } else { 0.0 }))
    };
    Step::then("fs.fstat", size, move |r| match r {
        Ok(Out::Number(n)) if n > IO_MAX => Step::End(Err(args::too_large(n as u64))),
        Ok(Out::Number(n)) => read_some(fd, Vec::new(), n as u64),
        other => Step::End(other),
    })
}

/// One request of readFile: the next piece behind `data`.
fn read_some(fd: i32, mut data: Vec<u8>, size: u64) -> Step {
    let before = data.len();
    let want = if size == 0 { UNKNOWN_CHUNK } else { READ_CHUNK.min(size - before as u64) } as usize;
    let work = move || {
        let file = fds::file(fd, "read")?;
        if before == 0 {
            data = looplab_engine::room(if size == 0 { want } else { size as usize });
        }
        let r = if size == 0 {
            data.resize(before + want, 0);
            let got = read_at(&file, &mut data[before..], None);
            data.truncate(before + *got.as_ref().unwrap_or(&0));
            got
        } else {
            // Fills the spare room without clearing it first.
            (&*file).take(want as u64).read_to_end(&mut data)
        };
        r.map_err(|e| Fail::system(&e, "read"))?;
        Ok(Out::Bytes(data))
    };
    Step::then("fs.read", work, move |r| match r {
        // A device may never end.
        Ok(Out::Bytes(d)) if d.len() as f64 > IO_MAX => Step::End(Err(args::too_large(d.len() as u64))),
        Ok(Out::Bytes(d)) if d.len() > before && (size == 0 || (d.len() as u64) < size) => {
            read_some(fd, d, size)
        }
        other => Step::End(other),
    })
    .moving(want)
}

/// Opens a file, reads all of it, closes it.
pub(super) fn read_path(path: FsPath, flags: u32) -> Step {
    with_open(path, flags, 0o666, read_all)
}

/// The same in one go if the file is small, else what is left to do. Also how many steps that was.
pub(super) fn read_at_once(path: &FsPath, flags: u32) -> (Step, u32) {
    match quick::read_small(path, flags, READ_CHUNK) {
        Small::Done(result, steps) => (Step::End(result), steps),
        Small::Large(_, size) if size as f64 > IO_MAX => (Step::End(Err(args::too_large(size))), 3),
        Small::Large(file, size) => {
            let fd = fds::insert(file.into());
            (closing(fd, read_some(fd, Vec::new(), size)), 2)
        }
    }
}

/// `readFile(path, { encoding, flag })`
pub(super) fn read_file<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let options = Options::of(s, a.get(1))?;
    let encoding = options.encoding(s)?;
    let flag = options.get(s, "flag")?;
    args::check_signal(s, &options)?;
    let step = match args::target(s, a.get(0))? {
        Target::Fd(fd) => read_all(fd),
        Target::Path(path) => {
            let flags = args::flags(s, flag, "r")?;
            match a.form {
                Form::Sync if quick::may(s) => Step::End(quick::read_file(&path, flags)),
                Form::Sync => read_path(path, flags),
                _ => Step::ReadFile { path, flags },
            }
        }
    };
    Ok(Plan::new(step, Show::Data(encoding)))
}

/// Writes what is left of `data`, `chunk` bytes a request.
fn write_all(fd: i32, data: Arc<Vec<u8>>, at: usize, chunk: usize) -> Step {
    let piece = data.clone();
    let end = piece.len().min(at.saturating_add(chunk));
    let work =
        move || with_file(fd, "write", |f| write_at(f, &piece[at..end], None)).map(|n| Out::Number(n as f64));
    Step::then("fs.write", work, move |r| match r {
        Ok(Out::Number(n)) => {
            let at = at + n as usize;
            if at < data.len() && n > 0.0 { write_all(fd, data, at, chunk) } else { Step::End(Ok(Out::None)) }
        }
        other => Step::End(other),
    })
    .moving(end.saturating_sub(at))
}

/// What writeFile and appendFile share.
fn write_plan<'s>(s: &mut Scope<'s>, a: &In<'_, 's>, flag: &str) -> Made {
    let options = Options::of(s, a.get(2))?;
    let encoding = options.encoding(s)?;
    let flush = options.flag(s, "flush")?;
    let mode = options.get(s, "mode")?;
    let given = options.get(s, "flag")?;
    let flags = args::flags(s, given, flag)?;
    args::check_signal(s, &options)?;
    if a.form == Form::Sync && !flush && quick::may(s) && s.view_bytes(a.get(1)).is_some() {
        let mode = args::mode(s, mode, "mode", Some(0o666))?;
        if let Target::Path(path) = args::target(s, a.get(0))? {
            let data = s.view_bytes(a.get(1)).unwrap_or_default();
            return Ok(Plan::new(Step::End(quick::write_file(&path, flags, mode, data)), Show::Nothing));
        }
    }
    let data = args::data(s, a.get(1), encoding, "data")?;
    let mode = args::mode(s, mode, "mode", Some(0o666))?;
    let promise = a.form == Form::Promise;
    let body = move |fd: i32| {
        let chunk = if promise { WRITE_CHUNK } else { usize::MAX };
        let step = match data.is_empty() && promise {
            true => Step::End(Ok(Out::None)),
            false => write_all(fd, Arc::new(data), 0, chunk),
        };
        match flush {
            false => step,
            true => after(step, move |r| match r {
                Ok(_) => Step::one("fs.fsync", move || unit(fd, "fsync", File::sync_all)),
                failed => Step::End(failed),
            }),
        }
    };
    let step = match args::target(s, a.get(0))? {
        Target::Fd(fd) => body(fd),
        Target::Path(path) => with_open(path, flags, mode, body),
    };
    Ok(Plan::new(step, Show::Nothing))
}

/// `writeFile(path, data, { encoding, mode, flag, flush })`
pub(super) fn write_file<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    write_plan(s, a, "w")
}

/// `appendFile(path, data, options)`
pub(super) fn append_file<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    write_plan(s, a, "a")
}
