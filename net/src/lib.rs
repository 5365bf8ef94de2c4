//! TCP, UDP, Unix sockets, HTTP/1.1, WebSocket and server-sent events on the loop.
//!
//! # Two halves
//!
//! **Endpoints** ([`Conn`], [`Acceptor`], [`Server`], [`Udp`]) are non-blocking and never look at a clock: whoever drives them passes `now`
//! (loop milliseconds) and the readiness that the loop reported. They talk to [`looplab_event_loop::world::network`], so the same code
//! runs on the system's sockets and on simulated ones.
//!
//! **Codecs** ([`http`], [`ws`], [`sse`]) know neither sockets nor clocks: bytes in, events out. Rust programs and the JavaScript
//! binding drive the same ones.
//!
//! ```no_run
//! use looplab_event_loop::EventLoop;
//! use looplab_net::{Conn, Protocol, Server, ServerOptions};
//!
//! struct Echo;
//! impl Protocol for Echo {
//!     fn received(&mut self, conn: &mut Conn, bytes: &[u8], _now: u64) {
//!         conn.write(&[bytes]);
//!     }
//! }
//!
//! let mut lp = EventLoop::real().unwrap();
//! let at = "127.0.0.1:0".parse().unwrap();
//! let server = Server::listen(&mut lp, &looplab_net::Address::Ip(at), ServerOptions::default(), || Echo).unwrap();
//! println!("listening at {}", server.address());
//! lp.run().unwrap();
//! ```
#![forbid(unsafe_code)]

mod accept;
mod conn;
mod feed;
pub mod http;
mod http_service;
mod queue;
mod resolve;
mod server;
mod slow;
pub mod sse;
mod udp;
pub mod ws;
mod ws_service;

pub use accept::{Accepted, Acceptor};
pub use conn::{Conn, ConnOptions, End, Read, Stats, Timer};
pub use feed::{FIELDS as FEED_FIELDS, Feed, FeedOptions};
pub use http_service::{HttpOptions, HttpService, Reply, Request};
pub use looplab_event_loop::world::network::{
    Address, DatagramOption, DatagramOptions, ListenOptions, Listener, Stream,
};
pub use queue::{WriteQueue, Wrote, write_now};
pub use resolve::resolve;
pub use server::{Protocol, Server, ServerOptions, ServerStats, connect};
pub use slow::{Offered, Outlet, SlowClient};
pub use udp::Udp;
pub use ws_service::{WsHandler, WsOptions, WsService};
