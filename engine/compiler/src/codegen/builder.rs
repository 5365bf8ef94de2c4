//! One function under construction: instructions, labels, registers, constants and tables.

use super::unwind::Control;
use looplab_bytecode::{Const, EnvVar, FunctionTemplate, Handler, Insn, LocalVar, Op, ScopeInfo, Span, Text};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A register.
pub(crate) type Reg = u16;

/// A place in the code that is not known yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Label(pub(crate) u32);

/// The largest register; windows above are an error.
const MAX_REGS: u32 = 65_000;

#[derive(PartialEq, Eq, Hash)]
enum ConstKey {
    Number(u64),
    Str(Text),
    BigInt(String),
}

/// The state of one function.
pub(crate) struct Builder {
    pub(crate) func: u32,
    pub(crate) code: Vec<Insn>,
    consts: Vec<Const>,
    const_ix: FxHashMap<ConstKey, u32>,
    /// String constants by their text: found without making a `Text` first.
    str_ix: FxHashMap<Box<str>, u32>,
    ic_keys: Vec<u32>,
    /// Caches of globals, shared by all places that use a name in the same way.
    global_ics: FxHashMap<(u32, Op), u16>,
    pub(crate) functions: Vec<Rc<FunctionTemplate>>,
    pub(crate) scopes: Vec<ScopeInfo>,
    /// Start, end, target, register.
    handlers: Vec<(u32, u32, Label, Reg)>,
    positions: Vec<(u32, u32)>,
    spans: Vec<(u32, Span)>,
    statements: Vec<(u32, Span)>,
    pub(crate) locals: Vec<LocalVar>,
    pub(crate) envs: Vec<EnvVar>,
    /// Place of each label, and whether something jumps there.
    labels: Vec<(u32, bool)>,
    patches: Vec<(u32, Label)>,
    pub(crate) next_reg: u32,
    max_reg: u32,
    /// Registers that hold variables: not to be used as scratch space.
    is_local: Vec<bool>,
    /// A variable that is being initialised and that nothing can see yet: scratch space after all.
    pub(crate) fresh_local: Option<Reg>,
    /// The instruction just emitted can't be reached again: nothing needs to follow until a label.
    pub(crate) dead: bool,
    /// Control structures around, outermost first.
    pub(crate) control: Vec<Control>,
    /// Holds the environment that is innermost right now.
    pub(crate) env: Option<Reg>,
    /// Holds the environment the function was created in.
    pub(crate) outer_env: Option<Reg>,
    /// Holds the completion value of a script.
    pub(crate) completion: Option<Reg>,
    pub(crate) failure: Option<&'static str>,
    /// A class constructor that starts by initialising fields.
    pub(crate) init_fields: bool,
}

impl Builder {
    pub(crate) fn new(func: u32) -> Builder {
        Builder {
            func,
            code: Vec::new(),
            consts: Vec::new(),
            const_ix: FxHashMap::default(),
            str_ix: FxHashMap::default(),
            ic_keys: Vec::new(),
            global_ics: FxHashMap::default(),
            functions: Vec::new(),
            scopes: Vec::new(),
            handlers: Vec::new(),
            positions: Vec::new(),
            spans: Vec::new(),
            statements: Vec::new(),
            locals: Vec::new(),
            envs: Vec::new(),
            labels: Vec::new(),
            patches: Vec::new(),
            next_reg: 1,
            max_reg: 1,
            is_local: vec![true],
            fresh_local: None,
            dead: false,
            control: Vec::new(),
            env: None,
            outer_env: None,
            completion: None,
            failure: None,
            init_fields: false,
        }
    }

    // ---- registers ----

    /// The next free register.
    pub(crate) fn alloc(&mut self) -> Reg {
        self.alloc_n(1)
    }

    /// The first of `n` consecutive free registers.
    pub(crate) fn alloc_n(&mut self, n: u32) -> Reg {
        let r = self.next_reg;
        self.next_reg += n;
        self.max_reg = self.max_reg.max(self.next_reg);
        if self.next_reg > MAX_REGS {
            self.failure = Some("function needs too many registers");
            self.next_reg = 1;
        }
        r as Reg
    }

