//! What a world offers to programs that talk to others: streams, listeners, datagrams.
//!
//! One set of traits, so that real sockets (`real_net.rs`) and simulated ones can be plugged in without whoever uses them noticing.
//! Nothing here blocks: an operation that can't go on says [`io::ErrorKind::WouldBlock`], and the readiness that [`super::World::register`]
//! reports says when to try again. Every endpoint is a mio [`Source`] for that reason; a simulated one notes the token and interest it is
//! given instead of telling the system.

use mio::event::Source;
use std::fmt;
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

/// One end of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// IP address and port.
    Ip(SocketAddr),
    /// A Unix socket in the file system. A path that begins with a zero byte names an abstract socket.
    Path(PathBuf),
    /// A Unix socket without a name: the connecting end of most.
    Unnamed,
}

impl Address {
    /// The IP address and port, if it is one.
    pub fn ip(&self) -> Option<SocketAddr> {
        match self {
            Address::Ip(addr) => Some(*addr),
            _ => None,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(addr: SocketAddr) -> Address {
        Address::Ip(addr)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(addr) => addr.fmt(f),
            Address::Path(path) => path.display().fmt(f),
            Address::Unnamed => f.write_str("(unnamed)"),
        }
    }
}

/// How to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenOptions {
    /// Connections that may wait to be accepted. Default 511, as Node's.
    pub backlog: i32,
    /// An IPv6 listener doesn't take IPv4 connections. Default false.
    pub ipv6_only: bool,
    /// Several listeners share the port (`SO_REUSEPORT`). Default false.
    pub reuse_port: bool,
}

impl Default for ListenOptions {
    fn default() -> Self {
        ListenOptions { backlog: 511, ipv6_only: false, reuse_port: false }
    }
}

/// How to make a datagram socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DatagramOptions {
    /// Other sockets may use the address too (`SO_REUSEADDR`).
    pub reuse_address: bool,
    /// Several sockets share the load of the port (`SO_REUSEPORT`).
    pub reuse_port: bool,
    /// An IPv6 socket leaves IPv4 alone.
    pub ipv6_only: bool,
}

/// A connection.
pub trait Stream: Source {
    /// Reads what has arrived. 0: the peer sends no more.
    ///
    /// # Errors
    /// The system's; `WouldBlock` when nothing has arrived.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Hands over as much as fits. Never raises SIGPIPE.
    ///
    /// # Errors
    /// The system's; `WouldBlock` when nothing fits.
    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Says that nothing more will be written (a FIN); reading goes on.
    ///
    /// # Errors
    /// The system's.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// Why the connection failed, once: after the first writability of a connect this is its result.
    ///
    /// # Errors
    /// The system's, from asking.
    fn take_error(&mut self) -> io::Result<Option<io::Error>>;

    /// The near end.
    ///
    /// # Errors
    /// The system's.
    fn local(&self) -> io::Result<Address>;

    /// The far end.
    ///
    /// # Errors
    /// The system's; not connected (yet).
    fn peer(&self) -> io::Result<Address>;

    /// Small writes are sent at once. Nothing to do for Unix sockets.
    ///
    /// # Errors
    /// The system's.
    fn set_nodelay(&mut self, on: bool) -> io::Result<()>;

    /// The system probes an idle peer, first after so long.
    ///
    /// # Errors
    /// The system's.
    fn set_keepalive(&mut self, idle: Option<Duration>) -> io::Result<()>;

    /// Closing will reset the connection (an RST) instead of ending it in good order.
    ///
    /// # Errors
    /// The system's.
    fn reset_on_close(&mut self) -> io::Result<()>;

    /// The descriptor, where there is one.
    fn descriptor(&self) -> Option<i32>;
}

/// Something that connections arrive at.
pub trait Listener: Source {
    /// The next waiting connection and its far end.
    ///
    /// # Errors
    /// The system's; `WouldBlock` when none waits.
    fn accept(&mut self) -> io::Result<(Box<dyn Stream>, Address)>;

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    fn local(&self) -> io::Result<Address>;

