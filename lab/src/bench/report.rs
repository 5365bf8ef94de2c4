//! The reports: a table, CSV, and a page with plots. Each names the machine and how it was measured.

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
                    "program": m.program, "name": m.case.name, "size": m.case.size, "concurrency": m.case.concurrency, "pool": m.case.pool,
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
            let rows = self
                .measured
                .iter()
                .filter(|m| m.case.name == name && m.case.concurrency == 1 && m.case.pool == 4);
            rows.filter(|m| m.program == "looplab").max_by_key(|m| m.case.size)
        };
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

fn bytes(size: u64) -> String {
    match size {
        0 => "-".into(),
        n if n >= 1 << 20 => format!("{} MiB", n >> 20),
        n => format!("{} KiB", n >> 10),
    }
}

fn subject(case: &Case) -> [String; 4] {
    [case.name.into(), bytes(case.size), case.concurrency.to_string(), case.pool.to_string()]
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
    let mut out = "program,what,size,concurrency,pool,repeats,ops_per_second,spread,mib_per_second,p50_ms,p95_ms,p99_ms,lag99_ms,lag_max_ms\n".to_owned();
    for m in &report.measured {
        let (rate, spread) = m.rate();
        let at = |of: fn(&Sample) -> f64| m.median(of).0;
        let _ = writeln!(
            out,
            "{},{},{},{},{},{},{rate:.1},{spread:.3},{:.2},{:.4},{:.4},{:.4},{:.4},{:.4}",
            m.program,
            m.case.name,
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
    if report.measured.iter().any(|m| m.case.size > 0) {
        let mut lines: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
        for program in &programs {
            for name in ["read sync", "read callback", "read promise", "read stream"] {
                let rows = report
                    .measured
                    .iter()
                    .filter(|m| m.program == *program && m.case.name == name && m.case.concurrency == 1);
                let points: Vec<(f64, f64)> =
                    rows.map(|m| ((m.case.size as f64).log2(), m.throughput())).collect();
                lines.push((format!("{program}: {name}"), points));
            }
        }
        plots += &plot("Throughput by file size", "log2 of bytes", "MiB/s", &lines);
    }
    let largest = |name: &str| {
        let rows = report.measured.iter().filter(|m| m.program == "looplab" && m.case.name == name);
        rows.max_by_key(|m| m.case.size)
            .and_then(|m| m.samples.first().map(|s| (m.case.name.to_owned(), s.lags.clone())))
    };
    let lags: Vec<_> = ["read sync", "read callback", "immediates", "pool round trip"]
        .iter()
        .filter_map(|name| largest(name))
        .collect();
    plots += &plot("Loop lag over time", "ms since the measurement began", "ms late", &lags);
    let latency: Vec<_> = report
        .measured
        .iter()
        .filter(|m| m.case.concurrency == 1 && m.case.size <= 1 << 16)
        .map(|m| {
            let at = |of: fn(&Sample) -> f64| m.median(of).0;
            let name = format!("{}: {} {}", m.program, m.case.name, bytes(m.case.size));
            (name, vec![(50.0, at(|s| s.p50)), (95.0, at(|s| s.p95)), (99.0, at(|s| s.p99))])
        })
        .take(12)
        .collect();
    plots += &plot("Latency by percentile", "percentile", "ms", &latency);
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>looplab bench {0}</title>\n<style>:root{{color-scheme:light dark}}body{{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:24px auto;padding:0 16px}}svg{{width:100%;height:auto}}svg text{{fill:currentColor;font:12px system-ui}}pre{{overflow:auto}}</style>\n<h1>looplab bench {0}</h1>\n<p>{1}</p>\n{plots}<h2>All figures</h2>\n<pre>{2}</pre>\n</html>\n",
        escape(&report.title),
        escape(&report.sentences()),
        escape(&table(report))
    )
}

/// A line plot.
fn plot(title: &str, x_name: &str, y_name: &str, lines: &[(String, Vec<(f64, f64)>)]) -> String {
    const COLOURS: [&str; 12] = [
        "#3b82f6", "#d97706", "#10b981", "#c0488f", "#8b5cf6", "#64748b", "#ef4444", "#0e9f9f", "#a3841a",
        "#7c6a5a", "#5a9e3d", "#b45ab4",
    ];
    let all = || lines.iter().flat_map(|(_, points)| points);
    let edge =
        |of: fn(&(f64, f64)) -> f64, start: f64, pick: fn(f64, f64) -> f64| all().map(of).fold(start, pick);
    let (x0, x1) = (edge(|p| p.0, f64::INFINITY, f64::min), edge(|p| p.0, f64::NEG_INFINITY, f64::max));
    let y1 = edge(|p| p.1, 0.0, f64::max);
    if !x0.is_finite() || y1 <= 0.0 {
        return String::new();
    }
    let x = |value: f64| 60.0 + (value - x0) / (x1 - x0).max(1e-9) * 660.0;
    let y = |value: f64| 270.0 - value / y1 * 240.0;
    let height = 310.0 + lines.len() as f64 * 18.0;
    let mut out =
        format!("<h2>{title}</h2>\n<svg viewBox=\"0 0 740 {height}\" role=\"img\" aria-label=\"{title}\">");
    for step in 0..=4 {
        let value = y1 * f64::from(step) / 4.0;
        let _ = write!(
            out,
            "<line x1=\"60\" x2=\"720\" y1=\"{0:.1}\" y2=\"{0:.1}\" stroke=\"currentColor\" opacity=\".2\"/><text x=\"54\" y=\"{1:.1}\" text-anchor=\"end\">{value:.1}</text>",
            y(value),
            y(value) + 4.0
        );
        let at = x0 + (x1 - x0) * f64::from(step) / 4.0;
        let _ = write!(out, "<text x=\"{:.1}\" y=\"288\" text-anchor=\"middle\">{at:.1}</text>", x(at));
    }
    let _ = write!(
        out,
        "<text x=\"60\" y=\"20\">{y_name}</text><text x=\"720\" y=\"304\" text-anchor=\"end\">{x_name}</text>"
    );
    for (at, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let path: Vec<String> =
            points.iter().map(|(px, py)| format!("{:.1},{:.1}", x(*px), y(*py))).collect();
        let name = name.replace('&', "&amp;").replace('<', "&lt;");
        let row = 322.0 + at as f64 * 18.0;
        let _ = write!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/><rect x=\"60\" y=\"{:.1}\" width=\"14\" height=\"4\" fill=\"{colour}\"/><text x=\"82\" y=\"{row:.1}\">{name}</text>",
            path.join(" "),
            row - 6.0
        );
    }
    out + "</svg>\n"
}
