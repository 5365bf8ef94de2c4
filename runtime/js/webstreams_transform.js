// TransformStream, and the streams that encode and decode text.

const { codes } = require('./errors');
const u = require('/webstreams_util');
const { kState, kPrivate, deferred, nop } = u;
const rs = require('/webstreams_readable');
const w = require('/webstreams_writable');

class TransformStream {
  constructor(transformer = {}, writableStrategy = {}, readableStrategy = {}) {
    if (transformer === null) transformer = {};
    const readableType = transformer?.readableType;
    const writableType = transformer?.writableType;
    if (readableType !== undefined) throw new codes.ERR_INVALID_ARG_VALUE.RangeError('transformer.readableType', readableType);
    if (writableType !== undefined) throw new codes.ERR_INVALID_ARG_VALUE.RangeError('transformer.writableType', writableType);
    const readableMark = u.extractHighWaterMark(readableStrategy?.highWaterMark, 0);
    const readableSize = u.extractSizeAlgorithm(readableStrategy?.size);
    const writableMark = u.extractHighWaterMark(writableStrategy?.highWaterMark, 1);
    const writableSize = u.extractSizeAlgorithm(writableStrategy?.size);
    const started = deferred();
    init(this, started, writableMark, writableSize, readableMark, readableSize);
    setUpController(this, transformer);
    const start = u.plainMethod(transformer, 'start', 'transformer.start');
    started.resolve(start ? start(this[kState].controller) : undefined);
  }

  get readable() {
    u.checkBrand(this, 'TransformStream');
    return this[kState].readable;
  }

  get writable() {
    u.checkBrand(this, 'TransformStream');
    return this[kState].writable;
  }
}

class TransformStreamDefaultController {
  constructor(token) {
    u.guard(token);
  }

  get desiredSize() {
    u.checkBrand(this, 'TransformStreamDefaultController');
    return rs.desiredSize(this[kState].stream[kState].readable[kState].controller);
  }

  enqueue(chunk = undefined) {
    u.checkBrand(this, 'TransformStreamDefaultController');
    controllerEnqueue(this, chunk);
  }

  error(reason = undefined) {
    u.checkBrand(this, 'TransformStreamDefaultController');
    streamError(this[kState].stream, reason);
  }

  terminate() {
    u.checkBrand(this, 'TransformStreamDefaultController');
    const { stream } = this[kState];
    rs.controllerClose(stream[kState].readable[kState].controller);
    errorWritable(stream, new codes.ERR_INVALID_STATE.TypeError('TransformStream has been terminated'));
  }
}

function init(stream, started, writableMark, writableSize, readableMark, readableSize) {
  const start = () => started.promise;
  const t = stream[kState] = { type: 'TransformStream', readable: undefined, writable: undefined, controller: undefined, backpressure: undefined, change: deferred() };
  t.writable = w.createWritableStream(
    start, (chunk) => sinkWrite(stream, chunk), () => sinkClose(stream), (reason) => sinkAbort(stream, reason), writableMark, writableSize,
  );
  t.readable = rs.createReadableStream(
    start, () => sourcePull(stream), (reason) => sourceCancel(stream, reason), readableMark, readableSize,
  );
  setBackpressure(stream, true);
}

function setUpController(stream, transformer) {
  const controller = new TransformStreamDefaultController(kPrivate);
  controller[kState] = {
    type: 'TransformStreamDefaultController', stream,
    transform: u.promiseMethod(transformer, 'transform', 'transformer.transform') ?? (async (chunk) => controllerEnqueue(controller, chunk)),
    flush: u.promiseMethod(transformer, 'flush', 'transformer.flush') ?? (async () => {}),
    cancel: u.promiseMethod(transformer, 'cancel', 'transformer.cancel') ?? (async () => {}),
    finish: undefined,
  };
  stream[kState].controller = controller;
}

function setBackpressure(stream, on) {
  const t = stream[kState];
  if (t.backpressure !== undefined) t.change.resolve();
  t.change = deferred();
  t.backpressure = on;
}

function clearAlgorithms(controller) {
  const c = controller[kState];
  c.transform = c.flush = c.cancel = undefined;
}

function streamError(stream, error) {
  rs.controllerError(stream[kState].readable[kState].controller, error);
  errorWritable(stream, error);
}

function errorWritable(stream, error) {
  const t = stream[kState];
  clearAlgorithms(t.controller);
  w.controllerErrorIfNeeded(t.writable[kState].controller, error);
  // A write that waits for room is to go on, and fail.
  if (t.backpressure) setBackpressure(stream, false);
}

