// assert: messages and properties of what each method throws; each entry gets `side`, which gives the modules of one implementation.
const S = '\n    at one (file.js:1:1)';
const er = (m, p, C = Error) => Object.assign(new C(m), { stack: `${C.name}: ${m}${S}` }, p);
const circ = { a: 1 }; circ.self = circ;
const long = (n, f) => Array.from({ length: n }, (_, i) => f(i));
class A { constructor() { this.x = 1; } }
const V = [1, 2, -0, 0, NaN, '1', 'a', 'hello world, this is long', 'hello world, this was long', 'a\nb\nc', 'a\nb\nd', 'x'.repeat(100), 'x'.repeat(99) + 'y', null, undefined, true, 5n, Symbol('s'), {}, [], { a: 1 }, { a: 1, b: { c: [1, 2, 3] } }, { a: 1, b: { c: [1, 2, 4] } }, { b: { c: [1, 2, 3] }, a: 1 }, [1, 2, 3], [1, 2, 3, 4], [1, [2, [3]]], new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]]), new Set([1, 2]), new Set([2, 3]), new A(), new Date(0), new Date(1), /a/, /b/g, () => {}, function foo() {}, er('x'), er('y'), er('x', {}, TypeError), er('x', { code: 1 }), circ, long(30, (i) => i), long(30, (i) => (i === 15 ? 'x' : i)), long(60, (i) => ({ i })), long(60, (i) => ({ i: i % 20 ? i : -1 })), long(70, (i) => `line ${i}`).join('\n'), Object.create(null), new Uint8Array(3), new Uint8Array([0, 1, 0]), { get g() { return 5; } }, { [Symbol('k')]: 1 }, Object('boxed'), new Proxy({ a: 1 }, {}), Promise.resolve(1), new WeakMap(), [undefined], [,], ['a', 'b'], { 'key with space': "it's" }];
const out = [];
const add = (f) => out.push(() => [(side) => {
  const assert = side('assert');
  try {
    f(assert);
    return 'no error';
  } catch (e) {
    const { actual, expected, operator, generatedMessage, code, diff, name } = e;
    return [e.message, String(e), e.stack.split('\n    at')[0], require('util').inspect([actual, expected, operator, generatedMessage, code, diff, name], { depth: 4 }), Object.keys(e).join()].join('\n');
  }
}]);
for (const m of ['strictEqual', 'deepStrictEqual', 'deepEqual', 'equal', 'notStrictEqual', 'notDeepStrictEqual', 'notDeepEqual', 'notEqual', 'partialDeepStrictEqual']) {
  for (const a of V) {
    add((assert) => assert[m](a, a));
    for (const b of m.startsWith('not') ? [a] : V) if (a !== b && !(m === 'partialDeepStrictEqual' && a instanceof Error)) add((assert) => assert[m](a, b));
    add((assert) => assert[m](a, { other: 1 }, 'custom message'));
    add((assert) => assert[m](a, a, 'custom message'));
  }
  add((assert) => assert[m](1)); add((assert) => assert[m]()); add((assert) => assert[m]({ a: 1 }, { a: 2 }, new TypeError('own')));
  add((assert) => assert.strict[m](1, '1')); add((assert) => assert.strict[m]([1], ['1'], 'x')); add((assert) => new assert.Assert({ diff: 'full' })[m](V[43], V[44])); add((assert) => new assert.Assert({ strict: false })[m](1, '1'));
  add((assert) => assert[m]({ a: 1 }, { b: 1 }, (x, y) => `fn ${typeof x}`)); add((assert) => assert[m](1, 1, ''));
}
for (const v of [0, '', null, undefined, false, NaN, 1]) for (const msg of [[], ['m'], [new RangeError('own')], [undefined], [null], [''], [5]]) { add((assert) => assert(v, ...msg)); add((assert) => assert.ok(v, ...msg)); add((assert) => assert.strict(v, ...msg)); }
add((assert) => assert()); add((assert) => assert.ok()); add((assert) => assert.ok(typeof 123 === 'string')); add((assert) => assert(  [1, 2].includes(")") )); add((assert) => { assert.ok(null, undefined); }); add((assert) => assert['ok'](false));
for (const a of [[], ['x'], [undefined], [new TypeError('t')], [5], [null]]) add((assert) => assert.fail(...a));
const throwers = [() => {}, () => { throw er('foo'); }, () => { throw er('foo', { code: 'X', name: 'TypeError' }); }, () => { throw er('bar', {}, TypeError); }, () => { throw 5; }, () => { throw null; }, () => { throw 'str'; }, () => { throw { message: 'obj' }; }, async () => {}, 'notfn', null];
const expects = [undefined, Error, TypeError, /foo/, /bar/, { message: 'foo' }, { message: /fo+/, name: 'Error' }, { message: /bar/, name: 'Error', code: 1 }, er('foo'), er('zzz'), () => true, () => false, function validate() { return 5; }, 'foo', 'message', {}, 5, null, [], class Foo extends Error {}, (e) => { throw er('inner'); }];
for (const t of throwers) for (const e of expects) for (const m of ['throws', 'doesNotThrow']) { add((assert) => assert[m](t, e)); add((assert) => assert[m](t, e, 'msg')); }
for (const t of throwers) { add((assert) => assert.throws(t)); add((assert) => assert.doesNotThrow(t)); }
for (const v of [null, undefined, 0, '', 5, 'x', er('boom'), { message: '' }, { message: 'm' }, {}, [], er('', {}, TypeError), false]) add((assert) => assert.ifError(v));
for (const s of ['abc', '', 5, null, undefined, {}]) for (const r of [/b/, /x/, 'b', null]) for (const msg of [[], ['m'], [new Error('own')]]) { add((assert) => assert.match(s, r, ...msg)); add((assert) => assert.doesNotMatch(s, r, ...msg)); }
for (const o of [undefined, null, {}, { message: 'm' }, { actual: 1, expected: 2, operator: 'strictEqual' }, { actual: 1, expected: 2, operator: 'foo' }, { message: 'm', operator: 'x', actual: 1, expected: 2 }, { actual: [1], expected: [2], operator: 'deepStrictEqual', diff: 'full' }, { diff: 'bad' }, { details: [{ message: 'd', actual: 1, expected: 2, operator: 'o', stack: 's' }] }, 5]) add((assert) => { throw new assert.AssertionError(o); });
add((assert) => assert.Assert()); add((assert) => new assert.Assert({ diff: 'x' })); add((assert) => { throw Object.assign(new Error(Object.keys(assert).filter((k) => k !== 'CallTracker').sort().join()), { stack: '' }); }); add((assert) => { throw Object.assign(new Error(Object.keys(assert.strict).filter((k) => k !== 'CallTracker').sort().join()), { stack: '' }); }); add((assert) => { throw Object.assign(new Error(Object.keys(new assert.Assert()).sort().join()), { stack: '' }); });
add((assert) => { throw Object.assign(new Error(['ok', 'equal', 'throws', 'rejects', 'match', 'fail', 'ifError', 'deepStrictEqual'].map((k) => `${assert[k].name}/${assert[k].length}`).join()), { stack: '' }); });
add((assert) => { try { assert.strictEqual('x\n'.repeat(20), 1); } catch (e) { throw Object.assign(new Error(require('util').inspect(e).split('\n').filter((l) => !/^\s+at /.test(l)).join('\n')), { stack: '' }); } });
module.exports = out;
