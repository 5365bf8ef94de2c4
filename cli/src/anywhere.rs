//! An instrument's flags may stand behind the script too: `looplab explore FILE --between 3 4`.
//!
//! Words that the instrument doesn't know go to the script, as does everything behind `--`.

use clap::{Arg, Command};
use std::ffi::OsString;

/// Moves an instrument's own flags to where the command line's grammar wants them: before the script. `args` begins with the command.
pub fn flags_first(all: &Command, args: Vec<OsString>) -> Vec<OsString> {
    let Some(command) = args.first().and_then(|name| all.find_subcommand(name)) else { return args };
    if !command.get_arguments().any(|arg| arg.get_id() == "PROGRAM") {
        return args;
    }
    let shared: Vec<clap::Id> =
        crate::help::program_args().into_iter().map(|arg| arg.get_id().clone()).collect();
    let own = |arg: &Arg| !shared.contains(arg.get_id());
    let mut words = args.into_iter();
    let mut flags: Vec<OsString> = words.next().into_iter().collect();
    let mut program: Vec<OsString> = Vec::new();
    while let Some(word) = words.next() {
        if word == "--" {
            program.push(word);
            program.extend(words);
            break;
        }
        match named(command, &word).filter(|arg| program.is_empty() || own(arg)) {
            Some(arg) => {
                let values = if word.as_encoded_bytes().contains(&b'=') { 0 } else { values(arg) };
                flags.push(word);
                flags.extend(words.by_ref().take(values));
            }
            // What is wrong before the script is clap's to say.
            None if program.is_empty() && word.as_encoded_bytes().starts_with(b"-") && word != "-" => {
                flags.push(word);
            }
            None => program.push(word),
        }
    }
    flags.extend(program);
    flags
}

/// The flag that a word names.
fn named<'a>(command: &'a Command, word: &OsString) -> Option<&'a Arg> {
    let word = word.to_str()?;
    let (name, _) = word.split_once('=').unwrap_or((word, ""));
    let mut flags = command.get_arguments().filter(|arg| !arg.is_positional());
    match name.strip_prefix("--") {
        Some(long) => flags.find(|arg| arg.get_long() == Some(long)),
        None => {
            let mut letters = name.strip_prefix('-')?.chars();
            let short = letters.next().filter(|_| letters.next().is_none())?;
            flags.find(|arg| arg.get_short() == Some(short))
        }
    }
}

/// How many of the words that follow are the flag's.
fn values(arg: &Arg) -> usize {
    match arg.get_action().takes_values() && !arg.is_require_equals_set() {
        true => arg.get_num_args().map_or(1, |range| range.max_values().max(1)),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(line: &str) -> String {
        let mut command = crate::help::command();
        command.build();
        let args = line.split(' ').map(OsString::from).collect();
        let words: Vec<_> =
            flags_first(&command, args).iter().map(|w| w.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    #[test]
    fn flags_behind_the_script_are_the_instruments() {
        assert_eq!(first("explore a.js --between 3 4 x"), "explore --between 3 4 a.js x");
        assert_eq!(first("explore --stall 9 a.js --json"), "explore --stall 9 --json a.js");
        assert_eq!(
            first("compare a.js --node n1 --node=n2 --runs 3"),
            "compare --node n1 --node=n2 --runs 3 a.js"
        );
        assert_eq!(first("view a.js --export p.html"), "view --export p.html a.js");
        assert_eq!(first("explore a.js --confirm --json"), "explore --confirm --json a.js");
    }

    #[test]
    fn the_scripts_own_words_stay_its_own() {
        assert_eq!(first("explore a.js --port 3 -- --json"), "explore a.js --port 3 -- --json");
        assert_eq!(first("trace a.js --seed 3"), "trace a.js --seed 3");
        assert_eq!(first("trace -e x --steps y"), "trace -e x --steps y");
        assert_eq!(first("resolve a.js b"), "resolve a.js b");
    }
}
