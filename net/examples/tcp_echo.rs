//! A TCP echo server with a client in the same loop: what the client says comes back, then both end.

use looplab_event_loop::EventLoop;
use looplab_net::{Address, Conn, ConnOptions, Protocol, Server, ServerOptions, connect};

/// Sends everything back.
struct Echo;

impl Protocol for Echo {
    fn received(&mut self, conn: &mut Conn, bytes: &[u8], _now: u64) {
        conn.write(&[bytes]);
    }
}

/// Says three things and ends when they have come back.
struct Speaker {
    heard: Vec<u8>,
}

const WORDS: [&[u8]; 3] = [b"one ", b"two ", b"three"];

impl Protocol for Speaker {
    fn opened(&mut self, conn: &mut Conn, _now: u64) {
        conn.write(&WORDS);
    }

    fn received(&mut self, conn: &mut Conn, bytes: &[u8], _now: u64) {
        self.heard.extend_from_slice(bytes);
        if self.heard.len() == WORDS.concat().len() {
            println!("came back: {}", String::from_utf8_lossy(&self.heard));
            conn.end();
        }
    }
}

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::real()?;
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let at = Address::Ip(([127, 0, 0, 1], port.unwrap_or(0)).into());
    let server = Server::listen(&mut lp, &at, ServerOptions::default(), || Echo)?;
    if port.is_some() {
        // By hand: serve until somebody ends the process.
        println!("READY {}", server.address());
        lp.run()?;
        return Ok(());
    }
    let (to, handle) = (server.address().clone(), server.clone());
    connect(&mut lp, &to, ConnOptions::default(), Speaker { heard: Vec::new() }, |_, outcome| {
        println!("connected: {}", outcome.is_ok());
    })?;
    lp.set_timeout(200, move |lp| handle.drain(lp, 100));
    lp.run()?;
    let stats = server.stats();
    println!("accepted {}, received {} bytes, sent {}", stats.accepted, stats.received, stats.sent);
    Ok(())
}
