//! The backtracking matcher. It works on Latin-1 and UTF-16 text as they are, without recursion but for lookarounds, with a
//! stack that has a limit, and stops when asked to.

use super::charset::{WORD, canonicalize};
use super::compile::{Code, Op};
use looplab_vm::Interrupt;

/// An unset capture slot.
pub const UNSET: u32 = u32::MAX;
/// The longest backtrack stack, in entries of 16 bytes.
const MAX_STACK: usize = 1 << 23;
/// Steps back between two looks at the interrupt.
const BUDGET: u32 = 1 << 14;

/// Why matching was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The script is to end.
    Interrupted,
    /// The backtrack stack is full.
    TooDeep,
}

/// Text to match on.
pub trait Subject: Copy {
    /// Number of code units.
    fn len(self) -> usize;
    /// Code unit `i`.
    fn at(self, i: usize) -> u16;
    /// Whether `c` occurs at or behind `from`.
    fn has(self, c: u16, from: usize) -> bool;
    /// Whether there can be surrogates.
    const WIDE: bool;
}

impl Subject for &[u8] {
    #[inline(always)]
    fn len(self) -> usize {
        <[u8]>::len(self)
    }
    #[inline(always)]
    fn at(self, i: usize) -> u16 {
        u16::from(self[i])
    }
    fn has(self, c: u16, from: usize) -> bool {
        u8::try_from(c).is_ok_and(|c| self[from.min(self.len())..].contains(&c))
    }
    const WIDE: bool = false;
}

impl Subject for &[u16] {
    #[inline(always)]
    fn len(self) -> usize {
        <[u16]>::len(self)
    }
    #[inline(always)]
    fn at(self, i: usize) -> u16 {
        self[i]
    }
    fn has(self, c: u16, from: usize) -> bool {
        self[from.min(self.len())..].contains(&c)
    }
    const WIDE: bool = true;
}

#[derive(Clone, Copy, Debug)]
enum Undo {
    /// Go on there.
    Branch {
        pc: u32,
        pos: u32,
    },
    Capture {
        slot: u32,
        old: u32,
    },
    Register {
        n: u32,
        old: u32,
    },
    /// A greedy run may give back characters down to `min`.
    Run {
        pc: u32,
        min: u32,
        pos: u32,
    },
    /// A lazy run may take `left` more.
    Lazy {
        pc: u32,
        pos: u32,
        left: u32,
    },
}

/// What a run of the matcher needs, kept between runs.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Capture slots: start and end of each group, `UNSET` where it took no part. Valid after a match.
    pub caps: Vec<u32>,
    registers: Vec<u32>,
    stack: Vec<Undo>,
    budget: u32,
}

/// Whether the pair at `i` is one code point.
#[inline(always)]
fn is_pair<S: Subject>(s: S, i: usize) -> bool {
    S::WIDE
        && i + 1 < s.len()
        && (0xD800..0xDC00).contains(&s.at(i))
        && (0xDC00..0xE000).contains(&s.at(i + 1))
}

impl Code {
    /// Looks for a match at or (unless `sticky`) behind `start`; captures are left in `st`.
    pub fn find<S: Subject>(
        &self,
        s: S,
        start: usize,
        sticky: bool,
        st: &mut Scratch,
        interrupt: &Interrupt,
    ) -> Result<bool, Stop> {
        let mut start = start;
        // With `u`, a start within a pair means the whole pair.
        if self.unicode && S::WIDE && start > 0 && start < s.len() && is_pair(s, start - 1) {
            start -= 1;
        }
        st.caps.clear();
        st.caps.resize(self.slots as usize, UNSET);
        st.registers.clear();
        st.registers.resize(self.registers as usize, 0);
        st.stack.clear();
        st.budget = BUDGET;
        if self.anchored && start > 0 {
            return Ok(false);
        }
        if self.required.is_some_and(|c| !s.has(c, start)) {
            return Ok(false);
        }
        loop {
            if !sticky && !self.anchored {
                match self.candidate(s, start) {
                    Some(p) => start = p,
                    None => return Ok(false),
                }
            }
            if let Some(end) = self.run(s, 0, start, st, interrupt)? {
                st.caps[0] = start as u32;
                st.caps[1] = end as u32;
                return Ok(true);
            }
            if sticky || self.anchored || start >= s.len() {
                return Ok(false);
            }
            start += if self.unicode && is_pair(s, start) { 2 } else { 1 };
        }
    }

