//! Date.parse: the ISO form of the specification, and, like V8, a lenient reader for what people write (RFC 2822, the output
//! of toString, "Jan 2, 2020 3:04 pm", "1/2/2020", "2020-1-2 3:04").

use super::time::{make_date, make_day, make_time, time_clip};

/// What a text says: a time value in UTC, or a local one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Parsed {
    /// Milliseconds since 1970, UTC.
    Utc(f64),
    /// The same for a local clock: the caller subtracts the offset.
    Local(f64),
}

/// Reads a date; `None`: Invalid Date.
pub fn parse(text: &str) -> Option<Parsed> {
    let t = text.trim();
    iso(t.as_bytes()).or_else(|| Legacy::read(t))
}

struct Cursor<'a> {
    b: &'a [u8],
    i: usize,
}

impl Cursor<'_> {
    fn eat(&mut self, c: u8) -> bool {
        let yes = self.b.get(self.i) == Some(&c);
        self.i += usize::from(yes);
        yes
    }

    /// Exactly `n` digits.
    fn digits(&mut self, n: usize) -> Option<f64> {
        let d = self.b.get(self.i..self.i + n)?;
        if !d.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.i += n;
        Some(d.iter().fold(0.0, |a, &x| a * 10.0 + f64::from(x - b'0')))
    }

    fn done(&self) -> bool {
        self.i == self.b.len()
    }
}

/// The date time string format (21.4.1.32). A date alone is UTC, a date with a time and no offset is local.
fn iso(b: &[u8]) -> Option<Parsed> {
    let mut c = Cursor { b, i: 0 };
    let year = if c.eat(b'+') {
        c.digits(6)?
    } else if c.eat(b'-') {
        let y = c.digits(6)?;
        if y == 0.0 {
            return None;
        }
        -y
    } else {
        c.digits(4)?
    };
    let (mut month, mut day) = (1.0, 1.0);
    if c.eat(b'-') {
        month = c.digits(2)?;
        if c.eat(b'-') {
            day = c.digits(2)?;
        }
    }
    if !(1.0..=12.0).contains(&month) || !(1.0..=31.0).contains(&day) {
        return None;
    }
    let date = make_day(year, month - 1.0, day);
    if c.done() {
        return Some(Parsed::Utc(time_clip(make_date(date, 0.0))));
    }
    if !(c.eat(b'T') || c.eat(b't')) {
        return None;
    }
    let hour = c.digits(2)?;
    if !c.eat(b':') {
        return None;
    }
    let minute = c.digits(2)?;
    let (mut second, mut ms) = (0.0, 0.0);
    if c.eat(b':') {
        second = c.digits(2)?;
        if c.eat(b'.') || c.eat(b',') {
            let from = c.i;
            while c.b.get(c.i).is_some_and(u8::is_ascii_digit) {
                c.i += 1;
            }
            ms = fraction_ms(&c.b[from..c.i])?;
        }
    }
    let midnight = hour == 24.0 && minute == 0.0 && second == 0.0 && ms == 0.0;
    if !(hour < 24.0 || midnight) || minute > 59.0 || second > 59.0 {
        return None;
    }
    let t = make_date(date, make_time(hour, minute, second, ms));
    if c.done() {
        return Some(Parsed::Local(t));
    }
    let offset = if c.eat(b'Z') || c.eat(b'z') {
        0.0
    } else {
        let sign = if c.eat(b'+') {
            1.0
        } else if c.eat(b'-') {
            -1.0
        } else {
            return None;
        };
        let h = c.digits(2)?;
        c.eat(b':');
        let m = c.digits(2)?;
        if h > 23.0 || m > 59.0 {
            return None;
        }
        sign * (h * 60.0 + m)
    };
    if !c.done() {
        return None;
    }
    Some(Parsed::Utc(time_clip(t - offset * 60_000.0)))
}

