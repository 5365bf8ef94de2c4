//! Runs a script with the runtime alone, without the command line's options: `cargo run --example run -- FILE [ARGS]`.

fn main() {
    let mut args = std::env::args().skip(1);
    let Some(file) = args.next() else {
        eprintln!("usage: run FILE [ARGS]");
        std::process::exit(9);
    };
    let mut options = looplab_runtime::Options::new(looplab_runtime::Entry::File(file.into()));
    options.args = args.collect();
    std::process::exit(looplab_runtime::run(options).exit_code);
}
