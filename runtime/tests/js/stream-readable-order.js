// The order of a Readable's events among ticks, microtasks and immediates.
const { Readable } = require('stream');
const log = (...a) => console.log(...a);
const watch = (name, s) => {
  for (const e of ['end', 'close', 'error', 'pause', 'resume']) s.on(e, (x) => log(name, e, x instanceof Error ? x.message : ''));
  return s;
};

{
  let n = 0;
  const r = watch('flow', new Readable({ read() { this.push(n < 3 ? `c${n++}` : null); } }));
  r.on('data', (c) => {
    log('flow data', String(c));
    process.nextTick(log, 'flow tick after', String(c));
    Promise.resolve().then(() => log('flow micro after', String(c)));
  });
  log('flow listening', r.readableFlowing);
  process.nextTick(log, 'first tick');
  setImmediate(() => step2());
}

function step2() {
  let n = 0;
  const r = watch('readable', new Readable({ highWaterMark: 4, read() { setImmediate(() => this.push(n < 4 ? `${n++}${n}` : null)); } }));
  r.on('readable', () => {
    let c;
    log('readable', r.readableLength);
    while ((c = r.read()) !== null) log('readable read', String(c));
  });
  r.on('close', step3);
}

function step3() {
  const r = watch('paused', new Readable({ objectMode: true, highWaterMark: 2, read() {} }));
  log(r.push(1), r.push(2), r.push(3), r.readableLength, r.readableFlowing);
  r.unshift(0);
  log(r.read(), r.read(), r.readableLength);
  r.on('data', (d) => {
    log('paused data', d);
    if (d === 2) {
      r.pause();
      log('isPaused', r.isPaused());
      setImmediate(() => {
        r.push(4);
        r.push(null);
        r.resume();
      });
    }
  });
  r.on('close', step4);
}

function step4() {
  const r = watch('error', new Readable({ read() { this.destroy(new Error('boom')); } }));
  r.on('data', () => log('never'));
  log('destroyed', r.destroyed);
  process.nextTick(() => log('tick: destroyed', r.destroyed, r.errored && r.errored.message));
  r.on('close', step5);
}

function step5() {
  const r = watch('throw', new Readable({ read() { throw new Error('in read'); } }));
  r.resume();
  r.on('close', step6);
}

function step6() {
  const r = watch('after end', new Readable({ read() {} }));
  r.push('a');
  r.push(null);
  r.push('b');
  r.on('close', step7);
}

function step7() {
  const r = watch('bytes', new Readable({ read() {} }));
  for (const c of ['abc', 'defg', 'h']) r.push(c);
  r.push(null);
  log(String(r.read(2)), String(r.read(4)), r.read(5), String(r.read()), r.read());
  r.on('close', step8);
}

function step8() {
  const r = watch('text', new Readable({ read() {} }));
  const all = Buffer.from('aé€😀z');
  for (const b of all) r.push(Buffer.from([b]));
  r.setEncoding('utf8');
  r.push(null);
  r.on('data', (c) => log('text data', JSON.stringify(c)));
  r.on('close', step9);
}

function step9() {
  const r = new Readable({ autoDestroy: false, emitClose: false, read() { this.push(null); } });
  watch('kept', r).resume();
  setImmediate(() => {
    log('kept', r.destroyed, r.readableEnded);
    r.destroy(null, () => log('kept destroy callback'));
    step10();
  });
}

function step10() {
  const once = new Readable({ read() {} });
  once.once('readable', () => {
    log('once readable', once.readableFlowing, String(once.read()));
    once.on('data', (c) => log('then data', String(c)));
    once.push('two');
    once.push(null);
  });
  once.push('one');
  once.on('end', () => log('once end'));
}
