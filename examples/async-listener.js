// Teaches: emit() doesn't wait for an async listener. It runs up to its first await; then
// emit() goes on to the next listener; the rest comes as a promise callback.
// Predict: where does 'saved' appear?
const EventEmitter = require('events');
const shop = new EventEmitter();

shop.on('order', async (item) => {
  console.log(`saving ${item}`);
  await null;
  console.log(`saved ${item}`);
});
shop.on('order', (item) => console.log(`thanks for the ${item}`));

console.log('emit');
shop.emit('order', 'tea');
console.log('emit returned');
process.nextTick(() => console.log('tick'));
