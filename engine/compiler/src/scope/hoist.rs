//! What a list of statements declares: the names hoisted to its function, and the names of the block itself.

use looplab_bytecode::BindingKind;
use oxc_ast::ast::*;
use rustc_hash::FxHashSet;

/// Calls `f` with every identifier that a pattern binds, in order.
pub(crate) fn bound_names<'p, 'a>(p: &'p BindingPattern<'a>, f: &mut dyn FnMut(&'p BindingIdentifier<'a>)) {
    match p {
        BindingPattern::BindingIdentifier(id) => f(id),
        BindingPattern::AssignmentPattern(a) => bound_names(&a.left, f),
        BindingPattern::ObjectPattern(o) => {
            o.properties.iter().for_each(|p| bound_names(&p.value, f));
            if let Some(r) = &o.rest {
                bound_names(&r.argument, f);
            }
        }
        BindingPattern::ArrayPattern(a) => {
            a.elements.iter().flatten().for_each(|p| bound_names(p, f));
            if let Some(r) = &a.rest {
                bound_names(&r.argument, f);
            }
        }
    }
}

/// The function declaration behind labels.
pub(crate) fn labelled_function<'s, 'a>(mut s: &'s Statement<'a>) -> Option<&'s Function<'a>> {
    loop {
        match s {
            Statement::LabeledStatement(l) => s = &l.body,
            Statement::FunctionDeclaration(f) => return Some(f),
            _ => return None,
        }
    }
}

/// The function that a statement of a list declares when the list is entered.
pub(crate) fn hoisted_function<'s, 'a>(s: &'s Statement<'a>) -> Option<&'s Function<'a>> {
    match s {
        Statement::FunctionDeclaration(f) => Some(f),
        Statement::LabeledStatement(_) => labelled_function(s),
        Statement::ExportDeclaration(e) => match &e.declaration {
            Declaration::FunctionDeclaration(f) => Some(f),
            _ => None,
        },
        Statement::ExportDefaultDeclaration(e) => match &e.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(f) => Some(f),
            _ => None,
        },
        _ => None,
    }
}

/// Calls `f` with the let, const and class names of a statement list (functions are reported by `hoisted_function`).
pub(crate) fn lexical_names<'a>(stmts: &[Statement<'a>], f: &mut dyn FnMut(&'a str, BindingKind, u32)) {
    for s in stmts {
        let d = match s {
            Statement::VariableDeclaration(d) => &**d,
            Statement::ClassDeclaration(c) => {
                class_name(c, f);
                continue;
            }
            Statement::ExportDeclaration(e) => match &e.declaration {
                Declaration::VariableDeclaration(d) => &**d,
                Declaration::ClassDeclaration(c) => {
                    class_name(c, f);
                    continue;
                }
                _ => continue,
            },
            Statement::ExportDefaultDeclaration(e) => {
                match &e.declaration {
                    ExportDefaultDeclarationKind::ClassDeclaration(c) if c.id.is_some() => class_name(c, f),
                    ExportDefaultDeclarationKind::FunctionDeclaration(_) => {}
                    _ => f("*default*", BindingKind::Let, e.span.start),
                }
                continue;
            }
            _ => continue,
        };
        declaration_names(d, f);
    }
}

fn class_name<'a>(c: &Class<'a>, f: &mut dyn FnMut(&'a str, BindingKind, u32)) {
    if let Some(id) = &c.id {
        f(id.name.as_str(), BindingKind::Class, id.span.start);
    }
}

/// Calls `f` with the names of a let or const declaration.
pub(crate) fn declaration_names<'a>(
    d: &VariableDeclaration<'a>,
    f: &mut dyn FnMut(&'a str, BindingKind, u32),
) {
    let kind = match d.kind {
        VariableDeclarationKind::Var => return,
        VariableDeclarationKind::Let => BindingKind::Let,
        _ => BindingKind::Const,
    };
    for v in &d.declarations {
        bound_names(&v.id, &mut |id| f(id.name.as_str(), kind, id.span.start));
    }
}

/// The names hoisted out of a function's body.
#[derive(Default)]
pub(crate) struct Hoisted<'a> {
    /// `var` names, with repeats removed, in order.
    pub(crate) vars: Vec<&'a str>,
    /// Functions in blocks that also become a `var` (sloppy mode): name and start of the function.
    pub(crate) annex_b: Vec<(&'a str, u32)>,
    seen: FxHashSet<&'a str>,
}

impl<'a> Hoisted<'a> {
    /// Collects from a body. `blocked` holds the names that stop the Annex B rule (parameters, top-level lexical names).
    pub(crate) fn collect(
        stmts: &[Statement<'a>],
        sloppy: bool,
        blocked: &FxHashSet<&'a str>,
    ) -> Hoisted<'a> {
        let mut h = Hoisted::default();
        let mut c = Collector { out: &mut h, sloppy, blocked, enclosing: Vec::new() };
        for s in stmts {
            c.statement(s);
        }
        h
    }
}

