// WritableStream, its writer and its controller. Function names are the abstract operations of the Streams Standard.

const { codes } = require('./errors');
const u = require('/webstreams_util');
const { kState, kPrivate, kIsClosedPromise, kIsErrored, kIsWritable, kControllerErrorFunction, deferred, nop } = u;

// Stands in a controller's queue for the end.
const kClose = Symbol('close');

const settled = (promise) => promise.then(undefined, nop);
const setRejected = (state, name, error) => {
  state[name] = u.rejectedDeferred(error);
};
function rejectDeferred(d, error) {
  settled(d.promise);
  d.reject(error);
}

class WritableStream {
  constructor(sink = {}, strategy = {}) {
    if (sink === kPrivate) return;
    if (sink === null) sink = {};
    if (typeof sink !== 'object' && typeof sink !== 'function') throw new codes.ERR_INVALID_ARG_TYPE('sink', 'Object', sink);
    const type = sink?.type;
    if (type !== undefined) throw new codes.ERR_INVALID_ARG_VALUE.RangeError('type', type);
    initStream(this);
    const size = u.extractSizeAlgorithm(strategy?.size);
    const mark = u.extractHighWaterMark(strategy?.highWaterMark, 1);
    setUpControllerFromSink(this, sink, mark, size);
  }

  get locked() {
    u.checkBrand(this, 'WritableStream');
    return isWritableStreamLocked(this);
  }

  abort(reason = undefined) {
    if (!u.isBrand(this, 'WritableStream')) return u.rejectBrand('WritableStream');
    if (isWritableStreamLocked(this)) return Promise.reject(new codes.ERR_INVALID_STATE.TypeError('WritableStream is locked'));
    return writableStreamAbort(this, reason);
  }

  close() {
    if (!u.isBrand(this, 'WritableStream')) return u.rejectBrand('WritableStream');
    if (isWritableStreamLocked(this)) return Promise.reject(new codes.ERR_INVALID_STATE.TypeError('WritableStream is locked'));
    if (closeQueuedOrInFlight(this)) return Promise.reject(new codes.ERR_INVALID_STATE.TypeError('Failure closing WritableStream'));
    return writableStreamClose(this);
  }

  getWriter() {
    u.checkBrand(this, 'WritableStream');
    return new WritableStreamDefaultWriter(this);
  }

  get [kIsErrored]() { return this[kState]?.state === 'errored'; }
  get [kIsWritable]() { return this[kState]?.state === 'writable'; }
  get [kIsClosedPromise]() { return this[kState].closedPromise; }
  [kControllerErrorFunction](error) { controllerErrorIfNeeded(this[kState].controller, error); }
}

function initStream(stream) {
  stream[kState] = {
    type: 'WritableStream', state: 'writable', storedError: undefined, writer: undefined, controller: undefined,
    writeRequests: [], inFlightWriteRequest: undefined, closeRequest: undefined, inFlightCloseRequest: undefined,
    pendingAbortRequest: undefined, backpressure: false, closedPromise: deferred(),
  };
  settled(stream[kState].closedPromise.promise);
}

class WritableStreamDefaultWriter {
  constructor(stream) {
    if (!u.isBrand(stream, 'WritableStream')) throw new codes.ERR_INVALID_ARG_TYPE('stream', 'WritableStream', stream);
    if (isWritableStreamLocked(stream)) throw new codes.ERR_INVALID_STATE.TypeError('WritableStream is locked');
    const s = stream[kState];
    const w = this[kState] = { type: 'WritableStreamDefaultWriter', stream, ready: undefined, closed: undefined };
    s.writer = this;
    if (s.state === 'writable') {
      w.ready = !closeQueuedOrInFlight(stream) && s.backpressure ? deferred() : u.resolvedDeferred();
      w.closed = deferred();
    } else if (s.state === 'erroring') {
      w.ready = u.rejectedDeferred(s.storedError);
      w.closed = deferred();
    } else if (s.state === 'closed') {
      w.ready = u.resolvedDeferred();
      w.closed = u.resolvedDeferred();
    } else {
      w.ready = u.rejectedDeferred(s.storedError);
      w.closed = u.rejectedDeferred(s.storedError);
    }
    settled(w.closed.promise);
  }

  get closed() {
    if (!u.isBrand(this, 'WritableStreamDefaultWriter')) return u.rejectBrand('WritableStreamDefaultWriter');
    return this[kState].closed.promise;
  }

  get desiredSize() {
    u.checkBrand(this, 'WritableStreamDefaultWriter');
    if (this[kState].stream === undefined) throw new codes.ERR_INVALID_STATE.TypeError('Writer is not bound to a WritableStream');
    return writerDesiredSize(this);
  }

