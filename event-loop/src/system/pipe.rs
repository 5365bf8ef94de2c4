//! Pipes: any descriptor that can be waited for, read in chunks as they come and written without blocking.

use crate::event_loop::EventLoop;
use crate::handles::IoId;
use crate::world::World;
use looplab_probe::Probe;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token, event::Source};
use rustix::io::Errno;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::rc::Rc;

/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// Chunks of one pipe in a row before others have their turn.
const CHUNKS: usize = 16;
/// Bytes that may wait to be written.
const MOST_QUEUED: usize = 16 << 20;

/// A descriptor that doesn't block.
#[derive(Debug)]
pub struct Pipe(OwnedFd);

impl Pipe {
    /// Takes a descriptor over: a pipe's end, a terminal, a socket.
    ///
    /// # Errors
    /// The system's, from setting it non-blocking.
    pub fn new(fd: impl Into<OwnedFd>) -> io::Result<Pipe> {
        let fd = fd.into();
        rustix::io::ioctl_fionbio(&fd, true)?;
        Ok(Pipe(fd))
    }

    /// Reads what has come. 0: the other end is closed.
    ///
    /// # Errors
    /// The system's; `WouldBlock` when nothing has come.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match rustix::io::retry_on_intr(|| rustix::io::read(&self.0, &mut *buffer)) {
            // The other end of a terminal is gone.
            Err(Errno::IO) => Ok(0),
            other => Ok(other?),
        }
    }

    /// Writes as much as fits.
    ///
    /// # Errors
    /// The system's; `WouldBlock` when nothing fits, `BrokenPipe` when nobody reads.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::retry_on_intr(|| rustix::io::write(&self.0, bytes))?)
    }
}

impl Source for Pipe {
    fn register(&mut self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).register(registry, token, interest)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).deregister(registry)
    }
}

/// What comes out of a pipe.
#[derive(Debug)]
pub enum Chunk<'a> {
    /// Bytes.
    Data(&'a [u8]),
    /// The other end is closed; nothing follows.
    End,
    /// Reading (or writing what waited) failed; nothing follows.
    Failed(io::Error),
}

/// What is kept of a pipe on the loop.
struct Open {
    pipe: Pipe,
    io: Option<IoId>,
    queue: VecDeque<u8>,
    /// To be closed when everything is written.
    ending: bool,
}

/// A pipe on a loop. Clones name the same pipe.
#[derive(Clone)]
pub struct PipeId(Rc<RefCell<Option<Open>>>);

impl std::fmt::Debug for PipeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PipeId(open: {})", self.0.borrow().is_some())
    }
}

impl<W: World, P: Probe> EventLoop<W, P> {
    /// Calls `f` with each chunk that comes out of a pipe, and once with its end, after which the pipe is closed. While it is open it
    /// keeps the loop alive; a pipe that is only written to is ended with [`EventLoop::pipe_end`].
    ///
    /// # Errors
    /// The system's: regular files can't be waited for. Unsupported in the simulated world.
    pub fn pipe_open(
        &mut self,
        mut pipe: Pipe,
        interest: Interest,
        mut f: impl FnMut(&mut Self, &PipeId, Chunk<'_>) + 'static,
    ) -> io::Result<PipeId> {
        let id = PipeId(Rc::new(RefCell::new(None)));
        let own = id.clone();
        let io = self.on_ready(&mut pipe, interest, move |lp, _, readiness| {
            if readiness.writable && !lp.pipe_flush(&own, &mut f) {
                return;
            }
            if readiness.readable {
                lp.pipe_read(&own, &mut f);
            }
        })?;
        *id.0.borrow_mut() = Some(Open { pipe, io: Some(io), queue: VecDeque::new(), ending: false });
        Ok(id)
    }

    /// Writes to a pipe: at once what fits, the rest when there is room. False when 16 MiB wait already, or the pipe is closed.
    ///
    /// # Errors
    /// The system's: `BrokenPipe` when nobody reads any more.
    pub fn pipe_write(&mut self, id: &PipeId, bytes: &[u8]) -> io::Result<bool> {
        let mut slot = id.0.borrow_mut();
        let Some(open) = slot.as_mut().filter(|open| !open.ending) else { return Ok(false) };
        if open.queue.len() + bytes.len() > MOST_QUEUED {
            return Ok(false);
        }
        let mut done = 0;
        while open.queue.is_empty() && done < bytes.len() {
            match open.pipe.write(&bytes[done..]) {
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        open.queue.extend(&bytes[done..]);
        Ok(true)
    }

    /// Closes a pipe when everything that waits is written. Its callback isn't called any more after that.
    pub fn pipe_end(&mut self, id: &PipeId) {
        let drained = match id.0.borrow_mut().as_mut() {
            Some(open) => {
                open.ending = true;
                open.queue.is_empty()
            }
            None => false,
        };
        if drained {
            self.pipe_close(id);
        }
    }

    /// Closes a pipe at once. False if it is closed already.
    pub fn pipe_close(&mut self, id: &PipeId) -> bool {
        let Some(mut open) = id.0.borrow_mut().take() else { return false };
        if let Some(io) = open.io.take() {
            // The descriptor is closed next, which takes it off the poll in any case.
            let _ = self.io_stop(io, &mut open.pipe);
        }
        true
    }

    /// Writes what waits. False: the pipe is closed now.
    fn pipe_flush(&mut self, id: &PipeId, f: &mut impl FnMut(&mut Self, &PipeId, Chunk<'_>)) -> bool {
        let failed = {
            let mut slot = id.0.borrow_mut();
            let Some(open) = slot.as_mut() else { return false };
            loop {
                let (front, _) = open.queue.as_slices();
                if front.is_empty() {
                    break None;
                }
                match open.pipe.write(front) {
                    Ok(n) => drop(open.queue.drain(..n)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break None,
                    Err(error) => break Some(error),
                }
            }
        };
        if let Some(error) = failed {
            self.pipe_close(id);
            f(self, id, Chunk::Failed(error));
            return false;
        }
        let over = id.0.borrow().as_ref().is_some_and(|open| open.ending && open.queue.is_empty());
        if over {
            self.pipe_close(id);
        }
        !over
    }

    fn pipe_read(&mut self, id: &PipeId, f: &mut impl FnMut(&mut Self, &PipeId, Chunk<'_>)) {
        let mut buffer = vec![0; CHUNK];
        for _ in 0..CHUNKS {
            // The callback may close the pipe, so it is looked up anew each time.
            let got = match id.0.borrow().as_ref() {
                Some(open) => open.pipe.read(&mut buffer),
                None => return,
            };
            match got {
                Ok(0) => {
                    self.pipe_close(id);
                    return f(self, id, Chunk::End);
                }
                Ok(n) => f(self, id, Chunk::Data(&buffer[..n])),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    self.pipe_close(id);
                    return f(self, id, Chunk::Failed(error));
                }
            }
        }
        // Others first: watching anew gives another edge. A failure shows itself at the next read.
        if let Some(open) = id.0.borrow_mut().as_mut()
            && let Some(io) = open.io
        {
            let _ = self.io_modify(io, &mut open.pipe, Interest::READABLE | Interest::WRITABLE);
        }
    }
}
