//! Operations of the simulated world that are to fail: the nth call of one, with an error of the system.

use rustix::io::Errno;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::rc::Rc;

/// An operation that is to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its label, such as `fs.read` or `net.accept`.
    pub label: String,
    /// Which call of it: 1 is the first.
    pub nth: u32,
    /// With which error.
    pub error: Errno,
}

/// The errors that can be asked for.
const ERRORS: &[(&str, Errno)] = &[
    ("EACCES", Errno::ACCESS),
    ("EAGAIN", Errno::AGAIN),
    ("EBADF", Errno::BADF),
    ("EBUSY", Errno::BUSY),
    ("ECONNABORTED", Errno::CONNABORTED),
    ("ECONNREFUSED", Errno::CONNREFUSED),
    ("ECONNRESET", Errno::CONNRESET),
    ("EDQUOT", Errno::DQUOT),
    ("EEXIST", Errno::EXIST),
    ("EFBIG", Errno::FBIG),
    ("EHOSTUNREACH", Errno::HOSTUNREACH),
    ("EIO", Errno::IO),
    ("EISDIR", Errno::ISDIR),
    ("ELOOP", Errno::LOOP),
    ("EMFILE", Errno::MFILE),
    ("ENETUNREACH", Errno::NETUNREACH),
    ("ENFILE", Errno::NFILE),
    ("ENOENT", Errno::NOENT),
    ("ENOMEM", Errno::NOMEM),
    ("ENOSPC", Errno::NOSPC),
    ("ENOTDIR", Errno::NOTDIR),
    ("ENOTEMPTY", Errno::NOTEMPTY),
    ("EPERM", Errno::PERM),
    ("EPIPE", Errno::PIPE),
    ("EROFS", Errno::ROFS),
    ("ESTALE", Errno::STALE),
    ("ETIMEDOUT", Errno::TIMEDOUT),
    ("EXDEV", Errno::XDEV),
];

impl std::str::FromStr for Fault {
    type Err = String;

    /// `fs.read:3:EIO`: the third read fails with EIO.
    fn from_str(text: &str) -> Result<Fault, String> {
        let wrong = || format!("'{text}' is no fault: try fs.read:3:EIO (the third read fails with EIO)");
        let mut parts = text.split(':');
        let (Some(label), Some(nth), Some(name), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let nth = nth.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
        let known = ERRORS.iter().find(|(known, _)| *known == name);
        let (_, error) = known.ok_or_else(|| {
            let names: Vec<_> = ERRORS.iter().map(|(name, _)| *name).collect();
            format!("'{name}' is no error that can be injected; there are {}", names.join(", "))
        })?;
        Ok(Fault { label: label.to_owned(), nth, error: *error })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ERRORS.iter().find(|(_, error)| *error == self.error).map_or("?", |(name, _)| name);
        write!(f, "{}:{}:{name}", self.label, self.nth)
    }
}

/// Counts calls, and fails those that are to. Shared by the pool and the network of one world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Rc<RefCell<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    faults: Vec<Fault>,
    calls: BTreeMap<String, u32>,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Faults {
        Faults(Rc::new(RefCell::new(Counts { faults, calls: BTreeMap::new() })))
    }

    /// This operation is called once more. Its error, if this call is to fail.
    pub(crate) fn called(&self, label: &str) -> Option<Errno> {
        let mut counts = self.0.borrow_mut();
        let Counts { faults, calls } = &mut *counts;
        // Only what may fail is counted.
        if !faults.iter().any(|fault| fault.label == label) {
            return None;
        }
        let count = calls.entry(label.to_owned()).or_default();
        *count += 1;
        faults.iter().find(|fault| fault.label == label && fault.nth == *count).map(|fault| fault.error)
    }

    /// The same as a result.
    pub(crate) fn check(&self, label: &str) -> io::Result<()> {
        self.called(label).map_or(Ok(()), |error| Err(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_as_they_are_shown() {
        let fault: Fault = "fs.read:3:EIO".parse().unwrap();
        assert_eq!(fault.to_string(), "fs.read:3:EIO");
        for wrong in ["fs.read", "fs.read:0:EIO", "fs.read:x:EIO", "fs.read:1:EIO:2", "fs.read:1:EWRONG"] {
            assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_chosen_call_fails_and_no_other() {
        let faults = Faults::new(vec!["fs.read:2:EIO".parse().unwrap(), "fs.read:4:EMFILE".parse().unwrap()]);
        let calls: Vec<_> = (0..5).map(|_| faults.called("fs.read")).collect();
        assert_eq!(calls, [None, Some(Errno::IO), None, Some(Errno::MFILE), None]);
        assert_eq!(faults.called("fs.write"), None);
    }
}
