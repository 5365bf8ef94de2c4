//! The old static properties: `RegExp.$1` … `$9`, `lastMatch`, `input` and their short names, from the last match of any
//! regular expression.

use super::matcher::UNSET;
use super::state;
use looplab_vm::{Args, CONFIGURABLE, Class, Completion, Global, Local, NativeFn, Scope};
use std::cell::RefCell;

/// The last match: its text (held by an object) and its captures.
pub(crate) struct LastMatch {
    holder: Global,
    caps: RefCell<Vec<u32>>,
}

impl LastMatch {
    /// No match yet.
    pub(crate) fn new(s: &mut Scope<'_>) -> LastMatch {
        let null = s.null();
        let o = s.new_object_of(Class::Host, null);
        let empty = s.str("");
        s.set_internal(o, 0, empty);
        s.set_internal(o, 1, empty);
        LastMatch { holder: s.global(o), caps: RefCell::new(vec![0, 0]) }
    }

    /// Remembers a match.
    pub(crate) fn record<'s>(&self, s: &mut Scope<'s>, text: Local<'s>, caps: &[u32]) {
        s.nested(|s| {
            let (o, text) = (s.open(self.holder), s.adopt(text));
            s.set_internal(o, 0, text);
            s.set_internal(o, 1, text);
        });
        let mut c = self.caps.borrow_mut();
        c.clear();
        c.extend_from_slice(&caps[..caps.len().min(20)]);
    }

    fn part<'s>(&self, s: &mut Scope<'s>, pick: impl Fn(&[u32], usize) -> (u32, u32)) -> Local<'s> {
        let o = s.open(self.holder);
        let text = s.internal(o, 0);
        let n = s.str_len(text);
        let (a, b) = pick(&self.caps.borrow(), n);
        if a == UNSET || b == UNSET { s.str("") } else { s.substring(text, a as usize, b as usize) }
    }
}

fn group<'s>(s: &mut Scope<'s>, i: usize) -> Completion<'s> {
    part(s, move |c, _| (c.get(2 * i).copied().unwrap_or(UNSET), c.get(2 * i + 1).copied().unwrap_or(UNSET)))
}

fn part<'s>(s: &mut Scope<'s>, pick: impl Fn(&[u32], usize) -> (u32, u32)) -> Completion<'s> {
    match state(s) {
        Some(st) => Ok(st.last.part(s, pick)),
        None => Ok(s.str("")),
    }
}

fn get_input<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    let Some(st) = state(s) else { return Ok(s.str("")) };
    let o = s.open(st.last.holder);
    Ok(s.internal(o, 1))
}

fn set_input<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = s.to_string(args.get(0))?;
    if let Some(st) = state(s) {
        let o = s.open(st.last.holder);
        s.set_internal(o, 1, t);
    }
    Ok(s.undefined())
}

/// Installs the properties.
pub(crate) fn install<'s>(s: &mut Scope<'s>, ctor: Local<'s>) {
    let last: NativeFn = |s, _| group(s, 0);
    let paren: NativeFn = |s, _| {
        part(s, |c, _| {
            let n = c.len() / 2;
            if n < 2 { (UNSET, UNSET) } else { (c[2 * n - 2], c[2 * n - 1]) }
        })
    };
    let left: NativeFn = |s, _| part(s, |c, _| (0, c[0]));
    let right: NativeFn = |s, _| part(s, |c, n| (c[1], n as u32));
    let groups: [(&str, NativeFn); 9] = [
        ("$1", |s, _| group(s, 1)),
        ("$2", |s, _| group(s, 2)),
        ("$3", |s, _| group(s, 3)),
        ("$4", |s, _| group(s, 4)),
        ("$5", |s, _| group(s, 5)),
        ("$6", |s, _| group(s, 6)),
        ("$7", |s, _| group(s, 7)),
        ("$8", |s, _| group(s, 8)),
        ("$9", |s, _| group(s, 9)),
    ];
    let named: [(&str, NativeFn); 8] = [
        ("lastMatch", last),
        ("$&", last),
        ("lastParen", paren),
        ("$+", paren),
        ("leftContext", left),
        ("$`", left),
        ("rightContext", right),
        ("$'", right),
    ];
    for (name, f) in groups.into_iter().chain(named) {
        define(s, ctor, name, f, |s, _| Ok(s.undefined()));
    }
    for name in ["input", "$_"] {
        define(s, ctor, name, get_input, set_input);
    }
}

fn define<'s>(s: &mut Scope<'s>, ctor: Local<'s>, name: &str, get: NativeFn, set: NativeFn) {
    let key = s.key(name);
    let (gn, sn) = (s.key(&format!("get {name}")), s.key(&format!("set {name}")));
    let (g, st) = (s.function(gn, 0, get), s.function(sn, 1, set));
    s.define_accessor(ctor, key, g, st, CONFIGURABLE);
}
