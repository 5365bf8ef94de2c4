// ws 8, both ends in one process: compression, fragments, ping and pong, who hears of the end first.
const { WebSocketServer, WebSocket } = require('ws');

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true }, () => {
  server.on('connection', (socket, req) => {
    console.log('connection', req.url, socket.extensions);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('ping', (data) => console.log('server ping', String(data)));
    socket.on('close', (code, reason) => {
      console.log('server close', code, String(reason));
      server.close(() => console.log('done'));
    });
  });
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}/chat?room=1`);
  let messages = 0;
  client.on('upgrade', (res) => console.log('upgrade', res.statusCode, res.headers.upgrade));
  client.on('open', () => {
    console.log('open', client.extensions);
    client.send('frag', { fin: false });
    client.send('ments', { fin: true });
  });
  client.on('message', (data, binary) => {
    messages++;
    console.log('message', binary, data.length, binary ? '' : String(data).slice(0, 20));
    if (messages === 1) client.send(Buffer.alloc(70_000, 7));
    else if (messages === 2) client.send('ü'.repeat(50_000));
    else client.ping('are you there');
  });
  client.on('pong', (data) => {
    console.log('pong', String(data));
    client.close(4001, 'bye');
  });
  client.on('close', (code, reason) => console.log('client close', code, String(reason)));
});
