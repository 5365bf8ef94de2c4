// querystring and string_decoder; each entry gets `side`, which gives the modules of one implementation.
const out = [];
const add = (f) => out.push(() => [f]);
for (const s of ['', 'a=1&b=2', 'a=1&a=2&a=3', 'a', 'a=', '=a', '=', '&&a&&', 'a=b=c', 'a+b=c+d', '%41=%zz', '%', '%e4', 'a=%E4%BD%A0', 'a%20b=c%2Bd', '__proto__=1', 'toString=1', 'a=%u0041', 'a;b=1', 'x=%F0%9F%98%80&y=+%2B', 5, null, undefined, {}]) {
  add((side) => side('querystring').parse(s)); add((side) => side('querystring').parse(s, ';', ':')); add((side) => side('querystring').parse(s, '&', '=', { maxKeys: 1 })); add((side) => side('querystring').parse(s, '&', '=', { maxKeys: 0 })); add((side) => side('querystring').parse(s, null, null, { decodeURIComponent: (x) => `<${x}>` })); add((side) => side('querystring').parse(s, '&&', '=='));
}
for (const o of [{}, { a: 1 }, { a: [1, 2, 'x'] }, { a: null, b: undefined, c: NaN, d: true, e: false, f: {}, g: '', h: 5n, i: Infinity, j: () => {}, k: -1.5e30 }, { 'a b': 'c&d=e' }, { ü: '你' }, { a: [] }, [1, 2], 'str', null, 5, { a: '\ud800' }, { 'x\ud800': 1 }, { a: "!'()*-._~" }]) { add((side) => side('querystring').stringify(o)); add((side) => side('querystring').stringify(o, ';', ':')); add((side) => side('querystring').stringify(o, '&', '=', { encodeURIComponent: (x) => `<${x}>` })); add((side) => side('querystring').escape(o)); }
for (const s of ['%41', '%zz', 'a+b', '%E4', '%e4%bd%a0', '100%']) { add((side) => side('querystring').unescape(s)); add((side) => side('querystring').unescapeBuffer(s).toString('hex')); }
const bytes = [Buffer.from('héllo €𝄞'), Buffer.from([0xff, 0xe2, 0x82, 0xc0, 0x80, 0xf0, 0x9f, 0x98]), Buffer.from([0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0xe2]), Buffer.from('a𝄞b', 'utf16le'), Buffer.from([0x3d, 0xd8, 0x4d]), Buffer.from([1, 2, 3, 4, 5])];
for (const encoding of ['utf8', 'utf16le', 'base64', 'base64url', 'hex', 'latin1', 'ascii', 'UCS2', 'binary', undefined, null, '', 'nope', 5]) for (const b of bytes) for (const size of [1, 2, 3, 4, 99]) add((side) => {
  const d = new (side('string_decoder').StringDecoder)(encoding);
  const list = [d.encoding];
  for (let i = 0; i < b.length; i += size) list.push(d.write(b.subarray(i, i + size)), d.lastNeed, d.lastTotal);
  list.push(d.end());
  return list;
});
for (const v of [5, null, undefined, {}, 'str', new Uint16Array([0x41, 0x42])]) add((side) => new (side('string_decoder').StringDecoder)().write(v));
module.exports = out;
