//! Numbers as text in the forms of Number.prototype: any radix, fixed, exponential, precision, and grouped for reading.
//! All roundings are exact: they work on the number's true binary value.

use looplab_vm::number_to_text;
use num_bigint::BigUint;

/// Mantissa and exponent of a finite positive number: `n = m * 2^e`.
fn decode(n: f64) -> (u64, i32) {
    let bits = n.to_bits();
    let e = (bits >> 52 & 0x7FF) as i32;
    let m = bits & ((1 << 52) - 1);
    if e == 0 { (m, -1074) } else { (m | 1 << 52, e - 1075) }
}

/// Digits of the integer nearest to `n * 10^places` (ties go up), for finite `n >= 0`.
fn scaled(n: f64, places: u32) -> String {
    let (m, e) = decode(n);
    if e <= 0 && places <= 20 {
        // m < 2^53 and 10^20 < 2^67: the product fits.
        let num = u128::from(m) * 10u128.pow(places);
        let shift = -e as u32;
        let r = match shift {
            0 => num,
            1..=126 => (num + (1u128 << (shift - 1))) >> shift,
            _ => 0,
        };
        return r.to_string();
    }
    let num = BigUint::from(m) * BigUint::from(10u32).pow(places);
    let r = if e >= 0 {
        num << e as u32
    } else {
        let shift = -e as u32;
        (num + (BigUint::from(1u32) << (shift - 1))) >> shift
    };
    r.to_string()
}

/// Number.prototype.toFixed for finite numbers below 10^21.
pub fn to_fixed(n: f64, places: u32) -> String {
    let digits = scaled(n.abs(), places);
    let places = places as usize;
    let mut t = String::with_capacity(digits.len() + 4);
    if n < 0.0 {
        t.push('-');
    }
    if places == 0 {
        t.push_str(&digits);
        return t;
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, frac) = padded.split_at(padded.len() - places);
    t.push_str(whole);
    t.push('.');
    t.push_str(frac);
    t
}

/// The first `n` significant digits of a finite positive number (ties go up) and the decimal exponent of the first.
fn significant(x: f64, n: usize) -> (String, i32) {
    let take = |more: usize| -> (String, i32) {
        let t = format!("{:.*e}", n - 1 + more, x);
        let (m, e) = t.split_once('e').unwrap_or((&t, "0"));
        (m.replace('.', ""), e.parse().unwrap_or(0))
    };
    let (mut digits, mut e) = take(30);
    let tail = digits.as_bytes()[n..].to_vec();
    if tail[0] == b'5' && tail[1..].iter().all(|&b| b == b'0') {
        // May itself be the result of rounding: look at all the digits there are.
        (digits, e) = take(800);
    }
    let up = digits.as_bytes()[n] >= b'5';
    digits.truncate(n);
    if !up {
        return (digits, e);
    }
    let mut b = digits.into_bytes();
    let mut i = n;
    loop {
        if i == 0 {
            b.insert(0, b'1');
            b.pop();
            return (b.iter().map(|&x| x as char).collect(), e + 1);
        }
        i -= 1;
        if b[i] != b'9' {
            b[i] += 1;
            break;
        }
        b[i] = b'0';
    }
    (b.iter().map(|&x| x as char).collect(), e)
}

/// The shortest digits that read back as `x` (finite, positive) and the decimal exponent of the first.
pub fn shortest(x: f64) -> (String, i32) {
    let t = format!("{x:e}");
    let (m, e) = t.split_once('e').unwrap_or((&t, "0"));
    (m.replace('.', ""), e.parse().unwrap_or(0))
}

fn exponential(sign: bool, digits: &str, e: i32) -> String {
    let (first, rest) = digits.split_at(1);
    let dot = if rest.is_empty() { "" } else { "." };
    let minus = if sign { "-" } else { "" };
    let plus = if e < 0 { '-' } else { '+' };
    format!("{minus}{first}{dot}{rest}e{plus}{}", e.unsigned_abs())
}

/// Number.prototype.toExponential for finite numbers; without `places` as many digits as needed.
pub fn to_exponential(n: f64, places: Option<usize>) -> String {
    if n == 0.0 {
        return exponential(false, &"0".repeat(places.unwrap_or(0) + 1), 0);
    }
    let (digits, e) = match places {
        Some(p) => significant(n.abs(), p + 1),
        None => shortest(n.abs()),
    };
    exponential(n < 0.0, &digits, e)
}

/// Number.prototype.toPrecision for finite numbers.
pub fn to_precision(n: f64, p: usize) -> String {
    let (digits, e) = if n == 0.0 { ("0".repeat(p), 0) } else { significant(n.abs(), p) };
    if e < -6 || e >= p as i32 {
        return exponential(n < 0.0, &digits, e);
    }
    let minus = if n < 0.0 { "-" } else { "" };
    if e == p as i32 - 1 {
        return format!("{minus}{digits}");
    }
    if e >= 0 {
        let (a, b) = digits.split_at(e as usize + 1);
        return format!("{minus}{a}.{b}");
    }
    format!("{minus}0.{}{digits}", "0".repeat((-(e + 1)) as usize))
}

