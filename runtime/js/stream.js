// `stream`: the classes. Their machinery is native (`/stream_native`); what is here wires it to options, prototypes and the
// parts that are loaded when they are first used.

const EE = require('events');
const native = require('/stream_native');
const util = require('/stream_util');
const { codes, AbortError } = require('./errors');
const { validateInteger, validateObject, validateAbortSignal } = require('./validators');
const { errorOrDestroy } = native;
const { eos, addAbortSignal, addAbortSignalNoValidate } = util;

const lazy = (name) => {
  let loaded;
  return () => (loaded ??= require(name));
};
const extra = lazy('/stream_extra');
const operators = lazy('/stream_operators');
const adapters = lazy('/webstreams_adapters');
const define = (o, name, value) =>
  Object.defineProperty(o, name, { __proto__: null, value, enumerable: false, configurable: true, writable: true });

// ---- the ancestor ----

function Stream(options) {
  EE.call(this, options);
}
Object.setPrototypeOf(Stream.prototype, EE.prototype);
Object.setPrototypeOf(Stream, EE);

/** `pipe` of streams of the oldest kind, which only emit. */
Stream.prototype.pipe = function(dest, options) {
  const source = this;
  function ondata(chunk) {
    if (dest.writable && dest.write(chunk) === false && source.pause) source.pause();
  }
  function ondrain() {
    if (source.readable && source.resume) source.resume();
  }
  let over = false;
  function onend() {
    if (over) return;
    over = true;
    dest.end();
  }
  function onclose() {
    if (over) return;
    over = true;
    if (typeof dest.destroy === 'function') dest.destroy();
  }
  function onerror(error) {
    cleanup();
    // Nobody else listens: it must not go unheard.
    if (this.listenerCount?.('error') === 0) this.emit('error', error);
  }
  const hooks = [
    [source, 'data', ondata], [dest, 'drain', ondrain], [source, 'end', onend], [source, 'close', onclose],
    [source, 'error', onerror], [dest, 'error', onerror], [source, 'end', cleanup], [source, 'close', cleanup], [dest, 'close', cleanup],
  ];
  function cleanup() {
    for (const [emitter, event, f] of hooks) emitter.removeListener(event, f);
  }
  source.on('data', ondata);
  dest.on('drain', ondrain);
  if (!dest._isStdio && (!options || options.end !== false)) {
    source.on('end', onend);
    source.on('close', onclose);
  }
  prependListener(source, 'error', onerror);
  prependListener(dest, 'error', onerror);
  source.on('end', cleanup);
  source.on('close', cleanup);
  dest.on('close', cleanup);
  dest.emit('pipe', source);
  return dest;
};

Stream.prototype.eventNames = function eventNames() {
  const listens = (v) => typeof v === 'function' || (Array.isArray(v) && v.length > 0);
  return Reflect.ownKeys(this._events).filter((key) => listens(this._events[key]));
};

// Some libraries bring emitters of their own that can't prepend.
function prependListener(emitter, event, f) {
  if (typeof emitter.prependListener === 'function') return emitter.prependListener(event, f);
  const list = emitter._events?.[event];
  if (!list) emitter.on(event, f);
  else if (Array.isArray(list)) list.unshift(f);
  else emitter._events[event] = [f, list];
}

// ---- Readable ----

function Readable(options) {
  if (!(this instanceof Readable)) return new Readable(options);
  this._events ??= { close: undefined, error: undefined, data: undefined, end: undefined, readable: undefined };
  this._readableState = new ReadableState(options, this, false);
  if (options) takeOptions(this, options, readableOptions);
  Stream.call(this, options);
  if (this._construct != null) construct(this);
}
Object.setPrototypeOf(Readable.prototype, Stream.prototype);
Object.setPrototypeOf(Readable, Stream);

// Options that are methods: their name, and the method that each replaces.
const readableOptions = [['read', '_read'], ['destroy', '_destroy'], ['construct', '_construct']];
const writableOptions = [
  ['write', '_write'], ['writev', '_writev'], ['destroy', '_destroy'], ['final', '_final'], ['construct', '_construct'],
];
const duplexOptions = [['read', '_read'], ...writableOptions];

function takeOptions(stream, options, names) {
  for (const [option, method] of names) {
    const f = options[option];
    if (typeof f === 'function') stream[method] = f;
  }
  if (options.signal) addAbortSignal(options.signal, stream);
}

function construct(stream) {
  if (typeof stream._construct === 'function') native.construct(stream);
}

