// Lists, ropes, closures and promise chains as long as nobody makes them: nothing that walks them may recurse.
let head = null; for (let i = 0; i < 3e6; i++) head = { next: head, i };
if (globalThis.gc) gc();
let n = 0; for (let p = head; p; p = p.next) n++; console.log('list', n);
head = null; if (globalThis.gc) gc();
let s = ''; for (let i = 0; i < 2e6; i++) s += 'ab'; console.log('rope', s.length, s[3999999]);
let r = ''; for (let i = 0; i < 2e6; i++) r = 'ab' + r; console.log('left rope', r.length, r.charCodeAt(1));
let m = 'x'; for (let i = 0; i < 1e5; i++) m = '(' + m + ')'; console.log(m.indexOf('x'), m === m.slice(0), m.length);
let f = null; for (let i = 0; i < 1e6; i++) { const g = f; f = () => g; } console.log(typeof f());
let p = Promise.resolve(); for (let i = 0; i < 1e6; i++) p = p.then(() => i); p.then((v) => console.log('promises', v));
process.on('exit', () => console.log('survived'));
let d = new Map(); for (let i = 0; i < 1e5; i++) d = new Map([[d, d]]); console.log(d.size);
let e = { }; for (let i = 0; i < 1e5; i++) e = Object.create(null, { e: { value: e } });
let w = new WeakMap(), k = {}; for (let i = 0; i < 2e4; i++) { const k2 = {}; w.set(k, k2); k = k2; }
