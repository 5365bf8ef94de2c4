// Streams of bytes: their controller, "bring your own buffer" readers and requests.

const { codes } = require('./errors');
const u = require('/webstreams_util');
const { kState, kPrivate, nop } = u;
const rs = require('/webstreams_readable');

const invalidState = (text) => new codes.ERR_INVALID_STATE.TypeError(text);
const isView = (v) => ArrayBuffer.isView(v);

class ReadableStreamBYOBReader {
  constructor(stream) {
    if (!u.isBrand(stream, 'ReadableStream')) throw new codes.ERR_INVALID_ARG_TYPE('stream', 'ReadableStream', stream);
    if (!u.isBrand(stream[kState].controller, 'ReadableByteStreamController')) {
      throw new codes.ERR_INVALID_ARG_VALUE('stream', stream, 'must be a byte stream');
    }
    rs.initReader(this, 'ReadableStreamBYOBReader', stream);
  }

  get closed() { return rs.readerMembers.closed('ReadableStreamBYOBReader').call(this); }
  cancel(reason = undefined) { return rs.readerMembers.cancel('ReadableStreamBYOBReader').call(this, reason); }

  async read(view, options = {}) {
    u.checkBrand(this, 'ReadableStreamBYOBReader');
    if (!isView(view)) throw new codes.ERR_INVALID_ARG_TYPE('view', ['Buffer', 'TypedArray', 'DataView'], view);
    if (view.byteLength === 0 || view.buffer.byteLength === 0) throw invalidState('View or Viewed ArrayBuffer is zero-length or detached');
    const min = options?.min === undefined ? 1 : Number(options.min);
    if (!Number.isInteger(min) || min < 1) throw new codes.ERR_INVALID_ARG_VALUE('options.min', options?.min, 'must be greater than 0');
    if (min > (view.length ?? view.byteLength)) throw new codes.ERR_OUT_OF_RANGE('options.min', `<= ${view.length ?? view.byteLength}`, min);
    const { stream } = this[kState];
    if (stream === undefined) throw invalidState('The reader is not attached to a stream');
    const { promise, resolve, reject } = Promise.withResolvers();
    byobRead(this, view, min, {
      chunk: (value) => resolve({ value, done: false }),
      close: (value) => resolve({ value, done: true }),
      fail: reject,
    });
    return promise;
  }

  releaseLock() {
    u.checkBrand(this, 'ReadableStreamBYOBReader');
    if (this[kState].stream !== undefined) rs.readerRelease(this);
  }
}

function byobRead(reader, view, min, request) {
  const { stream } = reader[kState];
  const s = stream[kState];
  s.disturbed = true;
  if (s.state === 'errored') request.fail(s.storedError);
  else pullInto(s.controller, view, min, request);
}

class ReadableStreamBYOBRequest {
  constructor(token) {
    u.guard(token);
  }

  get view() {
    u.checkBrand(this, 'ReadableStreamBYOBRequest');
    return this[kState].view;
  }

  respond(bytesWritten) {
    u.checkBrand(this, 'ReadableStreamBYOBRequest');
    const { view, controller } = this[kState];
    if (controller === undefined) throw invalidState('This BYOB request has been invalidated');
    if (view.buffer.byteLength === 0) throw invalidState('Viewed ArrayBuffer is detached');
    respond(controller, bytesWritten);
  }

  respondWithNewView(view) {
    u.checkBrand(this, 'ReadableStreamBYOBRequest');
    const { controller } = this[kState];
    if (controller === undefined) throw invalidState('This BYOB request has been invalidated');
    if (!isView(view)) throw new codes.ERR_INVALID_ARG_TYPE('view', ['Buffer', 'TypedArray', 'DataView'], view);
    respondWithNewView(controller, view);
  }
}

class ReadableByteStreamController {
  constructor(token) {
    u.guard(token);
  }

  get byobRequest() {
    u.checkBrand(this, 'ReadableByteStreamController');
    return byobRequest(this);
  }

  get desiredSize() {
    u.checkBrand(this, 'ReadableByteStreamController');
    return rs.desiredSize(this);
  }

