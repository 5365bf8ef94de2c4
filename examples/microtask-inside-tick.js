// Teaches: once the microtask queue has started it is emptied to the end. A tick queued by a
// promise callback waits until no promise callback is left, then ticks come first again.
// Predict: when does 'tick from promise 1' run: before or after promise 3?
Promise.resolve()
  .then(() => {
    console.log('promise 1');
    process.nextTick(() => {
      console.log('tick from promise 1');
      queueMicrotask(() => console.log('microtask from that tick'));
      process.nextTick(() => console.log('tick from that tick'));
    });
  })
  .then(() => console.log('promise 2'))
  .then(() => console.log('promise 3'));

process.nextTick(() => console.log('tick from the script'));
