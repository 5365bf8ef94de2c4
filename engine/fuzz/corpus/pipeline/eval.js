function f(a, b = eval('var hidden = a; hidden')) { eval('var late = a + b; function g() { return late }'); return [late, g(), typeof hidden, delete late] }
f(1); (0, eval)('let q = 1; q'); with ({ x: 1, [Symbol.unscopables]: { y: true }, y: 2 }) { x = eval('x + 1'); typeof y }
class C { p = eval('this'); m() { return eval('super.toString') } } new C().m();
