//! `looplab bench io`, `looplab bench loop`, `looplab bench http`: figures with their spread, under looplab and (`--vs node`) under Node in turns.

use crate::lab::{bench_cold, bench_http, child, number};
use crate::lowargs::Problem;
use crate::output;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use looplab_lab::bench::{
    Case, Measured, Report, SERVER, Sample, WORKLOAD, csv, html, http, io, table, the_loop,
};
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Columns of the progress bar.
const BAR: usize = 30;

/// What to measure and how to tell.
pub struct Bench {
    subject: String,
    repeats: u64,
    millis: u64,
    largest: u64,
    folder: PathBuf,
    versus: Option<PathBuf>,
    json: bool,
    csv: bool,
    html: Option<PathBuf>,
}

/// What clap knows of it.
pub fn command() -> Command {
    let value = |name: &'static str, word: &'static str| Arg::new(name).long(name).value_name(word);
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("bench")
        .about("Measure file I/O, the loop itself or an HTTP server: throughput, latency, and how long the loop was starved")
        .arg(Arg::new("WHAT").required(true).value_parser(["io", "loop", "http"]).help("What to measure"))
        .arg(
            value("vs", "NODE")
                .value_parser(value_parser!(OsString))
                .help("Measure this Node as well, in turns (`node`, or a path)"),
        )
        .arg(value("repeats", "N").help("Repeats of each measurement [default: 3]"))
        .arg(value("millis", "N").help("Milliseconds for one measurement [default: 200]"))
        .arg(
            value("largest", "MIB")
                .help("The largest file of bench io, in MiB [default: 32; 256 takes a while]"),
        )
        .arg(
            value("folder", "PATH")
                .value_parser(value_parser!(OsString))
                .help("Where the files go [default: the temporary folder]"),
        )
        .arg(switch("json").help("All figures as JSON"))
        .arg(switch("csv").help("All figures as CSV"))
        .arg(
            value("html", "PAGE")
                .value_parser(value_parser!(OsString))
                .help("Write a page with plots as well"),
        )
}

impl Bench {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches) -> Result<Bench, Problem> {
        let path = |name: &str| matches.get_one::<OsString>(name).map(PathBuf::from);
        Ok(Bench {
            subject: matches.get_one::<String>("WHAT").cloned().unwrap_or_default(),
            repeats: number(matches, "repeats", 3)?.max(1),
            millis: number(matches, "millis", 200)?.max(1),
            largest: number(matches, "largest", 32)?.clamp(1, 256) << 20,
            folder: path("folder").unwrap_or_else(std::env::temp_dir),
            versus: path("vs"),
            json: matches.get_flag("json"),
            csv: matches.get_flag("csv"),
            html: path("html"),
        })
    }
}

/// Measures and tells; the exit code.
pub fn run(what: Bench) -> i32 {
    let report = match measure(&what) {
        Ok(report) => report,
        Err(problem) => return output::complain(&problem),
    };
    if let Some(path) = &what.html
        && let Err(error) = std::fs::write(path, html(&report))
    {
        return output::complain(&format!("can't write to {}: {error}", path.display()));
    }
    output::print(&match (what.json, what.csv) {
        (true, _) => format!("{:#}\n", report.to_json()),
        (_, true) => csv(&report),
        _ => table(&report),
    })
}

