// What streams of all kinds are asked and told: predicates over anything stream-like, destroy for anything, finished, abort signals.

const { codes, AbortError } = require('./errors');
const { validateFunction, validateObject, validateAbortSignal, validateBoolean } = require('./validators');

const kIsDestroyed = Symbol.for('nodejs.stream.destroyed');
const kIsErrored = Symbol.for('nodejs.stream.errored');
const kIsReadable = Symbol.for('nodejs.stream.readable');
const kIsWritable = Symbol.for('nodejs.stream.writable');
const kIsDisturbed = Symbol.for('nodejs.stream.disturbed');
const kIsClosedPromise = Symbol.for('nodejs.webstream.isClosedPromise');
const kControllerErrorFunction = Symbol.for('nodejs.webstream.controllerErrorFunction');

const nop = () => {};
const isFn = (f) => typeof f === 'function';

// ---- what is it? ----

function isReadableNodeStream(o, strict = false) {
  if (!o || !isFn(o.pipe) || !isFn(o.on)) return false;
  if (strict && !(isFn(o.pause) && isFn(o.resume))) return false;
  // A Writable has a pipe too; a Duplex may have its readable side off.
  return !o._writableState || (!!o._readableState && o._readableState.readable !== false);
}

function isWritableNodeStream(o) {
  if (!o || !isFn(o.write) || !isFn(o.on)) return false;
  return !o._readableState || o._writableState?.writable !== false;
}

const isDuplexNodeStream = (o) => !!(o && isFn(o.pipe) && o._readableState && isFn(o.on) && isFn(o.write));

function isNodeStream(o) {
  return o && (o._readableState || o._writableState || (isFn(o.on) && (isFn(o.write) || isFn(o.pipe))));
}

const isReadableStream = (o) => !!(o && !isNodeStream(o) && isFn(o.pipeThrough) && isFn(o.getReader) && isFn(o.cancel));
const isWritableStream = (o) => !!(o && !isNodeStream(o) && isFn(o.getWriter) && isFn(o.abort));
const isTransformStream = (o) => !!(o && !isNodeStream(o) && typeof o.readable === 'object' && typeof o.writable === 'object');
const isWebStream = (o) => isReadableStream(o) || isWritableStream(o) || isTransformStream(o);

/** Iterable: asynchronously (true), synchronously (false), either way (undefined). */
function isIterable(o, async) {
  if (o == null) return false;
  return (async !== false && isFn(o[Symbol.asyncIterator])) || (async !== true && isFn(o[Symbol.iterator]));
}

// ---- how is it? null: it is not that kind of thing ----

function isDestroyed(stream) {
  if (!isNodeStream(stream)) return null;
  const state = stream._writableState || stream._readableState;
  return !!(stream.destroyed || stream[kIsDestroyed] || state?.destroyed);
}

function isWritableEnded(stream) {
  if (!isWritableNodeStream(stream)) return null;
  if (stream.writableEnded === true) return true;
  const w = stream._writableState;
  if (w?.errored) return false;
  return typeof w?.ended === 'boolean' ? w.ended : null;
}

function isWritableFinished(stream, strict) {
  if (!isWritableNodeStream(stream)) return null;
  if (stream.writableFinished === true) return true;
  const w = stream._writableState;
  if (w?.errored) return false;
  if (typeof w?.finished !== 'boolean') return null;
  return !!(w.finished || (strict === false && w.ended === true && w.length === 0));
}

function isReadableEnded(stream) {
  if (!isReadableNodeStream(stream)) return null;
  if (stream.readableEnded === true) return true;
  const r = stream._readableState;
  if (!r || r.errored) return false;
  return typeof r.ended === 'boolean' ? r.ended : null;
}

function isReadableFinished(stream, strict) {
  if (!isReadableNodeStream(stream)) return null;
  const r = stream._readableState;
  if (r?.errored) return false;
  if (typeof r?.endEmitted !== 'boolean') return null;
  return !!(r.endEmitted || (strict === false && r.ended === true && r.length === 0));
}

function isReadable(stream) {
  if (stream && stream[kIsReadable] != null) return stream[kIsReadable];
  if (typeof stream?.readable !== 'boolean') return null;
  if (isDestroyed(stream)) return false;
  return isReadableNodeStream(stream) && stream.readable && !isReadableFinished(stream);
}

