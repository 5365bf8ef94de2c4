// http.Server and http.ServerResponse.
const EventEmitter = require('events');
const net = require('net');
const native = require('./http_native');
const { codes } = require('./errors');
const { validateBoolean, validateInteger, validateObject, validateFunction } = require('./validators');
const {
  kChunked, kCorked, kExchange, kHighWaterMark, kOutHeaders, kNeedDrain, kSocket, kUniqueHeaders,
  OutgoingMessage, onFinish, parseUniqueHeadersOption, validateHeaderName, validateHeaderValue,
} = require('_http_outgoing');
const { IncomingMessage } = require('_http_incoming');
const {
  chunkExpression, continueExpression, freeParser, kIncomingMessage, onhead, makeParser, parseError, _checkInvalidHeaderChar: badHeaderChar,
} = require('_http_common');
const { setInterval: startInterval, clearInterval, setTimeout: startTimeout, clearTimeout } = require('./timers_native');

const { STATUS_CODES } = native;
const kServerResponse = Symbol('ServerResponse');
const kConnections = Symbol('http.server.connections');
const kChecker = Symbol('http.server.connectionsCheckingInterval');
const kState = Symbol('http.server.state');
const noop = () => {};

const channels = { __proto__: null };
function publish(name, make) {
  const channel = channels[name] ??= require('diagnostics_channel').channel(name);
  if (channel.hasSubscribers) channel.publish(make());
}

// ---- ServerResponse -------------------------------------------------------

function initResponse(res, req, options) {
  OutgoingMessage.call(res, options);
  if (req.method === 'HEAD') res._hasBody = false;
  res.req = req;
  res.sendDate = true;
  res._sent100 = false;
  res._expect_continue = false;
}

function ServerResponse(req, options) {
  initResponse(this, req, options);
  if (req.httpVersionMajor < 1 || req.httpVersionMinor < 1) {
    this.useChunkedEncodingByDefault = chunkExpression.test(req.headers?.te);
    this.shouldKeepAlive = false;
  }
  publish('http.server.response.created', () => ({ request: req, response: this }));
}
Object.setPrototypeOf(ServerResponse.prototype, OutgoingMessage.prototype);
Object.setPrototypeOf(ServerResponse, OutgoingMessage);

ServerResponse.prototype.statusCode = 200;
ServerResponse.prototype.statusMessage = undefined;

function onResponseSocketClose() {
  if (this._httpMessage) emitResponseClose(this._httpMessage);
}

function emitResponseClose(self) {
  if (!self._closed) {
    self.destroyed = true;
    self._closed = true;
    self.emit('close');
  }
}

ServerResponse.prototype.assignSocket = function assignSocket(socket) {
  if (socket._httpMessage) throw new codes.ERR_HTTP_SOCKET_ASSIGNED();
  socket._httpMessage = this;
  socket.on('close', onResponseSocketClose);
  this.socket = socket;
  this.emit('socket', socket);
  this._flush();
};

ServerResponse.prototype.detachSocket = function detachSocket(socket) {
  socket.removeListener('close', onResponseSocketClose);
  socket._httpMessage = null;
  this.socket = null;
};

ServerResponse.prototype.writeContinue = function writeContinue(cb) {
  this._writeRaw('HTTP/1.1 100 Continue\r\n\r\n', 'ascii', cb);
  this._sent100 = true;
};

ServerResponse.prototype.writeProcessing = function writeProcessing(cb) {
  this._writeRaw('HTTP/1.1 102 Processing\r\n\r\n', 'ascii', cb);
};

