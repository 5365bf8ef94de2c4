//! What goes wrong, and what comes of it: handles that close each other, clocks that jump, shutdown with work under way, and that
//! nothing is left over.

use looplab_event_loop::world::network::{Address, ListenOptions, Stream};
use looplab_event_loop::*;
use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, IoSlice};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

type Lines = Rc<RefCell<Vec<String>>>;

fn note(lines: &Lines, what: &str) {
    lines.borrow_mut().push(what.to_owned());
}

#[test]
fn a_callback_may_close_its_own_handle() {
    let (mut lp, lines) = (EventLoop::real().unwrap(), Lines::default());
    let own: Rc<Cell<Option<HookId>>> = Rc::default();
    let (slot, seen) = (own.clone(), lines.clone());
    let id = lp.on_phase(HookKind::Prepare, move |lp| {
        note(&seen, "called");
        let (id, seen) = (slot.get().unwrap(), seen.clone());
        assert!(lp.close_then(id, move |_| note(&seen, "closed")));
    });
    own.set(Some(id));
    lp.run().unwrap();
    assert_eq!(*lines.borrow(), ["called", "closed"]);
}

#[test]
fn a_callback_may_close_a_sibling_that_is_ready() {
    let (mut lp, lines) = (EventLoop::real().unwrap(), Lines::default());
    let second: Rc<Cell<Option<TimerId>>> = Rc::default();
    let (sibling, seen) = (second.clone(), lines.clone());
    lp.set_timeout(1, move |lp| {
        note(&seen, "first");
        let seen = seen.clone();
        assert!(lp.close_then(sibling.get().unwrap(), move |_| note(&seen, "second is closed")));
    });
    let seen = lines.clone();
    second.set(Some(lp.set_timeout(1, move |_| note(&seen, "never"))));
    lp.run().unwrap();
    assert_eq!(*lines.borrow(), ["first", "second is closed"]);
}

#[test]
fn closing_twice_is_refused_and_closes_once() {
    let (mut lp, lines) = (EventLoop::real().unwrap(), Lines::default());
    let timer = lp.set_interval(1000, |_| {});
    let seen = lines.clone();
    assert!(lp.close_then(timer, move |_| note(&seen, "closed")));
    let seen = lines.clone();
    assert!(!lp.close_then(timer, move |_| note(&seen, "twice")));
    assert!(!lp.timer_start(timer, 1, 0), "nor can it be started");
    lp.run().unwrap();
    assert!(!lp.close(timer, None), "it is gone");
    assert_eq!(*lines.borrow(), ["closed"]);
}

#[test]
fn a_timer_may_be_started_anew_in_its_own_callback() {
    let mut lp = EventLoop::simulated(SimOptions::default());
    let own: Rc<Cell<Option<TimerId>>> = Rc::default();
    let times = Rc::new(RefCell::new(Vec::new()));
    let (slot, seen) = (own.clone(), times.clone());
    let id = lp.set_interval(10, move |lp| {
        seen.borrow_mut().push(lp.now());
        let id = slot.get().unwrap();
        match seen.borrow().len() {
            1 => assert!(lp.timer_start(id, 1, 0)),
            2 => assert!(lp.timer_start(id, 0, 5)),
            3 | 4 => {}
            _ => assert!(lp.timer_stop(id)),
        }
    });
    own.set(Some(id));
    lp.run().unwrap();
    assert_eq!(*times.borrow(), [10, 11, 11, 16, 21]);
}

/// The machine stands still for an hour: everything due is called once, in order, and intervals don't catch up.
#[test]
fn after_a_jump_of_the_clock_timers_fire_once_and_in_order() {
    let (mut lp, lines) = (EventLoop::simulated(SimOptions::default()), Lines::default());
    for delay in [30, 10, 20] {
        let seen = lines.clone();
        lp.set_timeout(delay, move |_| note(&seen, &format!("{delay} ms")));
    }
    let (seen, count) = (lines.clone(), Cell::new(0));
    let own: Rc<Cell<Option<TimerId>>> = Rc::default();
    let slot = own.clone();
    own.set(Some(lp.set_interval(15, move |lp| {
        count.set(count.get() + 1);
        note(&seen, &format!("interval at {}", lp.now()));
        if count.get() == 2 {
            lp.timer_stop(slot.get().unwrap());
        }
    })));
    lp.set_immediate(|lp| lp.world_mut().spend(3_600_000_000_000));
    lp.run().unwrap();
    assert_eq!(*lines.borrow(), ["10 ms", "interval at 3600000", "20 ms", "30 ms", "interval at 3600015"]);
}

/// Dropping a loop drops what waits, lets what runs finish, and calls nobody any more.
#[test]
fn shutdown_with_work_in_flight() {
    let mut lp = EventLoop::real().unwrap();
    let called = Rc::new(Cell::new(false));
    for _ in 0..100 {
        let called = called.clone();
        lp.spawn(|| (0..100_000u64).sum::<u64>(), move |_, _| called.set(true)).unwrap();
    }
    lp.set_timeout(1000, |_| {});
    drop(lp);
    assert!(!called.get());
    assert_eq!(Rc::strong_count(&called), 1, "the callbacks are gone, with what they held");
}

