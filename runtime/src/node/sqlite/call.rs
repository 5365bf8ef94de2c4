//! Calls from SQLite back into the program: functions and aggregates of SQL that are written in JavaScript.
//!
//! SQLite keeps such functions for as long as the connection lives, and they may be called whenever it runs. They know only the
//! numbers of their JavaScript functions; the engine to call these with is the one that is running SQLite at the moment, which
//! [`run`] puts into a scoped place for exactly that time.

use super::value::{self, Misfit};
use looplab_engine::{Class, Global, Local, Scope, Thrown};
use rusqlite::functions::Context;
use rusqlite::types::Value;
use scoped_tls_hkt::scoped_thread_local;
use std::cell::RefCell;

/// Whoever can call functions of the program right now.
pub(super) trait Caller {
    /// Calls a function with a kept value (if there is one) and the arguments of SQL.
    fn call(&mut self, f: Global, first: Option<usize>, context: Option<&Context<'_>>, big: bool) -> Answer;
    /// A kept value as SQLite takes it.
    fn copy(&mut self, slot: usize) -> rusqlite::Result<Value>;
    /// The same of a value that is not needed any more.
    fn convert(&mut self, slot: usize) -> rusqlite::Result<Value>;
    /// Lets a kept value go.
    fn lose(&mut self, slot: usize);
}

/// A kept value's number. `Err`: the program threw; the error waits.
pub(super) type Answer = rusqlite::Result<usize>;

scoped_thread_local!(static mut CALLER: for<'a> &'a mut (dyn Caller + 'a));

thread_local! {
    /// Values that SQLite holds by number: accumulators and results.
    static VALUES: RefCell<slab::Slab<Global>> = const { RefCell::new(slab::Slab::new()) };
}

pub(super) fn keep(s: &mut Scope<'_>, v: Local<'_>) -> usize {
    let g = s.global(v);
    VALUES.with_borrow_mut(|values| values.insert(g))
}

fn kept<'s>(s: &mut Scope<'s>, slot: usize) -> Local<'s> {
    match VALUES.with_borrow(|values| values.get(slot).copied()) {
        Some(g) => s.open(g),
        None => s.undefined(),
    }
}

fn drop_kept(s: &mut Scope<'_>, slot: usize) {
    if let Some(g) = VALUES.with_borrow_mut(|values| values.try_remove(slot)) {
        s.release(g);
    }
}

/// Uses the engine that runs SQLite now.
pub(super) fn with<R>(f: impl FnOnce(&mut dyn Caller) -> rusqlite::Result<R>) -> rusqlite::Result<R> {
    if !CALLER.is_set() {
        return Err(failure("functions can only be called by statements of the program"));
    }
    CALLER.with(|caller| f(caller))
}

pub(super) fn failure(text: &str) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(text.into())
}

struct Here<'x, 's> {
    s: &'x mut Scope<'s>,
    thrown: Option<Global>,
}

impl Here<'_, '_> {
    fn failed(&mut self, t: Thrown) -> rusqlite::Error {
        let g = self.s.nested(|s| {
            let e = s.caught(t);
            s.global(e)
        });
        if let Some(old) = self.thrown.replace(g) {
            self.s.release(old);
        }
        failure("JavaScript exception")
    }
}

fn arguments<'s>(
    s: &mut Scope<'s>,
    first: Option<usize>,
    context: Option<&Context<'_>>,
    big: bool,
) -> Result<Vec<Local<'s>>, Thrown> {
    let mut out = Vec::new();
    if let Some(slot) = first {
        out.push(kept(s, slot));
    }
    if let Some(context) = context {
        for i in 0..context.len() {
            out.push(value::to_js(s, context.get_raw(i), big)?);
        }
    }
    Ok(out)
}

impl Caller for Here<'_, '_> {
    fn call(&mut self, f: Global, first: Option<usize>, context: Option<&Context<'_>>, big: bool) -> Answer {
        let r = self.s.nested(|s| {
            let args = arguments(s, first, context, big)?;
            let (f, u) = (s.open(f), s.undefined());
            let v = s.call(f, u, &args)?;
            Ok(keep(s, v))
        });
        r.map_err(|t| self.failed(t))
    }

    fn copy(&mut self, slot: usize) -> rusqlite::Result<Value> {
        self.s.nested(|s| {
            let v = kept(s, slot);
            if v.is_undefined() {
                return Ok(Value::Null);
            }
            if v.is_class(Class::Promise) {
                return Err(failure("Asynchronous user-defined functions are not supported"));
            }
            value::to_sql(s, v).map_err(|misfit| match misfit {
                Misfit::Kind => failure("Returned JavaScript value cannot be converted to a SQLite value"),
                Misfit::TooLarge => failure("BigInt value is too large for SQLite"),
            })
        })
    }

    fn convert(&mut self, slot: usize) -> rusqlite::Result<Value> {
        let r = self.copy(slot);
        self.lose(slot);
        r
    }

    fn lose(&mut self, slot: usize) {
        drop_kept(self.s, slot);
    }
}

/// Lets SQLite run; what the program's functions throw meanwhile is thrown here.
///
/// # Errors
/// The program's error, or else that of SQLite.
pub(super) fn run<R>(s: &mut Scope<'_>, f: impl FnOnce() -> rusqlite::Result<R>) -> Result<R, Thrown> {
    let mut here = Here { s, thrown: None };
    let r = CALLER.set(&mut here, f);
    let thrown = here.thrown.take();
    match (r, thrown) {
        (Err(_), Some(g)) => Err(s.nested(|s| {
            let e = s.open(g);
            s.release(g);
            s.rethrow(e)
        })),
        (Ok(v), thrown) => {
            if let Some(g) = thrown {
                s.release(g);
            }
            Ok(v)
        }
        (Err(e), None) => Err(super::throw(s, &e)),
    }
}
