//! The Rust half of handles.

use crate::rt::{Lp, Rt, Task};
use looplab_engine::{Args, Class, Global, Key, Local, Name, Scope, Thrown};
use looplab_event_loop::world::network::{Datagram, Stream};
use looplab_event_loop::{IoId, Origin};
use looplab_net::{Acceptor, Udp, WriteQueue};
use looplab_probe::{Event, Probe};
use slab::Slab;
use std::cell::{OnceCell, RefCell};
use std::io;
use std::rc::Rc;

/// libuv's number for the end of a stream.
pub(crate) const EOF: i32 = -4095;
/// `EBADF`, for operations on a closed handle.
pub(crate) const EBADF: i32 = -9;

/// What a handle has asked to be told of in the next pending phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// Its connect failed at once, with this error number.
    Connect(i32),
    /// Its shutdown is due (none yet), or done with this status.
    Shutdown(Option<i32>),
    /// Out of descriptors: accept again.
    Accept,
}

/// A stream's state.
#[derive(Default)]
pub(crate) struct Link {
    pub(crate) stream: Option<Box<dyn Stream>>,
    pub(crate) queue: WriteQueue,
    pub(crate) connecting: bool,
    /// The program wants data.
    pub(crate) reading: bool,
    /// There may be something to read that no edge will tell of.
    pub(crate) readable: bool,
    pub(crate) hung_up: bool,
    /// The end is in sight, but is for the next turn, as in libuv: another edge is to be asked for.
    pub(crate) again: bool,
    /// A write waits for the queue to empty.
    pub(crate) writing: bool,
    /// A FIN is to follow what is queued.
    pub(crate) shutdown: bool,
    pub(crate) received: u64,
    pub(crate) sent: u64,
    /// Native reader of the bytes (an HTTP parser) instead of `onread`.
    pub(crate) reader: Option<Global>,
    pub(crate) reset: bool,
}

/// What a handle is.
pub(crate) enum Kind {
    /// A connection, or what may become one.
    Link(Box<Link>),
    /// A listener.
    Listener(Acceptor),
    /// A datagram socket, bound or not.
    Udp { socket: Option<Udp>, receiving: bool, sending: bool },
}

/// A handle.
pub(crate) struct Handle {
    pub(crate) kind: Kind,
    /// Of Unix sockets.
    pub(crate) is_pipe: bool,
    /// Kept while the loop may call it.
    pub(crate) object: Global,
    pub(crate) io: Option<IoId>,
    pub(crate) referenced: bool,
    /// As the loop counts it now.
    pub(crate) counted: bool,
    pub(crate) closing: bool,
    /// Its number in the log.
    pub(crate) number: u32,
}

impl Handle {
    /// Whether it should keep the loop alive.
    fn is_active(&self) -> bool {
        if self.closing {
            return false;
        }
        match &self.kind {
            Kind::Link(link) => {
                link.connecting || link.writing || link.shutdown || (self.referenced && link.reading)
            }
            Kind::Listener(_) => self.referenced,
            Kind::Udp { receiving, sending, .. } => *sending || (self.referenced && *receiving),
        }
    }
}

/// All handles.
#[derive(Default)]
pub(crate) struct Net {
    pub(crate) handles: RefCell<Slab<Handle>>,
    /// Where bytes are read to, one for all.
    pub(crate) buffer: RefCell<Vec<u8>>,
    names: OnceCell<Names>,
    /// What sockets need with every chunk, once `net` is loaded.
    pub(super) socket: OnceCell<Box<super::socket::Parts>>,
}

macro_rules! names {
    ($($field:ident),+) => {
        /// Keys of the callbacks on handle objects.
        pub(crate) struct Names {
            $(pub(crate) $field: Name),+
        }

        impl Names {
            fn new(s: &mut Scope<'_>) -> Names {
                s.nested(|s| Names {
                    $($field: { let k = s.key(stringify!($field)); s.permanent_key(k) }),+
                })
            }
        }
    };
}

names!(onread, onwrite, onconnect, onconnection, onshutdown, onclose, onmessage, onsent);

impl Net {
    pub(crate) fn names(&self, s: &mut Scope<'_>) -> &Names {
        self.names.get_or_init(|| Names::new(s))
    }

    /// Puts a handle into the table and its number into the object.
    pub(crate) fn insert<'s>(
        &self,
        s: &mut Scope<'s>,
        rt: &Rt,
        object: Local<'s>,
        kind: Kind,
        is_pipe: bool,
    ) {
        let global = s.global(object);
        let handle = Handle {
            kind,
            is_pipe,
            object: global,
            io: None,
            referenced: true,
            counted: true,
            closing: false,
            number: rt.next_number(),
        };
        let key = self.handles.borrow_mut().insert(handle);
        let key = s.int(key as i32);
        s.set_internal(object, 0, key);
    }
}

