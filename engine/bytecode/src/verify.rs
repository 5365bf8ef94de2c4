//! The verifier: what the interpreter may rely on in every template.
//!
//! Every word is a known instruction, `Ext` words stand exactly behind the instructions that carry one, operands are in
//! range of the tables they index, registers lie inside the window (call windows included), jumps and handlers land on
//! instructions, control can't run off the end, and every register that is read may have been written on every path
//! (`this` and parameters count as written on entry).

use crate::op::{Insn, Op, OperandRole, Slot};
use crate::template::{Const, FunctionTemplate};

/// Checks a template and everything nested in it.
///
/// # Errors
/// The first violation: function name, instruction number, what is wrong.
pub fn verify(t: &FunctionTemplate) -> Result<(), String> {
    let mut todo = vec![t];
    while let Some(t) = todo.pop() {
        Verifier { t }.run().map_err(|e| format!("function '{}': {e}", t.name))?;
        todo.extend(t.functions.iter().map(|f| &**f));
    }
    Ok(())
}

/// The raw value of an operand.
pub fn operand(i: Insn, slot: Slot) -> i64 {
    match slot {
        Slot::x => i64::from(i.x()),
        Slot::a => i.a() as i64,
        Slot::b => i.b() as i64,
        Slot::c => i.c() as i64,
        Slot::bx => i64::from(i.bx()),
        Slot::sbx => i64::from(i.sbx()),
    }
}

/// A jump's distance; none for instructions that don't jump.
pub fn jump_distance(i: Insn) -> Option<i64> {
    let (slot, _) = i.op()?.info().operands.iter().find(|(_, r)| *r == OperandRole::Off)?;
    Some(if *slot == Slot::c { i64::from(i.sc()) } else { i64::from(i.sbx()) })
}

/// How many registers from the first on a `Base` operand covers: read, written.
fn base_extent(i: Insn, slot: Slot) -> (usize, usize) {
    match (i.op(), slot) {
        (Some(Op::Call | Op::Construct), _) => (i.c() + 2, 0),
        (Some(Op::CallSpread | Op::ConstructSpread | Op::GetSuper | Op::SetSuper), _) => (3, 0),
        (Some(Op::Concat), _) => (i.c(), 0),
        (Some(Op::CopyRest), _) => (usize::from(i.x()), 0),
        (Some(Op::NewClass), Slot::a) => (0, 2),
        (Some(Op::GetIter), Slot::a) => (0, 3),
        // The heritage register counts only when there is one.
        (Some(Op::NewClass), _) => (2, 0),
        (Some(Op::IterNext | Op::IterStep | Op::IterRest | Op::IterClose | Op::IterCloseQuiet), _) => (3, 0),
        (Some(Op::IterCall), _) => (3, 0),
        _ => (1, 0),
    }
}

struct Verifier<'t> {
    t: &'t FunctionTemplate,
}

