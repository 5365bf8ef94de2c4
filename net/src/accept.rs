//! Taking connections from a listener, also when the process runs out of descriptors.

use looplab_event_loop::world::network::{Address, Listener, Stream};
use std::fs::File;
use std::io::{self, ErrorKind};

/// `EMFILE` and `ENFILE`: out of descriptors, of the process or of the system.
const NO_DESCRIPTORS: [i32; 2] = [24, 23];

/// What came of asking for a connection.
pub enum Accepted {
    /// A connection and its far end.
    Connection(Box<dyn Stream>, Address),
    /// None waits.
    Blocked,
    /// Out of descriptors: this connection was taken and closed at once, so that its peer need not wait and others get their turn.
    Refused,
    /// Out of descriptors, and not even that could be done: try again later.
    Exhausted(io::Error),
    /// The listener has failed.
    Failed(io::Error),
}

/// A listener with a descriptor in reserve.
pub struct Acceptor {
    listener: Box<dyn Listener>,
    reserve: Option<File>,
}

impl Acceptor {
    /// Around a listener.
    pub fn new(listener: Box<dyn Listener>) -> Acceptor {
        Acceptor { listener, reserve: reserve() }
    }

    /// The listener itself.
    pub fn listener(&mut self) -> &mut dyn Listener {
        &mut *self.listener
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn local(&self) -> io::Result<Address> {
        self.listener.local()
    }

    /// The next connection. Connections that were reset while they waited are passed over.
    pub fn accept(&mut self) -> Accepted {
        loop {
            match self.listener.accept() {
                Ok((stream, from)) => {
                    if self.reserve.is_none() {
                        self.reserve = reserve();
                    }
                    return Accepted::Connection(stream, from);
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return Accepted::Blocked,
                    ErrorKind::Interrupted | ErrorKind::ConnectionAborted => {}
                    _ if error.raw_os_error().is_some_and(|n| NO_DESCRIPTORS.contains(&n)) => {
                        return self.refuse(error);
                    }
                    _ => return Accepted::Failed(error),
                },
            }
        }
    }

    /// Frees the descriptor in reserve for the connection that waits, closes that, and takes the reserve back.
    fn refuse(&mut self, error: io::Error) -> Accepted {
        if self.reserve.take().is_none() {
            self.reserve = reserve();
            return Accepted::Exhausted(error);
        }
        let outcome = match self.listener.accept() {
            Ok((stream, _)) => {
                drop(stream);
                Accepted::Refused
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Accepted::Blocked,
            Err(error) => Accepted::Exhausted(error),
        };
        self.reserve = reserve();
        outcome
    }
}

/// Any descriptor will do. Without one the trick is not to be had, which [`Accepted::Exhausted`] covers.
fn reserve() -> Option<File> {
    File::open("/dev/null").ok()
}
