//! The grammar of patterns (22.2.1 with Annex B.1.2): text to tree, with V8's error messages.

use super::charset::{CharSet, DIGITS, NEWLINES, SPACE, WORD};

/// No limit, in a quantifier.
pub const INFINITE: u32 = u32::MAX;
const MAX_DEPTH: u32 = 1000;
const MAX_GROUPS: u32 = 1 << 15;

/// A part of a pattern.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names are the grammar's")]
pub enum Node {
    Empty,
    /// A code point (with `u`) or a code unit.
    Char(u32),
    Set(CharSet),
    Start {
        multiline: bool,
    },
    End {
        multiline: bool,
    },
    Boundary {
        not: bool,
        fold: bool,
    },
    Cat(Vec<Node>),
    Alt(Vec<Node>),
    Group(Box<Node>, u32),
    /// Whichever of these groups has taken part.
    BackRef {
        groups: Vec<u32>,
        icase: bool,
    },
    Look {
        behind: bool,
        not: bool,
        body: Box<Node>,
    },
    Repeat {
        body: Box<Node>,
        min: u32,
        max: u32,
        greedy: bool,
        caps: (u32, u32),
    },
}

/// The flags that matter to the grammar and to matching.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the names are the flags' own")]
pub struct Modes {
    pub icase: bool,
    pub multiline: bool,
    pub dot_all: bool,
    pub unicode: bool,
    pub sets: bool,
}

/// A parsed pattern.
#[derive(Debug)]
pub struct Pattern {
    /// Its tree.
    pub node: Node,
    /// Number of groups, the whole match included.
    pub groups: u32,
    /// Named groups in order of appearance, with their numbers.
    pub names: Vec<(Vec<u16>, Vec<u32>)>,
    /// Uses what only the other backend knows (property escapes, set notation): the tree is only good for its groups.
    pub foreign: bool,
}

type Result<T> = std::result::Result<T, &'static str>;

/// Parses code units.
pub fn parse(units: &[u16], modes: Modes) -> Result<Pattern> {
    let unicode = modes.unicode || modes.sets;
    let text: Vec<u32> = if unicode {
        char::decode_utf16(units.iter().copied())
            .map(|r| r.map_or_else(|e| u32::from(e.unpaired_surrogate()), |c| c as u32))
            .collect()
    } else {
        units.iter().map(|&u| u32::from(u)).collect()
    };
    let (total, named) = count_groups(&text);
    let mut p = Parser {
        t: text,
        i: 0,
        unicode,
        modes,
        total,
        named,
        next_group: 1,
        names: Vec::new(),
        paths: Vec::new(),
        path: Vec::new(),
        disjunctions: 0,
        pending: Vec::new(),
        depth: 0,
        foreign: modes.sets,
    };
    let mut node = p.disjunction()?;
    if p.i < p.t.len() {
        return Err("Unmatched ')'");
    }
    p.resolve(&mut node)?;
    Ok(Pattern { node, groups: p.next_group, names: p.names, foreign: p.foreign })
}

/// How many capturing groups there are in all, and whether some are named: decides what `\1` and `\k` mean.
fn count_groups(t: &[u32]) -> (u32, bool) {
    let (mut n, mut named, mut class, mut i) = (0, false, false, 0);
    let at = |i: usize| t.get(i).copied().and_then(char::from_u32).unwrap_or('\0');
    while i < t.len() {
        match at(i) {
            '\\' => i += 1,
            '[' => class = true,
            ']' => class = false,
            '(' if !class => {
                if at(i + 1) != '?' {
                    n += 1;
                } else if at(i + 2) == '<' && !matches!(at(i + 3), '=' | '!') {
                    n += 1;
                    named = true;
                }
            }
            _ => {}
        }
        i += 1;
    }
    (n, named)
}

struct Parser {
    t: Vec<u32>,
    i: usize,
    unicode: bool,
    modes: Modes,
    total: u32,
    named: bool,
    next_group: u32,
    names: Vec<(Vec<u16>, Vec<u32>)>,
    /// For each named group: where it stands among alternatives.
    paths: Vec<(usize, Vec<(u32, u32)>)>,
    path: Vec<(u32, u32)>,
    disjunctions: u32,
    /// Names that `\k` has used; the number is their place in the tree's BackRef.
    pending: Vec<Vec<u16>>,
    depth: u32,
    foreign: bool,
}

