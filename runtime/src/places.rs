//! Places that the log has met: each line and column is worked out, and each name put into the log's table, once.

use looplab_engine::Place;
use looplab_probe::{Pos, Probe, Recorder, Str};
use rustc_hash::FxHashMap;
use std::cell::RefCell;

/// Places remembered at most; a program that makes code without end makes the table anew.
const MOST: usize = 1 << 16;

/// What the log calls each place.
#[derive(Default)]
pub(crate) struct Places {
    positions: RefCell<FxHashMap<Place, Pos>>,
    functions: RefCell<FxHashMap<Place, (Str, Pos)>>,
}

impl Places {
    /// A place's position.
    pub(crate) fn of(&self, log: &Recorder, place: Place) -> Pos {
        remembered(&self.positions, place, |place| position(log, place))
    }

    /// A function's name (the one that it has by where it stands) and position.
    pub(crate) fn of_function(&self, log: &Recorder, place: Place) -> (Str, Pos) {
        remembered(&self.functions, place, |place| (log.intern(&place.function_name()), position(log, place)))
    }
}

fn position(log: &Recorder, place: &Place) -> Pos {
    let (line, column) = place.position();
    Pos { script: log.intern(place.script()), line, column }
}

fn remembered<T: Copy>(
    table: &RefCell<FxHashMap<Place, T>>,
    place: Place,
    make: impl FnOnce(&Place) -> T,
) -> T {
    let mut table = table.borrow_mut();
    if let Some(known) = table.get(&place) {
        return *known;
    }
    if table.len() >= MOST {
        table.clear();
    }
    let made = make(&place);
    table.insert(place, made);
    made
}
