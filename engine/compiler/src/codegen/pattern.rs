//! Destructuring: binding patterns and assignment patterns.

use super::builder::{Label, Reg};
use super::expr::is_anonymous_function;
use super::member::is_index;
use super::unwind::Kind;
use super::{Gen, to_span};
use looplab_bytecode::Op;
use oxc_ast::ast::*;
use oxc_span::GetSpan;

/// A property key as code generation sees it.
pub(crate) enum Key<'k, 'a> {
    /// An ordinary name.
    Named(&'k str),
    /// Something to be computed (or an index).
    Expr(&'k Expression<'a>),
    /// `#x`.
    Private(&'k PrivateIdentifier<'a>),
}

/// Classifies a property key.
pub(crate) fn key_of<'k, 'a>(key: &'k PropertyKey<'a>) -> Option<Key<'k, 'a>> {
    match key {
        PropertyKey::StaticIdentifier(id) => Some(Key::Named(id.name.as_str())),
        PropertyKey::PrivateIdentifier(id) => Some(Key::Private(id)),
        other => {
            let e = other.as_expression()?;
            Some(match super::member::static_key(e) {
                Some(name) => Key::Named(name),
                None => Key::Expr(e),
            })
        }
    }
}

/// Registers of keys that object rest leaves out.
struct RestKeys {
    base: Reg,
    next: Reg,
}

impl<'a> Gen<'a> {
    /// Remembers the expression whose value is taken apart, for error messages.
    fn blame_destructuring(&mut self, e: &Expression<'a>) {
        self.destructured = Some(to_span(e.span()));
    }

    /// Evaluates what a pattern takes apart. A local variable that the pattern may assign on the way is copied.
    pub(crate) fn destructured_value(&mut self, e: &Expression<'a>, lexical: bool) -> Reg {
        let mut r = self.expr(e);
        let stable = match e {
            Expression::Identifier(id) => match self.resolved(id) {
                Some((v, _)) => lexical && !self.a.var(v).assigned,
                None => true,
            },
            _ => true,
        };
        if !stable && !self.b.is_scratch(r) {
            let t = self.b.alloc();
            self.b.mov(t, r);
            r = t;
        }
        self.blame_destructuring(e);
        r
    }

    /// Binds a pattern's names to the parts of R[value]. `lexical`: initialises let, const, class, parameters.
    pub(crate) fn bind_pattern(&mut self, p: &BindingPattern<'a>, value: Reg, lexical: bool) {
        let mark = self.b.next_reg;
        match p {
            BindingPattern::BindingIdentifier(id) => self.bind_ident(id, value, lexical),
            BindingPattern::AssignmentPattern(a) => {
                let t = self.b.alloc();
                self.b.mov(t, value);
                let name = match &a.left {
                    BindingPattern::BindingIdentifier(id) => id.name.as_str(),
                    _ => "",
                };
                self.default_value(&a.right, t, name);
                self.bind_pattern(&a.left, t, lexical);
            }
            BindingPattern::ObjectPattern(o) => self.object_pattern(o, value, lexical),
            BindingPattern::ArrayPattern(a) => self.array_pattern(a, value, lexical),
        }
        self.b.free_to(mark);
    }

    /// R[t] := the default when R[t] is undefined.
    fn default_value(&mut self, e: &Expression<'a>, t: Reg, name: &str) {
        let given = self.b.label();
        self.b.jump_if(Op::JumpIfNotUndef, t, given);
        self.named_expr_to(e, t, name);
        self.b.place(given);
    }

