//! Top-level `await` in a text that is typed at a prompt: the text becomes the body of an async function, and what it declares is declared
//! outside, so that later texts see it.

use oxc_allocator::Allocator;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType, Span};
use oxc_syntax::scope::ScopeFlags;

const HEAD: &str = "(async () => {\n";
const TAIL: &str = "\n})()";

/// The text as a script whose value is a promise of `{ value }`, where `value` is that of the last expression statement. `None` if there is
/// no `await` outside functions, or if the text does not parse even so.
pub fn with_top_level_await(text: &str) -> Option<String> {
    let wrapped = format!("{HEAD}{text}{TAIL}");
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &wrapped, SourceType::cjs()).parse();
    if !parsed.diagnostics.is_empty() {
        return None;
    }
    let body = body_of(&parsed.program)?;
    let mut look = Look::default();
    body.iter().for_each(|statement| look.visit_statement(statement));
    if !look.awaits || look.returns {
        return None;
    }
    let mut edits =
        Edits { text: &wrapped, hoisted: String::new(), inserts: Vec::new(), removed: Vec::new() };
    for (i, statement) in body.iter().enumerate() {
        edits.statement(statement, i + 1 == body.len());
    }
    Some(edits.finish())
}

/// Whether a script is wrong only because it ends too early: another line may mend it.
pub fn is_incomplete(text: &str) -> bool {
    let first = complaint(text);
    // An error that stays whatever follows will not be mended.
    first.as_ref().is_some_and(|(_, at)| {
        *at as usize >= text.trim_end().len()
            || text.trim_end_matches('\n').ends_with('\\')
            || [")", "}", "]", "`", "0", "*/"].iter().any(|more| complaint(&format!("{text}{more}")) != first)
    })
}

/// The parser's first complaint and its place. What is wrong for other reasons than its form is complete.
fn complaint(text: &str) -> Option<(String, u32)> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, SourceType::script()).parse();
    let first = parsed.diagnostics.first()?;
    Some((first.message.to_string(), first.labels.first().map_or(0, |label| label.offset())))
}

fn body_of<'b, 'a>(program: &'b Program<'a>) -> Option<&'b [Statement<'a>]> {
    let [Statement::ExpressionStatement(only)] = program.body.as_slice() else { return None };
    let Expression::CallExpression(call) = &only.expression else { return None };
    let mut callee = &call.callee;
    while let Expression::ParenthesizedExpression(inner) = callee {
        callee = &inner.expression;
    }
    let Expression::ArrowFunctionExpression(arrow) = callee else { return None };
    match &arrow.body {
        ArrowFunctionBody::FunctionBody(body) => Some(&body.statements),
        _ => None,
    }
}

/// What is to be known before anything is changed.
#[derive(Default)]
struct Look {
    awaits: bool,
    returns: bool,
}

impl<'a> Visit<'a> for Look {
    fn visit_await_expression(&mut self, e: &AwaitExpression<'a>) {
        self.awaits = true;
        walk::walk_await_expression(self, e);
    }

    fn visit_for_of_statement(&mut self, s: &ForOfStatement<'a>) {
        self.awaits |= s.r#await;
        walk::walk_for_of_statement(self, s);
    }

    fn visit_return_statement(&mut self, _: &ReturnStatement<'a>) {
        self.returns = true;
    }

