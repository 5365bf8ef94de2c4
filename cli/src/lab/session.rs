//! A process that runs a program again and again for the explorer, as the explorer sees it ([`crate::outcomes`] is the other end).

use crate::outcomes::MARK;
use looplab_lab::explore::RunReport;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

/// Output kept of a run at most.
const MAX_OUTPUT: usize = 16 << 20;

/// Why a session gave no report.
#[derive(Debug)]
pub enum Trouble {
    /// The run was still going on when its time was up.
    TooLong,
    /// The process ended, or never began: a run of its own will say why.
    Broken,
}

/// What the threads beside a session tell it.
enum News {
    Connected(UnixStream),
    /// Standard output, piece by piece; empty at its end.
    Output(Vec<u8>),
}

/// The process and the ways to it.
pub struct Session {
    child: Child,
    stream: BufReader<UnixStream>,
    news: Receiver<News>,
    limit: Duration,
    path: PathBuf,
}

impl Session {
    /// Starts one: `words` for the program, in which the socket is named `path`.
    pub fn start(
        program: &Path,
        words: &[OsString],
        path: PathBuf,
        limit: Duration,
    ) -> Result<Session, Trouble> {
        let broken = |_: io::Error| Trouble::Broken;
        let listener = UnixListener::bind(&path).map_err(broken)?;
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(broken)?;
        let (tell, news) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            let tell = tell.clone();
            std::thread::spawn(move || forward(stdout, &tell));
        }
        std::thread::spawn(move || {
            // Nobody may be listening any more.
            let _ = listener.accept().map(|(stream, _)| tell.send(News::Connected(stream)));
        });
        match news.recv_timeout(limit) {
            Ok(News::Connected(stream)) if stream.set_read_timeout(Some(limit)).is_ok() => {
                Ok(Session { child, stream: BufReader::new(stream), news, limit, path })
            }
            _ => {
                // Whoever waits for a connection gets one, and finds nobody to tell.
                let _ = UnixStream::connect(&path);
                end(&mut child);
                Err(Trouble::Broken)
            }
        }
    }

    /// One run. The session comes back if it can be used again.
    pub fn run(mut self, decisions: &[u32]) -> Result<(RunReport, Option<Session>), Trouble> {
        let list: Vec<String> = decisions.iter().map(u32::to_string).collect();
        let asked = writeln!(self.stream.get_mut(), "{}", list.join(","));
        asked.map_err(|_| Trouble::Broken)?;
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line) {
            Ok(0) => return Err(Trouble::Broken),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Err(Trouble::TooLong);
            }
            Err(_) => return Err(Trouble::Broken),
        }
        let (mut report, again): (RunReport, bool) =
            serde_json::from_slice(&line).map_err(|_| Trouble::Broken)?;
        // Written past the console, straight to the descriptor.
        let written = self.output()?;
        report.stdout.push_str(&String::from_utf8_lossy(&written));
        Ok((report, again.then_some(self)))
    }

    /// What the run has written to standard output, up to the mark that ends it.
    fn output(&self) -> Result<Vec<u8>, Trouble> {
        let mut bytes: Vec<u8> = Vec::new();
        loop {
            if let Some(text) = bytes.strip_suffix(MARK) {
                return Ok(text.to_vec());
            }
            match self.news.recv_timeout(self.limit) {
                Ok(News::Output(more)) if !more.is_empty() && bytes.len() < MAX_OUTPUT => {
                    bytes.extend_from_slice(&more);
                }
                Ok(News::Connected(_)) => {}
                Ok(News::Output(_)) | Err(_) => return Err(Trouble::Broken),
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        end(&mut self.child);
        // The whole folder goes at the end in any case.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Ends a process that nobody needs any more.
fn end(child: &mut Child) {
    // It may be gone already.
    let _ = child.kill();
    let _ = child.wait();
}

/// Passes on what a process writes, until it closes its end.
fn forward(mut stdout: ChildStdout, tell: &Sender<News>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = stdout.read(&mut buffer).unwrap_or(0);
        if tell.send(News::Output(buffer[..read].to_vec())).is_err() || read == 0 {
            return;
        }
    }
}
