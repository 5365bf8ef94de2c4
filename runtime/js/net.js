// node:net: sockets as Duplex streams and servers. The data path (reading, writing, queueing) is native; see src/node/net.
const EventEmitter = require('events');
const stream = require('stream');
const native = require('./net_native');
const { codes, errnoException, exceptionWithHostPort, systemErrorMap } = require('./errors');
const {
  validateAbortSignal, validateBoolean, validateFunction, validateInt32, validateNumber, validatePort, validateString,
} = require('./validators');
const { setTimeout: startTimeout, clearTimeout } = require('./timers_native');

const { TCP, Pipe } = native;
const kTimeout = Symbol('timeout');
const kTimerOff = Symbol('timeout is off');
const kTimerLength = Symbol('timeout length');
const kOwner = Symbol('owner_symbol');
const kNoDelay = Symbol('kSetNoDelay');
const kKeepAlive = Symbol('kSetKeepAlive');
const kKeepAliveDelay = Symbol('kSetKeepAliveInitialDelay');
const kBytesRead = Symbol('kBytesRead');
const kBytesWritten = Symbol('kBytesWritten');
const kPendingWrite = Symbol('kPendingWrite');
const kPendingShutdown = Symbol('kPendingShutdown');
const kUserBuffer = Symbol('kBuffer');
const kUserCallback = Symbol('kBufferCb');
const kUserMaker = Symbol('kBufferGen');
const kUserRest = Symbol('kBufferRest');
const kReset = Symbol('kReset');
const kNormalized = Symbol('normalizedArgs');

const EOF = -4095;
const ENOTCONN = -107;
const EINVAL = -22;

let autoSelectFamilyDefault = !native.oneFamily;
let autoSelectTimeoutDefault = Math.max(10, native.attemptTimeout);
let blockLists;
const addressModule = () => (blockLists ??= require('./net_address'));

const noop = () => {};

// ---- words about addresses ------------------------------------------------

const isIP = native.isIP;
const isIPv4 = (input) => isIP(input) === 4;
const isIPv6 = (input) => isIP(input) === 6;

// `listen EADDRINUSE: address already in use 127.0.0.1:80`
function listenException(errno, syscall, address, port) {
  const [code, text] = systemErrorMap().get(errno) ?? ['UNKNOWN', 'unknown error'];
  let details = '';
  if (port && port > 0) details = ` ${address}:${port}`;
  else if (address) details = ` ${address}`;
  const error = new Error(`${syscall} ${code}: ${text}${details}`);
  error.code = code;
  error.errno = errno;
  error.syscall = syscall;
  error.address = address;
  if (port) error.port = port;
  Error.captureStackTrace(error, listenException);
  return error;
}

function isPipeName(value) {
  return typeof value === 'string' && toPort(value) === false;
}

function toPort(value) {
  const n = Number(value);
  return n >= 0 && !Number.isNaN(n) && String(value).trim() !== '' ? n : false;
}

// (options, cb), (port, host, cb), (path, cb), …: [options, cb]
function normalizeArgs(args) {
  let result;
  if (args.length === 0) {
    result = [{}, null];
  } else {
    const first = args[0];
    let options = {};
    if (typeof first === 'object' && first !== null) options = first;
    else if (isPipeName(first)) options.path = first;
    else {
      options.port = first;
      if (args.length > 1 && typeof args[1] === 'string') options.host = args[1];
    }
    const last = args[args.length - 1];
    result = [options, typeof last === 'function' ? last : null];
  }
  result[kNormalized] = true;
  return result;
}

// ---- Socket ---------------------------------------------------------------

function onread(status, bytes) {
  const socket = this[kOwner];
  if (socket === null || socket === undefined) return;
  const timer = socket[kTimeout];
  if (timer !== null) socket._unrefTimer();
  if (status > 0) {
    if (socket.destroyed) return;
    if (socket[kUserCallback] !== undefined) {
      toUser(socket, this, bytes);
      return;
    }
    if (!socket.push(bytes)) this.readStop();
    return;
  }
  if (status !== EOF) {
    socket.destroy(errnoException(status, 'read'));
    return;
  }
  if (socket._readableState.endEmitted) {
    if (socket._maybeDestroy) socket._maybeDestroy(socket);
    return;
  }
  socket.push(null);
  socket.read(0);
}

// The program brought its own buffer (option onread).
function toUser(socket, handle, bytes) {
  let at = 0;
  while (at < bytes.length) {
    const buffer = socket[kUserBuffer];
    // A pause in between leaves the rest for later.
    if (!handle.reading) {
      (socket[kUserRest] ??= []).push(bytes.subarray(at));
      return;
    }
    const n = Math.min(buffer.length, bytes.length - at);
    new Uint8Array(buffer.buffer, buffer.byteOffset, n).set(bytes.subarray(at, at + n));
    at += n;
    const goesOn = socket[kUserCallback](n, buffer);
    nextUserBuffer(socket);
    if (goesOn === false) {
      handle.readStop();
      socket.readableFlowing = false;
    }
  }
}

// A function gives a buffer for the next read.
function nextUserBuffer(socket) {
  const next = socket[kUserMaker]?.();
  if (next instanceof Uint8Array) socket[kUserBuffer] = next;
}

// What a pause has left over of bytes that had come.
function giveRest(socket) {
  const rest = socket[kUserRest];
  socket[kUserRest] = undefined;
  if (rest && socket._handle) toUser(socket, socket._handle, rest.length === 1 ? rest[0] : Buffer.concat(rest));
}

