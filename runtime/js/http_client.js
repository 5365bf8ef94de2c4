// http.ClientRequest: a request on its way out, and the response that comes back.
const net = require('net');
const { finished } = require('stream');
const { codes } = require('./errors');
const { validateBoolean, validateInteger, validateNumber } = require('./validators');
const { OutgoingMessage, kErrored, kNeedDrain, kOutHeaders, kUniqueHeaders, parseUniqueHeadersOption } = require('_http_outgoing');
const { freeParser, makeParser, parseError, _checkIsHttpToken: isToken } = require('_http_common');
const agents = require('_http_agent');

let setParts = () => {
  ({ setParts } = require('_http_server'));
  setParts();
};

const kError = Symbol('kError');
const kPath = Symbol('kPath');
// A parser that waits for the next request on its connection.
const kSpareParser = Symbol('kSpareParser');
const invalidPath = /[^\u0021-\u00ff]/;

// A URL's parts as request options.
function urlOptions(input) {
  if (typeof URL === 'function' && !(input instanceof URL)) input = new URL(input);
  if (typeof input === 'string') input = parseUrl(input);
  const { protocol, hostname, hash, search, pathname, href, port, username, password } = input;
  const options = {
    __proto__: null,
    ...input,
    protocol,
    hostname: hostname?.startsWith('[') ? hostname.slice(1, -1) : hostname,
    hash, search, pathname,
    path: `${pathname || ''}${search || ''}`,
    href,
  };
  if (port !== '' && port !== undefined) options.port = Number(port);
  if (username || password) options.auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return options;
}

function parseUrl(text) {
  const m = /^([a-z][a-z0-9+.-]*:)\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(text);
  if (!m) {
    const error = new codes.ERR_INVALID_URL();
    error.input = text;
    throw error;
  }
  const [, protocol, username = '', password = '', hostname, port = '', pathname, search = '', hash = ''] = m;
  return { protocol: protocol.toLowerCase(), username, password, hostname, port, pathname: pathname || '/', search, hash, href: text };
}

function isUrl(value) {
  return Boolean(value?.href && value.protocol && value.auth === undefined && value.path === undefined);
}

function validateHost(host, name) {
  if (host !== null && host !== undefined && typeof host !== 'string') {
    throw new codes.ERR_INVALID_ARG_TYPE(`options.${name}`, ['string', 'undefined', 'null'], host);
  }
  return host;
}

