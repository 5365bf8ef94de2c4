//! String methods that make a new string out of one: slicing, padding, trimming, case, well-formedness, Annex B's HTML.

use super::this_string;
use crate::text::{TextBuf, check_length, relative};
use looplab_vm::{Args, Chars, Completion, Local, MAX_LENGTH, Scope, is_white_space};

/// Installs the methods.
pub fn install<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    s.method(proto, "concat", 1, concat);
    s.method(proto, "slice", 2, slice);
    s.method(proto, "substring", 2, substring);
    s.method(proto, "substr", 2, substr);
    s.method(proto, "padStart", 1, pad_start);
    s.method(proto, "padEnd", 1, pad_end);
    s.method(proto, "repeat", 1, repeat);
    s.method(proto, "trim", 0, trim);
    let start = s.method(proto, "trimStart", 0, trim_start);
    let end = s.method(proto, "trimEnd", 0, trim_end);
    for (alias, f) in [("trimLeft", start), ("trimRight", end)] {
        let key = s.key(alias);
        s.define_hidden(proto, key, f);
    }
    s.method(proto, "toLowerCase", 0, to_lower_case);
    s.method(proto, "toUpperCase", 0, to_upper_case);
    s.method(proto, "toLocaleLowerCase", 0, to_lower_case);
    s.method(proto, "toLocaleUpperCase", 0, to_upper_case);
    s.method(proto, "isWellFormed", 0, is_well_formed);
    s.method(proto, "toWellFormed", 0, to_well_formed);
    for (name, length, f) in HTML {
        s.method(proto, name, *length, *f);
    }
}

fn concat<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let mut out = this_string(s, args, "concat")?;
    for i in 0..args.len() {
        let t = s.to_string(args.get(i))?;
        out = s.concat(out, t)?;
    }
    Ok(out)
}

fn slice<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "slice")?;
    let len = s.str_len(this);
    let from = s.to_integer_or_infinity(args.get(0))?;
    let to = match args.get(1) {
        v if v.is_undefined() => len as f64,
        v => s.to_integer_or_infinity(v)?,
    };
    let (from, to) = (relative(from, len), relative(to, len));
    if from >= to {
        return Ok(s.str(""));
    }
    Ok(s.substring(this, from, to))
}

fn substring<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "substring")?;
    let len = s.str_len(this);
    let from = s.to_integer_or_infinity(args.get(0))?;
    let to = match args.get(1) {
        v if v.is_undefined() => len as f64,
        v => s.to_integer_or_infinity(v)?,
    };
    let clamp = |n: f64| n.clamp(0.0, len as f64) as usize;
    let (a, b) = (clamp(from), clamp(to));
    Ok(s.substring(this, a.min(b), a.max(b)))
}

fn substr<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "substr")?;
    let len = s.str_len(this);
    let from = s.to_integer_or_infinity(args.get(0))?;
    let from = relative(from, len);
    let n = match args.get(1) {
        v if v.is_undefined() => len as f64,
        v => s.to_integer_or_infinity(v)?,
    };
    let n = n.clamp(0.0, (len - from) as f64) as usize;
    Ok(s.substring(this, from, from + n))
}

fn pad<'s>(s: &mut Scope<'s>, args: &Args<'s>, at_start: bool) -> Completion<'s> {
    let this = this_string(s, args, if at_start { "padStart" } else { "padEnd" })?;
    let want = s.to_length(args.get(0))?;
    let len = s.str_len(this);
    if want <= len as u64 {
        return Ok(this);
    }
    let filler = match args.get(1) {
        v if v.is_undefined() => s.str(" "),
        v => s.to_string(v)?,
    };
    let unit = s.str_len(filler);
    if unit == 0 {
        return Ok(this);
    }
    if want > MAX_LENGTH as u64 {
        return Err(s.throw_range("Invalid string length"));
    }
    let missing = want as usize - len;
    let mut out = TextBuf::with_capacity(want as usize);
    let (text, fill) = s.chars2(this, filler);
    if !at_start {
        out.push(text);
    }
    for _ in 0..missing / unit {
        out.push(fill);
    }
    out.push(fill.slice(0, missing % unit));
    if at_start {
        out.push(text);
    }
    out.finish(s)
}

fn pad_start<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    pad(s, args, true)
}

fn pad_end<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    pad(s, args, false)
}

fn repeat<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "repeat")?;
    let n = s.to_integer_or_infinity(args.get(0))?;
    if n < 0.0 || n.is_infinite() {
        let t = s.to_text(args.get(0))?;
        return Err(s.throw_range(&format!("Invalid count value: {t}")));
    }
    let len = s.str_len(this);
    if n == 0.0 || len == 0 {
        return Ok(s.str(""));
    }
    if n * len as f64 > MAX_LENGTH as f64 {
        return Err(s.throw_range("Invalid string length"));
    }
    let n = n as usize;
    if n == 1 {
        return Ok(this);
    }
    check_length(s, n * len)?;
    // Long results are ropes of doublings: made flat only when somebody looks.
    if n * len > 4096 {
        return repeat_rope(s, this, n);
    }
    match s.chars(this) {
        Chars::Latin1(b) => {
            let v = b.repeat(n);
            Ok(s.str_latin1(&v))
        }
        Chars::Utf16(u) => {
            let v = u.repeat(n);
            Ok(s.str_units(&v))
        }
    }
}

fn repeat_rope<'s>(s: &mut Scope<'s>, unit: Local<'s>, n: usize) -> Completion<'s> {
    let (mut power, mut left) = (unit, n);
    let mut out = None;
    loop {
        if left & 1 == 1 {
            out = Some(match out {
                None => power,
                Some(o) => s.concat(o, power)?,
            });
        }
        left >>= 1;
        match (left, out) {
            (0, Some(o)) => return Ok(o),
            _ => power = s.concat(power, power)?,
        }
    }
}

