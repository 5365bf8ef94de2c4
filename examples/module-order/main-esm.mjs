// Teaches: an ES module is evaluated inside a promise job, so when it ends the microtask
// queue is already being emptied: promises come before ticks. And imports run first, in the
// order they are written, before a single line of this file.
// Predict: where does 'dependency' go? Is n1 before p1, as in main-commonjs.cjs?
console.log('script starts');
import { name } from './dependency.mjs';

process.nextTick(() => console.log('n1'));
Promise.resolve().then(() => {
  console.log('p1');
  process.nextTick(() => console.log('n3'));
  queueMicrotask(() => console.log('m2'));
});
queueMicrotask(() => console.log('m1'));
process.nextTick(() => console.log('n2'));
console.log(`script ends, imported ${name}`);
