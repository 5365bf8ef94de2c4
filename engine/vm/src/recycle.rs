//! Blocks of bytes, used again. A page touched for the first time costs the system a fault and the zeroing of it: filling fresh
//! memory is several times slower than filling memory that was in use before. The C library gives large blocks back at once, and
//! keeps those that one thread obtained and another freed apart for each thread. So some that array buffers have let go are
//! kept for whoever needs room of their size next.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Smaller blocks are left to the allocator, which keeps those itself.
const LEAST: usize = 16 << 10;
/// Bytes kept at most, in [`MOST_BLOCKS`] blocks at most.
const MOST: usize = 64 << 20;
const MOST_BLOCKS: usize = 128;

/// Workers ask for room too: one store for all threads.
static STORE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn store() -> MutexGuard<'static, Vec<Vec<u8>>> {
    STORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An empty vector with room for exactly the `n` bytes asked for, or up to a quarter more: a block used before if there is
/// one, else a new one.
pub fn room(n: usize) -> Vec<u8> {
    if n >= LEAST {
        let mut store = store();
        let fits = |b: &Vec<u8>| b.capacity() >= n && b.capacity() - n <= n / 4;
        if let Some(i) = store.iter().rposition(fits) {
            return store.remove(i);
        }
        // Room of another size was asked for: what is kept may not be wanted any more.
        let oldest = (!store.is_empty() && store.len() == MOST_BLOCKS).then(|| store.remove(0));
        drop(store);
        drop(oldest);
    }
    Vec::with_capacity(n)
}

/// Puts bytes that are not needed any more where [`room`] finds them.
pub fn give_back(bytes: Vec<u8>) {
    drop(Block::new(bytes));
}

/// Bytes that go to the store instead of back to the system, if there is space for them.
#[derive(Default)]
pub(crate) struct Block(Vec<u8>);

impl Block {
    /// Takes the bytes over.
    pub(crate) fn new(bytes: Vec<u8>) -> Block {
        Block(bytes)
    }

    /// Gives the bytes away.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl Deref for Block {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let size = self.0.capacity();
        if !(LEAST..=MOST).contains(&size) {
            return;
        }
        let mut bytes = std::mem::take(&mut self.0);
        bytes.clear();
        let mut given_up = Vec::new();
        let mut store = store();
        while store.len() >= MOST_BLOCKS || store.iter().map(Vec::capacity).sum::<usize>() + size > MOST {
            given_up.push(store.remove(0));
        }
        store.push(bytes);
        drop(store);
        // Unmapping takes long enough not to be done under the lock.
        drop(given_up);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "megabytes, byte by byte")]
    fn a_block_let_go_serves_the_next_one_of_its_size() {
        let mut bytes = room(3 << 20);
        bytes.resize(3 << 20, 7);
        let at = bytes.as_ptr();
        drop(Block::new(bytes));
        let again = room((3 << 20) - 100);
        assert_eq!((again.as_ptr(), again.len()), (at, 0));
        assert!(room(100).capacity() < LEAST, "small blocks are not kept");
    }

    #[test]
    #[cfg_attr(miri, ignore = "megabytes, byte by byte")]
    fn given_away_bytes_do_not_come_back() {
        let bytes = Block::new(vec![1; 5 << 20]).into_bytes();
        let other = room(5 << 20);
        assert_ne!(bytes.as_ptr(), other.as_ptr());
    }
}
