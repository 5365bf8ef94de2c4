//! One end of a simulated connection.

use super::transit::Arrival;
use super::{Id, Net, Node, Shared, Watch, loopback};
use crate::world::Readiness;
use crate::world::network::{Address, Stream};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

/// A connection's end, as the program holds it.
pub(super) struct SimStream {
    pub(super) net: Shared,
    pub(super) id: Id,
}

/// And as the network does.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) watch: Watch,
    pub(super) local: Address,
    remote: Address,
    /// The other end; it may be gone.
    pub(super) other: Option<Id>,
    pub(super) connected: bool,
    /// Arrived, not read.
    pub(super) received: VecDeque<u8>,
    /// Written, not known to be read.
    pub(super) unread: usize,
    /// A write found no room.
    pub(super) blocked: bool,
    pub(super) read_ended: bool,
    write_ended: bool,
    /// To be told once.
    error: Option<Errno>,
    /// Reset, or never connected.
    failed: bool,
    pub(super) reset_on_close: bool,
    /// Nothing gets through any more.
    pub(super) silent: bool,
    /// The end of all resending has been fixed.
    pub(super) giving_up: bool,
    /// When the line is free for the next packet, and when the last one arrives.
    pub(super) busy_until: u64,
    pub(super) last_arrival: u64,
    /// After how much silence the system knows that the peer is gone, in nanoseconds.
    pub(super) keepalive: Option<u64>,
}

impl Link {
    pub(super) fn new(local: Address, remote: Address) -> Link {
        Link {
            watch: Watch::default(),
            local,
            remote,
            other: None,
            connected: false,
            received: VecDeque::new(),
            unread: 0,
            blocked: false,
            read_ended: false,
            write_ended: false,
            error: None,
            failed: false,
            reset_on_close: false,
            silent: false,
            giving_up: false,
            busy_until: 0,
            last_arrival: 0,
            keepalive: None,
        }
    }

    pub(super) fn remote(&self) -> &Address {
        &self.remote
    }

    pub(super) fn is_unix(&self) -> bool {
        self.local.ip().is_none()
    }

    /// Linux tells of room when a third of the buffer is free.
    pub(super) fn has_room(&self, capacity: usize) -> bool {
        capacity.saturating_sub(self.unread) * 3 >= capacity
    }

    pub(super) fn readiness(&self, capacity: usize) -> Readiness {
        let readable = !self.received.is_empty() || self.read_ended || self.failed;
        let over = self.failed || (self.read_ended && self.write_ended);
        Readiness {
            readable,
            writable: self.failed || self.write_ended || (self.connected && self.has_room(capacity)),
            read_closed: self.read_ended || self.failed,
            write_closed: over,
            error: self.error.is_some(),
        }
    }

    /// The connection is over. After the peer's end a reset means that writing was in vain.
    pub(super) fn fail(&mut self, error: Errno) {
        if self.failed {
            return;
        }
        let in_vain = self.read_ended && error == Errno::CONNRESET;
        self.error = Some(if in_vain { Errno::PIPE } else { error });
        self.failed = true;
        self.unread = 0;
    }

    fn fails_with(&mut self, otherwise: Errno) -> io::Error {
        self.error.take().unwrap_or(otherwise).into()
    }
}

