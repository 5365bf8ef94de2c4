//! The instruments' commands: what was typed for each, what it means, and the call into the lab.

mod bench;
mod bench_cold;
mod bench_http;
pub mod child;
mod clock;
mod compare;
mod explore;
mod graph;
mod heap;
mod quiz;
mod resolve;
mod session;
mod strategies;
mod tiers;
mod view;

use crate::hiargs;
use crate::lowargs::{LowEntry, LowProgram, Problem};
use clap::{ArgMatches, Command};
use std::path::Path;

/// The instruments by name.
pub const NAMES: &[&str] =
    &["bench", "compare", "explore", "graph", "heap", "quiz", "resolve", "strategies", "tiers", "view"];

/// An instrument with its arguments checked.
pub enum Instrument {
    /// `looplab explore`
    Explore(explore::Explore),
    /// `looplab graph`
    Graph(graph::Graph),
    /// `looplab heap`
    Heap(Box<heap::Heap>),
    /// `looplab resolve`
    Resolve(resolve::Resolve),
    /// `looplab bench`
    Bench(bench::Bench),
    /// `looplab compare`
    Compare(compare::Compare),
    /// `looplab quiz`
    Quiz(quiz::Quiz),
    /// `looplab strategies`
    Strategies(strategies::Strategies),
    /// `looplab tiers`
    Tiers(Box<tiers::Tiers>),
    /// `looplab view`
    View(view::View),
}

/// What clap knows of them.
pub fn commands() -> Vec<Command> {
    vec![
        bench::command(),
        compare::command(),
        explore::command(),
        graph::command(),
        heap::command(),
        quiz::command(),
        resolve::command(),
        strategies::command(),
        tiers::command(),
        view::command(),
    ]
}

/// Whether an instrument's arguments end in a program and its arguments, as those of `run` do.
pub fn takes_a_program(name: &str) -> bool {
    matches!(name, "explore" | "graph" | "heap" | "tiers" | "view")
}

/// What a program is called in reports: its file's name.
fn title(program: &LowProgram) -> String {
    match &program.entry {
        Some(LowEntry::File(file)) => {
            Path::new(file).file_name().unwrap_or(file).to_string_lossy().into_owned()
        }
        _ => "[eval]".into(),
    }
}

impl Instrument {
    /// Checks what was typed.
    pub fn new(name: &str, matches: &ArgMatches, program: LowProgram) -> Result<Instrument, Problem> {
        match name {
            "explore" => Ok(Instrument::Explore(explore::Explore::new(matches, program)?)),
            "graph" => Ok(Instrument::Graph(graph::Graph::new(matches, program)?)),
            "heap" => Ok(Instrument::Heap(Box::new(heap::Heap::new(matches, program)?))),
            "resolve" => Ok(Instrument::Resolve(resolve::Resolve::new(matches)?)),
            "bench" => Ok(Instrument::Bench(bench::Bench::new(matches)?)),
            "compare" => Ok(Instrument::Compare(compare::Compare::new(matches)?)),
            "quiz" => Ok(Instrument::Quiz(quiz::Quiz::new(matches)?)),
            "strategies" => Ok(Instrument::Strategies(strategies::Strategies::new(matches)?)),
            "tiers" => Ok(Instrument::Tiers(Box::new(tiers::Tiers::new(matches, program)?))),
            "view" => Ok(Instrument::View(view::View::new(matches, program)?)),
            _ => Err(format!("no such command: {name}")),
        }
    }
}

/// Uses an instrument; the exit code.
pub fn run(what: Instrument) -> i32 {
    match what {
        Instrument::Explore(explore) => explore::run(explore),
        Instrument::Graph(what) => graph::run(what),
        Instrument::Heap(what) => heap::run(*what),
        Instrument::Resolve(what) => resolve::run(&what),
        Instrument::Bench(bench) => bench::run(bench),
        Instrument::Compare(compare) => compare::run(compare),
        Instrument::Quiz(quiz) => quiz::run(quiz),
        Instrument::Strategies(what) => strategies::run(&what),
        Instrument::Tiers(what) => tiers::run(*what),
        Instrument::View(view) => view::run(view),
    }
}

/// The words of a command line that runs `program` again: its flags, then itself and its arguments.
fn again(program: &LowProgram) -> Result<Vec<std::ffi::OsString>, Problem> {
    let mut words: Vec<std::ffi::OsString> = Vec::new();
    let mut flag = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            words.push(format!("--{name}={value}").into());
        }
    };
    flag("node-semantics", &program.node_semantics);
    flag("seed", &program.seed);
    flag("stack-trace-limit", &program.stack_trace_limit);
    flag("max-old-space-size", &program.max_old_space_size);
    words.extend(program.sim.iter().map(|text| format!("--sim={text}").into()));
    if program.no_tier {
        words.push("--no-tier".into());
    }
    if program.expose_gc {
        words.push("--expose-gc".into());
    }
    match &program.entry {
        Some(LowEntry::File(file)) => words.push(file.clone()),
        Some(LowEntry::Eval(code)) => words.extend(["-e".into(), code.into()]),
        Some(LowEntry::Print(code)) => words.extend(["-p".into(), code.into()]),
        Some(LowEntry::Stdin | LowEntry::Repl) | None => {
            return Err("needs a FILE (or -e CODE): standard input can be read only once".into());
        }
    }
    words.extend(program.args.iter().map(Into::into));
    Ok(words)
}

/// A whole number behind a flag.
fn number(matches: &ArgMatches, name: &str, default: u64) -> Result<u64, Problem> {
    let text = matches.get_one::<String>(name).cloned();
    Ok(hiargs::number(&format!("--{name}"), text)?.unwrap_or(default))
}
