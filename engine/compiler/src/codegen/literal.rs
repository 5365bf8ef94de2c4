//! Literals: strings, BigInts, regular expressions, templates, arrays.

use super::Gen;
use super::builder::Reg;
use looplab_bytecode::{Const, Op, Text};
use oxc_ast::ast::*;
use oxc_span::GetSpan;

/// Decodes oxc's form of strings: with lone surrogates, U+FFFD is followed by four hex digits of the code unit.
pub(crate) fn decode(s: &str, lone_surrogates: bool) -> Text {
    if !lone_surrogates {
        return Text::new(s);
    }
    let mut units = Vec::with_capacity(s.len());
    let mut rest = s;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let escaped = (c == '\u{FFFD}').then(|| rest.get(..4)).flatten();
        match escaped.and_then(|h| u16::from_str_radix(h, 16).ok()) {
            Some(u) => {
                units.push(u);
                rest = &rest[4..];
            }
            None => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
        }
    }
    Text::from_units(&units)
}

impl<'a> Gen<'a> {
    pub(crate) fn load_string(&mut self, s: &StringLiteral<'a>, dst: Reg) {
        let k = match s.lone_surrogates {
            false => self.b.str_const(s.value.as_str()),
            true => self.b.constant(Const::Str(decode(s.value.as_str(), true))),
        };
        self.b.abx(Op::LoadConst, dst, k);
    }

    pub(crate) fn load_bigint(&mut self, n: &BigIntLiteral<'a>, dst: Reg) {
        let k = self.b.constant(Const::BigInt(n.value.to_string()));
        self.b.abx(Op::LoadConst, dst, k);
    }

    pub(crate) fn regexp(&mut self, r: &RegExpLiteral<'a>, dst: Reg) {
        let pattern = Text::new(r.regex.pattern.text.as_str());
        let flags = match &r.raw {
            Some(raw) => raw.as_str().rsplit('/').next().unwrap_or_default().to_string(),
            None => r.regex.flags.to_string(),
        };
        let k = self.b.constant(Const::RegExp { pattern, flags: Text::new(&flags) });
        self.b.at(r.span.start);
        self.b.abx(Op::NewRegExp, dst, k);
    }

    pub(crate) fn template_literal(&mut self, t: &TemplateLiteral<'a>, dst: Reg) {
        let cooked = |q: &TemplateElement<'a>| {
            decode(q.value.cooked.as_ref().map_or("", |c| c.as_str()), q.lone_surrogates)
        };
        if t.expressions.is_empty() {
            let text = t.quasis.first().map_or_else(|| Text::new(""), cooked);
            let k = self.b.constant(Const::Str(text));
            return self.b.abx(Op::LoadConst, dst, k);
        }
        let mark = self.b.next_reg;
        let mut base = None;
        let mut count = 0u32;
        for (i, q) in t.quasis.iter().enumerate() {
            let text = cooked(q);
            if !text.is_empty() {
                let r = self.b.alloc();
                base.get_or_insert(r);
                count += 1;
                let k = self.b.constant(Const::Str(text));
                self.b.abx(Op::LoadConst, r, k);
            }
            if let Some(e) = t.expressions.get(i) {
                let r = self.b.alloc();
                base.get_or_insert(r);
                count += 1;
                self.expr_to(e, r);
                self.b.at(e.span().start);
                self.b.abc(Op::ToStr, r, r, 0);
            }
        }
        if let Some(base) = base {
            self.b.at(t.span.start);
            if count == 1 {
                self.b.mov(dst, base);
            } else if count > 65_535 {
                self.b.failure = Some("template has too many parts");
            } else {
                self.b.abc(Op::Concat, dst, base, count as u16);
            }
        }
        self.b.free_to(mark);
    }

    /// R[dst] := the template object of a tagged template.
    pub(crate) fn template_object(&mut self, t: &TemplateLiteral<'a>, dst: Reg) {
        let parts = t
            .quasis
            .iter()
            .map(|q| {
                let cooked = q.value.cooked.as_ref().map(|c| decode(c.as_str(), q.lone_surrogates));
                // Carriage returns are line feeds in raw strings too.
                let raw = q.value.raw.as_str().replace("\r\n", "\n").replace('\r', "\n");
                (cooked, Text::new(&raw))
            })
            .collect();
        let k = self.b.constant(Const::Template(parts));
        self.b.abx(Op::GetTemplate, dst, k);
    }

    pub(crate) fn array(&mut self, a: &ArrayExpression<'a>, dst: Reg) {
        let mark = self.b.next_reg;
        let r = if self.b.is_scratch(dst) { dst } else { self.b.alloc() };
        self.b.abx(Op::NewArray, r, a.elements.len() as u32);
        for e in &a.elements {
            let inner = self.b.next_reg;
            match e {
                ArrayExpressionElement::SpreadElement(s) => self.spread_into(s, r, false),
                ArrayExpressionElement::Elision(_) => self.b.abx(Op::ArrayHole, r, 0),
                e => {
                    if let Some(e) = e.as_expression() {
                        let v = self.expr(e);
                        self.b.abc(Op::ArrayPush, r, v, 0);
                    }
                }
            }
            self.b.free_to(inner);
        }
        self.b.mov(dst, r);
        self.b.free_to(mark);
    }

    /// Appends a spread element to the fresh array R[array]; `argument`: it ends an argument list that has no other spread.
    pub(crate) fn spread_into(&mut self, s: &SpreadElement<'a>, array: Reg, argument: bool) {
        let v = self.expr(&s.argument);
        self.b.at(s.argument.span().start);
        self.b.blame(super::to_span(s.argument.span()));
        self.b.xabc(Op::ArraySpread, u8::from(argument), array, v, 0);
    }
}
