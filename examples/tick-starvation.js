// Teaches: a tick that queues a tick keeps the loop from moving. Timers that are long due and
// immediates must wait until the chain stops. This chain stops after 5; without the limit
// nothing else would ever run.
// Predict: at which count does the timeout get its turn?
let count = 0;

function again() {
  count += 1;
  console.log(`tick ${count}`);
  const until = Date.now() + 3;
  while (Date.now() < until); // let the timer become due
  if (count < 5) process.nextTick(again);
}

setTimeout(() => console.log(`timeout, after ${count} ticks`), 1);
process.nextTick(again);
console.log('script ends');
