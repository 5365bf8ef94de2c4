const s = (r) => JSON.stringify(r);
function* g() { try { yield 1; yield 2; } catch (e) { console.log('caught ' + e); yield 'from catch'; } finally { console.log('finally'); yield 'cleanup'; } return 'end'; }
let it = g(); it.next();
console.log(s(it.throw('T')), s(it.next()), s(it.next()), s(it.next()));
it = g(); it.next();
console.log(s(it.return('R')), s(it.next()), s(it.next()));
it = g(); console.log(s(it.return('early')), s(it.next()));
it = g(); try { it.throw(new Error('unstarted')); } catch (e) { console.log(e.message); }
console.log(s(it.next()));
function* over() { try { yield 1; } finally { return 'overridden'; } }
it = over(); it.next(); console.log(s(it.return('x')));
it = over(); it.next(); console.log(s(it.throw('x')));
function* nested() { try { yield* g(); } finally { console.log('outer finally'); } }
it = nested(); it.next(); console.log(s(it.return('deep')), s(it.next()), s(it.next()));
const noThrow = { [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }), return() { console.log('closed'); return {}; } }) };
function* del() { yield* noThrow; }
it = del(); it.next(); try { it.throw('z'); } catch (e) { console.log(e.message); }
