//! fs.watch: one inotify descriptor for the whole runtime, on the loop; watchers share the kernel's watch of the same file.

use crate::rt::{Rt, Task};
use crate::ticks::{self, Callback};
use crate::watch;
use looplab_engine::{Global, Local, Scope};
use looplab_event_loop::Interest;
use looplab_event_loop::SourceFd;
use looplab_event_loop::{IoId, Origin};
use looplab_probe::Pos;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use slab::Slab;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;

/// What is told, as libuv does.
const EVENTS: WatchFlags = WatchFlags::ATTRIB
    .union(WatchFlags::CREATE)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO);

struct Watcher {
    wd: i32,
    callback: Global,
    referenced: bool,
}

/// The descriptor and who watches what.
struct Open {
    fd: OwnedFd,
    io: IoId,
    watchers: Slab<Watcher>,
}

/// The runtime's file watching; nothing is opened before the first watcher.
#[derive(Default)]
pub(crate) struct Notify(Option<Open>);

/// Begins to watch `path`; the watcher's number, or the error.
pub(super) fn start(
    rt: &Rc<Rt>,
    path: &Path,
    callback: Global,
    referenced: bool,
    pos: Pos,
) -> io::Result<usize> {
    let mut notify = rt.notify.borrow_mut();
    if notify.0.is_none() {
        notify.0 = Some(open(rt, pos)?);
    }
    let Some(open) = &mut notify.0 else { return Err(io::ErrorKind::Unsupported.into()) };
    let wd = inotify::add_watch(&open.fd, path, EVENTS)?;
    let id = open.watchers.insert(Watcher { wd, callback, referenced });
    update_ref(rt, open);
    Ok(id)
}

fn open(rt: &Rc<Rt>, pos: Pos) -> io::Result<Open> {
    let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let key = watch::add(rt, Rc::new(|s, rt, cb, _| drain(s, rt, cb)));
    let origin: Origin = watch::origin(rt, "fs.watch", pos);
    let source = &mut SourceFd(&fd.as_raw_fd());
    match rt.with_loop(|lp| lp.io_start(source, Interest::READABLE, Task::Watch(key), origin)) {
        Ok(io) => Ok(Open { fd, io, watchers: Slab::new() }),
        Err(e) => {
            watch::remove(rt, key);
            Err(e)
        }
    }
}

/// The descriptor keeps the loop alive while one of its watchers wants that.
fn update_ref(rt: &Rc<Rt>, open: &Open) {
    let wanted = open.watchers.iter().any(|(_, w)| w.referenced);
    rt.with_loop(|lp| if wanted { lp.ref_handle(open.io) } else { lp.unref_handle(open.io) });
}

/// Ends a watcher.
pub(super) fn stop(s: &mut Scope<'_>, rt: &Rc<Rt>, id: usize) {
    let mut notify = rt.notify.borrow_mut();
    let Some(open) = &mut notify.0 else { return };
    let Some(gone) = open.watchers.try_remove(id) else { return };
    s.release(gone.callback);
    if !open.watchers.iter().any(|(_, w)| w.wd == gone.wd) {
        // A file that is gone has taken its watch along: EINVAL then.
        let _ = inotify::remove_watch(&open.fd, gone.wd);
    }
    update_ref(rt, open);
}

/// Makes a watcher keep the loop alive, or not.
pub(super) fn set_ref(rt: &Rc<Rt>, id: usize, referenced: bool) {
    let mut notify = rt.notify.borrow_mut();
    let Some(open) = &mut notify.0 else { return };
    if let Some(w) = open.watchers.get_mut(id) {
        w.referenced = referenced;
        update_ref(rt, open);
    }
}

/// One event: whose watch, 'rename' or 'change', and the name within a folder.
struct News {
    wd: i32,
    rename: bool,
    name: Option<Vec<u8>>,
}

/// Reads what has happened.
fn read(fd: &OwnedFd) -> (Vec<News>, Option<Errno>) {
    let mut buffer = [MaybeUninit::uninit(); 8192];
    let mut reader = inotify::Reader::new(fd, &mut buffer);
    let mut news = Vec::new();
    loop {
        match reader.next() {
            Ok(e) => {
                let content = ReadFlags::ATTRIB | ReadFlags::MODIFY;
                // IGNORED only says that the watch is gone.
                let rename = !(e.events() - content - ReadFlags::IGNORED - ReadFlags::ISDIR).is_empty();
                if rename || e.events().intersects(content) {
                    news.push(News {
                        wd: e.wd(),
                        rename,
                        name: e.file_name().map(|n| n.to_bytes().to_vec()),
                    });
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return (news, None),
            Err(e) => return (news, Some(e)),
        }
    }
}

/// The descriptor is readable: tells the watchers, in the order of events. A watcher that an earlier callback stopped hears nothing.
fn drain(s: &mut Scope<'_>, rt: &Rc<Rt>, cb: Callback) {
    let (news, failed) = match &rt.notify.borrow().0 {
        Some(open) => read(&open.fd),
        None => return,
    };
    for News { wd, rename, name } in news {
        for id in watchers_of(rt, Some(wd)) {
            let kind = if rename { "rename" } else { "change" };
            tell(s, rt, cb, id, |s| {
                let name = match &name {
                    Some(name) => crate::node::buffer::new_buffer(s, name.clone()).ok(),
                    None => None,
                };
                vec![s.str(kind), name.unwrap_or_else(|| s.null())]
            });
        }
    }
    if let Some(e) = failed {
        for id in watchers_of(rt, None) {
            tell(s, rt, cb, id, |s| vec![s.null(), s.null(), s.int(e.raw_os_error())]);
        }
    }
}

/// The watchers of a kernel watch, or all of them.
fn watchers_of(rt: &Rt, wd: Option<i32>) -> Vec<usize> {
    let notify = rt.notify.borrow();
    let watchers = notify.0.iter().flat_map(|open| open.watchers.iter());
    watchers.filter(|(_, w)| wd.is_none_or(|wd| w.wd == wd)).map(|(id, _)| id).collect()
}

fn tell(
    s: &mut Scope<'_>,
    rt: &Rc<Rt>,
    cb: Callback,
    id: usize,
    args: impl for<'n> FnOnce(&mut Scope<'n>) -> Vec<Local<'n>>,
) {
    let callback = rt.notify.borrow().0.as_ref().and_then(|open| open.watchers.get(id)).map(|w| w.callback);
    let Some(callback) = callback else { return };
    if rt.exit.get().is_some() {
        return;
    }
    s.nested(|s| {
        let (f, u) = (s.open(callback), s.undefined());
        let args = args(s);
        ticks::call(s, rt, cb, f, u, &args);
        // Each event is a callback of its own, with its ticks and microtasks.
        if rt.exit.get().is_none() {
            ticks::drain(s, rt);
        }
    });
}