fn measure(what: &Bench) -> Result<Report, String> {
    let folder = what.folder.join(format!("looplab-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("can't make {}: {error}", folder.display()))?;
    let script = folder.join("workload.js");
    let text = if what.subject == "http" { SERVER } else { WORKLOAD };
    std::fs::write(&script, text).map_err(|error| format!("can't write to {}: {error}", script.display()))?;
    let place = folder.to_string_lossy().into_owned();
    let mut cases = match what.subject.as_str() {
        "io" => io(&place, what.millis, what.largest),
        "http" => http(what.millis),
        _ => the_loop(&place, what.millis),
    };
    let cold = bench_cold::obstacle(&file_system(&what.folder));
    if cold.is_some() {
        cases.retain(|case| !case.cold);
    }
    let myself = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut programs = vec![("looplab".to_owned(), myself)];
    if let Some(node) = &what.versus {
        let version = child::run(node, &["--version".into()], None, Duration::from_secs(10))
            .map_err(|error| format!("can't run {}: {error}", node.display()))?;
        programs.push((format!("node {}", String::from_utf8_lossy(&version.stdout).trim()), node.clone()));
    }
    let (mut measured, mut failed) = (Vec::new(), Vec::new());
    for (at, case) in cases.iter().enumerate() {
        progress(at, cases.len(), case);
        let mut samples = vec![Vec::new(); programs.len()];
        // In turns, so that what disturbs the machine disturbs both alike.
        for _ in 0..what.repeats {
            for (own, (name, program)) in samples.iter_mut().zip(&programs) {
                match sample(&what.subject, program, &script, case) {
                    Ok(sample) => own.push(sample),
                    Err(problem) => failed.push(format!("{name}: {} failed: {problem}", case.name)),
                }
            }
        }
        if case.cold {
            bench_cold::clear(case);
        }
        for ((name, _), samples) in programs.iter().zip(samples).filter(|(_, samples)| !samples.is_empty()) {
            measured.push(Measured { program: name.clone(), case: case.clone(), samples });
        }
    }
    progress(cases.len(), cases.len(), &cases[0]);
    // Left-overs in the temporary folder are the system's to clear if this fails.
    let _ = std::fs::remove_dir_all(&folder);
    failed.sort();
    failed.dedup();
    let mut conditions = conditions(what, cold);
    conditions.extend(failed);
    Ok(Report { title: what.subject.clone(), conditions, measured })
}

/// Where it stands, on a terminal.
fn progress(at: usize, all: usize, case: &Case) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let text = if at < all {
            let done = (at * BAR).div_ceil(all.max(1));
            format!("[{}{}] {:3} of {all}: {}", "#".repeat(done), "-".repeat(BAR - done), at + 1, case.name)
        } else {
            String::new()
        };
        // Only a nicety: nobody is told if it can't be written.
        let _ = write!(err, "\r\x1b[K{text}");
    }
}

fn sample(subject: &str, program: &Path, script: &Path, case: &Case) -> Result<Sample, String> {
    if subject == "http" {
        return bench_http::sample(program, script, case);
    }
    if case.cold {
        bench_cold::prepare(case).map_err(|error| format!("no cold files: {error}"))?;
    }
    let case_text = serde_json::to_string(case).map_err(|error| error.to_string())?;
    let args =
        [format!("UV_THREADPOOL_SIZE={}", case.pool).into(), program.into(), script.into(), case_text.into()];
    // The pool's size is read from the environment when the process starts: env sets it for the child alone.
    let ended = child::run(Path::new("env"), &args, None, Duration::from_secs(120))
        .map_err(|error| error.to_string())?;
    if ended.killed {
        return Err("it took longer than two minutes".into());
    }
    serde_json::from_slice(&ended.stdout)
        .map_err(|_| String::from_utf8_lossy(&ended.stderr).lines().next().unwrap_or("no figures").to_owned())
}

/// The kind of file system that a folder lies on, `unknown` where the system doesn't tell.
fn file_system(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.into());
    let mount = mounts
        .lines()
        .filter_map(|line| {
            let mut parts = line.split(' ').skip(1);
            Some((parts.next()?, parts.next()?))
        })
        .filter(|(at, _)| folder.starts_with(at))
        .max_by_key(|(at, _)| at.len());
    mount.map_or("unknown", |(_, kind)| kind).to_owned()
}

/// What a reader has to know to judge the figures. `cold`: why there are none of a cold cache.
fn conditions(what: &Bench, cold: Option<String>) -> Vec<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let system = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let folder = std::path::absolute(&what.folder).unwrap_or_else(|_| what.folder.clone());
    let mut lines = vec![
        format!(
            "machine: {} ({cores} cores), {} {}",
            model.unwrap_or("unknown"),
            std::env::consts::OS,
            system.trim()
        ),
        format!(
            "load when it ended: {} (above {cores}, others were at work too)",
            load.split(' ').next().unwrap_or("unknown")
        ),
    ];
    match what.subject.as_str() {
        "io" => {
            lines.push(format!("file system: {} at {}", file_system(&what.folder), folder.display()));
            lines.push("cache: warm (every file was written or read just before) unless a row says cold".into());
            lines.push(cold.unwrap_or_else(|| {
                "cold cache: each file was forced to the disk and dropped from the system's cache (posix_fadvise) before it was read once; the disk may have a cache of its own".into()
            }));
        }
        "http" => lines.push("client: keep-alive connections of another process on the same machine, which needs its cores too".into()),
        _ => {}
    }
    lines.push(format!(
        "{} repeats of {} ms each; spread: (largest - smallest) / median",
        what.repeats, what.millis
    ));
    lines
}
