//! Frames and messages (RFC 6455 sections 5 and 7).

use super::deflate::Deflate;

/// Which end this is: clients mask what they send, servers must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sends unmasked, receives masked.
    Server,
    /// The other way round.
    Client,
}

/// Limits of what is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message, all fragments together and inflated. Default 16 MiB.
    pub message: usize,
    /// Frames of a message. Default 65,536.
    pub fragments: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: 16 << 20, fragments: 1 << 16 }
    }
}

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// More of the message before.
    Continuation = 0,
    /// UTF-8.
    Text = 1,
    /// Bytes.
    Binary = 2,
    /// The end.
    Close = 8,
    /// Are you there?
    Ping = 9,
    /// I am.
    Pong = 10,
}

/// A whole message, or a control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// To be answered by a pong with the same bytes.
    Ping(Vec<u8>),
    /// The answer to a ping, or unasked for.
    Pong(Vec<u8>),
    /// The peer ends: code (1005 when it gave none) and reason. To be answered by a close with the same code.
    Close(u16, String),
}

/// The peer broke a rule: the connection is to be failed with this close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// 1002 (protocol), 1007 (not UTF-8) or 1009 (too large).
    pub code: u16,
    /// In words.
    pub reason: &'static str,
}

fn protocol<T>(reason: &'static str) -> Result<T, Failure> {
    Err(Failure { code: 1002, reason })
}

/// A frame's head.
#[derive(Debug, Clone, Copy)]
struct Frame {
    fin: bool,
    compressed: bool,
    opcode: Opcode,
    mask: Option<[u8; 4]>,
    len: usize,
    done: usize,
}

/// One end of a connection.
#[derive(Debug)]
pub struct Codec {
    role: Role,
    limits: Limits,
    deflate: Option<Deflate>,
    head: Vec<u8>,
    frame: Option<Frame>,
    /// The payload of the control frame under way.
    control: Vec<u8>,
    /// The message under way: kind, compressed, bytes, frames, how far it is known to be UTF-8.
    message: Option<(Opcode, bool)>,
    data: Vec<u8>,
    fragments: usize,
    valid: usize,
    closed: bool,
}

impl Codec {
    /// After a handshake that agreed on `deflate`.
    pub fn new(role: Role, limits: Limits, deflate: Option<Deflate>) -> Codec {
        Codec {
            role,
            limits,
            deflate,
            head: Vec::new(),
            frame: None,
            control: Vec::new(),
            message: None,
            data: Vec::new(),
            fragments: 0,
            valid: 0,
            closed: false,
        }
    }

    /// Takes the next message from `input`: how many bytes are used up, and the message if it is whole. After a close frame nothing
    /// more comes.
    ///
    /// # Errors
    /// The peer broke a rule.
    pub fn parse(&mut self, input: &[u8]) -> Result<(usize, Option<Message>), Failure> {
        let mut at = 0;
        while !self.closed {
            let Some(frame) = self.frame else {
                if at == input.len() {
                    break;
                }
                at += self.frame_head(&input[at..])?;
                continue;
            };
            let n = (frame.len - frame.done).min(input.len() - at);
            if n == 0 && frame.done < frame.len {
                break;
            }
            self.payload(frame, &input[at..at + n])?;
            at += n;
            if frame.done + n < frame.len {
                break;
            }
            self.frame = None;
            if let Some(message) = self.finish(frame)? {
                return Ok((at, Some(message)));
            }
        }
        Ok((if self.closed { input.len() } else { at }, None))
    }

    /// Collects a frame's head; how many bytes it took.
    fn frame_head(&mut self, input: &[u8]) -> Result<usize, Failure> {
        let mut used = 0;
        loop {
            let wanted = match self.head.get(1) {
                None => 2,
                Some(b) => {
                    let extended = match b & 0x7f {
                        126 => 2,
                        127 => 8,
                        _ => 0,
                    };
                    2 + extended + if b & 0x80 != 0 { 4 } else { 0 }
                }
            };
            if self.head.len() == wanted && self.head.len() >= 2 {
                break;
            }
            let Some(b) = input.get(used) else { return Ok(used) };
            self.head.push(*b);
            used += 1;
            if self.head.len() == 2 {
                self.check_first_two()?;
            }
        }
        let head = std::mem::take(&mut self.head);
        self.frame = Some(self.open(&head)?);
        Ok(used)
    }

