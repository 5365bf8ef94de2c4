//! Signals as callbacks: the handler writes a byte into a socket, the loop reads it in the poll phase.

use crate::event_loop::EventLoop;
use crate::handles::{Handle, IoId};
use crate::world::World;
use looplab_probe::Probe;
use mio::Interest;
use mio::net::UnixStream;
use signal_hook::{SigId, low_level};
use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

/// A signal that is watched for. Clones name the same watcher.
#[derive(Debug, Clone)]
pub struct SignalId {
    io: IoId,
    open: Rc<RefCell<Option<(UnixStream, SigId)>>>,
}

impl SignalId {
    /// The handle that keeps the loop alive, for [`crate::Loop::unref_handle`].
    pub fn handle(&self) -> Handle {
        self.io.into()
    }
}

impl<W: World, P: Probe> EventLoop<W, P> {
    /// Calls `f` in the poll phase when the process gets this signal. Several that come before the loop gets round to it may be one call, as
    /// with the system's own pending signals. While somebody watches, the signal's default action (ending the process) doesn't
    /// happen; it stays so after [`EventLoop::signal_close`].
    ///
    /// # Errors
    /// The system's. `SIGKILL` and `SIGSTOP` can't be watched, nor can the signals of faults; nothing can in the simulated world.
    pub fn on_signal(&mut self, signal: i32, mut f: impl FnMut(&mut Self) + 'static) -> io::Result<SignalId> {
        if signal_hook::consts::FORBIDDEN.contains(&signal) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this signal can't be watched"));
        }
        let (mut near, far) = UnixStream::pair()?;
        let open: Rc<RefCell<Option<(UnixStream, SigId)>>> = Rc::default();
        let own = open.clone();
        let io = self.on_ready(&mut near, Interest::READABLE, move |lp, _, _| {
            let mut bytes = [0; 64];
            let mut came = false;
            if let Some((near, _)) = own.borrow_mut().as_mut() {
                // Anything but bytes means that there are no more.
                while matches!(near.read(&mut bytes), Ok(1..)) {
                    came = true;
                }
            }
            if came {
                f(lp);
            }
        })?;
        // From here on the handler owns the far end.
        let far = std::os::unix::net::UnixStream::from(std::os::fd::OwnedFd::from(far));
        match low_level::pipe::register(signal, far) {
            Ok(id) => *open.borrow_mut() = Some((near, id)),
            Err(error) => {
                self.io_stop(io, &mut near)?;
                return Err(error);
            }
        }
        Ok(SignalId { io, open })
    }

    /// Watches no more. False if it doesn't already.
    pub fn signal_close(&mut self, id: &SignalId) -> bool {
        let Some((mut near, signal)) = id.open.borrow_mut().take() else { return false };
        low_level::unregister(signal);
        // The descriptor is closed next, which takes it off the poll in any case.
        let _ = self.io_stop(id.io, &mut near);
        true
    }
}
