//! What strings ask of regular expressions: Symbol.match, matchAll, replace, search and split (22.2.6.8 – 22.2.6.14).
//!
//! Each follows the specification through `exec` and properties, unless the object is untouched; then the program is run
//! directly, which gives the same.

use super::program::Program;
use super::{capture, groups_object, is_pristine, program, regexp_exec, run, set_last_index};
use crate::string::{GetSubstitution, expand_template};
use crate::text::{TextBuf, check_length, code_point_at, symbol_method, tag};
use looplab_vm::{Args, Chars, Class, Completion, Intrinsic, Local, Scope, Thrown};

/// Installs the methods and the iterator prototype of matchAll.
pub fn install<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    let a = s.atoms();
    let names = [a.sym_match, a.sym_match_all, a.sym_replace, a.sym_search, a.sym_split];
    symbol_method(s, proto, names[0], 1, match_);
    symbol_method(s, proto, names[1], 1, match_all);
    symbol_method(s, proto, names[2], 2, replace);
    symbol_method(s, proto, names[3], 1, search);
    symbol_method(s, proto, names[4], 2, split);
    let base = s.intrinsic(Intrinsic::IteratorPrototype);
    let it = s.new_object_with_proto(base);
    s.set_intrinsic(Intrinsic::RegExpStringIteratorPrototype, it);
    s.method(it, "next", 0, iterator_next);
    tag(s, it, "RegExp String Iterator");
}

fn receiver<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Completion<'s> {
    let this = args.this();
    if this.is_object() {
        return Ok(this);
    }
    let t = s.describe_value(this);
    Err(s.throw_type(&format!("Method RegExp.prototype.{method} called on incompatible receiver {t}")))
}

/// The flags property as text.
fn flags_text<'s>(s: &mut Scope<'s>, rx: Local<'s>) -> Result<String, Thrown> {
    let key = s.atoms().flags;
    let f = s.get(rx, key)?;
    s.to_text(f)
}

/// AdvanceStringIndex.
fn advance<'s>(s: &mut Scope<'s>, text: Local<'s>, i: usize, unicode: bool) -> usize {
    if !unicode || i >= s.str_len(text) {
        return i + 1;
    }
    i + code_point_at(s.chars(text), i).1
}

/// `rx.lastIndex = AdvanceStringIndex(rx.lastIndex)`, after an empty match.
fn bump<'s>(s: &mut Scope<'s>, rx: Local<'s>, text: Local<'s>, unicode: bool) -> Result<(), Thrown> {
    let key = s.atoms().last_index;
    let v = s.get(rx, key)?;
    let at = s.to_length(v)?;
    let next = if at < s.str_len(text) as u64 {
        advance(s, text, at as usize, unicode) as f64
    } else {
        (at + 1) as f64
    };
    let v = s.num(next);
    s.set(rx, key, v)
}

/// Walks all matches of an untouched global expression: `f` gets the captures of each. lastIndex is 0 afterwards, as the
/// specification's loop leaves it.
fn each_match<'s>(
    s: &mut Scope<'s>,
    rx: Local<'s>,
    text: Local<'s>,
    p: &Program,
    mut f: impl FnMut(&mut Scope<'s>, &[u32]) -> Result<(), Thrown>,
) -> Result<(), Thrown> {
    set_last_index(s, rx, 0)?;
    let len = s.str_len(text);
    let unicode = p.flags.full_unicode();
    let mut caps = Vec::with_capacity(p.groups * 2);
    let mut at = 0;
    while at <= len && run(s, rx, text, at, p.flags.sticky, &mut caps)? {
        f(s, &caps)?;
        let (start, end) = (caps[0] as usize, caps[1] as usize);
        at = if start == end { advance(s, text, end, unicode) } else { end };
    }
    Ok(())
}

// ---- match ----

