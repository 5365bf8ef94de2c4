//! Why a file operation failed: plain data that a worker can hand over, made into Node's error object on the loop's thread.

use crate::errors;
use crate::node::sys;
use looplab_engine::{ALL, Intrinsic, Key, Local, Scope};
use std::io;

/// A failure.
#[derive(Debug, Clone)]
pub(crate) enum Fail {
    /// Of a system call.
    System { errno: i32, syscall: &'static str, path: Option<String>, dest: Option<String> },
    /// Node's SystemError: `ERR_FS_…` with the details in the message.
    Fs { code: &'static str, text: &'static str, errno: i32, syscall: &'static str, path: String },
    /// Another error with a code.
    Coded { kind: errors::Kind, code: &'static str, message: String },
}

impl Fail {
    /// Of a call without a path.
    pub(crate) fn system(e: &io::Error, syscall: &'static str) -> Fail {
        Fail::System { errno: sys::errno(e), syscall, path: None, dest: None }
    }

    /// Of a call on a path.
    pub(crate) fn at(e: &io::Error, syscall: &'static str, path: &super::args::FsPath) -> Fail {
        Fail::System { errno: sys::errno(e), syscall, path: Some(path.shown()), dest: None }
    }

    /// Of a call on two paths.
    pub(crate) fn between(
        e: &io::Error,
        syscall: &'static str,
        path: &super::args::FsPath,
        dest: &super::args::FsPath,
    ) -> Fail {
        Fail::System { errno: sys::errno(e), syscall, path: Some(path.shown()), dest: Some(dest.shown()) }
    }

    /// The errno; 0 for what is no system call's.
    pub(crate) fn errno(&self) -> i32 {
        match self {
            Fail::System { errno, .. } | Fail::Fs { errno, .. } => *errno,
            Fail::Coded { .. } => 0,
        }
    }

    /// The error object.
    pub(crate) fn to_error<'s>(&self, s: &mut Scope<'s>) -> Local<'s> {
        match self {
            Fail::System { errno, syscall, path, dest } => {
                sys::error(s, *errno, syscall, path.as_deref(), dest.as_deref())
            }
            Fail::Coded { kind, code, message } => errors::new(s, *kind, code, message),
            Fail::Fs { code, text, errno, syscall, path } => {
                let (_, why) = sys::lookup(*errno);
                let why = if *code == "ERR_FS_EISDIR" { "is a directory" } else { why };
                fs_error(s, code, text, *errno, syscall, path, why)
            }
        }
    }
}

/// What an operation fails with that was chosen to: `paths` are those it was asked with.
pub(super) fn injected(label: &str, errno: i32, paths: &[String]) -> Fail {
    // The system call behind it, and whether its errors name paths.
    let (syscall, names) = match label.strip_prefix("fs.").unwrap_or(label) {
        "access" => ("access", 1),
        "chmod" => ("chmod", 1),
        "chown" => ("chown", 1),
        "close" => ("close", 0),
        "copyFile" => ("copyfile", 2),
        "fchmod" => ("fchmod", 0),
        "fchown" => ("fchown", 0),
        "fdatasync" => ("fdatasync", 0),
        "fstat" => ("fstat", 0),
        "fsync" => ("fsync", 0),
        "ftruncate" => ("ftruncate", 0),
        "futimes" => ("futime", 0),
        "lchown" => ("lchown", 1),
        "link" => ("link", 2),
        "lstat" => ("lstat", 1),
        "lutimes" => ("lutime", 1),
        "mkdir" => ("mkdir", 1),
        "mkdtemp" => ("mkdtemp", 1),
        "open" => ("open", 1),
        "opendir" => ("opendir", 1),
        "read" | "readv" => ("read", 0),
        "readdir" => ("scandir", 1),
        "readlink" => ("readlink", 1),
        "realpath" => ("realpath", 1),
        "rename" => ("rename", 2),
        "rmdir" => ("rmdir", 1),
        "stat" => ("stat", 1),
        "statfs" => ("statfs", 1),
        "symlink" => ("symlink", 2),
        "unlink" => ("unlink", 1),
        "utimes" => ("utime", 1),
        "write" | "writev" => ("write", 0),
        _ => ("fs", 0),
    };
    let mut named = paths.iter().take(names).cloned();
    Fail::System { errno, syscall, path: named.next(), dest: named.next() }
}

/// A SystemError: name, code, `info`, and errno, syscall and path read from it.
pub(super) fn fs_error<'s>(
    s: &mut Scope<'s>,
    code: &str,
    text: &str,
    errno: i32,
    syscall: &str,
    path: &str,
    why: &str,
) -> Local<'s> {
    let (name, _) = sys::lookup(errno);
    let message = format!("{text}: {syscall} returned {name} ({why}) {path}");
    let e = s.new_error(Intrinsic::ErrorPrototype, &message);
    let k: Key<'s> = s.atoms().name.into();
    let shown = s.str(&format!("SystemError [{code}]"));
    s.define_hidden(e, k, shown);
    s.capture_stack(e, None);
    let plain = s.str("SystemError");
    s.define_hidden(e, k, plain);
    let info = s.new_object();
    let is_cp = syscall == "cp";
    let number = s.int(errno);
    let mut fields = [
        ("code", s.str(name)),
        ("message", s.str(why)),
        ("path", s.str(path)),
        ("syscall", s.str(syscall)),
        ("errno", number),
    ];
    let (path, syscall) = (fields[2].1, fields[3].1);
    if is_cp {
        // Made in another place there, with its fields in another order.
        fields.rotate_left(1);
    }
    let put = |s: &mut Scope<'s>, o: Local<'s>, k: &str, v: Local<'s>| {
        let k = s.key(k);
        s.define_with(o, k, v, ALL);
    };
    let c = s.str(code);
    put(s, e, "code", c);
    for (k, v) in fields {
        put(s, info, k, v);
    }
    put(s, e, "info", info);
    put(s, e, "errno", number);
    put(s, e, "syscall", syscall);
    put(s, e, "path", path);
    e
}

/// A plain Error with a `code` property (not shown in its stack).
pub(crate) fn coded<'s>(s: &mut Scope<'s>, code: &str, message: &str) -> Local<'s> {
    let e = s.new_error(Intrinsic::ErrorPrototype, message);
    let k: Key<'s> = s.atoms().code.into();
    let v = s.str(code);
    s.define_with(e, k, v, ALL);
    e
}
