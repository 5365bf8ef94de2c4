//! Node's modules on the loop and the engine: the only place where the two meet.
#![forbid(unsafe_code)]

mod options;

pub use options::{Entry, Finished, Options, Script};

/// Runs a program to its end.
pub fn run(options: Options) -> Finished {
    let _ = options;
    Finished { exit_code: 0, log: None, scripts: Vec::new() }
}
