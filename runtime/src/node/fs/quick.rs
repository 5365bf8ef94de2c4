//! The commonest operations in one go, where nobody can tell it from the steps that `files.rs` makes of them: in the real world a
//! synchronous call is one piece of work, and of an asynchronous one only the answer is seen unless somebody records it. No table of
//! descriptors, no box for each step, no copy of what goes to or comes from the script's own buffer.

use super::args::{self, FsPath};
use super::fail::Fail;
use super::plan::{Out, Res};
use crate::rt::Rt;
use looplab_engine::Scope;
use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read};

/// What is read at once when the size is unknown.
const UNKNOWN_CHUNK: usize = 64 * 1024;

/// Whether a synchronous call may take the short way: the simulated world charges for each step, and can make each fail.
pub(super) fn may(s: &Scope<'_>) -> bool {
    let rt = Rt::of(s);
    !rt.options.simulated && rt.options.explore.is_none()
}

/// Opens a file that stays out of the table: it is closed before the call is over.
fn open(path: &FsPath, flags: u32, mode: u32) -> Result<File, Fail> {
    let flags = OFlags::from_bits_retain(flags) | OFlags::CLOEXEC;
    rustix::fs::open(path.path(), flags, Mode::from_bits_retain(mode))
        .map(File::from)
        .map_err(|e| Fail::at(&e.into(), "open", path))
}

/// Again, if a signal came between.
fn retry<T>(mut f: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match f() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}

/// The size of a regular file; 0 for anything else.
fn size_of(file: &File) -> Result<u64, Fail> {
    let stat = rustix::fs::fstat(file).map_err(|e| Fail::system(&e.into(), "fstat"))?;
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    Ok(if regular { stat.st_size.unsigned_abs() } else { 0 })
}

/// Reads up to `size` bytes from where the file stands, or to its end if the size is unknown (0).
fn read_rest(file: &File, size: u64) -> Result<Vec<u8>, Fail> {
    let failed = |e: &io::Error| Fail::system(e, "read");
    if size > 0 {
        // Fills the spare room without clearing it first.
        let mut data = looplab_engine::room(size as usize);
        file.take(size).read_to_end(&mut data).map_err(|e| failed(&e))?;
        return Ok(data);
    }
    let mut data = looplab_engine::room(UNKNOWN_CHUNK);
    loop {
        data.reserve(UNKNOWN_CHUNK);
        let got = retry(|| rustix::io::read(file, spare_capacity(&mut data)));
        if got.map_err(|e| failed(&e.into()))? == 0 {
            return Ok(data);
        }
        // A device may never end.
        if data.len() as f64 > super::files::IO_MAX {
            return Err(args::too_large(data.len() as u64));
        }
    }
}

/// The whole of a file, for the synchronous form.
pub(super) fn read_file(path: &FsPath, flags: u32) -> Res {
    let file = open(path, flags, 0o666)?;
    let size = size_of(&file)?;
    if size as f64 > super::files::IO_MAX {
        return Err(args::too_large(size));
    }
    read_rest(&file, size).map(Out::Bytes)
}

/// What came of [`read_small`].
pub(super) enum Small {
    /// The result, and how many steps it stands for.
    Done(Res, u32),
    /// A large file, or one of unknown size: it is open, and this is its size.
    Large(File, u64),
}

/// The whole of a file of at most `most` bytes, for the asynchronous forms.
pub(super) fn read_small(path: &FsPath, flags: u32, most: u64) -> Small {
    let file = match open(path, flags, 0o666) {
        Ok(file) => file,
        Err(fail) => return Small::Done(Err(fail), 1),
    };
    match size_of(&file) {
        // Open, fstat, close.
        Err(fail) => Small::Done(Err(fail), 3),
        Ok(size) if size == 0 || size > most => Small::Large(file, size),
        // Open, fstat, read, close.
        Ok(size) => Small::Done(read_rest(&file, size).map(Out::Bytes), 4),
    }
}

/// Writes all of `data` into a file, for the synchronous form.
pub(super) fn write_file(path: &FsPath, flags: u32, mode: u32, data: &[u8]) -> Res {
    let file = open(path, flags, mode)?;
    let mut rest = data;
    while !rest.is_empty() {
        match retry(|| rustix::io::write(&file, rest)).map_err(|e| Fail::system(&e.into(), "write"))? {
            0 => break,
            n => rest = &rest[n..],
        }
    }
    Ok(Out::None)
}
