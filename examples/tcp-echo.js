// Teaches: a TCP server and its client in one process. Accepting, reading and closing are callbacks of
// the poll and close phases, one turn after the other; each end waits for what the other did.
// Predict: who hears first that the connection is over?
const net = require('net');

const server = net.createServer((socket) => {
  console.log('server: a connection');
  socket.on('data', (bytes) => socket.write(bytes));
  socket.on('end', () => console.log('server: the client has ended'));
  socket.on('close', () => {
    console.log('server: closed');
    server.close(() => console.log('no longer listening'));
  });
});

server.listen(0, '127.0.0.1', () => {
  const words = ['one', 'two', 'three'];
  const client = net.connect(server.address().port, '127.0.0.1', () => {
    console.log('client: connected');
    client.write(words.shift());
  });
  client.setEncoding('utf8');
  client.on('data', (text) => {
    console.log(`client: ${text} came back`);
    if (words.length) client.write(words.shift());
    else client.end();
  });
  client.on('close', (hadError) => console.log(`client: closed, error: ${hadError}`));
});
