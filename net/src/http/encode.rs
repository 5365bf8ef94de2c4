//! Puts messages together.

use std::io::Write;

/// Appends a status line. The status has three digits.
pub fn status_line(out: &mut Vec<u8>, minor: u8, status: u16, reason: &[u8]) {
    // Put together by hand: formatting costs as much as the rest of a short head.
    let digit = |n: u16| b'0' + (n % 10) as u8;
    out.extend_from_slice(b"HTTP/1.");
    out.extend_from_slice(&[digit(u16::from(minor)), b' ']);
    out.extend_from_slice(&[digit(status / 100), digit(status / 10), digit(status), b' ']);
    out.extend_from_slice(reason);
    out.extend_from_slice(b"\r\n");
}

/// Appends a request line.
pub fn request_line(out: &mut Vec<u8>, method: &str, target: &str) {
    out.extend_from_slice(method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// Appends a header field. The caller has checked both parts ([`is_token`], [`is_value`]).
pub fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Appends a chunk: size, data. An empty one is nothing, since it would end the body.
pub fn chunk(out: &mut Vec<u8>, data: &[u8]) {
    if !data.is_empty() {
        let _ = write!(out, "{:x}\r\n", data.len());
        out.extend_from_slice(data);
        out.extend_from_slice(b"\r\n");
    }
}

/// What ends a chunked body without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Whether it is a token (a method, a header's name; RFC 9110 section 5.6.2).
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
}

/// Whether it may stand as a header's value.
pub fn is_value(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| matches!(b, b'\t' | 0x20..=0x7e | 0x80..))
}