    fn check_first_two(&self) -> Result<(), Failure> {
        let (first, second) = (self.head[0], self.head[1]);
        let masked = second & 0x80 != 0;
        if masked != (self.role == Role::Server) {
            return protocol(if masked {
                "masked frame from a server"
            } else {
                "unmasked frame from a client"
            });
        }
        let compressible = matches!(first & 0x0f, 1 | 2) && self.deflate.is_some();
        if first & 0x30 != 0 || (first & 0x40 != 0 && !compressible) {
            return protocol("reserved bits set");
        }
        match first & 0x0f {
            0 if self.message.is_none() => protocol("continuation of nothing"),
            1 | 2 if self.message.is_some() => protocol("new message inside another"),
            0..=2 => Ok(()),
            8..=10 if first & 0x80 == 0 => protocol("fragmented control frame"),
            8..=10 if second & 0x7f > 125 => protocol("control frame too long"),
            8 if second & 0x7f == 1 => protocol("close frame with half a code"),
            8..=10 => Ok(()),
            _ => protocol("unknown opcode"),
        }
    }

    fn open(&mut self, head: &[u8]) -> Result<Frame, Failure> {
        let opcode = match head[0] & 0x0f {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            _ => Opcode::Pong,
        };
        let (len, rest) = match head[1] & 0x7f {
            126 => (u64::from(u16::from_be_bytes([head[2], head[3]])), &head[4..]),
            127 => {
                let mut bytes = [0; 8];
                bytes.copy_from_slice(&head[2..10]);
                (u64::from_be_bytes(bytes), &head[10..])
            }
            n => (u64::from(n), &head[2..]),
        };
        if len >> 63 != 0 {
            return protocol("length with its top bit set");
        }
        let whole = self.data.len() as u64 + len;
        if (opcode as u8) < 8 && whole > self.limits.message as u64 {
            return Err(Failure { code: 1009, reason: "message too large" });
        }
        if matches!(opcode, Opcode::Text | Opcode::Binary) {
            self.message = Some((opcode, head[0] & 0x40 != 0));
            (self.fragments, self.valid) = (0, 0);
            self.data.clear();
        }
        if (opcode as u8) < 8 {
            self.fragments += 1;
            if self.fragments > self.limits.fragments {
                return Err(Failure { code: 1009, reason: "too many fragments" });
            }
        }
        let mask = <[u8; 4]>::try_from(rest).ok();
        Ok(Frame {
            fin: head[0] & 0x80 != 0,
            compressed: head[0] & 0x40 != 0,
            opcode,
            mask,
            len: len as usize,
            done: 0,
        })
    }

    fn payload(&mut self, frame: Frame, bytes: &[u8]) -> Result<(), Failure> {
        let control = frame.opcode as u8 >= 8;
        let out = if control { &mut self.control } else { &mut self.data };
        let from = out.len();
        out.extend_from_slice(bytes);
        if let Some(mask) = frame.mask {
            for (i, b) in out[from..].iter_mut().enumerate() {
                *b ^= mask[(frame.done + i) % 4];
            }
        }
        self.frame = Some(Frame { done: frame.done + bytes.len(), ..frame });
        // Text is refused where it goes wrong, not when it is over.
        if !control && self.message == Some((Opcode::Text, false)) {
            return self.check_text(false);
        }
        Ok(())
    }

    fn check_text(&mut self, last: bool) -> Result<(), Failure> {
        match std::str::from_utf8(&self.data[self.valid..]) {
            Ok(_) => self.valid = self.data.len(),
            Err(error) if error.error_len().is_none() && !last => self.valid += error.valid_up_to(),
            Err(_) => return Err(Failure { code: 1007, reason: "text is not UTF-8" }),
        }
        Ok(())
    }

