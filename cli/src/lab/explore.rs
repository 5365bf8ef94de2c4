//! `looplab explore`: every legal order of a script's output.

use crate::help::program_args;
use crate::lab::session::{Session, Trouble};
use crate::lab::{again, child, number};
use crate::lowargs::{LowProgram, Problem};
use crate::output;
use clap::{Arg, ArgAction, ArgMatches, Command};
use looplab_lab::explore::{
    Between, Confirmed, Findings, INJECT, Limits, RunError, RunReport, Runner, search, write_text,
};
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A folder larger than this is not copied for each run.
const MAX_SCRATCH: u64 = 64 << 20;

/// What to explore and what to show.
pub struct Explore {
    title: String,
    /// The command line that runs the program, from its flags on.
    words: Vec<OsString>,
    max_runs: u64,
    seconds: u64,
    run_seconds: u64,
    stall: u64,
    at_a_time: usize,
    between: Option<(u32, u32)>,
    json: bool,
    limit: usize,
    scratch: bool,
    /// See which orders come under this Node, in so many runs at most.
    confirm: Option<(PathBuf, u64)>,
    /// Look at this order with this command.
    look: Option<(&'static str, usize)>,
}

/// What clap knows of it.
pub fn command() -> Command {
    let value = |name: &'static str, word: &'static str| Arg::new(name).long(name).value_name(word);
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("explore")
        .about("Find every legal order of a script's output, and what decides between them")
        .long_about(
            "Run a script again and again in the simulated world, each time deciding another point at which a real machine could go either way: \
             is the timer due when the loop starts, which worker is done first, how long did a statement take?\n\
             Prints each distinct output with what brings it about. The exit code is 0 if there is one order, 3 if there are several.",
        )
        .override_usage("looplab explore [FLAGS] FILE [ARGS]...")
        .args(program_args())
        .arg(value("max-runs", "N").help("Runs at most [default: 10000]"))
        .arg(value("seconds", "N").help("Seconds at most [default: 30]"))
        .arg(value("run-seconds", "N").help("Seconds for one run at most; then it is killed [default: 10]"))
        .arg(value("jobs", "N").help("Runs at a time [default: one for each core]"))
        .arg(
            value("between", "LINE")
                .num_args(2)
                .value_names(["LINE", "LINE"])
                .help("Is the order of the callbacks of these two lines guaranteed? Says how to fix it if not"),
        )
        .arg(value("step", "K").help("Step through order K"))
        .arg(value("view", "K").help("Open order K in the browser"))
        .arg(value("trace", "K").help("Tell the story of order K"))
        .arg(
            value("confirm", "NODE")
                .value_parser(clap::value_parser!(OsString))
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("node")
                .help("Run the script under this Node with delays injected, and say which orders came"),
        )
        .arg(value("confirm-runs", "N").help("Runs under Node at most [default: 300]"))
        .arg(value("limit", "N").help("Orders shown in full at most [default: 20]"))
        .arg(switch("json").help("Everything as JSON"))
        .arg(switch("scratch").help("Run each time in a fresh copy of the working folder: for scripts that change files"))
}

impl Explore {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches, program: LowProgram) -> Result<Explore, Problem> {
        let between = match matches.get_many::<String>("between").map(|lines| lines.collect::<Vec<_>>()) {
            None => None,
            Some(lines) => {
                let line = |text: &String| {
                    text.parse::<u32>().map_err(|_| format!("--between takes two line numbers, not '{text}'"))
                };
                match lines.as_slice() {
                    [first, second] => Some((line(first)?, line(second)?)),
                    _ => return Err("--between takes two line numbers".into()),
                }
            }
        };
        let mut look = None;
        for name in ["step", "view", "trace"] {
            if matches.contains_id(name) {
                match number(matches, name, 0)? {
                    0 => return Err(format!("--{name} takes the number of an order, from 1")),
                    order => look = Some((name, order as usize)),
                }
            }
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let stall = program.stall.clone();
        let title = super::title(&program);
        Ok(Explore {
            title,
            words: again(&program).map_err(|problem| format!("explore {problem}"))?,
            max_runs: number(matches, "max-runs", 10_000)?,
            seconds: number(matches, "seconds", 30)?,
            run_seconds: number(matches, "run-seconds", 10)?.max(1),
            stall: crate::hiargs::number("--stall", stall)?.unwrap_or(50),
            at_a_time: number(matches, "jobs", cores as u64)?.clamp(1, 64) as usize,
            between,
            json: matches.get_flag("json"),
            limit: number(matches, "limit", 20)? as usize,
            scratch: matches.get_flag("scratch"),
            confirm: match matches.get_one::<OsString>("confirm") {
                Some(node) => Some((node.into(), number(matches, "confirm-runs", 300)?)),
                None => None,
            },
            look,
        })
    }

