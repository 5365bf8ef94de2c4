//! Changes of files and folders, from inotify.

use crate::event_loop::EventLoop;
use crate::handles::{Handle, IoId};
use crate::world::World;
use looplab_probe::Probe;
use mio::Interest;
use mio::unix::SourceFd;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::rc::Rc;

/// What is told of.
const EVENTS: WatchFlags = WatchFlags::ATTRIB
    .union(WatchFlags::CREATE)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO);

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The entry of the watched folder that it is about; `None` for the watched file or folder itself.
    pub name: Option<OsString>,
    /// Something came, went or got another name; otherwise its content or attributes have changed.
    pub renamed: bool,
    /// Changes were lost: the system's queue was full. Look for yourself.
    pub overflowed: bool,
}

/// A watcher. Clones name the same one.
#[derive(Debug, Clone)]
pub struct WatchId {
    io: IoId,
    open: Rc<RefCell<Option<OwnedFd>>>,
}

impl WatchId {
    /// The handle that keeps the loop alive, for [`crate::Loop::unref_handle`].
    pub fn handle(&self) -> Handle {
        self.io.into()
    }
}

impl<W: World, P: Probe> EventLoop<W, P> {
    /// Calls `f` for each change of a file, or of a folder and its entries (but not of what lies in folders below).
    ///
    /// # Errors
    /// The system's: no such file, no watches left. Unsupported in the simulated world.
    pub fn watch_path(
        &mut self,
        path: impl AsRef<Path>,
        mut f: impl FnMut(&mut Self, Change) + 'static,
    ) -> io::Result<WatchId> {
        let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        inotify::add_watch(&fd, path.as_ref(), EVENTS)?;
        let open: Rc<RefCell<Option<OwnedFd>>> = Rc::default();
        let own = open.clone();
        let io = self.on_ready(&mut SourceFd(&fd.as_raw_fd()), Interest::READABLE, move |lp, _, _| {
            // The callbacks may close the watcher: what had been read until then is not told any more.
            let found = own.borrow().as_ref().map(changes).unwrap_or_default();
            for change in found {
                if own.borrow().is_some() {
                    f(lp, change);
                }
            }
        })?;
        *open.borrow_mut() = Some(fd);
        Ok(WatchId { io, open })
    }

    /// Watches no more. False if it doesn't already.
    pub fn watch_close(&mut self, id: &WatchId) -> bool {
        let Some(fd) = id.open.borrow_mut().take() else { return false };
        // The descriptor is closed next, which takes it off the poll in any case.
        let _ = self.io_stop(id.io, &mut SourceFd(&fd.as_raw_fd()));
        true
    }
}

/// Everything that is in the queue.
fn changes(fd: &OwnedFd) -> Vec<Change> {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(fd, &mut buffer);
    let mut found = Vec::new();
    // The end of the queue is an error like any other: there is nothing more.
    while let Ok(event) = reader.next() {
        let flags = event.events();
        if flags.contains(ReadFlags::IGNORED) {
            continue;
        }
        let renamed = ReadFlags::CREATE
            | ReadFlags::DELETE
            | ReadFlags::DELETE_SELF
            | ReadFlags::MOVE_SELF
            | ReadFlags::MOVED_FROM
            | ReadFlags::MOVED_TO;
        found.push(Change {
            name: event.file_name().map(|name| OsString::from_vec(name.to_bytes().to_vec())),
            renamed: flags.intersects(renamed),
            overflowed: flags.contains(ReadFlags::QUEUE_OVERFLOW),
        });
    }
    found
}
