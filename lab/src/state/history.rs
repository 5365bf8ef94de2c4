//! A log with keyframes, and the ways to get from one of its moments to another.

use super::State;
use crate::Story;
use looplab_probe::{Event, EventId, Log};

/// Events between two keyframes, at least: what one seek folds at most while little is waiting.
const SPACING: usize = 4096;
/// A keyframe is taken when so many events have passed for each thing that the state holds.
const PER_THING: usize = 4;

/// Which way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards the end of the run.
    Forward,
    /// Towards its beginning.
    Back,
}

/// What to go to. Each means the nearest one in the direction of travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The next event.
    Event,
    /// The next statement, wherever it is: into functions that are called.
    Into,
    /// The next statement that is no deeper on the call stack.
    Over,
    /// The next statement further out on the call stack; from the outermost function, the next one of another callback.
    Out,
    /// Where the next callback begins.
    Callback,
    /// Where the next phase begins.
    Phase,
    /// Where the next turn of the loop begins.
    Turn,
    /// The end of the run; going back, its beginning.
    End,
}

/// A log whose states can be looked at in any order. Moments are numbered by how many events have happened: 0 to
/// [`History::len`].
#[derive(Debug)]
pub struct History<'l> {
    log: &'l Log,
    story: Story<'l>,
    keyframes: Vec<State>,
    callbacks: Vec<u32>,
    phases: Vec<u32>,
    turns: Vec<u32>,
    console: Vec<u32>,
    statements: Vec<u32>,
    /// The height of the call stack at each statement.
    depths: Vec<u32>,
}

impl<'l> History<'l> {
    /// Folds a log once, from beginning to end.
    pub fn new(log: &'l Log) -> History<'l> {
        let mut history = History {
            log,
            story: Story::new(log),
            keyframes: vec![State::default()],
            callbacks: Vec::new(),
            phases: Vec::new(),
            turns: Vec::new(),
            console: Vec::new(),
            statements: Vec::new(),
            depths: Vec::new(),
        };
        let mut state = State::default();
        let mut since = 0;
        for (index, record) in log.records().iter().enumerate() {
            state.apply(record);
            since += 1;
            history.note(index as u32, &record.event, &state);
            if since % SPACING == 0 && since >= state.weight() / PER_THING {
                history.keyframes.push(state.clone());
                since = 0;
            }
        }
        history
    }

    fn note(&mut self, index: u32, event: &Event, state: &State) {
        match event {
            Event::CallbackBegin { .. } => self.callbacks.push(index),
            Event::PhaseBegin { .. } | Event::PollBegin { .. } => self.phases.push(index),
            Event::TurnBegin { .. } => self.turns.push(index),
            Event::Console { .. } => self.console.push(index),
            Event::Statement { .. } => {
                self.statements.push(index);
                self.depths.push(state.frames.len() as u32);
            }
            _ => {}
        }
    }

    /// The log.
    pub fn log(&self) -> &'l Log {
        self.log
    }

