//! What the stepper is at: the moment, breakpoints, what is selected; and what the keys do to it.

use super::breakpoints::Breakpoint;
use super::describe;
use super::keys::{self, Action};
use crate::Sources;
use crate::state::{Direction, Frame, History, State, Target};
use crate::trace::Why;
use looplab_probe::{Event, EventId, Log, Pos};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Breakpoints at most.
const BREAKPOINTS: usize = 64;
/// Characters of a question's answer at most.
const ANSWER: usize = 200;

/// What is on the screen beside the panes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Panes,
    /// The help.
    Help,
    /// A question, and what has been answered so far.
    Ask(Question, String),
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// A breakpoint.
    Breakpoint,
    /// Words to search.
    Search,
}

/// Panes that share a place where there is too little room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// Why the callback runs now.
    Why,
    /// Queues, timers, immediates.
    Queues,
    /// Pool lanes, handles, what keeps the loop alive.
    Pool,
}

/// The stepper, without its terminal.
pub struct App<'a, 'l> {
    /// The run.
    pub history: &'a History<'l>,
    /// Its scripts.
    pub sources: &'a Sources<'a>,
    /// The moment.
    pub state: State,
    /// Whether there are colours.
    pub color: bool,
    /// Where to stop.
    pub breakpoints: Vec<Breakpoint>,
    /// What is on the screen beside the panes.
    pub mode: Mode,
    /// Something to tell, until the next key.
    pub message: Option<String>,
    /// The function whose variables are shown, counted from the innermost.
    pub frame: usize,
    /// The marked line of the source, if it isn't the current one.
    pub mark: Option<u32>,
    /// The shared place shows this.
    pub pane: Pane,
    search: String,
    /// The last callback that began before the moment.
    last_callback: EventId,
}

/// A place in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Where it begins.
    pub pos: Pos,
    /// Line and column of its end; the same place if it has none.
    pub end: (u32, u32),
    /// Whether the run is there right now.
    pub here: bool,
}

impl<'a, 'l> App<'a, 'l> {
    /// At the first statement of the run (the first callback, if statements weren't recorded).
    pub fn new(history: &'a History<'l>, sources: &'a Sources<'a>, color: bool) -> App<'a, 'l> {
        let mut app = App {
            history,
            sources,
            state: State::default(),
            color,
            breakpoints: Vec::new(),
            mode: Mode::Panes,
            message: None,
            frame: 0,
            mark: None,
            pane: Pane::Why,
            search: String::new(),
            last_callback: EventId::NONE,
        };
        let first = if history.has_statements() { Target::Into } else { Target::Callback };
        app.seek(history.find(&app.state, first, Direction::Forward));
        if !history.has_statements() && !history.is_empty() {
            app.message = Some("this log has no statements: steps go from callback to callback".into());
        }
        app
    }

    /// Goes to the moment just after an event.
    pub fn begin_at(&mut self, event: usize) {
        self.seek(event.saturating_add(1));
    }

    /// Says first what one must know about this recording: that it was cut, or that the program was stopped.
    pub fn greet(&mut self) {
        let stopped = self.log().records().iter().rev().find_map(|record| match record.event {
            Event::RecordingStopped { why } => Some(describe::stopped(why).to_owned()),
            _ => None,
        });
        let cut = (self.log().cut() > 0)
            .then(|| format!("the recording is full: {} events are missing", self.log().cut()));
        let empty = self.history.is_empty().then(|| "this log is empty".to_owned());
        self.message = stopped.or(cut).or(empty).or(self.message.take());
    }

