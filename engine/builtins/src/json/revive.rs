//! Revivers: the tree is walked from the leaves, and the function is told the source text of primitives that are still what the
//! text says (the proposal "JSON.parse source text access").

use super::parse::{Parser, Sink, Unit};
use crate::checks::count;
use looplab_vm::{Builder, Chars, Completion, Key, Local, Scope, Thrown};
use std::collections::HashMap;

/// What the text said about a value.
enum Record {
    /// Where a primitive stands in the text.
    Primitive(usize, usize),
    Array(Vec<Record>),
    /// By key in code units.
    Object(HashMap<Vec<u16>, Record>),
}

/// Deep trees are taken apart level by level: dropping must not use up the stack.
impl Drop for Record {
    fn drop(&mut self) {
        let mut left = Vec::new();
        self.empty_into(&mut left);
        while let Some(mut r) = left.pop() {
            r.empty_into(&mut left);
        }
    }
}

impl Record {
    fn empty_into(&mut self, out: &mut Vec<Record>) {
        match self {
            Record::Primitive(..) => {}
            Record::Array(list) => out.append(list),
            Record::Object(map) => out.extend(std::mem::take(map).into_values()),
        }
    }
}

/// The tree of records beside the tree of values.
struct Tee<'b, 'a> {
    values: &'b mut Builder<'a>,
    done: Vec<Record>,
    keys: Vec<Vec<u16>>,
    open: Vec<(usize, usize)>,
    start: usize,
}

impl Sink for Tee<'_, '_> {
    fn at(&mut self, start: usize) {
        self.start = start;
    }
    fn to(&mut self, end: usize) {
        self.done.push(Record::Primitive(self.start, end));
    }
    fn null(&mut self) {
        self.values.null();
    }
    fn bool(&mut self, b: bool) {
        self.values.bool(b);
    }
    fn int(&mut self, i: i32) {
        self.values.int(i);
    }
    fn number(&mut self, d: f64) {
        self.values.number(d);
    }
    fn string(&mut self, c: Chars<'_>) {
        Sink::string(&mut *self.values, c);
    }
    fn key(&mut self, c: Chars<'_>) {
        Sink::key(&mut *self.values, c);
        self.keys.push(c.to_units());
    }
    fn open(&mut self) {
        self.values.open();
        self.open.push((self.done.len(), self.keys.len()));
    }
    fn close_array(&mut self) {
        self.values.close_array();
        let (from, _) = self.open.pop().unwrap_or_default();
        let items = self.done.split_off(from);
        self.done.push(Record::Array(items));
    }
    fn close_object(&mut self) {
        self.values.close_object();
        let (from, keys) = self.open.pop().unwrap_or_default();
        let items = self.done.split_off(from);
        let map = self.keys.split_off(keys).into_iter().zip(items).collect();
        self.done.push(Record::Object(map));
    }
}

/// `JSON.parse(text, reviver)`
pub(super) fn parse_and_revive<'s>(s: &mut Scope<'s>, text: Local<'s>, reviver: Local<'s>) -> Completion<'s> {
    match s.chars(text) {
        Chars::Latin1(b) => {
            let b = b.to_vec();
            run(s, &b, reviver)
        }
        Chars::Utf16(u) => {
            let u = u.to_vec();
            run(s, &u, reviver)
        }
    }
}

fn run<'s, U: Unit>(s: &mut Scope<'s>, text: &[U], reviver: Local<'s>) -> Completion<'s> {
    let mut record = None;
    let parsed = s.build(|b| {
        let mut tee = Tee { values: b, done: Vec::new(), keys: Vec::new(), open: Vec::new(), start: 0 };
        Parser::new(text).run(&mut tee)?;
        record = tee.done.pop();
        Ok(())
    });
    let value = match parsed {
        Ok(v) => v,
        Err(e) => return Err(super::throw(s, text, e)),
    };
    let holder = s.new_object();
    let key: Key<'s> = s.atoms().empty.into();
    s.create_data_property(holder, key, value)?;
    let source_key = s.key("source");
    let copy = snapshot(s, value)?;
    let r = Reviver { text, reviver, source_key };
    r.visit(s, holder, key, record.as_ref(), copy)
}

