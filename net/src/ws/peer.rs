//! One end of a connection beyond its frames: pings are answered, the closing handshake is kept (RFC 6455 sections 5.5 and 7), a peer that
//! breaks a rule is told so and heard no more. A pure machine: bytes in, happenings out; what is to be sent is taken from it.

use super::codec::{Codec, Failure, Limits, Message, Opcode, Role, is_close_code};
use super::deflate::Deflate;

/// What came of received bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// A message, a ping (answered already) or a pong.
    Message(Message),
    /// The peer has sent its close frame: code (1005 when it gave none) and reason.
    Closing(u16, String),
    /// The peer broke a rule: it has been told the code, and nothing of it is read any more.
    Failed(Failure),
}

/// Why nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A close frame has been sent: nothing may follow it.
    Closing,
    /// A code that may not stand in a close frame (section 7.4).
    Code,
    /// More than the 125 bytes that a control frame holds.
    TooLong,
}

/// A source of masks: unpredictable, a fresh one for each frame (section 5.3).
pub type Masks = Box<dyn FnMut() -> [u8; 4]>;

/// One end.
///
/// ```
/// use looplab_net::ws::{Happened, Limits, Message, Peer};
/// let mut server = Peer::server(Limits::default(), None);
/// let mut client = Peer::client(Limits::default(), None, Box::new(|| [7, 1, 9, 3]));
/// client.text("hello").unwrap();
/// let bytes = client.take_output();
/// assert_eq!(server.receive(&bytes), (bytes.len(), Some(Happened::Message(Message::Text("hello".into())))));
/// ```
pub struct Peer {
    codec: Codec,
    role: Role,
    masks: Option<Masks>,
    out: Vec<u8>,
    sent_close: bool,
    received_close: Option<(u16, String)>,
    failed: Option<Failure>,
}

impl Peer {
    /// A server's end, after the handshake.
    pub fn server(limits: Limits, deflate: Option<Deflate>) -> Peer {
        Peer::new(Role::Server, limits, deflate, None)
    }

    /// A client's end, after the handshake.
    pub fn client(limits: Limits, deflate: Option<Deflate>, masks: Masks) -> Peer {
        Peer::new(Role::Client, limits, deflate, Some(masks))
    }

    fn new(role: Role, limits: Limits, deflate: Option<Deflate>, masks: Option<Masks>) -> Peer {
        let codec = Codec::new(role, limits, deflate);
        Peer { codec, role, masks, out: Vec::new(), sent_close: false, received_close: None, failed: None }
    }

    fn mask(&mut self) -> Option<[u8; 4]> {
        self.masks.as_mut().map(|masks| masks())
    }

    /// Takes the next happening from what has arrived: how many bytes are used up, and what it was. Without one all of the input is used
    /// up. One at a time, so that an answer goes out before the answer to what follows. After the peer's close frame, and after a
    /// failure, everything is dropped.
    pub fn receive(&mut self, input: &[u8]) -> (usize, Option<Happened>) {
        if self.failed.is_some() || self.received_close.is_some() {
            return (input.len(), None);
        }
        match self.codec.parse(input) {
            Err(failure) => {
                self.failed = Some(failure);
                self.send_close(failure.code, failure.reason);
                (input.len(), Some(Happened::Failed(failure)))
            }
            Ok((used, message)) => (used, message.map(|message| self.take(message))),
        }
    }

    fn take(&mut self, message: Message) -> Happened {
        match message {
            Message::Close(code, reason) => {
                // The answer carries the code that came.
                self.send_close(code, "");
                self.received_close = Some((code, reason.clone()));
                Happened::Closing(code, reason)
            }
            Message::Ping(data) => {
                if !self.sent_close {
                    let mask = self.mask();
                    Codec::frame(&mut self.out, Opcode::Pong, true, false, &data, mask);
                }
                Happened::Message(Message::Ping(data))
            }
            other => Happened::Message(other),
        }
    }

    fn send_close(&mut self, code: u16, reason: &str) {
        if !std::mem::replace(&mut self.sent_close, true) {
            let mask = self.mask();
            Codec::close(&mut self.out, code, reason, mask);
        }
    }

    fn send(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Refused> {
        if self.sent_close {
            return Err(Refused::Closing);
        }
        let mask = self.mask();
        self.codec.message(&mut self.out, opcode, payload, mask);
        Ok(())
    }

    /// Sends text.
    ///
    /// # Errors
    /// A close frame has been sent.
    pub fn text(&mut self, text: &str) -> Result<(), Refused> {
        self.send(Opcode::Text, text.as_bytes())
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// A close frame has been sent.
    pub fn binary(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        self.send(Opcode::Binary, bytes)
    }

    /// Asks whether the peer is there.
    ///
    /// # Errors
    /// A close frame has been sent, or there are more than 125 bytes.
    pub fn ping(&mut self, data: &[u8]) -> Result<(), Refused> {
        if self.sent_close {
            return Err(Refused::Closing);
        }
        if data.len() > 125 {
            return Err(Refused::TooLong);
        }
        let mask = self.mask();
        Codec::frame(&mut self.out, Opcode::Ping, true, false, data, mask);
        Ok(())
    }

    /// Begins the closing handshake; code 1005 stands for none. A reason is cut to the 123 bytes that fit.
    ///
    /// # Errors
    /// It has begun already, or the code may not be sent.
    pub fn close(&mut self, code: u16, reason: &str) -> Result<(), Refused> {
        if self.sent_close {
            return Err(Refused::Closing);
        }
        if code != 1005 && !is_close_code(code) {
            return Err(Refused::Code);
        }
        self.send_close(code, reason);
        Ok(())
    }

    /// The bytes to be sent since the last call.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Whether messages can still be sent.
    pub fn is_open(&self) -> bool {
        !self.sent_close
    }

    /// Whether this end is to end the connection once its output is sent: after a failure, and, at a server, after both close frames
    /// (section 7.1.1: the server ends first, so that the client's port is not held).
    pub fn ends_connection(&self) -> bool {
        self.failed.is_some() || self.role == Role::Server && self.sent_close && self.received_close.is_some()
    }

    /// The code and reason that the connection closed with: 1006 without the peer's close frame (section 7.1.5).
    pub fn closed_with(&self) -> (u16, &str) {
        match &self.received_close {
            Some((code, reason)) => (*code, reason),
            None => (1006, ""),
        }
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sent, received) = (self.sent_close, &self.received_close);
        write!(f, "Peer({:?}, close sent: {sent}, received: {received:?}, {:?})", self.role, self.failed)
    }
}
