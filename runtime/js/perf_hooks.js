// node:perf_hooks and the global `performance`.

const { codes } = require('./errors');
const { validateFunction, validateObject, validateString } = require('./validators');
const { EventTarget, defineEventHandler } = require('./event_target');
const inspect = (value, options) => require('./inspect').inspect(value, options);
const native = require('./performance_native');
const timeline = require('./performance_observer');
const { illegal, now, kept, enqueue, enqueueKept, hasObserver, isNodeTiming, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceNodeEntry, PerformanceResourceTiming } = timeline;

const { defineProperties } = Object;
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');
const enumerable = { __proto__: null, enumerable: true };

// ---- measuring --------------------------------------------------------------------

const timingOf = (name) => performance.nodeTiming[name];

// The time that a mark's name or a number stands for.
function markTime(mark) {
  if (mark === undefined) return undefined;
  if (typeof mark === 'number') {
    if (mark < 0) throw new codes.ERR_PERFORMANCE_INVALID_TIMESTAMP(mark);
    return mark;
  }
  const name = `${mark}`;
  if (isNodeTiming(name)) return timingOf(name);
  const found = kept.mark.findLast((entry) => entry.name === name);
  if (found === undefined) {
    throw new (require('./dom_exception').DOMException)(`The "${name}" performance mark has not been set`, 'SyntaxError');
  }
  return found.startTime;
}

function measure(name, startOrOptions = undefined, endMark = undefined) {
  validateString(name, 'name');
  let start;
  let end;
  let detail = null;
  const options = startOrOptions !== null && typeof startOrOptions === 'object' ? startOrOptions : undefined;
  if (options !== undefined && Object.keys(options).length > 0) {
    if (options.start !== undefined && options.end !== undefined && options.duration !== undefined) {
      throw new codes.ERR_PERFORMANCE_MEASURE_INVALID_OPTIONS('Must not have options.start, options.end, and options.duration specified');
    }
    if (endMark !== undefined) throw new codes.ERR_PERFORMANCE_MEASURE_INVALID_OPTIONS('endMark must not be specified');
    const { duration } = options;
    end = markTime(options.end);
    if (end === undefined) end = options.start !== undefined && duration !== undefined ? markTime(options.start) + markTime(duration) : now();
    start = markTime(options.start);
    if (start === undefined) start = duration !== undefined && options.end !== undefined ? markTime(options.end) - markTime(duration) : 0;
    if (options.detail != null) detail = structuredClone(options.detail);
  } else {
    end = endMark === undefined ? now() : markTime(endMark);
    start = options === undefined && startOrOptions !== undefined ? markTime(startOrOptions) : 0;
  }
  const entry = new PerformanceMeasure(illegal, name, detail, start, end - start);
  enqueueKept(entry);
  return entry;
}

function mark(name, options = undefined) {
  if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('name');
  const entry = new PerformanceMark(name, options);
  enqueueKept(entry);
  return entry;
}

/** A function that reports how long each call takes to observers of 'function'. */
function timerify(fn, options = {}) {
  validateFunction(fn, 'fn');
  validateObject(options, 'options');
  const { histogram } = options;
  if (histogram !== undefined && typeof histogram?.record !== 'function') {
    throw new codes.ERR_INVALID_ARG_TYPE('options.histogram', 'RecordableHistogram', histogram);
  }
  const finish = (start, args) => {
    const duration = now() - start;
    if (histogram !== undefined) histogram.record(Math.max(Math.ceil(duration * 1e6), 1));
    if (!hasObserver('function')) return;
    const entry = new PerformanceNodeEntry(illegal, fn.name, 'function', start, duration, args);
    for (let i = 0; i < args.length; i++) entry[i] = args[i];
    enqueue(entry);
  };
  function timerified(...args) {
    const start = now();
    const result = new.target ? Reflect.construct(fn, args, fn) : Reflect.apply(fn, this, args);
    if (!new.target && typeof result?.finally === 'function') return result.finally(() => finish(start, args));
    finish(start, args);
    return result;
  }
  defineProperties(timerified, {
    length: { __proto__: null, configurable: false, enumerable: true, value: fn.length },
    name: { __proto__: null, configurable: false, enumerable: true, value: `timerified ${fn.name}` },
  });
  return timerified;
}