    // Functions have an `await` and a `return` of their own.
    fn visit_function(&mut self, _: &Function<'a>, _: ScopeFlags) {}
    fn visit_arrow_function_expression(&mut self, _: &ArrowFunctionExpression<'a>) {}
}

/// The names that a pattern binds.
#[derive(Default)]
struct Names(Vec<String>);

impl<'a> Visit<'a> for Names {
    fn visit_binding_identifier(&mut self, id: &BindingIdentifier<'a>) {
        self.0.push(id.name.to_string());
    }

    fn visit_function(&mut self, _: &Function<'a>, _: ScopeFlags) {}
    fn visit_arrow_function_expression(&mut self, _: &ArrowFunctionExpression<'a>) {}
    fn visit_class(&mut self, _: &Class<'a>) {}
}

struct Edits<'t> {
    text: &'t str,
    /// Declarations that stand before the function.
    hoisted: String,
    inserts: Vec<(u32, String)>,
    removed: Vec<Span>,
}

impl Edits<'_> {
    fn insert(&mut self, at: u32, text: impl Into<String>) {
        self.inserts.push((at, text.into()));
    }

    fn statement(&mut self, statement: &Statement<'_>, last: bool) {
        match statement {
            Statement::VariableDeclaration(d) => self.variables(d),
            Statement::FunctionDeclaration(f) => {
                if let Some(id) = &f.id {
                    self.hoisted.push_str(&format!("var {};", id.name));
                    self.insert(f.span.start, format!("globalThis.{0} = {0}; ", id.name));
                }
            }
            Statement::ClassDeclaration(c) => {
                if let Some(id) = &c.id {
                    self.hoisted.push_str(&format!("let {};", id.name));
                    self.insert(c.span.start, format!("{} = ", id.name));
                    self.insert(c.span.end, ";");
                }
            }
            Statement::ExpressionStatement(e) if last => {
                let span = e.expression.span();
                self.insert(span.start, "return { __proto__: null, value: (");
                self.insert(span.end, ") };");
            }
            _ => {}
        }
    }

    /// `const {a} = b, c` becomes `void ({a} = b, c = undefined)`.
    fn variables(&mut self, d: &VariableDeclaration<'_>) {
        let mut names = Names::default();
        d.declarations.iter().for_each(|one| names.visit_binding_pattern(&one.id));
        let kind = if d.kind == VariableDeclarationKind::Var { "var" } else { "let" };
        for name in names.0 {
            self.hoisted.push_str(&format!("{kind} {name};"));
        }
        let Some(first) = d.declarations.first() else { return };
        self.removed.push(Span::new(d.span.start, first.span.start));
        self.insert(first.span.start, "void (");
        for one in &d.declarations {
            if one.init.is_none() {
                self.insert(one.span.end, " = undefined");
            }
        }
        let end = d.declarations.last().map_or(d.span.end, |last| last.span.end);
        self.insert(end, ")");
    }

    fn finish(mut self) -> String {
        self.inserts.sort_by_key(|(at, _)| *at);
        let mut out = self.hoisted;
        let mut inserts = self.inserts.into_iter().peekable();
        for (i, c) in self.text.char_indices() {
            while let Some((_, text)) = inserts.next_if(|(at, _)| *at as usize <= i) {
                out.push_str(&text);
            }
            if !self.removed.iter().any(|span| (span.start as usize..span.end as usize).contains(&i)) {
                out.push(c);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{is_incomplete, with_top_level_await};

    fn check(text: &str, expected: &str) {
        let wanted = expected.replace('\n', " ");
        assert_eq!(
            with_top_level_await(text).map(|t| t.replace('\n', " ")).as_deref(),
            Some(&*wanted),
            "{text}"
        );
    }

    #[test]
    fn what_is_declared_outlives_the_function() {
        check("await x", "(async () => { return { __proto__: null, value: (await x) }; })()");
        check("let a = await 1, b", "let a;let b;(async () => { void (a = await 1, b = undefined) })()");
        check(
            "const {c, d: [e]} = await f; e",
            "let c;let e;(async () => { void ({c, d: [e]} = await f); return { __proto__: null, value: (e) }; })()",
        );
        check(
            "await 1; function g() {}",
            "var g;(async () => { await 1; globalThis.g = g; function g() {} })()",
        );
        check("await 1; class H {}", "let H;(async () => { await 1; H = class H {}; })()");
    }

    #[test]
    fn more_may_follow_or_not() {
        for text in [
            "f(\n",
            "function f() {\n",
            "`a\n",
            "/* x\n",
            "1 +\n",
            "[1,\n",
            "if (a)\n",
            "'a\\\n",
            "class A {\n b() {}\n",
        ] {
            assert!(is_incomplete(text), "{text}");
        }
        for text in [
            "foo bar\n",
            "'open\n",
            "/x\n",
            ")\n",
            "import x from 'fs'\n",
            "let a; let a\n",
            "1\n",
            "break\n",
        ] {
            assert!(!is_incomplete(text), "{text}");
        }
    }

    #[test]
    fn texts_without_await_are_left_alone() {
        for text in ["x", "async () => await 1", "await 1; return 2", "let = = await 1", "'await'"] {
            assert_eq!(with_top_level_await(text), None, "{text}");
        }
    }
}
