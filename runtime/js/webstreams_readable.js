// ReadableStream, its readers and the controller of streams of any chunk. Streams of bytes: `webstreams_bytes.js`.

const { codes } = require('./errors');
const { validateAbortSignal, validateObject } = require('./validators');
const u = require('/webstreams_util');
const { kState, kPrivate, kIsClosedPromise, kIsDisturbed, kIsErrored, kIsReadable, kControllerErrorFunction, deferred, nop } = u;
const w = require('/webstreams_writable');

let bytesModule;
const bytes = () => (bytesModule ??= require('/webstreams_bytes'));
const settled = (promise) => promise.then(undefined, nop);
const invalidState = (text) => new codes.ERR_INVALID_STATE.TypeError(text);

class ReadableStream {
  constructor(source = {}, strategy = {}) {
    if (source === kPrivate) return;
    if (source === null || (typeof source !== 'object' && typeof source !== 'function')) {
      throw new codes.ERR_INVALID_ARG_TYPE('source', 'Object', source);
    }
    validateStrategy(strategy);
    initStream(this);
    const type = source.type;
    if (`${type}` === 'bytes') {
      if (strategy?.size !== undefined) throw new codes.ERR_INVALID_ARG_VALUE.RangeError('strategy.size', strategy.size);
      bytes().setUpFromSource(this, source, u.extractHighWaterMark(strategy?.highWaterMark, 0));
      return;
    }
    if (type !== undefined) throw new codes.ERR_INVALID_ARG_VALUE('source.type', type);
    const size = u.extractSizeAlgorithm(strategy?.size);
    const mark = u.extractHighWaterMark(strategy?.highWaterMark, 1);
    const controller = new ReadableStreamDefaultController(kPrivate);
    const start = u.plainMethod(source, 'start', 'source.start') ?? nop;
    const pull = u.promiseMethod(source, 'pull', 'source.pull') ?? (async () => {});
    const cancel = u.promiseMethod(source, 'cancel', 'source.cancel') ?? (async () => {});
    setUpController(this, controller, () => start(controller), () => pull(controller), cancel, mark, size);
  }

  static from(iterable) {
    return fromIterable(iterable);
  }

  get locked() {
    u.checkBrand(this, 'ReadableStream');
    return isLocked(this);
  }

  cancel(reason = undefined) {
    if (!u.isBrand(this, 'ReadableStream')) return u.rejectBrand('ReadableStream');
    if (isLocked(this)) return Promise.reject(invalidState('ReadableStream is locked'));
    return streamCancel(this, reason);
  }

  getReader(options = {}) {
    u.checkBrand(this, 'ReadableStream');
    if (options === null) options = {};
    validateObject(options, 'options', 4);
    const mode = options.mode;
    if (mode === undefined) return new ReadableStreamDefaultReader(this);
    if (`${mode}` !== 'byob') throw new codes.ERR_INVALID_ARG_VALUE('options.mode', mode);
    return new (bytes().ReadableStreamBYOBReader)(this);
  }

  pipeThrough(transform, options = {}) {
    u.checkBrand(this, 'ReadableStream');
    const readable = transform?.readable;
    if (!u.isBrand(readable, 'ReadableStream')) throw new codes.ERR_INVALID_ARG_TYPE('transform.readable', 'ReadableStream', readable);
    const writable = transform?.writable;
    if (!u.isBrand(writable, 'WritableStream')) throw new codes.ERR_INVALID_ARG_TYPE('transform.writable', 'WritableStream', writable);
    const flags = pipeOptions(options);
    if (isLocked(this)) throw invalidState('The ReadableStream is locked');
    if (w.isWritableStreamLocked(writable)) throw invalidState('The WritableStream is locked');
    settled(pipe().pipeTo(this, writable, flags));
    return readable;
  }

