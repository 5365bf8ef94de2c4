//! await, yield, yield*, dynamic import.

use super::Gen;
use super::builder::Reg;
use super::unwind::{Exit, Kind};
use looplab_bytecode::Op;
use oxc_ast::ast::*;
use oxc_span::GetSpan;

impl<'a> Gen<'a> {
    pub(crate) fn await_expression(&mut self, a: &AwaitExpression<'a>, dst: Reg) {
        let r = self.operand_in(&a.argument, &[], dst);
        self.b.at(a.span.start);
        self.b.abc(Op::Await, dst, r, 0);
    }

    pub(crate) fn yield_expression(&mut self, y: &YieldExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        if y.delegate {
            self.yield_star(y, dst);
            self.b.free_to(mark);
            return;
        }
        let is_async = self.a.func(self.b.func).is_async;
        let value = self.b.alloc();
        let mode = self.b.alloc();
        match &y.argument {
            Some(e) => self.expr_to(e, value),
            None => self.b.abx(Op::LoadUndef, value, 0),
        }
        self.b.at(y.span.start);
        if is_async {
            self.b.abc(Op::Await, value, value, 0);
        }
        self.b.abc(Op::Yield, value, value, mode);
        let go = self.b.label();
        self.b.jump_cmp(Op::JSNeI, mode, 2, go);
        if is_async {
            self.b.abc(Op::Await, value, value, 0);
        }
        self.exit(Exit::Return, Some(value));
        self.b.place(go);
        self.b.mov(dst, value);
        self.b.free_to(mark);
    }

    /// The loop of the specification's yield*: each request goes to the inner iterator, whatever its kind.
    fn yield_star(&mut self, y: &YieldExpression<'a>, dst: Reg) {
        let Some(argument) = &y.argument else { return };
        let is_async = self.a.func(self.b.func).is_async;
        let at = argument.span().start;
        let iter = self.b.alloc_n(3);
        let (received, mode, result) = (self.b.alloc(), self.b.alloc(), self.b.alloc());
        let iterable = self.expr(argument);
        self.b.at(at);
        self.b.xabc(Op::GetIter, if is_async { 1 } else { 2 }, iter, iterable, 0);
        self.b.abx(Op::LoadUndef, received, 0);
        let (next, throw, ret, step, done) =
            (self.b.label(), self.b.label(), self.b.label(), self.b.label(), self.b.label());
        self.b.place(next);
        self.b.at(at);
        self.b.xabc(Op::IterCall, 0, result, iter, received);
        self.b.place(step);
        // A result of next() or throw().
        self.await_result(result, is_async);
        let t = self.b.alloc();
        self.get_named(t, result, "done");
        self.b.jump_if(Op::JumpIfTrue, t, done);
        let pass = self.b.label();
        self.b.place(pass);
        if is_async {
            self.get_named(result, result, "value");
            self.b.xabc(Op::Yield, 1, received, result, mode);
            self.await_return(received, mode);
        } else {
            self.b.xabc(Op::Yield, 1, received, result, mode);
        }
        self.b.jump_cmp(Op::JSEqI, mode, 0, next);
        self.b.jump_cmp(Op::JSEqI, mode, 2, ret);

        self.b.place(throw);
        self.b.xabc(Op::IterCall, 1, result, iter, received);
        let missing = self.b.label();
        self.b.jump_if(Op::JumpIfHole, result, missing);
        self.b.jump(step);
        self.b.place(missing);
        self.close_iterator(iter, is_async);
        self.throw_error(0, "The iterator does not provide a 'throw' method.");

        self.b.place(ret);
        self.b.xabc(Op::IterCall, 2, result, iter, received);
        let call = self.b.label();
        let no_return = self.b.label();
        self.b.jump_if(Op::JumpIfHole, result, no_return);
        self.b.place(call);
        self.await_result(result, is_async);
        self.get_named(t, result, "done");
        self.b.jump_if(Op::JumpIfFalse, t, pass);
        self.get_named(received, result, "value");
        self.exit(Exit::Return, Some(received));
        self.b.place(no_return);
        if is_async {
            self.b.abc(Op::Await, received, received, 0);
        }
        self.exit(Exit::Return, Some(received));

        self.b.place(done);
        self.get_named(dst, result, "value");
    }

    fn await_result(&mut self, result: Reg, is_async: bool) {
        if is_async {
            self.b.abc(Op::Await, result, result, 0);
        }
        self.b.abc(Op::CheckIterResult, result, 0, 0);
    }

    /// An async generator awaits the value of a return request; if that fails, the request is a throw.
    fn await_return(&mut self, received: Reg, mode: Reg) {
        let (plain, failed) = (self.b.label(), self.b.label());
        self.b.jump_cmp(Op::JSNeI, mode, 2, plain);
        self.push_control(Kind::Catch, Some((failed, received)));
        self.b.abc(Op::Await, received, received, 0);
        self.pop_control();
        self.b.jump(plain);
        self.b.place(failed);
        self.b.abx(Op::LoadInt, mode, 1);
        self.b.place(plain);
    }

    pub(crate) fn import_call(&mut self, i: &ImportExpression<'a>, dst: Reg) {
        if i.phase.is_some() {
            self.unsupported("import phases", i.span);
            return;
        }
        let s = self.b.alloc();
        self.expr_to(&i.source, s);
        let o = self.b.alloc();
        match &i.options {
            Some(e) => self.expr_to(e, o),
            None => self.b.abx(Op::LoadUndef, o, 0),
        }
        self.b.at(i.span.start);
        self.b.abc(Op::ImportCall, dst, s, o);
    }
}
