// One half of the cycle: exports something before it requires b.
console.log('a: starts');
exports.done = false;
const b = require('./b');
console.log('a: sees b.done =', b.done);
exports.done = true;
console.log('a: ends');
