//! Benchmarks of file I/O and of the loop itself: which measurements there are, what the repeats come to, and the reports.
//!
//! Nothing here executes anything: a measurement is one run of [`WORKLOAD`] with a [`Case`] as its argument, under looplab or under Node,
//! and its one line of JSON is a [`Sample`].

mod plot;
mod report;

pub use report::{Report, csv, html, table};

use serde::{Deserialize, Serialize};

/// The script that measures.
pub const WORKLOAD: &str = include_str!("workload.js");

/// The server of `bench http`.
pub const SERVER: &str = include_str!("server.js");

/// What the server says of its loop; times in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lag {
    /// How late a heartbeat of 1 ms was: only one in 100 was later.
    pub lag99: f64,
    /// The latest.
    pub lag_max: f64,
    /// Heartbeats over time: when, how late.
    pub lags: Vec<(f64, f64)>,
}

/// What to measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The operation's name in the workload.
    pub name: &'static str,
    /// Bytes per operation; 0 where there are none.
    pub size: u64,
    /// Operations at a time.
    pub concurrency: u32,
    /// Worker threads of the pool.
    pub pool: u32,
    /// How long to go on, in milliseconds.
    pub millis: u64,
    /// Operations at least and at most.
    pub least: u64,
    /// See `least`.
    pub most: u64,
    /// A folder for its files.
    pub folder: String,
    /// Its files are to be driven out of the system's cache before.
    pub cold: bool,
}

/// One run's figures; times in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// Operations.
    pub ops: u64,
    /// Bytes read or written.
    pub bytes: u64,
    /// The time it took.
    pub millis: f64,
    /// Latency of an operation: the median.
    pub p50: f64,
    /// Only one in 20 takes longer.
    pub p95: f64,
    /// Only one in 100 takes longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
    /// Latencies by twentieths: the shortest, that of the twentieth part, …, the longest.
    #[serde(default)]
    pub quantiles: Vec<f64>,
    /// How late a heartbeat of 1 ms was: only one in 100 was later.
    pub lag99: f64,
    /// The latest.
    pub lag_max: f64,
    /// Heartbeats over time: when, how late.
    pub lags: Vec<(f64, f64)>,
}

/// A case measured several times by one program.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Whose figures: `looplab`, or a Node's version.
    pub program: String,
    /// What was measured.
    pub case: Case,
    /// Every repeat.
    pub samples: Vec<Sample>,
}

impl Measured {
    /// The median of something over the repeats, and how far the repeats lie apart (a share of the median).
    pub fn median(&self, of: impl Fn(&Sample) -> f64) -> (f64, f64) {
        let mut values: Vec<f64> = self.samples.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        let middle = match values.len() {
            0 => return (0.0, 0.0),
            n if n % 2 == 1 => values[n / 2],
            n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
        };
        let spread = values.last().copied().unwrap_or(0.0) - values.first().copied().unwrap_or(0.0);
        (middle, if middle > 0.0 { spread / middle } else { 0.0 })
    }

    /// Operations per second.
    pub fn rate(&self) -> (f64, f64) {
        self.median(|sample| if sample.millis > 0.0 { sample.ops as f64 * 1e3 / sample.millis } else { 0.0 })
    }

    /// MiB per second.
    pub fn throughput(&self) -> f64 {
        self.median(|s| if s.millis > 0.0 { s.bytes as f64 / 1.048_576e3 / s.millis } else { 0.0 }).0
    }
}

/// Bytes of cold files at most, all together.
const COLD: u64 = 128 << 20;