    /// The next position from `from` on where a match can start.
    #[inline]
    fn candidate<S: Subject>(&self, s: S, from: usize) -> Option<usize> {
        if let [first, rest @ ..] = &self.prefix[..] {
            let end = s.len().checked_sub(rest.len())?;
            let mut i = from;
            while i < end {
                if s.at(i) == *first && rest.iter().enumerate().all(|(k, &c)| s.at(i + 1 + k) == c) {
                    return Some(i);
                }
                i += 1;
            }
            return None;
        }
        let Some(first) = &self.first else { return Some(from) };
        let mut i = from;
        while i < s.len() {
            let (c, n) = if self.unicode { code_point(s, i) } else { (u32::from(s.at(i)), 1) };
            if first.contains(c) {
                return Some(i);
            }
            i += n;
        }
        None
    }

    /// Runs from `pc` until Match or LookEnd: the end position, or none. On success choice points stay on the stack.
    fn run<S: Subject>(
        &self,
        s: S,
        pc: usize,
        pos: usize,
        st: &mut Scratch,
        interrupt: &Interrupt,
    ) -> Result<Option<usize>, Stop> {
        let base = st.stack.len();
        let (mut pc, mut pos) = (pc, pos);
        loop {
            if let Some(next) = self.step(s, pc, &mut pos, st, interrupt)? {
                if next == DONE {
                    return Ok(Some(pos));
                }
                pc = next;
                continue;
            }
            match self.back_up(s, base, st, interrupt)? {
                Some((p, at)) => (pc, pos) = (p, at),
                None => return Ok(None),
            }
        }
    }

