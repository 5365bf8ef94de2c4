//! What file streams do all the time, without the argument checks of `fs.read` and `fs.write`: a read's bytes become the chunk's
//! memory without a copy, a write goes on until all is written.

use super::args::Choice;
use super::fail::Fail;
use super::fds;
use super::plan::{self, Out, Plan, Show, Step, Target};
use crate::rt::Rt;
use looplab_engine::{Args, Completion, Scope};
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use std::fs::File;
use std::io;

/// The most that one read asks for, in bytes: watermarks may be much larger.
const MAX_READ: usize = 16 << 20;

/// The natives of `fs_streams.js`.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    s.method(o, "read", 4, read);
    s.method(o, "write", 4, write);
    s.method(o, "isFileHandle", 1, |s, args| {
        let is = super::handle::descriptor(s, args.get(0));
        Ok(s.bool(matches!(is, Ok(Some(_)))))
    });
    Ok(o)
}

/// A position in a file; `None`: wherever it stands.
fn position(v: looplab_engine::Local<'_>) -> Option<u64> {
    v.as_number().filter(|n| *n >= 0.0).map(|n| n as u64)
}

/// `read(fd, size, position, callback)`: the callback gets `(error, buffer)`, an empty one at the end.
fn read<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let fd = s.to_int32(args.get(0))?;
    let n = (s.to_number(args.get(1))?.max(0.0) as usize).min(MAX_READ);
    let at = position(args.get(2));
    let step = Step::one("fs.read", move || {
        let file = fds::file(fd, "read")?;
        read_chunk(&file, n, at).map(Out::Bytes).map_err(|e| Fail::system(&e, "read"))
    });
    begin(s, args, Plan::new(step.moving(n), Show::Data(Choice::Default)))
}

fn read_chunk(file: &File, n: usize, at: Option<u64>) -> io::Result<Vec<u8>> {
    let mut chunk = looplab_engine::room(n);
    loop {
        let got = match at {
            Some(at) => rustix::io::pread(file, spare_capacity(&mut chunk), at),
            None => rustix::io::read(file, spare_capacity(&mut chunk)),
        };
        match got {
            Ok(_) => break,
            Err(Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
    // A small rest is not to keep the memory of a whole chunk.
    if chunk.len() <= n / 2 {
        let rest = chunk.clone();
        looplab_engine::give_back(chunk);
        chunk = rest;
    }
    Ok(chunk)
}

/// `write(fd, buffer, position, callback)`: the callback gets `(error, bytesWritten)`.
fn write<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let fd = s.to_int32(args.get(0))?;
    let bytes = s.view_bytes(args.get(1)).unwrap_or_default();
    let mut data = looplab_engine::room(bytes.len());
    data.extend_from_slice(bytes);
    let at = position(args.get(2));
    let n = data.len();
    let step = Step::one("fs.write", move || {
        let file = fds::file(fd, "write")?;
        let (n, done) = (data.len(), write_all(&file, &data, at));
        looplab_engine::give_back(data);
        done.map_err(|e| Fail::system(&e, "write"))?;
        Ok(Out::Number(n as f64))
    });
    begin(s, args, Plan::new(step.moving(n), Show::Number))
}

fn write_all(file: &File, data: &[u8], at: Option<u64>) -> io::Result<()> {
    let mut done = 0;
    while done < data.len() {
        let rest = &data[done..];
        let wrote = match at {
            Some(at) => rustix::io::pwrite(file, rest, at + done as u64),
            None => rustix::io::write(file, rest),
        };
        match wrote {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => done += n,
            Err(Errno::INTR) => {}
            // A terminal or pipe that is full for the moment: this is a worker, it may wait.
            Err(Errno::AGAIN) => std::thread::yield_now(),
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

fn begin<'s>(s: &mut Scope<'s>, args: &Args<'s>, plan: Plan) -> Completion<'s> {
    let rt = Rt::of(s);
    let callback = s.global(args.get(3));
    plan::start(s, &rt, plan, Target::Callback(callback))?;
    Ok(s.undefined())
}
