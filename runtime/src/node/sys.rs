//! System errors as Node gives them: code, errno, syscall, path, message.

use looplab_engine::{Intrinsic, Local, Scope, Thrown};
use std::io;

macro_rules! errnos {
    ($($code:ident = $n:literal $text:literal),+ $(,)?) => {
        /// Linux error numbers: name, number, libuv's message.
        pub(crate) const ERRNOS: &[(&str, i32, &str)] = &[$((stringify!($code), $n, $text)),+];
    };
}

errnos! {
    EPERM = 1 "operation not permitted",
    ENOENT = 2 "no such file or directory",
    ESRCH = 3 "no such process",
    EINTR = 4 "interrupted system call",
    EIO = 5 "i/o error",
    ENXIO = 6 "no such device or address",
    E2BIG = 7 "argument list too long",
    EBADF = 9 "bad file descriptor",
    EAGAIN = 11 "resource temporarily unavailable",
    ENOMEM = 12 "not enough memory",
    EACCES = 13 "permission denied",
    EFAULT = 14 "bad address in system call argument",
    EBUSY = 16 "resource busy or locked",
    EEXIST = 17 "file already exists",
    EXDEV = 18 "cross-device link not permitted",
    ENODEV = 19 "no such device",
    ENOTDIR = 20 "not a directory",
    EISDIR = 21 "illegal operation on a directory",
    EINVAL = 22 "invalid argument",
    ENFILE = 23 "file table overflow",
    EMFILE = 24 "too many open files",
    ENOTTY = 25 "inappropriate ioctl for device",
    ETXTBSY = 26 "text file is busy",
    EFBIG = 27 "file too large",
    ENOSPC = 28 "no space left on device",
    ESPIPE = 29 "invalid seek",
    EROFS = 30 "read-only file system",
    EMLINK = 31 "too many links",
    EPIPE = 32 "broken pipe",
    ERANGE = 34 "result too large",
    ENAMETOOLONG = 36 "name too long",
    ENOSYS = 38 "function not implemented",
    ENOTEMPTY = 39 "directory not empty",
    ELOOP = 40 "too many symbolic links encountered",
    EOVERFLOW = 75 "value too large for defined data type",
    EILSEQ = 84 "illegal byte sequence",
    ENOTSOCK = 88 "socket operation on non-socket",
    EMSGSIZE = 90 "message too long",
    EPROTO = 71 "protocol error",
    EPROTONOSUPPORT = 93 "protocol not supported",
    ENOTSUP = 95 "operation not supported on socket",
    EAFNOSUPPORT = 97 "address family not supported",
    EADDRINUSE = 98 "address already in use",
    EADDRNOTAVAIL = 99 "address not available",
    ENETDOWN = 100 "network is down",
    ENETUNREACH = 101 "network is unreachable",
    ECONNABORTED = 103 "software caused connection abort",
    ECONNRESET = 104 "connection reset by peer",
    ENOBUFS = 105 "no buffer space available",
    EISCONN = 106 "socket is already connected",
    ENOTCONN = 107 "socket is not connected",
    ETIMEDOUT = 110 "connection timed out",
    ECONNREFUSED = 111 "connection refused",
    EHOSTDOWN = 112 "host is down",
    EHOSTUNREACH = 113 "host is unreachable",
    EALREADY = 114 "connection already in progress",
    ECANCELED = 125 "operation canceled",
}

/// Name and message of an error number.
pub(crate) fn lookup(errno: i32) -> (&'static str, &'static str) {
    ERRNOS.iter().find(|e| e.1 == errno).map_or(("UNKNOWN", "unknown error"), |e| (e.0, e.2))
}

/// The errno of an I/O error (EIO where the system gave none).
pub(crate) fn errno(e: &io::Error) -> i32 {
    e.raw_os_error().unwrap_or(5)
}

/// Node's error object for a failed system call.
pub(crate) fn error<'s>(
    s: &mut Scope<'s>,
    errno: i32,
    syscall: &str,
    path: Option<&str>,
    dest: Option<&str>,
) -> Local<'s> {
    error_saying(s, errno, lookup(errno).1, syscall, path, dest)
}

/// The same with another text than libuv's for the error number.
pub(crate) fn error_saying<'s>(
    s: &mut Scope<'s>,
    errno: i32,
    text: &str,
    syscall: &str,
    path: Option<&str>,
    dest: Option<&str>,
) -> Local<'s> {
    let (code, _) = lookup(errno);
    let mut message = format!("{code}: {text}, {syscall}");
    if let Some(p) = path {
        message.push_str(&format!(" '{p}'"));
    }
    if let Some(d) = dest {
        message.push_str(&format!(" -> '{d}'"));
    }
    let e = s.new_error(Intrinsic::ErrorPrototype, &message);
    let put = |name: &str, v: Local<'s>, s: &mut Scope<'s>| {
        let k = s.key(name);
        s.define_with(e, k, v, looplab_engine::ALL);
    };
    let n = s.int(-errno);
    put("errno", n, s);
    let c = s.str(code);
    put("code", c, s);
    let c = s.str(syscall);
    put("syscall", c, s);
    if let Some(p) = path {
        let p = s.str(p);
        put("path", p, s);
    }
    if let Some(d) = dest {
        let d = s.str(d);
        put("dest", d, s);
    }
    e
}

/// Throws it.
pub(crate) fn throw(
    s: &mut Scope<'_>,
    e: &io::Error,
    syscall: &str,
    path: Option<&str>,
    dest: Option<&str>,
) -> Thrown {
    s.nested(|s| {
        let e = error(s, errno(e), syscall, path, dest);
        s.throw(e)
    })
}
