//! `looplab quiz`: shows a script, asks for its output, grades the answer against everything that is legal.

use crate::lab::{child, explore};
use crate::lowargs::{LowEntry, LowProgram, Problem};
use crate::output;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use looplab_lab::explore::{Findings, Order};
use looplab_lab::quiz::{Grade, Progress, Question, account, grade, questions};
use looplab_probe::codec;
use looplab_runtime::Script;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What to ask.
pub struct Quiz {
    file: Option<PathBuf>,
    only: Option<String>,
    list: bool,
    reset: bool,
}

/// What clap knows of it.
pub fn command() -> clap::Command {
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    clap::Command::new("quiz")
        .about("Predict the output of a script, then see: 40 scripts from first ticks to pool starvation")
        .long_about(
            "Shows a script and asks what it prints, line by line. Any legal order is right; a wrong one is told where it goes wrong, and by which rule. \
             Progress is kept in the user's data folder ($XDG_DATA_HOME/looplab/quiz.json).",
        )
        .arg(Arg::new("FILE").value_parser(value_parser!(OsString)).help("A script of your own instead"))
        .arg(Arg::new("name").long("name").value_name("NAME").help("This question"))
        .arg(switch("list").help("List the questions and what has been answered"))
        .arg(switch("reset").help("Forget all progress"))
}

impl Quiz {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches) -> Result<Quiz, Problem> {
        let only = matches.get_one::<String>("name").cloned();
        if let Some(name) = &only
            && !questions().iter().any(|question| question.name == *name)
        {
            return Err(format!("there is no question '{name}': looplab quiz --list names them"));
        }
        Ok(Quiz {
            file: matches.get_one::<OsString>("FILE").map(PathBuf::from),
            only,
            list: matches.get_flag("list"),
            reset: matches.get_flag("reset"),
        })
    }
}

/// Where progress is kept; `None` if the system names no place.
fn store() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = folder("XDG_DATA_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("looplab/quiz.json"))
}

fn load() -> Progress {
    // What isn't there, or is damaged, counts as no progress.
    store()
        .and_then(|path| std::fs::read(path).ok())
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default()
}

fn save(progress: &Progress) -> io::Result<()> {
    let Some(path) = store() else { return Ok(()) };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, serde_json::to_vec_pretty(progress)?)
}

/// Asks; the exit code.
pub fn run(what: Quiz) -> i32 {
    match ask_all(&what) {
        Ok(()) => 0,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => output::complain(&error.to_string()),
    }
}

