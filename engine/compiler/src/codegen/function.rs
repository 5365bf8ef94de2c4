//! Functions: prologue, parameters, closures, whole programs.

use super::builder::{Builder, Finished, Reg};
use super::{Gen, to_span};
use crate::error::{ErrorKind, SyntaxError};
use crate::scope::{AnnexB, FnKind, FuncIx, NONE, ScopeKind, Top};
use looplab_bytecode::{BindingKind, FuncKind, FunctionTemplate, Insn, Op, ScriptInfo, Span, Text};
use oxc_ast::ast::*;

/// What a template is made from besides its code.
pub(crate) struct Shape<'s> {
    pub(crate) name: &'s str,
    pub(crate) kind: FuncKind,
    pub(crate) length: u16,
    pub(crate) nparams: u16,
    pub(crate) span: Span,
    pub(crate) rest_reg: Option<Reg>,
    pub(crate) arguments_reg: Option<Reg>,
}

/// Further properties of a template.
#[derive(Default)]
struct Flags {
    strict: bool,
    is_async: bool,
    is_generator: bool,
    uses_super: bool,
    mapped_args: Vec<u16>,
}

impl<'a> Gen<'a> {
    /// The whole program.
    pub(crate) fn program(&mut self, p: &Program<'a>, top: Top) -> FunctionTemplate {
        let span = to_span(p.span);
        let kind = match top {
            Top::Module => FuncKind::Module,
            Top::Body { .. } => FuncKind::Normal,
            _ => FuncKind::Script,
        };
        let ix = self.a.top;
        let nparams = self.a.func(ix).params.len() as u16;
        let mut shape =
            Shape { name: "", kind, length: nparams, nparams, span, rest_reg: None, arguments_reg: None };
        for _ in 0..nparams {
            self.b.alloc_local();
        }
        self.prologue(&mut shape, None);
        if top == Top::Function {
            return self.function_program(p, shape);
        }
        let mut module = None;
        if top == Top::Module {
            module = Some(Box::new(self.module_info(&p.body)));
        }
        self.hoist_functions(&p.body);
        if top == Top::Module {
            let env = self.env_reg();
            self.b.abc(Op::ModuleStart, env, 0, 0);
        }
        if kind == FuncKind::Script {
            let r = self.b.alloc_local();
            self.b.abx(Op::LoadUndef, r, 0);
            self.b.completion = Some(r);
        }
        self.statements(&p.body);
        if let (Some(r), false) = (self.b.completion, self.b.dead) {
            self.b.end(Insn::abc(Op::Return, 0, r, 0, 0));
        }
        self.end_function();
        let b = std::mem::replace(&mut self.b, Builder::new(ix));
        let mut t = self.template(b, ix, shape);
        t.module = module;
        if kind == FuncKind::Script {
            let text = |n: &&str| Text::new(n);
            t.script = Some(Box::new(ScriptInfo {
                vars: self.a.global_vars.iter().map(text).collect(),
                functions: self.a.global_functions.iter().map(text).collect(),
                lexicals: self.a.global_lexicals.iter().map(|(n, c)| (Text::new(n), *c)).collect(),
            }));
        }
        t
    }

    /// `new Function`: returns the closure of the one declaration.
    fn function_program(&mut self, p: &Program<'a>, shape: Shape<'_>) -> FunctionTemplate {
        let r = self.b.alloc();
        match (p.body.first(), p.body.len()) {
            (Some(Statement::FunctionDeclaration(f)), 1) => {
                let name = f.id.as_ref().map_or("anonymous", |i| i.name.as_str());
                self.closure(f, name, FuncKind::Normal, r);
            }
            (_, _) => self.fail("Unexpected token ')'".into(), ErrorKind::Syntax, p.span),
        }
        self.b.end(Insn::abc(Op::Return, 0, r, 0, 0));
        let b = std::mem::replace(&mut self.b, Builder::new(0));
        let mut t = self.template(b, 0, shape);
        t.script = Some(Box::new(ScriptInfo::default()));
        t
    }

