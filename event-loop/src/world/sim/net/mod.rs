//! Sockets in memory: what one end sends arrives at the other after the declared time, in virtual time.
//!
//! One state ([`Net`]) holds every socket and every packet under way; the endpoints that programs hold ([`SimStream`] and its like)
//! are numbers into it. What they promise is what Linux's sockets do on one machine: the same error numbers, the same edges of
//! readiness, data before the reset that follows it. Only this machine can be reached: the loopback addresses, and any address
//! that something listens at.
//!
//! | file | holds |
//! |---|---|
//! | `model.rs` | delays, bandwidth, losses, and what happens to connections when |
//! | `transit.rs` | packets under way, and what their arrival does |
//! | `stream.rs`, `listener.rs`, `datagram.rs` | the endpoints |

mod datagram;
mod listener;
mod model;
mod stream;
mod transit;

pub use model::NetModel;

use crate::world::faults::Faults;
use crate::world::network::{Address, Datagram, DatagramOptions, ListenOptions, Listener, Network, Stream};
use crate::world::{Readiness, Ready};
use datagram::{Post, SimDatagram};
use listener::{Hear, SimListener};
use mio::{Interest, Token};
use rustix::io::Errno;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use stream::{Link, SimStream};
use transit::Arrival;

/// The first port given to those that ask for any, as in Linux.
const FIRST_PORT: u16 = 32_768;

/// Names a socket. Never used twice.
type Id = u64;

pub(in crate::world) type Shared = Rc<RefCell<Net>>;

/// Who wants to know of a socket's readiness.
#[derive(Debug, Default)]
struct Watch {
    token: Option<Token>,
    readable: bool,
    writable: bool,
    /// It stands in the ready list.
    queued: bool,
}

/// A socket.
#[derive(Debug)]
enum Node {
    Link(Box<Link>),
    Hear(Box<Hear>),
    Post(Box<Post>),
}

impl Node {
    fn watch(&mut self) -> &mut Watch {
        match self {
            Node::Link(link) => &mut link.watch,
            Node::Hear(hear) => &mut hear.watch,
            Node::Post(post) => &mut post.watch,
        }
    }

    fn readiness(&self, capacity: usize) -> Readiness {
        match self {
            Node::Link(link) => link.readiness(capacity),
            Node::Hear(hear) => Readiness { readable: !hear.waiting.is_empty(), ..Readiness::default() },
            Node::Post(post) => post.readiness(),
        }
    }
}

/// The network's state.
pub(in crate::world) struct Net {
    clock: Rc<Cell<u64>>,
    model: NetModel,
    faults: Faults,
    random: u64,
    nodes: BTreeMap<Id, Node>,
    /// Packets by arrival, then by departure.
    transit: BTreeMap<(u64, u64), Arrival>,
    /// Sockets whose readiness has changed, in that order.
    ready: Vec<Id>,
    next_id: Id,
    departures: u64,
    next_port: u16,
    connections: u32,
    /// A socket of this network has just been registered: it was none of the system's.
    noted: bool,
}

impl Net {
    pub(in crate::world) fn new(clock: Rc<Cell<u64>>, model: NetModel, faults: Faults, seed: u64) -> Net {
        Net {
            clock,
            model,
            faults,
            random: seed ^ 0x6e65_7477_6f72_6b00,
            nodes: BTreeMap::new(),
            transit: BTreeMap::new(),
            ready: Vec::new(),
            next_id: 1,
            departures: 0,
            next_port: FIRST_PORT,
            connections: 0,
            noted: false,
        }
    }

    fn now(&self) -> u64 {
        self.clock.get()
    }

    /// The program calls the system, which takes its time, and may fail as declared.
    fn call(&mut self, label: &str) -> io::Result<()> {
        self.clock.set(self.clock.get().saturating_add(self.model.call));
        self.faults.check(label)
    }

    fn insert(&mut self, node: Node) -> Id {
        let id = self.next_id;
        self.next_id += 1;
        self.nodes.insert(id, node);
        id
    }

    fn link(&self, id: Id) -> Option<&Link> {
        match self.nodes.get(&id) {
            Some(Node::Link(link)) => Some(link),
            _ => None,
        }
    }