  pipeTo(destination, options = {}) {
    try {
      u.checkBrand(this, 'ReadableStream');
      if (!u.isBrand(destination, 'WritableStream')) {
        throw new codes.ERR_INVALID_ARG_TYPE('transform.writable', 'WritableStream', destination);
      }
      const flags = pipeOptions(options);
      if (isLocked(this)) throw invalidState('The ReadableStream is locked');
      if (w.isWritableStreamLocked(destination)) throw invalidState('The WritableStream is locked');
      return pipe().pipeTo(this, destination, flags);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  tee() {
    u.checkBrand(this, 'ReadableStream');
    return u.isBrand(this[kState].controller, 'ReadableByteStreamController') ? bytes().tee(this) : pipe().tee(this, false);
  }

  values(options = {}) {
    u.checkBrand(this, 'ReadableStream');
    if (options === null) options = {};
    validateObject(options, 'options', 4);
    return pipe().iterate(this, !!options.preventCancel);
  }

  get [kIsDisturbed]() { return this[kState].disturbed; }
  get [kIsErrored]() { return this[kState].state === 'errored'; }
  get [kIsReadable]() { return this[kState].state === 'readable'; }
  get [kIsClosedPromise]() { return this[kState].closedPromise; }
  [kControllerErrorFunction](error) { this[kState].controller[kState].fail(error); }
}
Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
  __proto__: null, configurable: true, enumerable: false, writable: true, value: ReadableStream.prototype.values,
});

// Piping, forking and iterating have a module of their own.
let pipeModule;
const pipe = () => (pipeModule ??= require('/webstreams_pipe'));

function validateStrategy(strategy) {
  if (strategy != null && typeof strategy !== 'object' && typeof strategy !== 'function') {
    throw new codes.ERR_INVALID_ARG_TYPE('strategy', 'Object', strategy);
  }
}

function pipeOptions(options) {
  if (options === null) options = {};
  validateObject(options, 'options', 4);
  const { preventAbort, preventCancel, preventClose, signal } = options;
  if (signal !== undefined) validateAbortSignal(signal, 'options.signal');
  return { preventAbort: !!preventAbort, preventCancel: !!preventCancel, preventClose: !!preventClose, signal };
}

function initStream(stream) {
  stream[kState] = {
    type: 'ReadableStream', state: 'readable', disturbed: false, reader: undefined, storedError: undefined, controller: undefined,
    closedPromise: deferred(),
  };
  settled(stream[kState].closedPromise.promise);
}

function fromIterable(iterable) {
  if (iterable === null || iterable === undefined) throw new codes.ERR_ARG_NOT_ITERABLE(iterable);
  const asyncMethod = iterable[Symbol.asyncIterator];
  const method = asyncMethod ?? iterable[Symbol.iterator];
  if (typeof method !== 'function') throw new codes.ERR_ARG_NOT_ITERABLE(iterable);
  const iterator = method.call(iterable);
  if (iterator === null || typeof iterator !== 'object') throw new codes.ERR_INVALID_STATE.TypeError('The iterator method must return an object');
  const { next } = iterator;
  const stream = createReadableStream(nop, async () => {
    const result = await next.call(iterator);
    if (result === null || typeof result !== 'object') throw invalidState('The promise returned by the iterator.next() method must fulfill with an object');
    if (result.done) controllerClose(stream[kState].controller);
    else controllerEnqueue(stream[kState].controller, asyncMethod == null ? await result.value : result.value);
  }, async (reason) => {
    const f = iterator.return;
    if (f === undefined) return;
    const result = await f.call(iterator, reason);
    if (result === null || typeof result !== 'object') throw invalidState('The promise returned by the iterator.return() method must fulfill with an object');
  }, 0);
  return stream;
}

// ---- readers ----

/** What both kinds of reader begin with. */
function initReader(reader, type, stream) {
  if (!u.isBrand(stream, 'ReadableStream')) throw new codes.ERR_INVALID_ARG_TYPE('stream', 'ReadableStream', stream);
  if (isLocked(stream)) throw invalidState('ReadableStream is locked');
  const s = stream[kState];
  const closed = s.state === 'readable' ? deferred() : s.state === 'closed' ? u.resolvedDeferred() : u.rejectedDeferred(s.storedError);
  reader[kState] = { type, stream, requests: [], closed };
  settled(closed.promise);
  s.reader = reader;
}

function readerRelease(reader) {
  const r = reader[kState];
  const s = r.stream[kState];
  const error = invalidState('Releasing reader');
  if (r.closed.settled) {
    r.closed = u.rejectedDeferred(error);
  } else {
    r.closed.reject(error);
    settled(r.closed.promise);
  }
  s.controller[kState].release?.();
  s.reader = undefined;
  r.stream = undefined;
  const requests = r.requests;
  r.requests = [];
  for (const request of requests) request.fail(error);
}

