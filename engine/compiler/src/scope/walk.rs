//! The walk's work: entering scopes and functions, declaring, resolving. `visit` says which syntax does what.

use super::hoist::{self, Hoisted};
use super::{
    Analysis, AnnexB, FnKind, Func, FuncIx, NONE, Scope, ScopeError, ScopeIx, ScopeKind, Top, Var, VarIx,
};
use super::dynamic::{self, Evals};
use looplab_bytecode::{BindingKind, Span};
use oxc_allocator::Vec as ArenaVec;
use oxc_ast::ast::*;
use oxc_ast_visit::Visit;
use oxc_syntax::reference::ReferenceId;
use oxc_syntax::scope::ScopeId;
use oxc_syntax::symbol::SymbolId;
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) struct Walker<'a> {
    pub(super) out: Analysis<'a>,
    /// Live bindings of each name, innermost last.
    names: FxHashMap<&'a str, Vec<VarIx>>,
    /// Live private names likewise, with what they are.
    pub(super) privates: FxHashMap<&'a str, Vec<VarIx>>,
    pub(super) scope: ScopeIx,
    pub(super) func: FuncIx,
    pub(super) top: Top,
    pub(super) text: &'a str,
    pub(super) evals: Evals,
    /// Scopes around whose bindings are only known at run time, innermost last.
    pub(super) dynamic: Vec<ScopeIx>,
}

/// What was current before a function was entered.
pub(super) struct Outer {
    scope: ScopeIx,
    func: FuncIx,
}

impl<'a> Walker<'a> {
    pub(super) fn new(program: &Program<'a>, top: Top) -> Walker<'a> {
        let mut out = Analysis::default();
        out.scopes.push(Scope::new(ScopeKind::Root, NONE, NONE));
        Walker {
            out,
            names: FxHashMap::default(),
            privates: FxHashMap::default(),
            scope: 0,
            func: NONE,
            top,
            text: program.source_text,
            evals: Evals::find(program),
            dynamic: Vec::new(),
        }
    }

    pub(super) fn into_analysis(self) -> Analysis<'a> {
        self.out
    }

    // ---- scopes and functions ----

    pub(super) fn enter_scope(&mut self, kind: ScopeKind) -> ScopeIx {
        let ix = self.out.scopes.len() as u32;
        self.out.scopes.push(Scope::new(kind, self.scope, self.func));
        self.scope = ix;
        ix
    }

    pub(super) fn exit_scope(&mut self) {
        let s = &self.out.scopes[self.scope as usize];
        for &v in &s.vars {
            let var = &self.out.vars[v as usize];
            if var.kind != BindingKind::Internal
                && let Some(stack) = self.names.get_mut(var.name)
            {
                stack.pop();
            }
        }
        if self.dynamic.last() == Some(&self.scope) {
            self.dynamic.pop();
        }
        self.scope = s.parent;
    }

    pub(super) fn enter_function(&mut self, kind: FnKind, strict: bool) -> Outer {
        let saved = Outer { scope: self.scope, func: self.func };
        let ix = self.out.funcs.len() as u32;
        let owner = if kind == FnKind::Arrow { self.out.funcs[self.func as usize].owner } else { ix };
        let mut seen = false;
        if let Some(f) = self.out.funcs.get_mut(self.func as usize) {
            f.needs_env = true;
            seen = f.sees_eval;
        }
        self.out.funcs.push(Func::new(kind, self.scope, owner, strict));
        self.out.funcs[ix as usize].sees_eval = seen && kind == FnKind::ClassInit;
        self.func = ix;
        let s = self.enter_scope(ScopeKind::Function);
        self.cur().scope = s;
        self.cur().body_scope = s;
        saved
    }

    pub(super) fn exit_function(&mut self, saved: Outer) {
        self.map_arguments();
        self.exit_scope();
        if self.out.funcs[self.func as usize].vars_scope != NONE {
            self.exit_scope();
        }
        self.scope = saved.scope;
        self.func = saved.func;
    }

    /// Ties the arguments object to the parameters where a program could tell the difference.
    fn map_arguments(&mut self) {
        let f = &self.out.funcs[self.func as usize];
        if f.strict || !f.simple_params || f.arguments_var == NONE || f.kind == FnKind::Arrow {
            return;
        }
        let assigned = f.params.iter().any(|&p| self.out.vars[p as usize].assigned);
        if f.arguments_escape || assigned {
            for i in 0..f.params.len() {
                let p = self.out.funcs[self.func as usize].params[i];
                self.out.vars[p as usize].captured = true;
            }
            self.cur().needs_env = true;
            self.cur().mapped = !self.cur().params.is_empty();
        }
    }

