//! `JSON.stringify`: plain objects are read through the layout of their shape, whose quoted keys are made once.

use crate::checks::count;
use crate::textbuf::TextBuf;
use looplab_vm::{Args, Chars, Class, Completion, Key, Layout, Local, MAX_LENGTH, Scope, Thrown, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// The longest indentation.
const MAX_GAP: usize = 10;
/// How many layouts are remembered at a time.
const MAX_LAYOUTS: usize = 256;

/// `JSON.stringify(value, replacer, space)`
pub(super) fn stringify<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let replacer = args.get(1);
    let mut function = None;
    let mut list = None;
    if replacer.is_callable() {
        function = Some(replacer);
    } else if replacer.is_object() && s.is_array(replacer)? {
        list = Some(Rc::new(property_list(s, replacer)?));
    }
    let gap = gap(s, args.get(2))?;
    let mut w = Writer {
        out: TextBuf::default(),
        function,
        list,
        gap,
        depth: 0,
        stack: Vec::new(),
        layouts: HashMap::default(),
        keys: s.new_array(&[]),
    };
    let holder = match function {
        Some(_) => {
            let h = s.new_object();
            let k = s.atoms().empty.into();
            s.create_data_property(h, k, args.get(0))?;
            h
        }
        None => s.undefined(),
    };
    let key = s.atoms().empty.into();
    if w.value(s, holder, At::Key(key), args.get(0))? {
        return w.out.finish(s);
    }
    Ok(s.undefined())
}

/// The keys that an array of names, numbers and their wrappers allows.
fn property_list<'s>(s: &mut Scope<'s>, a: Local<'s>) -> Result<Vec<Key<'s>>, Thrown> {
    let n = s.length_of(a)?;
    let mut keys: Vec<Key<'s>> = Vec::new();
    for i in 0..n {
        let k = s.integer_key(i);
        let v = s.get(a, k)?;
        if v.is_string() || v.is_number() || v.is_class(Class::String) || v.is_class(Class::Number) {
            let t = s.to_string(v)?;
            let k = s.to_key(t)?;
            if !keys.contains(&k) {
                keys.push(k);
            }
        }
    }
    Ok(keys)
}

/// The indentation of one level, in code units.
fn gap<'s>(s: &mut Scope<'s>, space: Local<'s>) -> Result<Vec<u16>, Thrown> {
    let mut v = space;
    if v.is_class(Class::Number) {
        let n = s.to_number(v)?;
        v = s.num(n);
    } else if v.is_class(Class::String) {
        v = s.to_string(v)?;
    }
    if v.is_number() {
        let n = s.to_integer_or_infinity(v)?.clamp(0.0, MAX_GAP as f64);
        return Ok(vec![0x20; n as usize]);
    }
    if v.is_string() {
        let c = s.chars(v);
        return Ok(c.slice(0, c.len().min(MAX_GAP)).to_units());
    }
    Ok(Vec::new())
}

/// Where a value stands in its holder.
#[derive(Clone, Copy)]
enum At<'s> {
    Index(u64),
    Key(Key<'s>),
}

/// The same, for the message about a cycle. Keys are kept alive by the frames that go through them.
#[derive(Clone, Copy)]
enum Step {
    Start,
    Index(u64),
    Name(Value),
    IndexName(u32),
}

/// What is known of a layout: its quoted keys with their colons.
struct Quoted {
    layout: Layout,
    keys: Vec<TextBuf>,
}

struct Writer<'a> {
    out: TextBuf,
    /// An array that keeps the keys of all layouts alive, also when nothing has such a layout any more.
    keys: Local<'a>,
    function: Option<Local<'a>>,
    list: Option<Rc<Vec<Key<'a>>>>,
    gap: Vec<u16>,
    depth: usize,
    /// The objects being written, with the step that led to each.
    stack: Vec<(Value, Step)>,
    /// By layout id; emptied after each collection, which may free a layout and give its id to another.
    layouts: HashMap<usize, Rc<Quoted>, std::hash::BuildHasherDefault<IdHasher>>,
}

