//! Simulated datagram sockets.

use super::{Id, Net, Node, Shared, Watch, collide, covers, loopback};
use crate::world::Readiness;
use crate::world::network::{Datagram, DatagramOption, DatagramOptions};
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};

/// The most that one datagram carries.
const LARGEST: usize = 65_507;
/// Linux's buffer sizes.
const BUFFER: u32 = 212_992;

/// A datagram socket, as the program holds it.
pub(super) struct SimDatagram {
    pub(super) net: Shared,
    pub(super) id: Id,
}

/// And as the network does.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) watch: Watch,
    pub(super) local: SocketAddr,
    remote: Option<SocketAddr>,
    v6_only: bool,
    shared: bool,
    waiting: VecDeque<(SocketAddr, Vec<u8>)>,
    bytes: usize,
    pub(super) error: Option<Errno>,
    broadcast: bool,
    multicast_loop: bool,
    groups: BTreeSet<IpAddr>,
    /// Buffer sizes: of what is received, of what is sent.
    sizes: BTreeMap<bool, u32>,
}

impl Post {
    pub(super) fn readiness(&self) -> Readiness {
        Readiness {
            readable: !self.waiting.is_empty() || self.error.is_some(),
            writable: true,
            error: self.error.is_some(),
            ..Readiness::default()
        }
    }

    /// Whether a datagram is for this socket. `own`: it has sent it itself.
    pub(super) fn hears(&self, from: SocketAddr, to: SocketAddr, own: bool) -> bool {
        if self.remote.is_some_and(|remote| remote != from) {
            return false;
        }
        if to.ip().is_multicast() {
            return self.local.port() == to.port()
                && self.groups.contains(&to.ip())
                && (!own || self.multicast_loop);
        }
        if matches!(to.ip(), IpAddr::V4(ip) if ip.is_broadcast()) {
            return self.local.port() == to.port() && self.local.ip().is_unspecified();
        }
        covers(self.local, self.v6_only, to)
    }

    /// Puts a datagram into the line, unless the buffer is full.
    pub(super) fn take_in(&mut self, from: SocketAddr, bytes: &[u8]) -> bool {
        let limit = self.sizes.get(&true).copied().unwrap_or(BUFFER) as usize;
        if self.bytes + bytes.len() > limit {
            return false;
        }
        // An IPv6 socket sees IPv4 senders as mapped addresses.
        let from = match from {
            SocketAddr::V4(v4) if self.local.is_ipv6() => {
                SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
            }
            from => from,
        };
        self.bytes += bytes.len();
        self.waiting.push_back((from, bytes.to_vec()));
        true
    }
}

impl Net {
    pub(super) fn bind_datagram(&mut self, at: SocketAddr, options: DatagramOptions) -> io::Result<Id> {
        self.call("net.bind")?;
        let local = self.with_port(at)?;
        let shared = options.reuse_address || options.reuse_port;
        let taken = self.nodes.values().any(|node| match node {
            Node::Post(post) if !(post.shared && shared) => {
                collide((post.local, post.v6_only), (local, options.ipv6_only))
            }
            _ => false,
        });
        if taken {
            return Err(Errno::ADDRINUSE.into());
        }
        Ok(self.insert(Node::Post(Box::new(Post {
            watch: Watch::default(),
            local,
            remote: None,
            v6_only: options.ipv6_only,
            shared,
            waiting: VecDeque::new(),
            bytes: 0,
            error: None,
            broadcast: false,
            multicast_loop: true,
            groups: BTreeSet::new(),
            sizes: BTreeMap::new(),
        }))))
    }

    fn receive(&mut self, id: Id, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.call("")?;
        let post = self.post_mut(id).ok_or(Errno::BADF)?;
        if let Some(error) = post.error.take() {
            return Err(error.into());
        }
        if post.waiting.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.faults.check("net.receive")?;
        let post = self.post_mut(id).ok_or(Errno::BADF)?;
        let Some((from, bytes)) = post.waiting.pop_front() else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        post.bytes -= bytes.len();
        let n = bytes.len().min(buffer.len());
        buffer[..n].copy_from_slice(&bytes[..n]);
        Ok((n, from))
    }

