// Web streams and their adapters.
const { Readable, Writable, Duplex } = require('stream');
const log = (...a) => console.log(...a);
const all = async (stream) => { const list = []; for await (const c of stream) list.push(c); return list; };

(async () => {
  let pulls = 0;
  const rs = new ReadableStream({ pull(c) { c.enqueue(pulls++); if (pulls === 3) c.close(); }, cancel(r) { log('cancelled', r); } }, { highWaterMark: 1 });
  log(rs.locked, await all(rs), rs.locked, pulls);
  const reader = ReadableStream.from(['a', 'b']).getReader();
  log(await reader.read(), await reader.read(), await reader.read(), await reader.closed);
  const failing = new ReadableStream({ start(c) { c.enqueue(1); c.error(new Error('broken')); } });
  await all(failing).catch((e) => log(e.message));
  const [left, right] = ReadableStream.from([1, 2]).tee();
  log(await Promise.all([all(left), all(right)]));

  const written = [];
  const ws = new WritableStream({ write(c) { written.push(c); }, close() { written.push('closed'); }, abort(r) { written.push(r); } }, new CountQueuingStrategy({ highWaterMark: 2 }));
  const writer = ws.getWriter();
  log(writer.desiredSize, ws.locked);
  writer.write('x');
  writer.write('y');
  log(writer.desiredSize);
  await writer.ready;
  await writer.close();
  log(written, writer.desiredSize);
  const bad = new WritableStream({ write() { throw new Error('sink'); } }).getWriter();
  await bad.write(1).catch((e) => log('write', e.message));
  await bad.closed.catch((e) => log('closed', e.message));

  const doubled = new TransformStream({ transform(c, k) { k.enqueue(c); k.enqueue(c); }, flush(k) { k.enqueue('end'); } });
  log(await all(ReadableStream.from([1, 2]).pipeThrough(doubled)));
  const sink = [];
  await ReadableStream.from(['p', 'q']).pipeTo(new WritableStream({ write(c) { sink.push(c); } }));
  log(sink);
  await failing.pipeTo(new WritableStream({ abort(e) { log('aborted', e.message); } })).catch((e) => log('pipeTo', e.message));
  log(await all(ReadableStream.from(['é', 'x']).pipeThrough(new TextEncoderStream()).pipeThrough(new TextDecoderStream())));

  const bytes = new ReadableStream({ type: 'bytes', pull(c) { const v = c.byobRequest.view; v[0] = 7; v[1] = 8; c.byobRequest.respond(2); } });
  const byob = bytes.getReader({ mode: 'byob' });
  log(await byob.read(new Uint8Array(4)));
  const auto = new ReadableStream({ type: 'bytes', autoAllocateChunkSize: 3, pull(c) { c.byobRequest.view.fill(1); c.byobRequest.respond(3); } });
  log(await auto.getReader().read());
  const queued = new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint8Array([1, 2, 3, 4, 5])); c.close(); } }).getReader({ mode: 'byob' });
  log(await queued.read(new Uint8Array(3)), await queued.read(new Uint16Array(1)).catch((e) => e.name));
  log(new ByteLengthQueuingStrategy({ highWaterMark: 9 }).size(new Uint8Array(4)), new CountQueuingStrategy({ highWaterMark: 9 }).highWaterMark);

  log(await all(Readable.toWeb(Readable.from(['n', 'm']))));
  log(await Readable.fromWeb(ReadableStream.from(['w', 'e'])).toArray());
  const out = [];
  const nodeWritable = Writable.fromWeb(new WritableStream({ write(c) { out.push(String(c)); } }));
  nodeWritable.end('to web');
  await new Promise((resolve) => nodeWritable.on('close', resolve));
  const w = Writable.toWeb(new Writable({ write(c, e, done) { out.push(String(c)); done(); } })).getWriter();
  await w.write('from web');
  await w.close();
  log(out);
  const pair = Duplex.toWeb(new Duplex({ read() { this.push('r'); this.push(null); }, write(c, e, done) { log('duplex', String(c)); done(); } }));
  const dw = pair.writable.getWriter();
  await dw.write('d');
  await dw.close();
  log((await all(pair.readable)).map((c) => Buffer.from(c).toString()));
  for (const f of [() => new ReadableStream({}).getReader({ mode: 'x' }), () => new ReadableStream(null), () => new ReadableStreamDefaultController(), () => rs.getReader() && rs.getReader(), () => new WritableStream({ type: 'bytes' }), () => new CountQueuingStrategy({})]) {
    try { f(); } catch (e) { log(e.name, e.code); }
  }
  log(Object.prototype.toString.call(rs), ReadableStream.name, ReadableStream.length, typeof require('stream/web').TransformStream);
})();
