//! The second tier against the first: what a script prints must not depend on it, whatever is specialised and whatever falls back.

use looplab_engine::{Args, CompileGoal, Completion, Scope, Source, TierProfile, bytecode::Op, new_engine};
use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

type Output = RefCell<String>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tier {
    Off,
    On,
    Eager,
}

fn log<'s>(s: &mut Scope<'s>, args: &Args<'s>) -> Completion<'s> {
    let line: Vec<String> = (0..args.len()).map(|i| s.describe_value(args.get(i))).collect();
    if let Some(out) = s.embedder::<Output>() {
        *out.borrow_mut() += &format!("{}\n", line.join(" "));
    }
    Ok(s.undefined())
}

/// What a script prints, how it ends, and what the second tier did.
fn run(name: &str, text: &str, tier: Tier, stress: bool) -> (String, Vec<TierProfile>) {
    let mut vm = new_engine();
    let out: Rc<Output> = Rc::default();
    vm.set_embedder(out.clone());
    vm.set_gc_stress(stress);
    vm.set_tiering(tier != Tier::Off);
    vm.set_eager_tiering(tier == Tier::Eager);
    vm.set_tier_log(true);
    vm.enter(|s| {
        let (g, console) = (s.global_object(), s.new_object());
        s.method(console, "log", 0, log);
        let key = s.key("console");
        s.define_hidden(g, key, console);
        let r = s.compile(Source::new(name, text, 1), CompileGoal::Script);
        let mut ends = vec![r.and_then(|t| s.run_script(t, false).map(|_| ()))];
        while let Some(r) = s.run_job() {
            ends.push(r.map(|_| ()));
        }
        for t in ends.into_iter().filter_map(Result::err) {
            let e = s.caught(t);
            let shown = s.describe_value(e);
            *out.borrow_mut() += &format!("uncaught {shown}\n");
        }
    });
    let profiles = vm.tier_profiles();
    (out.take(), profiles)
}

/// Test threads have small stacks; the engine takes the process's limit for granted.
fn on_a_large_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(work).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn fixtures() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/js");
    let mut files: Vec<_> = fs::read_dir(folder).expect("the fixtures").flatten().map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "js"));
    files.sort();
    files
}

#[test]
fn every_fixture_prints_the_same_in_both_tiers() {
    on_a_large_stack(|| {
        let mut specialised = 0;
        for file in fixtures() {
            let text = fs::read_to_string(&file).expect("a fixture");
            let name = file.display().to_string();
            let (off, nothing) = run(&name, &text, Tier::Off, false);
            let (eager, profiles) = run(&name, &text, Tier::Eager, false);
            assert!(off == eager, "{name}, eager:\n{eager}\nwithout the second tier:\n{off}");
            assert!(nothing.is_empty(), "{name}: the second tier was off");
            specialised += profiles.iter().map(|p| p.specialised.len()).sum::<usize>();
        }
        assert!(specialised > 1000, "only {specialised} places were specialised");
    });
}

/// Scripts that change their minds: every guard fails in one of them, in the middle of everything that can be around it.
const CHANGING: &str = r#"
const seen = [];
function both(f, a, b) { for (let i = 0; i < 3000; i++) f(...a); return [f(...a), f(...b), f(...a)].map(String).join(); }

// Types of operands.
seen.push(both((x, y) => { const z = x * y; return z + x; }, [1.5, 2], ['3', { valueOf() { return 4; } }]));
seen.push(both((x, y) => { let z = x + y | 0; return z; }, [1, 2], ['a', 1n.toString()]));
seen.push(both((x, y) => { const z = x - y + x; return z; }, [0.5, 2], [7, 2147483647]));
seen.push(both((x, y) => { const a = x * y * x, b = x + y + a, c = x + y - a, d = x * y - b; return a + b + c + d; }, [1.5, 2.5], [-0, 3]));
seen.push(both((x, y) => x * y, [0.5, 2], [0, -1]), Object.is(((x, y) => x * y)(0, -1), -0));
seen.push(both((n) => { let i = n; i++; const j = i++; return i + j + 2147483647 + i; }, [1], [2147483646]));
seen.push(both((n) => { let s = 0; for (let i = n; i < n + 3; i++) s += i; return s; }, [1], [1.5]));
seen.push(both((n) => { let s = 0; for (let i = n; i < 100; i++) { s += i; if (s > 300) break; } return s; }, [1], ['5']));
seen.push(both((x) => x % 7 + 3 * x - 10 - x * 0.5, [12], [-7]), both((x) => x % 7, [12], [-7]));

