// The operators of Readable: map, filter, take and their like, over asynchronous iteration.

const { codes, AbortError } = require('./errors');
const { validateFunction, validateInteger, validateObject, validateAbortSignal } = require('./validators');
const { finished } = require('/stream_util');

const kNothing = Symbol('kEmpty');
const kEnd = Symbol('kEof');

function checkOptions(options) {
  if (options != null) validateObject(options, 'options');
  if (options?.signal != null) validateAbortSignal(options.signal, 'options.signal');
}

/** Calls `fn` on each chunk, at most `concurrency` at a time; results keep the order of the chunks. */
function map(fn, options) {
  validateFunction(fn, 'fn');
  checkOptions(options);
  const concurrency = options?.concurrency != null ? Math.floor(options.concurrency) : 1;
  const mark = options?.highWaterMark != null ? Math.floor(options.highWaterMark) : concurrency - 1;
  validateInteger(concurrency, 'options.concurrency', 1);
  validateInteger(mark, 'options.highWaterMark', 0);
  return mapped.call(this, fn, options, concurrency, mark + concurrency);
}

async function* mapped(fn, options, concurrency, mark) {
  const signal = AbortSignal.any([options?.signal].filter(Boolean));
  const passed = { signal };
  const stream = this;
  const queue = [];
  let running = 0;
  let done = false;
  let wakeReader;
  let wakePump;

  const tellReader = () => {
    if (wakeReader) {
      wakeReader();
      wakeReader = null;
    }
  };
  const tellPump = () => {
    if (wakePump && !done && running < concurrency && queue.length < mark) {
      wakePump();
      wakePump = null;
    }
  };
  const processed = () => {
    running--;
    tellPump();
  };
  const failed = () => {
    done = true;
    processed();
  };

  async function pump() {
    try {
      for await (let value of stream) {
        if (done) return;
        if (signal.aborted) throw new AbortError();
        try {
          value = fn(value, passed);
          if (value === kNothing) continue;
          value = Promise.resolve(value);
        } catch (error) {
          value = Promise.reject(error);
        }
        running++;
        value.then(processed, failed);
        queue.push(value);
        tellReader();
        if (!done && (queue.length >= mark || running >= concurrency)) await new Promise((resolve) => { wakePump = resolve; });
      }
      queue.push(kEnd);
    } catch (error) {
      const value = Promise.reject(error);
      value.then(processed, failed);
      queue.push(value);
    } finally {
      done = true;
      tellReader();
    }
  }
  pump();

  try {
    for (;;) {
      while (queue.length > 0) {
        const value = await queue[0];
        if (value === kEnd) return;
        if (signal.aborted) throw new AbortError();
        if (value !== kNothing) yield value;
        queue.shift();
        tellPump();
      }
      await new Promise((resolve) => { wakeReader = resolve; });
    }
  } finally {
    done = true;
    if (wakePump) {
      wakePump();
      wakePump = null;
    }
  }
}

function filter(fn, options) {
  validateFunction(fn, 'fn');
  const keep = async (value, passed) => ((await fn(value, passed)) ? value : kNothing);
  return map.call(this, keep, options);
}

async function some(fn, options = undefined) {
  // eslint-disable-next-line no-unused-vars
  for await (const found of filter.call(this, fn, options)) return true;
  return false;
}

async function every(fn, options = undefined) {
  validateFunction(fn, 'fn');
  return !(await some.call(this, async (...args) => !(await fn(...args)), options));
}

async function find(fn, options) {
  for await (const found of filter.call(this, fn, options)) return found;
  return undefined;
}

async function forEach(fn, options) {
  validateFunction(fn, 'fn');
  const call = async (value, passed) => {
    await fn(value, passed);
    return kNothing;
  };
  // eslint-disable-next-line no-unused-vars
  for await (const nothing of map.call(this, call, options));
}

async function reduce(reducer, initialValue, options) {
  validateFunction(reducer, 'reducer');
  checkOptions(options);
  const outer = options?.signal;
  if (outer?.aborted) {
    const error = new AbortError(undefined, { cause: outer.reason });
    // It is reported by the promise.
    this.once('error', () => {});
    await finished(this.destroy(error));
    throw error;
  }
  let started = arguments.length > 1;
  const controller = new AbortController();
  outer?.addEventListener('abort', () => controller.abort(), { once: true });
  try {
    for await (const value of this) {
      if (outer?.aborted) throw new AbortError();
      if (started) {
        initialValue = await reducer(initialValue, value, { signal: controller.signal });
      } else {
        initialValue = value;
        started = true;
      }
    }
    if (!started) {
      const error = new codes.ERR_MISSING_ARGS('reduce');
      error.message = 'Reduce of an empty stream requires an initial value';
      throw error;
    }
  } finally {
    controller.abort();
  }
  return initialValue;
}

async function toArray(options) {
  checkOptions(options);
  const all = [];
  for await (const value of this) {
    if (options?.signal?.aborted) throw new AbortError(undefined, { cause: options.signal.reason });
    all.push(value);
  }
  return all;
}

function flatMap(fn, options) {
  return flattened(map.call(this, fn, options));
}

async function* flattened(values) {
  for await (const value of values) yield* value;
}

function toCount(n) {
  n = Number(n);
  if (Number.isNaN(n)) return 0;
  if (n < 0) throw new codes.ERR_OUT_OF_RANGE('number', '>= 0', n);
  return n;
}

function stopIfAborted(options) {
  if (options?.signal?.aborted) throw new AbortError();
}

function drop(number, options = undefined) {
  checkOptions(options);
  return dropped.call(this, toCount(number), options);
}

async function* dropped(number, options) {
  stopIfAborted(options);
  for await (const value of this) {
    stopIfAborted(options);
    if (number-- <= 0) yield value;
  }
}

function take(number, options = undefined) {
  checkOptions(options);
  return taken.call(this, toCount(number), options);
}

async function* taken(number, options) {
  stopIfAborted(options);
  for await (const value of this) {
    stopIfAborted(options);
    if (number-- > 0) yield value;
    // One more would be asked for in vain.
    if (number <= 0) return;
  }
}

module.exports = { map, filter, flatMap, drop, take, some, every, find, forEach, reduce, toArray };
