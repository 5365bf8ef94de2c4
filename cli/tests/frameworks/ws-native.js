// The server of ws 8 with the WebSocket that the runtime has: as browsers' programs use it.
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => {
  server.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('close', (code, reason) => {
      console.log('server close', code, String(reason));
      server.close();
    });
  });
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}/`);
  client.binaryType = 'arraybuffer';
  let messages = 0;
  client.onopen = () => {
    console.log('open', client.readyState, JSON.stringify(client.protocol));
    client.send('hello');
  };
  client.onmessage = ({ data }) => {
    console.log(typeof data === 'string' ? data : data.byteLength);
    if (!messages++) client.send(new Uint8Array(1000));
    else client.close(1000, 'ok');
  };
  client.onclose = ({ code, reason, wasClean }) => console.log('close', code, reason, wasClean);
  client.onerror = ({ message }) => console.log('error', message);
});
