//! From the tree of a pattern to the matcher's instructions.

use super::charset::{CharSet, Matcher};
use super::syntax::{INFINITE, Node, Pattern};

/// One instruction. Positions are code units; "back" ones move to the left (lookbehind).
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is explained in one line")]
pub enum Op {
    /// This code unit.
    Char(u16),
    CharBack(u16),
    /// A member of set n.
    Set(u32),
    SetBack(u32),
    /// Go on behind; when that fails, at the target.
    Split(u32),
    /// Go on at the target; when that fails, behind.
    SplitLazy(u32),
    Jump(u32),
    /// Position into a capture slot.
    Save(u32),
    /// Forget capture slots.
    Clear(u32, u32),
    Start,
    StartLine,
    End,
    EndLine,
    /// Word boundary; `not`, with case folding.
    Boundary(bool, bool),
    BackRef {
        list: u32,
        icase: bool,
        back: bool,
    },
    /// The body follows, up to `LookEnd`; the target is behind it.
    Look {
        not: bool,
        end: u32,
    },
    LookEnd,
    /// counter := 0
    Zero(u32),
    /// Decide about another round by the counter.
    Loop {
        counter: u32,
        min: u32,
        max: u32,
        greedy: bool,
        exit: u32,
    },
    /// counter += 1, and to the Loop.
    Again {
        counter: u32,
        head: u32,
    },
    /// Remember the position.
    Mark(u32),
    /// Fail when nothing was consumed since the mark and the minimum is reached.
    Advanced {
        mark: u32,
        counter: u32,
        min: u32,
    },
    /// Members of a set, min to max of them. `next`: the code unit that must follow, when known (else 0xFFFF_FFFF).
    Run {
        set: u32,
        min: u32,
        max: u32,
        greedy: bool,
        back: bool,
        next: u32,
    },
    Match,
}

/// Instructions with their tables, and what helps to find where a match can start.
#[derive(Debug)]
pub struct Code {
    /// The instructions.
    pub ops: Vec<Op>,
    /// Sets.
    pub sets: Vec<Matcher>,
    /// Groups of the back references.
    pub lists: Vec<Vec<u32>>,
    /// Counters and marks.
    pub registers: u32,
    /// Capture slots, two a group.
    pub slots: u32,
    /// Steps are code points.
    pub unicode: bool,
    /// Only a match at the very start is possible.
    pub anchored: bool,
    /// Every match starts with a member of this set.
    pub first: Option<Matcher>,
    /// Every match starts with these units.
    pub prefix: Vec<u16>,
    /// Every match contains this unit: when the rest of the text has none, nothing need be tried. Saves the usual
    /// catastrophic patterns from their fate, too.
    pub required: Option<u16>,
}

const NONE: u32 = u32::MAX;
const MAX_OPS: usize = 1 << 20;

/// Compiles a tree; an error when it would become too large.
pub fn compile(p: &Pattern, unicode: bool) -> Result<Code, &'static str> {
    let mut c = Compiler {
        code: Code {
            ops: Vec::new(),
            sets: Vec::new(),
            lists: Vec::new(),
            registers: 0,
            slots: p.groups * 2,
            unicode,
            anchored: false,
            first: None,
            prefix: Vec::new(),
            required: None,
        },
        back: false,
        full: false,
    };
    c.node(&p.node);
    c.emit(Op::Match);
    if c.full {
        return Err("Regular expression too large");
    }
    c.code.anchored = anchored(&p.node);
    let mut first = CharSet::default();
    if !first_of(&p.node, &mut first) {
        first.normalize();
        if !first.is_everything() {
            c.code.first = Some(first.compile());
        }
    }
    prefix(&p.node, unicode, &mut c.code.prefix);
    if c.code.prefix.is_empty() {
        c.code.required = required(&p.node);
    }
    c.follow();
    Ok(c.code)
}

struct Compiler {
    code: Code,
    back: bool,
    full: bool,
}

impl Compiler {
    fn emit(&mut self, op: Op) -> usize {
        if self.code.ops.len() >= MAX_OPS {
            self.full = true;
            return 0;
        }
        self.code.ops.push(op);
        self.code.ops.len() - 1
    }

    fn here(&self) -> u32 {
        self.code.ops.len() as u32
    }

