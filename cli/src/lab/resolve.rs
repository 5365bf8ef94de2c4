//! `looplab resolve`: why a specifier leads to the file it leads to.

use crate::lowargs::Problem;
use crate::output;
use clap::{Arg, ArgAction, ArgMatches, Command};
use looplab_module_loader::url::path_to_file_url;
use looplab_module_loader::{Format, Options, Referrer, Resolver, StdFileSystem, Step, global_paths};
use std::fmt::Write as _;

/// What to resolve, and how to tell it.
pub struct Resolve {
    specifier: String,
    /// The file that asks; absolute.
    from: String,
    /// By the rules of `import`, not those of `require`.
    import: bool,
    conditions: Vec<String>,
    preserve_symlinks: bool,
    json: bool,
    quiet: bool,
}

/// What clap knows of it.
pub fn command() -> Command {
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("resolve")
        .about("Tell why a specifier leads to the file it leads to")
        .long_about(
            "Tell why a specifier leads to the file it leads to: every place that was looked at, every condition that held or did not, \
             and the package.json that decided.\nThe answer is the last line; the exit code is 1 if there is none.",
        )
        .arg(Arg::new("SPECIFIER").required(true).help("What stands in require(…) or import … from"))
        .arg(Arg::new("from").long("from").value_name("FILE").help("The file that asks [default: one in the working directory]"))
        .arg(switch("import").help("By the rules of import [default: as the file's kind has it]"))
        .arg(switch("require").conflicts_with("import").help("By the rules of require"))
        .arg(Arg::new("conditions").long("conditions").short('C').value_name("NAME").action(ArgAction::Append).help("A condition that holds (can be given again)"))
        .arg(switch("preserve-symlinks").help("A module is where its link is, not where it leads"))
        .arg(switch("json").help("The steps and the answer as JSON"))
        .arg(switch("quiet").short('q').help("The answer only"))
}

impl Resolve {
    /// Checks what was typed.
    pub fn new(matches: &ArgMatches) -> Result<Resolve, Problem> {
        let text = |name: &str| matches.get_one::<String>(name).cloned();
        let from = text("from").unwrap_or_else(|| "./[eval]".into());
        let from = std::path::absolute(&from).map_err(|e| format!("{from}: {e}"))?;
        let from = from.to_string_lossy().into_owned();
        let kind = resolver(&[], false).format_of_require(&from);
        let import = matches.get_flag("import")
            || !matches.get_flag("require") && matches!(kind, Ok(Format::Module | Format::ModuleTypescript));
        Ok(Resolve {
            specifier: text("SPECIFIER").unwrap_or_default(),
            from,
            import,
            conditions: matches.get_many::<String>("conditions").into_iter().flatten().cloned().collect(),
            preserve_symlinks: matches.get_flag("preserve-symlinks"),
            json: matches.get_flag("json"),
            quiet: matches.get_flag("quiet"),
        })
    }
}

fn resolver(conditions: &[String], preserve_symlinks: bool) -> Resolver<StdFileSystem> {
    let cwd = std::env::current_dir().map_or_else(|_| "/".into(), |d| d.to_string_lossy().into_owned());
    let mut options = Options::new(&cwd);
    let exec = std::env::current_exe().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let node_path = std::env::var("NODE_PATH").ok();
    options.global_paths = global_paths(node_path.as_deref(), std::env::var("HOME").ok().as_deref(), &exec);
    options.preserve_symlinks = preserve_symlinks;
    conditions.iter().for_each(|c| options.add_condition(c));
    Resolver::new(StdFileSystem::default(), options)
}

/// Resolves; the exit code.
pub fn run(what: &Resolve) -> i32 {
    let r = resolver(&what.conditions, what.preserve_symlinks);
    let mut steps: Vec<Step> = Vec::new();
    let mut sink = |step: Step| steps.push(step);
    let answer = if what.import {
        let parent = path_to_file_url(&what.from);
        r.explain_import(&what.specifier, Some(&parent), &mut sink).map(|found| found.url)
    } else {
        r.explain_require(&what.specifier, &Referrer::file(&what.from), &mut sink).map(|found| match found {
            looplab_module_loader::Required::Builtin(name) => format!("node:{name}"),
            looplab_module_loader::Required::File(path) => path,
        })
    };
    let code = i32::from(answer.is_err());
    let text = match (what.json, &answer) {
        (true, answer) => json(&steps, answer.as_ref().map_err(|e| (e.code(), e.message()))),
        (false, Ok(found)) if what.quiet => format!("{found}\n"),
        (false, Err(e)) if what.quiet => format!("{}\n", e.message()),
        (false, _) => steps.iter().fold(String::new(), |mut text, step| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{step}");
            text
        }),
    };
    match output::print(&text) {
        0 => code,
        failed => failed,
    }
}

fn json(steps: &[Step], answer: Result<&String, (Option<&str>, String)>) -> String {
    let answer = match answer {
        Ok(found) => serde_json::json!({ "resolved": found }),
        Err((code, message)) => serde_json::json!({ "error": { "code": code, "message": message } }),
    };
    let mut whole = serde_json::json!({ "steps": steps });
    if let (Some(whole), Some(answer)) = (whole.as_object_mut(), answer.as_object()) {
        whole.extend(answer.clone());
    }
    format!("{whole:#}\n")
}
