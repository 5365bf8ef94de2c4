// node:dgram
const EventEmitter = require('events');
const native = require('./net_native');
const { codes, errnoException, exceptionWithHostPort, systemErrorMap } = require('./errors');
const {
  validateAbortSignal, validateFunction, validateNumber, validatePort, validateString, validateUint32,
} = require('./validators');

const kState = Symbol('state symbol');
const BOUND = 2;
const BINDING = 1;
const UNBOUND = 0;
const CONNECTED = 2;
const CONNECTING = 1;
const DISCONNECTED = 0;

function bufferSizeError(status, name) {
  const [code, text] = systemErrorMap().get(status) ?? ['UNKNOWN', 'unknown error'];
  const error = new Error(`Could not get or set buffer size: ${name} returned ${code} (${text})`);
  error.code = 'ERR_SOCKET_BUFFER_SIZE';
  error.errno = status;
  error.syscall = name;
  return error;
}

function Socket(type, listener) {
  EventEmitter.call(this);
  let options;
  let lookup;
  if (type !== null && typeof type === 'object') {
    options = type;
    type = options.type;
    lookup = options.lookup;
    if (options.recvBufferSize) validateUint32(options.recvBufferSize, 'options.recvBufferSize');
    if (options.sendBufferSize) validateUint32(options.sendBufferSize, 'options.sendBufferSize');
  }
  if (type !== 'udp4' && type !== 'udp6') throw new codes.ERR_SOCKET_BAD_TYPE();
  if (lookup !== undefined) validateFunction(lookup, 'lookup');
  this.type = type;
  if (typeof listener === 'function') this.on('message', listener);
  this[kState] = {
    handle: new native.UDP(), bindState: UNBOUND, connectState: DISCONNECTED, queue: undefined, pending: new Map(),
    reuseAddr: options?.reuseAddr, reusePort: options?.reusePort, ipv6Only: options?.ipv6Only,
    recvBufferSize: options?.recvBufferSize, sendBufferSize: options?.sendBufferSize,
    lookup: lookup ?? ((host, family, cb) => require('dns').lookup(host, family, cb)),
    blockList: options?.receiveBlockList, sendBlockList: options?.sendBlockList,
  };
  const { handle } = this[kState];
  handle.onmessage = (status, bytes, from) => onMessage(this, status, bytes, from);
  handle.onsent = (id, status) => {
    const done = this[kState].pending.get(id);
    this[kState].pending.delete(id);
    done?.(status);
  };
  if (options?.signal) {
    const { signal } = options;
    validateAbortSignal(signal, 'options.signal');
    const onAbort = () => {
      if (this[kState].handle) this.close();
    };
    if (signal.aborted) onAbort();
    else {
      signal.addEventListener('abort', onAbort, { once: true });
      this.once('close', () => signal.removeEventListener('abort', onAbort));
    }
  }
}
Object.setPrototypeOf(Socket.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Socket, EventEmitter);

function onMessage(self, status, bytes, from) {
  if (status < 0) {
    self.emit('error', errnoException(status, 'recvmsg'));
    return;
  }
  if (self[kState].blockList?.check(from.address, from.family.toLowerCase())) return;
  from.size = bytes.length;
  self.emit('message', bytes, from);
}

function health(self) {
  if (!self[kState].handle) throw new codes.ERR_SOCKET_DGRAM_NOT_RUNNING();
}

function createSocket(type, listener) {
  return new Socket(type, listener);
}

function resolve(self, address, callback) {
  const family = self.type === 'udp4' ? 4 : 6;
  if (!address) address = family === 4 ? '127.0.0.1' : '::1';
  self[kState].lookup(address, family, callback);
}