const fn ch(c: char) -> u32 {
    c as u32
}

/// What a class or an escape stands for.
enum Atom {
    Char(u32),
    Set(CharSet),
}

impl Parser {
    fn peek(&self) -> Option<u32> {
        self.t.get(self.i).copied()
    }

    fn at(&self, k: usize) -> Option<char> {
        self.t.get(self.i + k).copied().and_then(char::from_u32)
    }

    fn eat(&mut self, c: char) -> bool {
        let yes = self.peek() == Some(ch(c));
        self.i += usize::from(yes);
        yes
    }

    fn eat_str(&mut self, s: &str) -> bool {
        let yes = s.chars().enumerate().all(|(k, c)| self.t.get(self.i + k) == Some(&ch(c)));
        if yes {
            self.i += s.chars().count();
        }
        yes
    }

    fn disjunction(&mut self) -> Result<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("Regular expression too large");
        }
        let id = self.disjunctions;
        self.disjunctions += 1;
        let mut alts = Vec::new();
        let mut n = 0;
        loop {
            self.path.push((id, n));
            let a = self.alternative();
            self.path.pop();
            alts.push(a?);
            n += 1;
            if !self.eat('|') {
                break;
            }
        }
        self.depth -= 1;
        Ok(match alts.len() {
            1 => alts.pop().unwrap_or(Node::Empty),
            _ => Node::Alt(alts),
        })
    }

    fn alternative(&mut self) -> Result<Node> {
        let mut terms = Vec::new();
        while let Some(c) = self.peek() {
            if c == ch('|') || c == ch(')') {
                break;
            }
            terms.push(self.term()?);
        }
        Ok(match terms.len() {
            0 => Node::Empty,
            1 => terms.pop().unwrap_or(Node::Empty),
            _ => Node::Cat(terms),
        })
    }

    fn term(&mut self) -> Result<Node> {
        let first_cap = self.next_group;
        let mut quantifiable = true;
        let node = match self.at(0) {
            Some('^') => {
                self.i += 1;
                return Ok(Node::Start { multiline: self.modes.multiline });
            }
            Some('$') => {
                self.i += 1;
                return Ok(Node::End { multiline: self.modes.multiline });
            }
            Some('(') => self.group(&mut quantifiable)?,
            Some('.') => {
                self.i += 1;
                let lines = if self.modes.dot_all { CharSet::default() } else { CharSet::of(NEWLINES) };
                Node::Set(lines.inverted())
            }
            Some('[') if self.modes.sets => {
                self.skip_class_set()?;
                Node::Empty
            }
            Some('[') => self.class()?,
            Some('\\') => match self.at(1) {
                Some('b' | 'B') => {
                    let not = self.at(1) == Some('B');
                    self.i += 2;
                    return Ok(Node::Boundary { not, fold: self.unicode && self.modes.icase });
                }
                _ => self.atom_escape()?,
            },
            Some('*' | '+' | '?') => return Err("Nothing to repeat"),
            Some('{') if self.unicode => return Err("Nothing to repeat"),
            Some('{') => {
                if self.braces()?.is_some() {
                    return Err("Nothing to repeat");
                }
                self.i += 1;
                self.char_node(ch('{'))
            }
            Some('}' | ']') if self.unicode => return Err("Lone quantifier brackets"),
            _ => {
                let c = self.peek().unwrap_or(0);
                self.i += 1;
                self.char_node(c)
            }
        };
        self.quantified(node, first_cap, quantifiable)
    }

    /// The node of one literal character under the case mode.
    fn char_node(&self, c: u32) -> Node {
        if !self.modes.icase {
            return Node::Char(c);
        }
        let mut s = CharSet::one(c);
        s.close_case(self.unicode);
        match s.single() {
            Some(c) => Node::Char(c),
            None => Node::Set(s),
        }
    }

    fn quantified(&mut self, body: Node, first_cap: u32, quantifiable: bool) -> Result<Node> {
        let sign = self.at(0);
        let (min, max) = match sign {
            Some('*') => (0, INFINITE),
            Some('+') => (1, INFINITE),
            Some('?') => (0, 1),
            Some('{') => match self.braces()? {
                Some(q) => q,
                None if self.unicode => return Err("Incomplete quantifier"),
                None => return Ok(body),
            },
            _ => return Ok(body),
        };
        if sign != Some('{') {
            self.i += 1;
        }
        if !quantifiable {
            return Err("Invalid quantifier");
        }
        let greedy = !self.eat('?');
        Ok(Node::Repeat { body: Box::new(body), min, max, greedy, caps: (first_cap, self.next_group) })
    }

    /// `{n}`, `{n,}` or `{n,m}`; nothing is consumed when it is none.
    fn braces(&mut self) -> Result<Option<(u32, u32)>> {
        let start = self.i;
        self.i += 1;
        let r = self.brace_bounds();
        match r {
            Some((min, max)) if min > max => Err("numbers out of order in {} quantifier"),
            Some(q) => Ok(Some(q)),
            None => {
                self.i = start;
                Ok(None)
            }
        }
    }

    fn brace_bounds(&mut self) -> Option<(u32, u32)> {
        let min = self.number()?;
        if self.eat('}') {
            return Some((min, min));
        }
        if !self.eat(',') {
            return None;
        }
        if self.eat('}') {
            return Some((min, INFINITE));
        }
        let max = self.number()?;
        self.eat('}').then_some((min, max))
    }

    /// A decimal number, capped.
    fn number(&mut self) -> Option<u32> {
        let start = self.i;
        let mut n: u32 = 0;
        while let Some(d) = self.at(0).and_then(|c| c.to_digit(10)) {
            n = n.saturating_mul(10).saturating_add(d).min(INFINITE - 1);
            self.i += 1;
        }
        (self.i > start).then_some(n)
    }

    // ---- groups ----

    fn group(&mut self, quantifiable: &mut bool) -> Result<Node> {
        self.i += 1;
        if !self.eat('?') {
            return self.capture();
        }
        if self.eat(':') {
            let body = self.disjunction()?;
            return self.close(body);
        }
        let look = |behind, not| Some((behind, not));
        let kind = if self.eat('=') {
            look(false, false)
        } else if self.eat('!') {
            look(false, true)
        } else if self.eat_str("<=") {
            look(true, false)
        } else if self.eat_str("<!") {
            look(true, true)
        } else {
            None
        };
        if let Some((behind, not)) = kind {
            // Annex B lets only lookaheads be repeated, and only without `u`.
            *quantifiable = !behind && !self.unicode;
            let body = self.disjunction()?;
            let body = Box::new(self.close(body)?);
            return Ok(Node::Look { behind, not, body });
        }
        if self.eat('<') {
            let name = self.group_name()?;
            self.declare(name)?;
            return self.capture();
        }
        self.modifiers()
    }

    fn close(&mut self, body: Node) -> Result<Node> {
        if self.eat(')') { Ok(body) } else { Err("Unterminated group") }
    }

    fn capture(&mut self) -> Result<Node> {
        let n = self.next_group;
        if n >= MAX_GROUPS {
            return Err("Too many captures");
        }
        self.next_group += 1;
        let body = self.disjunction()?;
        let body = self.close(body)?;
        Ok(Node::Group(Box::new(body), n))
    }

    /// `(?ims-ims:…)`
    fn modifiers(&mut self) -> Result<Node> {
        let mut modes = self.modes;
        let (mut seen, mut minus, mut any_on) = (Vec::new(), false, false);
        loop {
            match self.at(0) {
                Some('-') if minus => return Err("Multiple dashes in flag group"),
                Some('-') => minus = true,
                Some(c @ ('i' | 'm' | 's')) => {
                    if seen.contains(&c) {
                        return Err("Repeated flag in flag group");
                    }
                    seen.push(c);
                    any_on |= !minus;
                    match c {
                        'i' => modes.icase = !minus,
                        'm' => modes.multiline = !minus,
                        _ => modes.dot_all = !minus,
                    }
                }
                Some(':') if !seen.is_empty() => break,
                Some(':') if minus => return Err("Invalid flag group"),
                _ => return Err(if any_on || minus { "Invalid flag group" } else { "Invalid group" }),
            }
            self.i += 1;
        }
        self.i += 1;
        let saved = std::mem::replace(&mut self.modes, modes);
        let body = self.disjunction();
        self.modes = saved;
        let body = body?;
        self.close(body)
    }

    /// The name of a group, up to and with '>'.
    fn group_name(&mut self) -> Result<Vec<u16>> {
        const BAD: &str = "Invalid capture group name";
        let mut name = String::new();
        loop {
            let mut c = self.peek().ok_or(BAD)?;
            self.i += 1;
            if c == ch('>') {
                break;
            }
            if c == ch('\\') {
                if !self.eat('u') {
                    return Err("Invalid Unicode escape");
                }
                c = self.unicode_escape(true).ok_or("Invalid Unicode escape")?;
            } else if (0xD800..0xDC00).contains(&c)
                && let Some(lo) = self.peek().filter(|l| (0xDC00..0xE000).contains(l))
            {
                self.i += 1;
                c = 0x10000 + ((c - 0xD800) << 10) + (lo - 0xDC00);
            }
            let c = char::from_u32(c).ok_or(BAD)?;
            let start = unicode_id_start::is_id_start(c) || matches!(c, '$' | '_');
            let part = start || unicode_id_start::is_id_continue(c) || matches!(c, '\u{200C}' | '\u{200D}');
            if !(start || part && !name.is_empty()) {
                return Err(BAD);
            }
            name.push(c);
        }
        if name.is_empty() {
            return Err(BAD);
        }
        Ok(name.encode_utf16().collect())
    }

    /// Records the name of the group that comes next. The same name twice is fine in different alternatives only.
    fn declare(&mut self, name: Vec<u16>) -> Result<()> {
        let n = self.next_group;
        let k = match self.names.iter().position(|(x, _)| *x == name) {
            Some(k) => k,
            None => {
                self.names.push((name, Vec::new()));
                self.names.len() - 1
            }
        };
        let clash = self
            .paths
            .iter()
            .filter(|(x, _)| *x == k)
            .any(|(_, path)| !path.iter().zip(&self.path).any(|(a, b)| a.0 == b.0 && a.1 != b.1));
        if clash {
            return Err("Duplicate capture group name");
        }
        self.names[k].1.push(n);
        self.paths.push((k, self.path.clone()));
        Ok(())
    }

    /// Fills in what `\k<name>` refers to, now that all names are known.
    fn resolve(&mut self, node: &mut Node) -> Result<()> {
        match node {
            Node::BackRef { groups, .. } => {
                if let [marker] = groups[..]
                    && marker >= MARKER
                {
                    let name = &self.pending[(marker - MARKER) as usize];
                    let Some((_, list)) = self.names.iter().find(|(n, _)| n == name) else {
                        return Err("Invalid named capture referenced");
                    };
                    *groups = list.clone();
                }
                Ok(())
            }
            Node::Cat(v) | Node::Alt(v) => v.iter_mut().try_for_each(|n| self.resolve(n)),
            Node::Group(b, _) | Node::Look { body: b, .. } | Node::Repeat { body: b, .. } => self.resolve(b),
            _ => Ok(()),
        }
    }

    // ---- escapes ----

    fn atom_escape(&mut self) -> Result<Node> {
        self.i += 1;
        let Some(c) = self.at(0) else {
            return if self.peek().is_some() { self.identity() } else { Err("\\ at end of pattern") };
        };
        if c.is_ascii_digit() && c != '0' {
            return self.decimal_escape();
        }
        if c == 'k' && (self.unicode || self.named) {
            self.i += 1;
            if !self.eat('<') {
                return Err("Invalid named reference");
            }
            let name = self.group_name().map_err(|_| "Invalid named reference")?;
            self.pending.push(name);
            let marker = MARKER + self.pending.len() as u32 - 1;
            return Ok(Node::BackRef { groups: vec![marker], icase: self.modes.icase });
        }
        match self.escape(false)? {
            Atom::Char(c) => Ok(self.char_node(c)),
            Atom::Set(s) => Ok(Node::Set(s)),
        }
    }

    fn identity(&mut self) -> Result<Node> {
        if self.unicode {
            return Err("Invalid escape");
        }
        let c = self.peek().unwrap_or(0);
        self.i += 1;
        Ok(self.char_node(c))
    }

    fn decimal_escape(&mut self) -> Result<Node> {
        let start = self.i;
        let n = self.number().unwrap_or(0);
        if n <= self.total {
            return Ok(Node::BackRef { groups: vec![n], icase: self.modes.icase });
        }
        if self.unicode {
            return Err("Invalid escape");
        }
        self.i = start;
        let c = match self.at(0) {
            Some('8' | '9') => {
                self.i += 1;
                self.t[start]
            }
            _ => self.octal(),
        };
        Ok(self.char_node(c))
    }

    /// Up to three octal digits, at most 0o377.
    fn octal(&mut self) -> u32 {
        let mut n = 0;
        for _ in 0..3 {
            match self.at(0).and_then(|c| c.to_digit(8)) {
                Some(d) if n * 8 + d <= 0o377 => {
                    n = n * 8 + d;
                    self.i += 1;
                }
                _ => break,
            }
        }
        n
    }

    /// The escapes that classes share; the cursor stands behind the backslash.
    fn escape(&mut self, in_class: bool) -> Result<Atom> {
        let Some(raw) = self.peek() else { return Err("\\ at end of pattern") };
        let c = char::from_u32(raw).unwrap_or('\0');
        self.i += 1;
        let set = |ranges: &[(u32, u32)], not: bool, p: &Parser| {
            let mut s = CharSet::of(ranges);
            if p.unicode && p.modes.icase {
                s.close_case(true);
            }
            Ok(Atom::Set(if not { s.inverted() } else { s }))
        };
        let one = |n: u32| Ok(Atom::Char(n));
        match c {
            'd' => set(DIGITS, false, self),
            'D' => set(DIGITS, true, self),
            'w' => set(WORD, false, self),
            'W' => set(WORD, true, self),
            's' => set(SPACE, false, self),
            'S' => set(SPACE, true, self),
            't' => one(9),
            'n' => one(10),
            'v' => one(11),
            'f' => one(12),
            'r' => one(13),
            'b' if in_class => one(8),
            '-' if in_class && self.unicode => one(ch('-')),
            'c' => self.control(in_class),
            '0' if !self.at(0).is_some_and(|c| c.is_ascii_digit()) => one(0),
            '0'..='9' if self.unicode => {
                Err(if in_class { "Invalid class escape" } else { "Invalid decimal escape" })
            }
            '0'..='7' => {
                self.i -= 1;
                let n = self.octal();
                one(n)
            }
            'x' => {
                let start = self.i;
                match self.hex(2) {
                    Some(n) => one(n),
                    None if self.unicode => Err("Invalid escape"),
                    None => {
                        self.i = start;
                        one(raw)
                    }
                }
            }
            'u' => {
                let start = self.i;
                match self.unicode_escape(self.unicode) {
                    Some(n) => one(n),
                    None if self.unicode => Err("Invalid Unicode escape"),
                    None => {
                        self.i = start;
                        one(raw)
                    }
                }
            }
            'p' | 'P' if self.unicode => self.property(in_class),
            _ if self.unicode && !"^$\\.*+?()[]{}|/".contains(c) => Err("Invalid escape"),
            'k' if self.named => Err("Invalid escape"),
            _ => one(raw),
        }
    }

    fn control(&mut self, in_class: bool) -> Result<Atom> {
        match self.at(0) {
            Some(l) if l.is_ascii_alphabetic() => {
                self.i += 1;
                Ok(Atom::Char(l as u32 & 31))
            }
            _ if self.unicode => Err("Invalid Unicode escape"),
            Some(l) if in_class && (l.is_ascii_digit() || l == '_') => {
                self.i += 1;
                Ok(Atom::Char(l as u32 & 31))
            }
            // A literal backslash, and the c is next.
            _ => {
                self.i -= 1;
                Ok(Atom::Char(ch('\\')))
            }
        }
    }

    fn hex(&mut self, n: usize) -> Option<u32> {
        let mut v = 0;
        for _ in 0..n {
            v = v * 16 + self.at(0)?.to_digit(16)?;
            self.i += 1;
        }
        Some(v)
    }

    /// Behind `\u`: four digits, with `full` also a surrogate pair or braces.
    fn unicode_escape(&mut self, full: bool) -> Option<u32> {
        if full && self.eat('{') {
            let mut v: u32 = 0;
            let start = self.i;
            while !self.eat('}') {
                v = v.checked_mul(16)?.checked_add(self.at(0)?.to_digit(16)?)?;
                if v > super::charset::MAX_CODE_POINT {
                    return None;
                }
                self.i += 1;
            }
            return (self.i > start + 1).then_some(v);
        }
        let hi = self.hex(4)?;
        if full && (0xD800..0xDC00).contains(&hi) {
            let save = self.i;
            if self.eat_str("\\u")
                && let Some(lo) = self.hex(4).filter(|l| (0xDC00..0xE000).contains(l))
            {
                return Some(0x10000 + ((hi - 0xD800) << 10) + (lo - 0xDC00));
            }
            self.i = save;
        }
        Some(hi)
    }

    /// `\p{…}`: left to the other backend, which has the tables. Whether the name exists is found out there.
    fn property(&mut self, in_class: bool) -> Result<Atom> {
        const BAD: [&str; 2] = ["Invalid property name", "Invalid property name in character class"];
        let bad = BAD[usize::from(in_class)];
        if !self.eat('{') {
            return Err(bad);
        }
        while !self.eat('}') {
            match self.at(0) {
                Some(c) if c.is_ascii_alphanumeric() || matches!(c, '_' | '=') => self.i += 1,
                _ => return Err(bad),
            }
        }
        self.foreign = true;
        Ok(Atom::Set(CharSet::default()))
    }

    // ---- classes ----

    fn class(&mut self) -> Result<Node> {
        self.i += 1;
        let not = self.eat('^');
        let mut set = CharSet::default();
        loop {
            if self.eat(']') {
                break;
            }
            let lo = self.class_atom()?;
            if self.at(0) == Some('-') && self.at(1) != Some(']') && self.t.len() > self.i + 1 {
                self.i += 1;
                let hi = self.class_atom()?;
                match (lo, hi) {
                    (Atom::Char(a), Atom::Char(b)) if a > b => {
                        return Err("Range out of order in character class");
                    }
                    (Atom::Char(a), Atom::Char(b)) => set.add(a, b),
                    _ if self.unicode => return Err("Invalid character class"),
                    (a, b) => {
                        set.add(ch('-'), ch('-'));
                        add(&mut set, a);
                        add(&mut set, b);
                    }
                }
                continue;
            }
            add(&mut set, lo);
        }
        set.normalize();
        if self.modes.icase {
            set.close_case(self.unicode);
        }
        let set = if not { set.inverted() } else { set };
        Ok(match set.single() {
            Some(c) => Node::Char(c),
            None => Node::Set(set),
        })
    }

    fn class_atom(&mut self) -> Result<Atom> {
        let Some(c) = self.peek() else { return Err("Unterminated character class") };
        self.i += 1;
        if c != ch('\\') {
            return Ok(Atom::Char(c));
        }
        self.escape(true)
    }

    /// A class in set notation: only its extent matters here.
    fn skip_class_set(&mut self) -> Result<()> {
        let mut depth = 0;
        while let Some(c) = self.at(0).or(self.peek().map(|_| '\0')) {
            self.i += 1;
            match c {
                '\\' => self.i += 1,
                '[' => depth += 1,
                ']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        Err("Unterminated character class")
    }
}

/// Numbers from here on stand for names not yet resolved.
const MARKER: u32 = 1 << 30;

fn add(set: &mut CharSet, a: Atom) {
    match a {
        Atom::Char(c) => set.add(c, c),
        Atom::Set(s) => set.add_set(&s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(p: &str, unicode: bool) -> &'static str {
        let units: Vec<u16> = p.encode_utf16().collect();
        match parse(&units, Modes { unicode, ..Modes::default() }) {
            Ok(_) => "",
            Err(e) => e,
        }
    }

    #[test]
    fn errors_in_v8s_words() {
        for (p, unicode, want) in [
            ("(", false, "Unterminated group"),
            (")", false, "Unmatched ')'"),
            ("*", false, "Nothing to repeat"),
            ("a{2,1}", false, "numbers out of order in {} quantifier"),
            ("[", false, "Unterminated character class"),
            ("[b-a]", false, "Range out of order in character class"),
            ("\\", false, "\\ at end of pattern"),
            ("(?<a>.)(?<a>.)", false, "Duplicate capture group name"),
            ("(?<a>.)|(?<a>.)", false, ""),
            ("(?<1>.)", false, "Invalid capture group name"),
            ("(?<a>.)\\k<b>", false, "Invalid named capture referenced"),
            ("\\k", false, ""),
            ("a{", false, ""),
            ("a{", true, "Incomplete quantifier"),
            ("{", true, "Nothing to repeat"),
            ("}", true, "Lone quantifier brackets"),
            ("\\-", true, "Invalid escape"),
            ("(?=a)*", true, "Invalid quantifier"),
            ("(?=a)*", false, ""),
            ("(?a", false, "Invalid group"),
        ] {
            assert_eq!(message(p, unicode), want, "{p}");
        }
    }
}
