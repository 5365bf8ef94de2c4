//! The log folded into a tree: turn → phase → callback → drain → what happened there.
//!
//! The fold never fails: a log that was cut or is damaged gives a tree in which some nodes have no end. Every event of the log that
//! doesn't open or close a node is a leaf of the node it happened in, in order.

mod facts;

pub use facts::{Finished, Lane, Leftover, Started, Totals};

use facts::Facts;
use looplab_probe::{CallbackKind, EndReason, Event, EventId, Log, Outcome, Phase, Pos, Record};
use std::collections::HashMap;

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The whole run.
    Root,
    /// A turn of the loop, by its number.
    Turn(u32),
    /// A phase that had something to do.
    Phase(Phase),
    /// Asking the system for events; the callbacks that follow from it are in the poll *phase* behind it.
    Poll,
    /// A callback, by its ordinal: 1 for the first that ran in the whole run.
    Callback(u32),
    /// Ticks and microtasks being run. Hangs below the callback it follows.
    Drain,
    /// A module being loaded.
    Module,
}

/// Names a node of one [`Story`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// What a node contains, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Child {
    /// A node.
    Node(NodeId),
    /// An event that is no node.
    Event(EventId),
}

/// A node of the tree.
#[derive(Debug)]
pub struct Node {
    /// What it stands for.
    pub kind: Kind,
    /// The event that opened it; none for the root.
    pub begin: EventId,
    /// The event that closed it; none if the log ends, or was cut, before.
    pub end: EventId,
    /// What it contains, in order.
    pub children: Vec<Child>,
}

/// A run as a tree, with what is known about its timers, requests and ends.
#[derive(Debug)]
pub struct Story<'l> {
    log: &'l Log,
    nodes: Vec<Node>,
    callbacks: Vec<(EventId, NodeId)>,
    facts: Facts,
}

impl<'l> Story<'l> {
    /// Folds a log.
    pub fn new(log: &'l Log) -> Story<'l> {
        let mut fold = Fold::new();
        for (index, record) in log.records().iter().enumerate() {
            let id = EventId::new(index);
            fold.facts.note(id, record);
            fold.take(id, record);
        }
        let Fold { nodes, callbacks, facts, .. } = fold;
        Story { log, nodes, callbacks, facts }
    }

    /// The log it was folded from.
    pub fn log(&self) -> &'l Log {
        self.log
    }

    /// The whole run.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// A node.
    ///
    /// # Panics
    /// The id is another story's.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// How many callbacks ran.
    pub fn callback_count(&self) -> u32 {
        self.callbacks.len() as u32
    }

    /// The ordinal of a callback by its `callback-begin`: 1 for the first that ran.
    pub fn ordinal(&self, begin: EventId) -> Option<u32> {
        let at = self.callbacks.binary_search_by_key(&begin, |callback| callback.0).ok()?;
        Some(at as u32 + 1)
    }

    /// The node of a callback, by ordinal.
    pub fn callback(&self, ordinal: u32) -> Option<NodeId> {
        let at = (ordinal as usize).checked_sub(1)?;
        self.callbacks.get(at).map(|callback| callback.1)
    }

    /// Every callback's `callback-begin` and node, in the order in which they ran.
    pub fn callbacks(&self) -> impl Iterator<Item = (EventId, NodeId)> {
        self.callbacks.iter().copied()
    }

    /// The event, or `None` for [`EventId::NONE`] and ids beyond the log.
    pub fn event(&self, id: EventId) -> Option<Event> {
        self.log.record(id).map(|record| record.event)
    }

    /// When it happened, in nanoseconds since the world began.
    pub fn time(&self, id: EventId) -> Option<u64> {
        self.log.record(id).map(|record| record.t)
    }

    /// How long a node lasted, in nanoseconds; `None` if it has no end.
    pub fn duration(&self, id: NodeId) -> Option<u64> {
        let node = self.node(id);
        Some(self.time(node.end)?.saturating_sub(self.time(node.begin)?))
    }

    /// What became of a request on the pool, by its `request-start`.
    pub fn lane(&self, request: EventId) -> Option<&Lane> {
        self.facts.lanes.get(&request)
    }