    fn register(&mut self) -> u32 {
        self.code.registers += 1;
        self.code.registers - 1
    }

    fn set(&mut self, s: &CharSet) -> u32 {
        self.code.sets.push(s.compile());
        self.code.sets.len() as u32 - 1
    }

    fn node(&mut self, n: &Node) {
        if self.full {
            return;
        }
        match n {
            Node::Empty => {}
            Node::Char(c) => self.char(*c),
            Node::Set(s) => {
                let set = self.set(s);
                self.emit(if self.back { Op::SetBack(set) } else { Op::Set(set) });
            }
            Node::Start { multiline } => {
                self.emit(if *multiline { Op::StartLine } else { Op::Start });
            }
            Node::End { multiline } => {
                self.emit(if *multiline { Op::EndLine } else { Op::End });
            }
            Node::Boundary { not, fold } => {
                self.emit(Op::Boundary(*not, *fold));
            }
            Node::Cat(v) if self.back => v.iter().rev().for_each(|n| self.node(n)),
            Node::Cat(v) => v.iter().for_each(|n| self.node(n)),
            Node::Alt(v) => self.alternatives(v),
            Node::Group(body, n) => {
                let (open, close) = if self.back { (n * 2 + 1, n * 2) } else { (n * 2, n * 2 + 1) };
                self.emit(Op::Save(open));
                self.node(body);
                self.emit(Op::Save(close));
            }
            Node::BackRef { groups, icase } => {
                self.code.lists.push(groups.clone());
                let list = self.code.lists.len() as u32 - 1;
                let (icase, back) = (*icase, self.back);
                self.emit(Op::BackRef { list, icase, back });
            }
            Node::Look { behind, not, body } => {
                let at = self.emit(Op::Look { not: *not, end: 0 });
                let saved = std::mem::replace(&mut self.back, *behind);
                self.node(body);
                self.back = saved;
                self.emit(Op::LookEnd);
                let end = self.here();
                self.patch(at, |op| {
                    if let Op::Look { end: e, .. } = op {
                        *e = end;
                    }
                });
            }
            Node::Repeat { body, min, max, greedy, caps } => self.repeat(body, *min, *max, *greedy, *caps),
        }
    }

    fn patch(&mut self, at: usize, f: impl FnOnce(&mut Op)) {
        if let Some(op) = self.code.ops.get_mut(at) {
            f(op);
        }
    }

    fn char(&mut self, c: u32) {
        let surrogate = (0xD800..0xE000).contains(&c);
        if self.code.unicode && surrogate || c > 0xFFFF {
            // Whole code points only: half of a pair must not match.
            let set = self.set(&CharSet::one(c));
            self.emit(if self.back { Op::SetBack(set) } else { Op::Set(set) });
            return;
        }
        let c = c as u16;
        self.emit(if self.back { Op::CharBack(c) } else { Op::Char(c) });
    }

    fn alternatives(&mut self, v: &[Node]) {
        let mut ends = Vec::new();
        for (i, n) in v.iter().enumerate() {
            if i + 1 == v.len() {
                self.node(n);
                break;
            }
            let split = self.emit(Op::Split(0));
            self.node(n);
            ends.push(self.emit(Op::Jump(0)));
            let next = self.here();
            self.patch(split, |op| *op = Op::Split(next));
        }
        let end = self.here();
        for at in ends {
            self.patch(at, |op| *op = Op::Jump(end));
        }
    }

    fn repeat(&mut self, body: &Node, min: u32, max: u32, greedy: bool, caps: (u32, u32)) {
        if max == 0 {
            return;
        }
        if let Some(s) = single_set(body) {
            let set = self.set(&s);
            let back = self.back;
            self.emit(Op::Run { set, min, max, greedy, back, next: NONE });
            return;
        }
        let nullable = nullable(body);
        if (min, max) == (1, 1) {
            return self.node(body);
        }
        if (min, max) == (0, 1) && !nullable {
            let split = self.emit(Op::Split(0));
            self.clear(caps);
            self.node(body);
            let end = self.here();
            self.patch(split, |op| *op = if greedy { Op::Split(end) } else { Op::SplitLazy(end) });
            return;
        }
        if (min, max) == (0, INFINITE) && !nullable {
            let head = self.emit(Op::Split(0));
            self.clear(caps);
            self.node(body);
            self.emit(Op::Jump(head as u32));
            let end = self.here();
            self.patch(head, |op| *op = if greedy { Op::Split(end) } else { Op::SplitLazy(end) });
            return;
        }
        let counter = self.register();
        self.emit(Op::Zero(counter));
        let head = self.emit(Op::Loop { counter, min, max, greedy, exit: 0 });
        let mark = nullable.then(|| self.register());
        if let Some(mark) = mark {
            self.emit(Op::Mark(mark));
        }
        self.clear(caps);
        self.node(body);
        if let Some(mark) = mark {
            self.emit(Op::Advanced { mark, counter, min });
        }
        self.emit(Op::Again { counter, head: head as u32 });
        let end = self.here();
        self.patch(head, |op| {
            if let Op::Loop { exit, .. } = op {
                *exit = end;
            }
        });
    }

