//! Child processes: started with std's [`Command`], waited for in the poll phase through a pidfd.

use super::pipe::Pipe;
use crate::event_loop::EventLoop;
use crate::handles::IoId;
use crate::world::World;
use looplab_probe::Probe;
use mio::Interest;
use mio::unix::SourceFd;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::cell::RefCell;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Child, Command, ExitStatus};
use std::rc::Rc;

/// The near ends of a child's pipes, for those streams that the command asked to be piped.
#[derive(Debug)]
pub struct ChildPipes {
    /// Its standard input.
    pub stdin: Option<Pipe>,
    /// Its standard output.
    pub stdout: Option<Pipe>,
    /// Its standard error.
    pub stderr: Option<Pipe>,
}

/// A child that runs, or has run. Clones name the same child.
#[derive(Debug, Clone)]
pub struct ChildId {
    pid: u32,
    io: IoId,
    running: Rc<RefCell<Option<(Child, OwnedFd)>>>,
}

impl ChildId {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The handle that keeps the loop alive while the child runs: [`crate::Loop::unref_handle`] lets the loop end before it (for detached
    /// children).
    pub fn handle(&self) -> IoId {
        self.io
    }

    /// Sends a signal. False if the child has ended: the number may be somebody else's by now, but never gets the signal.
    ///
    /// # Errors
    /// The system's.
    pub fn kill(&self, signal: i32) -> io::Result<bool> {
        let signal = Signal::from_named_raw(signal).ok_or(io::ErrorKind::InvalidInput)?;
        match self.running.borrow().as_ref() {
            Some((_, pidfd)) => match pidfd_send_signal(pidfd, signal) {
                Ok(()) => Ok(true),
                Err(rustix::io::Errno::SRCH) => Ok(false),
                Err(error) => Err(error.into()),
            },
            None => Ok(false),
        }
    }
}

impl<W: World, P: Probe> EventLoop<W, P> {
    /// Starts a process and calls `ended` in the poll phase when it is over. For a child in a session of its own (detached) set
    /// `process_group(0)` in the command, and unref its handle.
    ///
    /// ```
    /// # use looplab_event_loop::EventLoop;
    /// # use std::process::Command;
    /// let mut lp = EventLoop::real().unwrap();
    /// lp.spawn_child(Command::new("true"), |_, status| assert!(status.unwrap().success())).unwrap();
    /// lp.run().unwrap();
    /// ```
    ///
    /// # Errors
    /// The system's: no such program, no more processes, a kernel without pidfds. Unsupported in the simulated world.
    pub fn spawn_child(
        &mut self,
        mut command: Command,
        ended: impl FnOnce(&mut Self, io::Result<ExitStatus>) + 'static,
    ) -> io::Result<(ChildId, ChildPipes)> {
        if self.world().is_simulated() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the simulated world has no processes"));
        }
        let mut child = command.spawn()?;
        match self.wait_for(&mut child, ended) {
            Ok((pidfd, io, running)) => {
                let pipe = |fd: Option<OwnedFd>| fd.map(Pipe::new).transpose();
                let pipes = ChildPipes {
                    stdin: pipe(child.stdin.take().map(OwnedFd::from))?,
                    stdout: pipe(child.stdout.take().map(OwnedFd::from))?,
                    stderr: pipe(child.stderr.take().map(OwnedFd::from))?,
                };
                let pid = child.id();
                *running.borrow_mut() = Some((child, pidfd));
                Ok((ChildId { pid, io, running }, pipes))
            }
            Err(error) => {
                // Nobody would ever wait for it.
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "the parts of a ChildId, before there is one")]
    fn wait_for(
        &mut self,
        child: &mut Child,
        ended: impl FnOnce(&mut Self, io::Result<ExitStatus>) + 'static,
    ) -> io::Result<(OwnedFd, IoId, Rc<RefCell<Option<(Child, OwnedFd)>>>)> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        let running: Rc<RefCell<Option<(Child, OwnedFd)>>> = Rc::default();
        let (own, mut ended) = (running.clone(), Some(ended));
        let io = self.on_ready(&mut SourceFd(&pidfd.as_raw_fd()), Interest::READABLE, move |lp, io, _| {
            let Some((mut child, pidfd)) = own.borrow_mut().take() else { return };
            // The descriptor is closed next, which takes it off the poll in any case.
            let _ = lp.io_stop(io, &mut SourceFd(&pidfd.as_raw_fd()));
            let status = child.wait();
            if let Some(ended) = ended.take() {
                ended(lp, status);
            }
        })?;
        Ok((pidfd, io, running))
    }
}