function Writable(options) {
  if (!(this instanceof Writable)) return new Writable(options);
  this._events ??= { close: undefined, error: undefined, prefinish: undefined, finish: undefined, drain: undefined };
  this._writableState = new WritableState(options, this, false);
  if (options) takeOptions(this, options, writableOptions);
  Stream.call(this, options);
  if (this._construct != null) construct(this);
}
Object.setPrototypeOf(Writable.prototype, Stream.prototype);
Object.setPrototypeOf(Writable, Stream);

const [ReadableState, WritableState] = native.install(Readable.prototype, Writable.prototype, EE.prototype);
Readable.ReadableState = ReadableState;
Writable.WritableState = WritableState;

Readable.prototype[EE.captureRejectionSymbol] = function(error) {
  this.destroy(error);
};

Readable.prototype[Symbol.asyncDispose] = async function() {
  let error;
  if (!this.destroyed) {
    error = this.readableEnded ? null : new AbortError();
    this.destroy(error);
  }
  await new Promise((resolve, reject) => eos(this, (e) => (e && e !== error ? reject(e) : resolve(null))));
};

Readable.prototype.pipe = function(dest, options) {
  const src = this;
  native.pipeAdd(src, dest);
  const ends = (!options || options.end !== false) && dest !== process.stdout && dest !== process.stderr;
  const endFn = ends ? onend : unpipe;
  if (src._readableState.endEmitted) process.nextTick(endFn);
  else src.once('end', endFn);

  let ondrain;
  let over = false;
  const ondata = native.pipeOnData(dest, pause);

  dest.on('unpipe', onunpipe);
  function onunpipe(readable, info) {
    if (readable === src && info && info.hasUnpiped === false) {
      info.hasUnpiped = true;
      cleanup();
    }
  }
  function onend() {
    dest.end();
  }
  function cleanup() {
    dest.removeListener('close', onclose);
    dest.removeListener('finish', onfinish);
    if (ondrain) dest.removeListener('drain', ondrain);
    dest.removeListener('error', onerror);
    dest.removeListener('unpipe', onunpipe);
    src.removeListener('end', onend);
    src.removeListener('end', unpipe);
    src.removeListener('data', ondata);
    over = true;
    // The source may be waiting for this very destination: it will not drain for us any more.
    if (ondrain && src._readableState.awaitDrainWriters && (!dest._writableState || dest._writableState.needDrain)) ondrain();
  }
  function pause() {
    // An unpipe during the write that said "full" must not leave the source stopped for ever.
    if (!over) {
      native.pipeWait(src, dest);
      src.pause();
    }
    if (!ondrain) {
      ondrain = native.pipeOnDrain(src, dest);
      dest.on('drain', ondrain);
    }
  }
  src.on('data', ondata);
  function onerror(error) {
    unpipe();
    dest.removeListener('error', onerror);
    if (dest.listenerCount('error') === 0) {
      const state = dest._writableState || dest._readableState;
      // Emitted by hand, on a stream that does not know that it failed.
      if (state && !state.errorEmitted) errorOrDestroy(dest, error);
      else dest.emit('error', error);
    }
  }
  prependListener(dest, 'error', onerror);
  function onclose() {
    dest.removeListener('finish', onfinish);
    unpipe();
  }
  dest.once('close', onclose);
  function onfinish() {
    dest.removeListener('close', onclose);
    unpipe();
  }
  dest.once('finish', onfinish);
  function unpipe() {
    src.unpipe(dest);
  }
  dest.emit('pipe', src);
  if (dest.writableNeedDrain === true) pause();
  else if (!src._readableState.flowing) src.resume();
  return dest;
};

/** Makes a stream of the oldest kind the source of this one. */
Readable.prototype.wrap = function(stream) {
  let paused = false;
  stream.on('data', (chunk) => {
    if (!this.push(chunk) && stream.pause) {
      paused = true;
      stream.pause();
    }
  });
  stream.on('end', () => this.push(null));
  stream.on('error', (error) => errorOrDestroy(this, error));
  stream.on('close', () => this.destroy());
  stream.on('destroy', () => this.destroy());
  this._read = () => {
    if (paused && stream.resume) {
      paused = false;
      stream.resume();
    }
  };
  for (const key of Object.keys(stream)) {
    if (this[key] === undefined && typeof stream[key] === 'function') this[key] = stream[key].bind(stream);
  }
  return this;
};

Readable.prototype[Symbol.asyncIterator] = function() {
  return extra().asyncIterator(this);
};

Readable.prototype.iterator = function(options) {
  if (options !== undefined) validateObject(options, 'options');
  return extra().asyncIterator(this, options);
};

Readable.prototype.compose = function compose(stream, options) {
  if (options != null) validateObject(options, 'options');
  if (options?.signal != null) validateAbortSignal(options.signal, 'options.signal');
  const composed = extra().compose(this, stream);
  if (options?.signal) addAbortSignalNoValidate(options.signal, composed);
  return composed;
};