  get ready() {
    if (!u.isBrand(this, 'WritableStreamDefaultWriter')) return u.rejectBrand('WritableStreamDefaultWriter');
    return this[kState].ready.promise;
  }

  abort(reason = undefined) {
    if (!u.isBrand(this, 'WritableStreamDefaultWriter')) return u.rejectBrand('WritableStreamDefaultWriter');
    const { stream } = this[kState];
    if (stream === undefined) return unbound();
    return writableStreamAbort(stream, reason);
  }

  close() {
    if (!u.isBrand(this, 'WritableStreamDefaultWriter')) return u.rejectBrand('WritableStreamDefaultWriter');
    const { stream } = this[kState];
    if (stream === undefined) return unbound();
    if (closeQueuedOrInFlight(stream)) return Promise.reject(new codes.ERR_INVALID_STATE.TypeError('Failure to close WritableStream'));
    return writableStreamClose(stream);
  }

  releaseLock() {
    u.checkBrand(this, 'WritableStreamDefaultWriter');
    if (this[kState].stream !== undefined) writerRelease(this);
  }

  write(chunk = undefined) {
    if (!u.isBrand(this, 'WritableStreamDefaultWriter')) return u.rejectBrand('WritableStreamDefaultWriter');
    if (this[kState].stream === undefined) return unbound();
    return writerWrite(this, chunk);
  }
}

const unbound = () => Promise.reject(new codes.ERR_INVALID_STATE.TypeError('Writer is not bound to a WritableStream'));

class WritableStreamDefaultController {
  constructor(token) {
    u.guard(token);
  }

  get signal() {
    u.checkBrand(this, 'WritableStreamDefaultController');
    return this[kState].abortController.signal;
  }

  error(error = undefined) {
    u.checkBrand(this, 'WritableStreamDefaultController');
    if (this[kState].stream[kState].state === 'writable') controllerError(this, error);
  }
}

// ---- the stream ----

const isWritableStreamLocked = (stream) => stream[kState].writer !== undefined;

function closeQueuedOrInFlight(stream) {
  return stream[kState].closeRequest !== undefined || stream[kState].inFlightCloseRequest !== undefined;
}

function writableStreamAbort(stream, reason) {
  const s = stream[kState];
  if (s.state === 'closed' || s.state === 'errored') return Promise.resolve();
  s.controller[kState].abortController.abort(reason);
  if (s.state === 'closed' || s.state === 'errored') return Promise.resolve();
  if (s.pendingAbortRequest !== undefined) return s.pendingAbortRequest.deferred.promise;
  const wasErroring = s.state === 'erroring';
  if (wasErroring) reason = undefined;
  const d = deferred();
  s.pendingAbortRequest = { deferred: d, reason, wasAlreadyErroring: wasErroring };
  if (!wasErroring) startErroring(stream, reason);
  return d.promise;
}

function writableStreamClose(stream) {
  const s = stream[kState];
  if (s.state === 'closed' || s.state === 'errored') {
    return Promise.reject(new codes.ERR_INVALID_STATE.TypeError('WritableStream is closed'));
  }
  const { promise } = s.closeRequest = deferred();
  if (s.writer !== undefined && s.backpressure && s.state === 'writable') s.writer[kState].ready.resolve();
  u.enqueueValueWithSize(s.controller[kState], kClose, 0);
  advanceQueue(s.controller);
  return promise;
}

function addWriteRequest(stream) {
  const d = deferred();
  stream[kState].writeRequests.push(d);
  return d.promise;
}

function dealWithRejection(stream, error) {
  if (stream[kState].state === 'writable') startErroring(stream, error);
  else finishErroring(stream);
}

function startErroring(stream, reason) {
  const s = stream[kState];
  s.state = 'erroring';
  s.storedError = reason;
  if (s.writer !== undefined) ensureReadyRejected(s.writer, reason);
  if (s.inFlightWriteRequest === undefined && s.inFlightCloseRequest === undefined && s.controller[kState].started) finishErroring(stream);
}

function finishErroring(stream) {
  const s = stream[kState];
  if (s.state !== 'erroring') return;
  s.state = 'errored';
  u.resetQueue(s.controller[kState]);
  for (const request of s.writeRequests) rejectDeferred(request, s.storedError);
  s.writeRequests = [];
  const abort = s.pendingAbortRequest;
  if (abort === undefined) {
    rejectCloseAndClosed(stream);
    return;
  }
  s.pendingAbortRequest = undefined;
  if (abort.wasAlreadyErroring) {
    abort.deferred.reject(s.storedError);
    rejectCloseAndClosed(stream);
    return;
  }
  abortSteps(s.controller, abort.reason).then(() => {
    abort.deferred.resolve();
    rejectCloseAndClosed(stream);
  }, (error) => {
    abort.deferred.reject(error);
    rejectCloseAndClosed(stream);
  });
}

