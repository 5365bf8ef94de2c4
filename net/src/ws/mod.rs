//! WebSocket (RFC 6455) as pure machines: bytes in, messages out, for either end; no sockets, no clocks.
//!
//! [`Peer`] is a whole end of a connection, with the closing handshake; [`crate::WsService`] puts one behind each connection of a server.
//! Beneath it [`Codec`] takes frames apart and puts messages together (fragments, control frames between them, limits, UTF-8 checked as it
//! comes), and makes frames. [`handshake`] holds the words of the upgrade. permessage-deflate (RFC 7692) goes through flate2.

mod codec;
mod deflate;
pub mod handshake;
mod peer;

pub use codec::{Codec, Failure, Limits, Message, Opcode, Role};
pub use deflate::Deflate;
pub use peer::{Happened, Masks, Peer, Refused};
