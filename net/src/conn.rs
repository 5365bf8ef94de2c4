//! A connection: a non-blocking stream, what waits to be written, its two directions' ends, its clockless timeouts and its figures.

use crate::queue::{WriteQueue, Wrote, write_now};
use looplab_event_loop::world::network::{Address, Stream};
use std::io::{self, ErrorKind};
use std::time::Duration;

/// Limits of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnOptions {
    /// Bytes that may wait to be written; more is refused ([`Wrote::Full`]). Default 16 MiB.
    pub max_queued: usize,
    /// Above this many waiting bytes a server reads no more until they are gone. Default 64 KiB.
    pub high_water: usize,
    /// No traffic for so many milliseconds ends the connection. `None` (the default): never.
    pub idle: Option<u64>,
    /// Small writes are sent at once. Default true.
    pub nodelay: bool,
    /// The system probes an idle peer after so long. Default off.
    pub keepalive: Option<Duration>,
}

impl Default for ConnOptions {
    fn default() -> Self {
        ConnOptions { max_queued: 16 << 20, high_water: 64 << 10, idle: None, nodelay: true, keepalive: None }
    }
}

/// Figures of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Bytes received.
    pub received: u64,
    /// Bytes the system has taken.
    pub sent: u64,
    /// When it began, in loop milliseconds.
    pub opened: u64,
    /// When bytes last moved, in loop milliseconds.
    pub active: u64,
    /// The most that ever waited to be written.
    pub queued_peak: usize,
}

/// What a read found.
#[derive(Debug)]
pub enum Read {
    /// So many bytes.
    Data(usize),
    /// Nothing now.
    Blocked,
    /// The peer sends no more.
    End,
    /// The connection has failed.
    Failed(io::Error),
}

/// Why a connection ended.
#[derive(Debug)]
pub enum End {
    /// Both directions are done.
    Done,
    /// Nothing moved for the idle time.
    Idle,
    /// A deadline of the protocol passed.
    Deadline,
    /// Given up by this side.
    Aborted,
    /// The peer did not keep up with what it was sent ([`crate::SlowClient::Disconnect`]).
    TooSlow,
    /// The system says so.
    Failed(io::Error),
}

/// A deadline that is told the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timer(Option<u64>);

impl Timer {
    /// Due `after` milliseconds from `now`; never for `None`.
    pub fn set(&mut self, now: u64, after: Option<u64>) {
        self.0 = after.map(|ms| now.saturating_add(ms));
    }

    /// Never due.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// When it is due.
    pub fn due(&self) -> Option<u64> {
        self.0
    }

    /// Whether its time has come.
    pub fn is_due(&self, now: u64) -> bool {
        self.0.is_some_and(|due| due <= now)
    }
}

/// A connection.
pub struct Conn {
    stream: Box<dyn Stream>,
    out: WriteQueue,
    options: ConnOptions,
    stats: Stats,
    idle: Timer,
    /// A deadline that the protocol sets.
    pub deadline: Timer,
    read_ended: bool,
    /// Nothing more is to be written after what waits.
    ending: bool,
    /// The FIN is out.
    write_ended: bool,
    paused: bool,
    end: Option<End>,
}

impl Conn {
    /// Around a stream that is connected or about to be. `now` in loop milliseconds.
    pub fn new(mut stream: Box<dyn Stream>, options: ConnOptions, now: u64) -> Conn {
        // Options that a stream doesn't know are no reason to refuse it.
        if options.nodelay {
            let _ = stream.set_nodelay(true);
        }
        if options.keepalive.is_some() {
            let _ = stream.set_keepalive(options.keepalive);
        }
        let mut conn = Conn {
            stream,
            out: WriteQueue::default(),
            options,
            stats: Stats { opened: now, active: now, ..Stats::default() },
            idle: Timer::default(),
            deadline: Timer::default(),
            read_ended: false,
            ending: false,
            write_ended: false,
            paused: false,
            end: None,
        };
        conn.idle.set(now, options.idle);
        conn
    }

    /// The stream itself.
    pub fn stream(&mut self) -> &mut dyn Stream {
        &mut *self.stream
    }

    /// The near end.
    ///
    /// # Errors
    /// The system's.
    pub fn local(&self) -> io::Result<Address> {
        self.stream.local()
    }

    /// The far end.
    ///
    /// # Errors
    /// The system's.
    pub fn peer(&self) -> io::Result<Address> {
        self.stream.peer()
    }

    /// Figures so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Bytes that wait to be written.
    pub fn queued(&self) -> usize {
        self.out.len()
    }

    /// Changes the idle limit, counted from `now`.
    pub fn set_idle(&mut self, now: u64, limit: Option<u64>) {
        self.options.idle = limit;
        self.idle.set(now, limit);
    }

