//! The heap as the instruments see it against the heap as the collector sees it.

use looplab_engine::{CompileGoal, EdgeName, HeapGraph, NodeKind, Source, Vm, new_engine};
use std::collections::VecDeque;

/// Runs a script and its jobs.
fn run(vm: &mut Vm, text: &str) {
    vm.enter(|s| {
        let t = s.compile(Source::new("script.js", text, 1), CompileGoal::Script).map_err(|_| "it compiles");
        assert!(s.run_script(t.unwrap(), false).is_ok(), "{text}");
        while s.run_job().is_some() {}
    });
}

/// For each node the edge by which it is first reached, in breadth.
fn reached(graph: &HeapGraph) -> Vec<Option<u32>> {
    let mut from = vec![None; graph.nodes.len()];
    from[0] = Some(0);
    let mut queue = VecDeque::from([0]);
    while let Some(node) = queue.pop_front() {
        for edge in graph.edges_of(node) {
            let to = edge.to as usize;
            if from[to].is_none() {
                from[to] = Some(node);
                queue.push_back(edge.to);
            }
        }
    }
    from
}

fn named<'g>(graph: &'g HeapGraph, name: &'g str) -> impl Iterator<Item = u32> + 'g {
    let is = move |n: &u32| {
        let node = &graph.nodes[*n as usize];
        graph.text(node.name) == name && node.kind == NodeKind::Object
    };
    (0..graph.nodes.len() as u32).filter(is)
}

/// Scripts that between them leave every kind of cell alive.
const SCRIPTS: &[&str] = &[
    "var a = [1, 'two', { three: 3 }, [4n ** 80n]]; a[100000] = {}; var s = Symbol('s'); var o = { [s]: { deep: {} }, get x() { return 1 }, set x(v) {} };",
    "class Leak { constructor(n) { this.n = n; this.data = new Array(50).fill({}); } } var kept = []; for (let i = 0; i < 1000; i++) kept.push(new Leak(i));",
    "function* g(x) { const mine = { x }; yield mine; yield 2; } var it = g(1); it.next(); async function f() { const waiting = { a: 1 }; await new Promise(() => {}); return waiting; } var p = f();",
    "var m = new Map([['key', { v: 1 }], [{ k: 2 }, { v: 2 }]]); m.delete('key'); m.set('other', {}); var set = new Set([{}, 's']); var wm = new WeakMap(); var wk = {}; wm.set(wk, { held: {} }); var wr = new WeakRef(wk); var fr = new FinalizationRegistry(() => {}); fr.register(wk, { h: 1 });",
    "var text = 'ab'; for (let i = 0; i < 100; i++) text += i + 'x'; var part = (text + '').slice(3, 40); var d = {}; for (let i = 0; i < 300; i++) d['p' + i] = {}; delete d.p5;",
    "var fns = []; for (let i = 0; i < 10; i++) fns.push(() => [i, fns]); var b = fns[0].bind({ t: 1 }, {}); var px = new Proxy({ a: {} }, { get() { return 1 } }); var e; try { null.x } catch (err) { e = err } var ta = new Uint8Array(1000); var re = /x(y)/g; re.exec('xy');",
    "function args() { return arguments } var ar = args({}, 2); var keys = (function* () { for (const k in { a: 1, b: 2 }) yield k; })(); keys.next(); eval('var ev = {}'); var dt = new Date(0); Symbol.for('reg');",
];

#[test]
fn the_graph_holds_what_the_collector_holds() {
    let mut vm = new_engine();
    for text in SCRIPTS {
        run(&mut vm, text);
        let graph = vm.heap_graph();
        let from = reached(&graph);
        let lost: Vec<_> =
            from.iter().enumerate().filter(|(_, from)| from.is_none()).map(|(n, _)| n).collect();
        let show = |n: &usize| format!("{:?} {}", graph.nodes[*n].kind, graph.text(graph.nodes[*n].name));
        assert!(
            lost.is_empty(),
            "{text}\nnobody holds {:?}",
            lost.iter().take(5).map(show).collect::<Vec<_>>()
        );
        let bytes: u64 = graph.nodes.iter().map(|node| node.bytes).sum();
        assert!(bytes <= graph.used && bytes > graph.used * 9 / 10, "{bytes} of {} bytes", graph.used);
    }
}

#[test]
fn numbers_stay_and_new_objects_get_new_ones() {
    let mut vm = new_engine();
    run(&mut vm, SCRIPTS[1]);
    let before = vm.heap_graph();
    run(&mut vm, "kept.length = 500; for (let i = 0; i < 20; i++) kept.push(new Leak(i)); ");
    let after = vm.heap_graph();
    let ids = |graph: &HeapGraph| -> std::collections::BTreeSet<u32> {
        named(graph, "Leak").map(|n| graph.nodes[n as usize].id).collect()
    };
    let (old, new) = (ids(&before), ids(&after));
    assert_eq!((old.len(), new.len(), new.difference(&old).count()), (1000, 520, 20));
    let mut all: Vec<u32> = after.nodes.iter().map(|node| node.id).collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "numbers are given once");
}

#[test]
fn edges_have_the_names_of_the_program() {
    let mut vm = new_engine();
    run(
        &mut vm,
        "var cache = new Map([['user', { who: [{}] }]]); (() => { const secret = { s: 1 }; globalThis.fn = () => secret; })();",
    );
    let graph = vm.heap_graph();
    let edges: Vec<(u32, String)> = (0..graph.nodes.len() as u32)
        .flat_map(|n| graph.edges_of(n).iter().map(move |e| (n, e)))
        .map(|(n, e)| match e.name {
            EdgeName::Property(t) => (n, format!(".{}", graph.text(t))),
            EdgeName::Variable(t) => (n, format!("variable {}", graph.text(t))),
            EdgeName::Entry(t) => (n, format!("entry {}", graph.text(t))),
            EdgeName::Element(i) => (n, format!("[{i}]")),
            EdgeName::Internal(t) => (n, graph.text(t).to_owned()),
        })
        .collect();
    for wanted in
        [".cache", "entry 'user'", ".who", "variable secret", ".fn", "variables around", "global object"]
    {
        assert!(edges.iter().any(|(_, name)| name == wanted), "{wanted}");
    }
    let shape = named(&graph, "Object").map(|n| &graph.shapes[graph.nodes[n as usize].shape as usize]);
    assert!(shape.into_iter().any(|s| s.properties == ["who"] && s.count == 1 && !s.dictionary));
}
