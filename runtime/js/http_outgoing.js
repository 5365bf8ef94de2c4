// http.OutgoingMessage: headers, framing and the queue of a message that is being written.
const EventEmitter = require('events');
const Stream = require('stream');
const native = require('./http_native');
const { codes } = require('./errors');
const { validateString } = require('./validators');

const { isToken, isValue } = native;
const kOutHeaders = Symbol('kOutHeaders');
const kSocket = Symbol('kSocket');
const kCorked = Symbol('corked');
const kChunked = Symbol('kChunkedBuffer');
const kChunkedLength = Symbol('kChunkedLength');
const kNeedDrain = Symbol('kNeedDrain');
const kErrored = Symbol('errored');
const kHighWaterMark = Symbol('kHighWaterMark');
const kBytesWritten = Symbol('kBytesWritten');
const kUniqueHeaders = Symbol('kUniqueHeaders');
// What a server's connection does when a response has been written.
const kExchange = Symbol('kExchange');
const kRejectBody = Symbol('kRejectNonStandardBodyWrites');
const nop = () => {};
const closeExpression = /(?:^|\W)close(?:$|\W)/i;
const chunkExpression = /(?:^|\W)chunked(?:$|\W)/i;
const headerFields = /^(connection|transfer-encoding|content-length|date|expect|trailer|keep-alive)$/i;

function validateHeaderName(name, label) {
  if (typeof name !== 'string' || !name || !isToken(name)) throw new codes.ERR_INVALID_HTTP_TOKEN(label || 'Header name', name);
}

function validateHeaderValue(name, value) {
  if (value === undefined) throw new codes.ERR_HTTP_INVALID_HEADER_VALUE(value, name);
  if (Array.isArray(value)) {
    for (const item of value) if (!isValue(`${item}`)) throw new codes.ERR_INVALID_CHAR('header content', name);
    return;
  }
  if (!isValue(typeof value === 'string' ? value : `${value}`)) throw new codes.ERR_INVALID_CHAR('header content', name);
}

function OutgoingMessage(options) {
  Stream.call(this);
  this.outputData = [];
  this.outputSize = 0;
  this.writable = true;
  this.destroyed = false;
  this._last = false;
  this.chunkedEncoding = false;
  this.shouldKeepAlive = true;
  this.maxRequestsOnConnectionReached = false;
  this._defaultKeepAlive = true;
  this.useChunkedEncodingByDefault = true;
  this.sendDate = false;
  this._removedConnection = false;
  this._removedContLen = false;
  this._removedTE = false;
  this.strictContentLength = false;
  this[kBytesWritten] = 0;
  this._contentLength = null;
  this._hasBody = true;
  this._trailer = '';
  this[kNeedDrain] = false;
  this.finished = false;
  this._headerSent = false;
  this[kCorked] = 0;
  this[kChunked] = null;
  this[kChunkedLength] = 0;
  this._closed = false;
  this[kSocket] = null;
  this._header = null;
  this[kOutHeaders] = null;
  this._keepAliveTimeout = 0;
  this._onPendingData = nop;
  this[kErrored] = null;
  this[kExchange] = null;
  this[kHighWaterMark] = options?.highWaterMark ?? 65536;
  this[kRejectBody] = options?.rejectNonStandardBodyWrites ?? false;
}
Object.setPrototypeOf(OutgoingMessage.prototype, Stream.prototype);
Object.setPrototypeOf(OutgoingMessage, Stream);

function getter(name, get, set) {
  Object.defineProperty(OutgoingMessage.prototype, name, { __proto__: null, configurable: true, enumerable: false, get, set });
}

