//! `fs`: one table of operations, each offered three ways. The synchronous form does the work on the spot, the callback and the
//! promise form send it to the pool, one request for each step.

pub(crate) mod args;
mod constants;
mod dir;
pub(crate) mod fail;
pub(crate) mod fds;
mod files;
mod handle;
pub(crate) mod native;
mod notify;
mod paths;
mod plan;
mod quick;
mod stats;
pub(crate) mod stream_io;
mod tree;

use crate::modules::{builtin, register_value, registered};
use crate::node::buffer::put;
use crate::rt::Rt;
pub(crate) use notify::Notify;
pub(crate) use stats::Parts as StatsParts;

use args::{Form, In};
use looplab_engine::{ALL, Args, CONFIGURABLE, Completion, ENUMERABLE, Key, Local, NativeFn, Scope, Thrown};
use paths::Made;
pub(crate) use plan::has_ended;
use plan::{Plan, Target};

/// An operation. The three numbers are the `length` of the callback, synchronous and promise function, [`NO`] where Node has none.
struct Op {
    name: &'static str,
    /// Parameters of the callback form, the callback included.
    params: usize,
    /// How many of them, before the callback, may be left out.
    optional: usize,
    lengths: [u32; 3],
    plan: for<'s> fn(&mut Scope<'s>, &In<'_, 's>) -> Made,
}

const NO: u32 = u32::MAX;

const fn op(
    name: &'static str,
    params: usize,
    optional: usize,
    lengths: [u32; 3],
    plan: for<'s> fn(&mut Scope<'s>, &In<'_, 's>) -> Made,
) -> Op {
    Op { name, params, optional, lengths, plan }
}

/// In the order of Node's exports.
static OPS: &[Op] = &[
    op("appendFile", 4, 1, [4, 3, 3], files::append_file),
    op("access", 3, 1, [3, 2, 1], paths::access),
    op("chown", 4, 0, [4, 3, 3], paths::chown),
    op("chmod", 3, 0, [3, 2, 2], paths::chmod),
    op("close", 2, 0, [1, 1, NO], files::close),
    op("copyFile", 4, 1, [4, 3, 3], paths::copy_file),
    op("fchown", 4, 0, [4, 3, NO], files::fchown),
    op("fchmod", 3, 0, [3, 2, NO], files::fchmod),
    op("fdatasync", 2, 0, [2, 1, NO], files::fdatasync),
    op("fstat", 3, 1, [1, 1, NO], files::fstat),
    op("fsync", 2, 0, [2, 1, NO], files::fsync),
    op("ftruncate", 3, 1, [1, 1, NO], files::ftruncate),
    op("futimes", 4, 0, [4, 3, NO], files::futimes),
    op("lchown", 4, 0, [4, 3, 3], paths::lchown),
    op("link", 3, 0, [3, 2, 2], paths::link),
    op("lstat", 3, 1, [1, 1, 1], paths::lstat),
    op("lutimes", 4, 0, [4, 3, 3], paths::lutimes),
    op("mkdir", 3, 1, [3, 2, 2], paths::mkdir),
    op("mkdtemp", 3, 1, [3, 2, 2], paths::mkdtemp),
    op("open", 4, 2, [4, 3, 3], files::open),
    op("readdir", 3, 1, [3, 2, 2], paths::readdir),
    op("read", 6, 4, [6, 5, NO], files::read),
    op("readv", 4, 1, [4, 3, NO], files::readv),
    op("readFile", 3, 1, [3, 2, 2], files::read_file),
    op("readlink", 3, 1, [3, 2, 2], paths::readlink),
    op("realpath", 3, 1, [3, 2, 2], paths::realpath),
    op("rename", 3, 0, [3, 2, 2], paths::rename),
    op("rm", 3, 1, [3, 2, 2], paths::rm),
    op("rmdir", 3, 1, [3, 2, 2], paths::rmdir),
    op("stat", 3, 1, [1, 1, 1], paths::stat),
    op("statfs", 3, 1, [1, 1, 1], paths::statfs),
    op("symlink", 4, 1, [4, 3, 3], paths::symlink),
    op("truncate", 3, 1, [3, 2, 1], paths::truncate),
    op("unlink", 2, 0, [2, 1, 1], paths::unlink),
    op("utimes", 4, 0, [4, 3, 3], paths::utimes),
    op("writeFile", 4, 1, [4, 3, 3], files::write_file),
    op("write", 6, 3, [6, 5, NO], files::write),
    op("writev", 4, 1, [4, 3, NO], files::writev),
    op("opendir", 3, 1, [3, 2, 2], dir::opendir),
    op("realpath.native", 3, 1, [NO, NO, NO], paths::realpath_native),
];

