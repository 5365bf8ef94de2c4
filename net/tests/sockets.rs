//! Servers and clients on 127.0.0.1: limits, half-close, backpressure, draining, datagrams, Unix sockets; and the examples.

use looplab_event_loop::{EventLoop, World};
use looplab_net::{
    Address, Conn, ConnOptions, DatagramOptions, End, Protocol, Server, ServerOptions, Udp, Wrote, connect,
};
use std::cell::RefCell;
use std::process::Command;
use std::rc::Rc;

fn local() -> Address {
    Address::Ip(([127, 0, 0, 1], 0).into())
}

struct Echo;

impl Protocol for Echo {
    fn received(&mut self, conn: &mut Conn, bytes: &[u8], _: u64) {
        conn.write(&[bytes]);
    }
}

/// Sends a lot, ends its direction, and counts what comes back.
struct Flood {
    left: usize,
    back: Rc<RefCell<(usize, Option<String>)>>,
}

impl Flood {
    fn push(&mut self, conn: &mut Conn) {
        let chunk = [7u8; 64 << 10];
        while self.left > 0 {
            self.left -= 1;
            if conn.write(&[&chunk]) == Wrote::Queued {
                return;
            }
        }
        conn.end();
    }
}

impl Protocol for Flood {
    fn opened(&mut self, conn: &mut Conn, _: u64) {
        self.push(conn);
    }

    fn drained(&mut self, conn: &mut Conn, _: u64) {
        self.push(conn);
    }

    fn received(&mut self, _: &mut Conn, bytes: &[u8], _: u64) {
        assert!(bytes.iter().all(|b| *b == 7));
        self.back.borrow_mut().0 += bytes.len();
    }

    fn closed(&mut self, why: &End) {
        self.back.borrow_mut().1 = Some(format!("{why:?}"));
    }
}

fn flood(at: Address) -> (usize, Option<String>, looplab_net::ServerStats) {
    let mut lp = EventLoop::real().unwrap();
    let server = Server::listen(&mut lp, &at, ServerOptions::default(), || Echo).unwrap();
    let back = Rc::new(RefCell::new((0, None)));
    let client = Flood { left: 128, back: back.clone() };
    let to = server.address().clone();
    let stopper = server.clone();
    connect(&mut lp, &to, ConnOptions::default(), client, |_, outcome| outcome.unwrap()).unwrap();
    let watched = back.clone();
    let timer = Rc::new(RefCell::new(None));
    let slot = timer.clone();
    *timer.borrow_mut() = Some(lp.set_interval(5, move |lp| {
        if watched.borrow().1.is_some() {
            if let Some(timer) = slot.borrow_mut().take() {
                lp.timer_stop(timer);
            }
            stopper.drain(lp, 50);
        }
    }));
    lp.run().unwrap();
    let (count, why) = back.borrow().clone();
    (count, why, server.stats())
}

#[test]
fn eight_megabytes_there_and_back_over_tcp() {
    let (count, why, stats) = flood(local());
    assert_eq!(count, 8 << 20);
    assert_eq!(why.as_deref(), Some("Done"));
    assert_eq!((stats.accepted, stats.open, stats.received, stats.sent), (1, 0, 8 << 20, 8 << 20));
}

#[test]
fn eight_megabytes_there_and_back_over_a_unix_socket() {
    let path = std::env::temp_dir().join(format!("looplab-net-{}.sock", std::process::id()));
    let (count, why, _) = flood(Address::Path(path.clone()));
    std::fs::remove_file(path).unwrap();
    assert_eq!((count, why.as_deref()), (8 << 20, Some("Done")));
}

/// Says nothing and notes its end.
struct Silent(Rc<RefCell<Vec<String>>>);

impl Protocol for Silent {
    fn received(&mut self, _: &mut Conn, _: &[u8], _: u64) {}

    fn closed(&mut self, why: &End) {
        self.0.borrow_mut().push(format!("{why:?}"));
    }
}

#[test]
fn idle_connections_are_reaped_and_the_limit_holds() {
    let mut lp = EventLoop::real().unwrap();
    let conn = ConnOptions { idle: Some(40), ..ConnOptions::default() };
    let options = ServerOptions { conn, max_connections: 2, sweep: 10, ..ServerOptions::default() };
    let server = Server::listen(&mut lp, &local(), options, || Echo).unwrap();
    let ends = Rc::new(RefCell::new(Vec::new()));
    for _ in 0..3 {
        let to = server.address().clone();
        connect(&mut lp, &to, ConnOptions::default(), Silent(ends.clone()), |_, o| o.unwrap()).unwrap();
    }
    let (handle, seen) = (server.clone(), ends.clone());
    let timer = Rc::new(RefCell::new(None));
    let slot = timer.clone();
    *timer.borrow_mut() = Some(lp.set_interval(10, move |lp| {
        if seen.borrow().len() == 3 {
            if let Some(timer) = slot.borrow_mut().take() {
                lp.timer_stop(timer);
            }
            handle.drain(lp, 50);
        }
    }));
    lp.run().unwrap();
    let stats = server.stats();
    assert_eq!((stats.accepted, stats.over_limit, stats.reaped, stats.open), (3, 1, 2, 0));
}

#[test]
fn a_refused_connect_says_so() {
    let mut lp = EventLoop::real().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let seen = Rc::new(RefCell::new(None));
    let slot = seen.clone();
    connect(&mut lp, &Address::Ip(free), ConnOptions::default(), Echo, move |_, outcome| {
        *slot.borrow_mut() = outcome.err().map(|error| error.kind());
    })
    .unwrap();
    lp.run().unwrap();
    assert_eq!(*seen.borrow(), Some(std::io::ErrorKind::ConnectionRefused));
}

