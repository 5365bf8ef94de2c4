//! Names that only the running program can resolve: `with`, and direct eval, from both sides.
//!
//! A function that a direct eval can see keeps all its variables in environments, where eval code finds them by slot: the
//! engine describes the environments around the call ([`EvalContext`]) and they become scopes around the eval's own.
//! Sloppy eval code may declare variables in the function around it; those live in an object in a slot of that function's
//! environment, and references across such a scope, as across a `with`, are looked up by name.

use super::hoist;
use super::walk::Walker;
use super::{FnKind, Func, NONE, Scope, ScopeIx, ScopeKind, Top, Var, VarIx};
use looplab_bytecode::BindingKind;
use looplab_bytecode::eval::{self, EvalContext, VARS_SLOT, WITH_SLOT};
use oxc_allocator::Allocator;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_syntax::scope::ScopeFlags;
use rustc_hash::FxHashSet;

/// Stands for the whole text where functions are named by their start.
pub(super) const PROGRAM: u32 = u32::MAX;

/// Which functions contain direct evals, by where they start.
#[derive(Default)]
pub(super) struct Evals {
    /// In their bodies.
    own: FxHashSet<u32>,
    /// In their parameters.
    params: FxHashSet<u32>,
    /// Anywhere inside, nested functions included.
    inner: FxHashSet<u32>,
}

impl Evals {
    pub(super) fn find(program: &Program<'_>) -> Evals {
        // The word can be written with escapes.
        let text = program.source_text;
        if !text.contains("eval") && !text.contains("\\u") {
            return Evals::default();
        }
        let mut f = Finder { out: Evals::default(), around: vec![(PROGRAM, false)] };
        f.visit_program(program);
        f.out
    }

    pub(super) fn in_body(&self, start: u32) -> bool {
        self.own.contains(&start)
    }

    pub(super) fn in_params(&self, start: u32) -> bool {
        self.params.contains(&start)
    }

    pub(super) fn inside(&self, start: u32) -> bool {
        self.inner.contains(&start)
    }
}

struct Finder {
    out: Evals,
    /// The functions around, and whether their parameters are being walked.
    around: Vec<(u32, bool)>,
}

impl Finder {
    fn params(&mut self, on: bool) {
        if let Some(f) = self.around.last_mut() {
            f.1 = on;
        }
    }
}