function onwrite(status) {
  const socket = this[kOwner];
  if (!socket) return;
  const callback = socket[kPendingWrite];
  socket[kPendingWrite] = null;
  if (socket.destroyed) {
    if (typeof callback === 'function') callback(null);
    return;
  }
  if (status < 0) {
    socket.destroy(errnoException(status, 'write'), callback);
    return;
  }
  if (socket[kTimeout] !== null) socket._unrefTimer();
  if (typeof callback === 'function') callback(null);
}

function onshutdown() {
  const socket = this[kOwner];
  if (!socket) return;
  const callback = socket[kPendingShutdown];
  socket[kPendingShutdown] = null;
  if (typeof callback === 'function') callback();
}

function initHandle(socket) {
  const handle = socket._handle;
  if (!handle) return;
  handle[kOwner] = socket;
  if (socket[kUserMaker] !== undefined) nextUserBuffer(socket);
  handle.onread = onread;
  handle.onwrite = onwrite;
  handle.onshutdown = onshutdown;
}

function Socket(options) {
  if (!(this instanceof Socket)) return new Socket(options);
  if (options?.objectMode) throw new codes.ERR_INVALID_ARG_VALUE('options.objectMode', options.objectMode, 'is not supported');
  if (options?.readableObjectMode || options?.writableObjectMode) {
    throw new codes.ERR_INVALID_ARG_VALUE(
      `options.${options.readableObjectMode ? 'readableObjectMode' : 'writableObjectMode'}`,
      options.readableObjectMode || options.writableObjectMode, 'is not supported');
  }
  if (options?.keepAliveInitialDelay !== undefined) {
    validateNumber(options.keepAliveInitialDelay, 'options.keepAliveInitialDelay');
    if (options.keepAliveInitialDelay < 0) options.keepAliveInitialDelay = 0;
  }
  this.connecting = false;
  this._hadError = false;
  this._handle = null;
  this._parent = null;
  this._host = null;
  this[kTimeout] = null;
  this[kTimerOff] = false;
  this[kTimerLength] = 0;
  this[kPendingWrite] = null;
  this[kPendingShutdown] = null;
  this[kUserBuffer] = undefined;
  this[kUserCallback] = undefined;
  this[kUserRest] = undefined;
  this[kUserMaker] = undefined;
  if (typeof options === 'number') options = { fd: options };
  else options = { ...options };
  options.allowHalfOpen = Boolean(options.allowHalfOpen);
  options.emitClose = false;
  options.autoDestroy = true;
  options.decodeStrings = false;
  stream.Duplex.call(this, options);
  if (options.handle) {
    this._handle = options.handle;
  } else if (options.fd !== undefined) {
    validateInt32(options.fd, 'options.fd', 0);
    this._handle = handleOf(options.fd);
    const status = this._handle.open(options.fd);
    if (status) throw errnoException(status, 'open');
  }
  const { onread: user } = options;
  if (user !== null && typeof user === 'object' && (user.buffer instanceof Uint8Array || typeof user.buffer === 'function') &&
      typeof user.callback === 'function') {
    if (typeof user.buffer === 'function') this[kUserMaker] = user.buffer;
    else this[kUserBuffer] = user.buffer;
    this[kUserCallback] = user.callback;
  }
  this.on('end', onReadableEnd);
  initHandle(this);
  this._pendingData = null;
  this._pendingEncoding = '';
  this.allowHalfOpen = options.allowHalfOpen;
  this.server = null;
  this._server = null;
  this[kReset] = false;
  this[kBytesRead] = 0;
  this[kBytesWritten] = 0;
  this[kNoDelay] = Boolean(options.noDelay);
  this[kKeepAlive] = Boolean(options.keepAlive);
  this[kKeepAliveDelay] = ~~(options.keepAliveInitialDelay / 1000);
  if (this._handle && options.readable !== false) {
    if (options.pauseOnCreate) {
      this._handle.readStop();
      this.readableFlowing = false;
    } else if (!options.manualStart) {
      this.read(0);
    }
  }
}
Object.setPrototypeOf(Socket.prototype, stream.Duplex.prototype);
Object.setPrototypeOf(Socket, stream.Duplex);

// A handle of the kind that a descriptor is.
function handleOf(fd) {
  const kind = native.kindOf(fd);
  if (kind === 'TCP') return new TCP();
  if (kind === 'PIPE') return new Pipe();
  throw new codes.ERR_INVALID_FD_TYPE(kind);
}

function onReadableEnd() {
  if (!this.allowHalfOpen) this.write = writeAfterFIN;
}

// A write after the peer has ended, on a socket that ends with it.
function writeAfterFIN(chunk, encoding, cb) {
  if (!this.writableEnded) return stream.Duplex.prototype.write.call(this, chunk, encoding, cb);
  if (typeof encoding === 'function') cb = encoding;
  const error = new Error('This socket has been ended by the other party');
  Error.captureStackTrace(error, writeAfterFIN);
  error.code = 'EPIPE';
  if (typeof cb === 'function') process.nextTick(cb, error);
  this.destroy(error);
  return false;
}

Socket.prototype._final = function _final(cb) {
  if (this.connecting) {
    this.once('connect', () => this._final(cb));
    return;
  }
  if (!this._handle) {
    cb();
    return;
  }
  this[kPendingShutdown] = cb;
  const status = this._handle.shutdown();
  if (status === 0) return;
  this[kPendingShutdown] = null;
  if (status === ENOTCONN) cb();
  else cb(errnoException(status, 'shutdown'));
};

