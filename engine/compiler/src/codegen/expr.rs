//! Expressions: the dispatcher, names given to anonymous functions, small operators.

use super::Gen;
use super::builder::Reg;
use crate::scope::VarIx;
use looplab_bytecode::{Const, FuncKind, Op};
use oxc_ast::ast::*;
use oxc_span::GetSpan;
use oxc_syntax::operator::UnaryOperator;

/// How many nodes `may_assign` looks at before it says yes.
const ASSIGN_FUEL: u32 = 24;

impl<'a> Gen<'a> {
    /// Evaluates into whatever register is convenient: a local variable stays where it is.
    pub(crate) fn expr(&mut self, e: &Expression<'a>) -> Reg {
        match e {
            Expression::Identifier(id) => self.load_ident(id, None, false),
            Expression::ThisExpression(t) => self.load_this(None, t.span.start),
            _ => {
                let r = self.b.alloc();
                self.expr_to(e, r);
                r
            }
        }
    }

    /// Evaluates an operand that must keep its value while `later` is evaluated.
    pub(crate) fn operand(&mut self, e: &Expression<'a>, later: &[&Expression<'a>]) -> Reg {
        if let Expression::Identifier(id) = e
            && let Some((v, _)) = self.resolved(id)
            && self.var_reg(v).is_some()
            && self.a.var(v).assigned
            && later.iter().any(|l| self.may_assign(l, v, &mut { ASSIGN_FUEL }))
        {
            let r = self.b.alloc();
            return self.load_ident(id, Some(r), false);
        }
        self.expr(e)
    }

    /// Like `operand`, using `dst` for what needs a register when it is free for that.
    pub(crate) fn operand_in(&mut self, e: &Expression<'a>, later: &[&Expression<'a>], dst: Reg) -> Reg {
        match e {
            Expression::Identifier(_) | Expression::ThisExpression(_) => self.operand(e, later),
            _ if self.b.is_scratch(dst) => {
                self.expr_to(e, dst);
                dst
            }
            _ => self.expr(e),
        }
    }

    /// Whether evaluating `e` might assign variable `v` (yes, when in doubt).
    pub(crate) fn may_assign(&self, e: &Expression<'a>, v: VarIx, fuel: &mut u32) -> bool {
        if *fuel == 0 {
            return true;
        }
        *fuel -= 1;
        match e {
            Expression::Identifier(_)
            | Expression::NumericLiteral(_)
            | Expression::StringLiteral(_)
            | Expression::BooleanLiteral(_)
            | Expression::NullLiteral(_)
            | Expression::BigIntLiteral(_)
            | Expression::RegExpLiteral(_)
            | Expression::ThisExpression(_)
            | Expression::FunctionExpression(_)
            | Expression::ArrowFunctionExpression(_) => false,
            Expression::StaticMemberExpression(m) => self.may_assign(&m.object, v, fuel),
            Expression::ComputedMemberExpression(m) => {
                self.may_assign(&m.object, v, fuel) || self.may_assign(&m.expression, v, fuel)
            }
            Expression::BinaryExpression(b) => {
                self.may_assign(&b.left, v, fuel) || self.may_assign(&b.right, v, fuel)
            }
            Expression::UnaryExpression(u) => self.may_assign(&u.argument, v, fuel),
            Expression::UpdateExpression(u) => match &u.argument {
                SimpleAssignmentTarget::AssignmentTargetIdentifier(id) => {
                    self.resolved(id).is_some_and(|(w, _)| w == v)
                }
                _ => true,
            },
            Expression::AssignmentExpression(a) => match &a.left {
                AssignmentTarget::AssignmentTargetIdentifier(id) => {
                    self.resolved(id).is_some_and(|(w, _)| w == v) || self.may_assign(&a.right, v, fuel)
                }
                _ => true,
            },
            Expression::CallExpression(c) => {
                self.may_assign(&c.callee, v, fuel)
                    || c.arguments.iter().any(|a| match a.as_expression() {
                        Some(e) => self.may_assign(e, v, fuel),
                        None => true,
                    })
            }
            _ => true,
        }
    }

    /// Evaluates for effect only.
    pub(crate) fn effect(&mut self, e: &Expression<'a>) {
        match e {
            Expression::AssignmentExpression(a) => self.assignment(a, None),
            Expression::UpdateExpression(u) => self.update(u, None),
            Expression::SequenceExpression(s) => {
                for e in &s.expressions {
                    let mark = self.b.next_reg;
                    self.effect(e);
                    self.b.free_to(mark);
                }
            }
            Expression::UnaryExpression(u) if u.operator == UnaryOperator::Void => self.effect(&u.argument),
            Expression::LogicalExpression(l) => self.logical_effect(l),
            Expression::ConditionalExpression(c) => {
                let (yes, no, end) = (self.b.label(), self.b.label(), self.b.label());
                self.condition(&c.test, yes, no, true);
                self.b.place(yes);
                let mark = self.b.next_reg;
                self.effect(&c.consequent);
                self.b.free_to(mark);
                self.b.jump(end);
                self.b.place(no);
                self.effect(&c.alternate);
                self.b.free_to(mark);
                self.b.place(end);
            }
            _ => {
                self.expr(e);
            }
        }
    }

    /// Evaluates into a register.
    pub(crate) fn expr_to(&mut self, e: &Expression<'a>, dst: Reg) {
        if self.error.is_some() {
            return;
        }
        let mark = self.b.next_reg;
        stacker::maybe_grow(crate::RED_ZONE, crate::STACK_STEP, || self.expr_inner(e, dst));
        self.b.free_to(mark);
    }

    fn expr_inner(&mut self, e: &Expression<'a>, dst: Reg) {
        match e {
            Expression::BooleanLiteral(b) => {
                self.b.abx(if b.value { Op::LoadTrue } else { Op::LoadFalse }, dst, 0);
            }
            Expression::NullLiteral(_) => self.b.abx(Op::LoadNull, dst, 0),
            Expression::NumericLiteral(n) => self.load_number(n.value, dst),
            Expression::BigIntLiteral(n) => self.load_bigint(n, dst),
            Expression::StringLiteral(s) => self.load_string(s, dst),
            Expression::RegExpLiteral(r) => self.regexp(r, dst),
            Expression::TemplateLiteral(t) => self.template_literal(t, dst),
            Expression::TaggedTemplateExpression(t) => self.tagged_template(t, dst),
            Expression::Identifier(id) => {
                self.load_ident(id, Some(dst), false);
            }
            Expression::ThisExpression(t) => {
                self.load_this(Some(dst), t.span.start);
            }
            Expression::ArrayExpression(a) => self.array(a, dst),
            Expression::ObjectExpression(o) => self.object(o, dst),
            Expression::FunctionExpression(f) => {
                let name = f.id.as_ref().map_or("", |i| i.name.as_str());
                self.closure(f, name, FuncKind::Normal, dst);
            }
            Expression::ArrowFunctionExpression(f) => self.arrow(f, "", dst),
            Expression::ClassExpression(c) => self.class(c, None, dst),
            Expression::AssignmentExpression(a) => self.assignment(a, Some(dst)),
            Expression::UpdateExpression(u) => self.update(u, Some(dst)),
            Expression::BinaryExpression(b) => self.binary(b, dst),
            Expression::LogicalExpression(l) => self.logical(l, dst),
            Expression::UnaryExpression(u) => self.unary(u, dst),
            Expression::ConditionalExpression(c) => self.conditional(c, dst),
            Expression::SequenceExpression(s) => self.sequence(s, dst),
            Expression::StaticMemberExpression(m) => self.static_member(m, dst),
            Expression::ComputedMemberExpression(m) => self.computed_member(m, dst),
            Expression::PrivateFieldExpression(m) => self.private_member(m, dst),
            Expression::PrivateInExpression(p) => self.private_in(p, dst),
            Expression::CallExpression(c) => self.call(c, dst),
            Expression::NewExpression(n) => self.new_expression(n, dst),
            Expression::ChainExpression(c) => self.chain_expression(c, dst),
            Expression::AwaitExpression(a) => self.await_expression(a, dst),
            Expression::YieldExpression(y) => self.yield_expression(y, dst),
            Expression::ImportExpression(i) => self.import_call(i, dst),
            Expression::ImportMeta(m) => {
                self.b.at(m.span.start);
                self.b.abx(Op::ImportMeta, dst, 0);
            }
            Expression::NewTarget(_) => self.load_new_target(dst),
            Expression::ParenthesizedExpression(p) => self.expr_to(&p.expression, dst),
            Expression::Super(s) => {
                self.fail("'super' keyword unexpected here".into(), crate::ErrorKind::Syntax, s.span);
            }
            other => self.unsupported("This syntax", other.span()),
        }
    }

    // ---- names for anonymous functions ----

    /// Evaluates; an anonymous function or class gets the name.
    pub(crate) fn named_expr_to(&mut self, e: &Expression<'a>, dst: Reg, name: &str) {
        match e {
            Expression::FunctionExpression(f) if f.id.is_none() => {
                self.closure(f, name, FuncKind::Normal, dst);
            }
            Expression::ArrowFunctionExpression(f) => self.arrow(f, name, dst),
            Expression::ClassExpression(c) if c.id.is_none() => {
                let mark = self.b.next_reg;
                self.class(c, Some(name), dst);
                self.b.free_to(mark);
            }
            _ => self.expr_to(e, dst),
        }
    }

    pub(crate) fn named_expr(&mut self, e: &Expression<'a>, name: &str) -> Reg {
        if is_anonymous_function(e) {
            let r = self.b.alloc();
            self.named_expr_to(e, r, name);
            return r;
        }
        self.expr(e)
    }

    // ---- small operators ----

    fn sequence(&mut self, s: &SequenceExpression<'a>, dst: Reg) {
        let Some((last, rest)) = s.expressions.split_last() else { return };
        for e in rest {
            let mark = self.b.next_reg;
            self.effect(e);
            self.b.free_to(mark);
        }
        self.expr_to(last, dst);
    }

    fn conditional(&mut self, c: &ConditionalExpression<'a>, dst: Reg) {
        let end = self.b.label();
        let mut c = c;
        loop {
            let (yes, no) = (self.b.label(), self.b.label());
            self.condition(&c.test, yes, no, true);
            self.b.place(yes);
            self.expr_to(&c.consequent, dst);
            self.b.jump(end);
            self.b.place(no);
            match &c.alternate {
                Expression::ConditionalExpression(next) => c = next,
                e => {
                    self.expr_to(e, dst);
                    break;
                }
            }
        }
        self.b.place(end);
    }

    fn unary(&mut self, u: &UnaryExpression<'a>, dst: Reg) {
        if let Some(n) = literal_number(u) {
            return self.load_number(n, dst);
        }
        let op = match u.operator {
            UnaryOperator::Void => {
                let mark = self.b.next_reg;
                self.effect(&u.argument);
                self.b.free_to(mark);
                return self.b.abx(Op::LoadUndef, dst, 0);
            }
            UnaryOperator::Delete => return self.delete(&u.argument, dst),
            UnaryOperator::Typeof => {
                let r = match &u.argument {
                    Expression::Identifier(id) => self.load_ident(id, None, true),
                    e => self.expr(e),
                };
                return self.b.abc(Op::Typeof, dst, r, 0);
            }
            UnaryOperator::LogicalNot => {
                let r = self.operand_in(&u.argument, &[], dst);
                return self.b.abc(Op::Not, dst, r, 0);
            }
            UnaryOperator::UnaryPlus => Op::Plus,
            UnaryOperator::UnaryNegation => Op::Neg,
            UnaryOperator::BitwiseNot => Op::BitNot,
        };
        let r = self.operand_in(&u.argument, &[], dst);
        self.b.at(u.span.start);
        self.b.abc(op, dst, r, 0);
    }

    fn delete(&mut self, e: &Expression<'a>, dst: Reg) {
        let strict = u8::from(self.strict());
        match e {
            Expression::StaticMemberExpression(m) => {
                if self.super_delete(&m.object) {
                    return;
                }
                let o = self.expr(&m.object);
                self.short_circuit(m.optional, o);
                let k = self.b.alloc();
                self.string_constant(m.property.name.as_str(), k);
                self.b.xabc(Op::DelElem, strict, dst, o, k);
            }
            Expression::ComputedMemberExpression(m) => {
                if self.super_delete(&m.object) {
                    return;
                }
                let o = self.operand(&m.object, &[&m.expression]);
                self.short_circuit(m.optional, o);
                let k = self.expr(&m.expression);
                self.b.xabc(Op::DelElem, strict, dst, o, k);
            }
            Expression::ChainExpression(c) => {
                let (null, end) = (self.b.label(), self.b.label());
                let saved = self.chain.replace(null);
                match &c.expression {
                    ChainElement::StaticMemberExpression(m) => {
                        let o = self.expr(&m.object);
                        self.short_circuit(m.optional, o);
                        let k = self.b.alloc();
                        self.string_constant(m.property.name.as_str(), k);
                        self.b.xabc(Op::DelElem, strict, dst, o, k);
                    }
                    ChainElement::ComputedMemberExpression(m) => {
                        let o = self.operand(&m.object, &[&m.expression]);
                        self.short_circuit(m.optional, o);
                        let k = self.expr(&m.expression);
                        self.b.xabc(Op::DelElem, strict, dst, o, k);
                    }
                    other => {
                        let t = self.b.alloc();
                        self.chain_element(other, t);
                        self.b.abx(Op::LoadTrue, dst, 0);
                    }
                }
                self.chain = saved;
                self.b.jump(end);
                self.b.place(null);
                self.b.abx(Op::LoadTrue, dst, 0);
                self.b.place(end);
            }
            Expression::Identifier(id) => {
                // Only sloppy code gets here. Local bindings can't be deleted; global ones are properties.
                match self.resolved(id) {
                    Some(_) => self.b.abx(Op::LoadFalse, dst, 0),
                    None if self.is_dynamic(id.span.start) => self.delete_dynamic(id, dst),
                    None => {
                        let o = self.b.alloc();
                        self.b.abx(Op::LoadGlobalThis, o, 0);
                        let k = self.b.alloc();
                        self.string_constant(id.name.as_str(), k);
                        self.b.at(id.span.start);
                        self.b.abc(Op::DelElem, dst, o, k);
                    }
                }
            }
            other => {
                let mark = self.b.next_reg;
                self.effect(other);
                self.b.free_to(mark);
                self.b.abx(Op::LoadTrue, dst, 0);
            }
        }
    }

    /// `delete super.x` evaluates `this` and throws.
    fn super_delete(&mut self, object: &Expression<'a>) -> bool {
        if let Expression::Super(s) = object {
            self.load_this(None, s.span.start);
            self.b.at(s.span.start);
            self.throw_error(1, "Unsupported reference to 'super'");
            return true;
        }
        false
    }

    pub(crate) fn string_constant(&mut self, s: &str, dst: Reg) {
        let k = self.b.str_const(s);
        self.b.abx(Op::LoadConst, dst, k);
    }

    pub(crate) fn load_number(&mut self, n: f64, dst: Reg) {
        if n == n.trunc() && n.abs() <= f64::from(i32::MAX) && !(n == 0.0 && n.is_sign_negative()) {
            self.b.abx(Op::LoadInt, dst, n as i32 as u32);
        } else {
            let k = self.b.constant(Const::Number(n));
            self.b.abx(Op::LoadConst, dst, k);
        }
    }
}

/// Whether an expression is a function or class without a name of its own.
pub(crate) fn is_anonymous_function(e: &Expression<'_>) -> bool {
    match e {
        Expression::FunctionExpression(f) => f.id.is_none(),
        Expression::ArrowFunctionExpression(_) => true,
        Expression::ClassExpression(c) => c.id.is_none(),
        _ => false,
    }
}

/// The value of a negated number literal.
fn literal_number(u: &UnaryExpression<'_>) -> Option<f64> {
    match (&u.argument, u.operator) {
        (Expression::NumericLiteral(n), UnaryOperator::UnaryNegation) => Some(-n.value),
        (Expression::NumericLiteral(n), UnaryOperator::UnaryPlus) => Some(n.value),
        _ => None,
    }
}

/// A small integer literal, as the instructions with an immediate take it.
pub(crate) fn small_int(e: &Expression<'_>) -> Option<i16> {
    let n = match e {
        Expression::NumericLiteral(n) => n.value,
        Expression::UnaryExpression(u) => literal_number(u)?,
        _ => return None,
    };
    let i = n as i16;
    (f64::from(i) == n && !(n == 0.0 && n.is_sign_negative())).then_some(i)
}
