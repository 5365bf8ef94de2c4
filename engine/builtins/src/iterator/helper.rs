//! Iterator helpers: the lazy methods `map`, `filter`, `take`, `drop`, `flatMap`, and `%IteratorHelperPrototype%`.
//!
//! The specification describes a helper as a generator; here it is an object with its state.

use super::{flattenable, this_and_callback, this_iterator};
use crate::def;
use looplab_vm::{
    Args, Class, Completion, HostData, Intrinsic, IterRecord, Local, Scope, Thrown, Value, Visitor,
};

#[derive(Clone, Copy)]
enum Kind {
    Map,
    Filter,
    Take,
    Drop,
    FlatMap,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Suspended,
    Running,
    Done,
}

/// A helper's state.
#[derive(Clone, Copy)]
struct Helper {
    kind: Kind,
    state: State,
    iterator: Value,
    next: Value,
    /// The callback.
    f: Value,
    /// take, drop: how many are left. Others: the number of the next value.
    count: f64,
    /// flatMap: the iterator under way and its `next`.
    inner: Option<(Value, Value)>,
}

impl HostData for Helper {
    fn trace(&self, v: &mut Visitor<'_>) {
        for x in [self.iterator, self.next, self.f] {
            v.visit(x);
        }
        if let Some((a, b)) = self.inner {
            v.visit(a);
            v.visit(b);
        }
    }
}

pub(super) fn install<'s>(s: &mut Scope<'s>, p: Local<'s>) {
    s.method(p, "map", 1, |s, a| with_callback(s, a, Kind::Map, "map"));
    s.method(p, "filter", 1, |s, a| with_callback(s, a, Kind::Filter, "filter"));
    s.method(p, "take", 1, |s, a| with_limit(s, a, Kind::Take, "take"));
    s.method(p, "drop", 1, |s, a| with_limit(s, a, Kind::Drop, "drop"));
    s.method(p, "flatMap", 1, |s, a| with_callback(s, a, Kind::FlatMap, "flatMap"));
    let h = s.new_object_with_proto(p);
    s.set_intrinsic(Intrinsic::IteratorHelperPrototype, h);
    s.method(h, "next", 0, next);
    s.method(h, "return", 0, return_);
    def::tag(s, h, "Iterator Helper");
}

fn with_callback<'s>(s: &mut Scope<'s>, args: &Args<'s>, kind: Kind, name: &str) -> Completion<'s> {
    let (r, f) = this_and_callback(s, args, name)?;
    Ok(new_helper(s, kind, &r, f, 0.0))
}

fn with_limit<'s>(s: &mut Scope<'s>, args: &Args<'s>, kind: Kind, name: &str) -> Completion<'s> {
    let r = this_iterator(s, args, name)?;
    let n = match limit(s, args.get(0)) {
        Ok(n) => n,
        Err(t) => return Err(s.iterator_close_with(&r, t)),
    };
    let r = s.iterator_direct(r.iterator)?;
    let u = s.undefined();
    Ok(new_helper(s, kind, &r, u, n))
}

fn limit<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<f64, Thrown> {
    let n = s.to_number(v)?;
    if n.is_nan() || n.trunc() < 0.0 {
        let t = s.describe_value(v);
        return Err(s.throw_range(&format!("{t} must be positive")));
    }
    Ok(n.trunc())
}

fn new_helper<'s>(s: &mut Scope<'s>, kind: Kind, r: &IterRecord<'s>, f: Local<'s>, count: f64) -> Local<'s> {
    let proto = s.intrinsic(Intrinsic::IteratorHelperPrototype);
    let o = s.new_object_of(Class::Iterator, proto);
    let (iterator, next, f) = (r.iterator.value(), r.next.value(), f.value());
    s.set_host_data(o, Box::new(Helper { kind, state: State::Start, iterator, next, f, count, inner: None }));
    o
}

/// The helper's state as it is now; it must not be running.
fn take_helper<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Result<Helper, Thrown> {
    let Some(h) = s.host_data::<Helper>(args.this()).copied() else {
        let t = s.describe_value(args.this());
        return Err(s.throw_type(&format!(
            "Method Iterator Helper.prototype.{method} called on incompatible receiver {t}"
        )));
    };
    if h.state == State::Running {
        return Err(s.throw_type("Generator is already running"));
    }
    Ok(h)
}

fn update(s: &mut Scope<'_>, o: Local<'_>, f: impl FnOnce(&mut Helper)) {
    if let Some(h) = s.host_data_mut::<Helper>(o) {
        f(h);
    }
}

fn done<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let u = s.undefined();
    s.iter_result(u, true)
}

fn next<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.this();
    let h = take_helper(s, args, "next")?;
    if h.state == State::Done {
        return Ok(done(s));
    }
    update(s, o, |h| h.state = State::Running);
    let r = step(s, o, &h);
    let after = if matches!(r, Ok(Some(_))) { State::Suspended } else { State::Done };
    update(s, o, |h| h.state = after);
    match r? {
        Some(v) => Ok(s.iter_result(v, false)),
        None => Ok(done(s)),
    }
}

