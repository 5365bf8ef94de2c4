// How WebSocket packages use http and streams: the connection is taken over on both sides, what came after the head is put back, a Writable
// takes frames apart, and each side waits for the other's close frame and for the end of the socket.
const http = require('http');
const { createHash, randomBytes } = require('crypto');
const { Writable } = require('stream');
const { EventEmitter } = require('events');

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const accept = (key) => createHash('sha1').update(key + GUID).digest('base64');

class Receiver extends Writable {
  constructor() {
    super();
    this.buffers = [];
    this.bytes = 0;
  }
  _write(chunk, encoding, cb) {
    this.buffers.push(chunk);
    this.bytes += chunk.length;
    let all = Buffer.concat(this.buffers);
    while (all.length >= 2) {
      const masked = (all[1] & 0x80) !== 0;
      let length = all[1] & 0x7f;
      let at = 2;
      if (length === 126) {
        if (all.length < 4) break;
        length = all.readUInt16BE(2);
        at = 4;
      }
      const end = at + (masked ? 4 : 0) + length;
      if (all.length < end) break;
      const data = Buffer.from(all.subarray(end - length, end));
      if (masked) for (let i = 0; i < length; i++) data[i] ^= all[at + (i & 3)];
      const opcode = all[0] & 0x0f;
      all = all.subarray(end);
      if (opcode === 8) {
        this.emit('conclude', data.length ? data.readUInt16BE(0) : 1005, data.subarray(2).toString());
        this.end();
      } else {
        this.emit('message', data, opcode);
      }
    }
    this.buffers = [all];
    cb();
  }
}

class Peer extends EventEmitter {
  constructor(name, isServer) {
    super();
    this.name = name;
    this.isServer = isServer;
    this.sent = false;
    this.received = false;
  }
  take(socket, head) {
    const receiver = this.receiver = new Receiver();
    this.socket = socket;
    socket.setTimeout(0);
    socket.setNoDelay();
    if (head.length > 0) socket.unshift(head);
    receiver.on('conclude', (code, text) => {
      this.received = true;
      this.code = code;
      this.text = text;
      socket.removeListener('data', onData);
      process.nextTick(() => socket.resume());
      if (code === 1005) this.close();
      else this.close(code, text);
    });
    receiver.on('message', (data, opcode) => this.emit('message', data, opcode));
    const onData = (chunk) => { if (!receiver.write(chunk)) socket.pause(); };
    receiver.on('drain', () => socket.resume());
    socket.on('data', onData);
    socket.on('end', () => { receiver.end(); socket.end(); });
    socket.on('close', () => {
      socket.removeListener('data', onData);
      const chunk = !socket._readableState.endEmitted && !receiver._writableState.errorEmitted ? socket.read() : null;
      if (chunk !== null) receiver.write(chunk);
      receiver.end();
      if (receiver._writableState.finished || receiver._writableState.errorEmitted) this.emit('close', this.code, this.text);
      else receiver.on('finish', () => this.emit('close', this.code, this.text));
    });
    this.emit('open');
  }
  frame(opcode, data) {
    const long = data.length > 125;
    const head = Buffer.alloc(long ? 4 : 2);
    head[0] = 0x80 | opcode;
    head[1] = (this.isServer ? 0 : 0x80) | (long ? 126 : data.length);
    if (long) head.writeUInt16BE(data.length, 2);
    const list = [head];
    if (!this.isServer) {
      const mask = randomBytes(4);
      data = Buffer.from(data.map((b, i) => b ^ mask[i & 3]));
      list.push(mask);
    }
    this.socket.cork();
    for (const part of [...list, data]) this.socket.write(part);
    this.socket.uncork();
  }
  send(text) { this.frame(1, Buffer.from(text)); }
  close(code, text = '') {
    if (this.sent) {
      if (this.received) this.socket.end();
      return;
    }
    this.sent = true;
    const data = Buffer.alloc(code ? 2 : 0);
    if (code) data.writeUInt16BE(code);
    this.frame(8, Buffer.concat([data, Buffer.from(text)]));
    if (this.received) this.socket.end();
  }
}

const server = http.createServer((req, res) => { res.writeHead(426, { 'Content-Type': 'text/plain' }); res.end('Upgrade Required'); });
server.on('upgrade', (req, socket, head) => {
  console.log('upgrade', req.url, req.headers.upgrade, req.rawHeaders.includes('Sec-WebSocket-Key'), head.length > 0, socket.readableFlowing);
  if (req.url === '/refused') {
    socket.once('finish', socket.destroy);
    socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno');
    return;
  }
  socket.write(['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept(req.headers['sec-websocket-key'])}`].concat('\r\n').join('\r\n'));
  const peer = new Peer('server', true);
  peer.on('message', (data) => {
    console.log('server has', data.length > 40 ? data.length : data.toString());
    peer.send(data);
  });
  peer.on('close', (code, text) => console.log('server closed', code, text));
  peer.take(socket, head);
  peer.send('welcome');
});

function dial(path, port, early) {
  const key = randomBytes(16).toString('base64');
  const req = http.request({
    port, path, host: '127.0.0.1', createConnection: undefined,
    headers: { 'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': key },
  });
  const peer = new Peer('client', false);
  req.on('upgrade', (res, socket, head) => {
    console.log('switched', res.statusCode, res.headers['sec-websocket-accept'] === accept(key), req.reusedSocket, socket.parser);
    peer.take(socket, head);
  });
  req.on('response', (res) => {
    console.log('response', res.statusCode);
    res.resume().on('end', () => peer.emit('close'));
  });
  req.on('error', (e) => console.log('error', e.message));
  req.end(early);
  return peer;
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  dial('/refused', port).on('close', () => {
    const peer = dial('/chat', port);
    const inbox = [];
    peer.on('open', () => { peer.send('hello'); peer.send('y'.repeat(3000)); });
    peer.on('message', (data) => {
      inbox.push(data.length > 40 ? data.length : data.toString());
      if (inbox.length === 3) {
        console.log('client has', inbox.join(' '));
        peer.close(4001, 'bye');
      }
    });
    peer.on('close', (code, text) => {
      console.log('client closed', code, text);
      server.close(() => console.log('done'));
    });
  });
});
