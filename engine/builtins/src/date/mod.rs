//! Date (21.4). A Date's internal value 0 is its time value. Clock and time zone come from the host.

pub mod format;
mod locale;
pub mod parse;
pub mod time;

use crate::text::symbol_method;
use looplab_vm::{Args, CONFIGURABLE, Class, Completion, Hint, Intrinsic, Local, NativeFn, Scope, Thrown};
use parse::Parsed;
use time::{Fields, fields, make_date, make_day, make_full_year, make_time, time_clip};

/// Installs Date and its prototype.
pub fn install(s: &mut Scope<'_>) {
    let proto = s.new_object();
    s.set_intrinsic(Intrinsic::DatePrototype, proto);
    let ctor = s.constructor("Date", 7, construct, proto);
    s.set_intrinsic(Intrinsic::Date, ctor);
    let g = s.global_object();
    let key = s.key("Date");
    s.define_hidden(g, key, ctor);
    s.method(ctor, "now", 0, now);
    s.method(ctor, "parse", 1, parse_);
    s.method(ctor, "UTC", 7, utc);
    for (name, length, f) in METHODS {
        s.method(proto, name, *length, *f);
    }
    let key = s.key("toUTCString");
    if let Ok(f) = s.get(proto, key) {
        let gmt = s.key("toGMTString");
        s.define_hidden(proto, gmt, f);
    }
    locale::install(s, proto);
    let name = s.atoms().sym_to_primitive;
    let f = symbol_method(s, proto, name, 1, to_primitive);
    s.define_with(proto, name, f, CONFIGURABLE);
}

// ---- time zones ----

/// LocalTime: a UTC time value on the local clock.
fn local_time(s: &Scope<'_>, t: f64) -> f64 {
    t + s.tz_offset_ms(t, true)
}

/// UTC: a local clock's value as a time value.
fn utc_time(s: &Scope<'_>, t: f64) -> f64 {
    if !t.is_finite() {
        return f64::NAN;
    }
    t - s.tz_offset_ms(t, false)
}

// ---- the constructor ----

fn construct<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    if args.new_target().is_undefined() {
        let t = s.now_ms().floor();
        let text = date_text(s, t);
        return Ok(s.str(&text));
    }
    let t = match args.len() {
        0 => s.now_ms().floor(),
        1 => {
            let v = args.get(0);
            if v.is_class(Class::Date) {
                s.internal(v, 0).as_number().unwrap_or(f64::NAN)
            } else {
                let p = s.to_primitive(v, Hint::Default)?;
                if p.is_string() { parse_text(s, p) } else { time_clip(s.to_number(p)?) }
            }
        }
        _ => {
            let t = from_components(s, args)?;
            time_clip(utc_time(s, t))
        }
    };
    let o = s.create_from_constructor(args.new_target(), Class::Date, Intrinsic::DatePrototype)?;
    let v = s.num(t);
    s.set_internal(o, 0, v);
    Ok(o)
}

/// The time value that arguments (year, month, day, …) say, without time zone.
fn from_components<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Result<f64, Thrown> {
    let mut v = [f64::NAN, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    for (i, slot) in v.iter_mut().enumerate().take(args.len().max(1)) {
        *slot = s.to_number(args.get(i))?;
    }
    let day = make_day(make_full_year(v[0]), v[1], v[2]);
    Ok(make_date(day, make_time(v[3], v[4], v[5], v[6])))
}

fn parse_text<'s>(s: &mut Scope<'s>, text: Local<'s>) -> f64 {
    let t = s.to_utf8_lossy(text);
    match parse::parse(&t) {
        None => f64::NAN,
        Some(Parsed::Utc(t)) => t,
        Some(Parsed::Local(t)) => time_clip(utc_time(s, t)),
    }
}

fn now<'s>(s: &mut Scope<'s>, _args: &Args<'s>) -> Completion<'s> {
    let t = s.now_ms().floor();
    Ok(s.num(t))
}

fn parse_<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = s.to_string(args.get(0))?;
    let t = parse_text(s, text);
    Ok(s.num(t))
}

fn utc<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = from_components(s, args)?;
    Ok(s.num(time_clip(t)))
}

// ---- the prototype ----

/// ThisTimeValue.
fn this_time<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Result<f64, Thrown> {
    let this = args.this();
    if this.is_class(Class::Date) {
        return Ok(s.internal(this, 0).as_number().unwrap_or(f64::NAN));
    }
    Err(s.throw_type("this is not a Date object."))
}