fn ask_all(what: &Quiz) -> io::Result<()> {
    let mut out = io::stdout();
    if what.reset {
        save(&Progress::default())?;
        return writeln!(out, "all progress is forgotten");
    }
    let (mut progress, all) = (load(), questions());
    if what.list {
        for (at, question) in all.iter().enumerate() {
            let mark = if progress.right.contains(&question.name) { "x" } else { " " };
            writeln!(out, "[{mark}] {:2} {}", at + 1, question.name)?;
        }
        return Ok(());
    }
    if let Some(file) = &what.file {
        let text = std::fs::read_to_string(file)
            .map_err(|e| io::Error::other(format!("{}: {e}", file.display())))?;
        let own = Question { name: file.display().to_string(), script: text, rule: String::new() };
        ask(&own, file, &mut out)?;
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("looplab-quiz-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut quits = false;
    loop {
        let chosen = what.only.as_ref().and_then(|name| all.iter().find(|question| question.name == *name));
        let Some(question) = chosen.or_else(|| progress.next(&all)) else {
            writeln!(out, "all {} are answered; --reset begins anew", all.len())?;
            break;
        };
        let at = all.iter().position(|other| other == question).map_or(0, |at| at + 1);
        writeln!(out, "{at} of {}, {} answered", all.len(), progress.right.len())?;
        let file = folder.join(format!("{}.js", question.name));
        std::fs::write(&file, &question.script)?;
        match ask(question, &file, &mut out)? {
            answer @ (Answer::Right | Answer::RightAndQuit) => {
                progress.skipped.remove(&question.name);
                progress.right.insert(question.name.clone());
                quits = matches!(answer, Answer::RightAndQuit);
            }
            Answer::Skipped => {
                progress.skipped.insert(question.name.clone());
            }
            Answer::Quit => break,
        }
        save(&progress)?;
        if quits || what.only.is_some() {
            break;
        }
    }
    // Left-overs in the temporary folder are the system's to clear if this fails.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

enum Answer {
    Right,
    RightAndQuit,
    Skipped,
    Quit,
}

/// What can be looked at after an answer: the decisions of an order, and the event to begin at.
struct Look {
    file: PathBuf,
    choices: String,
    event: Option<usize>,
}

/// One question, until it is answered rightly or put aside.
fn ask(question: &Question, file: &Path, out: &mut impl Write) -> io::Result<Answer> {
    writeln!(out, "\n--- {}", question.name)?;
    for (at, line) in question.script.lines().enumerate() {
        writeln!(out, "{:3}  {line}", at + 1)?;
    }
    let program = LowProgram { entry: Some(LowEntry::File(file.into())), ..LowProgram::default() };
    let found = explore::findings(&program).map_err(io::Error::other)?;
    let legal: Vec<Vec<String>> =
        found.orders.iter().map(|order| order.report.stdout.lines().map(str::to_owned).collect()).collect();
    if !found.complete() {
        writeln!(out, "(there are more orders than could be tried: a right answer may be missing)")?;
    }
    writeln!(
        out,
        "---\nWhat does it print? One line each, then an empty line.\nOr: hint, skip, show, step, quit; undo takes the last line back."
    )?;
    let mut lines: Vec<String> = Vec::new();
    let mut input = io::stdin().lock();
    let mut look = Look { file: file.into(), choices: choices(&found, 0), event: None };
    loop {
        let Some(line) = prompt(&mut input, out, "> ")? else { return Ok(Answer::Quit) };
        match line.trim() {
            "quit" => return Ok(Answer::Quit),
            "skip" => return Ok(Answer::Skipped),
            "hint" if question.rule.is_empty() => writeln!(out, "no hint: it is your own script")?,
            "hint" => writeln!(out, "hint: {}", question.rule)?,
            "undo" => match lines.pop() {
                Some(line) => writeln!(out, "taken back: {line}")?,
                None => writeln!(out, "there is nothing to take back")?,
            },
            "step" => step(&look, out)?,
            "show" => {
                for (at, order) in legal.iter().take(10).enumerate() {
                    writeln!(out, "order {}: {}", at + 1, order.join(" | "))?;
                }
            }
            "" => {
                let graded = grade(&lines, &legal);
                let could = match &graded {
                    Grade::Right(at, all) => {
                        match all {
                            1 => writeln!(out, "right: it is always so")?,
                            all => writeln!(
                                out,
                                "right: it is one of {all} legal orders (looplab explore shows them)"
                            )?,
                        }
                        look.choices = choices(&found, *at);
                        return after(&mut input, &look, out);
                    }
                    Grade::Wrong(at, could) => {
                        say(out, "goes wrong in", *at, could)?;
                        *at
                    }
                    Grade::Short(at, could) => {
                        say(out, "ends before", *at, could)?;
                        *at
                    }
                };
                look.choices = choices(&found, nearest(&lines, &legal));
                look.event = explain(question, &look, could, lines.get(could - 1).map(String::as_str), out)?;
                writeln!(out, "try again, or: step (to look at that moment), hint, show, skip, quit")?;
                lines.clear();
            }
            _ => lines.push(line),
        }
    }
}

/// After a right answer nothing goes on by itself.
fn after(input: &mut impl BufRead, look: &Look, out: &mut impl Write) -> io::Result<Answer> {
    loop {
        let asked = prompt(input, out, "Enter: the next question; step; quit > ")?;
        match asked.as_deref().map(str::trim) {
            Some("") => return Ok(Answer::Right),
            Some("step") => step(look, out)?,
            Some("quit") | None => return Ok(Answer::RightAndQuit),
            Some(other) => writeln!(out, "no such thing: {other}")?,
        }
    }
}

/// The next line that is typed; `None` at the end of the input.
fn prompt(input: &mut impl BufRead, out: &mut impl Write, text: &str) -> io::Result<Option<String>> {
    write!(out, "{text}")?;
    out.flush()?;
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        writeln!(out)?;
        return Ok(None);
    }
    Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// The decisions that bring an order about, as `--choices` takes them.
fn choices(found: &Findings, order: usize) -> String {
    let decisions = found.orders.get(order).map(Order::decisions).unwrap_or_default();
    decisions.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// The legal order that goes along with an answer furthest.
fn nearest(lines: &[String], legal: &[Vec<String>]) -> usize {
    let along =
        |order: &Vec<String>| order.iter().zip(lines).take_while(|(a, b)| a.trim() == b.trim()).count();
    let best = legal.iter().map(along).max().unwrap_or(0);
    legal.iter().position(|order| along(order) == best).unwrap_or(0)
}

fn say(out: &mut impl Write, how: &str, at: usize, could: &BTreeSet<String>) -> io::Result<()> {
    let could: Vec<String> = could.iter().map(|line| format!("{line:?}")).collect();
    writeln!(out, "your answer {how} line {at}: there could stand {}", could.join(" or "))
}

/// Which callback prints the line that should stand there, why it runs then, and the rule. The event to step to.
fn explain(
    question: &Question,
    look: &Look,
    at: usize,
    answered: Option<&str>,
    out: &mut impl Write,
) -> io::Result<Option<usize>> {
    let printed = recorded(look).unwrap_or_default();
    if let Some(one) = printed.get(at - 1) {
        writeln!(out, "{:?} is printed by {}", one.line, one.who)?;
        if !one.why.is_empty() {
            writeln!(out, "  which was {}", one.why)?;
        }
    }
    match account::rule(&printed, at, answered) {
        Some(rule) => writeln!(out, "the rule: {rule}")?,
        None if !question.rule.is_empty() => writeln!(out, "the rule: {}", question.rule)?,
        None => {}
    }
    Ok(printed.get(at - 1).and_then(|one| one.event.index()))
}

/// The lines that the order prints, each with its callback; nothing if it can't be run again.
fn recorded(look: &Look) -> Option<Vec<account::Printed>> {
    let log = std::env::temp_dir().join(format!("looplab-quiz-{}.log", std::process::id()));
    let words = [
        "trace".into(),
        "--format=json".into(),
        "--steps".into(),
        "-o".into(),
        log.clone().into_os_string(),
        format!("--choices={}", look.choices).into(),
        look.file.clone().into_os_string(),
    ];
    child::run(&std::env::current_exe().ok()?, &words, None, Duration::from_secs(10)).ok()?;
    let text = std::fs::read(&log).ok()?;
    // A left-over in the temporary folder is the system's to clear if this fails.
    let _ = std::fs::remove_file(&log);
    let log = codec::read(text.as_slice()).ok()?;
    let name = std::path::absolute(&look.file).ok()?.to_string_lossy().into_owned();
    let script = Script { id: 1, name, text: std::fs::read_to_string(&look.file).ok()? };
    Some(account::printed(&log, &[script]))
}

/// Steps through the order, beginning at the event that was asked about.
fn step(look: &Look, out: &mut impl Write) -> io::Result<()> {
    out.flush()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("step").arg(format!("--choices={}", look.choices));
    if let Some(event) = look.event {
        command.arg(format!("--at={event}"));
    }
    // It complains itself if there is no terminal; the question goes on.
    command.arg(&look.file).status().map(drop)
}
