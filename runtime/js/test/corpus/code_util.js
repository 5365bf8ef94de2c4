// util's functions: each entry gets `side`, which gives the modules of one implementation.
const out = [];
const add = (f) => out.push(() => [(side) => f(side('util'), side)]);
const P = (config) => add((u) => u.parseArgs(config));
const O = { foo: { type: 'string', short: 'f' }, bar: { type: 'boolean', short: 'b' }, list: { type: 'string', multiple: true, short: 'l' }, flags: { type: 'boolean', multiple: true }, 'no-x': { type: 'boolean' }, d: { type: 'string', default: 'dd' }, ds: { type: 'string', multiple: true, default: ['x'] } };
for (const args of [[], ['-f', 'x'], ['-fx'], ['--foo', 'x'], ['--foo=x'], ['--foo='], ['--foo'], ['-f'], ['-b'], ['--bar'], ['--bar=1'], ['-bf', 'x'], ['-bfx'], ['-bb'], ['--list', 'a', '-l', 'b', '--list=c'], ['--flags', '--flags'], ['pos'], ['--', '-f'], ['a', '--', 'b', '--foo'], ['-'], ['--foo', '-'], ['--foo', '-x'], ['-f', '--bar'], ['--unknown'], ['-u'], ['--unknown=1'], ['--no-bar'], ['--no-foo'], ['--no-x'], ['--no-nope'], ['--=x'], ['---'], ['--foo', '--'], ['-b', 'p', '-b'], ['-l', '-1'], ['--__proto__', 'x'], ['--d', '1', '--ds', '2'], ['-fb'], ['-xyz'], ['-fx=y'], ['-f=y'], [''], ['-b-f'], ['--bar', '--no-bar']]) {
  for (const extra of [{}, { strict: false }, { allowPositionals: true }, { tokens: true, allowPositionals: true }, { allowNegative: true }, { tokens: true, strict: false, allowNegative: true }, { allowNegative: true, tokens: true, allowPositionals: true }]) P({ args, options: O, ...extra });
}
for (const c of [1, null, { args: 1 }, { args: [], options: 1 }, { args: [], options: { a: 1 } }, { args: [], options: { a: {} } }, { args: [], options: { a: { type: 'x' } } }, { args: [], options: { a: { type: 'string', short: 'xx' } } }, { args: [], options: { a: { type: 'string', short: 1 } } }, { args: [], options: { a: { type: 'string', multiple: 1 } } }, { args: [], options: { a: { type: 'string', default: 1 } } }, { args: [], options: { a: { type: 'boolean', default: 'x' } } }, { args: [], options: { a: { type: 'string', multiple: true, default: ['x', 1] } } }, { args: [], strict: 1 }, { args: [], tokens: 'x' }, { args: [], options: { a: { type: 'boolean', multiple: true, default: true } } }]) P(c);
const T = [1, 'x', null, undefined, {}, [], () => {}, async () => {}, function* () {}, async function* () {}, (function* () {})(), new Map(), new Set(), new WeakMap(), new WeakSet(), new Map().keys(), new Set().keys(), new Date(), /x/, new Error('x'), Promise.resolve(), new Proxy({}, {}), new Proxy(() => {}, {}), Object(1), Object('s'), Object(true), Object(1n), Object(Symbol('x')), (function () { return arguments; })(), new ArrayBuffer(1), new SharedArrayBuffer(1), new DataView(new ArrayBuffer(1)), new Uint8Array(1), new Float32Array(1), new BigInt64Array(1), new Uint8ClampedArray(1), Object.create(Date.prototype), { __proto__: Error.prototype }, class {}];
for (const name of Object.keys(require('util').types)) T.forEach((v) => add((u) => String(u.types[name](v))));
for (const name of Object.keys(require('util').types)) add((u) => typeof u.types[name]);
for (const f of ['red', 'bold', ['bold', 'red'], ['red', 'underline', 'bgBlue'], 'nope', ['red', 'nope'], 5, null, undefined, [], 'none', ['none', 'red'], '#ff0000', '#f00', '#xyz', 'grey', 'blackBright', 'dim']) for (const t of ['text', '', 'a\u001b[39mb', 'a\u001b[22mb', 5, undefined, 'x\ny', '\u001b[31min\u001b[39m out']) {
  add((u) => JSON.stringify(u.styleText(f, t, { validateStream: false })));
  add((u) => JSON.stringify(u.styleText(f, t)));
  add((u) => JSON.stringify(u.styleText(f, t, { stream: { write() {}, on() {}, isTTY: true } })));
}
for (const o of [null, 1, { stream: 1 }, { validateStream: 1 }, { stream: {} }, { stream: process.stderr }]) add((u) => u.styleText('red', 'x', o));
for (const s of ['\u001b[31mfoo\u001b[39m', 'plain', '\u001b]8;;http://x.y\u0007link\u001b]8;;\u0007', '\u009b31mx', '\u001b[2Ka\u001b[1;2Hb', '\u001b[38;2;1;2;3mx', '\u001b(Bx', 5, null, '\u001b', '\u001b[']) add((u) => JSON.stringify(u.stripVTControlCharacters(s)));
for (const s of ['a\uD800b', 'ok', 5, '\uDC00', '\uD83D\uDE00']) add((u) => JSON.stringify(u.toUSVString(s)));
for (const m of ['text/plain', 'text/html; charset=utf-8', 'TEXT/Html;Charset="a b"', ' text/plain ', 'text', '/x', 'text/', 'te xt/x', 'text/x y', 'a/b;c=d;c=e;f="g\\"h";i', 'a/b;=x;y=;z="";w', 'a/b;c="unclosed', 'application/json ; a = b', '', 'a/b;c=\u0100;d=1', 'a/b ;q=1 ; r=2 ']) {
  add((u) => String(new u.MIMEType(m)));
  add((u) => { const t = new u.MIMEType(m); return [t.type, t.subtype, t.essence, [...t.params], String(t.params), JSON.stringify(t)]; });
}
add((u) => { const t = new u.MIMEType('a/b'); t.type = 'X'; t.subtype = 'Y'; t.params.set('k', 'v w'); t.params.set('k2', ''); t.params.delete('nope'); return [String(t), t.params.has('k'), t.params.get('zz'), [...t.params.keys()], [...t.params.values()]]; });
for (const v of ['', 'a b', 5]) { add((u) => { new u.MIMEType('a/b').type = v; }); add((u) => { new u.MIMEType('a/b').subtype = v; }); add((u) => new u.MIMEType('a/b').params.set(v, 'x')); add((u) => new u.MIMEType('a/b').params.set('x', '\u0100')); }
for (const e of [-1, -2, -13, -111, 1, 0, 'x', -99999, 1.5, undefined, -1.5]) { add((u) => u.getSystemErrorName(e)); add((u) => u.getSystemErrorMessage(e)); }
add((u) => u.getSystemErrorMap().get(-2)); add((u) => { const e = u._errnoException(-2, 'open', 'orig'); return [e.message, { ...e }]; }); add((u) => { const e = u._exceptionWithHostPort(-111, 'connect', '1.2.3.4', 80, 'x:1'); return [e.message, { ...e }]; });
for (const a of [[], [1], [function A() {}], [function A() {}, 1], [function A() {}, null], [function A() {}, function B() {}], [function A() {}, () => {}], [null, function () {}]]) add((u) => { u.inherits(...a); return [a[0].super_ === a[1], Object.getPrototypeOf(a[0].prototype) === a[1].prototype, Object.getOwnPropertyDescriptor(a[0], 'super_').enumerable]; });
for (const a of [1, null, 'x', {}]) { add((u) => u.promisify(a)); add((u) => u.callbackify(a)); add((u) => u.deprecate(a, 'm')); add((u) => u.deprecate(() => {}, 'm', a)); add((u) => u.inspect.defaultOptions = a); add((u) => u.formatWithOptions(a)); add((u) => u.debuglog(a).enabled); add((u) => u.parseEnv(a)); add((u) => u._extend({ q: 1 }, a)); }
add((u) => { function f(a, b, cb) {} f.x = 1; const p = u.promisify(f); return [p.name, p.length, p.x, p === u.promisify(p), p[u.promisify.custom] === p, Object.getPrototypeOf(p) === Function.prototype]; });
add((u) => { const f = () => {}; f[u.promisify.custom] = 5; return u.promisify(f); });
add((u) => { async function foo(a) {} const c = u.callbackify(foo); return [c.name, c.length]; });
add((u) => u.callbackify(async () => {})()); add((u) => u.callbackify(async () => {})(5));
add((u) => { function foo(a, b) { return [this && this.k, a, b, new.target === undefined]; } const d = u.deprecate(foo, 'msg', 'DEP_T1', {}); process.noDeprecation = true; const r = [d.call({ k: 1 }, 2, 3), d.length, d.name, d.prototype === foo.prototype, Object.getPrototypeOf(d) === foo]; process.noDeprecation = undefined; return r; });
add((u) => Object.keys(u).filter((k) => !['transferableAbortSignal', 'transferableAbortController', 'setTraceSigInt'].includes(k)).sort());
add((u) => Object.keys(u.inspect)); add((u) => Object.getOwnPropertyNames(u.inspect.colors)); add((u) => u.inspect.styles); add((u) => u.inspect.defaultOptions);
for (const a of [[5], [0], ['x'], [201], [1, 5], [{ sourceMap: 5 }], [null]]) add((u) => u.getCallSites(...a).length > 0);
add((u) => u.isArray([])); add((u) => u.inspect.length + u.inspect.name + u.format.length + u.format.name + u.promisify.length + u.inherits.length);
for (const [a, b] of [['ab', 'ac'], [['a', 'b'], ['a', 'c', 'b']], ['', ''], ['same', 'same'], [[], ['x']], [1, 2], ['a', ['a']], [[1], ['a']]]) add((u) => u.diff(a, b));
module.exports = out;
