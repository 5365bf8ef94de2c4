const { a, b: { c = 3, ...inner }, d = 4, ['e' + 1]: e, ...rest } = { a: 1, b: { x: 1, y: 2 }, e1: 5, f: 6, g: 7 };
console.log([a, c, JSON.stringify(inner), d, e, JSON.stringify(rest)].join(' '));
function f({ x = 1, y: { z } = { z: 2 } } = {}, [w] = [9]) { return `${x}${z}${w}`; }
console.log(f(), f({ x: 5 }), f({ y: { z: 8 } }, [7]), String(f.length));
let p, q; ({ p, q = 'dq', ...({}).x } = { p: 1, r: 2 }); console.log(p + q);
const { length } = 'hello'; console.log(String(length));
const { constructor: { name } } = 5; console.log(name);
for (const fn of [() => { const { k } = null; }, () => { const { k } = undefined; }, () => { const {} = null; }, () => { (({ k: { j } }) => j)({}); }, () => { const { [Symbol('s')]: v } = null; }, () => { let o; ({ k: p } = o); }])
  try { fn(); console.log('no error'); } catch (err) { console.log(err.message); }
for (const { id, tags: [t] } of [{ id: 1, tags: ['x'] }, { id: 2, tags: ['y'] }]) console.log(id + t);
try { throw { code: 7, why: ['w'] }; } catch ({ code, why: [w] }) { console.log(code + w); }
const fnName = ({ h = function () {}, i = () => {}, j = class {} }) => [h.name, i.name, j.name].join(); console.log(fnName({}));
