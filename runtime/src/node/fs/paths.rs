//! Operations on paths. Each is a plan: what was asked for, checked, and the work to do.

use super::args::{self, Choice, Form, FsPath, In, Options};
use super::fail::Fail;
use super::plan::{Out, Plan, Res, Show, Step};
use super::stats::{Entry, StatData, dirent_kind};
use crate::errors;
use crate::modules::{register_value, registered};
use looplab_engine::{Local, Scope, Thrown};
use rustix::fs::{Access, AtFlags, CWD, Timespec, Timestamps};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

pub(super) type Made = Result<Plan, Thrown>;

/// Turns the result of a call on a path into a step's result.
pub(super) fn done(r: io::Result<()>, syscall: &'static str, path: &FsPath) -> Res {
    r.map(|()| Out::None).map_err(|e| Fail::at(&e, syscall, path))
}

/// `access(path, mode)`
pub(super) fn access<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    let mode = args::bits(s, a.get(1))?;
    Ok(Plan::one("fs.access", Show::Nothing, move || {
        let r = rustix::fs::access(path.path(), Access::from_bits_retain(mode));
        done(r.map_err(io::Error::from), "access", &path)
    }))
}

/// Follows links or not.
fn stat_plan<'s>(s: &mut Scope<'s>, a: &In<'_, 's>, follow: bool) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    let options = Options::of(s, a.get(1))?;
    let bigint = options.is_set(s, "bigint")?;
    let throws = options.get(s, "throwIfNoEntry")?;
    let missing_ok = throws.as_bool() == Some(false);
    let (label, syscall) = if follow { ("fs.stat", "stat") } else { ("fs.lstat", "lstat") };
    let show = Show::Stats { bigint, missing_ok };
    let work = move || {
        let r = if follow { fs::metadata(path.path()) } else { fs::symlink_metadata(path.path()) };
        r.map(|m| Out::Stat(Box::new(StatData::new(&m)))).map_err(|e| Fail::at(&e, syscall, &path))
    };
    if a.form == Form::Sync && super::quick::may(s) {
        return Ok(Plan::new(Step::End(work()), show));
    }
    Ok(Plan::one(label, show, work))
}

/// `stat(path, { bigint, throwIfNoEntry })`
pub(super) fn stat<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    stat_plan(s, a, true)
}

/// `lstat(path, options)`
pub(super) fn lstat<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    stat_plan(s, a, false)
}

/// `statfs(path, { bigint })`
pub(super) fn statfs<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    let options = Options::of(s, a.get(1))?;
    let bigint = options.is_set(s, "bigint")?;
    Ok(Plan::one("fs.statfs", Show::StatFs { bigint }, move || {
        let f = rustix::fs::statfs(path.path()).map_err(|e| Fail::at(&e.into(), "statfs", &path))?;
        Ok(Out::StatFs([
            f.f_type as u64,
            f.f_bsize as u64,
            f.f_frsize as u64,
            f.f_blocks,
            f.f_bfree,
            f.f_bavail,
            f.f_files,
            f.f_ffree,
        ]))
    }))
}

/// What a folder holds, in the order of names (as libuv's scandir has it).
pub(super) fn scan(path: &FsPath) -> Result<Vec<Entry>, Fail> {
    let failed = |e: &io::Error| Fail::at(e, "scandir", path);
    let mut list = Vec::new();
    for entry in fs::read_dir(path.path()).map_err(|e| failed(&e))? {
        let entry = entry.map_err(|e| failed(&e))?;
        let kind = entry.file_type().map_or(0, dirent_kind);
        list.push(Entry { name: entry.file_name().into_vec(), kind, parent: path.clone() });
    }
    list.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(list)
}

/// `readdir(path, { encoding, withFileTypes, recursive })`
pub(super) fn readdir<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let options = Options::of(s, a.get(1))?;
    let encoding = options.encoding(s)?;
    let path = args::path(s, a.get(0), "path")?;
    let recursive = options.flag(s, "recursive")?;
    let types = options.is_set(s, "withFileTypes")?;
    let show = Show::Entries { types, encoding };
    if recursive {
        let walk = super::tree::Walk::new(path, types, a.form == Form::Promise);
        return Ok(Plan::new(walk.next(), show));
    }
    Ok(Plan::one("fs.readdir", show, move || scan(&path).map(Out::Entries)))
}

