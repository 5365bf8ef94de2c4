//! Making the graph: every cell a node, what it refers to its edges.

use super::edges::{self, Label, Layouts, Target};
use super::{EdgeName, Eye, HeapEdge, HeapGraph, HeapNode, HeapShape, NodeKind, Site};
use crate::code::CodeRef;
use crate::heap::CellKind;
use crate::object::{Class, ObjRef};
use crate::shape::ShapeRef;
use crate::value::{PropKey, Value};
use crate::vm::{Vm, bigint, symbol_description};
use looplab_bytecode::{Source, Text};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Characters of a string that name its node.
const LONGEST: usize = 80;
/// Properties of a hidden class that are named.
const PROPERTIES: usize = 8;

impl Vm {
    /// Everything that is alive after a collection, which this makes first. Numbers of nodes stay the same from one graph to the next.
    pub fn heap_graph(&mut self) -> HeapGraph {
        self.watch_flush();
        let mut eye = self.eye.take().unwrap_or_default();
        self.collect_with(Some(&mut eye));
        let graph = Walk::new(self, &mut eye).run();
        self.eye = Some(eye);
        graph
    }
}

struct Walk<'a> {
    vm: &'a Vm,
    eye: &'a mut Eye,
    out: HeapGraph,
    /// Node numbers of cells.
    nodes: FxHashMap<usize, u32>,
    texts: FxHashMap<String, u32>,
    keys: FxHashMap<u64, u32>,
    shapes: FxHashMap<usize, u32>,
    sites: FxHashMap<(usize, u32), u32>,
}

