//! The modules there are and who imports whom: the cache both module systems look into, and the graph for people.
//!
//! The registry is generic in what the runtime keeps per module, such as the engine's module handle or `module.exports`.
//! It keeps no time itself; durations are told to it.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::json;

/// A module in a [`Registry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(u32);

impl ModuleId {
    /// Position in the order of insertion.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The kind of cache a module stands in: the same file required and imported is two modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// CommonJS (or JSON, or an addon, by `require`), keyed by the resolved file name.
    Require,
    /// ES modules, and what they import, keyed by URL.
    Import,
    /// Built-in modules, keyed by name.
    Builtin,
}

/// Where a module is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Known, not loaded.
    New,
    /// Its imports are being loaded and bound.
    Linking,
    /// Ready to run.
    Linked,
    /// Its body is running, or it awaits, or waits for one that awaits. A CommonJS module required now gives partial exports.
    Evaluating,
    /// Its body has run.
    Evaluated,
    /// It failed to load, link or run.
    Errored,
}

/// How one module asks for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeKind {
    /// `require()`
    Require,
    /// `import … from`, `export … from`
    Import,
    /// `import()`
    DynamicImport,
}

/// One module asking for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who asks.
    pub from: ModuleId,
    /// For whom.
    pub to: ModuleId,
    /// In which words.
    pub specifier: String,
    /// How.
    pub kind: EdgeKind,
}

/// What the registry knows of a module.
#[derive(Clone, Debug)]
pub struct Module<P> {
    /// File name, URL or builtin's name.
    pub key: String,
    /// In which cache.
    pub kind: Kind,
    /// Where in its life.
    pub state: State,
    /// Whose entry the cache still has: false after `delete require.cache[key]`.
    pub cached: bool,
    /// The time its body took, in nanoseconds, once told.
    pub duration: Option<u64>,
    /// The runtime's own data.
    pub payload: P,
}

/// Modules by key, with their states and edges.
///
/// ```
/// use looplab_module_loader::registry::{EdgeKind, Kind, Registry, State};
///
/// let mut registry: Registry<()> = Registry::new();
/// let a = registry.insert(Kind::Require, "/a.js", ());
/// let b = registry.insert(Kind::Require, "/b.js", ());
/// registry.connect(a, b, "./b", EdgeKind::Require);
/// registry.connect(b, a, "./a", EdgeKind::Require);
/// registry.set_state(b, State::Evaluated);
/// registry.set_state(a, State::Evaluated);
/// assert_eq!(registry.cycles(), [vec![a, b]]);
/// assert_eq!(registry.load_order(), [b, a]);
/// assert_eq!(registry.find(Kind::Require, "/a.js"), Some(a));
/// ```
#[derive(Clone, Debug)]
pub struct Registry<P> {
    modules: Vec<Module<P>>,
    /// One map for each [`Kind`].
    caches: [FxHashMap<String, ModuleId>; 3],
    edges: Vec<Edge>,
    out: Vec<Vec<u32>>,
    order: Vec<ModuleId>,
}

impl<P> Default for Registry<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P> Registry<P> {
    /// A registry without modules.
    pub fn new() -> Self {
        Registry {
            modules: Vec::new(),
            caches: Default::default(),
            edges: Vec::new(),
            out: Vec::new(),
            order: Vec::new(),
        }
    }

    /// Adds a module in state [`State::New`] and puts it into the cache, in place of one that stood there under the same key.
    pub fn insert(&mut self, kind: Kind, key: &str, payload: P) -> ModuleId {
        let id = ModuleId(u32::try_from(self.modules.len()).expect("fewer than 2^32 modules"));
        let module =
            Module { key: key.to_owned(), kind, state: State::New, cached: true, duration: None, payload };
        self.modules.push(module);
        self.out.push(Vec::new());
        if let Some(old) = self.caches[kind as usize].insert(key.to_owned(), id) {
            self.modules[old.index()].cached = false;
        }
        id
    }

    /// The cached module under a key.
    pub fn find(&self, kind: Kind, key: &str) -> Option<ModuleId> {
        self.caches[kind as usize].get(key).copied()
    }

    /// Takes a module out of the cache: the next request for its key loads anew. The module itself stays in the graph.
    pub fn evict(&mut self, kind: Kind, key: &str) -> Option<ModuleId> {
        let id = self.caches[kind as usize].remove(key)?;
        self.modules[id.index()].cached = false;
        Some(id)
    }