getter('errored', function() { return this[kErrored]; });
getter('closed', function() { return this._closed; });
getter('writableFinished', function() {
  return this.finished && this.outputSize === 0 && (!this.socket || this.socket.writableLength === 0);
});
getter('writableObjectMode', () => false);
getter('writableLength', function() {
  return this.outputSize + this[kChunkedLength] + (this[kSocket] ? this[kSocket].writableLength : 0);
});
getter('writableHighWaterMark', function() { return this[kSocket] ? this[kSocket].writableHighWaterMark : this[kHighWaterMark]; });
getter('writableCorked', function() { return this[kCorked]; });
getter('writableEnded', function() { return this.finished; });
getter('writableNeedDrain', function() { return !this.destroyed && !this.finished && this[kNeedDrain]; });
getter('headersSent', function() { return !!this._header; });
getter('connection', function() { return this[kSocket]; }, function(value) { this.socket = value; });
getter('socket', function() { return this[kSocket]; }, function(value) {
  const corks = this[kCorked];
  if (this[kSocket] && corks) for (let n = 0; n < corks; n++) this[kSocket].uncork();
  if (value && corks) for (let n = 0; n < corks; n++) value.cork();
  this[kSocket] = value;
});
getter('_headers', function() { return this.getHeaders(); }, function(value) {
  if (value == null) {
    this[kOutHeaders] = null;
  } else if (typeof value === 'object') {
    const headers = this[kOutHeaders] = { __proto__: null };
    for (const name of Object.keys(value)) headers[name.toLowerCase()] = [name, value[name]];
  }
});
getter('_headerNames', function() {
  const headers = this[kOutHeaders];
  if (headers === null) return null;
  const names = { __proto__: null };
  for (const key of Object.keys(headers)) names[key] = headers[key][0];
  return names;
}, function(value) {
  const headers = this[kOutHeaders];
  if (value !== null && typeof value === 'object' && headers) {
    for (const key of Object.keys(value)) if (headers[key]) headers[key][0] = value[key];
  }
});

OutgoingMessage.prototype._renderHeaders = function _renderHeaders() {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('render');
  const headers = this[kOutHeaders];
  const out = {};
  if (headers !== null) for (const key of Object.keys(headers)) out[headers[key][0]] = headers[key][1];
  return out;
};

OutgoingMessage.prototype.cork = function cork() {
  this[kCorked]++;
  if (this[kSocket]) this[kSocket].cork();
};

OutgoingMessage.prototype.uncork = function uncork() {
  this[kCorked]--;
  if (this[kSocket]) this[kSocket].uncork();
  const chunks = this[kChunked];
  if (this[kCorked] || chunks === null || chunks.length === 0) return;
  const length = this[kChunkedLength];
  this._send(length.toString(16), 'latin1', null);
  this._send('\r\n', null, null);
  const callbacks = [];
  for (const { data, encoding, callback } of chunks) {
    this._send(data, encoding, null);
    if (callback) callbacks.push(callback);
  }
  this._send('\r\n', null, callbacks.length ? (error) => { for (const callback of callbacks) callback(error); } : null);
  this[kChunked] = null;
  this[kChunkedLength] = 0;
};

OutgoingMessage.prototype.setTimeout = function setTimeout(msecs, callback) {
  if (callback) this.on('timeout', callback);
  if (!this[kSocket]) this.once('socket', (socket) => socket.setTimeout(msecs));
  else this[kSocket].setTimeout(msecs);
  return this;
};

OutgoingMessage.prototype.destroy = function destroy(error) {
  if (this.destroyed) return this;
  this.destroyed = true;
  this[kErrored] = error;
  if (this[kSocket]) this[kSocket].destroy(error);
  else this.once('socket', (socket) => socket.destroy(error));
  return this;
};

OutgoingMessage.prototype._send = function _send(data, encoding, callback, byteLength) {
  if (!this._headerSent) {
    const header = this._header;
    if (typeof data === 'string' && (encoding === 'utf8' || encoding === 'latin1' || !encoding)) {
      // What a head has beyond ASCII is written as the text that goes with it is, as in Node.
      data = header + data;
    } else {
      prepend(this, header);
    }
    this._headerSent = true;
  }
  return this._writeRaw(data, encoding, callback, byteLength);
};

const beyondAscii = /[^\x00-\x7f]/;
const isAscii = (text) => !beyondAscii.test(text);

function prepend(msg, header) {
  msg.outputData.unshift({ data: header, encoding: 'latin1', callback: null });
  msg.outputSize += header.length;
  msg._onPendingData(header.length);
}

