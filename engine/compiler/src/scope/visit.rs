//! The walk over the tree: which syntax opens scopes, declares and refers.

use super::dynamic::is_direct;
use super::hoist;
use super::walk::Walker;
use super::{FnKind, ScopeKind};
use looplab_bytecode::BindingKind;
use oxc_allocator::Vec as ArenaVec;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_syntax::scope::ScopeFlags;

impl<'a> Visit<'a> for Walker<'a> {
    fn visit_expression(&mut self, it: &Expression<'a>) {
        stacker::maybe_grow(crate::RED_ZONE, crate::STACK_STEP, || walk::walk_expression(self, it));
    }

    fn visit_statement(&mut self, it: &Statement<'a>) {
        stacker::maybe_grow(crate::RED_ZONE, crate::STACK_STEP, || match it {
            // Walked when the list was entered.
            Statement::FunctionDeclaration(_) => {}
            _ => walk::walk_statement(self, it),
        });
    }

    fn visit_statements(&mut self, it: &ArenaVec<'a, Statement<'a>>) {
        for f in it.iter().filter_map(hoist::hoisted_function) {
            self.function_declaration(f);
        }
        for s in it {
            self.visit_statement(s);
        }
    }

    fn visit_export_declaration(&mut self, it: &ExportDeclaration<'a>) {
        if !matches!(it.declaration, Declaration::FunctionDeclaration(_)) {
            walk::walk_export_declaration(self, it);
        }
    }

    fn visit_export_default_declaration(&mut self, it: &ExportDefaultDeclaration<'a>) {
        match &it.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(_) => {}
            ExportDefaultDeclarationKind::ClassDeclaration(c) => {
                self.visit_class(c);
                if c.id.is_none() {
                    self.initialize("*default*");
                }
            }
            e => {
                if let Some(e) = e.as_expression() {
                    self.visit_expression(e);
                }
                self.initialize("*default*");
            }
        }
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        for sp in &it.specifiers {
            if let ModuleExportName::IdentifierReference(id) = &sp.local {
                self.reference(id, false, true);
            }
        }
    }

    fn visit_export_from_declaration(&mut self, _: &ExportFromDeclaration<'a>) {}

    fn visit_import_declaration(&mut self, _: &ImportDeclaration<'a>) {}

    fn visit_block_statement(&mut self, it: &BlockStatement<'a>) {
        let scoped = self.enter_block(ScopeKind::Block, &[&it.body]);
        it.scope_id.set(if scoped { self.scope_id() } else { None });
        self.visit_statements(&it.body);
        if scoped {
            self.exit_scope();
        }
    }

    fn visit_if_statement(&mut self, it: &IfStatement<'a>) {
        self.visit_expression(&it.test);
        for s in std::iter::once(&it.consequent).chain(&it.alternate) {
            if let Statement::FunctionDeclaration(f) = s {
                self.enter_block(ScopeKind::Block, &[std::slice::from_ref(s)]);
                f.node_id.set(oxc_syntax::node::NodeId::from_usize(self.scope as usize));
                self.function_declaration(f);
                self.exit_scope();
            } else {
                self.visit_statement(s);
            }
        }
    }

    fn visit_for_statement(&mut self, it: &ForStatement<'a>) {
        let d = match &it.init {
            Some(ForStatementInit::VariableDeclaration(d)) => Some(&**d),
            _ => None,
        };
        let scoped = self.enter_loop(d);
        it.scope_id.set(if scoped { self.scope_id() } else { None });
        if let Some(i) = &it.init {
            self.visit_for_statement_init(i);
        }
        if let Some(e) = &it.test {
            self.visit_expression(e);
        }
        if let Some(e) = &it.update {
            self.visit_expression(e);
        }
        self.visit_statement(&it.body);
        if scoped {
            self.exit_scope();
        }
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        self.for_each(&it.left, &it.right, &it.body, &it.scope_id);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        if it.r#await {
            self.cur().has_await = true;
        }
        self.for_each(&it.left, &it.right, &it.body, &it.scope_id);
    }

    fn visit_switch_statement(&mut self, it: &SwitchStatement<'a>) {
        self.visit_expression(&it.discriminant);
        let lists: Vec<&[Statement<'a>]> = it.cases.iter().map(|c| &c.consequent[..]).collect();
        let scoped = self.enter_block(ScopeKind::Switch, &lists);
        it.scope_id.set(if scoped { self.scope_id() } else { None });
        for l in &lists {
            for f in l.iter().filter_map(hoist::hoisted_function) {
                self.function_declaration(f);
            }
        }
        for c in &it.cases {
            if let Some(t) = &c.test {
                self.visit_expression(t);
            }
            for s in &c.consequent {
                self.visit_statement(s);
            }
            if scoped {
                // Control may enter at a later case without passing these declarations.
                for i in 0..self.out.scopes[self.scope as usize].vars.len() {
                    let v = self.out.scopes[self.scope as usize].vars[i] as usize;
                    self.out.vars[v].initialized = self.out.vars[v].kind == BindingKind::Var;
                }
            }
        }
        if scoped {
            self.exit_scope();
        }
    }

    fn visit_catch_clause(&mut self, it: &CatchClause<'a>) {
        if let Some(p) = &it.param {
            self.enter_scope(ScopeKind::Catch);
            it.scope_id.set(self.scope_id());
            // The parts of a pattern have a dead zone, and eval code can't declare them again.
            let plain = matches!(p.pattern, BindingPattern::BindingIdentifier(_));
            let kind = if plain { BindingKind::Catch } else { BindingKind::Param };
            hoist::bound_names(&p.pattern, &mut |id| {
                self.declare(id.name.as_str(), kind, id.span.start);
            });
            self.visit_binding_pattern(&p.pattern);
            self.visit_block_statement(&it.body);
            self.exit_scope();
        } else {
            it.scope_id.set(None);
            self.visit_block_statement(&it.body);
        }
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let Some(i) = &it.init {
            self.visit_expression(i);
        }
        self.visit_binding_pattern(&it.id);
    }

    fn visit_assignment_pattern(&mut self, it: &AssignmentPattern<'a>) {
        self.visit_expression(&it.right);
        self.visit_binding_pattern(&it.left);
    }

    fn visit_binding_identifier(&mut self, it: &BindingIdentifier<'a>) {
        self.bind(it);
    }

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        self.reference(it, false, true);
    }

    fn visit_simple_assignment_target(&mut self, it: &SimpleAssignmentTarget<'a>) {
        match it {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(id) => self.reference(id, true, true),
            SimpleAssignmentTarget::ComputedMemberExpression(m) => {
                self.visit_expression(&m.object);
                self.visit_expression(&m.expression);
            }
            SimpleAssignmentTarget::StaticMemberExpression(m) => self.visit_expression(&m.object),
            _ => walk::walk_simple_assignment_target(self, it),
        }
    }

    fn visit_assignment_target_property_identifier(&mut self, it: &AssignmentTargetPropertyIdentifier<'a>) {
        self.reference(&it.binding, true, true);
        if let Some(i) = &it.init {
            self.visit_expression(i);
        }
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        if it.property.name != "length" || !self.arguments_object(&it.object) {
            self.visit_expression(&it.object);
        }
    }

    fn visit_computed_member_expression(&mut self, it: &ComputedMemberExpression<'a>) {
        if !self.arguments_object(&it.object) {
            self.visit_expression(&it.object);
        }
        self.visit_expression(&it.expression);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        match &it.callee {
            Expression::Super(s) => {
                self.check_super(true, s.span.start);
                self.use_super_call();
            }
            Expression::ComputedMemberExpression(m) => {
                self.visit_expression(&m.object);
                self.visit_expression(&m.expression);
            }
            e => self.visit_expression(e),
        }
        self.visit_arguments(&it.arguments);
        if is_direct(it) {
            self.direct_eval();
        }
    }

    fn visit_unary_expression(&mut self, it: &UnaryExpression<'a>) {
        match &it.argument {
            Expression::ComputedMemberExpression(m) if it.operator == UnaryOperator::Delete => {
                self.visit_expression(&m.object);
                self.visit_expression(&m.expression);
            }
            e => self.visit_expression(e),
        }
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        self.visit_property_key(&it.key);
        match &it.value {
            Expression::FunctionExpression(f) if it.method || it.kind != PropertyKind::Init => {
                self.function(f, FnKind::Method, false);
            }
            e => self.visit_expression(e),
        }
    }

    fn visit_with_statement(&mut self, it: &WithStatement<'a>) {
        self.with_statement(it);
    }

    fn visit_this_expression(&mut self, _: &ThisExpression) {
        self.use_this();
    }

    fn visit_super(&mut self, it: &Super) {
        self.check_super(false, it.span.start);
        self.use_super_property();
    }

    fn visit_new_target(&mut self, it: &NewTarget) {
        self.check_new_target(it.span.start);
        self.owner_var("%new.target", |f| &mut f.new_target_var);
    }

    fn visit_await_expression(&mut self, it: &AwaitExpression<'a>) {
        self.cur().has_await = true;
        self.visit_expression(&it.argument);
    }

    fn visit_function(&mut self, it: &Function<'a>, _: ScopeFlags) {
        self.function(it, FnKind::Normal, true);
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.arrow(it);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        self.class(it);
    }

    fn visit_private_identifier(&mut self, it: &PrivateIdentifier<'a>) {
        self.private_reference(it);
    }

    fn visit_directives(&mut self, _: &ArenaVec<'a, Directive<'a>>) {}
}
