//! TypeScript without its types: what is only there for the type checker becomes white space, so that every position stays.
//!
//! Syntax that makes code of its own (enums, namespaces with values, parameter properties) cannot be blanked out; it is reported, as
//! Node does.

use oxc_allocator::Allocator;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType, Span};
use oxc_syntax::scope::ScopeFlags;

/// Why a text could not be stripped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripError {
    /// What is wrong.
    pub message: String,
    /// Byte offset of the place.
    pub at: u32,
    /// The syntax is right but is more than types; otherwise it does not parse.
    pub unsupported: bool,
}

/// The text with its types blanked out. `module`: whether it is an ES module; otherwise both are tried.
///
/// # Errors
/// The first syntax error, or the first construct that is more than types.
pub fn strip_types(text: &str, module: Option<bool>) -> Result<String, StripError> {
    let allocator = Allocator::default();
    let kinds: &[SourceType] = match module {
        Some(true) => &[SourceType::ts().with_module(true)],
        Some(false) => &[SourceType::ts().with_script(true)],
        None => &[SourceType::ts().with_module(true), SourceType::ts().with_script(true)],
    };
    let mut first = None;
    for kind in kinds {
        let options = oxc_parser::ParseOptions { allow_return_outside_function: true, ..Default::default() };
        let parsed = Parser::new(&allocator, text, *kind).with_options(options).parse();
        if let Some(e) = parsed.diagnostics.first() {
            let at = e.labels.first().map_or(0, |l| l.offset());
            first.get_or_insert(StripError { message: e.message.to_string(), at, unsupported: false });
            continue;
        }
        let mut s = Strip { text, blank: Vec::new(), semicolons: Vec::new(), error: None };
        s.visit_program(&parsed.program);
        return match s.error.take() {
            Some(e) => Err(e),
            None => Ok(s.finish()),
        };
    }
    Err(first.unwrap_or(StripError { message: "Unexpected token".into(), at: 0, unsupported: false }))
}

struct Strip<'t> {
    text: &'t str,
    blank: Vec<Span>,
    /// Where a semicolon keeps statements apart.
    semicolons: Vec<u32>,
    error: Option<StripError>,
}

