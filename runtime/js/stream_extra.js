// What is built on the classes and seldom needed: iteration, Readable.from, compose, Duplex.from, pairs.

const { codes, AbortError } = require('./errors');
const stream = require('stream');
const { Readable, Writable, Duplex } = stream;
const util = require('/stream_util');
const {
  eos, aggregateTwoErrors, destroyer, isReadable, isWritable, isIterable, isNodeStream, isReadableNodeStream, isWritableNodeStream,
  isDuplexNodeStream, isReadableStream, isWritableStream, isTransformStream, isWebStream,
} = util;

const nop = () => {};

// ---- iteration ----

/** An asynchronous iterator over the chunks. */
function asyncIterator(source, options) {
  if (typeof source.read !== 'function') source = Readable.wrap(source, { objectMode: true });
  const iterator = iterate(source, options);
  iterator.stream = source;
  return iterator;
}

async function* iterate(source, options) {
  let wake = nop;
  function next(resolve) {
    // As a listener it wakes who waits; called by a promise it waits.
    if (this === source) {
      wake();
      wake = nop;
    } else {
      wake = resolve;
    }
  }
  source.on('readable', next);
  let error;
  const cleanup = eos(source, { writable: false }, (e) => {
    error = e ? aggregateTwoErrors(error, e) : null;
    wake();
    wake = nop;
  });
  try {
    for (;;) {
      const chunk = source.destroyed ? null : source.read();
      if (chunk !== null) yield chunk;
      else if (error) throw error;
      else if (error === null) return;
      else await new Promise(next);
    }
  } catch (e) {
    error = aggregateTwoErrors(error, e);
    throw error;
  } finally {
    const canBeWritten = error === null && source.allowHalfOpen === true && source.writable === true && source.writableEnded !== true;
    const gone = (error || options?.destroyOnReturn !== false) && (error === undefined || source._readableState.autoDestroy);
    if (gone && !canBeWritten) {
      destroyer(source, null);
    } else {
      source.off('readable', next);
      cleanup();
    }
  }
}

/** A stream of what an iterable gives. */
function from(Class, iterable, options) {
  if (typeof iterable === 'string' || iterable instanceof Buffer) {
    return new Class({
      objectMode: true,
      ...options,
      read() {
        this.push(iterable);
        this.push(null);
      },
    });
  }
  let iterator;
  let async = false;
  if (iterable?.[Symbol.asyncIterator]) {
    async = true;
    iterator = iterable[Symbol.asyncIterator]();
  } else if (iterable?.[Symbol.iterator]) {
    iterator = iterable[Symbol.iterator]();
  } else {
    throw new codes.ERR_INVALID_ARG_TYPE('iterable', ['Iterable'], iterable);
  }
  const readable = new Class({ objectMode: true, highWaterMark: 1, ...options });
  const destroyBefore = readable._destroy;
  let reading = false;
  let promised = false;
  readable._read = function() {
    if (reading) return;
    reading = true;
    if (async) pullAsync();
    else if (promised) pullPromised();
    else pullSync();
  };
  readable._destroy = function(error, callback) {
    destroyBefore.call(this, error, (destroyError) => {
      const e = destroyError || error;
      // In a tick of its own: the callback may throw.
      close(e).then(
        () => process.nextTick(callback, e),
        (closeError) => process.nextTick(callback, aggregateTwoErrors(e, closeError)),
      );
    });
  };

  async function close(error) {
    if (error !== undefined && error !== null && typeof iterator.throw === 'function') {
      const { value, done } = await iterator.throw(error);
      await value;
      if (done) return;
    }
    if (typeof iterator.return === 'function') {
      const { value } = await iterator.return();
      await value;
    }
  }
  // Whether to go on.
  function give(value) {
    if (value === null) {
      reading = false;
      throw new codes.ERR_STREAM_NULL_VALUES();
    }
    if (readable.push(value)) return true;
    reading = false;
    return false;
  }
  function pullSync() {
    try {
      for (;;) {
        const { value, done } = iterator.next();
        if (done) {
          readable.push(null);
          return;
        }
        if (value && typeof value.then === 'function') {
          becomePromised(value);
          return;
        }
        if (!give(value)) return;
      }
    } catch (error) {
      readable.destroy(error);
    }
  }
  async function becomePromised(value) {
    promised = true;
    try {
      if (give(await value)) pullPromised();
    } catch (error) {
      readable.destroy(error);
    }
  }
  async function pullPromised() {
    try {
      for (;;) {
        const { value, done } = iterator.next();
        if (done) {
          readable.push(null);
          return;
        }
        const result = value && typeof value.then === 'function' ? await value : value;
        if (!give(result)) return;
      }
    } catch (error) {
      readable.destroy(error);
    }
  }
  async function pullAsync() {
    try {
      for (;;) {
        const { value, done } = await iterator.next();
        if (done) {
          readable.push(null);
          return;
        }
        if (!give(value)) return;
      }
    } catch (error) {
      readable.destroy(error);
    }
  }
  return readable;
}