// Hidden classes and prototypes.
const p = { get v() { return 'getter'; } };
seen.push(both((o) => o.a + o.b * 2 - o.a, [{ a: 1, b: 2 }], [{ b: 2, a: 'x' }]));
seen.push(both((o) => { o.n += 1; const m = o.n; return m; }, [{ n: 1 }], [Object.freeze({ n: 5 })]));
seen.push(both((o) => { o.n = o.n - 1; return o.n; }, [{ n: 1 }], [{ set n(v) { this.m = v; }, get n() { return this.m ?? 9; } }]));
seen.push(both((o) => { const c = o.child.leaf; return c; }, [{ child: { leaf: 1 } }], [{ child: { __proto__: { leaf: 2 } } }]));
seen.push(both((o) => o.v, [Object.create({ v: 1 })], [Object.create(p)]));
class A { m(x) { return 'A' + x; } }
const a = new A();
const call = (o, x) => { const r = o.m(x); return r; };
for (let i = 0; i < 1000; i++) call(a, i);
A.prototype.m = (x) => 'B' + x;
seen.push(call(a, 1));
a.m = (x) => 'own' + x;
seen.push(call(a, 2), call({ m: String }, 3));
try { call(null, 1); } catch (e) { seen.push(e.message); }
try { both((o) => { const q = o.x.y; return q; }, [{ x: { y: 1 } }], [{}]); } catch (e) { seen.push(e.message); }
seen.push(both((o) => o.x === null, [{ x: null }], [{ x: undefined }]), both((o) => { if (o.x !== null) return 1; return 2; }, [{ x: null }], [{ x: 0 }]));

// Arrays, their lengths and elements.
const holes = [1, , 3];
seen.push(both((q, i, j) => { const t = q[i]; q[i] = q[j]; q[j] = t; return q.length; }, [[1, 2, 3], 0, 2], [holes, 1, 2]), String(holes));
seen.push(both((q) => { let s = 0; for (let i = 0; i < q.length; i++) s += q[i]; return s; }, [[1, 2, 3]], ['abc']));
seen.push(both((q) => { let s = ''; for (let i = 0; i < q.length; i++) s += q[i]; return s; }, ['xyz'], [{ length: 2, 0: 'p', 1: 'q' }]));
seen.push(both((q) => q[0] + q[1], [[1, 2]], [new Uint8Array([250, 9])]), both((q) => q[0] + q[5], [[1, 2]], [[1]]));
const frozen = Object.freeze([1, 2]);
seen.push(both((q) => { q[0] = 5; let k = 1; k++; return q[0] + k; }, [[1, 2]], [frozen]));
seen.push(both((q, k) => { q[k] = 1; q[k + 1] = 2; return q.length; }, [[0, 0, 0], 0], [[0], 5]));
seen.push(both((q) => q.length, [[1]], [{ length: 'no array' }]), both((q) => q.length, [[1]], [(() => { const s = []; s[1e7] = 1; return s; })()]));
seen.push(both(() => [1, 2, 3, 4].length, [], []));

