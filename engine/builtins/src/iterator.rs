//! `Iterator` and the prototypes iterators inherit from: sections 27.1.2 to 27.1.4. Consuming methods are here, the lazy ones
//! in [`helper`], `%AsyncFromSyncIteratorPrototype%` in [`async_from_sync`].

mod async_from_sync;
mod helper;

use crate::def;
use looplab_vm::{
    Args, CONFIGURABLE, Class, Completion, HostData, Intrinsic, IterRecord, Key, Local, Name, Scope, Thrown,
    Value, Visitor,
};

/// Sets up `Iterator`, `%IteratorPrototype%`, `%AsyncIteratorPrototype%` and the wrappers.
pub fn install(s: &mut Scope<'_>) {
    let p = s.intrinsic(Intrinsic::IteratorPrototype);
    let undefined = s.undefined();
    let c = s.constructor("Iterator", 0, iterator, undefined);
    let key = s.atoms().prototype;
    s.define_with(c, key, p, 0);
    s.set_intrinsic(Intrinsic::Iterator, c);
    def::global(s, "Iterator", c);
    s.method(c, "from", 1, from);
    let key = s.atoms().constructor;
    weird_accessor(s, p, key, "constructor", get_constructor, set_constructor);
    s.method(p, "reduce", 1, reduce);
    s.method(p, "toArray", 0, to_array);
    s.method(p, "forEach", 1, for_each);
    s.method(p, "some", 1, some);
    s.method(p, "every", 1, every);
    s.method(p, "find", 1, find);
    helper::install(s, p);
    let (it, tag, dispose) = (s.atoms().sym_iterator, s.atoms().sym_to_string_tag, s.atoms().sym_dispose);
    def::symbol_method(s, p, it, 0, def::return_this);
    weird_accessor(s, p, tag, "[Symbol.toStringTag]", get_tag, set_tag);
    def::symbol_method(s, p, dispose, 0, dispose_iterator);
    install_wrapper(s, p);

    let p = s.intrinsic(Intrinsic::AsyncIteratorPrototype);
    let (it, dispose) = (s.atoms().sym_async_iterator, s.atoms().sym_async_dispose);
    def::symbol_method(s, p, it, 0, def::return_this);
    def::symbol_method(s, p, dispose, 0, async_from_sync::dispose);
    async_from_sync::install(s, p);
}

fn iterator<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let nt = args.new_target();
    if nt.is_undefined() {
        return Err(s.throw_type("Constructor Iterator requires 'new'"));
    }
    if nt.is_identical(args.callee()) {
        return Err(s.throw_type("Abstract class Iterator not directly constructable"));
    }
    s.create_from_constructor(nt, Class::Plain, Intrinsic::IteratorPrototype)
}

// ---- the two properties that older code assigns to on its own prototypes ----

fn weird_accessor<'s>(
    s: &mut Scope<'s>,
    p: Local<'s>,
    key: Name,
    name: &str,
    get: looplab_vm::NativeFn,
    set: looplab_vm::NativeFn,
) {
    let (g, t) = (s.key(&format!("get {name}")), s.key(&format!("set {name}")));
    let (g, t) = (s.function(g, 0, get), s.function(t, 1, set));
    s.define_accessor(p, key, g, t, CONFIGURABLE);
}

fn get_constructor<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(s.intrinsic(Intrinsic::Iterator))
}

fn get_tag<'s>(s: &mut Scope<'s>, _: &Args<'s>) -> Completion<'s> {
    Ok(s.str("Iterator"))
}

fn set_constructor<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let key = s.atoms().constructor;
    set_ignoring_prototype(s, args, key.into())
}

fn set_tag<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let key = s.atoms().sym_to_string_tag;
    set_ignoring_prototype(s, args, key.into())
}

