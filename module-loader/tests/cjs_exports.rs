//! Named exports read off CommonJS sources, compared with what Node 24 makes of the same sources.

use std::{fs, path::PathBuf, process::Command};

use looplab_module_loader::{MemoryFileSystem, Options, Resolver, cjs_exports::scan};
use serde_json::Value;

/// Source, names, reexports. Names are what Node 24 shows in the namespace besides `default` and `module.exports`.
const CASES: &[(&str, &[&str], &[&str])] = &[
    (
        "exports.a = 1; exports['b'] = 2; exports[\"c-d\"] = 3; exports['\\u0065'] = 1",
        &["a", "b", "c-d", "e"],
        &[],
    ),
    ("module.exports.a = 1; module.exports['b'] = 2;", &["a", "b"], &[]),
    ("module . exports /* x */ . a // y\n = 1", &["a"], &[]),
    ("exports.a = exports.b = void 0;", &["a", "b"], &[]),
    ("function f() { if (1) { exports.deep = 1 } }", &["deep"], &[]),
    (
        "var o = {exports: {}}; o.exports.a = 1; var q = {module: {exports: {}}}; q.module.exports.b = 2",
        &[],
        &[],
    ),
    (
        "exports.default = 1; Object.defineProperty(exports, '__esModule', { value: true });",
        &["__esModule"],
        &[],
    ),
    ("Object.defineProperty(exports, '__esModule', { value: !0 }); exports.x = 1", &["__esModule", "x"], &[]),
    ("var a, b; module.exports = { a, b }", &["a", "b"], &[]),
    ("var a, c; module.exports = { a, b: c, 'd': a, e: 'x', f }; var f", &["a", "b", "d"], &[]),
    ("module.exports = { a: 1, b: 2 }", &[], &[]),
    ("var b; module.exports = { async a() {}, b }", &["async"], &[]),
    ("var b; module.exports = { set a(v) {}, b }", &["set"], &[]),
    ("var b; module.exports = { *a() {}, b }", &[], &[]),
    ("var b, x; module.exports = { a: -x, b }", &[], &[]),
    ("var b; module.exports = { a: b = 1, b }", &["a"], &[]),
    ("var b; module.exports = { b, }", &["b"], &[]),
    ("var b; module.exports = { get, b }; var get", &["get", "b"], &[]),
    ("var b; module.exports = { a: true, c: null, b }", &["a", "c", "b"], &[]),
    ("var b; module.exports = { a: new Map(), b }", &["a"], &[]),
    ("module.exports = { a: function () {}, b }; var b", &["a"], &[]),
    ("var p = {}; module.exports = { a: p.x, b: p }", &["a"], &[]),
    ("module.exports = { a() {}, b: 1 }", &["a"], &[]),
    ("module.exports = { get a() { return 1 }, b: 1 }", &[], &[]),
    ("module.exports = { ['a']: 1, b: 1 }", &[], &[]),
    ("var r = {}, b; module.exports = { ...r, a: b }", &["a"], &[]),
    ("var b; module.exports = { 'a b': b, 'c' : 1 }", &["a b"], &[]),
    ("module.exports = function () {}; module.exports.a = 1", &["a"], &[]),
    ("var b; exports = module.exports = { a: b }", &["a"], &[]),
    ("0 && (module.exports = { a, b, c })", &["a", "b", "c"], &[]),
    ("Object.defineProperty(exports, 'a', { enumerable: true, value: 1 })", &["a"], &[]),
    (
        "var q = {}; Object.defineProperty(exports, 'a', { enumerable: true, get: function () { return q.p; } })",
        &["a"],
        &[],
    ),
    (
        "var q = {}; Object.defineProperty(exports, 'a', { enumerable: true, get() { return q.p } })",
        &["a"],
        &[],
    ),
    (
        "var q = {}; Object.defineProperty(module.exports, 'a', { enumerable: true, get: function get() { return q['p']; } })",
        &["a"],
        &[],
    ),
    ("var q = {}; Object.defineProperty(exports, 'a', { enumerable: true, get: () => q.p })", &[], &[]),
    ("Object.defineProperty(exports, 'a', { enumerable: false, value: 1 })", &[], &[]),
    (
        "Object.defineProperty(exports, 'a', { enumerable: true, get: function () { return f(); } }); function f() {}",
        &[],
        &[],
    ),
    ("Object.defineProperty(exports, 'a', { get: function () { return q; } }); var q", &["a"], &[]),
    ("'exports.a = 1'; `exports.b = 1`; // exports.c = 1\n/* exports.d = 1 */ /exports.e = 1/;", &[], &[]),
    ("`${exports.a = 1} x`; `a${`b${exports.b = 2}`}`; exports.c = 3", &["a", "b", "c"], &[]),
    ("var x = 4 / 2; exports.a = 1; var y = x / 1", &["a"], &[]),
    ("if (1) /exports.a = '/.test(''); exports.b = 1", &["b"], &[]),
    ("var x = {} / 1; exports.b = 1 / 2; function f() {} /'/.test(''); exports.c = 1", &["b", "c"], &[]),
    ("var i = 1; i++ / 2; exports.a = 1; i / 3", &["a"], &[]),
    ("if (exports.a == 1) {}", &["a"], &[]),
    ("exports.a += 1; exports.b", &[], &[]),
    ("#!/usr/bin/env node\nexports.a = 1", &["a"], &[]),
    ("exports.if = 1; exports.\u{e9}t\u{e9} = 2", &["if", "\u{e9}t\u{e9}"], &[]),
    ("module.exports = require('./dep.cjs')", &["dep1", "dep2"], &["./dep.cjs"]),
    (
        "module.exports = require('./dep.cjs'); module.exports = require('./other.cjs')",
        &["other1"],
        &["./other.cjs"],
    ),
    ("var b; module.exports = { ...require('./dep.cjs'), a: b }", &["dep1", "dep2", "a"], &["./dep.cjs"]),
    (
        "__exportStar(require('./dep.cjs'), exports); function __exportStar() {}",
        &["dep1", "dep2"],
        &["./dep.cjs"],
    ),
    (
        "var t = { __exportStar() {} }; t.__exportStar(require('./dep.cjs'), exports)",
        &["dep1", "dep2"],
        &["./dep.cjs"],
    ),
    (
        "function __export() {} __export(require('./dep.cjs')); __export(require('./other.cjs'))",
        &["dep1", "dep2", "other1"],
        &["./dep.cjs", "./other.cjs"],
    ),
    (
        "var _d = require('./dep.cjs'); Object.keys(_d).forEach(function (key) { if (key === 'default' || key === '__esModule') \
         return; exports[key] = _d[key]; });",
        &["dep1", "dep2"],
        &["./dep.cjs"],
    ),
    (
        "var _d = _interopRequireWildcard(require('./dep.cjs')); function _interopRequireWildcard(x) { return x } \
         Object.keys(_d).forEach(function (key) { if (key === 'default' || key === '__esModule') return; \
         Object.defineProperty(exports, key, { enumerable: true, get: function () { return _d[key]; } }); });",
        &["dep1", "dep2"],
        &["./dep.cjs"],
    ),
    ("module.exports = require('./missing.cjs'.replace('missing', 'dep'))", &[], &[]),
];