fn op_of(args: &Args<'_>) -> &'static Op {
    &OPS[args.data().as_int().unwrap_or(0) as usize]
}

// ---- the three forms ----

fn sync_form<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rt = Rt::of(s);
    let none = s.undefined();
    let plan = (op_of(args).plan)(s, &In { list: args.tail(0), form: Form::Sync, none })?;
    plan::run_sync(s, &rt, plan)
}

/// Operations that look at their other arguments first.
fn checks_callback_last(name: &str) -> bool {
    matches!(
        name,
        "access"
            | "open"
            | "read"
            | "readv"
            | "write"
            | "writev"
            | "ftruncate"
            | "truncate"
            | "chmod"
            | "fchmod"
            | "fchown"
            | "futimes"
    )
}

fn callback_form<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let op = op_of(args);
    let (list, none) = (args.tail(0), s.undefined());
    let (at, cb) = match op.name {
        // The one whose callback may be missing.
        "close" if args.get(1).is_undefined() => {
            let k = s.key("defaultCloseCallback");
            (
                1,
                s.function(k, 1, |s, args| {
                    if args.get(0).is_nullish() { Ok(s.undefined()) } else { Err(s.throw(args.get(0))) }
                }),
            )
        }
        _ => args::callback(list, none, op.params, op.optional),
    };
    if !checks_callback_last(op.name) {
        args::check_callback(s, cb)?;
    }
    let plan = (op.plan)(s, &In { list: &list[..at.min(list.len())], form: Form::Callback, none })?;
    args::check_callback(s, cb)?;
    let rt = Rt::of(s);
    let g = s.global(cb);
    plan::start(s, &rt, plan, Target::Callback(g))?;
    Ok(none)
}

fn promise_form<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let none = s.undefined();
    promise_of(s, false, |s| (op_of(args).plan)(s, &In { list: args.tail(0), form: Form::Promise, none }))
}

/// A promise for a plan; it is rejected when the plan can't be made. `bare` results have no prototype.
fn promise_of<'s>(
    s: &mut Scope<'s>,
    bare: bool,
    make: impl FnOnce(&mut Scope<'s>) -> Result<Plan, Thrown>,
) -> Completion<'s> {
    let p = s.new_promise();
    match make(s) {
        Ok(plan) => {
            let rt = Rt::of(s);
            let promise = s.global(p);
            plan::start(s, &rt, plan, Target::Promise { promise, bare })?;
        }
        Err(t) => {
            if s.is_terminating() {
                return Err(t);
            }
            let e = s.caught(t);
            s.promise_reject(p, e);
        }
    }
    Ok(p)
}

// ---- exists ----

/// `fs.exists(path, callback)`: the callback gets only a boolean.
fn exists<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let none = s.undefined();
    let (_, cb) = args::callback(args.tail(0), none, 2, 0);
    args::check_callback(s, cb)?;
    match paths::access(s, &In { list: &[args.get(0)], form: Form::Callback, none }) {
        Ok(plan) => {
            let rt = Rt::of(s);
            let g = s.global(cb);
            plan::start(s, &rt, plan, Target::Exists(g))?;
        }
        Err(t) => {
            s.caught(t);
            let no = s.bool(false);
            s.call(cb, none, &[no])?;
        }
    }
    Ok(none)
}

/// `fs.existsSync(path)`: never throws.
fn exists_sync<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let none = s.undefined();
    let rt = Rt::of(s);
    let made = paths::access(s, &In { list: &[args.get(0)], form: Form::Sync, none });
    let r = made.and_then(|plan| plan::run_sync(s, &rt, plan));
    Ok(match r {
        Ok(_) => s.bool(true),
        Err(t) => {
            if s.is_terminating() {
                return Err(t);
            }
            s.caught(t);
            s.bool(false)
        }
    })
}

/// `util.promisify(fs.exists)`
fn exists_promise<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let p = s.new_promise();
    let u = s.undefined();
    let (resolve, _) = s.resolving_functions(p);
    let k = s.key("exists");
    let f = s.function(k, 2, exists);
    s.call(f, u, &[args.get(0), resolve])?;
    Ok(p)
}

// ---- the modules ----

