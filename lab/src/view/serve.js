// Serves one page on loopback, under an address that only who was told it knows.
const http = require('http');
const fs = require('fs');
const [page, token, port] = process.argv.slice(2);
const text = fs.readFileSync(page);
const server = http.createServer((request, response) => {
  if (request.url !== `/${token}`) {
    response.writeHead(404, { 'content-type': 'text/plain' });
    return response.end('not here\n');
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'content-length': text.length });
  response.end(text);
});
server.on('error', (error) => {
  console.error(error.code === 'EADDRINUSE' ? `port ${port} is in use: name another with --port` : error.message);
  process.exitCode = 1;
});
server.listen(Number(port), '127.0.0.1', () => console.log(server.address().port));
