//! What a run is asked to do, and what came of it.

use looplab_event_loop::Profile;
use looplab_probe::Log;
use std::path::PathBuf;

/// The program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file, by path as typed.
    File(PathBuf),
    /// `-e CODE`.
    Eval(String),
    /// `-p CODE`: the completion value is printed.
    Print(String),
    /// `-`: the text of standard input.
    Stdin,
}

/// How to run it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program.
    pub entry: Entry,
    /// What follows the program on the command line: `process.argv[2..]`.
    pub args: Vec<String>,
    /// Flags before it: `process.execArgv`.
    pub exec_args: Vec<String>,
    /// The loop rules of which Node.
    pub profile: Profile,
    /// Run in the simulated world: virtual clock, same output every time.
    pub simulated: bool,
    /// Record a log with these options.
    pub record: Option<looplab_probe::Options>,
    /// Heap limit in bytes (`--max-old-space-size`).
    pub heap_limit: Option<usize>,
    /// `--expose-gc`.
    pub expose_gc: bool,
    /// `--stack-trace-limit`.
    pub stack_trace_limit: Option<u32>,
    /// Ends the program from outside, and by itself when the recording is full.
    pub stop: Option<crate::StopSwitch>,
    /// Console output is collected in the log only, not written (trace shows it in place).
    pub quiet: bool,
}

impl Options {
    /// Defaults for a program.
    pub fn new(entry: Entry) -> Options {
        Options {
            entry,
            args: Vec::new(),
            exec_args: Vec::new(),
            profile: Profile::Node24,
            simulated: false,
            record: None,
            heap_limit: None,
            expose_gc: false,
            stack_trace_limit: None,
            stop: None,
            quiet: false,
        }
    }
}

/// How it ended.
#[derive(Debug)]
pub struct Finished {
    /// The process's exit code.
    pub exit_code: i32,
    /// The log, if one was asked for.
    pub log: Option<Log>,
    /// Script ids of the log (positions) and their names and texts.
    pub scripts: Vec<Script>,
}

/// A source that positions in the log refer to.
#[derive(Clone, Debug)]
pub struct Script {
    /// The id.
    pub id: u32,
    /// Path or URL.
    pub name: String,
    /// The text.
    pub text: String,
}
