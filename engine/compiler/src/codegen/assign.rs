//! Assignments: plain, compound, logical, increments; destructuring targets.

use super::Gen;
use super::binary::{compound_op, skip_op};
use super::builder::Reg;
use super::expr::is_anonymous_function;
use super::member::static_key;
use crate::scope::VarIx;
use looplab_bytecode::{BindingKind, Op};
use oxc_ast::ast::*;
use oxc_span::GetSpan;
use oxc_syntax::operator::UpdateOperator;

/// An assignment target whose parts are evaluated.
#[derive(Clone, Copy)]
pub(crate) enum Target<'t, 'a> {
    Ident(&'t IdentifierReference<'a>),
    /// A name whose holder was looked up.
    Name(Reg, &'t IdentifierReference<'a>),
    Named(Reg, &'t str, u32),
    Keyed(Reg, Reg, u32),
    Super(Reg, u32),
    Private(Reg, Reg, &'t PrivateIdentifier<'a>),
    Pattern(&'t AssignmentTarget<'a>),
    Bad,
}

impl<'a> Gen<'a> {
    /// A variable that can be assigned in its register without more ado.
    fn plain_local(&self, id: &IdentifierReference<'a>) -> Option<(Reg, VarIx)> {
        let (v, check) = self.resolved(id)?;
        let kind = self.a.var(v).kind;
        if check || matches!(kind, BindingKind::Const | BindingKind::FunctionName | BindingKind::Import) {
            return None;
        }
        self.var_reg(v).map(|r| (r, v))
    }

    /// An assignment expression; no destination: only the effect is wanted.
    pub(crate) fn assignment(&mut self, a: &AssignmentExpression<'a>, dst: Option<Reg>) {
        let mark = self.b.next_reg;
        if a.operator.is_assign() {
            self.plain_assignment(a, dst);
        } else if let Some(op) = a.operator.to_logical_operator() {
            self.logical_assignment(a, op, dst);
        } else if let Some(op) = compound_op(a.operator) {
            self.compound_assignment(a, op, dst);
        }
        self.b.free_to(mark);
    }

    fn plain_assignment(&mut self, a: &AssignmentExpression<'a>, dst: Option<Reg>) {
        match &a.left {
            AssignmentTarget::AssignmentTargetIdentifier(id) if !self.is_dynamic(id.span.start) => {
                // `(f) = function () {}` gives no name.
                let named = a.span.start == id.span.start && is_anonymous_function(&a.right);
                let name = if named { id.name.as_str() } else { "" };
                if let Some((r, _)) = self.plain_local(id) {
                    self.named_expr_to(&a.right, r, name);
                    if let Some(d) = dst {
                        self.b.mov(d, r);
                    }
                    return;
                }
                let v = match dst {
                    Some(d) if self.b.is_scratch(d) && is_anonymous_function(&a.right) => {
                        self.named_expr_to(&a.right, d, name);
                        d
                    }
                    Some(d) => self.operand_in(&a.right, &[], d),
                    None => self.named_expr(&a.right, name),
                };
                self.store_ident(id, v, self.token_behind(id.span.end));
                self.result(dst, v);
            }
            AssignmentTarget::ArrayAssignmentTarget(_) | AssignmentTarget::ObjectAssignmentTarget(_) => {
                let v = self.destructured_value(&a.right, false);
                self.assign_target(&a.left, v);
                self.result(dst, v);
            }
            left => {
                let t = self.prepare(left, &[&a.right]);
                let v = match (dst, left) {
                    (_, AssignmentTarget::AssignmentTargetIdentifier(id))
                        if a.span.start == id.span.start && is_anonymous_function(&a.right) =>
                    {
                        self.named_expr(&a.right, id.name.as_str())
                    }
                    (Some(d), _) => self.operand_in(&a.right, &[], d),
                    (None, _) => self.expr(&a.right),
                };
                self.store(t, v, self.token_behind(a.left.span().end));
                self.result(dst, v);
            }
        }
    }

    fn result(&mut self, dst: Option<Reg>, v: Reg) {
        if let Some(d) = dst {
            self.b.mov(d, v);
        }
    }

