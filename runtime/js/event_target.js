// Event, CustomEvent, EventTarget, and NodeEventTarget: an EventTarget with an emitter's methods (MessagePort is one).
//
// All listeners stand at their target: there is no tree, so capture only tells two registrations apart. Errors of listeners never
// reach the dispatcher: they are thrown from a tick of their own.

const { codes } = require('./errors');
const {
  validateAbortSignal, validateObject, validateString, kValidateObjectAllowArray, kValidateObjectAllowFunction,
} = require('./validators');
const { inspect } = require('./inspect');
const { now } = binding;

const { defineProperties, defineProperty } = Object;
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/** What only our own modules may ask of events and targets. */
const internal = {
  create: Symbol('kCreateEvent'),
  dispatch: Symbol('nodejs.internal.kHybridDispatch'),
  added: Symbol('kNewListener'),
  removed: Symbol('kRemoveListener'),
  trust: Symbol('kTrustEvent'),
  // Options of addEventListener.
  nodeStyle: Symbol('kIsNodeStyleListener'),
  resistsStop: Symbol('kResistStopPropagation'),
};

const enumerable = { __proto__: null, enumerable: true };

function enumerate(Class, names) {
  const descriptors = { __proto__: null };
  for (const name of names) descriptors[name] = enumerable;
  defineProperties(Class.prototype, descriptors);
  defineProperty(Class.prototype, Symbol.toStringTag, { __proto__: null, value: Class.name, writable: false, enumerable: false, configurable: true });
}

function toDOMString(value) {
  if (typeof value === 'symbol') {
    const error = new TypeError('Value is a Symbol and cannot be converted to a string.');
    error.code = 'ERR_INVALID_ARG_TYPE';
    throw error;
  }
  return `${value}`;
}

function checkThis(ok, name) {
  if (!ok) throw new codes.ERR_INVALID_THIS(name);
}

// ---- events -----------------------------------------------------------------

// How an EventTarget sees into an event; set by Event's static block.
let open;

class Event {
  #type;
  #bubbles;
  #cancelable;
  #composed;
  #prevented = false;
  #timeStamp = now();
  #propagationStopped = false;
  #stopped = false;
  #trusted = false;
  #target = null;
  #dispatching = false;
  #passive = false;

  constructor(type, options = undefined) {
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('type');
    if (options != null) validateObject(options, 'options');
    this.#bubbles = Boolean(options?.bubbles);
    this.#cancelable = Boolean(options?.cancelable);
    this.#composed = Boolean(options?.composed);
    this.#type = `${type}`;
    if (options?.[internal.trust]) this.#trusted = true;
  }

