//! Leaving control structures: break, continue, return, exceptions, finally, iterators to close.
//!
//! A finally block is emitted once. Every way into it sets a kind register (0 fell through, 1 exception, n ≥ 2 the n-th
//! recorded exit) and a value register; behind the block a chain of compares resumes what was going on. An exit that
//! leaves several structures does their work from the inside out; while it does, the regions of those already left are
//! suspended, so that an error there goes to the right handler.

use super::Gen;
use super::builder::{Label, Reg};
use looplab_bytecode::{Insn, Op};
use oxc_ast::ast::*;

/// Where an abrupt completion goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// To a label, unwinding all control structures from this depth on.
    Jump(Label, usize),
    /// Out of the function with a value.
    Return,
}

/// Code covered by an exception handler.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    start: u32,
    handler: Label,
    reg: Reg,
}

/// What a control structure needs when it is left.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A place for break and continue.
    Target { names: Vec<String>, break_to: Option<Label>, continue_to: Option<Label>, plain: bool },
    /// A try block with a catch clause.
    Catch,
    /// A try statement with a finally block.
    Finally { kind: Reg, value: Reg, entry: Label, exits: Vec<Exit> },
    /// An iterator to close.
    Iter { iter: Reg, is_async: bool },
}

/// A control structure around the current code.
#[derive(Debug)]
pub(crate) struct Control {
    kind: Kind,
    region: Option<Region>,
}

impl<'a> Gen<'a> {
    /// Opens a structure; `region`: handler and register for exceptions.
    pub(crate) fn push_control(&mut self, kind: Kind, region: Option<(Label, Reg)>) {
        let start = self.b.pc();
        let region = region.map(|(handler, reg)| Region { start, handler, reg });
        self.b.control.push(Control { kind, region });
    }

    /// Closes the innermost structure and its region.
    pub(crate) fn pop_control(&mut self) -> Option<Kind> {
        let c = self.b.control.pop()?;
        if let Some(r) = c.region {
            self.b.handle(r.start, r.handler, r.reg);
        }
        Some(c.kind)
    }

    fn suspend(&mut self, depth: usize) {
        if let Some(r) = self.b.control[depth].region {
            self.b.handle(r.start, r.handler, r.reg);
        }
    }

    fn resume_from(&mut self, depth: usize) {
        let pc = self.b.pc();
        for c in &mut self.b.control[depth..] {
            if let Some(r) = &mut c.region {
                r.start = pc;
            }
        }
    }

    /// Leaves towards an exit with a value (of a return).
    pub(crate) fn exit(&mut self, exit: Exit, value: Option<Reg>) {
        if self.b.dead {
            return;
        }
        let stop = match exit {
            Exit::Jump(_, depth) => depth,
            Exit::Return => 0,
        };
        let mut at = self.b.control.len();
        while at > stop {
            at -= 1;
            self.suspend(at);
            match &mut self.b.control[at].kind {
                Kind::Target { .. } | Kind::Catch => {}
                Kind::Iter { iter, is_async } => {
                    let (iter, is_async) = (*iter, *is_async);
                    self.close_iterator(iter, is_async);
                }
                Kind::Finally { kind, value: slot, entry, exits } => {
                    let n = match exits.iter().position(|e| *e == exit) {
                        Some(i) => i,
                        None => {
                            exits.push(exit);
                            exits.len() - 1
                        }
                    };
                    let (kind, slot, entry) = (*kind, *slot, *entry);
                    self.b.abx(Op::LoadInt, kind, n as u32 + 2);
                    if let Some(v) = value {
                        self.b.mov(slot, v);
                    }
                    self.b.jump(entry);
                    self.resume_from(at);
                    return;
                }
            }
        }
        match exit {
            Exit::Jump(l, _) => self.b.jump(l),
            Exit::Return => {
                let mark = self.b.next_reg;
                let r = value.unwrap_or_else(|| {
                    let r = self.b.alloc();
                    self.b.abx(Op::LoadUndef, r, 0);
                    r
                });
                self.emit_return(r);
                self.b.free_to(mark);
            }
        }
        self.resume_from(at.min(self.b.control.len()));
    }

