//! The reports: a table, CSV, and a page with plots. Each names the machine and how it was measured.

use crate::bench::plot::{Axes, Line, Ticks, plot};
use crate::bench::{Case, Measured, Sample};
use crate::units::count;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Everything that was measured, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// `io` or `loop`.
    pub title: String,
    /// Machine, system, file system, state of the cache: one line each.
    pub conditions: Vec<String>,
    /// The figures.
    pub measured: Vec<Measured>,
}

impl Report {
    /// For programs.
    pub fn to_json(&self) -> Value {
        let rows: Vec<Value> = self
            .measured
            .iter()
            .map(|m| {
                let ((rate, spread), at) = (m.rate(), |of: fn(&Sample) -> f64| m.median(of).0);
                json!({
                    "program": m.program, "name": m.case.name, "cold": m.case.cold, "size": m.case.size, "concurrency": m.case.concurrency, "pool": m.case.pool,
                    "repeats": m.samples.len(), "opsPerSecond": rate, "spread": spread, "mibPerSecond": m.throughput(),
                    "p50Ms": at(|s| s.p50), "p95Ms": at(|s| s.p95), "p99Ms": at(|s| s.p99), "lag99Ms": at(|s| s.lag99), "lagMaxMs": at(|s| s.lag_max),
                })
            })
            .collect();
        json!({ "title": self.title, "conditions": self.conditions, "rows": rows })
    }

    /// Two sentences that say what the figures show.
    pub fn sentences(&self) -> String {
        let own = |name: &str| {
            let rows = self.measured.iter().filter(|m| {
                m.case.name == name && m.case.concurrency == 1 && m.case.pool == 4 && !m.case.cold
            });
            rows.filter(|m| m.program == "looplab").max_by_key(|m| m.case.size)
        };
        if self.title == "http" {
            return self.of_http();
        }
        let lag = |m: &Measured| m.median(|s| s.lag_max).0;
        match (own("read sync"), own("read callback")) {
            (Some(sync), Some(callback)) => format!(
                "Reading {} at a time, the loop was kept from its 1 ms heartbeat for {:.1} ms at worst while readFileSync ran, and for {:.1} ms with readFile. \
                 readFileSync moved {:.0} MiB/s, readFile {:.0} MiB/s.",
                bytes(sync.case.size),
                lag(sync),
                lag(callback),
                sync.throughput(),
                callback.throughput()
            ),
            _ => {
                let mut rates: Vec<_> = self.measured.iter().filter(|m| m.program == "looplab").collect();
                rates.sort_by(|a, b| b.rate().0.total_cmp(&a.rate().0));
                match (rates.first(), rates.last()) {
                    (Some(fast), Some(slow)) => format!(
                        "The quickest way round was {} with {} a second. The slowest was {} with {} a second.",
                        fast.case.name,
                        count(fast.rate().0 as u64),
                        slow.case.name,
                        count(slow.rate().0 as u64)
                    ),
                    _ => "Nothing was measured.".into(),
                }
            }
        }
    }
}

impl Report {
    fn of_http(&self) -> String {
        let own = |connections: u32| {
            let mut rows = self.measured.iter().filter(|m| m.program == "looplab" && m.case.name == "text");
            rows.find(|m| m.case.concurrency == connections)
        };
        let (Some(one), Some(many)) = (own(1), own(64)) else { return "Nothing was measured.".into() };
        format!(
            "Over one connection the server gave {} small answers a second, half of them within {:.2} ms; over 64 connections {} a second, half within {:.2} ms. \
             Its loop was late for the 1 ms heartbeat by {:.1} ms at worst with one connection and by {:.1} ms with 64.",
            count(one.rate().0 as u64),
            one.median(|s| s.p50).0,
            count(many.rate().0 as u64),
            many.median(|s| s.p50).0,
            one.median(|s| s.lag_max).0,
            many.median(|s| s.lag_max).0
        )
    }
}

fn bytes(size: u64) -> String {
    match size {
        0 => "-".into(),
        n if n < 1 << 10 => format!("{n} B"),
        n if n >= 1 << 20 => format!("{} MiB", n >> 20),
        n => format!("{} KiB", n >> 10),
    }
}

fn subject(case: &Case) -> [String; 4] {
    let name = if case.cold { format!("{} (cold)", case.name) } else { case.name.to_owned() };
    [name, bytes(case.size), case.concurrency.to_string(), case.pool.to_string()]
}

/// A table for people.
pub fn table(report: &Report) -> String {
    let heads = [
        "program",
        "what",
        "size",
        "at once",
        "pool",
        "ops/s",
        "spread",
        "MiB/s",
        "p50 ms",
        "p99 ms",
        "lag max ms",
    ];
    let mut rows: Vec<Vec<String>> = vec![heads.map(str::to_owned).to_vec()];
    for m in &report.measured {
        let (rate, spread) = m.rate();
        let mut row = vec![m.program.clone()];
        row.extend(subject(&m.case));
        row.push(count(rate as u64));
        row.push(format!("{:.0} %", spread * 100.0));
        row.push(if m.case.size > 0 { format!("{:.1}", m.throughput()) } else { "-".into() });
        row.extend(
            [m.median(|s| s.p50).0, m.median(|s| s.p99).0, m.median(|s| s.lag_max).0]
                .map(|ms| format!("{ms:.3}")),
        );
        rows.push(row);
    }
    let widths: Vec<usize> = (0..heads.len())
        .map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for line in &report.conditions {
        let _ = writeln!(out, "{line}");
    }
    out.push('\n');
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            0..=1 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        let _ = writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    let _ = writeln!(out, "\n{}", report.sentences());
    out
}

