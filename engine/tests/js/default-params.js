let log = [];
const t = (v) => (log.push(v), v);
function f(a = t('a'), b = t('b' + a), c = () => a + b) { var a2 = a; return c() + a2; }
console.log(f(), f('x'), log.join()); 
function scope(x, g = () => x) { var x = 'inner'; return g() + x; }
console.log(scope('outer'));
function scope2(x, g = () => x) { x = 'changed'; return g(); }
console.log(scope2('outer'));
try { (function (a = b, b = 1) {})(); } catch (e) { console.log(e.message); }
try { (function (a = a) {})(); } catch (e) { console.log(e.message); }
function args(a = 1) { arguments[0] = 9; return a + '' + arguments.length; }
console.log(args(5), args());
const arrow = (a, { b = a } = {}, ...[c = b]) => `${a}${b}${c}`; console.log(arrow(1), arrow(1, { b: 2 }, 3));
