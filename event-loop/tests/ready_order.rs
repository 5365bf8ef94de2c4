//! Sockets that become ready together: in order of sending, unless the chooser has packets overtake one another.

use looplab_event_loop::world::network::{Address, ListenOptions, Stream};
use looplab_event_loop::*;
use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::io::IoSlice;
use std::net::SocketAddr;
use std::rc::Rc;

type Sim = EventLoop<SimWorld<AnyJob>>;

/// Answers questions about the order of sockets from a list, and all others with the first option.
struct Given {
    answers: VecDeque<u32>,
    asked: Rc<RefCell<Vec<u32>>>,
}

impl Chooser for Given {
    fn choose(&mut self, kind: ChoiceKind, options: u32) -> u32 {
        if kind != ChoiceKind::ReadyOrder {
            return 0;
        }
        self.asked.borrow_mut().push(options);
        self.answers.pop_front().unwrap_or(0)
    }
}

/// Three connections; at 10 ms each client sends a byte. In which order do the servers' ends hear of it?
fn race(world: SimWorld<AnyJob>) -> String {
    let mut lp: Sim = EventLoop::new(world, Off, Profile::default());
    let address = Address::Ip(SocketAddr::from(([127, 0, 0, 1], 4000)));
    let mut listener = lp.world_mut().network().listen(&address, ListenOptions::default()).unwrap();
    let mut clients: Vec<Box<dyn Stream>> =
        (0..3).map(|_| lp.world_mut().network().connect(&address, None).unwrap()).collect();
    let heard = Rc::new(RefCell::new(String::new()));
    let seen = heard.clone();
    lp.set_timeout(5, move |lp| {
        for number in 0..3 {
            let stream = Rc::new(RefCell::new(listener.accept().unwrap().0));
            let (own, seen) = (stream.clone(), seen.clone());
            let ready = move |lp: &mut Sim, id, _: Readiness| {
                let mut byte = [0];
                own.borrow_mut().read(&mut byte).unwrap();
                seen.borrow_mut().push_str(&format!("{number}{} ", char::from(byte[0])));
                lp.io_stop(id, &mut **own.borrow_mut()).unwrap();
            };
            lp.on_ready(&mut **stream.borrow_mut(), Interest::READABLE, ready).unwrap();
        }
    });
    lp.set_timeout(10, move |_| {
        for (client, byte) in clients.iter_mut().zip([b"a", b"b", b"c"]) {
            client.write_vectored(&[IoSlice::new(byte)]).unwrap();
        }
        // Open until all is read.
        std::mem::forget(std::mem::take(&mut clients));
    });
    lp.run().unwrap();
    heard.borrow().trim_end().to_owned()
}

fn world() -> SimWorld<AnyJob> {
    SimWorld::new(SimOptions::default())
}

#[test]
fn nobody_asks_and_they_come_in_order_of_sending() {
    assert_eq!(race(world()), "0a 1b 2c");
}

#[test]
fn a_chooser_can_have_any_of_them_first() {
    let mut orders = BTreeSet::new();
    for (first, second) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)] {
        let asked = Rc::default();
        let given = Given { answers: [first, second].into(), asked: Rc::clone(&asked) };
        orders.insert(race(world().with_chooser(given)));
        assert_eq!(*asked.borrow(), [3, 2], "one question for each but the last");
    }
    assert_eq!(orders.len(), 6, "all orders: {orders:?}");
}

#[test]
fn the_explorer_is_asked_only_if_packets_race() {
    let asked = Rc::default();
    let given = || Given { answers: [2].into(), asked: Rc::clone(&asked) };
    let quiet = world().exploring(ExploreOptions::default(), given());
    assert_eq!(race(quiet), "0a 1b 2c");
    assert!(asked.borrow().is_empty());
    let options = ExploreOptions { packets: true, ..ExploreOptions::default() };
    assert_eq!(race(world().exploring(options, given())), "2c 0a 1b");
    assert_eq!(*asked.borrow(), [3, 2]);
}