impl<'a> Walk<'a> {
    fn new(vm: &'a Vm, eye: &'a mut Eye) -> Walk<'a> {
        let mut walk = Walk {
            vm,
            eye,
            out: HeapGraph { used: vm.heap_stats().used as u64, ..HeapGraph::default() },
            nodes: FxHashMap::default(),
            texts: FxHashMap::default(),
            keys: FxHashMap::default(),
            shapes: FxHashMap::default(),
            sites: FxHashMap::default(),
        };
        walk.text("");
        // Numbers of places where things were allocated are those of the watcher; places of functions follow.
        if let Some(watcher) = &vm.watcher {
            walk.out.sites.extend(watcher.places());
        }
        walk
    }

    fn run(mut self) -> HeapGraph {
        let mut cells = Vec::new();
        self.vm.heap.each_cell(|h, bytes| {
            if edges::kind(h) != CellKind::Storage as u8 {
                cells.push((h as usize, bytes));
            }
        });
        let roots = self.text("(roots)");
        self.out.nodes.reserve(cells.len() + 1);
        self.push_node(NodeKind::Synthetic, roots, u32::MAX, 1, 0);
        for (i, &(cell, _)) in cells.iter().enumerate() {
            self.nodes.insert(cell, i as u32 + 1);
        }
        let mut ephemerons: FxHashMap<usize, Vec<Value>> = FxHashMap::default();
        for &weak in &self.vm.weak_refs {
            let table = Some(ObjRef::of(weak)).filter(|o| o.is(Class::WeakMap));
            if let Some(table) = table.and_then(crate::weak::weak_table) {
                table.each(|key, value| {
                    if value.is_pointer() {
                        ephemerons.entry(key.header() as usize).or_default().push(value);
                    }
                });
            }
        }
        let vm = self.vm;
        let mut layouts = Layouts::default();
        edges::roots(vm, &mut |label, target| self.edge(label, target));
        for &(cell, bytes) in &cells {
            self.cell(cell, bytes, &mut layouts);
            for &value in ephemerons.get(&cell).into_iter().flatten() {
                self.edge(Label::Internal("value of a WeakMap"), Target::Value(value));
            }
        }
        self.out
    }

    fn push_node(&mut self, kind: NodeKind, name: u32, shape: u32, id: u32, bytes: u64) {
        let first_edge = self.out.edges.len() as u32;
        self.out.nodes.push(HeapNode { kind, name, shape, id, bytes, first_edge, site: u32::MAX });
    }

    fn cell(&mut self, cell: usize, bytes: usize, layouts: &mut Layouts) {
        let h = cell as *mut crate::heap::Header;
        let (kind, name, shape, more) = self.describe(h);
        let id = self.eye.id_of(cell);
        self.push_node(kind, name, shape, id, (bytes + more) as u64);
        if let (Some(&site), Some(node)) = (self.eye.sites.get(&cell), self.out.nodes.last_mut()) {
            node.site = site;
        }
        if let Some(code) = edges::function_code(h) {
            let t = code.template();
            let site = self.site(&t.source, t.span.start, &t.name);
            let node = self.out.nodes.len() as u32 - 1;
            self.out.places.push((node, site));
        }
        edges::each(layouts, h, &mut |label, target| self.edge(label, target));
    }

    /// Kind, name, hidden class, and bytes it owns outside its cell.
    fn describe(&mut self, h: *mut crate::heap::Header) -> (NodeKind, u32, u32, usize) {
        let kind = edges::kind(h);
        if kind >= CellKind::Object as u8 {
            let o = ObjRef(h.cast());
            let (node, name) = match o.class() {
                Class::Function | Class::Native | Class::Bound => {
                    (NodeKind::Closure, self.vm.name_of_function(o))
                }
                class => {
                    let name = self.vm.name_of_class(o).unwrap_or_else(|| usual_name(class).to_owned());
                    let node = match class {
                        Class::Array => NodeKind::Array,
                        Class::RegExp => NodeKind::RegExp,
                        _ => NodeKind::Object,
                    };
                    (node, name)
                }
            };
            let (name, shape) = (self.text(&name), self.shape(o.shape()));
            return (node, name, shape, o.owned_bytes());
        }
        let none = u32::MAX;
        if kind == CellKind::String as u8 {
            let (units, _) = crate::string::peek(h.cast(), LONGEST);
            let name = self.text(&String::from_utf16_lossy(&units));
            return (edges::string_kind(h), name, none, 0);
        }
        if kind == CellKind::Symbol as u8 {
            let v = symbol_description(Value::symbol(h));
            let name = if v.is_string() { edges::short(v, LONGEST) } else { String::new() };
            return (NodeKind::Symbol, self.text(&name), none, 0);
        }
        if kind == CellKind::BigInt as u8 {
            let n = bigint(Value::bigint(h));
            let text = if n.bits() <= 256 { n.to_string() } else { "bigint".into() };
            return (NodeKind::BigInt, self.text(&text), none, (n.bits() / 8) as usize);
        }
        if kind == CellKind::Code as u8 {
            let name = CodeRef(h.cast()).template().name.to_string();
            return (NodeKind::Code, self.text(&name), none, 0);
        }
        let (kind, name) = match kind {
            k if k == CellKind::Shape as u8 => (NodeKind::Shape, "shape".to_owned()),
            k if k == CellKind::Env as u8 => (NodeKind::Hidden, edges::scope_name(Value::cell(h))),
            k if k == CellKind::Accessor as u8 => (NodeKind::Hidden, "getter and setter".to_owned()),
            k if k == CellKind::Coroutine as u8 => (NodeKind::Hidden, "suspended function".to_owned()),
            _ => (NodeKind::Hidden, "list".to_owned()),
        };
        (kind, self.text(&name), none, 0)
    }

    fn edge(&mut self, label: Label<'_>, target: Target) {
        let cell = match target {
            Target::Value(v) if v.is_pointer() => v.header() as usize,
            Target::Cell(h) => h as usize,
            Target::Value(_) => return,
        };
        let Some(&to) = self.nodes.get(&cell) else { return };
        let name = match label {
            Label::Property(key) => match key.as_index() {
                Some(i) => EdgeName::Element(i),
                None => EdgeName::Property(self.key(key)),
            },
            Label::Element(i) => EdgeName::Element(i),
            Label::Variable(name) => EdgeName::Variable(self.text(&name.to_string())),
            Label::Named(name) => EdgeName::Internal(self.text(&name)),
            Label::Internal(name) => EdgeName::Internal(self.text(name)),
            Label::Entry(key) => {
                let mut shown = String::new();
                self.vm.preview(key, &mut shown);
                EdgeName::Entry(self.text(&shown))
            }
        };
        self.out.edges.push(HeapEdge { name, to });
    }

    fn text(&mut self, text: &str) -> u32 {
        if let Some(&n) = self.texts.get(text) {
            return n;
        }
        let n = self.out.texts.len() as u32;
        self.out.texts.push(text.to_owned());
        self.texts.insert(text.to_owned(), n);
        n
    }

    fn key(&mut self, key: PropKey) -> u32 {
        if let Some(&n) = self.keys.get(&key.0.bits()) {
            return n;
        }
        let n = self.text(&edges::key_text(key));
        self.keys.insert(key.0.bits(), n);
        n
    }

    fn shape(&mut self, s: ShapeRef) -> u32 {
        if let Some(&n) = self.shapes.get(&(s.0 as usize)) {
            return n;
        }
        let first = s.first_entries(PROPERTIES);
        let properties = first.into_iter().map(|(key, ..)| edges::key_text(key)).collect();
        let n = self.out.shapes.len() as u32;
        self.out.shapes.push(HeapShape { properties, count: s.count(), dictionary: s.is_dict() });
        self.shapes.insert(s.0 as usize, n);
        n
    }

    fn site(&mut self, source: &Rc<Source>, offset: u32, function: &Text) -> u32 {
        let key = (Rc::as_ptr(source) as usize, offset);
        if let Some(&n) = self.sites.get(&key) {
            return n;
        }
        let (line, column) = source.position(offset);
        let n = self.out.sites.len() as u32;
        self.out.sites.push(Site {
            script: source.name.as_str().into(),
            line,
            column,
            function: function.to_string().into(),
        });
        self.sites.insert(key, n);
        n
    }
}

/// What an object is called whose prototype names no constructor.
fn usual_name(class: Class) -> &'static str {
    match class {
        Class::Plain => "Object",
        Class::Array => "Array",
        Class::Error => "Error",
        Class::Namespace => "Module",
        Class::Iterator => "Iterator",
        Class::Generator => "Generator",
        Class::AsyncGenerator => "AsyncGenerator",
        Class::Arguments => "Arguments",
        Class::Global => "global",
        Class::Proxy => "Proxy",
        Class::ForIn => "(for-in)",
        Class::Vars => "(variables of eval)",
        _ => "Object",
    }
}
