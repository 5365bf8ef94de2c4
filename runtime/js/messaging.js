// MessageChannel, MessagePort, BroadcastChannel. Queues and their place on the loop are native (require('./messaging_native')).

const { codes } = require('./errors');
const { Event, EventTarget, NodeEventTarget, internal, defineEventHandler, enumerate } = require('./event_target');
const { DOMException } = require('./dom_exception');
const inspect = (value, options) => require('./inspect').inspect(value, options);
const native = require('./messaging_native');

const { defineProperty } = Object;
const { kHandle, kMode } = native;
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');
const TRANSFERABLE = 1;

// ---- events ---------------------------------------------------------------------

class MessageEvent extends Event {
  #data;
  #origin;
  #lastEventId;
  #source;
  #ports;

  constructor(type, init = undefined) {
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('type');
    super(type, init);
    const { data = null, origin = '', lastEventId = '', source = null, ports = [] } = init ?? {};
    if (source !== null && !(source instanceof MessagePort)) {
      throw Object.assign(new TypeError("The \"init.source\" property must be an instance of MessagePort."), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    this.#data = data;
    this.#origin = `${origin}`;
    this.#lastEventId = `${lastEventId}`;
    this.#source = source;
    this.#ports = Object.freeze([...ports]);
  }

  get data() { return this.#data; }
  get origin() { return this.#origin; }
  get lastEventId() { return this.#lastEventId; }
  get source() { return this.#source; }
  get ports() { return this.#ports; }

  initMessageEvent(type, bubbles = false, cancelable = false, data = null, origin = '', lastEventId = '', source = null, ports = []) {
    this.initEvent(type, bubbles, cancelable);
    this.#data = data;
    this.#origin = `${origin}`;
    this.#lastEventId = `${lastEventId}`;
    this.#source = source;
    this.#ports = Object.freeze([...ports]);
  }
}

enumerate(MessageEvent, ['data', 'origin', 'lastEventId', 'source', 'ports', 'initMessageEvent']);

// ---- ports ----------------------------------------------------------------------

const making = Symbol('make MessagePort');

/** The list that may be given as such or as `{ transfer }`. */
function transferList(value, name) {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' && typeof value !== 'function') throw new codes.ERR_INVALID_ARG_TYPE(name, ['iterable'], value);
  if (typeof value[Symbol.iterator] === 'function') return [...value];
  const { transfer } = value;
  if (transfer === undefined) return [];
  if (transfer === null || typeof transfer[Symbol.iterator] !== 'function') {
    throw Object.assign(new TypeError('Optional options.transfer argument must be an iterable'), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  return [...transfer];
}

class MessagePort extends NodeEventTarget {
  #handle;
  // Ports of the message that is being delivered.
  #ports = [];

  constructor() {
    if (arguments[0] !== making) throw Object.assign(new TypeError('Constructor cannot be called'), { code: 'ERR_CONSTRUCT_CALL_INVALID' });
    super();
    this.#handle = arguments[1];
    defineProperty(this, kHandle, { __proto__: null, value: arguments[1], enumerable: false });
  }

  postMessage(value, transfer = undefined) {
    if (arguments.length === 0) {
      throw Object.assign(new TypeError('Not enough arguments to MessagePort.postMessage'), { code: 'ERR_MISSING_ARGS' });
    }
    if (transfer !== undefined && transfer !== null && typeof transfer !== 'object') {
      throw Object.assign(new TypeError('Optional transferList argument must be an iterable'), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    native.post(this.#handle, this, value, transferList(transfer, 'transferList'));
  }

  start() {
    native.start(this.#handle);
  }

  close(callback = undefined) {
    if (typeof callback === 'function') this.once('close', callback);
    native.close(this.#handle);
  }

  ref() {
    native.setRef(this.#handle, true);
  }

  unref() {
    native.setRef(this.#handle, false);
  }

  hasRef() {
    return native.hasRef(this.#handle);
  }

  [internal.added](size, type, ...rest) {
    if (type === 'message' && size === 1) {
      this.ref();
      this.start();
    }
    return super[internal.added](size, type, ...rest);
  }

  [internal.removed](size, type, ...rest) {
    if (type === 'message' && size === 0) this.unref();
    return super[internal.removed](size, type, ...rest);
  }

  [internal.create](value, type) {
    if (type !== 'message' && type !== 'messageerror') return super[internal.create](value, type);
    return new MessageEvent(type, { data: value, ports: this.#ports });
  }

  [inspectCustom](depth, options) {
    if (depth < 0) return options.stylize('[MessagePort]', 'special');
    const inner = { ...options, depth: options.depth === null ? null : options.depth - 1 };
    return `${this.constructor.name} ${inspect({ active: native.isOpen(this.#handle), refed: this.hasRef() }, inner)}`;
  }

  static receive(port, value, ports) {
    port.#ports = ports;
    try {
      port[internal.dispatch](value, 'message');
    } finally {
      port.#ports = [];
    }
  }

  static fail(port, error) {
    port[internal.dispatch](error, 'messageerror');
  }

  static closed(port) {
    port[internal.dispatch](undefined, 'close', new Event('close'));
  }

  static handleOf(value) {
    return value !== null && typeof value === 'object' && #handle in value ? value.#handle : undefined;
  }
}

const { receive, fail, closed, handleOf } = MessagePort;
for (const name of ['receive', 'fail', 'closed', 'handleOf']) delete MessagePort[name];
enumerate(MessagePort, ['postMessage', 'start', 'close', 'ref', 'unref', 'hasRef']);
// Its tag is EventTarget's, as in Node.
delete MessagePort.prototype[Symbol.toStringTag];
for (const symbol of [internal.added, internal.removed, internal.create]) defineProperty(MessagePort.prototype, symbol, { __proto__: null, enumerable: false });
defineProperty(MessagePort.prototype, kMode, { __proto__: null, value: TRANSFERABLE, writable: true, configurable: true });
defineEventHandler(MessagePort.prototype, 'message');
defineEventHandler(MessagePort.prototype, 'messageerror');

const makePort = (handle) => new MessagePort(making, handle);

class MessageChannel {
  constructor() {
    [this.port1, this.port2] = native.createChannel(makePort);
  }
}

defineProperty(MessageChannel.prototype, Symbol.toStringTag, { __proto__: null, value: 'MessageChannel', configurable: true });

/** The oldest waiting message as `{ message }`, without waiting. */
function receiveMessageOnPort(port) {
  const handle = port instanceof BroadcastChannel ? channelHandle(port) : handleOf(port);
  if (handle === undefined) {
    throw Object.assign(new TypeError('The "port" argument must be a MessagePort instance'), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  return native.receiveNow(handle);
}

// ---- broadcast --------------------------------------------------------------------

class BroadcastChannel extends EventTarget {
  #name;
  // What the others of the name post comes out of it.
  #port;
  #member;
  #onMessage = (value) => {
    this.dispatchEvent(new MessageEvent('message', { data: value }));
  };

  constructor(name) {
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('name');
    super();
    this.#name = `${name}`;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#member = native.broadcastJoin(this.#name, port2);
    port1.on('message', this.#onMessage);
    port1.on('messageerror', (error) => this.dispatchEvent(new MessageEvent('messageerror', { data: error })));
  }

  get name() {
    if (!(#name in this)) throw new codes.ERR_INVALID_THIS('BroadcastChannel');
    return this.#name;
  }

  postMessage(message) {
    if (!(#name in this)) throw new codes.ERR_INVALID_THIS('BroadcastChannel');
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('message');
    if (this.#port === undefined) throw new DOMException('BroadcastChannel is closed.', 'InvalidStateError');
    native.broadcastPost(this.#name, this.#member, message);
  }

  close() {
    if (!(#name in this)) throw new codes.ERR_INVALID_THIS('BroadcastChannel');
    if (this.#port === undefined) return;
    native.broadcastLeave(this.#name, this.#member);
    this.#port.close();
    this.#port = undefined;
  }

  ref() {
    if (!(#name in this)) throw new codes.ERR_INVALID_THIS('BroadcastChannel');
    this.#port?.ref();
    return this;
  }

  unref() {
    if (!(#name in this)) throw new codes.ERR_INVALID_THIS('BroadcastChannel');
    this.#port?.unref();
    return this;
  }

  [inspectCustom](depth, options) {
    if (!(#name in this)) throw new codes.ERR_INVALID_THIS('BroadcastChannel');
    if (depth < 0) return 'BroadcastChannel';
    const inner = { ...options, depth: options.depth === null ? null : options.depth - 1 };
    return `BroadcastChannel ${inspect({ name: this.#name, active: this.#port !== undefined }, inner)}`;
  }

  static handle(channel) {
    return channel.#port === undefined ? undefined : handleOf(channel.#port);
  }
}

const channelHandle = BroadcastChannel.handle;
delete BroadcastChannel.handle;
enumerate(BroadcastChannel, ['name', 'close', 'postMessage']);
defineProperty(BroadcastChannel.prototype, kMode, { __proto__: null, value: 0, writable: true, configurable: true });
defineEventHandler(BroadcastChannel.prototype, 'message');
defineEventHandler(BroadcastChannel.prototype, 'messageerror');

// ---- marks ------------------------------------------------------------------------

const isMarkable = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

function markAsUntransferable(object) {
  if (isMarkable(object)) native.mark('untransferable', object);
}

function isMarkedAsUntransferable(object) {
  return isMarkable(object) && native.isMarked('untransferable', object);
}

function markAsUncloneable(object) {
  if (isMarkable(object)) native.mark('uncloneable', object);
}

module.exports = {
  MessageChannel, MessagePort, MessageEvent, BroadcastChannel, receiveMessageOnPort, makePort, receive, fail, closed,
  markAsUntransferable, isMarkedAsUntransferable, markAsUncloneable, structuredClone: native.structuredClone,
};
