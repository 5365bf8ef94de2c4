//! The `looplab` binary: arguments in, exit code out.
//!
//! [`lowargs`] is what was typed, [`hiargs`] what it means; each command is a file of its own. `looplab FILE` takes a short way that
//! never touches the machinery of help texts: an empty script's wall time is part of the product.
#![forbid(unsafe_code)]

mod anywhere;
mod disasm;
mod help;
mod hiargs;
mod lab;
mod lowargs;
mod nodeflags;
mod outcomes;
mod output;
mod repl;
mod step;
mod sweep;
mod trace;

use hiargs::Command;
use std::io::Write as _;

/// The exit code of a wrong command line, as in Node.
const USAGE: i32 = 9;

fn main() {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let node_options = std::env::var("NODE_OPTIONS").unwrap_or_default();
    let parsed = lowargs::parse(args, &node_options);
    if let Some(note) = parsed.as_ref().ok().and_then(lowargs::LowArgs::note) {
        let _ = writeln!(std::io::stderr(), "looplab: note: {note}");
    }
    let code = match parsed.and_then(hiargs::Command::new) {
        Ok(command) => run(command),
        Err(problem) => {
            // Nobody is left to tell if this fails.
            let _ = writeln!(std::io::stderr(), "looplab: {problem}\n{}", help::USAGE);
            USAGE
        }
    };
    std::process::exit(code);
}

fn run(command: Command) -> i32 {
    if let Err(problem) = looplab_runtime::restore_signals() {
        // The program runs all the same; nobody is left to tell if this fails.
        let _ = writeln!(std::io::stderr(), "looplab: signals stay as they were: {problem}");
    }
    match command {
        Command::Run(options) => looplab_runtime::run(*options).exit_code,
        Command::Sweep(what) => sweep::run(&what),
        Command::Trace(what) => trace::run(*what),
        Command::Step(what) => step::run(*what),
        Command::Disasm(what) => disasm::run(&what),
        Command::Lab(what) => lab::run(*what),
        Command::Print(text) => output::print(&text),
    }
}
