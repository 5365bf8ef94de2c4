//! The run as a timeline in Chrome's trace-event format, which ui.perfetto.dev opens.
//!
//! Lanes: the loop with its turns and phases, callbacks, ticks, microtasks, and one for each worker of the pool. Counters show how much
//! was waiting in each queue; arrows lead from what scheduled a callback to the callback.

mod axis;
mod counters;

use crate::story::{Child, Kind, Node, NodeId, callback_of};
use crate::trace::Why;
use crate::{Sources, Story};
use axis::Axis;
use looplab_probe::{CallbackKind, Event, EventId, Log};
use looplab_runtime::Script;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::{self, Write};

const PROCESS: u32 = 1;
/// Lanes, by what the format calls a thread.
const LOOP: u32 = 1;
const CALLBACKS: u32 = 2;
const TICKS: u32 = 3;
const MICROTASKS: u32 = 4;
/// The pool's first worker; the others follow.
const WORKERS: u32 = 10;

/// Writes the timeline as one JSON object. Times are microseconds since the run began.
///
/// # Errors
/// The writer's.
pub fn write(log: &Log, scripts: &[Script], out: &mut dyn Write) -> io::Result<()> {
    let story = Story::new(log);
    let sources = Sources::new(scripts);
    let axis = Axis::new(log, story.simulated());
    let mut export = Export { story: &story, sources: &sources, axis: &axis, out, first: true };
    export.all()
}

struct Export<'a, 'l> {
    story: &'a Story<'l>,
    sources: &'a Sources<'a>,
    axis: &'a Axis,
    out: &'a mut dyn Write,
    first: bool,
}

impl Export<'_, '_> {
    fn all(&mut self) -> io::Result<()> {
        let clock = if self.story.simulated() {
            "virtual; each event stands at least 1 us after the one before, so that the order can be seen"
        } else {
            "real"
        };
        let about = json!({ "program": "looplab", "node-semantics": self.story.profile(), "time": clock });
        write!(self.out, "{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[")?;
        self.lanes()?;
        self.nodes()?;
        for index in 0..self.story.log().records().len() {
            self.event(EventId::new(index))?;
        }
        for sample in counters::samples(self.story.log(), self.axis) {
            let value = json!({ "waiting": sample.length });
            self.put("C", sample.queue, LOOP, sample.at, json!({ "args": value }))?;
        }
        writeln!(self.out, "\n]}}")?;
        self.out.flush()
    }

    /// Appends an event of the format; `more` are its further keys.
    fn put(&mut self, ph: &str, name: &str, tid: u32, at: u64, more: Value) -> io::Result<()> {
        let mut object = Map::new();
        object.insert("ph".into(), ph.into());
        object.insert("name".into(), name.into());
        object.insert("pid".into(), PROCESS.into());
        object.insert("tid".into(), tid.into());
        object.insert("ts".into(), micros(at));
        if let Value::Object(more) = more {
            object.extend(more);
        }
        self.out.write_all(if self.first { b"\n" } else { b",\n" })?;
        self.first = false;
        serde_json::to_writer(&mut *self.out, &Value::Object(object)).map_err(io::Error::from)
    }

    /// Names and order of the lanes.
    fn lanes(&mut self) -> io::Result<()> {
        let workers: BTreeSet<u32> = self.story.log().records().iter().filter_map(worker).collect();
        let mut lanes = vec![
            (LOOP, "loop".to_owned()),
            (CALLBACKS, "callbacks".to_owned()),
            (TICKS, "ticks".to_owned()),
            (MICROTASKS, "microtasks".to_owned()),
        ];
        lanes.extend(workers.into_iter().map(|worker| (lane_of(worker), format!("pool worker {worker}"))));
        let name = self.sources.first().unwrap_or("a run");
        let args = json!({ "args": { "name": format!("looplab: {name}") } });
        self.put("M", "process_name", LOOP, 0, args)?;
        for (order, (tid, name)) in lanes.into_iter().enumerate() {
            self.put("M", "thread_name", tid, 0, json!({ "args": { "name": name } }))?;
            self.put("M", "thread_sort_index", tid, 0, json!({ "args": { "sort_index": order } }))?;
        }
        Ok(())
    }

