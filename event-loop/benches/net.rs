//! libuv's socket and file benchmarks on this loop, with a small `Copy` task: `cargo bench -p looplab-event-loop --bench net`.
//!
//! Prints `RESULT name value unit` lines. Both ends of a connection live in one loop.

use looplab_event_loop::world::network::{Address, ListenOptions, Listener, Stream};
use looplab_event_loop::*;
use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};
use std::net::Ipv4Addr;
use std::ops::ControlFlow;
use std::time::Instant;

const ROUNDS: u64 = 100_000;
const WRITES: usize = 200_000;
const CONNECTIONS: u64 = 20_000;
const STATS: u64 = 100_000;

#[derive(Clone, Copy)]
enum Task {
    Listener,
    Client,
    Server,
    Stat,
}

/// Asks for the facts of the working folder.
struct Stat;

impl Job for Stat {
    type Output = bool;

    fn run(self) -> bool {
        std::fs::metadata(".").is_ok()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    PingPong,
    Batch,
    Accept,
}

struct End {
    stream: Box<dyn Stream>,
    io: IoId,
}

struct Bench {
    lp: Loop<Task, RealWorld<Stat>>,
    what: What,
    listener: Option<(Box<dyn Listener>, IoId)>,
    at: Address,
    client: Option<End>,
    server: Option<End>,
    connected: bool,
    count: u64,
    left: u64,
    /// Writes that wait, and how much of the first has gone.
    queue: VecDeque<&'static [u8]>,
    buffer: Vec<u8>,
    to_the_end: bool,
}

impl Driver for Bench {
    type Task = Task;
    type World = RealWorld<Stat>;
    type Probe = Off;

    fn lp(&mut self) -> &mut Loop<Task, RealWorld<Stat>> {
        &mut self.lp
    }

    fn run(&mut self, task: Task, fired: Fired<bool>) -> ControlFlow<()> {
        // As libuv (and looplab-net) has it: a short read has emptied the system's buffer, unless the peer's end stands behind it.
        self.to_the_end = matches!(fired.source, Source::Io(_, Readiness { read_closed: true, .. }));
        match task {
            Task::Listener => self.accept(),
            Task::Client => self.client(),
            Task::Server => self.server(),
            Task::Stat => {
                assert!(matches!(fired.source, Source::Request(_, Ok(true))));
                self.count += 1;
                if self.left > 0 {
                    self.left -= 1;
                    self.stat();
                }
            }
        }
        ControlFlow::Continue(())
    }
}

impl Bench {
    fn new(what: What) -> Bench {
        let world = RealWorld::new(RealOptions::default()).expect("a poll and a waker");
        Bench {
            lp: Loop::new(world, Off, Profile::default()),
            what,
            listener: None,
            at: Address::Unnamed,
            client: None,
            server: None,
            connected: false,
            count: 0,
            left: 0,
            queue: VecDeque::new(),
            buffer: vec![0; 65_536],
            to_the_end: false,
        }
    }

    fn stat(&mut self) {
        let info = JobInfo::new(JobClass::Disk, "fs.stat");
        self.lp.pool_submit(Stat, info, Task::Stat, Origin::HIDDEN).expect("room in the queue");
    }

    fn listen(&mut self, at: &Address) {
        let mut listener =
            self.lp.world_mut().network().listen(at, ListenOptions::default()).expect("listens");
        self.at = listener.local().expect("an address");
        let io = self.lp.io_start(&mut *listener, Interest::READABLE, Task::Listener, Origin::HIDDEN);
        self.listener = Some((listener, io.expect("is watched")));
        self.connect();
    }

    fn watch(&mut self, mut stream: Box<dyn Stream>, task: Task) -> End {
        let both = Interest::READABLE | Interest::WRITABLE;
        let io = self.lp.io_start(&mut *stream, both, task, Origin::HIDDEN).expect("is watched");
        End { stream, io }
    }

    fn connect(&mut self) {
        let stream = self.lp.world_mut().network().connect(&self.at, None).expect("connects");
        self.connected = false;
        self.client = Some(self.watch(stream, Task::Client));
    }

    fn drop_end(&mut self, end: Option<End>) {
        if let Some(mut end) = end {
            self.lp.io_stop(end.io, &mut *end.stream).expect("was watched");
        }
    }

    fn drop_listener(&mut self) {
        if let Some((mut listener, io)) = self.listener.take() {
            self.lp.io_stop(io, &mut *listener).expect("was watched");
        }
    }

