//! WebSocket (RFC 6455) as a codec: bytes in, messages out, for either end; no sockets, no clocks.
//!
//! [`Codec`] takes frames apart and puts messages together (fragments, control frames between them, limits, UTF-8 checked as it
//! comes), and makes frames. [`handshake`] holds the words of the upgrade. permessage-deflate (RFC 7692) goes through flate2.

mod codec;
mod deflate;
pub mod handshake;

pub use codec::{Codec, Failure, Limits, Message, Opcode, Role};
pub use deflate::Deflate;
