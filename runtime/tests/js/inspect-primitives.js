console.log(1, -0, NaN, 1n, true, null, undefined, 'str', Symbol('s'), Symbol(), Infinity, 1e21);
console.log([1, -0, 'str', 'it\'s', "both ' and \"", `all ' " \``, 'new\nline', '\u0000\x1b\t\\', 1n, Symbol('x y'), null, undefined]);
console.log(''); console.log(); console.log(['']); console.log('a', ['b'], 'c', { d: 'e' }); console.log('%'); console.log(['\ud800', '\u{1F600}', 'é', '\u200b', '\u007f']);
console.log({ a: 'it\'s', b: -0, c: 'x"y' }); console.log(new String('abc'), new Number(-0), new Boolean(false), Object(Symbol('q')), Object(5n)); console.log([new String('in'), Object(1)]);
const s = new String('ab'); s.extra = 1; console.log(s); const n = new Number(3); n.x = 'y'; console.log(n); console.log([Object.assign(new Boolean(true), { z: [1] })]);
