//! The fold at any moment, both ways, over logs that make sense and logs that don't.

use super::view::{self, Alive, Stage};
use super::*;
use looplab_probe::*;
use proptest::prelude::*;

/// Writes a log event by event; times in microseconds.
#[derive(Default)]
struct Pen {
    log: Log,
    now: u64,
}

impl Pen {
    fn new() -> Pen {
        Pen { log: Log::new(Options { without: Vec::new(), ..Options::default() }), now: 0 }
    }

    fn put(&mut self, event: Event) -> EventId {
        self.log.push(self.now * 1_000, event)
    }

    fn begin(&mut self, kind: CallbackKind, number: u32, cause: EventId) -> EventId {
        self.put(Event::CallbackBegin { kind, number, label: Str::NONE, pos: Pos::NONE, cause })
    }

    fn end(&mut self, begin: EventId) {
        self.put(Event::CallbackEnd { begin, outcome: Outcome::Returned });
    }

    fn timer(&mut self, number: u32, due: u64) -> EventId {
        let (label, pos) = (Str::NONE, Pos::NONE);
        self.put(Event::TimerStart { number, delay: due as u32, repeat: 0, due, label, pos })
    }

    fn tick(&mut self, number: u32) -> EventId {
        self.put(Event::TickQueued { number, label: Str::NONE, pos: Pos::NONE })
    }

    fn enter(&mut self, name: &str) -> EventId {
        let label = self.log.intern(name);
        self.put(Event::FrameEnter { label, pos: Pos::NONE, resumed: false })
    }

    fn statement(&mut self, line: u32) -> EventId {
        let script = self.log.intern("/a.js");
        self.put(Event::Statement { pos: Pos { script, line, column: 1 }, to_line: line, to_column: 9 })
    }

    fn variable(&mut self, name: &str, value: &str) -> EventId {
        let (name, value) = (self.log.intern(name), self.log.intern(value));
        self.put(Event::Variable { scope: VariableScope::Local, name, value })
    }

    fn leave(&mut self, value: &str) {
        let value = self.log.intern(value);
        self.put(Event::FrameLeave { how: FrameEnd::Returned, value });
    }

    fn line(&self, at: usize) -> u32 {
        match at.checked_sub(1).map(|index| self.log.records()[index].event) {
            Some(Event::Statement { pos, .. }) => pos.line,
            _ => 0,
        }
    }
}

/// A main script that calls f twice, f calling g; then a timer with one statement.
fn calls() -> Pen {
    let mut pen = Pen::new();
    let main = pen.begin(CallbackKind::MainScript, 0, EventId::NONE);
    pen.enter("main");
    pen.statement(1);
    let timer = pen.timer(1, 5);
    for line in [2, 3] {
        pen.statement(line);
        pen.enter("f");
        pen.variable("x", "1");
        pen.statement(10);
        pen.enter("g");
        pen.statement(20);
        pen.leave("7");
        pen.variable("x", "2");
        pen.statement(11);
        pen.leave("undefined");
    }
    pen.statement(4);
    pen.leave("undefined");
    pen.end(main);
    pen.put(Event::TimerFire { number: 1, late: 0 });
    let begin = pen.begin(CallbackKind::Timer, 1, timer);
    pen.enter("");
    pen.statement(30);
    pen.leave("undefined");
    pen.end(begin);
    pen
}

/// The lines one passes by repeating a step.
fn walk(pen: &Pen, history: &History<'_>, from: usize, target: Target, direction: Direction) -> Vec<u32> {
    let mut state = history.state_at(from);
    let mut lines = Vec::new();
    loop {
        let to = history.find(&state, target, direction);
        if to == state.at || to == 0 || pen.line(to) == 0 {
            return lines;
        }
        history.seek(&mut state, to);
        lines.push(pen.line(to));
    }
}

#[test]
fn statements_are_stepped_into_over_and_out_of_both_ways() {
    let pen = calls();
    let history = History::new(&pen.log);
    let all = [1, 2, 10, 20, 11, 3, 10, 20, 11, 4, 30];
    assert_eq!(walk(&pen, &history, 0, Target::Into, Direction::Forward), all);
    let back: Vec<u32> = all.iter().rev().copied().collect();
    assert_eq!(walk(&pen, &history, history.len(), Target::Into, Direction::Back), back);
    let first = history.find(&history.state_at(0), Target::Into, Direction::Forward);
    assert_eq!(walk(&pen, &history, first, Target::Over, Direction::Forward), [2, 3, 4, 30]);
    let last = history.find(&history.state_at(history.len()), Target::Into, Direction::Back);
    assert_eq!(walk(&pen, &history, last, Target::Over, Direction::Back), [4, 3, 2, 1]);
    // From the first g: out to f, out to the main script, out of it.
    let g = (0..=history.len()).find(|at| pen.line(*at) == 20).unwrap();
    assert_eq!(walk(&pen, &history, g, Target::Out, Direction::Forward), [11, 3, 30]);
    assert_eq!(walk(&pen, &history, g, Target::Out, Direction::Back), [10, 2]);
}

