//! Functions and aggregates of SQL that the program brings.

use super::call::{self, failure};
use super::{Database, connection};
use crate::rt::text_arg;
use looplab_engine::{Args, Completion, Global, Local, Scope};
use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::Value;

fn flags(deterministic: bool, direct_only: bool) -> FunctionFlags {
    let mut flags = FunctionFlags::SQLITE_UTF8;
    flags.set(FunctionFlags::SQLITE_DETERMINISTIC, deterministic);
    flags.set(FunctionFlags::SQLITE_DIRECTONLY, direct_only);
    flags
}

/// Keeps a function for as long as the database is open.
fn hold<'s>(s: &mut Scope<'s>, db: Local<'s>, f: Local<'s>) -> Global {
    let g = s.global(f);
    if let Some(d) = s.host_data_mut::<Database>(db) {
        d.functions.push(g);
    }
    g
}

/// `createFunction(handle, name, count, [deterministic, directOnly, useBigInt], f)`; a count of -1 is any number of arguments.
pub(super) fn create_function<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = connection(s, args.get(0))?;
    let name = text_arg(s, args, 1);
    let count = s.to_number(args.get(2))? as i32;
    let options = s.list_from_array_like(args.get(3))?;
    let [deterministic, direct, big] = [0, 1, 2].map(|i: usize| options.get(i).is_some_and(|v| v.is_true()));
    let f = hold(s, args.get(0), args.get(4));
    let body = move |context: &Context<'_>| -> rusqlite::Result<Value> {
        call::with(|caller| {
            let slot = caller.call(f, None, Some(context), big)?;
            caller.convert(slot)
        })
    };
    match c.create_scalar_function(name.as_str(), count, flags(deterministic, direct), body) {
        Ok(()) => Ok(s.undefined()),
        Err(e) => Err(super::throw(s, &e)),
    }
}

/// An aggregate of the program. An accumulator is the number of a kept value.
struct Program {
    /// Gives the first accumulator.
    start: Global,
    step: Global,
    inverse: Option<Global>,
    result: Option<Global>,
    big: bool,
}

impl Program {
    fn advance(&self, f: Global, context: &Context<'_>, acc: &mut usize) -> rusqlite::Result<()> {
        call::with(|caller| {
            let next = caller.call(f, Some(*acc), Some(context), self.big)?;
            caller.lose(std::mem::replace(acc, next));
            Ok(())
        })
    }

    fn current(&self, acc: usize) -> rusqlite::Result<Value> {
        call::with(|caller| match self.result {
            Some(f) => {
                let slot = caller.call(f, Some(acc), None, self.big)?;
                caller.convert(slot)
            }
            None => caller.copy(acc),
        })
    }

    fn first(&self) -> rusqlite::Result<usize> {
        call::with(|caller| caller.call(self.start, None, None, self.big))
    }
}

impl Aggregate<usize, Value> for Program {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<usize> {
        self.first()
    }

    fn step(&self, context: &mut Context<'_>, acc: &mut usize) -> rusqlite::Result<()> {
        self.advance(self.step, context, acc)
    }

    fn finalize(&self, _: &mut Context<'_>, acc: Option<usize>) -> rusqlite::Result<Value> {
        let acc = match acc {
            Some(acc) => acc,
            None => self.first()?,
        };
        let value = self.current(acc);
        call::with(|caller| {
            caller.lose(acc);
            Ok(())
        })?;
        value
    }
}

impl WindowAggregate<usize, Value> for Program {
    fn value(&self, acc: Option<&mut usize>) -> rusqlite::Result<Value> {
        match acc {
            Some(acc) => self.current(*acc),
            None => Ok(Value::Null),
        }
    }

    fn inverse(&self, context: &mut Context<'_>, acc: &mut usize) -> rusqlite::Result<()> {
        match self.inverse {
            Some(f) => self.advance(f, context, acc),
            None => Err(failure("the aggregate has no inverse")),
        }
    }
}

/// `createAggregate(handle, name, count, [directOnly, useBigInt], start, step, inverse, result)`; `start` is a function.
pub(super) fn create_aggregate<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let c = connection(s, args.get(0))?;
    let name = text_arg(s, args, 1);
    let count = s.to_number(args.get(2))? as i32;
    let options = s.list_from_array_like(args.get(3))?;
    let [direct, big] = [0, 1].map(|i: usize| options.get(i).is_some_and(|v| v.is_true()));
    let optional = |s: &mut Scope<'s>, i| {
        let f = args.get(i);
        f.is_callable().then(|| hold(s, args.get(0), f))
    };
    let (start, step) = (hold(s, args.get(0), args.get(4)), hold(s, args.get(0), args.get(5)));
    let (inverse, result) = (optional(s, 6), optional(s, 7));
    let program = Program { start, step, inverse, result, big };
    let flags = flags(false, direct);
    let r = match inverse {
        Some(_) => c.create_window_function(name.as_str(), count, flags, program),
        None => c.create_aggregate_function(name.as_str(), count, flags, program),
    };
    match r {
        Ok(()) => Ok(s.undefined()),
        Err(e) => Err(super::throw(s, &e)),
    }
}
