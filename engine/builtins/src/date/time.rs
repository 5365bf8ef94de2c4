//! Time values and calendar arithmetic (21.4.1): days, civil dates, TimeClip. Pure functions on milliseconds.

/// Milliseconds of a day.
pub const DAY: f64 = 86_400_000.0;

/// A time taken apart. `month` from 0, `weekday` from Sunday = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fields {
    /// Year, may be negative.
    pub year: i64,
    /// Month, 0 to 11.
    pub month: i64,
    /// Day of the month, from 1.
    pub day: i64,
    /// Hour of the day.
    pub hour: i64,
    /// Minute of the hour.
    pub minute: i64,
    /// Second of the minute.
    pub second: i64,
    /// Millisecond of the second.
    pub ms: i64,
    /// Day of the week, 0 is Sunday.
    pub weekday: i64,
}

/// Days from 1970-01-01 to the first day of a month; the month may be out of range.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year + month.div_euclid(12);
    let month = month.rem_euclid(12) + 1;
    // Years that begin in March put the leap day last; 400 of them have 146097 days.
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let in_era = y.rem_euclid(400);
    let march = (month + 9) % 12;
    let in_year = (153 * march + 2) / 5 + day - 1;
    era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719_468
}

/// The civil date of a day number: year, month from 0, day from 1.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let d = z.rem_euclid(146_097);
    let in_era = (d - d / 1460 + d / 36_524 - d / 146_096) / 365;
    let in_year = d - (365 * in_era + in_era / 4 - in_era / 100);
    let march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 2 } else { march - 10 };
    (in_era + era * 400 + i64::from(month < 2), month, day)
}

/// Takes a finite time value apart.
pub fn fields(t: f64) -> Fields {
    let days = (t / DAY).floor() as i64;
    let ms = (t - days as f64 * DAY) as i64;
    let (year, month, day) = civil_from_days(days);
    Fields {
        year,
        month,
        day,
        hour: ms / 3_600_000,
        minute: ms / 60_000 % 60,
        second: ms / 1000 % 60,
        ms: ms % 1000,
        weekday: (days + 4).rem_euclid(7),
    }
}

/// MakeTime.
pub fn make_time(hour: f64, minute: f64, second: f64, ms: f64) -> f64 {
    if ![hour, minute, second, ms].iter().all(|x| x.is_finite()) {
        return f64::NAN;
    }
    ((hour.trunc() * 3_600_000.0 + minute.trunc() * 60_000.0) + second.trunc() * 1000.0) + ms.trunc()
}

/// MakeDay.
pub fn make_day(year: f64, month: f64, date: f64) -> f64 {
    if ![year, month, date].iter().all(|x| x.is_finite()) {
        return f64::NAN;
    }
    let (y, m) = (year.trunc(), month.trunc());
    // Beyond this no day can bring the result back into range (V8 has limits of the same kind).
    if y.abs() > 1e7 || m.abs() > 1e8 {
        return f64::NAN;
    }
    days_from_civil(y as i64, m as i64, 1) as f64 + date.trunc() - 1.0
}

/// MakeDate.
pub fn make_date(day: f64, time: f64) -> f64 {
    let t = day * DAY + time;
    if day.is_finite() && time.is_finite() && t.is_finite() { t } else { f64::NAN }
}

/// TimeClip.
pub fn time_clip(t: f64) -> f64 {
    if t.is_finite() && t.abs() <= 8.64e15 { t.trunc() + 0.0 } else { f64::NAN }
}

/// MakeFullYear.
pub fn make_full_year(y: f64) -> f64 {
    if y.is_nan() {
        return y;
    }
    let t = y.trunc();
    if (0.0..=99.0).contains(&t) { t + 1900.0 } else { t }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_round_trip() {
        for d in (-100_000_000..=100_000_000).step_by(9973) {
            let (y, m, day) = civil_from_days(d);
            assert_eq!(days_from_civil(y, m, day), d);
        }
        assert_eq!(civil_from_days(0), (1970, 0, 1));
        assert_eq!(days_from_civil(2000, 1, 29), 11_016);
        assert_eq!(days_from_civil(1999, 13, 29), 11_016);
        assert_eq!(fields(0.0).weekday, 4);
        assert_eq!(fields(-1.0).year, 1969);
    }
}
