//! One snapshot of bytecode per construct. `INSTA_UPDATE=always cargo test -p looplab-compiler` rewrites them.

use looplab_bytecode::{DisasmOptions, Source, disassemble, verify};
use looplab_compiler::{Goal, Options, compile};

fn listing(text: &str, goal: Goal) -> String {
    let t = compile(Source::new("test.js", text, 0), &Options::new(goal)).expect("the source compiles");
    verify(&t).expect("the code is valid");
    let options = DisasmOptions { no_source: true, ..DisasmOptions::default() };
    format!("{text}\n\n{}", disassemble(&t, &options))
}

/// Snapshots of function bodies: like CommonJS modules, without completion values.
macro_rules! body {
    ($($name:ident: $text:expr;)+) => { $(
        #[test]
        fn $name() {
            insta::assert_snapshot!(listing($text, Goal::FunctionBody { params: vec!["p".into(), "q".into()] }));
        }
    )+ };
}

body! {
    arithmetic: "let a = p + 1, b = a * (q - 2) / 3; return -(a ** 2) + b % 7 | 0;";
    operand_order: "let a = p; return a + (a = 5) + a++ + ++a;";
    increments: "let i = 0; i++; const old = i--; p.x++; return --p[q] + old;";
    comparisons: "if (p < q && !(p === 3) || q == null) return p; return q >= 1 ? 'a' : 'b';";
    logical: "let a = p || q; a = a && q; return a ?? 1;";
    logical_assignment: "let a; a ||= p; p.x &&= q; q[p] ??= function () {}; return a;";
    while_loop: "let n = 0; while (n < p) { if (n === 5) break; n += 2; } return n;";
    do_while: "let n = 0; do { if (q) continue; n++; } while (n < p); return n;";
    for_loop: "let s = 0; for (let i = 0, n = p.length; i < n; i++) s += p[i]; return s;";
    captured_loop: "const fs = []; for (let i = 0; i < 3; i++) fs.push(() => i); return fs;";
    for_of: "for (const x of p) { if (x) continue; if (q) break; if (x === q) return x; }";
    for_of_captured: "for (const x of p) q(() => x);";
    for_in: "for (var k in p) q(k);";
    labels: "outer: for (;;) { for (;;) { if (p) continue outer; if (q) break outer; } }";
    switch_statement: "switch (p) { case 1: let a = 1; case 'x': return a; default: break; case q: p(); }";
    try_catch: "try { p(); } catch (e) { q(e); }";
    try_finally: "for (;;) { try { if (p) break; if (q) continue; return 1; } finally { p(); } }";
    nested_finally: "try { try { return p; } finally { q(); } } finally { p(); }";
    closures: "let n = 0; function inc() { return ++n; } const get = () => n; return [inc, get];";
    dead_zone: "function f() { return x; } f(); let x = 1; return x;";
    this_in_arrows: "return function () { return () => this + new.target; };";
    parameters: "return function f(a, b = a, { c, d: [e] = [] }, ...r) { return f(a + b + c + e, r); };";
    parameter_scope: "return function (a, b = () => a) { var a = 2; return b() + a; };";
    arguments_object: "return [function (a) { return arguments[0] + arguments.length; }, function (a) { a = 1; return arguments; }];";
    calls: "p(); p.m(q, 1); p[q](); p?.(1); p?.m?.(); new p(q); p(...q, 1); new p.x(...q);";
    optional_chain: "return [p?.a.b?.[q].c, delete p?.a, (p?.m)(), p?.a?.()];";
    objects: "return { a: 1, [p]: () => {}, b() { return super.b; }, get c() { return 1; }, set c(v) {}, __proto__: q, ...p, 0: 1, f() {} };";
    arrays: "return [1, , p, ...q];";
    templates: "return `a${p}b${q}` + p`x${q}\\u{zz}`;";
    literals: "return [1e10, 0.5, -0, -7, 10n, /a+/gi, 'caf\\u00e9', '\\ud800', null, undefined, NaN, true];";
    destructuring: "let { a, b: { c = 1 } = {}, [p]: d, ...rest } = q, [e, , f = 2, ...g] = p; return a + c + d + e + f;";
    destructuring_assignment: "let a; [a, p.x = 1, ...p[q]] = q; ({ a, b: p.y = 2, ...q.z } = p);";
    constants: "const a = 1; try { a = 2; } catch {} a++;";
    class_basic: "class A { x = 1; constructor(a) { this.a = a; } m() { return this.x; } static s = A; get g() { return 1; } } return A;";
    class_private: "class A { #f = 1; #m() { return this.#f; } static #s() {} static has(o) { return #f in o; } set(v) { this.#f += v; this.#m(); } }";
    class_derived: "class B extends p { y = 1; constructor() { super(q); this.z = super.m(); } static { this.k = super.n; } } class C extends B {}";
    class_super_arrow: "class B extends p { constructor() { const f = () => super(); f(); } }";
    class_computed: "let i = 0; return class { [i++] = i; static [i++]() {} [i++]() {} };";
    generator: "return function* (a) { try { const x = yield a; return x; } finally { p(); } };";
    generator_delegate: "return function* () { return yield* p; };";
    async_function: "return async (a) => { const x = await a; for await (const y of x) { if (y) break; } };";
    async_generator: "return async function* () { yield 1; yield* p; return 2; };";
    block_functions: "{ f(); function f() {} } return f;";
    typeof_and_delete: "typeof zz; void p(); delete p.x; delete p[q]; delete zz; return typeof p;";
    eval_is_refused: "return eval('1');";
}

#[test]
fn script() {
    let text = "var v = 1; let l = v; const c = l; class K {} function f() { return c; } if (v) { l; } f(undefined);";
    insta::assert_snapshot!(listing(text, Goal::Script));
}

#[test]
fn script_completion() {
    insta::assert_snapshot!(listing(
        "1; do { 2; break; } while (0); try { 3; } finally { 4; }",
        Goal::Script
    ));
}

#[test]
fn module() {
    let text = "import d, { x as y } from 'a'; import * as ns from 'b' with { type: 'json' };\n\
                export let e = y; export default class {} export { d as dd }; export * from 'c';\n\
                export function f() { return e + ns.k; } await d; import.meta; import(e);";
    insta::assert_snapshot!(listing(text, Goal::Module));
}

#[test]
fn new_function() {
    insta::assert_snapshot!(listing(
        "async function anonymous(a,b\n) {\nreturn await a + b;\n}",
        Goal::Function
    ));
}

#[test]
fn eval_code() {
    insta::assert_snapshot!(listing(
        "var a = 1; let b = 2; function c() { return b; } a + b",
        Goal::Eval { strict: false }
    ));
}

#[test]
fn far_jumps() {
    // The compare at the loop's bottom must reach back over more than 32767 words.
    let body = "p.a = q.b;".repeat(20_000);
    let text = format!("for (let i = 0; i < 9; i++) {{ if (p < 1) {{ {body} }} }}");
    let t = compile(
        Source::new("far.js", text, 0),
        &Options::new(Goal::FunctionBody { params: vec!["p".into(), "q".into()] }),
    )
    .expect("compiles");
    verify(&t).expect("valid");
    assert!(t.code.len() > 40_000);
}
