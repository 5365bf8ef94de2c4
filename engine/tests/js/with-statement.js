const log = (...a) => console.log(a.map(String).join(' '));
const o = { p: 1, m() { return this === o; }, [Symbol.unscopables]: { hidden: true }, hidden: 'o' };
var hidden = 'outer', p = 'outer';
with (o) { log(p, hidden, m()); p = 2; hidden = 'changed'; var q = p; log(typeof missing, delete p); }
log(o.p, o.hidden, hidden, q);
function f(a) { with (a) { var x = 5; let y = x; return () => [x, y, typeof z]; } }
log(f({ x: 1 })(), f({})(), f({ z: 0 })());
const seen = [];
const spy = new Proxy({ v: 1 }, { has(t, k) { seen.push(`has ${String(k)}`); return k in t; }, get(t, k) { seen.push(`get ${String(k)}`); return t[k]; }, set(t, k, v) { seen.push(`set ${String(k)}`); t[k] = v; return true; } });
with (spy) { v; v = 2; v += 1; v++; }
log(seen[0], seen[1], seen.includes('set v'), spy.v);
with ({ get a() { return 'getter'; }, b: { c: 1 } }) { log(a); with (b) { log(c, a); c = 2; } log(b.c); }
with ({ x: 1 }) { for (x of [7, 8]) ; for (var k in { kk: 1 }) ; [x] = [x + 1]; ({ x = 3 } = {}); log(x, k); x ??= 4; x ||= 5; log(x, `${x}`, ((x) => x)(6)); }
try { with (null) {} } catch (e) { log(e.name, e.message); }
with ({ f: 1 }) { function g() { return f; } log(g()); }
label: with ({}) { break label; }
log(eval('with ({ r: 1 }) r'));
log((function () { with ({ arguments: 'w' }) return arguments; })(1), (function () { with ({}) return arguments.length; })(1));
