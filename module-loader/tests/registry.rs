//! Cache, edges, cycles and exports of the module registry.

use looplab_module_loader::registry::{EdgeKind, Kind, ModuleId, Registry, State};
use serde_json::json;

fn graph(count: usize, edges: &[(usize, usize)]) -> (Registry<usize>, Vec<ModuleId>) {
    let mut registry = Registry::new();
    let ids: Vec<_> = (0..count).map(|n| registry.insert(Kind::Require, &format!("/m{n}.js"), n)).collect();
    for (from, to) in edges {
        registry.connect(ids[*from], ids[*to], &format!("./m{to}"), EdgeKind::Require);
    }
    (registry, ids)
}

fn cycles(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let (registry, _) = graph(count, edges);
    registry.cycles().iter().map(|c| c.iter().map(|id| id.index()).collect()).collect()
}

#[test]
fn cycles_are_found() {
    let none: Vec<Vec<usize>> = Vec::new();
    assert_eq!(cycles(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]), none);
    assert_eq!(cycles(2, &[(0, 1), (1, 1)]), [[1]]);
    assert_eq!(cycles(5, &[(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3)]), [vec![3, 4], vec![0, 1, 2]]);
    assert_eq!(cycles(4, &[(0, 1), (1, 0), (1, 2), (2, 3), (3, 1)]), [[0, 1, 2, 3]]);
    let long: Vec<_> = (0..100_000).map(|n| (n, (n + 1) % 100_000)).collect();
    assert_eq!(cycles(100_000, &long)[0].len(), 100_000);
}

#[test]
fn the_cache_keeps_both_systems_apart_and_forgets_on_demand() {
    let mut registry: Registry<&str> = Registry::new();
    let required = registry.insert(Kind::Require, "/a.js", "cjs");
    assert_eq!(registry.find(Kind::Import, "/a.js"), None);
    assert_eq!(registry.evict(Kind::Require, "/a.js"), Some(required));
    assert_eq!(registry.evict(Kind::Require, "/a.js"), None);
    assert!(!registry.get(required).cached);
    let again = registry.insert(Kind::Require, "/a.js", "cjs 2");
    assert_ne!(required, again);
    assert_eq!(registry.find(Kind::Require, "/a.js"), Some(again));
    *registry.payload_mut(again) = "changed";
    assert_eq!(registry.get(again).payload, "changed");
}

#[test]
fn who_imports_whom() {
    let (registry, ids) = graph(4, &[(0, 1), (1, 2), (0, 2), (0, 1)]);
    assert_eq!(registry.edges().len(), 3, "the repeated edge is one");
    assert_eq!(registry.importers_of(ids[2]).map(|e| e.from).collect::<Vec<_>>(), [ids[1], ids[0]]);
    assert_eq!(registry.path(ids[0], ids[2]), Some(vec![ids[0], ids[2]]));
    assert_eq!(registry.path(ids[1], ids[1]), Some(vec![ids[1]]));
    assert_eq!(registry.path(ids[2], ids[0]), None);
    assert_eq!(registry.path(ids[0], ids[3]), None);
}

#[test]
fn exports() {
    let mut registry: Registry<()> = Registry::new();
    let main = registry.insert(Kind::Import, "file:///main.mjs", ());
    let lib = registry.insert(Kind::Require, "/lib \"x\".js", ());
    let fs = registry.insert(Kind::Builtin, "fs", ());
    registry.connect(main, lib, "./lib", EdgeKind::Import);
    registry.connect(lib, fs, "fs", EdgeKind::Require);
    registry.connect(lib, main, "./main.mjs", EdgeKind::DynamicImport);
    for id in [fs, lib] {
        registry.set_state(id, State::Evaluated);
    }
    registry.set_state(main, State::Errored);
    registry.set_duration(lib, 1500);
    assert_eq!(
        registry.to_dot(|m| m.key.clone()),
        r#"digraph modules {
  rankdir=LR;
  node [shape=box];
  m0 [label="file:///main.mjs", style=rounded];
  m1 [label="/lib \"x\".js"];
  m2 [label="fs", shape=ellipse];
  m0 -> m1 [label="./lib", color=red];
  m1 -> m2 [label="fs"];
  m1 -> m0 [label="./main.mjs", color=red, style=dashed];
}
"#
    );
    let json = registry.to_json();
    assert_eq!(json["cycles"], json!([[0, 1]]));
    assert_eq!(json["loadOrder"], json!([2, 1, 0]));
    assert_eq!(json["modules"][1]["nanoseconds"], json!(1500));
    assert_eq!(json["modules"][0]["state"], json!("errored"));
    assert_eq!(json["edges"][2]["kind"], json!("dynamic-import"));
    assert_eq!(
        registry.to_text(main, |m| m.key.clone()),
        "file:///main.mjs\n  /lib \"x\".js\n    fs\n    file:///main.mjs (cycle)\n"
    );
}