/** How busy the loop is: absolute, or the difference to one or two earlier answers. */
function eventLoopUtilization(util1 = undefined, util2 = undefined) {
  if (util1 && util2) return difference(util1, util2);
  const [running, idle] = native.loopTimes();
  if (running === 0) return { idle: 0, active: 0, utilization: 0 };
  const current = { idle, active: running - idle, utilization: (running - idle) / running };
  return util1 ? difference(current, util1) : current;
}

function difference(later, earlier) {
  const idle = later.idle - earlier.idle;
  const active = later.active - earlier.active;
  return { idle, active, utilization: active / (idle + active) };
}

// ---- performance ----------------------------------------------------------------------

class PerformanceNodeTiming extends PerformanceEntry {
  constructor() {
    super(illegal, 'node', 'node', 0, 0);
  }

  get duration() { return now(); }
  get nodeStart() { return 0; }
  get v8Start() { return 0; }
  get environment() { return 0; }
  get bootstrapComplete() { return 0; }

  get loopStart() {
    const [running] = native.loopTimes();
    return running === 0 ? -1 : now() - running;
  }

  get loopExit() { return -1; }
  get idleTime() { return native.loopTimes()[1]; }

  toJSON() {
    return {
      name: 'node', entryType: 'node', startTime: this.startTime, duration: this.duration, nodeStart: this.nodeStart, v8Start: this.v8Start,
      bootstrapComplete: this.bootstrapComplete, environment: this.environment, loopStart: this.loopStart, loopExit: this.loopExit,
      idleTime: this.idleTime,
    };
  }
}

let nodeTiming;
let resourceLimit = 250;

class Performance extends EventTarget {
  constructor() {
    if (arguments[0] !== illegal) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
    super();
  }

  static #check(self) {
    if (!(self instanceof Performance)) throw new codes.ERR_INVALID_THIS('Performance');
  }

  [inspectCustom](depth, options) {
    if (depth < 0) return this;
    const inner = { ...options, depth: options.depth == null ? null : options.depth - 1 };
    return `Performance ${inspect({ nodeTiming: this.nodeTiming, timeOrigin: this.timeOrigin }, inner)}`;
  }

  clearMarks(name = undefined) {
    Performance.#check(this);
    if (name !== undefined) name = `${name}`;
    kept.mark = name === undefined ? [] : kept.mark.filter((entry) => entry.name !== name);
  }

  clearMeasures(name = undefined) {
    Performance.#check(this);
    if (name !== undefined) name = `${name}`;
    kept.measure = name === undefined ? [] : kept.measure.filter((entry) => entry.name !== name);
  }

  clearResourceTimings() {
    Performance.#check(this);
    kept.resource = [];
  }

  getEntries() {
    Performance.#check(this);
    return sorted([...kept.mark, ...kept.measure, ...kept.resource]);
  }

  getEntriesByName(name, type = undefined) {
    Performance.#check(this);
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('name');
    name = `${name}`;
    return this.getEntries().filter((entry) => entry.name === name && (type === undefined || entry.entryType === type));
  }

  getEntriesByType(type) {
    Performance.#check(this);
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('type');
    return sorted([...(kept[`${type}`] ?? [])]);
  }

  mark(name, options = undefined) {
    Performance.#check(this);
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('name');
    return mark(name, options);
  }

  measure(name, startOrMeasureOptions = undefined, endMark = undefined) {
    Performance.#check(this);
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('name');
    return measure(name, startOrMeasureOptions, endMark);
  }

  now() {
    Performance.#check(this);
    return now();
  }

  setResourceTimingBufferSize(maxSize) {
    Performance.#check(this);
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('maxSize');
    resourceLimit = Number(maxSize) >>> 0;
  }

  get timeOrigin() {
    Performance.#check(this);
    return (timeOrigin ??= native.timeOrigin());
  }

  toJSON() {
    Performance.#check(this);
    return { nodeTiming: this.nodeTiming, timeOrigin: this.timeOrigin, eventLoopUtilization: eventLoopUtilization() };
  }

  get nodeTiming() { return (nodeTiming ??= new PerformanceNodeTiming()); }
  get eventLoopUtilization() { return eventLoopUtilization; }
  get timerify() { return timerify; }
  get markResourceTiming() { return markResourceTiming; }
}

