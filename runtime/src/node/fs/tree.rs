//! Operations on whole trees: mkdir and readdir with `recursive`, rm.

use super::args::FsPath;
use super::fail::Fail;
use super::paths::{self, scan};
use super::plan::{Out, Res, Step};
use super::stats::Entry;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, PathBuf};

// ---- mkdir ----

/// Makes a folder and what is missing above it: one request for each attempt.
pub(super) fn make_all(path: FsPath, mode: u32) -> Step {
    make_next(vec![path], None, mode)
}

fn make_next(mut todo: Vec<FsPath>, first: Option<Vec<u8>>, mode: u32) -> Step {
    let Some(path) = todo.pop() else { return Step::End(Ok(Out::Made(first))) };
    let here = path.clone();
    let work = move || paths::done(fs::DirBuilder::new().mode(mode).create(here.path()), "mkdir", &here);
    Step::then("fs.mkdir", work, move |r| {
        let Err(failed) = r else {
            // Never a folder above: those come first.
            let first = first.or(Some(path.0.into_os_string().into_vec()));
            return make_next(todo, first, mode);
        };
        match failed.errno() {
            // ENOENT: the parent first.
            2 => match path.path().parent() {
                Some(p) if !p.as_os_str().is_empty() => {
                    let parent = FsPath(p.to_owned());
                    todo.push(path);
                    todo.push(parent);
                    make_next(todo, first, mode)
                }
                _ => Step::End(Err(failed)),
            },
            // EPERM, EACCES, ENOTDIR, ENOSPC
            1 | 13 | 20 | 28 => Step::End(Err(failed)),
            errno => exists(path, todo, first, mode, errno),
        }
    })
}

/// mkdir said that something is there: fine if it is a folder.
fn exists(path: FsPath, todo: Vec<FsPath>, first: Option<Vec<u8>>, mode: u32, errno: i32) -> Step {
    let below = !todo.is_empty();
    let work = move || match fs::metadata(path.path()) {
        Ok(m) if m.is_dir() => Ok(Out::None),
        // EEXIST above the goal is ENOTDIR.
        Ok(_) => {
            let errno = if errno == 17 && below { 20 } else { 17 };
            Err(Fail::at(&io::Error::from_raw_os_error(errno), "mkdir", &path))
        }
        Err(e) => Err(Fail::at(&e, "mkdir", &path)),
    };
    Step::then("fs.stat", work, move |r| match r {
        Ok(_) => make_next(todo, first, mode),
        failed => Step::End(failed),
    })
}

// ---- readdir ----

/// A walk through a tree: one request for each folder.
pub(super) struct Walk {
    base: FsPath,
    /// Entries with their types (and plain names), or paths relative to the base.
    types: bool,
    /// fs.promises takes the folder found last first.
    last_first: bool,
    found: Vec<Entry>,
    folders: VecDeque<PathBuf>,
}

impl Walk {
    pub(super) fn new(base: FsPath, types: bool, last_first: bool) -> Walk {
        Walk { base, types, last_first, found: Vec::new(), folders: VecDeque::from([PathBuf::new()]) }
    }

    pub(super) fn next(mut self) -> Step {
        let folder = if self.last_first { self.folders.pop_back() } else { self.folders.pop_front() };
        let Some(folder) = folder else { return Step::End(Ok(Out::Entries(self.found))) };
        let path =
            if folder.as_os_str().is_empty() { self.base.clone() } else { normal(&self.base).join(&folder) };
        Step::then(
            "fs.readdir",
            move || scan(&path).map(Out::Entries),
            move |r| {
                let list = match r {
                    Ok(Out::Entries(list)) => list,
                    other => return Step::End(other),
                };
                for mut e in list {
                    let relative = folder.join(std::ffi::OsStr::from_bytes(&e.name));
                    if e.kind == 2 {
                        self.folders.push_back(relative.clone());
                    }
                    if !self.types {
                        e.name = relative.into_os_string().into_vec();
                    }
                    self.found.push(e);
                }
                self.next()
            },
        )
    }
}

