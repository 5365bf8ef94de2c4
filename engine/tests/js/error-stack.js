// The shape of a stack: names, positions; folders are cut away.
const base = (s) => s.split('\n').filter((l) => l.includes('error-stack.js') || !l.includes('    at ')).map((l) => l.replace(/\(?[^( ]*error-stack\.js/, (m) => (m.startsWith('(') ? '(' : '') + 'error-stack.js')).join('\n');
function thrower() { throw new Error('in function'); }
const arrow = () => { thrower(); };
class K { constructor(t) { if (t) arrow(); } method() { new K(true); } static stat() { new K().method(); } get g() { return K.stat(); } #priv() { return this.g; } run() { return this.#priv(); } }
const obj = { lit() { new K().run(); }, 'quoted name': function () { obj.lit(); }, fn: () => obj['quoted name'](), [Symbol('sym')]: 1 };
try { [1].forEach(() => obj.fn()); } catch (e) { console.log(base(e.stack)); }
try { null.x; } catch (e) { console.log(base(e.stack)); }
try { (function () { undefinedName; })(); } catch (e) { console.log(base(e.stack)); }
const o2 = {}; (function named() { Error.captureStackTrace(o2); })(); console.log(base(o2.stack));
function hidden() { const t = { name: 'T', message: 'M' }; Error.captureStackTrace(t, hidden); return t; } console.log(base(hidden().stack));
Error.stackTraceLimit = 1; console.log(String(new Error('one').stack.split('\n').length)); Error.stackTraceLimit = 0; console.log(new Error('none').stack); Error.stackTraceLimit = 10;
function* gen() { yield new Error('gen').stack; } console.log(base(gen().next().value)); const bound = thrower.bind(null); try { bound(); } catch (e) { console.log(base(e.stack)); }
try { [3, 1].sort(function cmp() { throw new TypeError('cmp'); }); } catch (e) { console.log(base(e.stack)); } try { JSON.parse('{"a":1}', function reviver() { throw new Error('rev'); }); } catch (e) { console.log(base(e.stack)); }
