//! The timers: a heap ordered by due time, then by order of starting, over a table of handles.
//!
//! Times are loop milliseconds, as in libuv. Nothing here knows the loop: it is a data structure with a naive model beside it
//! in the tests. A timer costs 24 bytes in the heap and 24 bytes plus its task in the table.

use looplab_probe::EventId;
use slab::Slab;

/// Names a timer. Stale ids (of closed timers) are recognised and ignored everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimerId {
    pub(crate) index: u32,
    pub(crate) serial: u32,
}

/// Children per heap node. Four keep a node's children in one or two cache lines and halve the depth of a binary heap.
const ARITY: usize = 4;
/// `place` of a timer that isn't running.
const STOPPED: u32 = u32::MAX;
/// `place` of a timer that was found due and has not been called yet.
const READY: u32 = u32::MAX - 1;

/// A timer's row in the table.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    /// Repeat interval; 0 for once.
    pub repeat: u64,
    /// INVARIANT: `STOPPED`, `READY`, or the index of the heap node whose `slot` is this row.
    place: u32,
    pub serial: u32,
    /// The event that started it.
    pub cause: EventId,
    pub flags: Flags,
    pub task: T,
}

/// What handles of every kind have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flags {
    /// Keeps the loop alive while active.
    pub referenced: bool,
    /// Leaves no lifecycle events.
    pub hidden: bool,
    /// Waits for its close callback.
    pub closing: bool,
    /// A timer that goes away by itself once it has fired.
    pub once: bool,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    due: u64,
    /// Grows with every start: the older of two timers due together runs first.
    start: u64,
    slot: u32,
}

impl Node {
    fn before(&self, other: &Node) -> bool {
        (self.due, self.start) < (other.due, other.start)
    }
}

/// The table and the heap.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    slots: Slab<Slot<T>>,
    heap: Vec<Node>,
    starts: u64,
}

impl<T> Timers<T> {
    pub fn new() -> Self {
        Timers { slots: Slab::new(), heap: Vec::new(), starts: 0 }
    }

    pub fn insert(&mut self, serial: u32, flags: Flags, task: T) -> TimerId {
        let slot = Slot { repeat: 0, place: STOPPED, serial, cause: EventId::NONE, flags, task };
        TimerId { index: self.slots.insert(slot) as u32, serial }
    }

    pub fn get(&self, id: TimerId) -> Option<&Slot<T>> {
        self.slots.get(id.index as usize).filter(|slot| slot.serial == id.serial)
    }

    pub fn get_mut(&mut self, id: TimerId) -> Option<&mut Slot<T>> {
        self.slots.get_mut(id.index as usize).filter(|slot| slot.serial == id.serial)
    }

    /// Takes a stopped timer out of the table.
    pub fn remove(&mut self, id: TimerId) -> Option<Slot<T>> {
        self.get(id)?;
        self.stop(id);
        self.slots.try_remove(id.index as usize)
    }

    /// Arms a stopped timer. False if there is no such timer or it runs already.
    pub fn start(&mut self, id: TimerId, due: u64) -> bool {
        let (at, start) = (self.heap.len(), self.starts);
        let Some(slot) = self.get_mut(id).filter(|slot| slot.place >= READY) else { return false };
        slot.place = at as u32;
        self.starts += 1;
        self.heap.push(Node { due, start, slot: id.index });
        self.rise(at);
        true
    }

    /// Disarms. True if it was running; a timer that was only ready is no longer called.
    pub fn stop(&mut self, id: TimerId) -> bool {
        let Some(slot) = self.get_mut(id) else { return false };
        let place = std::mem::replace(&mut slot.place, STOPPED);
        if place < READY {
            self.take_out(place as usize);
        }
        place < READY
    }

    pub fn is_running(&self, id: TimerId) -> bool {
        self.get(id).is_some_and(|slot| slot.place < READY)
    }

    /// When a running timer is due.
    pub fn due(&self, id: TimerId) -> Option<u64> {
        let place = self.get(id)?.place;
        (place < READY).then(|| self.heap[place as usize].due)
    }

    /// When the nearest timer is due.
    pub fn next_due(&self) -> Option<u64> {
        self.heap.first().map(|node| node.due)
    }

    /// Takes the nearest timer out of the heap if it is due, and marks it ready. Also tells when it was due.
    pub fn pop_due(&mut self, now: u64) -> Option<(TimerId, u64)> {
        let node = self.heap.first().filter(|node| node.due <= now).copied()?;
        self.take_out(0);
        let slot = &mut self.slots[node.slot as usize];
        slot.place = READY;
        Some((TimerId { index: node.slot, serial: slot.serial }, node.due))
    }

