//! What was meant: checked values, defaults, and what the terminal can do.

use crate::lowargs::{LowArgs, LowEntry, LowProgram, LowStep, LowTrace, LowWatch, Problem};
use looplab_event_loop::Profile;
use looplab_lab::step::StepOptions;
use looplab_lab::trace::TextOptions;
use looplab_runtime::{Decisions, Entry, ExploreOptions, Options, Unhandled};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::str::FromStr;

/// Wider lines are hard to read even where there is room for them.
const WIDEST: usize = 160;

/// What is to be done.
pub enum Command {
    /// Run a program.
    Run(Box<Options>),
    /// Run it under many seeds.
    Sweep(crate::sweep::Sweep),
    /// Run it and tell its story.
    Trace(Box<Trace>),
    /// Step through a run.
    Step(Box<Step>),
    /// Show a file's bytecode.
    Disasm(Disasm),
    /// An instrument.
    Lab(Box<crate::lab::Instrument>),
    /// Print a text.
    Print(String),
}

/// A program and how to tell its story.
pub struct Trace {
    /// The run.
    pub options: Options,
    /// What form the story takes.
    pub format: Format,
    /// Where it goes; standard output if `None`.
    pub output: Option<PathBuf>,
}

/// A run to step through.
pub struct Step {
    /// Which.
    pub what: StepWhat,
    /// Seconds that the program may run.
    pub seconds: u64,
    /// How it is shown.
    pub options: StepOptions,
}

/// Where the run comes from.
pub enum StepWhat {
    /// It is recorded now.
    Program(Box<Options>),
    /// It was recorded before.
    Log(PathBuf),
}

/// The form of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text(TextOptions),
    /// The log.
    Json,
    /// For the Perfetto UI.
    Perfetto,
    /// What the explorer wants to know of a run.
    Outcome,
    /// The same of many runs, asked for through the socket that the output names.
    Outcomes,
    /// Recorded and thrown away: what recording costs.
    Nothing,
}

/// Whose bytecode to show.
pub struct Disasm {
    /// The file.
    pub file: PathBuf,
    /// Only this function.
    pub function: Option<String>,
    /// Run it, and show what became of the code of functions that were hot.
    pub second_tier: bool,
}

impl Command {
    /// Checks what was typed.
    pub fn new(low: LowArgs) -> Result<Command, Problem> {
        Ok(match low {
            LowArgs::Print(text) => Command::Print(text),
            LowArgs::Disasm { file, function, second_tier } => {
                Command::Disasm(Disasm { file: file.into(), function, second_tier })
            }
            LowArgs::Lab(name, matches, program) => {
                Command::Lab(Box::new(crate::lab::Instrument::new(&name, &matches, program)?))
            }
            LowArgs::Run(mut program) if program.entry.is_none() && std::io::stdin().is_terminal() => {
                program.entry = Some(LowEntry::Repl);
                Command::Run(Box::new(repl(program)?))
            }
            LowArgs::Run(program) if program.entry == Some(LowEntry::Repl) => {
                Command::Run(Box::new(repl(program)?))
            }
            LowArgs::Run(program) if program.sweep_seeds.is_some() => {
                Command::Sweep(crate::sweep::Sweep::new(program)?)
            }
            LowArgs::Run(mut program) => match program.watch.take() {
                Some(watch) => Command::Run(Box::new(watched(program, watch)?)),
                None => Command::Run(Box::new(options(program)?)),
            },
            LowArgs::Step(program, low) => Command::Step(Box::new(step(program, low)?)),
            LowArgs::Trace(program, low) => Command::Trace(Box::new(trace(program, low)?)),
        })
    }
}

/// What a program is run with.
pub fn options(low: LowProgram) -> Result<Options, Problem> {
    let entry = match low.entry {
        Some(LowEntry::File(file)) => Entry::File(file.into()),
        Some(LowEntry::Eval(code)) => Entry::Eval(code),
        Some(LowEntry::Print(code)) => Entry::Print(code),
        Some(LowEntry::Stdin) | None => Entry::Stdin,
        Some(LowEntry::Repl) => Entry::Repl,
    };
    let mut options = Options::new(entry);
    (options.args, options.exec_args) = (low.args, low.exec_args);
    options.load = low.load;
    (options.simulated, options.expose_gc) = (low.simulated, low.expose_gc);
    options.node = low.node;
    options.stack_trace_limit = number("--stack-trace-limit", low.stack_trace_limit)?;
    let mib: Option<u32> = number("--max-old-space-size", low.max_old_space_size)?;
    options.heap_limit = mib.filter(|mib| *mib > 0).map(|mib| (mib as usize).saturating_mul(1 << 20));
    options.gc_every = number("--gc-every", low.gc_every)?;
    options.tiering = !low.no_tier;
    if let Some(text) = low.node_semantics {
        let profile = text.parse().ok().and_then(Profile::from_major);
        options.profile =
            profile.ok_or_else(|| format!("--node-semantics knows 10, 18, 20, 22 and 24, not '{text}'"))?;
    }
    if !options.profile.rules().rejections_throw && options.node.unhandled == Unhandled::Throw {
        options.node.unhandled = Unhandled::Warn;
    }
    for text in &low.sim {
        options.simulation.declare(text).map_err(|problem| format!("--sim: {problem}"))?;
    }
    options.simulation.seed = number("--seed", low.seed)?;
    options.simulated |= !low.sim.is_empty() || options.simulation.seed.is_some();
    options.explore = decisions(low.choices, low.stall)?;
    Ok(options)
}