    /// Every node as a slice, outer ones first.
    fn nodes(&mut self) -> io::Result<()> {
        let mut open = vec![(self.story.root(), 0)];
        while let Some((node, next)) = open.last_mut() {
            let Some(child) = self.story.node(*node).children.get(*next).copied() else {
                open.pop();
                continue;
            };
            *next += 1;
            if let Child::Node(child) = child {
                self.slice(child)?;
                open.push((child, 0));
            }
        }
        Ok(())
    }

    fn slice(&mut self, id: NodeId) -> io::Result<()> {
        let node = self.story.node(id);
        let event = node.begin.index();
        let (lane, name, args) = match node.kind {
            // Its ticks and microtasks have lanes of their own.
            Kind::Root | Kind::Drain => return Ok(()),
            Kind::Turn(turn) => (LOOP, format!("turn {turn}"), json!({ "event": event })),
            Kind::Phase(phase) => (LOOP, phase.as_str().to_owned(), json!({ "event": event })),
            Kind::Poll => {
                let why = match self.story.event(node.begin) {
                    Some(Event::PollBegin { timeout, why }) => {
                        json!({ "event": event, "timeout ms": timeout, "why": why.as_str() })
                    }
                    _ => json!({ "event": event }),
                };
                (LOOP, "waiting for events".to_owned(), why)
            }
            Kind::Callback(ordinal) => self.callback(node, ordinal),
            Kind::Module => {
                let name = match self.story.event(node.begin) {
                    Some(Event::ModuleBegin { name, .. }) => self.sources.short(self.story.log().str(name)),
                    _ => "module",
                };
                (CALLBACKS, format!("load {name}"), json!({ "event": event }))
            }
        };
        let (from, to) = (self.axis.at(node.begin), self.axis.at(node.end));
        let more = json!({ "dur": micros(to.saturating_sub(from)), "cat": "loop", "args": args });
        self.put("X", &name, lane, from, more)?;
        if matches!(node.kind, Kind::Callback(_)) { self.arrow(node.begin) } else { Ok(()) }
    }

    fn callback(&self, node: &Node, ordinal: u32) -> (u32, String, Value) {
        let why = Why { story: self.story, sources: self.sources };
        let log = self.story.log();
        let mut args = json!({ "event": node.begin.index(), "callback": ordinal });
        let title = why.title(node.begin).unwrap_or_default();
        let Some((kind, _, label, pos, _)) = callback_of(log, node.begin) else {
            return (CALLBACKS, title, args);
        };
        if let Some(place) = self.sources.place(log, pos) {
            args["at"] = place.into();
        }
        if let Some(line) = self.sources.line(log, pos) {
            args["source"] = line.into();
        }
        if let Some(sentence) = why.sentence(node.begin) {
            args["why"] = sentence.into();
        }
        let named = !label.is_empty() && !matches!(kind, CallbackKind::MainScript | CallbackKind::Module);
        let name = if named && !title.contains(label) { format!("{title} {label}") } else { title };
        (lane(kind), format!("#{ordinal} {name}"), args)
    }

    /// From where a callback was scheduled to where it begins.
    fn arrow(&mut self, begin: EventId) -> io::Result<()> {
        let log = self.story.log();
        let Some((kind, _, _, _, cause)) = callback_of(log, begin) else { return Ok(()) };
        let origin = self.story.timer_origin(cause);
        let Some(record) = log.record(origin) else { return Ok(()) };
        let Some((from, ..)) = callback_of(log, record.within) else { return Ok(()) };
        let (name, id) = (record.event.info().name, begin.index());
        let more = json!({ "cat": "cause", "id": id });
        self.put("s", name, lane(from), self.axis.at(origin), more)?;
        let more = json!({ "cat": "cause", "id": id, "bp": "e" });
        self.put("f", name, lane(kind), self.axis.at(begin), more)
    }