    pub(super) fn cur(&mut self) -> &mut Func {
        &mut self.out.funcs[self.func as usize]
    }

    pub(super) fn strict(&self) -> bool {
        self.out.funcs.get(self.func as usize).is_some_and(|f| f.strict)
    }

    pub(super) fn error(&mut self, message: String, start: u32, len: usize) {
        if self.out.error.is_none() {
            self.out.error = Some(ScopeError { message, span: Span { start, end: start + len as u32 } });
        }
    }

    // ---- variables ----

    /// A variable that no name leads to, in scope `scope`.
    pub(super) fn internal(&mut self, name: &'a str, scope: ScopeIx) -> VarIx {
        let v = self.out.vars.len() as u32;
        let func = self.out.scopes[scope as usize].func;
        self.out.vars.push(Var {
            name,
            kind: BindingKind::Internal,
            scope,
            func,
            captured: false,
            assigned: false,
            checked: false,
            initialized: true,
            used: false,
            is_function: false,
            slot: 0,
        });
        self.out.scopes[scope as usize].vars.push(v);
        v
    }

    /// Declares a name in the current scope; a repeat gives the variable that is there.
    pub(super) fn declare(&mut self, name: &'a str, kind: BindingKind, start: u32) -> VarIx {
        let stack = self.names.entry(name).or_default();
        if let Some(&v) = stack.last() {
            let old = &self.out.vars[v as usize];
            if old.scope == self.scope && old.kind != BindingKind::FunctionName {
                let lexical = matches!(kind, BindingKind::Let | BindingKind::Const | BindingKind::Class);
                if lexical {
                    self.error(format!("Identifier '{name}' has already been declared"), start, name.len());
                }
                return v;
            }
        }
        let v = self.out.vars.len() as u32;
        stack.push(v);
        let initialized =
            !matches!(kind, BindingKind::Let | BindingKind::Const | BindingKind::Class | BindingKind::Param);
        self.out.vars.push(Var {
            name,
            kind,
            scope: self.scope,
            func: self.func,
            captured: false,
            assigned: false,
            checked: false,
            initialized,
            used: false,
            is_function: false,
            slot: 0,
        });
        self.out.scopes[self.scope as usize].vars.push(v);
        v
    }

    pub(super) fn resolve(&mut self, name: &'a str, escapes: bool) -> Option<VarIx> {
        let found = self.names.get(name).and_then(|s| s.last().copied());
        if name == "arguments" { self.resolve_arguments(found, escapes) } else { found }
    }

    /// `arguments` belongs to the nearest function that isn't an arrow, unless something inside it declares the name.
    fn resolve_arguments(&mut self, found: Option<VarIx>, escapes: bool) -> Option<VarIx> {
        let owner = self.out.funcs[self.func as usize].owner;
        let o = &self.out.funcs[owner as usize];
        if owner != self.out.top && owner == 0 && matches!(self.top, Top::DirectEval { .. }) {
            return found;
        }
        let (scope, arrow) = (o.scope, self.func != owner);
        if let Some(v) = found {
            let var = &self.out.vars[v as usize];
            // `var arguments` at the function's own level starts as the arguments object.
            let own_var = (var.scope == scope || var.scope == o.body_scope)
                && var.kind == BindingKind::Var
                && var.func == owner;
            if var.scope >= scope && !own_var {
                return found;
            }
            if own_var && !matches!(o.kind, FnKind::Script | FnKind::Module) {
                let o = &mut self.out.funcs[owner as usize];
                if o.arguments_var == NONE {
                    o.arguments_var = v;
                }
                o.arguments_escape = true;
                return found;
            }
        }
        if matches!(o.kind, FnKind::Script | FnKind::Module | FnKind::ClassInit) {
            return found;
        }
        let v = match o.arguments_var {
            NONE => self.internal("arguments", scope),
            v => v,
        };
        let o = &mut self.out.funcs[owner as usize];
        o.arguments_var = v;
        o.arguments_escape |= escapes || arrow;
        Some(v)
    }

