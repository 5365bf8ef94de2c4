//! Function properties of the global object (19.2): parseInt, parseFloat, isNaN, isFinite.

use looplab_vm::{Args, Chars, Completion, Scope, parse_digits, string_to_number, trim_chars};

/// Installs the functions. Before Number, whose parseInt and parseFloat are the same objects.
pub fn install(s: &mut Scope<'_>) {
    let g = s.global_object();
    s.method(g, "parseInt", 2, parse_int);
    s.method(g, "parseFloat", 1, parse_float);
    s.method(g, "isNaN", 1, is_nan);
    s.method(g, "isFinite", 1, is_finite);
}

fn is_nan<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = s.to_number(args.get(0))?;
    Ok(s.bool(n.is_nan()))
}

fn is_finite<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = s.to_number(args.get(0))?;
    Ok(s.bool(n.is_finite()))
}

fn parse_int<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    if v.as_int().is_some() && args.get(1).is_undefined() {
        return Ok(v);
    }
    let text = s.to_string(v)?;
    let radix = s.to_int32(args.get(1))?;
    let c = trim_chars(s.chars(text));
    let n = parse_int_chars(c, radix);
    Ok(s.num(n))
}

fn parse_int_chars(c: Chars<'_>, radix: i32) -> f64 {
    // Digits are ASCII: what follows the first other character does not matter.
    let bytes: Vec<u8> = match c {
        Chars::Latin1(b) => b.to_vec(),
        Chars::Utf16(u) => u.iter().take_while(|&&x| x < 128).map(|&x| x as u8).collect(),
    };
    let mut b = bytes.as_slice();
    let mut sign = 1.0;
    if let [b'+' | b'-', rest @ ..] = b {
        if b[0] == b'-' {
            sign = -1.0;
        }
        b = rest;
    }
    let mut radix = radix;
    if (radix == 0 || radix == 16)
        && let [b'0', b'x' | b'X', rest @ ..] = b
    {
        b = rest;
        radix = 16;
    }
    if radix == 0 {
        radix = 10;
    }
    if !(2..=36).contains(&radix) {
        return f64::NAN;
    }
    let n = b.iter().take_while(|&&x| (x as char).is_digit(radix as u32)).count();
    let digits = &b[..n];
    let value = match radix {
        10 => std::str::from_utf8(digits).ok().filter(|t| !t.is_empty()).and_then(|t| t.parse::<f64>().ok()),
        _ => parse_digits(digits, radix as u32),
    };
    value.map_or(f64::NAN, |v| sign * v)
}

fn parse_float<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    if v.as_int().is_some() {
        return Ok(v);
    }
    let text = s.to_string(v)?;
    let c = trim_chars(s.chars(text));
    let n = float_prefix(c);
    Ok(s.num(n))
}

/// The value of the longest prefix that is a StrDecimalLiteral.
fn float_prefix(c: Chars<'_>) -> f64 {
    let b: Vec<u8> = c.iter().take_while(|&u| u < 128).map(|u| u as u8).collect();
    let sign = usize::from(matches!(b.first(), Some(b'+' | b'-')));
    if b[sign..].starts_with(b"Infinity") {
        return if b[0] == b'-' { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let digits = |from: usize| b[from..].iter().take_while(|x| x.is_ascii_digit()).count();
    let whole = digits(sign);
    let mut end = sign + whole;
    if b.get(end) == Some(&b'.') {
        let frac = digits(end + 1);
        if whole + frac > 0 {
            end += 1 + frac;
        }
    }
    if end == sign {
        return f64::NAN;
    }
    if matches!(b.get(end), Some(b'e' | b'E')) {
        let mut e = end + 1;
        if matches!(b.get(e), Some(b'+' | b'-')) {
            e += 1;
        }
        let n = digits(e);
        if n > 0 {
            end = e + n;
        }
    }
    string_to_number(Chars::Latin1(&b[..end]))
}
