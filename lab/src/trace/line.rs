//! Lines of styled text: widths, wrapping, colours, and the limit on their number.

use std::io::{self, Write};

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Ordinary text.
    Plain,
    /// Headings: turns, beginning and end.
    Heading,
    /// A phase.
    Phase,
    /// A callback's ordinal and name.
    Callback,
    /// Explanations: causes, source lines.
    Dim,
    /// What the program wrote to standard output.
    Out,
    /// What it wrote to standard error, and errors.
    Err,
    /// Something that could have gone otherwise.
    Race,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Heading => "1;36",
            Style::Phase => "1;35",
            Style::Callback => "1",
            Style::Dim => "2",
            Style::Out => "32",
            Style::Err => "31",
            Style::Race => "33",
        }
    }
}

/// A line under construction.
#[derive(Debug, Clone, Default)]
pub struct Line {
    parts: Vec<(Style, String)>,
    width: usize,
}

impl Line {
    /// A line that begins with spaces.
    pub fn indented(columns: usize) -> Line {
        Line { parts: vec![(Style::Plain, " ".repeat(columns))], width: columns }
    }

    /// Appends text. What would break the line or the terminal is made visible or dropped.
    pub fn push(&mut self, style: Style, text: &str) -> &mut Line {
        let text = printable(text);
        self.width += width(&text);
        self.parts.push((style, text));
        self
    }

    /// Appends spaces (or another character) up to a column.
    pub fn fill_to(&mut self, column: usize, with: char, style: Style) -> &mut Line {
        let missing = column.saturating_sub(self.width);
        if missing > 0 {
            self.width += missing;
            self.parts.push((style, with.to_string().repeat(missing)));
        }
        self
    }

    /// Columns so far.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The line in rows of at most `columns`, broken at spaces where there are any; further rows are indented a little more.
    fn rows(&self, columns: usize) -> Vec<Line> {
        let first = self.parts.first().map_or("", |part| &part.1);
        let indent = first.chars().take_while(|c| *c == ' ').count() + 2;
        let mut rows = vec![Line::default()];
        let words = self.parts.iter().flat_map(|(style, text)| pieces(text).map(|piece| (*style, piece)));
        for (style, piece) in words {
            let row = rows.last().map_or(0, |row| row.width);
            let blank = piece.trim().is_empty();
            if row + width(piece) > columns && row > indent {
                rows.push(Line::indented(indent.min(columns / 2)));
                if blank {
                    continue;
                }
            }
            let Some(row) = rows.last_mut() else { break };
            row.push(style, &fit(piece, columns.saturating_sub(row.width).max(1)));
        }
        rows
    }

    fn write(&self, out: &mut dyn Write, color: bool) -> io::Result<()> {
        let mut plain = String::new();
        for (style, text) in &self.parts {
            match style.code() {
                code if color && !code.is_empty() => plain.push_str(&format!("\x1b[{code}m{text}\x1b[0m")),
                _ => plain.push_str(text),
            }
        }
        writeln!(out, "{}", plain.trim_end())
    }
}

/// Takes lines until the limit is reached.
pub struct Sink<'o> {
    out: &'o mut dyn Write,
    color: bool,
    columns: usize,
    left: usize,
    last_blank: bool,
}

