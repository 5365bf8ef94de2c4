// File streams: ranges, encodings, events, errors, copies.
const fs = require('fs');
const os = require('os');
const path = require('path');
const { pipeline } = require('stream');
const log = (...a) => console.log(...a);
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'stream-files-'));
const at = (name) => path.join(dir, name);
fs.writeFileSync(at('in'), 'abcdefghijklmnopqrstuvwxyz');
const watch = (name, s, events) => {
  for (const e of events) s.on(e, (x) => log(name, e, e === 'open' ? typeof x : x instanceof Error ? x.code : ''));
  return s;
};
const R = ['open', 'ready', 'end', 'close', 'error'];
const W = ['open', 'ready', 'finish', 'close', 'error', 'drain'];
const read = (options, name = 'in') => new Promise((resolve) => {
  let all = '';
  const s = fs.createReadStream(at(name), options);
  s.on('data', (c) => { all += `[${c}]`; });
  s.on('error', (e) => { all += e.code; });
  s.on('close', () => resolve(all));
});

(async () => {
  const r = watch('r', fs.createReadStream(at('in')), R);
  log(r.path === at('in'), r.fd, r.flags, r.mode.toString(8), r.start, r.end, r.pending, r.autoClose, r.bytesRead, r.readableHighWaterMark);
  r.resume();
  await new Promise((resolve) => r.on('close', resolve));
  log(r.bytesRead, r.fd, r.destroyed);
  log(await read({ start: 2, end: 5 }), await read({ start: 24 }), await read({ end: 2, encoding: 'utf8' }), await read('latin1'), await read({ highWaterMark: 10 }), await read({ start: 26 }));
  log(await read({}, 'missing'));
  const fd = fs.openSync(at('in'));
  const byFd = fs.createReadStream('', { fd, autoClose: false, start: 3, end: 4 });
  for await (const c of byFd) log(String(c));
  log(fs.fstatSync(fd).size, byFd.destroyed, byFd.closed);
  fs.closeSync(fd);

  const w = watch('w', fs.createWriteStream(at('out'), { highWaterMark: 8 }), W);
  log(w.write('hello '), w.write(Buffer.from('wide world')), w.write('!', 'utf8', (e) => log('written', e)));
  w.end('\n', () => log('end callback'));
  await new Promise((resolve) => w.on('close', resolve));
  log(w.bytesWritten, JSON.stringify(fs.readFileSync(at('out'), 'utf8')), w.fd);
  const patch = fs.createWriteStream(at('out'), { flags: 'r+', start: 6 });
  patch.end('WIDE');
  await new Promise((resolve) => patch.on('close', resolve));
  log(JSON.stringify(fs.readFileSync(at('out'), 'utf8')));
  const more = fs.createWriteStream(at('out'), { flags: 'a', encoding: 'hex', flush: true });
  more.end('3132');
  await new Promise((resolve) => more.on('close', resolve));
  log(JSON.stringify(fs.readFileSync(at('out'), 'utf8')));
  watch('nodir', fs.createWriteStream(path.join(dir, 'no', 'file')), W);
  await new Promise((resolve) => setTimeout(resolve, 20));

  fs.writeFileSync(at('big'), Buffer.alloc(300_000, 'x'));
  await new Promise((resolve) => pipeline(fs.createReadStream(at('big')), fs.createWriteStream(at('copy')), (e) => { log('copied', e); resolve(); }));
  log(fs.readFileSync(at('copy')).equals(fs.readFileSync(at('big'))));
  const handle = await fs.promises.open(at('in'));
  let text = '';
  for await (const c of fs.createReadStream(null, { fd: handle, encoding: 'utf8', end: 3 })) text += c;
  log(text);
  const cut = fs.createReadStream(at('big'));
  cut.once('data', () => cut.destroy());
  watch('cut', cut, R);
  await new Promise((resolve) => cut.on('close', resolve));
  const closing = fs.createWriteStream(at('closing'));
  closing.write('x');
  closing.close((e) => log('close callback', e));
  await new Promise((resolve) => closing.on('close', resolve));
  for (const f of [() => fs.createReadStream(5), () => fs.createReadStream(at('in'), { start: 5, end: 2 }), () => fs.createReadStream(at('in'), { start: 'a' }), () => fs.createWriteStream(at('x'), 7), () => fs.createReadStream(at('in'), 'nope')]) {
    try { f(); } catch (e) { log(e.name, e.code); }
  }
  log(fs.ReadStream === fs.FileReadStream, fs.createReadStream(at('in')).on('error', () => {}).destroy() instanceof fs.ReadStream, typeof fs.WriteStream);
  fs.rmSync(dir, { recursive: true });
})();
