//! Datagrams: a non-blocking socket with a bounded queue for what the system doesn't take at once.

use looplab_event_loop::world::network::Datagram;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;

/// A datagram that waits.
#[derive(Debug)]
struct Waiting {
    id: u64,
    to: Option<SocketAddr>,
    bytes: Vec<u8>,
}

/// A datagram socket.
pub struct Udp {
    socket: Box<dyn Datagram>,
    queue: VecDeque<Waiting>,
    queued: usize,
    limit: usize,
    ids: u64,
}

impl Udp {
    /// Around a socket; at most `limit` bytes wait to be sent.
    pub fn new(socket: Box<dyn Datagram>, limit: usize) -> Udp {
        Udp { socket, queue: VecDeque::new(), queued: 0, limit, ids: 0 }
    }

    /// The socket itself.
    pub fn socket(&mut self) -> &mut dyn Datagram {
        &mut *self.socket
    }

    /// Bytes and datagrams that wait.
    pub fn queued(&self) -> (usize, usize) {
        (self.queued, self.queue.len())
    }

    /// The next datagram; `None` when none waits.
    ///
    /// # Errors
    /// The system's.
    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<(usize, SocketAddr)>> {
        loop {
            match self.socket.receive(buffer) {
                Ok(found) => return Ok(Some(found)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends a datagram. `Ok(None)`: the system has it. `Ok(Some(id))`: it waits, and [`Udp::flush`] will name it.
    ///
    /// # Errors
    /// The system's; `OutOfMemory` when too much waits already.
    pub fn send(&mut self, parts: &[&[u8]], to: Option<SocketAddr>) -> io::Result<Option<u64>> {
        if self.queue.is_empty() {
            let slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
            match self.socket.send(&slices, to) {
                Ok(_) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        let size: usize = parts.iter().map(|part| part.len()).sum();
        if self.queued + size > self.limit {
            return Err(ErrorKind::OutOfMemory.into());
        }
        self.ids += 1;
        self.queued += size;
        self.queue.push_back(Waiting { id: self.ids, to, bytes: parts.concat() });
        Ok(Some(self.ids))
    }

    /// The socket is writable: sends what waits, and reports each datagram's fate.
    pub fn flush(&mut self, mut sent: impl FnMut(u64, io::Result<usize>)) {
        while let Some(first) = self.queue.front() {
            match self.socket.send(&[IoSlice::new(&first.bytes)], first.to) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                result => {
                    self.queued -= first.bytes.len();
                    sent(first.id, result);
                    self.queue.pop_front();
                }
            }
        }
    }
}
