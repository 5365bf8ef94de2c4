//! An exploration told as text.

use crate::explore::{Between, Findings, Order};
use crate::units::{count, plural};
use std::io::{self, Write};

/// Lines of one output shown at most.
const MAX_LINES: usize = 30;

/// Tells what was found. `limit`: orders shown in full at most.
///
/// # Errors
/// The writer's.
pub fn write_text(
    findings: &Findings,
    between: Option<&Between>,
    title: &str,
    stall: u64,
    limit: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let every = if findings.complete() { "every way was tried" } else { "not every way was tried" };
    writeln!(
        out,
        "{title} · {} in {} · {every}",
        plural(findings.orders.len() as u64, "order"),
        plural(findings.runs, "run")
    )?;
    for (at, order) in findings.orders.iter().take(limit).enumerate() {
        tell(at + 1, order, findings.orders.len() == 1, out)?;
    }
    if findings.orders.len() > limit {
        writeln!(
            out,
            "\n… and {} more (--limit shows more, --json all)",
            count((findings.orders.len() - limit) as u64)
        )?;
    }
    writeln!(out)?;
    unfinished(findings, out)?;
    if findings.writes {
        writeln!(
            out,
            "note: the script changes files, so each run may find what the one before left behind; --scratch runs each in a fresh copy of the folder"
        )?;
    }
    match between {
        Some(between) => writeln!(out, "{}", between.sentences(findings.complete(), stall)),
        None => verdict(findings, stall, out),
    }
}

fn tell(number: usize, order: &Order, only: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\norder {number}{}", if order.report.cut { " (cut off)" } else { "" })?;
    for (mark, text) in [("  │ ", &order.report.stdout), ("  │ err: ", &order.report.stderr)] {
        let lines: Vec<&str> = text.lines().collect();
        for line in lines.iter().take(MAX_LINES) {
            writeln!(out, "{mark}{line}")?;
        }
        if lines.len() > MAX_LINES {
            writeln!(out, "  … {} more", plural((lines.len() - MAX_LINES) as u64, "line"))?;
        }
    }
    if order.report.stdout.is_empty() && order.report.stderr.is_empty() {
        writeln!(out, "  (no output)")?;
    }
    if order.report.exit != 0 {
        writeln!(out, "  exit code {}", order.report.exit)?;
    }
    for (row, at) in order.deciding.iter().enumerate() {
        let Some(point) = order.report.points.get(*at) else { continue };
        let lead = if row == 0 { "  when: " } else { "        " };
        let answer = point.answers.get(point.taken as usize).map_or("?", String::as_str);
        writeln!(out, "{lead}{}: {answer}", point.question)?;
    }
    if order.held_up() > 0 && !only {
        writeln!(out, "  the machine holds the program up for this: {} ms in all", order.held_up())?;
    }
    Ok(())
}

fn unfinished(findings: &Findings, out: &mut dyn Write) -> io::Result<()> {
    if findings.left > 0 {
        writeln!(out, "not finished: {} left untried (--max-runs, --seconds)", plural(findings.left, "way"))?;
    }
    if findings.cut > 0 {
        writeln!(out, "not finished: {} did not end by itself and was cut off", plural(findings.cut, "run"))?;
    }
    if findings.too_long > 0 {
        writeln!(out, "not finished: {} had to be killed (--run-seconds)", plural(findings.too_long, "run"))?;
    }
    if findings.unfollowed {
        writeln!(
            out,
            "not finished: a run has so many points of decision that only its first 5,000 were followed"
        )?;
    }
    Ok(())
}

fn verdict(findings: &Findings, stall: u64, out: &mut dyn Write) -> io::Result<()> {
    match (findings.orders.len(), findings.complete()) {
        (0, _) => writeln!(out, "no run ended: nothing can be said"),
        (1, true) => writeln!(
            out,
            "this order is guaranteed (as long as the machine holds nothing up for more than {stall} ms)"
        ),
        (1, false) => writeln!(out, "one order so far, but not every way was tried"),
        (_, _) => {
            writeln!(out, "this is a race: which order comes is up to the machine")?;
            writeln!(
                out,
                "look at one with --step K, --view K or --trace K; ask about two callbacks with --between LINE LINE"
            )
        }
    }
}
