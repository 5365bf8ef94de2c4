//! One run of an exploration, reduced to what the explorer needs: what it printed, which callbacks ran, and every decision with
//! words and with a fingerprint of the state in which it was taken.

use crate::Sources;
use crate::explore::words::{Scene, Words};
use looplab_probe::{CallbackKind, ChoiceKind, EndReason, Event, EventId, Log, StdStream};
use looplab_runtime::{Finished, TrailPoint};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// The exit code.
    pub exit: i32,
    /// Everything on standard output.
    pub stdout: String,
    /// Everything on standard error.
    pub stderr: String,
    /// Every decision, in order.
    pub points: Vec<Point>,
    /// The callbacks that ran, in order, without those that are steps of a longer operation.
    pub callbacks: Vec<Ran>,
    /// It was cut off: too many events, or too many turns.
    pub cut: bool,
    /// It asked for something that changes files.
    pub writes: bool,
}

/// A decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Which option was taken.
    pub taken: u32,
    /// What was asked, such as `poll of turn 1`.
    pub question: String,
    /// What each option means.
    pub answers: Vec<String>,
    /// By how many milliseconds each option holds the program up.
    pub millis: Vec<u64>,
    /// How many callbacks had run.
    pub ran: usize,
    /// The loop's millisecond.
    pub at: u64,
    /// How many jobs the poll had found done; `None` where no poll is under way.
    pub found: Option<u32>,
    /// A hash of all that the future depends on. Two points with the same state have the same futures.
    pub state: u64,
}

/// A callback that ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// Its kind's word, such as `timer`.
    pub kind: String,
    /// The script's short name.
    pub script: String,
    /// The line on which its function begins; 0 if it has none.
    pub line: u32,
    /// The line that scheduled it; 0 if unknown.
    pub from: u32,
    /// The millisecond in which it began.
    pub at: u64,
}

impl RunReport {
    /// Reduces a finished run.
    pub fn new(finished: &Finished) -> RunReport {
        let Some(log) = &finished.log else {
            return RunReport { exit: finished.exit_code, ..RunReport::default() };
        };
        let sources = Sources::new(&finished.scripts);
        let mut reducer = Reducer {
            log,
            sources: &sources,
            report: RunReport { exit: finished.exit_code, ..RunReport::default() },
            trail: finished.trail.iter(),
            history: DefaultHasher::new(),
            roots: HashMap::new(),
            waiting: Vec::new(),
            made: 0,
            scene: Scene::default(),
            hidden: HashMap::new(),
        };
        for (index, record) in log.records().iter().enumerate() {
            reducer.take(EventId::new(index), record);
        }
        let mut report = reducer.report;
        report.cut |= log.cut() > 0;
        // Calls that don't go through the pool leave no request in the log: the source says that they are there.
        let own = finished.scripts.iter().filter(|script| !script.name.starts_with("node:"));
        report.writes |= own.into_iter().any(|script| changes_at_once(&script.text));
        report
    }
}

/// The reduction under way.
struct Reducer<'a> {
    log: &'a Log,
    sources: &'a Sources<'a>,
    report: RunReport,
    trail: std::slice::Iter<'a, TrailPoint>,
    /// Of every callback so far.
    history: DefaultHasher,
    /// By request number: the number of the operation it is a step of, counted in the order in which the program asked.
    roots: HashMap<u32, u32>,
    /// Requests that have not ended, in the order in which they were made.
    waiting: Vec<u32>,
    made: u32,
    scene: Scene,
    /// Callbacks that are steps of a longer operation, by their `callback-begin`, and the operation.
    hidden: HashMap<EventId, u32>,
}