/// The cases of `bench io`. `largest`: the largest file, in bytes.
pub fn io(folder: &str, millis: u64, largest: u64) -> Vec<Case> {
    let case = |name, size, concurrency, pool| {
        let most = ((1u64 << 30) / u64::max(size, 1)).clamp(3, 100_000);
        Case { name, size, concurrency, pool, millis, least: 3, most, folder: folder.to_owned(), cold: false }
    };
    let sizes = (0..).map(|step| 1024u64 << (3 * step)).take_while(|size| *size <= largest);
    let mut sizes: Vec<u64> = sizes.collect();
    if sizes.last().is_some_and(|last| *last < largest) {
        sizes.push(largest);
    }
    let mut cases = Vec::new();
    for size in &sizes {
        for name in [
            "read sync",
            "read callback",
            "read promise",
            "read stream",
            "write sync",
            "write callback",
            "write promise",
            "write stream",
        ] {
            cases.push(case(name, *size, 1, 4));
        }
    }
    // Each cold file is read once: reading it warms it.
    for size in sizes.iter().filter(|size| **size >= 65_536 && **size <= COLD / 4) {
        for name in ["read sync", "read callback"] {
            let files = (COLD / size).min(64);
            cases.push(Case { cold: true, least: files, most: files, ..case(name, *size, 1, 4) });
        }
    }
    cases.push(case("small files sync", 1024, 1, 4));
    for concurrency in [1, 4, 16, 64] {
        cases.push(case("small files", 1024, concurrency, 4));
        cases.push(case("small files promise", 1024, concurrency, 4));
    }
    for pool in [1, 2, 4, 8, 16] {
        cases.push(case("read callback", 65_536, 16, pool));
    }
    cases
}

/// The cases of `bench loop`.
pub fn the_loop(folder: &str, millis: u64) -> Vec<Case> {
    let case = |name, concurrency| {
        let (size, pool, least, most) = (0, 4, 100, 5_000_000);
        Case { name, size, concurrency, pool, millis, least, most, folder: folder.to_owned(), cold: false }
    };
    let names = ["timers", "immediates", "ticks", "microtasks", "pool round trip"];
    names.iter().flat_map(|name| [case(name, 1), case(name, 64)]).collect()
}

/// The cases of `bench http`: what is asked for, over so many keep-alive connections.
pub fn http(millis: u64) -> Vec<Case> {
    let case = |name, size, concurrency| {
        let (pool, folder) = (4, String::new());
        Case { name, size, concurrency, pool, millis, least: 1, most: u64::MAX, folder, cold: false }
    };
    let kinds = [("text", 12), ("json", 840), ("body", 65_536), ("post", 16_384)];
    kinds
        .iter()
        .flat_map(|(name, size)| [1, 16, 64].map(|connections| case(*name, *size, connections)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_spread_are_those_of_the_repeats() {
        let sample = |ops, millis| Sample { ops, millis, ..Sample::default() };
        let case = the_loop("/tmp", 100).remove(0);
        let measured = |samples| Measured { program: "looplab".into(), case: case.clone(), samples };
        let (rate, spread) =
            measured(vec![sample(100, 1000.0), sample(300, 1000.0), sample(200, 1000.0)]).rate();
        assert_eq!((rate, spread), (200.0, 1.0));
        assert_eq!(measured(Vec::new()).rate(), (0.0, 0.0));
    }

    #[test]
    fn a_sample_is_read_from_what_the_workload_prints() {
        let text = r#"{"ops":3,"bytes":30,"millis":1.5,"p50":0.1,"p95":0.2,"p99":0.3,"max":0.4,"lag99":1,"lagMax":2,"lags":[[0.5,0.1]]}"#;
        let sample: Sample = serde_json::from_str(text).unwrap();
        assert_eq!((sample.ops, sample.lag_max, sample.lags.len()), (3, 2.0, 1));
    }

    #[test]
    fn the_cases_span_what_they_promise() {
        let cases = io("/tmp", 1, 256 << 20);
        let sizes: Vec<u64> =
            cases.iter().filter(|c| c.name == "read sync" && !c.cold).map(|c| c.size).collect();
        assert_eq!((sizes.first(), sizes.last()), (Some(&1024), Some(&(256 << 20))));
        let pools: Vec<u32> =
            cases.iter().filter(|c| c.concurrency == 16 && c.size == 65_536).map(|c| c.pool).collect();
        assert_eq!(pools, [1, 2, 4, 8, 16]);
        assert!(cases.iter().any(|c| c.cold) && cases.iter().all(|c| !c.cold || c.least * c.size <= COLD));
        assert_eq!(http(1).len(), 12);
    }
}