    /// Undoes until something else can be tried.
    #[inline(always)]
    fn back_up<S: Subject>(
        &self,
        s: S,
        base: usize,
        st: &mut Scratch,
        interrupt: &Interrupt,
    ) -> Result<Option<(usize, usize)>, Stop> {
        st.budget -= 1;
        if st.budget == 0 {
            st.budget = BUDGET;
            if interrupt.is_requested() {
                return Err(Stop::Interrupted);
            }
        }
        while st.stack.len() > base {
            let Some(u) = st.stack.pop() else { break };
            match u {
                Undo::Branch { pc, pos } => return Ok(Some((pc as usize, pos as usize))),
                Undo::Capture { slot, old } => st.caps[slot as usize] = old,
                Undo::Register { n, old } => st.registers[n as usize] = old,
                Undo::Run { pc, min, pos } => {
                    if let Some(p) = self.give_back(s, pc, min, pos, st) {
                        return Ok(Some((pc as usize + 1, p)));
                    }
                }
                Undo::Lazy { pc, pos, left } => {
                    if let Some(p) = self.take_more(s, pc, pos, left, st) {
                        return Ok(Some((pc as usize + 1, p)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// A greedy run gives back one character, or as many as it takes to stand before what must follow.
    #[inline(always)]
    fn give_back<S: Subject>(&self, s: S, pc: u32, min: u32, pos: u32, st: &mut Scratch) -> Option<usize> {
        let Op::Run { back, next, .. } = self.ops[pc as usize] else { return None };
        let (min, mut p) = (min as usize, pos as usize);
        if back {
            // Runs to the left give back to the right.
            p += if self.unicode && p + 2 <= min && is_pair(s, p) { 2 } else { 1 };
            if p < min {
                st.stack.push(Undo::Run { pc, min: min as u32, pos: p as u32 });
            }
            return Some(p);
        }
        loop {
            p -= if self.unicode && p >= min + 2 && is_pair(s, p - 2) { 2 } else { 1 };
            if next == u32::MAX || u32::from(s.at(p)) == next {
                if p > min {
                    st.stack.push(Undo::Run { pc, min: min as u32, pos: p as u32 });
                }
                return Some(p);
            }
            if p <= min {
                return None;
            }
        }
    }

    /// A lazy run takes one more character.
    fn take_more<S: Subject>(&self, s: S, pc: u32, pos: u32, left: u32, st: &mut Scratch) -> Option<usize> {
        let Op::Run { set, back, .. } = self.ops[pc as usize] else { return None };
        let p = self.one(s, set, pos as usize, back)?;
        if left > 1 {
            st.stack.push(Undo::Lazy { pc, pos: p as u32, left: left - 1 });
        }
        Some(p)
    }

    /// One member of a set: the position behind it (before it, backwards).
    #[inline(always)]
    fn one<S: Subject>(&self, s: S, set: u32, pos: usize, back: bool) -> Option<usize> {
        let m = &self.sets[set as usize];
        if !back {
            if pos >= s.len() {
                return None;
            }
            let (c, n) = if S::WIDE && self.unicode { code_point(s, pos) } else { (u32::from(s.at(pos)), 1) };
            return m.contains(c).then_some(pos + n);
        }
        if pos == 0 {
            return None;
        }
        let n = if self.unicode && pos >= 2 && is_pair(s, pos - 2) { 2 } else { 1 };
        let (c, _) = if n == 2 { code_point(s, pos - 2) } else { (u32::from(s.at(pos - 1)), 1) };
        m.contains(c).then_some(pos - n)
    }

    /// Executes one instruction: where to go on, or none when it fails.
    #[inline(always)]
    fn step<S: Subject>(
        &self,
        s: S,
        pc: usize,
        pos: &mut usize,
        st: &mut Scratch,
        interrupt: &Interrupt,
    ) -> Result<Option<usize>, Stop> {
        let ok = match &self.ops[pc] {
            Op::Char(c) => {
                let yes = *pos < s.len() && s.at(*pos) == *c;
                *pos += 1;
                yes
            }
            Op::CharBack(c) => {
                let yes = *pos > 0 && s.at(*pos - 1) == *c;
                *pos = pos.wrapping_sub(1);
                yes
            }
            Op::Set(n) => match self.one(s, *n, *pos, false) {
                Some(p) => {
                    *pos = p;
                    true
                }
                None => false,
            },
            Op::SetBack(n) => match self.one(s, *n, *pos, true) {
                Some(p) => {
                    *pos = p;
                    true
                }
                None => false,
            },
            Op::Split(other) => {
                push(st, Undo::Branch { pc: *other, pos: *pos as u32 })?;
                true
            }
            Op::SplitLazy(first) => {
                push(st, Undo::Branch { pc: pc as u32 + 1, pos: *pos as u32 })?;
                return Ok(Some(*first as usize));
            }
            Op::Jump(to) => return Ok(Some(*to as usize)),
            Op::Save(slot) => {
                self.save(*slot, *pos as u32, st)?;
                true
            }
            Op::Clear(from, to) => {
                for slot in *from..*to {
                    if st.caps[slot as usize] != UNSET {
                        self.save(slot, UNSET, st)?;
                    }
                }
                true
            }
            Op::Start => *pos == 0,
            Op::StartLine => *pos == 0 || is_newline(s.at(*pos - 1)),
            Op::End => *pos == s.len(),
            Op::EndLine => *pos == s.len() || is_newline(s.at(*pos)),
            Op::Boundary(not, fold) => {
                let word = |i: usize| i < s.len() && is_word(s.at(i), *fold);
                (*pos > 0 && word(*pos - 1)) != word(*pos) && !not
                    || *not && (*pos > 0 && word(*pos - 1)) == word(*pos)
            }
            Op::BackRef { list, icase, back } => self.back_reference(s, *list, *icase, *back, pos, st),
            Op::Look { not, end } => return self.look(s, pc, *not, *end, *pos, st, interrupt),
            Op::LookEnd | Op::Match => return Ok(Some(DONE)),
            Op::Zero(n) => {
                set_register(st, *n, 0)?;
                true
            }
            Op::Loop { counter, min, max, greedy, exit } => {
                let n = st.registers[*counter as usize];
                if n < *min {
                    true
                } else if n >= *max {
                    return Ok(Some(*exit as usize));
                } else if *greedy {
                    push(st, Undo::Branch { pc: *exit, pos: *pos as u32 })?;
                    true
                } else {
                    push(st, Undo::Branch { pc: pc as u32 + 1, pos: *pos as u32 })?;
                    return Ok(Some(*exit as usize));
                }
            }
            Op::Again { counter, head } => {
                let n = st.registers[*counter as usize];
                set_register(st, *counter, n.saturating_add(1))?;
                return Ok(Some(*head as usize));
            }
            Op::Mark(n) => {
                set_register(st, *n, *pos as u32)?;
                true
            }
            Op::Advanced { mark, counter, min } => {
                let empty = st.registers[*mark as usize] == *pos as u32;
                let required = st.registers[*counter as usize] < *min;
                if empty && required {
                    // The rounds still required can all be empty like this one.
                    set_register(st, *counter, *min - 1)?;
                }
                !empty || required
            }
            Op::Run { set, min, max, greedy, back, next } => {
                return self.start_run(s, pc, (*set, *min, *max), (*greedy, *back), *next, pos, st);
            }
        };
        Ok(ok.then_some(pc + 1))
    }

    fn save(&self, slot: u32, v: u32, st: &mut Scratch) -> Result<(), Stop> {
        let old = std::mem::replace(&mut st.caps[slot as usize], v);
        push(st, Undo::Capture { slot, old })
    }

    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "one instruction's operands, inlined at one place")]
    fn start_run<S: Subject>(
        &self,
        s: S,
        pc: usize,
        (set, min, max): (u32, u32, u32),
        (greedy, back): (bool, bool),
        next: u32,
        pos: &mut usize,
        st: &mut Scratch,
    ) -> Result<Option<usize>, Stop> {
        let mut p = *pos;
        let mut n = 0;
        while n < min {
            match self.one(s, set, p, back) {
                Some(q) => p = q,
                None => return Ok(None),
            }
            n += 1;
        }
        let least = p;
        if !greedy {
            if max > min {
                push(st, Undo::Lazy { pc: pc as u32, pos: p as u32, left: max - min })?;
            }
            *pos = p;
            return Ok(Some(pc + 1));
        }
        if !(back || S::WIDE && self.unicode) {
            // The usual case, as tight as it gets.
            let m = &self.sets[set as usize];
            let end = if max == u32::MAX { s.len() } else { s.len().min(p + (max - min) as usize) };
            while p < end && m.contains(u32::from(s.at(p))) {
                p += 1;
            }
        } else {
            while n < max {
                match self.one(s, set, p, back) {
                    Some(q) => p = q,
                    None => break,
                }
                n += 1;
            }
        }
        *pos = p;
        if p != least {
            push(st, Undo::Run { pc: pc as u32, min: least as u32, pos: p as u32 })?;
        }
        // What must follow is not there: straight on to giving back.
        let hopeless = next != u32::MAX && (p >= s.len() || u32::from(s.at(p)) != next);
        Ok((!hopeless).then_some(pc + 1))
    }

    fn back_reference<S: Subject>(
        &self,
        s: S,
        list: u32,
        icase: bool,
        back: bool,
        pos: &mut usize,
        st: &Scratch,
    ) -> bool {
        let found = self.lists[list as usize].iter().find_map(|&g| {
            let (a, b) = (st.caps[g as usize * 2], st.caps[g as usize * 2 + 1]);
            (a != UNSET && b != UNSET).then_some((a as usize, b as usize))
        });
        let Some((a, b)) = found else { return true };
        let n = b - a;
        let from = if back {
            match pos.checked_sub(n) {
                Some(p) => p,
                None => return false,
            }
        } else {
            *pos
        };
        if from + n > s.len() {
            return false;
        }
        let same = |x: u16, y: u16| {
            x == y
                || icase
                    && canonicalize(u32::from(x), self.unicode) == canonicalize(u32::from(y), self.unicode)
        };
        if !(0..n).all(|k| same(s.at(a + k), s.at(from + k))) {
            return false;
        }
        *pos = if back { from } else { from + n };
        true
    }

    #[expect(clippy::too_many_arguments, reason = "one instruction's operands and the machine's state")]
    fn look<S: Subject>(
        &self,
        s: S,
        pc: usize,
        not: bool,
        end: u32,
        pos: usize,
        st: &mut Scratch,
        interrupt: &Interrupt,
    ) -> Result<Option<usize>, Stop> {
        let base = st.stack.len();
        let found = self.run(s, pc + 1, pos, st, interrupt)?.is_some();
        if found && !not {
            // The choices inside are made; only what must be restored stays.
            let mut keep = base;
            for i in base..st.stack.len() {
                let u = st.stack[i];
                if matches!(u, Undo::Capture { .. } | Undo::Register { .. }) {
                    st.stack[keep] = u;
                    keep += 1;
                }
            }
            st.stack.truncate(keep);
        } else {
            while st.stack.len() > base {
                match st.stack.pop() {
                    Some(Undo::Capture { slot, old }) => st.caps[slot as usize] = old,
                    Some(Undo::Register { n, old }) => st.registers[n as usize] = old,
                    _ => {}
                }
            }
        }
        Ok((found != not).then_some(end as usize))
    }
}

/// No instruction: the run is over.
const DONE: usize = usize::MAX;

#[inline(always)]
fn push(st: &mut Scratch, u: Undo) -> Result<(), Stop> {
    if st.stack.len() >= MAX_STACK {
        return Err(Stop::TooDeep);
    }
    st.stack.push(u);
    Ok(())
}

fn set_register(st: &mut Scratch, n: u32, v: u32) -> Result<(), Stop> {
    let old = std::mem::replace(&mut st.registers[n as usize], v);
    push(st, Undo::Register { n, old })
}

#[inline(always)]
fn code_point<S: Subject>(s: S, i: usize) -> (u32, usize) {
    let c = u32::from(s.at(i));
    if is_pair(s, i) {
        return (0x10000 + ((c - 0xD800) << 10) + (u32::from(s.at(i + 1)) - 0xDC00), 2);
    }
    (c, 1)
}

fn is_newline(c: u16) -> bool {
    matches!(c, 10 | 13 | 0x2028 | 0x2029)
}

fn is_word(c: u16, fold: bool) -> bool {
    let c = u32::from(c);
    WORD.iter().any(|&(a, b)| a <= c && c <= b) || fold && matches!(c, 0x17F | 0x212A)
}
