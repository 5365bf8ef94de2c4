// Web streams: what the three kinds share. Names follow the Streams Standard, so that its text can be read beside the code.

const { codes } = require('./errors');
const { kIsClosedPromise, kIsErrored, kIsReadable, kIsWritable, kIsDisturbed, kControllerErrorFunction } = require('/stream_util');

/** The internal state of a stream, reader, writer or controller. */
const kState = Symbol('kState');
/** What a class's own constructor is called with by the module itself. */
const kPrivate = Symbol('private');

const nop = () => {};

/** A promise with its handles; `settled` once either was used. */
function deferred() {
  const { promise, resolve, reject } = Promise.withResolvers();
  const d = {
    promise,
    settled: false,
    resolve(value) {
      d.settled = true;
      resolve(value);
    },
    reject(error) {
      d.settled = true;
      reject(error);
    },
  };
  return d;
}

/** A promise that is rejected, and of which nobody need take notice. */
function quietRejection(error) {
  const promise = Promise.reject(error);
  promise.then(undefined, nop);
  return promise;
}

const resolvedDeferred = (value) => ({ promise: Promise.resolve(value), settled: true, resolve: nop, reject: nop });
const rejectedDeferred = (error) => ({ promise: quietRejection(error), settled: true, resolve: nop, reject: nop });

/** ReadableStream…ControllerCallPullIfNeeded: pulls while `wants` says so, once at a time. */
function pullWhileWanted(controller, wants, fail) {
  if (!wants(controller)) return;
  const c = controller[kState];
  if (c.pulling) {
    c.pullAgain = true;
    return;
  }
  c.pulling = true;
  c.pull().then(() => {
    c.pulling = false;
    if (c.pullAgain) {
      c.pullAgain = false;
      pullWhileWanted(controller, wants, fail);
    }
  }, (error) => fail(controller, error));
}

/** A queue of `{ value, size }` with its total size. */
function resetQueue(state) {
  state.queue = [];
  state.queueTotalSize = 0;
}

function enqueueValueWithSize(state, value, size) {
  size = Number(size);
  if (typeof size !== 'number' || size < 0 || Number.isNaN(size) || size === Infinity) {
    throw new codes.ERR_INVALID_ARG_VALUE.RangeError('size', size);
  }
  state.queue.push({ value, size });
  state.queueTotalSize += size;
}

function dequeueValue(state) {
  const { value, size } = state.queue.shift();
  state.queueTotalSize = Math.max(0, state.queueTotalSize - size);
  return value;
}

const peekQueueValue = (state) => state.queue[0].value;

/** The watermark of a strategy. */
function extractHighWaterMark(value, fallback) {
  if (value === undefined) return fallback;
  value = Number(value);
  if (typeof value !== 'number' || Number.isNaN(value) || value < 0) {
    throw new codes.ERR_INVALID_ARG_VALUE.RangeError('strategy.highWaterMark', value);
  }
  return value;
}

/** The size function of a strategy. */
function extractSizeAlgorithm(size) {
  if (size === undefined) return () => 1;
  if (typeof size !== 'function') throw new codes.ERR_INVALID_ARG_TYPE('strategy.size', 'Function', size);
  return (chunk) => size(chunk);
}

/** A method of a source or sink, which may be missing: a function of a promise. */
function promiseMethod(object, name, argName) {
  const f = object?.[name];
  if (f === undefined) return undefined;
  if (typeof f !== 'function') throw new codes.ERR_INVALID_ARG_TYPE(argName, 'Function', f);
  return async (...args) => Reflect.apply(f, object, args);
}

/** As `promiseMethod`, called as it is. */
function plainMethod(object, name, argName) {
  const f = object?.[name];
  if (f === undefined) return undefined;
  if (typeof f !== 'function') throw new codes.ERR_INVALID_ARG_TYPE(argName, 'Function', f);
  return (...args) => Reflect.apply(f, object, args);
}

/** Whether an object has our state of this kind. */
const isBrand = (object, type) => typeof object === 'object' && object !== null && object[kState]?.type === type;

function checkBrand(object, type) {
  if (!isBrand(object, type)) throw new codes.ERR_INVALID_THIS(type);
}

const rejectBrand = (type) => Promise.reject(new codes.ERR_INVALID_THIS(type));

/** What `util.inspect` shows. */
function customInspect(depth, options, name, data) {
  if (depth < 0) return this;
  return `${name} ${require('util').inspect(data, { ...options, depth: options.depth == null ? null : options.depth - 1 })}`;
}

function defineInspect(Class, fields) {
  Object.defineProperty(Class.prototype, Symbol.for('nodejs.util.inspect.custom'), {
    __proto__: null, configurable: true, writable: true, enumerable: false,
    value(depth, options) {
      return customInspect.call(this, depth, options, this.constructor.name, fields(this));
    },
  });
}

/** Gives a class the shape that Web IDL asks for: enumerable members and a tag. */
function finishClass(Class, names) {
  for (const name of names) {
    const d = Object.getOwnPropertyDescriptor(Class.prototype, name);
    Object.defineProperty(Class.prototype, name, { ...d, enumerable: true });
  }
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { __proto__: null, configurable: true, value: Class.name });
}

/** An object that only the module makes. */
function guard(token) {
  if (token !== kPrivate) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
}

// ---- bytes ----

const isDetached = (buffer) => buffer.detached === true;
const canTransfer = (buffer) => !isDetached(buffer);
const transfer = (buffer) => buffer.transfer();

/** A copy of a view's bytes. */
const cloneBytes = (buffer, offset, length) => buffer.slice(offset, offset + length);

module.exports = {
  kState, kPrivate, kIsClosedPromise, kIsErrored, kIsReadable, kIsWritable, kIsDisturbed, kControllerErrorFunction, nop, deferred,
  quietRejection, resolvedDeferred, rejectedDeferred, resetQueue, enqueueValueWithSize, dequeueValue, peekQueueValue,
  extractHighWaterMark, extractSizeAlgorithm, promiseMethod, plainMethod, isBrand, checkBrand, rejectBrand, defineInspect, finishClass,
  guard, isDetached, canTransfer, transfer, cloneBytes, pullWhileWanted,
};
