//! `looplab view`: a run, or a log, as a page in the browser.

use crate::help::program_args;
use crate::hiargs;
use crate::lowargs::{LowEntry, LowProgram, Problem};
use crate::output;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use looplab_probe::{Event, Log, Pos, codec};
use looplab_runtime::{Options, Script};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::hash::BuildHasher as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

/// What to show and where.
pub struct View {
    subject: Subject,
    title: String,
    export: Option<PathBuf>,
    open: bool,
    port: u16,
}

enum Subject {
    Run(Box<Options>),
    Log(PathBuf),
}

/// What clap knows of it.
pub fn command() -> Command {
    Command::new("view")
        .about("Show a run in the browser: timeline, source, queues and causes, stepping both ways")
        .long_about(
            "Run a script, or read a log that `trace --format json` wrote, and show it as one page that needs no server and no network.\n\
             The exit code is the program's.",
        )
        .override_usage("looplab view [FLAGS] FILE [ARGS]...\n       looplab view [FLAGS] LOG")
        .args(program_args())
        .arg(
            Arg::new("export")
                .long("export")
                .value_name("PAGE")
                .value_parser(value_parser!(OsString))
                .help("Write the page to a file and open nothing"),
        )
        .arg(Arg::new("port").long("port").value_name("N").help("The port on loopback [default: any that is free]"))
        .arg(Arg::new("limit").long("limit").value_name("N").help("Events recorded at most [default: 1000000]"))
        .arg(
            Arg::new("no-steps")
                .long("no-steps")
                .action(ArgAction::SetTrue)
                .help("Leave out statements, functions and variables"),
        )
        .arg(Arg::new("no-open").long("no-open").action(ArgAction::SetTrue).help("Don't open a browser, only say where the page is"))
}

impl View {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches, program: LowProgram) -> Result<View, Problem> {
        if program.entry.is_none() {
            return Err("view needs a FILE, a LOG, or -e CODE".into());
        }
        let title = super::title(&program);
        let subject = match &program.entry {
            Some(LowEntry::File(file)) if is_log(Path::new(file)) => Subject::Log(file.into()),
            _ => {
                let mut record = looplab_probe::Options::default();
                record.max_events = super::number(matches, "limit", record.max_events as u64)? as usize;
                if !matches.get_flag("no-steps") {
                    record.without.retain(|group| *group != looplab_probe::Group::Statement);
                }
                let mut options = hiargs::options(program)?;
                options.record = Some(record);
                Subject::Run(Box::new(options))
            }
        };
        let export = matches.get_one::<OsString>("export").map(PathBuf::from);
        let port = hiargs::number("--port", matches.get_one::<String>("port").cloned())?.unwrap_or(0);
        let open = export.is_none() && !matches.get_flag("no-open");
        Ok(View { subject, title, export, open, port })
    }
}

/// Whether a file begins as a log does (of whatever version, damaged or not).
fn is_log(path: &Path) -> bool {
    let mut first = String::new();
    let read = File::open(path).map(|file| {
        use std::io::Read as _;
        BufReader::new(file.take(4096)).read_line(&mut first)
    });
    matches!(read, Ok(Ok(_))) && first.starts_with("{\"schema\":\"looplab-log\"")
}

/// Makes the page and shows it; the exit code.
pub fn run(what: View) -> i32 {
    let View { subject, title, export, open, port } = what;
    let (log, scripts, code) = match subject {
        Subject::Run(options) => {
            let finished = looplab_runtime::run(*options);
            match finished.log {
                Some(log) => (log, finished.scripts, finished.exit_code),
                None => return output::complain("the run left no log"),
            }
        }
        Subject::Log(path) => {
            let log = File::open(&path).map_err(|e| e.to_string());
            match log.and_then(|file| codec::read(BufReader::new(file)).map_err(|e| e.to_string())) {
                Ok(log) => {
                    let scripts = scripts_of(&log);
                    (log, scripts, 0)
                }
                Err(problem) => return output::complain(&format!("{}: {problem}", path.display())),
            }
        }
    };
    let served = export.is_none();
    let path = match export {
        Some(path) => path,
        None => match own_folder() {
            Ok(folder) => folder.join("run.html"),
            Err(error) => return output::complain(&format!("can't make a folder for the page: {error}")),
        },
    };
    let written = output::open(Some(&path))
        .and_then(|mut out| looplab_lab::view::write(&log, &scripts, &title, &mut out));
    if let Err(error) = written {
        return output::complain(&format!("can't write to {}: {error}", path.display()));
    }
    if !served {
        // To standard error: standard output is the program's.
        eprintln!("looplab: the page is {}", std::path::absolute(&path).unwrap_or(path).display());
        return code;
    }
    let shown = serve(&path, port, open);
    if let Some(folder) = path.parent() {
        // Left-overs in the temporary folder are the system's to clear if this fails.
        let _ = std::fs::remove_dir_all(folder);
    }
    match shown {
        Ok(()) => code,
        Err(problem) => output::complain(&problem),
    }
}

/// Serves the page until the server ends (it is interrupted). The server is a script of looplab's own.
fn serve(page: &Path, port: u16, open: bool) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("can't serve the page: {error}");
    let script = page.with_file_name("serve.js");
    std::fs::write(&script, looplab_lab::view::SERVER).map_err(failed)?;
    let myself = std::env::current_exe().map_err(failed)?;
    // Every hasher of the standard library is keyed at random: nobody else on this machine can foresee the address.
    let token =
        format!("{:016x}", std::collections::hash_map::RandomState::new().hash_one(std::process::id()));
    let mut child = std::process::Command::new(myself)
        .arg(&script)
        .arg(page)
        .args([&token, &port.to_string()])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut first = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut first).map_err(failed)?;
    }
    if let Ok(port) = first.trim().parse::<u16>() {
        let address = format!("http://127.0.0.1:{port}/{token}");
        eprintln!("looplab: the page is {address} (Ctrl-C ends it)");
        if open && !open_in_browser(&address) {
            eprintln!("hint: no browser could be started; open the address yourself");
        }
    }
    match child.wait().map_err(failed)?.code() {
        Some(0) | None => Ok(()),
        Some(_) => Err("the page could not be served; --export PAGE writes it to a file".into()),
    }
}

/// A folder for the page that nobody else can read or foresee: a run's output may be private.
fn own_folder() -> std::io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    let folder = std::env::temp_dir().join(format!("looplab-view-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}

fn open_in_browser(address: &str) -> bool {
    let openers = if cfg!(target_os = "macos") { &["open"][..] } else { &["xdg-open", "sensible-browser"] };
    openers.iter().any(|opener| {
        use std::process::Stdio;
        let mut command = std::process::Command::new(opener);
        command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().is_ok()
    })
}

/// The scripts that a log names, as far as they are still there: logs don't carry them.
fn scripts_of(log: &Log) -> Vec<Script> {
    let mut names = BTreeSet::new();
    let mut note = |pos: &Pos| {
        names.insert(log.str(pos.script).to_owned());
    };
    for record in log.records() {
        match &record.event {
            Event::CallbackBegin { pos, .. }
            | Event::Statement { pos, .. }
            | Event::FrameEnter { pos, .. } => note(pos),
            _ => {}
        }
    }
    let read = |name: &String| std::fs::read_to_string(name.strip_prefix("file://").unwrap_or(name)).ok();
    let scripts = names.iter().filter_map(|name| Some((name, read(name)?)));
    scripts
        .enumerate()
        .map(|(id, (name, text))| Script { id: id as u32 + 1, name: name.clone(), text })
        .collect()
}