/// Number.prototype.toString in a radix that is not 10, for finite numbers: as many digits as identify the number in that
/// radix (what V8 gives; the specification leaves it open).
pub fn to_radix(n: f64, radix: u32) -> String {
    let digit = |d: u32| char::from_digit(d, radix).unwrap_or('0') as u8;
    let r = f64::from(radix);
    let value = n.abs();
    let mut integer = value.floor();
    let mut fraction = value - integer;
    // Half the distance to the next number: digits beyond it carry nothing.
    let next = f64::from_bits(value.to_bits() + 1);
    let mut delta = (0.5 * (next - value)).max(f64::from_bits(1));
    let mut frac: Vec<u32> = Vec::new();
    if fraction >= delta {
        loop {
            fraction *= r;
            delta *= r;
            let d = fraction as u32;
            frac.push(d);
            fraction -= f64::from(d);
            if (fraction > 0.5 || fraction == 0.5 && d & 1 == 1) && fraction + delta > 1.0 {
                // Round up; a carry runs back through full digits.
                loop {
                    match frac.pop() {
                        None => {
                            integer += 1.0;
                            break;
                        }
                        Some(d) if d + 1 < radix => {
                            frac.push(d + 1);
                            break;
                        }
                        Some(_) => {}
                    }
                }
                break;
            }
            if fraction < delta {
                break;
            }
        }
    }
    let mut out: Vec<u8> = Vec::new();
    // Digits below the precision of the number are zeros.
    while integer / r >= 9_007_199_254_740_992.0 {
        integer /= r;
        out.push(b'0');
    }
    loop {
        let rem = integer % r;
        out.push(digit(rem as u32));
        integer = (integer - rem) / r;
        if integer <= 0.0 {
            break;
        }
    }
    if n < 0.0 {
        out.push(b'-');
    }
    out.reverse();
    if !frac.is_empty() {
        out.push(b'.');
        out.extend(frac.into_iter().map(digit));
    }
    out.into_iter().map(char::from).collect()
}

/// How a number is to be shown to people.
#[derive(Clone, Debug)]
pub struct Locale {
    /// At least so many fraction digits.
    pub min_fraction: usize,
    /// At most so many.
    pub max_fraction: usize,
    /// Commas between thousands.
    pub grouping: bool,
}

impl Default for Locale {
    fn default() -> Self {
        Locale { min_fraction: 0, max_fraction: 3, grouping: true }
    }
}

/// `toLocaleString` in en-US.
pub fn to_locale(n: f64, how: &Locale) -> String {
    if n.is_nan() {
        return "NaN".into();
    }
    let minus = if n.is_sign_negative() { "-" } else { "" };
    if n.is_infinite() {
        return format!("{minus}∞");
    }
    // Rounds the shortest decimal form (as ICU does), ties away from zero.
    let (digits, e) = if n == 0.0 { ("0".into(), 0) } else { shortest(n.abs()) };
    let mut whole: Vec<u8> = Vec::new();
    let mut frac: Vec<u8> = Vec::new();
    for (i, b) in digits.bytes().enumerate() {
        if i as i32 <= e { whole.push(b) } else { frac.push(b) }
    }
    if e >= 0 {
        whole.resize(e as usize + 1, b'0');
    } else {
        whole.push(b'0');
        let zeros = (-e - 1) as usize;
        frac.splice(0..0, std::iter::repeat_n(b'0', zeros));
    }
    if frac.len() > how.max_fraction {
        let up = frac[how.max_fraction] >= b'5';
        frac.truncate(how.max_fraction);
        if up {
            increment(&mut whole, &mut frac);
        }
    }
    while frac.len() > how.min_fraction && frac.last() == Some(&b'0') {
        frac.pop();
    }
    while frac.len() < how.min_fraction {
        frac.push(b'0');
    }
    let text = |v: Vec<u8>| v.into_iter().map(char::from).collect::<String>();
    let whole = text(whole);
    let whole = if how.grouping { group(&whole) } else { whole };
    let dot = if frac.is_empty() { "" } else { "." };
    format!("{minus}{whole}{dot}{}", text(frac))
}

fn increment(whole: &mut Vec<u8>, frac: &mut [u8]) {
    for d in frac.iter_mut().rev().chain(whole.iter_mut().rev()) {
        if *d != b'9' {
            *d += 1;
            return;
        }
        *d = b'0';
    }
    whole.insert(0, b'1');
}

/// Commas between groups of three digits.
pub fn group(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Number::toString in any radix, for all numbers.
pub fn to_text(n: f64, radix: u32) -> String {
    if radix == 10 || !n.is_finite() { number_to_text(n) } else { to_radix(n, radix) }
}