/// The first three digits of a fraction as milliseconds.
fn fraction_ms(d: &[u8]) -> Option<f64> {
    if d.is_empty() {
        return None;
    }
    Some((0..3).fold(0.0, |a, i| a * 10.0 + d.get(i).map_or(0.0, |x| f64::from(x - b'0'))))
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The lenient reader: walks numbers, words and signs, and decides from what follows each what it is.
#[derive(Default)]
struct Legacy {
    /// Numbers of the date, in order.
    numbers: Vec<(f64, usize)>,
    /// The month's name stood behind this many numbers.
    month: Option<(f64, usize)>,
    time: Vec<f64>,
    ms: f64,
    pm: Option<bool>,
    /// Minutes east of UTC.
    offset: Option<f64>,
    /// Numbers were joined by '-' with the first one being long: year first.
    dashed: bool,
}

impl Legacy {
    fn read(t: &str) -> Option<Parsed> {
        let mut l = Legacy::default();
        l.walk(t.as_bytes())?;
        l.finish()
    }

    fn walk(&mut self, b: &[u8]) -> Option<()> {
        let mut i = 0;
        while i < b.len() {
            match b[i] {
                b'(' => i = skip_parentheses(b, i),
                b'0'..=b'9' => i = self.number(b, i)?,
                b'A'..=b'Z' | b'a'..=b'z' => i = self.word(b, i)?,
                b'+' | b'-' => i = self.sign(b, i)?,
                b' ' | b',' | b'/' | b'.' | b'\t' | b'\n' | b'\r' => i += 1,
                b')' => i += 1,
                _ => {
                    // Unknown characters are ignored before the first number, as V8 does.
                    if !self.numbers.is_empty() || !self.time.is_empty() {
                        return None;
                    }
                    i += 1;
                }
            }
        }
        Some(())
    }

    fn number(&mut self, b: &[u8], from: usize) -> Option<usize> {
        let mut i = from;
        while b.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        let n = b[from..i].iter().fold(0.0, |a, &x| a * 10.0 + f64::from(x - b'0'));
        let more_time =
            !self.time.is_empty() && self.time.len() < 3 && b.get(from.wrapping_sub(1)) == Some(&b':');
        if b.get(i) == Some(&b':') && (self.time.is_empty() || more_time) {
            self.time.push(n);
            return Some(i + 1);
        }
        if more_time {
            self.time.push(n);
            if b.get(i) == Some(&b'.') && self.time.len() == 3 {
                let start = i + 1;
                i = start;
                while b.get(i).is_some_and(u8::is_ascii_digit) {
                    i += 1;
                }
                self.ms = fraction_ms(&b[start..i]).unwrap_or(0.0);
            }
            return Some(i);
        }
        // "3pm" without minutes.
        let rest: String = b[i..].iter().take(3).map(|&x| (x as char).to_ascii_lowercase()).collect();
        let rest = rest.trim_start();
        if self.time.is_empty()
            && self.numbers.len() >= 2
            && (rest.starts_with("am") || rest.starts_with("pm"))
        {
            self.time.push(n);
            return Some(i);
        }
        if self.numbers.len() == 3 {
            return None;
        }
        self.numbers.push((n, i - from));
        if b.get(i) == Some(&b'-')
            && b.get(i + 1).is_some_and(u8::is_ascii_alphanumeric)
            && self.time.is_empty()
        {
            self.dashed = true;
            return Some(i + 1);
        }
        Some(i)
    }

    fn word(&mut self, b: &[u8], from: usize) -> Option<usize> {
        let mut i = from;
        while b.get(i).is_some_and(u8::is_ascii_alphabetic) {
            i += 1;
        }
        let w: String = b[from..i].iter().map(|&x| (x as char).to_ascii_lowercase()).collect();
        let key = w.get(..3).unwrap_or(&w);
        match w.as_str() {
            "am" | "pm" if !self.time.is_empty() => self.pm = Some(w == "pm"),
            "z" | "utc" | "gmt" | "ut" => self.offset = Some(0.0),
            "est" => self.offset = Some(-300.0),
            "edt" => self.offset = Some(-240.0),
            "cst" => self.offset = Some(-360.0),
            "cdt" => self.offset = Some(-300.0),
            "mst" => self.offset = Some(-420.0),
            "mdt" => self.offset = Some(-360.0),
            "pst" => self.offset = Some(-480.0),
            "pdt" => self.offset = Some(-420.0),
            _ => {
                if let Some(m) = MONTHS.iter().position(|m| *m == key) {
                    self.month = Some((m as f64, self.numbers.len()));
                    if b.get(i) == Some(&b'-') {
                        i += 1;
                    }
                } else if !DAYS.contains(&key) && !self.numbers.is_empty() {
                    // Words before the first number are ignored; behind it they must mean something.
                    return None;
                }
            }
        }
        Some(i)
    }

    /// An offset behind a time, or a separator.
    fn sign(&mut self, b: &[u8], from: usize) -> Option<usize> {
        let has_time = !self.time.is_empty() || self.offset.is_some();
        if !has_time {
            return Some(from + 1);
        }
        let sign = if b[from] == b'-' { -1.0 } else { 1.0 };
        let mut i = from + 1;
        let start = i;
        while b.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        let n = b[start..i].iter().fold(0.0, |a, &x| a * 10.0 + f64::from(x - b'0'));
        let width = i - start;
        if width == 0 {
            return None;
        }
        let minutes = if b.get(i) == Some(&b':') {
            let from = i + 1;
            i = from;
            while b.get(i).is_some_and(u8::is_ascii_digit) {
                i += 1;
            }
            n * 60.0 + b[from..i].iter().fold(0.0, |a, &x| a * 10.0 + f64::from(x - b'0'))
        } else if width <= 2 {
            n * 60.0
        } else {
            (n / 100.0).floor() * 60.0 + n % 100.0
        };
        self.offset = Some(sign * minutes);
        Some(i)
    }

    fn finish(self) -> Option<Parsed> {
        let (year, month, day) = self.date()?;
        if !(0.0..12.0).contains(&month) || !(1.0..=31.0).contains(&day) {
            return None;
        }
        let mut hour = self.time.first().copied().unwrap_or(0.0);
        if let Some(pm) = self.pm {
            if !(1.0..=12.0).contains(&hour) {
                return None;
            }
            hour = hour % 12.0 + if pm { 12.0 } else { 0.0 };
        }
        let minute = self.time.get(1).copied().unwrap_or(0.0);
        let second = self.time.get(2).copied().unwrap_or(0.0);
        let midnight = hour == 24.0 && minute == 0.0 && second == 0.0 && self.ms == 0.0;
        if (hour > 23.0 && !midnight) || minute > 59.0 || second > 59.0 {
            return None;
        }
        let t = make_date(make_day(year, month, day), make_time(hour, minute, second, self.ms));
        Some(match self.offset {
            Some(o) => Parsed::Utc(time_clip(t - o * 60_000.0)),
            None => Parsed::Local(t),
        })
    }

    /// Year, month and day from the numbers and the month's name.
    fn date(&self) -> Option<(f64, f64, f64)> {
        let full = |(n, width): (f64, usize)| match n {
            n if width <= 2 && n < 50.0 => n + 2000.0,
            n if width <= 2 && n < 100.0 => n + 1900.0,
            n => n,
        };
        let n = &self.numbers;
        if let Some((m, _)) = self.month {
            return match n.len() {
                1 if n[0].0 > 31.0 => Some((full(n[0]), m, 1.0)),
                1 => Some((2001.0, m, n[0].0)),
                2 if n[0].0 > 31.0 || n[0].1 > 2 => Some((full(n[0]), m, n[1].0)),
                2 => Some((full(n[1]), m, n[0].0)),
                _ => None,
            };
        }
        match n.len() {
            // A lone number: a month of 2001 when it can be one, else a year.
            1 if self.time.is_empty() && (1.0..=12.0).contains(&n[0].0) && n[0].1 <= 2 => {
                Some((2001.0, n[0].0 - 1.0, 1.0))
            }
            1 if n[0].0 > 31.0 => Some((full(n[0]), 0.0, 1.0)),
            2 if n[0].1 > 2 => Some((full(n[0]), n[1].0 - 1.0, 1.0)),
            2 if n[1].0 > 31.0 => Some((full(n[1]), n[0].0 - 1.0, 1.0)),
            2 => Some((2001.0, n[0].0 - 1.0, n[1].0)),
            3 if n[0].1 > 2 || n[0].0 > 31.0 => Some((full(n[0]), n[1].0 - 1.0, n[2].0)),
            3 => Some((full(n[2]), n[0].0 - 1.0, n[1].0)),
            _ => None,
        }
    }
}

fn skip_parentheses(b: &[u8], from: usize) -> usize {
    let mut depth = 0usize;
    for (i, &c) in b.iter().enumerate().skip(from) {
        match c {
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            _ => {}
        }
    }
    b.len()
}