    /// The module.
    pub fn get(&self, id: ModuleId) -> &Module<P> {
        &self.modules[id.index()]
    }

    /// The runtime's data of the module.
    pub fn payload_mut(&mut self, id: ModuleId) -> &mut P {
        &mut self.modules[id.index()].payload
    }

    /// Every module, in order of insertion.
    pub fn modules(&self) -> impl Iterator<Item = (ModuleId, &Module<P>)> {
        (0..).map(ModuleId).zip(&self.modules)
    }

    /// Moves a module on in its life. The first time it is over, well or not, is its place in the load order.
    pub fn set_state(&mut self, id: ModuleId, state: State) {
        let module = &mut self.modules[id.index()];
        let is_over = |state| matches!(state, State::Evaluated | State::Errored);
        if is_over(state) && !is_over(module.state) {
            self.order.push(id);
        }
        module.state = state;
    }

    /// Notes how long the module's body took, in nanoseconds.
    pub fn set_duration(&mut self, id: ModuleId, nanoseconds: u64) {
        self.modules[id.index()].duration = Some(nanoseconds);
    }

    /// Notes that `from` asked for `to`. The same question again is noted once.
    pub fn connect(&mut self, from: ModuleId, to: ModuleId, specifier: &str, kind: EdgeKind) {
        let known = self.out[from.index()].iter().any(|&at| {
            let edge = &self.edges[at as usize];
            edge.to == to && edge.kind == kind && edge.specifier == specifier
        });
        if !known {
            self.out[from.index()].push(self.edges.len() as u32);
            self.edges.push(Edge { from, to, specifier: specifier.to_owned(), kind });
        }
    }

    /// Every edge, in the order in which it was noted.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// What a module asked for, in order.
    pub fn imports_of(&self, id: ModuleId) -> impl Iterator<Item = &Edge> {
        self.out[id.index()].iter().map(|&at| &self.edges[at as usize])
    }

