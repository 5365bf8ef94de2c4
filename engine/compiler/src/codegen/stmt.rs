//! Statements, except loops, switch and try.

use super::unwind::Kind;
use super::{Gen, to_span};
use looplab_bytecode::{Insn, Op};
use oxc_ast::ast::*;
use oxc_span::GetSpan;

impl<'a> Gen<'a> {
    /// The statements of a list, behind its hoisted functions.
    pub(crate) fn statements(&mut self, stmts: &[Statement<'a>]) {
        for s in stmts {
            if self.b.dead {
                return;
            }
            self.statement(s);
        }
    }

    pub(crate) fn statement(&mut self, s: &Statement<'a>) {
        if self.b.dead || self.error.is_some() {
            return;
        }
        stacker::maybe_grow(crate::RED_ZONE, crate::STACK_STEP, || self.statement_inner(s));
    }

    fn statement_inner(&mut self, s: &Statement<'a>) {
        let mark = self.b.next_reg;
        if !matches!(
            s,
            Statement::BlockStatement(_)
                | Statement::EmptyStatement(_)
                | Statement::FunctionDeclaration(_)
                | Statement::LabeledStatement(_)
                | Statement::TryStatement(_)
                | Statement::ImportDeclaration(_)
        ) {
            let span = s.span();
            self.b.statement(to_span(span));
            self.b.at(span.start);
        }
        match s {
            Statement::ExpressionStatement(e) => self.expression_statement(&e.expression),
            Statement::VariableDeclaration(d) => self.declaration(d),
            Statement::FunctionDeclaration(f) => self.annex_b(f),
            Statement::ClassDeclaration(c) => self.class_declaration(c),
            Statement::ReturnStatement(r) => self.return_statement(r),
            Statement::IfStatement(i) => self.if_statement(i),
            Statement::BlockStatement(b) => self.block(b),
            Statement::ForStatement(f) => self.for_statement(f, Vec::new()),
            Statement::ForInStatement(f) => self.for_in(f, Vec::new()),
            Statement::ForOfStatement(f) => self.for_of(f, Vec::new()),
            Statement::WhileStatement(w) => self.while_statement(w, Vec::new()),
            Statement::DoWhileStatement(w) => self.do_while(w, Vec::new()),
            Statement::SwitchStatement(s) => self.switch(s),
            Statement::TryStatement(t) => self.try_statement(t),
            Statement::ThrowStatement(t) => {
                let r = self.expr(&t.argument);
                self.b.at(t.span.start);
                self.b.end(Insn::abc(Op::Throw, 0, r, 0, 0));
            }
            Statement::BreakStatement(b) => {
                self.break_statement(b.label.as_ref().map(|l| l.name.as_str()));
            }
            Statement::ContinueStatement(c) => {
                self.continue_statement(c.label.as_ref().map(|l| l.name.as_str()));
            }
            Statement::LabeledStatement(l) => self.labelled(l),
            Statement::EmptyStatement(_) => {}
            Statement::DebuggerStatement(_) => self.b.abx(Op::Debugger, 0, 0),
            Statement::WithStatement(w) => self.with(w),
            Statement::ImportDeclaration(_)
            | Statement::ExportAllDeclaration(_)
            | Statement::ExportNamedDeclaration(_)
            | Statement::ExportFromDeclaration(_) => {}
            Statement::ExportDeclaration(e) => match &e.declaration {
                Declaration::VariableDeclaration(d) => self.declaration(d),
                Declaration::ClassDeclaration(c) => self.class_declaration(c),
                _ => {}
            },
            Statement::ExportDefaultDeclaration(e) => self.export_default(e),
            other => self.unsupported("TypeScript syntax", other.span()),
        }
        self.b.free_to(mark);
    }

    fn expression_statement(&mut self, e: &Expression<'a>) {
        match self.b.completion {
            Some(r) => {
                let t = self.expr(e);
                self.b.mov(r, t);
            }
            None => self.effect(e),
        }
    }

    /// A statement that has its own completion value starts with undefined.
    pub(crate) fn clear_completion(&mut self) {
        if let Some(r) = self.b.completion {
            self.b.abx(Op::LoadUndef, r, 0);
        }
    }

    pub(crate) fn block(&mut self, b: &BlockStatement<'a>) {
        if self.b.dead {
            return;
        }
        let e = self.enter(b.scope_id.get());
        self.hoist_functions(&b.body);
        self.statements(&b.body);
        self.leave(e);
    }

    /// let, const or var.
    pub(crate) fn declaration(&mut self, d: &VariableDeclaration<'a>) {
        if matches!(d.kind, VariableDeclarationKind::Using | VariableDeclarationKind::AwaitUsing) {
            self.unsupported("'using'", d.span);
            return;
        }
        let lexical = d.kind != VariableDeclarationKind::Var;
        for (i, v) in d.declarations.iter().enumerate() {
            if i > 0 {
                self.b.statement(to_span(v.span));
            }
            let mark = self.b.next_reg;
            self.declarator(v, lexical);
            if lexical {
                v.id.get_binding_identifiers().into_iter().for_each(|id| self.born(id));
            }
            self.b.free_to(mark);
        }
    }

    fn declarator(&mut self, v: &VariableDeclarator<'a>, lexical: bool) {
        let BindingPattern::BindingIdentifier(id) = &v.id else {
            if let Some(init) = &v.init {
                let r = self.destructured_value(init, lexical);
                self.bind_pattern(&v.id, r, lexical);
            }
            return;
        };
        let Some(init) = &v.init else {
            if lexical {
                let r = self.binding_reg(id).map(|(r, _)| r).unwrap_or_else(|| self.b.alloc());
                self.b.abx(Op::LoadUndef, r, 0);
                self.bind_ident(id, r, true);
            }
            return;
        };
        if self.is_dynamic(id.span.start) {
            // What the name means is settled before the value is evaluated.
            let holder = self.find_name(id.name.as_str(), id.span.start);
            let r = self.named_expr(init, id.name.as_str());
            return self.store_dynamic(holder, id.name.as_str(), r, id.span.start);
        }
        match self.binding_reg(id) {
            Some((r, var)) => {
                // Nothing can see a let or const before it is initialised.
                let fresh = lexical && !self.a.var(var).checked;
                let saved = self.b.fresh_local;
                self.b.fresh_local = if fresh { Some(r) } else { saved };
                self.named_expr_to(init, r, id.name.as_str());
                self.b.fresh_local = saved;
            }
            None => {
                let r = self.named_expr(init, id.name.as_str());
                self.bind_ident(id, r, lexical);
            }
        }
    }

    fn if_statement(&mut self, s: &IfStatement<'a>) {
        self.clear_completion();
        let end = self.b.label();
        let mut s = s;
        // else-if chains are long in generated code: a loop, not recursion.
        loop {
            let (yes, no) = (self.b.label(), self.b.label());
            if let (Some(to), None) = (self.direct_exit(&s.consequent), &s.alternate) {
                // `if (x) break;` jumps right there.
                self.condition(&s.test, to, no, false);
                self.b.place(no);
                break;
            }
            self.condition(&s.test, yes, no, true);
            self.b.place(yes);
            self.branch(&s.consequent);
            let Some(alternate) = &s.alternate else {
                self.b.place(no);
                break;
            };
            if !matches!(alternate, Statement::EmptyStatement(_)) {
                self.b.jump(end);
            }
            self.b.place(no);
            if self.b.dead {
                break;
            }
            match alternate {
                Statement::IfStatement(next) => {
                    self.b.statement(to_span(next.span));
                    s = next;
                }
                other => {
                    self.branch(other);
                    break;
                }
            }
        }
        self.b.place(end);
    }

    /// The label that a lone break or continue jumps to, when nothing has to be unwound on the way.
    fn direct_exit(&self, s: &Statement<'a>) -> Option<super::builder::Label> {
        let s = match s {
            Statement::BlockStatement(b) if b.body.len() == 1 => b.body.first()?,
            s => s,
        };
        match s {
            Statement::BreakStatement(b) => self.plain_break(b.label.as_ref().map(|l| l.name.as_str())),
            Statement::ContinueStatement(c) => self.plain_continue(c.label.as_ref().map(|l| l.name.as_str())),
            _ => None,
        }
    }

    /// A branch; a function declaration there has a block of its own.
    fn branch(&mut self, s: &Statement<'a>) {
        let Statement::FunctionDeclaration(f) = s else { return self.statement(s) };
        if self.b.dead {
            return;
        }
        let scope = f.node_id.get().index() as u32;
        let e = self.enter_ix(scope);
        self.hoist_function(f);
        self.annex_b(f);
        self.leave(Some(e));
    }

    fn labelled(&mut self, l: &LabeledStatement<'a>) {
        let mut names = vec![l.label.name.to_string()];
        let mut body = &l.body;
        while let Statement::LabeledStatement(inner) = body {
            names.push(inner.label.name.to_string());
            body = &inner.body;
        }
        if matches!(
            body,
            Statement::ForStatement(_)
                | Statement::ForInStatement(_)
                | Statement::ForOfStatement(_)
                | Statement::WhileStatement(_)
                | Statement::DoWhileStatement(_)
        ) {
            self.b.statement(to_span(body.span()));
        }
        match body {
            Statement::ForStatement(f) => self.for_statement(f, names),
            Statement::ForInStatement(f) => self.for_in(f, names),
            Statement::ForOfStatement(f) => self.for_of(f, names),
            Statement::WhileStatement(w) => self.while_statement(w, names),
            Statement::DoWhileStatement(w) => self.do_while(w, names),
            other => {
                let end = self.b.label();
                self.push_control(
                    Kind::Target { names, break_to: Some(end), continue_to: None, plain: false },
                    None,
                );
                self.statement(other);
                self.pop_control();
                self.b.place(end);
            }
        }
    }
}