    /// With the usual limits, for other instruments.
    fn plain(program: &LowProgram) -> Result<Explore, Problem> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Explore {
            title: String::new(),
            words: again(program)?,
            max_runs: 10_000,
            seconds: 30,
            run_seconds: 10,
            stall: 50,
            at_a_time: cores.clamp(1, 64),
            between: None,
            json: false,
            limit: 20,
            scratch: false,
            confirm: None,
            look: None,
        })
    }

    fn words_for(&self, before: &[OsString], decisions: &[u32]) -> Vec<OsString> {
        let list: Vec<String> = decisions.iter().map(u32::to_string).collect();
        let mut words = before.to_vec();
        words.push(format!("--choices={}", list.join(",")).into());
        words.push(format!("--stall={}", self.stall).into());
        words.extend(self.words.iter().cloned());
        words
    }
}

/// Explores, and says what was found; the exit code.
pub fn run(what: Explore) -> i32 {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return output::complain(&format!("can't find the program itself: {error}")),
    };
    let findings = match explore(&what, &program) {
        Ok(findings) => findings,
        Err(problem) => return output::complain(&problem),
    };
    match what.look {
        Some((command, order)) => look(&what, &program, command, order, &findings),
        None => match what.confirm.as_ref().map(|(node, runs)| confirm(&what, node, *runs, &findings)) {
            Some(Err(problem)) => output::complain(&problem),
            Some(Ok(confirmed)) => tell(&what, &findings, Some(&confirmed)),
            None => tell(&what, &findings, None),
        },
    }
}

