//! `looplab trace`: runs a program with the recorder on and tells its story.

use crate::hiargs::{Format, Trace};
use crate::output;
use looplab_lab::explore::RunReport;
use looplab_lab::{perfetto, trace};
use looplab_probe::Group;
use looplab_runtime::Finished;
use std::io::{self, ErrorKind, Write};

/// The exit code: the program's, unless the story can't be told.
pub fn run(what: Trace) -> i32 {
    if what.format == Format::Outcomes {
        return crate::outcomes::run(what);
    }
    let Trace { options, format, output: path } = what;
    let to = path.as_ref().map_or("standard output".into(), |path| path.display().to_string());
    // Opened first: a run may be long, and may not be repeatable.
    let mut out = match path.as_ref().map(|_| output::open(path.as_deref())) {
        Some(Ok(out)) => Some(out),
        Some(Err(error)) => return output::complain(&format!("can't write to {to}: {error}")),
        None => None,
    };
    let partly = options.record.as_ref().is_some_and(|record| record.without.contains(&Group::Queue));
    let finished = looplab_runtime::run(options);
    let written = match out.as_mut() {
        Some(out) => tell(&finished, &format, partly, out),
        None => output::open(None).and_then(|mut out| tell(&finished, &format, partly, &mut out)),
    };
    match written {
        Ok(()) => finished.exit_code,
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => 0,
        Err(error) => output::failure(&error, &to).unwrap_or(0),
    }
}

/// `partly`: only phases were recorded, which a reader must know.
fn tell(finished: &Finished, format: &Format, partly: bool, out: &mut dyn Write) -> io::Result<()> {
    let Some(log) = &finished.log else {
        return Err(io::Error::other("the run left no log"));
    };
    match format {
        Format::Text(options) => {
            trace::write_text(log, &finished.scripts, options, out)?;
            if partly {
                writeln!(out, "not recorded (--phases): ticks, microtasks, promises")?;
            }
        }
        Format::Json => trace::write_json(log, out)?,
        Format::Outcome => serde_json::to_writer(&mut *out, &RunReport::new(finished))?,
        Format::Nothing | Format::Outcomes => {}
        Format::Perfetto => perfetto::write(log, &finished.scripts, out)?,
    }
    out.flush()
}