/// The number of the handle that `this` is; `None` when it is closed or no handle.
pub(crate) fn key_of(s: &mut Scope<'_>, this: Local<'_>) -> Option<usize> {
    if !this.is_class(Class::Host) {
        return None;
    }
    let key = s.nested(|s| {
        let this = s.adopt(this);
        s.internal(this, 0).as_int()
    })?;
    usize::try_from(key).ok()
}

/// Runs `f` on the handle behind `this`; EBADF when there is none.
pub(crate) fn with<'s>(
    s: &mut Scope<'s>,
    args: &Args<'s>,
    f: impl FnOnce(&mut Handle, &Rc<Rt>) -> i32,
) -> Local<'s> {
    let rt = Rt::of(s);
    let code = match key_of(s, args.this()) {
        Some(key) => match rt.net.handles.borrow_mut().get_mut(key) {
            Some(handle) => f(handle, &rt),
            None => EBADF,
        },
        None => EBADF,
    };
    s.int(code)
}

/// The system's number for an error, negative as libuv has it.
pub(crate) fn errno(error: &io::Error) -> i32 {
    match error.raw_os_error() {
        Some(n) => -n,
        None if error.kind() == io::ErrorKind::InvalidInput => -22,
        None if error.kind() == io::ErrorKind::Unsupported => -95,
        None => -5,
    }
}

/// The same for a result: 0 for success.
pub(crate) fn code<T>(result: io::Result<T>) -> i32 {
    result.map_or_else(|error| errno(&error), |_| 0)
}

/// Tells the loop whether the handle keeps it alive.
pub(crate) fn recount(handle: &mut Handle, lp: &mut Lp) {
    let Some(io) = handle.io else { return };
    let active = handle.is_active();
    if active != handle.counted {
        handle.counted = active;
        if active {
            lp.ref_handle(io);
        } else {
            lp.unref_handle(io);
        }
    }
}

/// Has the loop watch the handle, if it doesn't yet.
pub(crate) fn watch(handle: &mut Handle, key: usize, lp: &mut Lp) -> io::Result<()> {
    use looplab_event_loop::Interest;
    if handle.io.is_none() {
        let task = Task::Socket(key as u32);
        let both = Interest::READABLE | Interest::WRITABLE;
        let io = match &mut handle.kind {
            Kind::Link(link) => match &mut link.stream {
                Some(stream) => lp.io_start(&mut **stream, both, task, Origin::default())?,
                None => return Ok(()),
            },
            Kind::Listener(acceptor) => {
                lp.io_start(acceptor.listener(), Interest::READABLE, task, Origin::default())?
            }
            Kind::Udp { socket: Some(socket), .. } => {
                let socket: &mut dyn Datagram = socket.socket();
                lp.io_start(socket, both, task, Origin::default())?
            }
            Kind::Udp { .. } => return Ok(()),
        };
        (handle.io, handle.counted) = (Some(io), true);
        handle.number = io.number();
        if let Some(log) = lp.probe() {
            let what = match &handle.kind {
                Kind::Link(link) if link.connecting => "connecting",
                Kind::Link(_) => "accepted",
                Kind::Listener(_) => "listening",
                Kind::Udp { .. } => "datagrams",
            };
            log.emit(Event::SocketOpen { number: handle.number, label: log.intern(what) });
        }
    }
    recount(handle, lp);
    Ok(())
}

/// Asks for another edge of what is ready already.
pub(crate) fn rearm(handle: &mut Handle, lp: &mut Lp) -> io::Result<()> {
    use looplab_event_loop::Interest;
    let Some(io) = handle.io else { return Ok(()) };
    let both = Interest::READABLE | Interest::WRITABLE;
    match &mut handle.kind {
        Kind::Link(link) => match &mut link.stream {
            Some(stream) => lp.io_modify(io, &mut **stream, both),
            None => Ok(()),
        },
        Kind::Listener(acceptor) => lp.io_modify(io, acceptor.listener(), Interest::READABLE),
        Kind::Udp { socket: Some(socket), .. } => lp.io_modify(io, socket.socket(), both),
        Kind::Udp { .. } => Ok(()),
    }
}

/// `object[name]` if it can be called.
pub(crate) fn callback<'s>(
    s: &mut Scope<'s>,
    object: Local<'s>,
    name: Name,
) -> Result<Option<Local<'s>>, Thrown> {
    let k: Key<'s> = name.into();
    let f = s.get(object, k)?;
    Ok(f.is_callable().then_some(f))
}