/// Runs the script under real Node, held up here and there, until every order has come or the runs are used up.
fn confirm(what: &Explore, node: &Path, runs: u64, findings: &Findings) -> Result<Confirmed, String> {
    let failed = |error: std::io::Error| format!("can't run {}: {error}", node.display());
    let limit = Duration::from_secs(what.run_seconds);
    let version = child::run(node, &["--version".into()], None, limit).map_err(failed)?;
    let mut confirmed = Confirmed::new(String::from_utf8_lossy(&version.stdout).trim().to_owned(), findings);
    let folder = std::env::temp_dir().join(format!("looplab-confirm-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let inject = folder.join("inject.js");
    std::fs::write(&inject, INJECT).map_err(failed)?;
    let mut seed = 0;
    while seed < runs && !confirmed.all() {
        let batch = (runs - seed).min(what.at_a_time as u64);
        let ended: Vec<Result<child::Ended, String>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (seed..seed + batch)
                .map(|seed| {
                    let (inject, folder) = (&inject, &folder);
                    scope.spawn(move || {
                        let scratch = what.scratch.then(|| folder.join(format!("scratch-{seed}")));
                        if let Some(scratch) = &scratch {
                            copy_working_folder(scratch)?;
                        }
                        let mut words: Vec<OsString> =
                            vec![format!("LOOPLAB_SEED={seed}").into(), node.into()];
                        words.extend(["--require".into(), inject.into()]);
                        // Our own flags mean nothing to Node.
                        words.extend(
                            what.words
                                .iter()
                                .skip_while(|word| word.as_encoded_bytes().starts_with(b"--"))
                                .cloned(),
                        );
                        let ended = child::run(Path::new("env"), &words, scratch.as_deref(), limit);
                        ended.map_err(|error| format!("can't run {}: {error}", node.display()))
                    })
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap_or_else(|_| Err("a run crashed".into()))).collect()
        });
        for ended in ended {
            let ended = ended?;
            if let (false, Some(code)) = (ended.killed, ended.code) {
                confirmed.add(findings, &String::from_utf8_lossy(&ended.stdout), code);
            }
        }
        seed += batch;
    }
    // Left-overs in the temporary folder are the system's to clear if this fails.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(confirmed)
}

/// Every order of a program, with the usual limits: for other instruments.
///
/// # Errors
/// It can't be run.
pub fn findings(program: &LowProgram) -> Result<Findings, String> {
    let myself = std::env::current_exe().map_err(|error| error.to_string())?;
    explore(&Explore::plain(program)?, &myself)
}

fn explore(what: &Explore, program: &Path) -> Result<Findings, String> {
    let folder = std::env::temp_dir().join(format!("looplab-explore-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("can't make {}: {error}", folder.display()))?;
    let late = Arc::new(AtomicBool::new(false));
    let ring = late.clone();
    let _guard = child::after(Duration::from_secs(what.seconds), move || ring.store(true, Ordering::Relaxed));
    let children = Children {
        what,
        program,
        folder: &folder,
        count: AtomicU64::new(0),
        sessions: Mutex::default(),
        sessions_work: AtomicBool::new(!what.scratch),
    };
    let limits = Limits { max_runs: what.max_runs, at_a_time: what.at_a_time };
    let findings = search(&children, limits, &|| !late.load(Ordering::Relaxed));
    // Left-overs in the temporary folder are the system's to clear if this fails.
    let _ = std::fs::remove_dir_all(&folder);
    findings
}

/// Runs in processes of their own.
struct Children<'a> {
    what: &'a Explore,
    program: &'a Path,
    folder: &'a Path,
    count: AtomicU64,
    /// Processes that wait for another run.
    sessions: Mutex<Vec<Session>>,
    /// One process can take several runs: so far none has broken down at it.
    sessions_work: AtomicBool,
}

impl Runner for Children<'_> {
    fn run(&self, decisions: &[u32]) -> Result<RunReport, RunError> {
        if self.sessions_work.load(Ordering::Relaxed) {
            match self.in_session(decisions) {
                Ok(report) => return Ok(report),
                Err(Trouble::TooLong) => return Err(RunError::TooLong),
                // Whatever it is, a run on its own has an answer, or says why there is none.
                Err(Trouble::Broken) => self.sessions_work.store(false, Ordering::Relaxed),
            }
        }
        self.alone(decisions)
    }
}

impl Children<'_> {
    /// A run in a process that has had others before, or will have others.
    fn in_session(&self, decisions: &[u32]) -> Result<RunReport, Trouble> {
        let waiting = || self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = waiting().pop();
        let session = match idle {
            Some(session) => session,
            None => {
                let number = self.count.fetch_add(1, Ordering::Relaxed);
                let path = self.folder.join(format!("{number}.socket"));
                let before =
                    ["trace".into(), "--format=outcomes".into(), "-o".into(), path.clone().into_os_string()];
                let words = self.what.words_for(&before, &[]);
                Session::start(self.program, &words, path, Duration::from_secs(self.what.run_seconds))?
            }
        };
        let (report, session) = session.run(decisions)?;
        waiting().extend(session);
        Ok(report)
    }

    /// A run in a process of its own.
    fn alone(&self, decisions: &[u32]) -> Result<RunReport, RunError> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.join(format!("{number}.json"));
        let scratch = self.what.scratch.then(|| self.folder.join(format!("scratch-{number}")));
        if let Some(scratch) = &scratch {
            copy_working_folder(scratch).map_err(RunError::Failed)?;
        }
        let before = ["trace".into(), "--format=outcome".into(), "-o".into(), file.clone().into_os_string()];
        let words = self.what.words_for(&before, decisions);
        let limit = Duration::from_secs(self.what.run_seconds);
        let ended = child::run(self.program, &words, scratch.as_deref(), limit)
            .map_err(|error| RunError::Failed(format!("can't run {}: {error}", self.program.display())))?;
        if ended.killed {
            return Err(RunError::TooLong);
        }
        let report =
            std::fs::read(&file).ok().and_then(|text| serde_json::from_slice::<RunReport>(&text).ok());
        for left in scratch.iter().chain([&file]) {
            // The whole folder goes at the end in any case.
            let _ = if left.is_dir() { std::fs::remove_dir_all(left) } else { std::fs::remove_file(left) };
        }
        let Some(mut report) = report else {
            let text = String::from_utf8_lossy(&ended.stderr).into_owned();
            let first = text.lines().next().unwrap_or("it left no report");
            return Err(RunError::Failed(format!("a run failed (exit code {:?}): {first}", ended.code)));
        };
        // Written past the console, straight to the descriptor.
        report.stdout.push_str(&String::from_utf8_lossy(&ended.stdout));
        Ok(report)
    }
}

