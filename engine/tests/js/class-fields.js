const order = [];
const note = (v) => { order.push(v); return v; };
class A { a = note('a'); static s = note('static s'); [note('key')] = note('value'); b = this.a + '!'; arrow = () => this.b; static t = this.name + this.s; noInit; 'quoted key' = 1; 42 = 'num'; }
order.push('-');
const x = new A();
console.log(order.join(' '));
console.log(x.b, x.arrow.call(null), A.t, String('noInit' in x), Object.keys(x).join('|'));
class Base { constructor() { this.seen = Object.keys(this).join(); } f = 1; }
class Sub extends Base { g = 2; }
console.log(new Sub().seen, Object.keys(new Sub()).join());
class Over { get v() { return 'getter'; } }
class Own extends Over { v = 'own'; }
console.log(new Own().v);
class F { fn = function () {}; ar = () => {}; cl = class {}; }
const f = new F(); console.log(f.fn.name, f.ar.name, f.cl.name);
