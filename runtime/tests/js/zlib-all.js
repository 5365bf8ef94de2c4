// node:zlib: the formats there and back, streams, dictionaries, flushes, and what broken input says.
const zlib = require('zlib');
const { pipeline, Readable } = require('stream');
const text = 'the quick brown fox '.repeat(200);
for (const [pack, unpack] of [['gzipSync', 'gunzipSync'], ['deflateSync', 'inflateSync'], ['deflateRawSync', 'inflateRawSync'], ['brotliCompressSync', 'brotliDecompressSync'],
  ['gzipSync', 'unzipSync'], ['deflateSync', 'unzipSync']]) {
  const packed = zlib[pack](text);
  console.log(pack, packed.length < 400, zlib[unpack](packed).toString() === text);
}
console.log(zlib.deflateSync('abc').toString('hex'), zlib.deflateRawSync(Buffer.alloc(0)).toString('hex'), zlib.crc32('hello'), zlib.crc32('lo', zlib.crc32('hel')));
for (const level of [0, 1, 9]) console.log(level, zlib.inflateSync(zlib.deflateSync(text, { level })).length);
const fail = (f) => {
  try { console.log(String(f())); } catch (error) { console.log(error.name, error.code, error.errno, error.message); }
};
fail(() => zlib.gunzipSync('not gzip at all'));
fail(() => zlib.inflateSync(zlib.deflateSync(text).subarray(0, 20)));
fail(() => zlib.inflateSync(zlib.deflateSync(text), { maxOutputLength: 10 }));
fail(() => zlib.deflateSync(5));
fail(() => zlib.deflateSync('x', { level: 99 }));
fail(() => zlib.createGzip({ chunkSize: 1 }));
const corrupt = zlib.gzipSync(text);
corrupt[corrupt.length - 6] ^= 1;
fail(() => zlib.gunzipSync(corrupt));
console.log(zlib.gunzipSync(Buffer.concat([zlib.gzipSync('one '), zlib.gzipSync('two')])).toString());
console.log(zlib.constants.Z_BEST_COMPRESSION, zlib.constants.BROTLI_PARAM_QUALITY, zlib.codes.Z_DATA_ERROR, zlib.codes['-3']);

zlib.gzip(text, (error, packed) => {
  console.log('async', error, zlib.gunzipSync(packed).length);
  zlib.inflate(Buffer.from('junk'), (problem, result) => {
    console.log(problem.code, result);
    streams();
  });
});

function streams() {
  const parts = [];
  pipeline(Readable.from([text.slice(0, 1000), text.slice(1000)]), zlib.createGzip(), zlib.createGunzip(), async function* (source) {
    for await (const chunk of source) parts.push(chunk.length);
  }, (error) => {
    console.log('streamed', error, parts.reduce((a, b) => a + b, 0));
    const deflate = zlib.createDeflate();
    const inflate = zlib.createInflate();
    deflate.pipe(inflate);
    inflate.on('data', (chunk) => console.log('flushed', String(chunk)));
    inflate.on('end', () => console.log('end', inflate.bytesWritten > 0));
    deflate.write('first');
    deflate.flush(() => setTimeout(() => deflate.end('second'), 5));
    zlib.createGunzip().on('error', (problem) => console.log('stream error', problem.code)).end('no gzip');
  });
}