    /// What every function starts with, up to its parameters.
    pub(crate) fn prologue(&mut self, shape: &mut Shape<'_>, params: Option<&FormalParameters<'a>>) {
        let f = self.a.func(self.b.func);
        let (scope, body_scope, kind) = (f.scope, f.body_scope, f.kind);
        let sloppy_this = f.uses_this && !f.strict && matches!(f.kind, FnKind::Normal | FnKind::Method);
        let (needs_env, arguments_var, self_var) = (f.needs_env, f.arguments_var, f.self_var);
        let pseudo = [
            (f.this_var, Op::Move),
            (f.new_target_var, Op::LoadNewTarget),
            (f.home_var, Op::LoadHome),
            (f.callee_var, Op::LoadCallee),
        ];
        if needs_env {
            let r = self.b.alloc_local();
            self.b.abx(Op::FuncEnv, r, 0);
            self.b.outer_env = Some(r);
            self.b.env = Some(r);
        }
        let vars_scope = self.a.func(self.b.func).vars_scope;
        if vars_scope != NONE {
            self.new_env(vars_scope);
        }
        self.new_env(scope);
        self.param_regs(scope);
        // The call fills these in: they are taken before any temporary can be.
        if let Some(r) = params.and_then(|ps| ps.rest.as_ref()) {
            let reg = match &r.rest.argument {
                BindingPattern::BindingIdentifier(id) => self.binding_reg(id).map(|(r, _)| r),
                _ => None,
            };
            shape.rest_reg = Some(reg.unwrap_or_else(|| self.b.alloc_local()));
        }
        if arguments_var != NONE {
            let reg = self.var_reg(arguments_var);
            shape.arguments_reg = Some(reg.unwrap_or_else(|| self.b.alloc_local()));
        }
        if sloppy_this {
            self.b.abx(Op::SloppyThis, 0, 0);
        }
        for (v, op) in pseudo {
            // A derived constructor's `this` stays a hole until super() returns.
            if v == NONE || (op == Op::Move && kind == FnKind::DerivedConstructor) {
                continue;
            }
            if op == Op::Move {
                self.init_var(v, 0);
            } else {
                self.init_from(v, op);
            }
        }
        if let Some(r) = shape.arguments_reg {
            self.init_var(arguments_var, r);
        }
        if self_var != NONE && self.a.var(self_var).used {
            self.init_from(self_var, Op::LoadCallee);
        }
        if self.b.init_fields {
            self.init_fields();
        }
        if let Some(ps) = params {
            self.bind_params(ps, shape);
        } else {
            self.copy_plain_params();
        }
        if body_scope != scope {
            self.new_env(body_scope);
            self.alloc_vars(body_scope);
            self.mark_holes(body_scope);
            self.var_defaults(body_scope);
            let copies = std::mem::take(&mut self.a.funcs[self.b.func as usize].copies);
            for (to, from) in copies {
                let mark = self.b.next_reg;
                let r = self.load_var(from, false, None, 0);
                self.init_var(to, r);
                self.b.free_to(mark);
            }
        } else {
            self.var_defaults(scope);
        }
    }

    fn init_from(&mut self, v: u32, op: Op) {
        let mark = self.b.next_reg;
        let r = match self.var_reg(v) {
            Some(r) => r,
            None => self.b.alloc(),
        };
        self.b.abx(op, r, 0);
        self.init_var(v, r);
        self.b.free_to(mark);
    }

    /// Registers for the variables of a function scope: plain parameters stay where the caller put them.
    fn param_regs(&mut self, scope: u32) {
        let f = self.a.func(self.b.func);
        let simple = f.simple_params;
        let params = f.params.clone();
        for (i, &p) in params.iter().enumerate() {
            if p != NONE {
                self.regs[p as usize] = i as Reg + 1;
            }
        }
        for i in 0..self.a.scope(scope).vars.len() {
            let v = self.a.scope(scope).vars[i];
            let var = self.a.var(v);
            if var.captured || var.kind == BindingKind::Import {
                continue;
            }
            let stays = params.contains(&v) && (simple || !var.checked);
            if !stays {
                self.regs[v as usize] = self.b.alloc_local();
            }
        }
        self.mark_holes(scope);
    }

