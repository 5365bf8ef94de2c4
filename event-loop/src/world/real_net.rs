//! The real network: sockets of the system, non-blocking, watched through mio.

use super::network::{
    Address, Datagram, DatagramOption, DatagramOptions, ListenOptions, Listener, Network, Stream,
};
use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
use std::io::{self, IoSlice, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The system's network.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealNetwork;

/// A TCP or Unix stream.
#[derive(Debug)]
enum RealStream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

#[derive(Debug)]
enum RealListener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

#[derive(Debug)]
struct RealDatagram(UdpSocket);

macro_rules! either {
    ($kind:ident, $self:expr, $inner:ident => $call:expr) => {
        match $self {
            $kind::Tcp($inner) => $call,
            $kind::Unix($inner) => $call,
        }
    };
}

macro_rules! source {
    ($kind:ident) => {
        impl Source for $kind {
            fn register(&mut self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
                either!($kind, self, inner => inner.register(registry, token, interest))
            }

            fn reregister(&mut self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
                either!($kind, self, inner => inner.reregister(registry, token, interest))
            }

            fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
                either!($kind, self, inner => inner.deregister(registry))
            }
        }
    };
}

source!(RealStream);
source!(RealListener);

impl Source for RealDatagram {
    fn register(&mut self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.0.register(registry, token, interest)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        self.0.reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.0.deregister(registry)
    }
}

/// The path of a Unix address; an abstract name begins with a zero byte.
fn unix_address(addr: &std::os::unix::net::SocketAddr) -> Address {
    if let Some(path) = addr.as_pathname() {
        return Address::Path(path.to_owned());
    }
    match addr.as_abstract_name() {
        Some(name) => {
            let mut path = vec![0];
            path.extend_from_slice(name);
            Address::Path(PathBuf::from(std::ffi::OsStr::from_bytes(&path)))
        }
        None => Address::Unnamed,
    }
}

fn to_unix(path: &Path) -> io::Result<std::os::unix::net::SocketAddr> {
    match path.as_os_str().as_bytes() {
        [0, name @ ..] => std::os::unix::net::SocketAddr::from_abstract_name(name),
        _ => std::os::unix::net::SocketAddr::from_pathname(path),
    }
}

impl Stream for RealStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        either!(RealStream, self, inner => inner.read(buffer))
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(RealStream, self, inner => match buffers {
            [one] => inner.write(one),
            many => inner.write_vectored(many),
        })
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        either!(RealStream, self, inner => inner.shutdown(std::net::Shutdown::Write))
    }

    fn take_error(&mut self) -> io::Result<Option<io::Error>> {
        either!(RealStream, self, inner => inner.take_error())
    }

    fn local(&self) -> io::Result<Address> {
        match self {
            RealStream::Tcp(s) => s.local_addr().map(Address::Ip),
            RealStream::Unix(s) => s.local_addr().map(|a| unix_address(&a)),
        }
    }

    fn peer(&self) -> io::Result<Address> {
        match self {
            RealStream::Tcp(s) => s.peer_addr().map(Address::Ip),
            RealStream::Unix(s) => s.peer_addr().map(|a| unix_address(&a)),
        }
    }

    fn set_nodelay(&mut self, on: bool) -> io::Result<()> {
        match self {
            RealStream::Tcp(s) => s.set_nodelay(on),
            RealStream::Unix(_) => Ok(()),
        }
    }

    fn set_keepalive(&mut self, idle: Option<Duration>) -> io::Result<()> {
        let RealStream::Tcp(s) = self else { return Ok(()) };
        sockopt::set_socket_keepalive(&*s, idle.is_some())?;
        if let Some(idle) = idle.filter(|idle| !idle.is_zero()) {
            // What libuv sets beside it: a probe a second, ten of them.
            sockopt::set_tcp_keepidle(&*s, idle)?;
            sockopt::set_tcp_keepintvl(&*s, Duration::from_secs(1))?;
            sockopt::set_tcp_keepcnt(&*s, 10)?;
        }
        Ok(())
    }

    fn reset_on_close(&mut self) -> io::Result<()> {
        either!(RealStream, self, inner => Ok(sockopt::set_socket_linger(&*inner, Some(Duration::ZERO))?))
    }

    fn descriptor(&self) -> Option<i32> {
        either!(RealStream, self, inner => Some(inner.as_raw_fd()))
    }
}

