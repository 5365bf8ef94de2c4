//! The commands and flags, as clap and the help texts know them.

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Command, value_parser};
use std::ffi::OsString;

/// What is printed under a complaint about the command line.
pub const USAGE: &str = "usage: looplab [flags] FILE [args…]
       looplab serve [flags] [DIR]
       looplab trace [flags] FILE [args…]
       looplab step [flags] FILE [args…]
       looplab disasm FILE
       looplab explore [flags] FILE [args…]
       looplab graph [flags] FILE [args…]
       looplab heap [flags] FILE [args…]
       looplab tiers [flags] FILE [args…]
hint:  looplab --help lists the flags";

/// `looplab 0.1.0 (Node 24 semantics)`
pub fn version() -> String {
    format!("looplab {} (Node 24 semantics)\n", env!("CARGO_PKG_VERSION"))
}

/// The help text of a command, or of looplab as a whole.
pub fn long(name: &str) -> String {
    let mut command = command();
    command.build();
    match command.find_subcommand_mut(name) {
        Some(found) => found.render_long_help().to_string(),
        None => command.render_long_help().to_string(),
    }
}

/// The whole command line.
pub fn command() -> Command {
    Command::new("looplab")
        .about("Runs JavaScript the way Node does, and shows you why your output came in that order.")
        .override_usage("looplab [FLAGS] FILE [ARGS]...\n       looplab <COMMAND> ...")
        .after_help(
            "`looplab FILE` is short for `looplab run FILE`; its flags are those of `looplab run`.\n\
             `looplab` alone on a terminal (or with -i) is a prompt; .help there lists its commands.\n\
             `looplab --watch FILE` runs it again whenever a file changes that it has loaded (or one of --watch-path PATH); \
             --watch-preserve-output keeps the screen.",
        )
        .disable_version_flag(true)
        .subcommand_required(true)
        .arg(
            Arg::new("version")
                .short('v')
                .long("version")
                .action(ArgAction::SetTrue)
                .help("Print the version"),
        )
        .subcommand(run())
        .subcommand(serve())
        .subcommand(trace())
        .subcommand(step())
        .subcommand(disasm())
        .subcommands(crate::lab::commands())
}

fn run() -> Command {
    Command::new("run")
        .about("Run a program")
        .override_usage("looplab [run] [FLAGS] FILE [ARGS]...")
        .args(program_args())
        .arg(
            Arg::new("sweep-seeds")
                .long("sweep-seeds")
                .value_name("N")
                .help("Run it once under each of the seeds 1 to N, until one fails; its output is shown, and --seed repeats it"),
        )
}

fn serve() -> Command {
    let value = |name: &'static str, word: &'static str| Arg::new(name).long(name).value_name(word);
    Command::new("serve")
        .about("Serve the files of a directory over HTTP, with ranges and caching headers")
        .arg(Arg::new("DIR").help("The directory [default: .]"))
        .arg(value("port", "N").short('p').help("The port; 0: any that is free [default: 8000]"))
        .arg(value("host", "ADDRESS").help("The address to listen at [default: 127.0.0.1]"))
        .arg(value("max-age", "SECONDS").help("How long clients may keep files unasked [default: 0]"))
        .arg(
            Arg::new("quiet")
                .short('q')
                .long("quiet")
                .action(ArgAction::SetTrue)
                .help("No line for each request"),
        )
}

fn trace() -> Command {
    let value = |name: &'static str, word: &'static str| Arg::new(name).long(name).value_name(word);
    Command::new("trace")
        .about("Run a program and tell its story: what ran, in which phase, and why then")
        .long_about(
            "Run a program and tell its story: every turn of the loop, every phase, every callback with its cause.\n\
             What the program prints appears in the story; with -o it is printed as usual, and the story goes to the file.\n\
             The exit code is the program's.",
        )
        .override_usage("looplab trace [FLAGS] FILE [ARGS]...")
        .args(program_args())
        .arg(
            value("format", "FORMAT")
                .value_parser([
                    PossibleValue::new("text"),
                    PossibleValue::new("json"),
                    PossibleValue::new("perfetto"),
                    PossibleValue::new("none").hide(true),
                    PossibleValue::new("outcome").hide(true),
                    PossibleValue::new("outcomes").hide(true),
                ])
                .help("text, json (the log itself), or perfetto (for ui.perfetto.dev) [default: text]"),
        )
        .arg(
            value("output", "FILE")
                .short('o')
                .value_parser(value_parser!(OsString))
                .help("Write to a file instead of standard output"),
        )
        .arg(value("limit", "N").help(
            "Lines of text at most (default 10000), or events recorded at most (default 1000000); 0: no limit",
        ))
        .arg(Arg::new("steps").long("steps").action(ArgAction::SetTrue).help(
            "Record statements, calls and variables too (json only; slower)",
        ))
        .arg(Arg::new("phases").long("phases").action(ArgAction::SetTrue).conflicts_with("steps").help(
            "Record phases and the callbacks that they run, but no ticks, microtasks and promises (costs least)",
        ))
        .arg(value("width", "N").help("Columns of the text [default: the terminal's, or 100]"))
        .arg(Arg::new("no-color").long("no-color").action(ArgAction::SetTrue).help("No colours, not even on a terminal"))
}

