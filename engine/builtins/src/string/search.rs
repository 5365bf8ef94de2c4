//! String methods that look for something: positions, split, replace, and the ones that ask a regular expression.

use super::this_string;
use crate::text::{TextBuf, check_length};
use looplab_vm::{Args, Chars, Class, Completion, Local, Name, Scope, Thrown};

/// Installs the methods.
pub fn install<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    s.method(proto, "indexOf", 1, index_of);
    s.method(proto, "lastIndexOf", 1, last_index_of);
    s.method(proto, "includes", 1, includes);
    s.method(proto, "startsWith", 1, starts_with);
    s.method(proto, "endsWith", 1, ends_with);
    s.method(proto, "match", 1, match_);
    s.method(proto, "matchAll", 1, match_all);
    s.method(proto, "search", 1, search);
    s.method(proto, "replace", 2, replace);
    s.method(proto, "replaceAll", 2, replace_all);
    s.method(proto, "split", 2, split);
}

fn clamp_position<'s>(s: &mut Scope<'s>, v: Local<'s>, len: usize) -> Result<usize, Thrown> {
    let n = s.to_integer_or_infinity(v)?;
    Ok(n.clamp(0.0, len as f64) as usize)
}

fn index_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "indexOf")?;
    let needle = s.to_string(args.get(0))?;
    let len = s.str_len(this);
    let from = clamp_position(s, args.get(1), len)?;
    let (h, n) = s.chars2(this, needle);
    let at = find(h, n, from);
    Ok(s.int(at.map_or(-1, |i| i as i32)))
}

/// `Chars::find`, with a faster way for Latin-1 needles in UTF-16 and for single characters.
pub fn find(h: Chars<'_>, n: Chars<'_>, from: usize) -> Option<usize> {
    if n.len() == 1 && from < h.len() {
        let u = n.at(0);
        return match h {
            Chars::Latin1(b) => {
                let u = u8::try_from(u).ok()?;
                b[from..].iter().position(|&x| x == u).map(|i| i + from)
            }
            Chars::Utf16(w) => w[from..].iter().position(|&x| x == u).map(|i| i + from),
        };
    }
    if let (Chars::Latin1(_), Chars::Utf16(u)) = (h, n)
        && u.iter().any(|&x| x > 255)
    {
        return None;
    }
    h.find(n, from)
}

fn last_index_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "lastIndexOf")?;
    let needle = s.to_string(args.get(0))?;
    let pos = s.to_number(args.get(1))?;
    let (h, n) = s.chars2(this, needle);
    if n.len() > h.len() {
        return Ok(s.int(-1));
    }
    let last = h.len() - n.len();
    let start = if pos.is_nan() { last } else { pos.trunc().clamp(0.0, last as f64) as usize };
    let found = (0..=start).rev().find(|&i| h.slice(i, i + n.len()).equals(n));
    Ok(s.int(found.map_or(-1, |i| i as i32)))
}

/// IsRegExp.
pub fn is_regexp<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<bool, Thrown> {
    if !v.is_object() {
        return Ok(false);
    }
    let key = s.atoms().sym_match;
    let m = s.get(v, key)?;
    if !m.is_undefined() {
        return Ok(s.to_boolean(m));
    }
    Ok(v.is_class(Class::RegExp))
}

fn plain_needle<'s>(s: &mut Scope<'s>, v: Local<'s>, method: &str) -> Completion<'s> {
    if is_regexp(s, v)? {
        return Err(s.throw_type(&format!(
            "First argument to String.prototype.{method} must not be a regular expression"
        )));
    }
    s.to_string(v)
}

fn includes<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "includes")?;
    let needle = plain_needle(s, args.get(0), "includes")?;
    let len = s.str_len(this);
    let from = clamp_position(s, args.get(1), len)?;
    let (h, n) = s.chars2(this, needle);
    let found = find(h, n, from).is_some();
    Ok(s.bool(found))
}

fn starts_with<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "startsWith")?;
    let needle = plain_needle(s, args.get(0), "startsWith")?;
    let len = s.str_len(this);
    let from = clamp_position(s, args.get(1), len)?;
    let (h, n) = s.chars2(this, needle);
    let yes = from + n.len() <= h.len() && h.slice(from, from + n.len()).equals(n);
    Ok(s.bool(yes))
}

fn ends_with<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "endsWith")?;
    let needle = plain_needle(s, args.get(0), "endsWith")?;
    let len = s.str_len(this);
    let to = match args.get(1) {
        v if v.is_undefined() => len,
        v => clamp_position(s, v, len)?,
    };
    let (h, n) = s.chars2(this, needle);
    let yes = n.len() <= to && h.slice(to - n.len(), to).equals(n);
    Ok(s.bool(yes))
}

// ---- handing over to an object with Symbol.match and its like ----

fn coercible<'s>(s: &mut Scope<'s>, args: &Args<'s>, what: &str) -> Completion<'s> {
    let this = args.this();
    if this.is_nullish() {
        return Err(s.throw_type(&format!("String.prototype.{what} called on null or undefined")));
    }
    Ok(this)
}

