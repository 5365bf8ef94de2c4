//! Node's own flags: the table that the parsers and the help share, and the words of NODE_OPTIONS.

use crate::lowargs::{LowProgram, Problem};
use clap::{Arg, ArgAction, ArgMatches};
use looplab_runtime::{NodeFlags, Unhandled};

/// A flag: name, the word for its value ("" if it has none), what it does.
type Flag = (&'static str, &'static str, &'static str);

/// In the order of the help.
const TABLE: &[Flag] = &[
    ("no-warnings", "", "Print no process warnings"),
    ("trace-warnings", "", "Show where process warnings come from"),
    ("no-deprecation", "", "Print no deprecation warnings"),
    ("trace-deprecation", "", "Show where deprecation warnings come from"),
    ("throw-deprecation", "", "Throw where something deprecated is used"),
    ("pending-deprecation", "", "Tell also of what is to be deprecated"),
    ("trace-uncaught", "", "Show where an uncaught value was thrown"),
    ("disable-warning", "NAME", "Print no warnings of this code or name (can be given again)"),
    ("redirect-warnings", "FILE", "Append process warnings to a file"),
    ("unhandled-rejections", "MODE", "strict, throw (the default), warn or none"),
    ("env-file", "FILE", "Set environment variables from a file (can be given again)"),
    ("env-file-if-exists", "FILE", "The same, if there is such a file"),
    ("experimental-eventsource", "", "Provide EventSource"),
    ("title", "TITLE", "The process's title"),
    ("require", "MODULE", "Load a module before the program (can be given again)"),
    ("insecure-http-parser", "", "Forgive what strict HTTP parsers refuse"),
    ("max-http-header-size", "BYTES", "The largest head of an HTTP message (16 KiB)"),
    ("network-family-autoselection-attempt-timeout", "MS", "How long to try one address of several (250)"),
    ("no-network-family-autoselection", "", "Try the first address of a host only"),
];

/// Flags of Node that change nothing here.
const WITHOUT_EFFECT: &[&str] = &[
    "--enable-source-maps",
    "--warnings",
    "--deprecation",
    "--no-pending-deprecation",
    // The default of Node 24, and of looplab.
    "--experimental-detect-module",
    "--experimental-strip-types",
    "--experimental-import-meta-resolve",
    "--experimental-json-modules",
    "--experimental-global-navigator",
    "--experimental-websocket",
    "--experimental-fetch",
    "--experimental-repl-await",
    "--no-addons",
    "--trace-sigint",
    "--no-trace-sigint",
];

/// The arguments for the commands that clap parses.
pub fn args() -> impl Iterator<Item = Arg> {
    TABLE.iter().map(|&(name, word, help)| {
        let arg = Arg::new(name).long(name).help(help);
        let arg = if name == "require" { arg.short('r') } else { arg };
        if word.is_empty() {
            arg.action(ArgAction::SetTrue)
        } else {
            arg.value_name(word).action(ArgAction::Append)
        }
    })
}

/// Takes what clap found.
///
/// # Errors
/// A value that the flag does not know.
pub fn take_matches(flags: &mut NodeFlags, matches: &ArgMatches) -> Result<(), Problem> {
    for &(name, word, _) in TABLE {
        let flag = format!("--{name}");
        if word.is_empty() {
            if matches.get_flag(name) {
                take(flags, &flag, &mut || Ok(String::new()))?;
            }
            continue;
        }
        for value in matches.get_many::<String>(name).into_iter().flatten() {
            take(flags, &flag, &mut || Ok(value.clone()))?;
        }
    }
    Ok(())
}

/// Takes a flag if it is one of these, asking for its value if it has one. False: it is none of these.
///
/// # Errors
/// No value, or one that the flag does not know.
pub fn take(
    flags: &mut NodeFlags,
    name: &str,
    value: &mut dyn FnMut() -> Result<String, Problem>,
) -> Result<bool, Problem> {
    match name {
        "--no-warnings" => flags.no_warnings = true,
        "--trace-warnings" => flags.trace_warnings = true,
        "--no-deprecation" => flags.no_deprecation = true,
        "--trace-deprecation" => flags.trace_deprecation = true,
        "--throw-deprecation" => flags.throw_deprecation = true,
        "--pending-deprecation" => flags.pending_deprecation = true,
        "--trace-uncaught" => flags.trace_uncaught = true,
        "--disable-warning" => flags.disable_warning.push(value()?),
        "--redirect-warnings" => flags.redirect_warnings = Some(value()?),
        "--unhandled-rejections" => flags.unhandled = mode(&value()?)?,
        "--env-file" => flags.env_files.push((value()?, true)),
        "--env-file-if-exists" => flags.env_files.push((value()?, false)),
        "--experimental-eventsource" => flags.event_source = true,
        "--title" => flags.title = Some(value()?),
        "-r" | "--require" => flags.require.push(value()?),
        "--insecure-http-parser" => flags.net.insecure_http_parser = true,
        "--max-http-header-size" => flags.net.max_header_size = Some(number(name, &value()?)?),
        "--network-family-autoselection-attempt-timeout" => {
            flags.net.attempt_timeout = Some(number(name, &value()?)?);
        }
        "--no-network-family-autoselection" => flags.net.one_family = true,
        other => return Ok(WITHOUT_EFFECT.contains(&other)),
    }
    Ok(true)
}

fn number(name: &str, text: &str) -> Result<u32, Problem> {
    text.parse().map_err(|_| format!("invalid value for {name}"))
}

fn mode(text: &str) -> Result<Unhandled, Problem> {
    Ok(match text {
        "throw" => Unhandled::Throw,
        "strict" => Unhandled::Strict,
        "warn" => Unhandled::Warn,
        "none" => Unhandled::None,
        _ => return Err("invalid value for --unhandled-rejections".into()),
    })
}

/// Applies NODE_OPTIONS, before what was typed.
///
/// # Errors
/// An option that may not be there, or a quote that is not closed.
pub fn take_environment(program: &mut LowProgram, options: &str) -> Result<(), Problem> {
    let mut words = words(options)?.into_iter();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or("");
        let program_text = ["-e", "--eval", "-p", "--print", "-pe"].contains(&name);
        if !word.starts_with('-') || program_text {
            return Err(format!("{word} is not allowed in NODE_OPTIONS"));
        }
        let typed = program.exec_args.len();
        let result = program.flag(&word, &mut || words.next());
        program.exec_args.truncate(typed);
        result.map_err(|problem| match problem.strip_prefix("bad option: ") {
            Some(flag) => format!("{flag} is not allowed in NODE_OPTIONS"),
            None => problem,
        })?;
    }
    Ok(())
}