function isWritable(stream) {
  if (stream && stream[kIsWritable] != null) return stream[kIsWritable];
  if (typeof stream?.writable !== 'boolean') return null;
  if (isDestroyed(stream)) return false;
  return isWritableNodeStream(stream) && stream.writable && !isWritableEnded(stream);
}

function isFinished(stream, options) {
  if (!isNodeStream(stream)) return null;
  if (isDestroyed(stream)) return true;
  if (options?.readable !== false && isReadable(stream)) return false;
  return !(options?.writable !== false && isWritable(stream));
}

function isWritableErrored(stream) {
  if (!isNodeStream(stream)) return null;
  return stream.writableErrored || (stream._writableState?.errored ?? null);
}

function isReadableErrored(stream) {
  if (!isNodeStream(stream)) return null;
  return stream.readableErrored || (stream._readableState?.errored ?? null);
}

// Messages of the http module have a life cycle of their own.
const isOutgoing = (o) =>
  typeof o._closed === 'boolean' && typeof o._defaultKeepAlive === 'boolean' &&
  typeof o._removedConnection === 'boolean' && typeof o._removedContLen === 'boolean';
const isServerResponse = (o) => typeof o._sent100 === 'boolean' && isOutgoing(o);
const isServerRequest = (o) =>
  typeof o._consuming === 'boolean' && typeof o._dumped === 'boolean' && o.req?.upgradeOrConnect === undefined;
const isRequest = (o) => !!(o?.setHeader && isFn(o.abort));

function isClosed(stream) {
  if (!isNodeStream(stream)) return null;
  if (typeof stream.closed === 'boolean') return stream.closed;
  const w = stream._writableState;
  const r = stream._readableState;
  if (typeof w?.closed === 'boolean' || typeof r?.closed === 'boolean') return w?.closed || r?.closed;
  return typeof stream._closed === 'boolean' && isOutgoing(stream) ? stream._closed : null;
}

function willEmitClose(stream) {
  if (!isNodeStream(stream)) return null;
  const state = stream._writableState || stream._readableState;
  return (!state && isServerResponse(stream)) || !!(state?.autoDestroy && state.emitClose && state.closed === false);
}

const isDisturbed = (stream) => !!(stream && (stream[kIsDisturbed] ?? (stream.readableDidRead || stream.readableAborted)));

function isErrored(stream) {
  if (!stream) return false;
  const r = stream._readableState;
  const w = stream._writableState;
  return !!(stream[kIsErrored] ?? stream.readableErrored ?? stream.writableErrored ??
    r?.errorEmitted ?? w?.errorEmitted ?? r?.errored ?? w?.errored);
}

// ---- errors ----

/** Two errors as one: the outer, with both in `errors`. */
function aggregateTwoErrors(inner, outer) {
  if (!inner || !outer || inner === outer) return inner || outer;
  if (Array.isArray(outer.errors)) {
    outer.errors.push(inner);
    return outer;
  }
  const both = new AggregateError([outer, inner], outer.message);
  both.code = outer.code;
  return both;
}

/** A function that does something once. */
function once(f) {
  let called = false;
  return function(...args) {
    if (called) return;
    called = true;
    Reflect.apply(f, this, args);
  };
}

/** Destroys whatever is passed, by the means it has. */
function destroyer(stream, error) {
  if (!stream || isDestroyed(stream)) return;
  if (!error && !isFinished(stream)) error = new AbortError();
  if (isServerRequest(stream)) {
    stream.socket = null;
    stream.destroy(error);
  } else if (isRequest(stream)) {
    stream.abort();
  } else if (isRequest(stream.req)) {
    stream.req.abort();
  } else if (isFn(stream.destroy)) {
    stream.destroy(error);
  } else if (isFn(stream.close)) {
    stream.close();
  } else {
    const close = () => stream.emit('close');
    process.nextTick(error ? () => {
      stream.emit('error', error);
      process.nextTick(close);
    } : close);
  }
  if (!stream.destroyed) stream[kIsDestroyed] = true;
}

// ---- finished ----

/** For callers within: the callback may be called before `eos` returns. */
const kAtOnce = Symbol('finished at once');

function ownError(stream) {
  const e = isWritableErrored(stream) || isReadableErrored(stream);
  return (typeof e !== 'boolean' && e) || null;
}

