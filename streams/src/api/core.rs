//! The machine's host for Rust programs: closures for the source, the sink and the listeners.

use super::{Chunk, Error, Ticks};
use crate::host::{Event, Failure, Host, Side, Store, Tick, TickOf};
use crate::readable::ReadableState;
use crate::writable::{Pending, WritableState};
use crate::{destroy, readable, run_tick, writable};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::rc::Rc;

/// The machine never aborts here: no listener can throw.
pub(super) type Never<T> = Result<T, Infallible>;

/// The value of what cannot fail.
pub(super) fn sure<T>(r: Never<T>) -> T {
    match r {
        Ok(v) => v,
        Err(never) => match never {},
    }
}

/// Idle and in hand, things are the same in Rust.
pub(super) struct RustStore<C>(PhantomData<C>);

impl<C: Chunk> Store for RustStore<C> {
    type Chunk = C;
    type Tag = ();
    type Error = Error;
    type Done = Done;
    type Dest = usize;
}

type OnDone = Box<dyn FnOnce(Option<Error>)>;

/// Somebody who wants to know that something is done: called once.
#[derive(Clone)]
pub(super) struct Done(Rc<Cell<Option<OnDone>>>);

impl Done {
    pub(super) fn new(f: impl FnOnce(Option<Error>) + 'static) -> Done {
        Done(Rc::new(Cell::new(Some(Box::new(f)))))
    }

    pub(super) fn call(&self, e: Option<Error>) {
        if let Some(f) = self.0.take() {
            f(e);
        }
    }
}

impl PartialEq for Done {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// What a stream calls of the program's.
pub(super) type ReadFn<C> = Box<dyn FnMut(&Rc<Core<C>>)>;
pub(super) type WriteFn<C> = Box<dyn FnMut(&Rc<Core<C>>, C)>;
pub(super) type FinalFn<C> = Box<dyn FnOnce(&Rc<Core<C>>)>;
type Listener = Rc<RefCell<dyn FnMut(&Event<Error>)>>;
type DataListener<C> = Rc<RefCell<dyn FnMut(&C)>>;
/// Gets the chunks of a pipe; whether the source may go on.
pub(super) type Piped<C> = Rc<dyn Fn(C)>;

/// A stream: its state and what the program attached to it.
pub(super) struct Core<C: Chunk> {
    pub(super) ticks: Ticks,
    pub(super) r: Option<RefCell<ReadableState<RustStore<C>>>>,
    pub(super) w: Option<RefCell<WritableState<RustStore<C>>>>,
    pub(super) read: RefCell<Option<ReadFn<C>>>,
    pub(super) write: RefCell<Option<WriteFn<C>>>,
    pub(super) last: RefCell<Option<FinalFn<C>>>,
    pub(super) listeners: RefCell<Vec<Listener>>,
    pub(super) data: RefCell<Vec<DataListener<C>>>,
    pub(super) piped: RefCell<Vec<Piped<C>>>,
    pub(super) readable_listeners: Cell<usize>,
    /// What a Transform's write waits with while the readable half is full.
    pub(super) held: Cell<bool>,
}

impl<C: Chunk> Core<C> {
    pub(super) fn host(self: &Rc<Self>) -> RustHost<C> {
        RustHost(self.clone())
    }

    /// The sink has taken its chunk, or failed.
    pub(super) fn wrote(self: &Rc<Self>, e: Option<Error>) {
        sure(writable::on_write(&mut self.host(), e));
    }
}

/// The queue of a program's ticks: see [`Ticks`].
pub(super) type Queue = Rc<RefCell<VecDeque<Box<dyn FnOnce()>>>>;

/// A core during an operation.
pub(super) struct RustHost<C: Chunk>(pub(super) Rc<Core<C>>);

impl<C: Chunk> Host for RustHost<C> {
    type Store = RustStore<C>;
    type Chunk = C;
    type Error = Error;
    type Done = Done;
    type Abort = Infallible;

    fn r<R>(&mut self, f: impl FnOnce(&mut ReadableState<RustStore<C>>) -> R) -> R {
        f(&mut self.0.r.as_ref().expect("asked first").borrow_mut())
    }

    fn w<R>(&mut self, f: impl FnOnce(&mut WritableState<RustStore<C>>) -> R) -> R {
        f(&mut self.0.w.as_ref().expect("asked first").borrow_mut())
    }

    fn has_readable(&self) -> bool {
        self.0.r.is_some()
    }

    fn has_writable(&self) -> bool {
        self.0.w.is_some()
    }

    fn hold_chunk(&mut self, c: C) -> C {
        c
    }

    fn open_chunk(&mut self, c: C) -> C {
        c
    }

    fn hold_error(&mut self, e: Error) -> Error {
        e
    }

    fn error_of(&mut self, side: Side) -> Option<Error> {
        match side {
            Side::Readable => self.0.r.as_ref()?.borrow().errored.clone(),
            Side::Writable => self.0.w.as_ref()?.borrow().errored.clone(),
        }
    }

