// Mocks of node:test: functions and methods that remember their calls, and timers that run when told.

const { codes } = require('./errors');
const { validateBoolean, validateFunction, validateInteger, validateNumber, validateObject, validateStringArray } = require('./validators');

const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;

class MockFunctionContext {
  #calls = [];
  #implementation;
  #original;
  #once = new Map();
  #restore;
  #times;

  constructor(implementation, original, restore, times) {
    this.#implementation = implementation;
    this.#original = original;
    this.#restore = restore;
    this.#times = times;
  }

  get calls() {
    return this.#calls.slice();
  }

  callCount() {
    return this.#calls.length;
  }

  mockImplementation(implementation) {
    validateFunction(implementation, 'implementation');
    this.#implementation = implementation;
  }

  mockImplementationOnce(implementation, onCall) {
    validateFunction(implementation, 'implementation');
    const next = this.#calls.length;
    const call = onCall ?? next;
    validateInteger(call, 'onCall', next);
    this.#once.set(call, implementation);
  }

  restore() {
    if (this.#restore !== undefined) this.#restore();
    this.#implementation = this.#original;
  }

  resetCalls() {
    this.#calls = [];
  }

  _record(call) {
    this.#calls.push(call);
  }

  _next() {
    const n = this.#calls.length;
    const once = this.#once.get(n);
    const implementation = once ?? this.#implementation;
    if (n + 1 === this.#times) this.restore();
    this.#once.delete(n);
    return implementation;
  }
}

function mockFunction(original, implementation, restore, times) {
  const context = new MockFunctionContext(implementation, original, restore, times);
  const base = original;
  return new Proxy(base, {
    __proto__: null,
    apply(target, self, args) {
      const fn = context._next();
      const call = { arguments: args, error: undefined, result: undefined, stack: new Error(), target: undefined, this: self };
      try {
        const result = Reflect.apply(fn, self, args);
        call.result = result;
        return result;
      } catch (error) {
        call.error = error;
        throw error;
      } finally {
        context._record(call);
      }
    },
    construct(target, args, newTarget) {
      const fn = context._next();
      const call = { arguments: args, error: undefined, result: undefined, stack: new Error(), target, this: undefined };
      try {
        const result = Reflect.construct(fn, args, newTarget === undefined ? fn : newTarget);
        call.this = result;
        call.result = result;
        return result;
      } catch (error) {
        call.error = error;
        throw error;
      } finally {
        context._record(call);
      }
    },
    get: (target, key, receiver) => (key === 'mock' ? context : Reflect.get(target, key, receiver === undefined ? target : target)),
  });
}

function findDescriptor(object, name) {
  for (let o = object; o !== null && o !== undefined; o = getPrototypeOf(o)) {
    const descriptor = getOwnPropertyDescriptor(o, name);
    if (descriptor !== undefined) return descriptor;
  }
  return undefined;
}

function timesOf(options) {
  const { times = Infinity } = options;
  if (times !== Infinity) validateInteger(times, 'options.times', 1);
  return times;
}

class MockPropertyContext {
  #accesses = [];
  #object;
  #name;
  #value;
  #descriptor;

  constructor(object, name, value) {
    this.#object = object;
    this.#name = name;
    this.#descriptor = getOwnPropertyDescriptor(object, name);
    if (this.#descriptor === undefined) throw new codes.ERR_INVALID_ARG_VALUE('propertyName', name, 'is not a property of the object');
    this.#value = value;
    const { enumerable } = this.#descriptor;
    defineProperty(object, name, {
      __proto__: null,
      configurable: true,
      enumerable,
      get: () => {
        this.#accesses.push({ type: 'get', value: this.#value, stack: new Error() });
        return this.#value;
      },
      set: (next) => {
        this.#accesses.push({ type: 'set', value: next, stack: new Error() });
        this.#value = next;
      },
    });
  }

  get accesses() {
    return this.#accesses.slice();
  }

  accessCount() {
    return this.#accesses.length;
  }

  mockImplementation(value) {
    this.#value = value;
  }

  resetAccesses() {
    this.#accesses = [];
  }

  restore() {
    defineProperty(this.#object, this.#name, this.#descriptor);
  }
}

class MockTracker {
  #mocks = [];
  #timers;

  get timers() {
    this.#timers ??= new MockTimers();
    return this.#timers;
  }

  fn(original = function() {}, implementation = original, options = {}) {
    if (original !== null && typeof original === 'object') {
      options = original;
      original = function() {};
      implementation = original;
    } else if (implementation !== null && typeof implementation === 'object') {
      options = implementation;
      implementation = original;
    }
    validateFunction(original, 'original');
    validateFunction(implementation, 'implementation');
    validateObject(options, 'options');
    const mock = mockFunction(original, implementation, undefined, timesOf(options));
    this.#mocks.push(mock.mock);
    return mock;
  }

  method(object, name, implementation, options = {}) {
    if (object === null || (typeof object !== 'object' && typeof object !== 'function')) throw new codes.ERR_INVALID_ARG_TYPE('object', 'object', object);
    if (typeof name !== 'string' && typeof name !== 'symbol') throw new codes.ERR_INVALID_ARG_TYPE('methodName', ['string', 'symbol'], name);
    if (implementation !== null && typeof implementation === 'object') {
      options = implementation;
      implementation = undefined;
    }
    validateObject(options, 'options');
    const { getter = false, setter = false } = options;
    validateBoolean(getter, 'options.getter');
    validateBoolean(setter, 'options.setter');
    if (getter && setter) throw new codes.ERR_INVALID_ARG_VALUE('options.setter', setter, "cannot be used with 'options.getter'");
    const descriptor = findDescriptor(object, name);
    const part = getter ? 'get' : setter ? 'set' : 'value';
    const original = descriptor?.[part];
    if (typeof original !== 'function') throw new codes.ERR_INVALID_ARG_VALUE('methodName', original, 'must be a method');
    if (implementation !== undefined) validateFunction(implementation, 'implementation');
    const own = getOwnPropertyDescriptor(object, name);
    const restore = () => {
      if (own === undefined) delete object[name];
      else defineProperty(object, name, own);
    };
    const mock = mockFunction(original, implementation ?? original, restore, timesOf(options));
    const replacement = { __proto__: null, configurable: descriptor.configurable, enumerable: descriptor.enumerable };
    if (part === 'value') {
      replacement.writable = descriptor.writable;
      replacement.value = mock;
    } else {
      replacement.get = part === 'get' ? mock : descriptor.get;
      replacement.set = part === 'set' ? mock : descriptor.set;
    }
    defineProperty(object, name, replacement);
    this.#mocks.push(mock.mock);
    return mock;
  }

  getter(object, name, implementation, options) {
    return this.#accessor(object, name, implementation, options, 'getter');
  }

  setter(object, name, implementation, options) {
    return this.#accessor(object, name, implementation, options, 'setter');
  }

  #accessor(object, name, implementation, options = {}, kind) {
    if (implementation !== null && typeof implementation === 'object') {
      options = implementation;
      implementation = undefined;
    }
    validateObject(options, 'options');
    if (options[kind] === false) throw new codes.ERR_INVALID_ARG_VALUE(`options.${kind}`, false, 'cannot be false');
    return this.method(object, name, implementation, { ...options, [kind]: true });
  }

  property(object, name, ...value) {
    const context = new MockPropertyContext(object, name, value.length > 0 ? value[0] : object[name]);
    this.#mocks.push(context);
    return new Proxy(object, { __proto__: null, get: (target, key, receiver) => (key === 'mock' ? context : Reflect.get(target, key, receiver)) });
  }

  module() {
    throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('mock.module() of node:test');
  }

  reset() {
    this.restoreAll();
    this.#timers?.reset();
    this.#mocks = [];
  }

  restoreAll() {
    for (const mock of this.#mocks) mock.restore();
  }
}

// ---- timers ---------------------------------------------------------------------

const apis = ['setTimeout', 'setInterval', 'setImmediate', 'Date', 'scheduler.wait', 'AbortSignal.timeout'];

class MockTimers {
  #enabled = false;
  #now = 0;
  #nextId = 1;
  #timers = [];
  #saved = [];

  enable(options = { __proto__: null, apis, now: 0 }) {
    if (this.#enabled) throw new codes.ERR_INVALID_STATE('MockTimers is already enabled!');
    validateObject(options, 'options');
    const wanted = options.apis ?? apis;
    validateStringArray(wanted, 'options.apis');
    for (const api of wanted) if (!apis.includes(api)) throw new codes.ERR_INVALID_ARG_VALUE('options.apis', api, `option ${api} is not supported`);
    let now = options.now ?? 0;
    if (now instanceof Date) now = now.getTime();
    validateNumber(now, 'options.now', 0);
    this.#now = now;
    this.#enabled = true;
    for (const api of wanted) this.#replace(api);
  }

  #set(object, name, value) {
    const own = getOwnPropertyDescriptor(object, name);
    this.#saved.push(() => {
      if (own === undefined) delete object[name];
      else defineProperty(object, name, own);
    });
    defineProperty(object, name, { __proto__: null, value, configurable: true, writable: true, enumerable: own?.enumerable ?? true });
  }

  #start(callback, delay, args, interval) {
    validateFunction(callback, 'callback');
    const ms = Number.isFinite(+delay) && +delay >= 1 ? Math.trunc(+delay) : 1;
    const id = this.#nextId++;
    const timer = { id, callback, at: this.#now + (interval === null ? 0 : ms), interval: interval ? ms : undefined, args };
    this.#timers.push(timer);
    const handle = { id, ref: () => handle, unref: () => handle, hasRef: () => true, refresh: () => handle, close: () => this.#clear(handle), [Symbol.toPrimitive]: () => id };
    handle[Symbol.dispose] = handle.close;
    return handle;
  }

  #clear(handle) {
    const id = typeof handle === 'object' && handle !== null ? handle.id : Number(handle);
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  }

  #replace(api) {
    const clear = (handle) => this.#clear(handle);
    const timers = require('timers');
    const promises = require('timers/promises');
    const both = (name, value) => {
      this.#set(globalThis, name, value);
      this.#set(timers, name, value);
    };
    switch (api) {
      case 'setTimeout':
        both('setTimeout', (callback, delay, ...args) => this.#start(callback, delay, args, false));
        both('clearTimeout', clear);
        this.#set(promises, 'setTimeout', (delay, value, options) => this.#promise(delay, value, options, false));
        break;
      case 'setInterval':
        both('setInterval', (callback, delay, ...args) => this.#start(callback, delay, args, true));
        both('clearInterval', clear);
        break;
      case 'setImmediate':
        both('setImmediate', (callback, ...args) => this.#start(callback, 0, args, null));
        both('clearImmediate', clear);
        this.#set(promises, 'setImmediate', (value, options) => this.#promise(0, value, options, null));
        break;
      case 'Date':
        this.#set(globalThis, 'Date', this.#date());
        break;
      case 'scheduler.wait':
        this.#set(promises.scheduler, 'wait', (delay, options) => this.#promise(delay, undefined, options, false));
        break;
      case 'AbortSignal.timeout':
        this.#set(AbortSignal, 'timeout', (delay) => {
          const controller = new AbortController();
          this.#start(() => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), delay, [], false);
          return controller.signal;
        });
        break;
    }
  }

  #promise(delay, value, options, interval) {
    return new Promise((resolve, reject) => {
      const handle = this.#start(() => resolve(value), delay, [], interval);
      options?.signal?.addEventListener('abort', () => {
        this.#clear(handle);
        const { AbortError } = require('./errors');
        reject(new AbortError(undefined, { cause: options.signal.reason }));
      }, { once: true });
    });
  }

  #date() {
    const Real = Date;
    const now = () => this.#now;
    function MockDate(...args) {
      if (!new.target) return new Real(now()).toString();
      return Reflect.construct(Real, args.length === 0 ? [now()] : args, new.target === MockDate ? MockDate : new.target);
    }
    defineProperty(MockDate, 'name', { __proto__: null, value: 'Date' });
    defineProperty(MockDate, 'prototype', { __proto__: null, value: Real.prototype });
    MockDate.now = now;
    MockDate.parse = Real.parse;
    MockDate.UTC = Real.UTC;
    MockDate.isMock = true;
    return MockDate;
  }