    fn send_one(&mut self, id: Id, data: &[IoSlice<'_>], to: Option<SocketAddr>) -> io::Result<usize> {
        self.call("net.send")?;
        let post = self.post_mut(id).ok_or(Errno::BADF)?;
        if let Some(error) = post.error.take() {
            return Err(error.into());
        }
        let to = to.or(post.remote).ok_or(Errno::DESTADDRREQ)?;
        let bytes: Vec<u8> = data.iter().flat_map(|part| part.iter().copied()).collect();
        if bytes.len() > LARGEST {
            return Err(Errno::MSGSIZE.into());
        }
        let mapped = post.local.is_ipv6() && !post.v6_only;
        let to = if mapped { SocketAddr::new(to.ip().to_canonical(), to.port()) } else { to };
        let to = if to.ip().is_unspecified() { SocketAddr::new(loopback(to), to.port()) } else { to };
        if post.local.is_ipv4() && to.is_ipv6() {
            return Err(Errno::AFNOSUPPORT.into());
        }
        if to.port() == 0 {
            return Err(Errno::INVAL.into());
        }
        let wide = matches!(to.ip(), IpAddr::V4(ip) if ip.is_broadcast());
        if wide && !post.broadcast {
            return Err(Errno::ACCESS.into());
        }
        let from = match post.local.ip().is_unspecified() {
            true => SocketAddr::new(loopback(to), post.local.port()),
            false => post.local,
        };
        if !wide && !to.ip().is_multicast() && !self.is_here(to.ip()) {
            return Err(Errno::NETUNREACH.into());
        }
        let n = bytes.len();
        self.send_datagram(id, from, to, bytes);
        Ok(n)
    }

    fn with_post<R>(&mut self, id: Id, f: impl FnOnce(&mut Post) -> io::Result<R>) -> io::Result<R> {
        f(self.post_mut(id).ok_or(Errno::BADF)?)
    }
}

impl Datagram for SimDatagram {
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.net.borrow_mut().receive(self.id, buffer)
    }

    fn send(&mut self, data: &[IoSlice<'_>], to: Option<SocketAddr>) -> io::Result<usize> {
        self.net.borrow_mut().send_one(self.id, data, to)
    }

    fn connect(&mut self, to: SocketAddr) -> io::Result<()> {
        self.net.borrow_mut().with_post(self.id, |post| {
            post.remote = Some(to);
            if post.local.ip().is_unspecified() {
                post.local.set_ip(loopback(to));
            }
            Ok(())
        })
    }

    fn disconnect(&mut self) -> io::Result<()> {
        self.net.borrow_mut().with_post(self.id, |post| {
            post.remote = None;
            Ok(())
        })
    }

    fn local(&self) -> io::Result<SocketAddr> {
        self.net.borrow_mut().with_post(self.id, |post| Ok(post.local))
    }

    fn peer(&self) -> io::Result<SocketAddr> {
        self.net.borrow_mut().with_post(self.id, |post| post.remote.ok_or_else(|| Errno::NOTCONN.into()))
    }

    fn option(&mut self, option: DatagramOption) -> io::Result<u32> {
        self.net.borrow_mut().with_post(self.id, |post| {
            match option {
                DatagramOption::Broadcast(on) => post.broadcast = on,
                DatagramOption::MulticastLoop(on) => post.multicast_loop = on,
                // Every hop is on this machine.
                DatagramOption::Ttl(n) | DatagramOption::MulticastTtl(n) if n > 255 => {
                    return Err(Errno::INVAL.into());
                }
                DatagramOption::Ttl(_) | DatagramOption::MulticastTtl(_) => {}
                DatagramOption::ReceiveBuffer(None) => {
                    return Ok(post.sizes.get(&true).copied().unwrap_or(BUFFER));
                }
                DatagramOption::SendBuffer(None) => {
                    return Ok(post.sizes.get(&false).copied().unwrap_or(BUFFER));
                }
                // Linux doubles what is asked for, up to its limit.
                DatagramOption::ReceiveBuffer(Some(n)) => {
                    post.sizes.insert(true, n.min(BUFFER) * 2);
                }
                DatagramOption::SendBuffer(Some(n)) => {
                    post.sizes.insert(false, n.min(BUFFER) * 2);
                }
            }
            Ok(0)
        })
    }

    fn membership(&mut self, group: IpAddr, _: Option<IpAddr>, join: bool) -> io::Result<()> {
        self.net.borrow_mut().with_post(self.id, |post| {
            if !group.is_multicast() {
                return Err(Errno::INVAL.into());
            }
            let changed = if join { post.groups.insert(group) } else { post.groups.remove(&group) };
            match (changed, join) {
                (true, _) => Ok(()),
                (false, true) => Err(Errno::ADDRINUSE.into()),
                (false, false) => Err(Errno::ADDRNOTAVAIL.into()),
            }
        })
    }

    fn descriptor(&self) -> Option<i32> {
        None
    }
}
