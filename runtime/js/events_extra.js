// What EventEmitter's module offers beside the emitter itself: once, on, and looks at targets of either kind.
const { codes, AbortError } = require('./errors');
const { validateAbortSignal, validateObject, validateInteger, validateNumber, validateString } = require('./validators');
const eventTarget = () => require('./event_target');

const EventEmitter = () => require('events');
const asyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

const abortError = (signal) => new AbortError(undefined, { cause: signal.reason });

function isEmitter(target) {
  return typeof target?.on === 'function';
}

function listen(target, name, listener, once) {
  if (isEmitter(target)) {
    if (once) target.once(name, listener);
    else target.on(name, listener);
  } else if (typeof target?.addEventListener === 'function') {
    target.addEventListener(name, listener, once ? { once: true } : undefined);
  } else {
    throw new codes.ERR_INVALID_ARG_TYPE('emitter', 'EventEmitter', target);
  }
}

function unlisten(target, name, listener) {
  if (typeof target.removeListener === 'function') target.removeListener(name, listener);
  else target.removeEventListener(name, listener);
}

function once(emitter, name, options = {}) {
  return new Promise((resolve, reject) => {
    validateObject(options, 'options');
    const { signal } = options;
    validateAbortSignal(signal, 'options.signal');
    if (signal?.aborted) throw abortError(signal);
    let abort;
    const onError = (error) => {
      unlisten(emitter, name, onEvent);
      abort?.[Symbol.dispose]();
      reject(error);
    };
    const onEvent = (...args) => {
      if (isEmitter(emitter) && name !== 'error') unlisten(emitter, 'error', onError);
      abort?.[Symbol.dispose]();
      resolve(args);
    };
    const onAbort = () => {
      unlisten(emitter, name, onEvent);
      unlisten(emitter, 'error', onError);
      reject(abortError(signal));
    };
    listen(emitter, name, onEvent, true);
    if (name !== 'error' && isEmitter(emitter)) emitter.once('error', onError);
    if (signal) abort = addAbortListener(signal, onAbort);
  });
}

