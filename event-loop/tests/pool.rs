//! The pool under the loop: priorities, cancelling, figures, and what happens when much is asked of it; the same in both worlds.

use looplab_event_loop::*;
use std::cell::RefCell;
use std::rc::Rc;

type Names = Rc<RefCell<Vec<String>>>;

fn one_worker() -> EventLoop<SimWorld<AnyJob>> {
    EventLoop::simulated(SimOptions { workers: 1, ..SimOptions::default() })
}

fn note<W: World<Job = AnyJob>>(
    lp: &mut EventLoop<W>,
    names: &Names,
    name: &str,
    priority: Priority,
) -> RequestId {
    let (names, own) = (names.clone(), name.to_owned());
    lp.schedule_task(
        || (),
        priority,
        move |_, result| {
            let how = if result.is_ok() { "" } else { " cancelled" };
            names.borrow_mut().push(format!("{own}{how}"));
        },
    )
    .unwrap()
}

#[test]
fn urgent_tasks_start_first_and_none_is_interrupted() {
    let (mut lp, names) = (one_worker(), Names::default());
    for (name, priority) in [
        ("running", Priority::Low),
        ("low", Priority::Low),
        ("normal", Priority::Normal),
        ("high", Priority::High),
    ] {
        note(&mut lp, &names, name, priority);
    }
    lp.run().unwrap();
    assert_eq!(*names.borrow(), ["running", "high", "normal", "low"]);
}

/// However busy the high lane is, a low job is passed by twice the head start at most.
#[test]
fn low_tasks_age_and_so_do_not_starve() {
    let (mut lp, names) = (one_worker(), Names::default());
    note(&mut lp, &names, "running", Priority::High);
    note(&mut lp, &names, "low", Priority::Low);
    // Each urgent task brings another: without ageing the low one would never run.
    fn endless(lp: &mut EventLoop<SimWorld<AnyJob>>, names: Names, left: u32) {
        if left == 0 {
            return;
        }
        lp.schedule_task(
            || (),
            Priority::High,
            move |lp, _| {
                names.borrow_mut().push("high".into());
                endless(lp, names, left - 1);
            },
        )
        .unwrap();
    }
    for _ in 0..4 {
        endless(&mut lp, names.clone(), 200);
    }
    lp.run().unwrap();
    let at = names.borrow().iter().position(|name| name == "low").unwrap();
    assert!((100..=140).contains(&at), "{at}");
    assert_eq!(names.borrow().len(), 802);
}

#[test]
fn what_waits_can_be_cancelled_and_what_runs_cannot() {
    let (mut lp, names) = (one_worker(), Names::default());
    let running = note(&mut lp, &names, "running", Priority::Normal);
    let waiting = note(&mut lp, &names, "waiting", Priority::High);
    note(&mut lp, &names, "last", Priority::Low);
    assert!(!lp.request_cancel(running));
    assert!(lp.request_cancel(waiting));
    assert!(!lp.request_cancel(waiting), "only once");
    lp.run().unwrap();
    assert_eq!(*names.borrow(), ["waiting cancelled", "running", "last"]);
}

#[test]
fn figures_show_saturation() {
    let mut lp = EventLoop::simulated(SimOptions { workers: 2, ..SimOptions::default() });
    for _ in 0..6 {
        // 10 ms each, by default.
        lp.spawn(|| (), |_, _| {}).unwrap();
    }
    let before = lp.world().pool_stats();
    assert_eq!((before.waiting, before.unfinished, before.peak_waiting), (4, 6, 4));
    lp.run().unwrap();
    let after = lp.world().pool_stats();
    assert_eq!((after.finished, after.waiting, after.unfinished), (6, 0, 0));
    assert_eq!((after.run, after.wait, after.longest_wait), (60_000_000, 60_000_000, 20_000_000));

    let mut lp = EventLoop::real().unwrap();
    for _ in 0..6 {
        lp.spawn(|| (), |_, _| {}).unwrap();
    }
    lp.run().unwrap();
    assert_eq!(lp.world().pool_stats().finished, 6);
}