  #assertEnabled() {
    if (!this.#enabled) throw new codes.ERR_INVALID_STATE('You should enable MockTimers first by calling the .enable function');
  }

  #runUntil(end) {
    while (true) {
      let next;
      for (const timer of this.#timers) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      if (next.interval === undefined) this.#timers.splice(this.#timers.indexOf(next), 1);
      else next.at += next.interval;
      Reflect.apply(next.callback, undefined, next.args);
    }
    this.#now = end;
  }

  tick(time = 1) {
    this.#assertEnabled();
    if (typeof time !== 'number' || time < 0) throw new codes.ERR_INVALID_ARG_VALUE('time', 'positive integer', time);
    this.#runUntil(this.#now + time);
  }

  runAll() {
    this.#assertEnabled();
    const last = this.#timers.reduce((most, timer) => Math.max(most, timer.at), this.#now);
    this.#runUntil(last);
  }

  setTime(time = 0) {
    validateNumber(time, 'time');
    if (time < 0) throw new codes.ERR_INVALID_ARG_VALUE('time', 'positive integer', time);
    this.#assertEnabled();
    this.#runUntil(time);
  }

  reset() {
    if (!this.#enabled) return;
    for (const restore of this.#saved.reverse()) restore();
    this.#saved = [];
    this.#timers = [];
    this.#enabled = false;
    this.#now = 0;
  }

  [Symbol.dispose]() {
    this.reset();
  }
}

module.exports = { MockTracker, MockTimers };