// Built-in functions.
seen.push(both((q, x) => { q.push(x); return q.pop(); }, [[], 1], [{ push() {}, pop() { return 'own'; } }, 1]));
seen.push(both((q) => q.pop(), [[]], [[,]]), both((q, x) => { q.push(x); return 0; }, [[], 1], [(() => { const s = [1]; Object.defineProperty(s, 'length', { writable: true }); return s; })(), 2]));
try { both((q, x) => q.push(x), [[], 1], [Object.freeze([]), 1]); } catch (e) { seen.push(e.message); }
seen.push(both((s, i) => s.charCodeAt(i), ['abc', 1], ['abc', 7]), both((s, i) => s.charCodeAt(i), ['abc' + 'def', 5], [new String('xyz'), 1.5]));
seen.push(both((x, y) => [Math.floor(x), Math.abs(x), Math.sqrt(x), Math.imul(x, y), Math.min(x, y), Math.max(x, y)].join(), [2.5, 3], ['-4', NaN]));
seen.push(both((x, y) => 1 / Math.min(x, y) + ',' + 1 / Math.max(x, y), [1, 2], [0, -0]), both((x, y) => Math.max(x, y), [0, -0], [-0, -0]), 1 / Math.floor(-0));
const floor = Math.floor;
Math.floor = (x) => 'mine ' + x;
seen.push(both((x) => Math.floor(x), [1.5], [2.5]));
Math.floor = floor;
const code = String.prototype.charCodeAt;
const first = (s) => s.charCodeAt(0);
for (let i = 0; i < 1000; i++) first('x');
String.prototype.charCodeAt = function () { return 'replaced ' + this; };
seen.push(first('y'));
String.prototype.charCodeAt = code;
seen.push(first('z'));
Object.defineProperty(Array.prototype, 0, { get() { return 'inherited'; }, configurable: true });
seen.push(both((q) => { const x = q[0], y = q[1]; return x + y; }, [[1, 2]], [[, 2]]));
delete Array.prototype[0];

// Comparators and predicates that are evaluated in place, until they cannot be.
const many = Array.from({ length: 500 }, (_, i) => (i * 7919) % 503);
seen.push(String(many.slice().sort((x, y) => x - y).slice(0, 5)), String(many.slice().sort((x, y) => y - x).slice(0, 5)));
const mixed = many.map((x) => (x % 50 === 3 ? { valueOf() { return x; } } : x));
seen.push(String(mixed.sort((x, y) => x - y).slice(0, 8).map(Number)));
seen.push(String(many.map((k, i) => ({ k: k % 10, i })).sort((x, y) => x.k - y.k || x.i - y.i).slice(-2).map((o) => [o.k, o.i])));
let bound = 100;
seen.push(many.filter((x) => x < bound && x !== 5 && !(x > 90)).length, many.map((x) => x * 2 + 0.5 | 1)[3], many.findIndex((x) => x % 100 === 99));
seen.push(many.some((x) => x < 0), many.every((x) => x >= 0), many.reduce((s, x) => (s + x) | 0, 0));
try { many.concat([1, 2]).sort((x, y) => x.k.l - y); } catch (e) { seen.push(e.message); }
const sign = many.map((x) => -x).sort((x, y) => x < y ? -1 : x > y ? 1 : 0);
seen.push(sign[0], sign.at(-1), Object.is(many.map((x) => -(x - x))[0], -0));

// Around: exceptions, generators, async functions, closures, switches, tails.
function* count(n) { let i = 0; while (i < n) { const x = i++; yield x + i; } return i; }
seen.push([...count(1000)].reduce((s, x) => s + x, 0));
(async () => { let s = 0; for (let i = 0; i < 600; i++) { s += i; if (i % 100 === 0) await null; } console.log('async', s); })();
const guarded = (o) => { try { return o.x.y + 1; } catch (e) { return e.constructor.name; } finally { bound++; } };
for (let i = 0; i < 500; i++) guarded({ x: { y: i } });
seen.push(guarded({ x: null }), guarded({ x: { y: 1n } }), guarded({ x: { y: 's' } }), bound);
const K1 = 1, K2 = 2, K3 = 'three';
const pick = (x) => { switch (x) { case K1: return 'one'; case K2: return 'two'; case K3: return 'text'; default: return 'none'; } };
for (let i = 0; i < 1000; i++) pick(i & 3);
seen.push(pick(1), pick(2), pick('three'), pick(2.0), pick('2'));
const dead = () => { switch (1) { case late: return 1; } };
try { dead(); } catch (e) { seen.push(e.message); }
let late = 1;
const ternary = (n) => n < 2 ? n : ternary(n - 1) + ternary(n - 2);
seen.push(ternary(15), new (function () { this.a = 1; return this.a + 1; })().a);
function derived(n) { return new (class extends Array { constructor(k) { super(); for (let i = 0; i < k; i++) this.push(i + k); } })(n).length; }
for (let i = 0; i < 200; i++) derived(3);
seen.push(derived(700));
const deep = (n) => { const r = n === 0 ? 0 : deep(n - 1) + 1; return r; };
try { deep(1e6); } catch (e) { seen.push(e.constructor.name); }
console.log(seen.map(String).join('\n'));
"#;

