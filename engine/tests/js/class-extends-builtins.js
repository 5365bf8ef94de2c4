class Stack extends Array { peek() { return this[this.length - 1]; } }
const s = Stack.of(1, 2, 3);
console.log(String(s.peek()), String(s.length), String(s instanceof Stack), String(s.map((x) => x * 2) instanceof Stack), s.filter((x) => x > 1).peek() + '');
s.length = 1; console.log(s.join(), String(Array.isArray(s)));
class MyError extends Error { constructor(m) { super(m); this.name = 'MyError'; } }
const e = new MyError('boom');
console.log(String(e), String(e instanceof Error), e.stack.split('\n')[0]);
class DefaultMap extends Map { get(k) { return super.has(k) ? super.get(k) : 'dflt'; } }
console.log(new DefaultMap([['a', 1]]).get('a') + new DefaultMap().get('z'));
class P extends Promise { static get [Symbol.species]() { return Promise; } }
console.log(String(P.resolve(1) instanceof P), String(P.resolve(1).then(() => {}) instanceof P));
class F extends Function { constructor() { super('return 7'); } }
try { console.log(String(new F()())); } catch (err) { console.log(err.message); }
class N extends Number { twice() { return this * 2; } }
console.log(String(new N(4).twice()), typeof new N(1));
class R extends RegExp { test(x) { return !super.test(x); } }
console.log(String(new R('a').test('b')));
class D extends Date { y() { return this.getUTCFullYear(); } }
console.log(String(new D(0).y()));
class U8 extends Uint8Array { sum() { return this.reduce((a, b) => a + b, 0); } }
console.log(String(new U8([250, 10]).sum()), String(new U8(4).subarray(1).length));
