const { EventEmitter, once } = require('events');
const fs = require('fs');
const bus = new EventEmitter();
fs.stat(__filename, () => bus.emit('a'));
fs.stat(__filename, () => bus.emit('b'));
Promise.all([once(bus, 'a').then(() => console.log('a')), once(bus, 'b').then(() => console.log('b'))]).then(() => console.log('both'));