    /// Whether a popped timer still is to be called; if so it counts as stopped from here on.
    pub fn claim(&mut self, id: TimerId) -> bool {
        match self.get_mut(id) {
            Some(slot) if slot.place == READY => {
                slot.place = STOPPED;
                true
            }
            _ => false,
        }
    }

    /// Every timer of the table that is running.
    pub fn running(&self) -> impl Iterator<Item = (TimerId, &Slot<T>)> {
        let rows = self.slots.iter().filter(|(_, slot)| slot.place < READY);
        rows.map(|(index, slot)| (TimerId { index: index as u32, serial: slot.serial }, slot))
    }

    fn place(&mut self, at: usize, node: Node) {
        self.heap[at] = node;
        self.slots[node.slot as usize].place = at as u32;
    }

    fn take_out(&mut self, at: usize) {
        let Some(last) = self.heap.pop() else { return };
        if at == self.heap.len() {
            return;
        }
        self.place(at, last);
        if self.rise(at) == at {
            self.sink(at);
        }
    }

    fn rise(&mut self, mut at: usize) -> usize {
        let node = self.heap[at];
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if !node.before(&self.heap[parent]) {
                break;
            }
            self.place(at, self.heap[parent]);
            at = parent;
        }
        self.place(at, node);
        at
    }

    fn sink(&mut self, mut at: usize) {
        let node = self.heap[at];
        loop {
            let first = at * ARITY + 1;
            let last = (first + ARITY).min(self.heap.len());
            if first >= last {
                break;
            }
            let mut least = first;
            for child in first + 1..last {
                if self.heap[child].before(&self.heap[least]) {
                    least = child;
                }
            }
            if !self.heap[least].before(&node) {
                break;
            }
            self.place(at, self.heap[least]);
            at = least;
        }
        self.place(at, node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FLAGS: Flags = Flags { referenced: true, hidden: false, closing: false, once: false };

    #[test]
    fn a_million_timers_stay_within_64_bytes_over_their_payload() {
        assert!(
            size_of::<Slot<[u64; 2]>>() + size_of::<Node>() - 16 <= 64,
            "{}",
            size_of::<Slot<[u64; 2]>>()
        );
    }

    #[derive(Debug, Clone)]
    enum Op {
        Start(usize, u64),
        Stop(usize),
        Remove(usize),
        Advance(u64),
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let op = prop_oneof![
            4 => (0..24usize, 0..40u64).prop_map(|(n, delay)| Op::Start(n, delay)),
            2 => (0..24usize).prop_map(Op::Stop),
            1 => (0..24usize).prop_map(Op::Remove),
            2 => (0..25u64).prop_map(Op::Advance),
        ];
        prop::collection::vec(op, 0..200)
    }

    proptest! {
        /// The heap against a list that is searched from end to end.
        #[test]
        fn behaves_like_a_list(ops in ops()) {
            let mut timers = Timers::new();
            let mut ids: Vec<TimerId> = (0..24).map(|n| timers.insert(n, FLAGS, n)).collect();
            let (mut model, mut order, mut now, mut serial) = (Vec::<(u64, u64, usize)>::new(), 0u64, 0u64, 24);
            for op in ops {
                match op {
                    Op::Start(n, delay) => {
                        timers.stop(ids[n]);
                        prop_assert!(timers.start(ids[n], now + delay));
                        model.retain(|t| t.2 != n);
                        model.push((now + delay, order, n));
                        order += 1;
                    }
                    Op::Stop(n) => {
                        let ran = model.iter().any(|t| t.2 == n);
                        model.retain(|t| t.2 != n);
                        prop_assert_eq!(timers.stop(ids[n]), ran);
                    }
                    Op::Remove(n) => {
                        model.retain(|t| t.2 != n);
                        prop_assert!(timers.remove(ids[n]).is_some());
                        prop_assert!(timers.remove(ids[n]).is_none());
                        ids[n] = timers.insert(serial, FLAGS, n as u32);
                        serial += 1;
                    }
                    Op::Advance(by) => {
                        now += by;
                        model.sort_unstable();
                        let due: Vec<_> = model.iter().filter(|t| t.0 <= now).map(|t| (ids[t.2], t.0)).collect();
                        model.retain(|t| t.0 > now);
                        let popped: Vec<_> = std::iter::from_fn(|| timers.pop_due(now)).collect();
                        prop_assert!(popped.iter().all(|(id, _)| timers.claim(*id) && !timers.claim(*id)));
                        prop_assert_eq!(popped, due);
                    }
                }
                prop_assert_eq!(timers.next_due(), model.iter().map(|t| t.0).min());
                for (n, id) in ids.iter().enumerate() {
                    prop_assert_eq!(timers.due(*id), model.iter().find(|t| t.2 == n).map(|t| t.0));
                }
            }
        }
    }
}
