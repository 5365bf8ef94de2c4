//! A JSON API over HTTP, and a client that talks to it over a plain socket: adds two notes, lists them, asks for one that isn't there.
//! With a port as its argument it serves until the process is ended; `--headers-timeout MS`, `--request-timeout MS` and `--keep-alive MS`
//! after it change the limits on slow and idle clients.

use looplab_event_loop::EventLoop;
use looplab_net::{
    Address, Conn, ConnOptions, HttpOptions, HttpService, Protocol, Reply, Request, Server, ServerOptions,
    connect,
};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Answers requests about a list of notes.
fn api() -> impl FnMut(&Request) -> Reply {
    let mut notes: Vec<Value> = Vec::new();
    move |request| {
        let reply = |status: u16, value: Value| Reply::new(status, "application/json", value.to_string());
        let id = request.path().strip_prefix("/notes/").and_then(|id| id.parse::<usize>().ok());
        match (request.head.method_name(), request.path(), id) {
            ("GET" | "HEAD", "/", _) => Reply::ok("text/plain", "hello"),
            ("POST", "/echo", _) => Reply::ok("application/octet-stream", request.body.clone()),
            ("GET", "/notes", _) => reply(200, json!(notes)),
            ("POST", "/notes", _) => match serde_json::from_slice::<Value>(&request.body) {
                Ok(note) => {
                    notes.push(note.clone());
                    reply(201, json!({ "id": notes.len(), "note": note }))
                }
                Err(error) => reply(400, json!({ "error": error.to_string() })),
            },
            ("GET", _, Some(id)) if id > 0 && id <= notes.len() => reply(200, notes[id - 1].clone()),
            _ => reply(404, json!({ "error": "not found" })),
        }
    }
}

/// Sends its requests in one go (they are pipelined) and prints what comes back, but for the dates.
struct Client;

impl Protocol for Client {
    fn opened(&mut self, conn: &mut Conn, _now: u64) {
        let post = |body: &str| {
            format!("POST /notes HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        let text = [
            post(r#"{"text":"first"}"#),
            post(r#"{"text":"second"}"#),
            "GET /notes HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "GET /notes/9 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
        ];
        conn.write(&[text.concat().as_bytes()]);
    }

    fn received(&mut self, _conn: &mut Conn, bytes: &[u8], _now: u64) {
        for line in String::from_utf8_lossy(bytes).lines().filter(|line| !line.starts_with("Date: ")) {
            println!("{line}");
        }
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The port, and the limits with what the command line says of them.
fn arguments(mut args: impl Iterator<Item = String>) -> Result<(Option<u16>, HttpOptions), String> {
    let mut options = HttpOptions { max_body: 64 << 20, ..HttpOptions::default() };
    let mut port = None;
    while let Some(arg) = args.next() {
        let limit = match arg.as_str() {
            "--headers-timeout" => &mut options.head_timeout,
            "--request-timeout" => &mut options.request_timeout,
            "--keep-alive" => &mut options.keep_alive,
            _ => {
                port = Some(arg.parse().map_err(|_| format!("neither a port nor a flag: {arg}"))?);
                continue;
            }
        };
        let value = args.next().and_then(|text| text.parse().ok());
        *limit = value.ok_or_else(|| format!("{arg} needs a number of milliseconds"))?;
    }
    Ok((port, options))
}

fn main() -> std::io::Result<()> {
    let mut lp = EventLoop::real()?;
    let (port, options) = arguments(std::env::args().skip(1)).map_err(std::io::Error::other)?;
    let at = Address::Ip(([127, 0, 0, 1], port.unwrap_or(0)).into());
    let service = HttpService::factory(options, seconds, api());
    let server = Server::listen(&mut lp, &at, ServerOptions::default(), service)?;
    if port.is_some() {
        println!("READY {}", server.address());
        lp.run()?;
        return Ok(());
    }
    let to = server.address().clone();
    let handle = server.clone();
    connect(&mut lp, &to, ConnOptions::default(), Client, |_, outcome| {
        if let Err(error) = outcome {
            eprintln!("{error}");
        }
    })?;
    lp.set_timeout(200, move |lp| handle.drain(lp, 100));
    lp.run()?;
    Ok(())
}
