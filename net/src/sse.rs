//! Server-sent events: a parser for clients and an encoder for servers (WHATWG HTML, section 9.2). Pure: text in, events out.

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its type; empty stands for `message`.
    pub event: String,
    /// Its data, lines joined by `\n`.
    pub data: String,
    /// The last id the stream gave.
    pub id: String,
}

/// Takes a stream apart.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    after_cr: bool,
    begun: bool,
    event: String,
    data: String,
    id: String,
    retry: Option<u64>,
    limit: usize,
}

impl Parser {
    /// A parser that keeps at most `limit` bytes of one event; what is longer is dropped.
    pub fn new(limit: usize) -> Parser {
        Parser { limit, ..Parser::default() }
    }

    /// The last id, for `Last-Event-ID` when connecting anew.
    pub fn last_id(&self) -> &str {
        &self.id
    }

    /// The reconnection time the stream asked for since the last call, in milliseconds.
    pub fn take_retry(&mut self) -> Option<u64> {
        self.retry.take()
    }

    /// Takes bytes, wherever they are cut, and gives the events that end in them.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut out = Vec::new();
        for b in bytes {
            match b {
                b'\n' if self.after_cr => self.after_cr = false,
                b'\n' | b'\r' => {
                    self.after_cr = *b == b'\r';
                    let line = std::mem::take(&mut self.line);
                    self.take_line(&line, &mut out);
                }
                _ => {
                    self.after_cr = false;
                    if self.line.len() < self.limit {
                        self.line.push(*b);
                    }
                }
            }
        }
        out
    }

    fn take_line(&mut self, line: &[u8], out: &mut Vec<Event>) {
        let text = String::from_utf8_lossy(line);
        let text = match self.begun {
            false => text.strip_prefix('\u{feff}').unwrap_or(&text),
            true => &text,
        };
        self.begun = true;
        if text.is_empty() {
            let (event, data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.data));
            if let Some(data) = data.strip_suffix('\n') {
                out.push(Event { event, data: data.to_owned(), id: self.id.clone() });
            }
            return;
        }
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event),
            "data" if self.data.len() + value.len() < self.limit => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                self.retry = value.parse().ok();
            }
            _ => {}
        }
    }
}

/// Appends an event as servers send it. Newlines in the data become several lines; id and type must have none.
pub fn encode(out: &mut Vec<u8>, event: &Event) {
    let mut field = |name: &str, value: &str| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.push(b'\n');
    };
    if !event.id.is_empty() {
        field("id", &event.id.replace(['\n', '\r', '\0'], " "));
    }
    if !event.event.is_empty() {
        field("event", &event.event.replace(['\n', '\r'], " "));
    }
    for line in event.data.split('\n') {
        field("data", line.trim_end_matches('\r'));
    }
    out.push(b'\n');
}

/// What keeps a silent stream alive: a comment.
pub const HEARTBEAT: &[u8] = b":\n\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_events_wherever_the_stream_is_cut() {
        let text = "\u{feff}: hello\nid: 7\nevent: add\ndata: one\r\ndata:two\r\rretry: 500\ndata\n\nevent: x\n\ndata: last\n\n".as_bytes();
        let event =
            |event: &str, data: &str| Event { event: event.into(), data: data.into(), id: "7".into() };
        let wanted = [event("add", "one\ntwo"), event("", ""), event("", "last")];
        for cut in 0..text.len() {
            let mut parser = Parser::new(1000);
            let mut found = parser.feed(&text[..cut]);
            found.extend(parser.feed(&text[cut..]));
            assert_eq!(found, wanted, "cut at {cut}");
            assert_eq!(parser.take_retry(), Some(500));
        }
    }

    #[test]
    fn what_is_encoded_comes_back() {
        let event = Event { event: "tick".into(), data: "a\nb".into(), id: "1".into() };
        let mut out = Vec::new();
        encode(&mut out, &event);
        out.extend_from_slice(HEARTBEAT);
        assert_eq!(Parser::new(1000).feed(&out), [event]);
    }
}
