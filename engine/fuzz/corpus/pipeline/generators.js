function* g(a, [b, { c = yield 1, ...d }] = [2, {}]) { try { while (true) { const r = yield* [a, b, c]; if (r) return r } } finally { yield 'last' } }
const i = g(0); i.next(); i.next(5); i.return(3); i.throw; for (const x of g(1)) { if (x === 2) break }
(async function () { for await (const x of (async function* () { yield 1; await null; throw 2 })()) x })().catch(() => {});
