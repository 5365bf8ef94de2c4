//! Binary and logical operators.

use super::Gen;
use super::builder::Reg;
use super::expr::small_int;
use looplab_bytecode::Op;
use oxc_ast::ast::*;
use oxc_span::GetSpan;
use oxc_syntax::operator::{AssignmentOperator, BinaryOperator, LogicalOperator};

/// The instruction of a binary operator.
pub(crate) fn binary_op(op: BinaryOperator) -> Op {
    match op {
        BinaryOperator::Addition => Op::Add,
        BinaryOperator::Subtraction => Op::Sub,
        BinaryOperator::Multiplication => Op::Mul,
        BinaryOperator::Division => Op::Div,
        BinaryOperator::Remainder => Op::Mod,
        BinaryOperator::Exponential => Op::Exp,
        BinaryOperator::BitwiseAnd => Op::BitAnd,
        BinaryOperator::BitwiseOR => Op::BitOr,
        BinaryOperator::BitwiseXOR => Op::BitXor,
        BinaryOperator::ShiftLeft => Op::Shl,
        BinaryOperator::ShiftRight => Op::Shr,
        BinaryOperator::ShiftRightZeroFill => Op::UShr,
        BinaryOperator::Equality => Op::Eq,
        BinaryOperator::Inequality => Op::Ne,
        BinaryOperator::StrictEquality => Op::StrictEq,
        BinaryOperator::StrictInequality => Op::StrictNe,
        BinaryOperator::LessThan => Op::Lt,
        BinaryOperator::LessEqualThan => Op::Le,
        BinaryOperator::GreaterThan => Op::Gt,
        BinaryOperator::GreaterEqualThan => Op::Ge,
        BinaryOperator::In => Op::In,
        BinaryOperator::Instanceof => Op::InstanceOf,
    }
}

/// The variant with an immediate right operand.
fn immediate_op(op: Op) -> Option<Op> {
    Some(match op {
        Op::Add => Op::AddI,
        Op::Sub => Op::SubI,
        Op::Mul => Op::MulI,
        Op::BitAnd => Op::BitAndI,
        Op::BitOr => Op::BitOrI,
        Op::Shl => Op::ShlI,
        Op::Shr => Op::ShrI,
        Op::UShr => Op::UShrI,
        _ => return None,
    })
}

/// The instruction of a compound assignment.
pub(crate) fn compound_op(op: AssignmentOperator) -> Option<Op> {
    op.to_binary_operator().map(binary_op)
}

impl<'a> Gen<'a> {
    /// The offset of the token behind an operand that ends at `from`: V8 reports binary operators and assignments there.
    /// Closing parentheses in between belong to the operand.
    pub(crate) fn token_behind(&self, from: u32) -> u32 {
        let b = self.source.text.as_bytes();
        let mut i = from as usize;
        while i < b.len() {
            match b[i] {
                b' ' | b'\t' | b'\r' | b'\n' | b')' => i += 1,
                b'/' if b.get(i + 1) == Some(&b'/') => {
                    while i < b.len() && b[i] != b'\n' {
                        i += 1;
                    }
                }
                b'/' if b.get(i + 1) == Some(&b'*') => {
                    i += 2;
                    while i < b.len() && !(b[i] == b'*' && b.get(i + 1) == Some(&b'/')) {
                        i += 1;
                    }
                    i += 2;
                }
                _ => break,
            }
        }
        i.min(b.len()) as u32
    }

    /// A chain of left-nested operators is a loop, not recursion.
    pub(crate) fn binary(&mut self, e: &BinaryExpression<'a>, dst: Reg) {
        let mut chain = vec![e];
        let mut first = e;
        while let Expression::BinaryExpression(l) = &first.left {
            chain.push(l);
            first = l;
        }
        let Some(first) = chain.pop() else { return };
        let acc = if self.b.is_scratch(dst) { dst } else { self.b.alloc() };
        let only = chain.is_empty();
        self.binary_first(first, if only { dst } else { acc }, acc);
        while let Some(next) = chain.pop() {
            let to = if chain.is_empty() { dst } else { acc };
            let mark = self.b.next_reg;
            let at = self.token_behind(next.left.span().end);
            self.apply(binary_op(next.operator), acc, &next.right, to, at);
            self.b.free_to(mark);
        }
    }

    fn binary_first(&mut self, e: &BinaryExpression<'a>, dst: Reg, scratch: Reg) {
        let mark = self.b.next_reg;
        let op = binary_op(e.operator);
        // Multiplication and the bit operators don't care for the order of a literal and an operand.
        if matches!(op, Op::Mul | Op::BitAnd | Op::BitOr)
            && let Some(n) = small_int(&e.left)
            && let Some(imm) = immediate_op(op)
        {
            let r = self.operand_in(&e.right, &[], scratch);
            let at = self.token_behind(e.left.span().end);
            self.b.at(at);
            self.b.abc(imm, dst, r, n as u16);
        } else {
            let l = self.operand_in(&e.left, &[&e.right], scratch);
            let at = self.token_behind(e.left.span().end);
            self.apply(op, l, &e.right, dst, at);
        }
        self.b.free_to(mark);
    }

    /// R[dst] := R[left] op right.
    pub(crate) fn apply(&mut self, op: Op, left: Reg, right: &Expression<'a>, dst: Reg, at: u32) {
        if let (Some(n), Some(imm)) = (small_int(right), immediate_op(op)) {
            self.b.at(at);
            self.b.abc(imm, dst, left, n as u16);
            return;
        }
        let r = self.expr(right);
        self.b.at(at);
        if op == Op::InstanceOf || op == Op::In {
            self.b.blame(super::to_span(right.span()));
        }
        self.b.abc(op, dst, left, r);
    }

    pub(crate) fn logical(&mut self, e: &LogicalExpression<'a>, dst: Reg) {
        let t = if self.b.is_scratch(dst) { dst } else { self.b.alloc() };
        let end = self.b.label();
        // Left-nested chains of one kind (`a || b || c`) are a loop.
        let mut chain = vec![e];
        let mut first = e;
        while let Expression::LogicalExpression(l) = &first.left {
            chain.push(l);
            first = l;
        }
        self.expr_to(&first.left, t);
        while let Some(e) = chain.pop() {
            let skip = self.b.label();
            self.b.jump_if(skip_op(e.operator), t, skip);
            self.expr_to(&e.right, t);
            self.b.place(skip);
        }
        self.b.place(end);
        self.b.mov(dst, t);
    }

    /// `a && f()` as a statement.
    pub(crate) fn logical_effect(&mut self, e: &LogicalExpression<'a>) {
        let mark = self.b.next_reg;
        let end = self.b.label();
        match e.operator {
            LogicalOperator::Coalesce => {
                let r = self.expr(&e.left);
                self.b.jump_if(Op::JumpIfNotNullish, r, end);
            }
            op => {
                let go = self.b.label();
                let (yes, no) = if op == LogicalOperator::And { (go, end) } else { (end, go) };
                self.condition(&e.left, yes, no, op == LogicalOperator::And);
                self.b.place(go);
            }
        }
        self.b.free_to(mark);
        self.effect(&e.right);
        self.b.free_to(mark);
        self.b.place(end);
    }
}

/// The jump that leaves out the right operand.
pub(crate) fn skip_op(op: LogicalOperator) -> Op {
    match op {
        LogicalOperator::And => Op::JumpIfFalse,
        LogicalOperator::Or => Op::JumpIfTrue,
        LogicalOperator::Coalesce => Op::JumpIfNotNullish,
    }
}
