// Workers: threads with an engine and a loop of their own.
const { Worker, isMainThread, parentPort, workerData, threadId, MessageChannel, setEnvironmentData, getEnvironmentData, receiveMessageOnPort } = require('worker_threads');

const jobs = {
  echo() {
    console.log('in the worker:', isMainThread, threadId > 0, workerData.list, getEnvironmentData('k'), process.argv.slice(2), process.env.ONLY, process.env.PATH);
    parentPort.on('message', (message) => {
      if (message === 'stop') parentPort.close();
      else parentPort.postMessage({ got: message, type: Object.prototype.toString.call(message) });
    });
  },
  fail() {
    setTimeout(() => { throw new RangeError('from the worker'); }, 1);
  },
  reject() {
    Promise.reject(new TypeError('rejected there'));
  },
  exit() {
    process.on('exit', (code) => console.log('exit listener', code));
    process.exit(workerData.code);
  },
  spin() {
    parentPort.postMessage('spinning');
    for (;;);
  },
  port() {
    workerData.port.postMessage('through a port of its own');
    workerData.port.close();
  },
  unsupported() {
    for (const f of [() => process.chdir('/'), () => process.abort(), () => process.umask(0)]) {
      try { f(); } catch (error) { console.log(error.code, error.message); }
    }
    process.stdin.on('data', (text) => console.log('read', String(text))).on('end', () => console.log('end of input'));
  },
  broadcast() {
    const channel = new BroadcastChannel('news');
    channel.onmessage = (event) => {
      channel.postMessage(`heard ${event.data}`);
      channel.close();
    };
    parentPort.postMessage('listening');
  },
};

function start(job, options = {}) {
  const worker = new Worker(__filename, { ...options, workerData: { job, ...options.workerData } });
  return new Promise((resolve) => {
    worker.on('error', (error) => console.log('error', error instanceof Error, error.name, error.message));
    worker.on('exit', (code) => {
      console.log(job, 'exited with', code, worker.threadId);
      // What it printed comes with the streams.
      setImmediate(resolve);
    });
    options.then?.(worker);
  });
}

async function main() {
  setEnvironmentData('k', { deep: 1 });
  const bytes = new Uint8Array([1, 2, 3]);
  await start('echo', {
    workerData: { list: [1, new Map([['a', 2]]), /x/g] },
    argv: ['one', 2],
    env: { ONLY: 'this' },
    then(worker) {
      worker.once('online', () => console.log('online'));
      const left = [{ a: 1 }, bytes, new Date(0), 'stop'];
      worker.on('message', ({ got, type }) => {
        console.log(type, got);
        send();
      });
      const send = () => {
        const message = left.shift();
        worker.postMessage(message, message === bytes ? [bytes.buffer] : undefined);
      };
      send();
    },
  });
  console.log('moved away:', bytes.length);
  await start('fail');
  await start('reject');
  await start('exit', { workerData: { code: 7 } });
  await start('spin', {
    then(worker) {
      worker.on('message', async (message) => {
        console.log(message);
        console.log('terminated with', await worker.terminate());
      });
    },
  });
  const { port1, port2 } = new MessageChannel();
  const heard = new Promise((resolve) => port1.once('message', resolve));
  await start('port', { workerData: { port: port2 }, transferList: [port2] });
  console.log(await heard);
  await start('unsupported', { stdin: true, then: (worker) => worker.stdin.end('some text') });
  const channel = new BroadcastChannel('news');
  const answer = new Promise((resolve) => { channel.onmessage = (event) => resolve(event.data); });
  await start('broadcast', { then: (worker) => worker.on('message', () => channel.postMessage('hello')) });
  console.log(await answer);
  channel.close();
  const collected = [];
  const quiet = new Worker('console.log("collected"); require("worker_threads").parentPort.postMessage(process.argv[1])', { eval: true, stdout: true });
  quiet.stdout.on('data', (chunk) => collected.push(String(chunk)));
  quiet.on('message', (message) => console.log(message));
  await new Promise((resolve) => quiet.on('exit', () => setImmediate(resolve)));
  console.log(collected);
  for (const bad of [() => new Worker('relative.js'), () => new Worker(5), () => new Worker('x', { argv: 1 })]) {
    try { bad(); } catch (error) { console.log(error.code, error.message); }
  }
  await new Promise((resolve) => {
    new Worker('/no/such/file.js').on('error', (error) => { console.log(error.code); resolve(); });
  });
}

if (isMainThread) main();
else jobs[workerData.job]();