function rejectCloseAndClosed(stream) {
  const s = stream[kState];
  if (s.closeRequest !== undefined) {
    s.closeRequest.reject(s.storedError);
    s.closeRequest = undefined;
  }
  s.closedPromise.reject(s.storedError);
  if (s.writer !== undefined) rejectDeferred(s.writer[kState].closed, s.storedError);
}

function updateBackpressure(stream, backpressure) {
  const s = stream[kState];
  if (s.writer !== undefined && s.backpressure !== backpressure) {
    if (backpressure) s.writer[kState].ready = deferred();
    else s.writer[kState].ready.resolve();
  }
  s.backpressure = backpressure;
}

// ---- the writer ----

function ensureReadyRejected(writer, error) {
  const w = writer[kState];
  if (w.ready.settled) setRejected(w, 'ready', error);
  else rejectDeferred(w.ready, error);
}

function ensureClosedRejected(writer, error) {
  const w = writer[kState];
  if (w.closed.settled) setRejected(w, 'closed', error);
  else rejectDeferred(w.closed, error);
}

function writerRelease(writer) {
  const w = writer[kState];
  const error = new codes.ERR_INVALID_STATE.TypeError('Writer has been released');
  ensureReadyRejected(writer, error);
  ensureClosedRejected(writer, error);
  w.stream[kState].writer = undefined;
  w.stream = undefined;
}

function writerDesiredSize(writer) {
  const s = writer[kState].stream[kState];
  if (s.state === 'errored' || s.state === 'erroring') return null;
  return s.state === 'closed' ? 0 : controllerDesiredSize(s.controller);
}

function writerWrite(writer, chunk) {
  const { stream } = writer[kState];
  const s = stream[kState];
  const size = chunkSize(s.controller, chunk);
  // Computing the size may have released or failed us.
  if (stream !== writer[kState].stream) return Promise.reject(new codes.ERR_INVALID_STATE.TypeError('Mismatched WritableStreams'));
  if (s.state === 'errored') return Promise.reject(s.storedError);
  if (closeQueuedOrInFlight(stream) || s.state === 'closed') {
    return Promise.reject(new codes.ERR_INVALID_STATE.TypeError('WritableStream is closed'));
  }
  if (s.state === 'erroring') return Promise.reject(s.storedError);
  const promise = addWriteRequest(stream);
  controllerWrite(s.controller, chunk, size);
  return promise;
}

function writerCloseWithErrorPropagation(writer) {
  const { stream } = writer[kState];
  const s = stream[kState];
  if (closeQueuedOrInFlight(stream) || s.state === 'closed') return Promise.resolve();
  return s.state === 'errored' ? Promise.reject(s.storedError) : writableStreamClose(stream);
}

// ---- the controller ----

function setUpController(stream, controller, start, write, close, abort, mark, size) {
  const c = controller[kState] = {
    type: 'WritableStreamDefaultController', stream, started: false, abortController: new AbortController(), mark, size, write, close, abort,
  };
  u.resetQueue(c);
  stream[kState].controller = controller;
  updateBackpressure(stream, controllerBackpressure(controller));
  const result = start();
  new Promise((resolve) => resolve(result)).then(() => {
    c.started = true;
    advanceQueue(controller);
  }, (error) => {
    c.started = true;
    dealWithRejection(stream, error);
  });
}

function setUpControllerFromSink(stream, sink, mark, size) {
  const controller = new WritableStreamDefaultController(kPrivate);
  const start = u.plainMethod(sink, 'start', 'sink.start') ?? nop;
  const write = u.promiseMethod(sink, 'write', 'sink.write') ?? (async () => {});
  const close = u.promiseMethod(sink, 'close', 'sink.close') ?? (async () => {});
  const abort = u.promiseMethod(sink, 'abort', 'sink.abort') ?? (async () => {});
  setUpController(stream, controller, () => start(controller), write, close, abort, mark, size);
}

const controllerDesiredSize = (controller) => controller[kState].mark - controller[kState].queueTotalSize;
const controllerBackpressure = (controller) => controllerDesiredSize(controller) <= 0;

function clearAlgorithms(controller) {
  const c = controller[kState];
  c.write = c.close = c.abort = c.size = undefined;
}

function abortSteps(controller, reason) {
  const result = controller[kState].abort?.(reason) ?? Promise.resolve();
  clearAlgorithms(controller);
  return result;
}

