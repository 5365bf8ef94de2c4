//! `looplab graph`: who imports whom, in which order it was loaded, and how long that took.

use crate::help::program_args;
use crate::hiargs;
use crate::lowargs::{LowProgram, Problem};
use crate::output;
use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, ArgMatches, Command};
use looplab_module_loader::registry::{Module, Registry, State};
use looplab_module_loader::url::file_url_to_path;
use looplab_probe::StopReason;
use looplab_runtime::{ModuleGraph, Options, StopSwitch};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// Seconds that a program may run before its graph is shown as far as it goes.
const PATIENCE: u64 = 10;

/// What to run, and how to tell it.
pub struct Graph {
    options: Box<Options>,
    format: Format,
    seconds: u64,
    builtins: bool,
}

#[derive(Clone, Copy)]
enum Format {
    Text,
    Dot,
    Json,
}

/// What clap knows of it.
pub fn command() -> Command {
    Command::new("graph")
        .about("Show who imports whom: the tree of modules, cycles, load order and time")
        .long_about(
            "Run a program and show the graph of its modules: who imports whom and by which name, the cycles among them, the order in \
             which they were through, and the time each took with all that it loaded.\nWhat the program prints is not shown. \
             The exit code is the program's.",
        )
        .override_usage("looplab graph [FLAGS] FILE [ARGS]...")
        .args(program_args())
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(["text", "dot", "json"].map(PossibleValue::new))
                .help("text, dot (for Graphviz) or json [default: text]"),
        )
        .arg(Arg::new("seconds").long("seconds").value_name("N").help("Stop the program after so many seconds [default: 10]"))
        .arg(Arg::new("builtins").long("builtins").action(ArgAction::SetTrue).help("Show Node's own modules in the tree, too"))
}

impl Graph {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches, program: LowProgram) -> Result<Graph, Problem> {
        if program.entry.is_none() {
            return Err("graph needs a FILE".into());
        }
        let mut options = hiargs::options(program)?;
        options.quiet = true;
        let format = match matches.get_one::<String>("format").map(String::as_str) {
            Some("dot") => Format::Dot,
            Some("json") => Format::Json,
            _ => Format::Text,
        };
        Ok(Graph {
            options: Box::new(options),
            format,
            seconds: super::number(matches, "seconds", PATIENCE)?,
            builtins: matches.get_flag("builtins"),
        })
    }
}

/// Runs the program and shows its graph; the exit code.
pub fn run(what: Graph) -> i32 {
    let Graph { mut options, format, seconds, builtins } = what;
    let (graph, switch) = (ModuleGraph::default(), StopSwitch::new());
    options.graph = Some(graph.clone());
    options.stop = Some(switch.clone());
    let (done, over) = std::sync::mpsc::channel::<()>();
    let patience = std::thread::spawn(move || {
        if over
            .recv_timeout(Duration::from_secs(seconds))
            .is_err_and(|e| e == std::sync::mpsc::RecvTimeoutError::Timeout)
        {
            switch.stop(StopReason::Time);
        }
    });
    let code = looplab_runtime::run(*options).exit_code;
    drop(done);
    // It only waits.
    let _ = patience.join();
    let cwd = std::env::current_dir().unwrap_or_default();
    let text = graph.read(|registry| match format {
        Format::Dot => registry.to_dot(|module| label(module, &cwd)),
        Format::Json => format!("{:#}\n", registry.to_json()),
        Format::Text => told(registry, &cwd, builtins),
    });
    match output::print(&text) {
        0 => code,
        failed => failed,
    }
}

/// A module's name for people: relative to the working directory, if it is in there.
fn label(module: &Module<()>, cwd: &Path) -> String {
    let path = file_url_to_path(&module.key).unwrap_or_else(|_| module.key.clone());
    match Path::new(&path).strip_prefix(cwd) {
        Ok(inside) => inside.display().to_string(),
        Err(_) => path,
    }
}

fn millis(nanoseconds: Option<u64>) -> String {
    nanoseconds.map_or_else(|| "-".into(), |ns| format!("{:.2} ms", ns as f64 / 1e6))
}

fn told(registry: &Registry<()>, cwd: &Path, builtins: bool) -> String {
    let mut out = String::new();
    let named = |module: &Module<()>| {
        let failed = if module.state == State::Errored { "  failed" } else { "" };
        format!("{}{failed}", label(module, cwd))
    };
    // Whoever nobody asked for began it.
    for (id, module) in registry.modules() {
        if registry.importers_of(id).next().is_none() && !module.key.starts_with("node:") {
            for line in registry.to_text(id, named).lines() {
                if builtins || !line.trim_start().starts_with("node:") {
                    out.push_str(&format!("{line}\n"));
                }
            }
        }
    }
    let cycles = registry.cycles();
    if !cycles.is_empty() {
        out.push_str("\ncycles\n");
        for cycle in &cycles {
            let mut names: Vec<String> = cycle.iter().map(|id| label(registry.get(*id), cwd)).collect();
            names.push(names[0].clone());
            // Writing to a string does not fail.
            let _ = writeln!(out, "  {}", names.join(" → "));
        }
    }
    let order: Vec<_> = registry
        .load_order()
        .iter()
        .map(|id| registry.get(*id))
        .filter(|m| !m.key.starts_with("node:"))
        .collect();
    out.push_str("\nload order (with what each loaded)\n");
    for (i, module) in order.iter().enumerate() {
        let _ = writeln!(out, "{:>4}  {:>10}  {}", i + 1, millis(module.duration), named(module));
    }
    out
}
