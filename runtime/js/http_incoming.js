// http.IncomingMessage: a request as a server sees it, a response as a client does.
const { Readable, finished } = require('stream');
const { headersOf, distinctOf } = require('./http_native');

const kHeaders = Symbol('kHeaders');
const kHeadersDistinct = Symbol('kHeadersDistinct');
const kTrailers = Symbol('kTrailers');
const kTrailersDistinct = Symbol('kTrailersDistinct');

function IncomingMessage(socket) {
  Readable.call(this, socket ? { highWaterMark: socket.readableHighWaterMark } : undefined);
  this._readableState.readingMore = true;
  this.socket = socket;
  this.httpVersionMajor = null;
  this.httpVersionMinor = null;
  this.httpVersion = null;
  this.complete = false;
  this[kHeaders] = null;
  this[kHeadersDistinct] = null;
  this.rawHeaders = [];
  this[kTrailers] = null;
  this[kTrailersDistinct] = null;
  this.rawTrailers = [];
  this.joinDuplicateHeaders = false;
  this.aborted = false;
  this.upgrade = null;
  this.url = '';
  this.method = null;
  this.statusCode = null;
  this.statusMessage = null;
  this.client = socket;
  this._consumed = false;
  this._dumped = false;
}
Object.setPrototypeOf(IncomingMessage.prototype, Readable.prototype);
Object.setPrototypeOf(IncomingMessage, Readable);

function lazily(name, symbol, compute) {
  Object.defineProperty(IncomingMessage.prototype, name, {
    __proto__: null,
    configurable: false,
    enumerable: false,
    get() {
      this[symbol] ||= compute(this);
      return this[symbol];
    },
    set(value) {
      this[symbol] = value;
    },
  });
}

Object.defineProperty(IncomingMessage.prototype, 'connection', {
  __proto__: null,
  get() { return this.socket; },
  set(value) { this.socket = value; },
});
lazily('headers', kHeaders, (m) => headersOf(m.rawHeaders, m.joinDuplicateHeaders === true));
lazily('headersDistinct', kHeadersDistinct, (m) => distinctOf(m.rawHeaders));
lazily('trailers', kTrailers, (m) => headersOf(m.rawTrailers, m.joinDuplicateHeaders === true));
lazily('trailersDistinct', kTrailersDistinct, (m) => distinctOf(m.rawTrailers));

IncomingMessage.prototype.setTimeout = function setTimeout(msecs, callback) {
  if (callback) this.on('timeout', callback);
  this.socket.setTimeout(msecs);
  return this;
};

IncomingMessage.prototype._read = function _read() {
  if (!this._consumed) {
    this._readableState.readingMore = false;
    this._consumed = true;
  }
  const { socket } = this;
  if (socket?.readable && socket._handle && !socket._paused && !socket._handle.reading) socket._handle.readStart();
};

IncomingMessage.prototype._destroy = function _destroy(error, cb) {
  if (!this.readableEnded || !this.complete) {
    this.aborted = true;
    this.emit('aborted');
  }
  const { socket } = this;
  if (socket && !socket.destroyed && this.aborted) {
    socket.destroy(error);
    const cleanup = finished(socket, (e) => {
      if (e?.code === 'ERR_STREAM_PREMATURE_CLOSE') e = null;
      cleanup();
      process.nextTick(settle, this, error || e, cb);
    });
  } else {
    process.nextTick(settle, this, error, cb);
  }
};

// An error that nobody listens for is dropped: the message is only a view of the connection.
function settle(self, error, cb) {
  if (self.listenerCount('error') === 0) cb();
  else cb(error);
}

IncomingMessage.prototype._addHeaderLine = function _addHeaderLine(field, value, dest) {
  const pairs = [];
  for (const [name, known] of Object.entries(dest)) for (const one of [known].flat()) pairs.push(name, one);
  Object.assign(dest, headersOf([...pairs, field, value], this.joinDuplicateHeaders === true));
};

IncomingMessage.prototype._addHeaderLines = function _addHeaderLines(headers) {
  if (this.complete) {
    this.rawTrailers = headers;
    this[kTrailers] = null;
  } else {
    this.rawHeaders = headers;
    this[kHeaders] = null;
  }
};

IncomingMessage.prototype._dump = function _dump() {
  if (!this._dumped) {
    this._dumped = true;
    // What is left of the body is read and thrown away, so that the next message can be.
    this.removeAllListeners('data');
    this.resume();
  }
};

module.exports = { IncomingMessage };