/// `mkdir(path, { recursive, mode })`
pub(super) fn mkdir<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let given = a.get(1);
    let (mut recursive, mut mode) = (false, 0o777);
    if given.is_number() || given.is_string() {
        mode = args::mode(s, given, "mode", None)?;
    } else if given.is_object() {
        let options = Options::of(s, given)?;
        recursive = options.flag(s, "recursive")?;
        let m = options.get(s, "mode")?;
        mode = args::mode(s, m, "options.mode", Some(mode))?;
    }
    let path = args::path(s, a.get(0), "path")?;
    if recursive {
        return Ok(Plan::new(super::tree::make_all(path, mode), Show::Path(Choice::Default)));
    }
    Ok(Plan::one("fs.mkdir", Show::Nothing, move || {
        done(fs::DirBuilder::new().mode(mode).create(path.path()), "mkdir", &path)
    }))
}

/// `mkdtemp(prefix, options)`
pub(super) fn mkdtemp<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let options = Options::of(s, a.get(1))?;
    let encoding = options.encoding(s)?;
    let prefix = args::path(s, a.get(0), "prefix")?;
    if prefix.path().as_os_str().as_bytes().ends_with(b"X") && !registered(s, "fs.mkdtemp.warned").is_true() {
        let yes = s.bool(true);
        register_value(s, "fs.mkdtemp.warned", yes);
        let text = "mkdtemp() templates ending with X are not portable. For details see: https://nodejs.org/api/fs.html";
        crate::node::process::emit_warning(s, text, "Warning", None)?;
    }
    let mut seed = s.random_bits();
    Ok(Plan::one("fs.mkdtemp", Show::Path(encoding), move || {
        const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        for _ in 0..100 {
            let mut name = prefix.0.as_os_str().as_bytes().to_vec();
            for _ in 0..6 {
                // The seed is the world's; the steps only spread it over the letters.
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                name.push(LETTERS[(seed >> 33) as usize % LETTERS.len()]);
            }
            let path = FsPath(std::ffi::OsString::from_vec(name.clone()).into());
            match fs::DirBuilder::new().mode(0o700).create(path.path()) {
                Ok(()) => return Ok(Out::Path(name)),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => {
                    let shown = FsPath(format!("{}XXXXXX", prefix.shown()).into());
                    return Err(Fail::at(&e, "mkdtemp", &shown));
                }
            }
        }
        Err(Fail::at(&io::Error::from_raw_os_error(17), "mkdtemp", &prefix))
    }))
}

/// `rmdir(path)`
pub(super) fn rmdir<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    let options = Options::of(s, a.get(1))?;
    if options.flag(s, "recursive")? {
        let text = "In future versions of Node.js, fs.rmdir(path, { recursive: true }) will be removed. Use fs.rm(path, { recursive: true }) instead";
        crate::node::process::emit_warning(s, text, "DeprecationWarning", Some("DEP0147"))?;
        return Ok(Plan::new(super::tree::remove_folder(path), Show::Nothing));
    }
    Ok(Plan::one("fs.rmdir", Show::Nothing, move || done(fs::remove_dir(path.path()), "rmdir", &path)))
}

/// `unlink(path)`
pub(super) fn unlink<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    Ok(Plan::one("fs.unlink", Show::Nothing, move || {
        done(rustix::fs::unlink(path.path()).map_err(io::Error::from), "unlink", &path)
    }))
}

/// `rm(path, { force, recursive, maxRetries, retryDelay })`
pub(super) fn rm<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    let given = a.get(1);
    if !given.is_nullish() && !given.is_object() {
        return Err(errors::invalid_arg_type(s, "options", "of type object", given));
    }
    let options = Options::of(s, given)?;
    let force = options.flag(s, "force")?;
    let recursive = options.flag(s, "recursive")?;
    for name in ["maxRetries", "retryDelay"] {
        let v = options.get(s, name)?;
        if !v.is_undefined() {
            args::integer(s, v, &format!("options.{name}"), 0.0, f64::from(u32::MAX))?;
        }
    }
    Ok(Plan::new(super::tree::remove(path, force, recursive), Show::Nothing))
}

