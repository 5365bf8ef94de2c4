// Closures share and keep their variables.
function counter() { let n = 0; return { inc: () => ++n, dec: () => --n, get: () => n }; }
const a = counter(), b = counter();
a.inc(); a.inc(); b.dec();
console.log(`${a.get()} ${b.get()}`);
const fns = [];
for (let i = 0; i < 3; i++) fns.push(() => i++);
console.log(fns.map((f) => f()).join() + ' ' + fns.map((f) => f()).join());
var vs = [];
for (var j = 0; j < 3; j++) vs.push(() => j);
console.log(vs.map((f) => f()).join());
const inner = [];
for (const x of [1, 2, 3]) inner.push(() => x);
for (const k in { p: 1, q: 2 }) inner.push(() => k);
console.log(inner.map((f) => f()).join());
let order = '';
for (let i = 0, get = () => i; i < 2; i++) order += get() + ';';
console.log(order);
