// The global WebSocket (client). Frames are taken apart and put together natively; see looplab-net's ws module.
const { urlOptions } = require('_http_client');
const { MessageEvent } = require('./messaging');
const native = require('./http_native');

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;
const tokenExpression = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const exception = (message, name) => new DOMException(message, name);

class CloseEvent extends Event {
  #wasClean;
  #code;
  #reason;

  constructor(type, { wasClean = false, code = 0, reason = '', ...options } = {}) {
    super(type, options);
    this.#wasClean = wasClean;
    this.#code = code;
    this.#reason = reason;
  }

  get wasClean() { return this.#wasClean; }
  get code() { return this.#code; }
  get reason() { return this.#reason; }
}

class ErrorEvent extends Event {
  constructor(type, { message = '', error = undefined, ...options } = {}) {
    super(type, options);
    this.message = message;
    this.error = error;
  }
}

class WebSocket extends EventTarget {
  #url;
  #state = CONNECTING;
  #protocol = '';
  #extensions = '';
  #binaryType = 'blob';
  #socket = null;
  #codec = null;
  #request = null;
  #buffered = 0;
  #closeSent = false;
  #close = null;
  #failed = null;
  #handlers = { __proto__: null };

  constructor(url, protocols = []) {
    super();
    if (arguments.length === 0) throw new TypeError("WebSocket constructor: 1 argument required, but only 0 present.");
    let options = {};
    if (protocols !== null && typeof protocols === 'object' && !Array.isArray(protocols)) {
      options = protocols;
      protocols = options.protocols ?? [];
    }
    const text = String(url);
    let parsed;
    try {
      parsed = urlOptions(text);
    } catch {
      throw exception(`Invalid URL: ${text}`, 'SyntaxError');
    }
    if (parsed.protocol === 'http:') parsed.protocol = 'ws:';
    else if (parsed.protocol === 'https:') parsed.protocol = 'wss:';
    if (parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:') {
      throw exception(`Expected a ws: or wss: protocol, got ${parsed.protocol}`, 'SyntaxError');
    }
    if (parsed.hash) throw exception('Got fragment', 'SyntaxError');
    if (typeof protocols === 'string') protocols = [protocols];
    if (protocols.length !== new Set(protocols.map((p) => p.toLowerCase())).size || !protocols.every((p) => tokenExpression.test(p))) {
      throw exception('Invalid Sec-WebSocket-Protocol value', 'SyntaxError');
    }
    this.#url = parsed.href.replace(/^http/i, 'ws');
    this.#connect(parsed, protocols, options.headers);
  }

  #connect(parsed, protocols, headers) {
    if (parsed.protocol === 'wss:') {
      process.nextTick(() => this.#fail('TLS is not built in'));
      return;
    }
    const key = native.webSocketKey();
    const request = this.#request = require('http').request({
      protocol: 'http:', hostname: parsed.hostname, port: parsed.port || 80, path: parsed.path || '/', agent: false,
      headers: {
        ...headers,
        'Connection': 'Upgrade',
        'Upgrade': 'websocket',
        'Sec-WebSocket-Key': key,
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
        ...(protocols.length ? { 'Sec-WebSocket-Protocol': protocols.join(', ') } : {}),
      },
    });
    request.on('upgrade', (res, socket, head) => {
      const problem = this.#check(res, key, protocols);
      if (problem) {
        socket.destroy();
        this.#fail(problem);
        return;
      }
      this.#open(socket, head);
    });
    request.on('response', (res) => {
      res.resume();
      request.destroy();
      this.#fail('Received network error or non-101 status code.');
    });
    request.on('error', (error) => this.#fail(error.message, error));
    request.end();
  }

  #check(res, key, protocols) {
    const { headers } = res;
    if (headers.upgrade?.toLowerCase() !== 'websocket') return 'Server did not set Upgrade header to "websocket".';
    if (!/(^|[\s,])upgrade($|[\s,])/i.test(headers.connection ?? '')) return 'Server did not set Connection header to "upgrade".';
    if (headers['sec-websocket-accept'] !== native.webSocketAccept(key)) return 'Incorrect hash received in Sec-WebSocket-Accept header.';
    const protocol = headers['sec-websocket-protocol'];
    if (protocol !== undefined && !protocols.includes(protocol)) return 'Protocol was not set in the opening handshake.';
    this.#protocol = protocol ?? '';
    const extensions = headers['sec-websocket-extensions'];
    let deflate = false;
    if (extensions !== undefined) {
      if (extensions.split(',').some((e) => e.split(';')[0].trim() !== 'permessage-deflate')) return 'Received an extension that was not asked for.';
      deflate = true;
    }
    this.#extensions = extensions ?? '';
    this.#codec = new native.WebSocketCodec(
      false, deflate, /client_no_context_takeover/.test(extensions), /server_no_context_takeover/.test(extensions), 128 << 20);
    return null;
  }

