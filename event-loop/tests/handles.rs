//! Handles and requests under arbitrary use: the counters agree with the tables, nothing leaks, closed is closed.

use looplab_event_loop::*;
use proptest::prelude::*;
use std::cell::Cell;
use std::rc::Rc;

type Sim = EventLoop<SimWorld<AnyJob>>;

#[derive(Debug, Clone)]
enum Op {
    Timer(u64),
    Interval(u64),
    Hook(HookKind),
    Wake,
    Spawn,
    Defer,
    Immediate,
    Start(usize),
    Stop(usize),
    Ref(usize),
    Unref(usize),
    Close(usize),
    Cancel(usize),
    Turn(RunMode),
}

fn op() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![Just(HookKind::Idle), Just(HookKind::Prepare), Just(HookKind::Check)];
    let mode = prop_oneof![Just(RunMode::NoWait), Just(RunMode::Once)];
    prop_oneof![
        (0..20u64).prop_map(Op::Timer),
        (0..20u64).prop_map(Op::Interval),
        kind.prop_map(Op::Hook),
        Just(Op::Wake),
        Just(Op::Spawn),
        Just(Op::Defer),
        Just(Op::Immediate),
        (0..12usize).prop_map(Op::Start),
        (0..12usize).prop_map(Op::Stop),
        (0..12usize).prop_map(Op::Ref),
        (0..12usize).prop_map(Op::Unref),
        (0..12usize).prop_map(Op::Close),
        (0..12usize).prop_map(Op::Cancel),
        mode.prop_map(Op::Turn),
    ]
}

#[derive(Default)]
struct Made {
    handles: Vec<Handle>,
    requests: Vec<RequestId>,
}

fn apply(lp: &mut Sim, made: &mut Made, op: Op) {
    let pick = |n: usize| made.handles.get(n % made.handles.len().max(1)).copied();
    match op {
        Op::Timer(delay) => made.handles.push(lp.set_timeout(delay, |_| ()).into()),
        Op::Interval(delay) => made.handles.push(lp.set_interval(delay, |_| ()).into()),
        Op::Hook(kind) => made.handles.push(lp.on_phase(kind, |_| ()).into()),
        Op::Wake => made.handles.push(lp.on_wake(|_| ()).0.into()),
        Op::Spawn => made.requests.push(lp.spawn(|| (), |_, _| ()).unwrap()),
        Op::Defer => lp.defer_call(|_| ()),
        Op::Immediate => lp.set_immediate(|_| ()),
        Op::Start(n) => match pick(n) {
            Some(Handle::Timer(id)) => drop(lp.timer_start(id, 3, 0)),
            Some(Handle::Hook(id)) => drop(lp.hook_start(id)),
            _ => {}
        },
        Op::Stop(n) => match pick(n) {
            Some(Handle::Timer(id)) => drop(lp.timer_stop(id)),
            Some(Handle::Hook(id)) => drop(lp.hook_stop(id)),
            _ => {}
        },
        Op::Ref(n) => drop(pick(n).map(|handle| lp.ref_handle(handle))),
        Op::Unref(n) => drop(pick(n).map(|handle| lp.unref_handle(handle))),
        Op::Close(n) => drop(pick(n).map(|handle| lp.close_then(handle, |_| ()))),
        Op::Cancel(n) => drop(made.requests.get(n).map(|id| lp.request_cancel(*id))),
        Op::Turn(mode) => drop(lp.run_mode(mode).unwrap()),
    }
}

proptest! {
    #[test]
    fn the_alive_counter_agrees_with_the_list(ops in prop::collection::vec(op(), 0..120)) {
        let (mut lp, mut made) = (EventLoop::simulated(SimOptions::default()), Made::default());
        for op in ops {
            apply(&mut lp, &mut made, op.clone());
            prop_assert_eq!(lp.is_alive(), !lp.alive().is_empty(), "after {:?}: {:?}", op, lp.alive());
        }
        // Closing everything leaves nothing.
        for handle in made.handles {
            lp.close(handle, None);
        }
        lp.run().unwrap();
        prop_assert!(lp.alive().is_empty());
    }
}

#[test]
fn a_request_of_its_owners_keeps_the_loop_alive_until_it_is_finished() {
    let mut lp = EventLoop::simulated(SimOptions::default());
    let request = lp.request_start("connect", Origin::default());
    lp.set_timeout(5, move |lp| {
        assert_eq!(lp.alive(), [Alive::Request(request, "connect")]);
        assert!(lp.request_finish(request, RequestEnd::Done).is_some());
        assert!(lp.request_finish(request, RequestEnd::Done).is_none(), "only once");
        assert!(!lp.request_cancel(request));
    });
    assert_eq!(lp.run().unwrap().reason, EndReason::NothingAlive);
    assert_eq!(lp.now(), 5);
}

#[test]
fn an_idle_handle_keeps_the_poll_from_waiting_even_unrefd_and_without_a_task() {
    let mut lp = EventLoop::simulated(SimOptions::default());
    let idle = lp.hook_init(HookKind::Idle, None, Origin::HIDDEN);
    lp.unref_handle(idle);
    lp.hook_start(idle);
    lp.spawn(|| (), |_, _| ()).unwrap();
    lp.on_phase(HookKind::Check, |lp| {
        if lp.turns() == 100 {
            lp.stop()
        }
    });
    lp.run().unwrap();
    assert_eq!(
        (lp.turns(), lp.world().now()),
        (100, 100_000),
        "a microsecond for each look, no turn has waited"
    );
}

#[test]
fn a_timer_started_anew_in_its_own_callback_fires_again() {
    let mut lp = EventLoop::simulated(SimOptions::default());
    let (id, fired) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(0)));
    let (own, count) = (id.clone(), fired.clone());
    let timer = lp.set_interval(10, move |lp| {
        count.set(count.get() + 1);
        let timer: TimerId = own.get().unwrap();
        match count.get() {
            1 => assert!(lp.timer_start(timer, 3, 7)),
            2 => assert_eq!(lp.now(), 13),
            _ => {
                assert_eq!(lp.now(), 20);
                assert!(lp.close(timer, None) && !lp.timer_start(timer, 1, 1));
            }
        }
    });
    id.set(Some(timer));
    lp.run().unwrap();
    assert_eq!(fired.get(), 3);
}

#[test]
fn a_million_handles_come_and_go_in_constant_room() {
    let mut lp = EventLoop::simulated(SimOptions::default());
    for _ in 0..1000 {
        for n in 0..1000 {
            let timer = lp.set_timeout(n % 7, |_| ());
            if n % 3 == 0 {
                lp.close(timer, None);
            }
        }
        lp.run().unwrap();
    }
    assert!(!lp.is_alive());
}