impl Strip<'_> {
    fn finish(self) -> String {
        let mut bytes = self.text.as_bytes().to_vec();
        for span in &self.blank {
            let (from, to) = (span.start as usize, span.end as usize);
            let old = self.text[from..to].to_owned();
            let mut at = from;
            for c in old.chars() {
                let n = c.len_utf8();
                // Line ends stay; a wide character's place is filled so that columns in UTF-16 units stay right.
                if !matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}') {
                    match n {
                        1 => bytes[at] = b' ',
                        2 => bytes[at..at + 2].copy_from_slice("\u{a0}".as_bytes()),
                        3 => bytes[at..at + 3].copy_from_slice("\u{2002}".as_bytes()),
                        _ => bytes[at..at + 4].copy_from_slice("\u{a0}\u{a0}".as_bytes()),
                    }
                }
                at += n;
            }
        }
        for &at in &self.semicolons {
            if bytes[at as usize] == b' ' {
                bytes[at as usize] = b';';
            }
        }
        String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
    }

    fn erase(&mut self, span: Span) {
        if span.end > span.start {
            self.blank.push(span);
        }
    }

    /// A whole statement or class member goes.
    fn remove(&mut self, span: Span) {
        self.erase(span);
        self.semicolons.push(span.start);
    }

    fn unsupported(&mut self, span: Span, message: &str) {
        let e = StripError { message: message.into(), at: span.start, unsupported: true };
        self.error.get_or_insert(e);
    }

    fn between(&self, from: u32, to: u32) -> &str {
        self.text.get(from as usize..to as usize).unwrap_or("")
    }

    /// Blanks the first of these characters in a gap.
    fn erase_char(&mut self, from: u32, to: u32, wanted: &[char]) {
        let gap = strip_comments(self.between(from, to));
        if let Some(i) = gap.find(wanted) {
            let at = from + i as u32;
            self.erase(Span::new(at, at + 1));
        }
    }

    /// Blanks these words in the modifiers that stand between two places.
    fn erase_words(&mut self, from: u32, to: u32, words: &[&str]) {
        let gap = strip_comments(self.between(from, to));
        let mut at = 0;
        while at < gap.len() {
            let rest = &gap[at..];
            let n = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            if n == 0 {
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            }
            if words.contains(&&rest[..n]) {
                let start = from + at as u32;
                self.erase(Span::new(start, start + n as u32));
            }
            at += n;
        }
    }

    /// A type annotation, from its colon, with the mark (`?` or `!`) before it.
    fn annotation(&mut self, after: u32, annotation: &Option<oxc_allocator::Box<'_, TSTypeAnnotation<'_>>>) {
        if let Some(a) = annotation {
            self.erase_char(after, a.span.start, &['?', '!']);
            let colon = self.between(after, a.span.start).rfind(':').map(|i| after + i as u32);
            let start = if self.text[a.span.start as usize..].starts_with(':') {
                a.span.start
            } else {
                colon.unwrap_or(a.span.start)
            };
            self.erase(Span::new(start, a.span.end));
        }
    }

    fn arguments(&mut self, t: &Option<oxc_allocator::Box<'_, TSTypeParameterInstantiation<'_>>>) {
        if let Some(t) = t {
            self.erase(t.span);
        }
    }

    fn parameters(&mut self, t: &Option<oxc_allocator::Box<'_, TSTypeParameterDeclaration<'_>>>) {
        if let Some(t) = t {
            self.erase(t.span);
        }
    }

    /// Members of a list that are only types go with the comma behind them.
    fn remove_item(&mut self, span: Span, end: u32) {
        let gap = strip_comments(self.between(span.end, end));
        let comma = gap.find(',').map_or(span.end, |i| span.end + i as u32 + 1);
        self.erase(Span::new(span.start, comma));
    }

    /// Whether a statement goes, and is dealt with.
    fn statement_goes(&mut self, it: &Statement<'_>) -> bool {
        let gone = match it {
            Statement::TSTypeAliasDeclaration(_) | Statement::TSInterfaceDeclaration(_) => true,
            Statement::TSNamespaceExportDeclaration(_) => true,
            Statement::VariableDeclaration(d) => d.declare,
            Statement::FunctionDeclaration(f) => f.declare || f.body.is_none(),
            Statement::ClassDeclaration(c) => c.declare,
            Statement::TSExternalModuleDeclaration(_) | Statement::TSGlobalDeclaration(_) => true,
            Statement::TSEnumDeclaration(d) => d.declare,
            Statement::TSNamespaceDeclaration(d) => d.declare || only_types(&d.body),
            Statement::TSImportEqualsDeclaration(d) => d.import_kind.is_type(),
            Statement::ImportDeclaration(d) => d.import_kind.is_type(),
            Statement::ExportAllDeclaration(d) => d.export_kind.is_type(),
            Statement::ExportNamedDeclaration(d) => d.export_kind.is_type(),
            Statement::ExportFromDeclaration(d) => d.export_kind.is_type(),
            Statement::ExportDefaultDeclaration(d) => match &d.declaration {
                ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => true,
                ExportDefaultDeclarationKind::FunctionDeclaration(f) => f.body.is_none(),
                ExportDefaultDeclarationKind::ClassDeclaration(c) => c.declare,
                _ => false,
            },
            Statement::ExportDeclaration(d) => match &d.declaration {
                Declaration::TSTypeAliasDeclaration(_) | Declaration::TSInterfaceDeclaration(_) => true,
                Declaration::VariableDeclaration(d) => d.declare,
                Declaration::FunctionDeclaration(f) => f.declare || f.body.is_none(),
                Declaration::ClassDeclaration(c) => c.declare,
                Declaration::TSEnumDeclaration(d) => d.declare,
                Declaration::TSNamespaceDeclaration(d) => d.declare || only_types(&d.body),
                Declaration::TSImportEqualsDeclaration(d) => d.import_kind.is_type(),
                _ => false,
            },
            _ => false,
        };
        if gone {
            self.remove(it.span());
        }
        gone
    }

    /// `abstract` and other words in front of a class's name.
    fn class_head(&mut self, it: &Class<'_>) {
        let from = it.decorators.last().map_or(it.span.start, |d| d.span.end);
        if it.r#abstract {
            self.erase_words(from, it.body.span.start.min(from + 64), &["abstract"]);
        }
        self.parameters(&it.type_parameters);
        if let Some(h) = &it.heritage {
            self.arguments(&h.type_arguments);
        }
        let (Some(first), Some(last)) = (it.implements.first(), it.implements.last()) else { return };
        let start = it.heritage.as_ref().map_or(
            it.type_parameters.as_ref().map_or(it.id.as_ref().map_or(from, |id| id.span.end), |t| t.span.end),
            |h| h.type_arguments.as_ref().map_or(h.expression.span().end, |t| t.span.end),
        );
        let word = strip_comments(self.between(start, first.span.start)).rfind("implements");
        let start = word.map_or(first.span.start, |i| start + i as u32);
        self.erase(Span::new(start, last.span.end));
    }
}