const linkValue = /^(?:<[^>\r\n]*>)(?:[ \t]*;[ \t]*[^;"\s]+(?:=(")?[^;"\s]*\1)?)*$/;

function checkLink(value, name) {
  if (typeof value === 'undefined' || !linkValue.test(value)) {
    throw new codes.ERR_INVALID_ARG_VALUE(name, value, 'must be an array or string of format "</styles.css>; rel=preload; as=style"');
  }
}

function linkHeader(hints) {
  if (typeof hints === 'string') {
    checkLink(hints, 'hints');
    return hints;
  }
  if (Array.isArray(hints)) {
    for (const link of hints) checkLink(link, 'hints');
    return hints.join(', ');
  }
  throw new codes.ERR_INVALID_ARG_VALUE('hints', hints, 'must be an array or string of format "</styles.css>; rel=preload; as=style"');
}

ServerResponse.prototype.writeEarlyHints = function writeEarlyHints(hints, cb) {
  let head = 'HTTP/1.1 103 Early Hints\r\n';
  validateObject(hints, 'hints');
  if (hints.link === null || hints.link === undefined) return;
  const link = linkHeader(hints.link);
  if (link.length === 0) return;
  head += `Link: ${link}\r\n`;
  for (const key of Object.keys(hints)) {
    const name = key.toLowerCase();
    if (name === 'link') continue;
    validateHeaderName(name);
    validateHeaderValue(name, hints[key]);
    head += `${key}: ${hints[key]}\r\n`;
  }
  this._writeRaw(`${head}\r\n`, 'ascii', cb);
};

ServerResponse.prototype._implicitHeader = function _implicitHeader() {
  this.writeHead(this.statusCode);
};

ServerResponse.prototype.writeHead = native.writeHead(function writeHead(statusCode, reason, obj) {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('write');
  const given = statusCode;
  statusCode |= 0;
  if (statusCode < 100 || statusCode > 999) throw new codes.ERR_HTTP_INVALID_STATUS_CODE(given);
  if (typeof reason === 'string') {
    this.statusMessage = reason;
  } else {
    this.statusMessage ||= STATUS_CODES[statusCode] || 'unknown';
    obj ??= reason;
  }
  this.statusCode = statusCode;
  let headers;
  if (this[kOutHeaders]) {
    // Fields set before and fields given now: the latter win.
    if (Array.isArray(obj)) {
      if (obj.length % 2 !== 0) throw new codes.ERR_INVALID_ARG_VALUE('headers', obj);
      for (let n = 0; n < obj.length; n += 2) this.removeHeader(obj[n]);
      for (let n = 0; n < obj.length; n += 2) if (obj[n]) this.appendHeader(obj[n], obj[n + 1]);
    } else if (obj) {
      for (const key of Object.keys(obj)) if (key) this.setHeader(key, obj[key]);
    }
    headers = this[kOutHeaders];
  } else {
    headers = obj;
  }
  if (badHeaderChar(this.statusMessage)) throw new codes.ERR_INVALID_CHAR('statusMessage');
  if (statusCode === 204 || statusCode === 304 || (statusCode >= 100 && statusCode <= 199)) this._hasBody = false;
  // Whoever expected to be told to go on was not: what it sends next can't be told from a body.
  if (this._expect_continue && !this._sent100) this.shouldKeepAlive = false;
  this._storeHeader(`HTTP/1.1 ${statusCode} ${this.statusMessage}\r\n`, headers);
  return this;
});
ServerResponse.prototype.writeHeader = ServerResponse.prototype.writeHead;

// ---- Server ---------------------------------------------------------------

function storeHTTPOptions(options) {
  this[kIncomingMessage] = options.IncomingMessage || IncomingMessage;
  this[kServerResponse] = options.ServerResponse || ServerResponse;
  const { maxHeaderSize, insecureHTTPParser, requestTimeout, headersTimeout, keepAliveTimeout, keepAliveTimeoutBuffer } = options;
  if (maxHeaderSize !== undefined) validateInteger(maxHeaderSize, 'maxHeaderSize', 0);
  this.maxHeaderSize = maxHeaderSize;
  if (insecureHTTPParser !== undefined) validateBoolean(insecureHTTPParser, 'options.insecureHTTPParser');
  this.insecureHTTPParser = insecureHTTPParser;
  if (options.shouldUpgradeCallback !== undefined) validateFunction(options.shouldUpgradeCallback, 'options.shouldUpgradeCallback');
  this.shouldUpgradeCallback = options.shouldUpgradeCallback ?? function() { return this.listenerCount('upgrade') > 0; };
  if (requestTimeout !== undefined) {
    validateInteger(requestTimeout, 'requestTimeout', 0);
    this.requestTimeout = requestTimeout;
  } else {
    this.requestTimeout = 300_000;
  }
  if (headersTimeout !== undefined) {
    validateInteger(headersTimeout, 'headersTimeout', 0);
    this.headersTimeout = headersTimeout;
  } else {
    this.headersTimeout = Math.min(60_000, this.requestTimeout);
  }
  if (this.requestTimeout > 0 && this.headersTimeout > 0 && this.headersTimeout > this.requestTimeout) {
    throw new codes.ERR_OUT_OF_RANGE('headersTimeout', '<= requestTimeout', headersTimeout);
  }
  if (keepAliveTimeout !== undefined) {
    validateInteger(keepAliveTimeout, 'keepAliveTimeout', 0);
    this.keepAliveTimeout = keepAliveTimeout;
  } else {
    this.keepAliveTimeout = 5_000;
  }
  if (keepAliveTimeoutBuffer !== undefined) {
    validateInteger(keepAliveTimeoutBuffer, 'keepAliveTimeoutBuffer', 0);
    this.keepAliveTimeoutBuffer = keepAliveTimeoutBuffer;
  } else {
    this.keepAliveTimeoutBuffer = 1_000;
  }
  const { connectionsCheckingInterval, requireHostHeader, joinDuplicateHeaders, rejectNonStandardBodyWrites } = options;
  if (connectionsCheckingInterval !== undefined) {
    validateInteger(connectionsCheckingInterval, 'connectionsCheckingInterval', 0);
    this.connectionsCheckingInterval = connectionsCheckingInterval;
  } else {
    this.connectionsCheckingInterval = 30_000;
  }
  if (requireHostHeader !== undefined) validateBoolean(requireHostHeader, 'options.requireHostHeader');
  this.requireHostHeader = requireHostHeader ?? true;
  if (joinDuplicateHeaders !== undefined) validateBoolean(joinDuplicateHeaders, 'options.joinDuplicateHeaders');
  this.joinDuplicateHeaders = joinDuplicateHeaders;
  if (rejectNonStandardBodyWrites !== undefined) validateBoolean(rejectNonStandardBodyWrites, 'options.rejectNonStandardBodyWrites');
  this.rejectNonStandardBodyWrites = rejectNonStandardBodyWrites ?? false;
}

function Server(options, requestListener) {
  if (!(this instanceof Server)) return new Server(options, requestListener);
  if (typeof options === 'function') {
    requestListener = options;
    options = {};
  } else if (options == null) {
    options = {};
  } else {
    validateObject(options, 'options');
  }
  storeHTTPOptions.call(this, options);
  net.Server.call(this, {
    allowHalfOpen: true,
    noDelay: options.noDelay ?? true,
    keepAlive: options.keepAlive,
    keepAliveInitialDelay: options.keepAliveInitialDelay,
    highWaterMark: options.highWaterMark,
  });
  if (requestListener) this.on('request', requestListener);
  this.httpAllowHalfOpen = false;
  this.on('connection', connectionListener);
  this.on('listening', track);
  this.timeout = 0;
  this.maxHeadersCount = null;
  this.maxRequestsPerSocket = 0;
  this[kConnections] = new Set();
  this[kChecker] = null;
  this[kUniqueHeaders] = parseUniqueHeadersOption(options.uniqueHeaders);
}
Object.setPrototypeOf(Server.prototype, net.Server.prototype);
Object.setPrototypeOf(Server, net.Server);

// From now on slow requests are looked for.
function track() {
  if (this[kChecker]) clearInterval(this[kChecker]);
  this[kChecker] = startInterval(checkConnections, this.connectionsCheckingInterval, this);
  this[kChecker].unref();
}

function checkConnections(server) {
  const { headersTimeout, requestTimeout } = server;
  for (const socket of server[kConnections]) {
    const state = socket[kState];
    const age = state ? state.parser.age() : -1;
    if (age < 0) continue;
    const headLate = headersTimeout > 0 && state.parser.isInHead() && age >= headersTimeout;
    const late = requestTimeout > 0 && age >= requestTimeout;
    if (headLate || late) socketOnError.call(socket, new codes.ERR_HTTP_REQUEST_TIMEOUT());
  }
}

Server.prototype.close = function close(...args) {
  this.closeIdleConnections();
  if (this[kChecker]) clearInterval(this[kChecker]);
  this[kChecker] = null;
  Reflect.apply(net.Server.prototype.close, this, args);
  return this;
};

Server.prototype[Symbol.asyncDispose] = async function asyncDispose() {
  if (!this._handle) return;
  await new Promise((resolve, reject) => this.close((error) => (error ? reject(error) : resolve())));
};

Server.prototype.closeAllConnections = function closeAllConnections() {
  for (const socket of [...this[kConnections]]) socket.destroy();
};

Server.prototype.closeIdleConnections = function closeIdleConnections() {
  for (const socket of [...this[kConnections]]) {
    const state = socket[kState];
    if (socket._httpMessage && !socket._httpMessage.finished) continue;
    if (state && (!state.parser.isIdle() || state.incoming.length > 0)) continue;
    socket.destroy();
  }
};

Server.prototype.setTimeout = function setTimeout(msecs, callback) {
  this.timeout = msecs;
  if (callback) this.on('timeout', callback);
  return this;
};

Server.prototype[EventEmitter.captureRejectionSymbol] = function captureRejection(error, event, ...args) {
  if (event !== 'request') {
    net.Server.prototype[EventEmitter.captureRejectionSymbol].call(this, error, event, ...args);
    return;
  }
  const res = args[1];
  if (!res.headersSent && !res.writableEnded) {
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    res.statusCode = 500;
    res.end(STATUS_CODES[500]);
  } else {
    res.destroy();
  }
};

// ---- a connection ---------------------------------------------------------

function connectionListener(socket) {
  const server = this;
  socket.server ??= server;
  if (server.timeout && typeof socket.setTimeout === 'function') socket.setTimeout(server.timeout);
  socket.on('timeout', socketOnTimeout);
  const parser = makeParser(true, socket, server.maxHeaderSize, server.insecureHTTPParser);
  socket.parser = parser;
  const state = {
    server, socket, parser, outgoing: [], incoming: [], outgoingData: 0, requestsCount: 0, keepAliveTimeoutSet: false, idleTimer: null,
  };
  state._onPendingData = (delta) => pendingData(state, delta);
  state.finish = (res) => resOnFinish(state, res.req, res);
  state.armIdle = () => armIdle(state, server.keepAliveTimeout + server.keepAliveTimeoutBuffer);
  socket[kState] = state;
  server[kConnections].add(socket);
  if (typeof server.maxHeadersCount === 'number') parser.maxHeaderPairs = server.maxHeadersCount << 1;
  parser.joinDuplicateHeaders = server.joinDuplicateHeaders === true;
  parser.onIncoming = (req, keepAlive) => onIncoming(state, req, keepAlive);
  parser.onfail = (code, reason, status, at, bytes) => {
    socketOnError.call(socket, parseError(code, reason, at, bytes));
  };
  parser.onrest = (bytes) => onRest(state, bytes);
  state.onData = (bytes) => {
    parser.execute(bytes);
  };
  state.onEnd = () => {
    if (!parser._consumed) parser.finish();
    else onEnd(state);
  };
  state.onClose = () => {
    server[kConnections].delete(socket);
    freeParser(parser, null, socket);
    if (state.idleTimer !== null) clearTimeout(state.idleTimer);
    abortIncoming(state.incoming);
    if (socket._httpMessage) emitResponseClose(socket._httpMessage);
  };
  state.onDrain = () => onDrain(state);
  socket.setEncoding = socketSetEncoding;
  socket.on('error', socketOnError);
  socket.on('data', state.onData);
  socket.on('end', state.onEnd);
  socket.on('close', state.onClose);
  socket.on('drain', state.onDrain);
  // The bytes go straight to the parser, unless somebody wants to see them.
  if (socket._handle && typeof socket._handle.consume === 'function') {
    parser._consumed = true;
    socket._handle.consume(parser);
    socket.on = watched('on');
    socket.addListener = watched('addListener');
    socket.prependListener = watched('prependListener');
    if (isOrdinary(server, socket)) parser.useLane(state, server, socket);
  }
  if (socket._handle && !socket._handle.reading && !socket.isPaused()) socket._handle.readStart();
}

// Whether exchanges on a connection may be dealt with natively (see src/node/http/lane.rs).
function isOrdinary(server, socket) {
  setParts();
  return socket.constructor === net.Socket && server[kIncomingMessage] === IncomingMessage &&
    server[kServerResponse] === ServerResponse && server[kUniqueHeaders] === null && server.requireHostHeader === true &&
    server.joinDuplicateHeaders !== true && server.rejectNonStandardBodyWrites === false && typeof server.maxHeadersCount !== 'number';
}

let partsSet = false;
function setParts() {
  if (partsSet) return;
  partsSet = true;
  const request = new IncomingMessage();
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  request.httpVersion = '1.1';
  request.upgrade = false;
  const response = Object.create(ServerResponse.prototype);
  initResponse(response, request);
  const { Channel, channel } = require('diagnostics_channel');
  native.setParts({
    request,
    response,
    symbols: { kChunked, kCorked, kExchange, kHighWaterMark, kOutHeaders, kSocket, kUniqueHeaders },
    channels: ['response.created', 'request.start', 'response.finish'].map((name) => {
      const full = `http.server.${name}`;
      return channels[full] ??= channel(full);
    }),
    silent: Channel.prototype,
    finish: onFinish,
    implicitHeader: ServerResponse.prototype._implicitHeader,
    writeHead: ServerResponse.prototype.writeHead,
    onhead,
  });
}

// One timer looks after a connection's idle times, however many exchanges there are between two of its looks.
function armIdle(state, ms) {
  if (!state.server.keepAliveTimeout || state.socket.destroyed) return;
  state.idleTimer = startTimeout(onIdle, ms, state);
  state.idleTimer.unref();
}

function onIdle(state) {
  state.idleTimer = null;
  const { parser, server, socket } = state;
  if (socket.destroyed) return;
  const idle = parser.idle();
  if (idle < 0) return;
  const left = server.keepAliveTimeout + server.keepAliveTimeoutBuffer - idle;
  if (left > 0) armIdle(state, left);
  else socket._onTimeout();
}

function socketSetEncoding() {
  throw new codes.ERR_HTTP_SOCKET_ENCODING();
}

function watched(name) {
  return function(event, listener) {
    const result = Reflect.apply(net.Socket.prototype[name], this, arguments);
    if (event === 'data' || event === 'readable') unconsume(this);
    return result;
  };
}

function unconsume(socket) {
  const { parser } = socket;
  delete socket.on;
  delete socket.addListener;
  delete socket.prependListener;
  if (parser?._consumed) {
    parser._consumed = false;
    socket._handle?.consume(undefined);
  }
}

// The connection belongs to somebody else now (`bytes`: what came after the head), or has ended (null).
function onRest(state, bytes) {
  const { socket } = state;
  if (bytes === null) {
    if (state.parser._consumed) socket.push(null);
    else onEnd(state);
    return;
  }
  state.upgradeHead = bytes;
}

function onEnd(state) {
  const { server, socket } = state;
  if (!server.httpAllowHalfOpen) {
    socket.end();
  } else if (state.outgoing.length) {
    state.outgoing[state.outgoing.length - 1]._last = true;
  } else if (socket._httpMessage) {
    socket._httpMessage._last = true;
  } else {
    socket.end();
  }
}

function abortIncoming(incoming) {
  while (incoming.length) {
    const error = new Error('aborted');
    error.code = 'ECONNRESET';
    incoming.shift().destroy(error);
  }
}

function socketOnTimeout() {
  const req = this.parser?.incoming;
  const reqTimeout = req && !req.complete && req.emit('timeout', this);
  const res = this._httpMessage;
  const resTimeout = res && res.emit('timeout', this);
  const serverTimeout = this.server.emit('timeout', this);
  if (!reqTimeout && !resTimeout && !serverTimeout) this.destroy();
}

const answers = {
  HPE_HEADER_OVERFLOW: 'HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\n\r\n',
  ERR_HTTP_REQUEST_TIMEOUT: 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n',
};
const badRequest = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';

function socketOnError(error) {
  this.removeListener('error', socketOnError);
  if (this.listenerCount('error') === 0) this.on('error', noop);
  if (this.server.emit('clientError', error, this)) return;
  // Into the middle of another answer nothing can be written.
  if (this.writable && (!this._httpMessage || !this._httpMessage._headerSent)) this.write(answers[error.code] ?? badRequest);
  // What was written goes out first.
  const done = () => this.destroy(error);
  if (!this.writable || this.writableFinished || typeof this.end !== 'function') {
    done();
  } else {
    this.once('finish', done);
    this.end();
  }
}

function onDrain(state) {
  const { socket } = state;
  const needPause = state.outgoingData > socket.writableHighWaterMark;
  if (socket._paused && !needPause) {
    socket._paused = false;
    socket.resume();
    if (socket._handle && !socket._handle.reading) socket._handle.readStart();
  }
  const msg = socket._httpMessage;
  if (msg && !msg.finished && msg[kNeedDrain]) {
    msg[kNeedDrain] = false;
    msg.emit('drain');
  }
}

function onIncoming(state, req, keepAlive) {
  const { server, socket } = state;
  if (state.keepAliveTimeoutSet) {
    socket.setTimeout(server.timeout || 0);
    state.keepAliveTimeoutSet = false;
  }
  if (req.upgrade) {
    req.upgrade = req.method === 'CONNECT' || !!server.shouldUpgradeCallback(req);
    if (req.upgrade) {
      upgrade(state, req);
      return 2;
    }
  }
  state.incoming.push(req);
  if (!socket._paused) {
    const needDrain = socket._writableState.needDrain;
    if (needDrain || state.outgoingData >= socket.writableHighWaterMark) {
      socket._paused = true;
      socket.pause();
      socket._handle?.readStop();
    }
  }
  const res = new server[kServerResponse](req, {
    highWaterMark: socket.writableHighWaterMark,
    rejectNonStandardBodyWrites: server.rejectNonStandardBodyWrites,
  });
  res._keepAliveTimeout = server.keepAliveTimeout;
  res._maxRequestsPerSocket = server.maxRequestsPerSocket;
  res._onPendingData = state._onPendingData;
  res[kExchange] = state;
  res.shouldKeepAlive = keepAlive;
  res[kUniqueHeaders] = server[kUniqueHeaders];
  publish('http.server.request.start', () => ({ request: req, response: res, socket, server }));
  if (socket._httpMessage) state.outgoing.push(res);
  else res.assignSocket(socket);
  if (req.httpVersionMajor === 1 && req.httpVersionMinor === 1) {
    if (server.requireHostHeader && req.headers.host === undefined) {
      res.writeHead(400, ['Connection', 'close']);
      res.end();
      return 0;
    }
    const limited = typeof server.maxRequestsPerSocket === 'number' && server.maxRequestsPerSocket > 0;
    if (limited) {
      state.requestsCount++;
      res.maxRequestsOnConnectionReached = server.maxRequestsPerSocket <= state.requestsCount;
      if (server.maxRequestsPerSocket < state.requestsCount) {
        server.emit('dropRequest', req, socket);
        res.writeHead(503);
        res.end();
        return 0;
      }
    }
    const { expect } = req.headers;
    if (expect !== undefined) {
      if (continueExpression.test(expect)) {
        res._expect_continue = true;
        if (server.listenerCount('checkContinue') > 0) {
          server.emit('checkContinue', req, res);
        } else {
          res.writeContinue();
          server.emit('request', req, res);
        }
      } else if (server.listenerCount('checkExpectation') > 0) {
        server.emit('checkExpectation', req, res);
      } else {
        res.writeHead(417);
        res.end();
      }
      return 0;
    }
  }
  server.emit('request', req, res);
  return 0;
}

function pendingData(state, delta) {
  state.outgoingData += delta;
  const { socket } = state;
  if (socket._paused && state.outgoingData < socket.writableHighWaterMark) onDrain(state);
}

function upgrade(state, req) {
  const { server, socket, parser } = state;
  const event = req.method === 'CONNECT' ? 'connect' : 'upgrade';
  state.upgradeHead = undefined;
  // The rest of the bytes comes first (see onRest); then the connection changes hands.
  process.nextTick(() => {
    const head = state.upgradeHead ?? Buffer.alloc(0);
    socket.removeListener('data', state.onData);
    socket.removeListener('end', state.onEnd);
    socket.removeListener('close', state.onClose);
    socket.removeListener('drain', state.onDrain);
    socket.removeListener('error', socketOnError);
    socket.removeListener('timeout', socketOnTimeout);
    unconsume(socket);
    delete socket.setEncoding;
    server[kConnections].delete(socket);
    freeParser(parser, req, socket);
    req.complete = true;
    if (server.listenerCount(event) > 0) {
      socket.readableFlowing = null;
      server.emit(event, req, socket, head);
    } else {
      socket.destroy();
    }
  });
}

function resOnFinish(state, req, res) {
  const { server, socket, parser } = state;
  publish('http.server.response.finish', () => ({ request: req, response: res, socket, server }));
  parser.leave(res);
  if (state.incoming[0] === req) state.incoming.shift();
  if (!req._consumed && !req.readableDidRead) req._dump();
  res.detachSocket(socket);
  if (parser.incoming === req) {
    if (req.readableEnded) parser.incoming = null;
    else req.once('end', () => { if (parser.incoming === req) parser.incoming = null; });
  }
  process.nextTick(emitResponseClose, res);
  if (res._last) {
    if (typeof socket.destroySoon === 'function') socket.destroySoon();
    else socket.end();
  } else if (state.outgoing.length === 0) {
    if (!socket.timeout && parser.rest()) return;
    if (server.keepAliveTimeout && typeof socket.setTimeout === 'function') {
      socket.setTimeout(server.keepAliveTimeout + server.keepAliveTimeoutBuffer);
      state.keepAliveTimeoutSet = true;
    }
  } else {
    state.outgoing.shift().assignSocket(socket);
  }
}

module.exports = {
  STATUS_CODES, Server, ServerResponse, setParts, storeHTTPOptions, _connectionListener: connectionListener, kServerResponse,
};
