//! Servers and clients for Rust programs: a [`Protocol`] per connection, driven by the loop.
//!
//! The loop's readiness comes as edges, so a connection is read until it would block, unless its protocol has paused it or
//! its peer doesn't take what is written: then reading waits, and with it the peer.

use crate::accept::{Accepted, Acceptor};
use crate::conn::{Conn, ConnOptions, End, Read};
use looplab_event_loop::mio::Interest;
use looplab_event_loop::world::network::{Address, ListenOptions, Stream};
use looplab_event_loop::{EventLoop, IoId, Readiness, TimerId, World};
use looplab_probe::Probe;
use slab::Slab;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;

/// Bytes read with one call.
const CHUNK: usize = 64 << 10;
/// Calls in a row to one connection, before others get their turn.
const READS: usize = 16;
/// How long a server that is out of descriptors waits, in milliseconds.
const RETRY: u64 = 100;
/// Connections in a row that it sheds meanwhile, before it waits: others want the processor, too.
const REFUSALS: u32 = 64;

/// What a connection's bytes mean. One value per connection.
pub trait Protocol: 'static {
    /// The connection stands.
    fn opened(&mut self, conn: &mut Conn, now: u64) {
        let _ = (conn, now);
    }

    /// Bytes have arrived. They are gone afterwards: keep what is needed.
    fn received(&mut self, conn: &mut Conn, bytes: &[u8], now: u64);

    /// The peer sends no more. By default this side ends as well.
    fn ended(&mut self, conn: &mut Conn, now: u64) {
        let _ = now;
        conn.end();
    }

    /// All that waited is written.
    fn drained(&mut self, conn: &mut Conn, now: u64) {
        let _ = (conn, now);
    }

    /// The connection's deadline ([`Conn::deadline`]) has passed. By default that is its end.
    fn expired(&mut self, conn: &mut Conn, now: u64) {
        let _ = now;
        conn.close(End::Deadline);
    }

    /// The server shuts down: finish what is under way, then end. By default the connection ends at once.
    fn draining(&mut self, conn: &mut Conn, now: u64) {
        let _ = now;
        conn.end();
    }

    /// It is over.
    fn closed(&mut self, why: &End) {
        let _ = why;
    }
}

/// How a server works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerOptions {
    /// How it listens.
    pub listen: ListenOptions,
    /// Limits of each connection.
    pub conn: ConnOptions,
    /// Connections at a time; more are taken and closed. Default 10,000.
    pub max_connections: usize,
    /// How often time limits are looked at, in milliseconds. Default 500.
    pub sweep: u64,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            listen: ListenOptions::default(),
            conn: ConnOptions::default(),
            max_connections: 10_000,
            sweep: 500,
        }
    }
}

/// Figures of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerStats {
    /// Connections open now.
    pub open: usize,
    /// Connections taken so far.
    pub accepted: u64,
    /// Closed at once because of the limit.
    pub over_limit: u64,
    /// Closed at once because there was no descriptor.
    pub refused: u64,
    /// Ended by a time limit.
    pub reaped: u64,
    /// Bytes received by connections that are over.
    pub received: u64,
    /// Bytes sent by connections that are over.
    pub sent: u64,
}

/// A connection with its protocol.
struct Link<T> {
    conn: Conn,
    protocol: T,
    io: Option<IoId>,
    /// The stream may hold more than was read.
    readable: bool,
    /// The peer's end was seen: it has to be read up to, there will be no further edge.
    hung_up: bool,
    was_queued: bool,
}

struct Inner<T> {
    acceptor: Option<(Acceptor, IoId)>,
    links: Slab<Rc<RefCell<Link<T>>>>,
    buffer: Vec<u8>,
    options: ServerOptions,
    stats: ServerStats,
    sweeper: Option<TimerId>,
    draining: bool,
}

/// A listening server. Clones are the same server.
pub struct Server<T> {
    inner: Rc<RefCell<Inner<T>>>,
    address: Address,
}

impl<T> Clone for Server<T> {
    fn clone(&self) -> Self {
        Server { inner: self.inner.clone(), address: self.address.clone() }
    }
}

