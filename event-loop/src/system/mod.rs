//! Handles for what the system has beside sockets: pipes, child processes, signals, terminals, changes of files.
//!
//! All of them belong to the real machine: in the simulated world making one fails with [`std::io::ErrorKind::Unsupported`].

mod pipe;
mod process;
mod signal;
mod tty;
mod watch;

pub use pipe::{Chunk, Pipe, PipeId};
pub use process::{ChildId, ChildPipes};
pub use signal::SignalId;
pub use tty::{Tty, WindowSize};
pub use watch::{Change, WatchId};
