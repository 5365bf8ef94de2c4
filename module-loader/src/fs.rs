//! The little that resolution needs from a file system, as a trait, for the disk and for tables in tests.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io,
};

use rustc_hash::FxHashMap;

use crate::path;

/// What stands at a path, symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Anything that isn't a folder: Node's resolver makes no finer distinction.
    File,
    /// A folder.
    Dir,
}

/// The questions the resolver asks. Paths are absolute, with `/`; a path that isn't UTF-8 can't be asked for.
pub trait FileSystem {
    /// What stands at `path`, links followed; `None` if nothing does or it can't be looked at.
    fn kind(&self, path: &str) -> Option<FileKind>;

    /// Whether a file stands there.
    fn is_file(&self, path: &str) -> bool {
        self.kind(path) == Some(FileKind::File)
    }

    /// Whether a folder stands there.
    fn is_dir(&self, path: &str) -> bool {
        self.kind(path) == Some(FileKind::Dir)
    }

    /// The whole file as text. Bytes that aren't UTF-8 may be replaced.
    fn read_to_string(&self, path: &str) -> io::Result<String>;

    /// The path with every symbolic link resolved.
    fn realpath(&self, path: &str) -> io::Result<String>;
}

impl<F: FileSystem + ?Sized> FileSystem for &F {
    fn kind(&self, path: &str) -> Option<FileKind> {
        (**self).kind(path)
    }

    fn read_to_string(&self, path: &str) -> io::Result<String> {
        (**self).read_to_string(path)
    }

    fn realpath(&self, path: &str) -> io::Result<String> {
        (**self).realpath(path)
    }
}

/// The real file system.
///
/// Real paths of folders are remembered, so that a thousand modules of one folder cost a thousand `lstat`s and not a
/// thousand walks from the root.
#[derive(Debug, Default)]
pub struct StdFileSystem {
    real_dirs: RefCell<FxHashMap<String, String>>,
}

impl StdFileSystem {
    /// A file system with nothing remembered.
    pub fn new() -> Self {
        Self::default()
    }

    fn real_dir(&self, dir: &str) -> io::Result<String> {
        if let Some(known) = self.real_dirs.borrow().get(dir) {
            return Ok(known.clone());
        }
        let real = canonical(dir)?;
        self.real_dirs.borrow_mut().insert(dir.to_owned(), real.clone());
        Ok(real)
    }
}

fn canonical(path: &str) -> io::Result<String> {
    let real = std::fs::canonicalize(path)?;
    real.into_os_string().into_string().map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidData, format!("the real path of '{path}' is not valid UTF-8"))
    })
}

impl FileSystem for StdFileSystem {
    fn kind(&self, path: &str) -> Option<FileKind> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(if metadata.is_dir() { FileKind::Dir } else { FileKind::File })
    }

    fn read_to_string(&self, path: &str) -> io::Result<String> {
        let bytes = std::fs::read(path)?;
        Ok(String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
    }

    fn realpath(&self, path: &str) -> io::Result<String> {
        if std::fs::symlink_metadata(path)?.is_symlink() {
            return canonical(path);
        }
        let name = path::basename(path);
        if name.is_empty() || name == "." || name == ".." {
            return canonical(path);
        }
        let dir = self.real_dir(path::dirname(path))?;
        Ok(if dir == "/" { format!("/{name}") } else { format!("{dir}/{name}") })
    }
}

/// A file system in memory, for tests and simulated worlds.
///
/// ```
/// use looplab_module_loader::{FileSystem, MemoryFileSystem};
///
/// let mut fs = MemoryFileSystem::new();
/// fs.file("/app/main.js", "require('./lib')");
/// fs.link("/app/lib.js", "/elsewhere/lib.js");
/// fs.file("/elsewhere/lib.js", "");
/// assert!(fs.is_dir("/app"));
/// assert_eq!(fs.realpath("/app/lib.js").unwrap(), "/elsewhere/lib.js");
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryFileSystem {
    files: BTreeMap<String, String>,
    dirs: BTreeSet<String>,
    links: BTreeMap<String, String>,
}

/// Links followed in one walk before it counts as a loop (Linux's limit).
const MAX_LINKS: usize = 40;

impl MemoryFileSystem {
    /// A file system with nothing but the root folder.
    pub fn new() -> Self {
        let mut fs = Self::default();
        fs.dirs.insert("/".to_owned());
        fs
    }

    /// Puts a file, and the folders above it.
    pub fn file(&mut self, path: &str, text: &str) -> &mut Self {
        self.dir(path::dirname(path));
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    /// Puts a folder, and the folders above it.
    pub fn dir(&mut self, path: &str) -> &mut Self {
        let mut at = path;
        while self.dirs.insert(at.to_owned()) && at != "/" {
            at = path::dirname(at);
        }
        self
    }

    /// Puts a symbolic link to an absolute or relative target, which need not exist.
    pub fn link(&mut self, path: &str, target: &str) -> &mut Self {
        self.dir(path::dirname(path));
        self.links.insert(path.to_owned(), path::resolve(path::dirname(path), target));
        self
    }

    /// Takes a file or link away.
    pub fn remove(&mut self, path: &str) {
        self.files.remove(path);
        self.links.remove(path);
    }

    fn walk(&self, path: &str) -> io::Result<String> {
        let mut real = String::new();
        let mut rest: Vec<String> = path.rsplit('/').filter(|s| !s.is_empty()).map(str::to_owned).collect();
        let mut followed = 0;
        while let Some(segment) = rest.pop() {
            let next = format!("{real}/{segment}");
            if let Some(target) = self.links.get(&next) {
                followed += 1;
                if followed > MAX_LINKS {
                    return Err(io::Error::other(format!("too many symbolic links: '{path}'")));
                }
                rest.extend(target.rsplit('/').filter(|s| !s.is_empty()).map(str::to_owned));
                real.clear();
            } else if self.files.contains_key(&next) || self.dirs.contains(&next) {
                real = next;
            } else {
                return Err(io::Error::new(io::ErrorKind::NotFound, format!("no such file: '{path}'")));
            }
        }
        Ok(if real.is_empty() { "/".to_owned() } else { real })
    }
}

impl FileSystem for MemoryFileSystem {
    fn kind(&self, path: &str) -> Option<FileKind> {
        let real = self.walk(path).ok()?;
        Some(if self.dirs.contains(&real) { FileKind::Dir } else { FileKind::File })
    }

    fn read_to_string(&self, path: &str) -> io::Result<String> {
        let real = self.walk(path)?;
        self.files.get(&real).cloned().ok_or_else(|| io::Error::other(format!("is a folder: '{path}'")))
    }

    fn realpath(&self, path: &str) -> io::Result<String> {
        self.walk(path)
    }
}