  #open(socket, head) {
    this.#socket = socket;
    this.#state = OPEN;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('end', () => socket.end());
    socket.on('error', (error) => { this.#failed ??= error; });
    socket.on('close', () => this.#closed());
    this.dispatchEvent(new Event('open'));
    if (head.length) this.#receive(head);
  }

  #receive(bytes) {
    const list = this.#codec.parse(bytes);
    for (let i = 0; i < list.length; i += 3) {
      const data = list[i + 1];
      switch (list[i]) {
        case 1: case 2:
          if (this.#state === OPEN) this.#message(data);
          break;
        case 9:
          if (!this.#closeSent) this.#socket.write(this.#codec.control(10, data));
          break;
        case 8:
          this.#close = { code: list[i + 2], reason: data };
          if (this.#state === OPEN) this.#state = CLOSING;
          if (!this.#closeSent) {
            this.#closeSent = true;
            this.#socket.write(this.#codec.close(this.#close.code, ''));
          }
          this.#socket.end();
          return;
        case -1:
          this.#closeSent = true;
          this.#socket.write(this.#codec.close(list[i + 2], data));
          this.#failed = new Error(data);
          this.#socket.end();
          this.#socket.destroySoon();
          return;
      }
    }
  }

  #message(data) {
    let value = data;
    if (typeof data !== 'string') {
      if (this.#binaryType === 'arraybuffer') value = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
      else value = typeof Blob === 'function' ? new Blob([data]) : data;
    }
    const origin = /^\w+:\/\/[^/]*/.exec(this.#url)?.[0] ?? '';
    this.dispatchEvent(new MessageEvent('message', { data: value, origin }));
  }

  #fail(message, error) {
    if (this.#state === CLOSED) return;
    this.#failed = error ?? new Error(message);
    this.#closed();
  }

  #closed() {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    if (this.#failed) this.dispatchEvent(new ErrorEvent('error', { message: this.#failed.message, error: this.#failed }));
    const wasClean = this.#close !== null && this.#closeSent && !this.#failed;
    const { code, reason } = this.#close ?? { code: 1006, reason: '' };
    this.dispatchEvent(new CloseEvent('close', { wasClean, code, reason }));
  }

  send(data) {
    if (arguments.length === 0) throw new TypeError("WebSocket.send: 1 argument required, but only 0 present.");
    if (this.#state === CONNECTING) throw exception('Sent before connected.', 'InvalidStateError');
    if (this.#state !== OPEN) return;
    if (typeof Blob === 'function' && data instanceof Blob) {
      data.arrayBuffer().then((bytes) => this.#state === OPEN && this.#write(new Uint8Array(bytes), true));
      return;
    }
    const isBinary = ArrayBuffer.isView(data) || data instanceof ArrayBuffer;
    this.#write(isBinary ? data : String(data), isBinary);
  }

  #write(data, isBinary) {
    const size = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength;
    this.#buffered += size;
    this.#socket.write(this.#codec.message(data, isBinary), () => { this.#buffered -= size; });
  }

  close(code = undefined, reason = undefined) {
    if (code !== undefined) {
      code = Number(code);
      if (code !== 1000 && (code < 3000 || code > 4999)) throw exception('invalid code', 'InvalidAccessError');
    }
    reason = reason === undefined ? '' : String(reason);
    if (Buffer.byteLength(reason) > 123) throw exception(`Reason must be less than 123 bytes; received ${Buffer.byteLength(reason)}`, 'SyntaxError');
    if (this.#state === CLOSING || this.#state === CLOSED) return;
    if (this.#state === CONNECTING) {
      this.#state = CLOSING;
      this.#request?.destroy();
      this.#failed = new Error('WebSocket was closed before the connection was established');
      process.nextTick(() => this.#closed());
      return;
    }
    this.#state = CLOSING;
    this.#closeSent = true;
    this.#socket.write(this.#codec.close(code ?? 1005, reason));
  }

  get url() { return this.#url; }
  get readyState() { return this.#state; }
  get bufferedAmount() { return this.#buffered; }
  get protocol() { return this.#protocol; }
  get extensions() { return this.#extensions; }
  get binaryType() { return this.#binaryType; }
  set binaryType(value) { this.#binaryType = value === 'arraybuffer' ? 'arraybuffer' : 'blob'; }

  #getHandler(name) { return this.#handlers[name] ?? null; }
  #setHandler(name, value) {
    if (this.#handlers[name]) this.removeEventListener(name, this.#handlers[name]);
    this.#handlers[name] = typeof value === 'function' ? value : null;
    if (typeof value === 'function') this.addEventListener(name, value);
  }

  get onopen() { return this.#getHandler('open'); }
  set onopen(value) { this.#setHandler('open', value); }
  get onmessage() { return this.#getHandler('message'); }
  set onmessage(value) { this.#setHandler('message', value); }
  get onclose() { return this.#getHandler('close'); }
  set onclose(value) { this.#setHandler('close', value); }
  get onerror() { return this.#getHandler('error'); }
  set onerror(value) { this.#setHandler('error', value); }
}

for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  const descriptor = { __proto__: null, value, enumerable: true };
  Object.defineProperty(WebSocket, name, descriptor);
  Object.defineProperty(WebSocket.prototype, name, descriptor);
}
for (const [Class, name] of [[WebSocket, 'WebSocket'], [CloseEvent, 'CloseEvent']]) {
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { __proto__: null, value: name, configurable: true });
}

module.exports = { WebSocket, CloseEvent, MessageEvent, ErrorEvent };