    /// Notes a use; says whether it must check for the temporal dead zone.
    pub(super) fn note_use(&mut self, v: VarIx, write: bool) -> bool {
        let var = &mut self.out.vars[v as usize];
        var.used = true;
        if var.func != self.func {
            var.captured = true;
            self.out.funcs[self.func as usize].needs_env = true;
        }
        var.assigned |= write;
        let check = !var.initialized
            && matches!(
                var.kind,
                BindingKind::Let | BindingKind::Const | BindingKind::Class | BindingKind::Param
            );
        var.checked |= check;
        check
    }

    pub(super) fn push_name(&mut self, name: &'a str, v: VarIx) {
        self.names.entry(name).or_default().push(v);
    }

    pub(super) fn reference(&mut self, id: &IdentifierReference<'a>, write: bool, escapes: bool) {
        let name = id.name.as_str();
        if name == "arguments" {
            self.check_arguments(id.span.start);
        }
        let found = self.resolve(name, escapes || write);
        if self.is_dynamic(found) {
            self.note_dynamic(id.span.start, found);
            id.reference_id.set(None);
            return;
        }
        let cell = found.map(|v| {
            let check = self.note_use(v, write);
            ReferenceId::from_usize((v as usize) << 1 | usize::from(check))
        });
        id.reference_id.set(cell);
    }

    pub(super) fn bind(&mut self, id: &BindingIdentifier<'a>) {
        let v = self.names.get(id.name.as_str()).and_then(|s| s.last().copied());
        if self.is_dynamic(v) {
            self.note_dynamic(id.span.start, v);
            id.symbol_id.set(None);
            return;
        }
        if let Some(v) = v {
            let var = &mut self.out.vars[v as usize];
            var.assigned |= var.kind == BindingKind::Param && var.initialized;
            var.initialized = true;
            if var.func != self.func {
                var.captured = true;
            }
        }
        id.symbol_id.set(v.map(|v| SymbolId::from_usize(v as usize)));
    }

    // ---- this and its kin ----

    pub(super) fn owner_var(
        &mut self,
        name: &'static str,
        get: fn(&mut Func) -> &mut VarIx,
    ) -> Option<VarIx> {
        let owner = self.out.funcs[self.func as usize].owner;
        if owner == self.func
            || matches!(self.out.funcs[owner as usize].kind, FnKind::Script | FnKind::Module)
        {
            return None;
        }
        let v = match *get(&mut self.out.funcs[owner as usize]) {
            NONE => {
                let scope = self.out.funcs[owner as usize].scope;
                let v = self.internal(name, scope);
                *get(&mut self.out.funcs[owner as usize]) = v;
                v
            }
            v => v,
        };
        self.note_use(v, false);
        Some(v)
    }

    pub(super) fn use_this(&mut self) {
        let owner = self.out.funcs[self.func as usize].owner;
        self.out.funcs[owner as usize].uses_this = true;
        self.owner_var("%this", |f| &mut f.this_var);
    }

    pub(super) fn use_super_property(&mut self) {
        let owner = self.out.funcs[self.func as usize].owner;
        self.out.funcs[owner as usize].uses_super = true;
        self.use_this();
        self.owner_var("%home", |f| &mut f.home_var);
    }

    pub(super) fn use_super_call(&mut self) {
        self.use_this();
        self.owner_var("%callee", |f| &mut f.callee_var);
        self.owner_var("%new.target", |f| &mut f.new_target_var);
    }

    // ---- functions ----

    pub(super) fn function(&mut self, it: &Function<'a>, kind: FnKind, bind_self: bool) {
        let strict = self.strict() || it.has_use_strict_directive();
        let saved = self.enter_function(kind, strict);
        self.begin_evals(it.span.start);
        it.scope_id.set(Some(ScopeId::from_usize(self.scope as usize)));
        self.cur().is_async = it.r#async;
        self.cur().is_generator = it.generator;
        if let (true, Some(id)) = (bind_self, &it.id) {
            let v = self.declare(id.name.as_str(), BindingKind::FunctionName, id.span.start);
            self.cur().self_var = v;
            id.symbol_id.set(Some(SymbolId::from_usize(v as usize)));
        }
        self.params(&it.params);
        if let Some(b) = &it.body {
            self.body(&b.statements);
        }
        self.leave_body(saved);
    }

    fn leave_body(&mut self, saved: Outer) {
        if self.scope != self.out.funcs[self.func as usize].scope {
            self.exit_scope();
        }
        self.exit_function(saved);
    }