Readable._fromList = (n, state) => extra().fromList(n, state);
Readable.from = (iterable, options) => extra().from(Readable, iterable, options);
Object.defineProperty(Readable.from, 'name', { __proto__: null, value: 'from', configurable: true });
Readable.fromWeb = (stream, options) => adapters().newStreamReadableFromReadableStream(stream, options);
Readable.toWeb = (stream, options) => adapters().newReadableStreamFromStreamReadable(stream, options);
Readable.wrap = (src, options) => new Readable({
  objectMode: src.readableObjectMode ?? src.objectMode ?? true,
  ...options,
  destroy(error, callback) {
    util.destroyer(src, error);
    callback(error);
  },
}).wrap(src);

// ---- Writable ----

Object.defineProperty(Writable, Symbol.hasInstance, {
  __proto__: null,
  // A Duplex is no child of Writable, but it is one.
  value: function(instance) {
    if (Function.prototype[Symbol.hasInstance].call(this, instance)) return true;
    return this === Writable ? instance && native.isWritableState(instance._writableState) : false;
  },
});

Writable.prototype.pipe = function() {
  errorOrDestroy(this, new codes.ERR_STREAM_CANNOT_PIPE());
};
Writable.prototype._writev = null;
Writable.prototype[EE.captureRejectionSymbol] = function(error) {
  this.destroy(error);
};
Writable.prototype[Symbol.asyncDispose] = async function() {
  if (!this.destroyed) this.destroy(this.writableFinished ? null : new AbortError());
  await new Promise((resolve, reject) => eos(this, (e) => (e && e.name !== 'AbortError' ? reject(e) : resolve(null))));
};
Writable.fromWeb = (stream, options) => adapters().newStreamWritableFromWritableStream(stream, options);
Writable.toWeb = (stream) => adapters().newWritableStreamFromStreamWritable(stream);

// ---- Duplex ----

function Duplex(options) {
  if (!(this instanceof Duplex)) return new Duplex(options);
  this._events ??= {
    close: undefined, error: undefined, prefinish: undefined, finish: undefined, drain: undefined, data: undefined, end: undefined,
    readable: undefined,
  };
  const r = this._readableState = new ReadableState(options, this, true);
  const w = this._writableState = new WritableState(options, this, true);
  if (options) {
    this.allowHalfOpen = options.allowHalfOpen !== false;
    if (options.readable === false) {
      r.readable = false;
      r.ended = true;
      r.endEmitted = true;
    }
    if (options.writable === false) {
      w.writable = false;
      w.ending = true;
      w.ended = true;
      w.finished = true;
    }
    takeOptions(this, options, duplexOptions);
  } else {
    this.allowHalfOpen = true;
  }
  Stream.call(this, options);
  if (this._construct != null) construct(this);
}
Object.setPrototypeOf(Duplex.prototype, Readable.prototype);
Object.setPrototypeOf(Duplex, Readable);
for (const name of Object.keys(Writable.prototype)) Duplex.prototype[name] ||= Writable.prototype[name];
for (const name of [
  'writable', 'writableHighWaterMark', 'writableObjectMode', 'writableBuffer', 'writableLength', 'writableFinished', 'writableCorked',
  'writableEnded', 'writableNeedDrain',
]) {
  Object.defineProperty(Duplex.prototype, name, Object.getOwnPropertyDescriptor(Writable.prototype, name));
}
Object.defineProperty(Duplex.prototype, 'destroyed', {
  __proto__: null,
  configurable: true,
  get() {
    if (this._readableState === undefined || this._writableState === undefined) return false;
    return this._readableState.destroyed && this._writableState.destroyed;
  },
  set(value) {
    if (this._readableState && this._writableState) {
      this._readableState.destroyed = value;
      this._writableState.destroyed = value;
    }
  },
});
Duplex.fromWeb = (pair, options) => adapters().newStreamDuplexFromReadableWritablePair(pair, options);
Duplex.toWeb = (duplex, options) => adapters().newReadableWritablePairFromDuplex(duplex, options);
Duplex.from = (body) => extra().duplexify(body, 'body');
Object.defineProperty(Duplex.from, 'name', { __proto__: null, value: 'from', configurable: true });

// ---- Transform ----

const kCallback = Symbol('kCallback');

