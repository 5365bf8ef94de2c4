const out = [];
outer: for (let i = 0; i < 3; i++) { inner: for (let j = 0; j < 3; j++) { if (j === 1) continue outer; if (i === 2) break outer; out.push(`${i}${j}`); } }
console.log(out.join());
block: { out.push('in'); if (out) break block; out.push('never'); } console.log(out.at(-1));
a: b: c: for (;;) { break b; }
let n = 0; w: while (true) { do { n++; if (n < 5) continue w; break w; } while (true); } console.log(String(n));
sw: switch (1) { case 1: for (;;) { break sw; } }
f: for (const k in { x: 1, y: 2 }) { for (const v of [1, 2]) { if (v === 2) continue f; out.push(k + v); } } console.log(out.slice(-2).join());
l: { try { break l; } finally { console.log('finally on break'); } }
foo: if (true) { break foo; }
let yield_ = 0; x: for (;;) { try { continue x; } finally { if (++yield_ > 2) break x; } } console.log(String(yield_));
