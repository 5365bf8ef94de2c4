//! FileHandle: what `fs.promises.open` gives.

use super::args::{Form, In};
use super::{files, paths::Made, promise_of};
use crate::modules::{builtin, register_value, registered};
use crate::node::buffer::get;
use crate::rt::Rt;
use looplab_engine::{Args, Class, Completion, Key, Local, Scope, Thrown};

type PlanFn = for<'s> fn(&mut Scope<'s>, &In<'_, 's>) -> Made;

/// Methods that work on the descriptor: name, parameters, plan.
const METHODS: &[(&str, u32, PlanFn)] = &[
    ("appendFile", 2, files::write_file),
    ("chmod", 1, files::fchmod),
    ("chown", 2, files::fchown),
    ("datasync", 0, files::fdatasync),
    ("sync", 0, files::fsync),
    ("read", 4, files::read),
    ("readv", 2, files::readv),
    ("readFile", 1, files::read_file),
    ("stat", 1, files::fstat),
    ("truncate", 1, files::ftruncate),
    ("utimes", 2, files::futimes),
    ("write", 4, files::write),
    ("writev", 2, files::writev),
    ("writeFile", 2, files::write_file),
];

const CLOSED: i32 = -1;

/// A handle for an open file.
pub(super) fn new<'s>(s: &mut Scope<'s>, fd: i32) -> Completion<'s> {
    let proto = prototype(s)?;
    let o = s.new_object_of(Class::Host, proto);
    let fd = s.int(fd);
    s.set_internal(o, 0, fd);
    Ok(o)
}

fn prototype<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let known = registered(s, "fs.FileHandle.prototype");
    if known.is_object() {
        return Ok(known);
    }
    let proto = s.new_object();
    s.constructor("FileHandle", 1, |s, _| Err(s.throw_type("Illegal constructor")), proto);
    let rt = Rt::of(s);
    if let Some(events) = builtin(s, &rt, "events")? {
        let parent = get(s, events, "prototype")?;
        if parent.is_object() {
            s.set_prototype_of(proto, parent)?;
        }
    }
    let k = s.key("fd");
    s.getter(proto, k, |s, args| fd_of(s, args.this()).map(|n| s.int(n)));
    for (i, &(name, length, _)) in METHODS.iter().enumerate() {
        let k = s.key(name);
        let data = s.int(i as i32);
        let f = s.function_with_data(k, length, call, data);
        s.define_hidden(proto, k, f);
    }
    let f = s.method(proto, "close", 0, close);
    let k: Key<'s> = s.atoms().sym_async_dispose.into();
    s.define_hidden(proto, k, f);
    register_value(s, "fs.FileHandle.prototype", proto);
    Ok(proto)
}

/// The descriptor of a handle; an error for other receivers.
fn fd_of<'s>(s: &mut Scope<'s>, this: Local<'s>) -> Result<i32, Thrown> {
    let fd = if this.is_class(Class::Host) { s.internal(this, 0).as_int() } else { None };
    match fd {
        Some(fd) => Ok(fd),
        None => Err(crate::errors::invalid_arg_type(s, "filehandle", "an instance of FileHandle", this)),
    }
}

/// The descriptor of a value that is a handle; `None` for other values.
pub(super) fn descriptor<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Option<i32>, Thrown> {
    if !v.is_class(Class::Host) {
        return Ok(None);
    }
    let proto = registered(s, "fs.FileHandle.prototype");
    let own = s.get_prototype_of(v)?;
    if !proto.is_object() || !own.is_identical(proto) {
        return Ok(None);
    }
    let number = fd_of(s, v)?;
    let number = s.int(number);
    super::args::fd(s, number).map(Some)
}

fn call<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (name, _, make) = METHODS[args.data().as_int().unwrap_or(0) as usize];
    promise_of(s, true, |s| {
        let fd = fd_of(s, args.this())?;
        if fd == CLOSED {
            let e = super::fail::coded(s, "EBADF", "file closed");
            let syscall = match name {
                "chmod" | "chown" | "datasync" | "stat" | "sync" | "truncate" | "utimes" => {
                    format!("f{name}")
                }
                _ => name.to_owned(),
            };
            let (k, v) = (s.key("syscall"), s.str(&syscall));
            s.define_with(e, k, v, looplab_engine::ALL);
            return Err(s.throw(e));
        }
        let mut list = vec![s.int(fd)];
        list.extend(args.rest(0));
        let none = s.undefined();
        make(s, &In { list: &list, form: Form::Promise, none })
    })
}

/// `handle.close()`: the handle is unusable from now on.
fn close<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = args.this();
    let fd = fd_of(s, this)?;
    if fd == CLOSED {
        let p = s.new_promise();
        let u = s.undefined();
        s.promise_fulfill(p, u);
        return Ok(p);
    }
    let closed = s.int(CLOSED);
    s.set_internal(this, 0, closed);
    let number = s.int(fd);
    let none = s.undefined();
    promise_of(s, true, |s| files::close(s, &In { list: &[number], form: Form::Promise, none }))
}
