//! What a parser forgives when it is told to (`insecureHTTPParser`), and that it does not otherwise.

use looplab_net::http::{Code, Event, Kind, Limits, Parser};

/// The fields of the first head in `bytes`, fed in two parts cut at `cut`.
fn fields(bytes: &[u8], lenient: bool, cut: usize) -> Result<Vec<(String, String)>, Code> {
    let mut parser = Parser::new(Kind::Request, Limits::default());
    parser.set_lenient(lenient);
    for part in [&bytes[..cut], &bytes[cut..]] {
        match parser.parse(part).map_err(|error| error.code)? {
            (_, Some(Event::Head(head, _))) => {
                let text = |bytes: &[u8]| bytes.iter().map(|b| char::from(*b)).collect::<String>();
                return Ok(head.fields().map(|(name, value)| (text(name), text(value))).collect());
            }
            _ => continue,
        }
    }
    panic!("no head in {bytes:?}")
}

fn at_every_cut(bytes: &[u8], lenient: bool) -> Result<Vec<(String, String)>, Code> {
    let whole = fields(bytes, lenient, 0);
    for cut in 1..bytes.len() {
        assert_eq!(fields(bytes, lenient, cut), whole, "cut at {cut}");
    }
    whole
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn values_over_several_lines() {
    let head =
        b"GET / HTTP/1.1\r\nHost: a\r\nType: text/plain;\r\n mode=0600;\r\n\tname=x\r\nLast: 1\r\n\r\n";
    let expected = vec![pair("Host", "a"), pair("Type", "text/plain; mode=0600;\tname=x"), pair("Last", "1")];
    assert_eq!(at_every_cut(head, true), Ok(expected));
    assert_eq!(at_every_cut(head, false), Err(Code::InvalidHeaderToken));
}

#[test]
fn control_characters_in_values() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nHello: foo\x08foo\r\nEmpty:\r\n\r\n";
    let expected = vec![pair("Host", "a"), pair("Hello", "foo\u{8}foo"), pair("Empty", "")];
    assert_eq!(at_every_cut(head, true), Ok(expected));
    assert_eq!(at_every_cut(head, false), Err(Code::InvalidHeaderToken));
}

#[test]
fn names_are_as_strict_as_ever() {
    for name in ["a b", "", "\u{7f}", "x:y\r\n z"] {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{name}\r\n\r\n");
        let result = fields(head.as_bytes(), true, 0);
        match name {
            // The last one is a value that goes on.
            "x:y\r\n z" => assert_eq!(result, Ok(vec![pair("Host", "a"), pair("x", "y z")])),
            "" => assert_eq!(result, Ok(vec![pair("Host", "a")])),
            _ => assert_eq!(result, Err(Code::InvalidHeaderToken), "{name:?}"),
        }
    }
    let bad = b"FETCH / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(fields(bad, true, 0), Err(Code::InvalidMethod));
}

#[test]
fn a_carriage_return_of_its_own_is_called_what_it_is() {
    let head = b"GET / HTTP/1.1\r\nDummy: Header\rContent-Length: 1\r\n\r\n";
    assert_eq!(fields(head, false, 0), Err(Code::LfExpected));
}

#[test]
fn too_long_a_head_says_how_much_was_read() {
    let mut parser = Parser::new(Kind::Request, Limits { head: 64, ..Limits::default() });
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nLong: {}", "x".repeat(100));
    let error = parser.parse(head.as_bytes()).unwrap_err();
    assert_eq!((error.code, error.at), (Code::HeaderOverflow, head.len()));
}
