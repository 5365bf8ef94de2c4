//! The WebSocket server behind simulated sockets: an echo, both ways of closing, handshakes that are refused, a server that shuts down.

use looplab_event_loop::EventLoop;
use looplab_net::http::Head;
use looplab_net::ws::{Happened, Limits, Message, Peer};
use looplab_net::{
    Address, Conn, ConnOptions, Protocol, Server, ServerOptions, WsHandler, WsOptions, WsService, connect,
};
use std::cell::RefCell;
use std::rc::Rc;

type Lines = Rc<RefCell<Vec<String>>>;

/// Answers with what it is told, and ends when told to.
struct Echo(Lines);

impl WsHandler for Echo {
    fn opened(&mut self, ws: &mut Peer, request: &Head) {
        let target = String::from_utf8_lossy(request.target()).into_owned();
        self.0.borrow_mut().push(format!("server: {target}"));
        ws.text("welcome").expect("a new connection is open");
    }

    fn message(&mut self, ws: &mut Peer, message: Message) {
        match message {
            Message::Text(text) if text == "end" => ws.close(4000, "as you wish").expect("it is open"),
            Message::Text(text) => ws.text(&text).expect("it is open"),
            Message::Binary(bytes) => ws.binary(&bytes).expect("it is open"),
            _ => {}
        }
    }

    fn closed(&mut self, code: u16, reason: &str) {
        self.0.borrow_mut().push(format!("server closed: {code} {reason}"));
    }
}

/// Sends a request and then its messages; the last word ends the conversation by itself or lets the server do it.
struct Client {
    lines: Lines,
    request: String,
    messages: Vec<&'static str>,
    closes: bool,
    head: Vec<u8>,
    peer: Option<Peer>,
}

impl Client {
    fn new(lines: &Lines, request: String, messages: &[&'static str], closes: bool) -> Client {
        let (lines, messages) = (lines.clone(), messages.to_vec());
        Client { lines, request, messages, closes, head: Vec::new(), peer: None }
    }

    fn say(&self, line: String) {
        self.lines.borrow_mut().push(line);
    }

    fn frames(&mut self, conn: &mut Conn, bytes: &[u8]) {
        let Some(mut peer) = self.peer.take() else { return };
        let mut rest = bytes;
        while let (used, Some(happened)) = peer.receive(rest) {
            rest = &rest[used..];
            match happened {
                Happened::Message(message) => self.say(format!("client: {message:?}")),
                other => self.say(format!("client: {other:?}")),
            }
            match self.messages.is_empty() {
                false => peer.text(self.messages.remove(0)).expect("it is open"),
                // Closing for a second time is refused, which is no matter here.
                true if self.closes => drop(peer.close(1000, "done")),
                true => {}
            }
        }
        conn.write(&[&peer.take_output()]);
        self.peer = Some(peer);
    }
}

impl Protocol for Client {
    fn opened(&mut self, conn: &mut Conn, _: u64) {
        conn.write(&[self.request.as_bytes()]);
    }

    fn received(&mut self, conn: &mut Conn, bytes: &[u8], _: u64) {
        if self.peer.is_some() {
            return self.frames(conn, bytes);
        }
        self.head.extend_from_slice(bytes);
        let Some(end) = self.head.windows(4).position(|w| w == b"\r\n\r\n") else { return };
        let rest = self.head.split_off(end + 4);
        let head = String::from_utf8_lossy(&self.head).replace("\r\n", "|");
        self.say(head.clone());
        if head.starts_with("HTTP/1.1 101") {
            let deflate =
                head.contains("permessage-deflate").then(|| looplab_net::ws::Deflate::new(false, false));
            self.peer = Some(Peer::client(Limits::default(), deflate, Box::new(|| [1, 2, 3, 4])));
            self.frames(conn, &rest);
        }
    }
}

fn handshake(more: &str) -> String {
    format!(
        "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n{more}\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// What both ends have to tell of one connection.
fn conversation(request: String, messages: &[&'static str], closes: bool, drains: bool) -> Vec<String> {
    let lines = Lines::default();
    let mut lp = EventLoop::simulated(Default::default());
    let at = Address::Ip(([127, 0, 0, 1], 0).into());
    let of_server = lines.clone();
    let service = WsService::factory(WsOptions::default(), move || Echo(of_server.clone()));
    let server = Server::listen(&mut lp, &at, ServerOptions::default(), service).unwrap();
    let to = server.address().clone();
    let client = Client::new(&lines, request, messages, closes);
    let stop = server.clone();
    connect(&mut lp, &to, ConnOptions::default(), client, move |lp, outcome| {
        outcome.unwrap();
        // What is open then goes on to its end.
        lp.set_timeout(if drains { 50 } else { 500 }, move |lp| stop.drain(lp, 2000));
    })
    .unwrap();
    lp.run().unwrap();
    let mut all = lines.borrow().clone();
    // The two ends hear of the end in either order.
    all.sort_by_key(|line| line.starts_with("server closed"));
    all
}

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols|Upgrade: websocket|Connection: Upgrade|Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=|";

#[test]
fn the_client_closes() {
    let told = conversation(handshake("Sec-WebSocket-Version: 13\r\n"), &["one", "two"], true, false);
    let expected = [
        "server: /chat",
        &format!("{SWITCH}|"),
        "client: Text(\"welcome\")",
        "client: Text(\"one\")",
        "client: Text(\"two\")",
        "client: Closing(1000, \"\")",
        "server closed: 1000 done",
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_server_closes_a_compressed_conversation() {
    let offers = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9, \
                  permessage-deflate; client_max_window_bits\r\n";
    let told = conversation(handshake(offers), &["end"], false, false);
    assert_eq!(told[1], format!("{SWITCH}Sec-WebSocket-Extensions: permessage-deflate||"));
    assert_eq!(told[3..], ["client: Closing(4000, \"as you wish\")", "server closed: 4000 "]);
}

#[test]
fn a_server_that_shuts_down_says_so() {
    let told = conversation(handshake("Sec-WebSocket-Version: 13\r\n"), &[], false, true);
    assert_eq!(told[3..], ["client: Closing(1001, \"\")", "server closed: 1001 "]);
}

#[test]
fn handshakes_that_are_refused() {
    let plain = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned();
    let post = handshake("Sec-WebSocket-Version: 13\r\n").replace("GET", "POST");
    let bad_key = handshake("Sec-WebSocket-Version: 13\r\n").replace("dGhl", "");
    for (request, status) in [
        (handshake("Sec-WebSocket-Version: 8\r\n"), "426"),
        (handshake(""), "426"),
        (plain, "400"),
        (post, "405"),
        (bad_key, "400"),
        ("nonsense\r\n\r\n".to_owned(), "400"),
    ] {
        let told = conversation(request, &[], false, true);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("HTTP/1.1 {status} ")), "{told:?}");
        assert_eq!(status == "426", told[0].contains("|Sec-WebSocket-Version: 13|"), "{told:?}");
    }
}
