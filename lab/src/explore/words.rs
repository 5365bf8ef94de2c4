//! Decisions in words: what was up to the machine, and what each way means for the program.

use crate::Sources;
use looplab_probe::{ChoiceKind, Event, EventId, Log, Phase, Pos, Record};
use looplab_runtime::{Detail, TrailPoint};
use std::collections::{BTreeMap, HashMap};

/// What is known of a run at some point of its log, as far as words need it.
#[derive(Debug, Default)]
pub struct Scene {
    turn: u32,
    in_phase: Option<Phase>,
    /// Timers that wait: due time, delay and place, by number.
    timers: BTreeMap<u32, (u64, u32, Pos)>,
    /// Where intervals were set: later starts have no place of their own.
    places: HashMap<u32, Pos>,
    requests: HashMap<u32, (String, Pos)>,
}

impl Scene {
    /// Takes the next event.
    pub fn note(&mut self, _id: EventId, record: &Record, log: &Log) {
        match record.event {
            Event::TurnBegin { turn } => self.turn = turn,
            Event::PhaseBegin { phase, .. } => self.in_phase = Some(phase),
            Event::PhaseEnd { .. } => self.in_phase = None,
            Event::TimerStart { number, delay, due, pos, .. } => {
                let place = match pos.is_none() {
                    true => self.places.get(&number).copied().unwrap_or(pos),
                    false => pos,
                };
                self.places.insert(number, place);
                self.timers.insert(number, (due, delay, place));
            }
            Event::TimerStop { number, .. } | Event::TimerFire { number, .. } => {
                self.timers.remove(&number);
            }
            Event::RequestStart { number, label, pos } => {
                self.requests.insert(number, (log.str(label).to_owned(), pos));
            }
            _ => {}
        }
    }

    /// The operation of a request, such as `fs.stat`.
    pub fn label_of(&self, number: u32) -> &str {
        self.requests.get(&number).map_or("", |(label, _)| label)
    }

    /// Where something was scheduled, by the event that did so.
    pub fn place_of(&self, cause: EventId, log: &Log) -> Pos {
        match log.record(cause).map(|record| record.event) {
            Some(Event::TimerStart { number, pos, .. }) => match pos.is_none() {
                true => self.places.get(&number).copied().unwrap_or(pos),
                false => pos,
            },
            Some(
                Event::ImmediateStart { pos, .. }
                | Event::TickQueued { pos, .. }
                | Event::MicrotaskQueued { pos, .. }
                | Event::ReactionQueued { pos, .. }
                | Event::RequestStart { pos, .. },
            ) => pos,
            _ => Pos::NONE,
        }
    }
}

/// Puts decisions into words.
pub struct Words<'a> {
    pub scene: &'a Scene,
    pub sources: &'a Sources<'a>,
    pub log: &'a Log,
    /// Operations by request number.
    pub roots: &'a HashMap<u32, u32>,
}

