// AbortController and AbortSignal.

const { codes } = require('./errors');
const { validateFunction, validateAbortSignal, validateObject, validateUint32, kValidateObjectAllowArray, kValidateObjectAllowFunction } = require('./validators');
const { Event, EventTarget, internal, defineEventHandler, enumerate, setMaxListeners } = require('./event_target');
const { DOMException } = require('./dom_exception');
const { inspect } = require('./inspect');
const { setTimeout, clearTimeout } = require('./timers_native');

const { defineProperty } = Object;
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');
// Only this module may make signals.
const makeSignal = Symbol('make AbortSignal');

// A signal that will abort by itself and that somebody listens to must not be collected, whoever else has forgotten it.
const listenedTo = new Set();
// The timers of timeout signals that were collected unheard have nothing left to do.
const abandoned = new FinalizationRegistry((timer) => clearTimeout(timer));

class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  // AbortSignal.any: the signals it follows, never composite ones; and, the other way round, who follows this one.
  #sources;
  #followers;
  // It aborts without its maker: a timeout, or a composite of other signals.
  #selfActing = false;

  constructor() {
    if (arguments[0] !== makeSignal) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
    super();
    setMaxListeners(this, 0);
  }

  static #check(signal) {
    if (signal === null || typeof signal !== 'object' || !(#aborted in signal)) throw new codes.ERR_INVALID_THIS('AbortSignal');
  }

  get aborted() {
    AbortSignal.#check(this);
    return this.#aborted;
  }

  get reason() {
    AbortSignal.#check(this);
    return this.#reason;
  }

  throwIfAborted() {
    AbortSignal.#check(this);
    if (this.#aborted) throw this.#reason;
  }

  [inspectCustom](depth, options) {
    if (depth < 0) return options.stylize(`[${this.constructor.name}]`, 'special');
    const inner = { ...options, depth: options.depth === null ? null : options.depth - 1 };
    return `${this.constructor.name} ${inspect({ aborted: this.aborted }, inner)}`;
  }

  static abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
    const signal = new AbortSignal(makeSignal);
    signal.#aborted = true;
    signal.#reason = reason;
    return signal;
  }

  static timeout(delay) {
    validateUint32(delay, 'delay', false);
    const signal = new AbortSignal(makeSignal);
    signal.#selfActing = true;
    const weak = new WeakRef(signal);
    const timer = setTimeout(() => {
      const kept = weak.deref();
      if (kept === undefined) return;
      abandoned.unregister(kept);
      abortSignal(kept, new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    }, delay);
    timer.unref();
    abandoned.register(signal, timer, signal);
    return signal;
  }

  static any(signals) {
    const list = sequence(signals);
    const result = new AbortSignal(makeSignal);
    const stopped = list.find((signal) => signal.#aborted);
    if (stopped !== undefined) {
      result.#aborted = true;
      result.#reason = stopped.#reason;
      return result;
    }
    result.#sources = new Set();
    result.#selfActing = true;
    const weak = new WeakRef(result);
    for (const signal of list) {
      for (const source of signal.#sources ?? [signal]) {
        if (result.#sources.has(source)) continue;
        result.#sources.add(source);
        (source.#followers ??= new Set()).add(weak);
      }
    }
    return result;
  }

  static isSignal(value) {
    return value !== null && typeof value === 'object' && #aborted in value;
  }

  // Followers learn the reason before anybody's listeners run.
  static abortNow(signal, reason) {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason;
    const followers = [];
    for (const weak of signal.#followers ?? []) {
      const follower = weak.deref();
      if (follower === undefined || follower.#aborted) continue;
      follower.#aborted = true;
      follower.#reason = reason;
      followers.push(follower);
    }
    signal.#followers = undefined;
    for (const target of [signal, ...followers]) {
      target.dispatchEvent(new Event('abort', { [internal.trust]: true }));
      listenedTo.delete(target);
    }
  }

  [internal.added](size, type, ...rest) {
    super[internal.added](size, type, ...rest);
    if (this.#selfActing && !this.#aborted && type === 'abort' && size === 1) {
      listenedTo.add(this);
      if (this.#sources === undefined) return;
      for (const source of this.#sources) if (source.#selfActing) listenedTo.add(source);
    }
  }

  [internal.removed](size, type, ...rest) {
    super[internal.removed](size, type, ...rest);
    if (this.#selfActing && type === 'abort' && size === 0) listenedTo.delete(this);
  }
}

const { abortNow: abortSignal, isSignal } = AbortSignal;
delete AbortSignal.abortNow;
delete AbortSignal.isSignal;

function conversionError(message) {
  const error = new TypeError(message);
  error.code = 'ERR_INVALID_ARG_TYPE';
  return error;
}

// WebIDL's sequence<AbortSignal>.
function sequence(value) {
  const iterate = value === null || (typeof value !== 'object' && typeof value !== 'function') ? undefined : value[Symbol.iterator];
  if (typeof iterate !== 'function') throw conversionError('signals cannot be converted to sequence.');
  const list = [];
  for (const signal of value) {
    if (!isSignal(signal)) throw conversionError(`signals[${list.length}] is not of type AbortSignal.`);
    list.push(signal);
  }
  return list;
}

enumerate(AbortSignal, ['aborted']);
defineEventHandler(AbortSignal.prototype, 'abort');
for (const symbol of [internal.added, internal.removed]) defineProperty(AbortSignal.prototype, symbol, { __proto__: null, enumerable: false });

class AbortController {
  #signal;

  get signal() {
    return (this.#signal ??= new AbortSignal(makeSignal));
  }

  abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
    abortSignal((this.#signal ??= new AbortSignal(makeSignal)), reason);
  }

  [inspectCustom](depth, options) {
    if (depth < 0) return this;
    const inner = { ...options, depth: options.depth === null ? null : options.depth - 1 };
    return `${this.constructor.name} ${inspect({ signal: this.signal }, inner)}`;
  }
}

enumerate(AbortController, ['signal', 'abort']);

/** util.aborted: settles when the signal aborts, unless `resource` is collected before that. */
async function aborted(signal, resource) {
  if (signal === undefined) throw new codes.ERR_INVALID_ARG_TYPE('signal', 'AbortSignal', signal);
  validateAbortSignal(signal, 'signal');
  validateObject(resource, 'resource', kValidateObjectAllowArray | kValidateObjectAllowFunction);
  if (signal.aborted) return undefined;
  const weak = new WeakRef(resource);
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      if (weak.deref() !== undefined) resolve();
    }, { once: true, [internal.resistsStop]: true });
  });
}

/** util.transferableAbortController */
function transferableAbortController() {
  return new AbortController();
}

/** util.transferableAbortSignal */
function transferableAbortSignal(signal) {
  if (!isSignal(signal)) throw new codes.ERR_INVALID_ARG_TYPE('signal', 'AbortSignal', signal);
  return signal;
}

/** Runs `listener` once when the signal aborts, even if an earlier listener stops the event. */
function addAbortListener(signal, listener) {
  if (signal === undefined) throw new codes.ERR_INVALID_ARG_TYPE('signal', 'AbortSignal', signal);
  validateAbortSignal(signal, 'signal');
  validateFunction(listener, 'listener');
  let remove;
  if (signal.aborted) {
    queueMicrotask(() => listener());
  } else {
    signal.addEventListener('abort', listener, { once: true, [internal.resistsStop]: true });
    remove = () => signal.removeEventListener('abort', listener);
  }
  return { __proto__: null, [Symbol.dispose]() { remove?.(); } };
}

module.exports = {
  AbortController, AbortSignal, isSignal, aborted, addAbortListener, transferableAbortController, transferableAbortSignal,
};