/// Two paths and a call on them.
fn two<'s>(
    s: &mut Scope<'s>,
    a: &In<'_, 's>,
    names: [&str; 2],
    label: &'static str,
    syscall: &'static str,
    f: fn(&std::path::Path, &std::path::Path) -> io::Result<()>,
) -> Made {
    let from = args::path(s, a.get(0), names[0])?;
    let to = args::path(s, a.get(1), names[1])?;
    Ok(Plan::one(label, Show::Nothing, move || {
        f(from.path(), to.path()).map(|()| Out::None).map_err(|e| Fail::between(&e, syscall, &from, &to))
    }))
}

/// `rename(oldPath, newPath)`
pub(super) fn rename<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    two(s, a, ["oldPath", "newPath"], "fs.rename", "rename", |f, t| fs::rename(f, t))
}

/// `link(existingPath, newPath)`
pub(super) fn link<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    two(s, a, ["existingPath", "newPath"], "fs.link", "link", |f, t| Ok(rustix::fs::link(f, t)?))
}

/// `symlink(target, path, type)`; the type matters on Windows only.
pub(super) fn symlink<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let kind = a.get(2);
    if !kind.is_nullish() {
        let name = if kind.is_string() { s.to_utf8_lossy(kind) } else { String::new() };
        if !["dir", "file", "junction"].contains(&name.as_str()) {
            let why = "must be one of: 'dir', 'file', 'junction', null, undefined";
            return Err(errors::invalid_arg_value(s, "type", kind, why));
        }
    }
    two(s, a, ["target", "path"], "fs.symlink", "symlink", |f, t| std::os::unix::fs::symlink(f, t))
}

/// `readlink(path, options)`
pub(super) fn readlink<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let options = Options::of(s, a.get(1))?;
    let encoding = options.encoding(s)?;
    let path = args::path(s, a.get(0), "path")?;
    Ok(Plan::one("fs.readlink", Show::Path(encoding), move || {
        let r = fs::read_link(path.path());
        r.map(|p| Out::Path(p.into_os_string().into_vec())).map_err(|e| Fail::at(&e, "readlink", &path))
    }))
}

/// `realpath(path, options)`; failures name the part that is missing, as Node's walk does (`realpath.native` names the path).
fn realpath_plan<'s>(s: &mut Scope<'s>, a: &In<'_, 's>, native: bool) -> Made {
    let options = Options::of(s, a.get(1))?;
    let encoding = options.encoding(s)?;
    let path = args::path(s, a.get(0), "path")?;
    Ok(Plan::one("fs.realpath", Show::Path(encoding), move || {
        let failed = match fs::canonicalize(path.path()) {
            Ok(p) => return Ok(Out::Path(p.into_os_string().into_vec())),
            Err(e) if native => return Err(Fail::at(&e, "realpath", &path)),
            Err(e) => e,
        };
        let full = std::path::absolute(path.path()).unwrap_or_else(|_| path.0.clone());
        for p in full.ancestors().collect::<Vec<_>>().into_iter().rev() {
            if let Err(e) = fs::symlink_metadata(p) {
                return Err(Fail::at(&e, "lstat", &FsPath(p.to_owned())));
            }
        }
        Err(Fail::at(&failed, "stat", &FsPath(full)))
    }))
}

/// `realpath(path, options)`
pub(super) fn realpath<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    realpath_plan(s, a, a.form == Form::Promise)
}

/// `realpath.native(path, options)`
pub(super) fn realpath_native<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    realpath_plan(s, a, true)
}

/// `copyFile(src, dest, mode)`
pub(super) fn copy_file<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let from = args::path(s, a.get(0), "src")?;
    let to = args::path(s, a.get(1), "dest")?;
    let mode = args::bits(s, a.get(2))?;
    Ok(Plan::one("fs.copyFile", Show::Nothing, move || {
        let r = copy(&from, &to, mode & 1 != 0);
        r.map(|()| Out::None).map_err(|e| Fail::between(&e, "copyfile", &from, &to))
    }))
}

