//! What the REPL's `.trace` says: the story of the log so far, less what it was before the line.

use looplab_lab::trace::{TextOptions, text};
use looplab_probe::Log;
use looplab_runtime::Script;

/// The story of what the log holds from record `from` on.
pub fn explain(log: &Log, scripts: &[Script], from: usize) -> String {
    if log.records().len() <= from {
        return String::new();
    }
    let options = TextOptions { limit: None, ..TextOptions::default() };
    let (now, before) = (text(log, scripts, &options), text(&beginning(log, from), scripts, &options));
    let same = now.lines().zip(before.lines()).take_while(|(a, b)| a == b).count();
    now.lines().skip(same).map(|line| format!("{line}\n")).collect()
}

/// The log as it was when it held `n` records.
fn beginning(log: &Log, n: usize) -> Log {
    let mut old = Log::new(looplab_probe::Options::default());
    for text in log.texts() {
        old.intern(text);
    }
    for record in &log.records()[..n] {
        old.push(record.t, record.event);
    }
    old
}
