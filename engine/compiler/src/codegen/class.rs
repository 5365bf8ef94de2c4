//! Classes. Order of evaluation: private names, heritage, constructor, elements (methods and computed keys) in order, then
//! the name is bound, and one synthetic function runs static fields and blocks; another one initialises instances.

use super::builder::{Builder, Reg};
use super::function::Shape;
use super::pattern::{Key, key_of};
use super::{Gen, to_span};
use crate::scope::{ClassInfo, NONE, Private};
use looplab_bytecode::{FuncKind, FunctionTemplate, Insn, Op, Span};
use oxc_ast::ast::*;
use oxc_span::GetSpan;

impl<'a> Gen<'a> {
    pub(crate) fn class_declaration(&mut self, c: &Class<'a>) {
        let Some(id) = &c.id else { return };
        let mark = self.b.next_reg;
        let r = self.b.alloc();
        self.class(c, None, r);
        self.bind_ident(id, r, true);
        self.born(id);
        self.b.free_to(mark);
    }

    /// R[dst] := the class. `name`: for an anonymous one.
    pub(crate) fn class(&mut self, c: &Class<'a>, name: Option<&str>, dst: Reg) {
        let Some(scope) = c.scope_id.get() else { return };
        let Some(info) = self.a.classes.remove(&(scope.index() as u32)) else { return };
        if let Some(d) = c.decorators.first() {
            self.unsupported("Decorators", d.span);
            return;
        }
        let entered = self.enter(Some(scope));
        self.private_names(c, &info);
        let name = c.id.as_ref().map(|i| i.name.as_str()).or(name).unwrap_or("");
        let pair = self.b.alloc_n(2);
        self.constructor(c, name, &info, pair);
        for (i, e) in c.body.body.iter().enumerate() {
            let mark = self.b.next_reg;
            match e {
                ClassElement::MethodDefinition(m) if m.kind != MethodDefinitionKind::Constructor => {
                    self.class_method(m, &info, pair);
                }
                ClassElement::PropertyDefinition(p) => {
                    if let Some(&v) = info.computed_keys.get(&i) {
                        self.computed_field_key(&p.key, v);
                    }
                }
                ClassElement::AccessorProperty(a) => self.unsupported("'accessor' fields", a.span),
                _ => {}
            }
            self.b.free_to(mark);
        }
        if info.inner != NONE {
            self.init_var(info.inner, pair);
        }
        self.run_initializers(c, &info, pair);
        self.b.mov(dst, pair);
        self.leave(entered);
    }

    fn private_names(&mut self, c: &Class<'a>, info: &ClassInfo<'a>) {
        for (name, p) in &info.privates {
            if p.method != NONE || p.getter != NONE || p.setter != NONE {
                // "class A" for static ones, "A" for others, "class" for those of an anonymous class.
                let head = c.id.as_ref().map(|i| i.span);
                let end = head.map_or(c.span.start + 5, |h| h.end);
                let start = head.filter(|_| !p.is_static).map_or(c.span.start, |h| h.start);
                self.brands.insert(p.name, Span { start, end });
            }
            let mark = self.b.next_reg;
            let k = self.b.str_const(&format!("#{name}"));
            let r = match self.var_reg(p.name) {
                Some(r) => r,
                None => self.b.alloc(),
            };
            self.b.abx(Op::NewPrivateName, r, k);
            self.init_var(p.name, r);
            self.b.free_to(mark);
        }
    }

    /// R[pair] := the constructor, R[pair+1] := its prototype.
    fn constructor(&mut self, c: &Class<'a>, name: &str, info: &ClassInfo<'a>, pair: Reg) {
        let mark = self.b.next_reg;
        let base = self.b.alloc_n(2);
        if let Some(h) = &c.heritage {
            self.expr_to(&h.expression, base);
        }
        let env = self.env_reg();
        self.b.mov(base + 1, env);
        let span = to_span(c.span);
        let kind = match c.heritage {
            Some(_) => FuncKind::DerivedConstructor,
            None => FuncKind::ClassConstructor,
        };
        let fields = info.instance_init != NONE;
        let own = c.body.body.iter().find_map(|e| match e {
            ClassElement::MethodDefinition(m) if m.kind == MethodDefinitionKind::Constructor => {
                Some(&m.value)
            }
            _ => None,
        });
        let t = match own {
            Some(f) => self.function_template(f, name, kind, span, fields),
            None => self.default_constructor(name, kind, span, fields),
        };
        let uses_super = t.uses_super;
        let ix = self.b.add_function(std::rc::Rc::new(t));
        let at = c.heritage.as_ref().map_or(c.span.start, |h| h.expression.span().start);
        self.b.at(at);
        if let Some(h) = &c.heritage {
            self.b.blame(to_span(h.expression.span()));
        }
        self.b.xabc(Op::NewClass, u8::from(c.heritage.is_some()), pair, base, ix);
        if uses_super {
            self.b.abc(Op::SetHome, pair, pair + 1, 0);
        }
        self.b.free_to(mark);
    }

