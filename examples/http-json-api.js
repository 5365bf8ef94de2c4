// A JSON API over HTTP and a client that asks it, one request after the other, over one kept connection.
const http = require('http');

const notes = [];

const server = http.createServer((req, res) => {
  const reply = (status, value) => {
    const body = JSON.stringify(value);
    res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
    res.end(body);
  };
  if (req.method === 'GET' && req.url === '/notes') return reply(200, notes);
  if (req.method !== 'POST' || req.url !== '/notes') return reply(404, { error: 'not found' });
  let body = '';
  req.setEncoding('utf8');
  req.on('data', (text) => { body += text; });
  req.on('end', () => {
    try {
      notes.push(JSON.parse(body));
      reply(201, { id: notes.length });
    } catch (error) {
      reply(400, { error: error.name });
    }
  });
});

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const { port } = server.address();
    const req = http.request({ port, host: '127.0.0.1', method, path, agent }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (part) => { text += part; });
      res.on('end', () => resolve(`${method} ${path}: ${res.statusCode} ${text}${req.reusedSocket ? ' (same connection)' : ''}`));
    });
    req.on('error', reject);
    req.end(body);
  });
}

server.listen(0, '127.0.0.1', async () => {
  console.log(await ask('POST', '/notes', '{"text":"first"}'));
  console.log(await ask('POST', '/notes', 'no JSON'));
  console.log(await ask('GET', '/notes'));
  console.log(await ask('GET', '/elsewhere'));
  agent.destroy();
  server.close(() => console.log('closed'));
});