let timeOrigin;
const sorted = (entries) => entries.sort((a, b) => a.startTime - b.startTime);

const listed = { __proto__: null };
for (const name of [
  'clearMarks', 'clearMeasures', 'clearResourceTimings', 'getEntries', 'getEntriesByName', 'getEntriesByType', 'mark', 'measure', 'now',
  'setResourceTimingBufferSize', 'timeOrigin', 'toJSON',
]) listed[name] = enumerable;
defineProperties(Performance.prototype, listed);
defineEventHandler(Performance.prototype, 'resourcetimingbufferfull');
Object.defineProperty(Performance.prototype, Symbol.toStringTag, { __proto__: null, value: 'Performance', configurable: true });

function markResourceTiming(timingInfo, requestedUrl, initiatorType, global, cacheMode, bodyInfo, responseStatus, deliveryType = '') {
  if (kept.resource.length >= resourceLimit) return undefined;
  const start = timingInfo.startTime;
  const { finalConnectionTimingInfo: connection = {} } = timingInfo;
  const values = {
    initiatorType, workerStart: timingInfo.finalServiceWorkerStartTime, redirectStart: timingInfo.redirectStartTime, redirectEnd: timingInfo.redirectEndTime,
    fetchStart: timingInfo.postRedirectStartTime, domainLookupStart: connection.domainLookupStartTime, domainLookupEnd: connection.domainLookupEndTime,
    connectStart: connection.connectionStartTime, connectEnd: connection.connectionEndTime, secureConnectionStart: connection.secureConnectionStartTime,
    nextHopProtocol: connection.ALPNNegotiatedProtocol, requestStart: timingInfo.finalNetworkRequestStartTime,
    responseStart: timingInfo.finalNetworkResponseStartTime, responseEnd: timingInfo.endTime, encodedBodySize: timingInfo.encodedBodySize,
    decodedBodySize: timingInfo.decodedBodySize, transferSize: cacheMode === 'local' ? 0 : timingInfo.encodedBodySize + 300, deliveryType, responseStatus,
  };
  const entry = new PerformanceResourceTiming(illegal, requestedUrl, start, timingInfo.endTime - start, values);
  enqueueKept(entry);
  return entry;
}

const performance = new Performance(illegal);

const constants = { __proto__: null };
for (const [name, value] of Object.entries({
  NODE_PERFORMANCE_GC_MAJOR: 4, NODE_PERFORMANCE_GC_MINOR: 1, NODE_PERFORMANCE_GC_INCREMENTAL: 8, NODE_PERFORMANCE_GC_WEAKCB: 16,
  NODE_PERFORMANCE_GC_FLAGS_NO: 0, NODE_PERFORMANCE_GC_FLAGS_CONSTRUCT_RETAINED: 2, NODE_PERFORMANCE_GC_FLAGS_FORCED: 4,
  NODE_PERFORMANCE_GC_FLAGS_SYNCHRONOUS_PHANTOM_PROCESSING: 8, NODE_PERFORMANCE_GC_FLAGS_ALL_AVAILABLE_GARBAGE: 16,
  NODE_PERFORMANCE_GC_FLAGS_ALL_EXTERNAL_MEMORY: 32, NODE_PERFORMANCE_GC_FLAGS_SCHEDULE_IDLE: 64,
})) Object.defineProperty(constants, name, { __proto__: null, value, enumerable: true, configurable: false, writable: false });

module.exports = {
  Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver: timeline.PerformanceObserver,
  PerformanceObserverEntryList: timeline.PerformanceObserverEntryList, PerformanceResourceTiming,
  monitorEventLoopDelay: (options) => require('./histogram').monitorEventLoopDelay(options), eventLoopUtilization, timerify,
  createHistogram: (options) => require('./histogram').createHistogram(options), performance, constants,
};