    /// Closes an iterator on a normal way out.
    pub(crate) fn close_iterator(&mut self, iter: Reg, is_async: bool) {
        if !is_async {
            self.b.abc(Op::IterClose, iter, 0, 0);
            return;
        }
        let mark = self.b.next_reg;
        let t = self.b.alloc();
        let none = self.b.label();
        self.b.xabc(Op::IterCall, 3, t, iter, t);
        self.b.jump_if(Op::JumpIfHole, t, none);
        self.b.abc(Op::Await, t, t, 0);
        self.b.abc(Op::CheckIterResult, t, 0, 0);
        self.b.place(none);
        self.b.free_to(mark);
    }

    /// The handler of an iterator's region: closes it, ignoring further errors, and throws on.
    pub(crate) fn iterator_handler(&mut self, iter: Reg, is_async: bool, handler: Label, exc: Reg) {
        self.b.place(handler);
        if !self.b.is_used(handler) {
            return;
        }
        if is_async {
            let ignore = self.b.label();
            let mark = self.b.next_reg;
            let t = self.b.alloc();
            self.push_control(Kind::Catch, Some((ignore, t)));
            self.b.xabc(Op::IterCall, 3, t, iter, t);
            self.b.jump_if(Op::JumpIfHole, t, ignore);
            self.b.abc(Op::Await, t, t, 0);
            self.pop_control();
            self.b.place(ignore);
            self.b.free_to(mark);
        } else {
            self.b.abc(Op::IterCloseQuiet, iter, 0, 0);
        }
        self.b.end(Insn::abc(Op::Throw, 1, exc, 0, 0));
    }

    // ---- break, continue, return ----

    /// The label of a break and how many structures stay open there.
    fn break_target(&self, label: Option<&str>) -> Option<(Label, usize)> {
        self.b.control.iter().enumerate().rev().find_map(|(i, c)| match &c.kind {
            Kind::Target { names, break_to: Some(to), plain, .. } => match label {
                Some(l) => names.iter().any(|n| n == l).then_some((*to, i + 1)),
                None => plain.then_some((*to, i + 1)),
            },
            _ => None,
        })
    }

    fn continue_target(&self, label: Option<&str>) -> Option<(Label, usize)> {
        self.b.control.iter().enumerate().rev().find_map(|(i, c)| match &c.kind {
            Kind::Target { names, continue_to: Some(to), .. } => match label {
                Some(l) => names.iter().any(|n| n == l).then_some((*to, i + 1)),
                None => Some((*to, i + 1)),
            },
            _ => None,
        })
    }

    /// The target, if only loops and labels are left on the way.
    fn without_work(&self, target: Option<(Label, usize)>) -> Option<Label> {
        let (l, depth) = target?;
        let plain = |c: &Control| matches!(c.kind, Kind::Target { .. });
        self.b.control[depth..].iter().all(plain).then_some(l)
    }

    pub(crate) fn plain_break(&self, label: Option<&str>) -> Option<Label> {
        self.without_work(self.break_target(label))
    }

    pub(crate) fn plain_continue(&self, label: Option<&str>) -> Option<Label> {
        self.without_work(self.continue_target(label))
    }

    pub(crate) fn break_statement(&mut self, label: Option<&str>) {
        if let Some((l, depth)) = self.break_target(label) {
            self.exit(Exit::Jump(l, depth), None);
        }
    }

    pub(crate) fn continue_statement(&mut self, label: Option<&str>) {
        if let Some((l, depth)) = self.continue_target(label) {
            self.exit(Exit::Jump(l, depth), None);
        }
    }

