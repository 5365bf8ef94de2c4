//! The server's side of server-sent events: numbers events, keeps the newest for clients that come back, says when a heartbeat is due. Pure:
//! it gives bytes, and is told the time in loop milliseconds.

use crate::sse::{self, Event};
use std::collections::VecDeque;
use std::rc::Rc;

/// The fields of the answer that begins a stream.
pub const FIELDS: [(&str, &str); 2] = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")];

/// Settings of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedOptions {
    /// Events kept for clients that come back with `Last-Event-ID`. Default 100.
    pub kept: usize,
    /// After how many milliseconds of silence a comment is sent, so that proxies keep the connection. Default 15,000.
    pub heartbeat: u64,
    /// What clients are told to wait before they come back, in milliseconds; `None` leaves it to them. Default `None`.
    pub retry: Option<u64>,
}

impl Default for FeedOptions {
    fn default() -> Self {
        FeedOptions { kept: 100, heartbeat: 15_000, retry: None }
    }
}

/// Events for any number of clients.
///
/// ```
/// use looplab_net::{Feed, FeedOptions};
/// let mut feed = Feed::new(FeedOptions::default(), 0);
/// assert_eq!(&*feed.publish("tick", "1", 0), b"id: 1\nevent: tick\ndata: 1\n\n");
/// assert!(feed.welcome(None).is_empty(), "a new client starts with what comes");
/// ```
#[derive(Debug)]
pub struct Feed {
    options: FeedOptions,
    /// The newest events and their numbers.
    kept: VecDeque<(u64, Rc<[u8]>)>,
    next: u64,
    /// When something was last sent.
    spoke: u64,
}

impl Feed {
    /// A feed without events. Numbers start at 1.
    pub fn new(options: FeedOptions, now: u64) -> Feed {
        Feed { options, kept: VecDeque::new(), next: 1, spoke: now }
    }

    /// Numbers an event and keeps it: the bytes that every client is sent. An empty type stands for `message`.
    pub fn publish(&mut self, event: &str, data: &str, now: u64) -> Rc<[u8]> {
        let number = self.next;
        self.next += 1;
        self.spoke = now;
        let mut out = Vec::new();
        let event = Event { event: event.to_owned(), data: data.to_owned(), id: number.to_string() };
        sse::encode(&mut out, &event);
        let bytes: Rc<[u8]> = out.into();
        self.kept.push_back((number, bytes.clone()));
        while self.kept.len() > self.options.kept {
            self.kept.pop_front();
        }
        bytes
    }

    /// What a client is sent first: the reconnection time, if one is set, and the kept events that it has missed, going by the
    /// `Last-Event-ID` that it sent. An id that is no number of ours counts as none.
    pub fn welcome(&self, last_id: Option<&str>) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(ms) = self.options.retry {
            out.extend_from_slice(format!("retry: {ms}\n\n").as_bytes());
        }
        let last = last_id.and_then(|id| id.parse::<u64>().ok()).filter(|n| *n < self.next);
        if let Some(last) = last {
            self.kept.iter().filter(|(n, _)| *n > last).for_each(|(_, bytes)| out.extend_from_slice(bytes));
        }
        out
    }

    /// Whether a client with this `Last-Event-ID` has missed events that are not kept any more.
    pub fn has_gap(&self, last_id: &str) -> bool {
        let last = last_id.parse::<u64>().unwrap_or(u64::MAX);
        self.kept.front().is_some_and(|(oldest, _)| last < oldest.saturating_sub(1))
    }

    /// When [`Feed::heartbeat`] will next have something to send.
    pub fn due(&self) -> u64 {
        self.spoke + self.options.heartbeat
    }

    /// The comment that breaks a silence, when it has lasted long enough.
    pub fn heartbeat(&mut self, now: u64) -> Option<&'static [u8]> {
        (now >= self.due()).then(|| {
            self.spoke = now;
            sse::HEARTBEAT
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(bytes: &[u8]) -> Vec<String> {
        sse::Parser::new(1 << 16).feed(bytes).into_iter().map(|e| e.data).collect()
    }

    #[test]
    fn who_comes_back_gets_what_it_missed() {
        let mut feed = Feed::new(FeedOptions { kept: 3, ..FeedOptions::default() }, 0);
        for n in 1..=5 {
            feed.publish("", &format!("event {n}"), n);
        }
        assert_eq!(data(&feed.welcome(Some("3"))), ["event 4", "event 5"]);
        assert!(data(&feed.welcome(Some("5"))).is_empty());
        assert!(data(&feed.welcome(None)).is_empty());
        assert!(data(&feed.welcome(Some("of another server"))).is_empty());
        assert!(data(&feed.welcome(Some("99"))).is_empty(), "a number from the future is not ours");
        assert_eq!(data(&feed.welcome(Some("0"))).len(), 3, "no more than is kept");
        assert!(feed.has_gap("1") && !feed.has_gap("2") && !feed.has_gap("5"));
    }

    #[test]
    fn silence_is_broken_in_time_and_only_then() {
        let mut feed =
            Feed::new(FeedOptions { heartbeat: 100, retry: Some(250), ..FeedOptions::default() }, 10);
        assert_eq!(feed.heartbeat(109), None);
        assert_eq!(feed.heartbeat(110), Some(sse::HEARTBEAT));
        assert_eq!(feed.heartbeat(111), None);
        feed.publish("", "x", 180);
        assert_eq!(feed.due(), 280);
        assert_eq!(feed.heartbeat(279), None);
        let mut parser = sse::Parser::new(100);
        parser.feed(&feed.welcome(None));
        assert_eq!(parser.take_retry(), Some(250));
    }

    #[test]
    fn ids_survive_the_way_there_and_back() {
        let mut feed = Feed::new(FeedOptions::default(), 0);
        let mut client = sse::Parser::new(1 << 16);
        client.feed(&feed.publish("a", "1\n2", 0));
        let missed = feed.publish("a", "3", 0);
        assert_eq!(client.last_id(), "1");
        assert_eq!(feed.welcome(Some(client.last_id())), &*missed);
    }
}
