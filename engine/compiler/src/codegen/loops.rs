//! Loops. The test stands at the bottom, so that an iteration costs one jump.

use super::Gen;
use super::builder::{Label, Reg};
use super::unwind::Kind;
use crate::scope::ScopeIx;
use looplab_bytecode::{Op, Span};
use oxc_ast::ast::*;
use oxc_span::GetSpan;

impl<'a> Gen<'a> {
    fn loop_target(&mut self, names: Vec<String>, break_to: Label, continue_to: Label) {
        let kind =
            Kind::Target { names, break_to: Some(break_to), continue_to: Some(continue_to), plain: true };
        self.push_control(kind, None);
    }

    pub(crate) fn while_statement(&mut self, s: &WhileStatement<'a>, names: Vec<String>) {
        self.clear_completion();
        let (top, test, end) = (self.b.label(), self.b.label(), self.b.label());
        let always = is_true(&s.test);
        if !always {
            self.b.jump(test);
            // The body is reached from the test.
            self.b.dead = false;
        }
        self.b.place(top);
        self.loop_target(names, end, test);
        self.statement(&s.body);
        self.pop_control();
        self.b.place(test);
        if always {
            self.b.jump(top);
        } else {
            self.b.dead = false;
            self.loop_test(&s.test, top, end);
        }
        self.b.place(end);
    }

    /// The test at the bottom: jumps back to `top` or falls through to `end`.
    fn loop_test(&mut self, test: &Expression<'a>, top: Label, end: Label) {
        self.b.at(test.span().start);
        self.condition(test, top, end, false);
    }

    pub(crate) fn do_while(&mut self, s: &DoWhileStatement<'a>, names: Vec<String>) {
        self.clear_completion();
        let (top, test, end) = (self.b.label(), self.b.label(), self.b.label());
        self.b.place(top);
        self.loop_target(names, end, test);
        self.statement(&s.body);
        self.pop_control();
        self.b.place(test);
        if !self.b.dead {
            self.loop_test(&s.test, top, end);
        }
        self.b.place(end);
    }

    pub(crate) fn for_statement(&mut self, s: &ForStatement<'a>, names: Vec<String>) {
        self.clear_completion();
        let e = self.enter(s.scope_id.get());
        match &s.init {
            Some(ForStatementInit::VariableDeclaration(d)) => self.declaration(d),
            Some(e) => {
                if let Some(e) = e.as_expression() {
                    let mark = self.b.next_reg;
                    self.effect(e);
                    self.b.free_to(mark);
                }
            }
            None => {}
        }
        if self.b.dead {
            self.leave(e);
            return;
        }
        let env = s.scope_id.get().and_then(|s| self.copied_env(s.index() as u32));
        let (top, update, test, end) = (self.b.label(), self.b.label(), self.b.label(), self.b.label());
        if let Some(r) = env {
            self.b.abx(Op::CopyEnv, r, 0);
        }
        let has_test = s.test.as_ref().is_some_and(|t| !is_true(t));
        if has_test {
            self.b.jump(test);
            self.b.dead = false;
        }
        self.b.place(top);
        self.loop_target(names, end, update);
        self.statement(&s.body);
        self.pop_control();
        self.b.place(update);
        if !self.b.dead {
            if let Some(r) = env {
                self.b.abx(Op::CopyEnv, r, 0);
            }
            if let Some(u) = &s.update {
                let mark = self.b.next_reg;
                self.b.statement(super::to_span(u.span()));
                self.effect(u);
                self.b.free_to(mark);
            }
        }
        self.b.place(test);
        match &s.test {
            Some(t) if has_test => {
                self.b.statement(super::to_span(t.span()));
                self.loop_test(t, top, end);
            }
            _ => self.b.jump(top),
        }
        self.b.place(end);
        self.leave(e);
    }

    /// The environment register of a loop's scope when each iteration has a copy of its own.
    fn copied_env(&self, scope: ScopeIx) -> Option<Reg> {
        self.a.scope(scope).has_env.then(|| self.env_regs[scope as usize])
    }

    pub(crate) fn for_in(&mut self, s: &ForInStatement<'a>, names: Vec<String>) {
        self.clear_completion();
        let mark = self.b.next_reg;
        self.annex_b_initializer(&s.left);
        let outer_env = self.b.env;
        let entered = self.enter(s.scope_id.get());
        let object = self.expr(&s.right);
        let enumerator = self.b.alloc();
        self.b.at(s.right.span().start);
        self.b.abc(Op::ForInStart, enumerator, object, 0);
        let key = self.loop_variable(&s.left).unwrap_or_else(|| self.b.alloc());
        let (top, next, end) = (self.b.label(), self.b.label(), self.b.label());
        self.b.place(top);
        self.b.place(next);
        if !self.b.dead {
            self.b.jump_cmp(Op::ForInNext, key, enumerator, end);
            self.fresh_iteration(s.scope_id.get(), outer_env);
            self.b.at(s.left.span().start);
            self.assign_left(&s.left, key);
            self.loop_target(names, end, next);
            self.statement(&s.body);
            self.pop_control();
            self.b.jump(next);
        }
        self.b.place(end);
        self.leave(entered);
        self.b.free_to(mark);
    }