/** The first `n` bytes of a state's buffer, as `read` takes them. */
function fromList(n, state) {
  if (state.length === 0) return null;
  const list = state.buffer;
  if (state.objectMode) {
    const first = list.shift();
    state.buffer = list;
    return first;
  }
  const all = state.decoder ? list.join('') : Buffer.concat(list, state.length);
  const whole = !n || n >= state.length;
  const rest = whole ? [] : [all.slice(n)];
  state.buffer = rest;
  return whole ? all : all.slice(0, n);
}

// ---- compose ----

// Takes a callback out of where it waits, and calls it.
function makeSlot() {
  let waiting = null;
  return {
    set(f) { waiting = f; },
    fire() {
      if (!waiting) return;
      const f = waiting;
      waiting = null;
      f();
    },
    clear() { waiting = null; },
  };
}

/** Streams and functions in a row, as one Duplex. */
function compose(...streams) {
  if (streams.length === 0) throw new codes.ERR_MISSING_ARGS('streams');
  if (streams.length === 1) return Duplex.from(streams[0]);
  const given = streams.slice();
  for (const i of [0, streams.length - 1]) if (typeof streams[i] === 'function') streams[i] = Duplex.from(streams[i]);
  streams.forEach((s, i) => {
    if (!isNodeStream(s) && !isWebStream(s)) return;
    if (i < streams.length - 1 && !(isReadable(s) || isReadableStream(s) || isTransformStream(s))) {
      throw new codes.ERR_INVALID_ARG_VALUE(`streams[${i}]`, given[i], 'must be readable');
    }
    if (i > 0 && !(isWritable(s) || isWritableStream(s) || isTransformStream(s))) {
      throw new codes.ERR_INVALID_ARG_VALUE(`streams[${i}]`, given[i], 'must be writable');
    }
  });

  let onclose;
  let d;
  const onfinished = (error) => {
    const callback = onclose;
    onclose = null;
    if (callback) callback(error);
    else if (error) d.destroy(error);
    else if (!readable && !writable) d.destroy();
  };
  const head = streams[0];
  const tail = require('/stream_pipeline').pipeline(...streams, onfinished);
  const writable = !!(isWritable(head) || isWritableStream(head) || isTransformStream(head));
  const readable = !!(isReadable(tail) || isReadableStream(tail) || isTransformStream(tail));
  d = new Duplex({
    writableObjectMode: !!head?.writableObjectMode, readableObjectMode: !!tail?.readableObjectMode, writable, readable,
  });
  const drain = makeSlot();
  const finish = makeSlot();
  if (writable) {
    writeThrough(d, head, drain, finish);
    eos(isTransformStream(tail) ? tail.readable : tail, () => finish.fire());
  }
  if (readable) readThrough(d, tail);
  d._destroy = function(error, callback) {
    if (!error && onclose !== null) error = new AbortError();
    drain.clear();
    finish.clear();
    if (isNodeStream(tail)) destroyer(tail, error);
    if (onclose === null) callback(error);
    else onclose = callback;
  };
  return d;
}

// What is written to `d` is written to the stream `w`; whoever writes waits for that one's 'drain', and at the end for its 'finish'.
function writeOn(d, w, drain, finish) {
  d._write = function(chunk, encoding, callback) {
    if (w.write(chunk, encoding)) callback();
    else drain.set(callback);
  };
  d._final = function(callback) {
    w.end();
    finish.set(callback);
  };
  w.on('drain', () => drain.fire());
}

