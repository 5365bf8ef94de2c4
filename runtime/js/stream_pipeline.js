// pipeline: streams, iterables and functions in a row; one callback when the last is done or any has failed.

const { codes } = require('./errors');
const { validateFunction, validateAbortSignal } = require('./validators');
const util = require('/stream_util');
const {
  eos, once, isIterable, isReadable, isReadableNodeStream, isNodeStream, isTransformStream, isWebStream, isReadableStream,
  isReadableFinished, aggregateTwoErrors, listenAbort, abortError,
} = util;

const stream = () => require('stream');
const anyReadable = ['Readable', 'Iterable', 'AsyncIterable', 'ReadableStream', 'TransformStream'];

/** What destroys a stream of the row, unless it is over by then. */
function destroyerOf(target, reading, writing) {
  let over = false;
  target.on('close', () => { over = true; });
  const cleanup = eos(target, { readable: reading, writable: writing }, (error) => { over = !error; });
  const destroy = (error) => {
    if (over) return;
    over = true;
    util.destroyer(target, error || new codes.ERR_STREAM_DESTROYED('pipe'));
  };
  return { destroy, cleanup };
}

function asAsyncIterable(value) {
  if (isIterable(value)) return value;
  // Streams of the oldest kind are not iterable by themselves.
  if (isReadableNodeStream(value)) return iterateLegacy(value);
  throw new codes.ERR_INVALID_ARG_TYPE('val', ['Readable', 'Iterable', 'AsyncIterable'], value);
}

async function* iterateLegacy(value) {
  yield* stream().Readable.prototype[Symbol.asyncIterator].call(value);
}

/** Writes all that an iterable gives into a Node stream. */
async function pumpToNode(iterable, writable, finish, { end }) {
  let error;
  let waiting = null;
  const resume = (e) => {
    if (e) error = e;
    if (waiting) {
      const f = waiting;
      waiting = null;
      f();
    }
  };
  const wait = () => new Promise((resolve, reject) => {
    const settle = () => (error ? reject(error) : resolve());
    if (error) reject(error);
    else waiting = settle;
  });
  writable.on('drain', resume);
  const cleanup = eos(writable, { readable: false }, resume);
  try {
    if (writable.writableNeedDrain) await wait();
    for await (const chunk of iterable) {
      if (!writable.write(chunk)) await wait();
    }
    if (end) {
      writable.end();
      await wait();
    }
    finish();
  } catch (e) {
    finish(error !== e ? aggregateTwoErrors(error, e) : e);
  } finally {
    cleanup();
    writable.off('drain', resume);
  }
}

/** Writes all that an iterable gives into a web stream. */
async function pumpToWeb(readable, writable, finish, { end }) {
  if (isTransformStream(writable)) writable = writable.writable;
  const writer = writable.getWriter();
  try {
    for await (const chunk of readable) {
      await writer.ready;
      // Its failure shows in `ready` and `close`.
      writer.write(chunk).catch(() => {});
    }
    await writer.ready;
    if (end) await writer.close();
    finish();
  } catch (error) {
    try {
      await writer.abort(error);
      finish(error);
    } catch (second) {
      finish(second);
    }
  }
}

function pipeline(...streams) {
  validateFunction(streams[streams.length - 1], 'streams[stream.length - 1]');
  const callback = once(streams.pop());
  return pipelineImpl(streams, callback);
}

// The signal that functions in the row get; made only if there are any.
function makeController(streams) {
  return typeof AbortController === 'function' && streams.some((s) => typeof s === 'function') ? new AbortController() : undefined;
}

