//! How functions ran, as plain data: what was seen of them, what the second tier made of that, and where it was wrong.

use super::{Site, Specialised};

/// What the inline cache of a place has seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum CacheState {
    /// Nothing.
    #[default]
    Uninitialised,
    /// One hidden class, or one type.
    Monomorphic,
    /// A few.
    Polymorphic,
    /// More than it remembers.
    Megamorphic,
}

/// A place in a function where it matters what flows through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlaceProfile {
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 units, from 1.
    pub column: u32,
    /// What is done there: `.x`, `.x =`, `[…]`, `+`, `call of f`.
    pub what: String,
    /// How often it ran.
    pub runs: u64,
    /// The most that its cache has been in.
    pub state: CacheState,
    /// What was seen, with how often; the most frequent first. At most a few.
    pub seen: Vec<(String, u64)>,
    /// How often something else was seen.
    pub others: u64,
}

/// Objects that changed their hidden class at a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 units, from 1.
    pub column: u32,
    /// The class before.
    pub from: String,
    /// The class after.
    pub to: String,
    /// How often.
    pub count: u64,
}

/// A guard of specialised code that failed: from then on the place is generic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deopt {
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 units, from 1.
    pub column: u32,
    /// What is done there.
    pub what: String,
    /// What was compared: `hidden class`, `type`, `target`, `kind of elements`.
    pub guard: &'static str,
    /// What it should have been.
    pub expected: String,
    /// What it was.
    pub seen: String,
    /// In which call of the function.
    pub call: u64,
}

/// When a function became hot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hot {
    /// Its calls until then.
    pub calls: u64,
    /// Its loops' turns until then.
    pub loops: u64,
}

/// One function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FunctionProfile {
    /// Where it stands; its name.
    pub site: Site,
    /// How often it was called (a generator or async function that goes on is not called again).
    pub calls: u64,
    /// Backward jumps: turns of its loops.
    pub loops: u64,
    /// Instructions that it has run.
    pub instructions: u64,
    /// When it became hot.
    pub hot: Option<Hot>,
    /// The places, in order of the code.
    pub places: Vec<PlaceProfile>,
    /// Changes of hidden classes.
    pub transitions: Vec<Transition>,
    /// What the second tier made of it.
    pub specialised: Vec<Specialised>,
    /// Guards that failed.
    pub deopts: Vec<Deopt>,
}
