// node:async_hooks. A context is a frame (a Map from storage to value) in one slot of the engine that every promise job, tick, timer and
// request carries with it. Ids of asynchronous operations are counted only once somebody asks for them.
//
// Native helpers (`async_native`): getContext() and setContext(frame) -> the frame before; track(hooks): from now on schedule through
// hooks.capture, and run callbacks between hooks.before and hooks.after; hookPromises(f): tell f of promises; stop(): leave the process after an error in a hook.

const { codes } = require('./errors');
const { validateFunction, validateString } = require('./validators');
const native = require('./async_native');

const { getContext, setContext } = native;
const { defineProperty } = Object;
const { apply } = Reflect;

// ---- ids --------------------------------------------------------------------

const asyncId_ = Symbol('async_id_symbol');
const triggerId_ = Symbol('trigger_async_id_symbol');
const frame_ = Symbol('context_frame');

// The main script is operation 1, started by 0.
let lastId = 1;
let currentId = 1;
let currentTrigger = 0;
let currentResource = {};
const outer = [];
let tracking = false;

const newId = () => ++lastId;

function enter(id, trigger, resource) {
  outer.push(currentId, currentTrigger, currentResource);
  currentId = id;
  currentTrigger = trigger;
  currentResource = resource;
}

function leave() {
  currentResource = outer.pop();
  currentTrigger = outer.pop();
  currentId = outer.pop();
}

// ---- hooks --------------------------------------------------------------------

const init_ = Symbol('init');
const before_ = Symbol('before');
const after_ = Symbol('after');
const destroy_ = Symbol('destroy');
const promiseResolve_ = Symbol('promiseResolve');
const noPromiseHook_ = Symbol('kNoPromiseHook');

// Replaced, never changed, so that a hook may enable and disable hooks.
let active = [];

// An error in a hook ends the process: nothing could tell where it came from.
function fatal(error) {
  const text = typeof error?.stack === 'string' ? error.stack : require('./inspect').inspect(error);
  native.stop(`${text}\n`);
}

function each(hook, a, b, c, d) {
  for (const one of active) {
    if (typeof one[hook] !== 'function') continue;
    try {
      one[hook](a, b, c, d);
    } catch (error) {
      // A stack that is too deep for the hook is the program's own error.
      if (error instanceof RangeError && error.message === 'Maximum call stack size exceeded') throw error;
      fatal(error);
    }
  }
}

// Called by native with everything that is going to call back later.
const hooks = {
  capture(type, resource) {
    const id = newId();
    const what = resource === undefined ? { [asyncId_]: id, [triggerId_]: currentId } : resource;
    const record = [getContext(), id, currentId, what];
    if (active.length > 0) each(init_, id, type, currentId, what);
    return record;
  },
  before(record) {
    enter(record[1], record[2], record[3]);
    if (active.length > 0) each(before_, record[1]);
  },
  after(record, last) {
    if (active.length > 0) each(after_, record[1]);
    if (outer.length > 0) leave();
    if (last) hooks.destroy(record);
  },
  destroy(record) {
    if (active.length > 0) setImmediateDestroy(record[1]);
  },
};

let toDestroy = [];
// `kept`: the loop turns once more for it.
function setImmediateDestroy(id, kept = false) {
  if (toDestroy.push(id) > 1) return;
  native.later(() => {
    const ids = toDestroy;
    toDestroy = [];
    for (const one of ids) each(destroy_, one);
  }, kept);
}

// ---- promises --------------------------------------------------------------------

/** The id of a promise, given now if it was made while nobody listened. */
function idOfPromise(promise, parent) {
  if (promise[asyncId_] === undefined) {
    promise[asyncId_] = newId();
    promise[triggerId_] = parent === undefined ? currentId : idOfPromise(parent);
  }
  return promise[asyncId_];
}

// Promises tell of their end when they are collected, if anybody wants to hear of it.
let collectedPromises;

function initPromise(promise, parent) {
  const trigger = parent === undefined ? currentId : idOfPromise(parent);
  const id = idOfPromise(promise, parent);
  each(init_, id, 'PROMISE', trigger, promise);
  if (active.some((one) => typeof one[destroy_] === 'function')) {
    collectedPromises ??= new FinalizationRegistry((id) => each(destroy_, id));
    collectedPromises.register(promise, id);
  }
}