/// Copies contents and permissions.
pub(super) fn copy(from: &FsPath, to: &FsPath, exclusive: bool) -> io::Result<()> {
    let mut source = fs::File::open(from.path())?;
    let meta = source.metadata()?;
    let mut options = fs::OpenOptions::new();
    options.write(true).mode(meta.permissions().mode());
    if exclusive {
        options.create_new(true);
    } else {
        options.create(true);
    }
    let mut target = options.open(to.path())?;
    if is_same(&meta, &target.metadata()?) {
        return Ok(());
    }
    let mut all = || {
        target.set_len(0)?;
        target.set_permissions(meta.permissions())?;
        io::copy(&mut source, &mut target)
    };
    let r = all();
    if r.is_err() {
        // As libuv does; that the half-made file can't be removed is no news beside the failure itself.
        let _ = fs::remove_file(to.path());
    }
    r.map(|_| ())
}

fn is_same(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// `chmod(path, mode)`
pub(super) fn chmod<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    let mode = args::mode(s, a.get(1), "mode", None)?;
    Ok(Plan::one("fs.chmod", Show::Nothing, move || {
        done(fs::set_permissions(path.path(), fs::Permissions::from_mode(mode)), "chmod", &path)
    }))
}

fn chown_plan<'s>(s: &mut Scope<'s>, a: &In<'_, 's>, follow: bool) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    let (uid, gid) = (args::id(s, a.get(1), "uid")?, args::id(s, a.get(2), "gid")?);
    let (label, syscall) = if follow { ("fs.chown", "chown") } else { ("fs.lchown", "lchown") };
    Ok(Plan::one(label, Show::Nothing, move || {
        use std::os::unix::fs::{chown, lchown};
        let call = if follow {
            chown(path.path(), Some(uid), Some(gid))
        } else {
            lchown(path.path(), Some(uid), Some(gid))
        };
        done(call, syscall, &path)
    }))
}

/// `chown(path, uid, gid)`
pub(super) fn chown<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    chown_plan(s, a, true)
}

/// `lchown(path, uid, gid)`
pub(super) fn lchown<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    chown_plan(s, a, false)
}

/// Access and modification time of `utimes` and its kin.
pub(super) fn times<'s>(s: &mut Scope<'s>, atime: Local<'s>, mtime: Local<'s>) -> Result<Timestamps, Thrown> {
    let spec = |n: i128| Timespec {
        tv_sec: n.div_euclid(1_000_000_000) as i64,
        tv_nsec: n.rem_euclid(1_000_000_000) as _,
    };
    let (a, m) = (args::time(s, atime)?, args::time(s, mtime)?);
    Ok(Timestamps { last_access: spec(a), last_modification: spec(m) })
}

fn utimes_plan<'s>(s: &mut Scope<'s>, a: &In<'_, 's>, follow: bool) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    let t = times(s, a.get(1), a.get(2))?;
    let (label, syscall, flags) = match follow {
        true => ("fs.utimes", "utime", AtFlags::empty()),
        false => ("fs.lutimes", "lutime", AtFlags::SYMLINK_NOFOLLOW),
    };
    Ok(Plan::one(label, Show::Nothing, move || {
        done(rustix::fs::utimensat(CWD, path.path(), &t, flags).map_err(io::Error::from), syscall, &path)
    }))
}

/// `utimes(path, atime, mtime)`
pub(super) fn utimes<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    utimes_plan(s, a, true)
}

/// `lutimes(path, atime, mtime)`
pub(super) fn lutimes<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    utimes_plan(s, a, false)
}

/// `truncate(path, len)`: open, ftruncate, close.
pub(super) fn truncate<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let len = super::files::length(s, a.get(1))?;
    let path = args::path(s, a.get(0), "path")?;
    let step = super::files::with_open(path, 2, 0o666, move |fd| {
        Step::one("fs.ftruncate", move || super::files::set_len(fd, len))
    });
    Ok(Plan::new(step, Show::Nothing))
}