    /// Who asked for a module.
    pub fn importers_of(&self, id: ModuleId) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.to == id)
    }

    /// The modules in the order in which they were through.
    pub fn load_order(&self) -> &[ModuleId] {
        &self.order
    }

    /// The shortest way from one module to another along edges, both included: "why is this loaded?".
    pub fn path(&self, from: ModuleId, to: ModuleId) -> Option<Vec<ModuleId>> {
        let mut came_from: Vec<Option<ModuleId>> = vec![None; self.modules.len()];
        let mut queue = std::collections::VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            if at == to {
                let mut path = vec![to];
                while let Some(before) =
                    path.last().filter(|id| **id != from).and_then(|id| came_from[id.index()])
                {
                    path.push(before);
                }
                path.reverse();
                return Some(path);
            }
            for edge in self.imports_of(at) {
                if edge.to != from && came_from[edge.to.index()].is_none() {
                    came_from[edge.to.index()] = Some(at);
                    queue.push_back(edge.to);
                }
            }
        }
        None
    }

    /// The strongly connected components, importers after what they import; each in order of insertion. (Tarjan's
    /// algorithm with a stack of its own.)
    pub fn components(&self) -> Vec<Vec<ModuleId>> {
        const UNSEEN: u32 = u32::MAX;
        let count = self.modules.len();
        let (mut index, mut low) = (vec![UNSEEN; count], vec![0u32; count]);
        let (mut open, mut on_stack) = (Vec::new(), vec![false; count]);
        let mut components = Vec::new();
        let mut next = 0;
        for start in 0..count {
            let mut frames: Vec<(usize, usize)> = Vec::new();
            if index[start] == UNSEEN {
                frames.push((start, 0));
            }
            while let Some((at, edge)) = frames.last_mut() {
                let at = *at;
                if *edge == 0 && index[at] == UNSEEN {
                    (index[at], low[at], on_stack[at]) = (next, next, true);
                    next += 1;
                    open.push(at);
                }
                if let Some(&out) = self.out[at].get(*edge) {
                    *edge += 1;
                    let to = self.edges[out as usize].to.index();
                    if index[to] == UNSEEN {
                        frames.push((to, 0));
                    } else if on_stack[to] {
                        low[at] = low[at].min(index[to]);
                    }
                    continue;
                }
                frames.pop();
                if let Some((parent, _)) = frames.last() {
                    low[*parent] = low[*parent].min(low[at]);
                }
                if low[at] == index[at] {
                    let from = open.iter().rposition(|&member| member == at).unwrap_or(0);
                    let mut members: Vec<ModuleId> = open.drain(from..).map(|m| ModuleId(m as u32)).collect();
                    members.iter().for_each(|member| on_stack[member.index()] = false);
                    members.sort_unstable();
                    components.push(members);
                }
            }
        }
        components
    }

    /// The components that are cycles: of several modules, or one that imports itself.
    pub fn cycles(&self) -> Vec<Vec<ModuleId>> {
        let is_cycle = |members: &Vec<ModuleId>| {
            members.len() > 1 || self.imports_of(members[0]).any(|edge| edge.to == members[0])
        };
        self.components().into_iter().filter(is_cycle).collect()
    }

    /// The graph as Graphviz DOT. Edges inside a cycle are red, dynamic imports dashed; `label` shortens keys for people.
    pub fn to_dot(&self, label: impl Fn(&Module<P>) -> String) -> String {
        let mut cycle_of = vec![usize::MAX; self.modules.len()];
        for (number, cycle) in self.cycles().iter().enumerate() {
            cycle.iter().for_each(|id| cycle_of[id.index()] = number);
        }
        let mut out = String::from("digraph modules {\n  rankdir=LR;\n  node [shape=box];\n");
        for (id, module) in self.modules() {
            let shape = match module.kind {
                Kind::Builtin => ", shape=ellipse",
                Kind::Import => ", style=rounded",
                Kind::Require => "",
            };
            let _ = writeln!(out, "  m{} [label={}{shape}];", id.0, quoted(&label(module)));
        }
        for edge in &self.edges {
            let (from, to) = (cycle_of[edge.from.index()], cycle_of[edge.to.index()]);
            let color = if from != usize::MAX && from == to { ", color=red" } else { "" };
            let style = if edge.kind == EdgeKind::DynamicImport { ", style=dashed" } else { "" };
            let _ = writeln!(
                out,
                "  m{} -> m{} [label={}{color}{style}];",
                edge.from.0,
                edge.to.0,
                quoted(&edge.specifier)
            );
        }
        out.push_str("}\n");
        out
    }

    /// The graph as JSON: `modules` (with index, key, kind, state, cached, nanoseconds), `edges`, `cycles` and `loadOrder` by index.
    pub fn to_json(&self) -> serde_json::Value {
        let indices = |ids: &[ModuleId]| ids.iter().map(|id| id.0).collect::<Vec<_>>();
        json!({
            "modules": self.modules().map(|(id, module)| json!({
                "index": id.0,
                "key": module.key,
                "kind": module.kind,
                "state": module.state,
                "cached": module.cached,
                "nanoseconds": module.duration,
            })).collect::<Vec<_>>(),
            "edges": self.edges.iter().map(|edge| json!({
                "from": edge.from.0,
                "to": edge.to.0,
                "specifier": edge.specifier,
                "kind": edge.kind,
            })).collect::<Vec<_>>(),
            "cycles": self.cycles().iter().map(|cycle| indices(cycle)).collect::<Vec<_>>(),
            "loadOrder": indices(&self.order),
        })
    }

    /// The graph as an indented tree from `root`; a module shown before is marked and not unfolded again.
    pub fn to_text(&self, root: ModuleId, label: impl Fn(&Module<P>) -> String) -> String {
        let mut out = String::new();
        let mut shown = vec![false; self.modules.len()];
        let mut on_path: Vec<ModuleId> = Vec::new();
        let mut todo = vec![(root, 0usize)];
        while let Some((id, depth)) = todo.pop() {
            on_path.truncate(depth);
            let mark = if on_path.contains(&id) {
                " (cycle)"
            } else if shown[id.index()] {
                " (above)"
            } else {
                ""
            };
            let _ = writeln!(out, "{}{}{mark}", "  ".repeat(depth), label(self.get(id)));
            on_path.push(id);
            if !std::mem::replace(&mut shown[id.index()], true) {
                let below: Vec<_> = self.imports_of(id).map(|edge| (edge.to, depth + 1)).collect();
                todo.extend(below.into_iter().rev());
            }
        }
        out
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
