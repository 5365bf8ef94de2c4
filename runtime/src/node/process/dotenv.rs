//! `.env` files, as Node reads them (`--env-file`, `process.loadEnvFile`, `util.parseEnv`).

/// The variables of a text in order; of a name that comes twice the last counts.
pub(crate) fn parse(text: &str) -> Vec<(String, String)> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut rest = text.trim_matches([' ', '\t', '\n']);
    let mut out: Vec<(String, String)> = Vec::new();
    while !rest.is_empty() {
        if rest.starts_with('\n') {
            rest = &rest[1..];
            continue;
        }
        if rest.starts_with('#') {
            rest = after_line(rest);
            continue;
        }
        let line_end = rest.find('\n').unwrap_or(rest.len());
        let Some(equals) = rest.find('=').filter(|&e| e < line_end) else {
            // A line that sets nothing.
            rest = after_line(rest);
            continue;
        };
        let key = rest[..equals].trim();
        let key = key.strip_prefix("export ").map_or(key, str::trim).to_owned();
        rest = &rest[equals + 1..];
        if key.is_empty() {
            rest = after_line(rest);
            continue;
        }
        let (value, left) = value(rest);
        rest = left.trim_start_matches([' ', '\t']);
        match out.iter_mut().find(|(k, _)| *k == key) {
            Some(known) => known.1 = value,
            None => out.push((key, value)),
        }
    }
    out
}

fn after_line(text: &str) -> &str {
    text.find('\n').map_or("", |i| &text[i + 1..])
}

/// A value and what follows it. Quoted values may span lines; those in double quotes have `\n` for a line break.
fn value(text: &str) -> (String, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    if text.is_empty() || text.starts_with('\n') {
        return (String::new(), text);
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    if let Some(q) = quote
        && let Some(end) = text[1..].find(q)
    {
        let inner = &text[1..=end];
        let inner = if q == '"' { inner.replace("\\n", "\n") } else { inner.to_owned() };
        return (inner, after_line(&text[end + 2..]));
    }
    let line_end = text.find('\n').unwrap_or(text.len());
    let line = &text[..line_end];
    let shown = line.split('#').next().unwrap_or("").trim();
    // A quote that is never closed is part of the value.
    (shown.to_owned(), after_line(text))
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn get(text: &str) -> Vec<(String, String)> {
        parse(text)
    }

    fn one(text: &str) -> String {
        get(text).into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn values_are_trimmed_and_comments_dropped() {
        assert_eq!(one("A=1\nB = two # comment\n# C=3\nexport D=4\r\nE="), "A=1|B=two|D=4|E=");
    }

    #[test]
    fn quotes_keep_what_is_in_them() {
        assert_eq!(one("A=\"a # b\\nc\"\nB='a\\n#'\nC=`x \"y\"`"), "A=a # b\nc|B=a\\n#|C=x \"y\"");
        assert_eq!(one("A=\"two\nlines\"\nB=1"), "A=two\nlines|B=1");
        assert_eq!(one("A=\"open\nB=1"), "A=\"open|B=1");
    }

    #[test]
    fn the_last_of_a_name_counts_and_nonsense_is_skipped() {
        assert_eq!(one("A=1\nnonsense\n=x\nA=2"), "A=2");
    }
}
