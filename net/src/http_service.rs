//! An HTTP/1.1 server for Rust programs: a [`Protocol`] around the codec. The handler is given whole requests and answers at once;
//! answers leave in the order of the requests.

use crate::conn::{Conn, End};
use crate::http::encode::{field, status_line};
use crate::http::{Code, Event, Head, Kind, Limits, ParseError, Parser, date, reason};
use crate::queue::Wrote;
use crate::server::Protocol;
use std::cell::RefCell;
use std::rc::Rc;

/// Limits of a [`HttpService`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpOptions {
    /// Limits of the parser.
    pub limits: Limits,
    /// Bytes of a request's body; more is answered with 413. Default 1 MiB.
    pub max_body: usize,
    /// Milliseconds for a head to arrive. Default 60,000.
    pub head_timeout: u64,
    /// Milliseconds for a whole request to arrive. Default 300,000.
    pub request_timeout: u64,
    /// Milliseconds an idle connection is kept. Default 5000.
    pub keep_alive: u64,
    /// Requests on one connection; 0: any number.
    pub max_requests: u64,
}

impl Default for HttpOptions {
    fn default() -> Self {
        HttpOptions {
            limits: Limits::default(),
            max_body: 1 << 20,
            head_timeout: 60_000,
            request_timeout: 300_000,
            keep_alive: 5000,
            max_requests: 0,
        }
    }
}

/// A whole request.
#[derive(Debug)]
pub struct Request {
    /// Method, target, fields.
    pub head: Box<Head>,
    /// The body, chunks put together.
    pub body: Vec<u8>,
}

impl Request {
    /// The target's path, without the query.
    pub fn path(&self) -> &str {
        let target = std::str::from_utf8(self.head.target()).unwrap_or("/");
        target.split('?').next().unwrap_or("/")
    }
}

/// An answer. Content-Length, Date and Connection are added.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The status code; 0 counts as 200.
    pub status: u16,
    /// Header fields.
    pub fields: Vec<(String, String)>,
    /// The content.
    pub body: Vec<u8>,
}

impl Reply {
    /// 200 with this content.
    pub fn ok(content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        Reply::new(200, content_type, body)
    }

    /// Any status with this content.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status, fields: vec![("Content-Type".into(), content_type.into())], body: body.into() }
    }
}

/// The date line, made once a second.
#[derive(Debug, Default)]
struct DateCache {
    second: u64,
    text: String,
}

/// What the connections of a service share.
struct Shared<F> {
    handler: RefCell<F>,
    wall: Box<dyn Fn() -> u64>,
    date: RefCell<DateCache>,
    options: HttpOptions,
}

/// One connection of an HTTP server.
pub struct HttpService<F> {
    shared: Rc<Shared<F>>,
    parser: Parser,
    under_way: Option<Request>,
    out: Vec<u8>,
    served: u64,
    closing: bool,
    draining: bool,
    /// The head, or the body, of the request under way must be here by then.
    began: u64,
}