    fn params(&mut self, ps: &FormalParameters<'a>) {
        let mut simple = ps.rest.is_none();
        for p in &ps.items {
            let plain = matches!(p.pattern, BindingPattern::BindingIdentifier(_)) && p.initializer.is_none();
            simple &= plain;
            let mut last = NONE;
            hoist::bound_names(&p.pattern, &mut |id| {
                last = self.declare(id.name.as_str(), BindingKind::Param, id.span.start);
            });
            let single = matches!(p.pattern, BindingPattern::BindingIdentifier(_));
            self.cur().params.push(if single { last } else { NONE });
        }
        if let Some(r) = &ps.rest {
            hoist::bound_names(&r.rest.argument, &mut |id| {
                self.declare(id.name.as_str(), BindingKind::Param, id.span.start);
            });
        }
        self.cur().simple_params = simple;
        let functions = self.out.funcs.len();
        for p in &ps.items {
            if let Some(i) = &p.initializer {
                self.visit_expression(i);
            }
            if simple {
                // A sloppy repeat of a name is not an assignment.
                if let BindingPattern::BindingIdentifier(id) = &p.pattern {
                    let v = self.names.get(id.name.as_str()).and_then(|s| s.last().copied());
                    id.symbol_id.set(v.map(|v| SymbolId::from_usize(v as usize)));
                    if let Some(v) = v {
                        self.out.vars[v as usize].initialized = true;
                    }
                }
            } else {
                self.visit_binding_pattern(&p.pattern);
            }
        }
        if let Some(r) = &ps.rest {
            self.visit_binding_pattern(&r.rest.argument);
        }
        let start = self.cur().start;
        if self.out.funcs.len() > functions || self.evals.in_params(start) {
            let s = self.enter_scope(ScopeKind::Body);
            self.cur().body_scope = s;
        }
        self.begin_body_evals();
    }

    /// Declares a body's names in the current scope and walks it.
    pub(super) fn body(&mut self, stmts: &ArenaVec<'a, Statement<'a>>) {
        self.declare_body(stmts, false, true);
        self.visit_statements(stmts);
    }