Socket.prototype._writeGeneric = function _writeGeneric(writev, data, encoding, cb) {
  if (this.connecting) {
    this._pendingData = data;
    this._pendingEncoding = encoding;
    const onClose = () => cb(new codes.ERR_SOCKET_CLOSED_BEFORE_CONNECTION());
    this.once('connect', function connect() {
      this.off('close', onClose);
      this._writeGeneric(writev, data, encoding, cb);
    });
    this.once('close', onClose);
    return;
  }
  this._pendingData = null;
  this._pendingEncoding = '';
  const handle = this._handle;
  if (!handle) {
    cb(new codes.ERR_SOCKET_CLOSED());
    return false;
  }
  if (this[kTimeout] !== null) this._unrefTimer();
  let status;
  if (writev) {
    const list = [];
    for (let i = 0; i < data.length; i++) list.push(data[i].chunk, data[i].encoding);
    status = handle.writev(list);
  } else {
    status = handle.write(data, encoding);
  }
  if (status === 0) cb();
  else if (status === 1) this[kPendingWrite] = cb;
  else this.destroy(errnoException(status, 'write'), cb);
};

Socket.prototype._write = native.writeMethod(function _write(data, encoding, cb) {
  this._writeGeneric(false, data, encoding, cb);
});

Socket.prototype._writev = function _writev(chunks, cb) {
  this._writeGeneric(true, chunks, '', cb);
};

function startReading(socket) {
  const status = socket._handle.readStart();
  if (status) socket.destroy(errnoException(status, 'read'));
}

Socket.prototype._read = native.readMethod(function _read(n) {
  if (this.connecting || !this._handle) this.once('connect', () => this._read(n));
  else if (!this._handle.reading) startReading(this);
});

native.setSocketParts({
  kOwner, kTimeout, kPendingWrite, kUserCallback, onread,
  writeGeneric: Socket.prototype._writeGeneric,
  failed(socket, status, cb) {
    socket.destroy(errnoException(status, 'write'), cb);
  },
});

Socket.prototype.pause = function pause() {
  if (this[kUserCallback] !== undefined && !this.connecting && this._handle?.reading) {
    if (!this.destroyed) this._handle.readStop();
  }
  return stream.Duplex.prototype.pause.call(this);
};

Socket.prototype.resume = function resume() {
  if (this[kUserCallback] !== undefined && !this.connecting && this._handle && !this._handle.reading) {
    startReading(this);
    if (this[kUserRest] !== undefined) process.nextTick(giveRest, this);
  }
  return stream.Duplex.prototype.resume.call(this);
};

Socket.prototype.read = function read(n) {
  if (this[kUserCallback] !== undefined && !this.connecting && this._handle && !this._handle.reading) startReading(this);
  return stream.Duplex.prototype.read.call(this, n);
};

Socket.prototype.end = function end(data, encoding, callback) {
  stream.Duplex.prototype.end.call(this, data, encoding, callback);
  return this;
};

Socket.prototype.resetAndDestroy = function resetAndDestroy() {
  if (this._handle) {
    if (!(this._handle instanceof TCP)) throw new codes.ERR_INVALID_HANDLE_TYPE();
    if (this.connecting) {
      this.once('connect', () => this._reset());
    } else {
      this._reset();
    }
  } else {
    this.destroy(new codes.ERR_SOCKET_CLOSED());
  }
  return this;
};

Socket.prototype._reset = function _reset() {
  this[kReset] = true;
  return this.destroy();
};

Socket.prototype._unrefTimer = function _unrefTimer() {
  for (let s = this; s !== null && s !== undefined; s = s._parent) {
    if (s[kTimeout]) s[kTimeout].refresh();
  }
};

Socket.prototype._onTimeout = function _onTimeout() {
  this.emit('timeout');
};

Socket.prototype.setTimeout = function setTimeout(msecs, callback) {
  if (this.destroyed) return this;
  validateNumber(msecs, 'msecs');
  if (msecs < 0 || !Number.isFinite(msecs)) throw new codes.ERR_OUT_OF_RANGE('msecs', 'a non-negative finite number', msecs);
  if (msecs > 2147483647) {
    process.emitWarning(`${msecs} does not fit into a 32-bit signed integer.\nTimer duration was truncated to 2147483647.`, 'TimeoutOverflowWarning');
    msecs = 2147483647;
  }
  this.timeout = msecs;
  const timer = this[kTimeout];
  if (msecs === 0) {
    // The timer stays where it is, so that the next limit of the same length costs nothing; onTimer knows that it means nothing.
    this[kTimerOff] = timer !== null;
    if (callback !== undefined) {
      validateFunction(callback, 'callback');
      this.removeListener('timeout', callback);
    }
    return this;
  }
  this[kTimerOff] = false;
  if (timer !== null && this[kTimerLength] === msecs) {
    timer.refresh();
  } else {
    if (timer !== null) clearTimeout(timer);
    this[kTimerLength] = msecs;
    this[kTimeout] = startTimeout(onTimer, msecs, this);
    this[kTimeout].unref();
  }
  if (callback !== undefined) {
    validateFunction(callback, 'callback');
    this.once('timeout', callback);
  }
  return this;
};

function onTimer(socket) {
  if (!socket[kTimerOff]) socket._onTimeout();
}

