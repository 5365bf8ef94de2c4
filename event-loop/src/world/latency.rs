//! How long things take in the simulated world: declared by class and by operation, fixed or drawn from a distribution, and more
//! for more bytes.
//!
//! ```
//! use looplab_event_loop::Latencies;
//! let mut latencies = Latencies::default();
//! latencies.declare("disk", "hdd").unwrap();
//! latencies.declare("fs.read", "2ms±1ms").unwrap();
//! latencies.declare("fs.write", "100us+2ms/MiB").unwrap();
//! latencies.declare("dns", "20ms~0.5").unwrap();
//! assert!(latencies.declare("fs.read", "soon").is_err());
//! ```

use super::JobInfo;
use looplab_probe::JobClass;
use std::collections::BTreeMap;

/// One operation's time, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Latency {
    /// Always the same.
    Fixed(u64),
    /// Anything from the first to the second, all equally likely.
    Uniform(u64, u64),
    /// Half of the times are shorter than `median`; `sigma` is the standard deviation of the logarithm (0.5: two thirds lie within
    /// a factor of 1.65, and a few take much longer, as on real machines).
    LogNormal {
        /// In nanoseconds.
        median: u64,
        /// Without a unit.
        sigma: f64,
    },
}

impl Latency {
    /// One time, drawn with `random`.
    pub fn draw(self, random: &mut dyn FnMut() -> u64) -> u64 {
        match self {
            Latency::Fixed(nanos) => nanos,
            Latency::Uniform(low, high) => match high.saturating_sub(low).checked_add(1) {
                Some(span) => low + random() % span,
                None => random(),
            },
            Latency::LogNormal { median, sigma } => {
                // The sum of twelve uniform numbers is close to normal, with the same bits on every machine.
                let sum: f64 = (0..12).map(|_| (random() >> 11) as f64 / (1u64 << 53) as f64).sum();
                (median as f64 * libm::exp(sigma * (sum - 6.0))) as u64
            }
        }
    }
}

impl std::str::FromStr for Latency {
    type Err = String;

    /// `2ms`, `2ms±1ms` (also `2ms+-1ms`), `1ms..3ms`, `2ms~0.5` (median and sigma).
    fn from_str(text: &str) -> Result<Latency, String> {
        if let Some((low, high)) = text.split_once("..") {
            let (low, high) = (nanos(low)?, nanos(high)?);
            return if low <= high { Ok(Latency::Uniform(low, high)) } else { Err(unknown(text)) };
        }
        if let Some((middle, spread)) = text.split_once('±').or_else(|| text.split_once("+-")) {
            let (middle, spread) = (nanos(middle)?, nanos(spread)?);
            return Ok(Latency::Uniform(middle.saturating_sub(spread), middle.saturating_add(spread)));
        }
        if let Some((median, sigma)) = text.split_once('~') {
            let sigma: f64 = sigma.parse().map_err(|_| unknown(text))?;
            return match (0.0..=4.0).contains(&sigma) {
                true => Ok(Latency::LogNormal { median: nanos(median)?, sigma }),
                false => Err(format!("the spread of '{text}' must lie between 0 and 4")),
            };
        }
        nanos(text).map(Latency::Fixed)
    }
}

fn unknown(text: &str) -> String {
    format!(
        "'{text}' is no time: try 2ms, 2ms±1ms, 1ms..3ms or 2ms~0.5 (median~spread), with ns, us, ms, s or min"
    )
}

/// A time with its unit: `ns`, `us` (or `µs`), `ms`, `s`, `min`.
///
/// # Errors
/// What is wrong with it, in words for the person who typed it.
pub fn nanos(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, f64); 6] =
        [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("min", 60e9)];
    let found = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    let (number, factor) = found.ok_or_else(|| unknown(text))?;
    let number: f64 = number.trim().parse().map_err(|_| unknown(text))?;
    if (0.0..1e9).contains(&number) { Ok((number * factor).round() as u64) } else { Err(unknown(text)) }
}

