//! The log as JSON lines: a header, then one line per event. `docs/log-schema.md` describes it.

use crate::event::Field as _;
use crate::json::Fields;
use crate::{Event, EventId, Log, Options, Record};
use serde_json::Value;
use std::io::{self, BufRead, Write};

/// The `schema` key of the header.
pub const SCHEMA: &str = "looplab-log";
/// The version this crate writes, and the newest it reads. It grows when a reader of the old form would be misled.
pub const VERSION: u64 = 1;

/// Why a log could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// The reader failed.
    Io(io::Error),
    /// The first line isn't the header of a looplab log.
    NotALog,
    /// The log is of a newer version than [`VERSION`].
    Newer(u64),
    /// A line is damaged.
    Damaged {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::Io(error) => write!(f, "can't read the log: {error}"),
            ReadError::NotALog => {
                write!(f, "this is not a looplab log (its first line has no `\"schema\":\"{SCHEMA}\"`)")
            }
            ReadError::Newer(version) => {
                write!(f, "the log has schema version {version}; this program reads up to {VERSION}")
            }
            ReadError::Damaged { line, problem } => write!(f, "the log is damaged in line {line}: {problem}"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReadError::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// Writes the log as JSON lines.
pub fn write(log: &Log, mut out: impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{{\"schema\":\"{SCHEMA}\",\"version\":{VERSION},\"events\":{},\"cut\":{}}}",
        log.records().len(),
        log.cut()
    )?;
    let mut line = Vec::with_capacity(256);
    for (index, record) in log.records().iter().enumerate() {
        line.clear();
        write_record(log, index, record, &mut line);
        line.push(b'\n');
        out.write_all(&line)?;
    }
    out.flush()
}

fn write_record(log: &Log, index: usize, record: &Record, line: &mut Vec<u8>) {
    // Writing to a Vec can't fail.
    let _ = write!(line, "{{\"id\":{index},\"t\":{}", record.t);
    if !record.within.is_none() {
        line.extend_from_slice(b",\"in\":");
        record.within.write(log, line);
    }
    record.event.write_fields(log, line);
    line.push(b'}');
}

/// Reads a log. Keys that are not in the table are ignored; events that are not, and missing fields, are errors.
pub fn read(mut input: impl BufRead) -> Result<Log, ReadError> {
    let mut line = Vec::new();
    read_line(&mut input, &mut line).map_err(ReadError::Io)?;
    let header: Value = serde_json::from_slice(&line).map_err(|_| ReadError::NotALog)?;
    if header.get("schema").and_then(Value::as_str) != Some(SCHEMA) {
        return Err(ReadError::NotALog);
    }
    match header.get("version").and_then(Value::as_u64) {
        Some(version) if version <= VERSION => {}
        Some(version) => return Err(ReadError::Newer(version)),
        None => return Err(ReadError::NotALog),
    }
    let announced = header.get("events").and_then(Value::as_u64);
    let mut log = Log::new(Options { max_text: usize::MAX, ..Options::default() });
    let mut number = 1;
    while read_line(&mut input, &mut line).map_err(ReadError::Io)? {
        number += 1;
        if line.is_empty() {
            continue;
        }
        let record =
            read_record(&line, &mut log).map_err(|problem| ReadError::Damaged { line: number, problem })?;
        log.restore(record);
    }
    if announced.is_some_and(|n| n != log.records().len() as u64) {
        let problem =
            format!("the header announces {} events, {} follow", announced.unwrap_or(0), log.records().len());
        return Err(ReadError::Damaged { line: log.records().len() + 2, problem });
    }
    Ok(log)
}

/// The next line without its end. False: there is none.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = input.read_until(b'\n', line)?;
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    Ok(read > 0)
}

fn read_record(line: &[u8], log: &mut Log) -> Result<Record, String> {
    let object: Fields<'_> = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    let id = u64::read(object.get("id"), log).map_err(|e| format!("`id`: {e}"))?;
    if id != log.records().len() as u64 {
        return Err(format!("expected event {}, found {id}", log.records().len()));
    }
    let t = u64::read(object.get("t"), log).map_err(|e| format!("`t`: {e}"))?;
    let within = EventId::read(object.get("in"), log).map_err(|e| format!("`in`: {e}"))?;
    Ok(Record { t, within, event: Event::read_fields(&object, log)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::*;
    use crate::{Pos, Str};

    fn sample() -> Log {
        let mut log = Log::default();
        let script = log.intern("/app/a \"quoted\".js");
        let label = log.intern("früh\n");
        let pos = Pos { script, line: 3, column: 14 };
        log.push(5, Event::LoopStart { profile: 24, simulated: true, mode: RunMode::Default });
        let start = log.push(6, Event::TimerStart { number: 1, delay: 10, repeat: 0, due: 12, label, pos });
        let begin = log
            .push(7, Event::CallbackBegin { kind: CallbackKind::Timer, number: 1, label, pos, cause: start });
        log.push(8, Event::PollBegin { timeout: -1, why: TimeoutReason::Infinite });
        log.push(9, Event::CallbackEnd { begin, outcome: Outcome::Threw });
        log.push(10, Event::ExitCode { code: -3 });
        log.push(11, Event::Console { stream: StdStream::Stdout, text: Str::NONE });
        log
    }

    fn written(log: &Log) -> String {
        let mut bytes = Vec::new();
        write(log, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_is_written_can_be_read_back() {
        let log = sample();
        let text = written(&log);
        let again = read(text.as_bytes()).unwrap();
        assert_eq!(written(&again), text);
        assert_eq!(again.records().len(), 7);
        assert!(text.contains(r#"{"id":2,"t":7,"ev":"callback-begin","kind":"timer","number":1,"#), "{text}");
    }

    #[test]
    fn foreign_newer_and_damaged_logs_are_named_as_such() {
        assert!(matches!(read(&b"hello"[..]), Err(ReadError::NotALog)));
        assert!(matches!(read(&b""[..]), Err(ReadError::NotALog)));
        let newer = format!("{{\"schema\":\"{SCHEMA}\",\"version\":99}}");
        assert!(matches!(read(newer.as_bytes()), Err(ReadError::Newer(99))));
        let text = written(&sample());
        for (from, to, problem) in [
            ("timer-start", "timer-stort", "unknown event"),
            ("\"delay\":10", "\"delay\":\"x\"", "delay"),
            ("\"kind\":\"timer\"", "\"kind\":\"tamer\"", "unknown callback kind"),
        ] {
            match read(text.replace(from, to).as_bytes()) {
                Err(ReadError::Damaged { line, problem: found }) => {
                    assert!(line > 1 && found.contains(problem), "{line}: {found}");
                }
                other => panic!("{from}: {other:?}"),
            }
        }
        let short: String = text.lines().take(4).flat_map(|l| [l, "\n"]).collect();
        assert!(matches!(read(short.as_bytes()), Err(ReadError::Damaged { .. })));
    }
}
