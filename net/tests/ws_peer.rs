//! A whole end of a WebSocket connection against the rules of RFC 6455, in the order in which a well-known suite of cases has them (sizes,
//! pings, reserved bits, opcodes, fragments, UTF-8, closing), and against tungstenite as the other end, in both roles.

use looplab_net::ws::{Codec, Deflate, Happened, Limits, Message, Opcode, Peer, Refused, Role};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;
use tungstenite::protocol::Role as TheirRole;
use tungstenite::protocol::frame::{CloseFrame, coding::CloseCode};
use tungstenite::{Error, Message as Theirs, WebSocket};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn frame(opcode: Opcode, fin: bool, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Codec::frame(&mut out, opcode, fin, false, payload, Some(MASK));
    out
}

fn close(payload: &[u8]) -> Vec<u8> {
    frame(Opcode::Close, true, payload)
}

/// What a server makes of frames: what happened, what it says, and whether it ends the connection.
fn served(frames: &[Vec<u8>]) -> (Vec<Happened>, Vec<Message>, bool) {
    let bytes = frames.concat();
    let whole = served_in(&bytes, bytes.len().max(1));
    for size in [1, 3, 7] {
        assert_eq!(served_in(&bytes, size), whole, "in parts of {size}");
    }
    whole
}

/// All that happens with these bytes.
fn all(peer: &mut Peer, bytes: &[u8]) -> Vec<Happened> {
    let mut rest = bytes;
    let mut happened = Vec::new();
    while let (used, Some(one)) = peer.receive(rest) {
        rest = &rest[used..];
        happened.push(one);
    }
    happened
}

fn served_in(bytes: &[u8], size: usize) -> (Vec<Happened>, Vec<Message>, bool) {
    let mut peer = Peer::server(Limits::default(), None);
    let mut happened = Vec::new();
    for part in bytes.chunks(size) {
        let mut rest = part;
        while let (used, Some(one)) = peer.receive(rest) {
            rest = &rest[used..];
            if let Happened::Message(Message::Text(text)) = &one {
                // An echo, as in the suite.
                let _ = peer.text(text);
            }
            happened.push(one);
        }
    }
    (happened, said(&peer.take_output()), peer.ends_connection())
}

/// The messages in what a server sent.
fn said(bytes: &[u8]) -> Vec<Message> {
    let mut codec = Codec::new(Role::Client, Limits::default(), None);
    let mut rest = bytes;
    let mut all = Vec::new();
    while let (used, Some(message)) = codec.parse(rest).expect("a server keeps to the rules") {
        rest = &rest[used..];
        all.push(message);
    }
    all
}

fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

fn failed_with(frames: &[Vec<u8>], code: u16) {
    let (happened, said, ends) = served(frames);
    let told = matches!(happened.last(), Some(Happened::Failed(failure)) if failure.code == code);
    assert!(told, "{happened:?}");
    assert!(matches!(said.last(), Some(Message::Close(sent, _)) if *sent == code), "{said:?}");
    assert!(ends, "a failed connection is ended");
}

#[test]
fn pings_are_answered_in_order_with_what_they_brought() {
    for payload in [&b""[..], b"Hello", &[0, 0xff, 0xfe, 0xfd], &[0xfe; 125]] {
        let (happened, said, ends) = served(&[frame(Opcode::Ping, true, payload)]);
        assert_eq!(happened, [Happened::Message(Message::Ping(payload.to_vec()))]);
        assert_eq!(said, [Message::Pong(payload.to_vec())]);
        assert!(!ends);
    }
    let ten: Vec<Vec<u8>> = (0..10).map(|i| frame(Opcode::Ping, true, &[i])).collect();
    assert_eq!(served(&ten).1, (0..10).map(|i| Message::Pong(vec![i])).collect::<Vec<_>>());
}

#[test]
fn pongs_that_nobody_asked_for_are_heard_and_not_answered() {
    let (happened, said, _) =
        served(&[frame(Opcode::Pong, true, b"unasked"), frame(Opcode::Ping, true, b"p")]);
    assert_eq!(happened[0], Happened::Message(Message::Pong(b"unasked".to_vec())));
    assert_eq!(said, [Message::Pong(b"p".to_vec())]);
}

