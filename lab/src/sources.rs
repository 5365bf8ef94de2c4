//! The scripts that positions in the log refer to: short names and source lines.

use looplab_probe::{Log, Pos};
use looplab_runtime::Script;
use std::cell::OnceCell;
use std::collections::HashMap;

/// One script.
#[derive(Debug)]
struct Entry<'s> {
    short: String,
    text: &'s str,
    /// Where each line begins, once somebody asks for a line.
    starts: OnceCell<Vec<usize>>,
}

impl Entry<'_> {
    fn starts(&self) -> &[usize] {
        self.starts.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
        })
    }
}

/// All scripts of a run, by the name that positions carry.
#[derive(Debug, Default)]
pub struct Sources<'s> {
    entries: HashMap<&'s str, Entry<'s>>,
    /// The short name of the first file.
    first: Option<String>,
    /// The folder that all files have in common, with a slash at its end.
    folder: String,
}

impl<'s> Sources<'s> {
    /// An index over `scripts`. File names are shortened by the folder that all of them share.
    pub fn new(scripts: &'s [Script]) -> Sources<'s> {
        let folder = common_folder(scripts.iter().map(|script| bare(&script.name)));
        let entries = scripts.iter().map(|script| {
            let short = shorten(&script.name, &folder).to_owned();
            (bare(&script.name), Entry { short, text: &script.text, starts: OnceCell::new() })
        });
        let mut files = scripts.iter().map(|script| bare(&script.name)).filter(|name| name.starts_with('/'));
        let first = files.next().map(|name| shorten(name, &folder).to_owned());
        Sources { entries: entries.collect(), first, folder }
    }

    /// The short name of the first file that was loaded.
    pub fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// A file's name without what all files share: `lib/a.js` for `file:///app/lib/a.js`.
    pub fn short<'n>(&'n self, name: &'n str) -> &'n str {
        match self.entries.get(bare(name)) {
            Some(entry) => &entry.short,
            None => shorten(name, &self.folder),
        }
    }

    /// The script that a user means by a name, its short name, or the end of either.
    pub fn find(&self, typed: &str) -> Option<&'s str> {
        let names = || self.entries.iter();
        let exact = names().find(|(name, entry)| **name == typed || entry.short == typed);
        exact
            .or_else(|| names().find(|(name, _)| name.ends_with(&format!("/{typed}"))))
            .map(|(name, _)| *name)
    }

    /// `app.js:4:1`; nothing for "no position".
    pub fn place(&self, log: &Log, pos: Pos) -> Option<String> {
        let name = self.short(log.str(pos.script));
        (!pos.is_none()).then(|| format!("{name}:{}:{}", pos.line, pos.column))
    }

    /// The source line at a position, without the white space around it.
    pub fn line(&self, log: &Log, pos: Pos) -> Option<&'s str> {
        self.raw(log, pos).map(str::trim)
    }

    /// The source line from the position's column on.
    pub fn rest(&self, log: &Log, pos: Pos) -> Option<&'s str> {
        let line = self.raw(log, pos)?;
        let mut units = 1;
        let start = line.char_indices().find(|(_, c)| {
            let here = units >= pos.column as usize;
            units += c.len_utf16();
            here
        });
        start.map(|(at, _)| line[at..].trim())
    }

    /// A line of a script, as it stands; nothing behind the last one.
    pub fn text(&self, name: &str, line: u32) -> Option<&'s str> {
        let entry = self.entries.get(bare(name))?;
        let index = (line as usize).checked_sub(1)?;
        let start = *entry.starts().get(index)?;
        let end = entry.starts().get(index + 1).map_or(entry.text.len(), |next| next - 1);
        entry.text.get(start..end).map(|text| text.trim_end_matches('\r'))
    }

    /// How many lines a script has; nothing if its text isn't known.
    pub fn lines(&self, name: &str) -> Option<u32> {
        let entry = self.entries.get(bare(name))?;
        // What ends with a line break has no further line.
        let empty = entry.starts().last() == Some(&entry.text.len());
        Some(entry.starts().len() as u32 - u32::from(empty && entry.starts().len() > 1))
    }

    fn raw(&self, log: &Log, pos: Pos) -> Option<&'s str> {
        let entry = self.entries.get(bare(log.str(pos.script)))?;
        let index = (pos.line as usize).checked_sub(1)?;
        let start = *entry.starts().get(index)?;
        let end = entry.starts().get(index + 1).map_or(entry.text.len(), |next| next - 1);
        entry.text.get(start..end)
    }
}

/// A file URL as a path; other names as they are.
fn bare(name: &str) -> &str {
    name.strip_prefix("file://").unwrap_or(name)
}

fn shorten<'n>(name: &'n str, folder: &str) -> &'n str {
    let name = bare(name);
    name.strip_prefix(folder).filter(|rest| !rest.is_empty()).unwrap_or(name)
}

/// The longest folder that all absolute paths among `names` lie in, with a slash at its end.
fn common_folder<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let folders = names.filter(|name| name.starts_with('/'));
    let folders = folders.filter_map(|name| name.rfind('/').map(|slash| &name[..=slash]));
    let common = folders.reduce(|a, b| {
        let equal = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
        let slash = a.as_bytes()[..equal].iter().rposition(|byte| *byte == b'/');
        slash.map_or("", |slash| &a[..=slash])
    });
    common.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(name: &str, text: &str) -> Script {
        Script { id: 1, name: name.into(), text: text.into() }
    }

    #[test]
    fn names_lose_the_folder_they_share() {
        let scripts =
            [script("/app/src/main.mjs", ""), script("file:///app/srv/a.js", ""), script("node:events", "")];
        let sources = Sources::new(&scripts);
        assert_eq!(sources.short("/app/src/main.mjs"), "src/main.mjs");
        assert_eq!(sources.short("/app/srv/a.js"), "srv/a.js");
        assert_eq!(sources.short("node:events"), "node:events");
        assert_eq!(sources.short("/other/b.js"), "/other/b.js");
        let alone = [script("/app/src/main.mjs", "")];
        assert_eq!(Sources::new(&alone).short("/app/src/main.mjs"), "main.mjs");
    }

    #[test]
    fn lines_are_found_even_at_the_edges() {
        let scripts = [script("/app/a.js", "first\r\n  second ß\nlast")];
        let sources = Sources::new(&scripts);
        let mut log = Log::default();
        let name = log.intern("/app/a.js");
        let line = |line| sources.line(&log, Pos { script: name, line, column: 1 });
        assert_eq!(
            [line(1), line(2), line(3), line(4)],
            [Some("first"), Some("second ß"), Some("last"), None]
        );
        assert_eq!(sources.line(&log, Pos::NONE), None);
        let rest = |column| sources.rest(&log, Pos { script: name, line: 2, column });
        assert_eq!([rest(1), rest(10), rest(11)], [Some("second ß"), Some("ß"), None]);
        assert_eq!(sources.place(&log, Pos { script: name, line: 2, column: 3 }).unwrap(), "a.js:2:3");
    }
}
