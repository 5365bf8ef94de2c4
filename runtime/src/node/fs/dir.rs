//! Dir: what `opendir` gives. Entries come in the order of the file system, 32 a request.

use super::args::{self, Choice, Form, FsPath, In, Options};
use super::fail::Fail;
use super::paths::Made;
use super::plan::{self, Out, Plan, Show, Step, Target};
use super::promise_of;
use super::stats::{self, Entry, dirent_kind};
use crate::errors;
use crate::modules::{register_value, registered};
use crate::rt::Rt;
use looplab_engine::{
    Args, Class, Completion, Global, HostData, Key, Local, NativeFn, Scope, Thrown, Visitor,
};
use std::collections::VecDeque;
use std::fs::ReadDir;
use std::os::unix::ffi::OsStringExt;
use std::sync::{Arc, Mutex, PoisonError};

/// An open folder, shared with the worker that reads it.
pub(super) type Folder = Arc<Mutex<Reader>>;

/// Where the reading stands.
#[derive(Debug)]
pub(super) struct Reader {
    now: ReadDir,
    path: FsPath,
    /// With `recursive`: the folders found and not read yet.
    below: Option<VecDeque<FsPath>>,
}

impl Reader {
    /// The next entry; those of a folder come before those of the folders in it.
    fn next(&mut self) -> Result<Option<Entry>, Fail> {
        loop {
            if let Some(e) = self.now.next() {
                let e = e.map_err(|e| Fail::at(&e, "scandir", &self.path))?;
                let kind = e.file_type().map_or(0, dirent_kind);
                if let (Some(below), 2) = (&mut self.below, kind) {
                    below.push_back(self.path.join(e.file_name()));
                }
                let name = e.file_name().into_vec();
                return Ok(Some(Entry { name, kind, parent: self.path.clone() }));
            }
            let Some(path) = self.below.as_mut().and_then(VecDeque::pop_front) else { return Ok(None) };
            self.now = std::fs::read_dir(path.path()).map_err(|e| Fail::at(&e, "opendir", &path))?;
            self.path = path;
        }
    }
}

struct State {
    /// `None` once closed.
    folder: Option<Folder>,
    path: FsPath,
    encoding: Choice,
    batch: usize,
    /// Read, but not handed out yet.
    waiting: VecDeque<Entry>,
}

impl HostData for State {
    fn trace(&self, _: &mut Visitor<'_>) {}
}

/// `opendir(path, { encoding, bufferSize, recursive })`
pub(super) fn opendir<'s>(s: &mut Scope<'s>, a: &In<'_, 's>) -> Made {
    let path = args::path(s, a.get(0), "path")?;
    let options = Options::of(s, a.get(1))?;
    let encoding = options.encoding(s)?;
    let recursive = options.flag(s, "recursive")?;
    let size = options.get(s, "bufferSize")?;
    let batch = match size.is_undefined() {
        true => 32,
        false => args::integer(s, size, "options.bufferSize", 1.0, f64::from(u32::MAX))? as usize,
    };
    let named = a.form != Form::Sync;
    let show = Show::Dir { path: path.clone(), encoding, batch };
    Ok(Plan::one("fs.opendir", show, move || match std::fs::read_dir(path.path()) {
        Ok(now) => {
            let below = recursive.then(VecDeque::new);
            Ok(Out::Folder(Arc::new(Mutex::new(Reader { now, path, below }))))
        }
        // Node's synchronous form does not name the path.
        Err(e) if !named => Err(Fail::system(&e, "opendir")),
        Err(e) => Err(Fail::at(&e, "opendir", &path)),
    }))
}

/// A Dir object.
pub(super) fn new<'s>(
    s: &mut Scope<'s>,
    folder: Folder,
    path: &FsPath,
    encoding: Choice,
    batch: usize,
) -> Completion<'s> {
    class(s)?;
    let proto = registered(s, "fs.Dir.prototype");
    let o = s.new_object_of(Class::Host, proto);
    let state = State { folder: Some(folder), path: path.clone(), encoding, batch, waiting: VecDeque::new() };
    s.set_host_data(o, Box::new(state));
    Ok(o)
}

/// The class, made once.
pub(super) fn class<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let known = registered(s, "fs.Dir");
    if known.is_object() {
        return Ok(known);
    }
    let proto = s.new_object();
    let class = s.constructor("Dir", 3, constructor, proto);
    let k = s.key("path");
    s.getter(proto, k, |s, args| {
        let shown = state(s, args.this())?.path.shown();
        Ok(s.str(&shown))
    });
    for (name, n, f) in
        [("read", 1, read as NativeFn), ("readSync", 0, read_sync), ("closeSync", 0, close_sync)]
    {
        s.method(proto, name, n, f);
    }
    let close = s.method(proto, "close", 1, close);
    let k: Key<'s> = s.atoms().sym_async_dispose.into();
    s.define_hidden(proto, k, close);
    let k = s.key("closeSync");
    let sync = s.get(proto, k)?;
    let k: Key<'s> = s.atoms().sym_dispose.into();
    s.define_hidden(proto, k, sync);
    let entries = s.method(proto, "entries", 0, entries);
    let k: Key<'s> = s.atoms().sym_async_iterator.into();
    s.define_hidden(proto, k, entries);
    register_value(s, "fs.Dir", class);
    register_value(s, "fs.Dir.prototype", proto);
    Ok(class)
}