  close() {
    u.checkBrand(this, 'ReadableByteStreamController');
    if (this[kState].closeRequested) throw invalidState('Controller is already closed');
    if (this[kState].stream[kState].state !== 'readable') throw invalidState('ReadableStream is already closed');
    close(this);
  }

  enqueue(chunk) {
    u.checkBrand(this, 'ReadableByteStreamController');
    if (!isView(chunk)) throw new codes.ERR_INVALID_ARG_TYPE('buffer', ['Buffer', 'TypedArray', 'DataView'], chunk);
    if (chunk.byteLength === 0 || chunk.buffer.byteLength === 0) throw invalidState('chunk ArrayBuffer is zero-length or detached');
    if (this[kState].closeRequested) throw invalidState('Controller is already closed');
    if (this[kState].stream[kState].state !== 'readable') throw invalidState('ReadableStream is already closed');
    enqueue(this, chunk);
  }

  error(error = undefined) {
    u.checkBrand(this, 'ReadableByteStreamController');
    fail(this, error);
  }
}

function setUpFromSource(stream, source, mark) {
  const controller = new ReadableByteStreamController(kPrivate);
  const start = u.plainMethod(source, 'start', 'source.start') ?? nop;
  const pull = u.promiseMethod(source, 'pull', 'source.pull') ?? (async () => {});
  const cancel = u.promiseMethod(source, 'cancel', 'source.cancel') ?? (async () => {});
  const size = source?.autoAllocateChunkSize;
  if (size !== undefined && (!Number.isInteger(size) || size <= 0)) {
    throw new codes.ERR_INVALID_ARG_VALUE('source.autoAllocateChunkSize', size);
  }
  setUp(stream, controller, () => start(controller), () => pull(controller), cancel, mark, size);
}

function setUp(stream, controller, start, pull, cancel, mark, autoAllocateChunkSize) {
  const c = controller[kState] = {
    type: 'ReadableByteStreamController', stream, started: false, closeRequested: false, pullAgain: false, pulling: false, mark, pull, cancel,
    autoAllocateChunkSize, pendingPullIntos: [], byobRequest: null,
    cancelSteps(reason) {
      clearPendingPullIntos(controller);
      u.resetQueue(c);
      const result = c.cancel(reason);
      clearAlgorithms(controller);
      return result;
    },
    pullSteps(request) {
      if (c.queueTotalSize > 0) {
        request.chunk(takeFirst(controller));
        return;
      }
      if (c.autoAllocateChunkSize !== undefined) {
        const n = c.autoAllocateChunkSize;
        c.pendingPullIntos.push({
          buffer: new ArrayBuffer(n), bufferByteLength: n, byteOffset: 0, byteLength: n, bytesFilled: 0, minimumFill: 1, elementSize: 1,
          View: Uint8Array, reader: 'default',
        });
      }
      stream[kState].reader[kState].requests.push(request);
      callPullIfNeeded(controller);
    },
    release() {
      if (c.pendingPullIntos.length > 0) {
        c.pendingPullIntos = [{ ...c.pendingPullIntos[0], reader: 'none' }];
      }
    },
    fail: (error) => fail(controller, error),
  };
  u.resetQueue(c);
  stream[kState].controller = controller;
  const result = start();
  new Promise((resolve) => resolve(result)).then(() => {
    c.started = true;
    callPullIfNeeded(controller);
  }, (error) => fail(controller, error));
}

function clearAlgorithms(controller) {
  controller[kState].pull = controller[kState].cancel = undefined;
}