    /// The descriptor, where there is one.
    fn descriptor(&self) -> Option<i32>;
}

/// A socket for datagrams.
pub trait Datagram: Source {
    /// The next datagram: its length and where it came from. What doesn't fit the buffer is lost.
    ///
    /// # Errors
    /// The system's; `WouldBlock` when none waits.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)>;

    /// Sends one datagram; `to` is needed unless connected.
    ///
    /// # Errors
    /// The system's; `WouldBlock` when the system's queue is full.
    fn send(&mut self, data: &[IoSlice<'_>], to: Option<SocketAddr>) -> io::Result<usize>;

    /// Fixes the far end.
    ///
    /// # Errors
    /// The system's.
    fn connect(&mut self, to: SocketAddr) -> io::Result<()>;

    /// Lets go of the far end.
    ///
    /// # Errors
    /// The system's.
    fn disconnect(&mut self) -> io::Result<()>;

    /// The near end.
    ///
    /// # Errors
    /// The system's.
    fn local(&self) -> io::Result<SocketAddr>;

    /// The far end, if connected.
    ///
    /// # Errors
    /// The system's.
    fn peer(&self) -> io::Result<SocketAddr>;

    /// Sets or reads an option.
    ///
    /// # Errors
    /// The system's.
    fn option(&mut self, option: DatagramOption) -> io::Result<u32>;

    /// Joins (or leaves) a multicast group on an interface (unspecified address: the system's choice).
    ///
    /// # Errors
    /// The system's.
    fn membership(&mut self, group: IpAddr, interface: Option<IpAddr>, join: bool) -> io::Result<()>;

    /// The descriptor, where there is one.
    fn descriptor(&self) -> Option<i32>;
}

/// An option of a datagram socket: the value to set, or none to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatagramOption {
    /// May send to broadcast addresses.
    Broadcast(bool),
    /// Hops an ordinary datagram may take.
    Ttl(u32),
    /// Hops a multicast datagram may take.
    MulticastTtl(u32),
    /// Multicast datagrams come back to the sender's machine.
    MulticastLoop(bool),
    /// The system's buffer for received datagrams, in bytes.
    ReceiveBuffer(Option<u32>),
    /// The system's buffer for datagrams to send, in bytes.
    SendBuffer(Option<u32>),
}

/// The network of a world.
pub trait Network {
    /// Listens at an address. Port 0: the system chooses.
    ///
    /// # Errors
    /// The system's (`EADDRINUSE`, `EACCES`).
    fn listen(&mut self, at: &Address, options: ListenOptions) -> io::Result<Box<dyn Listener>>;

    /// Begins to connect. The stream becomes writable when that is decided; [`Stream::take_error`] then says how.
    ///
    /// # Errors
    /// The system's, if it fails at once.
    fn connect(&mut self, to: &Address, from: Option<SocketAddr>) -> io::Result<Box<dyn Stream>>;

    /// A datagram socket bound to an address.
    ///
    /// # Errors
    /// The system's.
    fn datagram(&mut self, at: SocketAddr, options: DatagramOptions) -> io::Result<Box<dyn Datagram>>;

    /// Takes over a connection that somebody else has made.
    ///
    /// # Errors
    /// `InvalidInput`: it is no stream socket of TCP or of the Unix family. `Unsupported`: this world knows no descriptors.
    fn adopt_stream(&mut self, fd: OwnedFd) -> io::Result<Box<dyn Stream>> {
        drop(fd);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Takes over a bound socket and listens on it, if it doesn't yet.
    ///
    /// # Errors
    /// As [`Network::adopt_stream`].
    fn adopt_listener(&mut self, fd: OwnedFd, backlog: i32) -> io::Result<Box<dyn Listener>> {
        let _ = backlog;
        drop(fd);
        Err(io::ErrorKind::Unsupported.into())
    }
}
