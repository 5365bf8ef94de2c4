// Teaches: since Node 11 ticks and microtasks run as soon as a timer's callback ends, before
// the next timer of the same phase. Node 10 ran both timers first: --node-semantics 10 shows it.
// Predict: does the second timer come before what the first one queued?
setTimeout(() => {
  console.log('timer 1');
  process.nextTick(() => console.log('tick of timer 1'));
  Promise.resolve().then(() => console.log('promise of timer 1'));
}, 1);
setTimeout(() => console.log('timer 2'), 1);
