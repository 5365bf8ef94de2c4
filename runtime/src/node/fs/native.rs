//! What the parts of `fs` that are written in JavaScript (`runtime/js/fs_*.js`) need of the native side, and how they join the module.

use super::{args, fail, notify, stats};
use crate::node::sys;
use crate::rt::{Rt, text_arg};
use looplab_engine::{ALL, Args, Completion, HIDDEN, Local, NativeFn, Scope};

/// Functions of `fs` that are JavaScript: name, length, module, export.
const FS: &[(&str, u32, &str, &str)] = &[
    ("cp", 4, "/fs_cp", "cp"),
    ("cpSync", 3, "/fs_cp", "cpSync"),
    ("glob", 3, "/fs_glob", "glob"),
    ("globSync", 2, "/fs_glob", "globSync"),
    ("mkdtempDisposableSync", 2, "/fs_extra", "mkdtempDisposableSync"),
    ("openAsBlob", 1, "/fs_extra", "openAsBlob"),
    ("unwatchFile", 2, "/fs_watch", "unwatchFile"),
    ("watch", 3, "/fs_watch", "watch"),
    ("watchFile", 3, "/fs_watch", "watchFile"),
    ("_toUnixTimestamp", 1, "/fs_extra", "toUnixTimestamp"),
];

/// The same of `fs/promises`.
const PROMISES: &[(&str, u32, &str, &str)] = &[
    ("cp", 3, "/fs_cp", "cpPromise"),
    ("glob", 2, "/fs_glob", "globPromise"),
    ("lchmod", 2, "/fs_extra", "lchmod"),
    ("mkdtempDisposable", 2, "/fs_extra", "mkdtempDisposable"),
    ("watch", 1, "/fs_watch", "watchPromise"),
];

/// Adds them; their modules are loaded when first called.
pub(super) fn add_functions<'s>(s: &mut Scope<'s>, o: Local<'s>, promises: bool) {
    let (list, call): (_, NativeFn) = match promises {
        true => (PROMISES, |s, args| forward(s, args, PROMISES)),
        false => (FS, |s, args| forward(s, args, FS)),
    };
    for (i, &(name, length, _, _)) in list.iter().enumerate() {
        let (k, data) = (s.key(name), s.int(i as i32));
        let f = s.function_with_data(k, length, call, data);
        s.define_with(o, k, f, ALL);
    }
    if !promises {
        for name in ["lchmod", "lchmodSync"] {
            let (k, u) = (s.key(name), s.undefined());
            s.define_with(o, k, u, ALL);
        }
    }
}

fn forward<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    list: &[(&str, u32, &'static str, &'static str)],
) -> Completion<'s> {
    let (_, _, module, export) = list[args.data().as_int().unwrap_or(0) as usize];
    let rt = Rt::of(s);
    let m = crate::modules::cjs::require_builtin(s, &rt, module)?;
    let k = s.key(export);
    let f = s.get(m, k)?;
    s.call(f, args.this(), args.tail(0))
}

/// The internal module `/fs_native`.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let functions: &[(&str, u32, NativeFn)] = &[
        ("emptyStats", 1, empty_stats),
        ("systemError", 6, system_error),
        ("toPath", 2, to_path),
        ("watchError", 2, watch_error),
        ("watchRef", 2, watch_ref),
        ("watchStart", 3, watch_start),
        ("watchStop", 1, watch_stop),
    ];
    for &(name, n, f) in functions {
        s.method(o, name, n, f);
    }
    Ok(o)
}

/// `toPath(value, name)`: the path as text, or Node's error.
fn to_path<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = text_arg(s, args, 1);
    let path = args::path(s, args.get(0), &name)?;
    Ok(s.str(&path.shown()))
}

/// `systemError(code, title, errno, syscall, path, message)`
fn system_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let [code, title, syscall, path, why] = [0, 1, 3, 4, 5].map(|i| text_arg(s, args, i));
    let errno = args.get(2).as_int().unwrap_or(0);
    Ok(fail::fs_error(s, &code, &title, errno, &syscall, &path, &why))
}

/// `emptyStats(bigint)`: a Stats object of a file that isn't there.
fn empty_stats<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    stats::new(s, &rt, &stats::StatData::default(), args.get(0).is_true())
}

/// `watchStart(path, persistent, callback)`: a number, or an errno below 0.
fn watch_start<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let path = args::path(s, args.get(0), "filename")?;
    let callback = s.global(args.get(2));
    let pos = rt.here(s);
    match notify::start(&rt, path.path(), callback, args.get(1).is_true(), pos) {
        Ok(id) => Ok(s.int(id as i32)),
        Err(e) => {
            s.release(callback);
            // The simulated world has no such thing.
            Ok(s.int(-e.raw_os_error().unwrap_or(38)))
        }
    }
}

fn watch_stop<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    notify::stop(s, &rt, args.get(0).as_int().unwrap_or(-1) as usize);
    Ok(s.undefined())
}

fn watch_ref<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    notify::set_ref(&rt, args.get(0).as_int().unwrap_or(-1) as usize, args.get(1).is_true());
    Ok(s.undefined())
}

/// `watchError(errno, path)`
fn watch_error<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let path = text_arg(s, args, 1);
    let errno = args.get(0).as_int().unwrap_or(5);
    let e = match errno {
        // Running out of watches is reported as a full disk.
        28 => sys::error_saying(
            s,
            errno,
            "System limit for number of file watchers reached",
            "watch",
            Some(&path),
            None,
        ),
        _ => sys::error(s, errno, "watch", Some(&path), None),
    };
    let (k, v) = (s.key("filename"), s.str(&path));
    s.define_with(e, k, v, HIDDEN | looplab_engine::ENUMERABLE);
    Ok(e)
}