    fn declare_body(&mut self, stmts: &[Statement<'a>], global: bool, local_lexicals: bool) {
        let mut blocked = FxHashSet::default();
        let sloppy = !self.strict();
        if sloppy {
            hoist::lexical_names(stmts, &mut |n, _, _| {
                blocked.insert(n);
            });
            if let (true, Top::DirectEval { in_function, .. }) = (global, self.top) {
                blocked.extend(self.check_eval_vars(stmts, in_function));
            }
            let s = self.out.funcs[self.func as usize].scope;
            for &v in &self.out.scopes[s as usize].vars {
                let v = &self.out.vars[v as usize];
                if v.kind == BindingKind::Param {
                    blocked.insert(v.name);
                }
            }
        }
        let hoisted = Hoisted::collect(stmts, sloppy, &blocked);
        if global {
            self.out.global_vars = hoisted.vars;
            let target = match self.top {
                Top::DirectEval { in_function: true, .. } => AnnexB::Eval,
                _ => AnnexB::Global,
            };
            for &(_, start) in &hoisted.annex_b {
                self.out.annex_b.insert(start, target);
            }
            let functions = stmts.iter().filter_map(hoist::hoisted_function);
            self.out
                .global_functions
                .extend(functions.filter_map(|f| f.id.as_ref()).map(|i| i.name.as_str()));
        } else {
            for &n in &hoisted.vars {
                self.declare_var(n, 0);
            }
            for f in stmts.iter().filter_map(hoist::hoisted_function) {
                let v = match &f.id {
                    Some(id) => self.declare_var(id.name.as_str(), id.span.start),
                    None => self.declare_var("*default*", f.span.start),
                };
                self.out.vars[v as usize].is_function = true;
            }
            for &(n, start) in &hoisted.annex_b {
                let v = self.declare_var(n, start);
                self.out.annex_b.insert(start, AnnexB::Var(v));
            }
        }
        let mut lexicals = Vec::new();
        hoist::lexical_names(stmts, &mut |n, k, start| lexicals.push((n, k, start)));
        for (n, k, start) in lexicals {
            if local_lexicals {
                self.declare(n, k, start);
            } else {
                self.out.global_lexicals.push((n, k == BindingKind::Const));
            }
        }
    }

    fn declare_var(&mut self, name: &'a str, start: u32) -> VarIx {
        let before = self.names.get(name).and_then(|s| s.last().copied());
        let v = self.declare(name, BindingKind::Var, start);
        let f = &self.out.funcs[self.func as usize];
        if f.body_scope != f.scope
            && before != Some(v)
            && let Some(p) = before
            && self.out.vars[p as usize].kind == BindingKind::Param
            && self.out.vars[p as usize].func == self.func
        {
            self.out.vars[p as usize].used = true;
            self.cur().copies.push((v, p));
        }
        v
    }

    pub(super) fn arrow(&mut self, it: &ArrowFunctionExpression<'a>) {
        let strict = self.strict() || it.has_use_strict_directive();
        let saved = self.enter_function(FnKind::Arrow, strict);
        self.begin_evals(it.span.start);
        it.scope_id.set(Some(ScopeId::from_usize(self.scope as usize)));
        self.cur().is_async = it.r#async;
        self.params(&it.params);
        match &it.body {
            ArrowFunctionBody::FunctionBody(b) => self.body(&b.statements),
            e => {
                if let Some(e) = e.as_expression() {
                    self.visit_expression(e);
                }
            }
        }
        self.leave_body(saved);
    }

    // ---- whole programs ----

    pub(super) fn program(&mut self, p: &Program<'a>, top: Top, params: &[&'a str]) {
        let directive = p.has_use_strict_directive();
        let (kind, strict) = match top {
            Top::Script | Top::Function => (FnKind::Script, directive),
            Top::Eval { strict } => (FnKind::Script, strict || directive),
            Top::DirectEval { strict, .. } => (FnKind::Arrow, strict || directive),
            Top::Module => (FnKind::Module, true),
            Top::Body { strict } => (FnKind::Normal, strict || directive),
        };
        let saved = self.enter_function(kind, strict);
        self.out.top = self.func;
        self.cur().sees_eval = self.evals.inside(dynamic::PROGRAM);
        for &n in params {
            let v = self.declare(n, BindingKind::Param, 0);
            self.out.vars[v as usize].initialized = true;
            self.cur().params.push(v);
        }
        match top {
            Top::Script => {
                self.cur().global = true;
                self.declare_body(&p.body, true, false);
            }
            Top::Eval { .. } | Top::DirectEval { .. } => {
                self.cur().global = !strict;
                self.declare_body(&p.body, !strict, true);
            }
            Top::Module => {
                self.declare_imports(&p.body);
                self.declare_body(&p.body, false, true);
            }
            Top::Body { .. } => {
                self.cur().start = dynamic::PROGRAM;
                self.begin_body_evals();
                self.declare_body(&p.body, false, true);
            }
            Top::Function => {
                if let Some(Statement::FunctionDeclaration(f)) = p.body.first() {
                    self.function(f, FnKind::Normal, false);
                }
                self.exit_function(saved);
                return;
            }
        }
        self.visit_statements(&p.body);
        if top == Top::Module {
            self.declare_exports(&p.body);
        }
        self.exit_function(saved);
    }

