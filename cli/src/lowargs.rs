//! What was typed: pure parsing, no meaning yet.
//!
//! Running a program is parsed by hand, since flags end at the program's name, as in Node, and since it must cost nothing. The other
//! commands are clap's.

use crate::{help, nodeflags};
use clap::ArgMatches;
use looplab_runtime::NodeFlags;
use std::ffi::{OsStr, OsString};

/// Why the command line is wrong, in one line.
pub type Problem = String;

/// A parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub enum LowArgs {
    /// Run a program.
    Run(LowProgram),
    /// Run it and tell its story.
    Trace(LowProgram, LowTrace),
    /// Run it and step through what it did.
    Step(LowProgram, LowStep),
    /// Show a file's bytecode.
    Disasm {
        /// The file.
        file: OsString,
        /// Only this function.
        function: Option<String>,
        /// `--tier`: the code that a run leaves behind.
        second_tier: bool,
    },
    /// An instrument: its name, its own flags, and the program if it takes one.
    Lab(String, Box<ArgMatches>, LowProgram),
    /// Print a text and succeed.
    Print(String),
}

impl LowArgs {
    /// What the user may have meant otherwise: it is done as it was typed, and said.
    pub fn note(&self) -> Option<String> {
        let (LowArgs::Trace(program, _) | LowArgs::Step(program, _) | LowArgs::Lab(_, _, program)) = self
        else {
            return None;
        };
        let flag = program.misplaced.as_ref()?;
        Some(format!(
            "{flag} stands behind the program and is passed to it; flags for running the program stand before it"
        ))
    }
}

/// The program and how to run it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LowProgram {
    /// What to run; `None` if nothing was named.
    pub entry: Option<LowEntry>,
    /// What follows it.
    pub args: Vec<String>,
    /// A flag for running it among them, which now is its own.
    pub misplaced: Option<String>,
    /// The flags before it, as they were typed.
    pub exec_args: Vec<String>,
    /// `--print` without a text: what `--eval` gives is printed.
    pub print: bool,
    /// `--virtual`
    pub simulated: bool,
    /// `--sim`, each as typed.
    pub sim: Vec<String>,
    /// `--seed`
    pub seed: Option<String>,
    /// `--sweep-seeds`
    pub sweep_seeds: Option<String>,
    /// `--expose-gc`
    pub expose_gc: bool,
    /// `--stack-trace-limit`
    pub stack_trace_limit: Option<String>,
    /// `--max-old-space-size`
    pub max_old_space_size: Option<String>,
    /// `--gc-every`
    pub gc_every: Option<String>,
    /// `--no-tier`
    pub no_tier: bool,
    /// `--node-semantics`
    pub node_semantics: Option<String>,
    /// How the program is found and loaded.
    pub load: looplab_runtime::LoadFlags,
    /// Node's own flags.
    pub node: NodeFlags,
    /// `--watch`, `--watch-path` and `--watch-preserve-output`
    pub watch: Option<LowWatch>,
    /// `--choices`
    pub choices: Option<String>,
    /// `--stall`
    pub stall: Option<String>,
}

/// How to watch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LowWatch {
    /// What to watch instead of the files that are loaded.
    pub paths: Vec<String>,
    /// Don't clear the screen.
    pub preserve: bool,
}

/// Where the program's text is.
#[derive(Debug, PartialEq, Eq)]
pub enum LowEntry {
    /// A file.
    File(OsString),
    /// `-e CODE`
    Eval(String),
    /// `-p CODE`
    Print(String),
    /// `-`
    Stdin,
    /// `-i`
    Repl,
}

/// How to tell the story.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LowTrace {
    /// `--format`
    pub format: Option<String>,
    /// `-o`
    pub output: Option<OsString>,
    /// `--limit`
    pub limit: Option<String>,
    /// `--width`
    pub width: Option<String>,
    /// `--steps`
    pub steps: bool,
    /// `--phases`
    pub phases: bool,
    /// `--no-color`
    pub no_color: bool,
}

/// How to step.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LowStep {
    /// `--limit`
    pub limit: Option<String>,
    /// `--seconds`
    pub seconds: Option<String>,
    /// `--at`
    pub at: Option<String>,
    /// `--no-color`
    pub no_color: bool,
}

/// Parses what follows the program's own name. `node_options`: the flags in the environment, which come first.
pub fn parse(args: Vec<OsString>, node_options: &str) -> Result<LowArgs, Problem> {
    let mut program = LowProgram::default();
    nodeflags::take_environment(&mut program, node_options)?;
    match args.first().and_then(|first| first.to_str()) {
        Some("run") => parse_program(&args[1..], "run", program),
        Some("serve") => Ok(parse_serve(&args[1..])),
        Some("trace" | "step" | "disasm" | "help") => parse_command(args, program),
        Some(name) if crate::lab::NAMES.contains(&name) => parse_command(args, program),
        _ => parse_program(&args, "", program),
    }
}

