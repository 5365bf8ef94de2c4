class A {
  #x = 1; static #count = 0; #m() { return 'm' + this.#x; } get #g() { return this.#x * 10; } set #g(v) { this.#x = v; }
  static #sm() { return 'sm'; }
  constructor() { A.#count++; }
  test() { this.#x += 4; this.#g = this.#g + 1; return [this.#x, this.#m(), A.#count, A.#sm()].join(); }
  static has(o) { return #x in o; }
  static read(o) { return o.#x; }
  static write(o) { o.#x = 1; }
  static call(o) { return o.#m(); }
  setm() { this.#m = 1; }
  opt(o) { return o?.#x; }
}
const a = new A();
console.log(a.test(), String(A.has(a)), String(A.has({})));
for (const f of [() => A.read({}), () => A.write({}), () => A.call({}), () => a.setm(), () => A.has(1)]) {
  try { f(); } catch (e) { console.log(e.name + ': ' + e.message); }
}
console.log(String(a.opt(null)), String(a.opt(a)), Object.keys(a).length + '');
class RO { get #v() { return 1; } w() { this.#v = 2; } } class WO { set #v(x) {} r() { return this.#v; } }
try { new RO().w(); } catch (e) { console.log(e.message); }
try { new WO().r(); } catch (e) { console.log(e.message); }
class P extends (function (o) { return o; }) { #stamp = 'st'; static get(o) { return o.#stamp; } }
const o = {}; new P(o); console.log(P.get(o));
try { new P(o); } catch (e) { console.log(e.message); }