    /// How late a timer was, in milliseconds, by the `callback-begin` of its callback.
    pub fn late(&self, callback: EventId) -> Option<u64> {
        self.facts.late.get(&callback).copied()
    }

    /// The event in which a program set a timer, by any of its `timer-start`s: an interval is started anew by the runtime each time.
    pub fn timer_origin(&self, start: EventId) -> EventId {
        self.facts.origins.get(&start).copied().unwrap_or(start)
    }

    /// Whether time is simulated.
    pub fn simulated(&self) -> bool {
        self.facts.simulated
    }

    /// The Node major version whose rules the loop followed; 0 if the loop never ran.
    pub fn profile(&self) -> u32 {
        self.facts.profile
    }

    /// Whether an error that nobody caught, nor any listener took, ended the process.
    pub fn uncaught(&self) -> bool {
        self.facts.fatal.is_some()
    }

    /// Whether a callback that didn't return was stopped by the end of the process, not by an error.
    pub fn was_stopped(&self, id: NodeId) -> bool {
        let end = self.node(id).end;
        let threw = matches!(self.event(end), Some(Event::CallbackEnd { outcome: Outcome::Threw, .. }));
        threw && self.facts.last_error.is_none_or(|error| error < end)
    }

    /// Why the (last) run of the loop ended.
    pub fn end_reason(&self) -> Option<EndReason> {
        self.facts.end_reason
    }

    /// The exit code and its event.
    pub fn exit_code(&self) -> Option<(i32, EventId)> {
        self.facts.exit_code
    }

    /// Sums over the whole run.
    pub fn totals(&self) -> Totals {
        Totals { callbacks: u64::from(self.callback_count()), ..self.facts.totals }
    }

    /// What was scheduled and neither ran nor was taken back, in order of scheduling.
    pub fn leftovers(&self) -> Vec<Leftover> {
        self.facts.leftovers()
    }

    /// The promise that an await was resumed by, if a callback begins with that: `await-resumed` as its first event.
    pub fn resumes(&self, node: NodeId) -> Option<EventId> {
        self.node(node).children.iter().find_map(|child| match child {
            Child::Event(id) if matches!(self.event(*id), Some(Event::AwaitResumed { .. })) => Some(*id),
            _ => None,
        })
    }

    /// The callback in which an event happened, as an ordinal.
    pub fn happened_in(&self, id: EventId) -> Option<u32> {
        self.ordinal(self.log.record(id)?.within)
    }
}

/// Kind, label text and position of a `callback-begin`.
pub fn callback_of(log: &Log, begin: EventId) -> Option<(CallbackKind, u32, &str, Pos, EventId)> {
    match log.record(begin)?.event {
        Event::CallbackBegin { kind, number, label, pos, cause } => {
            Some((kind, number, log.str(label), pos, cause))
        }
        _ => None,
    }
}

/// The fold under way.
struct Fold {
    nodes: Vec<Node>,
    /// The open nodes, the root first.
    open: Vec<NodeId>,
    by_begin: HashMap<EventId, NodeId>,
    callbacks: Vec<(EventId, NodeId)>,
    facts: Facts,
}

impl Fold {
    fn new() -> Fold {
        let root = Node { kind: Kind::Root, begin: EventId::NONE, end: EventId::NONE, children: Vec::new() };
        let (by_begin, callbacks) = (HashMap::new(), Vec::new());
        Fold { nodes: vec![root], open: vec![NodeId(0)], by_begin, callbacks, facts: Facts::default() }
    }

