//! How V8 writes an expression in a message such as "x.y is not a function": names and literals as they stand, calls as
//! `(...)`, and "(intermediate value)" for what has no short form. Only failing programs pay for this: the text of the one
//! expression is parsed again.

use oxc_allocator::Allocator;
use oxc_ast::ast::*;
use oxc_parser::Parser;
use oxc_span::SourceType;

const INTERMEDIATE: &str = "(intermediate value)";
/// Longer texts are not parsed again.
const MAX_TEXT: usize = 10_000;

/// The expression of this source text in V8's words; none when it can't be parsed by itself.
pub fn render_expression(text: &str) -> Option<String> {
    if text.len() > MAX_TEXT || crate::depth::stack_need(text).ok()? != 0 {
        return None;
    }
    let allocator = Allocator::default();
    // Outside of its function `await` may be a name: a module knows the operator, a script the name.
    let parse = |kind| Parser::new(&allocator, text, kind).parse_expression().ok();
    let e = parse(SourceType::mjs()).or_else(|| parse(SourceType::script()))?;
    let mut p = Printer { out: String::new() };
    p.expression(&e);
    Some(p.out)
}

struct Printer {
    out: String,
}

impl Printer {
    fn put(&mut self, s: &str) {
        self.out.push_str(s);
    }

    fn expression(&mut self, e: &Expression<'_>) {
        if let Some(n) = folded(e) {
            return self.put(&number(n));
        }
        match e {
            Expression::Identifier(i) => self.put(i.name.as_str()),
            Expression::ThisExpression(_) => self.put("this"),
            Expression::Super(_) => self.put("super"),
            Expression::NullLiteral(_) => self.put("null"),
            Expression::BooleanLiteral(b) => self.put(if b.value { "true" } else { "false" }),
            Expression::StringLiteral(s) => {
                let quoted = format!("\"{}\"", s.value.as_str());
                self.put(&quoted);
            }
            Expression::RegExpLiteral(r) => {
                let text = format!("/{}/{}", r.regex.pattern.text.as_str(), r.regex.flags);
                self.put(&text);
            }
            Expression::TemplateLiteral(t) => self.template(t),
            Expression::ParenthesizedExpression(p) => self.expression(&p.expression),
            Expression::StaticMemberExpression(m) => {
                self.expression(&m.object);
                self.put(if m.optional { "?." } else { "." });
                self.put(m.property.name.as_str());
            }
            Expression::ComputedMemberExpression(m) => self.computed(m),
            Expression::PrivateFieldExpression(m) => {
                self.expression(&m.object);
                self.put(if m.optional { "?.[#" } else { "[#" });
                self.put(m.field.name.as_str());
                self.put("]");
            }
            Expression::ChainExpression(c) => self.chain(&c.expression),
            Expression::CallExpression(c) => {
                self.expression(&c.callee);
                self.put(if c.optional { "?.(...)" } else { "(...)" });
            }
            Expression::TaggedTemplateExpression(t) => {
                self.expression(&t.tag);
                self.put("(...)");
            }
            Expression::NewExpression(_) => self.put(INTERMEDIATE),
            Expression::NewTarget(_) => self.put(".new.target"),
            Expression::ImportMeta(_) => self.put("import.meta"),
            Expression::AwaitExpression(a) => self.expression(&a.argument),
            Expression::ImportExpression(_) => self.put("import(...)"),
            _ => self.operation(e),
        }
    }

    fn operation(&mut self, e: &Expression<'_>) {
        match e {
            Expression::UnaryExpression(u) => {
                if let (UnaryOperator::LogicalNot, Some(n)) = (u.operator, folded(&u.argument)) {
                    return self.put(if n == 0.0 { "true" } else { "false" });
                }
                let space = if u.operator.is_keyword() { " " } else { "" };
                let head = format!("({}{space}", u.operator.as_str());
                self.put(&head);
                self.expression(&u.argument);
                self.put(")");
            }
            Expression::BinaryExpression(b) => self.infix(&b.left, b.operator.as_str(), &b.right),
            Expression::LogicalExpression(b) => self.infix(&b.left, b.operator.as_str(), &b.right),
            Expression::SequenceExpression(s) => {
                self.put("(");
                for (i, e) in s.expressions.iter().enumerate() {
                    self.put(if i == 0 { "" } else { " , " });
                    self.expression(e);
                }
                self.put(")");
            }
            Expression::UpdateExpression(u) => {
                let name = u.argument.get_identifier_name().unwrap_or(INTERMEDIATE);
                let op = u.operator.as_str();
                let text = if u.prefix { format!("({op}{name})") } else { format!("({name}{op})") };
                self.put(&text);
            }
            Expression::AssignmentExpression(a) => match &a.left {
                AssignmentTarget::AssignmentTargetIdentifier(i) => self.put(i.name.as_str()),
                _ => self.put(INTERMEDIATE),
            },
            Expression::ConditionalExpression(_) => (0..3).for_each(|_| self.put(INTERMEDIATE)),
            Expression::ObjectExpression(o) => {
                self.put("{");
                o.properties.iter().for_each(|_| self.put(INTERMEDIATE));
                self.put("}");
            }
            Expression::ArrayExpression(a) => self.array(a),
            _ => self.put(INTERMEDIATE),
        }
    }