impl Listener for RealListener {
    fn accept(&mut self) -> io::Result<(Box<dyn Stream>, Address)> {
        match self {
            RealListener::Tcp(l) => {
                let (stream, from) = l.accept()?;
                Ok((Box::new(RealStream::Tcp(stream)), Address::Ip(from)))
            }
            RealListener::Unix(l) => {
                let (stream, from) = l.accept()?;
                Ok((Box::new(RealStream::Unix(stream)), unix_address(&from)))
            }
        }
    }

    fn local(&self) -> io::Result<Address> {
        match self {
            RealListener::Tcp(l) => l.local_addr().map(Address::Ip),
            RealListener::Unix(l) => l.local_addr().map(|a| unix_address(&a)),
        }
    }

    fn descriptor(&self) -> Option<i32> {
        either!(RealListener, self, inner => Some(inner.as_raw_fd()))
    }
}

fn family(addr: &SocketAddr) -> AddressFamily {
    if addr.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 }
}

fn new_socket(addr: &SocketAddr, kind: SocketType) -> io::Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let fd = socket_with(family(addr), kind, flags, None)?;
    Ok(fd)
}

fn set_v6only(fd: &OwnedFd, addr: &SocketAddr, only: bool) -> io::Result<()> {
    if addr.is_ipv6() {
        sockopt::set_ipv6_v6only(fd, only)?;
    }
    Ok(())
}

impl Network for RealNetwork {
    fn listen(&mut self, at: &Address, options: ListenOptions) -> io::Result<Box<dyn Listener>> {
        let addr = match at {
            Address::Ip(addr) => addr,
            Address::Path(path) => {
                let fd = socket_with(
                    AddressFamily::UNIX,
                    SocketType::STREAM,
                    SocketFlags::NONBLOCK | SocketFlags::CLOEXEC,
                    None,
                )?;
                bind(&fd, &rustix_unix(path)?)?;
                listen(&fd, options.backlog)?;
                let std = std::os::unix::net::UnixListener::from(fd);
                return Ok(Box::new(RealListener::Unix(UnixListener::from_std(std))));
            }
            Address::Unnamed => return Err(io::ErrorKind::InvalidInput.into()),
        };
        let fd = new_socket(addr, SocketType::STREAM)?;
        sockopt::set_socket_reuseaddr(&fd, true)?;
        if options.reuse_port {
            sockopt::set_socket_reuseport(&fd, true)?;
        }
        set_v6only(&fd, addr, options.ipv6_only)?;
        bind(&fd, addr)?;
        listen(&fd, options.backlog)?;
        Ok(Box::new(RealListener::Tcp(TcpListener::from_std(fd.into()))))
    }

    fn connect(&mut self, to: &Address, from: Option<SocketAddr>) -> io::Result<Box<dyn Stream>> {
        match to {
            Address::Ip(addr) => {
                let fd = new_socket(addr, SocketType::STREAM)?;
                if let Some(from) = from {
                    sockopt::set_socket_reuseaddr(&fd, true)?;
                    bind(&fd, &from)?;
                }
                match rustix::net::connect(&fd, addr) {
                    Ok(()) | Err(Errno::INPROGRESS) => {}
                    Err(error) => return Err(error.into()),
                }
                Ok(Box::new(RealStream::Tcp(TcpStream::from_std(fd.into()))))
            }
            Address::Path(path) => {
                let stream = UnixStream::connect_addr(&to_unix(path)?)?;
                Ok(Box::new(RealStream::Unix(stream)))
            }
            Address::Unnamed => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn datagram(&mut self, at: SocketAddr, options: DatagramOptions) -> io::Result<Box<dyn Datagram>> {
        let fd = new_socket(&at, SocketType::DGRAM)?;
        if options.reuse_address {
            sockopt::set_socket_reuseaddr(&fd, true)?;
        }
        if options.reuse_port {
            sockopt::set_socket_reuseport(&fd, true)?;
        }
        set_v6only(&fd, &at, options.ipv6_only)?;
        bind(&fd, &at)?;
        Ok(Box::new(RealDatagram(UdpSocket::from_std(fd.into()))))
    }

    fn adopt_stream(&mut self, fd: OwnedFd) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(match family_of_stream(&fd)? {
            AddressFamily::UNIX => RealStream::Unix(UnixStream::from_std(fd.into())),
            _ => RealStream::Tcp(TcpStream::from_std(fd.into())),
        }))
    }

    fn adopt_listener(&mut self, fd: OwnedFd, backlog: i32) -> io::Result<Box<dyn Listener>> {
        let family = family_of_stream(&fd)?;
        listen(&fd, backlog)?;
        Ok(Box::new(match family {
            AddressFamily::UNIX => RealListener::Unix(UnixListener::from_std(fd.into())),
            _ => RealListener::Tcp(TcpListener::from_std(fd.into())),
        }))
    }
}

