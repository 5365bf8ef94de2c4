const [a, , b = 5, ...rest] = [1, 2, undefined, 4, 5];
console.log([a, b, rest.join('/')].join());
let x = 1, y = 2; [x, y] = [y, x]; console.log(`${x}${y}`);
const [[p, [q]], [r] = ['dflt']] = [[1, [2]]]; console.log(`${p}${q}${r}`);
const [c1, c2] = 'h\u{1F600}i'; console.log(c1 + c2);
function* g() { try { yield 1; yield 2; yield 3; } finally { console.log('closed'); } }
const [first] = g(); console.log(String(first));
const [...all] = g(); console.log(all.join());
const o = {}; [o.a, o['b'], ...o.rest] = [1, 2, 3, 4]; console.log(JSON.stringify(o));
for (const v of [null, undefined, 1, {}]) { try { const [z] = v; } catch (e) { console.log(e.message); } }
const [d = (() => { console.log('default runs'); return 1; })()] = []; console.log(String(d));
const [m, n] = new Map([['k', 'v'], ['k2', 'v2']]); console.log(m.join() + n.join());
console.log(String(([x] = [9]).length));