    fn touch(&mut self, now: u64) {
        self.stats.active = now;
        self.idle.set(now, self.options.idle);
    }

    /// Reads what has arrived into `buffer`.
    pub fn read(&mut self, buffer: &mut [u8], now: u64) -> Read {
        if self.read_ended {
            return Read::End;
        }
        loop {
            match self.stream.read(buffer) {
                Ok(0) if !buffer.is_empty() => {
                    self.read_ended = true;
                    return Read::End;
                }
                Ok(n) => {
                    self.stats.received += n as u64;
                    self.touch(now);
                    return Read::Data(n);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Read::Blocked,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Read::Failed(error),
            }
        }
    }

    /// Writes parts in order: at once what the system takes, the rest is copied into the queue. After [`Conn::end`] or a failure
    /// nothing is taken. A failure ends the connection; whoever drives it finds it with [`Conn::ended`].
    pub fn write(&mut self, parts: &[&[u8]]) -> Wrote {
        let total: usize = parts.iter().map(|part| part.len()).sum();
        if self.ending || self.end.is_some() || self.out.len() + total > self.options.max_queued {
            return Wrote::Full;
        }
        let mut written = 0;
        if self.out.is_empty() {
            match write_now(&mut *self.stream, parts) {
                Ok(n) => written = n,
                Err(error) => {
                    self.fail(error);
                    return Wrote::Full;
                }
            }
            self.stats.sent += written as u64;
        }
        if written == total {
            return Wrote::All;
        }
        for part in parts {
            let skip = written.min(part.len());
            written -= skip;
            self.out.push(part[skip..].to_vec());
        }
        self.stats.queued_peak = self.stats.queued_peak.max(self.out.len());
        Wrote::Queued
    }

    /// The stream is writable: hands over what waits, then the FIN if asked for. True: nothing waits any more.
    pub fn flush(&mut self, now: u64) -> bool {
        let before = self.out.len();
        match self.out.flush(&mut *self.stream) {
            Ok(done) => {
                let sent = before - self.out.len();
                if sent > 0 {
                    self.stats.sent += sent as u64;
                    self.touch(now);
                }
                if done {
                    self.finish();
                }
                done
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    /// Ends this side's direction once everything is written.
    pub fn end(&mut self) {
        if !self.ending {
            self.ending = true;
            self.finish();
        }
    }

    fn finish(&mut self) {
        if self.ending && !self.write_ended && self.out.is_empty() && self.end.is_none() {
            self.write_ended = true;
            match self.stream.shutdown_write() {
                Err(error) if error.kind() != ErrorKind::NotConnected => self.fail(error),
                _ => {}
            }
        }
    }

    /// Gives the connection up: what waits is dropped, the peer sees a reset.
    pub fn abort(&mut self) {
        // Where the option is not to be had the peer sees an ordinary end.
        let _ = self.stream.reset_on_close();
        self.close(End::Aborted);
    }

    /// Gives the connection up for a reason; closing it is up to whoever drives it.
    pub fn close(&mut self, why: End) {
        if self.end.is_none() {
            self.end = Some(why);
            self.out.clear();
        }
    }

    fn fail(&mut self, error: io::Error) {
        self.close(End::Failed(error));
    }

    /// Reads no more for now, so that the peer is held up.
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// Reads again.
    pub fn resume(&mut self) {
        self.paused = false;
    }

    /// Whether whoever drives it should read: not paused, and not too much waiting to be written.
    pub fn wants_data(&self) -> bool {
        !self.paused && !self.read_ended && self.out.len() <= self.options.high_water && self.end.is_none()
    }

    /// Whether the peer has ended its direction.
    pub fn is_read_ended(&self) -> bool {
        self.read_ended
    }

    /// Whether this side has ended its direction, or will.
    pub fn is_ending(&self) -> bool {
        self.ending
    }

    /// Whether a time limit has passed; ends the connection then.
    pub fn expire(&mut self, now: u64) -> bool {
        if self.deadline.is_due(now) {
            self.close(End::Deadline);
        } else if self.idle.is_due(now) {
            self.close(End::Idle);
        }
        self.end.is_some()
    }

    /// The next moment at which [`Conn::expire`] has something to say.
    pub fn next_deadline(&self) -> Option<u64> {
        [self.idle.due(), self.deadline.due()].into_iter().flatten().min()
    }

    /// Whether it is over: failed, given up, or both directions done.
    pub fn ended(&self) -> bool {
        self.end.is_some() || (self.read_ended && self.write_ended)
    }

    /// Why it is over.
    pub fn take_end(&mut self) -> End {
        self.end.take().unwrap_or(End::Done)
    }
}

impl std::fmt::Debug for Conn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Conn({:?} queued, ended: {:?}, {:?})", self.out.len(), self.ended(), self.stats)
    }
}