/// The containers of the tree as they were: arrays of `[container, snapshots of its values…]`. The reviver may put others in their
/// places, and source text is for the original ones only.
fn snapshot<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Completion<'s> {
    s.check_native_stack()?;
    if !v.is_object() {
        return Ok(v);
    }
    let out = s.new_array(&[v]);
    if s.is_array(v)? {
        for i in 0..s.array_len(v) {
            s.nested(|x| {
                let (v, out) = (x.adopt(v), x.adopt(out));
                let e = x.fast_get(v, i);
                let c = snapshot(x, e)?;
                x.array_push(out, c);
                Ok(())
            })?;
        }
        return Ok(out);
    }
    let copies = s.new_object();
    for k in s.enumerable_own_keys(v)? {
        s.nested(|x| {
            let (v, copies, k) = (x.adopt(v), x.adopt(copies), x.adopt_key(k));
            let e = x.get(v, k)?;
            let c = snapshot(x, e)?;
            x.create_data_property(copies, k, c)
        })?;
    }
    s.array_push(out, copies);
    Ok(out)
}

struct Reviver<'a, 't, U> {
    text: &'t [U],
    reviver: Local<'a>,
    source_key: Key<'a>,
}

impl<U: Unit> Reviver<'_, '_, U> {
    /// InternalizeJSONProperty. `copy` is the snapshot of the value as parsed.
    fn visit<'s>(
        &self,
        s: &mut Scope<'s>,
        holder: Local<'s>,
        key: Key<'s>,
        record: Option<&Record>,
        copy: Local<'s>,
    ) -> Completion<'s> {
        s.check_native_stack()?;
        let v = s.get(holder, key)?;
        let context = s.new_object();
        if v.is_object() {
            let same = copy.is_object() && s.fast_get(copy, 0).is_identical(v);
            let record = record.filter(|_| same);
            if s.is_array(v)? {
                self.array(s, v, record, copy)?;
            } else {
                self.object(s, v, record, copy)?;
            }
        } else if let Some(Record::Primitive(from, to)) = record
            && !copy.is_object()
            && s.same_value(copy, v)
        {
            let source = s.str_chars(U::chars(&self.text[*from..*to]));
            let key = s.adopt_key(self.source_key);
            s.create_data_property(context, key, source)?;
        }
        let (f, k) = (s.adopt(self.reviver), s.key_to_value(key));
        s.call(f, holder, &[k, v, context])
    }

    fn array<'s>(
        &self,
        s: &mut Scope<'s>,
        v: Local<'s>,
        record: Option<&Record>,
        copy: Local<'s>,
    ) -> Result<(), Thrown> {
        let n = s.length_of(v)?;
        for i in 0..n {
            s.nested(|x| {
                let v = x.adopt(v);
                let sub = match record {
                    Some(Record::Array(items)) => items.get(i as usize),
                    _ => None,
                };
                let c = if sub.is_some() { x.fast_get(copy, i as u32 + 1) } else { x.undefined() };
                let index = count(x, i);
                let k = x.to_key(index)?;
                let new = self.visit(x, v, k, sub, c)?;
                replace(x, v, k, new)
            })?;
        }
        Ok(())
    }

    fn object<'s>(
        &self,
        s: &mut Scope<'s>,
        v: Local<'s>,
        record: Option<&Record>,
        copy: Local<'s>,
    ) -> Result<(), Thrown> {
        for k in s.enumerable_own_keys(v)? {
            s.nested(|x| {
                let (v, k) = (x.adopt(v), x.adopt_key(k));
                let mut sub = None;
                let mut c = x.undefined();
                if let Some(Record::Object(map)) = record {
                    let name = x.key_to_value(k);
                    sub = map.get(&x.chars(name).to_units());
                    if sub.is_some() {
                        let copies = x.fast_get(copy, 1);
                        c = x.get(copies, k)?;
                    }
                }
                let new = self.visit(x, v, k, sub, c)?;
                replace(x, v, k, new)
            })?;
        }
        Ok(())
    }
}

fn replace<'s>(s: &mut Scope<'s>, o: Local<'s>, k: Key<'s>, v: Local<'s>) -> Result<(), Thrown> {
    if v.is_undefined() {
        s.delete(o, k)?;
    } else {
        s.create_data_property(o, k, v)?;
    }
    Ok(())
}