OutgoingMessage.prototype._writeRaw = function _writeRaw(data, encoding, callback) {
  if (typeof encoding === 'function') {
    callback = encoding;
    encoding = null;
  }
  const socket = this[kSocket];
  if (socket && socket._httpMessage === this && socket.writable) {
    if (this.outputData.length) this._flushOutput(socket);
    return socket.write(data, encoding, callback);
  }
  this.outputData.push({ data, encoding, callback });
  this.outputSize += data.length;
  this._onPendingData(data.length);
  return this.outputSize < this[kHighWaterMark];
};

// What the fields that have been set say about the message.
function noteHeader(self, state, name, value) {
  switch (name.length) {
    case 4: case 6: case 7: case 10: case 14: case 17: break;
    default: return;
  }
  if (!headerFields.test(name)) return;
  switch (name.toLowerCase()) {
    case 'connection':
      state.connection = true;
      self._removedConnection = false;
      if (closeExpression.test(value)) self._last = true;
      else self.shouldKeepAlive = true;
      break;
    case 'transfer-encoding':
      state.te = true;
      self._removedTE = false;
      if (chunkExpression.test(value)) self.chunkedEncoding = true;
      break;
    case 'content-length':
      state.contLen = true;
      self._contentLength = +value;
      self._removedContLen = false;
      break;
    case 'date': state.date = true; break;
    case 'expect': state.expect = true; break;
    case 'trailer': state.trailer = true; break;
    case 'keep-alive': self._defaultKeepAlive = false; break;
  }
}

function addHeader(self, state, name, value, check) {
  if (check) validateHeaderName(name);
  if (Array.isArray(value)) {
    const lower = name.toLowerCase();
    const joins = lower === 'cookie' && value.length > 1;
    if (!joins && !self[kUniqueHeaders]?.has(lower)) {
      for (const item of value) addOne(self, state, name, item, check);
      return;
    }
    value = value.join('; ');
  }
  addOne(self, state, name, value, check);
}

function addOne(self, state, name, value, check) {
  if (check) validateHeaderValue(name, value);
  state.pairs.push(name, typeof value === 'string' ? value : `${value}`);
  noteHeader(self, state, name, value);
}

OutgoingMessage.prototype._storeHeader = function _storeHeader(firstLine, headers) {
  const pairs = [];
  const state = { connection: false, contLen: false, te: false, date: false, expect: false, trailer: false, pairs };
  if (headers) {
    if (headers === this[kOutHeaders]) {
      for (const key in headers) {
        const entry = headers[key];
        addHeader(this, state, entry[0], entry[1], false);
      }
    } else if (Array.isArray(headers)) {
      if (headers.length && Array.isArray(headers[0])) {
        for (const entry of headers) addHeader(this, state, entry[0], entry[1], true);
      } else {
        if (headers.length % 2 !== 0) throw new codes.ERR_INVALID_ARG_VALUE('headers', headers);
        for (let n = 0; n < headers.length; n += 2) addHeader(this, state, headers[n], headers[n + 1], true);
      }
    } else {
      for (const key in headers) {
        if (Object.prototype.hasOwnProperty.call(headers, key)) addHeader(this, state, key, headers[key], true);
      }
    }
  }
  if (this.sendDate && !state.date) pairs.push('Date', native.utcDate());
  // A chunked 204 or 304 would be taken for the beginning of the next message.
  if (this.chunkedEncoding && (this.statusCode === 204 || this.statusCode === 304)) {
    this.chunkedEncoding = false;
    this.shouldKeepAlive = false;
  }
  if (this._removedConnection) {
    this._last = !this.shouldKeepAlive;
  } else if (!state.connection) {
    const keep = this.shouldKeepAlive && (state.contLen || this.useChunkedEncodingByDefault || this.agent);
    if (keep && this.maxRequestsOnConnectionReached) {
      pairs.push('Connection', 'close');
    } else if (keep) {
      pairs.push('Connection', 'keep-alive');
      if (this._keepAliveTimeout && this._defaultKeepAlive) {
        const seconds = Math.floor(this._keepAliveTimeout / 1000);
        const max = ~~this._maxRequestsPerSocket > 0 ? `, max=${this._maxRequestsPerSocket}` : '';
        pairs.push('Keep-Alive', `timeout=${seconds}${max}`);
      }
    } else {
      this._last = true;
      pairs.push('Connection', 'close');
    }
  }
  if (!state.contLen && !state.te) {
    if (!this._hasBody) {
      this.chunkedEncoding = false;
    } else if (!this.useChunkedEncodingByDefault) {
      this._last = true;
    } else if (!state.trailer && !this._removedContLen && typeof this._contentLength === 'number') {
      pairs.push('Content-Length', String(this._contentLength));
    } else if (!this._removedTE) {
      pairs.push('Transfer-Encoding', 'chunked');
      this.chunkedEncoding = true;
    } else {
      // Nothing says how long the body is: it ends with the connection.
      this._last = true;
    }
  }
  if (this.chunkedEncoding !== true && state.trailer) throw new codes.ERR_HTTP_TRAILER_INVALID();
  this._header = native.head(firstLine, pairs, this[kSocket]?._handle);
  this._headerSent = false;
  // An expectation has to be out before the body can be.
  if (state.expect) this._send('');
};