    /// What is not a node: jobs of the pool, output, choices, errors, the end.
    fn event(&mut self, id: EventId) -> io::Result<()> {
        let Some(record) = self.story.log().record(id) else { return Ok(()) };
        let at = self.axis.at(id);
        let here = callback_of(self.story.log(), record.within).map_or(LOOP, |(kind, ..)| lane(kind));
        let name = match record.event {
            Event::RequestStart { label, .. } => {
                let label = self.story.log().str(label).to_owned();
                return self.job(id, &label);
            }
            Event::Console { stream, text } => format!("{stream}: {}", self.story.log().str(text).trim_end()),
            Event::Choice { kind, options, taken } => format!("choice: {kind}, {taken} of {options}"),
            Event::StreamLevel { number, label, side, length, .. } => {
                let name = format!("{} {number} {side}", self.story.log().str(label));
                return self.put("C", &name, LOOP, at, json!({ "args": { "buffered": length } }));
            }
            Event::StreamFull { number, label, .. } => {
                format!("{} (stream {number}) is full", self.story.log().str(label))
            }
            Event::StreamDrain { number, label } => {
                format!("{} (stream {number}) has drained", self.story.log().str(label))
            }
            Event::UncaughtError { text, .. } => format!("uncaught: {}", self.story.log().str(text)),
            Event::ExitCode { code } => format!("exit code {code}"),
            Event::LoopEnd { reason, .. } => format!("loop ends: {reason}"),
            Event::Truncated { cut } => format!("{cut} events were not recorded"),
            _ => return Ok(()),
        };
        self.put("i", &name, here, at, json!({ "s": "t", "cat": "log", "args": { "event": id.index() } }))
    }

    /// A request's time on its worker, and the arrow to it.
    fn job(&mut self, request: EventId, label: &str) -> io::Result<()> {
        let Some(lane) = self.story.lane(request) else { return Ok(()) };
        let (Some(started), Some(finished)) = (lane.started, lane.finished) else { return Ok(()) };
        let queued = self.axis.at(request);
        let from = self.axis.at(started.event).max(queued);
        let to = self.axis.at(finished.event).max(from);
        let name = if label.is_empty() { "job" } else { label };
        let args = json!({ "event": request.index(), "queued us": micros(started.wait), "ran us": micros(finished.run) });
        let tid = lane_of(started.worker);
        let more = json!({ "dur": micros(to - from), "cat": "pool", "args": args });
        self.put("X", name, tid, from, more)?;
        let within = self.story.log().record(request).map(|record| record.within).unwrap_or_default();
        let Some((kind, ..)) = callback_of(self.story.log(), within) else { return Ok(()) };
        let id = json!(format!("job {}", request.index().unwrap_or_default()));
        self.put("s", "pool", self::lane(kind), queued, json!({ "cat": "pool", "id": id }))?;
        self.put("f", "pool", tid, from, json!({ "cat": "pool", "id": id, "bp": "e" }))
    }
}

fn worker(record: &looplab_probe::Record) -> Option<u32> {
    match record.event {
        Event::PoolStarted { worker, .. } => Some(worker),
        _ => None,
    }
}

fn lane_of(worker: u32) -> u32 {
    WORKERS.saturating_add(worker)
}

fn lane(kind: CallbackKind) -> u32 {
    match kind {
        CallbackKind::Tick => TICKS,
        CallbackKind::Microtask
        | CallbackKind::Reaction
        | CallbackKind::AsyncHop
        | CallbackKind::Thenable => MICROTASKS,
        _ => CALLBACKS,
    }
}

/// Nanoseconds as microseconds, whole numbers where they are.
fn micros(nanos: u64) -> Value {
    if nanos.is_multiple_of(1_000) { json!(nanos / 1_000) } else { json!(nanos as f64 / 1_000.0) }
}
