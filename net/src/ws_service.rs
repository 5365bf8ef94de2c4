//! A WebSocket server for Rust programs: a [`Protocol`] that takes the opening handshake and then drives a [`Peer`].

use crate::conn::{Conn, End};
use crate::http::{Event, Head, Kind, Limits as HttpLimits, Parser, reason};
use crate::queue::Wrote;
use crate::server::Protocol;
use crate::ws::handshake::{DeflateOffer, respond_with};
use crate::ws::{Deflate, Happened, Limits, Message, Peer};

/// What a server does with its connections. One value per connection.
pub trait WsHandler: 'static {
    /// The handshake is done.
    fn opened(&mut self, ws: &mut Peer, request: &Head) {
        let _ = (ws, request);
    }

    /// A message, a ping (answered already) or a pong has come.
    fn message(&mut self, ws: &mut Peer, message: Message);

    /// It is over: the peer's code and reason; 1006 when it went without a word.
    fn closed(&mut self, code: u16, reason: &str) {
        let _ = (code, reason);
    }
}

/// Limits of a [`WsService`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WsOptions {
    /// Limits of messages.
    pub limits: Limits,
    /// Messages are compressed where the client offers it. Default true.
    pub compress: bool,
    /// Milliseconds for the handshake to arrive. Default 10,000.
    pub handshake_timeout: u64,
    /// Milliseconds for the peer to answer a close frame, and for the connection to end then. Default 30,000.
    pub close_timeout: u64,
}

impl Default for WsOptions {
    fn default() -> Self {
        WsOptions {
            limits: Limits::default(),
            compress: true,
            handshake_timeout: 10_000,
            close_timeout: 30_000,
        }
    }
}

/// One connection of a WebSocket server.
pub struct WsService<H> {
    options: WsOptions,
    handler: H,
    /// Until the handshake is done.
    parser: Parser,
    peer: Option<Peer>,
    /// The closing handshake has its time limit.
    limited: bool,
    told: bool,
}

impl<H: WsHandler> WsService<H> {
    /// A maker of connections, for [`crate::Server::listen`].
    pub fn factory(
        options: WsOptions,
        mut make: impl FnMut() -> H + 'static,
    ) -> impl FnMut() -> WsService<H> {
        move || WsService {
            options,
            handler: make(),
            parser: Parser::new(Kind::Request, HttpLimits::default()),
            peer: None,
            limited: false,
            told: false,
        }
    }

    /// Reads the request; what follows it in `bytes`, once it is answered.
    fn shake_hands<'b>(&mut self, conn: &mut Conn, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let answer = match self.parser.parse(bytes) {
            Ok((_, None)) => return None,
            Ok((used, Some(Event::Head(head, _)))) => {
                let offer = DeflateOffer::of(&head).filter(|_| self.options.compress);
                match respond_with(&head, None, offer) {
                    Ok(text) => {
                        conn.write(&[text.as_bytes()]);
                        conn.deadline.clear();
                        let deflate = offer.map(|o| Deflate::new(o.server_fresh, o.client_fresh));
                        let mut peer = Peer::server(self.options.limits, deflate);
                        self.handler.opened(&mut peer, &head);
                        self.peer = Some(peer);
                        return Some(&bytes[used..]);
                    }
                    Err(status) => status,
                }
            }
            Ok(_) => 400,
            Err(error) => error.code.status(),
        };
        let version = if answer == 426 { "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n" } else { "" };
        let text = format!(
            "HTTP/1.1 {answer} {}\r\n{version}Connection: close\r\nContent-Length: 0\r\n\r\n",
            reason(answer)
        );
        conn.write(&[text.as_bytes()]);
        conn.end();
        conn.pause();
        None
    }

    fn take(&mut self, conn: &mut Conn, bytes: &[u8], now: u64) {
        let Some(peer) = &mut self.peer else { return };
        let mut rest = bytes;
        while let (used, Some(happened)) = peer.receive(rest) {
            rest = &rest[used..];
            if let Happened::Message(message) = happened {
                self.handler.message(peer, message);
            }
        }
        self.send(conn, now);
    }

    /// Sends what there is to send, and ends what is to end.
    fn send(&mut self, conn: &mut Conn, now: u64) {
        let Some(peer) = &mut self.peer else { return };
        let out = peer.take_output();
        if !out.is_empty() && conn.write(&[&out]) == Wrote::Full {
            conn.close(End::TooSlow);
            return;
        }
        if peer.ends_connection() {
            conn.end();
            conn.pause();
        }
        if !peer.is_open() && !std::mem::replace(&mut self.limited, true) {
            conn.deadline.set(now, Some(self.options.close_timeout));
        }
    }
}

impl<H: WsHandler> Protocol for WsService<H> {
    fn opened(&mut self, conn: &mut Conn, now: u64) {
        conn.deadline.set(now, Some(self.options.handshake_timeout));
    }

    fn received(&mut self, conn: &mut Conn, bytes: &[u8], now: u64) {
        let rest = match self.peer {
            Some(_) => Some(bytes),
            None => self.shake_hands(conn, bytes),
        };
        if let Some(rest) = rest {
            self.take(conn, rest, now);
        }
    }

    fn draining(&mut self, conn: &mut Conn, now: u64) {
        match &mut self.peer {
            // 1001: going away. Who is closing already needs no second word.
            Some(peer) => {
                let _ = peer.close(1001, "");
                self.send(conn, now);
            }
            None => conn.end(),
        }
    }

    fn closed(&mut self, _: &End) {
        if let Some(peer) = &self.peer
            && !std::mem::replace(&mut self.told, true)
        {
            let (code, reason) = peer.closed_with();
            self.handler.closed(code, reason);
        }
    }
}
