//! The disassembler: a template as text, with source lines beside the code.

use crate::op::{Insn, Op, OperandRole, Slot};
use crate::template::{Const, FunctionTemplate};
use crate::verify::{jump_distance, operand};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What to show.
#[derive(Clone, Debug, Default)]
pub struct DisasmOptions {
    /// Only the function of this name (and what is nested in it).
    pub function: Option<String>,
    /// Leave out source lines.
    pub no_source: bool,
    /// Instructions of the second tier that are written over others of the function, by number; nested functions are left out.
    pub second_tier: Option<BTreeMap<u32, SecondTier>>,
}

/// An instruction of the second tier, for a listing.
#[derive(Clone, Debug)]
pub struct SecondTier {
    /// What it is.
    pub op: Op,
    /// What is to be said of it.
    pub note: String,
}

/// Disassembles a template and its nested functions.
pub fn disassemble(t: &FunctionTemplate, options: &DisasmOptions) -> String {
    let mut out = String::new();
    // Preorder, without recursion: nesting may be deep.
    let mut todo = vec![(t, options.function.is_none())];
    while let Some((t, shown)) = todo.pop() {
        let shown = shown || options.function.as_deref() == Some(t.name.to_string().as_str());
        if shown {
            Printer { t, options, labels: labels(t), out: &mut out }.run();
        }
        if options.second_tier.is_none() {
            todo.extend(t.functions.iter().rev().map(|f| (&**f, shown)));
        }
    }
    out
}

/// Names for everything that is jumped to.
fn labels(t: &FunctionTemplate) -> BTreeMap<u32, String> {
    let mut targets: BTreeMap<u32, String> = BTreeMap::new();
    let jumps = t.code.iter().enumerate().filter_map(|(pc, &i)| Some(pc as i64 + 1 + jump_distance(i)?));
    for pc in jumps.chain(t.handlers.iter().map(|h| i64::from(h.target))) {
        targets.insert(pc as u32, String::new());
    }
    for (n, name) in targets.values_mut().enumerate() {
        *name = format!("L{}", n + 1);
    }
    targets
}

struct Printer<'p> {
    t: &'p FunctionTemplate,
    options: &'p DisasmOptions,
    labels: BTreeMap<u32, String>,
    out: &'p mut String,
}

