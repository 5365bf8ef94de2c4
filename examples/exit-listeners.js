// Teaches: 'exit' listeners are the last synchronous code. Timers, immediates and ticks queued
// there never run; a promise callback still does. The exit code can be changed to the end.
// Predict: which of the four things queued in the first listener happen?
process.on('exit', (code) => {
  console.log('first listener, code', code);
  setTimeout(() => console.log('timer: never'), 0);
  setImmediate(() => console.log('immediate: never'));
  process.nextTick(() => console.log('tick: never'));
  Promise.resolve().then(() => console.log('promise: yes'));
  process.exitCode = 3;
});

process.on('exit', (code) => console.log('second listener, code', code));

process.exitCode = 2;
console.log('script ends');