    fn link_mut(&mut self, id: Id) -> Option<&mut Link> {
        match self.nodes.get_mut(&id) {
            Some(Node::Link(link)) => Some(link),
            _ => None,
        }
    }

    fn hear_mut(&mut self, id: Id) -> Option<&mut Hear> {
        match self.nodes.get_mut(&id) {
            Some(Node::Hear(hear)) => Some(hear),
            _ => None,
        }
    }

    fn post_mut(&mut self, id: Id) -> Option<&mut Post> {
        match self.nodes.get_mut(&id) {
            Some(Node::Post(post)) => Some(post),
            _ => None,
        }
    }

    /// Something about the socket has changed: an edge, if anybody watches.
    fn edge(&mut self, id: Id) {
        if let Some(watch) = self.nodes.get_mut(&id).map(Node::watch)
            && watch.token.is_some()
            && !watch.queued
        {
            watch.queued = true;
            self.ready.push(id);
        }
    }

    fn watch(&mut self, id: Id, token: Token, interest: Interest) -> io::Result<()> {
        self.noted = true;
        let Some(watch) = self.nodes.get_mut(&id).map(Node::watch) else { return Err(Errno::BADF.into()) };
        watch.token = Some(token);
        (watch.readable, watch.writable) = (interest.is_readable(), interest.is_writable());
        // What is ready already is an edge.
        self.edge(id);
        Ok(())
    }

    fn unwatch(&mut self, id: Id) -> io::Result<()> {
        let token = self.nodes.get_mut(&id).and_then(|node| node.watch().token.take());
        if token.is_some() { Ok(()) } else { Err(Errno::NOENT.into()) }
    }

    /// What the socket is ready for, of what its watcher wants.
    fn wanted(&mut self, id: Id) -> Option<(Token, Readiness)> {
        let capacity = self.model.buffer;
        let node = self.nodes.get_mut(&id)?;
        let all = node.readiness(capacity);
        let watch = node.watch();
        let readiness = Readiness {
            readable: all.readable && watch.readable,
            writable: all.writable && watch.writable,
            read_closed: all.read_closed && watch.readable,
            ..all
        };
        let any = readiness != Readiness::default();
        watch.token.filter(|_| any).map(|token| (token, readiness))
    }

    /// Whether a poll would find a socket.
    pub(in crate::world) fn has_ready(&mut self) -> bool {
        let ready = std::mem::take(&mut self.ready);
        let any = ready.iter().any(|id| self.wanted(*id).is_some());
        self.ready = ready;
        any
    }

    /// Moves out what a poll finds.
    pub(in crate::world) fn take_ready(&mut self, out: &mut Vec<Ready>) {
        for id in std::mem::take(&mut self.ready) {
            if let Some(node) = self.nodes.get_mut(&id) {
                node.watch().queued = false;
            }
            if let Some((Token(token), readiness)) = self.wanted(id) {
                out.push(Ready::Io { token, readiness });
            }
        }
    }

    /// Forgets that a socket was registered; says whether one was.
    pub(in crate::world) fn take_noted(&mut self) -> bool {
        std::mem::take(&mut self.noted)
    }

    /// A hash of what is still under way, by the time that is left.
    pub(in crate::world) fn fingerprint(&self, hasher: &mut impl Hasher) {
        let now = self.now();
        for ((at, _), arrival) in &self.transit {
            (at.saturating_sub(now), arrival.kind(), arrival.to()).hash(hasher);
        }
        self.ready.hash(hasher);
    }

    /// A port that nobody has.
    fn free_port(&mut self) -> io::Result<u16> {
        for _ in 0..=u16::MAX - FIRST_PORT {
            let port = self.next_port;
            self.next_port = port.checked_add(1).unwrap_or(FIRST_PORT);
            let taken = self.nodes.values().any(|node| match node {
                Node::Link(link) => link.local.ip().is_some_and(|at| at.port() == port),
                Node::Hear(hear) => hear.at.ip().is_some_and(|at| at.port() == port),
                Node::Post(post) => post.local.port() == port,
            });
            if !taken {
                return Ok(port);
            }
        }
        Err(Errno::ADDRINUSE.into())
    }

