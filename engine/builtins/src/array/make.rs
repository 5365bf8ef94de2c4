//! The Array constructor and the functions on it.

use super::{array_create, put_new, set_length};
use crate::checks::{callable, count};
use looplab_vm::{Args, Class, Completion, Intrinsic, Local, Scope, Thrown};

/// `Array(...items)`, `new Array(length)`.
pub(super) fn array<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let nt = args.new_target();
    let plain = nt.is_undefined() || nt.is_identical(args.callee());
    if plain {
        return match length_argument(s, args)? {
            Some(n) => Ok(s.new_array_with_length(n)),
            None => Ok(s.new_array(&args.rest(0))),
        };
    }
    let a = s.create_from_constructor(nt, Class::Array, Intrinsic::ArrayPrototype)?;
    match length_argument(s, args)? {
        Some(n) => set_length(s, a, u64::from(n))?,
        None => args.rest(0).into_iter().for_each(|v| s.array_push(a, v)),
    }
    Ok(a)
}

/// The length, when the only argument is a number.
fn length_argument<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Result<Option<u32>, Thrown> {
    if args.len() != 1 {
        return Ok(None);
    }
    let Some(n) = args.get(0).as_number() else { return Ok(None) };
    if n == f64::from(n as u32) {
        return Ok(Some(n as u32));
    }
    Err(s.throw_range("Invalid array length"))
}

/// `Array.isArray(v)`
pub(super) fn is_array<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let yes = s.is_array(args.get(0))?;
    Ok(s.bool(yes))
}

/// `Array.of(...items)`
pub(super) fn of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = args.this();
    if !c.is_constructor() || c.is_identical(s.intrinsic(Intrinsic::Array)) {
        return Ok(s.new_array(&args.rest(0)));
    }
    let n = args.len() as u64;
    let nl = count(s, n);
    let a = s.construct(c, &[nl], c)?;
    for i in 0..n {
        put_new(s, a, i, args.get(i as usize))?;
    }
    set_length(s, a, n)?;
    Ok(a)
}

/// What `from` makes its results with, `new this()` or an array.
pub(super) fn construct_target<'s>(s: &mut Scope<'s>, c: Local<'s>, n: Option<u64>) -> Completion<'s> {
    if !c.is_constructor() || c.is_identical(s.intrinsic(Intrinsic::Array)) {
        return array_create(s, n.unwrap_or(0));
    }
    match n {
        Some(n) => {
            let n = count(s, n);
            s.construct(c, &[n], c)
        }
        None => s.construct(c, &[], c),
    }
}

/// `Array.from(items, map, thisArg)`
pub(super) fn from<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (c, items, this_arg) = (args.this(), args.get(0), args.get(2));
    let map = match args.get(1) {
        f if f.is_undefined() => None,
        f => Some(callable(s, f)?),
    };
    if items.is_nullish() {
        let t = crate::checks::call_site(s, items);
        let m = format!("{t} is not iterable (cannot read property Symbol(Symbol.iterator))");
        return Err(s.throw_type(&m));
    }
    let key = s.atoms().sym_iterator;
    let using = s.get_v(items, key)?;
    if using.is_nullish() {
        return from_array_like(s, c, items, map, this_arg);
    }
    if !using.is_callable() {
        let m = "%Array%.from requires that the property of the first argument, items[Symbol.iterator], when exists, be a function";
        return Err(s.throw_type(m));
    }
    let a = construct_target(s, c, None)?;
    let mut i = 0u64;
    s.iterate_with(items, using, |n, v| {
        let a = n.adopt(a);
        let v = match map {
            Some(f) => {
                let (f, t, k) = (n.adopt(f), n.adopt(this_arg), count(n, i));
                n.call(f, t, &[v, k])?
            }
            None => v,
        };
        put_new(n, a, i, v)?;
        i += 1;
        Ok(true)
    })?;
    set_length(s, a, i)?;
    Ok(a)
}

fn from_array_like<'s>(
    s: &mut Scope<'s>,
    c: Local<'s>,
    items: Local<'s>,
    map: Option<Local<'s>>,
    this_arg: Local<'s>,
) -> Completion<'s> {
    let o = s.to_object(items)?;
    let n = s.length_of(o)?;
    let a = construct_target(s, c, Some(n))?;
    for i in 0..n {
        s.nested(|x| {
            let (o, a) = (x.adopt(o), x.adopt(a));
            let mut v = super::get_index(x, o, i)?;
            if let Some(f) = map {
                let (f, t, k) = (x.adopt(f), x.adopt(this_arg), count(x, i));
                v = x.call(f, t, &[v, k])?;
            }
            put_new(x, a, i, v)
        })?;
    }
    set_length(s, a, n)?;
    Ok(a)
}