/// Calls `v[key](...)` when `v` is an object that has it. (Primitives are not asked, as ES2025 has it.)
fn delegate<'s>(
    s: &mut Scope<'s>,
    v: Local<'s>,
    key: Name,
    args: &[Local<'s>],
) -> Result<Option<Local<'s>>, Thrown> {
    if !v.is_object() {
        return Ok(None);
    }
    match s.get_method(v, key)? {
        Some(m) => s.call(m, v, args).map(Some),
        None => Ok(None),
    }
}

fn regexp_of<'s>(s: &mut Scope<'s>, pattern: Local<'s>, flags: &str) -> Completion<'s> {
    let ctor = s.intrinsic(looplab_vm::Intrinsic::RegExp);
    let f = s.str(flags);
    let pattern = if pattern.is_undefined() { s.str("") } else { pattern };
    s.construct(ctor, &[pattern, f], ctor)
}

fn match_<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = coercible(s, args, "match")?;
    let key = s.atoms().sym_match;
    if let Some(r) = delegate(s, args.get(0), key, &[this])? {
        return Ok(r);
    }
    let text = s.to_string(this)?;
    let rx = regexp_of(s, args.get(0), "")?;
    s.invoke(rx, key, &[text])
}

/// The TypeError of matchAll and replaceAll for a regular expression without `g`.
fn require_global<'s>(s: &mut Scope<'s>, v: Local<'s>, method: &str) -> Result<(), Thrown> {
    if !v.is_object() || !is_regexp(s, v)? {
        return Ok(());
    }
    let key = s.atoms().flags;
    let flags = s.get(v, key)?;
    if flags.is_nullish() {
        return Err(s.throw_type(&format!("String.prototype.{method} called on null or undefined")));
    }
    let flags = s.to_string(flags)?;
    if !s.chars(flags).iter().any(|u| u == u16::from(b'g')) {
        return Err(
            s.throw_type(&format!("String.prototype.{method} called with a non-global RegExp argument"))
        );
    }
    Ok(())
}

fn match_all<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = coercible(s, args, "matchAll")?;
    require_global(s, args.get(0), "matchAll")?;
    let key = s.atoms().sym_match_all;
    if let Some(r) = delegate(s, args.get(0), key, &[this])? {
        return Ok(r);
    }
    let text = s.to_string(this)?;
    let rx = regexp_of(s, args.get(0), "g")?;
    s.invoke(rx, key, &[text])
}

fn search<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = coercible(s, args, "search")?;
    let key = s.atoms().sym_search;
    if let Some(r) = delegate(s, args.get(0), key, &[this])? {
        return Ok(r);
    }
    let text = s.to_string(this)?;
    let rx = regexp_of(s, args.get(0), "")?;
    s.invoke(rx, key, &[text])
}

// ---- replace ----

fn replace<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = coercible(s, args, "replace")?;
    let key = s.atoms().sym_replace;
    if let Some(r) = delegate(s, args.get(0), key, &[this, args.get(1)])? {
        return Ok(r);
    }
    let text = s.to_string(this)?;
    let needle = s.to_string(args.get(0))?;
    let by = replacement(s, args.get(1))?;
    let (h, n) = s.chars2(text, needle);
    let Some(at) = find(h, n, 0) else { return Ok(text) };
    replace_at(s, text, needle, by, &[at])
}

fn replace_all<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = coercible(s, args, "replaceAll")?;
    require_global(s, args.get(0), "replaceAll")?;
    let key = s.atoms().sym_replace;
    if let Some(r) = delegate(s, args.get(0), key, &[this, args.get(1)])? {
        return Ok(r);
    }
    let text = s.to_string(this)?;
    let needle = s.to_string(args.get(0))?;
    let by = replacement(s, args.get(1))?;
    let mut places = Vec::new();
    let (h, n) = s.chars2(text, needle);
    let step = n.len().max(1);
    let mut from = 0;
    while let Some(at) = find(h, n, from) {
        places.push(at);
        from = at + step;
    }
    if places.is_empty() {
        return Ok(text);
    }
    replace_at(s, text, needle, by, &places)
}

/// A function stays one, anything else becomes a string.
fn replacement<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Completion<'s> {
    if v.is_callable() { Ok(v) } else { s.to_string(v) }
}

fn replace_at<'s>(
    s: &mut Scope<'s>,
    text: Local<'s>,
    needle: Local<'s>,
    by: Local<'s>,
    places: &[usize],
) -> Completion<'s> {
    let len = s.str_len(needle);
    let mut out = TextBuf::with_capacity(s.str_len(text));
    let plain = by.is_string() && !has_dollar(s.chars(by));
    let mut end = 0;
    for &at in places {
        out.push(s.chars(text).slice(end, at));
        if by.is_string() {
            if plain {
                out.push(s.chars(by));
            } else {
                let (t, template) = s.chars2(text, by);
                let caps = [Some((at, at + len))];
                expand_template(&mut out, template, &GetSubstitution { text: t, caps: &caps, named: None });
            }
        } else {
            let u = s.undefined();
            let pos = s.num(at as f64);
            let piece = s.escape(|n| {
                let (by, needle, pos, u, text) =
                    (n.adopt(by), n.adopt(needle), n.adopt(pos), n.adopt(u), n.adopt(text));
                let r = n.call(by, u, &[needle, pos, text])?;
                n.to_string(r)
            })?;
            out.push(s.chars(piece));
        }
        check_length(s, out.len())?;
        end = at + len;
    }
    let total = s.str_len(text);
    out.push(s.chars(text).slice(end, total));
    out.finish(s)
}