fn get_field<'s>(s: &mut Scope<'s>, args: &Args<'s>, local: bool, f: fn(&Fields) -> i64) -> Completion<'s> {
    let t = this_time(s, args)?;
    if t.is_nan() {
        return Ok(s.num(t));
    }
    let t = if local { local_time(s, t) } else { t };
    Ok(s.num(f(&fields(t)) as f64))
}

/// The parts a setter can change, in the order of its arguments.
const YEAR: usize = 0;
const MONTH: usize = 1;
const DATE: usize = 2;
const HOUR: usize = 3;
const MINUTE: usize = 4;
const SECOND: usize = 5;
const MS: usize = 6;

/// Sets the part `first` from argument 0, and those behind it up to `last` from the arguments that are there.
fn set_fields<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    local: bool,
    first: usize,
    last: usize,
) -> Completion<'s> {
    let t = this_time(s, args)?;
    let n = args.len().clamp(1, last - first + 1);
    let mut new = [0.0; 4];
    for (i, x) in new.iter_mut().enumerate().take(n) {
        *x = s.to_number(args.get(i))?;
    }
    let t = if t.is_nan() {
        if first != YEAR {
            return Ok(s.num(t));
        }
        0.0
    } else if local {
        local_time(s, t)
    } else {
        t
    };
    let f = fields(t);
    let mut v = [f.year, f.month, f.day, f.hour, f.minute, f.second, f.ms].map(|x| x as f64);
    v[first..first + n].copy_from_slice(&new[..n]);
    let d = make_date(make_day(v[0], v[1], v[2]), make_time(v[3], v[4], v[5], v[6]));
    let d = time_clip(if local { utc_time(s, d) } else { d });
    store(s, args, d)
}

fn store<'s>(s: &mut Scope<'s>, args: &Args<'s>, t: f64) -> Completion<'s> {
    let v = s.num(t);
    s.set_internal(args.this(), 0, v);
    Ok(v)
}

fn get_time<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = this_time(s, args)?;
    Ok(s.num(t))
}

fn set_time<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    this_time(s, args)?;
    let t = s.to_number(args.get(0))?;
    store(s, args, time_clip(t))
}

fn get_timezone_offset<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = this_time(s, args)?;
    let minutes = if t.is_nan() { t } else { -(s.tz_offset_ms(t, true) / 60_000.0) + 0.0 };
    Ok(s.num(minutes))
}

fn get_year<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    get_field(s, args, true, |f| f.year - 1900)
}

fn set_year<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = this_time(s, args)?;
    let y = s.to_number(args.get(0))?;
    if y.is_nan() {
        return store(s, args, f64::NAN);
    }
    let f = fields(if t.is_nan() { 0.0 } else { local_time(s, t) });
    let day = make_day(make_full_year(y), f.month as f64, f.day as f64);
    let clock = make_time(f.hour as f64, f.minute as f64, f.second as f64, f.ms as f64);
    let t = time_clip(utc_time(s, make_date(day, clock)));
    store(s, args, t)
}

macro_rules! fields {
    (get: $($get:literal $gf:ident $local:literal $field:expr;)+
     set: $($set:literal $sf:ident $slocal:literal $length:literal $first:ident $last:ident;)+
     other: $($name:literal $f:ident $n:literal;)+) => {
        $(fn $gf<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
            get_field(s, args, $local, $field)
        })+
        $(fn $sf<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
            set_fields(s, args, $slocal, $first, $last)
        })+
        const METHODS: &[(&str, u32, NativeFn)] =
            &[$(($get, 0, $gf),)+ $(($set, $length, $sf),)+ $(($name, $n, $f),)+];
    };
}

