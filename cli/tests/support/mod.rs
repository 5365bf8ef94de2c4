//! What the oracle tests share: finding the binaries, running a script with a time limit,
//! and showing how two outputs differ.
#![allow(dead_code, reason = "every test binary uses its own part of this module")]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// No example or fixture needs longer than this, even on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The workspace's root folder.
pub fn root() -> PathBuf {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR"));
    cli.parent().expect("cli/ lies in the workspace").to_path_buf()
}

/// A program together with the arguments that come before the script's name.
pub struct Subject {
    program: PathBuf,
    before: Vec<&'static str>,
    /// How the subject is called in messages.
    pub name: String,
}

impl Subject {
    /// The looplab binary under test, as `looplab run FILE`.
    pub fn looplab() -> Subject {
        Subject {
            program: PathBuf::from(env!("CARGO_BIN_EXE_looplab")),
            before: vec!["run"],
            name: "looplab".into(),
        }
    }

    /// The looplab binary under test with other words before the script's name.
    pub fn looplab_with(before: &[&'static str]) -> Subject {
        Subject { before: before.to_vec(), ..Subject::looplab() }
    }

    /// Real Node: the program named by `NODE`, else `node` on PATH; `None` where there is none.
    pub fn node() -> Option<Subject> {
        let program = std::env::var_os("NODE").unwrap_or_else(|| OsString::from("node"));
        let output = Command::new(&program).arg("--version").output().ok()?;
        let name = String::from_utf8(output.stdout).ok()?;
        Some(Subject { program: program.into(), before: Vec::new(), name: name.trim().to_string() })
    }

    /// The major version of a Node subject: `Some(24)` for `v24.1.0`.
    pub fn major(&self) -> Option<u32> {
        self.name.strip_prefix('v')?.split('.').next()?.parse().ok()
    }

    /// Runs `script` (a path relative to `folder`) with `folder` as working directory.
    ///
    /// # Panics
    /// When the program cannot be started at all: the tests cannot say anything then.
    pub fn run(&self, folder: &Path, script: &str) -> Outcome {
        let mut child = Command::new(&self.program)
            .args(&self.before)
            .arg(script)
            .current_dir(folder)
            .env_remove("NODE_OPTIONS")
            .env_remove("FORCE_COLOR")
            .env_remove("NODE_DISABLE_COLORS")
            .env("NO_COLOR", "1")
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", self.program.display()));
        let (done, both_done) = mpsc::channel();
        let stdout = drain(child.stdout.take(), done.clone());
        let stderr = drain(child.stderr.take(), done);
        let in_time = (0..2).all(|_| both_done.recv_timeout(TIME_LIMIT).is_ok());
        if !in_time {
            // A failed kill means that it has ended by itself meanwhile.
            let _ = child.kill();
        }
        let status = child.wait().expect("a started child can be waited for");
        Outcome {
            stdout: stdout.join().expect("reading stdout"),
            stderr: stderr.join().expect("reading stderr"),
            exit: status.code().unwrap_or(-1),
            in_time,
        }
    }
}

/// Reads one of the child's pipes to its end in a thread, then says so on `done`.
fn drain<R: Read + Send + 'static>(
    pipe: Option<R>,
    done: mpsc::Sender<()>,
) -> std::thread::JoinHandle<String> {
    let mut pipe = pipe.expect("the pipe was asked for");
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        // Nobody listens any more when the time limit has passed.
        let _ = done.send(());
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// What a run left behind.
pub struct Outcome {
    /// Everything on stdout.
    pub stdout: String,
    /// Everything on stderr.
    pub stderr: String,
    /// The exit code; -1 when a signal ended the run.
    pub exit: i32,
    /// False when the run had to be killed.
    pub in_time: bool,
}

impl Outcome {
    /// The parts of stderr that do not depend on the machine or on Node's own sources: no stack
    /// frames, no folders, no version number, no positions inside Node.
    pub fn stderr_shape(&self, folder: &Path) -> Vec<String> {
        let folder = format!("{}/", folder.display());
        self.stderr
            .lines()
            .filter(|line| !line.trim_start().starts_with("at "))
            .map(|line| line.replace(&folder, "").replace("file://", ""))
            .map(|line| if line.starts_with("Node.js v") { "Node.js <version>".into() } else { line })
            .map(|line| line.trim_end().to_string())
            .filter(|line| !line.is_empty())
            .collect()
    }
}

/// A line-by-line account of how `got` differs from `want`; empty when they are equal.
pub fn difference(want: &str, got: &str) -> String {
    let mut report = String::new();
    if want == got {
        return report;
    }
    let (want_lines, got_lines): (Vec<_>, Vec<_>) = (want.lines().collect(), got.lines().collect());
    let first = want_lines.iter().zip(&got_lines).take_while(|(a, b)| a == b).count();
    let from = first.saturating_sub(2);
    for line in &want_lines[from..first] {
        let _ = writeln!(report, "      | {line}");
    }
    for line in want_lines.iter().skip(first).take(6) {
        let _ = writeln!(report, "    - | {line}");
    }
    for line in got_lines.iter().skip(first).take(6) {
        let _ = writeln!(report, "    + | {line}");
    }
    let (more_want, more_got) = (want_lines.len(), got_lines.len());
    let _ = writeln!(report, "    (line {}; {more_want} lines wanted, {more_got} got)", first + 1);
    report
}

/// True when expectations are to be written instead of checked.
pub fn recording() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value != "0")
}

/// True when `name` passes the filter in the environment variable `LOOPLAB_ONLY` (a substring).
pub fn selected(name: &str) -> bool {
    std::env::var("LOOPLAB_ONLY").map_or(true, |part| name.contains(&part))
}

/// Fails the test with all reports together, so that one run shows the whole state.
pub fn conclude(what: &str, total: usize, failures: Vec<(String, String)>) {
    if failures.is_empty() {
        println!("{total} {what} as expected");
        return;
    }
    let mut report = String::new();
    for (name, account) in &failures {
        let _ = writeln!(report, "{name}\n{account}");
    }
    let names: Vec<_> = failures.iter().map(|(name, _)| name.as_str()).collect();
    panic!("{report}\n{} of {total} {what} differ: {}", names.len(), names.join(" "));
}