    /// A register for a variable, until `free_to` gives it back.
    pub(crate) fn alloc_local(&mut self) -> Reg {
        let r = self.alloc();
        if self.is_local.len() <= usize::from(r) {
            self.is_local.resize(usize::from(r) + 1, false);
        }
        self.is_local[usize::from(r)] = true;
        r
    }

    /// Frees every register from `mark` on.
    pub(crate) fn free_to(&mut self, mark: u32) {
        self.next_reg = mark;
        self.is_local.truncate(mark as usize);
    }

    /// Whether a register may hold intermediate results.
    pub(crate) fn is_scratch(&self, r: Reg) -> bool {
        !self.is_local.get(usize::from(r)).copied().unwrap_or(false) || self.fresh_local == Some(r)
    }

    // ---- code ----

    pub(crate) fn pc(&self) -> u32 {
        self.code.len() as u32
    }

    pub(crate) fn emit(&mut self, i: Insn) {
        if !self.dead {
            self.code.push(i);
        }
    }

    pub(crate) fn abc(&mut self, op: Op, a: Reg, b: u16, c: u16) {
        self.emit(Insn::abc(op, 0, a, b, c));
    }

    pub(crate) fn xabc(&mut self, op: Op, x: u8, a: Reg, b: u16, c: u16) {
        self.emit(Insn::abc(op, x, a, b, c));
    }

    pub(crate) fn abx(&mut self, op: Op, a: Reg, bx: u32) {
        self.emit(Insn::abx(op, 0, a, bx));
    }

    pub(crate) fn mov(&mut self, a: Reg, b: Reg) {
        if a != b {
            self.abc(Op::Move, a, b, 0);
        }
    }

    /// Emits an instruction after which control never continues.
    pub(crate) fn end(&mut self, i: Insn) {
        self.emit(i);
        self.dead = true;
    }

    /// Sets the source offset at which the following instructions are reported.
    pub(crate) fn at(&mut self, offset: u32) {
        if self.dead {
            return;
        }
        let pc = self.pc();
        match self.positions.last_mut() {
            Some((_, o)) if *o == offset => {}
            Some((p, o)) if *p == pc => *o = offset,
            _ => self.positions.push((pc, offset)),
        }
    }

    /// Names the expression that the next instruction blames.
    pub(crate) fn blame(&mut self, span: Span) {
        if !self.dead {
            let pc = self.pc();
            match self.spans.last_mut() {
                Some(last) if last.0 == pc => last.1 = span,
                _ => self.spans.push((pc, span)),
            }
        }
    }

    /// Marks a statement's start.
    pub(crate) fn statement(&mut self, span: Span) {
        if !self.dead {
            let pc = self.pc();
            match self.statements.last_mut() {
                Some(last) if last.0 == pc => last.1 = span,
                _ => self.statements.push((pc, span)),
            }
        }
    }

    // ---- labels ----

    pub(crate) fn label(&mut self) -> Label {
        self.labels.push((u32::MAX, false));
        Label(self.labels.len() as u32 - 1)
    }

    /// Puts a label here; code that follows is alive again if something jumps to it.
    pub(crate) fn place(&mut self, l: Label) {
        let pc = self.pc();
        let state = &mut self.labels[l.0 as usize];
        state.0 = pc;
        self.dead &= !state.1;
    }

    /// Whether something jumps to a label.
    pub(crate) fn is_used(&self, l: Label) -> bool {
        self.labels[l.0 as usize].1
    }

    fn refer(&mut self, l: Label) {
        self.labels[l.0 as usize].1 = true;
        let pc = self.pc();
        self.patches.push((pc, l));
    }

    pub(crate) fn jump(&mut self, l: Label) {
        if !self.dead {
            self.refer(l);
            self.end(Insn::abx(Op::Jump, 0, 0, 0));
        }
    }

    /// A jump with one operand and a long distance.
    pub(crate) fn jump_if(&mut self, op: Op, a: Reg, l: Label) {
        if !self.dead {
            self.refer(l);
            self.abx(op, a, 0);
        }
    }