/// A number of bytes with its unit: `B`, `kB`, `MB`, `GB`, `KiB`, `MiB`, `GiB`.
///
/// # Errors
/// What is wrong with it, in words for the person who typed it.
pub fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
    ];
    let wrong = || format!("'{text}' is no size: try 64KiB or 10MB");
    let (number, factor) =
        UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor))).ok_or_else(wrong)?;
    let number: f64 = if number.is_empty() { 1.0 } else { number.trim().parse().map_err(|_| wrong())? };
    let all = number * *factor as f64;
    if (0.0..1e15).contains(&all) { Ok(all as u64) } else { Err(wrong()) }
}

/// What an operation takes: a latency, and so many picoseconds more for each byte.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Whatever its size.
    pub latency: Latency,
    /// For each byte it moves, in picoseconds: 1,000 is a gigabyte a second.
    pub per_byte: u64,
}

impl Cost {
    /// Always the same, whatever the size.
    pub const fn fixed(nanos: u64) -> Cost {
        Cost { latency: Latency::Fixed(nanos), per_byte: 0 }
    }

    /// One operation's time in nanoseconds.
    pub fn of(self, bytes: u64, random: &mut dyn FnMut() -> u64) -> u64 {
        let moved = u128::from(bytes) * u128::from(self.per_byte) / 1_000;
        self.latency.draw(random).saturating_add(u64::try_from(moved).unwrap_or(u64::MAX))
    }
}

impl From<Latency> for Cost {
    fn from(latency: Latency) -> Cost {
        Cost { latency, per_byte: 0 }
    }
}

impl std::str::FromStr for Cost {
    type Err = String;

    /// A [`Latency`], or one and a time for so many bytes: `100us+2ms/MiB`.
    fn from_str(text: &str) -> Result<Cost, String> {
        let Some((before, size)) = text.split_once('/') else { return Ok(text.parse::<Latency>()?.into()) };
        // `+-` belongs to the latency.
        let at = before.rmatch_indices('+').map(|(at, _)| at).find(|at| !before[at + 1..].starts_with('-'));
        let Some(at) = at else {
            return Err(format!("{} and 100us+2ms/MiB for times by size", unknown(text)));
        };
        let (latency, more) = (before[..at].parse()?, nanos(&before[at + 1..])?);
        let size = bytes(size)?;
        if size == 0 {
            return Err(format!("'{text}' divides by a size of nothing"));
        }
        Ok(Cost { latency, per_byte: more.saturating_mul(1_000) / size })
    }
}

/// How long everything takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Latencies {
    /// A file-system operation. Default 200 µs.
    pub disk: Cost,
    /// A name look-up. Default 5 ms.
    pub lookup: Cost,
    /// A computing job. Default 10 ms.
    pub compute: Cost,
    /// Any other. Default 1 ms.
    pub other: Cost,
    /// By operation (`fs.open`), before the above.
    pub by_label: BTreeMap<String, Cost>,
    /// What reading the clock costs the program, in nanoseconds. Default 1 µs.
    pub clock_read: u64,
    /// What a poll costs that doesn't wait and finds nothing, in nanoseconds. Default 1 µs: a loop kept turning by immediates gets
    /// on in time.
    pub empty_poll: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Latencies {
            disk: Cost::fixed(200_000),
            lookup: Cost::fixed(5_000_000),
            compute: Cost::fixed(10_000_000),
            other: Cost::fixed(1_000_000),
            by_label: BTreeMap::new(),
            clock_read: 1_000,
            empty_poll: 1_000,
        }
    }
}

impl Latencies {
    fn cost(&self, info: JobInfo) -> Cost {
        self.by_label.get(info.label).copied().unwrap_or(match info.class {
            JobClass::Disk => self.disk,
            JobClass::Lookup => self.lookup,
            JobClass::Compute => self.compute,
            JobClass::Other => self.other,
        })
    }

    /// One operation's time in nanoseconds.
    pub fn of(&self, info: JobInfo, random: &mut dyn FnMut() -> u64) -> u64 {
        self.cost(info).of(info.bytes, random)
    }

