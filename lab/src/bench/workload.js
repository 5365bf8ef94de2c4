// One measurement, the same under looplab and under Node: told what by JSON in its argument, it prints one line of JSON.
const fs = require('fs');
const path = require('path');
const what = JSON.parse(process.argv[2]);
const now = () => Number(process.hrtime.bigint()) / 1e6;

const latencies = [];
let bytes = 0, ops = 0;
async function timed(operation) {
  const start = now();
  // Not `bytes += await …`: that reads the sum before the wait, and others' bytes would be lost.
  const moved = await operation();
  bytes += moved;
  latencies.push(now() - start);
  ops++;
}
const asCallback = (begin) => new Promise((resolve, reject) => begin((error, value) => (error ? reject(error) : resolve(value))));

const file = path.join(what.folder, 'data.bin');
// Each cold file is read once: reading it warms it.
let cold = 0;
const target = () => (what.cold ? `${file}.cold${cold++}` : file);
const data = what.size ? Buffer.alloc(what.size, 'looplab ') : null;
const OPERATIONS = {
  'read sync': () => fs.readFileSync(target()).length,
  'read callback': () => asCallback((done) => fs.readFile(target(), done)).then((read) => read.length),
  'read promise': () => fs.promises.readFile(file).then((read) => read.length),
  'read stream': () => new Promise((resolve, reject) => {
    let sum = 0;
    fs.createReadStream(file).on('data', (part) => { sum += part.length; }).on('error', reject).on('end', () => resolve(sum));
  }),
  'write sync': (n) => { fs.writeFileSync(`${file}.${n}`, data); return data.length; },
  'write callback': (n) => asCallback((done) => fs.writeFile(`${file}.${n}`, data, done)).then(() => data.length),
  'write promise': (n) => fs.promises.writeFile(`${file}.${n}`, data).then(() => data.length),
  'write stream': (n) => new Promise((resolve, reject) => {
    const stream = fs.createWriteStream(`${file}.${n}`).on('error', reject).on('finish', () => resolve(data.length));
    for (let at = 0; at < data.length; at += 65536) stream.write(data.subarray(at, at + 65536));
    stream.end();
  }),
  'small files sync': (n) => fs.readFileSync(`${file}.small${n % 100}`).length,
  'small files promise': (n) => fs.promises.readFile(`${file}.small${n % 100}`).then((read) => read.length),
  'small files': (n) => asCallback((done) => fs.readFile(`${file}.small${n % 100}`, done)).then((read) => read.length),
  timers: () => new Promise((resolve) => setTimeout(resolve, 1)).then(() => 0),
  immediates: () => new Promise((resolve) => setImmediate(resolve)).then(() => 0),
  ticks: () => new Promise((resolve) => process.nextTick(resolve)).then(() => 0),
  microtasks: () => Promise.resolve(0),
  'pool round trip': () => asCallback((done) => fs.fstat(1, done)).then(() => 0),
};

function percentile(sorted, share) { return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] : 0; }

async function main() {
  if (what.name.startsWith('read') && !what.cold) fs.writeFileSync(file, data);
  if (what.name.startsWith('small files')) for (let n = 0; n < 100; n++) fs.writeFileSync(`${file}.small${n}`, data);
  const operation = OPERATIONS[what.name];
  // Warm up: caches, lazily loaded modules.
  if (!what.cold) await operation(0);
  const gaps = [];
  let last = now();
  const heart = setInterval(() => { const t = now(); gaps.push([t, Math.max(0, t - last - 1)]); last = t; }, 1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const start = now();
  last = start;
  gaps.length = 0;
  let begun = 0;
  const lane = async () => {
    while (begun < what.least || (now() - start < what.millis && begun < what.most)) {
      const n = begun++;
      await timed(() => operation(n % 64));
      // Synchronous work would otherwise never let the heart beat: once a turn is what a server would do between requests.
      if (what.name.endsWith('sync')) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: what.concurrency }, lane));
  const end = now();
  gaps.push([end, Math.max(0, end - last - 1)]);
  clearInterval(heart);
  latencies.sort((a, b) => a - b);
  const lags = gaps.map((gap) => gap[1]).sort((a, b) => a - b);
  const step = Math.max(1, Math.ceil(gaps.length / 200));
  console.log(JSON.stringify({
    ops, bytes, millis: end - start,
    p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95), p99: percentile(latencies, 0.99), max: latencies[latencies.length - 1] || 0,
    quantiles: Array.from({ length: 21 }, (_, at) => +percentile(latencies, at / 20).toFixed(5)),
    lag99: percentile(lags, 0.99), lagMax: lags[lags.length - 1] || 0,
    lags: gaps.filter((_, at) => at % step === 0).map(([t, lag]) => [+(t - start).toFixed(2), +lag.toFixed(3)]),
  }));
}
main().catch((error) => { console.error(String(error && error.message || error)); process.exitCode = 1; });
