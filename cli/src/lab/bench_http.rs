//! The client of `looplab bench http`: keep-alive connections that ask one thing after the other, each on a thread of its own, so that
//! only the server's program is measured.

use super::clock;
use looplab_lab::bench::{Case, Lag, Sample};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::time::Duration;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts the server under `program`, loads it as `case` says, and ends it.
///
/// # Errors
/// The server doesn't come up, or an answer is wrong.
pub fn sample(program: &Path, script: &Path, case: &Case) -> Result<Sample, String> {
    let mut server = Server::start(program, script)?;
    let result = load(&server, case);
    server.end();
    result
}

struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(program: &Path, script: &Path) -> Result<Server, String> {
        let mut command = Command::new(program);
        command.arg(script).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let mut first = String::new();
        let read = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut first));
        match (read, first.trim().parse()) {
            (Some(Ok(_)), Ok(port)) => Ok(Server { child, port }),
            _ => {
                let mut server = Server { child, port: 0 };
                server.end();
                Err("the server did not come up".into())
            }
        }
    }

    fn connect(&self) -> io::Result<Client> {
        let stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Client { reader: BufReader::with_capacity(1 << 17, stream), body: Vec::new() })
    }

    fn end(&mut self) {
        // Whether it is gone already or not: it must not stay.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One connection.
struct Client {
    reader: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Client {
    /// Asks and reads the whole answer; how many bytes its body has.
    fn ask(&mut self, request: &[u8]) -> io::Result<usize> {
        self.reader.get_mut().write_all(request)?;
        let bad = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
        let (mut length, mut chunked, mut line) = (None, false, String::new());
        for number in 0.. {
            line.clear();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(bad("the server closed the connection"));
            }
            let head = line.trim_end();
            if number == 0 && !head.starts_with("HTTP/1.1 200") {
                return Err(bad(head));
            }
            if head.is_empty() {
                break;
            }
            let lower = head.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().ok();
            }
            chunked |= lower.starts_with("transfer-encoding:") && lower.contains("chunked");
        }
        self.body.clear();
        match length {
            Some(length) => self.take(length)?,
            None if chunked => loop {
                line.clear();
                self.reader.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(|_| bad("a damaged chunk"))?;
                self.take(size)?;
                line.clear();
                self.reader.read_line(&mut line)?;
                if size == 0 {
                    break;
                }
            },
            None => return Err(bad("an answer without a length")),
        }
        Ok(self.body.len())
    }

    fn take(&mut self, length: usize) -> io::Result<()> {
        let from = self.body.len();
        self.body.resize(from + length, 0);
        self.reader.read_exact(&mut self.body[from..])
    }

    fn get(&mut self, path: &str) -> io::Result<usize> {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
    }
}

fn request(case: &Case) -> Vec<u8> {
    let path = match case.name {
        "json" => "/json",
        "body" => "/body",
        "post" => {
            let mut request =
                format!("POST /post HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", case.size);
            request.push_str(&"x".repeat(case.size as usize));
            return request.into_bytes();
        }
        _ => "/text",
    };
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

fn load(server: &Server, case: &Case) -> Result<Sample, String> {
    let failed = |error: io::Error| error.to_string();
    let mut control = server.connect().map_err(failed)?;
    let request = request(case);
    // Warm up: what is loaded lazily.
    for _ in 0..20 {
        control.ask(&request).map_err(failed)?;
    }
    let clients: Result<Vec<Client>, io::Error> = (0..case.concurrency).map(|_| server.connect()).collect();
    let clients = clients.map_err(failed)?;
    control.get("/begin").map_err(failed)?;
    let now = clock::new().map_err(failed)?;
    let gate = Barrier::new(clients.len() + 1);
    let limit = Duration::from_millis(case.millis);
    let (results, took) = std::thread::scope(|scope| {
        let threads: Vec<_> = clients
            .into_iter()
            .map(|client| {
                let (gate, request) = (&gate, &request);
                scope.spawn(move || {
                    gate.wait();
                    connection(client, request, limit)
                })
            })
            .collect();
        gate.wait();
        let start = now();
        let results: Vec<io::Result<(Vec<f64>, u64)>> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("a client crashed"))))
            .collect();
        (results, now() - start)
    });
    // What is posted counts, not the few bytes of the answer.
    let posted = if case.name == "post" { case.size } else { 0 };
    let (mut latencies, mut bytes) = (Vec::new(), 0);
    for result in results {
        let (own, read) = result.map_err(failed)?;
        bytes += read + posted * own.len() as u64;
        latencies.extend(own);
    }
    control.get("/report").map_err(failed)?;
    let lag: Lag = serde_json::from_slice(&control.body).map_err(|error| error.to_string())?;
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = ((latencies.len() as f64 * share) as usize).min(latencies.len().saturating_sub(1));
        latencies.get(index).copied().unwrap_or(0.0)
    };
    Ok(Sample {
        ops: latencies.len() as u64,
        bytes,
        millis: took.as_secs_f64() * 1e3,
        p50: at(0.5),
        p95: at(0.95),
        p99: at(0.99),
        max: at(1.0),
        quantiles: (0..=20).map(|step| at(f64::from(step) / 20.0)).collect(),
        lag99: lag.lag99,
        lag_max: lag.lag_max,
        lags: lag.lags,
    })
}

/// One connection's questions until the time is up: how long each took, in milliseconds, and the bytes it read.
fn connection(mut client: Client, request: &[u8], limit: Duration) -> io::Result<(Vec<f64>, u64)> {
    let clock = clock::new()?;
    let (mut latencies, mut bytes) = (Vec::new(), 0);
    let start = clock();
    let mut before = start;
    while before - start < limit || latencies.is_empty() {
        bytes += client.ask(request)? as u64;
        let now = clock();
        latencies.push((now - before).as_secs_f64() * 1e3);
        before = now;
    }
    Ok((latencies, bytes))
}