    fn with_port(&mut self, at: SocketAddr) -> io::Result<SocketAddr> {
        match at.port() {
            0 => Ok(SocketAddr::new(at.ip(), self.free_port()?)),
            _ => Ok(at),
        }
    }

    /// Whether an address is one of this machine's.
    fn is_here(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_loopback()
            || ip.is_unspecified()
            || self.nodes.values().any(|node| match node {
                Node::Hear(hear) => hear.at.ip().is_some_and(|at| at.ip() == ip),
                Node::Post(post) => post.local.ip() == ip,
                Node::Link(_) => false,
            })
    }
}

/// Whether something bound to `bound` gets what is sent to `to`.
fn covers(bound: SocketAddr, v6_only: bool, to: SocketAddr) -> bool {
    let same = bound.ip() == to.ip() || (bound.ip().is_unspecified() && bound.is_ipv4() == to.is_ipv4());
    let both = bound.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) && to.is_ipv4() && !v6_only;
    bound.port() == to.port() && (same || both)
}

/// Whether two can't be bound at once.
fn collide(a: (SocketAddr, bool), b: (SocketAddr, bool)) -> bool {
    let unspecified = |(at, _): (SocketAddr, bool)| match at.ip() {
        IpAddr::V4(_) => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), at.port()),
        IpAddr::V6(_) => SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), at.port()),
    };
    covers(a.0, a.1, b.0) || covers(b.0, b.1, a.0) || {
        let wild = a.0.ip().is_unspecified() && b.0.ip().is_unspecified();
        wild && (covers(a.0, a.1, unspecified(b)) || covers(b.0, b.1, unspecified(a)))
    }
}

/// This machine's address for those who say none.
fn loopback(like: SocketAddr) -> IpAddr {
    match like {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

/// The simulated network, as the world hands it out.
#[derive(Clone)]
pub(in crate::world) struct SimNetwork(pub(in crate::world) Shared);

impl Network for SimNetwork {
    fn listen(&mut self, at: &Address, options: ListenOptions) -> io::Result<Box<dyn Listener>> {
        let id = self.0.borrow_mut().listen(at, options)?;
        Ok(Box::new(SimListener { net: self.0.clone(), id }))
    }

    fn connect(&mut self, to: &Address, from: Option<SocketAddr>) -> io::Result<Box<dyn Stream>> {
        let id = self.0.borrow_mut().connect(to, from)?;
        Ok(Box::new(SimStream { net: self.0.clone(), id }))
    }

    fn datagram(&mut self, at: SocketAddr, options: DatagramOptions) -> io::Result<Box<dyn Datagram>> {
        let id = self.0.borrow_mut().bind_datagram(at, options)?;
        Ok(Box::new(SimDatagram { net: self.0.clone(), id }))
    }
}

/// A mio source of each kind of endpoint: the token and the interest are noted instead of being told to the system.
macro_rules! source {
    ($($name:ident),+) => {$(
        impl mio::event::Source for $name {
            fn register(&mut self, _: &mio::Registry, token: Token, interest: Interest) -> io::Result<()> {
                self.net.borrow_mut().watch(self.id, token, interest)
            }

            fn reregister(&mut self, _: &mio::Registry, token: Token, interest: Interest) -> io::Result<()> {
                self.net.borrow_mut().watch(self.id, token, interest)
            }

            fn deregister(&mut self, _: &mio::Registry) -> io::Result<()> {
                let mut net = self.net.borrow_mut();
                net.noted = true;
                net.unwatch(self.id)
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.net.borrow_mut().close(self.id);
            }
        }
    )+};
}

source!(SimStream, SimListener, SimDatagram);

impl Net {
    /// An endpoint is let go of.
    fn close(&mut self, id: Id) {
        match self.nodes.remove(&id) {
            Some(Node::Link(link)) => self.hang_up(id, *link),
            Some(Node::Hear(hear)) => {
                // Nobody will take those who wait.
                for id in hear.waiting {
                    if let Some(Node::Link(mut link)) = self.nodes.remove(&id) {
                        link.reset_on_close = true;
                        self.hang_up(id, *link);
                    }
                }
            }
            Some(Node::Post(_)) | None => {}
        }
    }
}
