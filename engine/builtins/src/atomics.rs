//! Atomics (25.4) for a single agent: every operation is indivisible because nothing else runs.

use crate::arraybuffer::detached_error;
use looplab_vm::{
    Args, CONFIGURABLE, Class, Completion, ElementType, HostData, Intrinsic, Local, NativeFn, Scope, Thrown,
    Value, Visitor,
};

/// Makes `Atomics`.
pub fn install(s: &mut Scope<'_>) {
    let o = s.new_object();
    let methods: [(&str, u32, NativeFn); 9] = [
        ("load", 2, load),
        ("store", 3, store),
        ("add", 3, |s, a| modify(s, a, "add", u64::wrapping_add)),
        ("sub", 3, |s, a| modify(s, a, "sub", u64::wrapping_sub)),
        ("and", 3, |s, a| modify(s, a, "and", |x, y| x & y)),
        ("or", 3, |s, a| modify(s, a, "or", |x, y| x | y)),
        ("xor", 3, |s, a| modify(s, a, "xor", |x, y| x ^ y)),
        ("exchange", 3, |s, a| modify(s, a, "exchange", |_, y| y)),
        ("compareExchange", 4, compare_exchange),
    ];
    for (name, length, f) in methods {
        s.method(o, name, length, f);
    }
    s.method(o, "isLockFree", 1, is_lock_free);
    s.method(o, "wait", 4, wait);
    let list = waiter_list(s);
    for (name, length, f) in [("waitAsync", 4, wait_async as NativeFn), ("notify", 3, notify)] {
        let key = s.key(name);
        let f = s.function_with_data(key, length, f, list);
        s.define_hidden(o, key, f);
    }
    s.method(o, "pause", 0, pause);
    let tag = s.str("Atomics");
    s.define_with(o, s.atoms().sym_to_string_tag, tag, CONFIGURABLE);
    s.set_intrinsic(Intrinsic::Atomics, o);
    let (g, key) = (s.global_object(), s.key("Atomics"));
    s.define_hidden(g, key, o);
}

/// Waiters of `Atomics.waitAsync`, in the order in which they came: buffer, byte index, promise.
#[derive(Default)]
struct Waiters(Vec<(Value, usize, Value)>);

impl HostData for Waiters {
    fn trace(&self, v: &mut Visitor<'_>) {
        for w in &self.0 {
            v.visit(w.0);
            v.visit(w.2);
        }
    }
}

fn waiter_list<'s>(s: &mut Scope<'s>) -> Local<'s> {
    let null = s.null();
    let o = s.new_object_of(Class::Host, null);
    s.set_host_data(o, Box::new(Waiters::default()));
    o
}

/// A place that was checked.
#[derive(Clone, Copy)]
struct Place<'s> {
    array: Local<'s>,
    ty: ElementType,
    index: usize,
}

/// ValidateIntegerTypedArray and ValidateAtomicAccess.
fn place<'s>(s: &mut Scope<'s>, a: &Args<'s>, method: &str, waitable: bool) -> Result<Place<'s>, Thrown> {
    let array = a.get(0);
    let ty = s.typed_element_type(array);
    let fits = |ty: ElementType| {
        if waitable {
            matches!(ty, ElementType::Int32 | ElementType::BigInt64)
        } else {
            !ty.is_float() && ty != ElementType::Uint8Clamped
        }
    };
    let Some(ty) = ty.filter(|&ty| fits(ty)) else {
        let t = shown(s, array);
        let what = if waitable { "int32 or BigInt64" } else { "integer" };
        return Err(s.throw_type(&format!("{t} is not an {what} typed array.")));
    };
    let Some(len) = s.typed_len(array) else { return Err(detached_error(s, &format!("Atomics.{method}"))) };
    let index = s.to_index(a.get(1), "Invalid atomic access index")? as usize;
    if index >= len {
        return Err(s.throw_range("Invalid atomic access index"));
    }
    Ok(Place { array, ty, index })
}

/// A value as V8 names it in these errors.
fn shown<'s>(s: &mut Scope<'s>, v: Local<'s>) -> String {
    match s.typed_element_type(v) {
        Some(ty) => format!("[object {}]", ty.name()),
        None if v.is_class(Class::Array) => "[object Array]".into(),
        None => s.describe_value(v),
    }
}

/// The operand: the value to give back for `store`, and its bits.
fn operand<'s>(s: &mut Scope<'s>, p: Place<'s>, v: Local<'s>) -> Result<(Local<'s>, u64), Thrown> {
    let v = if p.ty.is_bigint() {
        let n = s.to_bigint(v)?;
        s.bigint(n)
    } else {
        let n = s.to_integer_or_infinity(v)?;
        s.num(n)
    };
    let e = s.to_element(p.ty, v)?;
    Ok((v, low_bits(p.ty, u64::from_le_bytes(p.ty.encode(e)))))
}

/// The bits that an element of this type has.
fn low_bits(ty: ElementType, bits: u64) -> u64 {
    if ty.size() == 8 { bits } else { bits & ((1 << (8 * ty.size())) - 1) }
}

/// The element's bits now; a TypeError when conversions took the array away.
fn read(s: &mut Scope<'_>, p: Place<'_>, method: &str) -> Result<u64, Thrown> {
    let at = p.index * p.ty.size();
    let mut raw = [0; 8];
    match s.view_bytes(p.array).and_then(|b| b.get(at..at + p.ty.size())) {
        Some(b) => raw[..b.len()].copy_from_slice(b),
        None => return Err(detached_error(s, &format!("Atomics.{method}"))),
    }
    Ok(u64::from_le_bytes(raw))
}