Socket.prototype.bind = function bind(port_, address_) {
  let port = port_;
  health(this);
  const state = this[kState];
  if (state.bindState !== UNBOUND) throw new codes.ERR_SOCKET_ALREADY_BOUND();
  state.bindState = BINDING;
  const cb = arguments.length && arguments[arguments.length - 1];
  if (typeof cb === 'function') {
    const remove = () => {
      this.removeListener('error', remove);
      this.removeListener('listening', onListening);
    };
    function onListening(...args) {
      remove();
      Reflect.apply(cb, this, args);
    }
    this.on('error', remove);
    this.on('listening', onListening);
  }
  let address;
  if (port !== null && typeof port === 'object') {
    if (typeof port.fd === 'number' || typeof port.recvStart === 'function') {
      throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('dgram.bind to a descriptor');
    }
    address = port.address || '';
    ({ port } = port);
  } else {
    address = typeof address_ === 'function' ? '' : address_;
  }
  if (!address) address = this.type === 'udp4' ? '0.0.0.0' : '::';
  resolve(this, address, (error, ip) => {
    if (!state.handle) return;
    if (error) {
      state.bindState = UNBOUND;
      this.emit('error', error);
      return;
    }
    const flags = (state.ipv6Only ? 1 : 0) | (state.reusePort ? 2 : 0) | (state.reuseAddr ? 4 : 0);
    const status = state.handle.bind(ip, port || 0, flags);
    if (status) {
      state.bindState = UNBOUND;
      this.emit('error', exceptionWithHostPort(status, 'bind', ip, port));
      return;
    }
    started(this);
  });
  return this;
};

function started(self) {
  const state = self[kState];
  state.handle.recvStart();
  state.bindState = BOUND;
  if (state.recvBufferSize) self.setRecvBufferSize(state.recvBufferSize);
  if (state.sendBufferSize) self.setSendBufferSize(state.sendBufferSize);
  if (state.unref) state.handle.unref();
  self.emit('listening');
}

// Runs `f` once the socket is bound, binding it first if need be.
function whenBound(self, f) {
  const state = self[kState];
  if (state.bindState === UNBOUND) self.bind({ port: 0, exclusive: true }, null);
  if (state.bindState === BOUND) {
    f();
    return;
  }
  if (state.queue === undefined) {
    state.queue = [];
    const onError = () => {
      self.removeListener('listening', onListening);
      state.queue = undefined;
    };
    const onListening = () => {
      self.removeListener('error', onError);
      const { queue } = state;
      state.queue = undefined;
      for (const g of queue) g();
    };
    self.once('error', onError);
    self.once('listening', onListening);
  }
  state.queue.push(f);
}

Socket.prototype.connect = function connect(port, address, callback) {
  port = validatePort(port, 'Port', false);
  if (typeof address === 'function') {
    callback = address;
    address = '';
  } else if (address === undefined) {
    address = '';
  }
  validateString(address, 'address');
  const state = this[kState];
  if (state.connectState !== DISCONNECTED) throw new codes.ERR_SOCKET_DGRAM_IS_CONNECTED();
  state.connectState = CONNECTING;
  if (callback) this.once('connect', callback);
  const failed = (error) => {
    state.connectState = DISCONNECTED;
    process.nextTick(() => {
      if (callback) {
        this.removeListener('connect', callback);
        callback(error);
      } else {
        this.emit('error', error);
      }
    });
  };
  whenBound(this, () => resolve(this, address, (error, ip) => {
    if (!state.handle) return;
    if (error) {
      failed(error);
      return;
    }
    if (state.sendBlockList?.check(ip, `ipv${native.isIP(ip)}`)) {
      failed(new codes.ERR_IP_BLOCKED(ip));
      return;
    }
    const status = state.handle.connect(ip, port);
    if (status) {
      failed(exceptionWithHostPort(status, 'connect', address, port));
      return;
    }
    state.connectState = CONNECTED;
    process.nextTick(() => this.emit('connect'));
  }));
};

Socket.prototype.disconnect = function disconnect() {
  const state = this[kState];
  if (state.connectState !== CONNECTED) throw new codes.ERR_SOCKET_DGRAM_NOT_CONNECTED();
  const status = state.handle.disconnect();
  if (status) throw errnoException(status, 'connect');
  state.connectState = DISCONNECTED;
};

function toList(buffer) {
  const list = [];
  for (const item of Array.isArray(buffer) ? buffer : [buffer]) {
    if (typeof item === 'string') list.push(Buffer.from(item));
    else if (ArrayBuffer.isView(item)) list.push(Buffer.from(item.buffer, item.byteOffset, item.byteLength));
    else return null;
  }
  return list;
}