OutgoingMessage.prototype.setHeader = function setHeader(name, value) {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('set');
  validateHeaderName(name);
  validateHeaderValue(name, value);
  let headers = this[kOutHeaders];
  if (headers === null) this[kOutHeaders] = headers = { __proto__: null };
  headers[name.toLowerCase()] = [name, value];
  return this;
};

OutgoingMessage.prototype.setHeaders = function setHeaders(headers) {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('set');
  if (!headers || Array.isArray(headers) || typeof headers.keys !== 'function' || typeof headers.get !== 'function') {
    throw new codes.ERR_INVALID_ARG_TYPE('headers', ['Headers', 'Map'], headers);
  }
  const cookies = [];
  for (const [name, value] of headers) {
    if (name === 'set-cookie') {
      if (Array.isArray(value)) cookies.push(...value);
      else cookies.push(value);
    } else {
      this.setHeader(name, value);
    }
  }
  if (cookies.length) this.setHeader('set-cookie', cookies);
  return this;
};

OutgoingMessage.prototype.appendHeader = function appendHeader(name, value) {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('append');
  validateHeaderName(name);
  validateHeaderValue(name, value);
  const field = name.toLowerCase();
  const headers = this[kOutHeaders];
  if (headers === null || !headers[field]) return this.setHeader(name, value);
  const entry = headers[field];
  if (!Array.isArray(entry[1])) entry[1] = [entry[1]];
  else entry[1] = [...entry[1]];
  if (Array.isArray(value)) entry[1].push(...value);
  else entry[1].push(value);
  return this;
};

OutgoingMessage.prototype.getHeader = function getHeader(name) {
  validateString(name, 'name');
  const headers = this[kOutHeaders];
  if (headers === null) return;
  return headers[name.toLowerCase()]?.[1];
};

OutgoingMessage.prototype.getHeaderNames = function getHeaderNames() {
  return this[kOutHeaders] !== null ? Object.keys(this[kOutHeaders]) : [];
};

OutgoingMessage.prototype.getRawHeaderNames = function getRawHeaderNames() {
  const headers = this[kOutHeaders];
  return headers === null ? [] : Object.keys(headers).map((key) => headers[key][0]);
};

OutgoingMessage.prototype.getHeaders = function getHeaders() {
  const headers = this[kOutHeaders];
  const out = { __proto__: null };
  if (headers) for (const key of Object.keys(headers)) out[key] = headers[key][1];
  return out;
};

OutgoingMessage.prototype.hasHeader = function hasHeader(name) {
  validateString(name, 'name');
  return this[kOutHeaders] !== null && !!this[kOutHeaders][name.toLowerCase()];
};

OutgoingMessage.prototype.removeHeader = function removeHeader(name) {
  validateString(name, 'name');
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('remove');
  const key = name.toLowerCase();
  switch (key) {
    case 'connection': this._removedConnection = true; break;
    case 'content-length': this._removedContLen = true; break;
    case 'transfer-encoding': this._removedTE = true; break;
    case 'date': this.sendDate = false; break;
  }
  if (this[kOutHeaders] !== null) delete this[kOutHeaders][key];
};

OutgoingMessage.prototype._implicitHeader = function _implicitHeader() {
  throw new codes.ERR_METHOD_NOT_IMPLEMENTED('_implicitHeader()');
};

