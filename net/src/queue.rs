//! What waits to be written: a bounded queue of chunks, handed over with as few system calls as the system allows.

use looplab_event_loop::world::network::Stream;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};

/// Slices handed over in one call at most; more than the system's own limit (1024 on Linux) would be refused.
const SLICES: usize = 64;

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrote {
    /// The system has all of it.
    All,
    /// Some waits in the queue; go on when the stream is writable.
    Queued,
    /// The queue is full: nothing of this write was taken.
    Full,
}

/// Chunks in order, the first perhaps partly written.
#[derive(Debug, Default)]
pub struct WriteQueue {
    chunks: VecDeque<Vec<u8>>,
    /// Bytes of the first chunk that are gone.
    done: usize,
    bytes: usize,
}

impl WriteQueue {
    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Adds a chunk.
    pub fn push(&mut self, chunk: Vec<u8>) {
        if !chunk.is_empty() {
            self.bytes += chunk.len();
            self.chunks.push_back(chunk);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = WriteQueue::default();
    }

    /// Hands over what the system takes. True: nothing is left.
    ///
    /// # Errors
    /// The system's, but for `WouldBlock`.
    pub fn flush(&mut self, stream: &mut dyn Stream) -> io::Result<bool> {
        while self.bytes > 0 {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut count = 0;
            for (i, chunk) in self.chunks.iter().take(SLICES).enumerate() {
                slices[i] = IoSlice::new(if i == 0 { &chunk[self.done..] } else { chunk });
                count += 1;
            }
            match stream.write_vectored(&slices[..count]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.advance(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while written > 0 {
            let Some(first) = self.chunks.front() else { return };
            let left = first.len() - self.done;
            if written < left {
                self.done += written;
                return;
            }
            written -= left;
            self.done = 0;
            self.chunks.pop_front();
        }
    }
}

/// Hands slices to a stream, first to last. How many bytes it took; the rest would block.
///
/// # Errors
/// The system's, but for `WouldBlock`.
pub fn write_now(stream: &mut dyn Stream, parts: &[&[u8]]) -> io::Result<usize> {
    if let [one] = parts {
        return write_one(stream, one);
    }
    let mut total = 0;
    let mut at = 0;
    let mut offset = 0;
    loop {
        while at < parts.len() && offset == parts[at].len() {
            (at, offset) = (at + 1, 0);
        }
        if at == parts.len() {
            return Ok(total);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = (parts.len() - at).min(SLICES);
        for (i, slice) in slices.iter_mut().enumerate().take(count) {
            *slice = IoSlice::new(if i == 0 { &parts[at][offset..] } else { parts[at + i] });
        }
        match stream.write_vectored(&slices[..count]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(mut n) => {
                total += n;
                while n > 0 {
                    let left = parts[at].len() - offset;
                    let step = n.min(left);
                    (n, offset) = (n - step, offset + step);
                    if offset == parts[at].len() {
                        (at, offset) = (at + 1, 0);
                    }
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(total),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The same for one slice, as most messages are.
fn write_one(stream: &mut dyn Stream, part: &[u8]) -> io::Result<usize> {
    let mut total = 0;
    while total < part.len() {
        match stream.write_vectored(&[IoSlice::new(&part[total..])]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => total += n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(total)
}