function ClientRequest(input, options, cb) {
  OutgoingMessage.call(this);
  if (typeof input === 'string') {
    input = urlOptions(input);
  } else if (isUrl(input)) {
    input = urlOptions(input);
  } else {
    cb = options;
    options = input;
    input = null;
  }
  if (typeof options === 'function') {
    cb = options;
    options = input || {};
  } else {
    options = Object.assign(input || {}, options);
  }
  let { agent } = options;
  const defaultAgent = options._defaultAgent || agents.globalAgent;
  if (agent === false) {
    agent = new defaultAgent.constructor();
  } else if (agent === null || agent === undefined) {
    if (typeof options.createConnection !== 'function') agent = defaultAgent;
  } else if (typeof agent.addRequest !== 'function') {
    throw new codes.ERR_INVALID_ARG_TYPE('options.agent', ['Agent-like Object', 'undefined', 'false'], agent);
  }
  this.agent = agent;
  const protocol = options.protocol || defaultAgent.protocol;
  let expectedProtocol = defaultAgent.protocol;
  if (this.agent?.protocol) expectedProtocol = this.agent.protocol;
  if (options.path) {
    const path = String(options.path);
    if (invalidPath.test(path)) throw new codes.ERR_UNESCAPED_CHARACTERS('Request path');
  }
  if (protocol !== expectedProtocol) throw new codes.ERR_INVALID_PROTOCOL(protocol, expectedProtocol);
  const defaultPort = options.defaultPort || this.agent?.defaultPort;
  const port = options.port = options.port || defaultPort || 80;
  const host = options.host = validateHost(options.hostname, 'hostname') || validateHost(options.host, 'host') || 'localhost';
  if (options.setDefaultHeaders === false) {
    this._removedConnection = true;
    this._removedContLen = true;
    this._removedTE = true;
  }
  const setHost = options.setHost !== undefined ? Boolean(options.setHost) : options.setDefaultHeaders !== false;
  this.socketPath = options.socketPath;
  if (options.timeout !== undefined) this.timeout = durationOf(options.timeout, 'timeout');
  const { signal } = options;
  if (signal) {
    require('stream').addAbortSignal(signal, this);
    // It ends the request; the connection is not its business.
    delete options.signal;
  }
  let { method } = options;
  if (method !== null && method !== undefined && typeof method !== 'string') {
    throw new codes.ERR_INVALID_ARG_TYPE('options.method', 'string', method);
  }
  if (method) {
    if (!isToken(method)) throw new codes.ERR_INVALID_HTTP_TOKEN('Method', method);
    method = this.method = method.toUpperCase();
  } else {
    method = this.method = 'GET';
  }
  const { maxHeaderSize, insecureHTTPParser, joinDuplicateHeaders } = options;
  if (maxHeaderSize !== undefined) validateInteger(maxHeaderSize, 'maxHeaderSize', 0);
  this.maxHeaderSize = maxHeaderSize;
  if (insecureHTTPParser !== undefined) validateBoolean(insecureHTTPParser, 'options.insecureHTTPParser');
  this.insecureHTTPParser = insecureHTTPParser;
  if (joinDuplicateHeaders !== undefined) validateBoolean(joinDuplicateHeaders, 'options.joinDuplicateHeaders');
  this.joinDuplicateHeaders = joinDuplicateHeaders;
  this[kPath] = options.path || '/';
  if (cb) this.once('response', cb);
  switch (method) {
    case 'GET': case 'HEAD': case 'DELETE': case 'OPTIONS': case 'TRACE': case 'CONNECT':
      this.useChunkedEncodingByDefault = false;
      break;
    default:
      this.useChunkedEncodingByDefault = true;
  }
  this._ended = false;
  this.res = null;
  this.aborted = false;
  this.upgradeOrConnect = false;
  this.parser = null;
  this.maxHeadersCount = null;
  this.reusedSocket = false;
  this.host = host;
  this.protocol = protocol;
  if (this.agent) {
    // Without keep-alive, but with a limit on sockets, requests share them all the same.
    if (!this.agent.keepAlive && !Number.isFinite(this.agent.maxSockets)) {
      this._last = true;
      this.shouldKeepAlive = false;
    } else {
      this._last = false;
      this.shouldKeepAlive = true;
    }
  }
  const headersArray = Array.isArray(options.headers);
  if (!headersArray) {
    if (options.headers) {
      for (const key of Object.keys(options.headers)) this.setHeader(key, options.headers[key]);
    }
    if (host && !this.getHeader('host') && setHost) {
      let hostHeader = host;
      // IPv6 addresses stand in brackets.
      if (hostHeader.includes(':') && hostHeader.includes(':', hostHeader.indexOf(':') + 1) && hostHeader[0] !== '[') hostHeader = `[${hostHeader}]`;
      if (port && +port !== defaultPort) hostHeader += `:${port}`;
      this.setHeader('Host', hostHeader);
    }
    if (options.auth && !this.getHeader('Authorization')) {
      this.setHeader('Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`);
    }
    if (this.getHeader('expect')) {
      if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('render');
      this._storeHeader(`${this.method} ${this.path} HTTP/1.1\r\n`, this[kOutHeaders]);
    }
  } else {
    this._storeHeader(`${this.method} ${this.path} HTTP/1.1\r\n`, options.headers);
  }
  this[kUniqueHeaders] = parseUniqueHeadersOption(options.uniqueHeaders);
  // By whatever way a connection comes, it comes later than this.
  if (this.socketPath) {
    this._last = true;
    this.shouldKeepAlive = false;
    if (this.agent) {
      // A path is as good a name for a pool as host and port.
      if (this.agent.keepAlive) {
        this._last = false;
        this.shouldKeepAlive = true;
      }
    }
  }
  if (this.agent) {
    this.agent.addRequest(this, { ...options, ...(this.socketPath ? { path: this.socketPath } : {}) });
  } else {
    this._last = true;
    this.shouldKeepAlive = false;
    const opts = { ...options };
    if (opts.path || opts.socketPath) opts.path = opts.socketPath;
    if (typeof opts.createConnection === 'function') {
      let called = false;
      const done = (error, socket) => {
        if (called) return;
        called = true;
        if (error) process.nextTick(() => emitErrorEvent(this, error));
        else this.onSocket(socket);
      };
      try {
        const socket = opts.createConnection(opts, done);
        if (socket && !called) {
          called = true;
          this.onSocket(socket);
        } else if (!socket) {
          return;
        }
      } catch (error) {
        done(error);
      }
    } else {
      this.onSocket(net.createConnection(opts));
    }
  }
}
Object.setPrototypeOf(ClientRequest.prototype, OutgoingMessage.prototype);
Object.setPrototypeOf(ClientRequest, OutgoingMessage);

function durationOf(value, name) {
  validateNumber(value, name);
  if (value < 0 || !Number.isFinite(value)) throw new codes.ERR_OUT_OF_RANGE(name, 'a non-negative finite number', value);
  return value > 2147483647 ? 2147483647 : value;
}

Object.defineProperty(ClientRequest.prototype, 'path', {
  __proto__: null,
  get() { return this[kPath]; },
  set(value) {
    const path = String(value);
    if (invalidPath.test(path)) throw new codes.ERR_UNESCAPED_CHARACTERS('Request path');
    this[kPath] = path;
  },
  configurable: true,
  enumerable: true,
});

function emitErrorEvent(req, error) {
  req.emit('error', error);
}

ClientRequest.prototype._finish = function _finish() {
  OutgoingMessage.prototype._finish.call(this);
};

ClientRequest.prototype._implicitHeader = function _implicitHeader() {
  if (this._header) throw new codes.ERR_HTTP_HEADERS_SENT('render');
  this._storeHeader(`${this.method} ${this.path} HTTP/1.1\r\n`, this[kOutHeaders]);
};

ClientRequest.prototype.abort = function abort() {
  if (this.aborted) return;
  this.aborted = true;
  process.nextTick(() => this.emit('abort'));
  this.destroy();
};

ClientRequest.prototype.destroy = function destroy(error) {
  if (this.destroyed) return this;
  this.destroyed = true;
  // What has come of the response is thrown away.
  this.res?._dump();
  this[kError] = error;
  this[kErrored] = error ?? this[kErrored];
  this.socket?.destroy(error);
  return this;
};

function hangUp() {
  const error = new Error('socket hang up');
  error.code = 'ECONNRESET';
  return error;
}

function socketCloseListener() {
  const socket = this;
  const { parser } = socket;
  const req = socket._httpMessage;
  if (!req) return;
  req.destroyed = true;
  const { res } = req;
  if (res) {
    // The end of the connection may be the end of the response.
    if (!res.complete) {
      parser?.finish();
    }
    if (!res.complete) {
      const error = new Error('aborted');
      error.code = 'ECONNRESET';
      res.destroy(error);
    }
    req._closed = true;
    req.emit('close');
    if (!res.aborted && res.readable) res.push(null);
  } else {
    if (!req.socket._hadError) {
      req.socket._hadError = true;
      emitErrorEvent(req, hangUp());
    }
    req._closed = true;
    req.emit('close');
  }
  if (req.outputData) req.outputData.length = 0;
  if (parser) freeParser(parser, req, socket);
}

function socketErrorListener(error) {
  const req = this._httpMessage;
  if (req) {
    // The request may not have its socket yet.
    this._hadError = true;
    emitErrorEvent(req, error);
  }
  const { parser } = this;
  if (parser) {
    parser.finished = true;
    freeParser(parser, req, this);
  }
  this.removeListener('data', socketOnData);
  this.removeListener('end', socketOnEnd);
  this.destroy();
}

function socketOnEnd() {
  const req = this._httpMessage;
  const { parser } = this;
  if (!req?.res && req && !req.socket._hadError) {
    req.socket._hadError = true;
    emitErrorEvent(req, hangUp());
  }
  if (parser) {
    parser.finish();
    freeParser(parser, req, this);
  }
  this.destroy();
}

function socketOnData(bytes) {
  this.parser?.execute(bytes);
}

function onParserFail(parser, code, reason, status, at, bytes) {
  const { socket } = parser;
  if (!socket) return;
  const req = socket._httpMessage;
  const error = parseError(code, reason, at, bytes);
  if (code === 'HPE_INVALID_EOF_STATE') {
    // The response just stops: the closing of the socket says so.
    return;
  }
  freeParser(parser, req, socket);
  socket.removeListener('data', socketOnData);
  socket.removeListener('end', socketOnEnd);
  socket.destroy();
  if (req) {
    req.socket._hadError = true;
    emitErrorEvent(req, error);
  }
}

// The parser has given a connection away: what follows the head comes here.
function onParserRest(parser, bytes) {
  if (bytes !== null) parser.upgradeHead = bytes;
}

function parserOnIncoming(parser, res, keepAlive) {
  const { socket } = parser;
  const req = socket._httpMessage;
  if (!req) {
    socket.destroy();
    return 1;
  }
  if (req.res) {
    // An answer to nothing.
    socket.destroy();
    return 0;
  }
  const { method } = req;
  const { statusCode } = res;
  if (method === 'CONNECT' && statusCode >= 200) {
    res.upgrade = true;
    req.res = res;
    takeOver(parser, req, res, 'connect');
    return 2;
  }
  if (statusCode === 101) {
    res.upgrade = true;
    req.res = res;
    takeOver(parser, req, res, 'upgrade');
    return 2;
  }
  if (statusCode >= 100 && statusCode < 200) {
    req.res = null;
    if (statusCode === 100) req.emit('continue');
    req.emit('information', {
      statusCode, statusMessage: res.statusMessage, httpVersion: res.httpVersion, httpVersionMajor: res.httpVersionMajor,
      httpVersionMinor: res.httpVersionMinor, headers: res.headers, rawHeaders: res.rawHeaders,
    });
    parser.expect(method);
    parser.interim = true;
    return 1;
  }
  req.res = res;
  if (req.shouldKeepAlive && !keepAlive) req.shouldKeepAlive = false;
  if (req.shouldKeepAlive && req._removedConnection) req.shouldKeepAlive = false;
  res.req = req;
  // Free the socket only once the program has had the whole response.
  res.on('end', responseOnEnd);
  socket.on('timeout', responseOnTimeout);
  req.on('finish', requestOnFinish);
  if (req.aborted || !req.emit('response', res)) res._dump();
  if (method === 'HEAD') return 1;
  return 0;
}

function onRequestDrain() {
  const req = this._httpMessage;
  if (req && !req.finished && req[kNeedDrain]) {
    req[kNeedDrain] = false;
    req.emit('drain');
  }
}

function takeOver(parser, req, res, event) {
  const { socket } = parser;
  req.upgradeOrConnect = true;
  parser.upgradeHead = undefined;
  process.nextTick(() => {
    const head = parser.upgradeHead ?? Buffer.alloc(0);
    if (req.timeoutCb) socket.removeListener('timeout', req.timeoutCb);
    socket.removeListener('timeout', emitRequestTimeout);
    socket.removeListener('data', socketOnData);
    socket.removeListener('end', socketOnEnd);
    socket.removeListener('drain', onRequestDrain);
    freeParser(parser, req, socket);
    res.complete = true;
    if (req.listenerCount(event) > 0) {
      req.upgradeOrConnect = true;
      socket.emit('agentRemove');
      socket.removeListener('close', socketCloseListener);
      socket.removeListener('error', socketErrorListener);
      socket._httpMessage = null;
      socket.readableFlowing = null;
      req.emit(event, res, socket, head);
      req.destroyed = true;
      req._closed = true;
      req.emit('close');
    } else {
      // Nobody wants the connection.
      socket.destroy();
    }
  });
}

function responseOnEnd() {
  const req = this.req;
  const socket = req.socket;
  if (socket) {
    if (req.timeoutCb) socket.removeListener('timeout', emitRequestTimeout);
    socket.removeListener('timeout', responseOnTimeout);
  }
  req._ended = true;
  if (!req.shouldKeepAlive) {
    if (socket?.writable) {
      if (typeof socket.destroySoon === 'function') socket.destroySoon();
      else socket.end();
    }
  } else if (req.writableFinished && !this.aborted) {
    responseOnFree(req);
  }
}

function responseOnTimeout() {
  this._httpMessage?.res?.emit('timeout');
}

function requestOnFinish() {
  const req = this;
  if (req.shouldKeepAlive && req._ended) responseOnFree(req);
}

function responseOnFree(req) {
  const { socket } = req;
  if (!socket || req[kError] || socket._httpMessage !== req) return;
  if (req.timeoutCb) {
    socket.setTimeout(0, req.timeoutCb);
    req.timeoutCb = null;
  }
  socket.removeListener('close', socketCloseListener);
  socket.removeListener('error', socketErrorListener);
  socket.removeListener('data', socketOnData);
  socket.removeListener('end', socketOnEnd);
  socket.removeListener('drain', onRequestDrain);
  socket.removeListener('timeout', emitRequestTimeout);
  spareParser(req, socket);
  process.nextTick(emitFree, req);
}

function emitFree(req) {
  req._closed = true;
  req.emit('close');
  if (req.socket) req.socket.emit('free');
}

function emitRequestTimeout() {
  const req = this._httpMessage;
  if (req) req.emit('timeout');
}

// The parser of the request before, if it stands between two messages and has the same limits, or a new one.
function parserFor(req, socket) {
  const spare = socket[kSpareParser];
  if (spare) {
    socket[kSpareParser] = undefined;
    if (spare.limit === req.maxHeaderSize && spare.lenient === req.insecureHTTPParser) {
      spare.maxHeaderPairs = 2000;
      return spare;
    }
    freeParser(spare, null, null);
  }
  return newParser(req, socket);
}

function newParser(req, socket) {
  setParts();
  const parser = makeParser(false, socket, req.maxHeaderSize, req.insecureHTTPParser);
  parser.limit = req.maxHeaderSize;
  parser.lenient = req.insecureHTTPParser;
  parser.interim = false;
  parser.onIncoming = (res, keepAlive) => parserOnIncoming(parser, res, keepAlive);
  parser.onfail = (code, reason, status, at, bytes) => onParserFail(parser, code, reason, status, at, bytes);
  parser.onrest = (bytes) => onParserRest(parser, bytes);
  parser.onMessageEnd = () => {
    if (parser.interim) {
      parser.interim = false;
      parser.incoming = null;
    }
  };
  return parser;
}

// The connection is to be used again: so is its parser.
function spareParser(req, socket) {
  const { parser } = socket;
  if (!parser || !parser.isIdle()) {
    freeParser(parser, req, socket);
    return;
  }
  parser.incoming = null;
  parser.outgoing = null;
  req.parser = null;
  socket.parser = null;
  socket[kSpareParser] = parser;
}

function tickOnSocket(req, socket) {
  const parser = parserFor(req, socket);
  req.socket = socket;
  req.parser = parser;
  socket.parser = parser;
  socket._httpMessage = req;
  parser.outgoing = req;
  if (typeof req.maxHeadersCount === 'number') parser.maxHeaderPairs = req.maxHeadersCount << 1;
  parser.joinDuplicateHeaders = req.joinDuplicateHeaders === true;
  parser.expect(req.method);
  socket.on('data', socketOnData);
  socket.on('end', socketOnEnd);
  socket.on('close', socketCloseListener);
  socket.on('drain', onRequestDrain);
  if (req.timeout !== undefined || req.agent?.options?.timeout) listenSocketTimeout(req);
  if (socket.isPaused?.() || socket.readableFlowing === null) socket.resume();
  req.emit('socket', socket);
}

function listenSocketTimeout(req) {
  if (req.timeoutCb) return;
  req.timeoutCb = emitRequestTimeout;
  if (req.socket) req.socket.once('timeout', emitRequestTimeout);
  else req.on('socket', (socket) => socket.once('timeout', emitRequestTimeout));
}

ClientRequest.prototype.onSocket = function onSocket(socket, error) {
  // An error of the socket before the tick is the request's already.
  if (socket && !error) {
    socket._httpMessage = this;
    socket.on('error', socketErrorListener);
  }
  process.nextTick(onSocketNT, this, socket, error);
};

function onSocketNT(req, socket, error) {
  if (req.destroyed || error) {
    if (socket) {
      socket.removeListener('error', socketErrorListener);
      if (!error && req.agent && !socket.destroyed) {
        // The request went away before it got the connection: others may use it.
        socket.emit('free');
      } else {
        finished(socket.destroy(error || req[kError]), (reason) => {
          if (reason?.code === 'ERR_STREAM_PREMATURE_CLOSE') reason = null;
          destroyRequest(req, reason || error);
        });
        return;
      }
    }
    destroyRequest(req, req[kError] || error);
  } else if (socket._hadError && socket.destroyed) {
    // It has failed before the request got it, which has been told.
    req.socket = socket;
    req.destroyed = true;
    req._closed = true;
    req.emit('close');
  } else {
    tickOnSocket(req, socket);
    req._flush();
  }
}

function destroyRequest(req, error) {
  req.destroyed = true;
  if (!req.aborted && !error) error = hangUp();
  if (error) emitErrorEvent(req, error);
  req._closed = true;
  req.emit('close');
}

ClientRequest.prototype._deferToConnect = function _deferToConnect(method, args) {
  const callSocketMethod = () => {
    if (method) Reflect.apply(this.socket[method], this.socket, args);
  };
  const onSocket = () => {
    if (this.socket.writable) callSocketMethod();
    else this.socket.once('connect', callSocketMethod);
  };
  if (!this.socket) this.once('socket', onSocket);
  else onSocket();
};

ClientRequest.prototype.setTimeout = function setTimeout(msecs, callback) {
  if (this._ended) return this;
  listenSocketTimeout(this);
  msecs = durationOf(msecs, 'msecs');
  if (callback) this.once('timeout', callback);
  if (this.socket) {
    setSocketTimeout(this.socket, msecs);
  } else {
    this.once('socket', (socket) => setSocketTimeout(socket, msecs));
  }
  return this;
};

function setSocketTimeout(socket, msecs) {
  if (socket.connecting) socket.once('connect', function() { this.setTimeout(msecs); });
  else socket.setTimeout(msecs);
}

ClientRequest.prototype.setNoDelay = function setNoDelay(noDelay) {
  this._deferToConnect('setNoDelay', [noDelay]);
};

ClientRequest.prototype.setSocketKeepAlive = function setSocketKeepAlive(enable, initialDelay) {
  this._deferToConnect('setKeepAlive', [enable, initialDelay]);
};

ClientRequest.prototype.clearTimeout = function clearTimeout(cb) {
  this.setTimeout(0, cb);
};

module.exports = { ClientRequest, urlOptions };