Socket.prototype.setNoDelay = function setNoDelay(enable) {
  const on = enable === undefined ? true : !!enable;
  if (!this._handle) {
    this[kNoDelay] = on;
    return this;
  }
  if (this._handle.setNoDelay && on !== this[kNoDelay]) {
    this[kNoDelay] = on;
    this._handle.setNoDelay(on);
  }
  return this;
};

Socket.prototype.setKeepAlive = function setKeepAlive(enable, initialDelay) {
  const on = Boolean(enable);
  const delay = ~~(initialDelay / 1000);
  if (!this._handle) {
    this[kKeepAlive] = on;
    this[kKeepAliveDelay] = delay;
    return this;
  }
  if (!this._handle.setKeepAlive) return this;
  if (on !== this[kKeepAlive] || (on && this[kKeepAliveDelay] !== delay)) {
    this[kKeepAlive] = on;
    this[kKeepAliveDelay] = delay;
    this._handle.setKeepAlive(on, delay);
  }
  return this;
};

Socket.prototype.address = function address() {
  return this._getsockname();
};

Socket.prototype._getsockname = function _getsockname() {
  if (!this._handle) return {};
  if (!this._sockname) {
    const name = this._handle.getsockname();
    if (name !== null && typeof name === 'object') this._sockname = name;
    else return {};
  }
  return this._sockname;
};

Socket.prototype._getpeername = function _getpeername() {
  if (!this._handle || this.connecting) return this._peername || {};
  if (!this._peername) {
    const name = this._handle.getpeername();
    if (name !== null && typeof name === 'object') this._peername = name;
    else return {};
  }
  return this._peername;
};

function property(name, get) {
  Object.defineProperty(Socket.prototype, name, { __proto__: null, configurable: false, enumerable: true, get });
}

property('_connecting', function() { return this.connecting; });
property('pending', function() { return !this._handle || this.connecting; });
property('readyState', function() {
  if (this.connecting) return 'opening';
  if (this.readable && this.writable) return 'open';
  if (this.readable && !this.writable) return 'readOnly';
  if (!this.readable && this.writable) return 'writeOnly';
  return 'closed';
});
property('bufferSize', function() {
  if (this._handle) return this.writableLength + (this._handle.writeQueueSize || 0);
});
property('bytesRead', function() { return this._handle ? this._handle.bytesRead : this[kBytesRead]; });
property('remoteAddress', function() { return this._getpeername().address; });
property('remoteFamily', function() { return this._getpeername().family; });
property('remotePort', function() { return this._getpeername().port; });
property('localAddress', function() { return this._getsockname().address; });
property('localPort', function() { return this._getsockname().port; });
property('localFamily', function() { return this._getsockname().family; });
property('_bytesDispatched', function() { return this._handle ? this._handle.bytesWritten : this[kBytesWritten]; });
property('bytesWritten', function() {
  let bytes = this._bytesDispatched;
  const data = this._pendingData;
  const encoding = this._pendingEncoding;
  if (!this._writableState) return undefined;
  for (const chunk of this._writableState.getBuffer()) {
    bytes += chunk.chunk instanceof Uint8Array ? chunk.chunk.length : Buffer.byteLength(chunk.chunk, chunk.encoding);
  }
  if (Array.isArray(data)) {
    for (const { chunk, encoding: e } of data) bytes += chunk instanceof Uint8Array ? chunk.length : Buffer.byteLength(chunk, e);
  } else if (data) {
    bytes += typeof data === 'string' ? Buffer.byteLength(data, encoding) : data.length;
  }
  return bytes;
});

Socket.prototype.ref = function ref() {
  if (!this._handle) this.once('connect', this.ref);
  else if (typeof this._handle.ref === 'function') this._handle.ref();
  return this;
};

Socket.prototype.unref = function unref() {
  if (!this._handle) this.once('connect', this.unref);
  else if (typeof this._handle.unref === 'function') this._handle.unref();
  return this;
};

Socket.prototype.destroySoon = function destroySoon() {
  if (this.writable) this.end();
  if (this.writableFinished) this.destroy();
  else this.once('finish', this.destroy);
};

Socket.prototype._destroy = function _destroy(exception, cb) {
  this.connecting = false;
  for (let s = this; s !== null && s !== undefined; s = s._parent) {
    if (s[kTimeout]) clearTimeout(s[kTimeout]);
    s[kTimeout] = null;
  }
  const handle = this._handle;
  if (handle) {
    const hadError = Boolean(exception);
    this[kBytesRead] = handle.bytesRead;
    this[kBytesWritten] = handle.bytesWritten;
    handle.onread = noop;
    handle.onclose = () => this.emit('close', hadError);
    if (typeof handle.readStop === 'function') {
      if (this[kReset]) handle.reset();
      else handle.close(handle.onclose);
    } else {
      handle.close(handle.onclose);
    }
    this._handle = null;
    this._sockname = null;
    this[kPendingWrite] = null;
    this[kPendingShutdown] = null;
    cb(exception);
  } else {
    cb(exception);
    process.nextTick(emitClose, this);
  }
  if (this._server) {
    this._server._connections--;
    if (this._server._emitCloseIfDrained) this._server._emitCloseIfDrained();
  }
};

function emitClose(self) {
  self.emit('close');
}

// ---- connecting -----------------------------------------------------------

