//! The order in which ES modules run: the specification's Cyclic Module Records as a pure machine.
//!
//! [ECMA-262, 16.2.1.6](https://tc39.es/ecma262/#sec-cyclic-module-records) describes evaluation as a recursion that runs
//! module bodies on the way. Here the recursion is turned inside out: the machine says what to run next, the driver runs it
//! with a real engine and reports how it went. There is no recursion at all, so a chain of a hundred thousand modules is
//! no deeper than one.
//!
//! # The driver's side
//!
//! 1. [`Evaluator::add`] every module of the graph, then [`Evaluator::set_requests`] with what each one imports, in source
//!    order (once per distinct module is enough). Linking, that is binding names, is the engine's own business and must be done.
//! 2. [`Evaluator::evaluate`] the root, and call [`Evaluator::next`] until it says `None`. For each [`Action`]:
//!    * [`Run`](Action::Run): run the module's body to its end, then [`ran`](Evaluator::ran).
//!    * [`Start`](Action::Start): run the body of a module with top-level `await` until it suspends or ends; when its promise is
//!      settled, which is in a later microtask even if it never waited, call [`settled`](Evaluator::settled) and then `next` again.
//!      Never call it before `next` has said `None`.
//!    * [`Done`](Action::Done): settle the promise that evaluation of this root gave out.
//! 3. While a `Run` is answered, the engine may want to evaluate another module synchronously (`require` of an ES module inside a
//!    CommonJS module that was imported): call `evaluate` and loop on `next` right there. `next` says `None` when the
//!    inner evaluation has done what it can.
//!
//! ```
//! use looplab_module_loader::evaluation::{Action, Evaluator};
//!
//! // a imports b and c; both import d; c awaits at top level.
//! let mut e: Evaluator<&'static str> = Evaluator::new();
//! let [a, b, c, d] = [false, false, true, false].map(|has_await| e.add(has_await));
//! e.set_requests(a, vec![b, c]);
//! e.set_requests(b, vec![d]);
//! e.set_requests(c, vec![d]);
//!
//! let mut order = Vec::new();
//! let mut drive = |e: &mut Evaluator<&'static str>| {
//!     while let Some(action) = e.next() {
//!         order.push(action.clone());
//!         if let Action::Run(module) = action {
//!             e.ran(module, Ok(())); // the engine has run the body
//!         }
//!     }
//! };
//! e.evaluate(a).unwrap();
//! drive(&mut e);
//! e.settled(c, Ok(())); // from the microtask that sees c's promise fulfilled
//! drive(&mut e);
//! assert_eq!(order, [Action::Run(d), Action::Run(b), Action::Start(c), Action::Run(a), Action::Done(a, Ok(()))]);
//! ```

use std::{collections::VecDeque, fmt};

/// A module in an [`Evaluator`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// Position in the order of [`Evaluator::add`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action<E> {
    /// Run this module's body; answer with [`Evaluator::ran`].
    Run(NodeId),
    /// Start this module's async body; answer with [`Evaluator::settled`] once its promise is settled.
    Start(NodeId),
    /// Evaluation of this root is over: resolve or reject the promise handed out for it.
    Done(NodeId, Result<(), E>),
}

/// How far a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not evaluated yet.
    Linked,
    /// Being visited; its body may be running.
    Evaluating,
    /// It, or something it imports, awaits.
    EvaluatingAsync,
    /// Over, well or with an error.
    Evaluated,
}

/// The module, or one it imports, is being evaluated further up the stack: `require` of an ES module in a cycle
/// (`ERR_REQUIRE_CYCLE_MODULE` in Node).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy(pub NodeId);

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "module {} is being evaluated", self.0.0)
    }
}

impl std::error::Error for Busy {}

/// \[\[AsyncEvaluationOrder]]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AsyncOrder {
    Unset,
    At(u64),
    Done,
}

#[derive(Clone, Debug)]
struct Node<E> {
    requests: Vec<NodeId>,
    has_await: bool,
    status: Status,
    error: Option<E>,
    dfs_index: u32,
    dfs_ancestor: u32,
    cycle_root: Option<NodeId>,
    async_order: AsyncOrder,
    pending: u32,
    async_parents: Vec<NodeId>,
    /// A promise was handed out for this module.
    has_capability: bool,
}

/// One Evaluate() under way: the specification's recursion, as a stack.
#[derive(Clone, Debug)]
struct Walk {
    root: NodeId,
    frames: Vec<Frame>,
    /// The specification's `stack`: visited, component not closed yet.
    open: Vec<NodeId>,
    index: u32,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    module: NodeId,
    next_request: usize,
}

#[derive(Clone, Debug)]
enum Job {
    /// Evaluate().
    Walk(Walk),
    /// AsyncModuleExecutionFulfilled's list of ancestors that became ready, in order.
    Ready(VecDeque<NodeId>),
}

