//! `looplab heap`: what a program keeps alive, what has grown, who holds it, and what each collection did.

use crate::help::program_args;
use crate::hiargs;
use crate::lowargs::{LowProgram, Problem};
use crate::output;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use looplab_lab::heap::{HeapText, collections, write_text};
use looplab_probe::Group;
use looplab_runtime::{Finished, HeapPoint, HeapWatch, Options, heap_snapshot};
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What to look at.
pub struct Heap {
    options: Options,
    points: Vec<HeapPoint>,
    title: String,
    who: Vec<String>,
    limit: usize,
    output: Option<PathBuf>,
    snapshot: Option<PathBuf>,
}

/// What clap knows of it.
pub fn command() -> Command {
    let file = |name: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(OsString))
    };
    Command::new("heap")
        .about("Run a program and show what it keeps alive, what has grown, who holds it, and each collection")
        .long_about(
            "Run a program, look at its heap at two points, and show what has come between them and is still alive.\n\
             The points: start (nothing of the program has run), main (its main script has), turn:N (N turns of the loop are over),\n\
             gc:N (it has called gc() N times), end. What the program prints goes to standard output as usual; the report follows.\n\
             The exit code is the program's.",
        )
        .override_usage("looplab heap [FLAGS] FILE [ARGS]...")
        .args(program_args())
        .arg(
            Arg::new("between")
                .long("between")
                .value_name("FROM,TO")
                .help("The two points; one alone: everything alive there [default: start,end]"),
        )
        .arg(
            Arg::new("who")
                .long("who")
                .value_name("NAME")
                .action(ArgAction::Append)
                .help("Who holds objects of this class, row or number (@123)? Can be given again"),
        )
        .arg(
            Arg::new("sites")
                .long("sites")
                .action(ArgAction::SetTrue)
                .help("Record where things are allocated, and show it (the program runs much slower)"),
        )
        .arg(Arg::new("limit").long("limit").value_name("N").help("Rows of a table at most [default: 20]"))
        .arg(file("snapshot").help("Write a heap snapshot of the later point, for Chrome DevTools (.heapsnapshot)"))
        .arg(file("output").short('o').help("Write the report to a file instead of standard output"))
}

impl Heap {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches, program: LowProgram) -> Result<Heap, Problem> {
        if program.entry.is_none() {
            return Err("heap needs a FILE, or -e CODE".into());
        }
        let title = super::title(&program);
        let text = matches.get_one::<String>("between").map_or("start,end", String::as_str);
        let points: Option<Vec<HeapPoint>> =
            text.split(',').map(|point| HeapPoint::parse(point.trim())).collect();
        let points = points.filter(|points| points.len() <= 2).ok_or_else(|| {
            format!("--between takes one or two of start, main, turn:N, gc:N and end, not '{text}'")
        })?;
        let mut options = hiargs::options(program)?;
        options.expose_gc |= points.iter().any(|point| matches!(point, HeapPoint::Gc(_)));
        options.heap = Some(HeapWatch { points: points.clone(), sites: matches.get_flag("sites") });
        let without =
            Group::ALL.iter().copied().filter(|group| *group != Group::Heap && *group != Group::Exit);
        options.record = Some(looplab_probe::Options { without: without.collect(), ..Default::default() });
        let path = |name: &str| matches.get_one::<OsString>(name).map(PathBuf::from);
        let limit = super::number(matches, "limit", 20)? as usize;
        let who = matches.get_many::<String>("who").into_iter().flatten().cloned().collect();
        Ok(Heap { options, points, title, who, limit, output: path("output"), snapshot: path("snapshot") })
    }
}

/// Runs the program and reports; the exit code.
pub fn run(what: Heap) -> i32 {
    let Heap { options, points, title, who, limit, output: path, snapshot } = what;
    let finished = looplab_runtime::run(options);
    let list = finished.log.as_ref().map(collections).unwrap_or_default();
    let text = HeapText {
        title: &title,
        looks: &finished.heap,
        points: &points,
        collections: &list,
        who: &who,
        limit,
    };
    let to = path.as_ref().map_or("standard output".into(), |path| path.display().to_string());
    match output::open(path.as_deref())
        .and_then(|mut out| write_text(&text, &mut out).and_then(|()| out.flush()))
    {
        Ok(()) => {}
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => return 0,
        Err(error) => return output::failure(&error, &to).unwrap_or(0),
    }
    if let Some(path) = snapshot
        && let Err(error) = write_snapshot(&finished, points.last(), &path)
    {
        return output::complain(&format!("can't write a snapshot to {}: {error}", path.display()));
    }
    finished.exit_code
}

fn write_snapshot(finished: &Finished, point: Option<&HeapPoint>, path: &Path) -> io::Result<()> {
    let look = point.and_then(|point| finished.heap.iter().find(|look| look.point == *point));
    let Some(look) = look else {
        return Err(io::Error::other("the program did not come to that point"));
    };
    let mut out = output::open(Some(path))?;
    heap_snapshot::write(&look.graph, &mut out)
}
