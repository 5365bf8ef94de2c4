// Express 4: hello world, a router, JSON and form bodies, error pages, files, redirects, cookies; each answer with its head as it comes.
const express = require('express');
const http = require('http');
const path = require('path');

const app = express();
app.use(express.json());
app.use(express.urlencoded({ extended: true }));
app.get('/', (req, res) => res.send('Hello World!'));
const router = express.Router();
router.param('id', (req, res, next, id) => { req.number = Number(id); next(); });
router.get('/users/:id', (req, res) => res.json({ id: req.params.id, number: req.number, query: req.query }));
router.post('/echo', (req, res) => res.status(201).json({ got: req.body, type: req.get('content-type') }));
router.all('*', (req, res) => res.status(405).end());
app.use('/api', router);
app.get('/throws', () => { throw new Error('boom'); });
app.get('/async', (req, res, next) => setTimeout(next, 1, Object.assign(new Error('late'), { status: 503 })));
app.get('/redirect', (req, res) => res.redirect('/'));
app.get('/cookie', (req, res) => res.cookie('a', 'b', { httpOnly: true }).type('html').send('<b>x</b>'));
app.get('/file', (req, res) => res.sendFile(__filename));
app.get('/download', (req, res) => res.attachment('name.txt').send(Buffer.from([1, 2, 3])));
app.get('/format', (req, res) => res.format({ text: () => res.send('text'), json: () => res.json({ a: 1 }) }));
app.use('/static', express.static(__dirname));
app.use((error, req, res, next) => {
  if (req.path === '/throws') next(error.message === 'boom' ? new Error('without a stack to show') : error);
  else res.status(error.status || 500).send(`error: ${error.message}`);
});
app.set('env', 'production');

const server = app.listen(0, '127.0.0.1', async () => {
  const agent = new http.Agent({ keepAlive: true });
  const ask = (target, { method = 'GET', body, headers = {} } = {}) => new Promise((resolve, reject) => {
    const req = http.request({ port: server.address().port, host: '127.0.0.1', path: target, method, agent, headers }, (res) => {
      let text = '';
      res.setEncoding('latin1').on('data', (part) => { text += part; }).on('end', () => {
        const raw = res.rawHeaders.map((value, i) => (i % 2 && /^(date|last-modified)$/i.test(res.rawHeaders[i - 1]) ? '…' : value));
        console.log(method, target, res.statusCode, JSON.stringify(raw), text.length > 300 ? text.length : text);
        resolve(res);
      });
    });
    req.on('error', reject);
    req.end(body);
  });
  const json = { 'Content-Type': 'application/json' };
  const { headers } = await ask('/');
  await ask('/', { headers: { 'If-None-Match': headers.etag } });
  await ask('/', { method: 'HEAD' });
  await ask('/', { method: 'OPTIONS' });
  await ask('/api/users/42?a=1&b[]=2');
  await ask('/api/echo', { method: 'POST', body: JSON.stringify({ x: [1, 2, { y: 'é' }] }), headers: json });
  await ask('/api/echo', { method: 'POST', body: '{bad', headers: json });
  await ask('/api/echo', { method: 'POST', body: 'x'.repeat(200_000), headers: json });
  await ask('/api/echo', { method: 'POST', body: 'a=1&b=2&c[d]=3', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  await ask('/api/echo', { method: 'DELETE' });
  for (const target of ['/throws', '/async', '/redirect', '/cookie', '/file', '/download', '/nope', '/%ff']) await ask(target);
  await ask('/format', { headers: { Accept: 'application/json' } });
  await ask('/format', { headers: { Accept: 'image/png' } });
  await ask(`/static/${path.basename(__filename)}`, { headers: { Range: 'bytes=0-9' } });
  await ask(`/static/${path.basename(__filename)}`, { headers: { Range: 'bytes=999999-' } });
  await ask('/static/../secret');
  agent.destroy();
  server.close(() => console.log('closed'));
});