fn match_<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rx = receiver(s, args, "@@match")?;
    let text = s.to_string(args.get(0))?;
    if is_pristine(s, rx) {
        let p = program(s, rx, "@@match")?;
        if !p.flags.global {
            return regexp_exec(s, rx, text);
        }
        let out = s.new_array(&[]);
        each_match(s, rx, text, &p, |s, caps| {
            let (a, b) = (caps[0] as usize, caps[1] as usize);
            s.nested(|s| {
                let (out, text) = (s.adopt(out), s.adopt(text));
                let v = s.substring(text, a, b);
                s.array_push(out, v);
            });
            Ok(())
        })?;
        return Ok(if s.array_len(out) == 0 { s.null() } else { out });
    }
    let flags = flags_text(s, rx)?;
    if !flags.contains('g') {
        return regexp_exec(s, rx, text);
    }
    let unicode = flags.contains(['u', 'v']);
    let zero = s.int(0);
    let key = s.atoms().last_index;
    s.set(rx, key, zero)?;
    let out = s.new_array(&[]);
    loop {
        let r = regexp_exec(s, rx, text)?;
        if r.is_null() {
            return Ok(if s.array_len(out) == 0 { s.null() } else { out });
        }
        let m = s.get(r, looplab_vm::Key::index(0))?;
        let m = s.to_string(m)?;
        s.array_push(out, m);
        if s.str_len(m) == 0 {
            bump(s, rx, text, unicode)?;
        }
    }
}

fn match_all<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rx = receiver(s, args, "@@matchAll")?;
    let text = s.to_string(args.get(0))?;
    let c = s.species_constructor(rx, Intrinsic::RegExp)?;
    let flags = flags_text(s, rx)?;
    let f = s.str(&flags);
    let matcher = s.construct(c, &[rx, f], c)?;
    let key = s.atoms().last_index;
    let last = s.get(rx, key)?;
    let last = s.to_length(last)?;
    let last = s.num(last as f64);
    s.set(matcher, key, last)?;
    let proto = s.intrinsic(Intrinsic::RegExpStringIteratorPrototype);
    let it = s.new_object_of(Class::Iterator, proto);
    s.set_internal(it, 0, matcher);
    s.set_internal(it, 1, text);
    let mode = i32::from(flags.contains('g')) | i32::from(flags.contains(['u', 'v'])) << 1;
    let mode = s.int(mode);
    s.set_internal(it, 2, mode);
    Ok(it)
}

/// %RegExpStringIteratorPrototype%.next. Internal values: 0 the expression (undefined when done), 1 the text, 2 global (1) and
/// unicode (2).
fn iterator_next<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let it = args.this();
    let ours = it.is_class(Class::Iterator) && {
        let (text, mode) = (s.internal(it, 1), s.internal(it, 2));
        text.is_string() && mode.as_int().is_some()
    };
    if !ours {
        let t = s.describe_value(it);
        return Err(s.throw_type(&format!(
            "Method %RegExpStringIterator%.prototype.next called on incompatible receiver {t}"
        )));
    }
    let (rx, text) = (s.internal(it, 0), s.internal(it, 1));
    let u = s.undefined();
    if rx.is_undefined() {
        return Ok(s.iter_result(u, true));
    }
    let mode = s.internal(it, 2).as_int().unwrap_or(0);
    let r = regexp_exec(s, rx, text)?;
    if r.is_null() {
        s.set_internal(it, 0, u);
        return Ok(s.iter_result(u, true));
    }
    if mode & 1 == 0 {
        s.set_internal(it, 0, u);
        return Ok(s.iter_result(r, false));
    }
    let m = s.get(r, looplab_vm::Key::index(0))?;
    let m = s.to_string(m)?;
    if s.str_len(m) == 0 {
        bump(s, rx, text, mode & 2 != 0)?;
    }
    Ok(s.iter_result(r, false))
}

// ---- search ----

fn search<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rx = receiver(s, args, "@@search")?;
    let text = s.to_string(args.get(0))?;
    if is_pristine(s, rx) {
        let p = program(s, rx, "@@search")?;
        let mut caps = Vec::with_capacity(p.groups * 2);
        let found = run(s, rx, text, 0, p.flags.sticky, &mut caps)?;
        return Ok(s.int(if found { caps[0] as i32 } else { -1 }));
    }
    let key = s.atoms().last_index;
    let before = s.get(rx, key)?;
    let zero = s.int(0);
    if !s.same_value(before, zero) {
        s.set(rx, key, zero)?;
    }
    let r = regexp_exec(s, rx, text)?;
    let now = s.get(rx, key)?;
    if !s.same_value(now, before) {
        s.set(rx, key, before)?;
    }
    if r.is_null() {
        return Ok(s.int(-1));
    }
    let key = s.atoms().index;
    s.get(r, key)
}

// ---- replace ----

