// What is done with a ReadableStream as a whole: piping, forking, iterating.

const u = require('/webstreams_util');
const { kState, nop } = u;
const rs = require('/webstreams_readable');
const w = require('/webstreams_writable');
const { codes, AbortError } = require('./errors');

const settled = (promise) => promise.then(undefined, nop);

/** ReadableStreamPipeTo: reads as long as the destination has room, and passes ends and errors on, each way. */
function pipeTo(source, dest, { preventAbort, preventCancel, preventClose, signal }) {
  const reader = new rs.ReadableStreamDefaultReader(source);
  const writer = new w.WritableStreamDefaultWriter(dest);
  const s = source[kState];
  const d = dest[kState];
  s.disturbed = true;
  const result = Promise.withResolvers();
  let shuttingDown = false;
  let lastWrite = Promise.resolve();
  let onAbort;

  // Every write that was begun is waited for.
  async function writesDone() {
    let seen;
    do {
      seen = lastWrite;
      await settled(seen);
    } while (seen !== lastWrite);
  }
  function finalize(failed, error) {
    w.writerRelease(writer);
    rs.readerRelease(reader);
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
    if (failed) result.reject(error);
    else result.resolve();
  }
  async function shutdown(action, failed, error) {
    if (shuttingDown) return;
    shuttingDown = true;
    if (d.state === 'writable' && !w.closeQueuedOrInFlight(dest)) await writesDone();
    if (action === undefined) {
      finalize(failed, error);
      return;
    }
    try {
      await action();
      finalize(failed, error);
    } catch (actionError) {
      finalize(true, actionError);
    }
  }

  if (signal !== undefined) {
    onAbort = () => {
      const error = signal.reason ?? new AbortError();
      const actions = [];
      if (!preventAbort) actions.push(() => (d.state === 'writable' ? w.writableStreamAbort(dest, error) : Promise.resolve()));
      if (!preventCancel) actions.push(() => (s.state === 'readable' ? rs.streamCancel(source, error) : Promise.resolve()));
      shutdown(() => Promise.all(actions.map((f) => f())), true, error);
    };
    if (signal.aborted) {
      onAbort();
      return result.promise;
    }
    signal.addEventListener('abort', onAbort);
  }

  const sourceFailed = () => shutdown(preventAbort ? undefined : () => w.writableStreamAbort(dest, s.storedError), true, s.storedError);
  const destFailed = () => shutdown(preventCancel ? undefined : () => rs.streamCancel(source, d.storedError), true, d.storedError);
  const sourceClosed = () => shutdown(preventClose ? undefined : () => w.writerCloseWithErrorPropagation(writer));
  const destClosed = () => {
    const error = new codes.ERR_INVALID_STATE.TypeError('Destination WritableStream is closed');
    shutdown(preventCancel ? undefined : () => rs.streamCancel(source, error), true, error);
  };
  // Errors and ends that are there already come first, in this order.
  if (s.state === 'errored') sourceFailed();
  else reader[kState].closed.promise.then(undefined, sourceFailed);
  if (d.state === 'errored') destFailed();
  else writer[kState].closed.promise.then(undefined, destFailed);
  if (s.state === 'closed') sourceClosed();
  else reader[kState].closed.promise.then(sourceClosed, nop);
  if (w.closeQueuedOrInFlight(dest) || d.state === 'closed') destClosed();

  // Whether it is over.
  async function step() {
    if (shuttingDown) return true;
    await writer[kState].ready.promise;
    if (shuttingDown) return true;
    return new Promise((resolve, reject) => {
      rs.readerRead(reader, {
        chunk(value) {
          // In a microtask, so that what the source does after enqueue is done first.
          queueMicrotask(() => {
            lastWrite = w.writerWrite(writer, value);
            settled(lastWrite);
            resolve(false);
          });
        },
        close: () => resolve(true),
        fail: reject,
      });
    });
  }
  (async () => {
    while (!await step());
  })().then(undefined, nop);
  settled(result.promise);
  return result.promise;
}

/** ReadableStreamDefaultTee: two streams of the same chunks. */
function tee(stream, cloneForBranch2) {
  const reader = new rs.ReadableStreamDefaultReader(stream);
  let reading = false;
  let again = false;
  const canceled = [false, false];
  const reasons = [undefined, undefined];
  const branches = [];
  const cancelPromise = Promise.withResolvers();

  async function pull() {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    rs.readerRead(reader, {
      chunk(value) {
        queueMicrotask(() => {
          again = false;
          let second = value;
          if (!canceled[1] && cloneForBranch2) {
            try {
              second = structuredClone(value);
            } catch (error) {
              for (const b of branches) rs.controllerError(b[kState].controller, error);
              cancelPromise.resolve(rs.streamCancel(stream, error));
              return;
            }
          }
          if (!canceled[0]) rs.controllerEnqueue(branches[0][kState].controller, value);
          if (!canceled[1]) rs.controllerEnqueue(branches[1][kState].controller, second);
          reading = false;
          if (again) pull();
        });
      },
      close() {
        // As the chunks, in a microtask.
        queueMicrotask(() => {
          reading = false;
          branches.forEach((b, i) => {
            if (!canceled[i]) rs.controllerClose(b[kState].controller);
          });
          if (!canceled[0] || !canceled[1]) cancelPromise.resolve();
        });
      },
      fail() {
        reading = false;
      },
    });
  }
  const cancel = (i) => async (reason) => {
    canceled[i] = true;
    reasons[i] = reason;
    if (canceled[1 - i]) cancelPromise.resolve(rs.streamCancel(stream, reasons));
    return cancelPromise.promise;
  };
  branches.push(rs.createReadableStream(nop, pull, cancel(0)), rs.createReadableStream(nop, pull, cancel(1)));
  reader[kState].closed.promise.then(undefined, (error) => {
    for (const b of branches) rs.controllerError(b[kState].controller, error);
    if (!canceled[0] || !canceled[1]) cancelPromise.resolve();
  });
  return branches;
}

const AsyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

/** The iterator of `values()`. */
function iterate(stream, preventCancel) {
  const reader = new rs.ReadableStreamDefaultReader(stream);
  let ongoing;
  let done = false;
  const next = () => {
    if (done) return Promise.resolve({ value: undefined, done: true });
    if (reader[kState].stream === undefined) {
      return Promise.reject(new codes.ERR_INVALID_STATE.TypeError('The reader is not bound to a ReadableStream'));
    }
    const { promise, resolve, reject } = Promise.withResolvers();
    rs.readerRead(reader, {
      chunk: (value) => resolve({ value, done: false }),
      close() {
        done = true;
        rs.readerRelease(reader);
        resolve({ value: undefined, done: true });
      },
      fail(error) {
        done = true;
        rs.readerRelease(reader);
        reject(error);
      },
    });
    return promise;
  };
  const finish = async (value) => {
    if (done) return { value, done: true };
    done = true;
    if (!preventCancel) {
      const cancelled = rs.streamCancel(stream, value);
      rs.readerRelease(reader);
      await cancelled;
    } else {
      rs.readerRelease(reader);
    }
    return { value, done: true };
  };
  const after = (f) => {
    ongoing = ongoing ? ongoing.then(f, f) : f();
    return ongoing;
  };
  return Object.setPrototypeOf({
    next() { return after(next); },
    return(value) { return after(() => finish(value)); },
  }, AsyncIteratorPrototype);
}

module.exports = { pipeTo, tee, iterate };