    /// The log.
    pub fn log(&self) -> &'l Log {
        self.history.log()
    }

    /// Finds sentences for causes.
    pub fn why(&self) -> Why<'_, 'l> {
        Why { story: self.history.story(), sources: self.sources }
    }

    fn seek(&mut self, at: usize) {
        self.history.seek(&mut self.state, at);
        self.last_callback = self.history.callback_before(at);
        (self.frame, self.mark) = (0, None);
    }

    /// The callback to explain: the one that runs, or the last that ran.
    pub fn callback(&self) -> EventId {
        match self.state.callback() {
            EventId::NONE => self.last_callback,
            callback => callback,
        }
    }

    /// The function whose variables are shown.
    pub fn selected_frame(&self) -> Option<&Frame> {
        let frames = &self.state.frames;
        frames.len().checked_sub(1 + self.frame).map(|index| &frames[index])
    }

    /// What the source pane shows.
    pub fn spot(&self) -> Option<Spot> {
        let event = |id| self.history.story().event(id);
        let point =
            |pos: Pos, here| (!pos.is_none()).then_some(Spot { pos, end: (pos.line, pos.column), here });
        let statement = |id| match event(id) {
            Some(Event::Statement { pos, to_line, to_column }) => {
                Some(Spot { pos, end: (to_line, to_column), here: true })
            }
            _ => None,
        };
        if let Some(frame) = self.selected_frame() {
            return statement(frame.statement).or(point(frame.function, true));
        }
        let of_callback = |begin, here| match event(begin) {
            Some(Event::CallbackBegin { pos, .. }) => point(pos, here),
            _ => None,
        };
        // Where there are no statements, what the callback did last says where it is.
        let acted = (!self.history.has_statements() && !self.state.running.is_empty())
            .then(|| event(self.state.last()).and_then(|event| point(position(event), true)))
            .flatten();
        acted
            .or_else(|| of_callback(self.state.callback(), true))
            .or_else(|| of_callback(self.last_callback, false))
    }

    /// The marked line: script and line.
    pub fn marked(&self) -> Option<(Pos, u32)> {
        let spot = self.spot()?;
        Some((spot.pos, self.mark.unwrap_or(spot.pos.line)))
    }

    /// Takes a key. False: leave.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        self.message = None;
        match std::mem::replace(&mut self.mode, Mode::Panes) {
            Mode::Help => key.code != KeyCode::Char('q'),
            Mode::Ask(question, text) => {
                self.answer(question, text, key);
                true
            }
            Mode::Panes => match keys::action(key) {
                Some(Action::Quit) => false,
                Some(action) => {
                    self.act(action);
                    true
                }
                None => {
                    self.message = Some("that key does nothing; ? shows those that do".into());
                    true
                }
            },
        }
    }

    fn answer(&mut self, question: Question, mut text: String, key: KeyEvent) {
        let stop = key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
        match key.code {
            KeyCode::Esc => {}
            _ if stop => {}
            KeyCode::Enter if question == Question::Search => {
                if !text.is_empty() {
                    self.search = text.to_lowercase();
                }
                self.find_words(Direction::Forward);
            }
            KeyCode::Enter => self.add_breakpoint(&text),
            code => {
                match code {
                    KeyCode::Backspace => {
                        text.pop();
                    }
                    KeyCode::Char(c) if text.chars().count() < ANSWER => text.push(c),
                    _ => {}
                }
                self.mode = Mode::Ask(question, text);
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Go(target, direction) => self.go(target, direction),
            Action::Run(direction) => self.run(direction),
            Action::ToggleLine => self.toggle_line(),
            Action::AskBreakpoint => self.mode = Mode::Ask(Question::Breakpoint, String::new()),
            Action::AskSearch => self.mode = Mode::Ask(Question::Search, String::new()),
            Action::SearchAgain(direction) => self.find_words(direction),
            Action::Cause => self.go_to_cause(),
            Action::Mark(lines) => self.mark_line(lines),
            Action::Frame(by) => {
                let last = self.state.frames.len().saturating_sub(1);
                self.frame = self.frame.saturating_add_signed(by as isize).min(last);
                self.mark = None;
            }
            Action::Pane => {
                self.pane = match self.pane {
                    Pane::Why => Pane::Queues,
                    Pane::Queues => Pane::Pool,
                    Pane::Pool => Pane::Why,
                };
            }
            Action::Help => self.mode = Mode::Help,
            Action::Quit => {}
        }
    }

    fn go(&mut self, target: Target, direction: Direction) {
        let stepping = matches!(target, Target::Into | Target::Over | Target::Out);
        let target = if stepping && !self.history.has_statements() { Target::Callback } else { target };
        let to = self.history.find(&self.state, target, direction);
        let edge = if direction == Direction::Forward { self.history.len() } else { 0 };
        if to == self.state.at {
            self.message = Some(match direction {
                Direction::Forward => "this is the end of the run".into(),
                Direction::Back => "this is the beginning of the run".into(),
            });
        } else if to == edge && !matches!(target, Target::End | Target::Event) {
            let end = if direction == Direction::Forward { "the end" } else { "the beginning" };
            self.message = Some(format!("there is no further one: {end} of the run"));
        }
        self.seek(to);
    }

    /// To the nearest event that one of the breakpoints is for.
    fn run(&mut self, direction: Direction) {
        if self.breakpoints.is_empty() {
            self.message = Some("no breakpoint is set: b sets one on the marked line, B asks for one".into());
            return;
        }
        let (log, statements) = (self.log(), self.history.has_statements());
        let hit = |index: &usize| {
            let event = &log.records()[*index].event;
            self.breakpoints.iter().any(|breakpoint| breakpoint.hit(log, event, statements))
        };
        let found = match direction {
            Direction::Forward => (self.state.at..self.history.len()).find(hit),
            Direction::Back => (0..self.state.at.saturating_sub(1)).rev().find(hit),
        };
        match found {
            Some(index) => {
                let event = &log.records()[index].event;
                let which = self.breakpoints.iter().find(|breakpoint| breakpoint.hit(log, event, statements));
                self.message = which.map(|which| format!("stopped at {}", which.describe(self.sources)));
                self.seek(index + 1);
            }
            None => self.message = Some("no breakpoint is met from here on".into()),
        }
    }

    fn toggle_line(&mut self) {
        let Some((pos, line)) = self.marked() else {
            self.message = Some("there is no source line here".into());
            return;
        };
        let script = self.log().str(pos.script).to_owned();
        let found =
            self.breakpoints.iter().position(|breakpoint| breakpoint.is_on(self.log(), pos.script, line));
        match found {
            Some(index) => {
                let gone = self.breakpoints.remove(index);
                self.message = Some(format!("cleared: {}", gone.describe(self.sources)));
            }
            None => self.set(Breakpoint::Line(script, line)),
        }
    }

    fn add_breakpoint(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let script = self.spot().map(|spot| self.log().str(spot.pos.script)).unwrap_or_default();
        match Breakpoint::parse(text, script, self.sources) {
            Ok(breakpoint) => match self.breakpoints.iter().position(|other| *other == breakpoint) {
                Some(index) => {
                    self.breakpoints.remove(index);
                    self.message = Some(format!("cleared: {}", breakpoint.describe(self.sources)));
                }
                None => self.set(breakpoint),
            },
            Err(problem) => self.message = Some(problem),
        }
    }

    fn set(&mut self, breakpoint: Breakpoint) {
        if self.breakpoints.len() == BREAKPOINTS {
            self.message = Some(format!("there are {BREAKPOINTS} breakpoints already"));
            return;
        }
        self.message =
            Some(format!("breakpoint on {}: r runs to it, R runs back", breakpoint.describe(self.sources)));
        self.breakpoints.push(breakpoint);
    }

    fn find_words(&mut self, direction: Direction) {
        if self.search.is_empty() {
            self.message = Some("nothing to search: / asks for words".into());
            return;
        }
        let found = |index: &usize| self.describes(EventId::new(*index));
        let found = match direction {
            Direction::Forward => (self.state.at..self.history.len()).find(found),
            Direction::Back => (0..self.state.at.saturating_sub(1)).rev().find(found),
        };
        match found {
            Some(index) => self.seek(index + 1),
            None => self.message = Some(format!("'{}' isn't found from here on", self.search)),
        }
    }

    fn describes(&self, id: EventId) -> bool {
        let name = self.history.story().event(id).map_or("", |event| event.info().name);
        name.contains(&self.search) || describe::event(&self.why(), id).to_lowercase().contains(&self.search)
    }

    fn go_to_cause(&mut self) {
        let begin = self.callback();
        let cause = match self.history.story().event(begin) {
            Some(Event::CallbackBegin { cause, .. }) => self.history.story().timer_origin(cause),
            _ => EventId::NONE,
        };
        match cause.index() {
            Some(index) => {
                let name = describe::callback(&self.why(), begin);
                self.seek(index + 1);
                self.message = Some(format!("this is what scheduled {name}"));
            }
            None => self.message = Some("nothing in the log scheduled this callback".into()),
        }
    }

    fn mark_line(&mut self, by: i32) {
        let Some((pos, line)) = self.marked() else { return };
        let last = self.sources.lines(self.log().str(pos.script)).unwrap_or(u32::MAX);
        self.mark = Some(line.saturating_add_signed(by).clamp(1, last.max(1)));
    }
}

/// Where an event stands in the source, of those that say what a callback did.
fn position(event: Event) -> Pos {
    match event {
        Event::TickQueued { pos, .. }
        | Event::MicrotaskQueued { pos, .. }
        | Event::TimerStart { pos, .. }
        | Event::TimerStop { pos, .. }
        | Event::ImmediateStart { pos, .. }
        | Event::ImmediateStop { pos, .. }
        | Event::RequestStart { pos, .. }
        | Event::AwaitSuspended { pos, .. }
        | Event::HandleInit { pos, .. } => pos,
        _ => Pos::NONE,
    }
}
