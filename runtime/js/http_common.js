// What HTTP's two sides share: parsers and their callbacks, checks, small words.
const native = require('./http_native');
const { IncomingMessage } = require('_http_incoming');

const { HTTPParser, METHODS, isToken, isValue } = native;

// Flags of `onhead`.
const KEEP_ALIVE = 1;
const UPGRADE = 2;
const EXPECTS_CONTINUE = 4;

const kIncomingMessage = Symbol('IncomingMessage');
const continueExpression = /(?:^|\W)100-continue(?:$|\W)/i;
const chunkExpression = /(?:^|\W)chunked(?:$|\W)/i;

const getMaxHeaderSize = () => native.maxHeaderSize;

function readStart(socket) {
  if (socket && !socket._paused && socket.readable) {
    if (socket._handle && !socket._handle.reading) socket._handle.readStart();
    if (socket._handle === null && typeof socket.resume === 'function' && socket.isPaused?.()) socket.resume();
  }
}

function readStop(socket) {
  if (socket?._handle) socket._handle.readStop();
}

function onhead(line, rest, minor, flags, raw) {
  const parser = this;
  const { socket } = parser;
  const server = socket?.server;
  const Message = (parser.isRequest && server?.[kIncomingMessage]) || IncomingMessage;
  const incoming = parser.incoming = new Message(socket);
  incoming.httpVersionMajor = 1;
  incoming.httpVersionMinor = minor;
  incoming.httpVersion = minor === 1 ? '1.1' : '1.0';
  incoming.joinDuplicateHeaders = parser.joinDuplicateHeaders;
  incoming.upgrade = (flags & UPGRADE) !== 0;
  const limit = parser.maxHeaderPairs;
  if (limit > 0 && raw.length > limit) raw.length = limit;
  incoming.rawHeaders = raw;
  if (parser.isRequest) {
    incoming.method = line;
    incoming.url = rest;
  } else {
    incoming.statusCode = line;
    incoming.statusMessage = rest;
  }
  return parser.onIncoming(incoming, (flags & KEEP_ALIVE) !== 0, flags);
}

function onbody(bytes) {
  const stream = this.incoming;
  if (stream === null || stream._dumped) return;
  if (!stream.push(bytes)) readStop(this.socket);
}

function onend(trailers) {
  const parser = this;
  const stream = parser.incoming;
  if (parser.onMessageEnd) parser.onMessageEnd();
  if (stream !== null && !stream.upgrade) {
    stream.complete = true;
    if (trailers !== undefined) stream.rawTrailers = trailers;
    stream.push(null);
  }
  readStart(parser.socket);
}

function makeParser(isRequest, socket, maxHeaderSize, lenient) {
  const parser = new HTTPParser(isRequest ? 1 : 2, maxHeaderSize || getMaxHeaderSize(), lenient ?? native.insecureParser);
  parser.isRequest = isRequest;
  parser.socket = socket;
  parser.incoming = null;
  parser.outgoing = null;
  parser.maxHeaderPairs = 2000;
  parser.joinDuplicateHeaders = false;
  parser._consumed = false;
  parser.onIncoming = null;
  parser.onMessageEnd = null;
  parser.onhead = onhead;
  parser.onbody = onbody;
  parser.onend = onend;
  parser.close = parser.free;
  return parser;
}

function parseError(code, reason, at, bytes) {
  const error = new Error(`Parse Error: ${reason}`);
  error.code = code;
  error.reason = reason;
  error.bytesParsed = at;
  if (bytes) error.rawPacket = bytes;
  return error;
}

function freeParser(parser, req, socket) {
  if (parser) {
    if (parser._consumed) {
      parser._consumed = false;
      socket?._handle?.consume?.(undefined);
    }
    parser.free();
    parser.onIncoming = null;
    parser.socket = null;
    parser.incoming = null;
    parser.outgoing = null;
  }
  if (req) req.parser = null;
  if (socket) socket.parser = null;
}

const checkIsHttpToken = isToken;
const checkInvalidHeaderChar = (value) => !isValue(typeof value === 'string' ? value : String(value));

module.exports = {
  _checkInvalidHeaderChar: checkInvalidHeaderChar,
  _checkIsHttpToken: checkIsHttpToken,
  chunkExpression,
  continueExpression,
  CRLF: '\r\n',
  freeParser,
  getMaxHeaderSize,
  kIncomingMessage,
  makeParser,
  methods: [...METHODS],
  onhead,
  METHODS,
  parseError,
  readStart,
  readStop,
  EXPECTS_CONTINUE,
  HTTPParser,
};
