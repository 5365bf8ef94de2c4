//! Why a callback runs now, in one sentence.

use crate::story::{Finished, Lane, Started, callback_of};
use crate::trace::words;
use crate::units::time;
use crate::{Sources, Story};
use looplab_probe::{CallbackKind, Event, EventId, Pos, ReactionKind, RequestEnd, Settlement, Str};

/// What sentences are made from.
#[derive(Clone, Copy)]
pub struct Why<'a, 'l> {
    pub story: &'a Story<'l>,
    pub sources: &'a Sources<'a>,
}

impl Why<'_, '_> {
    /// The sentence for a callback, by its `callback-begin`; `None` if nothing in the log caused it.
    pub fn sentence(&self, begin: EventId) -> Option<String> {
        let (kind, .., cause) = callback_of(self.story.log(), begin)?;
        let event = self.story.event(cause)?;
        let text = match event {
            Event::TimerStart { delay, repeat, .. } => {
                let origin = self.story.timer_origin(cause);
                let Some(Event::TimerStart { pos, .. }) = self.story.event(origin) else { return None };
                let often = if repeat > 0 { format!("every {repeat} ms") } else { format!("for {delay} ms") };
                format!("{}, {often}{}", self.by("set", origin, pos), self.lateness(begin))
            }
            Event::ImmediateStart { pos, .. } => self.by("set", cause, pos),
            Event::TickQueued { pos, .. } | Event::MicrotaskQueued { pos, .. } => {
                self.by("queued", cause, pos)
            }
            Event::ReactionQueued { kind, promise, pos, .. } => {
                self.reaction(cause, kind, promise, self.awaited_at(begin).unwrap_or(pos))
            }
            Event::RequestStart { pos, .. } => {
                let lane = self.story.lane(cause).map(lane).unwrap_or_default();
                self.by("asked for", cause, pos) + &lane
            }
            Event::HandleInit { pos, .. } => self.by("opened", cause, pos),
            Event::HandleStart { .. } => self.by("started", cause, Pos::NONE),
            Event::HandleClosing { .. } => self.by("closed", cause, Pos::NONE),
            Event::Deferred { pos, .. } => self.by("deferred", cause, pos),
            Event::ModuleBegin { pos, .. } => self.by("loaded", cause, pos),
            Event::UncaughtError { .. } => self.by("thrown", cause, Pos::NONE),
            // What loads it stands just above.
            Event::CallbackBegin { .. }
                if matches!(kind, CallbackKind::MainScript | CallbackKind::Module) =>
            {
                return None;
            }
            Event::CallbackBegin { .. } => format!("because of {}", self.name(cause)?),
            other => self.by(&format!("after {}", other.info().name), cause, Pos::NONE),
        };
        Some(text)
    }

    /// `set by #2 main script at app.js:4:1`.
    fn by(&self, verb: &str, event: EventId, pos: Pos) -> String {
        let within = self.story.log().record(event).map(|record| record.within).unwrap_or_default();
        let who = match self.name(within) {
            Some(name) => format!("by {name}"),
            None => "outside of any callback".into(),
        };
        match self.sources.place(self.story.log(), pos) {
            Some(place) => format!("{verb} {who} at {place}"),
            None => format!("{verb} {who}"),
        }
    }

    /// `#2 fs.stat`.
    pub fn name(&self, begin: EventId) -> Option<String> {
        let ordinal = self.story.ordinal(begin)?;
        Some(format!("#{ordinal} {}", self.title(begin)?))
    }

    /// What a callback is called, without its own function's name: `timer 1`, `fs.stat`.
    pub fn title(&self, begin: EventId) -> Option<String> {
        let (kind, number, label, pos, cause) = callback_of(self.story.log(), begin)?;
        if kind == CallbackKind::AsyncHop && !label.is_empty() {
            return Some(format!("{} goes on", named(label)?));
        }
        if let Some(Event::RequestStart { label, .. }) = self.story.event(cause)
            && !label.is_none()
        {
            return Some(self.story.log().str(label).to_owned());
        }
        if let (CallbackKind::Close, Some(Event::HandleClosing { number, kind })) =
            (kind, self.story.event(cause))
        {
            return Some(format!("close of {}", words::handle(kind, number)));
        }
        if kind == CallbackKind::Reaction && label.is_empty() && pos.is_none() {
            return Some("built-in promise step".into());
        }
        Some(words::callback(kind, number))
    }

    /// Where the await stands from which this callback goes on: `await-resumed` is the first thing that happens in it.
    fn awaited_at(&self, begin: EventId) -> Option<Pos> {
        let first = EventId::new(begin.index()? + 1);
        let Some(Event::AwaitResumed { suspended, .. }) = self.story.event(first) else { return None };
        match self.story.event(suspended)? {
            Event::AwaitSuspended { pos, .. } => Some(pos),
            _ => None,
        }
    }

    fn reaction(&self, event: EventId, kind: ReactionKind, promise: u32, pos: Pos) -> String {
        let place = self.sources.place(self.story.log(), pos).map(|place| format!(" at {place}"));
        let place = place.unwrap_or_default();
        let within = self.story.log().record(event).map(|record| record.within).unwrap_or_default();
        let settler = self.name(within).map(|name| format!(" in {name}")).unwrap_or_default();
        match kind {
            ReactionKind::Then if promise == 0 => format!("its promise was settled{settler}"),
            ReactionKind::Then => format!("attached{place} to promise {promise}, settled{settler}"),
            ReactionKind::Await if promise == 0 => format!("what it awaited was settled{settler}"),
            ReactionKind::Await => format!("waited{place} for promise {promise}, settled{settler}"),
            ReactionKind::Thenable => format!("a promise was resolved with a thenable{settler}{place}"),
            ReactionKind::Internal => format!("a step of the machinery, queued{settler}{place}"),
        }
    }

    fn lateness(&self, begin: EventId) -> String {
        match self.story.late(begin) {
            Some(late) if late > 0 => format!("; {late} ms late"),
            _ => String::new(),
        }
    }

    /// A label: a function's name with parentheses, an operation such as `fs.open` as it is.
    pub fn label(&self, label: Str) -> Option<String> {
        named(self.story.log().str(label))
    }
}

/// A function's name with parentheses; other names as they are; nothing for "".
pub fn named(text: &str) -> Option<String> {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    match text {
        "" => None,
        _ if text.chars().all(plain) => Some(format!("{text}()")),
        _ => Some(text.to_owned()),
    }
}

/// `; worker 0 took it at once and ran 200 µs`.
pub fn lane(lane: &Lane) -> String {
    let mut text = match (lane.started, lane.finished) {
        (Some(Started { worker, wait, .. }), Some(Finished { run, .. })) => {
            let queue = match wait {
                0..1_000 => "at once".to_owned(),
                _ => format!("after {} in the queue", time(wait)),
            };
            format!("; worker {worker} took it {queue} and ran {}", time(run))
        }
        _ => String::new(),
    };
    match lane.end {
        None | Some(RequestEnd::Done) => {}
        Some(end) => text.push_str(&format!("; it {}", ended(end))),
    }
    text
}

fn ended(end: RequestEnd) -> &'static str {
    match end {
        RequestEnd::Done => "succeeded",
        RequestEnd::Failed => "failed",
        RequestEnd::Cancelled => "was cancelled",
        RequestEnd::Panicked => "crashed",
    }
}

/// What `await-resumed` adds: nothing if all went well.
pub fn resumed(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::Rejected => " and throws: the promise was rejected",
        _ => "",
    }
}
