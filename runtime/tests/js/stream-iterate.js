// Iterating, operators, Readable.from, compose, consumers, promises.
const { Readable, Writable, PassThrough, Duplex, Transform, compose, duplexPair, promises, addAbortSignal } = require('stream');
const consumers = require('stream/consumers');
const log = (...a) => console.log(...a);

(async () => {
  const got = [];
  for await (const x of Readable.from([1, Promise.resolve(2), 3])) got.push(x);
  log(got);
  const early = Readable.from(['a', 'b', 'c']);
  early.on('close', () => log('closed early'));
  for await (const x of early) { log(x); break; }
  const kept = Readable.from(['a', 'b', 'c']);
  for await (const x of kept.iterator({ destroyOnReturn: false })) { log(x); break; }
  log(kept.destroyed, await kept.toArray());
  try { for await (const x of new Readable({ read() { this.destroy(new Error('bad')); } })) log(x); } catch (e) { log('caught', e.message); }
  try { for await (const x of Readable.from([1])) throw new Error(`mine ${x}`); } catch (e) { log('caught', e.message); }
  async function* gen() { try { yield 1; yield 2; } finally { log('generator closed'); } }
  const g = Readable.from(gen());
  log((await g[Symbol.asyncIterator]().next()).value);
  g.destroy();
  await promises.finished(g).catch((e) => log(e.code));

  const ten = () => Readable.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  log(await ten().map((x) => x * 2).filter(async (x) => x % 3 === 0).toArray());
  log(await ten().drop(2).take(3).toArray(), await ten().flatMap((x) => [x, x]).take(4).toArray());
  log(await ten().some((x) => x > 5), await ten().every((x) => x > 5), await ten().find((x) => x > 5), await ten().reduce((a, b) => a + b), await ten().reduce((a, b) => a + b, 100));
  await ten().take(2).forEach((x) => log('each', x));
  log(await ten().map(async (x) => { await null; return -x; }, { concurrency: 3 }).toArray());
  await ten().map((x) => { if (x === 3) throw new Error('third'); return x; }).toArray().catch((e) => log(e.message));
  await Readable.from([]).reduce((a, b) => a + b).catch((e) => log(e.code, e.message));
  for (const f of [() => ten().map(1), () => ten().take(-1), () => ten().map((x) => x, { concurrency: 0 }), () => Readable.from(5)]) {
    try { f(); } catch (e) { log(e.code, e.message); }
  }

  log(await consumers.text(Readable.from(['é', 'x'])), await consumers.json(Readable.from(['{"a":', '1}'])), (await consumers.buffer(Readable.from([Buffer.from('hi')]))).toString('hex'));
  log(new Uint8Array(await consumers.arrayBuffer(Readable.from([Buffer.from('ab')]))));
  const up = new Transform({ objectMode: true, transform(c, e, done) { done(null, String(c).toUpperCase()); } });
  const c = compose(up, async function* (source) { for await (const x of source) yield `<${x}>`; });
  c.end('q');
  log(String(await consumers.text(c)));
  log(await Readable.from(['a', 'b']).compose(async function* (s) { for await (const x of s) yield x + x; }).toArray());
  const d = Duplex.from(async function* (source) { for await (const x of source) yield String(x).length; });
  d.write('four');
  d.end();
  log(await d.toArray());
  log(await Duplex.from(Promise.resolve('p')).toArray(), await Duplex.from(['i', 'j']).toArray());
  const [left, right] = duplexPair();
  right.on('data', (x) => right.end(`re: ${x}`));
  left.end('hello');
  log(await consumers.text(left));
  await promises.pipeline(Readable.from(['1', '2']), new PassThrough(), new Writable({ write(x, e, done) { log('sink', String(x)); done(); } }));
  await promises.pipeline(Readable.from(['1']), async function* () { throw new Error('step'); }, new PassThrough()).catch((e) => log(e.message));
  const aborter = new AbortController();
  const aborted = addAbortSignal(aborter.signal, new Readable({ read() {} }));
  setImmediate(() => aborter.abort());
  await promises.finished(aborted.resume()).catch((e) => log(e.name, e.code));
  const signal = AbortSignal.abort();
  await promises.pipeline(new Readable({ read() {} }), new PassThrough(), { signal }).catch((e) => log(e.name));
})();