struct Collector<'c, 'a> {
    out: &'c mut Hoisted<'a>,
    sloppy: bool,
    blocked: &'c FxHashSet<&'a str>,
    /// Lexical names of the blocks around, outermost first.
    enclosing: Vec<FxHashSet<&'a str>>,
}

impl<'a> Collector<'_, 'a> {
    fn var(&mut self, name: &'a str) {
        if self.out.seen.insert(name) {
            self.out.vars.push(name);
        }
    }

    fn declaration(&mut self, d: &VariableDeclaration<'a>) {
        if d.kind == VariableDeclarationKind::Var {
            for v in &d.declarations {
                bound_names(&v.id, &mut |id| self.var(id.name.as_str()));
            }
        }
    }

    fn lexical_of_for(&mut self, d: Option<&VariableDeclaration<'a>>, body: &Statement<'a>) {
        let mut names = FxHashSet::default();
        if let Some(d) = d {
            self.declaration(d);
            declaration_names(d, &mut |n, _, _| {
                names.insert(n);
            });
        }
        self.enclosing.push(names);
        self.statement(body);
        self.enclosing.pop();
    }

    fn block(&mut self, lists: &[&[Statement<'a>]]) {
        let functions: Vec<_> = match self.sloppy {
            true => lists.iter().flat_map(|l| l.iter()).filter_map(hoisted_function).collect(),
            false => Vec::new(),
        };
        for f in functions {
            let Some(id) = &f.id else { continue };
            let name = id.name.as_str();
            let clash = self.enclosing.iter().any(|s| s.contains(name)) || self.blocked.contains(name);
            if !clash && !f.r#async && !f.generator {
                self.var(name);
                self.out.annex_b.push((name, f.span.start));
            }
        }
        let mut names = FxHashSet::default();
        for l in lists {
            lexical_names(l, &mut |n, _, _| {
                names.insert(n);
            });
            if self.sloppy {
                for f in l.iter().filter_map(hoisted_function) {
                    names.extend(f.id.as_ref().map(|i| i.name.as_str()));
                }
            }
        }
        self.enclosing.push(names);
        for s in lists.iter().flat_map(|l| l.iter()) {
            self.statement(s);
        }
        self.enclosing.pop();
    }

    fn statement(&mut self, s: &Statement<'a>) {
        stacker::maybe_grow(crate::RED_ZONE, crate::STACK_STEP, || self.statement_inner(s));
    }

    fn statement_inner(&mut self, s: &Statement<'a>) {
        match s {
            Statement::VariableDeclaration(d) => self.declaration(d),
            Statement::ExportDeclaration(e) => {
                if let Declaration::VariableDeclaration(d) = &e.declaration {
                    self.declaration(d);
                }
            }
            Statement::BlockStatement(b) => self.block(&[&b.body]),
            Statement::IfStatement(i) => {
                self.branch(&i.consequent);
                if let Some(a) = &i.alternate {
                    self.branch(a);
                }
            }
            Statement::ForStatement(f) => {
                let d = match &f.init {
                    Some(ForStatementInit::VariableDeclaration(d)) => Some(&**d),
                    _ => None,
                };
                self.lexical_of_for(d, &f.body);
            }
            Statement::ForInStatement(f) => self.lexical_of_for(left_declaration(&f.left), &f.body),
            Statement::ForOfStatement(f) => self.lexical_of_for(left_declaration(&f.left), &f.body),
            Statement::WhileStatement(w) => self.statement(&w.body),
            Statement::DoWhileStatement(w) => self.statement(&w.body),
            Statement::LabeledStatement(l) => self.statement(&l.body),
            Statement::WithStatement(w) => self.statement(&w.body),
            Statement::SwitchStatement(s) => {
                let lists: Vec<&[Statement<'a>]> = s.cases.iter().map(|c| &c.consequent[..]).collect();
                self.block(&lists);
            }
            Statement::TryStatement(t) => {
                self.block(&[&t.block.body]);
                if let Some(h) = &t.handler {
                    let mut names = FxHashSet::default();
                    // A plain catch parameter doesn't stop Annex B, a pattern does.
                    if let Some(p) = &h.param
                        && !matches!(p.pattern, BindingPattern::BindingIdentifier(_))
                    {
                        bound_names(&p.pattern, &mut |id| {
                            names.insert(id.name.as_str());
                        });
                    }
                    self.enclosing.push(names);
                    self.block(&[&h.body.body]);
                    self.enclosing.pop();
                }
                if let Some(f) = &t.finalizer {
                    self.block(&[&f.body]);
                }
            }
            _ => {}
        }
    }

    /// `if (x) function f() {}` counts as a block of its own.
    fn branch(&mut self, s: &Statement<'a>) {
        if matches!(s, Statement::FunctionDeclaration(_)) {
            self.block(&[std::slice::from_ref(s)]);
        } else {
            self.statement(s);
        }
    }
}

/// The declaration in a for-in or for-of head.
pub(crate) fn left_declaration<'s, 'a>(l: &'s ForStatementLeft<'a>) -> Option<&'s VariableDeclaration<'a>> {
    match l {
        ForStatementLeft::VariableDeclaration(d) => Some(d),
        _ => None,
    }
}
