//! The register stack of an engine that is gone, kept for the thread's next one.
//!
//! Eight mebibytes cost nothing while they come from the system, which hands out zeroed pages as they are touched. An allocator that has had them
//! back before zeroes them all, which takes longer than making a whole engine. So a thread that makes one engine after the other hands the stack on,
//! and only what was touched is zeroed.

use crate::value::Value;
use std::cell::Cell;

/// Values that are looked at together: what lies behind a part without any value was never touched.
const PART: usize = 2_048;

thread_local! {
    static SPARE: Cell<Option<Box<[Value]>>> = const { Cell::new(None) };
}

/// A stack of `n` zeros, if one was given back.
pub(crate) fn take(n: usize) -> Option<Box<[Value]>> {
    let spare = SPARE.try_with(Cell::take).ok().flatten()?;
    (spare.len() == n).then_some(spare)
}

/// Takes a stack that nobody needs any more.
pub(crate) fn give_back(mut stack: Box<[Value]>) {
    for part in stack.chunks_mut(PART) {
        if part.iter().all(|value| value.bits() == 0) {
            break;
        }
        part.fill(Value::double(0.0));
    }
    // At the end of a thread there is nobody left to keep it.
    let _ = SPARE.try_with(|spare| spare.set(Some(stack)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_comes_back_clean() {
        let mut stack = vec![Value::double(0.0); 3 * PART].into_boxed_slice();
        stack[0] = Value::UNDEFINED;
        stack[PART + 7] = Value::UNDEFINED;
        give_back(stack);
        assert!(take(PART).is_none(), "another size");
        give_back(vec![Value::UNDEFINED; PART].into_boxed_slice());
        let again = take(PART).expect("a spare one");
        assert!(again.iter().all(|value| value.bits() == 0));
        assert!(take(PART).is_none());
    }
}
