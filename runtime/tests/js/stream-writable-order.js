// The order of a Writable's events and callbacks.
const { Writable } = require('stream');
const log = (...a) => console.log(...a);
const watch = (name, s) => {
  for (const e of ['drain', 'prefinish', 'finish', 'close', 'error', 'pipe']) s.on(e, (x) => log(name, e, x instanceof Error ? x.code || x.message : ''));
  return s;
};
const cb = (name) => (e) => log(name, e ? e.code || e.message : 'ok');
const steps = [];
const next = () => setImmediate(() => steps.shift()?.());

steps.push(() => {
  const w = watch('sync', new Writable({ highWaterMark: 4, write(c, e, done) { log('sync write', String(c), e); done(); } }));
  log(w.write('ab', cb('ab')), w.write('cdef', cb('cdef')), w.write('', cb('empty')), w.writableLength, w.writableNeedDrain);
  w.end('x', cb('end'));
  process.nextTick(log, 'tick');
  Promise.resolve().then(() => log('micro'));
  w.on('close', next);
});
steps.push(() => {
  const w = watch('async', new Writable({ highWaterMark: 3, write(c, e, done) { log('async write', String(c)); setImmediate(done); } }));
  log(w.write('ab'), w.write('c'), w.write('d', 'latin1', cb('d')), w.writableLength, w.writableNeedDrain, w.writableBuffer.length);
  w.once('drain', () => {
    log(w.writableLength, w.write('more'));
    w.end(cb('end'));
    log(w.writable, w.writableEnded, w.writableFinished);
  });
  w.on('close', next);
});
steps.push(() => {
  const same = cb('same');
  const w = watch('cork', new Writable({
    write(c, e, done) { log('cork write', String(c)); done(); },
    writev(list, done) { log('cork writev', list.map((x) => `${x.chunk}:${x.encoding}`).join(), list.allBuffers); done(); },
  }));
  w.cork();
  w.cork();
  w.write('1', same);
  w.write(Buffer.from('2'), same);
  w.write('3', cb('other'));
  log(w.writableCorked, w.writableLength);
  w.uncork();
  log(w.writableCorked);
  w.uncork();
  w.write('4', same);
  w.write('5', same);
  w.cork();
  w.end('6');
  w.on('close', next);
});
steps.push(() => {
  const w = watch('final', new Writable({
    write(c, e, done) { done(); },
    final(done) { log('final'); setImmediate(() => done()); },
    destroy(e, done) { log('destroy', e); done(e); },
  }));
  w.write('a');
  w.end();
  w.on('close', next);
});
steps.push(() => {
  const w = watch('write error', new Writable({ write(c, e, done) { done(new Error('full')); } }));
  w.write('a', cb('a'));
  w.write('b', cb('b'));
  log(w.errored && w.errored.message, w.destroyed);
  w.end(cb('end'));
  w.on('close', next);
});
steps.push(() => {
  const w = watch('late error', new Writable({ write(c, e, done) { setImmediate(done, new Error('late')); } }));
  w.write('a', cb('a'));
  w.write('b', cb('b'));
  w.on('close', next);
});
steps.push(() => {
  const w = watch('after end', new Writable({ write(c, e, done) { done(); } }));
  w.end('a');
  log(w.write('b', cb('b')));
  w.end('c', cb('end c'));
  w.on('close', next);
});
steps.push(() => {
  const w = watch('destroyed', new Writable({ write(c, e, done) { setImmediate(() => setImmediate(done)); } }));
  w.write('a', cb('a'));
  w.write('b', cb('b'));
  w.end(cb('end'));
  w.destroy(new Error('gone'), cb('destroy'));
  w.destroy(new Error('twice'), cb('destroy again'));
  log(w.destroyed, w.closed, w.write('c', cb('c')));
  w.on('close', () => { log(w.closed, w.writable); next(); });
});
steps.push(() => {
  const w = watch('twice', new Writable({ write(c, e, done) { done(); done(); } }));
  w.write('a');
  w.on('close', next);
});
steps.push(() => {
  for (const bad of [null, undefined, 5, {}, true]) {
    try { new Writable({ write() {} }).write(bad); } catch (e) { log(e.name, e.code, e.message); }
  }
  const objects = watch('objects', new Writable({ objectMode: true, highWaterMark: 2, write(c, e, done) { log('object', c, e); done(); } }));
  log(objects.write({ a: 1 }), objects.write(0), objects.write(undefined), objects.write('s', 'utf8'));
  try { objects.write(null); } catch (e) { log(e.code); }
  try { new Writable({ write() {} }).write('x', 'nope'); } catch (e) { log(e.code, e.message); }
  try { new Writable({ highWaterMark: -1 }); } catch (e) { log(e.code, e.message); }
  objects.end();
  objects.on('close', next);
});
steps.push(() => {
  const w = watch('strings', new Writable({ decodeStrings: false, defaultEncoding: 'latin1', write(c, e, done) { log(typeof c, c, e); done(); } }));
  w.write('a');
  w.write('b', 'hex');
  w.setDefaultEncoding('BASE64');
  w.write('c');
  w.end();
  w.on('close', next);
});
steps.push(() => {
  const w = watch('construct', new Writable({
    construct(done) { log('construct'); setImmediate(done); },
    write(c, e, done) { log('constructed write', String(c)); done(); },
    final(done) { log('constructed final'); done(); },
  }));
  w.write('a', cb('a'));
  w.end(cb('end'));
  log(w._writableState.constructed);
  w.on('close', next);
});
steps.push(() => {
  const w = watch('construct error', new Writable({ construct(done) { done(new Error('no way')); }, write() {} }));
  w.write('a', cb('a'));
  w.on('close', next);
});
next();
