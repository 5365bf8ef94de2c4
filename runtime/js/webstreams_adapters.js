// Node streams as web streams, and the other way round.

const { codes, AbortError } = require('./errors');
const { validateBoolean, validateObject, validateOneOf } = require('./validators');
const { Readable, Writable, Duplex } = require('stream');
const util = require('/stream_util');
const { eos, kAtOnce, isReadable, isWritable, isWritableEnded } = util;
const { ReadableStream } = require('/webstreams_readable');
const { WritableStream } = require('/webstreams_writable');
const { CountQueuingStrategy, ByteLengthQueuingStrategy } = require('/webstreams_strategies');

const nop = () => {};
const encoder = new TextEncoder();
const destroy = util.destroyer;

// An error of a callback that runs in a promise must not become the promise's.
const escape = (f, onError) => (...args) => {
  try {
    f(...args);
  } catch (error) {
    process.nextTick(onError, error);
  }
};
const rethrow = (error) => {
  throw error;
};

// What a web stream calls a closed stream is an AbortError there.
function asWebError(error) {
  return error?.code === 'ERR_STREAM_PREMATURE_CLOSE' ? new AbortError(undefined, { cause: error }) : error;
}

/** Writes a chunk as web streams want it: text that a byte stream was given becomes bytes. */
function toBytes(chunk, encoding) {
  const name = `${encoding}`.toLowerCase();
  if (name === 'utf8' || name === 'utf-8') return encoder.encode(chunk);
  const b = Buffer.from(chunk, encoding);
  return new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
}

// ---- Writable ----

/** Writable.toWeb */
function newWritableStreamFromStreamWritable(streamWritable) {
  if (typeof streamWritable?.write !== 'function' || typeof streamWritable?.on !== 'function' || (!streamWritable._writableState && streamWritable.writable === undefined)) {
    throw new codes.ERR_INVALID_ARG_TYPE('streamWritable', 'stream.Writable', streamWritable);
  }
  if (util.isDestroyed(streamWritable) || !isWritable(streamWritable)) {
    const closed = new WritableStream();
    closed.close();
    return closed;
  }
  const mark = streamWritable.writableHighWaterMark;
  const strategy = streamWritable.writableObjectMode ? new CountQueuingStrategy({ highWaterMark: mark }) : { highWaterMark: mark };
  let controller;
  let pending;
  let closing;
  const onDrain = () => {
    pending?.resolve();
  };
  const cleanup = eos(streamWritable, (error) => {
    error = asWebError(error);
    cleanup();
    // A late error is nobody's any more.
    streamWritable.on('error', nop);
    if (error != null) {
      pending?.reject(error);
      if (closing !== undefined) {
        closing.reject(error);
        closing = undefined;
      }
      controller.error(error);
      controller = undefined;
      return;
    }
    if (closing !== undefined) {
      closing.resolve();
      closing = undefined;
      return;
    }
    controller.error(new AbortError());
    controller = undefined;
  });
  streamWritable.on('drain', onDrain);
  return new WritableStream({
    start(c) { controller = c; },
    write(chunk) {
      if (!streamWritable.writableObjectMode && chunk instanceof ArrayBuffer) chunk = new Uint8Array(chunk);
      if (!streamWritable.write(chunk) || streamWritable.writableNeedDrain) {
        pending = Promise.withResolvers();
        return pending.promise.finally(() => { pending = undefined; });
      }
      return undefined;
    },
    abort(reason) { destroy(streamWritable, reason); },
    close() {
      if (closing === undefined && !isWritableEnded(streamWritable)) {
        closing = Promise.withResolvers();
        streamWritable.end();
        return closing.promise;
      }
      controller = undefined;
      return undefined;
    },
  }, strategy);
}

/** What is written to a Node stream goes to the writer of a web stream: `write`, `writev`, `final` and how it is destroyed. */
function writerOptions(writer, stream, isClosed, options) {
  return {
    writev(chunks, callback) {
      const done = escape(callback, (error) => destroy(stream(), error));
      writer.ready.then(() => Promise.all(chunks.map((d) => writer.write(d.chunk)))).then(() => done(), done);
    },
    write(chunk, encoding, callback) {
      if (typeof chunk === 'string' && options.decodeStrings && !options.objectMode) chunk = toBytes(chunk, encoding);
      const done = escape(callback, (error) => destroy(stream(), error));
      writer.ready.then(() => writer.write(chunk)).then(() => done(), done);
    },
    final(callback) {
      if (isClosed()) return;
      const done = escape(callback, (error) => destroy(stream(), error));
      writer.close().then(() => done(), done);
    },
  };
}