    fn clear(&mut self, caps: (u32, u32)) {
        if caps.1 > caps.0 {
            self.emit(Op::Clear(caps.0 * 2, caps.1 * 2));
        }
    }

    /// Tells runs which code unit must follow them: giving back characters then skips hopeless positions.
    fn follow(&mut self) {
        for i in 0..self.code.ops.len() {
            let mut k = i + 1;
            while matches!(self.code.ops.get(k), Some(Op::Save(_))) {
                k += 1;
            }
            let follows = match self.code.ops.get(k) {
                Some(Op::Char(c)) => u32::from(*c),
                _ => continue,
            };
            if let Op::Run { next, back: false, .. } = &mut self.code.ops[i] {
                *next = follows;
            }
        }
    }
}

/// The set a node is, when it always consumes exactly one character of it.
fn single_set(n: &Node) -> Option<CharSet> {
    match n {
        Node::Char(c) => Some(CharSet::one(*c)),
        Node::Set(s) => Some(s.clone()),
        _ => None,
    }
}

/// Whether a node can match the empty text.
fn nullable(n: &Node) -> bool {
    match n {
        Node::Char(_) | Node::Set(_) => false,
        Node::Cat(v) => v.iter().all(nullable),
        Node::Alt(v) => v.iter().any(nullable),
        Node::Group(b, _) => nullable(b),
        Node::Repeat { body, min, .. } => *min == 0 || nullable(body),
        _ => true,
    }
}

/// Whether a match can begin nowhere but at the start of the text.
fn anchored(n: &Node) -> bool {
    match n {
        Node::Start { multiline } => !multiline,
        Node::Cat(v) => v.first().is_some_and(anchored),
        Node::Alt(v) => v.iter().all(anchored),
        Node::Group(b, _) => anchored(b),
        _ => false,
    }
}

/// Adds the characters a match of `n` can begin with; true: it may be empty, what follows counts too.
fn first_of(n: &Node, out: &mut CharSet) -> bool {
    match n {
        Node::Char(c) => {
            out.add(*c, *c);
            false
        }
        Node::Set(s) => {
            out.add_set(s);
            false
        }
        Node::Cat(v) => {
            for n in v {
                if !first_of(n, out) {
                    return false;
                }
            }
            true
        }
        Node::Alt(v) => {
            let mut empty = false;
            for n in v {
                empty |= first_of(n, out);
            }
            empty
        }
        Node::Group(b, _) => first_of(b, out),
        Node::Repeat { body, min, max, .. } => *max == 0 || first_of(body, out) || *min == 0,
        _ => true,
    }
}

/// The units every match begins with; false: stop collecting.
fn prefix(n: &Node, unicode: bool, out: &mut Vec<u16>) -> bool {
    match n {
        Node::Char(c) if *c < 0xD800 || (!unicode && *c < 0x10000) => {
            out.push(*c as u16);
            true
        }
        Node::Cat(v) => v.iter().all(|n| prefix(n, unicode, out)),
        Node::Group(b, _) => prefix(b, unicode, out),
        _ => false,
    }
}

/// The last unit that every match must contain, if one is known.
fn required(n: &Node) -> Option<u16> {
    match n {
        Node::Char(c) if *c < 0xD800 => Some(*c as u16),
        Node::Cat(v) => v.iter().rev().find_map(required),
        Node::Group(b, _) => required(b),
        Node::Repeat { body, min, .. } if *min > 0 => required(body),
        _ => None,
    }
}
