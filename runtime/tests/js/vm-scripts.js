// node:vm: scripts in this context and in others, what both sides see, and errors.
const vm = require('vm');
console.log(vm.runInThisContext('typeof require + typeof globalThis.process'));
const sandbox = { a: 1, log: [] };
vm.createContext(sandbox);
console.log(vm.isContext(sandbox), vm.isContext({}));
console.log(vm.runInContext('b = a + 1; var c = 3; let hidden = 4; log.push(b, hidden); this.d = [1]; b', sandbox), Object.keys(sandbox).sort(), sandbox.log);
console.log(vm.runInContext('hidden + c', sandbox), 'hidden' in sandbox);
console.log(vm.runInContext('[] instanceof Array', sandbox), sandbox.d instanceof Array, Array.isArray(sandbox.d));
sandbox.a = 10;
console.log(vm.runInContext('a', sandbox), vm.runInContext('delete b; typeof b', sandbox), 'b' in sandbox);
console.log(vm.runInNewContext('x * y', { x: 6, y: 7 }));
const script = new vm.Script('n = (typeof n === "undefined" ? 0 : n) + 1', { filename: 'counter.js' });
const one = vm.createContext();
console.log(script.runInContext(one), script.runInContext(one), script.runInNewContext(), one.n);
for (const f of [
  () => new vm.Script('let = ;', { filename: 'bad.js' }),
  () => vm.runInThisContext('throw new RangeError("inside")', 'thrown.js'),
  () => vm.runInContext('1', {}),
  () => vm.runInThisContext(5),
  () => vm.runInNewContext('for (;;);', {}, { timeout: 20 }),
  () => vm.runInNewContext('nope'),
]) {
  try {
    console.log(f());
  } catch (error) {
    console.log(error.name, error.code, error.message);
  }
}
const lines = (() => {
  try { vm.runInThisContext('\n\n  missing()', { filename: 'at.js', lineOffset: 10 }); } catch (error) { return error.stack.split('\n').filter((line) => line.includes('at at.js')); }
  return [];
})();
console.log(lines[0]);
const f = vm.compileFunction('return a + b + (typeof c)', ['a', 'b'], { contextExtensions: [{ c: 1 }] });
console.log(f(1, 2), f.length);
console.log(Object.prototype.toString.call(vm.runInNewContext('new Map([[1, 2]])')), vm.runInNewContext('({}).constructor === Object'));
const frozen = vm.createContext(Object.freeze({ k: 1 }));
console.log(vm.runInContext('k = 2; k', frozen), frozen.k);
const getters = vm.createContext({ get g() { return 'got'; }, set s(v) { this.seen = v; } });
console.log(vm.runInContext('s = 5; g', getters), getters.seen, vm.runInContext('seen', getters));