Socket.prototype.connect = function connect(...args) {
  const [options, cb] = Array.isArray(args[0]) && args[0][kNormalized] ? args[0] : normalizeArgs(args);
  if (options.port === undefined && options.path == null) throw new codes.ERR_MISSING_ARGS(['options', 'port', 'path']);
  if (this.write !== Socket.prototype.write) this.write = Socket.prototype.write;
  if (this.destroyed) {
    this._handle = null;
    this._peername = undefined;
    this._sockname = undefined;
  }
  const { path } = options;
  if (!this._handle) {
    this._handle = path ? new Pipe() : new TCP();
    // A socket that has been closed begins anew.
    this._undestroy();
    initHandle(this);
  }
  if (cb !== null) this.once('connect', cb);
  if (this[kTimeout] !== null) this._unrefTimer();
  this.connecting = true;
  if (path) {
    validateString(path, 'options.path');
    internalConnect(this, path, -1);
  } else {
    lookupAndConnect(this, options);
  }
  return this;
};

function lookupAndConnect(self, options) {
  const { localAddress, localPort } = options;
  if (options.host) validateString(options.host, 'options.host');
  const host = options.host || 'localhost';
  let { port, autoSelectFamilyAttemptTimeout: attemptTimeout, autoSelectFamily } = options;
  if (localAddress && !isIP(localAddress)) throw new codes.ERR_INVALID_IP_ADDRESS(localAddress);
  if (localPort) validateNumber(localPort, 'options.localPort');
  if (port !== undefined) {
    if (typeof port !== 'number' && typeof port !== 'string') throw new codes.ERR_INVALID_ARG_TYPE('options.port', ['number', 'string'], port);
    validatePort(port);
  }
  port |= 0;
  if (autoSelectFamily != null) validateBoolean(autoSelectFamily, 'options.autoSelectFamily');
  else autoSelectFamily = autoSelectFamilyDefault;
  if (attemptTimeout !== undefined) {
    validateInt32(attemptTimeout, 'options.autoSelectFamilyAttemptTimeout', 1);
    if (attemptTimeout < 10) attemptTimeout = 10;
  } else {
    attemptTimeout = autoSelectTimeoutDefault;
  }
  const type = isIP(host);
  if (type) {
    process.nextTick(() => {
      if (self.connecting) internalConnect(self, host, port, type, localAddress, localPort, options);
    });
    return;
  }
  if (options.lookup != null) validateFunction(options.lookup, 'options.lookup');
  const lookup = options.lookup || require('dns').lookup;
  const asked = { family: familyOf(options.family), hints: options.hints || 0 };
  self._host = host;
  if (autoSelectFamily && asked.family !== 4 && asked.family !== 6 && !localAddress) {
    asked.all = true;
    lookup(host, asked, (error, addresses) => {
      if (!self.connecting) {
        if (!error && Array.isArray(addresses)) for (const { address, family } of addresses) self.emit('lookup', error, address, family, host);
        return;
      }
      if (error) {
        self.emit('lookup', error, undefined, undefined, host);
        process.nextTick(connectFailed, self, error);
        return;
      }
      // A lookup of the program's own may give one address.
      if (typeof addresses === 'string') addresses = [{ address: addresses, family: isIP(addresses) }];
      connectToOneOf(self, addresses, { host, port, localAddress, localPort, attemptTimeout }, options);
    });
    return;
  }
  lookup(host, asked, (error, ip, family) => {
    self.emit('lookup', error, ip, family, host);
    if (!self.connecting) return;
    if (error) {
      process.nextTick(connectFailed, self, error);
    } else if (typeof ip !== 'string' || !isIP(ip)) {
      process.nextTick(connectFailed, self, new codes.ERR_INVALID_IP_ADDRESS(ip));
    } else if (family !== 4 && family !== 6) {
      process.nextTick(connectFailed, self, new codes.ERR_INVALID_ADDRESS_FAMILY(family, options.host, options.port));
    } else {
      if (self[kTimeout] !== null) self._unrefTimer();
      internalConnect(self, ip, port, family, localAddress, localPort, options);
    }
  });
}

function familyOf(family) {
  if (family === 'IPv4') return 4;
  if (family === 'IPv6') return 6;
  return family || 0;
}

function connectFailed(self, error) {
  self.destroy(error);
}

// Addresses of both families by turns, the resolver's first family first; one attempt at a time, the next when the last has failed or
// taken too long.
function connectToOneOf(self, found, how, options) {
  const valid = [];
  let bad;
  for (const { address, family } of found) {
    self.emit('lookup', null, address, family, how.host);
    if (!self.connecting) return;
    if (!isIP(address)) bad ??= new codes.ERR_INVALID_IP_ADDRESS(address);
    else if (family !== 4 && family !== 6) bad ??= new codes.ERR_INVALID_ADDRESS_FAMILY(family, options.host, options.port);
    else valid.push({ address, family });
  }
  if (valid.length === 0) {
    process.nextTick(connectFailed, self, bad ?? new codes.ERR_INVALID_IP_ADDRESS(undefined));
    return;
  }
  const first = valid.filter((a) => a.family === valid[0].family);
  const second = valid.filter((a) => a.family !== valid[0].family);
  const order = [];
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    if (i < first.length) order.push(first[i]);
    if (i < second.length) order.push(second[i]);
  }
  if (self[kTimeout] !== null) self._unrefTimer();
  if (order.length === 1) {
    internalConnect(self, order[0].address, how.port, order[0].family, how.localAddress, how.localPort, options);
    return;
  }
  attempt(self, { order, at: 0, errors: [], tried: [], options, ...how });
}

