function* g(n) { const got = yield n; console.log('got ' + got); const again = yield n + 1; return again; }
const it = g(1);
const s = (r) => JSON.stringify(r);
console.log(s(it.next('ignored')), s(it.next('A')), s(it.next('B')), s(it.next()));
console.log(String(it[Symbol.iterator]() === it), Object.prototype.toString.call(it), Object.prototype.toString.call(g));
function* inf() { let i = 0; while (true) yield i++; }
for (const v of inf()) { if (v > 3) break; if (v === 1) continue; console.log(String(v)); }
console.log([...(function* () { yield* [1, 2]; const r = yield* (function* () { yield 'in'; return 'ret'; })(); yield r; })()].join());
const obj = { *m() { yield this.v; }, v: 'this' }; console.log(obj.m().next().value);
try { new g(); } catch (e) { console.log(e.message); }
const self = (function* () { try { self.next(); } catch (e) { yield e.message; } })(); console.log(self.next().value);
function* args() { yield arguments.length; yield [...arguments].join(); } console.log([...args(1, 2)].join(';'));