const resolved = new WeakSet();
const INIT = 0;
const BEFORE = 1;
const AFTER = 2;

function aboutPromise(what, promise, parent) {
  if (what === INIT) return initPromise(promise, parent);
  const id = idOfPromise(promise);
  if (what === BEFORE) {
    enter(id, promise[triggerId_], promise);
    each(before_, id);
  } else if (what === AFTER) {
    // The promise of an await is resolved by going on.
    if (!resolved.has(promise)) each(promiseResolve_, id);
    each(after_, id);
    // The hooks may have been enabled in the middle of the job.
    if (currentId === id) leave();
  } else {
    resolved.add(promise);
    each(promiseResolve_, id);
  }
}

let promisesHooked = false;

function hookPromises() {
  const wanted = active.some((one) => !one[noPromiseHook_]);
  if (wanted === promisesHooked) return;
  promisesHooked = wanted;
  native.hookPromises(wanted ? aboutPromise : undefined);
}

function track() {
  if (tracking) return;
  tracking = true;
  native.track(hooks);
}

class AsyncHook {
  constructor({ init, before, after, destroy, promiseResolve, trackPromises }) {
    this[init_] = init;
    this[before_] = before;
    this[after_] = after;
    this[destroy_] = destroy;
    this[promiseResolve_] = promiseResolve;
    this[noPromiseHook_] = trackPromises === false;
  }

  enable() {
    if (active.includes(this)) return this;
    track();
    active = [...active, this];
    hookPromises();
    return this;
  }

  disable() {
    active = active.filter((one) => one !== this);
    hookPromises();
    return this;
  }
}

function createHook(fns) {
  if (fns === null || typeof fns !== 'object') throw new codes.ERR_INVALID_ARG_TYPE('hook', 'object', fns);
  for (const name of ['init', 'before', 'after', 'destroy', 'promiseResolve']) {
    if (fns[name] !== undefined && typeof fns[name] !== 'function') throw new codes.ERR_ASYNC_CALLBACK(`hook.${name}`);
  }
  return new AsyncHook(fns);
}

function executionAsyncId() {
  track();
  return currentId;
}

function triggerAsyncId() {
  track();
  return currentTrigger;
}

function executionAsyncResource() {
  track();
  return currentResource;
}

// ---- AsyncResource --------------------------------------------------------------

const collected = new FinalizationRegistry((state) => {
  if (!state.destroyed) each(destroy_, state.id);
});
const destroyState_ = Symbol('destroyed');

class AsyncResource {
  constructor(type, options = {}) {
    validateString(type, 'type');
    let trigger = options;
    let manual = false;
    if (typeof options !== 'number') {
      trigger = options.triggerAsyncId === undefined ? currentId : options.triggerAsyncId;
      manual = Boolean(options.requireManualDestroy);
    }
    if (!Number.isSafeInteger(trigger) || trigger < -1) throw new codes.ERR_INVALID_ASYNC_ID('triggerAsyncId', trigger);
    this[frame_] = getContext();
    const id = newId();
    this[asyncId_] = id;
    this[triggerId_] = trigger;
    if (active.length > 0) {
      if (type.length === 0) throw new codes.ERR_ASYNC_TYPE(type);
      each(init_, id, type, trigger, this);
      if (!manual && active.some((one) => one[destroy_])) {
        const state = { id, destroyed: false };
        defineProperty(this, destroyState_, { __proto__: null, value: state, enumerable: false });
        collected.register(this, state);
      }
    }
  }

  runInAsyncScope(fn, thisArg, ...args) {
    const id = this[asyncId_];
    enter(id, this[triggerId_], this);
    if (active.length > 0) each(before_, id);
    const before = setContext(this[frame_]);
    try {
      return apply(fn, thisArg, args);
    } finally {
      setContext(before);
      if (active.length > 0) each(after_, id);
      if (outer.length > 0) leave();
    }
  }

