//! Writing results: a reader that went away is no failure, anything else is.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

/// Prints a text on standard output; the exit code.
pub fn print(text: &str) -> i32 {
    match io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Ok(()) => 0,
        Err(error) => failure(&error, "standard output").unwrap_or(0),
    }
}

/// Says that something went wrong; exit code 1.
pub fn complain(problem: &str) -> i32 {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "looplab: {problem}");
    1
}

/// The exit code for a failed write; `None` if only the reader went away.
pub fn failure(error: &io::Error, to: &str) -> Option<i32> {
    (error.kind() != ErrorKind::BrokenPipe).then(|| complain(&format!("can't write to {to}: {error}")))
}

/// A buffered writer to a file, or to standard output.
pub fn open(path: Option<&Path>) -> io::Result<Box<dyn Write>> {
    Ok(match path {
        Some(path) => Box::new(BufWriter::new(File::create(path)?)),
        None => Box::new(BufWriter::with_capacity(1 << 16, io::stdout().lock())),
    })
}