/// SetterThatIgnoresPrototypeProperties.
fn set_ignoring_prototype<'s>(s: &mut Scope<'s>, args: &Args<'s>, key: Key<'s>) -> Completion<'s> {
    let this = args.this();
    if !this.is_object() {
        return Err(s.throw_type("Iterator.prototype setter called on non-object"));
    }
    if this.is_identical(s.intrinsic(Intrinsic::IteratorPrototype)) {
        let name = s.key_text(key);
        return Err(s.throw_type(&format!(
            "Cannot assign to read only property '{name}' of object '[object Object]'"
        )));
    }
    if s.get_own_property(this, key)?.is_none() {
        s.create_data_property_or_throw(this, key, args.get(0))?;
    } else {
        s.set(this, key, args.get(0))?;
    }
    Ok(s.undefined())
}

fn dispose_iterator<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let key = s.atoms().return_;
    if let Some(m) = s.get_method(args.this(), key)? {
        s.call(m, args.this(), &[])?;
    }
    Ok(s.undefined())
}

// ---- Iterator.from ----

/// What `Iterator.from` puts around iterators that don't inherit from `Iterator.prototype`.
struct Wrapped {
    iterator: Value,
    next: Value,
}

impl HostData for Wrapped {
    fn trace(&self, v: &mut Visitor<'_>) {
        v.visit(self.iterator);
        v.visit(self.next);
    }
}

fn install_wrapper<'s>(s: &mut Scope<'s>, parent: Local<'s>) {
    let p = s.new_object_with_proto(parent);
    s.set_intrinsic(Intrinsic::WrapForValidIteratorPrototype, p);
    s.method(p, "next", 0, |s, args| {
        let (iterator, next) = wrapped(s, args, "next")?;
        s.call(next, iterator, &[])
    });
    s.method(p, "return", 0, |s, args| {
        let (iterator, _) = wrapped(s, args, "return")?;
        let key = s.atoms().return_;
        match s.get_method(iterator, key)? {
            Some(m) => s.call(m, iterator, &[]),
            None => {
                let u = s.undefined();
                Ok(s.iter_result(u, true))
            }
        }
    });
}

fn wrapped<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Result<(Local<'s>, Local<'s>), Thrown> {
    let Some(w) = s.host_data::<Wrapped>(args.this()) else {
        let t = s.describe_value(args.this());
        return Err(s.throw_type(&format!(
            "Method %WrapForValidIteratorPrototype%.{method} called on incompatible receiver {t}"
        )));
    };
    let (iterator, next) = (w.iterator, w.next);
    Ok((s.local(iterator), s.local(next)))
}

/// GetIteratorFlattenable.
pub(crate) fn flattenable<'s>(
    s: &mut Scope<'s>,
    v: Local<'s>,
    strings: bool,
    what: &str,
) -> Result<IterRecord<'s>, Thrown> {
    if !(v.is_object() || strings && v.is_string()) {
        return Err(s.throw_type(&format!("{what} called on non-object")));
    }
    let key = s.atoms().sym_iterator;
    let Some(m) = s.get_method(v, key)? else { return s.iterator_direct(v) };
    let iterator = s.call(m, v, &[])?;
    if !iterator.is_object() {
        let t = s.describe_value(v);
        return Err(s.throw_type(&format!("{t} is not iterable")));
    }
    s.iterator_direct(iterator)
}

fn from<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = flattenable(s, args.get(0), true, "Iterator.from")?;
    let c = s.intrinsic(Intrinsic::Iterator);
    if s.ordinary_has_instance(c, r.iterator)? {
        return Ok(r.iterator);
    }
    let proto = s.intrinsic(Intrinsic::WrapForValidIteratorPrototype);
    let o = s.new_object_of(Class::Iterator, proto);
    s.set_host_data(o, Box::new(Wrapped { iterator: r.iterator.value(), next: r.next.value() }));
    Ok(o)
}

// ---- methods that consume ----

/// The receiver as an iterator whose `next` has not been asked for.
fn this_iterator<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Result<IterRecord<'s>, Thrown> {
    let it = args.this();
    if !it.is_object() {
        return Err(s.throw_type(&format!("Iterator.prototype.{method} called on non-object")));
    }
    Ok(IterRecord { iterator: it, next: s.undefined() })
}