    /// Declares what something takes: `disk` (also `ssd`, `hdd` or `nfs`), `dns`, `compute`, `other`, `clock`, `poll`, or an operation.
    /// False: there is no such thing.
    ///
    /// # Errors
    /// What is wrong with the value, in words for the person who typed it.
    pub fn declare(&mut self, key: &str, value: &str) -> Result<bool, String> {
        match key {
            "disk" => self.disk = disk(value)?,
            "dns" => self.lookup = value.parse()?,
            "compute" => self.compute = value.parse()?,
            "other" => self.other = value.parse()?,
            "clock" => self.clock_read = nanos(value)?,
            "poll" => self.empty_poll = nanos(value)?,
            label if label.contains('.') => {
                self.by_label.insert(label.to_owned(), value.parse()?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// A kind of disk by name, or what its operations take.
fn disk(value: &str) -> Result<Cost, String> {
    Ok(match value {
        // Figures of ordinary devices: what an operation takes, and what a byte does at 2 GB/s, 150 MB/s and 100 MB/s.
        "ssd" => Cost { latency: Latency::LogNormal { median: 90_000, sigma: 0.3 }, per_byte: 500 },
        // A head that moves and a platter that turns.
        "hdd" => Cost { latency: Latency::Uniform(2_000_000, 14_000_000), per_byte: 6_700 },
        // A round trip, and now and then a busy server.
        "nfs" => Cost { latency: Latency::LogNormal { median: 1_500_000, sigma: 0.8 }, per_byte: 10_000 },
        value => value.parse().map_err(|wrong| format!("{wrong}; or a kind of disk: ssd, hdd, nfs"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A generator that goes through 0, 1, 2 … eighths of its range.
    fn eighths() -> impl FnMut() -> u64 {
        let mut n = 0u64;
        move || {
            n += 1;
            (n % 8) << 61
        }
    }

    #[test]
    fn notations() {
        let parse = |text: &str| text.parse::<Latency>();
        assert_eq!(parse("2ms"), Ok(Latency::Fixed(2_000_000)));
        assert_eq!(parse("1.5us"), Ok(Latency::Fixed(1_500)));
        assert_eq!(parse("1min"), Ok(Latency::Fixed(60_000_000_000)));
        assert_eq!(parse("2ms±1ms"), Ok(Latency::Uniform(1_000_000, 3_000_000)));
        assert_eq!(parse("1ms+-2ms"), Ok(Latency::Uniform(0, 3_000_000)));
        assert_eq!(parse("1ms..3ms"), Ok(Latency::Uniform(1_000_000, 3_000_000)));
        assert_eq!(parse("2ms~0.5"), Ok(Latency::LogNormal { median: 2_000_000, sigma: 0.5 }));
        for wrong in ["", "2", "ms", "-1ms", "3ms..1ms", "2ms~9", "2ms~x", "1e99s", "NaNs", "1h"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn costs_grow_with_the_size() {
        let cost: Cost = "100us+2ms/MiB".parse().unwrap();
        assert_eq!(cost.of(0, &mut || 0), 100_000);
        assert_eq!(cost.of(1 << 20, &mut || 0) / 1_000, 2_099);
        let cost: Cost = "1ms+-1ms+1us/KiB".parse().unwrap();
        assert_eq!(cost.latency, Latency::Uniform(0, 2_000_000));
        for wrong in ["2ms/MiB", "1ms+2ms/", "1ms+2ms/0B", "1ms+2ms/parsec"] {
            assert!(wrong.parse::<Cost>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn draws_stay_where_they_belong() {
        let mut random = eighths();
        for _ in 0..100 {
            assert!((10..=20).contains(&Latency::Uniform(10, 20).draw(&mut random)));
            let slow = Latency::LogNormal { median: 1_000, sigma: 0.5 }.draw(&mut random);
            assert!((40..=25_000).contains(&slow), "{slow}");
        }
        assert_eq!(Latency::Uniform(0, u64::MAX).draw(&mut || 7), 7);
    }

    #[test]
    fn the_more_precise_declaration_wins() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.declare("disk", "5ms"), Ok(true));
        assert_eq!(latencies.declare("fs.read", "1ms"), Ok(true));
        assert_eq!(latencies.declare("warp", "1ms"), Ok(false));
        assert!(latencies.declare("disk", "floppy").unwrap_err().contains("ssd, hdd, nfs"));
        let of = |label| {
            let info = JobInfo::new(JobClass::Disk, label);
            latencies.of(info, &mut || 0)
        };
        assert_eq!((of("fs.read"), of("fs.open")), (1_000_000, 5_000_000));
    }
}
