//! The tick and microtask queues, and the rule by which they are drained.

use std::collections::VecDeque;

/// Which of the two queues something came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    /// From the tick queue.
    Tick,
    /// From the microtask queue.
    Microtask,
}

/// Two queues and Node's drain rule: all ticks, then all microtasks, again until both are empty. A tick queued by a microtask waits
/// for the whole microtask queue; a microtask queued by a tick waits for the whole tick queue.
#[derive(Debug)]
pub struct Ticks<F> {
    ticks: VecDeque<F>,
    microtasks: VecDeque<F>,
    in_microtasks: bool,
}

impl<F> Default for Ticks<F> {
    fn default() -> Self {
        Ticks { ticks: VecDeque::new(), microtasks: VecDeque::new(), in_microtasks: false }
    }
}

impl<F> Ticks<F> {
    /// Puts something into the tick queue.
    pub fn push_tick(&mut self, f: F) {
        self.ticks.push_back(f);
    }

    /// Puts something into the microtask queue.
    pub fn push_microtask(&mut self, f: F) {
        self.microtasks.push_back(f);
    }

    /// Whether both queues are empty.
    pub fn is_empty(&self) -> bool {
        self.ticks.is_empty() && self.microtasks.is_empty()
    }

    /// What is to run next. Call it until it gives `None`, running each thing before the next call.
    pub fn pop(&mut self) -> Option<(Queued, F)> {
        if !self.in_microtasks
            && let Some(tick) = self.ticks.pop_front()
        {
            return Some((Queued::Tick, tick));
        }
        if let Some(microtask) = self.microtasks.pop_front() {
            self.in_microtasks = true;
            return Some((Queued::Microtask, microtask));
        }
        self.in_microtasks = false;
        self.ticks.pop_front().map(|tick| (Queued::Tick, tick))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_then_microtasks_until_both_are_empty() {
        let mut queues = Ticks::default();
        queues.push_microtask("m1");
        queues.push_tick("t1");
        queues.push_tick("t2");
        let mut order = Vec::new();
        while let Some((_, name)) = queues.pop() {
            order.push(name);
            match name {
                "t1" => queues.push_microtask("m2"),
                "t2" => queues.push_tick("t3"),
                "m1" => {
                    queues.push_tick("t4");
                    queues.push_microtask("m3");
                }
                _ => {}
            }
        }
        assert_eq!(order, ["t1", "t2", "t3", "m1", "m2", "m3", "t4"]);
        assert!(queues.is_empty());
    }
}