#[test]
fn scripts_that_change_their_minds_print_the_same() {
    on_a_large_stack(|| {
        let (off, _) = run("changing.js", CHANGING, Tier::Off, false);
        for tier in [Tier::On, Tier::Eager] {
            let (on, profiles) = run("changing.js", CHANGING, tier, false);
            assert!(on == off, "with the second tier:\n{on}\nwithout:\n{off}");
            let guards: std::collections::BTreeSet<&str> =
                profiles.iter().flat_map(|p| &p.deopts).map(|d| d.guard).collect();
            let all = ["hidden class", "kind of elements", "kind of object", "target", "type"];
            assert_eq!(guards.into_iter().collect::<Vec<_>>(), all);
        }
        assert!(off.lines().count() > 60 && !off.contains("uncaught"), "{off}");
    });
}

#[test]
fn scripts_that_change_their_minds_survive_constant_collection() {
    on_a_large_stack(|| {
        // Fewer turns: each has a collection.
        let text = CHANGING.replace("3000", "40").replace("1e6", "300").replace("1e7", "1e5");
        let text =
            text.replace("i < 1000", "i < 30").replace("count(1000)", "count(30)").replace("500", "40");
        let (calm, _) = run("changing.js", &text, Tier::Off, false);
        let (stressed, profiles) = run("changing.js", &text, Tier::Eager, true);
        assert!(calm == stressed, "under stress:\n{stressed}\nwithout:\n{calm}");
        assert!(profiles.iter().any(|p| !p.specialised.is_empty()));
    });
}

#[test]
fn a_place_falls_back_a_bounded_number_of_times() {
    on_a_large_stack(|| {
        let text = "function f(x, y) { return x - y + x; }
            for (let i = 0; i < 300000; i++) f(i % 50 === 0 ? 'a' : 1.5, 2.5); console.log('done');";
        let (out, profiles) = run("flip.js", text, Tier::On, false);
        assert_eq!(out, "done\n");
        let f = profiles.iter().find(|p| &*p.site.function == "f").expect("f is hot");
        let at: Vec<_> = f.specialised.iter().filter(|s| s.into == Op::SubAdd).collect();
        assert!(matches!(at[..], [s] if s.fails == 3 && !s.stands), "{at:?}");
        assert_eq!(f.deopts.iter().filter(|d| d.what == "-").count(), 3);
        assert_eq!(
            (f.deopts[0].expected.as_str(), f.deopts[0].seen.as_str()),
            ("numbers", "string and double")
        );
        assert_eq!((f.deopts[0].line, f.deopts[0].guard), (1, "type"));
    });
}

#[test]
fn what_is_specialised_is_told() {
    on_a_large_stack(|| {
        let text =
            "function sum(a) { let s = 0; for (let i = 0; i < a.length; i++) s += a[i] * 0.5; return s; }
            for (let i = 0; i < 200; i++) sum([1, 2, 3]); console.log(sum([1, 2, 3]));";
        let (out, profiles) = run("sum.js", text, Tier::On, false);
        assert_eq!(out, "3\n");
        let f = profiles.iter().find(|p| &*p.site.function == "sum").expect("sum is hot");
        assert_eq!(f.hot.map(|h| h.calls), Some(128));
        let ops: Vec<Op> = f.specialised.iter().map(|s| s.into).collect();
        assert!(
            ops.contains(&Op::IncLengthJLt) && ops.contains(&Op::MulAdd) || ops.contains(&Op::ConstMath),
            "{ops:?}"
        );
        assert!(f.deopts.is_empty(), "{:?}", f.deopts);
    });
}
