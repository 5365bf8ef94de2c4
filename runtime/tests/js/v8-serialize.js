// v8.serialize: the bytes themselves, and values there and back.
const v8 = require('v8');
const { fork } = require('child_process');
if (process.argv[2] === 'child') {
  process.on('message', (message) => {
    process.send({ back: message, sum: message.bytes?.reduce((a, b) => a + b, 0) }, () => {
      if (message.last) process.disconnect();
    });
  });
  return;
}
const circular = { name: 'c' };
circular.self = circular;
const sparse = [1, , 3];
sparse.extra = 'x';
const values = [undefined, null, true, false, 0, -1, 127, -128, 2 ** 30, -(2 ** 30), 2 ** 31, -0, 1.5, NaN, Infinity, 0n, -1n, 2n ** 70n, '', 'abc', 'äé', 'π', 'a😀', 'x'.repeat(130), {}, { a: 1, 2: 'b', c: { d: [] } },
  [1, 'two', [3]], [1, , 3], Array(3), new Date(0), /a+/giu, Object(5), Object('s'), Object(true), Object(3n), new Map([[1, { a: 2 }], ['k', null]]), new Set([1, 'x']), Buffer.from('hi'), new Uint8Array([1, 2]),
  new Float64Array([1.5]), new Uint16Array([1, 2]).subarray(1), new DataView(new ArrayBuffer(2)), new ArrayBuffer(3), circular, [circular, circular]];
for (const value of values) {
  const bytes = v8.serialize(value);
  console.log(bytes.toString('hex'), v8.deserialize(bytes));
}
console.log(v8.serialize(sparse).toString('hex'), v8.deserialize(v8.serialize(sparse)));
const error = v8.deserialize(v8.serialize(Object.assign(new TypeError('bad', { cause: 1 }), { code: 'LOST' })));
console.log(error instanceof TypeError, error.message, error.cause, error.code);
for (const bad of [() => v8.serialize(() => 1), () => v8.serialize({ s: Symbol('q') }), () => v8.serialize(new WeakMap()), () => v8.deserialize(Buffer.from('ff0f6f', 'hex')), () => v8.deserialize(Buffer.from('00', 'hex')),
  () => v8.deserialize(Buffer.from('ff0f41ffffff7f', 'hex')), () => v8.deserialize(5)]) {
  try { console.log(bad()); } catch (problem) { console.log(problem.name, problem.message.slice(0, 60)); }
}
const s = new v8.Serializer();
s.writeHeader();
s.writeUint32(300);
s.writeUint64(1, 2);
s.writeDouble(0.5);
s.writeRawBytes(Buffer.from('raw'));
const written = s.releaseBuffer();
const d = new v8.Deserializer(written);
console.log(written.toString('hex'), d.readHeader(), d.getWireFormatVersion(), d.readUint32(), d.readUint64(), d.readDouble(), d.readRawBytes(3).toString());
const child = fork(__filename, ['child'], { serialization: 'advanced' });
const messages = [{ map: new Map([[1, new Set(['a'])]]), big: 5n }, { bytes: new Uint8Array(200000).fill(1), last: true }];
child.on('message', ({ back, sum }) => {
  console.log(back.map, back.big, back.bytes?.constructor.name, sum);
  if (messages.length > 0) child.send(messages.shift());
});
child.on('close', (code) => console.log('closed', code));
child.send(messages.shift());
