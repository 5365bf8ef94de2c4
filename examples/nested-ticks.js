// Teaches: a tick queued by a tick joins the queue that is being emptied, so it runs in this
// same round: before any promise, however late it was queued.
// Predict: where does 'tick 1.1.1' go, and where does the promise made inside tick 1 go?
process.nextTick(() => {
  console.log('tick 1');
  Promise.resolve().then(() => console.log('promise made by tick 1'));
  process.nextTick(() => {
    console.log('tick 1.1');
    process.nextTick(() => console.log('tick 1.1.1'));
  });
});

process.nextTick(() => console.log('tick 2'));
Promise.resolve().then(() => console.log('promise made by the script'));
setImmediate(() => console.log('immediate, when both queues are empty'));