fn record<'s>(s: &mut Scope<'s>, pair: (Value, Value)) -> IterRecord<'s> {
    IterRecord { iterator: s.local(pair.0), next: s.local(pair.1) }
}

/// The next value, or none at the end.
fn step<'s>(s: &mut Scope<'s>, o: Local<'s>, h: &Helper) -> Result<Option<Local<'s>>, Thrown> {
    let r = record(s, (h.iterator, h.next));
    match h.kind {
        Kind::Map => {
            let Some(v) = s.iterator_step(&r)? else { return Ok(None) };
            call_back(s, o, h, &r, v, h.count).map(Some)
        }
        Kind::Filter => filter(s, o, h, &r),
        Kind::Take => {
            if h.count == 0.0 {
                s.iterator_close(&r)?;
                return Ok(None);
            }
            update(s, o, |h| h.count -= 1.0);
            s.iterator_step(&r)
        }
        Kind::Drop => {
            for _ in 0..skip_rounds(h.count) {
                let more = s.nested(|s| {
                    let r = IterRecord { iterator: s.adopt(r.iterator), next: s.adopt(r.next) };
                    s.iterator_step(&r).map(|v| v.is_some())
                })?;
                if !more {
                    return Ok(None);
                }
            }
            update(s, o, |h| h.count = 0.0);
            s.iterator_step(&r)
        }
        Kind::FlatMap => flat_map(s, o, h, &r),
    }
}

/// How often `drop` steps before its first value (infinitely often is as good as this many).
fn skip_rounds(count: f64) -> u64 {
    count as u64
}

/// `f(v, n)`; an error closes the iterator.
fn call_back<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    h: &Helper,
    r: &IterRecord<'s>,
    v: Local<'s>,
    n: f64,
) -> Completion<'s> {
    let (f, u, i) = (s.local(h.f), s.undefined(), s.num(n));
    let out = s.call(f, u, &[v, i]).map_err(|t| s.iterator_close_with(r, t))?;
    update(s, o, |h| h.count = n + 1.0);
    Ok(out)
}

fn filter<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    h: &Helper,
    r: &IterRecord<'s>,
) -> Result<Option<Local<'s>>, Thrown> {
    let mut n = h.count;
    let (mut end, mut wanted) = (false, false);
    loop {
        let found = s.escape(|s| {
            let (o, r) = (s.adopt(o), IterRecord { iterator: s.adopt(r.iterator), next: s.adopt(r.next) });
            let Some(v) = s.iterator_step(&r)? else {
                end = true;
                return Ok(s.undefined());
            };
            let yes = call_back(s, o, h, &r, v, n)?;
            wanted = s.to_boolean(yes);
            Ok(if wanted { v } else { s.undefined() })
        })?;
        if end {
            return Ok(None);
        }
        if wanted {
            return Ok(Some(found));
        }
        n += 1.0;
    }
}

fn flat_map<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    h: &Helper,
    r: &IterRecord<'s>,
) -> Result<Option<Local<'s>>, Thrown> {
    let mut n = h.count;
    let mut inner = h.inner.map(|p| record(s, p));
    loop {
        let i = match inner {
            Some(i) => i,
            None => {
                let Some(v) = s.iterator_step(r)? else { return Ok(None) };
                let mapped = call_back(s, o, h, r, v, n)?;
                n += 1.0;
                let i = flattenable(s, mapped, false, "Iterator.prototype.flatMap")
                    .map_err(|t| s.iterator_close_with(r, t))?;
                update(s, o, |h| h.inner = Some((i.iterator.value(), i.next.value())));
                i
            }
        };
        match s.iterator_step(&i) {
            Ok(Some(v)) => return Ok(Some(v)),
            Ok(None) => {
                inner = None;
                update(s, o, |h| h.inner = None);
            }
            Err(t) => return Err(s.iterator_close_with(r, t)),
        }
    }
}

fn return_<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.this();
    let h = take_helper(s, args, "return")?;
    if h.state == State::Done {
        return Ok(done(s));
    }
    // A helper that has not started is done at once; one that has is a running generator while it closes.
    let closing = if h.state == State::Start { State::Done } else { State::Running };
    update(s, o, |h| h.state = closing);
    let r = close(s, &h);
    update(s, o, |h| h.state = State::Done);
    r?;
    Ok(done(s))
}

fn close(s: &mut Scope<'_>, h: &Helper) -> Result<(), Thrown> {
    let r = record(s, (h.iterator, h.next));
    if let Some(p) = h.inner {
        let i = record(s, p);
        s.iterator_close(&i).map_err(|t| s.iterator_close_with(&r, t))?;
    }
    s.iterator_close(&r)
}
