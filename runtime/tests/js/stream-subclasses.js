// The ways in which programs make streams of their own.
const stream = require('stream');
const { Readable, Writable, Duplex, Transform, PassThrough, Stream } = stream;
const util = require('util');
const log = (...a) => console.log(...a);

class Counter extends Readable {
  constructor(n) { super({ objectMode: true }); this.n = n; this.i = 0; }
  _read() { this.push(this.i < this.n ? this.i++ : null); }
}
function Old(options) {
  if (!(this instanceof Old)) return new Old(options);
  Readable.call(this, options);
  this.left = 2;
}
util.inherits(Old, Readable);
Old.prototype._read = function() { this.push(this.left-- > 0 ? 'old' : null); };
function OldWritable() { Writable.call(this); }
util.inherits(OldWritable, Writable);
OldWritable.prototype._write = function(c, e, done) { log('old write', String(c)); done(); };
function Legacy() { Stream.call(this); this.readable = true; }
util.inherits(Legacy, Stream);
class Loud extends Transform {
  _transform(c, e, done) { done(null, `${c}!`); }
  _flush(done) { done(null, 'bye'); }
}
class Both extends Duplex {
  constructor() { super(); this.seen = []; }
  _read() { this.push(null); }
  _write(c, e, done) { this.seen.push(String(c)); done(); }
  _final(done) { log('both', this.seen.join()); done(); }
  _destroy(e, done) { log('both destroyed'); done(e); }
}

log(new Counter(1) instanceof Readable, Old() instanceof Readable, Old() instanceof Stream, Readable() instanceof Readable, Writable() instanceof Writable);
log(new Loud() instanceof Writable, new Both() instanceof Writable, new Both() instanceof Readable, new PassThrough() instanceof Transform, new Counter(1) instanceof Writable);
log(OldWritable.prototype instanceof Writable, {} instanceof Writable, null instanceof Writable, new Loud() instanceof OldWritable);
log(stream === stream.Stream, Readable.prototype instanceof Stream, Object.getPrototypeOf(Duplex) === Readable, Duplex.prototype.write === Writable.prototype.write);
log(Object.keys(stream).join());
log(Object.keys(Readable.prototype).join());
log(Object.keys(Writable.prototype).join());
log(Readable.prototype.on === Readable.prototype.addListener, Readable.prototype.off === Readable.prototype.removeListener, Readable.length, Writable.name, Transform.prototype.constructor === Transform);

const all = [];
new Counter(3).on('data', (d) => all.push(d)).on('end', () => {
  log(all.join());
  Old().pipe(new OldWritable()).on('finish', () => {
    const l = new Legacy();
    l.pipe(new Loud()).on('data', (c) => log('loud', String(c))).on('end', () => {
      const b = new Both();
      b.end('x');
      b.resume();
    });
    l.emit('data', 'hey');
    l.emit('end');
  });
});

// A program's own `on`, `push`, `read`, `destroy` and `emit` are used.
class Own extends Readable {
  on(event, f) { log('on', event); return super.on(event, f); }
  push(c) { log('push', c && String(c)); return super.push(c); }
  read(n) { const c = super.read(n); log('read', n, c && String(c)); return c; }
  destroy(e) { log('destroy'); return super.destroy(e); }
  emit(event, ...rest) { log('emit', event); return super.emit(event, ...rest); }
  _read() { this.push(this.done ? null : 'own'); this.done = true; }
}
setTimeout(() => new Own().on('data', () => {}), 5);

new Readable().on('error', (e) => log(e.code, e.message)).resume();
new Writable().on('error', (e) => log(e.code));
try { new Writable().write('x'); } catch (e) { log(e.code, e.message); }
try { new Transform().write('x'); } catch (e) { log(e.code, e.message); }
new Writable().on('error', (e) => log(e.code, e.message)).pipe(new PassThrough());