/** Writable.fromWeb */
function newStreamWritableFromWritableStream(writableStream, options = {}) {
  if (!util.isWritableStream(writableStream)) throw new codes.ERR_INVALID_ARG_TYPE('writableStream', 'WritableStream', writableStream);
  validateObject(options, 'options');
  const { highWaterMark, decodeStrings = true, objectMode = false, signal } = options;
  validateBoolean(objectMode, 'options.objectMode');
  validateBoolean(decodeStrings, 'options.decodeStrings');
  const writer = writableStream.getWriter();
  let closed = false;
  const writable = new Writable({
    highWaterMark, objectMode, decodeStrings, signal,
    ...writerOptions(writer, () => writable, () => closed, { decodeStrings, objectMode }),
    destroy(error, callback) {
      const done = escape(() => callback(error), rethrow);
      if (closed) done();
      else (error != null ? writer.abort(error) : writer.close()).then(done, done);
    },
  });
  writer.closed.then(() => {
    closed = true;
    // Closed by the other side.
    if (!isWritableEnded(writable)) destroy(writable, new codes.ERR_STREAM_PREMATURE_CLOSE());
  }, (error) => {
    closed = true;
    destroy(writable, error);
  });
  return writable;
}

// ---- Readable ----

const kGuarded = Symbol('kErrorSentinelAttached');

/** Readable.toWeb */
function newReadableStreamFromStreamReadable(streamReadable, options = {}) {
  if (typeof streamReadable?._readableState !== 'object') {
    throw new codes.ERR_INVALID_ARG_TYPE('streamReadable', 'stream.Readable', streamReadable);
  }
  validateObject(options, 'options');
  if (options.type !== undefined) validateOneOf(options.type, 'options.type', ['bytes', undefined]);
  const isBytes = options.type === 'bytes';
  let controller;
  let over = false;
  let strategy;
  const source = {
    type: isBytes ? 'bytes' : undefined,
    start(c) { controller = c; },
    cancel(reason) {
      over = true;
      destroy(streamReadable, reason);
    },
  };
  const readable = isReadable(streamReadable);
  const objectMode = streamReadable.readableObjectMode;
  if (readable) {
    source.pull = () => { streamReadable.resume(); };
    const highWaterMark = streamReadable.readableHighWaterMark;
    const Strategy = objectMode ? CountQueuingStrategy : ByteLengthQueuingStrategy;
    strategy = isBytes ? { highWaterMark } : options.strategy ?? new Strategy({ highWaterMark });
  }
  const readableStream = new ReadableStream(source, strategy);
  let cleanup = nop;
  // A Duplex whose other half is open has ended all the same.
  cleanup = eos(streamReadable, { writable: false, [kAtOnce]: true }, (error) => {
    error = asWebError(error);
    cleanup();
    if (!(kGuarded in streamReadable)) {
      streamReadable.on('error', nop);
      streamReadable[kGuarded] = true;
    }
    if (over) return;
    over = true;
    if (error) {
      controller.error(error);
      return;
    }
    controller.close();
    if (isBytes) controller.byobRequest?.respond(0);
  });
  if (over) {
    cleanup();
  } else if (readable) {
    streamReadable.pause();
    streamReadable.on('data', (chunk) => {
      // A copy: what is enqueued may be transferred.
      if (Buffer.isBuffer(chunk) && !objectMode) chunk = new Uint8Array(chunk);
      controller.enqueue(chunk);
      if (controller.desiredSize <= 0) streamReadable.pause();
    });
  }
  return readableStream;
}

// `read` of a Node stream that reads from a web stream.
function readFrom(reader, stream) {
  return () => {
    reader.read().then(({ value, done }) => {
      stream().push(done ? null : value);
    }, (error) => destroy(stream(), error));
  };
}

