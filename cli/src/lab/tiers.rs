//! `looplab tiers`: how functions ran, what the second tier made of them, and where it gave up; and whether it is worth it.

use super::clock;
use crate::help::program_args;
use crate::hiargs;
use crate::lowargs::{LowProgram, Problem};
use crate::output;
use clap::{Arg, ArgMatches, Command, value_parser};
use looplab_lab::tiers::{TiersText, write_text};
use looplab_lab::units::plural;
use looplab_runtime::Options;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::{Command as Process, ExitStatus, Stdio};

/// What to look at.
pub struct Tiers {
    options: Options,
    title: String,
    function: Option<String>,
    limit: usize,
    output: Option<PathBuf>,
    compare: Option<Comparison>,
}

/// The program with and without the second tier.
struct Comparison {
    rounds: u64,
    words: Vec<OsString>,
}

/// What clap knows of it.
pub fn command() -> Command {
    Command::new("tiers")
        .about("Run a program and show how its functions ran: calls, loops, inline caches, what was specialised and what fell back")
        .long_about(
            "Run a program instruction by instruction and show, for each of its functions: calls and turns of its loops, what each inline cache has\n\
             seen, which hidden classes became which, when it became hot, which instructions were specialised then, and which of their\n\
             guards failed later. The program runs much slower than usual. What it prints goes to standard output; the report follows.\n\
             The exit code is the program's.\n\
             With --compare it is run as usual instead, with and without specialised instructions in turns, and the times are shown.",
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
        .arg(
            Arg::new("compare")
                .long("compare")
                .value_name("ROUNDS")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("5")
                .help("Run the program with and without the second tier in turns, and show the times [default: 5 rounds]"),
        )
}

impl Tiers {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches, program: LowProgram) -> Result<Tiers, Problem> {
        if program.entry.is_none() {
            return Err("tiers needs a FILE, or -e CODE".into());
        }
        let title = super::title(&program);
        let compare = match matches.get_one::<String>("compare") {
            Some(_) => {
                let rounds = super::number(matches, "compare", 5)?.max(1);
                let words = super::again(&program).map_err(|problem| format!("tiers --compare {problem}"))?;
                Some(Comparison { rounds, words })
            }
            None => None,
        };
        let mut options = hiargs::options(program)?;
        options.tiers = true;
        let function = matches.get_one::<String>("function").cloned();
        let limit = super::number(matches, "limit", 20)? as usize;
        let output = matches.get_one::<OsString>("output").map(PathBuf::from);
        Ok(Tiers { options, title, function, limit, output, compare })
    }
}

/// Runs the program and reports; the exit code.
pub fn run(what: Tiers) -> i32 {
    let Tiers { options, title, function, limit, output: path, compare } = what;
    if let Some(compare) = compare {
        return compare_tiers(&title, &compare);
    }
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

/// Runs the program with and without the second tier in turns; the exit code is 1 if it ends differently.
fn compare_tiers(title: &str, what: &Comparison) -> i32 {
    match measured(what) {
        Ok(times) => output::print(&comparison(title, &times)),
        Err(problem) => output::complain(&problem),
    }
}

/// Milliseconds of each round, with and without. What the program prints is thrown away.
fn measured(what: &Comparison) -> Result<Vec<[f64; 2]>, String> {
    let failed = |error: std::io::Error| format!("can't run the program: {error}");
    let now = clock::new().map_err(failed)?;
    let me = std::env::current_exe().map_err(failed)?;
    let mut first: Option<ExitStatus> = None;
    let mut rounds = Vec::new();
    for _ in 0..what.rounds {
        let mut times = [0.0; 2];
        for (time, flags) in times.iter_mut().zip([&[][..], &["--no-tier"]]) {
            let mut run = Process::new(&me);
            run.arg("run").args(flags).args(&what.words).stdin(Stdio::null()).stdout(Stdio::null());
            let start = now();
            let status = run.status().map_err(failed)?;
            *time = (now() - start).as_secs_f64() * 1e3;
            let same = *first.get_or_insert(status);
            if same != status {
                return Err(format!("the program ended with {same} once, and then with {status}"));
            }
        }
        rounds.push(times);
    }
    Ok(rounds)
}

/// The least time of each, and the middle one of the rounds' ratios.
fn comparison(title: &str, rounds: &[[f64; 2]]) -> String {
    let least = |n: usize| rounds.iter().map(|r| r[n]).fold(f64::INFINITY, f64::min);
    let mut ratios: Vec<f64> = rounds.iter().map(|[with, without]| without / with).collect();
    ratios.sort_by(f64::total_cmp);
    format!(
        "tiers of {title} · {} in turns\n\n  with the second tier      {:>9.1} ms at best\n  without it (--no-tier)    {:>9.1} ms at best\n  \
         with it the program is {:.2} times as fast ({:.2} to {:.2} in the rounds; start-up counts)\n",
        plural(rounds.len() as u64, "round"),
        least(0),
        least(1),
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() - 1]
    )
}