/// The same text with comments made blank, byte for byte.
fn strip_comments(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let mut i = 0;
    while i + 1 < out.len() {
        let end = match &out[i..i + 2] {
            b"//" => text[i..].find('\n').map_or(out.len(), |n| i + n),
            b"/*" => text[i..].find("*/").map_or(out.len(), |n| i + n + 2),
            _ => {
                i += 1;
                continue;
            }
        };
        out[i..end].fill(b' ');
        i = end;
    }
    String::from_utf8(out).unwrap_or_else(|_| " ".repeat(text.len()))
}

/// Whether a namespace has nothing but types in it.
fn only_types(body: &TSNamespaceDeclarationBody<'_>) -> bool {
    match body {
        TSNamespaceDeclarationBody::TSNamespaceDeclaration(d) => only_types(&d.body),
        TSNamespaceDeclarationBody::TSModuleBlock(b) => b.body.iter().all(|s| match s {
            Statement::TSTypeAliasDeclaration(_) | Statement::TSInterfaceDeclaration(_) => true,
            Statement::ExportDeclaration(d) => matches!(
                d.declaration,
                Declaration::TSTypeAliasDeclaration(_) | Declaration::TSInterfaceDeclaration(_)
            ),
            Statement::TSNamespaceDeclaration(d) => d.declare || only_types(&d.body),
            _ => false,
        }),
    }
}

const ENUM: &str = "TypeScript enum is not supported in strip-only mode";
const NAMESPACE: &str = "TypeScript namespace declaration is not supported in strip-only mode";
const PARAMETER_PROPERTY: &str = "TypeScript parameter property is not supported in strip-only mode";
const IMPORT_EQUALS: &str = "TypeScript import equals declaration is not supported in strip-only mode";
const EXPORT_EQUALS: &str = "`export =` is not supported in strip-only mode";
const ASSERTION: &str = "The angle-bracket syntax for type assertions, `<T>expr`, is not supported in type strip mode. \
                         Instead, use the 'as' syntax: `expr as T`.";