function pipelineImpl(streams, callback, options) {
  if (streams.length === 1 && Array.isArray(streams[0])) streams = streams[0];
  if (streams.length < 2) throw new codes.ERR_MISSING_ARGS('streams');
  const controller = makeController(streams);
  const signal = controller?.signal;
  const outer = options?.signal;
  validateAbortSignal(outer, 'options.signal');

  let error;
  let value;
  let count = 0;
  let disposable;
  const destroys = [];
  // Listeners on a last stream that can be read go when all went well: it lives on.
  const cleanups = [];
  const settle = (e, last) => {
    if (e && (!error || error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.name === 'AbortError')) error = e;
    if (!error && !last) return;
    while (destroys.length) destroys.shift()(error);
    disposable?.[Symbol.dispose]();
    controller?.abort();
    if (last) {
      if (!error) cleanups.forEach((f) => f());
      process.nextTick(callback, error, value);
    }
  };
  const finish = (e) => settle(e, --count === 0);
  const fail = (e) => settle(e, false);
  const abort = () => settle(abortError(outer));
  if (outer) disposable = listenAbort(outer, abort);

  let ret;
  for (let i = 0; i < streams.length; i++) {
    const step = streams[i];
    const reading = i < streams.length - 1;
    const next = reading ? streams[i + 1] : null;
    const end = reading || options?.end !== false;
    if (isNodeStream(step)) {
      if (next !== null && (next?.closed || next?.destroyed)) throw new codes.ERR_STREAM_UNABLE_TO_PIPE();
      if (end) {
        const { destroy, cleanup } = destroyerOf(step, reading, i > 0);
        destroys.push(destroy);
        if (isReadable(step) && !reading) cleanups.push(cleanup);
      }
      const onError = (e) => {
        if (e && e.name !== 'AbortError' && e.code !== 'ERR_STREAM_PREMATURE_CLOSE') fail(e);
      };
      step.on('error', onError);
      if (isReadable(step) && !reading) cleanups.push(() => step.removeListener('error', onError));
    }
    if (i === 0) {
      ret = firstStep(step, signal);
    } else if (typeof step === 'function') {
      ret = step(asAsyncIterable(isTransformStream(ret) ? ret?.readable : ret), { signal });
      if (reading) {
        if (!isIterable(ret, true)) throw new codes.ERR_INVALID_RETURN_VALUE('AsyncIterable', `transform[${i - 1}]`, ret);
      } else {
        ret = lastFunction(ret);
      }
    } else if (isNodeStream(step)) {
      if (isReadableNodeStream(ret)) {
        count += 2;
        const cleanup = pipe(ret, step, finish, fail, { end });
        if (isReadable(step) && !reading) cleanups.push(cleanup);
      } else if (isTransformStream(ret) || isReadableStream(ret)) {
        count++;
        pumpToNode(ret.readable || ret, step, finish, { end });
      } else if (isIterable(ret)) {
        count++;
        pumpToNode(ret, step, finish, { end });
      } else {
        throw new codes.ERR_INVALID_ARG_TYPE('val', anyReadable, ret);
      }
      ret = step;
    } else if (isWebStream(step)) {
      const source = isReadableNodeStream(ret) ? asAsyncIterable(ret) :
        isReadableStream(ret) || isIterable(ret) ? ret : isTransformStream(ret) ? ret.readable : undefined;
      if (source === undefined) throw new codes.ERR_INVALID_ARG_TYPE('val', anyReadable, ret);
      count++;
      pumpToWeb(source, step, finish, { end });
      ret = step;
    } else {
      ret = stream().Duplex.from(step);
    }
  }

  // A function at the end has no stream of its own: a PassThrough stands for it, so that the row can be piped on.
  function lastFunction(result) {
    const end = options?.end !== false;
    const pt = new (stream().PassThrough)({ objectMode: true });
    // `then` may be a getter that works once.
    const then = result?.then;
    if (typeof then === 'function') {
      count++;
      then.call(result, (v) => {
        value = v;
        if (v != null) pt.write(v);
        if (end) pt.end();
        process.nextTick(finish);
      }, (e) => {
        pt.destroy(e);
        process.nextTick(finish, e);
      });
    } else if (isIterable(result, true)) {
      count++;
      pumpToNode(result, pt, finish, { end });
    } else if (isReadableStream(result) || isTransformStream(result)) {
      count++;
      pumpToNode(result.readable || result, pt, finish, { end });
    } else {
      throw new codes.ERR_INVALID_RETURN_VALUE('AsyncIterable or Promise', 'destination', result);
    }
    const { destroy, cleanup } = destroyerOf(pt, false, true);
    destroys.push(destroy);
    cleanups.push(cleanup);
    return pt;
  }

  if (signal?.aborted || outer?.aborted) process.nextTick(abort);
  return ret;
}

function firstStep(step, signal) {
  if (typeof step === 'function') {
    const ret = step({ signal });
    if (!isIterable(ret)) throw new codes.ERR_INVALID_RETURN_VALUE('Iterable, AsyncIterable or Stream', 'source', ret);
    return ret;
  }
  if (isIterable(step) || isReadableNodeStream(step) || isTransformStream(step)) return step;
  return stream().Duplex.from(step);
}

function pipe(src, dst, finish, fail, { end }) {
  let ended = false;
  dst.on('close', () => {
    // Closed before the source was through.
    if (!ended) fail(new codes.ERR_STREAM_PREMATURE_CLOSE());
  });
  src.pipe(dst, { end: false });
  if (end) {
    const endDst = () => {
      ended = true;
      dst.end();
    };
    if (isReadableFinished(src)) process.nextTick(endDst);
    else src.once('end', endDst);
  } else {
    finish();
  }
  eos(src, { readable: true, writable: false }, (error) => {
    const r = src._readableState;
    if (error && error.code === 'ERR_STREAM_PREMATURE_CLOSE' && r?.ended && !r.errored && !r.errorEmitted) {
      // 'close' came before 'end', which will still come.
      src.once('end', finish).once('error', finish);
    } else {
      finish(error);
    }
  });
  return eos(dst, { readable: false, writable: true }, finish);
}

module.exports = { pipeline, pipelineImpl };