/// `looplab [flags] FILE [args…]`
fn parse_program(args: &[OsString], command: &str, mut program: LowProgram) -> Result<LowArgs, Problem> {
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let text = arg.to_string_lossy();
        match &*text {
            "-h" | "--help" => return Ok(LowArgs::Print(help::long(command))),
            "-v" | "--version" => return Ok(LowArgs::Print(help::version())),
            "--" => {
                if program.entry.is_none() {
                    program.entry = rest.next().map(file_or_stdin);
                }
                break;
            }
            // Its text is optional where another flag follows: `--print --eval TEXT`.
            "-p" | "--print" if rest.as_slice().first().is_some_and(|arg| is_flag(arg)) => {
                program.print = true;
                program.exec_args.push(text.into_owned());
            }
            flag if flag.len() > 1 && flag.starts_with('-') => {
                let mut value = || rest.next().map(|value| value.to_string_lossy().into_owned());
                program.flag(flag, &mut value)?;
            }
            _ => {
                if program.entry.is_none() {
                    program.entry = Some(file_or_stdin(arg));
                } else {
                    program.args.push(text.into_owned());
                }
                break;
            }
        }
    }
    program.args.extend(rest.map(|arg| arg.to_string_lossy().into_owned()));
    if program.print {
        program.entry = match program.entry {
            Some(LowEntry::Eval(code)) => Some(LowEntry::Print(code)),
            other => other,
        };
    }
    Ok(LowArgs::Run(program))
}

/// `looplab serve DIR …`: a program that is built in; it reads its own flags.
fn parse_serve(args: &[OsString]) -> LowArgs {
    let args: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    if args.iter().any(|arg| arg == "-h" || arg == "--help") {
        return LowArgs::Print(help::long("serve"));
    }
    let entry = Some(LowEntry::Eval(include_str!("serve.js").to_owned()));
    LowArgs::Run(LowProgram { entry, args, ..LowProgram::default() })
}

fn file_or_stdin(arg: &OsString) -> LowEntry {
    if arg == "-" { LowEntry::Stdin } else { LowEntry::File(arg.clone()) }
}

impl LowProgram {
    /// Takes a flag, and its value if it has one and none was given after `=`.
    pub(crate) fn flag(
        &mut self,
        flag: &str,
        next: &mut dyn FnMut() -> Option<String>,
    ) -> Result<(), Problem> {
        let (name, inline) = match flag.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (flag, None),
        };
        let mut taken = None;
        let mut value = || {
            taken = inline.clone().or_else(&mut *next);
            taken.clone().ok_or_else(|| format!("{name} requires an argument"))
        };
        // V8's flags may be written with underscores.
        match name.replace('_', "-").as_str() {
            "-e" | "--eval" => self.entry = Some(LowEntry::Eval(value()?)),
            "-p" | "--print" | "-pe" => self.entry = Some(LowEntry::Print(value()?)),
            // Not among what the program sees as its flags: it is run without them.
            "--watch" if inline.is_none() => {
                self.watch.get_or_insert_default();
                return Ok(());
            }
            "--watch-path" => {
                let path = value()?;
                self.watch.get_or_insert_default().paths.push(path);
                return Ok(());
            }
            "--watch-preserve-output" if inline.is_none() => {
                self.watch.get_or_insert_default().preserve = true;
                return Ok(());
            }
            "-i" | "--interactive" if inline.is_none() => self.entry = Some(LowEntry::Repl),
            "--virtual" if inline.is_none() => self.simulated = true,
            "--sim" => self.sim.push(value()?),
            "--seed" => self.seed = Some(value()?),
            "--sweep-seeds" => {
                // Not for the runs themselves.
                self.sweep_seeds = Some(value()?);
                return Ok(());
            }
            "--expose-gc" if inline.is_none() => self.expose_gc = true,
            "--stack-trace-limit" => self.stack_trace_limit = Some(value()?),
            "--max-old-space-size" => self.max_old_space_size = Some(value()?),
            "--gc-every" => self.gc_every = Some(value()?),
            "--no-tier" if inline.is_none() => self.no_tier = true,
            "--node-semantics" => self.node_semantics = Some(value()?),
            "--choices" => self.choices = Some(value()?),
            "--stall" => self.stall = Some(value()?),
            name if self.load.take(name, &mut value)? => {}
            name if nodeflags::take(&mut self.node, name, &mut value)? => {}
            _ => return Err(format!("bad option: {flag}")),
        }
        self.exec_args.push(flag.to_owned());
        if let (Some(value), None) = (taken, inline) {
            self.exec_args.push(value);
        }
        Ok(())
    }
}