function controllerEnqueue(controller, chunk) {
  const { stream } = controller[kState];
  const t = stream[kState];
  const readable = t.readable[kState].controller;
  if (!rs.canCloseOrEnqueue(readable)) throw new codes.ERR_INVALID_STATE.TypeError('Unable to enqueue');
  try {
    rs.controllerEnqueue(readable, chunk);
  } catch (error) {
    errorWritable(stream, error);
    throw t.readable[kState].storedError;
  }
  if (!rs.shouldCallPull(readable) !== t.backpressure) setBackpressure(stream, true);
}

async function performTransform(controller, chunk) {
  try {
    await controller[kState].transform(chunk, controller);
  } catch (error) {
    streamError(controller[kState].stream, error);
    throw error;
  }
}

async function sinkWrite(stream, chunk) {
  const t = stream[kState];
  if (t.backpressure) {
    await t.change.promise;
    const { state, storedError } = t.writable[kState];
    if (state === 'erroring') throw storedError;
  }
  await performTransform(t.controller, chunk);
}

// The last algorithm of a transform runs once, whichever side asks first; `side` is the other one, which is told the outcome.
function finishOnce(stream, run, side, done, failed) {
  const t = stream[kState];
  const c = t.controller[kState];
  if (c.finish !== undefined) return c.finish.promise;
  c.finish = deferred();
  c.finish.promise.then(undefined, nop);
  const result = run(c, t.controller);
  clearAlgorithms(t.controller);
  result.then(() => {
    const { state, storedError, controller } = t[side][kState];
    if (state === 'errored') {
      c.finish.reject(storedError);
    } else {
      done(controller);
      c.finish.resolve();
    }
  }, (error) => {
    failed(t[side][kState].controller, error);
    c.finish.reject(error);
  });
  return c.finish.promise;
}

async function sinkAbort(stream, reason) {
  const done = (readable) => rs.controllerError(readable, reason);
  return finishOnce(stream, (c) => c.cancel(reason), 'readable', done, rs.controllerError);
}

async function sinkClose(stream) {
  return finishOnce(stream, (c, controller) => c.flush(controller), 'readable', rs.controllerClose, rs.controllerError);
}

function sourcePull(stream) {
  setBackpressure(stream, false);
  return stream[kState].change.promise;
}

async function sourceCancel(stream, reason) {
  const end = (writable, error) => {
    w.controllerErrorIfNeeded(writable, error);
    if (stream[kState].backpressure) setBackpressure(stream, false);
  };
  return finishOnce(stream, (c) => c.cancel(reason), 'writable', (writable) => end(writable, reason), end);
}

// ---- text ----

/** Text in, UTF-8 bytes out. */
class TextEncoderStream {
  #transform;
  #high = '';

  constructor() {
    const encoder = new TextEncoder();
    this.#transform = new TransformStream({
      transform: (chunk, controller) => {
        let text = this.#high + String(chunk);
        this.#high = '';
        // The first half of a pair waits for the second.
        const last = text.charCodeAt(text.length - 1);
        if (last >= 0xd800 && last <= 0xdbff) {
          this.#high = text.slice(-1);
          text = text.slice(0, -1);
        }
        if (text.length > 0) controller.enqueue(encoder.encode(text));
      },
      flush: (controller) => {
        if (this.#high.length > 0) controller.enqueue(new Uint8Array([0xef, 0xbf, 0xbd]));
      },
    });
  }

  get encoding() { void this.#transform; return 'utf-8'; }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
}

/** Bytes in, text out. */
class TextDecoderStream {
  #decoder;
  #transform;

  constructor(encoding = 'utf-8', options = {}) {
    this.#decoder = new TextDecoder(encoding, options);
    this.#transform = new TransformStream({
      transform: (chunk, controller) => {
        if (chunk === undefined) throw new codes.ERR_INVALID_ARG_TYPE('chunk', 'string', chunk);
        const text = this.#decoder.decode(chunk, { stream: true });
        if (text) controller.enqueue(text);
      },
      flush: (controller) => {
        const text = this.#decoder.decode();
        if (text) controller.enqueue(text);
      },
    });
  }

  get encoding() { return this.#decoder.encoding; }
  get fatal() { return this.#decoder.fatal; }
  get ignoreBOM() { return this.#decoder.ignoreBOM; }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
}

u.finishClass(TransformStream, ['readable', 'writable']);
u.finishClass(TransformStreamDefaultController, ['desiredSize', 'enqueue', 'error', 'terminate']);
u.finishClass(TextEncoderStream, ['encoding', 'readable', 'writable']);
u.finishClass(TextDecoderStream, ['encoding', 'fatal', 'ignoreBOM', 'readable', 'writable']);
u.defineInspect(TransformStream, (t) => ({ readable: t.readable, writable: t.writable, backpressure: t[kState].backpressure }));
u.defineInspect(TransformStreamDefaultController, (c) => ({ stream: c[kState].stream }));

module.exports = { TransformStream, TransformStreamDefaultController, TextEncoderStream, TextDecoderStream };