#[test]
fn reserved_bits_and_opcodes_fail_the_connection() {
    for bits in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
        for opcode in [1, 2, 8, 9, 10] {
            let mut bad = vec![0x80 | bits | opcode, 0x80];
            bad.extend_from_slice(&MASK);
            failed_with(&[frame(Opcode::Text, true, b"first"), bad], 1002);
        }
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let mut bad = vec![0x80 | opcode, 0x80];
        bad.extend_from_slice(&MASK);
        let (happened, said, _) = served(&[frame(Opcode::Text, true, b"first"), bad.clone()]);
        assert_eq!(happened[0], Happened::Message(text("first")));
        assert_eq!(said[0], text("first"), "what came before is answered");
        failed_with(&[bad], 1002);
    }
}

#[test]
fn fragments() {
    let begin = |payload: &[u8]| frame(Opcode::Text, false, payload);
    let more = |fin, payload: &[u8]| frame(Opcode::Continuation, fin, payload);
    let ping = frame(Opcode::Ping, true, b"ping");
    for (frames, echo) in [
        (vec![begin(b"fragment1"), more(true, b"fragment2")], "fragment1fragment2"),
        (vec![begin(b""), more(false, b""), more(true, b"")], ""),
        (vec![begin(b""), more(false, b"middle"), more(true, b"")], "middle"),
    ] {
        assert_eq!(served(&frames).1, [text(echo)]);
    }
    let (_, said, _) =
        served(&[begin(b"1"), ping.clone(), more(false, b"2"), ping.clone(), more(true, b"3"), ping.clone()]);
    let pong = Message::Pong(b"ping".to_vec());
    assert_eq!(said, [pong.clone(), pong.clone(), text("123"), pong]);
    for bad in [
        vec![frame(Opcode::Ping, false, b"a"), more(true, b"b")],
        vec![frame(Opcode::Pong, false, b"a"), more(true, b"b")],
        vec![more(true, b"of nothing"), frame(Opcode::Text, true, b"x")],
        vec![more(false, b"of nothing"), frame(Opcode::Text, true, b"x")],
        vec![begin(b"1"), frame(Opcode::Text, true, b"2")],
        vec![begin(b"1"), frame(Opcode::Binary, false, b"2")],
        vec![begin(b"1"), more(true, b"2"), more(true, b"3")],
        vec![frame(Opcode::Close, false, b"")],
    ] {
        failed_with(&bad, 1002);
    }
}

#[test]
fn text_is_utf_8_wherever_it_is_cut() {
    let valid = [
        "Hello-µ@ßöäüàá-UTF-8!!",
        "κόσμε",
        "\u{0}",
        "\u{80}\u{800}\u{10000}",
        "\u{7f}\u{7ff}\u{ffff}\u{10ffff}",
        "\u{d7ff}\u{e000}\u{fffd}",
        "\u{fffe}\u{ffff}\u{1fffe}",
    ];
    for one in valid {
        assert_eq!(served(&[frame(Opcode::Text, true, one.as_bytes())]).1, [text(one)]);
        let bytes: Vec<Vec<u8>> = one
            .bytes()
            .enumerate()
            .map(|(i, b)| frame(if i == 0 { Opcode::Text } else { Opcode::Continuation }, false, &[b]))
            .chain([frame(Opcode::Continuation, true, b"")])
            .collect();
        assert_eq!(served(&bytes).1, [text(one)], "a fragment a byte");
    }
    let invalid: &[&[u8]] = &[
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
        b"\x80",
        b"\xbf\xbf",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        b"\xfe",
        b"\xff",
        b"a\xc3",
        b"\xe1\xbd",
    ];
    for bytes in invalid {
        failed_with(&[frame(Opcode::Text, true, bytes)], 1007);
    }
    // It fails where it goes wrong, before the message is over.
    let (happened, _, ends) = served(&[frame(Opcode::Text, false, b"\xce\xba\xf4\x90")]);
    assert!(matches!(happened[..], [Happened::Failed(f)] if f.code == 1007) && ends);
}

#[test]
fn the_closing_handshake() {
    let (happened, said, ends) = served(&[frame(Opcode::Text, true, b"x"), close(&[3, 0xe8])]);
    assert_eq!(happened[1], Happened::Closing(1000, String::new()));
    assert_eq!(said, [text("x"), Message::Close(1000, String::new())], "the answer carries the code");
    assert!(ends, "the server ends the connection");
    // After it nothing is heard, and nothing answered.
    for after in
        [close(&[3, 0xe8]), frame(Opcode::Ping, true, b"p"), frame(Opcode::Text, true, b"y"), vec![0xff]]
    {
        assert_eq!(served(&[frame(Opcode::Text, true, b"x"), close(&[3, 0xe8]), after]).1, said);
    }
    // A message that was under way is given up.
    let (happened, _, _) = served(&[frame(Opcode::Text, false, b"begun"), close(b"")]);
    assert_eq!(happened, [Happened::Closing(1005, String::new())]);
}