fn write(s: &mut Scope<'_>, p: Place<'_>, bits: u64) {
    let at = p.index * p.ty.size();
    if let Some(to) = s.view_bytes_mut(p.array).and_then(|b| b.get_mut(at..at + p.ty.size())) {
        to.copy_from_slice(&bits.to_le_bytes()[..p.ty.size()]);
    }
}

fn value_of<'s>(s: &mut Scope<'s>, p: Place<'s>, bits: u64) -> Local<'s> {
    match p.ty.read(&bits.to_le_bytes()) {
        Some(e) => s.element(p.ty, e),
        None => s.undefined(),
    }
}

fn load<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let p = place(s, a, "load", false)?;
    let bits = read(s, p, "load")?;
    Ok(value_of(s, p, bits))
}

fn store<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let p = place(s, a, "store", false)?;
    let (v, bits) = operand(s, p, a.get(2))?;
    read(s, p, "store")?;
    write(s, p, bits);
    Ok(v)
}

/// AtomicReadModifyWrite: gives the old value.
fn modify<'s>(s: &mut Scope<'s>, a: &Args<'s>, method: &str, f: fn(u64, u64) -> u64) -> Completion<'s> {
    let p = place(s, a, method, false)?;
    let (_, bits) = operand(s, p, a.get(2))?;
    let old = read(s, p, method)?;
    write(s, p, f(old, bits));
    Ok(value_of(s, p, old))
}

fn compare_exchange<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let p = place(s, a, "compareExchange", false)?;
    let (_, expected) = operand(s, p, a.get(2))?;
    let (_, new) = operand(s, p, a.get(3))?;
    let old = read(s, p, "compareExchange")?;
    if old == expected {
        write(s, p, new);
    }
    Ok(value_of(s, p, old))
}

fn is_lock_free<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let n = s.to_integer_or_infinity(a.get(0))?;
    Ok(s.bool([1.0, 2.0, 4.0, 8.0].contains(&n)))
}

/// What `wait` and `waitAsync` begin with: the place, whether the value is the expected one, the timeout in ms.
fn begin_wait<'s>(s: &mut Scope<'s>, a: &Args<'s>, method: &str) -> Result<(Place<'s>, bool, f64), Thrown> {
    let array = a.get(0);
    if s.typed_element_type(array).is_some_and(|ty| matches!(ty, ElementType::Int32 | ElementType::BigInt64))
    {
        let b = s.view_buffer(array);
        if !b.is_class(Class::SharedArrayBuffer) {
            let t = shown(s, array);
            return Err(s.throw_type(&format!("{t} is not a shared typed array.")));
        }
    }
    let p = place(s, a, method, true)?;
    let e = s.to_element(p.ty, a.get(2))?;
    let expected = low_bits(p.ty, u64::from_le_bytes(p.ty.encode(e)));
    let t = s.to_number(a.get(3))?;
    let timeout = if t.is_nan() { f64::INFINITY } else { t.max(0.0) };
    let equal = read(s, p, method)? == expected;
    Ok((p, equal, timeout))
}

/// `Atomics.wait`: no other agent exists to notify, so it can only run into its timeout.
fn wait<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let (_, equal, timeout) = begin_wait(s, a, "wait")?;
    if !equal {
        return Ok(s.str("not-equal"));
    }
    s.block_ms(timeout);
    Ok(s.str("timed-out"))
}

/// `Atomics.waitAsync`: a promise that `notify` resolves.
fn wait_async<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let (p, equal, timeout) = begin_wait(s, a, "waitAsync")?;
    let waits = equal && timeout > 0.0;
    if waits && timeout.is_finite() {
        return Err(s.throw_type("Atomics.waitAsync with a timeout is not supported"));
    }
    let value = if waits {
        let promise = s.new_promise();
        let at = s.view_info(p.array).map_or(0, |i| i.offset) + p.index * p.ty.size();
        let buffer = s.view_buffer(p.array);
        if let Some(w) = s.host_data_mut::<Waiters>(a.data()) {
            w.0.push((buffer.value(), at, promise.value()));
        }
        promise
    } else {
        s.str(if equal { "timed-out" } else { "not-equal" })
    };
    let o = s.new_object();
    let (is_async, key) = (s.bool(waits), s.key("async"));
    s.create_data_property(o, key, is_async)?;
    s.create_data_property(o, s.atoms().value.into(), value)?;
    Ok(o)
}

/// `Atomics.notify`: wakes at most `count` waiters of a place and says how many.
fn notify<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let p = place(s, a, "notify", true)?;
    let count = match a.get(2) {
        v if v.is_undefined() => f64::INFINITY,
        v => s.to_integer_or_infinity(v)?.max(0.0),
    };
    let at = s.view_info(p.array).map_or(0, |i| i.offset) + p.index * p.ty.size();
    let buffer = s.view_buffer(p.array).value();
    let mut woken = Vec::new();
    if let Some(w) = s.host_data_mut::<Waiters>(a.data()) {
        w.0.retain(|&(b, i, promise)| {
            let hit = b == buffer && i == at && (woken.len() as f64) < count;
            if hit {
                woken.push(promise);
            }
            !hit
        });
    }
    // Rooted before anything can run.
    let woken: Vec<Local<'s>> = woken.into_iter().map(|v| s.local(v)).collect();
    for &promise in &woken {
        let ok = s.str("ok");
        s.promise_resolve(promise, ok)?;
    }
    Ok(s.num(woken.len() as f64))
}

fn pause<'s>(s: &mut Scope<'s>, a: &Args<'s>) -> Completion<'s> {
    let n = a.get(0);
    if !n.is_undefined() && !n.as_number().is_some_and(|n| n.is_finite() && n.fract() == 0.0) {
        return Err(s.throw_type("Atomics.pause argument must be undefined or an integer"));
    }
    Ok(s.undefined())
}
