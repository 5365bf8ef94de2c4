//! How functions ran: what their caches saw, when they became hot, what the second tier made of them, and which of its guards failed.

use crate::units::{count, plural};
use looplab_runtime::{CacheState, FunctionProfile, PlaceProfile, Specialised};
use std::io::{self, Write};

/// What the report is made of.
#[derive(Debug)]
pub struct TiersText<'a> {
    /// The program.
    pub title: &'a str,
    /// The functions, in the order in which they first ran.
    pub functions: &'a [FunctionProfile],
    /// Only functions of this name.
    pub function: Option<&'a str>,
    /// Functions that are told in detail at most, and places of each.
    pub limit: usize,
}

/// Writes the report: a table of all functions, then each in detail, the busiest first.
///
/// # Errors
/// Those of writing.
pub fn write_text(what: &TiersText<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut list: Vec<&FunctionProfile> = what.functions.iter().collect();
    if let Some(name) = what.function {
        list.retain(|f| &*f.site.function == name);
        if list.is_empty() {
            return writeln!(out, "no function named '{name}' has run");
        }
    }
    list.sort_by_key(|f| std::cmp::Reverse(f.instructions));
    let hot = list.iter().filter(|f| f.hot.is_some()).count() as u64;
    let deopts: u64 = list.iter().map(|f| f.deopts.len() as u64).sum();
    writeln!(
        out,
        "tiers of {} · {} ran, {hot} became hot, {}",
        what.title,
        plural(list.len() as u64, "function"),
        if deopts == 1 { "1 guard failed".to_owned() } else { format!("{deopts} guards failed") }
    )?;
    writeln!(
        out,
        "\n{:>12} {:>12} {:>14}  {:<18} function",
        "calls", "loop turns", "instructions", "hot at"
    )?;
    for f in list.iter().take(what.limit) {
        let hot = match f.hot {
            None => "-".to_owned(),
            Some(hot) if hot.loops > hot.calls => plural(hot.loops, "loop turn"),
            Some(hot) => format!("call {}", count(hot.calls)),
        };
        writeln!(
            out,
            "{:>12} {:>12} {:>14}  {hot:<18} {}",
            count(f.calls),
            count(f.loops),
            count(f.instructions),
            title(f)
        )?;
    }
    if list.len() > what.limit {
        writeln!(out, "… {} more (--limit)", plural((list.len() - what.limit) as u64, "function"))?;
    }
    for f in list.iter().take(what.limit) {
        if !f.places.is_empty() && (f.hot.is_some() || what.function.is_some()) {
            detail(f, what.limit, out)?;
        }
    }
    Ok(())
}

fn title(f: &FunctionProfile) -> String {
    let file = f.site.script.rsplit('/').next().unwrap_or_default();
    let name =
        if f.site.function.is_empty() { "(top of the file, or without a name)" } else { &f.site.function };
    format!("{name} {file}:{}:{}", f.site.line, f.site.column)
}

fn state(state: CacheState) -> &'static str {
    match state {
        CacheState::Uninitialised => "uninitialised",
        CacheState::Monomorphic => "monomorphic",
        CacheState::Polymorphic => "polymorphic",
        CacheState::Megamorphic => "megamorphic",
    }
}

fn detail(f: &FunctionProfile, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{}", title(f))?;
    let mut shown: Vec<&PlaceProfile> = f.places.iter().collect();
    // The busiest ones, in the order of the source.
    shown.sort_by_key(|place| std::cmp::Reverse(place.runs));
    let hidden = shown.len().saturating_sub(limit);
    shown.truncate(limit);
    shown.sort_by_key(|place| (place.line, place.column));
    let widest = shown.iter().map(|place| place.what.chars().count()).max().unwrap_or(0).min(32);
    for place in shown {
        let seen: Vec<String> = match place.seen.as_slice() {
            [(one, _)] if place.others == 0 => vec![one.clone()],
            many => many.iter().map(|(what, n)| format!("{what} ×{}", count(*n))).collect(),
        };
        let others =
            if place.others > 0 { format!(", others ×{}", count(place.others)) } else { String::new() };
        writeln!(
            out,
            "  {:>8}  {:<widest$}  {:<13}  {}{others}",
            format!("{}:{}", place.line, place.column),
            place.what,
            state(place.state),
            seen.join(", ")
        )?;
    }
    if hidden > 0 {
        writeln!(out, "  … {} more (--limit)", plural(hidden as u64, "place"))?;
    }
    for t in f.transitions.iter().take(limit) {
        writeln!(out, "  {}:{}  {} became {}, {}", t.line, t.column, t.from, t.to, plural(t.count, "time"))?;
    }
    if f.transitions.len() > limit {
        writeln!(out, "  … {} more (--limit)", plural((f.transitions.len() - limit) as u64, "transition"))?;
    }
    if let Some(hot) = f.hot {
        let all = f.specialised.len() as u64;
        let end = match f.specialised.iter().filter(|s| !s.stands).count() as u64 {
            0 => String::new(),
            n => format!(", {} given up", count(n)),
        };
        writeln!(
            out,
            "  hot after {} and {}: {} specialised{end}",
            plural(hot.calls, "call"),
            plural(hot.loops, "loop turn"),
            plural(all, "place")
        )?;
    }
    for s in f.specialised.iter().take(limit) {
        let end = if s.stands { "" } else { " (given up)" };
        let into = format!("{:?}", s.into);
        writeln!(out, "  {:>8}  {into:<15} {}{end}", format!("{}:{}", s.line, s.column), stands_for(s))?;
    }
    if f.specialised.len() > limit {
        writeln!(
            out,
            "  … {} more (--limit)",
            plural((f.specialised.len() - limit) as u64, "specialised place")
        )?;
    }
    for d in &f.deopts {
        writeln!(
            out,
            "  gave up {} at {}:{} in call {}: {} guard, expected {}, saw {}",
            d.what,
            d.line,
            d.column,
            count(d.call),
            d.guard,
            d.expected,
            d.seen
        )?;
    }
    Ok(())
}

/// What an instruction of the second tier does, in words of the first: `GetProp, Add`.
pub fn stands_for(s: &Specialised) -> String {
    let parts: Vec<String> = s.parts.iter().map(|op| format!("{op:?}")).collect();
    match s.inlined {
        Some(name) => format!("{} of {name}, done in place", parts.join(", ")),
        None => parts.join(", "),
    }
}