impl<T> std::fmt::Debug for Server<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({}, {:?})", self.address, self.inner.borrow().stats)
    }
}

impl<T: Protocol> Server<T> {
    /// Listens, and makes a protocol for each connection that arrives.
    ///
    /// # Errors
    /// The system's.
    pub fn listen<W: World, P: Probe>(
        lp: &mut EventLoop<W, P>,
        at: &Address,
        options: ServerOptions,
        mut protocol: impl FnMut() -> T + 'static,
    ) -> io::Result<Server<T>> {
        let mut acceptor = Acceptor::new(lp.world_mut().network().listen(at, options.listen)?);
        let address = acceptor.local()?;
        let inner = Rc::new(RefCell::new(Inner {
            acceptor: None,
            links: Slab::new(),
            buffer: vec![0; CHUNK],
            options,
            stats: ServerStats::default(),
            sweeper: None,
            draining: false,
        }));
        let server = Server { inner: inner.clone(), address };
        let handle = server.clone();
        let io = lp.on_ready(acceptor.listener(), Interest::READABLE, move |lp, _, _| {
            handle.accept_all(lp, &mut protocol);
        })?;
        inner.borrow_mut().acceptor = Some((acceptor, io));
        let sweeper = server.clone();
        let timer = lp.set_interval(options.sweep.max(1), move |lp| sweeper.sweep(lp));
        lp.unref_handle(timer);
        inner.borrow_mut().sweeper = Some(timer);
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Figures so far.
    pub fn stats(&self) -> ServerStats {
        let inner = self.inner.borrow();
        ServerStats { open: inner.links.len(), ..inner.stats }
    }

    /// Takes no more connections and asks those that are open to finish. After `grace` milliseconds the rest is cut. The loop is
    /// free to end when the last one is gone.
    pub fn drain<W: World, P: Probe>(&self, lp: &mut EventLoop<W, P>, grace: u64) {
        let acceptor = {
            let mut inner = self.inner.borrow_mut();
            inner.draining = true;
            inner.acceptor.take()
        };
        if let Some((mut acceptor, io)) = acceptor {
            // The descriptor is about to be closed, which takes it off the poll in any case.
            let _ = lp.io_stop(io, acceptor.listener());
        }
        let now = lp.now();
        for (key, link) in self.links() {
            {
                let link = &mut *link.borrow_mut();
                link.protocol.draining(&mut link.conn, now);
            }
            self.settle(lp, key, &link);
        }
        let server = self.clone();
        let timer = lp.set_timeout(grace, move |lp| {
            for (key, link) in server.links() {
                link.borrow_mut().conn.close(End::Aborted);
                server.settle(lp, key, &link);
            }
        });
        lp.unref_handle(timer);
    }

    fn links(&self) -> Vec<(usize, Rc<RefCell<Link<T>>>)> {
        self.inner.borrow().links.iter().map(|(key, link)| (key, link.clone())).collect()
    }

    fn accept_all<W: World, P: Probe>(
        &self,
        lp: &mut EventLoop<W, P>,
        protocol: &mut (impl FnMut() -> T + 'static),
    ) {
        let mut refusals = 0;
        loop {
            let mut inner = self.inner.borrow_mut();
            let Some((acceptor, _)) = &mut inner.acceptor else { return };
            match acceptor.accept() {
                Accepted::Connection(stream, _) => {
                    inner.stats.accepted += 1;
                    if inner.links.len() >= inner.options.max_connections {
                        inner.stats.over_limit += 1;
                        continue;
                    }
                    let options = inner.options.conn;
                    drop(inner);
                    // A connection that can't be watched (it is gone already) is dropped.
                    let _ = self.open(lp, stream, options, protocol());
                }
                Accepted::Refused => {
                    inner.stats.refused += 1;
                    refusals += 1;
                    if refusals == REFUSALS {
                        drop(inner);
                        return self.retry(lp);
                    }
                }
                Accepted::Blocked => return,
                Accepted::Exhausted(_) | Accepted::Failed(_) => {
                    drop(inner);
                    return self.retry(lp);
                }
            }
        }
    }

    /// The edge is used up although connections may wait: watching anew gives another one.
    fn retry<W: World, P: Probe>(&self, lp: &mut EventLoop<W, P>) {
        let server = self.clone();
        let timer = lp.set_timeout(RETRY, move |lp| {
            let mut inner = server.inner.borrow_mut();
            if let Some((acceptor, io)) = &mut inner.acceptor {
                let io = *io;
                // A listener that is gone has nothing to accept either.
                let _ = lp.io_modify(io, acceptor.listener(), Interest::READABLE);
            }
        });
        lp.unref_handle(timer);
    }

    fn open<W: World, P: Probe>(
        &self,
        lp: &mut EventLoop<W, P>,
        stream: Box<dyn Stream>,
        options: ConnOptions,
        mut protocol: T,
    ) -> io::Result<()> {
        let now = lp.now();
        let mut conn = Conn::new(stream, options, now);
        protocol.opened(&mut conn, now);
        let link = Link { conn, protocol, io: None, readable: false, hung_up: false, was_queued: false };
        let link = Rc::new(RefCell::new(link));
        let key = self.inner.borrow_mut().links.insert(link.clone());
        let (server, other) = (self.clone(), link.clone());
        let interest = Interest::READABLE | Interest::WRITABLE;
        let io = lp.on_ready(link.borrow_mut().conn.stream(), interest, move |lp, _, ready| {
            server.ready(lp, key, &other, ready);
        });
        match io {
            Ok(io) => {
                link.borrow_mut().io = Some(io);
                self.settle(lp, key, &link);
                Ok(())
            }
            Err(error) => {
                self.inner.borrow_mut().links.remove(key);
                Err(error)
            }
        }
    }

    fn ready<W: World, P: Probe>(
        &self,
        lp: &mut EventLoop<W, P>,
        key: usize,
        link: &Rc<RefCell<Link<T>>>,
        ready: Readiness,
    ) {
        let now = lp.now();
        {
            let link = &mut *link.borrow_mut();
            if ready.writable && link.conn.queued() > 0 {
                link.conn.flush(now);
            }
            link.readable |= ready.readable;
            link.hung_up |= ready.read_closed || ready.error;
        }
        self.settle(lp, key, link);
    }

    /// Reads what may be read, tells the protocol what has changed, and lets the connection go when it is over.
    fn settle<W: World, P: Probe>(&self, lp: &mut EventLoop<W, P>, key: usize, link: &Rc<RefCell<Link<T>>>) {
        let now = lp.now();
        let again = {
            let link = &mut *link.borrow_mut();
            let mut buffer = std::mem::take(&mut self.inner.borrow_mut().buffer);
            let again = link.pump(&mut buffer, now);
            self.inner.borrow_mut().buffer = buffer;
            again
        };
        if link.borrow().conn.ended() {
            return self.release(lp, key, link);
        }
        if again {
            let link = &mut *link.borrow_mut();
            let Link { conn, io: Some(io), .. } = link else { return };
            // Watching anew gives another edge, after everybody else's turn.
            if let Err(error) = lp.io_modify(*io, conn.stream(), Interest::READABLE | Interest::WRITABLE) {
                conn.close(End::Failed(error));
            }
        }
    }

    fn release<W: World, P: Probe>(&self, lp: &mut EventLoop<W, P>, key: usize, link: &Rc<RefCell<Link<T>>>) {
        let mut inner = self.inner.borrow_mut();
        if inner.links.try_remove(key).is_none() {
            return;
        }
        let link = &mut *link.borrow_mut();
        if let Some(io) = link.io.take() {
            // The descriptor is closed next, which takes it off the poll in any case.
            let _ = lp.io_stop(io, link.conn.stream());
        }
        let (why, stats) = (link.conn.take_end(), link.conn.stats());
        inner.stats.received += stats.received;
        inner.stats.sent += stats.sent;
        inner.stats.reaped += u64::from(matches!(why, End::Idle | End::Deadline));
        let last = inner.draining && inner.links.is_empty();
        let sweeper = inner.sweeper;
        drop(inner);
        link.protocol.closed(&why);
        if let (true, Some(timer)) = (last, sweeper) {
            lp.timer_stop(timer);
        }
    }

    fn sweep<W: World, P: Probe>(&self, lp: &mut EventLoop<W, P>) {
        let now = lp.now();
        for (key, link) in self.links() {
            let due = {
                let link = &mut *link.borrow_mut();
                let due = link.conn.next_deadline().is_some_and(|at| at <= now);
                if link.conn.deadline.is_due(now) {
                    link.conn.deadline.clear();
                    link.protocol.expired(&mut link.conn, now);
                }
                if due {
                    link.conn.expire(now);
                }
                due
            };
            if due {
                self.settle(lp, key, &link);
            }
        }
    }
}

impl<T: Protocol> Link<T> {
    /// True: there is more to read, but others should have their turn.
    fn pump(&mut self, buffer: &mut [u8], now: u64) -> bool {
        let queued = self.conn.queued() > 0;
        if self.was_queued && !queued && !self.conn.ended() {
            self.protocol.drained(&mut self.conn, now);
        }
        let mut reads = 0;
        while self.readable && self.conn.wants_data() {
            if reads == READS {
                return true;
            }
            reads += 1;
            match self.conn.read(buffer, now) {
                Read::Data(n) => {
                    self.protocol.received(&mut self.conn, &buffer[..n], now);
                    // A short read has emptied the system's buffer: an edge will tell of more.
                    if n < buffer.len() && !self.hung_up {
                        self.readable = false;
                    }
                }
                Read::Blocked => self.readable = false,
                Read::End => {
                    self.readable = false;
                    self.protocol.ended(&mut self.conn, now);
                }
                Read::Failed(error) => {
                    self.readable = false;
                    self.conn.close(End::Failed(error));
                }
            }
        }
        self.was_queued = self.conn.queued() > 0;
        false
    }
}

/// A stream that is being connected, and the protocol that waits for it.
type Pending<T> = Rc<RefCell<Option<(Box<dyn Stream>, T)>>>;

/// Connects and drives a protocol on the connection. `done` is told when it stands or has failed to.
///
/// # Errors
/// The system's, if it fails at once.
pub fn connect<T: Protocol, W: World, P: Probe>(
    lp: &mut EventLoop<W, P>,
    to: &Address,
    options: ConnOptions,
    protocol: T,
    done: impl FnOnce(&mut EventLoop<W, P>, io::Result<()>) + 'static,
) -> io::Result<()> {
    let mut stream = lp.world_mut().network().connect(to, None)?;
    let link: Pending<T> = Rc::default();
    let mut done = Some(done);
    let slot = link.clone();
    let interest = Interest::READABLE | Interest::WRITABLE;
    lp.on_ready(&mut *stream, interest, move |lp, io, ready| {
        if !ready.writable && !ready.error {
            return;
        }
        let Some((mut stream, protocol)) = slot.borrow_mut().take() else { return };
        let outcome = match stream.take_error() {
            Ok(None) => Ok(()),
            Ok(Some(error)) | Err(error) => Err(error),
        };
        let stopped = lp.io_stop(io, &mut *stream);
        let outcome = outcome.and(stopped).and_then(|()| {
            let inner = Inner {
                acceptor: None,
                links: Slab::new(),
                buffer: vec![0; CHUNK],
                options: ServerOptions { conn: options, ..ServerOptions::default() },
                stats: ServerStats::default(),
                sweeper: None,
                draining: true,
            };
            let address = stream.peer()?;
            let client = Server { inner: Rc::new(RefCell::new(inner)), address };
            let sweeper = client.clone();
            let timer = lp.set_interval(client.inner.borrow().options.sweep, move |lp| sweeper.sweep(lp));
            lp.unref_handle(timer);
            client.inner.borrow_mut().sweeper = Some(timer);
            client.open(lp, stream, options, protocol)
        });
        if let Some(done) = done.take() {
            done(lp, outcome);
        }
    })?;
    *link.borrow_mut() = Some((stream, protocol));
    Ok(())
}
