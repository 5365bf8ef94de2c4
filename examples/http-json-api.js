// Teaches: requests one after the other share a connection that the agent keeps; a body comes in pieces, in later turns.
// Predict: which requests reuse the connection of the first?
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
  req.on('data', (part) => { body += part; });
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
      let text = `${res.statusCode} `;
      res.on('data', (part) => { text += part; });
      res.on('end', () => resolve(`${method} ${path}: ${text}${req.reusedSocket ? ' (same connection)' : ''}`));
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