fn step() -> Command {
    let value = |name: &'static str, word: &'static str| Arg::new(name).long(name).value_name(word);
    Command::new("step")
        .about("Run a program and step through what it did: statements, callbacks, phases, turns, both ways")
        .long_about(
            "Run a program and step through what it did: statements, callbacks, phases, turns, both ways.\n\
             The program runs first, and is recorded; what it prints appears where it printed it. One that never ends is stopped.\n\
             FILE may also be a log that `looplab trace --format json --steps` has written. ? in the stepper lists the keys.",
        )
        .override_usage("looplab step [FLAGS] FILE [ARGS]...")
        .args(program_args())
        .arg(value("seconds", "N").help("Stop the program after so many seconds [default: 10]"))
        .arg(value("limit", "N").help("Events recorded at most; the program is stopped there [default: 1000000]"))
        .arg(value("at", "EVENT").help("Begin just after this event (its id in the log)"))
        .arg(Arg::new("no-color").long("no-color").action(ArgAction::SetTrue).help("No colours (as NO_COLOR=1)"))
}

fn disasm() -> Command {
    Command::new("disasm")
        .about("Show the bytecode of a file")
        .arg(Arg::new("FILE").required(true).value_parser(value_parser!(OsString)).help("The script"))
        .arg(
            Arg::new("function")
                .long("function")
                .value_name("NAME")
                .help("Only this function and those in it"),
        )
        .arg(
            Arg::new("tier")
                .long("tier")
                .value_name("N")
                .value_parser(["1", "2"])
                .help("1: as it is compiled. 2: run the program, and show the code of functions that became hot [default: 1]"),
        )
}

/// The arguments of every command that runs a program.
pub fn program_args() -> Vec<Arg> {
    own_args().into_iter().chain(crate::nodeflags::args()).collect()
}

fn own_args() -> Vec<Arg> {
    let value = |name: &'static str, word: &'static str| Arg::new(name).long(name).value_name(word);
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    vec![
        Arg::new("PROGRAM")
            .value_parser(value_parser!(OsString))
            .num_args(0..)
            .trailing_var_arg(true)
            .allow_hyphen_values(true)
            .help("The script (- for standard input), and what is to be its process.argv"),
        value("eval", "CODE").short('e').allow_hyphen_values(true).help("Run this code instead of a file"),
        value("print", "CODE").short('p').allow_hyphen_values(true).help("Run this code and print its value"),
        switch("virtual").help("Run in the simulated world: virtual time, the same output every time"),
        value("sim", "KEY=VALUE").action(ArgAction::Append).help(
            "Declare what the simulated world is like, and run in it: disk=ssd|hdd|nfs, fs.read=2ms±1ms, dns=20ms, net=lan|wan, \
             cpu=1us/stmt, fail=fs.read:3:EIO, … (see the book's chapter on it)",
        ),
        value("seed", "N").help("Run in the simulated world that this seed makes: random numbers, latencies and ties follow from it"),
        value("node-semantics", "N").help("Follow the loop rules of Node 10, 18, 20, 22 or 24 [default: 24]"),
        value("choices", "LIST").help(
            "Run in the simulated world with these decisions, as explore gives them (0,2,1): the order that they bring about",
        ),
        value("stall", "MS").help("With --choices and explore: how long a machine may hold things up [default: 50]"),
        value("stack-trace-limit", "N").help("Lines of a stack trace [default: 10]"),
        value("max-old-space-size", "MIB").help("The limit of the heap in MiB"),
        switch("no-tier").help("Don't specialise the instructions of hot functions"),
        value("gc-every", "N").help("Collect the heap at every Nth safepoint (a call or a backward jump) as well"),
        switch("expose-gc").help("Provide gc()"),
    ]
}