fn replace<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rx = receiver(s, args, "@@replace")?;
    let text = s.to_string(args.get(0))?;
    let by = args.get(1);
    let by = if by.is_callable() { by } else { s.to_string(by)? };
    if is_pristine(s, rx) {
        let p = program(s, rx, "@@replace")?;
        return replace_fast(s, rx, text, by, &p);
    }
    replace_slow(s, rx, text, by)
}

fn pairs(caps: &[u32]) -> Vec<Option<(usize, usize)>> {
    caps.chunks_exact(2)
        .map(|c| (c[0] != u32::MAX && c[1] != u32::MAX).then_some((c[0] as usize, c[1] as usize)))
        .collect()
}

fn replace_fast<'s>(
    s: &mut Scope<'s>,
    rx: Local<'s>,
    text: Local<'s>,
    by: Local<'s>,
    p: &Program,
) -> Completion<'s> {
    let len = s.str_len(text);
    let mut out: Option<TextBuf> = None;
    let mut end = 0;
    let plain = by.is_string()
        && match s.chars(by) {
            Chars::Latin1(b) => !b.contains(&b'$'),
            Chars::Utf16(u) => !u.contains(&0x24),
        };
    let mut one = |s: &mut Scope<'s>, caps: &[u32]| -> Result<(), Thrown> {
        let out = out.get_or_insert_with(|| TextBuf::with_capacity(len + len / 8));
        out.push(s.chars(text).slice(end, caps[0] as usize));
        end = caps[1] as usize;
        if plain {
            out.push(s.chars(by));
        } else if by.is_string() {
            push_template(s, out, text, by, p, caps);
        } else {
            push_call(s, out, text, by, p, caps)?;
        }
        check_length(s, out.len())
    };
    if p.flags.global {
        each_match(s, rx, text, p, one)?;
    } else {
        let mut caps = Vec::with_capacity(p.groups * 2);
        if super::builtin_match(s, rx, text, p.flags, &mut caps)? {
            one(s, &caps)?;
        }
    }
    match out {
        None => Ok(text),
        Some(mut out) => {
            out.push(s.chars(text).slice(end, len));
            out.finish(s)
        }
    }
}

/// The replacement template of one match.
fn push_template<'s>(
    s: &mut Scope<'s>,
    out: &mut TextBuf,
    text: Local<'s>,
    by: Local<'s>,
    p: &Program,
    caps: &[u32],
) {
    let pairs = pairs(caps);
    let (t, template) = s.chars2(text, by);
    let look = |name: Chars<'_>| {
        let (_, numbers) = p.names.iter().find(|(n, _)| name.equals(Chars::Utf16(n)))?;
        numbers.iter().find_map(|&n| pairs[n as usize])
    };
    let named: Option<&crate::string::FindGroup<'_>> = if p.names.is_empty() { None } else { Some(&look) };
    expand_template(out, template, &GetSubstitution { text: t, caps: &pairs, named });
}

/// The replacement function's answer for one match.
fn push_call<'s>(
    s: &mut Scope<'s>,
    out: &mut TextBuf,
    text: Local<'s>,
    by: Local<'s>,
    p: &Program,
    caps: &[u32],
) -> Result<(), Thrown> {
    s.nested(|s| {
        let (by, text) = (s.adopt(by), s.adopt(text));
        let mut args: Vec<Local<'_>> = (0..p.groups).map(|i| capture(s, text, caps, i)).collect();
        args.push(s.int(caps[0] as i32));
        args.push(text);
        if !p.names.is_empty() {
            args.push(groups_object(s, p, |s, n| capture(s, text, caps, n))?);
        }
        let u = s.undefined();
        let r = s.call(by, u, &args)?;
        let r = s.to_string(r)?;
        out.push(s.chars(r));
        Ok(())
    })
}

/// The specification's way.
fn replace_slow<'s>(s: &mut Scope<'s>, rx: Local<'s>, text: Local<'s>, by: Local<'s>) -> Completion<'s> {
    let flags = flags_text(s, rx)?;
    let global = flags.contains('g');
    let unicode = flags.contains(['u', 'v']);
    let key = s.atoms().last_index;
    if global {
        let zero = s.int(0);
        s.set(rx, key, zero)?;
    }
    let mut results = Vec::new();
    loop {
        let r = regexp_exec(s, rx, text)?;
        if r.is_null() {
            break;
        }
        results.push(r);
        if !global {
            break;
        }
        let m = s.get(r, looplab_vm::Key::index(0))?;
        let m = s.to_string(m)?;
        if s.str_len(m) == 0 {
            bump(s, rx, text, unicode)?;
        }
    }
    let len = s.str_len(text);
    let mut out = TextBuf::with_capacity(len);
    let mut next = 0;
    for r in results {
        let (position, m, piece) = replacement_of(s, r, text, by)?;
        if position >= next {
            out.push(s.chars(text).slice(next, position));
            out.push(s.chars(piece));
            check_length(s, out.len())?;
            next = position + s.str_len(m);
        }
    }
    if next < len {
        out.push(s.chars(text).slice(next, len));
    }
    out.finish(s)
}

