// Koa 2: middleware around middleware, bodies of every kind, errors, a stream, an answer that nobody gives.
const Koa = require('koa');
const http = require('http');
const fs = require('fs');

const app = new Koa();
app.silent = true;
app.on('error', (error, ctx) => console.log('app error', error.message, ctx.path));
app.use(async (ctx, next) => { await next(); ctx.set('X-After', String(ctx.status)); });
app.use(async (ctx) => {
  switch (ctx.path) {
    case '/': ctx.body = 'Hello Koa'; break;
    case '/json': ctx.body = { a: 1, query: ctx.query, ip: ctx.ip }; break;
    case '/buffer': ctx.body = Buffer.from('bytes'); break;
    case '/stream': ctx.body = fs.createReadStream(__filename); break;
    case '/missing': ctx.body = fs.createReadStream(`${__filename}.none`); break;
    case '/empty': ctx.body = null; break;
    case '/teapot': ctx.throw(418, 'tea'); break;
    case '/throws': throw new Error('hidden');
    case '/cookie': ctx.cookies.set('a', 'b'); ctx.body = '<p>x'; break;
    case '/redirect': ctx.redirect('/'); break;
    default: break;
  }
});

const server = app.listen(0, '127.0.0.1', async () => {
  const ask = (path) => new Promise((resolve) => {
    const req = http.get({ port: server.address().port, host: '127.0.0.1', path }, (res) => {
      let text = '';
      res.on('data', (part) => { text += part; }).on('end', () => {
        const raw = res.rawHeaders.map((value, i) => (i % 2 && /^date$/i.test(res.rawHeaders[i - 1]) ? '…' : value));
        console.log(path, res.statusCode, JSON.stringify(raw), text.length > 200 ? text.length : text);
        resolve();
      });
    });
    req.on('error', (error) => { console.log(path, error.code, error.message); resolve(); });
  });
  for (const path of ['/', '/json?x=1', '/buffer', '/stream', '/missing', '/empty', '/teapot', '/throws', '/cookie', '/redirect', '/none']) await ask(path);
  server.close(() => console.log('closed'));
});
