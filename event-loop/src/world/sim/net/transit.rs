//! Packets under way: when they arrive, and what their arrival does.

use super::listener::Hear;
use super::stream::Link;
use super::{Id, Net, Node, covers};
use crate::world::network::Address;
use crate::world::sim::split_mix;
use rustix::io::Errno;
use std::net::{IpAddr, SocketAddr};

const SECOND: u64 = 1_000_000_000;
/// When TCP sends a lost packet again at first; each further wait is twice as long.
const RESEND: u64 = SECOND / 5;
/// The longest of these waits.
const LONGEST_WAIT: u64 = 120 * SECOND;
/// When it gives up, with Linux's defaults: 15 tries.
const GIVE_UP: u64 = 924 * SECOND + 600_000_000;
/// The same for the first packet of a connection: 6 tries from one second on.
const GIVE_UP_CONNECT: u64 = 127 * SECOND;

/// What arrives.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Somebody wants to connect; first sent at `since`.
    Syn { from: Id, to: SocketAddr, since: u64 },
    /// The connection stands.
    Connected { to: Id },
    /// Bytes.
    Data { from: Id, to: Id, bytes: Vec<u8> },
    /// So many bytes have been read: there is room for as many.
    Room { to: Id, bytes: usize },
    /// The other end sends no more.
    Fin { to: Id },
    /// The connection is over, with this error.
    Reset { to: Id, error: Errno },
    /// A datagram of a socket.
    Datagram { sender: Id, from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    /// A connected datagram socket's last one found nobody.
    Unreachable { to: Id },
    /// From here on nothing gets through.
    Silence { to: Id },
}

impl Arrival {
    pub(super) fn kind(&self) -> u8 {
        match self {
            Arrival::Syn { .. } => 0,
            Arrival::Connected { .. } => 1,
            Arrival::Data { .. } => 2,
            Arrival::Room { .. } => 3,
            Arrival::Fin { .. } => 4,
            Arrival::Reset { .. } => 5,
            Arrival::Datagram { .. } => 6,
            Arrival::Unreachable { .. } => 7,
            Arrival::Silence { .. } => 8,
        }
    }

    pub(super) fn to(&self) -> Id {
        match self {
            Arrival::Syn { from, .. } => *from,
            Arrival::Datagram { sender, .. } => *sender,
            Arrival::Connected { to }
            | Arrival::Data { to, .. }
            | Arrival::Room { to, .. }
            | Arrival::Fin { to }
            | Arrival::Reset { to, .. }
            | Arrival::Unreachable { to }
            | Arrival::Silence { to } => *to,
        }
    }
}

/// What becomes of a packet that is sent as often as needed.
pub(super) enum Fate {
    Arrives(u64),
    GivenUp(u64),
}

impl Net {
    fn draw(&mut self) -> u64 {
        split_mix(&mut self.random)
    }

    /// How long a packet is under way.
    fn latency(&mut self) -> u64 {
        let random = &mut self.random;
        self.model.latency.draw(&mut || split_mix(random))
    }

    /// Whether a packet sent at a moment gets lost.
    fn lost(&mut self, at: u64) -> bool {
        self.model.partitioned_until(at).is_some()
            || (self.model.loss > 0 && (self.draw() % 1_000_000) < u64::from(self.model.loss))
    }