    /// `for (var x = 1 in o)` in sloppy code.
    fn annex_b_initializer(&mut self, left: &ForStatementLeft<'a>) {
        if let ForStatementLeft::VariableDeclaration(d) = left
            && d.declarations.iter().any(|v| v.init.is_some())
        {
            self.declaration(d);
        }
    }

    /// The scope of each iteration is new: its environment replaces the one before.
    fn fresh_iteration(&mut self, scope: Option<oxc_syntax::scope::ScopeId>, outer: Option<Reg>) {
        let Some(s) = scope.map(|s| s.index() as u32) else { return };
        if self.a.scope(s).has_env {
            let r = self.env_regs[s as usize];
            let inner = self.b.env;
            self.b.env = outer;
            let parent = self.env_reg();
            self.b.env = inner;
            let ix = self.env_ix[s as usize];
            self.b.abc(Op::NewEnv, r, parent, ix);
        }
        self.mark_holes(s);
    }

    /// The register of `const x` in a loop's head, which receives each value directly.
    fn loop_variable(&self, left: &ForStatementLeft<'a>) -> Option<Reg> {
        let ForStatementLeft::VariableDeclaration(d) = left else { return None };
        if d.kind == VariableDeclarationKind::Var {
            return None;
        }
        match &d.declarations.first()?.id {
            BindingPattern::BindingIdentifier(id) => {
                let (r, v) = self.binding_reg(id)?;
                (!self.a.var(v).checked).then_some(r)
            }
            _ => None,
        }
    }

    fn assign_left(&mut self, left: &ForStatementLeft<'a>, value: Reg) {
        let mark = self.b.next_reg;
        match left {
            ForStatementLeft::VariableDeclaration(d) => {
                let lexical = d.kind != VariableDeclarationKind::Var;
                if matches!(d.kind, VariableDeclarationKind::Using | VariableDeclarationKind::AwaitUsing) {
                    self.unsupported("'using'", d.span);
                }
                if let Some(v) = d.declarations.first() {
                    // No text: V8 calls what the loop goes through ".for".
                    let at = v.span.start;
                    self.destructured = Some(Span { start: at, end: at });
                    self.bind_pattern(&v.id, value, lexical);
                    self.destructured = None;
                    if lexical {
                        v.id.get_binding_identifiers().into_iter().for_each(|id| self.born(id));
                    }
                }
            }
            other => {
                if let Some(t) = other.as_assignment_target() {
                    self.assign_target(t, value);
                }
            }
        }
        self.b.free_to(mark);
    }

    pub(crate) fn for_of(&mut self, s: &ForOfStatement<'a>, names: Vec<String>) {
        self.clear_completion();
        let mark = self.b.next_reg;
        let outer_env = self.b.env;
        let entered = self.enter(s.scope_id.get());
        let iterable = self.expr(&s.right);
        let iter = self.b.alloc_n(3);
        self.b.at(s.right.span().start);
        self.b.blame(super::to_span(s.right.span()));
        self.b.xabc(Op::GetIter, u8::from(s.r#await), iter, iterable, 0);
        let value = self.loop_variable(&s.left).unwrap_or_else(|| self.b.alloc());
        let exc = self.b.alloc();
        let (next, end, handler) = (self.b.label(), self.b.label(), self.b.label());
        self.b.place(next);
        self.b.at(s.right.span().start);
        if s.r#await {
            self.await_next(iter, value, end);
        } else {
            self.b.jump_cmp(Op::IterNext, value, iter, end);
        }
        let outer_names = names.clone();
        let target =
            |names, break_to, continue_to| Kind::Target { names, break_to, continue_to, plain: true };
        self.push_control(target(outer_names, Some(end), None), None);
        self.push_control(Kind::Iter { iter, is_async: s.r#await }, Some((handler, exc)));
        self.push_control(target(names, None, Some(next)), None);
        self.fresh_iteration(s.scope_id.get(), outer_env);
        self.b.at(s.left.span().start);
        self.assign_left(&s.left, value);
        self.statement(&s.body);
        self.pop_control();
        self.pop_control();
        self.pop_control();
        self.b.jump(next);
        self.iterator_handler(iter, s.r#await, handler, exc);
        self.b.place(end);
        self.leave(entered);
        self.b.free_to(mark);
    }

    /// R[value] := the next value of an async iterator, or jumps to `end`.
    fn await_next(&mut self, iter: Reg, value: Reg, end: Label) {
        let mark = self.b.next_reg;
        let undef = self.b.alloc();
        self.b.abx(Op::LoadUndef, undef, 0);
        self.b.abc(Op::IterCall, value, iter, undef);
        self.b.abc(Op::Await, value, value, 0);
        self.b.abc(Op::CheckIterResult, value, 0, 0);
        self.get_named(undef, value, "done");
        self.b.jump_if(Op::JumpIfTrue, undef, end);
        self.get_named(value, value, "value");
        self.b.free_to(mark);
    }
}

/// A test that always holds.
fn is_true(e: &Expression<'_>) -> bool {
    match e {
        Expression::BooleanLiteral(b) => b.value,
        Expression::NumericLiteral(n) => n.value != 0.0 && !n.value.is_nan(),
        _ => false,
    }
}