    fn accept(&mut self) {
        loop {
            let Some((listener, _)) = &mut self.listener else { return };
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) => return assert_eq!(error.kind(), ErrorKind::WouldBlock),
            };
            if self.what == What::Accept {
                stream.reset_on_close().expect("an option");
                drop(stream);
                let client = self.client.take();
                self.drop_end(client);
                self.count += 1;
                match self.count {
                    CONNECTIONS => self.drop_listener(),
                    _ => self.connect(),
                }
                continue;
            }
            stream.set_nodelay(true).expect("an option");
            self.server = Some(self.watch(stream, Task::Server));
        }
    }

    fn client(&mut self) {
        let Some(end) = &mut self.client else { return };
        if !self.connected {
            if self.what == What::Accept || end.stream.peer().is_err() {
                return;
            }
            self.connected = true;
            end.stream.set_nodelay(true).expect("an option");
            match self.what {
                What::PingPong => put(end, b"PING\n"),
                _ => {
                    self.queue.extend(std::iter::repeat_n(&b"Hello, world."[..], WRITES));
                }
            }
        }
        if self.what == What::Batch {
            return self.flush();
        }
        loop {
            match end.stream.read(&mut self.buffer) {
                Ok(n) => {
                    self.count += 1;
                    if self.count == ROUNDS {
                        let client = self.client.take();
                        self.drop_end(client);
                        return self.drop_listener();
                    }
                    put(end, b"PING\n");
                    if n < self.buffer.len() && !self.to_the_end {
                        return;
                    }
                }
                Err(error) => return assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
    }

    /// Each write by itself, as long as there is room; what is left of one stays at the front.
    fn flush(&mut self) {
        let Some(end) = &mut self.client else { return };
        while let Some(next) = self.queue.front_mut() {
            match end.stream.write_vectored(&[IoSlice::new(next)]) {
                Ok(n) if n < next.len() => *next = &next[n..],
                Ok(_) => {
                    self.queue.pop_front();
                    self.count += 1;
                }
                Err(error) => return assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        let client = self.client.take();
        self.drop_end(client);
    }

    fn server(&mut self) {
        let Some(end) = &mut self.server else { return };
        loop {
            match end.stream.read(&mut self.buffer) {
                Ok(0) => {
                    let server = self.server.take();
                    self.drop_end(server);
                    return self.drop_listener();
                }
                Ok(n) => {
                    if self.what == What::PingPong {
                        put(end, &self.buffer[..n]);
                    }
                    if n < self.buffer.len() && !self.to_the_end {
                        return;
                    }
                }
                Err(error) => return assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
    }

    /// Seconds that the run takes.
    fn go(mut self, first: impl FnOnce(&mut Bench)) -> f64 {
        let began = Instant::now();
        first(&mut self);
        Loop::run(&mut self, RunMode::Default).expect("the system polls");
        began.elapsed().as_secs_f64()
    }
}

fn put(end: &mut End, bytes: &[u8]) {
    let n = end.stream.write_vectored(&[IoSlice::new(bytes)]).expect("there is room");
    assert_eq!(n, bytes.len());
}

fn result(name: &str, value: f64, unit: &str) {
    println!("RESULT {name} {value:.3} {unit}");
}

/// All of them, or the one that is named.
fn main() {
    let named = std::env::args().nth(1).filter(|name| !name.starts_with("--"));
    let wanted = |name: &str| named.as_deref().is_none_or(|named| named == name);
    for at_once in [1, 8, 32] {
        if wanted("stat") {
            let seconds = Bench::new(What::Accept).go(|bench| {
                bench.left = STATS - at_once;
                (0..at_once).for_each(|_| bench.stat());
            });
            result(&format!("fs-stat-{at_once}"), STATS as f64 / seconds, "ops/s");
        }
    }
    let tcp = Address::Ip((Ipv4Addr::LOCALHOST, 0).into());
    let path = std::env::temp_dir().join(format!("looplab-bench-{}.sock", std::process::id()));
    let pipe = Address::Path(path.clone());
    for (name, at) in [("tcp", &tcp), ("pipe", &pipe)] {
        if wanted(name) {
            let seconds = Bench::new(What::PingPong).go(|bench| bench.listen(at));
            result(&format!("pingpong-{name}"), ROUNDS as f64 / seconds, "rounds/s");
        }
    }
    // Nothing to be done if somebody else has removed it.
    let _ = std::fs::remove_file(path);
    if wanted("batch") {
        let seconds = Bench::new(What::Batch).go(|bench| bench.listen(&tcp));
        result("tcp-write-batch", seconds * 1e3, "ms");
    }
    if wanted("accept") {
        let seconds = Bench::new(What::Accept).go(|bench| bench.listen(&tcp));
        result("accept", CONNECTIONS as f64 / seconds, "conns/s");
    }
}
