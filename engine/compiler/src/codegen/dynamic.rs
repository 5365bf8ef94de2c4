//! Names that are looked up while the program runs, `with`, and direct eval.

use super::Gen;
use super::builder::Reg;
use super::to_span;
use crate::scope::FnKind;
use looplab_bytecode::Op;
use looplab_bytecode::eval;
use oxc_ast::ast::*;
use oxc_span::GetSpan;

impl<'a> Gen<'a> {
    /// Whether the identifier at an offset is looked up at run time.
    pub(crate) fn is_dynamic(&self, start: u32) -> bool {
        !self.a.dynamic.is_empty() && self.a.dynamic.contains(&start)
    }

    fn name_const(&mut self, name: &str) -> u16 {
        let k = self.b.str_const(name);
        u16::try_from(k).unwrap_or_else(|_| {
            self.b.failure = Some("function refers to too many names");
            0
        })
    }

    /// The register of what holds a binding.
    pub(crate) fn find_name(&mut self, name: &str, at: u32) -> Reg {
        let r = self.b.alloc();
        self.find_name_to(name, at, r);
        r
    }

    fn find_name_to(&mut self, name: &str, at: u32, dst: Reg) {
        let env = self.env_reg();
        let k = self.name_const(name);
        self.b.at(at);
        self.b.abc(Op::FindName, dst, env, k);
    }

    pub(crate) fn get_dynamic(&mut self, holder: Reg, name: &str, dst: Reg, typeof_: bool, at: u32) {
        let k = self.name_const(name);
        let flags = u8::from(typeof_) | u8::from(self.strict()) << 1;
        self.b.at(at);
        self.b.xabc(Op::GetName, flags, dst, holder, k);
    }

    pub(crate) fn load_dynamic(&mut self, id: &IdentifierReference<'a>, dst: Option<Reg>, typeof_: bool) -> Reg {
        let d = dst.unwrap_or_else(|| self.b.alloc());
        let mark = self.b.next_reg;
        let holder = self.find_name(id.name.as_str(), id.span.start);
        self.get_dynamic(holder, id.name.as_str(), d, typeof_, id.span.start);
        self.b.free_to(mark);
        d
    }

    pub(crate) fn store_dynamic(&mut self, holder: Reg, name: &str, src: Reg, at: u32) {
        let k = self.name_const(name);
        let strict = u8::from(self.strict());
        self.b.at(at);
        self.b.xabc(Op::SetName, strict, holder, k, src);
    }

    pub(crate) fn delete_dynamic(&mut self, id: &IdentifierReference<'a>, dst: Reg) {
        let holder = self.find_name(id.name.as_str(), id.span.start);
        let k = self.name_const(id.name.as_str());
        self.b.at(id.span.start);
        self.b.abc(Op::DelName, dst, holder, k);
    }

    /// R[base] := the value of a name, R[base+1] := `this` for calling it.
    pub(crate) fn dynamic_callee(&mut self, id: &IdentifierReference<'a>, base: Reg) {
        let this = base + 1;
        self.find_name_to(id.name.as_str(), id.span.start, this);
        self.get_dynamic(this, id.name.as_str(), base, false, id.span.start);
        self.b.abc(Op::WithThis, this, this, 0);
    }

    /// Assigns a variable that eval code has declared in the function around it.
    pub(crate) fn set_eval_var(&mut self, name: &str, src: Reg, at: u32) {
        let env = self.env_reg();
        let k = self.name_const(name);
        self.b.at(at);
        self.b.abc(Op::SetVar, src, env, k);
    }

    pub(crate) fn with(&mut self, w: &WithStatement<'a>) {
        self.clear_completion();
        let mark = self.b.next_reg;
        let Some(scope) = w.scope_id.get().map(|s| s.index() as u32) else { return };
        let object = self.b.alloc();
        self.expr_to(&w.object, object);
        self.b.at(w.object.span().start);
        self.b.abc(Op::ToObject, object, object, 0);
        let entered = self.enter_ix(scope);
        let slot = self.a.scope(scope).vars[0];
        self.init_var(slot, object);
        self.statement(&w.body);
        self.leave(Some(entered));
        self.b.free_to(mark);
    }

    /// `eval(…)`: when the callee turns out to be the realm's eval, its argument is compiled as if it stood here.
    pub(crate) fn direct_eval(&mut self, c: &CallExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        let base = self.window(dst);
        let at = self.call_offset(&c.callee, false);
        self.callee(&c.callee, base);
        let spread = self.arguments(&c.arguments);
        let (other, end) = (self.b.label(), self.b.label());
        let code = self.b.alloc();
        self.b.abc(Op::IsEval, code, base, 0);
        self.b.jump_if(Op::JumpIfFalse, code, other);
        if spread {
            self.b.abx(Op::LoadInt, code, 0);
            self.b.abc(Op::GetElem, code, base + 2, code);
        } else if c.arguments.is_empty() {
            self.b.abx(Op::LoadUndef, code, 0);
        } else {
            self.b.mov(code, base + 2);
        }
        let env = self.env_reg();
        let flags = self.eval_flags();
        self.b.at(at);
        self.b.xabc(Op::DirectEval, flags, dst, code, env);
        self.b.jump(end);
        self.b.place(other);
        self.b.at(at);
        self.b.blame(to_span(c.callee.span()));
        if spread {
            self.b.abc(Op::CallSpread, dst, base, 0);
        } else {
            self.b.abc(Op::Call, dst, base, c.arguments.len() as u16);
        }
        self.b.place(end);
        self.b.free_to(mark);
    }

    fn eval_flags(&self) -> u8 {
        let owner = self.a.func(self.a.func(self.b.func).owner).kind;
        let method = eval::NEW_TARGET | eval::SUPER_PROPERTY;
        let allowed = match owner {
            FnKind::Script | FnKind::Arrow => 0,
            FnKind::Module => eval::MODULE,
            FnKind::Normal => eval::NEW_TARGET,
            FnKind::Method | FnKind::Constructor => method,
            FnKind::DerivedConstructor => method | eval::SUPER_CALL,
            FnKind::ClassInit => method | eval::CLASS_INIT,
        };
        allowed | if self.strict() { eval::STRICT } else { 0 }
    }
}