function chunkSize(controller, chunk) {
  const { size } = controller[kState];
  if (size === undefined) return 1;
  try {
    return size(chunk);
  } catch (error) {
    controllerErrorIfNeeded(controller, error);
    return 1;
  }
}

function controllerErrorIfNeeded(controller, error) {
  if (controller[kState].stream[kState].state === 'writable') controllerError(controller, error);
}

function controllerError(controller, error) {
  const { stream } = controller[kState];
  clearAlgorithms(controller);
  startErroring(stream, error);
}

function controllerWrite(controller, chunk, size) {
  const c = controller[kState];
  try {
    u.enqueueValueWithSize(c, chunk, size);
  } catch (error) {
    controllerErrorIfNeeded(controller, error);
    return;
  }
  if (!closeQueuedOrInFlight(c.stream) && c.stream[kState].state === 'writable') {
    updateBackpressure(c.stream, controllerBackpressure(controller));
  }
  advanceQueue(controller);
}

function advanceQueue(controller) {
  const c = controller[kState];
  const s = c.stream[kState];
  if (!c.started || s.inFlightWriteRequest !== undefined) return;
  if (s.state === 'erroring') {
    finishErroring(c.stream);
    return;
  }
  if (c.queue.length === 0) return;
  const value = u.peekQueueValue(c);
  if (value === kClose) processClose(controller);
  else processWrite(controller, value);
}

function processClose(controller) {
  const c = controller[kState];
  const { stream } = c;
  const s = stream[kState];
  s.inFlightCloseRequest = s.closeRequest;
  s.closeRequest = undefined;
  u.dequeueValue(c);
  const promise = c.close();
  clearAlgorithms(controller);
  promise.then(() => {
    s.inFlightCloseRequest.resolve();
    s.inFlightCloseRequest = undefined;
    if (s.state === 'erroring') {
      // It came to a good end after all.
      s.storedError = undefined;
      if (s.pendingAbortRequest !== undefined) {
        s.pendingAbortRequest.deferred.resolve();
        s.pendingAbortRequest = undefined;
      }
    }
    s.state = 'closed';
    s.writer?.[kState].closed.resolve();
    s.closedPromise.resolve();
  }, (error) => {
    s.inFlightCloseRequest.reject(error);
    s.inFlightCloseRequest = undefined;
    if (s.pendingAbortRequest !== undefined) {
      s.pendingAbortRequest.deferred.reject(error);
      s.pendingAbortRequest = undefined;
    }
    dealWithRejection(stream, error);
  });
}

function processWrite(controller, chunk) {
  const c = controller[kState];
  const { stream } = c;
  const s = stream[kState];
  s.inFlightWriteRequest = s.writeRequests.shift();
  c.write(chunk, controller).then(() => {
    s.inFlightWriteRequest.resolve();
    s.inFlightWriteRequest = undefined;
    const { state } = s;
    u.dequeueValue(c);
    if (!closeQueuedOrInFlight(stream) && state === 'writable') updateBackpressure(stream, controllerBackpressure(controller));
    advanceQueue(controller);
  }, (error) => {
    if (s.state === 'writable') clearAlgorithms(controller);
    s.inFlightWriteRequest.reject(error);
    s.inFlightWriteRequest = undefined;
    dealWithRejection(stream, error);
  });
}

/** A stream for the module's own use (the writable side of a TransformStream). */
function createWritableStream(start, write, close, abort, mark = 1, size = () => 1) {
  const stream = new WritableStream(kPrivate);
  initStream(stream);
  setUpController(stream, new WritableStreamDefaultController(kPrivate), start, write, close, abort, mark, size);
  return stream;
}

u.finishClass(WritableStream, ['locked', 'abort', 'close', 'getWriter']);
u.finishClass(WritableStreamDefaultWriter, ['closed', 'desiredSize', 'ready', 'abort', 'close', 'releaseLock', 'write']);
u.finishClass(WritableStreamDefaultController, ['signal', 'error']);
u.defineInspect(WritableStream, (s) => ({ locked: s.locked, state: s[kState].state }));
u.defineInspect(WritableStreamDefaultWriter, (w) => ({ stream: w[kState].stream, close: w[kState].closed.promise, ready: w[kState].ready.promise, desiredSize: w[kState].stream && writerDesiredSize(w) }));
u.defineInspect(WritableStreamDefaultController, (c) => ({ stream: c[kState].stream }));

module.exports = {
  WritableStream, WritableStreamDefaultWriter, WritableStreamDefaultController, createWritableStream, isWritableStreamLocked,
  closeQueuedOrInFlight, writableStreamAbort, writerDesiredSize, writerRelease, writerWrite, writerCloseWithErrorPropagation,
  controllerErrorIfNeeded,
};
