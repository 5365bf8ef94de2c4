//! `looplab tiers`: how functions ran, what an optimiser would take for granted, and where it would give up.

use crate::help::program_args;
use crate::hiargs;
use crate::lowargs::{LowProgram, Problem};
use crate::output;
use clap::{Arg, ArgMatches, Command, value_parser};
use looplab_lab::tiers::{TiersText, write_text};
use looplab_runtime::Options;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

/// What to look at.
pub struct Tiers {
    options: Options,
    title: String,
    function: Option<String>,
    limit: usize,
    output: Option<PathBuf>,
}

/// What clap knows of it.
pub fn command() -> Command {
    Command::new("tiers")
        .about("Run a program and show how its functions ran: calls, loops, inline caches, what an optimiser would assume")
        .long_about(
            "Run a program instruction by instruction and show, for each of its functions: calls and turns of its loops, what each inline cache has\n\
             seen, which hidden classes became which, when it became hot, what an optimiser would specialise it on, and which guards\n\
             would have failed afterwards. The program runs much slower than usual. What it prints goes to standard output; the report follows.\n\
             The exit code is the program's.",
        )
        .override_usage("looplab tiers [FLAGS] FILE [ARGS]...")
        .args(program_args())
        .arg(Arg::new("function").long("function").value_name("NAME").help("Only functions of this name"))
        .arg(Arg::new("limit").long("limit").value_name("N").help("Functions, and places of each, at most [default: 20]"))
        .arg(
            Arg::new("output")
                .long("output")
                .short('o')
                .value_name("FILE")
                .value_parser(value_parser!(OsString))
                .help("Write the report to a file instead of standard output"),
        )
}

impl Tiers {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches, program: LowProgram) -> Result<Tiers, Problem> {
        if program.entry.is_none() {
            return Err("tiers needs a FILE, or -e CODE".into());
        }
        let title = super::title(&program);
        let mut options = hiargs::options(program)?;
        options.tiers = true;
        let function = matches.get_one::<String>("function").cloned();
        let limit = super::number(matches, "limit", 20)? as usize;
        let output = matches.get_one::<OsString>("output").map(PathBuf::from);
        Ok(Tiers { options, title, function, limit, output })
    }
}

/// Runs the program and reports; the exit code.
pub fn run(what: Tiers) -> i32 {
    let Tiers { options, title, function, limit, output: path } = what;
    let finished = looplab_runtime::run(options);
    let text =
        TiersText { title: &title, functions: &finished.functions, function: function.as_deref(), limit };
    let to = path.as_ref().map_or("standard output".into(), |path| path.display().to_string());
    match output::open(path.as_deref())
        .and_then(|mut out| write_text(&text, &mut out).and_then(|()| out.flush()))
    {
        Ok(()) => finished.exit_code,
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => 0,
        Err(error) => output::failure(&error, &to).unwrap_or(0),
    }
}
