//! Number (21.1).

use crate::number_format::{self as format, Locale};
use looplab_vm::{Args, Class, Completion, Intrinsic, Local, Scope, Thrown};
use num_traits::ToPrimitive;

/// Installs Number and its prototype. After the global functions, whose parseInt and parseFloat it shares.
pub fn install(s: &mut Scope<'_>) {
    let op = s.intrinsic(Intrinsic::ObjectPrototype);
    let proto = s.new_object_of(Class::Number, op);
    let zero = s.int(0);
    s.set_internal(proto, 0, zero);
    s.set_intrinsic(Intrinsic::NumberPrototype, proto);
    let ctor = s.constructor("Number", 1, construct, proto);
    s.set_intrinsic(Intrinsic::Number, ctor);
    let g = s.global_object();
    let key = s.key("Number");
    s.define_hidden(g, key, ctor);
    for (name, n) in [
        ("MAX_VALUE", f64::MAX),
        ("MIN_VALUE", 5e-324),
        ("NaN", f64::NAN),
        ("NEGATIVE_INFINITY", f64::NEG_INFINITY),
        ("POSITIVE_INFINITY", f64::INFINITY),
        ("MAX_SAFE_INTEGER", 9_007_199_254_740_991.0),
        ("MIN_SAFE_INTEGER", -9_007_199_254_740_991.0),
        ("EPSILON", f64::EPSILON),
    ] {
        let (key, v) = (s.key(name), s.num(n));
        s.define_with(ctor, key, v, 0);
    }
    s.method(ctor, "isFinite", 1, is_finite);
    s.method(ctor, "isInteger", 1, is_integer);
    s.method(ctor, "isNaN", 1, is_nan);
    s.method(ctor, "isSafeInteger", 1, is_safe_integer);
    for name in ["parseFloat", "parseInt"] {
        let key = s.key(name);
        if let Ok(f) = s.get(g, key) {
            s.define_hidden(ctor, key, f);
        }
    }
    s.method(proto, "toExponential", 1, to_exponential);
    s.method(proto, "toFixed", 1, to_fixed);
    s.method(proto, "toPrecision", 1, to_precision);
    s.method(proto, "toString", 1, to_string);
    s.method(proto, "valueOf", 0, value_of);
    s.method(proto, "toLocaleString", 0, to_locale_string);
}

fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = if args.is_empty() {
        0.0
    } else {
        let v = s.to_numeric(args.get(0))?;
        match s.as_bigint(v) {
            Some(b) => b.to_f64().unwrap_or(f64::NAN),
            None => s.to_number(v)?,
        }
    };
    let v = s.num(n);
    if args.new_target().is_undefined() {
        return Ok(v);
    }
    let o = s.create_from_constructor(args.new_target(), Class::Number, Intrinsic::NumberPrototype)?;
    s.set_internal(o, 0, v);
    Ok(o)
}

fn is_finite<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(s.bool(args.get(0).as_number().is_some_and(f64::is_finite)))
}

fn integral(v: Local<'_>) -> Option<f64> {
    v.as_number().filter(|n| n.is_finite() && n.trunc() == *n)
}

fn is_integer<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(s.bool(integral(args.get(0)).is_some()))
}

fn is_nan<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(s.bool(args.get(0).as_number().is_some_and(f64::is_nan)))
}

fn is_safe_integer<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    Ok(s.bool(integral(args.get(0)).is_some_and(|n| n.abs() <= 9_007_199_254_740_991.0)))
}

/// ThisNumberValue.
fn this_number<'s>(s: &mut Scope<'s>, args: &Args<'s>, method: &str) -> Result<f64, Thrown> {
    let this = args.this();
    if let Some(n) = this.as_number() {
        return Ok(n);
    }
    if this.is_class(Class::Number)
        && let Some(n) = s.internal(this, 0).as_number()
    {
        return Ok(n);
    }
    Err(s.throw_type(&format!("Number.prototype.{method} requires that 'this' be a Number")))
}

fn value_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_number(s, args, "valueOf")?;
    Ok(s.num(n))
}

fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_number(s, args, "toString")?;
    let radix = match args.get(0) {
        v if v.is_undefined() => 10.0,
        v => s.to_integer_or_infinity(v)?,
    };
    if !(2.0..=36.0).contains(&radix) {
        return Err(s.throw_range("toString() radix argument must be between 2 and 36"));
    }
    let v = s.num(n);
    if radix == 10.0 {
        return s.to_string(v);
    }
    let t = format::to_text(n, radix as u32);
    Ok(s.str(&t))
}