// What is written to `d` goes to the head of the row.
function writeThrough(d, head, drain, finish) {
  if (isNodeStream(head)) {
    writeOn(d, head, drain, finish);
    return;
  }
  const writer = (isTransformStream(head) ? head.writable : head).getWriter();
  d._write = async function(chunk, encoding, callback) {
    try {
      await writer.ready;
      writer.write(chunk).catch(nop);
      callback();
    } catch (error) {
      callback(error);
    }
  };
  d._final = async function(callback) {
    try {
      await writer.ready;
      writer.close().catch(nop);
      finish.set(callback);
    } catch (error) {
      callback(error);
    }
  };
}

// What comes out of the tail can be read from `d`.
function readThrough(d, tail) {
  if (isNodeStream(tail)) {
    d._read = function() {
      tail.resume();
    };
    tail.on('data', (chunk) => {
      if (!d.push(chunk)) tail.pause();
    });
    tail.on('end', () => d.push(null));
    return;
  }
  const reader = (isTransformStream(tail) ? tail.readable : tail).getReader();
  d._read = async function() {
    for (;;) {
      try {
        const { value, done } = await reader.read();
        if (done) {
          d.push(null);
          return;
        }
        if (!d.push(value)) return;
      } catch {
        // The row's callback has the error.
        return;
      }
    }
  };
}

// ---- Duplex.from ----

class Duplexify extends Duplex {
  constructor(options) {
    super(options);
    // A side that is off is over.
    if (options?.readable === false) {
      this._readableState.readable = false;
      this._readableState.ended = true;
      this._readableState.endEmitted = true;
    }
    if (options?.writable === false) {
      this._writableState.writable = false;
      this._writableState.ending = true;
      this._writableState.ended = true;
      this._writableState.finished = true;
    }
  }
}

const bodies = [
  'Blob', 'ReadableStream', 'WritableStream', 'Stream', 'Iterable', 'AsyncIterable', 'Function', '{ readable, writable } pair', 'Promise',
];

function duplexify(body, name) {
  if (isDuplexNodeStream(body)) return body;
  if (isReadableNodeStream(body)) return pairUp({ readable: body });
  if (isWritableNodeStream(body)) return pairUp({ writable: body });
  if (isNodeStream(body)) return pairUp({ writable: false, readable: false });
  if (isReadableStream(body)) return pairUp({ readable: Readable.fromWeb(body) });
  if (isWritableStream(body)) return pairUp({ writable: Writable.fromWeb(body) });
  if (typeof body === 'function') return fromFunction(body, name);
  if (typeof Blob === 'function' && body instanceof Blob) return duplexify(body.arrayBuffer());
  if (isIterable(body)) return from(Duplexify, body, { objectMode: true, writable: false });
  if (isReadableStream(body?.readable) && isWritableStream(body?.writable)) return Duplexify.fromWeb(body);
  if (typeof body?.writable === 'object' || typeof body?.readable === 'object') {
    const { readable: r, writable: w } = body;
    return pairUp({
      readable: r ? (isReadableNodeStream(r) ? r : duplexify(r)) : undefined,
      writable: w ? (isWritableNodeStream(w) ? w : duplexify(w)) : undefined,
    });
  }
  const then = body?.then;
  if (typeof then === 'function') {
    let d;
    then.call(body, (value) => {
      if (value != null) d.push(value);
      d.push(null);
    }, (error) => destroyer(d, error));
    return (d = new Duplexify({ objectMode: true, writable: false, read() {} }));
  }
  throw new codes.ERR_INVALID_ARG_TYPE(name, bodies, body);
}

// An async generator function over what is written, or an async function that takes it all.
function fromFunction(body, name) {
  const { value, write, final, destroy } = callWithWrites(body);
  if (isDuplexNodeStream(value)) return value;
  if (isIterable(value)) return from(Duplexify, value, { objectMode: true, write, final, destroy });
  const then = value?.then;
  if (typeof then !== 'function') throw new codes.ERR_INVALID_RETURN_VALUE('Iterable, AsyncIterable or AsyncFunction', name, value);
  let d;
  const promise = then.call(value, (result) => {
    if (result != null) throw new codes.ERR_INVALID_RETURN_VALUE('nully', 'body', result);
  }, (error) => destroyer(d, error));
  return (d = new Duplexify({
    objectMode: true,
    readable: false,
    write,
    final(callback) {
      final(async () => {
        try {
          await promise;
          process.nextTick(callback, null);
        } catch (error) {
          process.nextTick(callback, error);
        }
      });
    },
    destroy,
  }));
}