    /// The run as a tree.
    pub fn story(&self) -> &Story<'l> {
        &self.story
    }

    /// How many events there are; the last moment.
    pub fn len(&self) -> usize {
        self.log.records().len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.log.records().is_empty()
    }

    /// Whether statements were recorded.
    pub fn has_statements(&self) -> bool {
        !self.statements.is_empty()
    }

    /// The moments at which keyframes were taken, in order; the first is 0.
    pub fn keyframes(&self) -> &[State] {
        &self.keyframes
    }

    /// What had been printed up to a moment: the `console` events, in order.
    pub fn console(&self, at: usize) -> impl DoubleEndedIterator<Item = EventId> + '_ {
        let until = self.console.partition_point(|index| (*index as usize) < at);
        self.console[..until].iter().map(|index| EventId::new(*index as usize))
    }

    /// The `callback-begin` of the last callback that had begun at a moment; none if none had.
    pub fn callback_before(&self, at: usize) -> EventId {
        let until = self.callbacks.partition_point(|index| (*index as usize) < at);
        self.callbacks[..until].last().map_or(EventId::NONE, |index| EventId::new(*index as usize))
    }

    /// The state after the first `at` events (all of them if there are fewer).
    pub fn state_at(&self, at: usize) -> State {
        let at = at.min(self.len());
        let mut state = self.keyframe(at).clone();
        self.forward(&mut state, at);
        state
    }

    /// Moves a state to another moment, by the shorter way.
    pub fn seek(&self, state: &mut State, at: usize) {
        let at = at.min(self.len());
        if at < state.at || self.keyframe(at).at > state.at {
            *state = self.keyframe(at).clone();
        }
        self.forward(state, at);
    }

    fn keyframe(&self, at: usize) -> &State {
        // The first keyframe is at 0.
        &self.keyframes[self.keyframes.partition_point(|state| state.at <= at) - 1]
    }

    fn forward(&self, state: &mut State, at: usize) {
        for record in &self.log.records()[state.at..at] {
            state.apply(record);
        }
    }

    /// The moment of the nearest target from `state`; the end (or the beginning) of the run if there is none.
    pub fn find(&self, state: &State, target: Target, direction: Direction) -> usize {
        let found = match target {
            Target::Event => match direction {
                Direction::Forward => Some(state.at),
                Direction::Back => state.at.checked_sub(2),
            },
            Target::End => None,
            Target::Callback => next(&self.callbacks, state.at, direction),
            Target::Phase => next(&self.phases, state.at, direction),
            Target::Turn => next(&self.turns, state.at, direction),
            Target::Into | Target::Over | Target::Out => self.find_statement(state, target, direction),
        };
        match (found, direction) {
            (Some(index), _) => (index + 1).min(self.len()),
            (None, Direction::Forward) => self.len(),
            (None, Direction::Back) => 0,
        }
    }

    fn find_statement(&self, state: &State, target: Target, direction: Direction) -> Option<usize> {
        let here = state.frames.len() as u32;
        let outermost =
            state.running.last().is_none_or(|running| here as usize <= running.base + 1 && running.base == 0);
        let limit = match target {
            Target::Over if here > 0 => here,
            Target::Out if !outermost => here - 1,
            Target::Out => return self.other_callback(state, direction),
            _ => u32::MAX,
        };
        match direction {
            Direction::Forward => {
                let from = self.statements.partition_point(|index| (*index as usize) < state.at);
                let found = self.depths[from..].iter().position(|depth| *depth <= limit)?;
                Some(self.statements[from + found] as usize)
            }
            Direction::Back => {
                let until = self.statements.partition_point(|index| (*index as usize) + 1 < state.at);
                let found = self.depths[..until].iter().rposition(|depth| *depth <= limit)?;
                Some(self.statements[found] as usize)
            }
        }
    }

    /// The nearest statement outside of the callback that runs.
    fn other_callback(&self, state: &State, direction: Direction) -> Option<usize> {
        let begin = state.running.first().map(|running| running.begin);
        let node = begin.and_then(|begin| self.story.callback(self.story.ordinal(begin)?));
        let (from, until) = match node.map(|node| self.story.node(node)) {
            Some(node) => (node.begin.index()?, node.end.index().unwrap_or(self.len())),
            None => (state.at.saturating_sub(1), state.at),
        };
        // A damaged log may say that a callback ended before this moment, or begins after it.
        let (from, until) = (from.min(state.at.saturating_sub(1)), until.max(state.at));
        match direction {
            Direction::Forward => {
                let at = self.statements.partition_point(|index| (*index as usize) < until);
                self.statements.get(at).map(|index| *index as usize)
            }
            Direction::Back => {
                let at = self.statements.partition_point(|index| (*index as usize) < from);
                self.statements[..at].last().map(|index| *index as usize)
            }
        }
    }
}

/// The nearest index of a sorted list that isn't where one is already.
fn next(list: &[u32], at: usize, direction: Direction) -> Option<usize> {
    let found = match direction {
        Direction::Forward => list.get(list.partition_point(|index| (*index as usize) < at)),
        Direction::Back => list[..list.partition_point(|index| (*index as usize) + 1 < at)].last(),
    };
    found.map(|index| *index as usize)
}
