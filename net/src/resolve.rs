//! Names to addresses by the system's resolver. It blocks: call it from a worker.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};

/// The addresses of a host, in the system's order, each once.
///
/// # Errors
/// What the resolver says (`getaddrinfo`).
pub fn resolve(host: &str) -> io::Result<Vec<IpAddr>> {
    let mut list = Vec::new();
    for found in (host, 0u16).to_socket_addrs()? {
        if !list.contains(&found.ip()) {
            list.push(found.ip());
        }
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_address_is_its_own_answer() {
        let all = super::resolve("127.0.0.1").expect("an address needs no resolver");
        assert_eq!(all, ["127.0.0.1".parse::<std::net::IpAddr>().expect("an address")]);
    }
}