/// The receiver and its callback; a wrong callback closes the iterator.
fn this_and_callback<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    method: &str,
) -> Result<(IterRecord<'s>, Local<'s>), Thrown> {
    let r = this_iterator(s, args, method)?;
    let f = args.get(0);
    if !f.is_callable() {
        let t = s.describe_without_source(f);
        let t = s.throw_type(&format!("{t} is not a function"));
        return Err(s.iterator_close_with(&r, t));
    }
    Ok((s.iterator_direct(r.iterator)?, f))
}

/// Calls `step` with each value and its number until it gives a result; an error closes the iterator.
fn walk<'s>(
    s: &mut Scope<'s>,
    r: &IterRecord<'s>,
    mut step: impl for<'n> FnMut(&mut Scope<'n>, Local<'n>, f64) -> Result<bool, Thrown>,
) -> Result<bool, Thrown> {
    let mut n = 0.0;
    loop {
        let stop = s.nested(|s| {
            let inner = IterRecord { iterator: s.adopt(r.iterator), next: s.adopt(r.next) };
            let Some(v) = s.iterator_step(&inner)? else { return Ok(None) };
            match step(s, v, n) {
                Ok(stop) => Ok(Some(stop)),
                Err(t) => Err(s.iterator_close_with(&inner, t)),
            }
        })?;
        match stop {
            None => return Ok(false),
            Some(true) => {
                s.iterator_close(r)?;
                return Ok(true);
            }
            Some(false) => n += 1.0,
        }
    }
}

/// `f(v, n)` as a boolean.
fn test<'s>(s: &mut Scope<'s>, f: Local<'_>, v: Local<'s>, n: f64) -> Result<bool, Thrown> {
    let (f, u, n) = (s.adopt(f), s.undefined(), s.num(n));
    let r = s.call(f, u, &[v, n])?;
    Ok(s.to_boolean(r))
}

fn for_each<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (r, f) = this_and_callback(s, args, "forEach")?;
    walk(s, &r, |s, v, n| test(s, f, v, n).map(|_| false))?;
    Ok(s.undefined())
}

fn some<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (r, f) = this_and_callback(s, args, "some")?;
    let found = walk(s, &r, |s, v, n| test(s, f, v, n))?;
    Ok(s.bool(found))
}

fn every<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (r, f) = this_and_callback(s, args, "every")?;
    let failed = walk(s, &r, |s, v, n| test(s, f, v, n).map(|b| !b))?;
    Ok(s.bool(!failed))
}

/// A value carried from one round of a loop to the next.
fn cell<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Local<'s> {
    def::record(s, &[v])
}

fn find<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (r, f) = this_and_callback(s, args, "find")?;
    let u = s.undefined();
    let found = cell(s, u);
    walk(s, &r, |s, v, n| {
        let hit = test(s, f, v, n)?;
        if hit {
            let found = s.adopt(found);
            s.set_internal(found, 0, v);
        }
        Ok(hit)
    })?;
    Ok(s.internal(found, 0))
}

fn to_array<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let r = this_iterator(s, args, "toArray")?;
    let r = s.iterator_direct(r.iterator)?;
    let out = s.new_array(&[]);
    walk(s, &r, |s, v, _| {
        let out = s.adopt(out);
        s.array_push(out, v);
        Ok(false)
    })?;
    Ok(out)
}

fn reduce<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (r, f) = this_and_callback(s, args, "reduce")?;
    let (mut first, start) = match args.len() {
        0 | 1 => match s.iterator_step(&r)? {
            Some(v) => (1.0, v),
            None => {
                return Err(s.throw_type("Reduce of a done iterator with no initial value"));
            }
        },
        _ => (0.0, args.get(1)),
    };
    let acc = cell(s, start);
    walk(s, &r, |s, v, _| {
        let (f, acc) = (s.adopt(f), s.adopt(acc));
        let (u, n, a) = (s.undefined(), s.num(first), s.internal(acc, 0));
        let a = s.call(f, u, &[a, v, n])?;
        s.set_internal(acc, 0, a);
        first += 1.0;
        Ok(false)
    })?;
    Ok(s.internal(acc, 0))
}