/// Position, matched text and replacement of one result object.
fn replacement_of<'s>(
    s: &mut Scope<'s>,
    r: Local<'s>,
    text: Local<'s>,
    by: Local<'s>,
) -> Result<(usize, Local<'s>, Local<'s>), Thrown> {
    let n = s.length_of(r)?.max(1);
    let m = s.get(r, looplab_vm::Key::index(0))?;
    let m = s.to_string(m)?;
    let key = s.atoms().index;
    let at = s.get(r, key)?;
    let at = s.to_integer_or_infinity(at)?;
    let at = at.clamp(0.0, s.str_len(text) as f64) as usize;
    let mut caps = vec![m];
    for i in 1..n {
        let k = s.integer_key(i);
        let c = s.get(r, k)?;
        caps.push(if c.is_undefined() { c } else { s.to_string(c)? });
    }
    let key = s.atoms().groups;
    let named = s.get(r, key)?;
    if by.is_callable() {
        caps.push(s.num(at as f64));
        caps.push(text);
        if !named.is_undefined() {
            caps.push(named);
        }
        let u = s.undefined();
        let v = s.call(by, u, &caps)?;
        return Ok((at, m, s.to_string(v)?));
    }
    let named = if named.is_undefined() { None } else { Some(s.to_object(named)?) };
    let piece = substitute(s, by, text, at, &caps, named)?;
    Ok((at, m, piece))
}

/// GetSubstitution where captures are values of their own.
fn substitute<'s>(
    s: &mut Scope<'s>,
    template: Local<'s>,
    text: Local<'s>,
    at: usize,
    caps: &[Local<'s>],
    named: Option<Local<'s>>,
) -> Completion<'s> {
    let t = s.chars(template).to_units();
    let mut out = TextBuf::with_capacity(t.len());
    let digit = |i: usize| t.get(i).filter(|u| (48..58).contains(*u)).map(|u| usize::from(u - 48));
    let len = s.str_len(text);
    let end = (at + s.str_len(caps[0])).min(len);
    let mut i = 0;
    while i < t.len() {
        if t[i] != 0x24 {
            out.push_unit(t[i]);
            i += 1;
            continue;
        }
        let group = match (digit(i + 1), digit(i + 2)) {
            (Some(a), Some(b)) if a * 10 + b > 0 && a * 10 + b < caps.len() => Some((a * 10 + b, 3)),
            (Some(a), _) if a > 0 && a < caps.len() => Some((a, 2)),
            _ => None,
        };
        i += match (t.get(i + 1), group) {
            (Some(0x24), _) => {
                out.push_unit(0x24);
                2
            }
            (Some(0x26), _) => {
                out.push(s.chars(caps[0]));
                2
            }
            (Some(0x60), _) => {
                out.push(s.chars(text).slice(0, at));
                2
            }
            (Some(0x27), _) => {
                out.push(s.chars(text).slice(end, len));
                2
            }
            (_, Some((g, used))) => {
                if !caps[g].is_undefined() {
                    out.push(s.chars(caps[g]));
                }
                used
            }
            (Some(0x3C), _) => match (named, t[i + 2..].iter().position(|&u| u == 0x3E)) {
                (Some(o), Some(n)) => {
                    let name = s.str_units(&t[i + 2..i + 2 + n]);
                    let key = s.to_key(name)?;
                    let v = s.get(o, key)?;
                    if !v.is_undefined() {
                        let v = s.to_string(v)?;
                        out.push(s.chars(v));
                    }
                    n + 3
                }
                _ => {
                    out.push_unit(0x24);
                    1
                }
            },
            _ => {
                out.push_unit(0x24);
                1
            }
        };
        check_length(s, out.len())?;
    }
    out.finish(s)
}

// ---- split ----

fn limit_of<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<u32, Thrown> {
    if v.is_undefined() { Ok(u32::MAX) } else { s.to_uint32(v) }
}