/// The exports of `fs`.
pub(crate) fn load<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    let custom = promisify_symbol(s)?;
    for (i, op) in OPS.iter().enumerate() {
        let data = s.int(i as i32);
        if op.lengths[0] != NO {
            let k = s.key(op.name);
            let f = s.function_with_data(k, op.lengths[0], callback_form, data);
            s.define_with(o, k, f, ALL);
            // Those with two results promise an object of both.
            if matches!(op.name, "read" | "write" | "readv" | "writev") {
                let p = s.function_with_data(k, op.lengths[0] - 1, promise_form, data);
                s.define_with(f, custom, p, 0);
            }
        }
        if op.lengths[1] != NO {
            let k = s.key(&format!("{}Sync", op.name));
            let f = s.function_with_data(k, op.lengths[1], sync_form, data);
            s.define_with(o, k, f, ALL);
        }
    }
    let k = s.key("exists");
    let f = s.function(k, 2, exists);
    s.define_with(o, k, f, ALL);
    let p = s.function(k, 1, exists_promise);
    s.define_with(f, custom, p, 0);
    crate::node::buffer::define(s, o, "existsSync", 1, exists_sync);
    native_realpath(s, o)?;
    native::add_functions(s, o, false);
    let (stats, dirent) = stats::classes(s)?;
    put(s, o, "Dirent", dirent);
    put(s, o, "Stats", stats);
    let dir = dir::class(s)?;
    put(s, o, "Dir", dir);
    let c = constants(s);
    let k = s.key("constants");
    s.define_with(o, k, c, ENUMERABLE);
    for (name, n) in [("F_OK", 0), ("R_OK", 4), ("W_OK", 2), ("X_OK", 1)] {
        let (k, v) = (s.key(name), s.int(n));
        s.define_hidden(o, k, v);
    }
    let k = s.key("get");
    let getter = s.function(k, 0, |s, _| {
        let rt = Rt::of(s);
        builtin(s, &rt, "fs/promises").map(|m| m.unwrap_or_else(|| s.undefined()))
    });
    let u = s.undefined();
    let k = s.key("promises");
    s.define_accessor(o, k, getter, u, ENUMERABLE | CONFIGURABLE);
    streams(s, o);
    Ok(o)
}

/// The stream functions and classes, of `fs_streams.js`, which is loaded when one is used.
fn streams<'s>(s: &mut Scope<'s>, o: Local<'s>) {
    for name in ["createReadStream", "createWriteStream"] {
        let (k, data) = (s.key(name), s.str(name));
        let f = s.function_with_data(k, 2, |s, args| stream_export(s, args)?.call(s, args), data);
        s.define_with(o, k, f, ALL);
    }
    for (name, class) in [
        ("ReadStream", "ReadStream"),
        ("WriteStream", "WriteStream"),
        ("FileReadStream", "ReadStream"),
        ("FileWriteStream", "WriteStream"),
    ] {
        let (k, gk, sk) = (s.key(name), s.key("get"), s.key("set"));
        let (class, name) = (s.str(class), s.str(name));
        let get = s.function_with_data(gk, 0, |s, args| Ok(stream_export(s, args)?.0), class);
        // As an assignment to an ordinary property.
        let set = s.function_with_data(
            sk,
            1,
            |s, args| {
                let k = s.to_key(args.data())?;
                s.define_with(args.this(), k, args.get(0), ALL);
                Ok(s.undefined())
            },
            name,
        );
        s.define_accessor(o, k, get, set, ENUMERABLE | CONFIGURABLE);
    }
}

/// An export of `fs_streams.js`.
struct StreamExport<'s>(Local<'s>);

impl<'s> StreamExport<'s> {
    fn call(&self, s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
        let u = s.undefined();
        s.call(self.0, u, args.tail(0))
    }
}

/// The export that a function's data names.
fn stream_export<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Result<StreamExport<'s>, Thrown> {
    let rt = Rt::of(s);
    let Some(m) = builtin(s, &rt, "/fs_streams")? else { return Ok(StreamExport(s.undefined())) };
    let k = s.to_key(args.data())?;
    s.get(m, k).map(StreamExport)
}

fn promisify_symbol<'s>(s: &mut Scope<'s>) -> Result<Key<'s>, Thrown> {
    let name = s.str("nodejs.util.promisify.custom");
    let symbol = s.symbol_for(name);
    s.to_key(symbol)
}

fn native_realpath<'s>(s: &mut Scope<'s>, o: Local<'s>) -> Result<(), Thrown> {
    let at = OPS.iter().position(|op| op.name == "realpath.native").unwrap_or(0);
    let data = s.int(at as i32);
    for (name, form) in [("realpath", callback_form as NativeFn), ("realpathSync", sync_form)] {
        let k = s.key(name);
        let f = s.get(o, k)?;
        let nk = s.key("native");
        let native = s.function_with_data(nk, 2, form, data);
        s.define_with(f, nk, native, ALL);
    }
    Ok(())
}

/// `fs.constants`, the same object for both modules.
fn constants<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let known = registered(s, "fs.constants");
    if known.is_object() {
        return known;
    }
    let o = constants::object(s);
    register_value(s, "fs.constants", o);
    o
}

/// The exports of `fs/promises`.
pub(crate) fn load_promises<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let o = s.new_object();
    for (i, op) in OPS.iter().enumerate() {
        if op.lengths[2] != NO {
            let (k, data) = (s.key(op.name), s.int(i as i32));
            let f = s.function_with_data(k, op.lengths[2], promise_form, data);
            s.define_with(o, k, f, ALL);
        }
    }
    native::add_functions(s, o, true);
    let c = constants(s);
    put(s, o, "constants", c);
    Ok(o)
}