#[test]
fn slow_lookups_leave_workers_for_files() {
    let mut lp = EventLoop::simulated(SimOptions::default());
    let done = Names::default();
    for (class, name) in [(JobClass::Lookup, "lookup"), (JobClass::Disk, "file")] {
        for _ in 0..4 {
            let done = done.clone();
            lp.spawn_as(
                JobInfo::new(class, name),
                || (),
                move |lp, _| {
                    done.borrow_mut().push(format!("{name} {}", lp.now()));
                },
            )
            .unwrap();
        }
    }
    lp.run().unwrap();
    // Two of the four look up, 5 ms each; the other two read all files meanwhile.
    let files = ["file 0", "file 0", "file 0", "file 0"];
    assert_eq!(done.borrow()[..4], files);
    assert_eq!(done.borrow()[4..], ["lookup 5", "lookup 5", "lookup 10", "lookup 10"]);
}

#[test]
fn a_hundred_thousand_requests_and_one_too_many() {
    let (mut lp, count) = (EventLoop::real().unwrap(), Rc::new(RefCell::new(0u32)));
    for _ in 0..100_000 {
        let count = count.clone();
        lp.spawn(|| (), move |_, result| *count.borrow_mut() += u32::from(result.is_ok())).unwrap();
    }
    lp.run().unwrap();
    assert_eq!(*count.borrow(), 100_000);

    let mut lp = EventLoop::simulated(SimOptions { workers: 1, max_waiting: 2, ..SimOptions::default() });
    let mut spawn = || lp.spawn(|| (), |_, _| {}).map(drop);
    assert!((0..3).all(|_| spawn().is_ok()));
    assert!(matches!(spawn(), Err(SubmitError::Full(2))), "a worker, two places, and then no more");
}

#[test]
fn a_task_that_panics_is_an_error_to_its_caller_and_the_pool_lives() {
    let mut lp = EventLoop::real().unwrap();
    let seen = Names::default();
    let (first, second) = (seen.clone(), seen.clone());
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    lp.spawn(
        || -> u32 { panic!("out of cheese") },
        move |lp, result| {
            first.borrow_mut().push(result.unwrap_err().to_string());
            lp.spawn(|| 42, move |_, result| second.borrow_mut().push(result.unwrap().to_string())).unwrap();
        },
    )
    .unwrap();
    lp.run().unwrap();
    std::panic::set_hook(told);
    assert_eq!(*seen.borrow(), ["the job panicked: out of cheese", "42"]);
}

/// A request as a value, in virtual time: done, taken, given up before and after it begins, and waited for in vain.
#[test]
fn requests_are_values() {
    let mut lp = one_worker();
    let (mut first, mut second) = (lp.request(|| 1).unwrap(), lp.request(|| 2).unwrap());
    assert!(second.cancel(), "no worker has begun it");
    assert!(!second.cancel(), "once is enough");
    assert_eq!(second.try_take(), Some(Err(JobError::Cancelled)));
    assert_eq!(first.try_take(), None);
    assert!(second.is_done() && !first.is_done());
    lp.run().unwrap();
    assert!(first.is_done() && !first.cancel(), "it has run");
    assert_eq!((first.try_take(), first.try_take()), (Some(Ok(1)), None), "a result is taken once");
    assert_eq!(lp.block_on(first).unwrap(), None, "and then comes no more");
}

#[test]
fn a_request_can_be_followed_by_a_closure_before_and_after_it_is_done() {
    let (mut lp, names) = (one_worker(), Names::default());
    let (late, seen) = (lp.request(|| "late").unwrap(), names.clone());
    let early = names.clone();
    lp.request(|| panic!("no luck")).unwrap().then(&mut lp, move |lp, result: Result<(), _>| {
        early.borrow_mut().push(result.unwrap_err().to_string());
        late.then(lp, move |_, result| seen.borrow_mut().push(result.unwrap().to_owned()));
    });
    lp.run().unwrap();
    assert_eq!(*names.borrow(), ["the job panicked: no luck", "late"]);
}

#[test]
fn futures_run_on_the_loop_with_timers_between() {
    let (mut lp, names) = (EventLoop::real().unwrap(), Names::default());
    let requests: Vec<_> = (0..5).map(|n| lp.request(move || n * n).unwrap()).collect();
    let seen = names.clone();
    lp.set_immediate(move |_| seen.borrow_mut().push("immediate".into()));
    let sum = async {
        let mut sum = 0;
        for request in requests {
            sum += request.await?;
        }
        Ok::<i32, JobError>(sum)
    };
    assert_eq!(lp.block_on(sum).unwrap(), Some(Ok(30)));
    assert_eq!(*names.borrow(), ["immediate"]);
    // Nothing could ever wake it.
    assert_eq!(lp.block_on(std::future::pending::<()>()).unwrap(), None);
}