OutgoingMessage.prototype.write = function write(chunk, encoding, callback) {
  if (typeof encoding === 'function') {
    callback = encoding;
    encoding = null;
  }
  const ret = writeChunk(this, chunk, encoding, callback, false);
  if (!ret) this[kNeedDrain] = true;
  return ret;
};

function fail(msg, error, callback) {
  if (msg.destroyed) return;
  process.nextTick(() => {
    callback(error);
    if (typeof msg.emit === 'function' && !msg.destroyed) msg.emit('error', error);
  });
}

function strict(msg) {
  return msg.strictContentLength && msg._contentLength > 0 && !msg._trailer && !msg._removedContLen && !msg.chunkedEncoding &&
    !msg.hasHeader('transfer-encoding');
}

function sizeOf(chunk, encoding) {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.byteLength;
}

function writeChunk(msg, chunk, encoding, callback, fromEnd) {
  if (typeof callback !== 'function') callback = nop;
  if (chunk === null) throw new codes.ERR_STREAM_NULL_VALUES();
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
    throw new codes.ERR_INVALID_ARG_TYPE('chunk', ['string', 'Buffer', 'Uint8Array'], chunk);
  }
  let error;
  if (msg.finished) error = new codes.ERR_STREAM_WRITE_AFTER_END();
  else if (msg.destroyed) error = new codes.ERR_STREAM_DESTROYED('write');
  if (error) {
    if (!msg.destroyed) fail(msg, error, callback);
    else process.nextTick(callback, error);
    return false;
  }
  let len;
  if (msg.strictContentLength) {
    len = sizeOf(chunk, encoding);
    if (strict(msg) && (fromEnd ? msg[kBytesWritten] + len !== msg._contentLength : msg[kBytesWritten] + len > msg._contentLength)) {
      throw new codes.ERR_HTTP_CONTENT_LENGTH_MISMATCH(len + msg[kBytesWritten], msg._contentLength);
    }
    msg[kBytesWritten] += len;
  }
  if (!msg._header) {
    if (fromEnd) {
      len ??= sizeOf(chunk, encoding);
      msg._contentLength = len;
    }
    msg._implicitHeader();
  }
  if (!msg._hasBody) {
    if (msg[kRejectBody]) throw new codes.ERR_HTTP_BODY_NOT_ALLOWED();
    process.nextTick(callback);
    return true;
  }
  const socket = msg[kSocket];
  if (!fromEnd && socket && !socket.writableCorked) {
    socket.cork();
    process.nextTick(uncorkLater, socket);
  }
  if (msg.chunkedEncoding && chunk.length !== 0) {
    len ??= sizeOf(chunk, encoding);
    if (msg[kCorked] && msg._headerSent) {
      (msg[kChunked] ??= []).push({ data: chunk, encoding, callback });
      msg[kChunkedLength] += len;
      return msg[kChunkedLength] < msg[kHighWaterMark];
    }
    // In one piece, where nobody looks at the single writes.
    const text = typeof chunk === 'string' && (!encoding || encoding === 'utf8' || encoding === 'utf-8');
    if (text && (!socket || socket.write === Stream.Duplex.prototype.write) && (msg._headerSent || isAscii(msg._header))) {
      return msg._send(`${len.toString(16)}\r\n${chunk}\r\n`, 'utf8', callback);
    }
    msg._send(len.toString(16), 'latin1', null);
    msg._send('\r\n', null, null);
    msg._send(chunk, encoding, null, len);
    return msg._send('\r\n', null, callback);
  }
  return msg._send(chunk, encoding, callback, len);
}

function uncorkLater(socket) {
  socket.uncork();
}

OutgoingMessage.prototype.addTrailers = function addTrailers(headers) {
  this._trailer = '';
  const isArray = Array.isArray(headers);
  for (const key of Object.keys(headers)) {
    const field = isArray ? headers[key][0] : key;
    const value = isArray ? headers[key][1] : headers[key];
    validateHeaderName(field, 'Trailer name');
    const values = Array.isArray(value) && value.length > 1 && !this[kUniqueHeaders]?.has(field.toLowerCase()) ? value :
      [Array.isArray(value) ? value.join('; ') : value];
    for (const one of values) {
      if (!isValue(`${one}`)) throw new codes.ERR_INVALID_CHAR('trailer content', field);
      this._trailer += `${field}: ${one}\r\n`;
    }
  }
};

