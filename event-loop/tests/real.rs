//! The real world: threads wake the loop, jobs come back, descriptors are watched, bad use is an error.

use looplab_event_loop::mio::{Interest, net::UnixStream, unix::SourceFd};
use looplab_event_loop::*;
use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

fn with(options: RealOptions) -> EventLoop {
    EventLoop::new(RealWorld::new(options).unwrap(), Off, Profile::default())
}

#[test]
fn wakes_from_many_threads_coalesce_but_none_is_lost() {
    let mut lp = EventLoop::real().unwrap();
    let (sent, seen) = (Arc::new(AtomicU32::new(0)), Rc::new(Cell::new(0)));
    let (counted, calls) = (sent.clone(), Rc::new(Cell::new(0u32)));
    let (seen2, calls2, own) = (seen.clone(), calls.clone(), Rc::new(Cell::new(None)));
    let own2 = own.clone();
    let (id, waker) = lp.on_wake(move |lp| {
        calls2.set(calls2.get() + 1);
        seen2.set(counted.load(Ordering::SeqCst));
        if seen2.get() == 4000 {
            lp.close(own2.get().map(|id: AsyncId| id).unwrap(), None);
        }
    });
    own.set(Some(id));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (waker, sent) = (waker.clone(), sent.clone());
            std::thread::spawn(move || {
                for _ in 0..1000 {
                    sent.fetch_add(1, Ordering::SeqCst);
                    waker.wake();
                }
            })
        })
        .collect();
    lp.run().unwrap();
    assert_eq!(seen.get(), 4000);
    assert!(calls.get() <= 4000);
    threads.into_iter().for_each(|t| t.join().unwrap());
    waker.wake(); // after the handle is gone: nothing happens
    assert!(!lp.is_alive());
}

#[test]
fn ten_thousand_jobs_come_back_with_and_without_spinning() {
    for (spin_micros, worker_spin) in [(0, 0), (50, 1000)] {
        let mut lp = with(RealOptions { spin_micros, worker_spin, ..RealOptions::default() });
        let sum = Rc::new(Cell::new(0u64));
        for n in 0..10_000u64 {
            let sum = sum.clone();
            lp.spawn(move || n, move |_, result| sum.set(sum.get() + result.unwrap())).unwrap();
        }
        assert_eq!(lp.run().unwrap().reason, EndReason::NothingAlive);
        assert_eq!(sum.get(), 49_995_000);
    }
}

#[test]
fn a_worker_ends_a_poll_that_waits_for_ever() {
    let mut lp = EventLoop::real().unwrap();
    let came = Rc::new(Cell::new(false));
    let flag = came.clone();
    lp.spawn(|| std::thread::sleep(Duration::from_millis(30)), move |_, _| flag.set(true)).unwrap();
    lp.run().unwrap();
    assert!(came.get());
}

#[test]
fn timers_are_never_early() {
    let mut lp = EventLoop::real().unwrap();
    for delay in [1, 2, 5, 11] {
        let began = lp.world().now();
        lp.update_time();
        lp.set_timeout(delay, move |lp| {
            // The loop counts whole milliseconds: up to one less may have passed.
            assert!(lp.world().now() - began > (delay - 1) * 1_000_000);
        });
    }
    lp.run().unwrap();
}

#[test]
fn raw_descriptors_can_be_watched_and_a_stale_id_is_an_error() {
    let mut lp = EventLoop::real().unwrap();
    let (mut near, mut far) = std::os::unix::net::UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    let fd = near.as_raw_fd();
    let got = Rc::new(RefCell::new(Vec::new()));
    let sink = got.clone();
    let id = lp
        .on_ready(&mut SourceFd(&fd), Interest::READABLE, move |lp, id, readiness| {
            assert!(readiness.readable);
            let mut chunk = [0; 16];
            while let Ok(count @ 1..) = near.read(&mut chunk) {
                sink.borrow_mut().extend_from_slice(&chunk[..count]);
            }
            lp.io_stop(id, &mut SourceFd(&fd)).unwrap();
        })
        .unwrap();
    assert_eq!(lp.alive(), [Alive::Handle(id.into())]);
    far.write_all(b"over the wire").unwrap();
    lp.run().unwrap();
    assert_eq!(*got.borrow(), b"over the wire");
    let error = lp.io_stop(id, &mut SourceFd(&fd)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn what_cannot_be_watched_is_an_error_and_leaves_nothing_behind() {
    let mut lp = EventLoop::real().unwrap();
    let file = std::fs::File::open(env!("CARGO_MANIFEST_DIR").to_owned() + "/Cargo.toml").unwrap();
    let fd = file.as_raw_fd();
    assert!(lp.on_ready(&mut SourceFd(&fd), Interest::READABLE, |_, _, _| ()).is_err());
    assert!(!lp.is_alive());
    let mut sim = EventLoop::simulated(SimOptions::default());
    let (mut near, _far) = UnixStream::pair().unwrap();
    let error = sim.on_ready(&mut near, Interest::READABLE, |_, _, _| ()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
}

#[test]
fn a_callback_may_stop_a_ready_sibling() {
    let mut lp = EventLoop::real().unwrap();
    let (a, mut a_far) = UnixStream::pair().unwrap();
    let (b, mut b_far) = UnixStream::pair().unwrap();
    let (a, b) = (Rc::new(RefCell::new(a)), Rc::new(RefCell::new(b)));
    let (ids, calls) = (Rc::new(RefCell::new(Vec::<IoId>::new())), Rc::new(Cell::new(0)));
    for _ in 0..2 {
        let stream = if ids.borrow().is_empty() { &a } else { &b };
        let (a, b, all, calls) = (a.clone(), b.clone(), ids.clone(), calls.clone());
        let id = lp.on_ready(&mut *stream.borrow_mut(), Interest::READABLE, move |lp, _, _| {
            calls.set(calls.get() + 1);
            let ids = all.borrow();
            lp.io_stop(ids[0], &mut *a.borrow_mut()).unwrap();
            lp.io_stop(ids[1], &mut *b.borrow_mut()).unwrap();
        });
        ids.borrow_mut().push(id.unwrap());
    }
    a_far.write_all(b"x").unwrap();
    b_far.write_all(b"x").unwrap();
    lp.run().unwrap();
    assert_eq!(calls.get(), 1);
}

#[test]
fn dropping_the_loop_with_jobs_under_way_is_clean() {
    let mut lp = with(RealOptions { workers: 2, ..RealOptions::default() });
    for _ in 0..100 {
        lp.spawn(|| std::thread::sleep(Duration::from_millis(5)), |_, _| panic!("not called")).unwrap();
    }
    drop(lp);
    let mut lp = EventLoop::real().unwrap();
    lp.spawn(|| std::thread::sleep(Duration::from_secs(30)), |_, _| ()).unwrap();
    lp.set_timeout(1, |lp| lp.break_now());
    lp.run().unwrap();
    lp.into_world().abandon(); // a process that exits doesn't wait half a minute
}

#[test]
fn loops_leave_no_descriptors_behind() {
    let open = || std::fs::read_dir("/proc/self/fd").map_or(0, |dir| dir.count());
    let before = open();
    for _ in 0..500 {
        let mut lp = EventLoop::real().unwrap();
        lp.set_immediate(|_| ());
        lp.run().unwrap();
    }
    // Other tests of this process open a few at the same time.
    assert!(open() < before + 100, "{before} before, {} after", open());
}
