//! How much was waiting when: the lengths of the queues over the run.

use super::axis::Axis;
use looplab_probe::{CallbackKind, Event, EventId, Log};
use std::collections::HashSet;

/// A queue's new length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// When it is shown, in nanoseconds.
    pub at: u64,
    /// Which queue.
    pub queue: &'static str,
    /// How many are waiting.
    pub length: u64,
}

const TICKS: &str = "ticks waiting";
const MICROTASKS: &str = "microtasks waiting";
const IMMEDIATES: &str = "immediates waiting";
const TIMERS: &str = "timers set";
const POOL: &str = "pool queue";

#[derive(Default)]
struct Lengths {
    ticks: u64,
    microtasks: u64,
    immediates: HashSet<u32>,
    timers: HashSet<u32>,
}

/// Every change of every queue, in order of time.
pub fn samples(log: &Log, axis: &Axis) -> Vec<Sample> {
    let (mut samples, mut pool) = (Vec::new(), Vec::new());
    let mut lengths = Lengths::default();
    let mut queued: HashSet<u32> = HashSet::new();
    for (index, record) in log.records().iter().enumerate() {
        let at = axis.at(EventId::new(index));
        let mut change = |queue, length| samples.push(Sample { at, queue, length });
        match record.event {
            Event::PoolQueued { number, waiting, .. } if waiting > 0 => {
                queued.insert(number);
                pool.push((at, 1));
            }
            Event::PoolStarted { number, .. } | Event::PoolCancelled { number } if queued.remove(&number) => {
                pool.push((at, -1));
            }
            event => {
                if let Some((queue, length)) = lengths.change(event) {
                    change(queue, length);
                }
            }
        }
    }
    pool.sort_unstable();
    let mut waiting = 0i64;
    samples.extend(pool.into_iter().map(|(at, change)| {
        waiting += change;
        Sample { at, queue: POOL, length: waiting.max(0) as u64 }
    }));
    samples.sort_by_key(|sample| sample.at);
    samples
}

impl Lengths {
    /// The queue that an event changes, and its new length.
    fn change(&mut self, event: Event) -> Option<(&'static str, u64)> {
        match event {
            Event::TickQueued { .. } => self.ticks += 1,
            Event::MicrotaskQueued { .. } | Event::ReactionQueued { .. } => self.microtasks += 1,
            Event::ImmediateStart { number, .. } => {
                self.immediates.insert(number);
            }
            Event::ImmediateStop { number, .. } => {
                self.immediates.remove(&number);
            }
            Event::TimerStart { number, .. } => {
                self.timers.insert(number);
            }
            Event::TimerStop { number, .. } | Event::TimerFire { number, .. } => {
                self.timers.remove(&number);
            }
            Event::CallbackBegin { kind: CallbackKind::Tick, .. } => {
                self.ticks = self.ticks.saturating_sub(1)
            }
            Event::CallbackBegin {
                kind:
                    CallbackKind::Microtask
                    | CallbackKind::Reaction
                    | CallbackKind::AsyncHop
                    | CallbackKind::Thenable,
                ..
            } => self.microtasks = self.microtasks.saturating_sub(1),
            Event::CallbackBegin { kind: CallbackKind::Immediate, number, .. } => {
                self.immediates.remove(&number);
            }
            _ => return None,
        }
        Some(match event {
            Event::TickQueued { .. } | Event::CallbackBegin { kind: CallbackKind::Tick, .. } => {
                (TICKS, self.ticks)
            }
            Event::ImmediateStart { .. }
            | Event::ImmediateStop { .. }
            | Event::CallbackBegin { kind: CallbackKind::Immediate, .. } => {
                (IMMEDIATES, self.immediates.len() as u64)
            }
            Event::TimerStart { .. } | Event::TimerStop { .. } | Event::TimerFire { .. } => {
                (TIMERS, self.timers.len() as u64)
            }
            _ => (MICROTASKS, self.microtasks),
        })
    }
}
