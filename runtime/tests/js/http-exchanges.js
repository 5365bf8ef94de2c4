// Exchanges on one connection: what a server sends and in which order its events come, for ordinary answers and for less ordinary ones.
const http = require('http');
const net = require('net');

const answers = {
  '/plain'(req, res) {
    res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 3 });
    res.end('abc');
  },
  '/set'(req, res) {
    res.setHeader('X-A', '1');
    res.setHeader('Set-Cookie', ['a=1', 'b=2']);
    res.end('hello \u00e9');
  },
  '/empty'(req, res) {
    res.statusCode = 204;
    res.end();
  },
  '/watched'(req, res) {
    res.on('prefinish', () => console.log('  prefinish'));
    res.on('finish', () => console.log('  finish', res.writableFinished, res.socket === null));
    res.on('close', () => console.log('  close', res.closed, res.destroyed));
    req.on('end', () => console.log('  request end'));
    req.on('close', () => console.log('  request close'));
    res.end('watched');
    console.log('  ended', res.writableEnded, res.headersSent);
  },
  '/echo'(req, res) {
    req.on('data', (d) => res.write(d));
    req.on('end', () => res.end());
  },
  '/later'(req, res) {
    setTimeout(() => res.end('x'.repeat(300000)), 5);
  },
  '/chunked'(req, res) {
    res.writeHead(200, { 'Transfer-Encoding': 'chunked' });
    res.end('in one chunk');
  },
  '/replaced'(req, res) {
    const { writeHead } = res;
    res.writeHead = function(...args) {
      console.log('  head', args.length);
      this.setHeader('X-Added', 'yes');
      return writeHead.apply(this, args);
    };
    res.end('replaced');
  },
  '/bad'(req, res) {
    for (const [code, headers] of [[99, {}], [200, { 'bad name': 1 }], [200, { ok: 'bad\nvalue' }], [200, { ok: undefined }]]) {
      try {
        res.writeHead(code, headers);
      } catch (error) {
        console.log('  ', error.code, error.message);
      }
    }
    res.writeHead(404, 'Odd words', ['X-List', 'one', 'X-List', 'two']);
    res.end();
    try {
      res.writeHead(200);
    } catch (error) {
      console.log('  ', error.code);
    }
    console.log('  ', res.end() === res, res.write('late', (error) => console.log('  ', error.code)));
    res.on('error', (error) => console.log('  error', error.code));
  },
  '/last'(req, res) {
    res.setHeader('Connection', 'close');
    res.end('bye');
  },
};

const server = http.createServer((req, res) => answers[req.url](req, res));
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const go = (path, method = 'GET', body) => new Promise((done, failed) => {
    console.log(method, path);
    const request = http.request({ port, host: '127.0.0.1', path, method, agent }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (d) => { text += d; });
      res.on('end', () => {
        const raw = res.rawHeaders.join('|').replace(/Date\|[^|]*/, 'Date|...');
        console.log('  ', res.statusCode, res.statusMessage, raw, text.length > 100 ? text.length : text, request.reusedSocket);
        setImmediate(done);
      });
    });
    request.on('error', failed);
    request.end(body);
  });
  for (const path of ['/plain', '/set', '/empty', '/watched', '/plain']) await go(path);
  await go('/echo', 'POST', 'the body');
  await go('/plain', 'HEAD');
  for (const path of ['/later', '/chunked', '/replaced', '/bad', '/plain', '/last']) await go(path);
  agent.destroy();

  // Pipelined: answered in order.
  const client = net.connect(port, '127.0.0.1');
  let text = '';
  client.setEncoding('latin1');
  client.on('data', (d) => { text += d; });
  client.on('end', () => {
    console.log(text.replace(/Date: .*\r\n/g, '').replace(/x{300000}/, '(300000 x)').replaceAll('\r', ''));
    server.close(() => console.log('closed'));
  });
  client.write('GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /plain HTTP/1.1\r\nHost: a\r\n\r\nGET /set HTTP/1.0\r\n\r\n');
});