fn has_dollar(c: Chars<'_>) -> bool {
    match c {
        Chars::Latin1(b) => b.contains(&b'$'),
        Chars::Utf16(u) => u.contains(&0x24),
    }
}

/// What a replacement template refers to: the text, the captures (0: the match) and the named groups' values.
pub struct GetSubstitution<'a> {
    /// The subject.
    pub text: Chars<'a>,
    /// Ranges of the match and of its groups; `None`: did not take part.
    pub caps: &'a [Option<(usize, usize)>],
    /// Finds a named group; `None`: there are no named groups, and `$<` is literal.
    pub named: Option<&'a FindGroup<'a>>,
}

/// GetSubstitution (22.1.3.19.1), appended to `out`.
pub fn expand_template(out: &mut TextBuf, template: Chars<'_>, m: &GetSubstitution<'_>) {
    let (start, end) = m.caps[0].unwrap_or((0, 0));
    let n = template.len();
    let digit = |i: usize| {
        (i < n).then(|| template.at(i)).filter(|u| (48..58).contains(u)).map(|u| usize::from(u - 48))
    };
    let mut i = 0;
    let mut plain = 0;
    while i < n {
        if template.at(i) != 0x24 || i + 1 >= n {
            i += 1;
            continue;
        }
        out.push(template.slice(plain, i));
        plain = i;
        let used = match template.at(i + 1) {
            0x24 => {
                out.push_unit(0x24);
                2
            }
            0x26 => {
                out.push(m.text.slice(start, end));
                2
            }
            0x60 => {
                out.push(m.text.slice(0, start));
                2
            }
            0x27 => {
                out.push(m.text.slice(end.min(m.text.len()), m.text.len()));
                2
            }
            0x3C if m.named.is_some() => {
                let close = (i + 2..n).find(|&j| template.at(j) == 0x3E);
                match (close, m.named) {
                    (Some(j), Some(look)) => {
                        if let Some((a, b)) = look(template.slice(i + 2, j)) {
                            out.push(m.text.slice(a, b));
                        }
                        j + 1 - i
                    }
                    _ => 0,
                }
            }
            _ => match (digit(i + 1), digit(i + 2)) {
                (Some(a), Some(b)) if a * 10 + b > 0 && a * 10 + b < m.caps.len() => {
                    push_group(out, m, a * 10 + b);
                    3
                }
                (Some(a), _) if a > 0 && a < m.caps.len() => {
                    push_group(out, m, a);
                    2
                }
                _ => 0,
            },
        };
        if used == 0 {
            i += 1;
        } else {
            i += used;
            plain = i;
        }
    }
    out.push(template.slice(plain, n));
}

fn push_group(out: &mut TextBuf, m: &GetSubstitution<'_>, i: usize) {
    if let Some((a, b)) = m.caps[i] {
        out.push(m.text.slice(a, b));
    }
}

// ---- split ----

fn split<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = coercible(s, args, "split")?;
    let key = s.atoms().sym_split;
    if let Some(r) = delegate(s, args.get(0), key, &[this, args.get(1)])? {
        return Ok(r);
    }
    let text = s.to_string(this)?;
    let limit = match args.get(1) {
        v if v.is_undefined() => u32::MAX,
        v => s.to_uint32(v)?,
    };
    let sep = s.to_string(args.get(0))?;
    if limit == 0 {
        return Ok(s.new_array(&[]));
    }
    if args.get(0).is_undefined() {
        return Ok(s.new_array(&[text]));
    }
    let out = s.new_array(&[]);
    let (h, n) = s.chars2(text, sep);
    let (len, width) = (h.len(), n.len());
    if width == 0 {
        for i in 0..len.min(limit as usize) {
            s.check_interrupt()?;
            let u = s.chars(text).at(i);
            // Characters of the table need no root; others are rooted until the next one is made.
            s.nested(|s| {
                let (out, c) = (s.adopt(out), s.str_unit(u));
                s.array_push(out, c);
            });
        }
        return Ok(out);
    }
    let mut from = 0;
    let mut count = 0u32;
    loop {
        s.check_interrupt()?;
        let (h, n) = s.chars2(text, sep);
        let at = find(h, n, from);
        let end = at.unwrap_or(len);
        s.nested(|s| {
            let (out, text) = (s.adopt(out), s.adopt(text));
            let piece = s.substring(text, from, end);
            s.array_push(out, piece);
        });
        count += 1;
        if at.is_none() || count == limit {
            return Ok(out);
        }
        from = end + width;
    }
}

/// Finds where a named group matched.
pub type FindGroup<'a> = dyn Fn(Chars<'_>) -> Option<(usize, usize)> + 'a;
