// Teaches: 'error' is the one event that bites. With a listener it is an event like any
// other; without one, emit('error') throws. errorMonitor sees errors without handling them.
// Predict: what does the second emit do, and does the monitor see both?
const EventEmitter = require('events');
const { errorMonitor } = EventEmitter;

const careful = new EventEmitter();
careful.on('error', (error) => console.log('handled:', error.message));
careful.emit('error', new Error('disk is full'));

const careless = new EventEmitter();
careless.on(errorMonitor, (error) => console.log('monitor saw:', error.message));
try {
  careless.emit('error', new Error('nobody listens'));
  console.log('this line never runs');
} catch (error) {
  console.log('emit threw:', error.message);
}

try {
  careless.emit('error', 'not an Error object');
} catch (error) {
  console.log(error.code, '-', error.message);
}
