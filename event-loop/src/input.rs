//! Watching a plain descriptor for input, for callers that know no sockets (standard input).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use looplab_probe::Probe;
use mio::Interest;
use mio::unix::SourceFd;

use crate::driver::Task;
use crate::handles::{IoId, Origin};
use crate::state::Loop;
use crate::world::World;

impl<T: Task, W: World, P: Probe> Loop<T, W, P> {
    /// Calls `task` when `fd` can be read without waiting; at once, if that is so already.
    ///
    /// # Errors
    /// The system's: regular files can't be watched, and nothing can in a simulated world.
    pub fn input_start(&mut self, fd: BorrowedFd<'_>, task: T, origin: Origin) -> io::Result<IoId> {
        self.io_start(&mut SourceFd(&fd.as_raw_fd()), Interest::READABLE, task, origin)
    }

    /// Stops watching.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::NotFound`] if it isn't watched.
    pub fn input_stop(&mut self, id: IoId, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.io_stop(id, &mut SourceFd(&fd.as_raw_fd()))
    }
}