/** What both kinds of reader have. */
const readerMembers = {
  closed: (type) => function() {
    return u.isBrand(this, type) ? this[kState].closed.promise : u.rejectBrand(type);
  },
  cancel: (type) => function cancel(reason = undefined) {
    if (!u.isBrand(this, type)) return u.rejectBrand(type);
    if (this[kState].stream === undefined) return Promise.reject(invalidState('The reader is not attached to a stream'));
    return streamCancel(this[kState].stream, reason);
  },
};

class ReadableStreamDefaultReader {
  constructor(stream) {
    initReader(this, 'ReadableStreamDefaultReader', stream);
  }

  get closed() { return readerMembers.closed('ReadableStreamDefaultReader').call(this); }
  cancel(reason = undefined) { return readerMembers.cancel('ReadableStreamDefaultReader').call(this, reason); }

  read() {
    if (!u.isBrand(this, 'ReadableStreamDefaultReader')) return u.rejectBrand('ReadableStreamDefaultReader');
    if (this[kState].stream === undefined) return Promise.reject(invalidState('The reader is not attached to a stream'));
    const { promise, resolve, reject } = Promise.withResolvers();
    readerRead(this, {
      chunk: (value) => resolve({ value, done: false }),
      close: () => resolve({ value: undefined, done: true }),
      fail: reject,
    });
    return promise;
  }

  releaseLock() {
    u.checkBrand(this, 'ReadableStreamDefaultReader');
    if (this[kState].stream !== undefined) readerRelease(this);
  }
}

/** Reads a chunk; the request is told `chunk`, `close` or `fail`. */
function readerRead(reader, request) {
  const { stream } = reader[kState];
  const s = stream[kState];
  s.disturbed = true;
  if (s.state === 'closed') request.close();
  else if (s.state === 'errored') request.fail(s.storedError);
  else s.controller[kState].pullSteps(request);
}

// ---- the stream ----

const isLocked = (stream) => stream[kState].reader !== undefined;
const hasDefaultReader = (stream) => u.isBrand(stream[kState].reader, 'ReadableStreamDefaultReader');

function streamCancel(stream, reason) {
  const s = stream[kState];
  s.disturbed = true;
  if (s.state === 'closed') return Promise.resolve();
  if (s.state === 'errored') return Promise.reject(s.storedError);
  streamClose(stream);
  const { reader } = s;
  if (u.isBrand(reader, 'ReadableStreamBYOBReader')) {
    const { requests } = reader[kState];
    reader[kState].requests = [];
    for (const request of requests) request.close(undefined);
  }
  return s.controller[kState].cancelSteps(reason).then(nop);
}

function streamClose(stream) {
  const s = stream[kState];
  s.state = 'closed';
  s.closedPromise.resolve();
  const { reader } = s;
  if (reader === undefined) return;
  reader[kState].closed.resolve();
  if (hasDefaultReader(stream)) {
    const { requests } = reader[kState];
    reader[kState].requests = [];
    for (const request of requests) request.close();
  }
}

function streamError(stream, error) {
  const s = stream[kState];
  s.state = 'errored';
  s.storedError = error;
  s.closedPromise.reject(error);
  const { reader } = s;
  if (reader === undefined) return;
  settled(reader[kState].closed.promise);
  reader[kState].closed.reject(error);
  const { requests } = reader[kState];
  reader[kState].requests = [];
  for (const request of requests) request.fail(error);
}

// ---- the controller ----

class ReadableStreamDefaultController {
  constructor(token) {
    u.guard(token);
  }

  get desiredSize() {
    u.checkBrand(this, 'ReadableStreamDefaultController');
    return desiredSize(this);
  }

  close() {
    u.checkBrand(this, 'ReadableStreamDefaultController');
    if (!canCloseOrEnqueue(this)) throw invalidState('Controller is already closed');
    controllerClose(this);
  }

  enqueue(chunk = undefined) {
    u.checkBrand(this, 'ReadableStreamDefaultController');
    if (!canCloseOrEnqueue(this)) throw invalidState('Controller is already closed');
    controllerEnqueue(this, chunk);
  }

  error(error = undefined) {
    u.checkBrand(this, 'ReadableStreamDefaultController');
    controllerError(this, error);
  }
}