impl Reducer<'_> {
    fn take(&mut self, id: EventId, record: &looplab_probe::Record) {
        self.scene.note(id, record, self.log);
        match record.event {
            Event::Choice { .. } => self.point(id, record.t),
            Event::Console { stream: StdStream::Stdout, text } => {
                self.report.stdout.push_str(self.log.str(text));
            }
            Event::Console { stream: StdStream::Stderr, text } => {
                self.report.stderr.push_str(self.log.str(text));
            }
            Event::RequestStart { number, label, .. } => {
                let root = match self.hidden.get(&record.within) {
                    Some(root) => *root,
                    None => {
                        self.made += 1;
                        self.made
                    }
                };
                self.roots.insert(number, root);
                self.waiting.push(number);
                self.report.writes |= writes(self.log.str(label));
            }
            Event::RequestEnd { number, .. } => {
                self.waiting.retain(|other| *other != number);
                if self.report.writes {
                    // What is read may depend on what was written before.
                    (0u8, self.roots.get(&number)).hash(&mut self.history);
                }
            }
            Event::CallbackBegin { kind, number, label, pos, cause } => {
                let root = self.roots.get(&number).copied().filter(|_| kind == CallbackKind::Pool);
                if let Some(root) = root
                    && is_step(self.log.str(label))
                {
                    self.hidden.insert(id, root);
                    return;
                }
                // Numbers of timers and immediates depend on nothing but the program's own history; those of requests don't.
                let number = root.unwrap_or(number);
                (1u8, kind as u8, number, pos.line, pos.column).hash(&mut self.history);
                let from = self.scene.place_of(cause, self.log).line;
                let script = self.sources.short(self.log.str(pos.script)).to_owned();
                self.report.callbacks.push(Ran {
                    kind: kind.to_string(),
                    script,
                    line: pos.line,
                    from,
                    at: record.t / 1_000_000,
                });
            }
            Event::LoopEnd { reason: EndReason::Stalled, .. } => self.report.cut = true,
            _ => {}
        }
    }

    fn point(&mut self, id: EventId, t: u64) {
        let Some(point) = self.trail.next() else { return };
        let words = Words { scene: &self.scene, sources: self.sources, log: self.log, roots: &self.roots };
        let (question, answers) = words.of(point, id, t);
        let millis = point.options.iter().map(|option| match option {
            looplab_runtime::Detail::Passes(millis) => *millis,
            _ => 0,
        });
        let millis = millis.collect();
        let state = self.state(point);
        let found = (point.kind == ChoiceKind::PoolDone).then_some(point.done.len() as u32);
        let (taken, ran, at) = (point.taken, self.report.callbacks.len(), t / 1_000_000);
        self.report.points.push(Point { taken, question, answers, millis, ran, at, found, state });
    }

    fn state(&self, point: &TrailPoint) -> u64 {
        let root = |number: &u32| self.roots.get(number).copied().unwrap_or(0);
        let mut hasher = self.history.clone();
        point.fingerprint.hash(&mut hasher);
        point.options.len().hash(&mut hasher);
        let mut running: Vec<_> = point.running.iter().map(|(number, left)| (root(number), *left)).collect();
        running.sort_unstable();
        running.hash(&mut hasher);
        point.done.iter().for_each(|number| root(number).hash(&mut hasher));
        for number in self.waiting.iter().filter(|n| !point.running.iter().any(|(other, _)| other == *n)) {
            root(number).hash(&mut hasher);
        }
        // How far each operation has got.
        let mut steps: Vec<_> = self.waiting.iter().map(|n| (root(n), self.scene.label_of(*n))).collect();
        steps.sort_unstable();
        steps.hash(&mut hasher);
        hasher.finish()
    }
}

/// Whether a callback's label is that of a step: operations have a dot, functions' names don't.
fn is_step(label: &str) -> bool {
    label.starts_with("fs.")
}

/// Whether a script's text calls something that changes files at once, such as writeFileSync.
fn changes_at_once(text: &str) -> bool {
    let written = ["writeFileSync", "appendFileSync"].iter().any(|name| text.contains(name));
    written
        || CHANGING
            .iter()
            .any(|label| label.strip_prefix("fs.").is_some_and(|name| text.contains(&format!("{name}Sync("))))
}

/// Requests that change files.
const CHANGING: &[&str] = &[
    "fs.write",
    "fs.writev",
    "fs.mkdir",
    "fs.mkdtemp",
    "fs.rmdir",
    "fs.rm",
    "fs.unlink",
    "fs.rename",
    "fs.copyFile",
    "fs.cp",
    "fs.truncate",
    "fs.ftruncate",
    "fs.link",
    "fs.symlink",
    "fs.chmod",
    "fs.fchmod",
    "fs.chown",
    "fs.fchown",
    "fs.lchown",
    "fs.utimes",
    "fs.futimes",
    "fs.lutimes",
];

/// Whether a request of this name changes files.
fn writes(label: &str) -> bool {
    CHANGING.contains(&label)
}
