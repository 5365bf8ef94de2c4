// What web frameworks do with http: prototypes put under the messages, routers over http.METHODS, bodies collected by hand, answers with
// validators, error pages, and the hooks that loggers and session stores use. No framework is needed to run it.
const http = require('http');
const net = require('net');
const { EventEmitter } = require('events');
const { createHash } = require('crypto');

// ---- a framework of the usual making ----

const request = Object.create(http.IncomingMessage.prototype);
request.get = function get(name) { return this.headers[name.toLowerCase()]; };
Object.defineProperty(request, 'path', { configurable: true, enumerable: true, get() { return this.url.split('?')[0]; } });
Object.defineProperty(request, 'query', { get() { return Object.fromEntries(new URLSearchParams(this.url.split('?')[1])); } });
Object.defineProperty(request, 'fresh', { get() { return this.headers['if-none-match'] === this.res.getHeader('ETag'); } });

const response = Object.create(http.ServerResponse.prototype);
response.status = function status(code) { this.statusCode = code; return this; };
response.set = function set(name, value) { this.setHeader(name, value); return this; };
response.send = function send(body) {
  if (typeof body === 'string' && !this.getHeader('Content-Type')) this.set('Content-Type', 'text/html; charset=utf-8');
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  this.set('Content-Length', bytes.length);
  this.set('ETag', `W/"${bytes.length.toString(16)}-${createHash('sha1').update(bytes).digest('base64').slice(0, 27)}"`);
  if (this.req.fresh) this.status(304);
  if (this.statusCode === 204 || this.statusCode === 304) {
    for (const name of ['Content-Type', 'Content-Length', 'Transfer-Encoding']) this.removeHeader(name);
    return this.end();
  }
  if (this.req.method === 'HEAD') this.end();
  else this.end(bytes);
  return this;
};
response.json = function json(value) { return this.set('Content-Type', 'application/json; charset=utf-8').send(JSON.stringify(value)); };
response.redirect = function redirect(to) { return this.status(302).set('Location', to).send(`Found. Redirecting to ${to}`); };

function createApp() {
  const app = (req, res, next) => app.handle(req, res, next);
  Object.assign(app, EventEmitter.prototype);
  EventEmitter.call(app);
  app.stack = [];
  app.request = Object.create(request, { app: { value: app } });
  app.response = Object.create(response, { app: { value: app } });
  app.use = (path, fn) => { app.stack.push(typeof path === 'function' ? { fn: path } : { path, fn }); return app; };
  for (const method of http.METHODS) {
    app[method.toLowerCase()] = (path, fn) => { app.stack.push({ method, path, fn }); return app; };
  }
  app.handle = (req, res, done) => {
    Object.setPrototypeOf(req, app.request);
    Object.setPrototypeOf(res, app.response);
    req.res = res;
    res.set('X-Powered-By', 'fixture');
    let at = 0;
    const next = (error) => {
      for (;;) {
        const layer = app.stack[at++];
        if (!layer) return (done ?? finalHandler(req, res))(error);
        if (layer.method && layer.method !== req.method && !(layer.method === 'GET' && req.method === 'HEAD')) continue;
        const params = layer.path ? match(layer.path, req.path, !layer.method) : {};
        if (!params || (error ? layer.fn.length !== 4 : layer.fn.length > 3)) continue;
        req.params = params;
        try {
          const made = error ? layer.fn(error, req, res, next) : layer.fn(req, res, next);
          if (made?.catch) made.catch(next);
        } catch (thrown) {
          next(thrown);
        }
        return undefined;
      }
    };
    next();
  };
  app.listen = (...args) => http.createServer(app).listen(...args);
  return app;
}

function match(pattern, path, prefix) {
  const [wanted, found] = [pattern.split('/'), path.split('/')];
  if (prefix ? found.length < wanted.length : found.length !== wanted.length) return null;
  const params = {};
  for (const [i, word] of wanted.entries()) {
    if (word.startsWith(':')) params[word.slice(1)] = decodeURIComponent(found[i]);
    else if (word !== found[i]) return null;
  }
  return params;
}

