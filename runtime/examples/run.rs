//! Runs a script with the runtime alone: no command line of its own, no instruments.

use looplab_runtime::{Entry, Options, run};

fn main() {
    let Some(file) = std::env::args().nth(1) else { return eprintln!("usage: run FILE") };
    std::process::exit(run(Options::new(Entry::File(file.into()))).exit_code);
}
