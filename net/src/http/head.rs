//! The head of a message: start line and header fields, taken apart by httparse and then held to the strict rules that it leaves to
//! its users (every line ends in CRLF, known methods, HTTP/1.0 and 1.1 only, no whitespace in odd places).

use super::error::{Code, ParseError};
use httparse::{Error, Status};
use std::mem::MaybeUninit;

/// Which side's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What clients send.
    Request,
    /// What servers send.
    Response,
}

/// The methods that are understood.
pub const METHODS: &[&str] = &[
    "ACL",
    "BIND",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "M-SEARCH",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SOURCE",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
];

/// A header field: where its name and value stand in [`Head::bytes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    name: (u32, u32),
    value: (u32, u32),
}

/// The head of a message, in the order and spelling in which it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    bytes: Vec<u8>,
    fields: Vec<Field>,
    /// The method's index in [`METHODS`]; of a response 0.
    pub method: u8,
    /// The status code; of a request 0.
    pub status: u16,
    target: (u32, u32),
    /// HTTP/1.`minor`.
    pub minor: u8,
    /// The connection may carry another message after this one.
    pub keep_alive: bool,
    /// The peer asks (or agrees) to change the protocol.
    pub upgrade: bool,
    /// `Expect: 100-continue` on HTTP/1.1.
    pub expects_continue: bool,
}

impl Head {
    /// The method of a request.
    pub fn method_name(&self) -> &'static str {
        METHODS[self.method as usize]
    }

    /// The target of a request, or the reason phrase of a response.
    pub fn target(&self) -> &[u8] {
        self.slice(self.target)
    }

    fn slice(&self, (from, to): (u32, u32)) -> &[u8] {
        &self.bytes[from as usize..to as usize]
    }

    /// Header fields in their order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|field| (self.slice(field.name), self.slice(field.value)))
    }

    /// How many header fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are no header fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The first field of this name, in whatever case.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.fields().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// All fields of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let wanted = name.as_bytes();
        self.fields().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    }

    /// Takes `bytes`, a head up to and including its empty line, apart.
    pub(crate) fn parse(kind: Kind, bytes: Vec<u8>) -> Result<Head, ParseError> {
        const FEW: usize = 64;
        let mut few = [const { MaybeUninit::uninit() }; FEW];
        match parse_with(kind, &bytes, &mut few) {
            Err(Retry::TooMany) => {}
            Err(Retry::No(error)) => return Err(error),
            Ok(head) => return finish(kind, head, bytes),
        }
        // A field takes at least four bytes ("a:\r\n"), so this is always enough.
        let mut many = vec![MaybeUninit::uninit(); bytes.len() / 4 + 1];
        match parse_with(kind, &bytes, &mut many) {
            Ok(head) => finish(kind, head, bytes),
            Err(Retry::No(error)) => Err(error),
            Err(Retry::TooMany) => Err(ParseError::new(Code::HeaderOverflow, "Header overflow")),
        }
    }

    /// As [`Head::parse`], for peers that don't keep to the grammar (`insecureHTTPParser`): values may go on in lines that begin with white
    /// space, hold control characters, and end in a bare LF. Names and the start line are as strict as ever.
    pub(crate) fn parse_lenient(kind: Kind, block: &[u8]) -> Result<Head, ParseError> {
        let mut lines = block.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let mut bytes = lines.next().unwrap_or_default().to_vec();
        bytes.extend_from_slice(b"\r\n\r\n");
        let start = Head::parse(kind, bytes)?;
        let mut bytes = start.bytes.clone();
        bytes.truncate(bytes.len() - 2);
        let mut fields: Vec<Field> = Vec::new();
        for line in lines.take_while(|line| !line.is_empty()) {
            if let ([b' ' | b'\t', ..], Some(field)) = (line, fields.last_mut()) {
                bytes.truncate(bytes.len() - 2);
                bytes.extend_from_slice(line.trim_ascii_end());
                field.value.1 = bytes.len() as u32;
            } else {
                let colon = line.iter().position(|b| *b == b':').unwrap_or(0);
                if !super::encode::is_token(&line[..colon]) {
                    return Err(ParseError::new(Code::InvalidHeaderToken, "Invalid header token"));
                }
                let from = bytes.len();
                bytes.extend_from_slice(&line[..colon]);
                let name = (from as u32, bytes.len() as u32);
                bytes.extend_from_slice(b": ");
                let value = bytes.len() as u32;
                bytes.extend_from_slice(line[colon + 1..].trim_ascii());
                fields.push(Field { name, value: (value, bytes.len() as u32) });
            }
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        Ok(Head { bytes, fields, ..start })
    }

    /// Whether the beginning of a head is wrong already, before its end has come.
    pub(crate) fn check_partial(kind: Kind, bytes: &[u8]) -> Result<(), ParseError> {
        let mut few = [const { MaybeUninit::uninit() }; 256];
        match parse_with(kind, bytes, &mut few) {
            Err(Retry::No(error)) => Err(error),
            _ => Ok(()),
        }
    }
}

