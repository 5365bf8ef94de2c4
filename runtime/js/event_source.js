// EventSource: server-sent events, with reconnection and Last-Event-ID.
const { urlOptions } = require('_http_client');
const { MessageEvent, ErrorEvent } = require('./websocket');
const { setTimeout: startTimeout, clearTimeout } = require('./timers_native');
const { StringDecoder } = require('string_decoder');

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;
const MAX_REDIRECTS = 20;

class EventSource extends EventTarget {
  #url;
  #state = CONNECTING;
  #request = null;
  #timer = null;
  #retry = 3000;
  #lastId = '';
  #credentials;
  #handlers = { __proto__: null };

  constructor(url, options = {}) {
    super();
    if (arguments.length === 0) throw new TypeError('EventSource constructor: 1 argument required, but only 0 present.');
    try {
      this.#url = urlOptions(String(url)).href;
    } catch {
      throw new DOMException(`Invalid URL: ${url}`, 'SyntaxError');
    }
    this.#credentials = Boolean(options?.withCredentials);
    this.#connect(this.#url, 0);
  }

  #connect(url, hops) {
    const target = urlOptions(url);
    if (target.protocol !== 'http:') {
      process.nextTick(() => this.#fail(`${target.protocol} is not supported (TLS is not built in)`));
      return;
    }
    const headers = { 'Accept': 'text/event-stream', 'Cache-Control': 'no-cache' };
    if (this.#lastId !== '') headers['Last-Event-ID'] = Buffer.from(this.#lastId).toString('latin1');
    const request = this.#request = require('http').get({
      hostname: target.hostname, port: target.port || 80, path: target.path || '/', headers, agent: false,
    }, (res) => {
      const { statusCode, headers: answer } = res;
      if ([301, 302, 307, 308].includes(statusCode) && answer.location && hops < MAX_REDIRECTS) {
        res.resume();
        const { protocol, hostname, port } = target;
        const origin = `${protocol}//${hostname}${port ? `:${port}` : ''}`;
        this.#connect(/^\w+:/.test(answer.location) ? answer.location : origin + answer.location, hops + 1);
        return;
      }
      if (statusCode !== 200 || !/^text\/event-stream(?:;|$)/i.test(answer['content-type'] ?? '')) {
        request.destroy();
        this.#fail(statusCode === 204 ? 'no content' : `unexpected answer: ${statusCode} ${answer['content-type'] ?? ''}`);
        return;
      }
      if (this.#state === CLOSED) return;
      this.#state = OPEN;
      this.dispatchEvent(new Event('open'));
      this.#read(res, target);
    });
    request.on('error', () => this.#again(request));
  }

  #read(res, target) {
    const decoder = new StringDecoder('utf8');
    const origin = `${target.protocol}//${target.hostname}${target.port ? `:${target.port}` : ''}`;
    let rest = '';
    let first = true;
    let type = '';
    let data = '';
    let id = this.#lastId;
    res.on('data', (bytes) => {
      rest += decoder.write(bytes);
      if (first && rest.length) {
        if (rest.charCodeAt(0) === 0xfeff) rest = rest.slice(1);
        first = false;
      }
      // A CR at the end may be the first half of a CRLF.
      let m;
      const line = /\r\n|\n|\r(?!$)/g;
      let at = 0;
      while ((m = line.exec(rest)) !== null) {
        const text = rest.slice(at, m.index);
        at = line.lastIndex;
        if (text === '') {
          this.#lastId = id;
          if (data !== '') this.#dispatch(type || 'message', data.slice(0, -1), origin);
          type = '';
          data = '';
          if (this.#state === CLOSED) return;
          continue;
        }
        const colon = text.indexOf(':');
        if (colon === 0) continue;
        const name = colon === -1 ? text : text.slice(0, colon);
        let value = colon === -1 ? '' : text.slice(colon + 1);
        if (value.startsWith(' ')) value = value.slice(1);
        if (name === 'event') type = value;
        else if (name === 'data') data += `${value}\n`;
        else if (name === 'id' && !value.includes('\0')) id = value;
        else if (name === 'retry' && /^\d+$/.test(value)) this.#retry = Number(value);
      }
      rest = rest.slice(at);
    });
    res.on('error', () => {});
    res.on('close', () => this.#again(this.#request));
  }

  #dispatch(type, data, origin) {
    this.dispatchEvent(new MessageEvent(type, { data, origin, lastEventId: this.#lastId }));
  }

  // The connection is gone: try once more, after a while.
  #again(request) {
    if (this.#state === CLOSED || request !== this.#request || this.#timer !== null) return;
    this.#state = CONNECTING;
    this.dispatchEvent(new Event('error'));
    if (this.#state === CLOSED) return;
    this.#timer = startTimeout(() => {
      this.#timer = null;
      if (this.#state !== CLOSED) this.#connect(this.#url, 0);
    }, this.#retry);
  }

  #fail(message) {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.dispatchEvent(new ErrorEvent('error', { message }));
  }

  close() {
    this.#state = CLOSED;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#request?.destroy();
  }

  get url() { return this.#url; }
  get readyState() { return this.#state; }
  get withCredentials() { return this.#credentials; }

  #set(name, value) {
    if (this.#handlers[name]) this.removeEventListener(name, this.#handlers[name]);
    this.#handlers[name] = typeof value === 'function' ? value : null;
    if (typeof value === 'function') this.addEventListener(name, value);
  }

  get onopen() { return this.#handlers.open ?? null; }
  set onopen(value) { this.#set('open', value); }
  get onmessage() { return this.#handlers.message ?? null; }
  set onmessage(value) { this.#set('message', value); }
  get onerror() { return this.#handlers.error ?? null; }
  set onerror(value) { this.#set('error', value); }
}

for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSED })) {
  const descriptor = { __proto__: null, value, enumerable: true };
  Object.defineProperty(EventSource, name, descriptor);
  Object.defineProperty(EventSource.prototype, name, descriptor);
}
Object.defineProperty(EventSource.prototype, Symbol.toStringTag, { __proto__: null, value: 'EventSource', configurable: true });

module.exports = { EventSource };
