//! Prints the bytecode of a file: `cargo run -p looplab-compiler --example disasm -- FILE [script|module|body]`.

use looplab_bytecode::{DisasmOptions, Source, disassemble};
use looplab_compiler::{Goal, Options, compile};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let Some(file) = args.get(1) else {
        eprintln!("usage: disasm FILE [script|module|body]");
        std::process::exit(9);
    };
    let text = match std::fs::read_to_string(file) {
        Ok(t) => t,
        Err(e) => {
            eprintln!("{file}: {e}");
            std::process::exit(1);
        }
    };
    let goal = match args.get(2).map(String::as_str) {
        Some("module") => Goal::Module,
        Some("body") => Goal::FunctionBody {
            params: ["exports", "require", "module", "__filename", "__dirname"].map(String::from).to_vec(),
        },
        _ => Goal::Script,
    };
    let start = std::time::Instant::now();
    match compile(Source::new(file.as_str(), text, 0), &Options::new(goal)) {
        Ok(_) if args.get(3).is_some_and(|a| a == "time") => println!("{:?}", start.elapsed()),
        Ok(t) => print!("{}", disassemble(&t, &DisasmOptions::default())),
        Err(e) => {
            eprintln!("{file}:{}: {e}", e.span.start);
            std::process::exit(1);
        }
    }
}
