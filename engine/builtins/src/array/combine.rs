//! concat, slice, join and the two toString methods.

use super::{MAX_LENGTH, element, get_index, put_new, set_length, species_create};
use crate::checks::{relative_index, this_object};
use crate::textbuf::TextBuf;
use looplab_vm::{Args, Completion, Intrinsic, Local, Scope, Thrown};

pub(super) fn concat<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.concat")?;
    let a = species_create(s, o, 0)?;
    let mut n = 0u64;
    for i in 0..=args.len() {
        let item = if i == 0 { o } else { args.get(i - 1) };
        n = s.nested(|x| {
            let (a, item) = (x.adopt(a), x.adopt(item));
            concat_one(x, a, n, item)
        })?;
    }
    set_length(s, a, n)?;
    Ok(a)
}

/// Puts an item, or what is in it, at `n`; gives the next place.
fn concat_one<'s>(s: &mut Scope<'s>, a: Local<'s>, n: u64, item: Local<'s>) -> Result<u64, Thrown> {
    if !is_concat_spreadable(s, item)? {
        if n >= MAX_LENGTH {
            return Err(s.throw_type("Invalid array length"));
        }
        put_new(s, a, n, item)?;
        return Ok(n + 1);
    }
    let len = s.length_of(item)?;
    if n + len > MAX_LENGTH {
        return Err(s.throw_type("Invalid array length"));
    }
    let fits = s.is_fast_array(item) && s.is_fluid_array(a) && u64::from(s.array_len(a)) == n;
    if fits && s.fast_append(a, item, 0, len as u32) {
        return Ok(n + len);
    }
    let mut i = 0;
    while i < len {
        i = s.nested(|x| {
            let (a, item) = (x.adopt(a), x.adopt(item));
            match element(x, item, i)? {
                Some(v) => put_new(x, a, n + i, v).map(|()| i + 1),
                // What isn't there is passed over at once: an object may say that it is very long.
                None => Ok(x.next_present(item, i + 1, len)),
            }
        })?;
    }
    Ok(n + len)
}

fn is_concat_spreadable<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<bool, Thrown> {
    if !v.is_object() {
        return Ok(false);
    }
    let key = s.atoms().sym_is_concat_spreadable;
    if !s.lacks_plainly(v, key) {
        let f = s.get(v, key)?;
        if !f.is_undefined() {
            return Ok(s.to_boolean(f));
        }
    }
    s.is_array(v)
}

pub(super) fn slice<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = this_object(s, args, "Array.prototype.slice")?;
    let n = s.length_of(o)?;
    let from = relative_index(s, args.get(0), n, 0)?;
    let to = relative_index(s, args.get(1), n, n)?.max(from);
    if s.is_species_fast_array(o) && to <= u64::from(s.array_len(o)) {
        return Ok(s.fast_slice(o, from as u32, to as u32));
    }
    let a = species_create(s, o, to - from)?;
    for i in from..to {
        s.nested(|x| {
            let (a, o) = (x.adopt(a), x.adopt(o));
            match element(x, o, i)? {
                Some(v) => put_new(x, a, i - from, v),
                None => Ok(()),
            }
        })?;
    }
    set_length(s, a, to - from)?;
    Ok(a)
}

pub(super) fn join<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    if n > u64::from(u32::MAX) {
        // As V8 refuses it.
        return Err(s.throw_type("Invalid array length"));
    }
    let sep = match args.get(0) {
        v if v.is_undefined() => s.str(","),
        v => s.to_string(v)?,
    };
    if n == 1 && s.is_fast_array(o) {
        // A string is its own text: one that was put together stays so, instead of being copied at each level of a deep tree.
        let v = s.fast_get(o, 0);
        if v.is_string() {
            return Ok(v);
        }
    }
    if s.is_fast_array(o)
        && u64::from(s.array_len(o)) == n
        && let Some(r) = s.fast_join(o, sep)
    {
        return Ok(r);
    }
    joined(s, o, n, sep, |s, v| s.to_string(v))
}

/// The elements' texts with a separator between; null, undefined and an object inside itself give nothing.
fn joined<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    n: u64,
    sep: Local<'s>,
    text: impl for<'n> Fn(&mut Scope<'n>, Local<'n>) -> Completion<'n>,
) -> Completion<'s> {
    s.check_native_stack()?;
    if !s.join_begin(o) {
        return Ok(s.str(""));
    }
    let mut out = TextBuf::default();
    let r = s.nested(|s| {
        let (o, sep) = (s.adopt(o), s.adopt(sep));
        elements_text(s, o, n, sep, &mut out, &text)
    });
    s.join_end();
    r?;
    out.finish(s)
}

fn elements_text<'s>(
    s: &mut Scope<'s>,
    o: Local<'s>,
    n: u64,
    sep: Local<'s>,
    out: &mut TextBuf,
    text: &impl for<'n> Fn(&mut Scope<'n>, Local<'n>) -> Completion<'n>,
) -> Result<(), Thrown> {
    let width = s.str_len(sep) as u64;
    let mut i = 0;
    while i < n {
        i = s.nested(|x| {
            let (o, sep) = (x.adopt(o), x.adopt(sep));
            if i > 0 {
                out.chars(x.chars(sep));
            }
            let v = get_index(x, o, i)?;
            let mut next = i + 1;
            if !v.is_nullish() {
                let t = text(x, v)?;
                out.chars(x.chars(t));
            } else if v.is_undefined() {
                next = x.next_present(o, next, n);
            }
            // Of elements that are not there only the separators in front of them remain.
            let gap = next - i - 1;
            if out.len() as u64 + width.saturating_mul(gap) > looplab_vm::MAX_LENGTH as u64 {
                return Err(x.throw_range("Invalid string length"));
            }
            for _ in 0..if width == 0 { 0 } else { gap } {
                out.chars(x.chars(sep));
            }
            Ok(next)
        })?;
    }
    Ok(())
}

pub(super) fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let key = s.atoms().join;
    let f = s.get(o, key)?;
    if f.is_callable() {
        return s.call(f, o, &[]);
    }
    let f = s.intrinsic(Intrinsic::ObjectProtoToString);
    s.call(f, o, &[])
}

pub(super) fn to_locale_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let n = s.length_of(o)?;
    let sep = s.str(",");
    let (locales, options) = (args.get(0), args.get(1));
    joined(s, o, n, sep, |x, v| {
        let key = x.key("toLocaleString");
        let (l, op) = (x.adopt(locales), x.adopt(options));
        let t = x.invoke(v, key, &[l, op])?;
        x.to_string(t)
    })
}