impl Net {
    pub(super) fn connect(&mut self, to: &Address, from: Option<SocketAddr>) -> io::Result<Id> {
        self.call("net.connect")?;
        match to {
            Address::Ip(to) => self.connect_ip(*to, from),
            Address::Path(path) => {
                let found = self.nodes.iter().find_map(|(id, node)| match node {
                    Node::Hear(hear) if hear.at == Address::Path(path.clone()) => Some((*id, hear.is_full())),
                    _ => None,
                });
                let Some((listener, full)) = found else { return Err(Errno::NOENT.into()) };
                if full {
                    return Err(Errno::AGAIN.into());
                }
                let mut link = Link::new(Address::Unnamed, to.clone());
                link.connected = true;
                let id = self.insert(Node::Link(Box::new(link)));
                self.accept_at(listener, id, to.clone());
                Ok(id)
            }
            Address::Unnamed => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn connect_ip(&mut self, to: SocketAddr, from: Option<SocketAddr>) -> io::Result<Id> {
        if !self.is_here(to.ip()) {
            return Err(Errno::NETUNREACH.into());
        }
        let target = if to.ip().is_unspecified() { SocketAddr::new(loopback(to), to.port()) } else { to };
        let near = match from {
            Some(from) if from.is_ipv4() != to.is_ipv4() => return Err(Errno::INVAL.into()),
            Some(from) if !self.is_here(from.ip()) => return Err(Errno::ADDRNOTAVAIL.into()),
            Some(from) if from.ip().is_unspecified() => SocketAddr::new(target.ip(), from.port()),
            Some(from) => from,
            None => SocketAddr::new(target.ip(), 0),
        };
        let near = self.with_port(near)?;
        let used = |node: &Node| matches!(node, Node::Link(link) if link.local == Address::Ip(near));
        if self.nodes.values().any(used) {
            return Err(Errno::ADDRINUSE.into());
        }
        let id = self.insert(Node::Link(Box::new(Link::new(near.into(), target.into()))));
        let since = self.now();
        self.send_syn(id, target, since);
        Ok(id)
    }

    fn read(&mut self, id: Id, buffer: &mut [u8]) -> io::Result<usize> {
        self.call("")?;
        let link = self.link_mut(id).ok_or(Errno::BADF)?;
        if !link.connected && !link.failed {
            return Err(if link.is_unix() { Errno::INVAL } else { Errno::AGAIN }.into());
        }
        let nothing = link.received.is_empty();
        if nothing && link.failed && !link.read_ended {
            // After the error has been told it is an ordinary end.
            return link.error.take().map_or(Ok(0), |error| Err(error.into()));
        }
        if nothing && !link.read_ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.injected(id, "net.read")?;
        let Some(link) = self.link_mut(id) else { return Err(Errno::BADF.into()) };
        // As much as there is: whoever gets less than asked for may take it that nothing is left.
        let n = link.received.len().min(buffer.len());
        for (to, byte) in buffer.iter_mut().zip(link.received.drain(..n)) {
            *to = byte;
        }
        let (other, unix) = (link.other, link.is_unix());
        if n > 0
            && let Some(to) = other
        {
            self.send_room(to, n, unix);
        }
        Ok(n)
    }

    fn write(&mut self, id: Id, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.call("")?;
        let capacity = self.model.buffer;
        let link = self.link_mut(id).ok_or(Errno::BADF)?;
        if link.failed || link.write_ended {
            return Err(link.fails_with(Errno::PIPE));
        }
        if !link.connected {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let (other, unix) = (link.other, link.is_unix());
        if unix && !other.is_some_and(|other| self.nodes.contains_key(&other)) {
            return Err(Errno::PIPE.into());
        }
        let Some(link) = self.link_mut(id) else { return Err(Errno::BADF.into()) };
        let mut room = capacity.saturating_sub(link.unread);
        if room == 0 {
            link.blocked = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.injected(id, "net.write")?;
        let mut bytes = Vec::new();
        for buffer in buffers {
            let n = buffer.len().min(room);
            bytes.extend_from_slice(&buffer[..n]);
            room -= n;
        }
        let n = bytes.len();
        let asked: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        if let Some(link) = self.link_mut(id) {
            link.unread += n;
            link.blocked = n < asked;
        }
        if n > 0
            && let Some(to) = other
        {
            self.send_from(id, n, Arrival::Data { from: id, to, bytes });
        }
        Ok(n)
    }

    /// If this call is to fail: a reset is one for both ends, other errors are told and that is all.
    fn injected(&mut self, id: Id, label: &str) -> io::Result<()> {
        let Some(error) = self.faults.called(label) else { return Ok(()) };
        if error == Errno::CONNRESET
            && let Some(link) = self.link_mut(id)
        {
            link.fail(error);
            link.error = None;
            if let Some(to) = link.other {
                let at = self.now();
                self.send(at, Arrival::Reset { to, error });
            }
        }
        Err(error.into())
    }

    fn end(&mut self, id: Id) -> io::Result<()> {
        self.call("")?;
        let link = self.link_mut(id).ok_or(Errno::BADF)?;
        if link.failed || !link.connected {
            return Err(Errno::NOTCONN.into());
        }
        if std::mem::replace(&mut link.write_ended, true) {
            return Ok(());
        }
        if let Some(to) = link.other {
            self.send_from(id, 0, Arrival::Fin { to });
        }
        // With the peer's end this may have been the last of it.
        self.edge(id);
        Ok(())
    }

    /// The program has let go of a connection: what it never read, or asked to be dropped, makes it a reset.
    pub(super) fn hang_up(&mut self, id: Id, link: Link) {
        let Some(to) = link.other.filter(|_| !link.failed) else { return };
        if link.reset_on_close || !link.received.is_empty() {
            self.send_along(id, link, 0, Arrival::Reset { to, error: Errno::CONNRESET });
        } else if !link.write_ended {
            self.send_along(id, link, 0, Arrival::Fin { to });
        }
    }
}

impl Stream for SimStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.net.borrow_mut().read(self.id, buffer)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.net.borrow_mut().write(self.id, buffers)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.net.borrow_mut().end(self.id)
    }

    fn take_error(&mut self) -> io::Result<Option<io::Error>> {
        let mut net = self.net.borrow_mut();
        let link = net.link_mut(self.id).ok_or(Errno::BADF)?;
        Ok(link.error.take().map(io::Error::from))
    }

    fn local(&self) -> io::Result<Address> {
        let net = self.net.borrow();
        Ok(net.link(self.id).ok_or(Errno::BADF)?.local.clone())
    }

    fn peer(&self) -> io::Result<Address> {
        let net = self.net.borrow();
        let link = net.link(self.id).ok_or(Errno::BADF)?;
        if link.connected && !link.failed { Ok(link.remote.clone()) } else { Err(Errno::NOTCONN.into()) }
    }

    fn set_nodelay(&mut self, _: bool) -> io::Result<()> {
        // Every write leaves at once.
        Ok(())
    }

    fn set_keepalive(&mut self, idle: Option<Duration>) -> io::Result<()> {
        let mut net = self.net.borrow_mut();
        let now = net.now();
        let link = net.link_mut(self.id).ok_or(Errno::BADF)?;
        // Two hours where nothing is said, then ten probes a second apart, as Linux has it with Node's figures.
        let idle = idle.map(|idle| if idle.is_zero() { Duration::from_secs(7200) } else { idle });
        link.keepalive = idle.map(|idle| idle.as_nanos() as u64 + 10_000_000_000);
        let id = self.id;
        if let (true, Some(idle)) = (link.silent, link.keepalive) {
            net.send(now.saturating_add(idle), Arrival::Reset { to: id, error: Errno::TIMEDOUT });
        }
        Ok(())
    }

    fn reset_on_close(&mut self) -> io::Result<()> {
        let mut net = self.net.borrow_mut();
        net.link_mut(self.id).ok_or(Errno::BADF)?.reset_on_close = true;
        Ok(())
    }

    fn descriptor(&self) -> Option<i32> {
        None
    }
}