/** Readable.fromWeb */
function newStreamReadableFromReadableStream(readableStream, options = {}) {
  if (!util.isReadableStream(readableStream)) throw new codes.ERR_INVALID_ARG_TYPE('readableStream', 'ReadableStream', readableStream);
  validateObject(options, 'options');
  const { highWaterMark, encoding, objectMode = false, signal } = options;
  if (encoding !== undefined && !Buffer.isEncoding(encoding)) throw new codes.ERR_INVALID_ARG_VALUE('options.encoding', encoding);
  validateBoolean(objectMode, 'options.objectMode');
  const reader = readableStream.getReader();
  let closed = false;
  const readable = new Readable({
    objectMode, highWaterMark, encoding, signal,
    read: readFrom(reader, () => readable),
    destroy(error, callback) {
      const done = escape(() => callback(error), rethrow);
      if (closed) done();
      else reader.cancel(error).then(done, done);
    },
  });
  reader.closed.then(() => { closed = true; }, (error) => {
    closed = true;
    destroy(readable, error);
  });
  return readable;
}

// ---- Duplex ----

/** Duplex.toWeb */
function newReadableWritablePairFromDuplex(duplex, options = {}) {
  if (typeof duplex?._writableState !== 'object' || typeof duplex?._readableState !== 'object') {
    throw new codes.ERR_INVALID_ARG_TYPE('duplex', 'stream.Duplex', duplex);
  }
  const readableOptions = { type: options.readableType ?? options.type };
  if (util.isDestroyed(duplex)) {
    const writable = new WritableStream();
    const readable = new ReadableStream({ type: readableOptions.type });
    writable.close();
    readable.cancel();
    return { readable, writable };
  }
  const writable = isWritable(duplex) ? newWritableStreamFromStreamWritable(duplex) : new WritableStream();
  if (!isWritable(duplex)) writable.close();
  const readable = isReadable(duplex) ? newReadableStreamFromStreamReadable(duplex, readableOptions) : new ReadableStream();
  if (!isReadable(duplex)) readable.cancel();
  return { writable, readable };
}

/** Duplex.fromWeb */
function newStreamDuplexFromReadableWritablePair(pair = {}, options = {}) {
  validateObject(pair, 'pair');
  const { readable: readableStream, writable: writableStream } = pair;
  if (!util.isReadableStream(readableStream)) throw new codes.ERR_INVALID_ARG_TYPE('pair.readable', 'ReadableStream', readableStream);
  if (!util.isWritableStream(writableStream)) throw new codes.ERR_INVALID_ARG_TYPE('pair.writable', 'WritableStream', writableStream);
  validateObject(options, 'options');
  const { allowHalfOpen = false, objectMode = false, encoding, decodeStrings = true, highWaterMark, signal } = options;
  validateBoolean(objectMode, 'options.objectMode');
  if (encoding !== undefined && !Buffer.isEncoding(encoding)) throw new codes.ERR_INVALID_ARG_VALUE('options.encoding', encoding);
  const writer = writableStream.getWriter();
  const reader = readableStream.getReader();
  let writableClosed = false;
  let readableClosed = false;
  const duplex = new Duplex({
    allowHalfOpen, highWaterMark, objectMode, encoding, decodeStrings, signal,
    ...writerOptions(writer, () => duplex, () => writableClosed, { decodeStrings, objectMode }),
    read: readFrom(reader, () => duplex),
    destroy(error, callback) {
      const done = escape(() => callback(error), rethrow);
      const waits = [];
      if (!writableClosed) waits.push(error != null ? writer.abort(error) : writer.close());
      if (!readableClosed) waits.push(reader.cancel(error));
      Promise.all(waits).then(done, done);
    },
  });
  writer.closed.then(() => {
    writableClosed = true;
    if (!isWritableEnded(duplex)) destroy(duplex, new codes.ERR_STREAM_PREMATURE_CLOSE());
  }, (error) => {
    writableClosed = true;
    readableClosed = true;
    destroy(duplex, error);
  });
  reader.closed.then(() => { readableClosed = true; }, (error) => {
    writableClosed = true;
    readableClosed = true;
    destroy(duplex, error);
  });
  return duplex;
}

module.exports = {
  newWritableStreamFromStreamWritable, newStreamWritableFromWritableStream, newReadableStreamFromStreamReadable,
  newStreamReadableFromReadableStream, newReadableWritablePairFromDuplex, newStreamDuplexFromReadableWritablePair,
};
