//! Counting what is alive.

use looplab_runtime::{HeapGraph, HeapNode, NodeKind};
use rustc_hash::{FxHashMap, FxHashSet};

/// Everything of one sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name: class and hidden class of objects, name and place of functions.
    pub name: String,
    /// How many are alive.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them have come since the point before.
    pub new_count: u64,
    /// Their bytes.
    pub new_bytes: u64,
}

/// All sorts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// The rows: what has grown most comes first, then what is largest.
    pub rows: Vec<Row>,
    /// Cells alive.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Cells that have come since the point before.
    pub new_count: u64,
    /// Their bytes.
    pub new_bytes: u64,
    /// Cells of the point before that have gone.
    pub gone: u64,
    /// Where the new ones were allocated, if that was recorded: the rows' names are places.
    pub sites: Vec<Row>,
}

impl Census {
    /// Counts `now`. New is what was not there in `before`; without it nothing is.
    pub fn new(before: Option<&HeapGraph>, now: &HeapGraph) -> Census {
        let names = Names::new(now);
        let old: Option<FxHashSet<u32>> =
            before.map(|graph| graph.nodes.iter().map(|node| node.id).collect());
        let mut census = Census::default();
        let mut rows: FxHashMap<String, Row> = FxHashMap::default();
        for (n, node) in now.nodes.iter().enumerate().skip(1) {
            let name = names.of(now, n as u32);
            let new = old.as_ref().is_some_and(|old| !old.contains(&node.id));
            let row = match rows.get_mut(&name) {
                Some(row) => row,
                None => rows.entry(name.clone()).or_insert(Row {
                    name,
                    count: 0,
                    bytes: 0,
                    new_count: 0,
                    new_bytes: 0,
                }),
            };
            row.count += 1;
            row.bytes += node.bytes;
            if new {
                row.new_count += 1;
                row.new_bytes += node.bytes;
            }
        }
        census.sites = sites(now, &names, old.as_ref());
        for row in rows.values() {
            census.count += row.count;
            census.bytes += row.bytes;
            census.new_count += row.new_count;
            census.new_bytes += row.new_bytes;
        }
        let stayed = census.count - census.new_count;
        census.gone = old.map_or(0, |old| (old.len() as u64 - 1).saturating_sub(stayed));
        census.rows = rows.into_values().collect();
        let order = |row: &Row| (std::cmp::Reverse((row.new_bytes, row.bytes)), row.name.clone());
        census.rows.sort_by_cached_key(order);
        census
    }
}

/// Counts by the places of allocation: what is new, or (without a point before) everything.
fn sites(now: &HeapGraph, names: &Names, old: Option<&FxHashSet<u32>>) -> Vec<Row> {
    let mut places: FxHashMap<u32, (Row, FxHashMap<String, u64>)> = FxHashMap::default();
    for (n, node) in now.nodes.iter().enumerate().skip(1) {
        let new = old.is_none_or(|old| !old.contains(&node.id));
        let Some(site) = now.sites.get(node.site as usize).filter(|_| new) else { continue };
        let (row, sorts) = places.entry(node.site).or_insert_with(|| {
            let function =
                if site.function.is_empty() { String::new() } else { format!(" in {}", site.function) };
            let name = format!("{}:{}:{}{function}", short(&site.script), site.line, site.column);
            (Row { name, count: 0, bytes: 0, new_count: 0, new_bytes: 0 }, FxHashMap::default())
        });
        row.count += 1;
        row.bytes += node.bytes;
        *sorts.entry(names.of(now, n as u32)).or_insert(0) += node.bytes;
    }
    let mut rows: Vec<Row> = (places.into_values())
        .map(|(mut row, sorts)| {
            // The sort that takes most of it.
            let most = sorts.iter().max_by_key(|(name, bytes)| (**bytes, std::cmp::Reverse((*name).clone())));
            let more = sorts.len() - 1;
            if let Some((sort, _)) = most {
                row.name += &format!("  {sort}");
            }
            if more > 0 {
                row.name += &format!(" and {more} more");
            }
            row
        })
        .collect();
    rows.sort_by_cached_key(|row| (std::cmp::Reverse(row.bytes), row.name.clone()));
    rows
}

/// What nodes are called.
pub(super) struct Names {
    /// Index of a function's place by its node.
    places: FxHashMap<u32, u32>,
}

impl Names {
    pub(super) fn new(graph: &HeapGraph) -> Names {
        Names { places: graph.places.iter().copied().collect() }
    }

    /// The sort that a node belongs to.
    pub(super) fn of(&self, graph: &HeapGraph, n: u32) -> String {
        let node = &graph.nodes[n as usize];
        let name = graph.text(node.name);
        match node.kind {
            NodeKind::Closure => self.function(graph, n, name),
            NodeKind::Array | NodeKind::Object | NodeKind::RegExp => with_shape(graph, node, name),
            NodeKind::Text => "(string)".into(),
            NodeKind::Concatenated => "(string of two parts)".into(),
            NodeKind::Sliced => "(part of a string)".into(),
            NodeKind::Symbol => "(symbol)".into(),
            NodeKind::BigInt => "(bigint)".into(),
            NodeKind::Code => "(code)".into(),
            NodeKind::Shape => "(hidden class)".into(),
            NodeKind::Hidden => format!("({name})"),
            NodeKind::Synthetic => name.to_owned(),
        }
    }

    fn function(&self, graph: &HeapGraph, n: u32, name: &str) -> String {
        let name = if name.is_empty() { "(anonymous)" } else { name };
        match self.places.get(&n) {
            Some(&site) => {
                let site = &graph.sites[site as usize];
                format!("function {name} {}:{}", short(&site.script), site.line)
            }
            None => format!("function {name} (built in)"),
        }
    }
}

fn with_shape(graph: &HeapGraph, node: &HeapNode, name: &str) -> String {
    let Some(shape) = graph.shapes.get(node.shape as usize).filter(|shape| shape.count > 0) else {
        return name.to_owned();
    };
    if shape.dictionary {
        return format!("{name} {{dictionary}}");
    }
    let listed = shape.properties.join(", ");
    let more = shape.count as usize - shape.properties.len();
    match more {
        0 => format!("{name} {{{listed}}}"),
        more => format!("{name} {{{listed}, … {more} more}}"),
    }
}

/// The last part of a source's name.
pub(super) fn short(script: &str) -> &str {
    script.rsplit('/').next().unwrap_or(script)
}
