//! Open files by descriptor number. Safe Rust has no way from a bare number to a file, so the numbers that scripts hold are
//! looked up here; what a script did not open (except the three standard streams) is EBADF.

use super::fail::Fail;
use rustc_hash::FxHashMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

const EBADF: i32 = 9;

/// Descriptor numbers belong to the process, and pool workers use them too: one table for all. `None` marks a standard stream
/// that the script closed.
static FILES: LazyLock<Mutex<FxHashMap<i32, Option<Arc<File>>>>> = LazyLock::new(Mutex::default);

fn files() -> MutexGuard<'static, FxHashMap<i32, Option<Arc<File>>>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a file over; its number.
pub(super) fn insert(fd: OwnedFd) -> i32 {
    let file = File::from(fd);
    let n = file.as_raw_fd();
    files().insert(n, Some(Arc::new(file)));
    n
}

/// The file of a number.
pub(crate) fn get(fd: i32) -> io::Result<Arc<File>> {
    let mut files = files();
    if let Some(f) = files.get(&fd) {
        return f.clone().ok_or_else(|| io::Error::from_raw_os_error(EBADF));
    }
    let standard: BorrowedFd<'static> = match fd {
        0 => rustix::stdio::stdin(),
        1 => rustix::stdio::stdout(),
        2 => rustix::stdio::stderr(),
        _ => return Err(io::Error::from_raw_os_error(EBADF)),
    };
    // A duplicate: it shares position and flags with the stream.
    let file = Arc::new(File::from(standard.try_clone_to_owned()?));
    files.insert(fd, Some(file.clone()));
    Ok(file)
}

/// The file of a number, for an operation of this name.
pub(super) fn file(fd: i32, syscall: &'static str) -> Result<Arc<File>, Fail> {
    get(fd).map_err(|e| Fail::system(&e, syscall))
}

/// Closes a number. Operations under way keep the file itself open until they are done.
pub(super) fn close(fd: i32) -> io::Result<()> {
    get(fd)?;
    let mut files = files();
    if fd <= 2 {
        files.insert(fd, None);
    } else {
        files.remove(&fd);
    }
    Ok(())
}