    /// A packet that is sent at `at`, and again after `first`, twice as long, … until it gets through.
    fn resent(&mut self, at: u64, first: u64, give_up: u64) -> Fate {
        let (mut when, mut wait) = (at, first);
        while self.lost(when) {
            if when - at + wait > give_up {
                return Fate::GivenUp(at.saturating_add(give_up));
            }
            when = when.saturating_add(wait);
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        Fate::Arrives(when.saturating_add(self.latency()))
    }

    pub(super) fn send(&mut self, at: u64, arrival: Arrival) {
        self.departures += 1;
        self.transit.insert((at, self.departures), arrival);
    }

    /// Sends the first packet of a connection.
    pub(super) fn send_syn(&mut self, from: Id, to: SocketAddr, since: u64) {
        let fate = self.resent(self.now(), SECOND, GIVE_UP_CONNECT);
        match fate {
            Fate::Arrives(at) => self.send(at, Arrival::Syn { from, to, since }),
            Fate::GivenUp(at) => self.send(at, Arrival::Reset { to: from, error: Errno::TIMEDOUT }),
        }
    }

    /// Sends something along a connection, behind all that was sent before: `bytes` of it take up bandwidth.
    pub(super) fn send_along(&mut self, from: Id, mut sending: Link, bytes: usize, arrival: Arrival) -> Link {
        if sending.silent {
            // It is sent again and again, and nobody says why there is no answer.
            if matches!(arrival, Arrival::Data { .. } | Arrival::Fin { .. }) && !sending.giving_up {
                sending.giving_up = true;
                let at = self.now().saturating_add(GIVE_UP);
                self.send(at, Arrival::Reset { to: from, error: Errno::TIMEDOUT });
            }
            return sending;
        }
        let mut leaves = self.now();
        if let Some(bandwidth) = self.model.bandwidth.filter(|_| !sending.is_unix()) {
            let takes = bytes as u128 * u128::from(SECOND) / u128::from(bandwidth);
            leaves = leaves.max(sending.busy_until).saturating_add(takes as u64);
            sending.busy_until = leaves;
        }
        let fate = match sending.is_unix() {
            true => Fate::Arrives(leaves),
            false => self.resent(leaves, RESEND, GIVE_UP),
        };
        match fate {
            Fate::Arrives(at) => {
                let at = at.max(sending.last_arrival);
                sending.last_arrival = at;
                self.send(at, arrival);
            }
            Fate::GivenUp(at) => {
                sending.silent = true;
                self.send(at, Arrival::Reset { to: from, error: Errno::TIMEDOUT });
            }
        }
        sending
    }

    /// Takes the link out, sends along it, puts it back.
    pub(super) fn send_from(&mut self, from: Id, bytes: usize, arrival: Arrival) {
        if let Some(Node::Link(link)) = self.nodes.remove(&from) {
            let link = self.send_along(from, *link, bytes, arrival);
            self.nodes.insert(from, Node::Link(Box::new(link)));
        }
    }

    /// Tells the sender that so much has been read. It gets there in the end, or doesn't matter any more.
    pub(super) fn send_room(&mut self, to: Id, bytes: usize, unix: bool) {
        let now = self.now();
        let at = match unix {
            true => now,
            false => match self.resent(now, RESEND, GIVE_UP) {
                Fate::Arrives(at) => at,
                Fate::GivenUp(_) => return,
            },
        };
        self.send(at, Arrival::Room { to, bytes });
    }

    /// Sends a datagram, or loses it.
    pub(super) fn send_datagram(&mut self, sender: Id, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        let now = self.now();
        if !self.lost(now) {
            let at = now.saturating_add(self.latency());
            self.send(at, Arrival::Datagram { sender, from, to, bytes });
        }
    }

    /// When the next packet arrives.
    pub(in crate::world) fn next_arrival(&self) -> Option<u64> {
        self.transit.keys().next().map(|(at, _)| *at)
    }

    /// Lets everything arrive that is due.
    pub(in crate::world) fn deliver(&mut self) {
        let now = self.now();
        while let Some(entry) = self.transit.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((at, _), arrival) = entry.remove_entry();
            self.arrive(at, arrival);
        }
    }

    fn arrive(&mut self, at: u64, arrival: Arrival) {
        match arrival {
            Arrival::Syn { from, to, since } => self.knock(at, from, to, since),
            Arrival::Connected { to } => {
                if let Some(link) = self.link_mut(to) {
                    link.connected = true;
                    self.edge(to);
                }
            }
            Arrival::Data { from, to, bytes } => match self.link_mut(to) {
                Some(link) if !link.silent => {
                    link.received.extend(bytes);
                    self.edge(to);
                }
                Some(_) => {}
                // Nobody has it any more.
                None => self.refuse(at, from, Errno::CONNRESET),
            },
            Arrival::Room { to, bytes } => {
                let capacity = self.model.buffer;
                if let Some(link) = self.link_mut(to) {
                    link.unread = link.unread.saturating_sub(bytes);
                    if link.blocked && link.has_room(capacity) {
                        link.blocked = false;
                        self.edge(to);
                    }
                }
            }
            Arrival::Fin { to } => {
                if let Some(link) = self.link_mut(to) {
                    link.read_ended = true;
                    self.edge(to);
                }
            }
            Arrival::Reset { to, error } => {
                if let Some(link) = self.link_mut(to) {
                    link.fail(error);
                    self.edge(to);
                }
            }
            Arrival::Datagram { sender, from, to, bytes } => self.post(at, sender, from, to, bytes),
            Arrival::Unreachable { to } => {
                if let Some(post) = self.post_mut(to) {
                    post.error = Some(Errno::CONNREFUSED);
                    self.edge(to);
                }
            }
            Arrival::Silence { to } => self.silence(to),
        }
    }

    /// Answers with a reset.
    fn refuse(&mut self, at: u64, from: Id, error: Errno) {
        let at = at.saturating_add(self.latency());
        self.send(at, Arrival::Reset { to: from, error });
    }