#[test]
fn close_frames_of_every_kind() {
    assert_eq!(served(&[close(b"")]).1, [Message::Close(1005, String::new())], "none for none");
    failed_with(&[close(&[3])], 1002);
    let longest = [&[3, 0xe8][..], &[b'*'; 123]].concat();
    assert_eq!(served(&[close(&longest)]).0, [Happened::Closing(1000, "*".repeat(123))]);
    failed_with(&[close(&[&longest[..], b"*"].concat())], 1002);
    failed_with(&[close(b"\x03\xe8\xce\xba\xed\xa0\x80")], 1007);
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        let (happened, said, _) = served(&[close(&u16::to_be_bytes(code))]);
        assert_eq!(happened, [Happened::Closing(code, String::new())]);
        assert_eq!(said, [Message::Close(code, String::new())]);
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        failed_with(&[close(&u16::to_be_bytes(code))], 1002);
    }
}

#[test]
fn nothing_follows_a_close_frame_of_ours() {
    let mut peer = Peer::server(Limits::default(), None);
    for code in [0, 999, 1004, 1006, 1015, 2999, 5000] {
        assert_eq!(peer.close(code, ""), Err(Refused::Code));
    }
    assert_eq!(peer.ping(&[0; 126]), Err(Refused::TooLong));
    peer.close(4000, &"ü".repeat(100)).unwrap();
    assert_eq!(peer.text("x"), Err(Refused::Closing));
    assert_eq!(peer.binary(b"x"), Err(Refused::Closing));
    assert_eq!(peer.ping(b""), Err(Refused::Closing));
    assert_eq!(peer.close(1000, ""), Err(Refused::Closing));
    // What was on its way from the peer is still heard; its ping is not answered any more.
    let late = [frame(Opcode::Text, true, b"late"), frame(Opcode::Ping, true, b"p")].concat();
    assert_eq!(all(&mut peer, &late).len(), 2);
    assert!(!peer.ends_connection(), "the peer's close frame is awaited");
    assert_eq!(peer.closed_with().0, 1006);
    assert_eq!(all(&mut peer, &close(&[0x0f, 0xa0])), [Happened::Closing(4000, String::new())]);
    assert!(peer.ends_connection());
    // A reason is cut between two characters.
    assert_eq!(said(&peer.take_output()), [Message::Close(4000, "ü".repeat(61))]);
}

// ---- the other end is tungstenite ----

/// One direction of a wire.
type Wire = Rc<RefCell<VecDeque<u8>>>;

/// A stream over two wires, which would block when nothing has come.
struct Ends {
    input: Wire,
    output: Wire,
}

impl Read for Ends {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.input.borrow_mut().read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }
}

impl Write for Ends {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Conversation {
    ours: Peer,
    theirs: WebSocket<Ends>,
    to_them: Wire,
    from_them: Wire,
}

impl Conversation {
    fn new(role: Role) -> Conversation {
        let (to_them, from_them) = (Wire::default(), Wire::default());
        let ends = Ends { input: to_them.clone(), output: from_them.clone() };
        let mut seed = 7u32;
        let masks = Box::new(move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()
        });
        let (ours, their_role) = match role {
            Role::Server => (Peer::server(Limits::default(), None), TheirRole::Client),
            Role::Client => (Peer::client(Limits::default(), None, masks), TheirRole::Server),
        };
        let theirs = WebSocket::from_raw_socket(ends, their_role, None);
        Conversation { ours, theirs, to_them, from_them }
    }

    /// What reaches them.
    fn they_read(&mut self) -> Vec<Result<Theirs, String>> {
        self.to_them.borrow_mut().extend(self.ours.take_output());
        let mut all = Vec::new();
        loop {
            match self.theirs.read() {
                Ok(message) => all.push(Ok(message)),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return all,
                Err(Error::ConnectionClosed) => return all,
                Err(error) => {
                    all.push(Err(error.to_string()));
                    return all;
                }
            }
        }
    }