/// `looplab trace …`, `looplab disasm …`, `looplab help …`
fn parse_command(args: Vec<OsString>, program: LowProgram) -> Result<LowArgs, Problem> {
    let args = crate::anywhere::flags_first(&help::command(), args);
    let matches = match help::command().try_get_matches_from(std::iter::once("looplab".into()).chain(args)) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return Ok(LowArgs::Print(error.render().to_string())),
        Err(error) => return Err(problem_of(&error)),
    };
    match matches.subcommand() {
        Some(("trace", matches)) => parse_trace(matches, program),
        Some(("step", matches)) => Ok(LowArgs::Step(
            program_of("step", matches, program)?,
            LowStep {
                limit: matches.get_one::<String>("limit").cloned(),
                seconds: matches.get_one::<String>("seconds").cloned(),
                at: matches.get_one::<String>("at").cloned(),
                no_color: matches.get_flag("no-color"),
            },
        )),
        Some(("disasm", matches)) => Ok(LowArgs::Disasm {
            file: matches.get_one::<OsString>("FILE").cloned().unwrap_or_default(),
            function: matches.get_one::<String>("function").cloned(),
            second_tier: matches.get_one::<String>("tier").is_some_and(|tier| tier == "2"),
        }),
        Some((name, matches)) if crate::lab::NAMES.contains(&name) => {
            let program = match crate::lab::takes_a_program(name) {
                true => program_of(name, matches, program)?,
                false => LowProgram::default(),
            };
            Ok(LowArgs::Lab(name.to_owned(), Box::new(matches.clone()), program))
        }
        _ => Ok(LowArgs::Print(help::long(""))),
    }
}

/// clap's complaint in one line, in Node's words where Node has words for it.
fn problem_of(error: &clap::Error) -> Problem {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    if let (ErrorKind::UnknownArgument, Some(ContextValue::String(flag))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    {
        return format!("bad option: {flag}");
    }
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let first = lines.next().unwrap_or("bad command line");
    let rest: Vec<_> = lines.collect();
    [first.strip_prefix("error: ").unwrap_or(first), &rest.join(" ")].join(" ").trim_end().to_owned()
}

/// The program and its flags, out of a command that takes one. `typed`: what the environment says.
fn program_of(command: &str, matches: &ArgMatches, typed: LowProgram) -> Result<LowProgram, Problem> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let mut program = LowProgram {
        simulated: matches.get_flag("virtual") || typed.simulated,
        sim: typed.sim.into_iter().chain(matches.get_many("sim").into_iter().flatten().cloned()).collect(),
        seed: text("seed").or(typed.seed),
        expose_gc: matches.get_flag("expose-gc") || typed.expose_gc,
        stack_trace_limit: text("stack-trace-limit").or(typed.stack_trace_limit),
        max_old_space_size: text("max-old-space-size").or(typed.max_old_space_size),
        gc_every: text("gc-every").or(typed.gc_every),
        no_tier: matches.get_flag("no-tier") || typed.no_tier,
        node_semantics: text("node-semantics").or(typed.node_semantics),
        choices: text("choices").or(typed.choices),
        stall: text("stall").or(typed.stall),
        node: typed.node,
        ..LowProgram::default()
    };
    nodeflags::take_matches(&mut program.node, matches)?;
    program.entry = text("eval").map(LowEntry::Eval).or(text("print").map(LowEntry::Print));
    let mut words = matches.get_many::<OsString>("PROGRAM").into_iter().flatten();
    if program.entry.is_none()
        && let Some(first) = words.next()
    {
        if is_flag(first) {
            return Err(format!("bad option: {}", first.to_string_lossy()));
        }
        program.entry = Some(file_or_stdin(first));
    }
    program.args = words.map(|word| word.to_string_lossy().into_owned()).collect();
    program.misplaced = misplaced(command, &program.args);
    Ok(program)
}

/// The first flag for running the program that stands behind it, where it is the program's own.
fn misplaced(command: &str, args: &[String]) -> Option<String> {
    let all = help::command();
    let own: Vec<_> =
        all.find_subcommand(command)?.get_arguments().filter_map(|arg| arg.get_long()).collect();
    let mut flags = args.iter().take_while(|arg| *arg != "--");
    let is_own = |arg: &&String| {
        let name = arg.strip_prefix("--").unwrap_or_default();
        own.contains(&name.split_once('=').map_or(name, |(name, _)| name))
    };
    flags.find(is_own).cloned()
}

