//! The report for people.

use super::census::{Census, Row};
use super::collections::Collection;
use super::paths::holders;
use crate::units::{count, plural, time};
use looplab_runtime::{HeapLook, HeapPoint};
use std::io::{self, Write};

/// What the report is made of.
#[derive(Debug)]
pub struct HeapText<'a> {
    /// The program.
    pub title: &'a str,
    /// What was found, at one point or at two.
    pub looks: &'a [HeapLook],
    /// The points that were asked for.
    pub points: &'a [HeapPoint],
    /// The collections.
    pub collections: &'a [Collection],
    /// What to show the holders of.
    pub who: &'a [String],
    /// Rows of a table at most.
    pub limit: usize,
}

/// Ways of holding that are told at most, for each name.
const WAYS: usize = 5;

/// Writes the report.
///
/// # Errors
/// Those of writing.
pub fn write_text(what: &HeapText<'_>, out: &mut dyn Write) -> io::Result<()> {
    let found = |point: &HeapPoint| what.looks.iter().find(|look| look.point == *point);
    for point in what.points.iter().filter(|point| found(point).is_none()) {
        writeln!(out, "the program did not come to {point}")?;
    }
    let last = what.points.last().and_then(found);
    let first = what.points.first().and_then(found).filter(|_| what.points.len() > 1);
    if let Some(now) = last {
        let census = Census::new(first.map(|look| &look.graph), &now.graph);
        heading(what, now, first, &census, out)?;
        table(&census, first.is_some(), what.limit, out)?;
        places(&census, first.is_some(), what.limit, out)?;
        for name in what.who {
            held(name, now, out)?;
        }
    }
    collected(what, out)
}

fn heading(
    what: &HeapText<'_>,
    now: &HeapLook,
    first: Option<&HeapLook>,
    census: &Census,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "heap of {} at {} · {} in {}",
        what.title,
        now.point,
        plural(census.bytes, "byte"),
        plural(census.count, "cell")
    )?;
    if let Some(first) = first {
        writeln!(
            out,
            "since {}: {} in {} more, {} gone",
            first.point,
            plural(census.new_bytes, "byte"),
            plural(census.new_count, "cell"),
            plural(census.gone, "cell")
        )?;
    }
    writeln!(out)
}

fn table(census: &Census, growth: bool, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    let (new, bytes) = if growth { ("new", "new bytes") } else { ("", "") };
    writeln!(out, "{:>10} {:>12} {new:>10} {bytes:>12}  what", "alive", "bytes")?;
    let rows: Vec<&Row> = census.rows.iter().filter(|row| !growth || row.new_count > 0).collect();
    for row in rows.iter().take(limit) {
        let (new, bytes) = match growth {
            true => (count(row.new_count), count(row.new_bytes)),
            false => Default::default(),
        };
        writeln!(
            out,
            "{:>10} {:>12} {new:>10} {bytes:>12}  {}",
            count(row.count),
            count(row.bytes),
            row.name
        )?;
    }
    if rows.len() > limit {
        writeln!(out, "… {} more (--limit)", plural((rows.len() - limit) as u64, "row"))?;
    }
    Ok(())
}

fn places(census: &Census, growth: bool, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    if census.sites.is_empty() {
        return Ok(());
    }
    let which = if growth { "new ones" } else { "they" };
    writeln!(out, "\nwhere {which} were allocated\n{:>10} {:>12}  place", "alive", "bytes")?;
    for row in census.sites.iter().take(limit) {
        writeln!(out, "{:>10} {:>12}  {}", count(row.count), count(row.bytes), row.name)?;
    }
    if census.sites.len() > limit {
        writeln!(out, "… {} more (--limit)", plural((census.sites.len() - limit) as u64, "place"))?;
    }
    Ok(())
}

fn held(name: &str, now: &HeapLook, out: &mut dyn Write) -> io::Result<()> {
    let ways = holders(&now.graph, name);
    let all: u64 = ways.iter().map(|held| held.count).sum();
    writeln!(out)?;
    if ways.is_empty() {
        return writeln!(out, "who holds {name}? nothing alive is called so");
    }
    writeln!(out, "who holds {name}? {} in {}", plural(all, "object"), plural(ways.len() as u64, "way"))?;
    for held in ways.iter().take(WAYS) {
        writeln!(out, "  {} (one is @{}):", count(held.count), held.example)?;
        let widest = held.steps.iter().map(|step| step.by.chars().count()).max().unwrap_or(0).min(40);
        for step in &held.steps {
            writeln!(out, "    {:<widest$}  → {}", step.by, step.what)?;
        }
    }
    if ways.len() > WAYS {
        writeln!(out, "  … {} more", plural((ways.len() - WAYS) as u64, "way"))?;
    }
    Ok(())
}

fn collected(what: &HeapText<'_>, out: &mut dyn Write) -> io::Result<()> {
    let list = what.collections;
    if list.is_empty() {
        return writeln!(out, "\nno collection");
    }
    writeln!(out, "\n{}", plural(list.len() as u64, "collection"))?;
    writeln!(
        out,
        "{:>5} {:>12} {:>9} {:>10} {:>10} {:>12} {:>9}",
        "#", "before", "roots", "marked", "swept", "after", "pause"
    )?;
    // The first ones and the last ones: what lies between looks much the same.
    let half = (what.limit / 2).max(1);
    for (i, c) in list.iter().enumerate() {
        if list.len() > 2 * half && (half..list.len() - half).contains(&i) {
            if i == half {
                writeln!(out, "{:>5}", "…")?;
            }
            continue;
        }
        writeln!(
            out,
            "{:>5} {:>12} {:>9} {:>10} {:>10} {:>12} {:>9}",
            i + 1,
            count(c.before),
            count(u64::from(c.roots)),
            count(u64::from(c.marked)),
            count(u64::from(c.swept)),
            count(c.after),
            time(c.pause)
        )?;
    }
    let (swept, pause) = (list.iter().map(|c| u64::from(c.swept)).sum(), list.iter().map(|c| c.pause).sum());
    writeln!(out, "in all: {} freed, paused for {}", plural(swept, "cell"), time(pause))
}