function Transform(options) {
  if (!(this instanceof Transform)) return new Transform(options);
  const mark = options ? (options.highWaterMark ?? options.readableHighWaterMark) : null;
  if (mark === 0) {
    // Nothing is to be buffered: not on the writable side either.
    options = { ...options, highWaterMark: null, readableHighWaterMark: 0, writableHighWaterMark: options.writableHighWaterMark || 0 };
  }
  Duplex.call(this, options);
  // `_read` is there: what is pushed before the first read need not wait for it.
  this._readableState.sync = false;
  this[kCallback] = null;
  if (options) {
    if (typeof options.transform === 'function') this._transform = options.transform;
    if (typeof options.flush === 'function') this._flush = options.flush;
  }
  this.on('prefinish', prefinish);
}
Object.setPrototypeOf(Transform.prototype, Duplex.prototype);
Object.setPrototypeOf(Transform, Duplex);

function final(callback) {
  if (typeof this._flush !== 'function' || this.destroyed) {
    this.push(null);
    if (callback) callback();
    return;
  }
  this._flush((error, data) => {
    if (error) {
      if (callback) callback(error);
      else this.destroy(error);
      return;
    }
    if (data != null) this.push(data);
    this.push(null);
    if (callback) callback();
  });
}

// A program that has its own `_final` gets its flush all the same.
function prefinish() {
  if (this._final !== final) final.call(this);
}

Transform.prototype._final = final;
Transform.prototype._transform = function(chunk, encoding, callback) {
  throw new codes.ERR_METHOD_NOT_IMPLEMENTED('_transform()');
};
native.installTransform(Transform.prototype, kCallback);

function PassThrough(options) {
  if (!(this instanceof PassThrough)) return new PassThrough(options);
  Transform.call(this, options);
}
Object.setPrototypeOf(PassThrough.prototype, Transform.prototype);
Object.setPrototypeOf(PassThrough, Transform);
PassThrough.prototype._transform = native.passTransform;

// ---- the module ----

module.exports = Stream;
Stream.isDestroyed = util.isDestroyed;
Stream.isDisturbed = util.isDisturbed;
Stream.isErrored = util.isErrored;
Stream.isReadable = util.isReadable;
Stream.isWritable = util.isWritable;
Stream.Readable = Readable;

// The operators: those that make a stream of what they iterate, and those that promise a result.
const operatorLengths = {
  drop: 2, filter: 2, flatMap: 2, map: 2, take: 2, every: 2, forEach: 2, reduce: 3, toArray: 1, some: 2, find: 2,
};
for (const name of ['drop', 'filter', 'flatMap', 'map', 'take', 'every', 'forEach', 'reduce', 'toArray', 'some', 'find']) {
  const makesStream = ['drop', 'filter', 'flatMap', 'map', 'take'].includes(name);
  const f = function(...args) {
    if (new.target) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
    const result = Reflect.apply(operators()[name], this, args);
    return makesStream ? Readable.from(result) : result;
  };
  Object.defineProperty(f, 'name', { __proto__: null, value: name, configurable: true });
  Object.defineProperty(f, 'length', { __proto__: null, value: operatorLengths[name], configurable: true });
  define(Readable.prototype, name, f);
}

Stream.Writable = Writable;
Stream.Duplex = Duplex;
Stream.Transform = Transform;
Stream.PassThrough = PassThrough;
Stream.duplexPair = function duplexPair(options) {
  return extra().duplexPair(options);
};
Stream.pipeline = function pipeline(...streams) {
  return require('/stream_pipeline').pipeline(...streams);
};
Stream.addAbortSignal = addAbortSignal;
Stream.finished = eos;
Stream.destroy = util.destroyer;
Stream.compose = function compose(...streams) {
  return extra().compose(...streams);
};
Stream.setDefaultHighWaterMark = function setDefaultHighWaterMark(objectMode, value) {
  validateInteger(value, 'value', 0);
  const [bytes, objects] = native.defaultMarks();
  if (objectMode) native.setDefaultMarks(bytes, value);
  else native.setDefaultMarks(value, objects);
};
Stream.getDefaultHighWaterMark = function getDefaultHighWaterMark(objectMode) {
  return native.defaultMarks()[objectMode ? 1 : 0];
};

const promises = lazy('stream/promises');
Object.defineProperty(Stream, 'promises', { __proto__: null, configurable: true, enumerable: true, get: promises });
for (const [f, name] of [[Stream.pipeline, 'pipeline'], [eos, 'finished']]) {
  Object.defineProperty(f, Symbol.for('nodejs.util.promisify.custom'), { __proto__: null, enumerable: true, get: () => promises()[name] });
}
Object.defineProperty(eos, 'name', { __proto__: null, value: 'eos', configurable: true });

Stream.Stream = Stream;
Stream._isArrayBufferView = ArrayBuffer.isView;
Stream._isUint8Array = (v) => v instanceof Uint8Array;
Stream._uint8ArrayToBuffer = (chunk) => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