impl Printer<'_> {
    fn run(&mut self) {
        self.head();
        let mut line = 0;
        for pc in 0..self.t.code.len() as u32 {
            if let Some(l) = self.labels.get(&pc) {
                let _ = writeln!(self.out, "{l}:");
            }
            line = self.source_line(pc, line);
            self.instruction(pc);
        }
        for h in &self.t.handlers {
            let target = self.labels.get(&h.target).map_or("?", String::as_str);
            let _ = writeln!(self.out, "  handler {}..{} -> {target} in r{}", h.start, h.end, h.reg);
        }
        self.out.push('\n');
    }

    fn head(&mut self) {
        let t = self.t;
        let (line, _) = t.source.position(t.span.start);
        let mut traits = vec![format!("{:?}", t.kind)];
        let flags = [(t.is_async, "async"), (t.is_generator, "generator"), (t.strict, "strict")];
        traits.extend(flags.iter().filter(|f| f.0).map(|f| f.1.to_string()));
        if t.uses_super {
            traits.push("super".into());
        }
        let name = if t.name.is_empty() { "<anonymous>".to_string() } else { t.name.to_string() };
        let _ = writeln!(
            self.out,
            "function {name} ({}) {}:{line}  params {} length {} registers {} caches {}",
            traits.join(" "),
            t.source.name,
            t.nparams,
            t.length,
            t.nregs,
            t.ic_keys.len()
        );
        if let Some(r) = t.rest_reg {
            let _ = writeln!(self.out, "  rest in r{r}");
        }
        if let Some(r) = t.arguments_reg {
            let _ = writeln!(self.out, "  arguments in r{r}, mapped to slots {:?}", t.mapped_args);
        }
        for (i, s) in t.scopes.iter().enumerate() {
            let names: Vec<String> = s.slots.iter().map(|(n, _)| n.to_string()).collect();
            let _ = writeln!(self.out, "  scope {i}: {}", names.join(", "));
        }
        self.module_head();
    }

    fn module_head(&mut self) {
        let Some(m) = &self.t.module else { return };
        for (i, r) in m.requests.iter().enumerate() {
            let _ = writeln!(self.out, "  request {i}: {:?} {:?}", r.specifier, r.attributes);
        }
        for (i, e) in m.imports.iter().enumerate() {
            let _ = writeln!(self.out, "  import {i}: {} = {:?} of {}", e.local, e.import, e.request);
        }
        for (n, slot) in &m.local_exports {
            let _ = writeln!(self.out, "  export {n} = slot {slot}");
        }
        for e in &m.indirect_exports {
            let _ = writeln!(self.out, "  export {} = {:?} of {}", e.export, e.import, e.request);
        }
        for r in &m.star_exports {
            let _ = writeln!(self.out, "  export * of {r}");
        }
    }

    /// Prints the source line of a statement that starts here; gives the line now current.
    fn source_line(&mut self, pc: u32, last: u32) -> u32 {
        if self.options.no_source {
            return last;
        }
        let Ok(i) = self.t.statements.binary_search_by_key(&pc, |s| s.0) else { return last };
        let (line, _) = self.t.source.position(self.t.statements[i].1.start);
        if line != last {
            let text: String = self.t.source.line(line).trim().chars().take(100).collect();
            let _ = writeln!(self.out, "  ; {line}: {text}");
        }
        line
    }

    fn instruction(&mut self, pc: u32) {
        let i = self.t.code[pc as usize];
        let Some(op) = i.op() else {
            let _ = writeln!(self.out, "  {pc:>4} ??? {:#x}", i.0);
            return;
        };
        let mut operands = Vec::new();
        for &(slot, role) in op.info().operands {
            if slot == Slot::x && role == OperandRole::Flag && i.x() == 0 {
                continue;
            }
            operands.push(self.operand(pc, i, slot, role));
        }
        let operands = operands.join(", ");
        match self.options.second_tier.as_ref().and_then(|over| over.get(&pc)) {
            Some(over) => {
                let _ = writeln!(
                    self.out,
                    "  {pc:>4}*{:<16} {operands:<24} ; {}",
                    over.op.info().name,
                    over.note
                );
            }
            None => {
                let _ = writeln!(self.out, "  {pc:>4} {:<16} {operands}", op.info().name);
            }
        }
    }

    fn operand(&self, pc: u32, i: Insn, slot: Slot, role: OperandRole) -> String {
        let v = operand(i, slot);
        match role {
            OperandRole::Dst | OperandRole::Src | OperandRole::SrcDst | OperandRole::Base => {
                self.register(pc, v as u16)
            }
            OperandRole::Const => self.constant(v as u32),
            OperandRole::Ic => match self.t.ic_keys.get(v as usize) {
                Some(&u32::MAX) => format!("ic{v}"),
                Some(&k) => format!("ic{v}:{}", self.constant(k)),
                None => format!("ic{v}?"),
            },
            OperandRole::Func => match self.t.functions.get(v as usize) {
                Some(f) if f.name.is_empty() => format!("fn{v}"),
                Some(f) => format!("fn{v}:{}", f.name),
                None => format!("fn{v}?"),
            },
            OperandRole::Scope => format!("scope{v}"),
            OperandRole::Import => format!("import{v}"),
            OperandRole::Off => {
                let d = jump_distance(i).unwrap_or(0);
                let target = i64::from(pc) + 1 + d;
                let name = u32::try_from(target).ok().and_then(|t| self.labels.get(&t));
                name.cloned().unwrap_or_else(|| format!("@{target}"))
            }
            OperandRole::Int => match slot {
                Slot::b => format!("#{}", i.sb()),
                Slot::c => format!("#{}", i.sc()),
                _ => format!("#{v}"),
            },
            OperandRole::Count => match i.op() {
                Some(Op::GetEnv | Op::GetEnvChecked | Op::SetEnv | Op::SetEnvChecked) => format!("up{v}"),
                _ => format!("n{v}"),
            },
            OperandRole::Flag => format!("x{v}"),
            OperandRole::EnvSlot => format!("slot{v}"),
        }
    }

    fn register(&self, pc: u32, r: u16) -> String {
        if r == 0 {
            return "this".into();
        }
        let local = self.t.locals.iter().rev().find(|l| l.reg == r && l.start <= pc && pc < l.end);
        match local {
            Some(l) => format!("r{r}({})", l.name),
            None => format!("r{r}"),
        }
    }

    fn constant(&self, k: u32) -> String {
        match self.t.consts.get(k as usize) {
            Some(Const::Number(n)) => format!("{n:?}"),
            Some(Const::Str(s)) => format!("{s:?}"),
            Some(Const::BigInt(s)) => format!("{s}n"),
            Some(Const::RegExp { pattern, flags }) => format!("/{pattern}/{flags}"),
            Some(Const::Template(parts)) => {
                let raw: Vec<String> = parts.iter().map(|(_, r)| format!("{r:?}")).collect();
                format!("template[{}]", raw.join(", "))
            }
            None if k == u32::MAX => "-".into(),
            None => format!("k{k}?"),
        }
    }
}
