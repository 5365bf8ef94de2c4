//! toLocaleString and its kin, in en-US: the default forms and the usual options. `timeZone` may be "UTC"; other names are
//! taken as the local zone.

use super::format::{Parts, locale};
use super::this_time;
use super::time::fields;
use looplab_vm::{Args, Completion, Local, Scope, Thrown};

/// Installs the methods.
pub fn install<'s>(s: &mut Scope<'s>, proto: Local<'s>) {
    s.method(proto, "toLocaleString", 0, to_locale_string);
    s.method(proto, "toLocaleDateString", 0, to_locale_date_string);
    s.method(proto, "toLocaleTimeString", 0, to_locale_time_string);
}

fn option<'s>(s: &mut Scope<'s>, o: Local<'s>, name: &str) -> Result<Option<String>, Thrown> {
    if !o.is_object() {
        return Ok(None);
    }
    let key = s.key(name);
    let v = s.get(o, key)?;
    if v.is_undefined() { Ok(None) } else { s.to_text(v).map(Some) }
}

/// `dateStyle` and `timeStyle` as parts.
fn styles(p: &mut Parts, date: Option<&str>, time: Option<&str>) {
    let some = |t: &str| Some(t.to_owned());
    let numeric = some("numeric");
    match date {
        Some("full") => {
            (p.weekday, p.month) = (some("long"), some("long"));
        }
        Some("long") => p.month = some("long"),
        Some("medium") => p.month = some("short"),
        Some(_) => p.month = numeric.clone(),
        None => {}
    }
    if date.is_some() {
        p.day = numeric.clone();
        p.year = if date == Some("short") { some("2-digit") } else { numeric.clone() };
    }
    if time.is_some() {
        (p.hour, p.minute) = (numeric.clone(), some("2-digit"));
        p.second = if time == Some("short") { None } else { some("2-digit") };
    }
}

fn text<'s>(s: &mut Scope<'s>, args: &Args<'s>, date: bool, time: bool) -> Completion<'s> {
    let t = this_time(s, args)?;
    let o = args.get(1);
    let mut p = Parts {
        weekday: option(s, o, "weekday")?,
        year: option(s, o, "year")?,
        month: option(s, o, "month")?,
        day: option(s, o, "day")?,
        hour: option(s, o, "hour")?,
        minute: option(s, o, "minute")?,
        second: option(s, o, "second")?,
        ..Parts::default()
    };
    p.hour24 = option(s, o, "hour12")?.is_some_and(|v| v == "false")
        || option(s, o, "hourCycle")?.is_some_and(|v| v == "h23" || v == "h24");
    let zone = option(s, o, "timeZone")?;
    let zone_name = option(s, o, "timeZoneName")?;
    let (ds, ts) = (option(s, o, "dateStyle")?, option(s, o, "timeStyle")?);
    styles(&mut p, ds.as_deref(), ts.as_deref());
    let has_date = p.weekday.is_some() || p.year.is_some() || p.month.is_some() || p.day.is_some();
    let has_time = p.hour.is_some() || p.minute.is_some() || p.second.is_some();
    // What the method stands for is shown when the options ask for nothing of it.
    let wanted = (date && has_date) || (time && has_time);
    let numeric = || Some("numeric".to_owned());
    if !wanted && date {
        (p.year, p.month, p.day) = (numeric(), numeric(), numeric());
    }
    if !wanted && time {
        (p.hour, p.minute, p.second) = (numeric(), numeric(), numeric());
    }
    if t.is_nan() {
        return Ok(s.str("Invalid Date"));
    }
    let utc = zone.as_deref().is_some_and(|z| matches!(z.to_uppercase().as_str(), "UTC" | "GMT" | "ETC/UTC"));
    if zone_name.is_some() || matches!(ts.as_deref(), Some("full" | "long")) {
        let name = if utc { "UTC".to_owned() } else { s.tz_name(t) };
        p.zone = Some(if name == "Coordinated Universal Time" { "UTC".into() } else { name });
    }
    let offset = if utc { 0.0 } else { s.tz_offset_ms(t, true) };
    let out = locale(&fields(t + offset), &p);
    Ok(s.str(&out))
}

fn to_locale_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    text(s, args, true, true)
}

fn to_locale_date_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    text(s, args, true, false)
}

fn to_locale_time_string<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    text(s, args, false, true)
}
