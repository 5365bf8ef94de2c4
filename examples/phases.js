// Teaches: the phases of one loop turn. Everything below is scheduled from the same file
// callback, so it is clear which phase comes next: the callback runs in *poll*, after which
// ticks and promises drain, then *check* runs immediates, then the loop goes round to *timers*.
// Predict: number the six lines before you run it.
const fs = require('fs');

console.log('main: the script itself, before the loop turns');

fs.stat(__filename, () => {
  console.log('poll: the file answered');

  setTimeout(() => console.log('timers: a timeout'), 0);
  setImmediate(() => console.log('check: an immediate'));
  Promise.resolve().then(() => console.log('microtask: a promise'));
  process.nextTick(() => console.log('tick: process.nextTick'));
});