    fn array(&mut self, a: &ArrayExpression<'_>) {
        self.put("[");
        for (i, e) in a.elements.iter().enumerate() {
            self.put(if i == 0 { "" } else { "," });
            match e {
                ArrayExpressionElement::SpreadElement(s) => {
                    self.put("(...");
                    self.expression(&s.argument);
                    self.put(")");
                }
                e => {
                    if let Some(e) = e.as_expression() {
                        self.expression(e);
                    }
                }
            }
        }
        self.put("]");
    }

    fn infix(&mut self, left: &Expression<'_>, op: &str, right: &Expression<'_>) {
        self.put("(");
        self.expression(left);
        self.put(" ");
        self.put(op);
        self.put(" ");
        self.expression(right);
        self.put(")");
    }

    /// Literal parts are not shown.
    fn template(&mut self, t: &TemplateLiteral<'_>) {
        match t.quasis.first() {
            Some(q) if t.expressions.is_empty() => {
                let quoted = format!("\"{}\"", q.value.cooked.as_ref().map_or("", |c| c.as_str()));
                self.put(&quoted);
            }
            _ => t.expressions.iter().for_each(|e| self.expression(e)),
        }
    }

    fn computed(&mut self, m: &ComputedMemberExpression<'_>) {
        self.expression(&m.object);
        let name = match &m.expression {
            Expression::StringLiteral(s) => Some(s.value.as_str()),
            Expression::TemplateLiteral(t) if t.expressions.is_empty() => {
                t.quasis.first().and_then(|q| q.value.cooked.as_ref()).map(|c| c.as_str())
            }
            _ => None,
        };
        if let Some(n) = name {
            self.put(if m.optional { "?." } else { "." });
            return self.put(n);
        }
        self.put(if m.optional { "?.[" } else { "[" });
        self.expression(&m.expression);
        self.put("]");
    }

    fn chain(&mut self, c: &ChainElement<'_>) {
        match c {
            ChainElement::CallExpression(c) => {
                self.expression(&c.callee);
                self.put(if c.optional { "?.(...)" } else { "(...)" });
            }
            ChainElement::StaticMemberExpression(m) => {
                self.expression(&m.object);
                self.put(if m.optional { "?." } else { "." });
                self.put(m.property.name.as_str());
            }
            ChainElement::ComputedMemberExpression(m) => self.computed(m),
            _ => self.put(INTERMEDIATE),
        }
    }
}

/// The value of arithmetic on literals, which V8's parser folds.
fn folded(e: &Expression<'_>) -> Option<f64> {
    match e {
        Expression::NumericLiteral(n) => Some(n.value),
        Expression::ParenthesizedExpression(p) => folded(&p.expression),
        Expression::UnaryExpression(u) => match u.operator {
            UnaryOperator::UnaryNegation => folded(&u.argument).map(|n| -n),
            UnaryOperator::UnaryPlus => folded(&u.argument),
            _ => None,
        },
        Expression::BinaryExpression(b) => {
            let (x, y) = (folded(&b.left)?, folded(&b.right)?);
            match b.operator {
                BinaryOperator::Addition => Some(x + y),
                BinaryOperator::Subtraction => Some(x - y),
                BinaryOperator::Multiplication => Some(x * y),
                BinaryOperator::Division => Some(x / y),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Numbers as JavaScript writes the ordinary ones.
fn number(n: f64) -> String {
    if n.is_infinite() {
        return if n > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    if n == 0.0 { "0".into() } else { n.to_string() }
}

#[cfg(test)]
mod tests {
    use super::render_expression;

    #[test]
    fn as_v8_writes_them() {
        let cases = [
            ("a.b", "a.b"),
            ("'lit'", "\"lit\""),
            ("(1, 2)", "(1 , 2)"),
            ("o['x'][5][k + 1]", "o.x[5][(k + 1)]"),
            ("(() => 1)()", "(intermediate value)(...)"),
            ("[...'ab', 1].nope", "[(...\"ab\"),1].nope"),
            ("({ a: 1 }).b", "{(intermediate value)}.b"),
            ("this.#p", "this[#p]"),
            ("a?.b.c", "a?.b.c"),
            ("typeof x", "(typeof x)"),
            ("1 + 2", "3"),
        ];
        for (text, shown) in cases {
            assert_eq!(render_expression(text).as_deref(), Some(shown), "{text}");
        }
    }
}