    fn compound_assignment(&mut self, a: &AssignmentExpression<'a>, op: Op, dst: Option<Reg>) {
        if let AssignmentTarget::AssignmentTargetIdentifier(id) = &a.left
            && !self.is_dynamic(id.span.start)
        {
            if let Some((r, v)) = self.plain_local(id) {
                let left = if self.may_assign(&a.right, v, &mut { 24 }) {
                    let t = self.b.alloc();
                    self.b.mov(t, r);
                    t
                } else {
                    r
                };
                self.apply(op, left, &a.right, r, a.span.start);
                self.result(dst, r);
                return;
            }
            let t = self.b.alloc();
            self.load_ident(id, Some(t), false);
            self.apply(op, t, &a.right, t, a.span.start);
            self.store_ident(id, t, self.token_behind(id.span.end));
            self.result(dst, t);
            return;
        }
        let target = self.prepare(&a.left, &[&a.right]);
        let t = self.b.alloc();
        self.load_target(target, t);
        self.apply(op, t, &a.right, t, a.span.start);
        self.store(target, t, self.token_behind(a.left.span().end));
        self.result(dst, t);
    }

    fn logical_assignment(
        &mut self,
        a: &AssignmentExpression<'a>,
        op: oxc_syntax::operator::LogicalOperator,
        dst: Option<Reg>,
    ) {
        let end = self.b.label();
        let t = self.b.alloc();
        let (target, name) = match &a.left {
            AssignmentTarget::AssignmentTargetIdentifier(id) => {
                let named = a.span.start == id.span.start;
                (self.ident_target(id), if named { id.name.as_str() } else { "" })
            }
            left => (self.prepare(left, &[&a.right]), ""),
        };
        self.load_target(target, t);
        self.b.jump_if(skip_op(op), t, end);
        self.named_expr_to(&a.right, t, name);
        self.store(target, t, self.token_behind(a.left.span().end));
        self.b.place(end);
        self.result(dst, t);
    }

    /// `++` and `--`.
    pub(crate) fn update(&mut self, u: &UpdateExpression<'a>, dst: Option<Reg>) {
        let mark = self.b.next_reg;
        let op = if u.operator == UpdateOperator::Increment { Op::Inc } else { Op::Dec };
        let postfix = !u.prefix && dst.is_some();
        if let SimpleAssignmentTarget::AssignmentTargetIdentifier(id) = &u.argument
            && let Some((r, _)) = self.plain_local(id)
        {
            self.b.at(u.span.start);
            match dst {
                Some(d) if postfix => {
                    let t = if self.b.is_scratch(d) { d } else { self.b.alloc() };
                    self.b.abc(Op::ToNumeric, t, r, 0);
                    self.b.abc(op, r, t, 0);
                    self.b.mov(d, t);
                }
                _ => {
                    self.b.abc(op, r, r, 0);
                    self.result(dst, r);
                }
            }
            self.b.free_to(mark);
            return;
        }
        let target = self.prepare_simple(&u.argument, &[]);
        let t = self.b.alloc();
        self.load_target(target, t);
        self.b.at(u.span.start);
        let at = if u.prefix { u.span.start } else { self.token_behind(u.argument.span().end) };
        if postfix {
            let old = self.b.alloc();
            self.b.abc(Op::ToNumeric, old, t, 0);
            self.b.abc(op, t, old, 0);
            self.store(target, t, at);
            self.result(dst, old);
        } else {
            self.b.abc(op, t, t, 0);
            self.store(target, t, at);
            self.result(dst, t);
        }
        self.b.free_to(mark);
    }

    // ---- targets ----

    /// Evaluates the parts of a target; `later` is what comes before the store.
    pub(crate) fn prepare<'t>(
        &mut self,
        t: &'t AssignmentTarget<'a>,
        later: &[&Expression<'a>],
    ) -> Target<'t, 'a> {
        match t {
            AssignmentTarget::ArrayAssignmentTarget(_) | AssignmentTarget::ObjectAssignmentTarget(_) => {
                Target::Pattern(t)
            }
            other => match other.as_simple_assignment_target() {
                Some(s) => self.prepare_simple(s, later),
                None => Target::Bad,
            },
        }
    }

    fn ident_target<'t>(&mut self, id: &'t IdentifierReference<'a>) -> Target<'t, 'a> {
        match self.is_dynamic(id.span.start) {
            true => Target::Name(self.find_name(id.name.as_str(), id.span.start), id),
            false => Target::Ident(id),
        }
    }