/// Ids are addresses: spread out well enough by one multiplication.
#[derive(Default)]
struct IdHasher(u64);

impl std::hash::Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.write_usize(usize::from(b));
        }
    }
    fn write_usize(&mut self, i: usize) {
        self.0 = (self.0 ^ i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(20);
    }
}

impl Writer<'_> {
    /// SerializeJSONProperty: whether anything was written. `holder` matters only where there is a replacer function.
    fn value<'s>(
        &mut self,
        s: &mut Scope<'s>,
        holder: Local<'s>,
        at: At<'s>,
        value: Local<'s>,
    ) -> Result<bool, Thrown> {
        let mut v = value;
        if v.is_object() || v.is_bigint() {
            v = to_json(s, at, v)?;
        }
        if let Some(f) = self.function {
            let (f, k) = (s.adopt(f), key_value(s, at));
            v = s.call(f, holder, &[k, v])?;
        }
        if v.is_object() {
            match v.class() {
                Some(Class::Number) => {
                    let n = s.to_number(v)?;
                    v = s.num(n);
                }
                Some(Class::String) => v = s.to_string(v)?,
                Some(Class::Boolean | Class::BigInt) => v = s.internal(v, 0),
                Some(Class::Host) if super::is_raw(s, v) => {
                    let key = s.key("rawJSON");
                    let text = s.get(v, key)?;
                    self.out.chars(s.chars(text));
                    return Ok(true);
                }
                _ => {}
            }
        }
        if v.is_string() {
            quote(&mut self.out, s.chars(v));
        } else if let Some(n) = v.as_number() {
            if n.is_finite() {
                self.out.number(s, v);
            } else {
                self.out.latin1(b"null");
            }
        } else if v.is_null() {
            self.out.latin1(b"null");
        } else if let Some(b) = v.as_bool() {
            self.out.latin1(if b { b"true" } else { b"false" });
        } else if v.is_bigint() {
            return Err(s.throw_type("Do not know how to serialize a BigInt"));
        } else if v.is_object() && !v.is_callable() {
            self.container(s, at, v)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// An array or object: looks for cycles, and goes down.
    fn container<'s>(&mut self, s: &mut Scope<'s>, at: At<'s>, o: Local<'s>) -> Result<(), Thrown> {
        s.check_native_stack()?;
        let step = match at {
            At::Index(i) => Step::Index(i),
            At::Key(k) => match k.as_index() {
                Some(i) => Step::IndexName(i),
                None => Step::Name(s.key_to_value(k).value()),
            },
        };
        if let Some(i) = self.stack.iter().position(|e| e.0 == o.value()) {
            return Err(self.circular(s, i, step));
        }
        let step = if self.stack.is_empty() { Step::Start } else { step };
        self.stack.push((o.value(), step));
        self.depth += 1;
        if s.is_array(o)? {
            self.array(s, o)?
        } else {
            self.object(s, o)?
        }
        self.depth -= 1;
        self.stack.pop();
        if self.out.len() > MAX_LENGTH {
            return Err(s.throw_range("Invalid string length"));
        }
        Ok(())
    }

    fn new_line(&mut self) {
        if self.gap.is_empty() {
            return;
        }
        self.out.byte(b'\n');
        for _ in 0..self.depth {
            for &u in &self.gap {
                self.out.unit(u);
            }
        }
    }

    /// The closing bracket, on a line of its own when something stands before it.
    fn close(&mut self, bracket: u8, any: bool) {
        if any {
            self.depth -= 1;
            self.new_line();
            self.depth += 1;
        }
        self.out.byte(bracket);
    }

    fn array<'s>(&mut self, s: &mut Scope<'s>, a: Local<'s>) -> Result<(), Thrown> {
        let n = s.length_of(a)?;
        self.out.byte(b'[');
        for i in 0..n {
            if i > 0 {
                self.out.byte(b',');
            }
            self.new_line();
            s.nested(|x| {
                let a = x.adopt(a);
                let v = if i <= u64::from(u32::MAX) && x.is_fast_array(a) {
                    x.fast_get(a, i as u32)
                } else {
                    let k = x.integer_key(i);
                    x.get(a, k)?
                };
                if !self.value(x, a, At::Index(i), v)? {
                    self.out.latin1(b"null");
                }
                Ok(())
            })?;
            if self.out.len() > MAX_LENGTH {
                return Err(s.throw_range("Invalid string length"));
            }
        }
        self.close(b']', n > 0);
        Ok(())
    }

    fn object<'s>(&mut self, s: &mut Scope<'s>, o: Local<'s>) -> Result<(), Thrown> {
        self.out.byte(b'{');
        let mut any = false;
        if let Some(list) = self.list.clone() {
            for &k in list.iter() {
                let k = s.adopt_key(k);
                self.property(s, o, k, &mut any)?;
            }
        } else if let Some(q) = self.quoted(s, o) {
            self.by_layout(s, o, &q, &mut any)?;
        } else {
            for k in s.enumerable_own_keys(o)? {
                self.property(s, o, k, &mut any)?;
            }
        }
        self.close(b'}', any);
        Ok(())
    }

    /// The properties of an object of a known layout. Should it change on the way, the rest is read one by one.
    fn by_layout<'s>(
        &mut self,
        s: &mut Scope<'s>,
        o: Local<'s>,
        q: &Rc<Quoted>,
        any: &mut bool,
    ) -> Result<(), Thrown> {
        for i in 0..q.keys.len() {
            s.nested(|x| {
                let (o, k) = (x.adopt(o), q.layout.key(x, i));
                let Some(v) = x.layout_get(o, &q.layout, i) else { return self.property(x, o, k, any) };
                let before = self.begin_property(*any);
                self.out.append(&q.keys[i]);
                self.end_property(x, o, k, v, before, any)
            })?;
        }
        Ok(())
    }

    /// A property that is looked up by its key.
    fn property<'s>(
        &mut self,
        s: &mut Scope<'s>,
        o: Local<'s>,
        k: Key<'s>,
        any: &mut bool,
    ) -> Result<(), Thrown> {
        s.nested(|x| {
            let (o, k) = (x.adopt(o), x.adopt_key(k));
            let v = x.get(o, k)?;
            let before = self.begin_property(*any);
            let name = x.key_to_value(k);
            quote(&mut self.out, x.chars(name));
            self.out.latin1(if self.gap.is_empty() { b":" } else { b": " });
            self.end_property(x, o, k, v, before, any)
        })
    }

    /// What stands before a key; gives the length to go back to when the value turns out to be none.
    fn begin_property(&mut self, any: bool) -> usize {
        let before = self.out.len();
        if any {
            self.out.byte(b',');
        }
        self.new_line();
        before
    }

    fn end_property<'s>(
        &mut self,
        s: &mut Scope<'s>,
        o: Local<'s>,
        k: Key<'s>,
        v: Local<'s>,
        before: usize,
        any: &mut bool,
    ) -> Result<(), Thrown> {
        if self.value(s, o, At::Key(k), v)? {
            *any = true;
        } else {
            self.out.truncate(before);
        }
        Ok(())
    }

    /// The layout of an object with its keys quoted, if it has one.
    fn quoted<'s>(&mut self, s: &mut Scope<'s>, o: Local<'s>) -> Option<Rc<Quoted>> {
        let id = s.layout_id(o)?;
        if let Some(q) = self.layouts.get(&id) {
            if q.layout.is_current(s) {
                return Some(q.clone());
            }
            self.layouts.clear();
        }
        let layout = s.layout(o)?;
        let colon: &[u8] = if self.gap.is_empty() { b":" } else { b": " };
        let keys = (0..layout.len())
            .map(|i| {
                let mut t = TextBuf::default();
                let k = layout.key(s, i);
                let (name, keep) = (s.key_to_value(k), s.adopt(self.keys));
                s.array_push(keep, name);
                quote(&mut t, s.chars(name));
                t.latin1(colon);
                t
            })
            .collect();
        if self.layouts.len() >= MAX_LAYOUTS {
            self.layouts.clear();
        }
        let q = Rc::new(Quoted { layout, keys });
        self.layouts.insert(id, q.clone());
        Some(q)
    }

    /// The TypeError that shows the way from an object to itself: `from` is its place on the stack.
    fn circular(&mut self, s: &mut Scope<'_>, from: usize, last: Step) -> Thrown {
        let path = self.stack[from..].to_vec();
        let mut m = String::from(
            "Converting circular structure to JSON\n    --> starting at object with constructor ",
        );
        m.push_str(&constructor(s, path[0].0));
        let rest = &path[1..];
        for (i, (o, step)) in rest.iter().enumerate() {
            // Two lines at the beginning, one at the end; what is between is left out.
            if i >= 2 && i + 1 < rest.len() {
                if i == 2 {
                    m.push_str("\n    |     ...");
                }
                continue;
            }
            m.push_str("\n    |     ");
            m.push_str(&describe(s, *step));
            m.push_str(" -> object with constructor ");
            m.push_str(&constructor(s, *o));
        }
        m.push_str("\n    --- ");
        m.push_str(&describe(s, last));
        m.push_str(" closes the circle");
        s.throw_type(&m)
    }
}

