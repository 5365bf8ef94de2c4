// A parent and the child it forked: messages, what keeps the child alive, and streams of one child given to another.
const { fork, spawn, execFile, spawnSync } = require('child_process');

if (process.argv[2] === 'child') {
  console.log('child:', 'NODE_CHANNEL_FD' in process.env, process.connected, typeof process.send);
  process.on('message', (message) => {
    process.send({ echo: message, big: 'ß'.repeat(70000).length });
    process.disconnect();
  });
  return;
}
if (process.argv[2] === 'unread') {
  process.send('told before anybody listens');
  return;
}

function first(done) {
  const child = fork(__filename, ['child']);
  child.on('message', (message) => console.log('parent:', message));
  child.on('disconnect', () => console.log('disconnected', child.connected));
  child.on('close', (code, signal) => {
    console.log('closed', code, signal);
    try {
      child.send('late', (error) => console.log(error.code));
    } catch (error) {
      console.log('threw', error.code);
    }
    done();
  });
  child.send({ hello: [1, null, 'zwei'] });
}

function second(done) {
  const child = fork(__filename, ['unread']);
  child.once('message', (message) => console.log(message));
  child.once('close', done);
}

function third(done) {
  const cat = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
  const head = spawn('head', ['-n1'], { stdio: [cat.stdout, 'pipe', 'inherit'] });
  cat.stdin.write('first line\n');
  head.stdout.setEncoding('utf8');
  head.stdout.on('data', (text) => console.log('head said', JSON.stringify(text)));
  head.on('close', () => {
    cat.stdout.setEncoding('utf8').on('data', (text) => console.log('cat said', JSON.stringify(text)));
    cat.stdin.end('second line\n');
  });
  cat.on('close', done);
}

function fourth() {
  const controller = new AbortController();
  execFile('sleep', ['5'], { signal: controller.signal }, (error) => console.log(error.name, error.code, error.message));
  controller.abort();
  const { stdout, error } = spawnSync('printf', ['123456789'], { maxBuffer: 4 });
  console.log(String(stdout), error.code);
  console.log(String(spawnSync('cat', { input: new Uint16Array([0x6968]) }).stdout));
}

first(() => second(() => third(fourth)));