    pub(crate) fn prepare_simple<'t>(
        &mut self,
        t: &'t SimpleAssignmentTarget<'a>,
        later: &[&Expression<'a>],
    ) -> Target<'t, 'a> {
        match t {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(id) => self.ident_target(id),
            SimpleAssignmentTarget::StaticMemberExpression(m) => {
                if let Expression::Super(s) = &m.object {
                    let base = self.super_base(s.span.start);
                    self.string_constant(m.property.name.as_str(), base + 2);
                    return Target::Super(base, m.property.span.start);
                }
                let o = self.operand(&m.object, later);
                Target::Named(o, m.property.name.as_str(), m.property.span.start)
            }
            SimpleAssignmentTarget::ComputedMemberExpression(m) => {
                let at = m.expression.span().start;
                if let Expression::Super(s) = &m.object {
                    let base = self.super_base(s.span.start);
                    self.expr_to(&m.expression, base + 2);
                    return Target::Super(base, at);
                }
                let mut with_key: Vec<&Expression<'a>> = vec![&m.expression];
                with_key.extend_from_slice(later);
                let o = self.operand(&m.object, &with_key);
                if let Some(name) = static_key(&m.expression) {
                    return Target::Named(o, name, at);
                }
                let k = self.operand(&m.expression, later);
                Target::Keyed(o, k, at)
            }
            SimpleAssignmentTarget::PrivateFieldExpression(m) => {
                let o = self.operand(&m.object, later);
                let n = self.private_name(&m.field);
                Target::Private(o, n, &m.field)
            }
            other => {
                self.unsupported("TypeScript syntax", other.span());
                Target::Bad
            }
        }
    }

    /// R[dst] := the present value of a target.
    fn load_target(&mut self, t: Target<'_, 'a>, dst: Reg) {
        match t {
            Target::Ident(id) => {
                self.load_ident(id, Some(dst), false);
            }
            Target::Name(holder, id) => {
                self.get_dynamic(holder, id.name.as_str(), dst, false, id.span.start);
            }
            Target::Named(o, name, at) => {
                self.b.at(at);
                self.get_named(dst, o, name);
            }
            Target::Keyed(o, k, at) => {
                self.b.at(at);
                // The store that follows uses the converted key again.
                let keep = u8::from(self.b.is_scratch(k));
                self.b.xabc(Op::GetElem, keep, dst, o, k);
            }
            Target::Super(base, at) => {
                self.b.at(at);
                self.b.abc(Op::GetSuper, dst, base, 0);
            }
            Target::Private(o, n, id) => {
                self.b.at(id.span.start);
                self.blame_brand(id.node_id.get().index() as u32);
                self.b.abc(Op::GetPrivate, dst, o, n);
                let ic = self.b.wide_ic();
                self.b.emit(looplab_bytecode::Insn::abx(Op::Ext, 0, 0, ic));
            }
            Target::Pattern(_) | Target::Bad => {}
        }
    }

    /// Stores into a target; failures are reported at `at`.
    pub(crate) fn store(&mut self, t: Target<'_, 'a>, value: Reg, at: u32) {
        let strict = u8::from(self.strict());
        match t {
            Target::Ident(id) => self.store_ident(id, value, at),
            Target::Name(holder, id) => self.store_dynamic(holder, id.name.as_str(), value, at),
            Target::Named(o, name, _) => {
                self.b.at(at);
                self.set_named(o, name, value);
            }
            Target::Keyed(o, k, _) => {
                self.b.at(at);
                self.b.xabc(Op::SetElem, strict, o, k, value);
            }
            Target::Super(base, _) => {
                self.b.at(at);
                self.b.xabc(Op::SetSuper, strict, value, base, 0);
            }
            Target::Private(o, n, id) => {
                self.b.at(at);
                self.blame_brand(id.node_id.get().index() as u32);
                self.set_private(o, n, value);
            }
            Target::Pattern(p) => {
                self.nested = matches!(p, AssignmentTarget::ObjectAssignmentTarget(_));
                self.assign_target(p, value);
            }
            Target::Bad => {}
        }
    }

    /// Assigns a value to any target: destructuring, for-in and for-of heads.
    pub(crate) fn assign_target(&mut self, t: &AssignmentTarget<'a>, value: Reg) {
        let mark = self.b.next_reg;
        match t {
            AssignmentTarget::ArrayAssignmentTarget(p) => self.array_target(p, value),
            AssignmentTarget::ObjectAssignmentTarget(p) => self.object_target(p, value),
            other => {
                let place = self.prepare(other, &[]);
                self.store(place, value, other.span().start);
            }
        }
        self.b.free_to(mark);
    }
}