function slice(buffer, offset, length) {
  if (typeof buffer === 'string') buffer = Buffer.from(buffer);
  else if (ArrayBuffer.isView(buffer)) buffer = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  else throw new codes.ERR_INVALID_ARG_TYPE('buffer', ['string', 'Buffer', 'TypedArray', 'DataView'], buffer);
  offset >>>= 0;
  length >>>= 0;
  if (offset > buffer.byteLength) throw new codes.ERR_BUFFER_OUT_OF_BOUNDS('offset');
  if (offset + length > buffer.byteLength) throw new codes.ERR_BUFFER_OUT_OF_BOUNDS('length');
  return buffer.subarray(offset, offset + length);
}

// send(buffer, [offset, length,] [port] [, address] [, callback])
Socket.prototype.send = function send(buffer, offset, length, port, address, callback) {
  const state = this[kState];
  const connected = state.connectState === CONNECTED;
  if (!connected) {
    if (address || (port && typeof port !== 'function')) {
      buffer = slice(buffer, offset, length);
    } else {
      callback = port;
      port = offset;
      address = length;
    }
  } else {
    if (typeof length === 'number') {
      buffer = slice(buffer, offset, length);
      if (typeof port === 'function') {
        callback = port;
        port = null;
      }
    } else {
      callback = offset;
      port = null;
    }
    if (port || address) throw new codes.ERR_SOCKET_DGRAM_IS_CONNECTED();
  }
  const list = toList(buffer);
  if (list === null) {
    if (Array.isArray(buffer)) throw new codes.ERR_INVALID_ARG_TYPE('buffer list arguments', ['string', 'Buffer', 'TypedArray', 'DataView'], buffer);
    throw new codes.ERR_INVALID_ARG_TYPE('buffer', ['string', 'Buffer', 'TypedArray', 'DataView'], buffer);
  }
  if (!connected) port = validatePort(port, 'Port', false);
  if (typeof callback !== 'function') callback = undefined;
  if (typeof address === 'function') {
    callback = address;
    address = undefined;
  } else if (address !== undefined && address !== null) {
    validateString(address, 'address');
  }
  health(this);
  if (list.length === 0) list.push(Buffer.alloc(0));
  whenBound(this, () => {
    if (connected) transmit(this, null, null, null, list, callback);
    else resolve(this, address, (error, ip) => transmit(this, error, ip, port, list, callback, address));
  });
};

function transmit(self, error, ip, port, list, callback, address) {
  const state = self[kState];
  if (error) {
    if (callback) process.nextTick(callback, error);
    else process.nextTick(() => self.emit('error', error));
    return;
  }
  if (!state.handle) return;
  const failed = (problem) => {
    if (callback) process.nextTick(callback, problem);
  };
  if (ip && state.sendBlockList?.check(ip, `ipv${native.isIP(ip)}`)) {
    failed(new codes.ERR_IP_BLOCKED(ip));
    return;
  }
  const size = list.reduce((sum, part) => sum + part.length, 0);
  const status = ip === null ? state.handle.send(list) : state.handle.send(list, ip, port);
  if (status >= 1) {
    if (callback) process.nextTick(callback, null, status - 1);
  } else if (status < 0) {
    failed(exceptionWithHostPort(status, 'send', address ?? ip, port));
  } else {
    state.pending.set(state.handle.lastId, (code) => {
      if (!callback) return;
      if (code < 0) callback(exceptionWithHostPort(code, 'send', address ?? ip, port));
      else callback(null, size);
    });
  }
}

Socket.prototype.close = function close(callback) {
  const state = this[kState];
  if (typeof callback === 'function') this.on('close', callback);
  if (state.queue !== undefined) {
    state.queue.push(() => this.close());
    return this;
  }
  health(this);
  state.handle.recvStop();
  state.handle.close();
  state.handle = null;
  process.nextTick(() => this.emit('close'));
  return this;
};

Socket.prototype[Symbol.asyncDispose] = async function asyncDispose() {
  if (!this[kState].handle) return;
  await new Promise((resolve) => this.close(resolve));
};

Socket.prototype.address = function address() {
  health(this);
  const name = this[kState].handle.getsockname();
  if (typeof name === 'number') throw errnoException(name, 'getsockname');
  return name;
};

