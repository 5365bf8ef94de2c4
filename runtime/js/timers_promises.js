// node:timers/promises: timers as promises and as an async iterator.
const { codes, AbortError } = require('./errors');
const { validateAbortSignal, validateBoolean, validateNumber, validateObject } = require('./validators');
const { setTimeout: startTimeout, clearTimeout, setInterval: startInterval, clearInterval, setImmediate: startImmediate, clearImmediate } = require('./timers_native');

// Checks what all three share; a rejection instead of a throw, as the callers are promises.
function checked(options) {
  validateObject(options, 'options');
  const { signal, ref = true } = options;
  validateAbortSignal(signal, 'options.signal');
  validateBoolean(ref, 'options.ref');
  return { signal, ref };
}

const aborted = (signal) => new AbortError(undefined, { cause: signal.reason });

function wait(start, clear, options) {
  let signal;
  let ref;
  try {
    ({ signal, ref } = checked(options));
  } catch (error) {
    return Promise.reject(error);
  }
  if (signal?.aborted) return Promise.reject(aborted(signal));
  let onAbort;
  const promise = new Promise((resolve, reject) => {
    const handle = start(resolve);
    if (!ref) handle.unref();
    if (signal) {
      onAbort = () => {
        clear(handle);
        reject(aborted(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
    }
  });
  if (signal) {
    const forget = () => signal.removeEventListener('abort', onAbort);
    promise.then(forget, forget);
  }
  return promise;
}

function setTimeout(delay, value, options = {}) {
  try {
    if (delay !== undefined) validateNumber(delay, 'delay');
  } catch (error) {
    return Promise.reject(error);
  }
  return wait((resolve) => startTimeout(() => resolve(value), delay), clearTimeout, options);
}

function setImmediate(value, options = {}) {
  return wait((resolve) => startImmediate(() => resolve(value)), clearImmediate, options);
}

async function* setInterval(delay, value, options = {}) {
  const { signal, ref } = checked(options);
  if (delay !== undefined) validateNumber(delay, 'delay');
  if (signal?.aborted) throw aborted(signal);
  let passed = 0;
  let wake;
  const interval = startInterval(() => {
    passed++;
    wake?.();
    wake = undefined;
  }, delay);
  if (!ref) interval.unref();
  let failed;
  const onAbort = () => {
    clearInterval(interval);
    failed = aborted(signal);
    wake?.();
    wake = undefined;
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      if (passed === 0 && failed === undefined) await new Promise((resolve) => { wake = resolve; });
      if (failed !== undefined) throw failed;
      for (; passed > 0; passed--) yield value;
    }
  } finally {
    clearInterval(interval);
    signal?.removeEventListener('abort', onAbort);
  }
}

class Scheduler {
  constructor() {
    throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
  }

  yield() {
    return setImmediate();
  }

  wait(delay, options) {
    return setTimeout(delay, undefined, options);
  }
}

const scheduler = Object.create(Scheduler.prototype);

module.exports = { setTimeout, setImmediate, setInterval, scheduler };
