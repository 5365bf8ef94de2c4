// The performance timeline: entries, who observes them, and what is kept of them.

const { codes } = require('./errors');
const { validateFunction, validateObject, validateArray } = require('./validators');
const inspect = (value, options) => require('./inspect').inspect(value, options);
const { now } = binding;

const { defineProperties } = Object;
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');
const illegal = Symbol('make PerformanceEntry');
const enumerable = { __proto__: null, enumerable: true };

// ---- entries --------------------------------------------------------------------

class PerformanceEntry {
  #name;
  #entryType;
  #startTime;
  #duration;

  constructor() {
    if (arguments[0] !== illegal) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
    [, this.#name, this.#entryType, this.#startTime, this.#duration] = arguments;
  }

  static #check(self) {
    if (self === null || typeof self !== 'object' || !(#name in self)) throw new codes.ERR_INVALID_THIS('PerformanceEntry');
  }

  get name() {
    PerformanceEntry.#check(this);
    return this.#name;
  }

  get entryType() {
    PerformanceEntry.#check(this);
    return this.#entryType;
  }

  get startTime() {
    PerformanceEntry.#check(this);
    return this.#startTime;
  }

  get duration() {
    PerformanceEntry.#check(this);
    return this.#duration;
  }

  [inspectCustom](depth, options) {
    if (depth < 0) return this;
    const inner = { ...options, depth: options.depth == null ? null : options.depth - 1 };
    return `${this.constructor.name} ${inspect(this.toJSON(), inner)}`;
  }

  toJSON() {
    PerformanceEntry.#check(this);
    return { name: this.#name, entryType: this.#entryType, startTime: this.#startTime, duration: this.#duration };
  }
}
defineProperties(PerformanceEntry.prototype, { name: enumerable, entryType: enumerable, startTime: enumerable, duration: enumerable, toJSON: enumerable });

class PerformanceMark extends PerformanceEntry {
  #detail;

  constructor(name, options = undefined) {
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('name');
    name = `${name}`;
    if (isNodeTiming(name)) throw new codes.ERR_INVALID_ARG_VALUE('name', name);
    if (options != null) validateObject(options, 'options');
    const startTime = options?.startTime ?? now();
    if (typeof startTime !== 'number') throw new codes.ERR_INVALID_ARG_TYPE('startTime', 'number', startTime);
    if (startTime < 0) throw new codes.ERR_PERFORMANCE_INVALID_TIMESTAMP(startTime);
    super(illegal, name, 'mark', startTime, 0);
    this.#detail = options?.detail == null ? null : structuredClone(options.detail);
  }

  get detail() {
    if (!(#detail in this)) throw new codes.ERR_INVALID_THIS('PerformanceMark');
    return this.#detail;
  }

  toJSON() {
    return { ...super.toJSON(), detail: this.detail };
  }
}
defineProperties(PerformanceMark.prototype, { detail: enumerable });

class PerformanceMeasure extends PerformanceEntry {
  #detail;

  constructor(key, name, detail, startTime, duration) {
    if (key !== illegal) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
    super(illegal, name, 'measure', startTime, duration);
    this.#detail = detail;
  }

  get detail() {
    if (!(#detail in this)) throw new codes.ERR_INVALID_THIS('PerformanceMeasure');
    return this.#detail;
  }

  toJSON() {
    return { ...super.toJSON(), detail: this.detail };
  }
}
defineProperties(PerformanceMeasure.prototype, { detail: enumerable });

/** Entries of Node's own kinds: function, gc, net, dns, http. */
class PerformanceNodeEntry extends PerformanceEntry {
  #detail;

  constructor(key, name, type, startTime, duration, detail) {
    super(key, name, type, startTime, duration);
    this.#detail = detail;
  }

  get detail() { return this.#detail; }

  toJSON() {
    return { ...super.toJSON(), detail: this.#detail };
  }
}

const RESOURCE = [
  'initiatorType', 'workerStart', 'redirectStart', 'redirectEnd', 'fetchStart', 'domainLookupStart', 'domainLookupEnd', 'connectStart',
  'connectEnd', 'secureConnectionStart', 'nextHopProtocol', 'requestStart', 'responseStart', 'responseEnd', 'encodedBodySize',
  'decodedBodySize', 'transferSize', 'deliveryType', 'responseStatus',
];

class PerformanceResourceTiming extends PerformanceEntry {
  #values;

  constructor(key, name, startTime, duration, values) {
    if (key !== illegal) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
    super(illegal, name, 'resource', startTime, duration);
    this.#values = values;
  }

  static {
    for (const name of RESOURCE) {
      Object.defineProperty(this.prototype, name, {
        __proto__: null,
        configurable: true,
        enumerable: true,
        get() {
          if (this === null || typeof this !== 'object' || !(#values in this)) throw new codes.ERR_INVALID_THIS('PerformanceResourceTiming');
          return this.#values[name];
        },
      });
    }
  }

  toJSON() {
    const values = super.toJSON();
    for (const name of RESOURCE) values[name] = this.#values[name];
    return values;
  }
}

const NODE_TIMINGS = new Set(['nodeStart', 'v8Start', 'environment', 'loopStart', 'loopExit', 'bootstrapComplete']);
const isNodeTiming = (name) => NODE_TIMINGS.has(name);

// ---- observers ------------------------------------------------------------------

const SUPPORTED = ['dns', 'function', 'gc', 'http', 'http2', 'mark', 'measure', 'net', 'quic', 'resource'];
// Entries that the global timeline keeps.
const kept = { __proto__: null, mark: [], measure: [], resource: [] };
const observers = new Set();
let pending = false;

function dispatchLater() {
  if (pending) return;
  pending = true;
  setImmediate(() => {
    pending = false;
    for (const observer of [...observers]) deliver(observer);
  });
}

let deliver;
let offer;
let observes;

class PerformanceObserverEntryList {
  #entries;

  constructor() {
    if (arguments[0] !== illegal) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
    this.#entries = arguments[1].toSorted((a, b) => a.startTime - b.startTime);
  }

  static #of(self) {
    if (self === null || typeof self !== 'object' || !(#entries in self)) throw new codes.ERR_INVALID_THIS('PerformanceObserverEntryList');
    return self.#entries;
  }

  getEntries() {
    return PerformanceObserverEntryList.#of(this).slice();
  }

  getEntriesByType(type) {
    const entries = PerformanceObserverEntryList.#of(this);
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('type');
    type = `${type}`;
    return entries.filter((entry) => entry.entryType === type);
  }

  getEntriesByName(name, type = undefined) {
    const entries = PerformanceObserverEntryList.#of(this);
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('name');
    name = `${name}`;
    return entries.filter((entry) => entry.name === name && (type === undefined || entry.entryType === type));
  }

  [inspectCustom](depth, options) {
    if (depth < 0) return this;
    const inner = { ...options, depth: options.depth == null ? null : options.depth - 1 };
    return `PerformanceObserverEntryList ${inspect(this.#entries, inner)}`;
  }
}
defineProperties(PerformanceObserverEntryList.prototype, { getEntries: enumerable, getEntriesByType: enumerable, getEntriesByName: enumerable });

class PerformanceObserver {
  #callback;
  #types = new Set();
  // How it was asked to observe: with a list of types at once, or with one after the other.
  #mode;
  #buffer = [];

  static {
    observes = (observer, type) => observer.#types.has(type);
    offer = (observer, entry) => {
      if (!observer.#types.has(entry.entryType)) return;
      observer.#buffer.push(entry);
      dispatchLater();
    };
    deliver = (observer) => {
      if (observer.#buffer.length === 0) return;
      const list = new PerformanceObserverEntryList(illegal, observer.takeRecords());
      Reflect.apply(observer.#callback, observer, [list, observer]);
    };
  }

  constructor(callback) {
    validateFunction(callback, 'callback');
    this.#callback = callback;
  }

  observe(options = {}) {
    validateObject(options, 'options');
    const { entryTypes, type, buffered } = options;
    if (entryTypes === undefined && type === undefined) throw new codes.ERR_MISSING_ARGS('options.entryTypes', 'options.type');
    if (entryTypes != null && type != null) throw new codes.ERR_INVALID_ARG_VALUE('options.entryTypes', entryTypes, 'options.entryTypes can not set with options.type together');
    if (this.#mode === 'single' && entryTypes !== undefined) throw invalidMode('PerformanceObserver can not change to multiple observations');
    if (this.#mode === 'multiple' && type !== undefined) throw invalidMode('PerformanceObserver can not change to single observation');
    this.#mode ??= entryTypes !== undefined ? 'multiple' : 'single';
    if (this.#mode === 'multiple') {
      validateArray(entryTypes, 'options.entryTypes');
      this.#types = new Set(entryTypes.filter((name) => SUPPORTED.includes(name)));
    } else {
      if (!SUPPORTED.includes(type)) return;
      this.#types.add(type);
      if (buffered) {
        for (const entry of kept[type] ?? []) offer(this, entry);
      }
    }
    if (this.#types.size > 0) observers.add(this);
    else this.disconnect();
  }

  disconnect() {
    observers.delete(this);
    this.#buffer = [];
    this.#types = new Set();
    this.#mode = undefined;
  }

  takeRecords() {
    const list = this.#buffer;
    this.#buffer = [];
    return list;
  }

  static get supportedEntryTypes() {
    return Object.freeze(SUPPORTED.slice());
  }

  [inspectCustom](depth, options) {
    if (depth < 0) return this;
    const inner = { ...options, depth: options.depth == null ? null : options.depth - 1 };
    return `PerformanceObserver ${inspect({ connected: observers.has(this), pending, entryTypes: [...this.#types], buffer: this.#buffer }, inner)}`;
  }
}
defineProperties(PerformanceObserver.prototype, { observe: enumerable, disconnect: enumerable, takeRecords: enumerable });

function invalidMode(message) {
  return new (require('./dom_exception').DOMException)(message, 'InvalidModificationError');
}

/** Tells the observers of an entry. */
function enqueue(entry) {
  for (const observer of observers) offer(observer, entry);
}

/** And keeps it on the global timeline. */
function enqueueKept(entry) {
  kept[entry.entryType].push(entry);
  enqueue(entry);
}

/** Whether anybody observes entries of a type: those who make them need not otherwise. */
function hasObserver(type) {
  for (const observer of observers) if (observes(observer, type)) return true;
  return false;
}

module.exports = {
  illegal, now, kept, enqueue, enqueueKept, hasObserver, isNodeTiming, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceNodeEntry,
  PerformanceResourceTiming, PerformanceObserver, PerformanceObserverEntryList,
};
