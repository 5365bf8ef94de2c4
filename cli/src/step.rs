//! `looplab step`: records a run (or opens a saved log) and lets the user step through it.

use crate::hiargs::{Step, StepWhat};
use crate::output::complain;
use looplab_lab::step::{self, Recording};
use looplab_probe::{Log, Pos, StopReason, codec};
use looplab_runtime::{Finished, Options, Script, StopSwitch};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How often the keyboard is looked at while the program runs.
const GLANCE: Duration = Duration::from_millis(50);

/// The exit code: 0 once the user has had enough.
pub fn run(what: Step) -> i32 {
    if !step::has_terminal() {
        let hint = "hint: `looplab trace` tells the same story as text";
        return complain(&format!("step needs a terminal to step in\n{hint}"));
    }
    let opened = match what.what {
        StepWhat::Log(path) => open(&path),
        StepWhat::Program(options) => record(*options, what.seconds),
    };
    let (log, scripts) = match opened {
        Ok(opened) => opened,
        Err(problem) => return complain(&problem),
    };
    match step::run(&log, &scripts, what.options) {
        Ok(()) => 0,
        Err(error) => complain(&format!("the terminal failed: {error}")),
    }
}

/// Runs the program to its end, or until its time is up, the recording is full, or the user has had enough.
fn record(mut options: Options, seconds: u64) -> Result<(Log, Vec<Script>), String> {
    let switch = StopSwitch::new();
    options.stop = Some(switch.clone());
    let (done, finished) = mpsc::channel::<()>();
    let watch = std::thread::Builder::new().name("watch".into()).spawn(move || {
        // Without the keyboard the recording still ends by itself.
        let keyboard = Recording::begin().ok();
        let glances = seconds.saturating_mul(1_000) / GLANCE.as_millis() as u64;
        for glance in 0..glances {
            if glance == 10 {
                // Nobody is left to tell if this fails.
                let _ = write!(
                    std::io::stderr(),
                    "looplab: recording; Ctrl-C ends the program and shows what it did\r\n"
                );
            }
            let asked = match &keyboard {
                Some(keyboard) => keyboard.wants_to_stop(Duration::ZERO),
                None => false,
            };
            if asked {
                return switch.stop(StopReason::Asked);
            }
            match finished.recv_timeout(GLANCE) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        switch.stop(StopReason::Time);
    });
    let watch = watch.map_err(|error| format!("can't start a thread: {error}"))?;
    let Finished { log, scripts, .. } = looplab_runtime::run(options);
    drop(done);
    // It has nothing to give, and nothing in it panics.
    let _ = watch.join();
    log.map(|log| (log, scripts)).ok_or_else(|| "the run left no log".into())
}

/// Whether a file is a log that looplab has written, by how it begins.
pub fn is_log(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path)
        .and_then(|file| std::io::Read::read_to_end(&mut std::io::Read::take(file, 64), &mut start));
    read.is_ok() && start.starts_with(format!("{{\"schema\":\"{}\"", codec::SCHEMA).as_bytes())
}

/// Reads a log, and the scripts it names as far as they still lie where they did.
fn open(path: &Path) -> Result<(Log, Vec<Script>), String> {
    let file = File::open(path).map_err(|error| format!("can't open {}: {error}", path.display()))?;
    let mut file = BufReader::with_capacity(1 << 20, file);
    // An empty file is no log either; saying so is codec's.
    let _ = file.fill_buf();
    let log = codec::read(file).map_err(|error| format!("{}: {error}", path.display()))?;
    let scripts = names(&log).into_iter().filter_map(|name| {
        let text = std::fs::read_to_string(name.strip_prefix("file://").unwrap_or(&name)).ok()?;
        Some(Script { id: 0, name, text })
    });
    let scripts = scripts.collect();
    Ok((log, scripts))
}

/// The scripts that the log's callbacks, statements and functions stand in.
fn names(log: &Log) -> BTreeSet<String> {
    use looplab_probe::Event;
    let position = |event: &Event| match event {
        Event::CallbackBegin { pos, .. } | Event::FrameEnter { pos, .. } | Event::Statement { pos, .. } => {
            *pos
        }
        _ => Pos::NONE,
    };
    let scripts: BTreeSet<_> = log.records().iter().map(|record| position(&record.event).script).collect();
    scripts.into_iter().filter(|script| !script.is_none()).map(|script| log.str(script).to_owned()).collect()
}