impl<F: FnMut(&Request) -> Reply + 'static> HttpService<F> {
    /// A maker of connections, for [`crate::Server::listen`]. `wall` gives seconds since 1970 for the Date field.
    pub fn factory(
        options: HttpOptions,
        wall: impl Fn() -> u64 + 'static,
        handler: F,
    ) -> impl FnMut() -> HttpService<F> + 'static {
        let shared = Rc::new(Shared {
            handler: RefCell::new(handler),
            wall: Box::new(wall),
            date: RefCell::default(),
            options,
        });
        move || HttpService {
            parser: Parser::new(Kind::Request, shared.options.limits),
            shared: shared.clone(),
            under_way: None,
            out: Vec::new(),
            served: 0,
            closing: false,
            draining: false,
            began: 0,
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), ParseError> {
        let mut rest = bytes;
        while !self.closing {
            let (used, event) = self.parser.parse(rest)?;
            rest = &rest[used..];
            match event {
                None => break,
                Some(Event::Head(head, _)) => {
                    if head.expects_continue {
                        self.out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                    }
                    let others = head.get("expect").is_some() && !head.expects_continue;
                    let hostless = head.minor >= 1 && head.get("host").is_none();
                    let connect = head.method_name() == "CONNECT";
                    self.under_way = Some(Request { head, body: Vec::new() });
                    if hostless || connect {
                        self.refuse(if connect { 405 } else { 400 });
                    } else if others {
                        self.refuse(417);
                    }
                }
                Some(Event::Body(part)) => {
                    if let Some(request) = &mut self.under_way {
                        if request.body.len() + part.len() > self.shared.options.max_body {
                            self.refuse(413);
                        } else {
                            request.body.extend_from_slice(part);
                        }
                    }
                }
                Some(Event::End(_)) => self.answer(),
            }
        }
        Ok(())
    }

    /// Answers with a bare status and closes.
    fn refuse(&mut self, status: u16) {
        self.under_way = None;
        self.closing = true;
        status_line(&mut self.out, 1, status, reason(status).as_bytes());
        self.out.extend_from_slice(b"Connection: close\r\nContent-Length: 0\r\n\r\n");
    }

    fn answer(&mut self) {
        let Some(request) = self.under_way.take() else { return };
        let reply = (self.shared.handler.borrow_mut())(&request);
        self.served += 1;
        let max = self.shared.options.max_requests;
        let keep = request.head.keep_alive && !self.draining && (max == 0 || self.served < max);
        self.closing = !keep;
        let status = if reply.status == 0 { 200 } else { reply.status };
        status_line(&mut self.out, 1, status, reason(status).as_bytes());
        for (name, value) in &reply.fields {
            field(&mut self.out, name.as_bytes(), value.as_bytes());
        }
        self.date();
        let bodiless = matches!(status, 100..=199 | 204 | 304);
        if !bodiless {
            field(&mut self.out, b"Content-Length", reply.body.len().to_string().as_bytes());
        }
        if !keep || request.head.minor == 0 {
            field(&mut self.out, b"Connection", if keep { b"keep-alive" } else { b"close" });
        }
        self.out.extend_from_slice(b"\r\n");
        if !bodiless && request.head.method_name() != "HEAD" {
            self.out.extend_from_slice(&reply.body);
        }
    }

    fn date(&mut self) {
        let second = (self.shared.wall)();
        let mut cache = self.shared.date.borrow_mut();
        if cache.text.is_empty() || cache.second != second {
            *cache = DateCache { second, text: date::format(second) };
        }
        field(&mut self.out, b"Date", cache.text.as_bytes());
    }

    fn send(&mut self, conn: &mut Conn) {
        if !self.out.is_empty() && conn.write(&[&self.out]) == Wrote::Full {
            conn.abort();
        }
        self.out.clear();
        if self.closing {
            conn.end();
            conn.pause();
        }
    }

    /// Time limits follow from where the parser stands.
    fn rearm(&mut self, conn: &mut Conn, now: u64) {
        let options = &self.shared.options;
        if self.closing {
            conn.deadline.set(now, Some(options.keep_alive.max(1000)));
        } else if self.under_way.is_some() {
            conn.deadline.set(self.began, Some(options.request_timeout));
        } else if !self.parser.is_idle() {
            conn.deadline.set(self.began, Some(options.head_timeout));
        } else {
            self.began = now;
            let wait = if self.served == 0 { options.head_timeout } else { options.keep_alive };
            conn.deadline.set(now, Some(wait));
        }
    }
}

/// The answer to a request that can't be read.
fn refusal(code: Code) -> String {
    let status = code.status();
    format!("HTTP/1.1 {status} {}\r\nConnection: close\r\n\r\n", reason(status))
}

impl<F: FnMut(&Request) -> Reply + 'static> Protocol for HttpService<F> {
    fn opened(&mut self, conn: &mut Conn, now: u64) {
        self.rearm(conn, now);
    }

    fn received(&mut self, conn: &mut Conn, bytes: &[u8], now: u64) {
        if self.parser.is_idle() {
            self.began = now;
        }
        if let Err(error) = self.take(bytes) {
            self.out.extend_from_slice(refusal(error.code).as_bytes());
            self.closing = true;
        }
        self.send(conn);
        self.rearm(conn, now);
    }

    fn ended(&mut self, conn: &mut Conn, _: u64) {
        if !self.closing && self.parser.finish().is_err() {
            self.out.extend_from_slice(refusal(Code::InvalidEofState).as_bytes());
        }
        self.closing = true;
        self.send(conn);
    }

    fn expired(&mut self, conn: &mut Conn, _: u64) {
        let waiting = self.under_way.is_some() || !self.parser.is_idle();
        if waiting && !self.closing {
            let _ = conn.write(&[b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"]);
        }
        conn.close(End::Deadline);
    }

    fn draining(&mut self, conn: &mut Conn, _: u64) {
        self.draining = true;
        if self.parser.is_idle() && self.under_way.is_none() {
            conn.end();
        }
    }
}
