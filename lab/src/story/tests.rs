//! The fold: nesting, ordinals, facts, and logs that are cut or damaged.

use super::*;
use looplab_probe::{Options, RequestEnd, RunMode, Str};

fn begin(kind: CallbackKind, number: u32, cause: EventId) -> Event {
    Event::CallbackBegin { kind, number, label: Str::NONE, pos: Pos::NONE, cause }
}

fn end(begin: EventId) -> Event {
    Event::CallbackEnd { begin, outcome: Outcome::Returned }
}

/// The tree as text: `root(callback1 turn1(phase))`.
fn shape(story: &Story<'_>, id: NodeId) -> String {
    let node = story.node(id);
    let name = match node.kind {
        Kind::Root => "root".into(),
        Kind::Turn(turn) => format!("turn{turn}"),
        Kind::Phase(phase) => phase.to_string(),
        Kind::Poll => "ask".into(),
        Kind::Callback(ordinal) => format!("#{ordinal}"),
        Kind::Drain => "drain".into(),
        Kind::Module => "module".into(),
    };
    let inner: Vec<_> = node
        .children
        .iter()
        .filter_map(|child| match child {
            Child::Node(child) => Some(shape(story, *child)),
            Child::Event(_) => None,
        })
        .collect();
    if inner.is_empty() { name } else { format!("{name}({})", inner.join(" ")) }
}

fn drained(after_says: bool) -> String {
    let mut log = Log::default();
    let main = log.push(0, begin(CallbackKind::MainScript, 0, EventId::NONE));
    let tick = log.push(0, Event::TickQueued { number: 1, label: Str::NONE, pos: Pos::NONE });
    log.push(1, end(main));
    log.push(1, Event::DrainBegin { after: if after_says { main } else { EventId::NONE } });
    let id = log.push(2, begin(CallbackKind::Tick, 1, tick));
    log.push(3, end(id));
    log.push(3, Event::DrainEnd { ticks: 1, microtasks: 0 });
    log.push(4, Event::LoopStart { profile: 24, simulated: false, mode: RunMode::Default });
    log.push(4, Event::TurnBegin { turn: 1 });
    log.push(4, Event::PhaseBegin { phase: Phase::Check, ready: 1 });
    log.push(4, begin(CallbackKind::Immediate, 1, EventId::NONE));
    let story = Story::new(&log);
    assert_eq!(story.ordinal(id), Some(2));
    assert_eq!(story.happened_in(tick), Some(1));
    assert_eq!(story.duration(story.callback(1).unwrap()), Some(1));
    assert_eq!(story.totals().ticks, 1);
    shape(&story, story.root())
}

#[test]
fn a_drain_hangs_below_its_callback_and_a_cut_log_leaves_nodes_open() {
    let wanted = "root(#1(drain(#2)) turn1(check(#3)))";
    assert_eq!([drained(true), drained(false)], [wanted, wanted]);
}

#[test]
fn nested_callbacks_nest_and_unmatched_ends_change_nothing() {
    let mut log = Log::default();
    log.push(0, Event::DrainEnd { ticks: 0, microtasks: 0 });
    log.push(0, end(EventId::NONE));
    let outer = log.push(0, begin(CallbackKind::MainScript, 0, EventId::NONE));
    let inner = log.push(0, begin(CallbackKind::Module, 0, outer));
    log.push(0, Event::TurnEnd { turn: 7, alive: true });
    log.push(0, end(inner));
    log.push(0, end(outer));
    log.push(0, end(outer));
    log.push(0, begin(CallbackKind::Exit, 0, EventId::NONE));
    let story = Story::new(&log);
    assert_eq!(shape(&story, story.root()), "root(#1(#2) #3)");
}

#[test]
fn what_never_ran_is_what_was_neither_run_nor_cleared() {
    let mut log = Log::default();
    let timer =
        |number| Event::TimerStart { number, delay: 1, repeat: 0, due: 1, label: Str::NONE, pos: Pos::NONE };
    let ran = log.push(0, timer(1));
    log.push(0, timer(2));
    let kept = log.push(0, timer(3));
    log.push(0, Event::TimerStop { number: 2, pos: Pos::NONE });
    log.push(0, Event::HandleUnref { number: 3, kind: looplab_probe::HandleKind::Timer });
    log.push(0, Event::TimerFire { number: 1, late: 5 });
    let callback = log.push(0, begin(CallbackKind::Timer, 1, ran));
    let story = Story::new(&log);
    assert_eq!(story.leftovers(), [Leftover { scheduled: kept, unref: true }]);
    assert_eq!(story.late(callback), Some(5));
}

#[test]
fn an_interval_leads_back_to_where_the_program_set_it() {
    let mut log = Log::default();
    let script = log.intern("/a.js");
    let start = |pos| Event::TimerStart { number: 1, delay: 5, repeat: 5, due: 5, label: Str::NONE, pos };
    let first = log.push(0, start(Pos { script, line: 1, column: 1 }));
    log.push(5, begin(CallbackKind::Timer, 1, first));
    let second = log.push(5, start(Pos::NONE));
    let third = log.push(10, start(Pos::NONE));
    let story = Story::new(&log);
    assert_eq!([second, third].map(|id| story.timer_origin(id)), [first, first]);
    assert_eq!(story.leftovers(), []);
}

#[test]
fn a_request_is_followed_through_the_pool() {
    let mut log = Log::new(Options::default());
    let class = looplab_probe::JobClass::Disk;
    let request = log.push(0, Event::RequestStart { number: 4, label: Str::NONE, pos: Pos::NONE });
    log.push(0, Event::PoolQueued { number: 4, class, waiting: 2 });
    let started = log.push(5, Event::PoolStarted { number: 4, worker: 1, wait: 5 });
    let finished = log.push(9, Event::PoolFinished { number: 4, worker: 1, run: 4 });
    log.push(9, Event::RequestEnd { number: 4, end: RequestEnd::Done });
    let story = Story::new(&log);
    let lane = Lane {
        waiting: Some(2),
        started: Some(Started { event: started, worker: 1, wait: 5 }),
        finished: Some(Finished { event: finished, run: 4 }),
        end: Some(RequestEnd::Done),
    };
    assert_eq!(story.lane(request), Some(&lane));
    assert_eq!(story.leftovers(), []);
}
