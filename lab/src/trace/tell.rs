//! Walks the tree and tells it, line by line.

use super::TextOptions;
use super::cause::{self, Why};
use super::line::{Line, Sink, Style, fit, width, wrap};
use super::words;
use crate::story::{Child, Kind, NodeId, callback_of};
use crate::units::{count, plural, time};
use crate::{Sources, Story};
use looplab_probe::{
    CallbackKind, ChoiceKind, Event, EventId, HandleKind, Outcome, Phase, Pos, ReactionKind, Settlement,
    StdStream,
};
use std::io::{self, Write};

/// A callback that ran at least so long is told to have taken its time, in nanoseconds.
const WORTH_TELLING: u64 = 1_000_000;
/// What never ran is listed up to this number.
const LEFTOVERS: usize = 8;
/// Deeper nesting isn't indented further.
const DEEPEST: usize = 24;

/// A node being told.
struct Frame {
    node: NodeId,
    next: usize,
    indent: usize,
}

/// Something that a callback did, as a line.
struct Action {
    style: Style,
    text: String,
    pos: Pos,
}

/// Tells one story.
pub struct Teller<'a, 'l> {
    story: &'a Story<'l>,
    sources: &'a Sources<'a>,
    sink: Sink<'a>,
    width: usize,
    limit: Option<usize>,
    /// Columns that positions take in the right-hand pane.
    places: usize,
    /// The last callback and turn told.
    told: (u32, u32),
}

impl<'a, 'l> Teller<'a, 'l> {
    /// Prepares to tell `story` on `out`.
    pub fn new(
        story: &'a Story<'l>,
        sources: &'a Sources<'a>,
        options: &TextOptions,
        out: &'a mut dyn Write,
    ) -> Teller<'a, 'l> {
        let (width, limit) = (options.width.max(40), options.limit);
        let sink = Sink::new(out, options.color, width, limit.unwrap_or(usize::MAX));
        let places = widest_place(story, sources);
        Teller { story, sources, sink, width, limit, places, told: (0, 0) }
    }

    /// The whole story.
    pub fn tell(mut self) -> io::Result<()> {
        self.head()?;
        let mut open = vec![Frame { node: self.story.root(), next: 0, indent: 0 }];
        while let Some(frame) = open.last_mut() {
            let Frame { node, next, indent } = *frame;
            let children = &self.story.node(node).children;
            let Some(child) = children.get(next).copied() else {
                open.pop();
                continue;
            };
            frame.next += 1;
            if self.sink.is_full() {
                break;
            }
            match child {
                Child::Event(event) => self.event(event, &children[..next], &children[next + 1..], indent)?,
                Child::Node(child) => {
                    let indent = self.enter(child, indent)?;
                    open.push(Frame { node: child, next: 0, indent });
                }
            }
        }
        if self.sink.is_full() {
            self.say_what_was_cut()?;
        }
        self.end()
    }