fn constructor(s: &mut Scope<'_>, o: Value) -> String {
    let o = s.local(o);
    format!("'{}'", s.constructor_text(o))
}

fn describe(s: &mut Scope<'_>, step: Step) -> String {
    match step {
        Step::Start => String::new(),
        Step::Index(i) => format!("index {i}"),
        Step::IndexName(i) => format!("property '{i}'"),
        Step::Name(v) => {
            let l = s.local(v);
            let t = s.to_utf8_lossy(l);
            if t.is_empty() { "<anonymous>".into() } else { format!("property '{t}'") }
        }
    }
}

/// The key as `toJSON` and the replacer see it.
fn key_value<'s>(s: &mut Scope<'s>, at: At<'s>) -> Local<'s> {
    match at {
        At::Key(k) => s.key_to_value(k),
        At::Index(i) => {
            let n = count(s, i);
            match s.to_key(n) {
                Ok(k) => s.key_to_value(k),
                Err(_) => n,
            }
        }
    }
}

/// Calls `toJSON` where there is one.
fn to_json<'s>(s: &mut Scope<'s>, at: At<'s>, v: Local<'s>) -> Completion<'s> {
    let key = s.atoms().to_json;
    if v.is_object() && s.lacks_plainly(v, key) {
        return Ok(v);
    }
    let f = s.get_v(v, key)?;
    if !f.is_callable() {
        return Ok(v);
    }
    let k = key_value(s, at);
    s.call(f, v, &[k])
}

