//! Joining streams of Rust programs.

use super::core::sure;
use super::{Chunk, Error, Readable, StreamEvent, Transform, Writable};
use crate::host::{Event, Host};
use crate::{pipe, readable};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What tells a destination from others.
fn id<C: Chunk>(dest: &Writable<C>) -> usize {
    Rc::as_ptr(&dest.0).cast::<()>() as usize
}

/// Writes what `source` gives to `dest`, stopping the source while `dest` is full.
pub(super) fn connect<C: Chunk>(source: &Readable<C>, dest: &Writable<C>, ends: bool) {
    let me = id(dest);
    source.0.host().r(|r| pipe::add(r, me));
    let (from, to) = (Rc::downgrade(&source.0), dest.clone());
    source.0.piped.borrow_mut().push(Rc::new(move |chunk| {
        if !to.write(chunk)
            && let Some(core) = from.upgrade()
        {
            let mut h = core.host();
            h.r(|r| pipe::wait_for(r, me));
            sure(readable::pause(&mut h));
        }
    }));
    let from = Rc::downgrade(&source.0);
    dest.on(move |event| {
        if let (Event::Drain, Some(core)) = (event, from.upgrade()) {
            let mut h = core.host();
            if h.r(|r| pipe::drained(r, &me)) {
                sure(readable::resume(&mut h));
            }
        }
    });
    if ends {
        let to = dest.clone();
        source.on(move |event| {
            if matches!(event, Event::End) {
                to.end();
            }
        });
    }
    sure(readable::data_listener_added(&mut source.0.host()));
}

/// Told once, when a pipeline is over.
type Done = Box<dyn FnOnce(Option<Error>)>;
/// Destroys one stream.
type Destroy = Box<dyn Fn(Error)>;

/// What all ends of a pipeline report to.
struct Row {
    done: Cell<Option<Done>>,
    /// The streams that are left over when one fails.
    destroy: RefCell<Vec<Destroy>>,
}

impl Row {
    fn fail(&self, e: &Error) {
        for f in self.destroy.take() {
            f(e.clone());
        }
        self.finish(Some(e.clone()));
    }

    fn finish(&self, e: Option<Error>) {
        if let Some(f) = self.done.take() {
            f(e);
        }
    }
}

/// Pipes a source through transforms into a destination. `done` hears once: when the destination has finished, or with the first
/// error, upon which all of them are destroyed.
///
/// ```
/// use looplab_streams::api::{Object, Options, Readable, Ticks, Transform, Writable, pipeline};
/// use std::{cell::RefCell, rc::Rc};
///
/// let ticks = Ticks::new();
/// let numbers = Readable::from_iter(&ticks, Options::objects(), (1..=4).map(Object));
/// let squares = Transform::new(&ticks, Options::objects(), |n: Option<Object<i32>>| {
///     n.into_iter().map(|Object(n)| Object(n * n)).collect()
/// });
/// let seen = Rc::new(RefCell::new(Vec::new()));
/// let out = seen.clone();
/// let sink = Writable::new(&ticks, Options::objects(), move |Object(n), done| {
///     out.borrow_mut().push(n);
///     done.ok();
/// });
/// pipeline(&numbers, &[&squares], &sink, |e| assert!(e.is_none()));
/// ticks.run();
/// assert_eq!(*seen.borrow(), [1, 4, 9, 16]);
/// ```
pub fn pipeline<C: Chunk>(
    source: &Readable<C>,
    transforms: &[&Transform<C>],
    dest: &Writable<C>,
    done: impl FnOnce(Option<Error>) + 'static,
) {
    let row = Rc::new(Row { done: Cell::new(Some(Box::new(done))), destroy: RefCell::default() });
    let watch = |row: &Rc<Row>| {
        let row = row.clone();
        move |event: &StreamEvent| {
            if let Event::Error(e) = event {
                row.fail(e);
            }
        }
    };
    let mut from = source.clone();
    for t in transforms {
        let to = t.writable();
        connect(&from, &to, true);
        to.on(watch(&row));
        row.destroy.borrow_mut().push(Box::new(move |e| to.destroy(Some(e))));
        from = t.readable();
    }
    connect(&from, dest, true);
    source.on(watch(&row));
    let from = source.clone();
    row.destroy.borrow_mut().push(Box::new(move |e| from.destroy(Some(e))));
    let to = dest.clone();
    row.destroy.borrow_mut().push(Box::new(move |e| to.destroy(Some(e))));
    let finished = Cell::new(false);
    dest.on(move |event| match event {
        Event::Error(e) => row.fail(e),
        Event::Finish => {
            finished.set(true);
            row.finish(None);
        }
        Event::Close if !finished.get() => row.fail(&Error::PrematureClose),
        _ => {}
    });
}
