//! `spawnSync`: the loop stands still until the child is done. Threads of its own read, write and wait; this one sits on a channel.

use super::command::{ChildEnd, Spec};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// One of the child's descriptors.
pub(super) enum SyncStdio {
    Null,
    Number(i32),
    /// Fed with these bytes, and read to its end.
    Pipe(Vec<u8>),
}

/// How long and how much at most.
pub(super) struct Limits {
    pub(super) timeout: Option<Duration>,
    /// Bytes on each of the outputs.
    pub(super) max_buffer: Option<u64>,
    pub(super) kill_signal: i32,
}

/// How it went.
pub(super) struct Outcome {
    pub(super) pid: u32,
    pub(super) status: Option<ExitStatus>,
    /// For each descriptor what came from it, if it was a pipe.
    pub(super) output: Vec<Option<Vec<u8>>>,
    /// ETIMEDOUT or ENOBUFS.
    pub(super) error: Option<i32>,
}

enum News {
    Bytes(usize, Vec<u8>),
    End,
    Exited(io::Result<ExitStatus>),
}

const ETIMEDOUT: i32 = 110;
const ENOBUFS: i32 = 105;

/// Runs it to its end. `now` is the world's clock (nanoseconds).
///
/// # Errors
/// Those of starting it.
pub(super) fn run(
    spec: &Spec,
    stdio: Vec<SyncStdio>,
    limits: &Limits,
    mut now: impl FnMut() -> u64,
) -> io::Result<Outcome> {
    let mut ends = Vec::new();
    let mut pipes: Vec<(usize, OwnedFd, Vec<u8>)> = Vec::new();
    let count = stdio.len();
    for (i, kind) in stdio.into_iter().enumerate() {
        ends.push(match kind {
            SyncStdio::Null => ChildEnd::Null,
            SyncStdio::Number(n) => ChildEnd::Number(n),
            SyncStdio::Pipe(input) => {
                let (ours, theirs) = super::pair()?;
                pipes.push((i, ours, input));
                ChildEnd::Own(theirs)
            }
        });
    }
    let mut command = spec.command(ends)?;
    let mut child = command.spawn()?;
    // The command holds the child's ends: with them open no output would ever end.
    drop(command);
    let pid = child.id();
    let (news, mail) = channel();
    let mut open = 0;
    let mut output: Vec<Option<Vec<u8>>> = (0..count).map(|_| None).collect();
    for (i, fd, input) in pipes {
        if i > 0 {
            output[i] = Some(Vec::new());
        }
        open += 1;
        serve(i, fd, input, news.clone())?;
    }
    thread::Builder::new().name("wait".into()).spawn(move || news.send(News::Exited(child.wait())))?;
    let deadline = limits.timeout.map(|t| now().saturating_add(t.as_nanos() as u64));
    let mut outcome = Outcome { pid, status: None, output, error: None };
    collect(&mail, open, deadline, limits, &mut outcome, now)?;
    Ok(outcome)
}

/// Feeds and reads one pipe from threads.
fn serve(i: usize, fd: OwnedFd, input: Vec<u8>, news: Sender<News>) -> io::Result<()> {
    let writer = fd.try_clone()?;
    thread::Builder::new().name("feed".into()).spawn(move || {
        let mut to = std::fs::File::from(writer);
        // A child that doesn't read its input to the end is its own business.
        let _ = to.write_all(&input);
        let _ = rustix::net::shutdown(&to, rustix::net::Shutdown::Write);
    })?;
    thread::Builder::new().name("read".into()).spawn(move || {
        let mut from = std::fs::File::from(fd);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match from.read(&mut buffer) {
                Ok(n) if n > 0 => drop(news.send(News::Bytes(i, buffer[..n].to_vec()))),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // The end; or a reset, after which nothing comes either.
                _ => return drop(news.send(News::End)),
            }
        }
    })?;
    Ok(())
}

fn collect(
    mail: &Receiver<News>,
    mut open: usize,
    mut deadline: Option<u64>,
    limits: &Limits,
    outcome: &mut Outcome,
    mut now: impl FnMut() -> u64,
) -> io::Result<()> {
    while open > 0 || outcome.status.is_none() {
        let left = deadline.map(|at| Duration::from_nanos(at.saturating_sub(now())));
        let news = match left {
            Some(left) => mail.recv_timeout(left),
            None => mail.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match news {
            Ok(News::Bytes(i, bytes)) => {
                let Some(Some(out)) = outcome.output.get_mut(i) else { continue };
                out.extend_from_slice(&bytes);
                // What was read stays, although it is too much.
                let too_much = limits.max_buffer.is_some_and(|max| out.len() as u64 > max);
                if too_much && outcome.error.is_none() {
                    outcome.error = Some(ENOBUFS);
                    kill(outcome.pid, limits.kill_signal);
                }
            }
            Ok(News::End) => open -= 1,
            Ok(News::Exited(status)) => {
                outcome.status = Some(status?);
                if outcome.error.is_some() {
                    // Killed by us: whoever inherited its pipes is not waited for.
                    return Ok(());
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                outcome.error = Some(ETIMEDOUT);
                kill(outcome.pid, limits.kill_signal);
                deadline = None;
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
    Ok(())
}

fn kill(pid: u32, signal: i32) {
    let pid = rustix::process::Pid::from_raw(pid as i32);
    if let (Some(pid), Some(signal)) = (pid, rustix::process::Signal::from_named_raw(signal)) {
        // It may be gone already.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Exit code and signal number, one of which there is.
pub(super) fn ended(status: ExitStatus) -> (Option<i32>, Option<i32>) {
    (status.code(), status.signal())
}
