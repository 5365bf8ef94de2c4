//! Classes: the scope of the class's own name and its private names, and the functions that initialise fields.

use super::walk::Walker;
use super::{ClassInfo, FnKind, NONE, Private, ScopeKind};
use looplab_bytecode::BindingKind;
use oxc_ast::ast::*;
use oxc_ast_visit::Visit;
use oxc_syntax::node::NodeId;
use oxc_syntax::symbol::SymbolId;
use rustc_hash::FxHashMap;

impl<'a> Walker<'a> {
    pub(super) fn class(&mut self, it: &Class<'a>) {
        if let (ClassType::ClassDeclaration, Some(id)) = (it.r#type, &it.id) {
            let v = self.current(id.name.as_str());
            id.symbol_id.set(v.map(|v| SymbolId::from_usize(v as usize)));
        }
        let outer_strict = self.func_strict(true);
        let scope = self.enter_scope(ScopeKind::Class);
        it.scope_id.set(self.scope_id());
        let mut info = ClassInfo {
            inner: NONE,
            instance_init: NONE,
            static_init: NONE,
            computed_keys: FxHashMap::default(),
            privates: Vec::new(),
        };
        if let Some(id) = &it.id {
            info.inner = self.declare(id.name.as_str(), BindingKind::Const, id.span.start);
        }
        if let Some(h) = &it.heritage {
            self.visit_expression(&h.expression);
        }
        self.declare_privates(it, &mut info);
        if !runs_early(it) && info.inner != NONE {
            // Nothing of the class can run before its name is bound.
            self.out.vars[info.inner as usize].initialized = true;
        }
        self.class_keys_and_methods(it, &mut info);
        if info.inner != NONE {
            // Initialisers run after that.
            self.out.vars[info.inner as usize].initialized = true;
        }
        info.instance_init = self.initializer(it, &mut info, false);
        info.static_init = self.initializer(it, &mut info, true);
        for (name, _) in &info.privates {
            if let Some(s) = self.privates.get_mut(name) {
                s.pop();
            }
        }
        self.out.classes.insert(scope, info);
        self.exit_scope();
        self.func_strict(outer_strict);
        if let (ClassType::ClassDeclaration, Some(id)) = (it.r#type, &it.id) {
            self.initialize(id.name.as_str());
        }
    }

    /// Class code is strict; gives what was before.
    fn func_strict(&mut self, strict: bool) -> bool {
        std::mem::replace(&mut self.cur().strict, strict)
    }

    fn declare_privates(&mut self, it: &Class<'a>, info: &mut ClassInfo<'a>) {
        let scope = self.scope;
        for e in &it.body.body {
            let (key, is_static, kind) = match e {
                ClassElement::MethodDefinition(m) => (&m.key, m.r#static, Some(m.kind)),
                ClassElement::PropertyDefinition(p) => (&p.key, p.r#static, None),
                _ => continue,
            };
            let PropertyKey::PrivateIdentifier(id) = key else { continue };
            let name = id.name.as_str();
            let at = match info.privates.iter().position(|(n, _)| *n == name) {
                Some(i) => i,
                None => {
                    let full = self.text.get(id.span.start as usize..id.span.end as usize).unwrap_or(name);
                    let v = self.internal(full, scope);
                    self.privates.entry(name).or_default().push(v);
                    let p = Private { name: v, method: NONE, getter: NONE, setter: NONE, is_static };
                    info.privates.push((name, p));
                    info.privates.len() - 1
                }
            };
            id.node_id.set(NodeId::from_usize(info.privates[at].1.name as usize));
            let v = match kind {
                Some(_) => self.internal(name, scope),
                None => NONE,
            };
            let p = &mut info.privates[at].1;
            match kind {
                Some(MethodDefinitionKind::Get) => p.getter = v,
                Some(MethodDefinitionKind::Set) => p.setter = v,
                Some(_) => p.method = v,
                None => {}
            }
        }
    }

    fn class_keys_and_methods(&mut self, it: &Class<'a>, info: &mut ClassInfo<'a>) {
        for (i, e) in it.body.body.iter().enumerate() {
            match e {
                ClassElement::MethodDefinition(m) => {
                    if !matches!(m.key, PropertyKey::PrivateIdentifier(_)) {
                        self.visit_property_key(&m.key);
                    }
                    let kind = match m.kind {
                        MethodDefinitionKind::Constructor if it.heritage.is_some() => {
                            FnKind::DerivedConstructor
                        }
                        MethodDefinitionKind::Constructor => FnKind::Constructor,
                        _ => FnKind::Method,
                    };
                    self.function(&m.value, kind, false);
                }
                ClassElement::PropertyDefinition(p) if p.computed => {
                    self.visit_property_key(&p.key);
                    let v = self.internal("%key", self.scope);
                    info.computed_keys.insert(i, v);
                }
                _ => {}
            }
        }
    }

    /// The function for instance fields (with private methods) or for static fields and blocks, when there are any.
    fn initializer(&mut self, it: &Class<'a>, info: &mut ClassInfo<'a>, is_static: bool) -> u32 {
        let fields = it.body.body.iter().any(|e| match e {
            ClassElement::PropertyDefinition(p) => p.r#static == is_static,
            ClassElement::StaticBlock(_) => is_static,
            _ => false,
        });
        let private_methods = |p: &Private| p.method != NONE || p.getter != NONE || p.setter != NONE;
        let methods = info.privates.iter().any(|(_, p)| p.is_static == is_static && private_methods(p));
        if !fields && !methods {
            return NONE;
        }
        let saved = self.enter_function(FnKind::ClassInit, true);
        let ix = self.func;
        self.cur().uses_this = true;
        for k in 0..info.privates.len() {
            let p = info.privates[k].1;
            if p.is_static == is_static && private_methods(&p) {
                for v in [p.name, p.method, p.getter, p.setter] {
                    if v != NONE {
                        self.note_use(v, false);
                    }
                }
            }
        }
        for (i, e) in it.body.body.iter().enumerate() {
            match e {
                ClassElement::PropertyDefinition(p) if p.r#static == is_static => {
                    if let PropertyKey::PrivateIdentifier(id) = &p.key {
                        self.private_reference(id);
                    }
                    if let Some(&v) = info.computed_keys.get(&i) {
                        self.note_use(v, false);
                    }
                    if let Some(v) = &p.value {
                        self.visit_expression(v);
                    }
                }
                ClassElement::StaticBlock(b) if is_static => self.static_block(b),
                _ => {}
            }
        }
        self.exit_function(saved);
        ix
    }

    fn static_block(&mut self, b: &StaticBlock<'a>) {
        let saved = self.enter_function(FnKind::ClassInit, true);
        self.cur().uses_this = true;
        b.scope_id.set(self.scope_id());
        self.body(&b.body);
        self.exit_function(saved);
    }

    pub(super) fn private_reference(&mut self, it: &PrivateIdentifier<'a>) {
        let v = self.privates.get(it.name.as_str()).and_then(|s| s.last().copied());
        match v {
            Some(v) => {
                self.note_use(v, false);
                it.node_id.set(NodeId::from_usize(v as usize));
            }
            None => {
                let name = it.name.as_str();
                let message = format!("Private field '#{name}' must be declared in an enclosing class");
                self.error(message, it.span.start, name.len() + 1);
            }
        }
    }
}

/// Whether code of the class's body may run before its name is bound.
fn runs_early(it: &Class<'_>) -> bool {
    it.body.body.iter().any(|e| match e {
        ClassElement::MethodDefinition(m) => m.computed,
        ClassElement::PropertyDefinition(p) => p.computed,
        _ => false,
    })
}