    fn finish(&mut self, frame: Frame) -> Result<Option<Message>, Failure> {
        debug_assert!(!frame.compressed || self.deflate.is_some());
        match frame.opcode {
            Opcode::Close => self.finish_close().map(Some),
            Opcode::Ping => Ok(Some(Message::Ping(std::mem::take(&mut self.control)))),
            Opcode::Pong => Ok(Some(Message::Pong(std::mem::take(&mut self.control)))),
            _ if !frame.fin => Ok(None),
            _ => {
                let Some((kind, compressed)) = self.message.take() else { return Ok(None) };
                if let (true, Some(deflate)) = (compressed, &mut self.deflate) {
                    self.data =
                        deflate.inflate(&self.data, self.limits.message).map_err(|large| match large {
                            true => Failure { code: 1009, reason: "message too large" },
                            false => Failure { code: 1007, reason: "invalid compressed data" },
                        })?;
                    self.valid = 0;
                }
                if kind == Opcode::Text {
                    self.check_text(true)?;
                }
                let data = std::mem::take(&mut self.data);
                Ok(Some(match kind {
                    Opcode::Text => match String::from_utf8(data) {
                        Ok(text) => Message::Text(text),
                        Err(_) => return Err(Failure { code: 1007, reason: "text is not UTF-8" }),
                    },
                    _ => Message::Binary(data),
                }))
            }
        }
    }

    fn finish_close(&mut self) -> Result<Message, Failure> {
        self.closed = true;
        let bytes = std::mem::take(&mut self.control);
        let [a, b, reason @ ..] = &bytes[..] else { return Ok(Message::Close(1005, String::new())) };
        let code = u16::from_be_bytes([*a, *b]);
        if !is_close_code(code) {
            return protocol("invalid close code");
        }
        match std::str::from_utf8(reason) {
            Ok(reason) => Ok(Message::Close(code, reason.to_owned())),
            Err(_) => Err(Failure { code: 1007, reason: "close reason is not UTF-8" }),
        }
    }

    /// Appends a frame to `out`. Clients give a fresh random mask for each.
    pub fn frame(
        out: &mut Vec<u8>,
        opcode: Opcode,
        fin: bool,
        compressed: bool,
        payload: &[u8],
        mask: Option<[u8; 4]>,
    ) {
        out.push(opcode as u8 | if fin { 0x80 } else { 0 } | if compressed { 0x40 } else { 0 });
        let bit = if mask.is_some() { 0x80 } else { 0 };
        match payload.len() {
            n @ 0..=125 => out.push(bit | n as u8),
            n @ 126..=0xffff => {
                out.push(bit | 126);
                out.extend_from_slice(&(n as u16).to_be_bytes());
            }
            n => {
                out.push(bit | 127);
                out.extend_from_slice(&(n as u64).to_be_bytes());
            }
        }
        match mask {
            None => out.extend_from_slice(payload),
            Some(mask) => {
                out.extend_from_slice(&mask);
                out.extend(payload.iter().enumerate().map(|(i, b)| b ^ mask[i % 4]));
            }
        }
    }

    /// Appends a whole message, compressed where that was agreed and pays.
    pub fn message(&mut self, out: &mut Vec<u8>, opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>) {
        if payload.len() >= 1024
            && let Some(deflate) = &mut self.deflate
            && let Some(packed) = deflate.compress(payload)
        {
            return Codec::frame(out, opcode, true, true, &packed, mask);
        }
        Codec::frame(out, opcode, true, false, payload, mask);
    }

    /// Appends a close frame; code 1005 stands for none.
    pub fn close(out: &mut Vec<u8>, code: u16, reason: &str, mask: Option<[u8; 4]>) {
        let mut payload = Vec::new();
        if code != 1005 {
            payload.extend_from_slice(&code.to_be_bytes());
            let mut end = reason.len().min(123);
            while !reason.is_char_boundary(end) {
                end -= 1;
            }
            payload.extend_from_slice(&reason.as_bytes()[..end]);
        }
        Codec::frame(out, Opcode::Close, true, false, &payload, mask);
    }
}

/// Codes that may stand in a close frame (section 7.4).
pub(super) fn is_close_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
