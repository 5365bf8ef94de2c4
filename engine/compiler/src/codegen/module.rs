//! Modules: requests, imports, exports, the default export.

use super::Gen;
use super::builder::Reg;
use crate::scope::VarIx;
use looplab_bytecode::{BindingKind, ImportEntry, IndirectExport, ModuleInfo, ModuleRequest, Text};
use oxc_ast::ast::*;
use rustc_hash::FxHashMap;

/// Requests found so far, without repeats.
#[derive(Default)]
struct Requests {
    list: Vec<ModuleRequest>,
    index: FxHashMap<(Text, Vec<(Text, Text)>), u32>,
}

impl Requests {
    fn add(&mut self, source: &StringLiteral<'_>, with: Option<&WithClause<'_>>) -> u32 {
        let specifier = super::literal::decode(source.value.as_str(), source.lone_surrogates);
        let attributes: Vec<(Text, Text)> = with
            .iter()
            .flat_map(|w| &w.with_entries)
            .map(|a| {
                let key = match &a.key {
                    ImportAttributeKey::Identifier(id) => Text::new(id.name.as_str()),
                    ImportAttributeKey::StringLiteral(s) => Text::new(s.value.as_str()),
                };
                (key, Text::new(a.value.value.as_str()))
            })
            .collect();
        let next = self.list.len() as u32;
        let ix = *self.index.entry((specifier.clone(), attributes.clone())).or_insert(next);
        if ix == next {
            self.list.push(ModuleRequest { specifier, attributes, offset: source.span.start });
        }
        ix
    }
}

impl<'a> Gen<'a> {
    pub(crate) fn module_info(&mut self, body: &[Statement<'a>]) -> ModuleInfo {
        let mut info = ModuleInfo { has_tla: self.a.func(0).has_await, ..ModuleInfo::default() };
        let mut requests = Requests::default();
        for s in body {
            match s {
                Statement::ImportDeclaration(i) => {
                    if i.phase.is_some() {
                        self.unsupported("import phases", i.span);
                    }
                    let request = requests.add(&i.source, i.with_clause.as_deref());
                    for sp in i.specifiers.iter().flatten() {
                        info.imports.push(import_entry(sp, request));
                    }
                }
                Statement::ExportAllDeclaration(e) => {
                    let request = requests.add(&e.source, e.with_clause.as_deref());
                    match &e.exported {
                        None => info.star_exports.push(request),
                        Some(n) => info.indirect_exports.push(IndirectExport {
                            export: Text::new(&n.name()),
                            request,
                            import: None,
                            offset: e.span.start,
                        }),
                    }
                }
                Statement::ExportFromDeclaration(e) => {
                    let request = requests.add(&e.source, e.with_clause.as_deref());
                    for sp in &e.specifiers {
                        info.indirect_exports.push(IndirectExport {
                            export: Text::new(&sp.exported.name()),
                            request,
                            import: Some(Text::new(&sp.local.name())),
                            offset: sp.span.start,
                        });
                    }
                }
                _ => {}
            }
        }
        info.requests = requests.list;
        for (name, v) in std::mem::take(&mut self.a.exports) {
            let var = self.a.var(v);
            if var.kind != BindingKind::Import {
                info.local_exports.push((Text::new(&name), var.slot));
                continue;
            }
            // Exporting an import is a re-export.
            let import = info.imports[usize::from(var.slot)].clone();
            info.indirect_exports.push(IndirectExport {
                export: Text::new(&name),
                request: import.request,
                import: import.import,
                offset: import.offset,
            });
        }
        info
    }

    fn default_var(&self) -> Option<VarIx> {
        let scope = self.a.func(0).body_scope;
        self.a.scope(scope).vars.iter().copied().find(|&v| self.a.var(v).name == "*default*")
    }

    /// Gives the nameless default export its value.
    pub(crate) fn init_default_export(&mut self, r: Reg) {
        if let Some(v) = self.default_var() {
            self.init_var(v, r);
        }
    }

    pub(crate) fn export_default(&mut self, e: &ExportDefaultDeclaration<'a>) {
        match &e.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(_) => {}
            ExportDefaultDeclarationKind::ClassDeclaration(c) if c.id.is_some() => self.class_declaration(c),
            ExportDefaultDeclarationKind::ClassDeclaration(c) => {
                let r = self.b.alloc();
                self.class(c, Some("default"), r);
                self.init_default_export(r);
            }
            other => {
                if let Some(e) = other.as_expression() {
                    let r = self.named_expr(e, "default");
                    self.init_default_export(r);
                }
            }
        }
    }
}

fn import_entry(sp: &ImportDeclarationSpecifier<'_>, request: u32) -> ImportEntry {
    let (import, local) = match sp {
        ImportDeclarationSpecifier::ImportSpecifier(s) => (Some(Text::new(&s.imported.name())), &s.local),
        ImportDeclarationSpecifier::ImportDefaultSpecifier(s) => (Some(Text::new("default")), &s.local),
        ImportDeclarationSpecifier::ImportNamespaceSpecifier(s) => (None, &s.local),
    };
    ImportEntry { request, import, local: Text::new(local.name.as_str()), offset: local.span.start }
}