  static {
    open = {
      is: (value) => value !== null && typeof value === 'object' && #type in value,
      type: (event) => event.#type,
      isDispatching: (event) => event.#dispatching,
      isStopped: (event) => event.#stopped,
      begin(event, target) {
        event.#target = target;
        event.#dispatching = true;
      },
      end(event) { event.#dispatching = false; },
      setPassive(event, passive) { event.#passive = passive; },
    };
  }

  initEvent(type, bubbles = false, cancelable = false) {
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('type');
    if (this.#dispatching) return;
    this.#type = `${type}`;
    this.#bubbles = Boolean(bubbles);
    this.#cancelable = Boolean(cancelable);
  }

  [inspectCustom](depth, options) {
    checkThis(open.is(this), 'Event');
    const { name } = this.constructor;
    if (depth < 0) return name;
    const inner = { ...options, depth: Number.isInteger(options.depth) ? options.depth - 1 : options.depth };
    const shown = { type: this.#type, defaultPrevented: this.#prevented, cancelable: this.#cancelable, timeStamp: this.#timeStamp };
    return `${name} ${inspect(shown, inner)}`;
  }

  stopImmediatePropagation() {
    checkThis(open.is(this), 'Event');
    // A stopped event stays stopped: dispatched once more it reaches nobody.
    this.#propagationStopped = true;
    this.#stopped = true;
  }

  preventDefault() {
    checkThis(open.is(this), 'Event');
    if (!this.#passive) this.#prevented = true;
  }

  get target() {
    checkThis(open.is(this), 'Event');
    return this.#target;
  }

  get currentTarget() {
    checkThis(open.is(this), 'Event');
    return this.#dispatching ? this.#target : null;
  }

  get srcElement() {
    checkThis(open.is(this), 'Event');
    return this.#target;
  }

  get type() {
    checkThis(open.is(this), 'Event');
    return this.#type;
  }

  get cancelable() {
    checkThis(open.is(this), 'Event');
    return this.#cancelable;
  }

  get defaultPrevented() {
    checkThis(open.is(this), 'Event');
    return this.#cancelable && this.#prevented;
  }

  get timeStamp() {
    checkThis(open.is(this), 'Event');
    return this.#timeStamp;
  }

  composedPath() {
    checkThis(open.is(this), 'Event');
    return this.#dispatching ? [this.#target] : [];
  }

  get returnValue() {
    checkThis(open.is(this), 'Event');
    return !this.#cancelable || !this.#prevented;
  }

  get bubbles() {
    checkThis(open.is(this), 'Event');
    return this.#bubbles;
  }

  get composed() {
    checkThis(open.is(this), 'Event');
    return this.#composed;
  }

  get eventPhase() {
    checkThis(open.is(this), 'Event');
    return this.#dispatching ? Event.AT_TARGET : Event.NONE;
  }

  get cancelBubble() {
    checkThis(open.is(this), 'Event');
    return this.#propagationStopped;
  }

  set cancelBubble(value) {
    checkThis(open.is(this), 'Event');
    if (value) this.#propagationStopped = true;
  }

  stopPropagation() {
    checkThis(open.is(this), 'Event');
    this.#propagationStopped = true;
  }

  get isTrusted() {
    checkThis(open.is(this), 'Event');
    return this.#trusted;
  }

  static NONE = 0;
  static CAPTURING_PHASE = 1;
  static AT_TARGET = 2;
  static BUBBLING_PHASE = 3;
}

enumerate(Event, [
  'initEvent', 'stopImmediatePropagation', 'preventDefault', 'target', 'currentTarget', 'srcElement', 'type', 'cancelable', 'defaultPrevented',
  'timeStamp', 'composedPath', 'returnValue', 'bubbles', 'composed', 'eventPhase', 'cancelBubble', 'stopPropagation', 'isTrusted',
]);
defineProperty(Event.prototype, 'isTrusted', { __proto__: null, configurable: false });
for (const name of ['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE']) {
  defineProperty(Event, name, { __proto__: null, writable: false, configurable: false, enumerable: true });
}

class CustomEvent extends Event {
  #detail;

  constructor(type, options = undefined) {
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('type');
    super(type, options);
    this.#detail = options?.detail ?? null;
  }

  get detail() {
    checkThis(open.is(this) && #detail in this, 'CustomEvent');
    return this.#detail;
  }
}

enumerate(CustomEvent, ['detail']);

// ---- targets ------------------------------------------------------------------

function listenerOptions(options) {
  if (typeof options === 'boolean') return { capture: options };
  if (options === null) return {};
  validateObject(options, 'options', kValidateObjectAllowArray | kValidateObjectAllowFunction);
  return options;
}

// Whether there is something to call; a warning is due when there is not.
function isListener(listener) {
  if (typeof listener === 'function' || typeof listener?.handleEvent === 'function') return true;
  if (listener === undefined || listener === null) return false;
  if (typeof listener === 'object') return true;
  throw new codes.ERR_INVALID_ARG_TYPE('listener', 'EventListener', listener);
}

function throwLater(error) {
  process.nextTick(() => { throw error; });
}

function catchLater(result) {
  const { then } = result;
  if (typeof then === 'function') then.call(result, undefined, throwLater);
}

// A listener's entry. `removed` tells a dispatch that is under way.
class Listener {
  constructor(listener, capture, options) {
    this.listener = listener;
    this.callback = typeof listener === 'function' ? listener : async (...args) => {
      if (listener.handleEvent) await Reflect.apply(listener.handleEvent, listener, args);
    };
    this.capture = capture;
    this.once = Boolean(options.once);
    this.passive = Boolean(options.passive);
    this.nodeStyle = Boolean(options[internal.nodeStyle]);
    this.resistsStop = Boolean(options[internal.resistsStop]);
    this.removed = false;
  }
}

let targetOf;
let eventsModule;
const events = () => (eventsModule ??= require('events'));

class EventTarget {
  // Type to its list. A list is replaced, never changed, so that a dispatch can walk the one it began with.
  #lists = new Map();
  #handlers;
  #max = events().defaultMaxListeners;
  #warned = false;

  static {
    targetOf = {
      is: (value) => value !== null && (typeof value === 'object' || typeof value === 'function') && #lists in value,
      list: (target, type) => target.#lists.get(type),
      lists: (target) => target.#lists,
      handlers: (target) => (target.#handlers ??= new Map()),
      max: (target) => target.#max,
      setMax(target, n) {
        target.#max = n;
        target.#warned = false;
      },
    };
  }

  static [Symbol.for('nodejs.event_target')] = true;

  addEventListener(type, listener, options = {}) {
    checkThis(targetOf.is(this), 'EventTarget');
    if (arguments.length < 2) throw new codes.ERR_MISSING_ARGS('type', 'listener');
    options = listenerOptions(options);
    const { signal } = options;
    validateAbortSignal(signal, 'options.signal');
    const capture = Boolean(options.capture);
    if (!isListener(listener)) {
      const warning = new Error(`addEventListener called with ${listener} which has no effect.`);
      warning.name = 'AddEventListenerArgumentTypeWarning';
      warning.target = this;
      warning.type = type;
      process.emitWarning(warning);
      return;
    }
    type = toDOMString(type);
    if (signal) {
      if (signal.aborted) return;
      // A signal that lives long must not keep every target alive that ever listened with it.
      const target = new WeakRef(this);
      const remove = () => target.deref()?.removeEventListener(type, listener, options);
      signal.addEventListener('abort', remove, { once: true, [internal.resistsStop]: true });
    }
    const list = this.#lists.get(type) ?? [];
    for (const known of list) {
      if (known.listener === listener && known.capture === capture) return;
    }
    const entry = new Listener(listener, capture, options);
    this.#lists.set(type, [...list, entry]);
    this[internal.added](list.length + 1, type, listener, entry.once, capture, entry.passive);
  }

  removeEventListener(type, listener, options = {}) {
    checkThis(targetOf.is(this), 'EventTarget');
    if (arguments.length < 2) throw new codes.ERR_MISSING_ARGS('type', 'listener');
    if (!isListener(listener)) return;
    type = toDOMString(type);
    const capture = Boolean(typeof options === 'boolean' ? options : options?.capture);
    const entry = this.#lists.get(type)?.find((known) => known.listener === listener && known.capture === capture);
    if (entry !== undefined) this.#drop(type, entry);
  }

  #drop(type, entry) {
    entry.removed = true;
    const list = (this.#lists.get(type) ?? []).filter((known) => known !== entry);
    if (list.length === 0) this.#lists.delete(type);
    else this.#lists.set(type, list);
    this[internal.removed](list.length, type, entry.listener, entry.capture);
  }

  dispatchEvent(event) {
    checkThis(targetOf.is(this), 'EventTarget');
    if (arguments.length < 1) throw new codes.ERR_MISSING_ARGS('event');
    if (!open.is(event)) throw new codes.ERR_INVALID_ARG_TYPE('event', 'Event', event);
    if (open.isDispatching(event)) throw new codes.ERR_EVENT_RECURSION(open.type(event));
    this[internal.dispatch](event, open.type(event), event);
    return event.defaultPrevented !== true;
  }

  // Calls the listeners of `type`: the emitter's kind with `nodeValue`, the others with the event, which is made when first needed.
  [internal.dispatch](nodeValue, type, event) {
    let made = event;
    const eventOf = () => {
      if (made === undefined) {
        made = this[internal.create](nodeValue, type);
        open.begin(made, this);
      }
      return made;
    };
    if (event !== undefined) open.begin(event, this);
    for (const entry of this.#lists.get(type) ?? []) {
      if (entry.removed) continue;
      if (made !== undefined && open.isStopped(made) && !entry.resistsStop) continue;
      if (entry.once) this.#drop(type, entry);
      try {
        const argument = entry.nodeStyle ? nodeValue : eventOf();
        if (entry.passive && made !== undefined) open.setPassive(made, true);
        const result = Reflect.apply(entry.callback, this, [argument]);
        if (result !== undefined && result !== null) catchLater(result);
      } catch (error) {
        throwLater(error);
      } finally {
        if (entry.passive && made !== undefined) open.setPassive(made, false);
      }
    }
    if (made !== undefined) open.end(made);
  }

  [internal.added](size, type) {
    const max = targetOf.max(this);
    if (!(max > 0 && size > max) || this.#warned) return;
    this.#warned = true;
    const text = `Possible EventTarget memory leak detected. ${size} ${type} listeners added to ${inspect(this, { depth: -1 })}. MaxListeners is ${max}. Use events.setMaxListeners() to increase limit`;
    const warning = new Error(text);
    warning.name = 'MaxListenersExceededWarning';
    warning.target = this;
    warning.type = type;
    warning.count = size;
    process.emitWarning(warning);
  }

  [internal.removed]() {}

  [internal.create](nodeValue, type) {
    return new CustomEvent(type, { detail: nodeValue });
  }

  [inspectCustom](depth, options) {
    checkThis(targetOf.is(this), 'EventTarget');
    const { name } = this.constructor;
    if (depth < 0) return name;
    return `${name} ${inspect({}, { ...options, depth: Number.isInteger(options.depth) ? options.depth - 1 : options.depth })}`;
  }
}

enumerate(EventTarget, ['addEventListener', 'removeEventListener', 'dispatchEvent']);
for (const symbol of [internal.added, internal.removed, internal.create, internal.dispatch]) {
  defineProperty(EventTarget.prototype, symbol, { __proto__: null, enumerable: false });
}

// ---- an emitter's methods -------------------------------------------------------

class NodeEventTarget extends EventTarget {
  static get defaultMaxListeners() { return events().defaultMaxListeners; }

  setMaxListeners(n) {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    events().setMaxListeners(n, this);
  }

  getMaxListeners() {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    return targetOf.max(this);
  }

  eventNames() {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    return [...targetOf.lists(this).keys()];
  }

  listenerCount(type) {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    return targetOf.list(this, String(type))?.length ?? 0;
  }

  off(type, listener, options) {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    this.removeEventListener(type, listener, options);
    return this;
  }

  removeListener(type, listener, options) {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    this.removeEventListener(type, listener, options);
    return this;
  }

  on(type, listener) {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    this.addEventListener(type, listener, { [internal.nodeStyle]: true });
    return this;
  }

  addListener(type, listener) {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    this.addEventListener(type, listener, { [internal.nodeStyle]: true });
    return this;
  }

  emit(type, value) {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    validateString(type, 'type');
    const had = this.listenerCount(type) > 0;
    this[internal.dispatch](value, type);
    return had;
  }

  once(type, listener) {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    this.addEventListener(type, listener, { once: true, [internal.nodeStyle]: true });
    return this;
  }

  removeAllListeners(type) {
    checkThis(isNodeTarget(this), 'NodeEventTarget');
    const lists = targetOf.lists(this);
    for (const name of type === undefined ? [...lists.keys()] : [String(type)]) {
      for (const entry of lists.get(name) ?? []) this.removeEventListener(name, entry.listener, entry.capture);
    }
    return this;
  }
}

const isNodeTarget = (value) => targetOf.is(value) && value instanceof NodeEventTarget;
enumerate(NodeEventTarget, [
  'setMaxListeners', 'getMaxListeners', 'eventNames', 'listenerCount', 'off', 'removeListener', 'on', 'addListener', 'once', 'emit',
  'removeAllListeners',
]);

// ---- on<event> attributes ---------------------------------------------------------

/** Gives a class of targets the attribute `on${name}`: one listener that assignment replaces, keeping its place. */
function defineEventHandler(prototype, name, event = name) {
  const property = `on${name}`;
  const get = { [`get ${property}`]() {
    return (targetOf.is(this) ? targetOf.handlers(this).get(event)?.handler : undefined) ?? null;
  } }[`get ${property}`];
  const set = { [`set ${property}`](value) {
    checkThis(targetOf.is(this), 'EventTarget');
    const handlers = targetOf.handlers(this);
    let entry = handlers.get(event);
    if (entry) {
      if (typeof entry.handler === 'function' && typeof value !== 'function') this.removeEventListener(event, entry.wrapped);
      else if (typeof entry.handler !== 'function' && typeof value === 'function') this.addEventListener(event, entry.wrapped);
      entry.handler = value;
    } else {
      entry = { handler: value, wrapped: undefined };
      entry.wrapped = function handle(...args) {
        if (typeof entry.handler === 'function') return Reflect.apply(entry.handler, this, args);
      };
      if (typeof value === 'function') this.addEventListener(event, entry.wrapped);
      handlers.set(event, entry);
    }
  } }[`set ${property}`];
  defineProperty(prototype, property, { __proto__: null, get, set, configurable: true, enumerable: true });
}

/** The functions that listen to `type`, as they were given. */
function eventListeners(target, type) {
  return (targetOf.list(target, String(type)) ?? []).map((entry) => entry.listener);
}

module.exports = {
  Event, CustomEvent, EventTarget, NodeEventTarget, internal, defineEventHandler, eventListeners, enumerate,
  isEvent: (value) => open.is(value), isEventTarget: (value) => targetOf.is(value), maxListeners: (target) => targetOf.max(target),
  setMaxListeners: (target, n) => targetOf.setMax(target, n),
};