    /// A jump with two operands and a short distance.
    pub(crate) fn jump_cmp(&mut self, op: Op, a: Reg, b: u16, l: Label) {
        if !self.dead {
            self.refer(l);
            self.abc(op, a, b, 0);
        }
    }

    /// Code from `start` to here is covered by a handler at `l`.
    pub(crate) fn handle(&mut self, start: u32, l: Label, reg: Reg) {
        let end = self.pc();
        if start < end {
            self.labels[l.0 as usize].1 = true;
            self.handlers.push((start, end, l, reg));
        }
    }

    // ---- tables ----

    pub(crate) fn constant(&mut self, c: Const) -> u32 {
        let key = match &c {
            Const::Number(n) => ConstKey::Number(n.to_bits()),
            Const::Str(t) => ConstKey::Str(t.clone()),
            Const::BigInt(s) => ConstKey::BigInt(s.clone()),
            Const::RegExp { .. } | Const::Template(_) => {
                self.consts.push(c);
                return self.consts.len() as u32 - 1;
            }
        };
        let next = self.consts.len() as u32;
        let ix = *self.const_ix.entry(key).or_insert(next);
        if ix == next {
            self.consts.push(c);
        }
        ix
    }

    pub(crate) fn str_const(&mut self, s: &str) -> u32 {
        if let Some(&ix) = self.str_ix.get(s) {
            return ix;
        }
        let ix = self.consts.len() as u32;
        self.consts.push(Const::Str(Text::new(s)));
        self.str_ix.insert(s.into(), ix);
        ix
    }

    /// A new inline cache for a property or global name; none when the table is full.
    pub(crate) fn ic(&mut self, key: u32) -> Option<u16> {
        let n = self.ic_keys.len();
        if n >= 65_535 {
            return None;
        }
        self.ic_keys.push(key);
        Some(n as u16)
    }

    /// The inline cache of a global name for one operation.
    pub(crate) fn global_ic(&mut self, key: u32, op: Op) -> Option<u16> {
        if let Some(&ic) = self.global_ics.get(&(key, op)) {
            return Some(ic);
        }
        let ic = self.ic(key)?;
        self.global_ics.insert((key, op), ic);
        Some(ic)
    }

    /// An inline cache that an `Ext` word names.
    pub(crate) fn wide_ic(&mut self) -> u32 {
        self.ic_keys.push(u32::MAX);
        self.ic_keys.len() as u32 - 1
    }

    pub(crate) fn scope_info(&mut self, info: ScopeInfo) -> u16 {
        if self.scopes.len() >= 65_535 {
            self.failure = Some("function has too many scopes");
            return 0;
        }
        self.scopes.push(info);
        self.scopes.len() as u16 - 1
    }

    pub(crate) fn add_function(&mut self, f: Rc<FunctionTemplate>) -> u16 {
        if self.functions.len() >= 65_535 {
            self.failure = Some("function contains too many functions");
            return 0;
        }
        self.functions.push(f);
        self.functions.len() as u16 - 1
    }

    /// Resolves labels and hands out the tables.
    pub(crate) fn finish(mut self) -> Finished {
        if !self.dead {
            // Control can't fall off the end: the caller has emitted a return unless the end is dead.
            let r = self.alloc();
            self.abx(Op::LoadUndef, r, 0);
            self.abc(Op::Return, r, 0, 0);
        }
        self.widen_far_jumps();
        for &(pc, l) in &self.patches {
            let target = self.labels[l.0 as usize].0;
            let off = i64::from(target) - i64::from(pc) - 1;
            let i = &mut self.code[pc as usize];
            *i = match is_long(*i) {
                true => Insn::abx(op_of(*i), i.x(), i.a() as u16, off as i32 as u32),
                false => Insn::abc(op_of(*i), i.x(), i.a() as u16, i.b() as u16, off as i16 as u16),
            };
        }
        self.code.shrink_to_fit();
        self.consts.shrink_to_fit();
        self.ic_keys.shrink_to_fit();
        self.positions.shrink_to_fit();
        self.spans.shrink_to_fit();
        self.statements.shrink_to_fit();
        self.locals.shrink_to_fit();
        let labels = &self.labels;
        let handlers = self
            .handlers
            .iter()
            .map(|&(start, end, l, reg)| Handler { start, end, target: labels[l.0 as usize].0, reg })
            .collect();
        Finished {
            code: self.code,
            consts: self.consts,
            ic_keys: self.ic_keys,
            functions: self.functions,
            scopes: self.scopes,
            handlers,
            positions: self.positions,
            spans: self.spans,
            statements: self.statements,
            locals: self.locals,
            envs: self.envs,
            nregs: self.max_reg.min(65_535) as u16,
            failure: self.failure,
        }
    }