impl<'a> Visit<'a> for Strip<'_> {
    fn visit_statement(&mut self, it: &Statement<'a>) {
        if !self.statement_goes(it) {
            walk::walk_statement(self, it);
        }
    }

    fn visit_ts_enum_declaration(&mut self, it: &TSEnumDeclaration<'a>) {
        self.unsupported(it.span, ENUM);
    }

    fn visit_ts_namespace_declaration(&mut self, it: &TSNamespaceDeclaration<'a>) {
        self.unsupported(it.span, NAMESPACE);
    }

    fn visit_ts_import_equals_declaration(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        self.unsupported(it.span, IMPORT_EQUALS);
    }

    fn visit_ts_export_assignment(&mut self, it: &TSExportAssignment<'a>) {
        self.unsupported(it.span, EXPORT_EQUALS);
    }

    fn visit_ts_type_assertion(&mut self, it: &TSTypeAssertion<'a>) {
        self.unsupported(it.span, ASSERTION);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        self.annotation(it.id.span().end, &it.type_annotation);
        walk::walk_variable_declarator(self, it);
    }

    fn visit_catch_parameter(&mut self, it: &CatchParameter<'a>) {
        self.annotation(it.pattern.span().end, &it.type_annotation);
        walk::walk_catch_parameter(self, it);
    }

    fn visit_formal_parameter(&mut self, it: &FormalParameter<'a>) {
        if it.accessibility.is_some() || it.readonly || it.r#override {
            self.unsupported(it.span, PARAMETER_PROPERTY);
        }
        let end = it.pattern.span().end;
        if it.type_annotation.is_some() {
            self.annotation(end, &it.type_annotation);
        } else if it.optional {
            self.erase_char(end, (end + 64).min(self.text.len() as u32), &['?']);
        }
        walk::walk_formal_parameter(self, it);
    }

    fn visit_formal_parameter_rest(&mut self, it: &FormalParameterRest<'a>) {
        self.annotation(it.rest.span.end, &it.type_annotation);
        walk::walk_formal_parameter_rest(self, it);
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        self.parameters(&it.type_parameters);
        if let Some(this) = &it.this_param {
            let end = it.params.items.first().map(|p| p.span.start).or(it
                .params
                .rest
                .as_ref()
                .map(|r| r.span.start));
            match end {
                Some(end) => self.remove_item(this.span, end),
                None => {
                    // `this` alone, perhaps with a comma behind it.
                    let close = it.params.span.end;
                    self.remove_item(this.span, close);
                }
            }
        }
        self.annotation(it.params.span.end, &it.return_type);
        walk::walk_function(self, it, flags);
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.parameters(&it.type_parameters);
        self.annotation(it.params.span.end, &it.return_type);
        walk::walk_arrow_function_expression(self, it);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        self.class_head(it);
        walk::walk_class(self, it);
    }

    fn visit_class_element(&mut self, it: &ClassElement<'a>) {
        let gone = match it {
            ClassElement::TSIndexSignature(_) => true,
            ClassElement::MethodDefinition(m) => {
                m.value.body.is_none() || m.r#type == MethodDefinitionType::TSAbstractMethodDefinition
            }
            ClassElement::PropertyDefinition(p) => {
                p.declare || p.r#type == PropertyDefinitionType::TSAbstractPropertyDefinition
            }
            ClassElement::AccessorProperty(p) => p.r#type == AccessorPropertyType::TSAbstractAccessorProperty,
            ClassElement::StaticBlock(_) => false,
        };
        match gone {
            true => self.remove(it.span()),
            false => walk::walk_class_element(self, it),
        }
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        let from = it.decorators.last().map_or(it.span.start, |d| d.span.end);
        let key = it.key.span();
        self.erase_words(from, key.start, &["public", "private", "protected", "override"]);
        if it.optional {
            self.erase_char(key.end, it.value.params.span.start, &['?']);
        }
        walk::walk_method_definition(self, it);
    }

    fn visit_property_definition(&mut self, it: &PropertyDefinition<'a>) {
        let from = it.decorators.last().map_or(it.span.start, |d| d.span.end);
        let key = it.key.span();
        self.erase_words(from, key.start, &["public", "private", "protected", "override", "readonly"]);
        let after = if it.computed { key.end + 1 } else { key.end };
        if it.type_annotation.is_some() {
            self.annotation(after, &it.type_annotation);
        } else if it.optional || it.definite {
            self.erase_char(after, it.span.end, &['?', '!']);
        }
        walk::walk_property_definition(self, it);
    }

    fn visit_accessor_property(&mut self, it: &AccessorProperty<'a>) {
        let from = it.decorators.last().map_or(it.span.start, |d| d.span.end);
        let key = it.key.span();
        self.erase_words(from, key.start, &["public", "private", "protected", "override"]);
        self.annotation(key.end, &it.type_annotation);
        walk::walk_accessor_property(self, it);
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        let Some(list) = &it.specifiers else { return };
        let end = it.source.span.start;
        for item in list {
            if let ImportDeclarationSpecifier::ImportSpecifier(i) = item
                && i.import_kind.is_type()
            {
                self.remove_item(i.span, end);
            }
        }
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        for item in &it.specifiers {
            if item.export_kind.is_type() {
                self.remove_item(item.span, it.span.end);
            }
        }
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        for item in &it.specifiers {
            if item.export_kind.is_type() {
                self.remove_item(item.span, it.source.span.start);
            }
        }
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        self.arguments(&it.type_arguments);
        walk::walk_call_expression(self, it);
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        self.arguments(&it.type_arguments);
        walk::walk_new_expression(self, it);
    }

    fn visit_tagged_template_expression(&mut self, it: &TaggedTemplateExpression<'a>) {
        self.arguments(&it.type_arguments);
        walk::walk_tagged_template_expression(self, it);
    }

    fn visit_ts_as_expression(&mut self, it: &TSAsExpression<'a>) {
        self.erase(Span::new(it.expression.span().end, it.span.end));
        self.visit_expression(&it.expression);
    }

    fn visit_ts_satisfies_expression(&mut self, it: &TSSatisfiesExpression<'a>) {
        self.erase(Span::new(it.expression.span().end, it.span.end));
        self.visit_expression(&it.expression);
    }

    fn visit_ts_non_null_expression(&mut self, it: &TSNonNullExpression<'a>) {
        self.erase_char(it.expression.span().end, it.span.end, &['!']);
        self.visit_expression(&it.expression);
    }

    fn visit_ts_instantiation_expression(&mut self, it: &TSInstantiationExpression<'a>) {
        self.erase(it.type_arguments.span);
        self.visit_expression(&it.expression);
    }

    // Inside types nothing is left to look at.
    fn visit_ts_type_annotation(&mut self, _: &TSTypeAnnotation<'a>) {}
    fn visit_ts_type_parameter_declaration(&mut self, _: &TSTypeParameterDeclaration<'a>) {}
    fn visit_ts_type_parameter_instantiation(&mut self, _: &TSTypeParameterInstantiation<'a>) {}
    fn visit_ts_this_parameter(&mut self, _: &TSThisParameter<'a>) {}
    fn visit_ts_class_implements(&mut self, _: &TSClassImplements<'a>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &str) {
        let out = strip_types(text, None).unwrap();
        assert_eq!(out.chars().map(char::len_utf16).sum::<usize>(), text.encode_utf16().count(), "{out}");
        let words = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&out), words(want));
    }

    #[test]
    fn types_become_white_space() {
        assert_eq!(strip_types("let a: number = 1;", None).unwrap(), "let a         = 1;");
        check(
            "function f<T>(this: Foo, a?: T, ...b: T[]): T { return a! as T; }",
            "function f ( a , ...b ) { return a ; }",
        );
        check("const g = <T,>(a: T): a is T => a satisfies T;", "const g = (a ) => a ;");
        check("type A = { b: string };\ninterface B extends A { c(): void }\nlet x = 1;", "; ; let x = 1;");
        check(
            "import type { A } from 'a'; import { type B, c } from 'b'; export type { A }; c();",
            "; import { c } from 'b'; ; c();",
        );
        check(
            "declare const z: number; declare function q(): void; function o(a: string): void; function o(a: any) {}",
            "; ; ; function o(a ) {}",
        );
        check(
            "let d!: number; try {} catch (e: unknown) {} f<string>(1); new Map<string, number>();",
            "let d ; try {} catch (e ) {} f (1); new Map ();",
        );
    }

    #[test]
    fn classes_keep_their_code() {
        check(
            "abstract class C<T> extends D<T> implements I, J { private readonly a?: T; static b = 1; declare c: number; \
             abstract m(): void; public override n(x: T): void {} [k: string]: T; protected async *g?(): void {} }",
            "class C extends D { a ; static b = 1; ; ; n(x ) {} ; async *g () {} }",
        );
    }

    #[test]
    fn what_makes_code_is_reported() {
        for text in [
            "enum A { b }",
            "namespace N { export const x = 1 }",
            "class A { constructor(private x) {} }",
            "import a = require('a')",
            "let x = <any>y;",
        ] {
            assert!(strip_types(text, None).unwrap_err().unsupported, "{text}");
        }
        assert!(!strip_types("let = = 3", None).unwrap_err().unsupported);
    }
}
