//! Addresses as text.

use crate::node::buffer::put;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use looplab_engine::{Args, Completion, Local, Scope};
use looplab_net::Address;
use std::path::PathBuf;

/// An IP address, with the zone a link-local one may name by number.
pub(crate) fn parse(text: &str) -> Option<(IpAddr, u32)> {
    if let Ok(v4) = text.parse::<Ipv4Addr>() {
        return Some((v4.into(), 0));
    }
    let (address, zone) = match text.split_once('%') {
        Some((_, "")) => return None,
        Some((address, zone)) => (address, zone.parse().unwrap_or(0)),
        None => (text, 0),
    };
    let proper = text
        .split_once('%')
        .is_none_or(|(_, zone)| zone.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:_".contains(&b)));
    address.parse::<Ipv6Addr>().ok().filter(|_| proper).map(|v6| (v6.into(), zone))
}

/// Address and port together.
pub(crate) fn socket_address(text: &str, port: u16) -> Option<SocketAddr> {
    match parse(text)? {
        (IpAddr::V4(v4), _) => Some((v4, port).into()),
        (IpAddr::V6(v6), zone) => Some(SocketAddrV6::new(v6, port, 0, zone).into()),
    }
}

/// A path as an address; one that begins with a zero byte is abstract.
pub(crate) fn path_address(text: &str) -> Address {
    Address::Path(PathBuf::from(text))
}

/// `net.isIP(input)`: 4, 6 or 0.
pub(super) fn is_ip<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let v = args.get(0);
    if v.is_nullish() || v.is_symbol() {
        return Ok(s.int(0));
    }
    let text = s.to_text(v)?;
    Ok(s.int(match parse(&text) {
        Some((IpAddr::V4(_), _)) => 4,
        Some((IpAddr::V6(_), _)) => 6,
        None => 0,
    }))
}

/// The one way of writing an address; undefined when it is none.
pub(super) fn canonical<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let text = crate::rt::text_arg(s, args, 0);
    Ok(match parse(&text) {
        Some((ip, _)) => s.str(&ip.to_string()),
        None => s.undefined(),
    })
}

/// Compares two addresses of one family: negative, 0, positive; undefined when they can't be.
pub(super) fn compare<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let (a, b) = (crate::rt::text_arg(s, args, 0), crate::rt::text_arg(s, args, 1));
    Ok(match (parse(&a), parse(&b)) {
        (Some((IpAddr::V4(a), _)), Some((IpAddr::V4(b), _))) => s.int(a.cmp(&b) as i32),
        (Some((IpAddr::V6(a), _)), Some((IpAddr::V6(b), _))) => s.int(a.cmp(&b) as i32),
        _ => s.undefined(),
    })
}

/// `{ address, family, port }`
pub(super) fn object<'s>(s: &mut Scope<'s>, addr: &SocketAddr) -> Local<'s> {
    let o = s.new_object();
    let text = match addr {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
        _ => addr.ip().to_string(),
    };
    let v = s.str(&text);
    put(s, o, "address", v);
    let v = s.str(if addr.is_ipv4() { "IPv4" } else { "IPv6" });
    put(s, o, "family", v);
    let v = s.int(i32::from(addr.port()));
    put(s, o, "port", v);
    o
}

/// What the ends of a stream are called: an object for IP, a path for Unix sockets, undefined for unnamed ones.
pub(super) fn describe<'s>(s: &mut Scope<'s>, address: &Address) -> Local<'s> {
    match address {
        Address::Ip(addr) => object(s, addr),
        Address::Path(path) => s.str(&path.to_string_lossy()),
        Address::Unnamed => s.undefined(),
    }
}

/// The address that arguments `i` (text) and `i + 1` (port) give.
pub(super) fn of_args<'s>(s: &mut Scope<'s>, args: &Args<'s>, i: usize) -> Option<SocketAddr> {
    let text = crate::rt::text_arg(s, args, i);
    let port = args.get(i + 1).as_number().unwrap_or(0.0);
    socket_address(&text, port as u16)
}