/// Words at spaces; double quotes keep spaces, a backslash keeps the character after it within them.
fn words(text: &str) -> Result<Vec<String>, Problem> {
    let (mut out, mut word) = (Vec::new(), None::<String>);
    let mut quoted = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if quoted => match chars.next() {
                Some(next) => word.get_or_insert_default().push(next),
                None => return Err("invalid value for NODE_OPTIONS (invalid escape)".into()),
            },
            ' ' if !quoted => out.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    if quoted {
        return Err("invalid value for NODE_OPTIONS (unterminated string)".into());
    }
    out.extend(word);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_options_are_words_with_quotes() {
        assert_eq!(words(r#"--a  "b c" --d="e \"f""#).unwrap(), ["--a", "b c", r#"--d=e "f"#]);
        assert!(words("\"open").is_err());
    }

    #[test]
    fn node_options_hold_flags_only() {
        let mut program = LowProgram::default();
        take_environment(&mut program, "--no-warnings --title 'x --unhandled-rejections=warn").unwrap();
        assert!(program.node.no_warnings);
        assert_eq!(program.node.unhandled, Unhandled::Warn);
        assert!(program.exec_args.is_empty());
        for (bad, problem) in [
            ("-e 1", "-e is not allowed in NODE_OPTIONS"),
            ("file.js", "file.js is not allowed in NODE_OPTIONS"),
            ("--frobnicate", "--frobnicate is not allowed in NODE_OPTIONS"),
        ] {
            assert_eq!(take_environment(&mut LowProgram::default(), bad), Err(problem.to_owned()));
        }
    }
}
