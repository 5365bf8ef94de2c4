//! The HTTP codec: every message is fed whole and cut in two at every byte boundary, and byte by byte; the events must be the same.

use looplab_net::http::{Code, Event, Framing, Kind, Limits, ParseError, Parser};
use proptest::prelude::*;

/// What came of a stream, put together so that cuts in a body don't show.
#[derive(Debug, PartialEq, Eq, Clone)]
enum Seen {
    Head(String, Vec<(String, String)>, bool, bool),
    Body(Vec<u8>),
    End(Vec<(String, String)>),
    Refused(Code),
    Finished,
}

/// Both kinds of parsers under one roof.
struct Pair {
    kind: Kind,
    methods: Vec<&'static str>,
}

impl Pair {
    fn requests() -> Pair {
        Pair { kind: Kind::Request, methods: Vec::new() }
    }

    fn responses(methods: &[&'static str]) -> Pair {
        Pair { kind: Kind::Response, methods: methods.to_vec() }
    }

    /// Feeds the parts in order and says what was seen; `fin` tells the end of the stream at the end.
    fn feed(&self, parts: &[&[u8]], fin: bool) -> Vec<Seen> {
        let mut parser = Parser::new(self.kind, Limits::default());
        let mut methods = self.methods.iter();
        if let Some(method) = methods.next() {
            parser.expect(method);
        }
        let mut seen = Vec::new();
        for part in parts {
            let mut rest = *part;
            loop {
                match parser.parse(rest) {
                    Err(error) => {
                        seen.push(Seen::Refused(error.code));
                        return seen;
                    }
                    Ok((used, event)) => {
                        rest = &rest[used..];
                        let Some(event) = event else { break };
                        if matches!(event, Event::End(_))
                            && let Some(method) = methods.next()
                        {
                            note(&mut seen, event);
                            parser.expect(method);
                            continue;
                        }
                        note(&mut seen, event);
                    }
                }
            }
        }
        if fin {
            match parser.finish() {
                Ok(Some(event)) => note(&mut seen, event),
                Ok(None) => {}
                Err(ParseError { code, .. }) => {
                    seen.push(Seen::Refused(code));
                    return seen;
                }
            }
            seen.push(Seen::Finished);
        }
        seen
    }

    /// Whole, cut at each boundary, byte by byte: always the same.
    fn check(&self, input: &[u8], fin: bool) -> Vec<Seen> {
        let whole = self.feed(&[input], fin);
        for cut in 1..input.len() {
            let (a, b) = input.split_at(cut);
            assert_eq!(self.feed(&[a, b], fin), whole, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(self.feed(&bytes, fin), whole, "byte by byte");
        whole
    }
}

fn pairs(head: &looplab_net::http::Head) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    head.fields().map(|(name, value)| (text(name), text(value))).collect()
}

fn note(seen: &mut Vec<Seen>, event: Event<'_>) {
    match event {
        Event::Head(head, _) => {
            let line = match head.status {
                0 => format!("{} {}", head.method_name(), String::from_utf8_lossy(head.target())),
                status => format!("{status} {}", String::from_utf8_lossy(head.target())),
            };
            seen.push(Seen::Head(line, pairs(&head), head.keep_alive, head.upgrade));
        }
        Event::Body(part) => match seen.last_mut() {
            Some(Seen::Body(bytes)) => bytes.extend_from_slice(part),
            _ => seen.push(Seen::Body(part.to_vec())),
        },
        Event::End(trailers) => seen.push(Seen::End(trailers.map(|head| pairs(&head)).unwrap_or_default())),
    }
}

fn refused(input: &str) -> Code {
    match Pair::requests().check(input.as_bytes(), false).last() {
        Some(Seen::Refused(code)) => *code,
        other => panic!("{input:?} was not refused: {other:?}"),
    }
}

#[test]
fn a_request_and_the_next_in_order() {
    let seen = Pair::requests().check(
        b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-One: 1 \r\nx-one:2\r\ncontent-length: 5\r\n\r\nhello\
          GET /next HTTP/1.1\r\nHost: x\r\n\r\n",
        true,
    );
    assert_eq!(seen.len(), 6);
    let fields = [("Host", "x"), ("X-One", "1"), ("x-one", "2"), ("content-length", "5")];
    let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    assert_eq!(seen[0], Seen::Head("POST /a?b=c".into(), fields, true, false));
    assert_eq!(seen[1], Seen::Body(b"hello".to_vec()));
    assert!(matches!(&seen[3], Seen::Head(line, ..) if line == "GET /next"));
    assert_eq!(seen[5], Seen::Finished);
}

#[test]
fn chunks_with_extensions_and_trailers() {
    let seen = Pair::requests().check(
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b;c=\"d;e\\\"\"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX-T: y\r\n\r\n",
        true,
    );
    assert_eq!(seen[1], Seen::Body(b"hello0123456789".to_vec()));
    assert_eq!(seen[2], Seen::End(vec![("X-T".into(), "y".into())]));
}

#[test]
fn what_servers_must_refuse() {
    let head = "HTTP/1.1\r\nHost: x\r\n";
    let table: &[(&str, Code)] = &[
        ("\x16\x03\x01\x02", Code::InvalidMethod),
        ("BREW / HTTP/1.1\r\n\r\n", Code::InvalidMethod),
        ("get / HTTP/1.1\r\n\r\n", Code::InvalidMethod),
        ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", Code::InvalidVersion),
        ("GET / HTTP/1.10\r\nHost: x\r\n\r\n", Code::InvalidVersion),
        ("GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n", Code::InvalidUrl),
        ("GET / HTTP/1.1\nHost: x\n\n", Code::CrExpected),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: b\n\r\n", Code::CrExpected),
        ("GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", Code::InvalidHeaderToken),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", Code::InvalidHeaderToken),
        ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", Code::InvalidHeaderToken),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", Code::InvalidHeaderToken),
    ];
    for (input, code) in table {
        assert_eq!(refused(input), *code, "{input:?}");
    }
    for value in ["+5", "-5", "0x5", "5 5", "", "5,5", "5;a", "99999999999999999999999", "1.0", "\"5\""] {
        assert_eq!(
            refused(&format!("POST / {head}Content-Length: {value}\r\n\r\n")),
            Code::InvalidContentLength
        );
    }
    for value in
        ["identity", "gzip", "chunked, gzip", "xchunked", "chunked;q=1", "chunked, chunked", "\"chunked\""]
    {
        let input = format!("POST / {head}Transfer-Encoding: {value}\r\n\r\n");
        assert_eq!(refused(&input), Code::InvalidTransferEncoding, "{value}");
    }
    let both = format!("POST / {head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!(refused(&both), Code::InvalidTransferEncoding);
    let twice = format!("POST / {head}Content-Length: 5\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(refused(&twice), Code::UnexpectedContentLength);
    for size in ["", "0x5", "+5", "-5", " 5", "g", "5_0", "5 ", "11111111111111111"] {
        let input = format!("POST / {head}Transfer-Encoding: chunked\r\n\r\n{size}\r\nhello\r\n");
        assert_eq!(refused(&input), Code::InvalidChunkSize, "{size:?}");
    }
    let junk = format!("POST / {head}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n");
    assert_eq!(refused(&junk), Code::Strict);
    let after = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    assert_eq!(refused(after), Code::ClosedConnection);
}

#[test]
fn limits_hold() {
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "a".repeat(20 << 10));
    let seen = Pair::requests().feed(&[long.as_bytes()], false);
    assert_eq!(seen, [Seen::Refused(Code::HeaderOverflow)]);
    let drip: Vec<&[u8]> = long.as_bytes().chunks(7).collect();
    assert_eq!(Pair::requests().feed(&drip, false), [Seen::Refused(Code::HeaderOverflow)]);
    let ext = format!(
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;{}\r\n",
        "a".repeat(20 << 10)
    );
    let seen = Pair::requests().feed(&[ext.as_bytes()], false);
    assert_eq!(seen.last(), Some(&Seen::Refused(Code::ChunkExtensionsOverflow)));
    let many: String = (0..1500).map(|i| format!("{i}:\r\n")).collect();
    let seen = Pair::requests().feed(&[format!("GET / HTTP/1.1\r\n{}\r\n", many).as_bytes()], false);
    assert!(matches!(&seen[0], Seen::Head(_, fields, ..) if fields.len() == 1500));
}

#[test]
fn responses_end_where_they_must() {
    let seen = Pair::responses(&["HEAD", "GET", "GET", "GET"]).check(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n\
          HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.0 200 OK\r\n\r\nto the end",
        true,
    );
    let heads = seen.iter().filter(|s| matches!(s, Seen::Head(..))).count();
    assert_eq!(heads, 5);
    assert!(seen.contains(&Seen::Body(b"hi".to_vec())));
    assert_eq!(seen[seen.len() - 3], Seen::Body(b"to the end".to_vec()));
    assert_eq!(seen.last(), Some(&Seen::Finished));
    let cut = Pair::responses(&["GET"]).check(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true);
    assert_eq!(cut.last(), Some(&Seen::Refused(Code::InvalidEofState)));
}

#[test]
fn upgrades_stop_the_codec() {
    let mut parser = Parser::new(Kind::Request, Limits::default());
    let input = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nraw bytes";
    let (used, event) = parser.parse(input).unwrap();
    assert!(matches!(event, Some(Event::Head(head, Framing::Empty)) if head.upgrade));
    assert_eq!(&input[used..], b"raw bytes");
}

proptest! {
    #[test]
    fn never_panics_and_cuts_change_nothing(input in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..200) {
        let pair = Pair::requests();
        let whole = pair.feed(&[&input], true);
        let cut = cut.min(input.len());
        let parts = pair.feed(&[&input[..cut], &input[cut..]], true);
        // Of two reasons to refuse, the one seen first depends on what has arrived.
        prop_assert_eq!(whole.len(), parts.len());
    }

    #[test]
    fn bodies_come_back(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..50), 0..8), cut in 1usize..64) {
        let mut input = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for chunk in &chunks {
            looplab_net::http::encode::chunk(&mut input, chunk);
        }
        input.extend_from_slice(looplab_net::http::encode::LAST_CHUNK);
        let parts: Vec<&[u8]> = input.chunks(cut).collect();
        let seen = Pair::requests().feed(&parts, true);
        let body: Vec<u8> = seen.iter().filter_map(|s| if let Seen::Body(b) = s { Some(b.clone()) } else { None }).flatten().collect();
        prop_assert_eq!(body, chunks.concat());
        prop_assert_eq!(seen.last(), Some(&Seen::Finished));
    }
}