#[test]
fn frames_have_their_variables_and_leave_their_result() {
    let pen = calls();
    let history = History::new(&pen.log);
    let g = (0..=history.len()).find(|at| pen.line(*at) == 20).unwrap();
    let mut state = history.state_at(g);
    let names: Vec<&str> = state.frames.iter().map(|frame| pen.log.str(frame.label)).collect();
    assert_eq!(names, ["main", "f", "g"]);
    let value = |state: &State| state.frames[1].variables.first().map(|v| pen.log.str(v.value).to_owned());
    assert_eq!(value(&state), Some("1".into()));
    history.seek(&mut state, g + 1);
    assert_eq!(state.left.map(|left| pen.log.str(left.value)), Some("7"));
    history.seek(&mut state, g + 3);
    assert_eq!((value(&state), state.left), (Some("2".into()), None));
    assert_eq!(history.state_at(history.len()).frames, []);
}

#[test]
fn frames_of_a_callback_that_was_cut_end_with_it() {
    let mut pen = Pen::new();
    let main = pen.begin(CallbackKind::MainScript, 0, EventId::NONE);
    pen.enter("a");
    pen.enter("b");
    pen.put(Event::StatementsCut { recorded: 2 });
    let cut = pen.log.records().len();
    pen.end(main);
    pen.leave("too late");
    let history = History::new(&pen.log);
    assert!(history.state_at(cut).running[0].cut);
    assert_eq!(history.state_at(history.len()).frames, []);
}

#[test]
fn queues_hold_what_waits_and_nothing_else() {
    let mut pen = Pen::new();
    let main = pen.begin(CallbackKind::MainScript, 0, EventId::NONE);
    let tick = pen.tick(1);
    let hop = pen.put(Event::ReactionQueued {
        number: 2,
        kind: ReactionKind::Then,
        promise: 0,
        label: Str::NONE,
        pos: Pos::NONE,
    });
    let far = pen.timer(1, 50);
    let near = pen.timer(2, 5);
    pen.put(Event::HandleUnref { number: 1, kind: HandleKind::Timer });
    let immediate = pen.put(Event::ImmediateStart { number: 3, label: Str::NONE, pos: Pos::NONE });
    pen.end(main);
    let full = pen.log.records().len();
    let begin = pen.begin(CallbackKind::Tick, 1, tick);
    pen.end(begin);
    let begin = pen.begin(CallbackKind::Reaction, 2, hop);
    pen.end(begin);
    let begin = pen.begin(CallbackKind::Immediate, 3, immediate);
    pen.end(begin);
    let history = History::new(&pen.log);
    let state = history.state_at(full);
    assert_eq!((state.ticks.len(), state.microtasks.len(), state.immediates.len()), (1, 1, 1));
    assert_eq!(view::timers(&state, 9).iter().map(|timer| timer.start).collect::<Vec<_>>(), [near, far]);
    assert_eq!(view::timers(&state, 1).iter().map(|timer| timer.start).collect::<Vec<_>>(), [near]);
    let kept: Vec<Alive> = view::alive(&state);
    assert!(
        matches!(kept[..], [Alive::Timers(1, Timer { number: 2, .. }), Alive::Immediates(1, _)]),
        "{kept:?}"
    );
    let state = history.state_at(history.len());
    assert_eq!((state.ticks.len(), state.microtasks.len(), state.immediates.len()), (0, 0, 0));
    // The immediate ran before two timers that were set before it.
    let begin = EventId::new(history.len() - 2);
    assert_eq!(view::overtook(&history, begin), [far, near]);
    assert_eq!(view::causes(&history, begin), [(begin, immediate), (main, EventId::NONE)]);
}

#[test]
fn the_pool_is_seen_at_work_before_it_reports() {
    let mut pen = Pen::new();
    pen.put(Event::RequestStart { number: 4, label: Str::NONE, pos: Pos::NONE });
    pen.put(Event::PoolQueued { number: 4, class: JobClass::Disk, waiting: 1 });
    let queued = pen.log.records().len();
    pen.now = 5;
    pen.tick(1);
    let running = pen.log.records().len();
    pen.now = 20;
    pen.tick(2);
    let done = pen.log.records().len();
    pen.log.push(3_000, Event::PoolStarted { number: 4, worker: 2, wait: 3_000 });
    pen.log.push(9_000, Event::PoolFinished { number: 4, worker: 2, run: 6_000 });
    pen.put(Event::RequestEnd { number: 4, end: RequestEnd::Done });
    let history = History::new(&pen.log);
    let stage = |at| view::pool(&history, &history.state_at(at)).first().map(|request| request.stage);
    assert_eq!(stage(queued), Some(Stage::Queued));
    assert_eq!(stage(running), Some(Stage::Running { worker: 2, since: 3_000 }));
    assert_eq!(stage(done), Some(Stage::Done { worker: 2 }));
    assert_eq!(stage(history.len()), None);
    // A worker's stamps don't turn the clock back.
    assert_eq!(history.state_at(done + 2).t, 20_000);
}

