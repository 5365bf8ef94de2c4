// Console: what a sequence of calls writes; each entry gets `side`, which gives the modules of one implementation.
const out = [];
const add = (f, options = {}) => out.push(() => [(side) => {
  let text = '';
  const stream = (mark) => ({ write(s) { text += mark + s; }, on() {}, once() {}, removeListener() {}, listenerCount: () => 0 });
  const c = new (side('console').Console)({ stdout: stream('o:'), stderr: stream('e:'), ...options });
  f(c);
  return text.replace(/[\d.]+ms/g, 'Nms').replace(/\n    at .*/g, '');
}]);
const T = [1, 'x', null, undefined, [], {}, [1, 2, 3], ['a', { b: 1 }], [[1, 2], [3, 4]], [[1, 2], 3], [{ a: 1, b: 'x' }, { a: 2, c: true }], [{ a: 1 }, 5, null, undefined], { x: { a: 1 }, y: { b: 2 } }, { a: 1, b: [1, 2] }, new Map([['a', 1], ['b', { c: 2 }]]), new Set([1, 'a', [1]]), new Map([[1, 2]]).entries(), new Map([[1, 2]]).keys(), new Map([[1, 2]]).values(), new Set([1]).values(), new Set([1]).entries(), [{ name: '中文' }, { name: '😀' }], [{ a: { b: 1 } }, { a: { b: 1, c: 2, d: 3 } }, { a: [1, 2, 3, 4, 5] }], [[]], [{}], 'str', () => {}, [() => {}, Symbol('x')], [{ a: 'line\nbreak' }], new (class Foo { constructor() { this.a = { x: 1 }; } })(), [new Date(0), /x/], new Uint8Array(3), Object.assign([1, 2], { k: 3 }), [{ '': 1 }], new Map(), new Set(), [undefined, null], [[undefined]]];
for (const t of T) { add((c) => c.table(t)); add((c) => c.table(t, ['a'])); add((c) => c.table(t, [])); add((c) => c.table(t, ['b', 'zzz'])); add((c) => { c.group('g'); c.table(t); }, { colorMode: true }); }
add((c) => c.table([], 5)); add((c) => c.table([1], 'x')); add((c) => c.table(5, 5));
const V = [1, 'text', 'multi\nline', { a: 1 }, [1, 2, 3], null, undefined, () => {}, new Map([[1, { a: { b: { c: {} } } }]]), '%s', '%d%%', Symbol('x'), 5n];
for (const m of ['log', 'info', 'debug', 'warn', 'error', 'dir', 'dirxml', 'trace', 'group', 'groupCollapsed', 'count', 'countReset', 'time', 'timeLog', 'timeEnd', 'assert']) {
  for (const v of V) { if (typeof v === 'symbol' && /count|time/.test(m)) continue; add((c) => c[m](v)); add((c) => c[m](v, 'b', { c: 1 })); add((c) => { c.group(); c[m](v); c.groupEnd(); c[m](v); }); add((c) => { c[m](v); }, { colorMode: true }); add((c) => c[m](v), { inspectOptions: { depth: 0, compact: false } }); add((c) => { c.group('a'); c.group('b'); c[m](v); }, { groupIndentation: 4 }); }
  add((c) => c[m]());
}
for (const a of [[], ['m'], ['m %s', 1], [{ a: 1 }], [undefined], [null, 1]]) for (const e of [true, false, 0, '']) add((c) => c.assert(e, ...a));
add((c) => { c.time(); c.time('x'); c.timeLog('x', 1, { a: 1 }); c.timeEnd('x'); c.timeEnd(); }); add((c) => { c.count(); c.count('a'); c.count(); c.countReset(); c.count(); c.count(5); });
add((c) => { c.group('a'); c.groupEnd(); c.groupEnd(); c.log('x'); }); add((c) => c.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 })); add((c) => c.dir({ a: 1 }, { colors: true })); add((c) => c.clear()); add((c) => { const { log } = c; log('unbound'); });
add((c) => c.log(Object.keys(c))); add((c) => c.log(c)); add((c) => c.log(c.log.name, c.time.name, c.dirxml.name === 'dirxml', c.log.length));
const W = { write() {} };
for (const a of [[], [1], [W], [{}], [{ stdout: {} }], [{ stdout: W, stderr: 5 }], [{ stdout: W, colorMode: 'x' }], [{ stdout: W, inspectOptions: 5 }], [{ stdout: W, inspectOptions: { colors: true }, colorMode: true }], [{ stdout: W, groupIndentation: -1 }], [{ stdout: W, groupIndentation: 'x' }], [{ stdout: W, groupIndentation: 2000 }]]) out.push(() => [(side) => { const { Console } = side('console'); return [typeof new Console(...a), typeof Console(...a), new Console(...a) instanceof Console]; }]);
module.exports = out;