    /// Fails on null and undefined. V8 has words for it where the source is an expression; a part of another pattern without a
    /// default, and a first property with one, fail by being read.
    fn check_destructure(
        &mut self,
        value: Reg,
        first: Option<(&PropertyKey<'a>, u32)>,
        at: u32,
        by_reading: bool,
    ) {
        let named = first.is_some_and(|(k, _)| matches!(key_of(k), Some(Key::Named(_))));
        if by_reading && named {
            self.destructured = None;
            return;
        }
        let k = match first.and_then(|(k, _)| key_of(k)) {
            Some(Key::Named(n)) => self.b.str_const(n),
            _ => u32::MAX,
        };
        self.b.at(first.map_or(at, |(_, at)| at));
        if let Some(s) = self.destructured.take() {
            self.b.blame(s);
        }
        self.b.abx(Op::CheckDestructure, value, k);
    }

    fn object_pattern(&mut self, o: &ObjectPattern<'a>, value: Reg, lexical: bool) {
        let first = o.properties.first().map(|p| (&p.key, p.span.start));
        let defaulted =
            matches!(o.properties.first().map(|p| &p.value), Some(BindingPattern::AssignmentPattern(_)));
        let by_reading = defaulted || std::mem::take(&mut self.nested);
        self.check_destructure(value, first, o.span.start, by_reading);
        let mut rest = o.rest.as_ref().map(|_| self.rest_keys(o.properties.len()));
        for p in &o.properties {
            let mark = self.b.next_reg;
            // A plain local is read right into its register, unless a default comes in between.
            let own = match &p.value {
                BindingPattern::BindingIdentifier(id) if lexical => self.binding_reg(id).map(|(r, _)| r),
                _ => None,
            };
            let t = own.unwrap_or_else(|| self.b.alloc());
            self.get_part(&p.key, value, t, rest.as_mut());
            if own.is_none() {
                self.bind_part(&p.value, t, lexical);
            }
            self.b.free_to(mark);
        }
        if let (Some(r), Some(keys)) = (&o.rest, rest) {
            let t = self.copy_rest(value, &keys, r.span.start);
            self.bind_pattern(&r.argument, t, lexical);
        }
    }

    /// Like `bind_pattern`, but R[t] may be overwritten by a default.
    fn bind_part(&mut self, p: &BindingPattern<'a>, t: Reg, lexical: bool) {
        match p {
            BindingPattern::AssignmentPattern(a) => {
                let name = match &a.left {
                    BindingPattern::BindingIdentifier(id) => id.name.as_str(),
                    _ => "",
                };
                self.default_value(&a.right, t, name);
                self.blame_destructuring(&a.right);
                self.bind_pattern(&a.left, t, lexical);
                self.destructured = None;
            }
            p => {
                self.nested = matches!(p, BindingPattern::ObjectPattern(_));
                self.bind_pattern(p, t, lexical);
            }
        }
    }

    fn rest_keys(&mut self, n: usize) -> RestKeys {
        if n > 255 {
            self.b.failure = Some("object rest leaves out too many properties");
        }
        let base = self.b.alloc_n(n as u32);
        RestKeys { base, next: base }
    }

    fn copy_rest(&mut self, value: Reg, keys: &RestKeys, at: u32) -> Reg {
        let t = self.b.alloc();
        self.b.at(at);
        self.b.xabc(Op::CopyRest, (keys.next - keys.base) as u8, t, value, keys.base);
        t
    }

    /// R[t] := the property of R[value] under a pattern's key, which is kept for object rest.
    fn get_part(&mut self, key: &PropertyKey<'a>, value: Reg, t: Reg, rest: Option<&mut RestKeys>) {
        let at = key.span().start;
        let mark = self.b.next_reg;
        match key_of(key) {
            Some(Key::Named(n)) => {
                if let Some(r) = rest {
                    self.string_constant(n, r.next);
                    r.next += 1;
                }
                self.b.at(at);
                self.get_named(t, value, n);
            }
            Some(Key::Expr(e)) => {
                let k = match rest {
                    Some(r) => {
                        r.next += 1;
                        let k = r.next - 1;
                        self.expr_to(e, k);
                        self.b.at(at);
                        self.b.abc(Op::ToKey, k, k, 0);
                        k
                    }
                    None => self.expr(e),
                };
                self.b.at(at);
                self.b.abc(Op::GetElem, t, value, k);
            }
            _ => {}
        }
        self.b.free_to(mark);
    }

    /// Opens an iterator for array destructuring; `guarded`: something between its steps may fail.
    fn open_iterator(&mut self, value: Reg, at: u32, guarded: bool) -> (Reg, Option<(Label, Reg)>) {
        let iter = self.b.alloc_n(3);
        self.b.at(at);
        if let Some(s) = self.destructured.take() {
            self.b.at(s.start);
            // V8 names variables only here; for other sources it describes the value.
            let text = self.source.text.get(s.start as usize..s.end as usize).unwrap_or("");
            if text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
                && !text.starts_with(|c: char| c.is_ascii_digit())
            {
                self.b.blame(s);
            }
        }
        self.b.abc(Op::GetIter, iter, value, 0);
        let region = guarded.then(|| (self.b.label(), self.b.alloc()));
        if region.is_some() {
            self.push_control(Kind::Iter { iter, is_async: false }, region);
        }
        (iter, region)
    }

    fn finish_iterator(&mut self, iter: Reg, region: Option<(Label, Reg)>, at: u32) {
        if region.is_some() {
            self.pop_control();
        }
        self.b.at(at);
        self.b.abc(Op::IterClose, iter, 0, 0);
        if let Some((handler, exc)) = region {
            let end = self.b.label();
            self.b.jump(end);
            self.iterator_handler(iter, false, handler, exc);
            self.b.place(end);
        }
    }

    fn array_pattern(&mut self, a: &ArrayPattern<'a>, value: Reg, lexical: bool) {
        let simple = |p: &BindingPattern<'a>| matches!(p, BindingPattern::BindingIdentifier(_));
        let guarded =
            !a.elements.iter().flatten().all(simple) || a.rest.as_ref().is_some_and(|r| !simple(&r.argument));
        let (iter, region) = self.open_iterator(value, a.span.start, guarded);
        for e in &a.elements {
            let mark = self.b.next_reg;
            let own = match e {
                Some(BindingPattern::BindingIdentifier(id)) if lexical => {
                    self.binding_reg(id).map(|(r, _)| r)
                }
                _ => None,
            };
            let t = own.unwrap_or_else(|| self.b.alloc());
            self.b.at(a.span.start);
            self.b.abc(Op::IterStep, t, iter, 0);
            if let (Some(p), None) = (e, own) {
                self.bind_part(p, t, lexical);
            }
            self.b.free_to(mark);
        }
        if let Some(r) = &a.rest {
            let t = self.b.alloc();
            self.b.at(r.span.start);
            self.b.abc(Op::IterRest, t, iter, 0);
            self.bind_pattern(&r.argument, t, lexical);
        }
        self.finish_iterator(iter, region, a.span.start);
    }

    // ---- assignment patterns ----

    pub(crate) fn array_target(&mut self, p: &ArrayAssignmentTarget<'a>, value: Reg) {
        let (iter, region) = self.open_iterator(value, p.span.start, true);
        for e in &p.elements {
            let mark = self.b.next_reg;
            let (target, default) = match e {
                None => (None, None),
                Some(AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(d)) => {
                    (Some(&d.binding), Some(&d.init))
                }
                Some(other) => (other.as_assignment_target(), None),
            };
            let place = target.map(|t| self.prepare(t, &[]));
            let t = self.b.alloc();
            self.b.at(p.span.start);
            self.b.abc(Op::IterStep, t, iter, 0);
            if let Some(d) = default {
                self.default_value(d, t, target.map_or("", target_name));
            }
            if let (Some(place), Some(target)) = (place, target) {
                self.store(place, t, target.span().start);
            }
            self.b.free_to(mark);
        }
        if let Some(r) = &p.rest {
            let mark = self.b.next_reg;
            let place = self.prepare(&r.target, &[]);
            let t = self.b.alloc();
            self.b.at(r.span.start);
            self.b.abc(Op::IterRest, t, iter, 0);
            self.store(place, t, r.target.span().start);
            self.b.free_to(mark);
        }
        self.finish_iterator(iter, region, p.span.start);
    }

    pub(crate) fn object_target(&mut self, o: &ObjectAssignmentTarget<'a>, value: Reg) {
        let first = match o.properties.first() {
            Some(AssignmentTargetProperty::AssignmentTargetPropertyProperty(p)) => {
                Some((&p.name, p.span.start))
            }
            _ => None,
        };
        match o.properties.first() {
            Some(AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(p)) => {
                let k = self.b.str_const(p.binding.name.as_str());
                self.b.at(p.span.start);
                if let Some(s) = self.destructured.take() {
                    self.b.blame(s);
                }
                self.b.abx(Op::CheckDestructure, value, k);
            }
            _ => {
                let by_reading = std::mem::take(&mut self.nested);
                self.check_destructure(value, first, o.span.start, by_reading);
            }
        }
        let mut rest = o.rest.as_ref().map(|_| self.rest_keys(o.properties.len()));
        for p in &o.properties {
            let mark = self.b.next_reg;
            match p {
                AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(p) => {
                    let name = p.binding.name.as_str();
                    let at = p.binding.span.start;
                    let holder = self.is_dynamic(at).then(|| self.find_name(name, at));
                    let t = self.b.alloc();
                    if let Some(r) = &mut rest {
                        self.string_constant(name, r.next);
                        r.next += 1;
                    }
                    self.b.at(p.span.start);
                    self.get_named(t, value, name);
                    if let Some(d) = &p.init {
                        self.default_value(d, t, name);
                    }
                    match holder {
                        Some(h) => self.store_dynamic(h, name, t, at),
                        None => self.store_ident(&p.binding, t, at),
                    }
                }
                AssignmentTargetProperty::AssignmentTargetPropertyProperty(p) => {
                    self.property_target(p, value, rest.as_mut());
                }
            }
            self.b.free_to(mark);
        }
        if let (Some(r), Some(keys)) = (&o.rest, rest) {
            let place = self.prepare(&r.target, &[]);
            let t = self.copy_rest(value, &keys, r.span.start);
            self.store(place, t, r.target.span().start);
        }
    }

    fn property_target(
        &mut self,
        p: &AssignmentTargetPropertyProperty<'a>,
        value: Reg,
        rest: Option<&mut RestKeys>,
    ) {
        let (target, default) = match &p.binding {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(d) => (Some(&d.binding), Some(&d.init)),
            other => (other.as_assignment_target(), None),
        };
        // The key is evaluated before the target, the value is read after it.
        let t = self.b.alloc();
        if let (Some(Key::Expr(e)), None) = (key_of(&p.name), &rest)
            && !matches!(e, Expression::NumericLiteral(_) | Expression::StringLiteral(_))
        {
            let k = self.b.alloc();
            self.expr_to(e, k);
            self.b.at(e.span().start);
            self.b.abc(Op::ToKey, k, k, 0);
            let place = target.map(|t| self.prepare(t, &[]));
            self.b.at(e.span().start);
            self.b.abc(Op::GetElem, t, value, k);
            return self.finish_property(place, target, default, t);
        }
        let simple_key = !matches!(key_of(&p.name), Some(Key::Expr(_)));
        let early = if simple_key { target.map(|t| self.prepare(t, &[])) } else { None };
        self.get_part(&p.name, value, t, rest);
        let place = match early {
            Some(p) => Some(p),
            None => target.map(|t| self.prepare(t, &[])),
        };
        self.finish_property(place, target, default, t);
    }

    fn finish_property(
        &mut self,
        place: Option<super::assign::Target<'_, 'a>>,
        target: Option<&AssignmentTarget<'a>>,
        default: Option<&Expression<'a>>,
        t: Reg,
    ) {
        if let Some(d) = default {
            self.default_value(d, t, target.map_or("", target_name));
        }
        if let (Some(p), Some(target)) = (place, target) {
            self.store(p, t, target.span().start);
        }
    }

    /// A function value with a key known only at run time: gives it that name.
    pub(crate) fn name_by_key(&mut self, e: &Expression<'a>, f: Reg, key: Reg) {
        if is_anonymous_function(e) {
            self.b.xabc(Op::SetFuncName, 0, f, key, 0);
        }
    }
}

/// The name that a default function gets from its target.
fn target_name<'t>(t: &'t AssignmentTarget<'_>) -> &'t str {
    match t {
        AssignmentTarget::AssignmentTargetIdentifier(id) => id.name.as_str(),
        _ => "",
    }
}

/// Whether a static key is stored as an element.
pub(crate) fn is_element_key(name: &str) -> bool {
    is_index(name)
}
