// Teaches: nextTick callbacks and promise callbacks wait in two queues. When the script ends,
// the tick queue is emptied first, then the promise (microtask) queue, and only then may the
// loop go on to its phases.
// Predict: write down the order of the seven lines.
console.log('script starts');

setImmediate(() => console.log('immediate'));
Promise.resolve().then(() => console.log('promise 1'));
process.nextTick(() => console.log('tick 1'));
queueMicrotask(() => console.log('microtask 2'));
process.nextTick(() => console.log('tick 2'));

console.log('script ends');