impl<'o> Sink<'o> {
    /// A sink for at most `limit` lines, none wider than `columns`.
    pub fn new(out: &'o mut dyn Write, color: bool, columns: usize, limit: usize) -> Sink<'o> {
        Sink { out, color, columns, left: limit, last_blank: true }
    }

    /// Whether the limit is reached.
    pub fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Lifts the limit, for how the story ends.
    pub fn unlimited(&mut self) {
        self.left = usize::MAX;
    }

    /// Writes a line, unless the limit is reached.
    pub fn line(&mut self, line: &Line) -> io::Result<()> {
        if self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        self.last_blank = false;
        if line.width <= self.columns {
            return line.write(self.out, self.color);
        }
        line.rows(self.columns).iter().try_for_each(|row| row.write(self.out, self.color))
    }

    /// An empty line, unless there is one already. Not counted.
    pub fn blank(&mut self) -> io::Result<()> {
        if self.left == 0 || self.last_blank {
            return Ok(());
        }
        self.last_blank = true;
        writeln!(self.out)
    }
}

/// Words and the spaces between them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let space = rest.starts_with(' ');
        let end = rest.find(|c| (c == ' ') != space).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Text without escape sequences, and with other control characters made visible.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\t' => out.push_str("    "),
            '\x1b' => skip_escape(&mut chars),
            c if (c as u32) < 0x20 => out.extend(char::from_u32(0x2400 + c as u32)),
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Skips the rest of a terminal's control sequence.
fn skip_escape(chars: &mut std::str::Chars<'_>) {
    if chars.clone().next() != Some('[') {
        return;
    }
    chars.next();
    for c in chars.by_ref() {
        if ('@'..='~').contains(&c) {
            return;
        }
    }
}

/// How many columns a terminal gives a text: combining marks none, East Asian and emoji two.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char_width).sum() }
}

fn char_width(c: char) -> usize {
    match c as u32 {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f | 0x20d0..=0x20ff => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x1f900..=0x1f9ff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The text cut to `columns`, with `…` where something is missing.
pub fn fit(text: &str, columns: usize) -> String {
    let text = printable(text);
    if width(&text) <= columns {
        return text;
    }
    let mut used = 1;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += char_width(*c);
            used <= columns
        })
        .collect();
    kept.trim_end().to_owned() + "…"
}

/// The text in rows of at most `columns`, broken at spaces where there are any.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let text = printable(text);
    let mut rows = Vec::new();
    let mut rest = text.as_str();
    while width(rest) > columns {
        let at = break_point(rest, columns);
        rows.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start();
    }
    if !rest.is_empty() || rows.is_empty() {
        rows.push(rest.to_owned());
    }
    rows
}

fn break_point(text: &str, columns: usize) -> usize {
    let (mut used, mut space, mut end) = (0, None, text.len());
    for (at, c) in text.char_indices() {
        used += char_width(c);
        if used > columns {
            end = at;
            break;
        }
        if c == ' ' && at > 0 {
            space = Some(at);
        }
    }
    if text[end..].starts_with(' ') {
        return end;
    }
    // At least one character, or it would never end.
    space.unwrap_or(end).max(text.chars().next().map_or(1, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_wrapped_and_made_harmless() {
        assert_eq!(fit("short", 5), "short");
        assert_eq!(fit("too long a text", 9), "too long…");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("日本語", 1), ["日", "本", "語"]);
        assert_eq!(printable("\x1b[31mred\x1b[0m\ta\u{7}\r"), "red    a␇␍");
        assert_eq!(width("añ日"), 4);
    }

    #[test]
    fn a_full_sink_says_so_and_takes_no_more() {
        let mut out = Vec::new();
        let mut sink = Sink::new(&mut out, false, 80, 1);
        for text in ["first", "second"] {
            let mut line = Line::default();
            line.push(Style::Heading, text);
            sink.line(&line).unwrap();
        }
        assert!(sink.is_full());
        sink.blank().unwrap();
        assert_eq!(out, b"first\n");
    }

    #[test]
    fn long_lines_are_broken_between_words() {
        let mut out = Vec::new();
        let mut line = Line::indented(2);
        line.push(Style::Plain, "one two").push(Style::Dim, " three incomprehensibilities");
        Sink::new(&mut out, false, 12, 9).line(&line).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "  one two\n    three\n    incompr…\n");
    }

    #[test]
    fn colours_are_there_only_when_asked_for() {
        let mut line = Line::indented(1);
        line.push(Style::Out, "x").fill_to(4, ' ', Style::Plain).push(Style::Plain, "y");
        let (mut plain, mut colored) = (Vec::new(), Vec::new());
        line.write(&mut plain, false).unwrap();
        line.write(&mut colored, true).unwrap();
        assert_eq!(plain, b" x  y\n");
        assert_eq!(colored, b" \x1b[32mx\x1b[0m  y\n");
    }
}
