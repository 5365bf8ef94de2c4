//! The WebSocket codec, rule by rule (RFC 6455 sections 5 and 7): two ends joined, and frames made by hand. Input is cut everywhere.

use looplab_net::ws::{Codec, Deflate, Failure, Limits, Message, Opcode, Role};
use proptest::prelude::*;

fn read(role: Role, limits: Limits, parts: &[&[u8]]) -> Result<Vec<Message>, Failure> {
    let mut codec = Codec::new(role, limits, None);
    let mut out = Vec::new();
    for part in parts {
        let mut rest = *part;
        loop {
            let (used, message) = codec.parse(rest)?;
            rest = &rest[used..];
            match message {
                Some(message) => out.push(message),
                None => break,
            }
        }
    }
    Ok(out)
}

/// Whole, cut in two everywhere, byte by byte.
fn check(role: Role, input: &[u8]) -> Result<Vec<Message>, Failure> {
    let whole = read(role, Limits::default(), &[input]);
    for cut in 1..input.len() {
        let (a, b) = input.split_at(cut);
        assert_eq!(read(role, Limits::default(), &[a, b]), whole, "cut at {cut}");
    }
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(read(role, Limits::default(), &bytes), whole);
    whole
}

fn frame(opcode: Opcode, fin: bool, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Codec::frame(&mut out, opcode, fin, false, payload, Some([1, 2, 3, 4]));
    out
}

#[test]
fn the_examples_of_the_specification() {
    let hello = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    assert_eq!(check(Role::Client, &hello).unwrap(), [Message::Text("Hello".into())]);
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(check(Role::Server, &masked).unwrap(), [Message::Text("Hello".into())]);
    let parts = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    assert_eq!(check(Role::Client, &parts).unwrap(), [Message::Text("Hello".into())]);
}

#[test]
fn control_frames_may_come_between_fragments() {
    let input = [
        frame(Opcode::Text, false, "fünf".as_bytes()),
        frame(Opcode::Ping, true, b"p"),
        frame(Opcode::Continuation, true, b"!"),
        frame(Opcode::Close, true, &[0x03, 0xe8, b'b', b'y', b'e']),
        frame(Opcode::Text, true, b"never read"),
    ]
    .concat();
    let wanted =
        [Message::Ping(b"p".to_vec()), Message::Text("fünf!".into()), Message::Close(1000, "bye".into())];
    assert_eq!(check(Role::Server, &input).unwrap(), wanted);
}

#[test]
fn every_must_not() {
    let table: &[(&str, Vec<u8>, u16)] = &[
        ("unmasked from a client", vec![0x81, 0x01, b'a'], 1002),
        ("reserved bit", vec![0xc1, 0x80, 1, 2, 3, 4], 1002),
        ("reserved opcode", vec![0x83, 0x80, 1, 2, 3, 4], 1002),
        ("reserved control opcode", vec![0x8b, 0x80, 1, 2, 3, 4], 1002),
        ("continuation of nothing", frame(Opcode::Continuation, true, b"a"), 1002),
        (
            "message inside a message",
            [frame(Opcode::Text, false, b"a"), frame(Opcode::Text, true, b"b")].concat(),
            1002,
        ),
        ("fragmented ping", vec![0x09, 0x80, 1, 2, 3, 4], 1002),
        ("long ping", vec![0x89, 0xfe, 0, 126, 1, 2, 3, 4], 1002),
        ("half a close code", frame(Opcode::Close, true, &[3]), 1002),
        ("close code 1005", frame(Opcode::Close, true, &[0x03, 0xed]), 1002),
        ("close code 999", frame(Opcode::Close, true, &[0x03, 0xe7]), 1002),
        ("close code 5000", frame(Opcode::Close, true, &[0x13, 0x88]), 1002),
        ("close reason not UTF-8", frame(Opcode::Close, true, &[0x03, 0xe8, 0xff]), 1007),
        ("text not UTF-8", frame(Opcode::Text, true, &[0xc3, 0x28]), 1007),
        ("text cut inside a character", frame(Opcode::Text, true, &[0xc3]), 1007),
        ("length with its top bit", vec![0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1002),
        ("larger than allowed", vec![0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4], 1009),
    ];
    for (what, input, code) in table {
        assert_eq!(check(Role::Server, input).map_err(|f| f.code), Err(*code), "{what}");
    }
    let masked = [0x81, 0x81, 1, 2, 3, 4, b'a'];
    assert_eq!(check(Role::Client, &masked).map_err(|f| f.code), Err(1002), "masked from a server");
}

#[test]
fn a_compressed_conversation() {
    for fresh in [false, true] {
        let mut one = Codec::new(Role::Client, Limits::default(), Some(Deflate::new(fresh, fresh)));
        let mut two = Codec::new(Role::Server, Limits::default(), Some(Deflate::new(fresh, fresh)));
        for round in 0..5 {
            let text = format!("{round} ").repeat(3000);
            let mut wire = Vec::new();
            one.message(&mut wire, Opcode::Text, text.as_bytes(), Some([9, 8, 7, 6]));
            assert!(wire.len() < text.len() / 10);
            assert_eq!(two.parse(&wire).unwrap(), (wire.len(), Some(Message::Text(text))));
        }
    }
}

#[test]
fn a_bomb_is_refused() {
    let mut one = Codec::new(Role::Server, Limits::default(), Some(Deflate::new(false, false)));
    let limits = Limits { message: 10_000, ..Limits::default() };
    let mut two = Codec::new(Role::Client, limits, Some(Deflate::new(false, false)));
    let mut wire = Vec::new();
    one.message(&mut wire, Opcode::Binary, &vec![0; 1 << 20], None);
    assert_eq!(two.parse(&wire).map_err(|f| f.code), Err(1009));
}

proptest! {
    #[test]
    fn messages_come_back(payload in proptest::collection::vec(any::<u8>(), 0..70_000), mask in any::<[u8; 4]>(), cut in 1usize..5000) {
        let mut wire = Vec::new();
        Codec::frame(&mut wire, Opcode::Binary, true, false, &payload, Some(mask));
        let parts: Vec<&[u8]> = wire.chunks(cut).collect();
        prop_assert_eq!(read(Role::Server, Limits::default(), &parts).unwrap(), vec![Message::Binary(payload)]);
    }

    #[test]
    fn never_panics(input in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(Role::Server, Limits::default(), &[&input]);
    }
}
