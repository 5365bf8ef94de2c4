//! Terminals: their size, and raw mode. What is typed comes through a [`super::Pipe`].

use rustix::termios::{self, OptionalActions, Termios};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// How large a terminal is, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSize {
    /// Characters in a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

/// A terminal. Dropping it brings back the mode in which it was found.
#[derive(Debug)]
pub struct Tty {
    fd: OwnedFd,
    found: Termios,
    raw: bool,
}

impl Tty {
    /// The terminal behind a descriptor, which is duplicated.
    ///
    /// # Errors
    /// The system's: `ENOTTY` if it is none.
    pub fn new(fd: impl AsFd) -> io::Result<Tty> {
        let found = termios::tcgetattr(&fd)?;
        Ok(Tty { fd: fd.as_fd().try_clone_to_owned()?, found, raw: false })
    }

    /// In raw mode every key comes at once and unchanged; otherwise lines come when they are complete.
    ///
    /// # Errors
    /// The system's.
    pub fn set_raw(&mut self, raw: bool) -> io::Result<()> {
        let mut mode = self.found.clone();
        if raw {
            mode.make_raw();
        }
        termios::tcsetattr(&self.fd, OptionalActions::Drain, &mode)?;
        self.raw = raw;
        Ok(())
    }

    /// Its size. Watch for SIGWINCH ([`crate::EventLoop::on_signal`]) to know when it changes.
    ///
    /// # Errors
    /// The system's.
    pub fn size(&self) -> io::Result<WindowSize> {
        let size = termios::tcgetwinsize(&self.fd)?;
        Ok(WindowSize { columns: size.ws_col, rows: size.ws_row })
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        if self.raw {
            // Nobody is left to tell if the terminal is gone.
            let _ = termios::tcsetattr(&self.fd, OptionalActions::Drain, &self.found);
        }
    }
}
