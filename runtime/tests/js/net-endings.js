// In which order the two ends of one connection hear of its end, whoever ends first; connecting again; time limits that traffic puts off.
const net = require('net');
const http = require('http');

function watch(name, socket, log) {
  for (const event of ['data', 'end', 'finish', 'close']) socket.on(event, () => log.push(`${name} ${event}`));
}

// Both ends in this process: a Node program sees these orders every time.
function exchange(halfOpen, done) {
  const log = [];
  const server = net.createServer({ allowHalfOpen: halfOpen }, (socket) => {
    watch('server', socket, log);
    socket.on('data', () => { socket.write('reply'); socket.end(); });
    if (halfOpen) socket.on('end', () => socket.end());
  });
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1');
    watch('client', client, log);
    client.on('connect', () => client.write('hello'));
    client.on('data', () => client.end());
    client.on('close', () => server.close(() => {
      console.log(halfOpen ? 'half open:' : 'ordinary:', log.join(', '));
      done();
    }));
  });
}

function again(done) {
  let times = 0;
  const server = net.createServer((socket) => socket.end(`greeting ${++times}`)).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    const client = net.connect(port, '127.0.0.1');
    client.setEncoding('utf8');
    client.on('data', (text) => console.log('again:', text));
    client.on('close', (hadError) => {
      console.log('again: closed', hadError, client.destroyed, client.bytesRead);
      if (times < 3) client.connect(port, '127.0.0.1');
      else server.close(done);
    });
  });
}

// A request whose body keeps coming is not idle, however long it takes; one that stops is.
function limits(done) {
  const server = http.createServer((req, res) => {
    let chunks = 0;
    req.on('data', () => chunks++);
    req.setTimeout(300, () => console.log('limits: server has waited enough'));
    req.on('end', () => { res.end(`${chunks > 5}`); });
  }).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    const req = http.request({ port, host: '127.0.0.1', method: 'POST' }, (res) => {
      res.setEncoding('utf8').on('data', (text) => console.log('limits: answer', text)).on('end', stall);
    });
    let left = 12;
    const timer = setInterval(() => {
      if (left-- > 0) req.write('x');
      else { clearInterval(timer); req.end(); }
    }, 50);
    function stall() {
      server.removeAllListeners('request');
      server.on('request', (_, res) => res.write('part'));
      const slow = http.get({ port, host: '127.0.0.1' }, (res) => {
        res.resume();
        res.setTimeout(20, () => {
          console.log('limits: the response has stopped');
          slow.destroy();
        });
        res.on('error', (e) => console.log('limits:', e.code, e.message));
        res.on('close', () => server.close(done));
      });
    }
  });
}

exchange(false, () => exchange(true, () => again(() => limits(() => console.log('done')))));