#[test]
fn breaking_off_leaves_the_rest_uncalled() {
    let (mut lp, lines) = (EventLoop::real().unwrap(), Lines::default());
    for n in 0..3 {
        let seen = lines.clone();
        lp.set_timeout(1, move |lp| {
            note(&seen, &n.to_string());
            lp.break_now();
        });
    }
    assert_eq!(lp.run().unwrap().reason, EndReason::Broken);
    assert_eq!(*lines.borrow(), ["0"]);
}

/// Two connected ends over the system's loopback.
fn connected(lp: &mut EventLoop) -> (Box<dyn Stream>, Box<dyn Stream>) {
    let any = Address::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let network = lp.world_mut().network();
    let mut listener = network.listen(&any, ListenOptions::default()).unwrap();
    let near = network.connect(&listener.local().unwrap(), None).unwrap();
    loop {
        match listener.accept() {
            Ok((far, _)) => return (near, far),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
}

#[test]
fn writes_may_be_partial_and_half_closed_peers_still_read() {
    let mut lp = EventLoop::real().unwrap();
    let (mut near, mut far) = connected(&mut lp);
    let chunk = vec![1u8; 1 << 20];
    let mut sent = 0;
    let partial = loop {
        match near.write_vectored(&[IoSlice::new(&chunk), IoSlice::new(&chunk)]) {
            Ok(n) if n < 2 << 20 => {
                sent += n;
                break true;
            }
            Ok(n) => sent += n,
            Err(_) => break false,
        }
    };
    assert!(partial || sent > 0);
    far.shutdown_write().unwrap();
    let received = Rc::new(Cell::new(0usize));
    let (count, stream) = (received.clone(), Rc::new(RefCell::new(far)));
    let own = stream.clone();
    let mut near = Some(near);
    lp.on_ready(&mut **stream.borrow_mut(), Interest::READABLE, move |lp, id, _| {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match own.borrow_mut().read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => count.set(count.get() + n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // All has come: now the other direction ends, too.
                    if count.get() == sent {
                        near.take();
                    }
                    return;
                }
                Err(error) => panic!("{error}"),
            }
        }
        lp.io_stop(id, &mut **own.borrow_mut()).unwrap();
    })
    .unwrap();
    lp.run().unwrap();
    assert_eq!(received.get(), sent);
}

/// No SIGPIPE: the second write to a peer that is gone is an error.
#[test]
fn writing_to_a_peer_that_is_gone_is_an_error() {
    let mut lp = EventLoop::real().unwrap();
    let (mut near, far) = connected(&mut lp);
    drop(far);
    let error = loop {
        match near.write_vectored(&[IoSlice::new(b"anybody there?")]) {
            Ok(_) => std::thread::yield_now(),
            Err(error) => break error.kind(),
        }
    };
    assert!(matches!(error, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
}

/// Descriptors that this process has open.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Pages that this process has in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Runs a test of this file in a process of its own, since the others use memory and descriptors meanwhile. True: this is it.
fn alone(name: &str) -> bool {
    if std::env::var_os("LOOPLAB_ALONE").is_some() {
        return true;
    }
    let own = std::env::current_exe().unwrap();
    let mut test = std::process::Command::new(own);
    let output = test.args(["--exact", name]).env("LOOPLAB_ALONE", "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    false
}

/// A million handles of every kind come and go.
#[test]
fn a_million_handles_leave_nothing_behind() {
    if !alone("a_million_handles_leave_nothing_behind") {
        return;
    }
    let mut lp = EventLoop::real().unwrap();
    let round = |lp: &mut EventLoop, handles: usize| {
        for n in 0..handles {
            match n % 4 {
                0 => drop(lp.set_timeout(n as u64 % 3, |_| {})),
                1 => {
                    let id = lp.on_phase(HookKind::Check, |_| {});
                    lp.close_then(id, |_| {});
                }
                2 => {
                    let (id, waker) = lp.on_wake(|_| {});
                    waker.wake();
                    lp.close(id, None);
                }
                _ => lp.set_immediate(|_| {}),
            }
        }
        lp.run().unwrap();
    };
    // The first rounds make room that is kept.
    (0..4).for_each(|_| round(&mut lp, 10_000));
    let (before, open) = (resident(), descriptors());
    (0..96).for_each(|_| round(&mut lp, 10_000));
    let grown = resident().saturating_sub(before);
    assert!(grown < 512, "{grown} pages more after a million handles");
    assert_eq!(descriptors(), open);
    assert!(!lp.is_alive());
}

#[test]
fn sockets_and_loops_give_their_descriptors_back() {
    if !alone("sockets_and_loops_give_their_descriptors_back") {
        return;
    }
    let before = descriptors();
    for _ in 0..50 {
        let mut lp = EventLoop::real().unwrap();
        for _ in 0..20 {
            let (mut near, far) = connected(&mut lp);
            let id = lp.on_ready(&mut *near, Interest::READABLE, |_, _, _| {}).unwrap();
            lp.io_stop(id, &mut *near).unwrap();
            drop((near, far));
        }
        lp.spawn(|| (), |_, _| {}).unwrap();
        lp.run().unwrap();
    }
    assert_eq!(descriptors(), before);
}
