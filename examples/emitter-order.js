// Teaches: emit() is an ordinary function call. Listeners run now, one after the other, in
// the order they were added; once() listeners leave before they run; a listener added or
// removed during emit() doesn't change the round that is under way.
// Predict: which lines appear in the second round?
const EventEmitter = require('events');
const door = new EventEmitter();

door.on('knock', (who) => console.log(`first hears ${who}`));
door.once('knock', (who) => {
  console.log(`once hears ${who}`);
  door.on('knock', (w) => console.log(`late listener hears ${w}`));
});
door.prependListener('knock', (who) => console.log(`prepended hears ${who}`));

console.log('before emit');
console.log('emit answered', door.emit('knock', 'Ada'));
console.log('after emit');
console.log('emit answered', door.emit('knock', 'Bob'));
console.log('nobody listens:', door.emit('ring'));
console.log('listeners now:', door.listenerCount('knock'));
