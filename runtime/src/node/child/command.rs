//! What to start and how: read from the script's options, made into the system's terms.

use crate::node::buffer::{bytes_of, get};
use command_fds::{CommandFdExt, FdMapping};
use looplab_engine::{Local, Scope, Thrown};
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// A child to be.
pub(super) struct Spec {
    file: OsString,
    args: Vec<OsString>,
    env: Option<Vec<(OsString, OsString)>>,
    cwd: Option<OsString>,
    uid: Option<u32>,
    gid: Option<u32>,
    detached: bool,
}

fn text(s: &mut Scope<'_>, v: Local<'_>) -> OsString {
    match bytes_of(s, v) {
        Some(bytes) => OsString::from_vec(bytes),
        None => s.to_utf8_lossy(v).into(),
    }
}

fn list<'s>(s: &mut Scope<'s>, v: Local<'s>) -> Result<Vec<OsString>, Thrown> {
    if !v.is_object() {
        return Ok(Vec::new());
    }
    let items = s.list_from_array_like(v)?;
    Ok(items.into_iter().map(|item| text(s, item)).collect())
}

impl Spec {
    /// Reads `{ file, args, envPairs, cwd, uid, gid, detached }`, which JavaScript has checked.
    pub(super) fn read<'s>(s: &mut Scope<'s>, o: Local<'s>) -> Result<Spec, Thrown> {
        let file = get(s, o, "file")?;
        let file = text(s, file);
        let args = get(s, o, "args")?;
        let args = list(s, args)?;
        let pairs = get(s, o, "envPairs")?;
        let env = if pairs.is_object() {
            let pairs = list(s, pairs)?.into_iter().filter_map(|pair| {
                let pair = pair.into_vec();
                let at = pair.iter().position(|b| *b == b'=')?;
                Some((OsString::from_vec(pair[..at].to_vec()), OsString::from_vec(pair[at + 1..].to_vec())))
            });
            Some(pairs.collect())
        } else {
            None
        };
        let cwd = get(s, o, "cwd")?;
        let cwd = (!cwd.is_nullish()).then(|| text(s, cwd));
        let (uid, gid) = (get(s, o, "uid")?, get(s, o, "gid")?);
        let detached = get(s, o, "detached")?.is_true();
        let id = |v: Local<'_>| v.as_number().map(|n| n as i64 as u32);
        Ok(Spec { file, args, env, cwd, uid: id(uid), gid: id(gid), detached })
    }

    /// The command, with `stdio` as the child's descriptors 0, 1, 2, …
    ///
    /// # Errors
    /// The system's, such as having no descriptors left.
    pub(super) fn command(&self, stdio: Vec<ChildEnd>) -> io::Result<Command> {
        let mut c = Command::new(&self.file);
        let mut args = self.args.iter();
        if let Some(name) = args.next() {
            c.arg0(name);
        }
        c.args(args);
        if let Some(env) = &self.env {
            c.env_clear().envs(env.iter().map(|(k, v)| (k, v)));
        }
        if let Some(cwd) = &self.cwd {
            c.current_dir(cwd);
        }
        if let Some(uid) = self.uid {
            c.uid(uid);
        }
        if let Some(gid) = self.gid {
            c.gid(gid);
        }
        if self.detached {
            // Safe Rust has no setsid: the child leads a process group, not a session.
            c.process_group(0);
        }
        let mut extra = Vec::new();
        for (i, end) in stdio.into_iter().enumerate() {
            let end = end.stdio()?;
            match (i, end) {
                (0, end) => drop(c.stdin(end.map_or_else(Stdio::null, Stdio::from))),
                (1, end) => drop(c.stdout(end.map_or_else(Stdio::null, Stdio::from))),
                (2, end) => drop(c.stderr(end.map_or_else(Stdio::null, Stdio::from))),
                (i, Some(parent_fd)) => extra.push(FdMapping { parent_fd, child_fd: i as i32 }),
                (i, None) => {
                    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
                    extra.push(FdMapping { parent_fd: null.into(), child_fd: i as i32 });
                }
            }
        }
        if !extra.is_empty() {
            c.fd_mappings(extra).map_err(io::Error::other)?;
        }
        Ok(c)
    }
}

/// What a child gets as one of its descriptors.
pub(super) enum ChildEnd {
    /// /dev/null.
    Null,
    /// One end of a pair.
    Own(OwnedFd),
    /// A descriptor that the script has open.
    Number(i32),
}

impl ChildEnd {
    fn stdio(self) -> io::Result<Option<OwnedFd>> {
        Ok(match self {
            ChildEnd::Null => None,
            ChildEnd::Own(fd) => Some(fd),
            ChildEnd::Number(n) => {
                let fd = super::own_descriptor(n)?;
                // Most programs expect streams that block.
                rustix::io::ioctl_fionbio(&fd, false)?;
                Some(fd)
            }
        })
    }
}