impl Verifier<'_> {
    fn run(&self) -> Result<(), String> {
        let n = self.t.code.len();
        let mut is_ext = vec![false; n];
        let mut pc = 0;
        while pc < n {
            let i = self.t.code[pc];
            let op = i.op().ok_or_else(|| format!("{pc}: unknown opcode {}", i.code()))?;
            if op.is_quick() {
                return Err(format!("{pc}: {op:?} is an instruction of the second tier"));
            }
            if op == Op::Ext {
                return Err(format!("{pc}: Ext without an instruction before it"));
            }
            self.operands(pc, i, op)?;
            if op.has("ext") {
                let ext = self.t.code.get(pc + 1).filter(|e| e.op() == Some(Op::Ext));
                let ext = ext.ok_or_else(|| format!("{pc}: {op:?} lacks its Ext word"))?;
                is_ext[pc + 1] = true;
                self.operands(pc + 1, *ext, Op::Ext)?;
                pc += 1;
            }
            pc += 1;
        }
        let last = (0..n).rev().find(|&p| !is_ext[p]);
        let ends = last.and_then(|p| self.t.code[p].op()).is_some_and(|op| op.has("ends"));
        if !ends {
            return Err("control can run off the end".into());
        }
        self.targets(&is_ext)?;
        self.tables()?;
        self.flow(&is_ext)
    }

    fn operands(&self, pc: usize, i: Insn, op: Op) -> Result<(), String> {
        for &(slot, role) in op.info().operands {
            let v = operand(i, slot);
            let limit = match role {
                OperandRole::Dst | OperandRole::Src | OperandRole::SrcDst => i64::from(self.t.nregs),
                OperandRole::Base => {
                    let (r, w) = base_extent(i, slot);
                    i64::from(self.t.nregs) - r.max(w).max(1) as i64 + 1
                }
                OperandRole::Const if op == Op::CheckDestructure && v == i64::from(u32::MAX) => continue,
                OperandRole::Const => self.t.consts.len() as i64,
                OperandRole::Ic => self.t.ic_keys.len() as i64,
                OperandRole::Func => self.t.functions.len() as i64,
                OperandRole::Scope => self.t.scopes.len() as i64,
                _ => continue,
            };
            if v < 0 || v >= limit {
                return Err(format!("{pc}: {op:?} operand {slot:?} is {v}, must be below {limit}"));
            }
        }
        self.constant_kind(pc, i, op)
    }

    fn constant_kind(&self, pc: usize, i: Insn, op: Op) -> Result<(), String> {
        let c = self.t.consts.get(i.bx() as usize);
        let name = |k: usize| matches!(self.t.consts.get(k), Some(Const::Str(_)));
        let ok = match op {
            Op::FindName | Op::GetName | Op::DelName | Op::SetVar => name(i.c()),
            Op::SetName => name(i.b()),
            Op::NewRegExp => matches!(c, Some(Const::RegExp { .. })),
            Op::GetTemplate => matches!(c, Some(Const::Template(_))),
            Op::LoadConst => matches!(c, Some(Const::Number(_) | Const::Str(_) | Const::BigInt(_))),
            Op::CheckHole | Op::NewPrivateName | Op::ThrowError => matches!(c, Some(Const::Str(_))),
            _ => true,
        };
        if ok { Ok(()) } else { Err(format!("{pc}: {op:?} has a constant of the wrong kind")) }
    }

    fn is_start(&self, pc: i64, is_ext: &[bool]) -> bool {
        usize::try_from(pc).is_ok_and(|p| p < is_ext.len() && !is_ext[p])
    }

    fn targets(&self, is_ext: &[bool]) -> Result<(), String> {
        for (pc, &i) in self.t.code.iter().enumerate().filter(|(pc, _)| !is_ext[*pc]) {
            if let Some(d) = jump_distance(i) {
                let target = pc as i64 + 1 + d;
                if !self.is_start(target, is_ext) {
                    return Err(format!("{pc}: jump to {target}, which is no instruction"));
                }
            }
        }
        for h in &self.t.handlers {
            let inside = (h.end as usize) <= is_ext.len() && h.start < h.end;
            if !inside || !self.is_start(i64::from(h.target), is_ext) || h.reg >= self.t.nregs {
                return Err(format!("handler {h:?} is out of range"));
            }
        }
        Ok(())
    }

    fn tables(&self) -> Result<(), String> {
        let t = self.t;
        let sorted = |v: &mut dyn Iterator<Item = u32>| {
            let v: Vec<u32> = v.collect();
            v.windows(2).all(|w| w[0] < w[1])
        };
        if !sorted(&mut t.positions.iter().map(|p| p.0))
            || !sorted(&mut t.spans.iter().map(|p| p.0))
            || !sorted(&mut t.statements.iter().map(|p| p.0))
        {
            return Err("a position table is not sorted".into());
        }
        let keys_ok = t
            .ic_keys
            .iter()
            .all(|&k| k == u32::MAX || matches!(t.consts.get(k as usize), Some(Const::Str(_))));
        if !keys_ok {
            return Err("an inline cache's key is not a string constant".into());
        }
        if t.nparams >= t.nregs.max(1) {
            return Err(format!("{} parameters in {} registers", t.nparams, t.nregs));
        }
        if t.rest_reg.into_iter().chain(t.arguments_reg).any(|r| r >= t.nregs) {
            return Err("rest or arguments register is out of range".into());
        }
        Ok(())
    }

    /// Forward dataflow: registers written on every path to each instruction. Skipped for huge functions.
    fn flow(&self, is_ext: &[bool]) -> Result<(), String> {
        let t = self.t;
        let words = usize::from(t.nregs).div_ceil(64);
        if words * t.code.len() > 4_000_000 {
            return Ok(());
        }
        let mut entry = vec![0u64; words];
        let mut set = |r: usize| {
            if let Some(w) = entry.get_mut(r / 64) {
                *w |= 1 << (r % 64);
            }
        };
        (0..=usize::from(t.nparams)).for_each(&mut set);
        t.rest_reg.into_iter().chain(t.arguments_reg).for_each(|r| set(usize::from(r)));
        let mut state: Vec<Option<Box<[u64]>>> = vec![None; t.code.len()];
        let mut work = Vec::new();
        flow_into(&mut state, &mut work, 0, &entry);
        while let Some(pc) = work.pop() {
            let Some(before) = state[pc].clone() else { continue };
            let i = t.code[pc];
            let Some(op) = i.op() else { continue };
            let mut after = before.to_vec();
            self.read_and_write(pc, i, op, &before, &mut after)?;
            // An exception arrives with what was written before the instruction.
            if let Some(h) = t.handlers.iter().find(|h| (h.start..h.end).contains(&(pc as u32))) {
                let mut caught = before.to_vec();
                caught[usize::from(h.reg) / 64] |= 1 << (h.reg % 64);
                flow_into(&mut state, &mut work, h.target as usize, &caught);
            }
            if let Some(d) = jump_distance(i) {
                flow_into(&mut state, &mut work, (pc as i64 + 1 + d) as usize, &after);
            }
            if !op.has("ends") {
                let next = pc + 1 + usize::from(is_ext.get(pc + 1) == Some(&true));
                flow_into(&mut state, &mut work, next, &after);
            }
        }
        Ok(())
    }

    fn read_and_write(
        &self,
        pc: usize,
        i: Insn,
        op: Op,
        before: &[u64],
        after: &mut [u64],
    ) -> Result<(), String> {
        let has = |r: usize| before[r / 64] >> (r % 64) & 1 == 1;
        let check = |r: usize| {
            if has(r) { Ok(()) } else { Err(format!("{pc}: {op:?} reads register {r} before it is written")) }
        };
        for &(slot, role) in op.info().operands {
            let r = operand(i, slot) as usize;
            match role {
                // The value register of these is ignored when x is 3.
                OperandRole::Src if op == Op::IterCall && i.x() == 3 => {}
                OperandRole::Src | OperandRole::SrcDst => check(r)?,
                OperandRole::Base => {
                    let skip = usize::from(op == Op::NewClass && i.x() == 0 && slot == Slot::b);
                    (r + skip..r + base_extent(i, slot).0).try_for_each(check)?;
                }
                _ => {}
            }
        }
        for &(slot, role) in op.info().operands {
            let r = operand(i, slot) as usize;
            let n = match role {
                OperandRole::Dst | OperandRole::SrcDst => 1,
                OperandRole::Base => base_extent(i, slot).1,
                _ => 0,
            };
            (r..r + n).for_each(|r| after[r / 64] |= 1 << (r % 64));
        }
        // A call's window lies over everything from its base on.
        if matches!(op, Op::Call | Op::Construct | Op::CallSpread | Op::ConstructSpread) {
            for r in i.b()..usize::from(self.t.nregs) {
                if r != i.a() {
                    after[r / 64] &= !(1 << (r % 64));
                }
            }
        }
        Ok(())
    }
}

/// Merges a state into an instruction's, noting it for another visit when that changes anything.
fn flow_into(state: &mut [Option<Box<[u64]>>], work: &mut Vec<usize>, pc: usize, from: &[u64]) {
    let Some(slot) = state.get_mut(pc) else { return };
    match slot {
        None => {
            *slot = Some(from.into());
            work.push(pc);
        }
        Some(old) => {
            let mut changed = false;
            for (o, f) in old.iter_mut().zip(from) {
                changed |= *o & !f != 0;
                *o &= f;
            }
            if changed {
                work.push(pc);
            }
        }
    }
}
