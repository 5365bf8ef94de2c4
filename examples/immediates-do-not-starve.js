// Teaches: an immediate that queues an immediate is polite. The new one waits for the next
// turn, so timers and files get their chance in between.
// Predict: in which order do the two rounds come? Will the timeout wait until the chain of
// immediates ends, as it would wait for a chain of ticks?
setImmediate(() => {
  console.log('round 1: a');
  setImmediate(() => console.log('round 2: a'));
});
setImmediate(() => {
  console.log('round 1: b');
  setImmediate(() => console.log('round 2: b'));
  setImmediate(second);
});

function second() {
  setTimeout(() => console.log('the timeout ran while immediates kept coming'), 1);
  let rounds = 3;
  setImmediate(function again() {
    const until = Date.now() + 5;
    while (Date.now() < until);
    if (--rounds > 0) setImmediate(again);
    else console.log('the chain ends');
  });
}