fn split<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let rx = receiver(s, args, "@@split")?;
    let text = s.to_string(args.get(0))?;
    let key = s.atoms().constructor;
    if is_pristine(s, rx)
        && s.holds_intrinsic(Intrinsic::RegExpPrototype, key, Intrinsic::RegExp)
        && species_is_ours(s, rx)?
    {
        let limit = limit_of(s, args.get(1))?;
        let p = program(s, rx, "@@split")?;
        return split_fast(s, rx, text, limit, &p);
    }
    let c = s.species_constructor(rx, Intrinsic::RegExp)?;
    let flags = flags_text(s, rx)?;
    let unicode = flags.contains(['u', 'v']);
    let f = if flags.contains('y') { flags } else { format!("{flags}y") };
    let f = s.str(&f);
    let splitter = s.construct(c, &[rx, f], c)?;
    let limit = limit_of(s, args.get(1))?;
    split_slow(s, splitter, text, limit, unicode)
}

/// Whether the constructor that the species protocol names is %RegExp% itself.
fn species_is_ours<'s>(s: &mut Scope<'s>, rx: Local<'s>) -> Result<bool, Thrown> {
    let c = s.species_constructor(rx, Intrinsic::RegExp)?;
    let ours = s.intrinsic(Intrinsic::RegExp);
    Ok(c.is_identical(ours))
}

fn split_fast<'s>(
    s: &mut Scope<'s>,
    rx: Local<'s>,
    text: Local<'s>,
    limit: u32,
    p: &Program,
) -> Completion<'s> {
    let out = s.new_array(&[]);
    if limit == 0 {
        return Ok(out);
    }
    let len = s.str_len(text);
    let unicode = p.flags.full_unicode();
    let mut caps = Vec::with_capacity(p.groups * 2);
    if len == 0 {
        if !run(s, rx, text, 0, true, &mut caps)? {
            s.array_push(out, text);
        }
        return Ok(out);
    }
    let (mut done, mut at) = (0, 0);
    while at < len && run(s, rx, text, at, false, &mut caps)? {
        let (start, end) = (caps[0] as usize, caps[1] as usize);
        if start >= len {
            break;
        }
        if end == done {
            // Empty, right where the last piece ended.
            at = advance(s, text, start.max(at), unicode);
            continue;
        }
        let full = s.nested(|s| {
            let (out, text) = (s.adopt(out), s.adopt(text));
            let piece = s.substring(text, done, start);
            s.array_push(out, piece);
            for i in 1..p.groups {
                if s.array_len(out) == limit {
                    break;
                }
                let c = capture(s, text, &caps, i);
                s.array_push(out, c);
            }
            s.array_len(out) >= limit
        });
        if full {
            return Ok(out);
        }
        done = end;
        at = if start == end { advance(s, text, end, unicode) } else { end };
    }
    let rest = s.substring(text, done, len);
    s.array_push(out, rest);
    Ok(out)
}

fn split_slow<'s>(
    s: &mut Scope<'s>,
    splitter: Local<'s>,
    text: Local<'s>,
    limit: u32,
    unicode: bool,
) -> Completion<'s> {
    let out = s.new_array(&[]);
    if limit == 0 {
        return Ok(out);
    }
    let len = s.str_len(text);
    if len == 0 {
        if regexp_exec(s, splitter, text)?.is_null() {
            s.array_push(out, text);
        }
        return Ok(out);
    }
    let key = s.atoms().last_index;
    let (mut done, mut at) = (0, 0);
    while at < len {
        let v = s.num(at as f64);
        s.set(splitter, key, v)?;
        let r = regexp_exec(s, splitter, text)?;
        if r.is_null() {
            at = advance(s, text, at, unicode);
            continue;
        }
        let e = s.get(splitter, key)?;
        let e = s.to_length(e)?.min(len as u64) as usize;
        if e == done {
            at = advance(s, text, at, unicode);
            continue;
        }
        let piece = s.substring(text, done, at);
        s.array_push(out, piece);
        if s.array_len(out) == limit {
            return Ok(out);
        }
        done = e;
        let n = s.length_of(r)?;
        for i in 1..n {
            let k = s.integer_key(i);
            let c = s.get(r, k)?;
            s.array_push(out, c);
            if s.array_len(out) == limit {
                return Ok(out);
            }
        }
        at = done;
    }
    let rest = s.substring(text, done, len);
    s.array_push(out, rest);
    Ok(out)
}
