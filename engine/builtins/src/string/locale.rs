//! What depends on languages: localeCompare, normalize, and the locale forms of case mapping.
//!
//! Without ICU there is one locale. Its order is the root collation in short: letters are compared without accents and case
//! first, then by accents, then lower case before upper case; punctuation and digits come before letters.

use super::this_string;
use looplab_vm::{Args, Completion, Local, Scope};
use std::cmp::Ordering;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Installs the methods.
pub fn install<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    s.method(proto, "localeCompare", 1, locale_compare);
    s.method(proto, "normalize", 0, normalize);
}

/// ICU's root order of the printable ASCII characters that are no letters or digits.
const PUNCTUATION: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Primary weight of a base character: white space, punctuation, symbols, digits, letters.
fn primary(c: char) -> (u8, u32) {
    if c.is_whitespace() {
        return (0, c as u32);
    }
    if let Some(i) = PUNCTUATION.find(c) {
        return (1, i as u32);
    }
    if c.is_numeric() {
        return (3, c.to_digit(10).unwrap_or(c as u32));
    }
    if c.is_alphabetic() {
        let low = c.to_lowercase().next().unwrap_or(c);
        return (4, low as u32);
    }
    (2, c as u32)
}

/// The sort key of a text: bases, accents, cases.
fn sort_key(t: &str) -> (Vec<(u8, u32)>, Vec<u32>, Vec<bool>) {
    let (mut bases, mut accents, mut cases) = (Vec::new(), Vec::new(), Vec::new());
    for c in t.nfd() {
        if is_combining_mark(c) {
            accents.push(c as u32);
            continue;
        }
        if c.is_control() && !c.is_whitespace() {
            continue;
        }
        bases.push(primary(c));
        accents.push(0);
        cases.push(c.is_uppercase());
    }
    (bases, accents, cases)
}

/// The order of two texts in the root collation, approximately: exact for ASCII.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (x, y) = (sort_key(a), sort_key(b));
    x.0.cmp(&y.0).then_with(|| x.1.cmp(&y.1)).then_with(|| x.2.cmp(&y.2))
}

fn locale_compare<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "localeCompare")?;
    let that = s.to_string(args.get(0))?;
    {
        let (a, b) = s.chars2(this, that);
        if a.equals(b) {
            return Ok(s.int(0));
        }
    }
    let numeric = option_is(s, args.get(2), "numeric", |s, v| s.to_boolean(v))?;
    let base =
        option_is(s, args.get(2), "sensitivity", |s, v| v.is_string() && s.to_utf8_lossy(v) == "base")?;
    let accent =
        option_is(s, args.get(2), "sensitivity", |s, v| v.is_string() && s.to_utf8_lossy(v) == "accent")?;
    let (a, b) = (s.to_utf8_lossy(this), s.to_utf8_lossy(that));
    let r = if numeric { compare_numeric(&a, &b) } else { compare_as(&a, &b, base, accent) };
    Ok(s.int(r as i32))
}

fn compare_as(a: &str, b: &str, base: bool, accent: bool) -> Ordering {
    let (x, y) = (sort_key(a), sort_key(b));
    let r = x.0.cmp(&y.0);
    if base {
        return r;
    }
    let r = r.then_with(|| x.1.cmp(&y.1));
    if accent { r } else { r.then_with(|| x.2.cmp(&y.2)) }
}

/// Runs of digits compare as numbers.
fn compare_numeric(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a, b);
    loop {
        let (p, q) = (digits(x), digits(y));
        if p > 0 && q > 0 {
            let (m, n) = (x[..p].trim_start_matches('0'), y[..q].trim_start_matches('0'));
            let r = m.len().cmp(&n.len()).then_with(|| m.cmp(n));
            if r != Ordering::Equal {
                return r;
            }
            (x, y) = (&x[p..], &y[q..]);
            continue;
        }
        let (p, q) = (non_digits(x), non_digits(y));
        let r = compare(&x[..p], &y[..q]);
        if r != Ordering::Equal || p == 0 && q == 0 {
            return if r == Ordering::Equal { x.cmp(y) } else { r };
        }
        (x, y) = (&x[p..], &y[q..]);
    }
}

fn digits(t: &str) -> usize {
    t.bytes().take_while(u8::is_ascii_digit).count()
}

fn non_digits(t: &str) -> usize {
    t.find(|c: char| c.is_ascii_digit()).unwrap_or(t.len())
}

fn option_is<'s>(
    s: &mut Scope<'s>,
    options: Local<'s>,
    name: &str,
    test: impl Fn(&mut Scope<'s>, Local<'s>) -> bool,
) -> Result<bool, looplab_vm::Thrown> {
    if !options.is_object() {
        return Ok(false);
    }
    let key = s.key(name);
    let v = s.get(options, key)?;
    Ok(test(s, v))
}

fn normalize<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let this = this_string(s, args, "normalize")?;
    let form = match args.get(0) {
        v if v.is_undefined() => "NFC".to_owned(),
        v => s.to_text(v)?,
    };
    if !matches!(form.as_str(), "NFC" | "NFD" | "NFKC" | "NFKD") {
        return Err(s.throw_range("The normalization form should be one of NFC, NFD, NFKC, NFKD."));
    }
    let c = s.chars(this);
    if c.iter().all(|u| u < 0x80) {
        return Ok(this);
    }
    let units = c.to_units();
    let mut out: Vec<u16> = Vec::with_capacity(units.len());
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut Vec<u16>| {
        match form.as_str() {
            "NFC" => run.nfc().for_each(|c| out.extend_from_slice(c.encode_utf16(&mut [0; 2]))),
            "NFD" => run.nfd().for_each(|c| out.extend_from_slice(c.encode_utf16(&mut [0; 2]))),
            "NFKC" => run.nfkc().for_each(|c| out.extend_from_slice(c.encode_utf16(&mut [0; 2]))),
            _ => run.nfkd().for_each(|c| out.extend_from_slice(c.encode_utf16(&mut [0; 2]))),
        }
        run.clear();
    };
    // Lone surrogates stay where they are; the text between them is normalized.
    for r in char::decode_utf16(units.iter().copied()) {
        match r {
            Ok(c) => run.push(c),
            Err(e) => {
                flush(&mut run, &mut out);
                out.push(e.unpaired_surrogate());
            }
        }
    }
    flush(&mut run, &mut out);
    crate::text::check_length(s, out.len())?;
    Ok(s.str_units(&out))
}