function attempt(self, plan) {
  if (!self.connecting) return;
  if (plan.at === plan.order.length) {
    if (plan.errors.length === 1) {
      self.destroy(plan.errors[0]);
      return;
    }
    const error = new AggregateError(plan.errors);
    error.code = plan.errors[0].code;
    self.destroy(error);
    return;
  }
  const { address, family } = plan.order[plan.at++];
  if (plan.options.blockList?.check(address, `ipv${family}`)) {
    plan.errors.push(new codes.ERR_IP_BLOCKED(address));
    attempt(self, plan);
    return;
  }
  plan.tried.push(`${address}:${plan.port}`);
  self.autoSelectFamilyAttemptedAddresses = plan.tried;
  self.emit('connectionAttempt', address, plan.port, family);
  if (plan.at > 1) {
    self._handle.onconnect = noop;
    self._handle.close();
    self._handle = new TCP();
    initHandle(self);
  }
  const handle = self._handle;
  let timer;
  const failed = (error, event) => {
    clearTimeout(timer);
    plan.errors.push(error);
    self.emit(event, address, plan.port, family, error);
    attempt(self, plan);
  };
  handle.onconnect = (status) => {
    clearTimeout(timer);
    if (self.destroyed || self._handle !== handle) return;
    if (status === 0) afterConnect(self, 0, address, plan.port);
    else failed(exceptionWithHostPort(status, 'connect', address, plan.port), 'connectionAttemptFailed');
  };
  const status = handle.connect(address, plan.port, undefined, plan.localPort);
  if (status !== 0) {
    failed(exceptionWithHostPort(status, 'connect', address, plan.port, localDetails(self)), 'connectionAttemptFailed');
    return;
  }
  if (plan.at < plan.order.length) {
    timer = startTimeout(() => {
      if (!self.connecting || self._handle !== handle) return;
      handle.onconnect = noop;
      self.emit('connectionAttemptTimeout', address, plan.port, family);
      const error = exceptionWithHostPort(-110, 'connect', address, plan.port);
      plan.errors.push(error);
      attempt(self, plan);
    }, plan.attemptTimeout);
  }
}

function localDetails(self) {
  const name = self._getsockname();
  return name.address ? `${name.address}:${name.port}` : undefined;
}

function internalConnect(self, address, port, family, localAddress, localPort, options) {
  if (options?.blockList?.check(address, `ipv${family}`)) {
    self.destroy(new codes.ERR_IP_BLOCKED(address));
    return;
  }
  const handle = self._handle;
  if (port >= 0) self.emit('connectionAttempt', address, port, family);
  let from = localAddress;
  if (!from && localPort) from = family === 6 ? '::' : '0.0.0.0';
  handle.onconnect = (status) => {
    if (self.destroyed || self._handle !== handle) return;
    if (status !== 0 && port >= 0) self.emit('connectionAttemptFailed', address, port, family, status);
    afterConnect(self, status, address, port, from, localPort);
  };
  const status = handle.connect(address, port, from, localPort);
  if (status !== 0) {
    const details = port >= 0 ? localDetails(self) : undefined;
    self.destroy(exceptionWithHostPort(status, 'connect', address, port >= 0 ? port : undefined, details));
  }
}

function afterConnect(self, status, address, port, localAddress, localPort) {
  if (self.destroyed) return;
  self.connecting = false;
  self._sockname = null;
  if (status !== 0) {
    const details = localAddress && localPort ? `${localAddress}:${localPort}` : undefined;
    const error = exceptionWithHostPort(status, 'connect', address, port >= 0 ? port : undefined, details);
    if (details) {
      error.localAddress = localAddress;
      error.localPort = localPort;
    }
    self.destroy(error);
    return;
  }
  if (self[kTimeout] !== null) self._unrefTimer();
  if (self[kNoDelay]) self._handle.setNoDelay(true);
  if (self[kKeepAlive]) self._handle.setKeepAlive(true, self[kKeepAliveDelay]);
  self.emit('connect');
  self.emit('ready');
  if (self.readable && !self.isPaused()) self.read(0);
}

function connect(...args) {
  const normalized = normalizeArgs(args);
  const [options] = normalized;
  const socket = new Socket(options);
  if (options.timeout) socket.setTimeout(options.timeout);
  return socket.connect(normalized);
}

// ---- Server ---------------------------------------------------------------

function Server(options, connectionListener) {
  if (!(this instanceof Server)) return new Server(options, connectionListener);
  EventEmitter.call(this);
  if (typeof options === 'function') {
    connectionListener = options;
    options = {};
    this.on('connection', connectionListener);
  } else if (options == null || typeof options === 'object') {
    options = { ...options };
    if (typeof connectionListener === 'function') this.on('connection', connectionListener);
  } else {
    throw new codes.ERR_INVALID_ARG_TYPE('options', 'Object', options);
  }
  if (options.keepAliveInitialDelay !== undefined) {
    validateNumber(options.keepAliveInitialDelay, 'options.keepAliveInitialDelay');
    if (options.keepAliveInitialDelay < 0) options.keepAliveInitialDelay = 0;
  }
  if (options.highWaterMark !== undefined) {
    validateNumber(options.highWaterMark, 'options.highWaterMark');
    if (options.highWaterMark < 0) options.highWaterMark = undefined;
  }
  this._connections = 0;
  this._handle = null;
  this._usingWorkers = false;
  this._workers = [];
  this._unref = false;
  this._listeningId = 1;
  this.allowHalfOpen = options.allowHalfOpen || false;
  this.pauseOnConnect = !!options.pauseOnConnect;
  this.noDelay = Boolean(options.noDelay);
  this.keepAlive = Boolean(options.keepAlive);
  this.keepAliveInitialDelay = ~~(options.keepAliveInitialDelay / 1000);
  this.highWaterMark = options.highWaterMark;
  if (options.blockList) {
    if (!addressModule().BlockList.isBlockList(options.blockList)) {
      throw new codes.ERR_INVALID_ARG_TYPE('options.blockList', 'net.BlockList', options.blockList);
    }
    this.blockList = options.blockList;
  }
}
Object.setPrototypeOf(Server.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Server, EventEmitter);