    fn declare_imports(&mut self, stmts: &[Statement<'a>]) {
        let mut n = 0u16;
        for s in stmts {
            let Statement::ImportDeclaration(i) = s else { continue };
            for sp in i.specifiers.iter().flatten() {
                let id = sp.local();
                let v = self.declare(id.name.as_str(), BindingKind::Import, id.span.start);
                self.out.vars[v as usize].slot = n;
                n = n.saturating_add(1);
            }
        }
    }

    /// Exported locals live in the module's environment.
    fn declare_exports(&mut self, stmts: &[Statement<'a>]) {
        let mut names: Vec<(String, &'a str)> = Vec::new();
        for s in stmts {
            match s {
                Statement::ExportDeclaration(e) => match &e.declaration {
                    Declaration::VariableDeclaration(d) => {
                        for v in &d.declarations {
                            hoist::bound_names(&v.id, &mut |id| {
                                names.push((id.name.to_string(), id.name.as_str()));
                            });
                        }
                    }
                    Declaration::FunctionDeclaration(f) => {
                        names.extend(f.id.as_ref().map(|i| (i.name.to_string(), i.name.as_str())));
                    }
                    Declaration::ClassDeclaration(c) => {
                        names.extend(c.id.as_ref().map(|i| (i.name.to_string(), i.name.as_str())));
                    }
                    _ => {}
                },
                Statement::ExportNamedDeclaration(e) => {
                    for sp in &e.specifiers {
                        if let ModuleExportName::IdentifierReference(id) = &sp.local {
                            names.push((sp.exported.name().to_string(), id.name.as_str()));
                        }
                    }
                }
                Statement::ExportDefaultDeclaration(e) => {
                    let local = match &e.declaration {
                        ExportDefaultDeclarationKind::FunctionDeclaration(f) => f.id.as_ref(),
                        ExportDefaultDeclarationKind::ClassDeclaration(c) => c.id.as_ref(),
                        _ => None,
                    };
                    names.push(("default".into(), local.map_or("*default*", |i| i.name.as_str())));
                }
                _ => {}
            }
        }
        for (export, local) in names {
            if let Some(v) = self.names.get(local).and_then(|s| s.last().copied()) {
                let var = &mut self.out.vars[v as usize];
                var.used = true;
                if var.kind != BindingKind::Import {
                    var.captured = true;
                    // Another module may look before the declaration has run.
                    var.checked = true;
                }
                self.out.exports.push((export, v));
            }
        }
    }

    /// Enters a block scope if the lists declare anything; says whether it did.
    pub(super) fn enter_block(&mut self, kind: ScopeKind, lists: &[&[Statement<'a>]]) -> bool {
        let mut names = Vec::new();
        for l in lists {
            for f in l.iter().filter_map(hoist::hoisted_function) {
                names.extend(f.id.as_ref().map(|i| (i.name.as_str(), BindingKind::Var, i.span.start)));
            }
            hoist::lexical_names(l, &mut |n, k, s| names.push((n, k, s)));
        }
        if names.is_empty() {
            return false;
        }
        self.enter_scope(kind);
        for (n, k, s) in names {
            self.declare(n, k, s);
        }
        true
    }

    pub(super) fn scope_id(&self) -> Option<ScopeId> {
        Some(ScopeId::from_usize(self.scope as usize))
    }

    pub(super) fn enter_loop(&mut self, d: Option<&VariableDeclaration<'a>>) -> bool {
        let mut names = Vec::new();
        if let Some(d) = d {
            hoist::declaration_names(d, &mut |n, k, s| names.push((n, k, s)));
        }
        if names.is_empty() {
            return false;
        }
        self.enter_scope(ScopeKind::Loop);
        for (n, k, s) in names {
            self.declare(n, k, s);
        }
        true
    }

    pub(super) fn for_each(
        &mut self,
        left: &ForStatementLeft<'a>,
        right: &Expression<'a>,
        body: &Statement<'a>,
        cell: &std::cell::Cell<Option<ScopeId>>,
    ) {
        // The initialiser of `for (var x = 1 in o)` (Annex B) runs first.
        let scoped = self.enter_loop(hoist::left_declaration(left));
        cell.set(if scoped { self.scope_id() } else { None });
        self.visit_expression(right);
        self.visit_for_statement_left(left);
        self.visit_statement(body);
        if scoped {
            self.exit_scope();
        }
    }

    pub(super) fn function_declaration(&mut self, f: &Function<'a>) {
        let name = f.id.as_ref().map_or("*default*", |i| i.name.as_str());
        let mut v = self.names.get(name).and_then(|s| s.last().copied());
        if let (Top::DirectEval { in_function, .. }, Some(id)) = (self.top, &f.id)
            && self.scope == self.out.funcs[self.out.top as usize].scope
            && !self.strict()
        {
            // It belongs to the function around the eval, or is global.
            v = None;
            if in_function {
                self.cur().needs_env = true;
                self.out.dynamic.insert(id.span.start);
            }
        }
        if let Some(id) = &f.id {
            id.symbol_id.set(v.map(|v| SymbolId::from_usize(v as usize)));
        }
        if let Some(v) = v {
            let var = &mut self.out.vars[v as usize];
            var.assigned |= var.kind == BindingKind::Param;
        }
        self.function(f, FnKind::Normal, false);
    }

    /// Whether this is a plain mention of `arguments` that can't let the object escape.
    pub(super) fn arguments_object(&mut self, e: &Expression<'a>) -> bool {
        match e {
            Expression::Identifier(id) if id.name == "arguments" => {
                self.reference(id, false, false);
                true
            }
            _ => false,
        }
    }
}

impl<'a> Walker<'a> {
    /// Marks a name's declaration as passed.
    pub(super) fn initialize(&mut self, name: &str) {
        if let Some(&v) = self.names.get(name).and_then(|s| s.last()) {
            self.out.vars[v as usize].initialized = true;
        }
    }

    pub(super) fn current(&self, name: &str) -> Option<VarIx> {
        self.names.get(name).and_then(|s| s.last().copied())
    }
}