  emitDestroy() {
    const state = this[destroyState_];
    if (state !== undefined) state.destroyed = true;
    if (active.length > 0) setImmediateDestroy(this[asyncId_], true);
    return this;
  }

  asyncId() {
    return this[asyncId_];
  }

  triggerAsyncId() {
    return this[triggerId_];
  }

  bind(fn, thisArg) {
    validateFunction(fn, 'fn');
    const resource = this;
    const bound = thisArg === undefined ?
      function(...args) {
        return resource.runInAsyncScope(fn, this, ...args);
      } :
      this.runInAsyncScope.bind(this, fn, thisArg);
    defineProperty(bound, 'length', { __proto__: null, configurable: true, enumerable: false, value: fn.length, writable: false });
    return bound;
  }

  static bind(fn, type, thisArg) {
    type ||= fn.name;
    return new AsyncResource(type || 'bound-anonymous-fn').bind(fn, thisArg);
  }
}

// ---- AsyncLocalStorage ------------------------------------------------------------

class Frame extends Map {
  constructor(store, value) {
    super(getContext());
    this.set(store, value);
  }
}

class RunScope {
  #storage;
  #before;
  #left = false;

  constructor(storage, value) {
    this.#storage = storage;
    this.#before = storage.getStore();
    storage.enterWith(value);
  }

  dispose() {
    if (this.#left) return;
    this.#left = true;
    this.#storage.enterWith(this.#before);
  }

  [Symbol.dispose]() {
    this.dispose();
  }
}

class AsyncLocalStorage {
  #defaultValue;
  #name;

  constructor(options = {}) {
    require('./validators').validateObject(options, 'options');
    this.#defaultValue = options.defaultValue;
    if (options.name !== undefined) this.#name = `${options.name}`;
  }

  get name() {
    return this.#name || '';
  }

  static bind(fn) {
    return AsyncResource.bind(fn);
  }

  static snapshot() {
    return AsyncLocalStorage.bind((callback, ...args) => callback(...args));
  }

  disable() {
    getContext()?.delete(this);
  }

  enterWith(data) {
    setContext(new Frame(this, data));
  }

  run(data, fn, ...args) {
    const prior = this.getStore();
    if (Object.is(prior, data)) return apply(fn, null, args);
    const before = getContext();
    this.enterWith(data);
    try {
      return apply(fn, null, args);
    } finally {
      // Other storages may have been entered meanwhile: only this one goes back, unless nothing else could have changed.
      if (before === undefined && prior === undefined && getContext()?.size === 1) setContext(undefined);
      else this.enterWith(prior);
    }
  }

  exit(fn, ...args) {
    return this.run(undefined, fn, ...args);
  }

  getStore() {
    const frame = getContext();
    if (frame === undefined || !frame.has(this)) return this.#defaultValue;
    return frame.get(this);
  }

  withScope(store) {
    return new RunScope(this, store);
  }
}

const providers = ['NONE', 'DIRHANDLE', 'DNSCHANNEL', 'ELDHISTOGRAM', 'FILEHANDLE', 'FILEHANDLECLOSEREQ', 'BLOBREADER', 'FSEVENTWRAP', 'FSREQCALLBACK', 'FSREQPROMISE',
  'GETADDRINFOREQWRAP', 'GETNAMEINFOREQWRAP', 'HTTPINCOMINGMESSAGE', 'HTTPCLIENTREQUEST', 'MESSAGEPORT', 'PIPECONNECTWRAP', 'PIPESERVERWRAP', 'PIPEWRAP', 'PROCESSWRAP',
  'PROMISE', 'SHUTDOWNWRAP', 'SIGNALWRAP', 'STATWATCHER', 'TCPCONNECTWRAP', 'TCPSERVERWRAP', 'TCPWRAP', 'TTYWRAP', 'UDPSENDWRAP', 'UDPWRAP', 'WORKER', 'WRITEWRAP', 'ZLIB'];

module.exports = {
  AsyncLocalStorage,
  createHook,
  executionAsyncId,
  triggerAsyncId,
  executionAsyncResource,
  asyncWrapProviders: Object.freeze({ __proto__: null, ...Object.fromEntries(providers.map((name, i) => [name, i])) }),
  AsyncResource,
};