// Why a stream that is closed now is not properly finished; null: it is.
function closeError(stream, what) {
  const e = ownError(stream);
  if (e) return e;
  if (what.readable && !what.readableFinished && isReadableNodeStream(stream, true) && !isReadableFinished(stream, false)) {
    return new codes.ERR_STREAM_PREMATURE_CLOSE();
  }
  if (what.writable && !what.writableFinished && !isWritableFinished(stream, false)) {
    return new codes.ERR_STREAM_PREMATURE_CLOSE();
  }
  return null;
}

// What is known without waiting: undefined if nothing is, null for success, or the error.
function knownResult(stream, what) {
  const w = stream._writableState;
  const r = stream._readableState;
  if (isClosed(stream)) return closeError(stream, what);
  if (w?.errorEmitted || r?.errorEmitted) return what.willEmitClose ? undefined : ownError(stream);
  if (!what.readable && (!what.willEmitClose || isReadable(stream)) && (what.writableFinished || isWritable(stream) === false) &&
      (w == null || w.pendingcb === undefined || w.pendingcb === 0)) {
    return ownError(stream);
  }
  if (!what.writable && (!what.willEmitClose || isWritable(stream)) && (what.readableFinished || isReadable(stream) === false)) {
    return ownError(stream);
  }
  return r && stream.req && stream.aborted ? ownError(stream) : undefined;
}

const listenAbort = (signal, f) => require('events').addAbortListener(signal, f);
const abortError = (signal) => new AbortError(undefined, { cause: signal?.reason });

// The callback keeps the async context of whoever asked.
let AsyncLocalStorage;
function bound(callback) {
  AsyncLocalStorage ??= binding.asyncBind ?? null;
  return AsyncLocalStorage === null ? callback : AsyncLocalStorage(callback);
}

/** `finished(stream, options, callback)`: tells when a stream is over, and whether it ended well. Gives a function that stops listening. */
function eos(stream, options, callback) {
  if (arguments.length === 2) {
    callback = options;
    options = {};
  } else if (options == null) {
    options = {};
  } else {
    validateObject(options, 'options');
  }
  validateFunction(callback, 'callback');
  validateAbortSignal(options.signal, 'options.signal');
  if (isReadableStream(stream) || isWritableStream(stream)) return eosWeb(stream, options, callback);
  if (!isNodeStream(stream)) throw new codes.ERR_INVALID_ARG_TYPE('stream', ['ReadableStream', 'WritableStream', 'Stream'], stream);

  const readable = options.readable ?? isReadableNodeStream(stream);
  const writable = options.writable ?? isWritableNodeStream(stream);
  const what = {
    readable,
    writable,
    willEmitClose: willEmitClose(stream) && isReadableNodeStream(stream) === readable && isWritableNodeStream(stream) === writable,
    readableFinished: isReadableFinished(stream, false),
    writableFinished: isWritableFinished(stream, false),
  };
  let result = knownResult(stream, what);
  let cleanup = () => { callback = nop; };
  if (result !== undefined) {
    if (options.error !== false) {
      stream.on('error', nop);
      cleanup = () => {
        callback = nop;
        stream.removeListener('error', nop);
      };
    }
  } else if (options.signal?.aborted) {
    result = abortError(options.signal);
  }
  const tell = () => Reflect.apply(callback, stream, result === null ? [] : [result]);
  if (result !== undefined) {
    if (options[kAtOnce]) {
      tell();
    } else {
      callback = bound(callback);
      process.nextTick(tell);
    }
    return cleanup;
  }
  callback = once(bound(callback));
  return wait(stream, options, what, () => callback, (f) => { callback = f; });
}

