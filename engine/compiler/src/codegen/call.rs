//! Calls, `new`, super calls, tagged templates. Callee, this and arguments are evaluated right where the call wants them.

use super::builder::Reg;
use super::member::static_key;
use super::{Gen, to_span};
use looplab_bytecode::Op;
use oxc_allocator::Vec as ArenaVec;
use oxc_ast::ast::*;
use oxc_span::GetSpan;

impl<'a> Gen<'a> {
    /// Two registers on top of the stack for callee and this; the destination is the first where that is possible.
    pub(crate) fn window(&mut self, dst: Reg) -> Reg {
        if u32::from(dst) + 1 == self.b.next_reg && self.b.is_scratch(dst) && self.b.fresh_local != Some(dst)
        {
            self.b.alloc();
            return dst;
        }
        self.b.alloc_n(2)
    }

    pub(crate) fn call(&mut self, c: &CallExpression<'a>, dst: Reg) {
        if let Expression::Super(_) = &c.callee {
            return self.super_call(c, dst);
        }
        if crate::scope::is_direct_eval(c) {
            return self.direct_eval(c, dst);
        }
        let mark = self.b.next_reg;
        let base = self.window(dst);
        let at = self.call_offset(&c.callee, c.optional);
        self.callee(&c.callee, base);
        self.short_circuit(c.optional, base);
        self.finish_call(Op::Call, Op::CallSpread, &c.arguments, base, dst, at, &c.callee);
        self.b.free_to(mark);
    }

    /// Where V8 reports a call: the name right before the parenthesis, otherwise the parenthesis.
    pub(crate) fn call_offset(&self, callee: &Expression<'a>, optional: bool) -> u32 {
        let end = callee.span().end;
        let paren = self.token_behind(end);
        let enclosed = self.source.text.get(end as usize..paren as usize).is_some_and(|s| s.contains(')'));
        match callee {
            Expression::Identifier(id) if !enclosed && !optional => id.span.start,
            Expression::StaticMemberExpression(m) if !enclosed && !optional => m.property.span.start,
            _ if optional => self.token_behind(paren + 2),
            _ => paren,
        }
    }

    /// Evaluates a callee and its `this` into R[base], R[base+1].
    pub(crate) fn callee(&mut self, e: &Expression<'a>, base: Reg) {
        let this = base + 1;
        match e {
            Expression::StaticMemberExpression(m) => {
                self.member_callee_static(m, base);
            }
            Expression::ComputedMemberExpression(m) => {
                self.member_callee_computed(m, base);
            }
            Expression::PrivateFieldExpression(m) => {
                self.expr_to(&m.object, this);
                self.short_circuit(m.optional, this);
                self.get_private(base, this, &m.field);
            }
            Expression::ChainExpression(c) => {
                // `(a?.b)()`: a short circuit makes the callee undefined, and `this` is kept otherwise.
                let (null, end) = (self.b.label(), self.b.label());
                let saved = self.chain.replace(null);
                match &c.expression {
                    ChainElement::StaticMemberExpression(m) => self.member_callee_static(m, base),
                    ChainElement::ComputedMemberExpression(m) => self.member_callee_computed(m, base),
                    ChainElement::PrivateFieldExpression(m) => {
                        self.expr_to(&m.object, this);
                        self.short_circuit(m.optional, this);
                        self.get_private(base, this, &m.field);
                    }
                    other => {
                        self.chain_element(other, base);
                        self.b.abx(Op::LoadUndef, this, 0);
                    }
                }
                self.chain = saved;
                self.b.jump(end);
                self.b.place(null);
                self.b.abx(Op::LoadUndef, base, 0);
                self.b.abx(Op::LoadUndef, this, 0);
                self.b.place(end);
            }
            Expression::Identifier(id) if self.is_dynamic(id.span.start) => self.dynamic_callee(id, base),
            _ => {
                self.expr_to(e, base);
                self.b.abx(Op::LoadUndef, this, 0);
            }
        }
    }

    fn member_callee_static(&mut self, m: &StaticMemberExpression<'a>, base: Reg) {
        let this = base + 1;
        if let Expression::Super(s) = &m.object {
            let mark = self.b.next_reg;
            let key = self.super_base(s.span.start);
            self.string_constant(m.property.name.as_str(), key + 2);
            self.b.at(m.property.span.start);
            self.b.mov(this, key);
            self.b.abc(Op::GetSuper, base, key, 0);
            self.b.free_to(mark);
            return;
        }
        self.expr_to(&m.object, this);
        self.short_circuit(m.optional, this);
        self.b.at(m.property.span.start);
        self.b.blame(to_span(m.object.span()));
        self.get_named(base, this, m.property.name.as_str());
    }