fn copy_working_folder(to: &Path) -> Result<(), String> {
    let from = std::env::current_dir().map_err(|error| format!("no working folder: {error}"))?;
    let mut bytes = 0;
    let mut waiting: Vec<(PathBuf, PathBuf)> = vec![(from.clone(), to.to_path_buf())];
    let failed = |error: std::io::Error| format!("can't copy {}: {error}", from.display());
    while let Some((from, to)) = waiting.pop() {
        std::fs::create_dir_all(&to).map_err(failed)?;
        for entry in std::fs::read_dir(&from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (kind, target) = (entry.file_type().map_err(failed)?, to.join(entry.file_name()));
            if kind.is_dir() {
                waiting.push((entry.path(), target));
            } else if kind.is_symlink() {
                let link = std::fs::read_link(entry.path()).map_err(failed)?;
                std::os::unix::fs::symlink(link, target).map_err(failed)?;
            } else if kind.is_file() {
                bytes += entry.metadata().map_err(failed)?.len();
                if bytes > MAX_SCRATCH {
                    return Err(format!(
                        "--scratch: the working folder holds more than {} MiB; explore in a smaller one",
                        MAX_SCRATCH >> 20
                    ));
                }
                std::fs::copy(entry.path(), target).map_err(failed)?;
            }
        }
    }
    Ok(())
}

fn tell(what: &Explore, findings: &Findings, confirmed: Option<&Confirmed>) -> i32 {
    let between = what.between.map(|(first, second)| Between::new(findings, first, second));
    let mut text = Vec::new();
    let written = if what.json {
        let mut json = findings.to_json();
        json["script"] = what.title.clone().into();
        json["stallMs"] = what.stall.into();
        if let Some(between) = &between {
            json["between"] = between.to_json(findings.complete(), what.stall);
        }
        if let Some(confirmed) = confirmed {
            json["confirmed"] = confirmed.to_json();
        }
        serde_json::to_writer_pretty(&mut text, &json).map_err(Into::into).and_then(|()| writeln!(text))
    } else {
        write_text(findings, between.as_ref(), &what.title, what.stall, what.limit, &mut text)
            .and_then(|()| confirmed.map_or(Ok(()), |confirmed| text.write_all(confirmed.text().as_bytes())))
    };
    if let Err(error) = written {
        return output::complain(&error.to_string());
    }
    match output::print(&String::from_utf8_lossy(&text)) {
        0 => between.map_or(findings.exit_code(), |between| between.exit_code()),
        failed => failed,
    }
}

/// Runs another command on one of the orders.
fn look(what: &Explore, program: &Path, command: &str, order: usize, findings: &Findings) -> i32 {
    let Some(found) = findings.orders.get(order - 1) else {
        return output::complain(&format!("there is no order {order}: {} found", findings.orders.len()));
    };
    let words = what.words_for(&[command.into()], &found.decisions());
    match std::process::Command::new(program).args(words).status() {
        Ok(status) => status.code().unwrap_or(1),
        Err(error) => output::complain(&format!("can't run {}: {error}", program.display())),
    }
}