    /// What reaches us.
    fn we_read(&mut self) -> Vec<Happened> {
        self.theirs
            .flush()
            .unwrap_or_else(|error| assert!(matches!(error, Error::ConnectionClosed), "{error}"));
        let bytes: Vec<u8> = self.from_them.borrow_mut().drain(..).collect();
        all(&mut self.ours, &bytes)
    }
}

#[test]
fn messages_of_all_sizes_with_tungstenite() {
    for role in [Role::Server, Role::Client] {
        let mut talk = Conversation::new(role);
        for size in [0, 1, 125, 126, 127, 128, 65_535, 65_536, 200_000] {
            let words = "é".repeat(size / 2);
            talk.ours.text(&words).unwrap();
            talk.ours.binary(&vec![0xfe; size]).unwrap();
            assert_eq!(
                talk.they_read(),
                [Ok(Theirs::text(words.clone())), Ok(Theirs::binary(vec![0xfe; size]))]
            );
            talk.theirs.send(Theirs::text(words.clone())).unwrap();
            talk.theirs.send(Theirs::binary(vec![1; size])).unwrap();
            let expected = [Message::Text(words), Message::Binary(vec![1; size])].map(Happened::Message);
            assert_eq!(talk.we_read(), expected);
        }
        talk.ours.ping(b"there?").unwrap();
        assert_eq!(talk.they_read(), [Ok(Theirs::Ping(b"there?"[..].into()))]);
        assert_eq!(talk.we_read(), [Happened::Message(Message::Pong(b"there?".to_vec()))]);
        talk.theirs.send(Theirs::Ping(b"you?"[..].into())).unwrap();
        assert_eq!(talk.we_read(), [Happened::Message(Message::Ping(b"you?".to_vec()))]);
        assert_eq!(talk.they_read(), [Ok(Theirs::Pong(b"you?"[..].into()))]);
    }
}

#[test]
fn closings_with_tungstenite() {
    for role in [Role::Server, Role::Client] {
        let mut talk = Conversation::new(role);
        talk.ours.close(4001, "bye").unwrap();
        let frame = CloseFrame { code: CloseCode::from(4001), reason: "bye".into() };
        assert_eq!(talk.they_read(), [Ok(Theirs::Close(Some(frame)))]);
        assert!(matches!(&talk.we_read()[..], [Happened::Closing(4001, _)]));
        assert_eq!(talk.ours.ends_connection(), role == Role::Server);

        let mut talk = Conversation::new(role);
        let frame = CloseFrame { code: CloseCode::Away, reason: "going".into() };
        talk.theirs.close(Some(frame)).unwrap();
        assert_eq!(talk.we_read(), [Happened::Closing(1001, "going".into())]);
        let answer = talk.they_read();
        assert!(
            matches!(&answer[..], [Ok(Theirs::Close(Some(f)))] if f.code == CloseCode::Away),
            "{answer:?}"
        );
        assert_eq!(talk.ours.closed_with(), (1001, "going"));
    }
}

#[test]
fn what_breaks_a_rule_is_refused_by_both() {
    // Text that is no text, as a frame that both are given.
    let mut talk = Conversation::new(Role::Server);
    talk.theirs
        .send(Theirs::Frame(tungstenite::protocol::frame::Frame::message(
            &b"\xc3\x28"[..],
            tungstenite::protocol::frame::coding::OpCode::Data(
                tungstenite::protocol::frame::coding::Data::Text,
            ),
            true,
        )))
        .unwrap();
    assert!(matches!(talk.we_read()[..], [Happened::Failed(f)] if f.code == 1007));
    let told = talk.they_read();
    assert!(matches!(&told[..], [Ok(Theirs::Close(Some(f)))] if f.code == CloseCode::Invalid), "{told:?}");
}

#[test]
fn compressed_both_ways() {
    for fresh in [false, true] {
        let deflate = || Some(Deflate::new(fresh, fresh));
        let mut server = Peer::server(Limits::default(), deflate());
        let mut client = Peer::client(Limits::default(), deflate(), Box::new(|| MASK));
        for round in 0..4 {
            let words = format!("round {round} ").repeat(2000);
            client.text(&words).unwrap();
            let wire = client.take_output();
            assert!(wire.len() < words.len() / 10);
            assert_eq!(all(&mut server, &wire), [Happened::Message(Message::Text(words.clone()))]);
            server.text(&words).unwrap();
            let wire = server.take_output();
            assert_eq!(all(&mut client, &wire), [Happened::Message(Message::Text(words))]);
        }
    }
}