function callWithWrites(f) {
  let { promise, resolve } = Promise.withResolvers();
  const controller = new AbortController();
  const { signal } = controller;
  const take = (item) => {
    const r = resolve;
    resolve = null;
    r(item);
  };
  async function* written() {
    for (;;) {
      const current = promise;
      promise = null;
      const { chunk, done, callback } = await current;
      process.nextTick(callback);
      if (done) return;
      if (signal.aborted) throw new AbortError(undefined, { cause: signal.reason });
      ({ promise, resolve } = Promise.withResolvers());
      yield chunk;
    }
  }
  return {
    value: f(written(), { signal }),
    write: (chunk, encoding, callback) => take({ chunk, done: false, callback }),
    final: (callback) => take({ done: true, callback }),
    destroy(error, callback) {
      controller.abort(error);
      // Whoever waits for the next write is to see the abort.
      if (resolve !== null) take({ done: true, callback: nop });
      callback(error);
    },
  };
}

/** A Duplex that writes to one stream and reads from another. */
function pairUp({ readable: source, writable: w }) {
  const r = source && typeof source.read !== 'function' ? Readable.wrap(source) : source;
  const readable = !!isReadable(r);
  const writable = !!isWritable(w);
  const drain = makeSlot();
  const finish = makeSlot();
  const more = makeSlot();
  let onclose;
  const onfinished = (error) => {
    const callback = onclose;
    onclose = null;
    if (callback) callback(error);
    else if (error) d.destroy(error);
  };
  const d = new Duplexify({ readableObjectMode: !!r?.readableObjectMode, writableObjectMode: !!w?.writableObjectMode, readable, writable });
  if (writable) {
    eos(w, (error) => {
      if (error) destroyer(r, error);
      onfinished(error);
    });
    writeOn(d, w, drain, finish);
    w.on('finish', () => finish.fire());
  }
  if (readable) {
    eos(r, (error) => {
      if (error) destroyer(w, error);
      onfinished(error);
    });
    r.on('readable', () => more.fire());
    r.on('end', () => d.push(null));
    d._read = function() {
      for (;;) {
        const chunk = r.read();
        if (chunk === null) {
          more.set(d._read);
          return;
        }
        if (!d.push(chunk)) return;
      }
    };
  }
  d._destroy = function(error, callback) {
    if (!error && onclose !== null) error = new AbortError();
    more.clear();
    drain.clear();
    finish.clear();
    if (onclose === null) {
      callback(error);
    } else {
      onclose = callback;
      destroyer(w, error);
      destroyer(r, error);
    }
  };
  return d;
}

// ---- pairs ----

const kCallback = Symbol('kCallback');
const kOther = Symbol('kOther');

class DuplexSide extends Duplex {
  constructor(options) {
    super(options);
    this[kCallback] = null;
    this[kOther] = null;
  }

  _read() {
    const callback = this[kCallback];
    if (callback) {
      this[kCallback] = null;
      callback();
    }
  }

  _write(chunk, encoding, callback) {
    if (chunk.length === 0) {
      process.nextTick(callback);
    } else {
      this[kOther].push(chunk);
      this[kOther][kCallback] = callback;
    }
  }

  _final(callback) {
    this[kOther].on('end', callback);
    this[kOther].push(null);
  }

  _destroy(error, callback) {
    const other = this[kOther];
    if (other !== null && !other.destroyed) {
      process.nextTick(() => {
        if (other.destroyed) return;
        // The other side hears of the end, not of the error.
        if (error) other.destroy();
        else other.push(null);
      });
    }
    callback(error);
  }
}

/** Two ends of one line. */
function duplexPair(options) {
  const a = new DuplexSide(options);
  const b = new DuplexSide(options);
  a[kOther] = b;
  b[kOther] = a;
  return [a, b];
}

module.exports = { asyncIterator, from, fromList, compose, duplexify, duplexPair };