impl Words<'_> {
    /// The question that a decision answers, and what each option answers. `t`: when it was reported.
    pub fn of(&self, point: &TrailPoint, id: EventId, t: u64) -> (String, Vec<String>) {
        let taken = point.options.get(point.taken as usize);
        let passed = if let Some(Detail::Passes(millis)) = taken { *millis } else { 0 };
        let now = (t / 1_000_000).saturating_sub(passed);
        let question = match point.kind {
            ChoiceKind::TimerDue if self.scene.turn == 0 => "timer due at loop start".to_owned(),
            ChoiceKind::TimerDue => format!("timer due at the end of turn {}", self.scene.turn),
            ChoiceKind::PoolDone => format!("done by the poll of turn {}", self.scene.turn.max(1)),
            ChoiceKind::Pause => format!("held up before {} sets its timer", self.next_timer(id)),
            ChoiceKind::Other => "a failed request's answer".to_owned(),
            ChoiceKind::ReadyOrder => format!("ready first in turn {}", self.scene.turn),
            ChoiceKind::WorkerOrder => "first worker to be done".to_owned(),
        };
        let answer = |(index, option): (usize, &Detail)| match (point.kind, option) {
            (ChoiceKind::TimerDue, Detail::Nothing) => match self.due_by(now) {
                Some(names) => format!("only {names}"),
                None => "no".into(),
            },
            (ChoiceKind::TimerDue, Detail::Passes(millis)) => {
                let names = self.due_by(now + millis).unwrap_or_else(|| "yes".into());
                format!("yes, {names}")
            }
            (ChoiceKind::PoolDone, Detail::Nothing) if point.done.is_empty() => "nothing yet".into(),
            (ChoiceKind::PoolDone, Detail::Nothing) => "nothing more".into(),
            (ChoiceKind::PoolDone, Detail::Timer) => match self.first_due() {
                Some(name) => format!("nothing before {name} is due"),
                None => "nothing before the next timer is due".into(),
            },
            (ChoiceKind::Pause, Detail::Nothing) => "no".into(),
            (ChoiceKind::Pause, Detail::Passes(millis)) => format!("yes, {millis} ms"),
            (ChoiceKind::Other, _) => if index == 0 { "comes at once" } else { "comes later" }.into(),
            (_, Detail::Job(number)) => self.request(*number),
            (_, Detail::Passes(millis)) => format!("after {millis} ms"),
            (_, _) => format!("possibility {}", index + 1),
        };
        (question, point.options.iter().enumerate().map(answer).collect())
    }

    /// `line 3`, or `lib/a.js:3` where it is not the first script.
    fn line(&self, pos: Pos) -> String {
        let name = self.sources.short(self.log.str(pos.script));
        match pos.is_none() {
            true => "the runtime".into(),
            false if Some(name) == self.sources.first() => format!("line {}", pos.line),
            false => format!("{name}:{}", pos.line),
        }
    }

    fn request(&self, number: u32) -> String {
        let Some((label, pos)) = self.scene.requests.get(&number) else {
            return format!("request {number}");
        };
        let place = self.line(*pos);
        let root = self.roots.get(&number);
        let steps = self.roots.values().filter(|other| Some(*other) == root).count();
        // Of several operations that one line asked for, which?
        let here = |other: &&u32| self.scene.requests.get(other).is_some_and(|(_, at)| at == pos);
        let mut siblings: Vec<u32> = self.roots.keys().filter(here).map(|other| self.roots[other]).collect();
        siblings.sort_unstable();
        siblings.dedup();
        let which = match siblings.iter().position(|other| Some(other) == root) {
            Some(at) if siblings.len() > 1 => format!(" (number {} there)", at + 1),
            _ => String::new(),
        };
        match steps {
            0 | 1 => format!("{label} of {place}{which}"),
            _ => format!("{label}, the last step of {place}{which}"),
        }
    }

    /// The timers due by `to`, by name; `None` if there are none.
    fn due_by(&self, to: u64) -> Option<String> {
        let due = self.scene.timers.values().filter(|(due, ..)| *due <= to);
        let names: Vec<String> = due.map(|(_, delay, pos)| self.timer(*delay, *pos)).collect();
        (!names.is_empty()).then(|| names.join(" and "))
    }

    fn first_due(&self) -> Option<String> {
        let first = self.scene.timers.values().min_by_key(|(due, ..)| *due)?;
        Some(self.timer(first.1, first.2))
    }

    fn timer(&self, delay: u32, pos: Pos) -> String {
        format!("the {delay} ms timer of {}", self.line(pos))
    }

    /// The line that sets the timer that is started next.
    fn next_timer(&self, id: EventId) -> String {
        let from = id.index().map_or(0, |index| index + 1);
        let rest = self.log.records().get(from..).unwrap_or_default();
        let pos = rest.iter().find_map(|record| match record.event {
            Event::TimerStart { number, pos, .. } if pos.is_none() => self.scene.places.get(&number).copied(),
            Event::TimerStart { pos, .. } => Some(pos),
            _ => None,
        });
        self.line(pos.unwrap_or(Pos::NONE))
    }
}
