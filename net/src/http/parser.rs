//! Takes a stream of messages apart: a pure machine. Hand it bytes, take events out; what it doesn't consume is to be handed to it
//! again with what comes next only if it asked for nothing else (it keeps what it needs of an unfinished head itself).
//!
//! ```text
//!   Head ──► Body (length | until close) ──► End ──► Head …
//!     └────► Size ──► Data ──► DataEnd ─┐
//!              ▲                        │
//!              └────────────────────────┘ last: Trailers ──► End
//! ```

use super::error::{Code, ParseError};
use super::framing::{Framing, settle};
use super::head::{Head, Kind};

/// Limits of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a head, and of a body's trailers. Default 16 KiB.
    pub head: usize,
    /// Bytes of all chunk extensions of a body. Default 16 KiB.
    pub extensions: usize,
    /// Empty lines that may stand before a message, in bytes. Default 256.
    pub leading: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { head: 16 << 10, extensions: 16 << 10, leading: 256 }
    }
}

/// What a message consists of.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Start line and fields.
    Head(Box<Head>, Framing),
    /// A part of the body.
    Body(&'a [u8]),
    /// The message is over; these are the trailers of a chunked body.
    End(Option<Box<Head>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Length(u64),
    UntilClose,
    /// In a chunk's size line: digits seen, value so far, and what part of the line it is.
    Size {
        digits: u8,
        value: u64,
        part: SizePart,
    },
    Data(u64),
    /// After a chunk's data: CR, LF.
    DataEnd {
        cr: bool,
    },
    Trailers,
    /// The event is still to be given out.
    Finished,
    /// The last message of the connection is over.
    Closed,
    Failed(ParseError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SizePart {
    Digits,
    Extension,
    Quoted,
    Escaped,
    Lf,
}

/// The machine for one direction of a connection.
#[derive(Debug)]
pub struct Parser {
    kind: Kind,
    limits: Limits,
    state: State,
    /// A head or trailers whose end has not come.
    partial: Vec<u8>,
    /// How much of `partial` was last checked for errors, and searched for the end.
    checked: usize,
    extensions: usize,
    leading: usize,
    trailers: Option<Box<Head>>,
    keep_alive: bool,
    /// Methods of the requests whose responses are to come (client side).
    method: Option<&'static str>,
    /// A response without content is next whatever it says.
    lenient: bool,
    messages: u64,
}

impl Parser {
    /// A machine for requests (a server's) or responses (a client's).
    pub fn new(kind: Kind, limits: Limits) -> Parser {
        Parser {
            kind,
            limits,
            state: State::Head,
            partial: Vec::new(),
            checked: 0,
            extensions: 0,
            leading: 0,
            trailers: None,
            keep_alive: true,
            method: None,
            lenient: false,
            messages: 0,
        }
    }

    /// The next response answers a request with this method.
    pub fn expect(&mut self, method: &'static str) {
        self.method = Some(method);
    }

    /// Forgives what Node's `insecureHTTPParser` forgives: a content-length beside a transfer-encoding, values over several lines or with
    /// control characters in them.
    pub fn set_lenient(&mut self, lenient: bool) {
        self.lenient = lenient;
    }

    /// Messages that are over.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Whether it stands between messages, with nothing of the next one seen.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Head | State::Closed) && self.partial.is_empty()
    }

    /// Whether a head is under way or awaited.
    pub fn in_head(&self) -> bool {
        self.state == State::Head
    }

    /// The body that comes doesn't come (the protocol is changed instead): the message is over.
    pub fn skip_body(&mut self) {
        self.state = State::Finished;
    }

    /// Bytes that belong to a head whose end has not come.
    pub fn partial(&self) -> &[u8] {
        &self.partial
    }

    fn fail<T>(&mut self, error: ParseError) -> Result<T, ParseError> {
        self.state = State::Failed(error);
        Err(error)
    }

    /// Takes the next event from `input`. Gives how many bytes are used up, and the event; without one all of the input is used up.
    ///
    /// # Errors
    /// The message is refused; so is everything after it.
    pub fn parse<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Event<'a>>), ParseError> {
        let mut at = 0;
        loop {
            let rest = &input[at..];
            match self.state {
                State::Failed(error) => return Err(error),
                State::Finished => return Ok((at, Some(self.end_message()))),
                _ if rest.is_empty() => return Ok((at, None)),
                State::Closed => {
                    // Empty lines do no harm.
                    if rest.iter().all(|b| matches!(b, b'\r' | b'\n')) {
                        return Ok((input.len(), None));
                    }
                    return self
                        .fail(ParseError::new(Code::ClosedConnection, "Data after `Connection: close`"));
                }
                State::Head => {
                    let (used, head) = self.head(rest)?;
                    at += used;
                    if let Some((head, framing)) = head {
                        return Ok((at, Some(Event::Head(Box::new(head), framing))));
                    }
                }
                State::Length(left) => {
                    let n = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    self.state =
                        if n as u64 == left { State::Finished } else { State::Length(left - n as u64) };
                    return Ok((at + n, Some(Event::Body(&rest[..n]))));
                }
                State::UntilClose => return Ok((input.len(), Some(Event::Body(rest)))),
                State::Data(left) => {
                    let n = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let over = n as u64 == left;
                    self.state =
                        if over { State::DataEnd { cr: false } } else { State::Data(left - n as u64) };
                    return Ok((at + n, Some(Event::Body(&rest[..n]))));
                }
                State::Size { digits, value, part } => {
                    at += 1;
                    self.size(rest[0], digits, value, part)?;
                }
                State::DataEnd { cr } => {
                    at += 1;
                    self.state = match (cr, rest[0]) {
                        (false, b'\r') => State::DataEnd { cr: true },
                        (true, b'\n') => State::Size { digits: 0, value: 0, part: SizePart::Digits },
                        (false, _) => {
                            return self.fail(ParseError::new(Code::Strict, "Expected LF after chunk data"));
                        }
                        (true, _) => {
                            return self.fail(ParseError::new(Code::Strict, "Expected LF after chunk data"));
                        }
                    };
                }
                State::Trailers => at += self.trailers(rest)?,
            }
        }
    }

    /// The peer sends no more. After a refusal there is nothing to add.
    ///
    /// # Errors
    /// It ended in the middle of a message.
    pub fn finish(&mut self) -> Result<Option<Event<'static>>, ParseError> {
        match self.state {
            State::Failed(_) => Ok(None),
            State::Head if self.partial.is_empty() => Ok(None),
            State::Closed => Ok(None),
            State::UntilClose | State::Finished => Ok(Some(self.end_message())),
            _ => self.fail(ParseError::new(Code::InvalidEofState, "Invalid EOF state")),
        }
    }

    fn end_message(&mut self) -> Event<'static> {
        self.messages += 1;
        self.extensions = 0;
        self.leading = 0;
        self.state = if self.keep_alive { State::Head } else { State::Closed };
        Event::End(self.trailers.take())
    }

    /// How far a head goes in `rest`; the head, if that is its end.
    fn head(&mut self, rest: &[u8]) -> Result<(usize, Option<(Head, Framing)>), ParseError> {
        let mut skip = 0;
        if self.partial.is_empty() {
            skip = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            self.leading += skip;
            if self.leading > self.limits.leading {
                return self.fail(ParseError::new(Code::InvalidMethod, "Invalid method encountered"));
            }
            if skip == rest.len() {
                return Ok((skip, None));
            }
        }
        let rest = &rest[skip..];
        let (used, block) = self.block(rest)?;
        let Some(block) = block else { return Ok((skip + used, None)) };
        let parsed = match self.lenient {
            true => Head::parse_lenient(self.kind, &block),
            false => Head::parse(self.kind, block),
        };
        let mut head = match parsed {
            Ok(head) => head,
            Err(error) => return self.fail(error),
        };
        let method = self.method.take();
        let framing = match settle(self.kind, &mut head, method, self.lenient) {
            Ok(framing) => framing,
            Err(error) => return self.fail(error),
        };
        // What comes after an interim response answers the same request.
        let interim = self.kind == Kind::Response && (100..200).contains(&head.status) && head.status != 101;
        if interim {
            self.method = method;
        }
        self.keep_alive = head.keep_alive || head.upgrade || interim;
        self.state = match framing {
            Framing::Empty | Framing::Length(0) => State::Finished,
            Framing::Length(n) => State::Length(n),
            Framing::Chunked => State::Size { digits: 0, value: 0, part: SizePart::Digits },
            Framing::UntilClose => State::UntilClose,
        };
        Ok((skip + used, Some((head, framing))))
    }

    /// Collects bytes up to an empty line.
    fn block(&mut self, rest: &[u8]) -> Result<(usize, Option<Vec<u8>>), ParseError> {
        let before = self.partial.len();
        let end = match before {
            0 => find_end(rest, 0),
            _ => {
                // The end may begin in what is there already.
                let tail = before.saturating_sub(3);
                let mut seam: Vec<u8> = self.partial[tail..].to_vec();
                seam.extend_from_slice(&rest[..rest.len().min(4)]);
                match find_end(&seam, 0) {
                    Some(end) if end > before - tail => Some(end - (before - tail)),
                    _ => find_end(rest, 0),
                }
            }
        };
        let used = end.unwrap_or(rest.len());
        if before + used > self.limits.head {
            // What is wrong in itself is called that, however long.
            let room = self.limits.head.saturating_sub(before).min(used);
            self.partial.extend_from_slice(&rest[..room]);
            if self.state == State::Head
                && !self.lenient
                && let Err(error) = Head::check_partial(self.kind, &self.partial)
            {
                return self.fail(error);
            }
            return self
                .fail(ParseError { at: used, ..ParseError::new(Code::HeaderOverflow, "Header overflow") });
        }
        if end.is_some() && before == 0 {
            return Ok((used, Some(rest[..used].to_vec())));
        }
        self.partial.extend_from_slice(&rest[..used]);
        if end.is_some() {
            self.checked = 0;
            return Ok((used, Some(std::mem::take(&mut self.partial))));
        }
        // Looked at when it has doubled: nonsense is refused early, at a cost that stays in proportion.
        if self.partial.len() >= self.checked * 2 || rest.contains(&b'\n') {
            self.checked = self.partial.len();
            if self.state == State::Head && !self.lenient {
                if let Err(error) = Head::check_partial(self.kind, &self.partial) {
                    return self.fail(error);
                }
                if bare_lf(&self.partial) {
                    return self
                        .fail(ParseError::new(Code::CrExpected, "Missing expected CR after header value"));
                }
            }
        }
        Ok((used, None))
    }

    fn size(&mut self, b: u8, digits: u8, value: u64, part: SizePart) -> Result<(), ParseError> {
        let invalid = || ParseError::new(Code::InvalidChunkSize, "Invalid character in chunk size");
        let next = match part {
            SizePart::Digits => match (b as char).to_digit(16) {
                Some(digit) => {
                    if value >> 60 != 0 || digits >= 64 {
                        return self.fail(ParseError::new(Code::InvalidChunkSize, "Chunk size overflow"));
                    }
                    let value = value << 4 | u64::from(digit);
                    self.state = State::Size { digits: digits + 1, value, part };
                    return Ok(());
                }
                None if digits == 0 => return self.fail(invalid()),
                None if b == b'\r' => SizePart::Lf,
                None if b == b';' => SizePart::Extension,
                None => return self.fail(invalid()),
            },
            SizePart::Lf if b == b'\n' => {
                self.state = if value == 0 { State::Trailers } else { State::Data(value) };
                return Ok(());
            }
            SizePart::Lf => {
                return self.fail(ParseError::new(Code::LfExpected, "Expected LF after chunk size"));
            }
            _ => {
                self.extensions += 1;
                if self.extensions > self.limits.extensions {
                    return self
                        .fail(ParseError::new(Code::ChunkExtensionsOverflow, "Chunk extensions overflow"));
                }
                match (part, b) {
                    (SizePart::Escaped, 0x20..=0x7e | 0x80.. | b'\t') => SizePart::Quoted,
                    (SizePart::Quoted, b'\\') => SizePart::Escaped,
                    (SizePart::Quoted, b'"') => SizePart::Extension,
                    (SizePart::Extension, b'"') => SizePart::Quoted,
                    (SizePart::Extension, b'\r') => SizePart::Lf,
                    (_, 0x20..=0x7e | 0x80.. | b'\t') => part,
                    _ => {
                        return self
                            .fail(ParseError::new(Code::Strict, "Invalid character in chunk extensions"));
                    }
                }
            }
        };
        self.state = State::Size { digits, value, part: next };
        Ok(())
    }

    /// The fields after the last chunk, up to an empty line.
    fn trailers(&mut self, rest: &[u8]) -> Result<usize, ParseError> {
        // Mostly there are none: the block is the empty line.
        let seen = self.partial.len();
        if seen < 2 && (seen == 0 || self.partial == b"\r") {
            let first = if seen == 0 { rest[0] } else { b'\r' };
            if first == b'\r' {
                let lf = if seen == 0 { rest.get(1) } else { rest.first() };
                match lf {
                    None => {
                        self.partial.push(b'\r');
                        return Ok(1);
                    }
                    Some(b'\n') => {
                        self.partial.clear();
                        self.state = State::Finished;
                        return Ok(2 - seen);
                    }
                    Some(_) => return self.fail(ParseError::new(Code::Strict, "Expected LF after CR")),
                }
            }
        }
        let (used, block) = self.block(rest)?;
        let Some(block) = block else { return Ok(used) };
        // Read as the fields of a message without content.
        let mut whole = b"HTTP/1.1 200 \r\n".to_vec();
        whole.extend_from_slice(&block);
        match Head::parse(Kind::Response, whole) {
            Ok(head) => self.trailers = Some(Box::new(head)),
            Err(error) => return self.fail(error),
        }
        self.state = State::Finished;
        Ok(used)
    }
}

fn bare_lf(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(i, b)| *b == b'\n' && (i == 0 || bytes[i - 1] != b'\r'))
}

/// Just after the first empty line: `\n\n` or `\n\r\n` (which of them is allowed is for others to say).
fn find_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = bytes[at..].iter().position(|b| *b == b'\n') {
        at += found + 1;
        match bytes.get(at..) {
            Some([b'\n', ..]) => return Some(at + 1),
            Some([b'\r', b'\n', ..]) => return Some(at + 2),
            _ => {}
        }
    }
    None
}
