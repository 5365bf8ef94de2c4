//! What the loop reports: byte-identical logs in the simulated world, causes that lead back, nothing for hidden handles.

use looplab_event_loop::*;
use looplab_probe::{CallbackKind, Event, Log, Options, Recorder, codec};

type Sim = EventLoop<SimWorld<AnyJob>, Recorder>;

fn record(program: impl FnOnce(&mut Sim)) -> Log {
    let world = SimWorld::new(SimOptions::default());
    let recorder = Recorder::new(Options::default(), world.time_source());
    let mut lp = EventLoop::new(world, recorder.clone(), Profile::Node24);
    program(&mut lp);
    lp.run().unwrap();
    recorder.take()
}

fn text(log: &Log) -> String {
    let mut bytes = Vec::new();
    codec::write(log, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn program(lp: &mut Sim) {
    lp.set_timeout(1, |lp| {
        lp.next_tick(|_| ());
        lp.queue_microtask(|_| ());
    });
    lp.set_immediate(|_| ());
    let timer = lp.set_timeout(50, |_| ());
    lp.unref_handle(timer);
    let (wake, waker) = lp.on_wake(|_| ());
    let info = JobInfo::new(JobClass::Disk, "fs.read");
    for _ in 0..5 {
        let waker = waker.clone();
        lp.spawn_as(
            info,
            || (),
            move |lp, _| {
                waker.wake();
                lp.close_then(wake, |_| ());
            },
        )
        .unwrap();
    }
}

#[test]
fn a_run_leaves_the_same_log_every_time() {
    let first = text(&record(program));
    assert_eq!(first, text(&record(program)));
    insta::assert_snapshot!("run", first);
}

#[test]
fn a_written_log_reads_back_the_same() {
    let first = text(&record(program));
    assert_eq!(text(&codec::read(first.as_bytes()).unwrap()), first);
}

#[test]
fn why_leads_from_a_callback_back_to_the_one_that_scheduled_it() {
    let log = record(|lp| {
        lp.set_timeout(3, |lp| lp.set_immediate(|lp| lp.next_tick(|_| ())));
    });
    let tick = log
        .records()
        .iter()
        .position(|r| matches!(r.event, Event::CallbackBegin { kind: CallbackKind::Tick, .. }));
    let chain: Vec<_> = log
        .why(looplab_probe::EventId::new(tick.unwrap()))
        .into_iter()
        .map(|id| match log.record(id).unwrap().event {
            Event::CallbackBegin { kind, .. } => kind.as_str(),
            other => other.info().name,
        })
        .collect();
    assert_eq!(chain, ["tick-queued", "immediate", "immediate-start", "timer", "timer-start"]);
}

#[test]
fn hidden_handles_leave_nothing_but_their_callbacks_cause() {
    let log = record(|lp| {
        lp.set_immediate(|_| ());
    });
    let names: Vec<_> = log.records().iter().map(|r| r.event.info().name).collect();
    assert!(names.iter().all(|n| !n.starts_with("handle")), "{names:?}");
    assert!(text(&log).contains(r#""why":"immediates""#));
}
