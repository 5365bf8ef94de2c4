//! `looplab compare`: the same script under looplab and under real Node, and `--semantics`: under several versions' loop rules.

use crate::lab::{child, explore, number};
use crate::lowargs::{LowEntry, LowProgram, Problem};
use crate::output;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use looplab_event_loop::Profile;
use looplab_lab::compare::{
    CATEGORIES, Comparison, Outcome, SideBySide, Step, Verdict, compare, node_callbacks, our_callbacks,
    shape, steps,
};
use looplab_probe::codec;
use looplab_runtime::Script;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Columns of the table of versions.
const TABLE: usize = 110;

/// What to compare with what.
pub struct Compare {
    path: PathBuf,
    args: Vec<String>,
    nodes: Vec<PathBuf>,
    runs: u64,
    semantics: Vec<u32>,
    json: bool,
    limit: Duration,
}

/// What clap knows of it.
pub fn command() -> Command {
    let value = |name: &'static str, word: &'static str| Arg::new(name).long(name).value_name(word);
    Command::new("compare")
        .about("Run a script under looplab and under real Node, and say whether they agree")
        .long_about(
            "Run a script, or every script of a folder, under looplab and under each Node given (default: the one on PATH): output, errors and exit code line by \
             line, and the callbacks through Node's own trace. Verdicts: identical; both legal (Node's outputs are among the orders that explore finds); \
             different.\nThe exit code is 0 if they agree or both are legal, 3 if they differ.",
        )
        .override_usage("looplab compare [FLAGS] FILE [ARGS]...\n       looplab compare [FLAGS] FOLDER")
        .arg(
            Arg::new("PROGRAM")
                .value_parser(value_parser!(OsString))
                .num_args(1..)
                .required(true)
                .trailing_var_arg(true)
                .allow_hyphen_values(true)
                .help("The script and its arguments, or a folder"),
        )
        .arg(value("node", "PATH").action(ArgAction::Append).value_parser(value_parser!(OsString)).help("A Node; may be given several times"))
        .arg(value("runs", "N").help("Runs of each Node [default: 5]"))
        .arg(value("run-seconds", "N").help("Seconds for one run at most [default: 30]"))
        .arg(value("semantics", "LIST").help("Instead: looplab by the loop rules of these Node versions, side by side (10,18,24)"))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Everything as JSON"))
}

impl Compare {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches) -> Result<Compare, Problem> {
        let mut words = matches.get_many::<OsString>("PROGRAM").into_iter().flatten();
        let path = PathBuf::from(words.next().cloned().unwrap_or_default());
        if path.as_os_str().as_encoded_bytes().starts_with(b"-") {
            return Err(format!("bad option: {}", path.display()));
        }
        if !path.exists() {
            return Err(format!("compare: there is no {}", path.display()));
        }
        let list = matches.get_one::<String>("semantics").cloned().unwrap_or_default();
        let known = |text: &str| {
            let major = text.trim().parse().ok().filter(|major| Profile::from_major(*major).is_some());
            major.ok_or_else(|| format!("--semantics knows 10, 18, 20, 22 and 24, not '{text}'"))
        };
        let semantics: Result<Vec<u32>, _> =
            list.split(',').filter(|text| !text.is_empty()).map(known).collect();
        let semantics = semantics?;
        let mut nodes: Vec<PathBuf> =
            matches.get_many::<OsString>("node").into_iter().flatten().map(Into::into).collect();
        if nodes.is_empty() && semantics.is_empty() {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let found =
                std::env::split_paths(&path).map(|folder| folder.join("node")).find(|file| file.is_file());
            nodes.push(found.ok_or("compare needs a Node: none is on PATH; name one with --node PATH")?);
        }
        Ok(Compare {
            path,
            args: words.map(|word| word.to_string_lossy().into_owned()).collect(),
            nodes,
            runs: number(matches, "runs", 5)?.max(1),
            semantics,
            json: matches.get_flag("json"),
            limit: Duration::from_secs(number(matches, "run-seconds", 30)?.max(1)),
        })
    }
}

/// Compares and tells; the exit code.
pub fn run(what: Compare) -> i32 {
    match told(&what) {
        Ok((text, code)) => match output::print(&text) {
            0 => code,
            failed => failed,
        },
        Err(problem) => output::complain(&problem),
    }
}

fn told(what: &Compare) -> Result<(String, i32), String> {
    let program =
        std::env::current_exe().map_err(|error| format!("can't find the program itself: {error}"))?;
    let scripts = scripts(&what.path)?;
    if !what.semantics.is_empty() {
        return side_by_side(what, &program, &scripts);
    }
    let mut all: Vec<(String, Vec<Comparison>)> = Vec::new();
    for script in &scripts {
        all.push((script.display().to_string(), one_script(what, &program, script)?));
    }
    let code = all.iter().flat_map(|(_, list)| list).map(Comparison::exit_code).max().unwrap_or(0);
    if what.json {
        let list: Vec<Value> = all
            .iter()
            .map(|(script, list)| json!({ "script": script, "comparisons": list.iter().map(Comparison::to_json).collect::<Vec<_>>() }))
            .collect();
        return Ok((format!("{:#}\n", Value::from(list)), code));
    }
    let mut text = String::new();
    if what.path.is_dir() {
        let width = all.iter().map(|(script, _)| script.len()).max().unwrap_or(0);
        for (script, list) in &all {
            let verdicts: Vec<String> = list.iter().map(|c| format!("{}: {}", c.node, c.word())).collect();
            text += &format!("{script:width$}  {}\n", verdicts.join("  "));
        }
        let count = |verdict| all.iter().flat_map(|(_, list)| list).filter(|c| c.verdict == verdict).count();
        text += &format!(
            "\n{} identical, {} both legal, {} different, {} undecided\n",
            count(Verdict::Identical),
            count(Verdict::BothLegal),
            count(Verdict::Different),
            count(Verdict::Undecided)
        );
    } else {
        for (script, list) in &all {
            text += &format!("{script}\n");
            list.iter().for_each(|comparison| text += &comparison.text());
        }
    }
    Ok((text, code))
}