fn trimmed<'s>(s: &mut Scope<'s>, this: Local<'s>, start: bool, end: bool) -> Local<'s> {
    let c = s.chars(this);
    let (mut from, mut to) = (0, c.len());
    while start && from < to && is_white_space(c.at(from)) {
        from += 1;
    }
    while end && to > from && is_white_space(c.at(to - 1)) {
        to -= 1;
    }
    s.substring(this, from, to)
}

fn trim<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "trim")?;
    Ok(trimmed(s, this, true, true))
}

fn trim_start<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "trimStart")?;
    Ok(trimmed(s, this, true, false))
}

fn trim_end<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "trimEnd")?;
    Ok(trimmed(s, this, false, true))
}

fn to_lower_case<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "toLowerCase")?;
    match s.chars(this) {
        Chars::Latin1(b) => {
            if !b.iter().any(|&x| x.is_ascii_uppercase() || x >= 0xC0) {
                return Ok(this);
            }
            let low = |x: u8| match x {
                b'A'..=b'Z' => x | 32,
                0xC0..=0xDE if x != 0xD7 => x + 32,
                _ => x,
            };
            let v: Vec<u8> = b.iter().map(|&x| low(x)).collect();
            Ok(s.str_latin1(&v))
        }
        Chars::Utf16(u) => {
            let units = u.to_vec();
            let v = map_case(&units, |t| t.to_lowercase());
            check_length(s, v.len())?;
            Ok(s.str_units(&v))
        }
    }
}

fn to_upper_case<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "toUpperCase")?;
    match s.chars(this) {
        Chars::Latin1(b) if b.is_ascii() => {
            if !b.iter().any(u8::is_ascii_lowercase) {
                return Ok(this);
            }
            let v = b.to_ascii_uppercase();
            Ok(s.str_latin1(&v))
        }
        // ß grows, µ and ÿ leave Latin-1.
        c => {
            let units = c.to_units();
            let v = map_case(&units, |t| t.to_uppercase());
            check_length(s, v.len())?;
            Ok(s.str_units(&v))
        }
    }
}

/// Maps the well-formed parts; lone surrogates stay. (The final-sigma rule sees the part, which ends at such a surrogate.)
fn map_case(units: &[u16], f: impl Fn(&str) -> String) -> Vec<u16> {
    let mut out = Vec::with_capacity(units.len());
    let mut run = String::new();
    for r in char::decode_utf16(units.iter().copied()) {
        match r {
            Ok(c) => run.push(c),
            Err(e) => {
                out.extend(f(&run).encode_utf16());
                run.clear();
                out.push(e.unpaired_surrogate());
            }
        }
    }
    out.extend(f(&run).encode_utf16());
    out
}

fn first_lone(u: &[u16]) -> Option<usize> {
    let mut i = 0;
    while i < u.len() {
        match u[i] {
            0xD800..0xDC00 if i + 1 < u.len() && (0xDC00..0xE000).contains(&u[i + 1]) => i += 2,
            0xD800..0xE000 => return Some(i),
            _ => i += 1,
        }
    }
    None
}

fn is_well_formed<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "isWellFormed")?;
    let ok = match s.chars(this) {
        Chars::Latin1(_) => true,
        Chars::Utf16(u) => first_lone(u).is_none(),
    };
    Ok(s.bool(ok))
}

fn to_well_formed<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "toWellFormed")?;
    let Chars::Utf16(u) = s.chars(this) else { return Ok(this) };
    let Some(mut at) = first_lone(u) else { return Ok(this) };
    let mut out = u.to_vec();
    loop {
        out[at] = 0xFFFD;
        match first_lone(&out[at + 1..]) {
            Some(i) => at += 1 + i,
            None => return Ok(s.str_units(&out)),
        }
    }
}

// ---- Annex B: B.2.2.2 ----

/// CreateHTML.
fn html<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str, tag: &str, attribute: &str) -> Completion<'s> {
    let this = this_string(s, args, method)?;
    let mut out = TextBuf::with_capacity(s.str_len(this) + 32);
    out.push_str("<");
    out.push_str(tag);
    if !attribute.is_empty() {
        let v = s.to_string(args.get(0))?;
        out.push_str(" ");
        out.push_str(attribute);
        out.push_str("=\"");
        for u in s.chars(v).iter() {
            if u == u16::from(b'"') { out.push_str("&quot;") } else { out.push_unit(u) }
        }
        out.push_str("\"");
    }
    out.push_str(">");
    out.push(s.chars(this));
    out.push_str("</");
    out.push_str(tag);
    out.push_str(">");
    out.finish(s)
}

macro_rules! html_methods {
    ($($f:ident $name:literal $tag:literal $attr:literal),+ $(,)?) => {
        $(fn $f<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
            html(s, args, $name, $tag, $attr)
        })+
        const HTML: &[(&str, u32, looplab_vm::NativeFn)] =
            &[$(($name, if $attr.is_empty() { 0 } else { 1 }, $f)),+];
    };
}

html_methods! {
    anchor "anchor" "a" "name", big "big" "big" "", blink "blink" "blink" "", bold "bold" "b" "",
    fixed "fixed" "tt" "", fontcolor "fontcolor" "font" "color", fontsize "fontsize" "font" "size",
    italics "italics" "i" "", link "link" "a" "href", small "small" "small" "", strike "strike" "strike" "",
    sub "sub" "sub" "", sup "sup" "sup" "",
}
