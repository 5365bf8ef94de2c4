//! Heap snapshots in the form that V8 writes and Chrome DevTools opens (`.heapsnapshot`): one JSON object of flat number tables.

use looplab_engine::{EdgeName, HeapGraph, NodeKind};
use std::io::{self, Write};

/// The fields of the tables, as V8 13 describes them. Readers find their way by these.
const META: &str = r#"{"node_fields":["type","name","id","self_size","edge_count","detachedness"],"node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic","concatenated string","sliced string","symbol","bigint","object shape"],"string","number","number","number","number"],"edge_fields":["type","name_or_index","to_node"],"edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"],"trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],"trace_node_fields":["id","function_info_index","count","size","children"],"sample_fields":["timestamp_us","last_assigned_id"],"location_fields":["object_index","script_id","line","column"]}"#;

const NODE_FIELDS: u64 = 6;

/// A node's type as a place in the table above.
fn node_type(kind: NodeKind) -> u64 {
    match kind {
        NodeKind::Hidden => 0,
        // Type "array" is for the engine's own ones; those of the program are objects.
        NodeKind::Array => 3,
        NodeKind::Text => 2,
        NodeKind::Object => 3,
        NodeKind::Code => 4,
        NodeKind::Closure => 5,
        NodeKind::RegExp => 6,
        NodeKind::Synthetic => 9,
        NodeKind::Concatenated => 10,
        NodeKind::Sliced => 11,
        NodeKind::Symbol => 12,
        NodeKind::BigInt => 13,
        NodeKind::Shape => 14,
    }
}

const CONTEXT: u64 = 0;
const ELEMENT: u64 = 1;
const PROPERTY: u64 = 2;
const INTERNAL: u64 = 3;
const SHORTCUT: u64 = 5;

/// Writes a snapshot. Node 1 is "(GC roots)", to which the roots' edges belong; node 0 leads to it and to the global object, from
/// which readers count distances.
///
/// # Errors
/// Those of writing.
pub fn write(graph: &HeapGraph, out: &mut dyn Write) -> io::Result<()> {
    let mut texts: Vec<&str> = graph.texts.iter().map(String::as_str).collect();
    let gc_roots = texts.len() as u64;
    texts.push("(GC roots)");
    let global = global_object(graph);
    let nodes = graph.nodes.len() as u64 + 1;
    let from_root = 1 + u64::from(global.is_some());
    let edges = graph.edges.len() as u64 + from_root;
    write!(
        out,
        "{{\"snapshot\":{{\"meta\":{META},\"node_count\":{nodes},\"edge_count\":{edges},\"trace_function_count\":0,\"extra_native_bytes\":0}},\n\"nodes\":["
    )?;
    // Ids of cells are odd, and 1 is the roots': 2 is free.
    write!(out, "9,0,1,0,{from_root},0\n,9,{gc_roots},2,0,{},0\n", graph.edges_of(0).len())?;
    for (n, node) in graph.nodes.iter().enumerate().skip(1) {
        let count = graph.edges_of(n as u32).len();
        writeln!(out, ",{},{},{},{},{count},0", node_type(node.kind), node.name, node.id, node.bytes)?;
    }
    // Node n of the graph is n + 1 of the snapshot.
    let place = |n: u32| (u64::from(n) + 1) * NODE_FIELDS;
    write!(out, "],\n\"edges\":[{ELEMENT},1,{NODE_FIELDS}\n")?;
    if let Some(global) = global {
        let name = graph.nodes[global as usize].name;
        writeln!(out, ",{SHORTCUT},{name},{}", place(global))?;
    }
    for edge in &graph.edges {
        let (kind, name) = match edge.name {
            EdgeName::Property(text) => (PROPERTY, text),
            EdgeName::Element(i) => (ELEMENT, i),
            EdgeName::Variable(text) => (CONTEXT, text),
            EdgeName::Internal(text) | EdgeName::Entry(text) => (INTERNAL, text),
        };
        writeln!(out, ",{kind},{name},{}", place(edge.to))?;
    }
    out.write_all(b"],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[")?;
    for (i, &(node, site)) in graph.places.iter().enumerate() {
        let site_of = &graph.sites[site as usize];
        let comma = if i == 0 { "" } else { "," };
        // Scripts have no numbers of their own here; lines and columns count from 0.
        writeln!(out, "{comma}{},0,{},{}", place(node), site_of.line.max(1) - 1, site_of.column.max(1) - 1)?;
    }
    out.write_all(b"],\n\"strings\":[")?;
    for (i, text) in texts.iter().enumerate() {
        out.write_all(if i == 0 { b"" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, text)?;
    }
    out.write_all(b"]}\n")?;
    out.flush()
}

/// The global object of the realm that the engine started with.
fn global_object(graph: &HeapGraph) -> Option<u32> {
    let is =
        |name: &EdgeName| matches!(name, EdgeName::Internal(text) if graph.text(*text) == "global object");
    graph.edges_of(0).iter().find(|edge| is(&edge.name)).map(|edge| edge.to)
}
