//! Object literals.

use super::Gen;
use super::builder::Reg;
use super::pattern::{Key, is_element_key, key_of};
use looplab_bytecode::{FuncKind, Op};
use oxc_ast::ast::*;
use oxc_span::GetSpan;

impl<'a> Gen<'a> {
    pub(crate) fn object(&mut self, o: &ObjectExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        let r = if self.b.is_scratch(dst) { dst } else { self.b.alloc() };
        self.b.at(o.span.start);
        self.b.abx(Op::NewObject, r, o.properties.len() as u32);
        for p in &o.properties {
            let inner = self.b.next_reg;
            match p {
                ObjectPropertyKind::SpreadProperty(s) => {
                    let v = self.expr(&s.argument);
                    self.b.at(s.argument.span().start);
                    self.b.abc(Op::CopyProps, r, v, 0);
                }
                ObjectPropertyKind::ObjectProperty(p) => self.property(p, r),
            }
            self.b.free_to(inner);
        }
        self.b.mov(dst, r);
        self.b.free_to(mark);
    }

    fn property(&mut self, p: &ObjectProperty<'a>, object: Reg) {
        let function = match &p.value {
            Expression::FunctionExpression(f) if p.method || p.kind != PropertyKind::Init => Some(f),
            _ => None,
        };
        let key = key_of(&p.key);
        if let Some(f) = function {
            return self.method(p, f, key, object);
        }
        match key {
            Some(Key::Named("__proto__")) if !p.computed && !p.shorthand => {
                let v = self.expr(&p.value);
                self.b.abc(Op::SetProto, object, v, 0);
            }
            Some(Key::Named(name)) if !is_element_key(name) => {
                let v = self.named_expr(&p.value, name);
                self.b.at(p.span.start);
                self.init_prop(object, name, v);
            }
            Some(Key::Expr(e)) => {
                let k = self.b.alloc();
                self.expr_to(e, k);
                if p.computed {
                    self.b.at(e.span().start);
                    self.b.abc(Op::ToKey, k, k, 0);
                }
                let v = self.expr(&p.value);
                self.name_by_key(&p.value, v, k);
                self.b.at(p.span.start);
                self.b.abc(Op::DefineField, object, k, v);
            }
            Some(Key::Named(name)) => {
                let k = self.b.alloc();
                self.string_constant(name, k);
                let v = self.named_expr(&p.value, name);
                self.b.at(p.span.start);
                self.b.abc(Op::DefineField, object, k, v);
            }
            _ => {}
        }
    }

    /// R[object].name := R[value] as an own property of a fresh object.
    pub(crate) fn init_prop(&mut self, object: Reg, name: &str, value: Reg) {
        let k = self.b.str_const(name);
        match self.b.ic(k) {
            Some(ic) => self.b.abc(Op::InitProp, object, ic, value),
            None => {
                let t = self.b.alloc();
                self.b.abx(Op::LoadConst, t, k);
                self.b.abc(Op::DefineField, object, t, value);
            }
        }
    }

    fn method(&mut self, p: &ObjectProperty<'a>, f: &Function<'a>, key: Option<Key<'_, 'a>>, object: Reg) {
        let (flag, prefix, name_kind) = match p.kind {
            PropertyKind::Init => (1, "", 0),
            PropertyKind::Get => (1 | 1 << 1, "get ", 1),
            PropertyKind::Set => (1 | 2 << 1, "set ", 2),
        };
        let span = super::to_span(p.span);
        let k = self.b.alloc();
        let r = self.b.alloc();
        match key {
            Some(Key::Named(name)) => {
                self.string_constant(name, k);
                let full = format!("{prefix}{name}");
                self.closure_at(f, &full, FuncKind::Method, span, r);
            }
            Some(Key::Expr(e)) => {
                self.expr_to(e, k);
                self.b.at(e.span().start);
                self.b.abc(Op::ToKey, k, k, 0);
                self.closure_at(f, "", FuncKind::Method, span, r);
                self.b.xabc(Op::SetFuncName, name_kind, r, k, 0);
            }
            _ => return,
        }
        self.set_home(f, r, object);
        self.b.at(p.span.start);
        self.b.xabc(Op::DefineMethod, flag, object, k, r);
    }

    /// Gives a method its home object if it uses `super`.
    pub(crate) fn set_home(&mut self, f: &Function<'a>, method: Reg, home: Reg) {
        let uses =
            f.scope_id.get().is_some_and(|s| self.a.func(self.a.scope(s.index() as u32).func).uses_super);
        if uses {
            self.b.abc(Op::SetHome, method, home, 0);
        }
    }
}