function onFinish(msg) {
  if (msg.socket?._hadError) return;
  const exchange = msg[kExchange];
  if (exchange) {
    msg[kExchange] = null;
    exchange.finish(msg);
  }
  msg.emit('finish');
}

OutgoingMessage.prototype.end = native.end(function end(chunk, encoding, callback) {
  if (typeof chunk === 'function') {
    callback = chunk;
    chunk = null;
    encoding = null;
  } else if (typeof encoding === 'function') {
    callback = encoding;
    encoding = null;
  }
  const socket = this[kSocket];
  if (chunk) {
    if (this.finished) {
      fail(this, new codes.ERR_STREAM_WRITE_AFTER_END(), typeof callback !== 'function' ? nop : callback);
      return this;
    }
    if (socket) socket.cork();
    writeChunk(this, chunk, encoding, null, true);
  } else if (this.finished) {
    if (typeof callback === 'function') {
      if (!this.writableFinished) this.on('finish', callback);
      else callback(new codes.ERR_STREAM_ALREADY_FINISHED('end'));
    }
    return this;
  } else if (!this._header) {
    if (socket) socket.cork();
    this._contentLength = 0;
    this._implicitHeader();
  }
  if (typeof callback === 'function') this.once('finish', callback);
  if (strict(this) && this[kBytesWritten] !== this._contentLength) {
    throw new codes.ERR_HTTP_CONTENT_LENGTH_MISMATCH(this[kBytesWritten], this._contentLength);
  }
  const finish = () => onFinish(this);
  if (this._hasBody && this.chunkedEncoding) {
    if (this[kCorked] && this[kChunked] !== null) {
      this[kCorked] = 1;
      this.uncork();
    }
    this._send(`0\r\n${this._trailer}\r\n`, 'latin1', finish);
  } else if (!this._headerSent || this.writableLength || chunk) {
    this._send('', 'latin1', finish);
  } else {
    process.nextTick(finish);
  }
  const now = this[kSocket];
  if (now) {
    // However often it was corked: all of it goes out.
    const state = now._writableState;
    if (state) {
      state.corked = 1;
      now.uncork();
    }
  }
  this[kCorked] = 0;
  this.finished = true;
  if (this.outputData.length === 0 && now && now._httpMessage === this) this._finish();
  return this;
});

OutgoingMessage.prototype._finish = function _finish() {
  this.emit('prefinish');
};

OutgoingMessage.prototype._flush = function _flush() {
  const socket = this[kSocket];
  if (socket?.writable) {
    const ret = this._flushOutput(socket);
    if (this.finished) {
      this._finish();
    } else if (ret && this[kNeedDrain]) {
      this[kNeedDrain] = false;
      this.emit('drain');
    }
  }
};

OutgoingMessage.prototype._flushOutput = function _flushOutput(socket) {
  const { outputData } = this;
  if (outputData.length === 0) return undefined;
  let ret;
  socket.cork();
  for (let i = 0; i < outputData.length; i++) {
    const { data, encoding, callback } = outputData[i];
    outputData[i].data = null;
    ret = socket.write(data, encoding, callback);
  }
  socket.uncork();
  this.outputData = [];
  this._onPendingData(-this.outputSize);
  this.outputSize = 0;
  return ret;
};

OutgoingMessage.prototype.flushHeaders = function flushHeaders() {
  if (!this._header) this._implicitHeader();
  this._send('');
};

OutgoingMessage.prototype.pipe = function pipe() {
  this.emit('error', new codes.ERR_STREAM_CANNOT_PIPE());
};

OutgoingMessage.prototype[EventEmitter.captureRejectionSymbol] = function captureRejection(error) {
  this.destroy(error);
};

function parseUniqueHeadersOption(headers) {
  if (!Array.isArray(headers)) return null;
  return new Set(headers.map((name) => name.toLowerCase()));
}

module.exports = {
  kChunked, kCorked, kErrored, kExchange, kHighWaterMark, kNeedDrain, kOutHeaders, kSocket, kUniqueHeaders, parseUniqueHeadersOption,
  validateHeaderName, validateHeaderValue, OutgoingMessage, onFinish,
};
