//! permessage-deflate: messages compressed one by one, with or without what was learnt from those before.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What ends every compressed message and is left off the wire (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The two directions of a connection that compresses.
pub struct Deflate {
    compress: Compress,
    decompress: Decompress,
    /// This end starts afresh with each message.
    fresh_out: bool,
    /// The peer does.
    fresh_in: bool,
}

impl Deflate {
    /// As agreed in the handshake.
    pub fn new(fresh_out: bool, fresh_in: bool) -> Deflate {
        Deflate {
            compress: Compress::new(Compression::new(6), false),
            decompress: Decompress::new(false),
            fresh_out,
            fresh_in,
        }
    }

    /// A message's payload, compressed.
    pub(super) fn compress(&mut self, data: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(data.len() / 2 + 64);
        let start = self.compress.total_in();
        loop {
            let used = (self.compress.total_in() - start) as usize;
            if out.len() == out.capacity() {
                out.reserve(out.capacity().max(1024));
            }
            self.compress.compress_vec(&data[used..], &mut out, FlushCompress::Sync).ok()?;
            let used = (self.compress.total_in() - start) as usize;
            if used == data.len() && out.len() < out.capacity() {
                break;
            }
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        if self.fresh_out {
            self.compress.reset();
        }
        Some(out)
    }

    /// A message's payload, inflated to at most `limit` bytes. `Err(true)`: larger than that; `Err(false)`: not compressed data.
    pub(super) fn inflate(&mut self, data: &[u8], limit: usize) -> Result<Vec<u8>, bool> {
        let mut out = Vec::with_capacity((data.len() * 3).clamp(256, 64 << 10));
        for part in [data, &TAIL] {
            let start = self.decompress.total_in();
            loop {
                let used = (self.decompress.total_in() - start) as usize;
                if out.len() == out.capacity() {
                    out.reserve(out.capacity());
                }
                let status = self
                    .decompress
                    .decompress_vec(&part[used..], &mut out, FlushDecompress::Sync)
                    .map_err(|_| false)?;
                if out.len() > limit {
                    return Err(true);
                }
                let done = (self.decompress.total_in() - start) as usize == part.len();
                if status == Status::StreamEnd {
                    self.decompress.reset(false);
                    break;
                }
                if done && out.len() < out.capacity() {
                    break;
                }
            }
        }
        if self.fresh_in {
            self.decompress.reset(false);
        }
        Ok(out)
    }
}

impl std::fmt::Debug for Deflate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Deflate(fresh out: {}, in: {})", self.fresh_out, self.fresh_in)
    }
}