function on(emitter, event, options = {}) {
  validateObject(options, 'options');
  const { signal } = options;
  validateAbortSignal(signal, 'options.signal');
  if (signal?.aborted) throw abortError(signal);
  const high = options.highWaterMark ?? options.highWatermark ?? Number.MAX_SAFE_INTEGER;
  const low = options.lowWaterMark ?? options.lowWatermark ?? 1;
  validateInteger(high, 'options.highWaterMark', 1);
  validateInteger(low, 'options.lowWaterMark', 1);

  const events = [];
  const waiting = [];
  let error = null;
  let finished = false;
  let paused = false;
  let abort;

  const onEvent = (...args) => {
    const next = waiting.shift();
    if (next !== undefined) {
      next.resolve({ value: args, done: false });
      return;
    }
    events.push(args);
    if (!paused && events.length > high && typeof emitter.pause === 'function') {
      paused = true;
      emitter.pause();
    }
  };
  const fail = (reason) => {
    const next = waiting.shift();
    if (next !== undefined) next.reject(reason);
    else error = reason;
    close();
  };
  const onAbort = () => fail(abortError(signal));
  const closers = options.close ?? [];

  function close() {
    unlisten(emitter, event, onEvent);
    if (event !== 'error' && isEmitter(emitter)) unlisten(emitter, 'error', fail);
    for (const name of closers) unlisten(emitter, name, close);
    abort?.[Symbol.dispose]();
    finished = true;
    for (const { resolve } of waiting.splice(0)) resolve({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  }

  const iterator = Object.setPrototypeOf({
    next() {
      if (events.length > 0) {
        const value = events.shift();
        if (paused && events.length < low) {
          paused = false;
          // Closed meanwhile, it has nothing more to give.
          if (!finished) emitter.resume();
        }
        return Promise.resolve({ value, done: false });
      }
      if (error !== null) {
        const reason = error;
        error = null;
        return Promise.reject(reason);
      }
      if (finished) return close();
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return() {
      return close();
    },
    throw(reason) {
      if (!(reason instanceof Error)) throw new codes.ERR_INVALID_ARG_TYPE('EventEmitter.AsyncIterator', 'Error', reason);
      fail(reason);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    // Streams and readline look at how full it is.
    [Symbol.for('nodejs.watermarkData')]: {
      get size() { return events.length; },
      get low() { return low; },
      get high() { return high; },
      get isPaused() { return paused; },
    },
  }, asyncIteratorPrototype);

  listen(emitter, event, onEvent, false);
  if (event !== 'error' && isEmitter(emitter)) emitter.on('error', fail);
  for (const name of closers) listen(emitter, name, close, false);
  abort = signal ? addAbortListener(signal, onAbort) : undefined;
  return iterator;
}

const neither = (name, value) => new codes.ERR_INVALID_ARG_TYPE(name, ['EventEmitter', 'EventTarget'], value);

function getEventListeners(target, name) {
  if (typeof target?.listeners === 'function') return target.listeners(name);
  if (eventTarget().isEventTarget(target)) return eventTarget().eventListeners(target, name);
  throw neither('emitter', target);
}

function getMaxListeners(target) {
  if (typeof target?.getMaxListeners === 'function') return target.getMaxListeners();
  if (eventTarget().isEventTarget(target)) return eventTarget().maxListeners(target);
  throw neither('emitter', target);
}

/** Sets the limit of these targets; without targets, that of all that are made from now on. */
function setMaxListeners(n = EventEmitter().defaultMaxListeners, ...targets) {
  validateNumber(n, 'setMaxListeners', 0);
  if (targets.length === 0) {
    EventEmitter().defaultMaxListeners = n;
    return;
  }
  for (const target of targets) {
    if (eventTarget().isEventTarget(target)) eventTarget().setMaxListeners(target, n);
    else if (typeof target?.setMaxListeners === 'function') target.setMaxListeners(n);
    else throw neither('eventTargets', target);
  }
}

function listenerCount(target, name) {
  if (typeof target?.listenerCount === 'function') return target.listenerCount(name);
  if (eventTarget().isEventTarget(target)) return eventTarget().eventListeners(target, name).length;
  throw neither('emitter', target);
}

let asyncResourceClass;

/** An emitter whose listeners run in an asynchronous context of their own; made when first asked for, as it needs async_hooks. */
function asyncResourceEmitter() {
  if (asyncResourceClass !== undefined) return asyncResourceClass;
  const { AsyncResource } = require('async_hooks');
  const Emitter = EventEmitter();

  class EventEmitterReferencingAsyncResource extends AsyncResource {
    #emitter;

    constructor(emitter, type, options) {
      super(type, options);
      this.#emitter = emitter;
    }

    get eventEmitter() {
      if (!(#emitter in this)) throw new codes.ERR_INVALID_THIS('EventEmitterReferencingAsyncResource');
      return this.#emitter;
    }
  }

  class EventEmitterAsyncResource extends Emitter {
    #resource;

    constructor(options = undefined) {
      let name;
      if (typeof options === 'string') {
        name = options;
        options = undefined;
      } else {
        if (new.target === EventEmitterAsyncResource) validateString(options?.name, 'options.name');
        name = options?.name || new.target.name;
      }
      super(options);
      this.#resource = new EventEmitterReferencingAsyncResource(this, name, options);
    }

    emit(event, ...args) {
      return this.#resource.runInAsyncScope(super.emit, this, event, ...args);
    }

    emitDestroy() {
      this.#resource.emitDestroy();
    }

    get asyncId() { return this.#resource.asyncId(); }
    get triggerAsyncId() { return this.#resource.triggerAsyncId(); }
    get asyncResource() { return this.#resource; }
  }
  asyncResourceClass = EventEmitterAsyncResource;
  return asyncResourceClass;
}

const addAbortListener = (signal, listener) => require('./abort').addAbortListener(signal, listener);

module.exports = {
  get EventEmitterAsyncResource() { return asyncResourceEmitter(); },
  once, on, addAbortListener, getEventListeners, getMaxListeners, setMaxListeners, listenerCount,
};