Socket.prototype.remoteAddress = function remoteAddress() {
  health(this);
  if (this[kState].connectState !== CONNECTED) throw new codes.ERR_SOCKET_DGRAM_NOT_CONNECTED();
  const name = this[kState].handle.getpeername();
  if (typeof name === 'number') throw errnoException(name, 'getpeername');
  return name;
};

function setOption(self, name, value, syscall) {
  health(self);
  const status = self[kState].handle.option(name, value);
  if (status < 0) throw errnoException(status, syscall);
  return status;
}

Socket.prototype.setBroadcast = function setBroadcast(on) {
  setOption(this, 'broadcast', on ? 1 : 0, 'setBroadcast');
};

Socket.prototype.setTTL = function setTTL(ttl) {
  validateNumber(ttl, 'ttl');
  if (ttl < 1 || ttl > 255) throw errnoException(-22, 'setTTL');
  setOption(this, 'ttl', ttl, 'setTTL');
  return ttl;
};

Socket.prototype.setMulticastTTL = function setMulticastTTL(ttl) {
  validateNumber(ttl, 'ttl');
  if (ttl < 0 || ttl > 255) throw errnoException(-22, 'setMulticastTTL');
  setOption(this, 'multicastTtl', ttl, 'setMulticastTTL');
  return ttl;
};

Socket.prototype.setMulticastLoopback = function setMulticastLoopback(on) {
  setOption(this, 'multicastLoop', on ? 1 : 0, 'setMulticastLoopback');
  return on;
};

Socket.prototype.setMulticastInterface = function setMulticastInterface(address) {
  validateString(address, 'interfaceAddress');
  throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('dgram.setMulticastInterface');
};

function membership(self, address, interfaceAddress, join) {
  health(self);
  if (!address) throw new codes.ERR_MISSING_ARGS('multicastAddress');
  const status = self[kState].handle.membership(address, interfaceAddress ?? '', join);
  if (status) throw errnoException(status, join ? 'addMembership' : 'dropMembership');
}

Socket.prototype.addMembership = function addMembership(address, interfaceAddress) {
  if (this[kState].bindState !== BOUND && this[kState].handle) {
    if (!address) throw new codes.ERR_MISSING_ARGS('multicastAddress');
    whenBound(this, () => membership(this, address, interfaceAddress, true));
    return;
  }
  membership(this, address, interfaceAddress, true);
};

Socket.prototype.dropMembership = function dropMembership(address, interfaceAddress) {
  membership(this, address, interfaceAddress, false);
};

function bufferSize(self, name, size, syscall) {
  if (size !== undefined && (size >>> 0 !== size || size === 0)) throw new codes.ERR_SOCKET_BAD_BUFFER_SIZE();
  if (!self[kState].handle || self[kState].bindState !== BOUND) throw bufferSizeError(-9, syscall);
  const status = self[kState].handle.option(name, size);
  if (status < 0) throw bufferSizeError(status, syscall);
  return status;
}

Socket.prototype.setRecvBufferSize = function setRecvBufferSize(size) { bufferSize(this, 'receiveBuffer', size, 'uv_recv_buffer_size'); };
Socket.prototype.setSendBufferSize = function setSendBufferSize(size) { bufferSize(this, 'sendBuffer', size, 'uv_send_buffer_size'); };
Socket.prototype.getRecvBufferSize = function getRecvBufferSize() { return bufferSize(this, 'receiveBuffer', undefined, 'uv_recv_buffer_size'); };
Socket.prototype.getSendBufferSize = function getSendBufferSize() { return bufferSize(this, 'sendBuffer', undefined, 'uv_send_buffer_size'); };

Socket.prototype.getSendQueueSize = function getSendQueueSize() { return this[kState].handle.queued()[0]; };
Socket.prototype.getSendQueueCount = function getSendQueueCount() { return this[kState].handle.queued()[1]; };

Socket.prototype.ref = function ref() {
  this[kState].unref = false;
  this[kState].handle?.ref();
  return this;
};

Socket.prototype.unref = function unref() {
  this[kState].unref = true;
  this[kState].handle?.unref();
  return this;
};

module.exports = { createSocket, Socket };
