// Rest arrays and arguments objects that closures share, in functions that also need their own name or new.target.
const curry = (f) => function c(...a) { return a.length >= f.length ? f(...a) : (...b) => c(...a, ...b); };
console.log(String(curry((a, b, c) => a + b + c)(1)(2)(3)));
const g = function h() { return () => [h.name, arguments.length, arguments[0]].join(); };
console.log(g('x', 'y')());
class A { constructor(...r) { this.f = () => [new.target.name, r.join('-')].join(); } }
console.log(new A(1, 2, 3).f());
function outer(p, ...[q, r]) { return () => [p, q, r, this === undefined].join(); }
console.log(outer.call(1, 'a', 'b', 'c')());
