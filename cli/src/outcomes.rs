//! The explorer's runs, one after the other in one process: decisions come in through a socket, reports go out.
//!
//! A process of its own for each run is the cleanest way, and most of a short run's time. So a process takes another run only if the
//! last one has left it as it was ([`Traces`]); otherwise it ends, and the explorer starts a new one.

use crate::hiargs::Trace;
use crate::output;
use looplab_lab::explore::RunReport;
use looplab_runtime::Again;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Ends what a run wrote to standard output.
pub const MARK: &[u8] = b"\x00looplab: end of run\x00";
/// A process that has grown beyond this, in KiB, is not used again.
const MOST_MEMORY: u64 = 512 << 10;

/// Runs what is asked for until nobody asks any more; the exit code.
pub fn run(what: Trace) -> i32 {
    let Some(path) = &what.output else { return output::complain("no socket to be asked through") };
    match serve(&what, path) {
        Ok(()) => 0,
        Err(error) => output::complain(&format!("{}: {error}", path.display())),
    }
}

fn serve(what: &Trace, path: &Path) -> io::Result<()> {
    let mut answers = UnixStream::connect(path)?;
    let mut questions = BufReader::new(answers.try_clone()?);
    let again = Again::new();
    let mut line = String::new();
    loop {
        line.clear();
        if questions.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let before = Traces::now();
        let mut options = what.options.clone();
        if let Some(decisions) = &mut options.explore {
            decisions.taken = line.trim_end().split(',').filter_map(|word| word.parse().ok()).collect();
        }
        let finished = again.run(options);
        let report = RunReport::new(&finished);
        let unchanged = !finished.beyond && before.is_some_and(|before| before.are_all(Traces::now()));
        let marked = io::stdout().write_all(MARK).and_then(|()| io::stdout().flush());
        let goes_on = unchanged && marked.is_ok();
        let mut answer = serde_json::to_vec(&(report, goes_on))?;
        answer.push(b'\n');
        answers.write_all(&answer)?;
        if !goes_on {
            return Ok(());
        }
    }
}

/// What a run can leave behind in its process.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    folder: PathBuf,
    open_files: usize,
    name: String,
    /// The mask of new files' modes, threads, signals that are blocked, ignored and caught.
    status: Vec<String>,
}

impl Traces {
    /// `None` where the system doesn't tell.
    fn now() -> Option<Traces> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let memory: u64 = memory.split_whitespace().next()?.parse().ok()?;
        if memory > MOST_MEMORY {
            return None;
        }
        let kept = ["Umask:", "Threads:", "SigBlk:", "SigIgn:", "SigCgt:"];
        let of_interest = |line: &&str| kept.iter().any(|name| line.starts_with(name));
        Some(Traces {
            folder: std::env::current_dir().ok()?,
            open_files: std::fs::read_dir("/proc/self/fd").ok()?.count(),
            name: std::fs::read_to_string("/proc/self/comm").ok()?,
            status: status.lines().filter(of_interest).map(str::to_owned).collect(),
        })
    }

    fn are_all(&self, now: Option<Traces>) -> bool {
        now.is_some_and(|now| now == *self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_file_is_a_trace() {
        let Some(before) = Traces::now() else { return };
        let file = std::fs::File::open("/dev/null").expect("/dev/null");
        assert_ne!(Traces::now().map(|now| now.open_files), Some(before.open_files));
        drop(file);
    }
}
