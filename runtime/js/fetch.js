// fetch, Request and Response on our HTTP client. http only: there is no TLS here yet.
const { Headers } = require('./fetch_headers');
const { extractBody, bytesOf, installReaders } = require('./fetch_body');
const { urlOptions } = require('_http_client');

const kState = Symbol('state');
// Ports that browsers don't talk to (Fetch, "port blocking").
const BAD_PORTS = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119,
  123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
  993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);
const BODILESS = new Set([101, 103, 204, 205, 304]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 20;

const stateOf = (object) => object[kState];
const contentType = (object) => object.headers.get('content-type');

function hide(object, state) {
  Object.defineProperty(object, kState, { __proto__: null, value: state, enumerable: false });
}

function absolute(text, base) {
  if (typeof URL === 'function') return new URL(text, base).href;
  return base === undefined || /^[a-z][a-z0-9+.-]*:/i.test(text) ? text : new (class {
    constructor() {
      const { protocol, hostname, port, pathname } = urlOptions(base);
      const origin = `${protocol}//${hostname}${port ? `:${port}` : ''}`;
      this.href = text.startsWith('//') ? protocol + text : text.startsWith('/') ? origin + text : origin + pathname.replace(/[^/]*$/, '') + text;
    }
  })().href;
}

class Request {
  constructor(input, init = {}) {
    if (arguments.length === 0) throw new TypeError('Request constructor: 1 argument required, but only 0 present.');
    const from = input instanceof Request ? stateOf(input) : null;
    let url;
    if (from) {
      ({ url } = from);
    } else {
      try {
        url = absolute(String(input?.href ?? input));
        const { username, password } = urlOptions(url);
        if (username || password) throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${input}`);
      } catch (error) {
        if (error.message.startsWith('Request cannot')) throw error;
        throw new TypeError(`Failed to parse URL from ${input}`, { cause: error });
      }
    }
    let method = init.method !== undefined ? String(init.method) : from ? from.method : 'GET';
    if (/^(get|head|post|put|delete|options)$/i.test(method)) method = method.toUpperCase();
    if (/^(connect|trace|track)$/i.test(method)) throw new TypeError(`'${method}' HTTP method is unsupported.`);
    const headers = new Headers(init.headers ?? from?.headers);
    const given = init.body ?? null;
    if (given !== null && (method === 'GET' || method === 'HEAD')) throw new TypeError('Request with GET/HEAD method cannot have body.');
    if (from?.used && given === null && from.body !== null) throw new TypeError('Cannot construct a Request with a Request object that has already been used.');
    const body = given !== null ? extractBody(given) : from ? from.body : null;
    if (given !== null && (body.stream || body.web) && init.duplex !== 'half') {
      throw new TypeError('RequestInit: duplex option is required when sending a body.');
    }
    if (body?.type && given !== null && !headers.has('content-type')) headers.set('content-type', body.type);
    const signal = init.signal === undefined ? from?.signal : init.signal;
    if (signal !== null && signal !== undefined && typeof signal.aborted !== 'boolean') {
      throw new TypeError("Failed to construct 'Request': member signal is not of type AbortSignal.");
    }
    if (from && given === null && from.body !== null) from.used = true;
    hide(this, {
      url, method, headers, body, used: false, signal: signal ?? null,
      redirect: init.redirect ?? from?.redirect ?? 'follow', duplex: 'half',
    });
  }

  get method() { return this[kState].method; }
  get url() { return this[kState].url; }
  get headers() { return this[kState].headers; }
  get destination() { return ''; }
  get referrer() { return 'about:client'; }
  get referrerPolicy() { return ''; }
  get mode() { return 'cors'; }
  get credentials() { return 'same-origin'; }
  get cache() { return 'default'; }
  get redirect() { return this[kState].redirect; }
  get integrity() { return ''; }
  get keepalive() { return false; }
  get signal() { return (this[kState].signal ??= new AbortController().signal); }
  get duplex() { return 'half'; }

  clone() {
    const state = this[kState];
    if (state.used) throw new TypeError('unusable');
    const copy = new Request(state.url, { method: state.method, headers: state.headers, signal: state.signal, redirect: state.redirect });
    copy[kState].body = duplicate(state);
    return copy;
  }
}

// A body that two may read.
function duplicate(state) {
  const { body } = state;
  if (body === null) return null;
  if (body.bytes || body.blob || body.form) return { ...body };
  const all = bytesOf(body);
  const again = () => ({ async* [Symbol.asyncIterator]() { yield await all; } });
  state.body = { ...body, stream: again(), web: undefined };
  return { ...body, stream: again(), web: undefined };
}

class Response {
  constructor(body = null, init = {}) {
    if (init === null || typeof init !== 'object') throw new TypeError("Response constructor: Expected init (\"init\") to be one of: object.");
    const status = init.status === undefined ? 200 : Number(init.status);
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.');
    }
    const statusText = init.statusText === undefined ? '' : String(init.statusText);
    if (/[^\t\x20-\x7e\x80-\xff]/.test(statusText)) throw new TypeError('Invalid statusText');
    const headers = new Headers(init.headers);
    const extracted = extractBody(body);
    if (extracted !== null && BODILESS.has(status)) throw new TypeError(`Response constructor: Invalid response status code ${status}`);
    if (extracted?.type && !headers.has('content-type')) headers.set('content-type', extracted.type);
    hide(this, { status, statusText, headers, body: extracted, used: false, type: 'default', url: '', redirected: false });
  }

  static error() {
    const response = new Response();
    Object.assign(response[kState], { status: 0, type: 'error' });
    Headers.freeze(response.headers);
    return response;
  }

  static json(data, init = {}) {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError('Value is not JSON serializable');
    const response = new Response(text, init);
    if (!new Headers(init.headers).has('content-type')) response.headers.set('content-type', 'application/json');
    return response;
  }

  static redirect(url, status = 302) {
    if (!REDIRECTS.has(status)) throw new RangeError(`Invalid status code ${status}`);
    const response = new Response(null, { status: 200, headers: { location: absolute(String(url)) } });
    response[kState].status = status;
    Headers.freeze(response.headers);
    return response;
  }

  get type() { return this[kState].type; }
  get url() { return this[kState].url.replace(/#.*$/, ''); }
  get redirected() { return this[kState].redirected; }
  get status() { return this[kState].status; }
  get ok() { return this.status >= 200 && this.status <= 299; }
  get statusText() { return this[kState].statusText; }
  get headers() { return this[kState].headers; }

  clone() {
    const state = this[kState];
    if (state.used) throw new TypeError('Response.clone: Body has already been consumed.');
    const copy = new Response();
    Object.assign(copy[kState], state, { headers: new Headers(state.headers), body: duplicate(state), view: undefined });
    return copy;
  }

  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
    const { status, statusText, headers, ok, type, url, redirected, bodyUsed } = this;
    return `Response ${inspect({ status, statusText, headers, bodyUsed, ok, redirected, type, url }, options)}`;
  }
}

for (const Class of [Request, Response]) {
  installReaders(Class, stateOf, contentType);
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { __proto__: null, value: Class.name, configurable: true });
}

let agent;

function fetch(input, init = undefined) {
  if (arguments.length === 0) return Promise.reject(new TypeError('fetch: 1 argument required, but only 0 present.'));
  let request;
  try {
    request = new Request(input, init);
  } catch (error) {
    return Promise.reject(error);
  }
  const state = request[kState];
  const { signal } = state;
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    run(state, { url: state.url, method: state.method, headers: new Headers(state.headers), body: state.body, hops: 0, signal }, resolve, (error) => {
      reject(signal?.aborted ? signal.reason : error);
    });
  });
}

function failed(cause) {
  return new TypeError('fetch failed', { cause });
}

async function run(state, step, resolve, reject) {
  try {
    const target = urlOptions(step.url);
    if (target.protocol === 'data:') {
      resolve(dataResponse(step.url));
      return;
    }
    if (BAD_PORTS.has(Number(target.port))) throw new Error('bad port');
    if (target.protocol === 'https:') throw new Error('TLS is not built in: https: URLs cannot be fetched');
    if (target.protocol !== 'http:') throw new Error(step.url.startsWith('about:') ? 'about scheme is not supported' : 'unknown scheme');
    const headers = {};
    for (const [name, value] of step.headers) headers[name] = name in headers ? [headers[name], value].flat() : value;
    const streaming = step.body?.stream || step.body?.web;
    const bytes = step.body && !streaming ? await bytesOf(step.body) : null;
    if (bytes) headers['content-length'] = String(bytes.length);
    else if (!step.body && /^(POST|PUT)$/.test(step.method)) headers['content-length'] = '0';
    if (!('accept' in headers)) headers.accept = '*/*';
    if (!('accept-language' in headers)) headers['accept-language'] = '*';
    headers['sec-fetch-mode'] ??= 'cors';
    headers['user-agent'] ??= 'node';
    const zlib = optional('zlib');
    headers['accept-encoding'] ??= zlib ? 'gzip, deflate' : 'identity';
    const http = require('http');
    agent ??= new http.Agent({ keepAlive: true });
    const req = http.request({
      hostname: target.hostname, port: target.port || 80, path: target.path || '/', method: step.method, headers, agent,
    });
    const onAbort = () => req.destroy(abortReason(step.signal));
    step.signal?.addEventListener('abort', onAbort, { once: true });
    req.on('error', (error) => reject(failed(error)));
    req.on('close', () => {
      if (!req.res) step.signal?.removeEventListener('abort', onAbort);
    });
    req.on('response', (res) => answer(state, step, res, onAbort, zlib, resolve, reject));
    if (streaming) {
      state.used = true;
      for await (const chunk of streaming) {
        if (!req.write(chunk)) await new Promise((done) => req.once('drain', done));
      }
      req.end();
    } else if (bytes) {
      req.end(bytes);
    } else {
      req.end();
    }
  } catch (error) {
    reject(failed(error));
  }
}

function abortReason(signal) {
  const { reason } = signal;
  return reason instanceof Error ? reason : new Error('aborted');
}

function optional(name) {
  try {
    return require(name);
  } catch {
    return null;
  }
}

function answer(state, step, res, onAbort, zlib, resolve, reject) {
  const headers = new Headers();
  for (let i = 0; i < res.rawHeaders.length; i += 2) headers.append(res.rawHeaders[i], res.rawHeaders[i + 1]);
  const { statusCode: status } = res;
  const location = headers.get('location');
  if (REDIRECTS.has(status) && location !== null && state.redirect !== 'manual') {
    res.resume();
    if (state.redirect === 'error') {
      reject(failed(new Error('unexpected redirect')));
      return;
    }
    if (step.hops === MAX_REDIRECTS) {
      reject(failed(new Error('redirect count exceeded')));
      return;
    }
    let { method, body } = step;
    if ((status === 303 && method !== 'GET' && method !== 'HEAD') || ((status === 301 || status === 302) && method === 'POST')) {
      method = 'GET';
      body = null;
      for (const name of ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length']) step.headers.delete(name);
    }
    const url = absolute(location, step.url);
    const [a, b] = [urlOptions(step.url), urlOptions(url)];
    if (a.hostname !== b.hostname || a.port !== b.port) for (const name of ['authorization', 'cookie', 'host']) step.headers.delete(name);
    run(state, { ...step, url, method, body, hops: step.hops + 1 }, resolve, reject);
    return;
  }
  let source = res;
  const codings = (headers.get('content-encoding') ?? '').toLowerCase().split(',').map((c) => c.trim()).filter(Boolean);
  if (zlib && step.method !== 'HEAD' && !BODILESS.has(status)) {
    for (const coding of codings.reverse()) {
      const make = { 'gzip': zlib.createGunzip, 'x-gzip': zlib.createGunzip, 'deflate': zlib.createInflate, 'br': zlib.createBrotliDecompress }[coding];
      if (!make) break;
      const inflater = make();
      source.on('error', (error) => inflater.destroy(error));
      source = source.pipe(inflater);
    }
  }
  const response = new Response();
  const empty = step.method === 'HEAD' || BODILESS.has(status);
  if (empty) res.resume();
  Object.assign(response[kState], {
    status, statusText: res.statusMessage, headers: Headers.freeze(headers), type: 'basic', url: step.url, redirected: step.hops > 0,
    body: empty ? null : { stream: terminated(source, step.signal) },
  });
  res.on('close', () => step.signal?.removeEventListener('abort', onAbort));
  resolve(response);
}

// A response body that says in fetch's words what went wrong with it.
async function* terminated(source, signal) {
  try {
    yield* source;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new TypeError('terminated', { cause: error });
  }
}

function dataResponse(url) {
  const m = /^data:([^,]*?)(;base64)?,([^#]*)/s.exec(url);
  if (!m) throw new Error('invalid data: URL');
  const bytes = m[2] ? Buffer.from(decodeURIComponent(m[3]), 'base64') : Buffer.from(decodeURIComponent(m[3]));
  const response = new Response(bytes, { headers: { 'content-type': m[1] || 'text/plain;charset=US-ASCII' } });
  response[kState].url = url;
  return response;
}

module.exports = { fetch, Request, Response };
