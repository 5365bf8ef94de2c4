//! Running a program in a process of its own, with a time limit: what leaks, hangs or crashes there can't harm the instrument.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Output kept of each stream at most.
const MAX_OUTPUT: u64 = 16 << 20;

/// How a child process ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
    /// It was killed because its time was up.
    pub killed: bool,
}

/// Runs a command to its end, or until `limit` is over.
///
/// # Errors
/// It can't be started.
pub fn run(program: &Path, args: &[OsString], folder: Option<&Path>, limit: Duration) -> io::Result<Ended> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let mut child = command.spawn()?;
    let (over, wait) = mpsc::channel();
    let (out, err) = (read(child.stdout.take(), over.clone()), read(child.stderr.take(), over));
    // Both streams end when the process does (or when nobody has them open any more).
    let in_time = wait.recv_timeout(limit).is_ok() && wait.recv_timeout(limit).is_ok();
    let killed = !in_time && end(&mut child)?;
    let status = child.wait()?;
    let text = |thread: Option<std::thread::JoinHandle<Vec<u8>>>| {
        thread.and_then(|t| t.join().ok()).unwrap_or_default()
    };
    Ok(Ended { code: status.code(), stdout: text(out), stderr: text(err), killed })
}

/// Kills a child that is still there. True if it was.
fn end(child: &mut Child) -> io::Result<bool> {
    match child.try_wait()? {
        Some(_) => Ok(false),
        None => child.kill().map(|()| true),
    }
}

fn read<R: Read + Send + 'static>(
    stream: Option<R>,
    over: mpsc::Sender<()>,
) -> Option<std::thread::JoinHandle<Vec<u8>>> {
    let mut stream = stream?;
    Some(std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What can't be read is not there; the rest of an endless output is read, so that the child does not hang, and dropped.
        let _ = stream.by_ref().take(MAX_OUTPUT).read_to_end(&mut bytes);
        let _ = io::copy(&mut stream, &mut io::sink());
        let _ = over.send(());
        bytes
    }))
}

/// Calls `then` on a thread of its own when `limit` is over, unless the guard is dropped before.
pub fn after(limit: Duration, then: impl FnOnce() + Send + 'static) -> mpsc::Sender<()> {
    let (guard, dropped) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        if let Err(mpsc::RecvTimeoutError::Timeout) = dropped.recv_timeout(limit) {
            then();
        }
    });
    guard
}