    fn member_callee_computed(&mut self, m: &ComputedMemberExpression<'a>, base: Reg) {
        let this = base + 1;
        let mark = self.b.next_reg;
        if let Expression::Super(s) = &m.object {
            let key = self.super_base(s.span.start);
            self.expr_to(&m.expression, key + 2);
            self.at_bracket(m);
            self.b.mov(this, key);
            self.b.abc(Op::GetSuper, base, key, 0);
        } else {
            self.expr_to(&m.object, this);
            self.short_circuit(m.optional, this);
            if let Some(name) = static_key(&m.expression) {
                self.at_bracket(m);
                self.b.blame(to_span(m.object.span()));
                self.get_named(base, this, name);
            } else {
                let k = self.expr(&m.expression);
                self.at_bracket(m);
                self.b.blame(to_span(m.object.span()));
                self.b.abc(Op::GetElem, base, this, k);
            }
        }
        self.b.free_to(mark);
    }

    /// Evaluates arguments behind R[base+1] and emits the call.
    #[expect(clippy::too_many_arguments, reason = "one call site per kind of call, each knows all of these")]
    fn finish_call(
        &mut self,
        plain: Op,
        spread: Op,
        args: &ArenaVec<'a, Argument<'a>>,
        base: Reg,
        dst: Reg,
        at: u32,
        callee: &Expression<'a>,
    ) {
        if self.arguments(args) {
            self.b.at(at);
            self.b.blame(to_span(callee.span()));
            self.b.abc(spread, dst, base, 0);
            return;
        }
        self.b.at(at);
        self.b.blame(to_span(callee.span()));
        self.b.abc(plain, dst, base, args.len() as u16);
    }

    /// Evaluates arguments into the next registers: one each, or (true: some are spread) one array of them all.
    pub(crate) fn arguments(&mut self, args: &ArenaVec<'a, Argument<'a>>) -> bool {
        if args.iter().any(|a| a.is_spread()) {
            let array = self.b.alloc();
            self.argument_array(args, array);
            return true;
        }
        if args.len() > 60_000 {
            self.b.failure = Some("call has too many arguments");
            return false;
        }
        for a in args {
            let r = self.b.alloc();
            if let Some(e) = a.as_expression() {
                self.expr_to(e, r);
            }
        }
        false
    }

    /// R[array] := a fresh array of the arguments.
    fn argument_array(&mut self, args: &ArenaVec<'a, Argument<'a>>, array: Reg) {
        self.b.abx(Op::NewArray, array, args.len() as u32);
        let last = args.iter().position(|a| a.is_spread()).is_some_and(|i| i + 1 == args.len());
        for a in args {
            let mark = self.b.next_reg;
            match a {
                Argument::SpreadElement(s) => self.spread_into(s, array, last),
                a => {
                    if let Some(e) = a.as_expression() {
                        let v = self.expr(e);
                        self.b.abc(Op::ArrayPush, array, v, 0);
                    }
                }
            }
            self.b.free_to(mark);
        }
    }

    pub(crate) fn new_expression(&mut self, n: &NewExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        let base = self.window(dst);
        self.expr_to(&n.callee, base);
        self.b.mov(base + 1, base);
        self.finish_call(
            Op::Construct,
            Op::ConstructSpread,
            &n.arguments,
            base,
            dst,
            n.span.start,
            &n.callee,
        );
        self.b.free_to(mark);
    }

    fn super_call(&mut self, c: &CallExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        let at = c.span.start;
        let callee = self.b.alloc();
        self.load_callee(callee);
        let base = self.b.alloc_n(2);
        self.b.at(at);
        self.b.abc(Op::SuperCtor, base, callee, 0);
        self.load_new_target(base + 1);
        self.finish_call(Op::Construct, Op::ConstructSpread, &c.arguments, base, base, at, &c.callee);
        self.b.at(at);
        self.bind_this(base, at);
        self.b.at(at);
        self.b.abc(Op::InitFields, base, callee, 0);
        self.b.mov(dst, base);
        self.b.free_to(mark);
    }

    pub(crate) fn tagged_template(&mut self, t: &TaggedTemplateExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        let base = self.window(dst);
        let at = t.quasi.span.start;
        self.callee(&t.tag, base);
        let object = self.b.alloc();
        self.template_object(&t.quasi, object);
        for e in &t.quasi.expressions {
            let r = self.b.alloc();
            self.expr_to(e, r);
        }
        self.b.at(at);
        self.b.blame(to_span(t.tag.span()));
        self.b.abc(Op::Call, dst, base, t.quasi.expressions.len() as u16 + 1);
        self.b.free_to(mark);
    }
}
