//! The ordering rules of SEMANTICS that live in this crate, in the simulated world, so that no clock can blur them.

use looplab_event_loop::*;
use std::cell::RefCell;
use std::rc::Rc;

type Sim = EventLoop<SimWorld<AnyJob>>;

#[derive(Clone, Default)]
struct Lines(Rc<RefCell<Vec<String>>>);

impl Lines {
    fn add(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    fn say(&self, line: &str) -> impl FnOnce(&mut Sim) + use<> {
        let (lines, line) = (self.clone(), line.to_owned());
        move |_| lines.add(line)
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

fn sim(profile: Profile) -> (Sim, Lines) {
    (EventLoop::new(SimWorld::new(SimOptions::default()), Off, profile), Lines::default())
}

/// Runs `build`'s program under a profile; gives what it said.
fn said(profile: Profile, build: impl FnOnce(&mut Sim, &Lines)) -> Vec<String> {
    let (mut lp, lines) = sim(profile);
    build(&mut lp, &lines);
    lp.run().unwrap();
    lines.take()
}

#[test]
fn timers_due_together_run_in_order_of_starting() {
    let lines = said(Profile::Node24, |lp, say| {
        lp.set_timeout(5, say.say("first 5"));
        lp.set_timeout(3, say.say("3"));
        lp.set_timeout(5, say.say("second 5"));
    });
    assert_eq!(lines, ["3", "first 5", "second 5"]);
}

#[test]
fn immediates_come_before_timers_from_io_and_from_timers() {
    let lines = said(Profile::Node24, |lp, say| {
        let say = say.clone();
        lp.spawn(
            || (),
            move |lp: &mut Sim, _| {
                lp.set_timeout(0, say.say("timer"));
                lp.set_immediate(say.say("immediate"));
            },
        )
        .unwrap();
    });
    assert_eq!(lines, ["immediate", "timer"]);
    let lines = said(Profile::Node24, |lp, say| {
        let say = say.clone();
        lp.set_timeout(1, move |lp| {
            lp.set_timeout(0, say.say("timer"));
            lp.set_immediate(say.say("immediate"));
        });
    });
    assert_eq!(lines, ["immediate", "timer"]);
}

#[test]
fn what_a_phase_adds_to_itself_waits() {
    let lines = said(Profile::Node24, |lp, say| {
        let say = say.clone();
        lp.set_immediate(move |lp| {
            say.add("immediate 1");
            lp.set_immediate(say.say("immediate 2"));
            lp.set_timeout(0, say.say("timer"));
            lp.queue_microtask(say.say("microtask"));
        });
    });
    assert_eq!(lines, ["immediate 1", "microtask", "timer", "immediate 2"]);
}

#[test]
fn a_timer_of_zero_in_a_timer_waits_for_the_next_turn() {
    let lines = said(Profile::Node24, |lp, say| {
        let (a, b) = (say.clone(), say.clone());
        lp.set_timeout(1, move |lp| {
            lp.set_timeout(0, move |lp| a.add(format!("inner in turn {}", lp.turns())));
        });
        lp.set_timeout(1, move |lp| b.add(format!("sibling in turn {}", lp.turns())));
    });
    assert_eq!(lines, ["sibling in turn 1", "inner in turn 2"]);
}

#[test]
fn a_stopped_sibling_does_not_fire_and_a_restarted_one_fires_later() {
    let lines = said(Profile::Node24, |lp, say| {
        let later = lp.set_timeout(2, say.say("stopped"));
        let again = Rc::new(RefCell::new(None));
        let (say2, again2) = (say.clone(), again.clone());
        // Due before the others, in the same batch.
        lp.set_timeout(1, move |lp| {
            lp.world_mut().advance(5_000_000);
            let _ = say2;
            let _ = again2.borrow_mut().take().map(|id: TimerId| lp.timer_stop(id));
        });
        *again.borrow_mut() = Some(later);
        lp.set_timeout(2, say.say("kept"));
    });
    assert_eq!(lines, ["kept"]);
}

#[test]
fn the_alive_check_stands_between_check_and_timers_before_libuv_1_45_only() {
    // An unref'd timer of 10 ms beside an immediate that blocks for 30 ms.
    let program = |lp: &mut Sim, say: &Lines| {
        let timer = lp.set_timeout(10, say.say("timer"));
        lp.unref_handle(timer);
        lp.set_immediate(|lp| lp.world_mut().advance(30_000_000));
    };
    assert!(said(Profile::Node10, program).is_empty());
    assert!(said(Profile::Node18, program).is_empty());
    assert_eq!(said(Profile::Node20, program), ["timer"]);
    assert_eq!(said(Profile::Node22, program), ["timer"]);
    assert_eq!(said(Profile::Node24, program), ["timer"]);
}

#[test]
fn ticks_are_drained_between_callbacks_except_on_node_10() {
    let program = |lp: &mut Sim, say: &Lines| {
        for n in 1..=2 {
            let say = say.clone();
            lp.set_timeout(1, move |lp| {
                say.add(format!("t{n}"));
                lp.queue_microtask(say.say(&format!("p{n}")));
                lp.next_tick(say.say(&format!("tick{n}")));
            });
        }
    };
    assert_eq!(said(Profile::Node10, program), ["t1", "t2", "tick1", "tick2", "p1", "p2"]);
    assert_eq!(said(Profile::Node18, program), ["t1", "tick1", "p1", "t2", "tick2", "p2"]);
    assert_eq!(said(Profile::Node24, program), ["t1", "tick1", "p1", "t2", "tick2", "p2"]);
}

#[test]
fn from_check_with_a_timer_due_come_tick_close_timer_next_immediate() {
    let lines = said(Profile::Node24, |lp, say| {
        let say = say.clone();
        lp.set_immediate(move |lp| {
            lp.set_timeout(1, say.say("timer"));
            lp.set_immediate(say.say("immediate"));
            let (handle, _waker) = lp.on_wake(|_| ());
            lp.close_then(handle, say.say("close"));
            lp.next_tick(say.say("tick"));
            lp.world_mut().advance(2_000_000);
        });
    });
    assert_eq!(lines, ["tick", "close", "timer", "immediate"]);
}

#[test]
fn the_handle_closed_last_is_called_first_and_closing_twice_does_nothing() {
    let lines = said(Profile::Node24, |lp, say| {
        let (a, b) = (lp.set_timeout(50, |_| ()), lp.set_timeout(50, |_| ()));
        assert!(lp.close_then(a, say.say("a")) && lp.close_then(b, say.say("b")));
        assert!(!lp.close_then(a, say.say("a again")));
        assert!(!lp.timer_start(a, 1, 0) && !lp.ref_handle(a));
    });
    assert_eq!(lines, ["b", "a"]);
}

#[test]
fn hooks_started_last_are_called_first_and_can_stop_their_siblings() {
    let (mut lp, lines) = sim(Profile::Node24);
    let (a, b) = (lines.clone(), lines.clone());
    let first = lp.on_phase(HookKind::Check, move |_| a.add("first"));
    let second = lp.on_phase(HookKind::Check, move |_| b.add("second"));
    lp.run_mode(RunMode::NoWait).unwrap();
    assert_eq!(lines.take(), ["second", "first"]);
    let a = lines.clone();
    lp.on_phase(HookKind::Check, move |lp| {
        a.add("third");
        lp.hook_stop(second);
    });
    lp.run_mode(RunMode::NoWait).unwrap();
    assert_eq!(lines.take(), ["third", "first"]);
    assert!(lp.is_active(first) && !lp.is_active(second));
}

#[test]
fn all_phases_in_one_turn() {
    let (mut lp, lines) = sim(Profile::Node24);
    for (kind, name) in [(HookKind::Idle, "idle"), (HookKind::Prepare, "prepare"), (HookKind::Check, "check")]
    {
        let lines = lines.clone();
        lp.on_phase(kind, move |_| lines.add(name));
    }
    let (handle, waker) = {
        let lines = lines.clone();
        lp.on_wake(move |_| lines.add("wake"))
    };
    waker.wake();
    waker.wake();
    let lines2 = lines.clone();
    lp.set_timeout(0, move |lp| {
        let lines = lines2.clone();
        lines.add("timer");
        lp.close_then(handle, lines.say("close"));
    });
    let ended = lp.run_mode(RunMode::Once).unwrap();
    assert_eq!(lines.take(), ["idle", "prepare", "wake", "check", "timer"]);
    assert_eq!(ended, Ended { reason: EndReason::OneTurn, alive: true });
    lp.run_mode(RunMode::Once).unwrap();
    assert_eq!(lines.take(), ["idle", "prepare", "check", "close"]);
}

#[test]
fn run_modes_wait_or_not() {
    let (mut lp, lines) = sim(Profile::Node24);
    lp.set_timeout(10, lines.say("timer"));
    lp.run_mode(RunMode::NoWait).unwrap();
    assert_eq!((lines.take().len(), lp.now()), (0, 0));
    lp.run_mode(RunMode::Once).unwrap();
    assert_eq!((lines.take(), lp.now()), (vec!["timer".to_owned()], 10));
    assert_eq!(lp.run().unwrap(), Ended { reason: EndReason::NothingAlive, alive: false });
}

#[test]
fn stop_ends_the_run_after_the_turn_and_it_can_go_on() {
    let (mut lp, lines) = sim(Profile::Node24);
    let say = lines.clone();
    lp.set_immediate(move |lp| {
        say.add("immediate");
        lp.stop();
        lp.set_immediate(say.say("next turn"));
    });
    lp.set_immediate(lines.say("same turn"));
    assert_eq!(lp.run().unwrap().reason, EndReason::Stopped);
    assert_eq!(lines.take(), ["immediate", "same turn"]);
    assert_eq!(lp.run().unwrap().reason, EndReason::NothingAlive);
    assert_eq!(lines.take(), ["next turn"]);
}

#[test]
fn break_ends_it_on_the_spot() {
    let lines = said(Profile::Node24, |lp, say| {
        let say1 = say.clone();
        lp.set_timeout(1, move |lp| {
            say1.add("one");
            lp.next_tick(say1.say("tick"));
            lp.break_now();
        });
        lp.set_timeout(1, say.say("two"));
    });
    assert_eq!(lines, ["one"]);
}

#[test]
fn alive_names_what_keeps_the_loop_alive() {
    let (mut lp, _) = sim(Profile::Node24);
    assert!(lp.alive().is_empty() && !lp.is_alive());
    let timer = lp.set_timeout(5, |_| ());
    let check = lp.on_phase(HookKind::Check, |_| ());
    let (wake, _waker) = lp.on_wake(|_| ());
    lp.unref_handle(check);
    lp.unref_handle(check);
    let request = lp.spawn(|| 1, |_, _| ()).unwrap();
    let mut expected =
        vec![Alive::Handle(timer.into()), Alive::Handle(wake.into()), Alive::Request(request, "job")];
    assert_eq!(lp.alive(), expected);
    lp.ref_handle(check);
    expected.insert(1, Alive::Handle(check.into()));
    assert_eq!(lp.alive(), expected);
    assert!(lp.has_ref(check) && lp.timer_stop(timer) && lp.hook_stop(check));
    lp.close_then(wake, |_| ());
    assert_eq!(lp.alive(), [Alive::Request(request, "job"), Alive::Closing(1)]);
    lp.run().unwrap();
    assert!(!lp.is_alive());
}

#[test]
fn repeating_timers_count_from_the_loops_time_and_again_restarts() {
    let (mut lp, lines) = sim(Profile::Node24);
    let (say, count) = (lines.clone(), Rc::new(RefCell::new(0)));
    let id = Rc::new(RefCell::new(None));
    let (own, counted) = (id.clone(), count.clone());
    let timer = lp.set_interval(20, move |lp| {
        say.add(lp.now().to_string());
        lp.world_mut().advance(15_000_000);
        *counted.borrow_mut() += 1;
        if *counted.borrow() == 4 {
            let id: TimerId = own.borrow().unwrap();
            lp.close(id, None);
        }
    });
    *id.borrow_mut() = Some(timer);
    assert_eq!(lp.timer_due_in(timer), Some(20));
    lp.run().unwrap();
    assert_eq!(lines.take(), ["20", "40", "60", "80"]);
    let once = lp.set_timeout(5, |_| ());
    assert!(!lp.timer_again(once), "it doesn't repeat");
}

#[test]
fn requests_on_four_workers_in_order_of_submission() {
    let (mut lp, lines) = sim(Profile::Node24);
    for n in 0..6 {
        let say = lines.clone();
        lp.spawn(
            move || n,
            move |lp: &mut Sim, result| say.add(format!("{} at {}", result.unwrap(), lp.now())),
        )
        .unwrap();
    }
    lp.run().unwrap();
    assert_eq!(lines.take(), ["0 at 10", "1 at 10", "2 at 10", "3 at 10", "4 at 20", "5 at 20"]);
}

#[test]
fn waiting_requests_are_cancelled_running_ones_are_not() {
    let (mut lp, lines) = sim(Profile::Node24);
    let mut ids = Vec::new();
    for n in 0..5 {
        let say = lines.clone();
        ids.push(lp.spawn(move || n, move |_, result| say.add(format!("{n}: {result:?}"))).unwrap());
    }
    assert!(!lp.request_cancel(ids[0]));
    assert!(lp.request_cancel(ids[4]));
    assert!(!lp.request_cancel(ids[4]));
    lp.run().unwrap();
    assert_eq!(lines.take(), ["4: Err(Cancelled)", "0: Ok(0)", "1: Ok(1)", "2: Ok(2)", "3: Ok(3)"]);
}

#[test]
fn a_loop_that_nothing_can_wake_stalls_in_the_simulated_world() {
    let (mut lp, _) = sim(Profile::Node24);
    let (_handle, _waker) = lp.on_wake(|_| ());
    assert_eq!(lp.run().unwrap(), Ended { reason: EndReason::Stalled, alive: true });
}

#[test]
fn the_pending_queue_runs_eight_rounds_after_the_poll() {
    let (mut lp, lines) = sim(Profile::Node24);
    #[derive(Clone)]
    struct Chain(Lines);
    fn next(chain: Chain, left: u32) -> impl FnOnce(&mut Sim) {
        move |lp| {
            chain.0.add(format!("{left} in turn {}", lp.turns()));
            if left > 0 {
                lp.defer_call(next(chain, left - 1));
            }
        }
    }
    lp.defer_call(next(Chain(lines.clone()), 10));
    lp.run().unwrap();
    let turns: Vec<_> = lines.take().iter().map(|l| l.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(turns.join(" "), "1 1 1 1 1 1 1 1 1 2 2");
}

#[test]
fn a_chooser_can_find_the_timer_due_before_the_immediate() {
    struct Last;
    impl Chooser for Last {
        fn choose(&mut self, _: ChoiceKind, options: u32) -> u32 {
            options - 1
        }
    }
    let race = |world| {
        let (mut lp, lines): (Sim, _) = (EventLoop::new(world, Off, Profile::Node24), Lines::default());
        lp.set_timeout(1, lines.say("timer"));
        lp.set_immediate(lines.say("immediate"));
        lp.run().unwrap();
        lines.take()
    };
    assert_eq!(race(SimWorld::new(SimOptions::default())), ["immediate", "timer"]);
    assert_eq!(race(SimWorld::new(SimOptions::default()).with_chooser(Last)), ["timer", "immediate"]);
}

#[test]
fn the_simulated_world_repeats_itself_and_busy_waiting_ends() {
    let draw = |seed| {
        let mut world: SimWorld<AnyJob> = SimWorld::new(SimOptions { seed, ..SimOptions::default() });
        (world.random(), world.random(), world.wall())
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1).0, draw(2).0);
    let mut world: SimWorld<AnyJob> = SimWorld::new(SimOptions::default());
    let start = world.hrtime();
    while world.hrtime() < start + 30_000_000 {}
    assert!(world.now() >= 30_000_000);
}
