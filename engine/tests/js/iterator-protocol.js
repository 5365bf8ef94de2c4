function make(log, n = 3) { let i = 0; return { [Symbol.iterator]() { log.push('iter'); return this; }, next() { log.push('next'); return { value: i, done: i++ >= n }; }, return(v) { log.push('return'); return {}; } }; }
const run = (f) => { const log = []; let r; try { r = f(log); } catch (e) { r = 'threw ' + (e.message ?? e); } console.log(log.join(' ') + ' => ' + r); };
run((l) => { for (const x of make(l)); });
run((l) => { for (const x of make(l)) break; });
run((l) => { for (const x of make(l)) throw 'T'; });
run((l) => { o: for (;;) { for (const x of make(l)) break o; } });
run((l) => { o: for (let i = 0; i < 2; i++) for (const x of make(l)) continue o; });
run((l) => (() => { for (const x of make(l)) return 'ret'; })());
run((l) => { const [a] = make(l); return a; });
run((l) => { const [a, b, c, d] = make(l); return `${a}${b}${c}${d}`; });
run((l) => { const [...a] = make(l); return a.join(); });
run((l) => Array.from(make(l), (x) => { if (x === 1) throw 'map'; return x; }));
run((l) => new Map(make(l)).size);
run((l) => { const it = make(l); it.return = () => { throw 'R'; }; for (const x of it) break; });
run((l) => { const it = make(l); it.return = () => { throw 'R'; }; for (const x of it) throw 'body'; });
run((l) => { const it = make(l); it.return = () => 1; for (const x of it) break; });
run((l) => { const it = make(l); it.next = () => 1; for (const x of it); });
run((l) => { for (const x of { [Symbol.iterator]: () => 1 }); });
run((l) => { for (const x of { [Symbol.iterator]: 1 }); });