fn constructor<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.get(0).is_undefined() {
        let m = "The \"handle\" argument must be specified";
        return Err(errors::throw(s, errors::Kind::Type, "ERR_MISSING_ARGS", m));
    }
    Err(s.throw_type("Illegal constructor"))
}

fn state<'a>(s: &'a mut Scope<'_>, this: Local<'_>) -> Result<&'a mut State, Thrown> {
    if s.host_data::<State>(this).is_none() {
        return Err(errors::throw(
            s,
            errors::Kind::Type,
            "ERR_INVALID_THIS",
            "Value of \"this\" must be of type Dir",
        ));
    }
    Ok(s.host_data_mut::<State>(this).expect("looked at above"))
}

fn closed(s: &mut Scope<'_>) -> Thrown {
    errors::throw(s, errors::Kind::Error, "ERR_DIR_CLOSED", "Directory handle was closed")
}

/// Reads the next entries unless some wait; `show` hands one out.
fn read_plan<'s>(s: &mut Scope<'s>, this: Local<'s>, show: Show) -> Made {
    let st = state(s, this)?;
    let Some(folder) = st.folder.clone() else { return Err(closed(s)) };
    let batch = st.batch;
    let ready = !st.waiting.is_empty();
    let keep: Option<Global> = Some(s.global(this));
    if ready {
        return Ok(Plan { step: Step::End(Ok(Out::Entries(Vec::new()))), show, keep });
    }
    let step = Step::one("fs.readdir", move || {
        let mut list = Vec::new();
        let mut folder = folder.lock().unwrap_or_else(PoisonError::into_inner);
        while list.len() < batch
            && let Some(e) = folder.next()?
        {
            list.push(e);
        }
        Ok(Out::Entries(list))
    });
    Ok(Plan { step, show, keep })
}

/// Takes entries that were read and hands the first out: a Dirent, or null at the end.
pub(super) fn take<'s>(s: &mut Scope<'s>, dir: Local<'s>, list: Vec<Entry>) -> Completion<'s> {
    let st = state(s, dir)?;
    st.waiting.extend(list);
    let (next, encoding) = (st.waiting.pop_front(), st.encoding);
    match next {
        None => Ok(s.null()),
        Some(e) => {
            let name = plan::bytes_as(s, e.name, encoding, true)?;
            stats::new_dirent(s, name, e.kind, &e.parent)
        }
    }
}

/// The same as an iterator's result; the folder is closed at the end.
pub(super) fn take_next<'s>(s: &mut Scope<'s>, dir: Local<'s>, list: Vec<Entry>) -> Completion<'s> {
    let v = take(s, dir, list)?;
    if v.is_null() {
        state(s, dir)?.folder = None;
        let u = s.undefined();
        return Ok(s.iter_result(u, true));
    }
    Ok(s.iter_result(v, false))
}

/// With a callback or without: a promise then.
fn either<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    make: impl FnOnce(&mut Scope<'s>) -> Made,
) -> Completion<'s> {
    let cb = args.get(0);
    if cb.is_undefined() {
        return promise_of(s, false, make);
    }
    if !cb.is_callable() {
        return Err(errors::invalid_arg_type(s, "cb", "of type function", cb));
    }
    let plan = make(s)?;
    let rt = Rt::of(s);
    let g = s.global(cb);
    plan::start(s, &rt, plan, Target::Callback(g))?;
    Ok(s.undefined())
}

/// `dir.read(callback)`
fn read<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    either(s, args, |s| read_plan(s, args.this(), Show::DirEntry))
}

/// `dir.readSync()`
fn read_sync<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let plan = read_plan(s, args.this(), Show::DirEntry)?;
    let rt = Rt::of(s);
    plan::run_sync(s, &rt, plan)
}

fn close_plan<'s>(s: &mut Scope<'s>, this: Local<'s>) -> Made {
    match state(s, this)?.folder.take() {
        None => Err(closed(s)),
        Some(folder) => Ok(Plan::one("fs.closedir", Show::Nothing, move || {
            drop(folder);
            Ok(Out::None)
        })),
    }
}

/// `dir.close(callback)`
fn close<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    either(s, args, |s| close_plan(s, args.this()))
}

/// `dir.closeSync()`
fn close_sync<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let plan = close_plan(s, args.this())?;
    let rt = Rt::of(s);
    plan::run_sync(s, &rt, plan)
}

/// `dir[Symbol.asyncIterator]()`
fn entries<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    state(s, args.this())?;
    let proto = s.intrinsic(looplab_engine::Intrinsic::AsyncIteratorPrototype);
    let o = s.new_object_with_proto(proto);
    for (name, f) in [("next", next as NativeFn), ("return", finish)] {
        let k = s.key(name);
        let f = s.function_with_data(k, 0, f, args.this());
        s.define_hidden(o, k, f);
    }
    Ok(o)
}

fn next<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let dir = args.data();
    if state(s, dir)?.folder.is_none() {
        return done(s);
    }
    promise_of(s, false, |s| read_plan(s, dir, Show::DirNext))
}

/// The loop was left early.
fn finish<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let dir = args.data();
    if state(s, dir)?.folder.is_some() {
        let p = promise_of(s, false, |s| close_plan(s, dir))?;
        s.promise_mark_handled(p);
    }
    done(s)
}

fn done<'s>(s: &mut Scope<'s>) -> Completion<'s> {
    let (p, u) = (s.new_promise(), s.undefined());
    let r = s.iter_result(u, true);
    s.promise_fulfill(p, r);
    Ok(p)
}