/// `--watch`: a program that is built in runs the other one, again and again.
fn watched(program: LowProgram, watch: LowWatch) -> Result<Options, Problem> {
    let Some(LowEntry::File(file)) = &program.entry else {
        return Err("--watch needs a FILE".into());
    };
    let file = file.to_string_lossy().into_owned();
    let shown: Vec<&str> = std::iter::once(&*file).chain(program.args.iter().map(String::as_str)).collect();
    let shown = shown.join(" ");
    let args: Vec<&String> = program.exec_args.iter().chain([&file]).chain(&program.args).collect();
    let what =
        serde_json::json!({ "args": args, "shown": shown, "paths": watch.paths, "preserve": watch.preserve });
    let mut options = Options::new(Entry::Eval(include_str!("watch.js").to_owned()));
    options.args = vec![what.to_string()];
    Ok(options)
}

/// The REPL records what its lines do, so that it can be asked.
fn repl(program: LowProgram) -> Result<Options, Problem> {
    let mut options = options(program)?;
    options.record = Some(looplab_probe::Options::default());
    options.explain = Some(crate::repl::explain);
    Ok(options)
}

/// The decisions of `--choices 0,2,1`.
fn decisions(choices: Option<String>, stall: Option<String>) -> Result<Option<Decisions>, Problem> {
    let mut limits = ExploreOptions::default();
    limits.stall = number("--stall", stall.clone())?.unwrap_or(limits.stall);
    let Some(choices) = choices else {
        return Ok(stall.map(|_| Decisions { taken: Vec::new(), limits }));
    };
    let words = choices.split(',').map(str::trim).filter(|word| !word.is_empty());
    let taken: Result<Vec<u32>, _> = words.map(str::parse).collect();
    let taken = taken.map_err(|_| format!("--choices takes numbers with commas between, not '{choices}'"))?;
    Ok(Some(Decisions { taken, limits }))
}

/// A flag's number.
pub fn number<N: FromStr>(flag: &str, text: Option<String>) -> Result<Option<N>, Problem> {
    let parsed = text.map(|text| text.parse().map_err(|_| format!("{flag} takes a number, not '{text}'")));
    parsed.transpose()
}

fn trace(program: LowProgram, low: LowTrace) -> Result<Trace, Problem> {
    if program.entry.is_none() && std::io::stdin().is_terminal() {
        return Err("trace needs a FILE (or -e CODE, or - for standard input)".into());
    }
    let mut options = options(program)?;
    let output = low.output.map(PathBuf::from);
    let limit: Option<usize> = number("--limit", low.limit)?;
    let width: Option<usize> = number("--width", low.width)?;
    let mut record = looplab_probe::Options::default();
    let format = match low.format.as_deref() {
        None | Some("text") => {
            let mut text = TextOptions::default();
            let terminal = output.is_none() && std::io::stdout().is_terminal();
            text.width = width.or_else(|| terminal.then(columns).flatten()).unwrap_or(text.width);
            text.color = terminal && !low.no_color && colors_are_welcome();
            text.limit = limit.map_or(text.limit, |limit| (limit > 0).then_some(limit));
            Format::Text(text)
        }
        other => {
            match limit {
                Some(0) => record.max_events = usize::MAX,
                Some(limit) => record.max_events = limit,
                None => {}
            }
            if low.steps && matches!(other, Some("json" | "none")) {
                record.without.retain(|group| *group != looplab_probe::Group::Statement);
            }
            match other {
                Some("json") => Format::Json,
                Some("outcome") => Format::Outcome,
                Some("outcomes") => Format::Outcomes,
                Some("none") => Format::Nothing,
                _ => Format::Perfetto,
            }
        }
    };
    if low.phases {
        record.without.extend([
            looplab_probe::Group::Queue,
            looplab_probe::Group::Promise,
            looplab_probe::Group::Heap,
        ]);
    }
    options.record = Some(record);
    options.quiet = output.is_none() || matches!(format, Format::Outcome | Format::Outcomes);
    Ok(Trace { options, format, output })
}

/// Seconds that a program may run while it is recorded, unless `--seconds` says otherwise.
const PATIENCE: u64 = 10;

fn step(program: LowProgram, low: LowStep) -> Result<Step, Problem> {
    let limit: Option<usize> = number("--limit", low.limit)?;
    let seconds = number("--seconds", low.seconds)?.unwrap_or(PATIENCE);
    let at = number("--at", low.at)?;
    let shown = StepOptions { color: !low.no_color && colors_are_welcome(), at };
    let what = match &program.entry {
        None => {
            return Err("step needs a FILE: a script, or a log that `trace --format json` has written".into());
        }
        Some(LowEntry::Stdin | LowEntry::Repl) => {
            return Err("step reads keys from the terminal: it can't take the script from there".into());
        }
        Some(LowEntry::File(file)) if crate::step::is_log(file.as_ref()) => StepWhat::Log(file.into()),
        Some(_) => {
            let mut options = options(program)?;
            let mut record = looplab_probe::Options { without: Vec::new(), ..Default::default() };
            record.max_events = limit.filter(|limit| *limit > 0).unwrap_or(record.max_events);
            (options.record, options.quiet) = (Some(record), true);
            StepWhat::Program(Box::new(options))
        }
    };
    Ok(Step { what, seconds, options: shown })
}

/// The terminal's width.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col).min(WIDEST))
}

/// See <https://no-color.org>.
fn colors_are_welcome() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