    pub(crate) fn return_statement(&mut self, s: &ReturnStatement<'a>) {
        let mark = self.b.next_reg;
        let f = self.a.func(self.b.func);
        let await_value = f.is_async && f.is_generator && s.argument.is_some();
        let mut value = match &s.argument {
            // The operand of a return through structures may be changed by them: then it needs its own register.
            Some(e) if self.b.control.is_empty() => self.expr(e),
            Some(e) => {
                let r = self.b.alloc();
                self.expr_to(e, r);
                r
            }
            None => {
                let r = self.b.alloc();
                self.b.abx(Op::LoadUndef, r, 0);
                r
            }
        };
        if await_value {
            let t = self.b.alloc();
            self.b.at(s.span.start);
            self.b.abc(Op::Await, t, value, 0);
            value = t;
        }
        self.b.at(s.span.start);
        self.exit(Exit::Return, Some(value));
        self.b.free_to(mark);
    }

    // ---- try ----

    pub(crate) fn try_statement(&mut self, s: &TryStatement<'a>) {
        self.clear_completion();
        let mark = self.b.next_reg;
        match &s.finalizer {
            None => self.try_catch(s),
            Some(f) => self.try_finally(s, f),
        }
        self.b.free_to(mark);
    }

    fn try_catch(&mut self, s: &TryStatement<'a>) {
        let Some(h) = &s.handler else {
            self.block(&s.block);
            return;
        };
        let mark = self.b.next_reg;
        let (handler, end) = (self.b.label(), self.b.label());
        let scope = self.b.control.len();
        let env = self.b.env;
        // The parameter's own register receives the exception when it is a plain local.
        let exc = self.b.alloc();
        self.push_control(Kind::Catch, Some((handler, exc)));
        self.block(&s.block);
        self.pop_control();
        debug_assert_eq!(scope, self.b.control.len());
        self.b.jump(end);
        self.b.place(handler);
        if !self.b.dead {
            self.b.env = env;
            self.clear_completion();
            let entered = self.enter(h.scope_id.get());
            if let Some(p) = &h.param {
                self.bind_pattern(&p.pattern, exc, true);
            }
            self.block(&h.body);
            self.leave(entered);
        }
        self.b.place(end);
        self.b.free_to(mark);
    }

    fn try_finally(&mut self, s: &TryStatement<'a>, finalizer: &BlockStatement<'a>) {
        let kind = self.b.alloc();
        let value = self.b.alloc();
        let (entry, handler) = (self.b.label(), self.b.label());
        self.b.abx(Op::LoadUndef, value, 0);
        self.push_control(Kind::Finally { kind, value, entry, exits: Vec::new() }, Some((handler, value)));
        self.try_catch(s);
        let exits = match self.pop_control() {
            Some(Kind::Finally { exits, .. }) => exits,
            _ => Vec::new(),
        };
        let normal = !self.b.dead;
        self.b.abx(Op::LoadInt, kind, 0);
        self.b.jump(entry);
        self.b.place(handler);
        self.b.abx(Op::LoadInt, kind, 1);
        self.b.place(entry);
        if self.b.dead {
            return;
        }
        let completion = self.b.completion;
        let kept = completion.map(|c| {
            let t = self.b.alloc();
            self.b.mov(t, c);
            t
        });
        self.block(finalizer);
        if let (Some(c), Some(t)) = (completion, kept) {
            self.b.mov(c, t);
        }
        if self.b.dead {
            return;
        }
        self.resume_after_finally(kind, value, &exits, normal);
    }

    fn resume_after_finally(&mut self, kind: Reg, value: Reg, exits: &[Exit], normal: bool) {
        let end = self.b.label();
        if normal {
            self.b.jump_cmp(Op::JSEqI, kind, 0, end);
        }
        for (i, e) in exits.iter().enumerate() {
            let next = self.b.label();
            self.b.jump_cmp(Op::JSNeI, kind, i as u16 + 2, next);
            self.exit(*e, Some(value));
            self.b.place(next);
        }
        self.b.end(Insn::abc(Op::Throw, 1, value, 0, 0));
        self.b.place(end);
    }
}