    /// A connection is asked for.
    fn knock(&mut self, at: u64, from: Id, to: SocketAddr, since: u64) {
        if self.link(from).is_none() {
            return;
        }
        let hears = |hear: &Hear| hear.at.ip().is_some_and(|bound| covers(bound, hear.v6_only, to));
        let able: Vec<(Id, usize, bool)> = self
            .nodes
            .iter()
            .filter_map(|(id, node)| match node {
                Node::Hear(hear) if hears(hear) => {
                    let exact = hear.at.ip().is_some_and(|bound| bound.ip() == to.ip());
                    Some((*id, hear.taken, exact))
                }
                _ => None,
            })
            .collect();
        // The more precise address first; of those that share a port, whoever had the fewest so far.
        let best = able.iter().min_by_key(|(id, taken, exact)| (!exact, *taken, *id));
        let Some((listener, ..)) = best.copied() else {
            return self.refuse(at, from, Errno::CONNREFUSED);
        };
        let full = self.hear_mut(listener).is_some_and(|hear| hear.waiting.len() > hear.backlog);
        if full {
            // As if the packet had been lost.
            return match at.saturating_sub(since) < GIVE_UP_CONNECT {
                true => self.send(at.saturating_add(SECOND), Arrival::Syn { from, to, since }),
                false => self.send(at, Arrival::Reset { to: from, error: Errno::TIMEDOUT }),
            };
        }
        self.accept_at(listener, from, to.into());
        let at = at.saturating_add(self.latency());
        self.send(at, Arrival::Connected { to: from });
    }

    /// Makes the other end of `from`, which waits to be accepted.
    pub(super) fn accept_at(&mut self, listener: Id, from: Id, to: Address) {
        let Some(caller) = self.link(from).map(|link| link.local.clone()) else { return };
        let mapped = matches!(self.nodes.get(&listener),
            Some(Node::Hear(hear)) if hear.at.ip().is_some_and(|at| at.is_ipv6()));
        let (near, far) = if mapped { (map(to), map(caller)) } else { (to, caller) };
        self.connections += 1;
        let number = self.connections;
        let mut link = Link::new(near, far);
        (link.connected, link.other) = (true, Some(from));
        let id = self.insert(Node::Link(Box::new(link)));
        if let Some(link) = self.link_mut(from) {
            link.other = Some(id);
        }
        if let Some(hear) = self.hear_mut(listener) {
            hear.waiting.push_back(id);
            hear.taken += 1;
            self.edge(listener);
        }
        let now = self.now();
        for at in planned(&self.model.cuts, number, now) {
            for to in [from, id] {
                self.send(at, Arrival::Reset { to, error: Errno::CONNRESET });
            }
        }
        for at in planned(&self.model.silences, number, now) {
            for to in [from, id] {
                self.send(at, Arrival::Silence { to });
            }
        }
    }

    /// Nothing gets through to this end any more. If the system probes its idle peers, it finds out.
    fn silence(&mut self, to: Id) {
        let now = self.now();
        let Some(link) = self.link_mut(to) else { return };
        link.silent = true;
        if let Some(idle) = link.keepalive {
            self.send(now.saturating_add(idle), Arrival::Reset { to, error: Errno::TIMEDOUT });
        }
    }

    fn post(&mut self, at: u64, sender: Id, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        let many = to.ip().is_multicast() || matches!(to.ip(), IpAddr::V4(ip) if ip.is_broadcast());
        let hearers: Vec<Id> = self
            .nodes
            .iter()
            .filter_map(|(id, node)| match node {
                Node::Post(post) if post.hears(from, to, *id == sender) => Some(*id),
                _ => None,
            })
            .collect();
        if hearers.is_empty() && !many {
            let at = at.saturating_add(self.latency());
            return self.send(at, Arrival::Unreachable { to: sender });
        }
        // Of several sockets on one port the last one bound gets what is meant for one.
        let takers = if many { &hearers[..] } else { &hearers[hearers.len() - 1..] };
        for id in takers {
            if let Some(post) = self.post_mut(*id)
                && post.take_in(from, &bytes)
            {
                self.edge(*id);
            }
        }
    }
}

/// When the things planned for a connection happen.
fn planned(plan: &[(u32, u64)], number: u32, now: u64) -> Vec<u64> {
    plan.iter().filter(|(nth, _)| *nth == number).map(|(_, at)| (*at).max(now)).collect()
}

/// An IPv4 address as IPv6 sockets see it.
fn map(address: Address) -> Address {
    match address {
        Address::Ip(SocketAddr::V4(v4)) => {
            Address::Ip(SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()))
        }
        other => other,
    }
}
