//! Numbers as people read them.

/// A duration or moment in nanoseconds, in the unit that suits it: `850 ns`, `12 µs`, `1.25 ms`, `2.5 s`.
///
/// ```
/// use looplab_lab::units::time;
/// assert_eq!(time(0), "0 ms");
/// assert_eq!(time(850), "850 ns");
/// assert_eq!(time(200_000), "200 µs");
/// assert_eq!(time(1_250_000), "1.25 ms");
/// assert_eq!(time(61_000_000_000), "61 s");
/// ```
pub fn time(nanos: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")];
    if nanos == 0 {
        return "0 ms".into();
    }
    for (size, unit) in UNITS {
        // What would be rounded up to a whole unit is written in that unit.
        if nanos >= size - size / 2_000 {
            return format!("{} {unit}", three_digits(nanos as f64 / size as f64));
        }
    }
    format!("{nanos} ns")
}

/// Up to two decimals, but no more than three digits that matter.
fn three_digits(value: f64) -> String {
    let decimals = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A count with thousands set apart: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 tick`, `2 ticks`.
pub fn plural(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_change_their_unit_where_they_should() {
        for (nanos, text) in [
            (1, "1 ns"),
            (999, "999 ns"),
            (1_000, "1 µs"),
            (12_345, "12.3 µs"),
            (123_456, "123 µs"),
            (999_499, "999 µs"),
            (999_950, "1 ms"),
            (10_000_000, "10 ms"),
            (1_234_567_890, "1.23 s"),
        ] {
            assert_eq!(time(nanos), text);
        }
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([plural(1, "tick"), plural(0, "tick")], ["1 tick", "0 ticks"]);
    }
}