const DEPS: &[(&str, &str)] = &[
    ("dep.cjs", "exports.dep1 = 1; exports.dep2 = 2; exports.default = 3"),
    ("other.cjs", "exports.other1 = 1"),
];

fn ours(number: usize, source: &str) -> Vec<String> {
    let mut fs = MemoryFileSystem::new();
    for (name, text) in DEPS {
        fs.file(&format!("/t/{name}"), text);
    }
    let resolver = Resolver::new(fs, Options::new("/t"));
    let mut names = resolver.cjs_export_names(&format!("/t/{number}.cjs"), source);
    names.sort();
    names
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    names.sort();
    names
}

#[test]
fn names_and_reexports() {
    let mut wrong = Vec::new();
    for (number, (source, names, reexports)) in CASES.iter().enumerate() {
        if ours(number, source) != sorted(names) || scan(source).reexports != *reexports {
            wrong.push(format!("{source}\n  want {names:?} {reexports:?}\n  got  {:?}", scan(source)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_is_what_node_says() {
    let node = std::env::var_os("LOOPLAB_NODE").map_or_else(|| PathBuf::from("node"), PathBuf::from);
    let version = Command::new(&node)
        .arg("--version")
        .output()
        .map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    if !version
        .is_ok_and(|v| v.trim_start_matches('v').split('.').next().and_then(|m| m.parse().ok()) >= Some(24))
    {
        println!("skipped: no node of version 24 or newer (LOOPLAB_NODE names one)");
        return;
    }
    let dir = std::env::temp_dir().join(format!("looplab-cjs-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    for (name, text) in DEPS {
        fs::write(dir.join(name), text).unwrap();
    }
    for (number, (source, ..)) in CASES.iter().enumerate() {
        fs::write(dir.join(format!("{number}.cjs")), source).unwrap();
    }
    // A static import of a name that isn't there fails at link time, so the names come from the namespace; a body that throws
    // still has been scanned, but has no namespace, and says null.
    let script = format!(
        "const out = []; for (let i = 0; i < {}; i++) {{ try {{ const ns = await import(`./${{i}}.cjs`); \
         out.push(Object.keys(ns).filter((k) => k !== 'default' && k !== 'module.exports')) }} catch (e) {{ out.push(null) }} }} \
         console.log(JSON.stringify(out))",
        CASES.len()
    );
    fs::write(dir.join("ask.mjs"), script).unwrap();
    let output = Command::new(&node).arg(dir.join("ask.mjs")).output().unwrap();
    let answers: Value = serde_json::from_slice(&output.stdout).expect("the script prints JSON");
    fs::remove_dir_all(&dir).unwrap();
    let mut wrong = Vec::new();
    for ((source, names, _), answer) in CASES.iter().zip(answers.as_array().unwrap()) {
        let Some(answer) = answer.as_array() else { continue };
        let mut theirs: Vec<String> = answer.iter().map(|v| v.as_str().unwrap().to_owned()).collect();
        theirs.sort();
        if theirs != sorted(names) {
            wrong.push(format!("{source}\n  table {names:?}\n  node  {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_unterminated_panics() {
    for (source, ..) in CASES {
        for (end, _) in source.char_indices() {
            scan(&source[..end]);
        }
    }
    for bad in [
        "exports.a = '\\",
        "exports `",
        "exports /*",
        "exports ${}}}}))",
        "exports /[",
        "exports['\\u{",
        "exports['\\x",
    ] {
        scan(bad);
    }
}