/// Evaluates modules in the specification's order. `E` is the thrown value; it is cloned to every module that fails by it.
#[derive(Clone, Debug)]
pub struct Evaluator<E> {
    nodes: Vec<Node<E>>,
    /// The innermost is last.
    jobs: Vec<Job>,
    /// The modules whose `Run` hasn't been answered, innermost last, each with the number of jobs there were.
    running: Vec<(NodeId, usize)>,
    out: VecDeque<Action<E>>,
    next_order: u64,
}

impl<E: Clone> Default for Evaluator<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Clone> Evaluator<E> {
    /// A machine without modules.
    pub fn new() -> Self {
        Evaluator {
            nodes: Vec::new(),
            jobs: Vec::new(),
            running: Vec::new(),
            out: VecDeque::new(),
            next_order: 0,
        }
    }

    /// Adds a module. `has_await`: its body contains top-level `await` (or `for await`). A module that isn't an ES module but
    /// stands in the graph (CommonJS, JSON, a builtin) is one without requests whose body is whatever fills in its exports.
    pub fn add(&mut self, has_await: bool) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).expect("fewer than 2^32 modules"));
        self.nodes.push(Node {
            requests: Vec::new(),
            has_await,
            status: Status::Linked,
            error: None,
            dfs_index: 0,
            dfs_ancestor: 0,
            cycle_root: None,
            async_order: AsyncOrder::Unset,
            pending: 0,
            async_parents: Vec::new(),
            has_capability: false,
        });
        id
    }

    /// Says what a module imports, in the order of its source.
    pub fn set_requests(&mut self, module: NodeId, requests: Vec<NodeId>) {
        self.node_mut(module).requests = requests;
    }

    /// How far a module is.
    pub fn status(&self, module: NodeId) -> Status {
        self.node(module).status
    }

    /// The error a module ended with, its own or an import's.
    pub fn error(&self, module: NodeId) -> Option<&E> {
        self.node(module).error.as_ref()
    }

    /// Whether evaluating the module can't finish synchronously: it or something it imports has a top-level `await`
    /// (`require` of it is `ERR_REQUIRE_ASYNC_MODULE` in Node, even when it has been evaluated meanwhile).
    pub fn has_async_graph(&self, module: NodeId) -> bool {
        let mut seen = vec![false; self.nodes.len()];
        let mut todo = vec![module];
        while let Some(id) = todo.pop() {
            if std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            if self.node(id).has_await {
                return true;
            }
            todo.extend(&self.node(id).requests);
        }
        false
    }

    /// Evaluate(): begins evaluation of `root`, or hooks on to one that has begun. The module whose promise stands for it is
    /// returned: the root of `root`'s cycle if that is known already, else `root` itself. [`Action::Done`] will name that module, at
    /// once if all is over. Asking again for a module that was evaluated before repeats its `Done`.
    ///
    /// # Errors
    /// [`Busy`] if a module needed is in the middle of being evaluated by an outer call.
    pub fn evaluate(&mut self, root: NodeId) -> Result<NodeId, Busy> {
        if !self.running.is_empty()
            && let Some(busy) = self.reach(root, |node| node.status == Status::Evaluating)
        {
            return Err(Busy(busy));
        }
        let started = matches!(self.status(root), Status::EvaluatingAsync | Status::Evaluated);
        let root = if started { self.node(root).cycle_root.unwrap_or(root) } else { root };
        let had_capability = std::mem::replace(&mut self.node_mut(root).has_capability, true);
        match self.status(root) {
            Status::Evaluated => self.done(root),
            // Its promise is pending, or it had none and now gets told when the cycle is through.
            Status::EvaluatingAsync => {
                debug_assert!(had_capability || self.node(root).async_order != AsyncOrder::Done)
            }
            Status::Linked | Status::Evaluating => {
                let mut walk = Walk { root, frames: Vec::new(), open: Vec::new(), index: 0 };
                self.enter(&mut walk, root);
                self.jobs.push(Job::Walk(walk));
            }
        }
        Ok(root)
    }

    /// The next thing to do; `None` when the machine waits: for the answer to a [`Action::Run`], for a promise, or for work.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would have to borrow the machine that the answers go to"
    )]
    pub fn next(&mut self) -> Option<Action<E>> {
        loop {
            if let Some(action) = self.out.pop_front() {
                return Some(action);
            }
            let waiting_at = self.running.last().map_or(0, |(_, jobs)| *jobs);
            if self.jobs.len() <= waiting_at {
                return None;
            }
            match self.jobs.pop()? {
                Job::Walk(walk) => self.walk(walk),
                Job::Ready(list) => self.run_ready(list),
            }
        }
    }

    /// The answer to [`Action::Run`]: the body ended, or threw.
    ///
    /// # Panics
    /// If that module is not the one last told to run.
    pub fn ran(&mut self, module: NodeId, result: Result<(), E>) {
        let (running, _) = self.running.pop().expect("an answer needs a Run before it");
        assert_eq!(running, module, "Run actions are answered innermost first");
        match self.jobs.pop() {
            Some(Job::Walk(walk)) => match result {
                Ok(()) => self.close(walk),
                Err(error) => self.fail_walk(walk, error),
            },
            Some(Job::Ready(list)) => {
                self.jobs.push(Job::Ready(list));
                match result {
                    Ok(()) => self.finish_async(module),
                    Err(error) => self.reject(module, error),
                }
            }
            None => unreachable!("a Run always belongs to a job"),
        }
    }

    /// The answer to [`Action::Start`], from the reaction job of the promise of the module's body: AsyncModuleExecutionFulfilled or
    /// AsyncModuleExecutionRejected. A second answer for the same module is ignored.
    ///
    /// Only to be called when [`next`](Self::next) has said `None`, as it has by the time a reaction job runs.
    pub fn settled(&mut self, module: NodeId, result: Result<(), E>) {
        if self.status(module) == Status::Evaluated {
            return;
        }
        match result {
            Ok(()) => {
                self.finish_async(module);
                let mut ready = Vec::new();
                self.gather_available_ancestors(module, &mut ready);
                ready.sort_by_key(|id| match self.node(*id).async_order {
                    AsyncOrder::At(order) => order,
                    AsyncOrder::Unset | AsyncOrder::Done => u64::MAX,
                });
                if !ready.is_empty() {
                    self.jobs.push(Job::Ready(ready.into()));
                }
            }
            Err(error) => self.reject(module, error),
        }
    }

    fn node(&self, id: NodeId) -> &Node<E> {
        &self.nodes[id.index()]
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node<E> {
        &mut self.nodes[id.index()]
    }

    /// The first module found, from `from` over its requests, for which `wanted` holds. Modules that are over end the search.
    fn reach(&self, from: NodeId, wanted: impl Fn(&Node<E>) -> bool) -> Option<NodeId> {
        let mut seen = vec![false; self.nodes.len()];
        let mut todo = vec![from];
        while let Some(id) = todo.pop() {
            let node = self.node(id);
            if std::mem::replace(&mut seen[id.index()], true) || node.status == Status::Evaluated {
                continue;
            }
            if wanted(node) {
                return Some(id);
            }
            todo.extend(node.requests.iter().rev());
        }
        None
    }

    /// The first part of InnerModuleEvaluation: the module gets its number and its place on the stack.
    fn enter(&mut self, walk: &mut Walk, module: NodeId) {
        let index = walk.index;
        let node = self.node_mut(module);
        node.status = Status::Evaluating;
        node.dfs_index = index;
        node.dfs_ancestor = index;
        node.pending = 0;
        walk.index += 1;
        walk.open.push(module);
        walk.frames.push(Frame { module, next_request: 0 });
    }

    /// Goes on with the recursion until a body has to run or the walk is over.
    fn walk(&mut self, mut walk: Walk) {
        while let Some(frame) = walk.frames.last_mut() {
            let module = frame.module;
            let Some(&request) = self.nodes[module.index()].requests.get(frame.next_request) else {
                return self.execute(walk, module);
            };
            frame.next_request += 1;
            if self.status(request) == Status::Linked {
                self.enter(&mut walk, request);
            } else if let Some(error) = self.node(request).error.clone() {
                return self.fail_walk(walk, error);
            } else {
                self.combine(module, request);
                if let Some(error) = self.inherited_error(request) {
                    return self.fail_walk(walk, error);
                }
            }
        }
        self.end_walk(&walk);
    }

    /// The error of the cycle a finished request belongs to.
    fn inherited_error(&self, request: NodeId) -> Option<E> {
        if self.status(request) == Status::Evaluating {
            return None;
        }
        self.node(request).cycle_root.and_then(|root| self.node(root).error.clone())
    }

    /// After a request was visited: it is either on the stack, or its cycle is closed and may have to be waited for.
    fn combine(&mut self, module: NodeId, request: NodeId) {
        let awaited = if self.status(request) == Status::Evaluating {
            let ancestor = self.node(request).dfs_ancestor.min(self.node(module).dfs_ancestor);
            self.node_mut(module).dfs_ancestor = ancestor;
            request
        } else {
            self.node(request).cycle_root.unwrap_or(request)
        };
        if matches!(self.node(awaited).async_order, AsyncOrder::At(_)) {
            self.node_mut(awaited).async_parents.push(module);
            self.node_mut(module).pending += 1;
        }
    }

    /// All requests are visited: the body's turn, unless it has to wait.
    fn execute(&mut self, walk: Walk, module: NodeId) {
        let node = self.node(module);
        let (pending, has_await) = (node.pending, node.has_await);
        if pending == 0 && !has_await {
            self.out.push_back(Action::Run(module));
            self.jobs.push(Job::Walk(walk));
            // While the body runs, only jobs begun inside it may go on.
            self.running.push((module, self.jobs.len()));
            return;
        }
        let order = self.next_order;
        self.next_order += 1;
        self.node_mut(module).async_order = AsyncOrder::At(order);
        if pending == 0 {
            self.out.push_back(Action::Start(module));
        }
        self.close(walk);
    }

    /// The last part of InnerModuleEvaluation: closes the component if this module is its root, and returns to the importer.
    fn close(&mut self, mut walk: Walk) {
        let Some(frame) = walk.frames.pop() else { return };
        let module = frame.module;
        if self.node(module).dfs_ancestor == self.node(module).dfs_index {
            while let Some(member) = walk.open.pop() {
                let node = self.node_mut(member);
                node.status = match node.async_order {
                    AsyncOrder::Unset => Status::Evaluated,
                    AsyncOrder::At(_) | AsyncOrder::Done => Status::EvaluatingAsync,
                };
                node.cycle_root = Some(module);
                if member == module {
                    break;
                }
            }
        }
        match walk.frames.last() {
            Some(importer) => {
                self.combine(importer.module, module);
                self.jobs.push(Job::Walk(walk));
            }
            None => self.end_walk(&walk),
        }
    }

    fn end_walk(&mut self, walk: &Walk) {
        if self.node(walk.root).async_order == AsyncOrder::Unset {
            self.done(walk.root);
        }
    }

    /// Evaluate() with an abrupt completion: everything on the stack fails with it.
    fn fail_walk(&mut self, walk: Walk, error: E) {
        for module in walk.open {
            let node = self.node_mut(module);
            node.status = Status::Evaluated;
            node.error = Some(error.clone());
        }
        self.done(walk.root);
    }

    fn done(&mut self, root: NodeId) {
        let result = self.node(root).error.clone().map_or(Ok(()), Err);
        self.out.push_back(Action::Done(root, result));
    }

    /// An asynchronously evaluated module is over, well.
    fn finish_async(&mut self, module: NodeId) {
        let node = self.node_mut(module);
        node.async_order = AsyncOrder::Done;
        node.status = Status::Evaluated;
        if node.has_capability {
            self.done(module);
        }
    }

    /// AsyncModuleExecutionRejected: the error goes up to every module that waited, importers before the module's own promise, in
    /// the order V8 does it.
    fn reject(&mut self, module: NodeId, error: E) {
        // (module, its parents are dealt with)
        let mut todo = vec![(module, false)];
        while let Some((module, parents_done)) = todo.pop() {
            if parents_done {
                if self.node(module).has_capability {
                    self.done(module);
                }
                continue;
            }
            let node = self.node_mut(module);
            if node.status == Status::Evaluated {
                continue;
            }
            node.status = Status::Evaluated;
            node.error = Some(error.clone());
            node.async_order = AsyncOrder::Done;
            let parents = node.async_parents.clone();
            todo.push((module, true));
            todo.extend(parents.into_iter().rev().map(|parent| (parent, false)));
        }
    }

    /// GatherAvailableAncestors: who waited for `module` last of all, and, through those that run synchronously, who waited for them.
    fn gather_available_ancestors(&mut self, module: NodeId, ready: &mut Vec<NodeId>) {
        let mut todo = vec![module];
        let mut listed = vec![false; self.nodes.len()];
        while let Some(module) = todo.pop() {
            for parent in self.node(module).async_parents.clone() {
                let root = self.node(parent).cycle_root.unwrap_or(parent);
                if listed[parent.index()] || self.node(root).error.is_some() {
                    continue;
                }
                let node = self.node_mut(parent);
                node.pending -= 1;
                if node.pending == 0 {
                    listed[parent.index()] = true;
                    ready.push(parent);
                    if !self.node(parent).has_await {
                        todo.push(parent);
                    }
                }
            }
        }
    }

    /// The next of the ancestors that became ready.
    fn run_ready(&mut self, mut list: VecDeque<NodeId>) {
        let Some(module) = list.pop_front() else { return };
        self.jobs.push(Job::Ready(list));
        if self.status(module) == Status::Evaluated {
            // Failed meanwhile, through another of its imports.
            return;
        }
        if self.node(module).has_await {
            self.out.push_back(Action::Start(module));
        } else {
            self.out.push_back(Action::Run(module));
            self.running.push((module, self.jobs.len()));
        }
    }
}
