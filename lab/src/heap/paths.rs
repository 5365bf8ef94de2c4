//! Who holds this? The way from the roots to an object that a person would name.

use super::census::Names;
use looplab_runtime::{EdgeName, HeapEdge, HeapGraph, NodeKind};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One step of a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How the next thing is held: `.cache`, `[…]`, `variable list`, `entry 'user'`, or something of the engine's own.
    pub by: String,
    /// What it is.
    pub what: String,
}

/// Objects that are held in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// How many.
    pub count: u64,
    /// The way from the roots.
    pub steps: Vec<Step>,
    /// The number of one of them.
    pub example: u32,
}

/// How the objects that `wanted` names are held: a class (`Leak`), a row of the census (`Leak {n, data}`), or a number (`@123`).
/// The most frequent way comes first.
pub fn holders(graph: &HeapGraph, wanted: &str) -> Vec<Held> {
    let names = Names::new(graph);
    let before = ways(graph);
    let number = wanted.strip_prefix('@').and_then(|n| n.parse::<u32>().ok());
    let mut found: FxHashMap<String, Held> = FxHashMap::default();
    // An object's class comes before a function's name.
    let is_object = |n: &u32| {
        matches!(graph.nodes[*n as usize].kind, NodeKind::Object | NodeKind::Array | NodeKind::RegExp)
    };
    let is_function = |n: &u32| graph.nodes[*n as usize].kind == NodeKind::Closure;
    let has_name = |n: &u32| graph.text(graph.nodes[*n as usize].name) == wanted;
    let all = 1..graph.nodes.len() as u32;
    let mut meant: Vec<u32> = match number {
        Some(id) => all.filter(|n| graph.nodes[*n as usize].id == id).collect(),
        None => all.filter(|n| is_object(n) && has_name(n)).collect(),
    };
    if meant.is_empty() && number.is_none() {
        let all = 1..graph.nodes.len() as u32;
        meant = all.filter(|n| is_function(n) && has_name(n) || names.of(graph, *n) == wanted).collect();
    }
    for n in meant {
        if before[n as usize] == NOBODY {
            continue;
        }
        let steps = way(graph, &names, &before, n);
        let key = steps.iter().map(|step| format!("{}\0{}\0", step.by, step.what)).collect();
        let held = found.entry(key).or_insert(Held { count: 0, steps, example: graph.nodes[n as usize].id });
        held.count += 1;
    }
    let mut list: Vec<Held> = found.into_values().collect();
    list.sort_by_key(|held| (Reverse(held.count), held.steps.len(), held.example));
    list
}

const NOBODY: u32 = u32::MAX;

/// How far an edge takes one from what a person would say. What the engine needs for itself comes last.
fn length(graph: &HeapGraph, edge: &HeapEdge) -> u32 {
    let EdgeName::Internal(text) = edge.name else { return 2 };
    match graph.text(text) {
        "global object" => 1,
        "shape" | "shape before" | "prototype" | "name of a property" | "constant" | "name" => 60,
        "code" | "code of a function in it" => 40,
        "built in" | "in use by the engine" => 30,
        "value of a WeakMap" => 4,
        _ => 3,
    }
}

/// For each node the edge by which it is reached soonest.
fn ways(graph: &HeapGraph) -> Vec<u32> {
    let mut holder = vec![NOBODY; graph.nodes.len()];
    let mut distance = vec![u32::MAX; graph.nodes.len()];
    // Which node an edge starts from.
    let mut queue = BinaryHeap::from([Reverse((0u32, 0u32))]);
    distance[0] = 0;
    while let Some(Reverse((far, n))) = queue.pop() {
        if far > distance[n as usize] {
            continue;
        }
        let first = graph.nodes[n as usize].first_edge;
        for (i, edge) in graph.edges_of(n).iter().enumerate() {
            let next = far.saturating_add(length(graph, edge));
            if next < distance[edge.to as usize] {
                distance[edge.to as usize] = next;
                holder[edge.to as usize] = first + i as u32;
                queue.push(Reverse((next, edge.to)));
            }
        }
    }
    holder
}

/// The node that an edge starts from.
fn start_of(graph: &HeapGraph, edge: u32) -> u32 {
    graph.nodes.partition_point(|node| node.first_edge <= edge) as u32 - 1
}

fn way(graph: &HeapGraph, names: &Names, before: &[u32], mut n: u32) -> Vec<Step> {
    let mut steps = Vec::new();
    while n != 0 && before[n as usize] != NOBODY && steps.len() < LONGEST {
        let edge = before[n as usize];
        let by = match &graph.edges[edge as usize].name {
            EdgeName::Property(text) => format!(".{}", graph.text(*text)),
            EdgeName::Element(_) => "[…]".to_owned(),
            EdgeName::Variable(text) => format!("variable {}", graph.text(*text)),
            EdgeName::Entry(_) => "value of an entry".to_owned(),
            EdgeName::Internal(text) => graph.text(*text).to_owned(),
        };
        steps.push(Step { by, what: names.of(graph, n) });
        n = start_of(graph, edge);
    }
    steps.reverse();
    shorten(steps)
}

/// Steps of a way that are followed at most.
const LONGEST: usize = 10_000;

/// A way that repeats itself (a list, node by node) is told once.
fn shorten(steps: Vec<Step>) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::new();
    let mut repeated = 0;
    for step in steps {
        if out.last().is_some_and(|last| last.what == step.what && last.by.trim_end_matches(" …") == step.by)
        {
            repeated += 1;
            continue;
        }
        mark(&mut out, repeated);
        repeated = 0;
        out.push(step);
    }
    mark(&mut out, repeated);
    out
}

fn mark(out: &mut [Step], repeated: usize) {
    if repeated > 0
        && let Some(last) = out.last_mut()
    {
        last.by.push_str(" …");
    }
}