function setUpController(stream, controller, start, pull, cancel, mark, size) {
  const c = controller[kState] = {
    type: 'ReadableStreamDefaultController', stream, started: false, closeRequested: false, pullAgain: false, pulling: false, mark, size,
    pull, cancel,
    cancelSteps(reason) {
      u.resetQueue(c);
      const result = c.cancel(reason);
      clearAlgorithms(controller);
      return result;
    },
    pullSteps(request) {
      if (c.queue.length === 0) {
        stream[kState].reader[kState].requests.push(request);
        callPullIfNeeded(controller);
        return;
      }
      const chunk = u.dequeueValue(c);
      if (c.closeRequested && c.queue.length === 0) {
        clearAlgorithms(controller);
        streamClose(stream);
      } else {
        callPullIfNeeded(controller);
      }
      request.chunk(chunk);
    },
    fail: (error) => controllerError(controller, error),
  };
  u.resetQueue(c);
  stream[kState].controller = controller;
  const result = start();
  new Promise((resolve) => resolve(result)).then(() => {
    c.started = true;
    callPullIfNeeded(controller);
  }, (error) => controllerError(controller, error));
}

function clearAlgorithms(controller) {
  const c = controller[kState];
  c.pull = c.cancel = c.size = undefined;
}

function desiredSize(controller) {
  const c = controller[kState];
  const { state } = c.stream[kState];
  return state === 'errored' ? null : state === 'closed' ? 0 : c.mark - c.queueTotalSize;
}

const canCloseOrEnqueue = (controller) =>
  !controller[kState].closeRequested && controller[kState].stream[kState].state === 'readable';

function shouldCallPull(controller) {
  const c = controller[kState];
  if (!canCloseOrEnqueue(controller) || !c.started) return false;
  const { reader } = c.stream[kState];
  if (reader !== undefined && reader[kState].requests.length > 0) return true;
  return desiredSize(controller) > 0;
}

const callPullIfNeeded = (controller) => u.pullWhileWanted(controller, shouldCallPull, controllerError);

function controllerClose(controller) {
  if (!canCloseOrEnqueue(controller)) return;
  const c = controller[kState];
  c.closeRequested = true;
  if (c.queue.length === 0) {
    clearAlgorithms(controller);
    streamClose(c.stream);
  }
}

function controllerEnqueue(controller, chunk) {
  if (!canCloseOrEnqueue(controller)) return;
  const c = controller[kState];
  const { reader } = c.stream[kState];
  if (reader !== undefined && reader[kState].requests.length > 0) {
    reader[kState].requests.shift().chunk(chunk);
  } else {
    try {
      u.enqueueValueWithSize(c, chunk, c.size(chunk));
    } catch (error) {
      controllerError(controller, error);
      throw error;
    }
  }
  callPullIfNeeded(controller);
}

function controllerError(controller, error) {
  const c = controller[kState];
  if (c.stream[kState].state !== 'readable') return;
  u.resetQueue(c);
  clearAlgorithms(controller);
  streamError(c.stream, error);
}

/** A stream for the module's own use. */
function createReadableStream(start, pull, cancel, mark = 1, size = () => 1) {
  const stream = new ReadableStream(kPrivate);
  initStream(stream);
  setUpController(stream, new ReadableStreamDefaultController(kPrivate), start, pull, cancel, mark, size);
  return stream;
}

u.finishClass(ReadableStream, ['locked', 'cancel', 'getReader', 'pipeThrough', 'pipeTo', 'tee', 'values']);
u.finishClass(ReadableStreamDefaultReader, ['closed', 'cancel', 'read', 'releaseLock']);
u.finishClass(ReadableStreamDefaultController, ['desiredSize', 'close', 'enqueue', 'error']);
u.defineInspect(ReadableStream, (s) => ({
  locked: s.locked, state: s[kState].state, supportsBYOB: u.isBrand(s[kState].controller, 'ReadableByteStreamController'),
}));
u.defineInspect(ReadableStreamDefaultReader, (r) => ({
  stream: r[kState].stream, readRequests: r[kState].requests.length, close: r[kState].closed.promise,
}));
u.defineInspect(ReadableStreamDefaultController, () => ({}));

module.exports = {
  ReadableStream, ReadableStreamDefaultReader, ReadableStreamDefaultController, createReadableStream, initStream, initReader, readerRead,
  readerRelease, readerMembers, isLocked, hasDefaultReader, streamCancel, streamClose, streamError, controllerClose, controllerEnqueue,
  controllerError, desiredSize, canCloseOrEnqueue, shouldCallPull,
};
