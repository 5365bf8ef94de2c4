//! `--sweep-seeds N`: one program under many seeds, to find the first under which it fails.
//!
//! Each run is a process of its own, so that nothing of one can reach the next, and one that never ends can be given up.

use crate::hiargs;
use crate::lab::child;
use crate::lowargs::{LowEntry, LowProgram, Problem};
use std::ffi::OsString;
use std::io::{self, Write};
use std::time::Duration;

/// How long one run may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The exit code where there is none of the program's: it was killed, or could not be run.
const NO_CODE: i32 = 1;

/// What to sweep.
pub struct Sweep {
    /// The program with its flags, but for the seed.
    words: Vec<OsString>,
    seeds: u64,
}

impl Sweep {
    /// Checks what was typed.
    pub fn new(mut program: LowProgram) -> Result<Sweep, Problem> {
        let seeds: Option<u64> = hiargs::number("--sweep-seeds", program.sweep_seeds.take())?;
        let seeds =
            seeds.filter(|n| *n > 0).ok_or("--sweep-seeds takes how many seeds to try, at least 1")?;
        if program.seed.is_some() {
            return Err("--seed and --sweep-seeds exclude each other".into());
        }
        let mut words: Vec<OsString> = program.exec_args.iter().map(Into::into).collect();
        match &program.entry {
            Some(LowEntry::File(file)) => words.extend(["--".into(), file.clone()]),
            Some(LowEntry::Eval(_) | LowEntry::Print(_)) => {
                words.extend((!program.args.is_empty()).then(|| "--".into()))
            }
            Some(LowEntry::Stdin | LowEntry::Repl) | None => {
                return Err(
                    "--sweep-seeds needs a FILE (or -e CODE): standard input can be read only once".into()
                );
            }
        }
        words.extend(program.args.iter().map(Into::into));
        // What is wrong with the flags is to be said once.
        hiargs::options(program)?;
        Ok(Sweep { words, seeds })
    }
}

/// Runs the program under the seeds from 1 on, until one fails. The exit code is that of the run that failed, or 0.
pub fn run(sweep: &Sweep) -> i32 {
    match try_seeds(sweep) {
        Ok(code) => code,
        Err(error) => {
            tell(&format!("cannot run the program: {error}"));
            NO_CODE
        }
    }
}

fn try_seeds(sweep: &Sweep) -> io::Result<i32> {
    let program = std::env::current_exe()?;
    for seed in 1..=sweep.seeds {
        let mut words: Vec<OsString> = vec!["run".into(), format!("--seed={seed}").into()];
        words.extend(sweep.words.iter().cloned());
        let ended = child::run(&program, &words, None, PATIENCE)?;
        if ended.code == Some(0) {
            continue;
        }
        io::stdout().write_all(&ended.stdout)?;
        io::stderr().write_all(&ended.stderr)?;
        let how = match (ended.killed, ended.code) {
            (true, _) => format!("does not end within {} s", PATIENCE.as_secs()),
            (false, Some(code)) => format!("fails with exit code {code}"),
            (false, None) => "is ended by a signal".to_owned(),
        };
        let before = match seed - 1 {
            0 => String::new(),
            1 => " (seed 1 is fine)".to_owned(),
            n => format!(" (seeds 1 to {n} are fine)"),
        };
        tell(&format!(
            "seed {seed} {how}{before}\nhint:  --seed {seed} in place of --sweep-seeds runs it again"
        ));
        return Ok(ended.code.unwrap_or(NO_CODE));
    }
    tell(&format!("no failure under the seeds 1 to {}", sweep.seeds));
    Ok(0)
}

fn tell(line: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "looplab: {line}");
}