Server.prototype.listen = function listen(...args) {
  const normalized = normalizeArgs(args);
  let [options] = normalized;
  const cb = normalized[1];
  if (this._handle) throw new codes.ERR_SERVER_ALREADY_LISTEN();
  if (cb !== null) this.once('listening', cb);
  const second = args.length > 1 ? toPort(args[1]) : false;
  const third = args.length > 2 ? toPort(args[2]) : false;
  const backlogArg = second !== false ? second : third;
  options = options._handle || (options.handle && options) || options;
  let flags = 0;
  if (options.ipv6Only) flags |= 1;
  if (options.reusePort) flags |= 2;
  if (options instanceof TCP || options instanceof Pipe) {
    this._handle = options;
    adopt(this);
    return this;
  }
  abortable(this, options);
  if (typeof options.fd === 'number' && options.fd >= 0) {
    const kind = native.kindOf(options.fd);
    const handle = kind === 'PIPE' ? new Pipe() : new TCP();
    const status = kind === 'PIPE' || kind === 'TCP' ? handle.listenOn(options.fd, Number(options.backlog || backlogArg) || 511) : EINVAL;
    if (status) {
      handle.onclose = noop;
      handle.close();
      process.nextTick(emitError, this, listenException(status, 'listen', null, null));
      return this;
    }
    this._handle = handle;
    adopt(this);
    return this;
  }
  if (args.length === 0 || typeof args[0] === 'function' || (options.port === undefined && 'port' in options) || options.port === null) {
    options = { ...options, port: 0 };
  }
  if (typeof options.port === 'number' || typeof options.port === 'string') {
    validatePort(options.port, 'options.port');
    const backlog = Number(options.backlog || backlogArg) || 511;
    const port = options.port | 0;
    if (options.host) lookupAndListen(this, port, options.host, backlog, options.exclusive, flags);
    else setupListen(this, null, port, 4, backlog, flags);
    return this;
  }
  if (options.path && isPipeName(options.path)) {
    const backlog = Number(options.backlog || backlogArg) || 511;
    if (options.path.startsWith('\0') && (options.readableAll || options.writableAll)) {
      throw new codes.ERR_INVALID_ARG_VALUE('options', options, 'can not set readableAll or writableAllt to true when path is abstract unix socket');
    }
    setupListen(this, options.path, -1, -1, backlog, flags);
    if (this._handle && (options.readableAll || options.writableAll)) {
      const fs = require('fs');
      fs.chmodSync(options.path, 0o600 | (options.readableAll ? 0o044 : 0) | (options.writableAll ? 0o022 : 0));
    }
    return this;
  }
  if (!('port' in options || 'path' in options)) {
    throw new codes.ERR_INVALID_ARG_VALUE('options', options, 'must have the property "port" or "path"');
  }
  throw new codes.ERR_INVALID_ARG_VALUE('options', options);
};

function abortable(self, options) {
  if (options?.signal) {
    validateAbortSignal(options.signal, 'options.signal');
    const { signal } = options;
    const onAbort = () => self.close();
    if (signal.aborted) {
      process.nextTick(onAbort);
    } else {
      signal.addEventListener('abort', onAbort, { once: true });
      self.once('close', () => signal.removeEventListener('abort', onAbort));
    }
  }
}

function lookupAndListen(self, port, host, backlog, exclusive, flags) {
  const type = isIP(host);
  if (type) {
    setupListen(self, host, port, type, backlog, flags);
    return;
  }
  const id = self._listeningId;
  require('dns').lookup(host, (error, ip, family) => {
    if (error) {
      self.emit('error', error);
    } else if (id === self._listeningId) {
      setupListen(self, ip, port, ip ? family : 4, backlog, flags);
    }
  });
}

function tryListen(self, address, port, backlog, flags) {
  const handle = port < 0 ? new Pipe() : new TCP();
  const status = handle.bind(address, port, backlog, flags);
  if (status === 0) {
    self._handle = handle;
    return 0;
  }
  handle.onclose = noop;
  handle.close();
  return status;
}

function setupListen(self, address, port, family, backlog, flags) {
  if (self._handle) return;
  let status;
  if (address === null && port >= 0) {
    status = tryListen(self, '::', port, backlog, flags);
    address = '::';
    family = 6;
    if (status === EINVAL || status === -97 || status === -99) {
      address = '0.0.0.0';
      family = 4;
      status = tryListen(self, address, port, backlog, flags);
    }
  } else {
    status = tryListen(self, address, port, backlog, flags);
  }
  if (status !== 0) {
    const error = listenException(status, 'listen', address, port);
    process.nextTick(emitError, self, error);
    return;
  }
  self._connectionKey = `${family}:${address}:${port}`;
  if (port < 0) self._pipeName = address;
  adopt(self);
}

