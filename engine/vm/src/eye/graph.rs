//! The heap as plain data: what is alive, what refers to what, and what holds it all.

use std::rc::Rc;

/// What a node of the graph is; the words are those of V8's heap snapshots.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum NodeKind {
    /// The engine's own: environments, accessor pairs, coroutines, lists.
    Hidden,
    /// An array of the program.
    Array,
    /// A string whose characters lie in it.
    Text,
    /// An object.
    Object,
    /// A function's code.
    Code,
    /// A function.
    Closure,
    /// A regular expression.
    RegExp,
    /// Something that isn't in the heap: the roots.
    Synthetic,
    /// A string that is two others put together.
    Concatenated,
    /// A string that is a part of another.
    Sliced,
    /// A symbol.
    Symbol,
    /// A BigInt.
    BigInt,
    /// A hidden class.
    Shape,
}

/// Why one node holds another.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum EdgeName {
    /// A property; the number is that of a text.
    Property(u32),
    /// An element.
    Element(u32),
    /// A variable of an environment, or of a function that is on the stack or suspended.
    Variable(u32),
    /// Something of the engine's own, with its name.
    Internal(u32),
    /// The value of an entry of a Map (`get(key)`), by the key's text.
    Entry(u32),
}

/// One cell, with what it owns outside itself.
#[derive(Clone, Debug)]
pub struct HeapNode {
    /// What it is.
    pub kind: NodeKind,
    /// A text: the class of an object, the name of a function, the beginning of a string.
    pub name: u32,
    /// Its hidden class as an index of [`HeapGraph::shapes`]; `u32::MAX`: not an object.
    pub shape: u32,
    /// A number that stays the same as long as the cell lives: odd, from 1 on.
    pub id: u32,
    /// Bytes: the cell, its slots and elements, and what it owns outside the heap.
    pub bytes: u64,
    /// Where its edges begin in [`HeapGraph::edges`]; they end where those of the next node begin.
    pub first_edge: u32,
    /// Where it was allocated, as an index of [`HeapGraph::sites`]; `u32::MAX`: not recorded.
    pub site: u32,
}

/// A reference.
#[derive(Clone, Debug)]
pub struct HeapEdge {
    /// How it is named.
    pub name: EdgeName,
    /// The index of the node referred to.
    pub to: u32,
}

/// A hidden class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeapShape {
    /// Names of its properties in the order in which they were added; at most the first few.
    pub properties: Vec<String>,
    /// How many there are.
    pub count: u32,
    /// The object has lost or reconfigured properties, or has very many: a hidden class of its own.
    pub dictionary: bool,
}

/// A place in a source.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Site {
    /// The source's name.
    pub script: Rc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 units, from 1.
    pub column: u32,
    /// The function's name; empty for the top of a file and for functions without a name.
    pub function: Rc<str>,
}

/// Everything alive. Node 0 stands for the roots.
#[derive(Clone, Debug, Default)]
pub struct HeapGraph {
    /// The nodes.
    pub nodes: Vec<HeapNode>,
    /// Their edges, node by node.
    pub edges: Vec<HeapEdge>,
    /// Texts that nodes and edges refer to. 0 is the empty one.
    pub texts: Vec<String>,
    /// Hidden classes that nodes refer to.
    pub shapes: Vec<HeapShape>,
    /// Where things were allocated, and functions begin.
    pub sites: Vec<Site>,
    /// Where functions stand in their sources: node and index of [`HeapGraph::sites`].
    pub places: Vec<(u32, u32)>,
    /// Bytes in use when it was made, as the heap counts them.
    pub used: u64,
}

impl HeapGraph {
    /// The edges of a node.
    pub fn edges_of(&self, node: u32) -> &[HeapEdge] {
        let from = self.nodes[node as usize].first_edge as usize;
        let to = self.nodes.get(node as usize + 1).map_or(self.edges.len(), |next| next.first_edge as usize);
        &self.edges[from..to]
    }

    /// A text.
    pub fn text(&self, number: u32) -> &str {
        &self.texts[number as usize]
    }
}