    /// Captured parameters of a function whose list is not in the text (the CommonJS wrapper).
    fn copy_plain_params(&mut self) {
        for i in 0..self.a.func(self.b.func).params.len() {
            let v = self.a.func(self.b.func).params[i];
            if v != NONE && self.a.var(v).captured {
                self.init_var(v, i as Reg + 1);
            }
        }
    }

    fn bind_params(&mut self, ps: &FormalParameters<'a>, shape: &Shape<'_>) {
        for (i, p) in ps.items.iter().enumerate() {
            let r = i as Reg + 1;
            if let Some(init) = &p.initializer {
                let given = self.b.label();
                self.b.jump_if(Op::JumpIfNotUndef, r, given);
                match &p.pattern {
                    BindingPattern::BindingIdentifier(id) => self.named_expr_to(init, r, id.name.as_str()),
                    _ => self.expr_to(init, r),
                }
                self.b.place(given);
            }
            match &p.pattern {
                BindingPattern::BindingIdentifier(id) => {
                    let v = id.symbol_id.get().map_or(NONE, |s| s.index() as u32);
                    // Of repeated names the last one counts.
                    if v != NONE && self.last_param(v, i) {
                        self.init_var(v, r);
                    }
                }
                p => self.bind_pattern(p, r, true),
            }
        }
        if let (Some(r), Some(reg)) = (&ps.rest, shape.rest_reg) {
            self.bind_pattern(&r.rest.argument, reg, true);
        }
    }

    fn last_param(&self, v: u32, i: usize) -> bool {
        let params = &self.a.func(self.b.func).params;
        !self.a.func(self.b.func).simple_params || params.len() < i + 2 || !params[i + 1..].contains(&v)
    }

    /// `var`s start as undefined.
    fn var_defaults(&mut self, scope: u32) {
        let args = self.a.func(self.b.func).arguments_var;
        let mut undef = None;
        for i in 0..self.a.scope(scope).vars.len() {
            let v = self.a.scope(scope).vars[i];
            let var = self.a.var(v);
            if var.kind != BindingKind::Var || v == args || var.is_function {
                continue;
            }
            match self.var_reg(v) {
                Some(r) => self.b.abx(Op::LoadUndef, r, 0),
                None => {
                    let u = *undef.get_or_insert_with(|| {
                        let r = self.b.alloc();
                        self.b.abx(Op::LoadUndef, r, 0);
                        r
                    });
                    self.init_var(v, u);
                }
            }
        }
    }

