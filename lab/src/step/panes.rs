//! What stands in each pane, as lines of text.

use super::app::{App, Spot};
use super::describe;
use super::theme::{Ink, style};
use crate::state::view::{self, Alive, Stage};
use crate::state::{Life, Variable};
use crate::trace::line::{fit, printable, width, wrap};
use crate::trace::words;
use crate::units::{count, plural, time};
use looplab_probe::{Event, EventId, FrameEnd, Pos, StdStream, VariableScope};
use ratatui::text::{Line, Span};

/// Entries of one queue that are listed at most.
const QUEUE: usize = 4;
/// What a callback overtook is listed up to this number.
const OVERTAKEN: usize = 6;
/// Links of a chain of causes that are shown.
const CHAIN: usize = 24;

/// A line under way, no wider than its pane.
struct Pen {
    line: Line<'static>,
    left: usize,
    color: bool,
}

impl App<'_, '_> {
    fn pen(&self, columns: usize) -> Pen {
        Pen { line: Line::default(), left: columns, color: self.color }
    }

    fn say(&self, ink: Ink, text: &str, columns: usize) -> Line<'static> {
        self.pen(columns).put(ink, text).line
    }

    /// Text over as many rows as it takes, indented.
    fn paragraph(&self, lines: &mut Vec<Line<'static>>, ink: Ink, first: &str, text: &str, columns: usize) {
        let indent = width(first);
        for (row, part) in wrap(&printable(text), columns.saturating_sub(indent).max(8)).iter().enumerate() {
            let start = if row == 0 { first.to_owned() } else { " ".repeat(indent) };
            lines.push(self.pen(columns).put(ink, &format!("{start}{part}")).line);
        }
    }

    fn place(&self, pos: Pos) -> String {
        self.sources.place(self.log(), pos).unwrap_or_default()
    }

    // ---- the rows on top ----

    /// Where the run is: script, moment, turn, callback.
    pub fn title(&self, columns: usize) -> Line<'static> {
        let state = &self.state;
        let name = self.sources.first().unwrap_or("a log");
        let mut pen = self.pen(columns);
        pen = pen.put(Ink::Strong, name);
        pen =
            pen.put(Ink::Dim, &format!("  {}/{}", count(state.at as u64), count(self.history.len() as u64)));
        let clock = if state.simulated { " virtual" } else { "" };
        pen = pen.put(Ink::Dim, &format!("  {}{clock}", time(state.t)));
        let turn = match state.life {
            Life::Exited(code) => format!("  exit code {code}"),
            Life::Ended(_) => "  the loop has ended".into(),
            Life::Before => "  before the loop".into(),
            Life::Loop => format!("  turn {}", state.turn),
        };
        pen = pen.put(Ink::Loop, &turn);
        let running = match state.running.last() {
            Some(running) => describe::callback(&self.why(), running.begin),
            None => "no callback runs".into(),
        };
        pen.put(Ink::Plain, "  ").put(Ink::Strong, &running).line
    }

    /// The ring of phases, with what waits in each.
    pub fn ring(&self, columns: usize) -> Line<'static> {
        let mut pen = self.pen(columns);
        for (index, station) in view::ring(&self.state).into_iter().enumerate() {
            if index > 0 {
                pen = pen.put(Ink::Dim, " → ");
            }
            let waiting =
                if station.waiting > 0 { format!(" {}", short(station.waiting)) } else { String::new() };
            let name = format!("{}{waiting}", station.phase);
            pen = match (station.here, station.waiting) {
                (true, _) => pen.put(Ink::Here, &format!("[{name}]")),
                (false, 0) => pen.put(Ink::Dim, &name),
                (false, _) => pen.put(Ink::Loop, &name),
            };
        }
        pen.put(Ink::Dim, " ↺").line
    }

    /// The two queues that go before everything else, and what has just happened.
    pub fn status(&self, columns: usize) -> Line<'static> {
        let mut pen = self.pen(columns);
        let draining = !self.state.drain.is_none();
        for (name, waiting) in
            [("ticks", self.state.ticks.len()), ("microtasks", self.state.microtasks.len())]
        {
            let ink = match (draining, waiting) {
                (true, _) => Ink::Here,
                (false, 0) => Ink::Dim,
                (false, _) => Ink::Loop,
            };
            pen = pen.put(ink, &format!("{name} {}", short(waiting))).put(Ink::Plain, "  ");
        }
        pen = pen.put(Ink::Dim, "│ ");
        let ink = match self.history.story().event(self.state.last()) {
            Some(Event::UncaughtError { .. } | Event::Thrown { .. } | Event::Truncated { .. }) => Ink::Alarm,
            _ => Ink::Plain,
        };
        pen.put(ink, &describe::event(&self.why(), self.state.last())).line
    }

    // ---- source and console ----

    /// The name of the script that is shown.
    pub fn source_title(&self) -> String {
        match self.spot() {
            Some(spot) if spot.here => self.sources.short(self.log().str(spot.pos.script)).to_owned(),
            Some(spot) => {
                format!("{} (nothing of it runs)", self.sources.short(self.log().str(spot.pos.script)))
            }
            None => "source".into(),
        }
    }

    /// The source around the current statement (or the marked line).
    pub fn source(&self, columns: usize, rows: usize) -> Vec<Line<'static>> {
        let Some(spot) = self.spot() else { return vec![self.say(Ink::Dim, "nothing has run yet", columns)] };
        let name = self.log().str(spot.pos.script);
        let Some(last) = self.sources.lines(name) else {
            return vec![self.say(
                Ink::Dim,
                &format!("the text of {} isn't at hand", self.sources.short(name)),
                columns,
            )];
        };
        let centre = self.mark.unwrap_or(spot.pos.line);
        let before = (rows as u32 / 2).min(centre.saturating_sub(1));
        let first = (centre - before).min((last + 1).saturating_sub(rows as u32).max(1));
        let digits = last.to_string().len().max(3);
        (first..=last).take(rows).map(|line| self.source_line(spot, name, line, digits, columns)).collect()
    }

    fn source_line(&self, spot: Spot, name: &str, line: u32, digits: usize, columns: usize) -> Line<'static> {
        let text = self.sources.text(name, line).unwrap_or_default();
        let stops =
            self.breakpoints.iter().any(|breakpoint| breakpoint.is_on(self.log(), spot.pos.script, line));
        let (current, marked) = (line == spot.pos.line, self.mark == Some(line));
        let within = spot.pos.line < line && line <= spot.end.0;
        let mark = match (current, marked) {
            (true, _) if spot.here => "▶",
            (_, true) => "›",
            _ if within => "┆",
            _ => " ",
        };
        let mut pen = self.pen(columns);
        pen = pen.put(Ink::Alarm, if stops { "●" } else { " " });
        pen = pen.put(if current { Ink::Strong } else { Ink::Dim }, &format!("{line:>digits$}{mark}"));
        if !current {
            return pen.put(if marked { Ink::Strong } else { Ink::Plain }, text).line;
        }
        // The statement itself is lit; a statement over several lines as far as its first one goes.
        let start = byte_of(text, spot.pos.column);
        let end = match spot.end.0 {
            to if to > line => text.len(),
            _ => byte_of(text, spot.end.1).max(start),
        };
        let lit = if spot.here { Ink::Here } else { Ink::Strong };
        // What is lit must be in sight: long lines (minified code) are shown from a little before it.
        let room = pen.left;
        let skipped = if width(&text[..end]) > room {
            text[..start].char_indices().rev().nth(8).map_or(0, |c| c.0)
        } else {
            0
        };
        if skipped > 0 {
            pen = pen.put(Ink::Dim, "…");
        }
        let first_end = if end == start { text.len() } else { end };
        pen.put(Ink::Plain, &text[skipped..start])
            .put(lit, &text[start..first_end])
            .put(Ink::Plain, &text[first_end..])
            .line
    }

    /// What has been printed so far: the last rows of it.
    pub fn console(&self, columns: usize, rows: usize) -> Vec<Line<'static>> {
        let mut lines: Vec<(StdStream, String)> = Vec::new();
        for id in self.history.console(self.state.at).rev() {
            let Some(Event::Console { stream, text }) = self.history.story().event(id) else { continue };
            let text = self.log().str(text);
            lines.extend(text.lines().rev().take(rows).map(|line| (stream, printable(line))));
            if lines.len() >= rows {
                break;
            }
        }
        if lines.is_empty() {
            return vec![self.say(Ink::Dim, "nothing has been printed yet", columns)];
        }
        lines.truncate(rows);
        let tell = |(stream, text): (StdStream, String)| match stream {
            StdStream::Stdout => self.say(Ink::Plain, &text, columns),
            StdStream::Stderr => self.pen(columns).put(Ink::Alarm, "! ").put(Ink::Plain, &text).line,
        };
        lines.into_iter().rev().map(tell).collect()
    }

    // ---- the call stack ----

    /// The call stack, the innermost function first, with the variables of the selected one.
    pub fn stack(&self, columns: usize, rows: usize) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        if let Some(left) = self.state.left {
            let name = self.why().label(left.label).unwrap_or_else(|| "the function".into());
            let value = self.log().str(left.value);
            let text = match left.how {
                FrameEnd::Returned => format!("{name} returned {value}"),
                FrameEnd::Threw => format!("{name} was left by the error"),
                FrameEnd::Suspended => format!("{name} waits"),
            };
            lines.push(self.say(Ink::Changed, &text, columns));
        }
        if let Some(Event::Thrown { value, .. }) = self.history.story().event(self.state.thrown) {
            lines.push(self.say(Ink::Alarm, &format!("✗ {}", self.log().str(value)), columns));
        }
        if self.state.frames.is_empty() {
            lines.extend(self.callbacks_only(columns));
            return lines;
        }
        if self.state.running.last().is_some_and(|running| running.cut) {
            lines.push(self.say(
                Ink::Alarm,
                "no more statements of this callback: its share is used up",
                columns,
            ));
        }
        let count = self.state.frames.len();
        // The selected function in full, those around it in one line each.
        let around = rows.saturating_sub(lines.len() + 6).max(2);
        let first = self.frame.saturating_sub(around / 2);
        for offset in first..count.min(first + around.max(3)) {
            let frame = &self.state.frames[count - 1 - offset];
            let selected = offset == self.frame;
            let name = self.why().label(frame.label).unwrap_or_else(|| self.nameless(count - 1 - offset));
            let at = match self.history.story().event(frame.statement) {
                Some(Event::Statement { pos, .. }) => pos,
                _ => frame.function,
            };
            let ink = if selected { Ink::Strong } else { Ink::Plain };
            let mark = if selected { "▸ " } else { "  " };
            let pen = self
                .pen(columns)
                .put(ink, &format!("{mark}{name}"))
                .put(Ink::Dim, &format!("  {}", self.place(at)));
            lines.push(pen.line);
            if selected {
                self.variables(&mut lines, &frame.variables, frame.statement, columns);
            }
        }
        let last = first + around.max(3);
        if last < count {
            lines.push(self.say(
                Ink::Dim,
                &format!("  … {} further out", plural((count - last) as u64, "function")),
                columns,
            ));
        }
        lines
    }

    fn variables(
        &self,
        lines: &mut Vec<Line<'static>>,
        variables: &[Variable],
        statement: EventId,
        columns: usize,
    ) {
        let fresh = self.first_change(statement);
        // Functions that a file declares are always there, and seldom what one looks for.
        let is_function = |v: &&Variable| {
            let value = self.log().str(v.value);
            value.starts_with("function") || value.starts_with("async function")
        };
        let (functions, values): (Vec<&Variable>, Vec<&Variable>) = variables.iter().partition(is_function);
        for variable in values {
            let changed = fresh.is_some_and(|fresh| variable.since >= fresh);
            let pen = self
                .pen(columns)
                .put(Ink::Dim, if variable.scope == VariableScope::Closure { "    ↑" } else { "     " });
            let pen = pen.put(if changed { Ink::Changed } else { Ink::Plain }, self.log().str(variable.name));
            let pen = pen.put(Ink::Dim, if changed { " ← " } else { " = " });
            lines.push(pen.put(Ink::Plain, &printable(self.log().str(variable.value))).line);
        }
        if !functions.is_empty() {
            let names: Vec<_> = functions.iter().map(|v| format!("{}()", self.log().str(v.name))).collect();
            lines.push(self.say(Ink::Dim, &format!("     {}", names.join(" ")), columns));
        }
    }

    /// The first of the changes that were told just before a statement.
    fn first_change(&self, statement: EventId) -> Option<EventId> {
        let mut at = statement.index()?;
        while at > 0 && matches!(self.log().records()[at - 1].event, Event::Variable { .. }) {
            at -= 1;
        }
        Some(EventId::new(at))
    }

    fn nameless(&self, index: usize) -> String {
        let of_callback = self.state.running.iter().find(|running| running.base == index);
        match of_callback.and_then(|running| self.why().title(running.begin)) {
            Some(title) => format!("({title})"),
            None => "(anonymous)".into(),
        }
    }

    fn callbacks_only(&self, columns: usize) -> Vec<Line<'static>> {
        let names =
            self.state.running.iter().rev().map(|running| describe::callback(&self.why(), running.begin));
        let mut lines: Vec<_> =
            names.map(|name| self.say(Ink::Plain, &format!("  {name}"), columns)).collect();
        if lines.is_empty() {
            lines.push(self.say(Ink::Dim, "  empty: no JavaScript runs", columns));
        }
        lines
    }

    // ---- why now ----

    /// Why the callback runs now: the chain of causes back to the main script, and what it overtook.
    pub fn why_now(&self, columns: usize) -> Vec<Line<'static>> {
        let begin = self.callback();
        let mut lines = Vec::new();
        if begin.is_none() {
            return vec![self.say(Ink::Dim, "nothing has run yet", columns)];
        }
        let chain = view::causes(self.history, begin);
        for (link, (callback, cause)) in chain.iter().take(CHAIN).enumerate() {
            let ink = if link == 0 { Ink::Strong } else { Ink::Plain };
            lines.push(self.say(ink, &describe::callback(&self.why(), *callback), columns));
            if let Some(sentence) = self.why().sentence(*callback) {
                self.paragraph(&mut lines, Ink::Dim, "  ← ", &sentence, columns);
            }
            self.cause_line(&mut lines, *cause, columns);
            if link == 0 {
                self.overtaken(&mut lines, begin, columns);
            }
        }
        if chain.len() > CHAIN {
            let more = plural((chain.len() - CHAIN) as u64, "callback");
            lines.push(self.say(Ink::Dim, &format!("… and {more} before"), columns));
        }
        lines
    }

    fn overtaken(&self, lines: &mut Vec<Line<'static>>, begin: EventId, columns: usize) {
        let earlier = view::overtook(self.history, begin);
        if earlier.is_empty() {
            return;
        }
        let head = format!("  overtook {}, scheduled before it:", plural(earlier.len() as u64, "thing"));
        lines.push(self.say(Ink::Changed, &head, columns));
        for event in earlier.iter().take(OVERTAKEN) {
            lines.push(self.say(Ink::Plain, &format!("    {}", self.waiting(*event)), columns));
        }
        if earlier.len() > OVERTAKEN {
            let more = count((earlier.len() - OVERTAKEN) as u64);
            lines.push(self.say(Ink::Dim, &format!("    … {more} more"), columns));
        }
    }

    /// The source line in which something was scheduled.
    fn cause_line(&self, lines: &mut Vec<Line<'static>>, cause: EventId, columns: usize) {
        let pos = match self.history.story().event(cause) {
            Some(
                Event::TimerStart { pos, .. }
                | Event::ImmediateStart { pos, .. }
                | Event::TickQueued { pos, .. }
                | Event::MicrotaskQueued { pos, .. }
                | Event::ReactionQueued { pos, .. }
                | Event::RequestStart { pos, .. }
                | Event::HandleInit { pos, .. }
                | Event::Deferred { pos, .. },
            ) => pos,
            _ => return,
        };
        if let Some(text) = self.sources.line(self.log(), pos).filter(|text| !text.is_empty()) {
            let text = format!("    {:>3}  {}", pos.line, printable(text));
            lines.push(self.say(Ink::Loop, &text, columns));
        }
    }

    /// Something that waits, by the event that scheduled it.
    fn waiting(&self, event: EventId) -> String {
        let text = describe::event(&self.why(), event);
        let text = ["sets ", "queues ", "asks for ", "to go on: "]
            .iter()
            .fold(text, |text, verb| text.strip_prefix(verb).map(str::to_owned).unwrap_or(text));
        text.trim_start().to_owned()
    }

    // ---- queues ----

    /// The tick and microtask queues, timers by due time, immediates.
    pub fn queues(&self, columns: usize) -> Vec<Line<'static>> {
        let state = &self.state;
        let mut lines = Vec::new();
        let mut queue = |name: &str, length: usize, entries: Vec<String>| {
            let ink = if length > 0 { Ink::Loop } else { Ink::Dim };
            lines.push(self.say(
                ink,
                &format!("{name}: {}", if length > 0 { count(length as u64) } else { "none".into() }),
                columns,
            ));
            let shown = entries.len();
            lines.extend(
                entries.into_iter().map(|entry| self.say(Ink::Plain, &format!("  {entry}"), columns)),
            );
            if length > shown {
                lines.push(self.say(
                    Ink::Dim,
                    &format!("  … {} more", count((length - shown) as u64)),
                    columns,
                ));
            }
        };
        let entries = |events: &mut dyn Iterator<Item = EventId>| {
            events.take(QUEUE).map(|event| self.waiting(event)).collect()
        };
        queue("ticks", state.ticks.len(), entries(&mut state.ticks.iter().copied()));
        queue("microtasks", state.microtasks.len(), entries(&mut state.microtasks.iter().copied()));
        let timers = view::timers(state, QUEUE)
            .into_iter()
            .map(|timer| self.timer(timer.start, timer.due, timer.refed));
        queue("timers", state.timers.len(), timers.collect());
        let immediates = state.immediates.iter().take(QUEUE).map(|immediate| {
            let unref = if immediate.refed { "" } else { " (unref'd)" };
            format!("{}{unref}", self.waiting(immediate.start))
        });
        queue("immediates", state.immediates.len(), immediates.collect());
        if !state.awaits.is_empty() {
            let mut waits: Vec<EventId> = state.awaits.keys().copied().collect();
            waits.sort_unstable();
            queue("functions in an await", waits.len(), entries(&mut waits.iter().copied()));
        }
        lines
    }

    fn timer(&self, start: EventId, due: u64, refed: bool) -> String {
        let now = self.state.t / 1_000_000;
        let when = match due.checked_sub(now) {
            Some(0) | None => "due".to_owned(),
            Some(left) => format!("in {left} ms"),
        };
        let unref = if refed { "" } else { " (unref'd)" };
        // An interval is started anew by the runtime: the place is where the program set it.
        let origin = self.history.story().timer_origin(start);
        format!("{when}: {}{unref}", self.waiting(origin))
    }

    // ---- pool and handles ----

    /// Pool lanes, open handles, and what keeps the loop alive.
    pub fn pool(&self, columns: usize) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        let pooled = view::pool(self.history, &self.state);
        let name = |start| match self.history.story().event(start) {
            Some(Event::RequestStart { label, pos, .. }) => {
                format!("{} {}", self.why().label(label).unwrap_or_else(|| "request".into()), self.place(pos))
            }
            _ => "request".into(),
        };
        let of = |wanted: fn(&Stage) -> bool| pooled.iter().filter(move |request| wanted(&request.stage));
        let queued = of(|stage| matches!(stage, Stage::Queued));
        lines.push(self.say(Ink::Loop, &format!("pool queue: {}", queued.clone().count()), columns));
        lines.extend(
            queued
                .take(QUEUE)
                .map(|request| self.say(Ink::Plain, &format!("  {}", name(request.start)), columns)),
        );
        for request in &pooled {
            if let Stage::Running { worker, since } = request.stage {
                let text = format!(
                    "worker {worker}: {}, for {}",
                    name(request.start),
                    time(self.state.t.saturating_sub(since))
                );
                lines.push(self.say(Ink::Plain, &text, columns));
            }
        }
        for request in of(|stage| matches!(stage, Stage::Done { .. })).take(QUEUE) {
            lines.push(self.say(
                Ink::Plain,
                &format!("answered: {}; its callback waits for poll", name(request.start)),
                columns,
            ));
        }
        let mut handles: Vec<_> = self.state.handles.iter().collect();
        handles.sort_unstable_by_key(|(key, _)| **key);
        if !handles.is_empty() {
            lines.push(self.say(Ink::Loop, &format!("handles: {}", handles.len()), columns));
        }
        for ((kind, number), handle) in handles.into_iter().take(2 * QUEUE) {
            let label = match self.history.story().event(handle.init) {
                Some(Event::HandleInit { label, .. }) => self.why().label(label).unwrap_or_default(),
                _ => String::new(),
            };
            let how = match (handle.closing.is_none(), handle.active, handle.refed) {
                (false, ..) => "is being closed",
                (true, false, _) => "inactive",
                (true, true, false) => "active, unref'd",
                (true, true, true) => "active",
            };
            lines.push(self.say(
                Ink::Plain,
                &format!("  {} {label} {how}", words::handle(*kind, *number)),
                columns,
            ));
        }
        self.alive(&mut lines, columns);
        lines
    }

    fn alive(&self, lines: &mut Vec<Line<'static>>, columns: usize) {
        let reasons = view::alive(&self.state);
        if reasons.is_empty() {
            lines.push(self.say(Ink::Loop, "nothing keeps the loop alive", columns));
            return;
        }
        lines.push(self.say(Ink::Loop, "alive because of", columns));
        for reason in reasons {
            let text = match reason {
                Alive::Timers(n, first) => format!(
                    "{}, first {}",
                    plural(n as u64, "timer"),
                    self.timer(first.start, first.due, true)
                ),
                Alive::Immediates(n, _) => plural(n as u64, "immediate"),
                Alive::Requests(n, oldest) => {
                    format!("{}, oldest {}", plural(n as u64, "request"), self.waiting(oldest))
                }
                Alive::Handles(n, kind, _) => plural(n as u64, &format!("{kind} handle")),
                Alive::Closing(n) => format!("{} being closed", plural(n as u64, "handle")),
                Alive::Deferred(n) => plural(n as u64, "deferred callback"),
            };
            lines.push(self.say(Ink::Plain, &format!("  {text}"), columns));
        }
    }
}

/// Where a column in UTF-16 units, from 1, lies in a line.
fn byte_of(text: &str, column: u32) -> usize {
    let mut units = 1;
    for (at, c) in text.char_indices() {
        if units >= column as usize {
            return at;
        }
        units += c.len_utf16();
    }
    text.len()
}

/// A count in few characters: `950`, `12k`, `3M`.
fn short(number: usize) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..10_000_000 => format!("{}k", number / 1_000),
        _ => format!("{}M", number / 1_000_000),
    }
}

impl Pen {
    /// Adds text, as far as there is room for it.
    fn put(mut self, ink: Ink, text: &str) -> Pen {
        if self.left == 0 || text.is_empty() {
            return self;
        }
        let text = fit(&printable(text), self.left);
        self.left -= width(&text).min(self.left);
        self.line.push_span(Span::styled(text, style(ink, self.color)));
        self
    }
}