    fn hold_done(&mut self, d: Done) -> Done {
        d
    }

    fn open_done(&mut self, d: Done) -> Done {
        d
    }

    fn split(&mut self, c: C, at: usize) -> Never<(C, C)> {
        Ok(c.split(at))
    }

    fn concat(&mut self, list: Vec<C>, _: usize) -> Never<C> {
        Ok(C::concat(list))
    }

    fn decode(&mut self, c: C) -> Never<(C, usize)> {
        let len = c.length();
        Ok((c, len))
    }

    fn decode_end(&mut self) -> Never<Option<(C, usize)>> {
        Ok(None)
    }

    fn emit(&mut self, event: Event<Error>) -> Never<()> {
        // Those that are there now: a listener may add others.
        let list = self.0.listeners.borrow().clone();
        for f in list {
            // One that emits the event it listens to is not called again from within itself.
            if let Ok(mut f) = f.try_borrow_mut() {
                f(&event);
            }
        }
        Ok(())
    }

    fn emit_data(&mut self, c: C) -> Never<Option<C>> {
        let list = self.0.data.borrow().clone();
        for f in list {
            if let Ok(mut f) = f.try_borrow_mut() {
                f(&c);
            }
        }
        let piped = self.0.piped.borrow().clone();
        match piped.split_last() {
            None => Ok(Some(c)),
            Some((last, others)) => {
                others.iter().for_each(|f| f(c.clone()));
                last(c);
                Ok(None)
            }
        }
    }

    fn readable_listeners(&mut self) -> Never<usize> {
        Ok(self.0.readable_listeners.get())
    }

    fn later(&mut self, tick: TickOf<Self>) {
        let core = self.0.clone();
        self.0.ticks.later(move || sure(run_tick(&mut core.host(), tick)));
    }

    fn failure(&mut self, f: Failure) -> Error {
        Error::Misuse(f)
    }

    fn join_errors(&mut self, inner: Option<Error>, outer: Option<Error>) -> Option<Error> {
        outer.or(inner)
    }

    fn call_read(&mut self, _: usize) -> Never<Option<Error>> {
        // Out of its cell while it runs, as it may come back here.
        let f = self.0.read.borrow_mut().take();
        if let Some(mut f) = f {
            f(&self.0);
            let mut cell = self.0.read.borrow_mut();
            if cell.is_none() {
                *cell = Some(f);
            }
        }
        Ok(None)
    }

    fn call_own_read(&mut self, zero: bool) -> Never<bool> {
        readable::read(self, zero.then_some(0)).map(|t| t.is_some())
    }

    fn call_own_resume(&mut self) -> Never<()> {
        readable::resume(self)
    }

    fn call_own_destroy(&mut self, e: Option<Error>) -> Never<()> {
        if self.has_writable() {
            destroy::destroy_writable(self, e, None)
        } else {
            destroy::destroy(self, e, None)
        }
    }

    fn call_own_end(&mut self) -> Never<()> {
        writable::end(self, None, None)
    }

    fn ends_together(&mut self) -> Never<bool> {
        Ok(false)
    }

    fn call_write(&mut self, c: C, (): ()) -> Never<()> {
        let f = self.0.write.borrow_mut().take();
        if let Some(mut f) = f {
            f(&self.0, c);
            *self.0.write.borrow_mut() = Some(f);
        }
        Ok(())
    }

    fn call_writev(&mut self, _: Vec<Pending<RustStore<C>>>, _: bool) -> Never<()> {
        Ok(())
    }

    fn has_writev(&mut self) -> Never<bool> {
        Ok(false)
    }

    fn join_done(&mut self, list: &[Pending<RustStore<C>>]) -> Done {
        let all: Vec<Done> = list.iter().filter_map(|p| p.done.clone()).collect();
        Done::new(move |e| all.iter().for_each(|d| d.call(e.clone())))
    }

    fn has_final(&mut self) -> Never<bool> {
        Ok(self.0.last.borrow().is_some())
    }

    fn call_final(&mut self) -> Never<Option<Error>> {
        let f = self.0.last.borrow_mut().take();
        if let Some(f) = f {
            f(&self.0);
        }
        Ok(None)
    }

    fn call_done(&mut self, d: Done, e: Option<Error>) -> Never<()> {
        d.call(e);
        Ok(())
    }

    fn call_destroy(&mut self, e: Option<Error>, done: Option<Done>) -> Never<()> {
        destroy::on_destroyed(self, e, done)
    }

    fn defer_destroy(&mut self, _: Option<Error>, _: Option<Done>) {}

    fn deferred_destroy(&mut self) -> Option<(Option<Error>, Option<Done>)> {
        None
    }

    fn call_construct(&mut self) -> Never<Option<Error>> {
        self.later(Tick::Constructed(None));
        Ok(None)
    }
}
