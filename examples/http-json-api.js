// Teaches: a request's life. The head is one callback, the body others, the answer a write; a client that
// keeps its connection asks one request after the other over the same socket.
// Predict: which requests can reuse the connection?
const http = require('http');

const notes = [];

const server = http.createServer((req, res) => {
  const reply = (status, value) => {
    res.writeHead(status, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify(value));
  };
  if (req.method === 'GET' && req.url === '/notes') return reply(200, notes);
  if (req.method !== 'POST' || req.url !== '/notes') return reply(404, { error: 'not found' });
  let body = '';
  req.setEncoding('utf8');
  req.on('data', (text) => { body += text; });
  req.on('end', () => {
    notes.push(JSON.parse(body));
    reply(201, { id: notes.length });
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
      const how = req.reusedSocket ? ' (same connection)' : '';
      res.on('end', () => resolve(`${method} ${path}: ${res.statusCode} ${text}${how}`));
    });
    req.on('error', reject);
    req.end(body);
  });
}

server.listen(0, '127.0.0.1', async () => {
  console.log(await ask('POST', '/notes', '{"text":"first"}'));
  console.log(await ask('GET', '/notes'));
  console.log(await ask('GET', '/elsewhere'));
  agent.destroy();
  server.close(() => console.log('closed'));
});