/// The same for spreadsheets.
pub fn csv(report: &Report) -> String {
    let mut out = "program,what,cold,size,concurrency,pool,repeats,ops_per_second,spread,mib_per_second,p50_ms,p95_ms,p99_ms,lag99_ms,lag_max_ms\n".to_owned();
    for m in &report.measured {
        let (rate, spread) = m.rate();
        let at = |of: fn(&Sample) -> f64| m.median(of).0;
        let _ = writeln!(
            out,
            "{},{},{},{},{},{},{},{rate:.1},{spread:.3},{:.2},{:.4},{:.4},{:.4},{:.4},{:.4}",
            m.program,
            m.case.name,
            m.case.cold,
            m.case.size,
            m.case.concurrency,
            m.case.pool,
            m.samples.len(),
            m.throughput(),
            at(|s| s.p50),
            at(|s| s.p95),
            at(|s| s.p99),
            at(|s| s.lag99),
            at(|s| s.lag_max)
        );
    }
    out
}

/// A page with plots, in one file.
pub fn html(report: &Report) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let mut plots = String::new();
    let programs: Vec<&str> = {
        let mut names: Vec<&str> = report.measured.iter().map(|m| m.program.as_str()).collect();
        names.dedup();
        names.sort_unstable();
        names.dedup();
        names
    };
    let wide = |name: &str, measured: &Measured| match programs.len() {
        1 => name.to_owned(),
        _ => format!("{}: {name}", measured.program),
    };
    for (title, names) in [
        ("Reading: throughput by file size", ["read sync", "read callback", "read promise", "read stream"]),
        (
            "Writing: throughput by file size",
            ["write sync", "write callback", "write promise", "write stream"],
        ),
    ] {
        let mut lines: Vec<Line> = Vec::new();
        for (program, name) in programs.iter().flat_map(|program| names.map(|name| (*program, name))) {
            let rows = report.measured.iter().filter(|m| {
                let case = &m.case;
                m.program == program && case.name == name && case.concurrency == 1 && !case.cold
            });
            let rows: Vec<&Measured> = rows.collect();
            if let Some(first) = rows.first() {
                let points = rows.iter().map(|m| ((m.case.size as f64).log2(), m.throughput())).collect();
                lines.push((wide(name, first), points));
            }
        }
        plots += &plot(
            title,
            "file size",
            "MiB/s",
            &lines,
            &Axes { x: Ticks::At(&|power| bytes(2f64.powf(power).round() as u64)), log: false },
        );
    }
    // Sync against async, in turns of the same work: for each program the largest file (or the most connections).
    let mut lags: Vec<Line> = Vec::new();
    for program in &programs {
        for name in ["read sync", "read callback", "immediates", "pool round trip", "text", "body"] {
            let rows = report
                .measured
                .iter()
                .filter(|m| m.program == *program && m.case.name == name && !m.case.cold);
            if let Some(m) = rows.max_by_key(|m| (m.case.size, m.case.concurrency))
                && let Some(sample) = m.samples.first()
            {
                lags.push((wide(&described(&m.case), m), sample.lags.clone()));
            }
        }
    }
    plots += &plot(
        "Loop lag over time",
        "ms since the measurement began",
        "ms late",
        &lags,
        &Axes { x: Ticks::Even, log: false },
    );
    let latency: Vec<Line> = report
        .measured
        .iter()
        .filter(|m| shows_latency(&m.case))
        .map(|m| {
            let quantile = |at: usize| m.median(|s| s.quantiles.get(at).copied().unwrap_or(0.0)).0;
            // The very longest would flatten everything else: it is in the table.
            (wide(&described(&m.case), m), (0..20).map(|at| (at as f64 * 5.0, quantile(at))).collect())
        })
        .take(12)
        .collect();
    plots += &plot(
        "Latency distribution",
        "so many percent of the operations",
        "took at most so many ms (each line ten times the one below)",
        &latency,
        &Axes { x: Ticks::Even, log: true },
    );
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>looplab bench {0}</title>\n<style>:root{{color-scheme:light dark}}body{{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:24px auto;padding:0 16px}}svg{{width:100%;height:auto}}svg text{{fill:currentColor;font:12px system-ui}}pre{{overflow:auto}}</style>\n<h1>looplab bench {0}</h1>\n<p>{1}</p>\n{plots}<h2>All figures</h2>\n<pre>{2}</pre>\n</html>\n",
        escape(&report.title),
        escape(&report.sentences()),
        escape(&table(report))
    )
}

fn described(case: &Case) -> String {
    let [name, size, at_once, _] = subject(case);
    let size = if case.size > 0 { format!(" {size}") } else { String::new() };
    let at_once = if case.concurrency > 1 { format!(", {at_once} at once") } else { String::new() };
    format!("{name}{size}{at_once}")
}

/// Whose latencies are drawn: one of each kind.
fn shows_latency(case: &Case) -> bool {
    match case.name {
        "read sync" | "read callback" | "read promise" | "read stream" => {
            case.size == 65_536 && case.concurrency == 1 && !case.cold
        }
        "text" | "body" => case.concurrency != 16,
        name if name.starts_with("write") || name.starts_with("small") => false,
        _ => case.concurrency == 1,
    }
}