// Ends what nobody has answered, after the request's body is gone.
function finalHandler(req, res) {
  return (error) => {
    if (res.headersSent) {
      req.socket.destroy();
      return;
    }
    const write = () => {
      const status = error ? error.status ?? 500 : 404;
      const text = error ? `${error.name}: ${error.message}` : `Cannot ${req.method} ${req.url}`;
      const body = Buffer.from(`<pre>${text}</pre>\n`);
      res.statusCode = status;
      res.statusMessage = http.STATUS_CODES[status];
      for (const name of res.getHeaderNames()) if (name.startsWith('content-')) res.removeHeader(name);
      res.setHeader('Content-Security-Policy', "default-src 'none'");
      res.setHeader('Content-Length', Buffer.byteLength(body));
      if (req.method === 'HEAD') res.end();
      else res.end(body, 'utf8');
    };
    if (req.complete) {
      write();
      return;
    }
    req.unpipe();
    req.once('end', write);
    req.resume();
  };
}

// Collects a body the way body parsers do: counts, limits, compares with what was announced.
function jsonBody(limit) {
  return (req, res, next) => {
    if (req.get('content-type') !== 'application/json') return next();
    const announced = req.get('content-length');
    const parts = [];
    let size = 0;
    const stop = (error) => {
      for (const [name, f] of Object.entries(listeners)) req.removeListener(name, f);
      if (error) {
        req.unpipe();
        req.pause();
      }
      next(error);
    };
    const fail = (status, text) => Object.assign(new Error(text), { status });
    const listeners = {
      data(chunk) {
        size += chunk.length;
        if (size > limit) stop(fail(413, 'request entity too large'));
        else parts.push(chunk);
      },
      end() {
        if (announced !== undefined && Number(announced) !== size) return stop(fail(400, 'request size did not match content length'));
        try {
          req.body = JSON.parse(Buffer.concat(parts).toString());
        } catch {
          return stop(fail(400, 'invalid json'));
        }
        return stop();
      },
      aborted() { stop(fail(400, 'request aborted')); },
      error: stop,
    };
    for (const [name, f] of Object.entries(listeners)) req.on(name, f);
    return undefined;
  };
}

// ---- an application ----

const app = createApp();
const lines = [];
app.use((req, res, next) => {
  // A logger waits for the end of the answer; a session store changes the head just before it goes.
  const writeHead = res.writeHead;
  res.writeHead = function hooked(...args) {
    this.setHeader('Set-Cookie', ['id=1; Path=/', 'seen=yes']);
    return writeHead.apply(this, args);
  };
  res.on('finish', () => lines.push(`${req.method} ${req.url} ${res.statusCode} finished=${res.writableFinished} ended=${req.readableEnded}`));
  next();
});
app.use(jsonBody(64));
app.get('/', (req, res) => res.send('hello'));
app.get('/user/:id', (req, res) => res.json({ params: req.params, query: req.query, host: req.get('Host') !== undefined }));
app.get('/old', (req, res) => res.redirect('/'));
app.get('/empty', (req, res) => { res.status(204).end(); });
app.get('/stream', (req, res) => {
  res.write('one ');
  setImmediate(() => { res.write('two '); res.end('three'); });
});
app.get('/throws', () => { throw new TypeError('broken'); });
app.get('/rejects', async () => { throw Object.assign(new Error('teapot'), { status: 418 }); });
app.post('/echo', (req, res) => res.status(201).json(req.body));
app.use('/admin', (req, res, next) => next(Object.assign(new Error('keep out'), { status: 403 })));
app.use((error, req, res, next) => {
  if (error.status === 418) res.status(418).json({ error: error.message });
  else next(error);
});

// ---- requests over a plain socket, so that every byte of the answers is seen ----

const server = app.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const json = (text, extra = '') => `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${extra}\r\n${text}`;
  const requests = [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: W/"5-qvTGHdzF6KLavt4PO0gs2a6pQ00"\r\n\r\n',
    'GET /user/J%C3%BCrgen?a=1&b=two HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /old HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /empty HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /stream HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /throws HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /rejects HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /admin/x HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n',
    `POST /echo HTTP/1.1\r\nHost: a\r\n${json('{"a":[1,2]}')}`,
    `POST /echo HTTP/1.1\r\nHost: a\r\n${json('{"a":')}`,
    'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"b":\r\n4\r\n"c"}\r\n0\r\n\r\n',
    `POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`,
    'PURGE / HTTP/1.0\r\n\r\n',
  ];
  for (const text of requests) {
    const answer = await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      const parts = [];
      socket.on('data', (d) => parts.push(d)).on('close', () => resolve(Buffer.concat(parts).toString()));
      // An answer that keeps the connection is over when nothing more can come: the client ends its side after it.
      socket.end(text);
    });
    console.log(`> ${text.split('\r\n')[0]}`);
    console.log(answer.replace(/Date: .*/, 'Date: …').replaceAll('\r\n', '\n'));
  }
  server.close(() => console.log(lines.join('\n')));
});