    /// Compare-and-jump instructions reach 32767 words. Those that must go further jump over a long jump:
    /// `op → +1; Jump +1; Jump far`. Everything behind moves, so all tables are renumbered.
    fn widen_far_jumps(&mut self) {
        if self.code.len() < 32_000 {
            return;
        }
        let mut wide = vec![false; self.code.len()];
        let mut new_pc: Vec<u32>;
        loop {
            new_pc = Vec::with_capacity(self.code.len() + 1);
            let mut at = 0;
            for &w in &wide {
                new_pc.push(at);
                at += if w { 3 } else { 1 };
            }
            new_pc.push(at);
            let mut changed = false;
            for &(pc, l) in &self.patches {
                let off = i64::from(new_pc[self.labels[l.0 as usize].0 as usize])
                    - i64::from(new_pc[pc as usize])
                    - 1;
                if !is_long(self.code[pc as usize]) && !wide[pc as usize] && i16::try_from(off).is_err() {
                    wide[pc as usize] = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let mut code = Vec::with_capacity(new_pc[wide.len()] as usize);
        for (i, &insn) in self.code.iter().enumerate() {
            if wide[i] {
                code.push(Insn::abc(op_of(insn), insn.x(), insn.a() as u16, insn.b() as u16, 1));
                code.push(Insn::abx(Op::Jump, 0, 0, 1));
                code.push(Insn::abx(Op::Jump, 0, 0, 0));
            } else {
                code.push(insn);
            }
        }
        self.code = code;
        let map = |pc: u32| new_pc[pc as usize];
        for (pc, _) in &mut self.patches {
            *pc = map(*pc) + if wide[*pc as usize] { 2 } else { 0 };
        }
        for l in &mut self.labels {
            if l.0 != u32::MAX {
                l.0 = map(l.0);
            }
        }
        self.handlers.iter_mut().for_each(|h| (h.0, h.1) = (map(h.0), map(h.1)));
        self.positions.iter_mut().for_each(|p| p.0 = map(p.0));
        self.spans.iter_mut().for_each(|p| p.0 = map(p.0));
        self.statements.iter_mut().for_each(|p| p.0 = map(p.0));
        self.locals.iter_mut().for_each(|l| (l.start, l.live, l.end) = (map(l.start), map(l.live), map(l.end)));
        self.envs.iter_mut().for_each(|e| (e.start, e.end) = (map(e.start), map(e.end)));
    }
}

/// The tables of a finished function.
pub(crate) struct Finished {
    pub(crate) code: Vec<Insn>,
    pub(crate) consts: Vec<Const>,
    pub(crate) ic_keys: Vec<u32>,
    pub(crate) functions: Vec<Rc<FunctionTemplate>>,
    pub(crate) scopes: Vec<ScopeInfo>,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) positions: Vec<(u32, u32)>,
    pub(crate) spans: Vec<(u32, Span)>,
    pub(crate) statements: Vec<(u32, Span)>,
    pub(crate) locals: Vec<LocalVar>,
    pub(crate) envs: Vec<EnvVar>,
    pub(crate) nregs: u16,
    pub(crate) failure: Option<&'static str>,
}

fn op_of(i: Insn) -> Op {
    i.op().unwrap_or(Op::Nop)
}

/// Whether a jump has the 32-bit distance.
fn is_long(i: Insn) -> bool {
    (Op::Jump as u8..=Op::JumpIfHole as u8).contains(&i.code())
}
