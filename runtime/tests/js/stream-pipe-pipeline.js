// pipe, unpipe, pipeline, finished: events in order, and who is destroyed by what.
const { Readable, Writable, Transform, PassThrough, Duplex, pipeline, finished } = require('stream');
const log = (...a) => console.log(...a);
const watch = (name, s) => {
  for (const e of ['end', 'finish', 'close', 'error', 'pipe', 'unpipe', 'drain', 'pause', 'resume']) {
    s.on(e, (x) => log(name, e, x instanceof Error ? x.code || x.message : ''));
  }
  return s;
};
const steps = [];
const next = () => setTimeout(() => steps.shift()?.(), 2);
const numbers = (n) => { let i = 0; return new Readable({ objectMode: true, highWaterMark: 3, read() { this.push(i < n ? i++ : null); } }); };

steps.push(() => {
  const r = watch('r', numbers(5));
  const w = watch('w', new Writable({ objectMode: true, highWaterMark: 2, write(c, e, done) { log('got', c); setImmediate(done); } }));
  log(r.pipe(w) === w, r._readableState.pipes.length);
  w.on('close', next);
});
steps.push(() => {
  const r = watch('two', numbers(4));
  const make = (name, slow) => new Writable({ objectMode: true, highWaterMark: 1, write(c, e, done) { log(name, c); slow ? setImmediate(done) : done(); } });
  const [a, b] = [make('fast', false), make('slow', true)];
  r.pipe(a);
  r.pipe(b, { end: false });
  b.on('unpipe', () => log('b unpiped'));
  r.on('end', () => { log('b ended', b.writableEnded); next(); });
});
steps.push(() => {
  const r = new Readable({ read() {} });
  const w = watch('unpiped', new Writable({ write(c, e, done) { log('before unpipe', String(c)); done(); } }));
  r.pipe(w);
  r.push('a');
  setImmediate(() => {
    r.unpipe(w);
    r.push('b');
    log(r.readableFlowing, r._readableState.pipes.length, r.listenerCount('data'), w.listenerCount('close'));
    setImmediate(() => { log('kept', String(r.read())); next(); });
  });
});
steps.push(() => {
  const r = watch('r', new Readable({ read() { this.push('x'); } }));
  const w = watch('w', new Writable({ write(c, e, done) { done(new Error('sink')); } }));
  r.pipe(w);
  w.on('close', () => { log('source alive', !r.destroyed, r.readableFlowing); r.destroy(); next(); });
});
steps.push(() => {
  const upper = new Transform({ transform(c, e, done) { done(null, String(c).toUpperCase()); }, flush(done) { this.push('!'); done(); } });
  const out = [];
  const ret = pipeline(Readable.from(['a', 'b']), watch('upper', upper), new PassThrough(), new Writable({ write(c, e, done) { out.push(String(c)); done(); } }), (e) => {
    log('pipeline', e, out.join());
    next();
  });
  log(ret instanceof Writable);
});
steps.push(() => {
  const [a, b, c] = [watch('a', new PassThrough()), watch('b', new PassThrough()), watch('c', new PassThrough())];
  pipeline(a, b, c, (e) => { log('failed', e.message, a.destroyed, b.destroyed, c.destroyed); next(); });
  a.write('x');
  setImmediate(() => b.destroy(new Error('middle')));
});
steps.push(() => {
  pipeline(new Readable({ read() {} }), new PassThrough(), (e) => { log('premature', e.code, e.message); next(); }).destroy();
});
steps.push(() => {
  pipeline(
    async function* () { yield 'q'; yield 'w'; },
    async function* (source) { for await (const c of source) yield `${c}${c}`; },
    async (source) => { let all = ''; for await (const c of source) all += c; return all; },
    (e, value) => { log('functions', e, value); next(); },
  );
});
steps.push(() => {
  for (const args of [[], [() => {}], [new PassThrough(), () => {}], [new PassThrough(), new PassThrough(), 'no']]) {
    try { pipeline(...args); } catch (e) { log(e.code, e.message.split('\n')[0]); }
  }
  next();
});
steps.push(() => {
  const d = new PassThrough();
  finished(d, (e) => log('finished', e));
  const only = finished(d, { readable: false }, () => log('writable side'));
  finished(d, { writable: false }, () => { log('readable side'); next(); });
  log(typeof only);
  d.end('z');
  d.resume();
});
steps.push(() => {
  const r = new Readable({ read() {} });
  finished(r, (e) => { log('closed early', e.code); next(); });
  r.destroy();
});
steps.push(() => {
  const t = new Transform({ highWaterMark: 1, objectMode: true, transform(c, e, done) { this.push(c); this.push(c + 1); done(); } });
  log(t.write(1), t.write(10), t.writableLength, t.readableLength);
  t.end();
  const out = [];
  t.on('data', (d) => out.push(d)).on('end', () => log('transform', out.join()));
  const d = new Duplex({ allowHalfOpen: false, read() { this.push(null); }, write(c, e, done) { done(); } });
  watch('half', d).resume();
  d.on('close', next);
});
next();
