//! Conditions: code that jumps instead of making booleans.

use super::Gen;
use super::builder::{Label, Reg};
use super::expr::small_int;
use looplab_bytecode::Op;
use oxc_ast::ast::*;
use oxc_span::GetSpan;
use oxc_syntax::operator::{BinaryOperator, LogicalOperator, UnaryOperator};

/// The fused compare-and-jump of an operator: when it holds, when it doesn't, and both with an immediate.
struct Fused {
    yes: Op,
    no: Op,
    imm: Option<(Op, Op)>,
    /// The operator with its operands exchanged.
    swapped: BinaryOperator,
}

fn fused(op: BinaryOperator) -> Option<Fused> {
    use BinaryOperator as B;
    let f = |yes, no, imm, swapped| Some(Fused { yes, no, imm, swapped });
    match op {
        B::LessThan => f(Op::JLt, Op::JNLt, Some((Op::JLtI, Op::JNLtI)), B::GreaterThan),
        B::LessEqualThan => f(Op::JLe, Op::JNLe, Some((Op::JLeI, Op::JNLeI)), B::GreaterEqualThan),
        B::GreaterThan => f(Op::JGt, Op::JNGt, Some((Op::JGtI, Op::JNGtI)), B::LessThan),
        B::GreaterEqualThan => f(Op::JGe, Op::JNGe, Some((Op::JGeI, Op::JNGeI)), B::LessEqualThan),
        B::Equality => f(Op::JEq, Op::JNe, None, B::Equality),
        B::Inequality => f(Op::JNe, Op::JEq, None, B::Inequality),
        B::StrictEquality => f(Op::JSEq, Op::JSNe, Some((Op::JSEqI, Op::JSNeI)), B::StrictEquality),
        B::StrictInequality => f(Op::JSNe, Op::JSEq, Some((Op::JSNeI, Op::JSEqI)), B::StrictInequality),
        _ => None,
    }
}

impl<'a> Gen<'a> {
    /// Jumps to `yes` or `no`; `next_yes` says which of them is placed right behind and need not be jumped to.
    pub(crate) fn condition(&mut self, e: &Expression<'a>, yes: Label, no: Label, next_yes: bool) {
        let mark = self.b.next_reg;
        stacker::maybe_grow(crate::RED_ZONE, crate::STACK_STEP, || {
            self.condition_inner(e, yes, no, next_yes);
        });
        self.b.free_to(mark);
    }

    fn condition_inner(&mut self, e: &Expression<'a>, yes: Label, no: Label, next_yes: bool) {
        match e {
            Expression::UnaryExpression(u) if u.operator == UnaryOperator::LogicalNot => {
                self.condition(&u.argument, no, yes, !next_yes);
            }
            Expression::LogicalExpression(l) if l.operator != LogicalOperator::Coalesce => {
                let go = self.b.label();
                if l.operator == LogicalOperator::And {
                    self.condition(&l.left, go, no, true);
                } else {
                    self.condition(&l.left, yes, go, false);
                }
                self.b.place(go);
                self.condition(&l.right, yes, no, next_yes);
            }
            Expression::BooleanLiteral(b) => {
                if b.value != next_yes {
                    self.b.jump(if b.value { yes } else { no });
                }
                // The other way is never taken; a label there stays unused.
            }
            Expression::BinaryExpression(b) if fused(b.operator).is_some() => {
                self.compare(b, yes, no, next_yes);
            }
            Expression::SequenceExpression(s) => {
                let Some((last, rest)) = s.expressions.split_last() else { return };
                for e in rest {
                    let mark = self.b.next_reg;
                    self.effect(e);
                    self.b.free_to(mark);
                }
                self.condition(last, yes, no, next_yes);
            }
            _ => {
                let r = self.expr(e);
                if next_yes {
                    self.b.jump_if(Op::JumpIfFalse, r, no);
                } else {
                    self.b.jump_if(Op::JumpIfTrue, r, yes);
                }
            }
        }
    }

    fn compare(&mut self, b: &BinaryExpression<'a>, yes: Label, no: Label, next_yes: bool) {
        let Some(f) = fused(b.operator) else { return };
        let target = if next_yes { no } else { yes };
        if let Some((iy, ino)) = f.imm
            && let Some(n) = small_int(&b.right)
        {
            let r = self.expr(&b.left);
            let at = self.token_behind(b.left.span().end);
            self.b.at(at);
            return self.b.jump_cmp(if next_yes { ino } else { iy }, r, n as u16, target);
        }
        if let Some(n) = small_int(&b.left)
            && let Some(s) = fused(f.swapped)
            && let Some((iy, ino)) = s.imm
        {
            let r = self.expr(&b.right);
            let at = self.token_behind(b.left.span().end);
            self.b.at(at);
            return self.b.jump_cmp(if next_yes { ino } else { iy }, r, n as u16, target);
        }
        if let Some((op, r)) = self.compare_with_undefined(b, next_yes) {
            return self.b.jump_if(op, r, target);
        }
        let l = self.operand(&b.left, &[&b.right]);
        let r = self.expr(&b.right);
        let at = self.token_behind(b.left.span().end);
        self.b.at(at);
        self.b.jump_cmp(if next_yes { f.no } else { f.yes }, l, r, target);
    }

    /// `x === undefined` and `x == null` have jumps of their own.
    fn compare_with_undefined(&mut self, b: &BinaryExpression<'a>, next_yes: bool) -> Option<(Op, Reg)> {
        let strict = match b.operator {
            BinaryOperator::StrictEquality | BinaryOperator::StrictInequality => true,
            BinaryOperator::Equality | BinaryOperator::Inequality => false,
            _ => return None,
        };
        let undefined = self.is_undefined(&b.right);
        let null = matches!(b.right, Expression::NullLiteral(_));
        let equal = matches!(b.operator, BinaryOperator::StrictEquality | BinaryOperator::Equality);
        // Loosely, document.all aside, null and undefined are the same test.
        let (eq, ne) = match (strict, undefined, null) {
            (true, true, _) => (Op::JumpIfUndef, Op::JumpIfNotUndef),
            (false, true, _) | (false, _, true) => (Op::JumpIfNullish, Op::JumpIfNotNullish),
            _ => return None,
        };
        let r = self.expr(&b.left);
        Some((if equal != next_yes { eq } else { ne }, r))
    }

    fn is_undefined(&self, e: &Expression<'a>) -> bool {
        match e {
            Expression::Identifier(id) => {
                id.name == "undefined" && self.resolved(id).is_none() && !self.is_dynamic(id.span.start)
            },
            Expression::UnaryExpression(u) => {
                u.operator == UnaryOperator::Void && matches!(u.argument, Expression::NumericLiteral(_))
            }
            _ => false,
        }
    }
}
