//! `looplab quiz`: shows a script, asks for its output, grades the answer against everything that is legal.

use crate::lab::explore;
use crate::lowargs::{LowEntry, LowProgram, Problem};
use crate::output;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use looplab_lab::quiz::{Grade, Progress, Question, grade, questions};
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

/// What to ask.
pub struct Quiz {
    file: Option<PathBuf>,
    only: Option<String>,
    list: bool,
    reset: bool,
}

/// What clap knows of it.
pub fn command() -> Command {
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("quiz")
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
            Answer::Right => {
                progress.skipped.remove(&question.name);
                progress.right.insert(question.name.clone());
            }
            Answer::Skipped => {
                progress.skipped.insert(question.name.clone());
            }
            Answer::Quit => break,
        }
        save(&progress)?;
        if what.only.is_some() {
            break;
        }
    }
    // Left-overs in the temporary folder are the system's to clear if this fails.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

enum Answer {
    Right,
    Skipped,
    Quit,
}

/// One question, until it is answered rightly or put aside.
fn ask(question: &Question, file: &std::path::Path, out: &mut impl Write) -> io::Result<Answer> {
    writeln!(out, "\n--- {}", question.name)?;
    for (at, line) in question.script.lines().enumerate() {
        writeln!(out, "{:3}  {line}", at + 1)?;
    }
    let program = LowProgram { entry: Some(LowEntry::File(file.into())), ..LowProgram::default() };
    let found = explore::findings(&program).map_err(io::Error::other)?;
    let legal: Vec<Vec<String>> =
        found.orders.iter().map(|order| order.report.stdout.lines().map(str::to_owned).collect()).collect();
    writeln!(out, "---\nWhat does it print? One line each, then an empty line. Or: hint, skip, show, quit.")?;
    let mut lines: Vec<String> = Vec::new();
    let mut input = io::stdin().lock();
    loop {
        write!(out, "> ")?;
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            writeln!(out)?;
            return Ok(Answer::Quit);
        }
        let line = line.trim_end_matches(['\n', '\r']).to_owned();
        match line.trim() {
            "quit" => return Ok(Answer::Quit),
            "skip" => return Ok(Answer::Skipped),
            "hint" if question.rule.is_empty() => writeln!(out, "no hint: it is your own script")?,
            "hint" => writeln!(out, "hint: {}", question.rule)?,
            "show" => {
                for (at, order) in legal.iter().take(10).enumerate() {
                    writeln!(out, "order {}: {}", at + 1, order.join(" | "))?;
                }
            }
            "" => {
                match grade(&lines, &legal) {
                    Grade::Right(_, 1) => {
                        writeln!(out, "right: it is always so")?;
                        return Ok(Answer::Right);
                    }
                    Grade::Right(_, all) => {
                        writeln!(out, "right: it is one of {all} legal orders (looplab explore shows them)")?;
                        return Ok(Answer::Right);
                    }
                    Grade::Wrong(at, could) => wrong(question, "goes wrong in", at, &could, out)?,
                    Grade::Short(at, could) => wrong(question, "ends before", at, &could, out)?,
                }
                lines.clear();
            }
            _ => lines.push(line),
        }
    }
}

fn wrong(
    question: &Question,
    how: &str,
    at: usize,
    could: &std::collections::BTreeSet<String>,
    out: &mut impl Write,
) -> io::Result<()> {
    let could: Vec<String> = could.iter().map(|line| format!("{line:?}")).collect();
    writeln!(out, "your answer {how} line {at}: there could stand {}", could.join(" or "))?;
    if !question.rule.is_empty() {
        writeln!(out, "the rule: {}", question.rule)?;
    }
    writeln!(out, "try again, or skip; looplab step and looplab trace --virtual show every step of it")
}