    /// `constructor() {}` or `constructor(...args) { super(...args); }`, without asking any iterator.
    fn default_constructor(
        &mut self,
        name: &str,
        kind: FuncKind,
        span: Span,
        fields: bool,
    ) -> FunctionTemplate {
        let mut b = Builder::new(0);
        b.at(span.start);
        let mut rest_reg = None;
        if kind == FuncKind::DerivedConstructor {
            let args = b.alloc();
            rest_reg = Some(args);
            let callee = b.alloc();
            let base = b.alloc_n(3);
            b.abx(Op::LoadCallee, callee, 0);
            b.abc(Op::SuperCtor, base, callee, 0);
            b.abx(Op::LoadNewTarget, base + 1, 0);
            b.mov(base + 2, args);
            b.abc(Op::ConstructSpread, 0, base, 0);
            b.abc(Op::InitFields, 0, callee, 0);
            b.end(Insn::abc(Op::Return, 0, 0, 0, 0));
        } else {
            let r = b.alloc();
            if fields {
                b.abx(Op::LoadCallee, r, 0);
                b.abc(Op::InitFields, 0, r, 0);
            }
            b.abx(Op::LoadUndef, r, 0);
            b.end(Insn::abc(Op::Return, 0, r, 0, 0));
        }
        let shape = Shape { name, kind, length: 0, nparams: 0, span, rest_reg, arguments_reg: None };
        self.synthetic_template(b, shape)
    }

    /// A constructor starts by initialising the fields of the instance.
    pub(crate) fn init_fields(&mut self) {
        let mark = self.b.next_reg;
        let r = self.b.alloc();
        self.b.abx(Op::LoadCallee, r, 0);
        self.b.abc(Op::InitFields, 0, r, 0);
        self.b.free_to(mark);
    }

    fn computed_field_key(&mut self, key: &PropertyKey<'a>, v: u32) {
        let Some(e) = key.as_expression() else { return };
        let k = self.b.alloc();
        self.expr_to(e, k);
        self.b.at(e.span().start);
        self.b.abc(Op::ToKey, k, k, 0);
        self.init_var(v, k);
    }

