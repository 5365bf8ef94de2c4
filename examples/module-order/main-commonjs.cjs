// Teaches: a CommonJS script is an ordinary callback: when it ends, ticks drain before
// promises. Compare it with main-esm.mjs: the same lines, another order.
// Predict: both orders, then run both.
process.nextTick(() => console.log('n1'));
Promise.resolve().then(() => {
  console.log('p1');
  process.nextTick(() => console.log('n3'));
  queueMicrotask(() => console.log('m2'));
});
queueMicrotask(() => console.log('m1'));
process.nextTick(() => console.log('n2'));
console.log('script ends');
