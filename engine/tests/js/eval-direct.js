const log = (...a) => console.log(a.map(String).join(' '));
const attempt = (f) => { try { log(f()); } catch (e) { log(`${e.name}: ${e.message}`); } };
function variables(a) { let inner = 2; eval('var added = a + inner; inner = 10'); return [added, inner, (() => added)(), delete added, typeof added]; }
log(variables(1));
function functions() { eval('function f() { return 5 } { function g() { return 6 } }'); return [f(), g()]; }
log(functions());
log((function () { 'use strict'; eval('var hidden = 1'); return typeof hidden; })());
log((function () { return eval('arguments.length'); })(1, 2, 3));
log((function (a) { eval('arguments[0] = 9'); return a; })(1));
log((function (a = eval('var outside = 4'), b = outside) { return [a, b, typeof outside]; })());
attempt(() => (function (a = eval('var a = 9')) {})());
attempt(() => { let x; eval('var x'); });
attempt(() => { { let x = 1; { eval('var x'); } } });
attempt(() => eval('super.x'));
attempt(() => eval('new.target'));
attempt(() => (function () { 'use strict'; eval('with (1) {}'); })());
class A { #p = 1; static read(o) { return eval('o.#p'); } m() { return eval('super.toString === Object.prototype.toString'); } f = eval('this.constructor.name'); }
log(A.read(new A()), new A().m(), new A().f);
attempt(() => new (class { f = eval('arguments'); })());
class B extends A { constructor() { eval('super()'); this.k = eval('new.target === B'); } }
log(new B().k);
log(eval('1; 2'), eval('"text"'), eval('{ 3 }'), eval('var u = 1'), eval(7), eval());
const indirect = eval; var top = 'global'; log((function () { var top = 'local'; return [eval('top'), indirect('typeof top'), (0, eval)('typeof top')]; })());
for (let i = 0; i < 2; i++) log(eval('i'));
log((function n() { eval('var n = 3'); return n; })());
function* gen() { eval('var y = 1'); yield y; yield eval('y + 1'); }
log([...gen()]);
(async () => { eval('var z = 1'); await null; log(eval('z')); })();
attempt(() => { try { throw 1; } catch (e) { eval('var e = 2'); return e; } });
attempt(() => eval('let l = 1; l') + typeof l);
log(eval(...['1 + 1']), (function (eval) { return eval('own'); })((x) => x + '!'));