    fn class_method(&mut self, m: &MethodDefinition<'a>, info: &ClassInfo<'a>, pair: Reg) {
        let home = if m.r#static { pair } else { pair + 1 };
        let (flag, prefix, name_kind) = match m.kind {
            MethodDefinitionKind::Get => (1 << 1, "get ", 1),
            MethodDefinitionKind::Set => (2 << 1, "set ", 2),
            _ => (0, "", 0),
        };
        // `static` is not part of a method's source text.
        let mut span = to_span(m.span);
        if m.r#static {
            span.start = self.token_behind(span.start + 6);
        }
        let k = self.b.alloc();
        let r = self.b.alloc();
        match key_of(&m.key) {
            Some(Key::Named(name)) => {
                self.string_constant(name, k);
                self.closure_at(&m.value, &format!("{prefix}{name}"), FuncKind::Method, span, r);
            }
            Some(Key::Expr(e)) => {
                self.expr_to(e, k);
                self.b.at(e.span().start);
                self.b.abc(Op::ToKey, k, k, 0);
                self.closure_at(&m.value, "", FuncKind::Method, span, r);
                self.b.xabc(Op::SetFuncName, name_kind, r, k, 0);
            }
            Some(Key::Private(id)) => {
                let name = id.name.as_str();
                self.closure_at(&m.value, &format!("{prefix}#{name}"), FuncKind::Method, span, r);
                self.set_home(&m.value, r, home);
                let Some((_, p)) = info.privates.iter().find(|(n, _)| *n == name) else { return };
                let v = match m.kind {
                    MethodDefinitionKind::Get => p.getter,
                    MethodDefinitionKind::Set => p.setter,
                    _ => p.method,
                };
                self.init_var(v, r);
                return;
            }
            None => return,
        }
        self.set_home(&m.value, r, home);
        self.b.at(m.span.start);
        self.b.xabc(Op::DefineMethod, flag, home, k, r);
    }

    fn run_initializers(&mut self, c: &Class<'a>, info: &ClassInfo<'a>, pair: Reg) {
        let span = to_span(c.span);
        if info.instance_init != NONE {
            let r = self.b.alloc();
            let t = self.initializer(c, info, info.instance_init, false, "<instance_members_initializer>");
            let uses_super = t.uses_super;
            self.new_func(t, r);
            if uses_super {
                self.b.abc(Op::SetHome, r, pair + 1, 0);
            }
            self.b.abc(Op::SetFieldInit, pair, r, 0);
        }
        if info.static_init != NONE {
            let t = self.initializer(c, info, info.static_init, true, "<static_initializer>");
            self.call_initializer(t, pair, span.start);
        }
    }

    /// Calls a ClassInit function with `this` = R[this].
    fn call_initializer(&mut self, t: FunctionTemplate, this: Reg, at: u32) {
        let mark = self.b.next_reg;
        let base = self.b.alloc_n(2);
        let uses_super = t.uses_super;
        self.new_func(t, base);
        if uses_super {
            self.b.abc(Op::SetHome, base, this, 0);
        }
        self.b.mov(base + 1, this);
        self.b.at(at);
        self.b.abc(Op::Call, base, base, 0);
        self.b.free_to(mark);
    }

    /// The function that adds private methods and fields to `this`, or runs static fields and blocks.
    fn initializer(
        &mut self,
        c: &Class<'a>,
        info: &ClassInfo<'a>,
        ix: u32,
        is_static: bool,
        name: &str,
    ) -> FunctionTemplate {
        self.nested(ix, |g| {
            let mut shape = class_init_shape(name, to_span(c.span));
            g.prologue(&mut shape, None);
            for (_, p) in info.privates.iter().filter(|(_, p)| p.is_static == is_static) {
                g.private_methods(p, c.span.start);
            }
            for (i, e) in c.body.body.iter().enumerate() {
                let mark = g.b.next_reg;
                match e {
                    ClassElement::PropertyDefinition(p) if p.r#static == is_static => {
                        g.field(p, info.computed_keys.get(&i).copied());
                    }
                    ClassElement::StaticBlock(b) if is_static => g.static_block(b),
                    _ => {}
                }
                g.b.free_to(mark);
            }
            g.end_function();
            let b = std::mem::replace(&mut g.b, Builder::new(0));
            g.template(b, ix, shape)
        })
    }

    fn private_methods(&mut self, p: &Private, at: u32) {
        for (v, x) in [(p.method, 1), (p.getter, 2), (p.setter, 3)] {
            if v == NONE {
                continue;
            }
            let mark = self.b.next_reg;
            let n = self.load_var(p.name, false, None, at);
            let f = self.load_var(v, false, None, at);
            self.b.at(at);
            self.b.xabc(Op::DefinePrivate, x, 0, n, f);
            self.b.free_to(mark);
        }
    }

    fn field(&mut self, p: &PropertyDefinition<'a>, computed: Option<u32>) {
        let at = p.span.start;
        self.b.statement(to_span(p.span));
        let k = match (computed, key_of(&p.key)) {
            (Some(v), _) => self.load_var(v, false, None, at),
            (None, Some(Key::Named(name))) => {
                let k = self.b.alloc();
                self.string_constant(name, k);
                k
            }
            (None, Some(Key::Expr(e))) => self.expr(e),
            (None, Some(Key::Private(id))) => self.private_name(id),
            (None, None) => return,
        };
        let v = self.b.alloc();
        match (&p.value, key_of(&p.key)) {
            (None, _) => self.b.abx(Op::LoadUndef, v, 0),
            (Some(e), Some(Key::Named(name))) if computed.is_none() => self.named_expr_to(e, v, name),
            (Some(e), Some(Key::Private(id))) => {
                self.named_expr_to(e, v, &format!("#{}", id.name.as_str()));
            }
            (Some(e), _) => {
                self.expr_to(e, v);
                self.name_by_key(e, v, k);
            }
        }
        self.b.at(at);
        if matches!(p.key, PropertyKey::PrivateIdentifier(_)) {
            self.b.xabc(Op::DefinePrivate, 0, 0, k, v);
        } else {
            self.b.abc(Op::DefineField, 0, k, v);
        }
    }

    fn static_block(&mut self, s: &StaticBlock<'a>) {
        let Some(scope) = s.scope_id.get() else { return };
        let ix = self.a.scope(scope.index() as u32).func;
        let t = self.nested(ix, |g| {
            let mut shape = class_init_shape("<static_block>", to_span(s.span));
            g.prologue(&mut shape, None);
            g.hoist_functions(&s.body);
            g.statements(&s.body);
            g.end_function();
            let b = std::mem::replace(&mut g.b, Builder::new(0));
            g.template(b, ix, shape)
        });
        self.call_initializer(t, 0, s.span.start);
    }
}

fn class_init_shape(name: &str, span: Span) -> Shape<'_> {
    Shape {
        name,
        kind: FuncKind::ClassInit,
        length: 0,
        nparams: 0,
        span,
        rest_reg: None,
        arguments_reg: None,
    }
}
