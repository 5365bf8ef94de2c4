// Teaches: a throw in a callback has no caller to catch it. 'uncaughtException' is the last
// stop. With a listener the loop goes on, and a strange thing shows: the next due timer of the
// same phase runs before the ticks that the thrower had queued.
// Predict: the order of A's tick and B.
process.on('uncaughtException', (error, origin) => {
  console.log(`last stop: ${error.message} (${origin})`);
});

setTimeout(() => {
  console.log('A');
  process.nextTick(() => console.log("A's tick"));
  Promise.resolve().then(() => console.log("A's promise"));
  throw new Error('thrown by A');
}, 10);

setTimeout(() => {
  console.log('B');
  process.nextTick(() => console.log("B's tick"));
}, 10);

const until = Date.now() + 30;
while (Date.now() < until); // both timers are due in the same phase