#[test]
fn a_simulated_world_without_a_network_refuses_by_name() {
    let mut lp = EventLoop::simulated(Default::default());
    if let Err(error) = Server::listen(&mut lp, &local(), ServerOptions::default(), || Echo) {
        assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
    }
}

#[test]
fn datagrams() {
    let mut lp = EventLoop::real().unwrap();
    let network = lp.world_mut().network();
    let at = ([127, 0, 0, 1], 0).into();
    let mut one = Udp::new(network.datagram(at, DatagramOptions::default()).unwrap(), 1 << 20);
    let mut two = Udp::new(network.datagram(at, DatagramOptions::default()).unwrap(), 1 << 20);
    let to = two.socket().local().unwrap();
    assert_eq!(one.send(&[b"hello ", b"there"], Some(to)).unwrap(), None);
    let mut buffer = [0; 100];
    let found = (0..1000).find_map(|_| {
        std::thread::yield_now();
        two.receive(&mut buffer).unwrap()
    });
    let (n, from) = found.unwrap();
    assert_eq!(&buffer[..n], b"hello there");
    assert_eq!(from, one.socket().local().unwrap());
}

fn example(name: &str) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let out = Command::new(cargo)
        .args(["run", "-q", "-p", "looplab-net", "--example", name])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn the_echo_example() {
    assert_eq!(
        example("tcp_echo"),
        "connected: true\ncame back: one two three\naccepted 1, received 13 bytes, sent 13\n"
    );
}

#[test]
fn the_http_example() {
    let text = example("http_api");
    let bodies: Vec<&str> = text.lines().filter(|line| line.starts_with(['{', '['])).collect();
    assert_eq!(
        bodies,
        [
            r#"{"id":1,"note":{"text":"first"}}HTTP/1.1 201 Created"#,
            r#"{"id":2,"note":{"text":"second"}}HTTP/1.1 200 OK"#,
            r#"[{"text":"first"},{"text":"second"}]HTTP/1.1 404 Not Found"#,
            r#"{"error":"not found"}"#,
        ]
    );
}

/// Does not read.
struct Sleeper;

impl Protocol for Sleeper {
    fn opened(&mut self, conn: &mut Conn, _: u64) {
        conn.pause();
    }

    fn received(&mut self, _: &mut Conn, _: &[u8], _: u64) {}
}

/// Tells its only client more than it takes.
struct Teller {
    outlet: looplab_net::Outlet,
    seen: Rc<RefCell<Vec<looplab_net::Offered>>>,
    end: Rc<RefCell<Option<String>>>,
}

impl Protocol for Teller {
    fn opened(&mut self, conn: &mut Conn, _: u64) {
        let message = vec![1; 64 << 10];
        for _ in 0..400 {
            let offered = self.outlet.offer(conn, &message);
            self.seen.borrow_mut().push(offered);
            if offered == looplab_net::Offered::Disconnected {
                return;
            }
        }
        assert!(conn.queued() <= 256 << 10, "what waits is bounded");
        conn.abort();
    }

    fn received(&mut self, _: &mut Conn, _: &[u8], _: u64) {}

    fn closed(&mut self, why: &End) {
        *self.end.borrow_mut() = Some(format!("{why:?}"));
    }
}

fn tell(policy: looplab_net::SlowClient) -> (Vec<looplab_net::Offered>, Option<String>) {
    let mut lp = EventLoop::real().unwrap();
    let (seen, end) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(None)));
    let (s, e) = (seen.clone(), end.clone());
    let server = Server::listen(&mut lp, &local(), ServerOptions::default(), move || Teller {
        outlet: looplab_net::Outlet::new(policy, 256 << 10),
        seen: s.clone(),
        end: e.clone(),
    })
    .unwrap();
    let to = server.address().clone();
    // The server may have reset the connection before the client has heard that there is one.
    connect(&mut lp, &to, ConnOptions::default(), Sleeper, |_, _| ()).unwrap();
    let (watched, slot) = (end.clone(), Rc::new(RefCell::new(None)));
    let timer = slot.clone();
    *slot.borrow_mut() = Some(lp.set_interval(2, move |lp| {
        if watched.borrow().is_some() {
            if let Some(timer) = timer.borrow_mut().take() {
                lp.timer_stop(timer);
            }
            lp.stop();
        }
    }));
    lp.run().unwrap();
    let seen = seen.borrow().clone();
    let end = end.borrow().clone();
    (seen, end)
}

#[test]
fn a_slow_client_misses_messages_or_is_disconnected_as_the_policy_says() {
    use looplab_net::{Offered, SlowClient};
    let (seen, end) = tell(SlowClient::Drop);
    let first_drop = seen.iter().position(|o| *o == Offered::Dropped).expect("some are dropped");
    assert!(
        first_drop > 0 && seen[first_drop..].iter().all(|o| *o == Offered::Dropped),
        "no holes while it sleeps"
    );
    assert_eq!((seen.len(), end.as_deref()), (400, Some("Aborted")));
    let (seen, end) = tell(SlowClient::Disconnect);
    assert_eq!(seen.iter().filter(|o| **o == Offered::Disconnected).count(), 1);
    assert_eq!((seen.last(), end.as_deref()), (Some(&Offered::Disconnected), Some("TooSlow")));
}