    fn take(&mut self, id: EventId, record: &Record) {
        match record.event {
            Event::LoopStart { .. } | Event::LoopEnd { .. } => {
                self.close_while(|_| true, EventId::NONE);
                self.leaf(id);
            }
            Event::TurnBegin { turn } => {
                self.close_while(|_| true, EventId::NONE);
                self.open(Kind::Turn(turn), id);
            }
            Event::TurnEnd { .. } => self.close(|kind| matches!(kind, Kind::Turn(_)), id),
            Event::PhaseBegin { phase, .. } => {
                self.close_while(|kind| !matches!(kind, Kind::Turn(_)), EventId::NONE);
                self.open(Kind::Phase(phase), id);
            }
            Event::PhaseEnd { .. } => self.close(|kind| matches!(kind, Kind::Phase(_)), id),
            Event::PollBegin { .. } => {
                self.open(Kind::Poll, id);
            }
            Event::PollEnd { .. } => self.close(|kind| kind == Kind::Poll, id),
            Event::CallbackBegin { .. } => {
                let ordinal = self.callbacks.len() as u32 + 1;
                let node = self.open(Kind::Callback(ordinal), id);
                self.by_begin.insert(id, node);
                self.callbacks.push((id, node));
            }
            Event::CallbackEnd { begin, .. } => self.close_node(begin, id),
            Event::DrainBegin { after } => self.open_drain(after, id),
            Event::DrainEnd { .. } => self.close(|kind| kind == Kind::Drain, id),
            Event::ModuleBegin { .. } => {
                let node = self.open(Kind::Module, id);
                self.by_begin.insert(id, node);
            }
            Event::ModuleEnd { begin, .. } => self.close_node(begin, id),
            _ => self.leaf(id),
        }
    }

    fn top(&self) -> NodeId {
        // The root is never closed.
        self.open.last().copied().unwrap_or(NodeId(0))
    }

    fn leaf(&mut self, id: EventId) {
        let top = self.top();
        self.nodes[top.0 as usize].children.push(Child::Event(id));
    }

    fn open(&mut self, kind: Kind, begin: EventId) -> NodeId {
        self.open_below(self.top(), kind, begin)
    }

    fn open_below(&mut self, parent: NodeId, kind: Kind, begin: EventId) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node { kind, begin, end: EventId::NONE, children: Vec::new() });
        self.nodes[parent.0 as usize].children.push(Child::Node(id));
        self.open.push(id);
        id
    }

    /// A drain hangs below the callback it follows, if that is what came last. Where it doesn't say which it follows, that is the last
    /// callback, except by the rules before Node 11: there it follows a whole phase.
    fn open_drain(&mut self, after: EventId, id: EventId) {
        let mut last = self.last_node(self.top());
        // After the main script, it follows what is inside the module.
        while let Some(node) = last.filter(|node| self.nodes[node.0 as usize].kind == Kind::Module) {
            last = self.last_node(node);
        }
        let last = last.filter(|node| matches!(self.nodes[node.0 as usize].kind, Kind::Callback(_)));
        let followed = match after.is_none() {
            true => last.filter(|_| !(1..11).contains(&self.facts.profile)),
            false => self.by_begin.get(&after).copied().filter(|node| Some(*node) == last),
        };
        self.open_below(followed.unwrap_or(self.top()), Kind::Drain, id);
    }

    fn last_node(&self, parent: NodeId) -> Option<NodeId> {
        self.nodes[parent.0 as usize].children.iter().rev().find_map(|child| match child {
            Child::Node(node) => Some(*node),
            Child::Event(_) => None,
        })
    }

    /// Closes the innermost open node of a kind, and what is still open in it. Nothing if there is none.
    fn close(&mut self, wanted: impl Fn(Kind) -> bool, end: EventId) {
        let found = self.open.iter().rposition(|id| wanted(self.nodes[id.0 as usize].kind));
        self.close_at(found, end);
    }

    fn close_node(&mut self, begin: EventId, end: EventId) {
        let node = self.by_begin.get(&begin).copied();
        let found = self.open.iter().rposition(|id| Some(*id) == node);
        self.close_at(found, end);
    }

    fn close_at(&mut self, found: Option<usize>, end: EventId) {
        if let Some(at) = found.filter(|at| *at > 0) {
            let node = self.open[at];
            self.nodes[node.0 as usize].end = end;
            self.open.truncate(at);
        }
    }

    /// Closes from the inside while the innermost node is of such a kind.
    fn close_while(&mut self, wanted: impl Fn(Kind) -> bool, end: EventId) {
        while self.open.len() > 1 && wanted(self.nodes[self.top().0 as usize].kind) {
            let top = self.top();
            self.nodes[top.0 as usize].end = end;
            self.open.pop();
        }
    }
}

#[cfg(test)]
mod tests;
