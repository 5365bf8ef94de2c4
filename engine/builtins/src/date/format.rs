//! Dates as text: the fixed forms of the specification and the en-US forms of the locale methods.

use super::time::{Fields, fields};

/// Names of the days, Sunday first.
pub const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/// Names of the months.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn day(f: &Fields) -> &'static str {
    &DAYS[f.weekday as usize][..3]
}

fn month(f: &Fields) -> &'static str {
    &MONTHS[f.month as usize][..3]
}

/// A year with at least four digits, and a sign when negative (V8 gives no more).
fn year(y: i64) -> String {
    if y < 0 { format!("-{:04}", -y) } else { format!("{y:04}") }
}

/// DateString: "Thu Jan 01 1970".
pub fn date_string(f: &Fields) -> String {
    format!("{} {} {:02} {}", day(f), month(f), f.day, year(f.year))
}

/// TimeString and TimeZoneString: "00:00:00 GMT+0000 (Coordinated Universal Time)".
pub fn time_string(f: &Fields, offset_ms: f64, zone: &str) -> String {
    let minutes = (offset_ms / 60_000.0) as i64;
    let sign = if minutes < 0 { '-' } else { '+' };
    let m = minutes.abs();
    format!("{:02}:{:02}:{:02} GMT{sign}{:02}{:02} ({zone})", f.hour, f.minute, f.second, m / 60, m % 60)
}

/// toUTCString: "Thu, 01 Jan 1970 00:00:00 GMT".
pub fn utc_string(t: f64) -> String {
    let f = fields(t);
    format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
        day(&f),
        f.day,
        month(&f),
        year(f.year),
        f.hour,
        f.minute,
        f.second
    )
}

/// toISOString.
pub fn iso_string(t: f64) -> String {
    let f = fields(t);
    let y = match f.year {
        0..=9999 => format!("{:04}", f.year),
        y if y < 0 => format!("-{:06}", -y),
        y => format!("+{y:06}"),
    };
    format!("{y}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", f.month + 1, f.day, f.hour, f.minute, f.second, f.ms)
}

/// What a locale method shows; each part as its option says, `None`: left out.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// "long", "short", "narrow"
    pub weekday: Option<String>,
    /// "numeric", "2-digit"
    pub year: Option<String>,
    /// "numeric", "2-digit", "long", "short", "narrow"
    pub month: Option<String>,
    /// "numeric", "2-digit"
    pub day: Option<String>,
    /// "numeric", "2-digit"
    pub hour: Option<String>,
    /// "numeric", "2-digit"
    pub minute: Option<String>,
    /// "numeric", "2-digit"
    pub second: Option<String>,
    /// 24-hour clock.
    pub hour24: bool,
    /// The zone's short name, to be appended.
    pub zone: Option<String>,
}

impl Parts {
    fn has_date(&self) -> bool {
        self.weekday.is_some() || self.year.is_some() || self.month.is_some() || self.day.is_some()
    }

    fn has_time(&self) -> bool {
        self.hour.is_some() || self.minute.is_some() || self.second.is_some()
    }
}

fn numeric(n: i64, how: &str) -> String {
    if how == "2-digit" { format!("{:02}", n % 100) } else { n.to_string() }
}

/// The en-US text of a local time.
pub fn locale(f: &Fields, p: &Parts) -> String {
    let long_month = p.month.as_deref().is_some_and(|m| matches!(m, "long" | "short" | "narrow"));
    let mut out = String::new();
    if p.has_date() {
        out = if long_month { date_in_words(f, p) } else { date_in_numbers(f, p) };
    }
    if p.has_time() {
        if p.has_date() {
            out.push_str(if p.month.as_deref() == Some("long") { " at " } else { ", " });
        }
        out.push_str(&clock(f, p));
    }
    if let Some(z) = &p.zone {
        out.push_str(if p.has_time() { " " } else { ", " });
        out.push_str(z);
    }
    out
}

fn cut(name: &str, how: &str) -> String {
    match how {
        "long" => name.to_owned(),
        "narrow" => name[..1].to_owned(),
        _ => name[..3].to_owned(),
    }
}

/// "Thursday, January 1, 1970"
fn date_in_words(f: &Fields, p: &Parts) -> String {
    let mut out = String::new();
    if let Some(w) = &p.weekday {
        out.push_str(&cut(DAYS[f.weekday as usize], w));
        out.push_str(", ");
    }
    if let Some(m) = &p.month {
        out.push_str(&cut(MONTHS[f.month as usize], m));
    }
    if let Some(d) = &p.day {
        out.push(' ');
        out.push_str(&numeric(f.day, d));
    }
    if let Some(y) = &p.year {
        out.push_str(if p.day.is_some() { ", " } else { " " });
        out.push_str(&numeric(f.year, y));
    }
    out
}

/// "1/1/1970"
fn date_in_numbers(f: &Fields, p: &Parts) -> String {
    let mut parts = Vec::new();
    if let Some(m) = &p.month {
        parts.push(numeric(f.month + 1, m));
    }
    if let Some(d) = &p.day {
        parts.push(numeric(f.day, d));
    }
    if let Some(y) = &p.year {
        parts.push(numeric(f.year, y));
    }
    let numbers = parts.join("/");
    match &p.weekday {
        None => numbers,
        Some(w) => {
            let w = cut(DAYS[f.weekday as usize], w);
            if numbers.is_empty() { w } else { format!("{w}, {numbers}") }
        }
    }
}

/// "12:00:00 AM" (with a plain space, as Node has it, where ICU alone gives U+202F)
fn clock(f: &Fields, p: &Parts) -> String {
    let mut parts = Vec::new();
    if let Some(h) = &p.hour {
        let n = if p.hour24 { f.hour } else { (f.hour + 11) % 12 + 1 };
        parts.push(if p.hour24 || h == "2-digit" { format!("{n:02}") } else { n.to_string() });
    }
    let alone = p.hour.is_none() && (p.minute.is_none() || p.second.is_none());
    for (n, how) in [(f.minute, &p.minute), (f.second, &p.second)] {
        if how.is_some() {
            parts.push(if alone { n.to_string() } else { format!("{n:02}") });
        }
    }
    let t = parts.join(":");
    if p.hour.is_none() || p.hour24 {
        return t;
    }
    format!("{t} {}", if f.hour < 12 { "AM" } else { "PM" })
}