#[test]
fn targets_are_found_both_ways() {
    let mut pen = Pen::new();
    for turn in 1..=3 {
        pen.put(Event::TurnBegin { turn });
        pen.put(Event::PhaseBegin { phase: Phase::Check, ready: 1 });
        let begin = pen.begin(CallbackKind::Check, 1, EventId::NONE);
        pen.end(begin);
        pen.put(Event::PhaseEnd { phase: Phase::Check, ran: 1 });
    }
    let history = History::new(&pen.log);
    let go = |from, target, direction| history.find(&history.state_at(from), target, direction);
    use Direction::{Back, Forward};
    assert_eq!([0, 1, 11, 15].map(|at| go(at, Target::Turn, Forward)), [1, 6, 15, 15]);
    assert_eq!([0, 1, 6, 15].map(|at| go(at, Target::Turn, Back)), [0, 0, 1, 11]);
    assert_eq!([go(1, Target::Phase, Forward), go(15, Target::Callback, Back)], [2, 13]);
    assert_eq!(
        [go(3, Target::Event, Forward), go(3, Target::Event, Back), go(0, Target::Event, Back)],
        [4, 2, 0]
    );
    assert_eq!([go(15, Target::Event, Forward), go(3, Target::End, Back)], [15, 0]);
}

/// Any event at all, with small numbers, so that they meet.
fn any_event() -> impl Strategy<Value = Event> {
    let (label, pos) = (Str::NONE, Pos::NONE);
    (0u8..24, 0u32..6, 0usize..40).prop_map(move |(which, number, id)| {
        let (id, name) = (EventId::new(id), Str::numbered(number));
        match which {
            0..3 => Event::CallbackBegin {
                kind: CallbackKind::ALL[number as usize],
                number,
                label,
                pos,
                cause: id,
            },
            3..6 => Event::CallbackEnd { begin: id, outcome: Outcome::Returned },
            6 => Event::TickQueued { number, label, pos },
            7 => Event::TimerStart { number, delay: 1, repeat: number, due: u64::from(number), label, pos },
            8 => Event::TimerStop { number, pos },
            9 => Event::ImmediateStart { number, label, pos },
            10 => Event::ImmediateStop { number, pos },
            11 => Event::RequestStart { number, label, pos },
            12 => Event::RequestEnd { number, end: RequestEnd::Done },
            13 => Event::PoolQueued { number, class: JobClass::Disk, waiting: 0 },
            14 => Event::PoolStarted { number, worker: 0, wait: 1 },
            15 => Event::HandleInit { number, kind: HandleKind::ALL[number as usize], label, pos },
            16 => Event::HandleClosing { number, kind: HandleKind::ALL[number as usize] },
            17 | 18 => Event::FrameEnter { label, pos, resumed: false },
            19 => Event::FrameLeave { how: FrameEnd::Threw, value: Str::NONE },
            20 => Event::Variable {
                scope: VariableScope::Local,
                name,
                value: Str::numbered(id.index().unwrap_or(0) as u32 % 3),
            },
            21 => Event::Statement { pos, to_line: 0, to_column: 0 },
            22 => Event::ModuleEnd { begin: id, outcome: Outcome::Threw },
            _ => Event::DrainBegin { after: id },
        }
    })
}

proptest! {
    /// Whatever the log says: a state that was reached backwards, or by way of a keyframe, is the one reached forwards.
    #[test]
    fn every_way_to_a_moment_leads_to_the_same_state(
        events in prop::collection::vec(any_event(), 1..60),
        repeat in 1usize..300,
        moments in prop::collection::vec(any::<prop::sample::Index>(), 1..8),
    ) {
        let mut log = Log::new(Options { without: Vec::new(), ..Options::default() });
        for _ in 0..repeat {
            for event in &events {
                log.push(0, *event);
            }
        }
        let history = History::new(&log);
        let mut wanderer = State::default();
        for moment in moments {
            let at = moment.index(history.len() + 1);
            history.seek(&mut wanderer, at);
            let mut straight = State::default();
            for record in &log.records()[..at] {
                straight.apply(record);
            }
            prop_assert_eq!(&wanderer, &straight);
            prop_assert_eq!(&history.state_at(at), &straight);
            for target in [Target::Event, Target::Into, Target::Over, Target::Out, Target::Callback, Target::Turn] {
                let there = history.find(&wanderer, target, Direction::Forward);
                prop_assert!(there > at || there == history.len());
                let there = history.find(&wanderer, target, Direction::Back);
                prop_assert!(there < at || there == 0);
            }
        }
    }
}