/// What the formatting methods give for NaN and the infinities.
fn not_finite(n: f64) -> Option<&'static str> {
    match n {
        n if n.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

fn to_fixed<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_number(s, args, "toFixed")?;
    let places = s.to_integer_or_infinity(args.get(0))?;
    if !(0.0..=100.0).contains(&places) {
        return Err(s.throw_range("toFixed() digits argument must be between 0 and 100"));
    }
    let v = s.num(n);
    if !n.is_finite() || n.abs() >= 1e21 {
        return s.to_string(v);
    }
    let t = format::to_fixed(n, places as u32);
    Ok(s.str(&t))
}

fn to_exponential<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_number(s, args, "toExponential")?;
    let p = s.to_integer_or_infinity(args.get(0))?;
    if let Some(t) = not_finite(n) {
        return Ok(s.str(t));
    }
    if !(0.0..=100.0).contains(&p) {
        return Err(s.throw_range("toExponential() argument must be between 0 and 100"));
    }
    let places = (!args.get(0).is_undefined()).then_some(p as usize);
    let t = format::to_exponential(n, places);
    Ok(s.str(&t))
}

fn to_precision<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_number(s, args, "toPrecision")?;
    if args.get(0).is_undefined() {
        let v = s.num(n);
        return s.to_string(v);
    }
    let p = s.to_integer_or_infinity(args.get(0))?;
    if let Some(t) = not_finite(n) {
        return Ok(s.str(t));
    }
    if !(1.0..=100.0).contains(&p) {
        return Err(s.throw_range("toPrecision() argument must be between 1 and 100"));
    }
    let t = format::to_precision(n, p as usize);
    Ok(s.str(&t))
}

/// The text of an option, if it is there.
fn option_text<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str) -> Result<Option<String>, Thrown> {
    let key = s.key(name);
    let v = s.get(o, key)?;
    if v.is_undefined() { Ok(None) } else { s.to_text(v).map(Some) }
}

fn option_digits<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str) -> Result<Option<usize>, Thrown> {
    let key = s.key(name);
    let v = s.get(o, key)?;
    if v.is_undefined() {
        return Ok(None);
    }
    let n = s.to_number(v)?;
    if !(0.0..=100.0).contains(&n) {
        return Err(s.throw_range(&format!("{name} value is out of range.")));
    }
    Ok(Some(n as usize))
}

/// `toLocaleString` of a number value with its options object, in en-US: fraction digits, grouping, percent and currency.
pub fn locale_text<'s>(s: &mut Scope<'s>, n: f64, options: Local<'s>) -> Result<String, Thrown> {
    let mut how = Locale::default();
    if !options.is_object() {
        return Ok(format::to_locale(n, &how));
    }
    let style = option_text(s, options, "style")?.unwrap_or_default();
    let currency = option_text(s, options, "currency")?;
    let mut n = n;
    match style.as_str() {
        "percent" => {
            n *= 100.0;
            how.max_fraction = 0;
        }
        "currency" => {
            if currency.is_none() {
                return Err(s.throw_type("Currency code is required with currency style."));
            }
            let places = if currency.as_deref() == Some("JPY") { 0 } else { 2 };
            (how.min_fraction, how.max_fraction) = (places, places);
        }
        _ => {}
    }
    let min = option_digits(s, options, "minimumFractionDigits")?;
    let max = option_digits(s, options, "maximumFractionDigits")?;
    match (min, max) {
        (Some(a), Some(b)) if a > b => {
            return Err(s.throw_range("maximumFractionDigits value is out of range."));
        }
        (Some(a), b) => {
            how.min_fraction = a;
            how.max_fraction = b.unwrap_or(how.max_fraction.max(a));
        }
        (None, Some(b)) => {
            how.max_fraction = b;
            how.min_fraction = how.min_fraction.min(b);
        }
        (None, None) => {}
    }
    let key = s.key("useGrouping");
    let g = s.get(options, key)?;
    how.grouping = g.is_undefined() || s.to_boolean(g);
    let t = format::to_locale(n.abs(), &how);
    let minus = if n.is_sign_negative() && !n.is_nan() { "-" } else { "" };
    Ok(match (style.as_str(), currency) {
        ("percent", _) => format!("{minus}{t}%"),
        ("currency", Some(c)) => {
            let symbol = match c.to_uppercase().as_str() {
                "USD" => "$".to_owned(),
                "EUR" => "€".to_owned(),
                "GBP" => "£".to_owned(),
                "JPY" => "¥".to_owned(),
                "INR" => "₹".to_owned(),
                other => format!("{other}\u{a0}"),
            };
            format!("{minus}{symbol}{t}")
        }
        _ => format!("{minus}{t}"),
    })
}

fn to_locale_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let n = this_number(s, args, "toLocaleString")?;
    let t = locale_text(s, n, args.get(1))?;
    Ok(s.str(&t))
}