// The server has its handle: connections may come.
function adopt(self) {
  self._handle[kOwner] = self;
  self._handle.onconnection = onconnection;
  if (self._unref) self._handle.unref();
  process.nextTick(emitListening, self);
}

function emitError(self, error) {
  self.emit('error', error);
}

function emitListening(self) {
  if (self._handle) self.emit('listening');
}

function onconnection(status, client) {
  const self = this[kOwner];
  if (status !== 0) {
    self.emit('error', errnoException(status, 'accept'));
    return;
  }
  if ((self.maxConnections != null && self._connections >= self.maxConnections) || self.blockList) {
    const near = client.getsockname();
    const far = client.getpeername();
    const blocked = self.blockList !== undefined && typeof far === 'object' &&
      self.blockList.check(far.address, far.family?.toLowerCase());
    const full = self.maxConnections != null && self._connections >= self.maxConnections;
    if (blocked || full) {
      if (self.maxConnections != null || full) {
        const data = typeof near === 'object' ? {
          localAddress: near.address, localPort: near.port, localFamily: near.family,
          remoteAddress: far.address, remotePort: far.port, remoteFamily: far.family,
        } : { __proto__: null };
        client.close();
        if (full) self.emit('drop', data);
        return;
      }
      client.close();
      return;
    }
  }
  const socket = new Socket({
    handle: client,
    allowHalfOpen: self.allowHalfOpen,
    pauseOnCreate: self.pauseOnConnect,
    readable: true,
    writable: true,
    readableHighWaterMark: self.highWaterMark,
    writableHighWaterMark: self.highWaterMark,
  });
  if (self.noDelay && client.setNoDelay) {
    socket[kNoDelay] = true;
    client.setNoDelay(true);
  }
  if (self.keepAlive && client.setKeepAlive) {
    socket[kKeepAlive] = true;
    socket[kKeepAliveDelay] = self.keepAliveInitialDelay;
    client.setKeepAlive(true, self.keepAliveInitialDelay);
  }
  self._connections++;
  socket.server = self;
  socket._server = self;
  self.emit('connection', socket);
}

Server.prototype.address = function address() {
  if (this._handle && this._pipeName === undefined && this._handle.getsockname) {
    const name = this._handle.getsockname();
    if (typeof name === 'number') throw errnoException(name, 'address');
    return name;
  }
  if (this._pipeName !== undefined && this._handle) return this._pipeName;
  return null;
};

Server.prototype.getConnections = function getConnections(cb) {
  const count = this._connections;
  process.nextTick(() => {
    if (typeof cb === 'function') cb(null, count);
  });
  return this;
};

Server.prototype.close = function close(cb) {
  this._listeningId++;
  if (typeof cb === 'function') {
    if (!this._handle) this.once('close', () => cb(new codes.ERR_SERVER_NOT_RUNNING()));
    else this.once('close', cb);
  }
  if (this._handle) {
    this._handle.onclose = noop;
    this._handle.close();
    this._handle = null;
  }
  this._emitCloseIfDrained();
  return this;
};

Server.prototype[Symbol.asyncDispose] = async function asyncDispose() {
  if (!this._handle) return;
  await new Promise((resolve, reject) => this.close((error) => (error ? reject(error) : resolve())));
};

Server.prototype._emitCloseIfDrained = function _emitCloseIfDrained() {
  if (this._handle || this._connections) return;
  process.nextTick(emitClose, this);
};

Server.prototype[EventEmitter.captureRejectionSymbol] = function captureRejection(error, event, socket) {
  if (event === 'connection') socket.destroy(error);
  else this.emit('error', error);
};

Object.defineProperty(Server.prototype, 'listening', {
  __proto__: null, configurable: true, enumerable: true, get() { return !!this._handle; },
});

Server.prototype.ref = function ref() {
  this._unref = false;
  if (this._handle) this._handle.ref();
  return this;
};

Server.prototype.unref = function unref() {
  this._unref = true;
  if (this._handle) this._handle.unref();
  return this;
};

function createServer(options, connectionListener) {
  return new Server(options, connectionListener);
}

// ---- exports --------------------------------------------------------------

function getDefaultAutoSelectFamily() {
  return autoSelectFamilyDefault;
}

function setDefaultAutoSelectFamily(value) {
  validateBoolean(value, 'value');
  autoSelectFamilyDefault = value;
}

function getDefaultAutoSelectFamilyAttemptTimeout() {
  return autoSelectTimeoutDefault;
}

function setDefaultAutoSelectFamilyAttemptTimeout(value) {
  validateInt32(value, 'value', 1);
  autoSelectTimeoutDefault = value < 10 ? 10 : value;
}

module.exports = {
  _createServerHandle(address, port, addressType, fd, flags) {
    const handle = port === -1 ? new Pipe() : new TCP();
    const status = handle.bind(address ?? '::', port, 511, flags | 0);
    return status === 0 ? handle : status;
  },
  _normalizeArgs: normalizeArgs,
  get BlockList() { return addressModule().BlockList; },
  get SocketAddress() { return addressModule().SocketAddress; },
  connect,
  createConnection: connect,
  createServer,
  isIP,
  isIPv4,
  isIPv6,
  Server,
  Socket,
  Stream: Socket,
  getDefaultAutoSelectFamily,
  setDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamilyAttemptTimeout,
};
