// The server of ws 8 with the WebSocket that the runtime has: as browsers' programs use it. Which end hears first that it is over is not
// compared here: looplab's client hears of it after the server, Node's before.
const { WebSocketServer } = require('ws');

const endings = [];
process.on('exit', () => console.log(endings.sort().join('\n')));

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => {
  server.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('close', (code, reason) => {
      endings.push(`server close ${code} ${reason}`);
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
  client.onclose = ({ code, reason, wasClean }) => endings.push(`close ${code} ${reason} ${wasClean}`);
  client.onerror = ({ message }) => console.log('error', message);
});