    fn log(&self) -> &'l looplab_probe::Log {
        self.story.log()
    }

    fn why(&self) -> Why<'a, 'l> {
        Why { story: self.story, sources: self.sources }
    }

    /// What was run, and by which rules.
    fn head(&mut self) -> io::Result<()> {
        let main = self.story.callbacks().next().and_then(|(begin, _)| callback_of(self.log(), begin));
        let name = main.map(|(.., pos, _)| self.sources.short(self.log().str(pos.script)));
        let name = name.filter(|name| !name.is_empty()).or(self.sources.first()).unwrap_or("a run");
        let mut line = Line::default();
        line.push(Style::Callback, name);
        if self.story.profile() > 0 {
            line.push(Style::Dim, &format!(" · loop rules of Node {}", self.story.profile()));
        }
        if self.story.simulated() {
            line.push(Style::Dim, " · simulated world: all times are virtual");
        }
        self.sink.line(&line)?;
        let legend = "#n: callbacks in the order in which they ran · ←: why · │: what the program printed";
        self.paragraph(0, Style::Dim, "", legend)?;
        self.sink.blank()
    }

    /// `── turn 1 ─────────────── at 200 µs ──`
    fn heading(&mut self, title: &str, at: EventId) -> io::Result<()> {
        self.sink.blank()?;
        let moment = self.story.time(at).map(|t| format!(" at {} ──", time(t))).unwrap_or_default();
        let mut line = Line::default();
        line.push(Style::Heading, &format!("── {title} "));
        line.fill_to(self.width.saturating_sub(width(&moment)), '─', Style::Heading);
        line.push(Style::Heading, &moment);
        self.sink.line(&line)
    }

    /// Tells how a node begins. Gives the indentation of what it contains.
    fn enter(&mut self, id: NodeId, indent: usize) -> io::Result<usize> {
        let node = self.story.node(id);
        match node.kind {
            Kind::Root => Ok(indent),
            Kind::Turn(turn) => {
                self.told.1 = turn;
                self.heading(&format!("turn {turn}"), node.begin)?;
                Ok(0)
            }
            Kind::Phase(phase) => self.enter_phase(id, phase),
            Kind::Poll => {
                self.poll(id)?;
                Ok(8)
            }
            Kind::Callback(ordinal) => {
                self.told.0 = ordinal;
                self.callback(id, ordinal, indent)
            }
            Kind::Drain => self.drain(id, indent),
            Kind::Module => self.module(id, indent),
        }
    }

    fn enter_phase(&mut self, id: NodeId, phase: Phase) -> io::Result<usize> {
        // The poll has introduced itself already.
        if phase != Phase::Poll {
            let text = words::phase(phase, &self.census(id));
            self.phase_line(phase, &text)?;
        }
        Ok(2)
    }

    fn phase_line(&mut self, phase: Phase, text: &str) -> io::Result<()> {
        let mut line = Line::default();
        line.push(Style::Phase, phase.as_str()).fill_to(7, ' ', Style::Plain);
        let hanging = line.width().max(7) + 1;
        line.push(Style::Plain, " ");
        for (row, text) in wrap(text, self.width - hanging).iter().enumerate() {
            if row > 0 {
                line = Line::indented(hanging);
            }
            line.push(Style::Plain, text);
            self.sink.line(&line)?;
        }
        Ok(())
    }

    /// How many callbacks of which noun ran in a phase.
    fn census(&self, id: NodeId) -> Vec<(&'static str, u64)> {
        let mut census: Vec<(&'static str, u64)> = Vec::new();
        for child in &self.story.node(id).children {
            let Child::Node(child) = child else { continue };
            let Some((kind, ..)) = callback_of(self.log(), self.story.node(*child).begin) else { continue };
            let noun = words::noun(kind);
            match census.iter_mut().find(|row| row.0 == noun) {
                Some(row) => row.1 += 1,
                None => census.push((noun, 1)),
            }
        }
        census
    }

    fn poll(&mut self, id: NodeId) -> io::Result<()> {
        let node = self.story.node(id);
        let Some(Event::PollBegin { timeout, why }) = self.story.event(node.begin) else { return Ok(()) };
        let mut text = words::poll(timeout, why);
        if let Some(Event::PollEnd { ready, waited }) = self.story.event(node.end) {
            if timeout != 0 || waited >= WORTH_TELLING {
                text += &format!("; waited {}", time(waited));
            }
            text += &match ready {
                0 => "; nothing is ready".to_owned(),
                1 => "; 1 thing is ready".to_owned(),
                _ => format!("; {} things are ready", count(u64::from(ready))),
            };
        }
        self.phase_line(Phase::Poll, &text)
    }

    fn callback(&mut self, id: NodeId, ordinal: u32, indent: usize) -> io::Result<usize> {
        let begin = self.story.node(id).begin;
        let Some((kind, _, label, pos, _)) = callback_of(self.log(), begin) else { return Ok(indent) };
        let mark = format!("#{ordinal} ");
        let inner = indent + 3;
        let mut line = Line::indented(indent);
        line.push(Style::Callback, &mark);
        let title = self.why().title(begin).unwrap_or_default();
        line.push(Style::Callback, &title);
        // The name of an async function is in its title, that of a script in its position.
        let told = matches!(kind, CallbackKind::AsyncHop | CallbackKind::MainScript | CallbackKind::Module);
        if !label.is_empty() && label != title && !told {
            line.push(Style::Plain, &format!(" {}", cause::named(label).unwrap_or_default()));
        }
        if let Some(ran) = self.story.duration(id).filter(|ran| *ran >= WORTH_TELLING) {
            line.push(Style::Race, &format!(", took {}", time(ran)));
        }
        if let Some(Event::CallbackEnd { outcome: Outcome::Threw, .. }) =
            self.story.event(self.story.node(id).end)
        {
            match self.story.was_stopped(id) {
                true => line.push(Style::Race, ", stopped by process.exit()"),
                false => line.push(Style::Err, ", threw"),
            };
        }
        self.with_place(line, pos, !matches!(kind, CallbackKind::MainScript | CallbackKind::Module))?;
        if let Some(mut why) = self.why().sentence(begin) {
            if let Some(Event::AwaitResumed { settlement, .. }) =
                self.story.resumes(id).and_then(|event| self.story.event(event))
            {
                why += cause::resumed(settlement);
            }
            self.paragraph(inner, Style::Dim, "← ", &why)?;
        }
        Ok(inner)
    }

    fn drain(&mut self, id: NodeId, indent: usize) -> io::Result<usize> {
        let (mut ticks, mut microtasks) = (0, 0);
        for child in &self.story.node(id).children {
            let Child::Node(child) = child else { continue };
            match callback_of(self.log(), self.story.node(*child).begin) {
                Some((CallbackKind::Tick, ..)) => ticks += 1,
                Some((
                    CallbackKind::Microtask
                    | CallbackKind::Reaction
                    | CallbackKind::AsyncHop
                    | CallbackKind::Thenable,
                    ..,
                )) => microtasks += 1,
                _ => {}
            }
        }
        let what = match (ticks, microtasks) {
            (0, 0) => return Ok(indent),
            (_, 0) => plural(ticks, "tick"),
            (0, _) => plural(microtasks, "microtask"),
            _ => format!("{} and {}", plural(ticks, "tick"), plural(microtasks, "microtask")),
        };
        let mut line = Line::indented(indent);
        line.push(Style::Phase, &format!("then {what}"));
        line.push(Style::Dim, ", before anything else");
        self.sink.line(&line)?;
        Ok((indent + 2).min(DEEPEST))
    }

    fn module(&mut self, id: NodeId, indent: usize) -> io::Result<usize> {
        let node = self.story.node(id);
        let Some(Event::ModuleBegin { name, format, pos, .. }) = self.story.event(node.begin) else {
            return Ok(indent);
        };
        if self.is_the_program(id) {
            return Ok(indent);
        }
        let name = self.sources.short(self.log().str(name)).to_owned();
        let mut line = Line::indented(indent);
        line.push(Style::Plain, &format!("loads {name}")).push(Style::Dim, &format!(" ({format})"));
        if let Some(Event::ModuleEnd { outcome: Outcome::Threw, .. }) = self.story.event(node.end) {
            line.push(Style::Err, ", which fails");
        }
        self.with_place(line, pos, true)?;
        Ok((indent + 2).min(DEEPEST))
    }

    /// Whether a module is the main script, which introduces itself.
    fn is_the_program(&self, module: NodeId) -> bool {
        self.story.node(module).children.iter().any(|child| match child {
            Child::Node(node) => callback_of(self.log(), self.story.node(*node).begin)
                .is_some_and(|(kind, ..)| kind == CallbackKind::MainScript),
            Child::Event(_) => false,
        })
    }

    /// Adds a position and its source line in the right-hand pane, and writes the line.
    fn with_place(&mut self, mut line: Line, pos: Pos, source: bool) -> io::Result<()> {
        let Some(place) = self.sources.place(self.log(), pos) else { return self.sink.line(&line) };
        let column = (self.width * 38 / 100).max(line.width() + 2);
        if column + width(&place) > self.width && line.width() + 2 + width(&place) > self.width {
            self.sink.line(&line)?;
            line = Line::default();
        }
        let column = column.min(self.width.saturating_sub(width(&place)));
        line.fill_to(column, ' ', Style::Plain).push(Style::Dim, &place);
        let column = (column + self.places).max(line.width()) + 2;
        if source && column + 12 <= self.width {
            let text = self.excerpt(pos, self.width - column);
            line.fill_to(column, ' ', Style::Plain).push(Style::Dim, &text);
        }
        self.sink.line(&line)
    }

    /// The source line if there is room for it, else what begins at the position.
    fn excerpt(&self, pos: Pos, room: usize) -> String {
        let line = self.sources.line(self.log(), pos).unwrap_or_default();
        match self.sources.rest(self.log(), pos) {
            Some(rest) if width(line) > room && rest.len() < line.len() => fit(&format!("…{rest}"), room),
            _ => fit(line, room),
        }
    }

    /// Text over as many rows as it takes, the first behind a mark.
    fn paragraph(&mut self, indent: usize, style: Style, mark: &str, text: &str) -> io::Result<()> {
        let room = self.width.saturating_sub(indent + width(mark)).max(16);
        for (row, text) in wrap(text, room).iter().enumerate() {
            let mut line = Line::indented(indent);
            match row {
                0 => line.push(style, mark),
                _ => line.fill_to(indent + width(mark), ' ', Style::Plain),
            };
            line.push(style, text);
            self.sink.line(&line)?;
        }
        Ok(())
    }

    /// An event that is no node.
    fn event(&mut self, id: EventId, before: &[Child], after: &[Child], indent: usize) -> io::Result<()> {
        let Some(event) = self.story.event(id) else { return Ok(()) };
        match event {
            Event::Console { stream, text } => self.console(stream, self.log().str(text), indent),
            Event::LoopEnd { reason, turns } => {
                self.heading("the loop ends", id)?;
                let when = if turns == 0 { "before its first turn: " } else { "" };
                self.paragraph(
                    0,
                    Style::Plain,
                    "",
                    &format!("{when}{}", words::end(reason, self.story.uncaught())),
                )?;
                for text in super::streams::slow_ends(self.log()) {
                    self.paragraph(0, Style::Plain, "", &text)?;
                }
                Ok(())
            }
            Event::LoopStart { .. } => match after.first() {
                // Turns and the end have headings of their own.
                Some(Child::Node(node)) if matches!(self.story.node(*node).kind, Kind::Turn(_)) => Ok(()),
                Some(Child::Event(event))
                    if matches!(self.story.event(*event), Some(Event::LoopEnd { .. })) =>
                {
                    Ok(())
                }
                None | Some(_) => self.heading("the loop begins", id),
            },
            Event::Choice { kind, options, taken } => {
                self.choice(kind, options, taken, before.last(), indent)
            }
            Event::UncaughtError { text, pos, handled, .. } => {
                let place = self.sources.place(self.log(), pos);
                let place = place.map(|place| format!(", thrown at {place}")).unwrap_or_default();
                let end = if handled { "; a listener takes it" } else { "" };
                let text = format!("nobody catches {}{place}{end}", self.log().str(text));
                self.paragraph(indent, Style::Err, "✗ ", &text)
            }
            Event::Truncated { cut } => {
                let text = format!(
                    "the recording reached its limit here: {} were not recorded",
                    plural(cut, "event")
                );
                self.paragraph(indent, Style::Err, "… ", &text)
            }
            // Told by the await that follows.
            Event::ReactionQueued { kind: ReactionKind::Await, .. }
                if matches!(self.leaf(after.first()), Some(Event::AwaitSuspended { .. })) =>
            {
                Ok(())
            }
            Event::AwaitSuspended { label, pos, .. } => match self.leaf(before.last()) {
                Some(Event::ReactionQueued { kind: ReactionKind::Await, label: queued, .. }) => {
                    let who = self.why().label(label).or(self.why().label(queued));
                    let who = who.map(|who| format!("{who} ")).unwrap_or_default();
                    let mut line = Line::indented(indent);
                    line.push(Style::Plain, &format!("{who}awaits; is queued to go on"));
                    self.with_place(line, pos, true)
                }
                _ => self.act(id, event, after, indent),
            },
            _ => self.act(id, event, after, indent),
        }
    }

    /// A line for an event that is an action of a callback.
    fn act(&mut self, id: EventId, event: Event, after: &[Child], indent: usize) -> io::Result<()> {
        match self.action(id, event, after.first().copied()) {
            Some(Action { style, text, pos }) => {
                let mut line = Line::indented(indent);
                line.push(style, &text);
                self.with_place(line, pos, true)
            }
            None => Ok(()),
        }
    }

    /// A sibling's event, if it is one.
    fn leaf(&self, child: Option<&Child>) -> Option<Event> {
        match child {
            Some(Child::Event(id)) => self.story.event(*id),
            _ => None,
        }
    }

    /// A point where it could have gone otherwise. Of several about the order of workers only the first is told.
    fn choice(
        &mut self,
        kind: ChoiceKind,
        options: u32,
        taken: u32,
        before: Option<&Child>,
        indent: usize,
    ) -> io::Result<()> {
        let repeated = matches!(self.leaf(before), Some(Event::Choice { kind: ChoiceKind::WorkerOrder, .. }));
        if kind == ChoiceKind::WorkerOrder && repeated {
            return Ok(());
        }
        let mut line = Line::indented(indent);
        if kind == ChoiceKind::TimerDue {
            line = Line::default();
            line.push(Style::Phase, Phase::Timers.as_str()).fill_to(8, ' ', Style::Plain);
        }
        line.push(Style::Race, &words::choice(kind, options, taken));
        self.sink.line(&line)
    }

    fn console(&mut self, stream: StdStream, text: &str, indent: usize) -> io::Result<()> {
        let (mark, style) = match stream {
            StdStream::Stdout => ("│ out: ", Style::Out),
            StdStream::Stderr => ("│ err: ", Style::Err),
        };
        let text = text.strip_suffix('\n').unwrap_or(text);
        for row in text.split('\n') {
            self.console_row(indent, style, mark, row)?;
        }
        Ok(())
    }

    /// One line of output. What is too long is broken hard, since its spaces may matter.
    fn console_row(&mut self, indent: usize, style: Style, mark: &str, text: &str) -> io::Result<()> {
        let room = self.width.saturating_sub(indent + width(mark)).max(16);
        let text = super::line::printable(text);
        let mut rest = text.as_str();
        let mut mark = mark.to_owned();
        loop {
            let mut used = 0;
            let end = rest.char_indices().find(|(_, c)| {
                used += width(c.encode_utf8(&mut [0; 4]));
                used > room
            });
            let end = end.map_or(rest.len(), |(at, _)| at);
            let mut line = Line::indented(indent);
            line.push(style, &mark).push(style, &rest[..end]);
            self.sink.line(&line)?;
            rest = &rest[end..];
            mark = "│    … ".into();
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    fn say_what_was_cut(&mut self) -> io::Result<()> {
        self.sink.unlimited();
        let (callback, turn) = self.told;
        let totals = self.story.totals();
        let callbacks = totals.callbacks - u64::from(callback).min(totals.callbacks);
        let turns = totals.turns - u64::from(turn).min(totals.turns);
        let limit = self.limit.unwrap_or(usize::MAX) as u64;
        let text = format!(
            "cut here: --limit {limit} is reached; {} in {} are not shown",
            plural(callbacks, "more callback"),
            plural(turns, "more turn"),
        );
        self.paragraph(0, Style::Err, "… ", &text)
    }

    /// How it ended, in figures.
    fn end(&mut self) -> io::Result<()> {
        self.sink.unlimited();
        self.sink.blank()?;
        let mut line = Line::default();
        match self.story.exit_code() {
            Some((code, event)) => {
                let style = if code == 0 { Style::Callback } else { Style::Err };
                line.push(style, &format!("exit code {code}"));
                if let Some(ordinal) = self.story.happened_in(event) {
                    line.push(Style::Plain, &format!(", decided in #{ordinal}"));
                }
            }
            None => {
                line.push(Style::Callback, "the log ends");
            }
        }
        let totals = self.story.totals();
        let mut sums = vec![plural(totals.callbacks, "callback")];
        let parts = [(totals.ticks, "tick"), (totals.microtasks, "microtask")];
        let parts: Vec<_> =
            parts.iter().filter(|part| part.0 > 0).map(|part| plural(part.0, part.1)).collect();
        if !parts.is_empty() {
            sums[0] += &format!(" ({})", parts.join(", "));
        }
        sums.push(plural(totals.turns, "turn"));
        if totals.jobs > 0 {
            sums.push(plural(totals.jobs, "pool job"));
        }
        let tense = if self.story.simulated() { " of virtual time" } else { "" };
        sums.push(time(totals.last) + tense);
        line.push(Style::Dim, &format!(" · {}", sums.join(" · ")));
        self.sink.line(&line)?;
        match self.log().cut() {
            0 => self.leftovers(),
            // Nobody knows what has run since.
            cut => {
                let text =
                    format!("the recording reached its limit: {} are missing above", plural(cut, "event"));
                self.paragraph(0, Style::Err, "… ", &text)
            }
        }
    }

    fn leftovers(&mut self) -> io::Result<()> {
        let leftovers = self.story.leftovers();
        for leftover in leftovers.iter().take(LEFTOVERS) {
            let Some(event) = self.story.event(leftover.scheduled) else { continue };
            let Some(Action { text, pos, .. }) = self.action(leftover.scheduled, event, None) else {
                continue;
            };
            let what = text.split_once(' ').map_or(text.as_str(), |(_, what)| what);
            let mut line = Line::default();
            line.push(Style::Race, &format!("never ran: {what}"));
            if leftover.unref {
                line.push(Style::Dim, " (unref'd)");
            }
            self.with_place(line, pos, true)?;
        }
        if leftovers.len() > LEFTOVERS {
            let mut line = Line::default();
            let more = plural((leftovers.len() - LEFTOVERS) as u64, "more thing");
            line.push(Style::Race, &format!("never ran: {more}"));
            self.sink.line(&line)?;
        }
        Ok(())
    }

    /// What an event says about the callback it happened in; `None` for what is told elsewhere.
    fn action(&self, id: EventId, event: Event, next: Option<Child>) -> Option<Action> {
        self.scheduling(id, event).or_else(|| self.lifecycle(event, next)).or_else(|| self.promises(event))
    }

    fn scheduling(&self, id: EventId, event: Event) -> Option<Action> {
        let named = |text: String, label| match self.why().label(label) {
            Some(label) => format!("{text} {label}"),
            None => text,
        };
        let (text, pos) = match event {
            Event::TickQueued { label, pos, .. } => (named("queues tick".into(), label), pos),
            Event::MicrotaskQueued { label, pos, .. } => (named("queues microtask".into(), label), pos),
            // Told by the callback that it is for.
            Event::TimerStart { .. } if self.story.timer_origin(id) != id => return None,
            Event::TimerStart { number, delay, repeat, label, pos, .. } => {
                let often = if repeat > 0 { format!("every {repeat} ms") } else { format!("{delay} ms") };
                (format!("{}, {often}", named(format!("sets timer {number}"), label)), pos)
            }
            Event::TimerStop { number, pos } => (format!("clears timer {number}"), pos),
            Event::ImmediateStart { number, label, pos } => {
                (named(format!("sets immediate {number}"), label), pos)
            }
            Event::ImmediateStop { number, pos } => (format!("clears immediate {number}"), pos),
            Event::RequestStart { label, pos, .. } => {
                let waiting = self.story.lane(id).and_then(|lane| lane.waiting);
                let pool = match waiting {
                    Some(0) => " of the pool".to_owned(),
                    Some(place) => format!(" of the pool, {} in its queue", ordinal(place)),
                    None => String::new(),
                };
                (format!("asks {}{pool}", self.why().label(label).unwrap_or_else(|| "a request".into())), pos)
            }
            Event::Deferred { label, pos } => (named("defers".into(), label), pos),
            _ => return None,
        };
        Some(Action { style: Style::Plain, text, pos })
    }

    fn lifecycle(&self, event: Event, next: Option<Child>) -> Option<Action> {
        let scheduled = |kind| matches!(kind, HandleKind::Timer | HandleKind::Immediate);
        let (style, text, pos) = match event {
            Event::HandleInit { number, kind, label, pos } if !scheduled(kind) => {
                let label = self.why().label(label).map(|label| format!(" {label}")).unwrap_or_default();
                (Style::Plain, format!("opens {}{label}", words::handle(kind, number)), pos)
            }
            Event::HandleRef { number, kind } => {
                (Style::Plain, format!("refs {}", words::handle(kind, number)), Pos::NONE)
            }
            Event::HandleUnref { number, kind } => {
                let text = format!("unrefs {}: it keeps nothing alive", words::handle(kind, number));
                (Style::Plain, text, Pos::NONE)
            }
            Event::HandleClosing { number, kind } => {
                (Style::Plain, format!("closes {}", words::handle(kind, number)), Pos::NONE)
            }
            Event::HandleClosed { number, kind } if !self.announces(next, CallbackKind::Close, number) => {
                (Style::Plain, format!("{} is closed", words::handle(kind, number)), Pos::NONE)
            }
            Event::RequestEnd { number, .. } if !self.announces(next, CallbackKind::Pool, number) => {
                (Style::Plain, format!("request {number} is answered"), Pos::NONE)
            }
            Event::PoolCancelled { number } => {
                (Style::Plain, format!("request {number} leaves the pool's queue: cancelled"), Pos::NONE)
            }
            Event::StreamFull { number, label, length, mark, pos } => {
                let label = self.log().str(label);
                let text =
                    format!("{label} (stream {number}) is full, {length} of {mark}: its writer has to wait");
                (Style::Plain, text, pos)
            }
            Event::StreamDrain { number, label } => {
                let label = self.log().str(label);
                (
                    Style::Plain,
                    format!("{label} (stream {number}) has drained: its writer may go on"),
                    Pos::NONE,
                )
            }
            Event::IoReady { number, readable, writable } => {
                let what = match (readable, writable) {
                    (true, true) => "readable and writable",
                    (true, false) => "readable",
                    (false, true) => "writable",
                    (false, false) => "ready",
                };
                (Style::Plain, format!("descriptor {number} is {what}"), Pos::NONE)
            }
            _ => return self.network(event),
        };
        Some(Action { style, text, pos })
    }

    /// Sockets, and the HTTP messages on them.
    fn network(&self, event: Event) -> Option<Action> {
        let label = |label| self.why().label(label).unwrap_or_default();
        let text = match event {
            Event::SocketOpen { number, label: how } => format!("socket {number} is open: {}", label(how)),
            Event::SocketConnect { number, ok: true } => format!("socket {number} is connected"),
            Event::SocketConnect { number, ok: false } => format!("socket {number} could not connect"),
            Event::SocketRead { number, bytes } => format!("socket {number} gives {bytes} bytes"),
            Event::SocketWrite { number, bytes, waiting: 0 } => {
                format!("socket {number} takes {bytes} bytes")
            }
            Event::SocketWrite { number, bytes, waiting } => {
                format!("socket {number} takes {bytes} bytes, {waiting} wait: its peer is the slow end")
            }
            Event::SocketDrain { number } => format!("socket {number} has room again"),
            Event::SocketEnd { number } => format!("socket {number}: the peer sends no more"),
            Event::SocketClose { number } => format!("socket {number} is closed"),
            Event::HttpHead { number, message, label: line } => {
                format!("socket {number}, message {message} begins: {}", label(line))
            }
            Event::HttpEnd { number, message } => format!("socket {number}, message {message} is complete"),
            Event::HttpSend { number: 0, label: line } => format!("sends: {}", label(line)),
            Event::HttpSend { number, label: line } => format!("socket {number} answers: {}", label(line)),
            _ => return None,
        };
        Some(Action { style: Style::Plain, text, pos: Pos::NONE })
    }

    fn promises(&self, event: Event) -> Option<Action> {
        let (text, pos) = match event {
            Event::PromiseResolved { promise, settlement: Settlement::Adopted, follows, pos } => {
                let other = if follows > 0 { format!("promise {follows}") } else { "a thenable".into() };
                (format!("promise {promise} will follow {other}"), pos)
            }
            Event::PromiseResolved { promise, settlement: Settlement::Rejected, pos, .. } => {
                (format!("promise {promise} is rejected"), pos)
            }
            Event::ReactionQueued { kind, label, pos, .. } => {
                let label = self.why().label(label);
                let text = match (kind, label) {
                    (ReactionKind::Then, Some(label)) => format!("queues promise callback {label}"),
                    (ReactionKind::Then, None) if pos.is_none() => "queues built-in promise step".into(),
                    (ReactionKind::Then, None) => "queues promise callback".into(),
                    (ReactionKind::Await, Some(label)) => format!("queues {label} to go on"),
                    (ReactionKind::Await, None) => "queues async function to go on".into(),
                    (ReactionKind::Thenable, _) => "queues thenable's then()".into(),
                    (ReactionKind::Internal, _) => "queues built-in promise step".into(),
                };
                (text, pos)
            }
            Event::AwaitSuspended { promise, label, pos } => {
                let who = self.why().label(label).map(|label| format!("{label} ")).unwrap_or_default();
                let what = if promise > 0 { format!(" promise {promise}") } else { String::new() };
                (format!("{who}awaits{what}"), pos)
            }
            _ => return None,
        };
        Some(Action { style: Style::Plain, text, pos })
    }

    /// Whether the next thing is the callback that an event announces.
    fn announces(&self, next: Option<Child>, wanted: CallbackKind, wanted_number: u32) -> bool {
        let Some(Child::Node(node)) = next else { return false };
        let callback = callback_of(self.log(), self.story.node(node).begin);
        callback.is_some_and(|(kind, number, ..)| kind == wanted && number == wanted_number)
    }
}

/// `1st`, `2nd`, `3rd`, `11th`.
fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// The width of the widest position, within reason, so that source lines stand under each other.
fn widest_place(story: &Story<'_>, sources: &Sources<'_>) -> usize {
    let places = story.callbacks().take(10_000).filter_map(|(begin, _)| {
        let (.., pos, _) = callback_of(story.log(), begin)?;
        sources.place(story.log(), pos)
    });
    places.map(|place| width(&place)).max().unwrap_or(0).min(24)
}
