// Paths and file URLs, with the characters that need care.
const { pathToFileURL } = require('url');
let printable = '';
for (let i = 32; i < 127; i++) printable += String.fromCharCode(i);
console.log(pathToFileURL(`/${printable}`).href);
console.log(pathToFileURL(`C:\\${printable}`, { windows: true }).href);
console.log(new URL('http://a/b^c?x^y#z^').href, new URL('data:a^b').href);
console.log(new URL('file:///C|/').href, new URL('file:///C|/a/b|').href, new URL('file:///Cx|/').href);
const u = new URL('file:///x');
u.pathname = '/D|/^';
console.log(u.href);
const { Assert } = require('assert');
const { strictEqual } = new Assert({ diff: 'full' });
try { strictEqual(1, 2); } catch (error) { console.log(error.diff); }
try { new Assert({ diff: 'full' }).strictEqual(1, 2); } catch (error) { console.log(error.diff); }
const { StringDecoder } = require('string_decoder');
const d = new StringDecoder('utf16le');
console.log([d.write(Buffer.from('3DD84D', 'hex')), d.end(), d.write(Buffer.from('3DD8', 'hex')), d.write(Buffer.from('4D', 'hex')), d.end()].map((t) => t.length));
console.log(Buffer.of(1, 2, 3, 4).copy(new Uint16Array(4)), Buffer.prototype.slice.call(new Uint8Array(3), 1) instanceof Buffer);