impl<'a> Visit<'a> for Finder {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        stacker::maybe_grow(crate::RED_ZONE, crate::STACK_STEP, || walk::walk_expression(self, it));
    }

    fn visit_statement(&mut self, it: &Statement<'a>) {
        stacker::maybe_grow(crate::RED_ZONE, crate::STACK_STEP, || walk::walk_statement(self, it));
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        if is_direct(it)
            && let Some(&(f, in_params)) = self.around.last()
        {
            if in_params { &mut self.out.params } else { &mut self.out.own }.insert(f);
            self.out.inner.extend(self.around.iter().map(|f| f.0));
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_function(&mut self, it: &Function<'a>, _: ScopeFlags) {
        self.around.push((it.span.start, true));
        self.visit_formal_parameters(&it.params);
        self.params(false);
        if let Some(b) = &it.body {
            self.visit_function_body(b);
        }
        self.around.pop();
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.around.push((it.span.start, true));
        self.visit_formal_parameters(&it.params);
        self.params(false);
        match &it.body {
            ArrowFunctionBody::FunctionBody(b) => self.visit_function_body(b),
            e => {
                if let Some(e) = e.as_expression() {
                    self.visit_expression(e);
                }
            }
        }
        self.around.pop();
    }
}

/// Whether a call is a direct eval if its callee turns out to be the realm's eval.
pub(crate) fn is_direct(c: &CallExpression<'_>) -> bool {
    matches!(&c.callee, Expression::Identifier(id) if id.name == "eval") && !c.optional
}

impl<'a> Walker<'a> {
    // ---- before: the scopes around eval code ----

    /// Makes scopes of the environments around a direct eval, and a function that owns `this` and its kin.
    pub(super) fn surroundings(&mut self, context: &EvalContext, allocator: &'a Allocator) {
        let flags = context.flags;
        let kind = match flags {
            f if f & eval::SUPER_CALL != 0 => FnKind::DerivedConstructor,
            f if f & eval::CLASS_INIT != 0 => FnKind::ClassInit,
            f if f & eval::SUPER_PROPERTY != 0 => FnKind::Method,
            f if f & eval::NEW_TARGET != 0 => FnKind::Normal,
            f if f & eval::MODULE != 0 => FnKind::Module,
            _ => FnKind::Script,
        };
        self.out.funcs.push(Func::new(kind, 0, 0, flags & eval::STRICT != 0));
        self.func = 0;
        if !context.imports.is_empty() {
            self.enter_scope(ScopeKind::Block);
            for (i, name) in context.imports.iter().enumerate() {
                let name = allocator.alloc_str(&name.to_string());
                self.outside_var(name, BindingKind::Import, i as u16);
            }
        }
        for info in context.scopes.iter().rev() {
            let scope = self.enter_scope(ScopeKind::Outside);
            if self.out.funcs[0].scope == NONE {
                self.out.funcs[0].scope = scope;
                self.out.funcs[0].body_scope = scope;
            }
            let mut private = FxHashSet::default();
            for (slot, (name, kind)) in info.slots.iter().enumerate() {
                let name = allocator.alloc_str(&name.to_string());
                let v = self.outside_var(name, kind.unwrap_or(BindingKind::Internal), slot as u16);
                self.note_outside(name, v, &mut private);
            }
        }
        if self.out.funcs[0].scope == NONE {
            let scope = self.enter_scope(ScopeKind::Block);
            self.out.funcs[0].scope = scope;
            self.out.funcs[0].body_scope = scope;
        }
    }

    fn outside_var(&mut self, name: &'a str, kind: BindingKind, slot: u16) -> VarIx {
        let v = self.out.vars.len() as u32;
        self.out.vars.push(Var {
            name,
            kind,
            scope: self.scope,
            func: 0,
            captured: true,
            assigned: true,
            checked: true,
            initialized: matches!(kind, BindingKind::Var | BindingKind::Internal | BindingKind::FunctionName),
            used: true,
            is_function: false,
            slot,
        });
        self.out.scopes[self.scope as usize].vars.push(v);
        if kind != BindingKind::Internal || name == "arguments" {
            self.push_name(name, v);
        }
        v
    }

    /// What the engine's own slots are for.
    fn note_outside(&mut self, name: &'a str, v: VarIx, private: &mut FxHashSet<&'a str>) {
        let f = &mut self.out.funcs[0];
        match name {
            VARS_SLOT | WITH_SLOT => self.dynamic.push(self.scope),
            "%this" => f.this_var = v,
            "%new.target" => f.new_target_var = v,
            "%home" => f.home_var = v,
            "%callee" => f.callee_var = v,
            "arguments" => f.arguments_var = v,
            _ => {
                // Behind a private name's own slot come those of its method and accessors.
                if let Some(p) = name.strip_prefix('#')
                    && private.insert(p)
                {
                    self.privates.entry(p).or_default().push(v);
                }
            }
        }
    }

    /// The names around that a `var` of sloppy eval code would have to be hoisted past, or (`all` false) that keep a function
    /// in a block from becoming such a variable.
    fn hoisting_bars(&self, in_function: bool) -> FxHashSet<&'a str> {
        let mut bars = FxHashSet::default();
        for s in self.out.scopes.iter().rev().filter(|s| s.kind == ScopeKind::Outside) {
            let vars = || s.vars.iter().map(|&v| &self.out.vars[v as usize]);
            let own = in_function && vars().any(|v| v.name == VARS_SLOT);
            for v in vars() {
                let lexical = matches!(v.kind, BindingKind::Let | BindingKind::Const | BindingKind::Class);
                let block = !own
                    && (matches!(v.kind, BindingKind::Var | BindingKind::Param)
                        || v.kind == BindingKind::Internal && v.name == "arguments");
                if lexical || block {
                    bars.insert(v.name);
                }
            }
            if own {
                break;
            }
        }
        bars
    }

    /// Checks what sloppy eval code declares against the scopes around; gives the names that stop Annex B's hoisting.
    pub(super) fn check_eval_vars(&mut self, stmts: &[Statement<'a>], in_function: bool) -> FxHashSet<&'a str> {
        let bars = self.hoisting_bars(in_function);
        let hoisted = hoist::Hoisted::collect(stmts, false, &FxHashSet::default());
        let functions = stmts.iter().filter_map(hoist::hoisted_function).filter_map(|f| f.id.as_ref());
        let names: Vec<_> = hoisted.vars.into_iter().chain(functions.map(|i| i.name.as_str())).collect();
        if let Some(n) = names.into_iter().find(|n| bars.contains(n)) {
            self.error(format!("Identifier '{n}' has already been declared"), 0, 0);
        }
        let catches = self.out.scopes.iter().filter(|s| s.kind == ScopeKind::Outside);
        let catches = catches.flat_map(|s| &s.vars).map(|&v| &self.out.vars[v as usize]);
        let catches = catches.filter(|v| v.kind == BindingKind::Catch).map(|v| v.name);
        bars.iter().copied().chain(catches).collect()
    }

    // ---- during: code around evals, and with ----

    /// Whether the meaning of a name depends on objects that lie between it and what it seems to mean.
    pub(super) fn is_dynamic(&self, found: Option<VarIx>) -> bool {
        let Some(&d) = self.dynamic.last() else { return false };
        match found.map(|v| &self.out.vars[v as usize]) {
            None => true,
            // A variable that an eval adds to the function hides the function's own name.
            Some(v) => d > v.scope || d == v.scope && v.kind == BindingKind::FunctionName,
        }
    }

    /// Notes an identifier that is looked up at run time; what it seems to mean must be found there.
    pub(super) fn note_dynamic(&mut self, start: u32, found: Option<VarIx>) {
        if let Some(v) = found {
            self.note_use(v, true);
            self.out.vars[v as usize].captured = true;
        }
        self.cur().needs_env = true;
        self.out.dynamic.insert(start);
    }

    /// A function starts: what its evals need before its parameters are declared.
    pub(super) fn begin_evals(&mut self, start: u32) {
        self.cur().start = start;
        if !self.evals.inside(start) {
            return;
        }
        self.cur().sees_eval = true;
        self.cur().needs_env = true;
        if !self.strict() && self.evals.in_params(start) {
            self.vars_slot();
            let outer = self.scope;
            let s = self.enter_scope(ScopeKind::Function);
            let f = self.cur();
            f.vars_scope = outer;
            f.scope = s;
            f.body_scope = s;
        }
    }

    /// The parameters are declared, the body's scope stands.
    pub(super) fn begin_body_evals(&mut self) {
        let start = self.cur().start;
        if !self.strict() && self.evals.in_body(start) {
            self.vars_slot();
        }
    }

    fn vars_slot(&mut self) {
        let v = self.internal(VARS_SLOT, self.scope);
        self.out.vars[v as usize].captured = true;
        self.dynamic.push(self.scope);
    }

    /// A direct eval: it may use everything that belongs to the function around.
    pub(super) fn direct_eval(&mut self) {
        self.cur().needs_env = true;
        let owner = self.out.funcs[self.func as usize].owner;
        let kind = self.out.funcs[owner as usize].kind;
        if matches!(kind, FnKind::Script | FnKind::Module) {
            return;
        }
        self.use_this();
        self.kept("%this", |f| &mut f.this_var);
        self.kept("%new.target", |f| &mut f.new_target_var);
        if kind != FnKind::Normal {
            self.out.funcs[owner as usize].uses_super = true;
            self.kept("%home", |f| &mut f.home_var);
        }
        if kind == FnKind::DerivedConstructor {
            self.kept("%callee", |f| &mut f.callee_var);
        }
        if kind != FnKind::ClassInit
            && let Some(v) = self.resolve("arguments", true)
        {
            self.note_use(v, true);
            self.out.vars[v as usize].captured = true;
        }
    }

    /// A variable of the owner's that eval code finds by its name, made unless it is there.
    fn kept(&mut self, name: &'static str, get: fn(&mut Func) -> &mut VarIx) {
        let owner = self.out.funcs[self.func as usize].owner as usize;
        let v = match *get(&mut self.out.funcs[owner]) {
            NONE => {
                let scope = self.out.funcs[owner].scope;
                let v = self.internal(name, scope);
                *get(&mut self.out.funcs[owner]) = v;
                v
            }
            v => v,
        };
        self.note_use(v, false);
        self.out.vars[v as usize].captured = true;
    }

    pub(super) fn with_statement(&mut self, it: &WithStatement<'a>) {
        self.visit_expression(&it.object);
        self.enter_scope(ScopeKind::With);
        it.scope_id.set(self.scope_id());
        let v = self.internal(WITH_SLOT, self.scope);
        self.out.vars[v as usize].captured = true;
        self.dynamic.push(self.scope);
        self.visit_statement(&it.body);
        self.exit_scope();
    }

    // ---- early errors that depend on what is around eval code ----

    fn owner_kind(&self) -> FnKind {
        self.out.funcs[self.out.funcs[self.func as usize].owner as usize].kind
    }

    fn is_direct_eval(&self) -> bool {
        matches!(self.top, Top::DirectEval { .. })
    }

    pub(super) fn check_super(&mut self, call: bool, start: u32) {
        let ok = match self.owner_kind() {
            FnKind::DerivedConstructor => true,
            FnKind::Method | FnKind::Constructor | FnKind::ClassInit => !call,
            _ => false,
        };
        if self.is_direct_eval() && !ok {
            self.error("'super' keyword unexpected here".into(), start, 5);
        }
    }

    pub(super) fn check_new_target(&mut self, start: u32) {
        if self.is_direct_eval() && matches!(self.owner_kind(), FnKind::Script | FnKind::Module) {
            self.error("new.target expression is not allowed here".into(), start, 10);
        }
    }

    /// `arguments` in eval code in a field initialiser.
    pub(super) fn check_arguments(&mut self, start: u32) {
        let outside = self.out.funcs[self.func as usize].owner == 0 && self.is_direct_eval();
        if outside && self.out.funcs[0].kind == FnKind::ClassInit {
            let m = "'arguments' is not allowed in class field initializer or static initialization block";
            self.error(m.into(), start, 9);
        }
    }
}

impl Func {
    pub(super) fn new(kind: FnKind, outer: ScopeIx, owner: u32, strict: bool) -> Func {
        Func {
            kind,
            outer,
            owner,
            scope: NONE,
            body_scope: NONE,
            strict,
            is_async: false,
            is_generator: false,
            simple_params: true,
            uses_this: false,
            uses_super: false,
            needs_env: false,
            this_var: NONE,
            new_target_var: NONE,
            home_var: NONE,
            callee_var: NONE,
            arguments_var: NONE,
            arguments_escape: false,
            mapped: false,
            self_var: NONE,
            params: Vec::new(),
            copies: Vec::new(),
            global: false,
            has_await: false,
            start: NONE,
            sees_eval: false,
            vars_scope: NONE,
        }
    }
}

impl Scope {
    pub(super) fn new(kind: ScopeKind, parent: ScopeIx, func: u32) -> Scope {
        Scope { kind, parent, func, vars: Vec::new(), has_env: false, depth: 0 }
    }
}
