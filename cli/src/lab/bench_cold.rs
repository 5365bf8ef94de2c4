//! Files that the system's cache doesn't hold: written, forced to the disk, and dropped from the cache.

use looplab_lab::bench::Case;
use rustix::fs::{Advice, fadvise};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

/// File systems that live in memory: there is nothing else to read from.
const IN_MEMORY: &[&str] = &["tmpfs", "ramfs"];

/// Why files can't be made cold on this file system; `None` if they can.
pub fn obstacle(file_system: &str) -> Option<String> {
    IN_MEMORY.contains(&file_system).then(|| {
        format!("cold cache: not measured, {file_system} keeps its files in memory (name another place with --folder)")
    })
}

fn file(case: &Case, number: u64) -> PathBuf {
    Path::new(&case.folder).join(format!("data.bin.cold{number}"))
}

/// Makes the case's files and drops them from the cache.
///
/// # Errors
/// The file system's.
pub fn prepare(case: &Case) -> io::Result<()> {
    let block = vec![b'c'; (case.size as usize).min(1 << 20)];
    for number in 0..case.most {
        let path = file(case, number);
        if fs::metadata(&path).map_or(0, |found| found.len()) != case.size {
            let mut out = File::create(&path)?;
            let mut left = case.size as usize;
            while left > 0 {
                let part = left.min(block.len());
                out.write_all(&block[..part])?;
                left -= part;
            }
            out.sync_all()?;
        }
        // Only clean pages can be dropped, so they were synced above.
        fadvise(File::open(&path)?, 0, None::<NonZeroU64>, Advice::DontNeed)?;
    }
    Ok(())
}

/// Removes them.
pub fn clear(case: &Case) {
    for number in 0..case.most {
        // The whole folder goes at the end in any case.
        let _ = fs::remove_file(file(case, number));
    }
}
