// The fields of `_readableState` and `_writableState` that programs read.
const { Readable, Writable, Duplex, PassThrough, getDefaultHighWaterMark, setDefaultHighWaterMark } = require('stream');
const log = (...a) => console.log(...a);
const R = ['objectMode', 'highWaterMark', 'length', 'flowing', 'ended', 'endEmitted', 'reading', 'constructed', 'sync', 'needReadable', 'emittedReadable',
  'readableListening', 'resumeScheduled', 'errorEmitted', 'emitClose', 'autoDestroy', 'destroyed', 'errored', 'closed', 'closeEmitted', 'defaultEncoding',
  'awaitDrainWriters', 'multiAwaitDrain', 'readingMore', 'dataEmitted', 'decoder', 'encoding', 'paused', 'pipesCount'];
const W = ['objectMode', 'highWaterMark', 'finalCalled', 'needDrain', 'ending', 'ended', 'finished', 'destroyed', 'decodeStrings', 'defaultEncoding', 'length',
  'writing', 'corked', 'sync', 'bufferProcessing', 'writelen', 'constructed', 'prefinished', 'errorEmitted', 'emitClose', 'autoDestroy', 'errored', 'closed',
  'closeEmitted', 'pendingcb', 'bufferedRequestCount', 'allBuffers', 'allNoop'];
const show = (state, keys) => log(keys.map((k) => `${k}=${state[k]}`).join(' '));

const r = new Readable({ read() {}, highWaterMark: 10 });
show(r._readableState, R);
r.push('abc');
r.push('def');
show(r._readableState, R);
log(r._readableState.buffer.map(String), r.readableBuffer.length);
r.on('data', () => {});
show(r._readableState, R);
setImmediate(() => {
  show(r._readableState, R);
  r.push(null);
  setImmediate(() => show(r._readableState, R));
});

const w = new Writable({ write(c, e, done) { setImmediate(done); }, highWaterMark: 4, objectMode: false });
show(w._writableState, W);
w.write('abc');
w.write('def', () => {});
show(w._writableState, W);
log(w._writableState.getBuffer().map((b) => [String(b.chunk), b.encoding]));
w.end();
show(w._writableState, W);
w.on('finish', () => show(w._writableState, W));
w.on('close', () => show(w._writableState, W));

const d = new Duplex({ readableHighWaterMark: 1, writableHighWaterMark: 2, readableObjectMode: true, readable: true, writable: false });
log(d.readableHighWaterMark, d.writableHighWaterMark, d.readableObjectMode, d.writableObjectMode, d.writable, d.readable, d.writableEnded, d.allowHalfOpen);
const off = new Duplex({ readable: false });
log(off.readable, off.readableEnded, off._readableState.readable, off.readableAborted, off.writableAborted);
log(new PassThrough({ highWaterMark: 0 }).writableHighWaterMark, new PassThrough({ readableHighWaterMark: 0 }).writableHighWaterMark);
log(getDefaultHighWaterMark(false), getDefaultHighWaterMark(true));
setDefaultHighWaterMark(true, 3);
log(new Readable({ objectMode: true }).readableHighWaterMark);
const u = new Readable({ read() {} });
log(u.readableFlowing, u.readableDidRead, u.readableEncoding, u.setEncoding('latin1') === u, u.readableEncoding, u.closed, u.destroyed, u.errored);
u._readableState.flowing = true;
u.destroyed = true;
log(u.readableFlowing, u.destroyed, u.readable);
log(Object.getOwnPropertyNames(w).join());