    /// Creates the functions that a statement list declares.
    pub(crate) fn hoist_functions(&mut self, stmts: &[Statement<'a>]) {
        for f in stmts.iter().filter_map(crate::scope::hoisted_function) {
            self.hoist_function(f);
        }
    }

    pub(crate) fn hoist_function(&mut self, f: &Function<'a>) {
        let mark = self.b.next_reg;
        let name = f.id.as_ref().map_or("default", |i| i.name.as_str());
        let own = match &f.id {
            Some(id) => self.binding_reg(id).map(|(r, _)| r),
            None => None,
        };
        let r = own.unwrap_or_else(|| self.b.alloc());
        self.closure(f, name, FuncKind::Normal, r);
        match &f.id {
            Some(id) if self.is_dynamic(id.span.start) => {
                self.set_eval_var(id.name.as_str(), r, id.span.start);
            }
            Some(id) => self.bind_ident(id, r, false),
            None => self.init_default_export(r),
        }
        self.b.free_to(mark);
    }

    /// A function declaration in a block, reached: its value goes to the function's variable too (Annex B).
    pub(crate) fn annex_b(&mut self, f: &Function<'a>) {
        let Some(&target) = self.a.annex_b.get(&f.span.start) else { return };
        let Some(id) = &f.id else { return };
        let Some(v) = id.symbol_id.get() else { return };
        let mark = self.b.next_reg;
        let r = self.load_var(v.index() as u32, false, None, f.span.start);
        match target {
            AnnexB::Var(v) => self.init_var(v, r),
            AnnexB::Eval => self.set_eval_var(id.name.as_str(), r, f.span.start),
            AnnexB::Global => {
                let ic = self.global_ic(id.name.as_str(), Op::SetGlobal);
                self.b.at(f.span.start);
                self.b.xabc(Op::SetGlobal, 0, r, ic, 0);
            }
        }
        self.b.free_to(mark);
    }

    // ---- nested functions ----

    /// R[dst] := a closure of a function.
    pub(crate) fn closure(&mut self, f: &Function<'a>, name: &str, kind: FuncKind, dst: Reg) {
        let span = to_span(f.span);
        self.closure_at(f, name, kind, span, dst);
    }

    pub(crate) fn closure_at(&mut self, f: &Function<'a>, name: &str, kind: FuncKind, span: Span, dst: Reg) {
        let t = self.function_template(f, name, kind, span, false);
        self.new_func(t, dst);
    }

    pub(crate) fn new_func(&mut self, t: FunctionTemplate, dst: Reg) {
        let ix = self.b.add_function(std::rc::Rc::new(t));
        let env = self.env_reg();
        self.b.abc(Op::NewFunc, dst, env, ix);
    }

    /// Compiles a nested function. `fields`: a class constructor whose class has instance fields.
    pub(crate) fn function_template(
        &mut self,
        f: &Function<'a>,
        name: &str,
        kind: FuncKind,
        span: Span,
        fields: bool,
    ) -> FunctionTemplate {
        let ix = self.func_of(f.scope_id.get());
        self.nested(ix, |g| {
            let mut shape = g.shape(name, kind, span, &f.params);
            g.b.init_fields = fields && kind == FuncKind::ClassConstructor;
            g.prologue(&mut shape, Some(&f.params));
            if let Some(b) = &f.body {
                g.hoist_functions(&b.statements);
                if f.generator {
                    g.b.at(span.start);
                    g.b.abx(Op::GenStart, 0, 0);
                }
                g.statements(&b.statements);
            }
            g.end_function();
            let b = std::mem::replace(&mut g.b, Builder::new(0));
            g.template(b, ix, shape)
        })
    }

    pub(crate) fn arrow(&mut self, f: &ArrowFunctionExpression<'a>, name: &str, dst: Reg) {
        let ix = self.func_of(f.scope_id.get());
        let t = self.nested(ix, |g| {
            let mut shape = g.shape(name, FuncKind::Arrow, to_span(f.span), &f.params);
            g.prologue(&mut shape, Some(&f.params));
            match &f.body {
                ArrowFunctionBody::FunctionBody(b) => {
                    g.hoist_functions(&b.statements);
                    g.statements(&b.statements);
                }
                e => {
                    if let Some(e) = e.as_expression() {
                        g.b.statement(to_span(oxc_span::GetSpan::span(e)));
                        let r = g.expr(e);
                        g.b.end(Insn::abc(Op::Return, 0, r, 0, 0));
                    }
                }
            }
            g.end_function();
            let b = std::mem::replace(&mut g.b, Builder::new(0));
            g.template(b, ix, shape)
        });
        self.new_func(t, dst);
    }

    /// Runs `f` with a fresh builder for function `ix`.
    pub(crate) fn nested<T>(&mut self, ix: FuncIx, f: impl FnOnce(&mut Self) -> T) -> T {
        let saved = std::mem::replace(&mut self.b, Builder::new(ix));
        let chain = self.chain.take();
        let t = f(self);
        self.b = saved;
        self.chain = chain;
        t
    }

    fn func_of(&self, scope: Option<oxc_syntax::scope::ScopeId>) -> FuncIx {
        scope.map_or(0, |s| self.a.scope(s.index() as u32).func)
    }

    fn shape<'s>(
        &mut self,
        name: &'s str,
        kind: FuncKind,
        span: Span,
        ps: &FormalParameters<'a>,
    ) -> Shape<'s> {
        for _ in &ps.items {
            self.b.alloc_local();
        }
        let plain = ps.items.iter().take_while(|p| p.initializer.is_none()).count();
        Shape {
            name,
            kind,
            length: plain as u16,
            nparams: ps.items.len() as u16,
            span,
            rest_reg: None,
            arguments_reg: None,
        }
    }

    /// What a function does when control reaches its end.
    pub(crate) fn end_function(&mut self) {
        if self.b.dead {
            return;
        }
        let r = self.b.alloc();
        self.b.abx(Op::LoadUndef, r, 0);
        self.emit_return(r);
    }

    /// The final return of a function, behind all finally blocks.
    pub(crate) fn emit_return(&mut self, r: Reg) {
        let mut r = r;
        if self.a.func(self.b.func).kind == FnKind::DerivedConstructor {
            let t = self.b.alloc();
            self.b.mov(t, r);
            let this = self.load_this_raw();
            self.b.abc(Op::DerivedReturn, t, this, 0);
            r = t;
        }
        self.b.end(Insn::abc(Op::Return, 0, r, 0, 0));
    }

    /// The template of a function that has no counterpart in the text.
    pub(crate) fn synthetic_template(&mut self, b: Builder, shape: Shape<'_>) -> FunctionTemplate {
        let flags = Flags { strict: true, ..Flags::default() };
        self.assemble(b, shape, flags)
    }

    /// The template of a finished builder.
    pub(crate) fn template(&mut self, mut b: Builder, ix: FuncIx, shape: Shape<'_>) -> FunctionTemplate {
        let f = self.a.func(ix);
        // With a repeated name only the last one would be tied; such functions get an untied object.
        let repeated = f.params.iter().enumerate().any(|(i, p)| f.params[i + 1..].contains(p));
        let mapped_args = match f.mapped && !repeated {
            true => f.params.iter().map(|&p| self.a.var(p).slot).collect(),
            false => Vec::new(),
        };
        let flags = Flags {
            strict: f.strict,
            is_async: f.is_async || (shape.kind == FuncKind::Module && f.has_await),
            is_generator: f.is_generator,
            uses_super: f.uses_super,
            mapped_args,
        };
        let scopes = if f.scope == f.body_scope { vec![f.scope] } else { vec![f.scope, f.body_scope] };
        let end = b.pc();
        for s in scopes {
            if self.a.scope(s).has_env {
                let (reg, scope) = (self.env_regs[s as usize], self.env_ix[s as usize]);
                b.envs.push(looplab_bytecode::EnvVar { reg, scope, start: 0, end });
            }
            debug_assert!(matches!(self.a.scope(s).kind, ScopeKind::Function | ScopeKind::Body));
            for &v in &self.a.scope(s).vars {
                let var = self.a.var(v);
                // A function expression's own name has a register, but a value only if the name is used.
                use BindingKind::{FunctionName, Import, Internal};
                if !var.captured && !matches!(var.kind, Import | Internal | FunctionName) {
                    b.locals.push(looplab_bytecode::LocalVar {
                        name: Text::new(var.name),
                        reg: self.regs[v as usize],
                        start: 0,
                        live: self.born_at[v as usize],
                        end,
                    });
                }
            }
        }
        self.assemble(b, shape, flags)
    }

    fn assemble(&mut self, b: Builder, shape: Shape<'_>, flags: Flags) -> FunctionTemplate {
        let Finished {
            code,
            consts,
            ic_keys,
            functions,
            scopes,
            handlers,
            positions,
            spans,
            statements,
            locals,
            envs,
            nregs,
            failure,
        } = b.finish();
        if let (Some(message), None) = (failure, &self.error) {
            self.error =
                Some(SyntaxError { message: message.into(), kind: ErrorKind::Range, span: shape.span });
        }
        FunctionTemplate {
            name: Text::new(shape.name),
            length: shape.length,
            kind: shape.kind,
            is_async: flags.is_async,
            is_generator: flags.is_generator,
            strict: flags.strict,
            uses_super: flags.uses_super,
            nparams: shape.nparams,
            nregs,
            rest_reg: shape.rest_reg,
            arguments_reg: shape.arguments_reg,
            mapped_args: flags.mapped_args,
            code,
            consts,
            ic_keys,
            functions,
            scopes,
            handlers,
            positions,
            spans,
            statements,
            locals,
            envs,
            span: shape.span,
            source: std::rc::Rc::clone(&self.source),
            module: None,
            script: None,
        }
    }
}