fn parse_trace(matches: &ArgMatches, program: LowProgram) -> Result<LowArgs, Problem> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let program = program_of("trace", matches, program)?;
    let trace = LowTrace {
        format: text("format"),
        output: matches.get_one::<OsString>("output").cloned(),
        limit: text("limit"),
        width: text("width"),
        steps: matches.get_flag("steps"),
        phases: matches.get_flag("phases"),
        no_color: matches.get_flag("no-color"),
    };
    Ok(LowArgs::Trace(program, trace))
}

fn is_flag(word: &OsStr) -> bool {
    word.len() > 1 && word.as_encoded_bytes().starts_with(b"-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<LowArgs, Problem> {
        parse(line.split_whitespace().map(OsString::from).collect(), "")
    }

    fn program(line: &str) -> LowProgram {
        match parsed(line) {
            Ok(LowArgs::Run(program) | LowArgs::Trace(program, _) | LowArgs::Step(program, _)) => program,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn flags_end_at_the_program() {
        for line in [
            "a.js --foo -e",
            "run a.js --foo -e",
            "trace a.js --foo -e",
            "step a.js --foo -e",
            "-- a.js --foo -e",
        ] {
            let program = program(line);
            assert_eq!(program.entry, Some(LowEntry::File("a.js".into())), "{line}");
            assert_eq!(program.args, ["--foo", "-e"], "{line}");
        }
        assert_eq!(program("run trace").entry, Some(LowEntry::File("trace".into())));
        assert_eq!(program("- x").entry, Some(LowEntry::Stdin));
        let eval = program("--expose_gc -e 1+1 x y");
        assert_eq!(eval.entry, Some(LowEntry::Eval("1+1".into())));
        assert!(eval.expose_gc);
        assert_eq!(eval.exec_args, ["--expose_gc", "-e", "1+1"]);
        assert_eq!(eval.args, ["x", "y"]);
    }

    #[test]
    fn values_come_after_an_equals_sign_or_as_the_next_word() {
        for line in ["--node-semantics=18 a.js", "--node-semantics 18 a.js", "trace --node-semantics=18 a.js"]
        {
            assert_eq!(program(line).node_semantics.as_deref(), Some("18"), "{line}");
        }
        assert_eq!(program("--stack_trace_limit=3 a.js").stack_trace_limit.as_deref(), Some("3"));
    }

    #[test]
    fn flags_behind_the_program_are_noticed() {
        let note = |line: &str| parsed(line).ok().and_then(|args| args.note());
        assert!(note("view a.js --seed=3").is_some_and(|text| text.starts_with("--seed=3 ")));
        assert!(note("trace a.js x --virtual").is_some());
        // The instruments' own flags are theirs wherever they stand.
        for line in
            ["trace a.js --format json", "view a.js --export p", "view a.js -- --export p", "a.js --virtual"]
        {
            assert_eq!(note(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, problem) in [
            ("--foo a.js", "bad option: --foo"),
            ("--virtual=1 a.js", "bad option: --virtual=1"),
            ("-e", "-e requires an argument"),
            ("trace --foo a.js", "bad option: --foo"),
            ("disasm --foo a.js", "bad option: --foo"),
        ] {
            assert_eq!(parsed(line), Err(problem.to_owned()), "{line}");
        }
        assert!(parsed("disasm").unwrap_err().contains("<FILE>"));
    }

    #[test]
    fn a_trace_has_its_own_flags() {
        let Ok(LowArgs::Trace(program, trace)) =
            parsed("trace --format json -o x.json --limit 5 --virtual a.js")
        else {
            panic!()
        };
        assert!(program.simulated);
        let output = Some("x.json".into());
        let (format, limit) = (Some("json".to_owned()), Some("5".to_owned()));
        assert_eq!(trace, LowTrace { format, output, limit, ..LowTrace::default() });
    }

    #[test]
    fn help_and_version_are_texts() {
        let lines = [
            "--help",
            "run --help",
            "serve --help",
            "trace --help",
            "step --help",
            "disasm -h",
            "help",
            "help trace",
        ];
        for line in lines {
            let Ok(LowArgs::Print(text)) = parsed(line) else { panic!("{line}") };
            assert!(text.contains("Usage:"), "{line}: {text}");
        }
        assert!(
            matches!(parsed("--version"), Ok(LowArgs::Print(text)) if text.contains("Node 24 semantics"))
        );
    }
}
