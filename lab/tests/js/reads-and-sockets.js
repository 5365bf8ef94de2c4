// A timer, an immediate, four reads and two sockets: how long does it take to find every order?
const fs = require('fs');
const net = require('net');
setTimeout(() => console.log('timeout'), 0);
setImmediate(() => console.log('immediate'));
for (let k = 1; k <= 4; k++) fs.readFile(__filename, () => console.log('read', k));
const server = net.createServer((socket) => socket.end('hello'));
server.listen(0, () => {
  let left = 2;
  for (const k of [1, 2]) {
    const socket = net.connect(server.address().port, '127.0.0.1');
    socket.on('data', () => console.log('data', k));
    socket.on('close', () => { if (--left === 0) server.close(); });
  }
});
