//! Property reads, optional chains, private names.

use super::Gen;
use super::builder::Reg;
use looplab_bytecode::{Insn, Op};
use oxc_ast::ast::*;
use oxc_span::GetSpan;

/// A string literal key that is an ordinary property name (not an array index).
pub(crate) fn static_key<'e>(e: &'e Expression<'_>) -> Option<&'e str> {
    match e {
        Expression::StringLiteral(s) if !s.lone_surrogates && !is_index(s.value.as_str()) => {
            Some(s.value.as_str())
        }
        _ => None,
    }
}

/// Whether a name is the canonical form of an array index.
pub(crate) fn is_index(s: &str) -> bool {
    let b = s.as_bytes();
    !b.is_empty()
        && b.len() <= 10
        && b.iter().all(u8::is_ascii_digit)
        && (b[0] != b'0' || b.len() == 1)
        && s.parse::<u32>().is_ok_and(|n| n != u32::MAX)
}

impl<'a> Gen<'a> {
    /// R[dst] := R[object].name.
    pub(crate) fn get_named(&mut self, dst: Reg, object: Reg, name: &str) {
        let k = self.b.str_const(name);
        match self.b.ic(k) {
            Some(ic) => self.b.abc(Op::GetProp, dst, object, ic),
            None => {
                let mark = self.b.next_reg;
                let t = self.b.alloc();
                self.b.abx(Op::LoadConst, t, k);
                self.b.abc(Op::GetElem, dst, object, t);
                self.b.free_to(mark);
            }
        }
    }

    /// R[object].name := R[value].
    pub(crate) fn set_named(&mut self, object: Reg, name: &str, value: Reg) {
        let strict = u8::from(self.strict());
        let k = self.b.str_const(name);
        match self.b.ic(k) {
            Some(ic) => self.b.xabc(Op::SetProp, strict, object, ic, value),
            None => {
                let mark = self.b.next_reg;
                let t = self.b.alloc();
                self.b.abx(Op::LoadConst, t, k);
                self.b.xabc(Op::SetElem, strict, object, t, value);
                self.b.free_to(mark);
            }
        }
    }

    /// Leaves the optional chain when R[r] is nullish.
    pub(crate) fn short_circuit(&mut self, optional: bool, r: Reg) {
        if optional && let Some(l) = self.chain {
            self.b.jump_if(Op::JumpIfNullish, r, l);
        }
    }

    pub(crate) fn static_member(&mut self, m: &StaticMemberExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        if let Expression::Super(s) = &m.object {
            let base = self.super_base(s.span.start);
            self.string_constant(m.property.name.as_str(), base + 2);
            self.b.at(m.property.span.start);
            self.b.abc(Op::GetSuper, dst, base, 0);
        } else {
            let o = self.operand_in(&m.object, &[], dst);
            self.short_circuit(m.optional, o);
            self.b.at(m.property.span.start);
            self.b.blame(super::to_span(m.object.span()));
            self.get_named(dst, o, m.property.name.as_str());
        }
        self.b.free_to(mark);
    }

    pub(crate) fn computed_member(&mut self, m: &ComputedMemberExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        if let Expression::Super(s) = &m.object {
            let base = self.super_base(s.span.start);
            self.expr_to(&m.expression, base + 2);
            self.at_bracket(m);
            self.b.abc(Op::GetSuper, dst, base, 0);
        } else if let Some(name) = static_key(&m.expression) {
            let o = self.operand_in(&m.object, &[], dst);
            self.short_circuit(m.optional, o);
            self.at_bracket(m);
            self.b.blame(super::to_span(m.object.span()));
            self.get_named(dst, o, name);
        } else {
            let o = self.operand_in(&m.object, &[&m.expression], dst);
            self.short_circuit(m.optional, o);
            let k = self.expr(&m.expression);
            self.at_bracket(m);
            self.b.blame(super::to_span(m.object.span()));
            self.b.abc(Op::GetElem, dst, o, k);
        }
        self.b.free_to(mark);
    }

    /// Keyed accesses are reported at their bracket.
    pub(crate) fn at_bracket(&mut self, m: &ComputedMemberExpression<'a>) {
        let at = self.token_behind(m.object.span().end);
        self.b.at(at);
    }

    /// Three registers for a super property, with `this` and the home object loaded.
    pub(crate) fn super_base(&mut self, at: u32) -> Reg {
        let base = self.b.alloc_n(3);
        self.load_this(Some(base), at);
        self.load_home(base + 1);
        base
    }

    pub(crate) fn private_member(&mut self, m: &PrivateFieldExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        let o = self.operand_in(&m.object, &[], dst);
        self.short_circuit(m.optional, o);
        self.get_private(dst, o, &m.field);
        self.b.free_to(mark);
    }

    /// R[..] := a private name.
    pub(crate) fn private_name(&mut self, id: &PrivateIdentifier<'a>) -> Reg {
        let v = id.node_id.get().index() as u32;
        self.load_var(v, false, None, id.span.start)
    }

    pub(crate) fn get_private(&mut self, dst: Reg, object: Reg, field: &PrivateIdentifier<'a>) {
        let mark = self.b.next_reg;
        let n = self.private_name(field);
        self.b.at(field.span.start);
        self.blame_brand(field.node_id.get().index() as u32);
        self.b.abc(Op::GetPrivate, dst, object, n);
        let ic = self.b.wide_ic();
        self.b.emit(Insn::abx(Op::Ext, 0, 0, ic));
        self.b.free_to(mark);
    }

    /// Failing at a private method or accessor names its class.
    pub(crate) fn blame_brand(&mut self, name: crate::scope::VarIx) {
        if let Some(&head) = self.brands.get(&name) {
            self.b.blame(head);
        }
    }

    pub(crate) fn set_private(&mut self, object: Reg, name: Reg, value: Reg) {
        self.b.abc(Op::SetPrivate, object, name, value);
        let ic = self.b.wide_ic();
        self.b.emit(Insn::abx(Op::Ext, 0, 0, ic));
    }

    pub(crate) fn private_in(&mut self, p: &PrivateInExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        let r = self.expr(&p.right);
        let n = self.private_name(&p.left);
        self.b.at(p.span.start);
        self.b.blame(super::to_span(p.right.span()));
        self.b.abc(Op::HasPrivate, dst, n, r);
        self.b.free_to(mark);
    }

    // ---- optional chains ----

    pub(crate) fn chain_expression(&mut self, c: &ChainExpression<'a>, dst: Reg) {
        let (null, end) = (self.b.label(), self.b.label());
        let saved = self.chain.replace(null);
        self.chain_element(&c.expression, dst);
        self.chain = saved;
        if self.b.is_used(null) {
            self.b.jump(end);
            self.b.place(null);
            self.b.abx(Op::LoadUndef, dst, 0);
            self.b.place(end);
        }
    }

    pub(crate) fn chain_element(&mut self, e: &ChainElement<'a>, dst: Reg) {
        match e {
            ChainElement::CallExpression(c) => self.call(c, dst),
            ChainElement::StaticMemberExpression(m) => self.static_member(m, dst),
            ChainElement::ComputedMemberExpression(m) => self.computed_member(m, dst),
            ChainElement::PrivateFieldExpression(m) => self.private_member(m, dst),
            ChainElement::TSNonNullExpression(t) => self.unsupported("TypeScript syntax", t.span),
        }
    }
}
