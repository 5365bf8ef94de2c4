// The server of `looplab bench http`: a few small answers, and a report of how late the loop's heartbeat was. It prints its port.
const http = require('http');
const now = () => Number(process.hrtime.bigint()) / 1e6;
const file = Buffer.alloc(65536, 'looplab ');
const rows = Array.from({ length: 20 }, (_, id) => ({ id, name: `row ${id}`, even: id % 2 === 0 }));
let gaps = [], start = now(), last = start;
setInterval(() => { const t = now(); gaps.push([t, Math.max(0, t - last - 1)]); last = t; }, 1);

const answers = {
  '/text': (request, response) => { response.end('hello world\n'); },
  '/json': (request, response) => { response.setHeader('content-type', 'application/json'); response.end(JSON.stringify(rows)); },
  '/body': (request, response) => { response.end(file); },
  '/post': (request, response) => {
    let bytes = 0;
    request.on('data', (part) => { bytes += part.length; });
    request.on('end', () => response.end(String(bytes)));
  },
  '/begin': (request, response) => { gaps = []; start = last = now(); response.end('ok'); },
  '/report': (request, response) => {
    const t = now();
    gaps.push([t, Math.max(0, t - last - 1)]);
    const sorted = gaps.map((gap) => gap[1]).sort((a, b) => a - b);
    const step = Math.max(1, Math.ceil(gaps.length / 200));
    response.end(JSON.stringify({
      lag99: sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))], lagMax: sorted[sorted.length - 1],
      lags: gaps.filter((_, at) => at % step === 0).map(([at, lag]) => [+(at - start).toFixed(2), +lag.toFixed(3)]),
    }));
  },
  '/end': (request, response) => { response.end('ok', () => process.exit(0)); },
};
const server = http.createServer((request, response) => {
  const answer = answers[request.url];
  if (answer) return answer(request, response);
  response.statusCode = 404;
  response.end();
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
