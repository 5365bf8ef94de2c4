//! switch.

use super::Gen;
use super::expr::small_int;
use super::unwind::Kind;
use looplab_bytecode::Op;
use oxc_ast::ast::*;
use oxc_span::GetSpan;

impl<'a> Gen<'a> {
    pub(crate) fn switch(&mut self, s: &SwitchStatement<'a>) {
        self.clear_completion();
        let mark = self.b.next_reg;
        // The value must outlive every test: a variable that is never assigned can be used in place.
        let value = match &s.discriminant {
            Expression::Identifier(id)
                if self
                    .resolved(id)
                    .is_some_and(|(v, _)| !self.a.var(v).assigned && self.var_reg(v).is_some()) =>
            {
                self.load_ident(id, None, false)
            }
            e => {
                let r = self.b.alloc();
                self.expr_to(e, r);
                r
            }
        };
        let entered = self.enter(s.scope_id.get());
        for c in &s.cases {
            self.hoist_functions(&c.consequent);
        }
        let end = self.b.label();
        let labels: Vec<_> = s.cases.iter().map(|_| self.b.label()).collect();
        let mut default = end;
        for (c, &l) in s.cases.iter().zip(&labels) {
            let Some(test) = &c.test else {
                default = l;
                continue;
            };
            let inner = self.b.next_reg;
            self.b.at(test.span().start);
            match small_int(test) {
                Some(n) => self.b.jump_cmp(Op::JSEqI, value, n as u16, l),
                None => {
                    let t = self.expr(test);
                    self.b.jump_cmp(Op::JSEq, value, t, l);
                }
            }
            self.b.free_to(inner);
        }
        self.b.jump(default);
        let target = Kind::Target { names: Vec::new(), break_to: Some(end), continue_to: None, plain: true };
        self.push_control(target, None);
        for (c, &l) in s.cases.iter().zip(&labels) {
            self.b.place(l);
            self.statements(&c.consequent);
        }
        self.pop_control();
        self.b.place(end);
        self.leave(entered);
        self.b.free_to(mark);
    }
}