fields! {
    get:
    "getDate" get_date true |f| f.day;
    "getDay" get_day true |f| f.weekday;
    "getFullYear" get_full_year true |f| f.year;
    "getHours" get_hours true |f| f.hour;
    "getMilliseconds" get_milliseconds true |f| f.ms;
    "getMinutes" get_minutes true |f| f.minute;
    "getMonth" get_month true |f| f.month;
    "getSeconds" get_seconds true |f| f.second;
    "getUTCDate" get_utc_date false |f| f.day;
    "getUTCDay" get_utc_day false |f| f.weekday;
    "getUTCFullYear" get_utc_full_year false |f| f.year;
    "getUTCHours" get_utc_hours false |f| f.hour;
    "getUTCMilliseconds" get_utc_milliseconds false |f| f.ms;
    "getUTCMinutes" get_utc_minutes false |f| f.minute;
    "getUTCMonth" get_utc_month false |f| f.month;
    "getUTCSeconds" get_utc_seconds false |f| f.second;
    set:
    "setDate" set_date true 1 DATE DATE;
    "setFullYear" set_full_year true 3 YEAR DATE;
    "setHours" set_hours true 4 HOUR MS;
    "setMilliseconds" set_milliseconds true 1 MS MS;
    "setMinutes" set_minutes true 3 MINUTE MS;
    "setMonth" set_month true 2 MONTH DATE;
    "setSeconds" set_seconds true 2 SECOND MS;
    "setUTCDate" set_utc_date false 1 DATE DATE;
    "setUTCFullYear" set_utc_full_year false 3 YEAR DATE;
    "setUTCHours" set_utc_hours false 4 HOUR MS;
    "setUTCMilliseconds" set_utc_milliseconds false 1 MS MS;
    "setUTCMinutes" set_utc_minutes false 3 MINUTE MS;
    "setUTCMonth" set_utc_month false 2 MONTH DATE;
    "setUTCSeconds" set_utc_seconds false 2 SECOND MS;
    other:
    "getTime" get_time 0;
    "valueOf" value_of 0;
    "setTime" set_time 1;
    "getTimezoneOffset" get_timezone_offset 0;
    "getYear" get_year 0;
    "setYear" set_year 1;
    "toString" to_string 0;
    "toDateString" to_date_string 0;
    "toTimeString" to_time_string 0;
    "toUTCString" to_utc_string 0;
    "toISOString" to_iso_string 0;
    "toJSON" to_json 1;
}

fn value_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    get_time(s, args)
}

// ---- text ----

/// ToDateString.
pub fn date_text(s: &Scope<'_>, t: f64) -> String {
    if t.is_nan() {
        return "Invalid Date".into();
    }
    let offset = s.tz_offset_ms(t, true);
    let f = fields(t + offset);
    format!("{} {}", format::date_string(&f), format::time_string(&f, offset, &s.tz_name(t)))
}

fn to_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = this_time(s, args)?;
    let text = date_text(s, t);
    Ok(s.str(&text))
}

fn to_date_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = this_time(s, args)?;
    if t.is_nan() {
        return Ok(s.str("Invalid Date"));
    }
    let text = format::date_string(&fields(local_time(s, t)));
    Ok(s.str(&text))
}

fn to_time_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = this_time(s, args)?;
    if t.is_nan() {
        return Ok(s.str("Invalid Date"));
    }
    let offset = s.tz_offset_ms(t, true);
    let text = format::time_string(&fields(t + offset), offset, &s.tz_name(t));
    Ok(s.str(&text))
}

fn to_utc_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = this_time(s, args)?;
    let text = if t.is_nan() { "Invalid Date".into() } else { format::utc_string(t) };
    Ok(s.str(&text))
}

fn to_iso_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let t = this_time(s, args)?;
    if t.is_nan() {
        return Err(s.throw_range("Invalid time value"));
    }
    let text = format::iso_string(t);
    Ok(s.str(&text))
}

fn to_json<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = s.to_object(args.this())?;
    let v = s.to_primitive(o, Hint::Number)?;
    if v.as_number().is_some_and(|n| !n.is_finite()) {
        return Ok(s.null());
    }
    let key = s.key("toISOString");
    s.invoke(o, key, &[])
}

fn to_primitive<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let o = args.this();
    if !o.is_object() {
        let t = s.describe_value(o);
        return Err(
            s.throw_type(&format!("Date.prototype[Symbol.toPrimitive] called on incompatible receiver {t}"))
        );
    }
    let hint = args.get(0);
    let word = if hint.is_string() { s.to_utf8_lossy(hint) } else { String::new() };
    let (a, b) = (s.atoms().to_string, s.atoms().value_of);
    let order = match word.as_str() {
        "string" | "default" => [a, b],
        "number" => [b, a],
        _ => {
            let t = s.describe_value(hint);
            return Err(s.throw_type(&format!("Invalid hint: {t}")));
        }
    };
    for name in order {
        let f = s.get(o, name)?;
        if f.is_callable() {
            let r = s.call(f, o, &[])?;
            if !r.is_object() {
                return Ok(r);
            }
        }
    }
    Err(s.throw_type("Cannot convert object to primitive value"))
}
