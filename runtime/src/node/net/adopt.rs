//! Sockets that come as descriptor numbers: inherited from a parent, or another handle's. Safe Rust has no way from a number to a
//! descriptor, but the system has one: it duplicates the descriptor of a process, be it our own. So a handle has a duplicate, and the number
//! itself stays open until the process ends.

use super::state::{EBADF, Kind, code, errno, key_of, watch, with};
use looplab_engine::{Args, Completion, Scope};
use looplab_event_loop::World;
use looplab_net::Acceptor;
use rustix::net::{AddressFamily, SocketType, sockopt};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use std::io;
use std::os::fd::OwnedFd;

/// A duplicate of the descriptor with this number.
fn duplicate(fd: i32) -> io::Result<OwnedFd> {
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    Ok(pidfd_getfd(own, fd, PidfdGetfdFlags::empty())?)
}

/// `kindOf(fd)`: `TCP`, `PIPE`, `UDP`, `UNKNOWN`, or `INVALID` for a number that is not open.
pub(super) fn kind_of<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let name = match duplicate(args.get(0).as_int().unwrap_or(-1)) {
        Err(_) => "INVALID",
        Ok(fd) => match (sockopt::socket_domain(&fd), sockopt::socket_type(&fd)) {
            (Ok(AddressFamily::UNIX), Ok(SocketType::STREAM)) => "PIPE",
            (Ok(AddressFamily::INET | AddressFamily::INET6), Ok(SocketType::STREAM)) => "TCP",
            (Ok(AddressFamily::INET | AddressFamily::INET6), Ok(SocketType::DGRAM)) => "UDP",
            _ => "UNKNOWN",
        },
    };
    Ok(s.str(name))
}

/// `open(fd)`: the handle becomes this connection's.
pub(super) fn open<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let fd = args.get(0).as_int().unwrap_or(-1);
    let Some(key) = key_of(s, args.this()) else { return Ok(s.int(EBADF)) };
    Ok(with(s, args, |handle, rt| {
        let Kind::Link(link) = &mut handle.kind else { return -22 };
        let stream =
            duplicate(fd).and_then(|fd| rt.with_loop(|lp| lp.world_mut().network().adopt_stream(fd)));
        match stream {
            Ok(stream) => {
                link.stream = Some(stream);
                code(rt.with_loop(|lp| watch(handle, key, lp)))
            }
            Err(error) => errno(&error),
        }
    }))
}

/// `listenOn(fd, backlog)`: the handle becomes a listener on this socket.
pub(super) fn listen_on<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (fd, backlog) = (args.get(0).as_int().unwrap_or(-1), args.get(1).as_int().unwrap_or(511));
    let Some(key) = key_of(s, args.this()) else { return Ok(s.int(EBADF)) };
    Ok(with(s, args, |handle, rt| {
        let listener = duplicate(fd)
            .and_then(|fd| rt.with_loop(|lp| lp.world_mut().network().adopt_listener(fd, backlog)));
        match listener {
            Ok(listener) => {
                handle.kind = Kind::Listener(Acceptor::new(listener));
                code(rt.with_loop(|lp| watch(handle, key, lp)))
            }
            Err(error) => errno(&error),
        }
    }))
}
