//! How long a body is (RFC 9112 section 6): every ambiguity is refused, since two parsers that disagree on it are how requests are
//! smuggled.

use super::error::{Code, ParseError};
use super::head::{Head, Kind};

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// After so many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
    /// Where the connection ends.
    UntilClose,
}

/// The members of all `Connection` fields, in lower case.
pub fn connection_tokens(head: &Head) -> impl Iterator<Item = String> {
    head.all("connection")
        .flat_map(|value| value.split(|b| *b == b','))
        .map(|token| String::from_utf8_lossy(token.trim_ascii()).to_ascii_lowercase())
}

/// Fills in what the fields say about the connection, and tells how the body is framed. `method` is the request's method when the
/// head is a response's.
pub(crate) fn settle(
    kind: Kind,
    head: &mut Head,
    method: Option<&str>,
    lenient: bool,
) -> Result<Framing, ParseError> {
    let (mut close, mut keep, mut asks_upgrade) = (false, false, false);
    let mut length: Option<u64> = None;
    let (mut coded, mut chunked, mut upgrade_field, mut hosts) = (false, false, false, 0);
    let mut expects_continue = false;
    for (name, value) in head.fields() {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                hosts += 1;
                if kind == Kind::Request && !lenient && !is_host(value) {
                    return Err(ParseError::new(Code::InvalidHeaderToken, "Invalid host header"));
                }
            }
            6 if name.eq_ignore_ascii_case(b"expect") => {
                expects_continue = value.eq_ignore_ascii_case(b"100-continue");
            }
            7 if name.eq_ignore_ascii_case(b"upgrade") => upgrade_field = true,
            10 if name.eq_ignore_ascii_case(b"connection") => {
                for token in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
                    close |= token.eq_ignore_ascii_case(b"close");
                    keep |= token.eq_ignore_ascii_case(b"keep-alive");
                    asks_upgrade |= token.eq_ignore_ascii_case(b"upgrade");
                }
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                if length.is_some() {
                    return Err(ParseError::new(
                        Code::UnexpectedContentLength,
                        "Content-Length already present",
                    ));
                }
                length = Some(content_length(value)?);
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                // Of several fields the last decides; one after `chunked` is out of order.
                if chunked && kind == Kind::Request {
                    return Err(bad_encoding());
                }
                (coded, chunked) = (true, transfer_encoding(value, kind)?);
            }
            _ => {}
        }
    }
    if coded && length.is_some() && !lenient {
        return Err(ParseError::new(
            Code::InvalidTransferEncoding,
            "Transfer-Encoding can't be present with Content-Length",
        ));
    }
    if kind == Kind::Request {
        if hosts > 1 {
            return Err(ParseError::new(Code::InvalidHeaderToken, "Duplicate host header"));
        }
        // A request that ends in another coding has no end that could be known.
        if coded && !chunked {
            return Err(bad_encoding());
        }
    }
    head.keep_alive = if head.minor == 0 { keep && !close } else { !close };
    head.expects_continue = expects_continue && head.minor >= 1;
    if kind == Kind::Request {
        // HTTP/1.0 knows no chunks: whoever passed that on may not have seen them.
        head.keep_alive &= !(coded && head.minor == 0);
        head.upgrade = (asks_upgrade && upgrade_field) || head.method_name() == "CONNECT";
        return Ok(match length {
            _ if chunked => Framing::Chunked,
            Some(n) if n > 0 => Framing::Length(n),
            _ => Framing::Empty,
        });
    }
    let connected = method == Some("CONNECT") && (200..300).contains(&head.status);
    head.upgrade = connected || (head.status == 101 && asks_upgrade && upgrade_field);
    let bare = matches!(head.status, 100..=199 | 204 | 304) || method == Some("HEAD") || connected;
    let framing = match length {
        _ if bare => Framing::Empty,
        _ if chunked => Framing::Chunked,
        Some(n) if !coded => {
            if n > 0 {
                Framing::Length(n)
            } else {
                Framing::Empty
            }
        }
        _ => Framing::UntilClose,
    };
    if framing == Framing::UntilClose {
        head.keep_alive = false;
    }
    Ok(framing)
}

fn bad_encoding() -> ParseError {
    ParseError::new(Code::InvalidTransferEncoding, "Request has invalid `Transfer-Encoding`")
}

/// Digits, nothing else, below 2^64.
fn content_length(value: &[u8]) -> Result<u64, ParseError> {
    if value.is_empty() {
        return Err(ParseError::new(Code::InvalidContentLength, "Empty Content-Length"));
    }
    let mut n: u64 = 0;
    for b in value {
        if !b.is_ascii_digit() {
            return Err(ParseError::new(Code::InvalidContentLength, "Invalid character in Content-Length"));
        }
        n = n
            .checked_mul(10)
            .and_then(|n| n.checked_add(u64::from(b - b'0')))
            .ok_or(ParseError::new(Code::InvalidContentLength, "Content-Length overflow"))?;
    }
    Ok(n)
}

/// Whether `chunked` is the last coding. In requests it must not stand anywhere else, nor twice.
fn transfer_encoding(value: &[u8], kind: Kind) -> Result<bool, ParseError> {
    let mut chunked = false;
    for coding in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
        if chunked && kind == Kind::Request {
            return Err(bad_encoding());
        }
        chunked = coding.eq_ignore_ascii_case(b"chunked");
    }
    Ok(chunked)
}

/// Whether it could name a host: no spaces, slashes, or anything else that would make two readers disagree.
fn is_host(value: &[u8]) -> bool {
    value.iter().all(|b| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(b) || *b >= 0x80)
}
