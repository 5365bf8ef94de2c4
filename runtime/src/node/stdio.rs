//! Standard output and error: written at once and in order, as Node does for files, pipes and terminals.

use crate::rt::Rt;
use looplab_probe::{Event, Probe, StdStream};
use std::io::{ErrorKind, Write};

/// Writes to standard output. A closed pipe is silently ignored; another failure makes the process end with a non-zero code.
pub(crate) fn write_stdout(rt: &Rt, bytes: &[u8]) {
    rt.emit(|p| Event::Console {
        stream: StdStream::Stdout,
        text: p.intern(&String::from_utf8_lossy(bytes)),
    });
    if let Some(worker) = &rt.options.worker {
        worker.output(true, bytes);
        return;
    }
    if rt.options.quiet {
        return;
    }
    if let Err(e) = write_all(std::io::stdout().lock(), bytes)
        && e.kind() != ErrorKind::BrokenPipe
        && !rt.stdout_failed.replace(true)
    {
        write_stderr(rt, format!("looplab: cannot write to standard output: {e}\n").as_bytes());
    }
}

/// Writes to standard error; failures have nowhere to go.
pub(crate) fn write_stderr(rt: &Rt, bytes: &[u8]) {
    rt.emit(|p| Event::Console {
        stream: StdStream::Stderr,
        text: p.intern(&String::from_utf8_lossy(bytes)),
    });
    if let Some(worker) = &rt.options.worker {
        worker.output(false, bytes);
    } else if !rt.options.quiet {
        // Nobody is left to tell.
        let _ = write_all(std::io::stderr().lock(), bytes);
    }
}

/// Writes to standard output (or error), for streams, which report failures themselves.
pub(crate) fn write_fd(rt: &Rt, out: bool, bytes: &[u8]) -> std::io::Result<()> {
    let stream = if out { StdStream::Stdout } else { StdStream::Stderr };
    rt.emit(|p| Event::Console { stream, text: p.intern(&String::from_utf8_lossy(bytes)) });
    if let Some(worker) = &rt.options.worker {
        worker.output(out, bytes);
        return Ok(());
    }
    match (rt.options.quiet, out) {
        (true, _) => Ok(()),
        (false, true) => write_all(std::io::stdout().lock(), bytes),
        (false, false) => write_all(std::io::stderr().lock(), bytes),
    }
}

fn write_all(mut w: impl Write, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match w.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            // A non-blocking terminal or pipe that is full for the moment.
            Err(e) if e.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(e) => return Err(e),
        }
    }
    w.flush()
}