function takeFirst(controller) {
  const c = controller[kState];
  const { buffer, byteOffset, byteLength } = c.queue.shift();
  c.queueTotalSize -= byteLength;
  handleQueueDrain(controller);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function handleQueueDrain(controller) {
  const c = controller[kState];
  if (c.queueTotalSize === 0 && c.closeRequested) {
    clearAlgorithms(controller);
    rs.streamClose(c.stream);
  } else {
    callPullIfNeeded(controller);
  }
}

function shouldCallPull(controller) {
  const c = controller[kState];
  const s = c.stream[kState];
  if (s.state !== 'readable' || c.closeRequested || !c.started) return false;
  if (s.reader !== undefined && s.reader[kState].requests.length > 0) return true;
  return rs.desiredSize(controller) > 0;
}

const callPullIfNeeded = (controller) => u.pullWhileWanted(controller, shouldCallPull, fail);

function fail(controller, error) {
  const c = controller[kState];
  if (c.stream[kState].state !== 'readable') return;
  clearPendingPullIntos(controller);
  u.resetQueue(c);
  clearAlgorithms(controller);
  rs.streamError(c.stream, error);
}

function close(controller) {
  const c = controller[kState];
  if (c.closeRequested || c.stream[kState].state !== 'readable') return;
  if (c.queueTotalSize > 0) {
    c.closeRequested = true;
    return;
  }
  const first = c.pendingPullIntos[0];
  if (first !== undefined && first.bytesFilled % first.elementSize !== 0) {
    const error = invalidState('Partial read');
    fail(controller, error);
    throw error;
  }
  clearAlgorithms(controller);
  rs.streamClose(c.stream);
}

function invalidateRequest(controller) {
  const c = controller[kState];
  if (c.byobRequest === null) return;
  c.byobRequest[kState].controller = undefined;
  c.byobRequest[kState].view = null;
  c.byobRequest = null;
}

function clearPendingPullIntos(controller) {
  invalidateRequest(controller);
  controller[kState].pendingPullIntos = [];
}

function byobRequest(controller) {
  const c = controller[kState];
  const first = c.pendingPullIntos[0];
  if (c.byobRequest === null && first !== undefined) {
    const request = new ReadableStreamBYOBRequest(kPrivate);
    const view = new Uint8Array(first.buffer, first.byteOffset + first.bytesFilled, first.byteLength - first.bytesFilled);
    request[kState] = { type: 'ReadableStreamBYOBRequest', controller, view };
    c.byobRequest = request;
  }
  return c.byobRequest;
}

function push(controller, buffer, byteOffset, byteLength) {
  const c = controller[kState];
  c.queue.push({ buffer, byteOffset, byteLength });
  c.queueTotalSize += byteLength;
}

function enqueue(controller, chunk) {
  const c = controller[kState];
  if (c.closeRequested || c.stream[kState].state !== 'readable') return;
  const { byteOffset, byteLength } = chunk;
  const buffer = u.transfer(chunk.buffer);
  const first = c.pendingPullIntos[0];
  if (first !== undefined) {
    invalidateRequest(controller);
    first.buffer = u.transfer(first.buffer);
    if (first.reader === 'none') shiftDetached(controller, first);
  }
  const { reader } = c.stream[kState];
  if (u.isBrand(reader, 'ReadableStreamDefaultReader')) {
    // Requests that waited get what is queued first.
    while (reader[kState].requests.length > 0 && c.queueTotalSize > 0) {
      const request = reader[kState].requests.shift();
      request.chunk(takeFirst(controller));
    }
    if (reader[kState].requests.length === 0) {
      push(controller, buffer, byteOffset, byteLength);
    } else {
      if (c.pendingPullIntos.length > 0) c.pendingPullIntos.shift();
      reader[kState].requests.shift().chunk(new Uint8Array(buffer, byteOffset, byteLength));
    }
  } else if (u.isBrand(reader, 'ReadableStreamBYOBReader')) {
    push(controller, buffer, byteOffset, byteLength);
    processPullIntos(controller);
  } else {
    push(controller, buffer, byteOffset, byteLength);
  }
  callPullIfNeeded(controller);
}

// What a released reader had begun to fill goes into the queue.
function shiftDetached(controller, first) {
  if (first.bytesFilled > 0) {
    push(controller, u.cloneBytes(first.buffer, first.byteOffset, first.bytesFilled), 0, first.bytesFilled);
  }
  controller[kState].pendingPullIntos.shift();
}

const converted = (d) => new d.View(u.transfer(d.buffer), d.byteOffset, d.bytesFilled / d.elementSize);

function commit(stream, d) {
  const done = stream[kState].state === 'closed';
  const view = converted(d);
  const request = stream[kState].reader[kState].requests.shift();
  if (done) d.reader === 'default' ? request.close() : request.close(view);
  else request.chunk(view);
}

// Fills a descriptor from the queue; whether it is full enough.
function fill(controller, d) {
  const c = controller[kState];
  const max = Math.min(c.queueTotalSize, d.byteLength - d.bytesFilled);
  const total = d.bytesFilled + max;
  const aligned = total - (total % d.elementSize);
  const ready = aligned >= d.minimumFill;
  let left = ready ? aligned - d.bytesFilled : max;
  while (left > 0) {
    const head = c.queue[0];
    const n = Math.min(left, head.byteLength);
    new Uint8Array(d.buffer, d.byteOffset + d.bytesFilled, n).set(new Uint8Array(head.buffer, head.byteOffset, n));
    if (head.byteLength === n) {
      c.queue.shift();
    } else {
      head.byteOffset += n;
      head.byteLength -= n;
    }
    c.queueTotalSize -= n;
    d.bytesFilled += n;
    left -= n;
  }
  return ready;
}

function processPullIntos(controller) {
  const c = controller[kState];
  while (c.pendingPullIntos.length > 0 && c.queueTotalSize > 0) {
    const d = c.pendingPullIntos[0];
    if (!fill(controller, d)) return;
    c.pendingPullIntos.shift();
    commit(c.stream, d);
  }
}

function pullInto(controller, view, min, request) {
  const c = controller[kState];
  const elementSize = view.BYTES_PER_ELEMENT ?? 1;
  const View = view.constructor === DataView ? DataView : globalThis[Object.prototype.toString.call(view).slice(8, -1)] ?? Uint8Array;
  const { byteOffset, byteLength } = view;
  let buffer;
  try {
    buffer = u.transfer(view.buffer);
  } catch (error) {
    request.fail(error);
    return;
  }
  const d = {
    buffer, bufferByteLength: buffer.byteLength, byteOffset, byteLength, bytesFilled: 0, minimumFill: min * elementSize, elementSize, View,
    reader: 'byob',
  };
  const { requests } = c.stream[kState].reader[kState];
  if (c.pendingPullIntos.length > 0) {
    c.pendingPullIntos.push(d);
    requests.push(request);
    return;
  }
  if (c.stream[kState].state === 'closed') {
    request.close(new View(buffer, byteOffset, 0));
    return;
  }
  if (c.queueTotalSize > 0) {
    if (fill(controller, d)) {
      const filled = converted(d);
      handleQueueDrain(controller);
      request.chunk(filled);
      return;
    }
    if (c.closeRequested) {
      const error = invalidState('ReadableStream closed');
      fail(controller, error);
      request.fail(error);
      return;
    }
  }
  c.pendingPullIntos.push(d);
  requests.push(request);
  callPullIfNeeded(controller);
}

function respond(controller, bytesWritten) {
  const c = controller[kState];
  const d = c.pendingPullIntos[0];
  bytesWritten = Number(bytesWritten);
  if (!Number.isInteger(bytesWritten) || bytesWritten < 0) throw new codes.ERR_INVALID_ARG_VALUE('bytesWritten', bytesWritten);
  if (c.stream[kState].state === 'closed') {
    if (bytesWritten !== 0) throw invalidState('Controller is closed');
  } else {
    if (bytesWritten === 0) throw invalidState('bytesWritten must be greater than 0');
    if (d.bytesFilled + bytesWritten > d.byteLength) throw new codes.ERR_INVALID_ARG_VALUE.RangeError('bytesWritten', bytesWritten);
  }
  d.buffer = u.transfer(d.buffer);
  respondInternal(controller, bytesWritten);
}

function respondInternal(controller, bytesWritten) {
  const c = controller[kState];
  const d = c.pendingPullIntos[0];
  invalidateRequest(controller);
  if (c.stream[kState].state === 'closed') {
    if (d.reader === 'none') c.pendingPullIntos.shift();
    const { reader } = c.stream[kState];
    if (u.isBrand(reader, 'ReadableStreamBYOBReader')) {
      while (reader[kState].requests.length > 0) commit(c.stream, c.pendingPullIntos.shift());
    }
    callPullIfNeeded(controller);
    return;
  }
  d.bytesFilled += bytesWritten;
  if (d.reader === 'none') {
    shiftDetached(controller, d);
    processPullIntos(controller);
    callPullIfNeeded(controller);
    return;
  }
  if (d.bytesFilled >= d.minimumFill) {
    c.pendingPullIntos.shift();
    const rest = d.bytesFilled % d.elementSize;
    if (rest > 0) {
      const end = d.byteOffset + d.bytesFilled;
      push(controller, u.cloneBytes(d.buffer, end - rest, rest), 0, rest);
    }
    d.bytesFilled -= rest;
    commit(c.stream, d);
    processPullIntos(controller);
  }
  callPullIfNeeded(controller);
}

function respondWithNewView(controller, view) {
  const c = controller[kState];
  const d = c.pendingPullIntos[0];
  const { byteLength, byteOffset } = view;
  if (c.stream[kState].state === 'closed') {
    if (byteLength !== 0) throw invalidState('View is not zero-length');
  } else if (byteLength === 0) {
    throw invalidState('View is zero-length');
  }
  if (d.byteOffset + d.bytesFilled !== byteOffset) throw new codes.ERR_INVALID_ARG_VALUE.RangeError('view', view);
  if (d.bufferByteLength !== view.buffer.byteLength) throw new codes.ERR_INVALID_ARG_VALUE.RangeError('view', view);
  if (d.bytesFilled + byteLength > d.byteLength) throw new codes.ERR_INVALID_ARG_VALUE.RangeError('view', view);
  d.buffer = u.transfer(view.buffer);
  respondInternal(controller, byteLength);
}

/** ReadableByteStreamTee, by chunks: each branch is a byte stream that gets a copy. */
function tee(stream) {
  const { ReadableStream, ReadableStreamDefaultReader, readerRead, streamCancel } = rs;
  const reader = new ReadableStreamDefaultReader(stream);
  const canceled = [false, false];
  const reasons = [undefined, undefined];
  const cancelPromise = Promise.withResolvers();
  const controllers = [];
  let reading = false;
  let again = false;
  const pull = async () => {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    readerRead(reader, {
      chunk(value) {
        queueMicrotask(() => {
          again = false;
          const second = value.slice();
          if (!canceled[0]) enqueue(controllers[0], value);
          if (!canceled[1]) enqueue(controllers[1], second);
          reading = false;
          if (again) pull();
        });
      },
      close() {
        reading = false;
        controllers.forEach((c, i) => {
          if (canceled[i]) return;
          close(c);
          if (c[kState].pendingPullIntos.length > 0) respond(c, 0);
        });
        if (!canceled[0] || !canceled[1]) cancelPromise.resolve();
      },
      fail() {
        reading = false;
      },
    });
  };
  const branch = (i) => new ReadableStream({
    type: 'bytes',
    start(c) { controllers[i] = c; },
    pull,
    cancel(reason) {
      canceled[i] = true;
      reasons[i] = reason;
      if (canceled[1 - i]) cancelPromise.resolve(streamCancel(stream, reasons));
      return cancelPromise.promise;
    },
  });
  const branches = [branch(0), branch(1)];
  reader[kState].closed.promise.then(undefined, (error) => {
    controllers.forEach((c) => fail(c, error));
    if (!canceled[0] || !canceled[1]) cancelPromise.resolve();
  });
  return branches;
}

u.finishClass(ReadableStreamBYOBReader, ['closed', 'cancel', 'read', 'releaseLock']);
u.finishClass(ReadableStreamBYOBRequest, ['view', 'respond', 'respondWithNewView']);
u.finishClass(ReadableByteStreamController, ['byobRequest', 'desiredSize', 'close', 'enqueue', 'error']);
u.defineInspect(ReadableStreamBYOBReader, (r) => ({ stream: r[kState].stream, requests: r[kState].requests.length, close: r[kState].closed.promise }));
u.defineInspect(ReadableStreamBYOBRequest, (r) => ({ view: r[kState].view, controller: r[kState].controller }));
u.defineInspect(ReadableByteStreamController, () => ({}));

module.exports = { ReadableStreamBYOBReader, ReadableStreamBYOBRequest, ReadableByteStreamController, setUpFromSource, tee };