/// A path without its `.` and `..` parts, as path.join leaves it.
fn normal(path: &FsPath) -> FsPath {
    let mut out = PathBuf::new();
    for part in path.path().components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            part => out.push(part),
        }
    }
    FsPath(out)
}

// ---- rm ----

/// `rmdir` with `recursive`: what is no folder is left alone.
pub(super) fn remove_folder(path: FsPath) -> Step {
    let here = path.clone();
    let work = move || match fs::symlink_metadata(here.path()) {
        Ok(m) if m.is_dir() => Ok(Out::None),
        Ok(_) => Err(Fail::at(&io::Error::from_raw_os_error(20), "rmdir", &here)),
        Err(e) => Err(Fail::at(&e, "lstat", &here)),
    };
    Step::then("fs.lstat", work, move |r| match r {
        Ok(_) => remove_next(vec![Doomed::Folder(path)]),
        failed => Step::End(failed),
    })
}

/// Something to remove.
enum Doomed {
    File(FsPath),
    /// A folder that may have contents.
    Folder(FsPath),
    /// A folder whose contents are gone.
    Emptied(FsPath),
}

/// Removes a file or (with `recursive`) a tree. With `force` a missing path is fine.
pub(super) fn remove(path: FsPath, force: bool, recursive: bool) -> Step {
    let here = path.clone();
    let work = move || match fs::symlink_metadata(here.path()) {
        Ok(m) => Ok(Out::Number(f64::from(u8::from(m.is_dir())))),
        Err(e) => Err(Fail::at(&e, "lstat", &here)),
    };
    Step::then("fs.lstat", work, move |r| match r {
        Err(f) if force && f.errno() == 2 => Step::End(Ok(Out::None)),
        Ok(Out::Number(n)) if n > 0.0 => match recursive {
            true => remove_next(vec![Doomed::Folder(path)]),
            false => Step::End(Err(Fail::Fs {
                code: "ERR_FS_EISDIR",
                text: "Path is a directory",
                errno: 21,
                syscall: "rm",
                path: path.shown(),
            })),
        },
        Ok(_) => remove_next(vec![Doomed::File(path)]),
        failed => Step::End(failed),
    })
}

/// What has vanished meanwhile needs no removing.
fn gone_is_fine(r: Res) -> Res {
    match r {
        Err(f) if f.errno() == 2 => Ok(Out::None),
        r => r,
    }
}

fn remove_next(mut todo: Vec<Doomed>) -> Step {
    match todo.pop() {
        None => Step::End(Ok(Out::None)),
        Some(Doomed::File(p)) => {
            let work = move || {
                gone_is_fine(paths::done(rustix::fs::unlink(p.path()).map_err(io::Error::from), "unlink", &p))
            };
            Step::then("fs.unlink", work, move |r| continue_or_end(r, todo))
        }
        Some(Doomed::Emptied(p)) => {
            let work = move || gone_is_fine(paths::done(fs::remove_dir(p.path()), "rmdir", &p));
            Step::then("fs.rmdir", work, move |r| continue_or_end(r, todo))
        }
        Some(Doomed::Folder(p)) => {
            let here = p.clone();
            let work = move || match scan(&here) {
                Err(f) if f.errno() == 2 => Ok(Out::Entries(Vec::new())),
                r => r.map(Out::Entries),
            };
            Step::then("fs.readdir", work, move |r| match r {
                Ok(Out::Entries(list)) => {
                    todo.push(Doomed::Emptied(p.clone()));
                    for e in list.into_iter().rev() {
                        let child = p.join(std::ffi::OsStr::from_bytes(&e.name));
                        todo.push(if e.kind == 2 { Doomed::Folder(child) } else { Doomed::File(child) });
                    }
                    remove_next(todo)
                }
                other => Step::End(other),
            })
        }
    }
}

fn continue_or_end(r: Res, todo: Vec<Doomed>) -> Step {
    match r {
        Ok(_) => remove_next(todo),
        failed => Step::End(failed),
    }
}