// Listens for whatever may be the last event of the stream.
function wait(stream, options, what, get, set) {
  const { readable, writable } = what;
  const done = () => get().call(stream);
  const onfinish = () => {
    what.writableFinished = true;
    // Destroyed by now: it does things its own way, and 'close' can't be relied on.
    if (stream.destroyed) what.willEmitClose = false;
    if (what.willEmitClose && (!stream.readable || readable)) return;
    if (!readable || what.readableFinished) done();
  };
  const onend = () => {
    what.readableFinished = true;
    if (stream.destroyed) what.willEmitClose = false;
    if (what.willEmitClose && (!stream.writable || writable)) return;
    if (!writable || what.writableFinished) done();
  };
  const onerror = (error) => get().call(stream, error);
  const onclose = () => {
    const error = closeError(stream, what);
    if (error === null) done();
    else get().call(stream, error);
  };
  const onlegacyfinish = () => {
    if (!stream.writable) onfinish();
  };
  const onrequest = () => stream.req.on('finish', onfinish);

  if (isRequest(stream)) {
    stream.on('complete', onfinish);
    if (!what.willEmitClose) stream.on('abort', onclose);
    if (stream.req) onrequest();
    else stream.on('request', onrequest);
  } else if (writable && !stream._writableState) {
    stream.on('end', onlegacyfinish);
    stream.on('close', onlegacyfinish);
  }
  if (!what.willEmitClose && typeof stream.aborted === 'boolean') stream.on('aborted', onclose);
  stream.on('end', onend);
  stream.on('finish', onfinish);
  if (options.error !== false) stream.on('error', onerror);
  stream.on('close', onclose);

  const cleanup = () => {
    set(nop);
    stream.removeListener('aborted', onclose);
    stream.removeListener('complete', onfinish);
    stream.removeListener('abort', onclose);
    stream.removeListener('request', onrequest);
    if (stream.req) stream.req.removeListener('finish', onfinish);
    stream.removeListener('end', onlegacyfinish);
    stream.removeListener('close', onlegacyfinish);
    stream.removeListener('finish', onfinish);
    stream.removeListener('end', onend);
    stream.removeListener('error', onerror);
    stream.removeListener('close', onclose);
  };
  if (options.signal) {
    const disposable = listenAbort(options.signal, () => {
      const callback = get();
      cleanup();
      callback.call(stream, abortError(options.signal));
    });
    const callback = get();
    set(once((...args) => {
      disposable[Symbol.dispose]();
      Reflect.apply(callback, stream, args);
    }));
  }
  return cleanup;
}

function eosWeb(stream, options, callback) {
  callback = once(bound(callback));
  let aborted = false;
  if (options.signal) {
    const abort = () => {
      aborted = true;
      callback.call(stream, abortError(options.signal));
    };
    if (options.signal.aborted) {
      process.nextTick(abort);
    } else {
      const disposable = listenAbort(options.signal, abort);
      const original = callback;
      callback = once((...args) => {
        disposable[Symbol.dispose]();
        original.apply(stream, args);
      });
    }
  }
  const settled = (...args) => {
    if (!aborted) process.nextTick(() => callback.apply(stream, args));
  };
  stream[kIsClosedPromise].promise.then(settled, settled);
  return nop;
}

/** `finished` of `stream/promises`. */
function finished(stream, options) {
  if (options === null) options = {};
  let cleans = false;
  if (options?.cleanup) {
    validateBoolean(options.cleanup, 'cleanup');
    cleans = options.cleanup;
  }
  return new Promise((resolve, reject) => {
    const cleanup = eos(stream, options, (error) => {
      if (cleans) cleanup();
      if (error) reject(error);
      else resolve();
    });
  });
}

// ---- abort signals ----

/** Destroys the stream when the signal is aborted. */
function addAbortSignal(signal, stream) {
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal)) throw new codes.ERR_INVALID_ARG_TYPE('signal', 'AbortSignal', signal);
  if (!isNodeStream(stream) && !isWebStream(stream)) {
    throw new codes.ERR_INVALID_ARG_TYPE('stream', ['ReadableStream', 'WritableStream', 'Stream'], stream);
  }
  return addAbortSignalNoValidate(signal, stream);
}

function addAbortSignalNoValidate(signal, stream) {
  if (typeof signal !== 'object' || !('aborted' in signal)) return stream;
  const onAbort = isNodeStream(stream) ?
    () => stream.destroy(abortError(signal)) :
    () => stream[kControllerErrorFunction](abortError(signal));
  if (signal.aborted) {
    onAbort();
  } else {
    const disposable = listenAbort(signal, onAbort);
    eos(stream, disposable[Symbol.dispose]);
  }
  return stream;
}

module.exports = {
  kIsDestroyed, kIsErrored, kIsReadable, kIsWritable, kIsDisturbed, kIsClosedPromise, kControllerErrorFunction, kAtOnce,
  isReadableNodeStream, isWritableNodeStream, isDuplexNodeStream, isNodeStream, isReadableStream, isWritableStream,
  isTransformStream, isWebStream, isIterable, isDestroyed, isWritableEnded, isWritableFinished, isReadableEnded,
  isReadableFinished, isReadable, isWritable, isFinished, isWritableErrored, isReadableErrored, isClosed, isDisturbed, isErrored,
  isServerRequest, isServerResponse, willEmitClose, aggregateTwoErrors, once, destroyer, eos, finished, addAbortSignal,
  addAbortSignalNoValidate, listenAbort, abortError,
};
