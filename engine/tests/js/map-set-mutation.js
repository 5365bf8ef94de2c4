const m = new Map([['a', 1], ['b', 2], ['c', 3]]); const seen = [];
for (const [k] of m) { seen.push(k); if (k === 'a') { m.delete('b'); m.set('d', 4); } if (k === 'c') { m.delete('a'); m.set('a', 9); } if (seen.length > 8) break; } console.log(seen.join());
const s = new Set([1, 2, 3]); const o = []; s.forEach((v) => { o.push(v); if (v < 5) { s.delete(v); s.add(v + 3); } }); console.log(o.join());
console.log([...m.keys()].join(), [...m.entries()].join(';'), String(m.get('a')), String(m.size), String(m.set('z', 1) === m), String(m.delete('nope')), String(m.has('z')));
const n = new Map([[NaN, 'nan'], [0, 'zero']]); console.log(n.get(NaN), n.get(-0), String(Object.is([...new Set([-0])][0], 0)), String(new Set([NaN, NaN, 0, -0, '0']).size));
const it = m.values(); it.next(); m.clear(); console.log(JSON.stringify(it.next())); m.set('new', 1); console.log(JSON.stringify(it.next()));
const it2 = new Set([1, 2, 3]); const i = it2.values(); i.next(); it2.delete(1); it2.delete(2); console.log(JSON.stringify(i.next()), Object.prototype.toString.call(i), String(i[Symbol.iterator]() === i));
const key = {}; const w = new Map([[key, 1]]); console.log(String(w.get({})), String(w.get(key)), String(Map.prototype[Symbol.iterator] === Map.prototype.entries), String(Set.prototype.keys === Set.prototype.values), String(Map.length));
for (const f of [() => Map(), () => new Map([1]), () => new Map(5), () => Map.prototype.get.call({}, 1), () => new Set([1]).union(5), () => new Map([[1, 2]], 3).size]) try { console.log(String(f())); } catch (e) { console.log(e.message); }
console.log(JSON.stringify([...Map.groupBy([1, 2, 3, 4], (x) => (x % 2 ? 'odd' : 'even'))]), JSON.stringify(Object.groupBy([1, 2, 3], (x) => (x > 1 ? 'big' : 'small'))));
