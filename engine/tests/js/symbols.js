const s = Symbol('desc'); console.log(s.toString(), s.description, String(Symbol().description), String(Symbol.for('k') === Symbol.for('k')), Symbol.keyFor(Symbol.for('k')), String(Symbol.keyFor(s)));
for (const f of [() => s + '', () => `${s}`, () => +s, () => new Symbol(), () => s * 2, () => Symbol.keyFor('x')]) try { f(); } catch (e) { console.log(e.message); }
const o = { [s]: 1, a: 2, [Symbol.iterator]: null }; console.log(JSON.stringify(o), String(Object.getOwnPropertySymbols(o).length), Reflect.ownKeys(o).map(String).join());
class Even { static [Symbol.hasInstance](n) { return n % 2 === 0; } } console.log(String(2 instanceof Even), String(3 instanceof Even));
const p = { [Symbol.toPrimitive](hint) { return hint === 'number' ? 42 : hint; } }; console.log(`${p}`, String(+p), p + '', String(p * 1), String([p] + ''));
console.log(Object.prototype.toString.call({ [Symbol.toStringTag]: 'Tag' }), Object(s) == s ? 'eq' : 'ne', typeof Object(s));
const con = { length: 2, 0: 'x', 1: 'y', [Symbol.isConcatSpreadable]: true }; console.log([1].concat(con).join());
console.log({ [Symbol('named')]() {} }[Object.getOwnPropertySymbols({})[0]] === undefined ? 'ok' : 'no', Object.values(Object.getOwnPropertyDescriptors({ [s]: () => {} })).length + '');
const fn = { [s]: () => {} }[s]; console.log(fn.name); try { p[Symbol.toPrimitive] = () => ({}); +p; } catch (e) { console.log(e.message); }
try { p[Symbol.toPrimitive] = 1; +p; } catch (e) { console.log(e.message); }
console.log(String(s in o), ['unscopables', 'match', 'species', 'asyncIterator', 'dispose', 'asyncDispose'].map((n) => String(Symbol[n])).join());