/// QuoteJSONString.
fn quote(out: &mut TextBuf, c: Chars<'_>) {
    out.byte(b'"');
    match c {
        Chars::Latin1(b) => {
            let mut rest = b;
            loop {
                let n = rest.iter().position(|&b| b < 0x20 || b == b'"' || b == b'\\').unwrap_or(rest.len());
                out.latin1(&rest[..n]);
                let Some(&b) = rest.get(n) else { break };
                escape(out, u16::from(b));
                rest = &rest[n + 1..];
            }
        }
        Chars::Utf16(u) => {
            let mut i = 0;
            while i < u.len() {
                let (c, next) = (u[i], u.get(i + 1).copied().unwrap_or(0));
                match c {
                    0xD800..=0xDBFF if (0xDC00..=0xDFFF).contains(&next) => {
                        out.units(&[c, next]);
                        i += 1;
                    }
                    0..=0x1F | 0x22 | 0x5C | 0xD800..=0xDFFF => escape(out, c),
                    _ => out.unit(c),
                }
                i += 1;
            }
        }
    }
    out.byte(b'"');
}

/// One unit that cannot stand for itself.
fn escape(out: &mut TextBuf, u: u16) {
    let short = match u {
        8 => b'b',
        9 => b't',
        10 => b'n',
        12 => b'f',
        13 => b'r',
        0x22 => b'"',
        0x5C => b'\\',
        _ => {
            out.latin1(format!("\\u{u:04x}").as_bytes());
            return;
        }
    };
    out.latin1(&[b'\\', short]);
}
