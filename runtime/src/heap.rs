//! Looking at the heap while a program runs: at which points, and what was found there.

use crate::rt::Rt;
use looplab_engine::{HeapGraph, Scope};
use std::fmt;
use std::rc::Rc;

/// A point of a run at which the heap can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeapPoint {
    /// Everything is set up; nothing of the program has run.
    Start,
    /// The main script has run, and the ticks and microtasks after it.
    Main,
    /// So many turns of the loop are over. It is taken just before the next callback.
    Turn(u32),
    /// The program has called `gc()` so many times.
    Gc(u32),
    /// The process is about to end.
    End,
}

impl HeapPoint {
    /// The point that is written so: `start`, `main`, `turn:N`, `gc:N`, `end`.
    pub fn parse(text: &str) -> Option<HeapPoint> {
        let number = |n: &str| n.parse().ok().filter(|n| *n > 0);
        match text.split_once(':') {
            Some(("turn", n)) => number(n).map(HeapPoint::Turn),
            Some(("gc", n)) => number(n).map(HeapPoint::Gc),
            Some(_) => None,
            None => match text {
                "start" => Some(HeapPoint::Start),
                "main" => Some(HeapPoint::Main),
                "end" => Some(HeapPoint::End),
                _ => None,
            },
        }
    }
}

impl fmt::Display for HeapPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeapPoint::Start => f.write_str("the start"),
            HeapPoint::Main => f.write_str("the end of the main script"),
            HeapPoint::Turn(n) => write!(f, "the end of turn {n}"),
            HeapPoint::Gc(n) => write!(f, "call {n} of gc()"),
            HeapPoint::End => f.write_str("the end"),
        }
    }
}

/// When to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeapWatch {
    /// The points, in the order in which they come.
    pub points: Vec<HeapPoint>,
    /// Note where everything is allocated. The program runs much slower.
    pub sites: bool,
}

/// What was found at a point.
#[derive(Debug)]
pub struct HeapLook {
    /// Where.
    pub point: HeapPoint,
    /// Everything that was alive.
    pub graph: HeapGraph,
}

/// What a run has found so far.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    pub(crate) found: Vec<HeapLook>,
    gc_calls: u32,
}

/// `gc()` was called, and has collected.
pub(crate) fn gc_called(s: &mut Scope<'_>, rt: &Rt) {
    if rt.options.heap.is_some() {
        let calls = {
            let mut looks = rt.looks.borrow_mut();
            looks.gc_calls += 1;
            looks.gc_calls
        };
        look(s, rt, HeapPoint::Gc(calls));
    }
}

/// A callback is about to run in turn `turn`.
pub(crate) fn turn(s: &mut Scope<'_>, rt: &Rc<Rt>, turn: u32) {
    let Some(watch) = &rt.options.heap else { return };
    for point in &watch.points {
        if let HeapPoint::Turn(n) = *point
            && turn > n
        {
            look(s, rt, *point);
        }
    }
}

/// This point has come: looks, if that is wanted and has not been done.
pub(crate) fn look(s: &mut Scope<'_>, rt: &Rt, point: HeapPoint) {
    let Some(watch) = &rt.options.heap else { return };
    let seen = rt.looks.borrow().found.iter().any(|look| look.point == point);
    if watch.points.contains(&point) && !seen {
        let graph = s.vm().heap_graph();
        rt.looks.borrow_mut().found.push(HeapLook { point, graph });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_have_one_spelling() {
        let all = [HeapPoint::Start, HeapPoint::Main, HeapPoint::Turn(3), HeapPoint::Gc(1), HeapPoint::End];
        for (text, point) in ["start", "main", "turn:3", "gc:1", "end"].into_iter().zip(all) {
            assert_eq!(HeapPoint::parse(text), Some(point));
        }
        for text in ["", "turn", "turn:0", "gc:x", "gc:-1", "start:1", "middle"] {
            assert_eq!(HeapPoint::parse(text), None, "{text}");
        }
    }
}