/// The family of a stream socket that is to be ours: it is made to never block.
fn family_of_stream(fd: &OwnedFd) -> io::Result<AddressFamily> {
    let family = sockopt::socket_domain(fd)?;
    let known = matches!(family, AddressFamily::UNIX | AddressFamily::INET | AddressFamily::INET6);
    if !known || sockopt::socket_type(fd)? != SocketType::STREAM {
        return Err(Errno::INVAL.into());
    }
    rustix::io::ioctl_fionbio(fd, true)?;
    Ok(family)
}

fn rustix_unix(path: &Path) -> io::Result<rustix::net::SocketAddrUnix> {
    match path.as_os_str().as_bytes() {
        [0, name @ ..] => Ok(rustix::net::SocketAddrUnix::new_abstract_name(name)?),
        bytes => Ok(rustix::net::SocketAddrUnix::new(bytes)?),
    }
}

impl RealDatagram {
    fn is_v4(&self) -> bool {
        self.0.local_addr().is_ok_and(|a| a.is_ipv4())
    }
}

impl Datagram for RealDatagram {
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.recv_from(buffer)
    }

    fn send(&mut self, data: &[IoSlice<'_>], to: Option<SocketAddr>) -> io::Result<usize> {
        let joined: Vec<u8>;
        let bytes: &[u8] = match data {
            [one] => one,
            many => {
                joined = many.iter().flat_map(|slice| slice.iter().copied()).collect();
                &joined
            }
        };
        let fd = self.0.as_fd();
        let sent = match to {
            Some(to) => rustix::net::sendto(fd, bytes, SendFlags::NOSIGNAL, &to),
            None => rustix::net::send(fd, bytes, SendFlags::NOSIGNAL),
        };
        Ok(sent?)
    }

    fn connect(&mut self, to: SocketAddr) -> io::Result<()> {
        self.0.connect(to)
    }

    fn disconnect(&mut self) -> io::Result<()> {
        Ok(rustix::net::connect_unspec(self.0.as_fd())?)
    }

    fn local(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    fn peer(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    fn option(&mut self, option: DatagramOption) -> io::Result<u32> {
        let (v4, fd) = (self.is_v4(), self.0.as_fd());
        match option {
            DatagramOption::Broadcast(on) => sockopt::set_socket_broadcast(fd, on)?,
            DatagramOption::Ttl(n) if v4 => sockopt::set_ip_ttl(fd, n)?,
            DatagramOption::Ttl(n) => sockopt::set_ipv6_unicast_hops(fd, Some(n as u8))?,
            DatagramOption::MulticastTtl(n) if v4 => sockopt::set_ip_multicast_ttl(fd, n)?,
            DatagramOption::MulticastTtl(n) => sockopt::set_ipv6_multicast_hops(fd, n)?,
            DatagramOption::MulticastLoop(on) if v4 => sockopt::set_ip_multicast_loop(fd, on)?,
            DatagramOption::MulticastLoop(on) => sockopt::set_ipv6_multicast_loop(fd, on)?,
            DatagramOption::ReceiveBuffer(None) => return Ok(sockopt::socket_recv_buffer_size(fd)? as u32),
            DatagramOption::ReceiveBuffer(Some(n)) => sockopt::set_socket_recv_buffer_size(fd, n as usize)?,
            DatagramOption::SendBuffer(None) => return Ok(sockopt::socket_send_buffer_size(fd)? as u32),
            DatagramOption::SendBuffer(Some(n)) => sockopt::set_socket_send_buffer_size(fd, n as usize)?,
        }
        Ok(0)
    }

    fn membership(&mut self, group: IpAddr, interface: Option<IpAddr>, join: bool) -> io::Result<()> {
        match (group, interface) {
            (IpAddr::V4(group), interface) => {
                let interface = match interface {
                    Some(IpAddr::V4(addr)) => addr,
                    _ => Ipv4Addr::UNSPECIFIED,
                };
                match join {
                    true => self.0.join_multicast_v4(&group, &interface),
                    false => self.0.leave_multicast_v4(&group, &interface),
                }
            }
            (IpAddr::V6(group), _) => match join {
                true => self.0.join_multicast_v6(&group, 0),
                false => self.0.leave_multicast_v6(&group, 0),
            },
        }
    }

    fn descriptor(&self) -> Option<i32> {
        Some(self.0.as_raw_fd())
    }
}