/// What can be known before the bytes are handed over.
#[derive(Default)]
struct Parts {
    fields: Vec<Field>,
    method: u8,
    status: u16,
    target: (u32, u32),
    minor: u8,
}

enum Retry {
    TooMany,
    No(ParseError),
}

impl From<ParseError> for Retry {
    fn from(error: ParseError) -> Retry {
        Retry::No(error)
    }
}

/// Where a slice of `whole` stands.
fn range(whole: &[u8], part: &[u8]) -> (u32, u32) {
    let from = part.as_ptr() as usize - whole.as_ptr() as usize;
    (from as u32, (from + part.len()) as u32)
}

fn parse_with<'b>(
    kind: Kind,
    bytes: &'b [u8],
    room: &mut [MaybeUninit<httparse::Header<'b>>],
) -> Result<Parts, Retry> {
    let mut parts = Parts::default();
    let headers: &[httparse::Header<'b>];
    match kind {
        Kind::Request => {
            let mut request = httparse::Request::new(&mut []);
            let status = request.parse_with_uninit_headers(bytes, room);
            start_line(bytes, request.method, request.path, request.version, &mut parts)?;
            match status {
                Ok(Status::Complete(_)) => headers = request.headers,
                Ok(Status::Partial) => return Ok(parts),
                Err(Error::TooManyHeaders) => return Err(Retry::TooMany),
                Err(error) => return Err(explain(kind, error, bytes).into()),
            }
        }
        Kind::Response => {
            let mut response = httparse::Response::new(&mut []);
            let status = httparse::ParserConfig::default().parse_response_with_uninit_headers(
                &mut response,
                bytes,
                room,
            );
            match status {
                Ok(Status::Complete(_)) => headers = response.headers,
                Ok(Status::Partial) => return Ok(parts),
                Err(Error::TooManyHeaders) => return Err(Retry::TooMany),
                Err(error) => return Err(explain(kind, error, bytes).into()),
            }
            parts.status = response.code.unwrap_or(0);
            parts.minor = response.version.unwrap_or(1);
            let reason = response.reason.unwrap_or("");
            parts.target =
                if reason.is_empty() { reason_range(bytes) } else { range(bytes, reason.as_bytes()) };
        }
    }
    parts.fields.reserve_exact(headers.len());
    for header in headers {
        let value = header.value;
        parts.fields.push(Field {
            name: range(bytes, header.name.as_bytes()),
            value: if value.is_empty() { (0, 0) } else { range(bytes, value) },
        });
    }
    Ok(parts)
}

/// httparse gives no reason phrase with bytes beyond ASCII in it; they are kept all the same.
fn reason_range(bytes: &[u8]) -> (u32, u32) {
    let line = bytes.iter().position(|b| *b == b'\r').unwrap_or(0);
    let from = (bytes.iter().position(|b| *b == b' ').unwrap_or(line) + 5).min(line);
    (from as u32, line as u32)
}

/// The checks on a request line that httparse doesn't make, as far as it got.
fn start_line(
    bytes: &[u8],
    method: Option<&str>,
    path: Option<&str>,
    version: Option<u8>,
    parts: &mut Parts,
) -> Result<(), ParseError> {
    let Some(method) = method else { return Ok(()) };
    match METHODS.iter().position(|known| *known == method) {
        Some(index) => parts.method = index as u8,
        None => return Err(ParseError::new(Code::InvalidMethod, "Invalid method encountered")),
    }
    let Some(path) = path else { return Ok(()) };
    let target = path.as_bytes();
    parts.target = range(bytes, target);
    // Exactly one space before the target; httparse takes any number.
    if parts.target.0 as usize != method.len() + 1 {
        return Err(ParseError::new(Code::InvalidUrl, "Unexpected space before url"));
    }
    let proper = match target.first() {
        Some(b'/') => true,
        Some(b'*') => target.len() == 1,
        Some(b) if method == "CONNECT" => b.is_ascii_alphanumeric() || matches!(b, b'[' | b'_' | b'-'),
        Some(b) if b.is_ascii_alphabetic() => path.contains("://"),
        _ => false,
    };
    if !proper {
        return Err(ParseError::new(Code::InvalidUrl, "Unexpected start char in url"));
    }
    if !target.iter().all(|b| (0x21..=0x7e).contains(b) || *b >= 0x80) {
        return Err(ParseError::new(Code::InvalidUrl, "Invalid characters in url"));
    }
    if let Some(minor) = version {
        parts.minor = minor;
        let line_end = parts.target.1 as usize + " HTTP/1.x".len();
        if bytes.get(parts.target.1 as usize + 1) != Some(&b'H') {
            return Err(ParseError::new(Code::InvalidConstant, "Expected HTTP/, RTSP/ or ICE/"));
        }
        match bytes.get(line_end) {
            None | Some(b'\r') => {}
            Some(b'\n') => {
                return Err(ParseError::new(Code::CrExpected, "Missing expected CR after request line"));
            }
            Some(_) => return Err(ParseError::new(Code::InvalidVersion, "Invalid HTTP version")),
        }
    }
    Ok(())
}

fn explain(kind: Kind, error: Error, bytes: &[u8]) -> ParseError {
    let (code, reason) = match error {
        Error::HeaderName => (Code::InvalidHeaderToken, "Invalid header token"),
        Error::HeaderValue if lone_cr(bytes) => (Code::LfExpected, "Missing expected LF after header value"),
        Error::HeaderValue => (Code::InvalidHeaderToken, "Invalid header value char"),
        Error::NewLine => (Code::CrExpected, "Missing expected CR after header value"),
        Error::Status => (Code::InvalidStatus, "Invalid status code"),
        Error::TooManyHeaders => (Code::HeaderOverflow, "Header overflow"),
        Error::Token if kind == Kind::Response => (Code::InvalidConstant, "Expected HTTP/, RTSP/ or ICE/"),
        Error::Token => {
            let method = bytes.iter().position(|b| *b == b' ').unwrap_or(bytes.len());
            match METHODS.iter().any(|known| known.as_bytes() == &bytes[..method]) {
                true => (Code::InvalidUrl, "Invalid characters in url"),
                false => (Code::InvalidMethod, "Invalid method encountered"),
            }
        }
        Error::Version => {
            let mut words = bytes.split(|b| *b == b' ' || *b == b'\r' || *b == b'\n');
            let version = if kind == Kind::Request { words.nth(2) } else { words.next() };
            match version {
                Some(v) if v.starts_with(b"HTTP/") => (Code::InvalidVersion, "Invalid HTTP version"),
                _ => (Code::InvalidConstant, "Expected HTTP/, RTSP/ or ICE/"),
            }
        }
    };
    ParseError::new(code, reason)
}

/// Whether some CR is followed by something other than LF.
fn lone_cr(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n')
}

/// The last checks, and what the fields say about the connection.
fn finish(kind: Kind, parts: Parts, bytes: Vec<u8>) -> Result<Head, ParseError> {
    // httparse takes a lone LF for the end of a line.
    let mut previous = 0;
    for b in &bytes {
        if *b == b'\n' && previous != b'\r' {
            return Err(ParseError::new(Code::CrExpected, "Missing expected CR after header value"));
        }
        previous = *b;
    }
    if kind == Kind::Response && !(100..=999).contains(&parts.status) {
        return Err(ParseError::new(Code::InvalidStatus, "Invalid status code"));
    }
    let Parts { fields, method, status, target, minor } = parts;
    Ok(Head { bytes, fields, method, status, target, minor, ..Head::default() })
}
