//! The words of the opening handshake (RFC 6455 section 4).

use crate::http::Head;
use sha1::{Digest, Sha1};

/// What the accept key is made with.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`.
///
/// ```
/// assert_eq!(looplab_net::ws::handshake::accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
pub fn accept(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(GUID);
    base64(&hash.finalize())
}

/// Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = ALPHABET[(n >> (18 - 6 * i)) as usize & 63] as char;
            out.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

/// The answer of a server to an upgrade request; `Err` with a status for what is no proper WebSocket handshake.
///
/// # Errors
/// 400: malformed; 405: not GET; 426: another version.
pub fn respond(head: &Head, protocol: Option<&str>) -> Result<String, u16> {
    respond_with(head, protocol, None)
}

/// What a client offers of permessage-deflate that we can keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeflateOffer {
    /// The server starts afresh with each message.
    pub server_fresh: bool,
    /// So does the client.
    pub client_fresh: bool,
}

impl DeflateOffer {
    /// The first of the offers in a request that asks for nothing we can't do (our window has its one size).
    pub fn of(head: &Head) -> Option<DeflateOffer> {
        let offers = head.all("sec-websocket-extensions").flat_map(|value| value.split(|b| *b == b','));
        for offer in offers {
            let mut words = offer.split(|b| *b == b';').map(<[u8]>::trim_ascii);
            if words.next() != Some(b"permessage-deflate") {
                continue;
            }
            let mut found = DeflateOffer { server_fresh: false, client_fresh: false };
            let known = words.all(|word| match word {
                b"server_no_context_takeover" => !std::mem::replace(&mut found.server_fresh, true),
                b"client_no_context_takeover" => !std::mem::replace(&mut found.client_fresh, true),
                // The client may use a smaller window; it need not be told to.
                other => other == b"client_max_window_bits" || other.starts_with(b"client_max_window_bits="),
            });
            if known {
                return Some(found);
            }
        }
        None
    }

    fn words(self) -> String {
        let mut out = "permessage-deflate".to_owned();
        for (on, word) in [
            (self.server_fresh, "; server_no_context_takeover"),
            (self.client_fresh, "; client_no_context_takeover"),
        ] {
            if on {
                out.push_str(word);
            }
        }
        out
    }
}

/// As [`respond`], with compression as offered.
///
/// # Errors
/// As [`respond`].
pub fn respond_with(
    head: &Head,
    protocol: Option<&str>,
    deflate: Option<DeflateOffer>,
) -> Result<String, u16> {
    let is = |name: &str, wanted: &str| {
        head.all(name)
            .any(|v| v.split(|b| *b == b',').any(|t| t.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes())))
    };
    if head.method_name() != "GET" {
        return Err(405);
    }
    if !is("upgrade", "websocket") || !is("connection", "upgrade") || head.minor < 1 {
        return Err(400);
    }
    if head.get("sec-websocket-version") != Some(b"13") {
        return Err(426);
    }
    let key = head.get("sec-websocket-key").and_then(|key| std::str::from_utf8(key).ok()).ok_or(400u16)?;
    if key.len() != 24 || !key.ends_with("==") {
        return Err(400);
    }
    let mut out = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
        accept(key)
    );
    if let Some(protocol) = protocol {
        out.push_str(&format!("Sec-WebSocket-Protocol: {protocol}\r\n"));
    }
    if let Some(offer) = deflate {
        out.push_str(&format!("Sec-WebSocket-Extensions: {}\r\n", offer.words()));
    }
    out.push_str("\r\n");
    Ok(out)
}
