//! The elements of `Promise.all` and its like: what they share, and how one of them is counted.
//!
//! The shared state of one call is a record of internal values (an object of class Host that no script sees). An element of
//! `Promise.all` whose `then` nobody could watch has no function of its own: its reaction refers to the state and holds the
//! element's index where other reactions hold the promise they settle.

use crate::object::{Class, ObjRef};
use crate::scope::{Local, Scope, Thrown};
use crate::value::Value;

/// Internal values of the state: the array of outcomes, how many are missing, the function that settles the result, and the
/// combinator's name, for stack traces.
pub(crate) const LIST: usize = 0;
const MISSING: usize = 1;
pub(crate) const DONE: usize = 2;
pub(crate) const NAME: usize = 3;

impl<'s> Scope<'s> {
    /// The state of a call of a combinator. One outcome is missing until the list of promises is at its end.
    pub fn combinator_state(&mut self, done: Local<'s>, name: Local<'s>) -> Local<'s> {
        let (list, one, null) = (self.new_array(&[]), self.int(1), self.null());
        let state = self.new_object_of(Class::Host, null);
        for (i, v) in [(LIST, list), (MISSING, one), (DONE, done), (NAME, name)] {
            state.obj().set_int(i, v.v);
        }
        state
    }

    /// Makes room for one more outcome.
    pub fn combinator_expect(&mut self, state: Local<'s>) {
        let o = state.obj();
        ObjRef::of(o.int(LIST)).push_elem(&mut self.vm.heap, Value::UNDEFINED);
        o.set_int(MISSING, Value::int(o.int(MISSING).as_int() + 1));
    }

    /// Stores the outcome of one element.
    pub fn combinator_store(&mut self, state: Local<'s>, index: u32, v: Local<'s>) {
        let list = Local::raw(state.obj().int(LIST));
        let stored = self.array_put(list, index, v);
        debug_assert!(stored, "the list has a place for every element");
    }

    /// One outcome fewer is missing. The last one gives the list of them and the function that settles the result.
    pub fn combinator_count(&mut self, state: Local<'s>) -> Option<(Local<'s>, Local<'s>)> {
        let o = state.obj();
        let missing = o.int(MISSING).as_int() - 1;
        o.set_int(MISSING, Value::int(missing));
        (missing == 0).then(|| (self.root(o.int(LIST)), self.root(o.int(DONE))))
    }

    /// Attaches element `index` to a promise whose `then` is the intrinsic one. False where somebody watches, who wants to see
    /// the function that would be called.
    pub fn promise_then_element(
        &mut self,
        p: Local<'s>,
        state: Local<'s>,
        index: u32,
        on_err: Local<'s>,
    ) -> bool {
        if self.vm.probe.is_some() {
            return false;
        }
        self.add_reaction(p, state.v, on_err.v, [Value::int(index as i32), Value::UNDEFINED, Value::UNDEFINED]);
        true
    }

    /// The job of such an element.
    pub(crate) fn element_fulfilled(
        &mut self,
        state: Local<'s>,
        index: u32,
        v: Local<'s>,
    ) -> Result<Local<'s>, Thrown> {
        self.combinator_store(state, index, v);
        let u = self.undefined();
        match self.combinator_count(state) {
            Some((list, done)) => self.call(done, u, &[list]),
            None => Ok(u),
        }
    }
}