/// The script, or those of a folder.
fn scripts(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let entries =
        std::fs::read_dir(path).map_err(|error| format!("can't read {}: {error}", path.display()))?;
    let is_script = |file: &PathBuf| {
        file.is_file()
            && file.extension().is_some_and(|e| ["js", "mjs", "cjs"].iter().any(|known| e == *known))
    };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_script).collect();
    found.sort();
    match found.is_empty() {
        true => Err(format!("{} has no scripts in it", path.display())),
        false => Ok(found),
    }
}

fn words(before: &[&str], script: &Path, args: &[String]) -> Vec<OsString> {
    let mut words: Vec<OsString> = before.iter().map(Into::into).collect();
    words.push(script.into());
    words.extend(args.iter().map(Into::into));
    words
}

fn outcome(what: &Compare, program: &Path, before: &[&str], script: &Path) -> Result<Outcome, String> {
    let ended = child::run(program, &words(before, script, &what.args), None, what.limit)
        .map_err(|error| format!("can't run {}: {error}", program.display()))?;
    let folder = std::path::absolute(script)
        .ok()
        .and_then(|path| path.parent().map(Path::to_path_buf))
        .unwrap_or_default();
    Ok(Outcome {
        stdout: String::from_utf8_lossy(&ended.stdout).into_owned(),
        stderr: shape(&String::from_utf8_lossy(&ended.stderr), &folder.to_string_lossy()),
        code: ended.code.filter(|_| !ended.killed),
    })
}

fn one_script(what: &Compare, program: &Path, script: &Path) -> Result<Vec<Comparison>, String> {
    let ours = outcome(what, program, &["run"], script)?;
    let folder = std::env::temp_dir().join(format!("looplab-compare-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("can't make {}: {error}", folder.display()))?;
    let log = folder.join("log.json");
    let log_name = log.to_string_lossy().into_owned();
    outcome(what, program, &["trace", "--virtual", "--format=json", "-o", &log_name], script)?;
    let own = std::fs::read(&log)
        .ok()
        .and_then(|text| codec::read(text.as_slice()).ok())
        .map(|log| our_callbacks(&log));
    let mut list = Vec::new();
    for node in &what.nodes {
        let version = child::run(node, &["--version".into()], None, what.limit)
            .map_err(|error| format!("can't run {}: {error}", node.display()))?;
        let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
        let theirs: Result<Vec<Outcome>, String> =
            (0..what.runs).map(|_| outcome(what, node, &[], script)).collect();
        let trace = folder.join("node.json");
        let categories = format!("--trace-event-categories={CATEGORIES}");
        let pattern = format!("--trace-event-file-pattern={}", trace.display());
        // What it prints is not of interest here, and a Node that can't trace leaves no file.
        let _ = std::fs::remove_file(&trace);
        outcome(what, node, &[&categories, &pattern], script)?;
        let traced = std::fs::read_to_string(&trace).ok().and_then(|text| node_callbacks(&text).ok());
        let entry = Some(LowEntry::File(script.into()));
        let program = LowProgram { entry, args: what.args.clone(), ..LowProgram::default() };
        list.push(compare(&version, ours.clone(), &theirs?, own.clone().zip(traced), || {
            explore::findings(&program).ok()
        }));
    }
    // Left-overs in the temporary folder are the system's to clear if this fails.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(list)
}

/// looplab by several versions' rules.
fn side_by_side(what: &Compare, program: &Path, scripts: &[PathBuf]) -> Result<(String, i32), String> {
    let (mut text, mut list, mut parted) = (String::new(), Vec::new(), false);
    for script in scripts {
        let versions: Result<Vec<(u32, Vec<Step>)>, String> = what
            .semantics
            .iter()
            .map(|major| Ok((*major, version(what, program, script, *major)?)))
            .collect();
        let table = SideBySide { versions: versions? };
        parted |= table.parts_at().is_some();
        if what.path.is_dir() {
            let at = table.parts_at().map_or("the same".into(), |at| format!("parts at callback {}", at + 1));
            text += &format!("{}  {at}\n", script.display());
        } else {
            text += &format!("{}\n{}", script.display(), table.text(TABLE));
        }
        let mut json = table.to_json();
        json["script"] = script.display().to_string().into();
        list.push(json);
    }
    let code = if parted { 3 } else { 0 };
    Ok((if what.json { format!("{:#}\n", Value::from(list)) } else { text }, code))
}

/// The callbacks of a script by the rules of one version.
fn version(what: &Compare, program: &Path, script: &Path, major: u32) -> Result<Vec<Step>, String> {
    let log = std::env::temp_dir().join(format!("looplab-compare-{}-{major}.json", std::process::id()));
    let (flag, name) = (format!("--node-semantics={major}"), log.to_string_lossy().into_owned());
    outcome(what, program, &["trace", "--virtual", "--format=json", &flag, "-o", &name], script)?;
    let read = std::fs::read(&log);
    // A left-over in the temporary folder is the system's to clear if this fails.
    let _ = std::fs::remove_file(&log);
    let log = codec::read(read.map_err(|error| format!("the run left no log: {error}"))?.as_slice())
        .map_err(|error| error.to_string())?;
    let text = std::fs::read_to_string(script).unwrap_or_default();
    let name = std::path::absolute(script).unwrap_or_else(|_| script.into()).to_string_lossy().into_owned();
    Ok(steps(&log, &[Script { id: 1, name, text }]))
}
